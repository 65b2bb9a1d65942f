"""Provision: what is provided for each open debt, by the policy in force on the as-of date.

A revaluation is no debt: it says what another one is worth in the currency of the books.

Debts with a word of their own come first and leave the pool (`receivables.rules.specific`); all others get the rate of
their bucket from a matrix by days (IFRS 9 B5.5.35, the simplified approach; ASC 326-20-55-37 to 40), a table by months
(Vietnam, Circular 48/2019/TT-BTC art. 6) or the ledger's own loss rates (`receivables.rules.loss_rates`). Amounts are
exact until each row is rounded half up to the digits of its currency, so that rows add up to every total.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from receivables.facts import REVALUATION
from receivables.lookup import Lookup
from receivables.money import Scale
from receivables.places import source_of
from receivables.problems import Problem, problem
from receivables.rules.calendar_months import months_between
from receivables.rules.loss_rates import LossRate, Past
from receivables.rules.portfolios import portfolio_of
from receivables.rules.provision_policy import MATRIX, ROLL_RATE, SPECIFIC, TABLE, Plan, Plans, percent_of
from receivables.rules.specific import Specific, Specifics
from receivables.view import View

ORIGINAL_DUE: Final = "original-due"
"""Metadata of a document whose due date was put off: the day that was agreed first."""

WHOLE: Final = Fraction(1)

Losses = Mapping[str, Sequence[LossRate]]
"""Currency → loss rates of the buckets in order."""


class Provided(NamedTuple):
    """What is provided for one open item.

    Attributes:
      item: Position in the book.
      outstanding: What is open, in units.
      exposure: What is provided for, in units: the outstanding, less its share of credits where they are netted.
      segment: The value of the policy's `segment-by:`; "" without one.
      group: The value of its `book-by:`; "" without one.
      days, months: Overdue: days past the due date, whole months past the original one.
      bucket: The bucket of the method; "" where there is none.
      method: "matrix", "table", "roll-rate" or "specific"; "" where nothing could be provided.
      share: The rate, 1 for the whole; None for a specific amount.
      amount: What is provided; None where it cannot be told.
      calculation: How it comes about, or why nothing does.
      policy: The policy, or where the specific word stands.
      source: The law or decision behind it; for a specific provision the note's text.
    """

    item: int
    outstanding: int
    exposure: int
    segment: str
    group: str
    days: int
    months: int
    bucket: str
    method: str
    share: Fraction | None
    amount: Decimal | None
    calculation: str
    policy: str
    source: str


class Provision(NamedTuple):
    """The provision as of a day: a row for each open debt.

    Attributes:
      rows: In the order of the book; empty where no policy is in force.
      plans: The policies in force.
      problems: What could not be read or lacks a rate.
    """

    rows: Sequence[Provided]
    plans: Plans
    problems: tuple[Problem, ...]


class _Debt(NamedTuple):
    """An open debt on its way to a row."""

    item: int
    outstanding: int
    exposure: int
    segment: str
    plan: Plan | None
    specific: Specific | Problem | None
    days: int
    months: int
    wrong_date: bool


class _Rate(NamedTuple):
    """What a method says of a debt; without a share, why."""

    bucket: str
    share: Fraction | None
    told: str


def provided_amount(units: int, share: Fraction, scale: Scale) -> Decimal:
    """The share of so many units, rounded half up to the currency's digits, and never above the units themselves.

    >>> provided_amount(50, Fraction(1, 4), Scale(2, 2)), provided_amount(118805, Fraction(1), Scale(3, 2))
    (Decimal('0.13'), Decimal('118.805'))
    """
    whole = share.denominator * 10**scale.unit
    rounded_up = (2 * units * share.numerator * 10**scale.digits + whole) // (2 * whole)
    return min(Decimal(rounded_up).scaleb(-scale.digits), scale.decimal(units))


def provision(view: View) -> Provision:
    """What is provided for each open debt of a view."""
    return view.of_day("provision", lambda: _provision(view))


def _provision(view: View) -> Provision:
    plans = Plans(view.book.settings, view.as_of)
    if plans.everybody is None:
        return Provision((), plans, ())
    return _Computation(view, plans).provision()


def pool_losses(view: View) -> tuple[Mapping[str, tuple[Plan, Losses]], tuple[Problem, ...]]:
    """The loss rates of every pool whose policy asks the ledger's history: pool → plan, and currency → rates."""
    plans = Plans(view.book.settings, view.as_of)
    if plans.everybody is None:
        return {}, ()
    return _Computation(view, plans).pool_losses()


