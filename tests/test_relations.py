"""The relations: the names that scripts depend on, what each row says and behind which line it stands."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.ledgers import COMPANY, Told, day, told

from receivables.relations import RELATIONS, evaluate
from receivables.relations.question import Condition, ConditionError, Question, read_condition
from receivables.report import totals
from receivables.view import default_as_of

STORY = """
2025-06-01 open Assets:Receivable:VN:Reef
  customer: "C-7"
  name: "Blue Reef Hotels"
  terms: "net 30"
  collector: "lan"
  entity: "Viet Nam"
  credit-limit: 5,000 USD
  email: "ap@reef.example"
  tax-id: "0101"
  language: "vi"
  penalty: "none"
2025-06-02 open Assets:Receivable:KH:Reef
  customer: "C-7"
  entity: "Cambodia"
2026-01-10 * "Blue Reef" "Lift in Da Nang" ^INV-1
  site: "Da Nang"
  Assets:Receivable:VN:Reef      1,000.00 USD
  Income:Sales
2026-01-20 * "Blue Reef" "Lift in Phnom Penh" ^INV-2
  due: 2026-03-01
  site: "Phnom Penh"
  Assets:Receivable:KH:Reef        300.00 USD
  Income:Sales
2026-01-31 * "Hanoi Tower" "Maintenance" ^INV-3
  Assets:Receivable:HanoiTower     7,000,000 VND
  Income:Sales
2026-02-20 * "Blue Reef" "Transfer" ^RC-1
  settles: "INV-1"
  Assets:Bank                      400.00 USD
  Assets:Receivable:VN:Reef
2026-02-25 * "Blue Reef" "On account" ^RC-2
  Assets:Bank                       50.00 USD
  Assets:Receivable:KH:Reef
