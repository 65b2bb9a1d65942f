"""Relation revaluation: what is open in a foreign currency at the closing rate, and what of it is not realised yet."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from receivables.money import added
from receivables.relations.amounts import digits
from receivables.relations.question import Question, filtered, narrowed
from receivables.report import Column, Report, Row
from receivables.rules.revaluation import FORM, Balance, Revalued, balances, revalue
from receivables.view import View

COLUMNS: Final = (
    Column("account", str, "The receivable account."),
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("number", str, "Document number."),
    Column("instalment", int, "1, 2, … by due date; empty for a document of one item."),
    Column("date", datetime.date, "Document date."),
    Column("currency", str, "Currency of the document."),
    Column("outstanding", Decimal, "What is open of it; negative for a credit.", money="currency"),
    Column("booked_rate", Decimal, "The rate at which it was booked."),
    Column("booked_source", str, "entry, or the published price of the document's day: its date, file and line."),
    Column("functional", str, "The functional currency."),
    Column("carrying", Decimal, "What is open at the booked rate.", money="functional", total=True),
    Column("closing_rate", Decimal, "The rate of the closing day."),
    Column("rate_source", str, "Date, file and line of that rate."),
    Column("closing_value", Decimal, "What is open at the closing rate.", money="functional", total=True),
    Column("unrealised", Decimal, "Gain (positive) or loss not realised yet.", money="functional", total=True),
    Column("policy", str, "The policy in force on the closing day."),
    Column("calculation", str, "How the figures come about."),
    Column("file", str, "File of the entry."),
    Column("line", int, "Line of the posting."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """The open items in foreign currencies as of the closing day, by customer, currency and date."""
    found = revalue(narrowed(view, question, NAMES))
    ordered = sorted(found.items, key=lambda each: _order(view, each))
    rows = [_row(view, each) for each in ordered]
    shown = view.book.digits() | digits(view.book, {each.rule.currency for each in found.items})
    # What is booked is booked for a customer, which conditions may have left out in part.
    notes = _notes(view, () if question.where or question.customer else balances(view, found))
    return Report(
        "revaluation", "Revaluation", view.as_of, COLUMNS, filtered(rows, COLUMNS, question), notes, shown,
        found.problems,
    )  # fmt: skip


def _order(view: View, each: Revalued) -> tuple[object, ...]:
    items = view.book.items
    pocket = view.book.pockets[items.pocket[each.item]]
    return (
        pocket.customer, pocket.currency, items.date[each.item], items.number[each.item],
        items.instalment[each.item], pocket.account, each.item,
    )  # fmt: skip


def _row(view: View, each: Revalued) -> Row:
    book = view.book
    pocket = book.pockets[book.items.pocket[each.item]]
    file, line = book.texts.source(each.item)
    return (
        pocket.account, pocket.customer, book.name_of(pocket.customer),
        book.items.number[each.item], book.items.instalment[each.item] or None,
        datetime.date.fromordinal(book.items.date[each.item]), pocket.currency, each.outstanding,
        each.booked.rate, each.booked.told, each.rule.currency, each.carrying,
        each.closing.rate, each.closing.told, each.value, each.unrealised,
        each.rule.told, each.calculation(pocket.currency), file, line,
    )  # fmt: skip


def _notes(view: View, found: Sequence[Balance]) -> tuple[str, ...]:
    """What is booked of it, by functional currency; that nobody says how to value, where there is no policy."""
    if not view.book.settings.names(FORM.subject):
        return ('No policy "revaluation" says which currency the books are kept in: nothing is revalued.',)
    notes = []
    for currency in sorted({balance.place.currency for balance in found}):
        here = [balance for balance in found if balance.place.currency == currency]
        needed, booked = added(each.needed for each in here), added(each.booked for each in here)
        missing, back = added(each.to_book for each in here), added(each.to_take_back for each in here)
        notes.append(
            f"Booked for {view.as_of}: {booked:,} {currency} of {needed:,} {currency}; "
            f"to book {missing:,}, to take back the day after {back:,}."
        )
    return tuple(notes)
