"""Payment: a bank line with all that is needed to explain what it pays: its amount, what it says, what is open."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from beancount.core.data import Transaction

from receivables.book import Book
from receivables.money import EXACT, Scale
from receivables.rules.application import ApplicationPolicy
from receivables_importers.application.explaining.sums import Amount
from receivables_importers.application.open_items import OpenItems, label_of
from receivables_importers.application.reading.document_numbers import DocumentIndex, Reading
from receivables_importers.application.reading.periods import Period, periods
from receivables_importers.bank.model import BankLine


class Payment(NamedTuple):
    """A line as it is looked at.

    Attributes:
      line: The line.
      place: Its position among the lines of the run.
      account: The ledger's account that it is on; "" when that is not known.
      units: Its amount; negative for what went out.
      scale: How its currency is counted.
      reading: The documents that it names.
      policy: The policy of its day.
      open_items: What is open.
      documents: All documents that may be named.
      entries: File and line → transaction.
    """

    line: BankLine
    place: int
    account: str
    units: int
    scale: Scale
    reading: Reading
    policy: ApplicationPolicy
    open_items: OpenItems
    documents: DocumentIndex
    entries: Mapping[tuple[str, int], Transaction]

    @property
    def currency(self) -> str:
        """The line's currency."""
        return self.line.currency

    @property
    def periods(self) -> frozenset[Period]:
        """The months that it speaks of."""
        return periods(self.line.remittance)

    @property
    def book(self) -> Book:
        """The book."""
        return self.open_items.book

    @property
    def day(self) -> datetime.date:
        """The day of the line."""
        return self.line.booked

    def left(self, item: int) -> int:
        """What is open of an item."""
        return self.open_items.left(item, self.day)

    def label(self, item: int) -> str:
        """The item's document, with its instalment."""
        return label_of(self.book, item)

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


def are(items: Collection[object]) -> str:
    """The verb behind one item or several."""
    return "is" if len(items) == 1 else "are"


def were(items: Collection[object]) -> str:
    """The same in the past."""
    return "was" if len(items) == 1 else "were"
