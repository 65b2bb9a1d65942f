"""Texts: the words behind the items, read from Beancount's entries when a row shows them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from receivables.facts import Movements


class EntryTexts:
    """The words behind the items, read from Beancount's entries when a row shows them."""

    def __init__(self, movements: Movements, origin: Sequence[int], folder: str) -> None:
        self._entries = movements.entry
        self._postings = movements.posting
        self._terms = movements.terms
        self._origin = origin
        self._folder = f"{folder}{os.sep}"

    def _place(self, meta: Mapping[str, Any]) -> tuple[str, int]:
        """File, seen from the ledger's folder so that a report is the same everywhere, and line."""
        return str(meta["filename"]).removeprefix(self._folder), int(meta["lineno"])

    def description(self, item: int) -> str:
        """Narration of the entry."""
        return self._entries[self._origin[item]].narration or ""

    def source(self, item: int) -> tuple[str, int]:
        """File and line of the posting, or of the entry where the posting has none."""
        origin = self._origin[item]
        meta = self._postings[origin].meta or {}
        return self._place(meta if "filename" in meta else self._entries[origin].meta)

    def entry(self, item: int) -> tuple[str, int]:
        """File and line of the transaction."""
        return self._place(self._entries[self._origin[item]].meta)

    def details(self, item: int) -> Mapping[str, Any]:
        """Metadata of the posting and the transaction, the posting's first; file and line left out."""
        origin = self._origin[item]
        both = {**self._entries[origin].meta, **(self._postings[origin].meta or {})}
        return {
            key: value for key, value in both.items() if key not in ("filename", "lineno") and not key.startswith("__")
        }

    def terms(self, item: int) -> str:
        """The payment terms as written."""
        terms = self._terms[self._origin[item]]
        return "" if terms is None else terms.text

    def rate(self, item: int) -> tuple[Decimal, str] | None:
        """Price or cost of the posting's currency."""
        posting = self._postings[self._origin[item]]
        rate = posting.price or posting.cost
        return None if rate is None or rate.number is None else (rate.number, rate.currency)
