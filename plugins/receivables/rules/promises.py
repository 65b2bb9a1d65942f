"""Promises: what a customer promised to pay by which day, and whether receipts kept it.

A receipt keeps a promise from the promise's own day to its last day, both included. A promise that names documents is
kept by what settles these, and kept as well when nothing of them is open on its last day, however that came; one that
names none by any receipt of the customer. Money counts once: for the promise that ends first. A receipt that bounced
never came.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from receivables.facts import APPLY, NEVER_DUE, RECEIPT, Event
from receivables.history import Change, changes
from receivables.money import rounded
from receivables.view import View

PROMISE: Final = "promise"
OPEN: Final = "open"
KEPT: Final = "kept"
BROKEN: Final = "broken"


class Promise(NamedTuple):
    """A promise in one currency, as of a day.

    Attributes:
      event: The note.
      currency: In which it counts.
      units: What is promised: the amount of the note, else what was open of its documents on its day.
      received: What came of it in time.
      outstanding: What is open now of the documents that it is about.
      status: "open" to the end of its last day, then "kept" or "broken"; "kept" as soon as all of it came.
    """

    event: Event
    currency: str
    units: int
    received: int
    outstanding: int
    status: str


class _Made(NamedTuple):
    """A promise as it was made: the note and its last day."""

    event: Event
    by: datetime.date


class _Money:
    """A part of a receipt: when it came, what it went to, and how much of it no promise has taken yet."""

    def __init__(self, day: int, number: str, left: int, direct: bool) -> None:
        self.day = day
        self.number = number
        self.left = left
        self.direct = direct


def promises(view: View) -> list[Promise]:
    """The promises made up to the view's day that say by when, in order of their last day."""
    made = [
        _Made(event, event.by)
        for event in view.book.events
        if event.kind == PROMISE and event.by is not None and event.date <= view.as_of
    ]
    if not made:
        return []
    made.sort(key=_order)
    wanted = frozenset(event.customer for event, _ in made)
    by_customer = _items(view, wanted)
    history = changes(view, lambda item: _customer(view, item) in wanted)
    outstanding = dict(zip(view.items, view.outstanding, strict=True))
    money: dict[tuple[str, str], list[_Money]] = {}
    found = []
    for event, by in made:
        debits = list(_about(view, event, by_customer))
        for currency, units in _promised(view, event, debits, history):
            key = (event.customer, currency)
            if key not in money:
                of_customer = by_customer.get(event.customer, ())
                money[key] = list(_received(view, of_customer, currency, history, outstanding))
            received = _taken(event, by, money[key], units)
            of_currency = [item for item in debits if view.currency(item) == currency]
            left = sum(outstanding.get(item, 0) for item in of_currency)
            paid = received >= units or (event.documents and not _open_on(view, of_currency, history, by))
            status = KEPT if paid else OPEN if view.as_of <= by else BROKEN
            found.append(Promise(event, currency, units, received, left, status))
    return found


def _order(made: _Made) -> tuple[object, ...]:
    event = made.event
    return (
        made.by, event.date, event.customer, event.documents, event.amount or 0, event.currency or "", event.comment,
    )  # fmt: skip


def _open_on(view: View, debits: Sequence[int], history: Mapping[int, Sequence[Change]], day: datetime.date) -> int:
    """Units of these debits that are open at the end of a day."""
    items, last = view.book.items, day.toordinal()
    return sum(
        items.amount[item] - sum(change.units for change in history.get(item, ()) if change.day <= last)
        for item in debits
        if items.day[item] <= last
    )


def _customer(view: View, item: int) -> str:
    return view.book.pockets[view.book.items.pocket[item]].customer


def _items(view: View, wanted: frozenset[str]) -> dict[str, list[int]]:
    """Customer → the items that exist on the day."""
    found: dict[str, list[int]] = {}
    for item in range(view.item_count):
        code = _customer(view, item)
        if code in wanted:
            found.setdefault(code, []).append(item)
    return found


def _about(view: View, event: Event, by_customer: Mapping[str, Sequence[int]]) -> Iterator[int]:
    """The debits that a promise is about: those of the documents it names, else all that are to be paid."""
    items = view.book.items
    numbers = frozenset(event.documents)
    for item in by_customer.get(event.customer, ()):
        label = {items.number[item], view.label(item)}
        if items.amount[item] > 0 and (label & numbers if numbers else view.kind(item) not in NEVER_DUE):
            yield item


def _promised(
    view: View, event: Event, debits: Sequence[int], history: Mapping[int, Sequence[Change]]
) -> Iterator[tuple[str, int]]:
    """Currency and units that are promised."""
    book = view.book
    if event.amount is not None:
        oldest = min(debits, key=lambda item: (book.items.due[item], item), default=None)
        # A bare amount is in the currency of the oldest document.
        currency = event.currency or (None if oldest is None else view.currency(oldest))
        scale = None if currency is None else book.scales.get(currency)
        if currency is not None and scale is not None:
            yield currency, scale.units(rounded(event.amount, scale.unit))
        return
    of_currency: dict[str, list[int]] = {}
    for item in debits:
        of_currency.setdefault(view.currency(item), []).append(item)
    for currency, of_these in sorted(of_currency.items()):
        if units := _open_on(view, of_these, history, event.date):
            yield currency, units


def _received(
    view: View,
    items: Iterable[int],
    currency: str,
    history: Mapping[int, Sequence[Change]],
    outstanding: Mapping[int, int],
) -> Iterator[_Money]:
    """What came from a customer in a currency, part by part, in order of day."""
    book = view.book
    parts = []
    for item in items:
        kind = view.kind(item)
        if kind not in (RECEIPT, APPLY) or book.items.amount[item] > 0 or view.currency(item) != currency:
            continue
        # What a reversal gives back leaves nothing of the pair; the first day of a pair is the money's.
        pairs: dict[int, list[int]] = {}
        for change in history.get(item, ()):
            pairs.setdefault(change.other, [change.day, 0])[1] += change.units
        for other, (day, units) in pairs.items():
            other_kind = view.kind(other)
            if other_kind == APPLY or other_kind not in NEVER_DUE:
                number = "" if other_kind == APPLY else book.items.number[other]
                parts.append((day, number, units, kind == RECEIPT))
        if kind == RECEIPT and item in outstanding:
            parts.append((book.items.day[item], "", -outstanding[item], True))
    yield from (_Money(*part) for part in sorted(parts) if part[2] > 0)


def _taken(event: Event, by: datetime.date, money: Sequence[_Money], units: int) -> int:
    """How much of the money keeps the promise; it is taken from what is left for others."""
    first, last = event.date.toordinal(), by.toordinal()
    numbers = frozenset(number.partition("/")[0] for number in event.documents) | frozenset(event.documents)
    received = 0
    for part in money:
        fits = part.number in numbers if numbers else part.direct
        if fits and first <= part.day <= last and received < units:
            taken = min(part.left, units - received)
            part.left -= taken
            received += taken
    return received
