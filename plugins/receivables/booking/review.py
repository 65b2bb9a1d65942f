"""Review: what is wrong or odd about the items once all is settled, reported at the user's lines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from operator import attrgetter
from typing import Any, Final

from receivables.book import KIND_CODES
from receivables.booking.settling import ACTIVE_DEBITS, Settling
from receivables.facts import DEBIT_NOTE, INVOICE, KINDS, OPENING, PENALTY, REFUND, REVERSAL, Event, Pocket
from receivables.problems import problem

_REFUND: Final = KIND_CODES[REFUND]
_REVERSAL: Final = KIND_CODES[REVERSAL]
_NUMBERED: Final = frozenset(KIND_CODES[kind] for kind in (INVOICE, OPENING, DEBIT_NOTE, PENALTY))
_ISSUED: Final = {KIND_CODES[INVOICE], KIND_CODES[OPENING]}

_ABOUT_DOCUMENTS: Final = frozenset({"promise", "dispute", "dispute-resolved"})
"""Events whose amounts belong to documents, so that a link which leads nowhere changes what is shown."""

_NEAREST_ASKED: Final = 100
"""For how many unknown numbers the nearest is looked for: it costs time, and nobody reads more."""

_STEPS: Final[tuple[tuple[str, Callable[[Pocket], Any], str], ...]] = (
    ("other-customer", attrgetter("customer"), "owner"),
    ("other-currency", attrgetter("currency"), "theirs"),
    ("other-account", attrgetter("account"), "theirs"),
)
"""Why a named document is out of reach: whose, in which currency, on which account it is."""


def review(settled: Settling) -> None:
    """Add to the problems whatever the settled items show."""
    asked = 0
    for item in settled.claimants:
        asked += _review_claim(settled, item, ask=asked < _NEAREST_ASKED)
    _review_links(settled)
    _review_refunds(settled)
    _review_numbers(settled)
    _review_closed(settled)


def review_balances(settled: Settling, units: Sequence[int]) -> None:
    """Hold the open items of every pocket against its postings: they must agree, or the program is wrong.

    Args:
      settled: The settled items.
      units: The amount of every movement, as the ledger has it.
    """
    balance = [0] * len(settled.pockets)
    for pocket, amount in zip(settled.facts.movements.pocket, units, strict=True):
        balance[pocket] += amount
    for pocket, left in zip(settled.pocket, settled.residual, strict=True):
        balance[pocket] -= left
    wrong = {place for place, left in enumerate(balance) if left and settled.pockets[place].customer}
    for item, pocket in enumerate(settled.pocket):
        if pocket in wrong:
            wrong.remove(pocket)
            of_pocket = sum(a for a, p in zip(units, settled.facts.movements.pocket, strict=True) if p == pocket)
            settled.report(
                "does-not-tie-out",
                item,
                account=settled.pockets[pocket].account,
                items=settled.money(item, of_pocket - balance[pocket]),
                balance=settled.money(item, of_pocket),
            )


def known_events(settled: Settling) -> list[Event]:
    """The events with the numbers of the documents that their links lead to; a warning where one leads nowhere."""
    events = []
    for event in settled.facts.events:
        numbers: dict[str, None] = {}
        for link in event.documents:
            documents = [
                document
                for document in settled.carriers.get(link, ())
                if _pocket(settled, document).customer == event.customer
            ]
            if not documents and event.kind in _ABOUT_DOCUMENTS:
                settled.problems.append(
                    problem(
                        "event-without-document",
                        event.entry.meta,
                        event.entry,
                        kind=event.kind,
                        number=link,
                        customer=event.customer,
                    )
                )
            # What was there on the day of the event: a later document must not change whom it was about.
            known = [settled.number[d] for d in documents if settled.day[d] <= event.date.toordinal()]
            numbers.update(dict.fromkeys([link] if link in known or not known else known))
        events.append(event._replace(documents=tuple(numbers)))
    return events


def _pocket(settled: Settling, item: int) -> Pocket:
    return settled.pockets[settled.pocket[item]]


def _review_claim(settled: Settling, item: int, *, ask: bool) -> int:
    """Report names that lead nowhere, else what is left over; how many names led nowhere."""
    named = settled.settles.get(item, ())
    names = named or tuple(sorted(settled.links[item]))
    lost = [name for name in names if not settled.opposite(item, name)]
    if not named and len(lost) < len(names):
        # Of the links only one has to lead to what is undone; others are the document's own.
        return 0
    if not named and len(lost) > 1:
        lost = [name for name in lost if name != settled.number[item]]
    for name in lost:
        _report_lost(settled, item, name, ask=ask)
    owed = settled.amount[item] > 0 and settled.kind[item] not in ACTIVE_DEBITS
    if not lost and settled.residual[item] and not owed and item not in settled.moved_away:
        settled.report(
            "more-than-open",
            item,
            number=settled.number[item],
            amount=settled.money(item, abs(settled.residual[item])),
            customer=_pocket(settled, item).customer,
            targets=", ".join(named),
        )
    return len(lost)


def _review_links(settled: Settling) -> None:
    """Report credits that share a link with a document and have something left, or with one out of reach only."""
    for item, left in enumerate(settled.residual):
        if not left or settled.amount[item] > 0 or item in settled.settles or settled.kind[item] == _REVERSAL:
            continue
        links = sorted(settled.links[item])
        reached = [
            link for link in links if any(settled.kind[o] not in ACTIVE_DEBITS for o in settled.opposite(item, link))
        ]
        if reached:
            settled.report(
                "more-than-open",
                item,
                number=settled.number[item],
                amount=settled.money(item, abs(left)),
                customer=_pocket(settled, item).customer,
                targets=", ".join(reached),
            )
            continue
        for link in links:
            owed = any(
                settled.number[document] == link
                and settled.amount[document] > 0
                and settled.kind[document] not in ACTIVE_DEBITS
                for document in settled.carriers[link]
            )
            if owed and link != settled.number[item]:
                _report_lost(settled, item, link, ask=False)


def _report_lost(settled: Settling, item: int, name: str, *, ask: bool) -> None:
    """Say why a named document was not found."""
    here = _pocket(settled, item)
    words = {
        "word": "settles" if item in settled.settles else "link",
        "number": name,
        "customer": here.customer,
        "amount": settled.money(item, abs(settled.residual[item])),
    }
    others = _carrying(settled, item, name)
    size = 1
    if not others:
        base, slash, count = name.rpartition("/")
        if slash and count.isdecimal():
            others = _carrying(settled, item, base)
            size = max((settled.instalment[other] for other in others), default=0) or 1
            others = [other for other in others if (settled.instalment[other] or 1) == int(count)] or others
    if not others:
        nearest = _nearest(settled, item, name) if ask else ""
        settled.report("unknown-document", item, **words, nearest=nearest)
        return
    for code, part, theirs in _STEPS:
        matching = [other for other in others if part(_pocket(settled, other)) == part(here)]
        if not matching:
            there = part(_pocket(settled, others[0]))
            settled.report(code, item, **{**words, theirs: there, "ours": part(here)})
            return
        others = matching
    if any((settled.amount[other] > 0) != (settled.amount[item] > 0) for other in others):
        settled.report("no-such-instalment", item, **words, size=size)
        return
    settled.report("same-side", item, **words, kind=KINDS[settled.kind[others[0]]])


def _carrying(settled: Settling, item: int, name: str) -> list[int]:
    """The items of other entries that carry a number or link."""
    entry = settled.entry(item)
    documents = [document for document in settled.carriers.get(name, ()) if settled.entry(document) is not entry]
    return [other for document in documents for other in settled.items_of(document) if settled.amount[other]]


def _nearest(settled: Settling, item: int, name: str) -> str:
    """The number of the same pocket's other side that looks most like `name`, as part of a sentence."""
    pocket, debit = settled.pocket[item], settled.amount[item] > 0
    own = [
        number
        for number, there, amount in zip(settled.number, settled.pocket, settled.amount, strict=True)
        if there == pocket and (amount > 0) != debit
    ]
    near = get_close_matches(name, own[-1000:], n=1, cutoff=0.6)
    return f" (the nearest is {near[0]})" if near else ""


