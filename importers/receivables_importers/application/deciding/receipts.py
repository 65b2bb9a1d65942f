"""Receipts: the proposal for money that came in from a customer."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from receivables.book import Book
from receivables.rules.application import NUMBER
from receivables_importers.application.deciding import nature as natures
from receivables_importers.application.deciding.booked_by_hand import BookedByHand
from receivables_importers.application.deciding.candidates import Candidates
from receivables_importers.application.deciding.obstacles import obstacles
from receivables_importers.application.deciding.payers import Payers
from receivables_importers.application.explaining.explanation import GUESS, WEAK_EXACT
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.knowledge import Knowledge
from receivables_importers.application.model import AUTO, NOTHING, REVIEW, UNKNOWN, Applied, Proposed

RUNNERS_UP: Final = 4
"""So many other explanations are kept."""


class Receipts:
    """Proposes how customers' payments are applied.

    Args:
      book: The book.
      known: What the ledger knows.
      payers: Whose money lines are.
      by_hand: What somebody has booked by hand.
    """

    def __init__(self, book: Book, known: Knowledge, payers: Payers, by_hand: BookedByHand) -> None:
        self._known, self._payers, self._by_hand = known, payers, by_hand
        self._candidates = Candidates(book, known.masters)

    def proposal(self, payment: Payment, naming: Mapping[int, Collection[int]]) -> Proposed:
        """The proposal for a line that came in, as far as it is no money of ours.

        Args:
          payment: The line.
          naming: Item → places of the lines that name its document in full.
        """
        line, account, units = payment.line, payment.account, payment.units
        nature, certain = natures.credit_nature(line, self._known)
        whos = [] if nature and certain else self._payers.of(payment)
        if nature and (certain or not whos):
            return Proposed(line, NOTHING, Applied(""), nature=nature, account=account, units=units)
        candidates = self._candidates.of(payment, whos)
        sure = {each.who.customer for each in candidates if each.who.is_sure or NUMBER in each.who.kinds}
        booked = self._by_hand.proposal(payment, sure)
        if booked is not None:
            return booked
        if not candidates:
            return Proposed(
                line, REVIEW, Applied("", (), (), units, (UNKNOWN,)), obstacles=("nothing tells who paid",),
                account=account, units=units,
            )  # fmt: skip
        why = obstacles(payment, candidates, self._known, naming)
        if nature:
            why = (f'the text has the words of "{nature}"', *why)
        best = candidates[0]
        found = best.explanation
        return Proposed(
            line, REVIEW if why else AUTO, best.applied, "", why,
            tuple(each.applied for each in candidates[1 : 1 + RUNNERS_UP]), account, units, claims=found.claims,
            likely=found.rank > GUESS, named=found.rank >= WEAK_EXACT, known=best.who.is_sure,
        )  # fmt: skip
