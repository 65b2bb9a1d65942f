"""Knowledge: what the ledger says about payers, our own accounts, and what was taken from bank statements before.

Master data is metadata on `open` of a customer's account, or of `custom "receivables-customer"`, which may say the same
key in several directives; what a person confirmed is there and nowhere else.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from beancount.core.data import Close, Custom, Open, Transaction

from receivables.book import KIND_CODES, Book
from receivables.facts import RECEIPT, REFUND, REVERSAL
from receivables.language.configuration import CUSTOMER
from receivables.language.customers import customer_of, within
from receivables.places import Place, place_of
from receivables.rules.in_hand import CHEQUE, CHEQUE_DATE
from receivables.settings import BANK, CUSTOMERS, GROUP, IN_HAND, SUSPENSE
from receivables_importers.application.reading.references import bare
from receivables_importers.application.reading.texts import spaced
from receivables_importers.bank.metadata import BANK_BOOKING, BANK_ID, PAYER, PAYER_ACCOUNT

CLEARS: Final = "clears"
"""Metadata of an entry: the id of the bank line that it takes from the suspense account."""
REFERENCES: Final = ("bank-end-to-end", "bank-transaction", "bank-cheque", "bank-mandate")
"""Metadata of a receipt: the references under which it was paid, as the bank wrote them."""

ALIAS: Final = "alias"
BANK_ACCOUNT: Final = "bank-account"
VIRTUAL_ACCOUNT: Final = "virtual-account"
PAYMENT_REFERENCE: Final = "payment-reference"
PAYS_FOR: Final = "pays-for"
WITHHOLDING: Final = "withholding"

ACCOUNT_MIN: Final = 5
"""A number of fewer characters identifies no bank account."""

_SEVERAL: Final = re.compile(r"\s*[;\n]\s*")
_ACCOUNTS: Final = re.compile(r"\s*[;,\n]\s*")
_RECEIPT_KIND: Final = KIND_CODES[RECEIPT]
_REFUND_KIND: Final = KIND_CODES[REFUND]
_PLACES_OF_MONEY: Final = (BANK, IN_HAND, GROUP)
_PERCENT: Final = re.compile(r"(\d{1,2}(?:\.\d{1,6})?)\s*%(?:\s+of\s+(net|gross))?")


class Withheld(NamedTuple):
    """The tax that a customer withholds: a percentage of the net or of the gross amount; "" for either."""

    percent: Decimal
    base: str


class Master(NamedTuple):
    """What is known of a customer for telling his payments.

    Attributes:
      code, name: As in the book.
      names: The name and the aliases.
      aliases: The confirmed aliases.
      accounts: His bank accounts.
      virtual: The virtual accounts and references that were given out to him.
      pays_for: Codes of the customers whose documents he pays.
      withholding: The tax that he withholds; None for none.
    """

    code: str
    name: str
    names: tuple[str, ...]
    aliases: tuple[str, ...]
    accounts: tuple[str, ...]
    virtual: tuple[str, ...]
    pays_for: tuple[str, ...]
    withholding: Withheld | None


class BookedReceipt(NamedTuple):
    """A receipt in the ledger, or a refund, with its money side.

    Attributes:
      number: Its number, by which a reversal names it.
      date: The entry's date; of a post-dated cheque its own.
      account: The bank account, or the account in hand.
      amount: Amount on that account, without its sign.
      currency: Of that amount.
      customers: Whose it is.
      documents: What it names in `settles:`.
      references: Of the payment, bare of all but letters and digits.
      payer, payer_account: As the bank wrote them, where they are kept.
      bank_ids: Bank lines that it books.
      entry: The transaction.
      cheques: Numbers of the cheques with which it was paid.
      in_hand: Whether a collector or cashier received it; a cheque that comes back was deposited since.
    """

    number: str
    date: datetime.date
    account: str
    amount: Decimal
    currency: str
    customers: tuple[str, ...]
    documents: tuple[str, ...]
    references: frozenset[str]
    payer: str
    payer_account: str
    bank_ids: frozenset[str]
    entry: Transaction
    cheques: tuple[str, ...] = ()
    in_hand: bool = False


class Movement(NamedTuple):
    """A posting on a bank account that no bank line is noted for: it may be one that was booked by hand.

    `documents` are those that its entry names, in `settles:` or with links; `in_hand` says that the other side is money
    in hand: a deposit.
    """

    date: datetime.date
    account: str
    amount: Decimal
    currency: str
    customers: tuple[str, ...]
    documents: tuple[str, ...]
    place: str
    number: str
    in_hand: bool = False


class Knowledge(NamedTuple):
    """What the ledger says, beside its open items.

    Attributes:
      masters: By code.
      bank_accounts: Number of one of our bank accounts → the ledger's account.
      banks: The ledger's bank accounts with the currencies that they may hold; () for any.
      opened, closed: The first and the last day of the ledger's accounts, of those that have one.
      companies: Our own names, folded.
      bank_ids: The bank lines that are booked already.
      bookings: The bank's entries of which a line, or which as a whole, is booked already.
      receipts: Receipts in the ledger, at the bank or with a cheque in hand, in order of date.
      refunds: What was paid back to customers, in order of date.
      reversed_numbers: Numbers of receipts that were reversed.
      movements: Postings on bank accounts without a bank line.
      entries: File and line → transaction, as `Book.texts.entry` has them.
    """

    masters: Mapping[str, Master]
    bank_accounts: Mapping[str, str]
    banks: Mapping[str, tuple[str, ...]]
    opened: Mapping[str, datetime.date]
    closed: Mapping[str, datetime.date]
    companies: frozenset[str]
    bank_ids: frozenset[str]
    bookings: frozenset[str]
    receipts: Sequence[BookedReceipt]
    refunds: Sequence[BookedReceipt]
    reversed_numbers: frozenset[str]
    movements: Sequence[Movement]
    entries: Mapping[Place, Transaction]


def account_number(text: str) -> str:
    """The number of a bank account as it is compared; "" for what is too short to be one.

    >>> account_number("VN12 0011-3755.5501"), account_number("17")
    ('VN12001137555501', '')
    """
    plain = bare(text)
    return plain if len(plain) >= ACCOUNT_MIN and any(map(str.isdigit, plain)) else ""


def read_ids(value: object) -> tuple[str, ...]:
    """The ids in a `bank-id:`."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else ()


