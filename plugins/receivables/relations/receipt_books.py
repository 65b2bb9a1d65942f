"""Relation receipt_books: who holds which book of vouchers, and how many of its numbers are used, void or missing."""

from __future__ import annotations

import datetime
from typing import Final

from receivables.places import place_of
from receivables.relations.question import Question, filtered
from receivables.report import Column, Report, Row
from receivables.rules.receipt_books import BookState, kept
from receivables.view import View

COLUMNS: Final = (
    Column("book", str, "The book.", key=True),
    Column("holder", str, "Who holds it; empty for nobody.", key=True),
    Column("since", datetime.date, "Since when."),
    Column("first", str, "Its first number."),
    Column("last", str, "Its last number."),
    Column("count", int, "How many numbers it has: the sum of used, void, missing and unused."),
    Column("used", int, "How many of them receipts have."),
    Column("void", int, "How many are void and not used."),
    Column("missing", int, "How many are neither, although a higher number was used."),
    Column("unused", int, "How many are left above the highest that was used."),
    Column("twice", int, "How many of the used ones were used more than once."),
    Column(
        "irregular", int,
        "How many of the used ones are void, or were used by somebody else than the holder, before or after his time.",
    ),
    Column("next", str, "The number for the next receipt; empty when none is left or the book was returned."),
    Column("last_used", datetime.date, "The day of the latest receipt."),
    Column("returned", datetime.date, "The day on which it was returned; empty while somebody holds it."),
    Column("file", str, "File of the line that sets its numbers."),
    Column("line", int, "That line."),
)  # fmt: skip


def evaluate(view: View, question: Question) -> Report:
    """The books as of a day, by name."""
    book = view.book
    states = kept(book.settings.receipt_books, book.vouchers, view.as_of).books
    rows = [_row(book.folder, state) for state in states]
    return Report("receipt_books", "Receipt books", view.as_of, COLUMNS, filtered(rows, COLUMNS, question))


def _row(folder: str, state: BookState) -> Row:
    return (
        state.name, state.holder, state.since, state.first, state.last, state.size, state.used, state.void,
        state.missing, state.unused, state.twice, state.irregular, state.next, state.last_used, state.returned,
        *place_of(folder, state.source),
    )  # fmt: skip