"""
AS_OF = "2026-02-28"


@pytest.fixture(scope="module")
def story() -> Told:
    """Two customers, three accounts, two currencies."""
    return told(STORY)


# What users and scripts depend on


CONTRACT = {
    "open_items": (
        "account, customer, name, number, instalment, kind, date, due, currency, original, settled, outstanding, "
        "days_overdue, bucket, terms, collector, disputed, file, line"
    ),
    "aging": (
        "customer, name, currency, current, days_1_30, days_31_60, days_61_90, days_91_180, days_181_365, "
        "days_over_365, credits, total"
    ),
    "settlements": "date, customer, currency, amount, document, instalment, by, kind, file, line",
    "statement": "date, kind, number, due, description, debit, credit, balance",
}
"""Part 3 of the design: these columns may not go away and stay in this order; others may stand between them."""


@pytest.mark.parametrize("name", CONTRACT)
def test_the_columns_that_were_promised_are_there_in_their_order(story: Told, name: str) -> None:
    promised = CONTRACT[name].split(", ")
    columns = [column.name for column in story.report(name, AS_OF).columns]
    assert [column for column in columns if column in promised] == promised


def test_the_relations_that_were_promised_are_there() -> None:
    assert {"customers", "documents", "open_items", "aging", "settlements", "statement", "tie_out"} <= set(RELATIONS)


@pytest.mark.parametrize("name", RELATIONS)
def test_every_value_has_the_type_of_its_column(story: Told, name: str) -> None:
    report = story.report(name, AS_OF)
    for row in report.rows:
        for column, value in zip(report.columns, row, strict=True):
            assert value is None or type(value) is column.type, (column.name, value)


@pytest.mark.parametrize("name", RELATIONS)
def test_the_columns_are_known_without_evaluating(story: Told, name: str) -> None:
    report = story.report(name, AS_OF)
    assert RELATIONS[name].columns(story.book, day(AS_OF)) == report.columns
    assert (report.relation, report.title) == (name, RELATIONS[name].title)
    for column in report.columns:
        assert column.about.endswith((".", "…"))
        if column.money is not None:
            assert column.money in [other.name for other in report.columns]


@pytest.mark.parametrize("name", ["open_items", "documents", "settlements", "statement", "customers"])
def test_every_row_knows_the_line_behind_it(story: Told, name: str) -> None:
    for row in story.rows(name, AS_OF):
        if row["line"] is None:
            assert row["kind"] == "balance"
            continue
        line = story.line(row["line"])
        if name == "customers":
            assert " open " in line
            assert row["customer"] == "C-7" or row["customer"] in line
        else:
            assert line.startswith("Assets:Receivable:")


def test_the_same_ledger_and_day_give_the_same_rows_again(story: Told) -> None:
    again = Told(story.text)
    for name in RELATIONS:
        assert story.report(name, AS_OF) == again.report(name, AS_OF)


# Row by row


def test_an_open_item_in_full(story: Told) -> None:
    (row,) = story.rows("open_items", AS_OF, "number=INV-1")
    line = row.pop("line")
    assert story.line(line) == "Assets:Receivable:VN:Reef      1,000.00 USD"
    assert row == {
        "account": "Assets:Receivable:VN:Reef",
        "customer": "C-7",
        "name": "Blue Reef Hotels",
        "number": "INV-1",
        "instalment": None,
        "kind": "invoice",
        "date": day("2026-01-10"),
        "due": day("2026-02-09"),
        "currency": "USD",
        "original": Decimal("1000.00"),
        "settled": Decimal("400.00"),
        "outstanding": Decimal("600.00"),
        "days_overdue": 19,
        "bucket": "days_1_30",
        "terms": "net 30",
        "collector": "lan",
        "disputed": Decimal("0.00"),
        "file": "<string>",
    }


def test_a_credit_on_account_is_a_row_with_a_negative_amount_and_no_due_date(story: Told) -> None:
    (row,) = story.rows("open_items", AS_OF, "number=RC-2")
    assert (row["outstanding"], row["due"], row["days_overdue"], row["bucket"]) == (-50, None, 0, "credits")


def test_open_items_are_in_order_of_customer_currency_and_due_date_with_credits_last(story: Told) -> None:
    assert [row["number"] for row in story.rows("open_items", AS_OF)] == ["INV-1", "INV-2", "RC-2", "INV-3"]


def test_an_amount_shows_the_digits_of_its_currency_and_more_only_where_it_has_them() -> None:
    fine = told(
        """
        2026-01-10 * "Hanoi Tower" "Fine" ^INV-1
          Assets:Receivable:HanoiTower     1.005 USD
          Income:Sales
        2026-01-10 * "Hanoi Tower" "Coarse" ^INV-2
          Assets:Receivable:HanoiTower     7 USD
          Income:Sales
        2026-01-10 * "Hanoi Tower" "Kuwait" ^INV-3
          Assets:Receivable:HanoiTower     7 KWD
          Income:Sales
        2026-01-10 * "Hanoi Tower" "Viet Nam" ^INV-4
          Assets:Receivable:HanoiTower     7 VND
          Income:Sales
        """
    )
    shown = {row["number"]: str(row["outstanding"]) for row in fine.rows("open_items")}
    assert shown == {"INV-1": "1.005", "INV-2": "7.00", "INV-3": "7.000", "INV-4": "7"}
    assert fine.report("open_items").digits == {"KWD": 3, "USD": 2, "VND": 0}


def test_the_ledger_may_state_how_many_digits_a_currency_has() -> None:
    stated = told(
        """
        2025-01-01 commodity USD
          precision: 4
        2026-01-10 * "Hanoi Tower" "Fine" ^INV-1
          Assets:Receivable:HanoiTower     7 USD
          Income:Sales
        """
    )
    assert str(stated.rows("open_items")[0]["outstanding"]) == "7.0000"


def test_a_document_says_what_became_of_it(story: Told) -> None:
    status = {row["number"]: row["status"] for row in story.rows("documents", AS_OF)}
    assert status == {
        "INV-1": "partly settled",
        "INV-2": "open",
        "INV-3": "open",
        "RC-1": "settled",
        "RC-2": "open",
    }


def test_documents_of_a_period(story: Told) -> None:
    rows = story.rows("documents", "2026-02-20", period_from=day("2026-01-20"))
    assert [row["number"] for row in rows] == ["INV-2", "RC-1", "INV-3"]


def test_settlements_of_a_period(story: Told) -> None:
    assert len(story.rows("settlements", "2026-02-20", period_from=day("2026-02-20"))) == 1
    assert story.rows("settlements", "2026-02-19") == []
    assert story.rows("settlements", "2026-02-28", period_from=day("2026-02-21")) == []


def test_what_was_agreed_with_a_customer(story: Told) -> None:
    (row,) = story.rows("customers", AS_OF, customer="C-7")
    assert row["accounts"] == "Assets:Receivable:VN:Reef, Assets:Receivable:KH:Reef"
    assert (row["credit_limit"], row["credit_currency"]) == (5000, "USD")
    assert [row[key] for key in ("terms", "penalty", "collector", "language", "email", "tax_id")] == [
        "net 30",
        "none",
        "lan",
        "vi",
        "ap@reef.example",
        "0101",
    ]


# Statement


def test_a_statement_starts_with_the_opening_balance_and_runs_to_the_closing(story: Told) -> None:
    rows = story.rows("statement", AS_OF, customer="C-7", period_from=day("2026-02-01"))
    assert [(row["kind"], row["number"], row["debit"], row["credit"], row["balance"]) for row in rows] == [
        ("balance", None, None, None, Decimal("1300.00")),
        ("receipt", "RC-1", None, Decimal("400.00"), Decimal("900.00")),
        ("receipt", "RC-2", None, Decimal("50.00"), Decimal("850.00")),
    ]
    assert rows[0]["date"] == day("2026-02-01")


def test_a_movement_on_the_first_day_of_the_period_is_in_it_not_in_the_opening_balance(story: Told) -> None:
    on, after = (
        story.rows("statement", AS_OF, customer="C-7", period_from=day(start)) for start in ("2026-02-20", "2026-02-21")
    )
    assert (on[0]["balance"], after[0]["balance"]) == (1300, 900)


def test_each_customer_and_currency_has_a_statement_of_its_own(story: Told) -> None:
    rows = story.rows("statement", AS_OF)
    assert [(row["customer"], row["currency"]) for row in rows if row["kind"] == "balance"] == [
        ("C-7", "USD"),
        ("HanoiTower", "VND"),
    ]


def test_a_customer_without_movements_in_the_period_keeps_the_balance(story: Told) -> None:
    rows = story.rows("statement", "2026-12-31", customer="HanoiTower", period_from=day("2026-12-01"))
    assert [(row["kind"], row["balance"]) for row in rows] == [("balance", 7_000_000)]


def test_on_one_day_debits_come_before_credits() -> None:
    one_day = told(
        """
        2026-01-10 * "Hanoi Tower" "Paid at once" ^RC-1
          Assets:Bank                      100 USD
          Assets:Receivable:HanoiTower
            settles: "INV-1"
        2026-01-10 * "Hanoi Tower" "Call-out" ^INV-1
          Assets:Receivable:HanoiTower     100 USD
          Income:Sales
        """
    )
    assert [row["balance"] for row in one_day.rows("statement")] == [0, 100, 0]


def test_rows_of_one_number_and_day_have_an_order_that_does_not_follow_the_file() -> None:
    parts = [
        f"""
        2026-01-10 * "Hanoi Tower" "Part {amount}" ^INV-1
          Assets:Bank                      {amount} USD
          Assets:Receivable:HanoiTower
        """
        for amount in (10, 20)
    ]
    one, two = (
        [row["balance"] for row in told(first + second).rows("statement")]
        for first, second in ((parts[0], parts[1]), (parts[1], parts[0]))
    )
    assert one == two


# Tie-out


def test_the_tie_out_holds_the_ledger_against_the_items_account_by_account(story: Told) -> None:
    rows = story.rows("tie_out", AS_OF)
    assert [(row["account"], row["balance"], row["open_items"], row["difference"]) for row in rows] == [
        ("Assets:Receivable:HanoiTower", 7_000_000, 7_000_000, 0),
        ("Assets:Receivable:KH:Reef", 250, 250, 0),
        ("Assets:Receivable:VN:Reef", 600, 600, 0),
    ]


def test_the_tie_out_stands_under_every_aging(story: Told) -> None:
    notes = story.report("aging", AS_OF).notes
    assert notes[-2:] == (
        "USD ties out: open items 850.00 = ledger balance 850.00 on 2 accounts.",
        "VND ties out: open items 7,000,000 = ledger balance 7,000,000 on 1 account.",
    )
    assert story.report("aging", AS_OF, "collector=lan", customer="HanoiTower").notes[-2:] == notes[-2:]


def test_before_the_first_posting_there_is_nothing_to_tie_out(story: Told) -> None:
    assert story.rows("tie_out", "2026-01-09") == []


# Questions


@pytest.mark.parametrize(
    ("where", "numbers"),
    [
        (("customer=C-7",), ["INV-1", "INV-2", "RC-2"]),
        (("name~reef",), ["INV-1", "INV-2", "RC-2"]),
        (("entity=Cambodia",), ["INV-2", "RC-2"]),
        (("site~nang",), ["INV-1"]),
        (("site!=Da Nang",), ["INV-2", "RC-2", "INV-3"]),
        (("outstanding>=600",), ["INV-1", "INV-3"]),
        (("outstanding<0",), ["RC-2"]),
        (("days_overdue>18", "days_overdue<=19"), ["INV-1"]),
        (("due>2026-02-09",), ["INV-2"]),
        (("due>=2026-02-09", "due<2026-03-01"), ["INV-1"]),
        (("date=2026-01-31",), ["INV-3"]),
        (("outstanding=7,000,000",), ["INV-3"]),
        (("collector=",), ["INV-3"]),
        (("collector!=",), ["INV-1", "INV-2", "RC-2"]),
        (("terms<zzz",), ["INV-1"]),
        (("bucket=credits",), ["RC-2"]),
        (("kind!=invoice",), ["RC-2"]),
    ],
)
def test_conditions_choose_rows(story: Told, where: tuple[str, ...], numbers: list[str]) -> None:
    assert [row["number"] for row in story.rows("open_items", AS_OF, *where)] == numbers


@pytest.mark.parametrize(
    "where", ["customer=C-7", "name~reef", "entity=Cambodia", "site~nang", "kind!=invoice", "due>2026-02-09",
              "number=INV-1", "terms=net 30", "collector=lan", "account~Reef", "currency=USD"],
)  # fmt: skip
def test_a_condition_chooses_the_same_in_aging_as_in_its_items(story: Told, where: str) -> None:
    items = totals(story.report("open_items", AS_OF, where))
    aging = totals(story.report("aging", AS_OF, where))
    assert {currency: of["outstanding"] for currency, of in items.items()} == {
        currency: of["total"] for currency, of in aging.items()
    }


def test_a_condition_on_a_bucket_is_about_the_finished_row(story: Told) -> None:
    assert [row["customer"] for row in story.rows("aging", AS_OF, "total>1000")] == ["HanoiTower"]
    assert [row["customer"] for row in story.rows("aging", AS_OF, "credits<0")] == ["C-7"]


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("outstanding>much", r'outstanding: "much" is not a number'),
        ("due>soon", r'due: "soon" is not a date \(2026-03-31\)'),
    ],
)
def test_a_condition_that_cannot_be_compared_says_why(story: Told, where: str, message: str) -> None:
    with pytest.raises(ConditionError, match=message):
        story.rows("open_items", AS_OF, where)


def test_a_condition_that_cannot_be_read_says_how_to_write_one() -> None:
    with pytest.raises(ConditionError, match="write key=value"):
        read_condition("overdue")


def test_yes_and_no_compare_with_the_ledger_s_true_and_false() -> None:
    assert Condition("vip", "=", "Yes").holds(have=True)
    assert not Condition("vip", "=", "no").holds(have=True)
    with pytest.raises(ConditionError, match="is not yes or no"):
        Condition("vip", "=", "maybe").holds(have=True)


def test_a_missing_value_only_differs() -> None:
    assert Condition("collector", "!=", "lan").holds(None)
    assert Condition("collector", "=", "").holds(None)
    for operator in ("=", ">", "<", ">=", "<=", "~"):
        assert not Condition("collector", operator, "lan").holds(None)


def test_groups_by_metadata_of_account_and_document(story: Told) -> None:
    by_entity = story.rows("open_items", AS_OF, by=("entity",))
    assert [(row["entity"], row["currency"], row["count"], row["outstanding"]) for row in by_entity] == [
        ("Cambodia", "USD", 2, 250),
        ("Viet Nam", "USD", 1, 600),
        (None, "VND", 1, 7_000_000),
    ]
    by_site = {row["site"]: row["total"] for row in story.rows("aging", AS_OF, by=("site",)) if row["site"]}
    assert by_site == {"Da Nang": 600, "Phnom Penh": 300}


def test_grouping_never_adds_across_currencies(story: Told) -> None:
    rows = story.rows("open_items", AS_OF, by=("kind",))
    assert [(row["kind"], row["currency"], row["outstanding"]) for row in rows] == [
        ("invoice", "USD", 900),
        ("invoice", "VND", 7_000_000),
        ("receipt", "USD", -50),
    ]


def test_settlements_and_documents_group_too(story: Told) -> None:
    assert [(row["kind"], row["amount"]) for row in story.rows("settlements", AS_OF, by=("kind",))] == [
        ("receipt", 400)
    ]
    rows = story.rows("documents", AS_OF, by=("customer", "kind"))
    assert ("C-7", "receipt", -450) in [(row["customer"], row["kind"], row["original"]) for row in rows]


HUGE = "9,007,199,254,740,993.01"


def test_sums_of_huge_amounts_are_exact_in_every_summary() -> None:
    """More digits than a float holds, and together more than Python's usual context of 28."""
    big = told(
        "".join(
            f"""
        2026-01-{number:02} * "Hanoi Tower" "Bridge" ^INV-{number}
          Assets:Receivable:HanoiTower     {amount} USD
          Income:Sales
        """
            for number, amount in enumerate((HUGE, "123,456,789,012,345,678,901,234.56", "0.0001"), start=1)
        )
    )
    total = Decimal(HUGE.replace(",", "")) + Decimal("123456789012345678901234.56") + Decimal("0.0001")
    assert [row["total"] for row in big.rows("aging")] == [total]
    assert [row["total"] for row in big.rows("aging", by=("customer",))] == [total]
    assert [row["outstanding"] for row in big.rows("open_items", by=("customer",))] == [total]
    assert big.rows("statement")[-1]["balance"] == total
    assert big.rows("tie_out")[0]["balance"] == total
    assert totals(big.report("open_items"))["USD"]["outstanding"] == total


