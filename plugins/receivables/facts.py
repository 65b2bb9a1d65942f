"""Facts: what the ledger says about receivables, as typed immutable records that know their line.

`receivables.language` makes them from entries; `receivables.book` builds the book from them.
Nothing else decides by tags or metadata; reports only show and group by what the user wrote.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from receivables.problems import Problem
from receivables.rules.terms import Terms
from receivables.settings import Settings

INVOICE: Final = "invoice"
DEBIT_NOTE: Final = "debit-note"
PENALTY: Final = "penalty"
RECEIPT: Final = "receipt"
CREDIT_MEMO: Final = "credit-memo"
WRITE_OFF: Final = "write-off"
REFUND: Final = "refund"
REVERSAL: Final = "reversal"
APPLY: Final = "apply"
OPENING: Final = "opening"
REVALUATION: Final = "revaluation"
RETENTION: Final = "retention"

TAGGED_KINDS: Final = (
    INVOICE, DEBIT_NOTE, PENALTY, RECEIPT, CREDIT_MEMO, WRITE_OFF,
    REFUND, REVERSAL, APPLY, OPENING, REVALUATION,
)  # fmt: skip
"""The kinds that a transaction's tag may name."""

NEVER_DUE: Final = frozenset({REFUND, REVERSAL, APPLY, REVALUATION})
"""Debits without payment terms: nobody is asked to pay them."""

KINDS: Final = (*TAGGED_KINDS, RETENTION)
"""Every kind of item; retention is the kind of an instalment, never of a whole document."""


EVENT_KINDS: Final = (
    "promise", "dispute", "dispute-resolved", "acknowledgement", "settlement-agreement",
    "suit", "suit-ended", "insolvency", "insolvency-ended", "provision", "escalation", "approval", "hold",
    "call", "email", "visit", "meeting", "statement", "demand", "confirmation",
    "contract", "handover", "field-report", "e-invoice",
)  # fmt: skip
"""The tags of notes and documents, the most telling first; also `reminder-1`, `reminder-2`, …"""

RECEIVED: Final = "received"
IDENTIFIED: Final = "identified"
NAMED: Final = "named"
"""What an entry with a voucher does: it brings money, says whose money it was, or only names the voucher."""

REMINDER: Final = "reminder-"
"""How the tags of reminders begin; their number follows."""


class Customer(NamedTuple):
    """One customer, joined over all accounts that carry the code.

    Attributes:
      code: The customer code; the last part of the account's name when the ledger gives none.
      name: What the customer is called.
      accounts: The receivable accounts, in order of their opening.
      details: Everything that the ledger says about the customer (terms, collector, entity, …).
      source: Metadata with `filename` and `lineno` of the directive that introduces the customer.
    """

    code: str
    name: str
    accounts: tuple[str, ...]
    details: Mapping[str, Any]
    source: Mapping[str, Any]


class Pocket(NamedTuple):
    """Where settlement happens: one customer's items on one account in one currency.

    The customer is "" for postings on a control account that name nobody: no document explains them.
    """

    account: str
    customer: str
    currency: str


class Movements(NamedTuple):
    """Every posting on a receivable account, read, in order of date, column by column.

    At a hundred thousand postings columns are half the time of records. What few postings have is kept by
    position instead of in a column.

    Attributes:
      date: The entry's date: from this day the movement counts.
      amount: Signed, as booked: positive is a debit (the customer owes it), negative a credit.
      pocket: Position in `Facts.pockets`.
      kind: One of `KINDS`, or "" for a debit paid from the bank, which the book decides (a refund
        when a credit is open, else an invoice).
      number: The document's number.
      links: The transaction's links.
      terms: The payment terms that hold; None when a due date is stated or there are none.
      entry, posting: The Beancount transaction and posting.
      settles: Position → the numbers that `settles:` (or `invoice:`) names, in order.
      due: Position → the due date that the entry states; never for credits.
      dated: Position → the date on the document itself, where `dated:` says it differs from the entry's.
      part: Position → "retention" for a posting so marked.
    """

    date: Sequence[datetime.date]
    amount: Sequence[Decimal]
    pocket: Sequence[int]
    kind: Sequence[str]
    number: Sequence[str]
    links: Sequence[frozenset[str]]
    terms: Sequence[Terms | None]
    entry: Sequence[Any]
    posting: Sequence[Any]
    settles: Mapping[int, tuple[str, ...]]
    due: Mapping[int, datetime.date]
    dated: Mapping[int, datetime.date]
    part: Mapping[int, str]


class Event(NamedTuple):
    """What happened with a customer: a note or document directive on the account.

    Attributes:
      date, account, customer: When and with whom.
      kind: The tag that says what it is (call, promise, dispute, reminder-1, …), "" for a plain note.
      comment: The note's text, or the document's path.
      documents: The numbers that its links name.
      amount, currency: `amount:`, where given.
      by: `by:`, the day until which something is promised.
      details: All other metadata of the directive (reason, owner, channel, to, proof, …).
      entry: The directive.
      paper: Whether it is a document directive, which keeps a file.
    """

    date: datetime.date
    account: str
    customer: str
    kind: str
    comment: str
    documents: tuple[str, ...]
    amount: Decimal | None
    currency: str | None
    by: datetime.date | None
    details: Mapping[str, Any]
    entry: Any
    paper: bool


