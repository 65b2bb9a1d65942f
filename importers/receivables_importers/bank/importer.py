"""Importer: bank statements for beangulp and for Fava's import page, one transaction a line.

In an import script (beangulp) or an import-config (Fava):

    from receivables_importers.bank.importer import Importer
    CONFIG = [Importer("bank.toml")]

with `bank.toml` beside the ledger:

    [accounts]
    "DE14740618130000033626" = "Assets:Bank:DE"
    "0011 3755 5501 VND" = "Assets:Bank:VN:VND"

The other side of every line is the account for unidentified receipts; whoever knows more, a person
or a hook, replaces it. What was imported is known by the id in the metadata, whatever else of an
entry was changed.
"""

from __future__ import annotations

import datetime
import logging
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import beangulp
from beancount.core import account as account_names
from beancount.core.amount import Amount
from beancount.core.data import EMPTY_SET, Balance, Custom, Directive, Posting, Transaction, new_metadata
from beancount.parser.options import OPTIONS_DEFAULTS

from receivables.language.configuration import read_settings
from receivables.settings import SUSPENSE
from receivables_importers.bank.drafts import account_of
from receivables_importers.bank.metadata import (
    BANK_BOOKING,
    BANK_ID,
    PAYER_ACCOUNT,
    booking_of,
    is_currency,
    narration_of,
    references_of,
    value_of,
)
from receivables_importers.bank.model import (
    DOWNLOAD,
    ERROR,
    STATEMENT,
    WARNING,
    BankError,
    BankFile,
    BankLine,
    BankStatement,
    Problem,
    told,
)
from receivables_importers.bank.profiles import of_names
from receivables_importers.bank.reading import identify, read
from receivables_importers.tables.problems import shown

DUPLICATE: Final = "__duplicate__"
"""The metadata by which beangulp and Fava know an entry that the ledger has already."""
ANY: Final = "*"
"""In the accounts: for every account that is not named."""

_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9.-]+")
_FILES_KEPT: Final = 8

_log: Final = logging.getLogger(__name__)


class _Stamp(NamedTuple):
    """A file as it was when it was read."""

    path: str
    size: int
    changed: int


class Importer(beangulp.Importer):  # type: ignore[misc]
    """Bank statements of every format as entries.

    Args:
      accounts: The bank's account → the ledger's account; the key may have a currency behind it, for an account
        in several currencies, and "*" stands for every other account. Or a TOML file that says so under
        [accounts], and may have `suspense`, `profiles` and `name`.
      suspense: The account on the other side; None for the one that the ledger names
        (`custom "receivables-accounts" "suspense" …`), else Liabilities:UnidentifiedReceipts.
      profiles: The user's own profiles of tables: TOML files, folders of them, or names of the package's.
      name: The importer's name; needed when one script has several.
      flag: The flag of the transactions: somebody has yet to look at them.
    Raises:
      BankError: An account is none, or a file or profile cannot be used.
    """

    def __init__(
        self,
        accounts: Mapping[str, str] | str | Path,
        *,
        suspense: str | None = None,
        profiles: Sequence[str | Path] = (),
        name: str | None = None,
        flag: str = "!",
    ) -> None:
        if not isinstance(accounts, Mapping):
            file = Path(accounts)
            settings = _settings(file)
            accounts = settings.accounts
            suspense = suspense or settings.suspense or None
            profiles = [*profiles, *settings.profiles]
            name = name or settings.name or None
        for wanted in (*accounts.values(), *([suspense] if suspense else [])):
            if not account_names.is_valid(wanted):
                raise BankError(f"{shown(wanted)} is not the name of an account")
        self._accounts = {_key(key): value for key, value in accounts.items()}
        self._suspense = suspense
        self._profiles = of_names(profiles)
        self._name = name
        self._flag = flag
        self._files: dict[_Stamp, BankFile] = {}

    @property
    def name(self) -> str:
        """The name by which beangulp and Fava know the importer."""
        return self._name or "bank"

    def identify(self, filepath: str) -> bool:
        """Whether the file is a bank statement of one of the accounts, by what is in it."""
        path = Path(filepath)
        if not path.is_file() or not identify(path, self._profiles):
            return False
        return any(self._account(statement) for statement in self._read(filepath).statements)

    def account(self, filepath: str) -> str:
        """The ledger's account of the file's first statement that has one."""
        found = (self._account(statement) for statement in self._read(filepath).statements)
        return next((account for account in found if account), "")

    def date(self, filepath: str) -> datetime.date | None:
        """The last day of the file."""
        days = [line.booked for line in self._read(filepath).lines]
        balances = (statement.closing for statement in self._read(filepath).statements)
        days += [balance.date for balance in balances if balance is not None and balance.date is not None]
        return max(days, default=None)

    def filename(self, filepath: str) -> str | None:
        """A name for the archive that says what the file is, with characters that every file system takes."""
        file = self._read(filepath)
        number = next((statement.account for statement in file.statements if statement.account), "")
        words = [_NOT_IN_NAMES.sub("-", word).strip("-.") for word in (file.format, number)]
        ending = _NOT_IN_NAMES.sub("", Path(filepath).suffix.lower())[:8]
        return "-".join(word[:60] for word in ("statement", *words) if word) + ending

    def extract(self, filepath: str, existing: Sequence[Directive] | None) -> list[Directive]:
        """One transaction a line, and the balances that can be asserted.

        What could not be read is logged as warnings of this module, with file and place.
        """
        file = self._read(filepath)
        suspense = self._suspense or _suspense(existing or ())
        for problem in file.problems:
            if problem.severity in (ERROR, WARNING):
                _log.warning(told(problem))
        entries: list[Directive] = []
        balances: dict[tuple[str, str, datetime.date], tuple[BankStatement, Balance]] = {}
        for statement in file.statements:
            account = self._account(statement)
            if not account:
                if statement.lines:
                    self._unnamed(statement)
                continue
            for line in statement.lines:
                if is_currency(line.currency):
                    entries.append(_transaction(line, account, suspense, self._flag, len(entries)))
                else:
                    message = "the line has no currency: say it in the profile; it is left out"
                    _log.warning(told(Problem(file.name, line.place, message, ERROR)))
            for balance in _balances(statement, account, len(entries)):
                key = account, statement.currency, balance.date
                # Of several statements of a day, the last one has the balance at its end.
                if key not in balances or not _follows(balances[key][0], statement):
                    balances[key] = statement, balance
        return [*entries, *(balance for _, balance in balances.values())]

    def deduplicate(self, entries: list[Directive], existing: Sequence[Directive]) -> None:
        """Mark what the ledger, or an earlier part of the file, has already: by ids alone, never by likeness."""
        mark_known(entries, existing)

    def _account(self, statement: BankStatement) -> str:
        number = _key(statement.account) if statement.account else ""
        for key in (f"{number} {statement.currency}", number, ANY):
            if key.strip() and key in self._accounts:
                return self._accounts[key]
        return ""

    def _unnamed(self, statement: BankStatement) -> None:
        message = (
            f"the account {shown(statement.account)} is not among the importer's accounts: its"
            f" {len(statement.lines)} lines are left out"
        )
        _log.warning(told(Problem(statement.file, statement.place, message, ERROR)))

    def _read(self, filepath: str) -> BankFile:
        """The file, read once for all questions about it."""
        path = Path(filepath)
        try:
            state = path.stat()
        except (OSError, ValueError):
            return read(path, self._profiles)
        stamp = _Stamp(str(path), state.st_size, state.st_mtime_ns)
        if stamp not in self._files:
            while len(self._files) >= _FILES_KEPT:
                del self._files[next(iter(self._files))]
            self._files[stamp] = read(path, self._profiles)
        return self._files[stamp]


