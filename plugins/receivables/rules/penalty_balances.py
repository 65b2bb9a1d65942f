"""Penalty balances: a document's penalties as computed, as charged before, and what is left to charge."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from receivables.rules.charged_penalties import charged, charged_postings
from receivables.rules.penalties import Charge
from receivables.rules.penalty_policy import PenaltyPolicy
from receivables.view import View


class Balance(NamedTuple):
    """A document's penalties: computed, charged before, and what is left to charge (negative: to give back).

    Attributes:
      customer, account, currency, number: The document.
      item: Its first item; None where only a charge names it.
      policy: The policy; None where nothing is computed.
    """

    customer: str
    account: str
    currency: str
    number: str
    item: int | None
    policy: PenaltyPolicy | None
    computed: Decimal
    charged: Decimal

    @property
    def to_charge(self) -> Decimal:
        """What has come since the last charge."""
        return self.computed - self.charged


def balances(view: View, charges: Sequence[Charge]) -> list[Balance]:
    """Computed against charged, one a document, in the order of the book; documents without either are not in it."""
    book = view.book
    items = book.items
    computed: dict[tuple[str, str, str, str], Decimal] = {}
    firsts: dict[tuple[str, str, str, str], Charge] = {}
    for charge in charges:
        pocket = book.pockets[items.pocket[charge.item]]
        key = pocket.customer, pocket.account, pocket.currency, items.number[charge.item]
        computed[key] = computed.get(key, Decimal(0)) + charge.amount
        firsts.setdefault(key, charge)
    found = [
        Balance(*key, firsts[key].item, firsts[key].policy, amount, Decimal(0)) for key, amount in computed.items()
    ]
    places = {(balance.customer, balance.currency, balance.number): place for place, balance in enumerate(found)}
    before = charged(charged_postings(view).postings)
    documents = view.documents() if before else {}
    for (customer, currency, number), amount in before.items():
        place = places.get((customer, currency, number))
        if place is not None:
            found[place] = found[place]._replace(charged=found[place].charged + amount)
        else:
            item = next((i for i in documents.get((customer, number), ()) if view.currency(i) == currency), None)
            account = "" if item is None else book.pockets[items.pocket[item]].account
            found.append(Balance(customer, account, currency, number, item, None, Decimal(0), amount))
    return [balance for balance in found if balance.computed or balance.charged]
