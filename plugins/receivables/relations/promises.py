"""Relation promises: what customers promised to pay, and whether it came in time."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Final

from receivables.lookup import Lookup
from receivables.places import place_of
from receivables.relations.question import Question, filtered, split_conditions
from receivables.report import Column, Report, Row
from receivables.rules.promises import Promise, promises
from receivables.view import View

COLUMNS: Final = (
    Column("date", datetime.date, "Day of the promise."),
    Column("account", str, "The account of the note."),
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("documents", str, "Numbers that it names, separated by commas; empty when it is about everything."),
    Column("currency", str, "Currency of the amounts."),
    Column("amount", Decimal, "What is promised.", money="currency", total=True),
    Column("by", datetime.date, "The last day on which paying keeps it."),
    Column("received", Decimal, "What came from the day of the promise to its last day.", money="currency", total=True),
    Column("missing", Decimal, "What is promised less what came.", money="currency", total=True),
    Column("status", str, "open, kept or broken."),
    Column("outstanding", Decimal, "What is open now of the documents that it is about.", money="currency"),
    Column("collector", str, "Who collects, from the customer's metadata."),
    Column("comment", str, "The text of the note."),
    Column("file", str, "File of the note."),
    Column("line", int, "Its line."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """The promises up to the as-of date, in order of their last day."""
    lookup = Lookup(view.book)
    on_metadata = split_conditions(question, NAMES)[1]
    rows = [
        _row(view, lookup, promise)
        for promise in promises(view)
        if question.customer in (None, promise.event.customer)
        and all(condition.holds(lookup.of_customer(promise.event.customer, condition.key)) for condition in on_metadata)
    ]
    return Report(
        "promises",
        "Promises",
        view.as_of,
        COLUMNS,
        filtered(rows, COLUMNS, question),
        notes=(
            "Kept when the receipts from its day to its last day are enough, or nothing of its documents is open then.",
        ),
        digits=view.book.digits(),
    )


def _row(view: View, lookup: Lookup, promise: Promise) -> Row:
    event = promise.event
    decimal = view.book.scales[promise.currency].decimal
    name, collector = lookup.of_customer(event.customer, "name"), lookup.of_customer(event.customer, "collector")
    return (
        event.date, event.account, event.customer, event.customer if name is None else str(name),
        ", ".join(event.documents), promise.currency, decimal(promise.units), event.by, decimal(promise.received),
        decimal(promise.units - promise.received), promise.status, decimal(promise.outstanding),
        None if collector is None else str(collector), event.comment, *place_of(view.book.folder, event.entry.meta),
    )  # fmt: skip
