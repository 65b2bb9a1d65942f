"""Portfolios: the allowance of each value of the policy's `book-by:`, and the accounts on which it stands.

A portfolio's account is the one of a role that has the portfolio as a part of its name (`Assets:KH:DoubtfulDebts` for
KH), else the role's first. Entries that the program proposes say their portfolio beside the account, so that it is
read back whatever the account is called.
"""

from __future__ import annotations

from collections.abc import Iterable

from receivables.book import Book
from receivables.facts import Booked
from receivables.lookup import Lookup
from receivables.settings import Settings


def portfolio_of(lookup: Lookup, item: int, key: str | None) -> str:
    """The portfolio of an item: what document, account or customer say under the key; "" without one."""
    value = None if key is None else lookup.of_item(item, key)
    return "" if value is None else str(value)


def account_of(settings: Settings, role: str, portfolio: str) -> str:
    """The account of a role for a portfolio."""
    accounts = settings.roles[role]
    return next((account for account in accounts if portfolio and portfolio in account.split(":")), accounts[0])


def portfolios(book: Book, key: str | None, seen: Iterable[str]) -> frozenset[str]:
    """Every value of the key that customers or accounts have, and those already seen."""
    if key is None:
        return frozenset()
    details = (*(customer.details for customer in book.customers.values()), *book.account_details.values())
    return frozenset({*seen, *(str(each[key]) for each in details if each.get(key) is not None)} - {""})


def portfolio_of_posting(book: Book, posting: Booked, key: str | None, known: frozenset[str]) -> str:
    """The portfolio of a booked posting: its own word, else a part of its account's name, else its customer's word."""
    if key is None:
        return ""
    own = posting.details.get(key)
    if own is not None:
        return str(own)
    named = [part for part in posting.account.split(":") if part in known]
    if named:
        return named[0]
    customer = book.customers.get(posting.customer)
    value = None if customer is None else customer.details.get(key)
    return "" if value is None else str(value)
