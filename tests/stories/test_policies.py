"""Stories of rules that hold from a day on: aging, settlement by age; and of what is in dispute meanwhile."""

from __future__ import annotations

import pytest
from tests.ledgers import told

INVOICES = """
2026-01-10 * "Hanoi Tower" "Lift 7" ^INV-1
  due: 2026-02-09
  Assets:Receivable:HanoiTower      1,000 VND
  Income:Sales
2026-01-20 * "Hanoi Tower" "Lift 8" ^INV-2
  due: 2026-01-30
  Assets:Receivable:HanoiTower        500 VND
  Income:Sales
"""


# Aging


@pytest.mark.parametrize(
    ("as_of", "bucket"),
    [
        ("2026-02-08", "current"),
        ("2026-02-09", "current"),
        ("2026-02-10", "days_1_30"),
        ("2026-03-11", "days_1_30"),
        ("2026-03-12", "days_31_60"),
        ("2026-04-10", "days_31_60"),
        ("2026-04-11", "days_61_90"),
        ("2026-05-10", "days_61_90"),
        ("2026-05-11", "days_91_180"),
        ("2026-08-08", "days_91_180"),
        ("2026-08-09", "days_181_365"),
        ("2027-02-09", "days_181_365"),
        ("2027-02-10", "days_over_365"),
    ],
)
def test_an_item_falls_into_the_bucket_whose_last_day_it_has_not_passed(as_of: str, bucket: str) -> None:
    (row,) = told(INVOICES).rows("open_items", as_of, "number=INV-1")
    assert row["bucket"] == bucket


def test_a_change_of_buckets_leaves_last_year_s_figures_as_they_were() -> None:
    story = told(
        INVOICES
        + """
        2026-04-01 custom "receivables-policy" "aging"
          buckets: "45, 90"
        """
    )
    assert story.aged("2026-03-31") == {"days_31_60": "1,500 VND", "total": "1,500 VND"}
    assert story.aged("2026-04-01") == {"days_46_90": "1,500 VND", "total": "1,500 VND"}
    columns = [column.name for column in story.report("aging", "2026-04-01").columns]
    assert columns[3:] == ["current", "days_1_45", "days_46_90", "days_over_90", "credits", "total"]


def test_aging_by_the_document_s_date_from_a_day_on() -> None:
    story = told(
        INVOICES
        + """
        2026-02-01 custom "receivables-policy" "aging"
          basis: "date"
        """
    )
    by_due = {row["number"]: row["bucket"] for row in story.rows("open_items", "2026-01-31")}
    by_date = {row["number"]: row["bucket"] for row in story.rows("open_items", "2026-02-01")}
    assert by_due == {"INV-1": "current", "INV-2": "days_1_30"}
    assert by_date == {"INV-1": "days_1_30", "INV-2": "days_1_30"}


def test_days_overdue_count_from_the_due_date_whatever_the_basis_of_aging() -> None:
    story = told(
        INVOICES
        + """
        2026-01-01 custom "receivables-policy" "aging"
          basis: "date"
        """
    )
    overdue = {row["number"]: row["days_overdue"] for row in story.rows("open_items", "2026-02-09")}
    assert overdue == {"INV-1": 0, "INV-2": 10}


# Settlement by age


RECEIPTS = """
2026-02-15 * "Hanoi Tower" "Transfer" ^RC-1
  Assets:Bank                         600 VND
  Assets:Receivable:HanoiTower
"""


def test_without_a_policy_nothing_settles_by_itself() -> None:
    assert told(INVOICES + RECEIPTS).settled_by() == []


def test_oldest_due_pays_the_invoice_that_was_due_first() -> None:
    story = told('2026-01-01 custom "receivables-policy" "settlement" "oldest-due"\n' + INVOICES + RECEIPTS)
    assert story.settled_by() == ["2026-02-15 INV-1 <- RC-1 100 VND", "2026-02-15 INV-2 <- RC-1 500 VND"]
    assert story.open_on("2026-02-14") == {"INV-2": "500 VND", "INV-1": "1,000 VND"}
    assert story.open_on("2026-02-15") == {"INV-1": "900 VND"}


