"""Incognito: which questions would tell amounts by their answers, though none is shown.

Whoever may ask for the items above 500, and then above 750, soon knows what an item is; and a group by an amount is
called by it.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from receivables.book import Book
from receivables.fava.tables import CALCULATED
from receivables.lookup import FACTS
from receivables.relations import RELATIONS
from receivables.relations.question import Question


def telling(book: Book, relation: str, as_of: datetime.date, question: Question) -> str | None:
    """The first key of a question that may tell an amount; None when all of them are words, days and counts.

    Metadata that only documents have may be anything, and is not asked about.
    """
    columns = {column.name: column for column in RELATIONS[relation].columns(book, as_of)}
    for key in (*(condition.key for condition in question.where), *question.by):
        if key in columns:
            if columns[key].money is not None or key in CALCULATED:
                return key
        elif key not in FACTS and not _only_words(book, key):
            return key
    return None


def _only_words(book: Book, key: str) -> bool:
    """Whether customers or accounts have a key, and never a number under it."""
    values = [customer.details.get(key) for customer in book.customers.values()]
    values += [details.get(key) for details in book.account_details.values()]
    said = [value for value in values if value is not None]
    return bool(said) and not any(map(_counts, said))


def _counts(value: Any) -> bool:
    number = value if isinstance(value, int | Decimal) else getattr(value, "number", None)
    return isinstance(number, int | Decimal) and not isinstance(number, bool)
