"""Stories of documents in several parts: instalments, retention, terms that split, and what opens a book."""

from __future__ import annotations

from decimal import Decimal

from tests.ledgers import told

LIFT = """
2026-04-01 * "Hanoi Tower" "Lift 7, handed over" ^INV-1
  Assets:Receivable:HanoiTower     950 VND
    due: 2026-05-01
  Assets:Receivable:HanoiTower      50 VND
    due: 2027-04-01
    kind: "retention"
  Income:Sales
"""


def test_an_invoice_with_a_retention_is_two_open_items_of_one_document() -> None:
    story = told(LIFT)
    assert story.open_on("2026-04-01") == {"INV-1/1": "950 VND", "INV-1/2": "50 VND"}
    assert [row["kind"] for row in story.rows("open_items", "2026-04-01")] == ["invoice", "retention"]
    (document,) = story.rows("documents", "2026-04-01")
    assert (document["kind"], document["instalments"], document["original"]) == ("invoice", 2, 1000)


def test_each_instalment_ages_from_its_own_due_date() -> None:
    story = told(LIFT)
    assert story.aged("2026-05-01") == {"current": "1,000 VND", "total": "1,000 VND"}
    assert story.aged("2026-05-02") == {"current": "50 VND", "days_1_30": "950 VND", "total": "1,000 VND"}


