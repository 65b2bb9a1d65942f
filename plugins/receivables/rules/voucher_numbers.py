"""Voucher numbers: how the numbers of a receipt book are written, counted and compared.

A number is a counter between words that stay the same: "A017-013", "000113", "PT 013/26". Case and spaces do not
matter, zeros before the counter do: a printed book has "A017-013" and no "A017-13".
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

MOST: Final = 100_000
"""So many numbers one book may have: more is a slip of the pen, which would list as many as missing."""

EXAMPLE: Final = '"A017-001 to A017-050"'

_LONGEST: Final = 18
_LONGEST_NUMBER: Final = 100
_DIGITS: Final = re.compile(r"([0-9]+)")


class NumberRange(NamedTuple):
    """The numbers of a book.

    Attributes:
      prefix, suffix: What stands before and behind the counter, as written.
      first, last: The first and the last counter, both included.
      width: How many digits the counter has at least, with zeros before it.
    """

    prefix: str
    suffix: str
    first: int
    last: int
    width: int

    @property
    def size(self) -> int:
        """How many numbers there are."""
        return self.last - self.first + 1

    @property
    def words(self) -> tuple[str, str]:
        """What stands before and behind the counter, as compared."""
        return plain(self.prefix), plain(self.suffix)

    def digits(self, counter: int) -> str:
        """The counter as the book writes it.

        >>> NumberRange("A017-", "", 1, 50, 3).digits(7)
        '007'
        """
        return str(counter).zfill(self.width)

    def number(self, counter: int) -> str:
        """The number as the book writes it.

        >>> NumberRange("A017-", "", 1, 50, 3).number(13)
        'A017-013'
        """
        return f"{self.prefix}{self.digits(counter)}{self.suffix}"

    def counter(self, text: str) -> int | None:
        """The counter of a number; None for one that the book does not have.

        >>> book = NumberRange("A017-", "", 1, 50, 3)
        >>> book.counter("a017 - 013"), book.counter("A017-13"), book.counter("A017-051")
        (13, None, None)
        """
        for words, digits in counters(text):
            if words == self.words:
                value = int(digits)
                if self.first <= value <= self.last and self.digits(value) == digits:
                    return value
        return None

    def __str__(self) -> str:
        return f"{self.number(self.first)} to {self.number(self.last)}"


def plain(text: str) -> str:
    """A number as it is compared: without spaces and case, digits of any width of type.

    >>> plain(" a017 - 013"), plain("Ａ０１７-013")
    ('a017-013', 'a017-013')
    """
    written = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return "".join(written.split()).casefold()


def counters(text: str) -> list[tuple[tuple[str, str], str]]:
    """Every reading of a number: the words around a counter, as compared, and the counter's digits.

    >>> counters("A17-013")
    [(('a', '-013'), '17'), (('a17-', ''), '013')]
    """
    written = plain(text)
    if len(written) > _LONGEST_NUMBER:
        return []
    return [
        ((written[: found.start()], written[found.end() :]), found[0])
        for found in _DIGITS.finditer(written)
        if len(found[0]) <= _LONGEST
    ]


def ends(text: str) -> tuple[str, str] | None:
    """The first and the last number of "A017-001 to A017-050"; None when it is no range.

    >>> ends("A017-001 to A017-050"), ends("A017-001")
    (('A017-001', 'A017-050'), None)
    """
    words = text.split()
    between = [place for place, word in enumerate(words) if word.casefold() == "to"]
    if len(between) != 1 or between[0] in (0, len(words) - 1):
        return None
    return " ".join(words[: between[0]]), " ".join(words[between[0] + 1 :])


def read_range(text: str) -> NumberRange:
    """The numbers of a book: the first and the last, which differ in one counter.

    Raises ValueError with what is wrong.

    >>> read_range("A017-001 to A017-050")
    NumberRange(prefix='A017-', suffix='', first=1, last=50, width=3)
    >>> str(read_range("1 to 50")), str(read_range("PT 001/26 to PT 050/26"))
    ('1 to 50', 'PT 001/26 to PT 050/26')
    """
    both = ends(text)
    if both is None:
        raise ValueError("is not a first and a last number")
    if max(map(len, both)) > _LONGEST_NUMBER:
        raise ValueError("has numbers that are too long")
    first, last = (_tokens(number) for number in both)
    # Digits stand at every second place, between the words.
    differ = [place for place in range(1, len(first), 2) if first[place : place + 1] != last[place : place + 1]]
    words = [[plain(token) for token in number[::2]] for number in (first, last)]
    if len(first) == 1 or len(first) != len(last) or len(differ) > 1 or words[0] != words[1]:
        raise ValueError("must have two numbers that differ in nothing but their counter")
    place = differ[0] if differ else len(first) - 2
    begin, end = first[place], last[place]
    if max(len(begin), len(end)) > _LONGEST:
        raise ValueError("has a counter that is too long")
    found = NumberRange(
        "".join(first[:place]), "".join(first[place + 1 :]), int(begin), int(end), len(begin)
    )  # fmt: skip
    if found.last < found.first:
        raise ValueError("ends before it begins")
    if found.digits(found.last) != end:
        raise ValueError("must write both counters with the same zeros")
    if found.size > MOST:
        raise ValueError(f"has more than {MOST:,} numbers")
    return found


def _tokens(number: str) -> list[str]:
    """Words and digits by turns; spaces inside are kept where they part no digits, as they are not compared."""
    written = unicodedata.normalize("NFKC", number)
    kept, joined = _DIGITS.split(written), _DIGITS.split("".join(written.split()))
    return kept if len(kept) == len(joined) else joined
