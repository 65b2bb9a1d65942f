"""Cases: a bank line with all that is needed to explain it as a payment: its amount, what it says, what is open."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from beancount.core.data import Transaction

from receivables.book import Book
from receivables.money import EXACT, Scale
from receivables.rules.application import ApplicationPolicy
from receivables_importers.application.numbers import DocumentIndex, Reading
from receivables_importers.application.periods import Period
from receivables_importers.application.standing import Standing
from receivables_importers.application.sums import Amount
from receivables_importers.bank.model import BankLine


class Case(NamedTuple):
    """A line and what is needed to explain it.

    Attributes:
      line: The line.
      units: Its amount.
      currency: Its currency.
      scale: How that is counted.
      reading: The documents that it names.
      periods: The months that it speaks of.
      standing: What is open.
      documents: All documents that may be named.
      policy: The policy of the day.
      entries: File and line → transaction.
    """

    line: BankLine
    units: int
    currency: str
    scale: Scale
    reading: Reading
    periods: frozenset[Period]
    standing: Standing
    documents: DocumentIndex
    policy: ApplicationPolicy
    entries: Mapping[tuple[str, int], Transaction]

    @property
    def book(self) -> Book:
        """The book."""
        return self.standing.book

    @property
    def day(self) -> datetime.date:
        """The day of the line."""
        return self.line.booked

    def left(self, item: int) -> int:
        """What is open of an item."""
        return self.standing.left(item, self.day)

    def label(self, item: int) -> str:
        """The item's document, with its instalment."""
        items = self.book.items
        return items.number[item] + (f"/{items.instalment[item]}" if items.instalment[item] else "")

    def labels(self, items: Sequence[int]) -> str:
        """Several items in words."""
        return ", ".join(map(self.label, items[:8])) + (f" and {len(items) - 8} more" if len(items) > 8 else "")

    def shown(self, units: int) -> str:
        """An amount in words."""
        return f"{self.scale.decimal(units):,} {self.currency}"

    def in_currency(self, item: int) -> bool:
        """Whether an item is in the line's currency."""
        return self.book.pockets[self.book.items.pocket[item]].currency == self.currency

    @property
    def stated_charges(self) -> int:
        """What the bank says that was kept on the way, in units; 0 when it says nothing."""
        line = self.line
        kept = line.charges or Decimal(0)
        if line.original_amount is not None and line.original_currency == line.currency:
            kept = kept or EXACT.subtract(line.original_amount, line.amount)
        if kept <= 0:
            return 0
        try:
            return self.scale.units(kept)
        except ArithmeticError:
            return 0

    def debits(self, items: Sequence[int]) -> list[int]:
        """Those of the items of which something is to be paid."""
        return [item for item in items if self.left(item) > 0]

    def amount(self, item: int, units: int | None = None) -> Amount:
        """An item as sums see it; `units` is what is to be paid for it, if that is not all that is open."""
        items = self.book.items
        date = datetime.date.fromordinal(items.date[item])
        return Amount(
            item,
            self.left(item) if units is None else units,
            items.due[item] <= self.day.toordinal(),
            date.year * 12 + date.month - 1,
        )
