"""The aging: what is open by customer (or by any key) and age, and the open items behind every figure."""

from __future__ import annotations

from typing import Final, NamedTuple

from receivables.fava.links import text
from receivables.fava.model import Cell, Link, Page, Table
from receivables.fava.tables import Desk, Shape, table
from receivables.fava.views.common import frame, params, permitted, report
from receivables.relations.question import Question, known_keys
from receivables.report import Row

_ABOUT_ONE: Final = frozenset({"customer", "name", "address", "email", "contact", "tax-id", "credit-limit"})
"""Metadata by which nothing is grouped: each customer has another value."""


class Listed(NamedTuple):
    """The content of the page.

    Attributes:
      table: The rows.
      by: The key by which they are grouped.
      keys: The keys by which they can be grouped or filtered.
      conditions: The conditions that hold, each with the link that takes it away.
      hidden: Parameters that the form keeps.
      tie_out: The ledger's balances against the open items; None on the page of items.
      other: The other view of the same rows.
    """

    table: Table
    by: str
    keys: tuple[str, ...]
    conditions: tuple[Link, ...]
    hidden: tuple[tuple[str, str], ...]
    tie_out: Table | None
    other: Link


def aging(desk: Desk) -> Page:
    """The aging by customer and currency, or by a key."""
    words, asked = desk.words, desk.asked
    by = (asked.by,) if asked.by and asked.by != "customer" else ()
    question = permitted(desk, "aging", asked.question._replace(by=by))
    found = report(desk, "aging", question)
    columns = tuple(column.name for column in found.columns if column.name != "name")
    cells = {by[0]: lambda row: _group(desk, row, by[0])} if by else {}
    shape = Shape(
        "aging", columns, words("page_aging"), params(desk, question), order="-total" if not by else "", totals=True,
        cells=cells, empty=words("nothing_open"),
    )  # fmt: skip
    shown = table(desk, found, shape)
    # The sentences of the tie-out stand in a table of their own.
    shown = shown._replace(notes=tuple(map(words.masked, found.notes[:1])))
    other = Link(words("as_items"), desk.links.page("items", *(("where", text(each)) for each in asked.where)))
    content = Listed(
        shown, asked.by, _keys(desk), _conditions(desk), _hidden(desk, "aging"), _tie_out(desk), other
    )  # fmt: skip
    return frame(desk, "aging.html", words("page_aging"), content)


def items(desk: Desk) -> Page:
    """The open items behind the aging."""
    words, asked = desk.words, desk.asked
    found = report(desk, "open_items", permitted(desk, "open_items", asked.question))
    columns = (
        "customer", "number", "instalment", "kind", "date", "due", "currency", "original", "settled", "outstanding",
        "days_overdue", "bucket", "disputed", "collector", "entry",
    )  # fmt: skip
    shape = Shape(
        "items", columns, words("open_items"), params(desk, asked.question), order="-days_overdue", totals=True,
        empty=words("nothing_open"),
    )  # fmt: skip
    other = Link(words("as_aging"), desk.links.page("aging", *(("where", text(each)) for each in asked.where)))
    content = Listed(
        table(desk, found, shape), "", _keys(desk), _conditions(desk), _hidden(desk, "items"), None, other
    )  # fmt: skip
    trail = (Link(words("page_aging"), desk.links.page("aging")),)
    return frame(desk, "aging.html", words("open_items"), content, trail)


def _group(desk: Desk, row: Row, key: str) -> Cell:
    """A group, which leads to its customers."""
    value = row[0]
    shown = desk.words("without", key=key) if value is None else desk.words.value(str(value))
    where = ("where", f"{key}={'' if value is None else value}")
    others = [("where", text(condition)) for condition in desk.asked.where]
    return Cell(shown, desk.links.page("aging", *others, where))


def _keys(desk: Desk) -> tuple[str, ...]:
    """What rows can be grouped by: metadata of customers and accounts, and a few facts of the items."""
    book = desk.shelf.book
    plain = desk.shelf.once("keys", lambda: known_keys(book)) - _ABOUT_ONE
    return ("customer", "account", "currency", "kind", *sorted(plain))


def _conditions(desk: Desk) -> tuple[Link, ...]:
    found = []
    for condition in desk.asked.where:
        written = text(condition)
        found.append(Link(written, desk.links.here(without=[("where", written)])))
    return tuple(found)


def _hidden(desk: Desk, page: str) -> tuple[tuple[str, str], ...]:
    return (
        *desk.links.places.filters, ("page", page), *(("where", text(condition)) for condition in desk.asked.where),
    )  # fmt: skip


def _tie_out(desk: Desk) -> Table:
    found = report(desk, "tie_out")
    shape = Shape(
        "tie_out", ("account", "currency", "balance", "open_items", "unexplained", "difference", "reason", "entry"),
        desk.words("tie_out"), params(desk, Question()), rows=25, totals=True,
    )  # fmt: skip
    notes = tuple(desk.words.masked(note) for note in found.notes)
    return table(desk, found, shape)._replace(notes=notes)
