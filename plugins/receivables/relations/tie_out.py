"""Relation tie_out: for each account and currency the ledger's balance against the open items.

The balance is added up from the postings as the ledger has them, the open items from the book. They
agree on every day, except for postings that no document explains, each of which is a row of its own.
"""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from receivables.book import LedgerColumns
from receivables.relations.question import Question, filtered
from receivables.report import Column, Report, Row
from receivables.view import View

COLUMNS: Final = (
    Column("account", str, "The receivable account."),
    Column("currency", str, "Currency of the amounts."),
    Column("balance", Decimal, "Balance of the account in the ledger.", money="currency", total=True),
    Column("open_items", Decimal, "Sum of the open items.", money="currency", total=True),
    Column("unexplained", Decimal, "Postings that no document explains.", money="currency", total=True),
    Column(
        "difference", Decimal, "Balance less open items less unexplained: always zero.",
        money="currency", total=True,
    ),
    Column("date", datetime.date, "For an unexplained posting: its date."),
    Column("reason", str, "For an unexplained posting: why no document explains it."),
    Column("file", str, "For an unexplained posting: its file."),
    Column("line", int, "For an unexplained posting: its line."),
)  # fmt: skip


class Tie(NamedTuple):
    """One account and currency, in units: what the ledger says and what the items say."""

    account: str
    currency: str
    balance: int
    open_items: int
    unexplained: int

    @property
    def difference(self) -> int:
        """What neither items nor unexplained postings account for; zero unless the program is wrong."""
        return self.balance - self.open_items - self.unexplained


def ties(view: View) -> list[Tie]:
    """The tie-out of every account and currency that has postings on or before the day."""
    return view.of_day("ties", lambda: _ties(view))


def _ties(view: View) -> list[Tie]:
    book = view.book
    day = view.as_of.toordinal()
    balance = _balances(view)
    places = {pair: place for place, pair in enumerate(book.places)}
    place_of = [places[pocket.account, pocket.currency] for pocket in book.pockets]
    opened: dict[int, int] = {}
    pockets = book.items.pocket
    for item, units in zip(view.items, view.outstanding, strict=True):
        place = place_of[pockets[item]]
        opened[place] = opened.get(place, 0) + units
    lost: dict[int, int] = {}
    for posting in book.unexplained:
        if posting.day <= day:
            lost[posting.place] = lost.get(posting.place, 0) + posting.amount
    return [
        Tie(account, currency, balance[place], opened.get(place, 0), lost.get(place, 0))
        for place, (account, currency) in sorted(enumerate(book.places), key=lambda pair: pair[1])
        if place in balance
    ]


def _balances(view: View) -> Mapping[int, int]:
    """Place → what the ledger says; places without a posting up to the day are not in it."""
    ledger, day = view.book.ledger, view.as_of.toordinal()
    if view.lasting is not None:
        courses = view.of_book("balances", lambda: _courses(ledger))
        found = ((place, bisect_right(days, day), units) for place, (days, units) in courses.items())
        return {place: units[count - 1] for place, count, units in found if count}
    count = bisect_right(ledger.day, day)
    balance: dict[int, int] = {}
    for place, amount in zip(ledger.place[:count], ledger.amount[:count], strict=True):
        balance[place] = balance.get(place, 0) + amount
    return balance


def _courses(ledger: LedgerColumns) -> Mapping[int, tuple[list[int], list[int]]]:
    """Place → the days of its postings, and the balance after each of them."""
    courses: dict[int, tuple[list[int], list[int]]] = {}
    for day, place, amount in zip(ledger.day, ledger.place, ledger.amount, strict=True):
        days, units = courses.setdefault(place, ([], []))
        units.append(amount + (units[-1] if units else 0))
        days.append(day)
    return courses


def evaluate(view: View, question: Question) -> Report:
    """The tie-out, ordered by account and currency, each followed by its unexplained postings."""
    book = view.book
    day = view.as_of.toordinal()
    rows: list[Row] = []
    for tie in ties(view):
        scale = book.scales[tie.currency]
        rows.append(
            (
                tie.account, tie.currency, scale.decimal(tie.balance), scale.decimal(tie.open_items),
                scale.decimal(tie.unexplained), scale.decimal(tie.difference), None, None, None, None,
            )
        )  # fmt: skip
        rows.extend(
            (
                tie.account, tie.currency, None, None, None, None,
                datetime.date.fromordinal(posting.day),
                f"{scale.decimal(posting.amount)} {tie.currency} {posting.reason}", posting.file, posting.line,
            )
            for posting in book.unexplained
            if posting.day <= day and book.places[posting.place] == (tie.account, tie.currency)
        )  # fmt: skip
    return Report(
        "tie_out",
        "Tie-out",
        view.as_of,
        COLUMNS,
        filtered(rows, COLUMNS, question),
        tie_out_notes(view),
        book.digits(),
    )


def tie_out_notes(view: View) -> tuple[str, ...]:
    """The tie-out in a sentence a currency, as it stands under every aging."""
    sums: dict[str, list[int]] = {}
    off: list[str] = []
    for tie in ties(view):
        of_currency = sums.setdefault(tie.currency, [0, 0, 0, 0])
        for place, units in enumerate((tie.balance, tie.open_items, tie.unexplained, 1)):
            of_currency[place] += units
        if tie.difference:
            off.append(f"{tie.account} ({tie.currency})")
    notes = []
    for currency, (balance, opened, lost, accounts) in sorted(sums.items()):
        scale = view.book.scales[currency]
        ledger = f"ledger balance {scale.decimal(balance):,} on {accounts} account{'s' * (accounts != 1)}"
        unexplained = f" + unexplained postings {scale.decimal(lost):,} (see tie-out)" if lost else ""
        verdict = "ties out" if balance == opened + lost else "DOES NOT TIE OUT"
        notes.append(f"{currency} {verdict}: open items {scale.decimal(opened):,}{unexplained} = {ledger}.")
    if off:
        notes.append(f"DOES NOT TIE OUT: {', '.join(off)}.")
    return tuple(notes)