def test_oldest_due_holds_on_its_first_day() -> None:
    story = told('2026-02-15 custom "receivables-policy" "settlement" "oldest-due"\n' + INVOICES + RECEIPTS)
    assert story.open_on("2026-02-15") == {"INV-1": "900 VND"}


def test_oldest_due_from_tomorrow_does_not_hold_today() -> None:
    story = told('2026-02-16 custom "receivables-policy" "settlement" "oldest-due"\n' + INVOICES + RECEIPTS)
    assert story.open_on("2026-02-15") == {"INV-1": "1,000 VND", "INV-2": "500 VND", "RC-1": "-600 VND"}


def test_after_the_policy_ends_nothing_settles_by_itself_again() -> None:
    story = told(
        """
        2026-01-01 custom "receivables-policy" "settlement" "oldest-due"
        2026-02-15 custom "receivables-policy" "settlement" "none"
        """
        + INVOICES
        + RECEIPTS
    )
    assert story.settled_by() == []


def test_oldest_due_lets_a_waiting_credit_take_the_invoice_that_comes_later() -> None:
    story = told(
        '2026-01-01 custom "receivables-policy" "settlement" "oldest-due"\n'
        + RECEIPTS.replace("2026-02-15", "2026-01-05")
        + INVOICES
    )
    assert story.open_on("2026-01-09") == {"RC-1": "-600 VND"}
    assert story.open_on("2026-01-10") == {"INV-1": "400 VND"}


