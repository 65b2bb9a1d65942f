"""Relation penalty_balances: for each document the penalties computed, charged before, and left to charge."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Final

from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.rules.penalties import charges
from receivables.rules.penalty_balances import Balance, balances
from receivables.view import View

COLUMNS: Final = (
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("account", str, "The receivable account."),
    Column("number", str, "Number of the document that is late."),
    Column("currency", str, "Currency of the amounts."),
    Column("due", datetime.date, "Due date of its first late instalment."),
    Column("computed", Decimal, "What late payment costs up to the as-of date.", money="currency", total=True),
    Column("charged", Decimal, "What was charged for it up to the as-of date.", money="currency", total=True),
    Column("to_charge", Decimal, "What is left to charge; negative to give back.", money="currency", total=True),
    Column("policy", str, "Name of the penalty policy; empty for the one without a name."),
    Column("file", str, "File of the late document."),
    Column("line", int, "Line of its posting."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """The balances of all documents with a penalty, by customer, currency, due date and number."""
    keep = keeper_for(view.book, question, NAMES)
    found = charges(view, keep)
    kept = [
        balance
        for balance in balances(view, found.charges)
        if (keep is None or (balance.item is not None and keep(balance.item)))
    ]
    rows = sorted((_row(view, balance) for balance in kept), key=lambda row: (row[0], row[4], str(row[5]), row[3]))
    return Report(
        "penalty_balances",
        "Penalties to charge",
        view.as_of,
        COLUMNS,
        filtered(rows, COLUMNS, question),
        notes=tuple(f"{item.severity.capitalize()}: {item.message}." for item in found.problems),
        digits=view.book.digits(),
        problems=found.problems,
    )


def _row(view: View, balance: Balance) -> Row:
    book = view.book
    file, line = ("", None) if balance.item is None else book.texts.source(balance.item)
    due = None if balance.item is None else datetime.date.fromordinal(book.items.due[balance.item])
    return (
        balance.customer, book.name_of(balance.customer), balance.account, balance.number,
        balance.currency, due, balance.computed, balance.charged, balance.to_charge,
        "" if balance.policy is None else balance.policy.name, file, line,
    )  # fmt: skip
