"""Columns: the items of the book from the movements, before anything is settled.

Most movements are one item each, and then the movements' columns are the items'. Terms with instalments make
several items of one movement; a posting that names no customer makes none.
"""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping, Sequence
from decimal import Decimal, Inexact
from typing import Any, NamedTuple

from receivables.book import KIND_CODES, Items, LedgerColumns, SettlementColumns, Unexplained
from receivables.facts import Facts, Movements, Pocket
from receivables.money import EXACT, Scale, scale_for
from receivables.places import place_of
from receivables.problems import Problem, problem
from receivables.rules.terms import Terms, TermsError, due_date, schedule


class Columns(NamedTuple):
    """The items, one position each; see `receivables.book.Items` for what the columns mean.

    Attributes:
      origin: The position of each item's movement.
      settles: Item → the numbers that it names.
      undecided: Debits paid from the bank, of which the pass decides whether they are refunds.
      sizes: First item → how many items its document has, where more than one.
      misfits: Movement → what is wrong with its terms, should it turn out to be no refund.
    """

    origin: Sequence[int]
    pocket: Sequence[int]
    first: list[int]
    instalment: list[int]
    day: list[int]
    date: list[int]
    due: list[int]
    amount: list[int]
    kind: list[int]
    number: Sequence[str]
    links: Sequence[frozenset[str]]
    settles: Mapping[int, tuple[str, ...]]
    undecided: list[int]
    sizes: dict[int, int]
    misfits: Mapping[int, Problem]


class _Part(NamedTuple):
    """What terms say of one instalment: its movement, amount in units, due date and kind."""

    movement: int
    units: int
    due: datetime.date | None
    kind: str


def item_columns(facts: Facts, scales: Mapping[str, Scale], units: Sequence[int], problems: list[Problem]) -> Columns:
    """The items of all movements.

    Args:
      facts: The facts.
      scales: How each currency is counted.
      units: The amount of each movement, in units.
      problems: Terms that do not fit their amount are appended here.
    """
    movements = facts.movements
    misfits: dict[int, Problem] = {}
    parts = _parts(facts, scales, units, problems, misfits)
    if parts is None:
        return _plain_columns(facts, units, problems)
    origin = [part.movement for part in parts]
    split = {item: part for item, part in enumerate(parts) if part.due is not None}
    moved = Movements(
        date=[movements.date[o] for o in origin],
        amount=[movements.amount[o] for o in origin],
        pocket=[movements.pocket[o] for o in origin],
        kind=[movements.kind[o] for o in origin],
        number=[movements.number[o] for o in origin],
        links=[movements.links[o] for o in origin],
        terms=[None if item in split else movements.terms[o] for item, o in enumerate(origin)],
        entry=[movements.entry[o] for o in origin],
        posting=[movements.posting[o] for o in origin],
        settles={item: movements.settles[o] for item, o in enumerate(origin) if o in movements.settles},
        due={item: movements.due[o] for item, o in enumerate(origin) if o in movements.due}
        | {item: part.due for item, part in split.items() if part.due is not None},
        dated={item: movements.dated[o] for item, o in enumerate(origin) if o in movements.dated},
        part={item: movements.part[o] for item, o in enumerate(origin) if o in movements.part}
        | {item: part.kind for item, part in split.items() if part.kind},
    )
    columns = _plain_columns(facts._replace(movements=moved), [part.units for part in parts], problems)
    return columns._replace(origin=origin, misfits=misfits)


