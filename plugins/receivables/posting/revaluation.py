"""Posting of revaluations: the entries of a closing day and those that take them back the day after."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from beancount.core.amount import Amount
from beancount.core.data import Posting, Transaction

from receivables.book import Book
from receivables.facts import REVALUATION
from receivables.money import added
from receivables.posting.numbers import NextNumbers
from receivables.posting.proposal import Proposal
from receivables.rules.revaluation import (
    CLOSING,
    CUSTOMER,
    RECEIVABLE,
    Balance,
    Place,
    Revalued,
    balances,
    revalue,
)
from receivables.settings import CUSTOMERS, UNREALISED
from receivables.view import View, scale_of, view

LISTED: Final = 20
"""So many items are told one by one above an entry; the report has them all."""


def propose(book: Book, as_of: datetime.date) -> list[Proposal]:
    """What is missing of the revaluation of a closing day, one proposal for each account and customer.

    What stands booked is taken off, so that a second run proposes nothing, and one after a changed price or a receipt
    with an earlier date proposes the difference. Where an item of a customer cannot be valued, nothing is proposed for
    them.

    Args:
      book: The book.
      as_of: The closing day.
    """
    seen = view(book, as_of)
    found = revalue(seen)
    items: dict[Place, list[Revalued]] = {}
    for each in found.items:
        pocket = book.pockets[book.items.pocket[each.item]]
        items.setdefault(Place(pocket.account, pocket.customer, each.rule.currency), []).append(each)
    numbers = _Numbers(book)
    proposals = []
    for balance in balances(seen, found):
        if balance.to_book or balance.to_take_back:
            proposals.append(_proposal(seen, balance, items.get(balance.place, ()), numbers))
    return proposals


class _Numbers:
    """Numbers that no document has, nor any entry on an adjustment account, which is no document."""

    def __init__(self, book: Book) -> None:
        self._next = NextNumbers(book)
        self._taken = {link for each in book.booked if each.kind == REVALUATION for link in each.links}

    def claim(self, date: datetime.date) -> str:
        number = self._next.claim(REVALUATION, date)
        while number in self._taken:
            number = self._next.claim(REVALUATION, date)
        return number


def _proposal(seen: View, balance: Balance, items: Sequence[Revalued], numbers: _Numbers) -> Proposal:
    book, day = seen.book, seen.as_of
    rates = {seen.currency(each.item): each.closing.rate for each in items}
    told = ", ".join(f"{currency} at {rate:,f}" for currency, rate in sorted(rates.items()))
    entries = []
    if balance.to_book:
        narration = f"Revaluation: {told}" if told else "Revaluation of what is settled"
        entries.append(_entry(book, balance, day, day, numbers.claim(day), narration, balance.booked, balance.needed))
    if balance.to_take_back:
        # The last day of the calendar has no day after it.
        after = day if day == datetime.date.max else day + datetime.timedelta(days=1)
        narration, standing = f"Revaluation of {day} taken back", balance.kept + balance.to_book
        entries.append(_entry(book, balance, day, after, numbers.claim(after), narration, standing, Decimal(0)))
    why = [f"{seen.label(each.item)}: {each.calculation(seen.currency(each.item))}" for each in items[:LISTED]]
    if len(items) > LISTED:
        why.append(f"and {len(items) - LISTED} more items, which the report revaluation shows")
    currency = balance.place.currency
    if balance.booked:
        why.append(f"booked so far {balance.booked:,} {currency}, needed {balance.needed:,} {currency}")
    return Proposal(REVALUATION, tuple(entries), tuple(why))


def _entry(
    book: Book, balance: Balance, closing: datetime.date, date: datetime.date,
    number: str, narration: str, before: Decimal, after: Decimal,
) -> Transaction:  # fmt: skip
    """The entry that brings what stands from one amount to another: gains and losses each on their own account."""
    place, rule = balance.place, balance.rule
    income = book.settings.roles[UNREALISED]
    gain = max(after, Decimal(0)) - max(before, Decimal(0))
    loss = max(-after, Decimal(0)) - max(-before, Decimal(0))
    legs = {place.account if rule.post == CUSTOMER else rule.post: gain - loss}
    # One account of the role takes both; of several, the first the gains and the last the losses.
    for account, amount in ((income[0], -gain), (income[-1], loss)):
        legs[account] = legs.get(account, Decimal(0)) + amount
    meta: dict[str, Any] = {"filename": "<revaluation>", "lineno": 0, CLOSING: closing}
    if rule.post != CUSTOMER:
        meta |= {"customer": place.customer, RECEIVABLE: place.account}
    elif place.account in book.settings.roles[CUSTOMERS]:
        meta["customer"] = place.customer
    # Nothing, but with the currency's digits.
    nothing = scale_of(book, place.currency).decimal(0)
    return Transaction(
        meta, date, "*", book.name_of(place.customer), narration,
        frozenset({REVALUATION}), frozenset({number}),
        [
            Posting(account, Amount(added((nothing, amount)), place.currency), None, None, None, None)
            for account, amount in legs.items()
            if amount
        ],
    )  # fmt: skip
