"""Lookup: what the ledger says of an item under a key: its own words, else its account's, else its customer's."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from receivables.book import Book
from receivables.facts import KINDS
from receivables.report import Value


def plain(value: Any) -> Value:
    """A metadata value as a cell: amounts and other objects as text."""
    return value if value is None or isinstance(value, str | int | bool | Decimal | datetime.date) else str(value)


def _of_customer(book: Book, item: int, key: str) -> Value:
    code = book.pockets[book.items.pocket[item]].customer
    customer = book.customers.get(code)
    if customer is None:
        return code if key == "name" else None
    value = customer.name if key == "name" else customer.details.get(key)
    return None if value is None else str(value)


FACTS: Final[Mapping[str, Callable[[Book, int], Value]]] = {
    "number": lambda book, item: book.items.number[item],
    "instalment": lambda book, item: book.items.instalment[item] or None,
    "kind": lambda book, item: KINDS[book.items.kind[item]],
    "date": lambda book, item: datetime.date.fromordinal(book.items.date[item]),
    "due": lambda book, item: None if book.items.amount[item] < 0 else datetime.date.fromordinal(book.items.due[item]),
    "terms": lambda book, item: book.texts.terms(item),
    "account": lambda book, item: book.pockets[book.items.pocket[item]].account,
    "currency": lambda book, item: book.pockets[book.items.pocket[item]].currency,
    "customer": lambda book, item: book.pockets[book.items.pocket[item]].customer,
    "name": lambda book, item: _of_customer(book, item, "name"),
    "collector": lambda book, item: _of_customer(book, item, "collector"),
}
"""What the book itself knows of an item, so that a summary is narrowed exactly as the detail is."""


class Lookup:
    """Metadata of an item: the posting's and transaction's, else the account's, else the customer's."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._upper: dict[tuple[int, str], Value] = {}

    def of_item(self, item: int, key: str) -> Value:
        """The value of `key` for an item: its own fact, else metadata; None when nobody says."""
        if key in FACTS:
            return FACTS[key](self._book, item)
        own = self._book.texts.details(item).get(key)
        return plain(own) if own is not None else self.of_pocket(self._book.items.pocket[item], key)

    def words(self, item: int) -> Mapping[str, Any]:
        """All metadata of the posting and its transaction, the posting's first."""
        return self._book.texts.details(item)

    def of_document(self, item: int, key: str) -> Value:
        """The value of `key` in the metadata of the posting or its transaction alone."""
        return plain(self._book.texts.details(item).get(key))

    def pocket(self, item: int) -> int:
        """The position of the item's pocket."""
        return self._book.items.pocket[item]

    def of_pocket(self, position: int, key: str) -> Value:
        """The value of `key` for a pocket's account or customer; None when nobody says."""
        memo = (position, key)
        if memo not in self._upper:
            pocket = self._book.pockets[position]
            value = self._book.account_details.get(pocket.account, {}).get(key)
            if value is None:
                value = self.of_customer(pocket.customer, key)
            if value is None and key in pocket._fields:
                value = getattr(pocket, key)
            self._upper[memo] = plain(value)
        return self._upper[memo]

    def of_money(self, account: str, key: str) -> Value:
        """The value of `key` for an account at the bank, in hand or between companies; None when it does not say."""
        return plain(self._book.money_details.get(account, {}).get(key))

    def of_customer(self, code: str, key: str) -> Value:
        """The value of `key` for a customer; None when nobody says."""
        customer = self._book.customers.get(code)
        if customer is None:
            return None
        if key == "name":
            return customer.name
        return plain(customer.details.get(key))
