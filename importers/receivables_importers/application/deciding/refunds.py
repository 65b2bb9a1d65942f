"""Refunds: money that went out to a customer who had paid too much, or whose credit memo is paid back.

The payee is known as payers are, by his account, an alias or his name, or the text names the number of a credit. The
amount must be that of an open credit, of all of them, or of those that are named. Whether a person looks depends on the
evidence, on an `#approval` that names the credit, and on the policy.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from receivables.book import Book
from receivables.facts import CREDIT_MEMO, KINDS, OPENING, RECEIPT
from receivables.rules.application import ACCOUNT
from receivables.view import scale_of
from receivables_importers.application.deciding.any_entry import above_limit, no_account
from receivables_importers.application.deciding.payers import SURE, Who
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.model import AUTO, Allocation, Applied
from receivables_importers.application.open_items import OpenItems
from receivables_importers.application.reading.lines import whole_digits
from receivables_importers.application.reading.noted_numbers import NumberIndex, said_by
from receivables_importers.bank.model import BankLine

REFUND: Final = "refund"
"""The reason of a line that pays a credit back."""

APPROVAL: Final = "approval"

_PAYABLE: Final = frozenset({RECEIPT, CREDIT_MEMO, OPENING})
"""What may be paid back: what the customer gave, and what he need not pay."""

NAMED: Final = 4
ONE: Final = 3
ALL: Final = 2
PART: Final = 1
"""How much an explanation is worth: credits that are named, one credit, all that are open, a part of what is named."""


class Refund(NamedTuple):
    """What a line may pay back.

    Attributes:
      applied: The customer, and the credits, negative.
      worth: One of `NAMED`, `ONE`, `ALL`, `PART`.
      named: Whether the line names the credits.
      kinds: What else says that it is the customer's.
    """

    applied: Applied
    worth: int
    named: bool
    kinds: frozenset[str]

    @property
    def is_sure(self) -> bool:
        """Whether more than a number says that it is this customer's."""
        return bool(self.kinds & SURE)


