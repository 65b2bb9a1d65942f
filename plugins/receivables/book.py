"""The book: every item, every settlement and the ledger's own balances, as of any day.

A book is columns of whole numbers (one entry an item or settlement, in order of date) beside a few
lists of names. Columns are what lets one pass build the book, a scan of a few milliseconds answer
for any day, and the cache keep it all; `receivables.view` turns them into rows.

An item is one instalment of a document, or the whole document where it has no instalments: a debit
(owed by the customer, positive) or a credit (negative). A settlement takes the same amount from a
debit and a credit of one customer, account and currency, from the later of their two days. So on
every day the open items of an account add up to its balance.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from receivables.facts import KINDS, Between, Booked, Customer, Event, Pocket, PriceFact, VoucherUse
from receivables.money import Scale
from receivables.problems import Problem
from receivables.settings import Settings

KIND_CODES: Mapping[str, int] = {"": 0, **{kind: code for code, kind in enumerate(KINDS)}}
"""Kind → its number in the columns; a debit of which the kind is still open counts as an invoice."""


class Items(NamedTuple):
    """The items in order of the day from which they count; a position in these columns is an item.

    Attributes:
      pocket: Position in `Book.pockets`.
      first: Position of the first item of the same document.
      instalment: 1, 2, … in order of due date; 0 for a document of one item.
      day: The entry's date (proleptic ordinal): from this day the item counts.
      date: The document's own date; another than `day` where `dated:` says so.
      due: The due date; for credits the same as `date`.
      amount: Signed, in units of the currency's scale: positive is owed by the customer.
      residual: What is open after everything that the ledger knows.
      kind: Position in `KINDS`.
      number: The document's number.
    """

    pocket: Sequence[int]
    first: Sequence[int]
    instalment: Sequence[int]
    day: Sequence[int]
    date: Sequence[int]
    due: Sequence[int]
    amount: Sequence[int]
    residual: Sequence[int]
    kind: Sequence[int]
    number: Sequence[str]


class SettlementColumns(NamedTuple):
    """The settlements in order of the day from which they count.

    Attributes:
      day: Ordinal of that day.
      debit, credit: The two items.
      amount: In units; positive takes the amount from both, negative (a reversal) gives it back.
      cause: The item whose entry says so: what settles, or the reversal that undoes.
    """

    day: Sequence[int]
    debit: Sequence[int]
    credit: Sequence[int]
    amount: Sequence[int]
    cause: Sequence[int]


class LedgerColumns(NamedTuple):
    """Every posting on a receivable account as the ledger has it, in order of date.

    Attributes:
      day: Ordinal of the entry's date.
      place: Position in `Book.places`.
      amount: Signed, in units.
    """

    day: Sequence[int]
    place: Sequence[int]
    amount: Sequence[int]


class TextColumns(NamedTuple):
    """The words behind all items at once, as the cache keeps them.

    Attributes:
      descriptions: Narration, an item each.
      terms: Item → payment terms as written.
      files: File names.
      entries, postings: Position in `files` and line, two numbers an item.
      details: Item → metadata of posting and transaction.
      rates: Item → price or cost, and its currency.
    """

    descriptions: list[str]
    terms: dict[int, str]
    files: list[str]
    entries: list[int]
    postings: list[int]
    details: dict[int, Mapping[str, Any]]
    rates: dict[int, tuple[Decimal, str]]


class Texts(Protocol):
    """What the book does not count with: the words behind each item, fetched when a row shows them."""

    def description(self, item: int) -> str:
        """Narration of the entry."""

    def source(self, item: int) -> tuple[str, int]:
        """File and line of the posting."""

    def entry(self, item: int) -> tuple[str, int]:
        """File and line of the transaction."""

    def details(self, item: int) -> Mapping[str, Any]:
        """Metadata of the posting and the transaction, the posting's first."""

    def columns(self) -> TextColumns:
        """All of it at once."""

    def terms(self, item: int) -> str:
        """The payment terms as written; "" when a due date or nothing was given."""

    def rate(self, item: int) -> tuple[Decimal, str] | None:
        """Price or cost of the posting's currency, and in which currency; None when it has none."""


class Unexplained(NamedTuple):
    """A posting on a receivable account that no document explains."""

    day: int
    place: int
    amount: int
    file: str
    line: int
    reason: str


class Book(NamedTuple):
    """Everything about receivables that a ledger holds; see the module's text.

    Attributes:
      title: The ledger's title.
      folder: The folder of the main file, for logos, templates and queries named in the ledger.
      settings, customers, account_details, money_details, between, closed, events, booked, vouchers,
        prices: As in `Facts`.
      scales: Currency → how it is counted.
      pockets: Customer, account and currency of each pocket.
      places: Account and currency of each balance in the tie-out.
      items, settlements, ledger: The columns.
      unexplained: Postings that no document explains.
      texts: The words behind the items.
      last_day: The date of the ledger's last transaction; None for an empty book.
      problems: What is wrong or odd.
    """

    title: str
    folder: str
    settings: Settings
    customers: Mapping[str, Customer]
    account_details: Mapping[str, Mapping[str, Any]]
    money_details: Mapping[str, Mapping[str, Any]]
    between: Mapping[str, Between]
    closed: Mapping[str, datetime.date]
    events: Sequence[Event]
    booked: Sequence[Booked]
    vouchers: Sequence[VoucherUse]
    prices: Sequence[PriceFact]
    scales: Mapping[str, Scale]
    pockets: Sequence[Pocket]
    places: Sequence[tuple[str, str]]
    items: Items
    settlements: SettlementColumns
    ledger: LedgerColumns
    unexplained: Sequence[Unexplained]
    texts: Texts
    last_day: datetime.date | None
    problems: Sequence[Problem]

    def name_of(self, customer: str) -> str:
        """The name behind a customer's code; the code itself where nothing introduces the customer."""
        known = self.customers.get(customer)
        return customer if known is None else known.name

    def digits(self) -> dict[str, int]:
        """Decimal places of the currencies in which the book counts, as a report shows them."""
        return {currency: scale.digits for currency, scale in self.scales.items()}
