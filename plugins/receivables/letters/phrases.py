"""Phrases: the fixed words of a letter in each language, read from `catalogue/*.toml`.

A catalogue is a flat table of phrases plus the table `[kinds]`, the names of the document kinds.
Words in braces are filled in by `str.format`; only our own catalogue is ever a format string, never
a text of the ledger.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

LANGUAGES = ("en", "vi", "ar", "zh")
FALLBACK = "en"


class Phrases(NamedTuple):
    """The words of one language.

    Attributes:
      language: The language whose words these are, one of `LANGUAGES`.
      rtl: Whether its script runs from right to left.
      texts: The phrases by their key.
      kinds: The names of the document kinds ("invoice", "credit-memo", …).
    """

    language: str
    rtl: bool
    texts: Mapping[str, str]
    kinds: Mapping[str, str]

    def kind(self, name: str) -> str:
        """The name of a document kind; a kind without a name is shown as the ledger spells it."""
        return self.kinds.get(name, name)


@functools.cache
def phrases(language: str) -> Phrases:
    """The phrases of `language`; those of English for a language without a catalogue.

    >>> phrases("vi").texts["due_date"]
    'Ngày đến hạn'
    >>> phrases("tlh").language
    'en'
    """
    known = language if language in LANGUAGES else FALLBACK
    catalogue = files(__package__).joinpath("catalogue", f"{known}.toml")
    texts = tomllib.loads(catalogue.read_text(encoding="utf-8"))
    kinds = texts.pop("kinds")
    rtl = texts.pop("direction") == "rtl"
    return Phrases(known, rtl, MappingProxyType(texts), MappingProxyType(kinds))
