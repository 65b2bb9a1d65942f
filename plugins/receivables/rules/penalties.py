"""Penalties: what late payment costs, document by document, under the dated policy "penalty".

A pure function of the book, the day and the policies, which explains each figure line by line; what was charged before
is found by `receivables.rules.charged_penalties`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from receivables.book import KIND_CODES
from receivables.facts import APPLY, KINDS, PENALTY, RECEIPT, Event
from receivables.history import Change, changes
from receivables.lookup import Lookup
from receivables.money import Scale
from receivables.places import source_of
from receivables.problems import Problem, problem
from receivables.rules.accrual import (
    Accrued,
    Late,
    Reduction,
    Segment,
    accrue,
    fixed_sum,
    rounded_units,
    time_pieces,
)
from receivables.rules.assignment import NONE, policy_name
from receivables.rules.charged_penalties import charged_postings, payments_of_notes
from receivables.rules.disputes import DISPUTE, Dispute, disputed_parts
from receivables.rules.penalty_policy import MAY_BEAR, PenaltyPolicy, penalty_policy
from receivables.rules.rate_book import RateBook
from receivables.rules.rates import MONTH, MissingRateError
from receivables.settings import Rate
from receivables.view import View

INTEREST: Final = "interest"
CAP: Final = "cap"
WAIVED: Final = "waived"
MINIMUM: Final = "minimum"
FIXED_SUM: Final = "fixed-sum"

LONGEST_MONTH: Final = 31

_MAY_BEAR: Final = frozenset(KIND_CODES[kind] for kind in MAY_BEAR)
_MONEY: Final = frozenset(KIND_CODES[kind] for kind in (RECEIPT, APPLY))
from_ordinal = datetime.date.fromordinal


class Charge(NamedTuple):
    """One line of what late payment costs.

    Attributes:
      item: The late item.
      policy: Under which policy.
      component: interest, cap, waived, minimum, fixed-sum, or the kind of event that is charged for.
      start, end: From (not counted) to (counted); both None for what does not depend on days.
      days: By the policy's day count.
      principal: What bore interest.
      rate, per: In percent, and for which time; None and "" where there is none.
      amount: Exact, in the currency's digits; negative for what is taken off.
      calculation: How it was computed, as a person would write it down.
    """

    item: int
    policy: PenaltyPolicy
    component: str
    start: datetime.date | None
    end: datetime.date | None
    days: int | None
    principal: Decimal
    rate: Decimal | None
    per: str
    amount: Decimal
    calculation: str


class Penalties(NamedTuple):
    """All charges up to a day.

    Attributes:
      charges: By item, in the order of the book.
      problems: Rates that are missing (nothing is charged for them) or not verified, policies that are not there.
      before_policy: How many late items bear nothing because their policy came later.
      resting: The items whose charges are the same objects on every later day, as long as nothing more is booked.
    """

    charges: Sequence[Charge]
    problems: tuple[Problem, ...]
    before_policy: int = 0
    resting: Collection[int] = ()


def charges(view: View, keep: Callable[[int], bool] | None = None) -> Penalties:
    """What late payment costs up to the end of the as-of date.

    Args:
      view: The book as of a day; nothing later counts.
      keep: Which items are looked at; None for all.
    """
    return view.of_day("charges", lambda: _Run(view, None).run()) if keep is None else _Run(view, keep).run()


class _Chosen(NamedTuple):
    """Which policy holds for an item.

    Attributes:
      name: Its name as the ledger has it.
      found: The policy with its rates; None where there is none in force, or the word is "none".
    """

    name: str
    found: tuple[PenaltyPolicy, RateBook] | None


class _Settled(NamedTuple):
    """What a settled item cost: no day after `since` changes it as long as its settlements are these.

    Attributes:
      since: The last day (ordinal) on which something happened.
      charges: What it cost.
      missing, unverified: The rates that were missing or not verified.
    """

    since: int
    charges: Sequence[Charge]
    missing: Sequence[MissingRateError]
    unverified: Sequence[Rate]


class _Run:
    """One evaluation: what is looked up once for all items."""

    def __init__(self, view: View, keep: Callable[[int], bool] | None) -> None:
        self.view = view
        self.keep = keep
        self.today = view.as_of.toordinal()
        self.settings = view.book.settings
        self.lookup = Lookup(view.book)
        # What depends on nothing but the book is remembered where it is asked for many days.
        self.policies: dict[tuple[str, datetime.date], tuple[PenaltyPolicy, RateBook]] = view.of_book(
            "penalty policies", dict
        )
        self.chosen: dict[int, _Chosen] = view.of_book("penalty policies of items", dict)
        self.settled: dict[tuple[int, int], _Settled] = view.of_book("penalties of settled items", dict)
        self.missing: dict[tuple[str, str, datetime.date], tuple[PenaltyPolicy, MissingRateError]] = {}
        self.unverified: dict[tuple[str, datetime.date], Rate] = {}
        self.charged = charged_postings(view)
        self.unknown: dict[str, int] = {}
        self.before_policy = 0

    def run(self) -> Penalties:
        """All charges."""
        if not self.settings.names(PENALTY):
            return Penalties((), ())
        view, items = self.view, self.view.book.items
        late = {
            item: found
            for item in range(view.item_count)
            if items.kind[item] in _MAY_BEAR
            and items.amount[item] > 0
            and items.due[item] < self.today
            and (self.keep is None or self.keep(item))
            and (found := self._policy(item)) is not None
        }
        # A dispute goes to what is open of all its documents, also of those that bear nothing.
        disputing = any(event.kind == DISPUTE for event in view.book.events)
        history = changes(view, None if disputing else late.__contains__)
        disputes = disputed_parts(view, history)
        told: list[Charge] = []
        resting: set[int] = set()
        for item, (policy, rates) in late.items():
            changed, disputed = history.get(item, ()), disputes.get(item, ())
            known = None if disputed else self.settled.get((item, len(changed)))
            if known is None or known.since >= self.today:
                known = self._of_item(item, policy, rates, changed, disputed)
                if known.since < self.today and view.lasting is not None:
                    self.settled[item, len(changed)] = known
            if known.since < self.today:
                resting.add(item)
            told.extend(known.charges)
            for error in known.missing:
                self.missing.setdefault((policy.name, error.series, error.date), (policy, error))
            for source in known.unverified:
                self.unverified.setdefault((source.name, source.date), source)
        return Penalties(told, self._problems(), self.before_policy, resting)

    def _policy(self, item: int) -> tuple[PenaltyPolicy, RateBook] | None:
        """The policy of the day on which the delay of an item starts, if it charges for items of its kind."""
        chosen = self.chosen.get(item)
        if chosen is None:
            chosen = self.chosen[item] = self._choose(item)
        if chosen.found is None and chosen.name != NONE:
            if (PENALTY, chosen.name) in self.settings.policies:
                self.before_policy += 1
            elif chosen.name:
                self.unknown.setdefault(chosen.name, item)
        if chosen.found is None or KINDS[self.view.book.items.kind[item]] not in chosen.found[0].on:
            return None
        return chosen.found

    def _choose(self, item: int) -> _Chosen:
        first_day = from_ordinal(self.view.book.items.due[item] + 1)
        name = policy_name(self.settings, self.lookup, item, PENALTY, first_day)
        written = None if name == NONE else self.settings.in_force(PENALTY, first_day, name)
        if written is None:
            return _Chosen(name, None)
        key = name, written.date
        if key not in self.policies:
            policy = penalty_policy(written)
            self.policies[key] = policy, RateBook(policy, self.settings)
        return _Chosen(name, self.policies[key])

    def _of_item(
        self, item: int, policy: PenaltyPolicy, rates: RateBook, history: Sequence[Change], disputes: Sequence[Dispute]
    ) -> _Settled:
        """What an item cost so far; `since` is the as-of date where the next day may change it."""
        view, items = self.view, self.view.book.items
        if history and self._paid_in_time(item, policy, history):
            return _Settled(history[-1].day, (), (), ())
        scale = view.scale(item)
        late = Late(
            due=items.due[item],
            agreed=self._agreed(item, policy),
            units=items.amount[item],
            reductions=[
                Reduction(change.day, change.units, items.kind[change.other] in _MONEY, change.other)
                for change in history
            ],
            disputes=disputes,
            costs=[
                (event.date.toordinal(), units) for event, units in self._charged_events(item, policy, scale.digits)
            ],
            paid=self._paid_penalties(item) if policy.compound or policy.appropriation == "interest-first" else (),
            currency=view.currency(item),
            unit_digits=scale.unit,
            digits=scale.digits,
        )
        accrued = accrue(late, policy, rates, self.today)
        charges: list[Charge] = []
        unverified: list[Rate] = []
        for segment in accrued.segments:
            charges.append(self._interest(item, policy, late, segment))
            source = segment.rate.published
            if source is not None and not source.verified:
                unverified.append(source)
        charges.extend(self._beside(item, policy, late, accrued))
        since = self.today if disputes else self._since(item, policy, history)
        return _Settled(since, charges, accrued.missing, unverified)

    def _since(self, item: int, policy: PenaltyPolicy, history: Sequence[Change]) -> int:
        """The last day on which something can have changed what an item costs; the as-of date where it goes on."""
        # Nobody asks again for what is not kept.
        if self.view.lasting is None or policy.compound or policy.appropriation == "interest-first" or policy.charges:
            return self.today
        if sum(change.units for change in history) != self.view.book.items.amount[item]:
            return self.today
        # A month that has begun is charged to its end.
        return min(history[-1].day + (LONGEST_MONTH if policy.by_steps else 0), self.today)

    def _paid_in_time(self, item: int, policy: PenaltyPolicy, history: Sequence[Change]) -> bool:
        """Whether all was paid within the grace and stayed so: most documents of a book."""
        items = self.view.book.items
        end = items.due[item] + policy.grace
        return history[-1].day <= end and sum(change.units for change in history) == items.amount[item]

    def _agreed(self, item: int, policy: PenaltyPolicy) -> datetime.date:
        """The day of the item's contract, else of the document."""
        if policy.ceiling:
            contract = self.settings.contracts.get(str(self.lookup.of_document(item, "contract")))
            if contract is not None:
                return contract.date
        return from_ordinal(self.view.book.items.date[item])

    def _paid_penalties(self, item: int) -> list[tuple[int, int]]:
        """When and how much was paid on penalty notes, as far as they were charged for the item's document."""
        return self._payments_of_notes.get((self._customer(item), self.view.book.items.number[item]), [])

    @cached_property
    def _payments_of_notes(self) -> Mapping[tuple[str, str], list[tuple[int, int]]]:
        return payments_of_notes(self.view, self.charged.postings)

    def _customer(self, item: int) -> str:
        return self.view.book.pockets[self.view.book.items.pocket[item]].customer

    def _interest(self, item: int, policy: PenaltyPolicy, late: Late, segment: Segment) -> Charge:
        scale = self.view.scale(item)
        principal = scale.decimal(segment.principal)
        return Charge(
            item,
            policy,
            INTEREST,
            from_ordinal(segment.start),
            from_ordinal(segment.end),
            segment.days,
            principal,
            percent(segment.rate.percent),
            segment.rate.unit,
            _money(segment.amount, late.digits),
            _calculation(principal, segment, policy, scale, late.currency),
        )

    def _beside(self, item: int, policy: PenaltyPolicy, late: Late, accrued: Accrued) -> Iterator[Charge]:
        """What is not interest: cap, minimum, fixed sums, charges by event."""
        size = self.view.scale(item).decimal(accrued.late)
        currency, total = late.currency, accrued.total

        def line(component: str, units: int, calculation: str) -> Charge:
            amount = _money(units, late.digits)
            return Charge(item, policy, component, None, None, None, size, None, "", amount, calculation)

        def shown(units: int) -> str:
            return f"{_money(units, late.digits):,} {currency}"

        if policy.cap is not None and total:
            cap = _units(Fraction(size) * policy.cap / 100, late.digits, policy.rounding_mode)
            if total > cap:
                why = f"at most {percent(policy.cap)} % of {size:,} {currency} = {shown(cap)}, not {shown(total)}"
                yield line(CAP, cap - total, why)
                total = cap
        if total and (limit := policy.waive_below.get(currency)) is not None:
            least = _units(Fraction(limit), late.digits, policy.rounding_mode)
            if total < least:
                yield line(WAIVED, -total, f"{shown(total)} is below {shown(least)}, which is not charged")
                total = 0
        if total and (limit := policy.raise_to.get(currency)) is not None:
            least = _units(Fraction(limit), late.digits, policy.rounding_mode)
            if total < least:
                yield line(MINIMUM, least - total, f"{shown(total)} is raised to {shown(least)}")
        sum_ = fixed_sum(policy, late, accrued.late)
        if sum_:
            yield line(FIXED_SUM, sum_, f"{shown(sum_)} once, for a debt of {size:,} {currency}")
        if accrued.late:
            for event, units in self._charged_events(item, policy, late.digits):
                yield line(event.kind, units, f"{event.kind} of {event.date}")

    def _charged_events(self, item: int, policy: PenaltyPolicy, digits: int) -> list[tuple[Event, int]]:
        """The events after the due date that cost something, and what; once a document, not once an instalment."""
        items = self.view.book.items
        if not policy.charges or items.first[item] != item:
            return []
        currency = self.view.currency(item)
        return [
            (event, _units(Fraction(amount), digits, policy.rounding_mode))
            for event in self._events.get((self._customer(item), items.number[item]), ())
            if (amount := policy.charges.get(event.kind, {}).get(currency)) is not None
            and event.date.toordinal() > items.due[item]
        ]

    @cached_property
    def _events(self) -> Mapping[tuple[str, str], list[Event]]:
        """Customer and number → what happened up to the as-of date."""
        found: dict[tuple[str, str], list[Event]] = {}
        for event in self.view.book.events:
            if event.date <= self.view.as_of:
                for number in event.documents:
                    found.setdefault((event.customer, number), []).append(event)
        return found

    def _problems(self) -> tuple[Problem, ...]:
        told = [
            problem(
                "no-rate", policy.written.source, series=error.series, date=error.date, policy=policy.name or "penalty"
            )
            for policy, error in self.missing.values()
        ]
        names = [name or "(the one without a name)" for name in self.settings.names(PENALTY)]
        for name, item in self.unknown.items():
            place = source_of(self.view.book.texts.source(item))
            valid = ", ".join([*names, NONE])
            told.append(problem("no-such-policy", place, who="the document", subject=PENALTY, name=name, valid=valid))
        told += [
            problem("rate-not-verified", rate.source, series=rate.name, date=rate.date, percent=f"{rate.percent:f}")
            for rate in self.unverified.values()
        ]
        return (*told, *self.charged.problems)


