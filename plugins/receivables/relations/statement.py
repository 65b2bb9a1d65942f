"""Relation statement: a customer's account over a period: opening balance, every movement, running balance."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from receivables.facts import APPLY, NEVER_DUE
from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.view import View

COLUMNS: Final = (
    Column("date", datetime.date, "Date of the entry; for the opening balance the first day of the period."),
    Column("kind", str, "invoice, receipt, …; balance for the opening balance."),
    Column("number", str, "Document number."),
    Column("due", datetime.date, "Due date of the first instalment; empty for credits, refunds, reversals."),
    Column("description", str, "Narration of the entry."),
    Column("debit", Decimal, "What the movement adds to the account.", money="currency", total=True),
    Column("credit", Decimal, "What it takes from the account.", money="currency", total=True),
    Column("balance", Decimal, "Balance of the customer in this currency after the row.", money="currency"),
    Column("customer", str, "Customer code."),
    Column("currency", str, "Currency of the amounts."),
    Column("file", str, "File of the entry."),
    Column("line", int, "Line of its first posting."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)
OPENING_ROW: Final = "balance"


class StatementRow(NamedTuple):
    """One row of the relation; see `COLUMNS`."""

    date: datetime.date
    kind: str
    number: str | None
    due: datetime.date | None
    description: str
    debit: Decimal | None
    credit: Decimal | None
    balance: Decimal
    customer: str
    currency: str
    file: str | None
    line: int | None


class Activity(NamedTuple):
    """What happened to one customer in one currency over a period.

    Attributes:
      customer, currency: Whose and in what.
      opening: Balance before the period, in units.
      documents: The items of each document of the period, in order of date and number.
    """

    customer: str
    currency: str
    opening: int
    documents: tuple[tuple[int, ...], ...]


def activities(view: View, items: Sequence[int], period_from: datetime.date | None) -> Iterator[Activity]:
    """The activity of each customer and currency that has a movement up to the as-of date.

    Args:
      view: Gives the last day of the period.
      items: The items to consider, in the order of the book.
      period_from: First day of the period; None for everything.
    """
    book = view.book
    first_day = 0 if period_from is None else period_from.toordinal()
    opening: dict[tuple[str, str], int] = {}
    documents: dict[tuple[str, str], dict[int, list[int]]] = {}
    for item in items:
        pocket = book.pockets[book.items.pocket[item]]
        key = (pocket.customer, pocket.currency)
        opening.setdefault(key, 0)
        if book.items.day[item] < first_day:
            opening[key] += book.items.amount[item]
        else:
            documents.setdefault(key, {}).setdefault(book.items.first[item], []).append(item)
    for key in sorted(opening):
        of_key = _without_moves(view, documents.get(key, {}))
        ordered = sorted(of_key, key=lambda document: _by_day(view, document))
        yield Activity(*key, opening[key], tuple(ordered))


def _by_day(view: View, document: tuple[int, ...]) -> tuple[object, ...]:
    """Debits before credits within a day, then by number; the rest only keeps the files' order out of it."""
    items, first = view.book.items, document[0]
    amount = sum(items.amount[item] for item in document)
    what = (view.document_kind(document), items.due[first], view.book.texts.description(first))
    return items.day[first], amount < 0, items.number[first], amount, *what, first


def _without_moves(view: View, documents: dict[int, list[int]]) -> list[tuple[int, ...]]:
    """The documents without #apply entries that only move a credit within the account."""
    items = view.book.items
    moved: dict[tuple[int, tuple[str, int]], int] = {}
    for first, of_document in documents.items():
        if view.kind(first) == APPLY:
            key = (items.day[first], _entry(view, first))
            moved[key] = moved.get(key, 0) + sum(items.amount[item] for item in of_document)
    return [
        tuple(of_document)
        for first, of_document in documents.items()
        if view.kind(first) != APPLY or moved[(items.day[first], _entry(view, first))]
    ]


def _entry(view: View, item: int) -> tuple[str, int]:
    return view.book.texts.entry(item)


def evaluate(view: View, question: Question) -> Report:
    """The statement of each customer and currency, one after the other.

    The closing balance is the balance of the last row; opening plus debits less credits equals it.
    """
    book = view.book
    keep = keeper_for(book, question, NAMES)
    chosen = [item for item in range(view.item_count) if keep is None or keep(item)]
    rows: list[Row] = []
    for activity in activities(view, chosen, question.period_from):
        rows.extend(activity_rows(view, activity, question.period_from))
    title = "Statement of account"
    if question.customer is not None and question.customer in book.customers:
        title = f"{title}, {question.customer} {book.customers[question.customer].name},"
    return Report(
        "statement",
        title,
        view.as_of,
        COLUMNS,
        filtered(rows, COLUMNS, question),
        (),
        book.digits(),
    )


def activity_rows(view: View, activity: Activity, period_from: datetime.date | None) -> Iterator[StatementRow]:
    """The rows of one customer and currency: the opening balance, then every document."""
    book = view.book
    items, texts = book.items, book.texts
    scale = book.scales[activity.currency]
    balance = activity.opening
    start = period_from or (
        datetime.date.fromordinal(items.day[activity.documents[0][0]]) if activity.documents else view.as_of
    )
    yield StatementRow(
        start, OPENING_ROW, None, None, "Opening balance", None, None, scale.decimal(balance),
        activity.customer, activity.currency, None, None,
    )  # fmt: skip
    for of_document in activity.documents:
        first = of_document[0]
        amount = sum(items.amount[item] for item in of_document)
        balance += amount
        file, line = texts.source(first)
        due = datetime.date.fromordinal(min(items.due[item] for item in of_document))
        yield StatementRow(
            date=datetime.date.fromordinal(items.day[first]),
            kind=view.document_kind(of_document),
            number=items.number[first],
            due=due if amount > 0 and view.kind(first) not in NEVER_DUE else None,
            description=texts.description(first),
            debit=scale.decimal(amount) if amount > 0 else None,
            credit=scale.decimal(-amount) if amount < 0 else None,
            balance=scale.decimal(balance),
            customer=activity.customer,
            currency=activity.currency,
            file=file,
            line=line,
        )
