"""Remembered texts: metadata that was read once from an entry, for a book that is asked again and again."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from receivables.book import TextColumns, Texts


class RememberedTexts:
    """The words behind the items of a book; the metadata of each is put together once."""

    def __init__(self, texts: Texts) -> None:
        self._texts = texts
        self._details: dict[int, Mapping[str, Any]] = {}

    def description(self, item: int) -> str:
        """Narration of the entry."""
        return self._texts.description(item)

    def source(self, item: int) -> tuple[str, int]:
        """File and line of the posting."""
        return self._texts.source(item)

    def entry(self, item: int) -> tuple[str, int]:
        """File and line of the transaction."""
        return self._texts.entry(item)

    def details(self, item: int) -> Mapping[str, Any]:
        """Metadata of the posting and the transaction."""
        found = self._details.get(item)
        if found is None:
            found = self._details[item] = self._texts.details(item)
        return found

    def terms(self, item: int) -> str:
        """The payment terms as written."""
        return self._texts.terms(item)

    def rate(self, item: int) -> tuple[Decimal, str] | None:
        """Price or cost of the posting's currency."""
        return self._texts.rate(item)

    def columns(self) -> TextColumns:
        """All of it at once."""
        return self._texts.columns()
