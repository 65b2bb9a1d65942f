"""Collection: what changed and why, DSO and CEI, promises and credit limits, as stories and as sums that must hold."""

from __future__ import annotations

import datetime
from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers import COMPANY, Told, day
from tests.random_ledgers import random_ledgers
from tests.test_properties import AFTER, DATES, loaded

from receivables.fava.part import members, part
from receivables.relations import evaluate
from receivables.relations.question import Question
from receivables.rules.calendar_months import month_before, months, months_back
from receivables.rules.kpis import Month, countback, days_of_sales, effectiveness

STORY = """
2026-01-10 * "HanoiTower" "Lift 1" ^INV-1
  due: 2026-02-09
  Assets:Receivable:HanoiTower  1000 USD
  Income:Sales
2026-02-20 * "HanoiTower" "Lift 2" ^INV-2
  due: 2026-03-22
  Assets:Receivable:HanoiTower  500 USD
  Income:Sales
2026-03-05 * "HanoiTower" "Transfer" ^RC-1 ^INV-1
  Assets:Bank  300 USD
  Assets:Receivable:HanoiTower
2026-03-10 * "HanoiTower" "Late" #credit-memo ^CM-1 ^INV-1
  Income:Sales  100 USD
  Assets:Receivable:HanoiTower
2026-03-20 * "HanoiTower" "Given up" #write-off ^WO-1 ^INV-1
  Expenses:BadDebt  50 USD
  Assets:Receivable:HanoiTower
2026-03-25 * "HanoiTower" "Lift 3" ^INV-3
  due: 2026-04-24
  Assets:Receivable:HanoiTower  200 USD
  Income:Sales
"""

MONEY = (
    "opening", "new", "collected", "credited", "written_off", "other", "closing", "change",
    "overdue_opening", "fallen_overdue", "overdue_settled", "overdue",
)  # fmt: skip


@pytest.fixture(scope="module")
def story() -> Told:
    return Told(COMPANY + STORY)


# Changes


def test_what_changed_in_march_and_why(story: Told) -> None:
    (row,) = story.rows("changes", "2026-03-31", period_from=day("2026-03-01"))
    assert [int(row[name]) for name in MONEY] == [1500, 200, -300, -100, -50, 0, 1250, -250, 1000, 500, -450, 1050]


def test_without_a_period_it_is_the_month_up_to_the_day(story: Told) -> None:
    asked = story.report("changes", "2026-03-31", period_from=day("2026-03-01"))
    assert story.report("changes", "2026-03-31") == asked


@pytest.mark.parametrize(("first", "fallen"), [("2026-03-22", 500), ("2026-03-23", 500), ("2026-03-24", 0)])
def test_an_invoice_falls_overdue_on_the_day_after_it_is_due(story: Told, first: str, fallen: int) -> None:
    (row,) = story.rows("changes", "2026-03-31", period_from=day(first))
    assert row["fallen_overdue"] == fallen


def test_an_invoice_booked_after_it_was_due_falls_overdue_when_it_is_booked() -> None:
    late = '2026-03-15 * "x" ^INV-9\n  due: 2026-01-01\n  Assets:Receivable:OldMill  70 USD\n  Income:Sales\n'
    (row,) = Told(COMPANY + late).rows("changes", "2026-03-31")
    assert (row["overdue_opening"], row["fallen_overdue"], row["overdue"]) == (0, 70, 70)


