"""Stories of who owes and in what: several accounts, control accounts, currencies, exchange differences, old books."""

from __future__ import annotations

from decimal import Decimal

from beancount.core import data
from beancount.core.amount import Amount
from tests.ledgers import COMPANY, Told, day, told

from receivables.booking import build
from receivables.language.reading import read
from receivables.relations import RELATIONS, evaluate

# One customer, several accounts


TWO_ACCOUNTS = """
2025-01-01 open Assets:Receivable:VN:Reef
  customer: "C-7"
  name: "Blue Reef Hotels"
  entity: "Viet Nam"
  collector: "lan"
2025-01-01 open Assets:Receivable:KH:Reef
  customer: "C-7"
  name: "Blue Reef (Cambodia)"
  entity: "Cambodia"
  collector: "sok"
2026-03-31 * "Blue Reef" "Lift in Da Nang" ^INV-1
  Assets:Receivable:VN:Reef        700 USD
  Income:Sales
2026-03-31 * "Blue Reef" "Lift in Phnom Penh" ^INV-2
  Assets:Receivable:KH:Reef        300 USD
  Income:Sales
"""


def test_accounts_with_one_code_are_one_customer() -> None:
    story = told(TWO_ACCOUNTS)
    (row,) = story.rows("aging", "2026-03-31")
    assert (row["customer"], row["name"], row["total"]) == ("C-7", "Blue Reef Hotels", 1000)
    customer = story.book.customers["C-7"]
    assert customer.accounts == ("Assets:Receivable:VN:Reef", "Assets:Receivable:KH:Reef")


def test_what_differs_between_the_accounts_of_a_customer_groups_and_filters() -> None:
    story = told(TWO_ACCOUNTS)
    assert {row["entity"]: row["total"] for row in story.rows("aging", by=("entity",))} == {
        "Cambodia": 300,
        "Viet Nam": 700,
    }
    (row,) = story.rows("aging", "2026-03-31", "entity=Cambodia")
    assert row["total"] == 300


def test_aging_and_open_items_agree_on_whose_collector_and_name_is_asked_for() -> None:
    story = told(TWO_ACCOUNTS)
    for where in ("collector=lan", "collector=sok", "name~cambodia", "name~hotels"):
        items = sum(row["outstanding"] for row in story.rows("open_items", "2026-03-31", where))
        aging = sum(row["total"] for row in story.rows("aging", "2026-03-31", where))
        assert items == aging, where


def test_money_on_one_account_does_not_settle_on_the_other() -> None:
    story = told(
        TWO_ACCOUNTS
        + """
        2026-04-30 * "Blue Reef" "Transfer" ^RC-1
          Assets:Bank                      300 USD
          Assets:Receivable:VN:Reef
            settles: "INV-2"
        """,
        problems=["other-account"],
    )
    assert story.open_on("2026-04-30") == {"INV-1": "700.00 USD", "INV-2": "300.00 USD", "RC-1": "-300.00 USD"}


def test_an_application_moves_money_between_the_accounts_of_a_customer() -> None:
    story = told(
        TWO_ACCOUNTS
        + """
        2026-04-30 * "Blue Reef" "Transfer" ^RC-1
          Assets:Bank                      300 USD
          Assets:Receivable:VN:Reef
        2026-05-02 * "For the lift in Phnom Penh" #apply
          Assets:Receivable:VN:Reef        300 USD
            settles: "RC-1"
          Assets:Receivable:KH:Reef       -300 USD
            settles: "INV-2"
        """
    )
    assert story.open_on("2026-05-02") == {"INV-1": "700.00 USD"}
    assert [row["balance"] for row in story.rows("statement")] == [0, 700, 1000, 700]


def test_a_customer_s_document_over_two_accounts_is_one_document() -> None:
    story = told(
        TWO_ACCOUNTS
        + """
        2026-05-31 * "Blue Reef" "Maintenance in both countries" ^INV-3
          Assets:Receivable:VN:Reef         60 USD
          Assets:Receivable:KH:Reef         40 USD
          Income:Sales
        """
    )
    (document,) = story.rows("documents", "2026-05-31", "number=INV-3")
    assert (document["original"], document["instalments"]) == (100, 2)


# Control accounts


CONTROL = """
2025-01-01 open Assets:Receivable
2026-03-31 * "Hanoi Tower" "Maintenance" ^INV-1
  Assets:Receivable        100 USD
  Income:Sales
2026-03-31 * "Old Mill Ltd." "Maintenance" ^INV-2
  customer: "C-2"
  Assets:Receivable        200 USD
  Income:Sales
2026-03-31 * "Two at once" ^INV-3
  Assets:Receivable         30 USD
    customer: "C-3"
  Assets:Receivable         40 USD
    customer: "C-4"
  Income:Sales
"""


