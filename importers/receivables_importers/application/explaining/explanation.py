"""Explanation: one way to apply a bank line to a customer, and how much it is worth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from receivables.rules.application import BALANCE, DUE, ITEM, MONTH, RUN, SUBSET
from receivables_importers.application.explaining.differences import Shortfall
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.model import Allocation, Applied

NAMED_EXACT: Final = 9
NAMED_DIFFERENCE: Final = 8
NAMED_TOLERANCE: Final = 7
WEAK_EXACT: Final = 6
SUM: Final = 5
SUM_DIFFERENCE: Final = 4
NAMED_REST: Final = 3
SUM_UNSURE: Final = 2
GUESS: Final = 1
"""How much an explanation is worth: documents named in full and the exact amount; with a difference that can be
computed; within a tolerance; parts of numbers and the exact amount; a sum; a sum with a computed difference; documents
named, but a part or more than all of it is paid; a sum that is one of several; nothing that agrees."""

SUM_WORDS: Final = {
    ITEM: "it is what is open of", BALANCE: "it is all that is open:", DUE: "it is all that is due:",
    MONTH: "it is what is open of one month:", RUN: "it is the sum of consecutive items:",
    SUBSET: "no other set of the open items has this sum:",
}  # fmt: skip
"""The words of the policy's `sums:` in sentences, before the items."""


class Explanation(NamedTuple):
    """One way to apply a line to one customer.

    Attributes:
      applied: What would be settled.
      rank: What it is worth.
      sum: The word of the policy's `sums:` by which it was found; "" for documents that are named.
      quality: How surely the documents are named; None where none is.
      doubts: Why a person should look.
      claims: Items beside those of `applied` for which the money may be.
    """

    applied: Applied
    rank: int
    sum: str = ""
    quality: int | None = None
    doubts: tuple[str, ...] = ()
    claims: tuple[int, ...] = ()


def applied_to(
    payment: Payment,
    items: Sequence[int],
    *,
    short: Shortfall | None = None,
    on_account: int = 0,
    reasons: tuple[str, ...] = (),
    evidence: tuple[str, ...] = (),
    customer: str = "",
) -> Applied:
    """Items settled in full but for what is disputed."""
    disputed = {} if short is None else short.disputed
    allocations = [Allocation(item, payment.left(item) - disputed.get(item, 0)) for item in items]
    if short is not None:
        allocations += short.credits
        evidence = (*evidence, short.words)
    pocket = payment.book.pockets[payment.book.items.pocket[items[0]]]
    return Applied(
        customer or pocket.customer,
        tuple(each for each in allocations if each.units),
        () if short is None else short.deductions,
        on_account,
        reasons or (() if short is None else short.reasons),
        evidence,
    )


def oldest_first(payment: Payment, items: Sequence[int]) -> tuple[tuple[Allocation, ...], int]:
    """The amount on items in their order, the last one in part, and what is left of it."""
    left, allocations = payment.units, []
    for item in items:
        part = min(left, payment.left(item))
        if part:
            allocations.append(Allocation(item, part))
        left -= part
    return tuple(allocations), left
