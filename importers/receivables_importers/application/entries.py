"""Entries: what is proposed for bank lines as complete entries, for the one append to write.

A receipt has the money on the bank account, what was settled without money on the accounts that the policy names, and
a posting with `settles:` for each item. What nobody has decided goes to the suspense account, with its candidates. The
bank line's id stands with each entry, so that no line is ever proposed twice, whatever else is changed in the entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from beancount.core.amount import Amount
from beancount.core.data import Custom, Directive, Posting, Transaction
from beancount.parser.grammar import ValueType

from receivables.book import Book
from receivables.facts import APPLY, RECEIPT, REFUND, REVERSAL
from receivables.language.configuration import CUSTOMER
from receivables.money import Scale
from receivables.posting.numbers import NextNumbers
from receivables.posting.proposal import Proposal
from receivables.rules.application import application_policy
from receivables.settings import CUSTOMERS, SUSPENSE
from receivables.view import scale_of
from receivables_importers.application.intercompany import Moved, account_on, between
from receivables_importers.application.knowledge import (
    ALIAS,
    BANK_ACCOUNT,
    CLEARS,
    REFERENCES,
    account_number,
)
from receivables_importers.application.model import AUTO, REVIEW, Allocation, InHand, Proposed, is_link
from receivables_importers.application.netting import Netted, by_money, netted, together
from receivables_importers.application.open_items import label_of
from receivables_importers.application.reversals import turned_round
from receivables_importers.application.waiting import kept
from receivables_importers.bank.metadata import BANK_BOOKING, BANK_ID, PAYER, PAYER_ACCOUNT, booking_of, narration_of
from receivables_importers.bank.model import BankLine

EVIDENCE: Final = "evidence"
CANDIDATES: Final = "candidates"
"""Metadata: why a receipt was applied as it is; what a line on the suspense account may be."""

CANDIDATES_KEPT: Final = 3

_KIND: Final = "receipt"
_NOTE: Final = "note"


class EntryMaker:
    """Makes entries of proposals, in order: numbers are given out as they come.

    Args:
      book: The book for which they were proposed.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._numbers = NextNumbers(book)
        self._receipts: dict[str, Transaction] = {}

    def proposals(self, found: Sequence[Proposed], *, suspense: bool = False) -> list[Proposal]:
        """The entries of everything that is decided.

        Args:
          found: What was proposed, in order.
          suspense: Whether what waits for a person is booked as well, on the suspense account.
        """
        made = []
        for proposed in found:
            if proposed.decision == AUTO:
                made.append(self.decided(proposed))
            elif suspense and proposed.decision == REVIEW and proposed.units and proposed.account and not proposed.bank:
                made.append(self.undecided(proposed))
        return made

    def decided(self, proposed: Proposed) -> Proposal:
        """The entries of a line that is decided; the numbers in it are taken from now on."""
        why = (f"{_headline(proposed)}: {'; '.join(proposed.applied.evidence)}.",)
        if proposed.reversal is not None:
            return Proposal(_KIND, (self._reversal(proposed),), why)
        if proposed.applied.in_hand is not None:
            return Proposal(_KIND, (self._deposit(proposed, proposed.applied.in_hand),), why)
        if proposed.line.amount < 0:
            entry = self._receipts[proposed.line.id] = self._refund(proposed)
            return Proposal(_KIND, (entry,), why)
        pairs = netted(self._book, proposed.applied.allocations)
        entry = self._receipts[proposed.line.id] = self._receipt(proposed, pairs)
        return Proposal(_KIND, (entry, *self._netting(proposed, pairs)), why)

    def _receipt(self, proposed: Proposed, pairs: Sequence[Netted]) -> Transaction:
        """The entry of money that came in: each document with what is paid of it."""
        line, applied = proposed.line, proposed.applied
        scale = scale_of(self._book, line.currency)
        policy = application_policy(self._book.settings, line.booked)
        postings = [_posting(proposed.account, line.currency, scale, proposed.units or 0)]
        postings += [
            _posting(policy.accounts[each.reason], line.currency, scale, each.units) for each in applied.deductions
        ]
        for allocation in by_money(applied.allocations, pairs):
            postings.append(self._settling(allocation, scale, -allocation.units, label_of(self._book, allocation.item)))
        if applied.on_account:
            postings.append(self._on_account(proposed, scale))
        return self._document(proposed, RECEIPT, postings)

    def _refund(self, proposed: Proposed) -> Transaction:
        """The entry of money that was paid back: each credit with what is paid of it."""
        line, applied = proposed.line, proposed.applied
        scale = scale_of(self._book, line.currency)
        postings = [
            self._settling(each, scale, -each.units, label_of(self._book, each.item)) for each in applied.allocations
        ]
        if applied.on_account:
            postings.append(self._on_account(proposed, scale))
        postings.append(_posting(proposed.account, line.currency, scale, proposed.units or 0))
        return self._document(proposed, REFUND, postings)

    def _document(self, proposed: Proposed, kind: str, postings: Sequence[Posting]) -> Transaction:
        """The entry of a receipt or refund, with the next number of its kind."""
        line, applied = proposed.line, proposed.applied
        number = self._numbers.claim(kind, line.booked, self._account_of(proposed))
        meta = {"number": number, **_of_line(proposed), EVIDENCE: "; ".join(applied.evidence)}
        return Transaction(
            _nowhere(meta), line.booked, "*", self._name(applied.customer), narration_of(line), frozenset({kind}),
            frozenset({number} if is_link(number) else ()), [*postings, *self._between(proposed, postings)],
        )  # fmt: skip

    def _deposit(self, proposed: Proposed, in_hand: InHand) -> Transaction:
        """The entry of money that comes out of hand: no customer's; the posting says which money it is."""
        line = proposed.line
        scale = scale_of(self._book, line.currency)
        meta = {**_of_line(proposed), EVIDENCE: "; ".join(proposed.applied.evidence)}
        postings = [
            _posting(proposed.account, line.currency, scale, proposed.units or 0),
            _posting(in_hand.account, line.currency, scale, -in_hand.units, dict(in_hand.said)),
        ]
        postings += self._between(proposed, postings)
        return Transaction(
            _nowhere(meta), line.booked, "*", line.counterparty or None, narration_of(line), frozenset(),
            frozenset(in_hand.links), postings,
        )  # fmt: skip

    def _between(self, proposed: Proposed, postings: Sequence[Posting]) -> list[Posting]:
        """What an entry needs between companies of the group."""
        currency, day = proposed.line.currency, proposed.line.booked
        scale = scale_of(self._book, currency)
        moved = [
            Moved(posting.account, scale.units(posting.units.number))
            for posting in postings
            if posting.units is not None and posting.units.number is not None and posting.units.currency == currency
        ]
        found = between(self._book, proposed.received_on, moved, currency, day)
        return [_posting(each.account, currency, scale, each.units) for each in found.postings]

    def _netting(self, proposed: Proposed, pairs: Sequence[Netted]) -> list[Directive]:
        """The #apply entries that use up credits: one for each account and customer, or for what hangs together."""
        scale = scale_of(self._book, proposed.line.currency)
        made: list[Directive] = []
        for group in together(self._book, pairs):
            credits, items = dict[int, int](), dict[int, int]()
            for each in group:
                credits[each.credit] = credits.get(each.credit, 0) + each.units
            for allocation in proposed.applied.allocations:
                if units := sum(each.units for each in group if each.item == allocation.item):
                    items[allocation.item] = units
            postings = [
                self._settling(Allocation(item, units), scale, units, label_of(self._book, item))
                for item, units in (*credits.items(), *((item, -units) for item, units in items.items()))
            ]
            postings += self._between(proposed, postings)
            name = self._name(self._book.pockets[self._pocket(group[0].credit)].customer)
            labels = ", ".join(label_of(self._book, credit) for credit in credits)
            made.append(
                Transaction(
                    _nowhere({}), proposed.line.booked, "*", name, f"{labels} netted in the payment",
                    frozenset({APPLY}), frozenset(), postings,
                )
            )  # fmt: skip
        return made

    def _reversal(self, proposed: Proposed) -> Transaction:
        """The entry of a payment that came back: the receipt's own postings, the other way round."""
        line, reversal = proposed.line, proposed.reversal
        assert reversal is not None  # noqa: S101
        original = reversal.booked.entry if reversal.booked is not None else self._receipts[reversal.line]
        number = reversal.booked.number if reversal.booked is not None else str(original.meta["number"])
        roots = self._book.settings.roles[CUSTOMERS]
        postings = turned_round(original, reversal.booked, proposed.account, roots)
        postings += self._between(proposed, postings)
        meta: dict[str, Any] = {**_of_line(proposed), EVIDENCE: "; ".join(proposed.applied.evidence)}
        plain = is_link(number)
        if not plain:
            meta["settles"] = number
        if "customer" in original.meta:
            meta["customer"] = original.meta["customer"]
        return Transaction(
            _nowhere(meta), line.booked, "*", self._name(proposed.applied.customer), narration_of(line),
            frozenset({REVERSAL}), frozenset({number} if plain else ()), postings,
        )  # fmt: skip

    def undecided(self, proposed: Proposed) -> Proposal:
        """The entry of a line that waits: the money on the suspense account, with what it may be."""
        line = proposed.line
        scale = scale_of(self._book, line.currency)
        suspense = self._book.settings.roles[SUSPENSE][0]
        meta: dict[str, Any] = {**kept(line), "waits": "; ".join(proposed.obstacles)}
        best = [each for each in (proposed.applied, *proposed.runners_up) if each.customer or each.in_hand]
        for place, each in enumerate(best[:CANDIDATES_KEPT], start=1):
            labels = ", ".join(label_of(self._book, item) for item in each.items[:10]) or "on account"
            customer = f"{each.customer} {self._name(each.customer)}: {labels}"
            meta[f"candidate-{place}"] = customer if each.in_hand is None else each.in_hand.told
        postings = [
            _posting(proposed.account, line.currency, scale, proposed.units or 0),
            _posting(suspense, line.currency, scale, -(proposed.units or 0)),
        ]
        entry = Transaction(
            _nowhere(meta), line.booked, "!", line.counterparty or None, narration_of(line), frozenset(), frozenset(),
            postings,
        )  # fmt: skip
        return Proposal(_KIND, (entry,), (f"{_headline(proposed)}: {'; '.join(proposed.obstacles)}.",))

    def learned(self, line: BankLine, customer: str, known: Mapping[str, Any]) -> list[Directive]:
        """What a person has confirmed about the payer of a line, as a directive; nothing when it is known already.

        Args:
          line: The line.
          customer: Whose it is.
          known: Code → what the ledger knows of the customer (`knowledge.Master`).
        """
        master = known.get(customer)
        said: dict[str, Any] = {}
        name = " ".join(line.counterparty.split())
        if name and (master is None or name not in master.names) and ";" not in name:
            said[ALIAS] = name
        account = account_number(line.counterparty_account)
        if account and (master is None or account not in master.accounts):
            said[BANK_ACCOUNT] = account
        if not said:
            return []
        meta = _nowhere({**said, "confirmed-by": line.id})
        return [Custom(meta, line.booked, CUSTOMER, [ValueType(customer, str)])]

    # What entries are made of

    def _pocket(self, item: int) -> int:
        return self._book.items.pocket[item]

    def _name(self, code: str) -> str:
        customer = self._book.customers.get(code)
        return code if customer is None else customer.name

    def _settling(self, allocation: Allocation, scale: Scale, units: int, settles: str) -> Posting:
        pocket = self._book.pockets[self._pocket(allocation.item)]
        return _posting(pocket.account, pocket.currency, scale, units, {"settles": settles, **self._owner(*pocket[:2])})

    def _account_of(self, proposed: Proposed) -> str:
        """The customer's account on which a document of the line stands."""
        settled = proposed.applied.items
        if settled:
            return self._book.pockets[self._book.items.pocket[settled[0]]].account
        return account_on(self._book, proposed.received_on, proposed.applied, proposed.line.currency)

    def _on_account(self, proposed: Proposed, scale: Scale) -> Posting:
        account = account_on(self._book, proposed.received_on, proposed.applied, proposed.line.currency)
        owner = self._owner(account, proposed.applied.customer)
        return _posting(account, proposed.line.currency, scale, -proposed.applied.on_account, owner)

    def _owner(self, account: str, customer: str) -> dict[str, str]:
        """On a control account the customer is said."""
        return {"customer": customer} if account in self._book.settings.roles[CUSTOMERS] else {}


