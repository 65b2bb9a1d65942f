"""Charged penalties: what was charged for late payment so far, read from what stands on the penalty-income accounts.

A posting there says `penalty-of:` with the number of the late document. A #penalty entry without that word counts for
the only other document of the customer that it is linked to. A credit memo counts only with the word: without it, it
waives a note, and what is waived stays charged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from receivables.facts import PENALTY, Booked
from receivables.history import changes
from receivables.problems import Problem, problem
from receivables.settings import PENALTY_INCOME
from receivables.view import View

PENALTY_OF: Final = "penalty-of"
"""The metadata word on an income posting that says for which document it was charged."""


class Charged(NamedTuple):
    """What the penalty-income accounts hold up to a day.

    Attributes:
      postings: Each posting with the number of the document that it charges for.
      problems: Postings of #penalty entries that charge for nothing that is known.
    """

    postings: Sequence[tuple[Booked, str]]
    problems: Sequence[Problem]


def charged_postings(view: View) -> Charged:
    """The postings of penalties up to the as-of date, each with its document."""
    booked = [each for each in view.book.booked if each.role == PENALTY_INCOME and each.date <= view.as_of]
    documents = view.documents() if booked else {}
    found = []
    problems = []
    for each in booked:
        named = each.details.get(PENALTY_OF)
        if named is None and each.kind != PENALTY:
            continue
        if named is not None:
            number, wrong = str(named), f'penalty-of: "{named}" is no document of {each.customer or "any customer"}'
            sure = (each.customer, number) in documents
        else:
            others = _linked(view, each, documents)
            number = others[0] if len(others) == 1 else ""
            wrong = "the penalty has no penalty-of: and is linked to " + (" and ".join(others) or "no other document")
            sure = bool(number)
        if sure:
            found.append((each, number))
        else:
            problems.append(problem("penalty-of-what", each.source, wrong=wrong))
    return Charged(found, problems)


def _linked(view: View, each: Booked, documents: Mapping[tuple[str, str], Sequence[int]]) -> list[str]:
    """The documents of the customer that an entry is linked to, without penalty notes: itself and others."""
    found = []
    for link in each.links:
        items = documents.get((each.customer, link), ())
        if items and not any(view.kind(item) == PENALTY for item in items):
            found.append(link)
    return found


def charged(postings: Sequence[tuple[Booked, str]]) -> dict[tuple[str, str, str], Decimal]:
    """What was charged: customer, currency and number of the late document → amount."""
    found: dict[tuple[str, str, str], Decimal] = {}
    for each, number in postings:
        key = each.customer, each.currency, number
        found[key] = found.get(key, Decimal(0)) - each.amount
    return found


def payments_of_notes(
    view: View, postings: Sequence[tuple[Booked, str]]
) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Customer and number of a late document → (day, units) paid on the penalty notes that charge for it.

    Units are those of the currency's digits. A note that charges for several documents is paid for each in
    proportion, rounded down.
    """
    book, items = view.book, view.book.items
    shares: dict[tuple[str, str], list[tuple[str, Decimal]]] = {}
    for each, number in postings:
        if each.kind == PENALTY:
            for link in each.links:
                shares.setdefault((each.customer, link), []).append((number, -each.amount))
    notes: dict[tuple[str, str], list[int]] = {}
    for item in range(view.item_count) if shares else ():
        key = book.pockets[items.pocket[item]].customer, items.number[item]
        if key in shares and view.kind(item) == PENALTY:
            notes.setdefault(key, []).append(item)
    wanted = {item for of_note in notes.values() for item in of_note}
    history = changes(view, wanted.__contains__) if wanted else {}
    found: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for (customer, note), of_note in notes.items():
        total = sum(items.amount[item] for item in of_note)
        digits = view.scale(of_note[0]).digits
        for change in (change for item in of_note for change in history.get(item, ())):
            for number, amount in shares[customer, note]:
                part = Fraction(change.units) * Fraction(amount) * 10**digits / total
                found.setdefault((customer, number), []).append((change.day, int(part)))
    return {key: sorted(paid) for key, paid in found.items()}
