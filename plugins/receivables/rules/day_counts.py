"""Day counts: how much of a year lies between two days, by the conventions that contracts and laws name.

The first day does not count and the last one does: due on the 1st and paid on the 5th are four days. Every count is
taken from one fixed first day, so that splitting a period never changes the sum of its parts, also where a convention
makes months of thirty days.

Source of the formulas: ISDA 2006 Definitions, section 4.16; the names are the ones used there. "ACT/ACT counted" is
ours: as ACT/ACT ISDA, but each day that counts lies in its own calendar year, as German courts reckon (a leap year has
366).
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Final

from receivables.rules.calendar_months import ends_month

from_ordinal = datetime.date.fromordinal


def _actual_days(start: int, end: int) -> int:
    return end - start


@lru_cache(maxsize=65536)
def _us_30_days(start: int, end: int) -> int:
    """30/360 US: a first day at the end of February is the 30th, and so is a last one after it."""
    one, two = from_ordinal(start), from_ordinal(end)
    first, last = one.day, two.day
    if _ends_february(one):
        if _ends_february(two):
            last = 30
        first = 30
    if last == 31 and first >= 30:
        last = 30
    first = min(first, 30)
    return 360 * (two.year - one.year) + 30 * (two.month - one.month) + last - first


@lru_cache(maxsize=65536)
def _e_30_days(start: int, end: int) -> int:
    """30E/360: the 31st is the 30th."""
    one, two = from_ordinal(start), from_ordinal(end)
    return 360 * (two.year - one.year) + 30 * (two.month - one.month) + min(two.day, 30) - min(one.day, 30)


@lru_cache(maxsize=65536)
def _e_isda_30_days(start: int, end: int) -> int:
    """30E/360 ISDA, the German commercial method: the last day of every month is the 30th."""
    one, two = from_ordinal(start), from_ordinal(end)
    first = 30 if ends_month(one) else one.day
    last = 30 if ends_month(two) else two.day
    return 360 * (two.year - one.year) + 30 * (two.month - one.month) + last - first


def _ends_february(day: datetime.date) -> bool:
    return day.month == 2 and ends_month(day)


_DAYS: Final[Mapping[str, Callable[[int, int], int]]] = {
    "ACT/365F": _actual_days,
    "ACT/360": _actual_days,
    "ACT/ACT ISDA": _actual_days,
    "ACT/ACT counted": _actual_days,
    "30/360 US": _us_30_days,
    "30E/360": _e_30_days,
    "30E/360 ISDA": _e_isda_30_days,
}

COUNTED: Final = "ACT/ACT counted"
_LAST: Final = datetime.date.max.toordinal()

CONVENTIONS: Final = tuple(_DAYS)
"""The names of all conventions."""


def days_between(convention: str, origin: int, start: int, end: int) -> int:
    """The days from `start` to `end` by a convention, both counted from `origin`; ordinals.

    >>> ordinal = lambda text: datetime.date.fromisoformat(text).toordinal()
    >>> [days_between(name, ordinal("2024-01-31"), ordinal("2024-01-31"), ordinal("2024-02-29"))
    ...  for name in ("ACT/365F", "30/360 US", "30E/360", "30E/360 ISDA")]
    [29, 29, 29, 30]
    """
    count = _DAYS[convention]
    return end - start if count is _actual_days else count(origin, end) - count(origin, start)


def year_pieces(convention: str, origin: int, start: int, end: int) -> list[tuple[int, int]]:
    """The time from `start` to `end` as (days, days of a year); several where the length of the year changes.

    >>> ordinal = lambda text: datetime.date.fromisoformat(text).toordinal()
    >>> year_pieces("ACT/ACT ISDA", 0, ordinal("2023-12-01"), ordinal("2024-03-01"))
    [(31, 365), (60, 366)]
    """
    if convention == "ACT/365F":
        return [(end - start, 365)]
    if not convention.startswith("ACT/ACT"):
        return [(days_between(convention, origin, start, end), 360)]
    # ISDA gives a period's first day to its year and not its last; the days that count are the other way round.
    shift = int(convention == COUNTED)
    pieces: list[tuple[int, int]] = []
    for year, days in _years(start + shift, end + shift):
        length = 366 if calendar.isleap(year) else 365
        if pieces and pieces[-1][1] == length:
            pieces[-1] = (pieces[-1][0] + days, length)
        else:
            pieces.append((days, length))
    return pieces


def _years(start: int, end: int) -> list[tuple[int, int]]:
    """The calendar years from `start` (included) to `end` (not), each with the days that lie in it."""
    found = []
    while start < end:
        year = from_ordinal(min(start, _LAST)).year
        until = min(end, datetime.date(year, 12, 31).toordinal() + 1) if year < datetime.MAXYEAR else end
        found.append((year, until - start))
        start = until
    return found
