"""Writing from the browser: who may ask for it, what a note or promise says, and what a rule would book.

Fava itself asks nobody who he is. So a request that writes must come from a page of this very server: by PUT with JSON,
which no form of another site can send; with an Origin and a Sec-Fetch-Site that say so, where the browser sends them;
and to a host name that is this machine's or one that the ledger allows, so that a foreign name pointed at this machine
(DNS rebinding) gets nowhere. All writing goes through `receivables.posting.append`.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from importlib import import_module
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from beancount.core.amount import Amount
from beancount.core.data import Note, new_metadata

from receivables.book import Book
from receivables.fava.views.customer import NOTES
from receivables.posting.append import Plan, Written, plan, write
from receivables.posting.journal import AppendError, recover
from receivables.posting.proposal import Proposal
from receivables.settings import CUSTOMERS

TEXT_LONGEST: Final = 2000
"""Characters of a note."""

POSTING: Final[Mapping[str, str]] = {
    "penalties": "penalties",
    "provision": "provision",
    "write_off_proposals": "write_off",
    "revaluation": "revaluation",
}
"""Rule → the module of `receivables.posting` that proposes its entries."""


class Refusal(NamedTuple):
    """A request that is not answered: its status in HTTP, and why."""

    status: int
    text: str


class NoteError(ValueError):
    """A note that cannot be written; the message says what to change."""


# Who may ask


def refusal(headers: Mapping[str, str], host: str, hosts: Collection[str]) -> Refusal | None:
    """Why a request may not write; None when it may.

    Args:
      headers: Its headers.
      host: The host it was sent to, with its port.
      hosts: The names that the ledger allows, for a server behind a proxy.
    """
    if headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return Refusal(403, "this request comes from another site")
    origin = headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc != host:
        return Refusal(403, "this request comes from another site")
    if not _own(host, hosts):
        return Refusal(403, f"the name {host!r} is not allowed to write: add it to 'hosts' of the fava-extension line")
    if headers.get("Content-Type", "").partition(";")[0].strip().lower() != "application/json":
        return Refusal(415, "this request is not JSON")
    return None


def _own(host: str, hosts: Collection[str]) -> bool:
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".").lower()
    except ValueError:
        return False
    if name == "localhost" or name in {allowed.lower() for allowed in hosts}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


# A note or a promise


def note(book: Book, said: Mapping[str, Any]) -> Proposal:
    """The note that a form asks for.

    Args:
      book: The book.
      said: customer, kind, date and text; documents (a list of numbers), amount, currency and by where given.
    Raises:
      NoteError: Something of it is missing or cannot be read.
    """
    code, kind, text = (_text(said, key) for key in ("customer", "kind", "text"))
    customer = book.customers.get(code)
    if customer is None:
        raise NoteError(f"there is no customer {code!r}")
    if kind not in NOTES:
        raise NoteError(f"there is no kind {kind!r} of note: {', '.join(NOTES)}")
    if not text and kind != "promise":
        raise NoteError("the note says nothing")
    if len(text) > TEXT_LONGEST:
        raise NoteError(f"the note is longer than {TEXT_LONGEST:,} characters")
    date = _date(said, "date")
    if date is None:
        raise NoteError("the note has no date")
    documents = _documents(book, code, said.get("documents", []))
    by, amount = _date(said, "by"), _amount(book, said)
    if kind == "promise" and (by is None or by < date):
        raise NoteError("a promise needs the day by which it will be paid, not before its own")
    account = _account(book, code, documents, date)
    meta = new_metadata("<note>", 0)
    if kind == "promise":
        meta |= {"amount": amount, "by": by} if amount is not None else {"by": by}
    if account in book.settings.roles[CUSTOMERS]:
        meta["customer"] = code
    words = " ".join(text.split()) or "Promise"
    tags = frozenset() if kind == "note" else frozenset({kind})
    return Proposal("note", (Note(meta, date, account, words, tags, frozenset(documents)),), ())


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key, "")
    if not isinstance(value, str):
        raise NoteError(f"{key} is no text")
    return value.strip()


def _date(said: Mapping[str, Any], key: str) -> datetime.date | None:
    text = _text(said, key)
    try:
        return datetime.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise NoteError(f"{text!r} is not a date: write it as 2026-06-30") from error


def _documents(book: Book, code: str, numbers: Any) -> list[str]:
    if not isinstance(numbers, list) or not all(isinstance(number, str) for number in numbers):
        raise NoteError("documents is no list of numbers")
    known = {
        number
        for number, pocket in zip(book.items.number, book.items.pocket, strict=True)
        if book.pockets[pocket].customer == code
    }
    for number in numbers:
        if number not in known:
            raise NoteError(f"{code} has no document {number!r}")
    return list(numbers)


def _amount(book: Book, said: Mapping[str, Any]) -> Amount | None:
    text, currency = _text(said, "amount").replace(",", ""), _text(said, "currency")
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise NoteError(f"{text!r} is not an amount: write it as 1500.00") from error
    if not number.is_finite() or number <= 0 or len(text) > 30 or not text.replace(".", "").isdecimal():
        raise NoteError(f"{text!r} is not an amount: write it as 1500.00")
    if currency not in book.scales:
        raise NoteError(f"the book has nothing in {currency!r}")
    return Amount(number, currency)


def _account(book: Book, code: str, documents: Collection[str], date: datetime.date) -> str:
    """The account of the first document named, else the customer's first that is not closed."""
    for number, pocket in zip(book.items.number, book.items.pocket, strict=True):
        if number in documents and book.pockets[pocket].customer == code:
            return book.pockets[pocket].account
    accounts = book.customers[code].accounts or tuple(p.account for p in book.pockets if p.customer == code)
    if not accounts:
        raise NoteError(f"{code} has no account")
    return next((name for name in accounts if book.closed.get(name, datetime.date.max) > date), accounts[0])


# The append


def proposals(rule: str, book: Book, as_of: datetime.date) -> list[Proposal]:
    """What a rule would book on a day; raises KeyError for a rule that books nothing."""
    found: list[Proposal] = import_module(f"receivables.posting.{POSTING[rule]}").propose(book, as_of)
    return [proposal for proposal in found if proposal.entries]


def planned(ledger: Path, book: Book, wanted: list[Proposal]) -> Plan:
    """The append that would write these entries; raises AppendError when it cannot be made."""
    if done := recover(ledger.absolute().parent):
        raise AppendError(done)
    return plan(ledger, book, wanted)


def digest(made: Plan) -> str:
    """What the reader of a diff agrees to: it is another for any other diff."""
    return hashlib.sha256(made.diff.encode()).hexdigest()


def written(made: Plan) -> Written:
    """Make the append."""
    return write(made)
