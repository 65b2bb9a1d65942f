"""The shelf: what was computed of one load of the ledger, kept until the ledger is loaded again.

A shelf is of one list of entries, and is known by its identity: who holds the shelf of other entries holds an old one.
So nothing has to be told when a reload is under way in another thread. Each thing is made once, and only who asks for
that very thing waits for it.
"""

from __future__ import annotations

import datetime
import gc
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeVar

from beancount.core.data import Transaction

from receivables.book import Book
from receivables.bql import LoadedBook
from receivables.fava.part import Members, members, part
from receivables.fava.remembered import RememberedTexts
from receivables.kept import Kept
from receivables.loading import collector_off
from receivables.relations import RELATIONS, grouped_by
from receivables.relations.question import Question, filtered, split_conditions
from receivables.report import Report
from receivables.view import View, view

T = TypeVar("T")

HEAVIEST: Final = 250_000
"""So many rows of answers are kept, the latest asked for; another answer weighs a hundred."""

VIEWS: Final = 32
"""So many views of days are kept, and other things that are made of a load."""

LARGEST: Final = 200_000
"""So many items of parts of the book are kept; the smallest part weighs a thousand."""

ON_ROWS: Final = frozenset({"changes", "promises", "penalties", "penalty_balances", "provision"})
"""Relations whose conditions on columns leave the rows that fulfil them as they are: all rows are evaluated once."""


MANY: Final = 20_000
"""So many entries are set aside when they are loaded."""


def set_aside(entries: Sequence[Any], *, again: bool) -> None:
    """Keep Python's cyclic garbage collector from searching a large ledger while it is served.

    Nothing of it is garbage before it is loaded again, and one search takes as long as ten pages.

    Args:
      entries: The ledger as loaded.
      again: Whether another load was set aside before, which is then searched once and let go.
    """
    if len(entries) < MANY:
        return
    if again:
        gc.unfreeze()
        gc.collect()
    gc.freeze()


class _Part(NamedTuple):
    """A part of the book, and what of it no day changes."""

    book: Book
    lasting: Kept