def test_money_for_the_document_settles_the_instalment_due_first() -> None:
    story = told(
        LIFT
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^INV-1
          Assets:Bank                      960 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-05-04") == {"INV-1/2": "40 VND"}


def test_a_number_with_a_slash_names_one_instalment() -> None:
    story = told(
        LIFT
        + """
        2026-05-04 * "Hanoi Tower" "They release the retention early" ^RC-1
          Assets:Bank                       50 VND
          Assets:Receivable:HanoiTower
            settles: "INV-1/2"
        """
    )
    assert story.open_on("2026-05-04") == {"INV-1/1": "950 VND"}


def test_the_second_instalment_is_the_one_due_second_wherever_it_stands() -> None:
    story = told(
        """
        2026-04-01 * "Hanoi Tower" "Lift 7" ^INV-1
          Assets:Receivable:HanoiTower      50 VND
            due: 2027-04-01
          Assets:Receivable:HanoiTower     950 VND
            due: 2026-05-01
          Income:Sales
        """
    )
    assert story.dues() == {"INV-1/1": "2026-05-01", "INV-1/2": "2027-04-01"}


def test_a_number_that_itself_has_a_slash_is_that_document() -> None:
    story = told(
        """
        2026-04-01 * "Hanoi Tower" "Lift 7" ^2026/2
          Assets:Receivable:HanoiTower     950 VND
          Income:Sales
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                      950 VND
          Assets:Receivable:HanoiTower
            settles: "2026/2"
        """
    )
    assert story.open_on("2026-05-04") == {}


def test_a_deposit_in_the_same_entry_does_not_tear_the_instalments_apart() -> None:
    story = told(
        """
        2026-04-01 * "Hanoi Tower" "Lift 7, less the deposit" ^INV-1
          Assets:Receivable:HanoiTower     950 VND
            due: 2026-05-01
          Assets:Receivable:HanoiTower    -100 VND
          Assets:Receivable:HanoiTower      50 VND
            due: 2027-04-01
          Income:Sales
        """
    )
    assert story.open_on("2026-04-01") == {"INV-1/1": "850 VND", "INV-1/2": "50 VND"}


def test_a_bounced_payment_of_an_instalment_opens_that_instalment() -> None:
    story = told(
        LIFT
        + """
        2026-05-04 * "Hanoi Tower" "Cheque" ^RC-1
          Assets:Bank                       50 VND
          Assets:Receivable:HanoiTower
            settles: "INV-1/2"
        2026-05-08 * "Hanoi Tower" "Cheque bounced" #reversal ^RC-1
          Assets:Receivable:HanoiTower      50 VND
          Assets:Bank
        """
    )
    assert story.open_on("2026-05-07") == {"INV-1/1": "950 VND"}
    assert story.open_on("2026-05-08") == {"INV-1/1": "950 VND", "INV-1/2": "50 VND"}


# Terms


def on_terms(terms: str, amount: str = "1,000,000,001 VND", above: str = 'site: "Da Nang"') -> str:
    """A customer with terms, and an invoice of 30 January 2026 with `above` in its metadata."""
    return f"""
2025-01-01 open Assets:Receivable:Builder
  terms: "{terms}"
2026-01-30 * "Builder" "Lifts" ^INV-1
  {above}
  Assets:Receivable:Builder     {amount}
  Income:Sales
"""


def test_the_due_date_follows_from_the_customer_s_terms() -> None:
    assert told(on_terms("net 30")).dues() == {"INV-1": "2026-03-01"}
    assert told(on_terms("30 days EOM")).dues() == {"INV-1": "2026-03-31"}


def test_the_entry_s_own_due_date_goes_before_all_terms() -> None:
    assert told(on_terms("net 30", above="due: 2026-02-02")).dues() == {"INV-1": "2026-02-02"}


def test_the_entry_s_own_terms_go_before_the_customer_s() -> None:
    assert told(on_terms("net 30", above='terms: "net 10"')).dues() == {"INV-1": "2026-02-09"}


def test_a_contract_s_terms_go_before_the_customer_s() -> None:
    story = told(
        on_terms("net 30", above='contract: "HD-7"')
        + """
        2025-01-01 custom "receivables-contract" "HD-7" Assets:Receivable:Builder
          terms: "net 60"
        """
    )
    assert story.dues() == {"INV-1": "2026-03-31"}


def test_without_terms_a_document_is_due_on_its_date() -> None:
    story = told(
        """
        2026-01-30 * "Hanoi Tower" "Call-out" ^INV-1
          Assets:Receivable:HanoiTower     100 VND
          Income:Sales
        """
    )
    assert story.aged("2026-01-30") == {"current": "100 VND", "total": "100 VND"}
    assert story.aged("2026-01-31") == {"days_1_30": "100 VND", "total": "100 VND"}


def test_terms_in_percent_round_to_whole_dong_and_the_last_takes_the_rest() -> None:
    story = told(on_terms("30% 0 days, 60% 30 days, 10% 12 months"))
    assert story.open_on("2026-01-30") == {
        "INV-1/1": "300,000,000 VND",
        "INV-1/2": "600,000,001 VND",
        "INV-1/3": "100,000,000 VND",
    }
    assert story.dues() == {"INV-1/1": "2026-01-30", "INV-1/2": "2026-03-01", "INV-1/3": "2027-01-30"}


def test_cents_are_kept_where_the_currency_has_them() -> None:
    story = told(on_terms("33.33% 0 days, 33.33% 30 days, rest 60 days", "100.00 USD"))
    assert list(story.open_on("2026-01-30").values()) == ["33.33 USD", "33.33 USD", "33.34 USD"]


def test_retention_may_be_in_the_terms() -> None:
    story = told(on_terms("95% net 30, 5% retention 12 months", "1,000 VND"))
    assert [(row["outstanding"], row["kind"]) for row in story.rows("open_items")] == [
        (950, "invoice"),
        (50, "retention"),
    ]


def test_a_fixed_amount_in_the_terms_that_is_finer_than_the_currency_is_a_mistake() -> None:
    story = told(on_terms("500.005 USD in 10 days, rest in 60 days", "1,000.00 USD"), problems=["bad-terms"])
    assert [row["outstanding"] for row in story.rows("open_items")] == [Decimal("1000.00")]


def test_terms_that_ask_for_more_than_the_invoice_leave_one_item_due_on_its_date() -> None:
    story = told(on_terms("500 USD in 10 days, rest in 60 days", "400.00 USD"), problems=["bad-terms"])
    assert story.open_on("2026-01-30") == {"INV-1": "400.00 USD"}
    assert story.dues() == {"INV-1": "2026-01-30"}


def test_terms_of_a_customer_may_change_from_a_day_on() -> None:
    story = told(
        """
        2026-01-01 custom "receivables-policy" "terms"
          terms: "net 10"
        2026-02-01 custom "receivables-policy" "terms"
          terms: "net 20"
        2026-01-31 * "Hanoi Tower" "Before" ^INV-1
          Assets:Receivable:HanoiTower     100 VND
          Income:Sales
        2026-02-01 * "Hanoi Tower" "After" ^INV-2
          Assets:Receivable:HanoiTower     100 VND
          Income:Sales
        """
    )
    assert story.dues() == {"INV-1": "2026-02-10", "INV-2": "2026-02-21"}


def test_terms_named_by_a_customer_s_code_are_that_customer_s() -> None:
    story = told(
        """
        2026-01-01 custom "receivables-policy" "terms" "OldMill"
          terms: "net 10"
        2026-01-31 * "Hanoi Tower" "Lift" ^INV-1
          Assets:Receivable:HanoiTower     100 VND
          Income:Sales
        2026-01-31 * "Old Mill" "Lift" ^INV-2
          Assets:Receivable:OldMill        100 VND
          Income:Sales
        """
    )
    assert story.dues() == {"INV-1": "2026-01-31", "INV-2": "2026-02-10"}


# Opening items


def test_the_entry_that_opens_a_book_carries_an_open_item_each() -> None:
    story = told(
        """
        2026-01-01 * "Open items of the old books"
          Assets:Receivable:HanoiTower     700 VND
            number: "INV-2025-88"
            dated: 2025-10-15
            due: 2025-11-14
          Assets:Receivable:HanoiTower     -20 VND
            number: "CM-2025-9"
            dated: 2025-12-20
          Equity:Opening
        """
    )
    assert story.kinds() == {"INV-2025-88": "opening", "CM-2025-9": "opening"}
    assert story.open_on("2025-12-31") == {}
    assert story.open_on("2026-01-01") == {"INV-2025-88": "700 VND", "CM-2025-9": "-20 VND"}
    assert story.aged("2026-01-01") == {"days_31_60": "700 VND", "credits": "-20 VND", "total": "680 VND"}


def test_an_opening_item_is_dated_when_it_was_written_and_its_terms_count_from_there() -> None:
    story = told(
        """
        2025-01-01 open Assets:Receivable:Builder
          terms: "net 30"
        2026-01-01 * "Open items of the old books" #opening
          Assets:Receivable:Builder        700 VND
            number: "INV-2025-88"
            dated: 2025-10-15
          Equity:Opening
        """
    )
    (row,) = story.rows("open_items", "2026-01-01")
    assert (str(row["date"]), str(row["due"]), row["days_overdue"]) == ("2025-10-15", "2025-11-14", 48)


def test_an_opening_item_is_paid_like_any_other() -> None:
    story = told(
        """
        2026-01-01 * "Open items of the old books"
          Assets:Receivable:HanoiTower     700 VND
            number: "INV-2025-88"
          Equity:Opening
        2026-01-10 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                      700 VND
          Assets:Receivable:HanoiTower
            settles: "INV-2025-88"
        """
    )
    assert story.open_on("2026-01-09") == {"INV-2025-88": "700 VND"}
    assert story.open_on("2026-01-10") == {}


SINGLE = """
2026-01-02 * "Old Mill" "Lift 7" ^INV-1
  Assets:Receivable:OldMill            10 VND
  Income:Sales
"""
FOR_THE_FIRST = """
2026-01-01 * "Old Mill" "Deposit" ^RC-7
  Assets:Bank                          10 VND
  Assets:Receivable:OldMill
    settles: "INV-1/1"
"""


def test_a_deposit_for_the_first_instalment_waits_for_an_invoice_that_has_only_one() -> None:
    story = told(FOR_THE_FIRST + SINGLE)
    assert story.open_on("2026-01-01") == {"RC-7": "-10 VND"}
    assert story.open_on("2026-01-02") == {}


def test_money_for_the_first_instalment_waits_for_an_only_one_that_is_open_again() -> None:
    story = told(
        SINGLE
        + """
        2026-01-02 * "Old Mill" "Cheque" ^RC-4
          Assets:Bank                          10 VND
          Assets:Receivable:OldMill
            settles: "INV-1"
        2026-01-04 * "Old Mill" "Cheque bounced" #reversal ^RV-1 ^RC-4
          Assets:Receivable:OldMill            10 VND
          Assets:Bank
        """
        + FOR_THE_FIRST.replace("01-01", "01-03")
    )
    assert story.open_on("2026-01-03") == {"RC-7": "-10 VND"}
    assert story.open_on("2026-01-04") == {}


IN_THIRDS = """
2025-01-01 open Assets:Receivable:Builder
2025-01-01 custom "receivables-policy" "terms"
  terms: "33.3% 5 days, rest 1 month"
"""
PAID_OUT = """
2026-01-09 * "Builder" "Paid their supplier for them" ^RF-4
  Assets:Receivable:Builder            50 USD
  Assets:Bank
"""


def test_what_is_paid_for_a_customer_is_owed_by_his_terms_in_instalments_too() -> None:
    story = told(IN_THIRDS + PAID_OUT)
    assert story.kinds() == {"RF-4": "invoice"}
    assert story.open_on("2026-01-09") == {"RF-4/1": "16.65 USD", "RF-4/2": "33.35 USD"}
    assert story.dues() == {"RF-4/1": "2026-01-14", "RF-4/2": "2026-02-09"}


def test_money_paid_back_is_one_refund_whatever_the_customer_s_terms() -> None:
    story = told(
        IN_THIRDS
        + """
        2026-01-02 * "Builder" "Transfer" ^RC-1
          Assets:Bank                          20 USD
          Assets:Receivable:Builder
        2026-01-02 * "Builder" "Transfer" ^RC-2
          Assets:Bank                          30 USD
          Assets:Receivable:Builder
        """
        + PAID_OUT.replace("^RF-4", "^RF-4 ^RC-1"),
        problems=["refund-of-what"],
    )
    (row,) = story.rows("open_items", "2026-01-09", "number=RF-4")
    assert (row["kind"], row["original"], row["outstanding"], row["instalment"]) == ("refund", 50, 30, None)
    assert (str(row["due"]), row["terms"]) == ("2026-01-09", "")
    assert story.settled_by() == ["2026-01-09 RC-1 <- RF-4 20.00 USD"]
    (document,) = story.rows("documents", "2026-01-09", "number=RF-4")
    assert (document["original"], document["outstanding"]) == (50, 30)


def test_terms_that_do_not_fit_what_is_paid_back_are_nothing_odd() -> None:
    story = told(
        IN_THIRDS.replace("33.3% 5 days", "60 USD in 5 days")
        + """
        2026-01-02 * "Builder" "Transfer" ^RC-1
          Assets:Bank                          50 USD
          Assets:Receivable:Builder
        """
        + PAID_OUT.replace("^RF-4", "^RF-4 ^RC-1")
    )
    assert story.open_on("2026-01-09") == {}


def test_terms_that_do_not_fit_what_is_paid_for_a_customer_are_reported() -> None:
    story = told(IN_THIRDS.replace("33.3% 5 days", "60 USD in 5 days") + PAID_OUT, problems=["bad-terms"])
    assert story.open_on("2026-01-09") == {"RF-4": "50.00 USD"}


def test_an_instalment_on_another_account_of_the_customer_is_out_of_reach_and_said_to_be() -> None:
    story = told(
        """
        2025-01-01 open Assets:Receivable:North
          customer: "Mill"
        2025-01-01 open Assets:Receivable:South
          customer: "Mill"
        2026-01-02 * "Mill" "Lift 7" ^INV-1
          Assets:Receivable:North              50 VND
            due: 2026-01-08
          Assets:Receivable:South              50 VND
            due: 2026-01-19
          Income:Sales
        2026-01-03 * "Mill" "Transfer" ^RC-1
          Assets:Bank                          50 VND
          Assets:Receivable:North
            settles: "INV-1/2"
        """,
        problems=["other-account"],
    )
    assert story.open_on("2026-01-03") == {"INV-1/1": "50 VND", "INV-1/2": "50 VND", "RC-1": "-50 VND"}
