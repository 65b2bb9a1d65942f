"""Relation cash_movements: what was received in hand, handed over and deposited, step by step."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Final

from receivables.book import Book
from receivables.relations.amounts import digits, shown
from receivables.relations.in_hand import keeper_of_money, names_of
from receivables.relations.question import Question, filtered
from receivables.report import Column, Report, Row
from receivables.rules.in_hand import CashMovement, hands, holder_of
from receivables.view import View

COLUMNS: Final = (
    Column("date", datetime.date, "When."),
    Column("action", str, "received, handed over, deposited, credited, returned or paid out.", key=True),
    Column("giver", str, "Who had it; empty when it came from outside."),
    Column("taker", str, "Who has it now; empty when it went out."),
    Column("days", int, "How long the giver had it; empty when it came."),
    Column("received", datetime.date, "The day on which it was received."),
    Column("number", str, "The receipt.", key=True),
    Column("customer", str, "Customer code; several with commas."),
    Column("name", str, "Customer name."),
    Column("voucher", str, "The receipt voucher."),
    Column("cheque", str, "Number of the cheque; empty for cash."),
    Column("slip", str, "The deposit slip."),
    Column("bank_id", str, "The line of the bank statement that has it; empty without."),
    Column("currency", str, "Currency of the amount."),
    Column("amount", Decimal, "How much.", money="currency", total=True),
    Column("account", str, "The account in hand to which it came, else from which it went."),
    Column("file", str, "File of the posting."),
    Column("line", int, "Its line."),
)

_NOTES: Final = ("Each step counts: choose one with --where action=deposited before you use the total.",)


def evaluate(view: View, question: Question) -> Report:
    """The steps up to the as-of date (from the period's first day on), in order of date."""
    book = view.book
    first = question.period_from or datetime.date.min
    keep = keeper_of_money(book, question, COLUMNS)
    steps = [
        each
        for each in hands(book, view.as_of).movements
        if each.date >= first and keep(each.origin, filter(None, (each.giver, each.taker)))
    ]
    rows = [_row(book, each) for each in steps]
    chosen = filtered(rows, COLUMNS, question)
    places = digits(book, {each.currency for each in steps})
    return Report("cash_movements", "Movements of cash and cheques", view.as_of, COLUMNS, chosen, _NOTES, places)


def _row(book: Book, each: CashMovement) -> Row:
    origin, details = each.origin, book.money_details
    return (
        each.date, each.action, holder_of(each.giver, details) if each.giver else "",
        holder_of(each.taker, details) if each.taker else "",
        None if each.held_since is None else (each.date - each.held_since).days, origin.received, origin.number,
        ", ".join(origin.customers), names_of(book, origin.customers), origin.voucher, origin.cheque, each.slip,
        each.bank_id, each.currency, shown(book, each.amount, each.currency), each.taker or each.giver,
        *each.place,
    )  # fmt: skip
