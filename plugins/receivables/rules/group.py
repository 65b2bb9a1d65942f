"""Group: what the companies of a group owe each other, from the accounts between them.

An account between two companies says on its `open` whose it is (`entity:`) and with whom (`with:`). What a company's
accounts show of another is its balance: positive when the other owes. The other's accounts should show the opposite;
where they do not, one of the two has booked what the other has not. What is paid back takes the oldest first.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, NamedTuple

from receivables.book import Book
from receivables.facts import Between, Booked
from receivables.money import EXACT, added
from receivables.places import Place, place_of
from receivables.settings import GROUP
from receivables.view import View

ENTITY: Final = "entity"
WITH: Final = "with"
"""The words on the `open` of an account: whose it is, and with whom it stands between two companies."""

Key = tuple[str, str, str]
"""Whose accounts, with whom, and the currency."""


class Movement(NamedTuple):
    """A posting on an account between two companies.

    Attributes:
      booked: The posting; its amount is positive when the other company owes more by it.
      entity, other: Whose account it is, and with whom; "" where the account does not say.
      number: The document's number; "" for an entry that has none.
      customer: Whose money it is: the only customer that the entry concerns; "" without one.
      both: Whether the same entry has the opposite on the accounts of the other company.
      balance: What the other owes after it.
      open: How much of it is not settled yet.
    """

    booked: Booked
    entity: str
    other: str
    number: str
    customer: str
    both: bool
    balance: Decimal
    open: Decimal


class Balance(NamedTuple):
    """What one company has in its books about another, in one currency.

    Attributes:
      entity, other, currency: Whose accounts, with whom, in what.
      amount: What the accounts of `entity` show: positive is owed by `other`, negative owed to it.
      counterpart: What the accounts of `other` show about `entity`; None when it has no such account.
      since: The day of the oldest movement that is not settled; None when nothing is owed.
      unsettled: The movements that make the amount, the oldest first.
    """

    entity: str
    other: str
    currency: str
    amount: Decimal
    counterpart: Decimal | None
    since: datetime.date | None
    unsettled: tuple[Movement, ...]

    @property
    def difference(self) -> Decimal | None:
        """What the two have booked differently: zero when they agree; None without a counterpart."""
        return None if self.counterpart is None else EXACT.add(self.amount, self.counterpart)


class Legs(NamedTuple):
    """The two accounts on which a debt between companies stands: that of who owes, and that of who is owed."""

    owing: str
    owed: str


def word_of(account: str, word: str, *details: Mapping[str, Mapping[str, Any]]) -> str:
    """A word of an account: what its own `open` says, else that of the nearest account above; "" when none says it.

    Args:
      account: The account.
      word: "entity" or "with".
      details: Account → metadata on its `open`; looked up in this order.
    """
    while account:
        for known in details:
            said = known.get(account, {}).get(word)
            if isinstance(said, str) and said.strip():
                return said.strip()
        account = account.rpartition(":")[0]
    return ""


def entity_of(book: Book, account: str) -> str:
    """The company whose account it is: by its own `entity:`, else that of the nearest account above; "" if none."""
    return word_of(account, ENTITY, book.account_details, book.money_details)


def legs(book: Book, from_entity: str, to_entity: str, currency: str, day: datetime.date | None = None) -> Legs | None:
    """The accounts on which `from_entity` owes `to_entity`; None when one of the two is not open.

    Who received what belongs to another owes it: a receipt into the bank of `from_entity` for an invoice of
    `to_entity` is credited to `owing` and debited to `owed`.

    Args:
      book: The book.
      from_entity, to_entity: Who owes, and who is owed.
      currency: Both accounts can be booked in it.
      day: Both are open on this day; None for any.
    """
    return legs_among(book.between, from_entity, to_entity, currency, day)


def legs_among(
    between: Mapping[str, Between], from_entity: str, to_entity: str, currency: str, day: datetime.date | None = None
) -> Legs | None:
    """The same among these accounts; a liability for who owes and an asset for who is owed, where there are both."""
    open_then = [
        each
        for each in between.values()
        if (not each.currencies or currency in each.currencies)
        and (day is None or (each.opened <= day and (each.closed is None or day < each.closed)))
    ]
    found = []
    for entity, other, owes in ((from_entity, to_entity, True), (to_entity, from_entity, False)):
        pair = [each for each in open_then if (each.entity, each.other) == (entity, other)]
        # An account for one currency goes before one for all, and then the first that was opened.
        pair.sort(key=lambda each: (each.liability != owes, not each.currencies, each.opened, each.account))
        found += [each.account for each in pair[:1]]
    return Legs(*found) if len(found) == 2 else None


def movements(view: View) -> list[Movement]:
    """Every posting on an account between companies up to the day, by company, other, currency and day."""
    book = view.book
    booked = [each for each in book.booked if each.role == GROUP and each.date <= view.as_of]
    if not booked:
        return []
    documents = _documents(book, booked)
    both = _halves(book, booked)
    named = [_named(book, each, documents, both) for each in booked]
    named.sort(key=lambda each: (_key(each), _order(each)))
    return [each for _, of_key in groupby(named, key=_key) for each in _settled(list(of_key))]


def balances(view: View) -> list[Balance]:
    """What each company has in its books about each other, where either of the two shows anything."""
    by_key: dict[Key, list[Movement]] = {}
    for movement in movements(view):
        by_key.setdefault(_key(movement), []).append(movement)
    # Who does not say between whom has no other side.
    paired = {(each.entity, each.other) for each in view.book.between.values() if each.entity and each.other}
    mirrored = [(other, entity, currency) for entity, other, currency in by_key if (other, entity) in paired]
    found = []
    for entity, other, currency in sorted({*by_key, *mirrored}):
        of_key = by_key.get((entity, other, currency), [])
        amount = of_key[-1].balance if of_key else Decimal(0)
        counterpart = None
        if (other, entity) in paired:
            theirs = by_key.get((other, entity, currency))
            counterpart = theirs[-1].balance if theirs else Decimal(0)
        if amount or counterpart:
            unsettled = tuple(each for each in of_key if each.open)
            since = min((each.booked.date for each in unsettled), default=None)
            found.append(Balance(entity, other, currency, amount, counterpart, since, unsettled))
    return found


def _key(movement: Movement) -> Key:
    return movement.entity, movement.other, movement.booked.currency


def _order(movement: Movement) -> tuple[object, ...]:
    """By day; within a day by number, and entry by entry."""
    booked = movement.booked
    place = booked.source
    return (
        booked.date, movement.number, booked.narration, place_of("", booked.entry), booked.account, booked.amount,
        place_of("", place),
    )  # fmt: skip


class _Part(NamedTuple):
    """What an entry has on one customer's account: whose account it is, the customer and the document's number."""

    entity: str
    customer: str
    number: str


def _documents(book: Book, booked: Sequence[Booked]) -> dict[Place, list[_Part]]:
    """Place of the entry → what it has on customers' accounts, for the entries of these postings."""
    items = book.items
    wanted = {place_of(book.folder, each.entry) for each in booked}
    entities = [entity_of(book, pocket.account) for pocket in book.pockets]
    found: dict[Place, list[_Part]] = {}
    for day in sorted({each.date.toordinal() for each in booked}):
        for item in range(bisect_left(items.day, day), bisect_right(items.day, day)):
            place = book.texts.entry(item)
            if place in wanted:
                pocket = items.pocket[item]
                part = _Part(entities[pocket], book.pockets[pocket].customer, items.number[item])
                found.setdefault(place, []).append(part)
    return found