@given(random_ledgers(), st.sampled_from(list(product((*DATES, AFTER), repeat=2))))
@settings(max_examples=40)
def test_both_sums_end_where_the_open_items_are(ledger: object, days: tuple[datetime.date, datetime.date]) -> None:
    """Opening and closing are the aging of the two days, and every step is counted once."""
    first, as_of = sorted(days)
    book = loaded(ledger).book  # type: ignore[arg-type]

    def sums(date: datetime.date) -> dict[tuple[object, object], list[Decimal]]:
        found: dict[tuple[object, object], list[Decimal]] = {}
        report = evaluate(book, "open_items", date)
        for row in report.rows:
            values = dict(zip((column.name for column in report.columns), row, strict=True))
            pair = found.setdefault((values["customer"], values["currency"]), [Decimal(0), Decimal(0)])
            pair[0] += values["outstanding"]
            pair[1] += values["outstanding"] if values["days_overdue"] else 0
        return found

    before, after = sums(first - datetime.timedelta(days=1)), sums(as_of)
    report = evaluate(book, "changes", as_of, Question(period_from=first))
    seen = set()
    for row in report.rows:
        values = dict(zip((column.name for column in report.columns), row, strict=True))
        key = values["customer"], values["currency"]
        seen.add(key)
        nothing = [Decimal(0), Decimal(0)]
        assert [values["opening"], values["overdue_opening"]] == before.get(key, nothing)
        assert [values["closing"], values["overdue"]] == after.get(key, nothing)
        assert sum(values[name] for name in MONEY[:6]) == values["closing"]
        assert sum(values[name] for name in MONEY[8:11]) == values["overdue"]
    for found in (before, after):
        assert {key for key, pair in found.items() if any(pair)} <= seen


# Key figures


def thirty(sales: int, receivables: int, overdue: int) -> Month:
    return Month(datetime.date(2026, 4, 1), datetime.date(2026, 4, 30), sales, receivables, receivables, overdue)


def test_dso_of_three_months_of_thirty_days() -> None:
    table = [thirty(70, 0, 0), thirty(80, 0, 0), thirty(100, 212, 50)]
    assert days_of_sales(212, table) == Decimal("76.3")  # 212 / 250 x 90
    assert countback(table) == Decimal("73.7")
    assert days_of_sales(162, table) == Decimal("58.3")


def test_cei_as_in_the_textbook() -> None:
    """(150 + 50 - 160) / (150 + 50 - 90) = 36.4 %."""
    assert effectiveness(150, thirty(50, 160, 70)) == Decimal("36.4")


def test_no_sales_is_no_figure_and_not_zero() -> None:
    empty = [thirty(0, 100, 100)] * 3
    assert days_of_sales(100, empty) is None
    assert countback(empty) is None
    assert effectiveness(0, thirty(0, 0, 0)) is None
    assert days_of_sales(100, [thirty(100, 100, 0)] * 2) is None, "two months are not three"


def test_thirteen_months_each_with_its_own_figures(story: Told) -> None:
    rows = story.rows("kpis", "2026-03-31")
    assert [str(row["to"]) for row in rows] == [str(end) for _, end in months(day("2025-03-01"), day("2026-03-31"))]
    march = rows[-1]
    assert (march["sales"], march["receivables"], march["overdue"]) == (100, 1250, 1050)
    assert march["dso"] == Decimal("70.3")  # 1250 / (1000 + 500 + 100) x 90
    assert march["best_dso"] == Decimal("11.3")
    assert march["days_delinquent"] == march["dso"] - march["best_dso"]
    assert march["cei"] == Decimal("25.0")  # (1500 + 100 - 1250) / (1500 + 100 - 200)
    assert rows[0]["dso"] is None
    assert rows[0]["cei"] is None


def test_the_share_that_is_overdue_is_of_what_is_owed_and_never_more_than_all() -> None:
    advance = """
2026-01-10 * "x" ^INV-1
  due: 2026-01-20
  Assets:Receivable:OldMill  1000 USD
  Income:Sales
2026-02-10 * "x" ^RC-1
  Assets:Bank  300 USD
  Assets:Receivable:OldMill
"""
    row = Told(COMPANY + advance).rows("kpis", "2026-02-28")[-1]
    assert (row["receivables"], row["overdue"], row["overdue_share"]) == (700, 1000, Decimal("100.0"))


def test_the_last_month_ends_with_the_day(story: Told) -> None:
    rows = story.rows("kpis", "2026-03-08")
    assert (str(rows[-1]["from"]), str(rows[-1]["to"]), rows[-1]["receivables"]) == ("2026-03-01", "2026-03-08", 1200)


@given(random_ledgers(), st.sampled_from((*DATES, AFTER)))
@settings(max_examples=40)
def test_receivables_and_overdue_of_each_month_are_those_of_its_last_day(ledger: object, as_of: datetime.date) -> None:
    book = loaded(ledger).book  # type: ignore[arg-type]
    report = evaluate(book, "kpis", as_of)
    for row in report.rows:
        values = dict(zip((column.name for column in report.columns), row, strict=True))
        found = evaluate(book, "changes", values["to"], Question(by=("currency",)))
        sums = {line[0]: line for line in found.rows}
        line = sums.get(values["currency"])
        expected = (0, 0) if line is None else (line[found.position("closing")], line[found.position("overdue")])
        assert (values["receivables"], values["overdue"]) == expected