def read_withholding(value: object) -> Withheld | None:
    """What `withholding:` says; None for what cannot be read.

    >>> read_withholding("5%"), read_withholding("14% of net")
    (Withheld(percent=Decimal('5'), base=''), Withheld(percent=Decimal('14'), base='net'))
    """
    found = _PERCENT.fullmatch(str(value).strip()) if isinstance(value, str | Decimal) else None
    if found is None:
        return None
    try:
        percent = Decimal(found[1])
    except InvalidOperation:
        return None
    return Withheld(percent, found[2] or "") if percent else None


def money_role(account: str, roles: Mapping[str, tuple[str, ...]]) -> str:
    """Whether money on an account is at the bank, in hand, or between companies; "" for none of these.

    Where one account stands below another the longer name counts.

    >>> roles = {"bank": ("Assets:Cash",), "in-hand": ("Assets:Cash:InHand",), "group": ()}
    >>> money_role("Assets:Cash:InHand:Lan", roles), money_role("Assets:Cash:Giro", roles)
    ('in-hand', 'bank')
    """
    found = [(len(root), role) for role in _PLACES_OF_MONEY for root in roles[role] if within(account, (root,))]
    return max(found)[1] if found else ""


def gather(book: Book, entries: Sequence[Any]) -> Knowledge:
    """What the ledger says.

    Args:
      book: The book.
      entries: The ledger's entries, of which it was made.
    """
    words = _words_of_customers(book, entries)
    masters = {code: _master(code, customer.name, words.get(code, {})) for code, customer in book.customers.items()}
    roles = book.settings.roles
    bank_accounts: dict[str, str] = {}
    banks: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        if type(entry) is Open and money_role(entry.account, roles) == BANK:
            banks[entry.account] = tuple(entry.currencies or ())
            for number in _ACCOUNTS.split(str((entry.meta or {}).get(BANK_ACCOUNT, ""))):
                if plain := account_number(number):
                    bank_accounts[plain] = entry.account
    reader = _EntryReader(book)
    for entry in entries:
        if type(entry) is Transaction:
            reader.read(entry)
    return Knowledge(
        masters=masters,
        bank_accounts=bank_accounts,
        banks=banks,
        opened={entry.account: entry.date for entry in entries if type(entry) is Open},
        closed={entry.account: entry.date for entry in entries if type(entry) is Close},
        companies=_companies(book),
        bank_ids=frozenset(reader.bank_ids),
        bookings=frozenset(reader.bookings),
        receipts=tuple(sorted(reader.receipts, key=lambda receipt: (receipt.date, receipt.number))),
        refunds=tuple(sorted(reader.refunds, key=lambda refund: (refund.date, refund.number))),
        reversed_numbers=frozenset(reader.reversed),
        movements=tuple(reader.movements),
        entries=reader.places,
    )


