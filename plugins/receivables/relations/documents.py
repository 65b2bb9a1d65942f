"""Relation documents: every document up to a day, one row a document, with what is open of it."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from receivables.book import Book
from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.view import View

COLUMNS: Final = (
    Column("account", str, "The receivable account."),
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("number", str, "Document number."),
    Column("kind", str, "invoice, receipt, credit-memo, …"),
    Column("date", datetime.date, "Document date."),
    Column("due", datetime.date, "Due date of the last instalment; empty for a credit."),
    Column("currency", str, "Currency of the amounts."),
    Column("instalments", int, "How many items the document has."),
    Column("original", Decimal, "Original amount, negative for a credit.", money="currency", total=True),
    Column("settled", Decimal, "What has been settled of it.", money="currency", total=True),
    Column("outstanding", Decimal, "What is open.", money="currency", total=True),
    Column("status", str, "open, partly settled or settled."),
    Column("description", str, "Narration of the entry."),
    Column("terms", str, "Payment terms as written; empty where the entry states the due date."),
    Column("file", str, "File of the entry."),
    Column("line", int, "Line of its first posting."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """The documents dated up to the as-of date (from the period's first day on), by customer and date."""
    book = view.book
    items = book.items
    keep = keeper_for(book, question, NAMES)
    opened = dict(zip(view.items, view.outstanding, strict=True))
    members: dict[int, list[int]] = {}
    for item in range(view.item_count):
        members.setdefault(items.first[item], []).append(item)
    first_day = question.first_day
    rows: list[Row] = [
        document_row(view, chosen, opened)
        for first, of_document in members.items()
        if items.day[first] >= first_day and (chosen := _chosen(book, of_document, keep))
    ]
    rows.sort(key=lambda row: (row[1], row[5], row[3], row[7], row[9]))
    return Report("documents", "Documents", view.as_of, COLUMNS, filtered(rows, COLUMNS, question), (), book.digits())


def _chosen(book: Book, of_document: list[int], keep: Callable[[int], bool] | None) -> list[int]:
    """The whole document when some of it is asked for; of one on several accounts only what stands on those asked for.

    A receipt for several companies is one document, and each of them has its own part of it.
    """
    if keep is None:
        return of_document
    kept = [item for item in of_document if keep(item)]
    several = len({book.items.pocket[item] for item in of_document}) > 1
    return of_document if kept and not several else kept


def document_row(view: View, of_document: list[int], opened: dict[int, int]) -> Row:
    """The row of the document that has these items."""
    book = view.book
    items, first = book.items, of_document[0]
    pocket = book.pockets[items.pocket[first]]
    scale = book.scales[pocket.currency]
    original = sum(items.amount[item] for item in of_document)
    outstanding = sum(opened.get(item, 0) for item in of_document)
    status = "settled" if not outstanding else "open" if outstanding == original else "partly settled"
    due = max(items.due[item] for item in of_document)
    file, line = book.texts.source(first)
    return (
        pocket.account, pocket.customer, book.name_of(pocket.customer),
        items.number[first], view.document_kind(of_document),
        datetime.date.fromordinal(items.date[first]),
        None if original < 0 else datetime.date.fromordinal(due), pocket.currency, len(of_document),
        scale.decimal(original), scale.decimal(original - outstanding), scale.decimal(outstanding), status,
        book.texts.description(first), book.texts.terms(first), file, line,
    )  # fmt: skip
