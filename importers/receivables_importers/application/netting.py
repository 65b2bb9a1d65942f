"""Netting: which credits go against which items beside the money, and what of each item the money settles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from receivables.book import Book
from receivables.rules.group import entity_of
from receivables_importers.application.model import Allocation


class Netted(NamedTuple):
    """So many units of a credit that go against an item."""

    credit: int
    item: int
    units: int


def netted(book: Book, allocations: Sequence[Allocation]) -> list[Netted]:
    """What credits take off items: those of their own account first, then of their company; the last items first."""
    pockets = book.items.pocket
    accounts = {each.item: book.pockets[pockets[each.item]].account for each in allocations}
    left = {each.item: each.units for each in reversed(allocations) if each.units > 0}
    found = []
    for credit in (each for each in allocations if each.units < 0):

        def distance(item: int, credit: int = credit.item) -> int:
            if pockets[item] == pockets[credit]:
                return 0
            return 1 if entity_of(book, accounts[item]) == entity_of(book, accounts[credit]) else 2

        open_units = -credit.units
        for item in sorted(left, key=distance):
            units = min(open_units, left[item])
            if units:
                found.append(Netted(credit.item, item, units))
                left[item] -= units
                open_units -= units
    return found


def by_money(allocations: Sequence[Allocation], pairs: Iterable[Netted]) -> list[Allocation]:
    """What the money settles, without what is netted."""
    left = {each.item: each.units for each in allocations if each.units > 0}
    for each in pairs:
        left[each.item] -= each.units
    return [Allocation(item, units) for item, units in left.items() if units]


def together(book: Book, pairs: Sequence[Netted]) -> list[list[Netted]]:
    """The pairs of one entry each: those of an account and customer, all that are tied to each other over accounts."""
    pockets = book.items.pocket
    groups: list[tuple[set[int], list[Netted]]] = []
    for pair in pairs:
        own = {pockets[pair.credit], pockets[pair.item]}
        tied = [group for group in groups if group[0] & own]
        groups = [group for group in groups if not group[0] & own]
        groups.append((own.union(*(keys for keys, _ in tied)), [*(each for _, of in tied for each in of), pair]))
    return [of for _, of in groups]
