"""Open items: what is open on the day of a line, less what earlier lines have used up."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from receivables.book import Book
from receivables.facts import KINDS, RECEIPT, REVALUATION
from receivables.rules.disputes import DISPUTE, disputed
from receivables.view import view
from receivables_importers.application.claims import Claims
from receivables_importers.application.reading.document_numbers import Document

DOCUMENT_DAYS: Final = 800
"""A document that was settled so long before the first line is no longer recognised: nobody pays it twice now."""

_UNNAMED: Final = frozenset({REVALUATION})


class OpenItems:
    """The open items, as one line after the other uses them up.

    What the ledger itself settles later is not offered either: a receipt that was booked for a later day keeps what it
    names.

    Args:
      book: The book.
      first: The day of the first line.

    Attributes:
      book: The book.
      claims: What lines that wait may be for.
    """

    def __init__(self, book: Book, first: datetime.date) -> None:
        self.book = book
        self._first = first
        self._used: dict[int, int] = {}
        self.claims = Claims()
        self._later = _settled_later(book, first)
        self._by_customer: dict[tuple[str, str], list[int]] = {}
        self._disputes: dict[datetime.date, dict[int, int]] = {}
        self._disputing = {number for event in book.events if event.kind == DISPUTE for number in event.documents}
        items, pockets = book.items, book.pockets
        self._untouched = [
            max(0, left) if amount > 0 else min(0, left)
            for amount, left in zip(items.amount, items.residual, strict=True)
        ]
        for item in range(len(items.pocket)):
            if items.residual[item] or item in self._later:
                pocket = pockets[items.pocket[item]]
                if pocket.customer and KINDS[items.kind[item]] not in _UNNAMED:
                    self._by_customer.setdefault((pocket.customer, pocket.currency), []).append(item)
        for found in self._by_customer.values():
            found.sort(key=lambda item: (items.due[item], items.date[item], items.number[item], items.instalment[item]))

    def left(self, item: int, day: datetime.date) -> int:
        """What is open of an item, signed, in units; zero before it exists."""
        items = self.book.items
        ordinal = day.toordinal()
        if items.day[item] > ordinal:
            return 0
        if item not in self._used and item not in self._later:
            return self._untouched[item]
        residual, used = items.residual[item], self._used.get(item, 0)
        then = residual + sum(units for settled, units in self._later.get(item, ()) if settled > ordinal)
        if items.amount[item] > 0:
            return max(0, min(residual, then) - used)
        return min(0, max(residual, then) - used)

    def settled_later(self, item: int, day: datetime.date) -> bool:
        """Whether the ledger settles an item, or a part of it, on a later day."""
        ordinal = day.toordinal()
        return any(settled > ordinal and units > 0 for settled, units in self._later.get(item, ()))

    def debits(self, customer: str, currency: str, day: datetime.date) -> list[int]:
        """The open debits of a customer in a currency, the oldest due first."""
        return [item for item in self._by_customer.get((customer, currency), ()) if self.left(item, day) > 0]

    def credits(self, customer: str, currency: str, day: datetime.date) -> list[int]:
        """The open credits of a customer in a currency, the oldest first."""
        return [item for item in self._by_customer.get((customer, currency), ()) if self.left(item, day) < 0]

    def use(self, item: int, units: int) -> None:
        """So many units of an item are settled now; negative for a credit that is used."""
        self._used[item] = self._used.get(item, 0) + units

    def in_dispute(self, item: int, day: datetime.date) -> int:
        """How much of an item is disputed on a day, in units."""
        if self.book.items.number[item] not in self._disputing:
            return 0
        if day not in self._disputes:
            numbers = self.book.items.number
            seen = view(self.book, day).restricted(lambda item: numbers[item] in self._disputing)
            self._disputes[day] = dict(disputed(seen))
        return self._disputes[day].get(item, 0)

    def documents(self) -> Sequence[Document]:
        """The documents that a payer may name: what is open, and what was settled not too long ago."""
        items, pockets = self.book.items, self.book.pockets
        oldest = self._first.toordinal() - DOCUMENT_DAYS
        receipts = KINDS.index(RECEIPT)
        grouped: dict[tuple[str, str], list[int]] = {}
        for item in range(len(items.pocket)):
            customer = pockets[items.pocket[item]].customer
            recent = items.day[item] >= oldest or items.residual[item]
            if customer and recent and items.kind[item] != receipts and KINDS[items.kind[item]] not in _UNNAMED:
                grouped.setdefault((customer, items.number[item]), []).append(item)
        return [
            Document(customer, number, tuple(sorted(found, key=lambda item: (items.due[item], item))))
            for (customer, number), found in sorted(grouped.items())
        ]


def label_of(book: Book, item: int) -> str:
    """The number of an item's document, with its instalment where there are several: "INV-1/2"."""
    number, instalment = book.items.number[item], book.items.instalment[item]
    return f"{number}/{instalment}" if instalment else number


def _settled_later(book: Book, first: datetime.date) -> dict[int, list[tuple[int, int]]]:
    """Item → day and units, signed as the item, of its settlements from the first line's day on."""
    found: dict[int, list[tuple[int, int]]] = {}
    columns = book.settlements
    begin = first.toordinal()
    for day, debit, credit, units in zip(columns.day, columns.debit, columns.credit, columns.amount, strict=True):
        if day >= begin:
            found.setdefault(debit, []).append((day, units))
            found.setdefault(credit, []).append((day, -units))
    return found
