"""Values: what people write into cells about receivables, read exactly: flags and payment terms here.

Numbers, dates and currencies are those of `receivables_importers.tables.values`, and named here too.
"""

from __future__ import annotations

import re
from typing import Final

from receivables.rules.terms import TermsError, parse_terms
from receivables_importers.tables.reading import Cell
from receivables_importers.tables.values import (
    COMMA,
    DAY_FIRST,
    DECIMALS_MAX,
    DIGITS_MAX,
    NOTHING,
    ORDERS,
    POINT,
    SHARED_SYMBOLS,
    TOO_LARGE,
    Money,
    Votes,
    currency_of,
    date_votes,
    decimal_places,
    decimal_votes,
    in_currency,
    is_currency,
    plain,
    read_date,
    read_money,
    spoken,
    text_of,
)

__all__ = [
    "COMMA",
    "DAY_FIRST",
    "DECIMALS_MAX",
    "DIGITS_MAX",
    "NOTHING",
    "ORDERS",
    "POINT",
    "SHARED_SYMBOLS",
    "TOO_LARGE",
    "Money",
    "Votes",
    "currency_of",
    "date_votes",
    "decimal_places",
    "decimal_votes",
    "in_currency",
    "is_currency",
    "plain",
    "read_date",
    "read_flag",
    "read_money",
    "spoken",
    "terms_of",
    "text_of",
]

YES: Final = frozenset(
    {"yes", "y", "true", "1", "x", "✓", "✔", "co", "có", "dung", "đúng", "是", "有", "对", "نعم", "صح"}
)
NO: Final = frozenset({"no", "n", "false", "0", "khong", "không", "sai", "否", "无", "没有", "لا", "كلا", *NOTHING})

_DAYS_TERMS = re.compile(r"(?:net\s*)?([0-9]{1,4})\s*(?:ngày|ngay|天|日|يوم|يوما|يومًا|d)?", re.IGNORECASE)


def read_flag(cell: Cell) -> bool:
    """Yes or no in four languages; empty is no. Raises ValueError for anything else."""
    word = "" if cell is None else str(cell).strip().casefold()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError("it is neither yes nor no")


def terms_of(text: str) -> str | None:
    """Payment terms in the words of the ledger; None when they are not understood.

    >>> terms_of("30 ngày"), terms_of("Net 45"), terms_of("sometime")
    ('net 30', 'Net 45', None)
    """
    days = _DAYS_TERMS.fullmatch(text.strip())
    if days and not text.lower().startswith("net "):
        return f"net {int(days[1])}"
    try:
        parse_terms(text)
    except TermsError:
        return None
    return text