# In another currency


PRICED = """
2026-01-01 price USD 25,000 VND
2026-01-01 price EUR 1.1 USD
"""


def amounts_in(currency: str, as_of: str = AS_OF, prices: str = PRICED) -> dict[str, Any]:
    """Number → amount and rate in a reporting currency."""
    return {
        row["number"]: (row["outstanding"], row["rate"])
        for row in told(STORY + prices).rows("open_items", as_of, currency=currency)
    }


def test_conversion_rounds_to_the_digits_of_the_reporting_currency() -> None:
    found = amounts_in("VND")
    assert found["INV-1"] == (15_000_000, 25_000)
    assert found["INV-3"] == (7_000_000, 1)
    assert str(amounts_in("USD")["INV-3"][0]) == "280.00"


def test_a_price_the_other_way_round_is_inverted() -> None:
    assert amounts_in("USD", prices="2026-01-01 price USD 28,000 VND\n")["INV-3"][0] == 250


def test_the_latest_price_on_or_before_the_day_counts() -> None:
    prices = (
        PRICED + "2026-02-27 price USD 26,000 VND\n2026-02-28 price USD 27,000 VND\n2026-03-01 price USD 28,000 VND\n"
    )
    assert amounts_in("VND", "2026-02-27", prices)["INV-1"][1] == 26_000
    assert amounts_in("VND", "2026-02-28", prices)["INV-1"][1] == 27_000


