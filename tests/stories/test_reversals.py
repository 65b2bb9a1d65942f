"""Stories of what was undone: bounced cheques, wrong receipts, credit memos, refunds, and the reversal itself."""

from __future__ import annotations

import pytest
from tests.ledgers import told

INVOICE = """
2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1
  due: 2026-04-30
  Assets:Receivable:HanoiTower      1,000 VND
  Income:Sales
"""
SECOND = """
2026-04-01 * "Hanoi Tower" "Lift 8" ^INV-2
  due: 2026-05-01
  Assets:Receivable:HanoiTower        500 VND
  Income:Sales
"""
CHEQUE = """
2026-05-04 * "Hanoi Tower" "Cheque" ^RC-1
  Assets:Bank                       1,000 VND
  Assets:Receivable:HanoiTower
    settles: "INV-1"
"""
BOUNCED = """
2026-05-11 * "Hanoi Tower" "Cheque bounced" #reversal ^RC-1
  Assets:Receivable:HanoiTower      1,000 VND
  Assets:Bank
"""
AGAIN = """
2026-05-18 * "Hanoi Tower" "Transfer instead" ^RC-2
  Assets:Bank                       1,000 VND
  Assets:Receivable:HanoiTower
    settles: "INV-1"
"""


def test_a_bounced_cheque_opens_its_invoice_from_that_day_and_only_from_that_day() -> None:
    story = told(INVOICE + CHEQUE + BOUNCED)
    assert story.open_on("2026-05-03") == {"INV-1": "1,000 VND"}
    assert story.open_on("2026-05-04") == {}
    assert story.open_on("2026-05-10") == {}
    assert story.open_on("2026-05-11") == {"INV-1": "1,000 VND"}


def test_the_invoice_of_a_bounced_cheque_has_aged_all_the_while() -> None:
    story = told(INVOICE + CHEQUE + BOUNCED)
    (row,) = story.rows("open_items", "2026-05-30")
    assert (row["days_overdue"], row["bucket"]) == (30, "days_1_30")
    (row,) = story.rows("open_items", "2026-05-31")
    assert (row["days_overdue"], row["bucket"]) == (31, "days_31_60")


def test_what_a_reversal_undoes_is_a_settlement_of_its_own_with_the_opposite_sign() -> None:
    story = told(INVOICE + CHEQUE + BOUNCED)
    assert story.settled_by() == [
        "2026-05-04 INV-1 <- RC-1 1,000 VND",
        "2026-05-11 INV-1 <- RC-1 -1,000 VND",
        "2026-05-11 RC-1 <- RC-1 1,000 VND",
    ]
    assert [row["kind"] for row in story.rows("settlements")] == ["receipt", "reversal", "reversal"]


def test_after_the_bounced_cheque_a_transfer_pays() -> None:
    story = told(INVOICE + CHEQUE + BOUNCED + AGAIN)
    assert story.open_on("2026-05-17") == {"INV-1": "1,000 VND"}
    assert story.open_on("2026-05-18") == {}


def test_the_cheque_is_presented_again_and_paid() -> None:
    story = told(INVOICE + CHEQUE + BOUNCED + AGAIN.replace("^RC-2", "^RC-1"))
    assert story.open_on("2026-05-18") == {}


