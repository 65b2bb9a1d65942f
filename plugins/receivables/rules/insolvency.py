"""Insolvency: since when a customer is insolvent, and what in the ledger says so.

A customer is insolvent from the day of a note #insolvency on. A note #insolvency-ended with `result: "withdrawn"` or
`"dismissed"` says that the petition came to nothing, and ends what was noted before it; any other end leaves claims as
lost as they were. Beside the notes, `insolvent:` of account or customer holds: yes, a reason, or the day since when.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Final

from receivables.facts import Event
from receivables.lookup import Lookup
from receivables.rules.limitation import VOID
from receivables.rules.limitation_policy import INSOLVENCY, PROCEEDINGS
from receivables.view import View

INSOLVENCY_ENDED: Final = PROCEEDINGS[INSOLVENCY]
INSOLVENCY_EVENTS: Final = frozenset({INSOLVENCY, INSOLVENCY_ENDED})
"""They concern everything that a customer owes, whatever they are linked to."""

INSOLVENT: Final = "insolvent"
"""The word of account or customer."""

_NOT: Final = ("", "no", "none")


class Insolvencies:
    """Who is insolvent on the day of a view."""

    def __init__(self, view: View, lookup: Lookup) -> None:
        self._view = view
        self._lookup = lookup
        self._standing: dict[str, list[Event]] = {}
        # The events are in order of date.
        for event in view.book.events:
            if event.date > view.as_of:
                break
            if event.kind == INSOLVENCY:
                self._standing.setdefault(event.customer, []).append(event)
            elif event.kind == INSOLVENCY_ENDED and event.details.get("result") in VOID:
                self._standing.pop(event.customer, None)

    def noted(self, customer: str) -> Sequence[Event]:
        """The notes that say it of a customer and came to nothing since, in order of date."""
        return self._standing.get(customer, ())

    def word(self, pocket: int) -> datetime.date | str | None:
        """What `insolvent:` says of a pocket: the day since when, or the reason ("yes" for TRUE); None for no."""
        said = self._lookup.of_pocket(pocket, INSOLVENT)
        if isinstance(said, datetime.date):
            return said if said <= self._view.as_of else None
        if said is None or said is False or str(said).casefold() in _NOT:
            return None
        return "yes" if said is True else str(said)
