"""Disputes: which part of which item a customer contests, on a day and from day to day.

A #dispute names documents; `amount:` says how much, else all of them is in dispute. #dispute-resolved ends it for the
documents that it names, or for all of the customer's where it names none. `outcome: "rejected"` says that the customer
was wrong: interest then counts as if there had been no dispute.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from receivables.facts import Event
from receivables.history import Change
from receivables.money import rounded
from receivables.view import View

DISPUTE: Final = "dispute"
RESOLVED: Final = "dispute-resolved"
REJECTED: Final = "rejected"


class Dispute(NamedTuple):
    """A part of an item in dispute: nothing accrues on it after the day `start` up to the day `end`.

    Attributes:
      start, end: Ordinals; `end` is None while it stands.
      units: How much of the item.
    """

    start: int
    end: int | None
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
    """Item → its disputed parts up to the as-of date, as they change with what is open.

    A dispute counts from its day to the day before it is resolved. Without an amount it covers all of its documents;
    an amount covers what is oldest due first, each day as far as it is open, as `disputed` has it. One that was
    resolved with `outcome: "rejected"` is as if it had never been.
    """
    events = [event for event in view.book.events if event.date <= view.as_of]
    if not any(event.kind == DISPUTE for event in events):
        return {}
    items = view.book.items
    documents = view.documents()
    resolutions = [event for event in events if event.kind == RESOLVED]
    found: dict[int, list[Dispute]] = {}
    for event in events:
        if event.kind != DISPUTE:
            continue
        end = next((other for other in resolutions if _resolves(other, event)), None)
        if end is not None and end.details.get("outcome") == REJECTED:
            continue
        of_event = [
            item
            for number in event.documents
            for item in documents.get((event.customer, number), ())
            if items.amount[item] > 0
        ]
        of_event.sort(key=lambda item: (items.due[item], item))
        if event.amount is not None and of_event:
            # A bare amount is in the currency of the oldest document.
            currency = event.currency or view.currency(of_event[0])
            of_event = [item for item in of_event if view.currency(item) == currency]
        # The night before a day decides about the day: what is disputed on the 5th does not accrue from the 4th on.
        start, stop = event.date.toordinal() - 1, None if end is None else end.date.toordinal() - 1
        for item, part in _over_time(view, of_event, event, start, stop, history):
            found.setdefault(item, []).append(part)
    return found


def _over_time(
    view: View,
    of_event: Sequence[int],
    event: Event,
    start: int,
    stop: int | None,
    history: Mapping[int, Sequence[Change]],
) -> Iterator[tuple[int, Dispute]]:
    """The parts of one dispute on each of its items, from one change of what is open to the next."""
    items = view.book.items
    if not of_event or (stop is not None and stop <= start):
        return
    if event.amount is None:
        for item in of_event:
            yield item, Dispute(start, stop, items.amount[item])
        return
    scale = view.scale(of_event[0])
    wanted = scale.units(rounded(event.amount, scale.unit))
    days = {change.day for item in of_event for change in history.get(item, ())}
    bounds = [start, *sorted(day for day in days if start < day and (stop is None or day < stop))]
    for first, last in zip(bounds, [*bounds[1:], stop], strict=True):
        left = wanted
        for item in of_event:
            changed = sum(change.units for change in history.get(item, ()) if change.day <= first)
            part = min(left, max(items.amount[item] - changed, 0))
            left -= part
            if part:
                yield item, Dispute(first, last, part)


def _resolves(resolution: Event, dispute: Event) -> bool:
    """Whether a #dispute-resolved ends a dispute: the same customer, the same day or later, a common document."""
    return (
        resolution.customer == dispute.customer
        and resolution.date >= dispute.date
        and (not resolution.documents or not set(resolution.documents).isdisjoint(dispute.documents))
    )
