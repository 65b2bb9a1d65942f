"""Loss rates: from the ledger's own past, what part of each bucket was not paid in the end.

Two measures, by the policy "provision". *roll*: of what stood in a bucket at one month end, the part that stands in a
later bucket a month later or was written off meanwhile; a bucket loses the product of its own and all later parts.
*never-paid*: of the debts whose time is over, what was never paid divided by what reached the bucket. Either is
multiplied by the loss given default and the factor, and is at most the whole debt. Nothing is rounded on the way.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from receivables.book import KIND_CODES, Book
from receivables.facts import CREDIT_MEMO, NEVER_DUE, REVALUATION, WRITE_OFF
from receivables.history import Change, changes
from receivables.problems import Problem, problem
from receivables.rules.calendar_months import month_ends, months_later
from receivables.rules.provision_policy import NEVER_PAID, Plan, percent_of
from receivables.view import View, view

_WRITE_OFF: Final = KIND_CODES[WRITE_OFF]
_REVALUATION: Final = KIND_CODES[REVALUATION]
_NOT_PAYMENT: Final = frozenset((KIND_CODES[CREDIT_MEMO], _REVALUATION))
_NO_DEBT: Final = frozenset(KIND_CODES[kind] for kind in NEVER_DUE)


class LossRate(NamedTuple):
    """What one bucket loses.

    Attributes:
      bucket: The bucket's name.
      exposure: In units: what stood in the bucket at the month ends (roll), or what reached it (never-paid).
      rolled: In units: what went on to a later bucket or was written off (roll), or was never paid; None for the last
        bucket under roll, of which everything counts as lost.
      rate: The one divided by the other; None where nothing was ever in the bucket.
      loss: The loss rate, at most 1; None where the past says nothing.
      calculation: How the loss rate comes about.
    """

    bucket: str
    exposure: int
    rolled: int | None
    rate: Fraction | None
    loss: Fraction | None
    calculation: str


class Past:
    """The past of one view, looked at once for all pools.

    Attributes:
      problems: Why there are no loss rates.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._views: dict[datetime.date, Mapping[int, int]] = {}
        self._written: list[tuple[int, int, int]] | None = None
        self.problems: list[Problem] = []

    def loss_rates(self, plan: Plan, member: Callable[[int], bool]) -> Mapping[str, Sequence[LossRate]]:
        """Currency → loss rates of a plan's buckets in order; nothing, with a problem, where the past is too short.

        Args:
          plan: Its method is history.
          member: Whether an item belongs to the pool.
        """
        book = self._view.book
        ends = month_ends(self._view.as_of, plan.history + 1)
        first = ends[0] if len(ends) > plan.history else datetime.date.min
        # Whatever was due until then has had the time to reach the last bucket.
        ripe = datetime.date.fromordinal(max(self._view.as_of.toordinal() - plan.aging.bounds[-1] - 1, 1))
        if plan.measure == NEVER_PAID:
            first = months_later(ripe, -plan.history)
        begins = datetime.date.fromordinal(book.items.day[0]) if len(book.items.day) else None
        if begins is None or begins > first:
            self.problems.append(
                problem(
                    "too-little-history",
                    plan.written.source,
                    months=plan.history,
                    first=first,
                    begins=begins or "no day",
                )
            )
            return {}
        if plan.measure == NEVER_PAID:
            return self._never_paid(plan, member, first.toordinal(), ripe.toordinal())
        return self._rolled(plan, member, ends)

    def _open(self, day: datetime.date) -> Mapping[int, int]:
        """Item → units open at the end of a day, debits only; a revaluation is none."""
        if day not in self._views:
            seen = view(self._view.book, day)
            amounts, kinds = seen.book.items.amount, seen.book.items.kind
            pairs = zip(seen.items, seen.outstanding, strict=True)
            self._views[day] = {
                item: units for item, units in pairs if amounts[item] > 0 and kinds[item] != _REVALUATION
            }
        return self._views[day]

    def _write_offs(self) -> list[tuple[int, int, int]]:
        """Day, debit and units of each write-off; negative units where one is taken back."""
        if self._written is None:
            settlements, kinds = self._view.book.settlements, self._view.book.items.kind
            self._written = [
                (day, debit, units)
                for day, debit, credit, units in zip(
                    settlements.day, settlements.debit, settlements.credit, settlements.amount, strict=True
                )
                if kinds[credit] == _WRITE_OFF
            ]
        return self._written

    def _rolled(
        self, plan: Plan, member: Callable[[int], bool], ends: Sequence[datetime.date]
    ) -> Mapping[str, Sequence[LossRate]]:
        book, aging = self._view.book, plan.aging
        count = len(aging.buckets)
        basis = book.items.due if aging.basis == "due" else book.items.date
        sums: dict[str, tuple[list[int], list[int]]] = {}
        for start, end in pairwise(ends):
            before, after = self._open(start), self._open(end)
            first, last = start.toordinal(), end.toordinal()
            written: dict[int, int] = {}
            for day, debit, units in self._write_offs():
                if first < day <= last:
                    written[debit] = written.get(debit, 0) + units
            for item, units in before.items():
                if not member(item):
                    continue
                bucket = aging.bucket(first - basis[item])
                went_on = after.get(item, 0) if aging.bucket(last - basis[item]) > bucket else 0
                exposures, rolled = sums.setdefault(_currency(book, item), ([0] * count, [0] * count))
                exposures[bucket] += units
                rolled[bucket] += min(units, went_on + max(written.get(item, 0), 0))
        return {currency: _chained(plan, *pair) for currency, pair in sums.items()}

    def _never_paid(
        self, plan: Plan, member: Callable[[int], bool], after: int, until: int
    ) -> Mapping[str, Sequence[LossRate]]:
        seen = self._view
        items, aging = seen.book.items, plan.aging
        count = len(aging.buckets)
        basis = items.due if aging.basis == "due" else items.date
        cohort = [
            item
            for item in range(seen.item_count)
            if items.amount[item] > 0
            and after < basis[item] <= until
            and items.kind[item] not in _NO_DEBT
            and member(item)
        ]
        settled = changes(seen, set(cohort).__contains__)
        sums: dict[str, tuple[list[int], list[int]]] = {}
        starts = [None, *(low for low, _ in aging.ranges[1:])]
        for item in cohort:
            owed, paid = _payments(seen.book, item, settled.get(item, ()))
            lost = owed - sum(units for _, units in paid)
            reached, never = sums.setdefault(_currency(seen.book, item), ([0] * count, [0] * count))
            for bucket, low in enumerate(starts):
                in_time = 0 if low is None else sum(units for day, units in paid if day - basis[item] < low)
                reached[bucket] += owed - in_time
                never[bucket] += lost
        return {currency: _divided(plan, *pair) for currency, pair in sums.items()}


