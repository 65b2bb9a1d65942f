"""Matching: bank lines in, proposals out, one line after the other, each seeing what earlier ones have used up.

For each line all evidence of the payer is gathered, and for every customer who may be meant the best explanation of the
amount is looked for. The two together choose the customer. Then everything is listed that speaks against booking it
unseen; where nothing does, the decision is auto. A wrong automatic posting costs more than ten that wait, so whatever
is not said, or said twice with a difference, waits.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from receivables.book import Book
from receivables.loading import collector_off
from receivables.rules.application import ApplicationPolicy, application_policy
from receivables.view import scale_of
from receivables_importers.application import intercompany
from receivables_importers.application.deciding.bank_accounts import BankAccounts
from receivables_importers.application.deciding.booked_by_hand import BookedByHand
from receivables_importers.application.deciding.deposits import Deposits
from receivables_importers.application.deciding.in_hand import MoneyInHand
from receivables_importers.application.deciding.nature import OUTGOING
from receivables_importers.application.deciding.outgoing import Outgoing
from receivables_importers.application.deciding.payers import Payers
from receivables_importers.application.deciding.receipts import Receipts
from receivables_importers.application.deciding.refunds import Refunds
from receivables_importers.application.deciding.returned_payments import ReturnedPayments
from receivables_importers.application.explaining.explain import explain
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.knowledge import Knowledge, gather
from receivables_importers.application.model import AUTO, BOOKED, NOTHING, REVIEW, Applied, Proposed
from receivables_importers.application.open_items import OpenItems
from receivables_importers.application.reading.document_numbers import BARE, DocumentIndex
from receivables_importers.application.reading.lines import read_line
from receivables_importers.application.reading.texts import NameReader
from receivables_importers.application.waiting import Waiting
from receivables_importers.bank.model import BankLine


class Matched(NamedTuple):
    """What was found for lines.

    Attributes:
      proposals: One for each line that is not booked yet, in order.
      known: The lines that are booked already, by their ids.
    """

    proposals: tuple[Proposed, ...]
    known: tuple[BankLine, ...]


def match(
    book: Book,
    entries: Sequence[Any],
    lines: Sequence[BankLine],
    *,
    account: str = "",
    waiting: Sequence[Waiting] = (),
) -> Matched:
    """Propose how bank lines are applied.

    The same book and lines give the same proposals, whatever order customers and files come in. A line that an entry
    of the ledger names in `bank-id:` is left out, and so is the second of two lines with the same id.

    Args:
      book: The book.
      entries: The ledger's entries, of which it was made.
      lines: What the bank says, of one or several accounts and files.
      account: The ledger's bank account for lines whose own account the ledger does not know; "" for none.
      waiting: Lines that stand on the suspense account, to be looked at again.
    """
    with collector_off():
        matcher, booked = prepare(book, entries, lines, account=account, waiting=waiting)
        return Matched(tuple(matcher.proposals()) if matcher is not None else (), booked)


def prepare(
    book: Book,
    entries: Sequence[Any],
    lines: Sequence[BankLine],
    *,
    account: str = "",
    waiting: Sequence[Waiting] = (),
) -> tuple[Matcher | None, tuple[BankLine, ...]]:
    """The matcher for the lines that are not booked yet (None for no line), and those that are; see `match`."""
    known = gather(book, entries)
    fresh, booked, seen = [], [], set[str]()
    # An entry of the bank that the ledger has in the same detail is told line by line, else as a whole.
    alike = {line.booking for line in lines if line.id in known.bank_ids}
    for line in sorted(lines, key=lambda each: each.booked):
        whole = line.booking in known.bookings and line.booking not in alike
        if line.id in known.bank_ids or line.id in seen or whole:
            booked.append(line)
        else:
            fresh.append(line)
            seen.add(line.id)
    fresh = sorted((*(each.line for each in waiting), *fresh), key=lambda each: each.booked)
    return (Matcher(book, known, fresh, account=account, waiting=waiting) if fresh else None), tuple(booked)


class Matcher:
    """Finds proposals for lines; what they use up is kept between them.

    Args:
      book: The book.
      known: What the ledger knows.
      lines: In order of their days.
      account, waiting: See `match`.

    Attributes:
      book, known, lines: The same.
      open_items: What is open, less what lines have used up.
    """

    def __init__(
        self,
        book: Book,
        known: Knowledge,
        lines: Sequence[BankLine],
        *,
        account: str = "",
        waiting: Sequence[Waiting] = (),
    ) -> None:
        self.book, self.known, self.lines = book, known, lines
        first = lines[0].booked
        self.open_items = OpenItems(book, first)
        self._documents = DocumentIndex(self.open_items.documents())
        self._policies: dict[datetime.date, ApplicationPolicy] = {}
        policy = self._policy(first)
        reader = NameReader(policy.short_forms, policy.ignore_words)
        self._accounts = BankAccounts(known, account, waiting)
        self._payers = Payers(book, known, self._documents.documents, reader, policy.likeness, policy.margin)
        self._readings = [read_line(line, self._documents, self._payers.documents_of(line)) for line in lines]
        self._naming: Mapping[int, set[int]] = {}
        self._by_hand = BookedByHand(known, self._documents, lines, self._readings)
        self._in_hand = MoneyInHand(book, known, {line.booked for line in lines})
        self._receipts = Receipts(book, known, self._payers, self._by_hand)
        self._deposits = Deposits(self._in_hand, self._payers, lines)
        self._refunds = Refunds(book, self.open_items)
        self._returned = ReturnedPayments(book, known, self.open_items, self._in_hand, self._documents, lines)
        self._outgoing = Outgoing(known, self._payers, self._by_hand, self._refunds, self._returned, self._in_hand)

    def proposals(self) -> list[Proposed]:
        """One proposal a line, in their order.

        What waits is looked at again once the others are decided, as it would be if these were booked and the command
        called again: what is decided then may be decided now, and calling it again adds nothing.
        """
        found: dict[int, Proposed] = {}
        waiting = list(range(len(self.lines)))
        while waiting:
            self._forget(waiting)
            for place in waiting:
                found[place] = self.propose(place)
                self._settle(found[place])
            decided = [found[place].decision for place in waiting]
            waiting = [place for place in waiting if found[place].decision == REVIEW]
            if AUTO not in decided:
                break
        return [found[place] for place in sorted(found)]

    def _forget(self, waiting: Sequence[int]) -> None:
        """Look at these lines as if nobody had yet."""
        self.open_items.claims.forget()
        self._returned.forget({self.lines[place].id for place in waiting})
        self._naming = self._lines_that_name(waiting)

    def _settle(self, proposed: Proposed) -> None:
        """Take up what became of a line, for those that follow."""
        line, applied = proposed.line, proposed.applied
        if proposed.decision != REVIEW:
            self._deposits.settle(line)
        if proposed.decision == NOTHING and proposed.nature == BOOKED:
            self._by_hand.take(line)
        if proposed.decision == AUTO and proposed.reversal is None:
            self.use(proposed)
            self._learn(line, applied)
        elif proposed.decision == REVIEW:
            likely = applied.items if proposed.likely else ()
            self.open_items.claims.add(likely, proposed.claims, named=proposed.named, known=proposed.known)
        if proposed.reversal is None and proposed.decision != NOTHING and applied.in_hand is None:
            self._returned.add(proposed)

    def _learn(self, line: BankLine, applied: Applied) -> None:
        """Whose payer it was; who brought money of ours to the bank is no customer."""
        if applied.in_hand is not None:
            return
        items, pockets = self.book.items, self.book.pockets
        codes = {pockets[items.pocket[item]].customer for item in applied.items}
        for code in sorted(codes) or [applied.customer]:
            self._payers.learn(line.booked, line.counterparty_account, line.counterparty, code)

    def use(self, proposed: Proposed, sign: int = 1) -> None:
        """Take what a proposal settles from what is open; with the sign -1 give it back."""
        for allocation in proposed.applied.allocations:
            self.open_items.use(allocation.item, sign * allocation.units)
        if proposed.applied.in_hand is not None:
            self._in_hand.use(proposed.applied.in_hand, sign)

    def propose(self, place: int) -> Proposed:
        """The proposal for one line as things stand now."""
        line = self.lines[place]
        account, bank = self._accounts.of(line), self._accounts.received_on(line)
        units = self._units(line)
        if line.amount == 0:
            return Proposed(line, NOTHING, Applied(""), nature=OUTGOING, account=account, units=units)
        if units is None or not line.currency:
            why = (
                f"{line.amount} {line.currency} has more decimal places than the ledger counts"
                if line.currency
                else "the line has no currency: name it in the bank's profile"
            )
            return Proposed(line, REVIEW, Applied(""), obstacles=(why,), account=account, units=units)
        payment = self._payment(place, account, units)
        proposed = self._outgoing.proposal(payment) if units < 0 else self._incoming(payment)
        return self._between_companies(proposed._replace(bank=bank))

    def explain_for(self, place: int, customer: str) -> Applied:
        """How a line would be applied if it were this customer's."""
        line = self.lines[place]
        scale = scale_of(self.book, line.currency)
        payment = self._payment(place, self._accounts.of(line), scale.units(line.amount))
        if payment.units < 0:
            return self._refunds.for_customer(payment, customer)
        return explain(payment, self.known.masters[customer]).applied

    def _incoming(self, payment: Payment) -> Proposed:
        """The proposal for money that came in: of ours that came back, of a customer, or out of hand."""
        returned = self._outgoing.refund_that_returned(payment)
        if returned is not None:
            return returned
        return self._deposits.proposal(payment, self._receipts.proposal(payment, self._naming))

    def _between_companies(self, proposed: Proposed) -> Proposed:
        """The proposal, which waits where the money is another company's and accounts between the two are missing."""
        line = proposed.line
        if proposed.decision == NOTHING or proposed.reversal is not None:
            return proposed
        why = intercompany.obstacles(self.book, proposed.received_on, proposed.applied, line.currency, line.booked)
        return proposed._replace(decision=REVIEW, obstacles=(*proposed.obstacles, *why)) if why else proposed

    def _payment(self, place: int, account: str, units: int) -> Payment:
        line = self.lines[place]
        return Payment(
            line, place, account, units, scale_of(self.book, line.currency), self._readings[place],
            self._policy(line.booked), self.open_items, self._documents, self.known.entries,
        )  # fmt: skip

    def _units(self, line: BankLine) -> int | None:
        """A line's amount in units; None where it has more decimal places than these."""
        try:
            return scale_of(self.book, line.currency).units(line.amount)
        except ArithmeticError:
            return None

    def _policy(self, date: datetime.date) -> ApplicationPolicy:
        """The policy in force on a day."""
        if date not in self._policies:
            self._policies[date] = application_policy(self.book.settings, date)
        return self._policies[date]

    def _lines_that_name(self, waiting: Sequence[int]) -> Mapping[int, set[int]]:
        """Item → those of the lines that came in and name its document in full."""
        found: dict[int, set[int]] = {}
        for place in waiting:
            if self.lines[place].amount > 0:
                for named in self._readings[place].named:
                    if named.quality >= BARE:
                        for item in self._documents.documents[named.document].items:
                            found.setdefault(item, set()).add(place)
        return found
