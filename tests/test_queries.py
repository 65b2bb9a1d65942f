"""The saved queries answer what they say: each against the same figures added up from the relations."""

from __future__ import annotations

import datetime
import functools
import json
import re
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import beanquery
import pytest
from beanquery import parser
from click.testing import CliRunner

from bean_ar.main import main as bean_ar
from receivables.bql import TABLE_NAMES, as_of_for_queries
from receivables.loading import Loaded, load_book
from receivables.relations import evaluate

ROOT = Path(__file__).parents[1]
QUERIES = {path.stem: path for path in sorted((ROOT / "queries").glob("*.bql"))}
EXAMPLE = ROOT / "ledger" / "main.beancount"

ODD = """
plugin "receivables"
2026-01-01 open Assets:Bank
2026-01-01 open Assets:Receivable
2026-01-01 open Assets:Receivable:Tower
  collector: "lan"
2026-01-01 open Assets:Receivable:Mill
  terms: "net 30"
2026-01-01 open Income:Sales
2026-01-01 open Income:Exchange

2026-01-10 * "Nobody agreed on terms" ^INV-1
  Assets:Receivable:Tower     100.00 USD @ 0.80 EUR
  Income:Sales
2026-01-12 * "The customer's terms" ^INV-2
  Assets:Receivable:Mill      200.00 USD
  Income:Sales
2026-01-14 * "Due at once, and says so" ^INV-3
  due: 2026-01-14
  Assets:Receivable:Mill       50.00 USD
  Income:Sales
2026-02-20 * "Paid at the day's price" ^RC-1 ^INV-1
  Assets:Bank                  82.00 EUR
  Assets:Receivable:Tower    -100.00 USD @ 0.82 EUR
2026-02-25 * "More than owed" ^RC-2 ^INV-2
  Assets:Bank                 300.00 USD
  Assets:Receivable:Mill     -300.00 USD
    settles: "INV-2"
2026-03-02 * "Whose is it?"
  Assets:Receivable            75.00 USD
  Income:Sales
"""
"""What the example company does not have: no terms, a posting without a customer, a price of another day."""


