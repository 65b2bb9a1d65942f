"""Periods: months of the calendar, and the day from which a report asks what has changed."""

from __future__ import annotations

import datetime
from calendar import monthrange

_ONE: datetime.timedelta = datetime.timedelta(days=1)


def month_before(day: datetime.date) -> datetime.date:
    """The same day a month earlier; from the last day of a month the last day of the month before.

    >>> [str(month_before(datetime.date(2026, *day))) for day in ((6, 30), (6, 15), (3, 30), (1, 31))]
    ['2026-05-31', '2026-05-15', '2026-02-28', '2025-12-31']
    """
    first = day.replace(day=1)
    if first == datetime.date.min:
        return first
    last = first - _ONE
    at_end = day.day == monthrange(day.year, day.month)[1]
    return last if at_end else last.replace(day=min(day.day, last.day))


def months(first: datetime.date, last: datetime.date) -> list[tuple[datetime.date, datetime.date]]:
    """First and last day of each month from the one of `first` to the one of `last`, which ends with `last`.

    >>> [str(end) for _, end in months(datetime.date(2026, 1, 20), datetime.date(2026, 3, 15))]
    ['2026-01-31', '2026-02-28', '2026-03-15']
    """
    found = []
    year, month = first.year, first.month
    while (year, month) <= (last.year, last.month):
        end = min(datetime.date(year, month, monthrange(year, month)[1]), last)
        found.append((datetime.date(year, month, 1), end))
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
    return found


def months_back(day: datetime.date, count: int) -> datetime.date:
    """The first day of the month that is `count` months before the one of `day`, or of the calendar's first.

    >>> str(months_back(datetime.date(2026, 3, 15), 12))
    '2025-03-01'
    """
    number = max(day.year * 12 + day.month - 1 - count, 12)
    return datetime.date(number // 12, number % 12 + 1, 1)
