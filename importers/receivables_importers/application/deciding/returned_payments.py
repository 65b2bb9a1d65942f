"""Returned payments: receipts that bounced, and refunds that could not be paid."""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from receivables.book import Book
from receivables.settings import CUSTOMERS
from receivables.view import scale_of
from receivables_importers.application import intercompany
from receivables_importers.application.deciding import nature as natures
from receivables_importers.application.deciding.any_entry import no_account
from receivables_importers.application.deciding.in_hand import MoneyInHand
from receivables_importers.application.deciding.payers import Who
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.knowledge import BookedReceipt, Knowledge, account_number
from receivables_importers.application.model import AUTO, REVIEW, Applied, Proposed, Reversal
from receivables_importers.application.open_items import OpenItems
from receivables_importers.application.reading.document_numbers import BARE, DocumentIndex
from receivables_importers.application.reading.lines import whole_digits
from receivables_importers.application.reading.noted_numbers import mentions, said_by
from receivables_importers.application.reading.references import bare
from receivables_importers.application.reversals import turned_round
from receivables_importers.bank.model import BankLine

BOUNCE_DAYS: Final = 120
"""So long after a payment it may come back."""

BY_REFERENCE: Final = 3
BY_DOCUMENT: Final = 2
NO_MORE_THAN_PAYER: Final = 1
NOTHING_BUT_AMOUNT: Final = 0
"""What beside the amount says which payment came back."""


class Returnable(NamedTuple):
    """A payment that a line may take back.

    Attributes:
      agreement: What says so: `BY_REFERENCE`, `BY_DOCUMENT`, `NO_MORE_THAN_PAYER` or `NOTHING_BUT_AMOUNT`.
      reversal: The payment.
    """

    agreement: int
    reversal: Reversal