def test_a_day_far_away_costs_nothing(story: Told) -> None:
    rows = story.rows("kpis", "9999-12-31")
    assert len(rows) == 13
    assert (rows[-1]["receivables"], rows[-1]["overdue"], rows[-1]["dso_countback"]) == (1250, 1250, None)
    assert len(story.rows("kpis", "2026-03-31", period_from=datetime.date.min)) == 3, "from the book's first month"


def test_months_and_days_at_the_ends_of_the_calendar() -> None:
    assert month_before(datetime.date(1, 1, 31)) == datetime.date.min
    assert months_back(datetime.date(1, 3, 1), 12) == datetime.date.min
    assert month_before(day("2024-03-30")) == day("2024-02-29")
    assert months(datetime.date(9999, 12, 1), datetime.date.max)[-1][1] == datetime.date.max


# Promises


def promised(note: str, receipt: str, as_of: str = "2026-12-31") -> tuple[str, int, int]:
    """Status, what came in time, and what is open now, of a promise for INV-1 over 1,000 USD."""
    text = f"""
2026-01-10 * "HanoiTower" "Lift 1" ^INV-1
  Assets:Receivable:HanoiTower  1000 USD
  Income:Sales
2026-02-01 note Assets:Receivable:HanoiTower "Will pay" #promise {note}
{receipt}
"""
    (row,) = Told(COMPANY + text).rows("promises", as_of)
    return row["status"], int(row["received"]), int(row["outstanding"])


def paid(on: str, amount: int = 1000, words: str = "^INV-1") -> str:
    head = f'{on} * "HanoiTower" "Transfer" ^RC-{on} {words}\n'
    return f"{head}  Assets:Bank  {amount} USD\n  Assets:Receivable:HanoiTower\n"


WHOLE = "^INV-1\n  by: 2026-02-20"


@pytest.mark.parametrize(
    ("on", "status"),
    [("2026-01-31", "broken"), ("2026-02-01", "kept"), ("2026-02-20", "kept"), ("2026-02-21", "broken")],
)
def test_a_promise_is_kept_from_its_day_to_its_last_day(on: str, status: str) -> None:
    assert promised("^INV-1\n  amount: 600 USD\n  by: 2026-02-20", paid(on, 600))[0] == status


def test_nothing_is_promised_of_what_was_paid_before() -> None:
    with pytest.raises(ValueError, match="expected 1, got 0"):
        promised(WHOLE, paid("2026-01-31"))


@pytest.mark.parametrize(("as_of", "status"), [("2026-02-20", "open"), ("2026-02-21", "broken")])
def test_a_promise_is_open_to_the_end_of_its_last_day(as_of: str, status: str) -> None:
    assert promised(WHOLE, "", as_of) == (status, 0, 1000)


@pytest.mark.parametrize(("amount", "status"), [(599, "broken"), (600, "kept")])
def test_a_part_that_was_promised_is_kept_by_that_part(amount: int, status: str) -> None:
    told = promised("^INV-1\n  amount: 600 USD\n  by: 2026-02-20", paid("2026-02-10", amount))
    assert told == (status, min(amount, 600), 1000 - amount)


def test_a_promise_about_everything_is_kept_by_money_on_account() -> None:
    assert promised("\n  amount: 600 USD\n  by: 2026-02-20", paid("2026-02-10", 700, "")) == ("kept", 600, 1000)


def test_a_cheque_that_bounced_kept_nothing() -> None:
    bounced = paid("2026-02-10") + (
        '2026-02-15 * "HanoiTower" "Bounced" #reversal ^RC-2026-02-10\n'
        "  Assets:Receivable:HanoiTower  1000 USD\n  Assets:Bank\n"
    )
    assert promised(WHOLE, bounced)[:2] == ("broken", 0)


def test_nobody_owes_a_promise_about_what_was_credited() -> None:
    credited = '2026-02-10 * "x" #credit-memo ^CM-1 ^INV-1\n  Income:Sales  1000 USD\n  Assets:Receivable:HanoiTower\n'
    assert promised(WHOLE, credited) == ("kept", 0, 0)


