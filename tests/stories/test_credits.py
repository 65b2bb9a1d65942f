"""Stories of what a customer gets back or never pays: credit memos, refunds, write-offs and recoveries."""

from __future__ import annotations

from tests.ledgers import told

INVOICE = """
2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1
  due: 2026-04-30
  Assets:Receivable:HanoiTower      1,000 VND
  Income:Sales
"""
MEMO = """
2026-05-20 * "Hanoi Tower" "Price difference" #credit-memo ^CM-1 ^INV-1
  Income:Sales                        300 VND
  Assets:Receivable:HanoiTower
"""
STANDING_MEMO = """
2026-05-20 * "Hanoi Tower" "Goodwill" #credit-memo ^CM-1
  Income:Sales                        300 VND
  Assets:Receivable:HanoiTower
"""


def test_a_credit_memo_reduces_the_invoice_that_it_links_to() -> None:
    story = told(INVOICE + MEMO)
    assert story.open_on("2026-05-19") == {"INV-1": "1,000 VND"}
    assert story.open_on("2026-05-20") == {"INV-1": "700 VND"}
    assert story.settled_by() == ["2026-05-20 INV-1 <- CM-1 300 VND"]


def test_a_credit_with_neither_bank_nor_tag_is_a_credit_memo() -> None:
    story = told(INVOICE + STANDING_MEMO.replace("#credit-memo ", ""))
    assert story.kinds()["CM-1"] == "credit-memo"


def test_a_credit_memo_alone_is_a_credit_on_account() -> None:
    story = told(INVOICE + STANDING_MEMO)
    assert story.open_on("2026-05-20") == {"INV-1": "1,000 VND", "CM-1": "-300 VND"}
    assert story.aged("2026-05-20") == {"days_1_30": "1,000 VND", "credits": "-300 VND", "total": "700 VND"}


