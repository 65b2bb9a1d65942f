"""Booking: facts into the book, in one pass in order of date.

`columns` makes items of movements, `settling` settles them day by day, `review` says what is odd in the end,
`texts` keeps the words behind the items.
"""

from __future__ import annotations

from receivables.book import Book, Items
from receivables.booking.columns import (
    currency_scales,
    item_columns,
    ledger_columns,
    ledger_units,
    unexplained,
    without_merged,
)
from receivables.booking.review import known_events, review, review_balances
from receivables.booking.settling import Settling
from receivables.booking.texts import EntryTexts
from receivables.facts import Facts
from receivables.problems import Problem


def build(facts: Facts) -> Book:
    """The book of these facts.

    Problems of settlement (a number that no document has, more settled than open, …) are added to
    those that the language found; nothing is raised for what a ledger says.
    """
    problems: list[Problem] = list(facts.problems)
    scales = currency_scales(facts)
    units = ledger_units(facts, scales)
    columns = item_columns(facts, scales, units, problems)
    settled = Settling(facts, columns, scales, problems)
    settled.run()
    review(settled)
    review_balances(settled, units)
    places, ledger = ledger_columns(facts, units)
    movements, origin, settlements = facts.movements, columns.origin, settled.settlements
    items = Items(
        pocket=columns.pocket,
        first=columns.first,
        instalment=columns.instalment,
        day=columns.day,
        date=columns.date,
        due=columns.due,
        amount=columns.amount,
        residual=settled.residual,
        kind=settled.kind,
        number=settled.number,
    )
    if settled.paid_back:
        # What is paid back is not owed by any terms.
        terms = [None if place in settled.paid_back else of for place, of in enumerate(movements.terms)]
        movements = movements._replace(terms=terms)
        if 0 in items.amount:
            kept, items, settlements = without_merged(items, settlements)
            origin = [origin[item] for item in kept]
    return Book(
        title=facts.title,
        folder=facts.folder,
        settings=facts.settings,
        customers=facts.customers,
        account_details=facts.account_details,
        money_details=facts.money_details,
        between=facts.between,
        closed=facts.closed,
        events=known_events(settled),
        booked=facts.booked,
        vouchers=facts.vouchers,
        prices=facts.prices,
        scales=scales,
        pockets=facts.pockets,
        places=places,
        items=items,
        settlements=settlements,
        ledger=ledger,
        unexplained=unexplained(facts, ledger),
        texts=EntryTexts(movements, origin, facts.folder),
        last_day=facts.last_day,
        problems=problems,
    )
