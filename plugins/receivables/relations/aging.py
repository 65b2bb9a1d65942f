"""Relation aging: open items by customer, currency and age; credits in a column of their own."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Final

from receivables.book import Book
from receivables.lookup import Lookup
from receivables.money import added
from receivables.relations.open_items import CONVERTED, conversion_notes, digits
from receivables.relations.question import Condition, Question, filtered, narrowed, sortable
from receivables.relations.tie_out import tie_out_notes
from receivables.report import Column, Report, Row, Value
from receivables.rules.aging import BASES, Aging, aging_policy
from receivables.view import Rates, View, rates_at

CUSTOMER: Final = (
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
)
CURRENCY: Final = Column("currency", str, "Currency of the amounts.")


def columns_for(aging: Aging, by: tuple[str, ...] | None = None) -> tuple[Column, ...]:
    """The columns under an aging policy, grouped by customer (None) or by other keys."""
    keys = CUSTOMER if by is None else tuple(Column(key, str, f"Group by {key}.", key=True) for key in by)
    buckets = []
    for name, (low, high) in zip(aging.buckets, aging.ranges, strict=True):
        about = "Not yet overdue." if low is None else f"{low} to {high} days." if high else f"From {low} days."
        buckets.append(Column(name, Decimal, about, money="currency", total=True))
    return (
        *keys,
        CURRENCY,
        *buckets,
        Column("credits", Decimal, "Credits on account, zero or negative.", money="currency", total=True),
        Column("total", Decimal, "The sum of the row: what is owed net.", money="currency", total=True),
    )


def columns_on(book: Book, as_of: datetime.date) -> tuple[Column, ...]:
    """The columns under the policy of a day."""
    return columns_for(aging_policy(book.settings, as_of))


def evaluate(view: View, question: Question) -> Report:
    """The aging of `view`, ordered by the keys of its rows and the currency."""
    book = view.book
    aging = aging_policy(book.settings, view.as_of)
    # Amounts are by currency in any case.
    by = tuple(key for key in question.by if key != "currency")
    columns = columns_for(aging, by if question.by else None)
    # A condition on a bucket or on the total is about the finished row; all others choose the items.
    narrow = narrowed(view, question, [column.name for column in columns if column.money])
    rates = None if question.currency is None else rates_at(book, view.as_of, question.currency)
    pockets = amounts_by_pocket(narrow, aging, rates) if not question.by else None
    sums = _by_customer(narrow, pockets) if pockets is not None else _by_keys(narrow, aging, rates, by)
    rows: list[Row] = []
    for (*keys, currency), amounts in sorted(sums.items(), key=lambda group: sortable(group[0])):
        total = added(amounts)
        if rates is None:
            rows.append((*keys, currency, *amounts, total))
            continue
        rate = rates.rates.get(str(currency))
        shown = (None,) * (len(amounts) + 1) if rate is None else (*amounts, total)
        rows.append((*keys, rates.currency, *shown, currency, rate))
    if rates is not None:
        columns = (*columns, *CONVERTED)
    return Report(
        "aging",
        "Aging",
        view.as_of,
        columns,
        filtered(rows, columns, question._replace(where=_on_amounts(question, columns))),
        notes=(
            f"Aged by {BASES[aging.basis]}; due on the as-of date is current.",
            *conversion_notes(narrow, rates),
            *(("The tie-out is that of the whole ledger.",) if question.customer or question.where else ()),
            *tie_out_notes(view),
        ),
        digits=digits(view, rates),
    )


def _on_amounts(question: Question, columns: tuple[Column, ...]) -> tuple[Condition, ...]:
    amounts = {column.name for column in columns if column.money}
    return tuple(condition for condition in question.where if condition.key in amounts)


def _positions(view: View, aging: Aging) -> list[int]:
    """For each open item the position of its bucket; credits come after the last bucket."""
    items = view.book.items
    today = view.as_of.toordinal()
    last = aging.bounds[-1]
    of_age = [aging.bucket(age) for age in range(last + 1)]
    over, credits = len(aging.bounds) + 1, len(aging.bounds) + 2
    basis = items.due if aging.basis == "due" else items.date
    amount = items.amount
    positions = []
    for item in view.items:
        if amount[item] < 0:
            positions.append(credits)
        else:
            age = today - basis[item]
            positions.append(0 if age <= 0 else over if age > last else of_age[age])
    return positions


def amounts_by_pocket(view: View, aging: Aging, rates: Rates | None) -> dict[int, list[Decimal]]:
    """The amounts of each pocket by bucket: exact whole units first, money at the end."""
    pockets = view.book.items.pocket
    width = len(aging.bounds) + 3
    units_of: dict[int, list[int]] = {}
    if rates is None:
        for item, units, position in zip(view.items, view.outstanding, _positions(view, aging), strict=True):
            pocket = pockets[item]
            if pocket in units_of:
                units_of[pocket][position] += units
            else:
                units_of[pocket] = row = [0] * width
                row[position] = units
        scales, names = view.book.scales, view.book.pockets
        return {
            pocket: [scales[names[pocket].currency].decimal(units) for units in row] for pocket, row in units_of.items()
        }
    money: dict[int, list[Decimal]] = {}
    for item, units, position in zip(view.items, view.outstanding, _positions(view, aging), strict=True):
        row_of = money.setdefault(pockets[item], [Decimal(0)] * width)
        row_of[position] += rates.convert(view.amount(item, units), view.currency(item)) or 0
    return money


def _by_customer(view: View, pockets: dict[int, list[Decimal]]) -> dict[tuple[Value, ...], list[Decimal]]:
    """Pockets added up by customer code, name and currency."""
    book = view.book
    sums: dict[tuple[Value, ...], list[Decimal]] = {}
    for position, amounts in pockets.items():
        pocket = book.pockets[position]
        key = (pocket.customer, book.name_of(pocket.customer), pocket.currency)
        known = sums.get(key)
        sums[key] = amounts if known is None else [added(pair) for pair in zip(known, amounts, strict=True)]
    return sums


def _by_keys(
    view: View, aging: Aging, rates: Rates | None, by: tuple[str, ...]
) -> dict[tuple[Value, ...], list[Decimal]]:
    """Open items added up by metadata keys and currency."""
    lookup, scales = Lookup(view.book), view.book.scales
    width = len(aging.bounds) + 3
    if rates is None:
        units_of: dict[tuple[Value, ...], list[int]] = {}
        for item, units, position in zip(view.items, view.outstanding, _positions(view, aging), strict=True):
            key = (*(lookup.of_item(item, name) for name in by), view.currency(item))
            units_of.setdefault(key, [0] * width)[position] += units
        return {key: [scales[str(key[-1])].decimal(units) for units in row] for key, row in units_of.items()}
    sums: dict[tuple[Value, ...], list[Decimal]] = {}
    for item, units, position in zip(view.items, view.outstanding, _positions(view, aging), strict=True):
        currency = view.currency(item)
        key = (*(lookup.of_item(item, name) for name in by), currency)
        row_of = sums.setdefault(key, [view.scale(item).decimal(0)] * width)
        row_of[position] += rates.convert(view.amount(item, units), currency) or 0
    return sums
