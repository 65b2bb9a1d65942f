"""The shelf: what was computed of one load of the ledger, kept until the ledger is loaded again.

A shelf is of one list of entries, and is known by its identity: who holds the shelf of other entries holds an old one.
So nothing has to be told when a reload is under way in another thread. All of it is asked under one lock.
"""

from __future__ import annotations

import datetime
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

from beancount.core.data import Transaction

from receivables.book import Book
from receivables.bql import LoadedBook
from receivables.fava.part import Members, members, part
from receivables.loading import collector_off
from receivables.relations import RELATIONS, evaluate
from receivables.relations.question import Question
from receivables.report import Report
from receivables.view import view

T = TypeVar("T")

KEPT: Final = 128
"""So many answers and parts are kept, the latest asked for."""


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
        self.book: Book = keeper.of(entries, options)
        main = list(dict.fromkeys(options.get("operating_currency", ())))
        self._rank = {currency: place for place, currency in enumerate(main)}
        self._lock = threading.RLock()
        self._answers: OrderedDict[Hashable, Any] = OrderedDict()

    def rank(self, currency: str) -> tuple[int, str]:
        """The place of a currency among others: the operating currencies first, then by name."""
        return self._rank.get(currency, len(self._rank)), currency

    def report(self, name: str, as_of: datetime.date, question: Question | None = None, account: str = "") -> Report:
        """A relation as of a day, of the accounts that `account` leaves; evaluated once.

        A question about one customer is asked of that customer's part of the book, which gives the same rows.
        """
        asked = question or Question()
        key = ("report", name, as_of, asked, account)
        return self._kept(key, lambda: self._answer(name, as_of, asked, account))

    def _answer(self, name: str, as_of: datetime.date, asked: Question, account: str) -> Report:
        book = self.of(account, asked.customer)
        if asked.by and name != "aging":
            return evaluate(book, name, as_of, asked)
        # As `evaluate` does; the view of a day serves all relations that are asked of it.
        seen = self._kept(("view", as_of, account, asked.customer), lambda: view(book, as_of))
        return RELATIONS[name].evaluate(seen, asked)

    def of(self, account: str = "", customer: str | None = None) -> Book:
        """The book, or the part of it on the accounts that Fava's account filter leaves, of one customer."""
        if not account and customer is None:
            return self.book
        return self._kept(("part", account, customer), lambda: self._part(account, customer))

    def of_report(self, report: Report, what: Hashable, make: Callable[[], T]) -> T:
        """Something made of a whole report (its order, its sums), made once."""
        # The answer holds the report, so no other can have its identity as long as it is kept.
        held, made = self._kept(("of", id(report), what), lambda: (report, make()))
        return made if held is report else make()

    def _part(self, account: str, customer: str | None) -> Book:
        book = self.book
        wanted = self._of_customer.get(customer, ()) if customer is not None else range(len(book.pockets))
        if account:
            from fava.core.filters import Match

            match = Match(account)
            wanted = [place for place in wanted if _within(book.pockets[place].account, account, match)]
        made = part(book, self._members, wanted)
        if customer is not None and customer in book.customers and not made.customers:
            # Somebody with whom nothing was booked yet has notes all the same.
            made = made._replace(
                customers={customer: book.customers[customer]},
                events=[event for event in book.events if event.customer == customer],
            )
        return made

    @cached_property
    def _members(self) -> Members:
        return members(self.book)

    @cached_property
    def _of_customer(self) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for place, pocket in enumerate(self.book.pockets):
            found.setdefault(pocket.customer, []).append(place)
        return found

    @cached_property
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
        with self._lock:
            return self._entry_at.get((file, line))

    def _kept(self, key: Hashable, make: Callable[[], T]) -> T:
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                found: T = self._answers[key]
                return found
            # Fava holds a million objects: one search among them for cycles takes longer than most answers.
            with collector_off():
                made = self._answers[key] = make()
            if len(self._answers) > KEPT:
                self._answers.popitem(last=False)
            return made


def _within(account: str, value: str, match: Callable[[str], bool]) -> bool:
    """Whether Fava's account filter leaves an account: a part of its name, or a regular expression found in it."""
    return f":{value}:" in f":{account}:" or match(account)
