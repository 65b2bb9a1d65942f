"""Relation bad_debts: what was written off and what was recovered in a period, by document, portfolio and reason."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, Final

from receivables.facts import Event
from receivables.lookup import Lookup
from receivables.places import place_of, told_place
from receivables.relations.amounts import digits
from receivables.relations.question import Question, filtered, keeper, split_conditions
from receivables.report import Column, Report, Row
from receivables.rules.bad_debts import Flow, Recovery, day_of, days_overdue, flows, recoveries
from receivables.rules.write_off import approves_write_off, portfolio_key
from receivables.view import View, scale_of

COLUMNS: Final = (
    Column("date", datetime.date, "Date of the entry."),
    Column("kind", str, "write-off, reversal (of a write-off) or recovery."),
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("portfolio", str, "The metadata that the policy names, entity by default."),
    Column("number", str, "Number of the write-off; of a recovery, that of what it recovers."),
    Column("reason", str, "The write-off's reason: else its narration."),
    Column("currency", str, "Currency of the amounts."),
    Column(
        "written_off", Decimal, "Given up; negative where a write-off of the same period is taken back.",
        money="currency", total=True,
    ),
    Column(
        "recovered", Decimal, "Came in after all, or a write-off of an earlier period was taken back.",
        money="currency", total=True,
    ),
    Column("net", Decimal, "Written off less recovered.", money="currency", total=True),
    Column("document", str, "Number of what was given up; empty where no document took it."),
    Column("instalment", int, "Its instalment; empty where it has none."),
    Column("document_date", datetime.date, "Its date."),
    Column("days_overdue", int, "How long it was overdue when it was written off."),
    Column("approval", str, "Who approved, as the entry says, else the day and place of the approval note."),
    Column("file", str, "File of the entry."),
    Column("line", int, "Line of its posting."),
)  # fmt: skip

NAMES: Final = tuple(column.name for column in COLUMNS)
RECOVERY: Final = "recovery"


def evaluate(view: View, question: Question) -> Report:
    """The write-offs, reversals and recoveries up to the as-of date (from the period's first day on), by date."""
    book = view.book
    conditions = split_conditions(question, NAMES)[1]
    keep = keeper(book, question, conditions)
    lookup = Lookup(book)
    first = question.first_day
    written_off = flows(view)
    rows = [
        _flow_row(view, lookup, flow, first)
        for flow in written_off
        if flow.day >= first
        and (keep is None or keep(flow.write_off) or (flow.document is not None and keep(flow.document)))
    ]
    for recovery in recoveries(view, written_off):
        if recovery.booked.date.toordinal() < first:
            continue
        owner = recovery.write_off if recovery.write_off is not None else recovery.document
        if owner is not None:
            kept = keep is None or keep(owner)
        else:
            kept = question.customer in (None, recovery.customer) and all(
                condition.holds(_said(lookup, recovery, condition.key)) for condition in conditions
            )
        if kept:
            rows.append(_recovery_row(view, lookup, recovery))
    rows.sort(key=_order)
    shown = view.book.digits() | digits(view.book, {str(row[NAMES.index("currency")]) for row in rows})
    return Report("bad_debts", "Bad debts", view.as_of, COLUMNS, filtered(rows, COLUMNS, question), (), shown)


def _order(row: Row) -> tuple[object, ...]:
    """By date, customer, currency, number and document; the place tells apart what is left."""
    value = dict(zip(NAMES, row, strict=True))
    return (
        value["date"], value["customer"], value["currency"], value["number"], value["document"],
        value["instalment"] or 0, value["file"], value["line"], value["written_off"], value["recovered"],
    )  # fmt: skip


def _flow_row(view: View, lookup: Lookup, flow: Flow, first: int) -> Row:
    book, items = view.book, view.book.items
    pocket = book.pockets[items.pocket[flow.write_off]]
    amount = book.scales[pocket.currency].decimal(flow.units)
    nothing = book.scales[pocket.currency].decimal(0)
    # What is taken back of an earlier period's loss is this period's gain, not less of a loss.
    earlier = items.day[flow.write_off] < first
    written_off, recovered = (nothing, -amount) if earlier else (amount, nothing)
    file, line = book.texts.source(flow.cause)
    return (
        datetime.date.fromordinal(flow.day), view.kind(flow.cause), pocket.customer, book.name_of(pocket.customer),
        _portfolio(view, lookup, flow.write_off if flow.document is None else flow.document),
        items.number[flow.write_off], _reason(view, flow.write_off), pocket.currency, written_off, recovered, amount,
        *_document(view, flow.write_off, flow.document), _approval(view, flow.write_off, flow.document), file, line,
    )  # fmt: skip


def _recovery_row(view: View, lookup: Lookup, recovery: Recovery) -> Row:
    booked = recovery.booked
    owner = recovery.document if recovery.document is not None else recovery.write_off
    key = portfolio_key(view.book.settings, view.as_of)
    said = lookup.of_customer(recovery.customer, key)
    number = view.book.items.number
    nothing = Decimal(0).scaleb(-scale_of(view.book, booked.currency).digits)
    reason = booked.details.get("reason")
    if reason is None and recovery.write_off is not None:
        reason = _reason(view, recovery.write_off)
    return (
        booked.date, RECOVERY, recovery.customer, view.book.name_of(recovery.customer),
        _portfolio(view, lookup, owner) if owner is not None else "" if said is None else str(said),
        number[recovery.write_off] if recovery.write_off is not None else ", ".join(booked.links),
        "" if reason is None else str(reason), booked.currency, nothing, recovery.amount, -recovery.amount,
        *_document(view, recovery.write_off, recovery.document),
        "" if recovery.write_off is None else _approval(view, recovery.write_off, recovery.document),
        *place_of(view.book.folder, booked.source),
    )  # fmt: skip


def _document(view: View, write_off: int | None, document: int | None) -> Row:
    """Number, instalment and date of what was given up, and how long it was overdue then."""
    if document is None:
        return "", None, None, None
    items = view.book.items
    overdue = None if write_off is None else days_overdue(view, document, items.day[write_off])
    return items.number[document], items.instalment[document] or None, day_of(view, document), overdue


def _portfolio(view: View, lookup: Lookup, item: int) -> str:
    said = lookup.of_item(item, portfolio_key(view.book.settings, view.as_of))
    return "" if said is None else str(said)


def _said(lookup: Lookup, recovery: Recovery, key: str) -> Any:
    """What the entry of a recovery, else its customer, says under a key."""
    own = recovery.booked.details.get(key)
    return own if own is not None else lookup.of_customer(recovery.customer, key)


def _reason(view: View, write_off: int) -> str:
    said = view.book.texts.details(write_off).get("reason")
    return view.book.texts.description(write_off) if said is None else str(said)


def _approval(view: View, write_off: int, document: int | None) -> str:
    """What the write-off says of its approval, else the last note that approves it up to its day."""
    book, items = view.book, view.book.items
    said = book.texts.details(write_off).get("approval")
    if said is not None:
        return str(said)
    customer = book.pockets[items.pocket[write_off]].customer
    names = {items.number[write_off]} | (set() if document is None else {items.number[document], view.label(document)})
    found: Event | None = None
    for event in book.events:
        if (
            event.customer == customer
            and event.date.toordinal() <= items.day[write_off]
            and approves_write_off(event)
            and not names.isdisjoint(event.documents)
        ):
            found = event
    return "" if found is None else f"{found.date} ({told_place(book.folder, found.entry.meta)})"
