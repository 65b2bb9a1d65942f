"""Periods: which months and quarters a text speaks of, in the words of several languages."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from receivables_importers.application.reading.texts import folded

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier januar enero يناير", "february feb fevrier februar febrero فبراير",
            "march mar mars marz marzo مارس", "april apr avril abril ابريل", "may mai mayo مايو",
            "june jun juin juni junio يونيو", "july jul juillet juli julio يوليو", "august aug aout agosto اغسطس",
            "september sep sept septembre septiembre سبتمبر", "october oct octobre oktober okt octubre اكتوبر",
            "november nov novembre noviembre نوفمبر", "december dec decembre dezember dez diciembre ديسمبر",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_NAMED: Final = re.compile(
    rf"\b({'|'.join(sorted(map(folded, _MONTHS), key=len, reverse=True))})\b\.?\s*[-/,']?\s*((?:20)?\d{{2}})?(?!\d)"
)
_NUMBERED: Final = re.compile(
    r"(?<![a-z0-9])(?:t|th|thang|ky|month|monat|mois|mes|شهر)\s?\.?(0?[1-9]|1[0-2])"
    r"(?:\s?(?:[-/.]|nam|year)\s?((?:20)?\d{2}))?(?!\d)"
)
_YEAR_MONTH: Final = re.compile(
    r"(?<![\d/.-])(?:(20\d{2})[-/.](0?[1-9]|1[0-2])|(0?[1-9]|1[0-2])[-/.](20\d{2}))(?![\d/.-])"
)
_CHINESE: Final = re.compile(r"(?:(\d{4})年)?\s?(1[0-2]|0?[1-9])\s?月")
_QUARTER: Final = re.compile(
    r"(?<![a-z0-9])(?:q(?=[1-4])|(?:quy|quarter|quartal|qtr|trimestre)\s?\.?)([1-4])(?:\s?[-/.]?\s?((?:20)\d{2}))?(?!\d)"
)
_FOLDED: Final = {folded(name): number for name, number in _MONTHS.items()}


class Period(NamedTuple):
    """A month; the year is None where the text does not say."""

    year: int | None
    month: int

    def has(self, month: int) -> bool:
        """Whether a month, as year × 12 + month - 1, is meant."""
        return month % 12 + 1 == self.month and self.year in (None, month // 12)


@lru_cache(maxsize=4_096)
def periods(text: str) -> frozenset[Period]:
    """The months that a text speaks of.

    >>> [sorted(periods(text)) for text in ("phi bao tri thang 3/2026", "Maintenance Mar 2026", "2026年3月")]
    [[Period(year=2026, month=3)], [Period(year=2026, month=3)], [Period(year=2026, month=3)]]
    >>> sorted(periods("T12-2025 va T1"), key=str)
    [Period(year=2025, month=12), Period(year=None, month=1)]
    """
    plain = folded(text)
    found = set()
    for match in _NAMED.finditer(plain):
        # "may" and "mar" are words of other languages, too.
        if match[2] or len(match[1]) > 3:
            found.add(Period(_year(match[2]), _FOLDED[match[1]]))
    for match in _NUMBERED.finditer(plain):
        found.add(Period(_year(match[2]), int(match[1])))
    for match in _YEAR_MONTH.finditer(plain):
        found.add(Period(int(match[1] or match[4]), int(match[2] or match[3])))
    for match in _CHINESE.finditer(plain):
        found.add(Period(_year(match[1]), int(match[2])))
    for match in _QUARTER.finditer(plain):
        first = 3 * int(match[1]) - 2
        found.update(Period(_year(match[2]), month) for month in range(first, first + 3))
    return frozenset(found)


def _year(text: str | None) -> int | None:
    if not text:
        return None
    return int(text) if len(text) == 4 else 2000 + int(text)
