"""Principals: the claims for whose late payment a document charges, which end it when they are lost.

Interest and fees for delay are accessory: they are lost with the claim that they come from, even where a period of
their own would end later (BGB § 217, Swiss Code of Obligations 133; elsewhere it is the safe reading).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from receivables.book import KIND_CODES
from receivables.facts import NEVER_DUE, PENALTY
from receivables.places import Place, place_of
from receivables.problems import Problem
from receivables.rules.charged_penalties import charged_postings
from receivables.view import View

NOT_CLAIMS: Final = frozenset(KIND_CODES[kind] for kind in NEVER_DUE)
"""Kinds of debits that nobody is asked to pay."""

_PENALTY: Final = KIND_CODES[PENALTY]


class Principals:
    """What the documents of a view charge for.

    Attributes:
      problems: Postings of penalty notes that do not say for what.
    """

    def __init__(self, view: View) -> None:
        self._book = view.book
        found = charged_postings(view)
        self.problems: Sequence[Problem] = found.problems
        # What gives something back, with the other sign, is no charge.
        self._numbers: dict[tuple[str, Place], dict[str, None]] = {}
        for each, number in found.postings:
            if each.amount < 0:
                place = place_of(self._book.folder, each.entry)
                self._numbers.setdefault((each.customer, place), {})[number] = None
        self._documents = view.documents() if self._numbers else {}

    def of(self, item: int) -> list[int]:
        """The claims for which the document of a claim charges, in order of the book; none for most documents."""
        if not self._numbers:
            return []
        book, items = self._book, self._book.items
        customer, place = book.pockets[items.pocket[item]].customer, book.texts.entry(item)
        return sorted(
            other
            for number in self._numbers.get((customer, place), ())
            for other in self._documents[customer, number]
            if items.amount[other] > 0
            and items.kind[other] not in NOT_CLAIMS
            and items.first[other] != items.first[item]
        )

    def untold(self, item: int) -> bool:
        """Whether it is a penalty note and nothing says for which document."""
        return self._book.items.kind[item] == _PENALTY and not self.of(item)
