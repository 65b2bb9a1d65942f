"""Relation credit_limits: what each customer owes against the credit limit, in the limit's currency."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from receivables.facts import Customer
from receivables.lookup import Lookup
from receivables.money import EXACT, added
from receivables.relations.amounts import digits
from receivables.relations.question import Condition, Question, filtered, narrowed
from receivables.report import Column, Report, Row
from receivables.rules.kpis import share
from receivables.view import Rates, View, rates_at

COLUMNS: Final = (
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("currency", str, "Currency of the limit and of the amounts."),
    Column("limit", Decimal, "Credit limit.", money="currency", total=True),
    Column("owed", Decimal, "What is open net of credits, other currencies converted.", money="currency", total=True),
    Column("room", Decimal, "Limit less what is owed; negative when it is exceeded.", money="currency", total=True),
    Column("used", Decimal, "What is owed in percent of the limit; empty for a limit of zero."),
    Column("status", str, "within, exceeded or no price."),
    Column("converted", str, "The currencies that were converted, with their price of the as-of date."),
    Column("no_price", str, "Currencies without a price: what is owed in them is left out."),
    Column("collector", str, "Who collects, from the customer's metadata."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)

WITHIN: Final = "within"
EXCEEDED: Final = "exceeded"
NO_PRICE: Final = "no price"
"""Not exceeded by what could be counted; more is owed in a currency without a price."""


def evaluate(view: View, question: Question) -> Report:
    """The customers that have a limit, ordered by code."""
    book = view.book
    narrow = narrowed(view, question, NAMES)
    owed: dict[str, dict[str, int]] = {}
    pockets, of_item = book.pockets, book.items.pocket
    for item, units in zip(narrow.items, narrow.outstanding, strict=True):
        pocket = pockets[of_item[item]]
        of_customer = owed.setdefault(pocket.customer, {})
        of_customer[pocket.currency] = of_customer.get(pocket.currency, 0) + units
    rates: dict[str, Rates] = {}
    own: dict[str, set[str]] = {}
    for pocket in pockets:
        own.setdefault(pocket.customer, set()).add(pocket.currency)
    lookup = Lookup(book)
    rows: list[Row] = []
    # What costs little is asked before a row is made of it.
    stands = tuple(condition for condition in question.where if condition.key == "status")
    for code, customer in sorted(book.customers.items()):
        limit = _limit(customer, own.get(code, set()))
        if limit is None or question.customer not in (None, code):
            continue
        number, currency = limit
        if currency not in rates:
            rates[currency] = rates_at(book, view.as_of, currency)
        collector = lookup.of_customer(code, "collector")
        row = _row(view, customer, number, rates[currency], owed.get(code, {}), stands)
        if row is not None:
            rows.append((*row, None if collector is None else str(collector)))
    return Report(
        "credit_limits",
        "Credit limits",
        view.as_of,
        COLUMNS,
        filtered(rows, COLUMNS, question),
        notes=("What is owed is everything open, net of credits; other currencies at the prices of the day.",),
        digits=book.digits() | digits(book, rates),
    )


def _limit(customer: Customer, currencies: set[str]) -> tuple[Decimal, str] | None:
    """The limit and its currency; a bare number is in the only currency that the customer has."""
    said = customer.details.get("credit-limit")
    if isinstance(said, Decimal):
        return (said, next(iter(currencies))) if len(currencies) == 1 else None
    number, currency = getattr(said, "number", None), getattr(said, "currency", None)
    return (number, currency) if isinstance(number, Decimal) and isinstance(currency, str) else None


def _row(
    view: View, customer: Customer, limit: Decimal, rates: Rates, owed: dict[str, int], stands: Sequence[Condition]
) -> Row | None:
    """The row without its last column; None where its status does not fulfil the conditions."""
    parts, converted, unpriced = [], [], []
    for currency, units in sorted(owed.items()):
        amount = rates.convert(view.book.scales[currency].decimal(units), currency)
        if amount is None:
            unpriced.append(currency)
            continue
        parts.append(amount)
        if currency != rates.currency:
            converted.append(rates.told(currency))
    zero = rates.scale.decimal(0)
    total = added((zero, *parts))
    room = EXACT.subtract(limit, total)
    status = EXCEEDED if room < 0 else NO_PRICE if unpriced else WITHIN
    if not all(condition.holds(status) for condition in stands):
        return None
    whole = max(rates.scale.unit, *(max(0, -int(number.as_tuple().exponent)) for number in (limit, total)))
    used = share(int(total.scaleb(whole, EXACT)), int(limit.scaleb(whole, EXACT)))
    return (
        customer.code, customer.name, rates.currency, limit, total, room, used, status,
        "; ".join(converted), ", ".join(unpriced),
    )  # fmt: skip
