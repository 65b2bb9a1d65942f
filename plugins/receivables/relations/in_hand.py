"""Relation in_hand: who holds which cash and cheques, since when, and what should be at the bank by now."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final

from receivables.book import Book
from receivables.lookup import Lookup
from receivables.relations.amounts import digits, shown
from receivables.relations.question import Question, filtered, split_conditions
from receivables.report import Column, Report, Row, Value
from receivables.rules.in_hand import (
    Holding,
    Origin,
    cheques_twice,
    hands,
    holder_of,
    over_limit,
    stage_of,
    status_of,
)
from receivables.view import View

COLUMNS: Final = (
    Column("account", str, "The account in hand."),
    Column("holder", str, "Who holds it.", key=True),
    Column("stage", str, "collector, cashier, or deposited: at the bank's counter, not yet on a statement."),
    Column("since", datetime.date, "The day on which the holder got it."),
    Column("days", int, "Days since then."),
    Column("received", datetime.date, "The day on which it was received."),
    Column("number", str, "The receipt.", key=True),
    Column("customer", str, "Customer code; several with commas."),
    Column("name", str, "Customer name."),
    Column("voucher", str, "The receipt voucher."),
    Column("cheque", str, "Number of the cheque; empty for cash."),
    Column("cheque_bank", str, "On which bank it is drawn."),
    Column("cheque_date", datetime.date, "From when it can be cashed, where it bears a date."),
    Column("slip", str, "The deposit slip."),
    Column("currency", str, "Currency of the amount."),
    Column(
        "amount", Decimal, "What is there; negative: handed over beyond what was there.", money="currency", total=True
    ),
    Column("status", str, "in time, late, post-dated, or overpaid."),
    Column("file", str, "File of the posting with which it came."),
    Column("line", int, "Its line."),
)


def evaluate(view: View, question: Question) -> Report:
    """What is in hand at the end of the as-of date, by account and day."""
    book, found = view.book, hands(view.book, view.as_of)
    keep = keeper_of_money(book, question, COLUMNS)
    rows = [_row(book, view.as_of, each) for each in found.holdings if keep(each.origin, (each.account,))]
    notes = (
        *(
            f"{holder} has {amount:,} {currency} in cash: the limit is {limit:,} {currency}."
            for holder, currency, amount, limit in over_limit(found, book, view.as_of)
        ),
        *(f"The cheque {cheque} stands on {' and '.join(numbers)}." for cheque, numbers in cheques_twice(found)),
    )
    chosen = filtered(rows, COLUMNS, question)
    currencies = {each.currency for each in found.holdings}
    return Report("in_hand", "Cash and cheques in hand", view.as_of, COLUMNS, chosen, notes, digits(book, currencies))


def keeper_of_money(
    book: Book, question: Question, columns: Sequence[Column]
) -> Callable[[Origin, Iterable[str]], bool]:
    """A test for money of an origin on accounts, by the customer and the conditions on what is no column: metadata of
    the accounts in hand, then of the customers."""
    lookup = Lookup(book)
    conditions = split_conditions(question, [column.name for column in columns])[1]

    def said(key: str, origin: Origin, accounts: Iterable[str]) -> Value:
        values = [lookup.of_money(account, key) for account in accounts]
        values += [lookup.of_customer(code, key) for code in origin.customers]
        return next((value for value in values if value is not None), None)

    def keep(origin: Origin, accounts: Iterable[str]) -> bool:
        if question.customer is not None and question.customer not in origin.customers:
            return False
        return all(condition.holds(said(condition.key, origin, accounts)) for condition in conditions)

    return keep


def names_of(book: Book, codes: Iterable[str]) -> str:
    """What customers are called, separated by commas."""
    return ", ".join(book.customers[code].name if code in book.customers else code for code in codes)


def _row(book: Book, as_of: datetime.date, each: Holding) -> Row:
    origin, details = each.origin, book.money_details
    return (
        each.account, holder_of(each.account, details), stage_of(each.account, details), each.since,
        (as_of - each.since).days, origin.received, origin.number, ", ".join(origin.customers),
        names_of(book, origin.customers), origin.voucher, origin.cheque, origin.cheque_bank, origin.cheque_date,
        each.slip, each.currency, shown(book, each.amount, each.currency), status_of(each, book, as_of),
        *origin.place,
    )  # fmt: skip
