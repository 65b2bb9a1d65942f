"""Measuring: how wide a text is where every letter takes one cell or two, on a terminal and in a ledger file."""

from __future__ import annotations

import re

# Blocks whose wide or combining characters take other than one cell are left out; what is in, takes one.
_ONE_CELL = re.compile("[\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u1e00-\u1fff\u2010-\u2015\u2018-\u2026\u20ab]*")


def cells_wide(text: str) -> int:
    """How many cells a terminal gives to `text`: two for East Asian wide ones, none for combining marks.

    >>> [cells_wide(text) for text in ("Hòa", "Ho\u0300a", "电梯", "🛗")]
    [3, 3, 4, 2]
    """
    if _ONE_CELL.fullmatch(text):
        return len(text)
    # Imported at the first such text only: it takes 15 ms, and most ledgers never need it.
    from rich.cells import cell_len

    return cell_len(text)