def _payments(book: Book, item: int, settled: Sequence[Change]) -> tuple[int, list[tuple[int, int]]]:
    """What was really owed of a debt (without what credit memos took off), and what was paid of it on which day."""
    kinds = book.items.kind
    taken_off = sum(change.units for change in settled if kinds[change.other] in _NOT_PAYMENT)
    paid = [
        (change.day, change.units)
        for change in settled
        if kinds[change.other] not in _NOT_PAYMENT and kinds[change.other] != _WRITE_OFF
    ]
    return book.items.amount[item] - taken_off, paid


def _currency(book: Book, item: int) -> str:
    return book.pockets[book.items.pocket[item]].currency


def _rate(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def _chained(plan: Plan, exposures: Sequence[int], rolled: Sequence[int]) -> list[LossRate]:
    rates = [_rate(part, whole) for part, whole in zip(rolled, exposures, strict=True)]
    rates[-1] = Fraction(1)
    found = []
    for bucket, name in enumerate(plan.aging.buckets):
        product: Fraction | None = Fraction(1)
        for rate in rates[bucket:]:
            # What never gets that far loses nothing, whatever would have come of it.
            product = product if product == 0 or product is None else None if rate is None else product * rate
        chain = " x ".join("?" if rate is None else f"{percent_of(rate, 4)} %" for rate in rates[bucket:])
        last = bucket == len(rates) - 1
        found.append(
            LossRate(
                name, exposures[bucket], None if last else rolled[bucket], rates[bucket],
                *_final(plan, product, chain),
            )
        )  # fmt: skip
    return found


def _divided(plan: Plan, reached: Sequence[int], never: Sequence[int]) -> list[LossRate]:
    found = []
    for name, whole, part in zip(plan.aging.buckets, reached, never, strict=True):
        rate = _rate(part, whole)
        chain = "?" if rate is None else f"{percent_of(rate, 4)} %"
        found.append(LossRate(name, whole, part, rate, *_final(plan, rate, chain)))
    return found


def _final(plan: Plan, share: Fraction | None, chain: str) -> tuple[Fraction | None, str]:
    """The loss rate, and how it comes about."""
    told = chain
    if plan.loss_given_default != 1:
        told += f" x {percent_of(plan.loss_given_default)} % (loss given default)"
    if plan.factor != 1:
        told += f" x {percent_of(plan.factor / 100)} (factor)"
    if share is None:
        return None, f"{told}: nothing was in the bucket in that time"
    loss = share * plan.loss_given_default * plan.factor
    return min(loss, Fraction(1)), told + (", at most 100 %" if loss > 1 else "")