def test_money_keeps_one_promise_only() -> None:
    again = (
        '2026-02-01 note Assets:Receivable:HanoiTower "And more" #promise ^INV-1\n  amount: 300 USD\n  by: 2026-02-25\n'
    )
    text = f"""
2026-01-10 * "HanoiTower" "Lift 1" ^INV-1
  Assets:Receivable:HanoiTower  1000 USD
  Income:Sales
{again.replace("02-25", "02-15")}{again}{paid("2026-02-10", 400)}"""
    rows = Told(COMPANY + text).rows("promises", "2026-03-01")
    assert [(row["status"], int(row["received"])) for row in rows] == [("kept", 300), ("broken", 100)]


# Credit limits


def limits(limit: str, more: str = "") -> dict[str, object]:
    text = (
        f"2025-01-01 open Assets:Receivable:Tower\n  credit-limit: {limit}\n"
        "2025-01-01 open Income:Sales\n2025-01-01 open Assets:Bank\n"
        '2026-01-10 * "x" ^INV-1\n  Assets:Receivable:Tower  1000 USD\n  Income:Sales\n'
    )
    rows = Told(text + more).rows("credit_limits", "2026-03-31")
    return rows[0] if rows else {}


@pytest.mark.parametrize(
    ("limit", "status"), [("1000 USD", "within"), ("999.99 USD", "exceeded"), ("0 USD", "exceeded")]
)
def test_a_limit_is_exceeded_by_the_first_cent(limit: str, status: str) -> None:
    assert limits(limit)["status"] == status


def test_other_currencies_are_converted_at_the_price_of_the_day() -> None:
    row = limits("30000000 VND", "2026-02-01 price USD 25000 VND\n")
    assert (row["owed"], row["room"], row["used"], row["status"]) == (25000000, 5000000, Decimal("83.3"), "within")
    assert row["converted"] == "USD 1 = VND 25000"


def test_what_has_no_price_is_said_and_not_guessed() -> None:
    row = limits("30000000 VND")
    assert (row["owed"], row["status"], row["no_price"]) == (0, "no price", "USD")


def test_a_bare_limit_is_in_the_customer_s_only_currency() -> None:
    assert limits("500")["currency"] == "USD"
    two = '2026-01-11 * "x" ^INV-2\n  Assets:Receivable:Tower  5 VND\n  Income:Sales\n'
    assert limits("500", two) == {}


# A part of the book says what the whole says

OF_CUSTOMERS = (
    "customers", "documents", "open_items", "aging", "settlements", "statement", "penalties", "penalty_balances",
    "limitation", "changes", "promises", "credit_limits",
)  # fmt: skip


@given(random_ledgers(), st.sampled_from((*DATES, AFTER)))
@settings(max_examples=25)
def test_the_book_of_one_customer_says_what_the_whole_book_says_of_him(ledger: object, as_of: datetime.date) -> None:
    book = loaded(ledger).book  # type: ignore[arg-type]
    known = members(book)
    for code in book.customers:
        alone = part(book, known, [place for place, pocket in enumerate(book.pockets) if pocket.customer == code])
        for name in OF_CUSTOMERS:
            asked = Question(customer=code)
            if name == "customers" and not alone.customers:
                continue
            assert evaluate(alone, name, as_of, asked).rows == evaluate(book, name, as_of, asked).rows, name


@pytest.mark.parametrize("relation", OF_CUSTOMERS)
def test_the_parts_of_the_example_company_add_up_to_it(relation: str, example: object) -> None:
    from receivables.loading import load_book

    book = load_book(example).book  # type: ignore[arg-type]
    known, as_of = members(book), day("2026-06-30")
    whole = evaluate(book, relation, as_of)
    rows = []
    for code in book.customers:
        alone = part(book, known, [place for place, pocket in enumerate(book.pockets) if pocket.customer == code])
        rows += evaluate(alone, relation, as_of, Question(customer=code)).rows
    if relation not in ("customers", "credit_limits"):
        assert sorted(map(repr, rows)) == sorted(map(repr, whole.rows))
    else:
        assert set(map(repr, rows)) <= set(map(repr, whole.rows))
