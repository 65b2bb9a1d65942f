"""Load a ledger with the collector off, then time our own steps on it: a child of measure.py.

python benchmarks/own_share.py LEDGER DATE

Prints the seconds of the load, of the book (facts included), of open items and aging of all
customers at DATE, and of one further date (the mean of twelve, a month apart).
"""

from __future__ import annotations

import datetime
import gc
import json
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from beancount import loader

from receivables.booking import build
from receivables.language.reading import read
from receivables.relations import aging
from receivables.relations.question import Question
from receivables.view import view

FURTHER_DATES = 12


def own_book(entries: Sequence[Any], options: Mapping[str, Any]) -> Any:
    """The book of loaded entries."""
    return build(read(entries, options))


def own_aging(book: Any, as_of: datetime.date) -> int:
    """Open items and aging of all customers at one date; returns the number of rows."""
    return len(aging.evaluate(view(book, as_of), Question()).rows)


def main(ledger: str, date: str) -> None:
    """Load and time; the collector stays off to the end, as in `bean-ar`."""
    as_of = datetime.date.fromisoformat(date)
    gc.disable()
    started = time.perf_counter()
    entries, _, options = loader.load_file(ledger)
    loaded = time.perf_counter()
    book = own_book(entries, options)
    built = time.perf_counter()
    own_aging(book, as_of)
    aged = time.perf_counter()
    for number in range(1, FURTHER_DATES + 1):
        own_aging(book, as_of - datetime.timedelta(days=30 * number))
    further = (time.perf_counter() - aged) / FURTHER_DATES
    print(json.dumps({"load": loaded - started, "book": built - loaded, "aging": aged - built, "further": further}))


if __name__ == "__main__":
    main(*sys.argv[1:])
