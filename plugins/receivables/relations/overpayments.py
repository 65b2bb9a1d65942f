"""Relation overpayments: what customers and employees paid too much, and what was paid back of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from receivables.book import KIND_CODES, Book
from receivables.facts import OPENING, RECEIPT, REFUND, REVERSAL
from receivables.relations.amounts import digits, shown
from receivables.relations.in_hand import keeper_of_money
from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.rules.in_hand import Holding, hands, holder_of
from receivables.view import View

CUSTOMER: Final = "customer"
EMPLOYEE: Final = "employee"
APPROVAL: Final = "approval"

COLUMNS: Final = (
    Column("whose", str, "customer, or employee for who holds cash in hand.", key=True),
    Column("customer", str, "Customer code; of an employee the holder."),
    Column("name", str, "Customer name."),
    Column("number", str, "The receipt.", key=True),
    Column("date", datetime.date, "Its date."),
    Column("days", int, "Days since then."),
    Column("currency", str, "Currency of the amounts."),
    Column("amount", Decimal, "What was paid, less what a reversal took back.", money="currency"),
    Column("applied", Decimal, "What of it settled something.", money="currency"),
    Column("refunded", Decimal, "What of it was paid back.", money="currency"),
    Column("outstanding", Decimal, "What is left: to pay back, or to apply.", money="currency", total=True),
    Column("owed", Decimal, "What the customer owes in this currency all the same.", money="currency"),
    Column("approved", datetime.date, "The day of the last approval that names the receipt."),
    Column("bank_account", str, "The customer's bank account, where the ledger has it."),
    Column("file", str, "File of the posting."),
    Column("line", int, "Its line."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)
_MONEY: Final = frozenset({KIND_CODES[RECEIPT], KIND_CODES[OPENING]})
_REFUND: Final = KIND_CODES[REFUND]
_REVERSAL: Final = KIND_CODES[REVERSAL]


def evaluate(view: View, question: Question) -> Report:
    """What is open of receipts (and of credits of the opening) at the end of the as-of date; customers first."""
    book = view.book
    keep = keeper_for(book, question, NAMES)
    credits = {
        item: -units
        for item, units in zip(view.items, view.outstanding, strict=True)
        if units < 0 and book.items.kind[item] in _MONEY and (keep is None or keep(item))
    }
    rows = _customers(view, credits)
    keep_money = keeper_of_money(book, question, COLUMNS)
    rows += [
        _employee(book, view.as_of, each)
        for each in hands(book, view.as_of).holdings
        if each.amount < 0 and keep_money(each.origin, (each.account,))
    ]
    currencies = {str(row[NAMES.index("currency")]) for row in rows}
    notes = ("Receipts only: open credit memos are in the open items.",)
    chosen = filtered(rows, COLUMNS, question)
    return Report("overpayments", "Overpayments", view.as_of, COLUMNS, chosen, notes, digits(book, currencies))


def _customers(view: View, credits: Mapping[int, int]) -> list[Row]:
    book, items = view.book, view.book.items
    owed: dict[tuple[str, str], int] = {}
    for item, units in zip(view.items, view.outstanding, strict=True):
        if units > 0:
            pocket = book.pockets[items.pocket[item]]
            owed[pocket.customer, pocket.currency] = owed.get((pocket.customer, pocket.currency), 0) + units
    refunded, reversed_ = (_settled_by(kind, view, credits) for kind in (_REFUND, _REVERSAL))
    approved = {
        (event.customer, number): event.date
        for event in book.events
        if event.kind == APPROVAL and event.date <= view.as_of
        for number in event.documents
    }
    rows: list[Row] = []
    for item, left in credits.items():
        pocket, number = book.pockets[items.pocket[item]], items.number[item]
        customer, decimal = book.customers.get(pocket.customer), book.scales[pocket.currency].decimal
        date, back = datetime.date.fromordinal(items.date[item]), refunded.get(item, 0)
        paid = -items.amount[item] - reversed_.get(item, 0)
        rows.append(
            (
                CUSTOMER, pocket.customer, customer.name if customer else pocket.customer, number, date,
                (view.as_of - date).days, pocket.currency, decimal(paid),
                decimal(paid - back - left), decimal(back), decimal(left),
                decimal(owed.get((pocket.customer, pocket.currency), 0)), approved.get((pocket.customer, number)),
                str(customer.details.get("bank-account") or "") if customer else "", *book.texts.source(item),
            )
        )  # fmt: skip
    return sorted(rows, key=lambda row: (str(row[1]), str(row[4]), str(row[3]), str(row[-2]), row[-1]))


def _settled_by(kind: int, view: View, credits: Mapping[int, int]) -> dict[int, int]:
    """What debits of a kind took of each credit, in units."""
    settlements, kinds = view.book.settlements, view.book.items.kind
    found: dict[int, int] = {}
    for position in range(view.settlement_count):
        credit = settlements.credit[position]
        if credit in credits and kinds[settlements.debit[position]] == kind:
            found[credit] = found.get(credit, 0) + settlements.amount[position]
    return found


def _employee(book: Book, as_of: datetime.date, each: Holding) -> Row:
    holder = holder_of(each.account, book.money_details)
    amount, nothing = (shown(book, number, each.currency) for number in (-each.amount, Decimal(0)))
    return (
        EMPLOYEE, holder, holder, each.origin.number, each.since, (as_of - each.since).days, each.currency, amount,
        nothing, nothing, amount, nothing, None, "", *each.origin.place,
    )  # fmt: skip
