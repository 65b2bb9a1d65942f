"""Part: the book of some pockets alone, so that a page about one customer costs what that customer costs.

Settlements never leave a pocket, so the items of some pockets are a book of their own: every relation about them says
of the part what it says of them in the whole. Rules that look at a whole portfolio (loss rates) are not asked of parts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from receivables.book import Book, Items, LedgerColumns, SettlementColumns, TextColumns, Texts
from receivables.settings import DESCRIBED


class PartTexts:
    """The words behind the items of a part."""

    def __init__(self, whole: Texts, items: Sequence[int]) -> None:
        self._whole = whole
        self._items = items

    def description(self, item: int) -> str:
        """Narration of the entry."""
        return self._whole.description(self._items[item])

    def source(self, item: int) -> tuple[str, int]:
        """File and line of the posting."""
        return self._whole.source(self._items[item])

    def entry(self, item: int) -> tuple[str, int]:
        """File and line of the transaction."""
        return self._whole.entry(self._items[item])

    def details(self, item: int) -> Mapping[str, Any]:
        """Metadata of the posting and the transaction."""
        return self._whole.details(self._items[item])

    def terms(self, item: int) -> str:
        """The payment terms as written."""
        return self._whole.terms(self._items[item])

    def rate(self, item: int) -> tuple[Decimal, str] | None:
        """Price or cost of the posting's currency."""
        return self._whole.rate(self._items[item])

    def columns(self) -> TextColumns:
        """Those of the whole book: a part is never kept in the cache."""
        return self._whole.columns()


class Members(NamedTuple):
    """Where the items and settlements of each pocket stand in the columns of a book."""

    items: Mapping[int, Sequence[int]]
    settlements: Mapping[int, Sequence[int]]


def members(book: Book) -> Members:
    """The items and settlements of each pocket, in one pass."""
    items: dict[int, list[int]] = {}
    settlements: dict[int, list[int]] = {}
    pocket = book.items.pocket
    for item, place in enumerate(pocket):
        items.setdefault(place, []).append(item)
    for position, debit in enumerate(book.settlements.debit):
        settlements.setdefault(pocket[debit], []).append(position)
    return Members(items, settlements)


def part(book: Book, known: Members, pockets: Collection[int]) -> Book:
    """The book of these pockets alone.

    Items keep their order. What is not about items (settings, prices, the title) is that of the whole; the ledger's own
    postings are those of the accounts and currencies of the pockets.
    """
    chosen = sorted(pockets)
    items = sorted(item for pocket in chosen for item in known.items.get(pocket, ()))
    new = {item: place for place, item in enumerate(items)}
    positions = sorted(place for pocket in chosen for place in known.settlements.get(pocket, ()))
    old, settled = book.items, book.settlements
    pocket_of = {pocket: place for place, pocket in enumerate(chosen)}
    kept = [book.pockets[pocket] for pocket in chosen]
    codes = {pocket.customer for pocket in kept}
    places = {place for place, pair in enumerate(book.places) if pair in {(p.account, p.currency) for p in kept}}
    place_of = {place: position for position, place in enumerate(sorted(places))}
    postings = [position for position, place in enumerate(book.ledger.place) if place in places]
    return book._replace(
        customers={code: customer for code, customer in book.customers.items() if code in codes},
        events=[event for event in book.events if event.customer in codes],
        # Money in hand and between companies is one stream: without the steps that name nobody it seems to stand still.
        booked=[each for each in book.booked if each.customer in codes or each.role in DESCRIBED],
        pockets=kept,
        places=[book.places[place] for place in sorted(places)],
        items=Items(
            pocket=[pocket_of[old.pocket[item]] for item in items],
            first=[new[old.first[item]] for item in items],
            instalment=[old.instalment[item] for item in items],
            day=[old.day[item] for item in items],
            date=[old.date[item] for item in items],
            due=[old.due[item] for item in items],
            amount=[old.amount[item] for item in items],
            residual=[old.residual[item] for item in items],
            kind=[old.kind[item] for item in items],
            number=[old.number[item] for item in items],
        ),
        settlements=SettlementColumns(
            [settled.day[position] for position in positions],
            [new[settled.debit[position]] for position in positions],
            [new[settled.credit[position]] for position in positions],
            [settled.amount[position] for position in positions],
            [new[settled.cause[position]] for position in positions],
        ),
        ledger=LedgerColumns(
            [book.ledger.day[position] for position in postings],
            [place_of[book.ledger.place[position]] for position in postings],
            [book.ledger.amount[position] for position in postings],
        ),
        unexplained=[
            posting._replace(place=place_of[posting.place]) for posting in book.unexplained if posting.place in places
        ],
        texts=PartTexts(book.texts, items),
    )
