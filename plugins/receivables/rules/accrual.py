"""Accrual: the interest of one late item, segment by segment, under one penalty policy.

The due day does not count and the payment day does (BGB 187, 188; the same in UK and French practice): a segment from
the 1st to the 5th has four days. Each segment has one principal and one rate. Everything is exact until it is rounded
once, where the policy says; segments of one rounding get the difference of the rounded running sums, so rows always
add up to what is charged.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import Final, NamedTuple

from receivables.rules.calendar_months import months_after
from receivables.rules.day_counts import days_between, year_pieces
from receivables.rules.disputes import Dispute
from receivables.rules.penalty_policy import PenaltyPolicy
from receivables.rules.rate_book import Applied, RateBook, period_ends
from receivables.rules.rates import (
    DAY,
    MONTH,
    PER_YEAR,
    PERIODS,
    YEAR,
    MissingRateError,
    first_of_period,
)

from_ordinal = datetime.date.fromordinal


class Reduction(NamedTuple):
    """What changed the open amount of the item on a day.

    Attributes:
      day: Ordinal.
      units: By how much less is open; negative where a reversal gives it back.
      receipt: Whether it is money received, which a policy may take for interest first.
      other: The item on the other side, to find what a reversal undoes.
    """

    day: int
    units: int
    receipt: bool
    other: int


class Late(NamedTuple):
    """An item as the accrual needs it; ordinals, and units of the book's scale.

    Attributes:
      due: The due date.
      agreed: The day of the contract, else of the document: a ceiling's published rate is that of this day.
      units: The original amount.
      reductions: In order of day, up to the as-of date.
      disputes: Those that keep interest from accruing.
      costs: (day, units) of what events cost, in units of the currency's digits.
      paid: (day, units) paid on penalty notes of this item, in units of the currency's digits.
      currency: The item's currency.
      unit_digits: Decimal places of a unit.
      digits: Decimal places of the currency, to which interest is rounded.
    """

    due: int
    agreed: datetime.date
    units: int
    reductions: Sequence[Reduction]
    disputes: Sequence[Dispute]
    costs: Sequence[tuple[int, int]]
    paid: Sequence[tuple[int, int]]
    currency: str
    unit_digits: int
    digits: int


class Segment(NamedTuple):
    """Interest of one principal at one rate.

    Attributes:
      origin: Ordinal of the day from which the day count counts: where the interest of the item starts.
      start, end: Ordinals; the first day is not counted, the last one is.
      days: As the day count counts them.
      principal: Units of the book's scale.
      rate: The rate.
      months: How many months, where months are charged whole; None else.
      amount: In units of the currency's digits, rounded; see the module's text.
      capitalised: Interest that is part of the principal, in units of the book's scale.
      diverted: What receipts paid of costs and interest, and so not of the principal; likewise.
    """

    origin: int
    start: int
    end: int
    days: int
    principal: int
    rate: Applied
    months: int | None
    amount: int
    capitalised: int
    diverted: int


class Accrued(NamedTuple):
    """The interest of one item up to a day.

    Attributes:
      late: The largest principal that was late, in units of the book's scale: the size of the debt.
      segments: In order of day.
      total: Their sum, in units of the currency's digits.
      missing: Published rates that were missing, each once.
    """

    late: int
    segments: Sequence[Segment]
    total: int
    missing: Sequence[MissingRateError]


NOTHING: Final = Accrued(0, (), 0, ())


def rounded_units(amount: Fraction, mode: str) -> int:
    """An amount in whole units, rounded as a policy says.

    >>> [rounded_units(Fraction(5, 2), mode) for mode in ("half-up", "half-even", "up", "down")]
    [3, 2, 3, 2]
    """
    above, below = amount.numerator, amount.denominator
    if mode == "half-up":
        return (2 * above + below) // (2 * below)
    if mode == "half-even":
        return round(amount)
    return -(-above // below) if mode == "up" else above // below


def accrue(late: Late, policy: PenaltyPolicy, book: RateBook, as_of: int) -> Accrued:
    """The interest of an item from its due date to the end of `as_of`.

    Args:
      late: The item.
      policy: What is agreed.
      book: The rates of this policy.
      as_of: Ordinal; this day counts.
    """
    grace_end = late.due + policy.grace
    if as_of <= grace_end:
        return NOTHING
    start = grace_end if policy.interest_from == "grace-end" else late.due
    return _Accrual(late, policy, book, start, grace_end, as_of).run()


class _Accrual:
    """One run through the segments of an item in order of day."""

    def __init__(
        self, late: Late, policy: PenaltyPolicy, book: RateBook, start: int, grace_end: int, as_of: int
    ) -> None:
        self.late, self.policy, self.book = late, policy, book
        self.start, self.as_of = start, as_of
        # What was paid within the grace never bears interest; the rest bears it from the start.
        within = [change for change in late.reductions if change.day <= grace_end]
        self.after = [change for change in late.reductions if change.day > grace_end]
        self.open = late.units - sum(change.units for change in within)
        self.diverted = 0
        self.capitalised = 0
        self.taken: dict[int, list[tuple[int, int]]] = {}
        self.scale = Fraction(10) ** (late.digits - late.unit_digits)
        self.exact = Fraction(0)
        self.appropriated = 0
        self.missing: dict[tuple[str, datetime.date], MissingRateError] = {}

    def run(self) -> Accrued:
        """All segments, rounded."""
        policy = self.policy
        if not policy.tiers:
            return Accrued(self._largest(), (), 0, ())
        if policy.reference == "payment" and self.book.series:
            raw = list(self._by_payment())
        elif policy.by_steps:
            raw = list(self._by_steps())
        else:
            raw = list(self._by_days())
        segments = _rounded(_merged(raw, policy), policy, self.start)
        return Accrued(
            self._largest(), segments, sum(segment.amount for segment in segments), list(self.missing.values())
        )

    def _largest(self) -> int:
        """The largest amount that was open after the grace."""
        largest = left = self.late.units - sum(
            change.units for change in self.late.reductions if change.day <= self.late.due + self.policy.grace
        )
        for change in self.after:
            if change.day < self.as_of:
                left -= change.units
                largest = max(largest, left)
        return largest

    # Where segments begin and end

    def _bounds(self, *more: Iterable[int]) -> list[int]:
        start, as_of = self.start, self.as_of
        found = {change.day for change in self.after}
        for dispute in self.late.disputes:
            found.add(dispute.start)
            if dispute.end is not None:
                found.add(dispute.end)
        found.update(self.late.due + tier.after for tier in self.policy.tiers)
        for each in more:
            found.update(each)
        return [start, *sorted(bound for bound in found if start < bound < as_of), as_of]

    def _month_ends(self) -> Sequence[int]:
        return period_ends(1, from_ordinal(self.start).year, from_ordinal(self.as_of).year + 1)

    def _capital_days(self) -> Iterator[int]:
        first, months = from_ordinal(self.start), PERIODS[self.policy.compound or YEAR]
        count = months
        while (day := months_after(first, count)) <= self.as_of:
            yield day
            count += months

    # The three ways

    def _by_days(self) -> Iterator[_Raw]:
        policy, late = self.policy, self.late
        capital_days = set(self._capital_days()) if policy.compound else set()
        more: list[Iterable[int]] = [capital_days]
        if policy.reference == "floating":
            more.append(self.book.changes(self.start + 1, self.as_of))
        if policy.rounding == "month":
            more.append(self._month_ends())
        needs_sum = policy.compound is not None or policy.appropriation == "interest-first"
        if needs_sum:
            more.append([day for day, _ in late.paid])
        position = 0
        paid = 0
        for first, last in pairwise(self._bounds(*more)):
            while position < len(self.after) and self.after[position].day <= first:
                self._reduce(self.after[position])
                position += 1
            while paid < len(late.paid) and late.paid[paid][0] <= first:
                self._pay_note(*late.paid[paid])
                paid += 1
            if first in capital_days:
                self._capitalise(first)
            principal = self._bearing(first)
            if principal <= 0:
                continue
            rate = self._rate(first)
            if rate is None:
                continue
            amount = self._interest(principal, rate, first, last)
            if needs_sum:
                self.exact += amount
            yield _Raw(
                0,
                first,
                last,
                self._days(rate, first, last),
                principal,
                rate,
                None,
                amount,
                self.capitalised,
                self.diverted,
            )

    def _by_steps(self) -> Iterator[_Raw]:
        """Whole months from the start on, each as soon as it begins, or once it is over."""
        whole = self.policy.part_month == "whole"
        bounds = self._bounds()
        first_day = from_ordinal(self.start)
        count = 0
        while True:
            first, last = months_after(first_day, count), months_after(first_day, count + 1)
            if first >= self.as_of or (whole and last > self.as_of):
                return
            count += 1
            # A month that must be over is charged on what stood all of it.
            inside = [bound for bound in bounds if first < bound < last] if whole else []
            principal = min(self._bearing_at(bound) for bound in (first, *inside))
            rate = self._rate(first) if principal > 0 else None
            if rate is not None:
                end = min(last, self.as_of)
                amount = principal * self.scale * rate.percent / 100
                if rate.unit != MONTH:
                    # A ceiling of another unit took the place of the rate.
                    amount = amount * PER_YEAR[rate.unit] / PER_YEAR[MONTH]
                yield _Raw(0, first, end, end - first, principal, rate, 1, amount)

    def _by_payment(self) -> Iterator[_Raw]:
        """Each part at the published rate of the day on which it was paid, for its whole delay."""
        layers = self._layers()
        more: list[Iterable[int]] = [{end for _, _, end in layers if end is not None}]
        if self.policy.rounding == "month":
            more.append(self._month_ends())
        bounds = self._bounds(*more)
        found = []
        for units, since, end in layers:
            paid_on = self.as_of if end is None else end
            for first, last in pairwise(bounds):
                if since <= first < paid_on:
                    found.append((paid_on, first, last, units))
        # A disputed part is what is paid last.
        left: dict[int, int] = {}
        for paid_on, first, last, units in sorted(found, key=lambda each: (each[1], -each[0])):
            disputed = left.setdefault(first, self._disputed(first, self._open_at(first)))
            taken = min(disputed, units)
            left[first] = disputed - taken
            rate = self._rate(first, paid_on) if units > taken else None
            if rate is not None:
                amount = self._interest(units - taken, rate, first, last)
                yield _Raw(paid_on, first, last, self._days(rate, first, last), units - taken, rate, None, amount)

    def _layers(self) -> list[tuple[int, int, int | None]]:
        """The principal as parts: units, from when, until which payment; what is paid first was there first."""
        standing: list[list[int]] = [[self.open, self.start]] if self.open > 0 else []
        done: list[tuple[int, int, int | None]] = []
        for change in self.after:
            if change.units < 0:
                standing.append([-change.units, change.day])
                continue
            left = change.units
            while left > 0 and standing:
                part = min(left, standing[0][0])
                done.append((part, standing[0][1], change.day))
                standing[0][0] -= part
                left -= part
                if not standing[0][0]:
                    standing.pop(0)
        done += [(units, since, None) for units, since in standing]
        return done

    # What a segment stands on

    def _bearing(self, first: int) -> int:
        """The principal that bears interest after the day `first`."""
        open_ = max(self.open + self.diverted, 0)
        return open_ - self._disputed(first, open_) + self.capitalised

    def _bearing_at(self, first: int) -> int:
        open_ = self._open_at(first)
        return open_ - self._disputed(first, open_)

    def _open_at(self, first: int) -> int:
        return max(self.open - sum(change.units for change in self.after if change.day <= first), 0)

    def _disputed(self, first: int, open_: int) -> int:
        if not self.late.disputes or self.policy.disputed == "runs":
            return 0
        standing = sum(
            dispute.units
            for dispute in self.late.disputes
            if dispute.start <= first and (dispute.end is None or first < dispute.end)
        )
        return min(standing, open_)

    def _reduce(self, change: Reduction) -> None:
        """A receipt, credit or reversal; under "interest-first" a receipt pays interest before principal."""
        self.open -= change.units
        if self.policy.appropriation != "interest-first" or not (change.receipt or change.other in self.taken):
            return
        if change.units > 0:
            to_interest = max(min(self._unpaid(change.day), floor(change.units * self.scale)), 0)
            kept = int(to_interest / self.scale)
            self._take(to_interest, change.day)
            self.diverted += kept
            self.taken.setdefault(change.other, []).append((to_interest, kept))
            return
        # What a reversal gives back was principal as far as it goes, and interest for the rest.
        back = -change.units
        _, kept = self.taken[change.other].pop() if self.taken.get(change.other) else (0, 0)
        given_back = min(kept, back)
        self.diverted -= given_back
        self.appropriated -= floor(given_back * self.scale)

    def _pay_note(self, day: int, units: int) -> None:
        """What is paid on a note pays costs and interest; where receipts paid those before, it makes up for them."""
        to_interest = min(units, max(self._unpaid(day), 0))
        self._take(to_interest, day)
        self.diverted = max(self.diverted - int((units - to_interest) / self.scale), 0)

    def _take(self, units: int, day: int) -> None:
        """So many units of costs and interest are paid; interest that was added to the principal goes with it."""
        self.appropriated += units
        interest = rounded_units(self.exact, self.policy.rounding_mode) - self._interest_paid(day)
        self.capitalised = min(self.capitalised, int(max(interest, 0) / self.scale))

    def _unpaid(self, day: int) -> int:
        """Costs and interest up to a day that nobody has paid yet."""
        return rounded_units(self.exact, self.policy.rounding_mode) + self._costs(day) - self.appropriated

    def _interest_paid(self, day: int) -> int:
        """What was paid of the interest: costs come first."""
        return max(self.appropriated - self._costs(day), 0)

    def _costs(self, day: int) -> int:
        """The fixed sum, and what events cost up to a day."""
        events = sum(units for at, units in self.late.costs if at <= day)
        return fixed_sum(self.policy, self.late, self._largest()) + events

    def _capitalise(self, day: int) -> None:
        """Interest that nobody has paid becomes principal, rounded to the currency's digits."""
        interest = rounded_units(self.exact, self.policy.rounding_mode) - self._interest_paid(day)
        self.capitalised = int(max(interest, 0) / self.scale)

    def _rate(self, first: int, paid_on: int | None = None) -> Applied | None:
        """The rate of the segment that begins after `first`; None (and remembered) where it is missing."""
        policy = self.policy
        tier = 0
        for place, each in enumerate(policy.tiers):
            if first >= self.late.due + each.after:
                tier = place
        sampled = from_ordinal(
            paid_on if paid_on is not None else self.start + 1 if policy.reference == "start" else first + 1
        )
        if policy.resets is not None:
            sampled = first_of_period(sampled, policy.resets)
        try:
            return self.book.at(tier, sampled, self.late.agreed)
        except MissingRateError as error:
            self.missing[error.series, error.date] = error
            return None

    def _interest(self, principal: int, rate: Applied, first: int, last: int) -> Fraction:
        """Exact interest in units of the currency's digits; daily rounding rounds the interest of one day."""
        above = principal * self.scale.numerator * rate.percent.numerator
        below = self.scale.denominator * rate.percent.denominator * 100
        amount = Fraction(0)
        for days, times, base in time_pieces(self.policy, rate, self.start, first, last):
            if self.policy.rounding == "day":
                amount += rounded_units(Fraction(above * times, below * base), self.policy.rounding_mode) * days
            else:
                amount += Fraction(above * times * days, below * base)
        return amount

    def _days(self, rate: Applied, first: int, last: int) -> int:
        """The days of a segment as its rate counts them: those of the calendar for a rate per day."""
        return sum(days for days, _, _ in time_pieces(self.policy, rate, self.start, first, last))