class Row(dict[str, Any]):
    """A row of a relation by column name."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


class Case(NamedTuple):
    """A ledger as of a day."""

    loaded: Loaded
    day: datetime.date

    def relation(self, name: str) -> list[Row]:
        """The rows of a relation."""
        report = evaluate(self.loaded.book, name, self.day)
        names = [column.name for column in report.columns]
        return [Row(zip(names, row, strict=True)) for row in report.rows]

    def query(self, name: str) -> list[tuple[Any, ...]]:
        """The rows that a saved query gives."""
        with as_of_for_queries(self.day):
            connection = beanquery.connect(
                "beancount:", entries=self.loaded.entries, errors=[], options=self.loaded.options
            )
            return [tuple(row) for row in connection.execute(parsed(name)).fetchall()]


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """The example company at two month ends and in the middle of a month, and the odd little ledger."""
    odd = tmp_path_factory.mktemp("odd") / "main.beancount"
    odd.write_text(ODD, "utf-8")
    example, little = load_book(EXAMPLE), load_book(odd)
    days = [datetime.date(2025, 6, 17), datetime.date(2025, 12, 31), datetime.date(2026, 6, 30)]
    return [*(Case(example, day) for day in days), Case(little, datetime.date(2026, 3, 15))]


@functools.cache
def parsed(name: str) -> Any:
    """A saved query, parsed; it takes longer than to run it."""
    return parser.parse(re.sub(r"^--.*$", "", QUERIES[name].read_text("utf-8"), flags=re.MULTILINE))


# What each query must give, in plain Python over the relations


def added(rows: Iterable[Row], keys: Callable[[Row], tuple[Any, ...]], *sums: Callable[[Row], Any]) -> dict[Any, Any]:
    """Sums of the rows by key."""
    found: dict[Any, list[Any]] = {}
    for row in rows:
        of_key = found.setdefault(keys(row), [0] * len(sums))
        for position, value in enumerate(sums):
            of_key[position] += value(row)
    return found


def overdue(case: Case) -> list[Row]:
    return [row for row in case.relation("open_items") if row.days_overdue > 0]


def movements(case: Case) -> list[Row]:
    """The movements of the statement with one signed amount each."""
    rows = [row for row in case.relation("statement") if row.kind != "balance"]
    for row in rows:
        row["amount"] = (row.debit or 0) - (row.credit or 0)
        row["month"] = f"{row.date:%Y-%m}"
    return rows


def columns(rows: Iterable[Row], names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names.split()) for row in rows]


ITEM = "customer name number instalment due days_overdue currency outstanding"
GROUPS = (
    ("invoice", "retention"),
    ("debit-note", "penalty"),
    ("receipt",),
    ("credit-memo",),
    ("write-off",),
    ("opening", "refund", "reversal", "apply", "revaluation"),
)


def by_group(*kinds: str) -> Callable[[Row], Any]:
    return lambda row: row.amount if row.kind in kinds else 0


def rollforward(case: Case) -> list[tuple[Any, ...]]:
    rows = movements(case)
    month = max(row.month for row in rows)
    found = []
    for currency in sorted({row.currency for row in rows}):
        mine = [row for row in rows if row.currency == currency]
        opening = sum(row.amount for row in mine if row.month < month)
        of_month = [row for row in mine if row.month == month]
        changes = [sum(row.amount for row in of_month if row.kind in kinds) for kinds in GROUPS]
        found.append((currency, opening, *changes, opening + sum(changes)))
    return found


def by_month(case: Case) -> list[tuple[Any, ...]]:
    rows = movements(case)
    sums = added(rows, lambda row: (row.month, row.currency), *(by_group(*kinds) for kinds in GROUPS))
    return [(*key, *of_key, sum(of_key)) for key, of_key in sums.items()]


def average_days(case: Case) -> list[tuple[Any, ...]]:
    rows = overdue(case)
    found = []
    for key in {(row.customer, row.name, row.currency) for row in rows}:
        mine = [row for row in rows if (row.customer, row.name, row.currency) == key]
        total = sum(row.outstanding for row in mine)
        weighted = sum(row.outstanding * row.days_overdue for row in mine)
        found.append((*key, total, round(weighted / total), max(row.days_overdue for row in mine)))
    return found


def by_collector(case: Case) -> list[tuple[Any, ...]]:
    rows = overdue(case)
    sums = added(
        rows,
        lambda row: (row.collector, row.currency),
        lambda _: 1,
        lambda row: row.outstanding,
        lambda row: row.disputed,
    )
    longest = {key: max(row.days_overdue for row in rows if (row.collector, row.currency) == key) for key in sums}
    return [(*key, *of_key, longest[key]) for key, of_key in sums.items()]


def by_week(case: Case) -> list[tuple[Any, ...]]:
    rows = [row for row in case.relation("open_items") if row.outstanding > 0 and row.days_overdue == 0]
    sums = added(
        rows,
        lambda row: (row.due - datetime.timedelta(days=row.due.weekday()), row.currency),
        lambda _: 1,
        lambda row: row.outstanding,
    )
    return [(*key, *of_key) for key, of_key in sums.items()]


def collected(case: Case) -> list[tuple[Any, ...]]:
    rows = [row for row in movements(case) if row.kind == "receipt"]
    sums = added(rows, lambda row: (row.month, row.customer, row.currency), lambda _: 1, lambda row: row.credit)
    return [(*key, *of_key) for key, of_key in sums.items()]


def exchange(case: Case) -> list[tuple[Any, ...]]:
    rows = [row for row in case.relation("settlements") if row.exchange_difference]
    sums = added(
        rows, lambda row: (row.date.year, row.customer, row.exchange_currency), lambda row: row.exchange_difference
    )
    return [(*key, *of_key) for key, of_key in sums.items()]


def some(relation: str, names: str, keep: Callable[[Row], bool]) -> Callable[[Case], list[tuple[Any, ...]]]:
    """The rows of a relation for which `keep` holds, with these columns."""
    return lambda case: columns((row for row in case.relation(relation) if keep(row)), names)


DEBITS = ("invoice", "debit-note", "penalty")
EXPECTED: dict[str, Callable[[Case], list[tuple[Any, ...]]]] = {
    "average-days-overdue": average_days,
    "collected-by-month": collected,
    "customers-with-credit-balance": some("aging", "customer name currency credits total", lambda row: row.total < 0),
    "disputed": some("open_items", f"{ITEM} disputed", lambda row: row.disputed > 0),
    "exchange-differences": exchange,
    "expected-receipts-by-week": by_week,
    "invoices-without-due-date": some(
        "documents",
        "customer name number date currency original outstanding file line",
        lambda row: row.kind in DEBITS and row.due == row.date and not row.terms,
    ),
    "month-end-rollforward": rollforward,
    "movements-by-month": by_month,
    "oldest-items": lambda case: columns(sorted(overdue(case), key=lambda row: row.due)[:20], ITEM),
    "overdue-by-collector": by_collector,
    "retention": some("open_items", ITEM, lambda row: row.kind == "retention"),
    "reversals": some(
        "statement",
        "date customer number description currency debit file line",
        lambda row: row.kind == "reversal",
    ),
    "top-overdue": lambda case: columns(
        sorted(overdue(case), key=lambda row: (row.currency, -row.outstanding, row.due, row.number))[:20], ITEM
    ),
    "unapplied-cash": some(
        "open_items", "customer name number kind date currency original outstanding", lambda row: row.outstanding < 0
    ),
    "unexplained-postings": some("tie_out", "account currency date reason file line", lambda row: row.reason),
    "write-offs": some(
        "statement",
        "date customer number description currency credit file line",
        lambda row: row.kind == "write-off",
    ),
}


def alike(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Rows whatever their order, amounts by their value: 12.50 is 12.5."""
    return sorted(
        repr(tuple(value.normalize() if isinstance(value, Decimal) and value else value or None for value in row))
        for row in rows
    )


