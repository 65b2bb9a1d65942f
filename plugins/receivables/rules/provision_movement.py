"""Provision movement: how the allowance came from its opening to its closing balance, and what is still to be booked.

Every posting on an account with the role "allowance" is in exactly one column, told by its own word `movement:`, else
by the other side of its entry. Where an entry both debits and credits the allowance of one portfolio, and one of the
two has no column of its own (what goes from the pool to one customer), only the difference is a movement. So opening
and columns always add up to the balance of the accounts. A credit balance is a positive provision.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from receivables.facts import OPENING, REVALUATION, WRITE_OFF, Booked
from receivables.money import EXACT, added
from receivables.problems import Problem, problem
from receivables.rules.portfolios import portfolio_of_posting, portfolios
from receivables.rules.provision import Provided, Provision, provision
from receivables.rules.provision_policy import SPECIFIC
from receivables.settings import (
    ALLOWANCE,
    BAD_DEBT,
    BANK,
    CUSTOMERS,
    EXCHANGE,
    PROVISION_EXPENSE,
    RECOVERIES,
    UNREALISED,
)
from receivables.view import View

CHARGE: Final = "charge"
RELEASE: Final = "release"
USED: Final = "used"
RECOVERED: Final = "recovered"
OTHER: Final = "other"

WORDS: Final = (OPENING, CHARGE, RELEASE, USED, RECOVERED, EXCHANGE, OTHER)
"""What `movement:` on an entry or its posting may say."""

_DEBITS: Final[tuple[tuple[str, str], ...]] = ((CUSTOMERS, USED), (PROVISION_EXPENSE, RELEASE), (BAD_DEBT, RELEASE))
_CREDITS: Final[tuple[tuple[str, str], ...]] = (
    (PROVISION_EXPENSE, CHARGE), (BAD_DEBT, CHARGE), (CUSTOMERS, RECOVERED), (RECOVERIES, RECOVERED), (BANK, RECOVERED),
)  # fmt: skip
_EITHER: Final[tuple[tuple[str, str], ...]] = (("equity", OPENING), (EXCHANGE, EXCHANGE), (UNREALISED, EXCHANGE))


class Movement(NamedTuple):
    """The roll-forward of one group and currency: opening + charge - release - used + recovered + exchange + other.

    Attributes:
      group: The value of the policy's `book-by:`; "" without one.
      opening, charge, release, used, recovered, exchange, other, closing: As in the relation.
      required: The provision as of the day; None where some of it cannot be told or no policy is in force.
      to_book: Required less closing; None where required is.
      methods: Each method and what it requires, in the order of the rows.
      customers: Each customer with a specific provision, or of whom something is booked, and what of that is still to
        be booked.
    """

    group: str
    currency: str
    opening: Decimal
    charge: Decimal
    release: Decimal
    used: Decimal
    recovered: Decimal
    exchange: Decimal
    other: Decimal
    closing: Decimal
    required: Decimal | None
    to_book: Decimal | None
    methods: tuple[tuple[str, Decimal], ...]
    customers: tuple[tuple[str, Decimal], ...]


class Movements(NamedTuple):
    """All roll-forwards, the provision behind them, and what is wrong."""

    rows: Sequence[Movement]
    provision: Provision
    problems: tuple[Problem, ...]


def movements(view: View, period_from: datetime.date | None = None) -> Movements:
    """The movement of each group and currency that has an allowance or needs one, in order.

    Args:
      view: Gives the last day.
      period_from: First day of the period; None for everything, from nothing.
    """
    found = provision(view)
    book, key = view.book, found.plans.book_by
    required: dict[tuple[str, str], list[Provided]] = {}
    for row in found.rows:
        required.setdefault((row.group, view.currency(row.item)), []).append(row)
    known = portfolios(book, key, {group for group, _ in required})
    problems: list[Problem] = []
    # Group and currency → entry → its postings.
    booked: dict[tuple[str, str], dict[tuple[object, ...], list[Booked]]] = {}
    for posting in book.booked:
        if posting.role == ALLOWANCE and posting.date <= view.as_of:
            place = portfolio_of_posting(book, posting, key, known), posting.currency
            booked.setdefault(place, {}).setdefault(_entry(posting), []).append(posting)
    in_force = found.plans.everybody is not None
    rows = []
    for place in sorted(booked.keys() | required.keys()):
        columns = [
            pair
            for postings in booked.get(place, {}).values()
            for pair in _columns(postings, period_from, problems)
        ]  # fmt: skip
        rows.append(_movement(view, place, columns, required.get(place, []), in_force))
    return Movements(rows, found, (*found.problems, *problems))


def _movement(
    view: View, place: tuple[str, str], booked: Sequence[tuple[str, Booked]], rows: Sequence[Provided], in_force: bool
) -> Movement:
    # The account's credits are the provision's increases.
    sums = {word: EXACT.minus(added(posting.amount for column, posting in booked if column == word)) for word in WORDS}
    closing = added(sums.values())
    required = None
    if in_force and all(row.amount is not None for row in rows):
        required = added(row.amount or Decimal(0) for row in rows)
    methods: dict[str, list[Decimal]] = {}
    customers: dict[str, list[Decimal]] = {}
    for row in rows:
        methods.setdefault(row.method, []).append(row.amount or Decimal(0))
        if row.method == SPECIFIC:
            customer = view.book.pockets[view.book.items.pocket[row.item]].customer
            customers.setdefault(customer, []).append(row.amount or Decimal(0))
    for _, posting in booked:
        if posting.customer:
            customers.setdefault(posting.customer, []).append(posting.amount)
    return Movement(
        group=place[0],
        currency=place[1],
        opening=sums[OPENING],
        charge=sums[CHARGE],
        release=EXACT.minus(sums[RELEASE]),
        used=EXACT.minus(sums[USED]),
        recovered=sums[RECOVERED],
        exchange=sums[EXCHANGE],
        other=sums[OTHER],
        closing=closing,
        required=required,
        to_book=None if required is None else EXACT.subtract(required, closing),
        methods=tuple((method, added(amounts)) for method, amounts in methods.items()),
        customers=tuple((customer, added(amounts)) for customer, amounts in sorted(customers.items())),
    )


def _entry(posting: Booked) -> tuple[object, ...]:
    """What the postings of one entry have in common."""
    return posting.date, posting.entry.get("filename"), posting.entry.get("lineno"), posting.tags, posting.links


def _columns(
    postings: Sequence[Booked], period_from: datetime.date | None, problems: list[Problem]
) -> list[tuple[str, Booked]]:
    """The postings of one entry, group and currency, each with its column, as the module's text says."""
    if period_from is not None and postings[0].date < period_from:
        return [(OPENING, posting) for posting in postings]
    worded = [(_worded(posting, problems), posting) for posting in postings]
    plain = [posting for word, posting in worded if word is None]
    by_side: Mapping[bool, str] = {posting.amount > 0: _by_other_side(posting) for posting in plain}
    if OTHER in by_side.values():
        column = by_side.get(added(posting.amount for posting in plain) > 0, OTHER)
        by_side = dict.fromkeys(by_side, column)
    return [(by_side[posting.amount > 0] if word is None else word, posting) for word, posting in worded]


def _worded(posting: Booked, problems: list[Problem]) -> str | None:
    """The column that `movement:` says; None where it says none."""
    word = posting.details.get("movement")
    if isinstance(word, str) and word in WORDS:
        return word
    if word is not None:
        problems.append(problem("unknown-movement", posting.source, value=word, valid=", ".join(WORDS)))
    return None


def _by_other_side(posting: Booked) -> str:
    """The column by the entry's tag, else by the roles on the other side of the posting."""
    if posting.kind == OPENING:
        return OPENING
    if posting.kind == REVALUATION:
        return EXCHANGE
    debit = posting.amount > 0
    if posting.kind == WRITE_OFF and debit:
        return USED
    sides = (*(_DEBITS if debit else _CREDITS), *_EITHER)
    return next((column for role, column in sides if role in posting.against), OTHER)