def test_on_a_control_account_the_payee_is_the_customer_unless_a_word_says_otherwise() -> None:
    story = told(CONTROL)
    assert {row["customer"]: row["total"] for row in story.rows("aging", "2026-03-31")} == {
        "C-2": 200,
        "C-3": 30,
        "C-4": 40,
        "Hanoi Tower": 100,
    }


def test_nothing_settles_across_the_customers_of_a_control_account() -> None:
    story = told(
        CONTROL
        + """
        2026-04-30 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank              200 USD
          Assets:Receivable
            settles: "INV-2"
        """,
        problems=["other-customer"],
    )
    assert story.open_on("2026-04-30", "C-2") == {"INV-2": "200.00 USD"}
    assert story.open_on("2026-04-30", "Hanoi Tower") == {"INV-1": "100.00 USD", "RC-1": "-200.00 USD"}


def test_a_posting_that_names_nobody_is_in_the_tie_out_with_its_line() -> None:
    story = told(
        CONTROL
        + """
        2026-04-30 * "Whose?"
          Assets:Bank               50 USD
          Assets:Receivable
        """,
        problems=["no-customer"],
    )
    before, after = story.rows("tie_out", "2026-04-29"), story.rows("tie_out", "2026-04-30")
    assert [(row["balance"], row["open_items"], row["unexplained"]) for row in before] == [(370, 370, 0)]
    assert (after[0]["balance"], after[0]["open_items"], after[0]["unexplained"]) == (320, 370, -50)
    assert after[0]["difference"] == 0
    assert story.line(after[1]["line"]) == "Assets:Receivable"
    assert "unexplained" in story.report("aging", "2026-04-30").notes[-1]


def test_a_customer_without_an_account_is_described_by_a_directive() -> None:
    story = told(
        """
        2025-01-01 open Assets:Receivable
        2025-01-01 custom "receivables-customer" "Hanoi Tower"
          name: "Công ty CP Hanoi Tower"
          terms: "net 30"
          entity: "north"
        2026-03-31 * "Hanoi Tower" "Maintenance" ^INV-1
          Assets:Receivable        100 USD
          Income:Sales
        """
    )
    (row,) = story.rows("open_items", "2026-03-31", "entity=north")
    assert (row["name"], str(row["due"]), row["terms"]) == ("Công ty CP Hanoi Tower", "2026-04-30", "net 30")


def test_a_dispute_on_a_control_account_names_its_customer() -> None:
    story = told(
        CONTROL
        + """
        2026-04-02 note Assets:Receivable "Says the doors were late" #dispute ^INV-2
          customer: "C-2"
          amount: 40 USD
        """
    )
    (row,) = story.rows("open_items", "2026-04-02", customer="C-2")
    assert row["disputed"] == 40


# Currencies


def test_a_customer_owes_in_two_currencies_and_they_are_never_added_up() -> None:
    story = told(
        """
        2026-03-31 * "Hanoi Tower" "Lift" ^INV-1
          Assets:Receivable:HanoiTower      1,000,000 VND
          Income:Sales
        2026-03-31 * "Hanoi Tower" "Spare parts" ^INV-2
          Assets:Receivable:HanoiTower          250.50 USD
          Income:Sales
        """
    )
    assert story.open_on("2026-03-31") == {"INV-2": "250.50 USD", "INV-1": "1,000,000 VND"}
    assert [(row["currency"], row["total"]) for row in story.rows("aging", "2026-03-31")] == [
        ("USD", Decimal("250.50")),
        ("VND", 1_000_000),
    ]


def test_a_receipt_in_another_currency_stays_on_account_with_an_error() -> None:
    story = told(
        """
        2026-03-31 * "Hanoi Tower" "Spare parts" ^INV-2
          Assets:Receivable:HanoiTower          100.00 USD
          Income:Sales
        2026-04-30 * "Hanoi Tower" "Transfer in dong" ^RC-1
          Assets:Bank                        2,500,000 VND
          Assets:Receivable:HanoiTower
            settles: "INV-2"
        """,
        problems=["other-currency"],
    )
    assert story.open_on("2026-04-30") == {"INV-2": "100.00 USD", "RC-1": "-2,500,000 VND"}


