"""Relation vouchers: what became of each number of the receipt books: used for which receipt, void, missing."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from receivables.book import Book
from receivables.lookup import Lookup
from receivables.places import Place, place_of, told_place
from receivables.relations.amounts import digits, shown
from receivables.relations.in_hand import names_of
from receivables.relations.question import Question, filtered, split_conditions
from receivables.report import Column, Report, Row
from receivables.rules.receipt_books import Voucher, kept
from receivables.view import View

COLUMNS: Final = (
    Column("book", str, "The book; empty for a number that is in none."),
    Column("voucher", str, "The number.", key=True),
    Column("status", str, "used, twice, void, void and used, missing or not in a book.", key=True),
    Column(
        "date", datetime.date,
        "Day of the receipt; from which a number is void; on which a higher number than a missing one was first used.",
    ),
    Column("number", str, "The receipt that has it."),
    Column("customer", str, "Customer code; several with commas."),
    Column("name", str, "Customer name."),
    Column("currency", str, "Currency of the amount."),
    Column("amount", Decimal, "What was received with it.", money="currency", total=True),
    Column("holder", str, "Who held the book on that day; empty for nobody."),
    Column("received_by", str, "Who received the money, where the entry or the account says it."),
    Column("remark", str, "What is odd, and why a number is void."),
    Column("file", str, "File of the receipt, of the line that makes it void, or of the book."),
    Column("line", int, "Its line."),
)  # fmt: skip

NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """The numbers that are used, void or missing, book by book; those in no book come last."""
    book = view.book
    first = question.period_from or datetime.date.min
    keep = _keeper(view, question)
    rows = [
        row
        for voucher in kept(book.settings.receipt_books, book.vouchers, view.as_of).vouchers
        if voucher.date >= first and keep(voucher)
        for row in _rows(book, voucher)
    ]
    chosen = filtered(rows, COLUMNS, question)
    places = digits(book, {str(row[7]) for row in chosen if row[7]})
    return Report("vouchers", "Receipt vouchers", view.as_of, COLUMNS, chosen, (), places)


def _keeper(view: View, question: Question) -> Callable[[Voucher], bool]:
    """A test for the conditions on customer and metadata: of the receipt, its account, its customer."""
    book, conditions = view.book, split_conditions(question, NAMES)[1]
    lookup = Lookup(book)
    items: dict[Place, int] = {}
    if conditions:
        items = {book.texts.source(item): item for item in range(view.item_count)}

    def keep(voucher: Voucher) -> bool:
        customers = () if voucher.use is None else voucher.use.customers
        if question.customer is not None and question.customer not in customers:
            return False
        item = items.get(place_of(book.folder, voucher.source))
        return all(
            condition.holds(None if item is None else lookup.of_item(item, condition.key)) for condition in conditions
        )

    return keep


def _rows(book: Book, voucher: Voucher) -> list[Row]:
    """A row, or one for each currency of what was received."""
    use = voucher.use
    amounts = use.amounts if use is not None and voucher.whole else ()
    remarks = [*voucher.remarks]
    if voucher.other is not None:
        too = f"used by {voucher.other.number or 'other money'} too ({told_place(book.folder, voucher.other.source)})"
        remarks.append(too if voucher.times == 2 else f"{too}, {voucher.times} times in all")
    if use is not None and not voucher.whole:
        remarks.append("the amount stands with the receipt's first voucher")
    return [
        (
            voucher.book, voucher.voucher, voucher.status, voucher.date, use.number if use else "",
            ", ".join(use.customers) if use else "", names_of(book, use.customers) if use else "",
            currency, None if amount is None else shown(book, amount, currency), voucher.holder,
            use.received_by if use else "", "; ".join(remarks), *place_of(book.folder, voucher.source),
        )
        for currency, amount in amounts or (("", None),)
    ]  # fmt: skip
