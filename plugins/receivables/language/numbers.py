"""Numbers: which number a document has where its entry does not say it plainly."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from receivables.facts import APPLY, Movements, Pocket
from receivables.problems import Problem, problem
from receivables.rules.numbering import Numbering


def choose_unclear(
    movements: Movements,
    numbers: list[str],
    unclear: Sequence[int],
    numbering: Numbering,
    problems: list[Problem],
) -> None:
    """Choose the number among several links where their beginnings do not tell, and put it into `numbers`.

    Those are left out that are the number of another document up to that day: later ones must not change
    what was. One left is the number; else the first in the alphabet, with a warning.
    """
    owned_from: dict[str, datetime.date] = {}
    for number, date in zip(numbers, movements.date, strict=True):
        owned_from.setdefault(number, date)
    # Chosen on one day counts from the next, so that the order within a day does not matter.
    chosen: dict[str, datetime.date] = {}
    for position in unclear:
        entry = movements.entry[position]
        if chosen and entry.date not in chosen.values():
            owned_from = {**chosen, **owned_from}
            chosen = {}
        links = sorted(entry.links)
        owned = {link for link in links if owned_from.get(link, datetime.date.max) <= entry.date}
        candidates = numbering.candidates(movements.kind[position], links, entry.date, owned)
        if len(candidates) > 1:
            problems.append(problem("several-links", entry.meta, entry, links=", ".join(links), chosen=candidates[0]))
        numbers[position] = candidates[0]
        chosen.setdefault(candidates[0], entry.date)


def name_applied(movements: Movements, numbers: list[str], unnumbered: Sequence[int]) -> list[int]:
    """Name each leg of an #apply entry by what the other legs name: the money is that document's.

    Returns the positions that still have no number.
    """
    legs: dict[int, list[int]] = {}
    for position in unnumbered:
        if movements.kind[position] == APPLY:
            legs.setdefault(id(movements.entry[position]), []).append(position)
    for positions in legs.values():
        for position in positions:
            named = [
                name
                for other in positions
                if movements.amount[other] * movements.amount[position] < 0
                for name in movements.settles.get(other, ())
            ]
            numbers[position] = ", ".join(dict.fromkeys(named))
    return [position for position in unnumbered if not numbers[position]]


def name_unnumbered(
    movements: Movements, numbers: list[str], unnumbered: Sequence[int], pockets: Sequence[Pocket]
) -> None:
    """Give a stable name to each document without a number: customer, date, and a count within the day.

    The count follows the documents' contents, not their place in the files.
    """
    documents: dict[tuple[datetime.date, str], dict[tuple[int, bool, str], list[int]]] = {}
    for position in unnumbered:
        pocket = pockets[movements.pocket[position]]
        of_day = documents.setdefault((movements.date[position], pocket.customer), {})
        key = (id(movements.entry[position]), movements.amount[position] > 0, pocket.currency)
        of_day.setdefault(key, []).append(position)

    def contents(positions: Sequence[int]) -> tuple[object, ...]:
        entry = movements.entry[positions[0]]
        legs = [
            (
                pockets[movements.pocket[position]], movements.amount[position], movements.kind[position],
                movements.settles.get(position, ()), str(movements.due.get(position, "")),
                movements.part.get(position, ""),
            )
            for position in positions
        ]  # fmt: skip
        return legs, entry.payee or "", entry.narration or ""

    for (date, customer), of_day in documents.items():
        ordered = sorted(of_day.values(), key=contents)
        for count, positions in enumerate(ordered, start=1):
            name = f"{customer}-{date}" if len(ordered) == 1 else f"{customer}-{date}-{count}"
            for position in positions:
                numbers[position] = name
