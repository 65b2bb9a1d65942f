"""Obstacles: why a person should look before a payment is applied as it is explained best."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from receivables.book import Book
from receivables.rules.application import BOOKED_ON, NAME, NUMBER, OVERPAID, PART, PREPAID, REFERENCE
from receivables_importers.application.deciding.any_entry import above_limit, no_account
from receivables_importers.application.deciding.candidates import Candidate
from receivables_importers.application.deciding.payers import GIVEN, LIKE, STRENGTH, SURE, Who
from receivables_importers.application.explaining.explanation import (
    GUESS,
    NAMED_DIFFERENCE,
    NAMED_EXACT,
    NAMED_REST,
    SUM_DIFFERENCE,
    SUM_UNSURE,
    WEAK_EXACT,
    Explanation,
)
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.knowledge import Knowledge
from receivables_importers.application.model import Applied
from receivables_importers.application.reading.document_numbers import BARE, SHORT

RATHER_LIKE: Final = 75.0
"""A name that is less like does not speak for a part payment or an overpayment."""

_RIVAL: Final = 0.6
"""Evidence of another payer that is weaker by no more than this makes him a rival."""


def obstacles(
    payment: Payment, candidates: Sequence[Candidate], known: Knowledge, naming: Mapping[int, Collection[int]]
) -> tuple[str, ...]:
    """Why a person should look before the first of the candidates is booked; nothing for no reason.

    Args:
      payment: The line.
      candidates: Who may have paid what, the likeliest first.
      known: What the ledger knows.
      naming: Item → places of the lines that name its document in full.
    """
    best = candidates[0]
    return tuple(
        dict.fromkeys(
            (
                *_about_payer(payment, best),
                *_about_others(payment, candidates, known),
                *best.explanation.doubts,
                *_about_sum(payment, candidates, naming),
                *_about_difference(payment, best.explanation, known),
                *_about_items(payment, best),
                *_about_entry(payment, best.explanation, known),
            )
        )
    )


def _about_payer(payment: Payment, best: Candidate) -> Iterator[str]:
    """Why the evidence of the payer is not enough for what is explained."""
    who, found = best
    enough = who.kinds & payment.policy.payers
    if found.rank == NAMED_EXACT:
        if not enough & {NUMBER, REFERENCE} and not enough & SURE:
            yield "no evidence of the payer that the policy takes"
    elif found.quality is not None and found.quality >= BARE:
        if not enough:
            yield "no evidence of the payer that the policy takes"
        elif not _is_supported(payment, best):
            yield "the payer is not known to be the customer whose document is named, and the amount does not agree"
    elif not enough & SURE and not (NUMBER in enough and found.quality is not None):
        yield "the payer is not known for certain"


def _is_supported(payment: Payment, best: Candidate) -> bool:
    """Whether the payer, or what is named, supports a payment that is not exactly what is open."""
    who, found = best
    nobody = not payment.line.counterparty
    # Without a name a difference that can be computed speaks for the customer, any other does not.
    nameless = not payment.line.counterparty.strip() and found.rank >= NAMED_DIFFERENCE
    several = len({payment.book.items.number[item] for item in found.applied.items}) > 1 and not found.doubts
    # What is paid short or in excess for no known reason asks for a name that is nearly the customer's.
    like = LIKE if found.rank > NAMED_REST else RATHER_LIKE
    return who.is_sure or who.score >= like or nameless or (several and nobody)


def _about_others(payment: Payment, candidates: Sequence[Candidate], known: Knowledge) -> Iterator[str]:
    """What says that another customer paid."""
    best = candidates[0]
    settled = _customers(payment.book, best.explanation.applied)
    for each in candidates:
        other = each.who
        mine = other.customer in (best.who.customer, best.who.payer) or other.customer in settled
        if mine or other.payer or not other.is_sure:
            continue
        pays_for = known.masters[other.customer].pays_for
        if best.who.customer not in pays_for and not _is_overruled(other, best):
            yield f"{other.words[0]} is {other.customer}'s"


def _is_overruled(other: Who, best: Candidate) -> bool:
    """Whether a stronger word about the payer puts another customer's name out of court; never the other way round."""
    mine = max((STRENGTH[kind] for kind in best.who.kinds & SURE), default=0.0)
    return (
        other.kinds & SURE == {NAME}
        and mine > STRENGTH[NAME]
        and best.explanation.rank >= SUM_DIFFERENCE
        and GIVEN in best.who.kinds
    )