def entries_of(book: Book, found: Sequence[Proposed], *, suspense: bool = False) -> list[Proposal]:
    """The entries of everything that is decided; see `EntryMaker.proposals`."""
    return EntryMaker(book).proposals(found, suspense=suspense)


def _headline(proposed: Proposed) -> str:
    line = proposed.line
    words = " ".join(filter(None, (f"{line.amount:,} {line.currency}", line.counterparty[:60])))
    return f"{words} ({line.file}:{line.place})"


def _of_line(proposed: Proposed) -> dict[str, str]:
    """What is kept of a bank line with its entry; one that takes it from the suspense account says what it clears."""
    line, references = proposed.line, proposed.line.references
    own: Iterable[tuple[str, str]] = (
        (BANK_ID, line.id),
        (BANK_BOOKING, booking_of(line)),
    )
    said: Iterable[tuple[str, str]] = (
        *(((CLEARS, line.id),) if proposed.bank else own),
        (PAYER, line.counterparty),
        (PAYER_ACCOUNT, line.counterparty_account),
        *zip(
            REFERENCES,
            (references.end_to_end, references.transaction, references.cheque, references.mandate),
            strict=True,
        ),
    )  # fmt: skip
    return {key: value for key, value in said if value}


def _posting(account: str, currency: str, scale: Scale, units: int, meta: dict[str, Any] | None = None) -> Posting:
    return Posting(account, Amount(scale.decimal(units), currency), None, None, None, _nowhere(meta or {}))


def _nowhere(meta: dict[str, Any]) -> dict[str, Any]:
    """Metadata of what stands in no file yet."""
    return {"filename": "<application>", "lineno": 0, **meta}
