"""Relation penalties: what late payment costs, a row for every segment of constant principal and rate."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from receivables.book import Book
from receivables.facts import PENALTY
from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.rules.penalties import Charge, Penalties, charges
from receivables.view import View

COLUMNS: Final = (
    Column("customer", str, "Customer code."),
    Column("number", str, "Number of the document that is late."),
    Column("currency", str, "Currency of the amounts."),
    Column(
        "from", datetime.date, "Where the segment begins; this day is not counted. Empty for what days do not make."
    ),
    Column("to", datetime.date, "Last day of the segment: it is counted."),
    Column("days", int, "Days of the segment, as the policy counts them."),
    Column("principal", Decimal, "What bore interest; for other lines, the sum that was late.", money="currency"),
    Column("rate", Decimal, "The rate in percent."),
    Column("amount", Decimal, "What it costs; negative for what is taken off.", money="currency", total=True),
    Column("policy", str, "Name of the penalty policy; empty for the one without a name."),
    Column("per", str, "The time of the rate: day, month or year."),
    Column("component", str, "interest, cap, waived, minimum, fixed-sum, or the event that is charged for."),
    Column("calculation", str, "How the amount comes about."),
    Column("instalment", int, "Instalment of the document; empty where it has none."),
    Column("due", datetime.date, "Due date of the item."),
    Column("account", str, "The receivable account."),
    Column("name", str, "Customer name."),
    Column("source", str, "The law or contract that the policy names."),
    Column("policy_date", datetime.date, "Since when the policy is in force: the one of the first day of the delay."),
    Column("file", str, "File of the late document."),
    Column("line", int, "Line of its posting."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """The penalties up to the end of the as-of date, by customer, currency, due date and number."""
    found = charges(view, keeper_for(view.book, question, NAMES))
    ranks = view.of_book("penalty ranks", lambda: _Ranks(view.book))
    # Stable: the lines of one item keep their order.
    ordered = sorted(found.charges, key=lambda charge: ranks.of(charge.item))
    rows = [row_of(view, charge) for charge in ordered] if view.lasting is None else _rows(view, found, ordered)
    return Report(
        "penalties",
        "Penalties",
        view.as_of,
        COLUMNS,
        filtered(rows, COLUMNS, question),
        notes=notes(view, found),
        digits=view.book.digits(),
        problems=found.problems,
    )


def _rows(view: View, found: Penalties, ordered: Sequence[Charge]) -> list[Row]:
    """The rows of charges; what rests is the same charge, and so the same row, on every later day."""
    known: dict[int, tuple[Charge, Row]] = view.of_book("penalty rows", dict)
    rows = []
    for charge in ordered:
        held = known.get(id(charge))
        if held is None or held[0] is not charge:
            held = charge, row_of(view, charge)
            if charge.item in found.resting:
                known[id(charge)] = held
        rows.append(held[1])
    return rows


class _Ranks:
    """How items stand in order: by customer, currency, due date and number; each is looked up once."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._known: dict[int, tuple[object, ...]] = {}

    def of(self, item: int) -> tuple[object, ...]:
        """What an item is sorted by."""
        found = self._known.get(item)
        if found is None:
            items = self._book.items
            pocket = self._book.pockets[items.pocket[item]]
            found = self._known[item] = (
                pocket.customer, pocket.currency, items.due[item], items.number[item], items.instalment[item],
                pocket.account,
            )  # fmt: skip
        return found


def notes(view: View, found: Penalties) -> tuple[str, ...]:
    """What a reader must know beside the figures."""
    told = ["The due day is not counted, the day of payment is; what was charged before is part of it."]
    sources = {(charge.policy.name, charge.policy.source) for charge in found.charges if charge.policy.source}
    told += [f"{name or 'penalty'}: {source}" for name, source in sorted(sources)]
    named = sorted(filter(None, view.book.settings.names(PENALTY)))
    if not found.charges and named:
        told.append(f"Policies are set ({', '.join(named)}), but for nothing that is late: penalty: names one.")
    if found.before_policy:
        told.append(f"Items that were late before the first day of their policy bear nothing: {found.before_policy}.")
    told += [f"{item.severity.capitalize()}: {item.message}." for item in found.problems]
    return tuple(told)


def row_of(view: View, charge: Charge) -> Row:
    """The row of one charge."""
    book, item = view.book, charge.item
    items = book.items
    pocket = book.pockets[items.pocket[item]]
    file, line = book.texts.source(item)
    return (
        pocket.customer, items.number[item], pocket.currency, charge.start, charge.end, charge.days, charge.principal,
        charge.rate, charge.amount, charge.policy.name, charge.per, charge.component, charge.calculation,
        items.instalment[item] or None, datetime.date.fromordinal(items.due[item]), pocket.account,
        book.name_of(pocket.customer), charge.policy.source, charge.policy.date, file, line,
    )  # fmt: skip
