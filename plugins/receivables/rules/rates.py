"""Rates: how a policy writes a rate, what it comes to on a day, and how it rises with the days of delay.

A rate is a percentage for a time ("0.05% per day", "12% per year", "1.5% per month") or follows a published one
("ECB-MRO + 8%", "3 x FR-LEGAL-PRO", "1.5 x CN-LPR-1Y + 0.5%"), which is always one of a year. Tiers stand behind
semicolons: "1% per month; after 30 days 1.5% per month".
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final, NamedTuple

from receivables.settings import Rate, Settings, text

DAY: Final = "day"
MONTH: Final = "month"
YEAR: Final = "year"

PER_YEAR: Final[Mapping[str, int]] = {DAY: 365, MONTH: 12, YEAR: 1}
"""How many of each unit a year has, where rates of different units are compared."""

PERIODS: Final[Mapping[str, int]] = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
"""Periods of the calendar, in months."""

EXPECTED: Final = (
    '"0.05% per day", "12% per year", "1.5% per month", "ECB-MRO + 8%" or "3 x FR-LEGAL-PRO", '
    'and in tiers "1% per month; after 30 days 1.5% per month"'
)

_PERCENT: Final = r"(?P<percent>\d{1,4}(?:\.\d{1,12})?)\s*%"
_FIXED: Final = re.compile(rf"{_PERCENT}(?:\s*(?:per|a|/)\s*(?P<unit>day|month|year))?")
_SERIES: Final = r"(?P<series>[A-Za-z][\w-]*[\w])"
_FACTOR: Final = r"(?P<factor>\d{1,3}(?:\.\d{1,6})?)\s*[x×*]\s*"
_PUBLISHED: Final = re.compile(rf"(?:{_FACTOR})?{_SERIES}(?:\s*(?P<sign>[+-])\s*{_PERCENT})?")
_TIER: Final = re.compile(r"after\s+(?P<days>\d{1,5})\s+days?\s+(?P<rate>.+)")


class Expression(NamedTuple):
    """One rate as written.

    Attributes:
      written: The text.
      percent: The percentage, or the margin on the published rate.
      unit: The time of the percentage: day, month or year.
      series: The published rate; "" for none.
      factor: How many times the published rate counts.
    """

    written: str
    percent: Fraction
    unit: str
    series: str = ""
    factor: Fraction = Fraction(1)

    def of(self, published: Rate | None) -> Fraction:
        """The percentage, with the published rate where the expression has one."""
        if published is None:
            return self.percent
        return self.factor * Fraction(published.percent) + self.percent


class Tier(NamedTuple):
    """A rate that holds from so many days of delay on: after 30 days means from the 31st."""

    after: int
    rate: Expression


class MissingRateError(LookupError):
    """A published rate that the ledger does not have for a day.

    Attributes:
      series: The published rate.
      date: The day.
    """

    def __init__(self, series: str, date: datetime.date) -> None:
        super().__init__(series, date)
        self.series = series
        self.date = date


def read_expression(value: Any) -> Expression:
    """A rate without tiers; raises ValueError for what is none.

    >>> read_expression("ECB-MRO + 8%")
    Expression(written='ECB-MRO + 8%', percent=Fraction(8, 1), unit='year', series='ECB-MRO', factor=Fraction(1, 1))
    >>> read_expression("0.05% per day").percent, read_expression("3 x FR-LEGAL-PRO").factor
    (Fraction(1, 20), Fraction(3, 1))
    """
    written = " ".join(text(value).split())
    if found := _FIXED.fullmatch(written):
        return Expression(written, Fraction(found["percent"]), found["unit"] or YEAR)
    if found := _PUBLISHED.fullmatch(written):
        margin = Fraction(found["percent"] or 0)
        return Expression(
            written, -margin if found["sign"] == "-" else margin, YEAR, found["series"], Fraction(found["factor"] or 1)
        )
    raise ValueError(value)


def read_tiers(value: Any) -> tuple[Tier, ...]:
    """A rate with its tiers, the first from the first day on; raises ValueError for what is none.

    >>> [(tier.after, tier.rate.written) for tier in read_tiers("1% per month; after 30 days 1.5% per month")]
    [(0, '1% per month'), (30, '1.5% per month')]
    """
    first, *rest = text(value).split(";")
    tiers = [Tier(0, read_expression(first))]
    for part in rest:
        found = _TIER.fullmatch(" ".join(part.split()))
        if found is None or int(found["days"]) <= tiers[-1].after:
            raise ValueError(value)
        tiers.append(Tier(int(found["days"]), read_expression(found["rate"])))
    return tuple(tiers)


def read_expressions(value: Any) -> tuple[Expression, ...]:
    """Several rates, separated by commas.

    >>> [each.written for each in read_expressions("20% per year, 4 x CN-LPR-1Y")]
    ['20% per year', '4 x CN-LPR-1Y']
    """
    return tuple(read_expression(part) for part in text(value).split(","))


def published(settings: Settings, rate: Expression, date: datetime.date) -> Rate | None:
    """The published rate that an expression needs on a day; None when it needs none.

    Raises MissingRateError where the ledger has none for the day.
    """
    if not rate.series:
        return None
    found = settings.rate(rate.series, date)
    if found is None:
        raise MissingRateError(rate.series, date)
    return found


def first_of_period(date: datetime.date, period: str) -> datetime.date:
    """The first day of the month, quarter, half-year or year in which a day lies.

    >>> first_of_period(datetime.date(2026, 6, 30), "half-year")
    datetime.date(2026, 1, 1)
    """
    months = PERIODS[period]
    return datetime.date(date.year, (date.month - 1) // months * months + 1, 1)