# The tests


def test_every_query_is_tested_and_says_what_it_answers() -> None:
    """A query without an expectation would be a promise that nobody keeps."""
    assert QUERIES.keys() == EXPECTED.keys()
    for path in QUERIES.values():
        first, second = path.read_text("utf-8").splitlines()[:2]
        assert first.startswith("-- ")
        assert not first.endswith(".")
        assert second.startswith("SELECT")


@pytest.mark.parametrize("name", EXPECTED)
def test_query_gives_what_the_relations_say(name: str, cases: list[Case]) -> None:
    """On three days of the example company and on the odd ledger; and it has something to show on one of them."""
    shown = 0
    for case in cases:
        rows = case.query(name)
        assert alike(rows) == alike(EXPECTED[name](case)), f"as of {case.day}"
        shown += len(rows)
    assert shown


@pytest.mark.parametrize("name", ["top-overdue", "oldest-items"])
def test_first_things_first(name: str, cases: list[Case]) -> None:
    """These two are short lists: what stands in them depends on the order."""
    for case in cases:
        rows = case.query(name)
        key: Callable[[tuple[Any, ...]], Any] = (
            (lambda row: (row[6], -row[7])) if name == "top-overdue" else lambda row: row[4]
        )
        assert rows == sorted(rows, key=key)


def test_rollforward_closes_where_the_next_opens(cases: list[Case]) -> None:
    """The closing balance of May is the opening balance of June, and that of June is the aging's total."""
    loaded = cases[0].loaded
    may = Case(loaded, datetime.date(2026, 5, 31)).query("month-end-rollforward")
    june = Case(loaded, datetime.date(2026, 6, 30)).query("month-end-rollforward")
    assert [(row[0], row[-1]) for row in may] == [(row[0], row[1]) for row in june]
    assert {row[0]: row[-1] for row in june} == {
        "KHR": Decimal(8_250_000),
        "USD": Decimal("71800.00"),
        "VND": Decimal(1_634_284_160),
    }
    for row in (*may, *june):
        assert row[1] + sum(row[2:-1]) == row[-1]


def test_bean_ar_runs_them_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """`bean-ar query LEDGER` lists them all; with a name it runs one, as of the day that is asked for."""
    monkeypatch.setenv("COLUMNS", "100")
    told = CliRunner().invoke(bean_ar, ["query", str(EXAMPLE)])
    for name, path in QUERIES.items():
        about = path.read_text("utf-8").splitlines()[0].removeprefix("-- ")
        assert re.search(rf"^{name} +{re.escape(about)}$", told.output, re.MULTILINE)
    asked = ["query", str(EXAMPLE), "unapplied-cash", "--as-of", "2025-12-31", "--format", "json"]
    result = CliRunner().invoke(bean_ar, asked)
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert answer["as_of"] == "2025-12-31"
    assert sum(Decimal(row["outstanding"]) for row in answer["rows"] if row["currency"] == "VND") == -16_380_000


def test_queries_use_tables_that_exist() -> None:
    """The tables of the relations and no others: they work wherever `plugin "receivables"` stands."""
    used = {name for path in QUERIES.values() for name in re.findall(r"#(\w+)", path.read_text("utf-8"))}
    assert used <= set(TABLE_NAMES.values())
