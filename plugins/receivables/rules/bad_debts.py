"""Bad debts: what was given up, what was taken back and what came in after all, from the book.

Every write-off of the book is here in full: what settled documents under the name of each, the rest without a
document. What undoes a write-off is a flow of its own day. So the sum over any period is what was booked in it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from receivables.book import KIND_CODES
from receivables.facts import RETENTION, REVERSAL, WRITE_OFF, Booked
from receivables.rules.write_off import documents_of
from receivables.settings import RECOVERIES
from receivables.view import View

_WRITE_OFF: Final = KIND_CODES[WRITE_OFF]
_REVERSAL: Final = KIND_CODES[REVERSAL]
_RETENTION: Final = KIND_CODES[RETENTION]


class Flow(NamedTuple):
    """An amount given up, or taken back, on a day.

    Attributes:
      day: Ordinal of the entry's day.
      write_off: The item that gives up.
      cause: The item whose entry does it: the write-off itself, or the reversal.
      document: The item that was given up; None for what no document took.
      units: Positive is given up, negative taken back.
    """

    day: int
    write_off: int
    cause: int
    document: int | None
    units: int


class Recovery(NamedTuple):
    """Money for a debt that was written off, booked on an account for recoveries.

    Attributes:
      booked: The posting.
      customer: Whom it concerns; "" when nobody can tell.
      amount: What came in; negative where it went out again.
      write_off, document: The items that its words or links mean; None where they name none.
    """

    booked: Booked
    customer: str
    amount: Decimal
    write_off: int | None
    document: int | None


class _Step(NamedTuple):
    """A settlement of a write-off: with which item, how much, and which item says so."""

    day: int
    other: int
    units: int
    cause: int


def credits_of(view: View, kind: str) -> list[int]:
    """The items of all credits of a kind up to the day; also the part of one that is marked as a retention."""
    items, code = view.book.items, KIND_CODES[kind]
    documents = {items.first[item] for item in range(view.item_count) if items.kind[item] == code}
    return [
        item
        for item in range(view.item_count)
        if items.first[item] in documents and items.amount[item] < 0 and items.kind[item] in (code, _RETENTION)
    ]


def flows(view: View) -> list[Flow]:
    """Everything given up or taken back up to the day, write-off by write-off."""
    settlements = view.book.settlements
    steps: dict[int, list[_Step]] = {item: [] for item in credits_of(view, WRITE_OFF)}
    for position in range(view.settlement_count) if steps else ():
        of_item = steps.get(settlements.credit[position])
        if of_item is not None:
            of_item.append(
                _Step(
                    settlements.day[position],
                    settlements.debit[position],
                    settlements.amount[position],
                    settlements.cause[position],
                )
            )
    return [flow for item, of_item in steps.items() for flow in _flows_of(view, item, of_item)]


def _flows_of(view: View, item: int, steps: Iterable[_Step]) -> list[Flow]:
    """The flows of one write-off, each attributed to documents in the order in which they were settled."""
    items = view.book.items
    found: list[Flow] = []
    # What was given up and has no document yet: the day and the cause of each part, and how much is left of it.
    waiting = [[items.day[item], item, -items.amount[item]]]
    # Reversal → what it gave back to documents, before it takes the same from the write-off.
    given_back: dict[int, list[tuple[int, int]]] = {}
    for day, other, units, cause in steps:
        if items.kind[other] == _REVERSAL:
            if units < 0:
                # The reversal itself is undone: the amount is given up again.
                waiting.append([day, cause, -units])
                continue
            left = units
            for document, back in given_back.pop(other, []):
                found.append(Flow(day, item, other, document, -back))
                left -= back
            if left:
                found.append(Flow(day, item, other, None, -left))
        elif units > 0:
            found += _attributed(item, waiting, other, units)
        elif items.amount[cause] > 0:
            given_back.setdefault(cause, []).append((other, -units))
        else:
            # The document was undone, not the write-off: what was given up has no document again.
            found.append(Flow(day, item, cause, other, units))
            waiting.append([day, cause, -units])
    found += [Flow(day, item, cause, None, left) for day, cause, left in waiting if left]
    return found


def _attributed(item: int, waiting: Sequence[list[int]], document: int, units: int) -> list[Flow]:
    """So many of the units that are waiting, under the name of a document."""
    found = []
    for part in waiting:
        taken = min(part[2], units)
        if taken:
            part[2] -= taken
            units -= taken
            found.append(Flow(part[0], item, part[1], document, taken))
    return found


def recoveries(view: View, written_off: Sequence[Flow]) -> list[Recovery]:
    """What was booked on accounts for recoveries up to the day, without what write-offs and reversals booked there.

    These are flows already, and their posting on such an account is the same money.

    Args:
      view: The book as of a day.
      written_off: Its flows.
    """
    book = view.book
    booked = [
        one
        for one in book.booked
        if one.role == RECOVERIES and one.date <= view.as_of and one.kind not in (REVERSAL, WRITE_OFF)
    ]
    if not booked:
        return []
    numbered = _numbered(view, {name for one in booked for name in documents_of(one)})
    given_up = {flow.document: flow.write_off for flow in written_off if flow.document is not None}
    of_write_off = {flow.write_off: flow.document for flow in written_off if flow.document is not None}
    found = []
    for one in booked:
        named = [
            item
            for name in documents_of(one)
            for item in numbered.get(name, ())
            if one.customer in ("", book.pockets[book.items.pocket[item]].customer)
        ]
        write_off = next((item for item in named if book.items.kind[item] == _WRITE_OFF), None)
        document = next((item for item in named if item in given_up), None)
        if write_off is None and document is not None:
            write_off = given_up[document]
        if document is None and write_off is not None:
            document = of_write_off.get(write_off)
        owner = write_off if write_off is not None else document
        customer = one.customer or ("" if owner is None else book.pockets[book.items.pocket[owner]].customer)
        found.append(Recovery(one, customer, -one.amount, write_off, document))
    return found


def _numbered(view: View, names: set[str]) -> Mapping[str, list[int]]:
    """Number → the items that have it, for the numbers that are wanted."""
    found: dict[str, list[int]] = {}
    for item in range(view.item_count):
        number = view.book.items.number[item]
        if number in names:
            found.setdefault(number, []).append(item)
    return found


def days_overdue(view: View, document: int | None, day: int) -> int | None:
    """How long a document was overdue on a day; None without a document."""
    return None if document is None else max(day - view.book.items.due[document], 0)


def day_of(view: View, item: int) -> datetime.date:
    """The date that a document bears."""
    return datetime.date.fromordinal(view.book.items.date[item])