def _halves(book: Book, booked: Sequence[Booked]) -> set[tuple[Place, Key]]:
    """Entry and key of what an entry has on both sides, with opposite amounts."""
    sums: dict[tuple[Place, Key], list[Decimal]] = {}
    for each in booked:
        entity, other = _pair(book, each.account)
        sums.setdefault((place_of("", each.entry), (entity, other, each.currency)), []).append(each.amount)
    totals = {key: added(amounts) for key, amounts in sums.items()}
    return {
        (place, (entity, other, currency))
        for (place, (entity, other, currency)), total in totals.items()
        if entity and other and totals.get((place, (other, entity, currency))) == -total
    }


def _pair(book: Book, account: str) -> tuple[str, str]:
    between = book.between.get(account)
    return ("", "") if between is None else (between.entity, between.other)


def _named(
    book: Book, each: Booked, documents: Mapping[Place, Sequence[_Part]], both: set[tuple[Place, Key]]
) -> Movement:
    """The movement without balance: its number is that of the company's own document, where the entry has one."""
    entity, other = _pair(book, each.account)
    parts = documents.get(place_of(book.folder, each.entry), ())
    said = each.details.get("number")
    numbers = [part.number for part in parts if part.entity == entity] or [part.number for part in parts]
    number = numbers[0] if numbers else said if isinstance(said, str) else ", ".join(each.links)
    customer = each.customer
    if not customer:
        # Of several it is that of the company to which the money belongs.
        owed = entity if each.amount > 0 else other
        codes = {part.customer for part in parts if part.entity == owed}
        customer = codes.pop() if len(codes) == 1 else ""
    on_both = (place_of("", each.entry), (entity, other, each.currency)) in both
    return Movement(each, entity, other, number, customer, on_both, Decimal(0), Decimal(0))


def _settled(of_key: Sequence[Movement]) -> list[Movement]:
    """The movements of one key in order, each with the balance after it and with what of it is not settled."""
    # The entries with what is left of each; all that is left has one sign.
    queue: deque[tuple[Place, Decimal]] = deque()
    for place, group in groupby(of_key, key=lambda each: place_of("", each.booked.entry)):
        # What an entry moves between the accounts of one key settles nothing.
        amount = added(each.booked.amount for each in group)
        while amount and queue and (queue[0][1] > 0) != (amount > 0):
            oldest, owed = queue.popleft()
            rest = EXACT.add(owed, amount)
            if rest and (rest > 0) == (owed > 0):
                queue.appendleft((oldest, rest))
                rest = Decimal(0)
            amount = rest
        if amount:
            queue.append((place, amount))
    left: dict[Place, Decimal] = {}
    for place, rest in queue:
        # Entries that a plugin made may share a place.
        left[place] = EXACT.add(left.get(place, Decimal(0)), rest)
    balance, found = Decimal(0), []
    for each in of_key:
        balance = EXACT.add(balance, each.booked.amount)
        place = place_of("", each.booked.entry)
        rest, part = left.get(place, Decimal(0)), Decimal(0)
        if rest and (rest > 0) == (each.booked.amount > 0):
            part = min(rest, each.booked.amount, key=abs)
            left[place] = EXACT.subtract(rest, part)
        found.append(each._replace(balance=balance, open=part))
    return found
