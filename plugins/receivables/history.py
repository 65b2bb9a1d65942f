"""History: what was open of each item day by day, from the settlements up to the as-of date.

Rules that count days (penalties, limitation, roll rates) ask not what is open but since when, and until when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from receivables.view import View


class Change(NamedTuple):
    """One settlement as an item sees it.

    Attributes:
      day: Ordinal of the day from which it counts.
      units: By how much less is open, always of a debit's or credit's size; negative where a reversal gives it back.
      cause: The item whose entry says so: what settles, or the reversal that undoes.
      other: The item on the other side.
    """

    day: int
    units: int
    cause: int
    other: int


def changes(view: View, wanted: Callable[[int], bool] | None = None) -> Mapping[int, list[Change]]:
    """Item → its settlements up to the as-of date, in order of day; items that none touches are not in it.

    Args:
      view: The book as of a day.
      wanted: Which items are looked at; None for all.
    """
    settlements = view.book.settlements
    found: dict[int, list[Change]] = {}
    count = view.settlement_count
    for day, debit, credit, units, cause in zip(
        settlements.day[:count], settlements.debit[:count], settlements.credit[:count],
        settlements.amount[:count], settlements.cause[:count], strict=True,
    ):  # fmt: skip
        if wanted is None or wanted(debit):
            found.setdefault(debit, []).append(Change(day, units, cause, credit))
        if wanted is None or wanted(credit):
            found.setdefault(credit, []).append(Change(day, units, cause, debit))
    return found
