"""History: what was open of each item day by day, from the settlements up to the as-of date.

Rules that count days (penalties, limitation, roll rates) ask not what is open but since when, and until when.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from receivables.book import SettlementColumns
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


def changes(view: View, wanted: Callable[[int], bool] | None = None) -> Mapping[int, Sequence[Change]]:
    """Item → its settlements up to the as-of date, in order of day; items that none touches are not in it.

    Args:
      view: The book as of a day.
      wanted: Which items are looked at; None for all. Where a history of the book is kept, all are in it.
    """
    settlements = view.book.settlements
    if view.lasting is None:
        return _changes(settlements, view.settlement_count, wanted)
    whole = view.of_book("changes", lambda: _changes(settlements, len(settlements.day), None))
    return _Until(whole, view.as_of.toordinal())


def _changes(
    settlements: SettlementColumns, count: int, wanted: Callable[[int], bool] | None
) -> dict[int, list[Change]]:
    """Item → its changes by the first so many settlements."""
    found: dict[int, list[Change]] = {}
    for day, debit, credit, units, cause in zip(
        settlements.day[:count], settlements.debit[:count], settlements.credit[:count],
        settlements.amount[:count], settlements.cause[:count], strict=True,
    ):  # fmt: skip
        if wanted is None or wanted(debit):
            found.setdefault(debit, []).append(Change(day, units, cause, credit))
        if wanted is None or wanted(credit):
            found.setdefault(credit, []).append(Change(day, units, cause, debit))
    return found


class _Until(Mapping[int, Sequence[Change]]):
    """The changes of a whole book as far as they have happened by a day."""

    def __init__(self, whole: Mapping[int, Sequence[Change]], day: int) -> None:
        self._whole = whole
        self._day = day

    def __getitem__(self, item: int) -> Sequence[Change]:
        every, day = self._whole[item], self._day
        if every[-1].day <= day:
            return every
        if every[0].day > day:
            raise KeyError(item)
        return every[: bisect_right(every, day, key=_day)]

    def __iter__(self) -> Iterator[int]:
        return (item for item, every in self._whole.items() if every[0].day <= self._day)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _day(change: Change) -> int:
    return change.day
