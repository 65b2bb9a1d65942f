"""Text: names for accounts and links that resemble a spreadsheet's words, and the text of the new ledger's files."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

from beancount.core import account as accounts
from beancount.core.data import Directive, Transaction

from receivables.measuring import cells_wide
from receivables.posting import text as ledger
from receivables_importers.start.problems import StartError, shown

LEAF_CHARACTERS_MAX: Final = 60
LINK_CHARACTERS_MAX: Final = 80
_AMOUNT_WIDTH: Final = 16
_LINK: Final = re.compile(r"[A-Za-z0-9\-_/.]+")
_NOT_OF_LINK: Final = re.compile(r"[^A-Za-z0-9\-_/.]+")


# Names


def is_link(text: str) -> bool:
    """Whether Beancount reads `^text` as one link."""
    return len(text) <= LINK_CHARACTERS_MAX and _LINK.fullmatch(text) is not None


def safe_link(text: str) -> str:
    """A legal link that resembles `text`.

    >>> safe_link("HĐ 17/2013"), safe_link("ف-١٢"), safe_link("发票"), safe_link("INV-1")
    ('HD-17/2013', '12', 'document', 'INV-1')
    """
    if is_link(text):
        return text
    ascii_text = "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in unicodedata.normalize("NFKD", text.replace("Đ", "D").replace("đ", "d"))
        if not unicodedata.combining(character)
    )
    return _NOT_OF_LINK.sub("-", ascii_text).strip("-")[:LINK_CHARACTERS_MAX] or "document"


def account_leaf(text: str) -> str:
    """A legal last part of an account that resembles `text`.

    It begins with a capital letter or a digit and goes on with letters, digits and hyphens; scripts without
    capitals get a "C-" in front.

    >>> account_leaf("0379-NEVHP"), account_leaf("đông á, jsc"), account_leaf("公司"), account_leaf("&")
    ('0379-NEVHP', 'Đông-á-jsc', 'C-公司', 'Customer')
    """
    letters = (_letter(character) for character in unicodedata.normalize("NFC", text))
    words = re.sub("-+", "-", "".join(letters)).strip("-")[:LEAF_CHARACTERS_MAX].rstrip("-")
    for name in (words, words[:1].upper() + words[1:], f"C-{words}" if words else "Customer"):
        if accounts.is_valid_leaf(name):
            return name
    # Letters that are too new for Beancount's tables of characters.
    return f"C-{re.sub('[^A-Za-z0-9]+', '-', words).strip('-')}".rstrip("-")


def _letter(character: str) -> str:
    """The character where account names may have it, nothing for marks on letters, else a hyphen."""
    category = unicodedata.category(character)
    if category[0] == "L" or category == "Nd":
        return character
    return "" if category[0] == "M" or category == "Cf" else "-"


class Names:
    """Hands out names that all differ, also when capitals do not count.

    Args:
      taken: Names that nobody gets.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold() for name in taken}
        self._count: dict[str, int] = {}

    def claim(self, wanted: str) -> str:
        """`wanted`, or with the first of -2, -3, … that is free; it is taken from now on.

        >>> names = Names(["INV-1"])
        >>> names.claim("inv-1"), names.claim("inv-1"), names.claim("INV-2")
        ('inv-1-2', 'inv-1-3', 'INV-2')
        """
        name = wanted
        count = self._count.get(wanted.casefold(), 1)
        while name.casefold() in self._taken:
            count += 1
            name = f"{wanted}-{count}"
        self._count[wanted.casefold()] = count
        self._taken.add(name.casefold())
        return name


# Files


def ledger_text(comments: Sequence[str], entries: Sequence[Directive]) -> str:
    """The text of a ledger file: comments, then the directives in the given order.

    Raises:
      StartError: Beancount would read something else than what was meant.
    """
    accounts_end = max(
        (
            cells_wide(posting.account)
            for entry in entries
            if isinstance(entry, Transaction)
            for posting in entry.postings
        ),
        default=0,
    )
    try:
        return ledger.ledger_text(comments, entries, len("  ") + accounts_end + len(" ") + _AMOUNT_WIDTH)
    except ledger.TextError as error:
        raise StartError(
            f"the ledger's text would not say what was meant ({shown(error)}): nothing is written; this is a fault of"
            " the program, please report it with the row concerned"
        ) from error
