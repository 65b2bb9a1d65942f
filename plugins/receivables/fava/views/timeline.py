"""The timeline: documents, receipts, notes and papers in one table; cells are made for the rows that are shown."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import NamedTuple

from receivables.faces.cells import sound
from receivables.facts import Event
from receivables.fava.model import Cell, Heading, Table
from receivables.fava.tables import ROWS, Desk, money_cell, page_of
from receivables.fava.views.common import by_name, params, report
from receivables.places import below
from receivables.relations.question import Question
from receivables.report import Report, Row

COLUMNS = ("date", "kind", "number", "description", "currency", "debit", "credit", "balance")


class Happened(NamedTuple):
    """Something that happened: its day, its place among others of the day, and what makes its cells."""

    date: datetime.date
    place: tuple[int, int]
    cells: Callable[[], tuple[Cell, ...]]


def timeline(desk: Desk, asked: Question) -> Table:
    """Everything that happened with a customer, the latest first; its downloads are the movements of the statement."""
    words = desk.words
    found = report(desk, "statement", asked)
    number, date = found.position("number"), found.position("date")
    rows = [
        Happened(day, (0, place), lambda row=row: _movement(desk, found, row))  # type: ignore[misc]
        for place, row in enumerate(found.rows)
        if row[number] is not None and isinstance(day := row[date], datetime.date)
    ]
    rows += happened(desk, lambda _: True)
    rows.sort(key=lambda row: row[:2], reverse=True)
    first, pager = page_of(desk, "timeline", ROWS, len(rows))
    columns = [found.columns[found.position(name)] for name in COLUMNS]
    return Table(
        key="timeline",
        caption=words("timeline"),
        headings=(
            *(Heading(words.column(column), column.about, numeric=column.money is not None) for column in columns),
            Heading(words("entry")),
        ),
        rows=tuple(row.cells() for row in rows[first : first + ROWS]),
        downloads=tuple(
            (format.upper(), desk.links.download("statement", format, params(desk, asked)))
            for format in ("csv", "xlsx")
        ),
        pager=pager,
        empty=words("nothing"),
    )


def history(desk: Desk, number: str) -> Table | None:
    """The notes and papers that name a document, the latest first; None without any."""
    words = desk.words
    rows = happened(desk, lambda event: any(number in (name, name.partition("/")[0]) for name in event.documents))
    if not rows:
        return None
    rows.sort(key=lambda row: row[:2], reverse=True)
    headings = ("date", "kind", "documents", "description")
    return Table(
        key="history",
        caption=words("history"),
        headings=(*(Heading(words.columns[name]) for name in headings), Heading(words("entry"))),
        rows=tuple((*cells[:4], cells[-1]) for cells in (row.cells() for row in rows[:ROWS])),
    )


def happened(desk: Desk, wanted: Callable[[Event], bool]) -> list[Happened]:
    """The notes and papers of the page's customer up to the day."""
    events = desk.shelf.of(desk.asked.account, desk.asked.customer).events
    return [
        Happened(event.date, (1, place), lambda event=event: _event(desk, event))  # type: ignore[misc]
        for place, event in enumerate(events)
        if event.date <= desk.as_of and wanted(event)
    ]


def _movement(desk: Desk, found: Report, row: Row) -> tuple[Cell, ...]:
    values = by_name(found, row)
    words, links = desk.words, desk.links

    def amount(name: str) -> Cell:
        column = found.columns[found.position(name)]
        return money_cell(desk, found, column, values[name], values["currency"])

    return (
        Cell(values["date"].isoformat(), kind="date"), Cell(words.value(values["kind"])),
        Cell(sound(values["number"]), links.document(values["customer"], values["number"]), "nowrap"),
        Cell(sound(values["description"]), kind="long"), Cell(values["currency"]),
        amount("debit"), amount("credit"), amount("balance"),
        _place(desk, values["file"], values["line"]),
    )  # fmt: skip


def _event(desk: Desk, event: Event) -> tuple[Cell, ...]:
    words, meta = desk.words, event.entry.meta
    about = _said(desk, event)
    text = Cell(sound(about), kind="long")
    if event.paper:
        shown = event.comment.rpartition("/")[2]
        text = Cell(sound(shown), desk.links.places.document(event.comment), "long", sub=sound(about), remote=True)
    number = event.documents[0] if len(event.documents) == 1 else ""
    numbers = Cell(
        sound(", ".join(event.documents)),
        desk.links.document(event.customer, number) if number else "",
        "nowrap" if number else "",
    )
    kind = Cell(words.value(event.kind) if event.kind else words("note"))
    return (
        Cell(event.date.isoformat(), kind="date"), kind, numbers, text, Cell(event.currency or ""),
        Cell(kind="num"), Cell(kind="num"), Cell(kind="num"), _place(desk, meta["filename"], meta["lineno"]),
    )  # fmt: skip


def _said(desk: Desk, event: Event) -> str:
    """The words of a note, with its amount, its day and what else it says."""
    words = desk.words
    parts = [] if event.paper else [event.comment]
    if event.amount is not None:
        digits = max(0, -int(event.amount.as_tuple().exponent))
        parts.append(f"{words.money(event.amount, digits)} {event.currency or ''}".strip())
    if event.by is not None:
        parts.append(words("by_day", date=event.by.isoformat()))
    parts += [f"{key}: {words.said(value)}" for key, value in event.details.items() if value is not None]
    return " · ".join(parts)


def _place(desk: Desk, file: str, line: int) -> Cell:
    seen = below(desk.shelf.book.folder, file)
    shown = f"{seen.rpartition('/')[2]}:{line}"
    return Cell(sound(shown), desk.links.entry(seen, line), "place", title=sound(f"{seen}:{line}"))