def _plain_columns(facts: Facts, units: Sequence[int], problems: list[Problem]) -> Columns:
    """The items of movements that are one item each."""
    movements = facts.movements
    count = len(units)
    day = [date.toordinal() for date in movements.date]
    date = day
    if movements.dated:
        date = list(day)
        for item, dated in movements.dated.items():
            date[item] = dated.toordinal()
    kind = [KIND_CODES[name] for name in movements.kind]
    for item, part in movements.part.items():
        kind[item] = KIND_CODES[part]
    first = list(range(count))
    instalment = [0] * count
    due = _due_days(movements, date, problems)
    sizes = _joined(movements, facts.pockets, first)
    for document, size in sizes.items():
        if movements.amount[document] > 0:
            of_document = range(document, document + size)
            for place, item in enumerate(sorted(of_document, key=lambda i: (due[i], i)), start=1):
                instalment[item] = place
    return Columns(
        origin=range(count),
        pocket=movements.pocket,
        first=first,
        instalment=instalment,
        day=day,
        date=date,
        due=due,
        amount=list(units),
        kind=kind,
        number=movements.number,
        links=movements.links,
        settles=movements.settles,
        undecided=[item for item, name in enumerate(movements.kind) if not name],
        sizes=sizes,
        misfits={},
    )


def _parts(
    facts: Facts,
    scales: Mapping[str, Scale],
    units: Sequence[int],
    problems: list[Problem],
    misfits: dict[int, Problem],
) -> list[_Part] | None:
    """The instalments of every movement; None when every movement is exactly one item."""
    movements = facts.movements
    several = {
        identity
        for identity, terms in {id(terms): terms for terms in movements.terms}.items()
        if terms is not None and not terms.single
    }
    nobody = {position for position, pocket in enumerate(facts.pockets) if not pocket.customer}
    if not several and not nobody:
        return None
    parts: list[_Part] = []
    for position, (terms, pocket) in enumerate(zip(movements.terms, movements.pocket, strict=True)):
        if pocket in nobody:
            continue
        if terms is None or id(terms) not in several:
            parts.append(_Part(position, units[position], None, ""))
        else:
            found = _instalments(facts, scales, terms, position)
            if isinstance(found, Problem):
                if movements.kind[position]:
                    problems.append(found)
                else:
                    # Money paid out has terms only where it turns out to be no refund.
                    misfits[position] = found
                date = movements.dated.get(position, movements.date[position])
                found = [_Part(position, units[position], date, "")]
            parts.extend(found)
    return parts


def _instalments(facts: Facts, scales: Mapping[str, Scale], terms: Terms, position: int) -> list[_Part] | Problem:
    """The instalments of one movement by its terms; what is wrong where they do not fit the amount.

    Rounded half up to the currency's digits, the last takes the rest.
    """
    movements = facts.movements
    currency = facts.pockets[movements.pocket[position]].currency
    scale = scales[currency]
    date = movements.dated.get(position, movements.date[position])
    try:
        parts = [
            _Part(position, scale.units(part.amount), part.due, part.kind)
            for part in schedule(terms, date, movements.amount[position], scale.digits, currency)
        ]
    except (TermsError, Inexact) as error:
        entry = movements.entry[position]
        return problem("bad-terms", entry.meta, entry, reason=error)
    return [part for part in parts if part.units]


def _due_days(movements: Movements, dates: Sequence[int], problems: list[Problem]) -> list[int]:
    """The due date of every item: stated, by terms, or the document's date."""
    # Terms → day → due date; by identity, since hashing terms costs more than computing the date.
    known: dict[int, dict[int, int]] = {}
    found = []
    for item, (terms, date) in enumerate(zip(movements.terms, dates, strict=True)):
        if terms is None:
            found.append(date)
            continue
        of_terms = known.get(id(terms))
        if of_terms is None:
            of_terms = known[id(terms)] = {}
        day = of_terms.get(date)
        if day is None:
            day = of_terms[date] = _due_by_terms(terms, date, movements.entry[item], problems)
        found.append(day)
    for item, due in movements.due.items():
        found[item] = due.toordinal()
    return found


def _due_by_terms(terms: Terms, date: int, entry: Any, problems: list[Problem]) -> int:
    try:
        return due_date(terms, datetime.date.fromordinal(date)).toordinal()
    except TermsError as error:
        problems.append(problem("bad-terms", entry.meta, entry, reason=error))
        return date


