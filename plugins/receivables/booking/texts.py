"""Texts: the words behind the items, read from Beancount's entries when a row shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from receivables.book import TextColumns
from receivables.facts import Movements
from receivables.places import Place, below

_PLAIN_ENTRY: Final = 3
_PLAIN_POSTING: Final = 2
"""So many keys Beancount itself puts into the metadata of an entry and of a posting."""


class EntryTexts:
    """The words behind the items, read from Beancount's entries when a row shows them."""

    def __init__(self, movements: Movements, origin: Sequence[int], folder: str) -> None:
        self._entries = movements.entry
        self._postings = movements.posting
        self._terms = movements.terms
        self._origin = origin
        self._folder = folder

    def _place(self, meta: Mapping[str, Any]) -> Place:
        """As `place_of`, of what has both: it is asked for every row."""
        return below(self._folder, str(meta["filename"])), int(meta["lineno"])

    def description(self, item: int) -> str:
        """Narration of the entry."""
        return self._entries[self._origin[item]].narration or ""

    def source(self, item: int) -> Place:
        """File and line of the posting, or of the entry where the posting has none."""
        origin = self._origin[item]
        meta = self._postings[origin].meta or {}
        return self._place(meta if "filename" in meta else self._entries[origin].meta)

    def entry(self, item: int) -> Place:
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

    def columns(self) -> TextColumns:
        """All texts at once, for the cache; what few items have is kept by item."""
        entries = [self._entries[origin] for origin in self._origin]
        postings = [self._postings[origin] for origin in self._origin]
        names: dict[str, int] = {}
        entry_places: list[int] = []
        posting_places: list[int] = []
        details: dict[int, Mapping[str, Any]] = {}
        rates: dict[int, tuple[Decimal, str]] = {}
        for item, (entry, posting) in enumerate(zip(entries, postings, strict=True)):
            meta, own = entry.meta, posting.meta
            file, line = meta["filename"], meta["lineno"]
            place = names.setdefault(file, len(names))
            entry_places += (place, line)
            if own is not None and "lineno" in own:
                same = own["filename"] == file
                posting_places += (place if same else names.setdefault(own["filename"], len(names)), own["lineno"])
            else:
                posting_places += (place, line)
            if len(meta) > _PLAIN_ENTRY or (own is not None and len(own) > _PLAIN_POSTING):
                words = self.details(item)
                if words:
                    details[item] = words
            if posting.price is not None or posting.cost is not None:
                rate = self.rate(item)
                if rate is not None:
                    rates[item] = rate
        return TextColumns(
            descriptions=[entry.narration or "" for entry in entries],
            terms={item: self.terms(item) for item, origin in enumerate(self._origin) if self._terms[origin]},
            files=[below(self._folder, file) for file in names],
            entries=entry_places,
            postings=posting_places,
            details=details,
            rates=rates,
        )