IN_DONG = """
2026-03-31 * "Hanoi Tower" "Spare parts" ^INV-2
  Assets:Receivable:HanoiTower          100.00 USD @ 25,000 VND
  Income:Sales
2026-04-30 * "Hanoi Tower" "Transfer in dong" ^RC-1
  Assets:Bank                        2,540,000 VND
  Assets:Receivable:HanoiTower         -100.00 USD @@ 2,540,000 VND
    settles: "INV-2"
"""


def test_a_dollar_invoice_paid_in_dong_is_settled_and_realises_the_exchange_difference() -> None:
    story = told(IN_DONG)
    assert story.open_on("2026-04-30") == {}
    (row,) = story.rows("settlements")
    assert (row["amount"], row["currency"]) == (Decimal("100.00"), "USD")
    assert (row["document_rate"], row["rate"]) == (25_000, 25_400)
    assert (row["exchange_difference"], row["exchange_currency"]) == (40_000, "VND")


def test_a_lower_price_at_payment_is_a_loss() -> None:
    story = told(IN_DONG.replace("2,540,000", "2,480,000"))
    (row,) = story.rows("settlements")
    assert row["exchange_difference"] == -20_000


def test_a_refund_at_a_higher_price_is_a_loss() -> None:
    story = told(
        """
        2026-03-31 * "Hanoi Tower" "Goodwill" #credit-memo ^CM-1
          Income:Sales
          Assets:Receivable:HanoiTower         -100.00 USD @ 25,000 VND
        2026-04-30 * "Hanoi Tower" "Paid back" #refund ^RF-1
          settles: "CM-1"
          Assets:Receivable:HanoiTower          100.00 USD @ 25,400 VND
          Assets:Bank
        """
    )
    (row,) = story.rows("settlements")
    assert (row["document"], row["exchange_difference"]) == ("CM-1", -40_000)


def test_a_bounced_payment_takes_its_exchange_difference_back() -> None:
    story = told(
        IN_DONG
        + """
        2026-05-04 * "Hanoi Tower" "Bounced" #reversal ^RC-1
          Assets:Receivable:HanoiTower          100.00 USD @@ 2,540,000 VND
          Assets:Bank                       -2,540,000 VND
        """
    )
    assert story.open_on("2026-05-04") == {"INV-2": "100.00 USD"}
    assert sum(row["exchange_difference"] for row in story.rows("settlements")) == 0


def test_without_prices_on_both_sides_no_exchange_difference_is_guessed() -> None:
    story = told(
        """
        2026-03-31 * "Hanoi Tower" "Spare parts" ^INV-2
          Assets:Receivable:HanoiTower          100.00 USD
          Income:Sales
        2026-04-30 * "Hanoi Tower" "Transfer in dong" ^RC-1
          Assets:Bank                        2,540,000 VND
          Assets:Receivable:HanoiTower         -100.00 USD @@ 2,540,000 VND
            settles: "INV-2"
        """
    )
    (row,) = story.rows("settlements")
    assert row["exchange_difference"] is None
    assert row["exchange_currency"] is None


PRICED = """
2026-01-01 price USD 25,000 VND
2026-05-01 price USD 26,000 VND
2026-03-31 * "Hanoi Tower" "Spare parts" ^INV-1
  Assets:Receivable:HanoiTower          100.00 USD
  Income:Sales
2026-03-31 * "Hanoi Tower" "Lift" ^INV-2
  Assets:Receivable:HanoiTower       1,000,000 VND
  Income:Sales
2026-03-31 * "Hanoi Tower" "Doors" ^INV-3
  Assets:Receivable:HanoiTower          50.00 EUR
  Income:Sales
"""


def test_a_reporting_currency_takes_the_price_of_the_as_of_date_and_shows_it() -> None:
    story = told(PRICED)
    for as_of, total in (("2026-04-30", 2_500_000), ("2026-05-01", 2_600_000)):
        (row,) = [r for r in story.rows("aging", as_of, currency="VND") if r["document_currency"] == "USD"]
        assert (row["total"], row["currency"], row["rate"]) == (total, "VND", total / 100)


def test_a_missing_price_is_said_and_not_guessed() -> None:
    story = told(PRICED)
    (row,) = [r for r in story.rows("open_items", "2026-04-30", currency="VND") if r["document_currency"] == "EUR"]
    assert (row["outstanding"], row["rate"]) == (None, None)
    assert any("No price of EUR in VND" in note for note in story.report("aging", "2026-04-30", currency="VND").notes)


def test_a_condition_on_the_currency_means_the_same_in_summary_and_detail() -> None:
    story = told(PRICED)
    items = story.rows("open_items", "2026-04-30", "currency=USD", currency="VND")
    aging = story.rows("aging", "2026-04-30", "currency=USD", currency="VND")
    assert sum(row["outstanding"] or 0 for row in items) == sum(row["total"] or 0 for row in aging)


