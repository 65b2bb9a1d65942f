"""Sums: which open items have an amount between them, by an explanation or as the only set that has it.

An explanation is one that a person would give: this item alone, all that is open, all that is due, the invoices of one
month, invoices that follow each other. Bare sums come last, and only where no other set of the open items has the same
sum. How many sets there are says nothing alone: sixteen amounts in whole thousands have 65,536 sets and sums that
repeat, so the chance that some set has the sum by accident is estimated as well.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final, NamedTuple

from receivables.rules.application import BALANCE, DUE, ITEM, MONTH, RUN, SUBSET

SUBSET_ITEMS: Final = 22
"""Of more items no bare sums are looked for."""

COINCIDENCE: Final = 0.02
"""A bare sum that would come about by accident more often than this is no evidence."""


class Amount(NamedTuple):
    """One open item, as sums see it.

    Attributes:
      item: The item.
      units: What is open of it, or what is to be paid for it.
      due: Whether it is due.
      month: Of its date, as year × 12 + month.
    """

    item: int
    units: int
    due: bool
    month: int


class Explained(NamedTuple):
    """Items that have the amount between them.

    Attributes:
      why: One of the words of the policy's `sums:`.
      items: The items.
      others: How many other sets of the same kind have the amount; the first one by due date is given.
      chance: How many sets would have the amount by accident; zero where that is no question.
    """

    why: str
    items: tuple[int, ...]
    others: int = 0
    chance: float = 0.0


def explanations(amounts: Sequence[Amount], target: int) -> list[Explained]:
    """The explanations of an amount, the most natural first, each set of items once.

    Args:
      amounts: In order of due date.
      target: Positive.
    """
    if target <= 0 or not amounts:
        return []
    found: list[Explained] = []
    single = [each.item for each in amounts if each.units == target]
    if single:
        found.append(Explained(ITEM, (single[0],), len(single) - 1))
    total = sum(each.units for each in amounts)
    if total == target and len(amounts) > 1:
        found.append(Explained(BALANCE, tuple(each.item for each in amounts)))
    due = [each for each in amounts if each.due]
    if len(due) > 1 and sum(each.units for each in due) == target:
        found.append(Explained(DUE, tuple(each.item for each in due)))
    months: dict[int, list[Amount]] = {}
    for each in amounts:
        months.setdefault(each.month, []).append(each)
    of_month = [group for _, group in sorted(months.items()) if sum(each.units for each in group) == target]
    if of_month and len(of_month[0]) > 1:
        found.append(Explained(MONTH, tuple(each.item for each in of_month[0]), len(of_month) - 1))
    if runs := _runs(amounts, target):
        # Who pays what is oldest begins with the first item; any other beginning is one of many.
        sets = len(amounts) if runs[0][0] == amounts[0].item else len(amounts) * (len(amounts) - 1) // 2
        found.append(Explained(RUN, runs[0], len(runs) - 1, sets / _steps(amounts)))
    seen: set[frozenset[int]] = set()
    unlike = []
    for explained in found:
        items = frozenset(explained.items)
        if items not in seen:
            seen.add(items)
            unlike.append(explained)
    return unlike


def _runs(amounts: Sequence[Amount], target: int) -> list[tuple[int, ...]]:
    """Two items or more that follow each other by due date."""
    reached = {0: [0]}
    total = 0
    found = []
    for place, each in enumerate(amounts, start=1):
        total += each.units
        for begin in reached.get(total - target, ()):
            if place - begin > 1:
                found.append(tuple(one.item for one in amounts[begin:place]))
        reached.setdefault(total, []).append(place)
    return found


def only_subset(amounts: Sequence[Amount], target: int) -> Explained | None:
    """The only set of items that has an amount; None where there is none, several, or too many items to tell.

    >>> items = [Amount(1, 300, True, 0), Amount(2, 500, True, 0), Amount(3, 900, True, 0)]
    >>> only_subset(items, 1200).items, only_subset([*items, Amount(4, 1200, True, 0)], 1200)
    ((1, 3), None)
    """
    fitting = [each for each in amounts if 0 < each.units <= target]
    if not fitting or len(fitting) > SUBSET_ITEMS:
        return None
    half = len(fitting) // 2
    left, right = _sums(fitting[:half]), _sums(fitting[half:])
    sums = [total for total, _ in right]
    solution: tuple[int, int] | None = None
    for total, chosen in left:
        at = bisect_left(sums, target - total)
        if at < len(sums) and sums[at] == target - total:
            if solution is not None or (at + 1 < len(sums) and sums[at + 1] == target - total):
                return None
            solution = chosen, right[at][1]
    if solution is None:
        return None
    items = [each.item for place, each in enumerate(fitting[:half]) if solution[0] >> place & 1]
    items += [each.item for place, each in enumerate(fitting[half:]) if solution[1] >> place & 1]
    return Explained(SUBSET, tuple(items), 0, _chance(fitting))


def _sums(amounts: Sequence[Amount]) -> list[tuple[int, int]]:
    """All sums with the set of each, in order."""
    sums = [(0, 0)]
    for place, each in enumerate(amounts):
        sums += [(total + each.units, chosen | 1 << place) for total, chosen in sums]
    return sorted(sums)


def _chance(amounts: Sequence[Amount]) -> float:
    """How many sets have an amount by accident, if sums were spread evenly over what they can be."""
    return float(2 ** len(amounts) / _steps(amounts))


def _steps(amounts: Sequence[Amount]) -> int:
    """How many sums these amounts can have at most."""
    units = [each.units for each in amounts]
    return sum(units) // math.gcd(*units) or 1