class Refunds:
    """Finds the credits that lines pay back.

    Args:
      book: The book.
      open_items: What is open, as lines use it up.
    """

    def __init__(self, book: Book, open_items: OpenItems) -> None:
        self._book, self._open_items = book, open_items
        items, pockets = book.items, book.pockets
        self._credits: dict[str, list[int]] = {}
        for item in range(len(items.pocket)):
            known = pockets[items.pocket[item]].customer
            if items.amount[item] < 0 and known and KINDS[items.kind[item]] in _PAYABLE:
                self._credits.setdefault(items.number[item], []).append(item)
        self._numbers = NumberIndex(self._credits)
        self._amounts = _amounts(book, [item for of_number in self._credits.values() for item in of_number])
        self._approvals = [event for event in book.events if event.kind == APPROVAL]

    def possible(self, payment: Payment) -> bool:
        """Whether a line may pay anything back: by its amount, or because it names a credit."""
        return bool(self._credits) and (
            bool(self._named(payment.line)) or (payment.currency, payment.units) in self._amounts
        )

    def of(self, payment: Payment, whos: Sequence[Who]) -> list[Refund]:
        """What a line may pay back, the likeliest first; nothing where no open credit agrees.

        Args:
          payment: The line, over money that went out.
          whos: The customers who may be meant.
        """
        if not self._credits:
            return []
        named: dict[str, list[int]] = {}
        for number in self._named(payment.line):
            for item in self._credits[number]:
                if payment.in_currency(item) and payment.left(item) < 0:
                    pocket = self._book.pockets[self._book.items.pocket[item]]
                    named.setdefault(pocket.customer, []).append(item)
        sure = {who.customer: who for who in whos if who.is_sure and not who.payer}
        found = []
        for code in dict.fromkeys((*named, *sure)):
            found += self._of_customer(payment, code, named.get(code, ()), sure.get(code))
        return sorted(found, key=lambda each: (-each.worth - 2 * each.named, each.applied.customer, each.applied.items))

    def for_customer(self, payment: Payment, customer: str) -> Applied:
        """What a line pays back if it is this customer's: what agrees, else a payment on account."""
        found = self._of_customer(payment, customer, (), None)
        return found[0].applied if found else Applied(customer, (), (), payment.units)

    def _named(self, line: BankLine) -> list[str]:
        """The numbers of credits that a line names."""
        return self._numbers.named(said_by(line), whole_digits(line))

    def approved(self, customer: str, item: int, units: int, day: datetime.date) -> bool:
        """Whether a note says that so much of a credit may be paid back."""
        number, currency = self._book.items.number[item], self._book.pockets[self._book.items.pocket[item]].currency
        amount = scale_of(self._book, currency).decimal(units).copy_abs()
        return any(
            event.customer == customer and number in event.documents and event.date <= day
            and (event.amount is None or (event.amount >= amount and event.currency in (None, currency)))
            for event in self._approvals
        )  # fmt: skip

    def _of_customer(self, payment: Payment, code: str, named: Sequence[int], who: Who | None) -> list[Refund]:
        left = {
            item: payment.left(item)
            for item in self._open_items.credits(code, payment.currency, payment.day)
            if KINDS[self._book.items.kind[item]] in _PAYABLE
        }
        kinds = who.kinds if who is not None else frozenset()

        def refund(items: Iterable[int], worth: int, words: str) -> Refund:
            allocations = tuple(Allocation(item, left[item]) for item in items)
            evidence = (*(who.spoken if who is not None else ()), words)
            return Refund(Applied(code, allocations, (), 0, (REFUND,), evidence), worth, worth in (NAMED, PART), kinds)

        own = [item for item in named if item in left]
        if own and sum(left[item] for item in own) == payment.units:
            return [refund(own, NAMED, f"the line names {self._labels(own)}")]
        single = [item for item in own if left[item] == payment.units]
        if single:
            return [refund([item], NAMED, f"the line names {self._labels([item])}") for item in single]
        if len(own) == 1 and left[own[0]] < payment.units:
            left[own[0]] = payment.units
            return [refund(own, PART, f"a part of {self._labels(own)}, which the line names")]
        exact = [item for item in left if left[item] == payment.units]
        if exact:
            return [refund([item], ONE, f"it is what is open of {self._labels([item])}") for item in exact]
        if len(left) > 1 and sum(left.values()) == payment.units:
            return [refund(left, ALL, f"it is all that is open of {len(left)} credits")]
        return []

    def _labels(self, items: Iterable[int]) -> str:
        return ", ".join(self._book.items.number[item] for item in items)

    def obstacles(self, payment: Payment, found: Sequence[Refund]) -> list[str]:
        """Why a person should look before the first of what was found is booked."""
        best, why = found[0], []
        others = {each.applied.customer for each in found} - {best.applied.customer}
        rivals = [each for each in found[1:] if each.worth == best.worth and each.named == best.named]
        if others:
            why.append(f"it may be for {', '.join(sorted(others))} as well")
        elif rivals:
            why.append(f"{len(rivals) + 1} credits have this amount")
        if not best.named and ACCOUNT not in best.kinds:
            why.append("neither the credit's number nor the customer's bank account says what is paid back")
        if best.worth in (ALL, PART) or len(best.applied.allocations) > 1:
            why.append("it is not exactly one credit")
        customer, day = best.applied.customer, payment.day
        unapproved = [item for item, units in best.applied.allocations if not self.approved(customer, item, units, day)]
        if unapproved and payment.policy.refunds != AUTO:
            why.append(f"no approval names {self._labels(unapproved)}")
        claimed = [item for item in best.applied.items if self._open_items.claims.has(item, strictly=True)]
        if claimed:
            why.append(f"{self._labels(claimed)} may be what an earlier line uses, which waits")
        why += above_limit(payment.line, payment.policy)
        if not payment.account:
            why.append(no_account(payment.line))
        return why


def _amounts(book: Book, credits: Iterable[int]) -> frozenset[tuple[str, int]]:
    """Currency and units of what is open of each credit, and of all credits of each customer."""
    sums: dict[tuple[str, str], int] = {}
    found = set()
    for item in credits:
        units = book.items.residual[item]
        if units:
            pocket = book.pockets[book.items.pocket[item]]
            found.add((pocket.currency, units))
            sums[pocket.currency, pocket.customer] = sums.get((pocket.currency, pocket.customer), 0) + units
    return frozenset(found | {(currency, units) for (currency, _), units in sums.items()})
