"""By documents: what an amount pays of the documents that a text names, exactly or less a difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from receivables.rules.application import CREDIT, SUBSET
from receivables_importers.application.explaining.by_amount import twins
from receivables_importers.application.explaining.differences import differences
from receivables_importers.application.explaining.explanation import (
    NAMED_DIFFERENCE,
    NAMED_EXACT,
    NAMED_REST,
    NAMED_TOLERANCE,
    SUM_DIFFERENCE,
    SUM_WORDS,
    WEAK_EXACT,
    Explanation,
    applied_to,
)
from receivables_importers.application.explaining.named_documents import (
    NamedDocuments,
    also_settled,
    naming,
    parts_of,
)
from receivables_importers.application.explaining.payment import Payment, are
from receivables_importers.application.explaining.sums import COINCIDENCE, explanations, only_subset
from receivables_importers.application.knowledge import Master
from receivables_importers.application.reading.document_numbers import BARE, MISREAD, SHORT


def exactly(payment: Payment, named: NamedDocuments) -> Iterator[Explanation]:
    """The amount is what is open of the documents, or of a part of them that may be meant."""
    if not named.items:
        return
    rank = NAMED_EXACT if named.quality >= BARE else WEAK_EXACT
    for items in dict.fromkeys(parts_of(payment, named)):
        if sum(map(payment.left, items)) == payment.units and payment.debits(items):
            reasons = (CREDIT,) if any(payment.left(item) < 0 for item in items) else ()
            doubts = (also_settled(payment, named),) if named.closed else ()
            evidence = (naming(payment, named), _amounts(payment, items))
            applied = applied_to(payment, items, reasons=reasons, evidence=evidence)
            yield Explanation(applied, rank, quality=named.quality, doubts=doubts)
            return


def _amounts(payment: Payment, items: Sequence[int]) -> str:
    return f"{payment.shown(payment.units)} is what is open of {'it' if len(items) == 1 else 'them'}"


def with_difference(payment: Payment, master: Master, named: NamedDocuments) -> Iterator[Explanation]:
    """The amount is what is open of the documents but for a difference: the surest reason."""
    if not payment.debits(named.items):
        return
    found = []
    for items in dict.fromkeys(parts_of(payment, named)):
        for short in differences(payment, master, items):
            rank = NAMED_DIFFERENCE if short.exact else NAMED_TOLERANCE
            if named.quality < BARE:
                # A number that is read with a doubt and an amount that does not quite agree are two doubts.
                rank = WEAK_EXACT if short.exact else SUM_DIFFERENCE if _is_one(payment, named) else NAMED_REST
            doubts = [short.doubt] if short.doubt else []
            if named.closed:
                doubts.append(also_settled(payment, named))
            if not short.exact and named.quality < BARE and not _is_one(payment, named):
                doubts.append("neither the number nor the amount agrees exactly")
            applied = applied_to(payment, items, short=short, evidence=(naming(payment, named),))
            found.append(Explanation(applied, rank, quality=named.quality, doubts=tuple(doubts)))
    yield from sorted(found, key=lambda each: -each.rank)[:1]


def _is_one(payment: Payment, named: NamedDocuments) -> bool:
    """Whether a text names one document of the customer, be it by the end of its number alone."""
    return (
        named.quality >= SHORT and len({payment.book.items.number[item] for item in (*named.items, *named.closed)}) == 1
    )


def weakly(
    payment: Payment, master: Master, weak: NamedDocuments | None, tailed: tuple[int, ...]
) -> Iterator[Explanation]:
    """Parts of numbers and misread numbers, confirmed by the amount."""
    items = tuple(dict.fromkeys((*(weak.items if weak else ()), *tailed)))
    debits = payment.debits(items)
    chosen = _agreeing(payment, debits)
    if chosen:
        evidence = f"the text has the last digits of {payment.labels(chosen)}"
        yield Explanation(
            applied_to(payment, chosen, evidence=(evidence, _amounts(payment, chosen))), WEAK_EXACT, quality=SHORT
        )
        return
    mine = (
        payment.documents.documents[named.document].customer
        for named in payment.reading.named
        if named.quality > MISREAD
    )
    if master.code in mine:
        # What is the number of one document of the customer is not a misspelt one of another.
        return
    same = [
        item
        for item in payment.open_items.debits(master.code, payment.currency, payment.day)
        if payment.left(item) == payment.units
    ]
    near = [(item, written) for item in same if (written := _near(payment, item))]
    if len(near) == 1:
        item, written = near[0]
        evidence = f'"{written}" in the text is {payment.label(item)} but for one character'
        yield Explanation(
            applied_to(payment, (item,), evidence=(evidence, _amounts(payment, (item,)))), WEAK_EXACT, quality=MISREAD
        )


def _near(payment: Payment, item: int) -> str:
    customer = payment.book.pockets[payment.book.items.pocket[item]].customer
    number = payment.book.items.number[item]
    for place in payment.documents.places(customer, number):
        if written := payment.documents.is_near(place, payment.reading.keys):
            return written
    return ""


def _agreeing(payment: Payment, debits: Sequence[int]) -> tuple[int, ...]:
    """The items that have the amount: all of them, a single one, or the only set of them."""
    if not debits:
        return ()
    if sum(map(payment.left, debits)) == payment.units:
        return tuple(debits)
    single = [item for item in debits if payment.left(item) == payment.units]
    if len(single) == 1:
        return (single[0],)
    if single or len(debits) > 12:
        return ()
    only = only_subset([payment.amount(item) for item in debits], payment.units)
    return () if only is None or only.chance > COINCIDENCE else only.items


def completed(payment: Payment, master: Master, named: NamedDocuments) -> Iterator[Explanation]:
    """More was paid than what is named: the rest is the sum of others, which the text has no room for."""
    rest = payment.units - sum(map(payment.left, named.items))
    if rest <= 0 or not payment.debits(named.items):
        return
    others = [
        payment.amount(item)
        for item in payment.open_items.debits(master.code, payment.currency, payment.day)
        if item not in named.items
    ]
    explained = explanations(others, rest)
    only = only_subset(others, rest)
    if not explained and only is None:
        return
    chosen = explained[0] if explained else only
    assert chosen is not None  # noqa: S101
    items = (*named.items, *chosen.items)
    accident = chosen.why == SUBSET and chosen.chance > COINCIDENCE
    unsure = len(explained) > 1 or chosen.others > 0 or accident or bool(twins(chosen.items, others))
    doubts = ["what is paid beyond the documents named may be for other items, too"] if unsure else []
    if not payment.reading.cut and chosen.why == SUBSET:
        doubts.append(f"{payment.labels(chosen.items)} {are(chosen.items)} not named")
    evidence = (naming(payment, named), f"the rest {SUM_WORDS[chosen.why]} {payment.labels(chosen.items)}")
    yield Explanation(
        applied_to(payment, items, evidence=evidence), NAMED_REST if unsure else SUM_DIFFERENCE,
        sum=chosen.why, quality=named.quality, doubts=tuple(doubts),
    )  # fmt: skip
