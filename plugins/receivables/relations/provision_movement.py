"""Relation provision_movement: the allowance from opening to closing, and what is still to be booked."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from receivables.relations.amounts import digits, shown
from receivables.relations.question import Question, filtered
from receivables.report import Column, Report, Row
from receivables.rules.provision_movement import Movement, movements
from receivables.view import View


def _amount(name: str, about: str) -> Column:
    return Column(name, Decimal, about, money="currency", total=True)


COLUMNS: Final = (
    Column("portfolio", str, "The value of the policy's book-by; empty without one.", key=True),
    Column("currency", str, "Currency of the amounts.", key=True),
    _amount("opening", "The provision at the beginning of the period."),
    _amount("charge", "Added at the expense of the period."),
    _amount("release", "Given back to the result, because less is required."),
    _amount("used", "Debts written off against it."),
    _amount("recovered", "Brought back to it by debts that were paid after all."),
    _amount("exchange", "Changed by exchange rates; a loss of value of the allowance is negative."),
    _amount("other", "All other entries, as between two allowance accounts."),
    _amount("closing", "Opening + charge - release - used + recovered + exchange + other: the accounts' balance."),
    _amount("required", "The provision as of the day; empty where some of it cannot be told."),
    _amount("to_book", "Required less closing: what bean-ar provision --post proposes."),
)

_MONEY: Final = tuple(column.name for column in COLUMNS if column.money)


def evaluate(view: View, question: Question) -> Report:
    """The roll-forward from the period's first day (or from nothing) to the as-of date, by portfolio and currency."""
    found = movements(view, question.period_from)
    since = "the ledger's beginning" if question.period_from is None else str(question.period_from)
    return Report(
        "provision_movement",
        "Movement of the provision",
        view.as_of,
        COLUMNS,
        filtered([_row(view, row) for row in found.rows], COLUMNS, question),
        notes=(f"From {since} to {view.as_of}. A credit balance of the allowance is a positive provision.",),
        digits=view.book.digits() | digits(view.book, {row.currency for row in found.rows}),
        problems=found.problems,
    )


def _row(view: View, row: Movement) -> Row:
    amounts = (getattr(row, name) for name in _MONEY)
    told = (None if amount is None else shown(view.book, amount, row.currency) for amount in amounts)
    return (row.group, row.currency, *told)
