"""Relation proposals: how each bank line would be applied, why, and what it may be instead."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from receivables.book import Book
from receivables.money import iso_digits
from receivables.relations.question import Condition
from receivables.report import Column, Report, Row
from receivables.view import scale_of
from receivables_importers.application.deciding.any_entry import no_account
from receivables_importers.application.matching import Matched
from receivables_importers.application.model import AUTO, NOTHING, REVIEW, Applied, Proposed
from receivables_importers.application.open_items import label_of

COLUMNS: Final = (
    Column("date", datetime.date, "Day on which the bank booked it."),
    Column("amount", Decimal, "Positive for what came in.", money="currency", total=True, key=True),
    Column("currency", str, "Currency of the amounts."),
    Column("counterparty", str, "Who paid, in the bank's words.", key=True),
    Column("remittance", str, "What the payer wrote."),
    Column("decision", str, "auto: --post books it; review: a person decides; nothing: there is nothing to apply."),
    Column("customer", str, "Code of the customer, the likeliest where a person decides; of a deposit all who paid."),
    Column("name", str, "The customer's name."),
    Column(
        "allocations",
        str,
        "What is settled: document, instalment and amount; a credit that is netted is negative; of a deposit what it "
        "consists of.",
    ),
    Column("residual", Decimal, "What stays on account; negative: what is settled without money.", money="currency"),
    Column("reason", str, "Why the money is not what is open, or what the line is when it is no receipt."),
    Column("evidence", str, "What speaks for it."),
    Column("waits_for", str, "Why a person should look; empty otherwise."),
    Column("runner_up", str, "The next likeliest customer with what it would settle."),
    Column("account", str, "The ledger's bank account."),
    Column("file", str, "File of the bank line."),
    Column("place", str, "Line, row or path in the file."),
    Column("id", str, "Id of the bank line."),
)

BRIEF: Final = (
    "date", "amount", "currency", "counterparty", "decision", "customer", "allocations", "residual", "reason",
    "waits_for",
)  # fmt: skip
"""The columns that people read in a terminal."""

NAMES: Final = tuple(column.name for column in COLUMNS)


def report(book: Book, matched: Matched, where: Sequence[Condition] = ()) -> Report:
    """The relation `proposals`, in the order of the lines, with the rows for which all conditions on columns hold.

    Raises ConditionError for a condition that cannot be compared.
    """
    conditions = [(NAMES.index(condition.key), condition) for condition in where]
    rows = [
        row
        for row in (row_of(book, proposed) for proposed in matched.proposals)
        if all(condition.holds(row[position]) for position, condition in conditions)
    ]
    currencies = {proposed.line.currency for proposed in matched.proposals}
    digits = {each: book.scales[each].digits if each in book.scales else iso_digits(each) for each in currencies}
    days = [proposed.line.booked for proposed in matched.proposals] + [line.booked for line in matched.known]
    last = max(days, default=book.last_day or datetime.date(1970, 1, 1))
    return Report("proposals", "Cash application", last, COLUMNS, rows, notes(matched), digits)


def brief(report: Report) -> Report:
    """The report for a terminal; all columns are in the other formats."""
    kept = [report.position(name) for name in BRIEF]
    return report._replace(
        columns=tuple(report.columns[place] for place in kept),
        rows=[tuple(row[place] for place in kept) for row in report.rows],
        notes=(*report.notes, "evidence, runners-up, texts and ids are in the other formats"),
    )


def notes(matched: Matched) -> tuple[str, ...]:
    """How many lines are decided, wait, and are known; and which bank account nobody knows."""
    counts = {decision: sum(each.decision == decision for each in matched.proposals) for decision in _COUNTED}
    told = [f"{count:,} {_COUNTED[decision]}" for decision, count in counts.items() if count]
    if matched.known:
        told.append(f"{len(matched.known):,} booked already and left out")
    # In a table of many columns the reason why all lines wait may be cut off.
    strange = [no_account(each.line) for each in matched.proposals if each.decision == REVIEW and not each.account]
    return (*([f"Bank lines: {', '.join(told)}."] if told else []), *dict.fromkeys(strange))


_COUNTED: Final = {AUTO: "decided", REVIEW: "for a person", NOTHING: "with nothing to apply"}


def row_of(book: Book, proposed: Proposed) -> Row:
    """The row of one proposal."""
    line, applied = proposed.line, proposed.applied
    scale = scale_of(book, line.currency)
    residual = applied.on_account - sum(each.units for each in applied.deductions)
    best = proposed.runners_up[0] if proposed.runners_up else None
    customers = applied.in_hand.customers if applied.in_hand is not None else (applied.customer,)
    return (
        line.booked, line.amount, line.currency, line.counterparty, line.remittance, proposed.decision,
        ", ".join(customers), ", ".join(name_of(book, code) for code in customers), allocations_of(book, applied),
        scale.decimal(residual) if proposed.decision != NOTHING and line.amount > 0 else None,
        ", ".join(applied.reasons) or proposed.nature, "; ".join(applied.evidence), "; ".join(proposed.obstacles),
        "" if best is None else _told(book, best),
        proposed.account, line.file, line.place, line.id,
    )  # fmt: skip


def _told(book: Book, applied: Applied) -> str:
    if applied.in_hand is not None:
        return applied.in_hand.told
    return f"{applied.customer} {name_of(book, applied.customer)}: {allocations_of(book, applied) or 'on account'}"


def name_of(book: Book, code: str) -> str:
    """What a customer is called; "" for none."""
    customer = book.customers.get(code)
    return code if customer is None else customer.name


def allocations_of(book: Book, applied: Applied) -> str:
    """What is settled, in words: "INV-1 100.00, INV-2/1 50.00"; of a deposit what it consists of."""
    items, told = book.items, []
    if applied.in_hand is not None:
        told.append(applied.in_hand.told)
    for each in applied.allocations:
        currency = book.pockets[items.pocket[each.item]].currency
        told.append(f"{label_of(book, each.item)} {book.scales[currency].decimal(each.units):,}")
    return ", ".join(told)
