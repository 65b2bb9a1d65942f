"""Bridges: why what is open, and what is overdue, is not what it was: two sums, a step a row."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from receivables.fava.model import Cell, Heading, Table
from receivables.fava.tables import Desk
from receivables.relations.changes import period
from receivables.relations.question import Question
from receivables.view import View

STEPS: Final = ("opening", "new", "collected", "credited", "written_off", "other", "closing")
OVERDUE_STEPS: Final = ("overdue_opening", "fallen_overdue", "overdue_settled", "overdue")

_ALWAYS: Final = frozenset({"opening", "new", "collected", "closing"})
_ENDS: Final = frozenset({"opening", "closing", "overdue_opening", "overdue"})


def bridge(desk: Desk, currency: str, changes: Mapping[str, Any] | None, digits: int) -> Table:
    """The steps of one currency.

    Args:
      desk: The page's.
      currency: The currency.
      changes: A row of the relation changes, or the sum of several; None where nothing was open or changed.
      digits: Decimal places of the currency.
    """
    words, before = desk.words, since(desk)
    moved = changes or {}

    def row(name: str) -> tuple[Cell, ...]:
        amount = moved.get(name, Decimal(0))
        shown = words.money(amount, digits)
        shown = f"+{shown}" if amount > 0 and name not in _ENDS else shown
        label = words(f"step_{name}", date=(before if "opening" in name else desk.as_of).isoformat())
        return (
            Cell(label, kind="end" if name in _ENDS else "step"),
            Cell(shown, kind="num end" if name in _ENDS else "num"),
        )

    return Table(
        key=f"changes-{currency}",
        caption=words("changes_caption", date=before.isoformat()),
        headings=(Heading(words("step")), Heading(currency, numeric=True)),
        rows=tuple(
            row(name) for name in (*(each for each in STEPS if each in _ALWAYS or moved.get(each)), *OVERDUE_STEPS)
        ),
    )


def since(desk: Desk) -> datetime.date:
    """The last day before the period of the changes."""
    nothing = View(desk.shelf.book, desk.as_of, (), ())
    first = period(nothing, Question(period_from=desk.asked.period_from))
    return first if first == datetime.date.min else first - datetime.timedelta(days=1)