def test_a_credit_memo_larger_than_what_is_left_keeps_the_rest() -> None:
    story = told(
        INVOICE
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^INV-1 ^RC-1
          Assets:Bank                         900 VND
          Assets:Receivable:HanoiTower
        """
        + MEMO,
        problems=["more-than-open"],
    )
    assert story.open_on("2026-05-20") == {"CM-1": "-200 VND"}


def test_a_negative_invoice_counts_as_a_credit_memo_with_a_warning() -> None:
    story = told(
        INVOICE
        + """
        2026-05-20 * "Hanoi Tower" "Minus" #invoice ^INV-2
          Income:Sales                        300 VND
          Assets:Receivable:HanoiTower
            settles: "INV-1"
        """,
        problems=["negative-invoice"],
    )
    assert story.open_on("2026-05-20") == {"INV-1": "700 VND"}
    assert story.kinds()["INV-2"] == "credit-memo"


def test_a_debit_note_is_owed_like_an_invoice() -> None:
    story = told(
        """
        2026-05-20 * "Hanoi Tower" "Travel, forgotten on the invoice" #debit-note ^DN-1
          due: 2026-06-19
          Assets:Receivable:HanoiTower         50 VND
          Income:Sales
        """
    )
    assert story.kinds() == {"DN-1": "debit-note"}
    assert story.aged("2026-06-19") == {"current": "50 VND", "total": "50 VND"}
    assert story.aged("2026-06-20") == {"days_1_30": "50 VND", "total": "50 VND"}


# Refunds


def test_a_refund_pays_back_the_credit_that_it_names() -> None:
    story = told(
        STANDING_MEMO
        + """
        2026-06-10 * "Hanoi Tower" "Paid back" #refund ^RF-1
          Assets:Receivable:HanoiTower        300 VND
            settles: "CM-1"
          Assets:Bank
        """
    )
    assert story.open_on("2026-06-09") == {"CM-1": "-300 VND"}
    assert story.open_on("2026-06-10") == {}
    assert story.settled_by() == ["2026-06-10 CM-1 <- RF-1 300 VND"]


def test_a_refund_that_names_nothing_stands_beside_the_credit_with_a_warning() -> None:
    story = told(
        STANDING_MEMO
        + """
        2026-06-10 * "Hanoi Tower" "Paid back" #refund ^RF-1
          Assets:Receivable:HanoiTower        300 VND
          Assets:Bank
        """,
        problems=["refund-of-what"],
    )
    assert story.open_on("2026-06-10") == {"CM-1": "-300 VND", "RF-1": "300 VND"}


def test_money_paid_to_a_customer_with_a_credit_is_a_refund_without_a_tag() -> None:
    story = told(
        STANDING_MEMO
        + """
        2026-06-10 * "Hanoi Tower" "Paid back" ^RF-1 ^CM-1
          Assets:Receivable:HanoiTower        300 VND
          Assets:Bank
        """
    )
    assert story.kinds()["RF-1"] == "refund"
    assert story.open_on("2026-06-10") == {}


def test_money_paid_to_a_customer_without_a_credit_is_something_owed() -> None:
    story = told(
        """
        2026-06-10 * "Hanoi Tower" "Paid their supplier for them" ^INV-7
          Assets:Receivable:HanoiTower        300 VND
          Assets:Bank
        """
    )
    assert story.kinds() == {"INV-7": "invoice"}


def test_a_credit_of_the_same_day_does_not_make_a_payment_a_refund() -> None:
    """Whether money out is a refund must not depend on the order within a day: only earlier credits count."""
    story = told(
        """
        2026-06-10 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                         300 VND
          Assets:Receivable:HanoiTower
        2026-06-10 * "Hanoi Tower" "Paid their supplier for them" ^INV-7
          Assets:Receivable:HanoiTower        300 VND
          Assets:Bank
        """
    )
    assert story.kinds()["INV-7"] == "invoice"


def test_the_money_of_an_overpayment_goes_back() -> None:
    story = told(
        INVOICE
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                       1,200 VND
          Assets:Receivable:HanoiTower
            settles: "INV-1"
        2026-05-10 * "Hanoi Tower" "Paid back" #refund ^RF-1
          settles: "RC-1"
          Assets:Receivable:HanoiTower        200 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-09") == {"RC-1": "-200 VND"}
    assert story.open_on("2026-05-10") == {}


# Write-offs


WRITTEN_OFF = (
    INVOICE
    + """
    2026-12-31 * "Hanoi Tower" "Insolvent" #write-off ^INV-1 ^WO-1
      Expenses:BadDebt                  1,000 VND
      Assets:Receivable:HanoiTower
    """
)


def test_a_write_off_closes_the_invoice_at_year_end_and_not_before() -> None:
    story = told(WRITTEN_OFF)
    assert story.open_on("2026-12-30") == {"INV-1": "1,000 VND"}
    assert story.open_on("2026-12-31") == {}
    assert story.kinds()["WO-1"] == "write-off"


def test_a_credit_against_bad_debt_is_a_write_off_without_a_tag() -> None:
    assert told(WRITTEN_OFF.replace("#write-off ", "")).kinds()["WO-1"] == "write-off"


def test_part_of_an_invoice_is_written_off() -> None:
    story = told(
        INVOICE
        + """
        2026-12-31 * "Hanoi Tower" "Settlement out of court" #write-off ^INV-1
          Expenses:BadDebt                    250 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-12-31") == {"INV-1": "750 VND"}


def test_a_recovery_reverses_the_write_off_and_then_is_an_ordinary_receipt() -> None:
    story = told(
        WRITTEN_OFF
        + """
        2027-02-01 * "Hanoi Tower" "They pay after all" #reversal ^WO-1
          Assets:Receivable:HanoiTower      1,000 VND
          Expenses:BadDebt
        2027-02-03 * "Hanoi Tower" "Transfer from the administrator" ^RC-1
          Assets:Bank                         400 VND
          Assets:Receivable:HanoiTower
            settles: "INV-1"
        """
    )
    assert story.open_on("2027-01-31") == {}
    assert story.open_on("2027-02-01") == {"INV-1": "1,000 VND"}
    assert story.open_on("2027-02-03") == {"INV-1": "600 VND"}


def test_a_written_off_invoice_that_is_open_again_is_as_old_as_it_ever_was() -> None:
    story = told(
        WRITTEN_OFF
        + """
        2027-02-01 * "Hanoi Tower" "They pay after all" #reversal ^WO-1
          Assets:Receivable:HanoiTower      1,000 VND
          Expenses:BadDebt
        """
    )
    assert story.aged("2027-02-01") == {"days_181_365": "1,000 VND", "total": "1,000 VND"}


ON_ACCOUNT = """
2026-01-01 * "Old Mill" "Transfer" ^RC-1
  Assets:Bank                           5 VND
  Assets:Receivable:OldMill
"""


def paid_out(links: str) -> str:
    """Money to a customer, with these links and no tag."""
    return f"""
2026-01-06 * "Old Mill" "Transfer to them" {links}
  Assets:Receivable:OldMill             3 VND
  Assets:Bank
"""


def test_an_untagged_refund_has_the_link_that_begins_like_a_refund_s_number() -> None:
    story = told(ON_ACCOUNT + paid_out("^A-1 ^RF-1"), problems=["refund-of-what"])
    assert story.kinds()["RF-1"] == "refund"


def test_an_untagged_refund_of_a_credit_has_its_own_number() -> None:
    story = told(ON_ACCOUNT + paid_out("^RF-1 ^RC-1"))
    assert story.settled_by() == ["2026-01-06 RC-1 <- RF-1 3 VND"]
    assert story.open_on("2026-01-06") == {"RC-1": "-2 VND"}


def test_the_same_links_are_those_of_an_invoice_where_no_credit_is_open() -> None:
    story = told(paid_out("^INV-1 ^RF-1"))
    assert story.kinds() == {"INV-1": "invoice"}
    story = told(ON_ACCOUNT + paid_out("^INV-1 ^RF-1"), problems=["refund-of-what"])
    assert story.kinds() == {"RC-1": "receipt", "RF-1": "refund"}


def test_a_refund_shows_no_terms_tagged_or_not() -> None:
    terms = """
        2025-01-01 custom "receivables-policy" "terms"
          terms: "net 30"
        """
    for links in ("^RF-1", "#refund ^RF-1"):
        story = told(terms + ON_ACCOUNT + paid_out(links), problems=["refund-of-what"])
        (row,) = story.rows("open_items", "2026-01-06", "number=RF-1")
        assert (row["kind"], str(row["due"]), row["terms"]) == ("refund", "2026-01-06", "")
    (row,) = told(terms + paid_out("^RF-1")).rows("open_items", "2026-01-06")
    assert (row["kind"], str(row["due"]), row["terms"]) == ("invoice", "2026-02-05", "net 30")


CANCELLED = """
2026-01-01 * "Old Mill" "Lift 6" ^INV-1
  Assets:Receivable:OldMill            30 VND
  Income:Sales
2026-01-01 * "Old Mill" "Lift 7" ^INV-2
  Assets:Receivable:OldMill            30 VND
  Income:Sales
2026-01-02 * "Old Mill" "Price difference" ^CM-5
  Income:Sales                         30 VND
  Assets:Receivable:OldMill
    settles: "INV-1"
2026-01-04 * "Old Mill" "Cancelled" #reversal ^RV-1 ^INV-1
  Income:Sales                         30 VND
  Assets:Receivable:OldMill
"""


def test_a_refund_waits_for_the_credit_that_it_names_to_be_open_again() -> None:
    story = told(
        CANCELLED
        + """
        2026-01-03 * "Old Mill" "Paid back" #refund ^RF-3
          Assets:Receivable:OldMill            30 VND
            settles: "CM-5"
          Assets:Bank
        """
    )
    assert story.open_on("2026-01-03") == {"INV-2": "30 VND", "RF-3": "30 VND"}
    assert story.open_on("2026-01-04") == {"INV-2": "30 VND"}


def test_a_refund_waits_for_the_credit_that_it_links_to_to_be_open_again() -> None:
    story = told(
        CANCELLED
        + """
        2026-01-03 * "Old Mill" "Paid back" #refund ^RF-3 ^CM-5
          Assets:Receivable:OldMill            30 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-01-03") == {"INV-2": "30 VND", "RF-3": "30 VND"}
    assert story.open_on("2026-01-04") == {"INV-2": "30 VND"}
    assert "2026-01-04 CM-5 <- RF-3 30 VND" in story.settled_by()


def test_an_application_waits_for_the_credit_that_it_names_to_be_open_again() -> None:
    story = told(
        CANCELLED
        + """
        2026-01-03 * "Old Mill" "Rather for the other" #apply ^AP-1
          Assets:Receivable:OldMill            30 VND
            settles: "CM-5"
          Assets:Receivable:OldMill           -30 VND
            settles: "INV-2"
        """
    )
    assert story.open_on("2026-01-03") == {"AP-1": "30 VND"}
    assert story.open_on("2026-01-04") == {}


def test_an_application_without_link_has_no_number_that_anything_could_name() -> None:
    """It is shown by what its other posting names; a refund of that document does not take its money."""
    story = told(
        """
        2026-01-01 * "Old Mill" "Transfer" ^OLD-1
          Assets:Bank                         100 VND
          Assets:Receivable:OldMill
        2026-01-05 * "Old Mill" "For the penalty to come" #apply
          Assets:Receivable:OldMill           100 VND
            settles: "OLD-1"
          Assets:Receivable:OldMill          -100 VND
            settles: "PN-0"
        2026-01-08 * "Old Mill" "Paid back" #refund ^OLD-1
          Assets:Receivable:OldMill            12 VND
          Assets:Bank
        2026-01-09 * "Old Mill" "Late" ^PN-0
          Assets:Receivable:OldMill            95 VND
          Income:Sales
        """,
        problems=["more-than-open", "refund-of-what"],
    )
    rows = [(row["number"], row["kind"], row["outstanding"]) for row in story.rows("open_items", "2026-01-09")]
    assert sorted(rows) == [("OLD-1", "apply", -5), ("OLD-1", "refund", 12)]


def test_an_application_with_a_number_of_its_own_can_be_named() -> None:
    story = told(
        """
        2026-01-01 * "Old Mill" "Transfer" ^RC-1
          Assets:Bank                         100 VND
          Assets:Receivable:OldMill
        2026-01-05 * "Old Mill" "For the penalty to come" #apply
          number: "AP-1"
          Assets:Receivable:OldMill           100 VND
            settles: "RC-1"
          Assets:Receivable:OldMill          -100 VND
            settles: "PN-0"
        2026-01-08 * "Old Mill" "Paid back instead" #refund ^RF-1
          Assets:Receivable:OldMill           100 VND
            settles: "AP-1"
          Assets:Bank
        """,
        problems=["unknown-document"],
    )
    assert story.open_on("2026-01-08") == {}