class ReturnedPayments:
    """Finds the receipts and refunds that lines take back; what it has proposed to take back is gone.

    Args:
      book: The book.
      known: What the ledger knows.
      open_items: What is open; what a receipt of this run had settled is open again when it comes back.
      in_hand: What is in hand.
      index: The documents that a line may name.
      lines: All lines, in order.
    """

    def __init__(
        self,
        book: Book,
        known: Knowledge,
        open_items: OpenItems,
        in_hand: MoneyInHand,
        index: DocumentIndex,
        lines: Sequence[BankLine],
    ) -> None:
        self._book, self._known, self._open_items, self._in_hand = book, known, open_items, in_hand
        self._index = index
        self._order = {line.id: place for place, line in enumerate(lines)}
        self._receipts: list[Proposed] = []
        self._returned: set[str] = set()

    def add(self, proposed: Proposed) -> None:
        """A receipt or refund of this run, which a later line may take back."""
        insort(self._receipts, proposed, key=lambda each: self._order[each.line.id])

    def forget(self, lines: Collection[str]) -> None:
        """Look at these lines as if nobody had yet."""
        self._receipts = [each for each in self._receipts if each.line.id not in lines]

    def scored(self, payment: Payment, whos: Sequence[Who]) -> list[Returnable]:
        """What a line may take back, the likeliest first, of these the latest."""
        by_code = {who.customer: who for who in whos}
        named = {self._index.documents[each.document].number for each in payment.reading.named if each.quality >= BARE}
        found = [
            Returnable(self._agreement(payment.line, reversal, by_code, named), reversal)
            for reversal in self._returnable(payment.line, payment.units)
        ]
        return sorted(found, key=lambda each: -each.agreement)

    def proposal(self, payment: Payment, found: Sequence[Returnable], doubts: Sequence[str] = ()) -> Proposed:
        """The proposal for a payment that came back: a receipt that bounced, a refund that could not be paid.

        Args:
          payment: The line.
          found: What it may take back, see `scored`.
          doubts: What else speaks against it.
        """
        line, reversal = payment.line, found[0].reversal
        what = "receipt" if payment.units < 0 else "refund"
        obstacles = [*doubts, *self._obstacles(payment, found, what)]
        if not obstacles:
            self._returned.add(reversal.booked.number if reversal.booked is not None else reversal.line)
            self._give_back(reversal)
        number = reversal.booked.number if reversal.booked is not None else f"the {what} proposed above"
        nature = natures.BOUNCED if payment.units < 0 else natures.RETURNED
        applied = Applied(
            reversal.customers[0] if reversal.customers else "", (), (), 0, (nature,),
            (f"it takes back {number} over {line.amount.copy_abs():,} {line.currency}",),
        )  # fmt: skip
        return Proposed(
            line, REVIEW if obstacles else AUTO, applied, nature, tuple(obstacles), (), payment.account, payment.units,
            reversal,
        )  # fmt: skip

    def _obstacles(self, payment: Payment, found: Sequence[Returnable], what: str) -> Iterator[str]:
        """Why a person should look before the first of what was found is taken back."""
        (agreement, reversal), *others = found
        rivals = [each for each in others if each.agreement == agreement]
        if agreement == NOTHING_BUT_AMOUNT:
            yield "only the amount agrees"
        if rivals:
            yield f"{len(rivals) + 1} {what}s may be meant"
        if reversal.booked is not None:
            yield from self._about_cheque(payment.line, reversal.booked, payment.account)
        elif not self._is_auto(reversal.line):
            yield f"the {what} itself waits for a person"
        if not payment.account:
            yield no_account(payment.line)

    def _about_cheque(self, line: BankLine, receipt: BookedReceipt, account: str) -> list[str]:
        """Why a person should look when a cheque came back that a collector had received."""
        if not receipt.in_hand:
            return []
        if any(self._in_hand.holds(cheque, receipt.number, line.booked) for cheque in receipt.cheques):
            return [f"the ledger has cheque {', '.join(receipt.cheques)} in hand still: book its deposit first"]
        postings = turned_round(receipt.entry, receipt, account, self._book.settings.roles[CUSTOMERS])
        if not postings:
            return [f"it is a part of {receipt.number}, which is booked on several accounts"]
        scale = scale_of(self._book, line.currency)
        moved = [
            intercompany.Moved(posting.account, scale.units(posting.units.number))
            for posting in postings
            if posting.units is not None and posting.units.number is not None
            and posting.units.currency == line.currency
        ]  # fmt: skip
        found = intercompany.between(self._book, account, moved, line.currency, line.booked)
        return list(intercompany.told(found.missing, line.currency))

    def _returnable(self, line: BankLine, units: int) -> list[Reversal]:
        """The receipts of this amount (refunds for money that came in) that may have come back, the latest first."""
        wanted = line.amount.copy_abs()
        found = [
            Reversal(None, each.line.id, (each.applied.customer,) if each.applied.customer else ())
            for each in reversed(self._receipts)
            if each.units == -units and each.line.currency == line.currency and each.line.id not in self._returned
            and 0 <= (line.booked - each.line.booked).days <= BOUNCE_DAYS and each.line.account == line.account
        ]  # fmt: skip
        for receipt in reversed(self._known.receipts if units < 0 else self._known.refunds):
            days = (line.booked - receipt.date).days
            same = receipt.amount == wanted and receipt.currency == line.currency and 0 <= days <= BOUNCE_DAYS
            gone = receipt.number in self._known.reversed_numbers or receipt.number in self._returned
            if same and not gone and receipt.number:
                found.append(Reversal(receipt, "", receipt.customers))
        return found

    def _agreement(self, line: BankLine, reversal: Reversal, whos: Mapping[str, Who], named: Collection[str]) -> int:
        """What beside the amount says that a payment came back."""
        receipt = reversal.booked
        if receipt is not None:
            references, documents = set(receipt.references), set(receipt.documents)
            accounts, names = {receipt.payer_account}, {receipt.payer.casefold()}
        else:
            proposed = next(each for each in self._receipts if each.line.id == reversal.line)
            references = _references(proposed.line)
            documents = {self._book.items.number[item] for item in proposed.applied.items}
            accounts = {account_number(proposed.line.counterparty_account)}
            names = {proposed.line.counterparty.strip().casefold()}
        if references & _references(line):
            return BY_REFERENCE
        if receipt is not None and receipt.cheques:
            said, amount = said_by(line), whole_digits(line)
            if any(mentions(said, cheque, amount) for cheque in receipt.cheques):
                return BY_REFERENCE
        if named:
            # Who names a document means the receipt that paid it, and no other.
            same = not documents.isdisjoint({*named, *(number.partition("/")[0] for number in named)})
            return BY_DOCUMENT if same else NOTHING_BUT_AMOUNT
        account, name = account_number(line.counterparty_account), line.counterparty.strip().casefold()
        same = bool((account and account in accounts) or (name and name in names))
        known = (whos[code].is_sure for code in reversal.customers if code in whos)
        return NO_MORE_THAN_PAYER if same or any(known) else NOTHING_BUT_AMOUNT

    def _is_auto(self, line: str) -> bool:
        return any(each.line.id == line and each.decision == AUTO for each in self._receipts)

    def _give_back(self, reversal: Reversal) -> None:
        """What a receipt of this run had settled is open again; what one of the ledger had, once it is booked."""
        for each in self._receipts:
            if each.line.id == reversal.line:
                for allocation in each.applied.allocations:
                    self._open_items.use(allocation.item, -allocation.units)


def _references(line: BankLine) -> set[str]:
    """The references of a payment by which it is known when it comes back."""
    own = line.references
    written = (own.end_to_end, own.transaction, own.cheque, own.mandate)
    return {plain for text in written if len(plain := bare(text)) >= 4}