class Shelf:
    """The book of one load and the answers that were given of it.

    Attributes:
      entries: The entries, whose identity is the shelf's.
      book: The whole book.
    """

    def __init__(self, entries: Sequence[Any], options: Mapping[str, Any]) -> None:
        loaded = options.get(LoadedBook.KEY)
        keeper = loaded if isinstance(loaded, LoadedBook) else LoadedBook()
        self.entries = entries
        whole: Book = keeper.of(entries, options)
        self.book: Book = whole._replace(texts=RememberedTexts(whole.texts))
        main = list(dict.fromkeys(options.get("operating_currency", ())))
        self._rank = {currency: place for place, currency in enumerate(main)}
        self._whole = _Part(self.book, Kept())
        self._known = Kept()
        self._parts = Kept(LARGEST, lambda made: max(len(made.book.items.number), 1000))
        self._views = Kept(VIEWS)
        self._made = Kept(VIEWS)
        self._once = Kept(VIEWS)
        self._answers = Kept(HEAVIEST, _weight)

    def rank(self, currency: str) -> tuple[int, str]:
        """The place of a currency among others: the operating currencies first, then by name."""
        return self._rank.get(currency, len(self._rank)), currency

    def report(self, name: str, as_of: datetime.date, question: Question | None = None, account: str = "") -> Report:
        """A relation as of a day, of the accounts that `account` leaves; evaluated once.

        A question about one customer is asked of that customer's part of the book, which gives the same rows.
        """
        asked = question or Question()
        return self._kept(
            self._answers, (name, as_of, asked, account), lambda: self._answer(name, as_of, asked, account)
        )

    def has(self, name: str, as_of: datetime.date, question: Question | None = None, account: str = "") -> bool:
        """Whether a relation was evaluated for such a question already."""
        return self._answers.has((name, as_of, question or Question(), account))

    def _answer(self, name: str, as_of: datetime.date, asked: Question, account: str) -> Report:
        if asked.by and name != "aging":
            detail = self.report(name, as_of, asked._replace(by=()), account)
            return grouped_by(self.of(account, asked.customer), detail, asked.by)
        relation = RELATIONS[name]
        if asked.where and name in ON_ROWS:
            columns = relation.columns(self.book, as_of)
            others = split_conditions(asked, [column.name for column in columns])[1]
            if others != asked.where:
                whole = self.report(name, as_of, asked._replace(where=others), account)
                return whole._replace(rows=filtered(whole.rows, columns, asked))
        return relation.evaluate(self._view(as_of, account, asked.customer), asked)

    def _view(self, as_of: datetime.date, account: str, customer: str | None) -> View:
        """The view of a day, which serves all relations that are asked of it."""
        book, lasting = self._part_of(account, customer)
        return self._kept(self._views, (as_of, account, customer), lambda: view(book, as_of, lasting))

    def of(self, account: str = "", customer: str | None = None) -> Book:
        """The book, or the part of it on the accounts that Fava's account filter leaves, of one customer."""
        return self._part_of(account, customer).book

    def _part_of(self, account: str, customer: str | None) -> _Part:
        if not account and customer is None:
            return self._whole
        return self._kept(self._parts, (account, customer), lambda: _Part(self._part(account, customer), Kept()))

    def of_report(self, report: Report, what: Hashable, make: Callable[[], T]) -> T:
        """Something made of a whole report (its order, its sums), made once."""
        # The answer holds the report, so no other can have its identity as long as it is kept.
        held, made = self._kept(self._made, (id(report), what), lambda: (report, make()))
        return made if held is report else make()

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Something else that is made of this load, made once."""
        return self._kept(self._once, key, make)

    def _part(self, account: str, customer: str | None) -> Book:
        book = self.book
        wanted = self._of_customer().get(customer, ()) if customer is not None else range(len(book.pockets))
        if account:
            from fava.core.filters import Match

            match = Match(account)
            wanted = [place for place in wanted if _within(book.pockets[place].account, account, match)]
        made = part(book, self._members(), wanted)
        if customer is not None and customer in book.customers and not made.customers:
            # Somebody with whom nothing was booked yet has notes all the same.
            made = made._replace(
                customers={customer: book.customers[customer]},
                events=[event for event in book.events if event.customer == customer],
            )
        return made

    def _members(self) -> Members:
        return self._kept(self._known, "members", lambda: members(self.book))

    def _of_customer(self) -> Mapping[str, Sequence[int]]:
        return self._kept(self._known, "of_customer", self._pockets)

    def _pockets(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for place, pocket in enumerate(self.book.pockets):
            found.setdefault(pocket.customer, []).append(place)
        return found

    def _entry_at(self) -> Mapping[tuple[str, int], Any]:
        """File and line of every transaction, posting, note and document → its entry."""
        found: dict[tuple[str, int], Any] = {}
        for entry in self.entries:
            found[entry.meta["filename"], entry.meta["lineno"]] = entry
            if type(entry) is Transaction:
                for posting in entry.postings:
                    if posting.meta is not None and "lineno" in posting.meta:
                        found[posting.meta["filename"], posting.meta["lineno"]] = entry
        return found

    def entry(self, file: str, line: int) -> Any:
        """The entry that stands at a line, or has a posting there; None when there is none."""
        return self._kept(self._known, "entries", self._entry_at).get((file, line))

    @staticmethod
    def _kept(store: Kept, name: Hashable, make: Callable[[], T]) -> T:
        def made() -> T:
            # Fava holds a million objects: one search among them for cycles takes longer than most answers.
            with collector_off():
                return make()

        return store.of(name, made)


def _weight(report: Report) -> int:
    return max(len(report.rows), 100)


def _within(account: str, value: str, match: Callable[[str], bool]) -> bool:
    """Whether Fava's account filter leaves an account: a part of its name, or a regular expression found in it."""
    return f":{value}:" in f":{account}:" or match(account)
