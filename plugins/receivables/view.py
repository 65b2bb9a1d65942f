"""A view: the book as of one day, in document currencies or converted into one.

What is open on a day is what is open in the end plus what was settled later, without the items that
came later. So any past day costs one scan of the settlements after it.
"""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Callable, Hashable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Final, NamedTuple, TypeVar

from receivables.book import Book
from receivables.facts import KINDS, RETENTION, PriceFact
from receivables.kept import Kept
from receivables.money import EXACT, Scale, iso_digits, rounded

T = TypeVar("T")

_INVERTING: Final = Context(prec=12, rounding=ROUND_HALF_UP)


class Rates(NamedTuple):
    """Prices of the as-of date into a reporting currency.

    Attributes:
      currency: The reporting currency.
      scale: How it is counted.
      rates: Currency → price in the reporting currency; a currency without a price is not in it.
      facts: Currency → the price directive behind its rate, which may have it the other way round.
    """

    currency: str
    scale: Scale
    rates: Mapping[str, Decimal]
    facts: Mapping[str, PriceFact]

    def convert(self, amount: Decimal, currency: str) -> Decimal | None:
        """The amount in the reporting currency, rounded half up to its digits; None without a price."""
        rate = self.rates.get(currency)
        if rate is None:
            return None
        return rounded(EXACT.multiply(amount, rate), self.scale.digits)

    def told(self, currency: str) -> str:
        """A rate in words: "USD 1 = VND 25400"; raises KeyError without a price."""
        return f"{currency} 1 = {self.currency} {self.rates[currency].normalize():f}"


class View(NamedTuple):
    """The book as of the end of one day.

    Attributes:
      book: The whole book.
      as_of: The day.
      items: The items that are open, in order of date.
      outstanding: What is open of each, signed, in units of its currency.
      lasting: Where what no day changes is kept from one view of the book to the next; None where nobody asks again.
      daily: The same for what several relations ask of this view.
    """

    book: Book
    as_of: datetime.date
    items: Sequence[int]
    outstanding: Sequence[int]
    lasting: Kept | None = None
    daily: Kept | None = None

    def of_book(self, name: Hashable, make: Callable[[], T]) -> T:
        """Something of the whole book that is the same on every day: made once where it is kept."""
        return make() if self.lasting is None else self.lasting.of(name, make)

    def of_day(self, name: Hashable, make: Callable[[], T]) -> T:
        """Something of this very view: made once where it is kept."""
        return make() if self.daily is None else self.daily.of(name, make)

    @property
    def item_count(self) -> int:
        """How many items of the book exist on the day: all positions below this one."""
        return bisect_right(self.book.items.day, self.as_of.toordinal())

    @property
    def settlement_count(self) -> int:
        """How many settlements of the book count on the day: all positions below this one."""
        return bisect_right(self.book.settlements.day, self.as_of.toordinal())

    def restricted(self, keep: Callable[[int], bool]) -> View:
        """The view of those open items that `keep` accepts."""
        kept = [(item, units) for item, units in zip(self.items, self.outstanding, strict=True) if keep(item)]
        return self._replace(
            items=[item for item, _ in kept], outstanding=[units for _, units in kept], daily=None
        )  # fmt: skip

    def amount(self, item: int, units: int) -> Decimal:
        """So many units of an item's currency as an amount."""
        return self.scale(item).decimal(units)

    def scale(self, item: int) -> Scale:
        """How the item's currency is counted."""
        return self.book.scales[self.currency(item)]

    def currency(self, item: int) -> str:
        """The item's currency."""
        return self.book.pockets[self.book.items.pocket[item]].currency

    def kind(self, item: int) -> str:
        """The item's kind."""
        return KINDS[self.book.items.kind[item]]

    def document_kind(self, of_document: Sequence[int]) -> str:
        """The kind of the document that has these items: the first one's that is not a retention."""
        kinds = [self.kind(item) for item in of_document]
        return next((kind for kind in kinds if kind != RETENTION), kinds[0])

    def documents(self) -> dict[tuple[str, str], list[int]]:
        """Customer and number → the items of the documents that exist on the day."""
        found: dict[tuple[str, str], list[int]] = {}
        items, pockets = self.book.items, self.book.pockets
        for item in range(self.item_count):
            found.setdefault((pockets[items.pocket[item]].customer, items.number[item]), []).append(item)
        return found

    def label(self, item: int) -> str:
        """The document's number, with the instalment where it has several: "INV-1/2"."""
        instalment = self.book.items.instalment[item]
        number = self.book.items.number[item]
        return f"{number}/{instalment}" if instalment else number


def default_as_of(book: Book) -> datetime.date:
    """The day as of which a report is when nobody says: that of the ledger's last transaction.

    An empty ledger gives 1970-01-01, so that nothing ever depends on the clock.
    """
    return book.last_day or datetime.date(1970, 1, 1)


def view(book: Book, as_of: datetime.date, lasting: Kept | None = None) -> View:
    """The book as of the end of `as_of`.

    Args:
      book: The book.
      as_of: The day.
      lasting: The store of this very book, where it is asked for many days; its views share what no day changes.
    """
    day = as_of.toordinal()
    items, settlements = book.items, book.settlements
    exist = bisect_right(items.day, day)
    left = list(items.residual[:exist])
    later = bisect_right(settlements.day, day)
    for debit, credit, units in zip(
        settlements.debit[later:], settlements.credit[later:], settlements.amount[later:], strict=True
    ):
        if debit < exist:
            left[debit] += units
        if credit < exist:
            left[credit] -= units
    found = [item for item, units in enumerate(left) if units]
    daily = None if lasting is None else Kept()
    return View(book, as_of, found, [left[item] for item in found], lasting, daily)


def rates_at(book: Book, as_of: datetime.date, currency: str) -> Rates:
    """The prices in force on `as_of` into `currency`: the latest on or before the day.

    A price the other way round (`price USD 25,400 VND` when USD is asked for) is inverted, to twelve significant
    digits: the rate that is shown is the one that is used. A price through a third currency is not looked
    for, because it would be a guess.
    """
    found: dict[str, tuple[PriceFact, Decimal]] = {}
    for fact in book.prices:
        if fact.date > as_of:
            continue
        if fact.quote == currency:
            base, rate = fact.base, fact.rate
        elif fact.base == currency and fact.rate:
            base, rate = fact.quote, _INVERTING.divide(Decimal(1), fact.rate)
        else:
            continue
        known = found.get(base)
        if known is None or known[0].date <= fact.date:
            found[base] = (fact, rate)
    rates = {base: rate for base, (_, rate) in found.items()}
    rates[currency] = Decimal(1)
    facts = {base: fact for base, (fact, _) in found.items()}
    return Rates(currency, scale_of(book, currency), rates, facts)


def scale_of(book: Book, currency: str) -> Scale:
    """How a currency is counted, also one in which nothing is booked yet."""
    return book.scales.get(currency) or Scale(iso_digits(currency), iso_digits(currency))
