"""Loading: from a ledger file to its book, and what the plugin does while Beancount loads.

Beancount's loader creates a million objects that never form cycles; Python's cyclic garbage collector
spends a quarter of a load looking for some. It is off while a ledger is loaded here.
"""

from __future__ import annotations

import datetime
import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NamedTuple

from beancount import loader
from beancount.core.data import Custom, Pad, entry_sortkey
from beancount.ops import pad

from receivables.book import Book
from receivables.booking import build
from receivables.language.configuration import read_settings
from receivables.language.customers import within
from receivables.language.reading import read
from receivables.problems import ERROR, problem
from receivables.settings import CUSTOMERS

_reading_elsewhere: ContextVar[bool] = ContextVar("_reading_elsewhere", default=False)
"""Set while `load_book` loads a ledger: it reads the finished entries itself, so the plugin need not."""


class Loaded(NamedTuple):
    """A ledger as loaded.

    Attributes:
      book: The book.
      entries, options: Beancount's.
      errors: Beancount's own errors and those of other plugins; the book has its own problems.
    """

    book: Book
    entries: Sequence[Any]
    options: Mapping[str, Any]
    errors: Sequence[Any]


@contextmanager
def collector_off() -> Iterator[None]:
    """Keep Python's cyclic garbage collector from running meanwhile."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def load_book(path: Path) -> Loaded:
    """Load a ledger and build its book.

    Beancount's own cache of loads is not used: writing it costs more than it saves here.

    Raises nothing for what the ledger says; a file that cannot be read is among the errors.
    """
    from receivables.bql import LoadedBook

    with collector_off():
        token = _reading_elsewhere.set(True)
        try:
            # The public load_file reads and writes Beancount's pickle cache; Fava, too, calls _load.
            entries, errors, options = loader._load([(str(path), True)], None, None, None)
        finally:
            _reading_elsewhere.reset(token)
        book = build(read(entries, options))
        options[LoadedBook.KEY] = LoadedBook(book, entries)
    return Loaded(book, entries, options, errors)


def check(entries: Sequence[Any], options: dict[str, Any], config: str | None) -> list[Any]:
    """Read the ledger for the plugin: put the book into `options`, return the problems to show.

    Errors always; warnings only under the policy "strict".
    """
    from receivables.bql import LoadedBook

    said = []
    if config is not None and config.strip():
        plain = {"filename": options.get("filename", "<plugin>"), "lineno": 0}
        said.append(problem("plugin-config", plain, config=config))
    if _reading_elsewhere.get():
        return said
    with collector_off():
        book = build(read(_padded(entries, options), options))
    options[LoadedBook.KEY] = LoadedBook(book)
    # It is about how problems show, not about figures: the last word counts, whatever its date.
    strict = book.settings.value("strict", "warnings", datetime.date.max, False)
    shown = [item for item in book.problems if strict or item.severity == ERROR]
    return [*shown, *said]


def _padded(entries: Sequence[Any], options: Mapping[str, Any]) -> Sequence[Any]:
    """The entries as Beancount will pad them, where a receivable account is padded.

    Plugins run before `pad`, and an open item that padding makes must be in the book.
    """
    if not any(type(entry) is Pad for entry in entries):
        return entries
    customs = [entry for entry in entries if type(entry) is Custom]
    roots = read_settings(customs, options, []).roles[CUSTOMERS]
    pads = [entry for entry in entries if type(entry) is Pad]
    if not any(within(entry.account, roots) for entry in pads):
        return entries
    padded, _ = pad.pad(list(entries), dict(options))  # type: ignore[no-untyped-call]
    return sorted(padded, key=entry_sortkey)
