"""BQL: the relations as tables in `bean-query` and on Fava's query page.

Importing this module registers the tables. That must also happen when Beancount takes a load from its
cache and runs no plugin: the `LoadedBook` in the options is unpickled then, which imports this module.

A query has no as-of date of its own. It is the environment's RECEIVABLES_AS_OF, else in Fava the last day of the time
filter, else the day of the ledger's last transaction.
"""

from __future__ import annotations

import datetime
import os
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cached_property
from typing import Any, ClassVar, Final

import beanquery
from beanquery import tables
from beanquery.sources import beancount as source

from receivables.book import Book
from receivables.booking import build
from receivables.language.reading import read
from receivables.relations import RELATIONS, evaluate
from receivables.report import Row
from receivables.view import default_as_of

ENVIRONMENT: Final = "RECEIVABLES_AS_OF"

TABLE_NAMES: Final[Mapping[str, str]] = {
    **{name: name for name in RELATIONS},
    "documents": "receivable_documents",
}
"""Relation → table. `#documents` is beanquery's own table of document directives and stays that."""


_as_of: ContextVar[datetime.date | None] = ContextVar("_as_of", default=None)


class LoadedBook:
    """The book of a loaded ledger, carried in Beancount's options.

    It keeps the book of the entries that it was last asked for. Beancount's cache keeps the fact that there
    was a book, not the book: unpickling imports this module, and the book is built again from the entries.
    """

    KEY: ClassVar[str] = "receivables"

    def __init__(self, book: Book | None = None, entries: Sequence[Any] | None = None) -> None:
        self._book = book
        self._entries = entries
        self._lock = threading.Lock()

    def of(self, entries: Sequence[Any], options: Mapping[str, Any]) -> Book:
        """The book of these very entries, built when it is not the one that is kept."""
        with self._lock:
            if self._book is None or self._entries is not entries:
                self._book, self._entries = build(read(entries, options)), entries
            return self._book

    def __reduce__(self) -> tuple[type[LoadedBook], tuple[()]]:
        return (LoadedBook, ())

    def __repr__(self) -> str:
        return "receivables"


def table_book(entries: Sequence[Any], options: Mapping[str, Any]) -> tuple[Book, datetime.date]:
    """The book behind the tables of one connection, and the as-of date of its queries.

    Fava gives tables only the entries that its filters leave; the book is that of all entries, so an open item
    keeps its age whatever the filter.
    """
    in_fava, everything, end = _fava()
    loaded = options.get(LoadedBook.KEY)
    keeper = loaded if isinstance(loaded, LoadedBook) else LoadedBook()
    book = keeper.of(everything if in_fava else entries, options)
    chosen = _as_of.get()
    if chosen is not None:
        return book, chosen
    asked = os.environ.get(ENVIRONMENT)
    if asked:
        try:
            return book, datetime.date.fromisoformat(asked)
        except ValueError as error:
            raise beanquery.ProgrammingError(
                f'{ENVIRONMENT}="{asked}" is not a date: write it as 2026-03-31'
            ) from error
    return book, end or default_as_of(book)


def _fava() -> tuple[bool, Sequence[Any], datetime.date | None]:
    """Whether Fava asks, all entries of its ledger, and the last day of its time filter; None without one.

    Its other filters take entries away as well, which must not move the day.
    """
    context = sys.modules.get("fava.context")
    if context is not None:
        # Outside a request, Fava's context has nothing to give.
        with suppress(RuntimeError, AttributeError):
            dates = context.g.filtered.date_range
            return True, context.g.ledger.all_entries, None if dates is None else dates.end_inclusive
    return False, (), None


@contextmanager
def as_of_for_queries(day: datetime.date) -> Iterator[None]:
    """Queries that run meanwhile are as of `day`, whatever the environment says."""
    token = _as_of.set(day)
    try:
        yield
    finally:
        _as_of.reset(token)


class RelationTable(tables.Table):
    """A relation as a beanquery table; subclasses name the table and the relation.

    Every connection makes every table, so nothing is computed until a query looks at it.
    """

    relation: ClassVar[str]

    def __init__(self, entries: Sequence[Any], options: Mapping[str, Any]) -> None:
        super().__init__()
        self._entries = entries
        self._options = options

    @cached_property
    def seen(self) -> tuple[Book, datetime.date]:
        """The book and the as-of date."""
        return table_book(self._entries, self._options)

    @cached_property
    def columns(self) -> dict[str, source.GetItemColumn]:
        """The relation's columns; aging's follow the policy of the as-of date."""
        book, as_of = self.seen
        return {
            column.name: source.GetItemColumn(position, column.type)
            for position, column in enumerate(RELATIONS[self.relation].columns(book, as_of))
        }

    def __iter__(self) -> Iterator[Row]:
        book, as_of = self.seen
        return iter(evaluate(book, self.relation, as_of).rows)


def _register() -> None:
    """Make the tables known to beanquery, as its own `AccountsTable` is: by its list of tables."""
    registered = {table.name for table in source._TABLES}
    for relation, name in TABLE_NAMES.items():
        if name not in registered:
            class_name = f"{name.title().replace('_', '')}Table"
            source._TABLES.append(type(class_name, (RelationTable,), {"name": name, "relation": relation}))


_register()