def test_no_price_through_a_third_currency_is_guessed() -> None:
    assert amounts_in("EUR", prices="2026-01-01 price USD 25,000 VND\n2026-01-01 price EUR 27,500 VND\n")["INV-1"] == (
        None,
        None,
    )


def test_a_converted_row_adds_up(story: Told) -> None:
    for row in told(STORY + PRICED).rows("open_items", AS_OF, currency="VND"):
        assert row["original"] == row["settled"] + row["outstanding"]


# As of when


def test_the_default_day_is_that_of_the_last_transaction(story: Told) -> None:
    assert default_as_of(story.book) == day("2026-02-25")
    assert default_as_of(Told("").book) == datetime.date(1970, 1, 1)


@pytest.mark.parametrize("name", RELATIONS)
def test_the_first_and_the_last_day_of_the_calendar_are_days_like_any_other(story: Told, name: str) -> None:
    for as_of in (datetime.date.min, datetime.date.max):
        report = evaluate(story.book, name, as_of, Question(currency="VND"))
        assert report.as_of == as_of


def test_a_relation_that_does_not_exist_is_a_key_error(story: Told) -> None:
    with pytest.raises(KeyError):
        evaluate(story.book, "sales", day(AS_OF))


def test_the_company_s_texts_of_this_file_have_no_surprises() -> None:
    assert Told(COMPANY + STORY).codes == []
