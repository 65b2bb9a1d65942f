"""Specific provisions: debts that are looked at one by one, and taken out of the pool before any rate is applied.

The nearest word wins: a note #provision about the instalment, one about the document, the document's own `provision:`,
a note about the customer, the `provision:` of contract, account or customer, and last that the customer is insolvent
(`receivables.rules.insolvency`). Notes count from their date until a later one about the same; `rate: "none"` puts the
debts back into the pool, whatever insolvency there was before.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final, NamedTuple

from receivables.facts import REVALUATION, Event
from receivables.lookup import Lookup
from receivables.places import source_of
from receivables.problems import Problem, problem
from receivables.rules.insolvency import INSOLVENT, Insolvencies
from receivables.rules.naming import debits_named
from receivables.rules.provision_policy import read_share
from receivables.settings import text
from receivables.view import View

PROVISION: Final = "provision"
BACK: Final = "none"

_AMOUNT: Final = re.compile(
    r"(?P<number>(?:[0-9]{1,3}(?:,[0-9]{3}){1,8}|[0-9]{1,24})(?:\.[0-9]{1,12})?)\s+"
    r"(?P<currency>[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]|[A-Z])"
)


class Specific(NamedTuple):
    """What is provided for a debt by a word of its own.

    Attributes:
      share: The rate, 1 for the whole; None where an amount is given.
      amount, currency: The amount for all debts of the same `key` together; None where a rate is given.
      key: Which debts share an amount.
      where: Where the word stands: "note of 2026-03-01", "document", "customer".
      reason: Why: the note's text; "" for metadata.
    """

    share: Fraction | None
    amount: Decimal | None
    currency: str | None
    key: tuple[str | int, ...]
    where: str
    reason: str


def read_word(value: Any) -> tuple[Fraction | None, Decimal | None, str | None]:
    """`60%`, or an amount with its currency; raises ValueError for anything else.

    >>> read_word("60%"), read_word("1,500.00 USD")
    ((Fraction(3, 5), None, None), (None, Decimal('1500.00'), 'USD'))
    """
    written = str(value) if hasattr(value, "currency") else text(value)
    match = _AMOUNT.fullmatch(written)
    if match is None:
        return read_share(written), None, None
    return None, Decimal(match["number"].replace(",", "")), match["currency"]


class Specifics:
    """The specific provisions and insolvencies of a ledger as of a day.

    Attributes:
      problems: Words that cannot be read, and notes that are about no debt.
    """

    def __init__(self, view: View, lookup: Lookup) -> None:
        self._view = view
        self._lookup = lookup
        self._insolvencies = Insolvencies(view, lookup)
        # Customer → the last note about all of the customer's debts; document and instalment by item.
        self._of_all: dict[str, Event] = {}
        self._of_document: dict[int, Event] = {}
        self._of_instalment: dict[int, Event] = {}
        # By pocket and contract: what most items of a customer share.
        self._shared: dict[tuple[int, str], Specific | Problem | None] = {}
        self._told: set[tuple[object, ...]] = set()
        self.problems: list[Problem] = []
        # The events are in order of date.
        notes = [event for event in view.book.events if event.kind == PROVISION and event.date <= view.as_of]
        debits = self._debits({event.customer for event in notes if event.documents})
        for event in notes:
            if event.documents:
                self._keep(event, debits.get(event.customer, {}))
            else:
                self._of_all[event.customer] = event

    def _debits(self, customers: set[str]) -> Mapping[str, Mapping[str, Sequence[int]]]:
        """Customer → number → the debits that have it, of any day: a note may be older than its document."""
        book = self._view.book
        found: dict[str, dict[str, list[int]]] = {}
        for item in range(len(book.items.number)) if customers else ():
            customer = book.pockets[book.items.pocket[item]].customer
            if customer in customers and book.items.amount[item] > 0 and self._view.kind(item) != REVALUATION:
                found.setdefault(customer, {}).setdefault(book.items.number[item], []).append(item)
        return found

    def _keep(self, note: Event, debits: Mapping[str, Sequence[int]]) -> None:
        """Note which debts a note is about; a problem where it is about none."""
        found = False
        for name in note.documents:
            kept = self._of_document if name in debits else self._of_instalment
            for item in debits_named(self._view.book.items, debits, name):
                kept[item] = note
                found = True
        if not found:
            names = ", ".join(note.documents)
            self.problems.append(problem("provision-of-what", note.entry.meta, names=names, customer=note.customer))

    def _linked(self, item: int) -> Event | None:
        """The note about an item's instalment, else about its document."""
        return self._of_instalment.get(item) or self._of_document.get(item)

    def insolvency(self, item: int) -> str | None:
        """What says that the customer of an item is insolvent; None where nothing does."""
        pocket = self._view.book.items.pocket[item]
        customer = self._view.book.pockets[pocket].customer
        note = self._linked(item) or self._of_all.get(customer)
        # Since when a note puts the debt back into the pool.
        back = note.date if note is not None and _into_pool(note) else None
        noted = [event for event in self._insolvencies.noted(customer) if back is None or event.date > back]
        if noted:
            return f"note of {noted[-1].date}: {noted[-1].comment}"
        said = self._insolvencies.word(pocket)
        if isinstance(said, datetime.date):
            return f"since {said}" if back is None or said > back else None
        return None if said is None or back is not None else f"{INSOLVENT}: {said}"

    def of_item(self, item: int) -> Specific | Problem | None:
        """The specific provision of an item; a problem where its word cannot be read, None where it has none."""
        book = self._view.book
        customer = book.pockets[book.items.pocket[item]].customer
        note = self._linked(item)
        if note is not None:
            return self._of_note(note, (note.date.toordinal(), customer, *note.documents))
        own = book.texts.details(item).get(PROVISION)
        if own is not None:
            return self._of_word(own, "document", (book.items.first[item],), source_of(book.texts.source(item)))
        note = self._of_all.get(customer)
        if note is not None:
            return self._of_note(note, (note.date.toordinal(), customer))
        return self._of_customer(item, customer)

    def _of_customer(self, item: int, customer: str) -> Specific | Problem | None:
        """What contract, account or customer say, the first of them that says anything."""
        number = str(self._lookup.of_document(item, "contract"))
        key = self._view.book.items.pocket[item], number
        if key not in self._shared:
            self._shared[key] = self._said(item, customer, number)
        return self._shared[key]

    def _said(self, item: int, customer: str, number: str) -> Specific | Problem | None:
        book = self._view.book
        contract = book.settings.contracts.get(number)
        account = book.pockets[book.items.pocket[item]].account
        details, known = book.account_details.get(account, {}), book.customers.get(customer)
        words: list[tuple[Any, str, tuple[str | int, ...], Mapping[str, Any]]] = []
        if contract is not None:
            key = ("contract", contract.number)
            words.append((contract.details.get(PROVISION), f"contract {contract.number}", key, contract.source))
        words.append((details.get(PROVISION), "account", ("account", account), details))
        if known is not None:
            words.append((known.details.get(PROVISION), "customer", ("customer", customer), known.source))
        said = next((word for word in words if word[0] is not None), None)
        return None if said is None else self._of_word(*said)

    def _of_note(self, note: Event, key: tuple[str | int, ...]) -> Specific | Problem | None:
        rate = note.details.get("rate")
        source = note.entry.meta
        if _into_pool(note):
            return None
        where = f"note of {note.date}"
        if note.amount is not None and note.currency is not None and rate is None:
            return Specific(None, note.amount, note.currency, key, where, note.comment)
        if note.amount is None and rate is not None:
            found = self._of_word(rate, where, key, source)
            if isinstance(found, Specific) and found.share is not None:
                return found._replace(reason=note.comment)
        return self._wrong(source, f"note #{PROVISION}", "it needs rate: or amount:, one of them")

    def _of_word(
        self, value: Any, where: str, key: tuple[str | int, ...], source: Mapping[str, Any]
    ) -> Specific | Problem:
        try:
            share, amount, currency = read_word(value)
        except (ValueError, ArithmeticError):
            return self._wrong(
                source, f"{PROVISION}: of the {where}", f"{str(value)!r} is neither a rate nor an amount"
            )
        return Specific(share, amount, currency, key, where, "")

    def _wrong(self, source: Mapping[str, Any], what: str, reason: str) -> Problem:
        found = problem("bad-provision", source, what=what, reason=reason)
        told = (source.get("filename"), source.get("lineno"), found.message)
        if told not in self._told:
            self._told.add(told)
            self.problems.append(found)
        return found


def _into_pool(note: Event) -> bool:
    return note.details.get("rate") == BACK and note.amount is None
