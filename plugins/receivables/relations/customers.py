"""Relation customers: who they are and what was agreed with them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from receivables.lookup import Lookup
from receivables.places import place_of
from receivables.relations.question import Question, filtered, split_conditions
from receivables.report import Column, Report
from receivables.view import View

COLUMNS: Final = (
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("accounts", str, "The receivable accounts, separated by commas."),
    Column("terms", str, "Payment terms."),
    Column("credit_limit", Decimal, "Credit limit.", money="credit_currency"),
    Column("credit_currency", str, "Currency of the credit limit."),
    Column("penalty", str, "Name of the penalty policy; none for none."),
    Column("collector", str, "Who collects."),
    Column("language", str, "Language of letters."),
    Column("email", str, "E-mail address."),
    Column("tax_id", str, "Tax identification number."),
    Column("file", str, "File of the directive that introduces the customer."),
    Column("line", int, "Its line."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """All customers of the book, ordered by code."""
    lookup = Lookup(view.book)
    on_metadata = split_conditions(question, NAMES)[1]
    rows = []
    for code, customer in view.book.customers.items():
        if question.customer not in (None, code):
            continue
        if not all(condition.holds(lookup.of_customer(code, condition.key)) for condition in on_metadata):
            continue
        limit = customer.details.get("credit-limit")
        rows.append(
            (
                code, customer.name, ", ".join(customer.accounts), _text(customer.details.get("terms")),
                getattr(limit, "number", limit if isinstance(limit, Decimal) else None),
                getattr(limit, "currency", None),
                *(_text(customer.details.get(key)) for key in ("penalty", "collector", "language", "email", "tax-id")),
                *place_of(view.book.folder, customer.source),
            )
        )  # fmt: skip
    shown = filtered(rows, COLUMNS, question)
    return Report("customers", "Customers", view.as_of, COLUMNS, shown, (), view.book.digits())


def _text(value: Any) -> str | None:
    return None if value is None else str(value)
