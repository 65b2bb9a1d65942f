"""By amount: what an amount alone pays, where the text names no document: a sum that a person would explain."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence

from receivables.rules.application import CHARGE, CREDIT, DISCOUNT, DUE, ITEM, MONTH, RUN, WITHHOLDING
from receivables_importers.application.explaining.differences import (
    Shortfall,
    discount_of,
    settled_without,
    share_of,
    withholding_base,
)
from receivables_importers.application.explaining.explanation import (
    SUM,
    SUM_DIFFERENCE,
    SUM_UNSURE,
    SUM_WORDS,
    Explanation,
    applied_to,
)
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.explaining.sums import COINCIDENCE, Amount, Explained, explanations, only_subset
from receivables_importers.application.knowledge import Master
from receivables_importers.application.model import Allocation


def by_sum(payment: Payment, master: Master) -> Iterator[Explanation]:
    """What the amount alone says, the most natural explanation first."""
    opened = payment.open_items.debits(master.code, payment.currency, payment.day)
    if not opened:
        return
    amounts = [payment.amount(item) for item in opened]
    plain = explanations(amounts, payment.units)
    if plain:
        yield _explained(payment, plain, None, amounts)
    net = _net_of_credits(payment, master, amounts)
    less = [] if plain else list(_sums_with_difference(payment, master, opened))
    yield from _only_reason([*([net] if net is not None else ()), *less])
    if not plain:
        only = only_subset(amounts, payment.units)
        if only is not None:
            yield _explained(payment, [only], None, amounts)


def _only_reason(found: Sequence[Explanation]) -> Iterator[Explanation]:
    """Explanations by a difference; of several reasons each is in doubt."""
    reasons = list(dict.fromkeys(" and ".join(each.applied.reasons) for each in found))
    for each in found:
        doubt = (f"it may be {' or '.join(reasons)}",) if len(reasons) > 1 else ()
        yield each._replace(doubts=(*each.doubts, *doubt))


def _explained(
    payment: Payment, found: Sequence[Explained], short: Shortfall | None, amounts: Sequence[Amount]
) -> Explanation:
    first = found[0]
    doubts = []
    rank = SUM if short is None else SUM_DIFFERENCE
    items = first.items
    claims: tuple[int, ...] = ()
    tellings = (", and the text names its month", " with this amount")
    words = f"{payment.shown(payment.units)}: {SUM_WORDS[first.why]}"
    if len(found) > 1:
        doubts.append(f"it may also be that {SUM_WORDS[found[1].why]} {payment.labels(found[1].items)}")
    if first.others and first.why == ITEM:
        units = next(each.units for each in amounts if each.item == items[0])
        equal = [each for each in amounts if each.units == units]
        meant = [each for each in equal if any(period.has(each.month) for period in payment.periods)]
        if len(meant) == 1:
            items = (meant[0].item,)
            words = f"{words} {payment.label(items[0])}, and the text names its month"
        elif payment.policy.equal_amounts == "oldest" and not payment.periods:
            words += f" {payment.label(items[0])}, the oldest of {len(equal)} with this amount"
        else:
            doubts.append(f"{len(equal)} items have this amount: {payment.labels([each.item for each in equal])}")
            claims = tuple(each.item for each in equal)
            rank = SUM_UNSURE
    elif first.why in (DUE, MONTH, RUN) and not payment.periods and (alike := twins(items, amounts)):
        claims = tuple(alike)
        doubts.append(f"{payment.labels(alike)} has the same amount as one of them")
        rank = SUM_UNSURE
    elif first.others:
        doubts.append(f"{first.others + 1} sets of items have this sum")
        rank = SUM_UNSURE
    elif payment.periods and first.why in (ITEM, MONTH) and not any(
        period.has(each.month) or period.has(each.month - 1) for each in amounts for period in payment.periods
        if each.item in items
    ):  # fmt: skip
        doubts.append("the text speaks of another month")
    if first.chance > COINCIDENCE:
        doubts.append("so many items are open that the sum may be an accident")
        rank = SUM_UNSURE
    evidence = (words if words.endswith(tellings) else f"{words} {payment.labels(items)}",)
    return Explanation(
        applied_to(payment, items, short=short, evidence=evidence),
        rank,
        sum=first.why,
        doubts=tuple(doubts),
        claims=claims,
    )


def twins(items: Sequence[int], amounts: Sequence[Amount]) -> list[int]:
    """The items that are not among these and have the amount of one of them."""
    chosen = {each.units for each in amounts if each.item in items}
    return [each.item for each in amounts if each.item not in items and each.units in chosen]


def _net_of_credits(payment: Payment, master: Master, amounts: Sequence[Amount]) -> Explanation | None:
    """All that is open, or due, or one item, less the credits that are open."""
    credits = payment.open_items.credits(master.code, payment.currency, payment.day)
    if not credits:
        return None
    netted = -sum(map(payment.left, credits))
    found = [
        each for each in explanations(amounts, payment.units + netted) if _same_pockets(payment, credits, each.items)
    ]
    if not found:
        return None
    short = Shortfall(
        (), tuple(Allocation(item, payment.left(item)) for item in credits), {}, True, (CREDIT,),
        f"less {payment.labels(credits)}, {payment.shown(netted)}",
    )  # fmt: skip
    return _explained(payment, found, short, amounts)


def _same_pockets(payment: Payment, credits: Sequence[int], items: Sequence[int]) -> bool:
    """Whether in each pocket no more is netted than is settled there."""
    pocket = payment.book.items.pocket
    for each in {pocket[item] for item in credits}:
        settled = sum(payment.left(item) for item in items if pocket[item] == each)
        if settled < -sum(payment.left(item) for item in credits if pocket[item] == each):
            return False
    return True


def _sums_with_difference(payment: Payment, master: Master, opened: Sequence[int]) -> Iterator[Explanation]:
    """Sums of what is to be paid for each item; of several that differ each is in doubt."""
    found = list(_with_each_difference(payment, master, opened))
    if len({frozenset(each.applied.items) for each in found}) > 1:
        found = [
            each._replace(doubts=(*each.doubts, "several items have this amount less a difference")) for each in found
        ]
    yield from found


def _with_each_difference(payment: Payment, master: Master, opened: Sequence[int]) -> Iterator[Explanation]:
    """Sums of what is to be paid for each item: less the discount, less the tax, or with the charges stated."""
    stated = payment.stated_charges
    if stated:
        amounts = [payment.amount(item) for item in opened]
        found = explanations(amounts, payment.units + stated)
        if found:
            short = settled_without(payment, ((CHARGE, stated),), exact=True, words="the bank says so")
            yield _explained(payment, found, short, amounts)
    rates: list[tuple[str, str, dict[int, int]]] = []
    discounts = {
        item: granted[0]
        for item in opened
        if (granted := discount_of(payment, item))
        and payment.day <= granted[1] + datetime.timedelta(days=payment.policy.discount_grace)
    }
    if discounts:
        rates.append((DISCOUNT, "within its days", discounts))
    if master.withholding is not None:
        percent = master.withholding.percent
        for base in ("gross", "net") if not master.withholding.base else (master.withholding.base,):
            bases = {item: withholding_base(payment, item, base) for item in opened}
            withheld = {item: share_of(payment, part, percent) for item, part in bases.items() if part is not None}
            rates.append((WITHHOLDING, f"{percent}% of the {base} amount", withheld))
    for reason, words, less in rates:
        amounts = [payment.amount(item, payment.left(item) - less.get(item, 0)) for item in opened]
        amounts = [each for each in amounts if each.units > 0]
        found = explanations(amounts, payment.units)
        if found and any(less.get(item) for item in found[0].items):
            units = sum(less.get(item, 0) for item in found[0].items)
            short = settled_without(payment, ((reason, units),), exact=True, words=words)
            yield _explained(payment, found, short, amounts)
