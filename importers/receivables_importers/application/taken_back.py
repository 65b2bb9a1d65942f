"""Taken back: payments that came back: receipts that bounced, and refunds that could not be paid."""

from __future__ import annotations

from bisect import insort
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from receivables.book import Book
from receivables.rules.application import ACCOUNT, ALIAS, NAME, REFERENCE
from receivables.settings import CUSTOMERS
from receivables.view import scale_of
from receivables_importers.application import companies
from receivables_importers.application import nature as natures
from receivables_importers.application.deposits import Deposits
from receivables_importers.application.knowledge import BookedReceipt, Knowledge, account_number
from receivables_importers.application.mentions import mentions, said_by
from receivables_importers.application.model import AUTO, REVIEW, Applied, Proposed, Reversal
from receivables_importers.application.numbers import BARE, DocumentIndex, Reading
from receivables_importers.application.payers import Who
from receivables_importers.application.references import bare
from receivables_importers.application.returns import turned_round
from receivables_importers.application.standing import Standing
from receivables_importers.bank.model import BankLine

BOUNCE_DAYS: Final = 120
"""So long after a payment it may come back."""

_SURE: Final = frozenset({REFERENCE, ACCOUNT, ALIAS, NAME})


class TakenBack:
    """Finds the receipts and refunds that lines take back; what it has proposed to take back is gone.

    Args:
      book: The book.
      known: What the ledger knows.
      standing: What is open; what a receipt of this run had settled is open again when it comes back.
      deposits: What is in hand.
      index: The documents that a line may name.
      lines: All lines, in order.
    """

    def __init__(
        self,
        book: Book,
        known: Knowledge,
        standing: Standing,
        deposits: Deposits,
        index: DocumentIndex,
        lines: Sequence[BankLine],
    ) -> None:
        self._book, self._known, self._standing, self._deposits = book, known, standing, deposits
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

    def scored(
        self, line: BankLine, units: int, reading: Reading, whos: Sequence[Who]
    ) -> list[tuple[int, int, Reversal]]:
        """What a line may take back, with what says so, the likeliest first."""
        by_code = {who.customer: who for who in whos}
        named = {self._index.documents[each.document].number for each in reading.named if each.quality >= BARE}
        return sorted(
            (
                (self._agreement(line, reversal, by_code, named), -place, reversal)
                for place, reversal in enumerate(self._returnable(line, units))
            ),
            key=lambda each: (-each[0], -each[1]),
        )

    def proposal(
        self,
        line: BankLine,
        units: int,
        scored: Sequence[tuple[int, int, Reversal]],
        account: str,
        doubts: Sequence[str] = (),
    ) -> Proposed:
        """The proposal for a payment that came back: a receipt that bounced, a refund that could not be paid."""
        agreement, _, reversal = scored[0]
        others = [each for each in scored[1:] if each[0] == agreement]
        obstacles_ = [*doubts]
        if agreement < 1:
            obstacles_.append("only the amount agrees")
        if others:
            obstacles_.append(f"{len(others) + 1} {'receipts' if units < 0 else 'refunds'} may be meant")
        if reversal.booked is not None:
            obstacles_ += self._about_cheque(line, reversal.booked, account)
        if reversal.booked is None and not self._is_auto(reversal.line):
            obstacles_.append(f"the {'receipt' if units < 0 else 'refund'} itself waits for a person")
        if not account:
            obstacles_.append("the bank account is not known")
        if not obstacles_:
            self._returned.add(reversal.booked.number if reversal.booked is not None else reversal.line)
            self._give_back(reversal)
        above = "the receipt proposed above" if units < 0 else "the refund proposed above"
        what = reversal.booked.number if reversal.booked is not None else above
        nature = natures.BOUNCED if units < 0 else natures.RETURNED
        applied = Applied(
            reversal.customers[0] if reversal.customers else "", (), (), 0, (nature,),
            (f"it takes back {what} over {line.amount.copy_abs():,} {line.currency}",),
        )  # fmt: skip
        return Proposed(
            line,
            REVIEW if obstacles_ else AUTO,
            applied,
            nature,
            tuple(obstacles_),
            (),
            account,
            units,
            reversal,
        )

    def _about_cheque(self, line: BankLine, receipt: BookedReceipt, account: str) -> list[str]:
        """Why a person should look when a cheque came back that a collector had received."""
        if not receipt.in_hand:
            return []
        if any(self._deposits.holds(cheque, receipt.number, line.booked) for cheque in receipt.cheques):
            return [f"the ledger has cheque {', '.join(receipt.cheques)} in hand still: book its deposit first"]
        postings = turned_round(receipt.entry, receipt, account, self._book.settings.roles[CUSTOMERS])
        if not postings:
            return [f"it is a part of {receipt.number}, which is booked on several accounts"]
        scale = scale_of(self._book, line.currency)
        moved = [
            companies.Moved(posting.account, scale.units(posting.units.number))
            for posting in postings
            if posting.units is not None and posting.units.number is not None
            and posting.units.currency == line.currency
        ]  # fmt: skip
        found = companies.between(self._book, account, moved, line.currency, line.booked)
        return list(companies.told(found.missing, line.currency))

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
        """What beside the amount says that a receipt came back: 3 a reference, 2 a document, 1 the payer, 0 nothing."""
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
            return 3
        if receipt is not None and receipt.cheques:
            said, amount = said_by(line), f"{int(line.amount.copy_abs())}"
            if any(mentions(said, cheque, amount) for cheque in receipt.cheques):
                return 3
        if named:
            # Who names a document means the receipt that paid it, and no other.
            return 2 if documents & {number.partition("/")[0] for number in named} or documents & set(named) else 0
        account, name = account_number(line.counterparty_account), line.counterparty.strip().casefold()
        same = (account and account in accounts) or (name and name in names)
        known = (whos[code].kinds & _SURE for code in reversal.customers if code in whos)
        return 1 if same or any(known) else 0

    def _is_auto(self, line: str) -> bool:
        return any(each.line.id == line and each.decision == AUTO for each in self._receipts)

    def _give_back(self, reversal: Reversal) -> None:
        """What a receipt of this run had settled is open again; what one of the ledger had, once it is booked."""
        for each in self._receipts:
            if each.line.id == reversal.line:
                for allocation in each.applied.allocations:
                    self._standing.use(allocation.item, -allocation.units)


def _references(line: BankLine) -> set[str]:
    """The references of a payment by which it is known when it comes back."""
    own = line.references
    written = (own.end_to_end, own.transaction, own.cheque, own.mandate)
    return {plain for text in written if len(plain := bare(text)) >= 4}