def test_a_cheque_for_two_invoices_opens_both_when_it_bounces() -> None:
    story = told(
        INVOICE
        + SECOND
        + """
        2026-05-04 * "Hanoi Tower" "Cheque" ^RC-1
          settles: "INV-1, INV-2"
          Assets:Bank                       1,500 VND
          Assets:Receivable:HanoiTower
        2026-05-11 * "Hanoi Tower" "Cheque bounced" #reversal ^RC-1
          Assets:Receivable:HanoiTower      1,500 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-10") == {}
    assert story.open_on("2026-05-11") == {"INV-1": "1,000 VND", "INV-2": "500 VND"}


def test_a_cheque_with_a_posting_for_each_invoice_opens_both_when_it_bounces() -> None:
    story = told(
        INVOICE
        + SECOND
        + """
        2026-05-04 * "Hanoi Tower" "Cheque" ^RC-1
          Assets:Bank                       1,500 VND
          Assets:Receivable:HanoiTower     -1,000 VND
            settles: "INV-1"
          Assets:Receivable:HanoiTower       -500 VND
            settles: "INV-2"
        2026-05-11 * "Hanoi Tower" "Cheque bounced" #reversal ^RC-1
          Assets:Receivable:HanoiTower      1,500 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-11") == {"INV-1": "1,000 VND", "INV-2": "500 VND"}


def test_a_bounced_cheque_that_only_links_to_its_invoice_is_found_by_its_amount() -> None:
    story = told(
        INVOICE
        + """
        2026-05-04 * "Hanoi Tower" "Cheque" ^INV-1
          Assets:Bank                         400 VND
          Assets:Receivable:HanoiTower
        2026-05-05 * "Hanoi Tower" "Transfer" ^INV-1
          Assets:Bank                         600 VND
          Assets:Receivable:HanoiTower
        2026-05-11 * "Hanoi Tower" "Cheque bounced" #reversal ^INV-1
          Assets:Receivable:HanoiTower        400 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-10") == {}
    assert story.open_on("2026-05-11") == {"INV-1": "400 VND"}


def test_of_two_receipts_of_an_invoice_the_one_of_the_same_amount_bounced() -> None:
    story = told(
        INVOICE
        + """
        2026-05-04 * "Hanoi Tower" "Cheque" ^RC-1 ^INV-1
          Assets:Bank                         400 VND
          Assets:Receivable:HanoiTower
        2026-05-05 * "Hanoi Tower" "Transfer" ^RC-2 ^INV-1
          Assets:Bank                         600 VND
          Assets:Receivable:HanoiTower
        2026-05-11 * "Hanoi Tower" "Cheque bounced" #reversal ^INV-1
          number: "REV-1"
          Assets:Receivable:HanoiTower        400 VND
          Assets:Bank
        """
    )
    assert "2026-05-11 RC-1 <- REV-1 400 VND" in story.settled_by()


def test_part_of_a_receipt_goes_back_and_opens_the_invoice_by_as_much() -> None:
    story = told(
        INVOICE
        + CHEQUE
        + """
        2026-05-11 * "Hanoi Tower" "Bank takes back a part" #reversal ^RC-1
          Assets:Receivable:HanoiTower        250 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-11") == {"INV-1": "250 VND"}


def test_a_partial_reversal_takes_the_unused_part_of_the_receipt_first() -> None:
    story = told(
        INVOICE
        + CHEQUE.replace("1,000", "1,200")
        + """
        2026-05-11 * "Hanoi Tower" "Bank takes back a part" #reversal ^RC-1
          Assets:Receivable:HanoiTower        300 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-10") == {"RC-1": "-200 VND"}
    assert story.open_on("2026-05-11") == {"INV-1": "100 VND"}


def test_a_partial_reversal_opens_what_was_settled_last() -> None:
    story = told(
        INVOICE
        + SECOND
        + """
        2026-05-04 * "Hanoi Tower" "Cheque" ^RC-1
          settles: "INV-1, INV-2"
          Assets:Bank                       1,500 VND
          Assets:Receivable:HanoiTower
        2026-05-11 * "Hanoi Tower" "Bank takes back a part" #reversal ^RC-1
          Assets:Receivable:HanoiTower        700 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-11") == {"INV-1": "200 VND", "INV-2": "500 VND"}


def test_a_reversal_of_more_than_there_was_leaves_the_rest_open_and_says_so() -> None:
    story = told(INVOICE + CHEQUE + BOUNCED.replace("1,000", "1,100"), problems=["reversal-too-large"])
    assert story.open_on("2026-05-11") == {"INV-1": "1,000 VND", "RC-1": "100 VND"}


def test_a_credit_memo_is_taken_back() -> None:
    story = told(
        INVOICE
        + """
        2026-05-20 * "Hanoi Tower" "Price difference" #credit-memo ^CM-1 ^INV-1
          Income:Sales                        300 VND
          Assets:Receivable:HanoiTower
        2026-05-25 * "Hanoi Tower" "There was none" #reversal ^CM-1
          Assets:Receivable:HanoiTower        300 VND
          Income:Sales
        """
    )
    assert story.open_on("2026-05-24") == {"INV-1": "700 VND"}
    assert story.open_on("2026-05-25") == {"INV-1": "1,000 VND"}


def test_a_refund_that_came_back_opens_the_credit() -> None:
    story = told(
        """
        2026-05-20 * "Hanoi Tower" "Goodwill" #credit-memo ^CM-1
          Income:Sales                        300 VND
          Assets:Receivable:HanoiTower
        2026-06-10 * "Hanoi Tower" "Paid back" #refund ^RF-1
          settles: "CM-1"
          Assets:Receivable:HanoiTower        300 VND
          Assets:Bank
        2026-06-15 * "Hanoi Tower" "Their account was closed" #reversal ^RF-1
          Assets:Bank                         300 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-06-14") == {}
    assert story.open_on("2026-06-15") == {"CM-1": "-300 VND"}


def test_a_cancelled_invoice_leaves_the_money_paid_for_it_on_account() -> None:
    story = told(
        INVOICE
        + CHEQUE
        + """
        2026-06-01 * "Hanoi Tower" "Invoice was wrong" #reversal ^INV-1
          Income:Sales                      1,000 VND
          Assets:Receivable:HanoiTower
        """,
        problems=["more-than-open"],
    )
    assert story.open_on("2026-05-31") == {}
    assert story.open_on("2026-06-01") == {"RC-1": "-1,000 VND"}


def test_the_money_of_a_cancelled_invoice_goes_to_the_next_one_that_the_receipt_names() -> None:
    story = told(
        INVOICE
        + SECOND
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          settles: "INV-1, INV-2"
          Assets:Bank                       1,000 VND
          Assets:Receivable:HanoiTower
        2026-06-01 * "Hanoi Tower" "Invoice was wrong" #reversal ^INV-1
          Income:Sales                      1,000 VND
          Assets:Receivable:HanoiTower
        """,
        problems=["more-than-open"],
    )
    assert story.open_on("2026-05-31") == {"INV-2": "500 VND"}
    assert story.open_on("2026-06-01") == {"RC-1": "-500 VND"}


def test_the_reversal_was_wrong_and_is_reversed_so_the_cheque_counts_again() -> None:
    story = told(
        INVOICE
        + CHEQUE
        + BOUNCED.replace("#reversal ^RC-1", "#reversal ^REV-1 ^RC-1")
        + """
        2026-05-13 * "Hanoi Tower" "The bank was wrong" #reversal ^REV-1
          Assets:Bank                       1,000 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-05-12") == {"INV-1": "1,000 VND"}
    assert story.open_on("2026-05-13") == {}


def test_another_receipt_that_waits_on_account_takes_the_place_of_the_bounced_one() -> None:
    story = told(
        INVOICE
        + CHEQUE
        + """
        2026-05-06 * "Hanoi Tower" "Paid twice" ^RC-2
          Assets:Bank                       1,000 VND
          Assets:Receivable:HanoiTower
            settles: "INV-1"
        """
        + BOUNCED
    )
    assert story.open_on("2026-05-10") == {"RC-2": "-1,000 VND"}
    assert story.open_on("2026-05-11") == {}


def test_a_reversal_does_not_take_money_that_another_receipt_holds_for_the_invoice() -> None:
    """The reversal names its receipt and the invoice; a second receipt's surplus is for the invoice, not for it."""
    story = told(
        INVOICE
        + CHEQUE
        + """
        2026-05-06 * "Hanoi Tower" "Paid again by mistake" ^RC-2
          Assets:Bank                         300 VND
          Assets:Receivable:HanoiTower
            settles: "INV-1"
        """
        + BOUNCED.replace("^RC-1", "^REV-1 ^RC-1 ^INV-1")
    )
    assert story.open_on("2026-05-11") == {"INV-1": "700 VND"}
    assert "2026-05-11 INV-1 <- RC-2 300 VND" in story.settled_by()


def test_a_bounced_cheque_of_a_customer_with_retention_terms_opens_the_whole_invoice() -> None:
    story = told(
        """
        2025-01-01 open Assets:Receivable:Builder
          terms: "95% net 30, 5% retention 12 months"
        2026-03-31 * "Builder" "Lift 7" ^INV-1
          Assets:Receivable:Builder         1,000 VND
          Income:Sales
        2026-05-04 * "Builder" "Cheque" ^RC-1
          Assets:Bank                       1,000 VND
          Assets:Receivable:Builder
            settles: "INV-1"
        2026-05-11 * "Builder" "Cheque bounced" #reversal ^RC-1
          Assets:Receivable:Builder         1,000 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-11") == {"INV-1/1": "950 VND", "INV-1/2": "50 VND"}


def test_a_refund_to_a_customer_with_split_terms_is_one_refund() -> None:
    story = told(
        """
        2025-01-01 open Assets:Receivable:Builder
          terms: "50% 0 days, 50% 30 days"
        2026-05-04 * "Builder" "Deposit" ^RC-1
          Assets:Bank                       1,000 VND
          Assets:Receivable:Builder
        2026-05-11 * "Builder" "Paid back" #refund ^RF-1
          settles: "RC-1"
          Assets:Receivable:Builder           400 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-11") == {"RC-1": "-600 VND"}
    assert story.settled_by() == ["2026-05-11 RC-1 <- RF-1 400 VND"]


def test_under_oldest_due_a_later_receipt_pays_the_invoice_that_a_bounced_cheque_opened() -> None:
    story = told(
        """
        2026-01-01 custom "receivables-policy" "settlement" "oldest-due"
        """
        + INVOICE
        + CHEQUE
        + """
        2026-05-05 * "Hanoi Tower" "Lift 8" ^INV-2
          due: 2026-06-05
          Assets:Receivable:HanoiTower        500 VND
          Income:Sales
        """
        + BOUNCED
        + """
        2026-05-18 * "Hanoi Tower" "Transfer" ^RC-2
          Assets:Bank                       1,000 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-05-17") == {"INV-1": "1,000 VND", "INV-2": "500 VND"}
    assert story.open_on("2026-05-18") == {"INV-2": "500 VND"}


def test_a_reversal_on_the_receipt_s_own_day_leaves_no_trace_in_what_is_open() -> None:
    story = told(INVOICE + CHEQUE + BOUNCED.replace("2026-05-11", "2026-05-04"))
    assert story.open_on("2026-05-04") == {"INV-1": "1,000 VND"}
    assert story.settled_by() == ["2026-05-04 RC-1 <- RC-1 1,000 VND"]


@pytest.mark.parametrize("back", [250, 300])
def test_a_partial_reversal_undoes_the_receipt_it_names_not_another_of_the_same_invoice(back: int) -> None:
    """It links to the invoice as well, as the receipts do; the second receipt has exactly that amount to spare."""
    story = told(
        INVOICE
        + CHEQUE.replace("^RC-1", "^RC-1 ^INV-1")
        + f"""
        2026-05-05 * "Hanoi Tower" "Paid again" ^RC-2 ^INV-1
          Assets:Bank                         300 VND
          Assets:Receivable:HanoiTower
        2026-05-11 * "Hanoi Tower" "Bank takes back a part" #reversal ^REV-1 ^RC-1 ^INV-1
          Assets:Receivable:HanoiTower        {back} VND
          Assets:Bank
        """,
        problems=["more-than-open"] if back < 300 else [],
    )
    assert f"2026-05-11 RC-1 <- REV-1 {back} VND" in story.settled_by()


TWO_POSTINGS = """
2026-01-01 * "Old Mill" "Lift 6" ^INV-1
  Assets:Receivable:OldMill            40 VND
  Income:Sales
2026-01-02 * "Old Mill" "Transfer" ^RC-1
  Assets:Bank                         160 VND
  Assets:Receivable:OldMill          -100 VND
    settles: "INV-1"
  Assets:Receivable:OldMill           -60 VND
"""


@pytest.mark.parametrize("back", [100, 90, 120])
def test_a_reversal_takes_the_unused_part_of_all_postings_of_a_receipt_first(back: int) -> None:
    """Also when the amount is that of one posting: the credits of one transaction are one document."""
    story = told(
        TWO_POSTINGS
        + f"""
        2026-01-05 * "Old Mill" "Bank takes back a part" #reversal ^RV-1 ^RC-1
          Assets:Receivable:OldMill           {back} VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-01-05") == ({"RC-1": f"-{120 - back} VND"} if back < 120 else {})


def test_a_reversal_beyond_the_unused_part_of_all_postings_opens_the_invoice() -> None:
    story = told(
        TWO_POSTINGS
        + """
        2026-01-05 * "Old Mill" "Bank takes back a part" #reversal ^RV-1 ^RC-1
          Assets:Receivable:OldMill           150 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-01-05") == {"INV-1": "30 VND"}


def test_the_rows_of_a_reversed_refund_show_what_was_undone_by_what() -> None:
    story = told(
        """
        2026-01-01 * "Old Mill" "Price difference" ^CM-5
          Income:Sales                         10 VND
          Assets:Receivable:OldMill
        2026-01-02 * "Old Mill" "Paid back" #refund ^RF-5
          Assets:Receivable:OldMill            10 VND
            settles: "CM-5"
          Assets:Bank
        2026-01-03 * "Old Mill" "Their account was closed" #reversal ^RV-9 ^RF-5
          Assets:Bank                          10 VND
          Assets:Receivable:OldMill
        """
    )
    assert story.settled_by() == [
        "2026-01-02 CM-5 <- RF-5 10 VND",
        "2026-01-03 CM-5 <- RF-5 -10 VND",
        "2026-01-03 RF-5 <- RV-9 10 VND",
    ]
    rows = story.rows("settlements")
    assert [row["kind"] for row in rows] == ["refund", "reversal", "reversal"]
    assert story.line(rows[2]["line"]).startswith("Assets:Receivable:OldMill")
    assert [row["due"] for row in rows] == [None, None, rows[2]["document_date"]]


def test_the_rows_of_a_reversed_reversal_show_what_was_undone_by_what() -> None:
    story = told(
        INVOICE
        + CHEQUE
        + BOUNCED.replace("#reversal ^RC-1", "#reversal ^REV-1 ^RC-1")
        + """
        2026-05-13 * "Hanoi Tower" "The bank was wrong" #reversal ^REV-2 ^REV-1
          Assets:Bank                       1,000 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.settled_by()[3:] == [
        "2026-05-13 INV-1 <- RC-1 1,000 VND",
        "2026-05-13 RC-1 <- REV-1 -1,000 VND",
        "2026-05-13 REV-1 <- REV-2 1,000 VND",
    ]
    assert [row["kind"] for row in story.rows("settlements")][3:] == ["receipt", "reversal", "reversal"]


def test_a_reversal_larger_than_the_document_that_is_meant_leaves_the_others_alone() -> None:
    story = told(
        """
        2026-01-01 * "Old Mill" "First cheque" ^RC-1 ^P-1
          number: "RC-1"
          Assets:Bank                         100 VND
          Assets:Receivable:OldMill
        2026-01-02 * "Old Mill" "Second cheque" ^RC-2 ^P-1
          number: "RC-2"
          Assets:Bank                          50 VND
          Assets:Receivable:OldMill
        2026-01-05 * "Old Mill" "Returned" #reversal ^P-1
          Assets:Receivable:OldMill           120 VND
          Assets:Bank
        """,
        problems=["reversal-too-large"],
    )
    assert story.settled_by() == ["2026-01-05 RC-2 <- P-1 50 VND"]
    assert story.open_on("2026-01-05") == {"RC-1": "-100 VND", "P-1": "70 VND"}


def test_a_reversal_of_part_of_a_receipt_is_nothing_odd() -> None:
    story = told(
        """
        2026-01-02 * "Old Mill" "Transfer" ^RC-1 ^P-1
          number: "RC-1"
          Assets:Bank                         100 VND
          Assets:Receivable:OldMill
        2026-01-05 * "Old Mill" "Bank takes back a part" #reversal ^P-1
          Assets:Receivable:OldMill            40 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-01-05") == {"RC-1": "-60 VND"}


APPLIED = """
2026-01-02 * "Old Mill" "Transfer" ^RC-4
  Assets:Bank                          20 VND
  Assets:Receivable:OldMill
2026-01-03 * "Old Mill" "For the next invoice" #apply ^AP-1
  Assets:Receivable:OldMill            20 VND
    settles: "RC-4"
  Assets:Receivable:OldMill           -20 VND
    settles: "INV-2"
"""
LATER_BOUNCED = """
2026-01-04 * "Old Mill" "Bounced" #reversal ^RV-1 ^RC-4
  Assets:Receivable:OldMill            20 VND
  Assets:Bank
"""


def next_invoice(day: str) -> str:
    """INV-2, to which the money of `APPLIED` goes, of a day."""
    return f"""
2026-01-{day} * "Old Mill" "Lift 7" ^INV-2
  Assets:Receivable:OldMill            30 VND
  Income:Sales
"""


@pytest.mark.parametrize("day", ["01", "05"])
def test_an_application_of_money_that_bounced_is_undone_whether_the_invoice_was_there_or_not(day: str) -> None:
    story = told(APPLIED + LATER_BOUNCED + next_invoice(day))
    assert story.open_on("2026-01-04") == ({"INV-2": "30 VND"} if day == "01" else {})
    assert story.open_on("2026-01-05") == {"INV-2": "30 VND"}


def test_an_application_of_an_application_is_undone_with_the_money_that_bounced() -> None:
    story = told(
        next_invoice("01")
        + APPLIED.replace('settles: "INV-2"', 'settles: "INV-1"')
        + """
        2026-01-03 * "Old Mill" "Rather for this one" #apply ^AP-2
          Assets:Receivable:OldMill            20 VND
            settles: "AP-1"
          Assets:Receivable:OldMill           -20 VND
            settles: "INV-2"
        """
        + LATER_BOUNCED,
        problems=["unknown-document"],
    )
    assert story.open_on("2026-01-03") == {"INV-2": "10 VND"}
    assert story.open_on("2026-01-04") == {"INV-2": "30 VND"}


def test_the_second_undoing_of_one_reversal_is_too_large() -> None:
    first = BOUNCED.replace("#reversal ^RC-1", "#reversal ^REV-1 ^RC-1")
    undone = """
        2026-05-13 * "Hanoi Tower" "The bank was wrong" #reversal ^REV-2 ^REV-1
          Assets:Bank                       1,000 VND
          Assets:Receivable:HanoiTower
        """
    again = undone.replace("05-13", "05-14").replace("REV-2", "REV-3")
    story = told(INVOICE + CHEQUE + first + undone + again, problems=["reversal-too-large"])
    assert story.open_on("2026-05-13") == {}
    assert story.open_on("2026-05-14") == {"REV-3": "-1,000 VND"}


def test_a_reversal_names_several_documents_each_of_which_it_undoes() -> None:
    story = told(
        INVOICE
        + SECOND
        + CHEQUE
        + """
        2026-05-05 * "Hanoi Tower" "Second cheque" ^RC-2
          Assets:Bank                         500 VND
          Assets:Receivable:HanoiTower
            settles: "INV-2"
        2026-05-11 * "Hanoi Tower" "Both cheques bounced" #reversal ^REV-1
          Assets:Receivable:HanoiTower      1,500 VND
            settles: "RC-1, RC-2"
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-11") == {"INV-1": "1,000 VND", "INV-2": "500 VND"}


def test_a_reversal_dated_before_its_receipt_undoes_it_on_the_day_on_which_it_comes() -> None:
    story = told(
        INVOICE + CHEQUE.replace("05-04", "05-12").replace("1,000", "900") + BOUNCED, problems=["reversal-too-large"]
    )
    assert story.open_on("2026-05-11") == {"INV-1": "1,000 VND", "RC-1": "1,000 VND"}
    assert story.open_on("2026-05-12") == {"INV-1": "1,000 VND", "RC-1": "100 VND"}
    assert story.settled_by() == ["2026-05-12 RC-1 <- RC-1 900 VND"]


def test_a_reversal_that_names_an_application_opens_the_invoice_and_leaves_the_receipt_used() -> None:
    """It links to the receipt as well, which has another amount: of several documents the amount tells."""
    story = told(
        next_invoice("01")
        + APPLIED.replace("20 VND\n  Assets:Receivable:OldMill\n", "50 VND\n  Assets:Receivable:OldMill\n")
        + """
        2026-01-04 * "Old Mill" "Applied by mistake" #reversal ^RV-1 ^AP-1 ^RC-4
          Assets:Receivable:OldMill            20 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-01-03") == {"RC-4": "-30 VND", "INV-2": "10 VND"}
    assert story.open_on("2026-01-04") == {"RC-4": "-30 VND", "INV-2": "30 VND"}
