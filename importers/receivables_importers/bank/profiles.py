"""Profiles: how one bank writes its tables, in a TOML file that anybody can write.

A profile says how dates and amounts are written and which column is what; `docs/bank.md` explains
every key. The profiles of the package are recognised by the whole header of the table, a user's own
by the columns that it names. A table without header is recognised only when its rows leave no doubt.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from receivables_importers.bank.model import BankError
from receivables_importers.tables.problems import shown
from receivables_importers.tables.reading import DELIMITERS
from receivables_importers.tables.values import ORDERS, currency_of

FOLDER: Final = Path(__file__).parent.parent / "profiles"
"""Where the profiles of the package are."""

MONTH_DAY: Final = "MD"
"""Dates without a year, which stands above the table."""

BOOKED, VALUE, AMOUNT, DEBIT, CREDIT, FLAG, BALANCE = "booked", "value", "amount", "debit", "credit", "flag", "balance"
CURRENCY, ACCOUNT, NAME, NAME_ACCOUNT, TEXT, TYPE = "currency", "account", "name", "name-account", "text", "type"
ID, REFERENCE, CUSTOMER, END_TO_END = "id", "reference", "customer-reference", "end-to-end"
CREDITOR, MANDATE, CHEQUE, DOCUMENT = "creditor-reference", "mandate", "cheque", "document"
FIELDS: Final = (
    BOOKED, VALUE, AMOUNT, DEBIT, CREDIT, FLAG, BALANCE, CURRENCY, ACCOUNT, NAME, NAME_ACCOUNT, TEXT, TYPE,
    ID, REFERENCE, CUSTOMER, END_TO_END, CREDITOR, MANDATE, CHEQUE, DOCUMENT,
)  # fmt: skip
"""What a column can be."""

REVERSED: Final = "reversed"
AS_WRITTEN: Final = "as written"

DEBIT_WORDS: Final = frozenset(
    {"d", "dr", "db", "debit", "dbit", "-", "s", "soll", "out", "outflow", "paid out", "withdrawal", "借", "支出", "支",
     "nợ", "no", "ghi nợ", "مدين", "خصم", "débit"}
)  # fmt: skip
CREDIT_WORDS: Final = frozenset(
    {"c", "cr", "credit", "crdt", "+", "h", "haben", "in", "inflow", "paid in", "deposit", "贷", "收入", "收",
     "có", "co", "ghi có", "دائن", "إيداع", "crédit"}
)  # fmt: skip
FOOTER_WORDS: Final = (
    "total", "subtotal", "grand total", "sum", "summe", "saldo", "opening balance", "closing balance",
    "balance brought", "balance carried", "brought forward", "carried forward", "end of statement",
    "jumlah", "baki", "mutasi", "tổng", "cộng", "số dư", "合计", "总计", "小计", "本页", "期初", "期末",
    "المجموع", "الإجمالي", "اجمالي", "الرصيد", "رصيد",
)  # fmt: skip
"""How rows begin that are no booking, whatever the bank."""

KEYS: Final = frozenset(
    {"name", "header", "width", "encoding", "delimiter", "date", "decimal", "account", "account-label", "currency",
     "currency-label", "opening-label", "closing-label", "sign", "debit", "credit", "continuation", "footer", "month",
     "columns"}
)  # fmt: skip
"""What a profile may say."""


class Profile(NamedTuple):
    """How one bank writes a table.

    Attributes:
      id: The name of the file without ending.
      name: What people call it.
      own: Whether it is a user's own, which goes before those of the package.
      header: The whole header, for exact recognition; () when the columns it names are enough, or without header.
      width: How many columns a table without header has; 0 for tables with one.
      encoding, delimiter: How the text is written; None to find out.
      date: The order of day, month and year: DMY, MDY, YMD; MD without a year.
      decimal: "." or ",".
      account, currency: What holds for the whole table; "" when the file says it.
      labels: For account, currency, opening, closing: the words beside which the value stands.
      reversed: Whether positive amounts are debits, as for credit cards.
      debit_words, credit_words: What the flag column says.
      continuation: Whether rows with nothing but text go on with the row above.
      footer: How rows begin that are no booking.
      month: A pattern for year and month above the table, for dates without a year.
      columns: Field → headers or numbers (from 1) of its columns.
    """

    id: str
    name: str
    own: bool
    header: tuple[str, ...]
    width: int
    encoding: str | None
    delimiter: str | None
    date: str
    decimal: str
    account: str
    currency: str
    labels: Mapping[str, str]
    reversed: bool
    debit_words: frozenset[str]
    credit_words: frozenset[str]
    continuation: bool
    footer: tuple[str, ...]
    month: re.Pattern[str] | None
    columns: Mapping[str, tuple[str | int, ...]]


def folded(text: object) -> str:
    """A header as it is compared: width, case and spaces do not count.

    >>> folded(" Posting\\n Date "), folded("ＡＭＯＵＮＴ")
    ('posting date', 'amount')
    """
    return " ".join(unicodedata.normalize("NFKC", str(text)).casefold().split())


def load(path: Path, *, own: bool = True) -> Profile:
    """A profile from its TOML file.

    Raises:
      BankError: It cannot be read or used; the message names the file, the key and the mend.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        content = tomllib.loads(text)
    except OSError as error:
        raise BankError(f"{path.name}: the profile cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BankError(f"{path.name}: the profile is not TOML in UTF-8: {error}") from error
    try:
        return _profile(path.stem, content, own=own)
    except ValueError as error:
        raise BankError(f"{path.name}: {error}") from error


@cache
def built_in() -> tuple[Profile, ...]:
    """The profiles of the package, in order of their names."""
    return tuple(load(path, own=False) for path in sorted(FOLDER.glob("*.toml")))


def of_names(names: Sequence[str | Path]) -> tuple[Profile, ...]:
    """Profiles by what a user gives: a TOML file, a folder of them, or the name of one of the package.

    Raises:
      BankError: There is no such profile, or it cannot be used.
    """
    found: list[Profile] = []
    for name in names:
        path = Path(name)
        if path.is_dir():
            found += [load(each) for each in sorted(path.glob("*.toml"))]
        elif path.suffix == ".toml":
            found.append(load(path))
        else:
            of_package = [profile for profile in built_in() if profile.id == str(name)]
            if not of_package:
                known = ", ".join(profile.id for profile in built_in())
                raise BankError(
                    f"there is no profile {shown(name)}: name a .toml file, a folder of them, or one of {known}"
                )
            # Named, it goes before the others.
            found += [profile._replace(own=True) for profile in of_package]
    return tuple(found)


def _profile(id: str, content: Mapping[str, Any], *, own: bool) -> Profile:
    """The profile that the TOML says; raises ValueError when it makes no sense."""
    unknown = sorted(content.keys() - KEYS)
    if unknown:
        raise ValueError(f"there is no key {shown(unknown[0])}: use one of {', '.join(sorted(KEYS))}")
    columns = _columns(content.get("columns", {}))
    width = content.get("width", 0)
    if not isinstance(width, int) or isinstance(width, bool) or not 0 <= width <= 1000:
        raise ValueError("width is the number of columns of a table without header")
    numbered = [column for names in columns.values() for column in names if isinstance(column, int)]
    if width and (len(numbered) < sum(map(len, columns.values())) or max(numbered, default=0) > width):
        raise ValueError(f"a table without header has its columns by number, 1 to {width}")
    date = _choice(content, "date", (*ORDERS, MONTH_DAY))
    month = content.get("month")
    if (date == MONTH_DAY) != (month is not None):
        raise ValueError('date = "MD" needs month, a pattern for year and month above the table, and nothing else does')
    footer = _texts(content, "footer")
    return Profile(
        id,
        _text(content, "name") or id,
        own,
        tuple(map(folded, _texts(content, "header"))),
        width,
        _text(content, "encoding") or None,
        _choice(content, "delimiter", tuple(DELIMITERS)) if "delimiter" in content else None,
        date,
        _choice(content, "decimal", (".", ",")) if "decimal" in content else ".",
        _text(content, "account"),
        _currency(_text(content, "currency")),
        {
            key.removesuffix("-label"): folded(_text(content, key)).rstrip(": ")
            for key in ("account-label", "currency-label", "opening-label", "closing-label")
            if key in content
        },
        ("sign" in content and _choice(content, "sign", (AS_WRITTEN, REVERSED)) == REVERSED),
        frozenset(map(folded, _texts(content, "debit"))) or DEBIT_WORDS,
        frozenset(map(folded, _texts(content, "credit"))) or CREDIT_WORDS,
        _flag(content, "continuation"),
        (*map(folded, footer), *FOOTER_WORDS),
        None if month is None else _pattern(month),
        columns,
    )


def _columns(content: object) -> dict[str, tuple[str | int, ...]]:
    if not isinstance(content, dict):
        raise ValueError('[columns] says which column is what, as in booked = "Date"')
    columns: dict[str, tuple[str | int, ...]] = {}
    for field, written in content.items():
        if field not in FIELDS:
            if field in KEYS:
                raise ValueError(f"{field} stands below [columns], and is no column: move it above [columns]")
            raise ValueError(f"[columns] has no {shown(field)}: use one of {', '.join(FIELDS)}")
        names = written if isinstance(written, list) else [written]
        if not names or not all(map(_is_column, names)):
            raise ValueError(f"{field} is a header or the number of a column, or a list of such")
        columns[field] = tuple(folded(name) if isinstance(name, str) else name for name in names)
    if BOOKED not in columns:
        raise ValueError("[columns] needs booked, the day of the booking")
    if (AMOUNT in columns) == bool({DEBIT, CREDIT} & columns.keys()):
        raise ValueError("[columns] needs either amount, or debit and credit")
    if AMOUNT not in columns and not {DEBIT, CREDIT} <= columns.keys():
        raise ValueError("[columns] needs both debit and credit")
    if FLAG in columns and AMOUNT not in columns:
        raise ValueError("flag goes with amount, not with debit and credit")
    return columns


def _is_column(name: object) -> bool:
    """Whether it can be a column: a header, or a number from 1."""
    if isinstance(name, str):
        return bool(name.strip())
    return isinstance(name, int) and not isinstance(name, bool) and name > 0


def _text(content: Mapping[str, Any], key: str) -> str:
    value = content.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"{key} is a text in quotes")
    return value.strip()


