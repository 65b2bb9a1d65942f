from tests.ledgers import told

def test_a():
    s = told("""
    2026-03-31 * "Hanoi Tower" "Maintenance Q1" ^INV-1
      due: 2026-04-30
      Assets:Receivable:HanoiTower      118,800,000 VND
      Income:Sales
    """)
    assert s.open_on("2026-03-31") == {"INV-1": "118,800,000 VND"}
