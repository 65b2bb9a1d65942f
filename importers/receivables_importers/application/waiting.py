"""Waiting: bank lines that stand on the suspense account, read back from their entries, as far as they are not cleared.

An entry on the suspense account keeps what the bank has said: `entries.EntryMaker.undecided` and the importer write it.
What was taken from the suspense account since, by an entry that says `clears:` or by hand, is no longer waiting.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from beancount.core.amount import Amount
from beancount.core.data import Transaction

from receivables.book import Book
from receivables.language.customers import within
from receivables.places import place_of
from receivables.settings import BANK, SUSPENSE
from receivables_importers.application.knowledge import CLEARS, money_role, read_ids
from receivables_importers.bank.metadata import (
    BANK_BOOKING,
    BANK_ID,
    PAYER,
    PAYER_ACCOUNT,
    booking_of,
    references_of,
    value_of,
)
from receivables_importers.bank.model import OTHER, BankLine, References

_SEVERAL: Final = re.compile(r"[,\s]+")


class Waiting(NamedTuple):
    """A line that waits on the suspense account.

    Attributes:
      line: As the bank wrote it; the amount is what is left of it.
      suspense: The suspense account on which it stands.
      bank: The bank account that it is on.
    """

    line: BankLine
    suspense: str
    bank: str


def kept(line: BankLine) -> dict[str, Any]:
    """What is kept of a line beside payee and narration, so that it can be read back; nothing that is empty."""
    said: dict[str, Any] = {
        BANK_ID: line.id,
        BANK_BOOKING: booking_of(line),
        "bank-type": line.type if line.type != OTHER else "",
        PAYER: line.counterparty,
        PAYER_ACCOUNT: line.counterparty_account,
        **references_of(line),
        "bank-code": line.code,
        **value_of(line),
    }
    return {key: value for key, value in said.items() if value}


def line_of(entry: Transaction, amount: Decimal, currency: str) -> BankLine:
    """The line that an entry keeps, over an amount that may be what is left of it.

    Args:
      entry: An entry with one `bank-id:`.
      amount: Positive for what came in.
      currency: Of the amount.
    """
    meta = entry.meta or {}
    (id,) = read_ids(meta.get(BANK_ID))
    said = {key: str(value) for key, value in meta.items()}
    original = meta.get("bank-original-amount")
    value_date = meta.get("bank-value-date")
    return BankLine(
        id=id,
        account="",
        booked=entry.date,
        value_date=value_date if isinstance(value_date, datetime.date) else entry.date,
        amount=amount,
        currency=currency,
        counterparty=said.get(PAYER) or entry.payee or "",
        counterparty_account=said.get(PAYER_ACCOUNT, ""),
        ultimate=said.get("bank-ultimate", ""),
        references=References(
            said.get("bank-creditor-reference", ""), said.get("bank-end-to-end", ""), said.get("bank-reference", ""),
            said.get("bank-customer-reference", ""), said.get("bank-transaction", ""), said.get("bank-mandate", ""),
            said.get("bank-cheque", ""), tuple(filter(None, _SEVERAL.split(said.get("bank-documents", "")))),
        ),
        remittance=entry.narration or "",
        type=said.get("bank-type", OTHER),
        code=said.get("bank-code", ""),
        charges=_number(meta.get("bank-charges")),
        original_amount=_number(original),
        original_currency=original.currency if isinstance(original, Amount) else "",
        booking=said.get(BANK_BOOKING, id),
        booking_amount=amount,
        file=said.get("filename", ""),
        place=said.get("lineno", ""),
    )  # fmt: skip


def _number(amount: object) -> Decimal | None:
    return amount.number if isinstance(amount, Amount) else None


class _Stands:
    """An amount on a suspense account, and what is left of it; `entry` only where a bank line stands behind it."""

    def __init__(self, entry: Transaction, account: str, units: Amount, ids: Iterable[str], bank: str) -> None:
        self.entry, self.account, self.currency, self.bank = entry, account, units.currency, bank
        self.left: Decimal = units.number or Decimal(0)
        self.key = account, units.currency
        self.names = frozenset(ids)
        self.links = frozenset(entry.links or ())

    def take(self, amount: Decimal) -> Decimal:
        """Take as much as there is against an amount of the other sign; what is left of the amount."""
        if not self.left or (self.left > 0) == (amount > 0):
            return amount
        taken = min(abs(self.left), abs(amount))
        self.left -= taken.copy_sign(self.left)
        return amount - taken.copy_sign(amount)


def waiting(book: Book, entries: Sequence[Any]) -> list[Waiting]:
    """The bank lines on the suspense account of which something is left, in order of date.

    What takes from the account is set against the line that it names (`clears:`, or the same `bank-id:`), else one that
    it shares a link with, else the oldest of its amount, else the oldest.

    Args:
      book: The book.
      entries: The ledger's entries, of which it was made.
    """
    roles = book.settings.roles
    stands: list[_Stands] = []
    taking: list[_Stands] = []
    seen: set[str] = set()
    for entry in entries:
        if type(entry) is Transaction:
            for each in _suspended(entry, roles):
                fresh = each.names - seen if each.bank else each.names
                # A second entry with the same line takes from the first.
                (stands if each.bank and fresh == each.names else taking).append(each)
                seen |= each.names if each.bank else frozenset()
    _clear(stands, taking)
    found = []
    for each in stands:
        if each.left:
            line = line_of(each.entry, -each.left, each.currency)
            file, number = place_of(book.folder, each.entry.meta or {})
            found.append(Waiting(line._replace(file=file, place=str(number)), each.account, each.bank))
    return found


def _suspended(entry: Transaction, roles: Mapping[str, tuple[str, ...]]) -> list[_Stands]:
    """What an entry has on suspense accounts; with its bank account where it is a bank line's."""
    meta = entry.meta or {}
    banks = [posting for posting in entry.postings if money_role(posting.account, roles) == BANK]
    own = [
        (posting, posting.units)
        for posting in entry.postings
        if posting.units is not None and within(posting.account, roles[SUSPENSE])
    ]
    ids, clears = read_ids(meta.get(BANK_ID)), read_ids(meta.get(CLEARS))
    found = []
    for posting, units in own:
        named = (*read_ids((posting.meta or {}).get(CLEARS)), *clears)
        single = len(ids) == 1 and len(own) == 1 and len(banks) == 1 and not named
        bank = banks[0].account if single else ""
        found.append(_Stands(entry, posting.account, units, named or ids, bank))
    return found


def _clear(stands: Sequence[_Stands], taking: Sequence[_Stands]) -> None:
    """Set what takes from the account against what stands there."""
    named: tuple[Callable[[_Stands, _Stands], bool], ...] = (
        lambda there, each: not there.names.isdisjoint(each.names),
        lambda there, each: not there.links.isdisjoint(each.links),
    )
    for meant in named:
        for each in taking:
            _take(each, [there for there in stands if meant(there, each)])
    there: list[_Stands] = []
    bank = set(map(id, stands))
    for each in sorted((*stands, *taking), key=lambda one: (one.entry.date, id(one) not in bank)):
        if id(each) not in bank:
            exact = [other for other in there if other.key == each.key and other.left == -each.left]
            # What comes to the account by hand is nobody's clearing unless it has the amount.
            _take(each, exact[:1] or (there if each.left > 0 else ()))
        there.append(each)


def _take(each: _Stands, there: Iterable[_Stands]) -> None:
    for other in there:
        if each.left and other.key == each.key:
            each.left = other.take(each.left)
