"""Posting of provisions: one entry for each currency (and group) whose allowance is not what is required."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, Final

from beancount.core.amount import Amount
from beancount.core.data import EMPTY_SET, Posting, Transaction

from receivables.book import Book
from receivables.money import EXACT, added
from receivables.posting.proposal import Proposal
from receivables.rules.portfolios import account_of
from receivables.rules.provision_movement import Movement, movements
from receivables.settings import ALLOWANCE, PROVISION_EXPENSE
from receivables.view import scale_of, view

KIND: Final = "provision"


def propose(book: Book, as_of: datetime.date) -> list[Proposal]:
    """Entries that bring the allowance to what is required on `as_of`; none where it is there, or cannot be told.

    The expense is debited and the allowance credited with what is missing, the other way round with what is too much.
    What is provided for one customer stands in a posting of its own with `customer:`, so that a write-off can use it.
    What was booked up to the day is taken off, so after booking nothing is left to propose.
    """
    found = movements(view(book, as_of))
    key = found.provision.plans.book_by
    return [_proposal(book, as_of, row, key) for row in found.rows if row.to_book]


def _proposal(book: Book, as_of: datetime.date, row: Movement, key: str | None) -> Proposal:
    digits = scale_of(book, row.currency).digits
    amount, required = row.to_book or Decimal(0), _digits(row.required or Decimal(0), digits)
    of_group = f", {key} {row.group}" if key is not None and row.group else ""
    meta: dict[str, Any] = {"filename": "<provision>", "lineno": 0}
    meta["method"] = ", ".join(method for method, _ in row.methods) or "none"
    meta["required"] = Amount(required, row.currency)
    if key is not None:
        # Also where it is empty, so that no account's name decides when it is read back.
        meta[key] = row.group
    allowance = account_of(book.settings, ALLOWANCE, row.group)
    pool = EXACT.subtract(amount, added(part for _, part in row.customers))
    expense = account_of(book.settings, PROVISION_EXPENSE, row.group)
    postings = [_posting(expense, _digits(amount, digits), row.currency)]
    for customer, part in (("", pool), *row.customers):
        if part:
            words = {"customer": customer} if customer else {}
            postings.append(_posting(allowance, EXACT.minus(_digits(part, digits)), row.currency, words))
    narration = f"Provision for doubtful debts{of_group}"
    entry = Transaction(meta, as_of, "*", None, narration, frozenset({KIND}), EMPTY_SET, postings)
    by_method = ", ".join(f"{method} {total:,}" for method, total in row.methods) or "nothing is open"
    why = (
        f"Provision as of {as_of}, {row.currency}{of_group}: {by_method}.",
        f"Required {required:,}, booked {_digits(row.closing, digits):,}, to book {_digits(amount, digits):,}.",
    )
    return Proposal(KIND, (entry,), why)


def _posting(account: str, amount: Decimal, currency: str, meta: dict[str, Any] | None = None) -> Posting:
    return Posting(account, Amount(amount, currency), None, None, None, meta or {})


def _digits(amount: Decimal, digits: int) -> Decimal:
    """The amount with the currency's digits at least."""
    exponent = amount.as_tuple().exponent
    return amount if isinstance(exponent, int) and -exponent >= digits else amount.quantize(Decimal(1).scaleb(-digits))