def test_oldest_due_takes_credit_memos_as_it_takes_receipts() -> None:
    story = told(
        '2026-01-01 custom "receivables-policy" "settlement" "oldest-due"\n'
        + INVOICES
        + """
        2026-02-15 * "Hanoi Tower" "Goodwill" #credit-memo ^CM-1
          Income:Sales                        600 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-02-15") == {"INV-1": "900 VND"}


def test_what_the_entry_says_goes_before_the_policy() -> None:
    story = told(
        '2026-01-01 custom "receivables-policy" "settlement" "oldest-due"\n'
        + INVOICES
        + RECEIPTS
        + '    settles: "INV-1"\n'
    )
    assert story.open_on("2026-02-15") == {"INV-1": "400 VND", "INV-2": "500 VND"}


def test_an_overpayment_of_a_named_invoice_does_not_go_to_others_by_policy() -> None:
    story = told(
        '2026-01-01 custom "receivables-policy" "settlement" "oldest-due"\n'
        + INVOICES
        + RECEIPTS
        + '    settles: "INV-2"\n',
        problems=["more-than-open"],
    )
    assert story.open_on("2026-02-15") == {"INV-1": "1,000 VND", "RC-1": "-100 VND"}


def test_a_refund_is_not_paid_by_policy() -> None:
    story = told(
        '2026-01-01 custom "receivables-policy" "settlement" "oldest-due"\n'
        + """
        2026-02-01 * "Hanoi Tower" "Paid back by mistake" #refund ^RF-1
          Assets:Receivable:HanoiTower        600 VND
          Assets:Bank
        """
        + RECEIPTS,
        problems=["refund-of-what"],
    )
    assert story.open_on("2026-02-15") == {"RF-1": "600 VND", "RC-1": "-600 VND"}


# Disputes


def disputed(notes: str, as_of: str) -> dict[str, int]:
    """What is in dispute of each invoice."""
    return {
        row["number"]: int(row["disputed"])
        for row in told(INVOICES + notes).rows("open_items", as_of)
        if row["disputed"]
    }


A_PART = """
2026-02-20 note Assets:Receivable:HanoiTower "Says the doors were late" #dispute ^INV-1
  amount: 400 VND
  reason: "late delivery"
"""
ALL_OF_IT = """
2026-02-20 note Assets:Receivable:HanoiTower "Says it was never ordered" #dispute ^INV-1
"""
RESOLVED = """
2026-03-05 note Assets:Receivable:HanoiTower "Credit memo agreed" #dispute-resolved ^INV-1
"""


def test_a_part_is_in_dispute_from_the_day_of_the_note() -> None:
    assert disputed(A_PART, "2026-02-19") == {}
    assert disputed(A_PART, "2026-02-20") == {"INV-1": 400}


def test_a_dispute_without_an_amount_is_about_all_that_is_open() -> None:
    assert disputed(ALL_OF_IT, "2026-02-20") == {"INV-1": 1000}


def test_a_dispute_ends_when_it_is_resolved() -> None:
    assert disputed(A_PART + RESOLVED, "2026-03-04") == {"INV-1": 400}
    assert disputed(A_PART + RESOLVED, "2026-03-05") == {}


def test_a_resolution_of_one_invoice_leaves_the_dispute_about_another() -> None:
    assert disputed(A_PART.replace("INV-1", "INV-2") + RESOLVED, "2026-03-05") == {"INV-2": 400}


def test_a_resolution_that_names_no_invoice_ends_every_dispute_of_the_customer() -> None:
    assert disputed(A_PART + RESOLVED.replace(" ^INV-1", ""), "2026-03-05") == {}


def test_a_resolution_with_a_misspelt_number_ends_nothing_and_says_so() -> None:
    story = told(INVOICES + A_PART + RESOLVED.replace("^INV-1", "^INV-11"), problems=["event-without-document"])
    assert {row["number"]: row["disputed"] for row in story.rows("open_items", "2026-03-05")} == {
        "INV-1": 400,
        "INV-2": 0,
    }


def test_a_dispute_raised_and_resolved_on_one_day_is_resolved_whichever_stands_first() -> None:
    same_day = RESOLVED.replace("2026-03-05", "2026-02-20")
    assert disputed(A_PART + same_day, "2026-02-20") == {}
    assert disputed(same_day + A_PART, "2026-02-20") == {}


def test_no_more_is_in_dispute_than_is_open() -> None:
    paid = """
    2026-02-25 * "Hanoi Tower" "Transfer" ^INV-1
      Assets:Bank                         900 VND
      Assets:Receivable:HanoiTower
    """
    assert disputed(A_PART + paid, "2026-02-25") == {"INV-1": 100}


def test_two_disputes_of_one_invoice_add_up() -> None:
    assert disputed(A_PART + A_PART.replace("400", "50"), "2026-02-20") == {"INV-1": 450}


def test_one_dispute_about_two_invoices_takes_the_older_first() -> None:
    assert disputed(A_PART.replace("^INV-1", "^INV-1 ^INV-2").replace("400", "700"), "2026-02-20") == {
        "INV-1": 200,
        "INV-2": 500,
    }


def test_a_dispute_in_another_currency_is_about_nothing_here() -> None:
    assert disputed(A_PART.replace("400 VND", "400 USD"), "2026-02-20") == {}


def test_a_dispute_over_a_fraction_of_a_dong_does_not_break_the_report() -> None:
    assert sum(disputed(A_PART.replace("400 VND", "400.5 VND"), "2026-02-20").values()) in (400, 401)


def test_a_dispute_links_to_an_order_that_the_invoice_carries() -> None:
    order = """
    2026-02-01 * "Hanoi Tower" "Order 77" ^INV-3 ^PO-77
      Assets:Receivable:HanoiTower        300 VND
      Income:Sales
    """
    assert disputed(order + A_PART.replace("^INV-1", "^PO-77"), "2026-02-20") == {"INV-3": 300}


def test_a_bare_amount_in_dispute_is_in_the_currency_of_the_oldest_document() -> None:
    dollars = """
    2026-01-05 * "Hanoi Tower" "Spare parts" ^INV-3
      due: 2026-01-06
      Assets:Receivable:HanoiTower      10.00 USD
      Income:Sales
    """
    both = A_PART.replace("^INV-1", "^INV-1 ^INV-3").replace("400 VND", "400")
    assert disputed(dollars + both, "2026-02-20") == {"INV-3": 10}


def test_what_a_dispute_was_about_does_not_change_when_a_later_document_has_that_number() -> None:
    order = """
    2026-02-01 * "Hanoi Tower" "Order 77" ^INV-3 ^PO-77
      Assets:Receivable:HanoiTower        300 VND
      Income:Sales
    """
    later = """
    2026-04-01 * "Hanoi Tower" "The order itself" ^PO-77
      Assets:Receivable:HanoiTower         20 VND
      Income:Sales
    """
    about = order + A_PART.replace("^INV-1", "^PO-77")
    assert disputed(about, "2026-02-20") == disputed(about + later, "2026-02-20") == {"INV-3": 300}