def time_pieces(policy: PenaltyPolicy, rate: Applied, origin: int, first: int, last: int) -> list[tuple[int, int, int]]:
    """The time between two days as (days, times, base): the rate counts times/base for each day.

    A rate per day counts 1/1, one per month 1/30 (thirtieths) or 12/365, one per year 1/365 and the like; at the turn
    of a leap year there are two pieces.
    """
    if rate.unit == DAY:
        return [(last - first, 1, 1)]
    if rate.unit == MONTH and policy.part_month == "thirtieths":
        return [(days_between(policy.day_count, origin, first, last), 1, 30)]
    times = PER_YEAR[rate.unit]
    return [(days, times, base) for days, base in year_pieces(policy.day_count, origin, first, last)]


def fixed_sum(policy: PenaltyPolicy, late: Late, largest: int) -> int:
    """The fixed sum for a debt of a size, in units of the currency's digits; 0 for a debt in another currency.

    Args:
      policy: What is agreed.
      late: The item, for its currency and scale.
      largest: The size of the debt in units of the book's scale.
    """
    if not policy.fixed_sum or largest <= 0 or policy.fixed_sum[0].amount.currency != late.currency:
        return 0
    size = Fraction(largest, 10**late.unit_digits)
    band = [band for band in policy.fixed_sum if size >= Fraction(band.limit)][-1]
    return rounded_units(Fraction(band.amount.number) * 10**late.digits, policy.rounding_mode)