def _review_refunds(settled: Settling) -> None:
    for item, code in enumerate(settled.kind):
        if code == _REFUND and settled.residual[item] and item not in settled.settles:
            customer = _pocket(settled, item).customer
            settled.report("refund-of-what", item, number=settled.number[item], customer=customer)


def _review_numbers(settled: Settling) -> None:
    """Report numbers that several invoices, debit notes, penalties or opening items share."""
    for document in settled.doubles:
        code, number = settled.kind[document], settled.number[document]
        if code not in _NUMBERED:
            continue
        customer = _pocket(settled, document).customer
        entry = settled.entry(document)
        others = [
            other
            for other in settled.carriers[number]
            if other < document
            and settled.number[other] == number
            and settled.amount[other] > 0
            and (settled.kind[other] == code or {settled.kind[other], code} == _ISSUED)
            and settled.entry(other) is not entry
        ]
        own = [other for other in others if _pocket(settled, other).customer == customer]
        if own:
            settled.report("number-twice", document, number=number, customer=customer, other=_place(settled, own[0]))
        elif others:
            settled.report(
                "number-of-two-customers",
                document,
                number=number,
                customer=_pocket(settled, others[0]).customer,
                other=_place(settled, others[0]),
            )


def _place(settled: Settling, item: int) -> str:
    meta = settled.source(item)
    return f"{meta.get('filename')}:{meta.get('lineno')}"


def _review_closed(settled: Settling) -> None:
    closed = settled.facts.closed
    if not closed:
        return
    for item, left in enumerate(settled.residual):
        account = _pocket(settled, item).account
        if left and account in closed:
            settled.report(
                "closed-with-open-items",
                item,
                account=account,
                date=closed[account],
                amount=settled.money(item, left),
                number=settled.number[item],
            )
