"""Differences: why a payment is not quite what is open of some items, the most certain reason first.

A difference is explained exactly (charges that the bank states, a discount within its days, tax at the customer's rate,
a credit memo, a dispute) before anything is explained by a tolerance.
"""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from receivables.book import Book
from receivables.money import EXACT, Scale
from receivables.rules.application import CHARGE, CREDIT, DISCOUNT, DISPUTED, ROUNDING, WITHHOLDING
from receivables.rules.terms import TermsError, discount_until, parse_terms
from receivables.settings import PENALTY_INCOME
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.knowledge import Master
from receivables_importers.application.model import Allocation, Deduction
from receivables_importers.application.reading.payer_words import deducts

_CHARGE_SHARE: Final = 20
"""A charge is at most a twentieth of what was to be paid; of less a part was left out for another reason."""
_ROUNDING_SHARE: Final = 100
_HUNDRED: Final = Decimal(100)


class Shortfall(NamedTuple):
    """Why less was paid than is open of some items.

    Attributes:
      deductions: What is settled without money.
      credits: Credits that are netted.
      disputed: What stays open because it is disputed, by item.
      exact: Whether it was computed, not only within a tolerance.
      reasons: Words of `DIFFERENCES`.
      words: How it was computed.
      doubt: Why a person should look; "" for no reason.
    """

    deductions: tuple[Deduction, ...]
    credits: tuple[Allocation, ...]
    disputed: Mapping[int, int]
    exact: bool
    reasons: tuple[str, ...]
    words: str
    doubt: str = ""


class _Computed(NamedTuple):
    """A difference that can be computed.

    Attributes:
      reason: A word of `DIFFERENCES`.
      units: How much it is.
      slack: How much rounding may make of it.
      words: How it is computed.
      doubt: Why a person should look; "" for no reason.
    """

    reason: str
    units: int
    slack: int
    words: str
    doubt: str


def differences(payment: Payment, master: Master, items: Sequence[int]) -> Iterator[Shortfall]:
    """Why a payment is not quite what is open of some items, the most certain reason first."""
    total = sum(map(payment.left, items))
    short = total - payment.units
    debits = payment.debits(items)
    if not short or not debits:
        return
    rounding = rounding_limit(payment)
    if short < 0:
        if -short <= rounding and -short * _ROUNDING_SHARE <= total:
            yield settled_without(payment, ((ROUNDING, short),), exact=False)
        return
    bases = list(_computed(payment, master, debits))
    exact = list(_exactly(payment, master, items, short, bases))
    if len({each.reasons for each in exact}) > 1:
        doubt = f"it may be {' or '.join(dict.fromkeys(' and '.join(each.reasons) for each in exact))}"
        exact = [each._replace(doubt=each.doubt or doubt) for each in exact]
    yield from exact
    if not deducts(payment.line.remittance):
        yield from tolerated(payment, short, total, rounding, bases)


def _exactly(
    payment: Payment, master: Master, items: Sequence[int], short: int, bases: Sequence[_Computed]
) -> Iterator[Shortfall]:
    """Reasons by which the difference is known to the last unit."""
    stated = payment.stated_charges
    if stated == short:
        yield settled_without(payment, ((CHARGE, short),), exact=True, words="the bank says so")
    yield from _credits(payment, master, items, short)
    for base in bases:
        if abs(short - base.units) <= base.slack:
            yield settled_without(payment, ((base.reason, short),), exact=True, words=base.words, doubt=base.doubt)
        elif stated and short - base.units == stated:
            parts = ((base.reason, base.units), (CHARGE, stated))
            yield settled_without(payment, parts, exact=True, words=base.words, doubt=base.doubt)
    disputed = {item: payment.open_items.in_dispute(item, payment.day) for item in payment.debits(items)}
    if short == sum(disputed.values()):
        yield Shortfall((), (), disputed, True, (DISPUTED,), f"{payment.shown(short)} is disputed")


def tolerated(
    payment: Payment, short: int, total: int, rounding: int, bases: Sequence[_Computed]
) -> Iterator[Shortfall]:
    """Reasons that are within a tolerance, alone or beside one that is known."""
    charge = payment.scale.units(_fitting(payment.policy.charge_limit(payment.currency), payment.scale))
    for base in (*bases, None):
        rest = short - (0 if base is None else base.units)
        known = () if base is None else ((base.reason, base.units),)
        words, doubt = ("", "") if base is None else (base.words, base.doubt)
        if rest <= (0 if base is None else base.slack):
            continue
        if rest <= rounding and rest * _ROUNDING_SHARE <= total:
            yield settled_without(payment, (*known, (ROUNDING, rest)), exact=False, words=words, doubt=doubt)
        elif rest <= charge and rest * _CHARGE_SHARE <= total:
            yield settled_without(payment, (*known, (CHARGE, rest)), exact=False, words=words, doubt=doubt)


def rounding_limit(payment: Payment) -> int:
    """The most that payers round, in units."""
    return payment.scale.units(_fitting(payment.policy.rounding_limit(payment.currency), payment.scale))


def _fitting(amount: Decimal, scale: Scale) -> Decimal:
    """A limit in whole units."""
    return amount.quantize(Decimal(1).scaleb(-scale.unit), ROUND_DOWN)


def settled_without(
    payment: Payment, parts: Sequence[tuple[str, int]], *, exact: bool, words: str = "", doubt: str = ""
) -> Shortfall:
    """What is settled beside the money, for reasons with their units; see `Shortfall`."""
    said = " and ".join(f"{payment.shown(abs(units))} {reason}" for reason, units in parts)
    how = "more" if parts[0][1] < 0 else "less"
    return Shortfall(
        tuple(Deduction(reason, units) for reason, units in parts), (), {}, exact, tuple(reason for reason, _ in parts),
        f"{said} {how}{f' ({words})' if words else ''}", doubt,
    )  # fmt: skip


