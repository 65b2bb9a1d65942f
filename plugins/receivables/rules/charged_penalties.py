"""Charged penalties: what was charged for late payment so far, read from what stands on the penalty-income accounts."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Final

from receivables.facts import KINDS, PENALTY
from receivables.history import changes
from receivables.settings import PENALTY_INCOME
from receivables.view import View

PENALTY_OF: Final = "penalty-of"
"""The metadata word on an income posting that says for which document it was charged."""


def charged(view: View) -> dict[tuple[str, str, str], Decimal]:
    """What was charged up to the as-of date: customer, currency and number of the late document → amount.

    A posting on a penalty-income account says `penalty-of:`; a #penalty entry without that word counts for the
    only other document of the customer that it is linked to.
    """
    found: dict[tuple[str, str, str], Decimal] = {}
    booked = [each for each in view.book.booked if each.role == PENALTY_INCOME and each.date <= view.as_of]
    documents = view.documents() if booked else {}
    for each in booked:
        named = each.details.get(PENALTY_OF)
        if isinstance(named, str):
            number = named
        elif each.kind == PENALTY:
            own = {
                link
                for link in each.links
                if any(view.kind(item) == PENALTY for item in documents.get((each.customer, link), ()))
            }
            others = [link for link in each.links if link not in own and (each.customer, link) in documents]
            if len(others) != 1:
                continue
            number = others[0]
        else:
            continue
        key = each.customer, each.currency, number
        found[key] = found.get(key, Decimal(0)) - each.amount
    return found


def payments_of_notes(view: View) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Customer and number of a late document → (day, units) paid on the penalty notes that charge for it.

    A note that charges for several documents is paid for each in proportion, rounded down.
    """
    book, items = view.book, view.book.items
    shares: dict[tuple[str, str], list[tuple[str, Decimal]]] = {}
    for each in book.booked:
        named = each.details.get(PENALTY_OF)
        if each.role == PENALTY_INCOME and each.kind == PENALTY and isinstance(named, str) and each.date <= view.as_of:
            for link in each.links:
                shares.setdefault((each.customer, link), []).append((named, -each.amount))
    notes = {
        item
        for item in range(view.item_count)
        if KINDS[items.kind[item]] == PENALTY
        and (book.pockets[items.pocket[item]].customer, items.number[item]) in shares
    }
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for item, history in changes(view, notes.__contains__).items():
        customer = book.pockets[items.pocket[item]].customer
        scale = view.scale(item)
        for change in history:
            for number, amount in shares[customer, items.number[item]]:
                part = Fraction(change.units) * Fraction(amount) * 10**scale.digits / items.amount[item]
                found.setdefault((customer, number), []).append((change.day, int(part)))
    return {key: sorted(paid) for key, paid in found.items()}