def _about_sum(
    payment: Payment, candidates: Sequence[Candidate], naming: Mapping[int, Collection[int]]
) -> Iterator[str]:
    """Why a sum without words is not enough."""
    who, found = candidates[0]
    if not found.sum:
        return
    if found.sum not in payment.policy.sums:
        yield f'the policy application does not take the sum "{found.sum}"'
    if found.rank == SUM_UNSURE and not found.doubts:
        yield "the sum is not the only one"
    named = [item for item in found.applied.items if any(place != payment.place for place in naming.get(item, ()))]
    if named:
        yield f"another line names {payment.labels(named)}"
    for other in candidates:
        if other.who.customer == who.customer:
            continue
        rival = other.who.strength >= who.strength - _RIVAL or other.who.payer == who.customer
        if rival and other.explanation.rank >= SUM_UNSURE:
            yield f"the amount agrees with {other.who.customer} as well"


def _about_difference(payment: Payment, found: Explanation, known: Knowledge) -> Iterator[str]:
    """Differences that the policy wants a person to see, or that have no account."""
    policy = payment.policy
    for reason in found.applied.reasons:
        if found.rank <= GUESS and reason in (PART, OVERPAID):
            continue
        if reason not in policy.differences:
            yield f"{reason}: the policy application wants a person to look"
        elif reason in BOOKED_ON and reason not in policy.accounts:
            yield f"{reason}: the policy application names no account ({BOOKED_ON[reason]}:)"
        elif reason in BOOKED_ON:
            yield from _shut(policy.accounts[reason], payment.day, known)


def _about_items(payment: Payment, best: Candidate) -> Iterator[str]:
    """Why what would be settled had better not be."""
    found = best.explanation
    ahead = PREPAID in found.applied.reasons and PREPAID in payment.policy.differences
    if found.rank <= GUESS and not ahead:
        yield "the amount agrees with nothing that is open"
    strictly, known = bool(found.sum), _beyond_strangers(best)
    claims = payment.open_items.claims
    claimed = [item for item in found.applied.items if claims.has(item, strictly=strictly, known=known)]
    if claimed and found.rank > GUESS:
        yield f"{payment.labels(claimed)} may be what an earlier line pays, which waits"


def _about_entry(payment: Payment, found: Explanation, known: Knowledge) -> Iterator[str]:
    """Why the entry had better not, or could not, be written."""
    yield from above_limit(payment.line, payment.policy)
    for item in found.applied.items:
        yield from _unnameable(payment.book, item)
    if payment.reading.unknown and found.quality is None:
        yield f"the text names {', '.join(payment.reading.unknown[:3])}, which the ledger does not know"
    if not payment.account:
        yield no_account(payment.line)
    yield from _shut(payment.account, payment.day, known)


def _shut(account: str, day: datetime.date, known: Knowledge) -> Iterator[str]:
    """Why nothing can be booked on an account on a day."""
    opened, closed = known.opened.get(account), known.closed.get(account)
    if closed is not None and closed < day:
        yield f"{account} is closed since {closed}"
    elif opened is not None and opened > day:
        yield f"{account} is opened on {opened}"


def _unnameable(book: Book, item: int) -> Iterator[str]:
    """Why no entry can settle an item."""
    number = book.items.number[item]
    if "," in number or '"' in number or number != number.strip():
        yield f"{number!r} is a number that settles: cannot name"
    elif book.closed.get(book.pockets[book.items.pocket[item]].account) is not None:
        yield f"the account of {number} is closed"


def _beyond_strangers(best: Candidate) -> bool:
    """Whether a line says so surely what it pays that what nobody known may have paid does not matter."""
    who, found = best
    named = found.quality is not None and found.quality >= SHORT and not found.sum
    return who.is_sure and named and found.rank >= WEAK_EXACT and not found.applied.deductions


def _customers(book: Book, applied: Applied) -> set[str]:
    return {book.pockets[book.items.pocket[item]].customer for item in applied.items}
