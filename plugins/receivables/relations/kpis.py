"""Relation kpis: days sales outstanding and collection effectiveness, month by month, for each currency."""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Final, NamedTuple

from receivables.book import KIND_CODES, Book
from receivables.facts import CREDIT_MEMO, DEBIT_NOTE, INVOICE, RETENTION
from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.rules.calendar_months import months, months_back
from receivables.rules.kpis import Month, countback, days_of_sales, effectiveness, share
from receivables.view import View

COLUMNS: Final = (
    Column("from", datetime.date, "First day of the month."),
    Column("to", datetime.date, "Its last day, or the as-of date."),
    Column("currency", str, "Currency of the amounts."),
    Column("sales", Decimal, "Invoiced in the month, taxes included, less credit memos.", money="currency", total=True),
    Column("receivables", Decimal, "Open at its end, net of credits on account.", money="currency"),
    Column("overdue", Decimal, "What of it is overdue.", money="currency"),
    Column("overdue_share", Decimal, "Overdue in percent of what is owed, credits on account not deducted."),
    Column("dso", Decimal, "Days sales outstanding: receivables / sales of three months x their days."),
    Column("dso_countback", Decimal, "The same, by using up the sales of the latest months."),
    Column("best_dso", Decimal, "The DSO if nothing were overdue."),
    Column("days_delinquent", Decimal, "DSO less best DSO."),
    Column("cei", Decimal, "Collection effectiveness in percent of what could be collected in the month."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)
MONTHS: Final = 12
"""Months before the one of the as-of date: with it, thirteen."""

PAST: Final = 120
"""So many months before the first shown the countback goes back at most."""

_SALES: Final = frozenset(KIND_CODES[kind] for kind in (INVOICE, RETENTION, DEBIT_NOTE, CREDIT_MEMO))

NOTES: Final = (
    "DSO = receivables at the end / sales of the month and the two before x their days (ending balance).",
    "CEI = (beginning + sales - ending total) / (beginning + sales - ending current) x 100.",
    "Sales and receivables both have taxes in them; receivables are net of credits on account.",
    "Empty where it has no sense: no sales, or nothing to collect.",
)


def evaluate(view: View, question: Question) -> Report:
    """The figures of each month and currency, ordered by currency and month: thirteen months unless asked otherwise."""
    book = view.book
    keep = keeper_for(book, question, NAMES)
    rows: list[Row] = []
    if view.item_count:
        first = datetime.date.fromordinal(book.items.day[0])
        start = months_back(view.as_of, MONTHS)
        if question.period_from is not None:
            start = max(question.period_from, first).replace(day=1)
        # The months before the first shown are needed for its figures; before the book begins there is none to tell.
        calendar = months(min(max(first, months_back(start, PAST)), start), view.as_of)
        begun = sum(last < first for _, last in calendar)
        for currency, table in sorted(_by_month(view, calendar, keep).items()):
            scale = book.scales[currency]
            rows.extend(
                _row(currency, table, begun, place, scale.decimal)
                for place, month in enumerate(table)
                if month.first >= start
            )  # fmt: skip
    return Report(
        "kpis",
        "Key figures",
        view.as_of,
        COLUMNS,
        filtered(rows, COLUMNS, question),
        notes=NOTES,
        digits=view.book.digits(),
    )


def _row(currency: str, table: Sequence[Month], begun: int, place: int, decimal: Callable[[int], Decimal]) -> Row:
    past, month = table[begun : place + 1], table[place]
    dso = days_of_sales(month.receivables, past)
    best = days_of_sales(month.receivables - month.overdue, past)
    before = table[place - 1].receivables if place else 0
    return (
        month.first, month.last, currency, decimal(month.sales), decimal(month.receivables), decimal(month.overdue),
        share(month.overdue, month.owed), dso, countback(past), best,
        None if dso is None or best is None else dso - best, effectiveness(before, month),
    )  # fmt: skip


class _Course(NamedTuple):
    """What stood at the end of each day on which something changed; before the first nothing did."""

    days: Sequence[int]
    units: Sequence[int]

    def at(self, day: int) -> int:
        """What stood at the end of a day (ordinal)."""
        place = bisect_right(self.days, day)
        return self.units[place - 1] if place else 0


class _Courses(NamedTuple):
    """The sales so far, what is open, the debits of it and what of them is overdue, in units, on any day."""

    sales: _Course
    open: _Course
    owed: _Course
    overdue: _Course


def _by_month(
    view: View, calendar: Sequence[tuple[datetime.date, datetime.date]], keep: Callable[[int], bool] | None
) -> dict[str, list[Month]]:
    """The months of each currency that has items by the as-of date: no day but its own changes a figure of a month."""
    book, today = view.book, view.as_of.toordinal()
    courses = view.of_book("kpis", lambda: _courses(book, None)) if keep is None else _courses(book, keep)
    return {
        currency: [_month(*days, course) for days in calendar]
        for currency, course in courses.items()
        if course.open.days[0] <= today
    }


def _month(first: datetime.date, last: datetime.date, course: _Courses) -> Month:
    end = last.toordinal()
    sales = course.sales.at(end) - course.sales.at(first.toordinal() - 1)
    return Month(first, last, sales, course.open.at(end), course.owed.at(end), course.overdue.at(end))


def _courses(book: Book, keep: Callable[[int], bool] | None) -> dict[str, _Courses]:
    """The courses of each currency, in one pass over items and settlements."""
    items, settlements = book.items, book.settlements
    currency_of = [pocket.currency for pocket in book.pockets]
    # What each day adds: sales, open, owed, overdue.
    added: dict[str, tuple[dict[int, int], ...]] = {currency: ({}, {}, {}, {}) for currency in currency_of}
    # For each debit the day from which it is overdue; for the others nothing.
    overdue_from: list[int | None] = []
    for item, (pocket, amount, day, due, kind) in enumerate(
        zip(items.pocket, items.amount, items.day, items.due, items.kind, strict=True)
    ):
        if keep is not None and not keep(item):
            overdue_from.append(None)
            continue
        sales, opened, owed, overdue = added[currency_of[pocket]]
        opened[day] = opened.get(day, 0) + amount
        if kind in _SALES:
            sales[day] = sales.get(day, 0) + amount
        if amount <= 0:
            overdue_from.append(None)
            continue
        begins = max(day, due + 1)
        overdue_from.append(begins)
        owed[day] = owed.get(day, 0) + amount
        overdue[begins] = overdue.get(begins, 0) + amount
    pocket_of = items.pocket
    for day, debit, units in zip(settlements.day, settlements.debit, settlements.amount, strict=True):
        begins_of = overdue_from[debit]
        if begins_of is not None:
            _, _, owed, overdue = added[currency_of[pocket_of[debit]]]
            owed[day] = owed.get(day, 0) - units
            late = max(day, begins_of)
            overdue[late] = overdue.get(late, 0) - units
    return {currency: _Courses(*map(_course, each)) for currency, each in added.items() if each[1]}


def _course(added: Mapping[int, int]) -> _Course:
    """What days add, as what stands at the end of each."""
    days = sorted(added)
    return _Course(days, list(accumulate(added[day] for day in days)))
