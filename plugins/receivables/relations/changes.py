"""Relation changes: what a customer owed before a period and after it, and what made the difference.

Two sums that end where they should: what is open, by the kind of what was booked, and what is overdue, by what fell
overdue and what was settled of it.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from receivables.facts import CREDIT_MEMO, DEBIT_NOTE, INVOICE, KINDS, PENALTY, RECEIPT, RETENTION, WRITE_OFF
from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.rules.calendar_months import month_before
from receivables.view import View

COLUMNS: Final = (
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("currency", str, "Currency of the amounts."),
    Column("opening", Decimal, "What was open before the period, net of credits.", money="currency", total=True),
    Column("new", Decimal, "Invoices, debit notes and penalties of the period.", money="currency", total=True),
    Column("collected", Decimal, "Receipts, as a negative amount.", money="currency", total=True),
    Column("credited", Decimal, "Credit memos, as a negative amount.", money="currency", total=True),
    Column("written_off", Decimal, "Write-offs, as a negative amount.", money="currency", total=True),
    Column(
        "other", Decimal, "Opening items, refunds, reversals, transfers and revaluations.", money="currency", total=True
    ),
    Column("closing", Decimal, "What is open on the as-of date: the sum of the row.", money="currency", total=True),
    Column("change", Decimal, "Closing less opening.", money="currency", total=True),
    Column("overdue_opening", Decimal, "What was overdue before the period.", money="currency", total=True),
    Column("fallen_overdue", Decimal, "What was still open when it fell overdue.", money="currency", total=True),
    Column(
        "overdue_settled", Decimal, "What was settled when it was overdue, as a negative amount.",
        money="currency", total=True,
    ),
    Column("overdue", Decimal, "Overdue on the as-of date: the sum of the three.", money="currency", total=True),
    Column("collector", str, "Who collects, from the customer's metadata."),
)  # fmt: skip

NAMES: Final = tuple(column.name for column in COLUMNS)

_NEW, _COLLECTED, _CREDITED, _WRITTEN_OFF, _OTHER, _CLOSING, _OVERDUE_BEFORE, _OVERDUE_SETTLED, _OVERDUE = range(9)

_COLUMN_OF: Final = {
    **dict.fromkeys((INVOICE, RETENTION, DEBIT_NOTE, PENALTY), _NEW),
    RECEIPT: _COLLECTED,
    CREDIT_MEMO: _CREDITED,
    WRITE_OFF: _WRITTEN_OFF,
}
_BY_KIND: Final = tuple(_COLUMN_OF.get(kind, _OTHER) for kind in KINDS)


def period(view: View, question: Question) -> datetime.date:
    """The first day of the period: the one asked for, else the day after the as-of date of a month ago."""
    if question.period_from is not None:
        return question.period_from
    before = month_before(view.as_of)
    return before if before == datetime.date.min else before + datetime.timedelta(days=1)


def evaluate(view: View, question: Question) -> Report:
    """The changes of each customer and currency, ordered by code and currency; rows without any are left out."""
    book = view.book
    first = period(view, question)
    keep = keeper_for(book, question, NAMES)
    rows: list[Row] = []
    for (code, currency), sums in sorted(_sums(view, first.toordinal(), keep).items()):
        if not any(sums):
            continue
        scale, customer = book.scales[currency], book.customers.get(code)
        booked = sums[: _OTHER + 1]
        opening = sums[_CLOSING] - sum(booked)
        fallen = sums[_OVERDUE] - sums[_OVERDUE_BEFORE] - sums[_OVERDUE_SETTLED]
        collector = None if customer is None else customer.details.get("collector")
        units = (
            opening, *booked, sums[_CLOSING], sums[_CLOSING] - opening,
            sums[_OVERDUE_BEFORE], fallen, sums[_OVERDUE_SETTLED], sums[_OVERDUE],
        )  # fmt: skip
        rows.append(
            (
                code, book.name_of(code), currency, *map(scale.decimal, units),
                None if collector is None else str(collector),
            )
        )  # fmt: skip
    return Report(
        "changes",
        "Changes",
        view.as_of,
        COLUMNS,
        filtered(rows, COLUMNS, question),
        notes=(f"From the beginning of {first} to the end of {view.as_of}.",),
        digits=view.book.digits(),
    )


def _sums(view: View, first: int, keep: Callable[[int], bool] | None) -> dict[tuple[str, str], Sequence[int]]:
    """Customer and currency → units: what was booked by kind, the closing balance, and what is and was overdue."""
    book = view.book
    items, settlements, today = book.items, book.settlements, view.as_of.toordinal()
    of_pocket: dict[int, list[int]] = {}

    def sums(item: int) -> list[int]:
        return of_pocket.setdefault(items.pocket[item], [0] * 9)

    for item in range(bisect_left(items.day, first, hi=view.item_count), view.item_count):
        if keep is None or keep(item):
            sums(item)[_BY_KIND[items.kind[item]]] += items.amount[item]
    open_now = dict(zip(view.items, view.outstanding, strict=True))
    open_before = {item: units for item, units in open_now.items() if items.day[item] < first}
    begins = bisect_left(settlements.day, first, hi=view.settlement_count)
    for position in range(begins, view.settlement_count):
        debit, units = settlements.debit[position], settlements.amount[position]
        if items.day[debit] < first:
            open_before[debit] = open_before.get(debit, 0) + units
        if settlements.day[position] >= _overdue_from(view, debit) and (keep is None or keep(debit)):
            sums(debit)[_OVERDUE_SETTLED] -= units
    for item, units in open_now.items():
        if keep is None or keep(item):
            of_item = sums(item)
            of_item[_CLOSING] += units
            if items.amount[item] > 0 and _overdue_from(view, item) <= today:
                of_item[_OVERDUE] += units
    for item, units in open_before.items():
        if items.amount[item] > 0 and _overdue_from(view, item) < first and (keep is None or keep(item)):
            sums(item)[_OVERDUE_BEFORE] += units
    found: dict[tuple[str, str], Sequence[int]] = {}
    for position, units_of in of_pocket.items():
        pocket = book.pockets[position]
        key = pocket.customer, pocket.currency
        found[key] = [have + more for have, more in zip(found.get(key, [0] * 9), units_of, strict=True)]
    return found


def _overdue_from(view: View, debit: int) -> int:
    """The first day (ordinal) on which a debit is overdue: the day after it is due, or when it is booked."""
    items = view.book.items
    return max(items.due[debit] + 1, items.day[debit])
