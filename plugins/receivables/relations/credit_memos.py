"""Relation credit_memos: every credit memo of a period, why it was given, to what it went and how late."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Final

from receivables.facts import APPLY, CREDIT_MEMO, REFUND, REVERSAL
from receivables.history import Change, changes
from receivables.lookup import Lookup
from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.rules.bad_debts import credits_of
from receivables.rules.write_off import portfolio_key
from receivables.view import View

COLUMNS: Final = (
    Column("date", datetime.date, "Date of the credit memo."),
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("portfolio", str, 'The metadata that the policy "write-off" names, entity by default.'),
    Column("number", str, "Number of the credit memo."),
    Column("reason", str, "Its reason: else its narration."),
    Column("currency", str, "Currency of the amounts."),
    Column("amount", Decimal, "What was credited; positive.", money="currency", total=True),
    Column("applied_to", str, "The documents that it settled, and the refunds that paid it back."),
    Column("applied", Decimal, "What of it settled them.", money="currency", total=True),
    Column("reversed", Decimal, "What of it was taken back.", money="currency", total=True),
    Column("open", Decimal, "What of it is still on account.", money="currency", total=True),
    Column("days", int, "Days from the oldest of these documents to the credit memo; empty where there is none."),
    Column("file", str, "File of the entry."),
    Column("line", int, "Line of its posting."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """The credit memos up to the as-of date (from the period's first day on), by date, customer and number."""
    book, items = view.book, view.book.items
    keep = keeper_for(book, question, NAMES)
    first_day = question.first_day
    documents: dict[int, list[int]] = {}
    for item in credits_of(view, CREDIT_MEMO):
        if items.day[item] >= first_day:
            documents.setdefault(items.first[item], []).append(item)
    wanted = {item for of_document in documents.values() for item in of_document}
    settled = changes(view, wanted.__contains__) if wanted else {}
    lookup, dates = Lookup(book), _Dates(view)
    rows = [
        _row(view, lookup, dates, of_document, settled)
        for of_document in documents.values()
        if keep is None or any(keep(item) for item in of_document)
    ]
    rows.sort(key=lambda row: (row[0], row[1], row[4], row[6], row[-2], row[-1]))
    shown = filtered(rows, COLUMNS, question)
    return Report("credit_memos", "Credit memos", view.as_of, COLUMNS, shown, (), view.book.digits())


def _row(
    view: View, lookup: Lookup, dates: _Dates, of_document: Sequence[int], settled: Mapping[int, Sequence[Change]]
) -> Row:
    book, items, first = view.book, view.book.items, of_document[0]
    pocket = book.pockets[items.pocket[first]]
    scale = book.scales[pocket.currency]
    amount = -sum(items.amount[item] for item in of_document)
    by_other: dict[int, int] = {}
    for item in of_document:
        for change in settled.get(item, ()):
            by_other[change.other] = by_other.get(change.other, 0) + change.units
    taken_back = sum(units for other, units in by_other.items() if view.kind(other) == REVERSAL)
    reached = [other for other, units in by_other.items() if units and view.kind(other) != REVERSAL]
    applied = sum(by_other[other] for other in reached)
    dated = [day for other in reached if (day := dates.of(other)) is not None]
    said = book.texts.details(first).get("reason")
    portfolio = lookup.of_item(first, portfolio_key(book.settings, view.as_of))
    file, line = book.texts.source(first)
    return (
        datetime.date.fromordinal(items.date[first]), pocket.customer,
        book.name_of(pocket.customer), "" if portfolio is None else str(portfolio),
        items.number[first], book.texts.description(first) if said is None else str(said), pocket.currency,
        scale.decimal(amount), ", ".join(dict.fromkeys(view.label(other) for other in reached)),
        scale.decimal(applied), scale.decimal(taken_back), scale.decimal(amount - applied - taken_back),
        items.date[first] - min(dated) if dated else None, file, line,
    )  # fmt: skip


class _Dates:
    """The dates of the documents that settlements reach."""

    def __init__(self, view: View) -> None:
        self._view = view

    def of(self, other: int) -> int | None:
        """The date of a document, also of one reached through an #apply entry; None for a refund."""
        kind, items = self._view.kind(other), self._view.book.items
        if kind == APPLY:
            # Its leg has the number of the document to which it takes the money.
            return self._numbered.get((items.pocket[other], items.number[other]))
        return None if kind == REFUND else items.date[other]

    @cached_property
    def _numbered(self) -> Mapping[tuple[int, str], int]:
        """Pocket and number → date of the oldest debit that has it; looked up only for #apply entries."""
        items = self._view.book.items
        found: dict[tuple[int, str], int] = {}
        for item in range(self._view.item_count):
            if items.amount[item] > 0 and self._view.kind(item) != APPLY:
                for name in (items.number[item], self._view.label(item)):
                    key = items.pocket[item], name
                    found[key] = min(items.date[item], found.get(key, items.date[item]))
        return found
