"""Guess: what may be paid where nothing agrees, for a person to look at."""

from __future__ import annotations

from collections.abc import Sequence

from receivables.rules.application import OVERPAID, PART, PREPAID
from receivables_importers.application.explaining.differences import rounding_limit, tolerated
from receivables_importers.application.explaining.explanation import (
    GUESS,
    Explanation,
    applied_to,
    oldest_first,
)
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.knowledge import Master
from receivables_importers.application.model import Applied
from receivables_importers.application.reading.payer_words import deducts, pays_ahead


def guessed(payment: Payment, master: Master) -> Explanation:
    """Nothing agrees: the oldest items first, for a person to look at."""
    opened = payment.open_items.debits(master.code, payment.currency, payment.day)
    total = sum(map(payment.left, opened))
    if not opened:
        applied = Applied(master.code, (), (), payment.units, (PREPAID,), ("nothing is open",))
        return Explanation(applied, GUESS)
    if pays_ahead(payment.line.remittance):
        applied = Applied(master.code, (), (), payment.units, (PREPAID,), ("the text says that it is paid in advance",))
        return Explanation(applied, GUESS)
    near = _nearly(payment, opened)
    if near is not None:
        return near
    allocations, left = oldest_first(payment, opened)
    reason = OVERPAID if payment.units > total else PART
    applied = Applied(master.code, allocations, (), left, (reason,), ("no document is named and no sum agrees",))
    return Explanation(applied, GUESS)


def _nearly(payment: Payment, opened: Sequence[int]) -> Explanation | None:
    """The only item that a bank charge or rounding would explain: likely, and no more, since nothing names it."""
    if deducts(payment.line.remittance):
        return None
    rounding = rounding_limit(payment)
    short = [
        (item, left - payment.units, left)
        for item in opened
        if payment.units < (left := payment.left(item)) < 2 * payment.units
    ]
    found = [
        (item, why) for item, less, left in short for why in list(tolerated(payment, less, left, rounding, ()))[:1]
    ]
    if len(found) != 1:
        return None
    item, why = found[0]
    evidence = (f"{payment.label(item)} is the only open item that is slightly more",)
    return Explanation(applied_to(payment, (item,), short=why, evidence=evidence), GUESS)
