"""Noted numbers: whether a line names what we have given out or noted: a slip, a cheque, a voucher, a credit."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from receivables_importers.application.reading.texts import folded
from receivables_importers.bank.model import BankLine

_WORD: Final = re.compile(r"[^\W_]+")
_PART: Final = re.compile(r"[^\W\d_]+|\d+")
_WINDOW: Final = 6
"""So many words in a row may be one number that separators cut."""

DIGITS_MIN: Final = 3
"""A number of fewer digits, leading zeros apart, is none that a text can name."""
LITERAL_MIN: Final = 5
"""A number of so many characters is no accident."""
ALONE_MIN: Final = 4
"""So many digits a number needs that stands without the letters in front of it."""


class Said(NamedTuple):
    """What a line says, made comparable.

    Attributes:
      parts: Its words, letters and digits apart, numbers without leading zeros.
      joined: Up to six words in a row without what separates them.
    """

    parts: tuple[str, ...]
    joined: frozenset[str]


def said_by(line: BankLine) -> Said:
    """What a line says in its text and references."""
    own = line.references
    texts = (
        line.remittance, own.cheque, own.customer, own.end_to_end, own.creditor, own.bank, own.transaction,
        *own.documents, line.code,
    )  # fmt: skip
    return said_in(dict.fromkeys(filter(None, texts)))


def said_in(texts: Iterable[str]) -> Said:
    """What texts say; nothing goes from the end of one to the beginning of the next."""
    parts: list[str] = []
    joined: set[str] = set()
    for text in texts:
        plain = folded(text)
        parts += ["", *_parts(plain)]
        words = _WORD.findall(plain)
        for begin in range(len(words)):
            joined.update("".join(words[begin:end]) for end in range(begin + 1, min(begin + _WINDOW, len(words)) + 1))
    return Said(tuple(parts), frozenset(joined))


def mentions(said: Said, number: str, amount: str = "") -> bool:
    """Whether a text names a number: with other separators or none, without leading zeros or the letters in front.

    Args:
      said: The text.
      number: As the ledger writes it.
      amount: The digits of the line's amount, which name nothing.

    >>> said = said_in(["NOP TIEN MAT SLIP D4711, SEC SO 123 RC 2026 0042"])
    >>> [mentions(said, number) for number in ("D-4711", "4711", "000123", "RC-2026-042", "D-5711", "12", "X-2026-42")]
    [True, True, True, True, False, False, False]
    """
    plain = folded(number)
    parts = _parts(plain)
    digits = [part for part in parts if part.isdigit()]
    if sum(map(len, digits)) < DIGITS_MIN or (amount and "".join(parts) == amount):
        return False
    if "".join(_WORD.findall(plain)) in said.joined or _within(parts, said.parts):
        return True
    without = parts[1:] if len(parts) > 1 and not parts[0].isdigit() else ()
    alone = len(without) == 1 and len(without[0]) >= ALONE_MIN and without[0] != amount
    counted = len(without) > 1 and without[-1].isdigit() and len(without[-1]) >= DIGITS_MIN
    return (alone or counted) and _within(without, said.parts)


def literally(said: Said, number: str) -> bool:
    """Whether a text has a number of some length as the ledger writes it, but for what separates its parts.

    >>> said = said_in(["CHQ 000123 SLIP 77"])
    >>> literally(said, "000-123"), literally(said, "123"), literally(said, "77")
    (True, False, False)
    """
    plain = "".join(_WORD.findall(folded(number)))
    return len(plain) >= LITERAL_MIN and any(map(str.isdigit, plain)) and plain in said.joined


class NumberIndex:
    """Finds which of many numbers a line names, without asking for each.

    Args:
      numbers: The numbers, as the ledger writes them.
    """

    def __init__(self, numbers: Iterable[str]) -> None:
        self._by_last: dict[str, list[str]] = {}
        self._by_word: dict[str, list[str]] = {}
        for number in numbers:
            plain = folded(number)
            digits = [part for part in _parts(plain) if part.isdigit()]
            if digits:
                self._by_last.setdefault(digits[-1], []).append(number)
                self._by_word.setdefault("".join(_WORD.findall(plain)), []).append(number)

    def named(self, said: Said, amount: str = "") -> list[str]:
        """The numbers that a line names, in alphabetical order; see `mentions`."""
        may = {number for part in said.parts for number in self._by_last.get(part, ())}
        may |= {number for word in said.joined for number in self._by_word.get(word, ())}
        return sorted(number for number in may if mentions(said, number, amount))


def _parts(folded_text: str) -> tuple[str, ...]:
    return tuple((part.lstrip("0") or "0") if part.isdigit() else part for part in _PART.findall(folded_text))


def _within(parts: tuple[str, ...], text: tuple[str, ...]) -> bool:
    size = len(parts)
    return any(text[begin : begin + size] == parts for begin in range(len(text) - size + 1))
