"""Relation group_movements: every posting on an account between companies, with the balance that it makes."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

from receivables.lookup import Lookup
from receivables.money import added
from receivables.places import place_of
from receivables.relations.amounts import digits, shown
from receivables.relations.question import Question, filtered, split_conditions
from receivables.report import Column, Report, Row
from receivables.rules.group import Movement, movements
from receivables.view import View

COLUMNS: Final = (
    Column("date", datetime.date, "Date of the entry; for an opening balance the first day of the period."),
    Column("entity", str, "The company whose account it is; empty where the account does not say.", key=True),
    Column("with", str, "The other company.", key=True),
    Column("currency", str, "Currency of the amounts.", key=True),
    Column(
        "amount", Decimal, "Positive when the other owes more by it; empty for an opening balance.",
        money="currency", total=True,
    ),
    Column("balance", Decimal, "What the other owes after it; negative is owed to the other.", money="currency"),
    Column(
        "open", Decimal, "How much of it is not settled on the as-of date, the oldest being settled first.",
        money="currency", total=True,
    ),
    Column("customer", str, "Whose payment it is; empty when it is nobody's, or several customers'."),
    Column("number", str, "Number of the receipt or other entry."),
    Column("description", str, "Narration of the entry; Opening balance for what was before the period."),
    Column("both", bool, "Whether the entry has the opposite on the other company's accounts."),
    Column("account", str, "The account."),
    Column("file", str, "File of the posting."),
    Column("line", int, "Its line."),
)  # fmt: skip

NAMES: Final = tuple(column.name for column in COLUMNS)
OPENING: Final = "Opening balance"


def evaluate(view: View, question: Question) -> Report:
    """The movements up to the as-of date (from the period's first day on), by company, other, currency and day.

    Without conditions the open amounts of a company, other and currency add up to its balance, and so do the amounts
    when there is no period.
    """
    found = movements(view)
    rows: list[Row] = []
    keys = groupby(found, key=lambda each: (each.entity, each.other, each.booked.currency))
    for _, of_key in keys:
        rows.extend(_rows(view, list(of_key), question))
    return Report(
        "group_movements",
        "Movements between companies",
        view.as_of,
        COLUMNS,
        filtered(rows, COLUMNS, question),
        notes=("Positive: the other company owes more. What is paid back settles the oldest first.",),
        digits=digits(view.book, {each.booked.currency for each in found}),
    )


def _rows(view: View, of_key: Sequence[Movement], question: Question) -> Iterator[Row]:
    lookup = Lookup(view.book)
    on_metadata = split_conditions(question, NAMES)[1]
    first = question.period_from
    before = [each for each in of_key if first is not None and each.booked.date < first]
    narrow = question.customer is not None or bool(on_metadata)
    if before and first is not None and not narrow and (before[-1].balance or any(each.open for each in before)):
        yield _opening(view, before, first)
    for each in of_key[len(before) :]:
        chosen = question.customer in (None, each.customer)
        if chosen and all(c.holds(lookup.of_customer(each.customer, c.key)) for c in on_metadata):
            yield _row(view, each)


def _opening(view: View, before: Sequence[Movement], first: datetime.date) -> Row:
    last = before[-1]
    currency = last.booked.currency
    rest = added(each.open for each in before)
    return (
        first, last.entity, last.other, currency, None, shown(view.book, last.balance, currency),
        shown(view.book, rest, currency), "", "", OPENING, None, "", None, None,
    )  # fmt: skip


def _row(view: View, each: Movement) -> Row:
    booked = each.booked
    file, line = place_of(view.book.folder, booked.source)
    amounts = (shown(view.book, amount, booked.currency) for amount in (booked.amount, each.balance, each.open))
    return (
        booked.date, each.entity, each.other, booked.currency, *amounts, each.customer, each.number, booked.narration,
        each.both, booked.account, file, line,
    )  # fmt: skip