def mark_known(entries: Sequence[Directive], existing: Sequence[Directive]) -> None:
    """Mark transactions whose line is in the ledger, or whose entry is there in another detail, and known balances.

    Args:
      entries: What was extracted; `DUPLICATE` is set in the metadata of what is known.
      existing: The ledger's entries.
    """
    lines: dict[str, Directive] = {}
    bookings: dict[str, Directive] = {}
    balances: dict[tuple[Any, ...], Directive] = {}
    for entry in existing:
        _learn(entry, lines, bookings, balances)
    # An entry of the bank that is there in the same detail is told line by line.
    here = {_booking(entry) for entry in entries if isinstance(entry, Transaction) and set(_ids(entry)) & lines.keys()}
    earlier = dict(bookings)
    for entry in entries:
        known: Directive | None = None
        if isinstance(entry, Transaction):
            known = next((lines[id] for id in _ids(entry) if id in lines), None)
            booking = _booking(entry)
            if known is None and booking and booking not in here:
                known = earlier.get(booking)
        elif isinstance(entry, Balance):
            known = balances.get(_balance_key(entry))
        if known is not None:
            entry.meta[DUPLICATE] = known
        _learn(entry, lines, bookings, balances)


def _learn(
    entry: Directive,
    lines: dict[str, Directive],
    bookings: dict[str, Directive],
    balances: dict[tuple[Any, ...], Directive],
) -> None:
    if isinstance(entry, Transaction):
        for id in _ids(entry):
            lines.setdefault(id, entry)
        booking = _booking(entry)
        if booking:
            bookings.setdefault(booking, entry)
    elif isinstance(entry, Balance):
        balances.setdefault(_balance_key(entry), entry)


def _ids(entry: Transaction) -> list[str]:
    """The ids of the lines that a transaction is of, wherever a person has put them."""
    metas = [entry.meta, *(posting.meta for posting in entry.postings)]
    texts = [meta[BANK_ID] for meta in metas if meta and isinstance(meta.get(BANK_ID), str)]
    return [id for text in texts for id in text.split()]


