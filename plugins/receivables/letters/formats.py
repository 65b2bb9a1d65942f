"""Numbers and dates as a reader of each language expects them, exact to the last digit.

The separators and the date patterns are those of Babel (CLDR); the digits themselves are put
together here, because a `Decimal` must never pass through a float or a rounding context.

Choices that CLDR leaves open:
- English is international English (en-GB): "31 Mar 2026" cannot be mistaken for another day, as
  "3/4/26" can.
- Arabic keeps Latin digits for amounts and dates ("1,234.50", "31/03/2026"), as the region's banks and
  e-invoice portals print them, and as references must be typed back.
- Chinese writes 2026年3月31日, Vietnamese 31/03/2026 and 1.234.567,50.
"""

from __future__ import annotations

import datetime
import functools
from decimal import Decimal
from typing import NamedTuple

LOCALES = {
    "en": ("en_GB", "d MMM y"),
    "vi": ("vi", "dd/MM/y"),
    "ar": ("ar_AE", "dd/MM/y"),
    "zh": ("zh", "y年M月d日"),
}
"""Babel's locale and the date pattern of each language."""

_DIRECTION_MARKS = str.maketrans("", "", "\u061c\u200e\u200f")


class Formats(NamedTuple):
    """How one language writes numbers and dates.

    Attributes:
      locale: Babel's locale.
      pattern: The pattern of a date in Babel's terms.
      decimal, group, minus: The decimal separator, the separator of thousands and the minus sign.
    """

    locale: str
    pattern: str
    decimal: str
    group: str
    minus: str

    def money(self, amount: Decimal, digits: int) -> str:
        """An amount with `digits` decimal places, and with more when it has more: nothing is rounded.

        >>> from decimal import Decimal as D
        >>> formats("vi").money(D("-1234567.50"), 0), formats("en").money(D("1234.5"), 3)
        ('-1.234.567,5', '1,234.500')
        """
        sign, whole, fraction = split(amount, digits)
        text = f"{int(whole):,}".replace(",", self.group)
        if fraction:
            text = f"{text}{self.decimal}{fraction}"
        return f"{self.minus}{text}" if sign else text

    def date(self, day: datetime.date) -> str:
        """A day.

        >>> formats("zh").date(datetime.date(2026, 3, 31))
        '2026年3月31日'
        """
        return _date(self.locale, self.pattern, day)


def split(amount: Decimal, digits: int) -> tuple[bool, str, str]:
    """Whether `amount` is negative, its whole part and its decimals: at least `digits`, all of them if it has more.

    >>> split(Decimal("-1E+3"), 2), split(Decimal("-0.00"), 0), split(Decimal("0.1250"), 2)
    ((True, '1000', '00'), (False, '0', ''), (False, '0', '125'))
    """
    whole, _, fraction = f"{amount:f}".lstrip("-").partition(".")
    return amount < 0, whole, fraction.rstrip("0").ljust(digits, "0")


@functools.cache
def formats(language: str) -> Formats:
    """How `language` writes numbers and dates; English for a language that we have no letters in."""
    # Babel costs some 40 ms and is needed by nobody who only lists open items.
    from babel import Locale

    name, pattern = LOCALES.get(language, LOCALES["en"])
    symbols = Locale.parse(name).number_symbols["latn"]
    # CLDR's Arabic minus sign carries a direction mark; our letters isolate whole amounts instead.
    minus = symbols["minusSign"].translate(_DIRECTION_MARKS)
    return Formats(name, pattern, symbols["decimal"], symbols["group"], minus)


@functools.lru_cache(maxsize=4096)
def _date(locale: str, pattern: str, day: datetime.date) -> str:
    from babel.dates import format_date

    return format_date(day, format=pattern, locale=locale)