def segment_of(plans: Plans, lookup: Lookup, item: int) -> str:
    """The segment of an item: the value of the policy's `segment-by:`, "" without one."""
    return portfolio_of(lookup, item, plans.segment_by)


class _Computation:
    """One computation of all rows, and what it finds wrong on the way."""

    def __init__(self, view: View, plans: Plans) -> None:
        self._view = view
        self._plans = plans
        self._lookup = Lookup(view.book)
        self._specifics = Specifics(view, self._lookup)
        self._past = Past(view)
        self._losses: dict[str, Losses] = {}
        self._pools: Sequence[str] = ()
        self._problems: dict[tuple[object, ...], Problem] = {}
        self._of_months: dict[tuple[str, int], _Rate] = {}

    def provision(self) -> Provision:
        debts = self._debts()
        spread = self._spread(debts)
        rows = [self._row(debt, spread) for debt in debts]
        found = (*self._plans.problems, *self._specifics.problems, *self._past.problems, *self._problems.values())
        return Provision(rows, self._plans, found)

    def _debts(self) -> list[_Debt]:
        view, items = self._view, self._view.book.items
        open_debts = [
            (item, units)
            for item, units in zip(view.items, view.outstanding, strict=True)
            if items.amount[item] > 0 and view.kind(item) != REVALUATION
        ]
        plans: dict[int, tuple[str, Plan | None]] = {}
        for item, _ in open_debts:
            segment = segment_of(self._plans, self._lookup, item)
            plans[item] = segment, self._plans.of(segment)
        exposures = _net_of_credits(view, {item for item, (_, plan) in plans.items() if plan is not None and plan.net})
        return [self._debt(item, units, exposures.get(item, units), *plans[item]) for item, units in open_debts]

    def _debt(self, item: int, units: int, exposure: int, segment: str, plan: Plan | None) -> _Debt:
        items, as_of = self._view.book.items, self._view.as_of
        since = datetime.date.fromordinal(items.due[item])
        agreed = self._lookup.of_document(item, ORIGINAL_DUE)
        wrong = agreed is not None and not isinstance(agreed, datetime.date)
        if wrong:
            self._report("bad-date", source_of(self._view.book.texts.source(item)), word=ORIGINAL_DUE, value=agreed)
        elif isinstance(agreed, datetime.date):
            since = agreed
        days = max(as_of.toordinal() - items.due[item], 0)
        months = months_between(since, as_of)
        return _Debt(item, units, exposure, segment, plan, self._specific(item), days, months, wrong)

    def _spread(self, debts: Sequence[_Debt]) -> Mapping[int, int]:
        """Item → units of a specific amount that stands for several debts: the oldest due takes first."""
        sharing: dict[tuple[str | int, ...], list[tuple[_Debt, Specific]]] = {}
        for debt in debts:
            if isinstance(debt.specific, Specific) and debt.specific.amount is not None:
                sharing.setdefault(debt.specific.key, []).append((debt, debt.specific))
        items = self._view.book.items
        found: dict[int, int] = {}
        for members in sharing.values():
            members.sort(key=lambda pair: (items.due[pair[0].item], items.number[pair[0].item], pair[0].item))
            amount = members[0][1].amount or Decimal(0)
            left = int(Fraction(amount) * 10 ** self._view.scale(members[0][0].item).unit)
            for debt, _ in members:
                found[debt.item] = min(debt.exposure, left)
                left -= found[debt.item]
        return found

    def _specific(self, item: int) -> Specific | Problem | None:
        """The specific provision of an item; an amount in another currency says nothing of it."""
        found = self._specifics.of_item(item)
        other = isinstance(found, Specific) and found.currency not in (None, self._view.currency(item))
        return None if other else found

    def _row(self, debt: _Debt, spread: Mapping[int, int]) -> Provided:
        if isinstance(debt.specific, Problem):
            return self._nothing(debt, "its specific provision cannot be read")
        if debt.specific is not None:
            return self._one_by_one(debt, debt.specific, spread)
        if debt.plan is None:
            return self._nothing(debt, "no policy has rates for it")
        insolvency = self._specifics.insolvency(debt.item)
        if insolvency is not None:
            told = f"{self._exposed(debt)} x {percent_of(debt.plan.insolvent)} % (insolvent, {insolvency})"
            return self._provided(debt, SPECIFIC, "", debt.plan.insolvent, told, debt.plan)
        rate = self._rate(debt, debt.plan)
        if rate.share is None:
            return self._nothing(debt, rate.told, rate.bucket)
        calculation = f"{self._exposed(debt)} x {rate.told}"
        return self._provided(debt, debt.plan.method, rate.bucket, rate.share, calculation, debt.plan)

    def _rate(self, debt: _Debt, plan: Plan) -> _Rate:
        items, as_of = self._view.book.items, self._view.as_of
        by_date = plan.aging.basis == "date"
        if plan.method == TABLE:
            since = datetime.date.fromordinal(items.date[debt.item])
            months = months_between(since, as_of) if by_date else debt.months
            if debt.wrong_date and not by_date:
                return _Rate("", None, f"{ORIGINAL_DUE}: cannot be read")
            known = self._of_months.get((debt.segment, months))
            if known is None:
                position = plan.table.position(months)
                share = Fraction(0) if position < 0 else plan.table.shares[position]
                aged = "old" if by_date else "overdue"
                known = _Rate(plan.table.bucket(months), share, f"{percent_of(share)} % ({_counted(months)} {aged})")
                self._of_months[debt.segment, months] = known
            return known
        age = as_of.toordinal() - (items.date if by_date else items.due)[debt.item]
        position = plan.aging.bucket(age)
        bucket = plan.aging.buckets[position]
        if plan.method == MATRIX:
            share = plan.matrix.shares[position]
            return _Rate(bucket, min(share * plan.factor, WHOLE), _told(share, plan.factor))
        loss = self._loss(debt, plan, position)
        if loss is None or loss.loss is None:
            return _Rate(bucket, None, "the ledger's history has no loss rate for it")
        return _Rate(bucket, loss.loss, f"{percent_of(loss.loss, 4)} % (= {loss.calculation})")

    def _loss(self, debt: _Debt, plan: Plan, position: int) -> LossRate | None:
        losses = self._losses_of(self._plans.pool(debt.segment), plan)
        currency = self._view.currency(debt.item)
        found = losses[currency][position] if currency in losses else None
        if losses and (found is None or found.loss is None):
            bucket = plan.aging.buckets[position]
            self._report(
                "no-loss-rate", plan.written.source, bucket=bucket, currency=currency, months=plan.history
            )  # fmt: skip
        return found

    def pool_losses(self) -> tuple[Mapping[str, tuple[Plan, Losses]], tuple[Problem, ...]]:
        """The loss rates of every pool whose policy has a history."""
        # Without segments one item stands for all.
        count = self._view.item_count if self._plans.segment_by is not None else min(self._view.item_count, 1)
        segments = sorted({segment_of(self._plans, self._lookup, item) for item in range(count)})
        found: dict[str, tuple[Plan, Losses]] = {}
        for segment in segments:
            plan = self._plans.of(segment)
            pool = self._plans.pool(segment)
            if plan is not None and plan.method == ROLL_RATE:
                found[pool] = plan, self._losses_of(pool, plan)
        return found, (*self._plans.problems, *self._past.problems)

    def _losses_of(self, pool: str, plan: Plan) -> Losses:
        if pool not in self._losses:
            self._losses[pool] = self._past.loss_rates(plan, self._member(pool))
        return self._losses[pool]

    def _member(self, pool: str) -> Callable[[int], bool]:
        if self._plans.segment_by is None:
            return lambda _item: True
        if not self._pools:
            count = self._view.item_count
            segments = [segment_of(self._plans, self._lookup, item) for item in range(count)]
            names = {segment: self._plans.pool(segment) for segment in set(segments)}
            self._pools = [names[segment] for segment in segments]
        return lambda item: self._pools[item] == pool

    def _one_by_one(self, debt: _Debt, specific: Specific, spread: Mapping[int, int]) -> Provided:
        because = f" ({specific.where}{f': {specific.reason}' if specific.reason else ''})"
        if specific.share is not None:
            told = f"{self._exposed(debt)} x {percent_of(specific.share)} %{because}"
            row = self._provided(debt, SPECIFIC, "", specific.share, told, None)
        else:
            scale, currency = self._view.scale(debt.item), self._view.currency(debt.item)
            units = spread[debt.item]
            told = f"{scale.decimal(units):,} of {self._exposed(debt)}{because}"
            row = self._provided(debt, SPECIFIC, "", Fraction(units, debt.exposure or 1), told, None)
            if specific.amount != scale.decimal(units):
                told = f"{told}; {specific.amount:,} {currency} in all, the oldest due first"
            row = row._replace(share=None, calculation=told)
        return row._replace(policy=specific.where, source=specific.reason)

    def _provided(
        self, debt: _Debt, method: str, bucket: str, share: Fraction, calculation: str, plan: Plan | None
    ) -> Provided:
        scale = self._view.scale(debt.item)
        amount = provided_amount(debt.exposure, share, scale)
        return Provided(
            debt.item, debt.outstanding, debt.exposure, debt.segment, self._group(debt.item), debt.days, debt.months,
            bucket, method, share, amount, calculation,
            "" if plan is None else plan.label, "" if plan is None else plan.source,
        )  # fmt: skip

    def _nothing(self, debt: _Debt, why: str, bucket: str = "") -> Provided:
        label, source = ("", "") if debt.plan is None else (debt.plan.label, debt.plan.source)
        return Provided(
            debt.item, debt.outstanding, debt.exposure, debt.segment, self._group(debt.item), debt.days, debt.months,
            bucket, "", None, None, f"nothing: {why}", label, source,
        )  # fmt: skip

    def _group(self, item: int) -> str:
        return portfolio_of(self._lookup, item, self._plans.book_by)

    def _exposed(self, debt: _Debt) -> str:
        """What is provided for, as a reader sees it: 1,000.00 USD, or (1,000.00 - 250.00 credits) USD."""
        scale, currency = self._view.scale(debt.item), self._view.currency(debt.item)
        if debt.exposure == debt.outstanding:
            return f"{scale.decimal(debt.outstanding):,} {currency}"
        credits = scale.decimal(debt.outstanding - debt.exposure)
        return f"({scale.decimal(debt.outstanding):,} - {credits:,} credits) {currency}"

    def _report(self, code: str, source: Mapping[str, object], **words: object) -> None:
        found = problem(code, source, **words)
        self._problems[source.get("filename"), source.get("lineno"), found.message] = found


