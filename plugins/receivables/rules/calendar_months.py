"""Calendar months: begun, ended and counted, with a month's last day where it has no such day."""

from __future__ import annotations

import datetime
from calendar import monthrange
from typing import Final

_ONE_DAY: Final = datetime.timedelta(days=1)
_AFTER_ALL: Final = datetime.date.max.toordinal() + 1


def last_of_month(day: datetime.date) -> datetime.date:
    """The last day of the month in which a day lies.

    >>> str(last_of_month(datetime.date(2024, 2, 3)))
    '2024-02-29'
    """
    return day.replace(day=monthrange(day.year, day.month)[1])


def ends_month(day: datetime.date) -> bool:
    """Whether a day is the last of its month."""
    return day.day == monthrange(day.year, day.month)[1]


def months_later(day: datetime.date, months: int) -> datetime.date:
    """The same day so many months later; before them with a negative number; never beyond the calendar.

    A month that has no such day ends on its last (BGB § 188(3), Chinese Civil Code 202, Vietnamese Civil Code 148).

    >>> str(months_later(datetime.date(2025, 8, 31), 6)), str(months_later(datetime.date(2024, 2, 29), 12))
    ('2026-02-28', '2025-02-28')
    >>> str(months_later(datetime.date(2026, 3, 31), -1))
    '2026-02-28'
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if year > datetime.MAXYEAR:
        return datetime.date.max
    if year < datetime.MINYEAR:
        return datetime.date.min
    # Every month has 28 days; only later ones are looked up, as this is asked for every claim and event.
    return datetime.date(year, month + 1, day.day if day.day <= 28 else min(day.day, monthrange(year, month + 1)[1]))


def months_after(day: datetime.date, months: int) -> int:
    """The ordinal of the day so many months later; one after all days where the calendar ends before.

    >>> datetime.date.fromordinal(months_after(datetime.date(2024, 1, 31), 1))
    datetime.date(2024, 2, 29)
    """
    beyond = (day.year - datetime.MAXYEAR) * 12 + day.month + months > 12
    return _AFTER_ALL if beyond else months_later(day, months).toordinal()


def month_before(day: datetime.date) -> datetime.date:
    """The same day a month earlier; from the last day of a month the last day of the month before.

    >>> [str(month_before(datetime.date(2026, *day))) for day in ((6, 30), (6, 15), (3, 30), (1, 31))]
    ['2026-05-31', '2026-05-15', '2026-02-28', '2025-12-31']
    """
    first = day.replace(day=1)
    if first == datetime.date.min:
        return first
    last = first - _ONE_DAY
    return last if ends_month(day) else last.replace(day=min(day.day, last.day))


def months_back(day: datetime.date, count: int) -> datetime.date:
    """The first day of the month that is `count` months before the one of `day`, or of the calendar's first.

    >>> str(months_back(datetime.date(2026, 3, 15), 12))
    '2025-03-01'
    """
    return months_later(day.replace(day=1), -count)


def months_between(since: datetime.date, day: datetime.date) -> int:
    """The whole months from one day to another, 0 where it is not later.

    A month is whole on the same day of the next one, or on its last day where it has no such day.

    >>> months_between(datetime.date(2025, 8, 31), datetime.date(2026, 2, 28))
    6
    >>> months_between(datetime.date(2025, 8, 31), datetime.date(2026, 2, 27))
    5
    """
    months = (day.year - since.year) * 12 + day.month - since.month
    return max(months if months_later(since, months) <= day else months - 1, 0)


def month_ends(as_of: datetime.date, count: int) -> list[datetime.date]:
    """So many month ends, ascending, the last on or before `as_of`; fewer where the calendar begins after them.

    >>> [str(day) for day in month_ends(datetime.date(2026, 3, 30), 2)]
    ['2026-01-31', '2026-02-28']
    """
    found = [as_of] if ends_month(as_of) else []
    first = as_of.replace(day=1)
    while len(found) < count and first > datetime.date.min:
        end = first - _ONE_DAY
        found.append(end)
        first = end.replace(day=1)
    return found[:count][::-1]


def months(first: datetime.date, last: datetime.date) -> list[tuple[datetime.date, datetime.date]]:
    """First and last day of each month from the one of `first` to the one of `last`, which ends with `last`.

    >>> [str(end) for _, end in months(datetime.date(2026, 1, 20), datetime.date(2026, 3, 15))]
    ['2026-01-31', '2026-02-28', '2026-03-15']
    """
    found = []
    begin = first.replace(day=1)
    while begin <= last:
        end = last_of_month(begin)
        found.append((begin, min(end, last)))
        if end == datetime.date.max:
            break
        begin = end + _ONE_DAY
    return found
