"""Values: numbers, dates, flags and currencies as people write them into cells, read exactly.

A cell that has one reading is read; one that has several is told by the decimal mark and the order of
day, month and year, which `decimal_votes` and `date_votes` find in a whole column or leave to the mapping.
Numbers are Decimal from their digits; nothing is rounded.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Mapping
from decimal import Context, Decimal
from functools import cache, lru_cache
from typing import Final, NamedTuple

from babel.numbers import list_currencies

from receivables.money import iso_digits
from receivables_importers.tables.problems import shown
from receivables_importers.tables.reading import Cell

DAY_FIRST: Final = "DMY"
MONTH_FIRST: Final = "MDY"
YEAR_FIRST: Final = "YMD"
ORDERS: Final[Mapping[str, str]] = {
    DAY_FIRST: "day/month/year",
    MONTH_FIRST: "month/day/year",
    YEAR_FIRST: "year/month/day",
}
"""The orders of day, month and year, as the mapping names them."""

POINT: Final = "."
COMMA: Final = ","

DECIMALS_MAX: Final = 6
"""More places than this are what a formula left behind, not an amount."""

YEARS: Final = range(1900, 2200)
"""A year outside is a typing error."""

DIGITS_MAX: Final = 15
"""How many digits a workbook keeps of a number: of more it has lost some. No amount has more before its
decimal mark, which also keeps the sum of a million of them exact."""

TOO_LARGE: Final = Decimal(10) ** DIGITS_MAX

NOTHING: Final = frozenset({"", "-", "–", "—", "n/a", "null", "none", "nil"})
"""What people and databases write into a cell for "nothing here"."""

SYMBOLS: Final[Mapping[str, str]] = {
    "₫": "VND",
    "đ": "VND",
    "vnđ": "VND",
    "€": "EUR",
    "£": "GBP",
    "₹": "INR",
    "៛": "KHR",
    "฿": "THB",
    "₩": "KRW",
    "rmb": "CNY",
    "人民币": "CNY",
    "us$": "USD",
}
"""Signs that mean one currency; "$" and "¥" mean several."""

SHARED_SYMBOLS: Final = frozenset({"$", "¥", "￥", "元"})

_DAYS_REMEMBERED: Final = 4_096
"""A book of ten years has fewer different dates, and each stands on many rows."""

_CURRENCY = r"(?:[^\W\d_]{1,8}\$?|[$£¤¥฿៛\u20a0-\u20cf]?)"
_NUMBER = re.compile(
    rf"(?P<sign>[-+]?)\s*(?P<before>{_CURRENCY})\s*(?P<inner>[-+]?)\s*"
    r"(?P<digits>[0-9][0-9.,'٫ ]*|[.,][0-9]+)\s*"
    rf"(?P<after>{_CURRENCY})\s*(?P<behind>-?)"
)
_SCIENTIFIC = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?[eE][-+]?[0-9]+")
_THREES = re.compile(r"[1-9][0-9]{0,2}(?:(?P<group>[.,' ])[0-9]{3})(?:(?P=group)[0-9]{3})*")
_LAKHS = re.compile(r"[1-9][0-9]?(?:(?P<group>[.,' ])[0-9]{2})(?:(?P=group)[0-9]{2})*(?P=group)[0-9]{3}")
_TIME = re.compile(r"[ T]+[0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?\s*([AaPp]\.?[Mm]\.?|Z|[-+][0-9]{2}:?[0-9]{2})?$")
_YEAR_FIRST = re.compile(r"([0-9]{4})\s*[-/.年 ]\s*([0-9]{1,2})\s*[-/.月 ]\s*([0-9]{1,2})\s*日?")
_COMPACT = re.compile(r"((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})\s*[-/. ]\s*([0-9]{1,2})\s*[-/. ]\s*([0-9]{4}|[0-9]{2})")
_DAY_NAME = re.compile(r"([0-9]{1,2})(?:st|nd|rd|th)?[-/. ]*([A-Za-z]{3,9})[-/., ]*([0-9]{4}|[0-9]{2})")
_NAME_DAY = re.compile(r"([A-Za-z]{3,9})[-/. ]*([0-9]{1,2})(?:st|nd|rd|th)?[-/., ]+([0-9]{4})")
_VIETNAMESE = re.compile(r"(?:ngày\s+)?([0-9]{1,2})\s+tháng\s+([0-9]{1,2}),?\s+năm\s+([0-9]{4})", re.IGNORECASE)
_MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september",
           "october", "november", "december")  # fmt: skip


_WIDE = Context(prec=120)


class Money(NamedTuple):
    """A number and the sign or code of a currency written with it ("" for none)."""

    amount: Decimal
    currency: str


class Votes(NamedTuple):
    """What one cell says about the ways to read it.

    Attributes:
      possible: The ways that fit.
      matters: Whether those ways give different values.
    """

    possible: frozenset[str]
    matters: bool


_NO_VOTE = Votes(frozenset(), False)


def plain(text: str) -> str:
    """The text with ordinary digits, spaces and minus signs.

    >>> plain("１２,５０"), plain("١٢٫٥")
    ('12,50', '12٫5')
    """
    if text.isascii():
        return text.strip()
    folded = unicodedata.normalize("NFKC", text).replace("−", "-").replace("٬", "'").replace("’", "'")
    return "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in folded
        if unicodedata.category(character) != "Cf"
    ).strip()


# Numbers


def read_money(text: str, mark: str) -> Money:
    """A number as people write it: grouped, in parentheses or with a minus behind, with a currency.

    Args:
      text: The cell.
      mark: The decimal mark, "." or ",".
    Raises:
      ValueError: It is no number; the message says why.

    >>> read_money("1.234.567,50 ₫", ","), read_money("(1,234.50)", ".")
    (Money(amount=Decimal('1234567.50'), currency='₫'), Money(amount=Decimal('-1234.50'), currency=''))
    """
    written = plain(text)
    if len(written) > 60:
        raise ValueError("it is too long for a number")
    if _SCIENTIFIC.fullmatch(written):
        raise ValueError("the spreadsheet program has shortened it: give the column a number format")
    if written.startswith("#"):
        raise ValueError("it is the error of a formula")
    enclosed = written.startswith("(") and written.endswith(")")
    found = _NUMBER.fullmatch(written[1:-1].strip() if enclosed else written)
    if found is None:
        raise ValueError("it is not a number")
    signs = found["sign"] + found["inner"] + found["behind"]
    if len(signs) + enclosed > 1:
        raise ValueError("it has more than one sign")
    if found["before"] and found["after"]:
        raise ValueError("it names a currency twice")
    amount = _digits(found["digits"].strip(), mark)
    return Money(-amount if enclosed or signs == "-" else amount, found["before"] or found["after"])


def _digits(written: str, mark: str) -> Decimal:
    if "٫" in written:
        # The Arabic decimal mark leaves no doubt.
        written = written.replace(mark, "'").replace("٫", mark)
    whole, point, places = written.partition(mark)
    if point and (mark in places or not (places == "" or places.isdigit())):
        raise ValueError(f'with "{mark}" as decimal mark it is not a number')
    if not whole.isdigit() and whole:
        if _THREES.fullmatch(whole) or _LAKHS.fullmatch(whole):
            whole = re.sub("[^0-9]", "", whole)
        else:
            raise ValueError(f'with "{mark}" as decimal mark its digits are grouped wrongly')
    return Decimal(f"{whole or '0'}.{places}" if places else whole)


def decimal_votes(text: str) -> Votes:
    """Which decimal marks a cell leaves possible.

    >>> sorted(decimal_votes("1.234,50").possible), sorted(decimal_votes("1,234").possible)
    ([','], [',', '.'])
    """
    found: dict[str, Decimal] = {}
    for mark in (POINT, COMMA):
        try:
            found[mark] = read_money(text, mark).amount
        except ValueError:
            continue
    return Votes(frozenset(found), len(set(found.values())) > 1) if found else _NO_VOTE


# Dates


@lru_cache(maxsize=_DAYS_REMEMBERED)
def read_date(text: str, order: str | None) -> datetime.date:
    """A date; a time of day behind it does not count.

    Args:
      text: The cell.
      order: How day, month and year follow each other where the writing itself does not tell.
    Raises:
      ValueError: It is no date, or (with order None) it depends on the order.

    >>> read_date("26/1/2013", "DMY"), read_date("2013年1月26日", None), read_date("26-Jan-13", None)
    (datetime.date(2013, 1, 26), datetime.date(2013, 1, 26), datetime.date(2013, 1, 26))
    """
    written = _TIME.sub("", plain(text))
    if len(written) > 40:
        raise ValueError("it is too long for a date")
    found = _YEAR_FIRST.fullmatch(written) or _COMPACT.fullmatch(written)
    if found:
        return _date(found[1], found[2], found[3])
    found = _YEAR_LAST.fullmatch(written)
    if found:
        return _in_order((found[1], found[2], found[3]), order)
    found = _VIETNAMESE.fullmatch(written)
    if found:
        return _date(found[3], found[2], found[1])
    found = _DAY_NAME.fullmatch(written)
    if found:
        return _date(found[3], _month(found[2]), found[1])
    found = _NAME_DAY.fullmatch(written)
    if found:
        return _date(found[3], _month(found[1]), found[2])
    if re.fullmatch(r"[0-9]{5}([.,][0-9]+)?", written):
        raise ValueError("it is the count of days by which a spreadsheet keeps dates: format the column as date")
    raise ValueError("it is not a date")


def _in_order(parts: tuple[str, str, str], order: str | None) -> datetime.date:
    if order is None:
        raise ValueError("it can be read in several orders")
    if order == YEAR_FIRST:
        if len(parts[2]) == 4:
            raise ValueError(f"it does not begin with the year, as {ORDERS[order]} has it")
        return _date(parts[0], parts[1], parts[2])
    day, month = (parts[0], parts[1]) if order == DAY_FIRST else (parts[1], parts[0])
    return _date(parts[2], month, day)


def _date(year: str, month: str, day: str) -> datetime.date:
    number = int(year)
    if len(year) <= 2:
        # Two digits as POSIX reads them: 69 to 99 are of the last century.
        number += 1900 if number >= 69 else 2000
    if number not in YEARS:
        raise ValueError(f"the year {number} cannot be meant")
    try:
        return datetime.date(number, int(month), int(day))
    except ValueError as error:
        raise ValueError("there is no such day") from error


def _month(name: str) -> str:
    lower = name.lower()
    for number, month in enumerate(_MONTHS, 1):
        if month == lower or lower in (month[:3], "sept" if number == 9 else month[:3]):
            return str(number)
    raise ValueError(f"{shown(name)} is no month")


def spoken(day: datetime.date) -> str:
    """A date that cannot be misread, whatever the locale.

    >>> spoken(datetime.date(2013, 2, 1))
    '1 February 2013'
    """
    return f"{day.day} {_MONTHS[day.month - 1].capitalize()} {day.year}"


@lru_cache(maxsize=_DAYS_REMEMBERED)
def date_votes(text: str) -> Votes:
    """Which orders of day, month and year a cell leaves possible.

    >>> sorted(date_votes("1/26/2013").possible), sorted(date_votes("1/2/2013").possible)
    (['MDY'], ['DMY', 'MDY'])
    """
    found: dict[str, datetime.date] = {}
    for order in ORDERS:
        try:
            found[order] = read_date(text, order)
        except ValueError:
            continue
    return Votes(frozenset(found), len(set(found.values())) > 1) if found else _NO_VOTE


# Texts, currencies


def text_of(cell: Cell) -> str:
    """A cell that identifies something, as one line of text; "" for an empty one.

    Raises ValueError when the spreadsheet program has changed what was typed.
    """
    if cell is None:
        return ""
    if isinstance(cell, str):
        text = " ".join(cell.split())
        if _SCIENTIFIC.fullmatch(text) and "+" in text:
            raise ValueError("the spreadsheet program has shortened it: format the column as text")
        return text
    if isinstance(cell, Decimal):
        if abs(cell) >= TOO_LARGE:
            raise ValueError("it has more digits than a spreadsheet keeps: format the column as text, type it again")
        return format(cell, "f")
    raise ValueError("the spreadsheet program has made a date of it: format the column as text, type it again")


def is_currency(code: str) -> bool:
    """Whether ISO 4217 knows the code."""
    return code in _iso_currencies()


@cache
def _iso_currencies() -> frozenset[str]:
    return frozenset(list_currencies())


def currency_of(written: str, names: Mapping[str, str]) -> str | None:
    """The currency that a sign, word or code means; None when it is unknown or could be several.

    Args:
      written: As in the file.
      names: What the mapping says that words mean; it goes first.
    """
    if written in names:
        return names[written]
    code = written.strip().upper()
    if len(code) == 3 and code.isascii() and is_currency(code):
        return code
    return SYMBOLS.get(written.strip().casefold())


def in_currency(amount: Decimal, currency: str) -> Decimal:
    """The same amount with the decimal places of its currency, more only where it has them.

    >>> in_currency(Decimal("55.9"), "USD"), in_currency(Decimal("1000.00"), "VND")
    (Decimal('55.90'), Decimal('1000'))
    """
    places = max(iso_digits(currency), decimal_places(amount))
    return Decimal(format(amount, f".{places}f"))


def decimal_places(amount: Decimal) -> int:
    """How many decimal places the amount needs: 1.50 needs one, 100 none."""
    exponent = amount.normalize(_WIDE).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