def _texts(content: Mapping[str, Any], key: str) -> tuple[str, ...]:
    value = content.get(key, ())
    values = (value,) if isinstance(value, str) else value
    if not isinstance(values, list | tuple) or not all(isinstance(each, str) for each in values):
        raise ValueError(f"{key} is a list of texts")
    return tuple(values)


def _currency(written: str) -> str:
    """The code of a currency; "" for none."""
    found = currency_of(written, {}) if written else ""
    if found is None:
        raise ValueError(f'currency is a code of three letters, as "EUR", and not {shown(written, 20)}')
    return found


def _flag(content: Mapping[str, Any], key: str) -> bool:
    value = content.get(key, False)
    if not isinstance(value, bool):
        raise ValueError(f"{key} is true or false")
    return value


def _choice(content: Mapping[str, Any], key: str, valid: Sequence[str]) -> str:
    value = content.get(key)
    if value not in valid:
        raise ValueError(f"{key} is one of {', '.join(map(repr, valid))}")
    return str(value)


def _pattern(text: object) -> re.Pattern[str]:
    try:
        pattern = re.compile(str(text))
    except re.error as error:
        raise ValueError(f"month is no pattern: {error}") from error
    if pattern.groups != 2:
        raise ValueError("month is a pattern with two groups, the year and the month")
    return pattern
