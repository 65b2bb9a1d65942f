"""Naming: which debits a number, or a number with an instalment ("INV-1/2"), means where an event names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from receivables.book import Items


def debits_named(items: Items, by_number: Mapping[str, Sequence[int]], name: str) -> Sequence[int]:
    """The debits that a name means: a document's number goes before an instalment, as with `settles:`.

    The only item of a document is its first instalment.

    Args:
      items: The book's items.
      by_number: Number → the debits that may be meant.
      name: What the event says.
    """
    found = by_number.get(name, ())
    number, slash, count = name.rpartition("/")
    if found or not slash or not (count.isascii() and count.isdigit() and len(count) <= 9):
        return found
    return [item for item in by_number.get(number, ()) if (items.instalment[item] or 1) == int(count)]
