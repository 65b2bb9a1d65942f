"""Relation settlements: what settled what, when, by which entry, and the exchange difference it realised."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Final

from receivables.book import KIND_CODES, Book
from receivables.facts import APPLY, KINDS, REFUND, REVALUATION, REVERSAL
from receivables.money import EXACT, rounded
from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.view import View, scale_of

COLUMNS: Final = (
    Column("date", datetime.date, "The day from which the settlement counts: the later of the two documents'."),
    Column("customer", str, "Customer code."),
    Column("account", str, "The receivable account."),
    Column("currency", str, "Currency of the amount."),
    Column("amount", Decimal, "What is settled; negative where a reversal undoes it.", money="currency", total=True),
    Column("document", str, "Number of what is settled."),
    Column("instalment", int, "Instalment of what is settled; empty where it has none."),
    Column("document_date", datetime.date, "Date of what is settled."),
    Column("due", datetime.date, "Due date of what is settled; empty for a credit."),
    Column("days_late", int, "Days from the due date to the settlement, negative when early; empty for a credit."),
    Column("by", str, "Number of what settles it."),
    Column("kind", str, "receipt, credit-memo, write-off, refund, apply, reversal, …"),
    Column("document_rate", Decimal, "Price at which the document was booked; empty without one."),
    Column("rate", Decimal, "Price at which the settling entry was booked; empty without one."),
    Column("exchange_currency", str, "Currency of both prices."),
    Column(
        "exchange_difference", Decimal,
        "Realised gain (positive) or loss: amount times the change of the price, rounded half up.",
        money="exchange_currency", total=True,
    ),
    Column("file", str, "File of the entry that settles."),
    Column("line", int, "Line of its posting."),
)  # fmt: skip

NAMES: Final = tuple(column.name for column in COLUMNS)
_REVERSAL: Final = KIND_CODES[REVERSAL]
_ACTIVE: Final = frozenset(KIND_CODES[kind] for kind in (REFUND, REVERSAL, APPLY, REVALUATION))
"""Debits that may be what settles; every other is settled."""


def evaluate(view: View, question: Question) -> Report:
    """The settlements up to the as-of date (from the period's first day on), in order of date."""
    keep = keeper_for(view.book, question, NAMES)
    first = question.first_day
    settlements = view.book.settlements
    rows = []
    for position in range(view.settlement_count):
        if settlements.day[position] < first:
            continue
        if keep is not None and not keep(settlements.debit[position]) and not keep(settlements.credit[position]):
            continue
        rows.append(settlement_row(view, position))
    rows.sort(key=lambda row: (row[0], row[1], row[3], row[5], row[6] or 0, row[10], row[4]))
    shown = filtered(rows, COLUMNS, question)
    return Report("settlements", "Settlements", view.as_of, COLUMNS, shown, (), view.book.digits())


def _settling(book: Book, position: int) -> int:
    """Which of the two items of a settlement settles the other; of one that is undone, which of them did."""
    kind, settlements = book.items.kind, book.settlements
    debit, credit = settlements.debit[position], settlements.credit[position]
    if settlements.amount[position] < 0:
        if kind[debit] not in _ACTIVE and kind[credit] != _REVERSAL:
            return credit
        earlier = range(position - 1, -1, -1)
        position = next(
            place
            for place in earlier
            if settlements.debit[place] == debit
            and settlements.credit[place] == credit
            and settlements.amount[place] > 0
        )
    cause = settlements.cause[position]
    # Only the postings of one #apply entry are settled by a third, the reversal for which they cancel out.
    return cause if cause in (debit, credit) else debit


def settlement_row(view: View, position: int) -> Row:
    """The row of one settlement."""
    book = view.book
    items, settlements = book.items, book.settlements
    debit, credit, cause = (
        settlements.debit[position],
        settlements.credit[position],
        settlements.cause[position],
    )
    settling = _settling(book, position)
    settled = credit if settling == debit else debit
    pocket = book.pockets[items.pocket[settled]]
    scale = book.scales[pocket.currency]
    amount = scale.decimal(settlements.amount[position])
    theirs, ours = book.texts.rate(settled), book.texts.rate(settling)
    same = theirs is not None and ours is not None and theirs[1] == ours[1]
    difference = None
    if theirs is not None and ours is not None and same:
        # A credit booked at a higher price than its debit realises a gain on a receivable.
        change = ours[0] - theirs[0] if settled == debit else theirs[0] - ours[0]
        difference = rounded(EXACT.multiply(amount, change), scale_of(book, theirs[1]).digits)
    file, line = book.texts.source(cause)
    return (
        datetime.date.fromordinal(settlements.day[position]), pocket.customer, pocket.account, pocket.currency,
        amount, items.number[settled], items.instalment[settled] or None,
        datetime.date.fromordinal(items.date[settled]),
        None if settled == credit else datetime.date.fromordinal(items.due[settled]),
        None if settled == credit else settlements.day[position] - items.due[settled],
        items.number[settling],
        KINDS[items.kind[settling if settlements.amount[position] > 0 else cause]],
        None if theirs is None else theirs[0], None if ours is None else ours[0],
        theirs[1] if theirs is not None and same else None, difference, file, line,
    )  # fmt: skip