def _calculation(principal: Decimal, segment: Segment, policy: PenaltyPolicy, scale: Scale, currency: str) -> str:
    """`10,000.00 GBP x 13.25% x 50/365`, and where the rate comes from."""
    rate = segment.rate
    told = f"{principal:,} {currency} x {percent(rate.percent):f}%"
    if segment.months is not None:
        told += f" x {segment.months} {'month' if segment.months == 1 else 'months'}"
        if rate.unit != MONTH:
            told += f" ({rate.unit}ly rate)"
    elif rate.unit == "day":
        told += f" x {segment.days} days"
    else:
        pieces = time_pieces(policy, rate, segment.origin, segment.start, segment.end)
        shares = " + ".join(f"{days}/{base}" for days, _, base in pieces)
        told += f" x {pieces[0][1]}" if pieces and pieces[0][1] != 1 else ""
        told += f" x {shares}" if len(pieces) == 1 else f" x ({shares})"
    source = rate.published
    if source is not None:
        told += f"; {source.name} {source.percent:f}% from {source.date}"
    if rate.bound:
        told += f"; {rate.bound}"
    if segment.capitalised:
        told += f"; with {scale.decimal(segment.capitalised):,} {currency} of interest"
    if segment.diverted:
        told += f"; with {scale.decimal(segment.diverted):,} {currency} that receipts paid of costs and interest"
    return told


@lru_cache(maxsize=4096)
def percent(value: Fraction) -> Decimal:
    """A percentage as a decimal: exact where it ends, else with twelve digits behind the point.

    >>> percent(Fraction(53, 4)), percent(Fraction(1, 3))
    (Decimal('13.25'), Decimal('0.333333333333'))
    """
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    found = exact if Fraction(exact) == value else exact.quantize(Decimal(1).scaleb(-12))
    normal = found.normalize()
    return normal.quantize(Decimal(1)) if normal == normal.to_integral_value() else normal


def _units(amount: Fraction, digits: int, mode: str) -> int:
    return rounded_units(amount * 10**digits, mode)


def _money(units: int, digits: int) -> Decimal:
    return Decimal(units).scaleb(-digits)
