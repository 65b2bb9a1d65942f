"""Booked by hand: bank lines that an entry of the ledger books already, though it names no line of the bank."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal
from typing import Final

from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.knowledge import Knowledge, Movement
from receivables_importers.application.model import BOOKED, NOTHING, REVIEW, Applied, Proposed
from receivables_importers.application.reading.deposit_words import says_deposit
from receivables_importers.application.reading.document_numbers import BARE, DocumentIndex, Reading
from receivables_importers.bank.model import BankLine

BOOKED_DAYS: Final = 4
"""So many days an entry that was made by hand may be away from its bank line."""


class BookedByHand:
    """Finds entries that book lines; each books one line.

    Args:
      known: What the ledger knows.
      documents: All documents that may be named.
      lines: All lines of the run.
      readings: What each of them says in numbers.
    """

    def __init__(
        self, known: Knowledge, documents: DocumentIndex, lines: Sequence[BankLine], readings: Sequence[Reading]
    ) -> None:
        self._known, self._documents = known, documents
        self._lines, self._readings = lines, readings
        self._movements: dict[tuple[str, str, Decimal], list[int]] = {}
        for place, movement in enumerate(known.movements):
            self._movements.setdefault((movement.account, movement.currency, movement.amount), []).append(place)
        self._alike: dict[tuple[str, str, Decimal], list[int]] = {}
        for place, line in enumerate(lines):
            self._alike.setdefault((line.account, line.currency, line.amount), []).append(place)
        self._found: dict[str, int] = {}
        self._taken: set[int] = set()

    def proposal(self, payment: Payment, customers: Collection[str]) -> Proposed | None:
        """The proposal for a line that an entry without a bank line books; None where there is none.

        An entry that settles other documents than those that the line names is another payment, or a mistake.

        Args:
          payment: The line.
          customers: Those whose money it surely is, or whose documents it names.
        """
        named = self._numbers(payment.reading)
        found = list(self._near(payment, named))
        if not found:
            return None
        agreeing = [
            place for place in found if self._agrees(payment.line, self._known.movements[place], customers, named)
        ]
        place = min(agreeing or found, key=lambda each: self._distance(payment.line, self._known.movements[each]))
        movement = self._known.movements[place]
        about = movement.number or "an entry"
        evidence = (f"{about} of {movement.date} at {movement.place} has this amount",)
        customer = movement.customers[0] if movement.customers else ""
        applied = Applied(customer, (), (), payment.units, (BOOKED,), evidence)
        if agreeing:
            self._found[payment.line.id] = place
            return Proposed(payment.line, NOTHING, applied, nature=BOOKED, account=payment.account, units=payment.units)
        return Proposed(
            payment.line, REVIEW, applied, nature=BOOKED, account=payment.account, units=payment.units,
            obstacles=("it may be booked already: add bank-id: to that entry, or decide otherwise",),
        )  # fmt: skip

    def take(self, line: BankLine) -> None:
        """The entry that was found for a line books this line, and no other."""
        self._taken.add(self._found[line.id])

    def _near(self, payment: Payment, named: Collection[str]) -> Iterable[int]:
        """The entries of the amount that are near the line, and not rather another line's."""
        line = payment.line
        for place in self._movements.get((payment.account, line.currency, line.amount), ()):
            movement = self._known.movements[place]
            near = abs((movement.date - line.booked).days) <= BOOKED_DAYS
            if place not in self._taken and near and not self._is_anothers(line, named, movement):
                yield place

    def _agrees(self, line: BankLine, movement: Movement, customers: Collection[str], named: Collection[str]) -> bool:
        """Whether an entry is of the line's customer, and of its documents where both name any."""
        same = not set(customers).isdisjoint(movement.customers) or not (customers or movement.customers)
        other_documents = named and movement.documents and set(named).isdisjoint(movement.documents)
        return bool((same or (movement.in_hand and says_deposit(line))) and not other_documents)

    def _is_anothers(self, line: BankLine, named: Collection[str], movement: Movement) -> bool:
        """Whether an entry rather books another line of this amount, which names what it settles."""
        documents = set(movement.documents)
        return not documents.intersection(named) and any(
            self._lines[place].id != line.id
            and abs((movement.date - self._lines[place].booked).days) <= BOOKED_DAYS
            and not documents.isdisjoint(self._numbers(self._readings[place]))
            for place in self._alike.get((line.account, line.currency, line.amount), ())
        )  # fmt: skip

    @staticmethod
    def _distance(line: BankLine, movement: Movement) -> tuple[int, str]:
        return abs((movement.date - line.booked).days), movement.place

    def _numbers(self, reading: Reading) -> set[str]:
        """The numbers of the documents that a text names."""
        return {self._documents.documents[each.document].number for each in reading.named if each.quality >= BARE}
