"""Drafts: what a reader finds, before ids are given and balances are added up."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from sys import intern
from typing import Final, NamedTuple

from receivables_importers.bank.model import (
    ERROR,
    LINES_MAX,
    NOTE,
    OTHER,
    STATEMENT,
    TEXT_MAX,
    WARNING,
    Balance,
    BankError,
    BankLine,
    Problem,
    References,
)
from receivables_importers.tables.problems import shown

_AMOUNT: Final = re.compile(r"[+-]?(?:[0-9]{1,18}(?:[.,][0-9]{0,17})?|[.,][0-9]{1,17})")
_GROUPED: Final = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_SPACE: Final = re.compile(r"\s+")
_NOT_ACCOUNT: Final = re.compile(r"[\s.]+")
_SILENT: Final = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), " ") | dict.fromkeys(
    (0x00AD, 0x200B, *range(0x202A, 0x202F), 0x2060, *range(0x2066, 0x206A), 0xFEFF), None
)
"""Controls, and marks without width that make texts differ which look the same."""

_NOTHING: Final = frozenset(
    {"", "-", "nonref", "notprovided", "notavailable", "none", "null", "na", "n/a", "noref", "unknown", "kref", "eref"}
)

_NOTHING_CHARACTERS: Final = 20
_TEXT_LINES_MAX: Final = 10 * LINES_MAX
"""A payment of MT940 has up to nine lines of text."""
_NO_REFERENCES: Final = References()


class Booking(NamedTuple):
    """One entry of the bank, with the lines that it consists of.

    Attributes:
      reference: A reference of the bank that no other entry of the account's day has; "" when there is none
        to rely on.
      lines: At least one; their ids are not given yet.
    """

    reference: str
    lines: tuple[BankLine, ...]


class Draft(NamedTuple):
    """A statement as it stands in the file; the fields are those of `BankStatement`."""

    account: str = ""
    currency: str = ""
    number: str = ""
    kind: str = STATEMENT
    opening: Balance | None = None
    closing: Balance | None = None
    bookings: tuple[Booking, ...] = ()
    unbooked: tuple[Booking, ...] = ()
    final: bool = True
    place: str = ""
    gap_place: str = ""
    """Where the running balance first disagrees."""


class Reading(NamedTuple):
    """What a reader found: the format, and the statements."""

    format: str
    drafts: tuple[Draft, ...]


class Problems:
    """Gathers what is wrong with one file; of very many problems of one severity only the first are kept.

    Args:
      file: The file's name.
    """

    KEPT: Final = 1_000

    def __init__(self, file: str) -> None:
        self._file = file
        self._problems: list[Problem] = []
        self._found: Counter[str] = Counter()

    def _add(self, place: str, message: str, severity: str) -> None:
        self._found[severity] += 1
        if self._found[severity] <= self.KEPT:
            self._problems.append(Problem(self._file, place, message, severity))

    def error(self, place: str, message: str) -> None:
        """Something is missing."""
        self._add(place, message, ERROR)

    def warning(self, place: str, message: str) -> None:
        """Something is odd."""
        self._add(place, message, WARNING)

    def note(self, place: str, message: str) -> None:
        """Something was decided."""
        self._add(place, message, NOTE)

    def refused(self, error: BankError) -> None:
        """The file is not read, or not to its end: this is listed before all, however many problems there are."""
        self._problems.insert(0, Problem(self._file, error.place, str(error), ERROR))

    def forget(self) -> None:
        """The file is read again from its beginning, in another way."""
        self._problems.clear()
        self._found.clear()

    def all(self) -> tuple[Problem, ...]:
        """The problems in the order in which they were found."""
        dropped = {severity: count - self.KEPT for severity, count in self._found.items() if count > self.KEPT}
        more = (
            Problem(self._file, "", f"{count:,} more {severity}s are not listed", severity)
            for severity, count in sorted(dropped.items())
        )
        return (*self._problems, *more)


def amount_of(text: str) -> Decimal:
    """The number that a file for programs writes: digits and one decimal mark, a point by every standard but SWIFT's.

    Raises:
      ValueError: It is anything else, or a comma may group thousands; nothing is guessed.

    >>> amount_of("1234,5"), amount_of(".5"), amount_of("-200.29")
    (Decimal('1234.5'), Decimal('0.5'), Decimal('-200.29'))
    """
    written = text.strip()
    if not _AMOUNT.fullmatch(written):
        raise ValueError(f"{shown(text, 40)} is not an amount")
    if _GROUPED.fullmatch(written):
        raise ValueError(
            f"the comma of {shown(text, 40)} may group thousands or begin the decimals: the amount is unclear"
        )
    return Decimal(written.replace(",", "."))


def text_of(*parts: str | None) -> str:
    """Texts joined to one line, without characters that nobody sees, and not longer than is kept."""
    joined = " ".join(part for part in parts if part)
    if not joined:
        return ""
    if not (joined.isascii() and joined.isprintable()):
        joined = unicodedata.normalize("NFC", joined.translate(_SILENT))
        line = _SPACE.sub(" ", joined).strip()
    else:
        line = _SPACE.sub(" ", joined).strip() if "  " in joined else joined.strip()
    return line if len(line) <= TEXT_MAX else line[: TEXT_MAX - 1] + "…"


def reference_of(text: str | None) -> str:
    """A reference, or "" for the words by which banks say that there is none."""
    line = text_of(text)
    return "" if len(line) < _NOTHING_CHARACTERS and line.replace(" ", "").casefold() in _NOTHING else line


def account_of(text: str | None) -> str:
    """A number of an account as it is compared: without spaces and dots, IBANs in capitals.

    >>> account_of("de14 7406 1813"), account_of("0011.3755.5501")
    ('DE1474061813', '001137555501')
    """
    return _NOT_ACCOUNT.sub("", text_of(text)).upper()


def line_of(
    booked: datetime.date,
    amount: Decimal,
    currency: str,
    *,
    file: str,
    place: str,
    value_date: datetime.date | None = None,
    counterparty: str = "",
    counterparty_account: str = "",
    ultimate: str = "",
    references: References = _NO_REFERENCES,
    remittance: str = "",
    type: str = OTHER,
    code: str = "",
    charges: Decimal | None = None,
    original_amount: Decimal | None = None,
    original_currency: str = "",
) -> BankLine:
    """A line that has no id yet and belongs to no account; what stands in every line is kept once."""
    return BankLine(
        "", "", booked, value_date or booked, amount, intern(currency), counterparty, counterparty_account, ultimate,
        _NO_REFERENCES if references == _NO_REFERENCES else references, remittance, type, intern(code), charges,
        original_amount, original_currency, "", amount, file, place,
    )  # fmt: skip


def lines_of(text: str) -> Iterator[str]:
    """The lines of a text, of which a large file has too many to have them all at once."""
    begin = count = 0
    while (end := text.find("\n", begin)) >= 0:
        yield text[begin:end]
        begin = end + 1
        count += 1
        if count > _TEXT_LINES_MAX:
            raise BankError(
                f"has more than {_TEXT_LINES_MAX:,} lines of text: ask the bank for shorter periods", str(count)
            )
    yield text[begin:]