def _credits(payment: Payment, master: Master, items: Sequence[int], short: int) -> Iterator[Shortfall]:
    """Credits that are netted: one that has the difference, or all of them."""
    found = [
        item
        for item in payment.open_items.credits(master.code, payment.currency, payment.day)
        if item not in items and _same_pocket(payment, item, items)
    ]
    one = [item for item in found if -payment.left(item) == short]
    doubt = "several credits have this amount" if len(one) > 1 else ""
    chosen = one[:1] or (found if found and -sum(map(payment.left, found)) == short else [])
    if chosen:
        netted = tuple(Allocation(item, payment.left(item)) for item in chosen)
        yield Shortfall(
            (), netted, {}, True, (CREDIT,), f"less {payment.labels(chosen)}, {payment.shown(short)}", doubt
        )


def _same_pocket(payment: Payment, credit: int, items: Sequence[int]) -> bool:
    pocket = payment.book.items.pocket
    return any(pocket[item] == pocket[credit] for item in items)


def _computed(payment: Payment, master: Master, debits: Sequence[int]) -> Iterator[_Computed]:
    """The differences that the terms and the customer's tax grant."""
    slack = len(debits) * _unit(payment)
    in_time = [(item, *found) for item in debits if (found := discount_of(payment, item)) and payment.day <= found[1]]
    grace = datetime.timedelta(days=payment.policy.discount_grace)
    late = [(item, *found) for item in debits if (found := discount_of(payment, item)) and payment.day > found[1]]
    within = [each for each in late if payment.day <= each[2] + grace]
    for granted, doubt in (
        ([*in_time, *within], ""),
        ([*in_time, *late], "the discount was taken after its last day"),
    ):
        if granted and not (doubt and len(granted) == len(in_time) + len(within)):
            units = sum(each[1] for each in granted)
            words = f"until {min(each[2] for each in granted)}"
            yield _Computed(DISCOUNT, units, slack, words, doubt)
    if master.withholding is not None:
        percent = master.withholding.percent
        for base in ("gross", "net") if not master.withholding.base else (master.withholding.base,):
            parts = [withholding_base(payment, item, base) for item in debits]
            if all(part is not None for part in parts):
                units = sum(share_of(payment, part, percent) for part in parts if part is not None)
                yield _Computed(WITHHOLDING, units, slack, f"{percent}% of the {base} amount", "")


def _unit(payment: Payment) -> int:
    """The smallest amount that is paid, in units of the scale."""
    return int(10 ** max(0, payment.scale.unit - payment.scale.digits))


def share_of(payment: Payment, units: int, percent: Decimal) -> int:
    """A percentage of an amount, rounded half up to the currency's digits."""
    amount = EXACT.multiply(payment.scale.decimal(units), percent) / _HUNDRED
    return payment.scale.units(amount.quantize(Decimal(1).scaleb(-payment.scale.digits), ROUND_HALF_UP))


def discount_of(payment: Payment, item: int) -> tuple[int, datetime.date] | None:
    """The discount on an item in units, and its last day; None where its terms grant none, or a part was paid."""
    return (
        _granted(payment.book, item, payment.scale) if payment.left(item) == payment.book.items.amount[item] else None
    )


@functools.lru_cache(maxsize=4096)
def _terms_discount(written: str, date: datetime.date) -> tuple[Decimal, datetime.date] | None:
    try:
        terms = parse_terms(written)
        until = discount_until(terms, date)
    except TermsError:
        return None
    return None if until is None or terms.discount is None else (terms.discount.rate, until)


def _granted(book: Book, item: int, scale: Scale) -> tuple[int, datetime.date] | None:
    written = book.texts.terms(item)
    if "/" not in written:
        return None
    granted = _terms_discount(written, datetime.date.fromordinal(book.items.date[item]))
    if granted is None:
        return None
    amount = EXACT.multiply(scale.decimal(book.items.amount[item]), granted[0]) / _HUNDRED
    return scale.units(amount.quantize(Decimal(1).scaleb(-scale.digits), ROUND_HALF_UP)), granted[1]


def withholding_base(payment: Payment, item: int, base: str) -> int | None:
    """What tax is withheld from: the item, or its part without VAT; None where the entry does not tell."""
    left = payment.left(item)
    if base == "gross":
        return left
    entry = payment.entries.get(payment.book.texts.entry(item))
    amount = payment.book.items.amount[item]
    if entry is None or left != amount:
        return None
    income = [
        posting.units.number
        for posting in entry.postings
        if posting.units is not None and posting.units.number is not None
        and posting.units.currency == payment.currency and posting.account.startswith(_income_root(payment.book))
    ]  # fmt: skip
    document = [
        posting.units.number
        for posting in entry.postings
        if posting.units is not None and posting.units.number is not None and posting.units.number > 0
        and posting.account == payment.book.pockets[payment.book.items.pocket[item]].account
    ]  # fmt: skip
    net, gross = -sum(income), sum(document)
    if not income or not document or net <= 0 or gross <= 0:
        return None
    # Of an instalment its share.
    share = (Decimal(amount) * net / gross).quantize(Decimal(1), ROUND_HALF_UP)
    return int(share)


def _income_root(book: Book) -> str:
    return book.settings.roles[PENALTY_INCOME][0].partition(":")[0] + ":"
