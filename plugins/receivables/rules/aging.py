"""Aging: which bucket an open item falls into, by the dated policy "aging".

Day 0 (due today) is current, day 30 belongs to 1-30: a bucket includes its upper bound. The
convention is the one of most printed aging schedules; some systems put day 30 into 31-60.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from receivables.settings import Key, PolicyForm, Settings, one_of

DEFAULT_BOUNDS: Final = (30, 60, 90, 180, 365)
BASES: Final[Mapping[str, str]] = {"due": "due date", "date": "document date"}


class Aging(NamedTuple):
    """An aging policy.

    Attributes:
      bounds: The last day of each bucket, ascending: (30, 60, 90) gives 1-30, 31-60, 61-90, over 90.
      basis: "due" counts days from the due date, "date" from the document's date.
    """

    bounds: tuple[int, ...] = DEFAULT_BOUNDS
    basis: str = "due"

    @property
    def buckets(self) -> tuple[str, ...]:
        """The names of the buckets in order: current, days_1_30, …, days_over_365."""
        names = ["current"]
        low = 1
        for bound in self.bounds:
            names.append(f"days_{low}_{bound}")
            low = bound + 1
        names.append(f"days_over_{self.bounds[-1]}")
        return tuple(names)

    @property
    def ranges(self) -> tuple[tuple[int | None, int | None], ...]:
        """The (lowest, highest) day of each bucket; None where it is open."""
        lows = (None, 1, *(bound + 1 for bound in self.bounds))
        return tuple(zip(lows, (0, *self.bounds, None), strict=True))

    def bucket(self, days: int) -> int:
        """The position of the bucket for an item that is `days` past its basis (negative: not yet).

        >>> [Aging().bucket(days) for days in (-5, 0, 1, 30, 31, 365, 366)]
        [0, 0, 1, 1, 2, 5, 6]
        """
        return 0 if days <= 0 else bisect_left(self.bounds, days) + 1


def _bounds(value: Any) -> tuple[int, ...]:
    if not isinstance(value, str):
        raise ValueError(value)
    numbers = tuple(int(part) for part in value.split(","))
    if numbers != tuple(sorted(set(numbers))) or numbers[0] < 1 or len(numbers) > 24 or numbers[-1] > 36_500:
        raise ValueError(value)
    return numbers


FORM: Final = PolicyForm(
    subject="aging",
    about="How old open items are and in which buckets they show.",
    keys={
        "buckets": Key(
            _bounds,
            '"30, 60, 90" (ascending days, each the last day of its bucket)',
            "Last day of each bucket.",
        ),
        "basis": Key(
            one_of(*BASES), '"due" or "date"', "Count the days from the due date or from the document's date."
        ),
    },
)


def aging_policy(settings: Settings, as_of: datetime.date) -> Aging:
    """The aging policy in force on `as_of`; the default before the first one."""
    policy = settings.in_force(FORM.subject, as_of)
    values = {} if policy is None else policy.values
    return Aging(values.get("buckets", DEFAULT_BOUNDS), values.get("basis", "due"))