REVALUED = """
2026-03-31 * "Hanoi Tower" "Spare parts" ^INV-1
  Assets:Receivable:HanoiTower          100.00 USD
  Income:Sales
2026-06-30 * "Hanoi Tower" "Year end: USD at 26,000" #revaluation
  Assets:Receivable:HanoiTower         100,000 VND
  Income:FX
"""


def test_a_revaluation_is_open_beside_the_invoice_and_settles_nothing() -> None:
    story = told(REVALUED)
    assert set(story.open_on("2026-06-29")) == {"INV-1"}
    assert list(story.open_on("2026-06-30").values()) == ["100.00 USD", "100,000 VND"]
    assert story.kinds()["HanoiTower-2026-06-30"] == "revaluation"


def test_the_reversal_of_a_revaluation_on_the_next_day_cancels_it() -> None:
    story = told(
        REVALUED
        + """
        2026-07-01 * "Hanoi Tower" "Back" #revaluation
          Assets:Receivable:HanoiTower        -100,000 VND
          Income:FX
        """
    )
    assert story.open_on("2026-07-01") == {"INV-1": "100.00 USD"}


def test_a_revaluation_in_the_invoice_s_own_currency_is_not_settled_by_policy() -> None:
    story = told(
        """
        2026-01-01 custom "receivables-policy" "settlement" "oldest-due"
        2026-06-30 * "Hanoi Tower" "Rounding" #revaluation ^FX-1
          Assets:Receivable:HanoiTower         5 VND
          Income:FX
        2026-07-10 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                        100 VND
          Assets:Receivable:HanoiTower
        """
    )
    assert story.open_on("2026-07-10") == {"FX-1": "5 VND", "RC-1": "-100 VND"}


# Books that know nothing of us


def test_a_plain_old_ledger_works_as_it_is() -> None:
    story = told(
        """
        2020-01-01 open Assets:AccountsReceivable:Acme
        2020-01-01 open Assets:Checking
        2020-01-01 open Income:Consulting
        2020-02-01 * "Acme" "January" ^2020-001
          Assets:AccountsReceivable:Acme    1000.00 USD
          Income:Consulting
        2020-03-01 * "Acme" "February" ^2020-002
          Assets:AccountsReceivable:Acme    1500.00 USD
          Income:Consulting
        2020-03-05 * "Acme" "Wire" ^2020-001
          Assets:Checking                   1000.00 USD
          Assets:AccountsReceivable:Acme
        """,
        company="",
    )
    assert story.open_on("2020-03-05") == {"2020-002": "1,500.00 USD"}
    assert [row["kind"] for row in story.rows("documents")] == ["invoice", "invoice", "receipt"]


def test_an_account_opened_without_directives_of_ours_needs_no_name() -> None:
    story = told(
        """
        2020-01-01 open Assets:Receivables:Acme
        2020-01-01 open Income:Consulting
        2020-02-01 * "Acme" "January"
          Assets:Receivables:Acme    1000.00 USD
          Income:Consulting
        """,
        company="",
    )
    (row,) = story.rows("open_items")
    assert (row["customer"], row["name"], row["number"]) == ("Acme", "Acme", "Acme-2020-02-01")


def test_root_accounts_may_have_other_names() -> None:
    story = told(
        """
        option "name_assets" "Vermoegen"
        option "name_income" "Ertraege"
        option "name_expenses" "Aufwand"
        option "name_equity" "Eigenkapital"
        2020-01-01 open Vermoegen:Receivable:Acme
        2020-01-01 open Vermoegen:Bank
        2020-01-01 open Ertraege:Beratung
        2020-01-01 open Aufwand:BadDebt
        2020-01-01 open Eigenkapital:Eroeffnung
        2020-01-01 * "Saldovortrag" ^OB-1
          Vermoegen:Receivable:Acme    70.00 EUR
          Eigenkapital:Eroeffnung
        2020-02-01 * "Acme" "Januar" ^INV-1
          Vermoegen:Receivable:Acme    100.00 EUR
          Ertraege:Beratung
        2020-03-01 * "Acme" "Überweisung" ^INV-1 ^RC-1
          Vermoegen:Bank                90.00 EUR
          Vermoegen:Receivable:Acme
        2020-04-01 * "Acme" "Rest" ^INV-1 ^WO-1
          Aufwand:BadDebt               10.00 EUR
          Vermoegen:Receivable:Acme
        """,
        company="",
    )
    assert story.open_on("2020-04-01") == {"OB-1": "70.00 EUR"}
    assert story.kinds() == {"OB-1": "opening", "INV-1": "invoice", "RC-1": "receipt", "WO-1": "write-off"}