class Booked(NamedTuple):
    """A posting on an account that a rule watches: what was charged, provided, recovered or revalued so far.

    Attributes:
      date: The entry's date.
      role: The account's role, one of `settings.WATCHED`.
      account: The account.
      amount: Signed, as booked: income and liabilities are negative.
      currency: Of the amount.
      customer: Whom it concerns: `customer:` of posting or entry, else the only customer of the entry; else "".
      kind: The kind that the entry's tag names, "" without one.
      tags, links: The entry's.
      details: Metadata of posting and entry, the posting's first.
      source: Metadata with `filename` and `lineno` of the posting.
      entry: The same of the transaction, which tells which posting on a customer's account it belongs to.
      against: The roles of the accounts on the other side (the postings of the other sign), in alphabetical order;
        "equity" for the equity accounts, "" for accounts without a role.
      narration: That of the entry.
    """

    date: datetime.date
    role: str
    account: str
    amount: Decimal
    currency: str
    customer: str
    kind: str
    tags: tuple[str, ...]
    links: tuple[str, ...]
    details: Mapping[str, Any]
    source: Mapping[str, Any]
    entry: Mapping[str, Any]
    against: tuple[str, ...]
    narration: str


class Between(NamedTuple):
    """An account between two companies of the group: what one of them has in its books about the other.

    Attributes:
      account: The account.
      entity: Whose account it is; "" when nobody says.
      other: With whom; "" when nobody says.
      liability: Whether it is below the liabilities: an account for what `entity` owes.
      currencies: In which it may be booked; () for any.
      opened, closed: From when, and until when; None when it stays open.
      source: Metadata with `filename` and `lineno` of its `open`.
    """

    account: str
    entity: str
    other: str
    liability: bool
    currencies: tuple[str, ...]
    opened: datetime.date
    closed: datetime.date | None
    source: Mapping[str, Any]


class VoucherUse(NamedTuple):
    """An entry that names vouchers, or a receipt whose number may be one.

    Attributes:
      date: The entry's date: from this day it counts.
      dated: The date on the voucher; another than `date` where `dated:` says so.
      vouchers: The numbers as written, each alone or "first to last".
      stated: Whether `voucher:` says them; else they are the receipt's own number.
      manner: RECEIVED for money that came in, IDENTIFIED for a receipt of money that had come in before, NAMED for an
        entry that brings none.
      number: The receipt's number; "" for money that is no customer's receipt.
      customers: Whose receipt it is.
      amounts: What came in: currency and amount.
      received_by: Who took it, as the entry says, else whoever holds the account in hand; "" when nobody says.
      source: Metadata with `filename` and `lineno` of the posting.
      entry: The same of the transaction.
    """

    date: datetime.date
    dated: datetime.date
    vouchers: tuple[str, ...]
    stated: bool
    manner: str
    number: str
    customers: tuple[str, ...]
    amounts: tuple[tuple[str, Decimal], ...]
    received_by: str
    source: Mapping[str, Any]
    entry: Mapping[str, Any]


class PriceFact(NamedTuple):
    """A published price: one `base` is worth `rate` of `quote` from `date` on.

    Attributes:
      date, base, quote, rate: As in the `price` directive.
      source: Metadata with `filename` and `lineno` of the directive.
    """

    date: datetime.date
    base: str
    quote: str
    rate: Decimal
    source: Mapping[str, Any]


class Facts(NamedTuple):
    """All that the ledger says about receivables, in order of date.

    Attributes:
      settings: Roles, policies, rates, contracts.
      customers: By code.
      account_details: Metadata on the `open` of each receivable account.
      money_details: The same of each account with one of the roles in `settings.DESCRIBED`, and of every other that
        says whose it is (`entity:`).
      between: The accounts between companies of the group, by name.
      closed: The day on which an account closes, for those that do.
      pockets: Where movements stand.
      movements: Every posting on a receivable account.
      events: Notes and documents on customers' accounts.
      booked: Every posting on an account that a rule watches.
      vouchers: Every entry that uses or names a receipt voucher; none where the ledger has no receipt books.
      prices: Price directives.
      precisions: Currency → decimal places that the ledger states for it (the commodity's `precision:`
        or the option "display_precision").
      title: The ledger's title.
      folder: The folder of the ledger's main file.
      last_day: The date of the last transaction of the ledger; None when there is none.
      problems: What is wrong or odd, so far.
    """

    settings: Settings
    customers: Mapping[str, Customer]
    account_details: Mapping[str, Mapping[str, Any]]
    money_details: Mapping[str, Mapping[str, Any]]
    between: Mapping[str, Between]
    closed: Mapping[str, datetime.date]
    pockets: Sequence[Pocket]
    movements: Movements
    events: Sequence[Event]
    booked: Sequence[Booked]
    vouchers: Sequence[VoucherUse]
    prices: Sequence[PriceFact]
    precisions: Mapping[str, int]
    title: str
    folder: str
    last_day: datetime.date | None
    problems: Sequence[Problem]