def _words_of_customers(book: Book, entries: Sequence[Any]) -> dict[str, dict[str, list[str]]]:
    """Code → key → values, of all directives that speak of a customer."""
    keys = (ALIAS, BANK_ACCOUNT, VIRTUAL_ACCOUNT, PAYMENT_REFERENCE, PAYS_FOR, WITHHOLDING)
    found: dict[str, dict[str, list[str]]] = {}
    control = book.settings.roles[CUSTOMERS]
    for entry in entries:
        if type(entry) is Custom and entry.type == CUSTOMER and entry.values:
            code = str(entry.values[0].value)
        elif type(entry) is Open and entry.account in book.account_details and entry.account not in control:
            code = customer_of(entry.account, entry.meta or {})
        else:
            continue
        for key in keys:
            value = (entry.meta or {}).get(key)
            if value is not None and str(value).strip():
                found.setdefault(code, {}).setdefault(key, []).append(str(value))
    return found


def _master(code: str, name: str, said: Mapping[str, Sequence[str]]) -> Master:
    aliases = tuple(dict.fromkeys(a for value in said.get(ALIAS, ()) for a in _SEVERAL.split(value.strip()) if a))
    virtual = [*said.get(VIRTUAL_ACCOUNT, ()), *said.get(PAYMENT_REFERENCE, ())]
    withheld = [read_withholding(value) for value in said.get(WITHHOLDING, ())]
    return Master(
        code=code,
        name=name,
        names=tuple(dict.fromkeys((name, *aliases))),
        aliases=aliases,
        accounts=_numbers(said.get(BANK_ACCOUNT, ())),
        virtual=_numbers(virtual),
        pays_for=tuple(c for value in said.get(PAYS_FOR, ()) for c in _ACCOUNTS.split(value.strip()) if c),
        withholding=next((each for each in reversed(withheld) if each is not None), None),
    )


def _numbers(values: Sequence[str]) -> tuple[str, ...]:
    numbers = (account_number(part) for value in values for part in _ACCOUNTS.split(value.strip()))
    return tuple(dict.fromkeys(number for number in numbers if number))


def _companies(book: Book) -> frozenset[str]:
    """Our own names: the ledger's title, and the letterheads."""
    names = [
        policy.values.get("company", "")
        for (subject, _), policies in book.settings.policies.items()
        if subject == "statement"
        for policy in policies
    ]
    return frozenset(filter(None, (spaced(name) for name in (book.title, *names))))


