"""Relation kpis: days sales outstanding and collection effectiveness, month by month, for each currency."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import accumulate
from typing import Final, NamedTuple

from receivables.book import KIND_CODES
from receivables.facts import CREDIT_MEMO, DEBIT_NOTE, INVOICE, RETENTION
from receivables.relations.open_items import digits
from receivables.relations.question import Question, filtered, keeper, split_conditions
from receivables.report import Column, Report, Row
from receivables.rules.kpis import Month, countback, days_of_sales, effectiveness, share
from receivables.rules.periods import months, months_back
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
    keep = keeper(book, question, split_conditions(question, NAMES)[1])
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
        digits=digits(view, None),
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


class _Growth(NamedTuple):
    """What each month adds to sales, to what is open, to the debits of it and to what is overdue, in units."""

    sales: list[int]
    open: list[int]
    owed: list[int]
    overdue: list[int]


def _by_month(
    view: View, calendar: Sequence[tuple[datetime.date, datetime.date]], keep: Callable[[int], bool] | None
) -> dict[str, list[Month]]:
    """The months of each currency, in one pass over items and settlements."""
    book = view.book
    items, settlements = book.items, book.settlements
    begin = calendar[0][0].toordinal()
    # The month of each day; what comes before the first day is part of the first month's balances.
    month_of = [place for place, (first, last) in enumerate(calendar) for _ in range((last - first).days + 1)]
    days = len(month_of)
    currency_of = [pocket.currency for pocket in book.pockets]
    grown = {currency: _Growth(*([0] * len(calendar) for _ in range(4))) for currency in currency_of}
    used: set[str] = set()
    # For each debit the day from which it is overdue, counted from the first; for the others nothing.
    overdue_from: list[int | None] = []
    for item, pocket, amount, day, due, kind in zip(
        range(view.item_count), items.pocket, items.amount, items.day, items.due, items.kind, strict=False
    ):
        if keep is not None and not keep(item):
            overdue_from.append(None)
            continue
        currency = currency_of[pocket]
        used.add(currency)
        growth = grown[currency]
        month = month_of[max(day - begin, 0)]
        growth.open[month] += amount
        if kind in _SALES and day >= begin:
            growth.sales[month] += amount
        if amount <= 0:
            overdue_from.append(None)
            continue
        begins = max(day, due + 1, begin) - begin
        overdue_from.append(begins)
        growth.owed[month] += amount
        if begins < days:
            growth.overdue[month_of[begins]] += amount
    pocket_of = items.pocket
    for _, day, debit, units in zip(
        range(view.settlement_count), settlements.day, settlements.debit, settlements.amount, strict=False
    ):
        overdue = overdue_from[debit]
        if overdue is not None:
            growth = grown[currency_of[pocket_of[debit]]]
            settled = max(day - begin, 0)
            growth.owed[month_of[settled]] -= units
            if (begins := max(settled, overdue)) < days:
                growth.overdue[month_of[begins]] -= units
    return {currency: _table(calendar, grown[currency]) for currency in used}


def _table(calendar: Sequence[tuple[datetime.date, datetime.date]], growth: _Growth) -> list[Month]:
    """What months added, as months with what there is at their end."""
    balances = zip(growth.sales, *map(accumulate, growth[1:]), strict=True)
    return [Month(*days, *units) for days, units in zip(calendar, balances, strict=True)]
