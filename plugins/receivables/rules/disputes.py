"""Disputes: which part of which item a customer contests, on a day and from day to day.

A #dispute names documents; `amount:` says how much, else all of them is in dispute. #dispute-resolved ends it for the
documents that it names, or for all of the customer's where it names none. `outcome: "rejected"` says that the customer
was wrong: interest then counts as if there had been no dispute.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from receivables.facts import Event
from receivables.history import Change
from receivables.money import rounded
from receivables.view import View

DISPUTE: Final = "dispute"
RESOLVED: Final = "dispute-resolved"
REJECTED: Final = "rejected"


class Dispute(NamedTuple):
    """A part in dispute, from the first day until the day before `until`.

    Attributes:
      first, until: Ordinals; `until` is None while it stands.
      units: How much of the item.
    """

    first: int
    until: int | None
    units: int


def disputed(view: View) -> Mapping[int, int]:
    """The disputed units of each open item, from #dispute notes not yet resolved on the day.

    A dispute without an amount covers all that is open of its documents; one over several
    instalments takes the oldest due first; none is ever larger than what is open.
    """
    standing = _standing_disputes(view)
    if not standing:
        return {}
    by_number: dict[tuple[str, str], list[int]] = {}
    items, book = view.book.items, view.book
    for position, item in enumerate(view.items):
        if items.amount[item] > 0:
            key = (book.pockets[items.pocket[item]].customer, items.number[item])
            by_number.setdefault(key, []).append(position)
    found: dict[int, int] = {}
    for event in standing:
        positions = [p for number in event.documents for p in by_number.get((event.customer, number), ())]
        positions.sort(key=lambda p: (items.due[view.items[p]], view.items[p]))
        left, wanted = None, event.currency
        for position in positions:
            item, units = view.items[position], view.outstanding[position]
            currency = view.currency(item)
            if event.amount is not None and wanted is None:
                # A bare amount is in the currency of the oldest document.
                wanted = currency
            if wanted not in (None, currency):
                continue
            if event.amount is not None and left is None:
                scale = book.scales[currency]
                left = scale.units(rounded(event.amount, scale.unit))
            part = units if left is None else min(units, left)
            left = None if left is None else left - part
            if part:
                found[item] = min(found.get(item, 0) + part, units)
    return found


def _standing_disputes(view: View) -> list[Event]:
    """The disputes that nothing has resolved up to the day, in order of date."""
    events = [event for event in view.book.events if event.date <= view.as_of]
    resolutions = [event for event in events if event.kind == RESOLVED]
    standing = [
        event for event in events if event.kind == DISPUTE and not any(_resolves(other, event) for other in resolutions)
    ]
    return sorted(standing, key=lambda event: event.date)


def disputed_parts(view: View, history: Mapping[int, Sequence[Change]]) -> Mapping[int, list[Dispute]]:
    """Item → its disputes up to the as-of date, each with its part of the item.

    A dispute without an amount covers all of its documents; an amount covers the oldest due first, as far as it was
    open on the day of the dispute. One that was resolved with `outcome: "rejected"` is as if it had never been.
    """
    events = [event for event in view.book.events if event.date <= view.as_of]
    if not any(event.kind == DISPUTE for event in events):
        return {}
    book, items = view.book, view.book.items
    documents = view.documents()
    resolutions = [event for event in events if event.kind == RESOLVED]
    found: dict[int, list[Dispute]] = {}
    for event in events:
        if event.kind != DISPUTE:
            continue
        end = next((other for other in resolutions if _resolves(other, event)), None)
        if end is not None and end.details.get("outcome") == REJECTED:
            continue
        until = None if end is None else end.date.toordinal()
        first = event.date.toordinal()
        of_event = [
            item
            for number in event.documents
            for item in documents.get((event.customer, number), ())
            if items.amount[item] > 0
        ]
        left: int | None = None
        currency = event.currency
        for item in sorted(of_event, key=lambda item: (items.due[item], item)):
            here = view.currency(item)
            if event.amount is not None and currency is None:
                # A bare amount is in the currency of the oldest document.
                currency = here
            if currency not in (None, here):
                continue
            open_ = items.amount[item] - sum(change.units for change in history.get(item, ()) if change.day <= first)
            if event.amount is not None and left is None:
                scale = book.scales[here]
                left = scale.units(rounded(event.amount, scale.unit))
            part = items.amount[item] if left is None else min(left, max(open_, 0))
            left = None if left is None else left - part
            if part:
                found.setdefault(item, []).append(Dispute(first, until, part))
    return found


def _resolves(resolution: Event, dispute: Event) -> bool:
    """Whether a #dispute-resolved ends a dispute: the same customer, the same day or later, a common document."""
    return (
        resolution.customer == dispute.customer
        and resolution.date >= dispute.date
        and (not resolution.documents or not set(resolution.documents).isdisjoint(dispute.documents))
    )
