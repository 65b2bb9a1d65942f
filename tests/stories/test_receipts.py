"""Stories of money that comes in: in part, for several invoices, too much, too early, with something held back."""

from __future__ import annotations

import pytest
from tests.ledgers import told

Q1 = """
2026-03-31 * "Hanoi Tower" "Maintenance Q1" ^INV-1
  due: 2026-04-30
  Assets:Receivable:HanoiTower      1,000 VND
  Income:Sales
"""
Q2 = """
2026-06-30 * "Hanoi Tower" "Maintenance Q2" ^INV-2
  due: 2026-07-30
  Assets:Receivable:HanoiTower      2,000 VND
  Income:Sales
"""


def test_an_invoice_is_open_from_its_day_on_and_not_the_day_before() -> None:
    story = told(Q1)
    assert story.open_on("2026-03-30") == {}
    assert story.open_on("2026-03-31") == {"INV-1": "1,000 VND"}


def test_a_receipt_settles_the_invoice_from_its_day_on_and_not_the_day_before() -> None:
    story = told(
        Q1
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^INV-1
          Assets:Bank                        1,000 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-05-03") == {"INV-1": "1,000 VND"}
    assert story.open_on("2026-05-04") == {}


def test_half_a_payment_leaves_the_other_half_open() -> None:
    story = told(
        Q1
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^INV-1
          Assets:Bank                        400 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-05-04") == {"INV-1": "600 VND"}
    (row,) = story.rows("open_items", "2026-05-04")
    assert (row["original"], row["settled"], row["outstanding"]) == (1000, 400, 600)
    assert story.rows("documents", "2026-05-04", "number=INV-1")[0]["status"] == "partly settled"


def test_two_part_payments_settle_one_invoice() -> None:
    story = told(
        Q1
        + """
        2026-05-04 * "Hanoi Tower" "First half" ^INV-1
          Assets:Bank                        400 VND
          Assets:Receivable:HanoiTower
        2026-05-20 * "Hanoi Tower" "Second half" ^INV-1
          Assets:Bank                        600 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-05-19") == {"INV-1": "600 VND"}
    assert story.open_on("2026-05-20") == {}


def test_one_transfer_pays_two_invoices_with_an_amount_for_each() -> None:
    story = told(
        Q1
        + Q2
        + """
        2026-07-10 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                        1,700 VND
          Assets:Receivable:HanoiTower      -1,000 VND
            settles: "INV-1"
          Assets:Receivable:HanoiTower        -700 VND
            settles: "INV-2"
        """
    )
    assert story.open_on("2026-07-10") == {"INV-2": "1,300 VND"}
    assert story.settled_by() == ["2026-07-10 INV-1 <- RC-1 1,000 VND", "2026-07-10 INV-2 <- RC-1 700 VND"]


def test_a_list_of_numbers_settles_in_the_order_written_not_by_due_date() -> None:
    story = told(
        Q1
        + Q2
        + """
        2026-07-10 * "Hanoi Tower" "Transfer" ^RC-1
          settles: "INV-2, INV-1"
          Assets:Bank                        2,300 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-07-10") == {"INV-1": "700 VND"}


def test_links_to_several_invoices_settle_the_oldest_due_first() -> None:
    story = told(
        Q1
        + Q2
        + """
        2026-07-10 * "Hanoi Tower" "Transfer" ^RC-1 ^INV-2 ^INV-1
          Assets:Bank                        2,300 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-07-10") == {"INV-2": "700 VND"}
    assert story.kinds()["RC-1"] == "receipt"


def test_settles_goes_before_a_link() -> None:
    story = told(
        Q1
        + Q2
        + """
        2026-07-10 * "Hanoi Tower" "Transfer" ^RC-1 ^INV-1
          Assets:Bank                        1,000 VND
          Assets:Receivable:HanoiTower
            settles: "INV-2"
        """
    )
    assert story.open_on("2026-07-10") == {"INV-1": "1,000 VND", "INV-2": "1,000 VND"}


def test_invoice_is_another_word_for_settles_on_a_receipt() -> None:
    story = told(
        Q1
        + """
        2026-05-04 * "Hanoi Tower" "Transfer"
          Assets:Bank                        1,000 VND
          Assets:Receivable:HanoiTower
            invoice: "INV-1"
        """
    )
    assert story.open_on("2026-05-04") == {}


def test_invoice_on_an_invoice_is_its_own_number() -> None:
    story = told(
        """
        2026-03-31 * "Hanoi Tower" "Maintenance"
          invoice: "2026/17"
          Assets:Receivable:HanoiTower      1,000 VND
          Income:Sales
        2026-05-04 * "Hanoi Tower" "Transfer"
          invoice: "2026/17"
          Assets:Bank                        400 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-05-04") == {"2026/17": "600 VND"}


def test_a_number_may_be_written_without_quotes() -> None:
    story = told(
        """
        2026-03-31 * "Hanoi Tower" "Maintenance"
          number: 1001
          Assets:Receivable:HanoiTower      1,000 VND
          Income:Sales
        2026-05-04 * "Hanoi Tower" "Transfer"
          settles: 1001
          Assets:Bank                       1,000 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-05-04") == {}


def test_what_is_paid_too_much_stays_on_account_with_a_warning() -> None:
    story = told(
        Q1
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                        1,200 VND
          Assets:Receivable:HanoiTower
            settles: "INV-1"
        """,
        problems=["more-than-open"],
    )
    assert story.open_on("2026-05-04") == {"RC-1": "-200 VND"}
    assert story.aged("2026-05-04") == {"credits": "-200 VND", "total": "-200 VND"}


def test_a_receipt_without_any_hint_stays_on_account() -> None:
    story = told(
        Q1
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                        1,000 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-05-04") == {"INV-1": "1,000 VND", "RC-1": "-1,000 VND"}
    assert story.aged("2026-05-04") == {"days_1_30": "1,000 VND", "credits": "-1,000 VND"}


ON_ACCOUNT = (
    Q1
    + """
    2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
      Assets:Bank                        1,500 VND
      Assets:Receivable:HanoiTower
    2026-05-15 * "Hanoi Tower" "Goes to the invoice" #apply
      Assets:Receivable:HanoiTower       1,000 VND
        settles: "RC-1"
      Assets:Receivable:HanoiTower      -1,000 VND
        settles: "INV-1"
    """
)


def test_money_on_account_is_applied_later_and_only_from_then_on() -> None:
    story = told(ON_ACCOUNT)
    assert story.open_on("2026-05-14") == {"INV-1": "1,000 VND", "RC-1": "-1,500 VND"}
    assert story.open_on("2026-05-15") == {"RC-1": "-500 VND"}


def test_an_application_is_named_by_what_it_moves_and_stays_out_of_the_statement() -> None:
    story = told(ON_ACCOUNT)
    assert story.settled_by() == ["2026-05-15 INV-1 <- RC-1 1,000 VND", "2026-05-15 RC-1 <- INV-1 1,000 VND"]
    assert [row["number"] for row in story.rows("statement")] == [None, "INV-1", "RC-1"]


def test_when_the_applied_receipt_bounces_the_invoice_is_open_again() -> None:
    story = told(
        ON_ACCOUNT
        + """
        2026-05-25 * "Hanoi Tower" "Cheque bounced" #reversal ^RC-1
          Assets:Receivable:HanoiTower       1,500 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-24") == {"RC-1": "-500 VND"}
    assert story.open_on("2026-05-25") == {"INV-1": "1,000 VND"}


def test_an_application_to_another_customer_moves_the_money_there() -> None:
    story = told(
        """
        2026-03-31 * "Old Mill" "Repair" ^INV-9
          Assets:Receivable:OldMill           700 VND
          Income:Sales
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                       1,000 VND
          Assets:Receivable:HanoiTower
        2026-05-15 * "Hanoi Tower pays for the mill" #apply
          Assets:Receivable:HanoiTower        700 VND
            settles: "RC-1"
          Assets:Receivable:OldMill          -700 VND
            settles: "INV-9"
        """
    )
    assert story.open_on("2026-05-15") == {"RC-1": "-300 VND"}
    assert [row["balance"] for row in story.rows("statement", customer="OldMill")] == [0, 700, 0]


def test_a_deposit_before_the_invoice_settles_it_on_the_invoice_s_day() -> None:
    story = told(
        """
        2026-03-01 * "Hanoi Tower" "Deposit" ^RC-1
          Assets:Bank                         300 VND
          Assets:Receivable:HanoiTower
            settles: "INV-1"
        """
        + Q1
    )
    assert story.open_on("2026-03-30") == {"RC-1": "-300 VND"}
    assert story.open_on("2026-03-31") == {"INV-1": "700 VND"}
    assert story.settled_by() == ["2026-03-31 INV-1 <- RC-1 300 VND"]


def test_a_linked_deposit_before_the_invoice_settles_it_on_the_invoice_s_day() -> None:
    story = told(
        """
        2026-03-01 * "Hanoi Tower" "Deposit" ^INV-1
          Assets:Bank                         300 VND
          Assets:Receivable:HanoiTower
        """
        + Q1
    )
    assert story.open_on("2026-03-30") == {"INV-1": "-300 VND"}
    assert story.open_on("2026-03-31") == {"INV-1": "700 VND"}


DEPOSIT_FOR_TWO = """
2026-03-01 * "Hanoi Tower" "Deposit" ^RC-1
  Assets:Bank                         100 VND
  Assets:Receivable:HanoiTower
    settles: "INV-A, INV-B"
"""
THE_TWO = (
    """
2026-03-31 * "Hanoi Tower" "First lift" ^INV-A
  Assets:Receivable:HanoiTower        100 VND
  Income:Sales
""",
    """
2026-03-31 * "Hanoi Tower" "Second lift" ^INV-B
  Assets:Receivable:HanoiTower        100 VND
  Income:Sales
""",
)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_deposit_goes_to_the_invoice_named_first_whichever_stands_first_in_the_file(order: tuple[int, int]) -> None:
    story = told(DEPOSIT_FOR_TWO + "".join(THE_TWO[place] for place in order))
    assert story.open_on("2026-03-31") == {"INV-B": "100 VND"}


TWO_DEPOSITS = (
    """
2026-03-01 * "Hanoi Tower" "Deposit by the owner" ^INV-1
  Assets:Bank                         600 VND
  Assets:Receivable:HanoiTower
""",
    """
2026-03-01 * "Hanoi Tower" "Deposit by the tenant" ^INV-1
  Assets:Bank                         700 VND
  Assets:Receivable:HanoiTower
""",
)


def test_which_of_two_deposits_of_one_day_is_left_over_does_not_follow_the_file() -> None:
    one = told(TWO_DEPOSITS[0] + TWO_DEPOSITS[1] + Q1, problems=["more-than-open"]).rows("open_items", "2026-03-31")
    two = told(TWO_DEPOSITS[1] + TWO_DEPOSITS[0] + Q1, problems=["more-than-open"]).rows("open_items", "2026-03-31")
    assert [row["original"] for row in one] == [row["original"] for row in two]


def test_the_receivable_is_settled_in_full_when_fee_discount_and_tax_are_booked_beside_a_short_receipt() -> None:
    story = told(
        Q1
        + """
        2026-05-04 * "Hanoi Tower" "Transfer, short" ^RC-1
          Assets:Bank                          930 VND
          Expenses:BankFees                     10 VND
          Expenses:Discounts                    20 VND
          Assets:WithholdingTax                 40 VND
          Assets:Receivable:HanoiTower      -1,000 VND
            settles: "INV-1"
        """
    )
    assert story.open_on("2026-05-04") == {}
    assert story.kinds()["RC-1"] == "receipt"


def test_what_a_customer_deducts_unasked_stays_open() -> None:
    story = told(
        Q1
        + """
        2026-05-04 * "Hanoi Tower" "Transfer, 40 deducted" ^RC-1
          Assets:Bank                          960 VND
          Assets:Receivable:HanoiTower        -960 VND
            settles: "INV-1"
        """
    )
    assert story.open_on("2026-05-04") == {"INV-1": "40 VND"}


def test_money_from_an_unknown_sender_found_later_is_a_receipt() -> None:
    story = told(
        Q1
        + """
        2026-05-01 open Liabilities:UnidentifiedReceipts
        2026-05-04 * "Unknown" "Transfer without a name"
          Assets:Bank                        1,000 VND
          Liabilities:UnidentifiedReceipts
        2026-05-20 * "Hanoi Tower" "It was the tower's" ^INV-1
          Liabilities:UnidentifiedReceipts   1,000 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-05-19") == {"INV-1": "1,000 VND"}
    assert story.open_on("2026-05-20") == {}
    (row,) = story.rows("settlements")
    assert row["kind"] == "receipt"


def test_two_equal_receipts_of_one_day_keep_their_names_whatever_the_order_in_the_file() -> None:
    first = """
    2026-07-10 * "Hanoi Tower" "Transfer"
      Assets:Bank                           50 VND
      Assets:Receivable:HanoiTower
        settles: "INV-1"
    """
    second = first.replace("INV-1", "INV-2")
    one, two = told(Q1 + Q2 + first + second), told(Q1 + Q2 + second + first)
    assert one.settled_by() == two.settled_by()


def test_a_document_without_number_has_a_stable_name_from_its_customer_and_day() -> None:
    story = told(
        """
        2026-03-31 * "Hanoi Tower" "Repair"
          Assets:Receivable:HanoiTower        100 VND
          Income:Sales
        2026-04-01 * "Hanoi Tower" "Call-out"
          Assets:Receivable:HanoiTower         80 VND
          Income:Sales
        2026-04-01 * "Hanoi Tower" "Spare part"
          Assets:Receivable:HanoiTower         20 VND
          Income:Sales
        """
    )
    assert story.open_on("2026-04-01") == {
        "HanoiTower-2026-03-31": "100 VND",
        "HanoiTower-2026-04-01-1": "20 VND",
        "HanoiTower-2026-04-01-2": "80 VND",
    }


def test_which_link_is_the_number_does_not_depend_on_what_is_booked_later() -> None:
    order = """
    2026-03-31 * "Hanoi Tower" "Order A-7, offer B-7" ^A-7 ^B-7
      Assets:Receivable:HanoiTower        100 VND
      Income:Sales
    """
    later = """
    2026-06-30 * "Hanoi Tower" "Something else" ^A-7
      Assets:Receivable:HanoiTower        300 VND
      Income:Sales
    """
    alone = told(order, problems=["several-links"])
    assert alone.open_on("2026-03-31") == {"A-7": "100 VND"}
    assert told(order + later, problems=["several-links", "number-twice"]).open_on("2026-03-31") == {"A-7": "100 VND"}
