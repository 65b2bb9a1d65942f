"""Intercompany: what an entry needs between companies of the group when the bank's money is another company's.

The bank account belongs to a company, and so does each account on which something is settled (`entity:` on `open`). Who
received what is another's owes it, on the accounts between the two (`receivables.rules.group`), so that the postings of
every company add up to zero. What stands on accounts without a company is the bank's.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from receivables.book import Book
from receivables.rules.group import entity_of, legs
from receivables.settings import CUSTOMERS
from receivables_importers.application.model import Applied


class Moved(NamedTuple):
    """So many units on an account, signed as they are booked."""

    account: str
    units: int


class Between(NamedTuple):
    """The postings between companies that an entry needs, and the pairs of companies (who owes, who is owed) without
    accounts for them."""

    postings: tuple[Moved, ...]
    missing: tuple[tuple[str, str], ...]


def between(book: Book, bank: str, moved: Iterable[Moved], currency: str, day: datetime.date) -> Between:
    """What an entry lacks between companies.

    Args:
      book: The book.
      bank: The account whose company received or paid the money.
      moved: The entry's postings in this currency.
      currency: Of all of it.
      day: The entry's.
    """
    home = entity_of(book, bank)
    sums: dict[str, int] = {}
    for account, units in moved if home else ():
        company = entity_of(book, account)
        if company and company != home:
            sums[company] = sums.get(company, 0) + units
    postings: list[Moved] = []
    missing = []
    for company, units in sums.items():
        if not units:
            continue
        # A credit in another company's books is money that we have received for it.
        owing, owed = (home, company) if units < 0 else (company, home)
        found = legs(book, owing, owed, currency, day)
        if found is None:
            missing.append((owing, owed))
        else:
            postings += [Moved(found.owing, -abs(units)), Moved(found.owed, abs(units))]
    return Between(tuple(postings), tuple(missing))


def obstacles(book: Book, bank: str, applied: Applied, currency: str, day: datetime.date) -> tuple[str, ...]:
    """Why a line waits whose money is another company's: the accounts between the two are missing."""
    if not bank or not entity_of(book, bank):
        return ()
    return told(between(book, bank, moved_by(book, bank, applied, currency), currency, day).missing, currency)


def told(missing: Sequence[tuple[str, str]], currency: str) -> tuple[str, ...]:
    """The same in words."""
    return tuple(
        f"{owing} would owe {owed}, and the accounts between them are missing: open one with "
        f'entity: "{owing}" and with: "{owed}", and one with entity: "{owed}" and with: "{owing}", for {currency}'
        for owing, owed in missing
    )


def moved_by(book: Book, bank: str, applied: Applied, currency: str) -> list[Moved]:
    """What an entry would book beside bank and differences."""
    items, pockets = book.items, book.pockets
    found = [Moved(pockets[items.pocket[each.item]].account, -each.units) for each in applied.allocations]
    if applied.on_account:
        found.append(Moved(account_on(book, bank, applied, currency), -applied.on_account))
    if applied.in_hand is not None:
        found.append(Moved(applied.in_hand.account, -applied.in_hand.units))
    return found


def account_on(book: Book, bank: str, applied: Applied, currency: str) -> str:
    """The customer's account for money that settles nothing: that of what is settled, else the one last used.

    Of several it is one of the company whose bank received the money.
    """
    customer, home = applied.customer, entity_of(book, bank)
    pockets, items = book.pockets, book.items
    settled = [pockets[items.pocket[each.item]] for each in applied.allocations]
    own = [pocket.account for pocket in settled if pocket.customer == customer]
    if own:
        return _at_home(book, home, own)
    of_customer = [place for place, pocket in enumerate(pockets) if pocket.customer == customer]
    used = [place for place in of_customer if pockets[place].currency == currency] or of_customer
    wanted = {place for place in used if home and entity_of(book, pockets[place].account) == home} or set(used)
    last = next((place for place in reversed(items.pocket) if place in wanted), None) if wanted else None
    if last is not None:
        return pockets[last].account
    known = book.customers.get(customer)
    return _at_home(book, home, known.accounts) if known and known.accounts else book.settings.roles[CUSTOMERS][0]


def _at_home(book: Book, home: str, accounts: Sequence[str]) -> str:
    """The first account of a company, else the first of all."""
    return next((account for account in accounts if home and entity_of(book, account) == home), accounts[0])