def _booking(entry: Transaction) -> str:
    """The id of the bank's entry: said apart from the line's own only where a line is a part of it."""
    said = entry.meta.get(BANK_BOOKING)
    return said if isinstance(said, str) else next(iter(_ids(entry)), "")


def _balance_key(entry: Balance) -> tuple[Any, ...]:
    return entry.date, entry.account, entry.amount


class _Settings(NamedTuple):
    """What the importer's TOML file says."""

    accounts: Mapping[str, str]
    suspense: str
    profiles: tuple[Path | str, ...]
    name: str


def _settings(path: Path) -> _Settings:
    try:
        content = tomllib.loads(path.read_bytes().decode("utf-8"))
    except OSError as error:
        raise BankError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BankError(f"{path}: is not TOML in UTF-8: {error}") from error
    unknown = sorted(content.keys() - {"accounts", "suspense", "profiles", "name"})
    if unknown:
        raise BankError(f"{path}: there is no key {shown(unknown[0])}: use accounts, suspense, profiles or name")
    accounts, profiles = content.get("accounts", {}), content.get("profiles", [])
    if not isinstance(accounts, dict) or not all(isinstance(each, str) for each in accounts.values()) or not accounts:
        raise BankError(f'{path}: [accounts] has a line for each account, as "DE14…" = "Assets:Bank:DE"')
    if not isinstance(profiles, list) or not all(isinstance(each, str) for each in profiles):
        raise BankError(f'{path}: profiles is a list of files, as ["my-bank.toml"]')
    texts = {key: content.get(key, "") for key in ("suspense", "name")}
    if not all(isinstance(each, str) for each in texts.values()):
        raise BankError(f"{path}: suspense and name are texts in quotes")
    # Files and folders are named from where the settings are.
    found = tuple(path.parent / each if "/" in each or each.endswith(".toml") else each for each in profiles)
    return _Settings(accounts, texts["suspense"], found, texts["name"])


def _key(written: str) -> str:
    """An account as it is compared, with a currency behind it where one is written; hyphens do not count.

    >>> _key("de14 7406 1813"), _key("0011 3755 VND"), _key("12-3456-7"), _key("*")
    ('DE1474061813', '00113755 VND', '1234567', '*')
    """
    words = written.split()
    if len(words) > 1 and re.fullmatch(r"[A-Z]{3}", words[-1]):
        return f"{_key(''.join(words[:-1]))} {words[-1]}"
    return written if written == ANY else account_of(written).replace("-", "")


def _suspense(existing: Iterable[Directive]) -> str:
    """The account that the ledger names for receipts that nobody has identified yet."""
    customs = [entry for entry in existing if isinstance(entry, Custom)]
    return str(read_settings(customs, OPTIONS_DEFAULTS, []).roles[SUSPENSE][0])


def _transaction(line: BankLine, account: str, suspense: str, flag: str, number: int) -> Transaction:
    said = {
        BANK_ID: line.id,
        BANK_BOOKING: booking_of(line),
        "bank-type": line.type,
        PAYER_ACCOUNT: line.counterparty_account,
        **references_of(line),
    }
    meta = new_metadata(line.file, number + 1)
    meta.update({key: text for key, text in said.items() if text})
    meta.update(value_of(line))
    postings = [
        Posting(account, Amount(line.amount, line.currency), None, None, None, None),
        Posting(suspense, Amount(-line.amount, line.currency), None, None, None, None),
    ]
    return Transaction(
        meta, line.booked, flag, line.counterparty or None, narration_of(line), EMPTY_SET, EMPTY_SET, postings
    )


def _follows(later: BankStatement, earlier: BankStatement) -> bool:
    """Whether a statement that stands first in the file is the later one: it opens as the other one closes."""
    if later.opening is None or later.closing is None or earlier.opening is None or earlier.closing is None:
        return False
    return later.opening.amount == earlier.closing.amount and later.closing.amount != earlier.opening.amount


def _balances(statement: BankStatement, account: str, number: int) -> list[Balance]:
    """The assertion that a statement allows: none unless its balances and lines agree.

    Of a finished day the closing balance holds on the next morning. A download may have been made in
    the middle of its last day: there the balance before this day's lines is asserted, on this day.
    """
    if statement.gap != 0 or statement.closing is None or statement.opening is None:
        return []
    if not is_currency(statement.currency) or statement.kind not in (STATEMENT, DOWNLOAD):
        return []
    booked = [line.booked for line in statement.lines]
    last = max(booked, default=None)
    if statement.kind == DOWNLOAD:
        if last is None or booked != sorted(booked):
            return []
        amount = statement.opening.amount
        for line in statement.lines:
            amount += line.amount if line.booked < last else 0
        day = last
    else:
        closed = statement.closing.date or last
        if not statement.final or closed in (None, datetime.date.max) or (last is not None and last > closed):
            return []
        amount, day = statement.closing.amount, closed + datetime.timedelta(days=1)
    meta = new_metadata(statement.file, number + 1)
    return [Balance(meta, day, account, Amount(amount, statement.currency), None, None)]