def _counted(months: int) -> str:
    return "1 month" if months == 1 else f"{months} months"


def _told(share: Fraction, factor: Fraction) -> str:
    told = f"{percent_of(share)} %"
    if factor != 1:
        told += f" x {percent_of(factor / 100)} (factor)"
    return told + (", at most 100 %" if share * factor > 1 else "")


def _net_of_credits(view: View, wanted: set[int]) -> Mapping[int, int]:
    """Item → what is left of it when a customer's credits are taken off, each debt by its share of all the debts.

    So Vietnamese companies apply article 6 of Circular 48/2019: each debt's rate on its share of what is owed in all
    after the set-off. Shares are rounded so that they add up to the credits exactly. A revaluation is neither debt
    nor credit.
    """
    if not wanted:
        return {}
    items, pockets = view.book.items, view.book.pockets
    debts: dict[tuple[str, str], list[tuple[int, int]]] = {}
    credits: dict[tuple[str, str], int] = {}
    for item, units in zip(view.items, view.outstanding, strict=True):
        if view.kind(item) == REVALUATION:
            continue
        pocket = pockets[items.pocket[item]]
        key = (pocket.customer, pocket.currency)
        if items.amount[item] > 0:
            debts.setdefault(key, []).append((item, units))
        else:
            credits[key] = credits.get(key, 0) - units
    found: dict[int, int] = {}
    for key, credit in credits.items():
        of_customer = debts.get(key, [])
        whole = sum(units for _, units in of_customer)
        taken, seen = 0, 0
        for item, units in of_customer:
            seen += units
            until = min(credit, whole) * seen * 2 // whole
            share = (until + 1) // 2 - taken
            taken += share
            if item in wanted:
                found[item] = units - share
    return found