class _Raw(NamedTuple):
    """A segment before rounding; `part` keeps the parts of a principal apart that were paid on different days."""

    part: int
    start: int
    end: int
    days: int
    principal: int
    rate: Applied
    months: int | None
    exact: Fraction
    capitalised: int = 0
    diverted: int = 0


def _merged(raw: Sequence[_Raw], policy: PenaltyPolicy) -> list[_Raw]:
    """Segments side by side with the same principal and rate are one, unless each month is rounded by itself."""
    ordered = sorted(raw, key=lambda segment: (segment.part, segment.start))
    if policy.rounding == "month":
        return sorted(ordered, key=lambda segment: segment.end)
    found: list[_Raw] = []
    for each in ordered:
        last = found[-1] if found else None
        if (
            last is not None
            and (last.part, last.end) == (each.part, each.start)
            and (last.principal, last.capitalised, last.diverted) == (each.principal, each.capitalised, each.diverted)
            and (last.rate is each.rate or last.rate == each.rate)
        ):
            months = None if last.months is None or each.months is None else last.months + each.months
            found[-1] = last._replace(
                end=each.end, days=last.days + each.days, months=months, exact=last.exact + each.exact
            )
        else:
            found.append(each)
    return found


def _rounded(raw: Sequence[_Raw], policy: PenaltyPolicy, origin: int) -> list[Segment]:
    """The segments with amounts that add up to the rounded sum: of all, or of each calendar month."""
    found = []
    exact = Fraction(0)
    before = 0
    month: tuple[int, int] | None = None
    for each in raw:
        if policy.rounding == "month":
            last = from_ordinal(each.end)
            if (last.year, last.month) != month:
                month, exact, before = (last.year, last.month), Fraction(0), 0
        exact += each.exact
        amount = rounded_units(exact, policy.rounding_mode) - before
        before += amount
        found.append(
            Segment(
                origin,
                each.start,
                each.end,
                each.days,
                each.principal,
                each.rate,
                each.months,
                amount,
                each.capitalised,
                each.diverted,
            )
        )
    return found