def _joined(movements: Movements, pockets: Sequence[Pocket], first: list[int]) -> dict[int, int]:
    """The documents of several items, first item → how many; their items learn their `first`.

    Items of one document stand side by side: same entry, number, customer, currency and side.
    """
    numbers, entries = movements.number, movements.entry
    sizes: dict[int, int] = {}
    following = itertools.islice(numbers, 1, None)
    for item in [i for i, (one, two) in enumerate(zip(numbers, following, strict=False), start=1) if one == two]:
        if entries[item] is not entries[item - 1]:
            continue
        here, there = pockets[movements.pocket[item]], pockets[movements.pocket[item - 1]]
        if (
            (movements.amount[item] > 0) == (movements.amount[item - 1] > 0)
            and here.customer == there.customer
            and here.currency == there.currency
        ):
            document = first[item] = first[item - 1]
            sizes[document] = item - document + 1
    return sizes


def ledger_units(facts: Facts, scales: Mapping[str, Scale]) -> list[int]:
    """The amount of every movement in units of its currency."""
    unit_of = [scales[pocket.currency].unit for pocket in facts.pockets]
    movements = facts.movements
    return [
        int(amount.scaleb(unit_of[pocket], EXACT)) if unit_of[pocket] else int(amount)
        for amount, pocket in zip(movements.amount, movements.pocket, strict=True)
    ]


def currency_scales(facts: Facts) -> dict[str, Scale]:
    """How each currency on receivable accounts is counted: finely enough for every amount."""
    amounts: dict[str, list[Decimal]] = {pocket.currency: [] for pocket in facts.pockets}
    of_pocket = [amounts[pocket.currency] for pocket in facts.pockets]
    for pocket, amount in zip(facts.movements.pocket, facts.movements.amount, strict=True):
        of_pocket[pocket].append(amount)
    return {
        currency: scale_for(currency, of, facts.precisions.get(currency)) for currency, of in sorted(amounts.items())
    }


def ledger_columns(facts: Facts, units: list[int]) -> tuple[tuple[tuple[str, str], ...], LedgerColumns]:
    """The places (account and currency) and every posting on them, as the ledger has them."""
    places: dict[tuple[str, str], int] = {}
    place_of = [places.setdefault((pocket.account, pocket.currency), len(places)) for pocket in facts.pockets]
    movements = facts.movements
    columns = LedgerColumns(
        [date.toordinal() for date in movements.date], [place_of[pocket] for pocket in movements.pocket], units
    )
    return tuple(places), columns


def without_merged(columns: Items, settled: SettlementColumns) -> tuple[list[int], Items, SettlementColumns]:
    """Leave out the instalments of what turned out to be a refund: the first has the whole amount, the others none.

    Returns which items are kept, and both with their new positions.
    """
    kept = [item for item, amount in enumerate(columns.amount) if amount]
    place = {item: position for position, item in enumerate(kept)}
    return (
        kept,
        Items(
            pocket=[columns.pocket[item] for item in kept],
            first=[place[columns.first[item]] for item in kept],
            instalment=[columns.instalment[item] for item in kept],
            day=[columns.day[item] for item in kept],
            date=[columns.date[item] for item in kept],
            due=[columns.due[item] for item in kept],
            amount=[columns.amount[item] for item in kept],
            residual=[columns.residual[item] for item in kept],
            kind=[columns.kind[item] for item in kept],
            number=[columns.number[item] for item in kept],
        ),
        settled._replace(
            debit=[place[item] for item in settled.debit],
            credit=[place[item] for item in settled.credit],
            cause=[place[item] for item in settled.cause],
        ),
    )


def unexplained(facts: Facts, ledger: LedgerColumns) -> list[Unexplained]:
    """The postings that no document explains."""
    nobody = {position for position, pocket in enumerate(facts.pockets) if not pocket.customer}
    movements = facts.movements
    found = []
    if nobody:
        for position, pocket in enumerate(movements.pocket):
            if pocket in nobody:
                meta = movements.posting[position].meta or movements.entry[position].meta
                found.append(
                    Unexplained(
                        ledger.day[position],
                        ledger.place[position],
                        ledger.amount[position],
                        *place_of(facts.folder, meta),
                        "names no customer",
                    )
                )
    return found
