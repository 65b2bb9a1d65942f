"""Candidates: every customer whose payment a bank line may be, each with the best explanation of the amount."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

from receivables.book import Book
from receivables.rules.application import NUMBER
from receivables_importers.application.deciding.payers import Who
from receivables_importers.application.explaining.explain import explain
from receivables_importers.application.explaining.explanation import NAMED_EXACT, WEAK_EXACT, Explanation
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.knowledge import Master
from receivables_importers.application.model import Applied
from receivables_importers.application.reading.document_numbers import BARE

CANDIDATES: Final = 8
"""So many customers are looked at for a line."""

_WEIGHT_OF_PAYER: Final = 2.5


class Candidate(NamedTuple):
    """A customer with the best explanation of the line."""

    who: Who
    explanation: Explanation

    @property
    def worth(self) -> float:
        """By which candidates are ordered."""
        return _WEIGHT_OF_PAYER * self.who.strength + self.explanation.rank

    @property
    def applied(self) -> Applied:
        """What would be settled, with what speaks for the customer before what speaks for the amount."""
        applied = self.explanation.applied
        return applied._replace(evidence=(*self.who.spoken, *applied.evidence))


class Candidates:
    """Finds candidates.

    Args:
      book: The book.
      masters: The customers, by code.
    """

    def __init__(self, book: Book, masters: Mapping[str, Master]) -> None:
        self._book, self._masters = book, masters
        self._by_amount: dict[tuple[str, int], list[int]] = {}
        items, pockets = book.items, book.pockets
        for item, units in enumerate(items.residual):
            pocket = pockets[items.pocket[item]]
            if units > 0 and pocket.customer:
                self._by_amount.setdefault((pocket.currency, units), []).append(item)

    def of(self, payment: Payment, whos: Sequence[Who]) -> list[Candidate]:
        """Every customer who may be meant, the likeliest first.

        Args:
          payment: The line.
          whos: The customers for whom anything speaks.
        """
        found = [
            Candidate(who, explain(payment, self._masters[who.customer]))
            for who in whos[:CANDIDATES]
            if who.customer in self._masters
        ]
        if (several := self._several(payment, whos)) is not None:
            found.append(several)
        if not any(each.explanation.rank >= WEAK_EXACT or each.who.is_sure for each in found):
            found += self._of_amount(payment, {each.who.customer for each in found})
        return sorted(
            found,
            key=lambda each: (-each.worth, -each.who.score, each.who.customer, len(each.explanation.applied.items)),
        )

    def _several(self, payment: Payment, whos: Sequence[Who]) -> Candidate | None:
        """Documents of several customers that are named together and have the amount together."""
        words: dict[str, set[str]] = {}
        for named in payment.reading.named:
            if named.quality >= BARE:
                words.setdefault(named.written, set()).add(payment.documents.documents[named.document].customer)
        codes = sorted({code for each in words.values() for code in each})
        if len(codes) < 2 or any(len(each) > 1 for each in words.values()):
            return None
        payer = next((who for who in whos if who.is_sure), None)
        first = payer.customer if payer is not None and payer.customer in codes else codes[0]
        found = explain(payment, self._masters[first], codes)
        if found.rank != NAMED_EXACT or len({self._customer(item) for item in found.applied.items}) < 2:
            return None
        if payer is None:
            return Candidate(Who(first, frozenset({NUMBER}), ("the numbers of several customers",)), found)
        may = {first, payer.customer, *self._masters[payer.customer].pays_for}
        strange = [code for code in codes if code not in may]
        if strange:
            doubt = f"{payer.customer} is not known to pay for {', '.join(strange)}"
            found = found._replace(doubts=(*found.doubts, doubt))
        applied = found.applied._replace(customer=first)
        return Candidate(payer._replace(customer=first), found._replace(applied=applied))

    def _customer(self, item: int) -> str:
        return self._book.pockets[self._book.items.pocket[item]].customer

    def _of_amount(self, payment: Payment, already: Collection[str]) -> list[Candidate]:
        """Customers of whom nothing speaks but an item of this amount."""
        alike = self._by_amount.get((payment.currency, payment.units), ())
        same = [item for item in alike if payment.left(item) == payment.units]
        codes = list(dict.fromkeys(code for item in same if (code := self._customer(item)) not in already))
        return [
            Candidate(Who(code, frozenset[str](), ("only the amount agrees",)), explain(payment, self._masters[code]))
            for code in codes[:CANDIDATES]
        ]
