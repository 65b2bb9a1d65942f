"""Calendar months: the same day so many months away, or the month's last where it has no such day."""

from __future__ import annotations

import datetime
from calendar import monthrange


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
