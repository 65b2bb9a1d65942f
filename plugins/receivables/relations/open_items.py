"""Relation open_items: what is open as of a day, one row an item; credits on account are negative."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from receivables.relations.question import Condition, Question, filtered, narrowed
from receivables.report import Column, Report, Row
from receivables.rules.aging import BASES, aging_policy
from receivables.rules.disputes import disputed
from receivables.view import Rates, View, rates_at

COLUMNS: Final = (
    Column("account", str, "The receivable account."),
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("number", str, "Document number."),
    Column("instalment", int, "1, 2, … by due date; empty for a document of one item."),
    Column("kind", str, "invoice, receipt, credit-memo, …"),
    Column("date", datetime.date, "Document date."),
    Column("due", datetime.date, "Due date; empty for a credit."),
    Column("currency", str, "Currency of the amounts."),
    Column("original", Decimal, "Original amount, negative for a credit.", money="currency", total=True),
    Column("settled", Decimal, "What has been settled of it.", money="currency", total=True),
    Column("outstanding", Decimal, "What is open: original less settled.", money="currency", total=True),
    Column("days_overdue", int, "Days past the due date; 0 when not overdue."),
    Column("bucket", str, "Aging bucket, by the policy in force; credits have their own."),
    Column("terms", str, "Payment terms as written; empty where the entry states the due date."),
    Column("collector", str, "Who collects, from the customer's metadata."),
    Column("disputed", Decimal, "The part of the outstanding amount in dispute.", money="currency", total=True),
    Column("file", str, "File of the entry."),
    Column("line", int, "Line of the posting."),
)

CONVERTED: Final = (
    Column("document_currency", str, "Currency of the document."),
    Column("rate", Decimal, "Price of the document's currency on the as-of date."),
)
"""What a report in a reporting currency shows besides."""

AMOUNTS: Final = frozenset(column.name for column in COLUMNS if column.money)
NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """The open items of `view`, ordered by customer, due date and number."""
    view = narrowed(view, question, NAMES)
    rates = None if question.currency is None else rates_at(view.book, view.as_of, question.currency)
    columns = COLUMNS if rates is None else (*COLUMNS, *CONVERTED)
    # What costs little is asked before a row is made of it.
    aged = tuple(condition for condition in question.where if condition.key == "bucket")
    ordered = sorted(open_items(view, disputed(view), aged), key=_order)
    rows: list[Row] = list(ordered)
    if rates is not None:
        # A condition on the currency means the document's; one on an amount, the amount that is shown.
        plain = tuple(condition for condition in question.where if condition.key not in AMOUNTS)
        chosen = filtered(ordered, COLUMNS, question._replace(where=plain))
        rows = [_converted(OpenItem(*row), rates) for row in chosen]  # type: ignore[arg-type]
        question = question._replace(where=tuple(c for c in question.where if c.key in AMOUNTS))
    rows = filtered(rows, columns, question)
    basis = BASES[aging_policy(view.book.settings, view.as_of).basis]
    return Report(
        "open_items",
        "Open items",
        view.as_of,
        columns,
        rows,
        notes=(f"Aged by {basis}.", *conversion_notes(view, rates)),
        digits=digits(view, rates),
    )


class OpenItem(NamedTuple):
    """One row of the relation; see `COLUMNS`. Amounts are None only where a price is missing."""

    account: str
    customer: str
    name: str
    number: str
    instalment: int | None
    kind: str
    date: datetime.date
    due: datetime.date | None
    currency: str
    original: Decimal
    settled: Decimal
    outstanding: Decimal
    days_overdue: int
    bucket: str
    terms: str
    collector: str | None
    disputed: Decimal
    file: str
    line: int


def open_items(view: View, disputes: Mapping[int, int], aged: Sequence[Condition] = ()) -> Iterator[OpenItem]:
    """One row for each open item, in the order of the book.

    Args:
      view: The book as of a day.
      disputes: As `disputed` gives them.
      aged: Conditions on the bucket.
    """
    book = view.book
    items, texts = book.items, book.texts
    aging = aging_policy(book.settings, view.as_of)
    today = view.as_of.toordinal()
    buckets = aging.buckets
    from_ordinal = datetime.date.fromordinal
    for item, units in zip(view.items, view.outstanding, strict=True):
        due = items.due[item]
        credit = items.amount[item] < 0
        age = today - (due if aging.basis == "due" else items.date[item])
        bucket = "credits" if credit else buckets[aging.bucket(age)]
        if aged and not all(condition.holds(bucket) for condition in aged):
            continue
        pocket = book.pockets[items.pocket[item]]
        customer = book.customers.get(pocket.customer)
        scale = book.scales[pocket.currency]
        collector = None if customer is None else customer.details.get("collector")
        file, line = texts.source(item)
        yield OpenItem(
            account=pocket.account,
            customer=pocket.customer,
            name=pocket.customer if customer is None else customer.name,
            number=items.number[item],
            instalment=items.instalment[item] or None,
            kind=view.kind(item),
            date=from_ordinal(items.date[item]),
            due=None if credit else from_ordinal(due),
            currency=pocket.currency,
            original=scale.decimal(items.amount[item]),
            settled=scale.decimal(items.amount[item] - units),
            outstanding=scale.decimal(units),
            days_overdue=0 if credit else max(today - due, 0),
            bucket=bucket,
            terms=texts.terms(item),
            collector=None if collector is None else str(collector),
            disputed=scale.decimal(disputes.get(item, 0)),
            file=file,
            line=line,
        )


def _converted(row: OpenItem, rates: Rates) -> Row:
    """The row in the reporting currency, with the document's currency and the rate at its end.

    The outstanding and the settled amount are rounded half up each; the original is their sum, so
    that the row adds up. Without a price there is no figure: the amounts are empty, a note says so.
    """
    rate = rates.rates.get(row.currency)
    amounts: tuple[Decimal | None, ...] = (None, None, None, None)
    if rate is not None:
        settled, outstanding, dispute = (
            rates.convert(amount, row.currency) or Decimal(0) for amount in (row.settled, row.outstanding, row.disputed)
        )
        amounts = (settled + outstanding, settled, outstanding, dispute)
    original, settled_, outstanding_, dispute_ = amounts
    shown: Row = (
        *row[:8], rates.currency, original, settled_, outstanding_, *row[12:16], dispute_, row.file, row.line,
    )  # fmt: skip
    return (*shown, row.currency, rate)


def _order(row: OpenItem) -> tuple[object, ...]:
    """By customer, currency, due date (credits after the debits), number, instalment, account."""
    credit = row.due is None
    return (
        row.customer, row.currency, credit, row.due or row.date, row.number, row.instalment or 0, row.account,
    )  # fmt: skip


def conversion_notes(view: View, rates: Rates | None) -> tuple[str, ...]:
    """The rates used and the prices that are missing, as sentences."""
    if rates is None:
        return ()
    present = sorted({view.currency(item) for item in view.items} - {rates.currency})
    used = [rates.told(currency) for currency in present if currency in rates.rates]
    missing = [currency for currency in present if currency not in rates.rates]
    notes = []
    if used:
        notes.append(f"Converted into {rates.currency} at the prices of {view.as_of}: {'; '.join(used)}.")
    if missing:
        notes.append(
            f"No price of {', '.join(missing)} in {rates.currency} on or before {view.as_of}: "
            "those amounts are left out."
        )
    return tuple(notes)


def digits(view: View, rates: Rates | None) -> dict[str, int]:
    """Decimal places by currency."""
    shown = view.book.digits()
    if rates is not None:
        shown[rates.currency] = rates.scale.digits
    return shown
