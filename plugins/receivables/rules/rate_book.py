"""Rate book: the rates of one penalty policy on any day, with its tiers, published rates, floor and ceiling."""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import NamedTuple

from receivables.rules.penalty_policy import PenaltyPolicy
from receivables.rules.rates import PER_YEAR, PERIODS, MissingRateError, Tier, published
from receivables.settings import Rate, Settings

from_ordinal = datetime.date.fromordinal


class Applied(NamedTuple):
    """A rate as it is applied to a segment.

    Attributes:
      percent, unit: The percentage and its time.
      published: The published rate it follows; None for none.
      bound: "ceiling" or "floor" where one of them took its place, with the text of it; "" else.
    """

    percent: Fraction
    unit: str
    published: Rate | None
    bound: str


class RateBook:
    """The rates of one policy on any day, looked up once each.

    Args:
      policy: The policy.
      settings: The published rates.
    """

    def __init__(self, policy: PenaltyPolicy, settings: Settings) -> None:
        self._policy = policy
        self._settings = settings
        self._known: dict[tuple[int, datetime.date, datetime.date], Applied | MissingRateError] = {}
        self.series = sorted({tier.rate.series for tier in policy.tiers} | {e.series for e in policy.floor} - {""})

    def at(self, tier: int, sampled: datetime.date, agreed: datetime.date) -> Applied:
        """The rate of a tier with the published rates of `sampled`; raises MissingRateError."""
        key = tier, sampled, agreed if self._policy.ceiling else datetime.date.min
        found = self._known.get(key)
        if found is None:
            try:
                found = self._applied(self._policy.tiers[tier], sampled, agreed)
            except MissingRateError as error:
                found = error
            self._known[key] = found
        if isinstance(found, MissingRateError):
            raise found
        return found

    def _applied(self, tier: Tier, sampled: datetime.date, agreed: datetime.date) -> Applied:
        settings = self._settings
        rate = published(settings, tier.rate, sampled)
        # A published rate far below zero brings interest to nothing, never to a payment by the creditor.
        best = Applied(max(tier.rate.of(rate), Fraction(0)), tier.rate.unit, rate, "")
        for words, expressions, day in (
            ("floor", self._policy.floor, sampled),
            ("ceiling", self._policy.ceiling, agreed),
        ):
            for expression in expressions:
                bound = published(settings, expression, day)
                percent = expression.of(bound)
                yearly, limit = best.percent * PER_YEAR[best.unit], percent * PER_YEAR[expression.unit]
                if (yearly < limit) if words == "floor" else (yearly > limit):
                    best = Applied(percent, expression.unit, bound, f"{words} {expression.written}")
        return best

    def changes(self, first: int, last: int) -> Sequence[int]:
        """The ordinals after which another published rate counts, between two ordinals."""
        if not self.series:
            return ()
        if self._policy.resets is None:
            found = self._published
        else:
            years = from_ordinal(first).year, from_ordinal(last).year + 1
            found = period_ends(PERIODS[self._policy.resets], *years)
        return found[bisect_left(found, first) : bisect_right(found, last)]

    @cached_property
    def _published(self) -> Sequence[int]:
        """The last day of each published rate that the policy needs."""
        found = set()
        for name in self.series:
            for rate in self._settings.rates.get(name, ()):
                found.add(rate.date.toordinal() - 1)
                if rate.until is not None:
                    found.add(rate.until.toordinal())
        return sorted(found)


@lru_cache(maxsize=1024)
def period_ends(months: int, first_year: int, last_year: int) -> Sequence[int]:
    """The last days of the calendar's periods of so many months, as ordinals, over some years.

    >>> [str(from_ordinal(day)) for day in period_ends(6, 2026, 2026)]
    ['2025-12-31', '2026-06-30']
    """
    return [
        datetime.date(year, month, 1).toordinal() - 1
        for year in range(first_year, min(last_year, datetime.MAXYEAR) + 1)
        for month in range(1, 13, months)
    ]
