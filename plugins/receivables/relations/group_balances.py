"""Relation group_balances: what each company of the group owes the others, as its own books and as theirs show it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from receivables.relations.amounts import digits, shown
from receivables.relations.question import Question, filtered
from receivables.report import Column, Report, Row
from receivables.rules.group import Balance, Movement, balances
from receivables.settings import GROUP
from receivables.view import View

COLUMNS: Final = (
    Column("entity", str, "The company whose accounts are looked at; empty where they do not say.", key=True),
    Column("with", str, "The other company.", key=True),
    Column("currency", str, "Currency of the amounts.", key=True),
    Column(
        "balance", Decimal, "What its accounts show: positive is owed by the other, negative is owed to it.",
        money="currency", total=True,
    ),
    Column(
        "counterpart", Decimal, "What the other's accounts show about it; empty where the other has no such account.",
        money="currency",
    ),
    Column("difference", Decimal, "Balance and counterpart added up: zero when the two agree.", money="currency"),
    Column("since", datetime.date, "Day of the oldest movement that is not settled, the oldest being settled first."),
    Column("days", int, "Days from then to the as-of date."),
    Column("made_by", str, "Numbers of the receipts and other entries that make the balance, the oldest first."),
    Column("accounts", str, "The accounts, separated by commas."),
)  # fmt: skip

SHOWN: Final = 4
"""So many numbers are named in `made_by`; `group_movements` has all."""


def evaluate(view: View, question: Question) -> Report:
    """The balances of all companies, by company, other and currency; a pair that owes nothing is left out."""
    found = balances(view)
    return Report(
        "group_balances",
        "Balances between companies",
        view.as_of,
        COLUMNS,
        filtered([_row(view, each) for each in found], COLUMNS, question),
        notes=_notes(view, found),
        digits=digits(view.book, {each.currency for each in found}),
    )


def _row(view: View, each: Balance) -> Row:
    accounts = [
        account.account
        for account in view.book.between.values()
        if (account.entity, account.other) == (each.entity, each.other)
    ]
    difference = each.difference
    return (
        each.entity, each.other, each.currency, shown(view.book, each.amount, each.currency),
        None if each.counterpart is None else shown(view.book, each.counterpart, each.currency),
        None if difference is None else shown(view.book, difference, each.currency),
        each.since, None if each.since is None else (view.as_of - each.since).days,
        _made_by(each.unsettled), ", ".join(accounts),
    )  # fmt: skip


def _made_by(unsettled: Sequence[Movement]) -> str:
    names = list(dict.fromkeys(each.number or str(each.booked.date) for each in unsettled))
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _notes(view: View, found: Sequence[Balance]) -> tuple[str, ...]:
    if not any(each.role == GROUP for each in view.book.booked):
        return ('Nothing is booked between companies: no account with the role "group" has a posting.',)
    notes = ["Positive: the other company owes it. What is paid back settles the oldest first."]
    for each in found:
        difference = each.difference
        if difference is None and each.other:
            notes.append(f"{each.other} has no account with {each.entity} in this ledger.")
        elif difference and each.entity < each.other:
            amount = f"{shown(view.book, difference, each.currency):,} {each.currency}"
            notes.append(
                f"{each.entity} and {each.other} differ by {amount}: "
                "group-movements --where both=no has what only one of the two has booked."
            )
    if any(not (each.entity and each.other) for each in found):
        notes.append("Accounts that do not say between whom they stand are in rows without a company.")
    return tuple(dict.fromkeys(notes))
