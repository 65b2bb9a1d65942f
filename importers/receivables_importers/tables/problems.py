"""Problems of tables: the error of a file that is none, and how messages quote what a file says."""

from __future__ import annotations

from typing import Final

UNSAFE: Final = dict.fromkeys((*range(32), *range(127, 160), 0x2028, 0x2029), " ")
"""What no message may hold, for `str.translate`."""


class TableError(Exception):
    """A file is no table, or none that can be read: the message says which, why, and what to do about it."""


class TooLargeError(TableError):
    """It has more of something than is read."""


def shown(text: object, limit: int = 60) -> str:
    """A text from a file, in quotes on one line and shortened, as messages show it.

    >>> shown("12x\\n")
    '"12x "'
    """
    plain = str(text).translate(UNSAFE)
    return f'"{plain if len(plain) <= limit else plain[: limit - 1] + "…"}"'