def test_roles_say_which_accounts_are_meant_where_a_book_calls_them_otherwise() -> None:
    story = told(
        """
        2020-01-01 custom "receivables-accounts" "customers" Assets:Debtors Assets:Staff
        2020-01-01 custom "receivables-accounts" "bank" Assets:Giro
        2020-01-01 custom "receivables-accounts" "bad-debt" Expenses:Lost
        2020-01-01 open Assets:Debtors:Acme
        2020-01-01 open Assets:Staff:Kim
        2020-01-01 open Assets:DebtorsOfOthers
        2020-01-01 open Assets:Giro
        2020-01-01 open Income:Work
        2020-01-01 open Expenses:Lost
        2020-02-01 * "Acme" "January" ^INV-1
          Assets:Debtors:Acme          100.00 EUR
          Income:Work
        2020-02-01 * "Kim" "Advance" ^INV-2
          Assets:Staff:Kim              40.00 EUR
          Income:Work
        2020-02-01 * "Not ours" ^INV-3
          Assets:DebtorsOfOthers        77.00 EUR
          Income:Work
        2020-03-01 * "Acme" "Wire" ^RC-1
          Assets:Giro                   60.00 EUR
          Assets:Debtors:Acme
            settles: "INV-1"
        2020-04-01 * "Acme" "Rest" ^WO-1
          Expenses:Lost                 40.00 EUR
          Assets:Debtors:Acme
            settles: "INV-1"
        """,
        company="",
    )
    assert story.open_on("2020-04-01") == {"INV-2": "40.00 EUR"}
    assert story.kinds() == {"INV-1": "invoice", "INV-2": "invoice", "RC-1": "receipt", "WO-1": "write-off"}


def test_what_pad_puts_on_a_receivable_account_is_an_open_item() -> None:
    story = told(
        """
        2026-01-01 pad Assets:Receivable:HanoiTower Equity:Opening
        2026-01-31 balance Assets:Receivable:HanoiTower  500 VND
        """
    )
    assert story.open_on("2025-12-31") == {}
    assert story.open_on("2026-01-01") == {"HanoiTower-2026-01-01": "500 VND"}
    assert story.kinds() == {"HanoiTower-2026-01-01": "opening"}


def test_the_plugin_sees_what_pad_will_make() -> None:
    text = (
        'plugin "receivables"\n'
        + COMPANY
        + """
2026-01-01 pad Assets:Receivable:HanoiTower Equity:Opening
2026-01-31 balance Assets:Receivable:HanoiTower  500 VND
2026-02-10 * "Hanoi Tower" "Transfer" ^RC-1
  Assets:Bank                      500 VND
  Assets:Receivable:HanoiTower
    settles: "HanoiTower-2026-01-01"
"""
    )
    assert [error.message for error in Told(text).errors] == []


def test_an_amount_beyond_all_sense_is_still_exact() -> None:
    """Beancount itself counts with 28 digits and says that the entry does not balance; we must not round."""
    huge = "123456789012345678901234567890123456789.01"
    story = Told(
        COMPANY
        + f"""
2026-01-01 * "Hanoi Tower" "All the money" ^INV-1
  Assets:Receivable:HanoiTower      {huge} USD
  Income:Sales                     -{huge} USD
"""
    )
    (row,) = story.rows("open_items")
    assert row["outstanding"] == Decimal(huge)


def test_words_are_read_from_entries_that_another_plugin_made() -> None:
    """Such entries lack Beancount's own marks beside the words."""
    story = told("")
    made = data.Transaction(
        data.new_metadata("other-plugin", 0, {"due": day("2026-02-01")}),
        day("2026-01-01"),
        "*",
        "Hanoi Tower",
        "Made",
        frozenset(),
        frozenset({"INV-1"}),
        [
            data.Posting(
                "Assets:Receivable:HanoiTower", Amount(Decimal(10), "VND"), None, None, None, {"kind": "retention"}
            ),
            data.Posting("Income:Sales", Amount(Decimal(-10), "VND"), None, None, None, None),
        ],
    )
    book = build(read([*story.entries, made], story.options))
    (row,) = evaluate(book, "open_items", day("2026-02-01")).rows
    columns = [column.name for column in RELATIONS["open_items"].columns(book, day("2026-02-01"))]
    told_of = dict(zip(columns, row, strict=True))
    assert (told_of["due"], told_of["kind"]) == (day("2026-02-01"), "retention")
