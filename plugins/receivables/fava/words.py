"""Words: the fixed texts of the pages in each language, and how amounts read there.

The names of kinds of documents are those of the letters. A text of the ledger is never a format string.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Mapping
from decimal import Decimal
from importlib.resources import files
from typing import Any, Final, NamedTuple

from receivables.faces.cells import heading, sound
from receivables.letters.formats import Formats, formats
from receivables.letters.phrases import LANGUAGES, phrases
from receivables.report import Column

FALLBACK: Final = "en"

_DIGIT: Final = re.compile(r"\d{4}-\d\d-\d\d|\d", re.ASCII)
_NAME: Final = re.compile(r"[a-z]+(_[a-z0-9]+)+")
_AGED: Final = re.compile(r"days_(\d+)_(\d+)")
_AGED_OVER: Final = re.compile(r"days_over_(\d+)")


class Words(NamedTuple):
    """The words of one language.

    Attributes:
      language: One of `LANGUAGES`.
      rtl: Whether it runs from right to left.
      texts, columns, values: Phrases by key, headings by the name of the column, and the words that cells have.
      numbers: How numbers are written.
      hidden: Whether every amount reads as X (Fava's incognito mode).
    """

    language: str
    rtl: bool
    texts: Mapping[str, str]
    columns: Mapping[str, str]
    values: Mapping[str, str]
    numbers: Formats
    hidden: bool = False

    def __call__(self, phrase: str, /, **fill: Any) -> str:
        """A phrase, with what stands in braces filled in."""
        if self.rtl:
            # A date or a number keeps its own direction in a sentence from right to left (UAX 9, isolates).
            fill = {name: f"\u2068{value}\u2069" for name, value in fill.items()}
        return self.texts[phrase].format(**fill)

    def column(self, column: Column, relation: str = "") -> str:
        """The heading of a column; metadata keys read as they are written."""
        own = self.columns.get(f"{relation}.{column.name}")
        return own or self.bucket(column.name) or self.columns.get(column.name) or sound(heading(column))

    def key(self, key: str) -> str:
        """The name of a metadata key, as it is written where it has none."""
        return self.columns.get(key.replace("-", "_")) or key

    def bucket(self, name: str) -> str:
        """The name of an aging bucket; "" for what is none."""
        if aged := _AGED.fullmatch(name):
            return self("bucket_range", low=aged[1], high=aged[2])
        if over := _AGED_OVER.fullmatch(name):
            return self("bucket_over", days=over[1])
        return ""

    def value(self, word: str) -> str:
        """A word that the program itself puts into a cell: a kind, a status, a bucket."""
        kinds = phrases(self.language).kinds
        known = self.values.get(word) or kinds.get(word) or self.bucket(word) or self.columns.get(word)
        return known or (word.replace("_", " ") if _NAME.fullmatch(word) else word)

    def money(self, amount: Decimal, digits: int) -> str:
        """An amount with its decimal places, more where it has more."""
        return self.masked(self.numbers.money(amount, digits))

    def number(self, number: Decimal | int) -> str:
        """A figure that is no amount: a count, days, percent."""
        value = Decimal(number)
        exponent = value.as_tuple().exponent
        return self.numbers.money(value, max(0, -exponent if isinstance(exponent, int) else 0))

    def said(self, value: Any) -> str:
        """A value of metadata as text, an amount or a number without its digits in incognito mode."""
        counts = isinstance(value, Decimal) or isinstance(getattr(value, "number", None), Decimal)
        return sound(self.masked(str(value)) if counts else str(value))

    def masked(self, text: str) -> str:
        """A text of the program that has amounts in it, without them in incognito mode; dates stay."""
        return _DIGIT.sub(lambda found: found[0] if len(found[0]) > 1 else "X", text) if self.hidden else text


@functools.cache
def _catalogue(language: str) -> Mapping[str, Any]:
    path = files(__package__).joinpath("catalogue", f"{language}.toml")
    return tomllib.loads(path.read_text(encoding="utf-8"))


def known_language(said: str | None) -> str:
    """The language of a locale; English when we have no words of it.

    >>> known_language("vi_VN"), known_language("tlh"), known_language("zh-Hant-TW"), known_language(None)
    ('vi', 'en', 'zh', 'en')
    """
    language = (said or "").replace("-", "_").partition("_")[0].lower()
    return language if language in LANGUAGES else FALLBACK


def words(language: str, locale: str | None = None, *, hidden: bool = False) -> Words:
    """The words of a language, with the numbers of a locale where one is given."""
    catalogue = _catalogue(language)
    numbers = formats(language) if locale is None else _numbers(locale)
    return Words(
        language, phrases(language).rtl, catalogue["texts"], catalogue["columns"], catalogue["values"], numbers, hidden
    )


@functools.cache
def _numbers(locale: str) -> Formats:
    """How a locale writes numbers, in Latin digits; that of English for one that Babel does not know."""
    from babel import Locale, UnknownLocaleError

    try:
        parsed = Locale.parse(locale.replace("-", "_"))
        symbols = parsed.number_symbols["latn"]
    except (UnknownLocaleError, ValueError, KeyError):
        return formats(FALLBACK)
    plain = formats(FALLBACK)
    return plain._replace(
        locale=str(parsed), decimal=symbols.get("decimal", "."), group=symbols.get("group", ","), minus="-"
    )