class _EntryReader:
    """Reads transactions one by one for what they tell about bank lines."""

    def __init__(self, book: Book) -> None:
        roles = book.settings.roles
        self._roles = roles
        self._book = book
        self._kinds: dict[str, str] = {}
        items, pockets = book.items, book.pockets
        self._of_entry: dict[Place, list[int]] = {}
        for item in range(len(items.pocket)):
            if items.amount[item] < 0 or pockets[items.pocket[item]].customer:
                self._of_entry.setdefault(book.texts.entry(item), []).append(item)
        self._debits = {items.number[item] for item in range(len(items.pocket)) if items.amount[item] > 0}
        self.bank_ids: set[str] = set()
        self.bookings: set[str] = set()
        self.receipts: list[BookedReceipt] = []
        self.refunds: list[BookedReceipt] = []
        self.reversed: set[str] = set()
        self.movements: list[Movement] = []
        self.places: dict[Place, Transaction] = {}

    def _role(self, account: str) -> str:
        if account not in self._kinds:
            self._kinds[account] = money_role(account, self._roles)
        return self._kinds[account]

    def read(self, entry: Transaction) -> None:
        """Take up one transaction."""
        meta = entry.meta or {}
        ids = [*read_ids(meta.get(BANK_ID))]
        by_role: dict[str, list[Any]] = {}
        for posting in entry.postings:
            if posting.meta:
                ids += read_ids(posting.meta.get(BANK_ID))
            if posting.units is not None and posting.units.number:
                by_role.setdefault(self._role(posting.account), []).append(posting)
        own, held = by_role.get(BANK, []), by_role.get(IN_HAND, [])
        cleared = [
            each for each in by_role.get("", ()) if CLEARS in meta and within(each.account, self._roles[SUSPENSE])
        ]
        self.bank_ids.update(ids)
        if isinstance(booking := meta.get(BANK_BOOKING), str):
            self.bookings.add(booking)
        self.bookings.update(ids)
        place = place_of(self._book.folder, meta)
        of_entry = self._of_entry.get(place, ())
        if of_entry:
            self.places[place] = entry
        if REVERSAL in (entry.tags or ()):
            self.reversed.update(entry.links or ())
            self.reversed.update(self._settled(entry))
        if not own and not held and not cleared:
            return
        customers = tuple(
            dict.fromkeys(self._book.pockets[self._book.items.pocket[item]].customer for item in of_entry)
        )
        number = self._book.items.number[of_entry[0]] if of_entry else ""
        if not ids:
            where = f"{place[0]}:{place[1]}"
            self.movements += [
                Movement(
                    entry.date, posting.account, posting.units.number, posting.units.currency, customers,
                    self._documents(entry), where, number, bool(held),
                )
                for posting in own
            ]  # fmt: skip
        kinds = {self._book.items.kind[item] for item in of_entry}
        if len(kinds) == 1 and REVERSAL not in (entry.tags or ()):
            # What was on the suspense account was at the bank before.
            at_bank = own or cleared
            paid = at_bank if len(at_bank) == 1 else [] if own else [each for each in held if _cheques(entry, each)]
            self._take_payments(
                kinds.pop(), [(each, self._payment(entry, each, number, customers, ids)) for each in paid]
            )

    def _take_payments(self, kind: int, payments: Iterable[tuple[Any, BookedReceipt]]) -> None:
        """Take up the payments of an entry of one kind: what came in of a receipt, what went out of a refund."""
        for posting, payment in payments:
            if kind == _RECEIPT_KIND and posting.units.number > 0:
                self.receipts.append(payment)
            elif kind == _REFUND_KIND and posting.units.number < 0:
                self.refunds.append(payment)

    def _payment(
        self, entry: Transaction, posting: Any, number: str, customers: tuple[str, ...], ids: Sequence[str]
    ) -> BookedReceipt:
        meta, units = entry.meta or {}, posting.units
        in_hand = self._role(posting.account) == IN_HAND
        references = frozenset(bare(str(meta[key])) for key in REFERENCES if meta.get(key))
        dated = (posting.meta or {}).get(CHEQUE_DATE, meta.get(CHEQUE_DATE)) if in_hand else None
        return BookedReceipt(
            number, max(entry.date, dated) if isinstance(dated, datetime.date) else entry.date, posting.account,
            abs(units.number), units.currency, customers, tuple(self._settled(entry)), references,
            str(meta.get(PAYER, "")), account_number(str(meta.get(PAYER_ACCOUNT, ""))), frozenset(ids), entry,
            _cheques(entry, posting), in_hand,
        )  # fmt: skip

    def _documents(self, entry: Transaction) -> tuple[str, ...]:
        """The documents that an entry names, without their instalments."""
        settled = [number for named in self._settled(entry) for number in (named, named.rpartition("/")[0])]
        return tuple(number for number in (*settled, *sorted(entry.links or ())) if number in self._debits)

    @staticmethod
    def _settled(entry: Transaction) -> list[str]:
        """What the entry names in `settles:`."""
        metas = [entry.meta, *(posting.meta for posting in entry.postings)]
        values = [(meta or {}).get("settles") for meta in metas]
        return [part.strip() for value in values if isinstance(value, str) for part in value.split(",") if part.strip()]


def _cheques(entry: Transaction, posting: Any) -> tuple[str, ...]:
    """The cheques that an entry and its posting name."""
    said = [(posting.meta or {}).get(CHEQUE), (entry.meta or {}).get(CHEQUE), (entry.meta or {}).get("bank-cheque")]
    return tuple(dict.fromkeys(part for text in said if text for part in _ACCOUNTS.split(str(text).strip()) if part))
