"""Numbers: the next free number of each kind of document, as the ledger counts them: DN-2026-03 after DN-2026-02."""

from __future__ import annotations

import datetime
import re
from typing import Final

from receivables.book import Book
from receivables.language.numbers import DEFAULT_NUMBERING

DIGITS: Final = 2
"""How many digits a count has at least, where the ledger shows no other width."""


class NextNumbers:
    """Hands out numbers that no document of the book has, in order: beginning, year, count.

    Args:
      book: Whose numbers are taken, whatever their date.
    """

    def __init__(self, book: Book) -> None:
        self._settings = book.settings
        self._taken = set(book.items.number)
        self._counts: dict[str, tuple[int, int]] = {}

    def claim(self, kind: str, date: datetime.date) -> str:
        """The next number of a kind, as the policy "numbering" of the day begins it; it is taken from now on.

        Args:
          kind: A kind of document that `DEFAULT_NUMBERING` has: "penalty", "write-off", …
          date: The document's day; its year is part of the number.
        """
        begin = (self._settings.value("numbering", kind, date) or DEFAULT_NUMBERING[kind])[0].rstrip("-/")
        stem = f"{begin}-{date.year}-"
        count, width = self._counts.get(stem) or self._last(stem)
        number = ""
        while not number or number in self._taken:
            count += 1
            number = f"{stem}{count:0{width}d}"
        self._counts[stem] = count, width
        self._taken.add(number)
        return number

    def _last(self, stem: str) -> tuple[int, int]:
        """The highest count behind `stem`, and how many digits counts have."""
        counted = re.compile(re.escape(stem) + r"(\d{1,9})")
        found = [match[1] for number in self._taken if (match := counted.fullmatch(number))]
        return max(map(int, found), default=0), max(map(len, found), default=DIGITS)
