"""Numbers: the next free number of each kind of document, as the ledger counts them: DN-2026-03 after DN-2026-02."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from receivables.book import KIND_CODES, Book
from receivables.rules.numbering import DEFAULT_NUMBERING

DIGITS: Final = 2
"""How many digits a count has at least, where the ledger shows no other width."""


class NextNumbers:
    """Hands out numbers that no document of the book has, in order: beginning, year, count.

    Args:
      book: Whose numbers are taken, whatever their date.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._settings = book.settings
        self._taken = set(book.items.number)
        self._counts: dict[str, tuple[int, int]] = {}
        self._latest: dict[str, dict[str, tuple[int, str]]] = {}

    def claim(self, kind: str, date: datetime.date, account: str = "") -> str:
        """The next number of a kind, as the policy "numbering" of the day begins it; it is taken from now on.

        Where the policy has several beginnings, the one that the account's documents of this kind have, or those of the
        accounts nearest to it: branches with a series each keep theirs. The latest document tells; the first beginning
        holds where none does.

        Args:
          kind: A kind of document that `DEFAULT_NUMBERING` has: "penalty", "write-off", …
          date: The document's day; its year is part of the number.
          account: The customer's account on which the document stands.
        """
        beginnings = self._settings.value("numbering", kind, date) or DEFAULT_NUMBERING[kind]
        begin = self._series(kind, beginnings, account).rstrip("-/")
        stem = f"{begin}-{date.year}-"
        count, width = self._counts.get(stem) or self._last(stem)
        number = ""
        while not number or number in self._taken:
            count += 1
            number = f"{stem}{count:0{width}d}"
        self._counts[stem] = count, width
        self._taken.add(number)
        return number

    def _series(self, kind: str, beginnings: Sequence[str], account: str) -> str:
        """The beginning that documents of this kind have on the accounts nearest to `account`."""
        if len(beginnings) == 1 or not account:
            return beginnings[0]
        if kind not in self._latest:
            self._latest[kind] = self._latest_numbers(kind)
        near = [
            (_common(account, other), day, begin)
            for other, (day, number) in self._latest[kind].items()
            for begin in beginnings
            if number.startswith(begin)
        ]
        return max(near, default=(0, 0, beginnings[0]))[2]

    def _latest_numbers(self, kind: str) -> dict[str, tuple[int, str]]:
        """Account → day and number of the latest document of a kind."""
        items, pockets, code = self._book.items, self._book.pockets, KIND_CODES[kind]
        return {
            pockets[items.pocket[item]].account: (items.day[item], items.number[item])
            for item in range(len(items.number))
            if items.kind[item] == code
        }

    def _last(self, stem: str) -> tuple[int, int]:
        """The highest count behind `stem`, and how many digits counts have."""
        counted = re.compile(re.escape(stem) + r"(\d{1,9})")
        found = [match[1] for number in self._taken if (match := counted.fullmatch(number))]
        return max(map(int, found), default=0), max(map(len, found), default=DIGITS)


def _common(one: str, other: str) -> int:
    """How many parts two accounts have in common from the beginning."""
    pairs = zip(one.split(":"), other.split(":"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
