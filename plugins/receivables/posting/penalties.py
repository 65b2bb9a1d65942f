"""Penalties to book: one debit note a customer and currency over what has come since the last one.

What was charged too much, because a receipt was booked later with an earlier date, is given back by a credit memo.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Final

from beancount.core.amount import Amount
from beancount.core.data import Posting, Transaction, new_metadata

from receivables.book import Book
from receivables.facts import CREDIT_MEMO, PENALTY
from receivables.money import added
from receivables.posting.numbers import NextNumbers
from receivables.posting.proposal import Proposal
from receivables.relations.penalties import NAMES
from receivables.relations.question import ConditionError, Question, keeper
from receivables.rules.charged_penalties import PENALTY_OF
from receivables.rules.penalties import INTEREST, Charge, Penalties, charges
from receivables.rules.penalty_balances import Balance, balances
from receivables.settings import CUSTOMERS, PENALTY_INCOME
from receivables.view import View, view

CALCULATION = "calculation"
"""The metadata word that keeps how an amount was computed beside it."""

WHOLE: Final = ("customer", "name", "account", "number", "currency")
"""The columns that are the same in all segments of a document."""


def propose(book: Book, as_of: datetime.date, question: Question | None = None) -> list[Proposal]:
    """The debit notes and credit memos that are due on a day, by customer, account and currency.

    Running it again after they were booked proposes nothing: what was charged is taken off first. A document that
    was charged for a later day already is left out: a note of an earlier day would charge it twice.

    Args:
      book: The book.
      as_of: Up to the end of which day; the entries get this date.
      question: Which documents, by customer, `WHOLE` or metadata; None for all.
    Raises:
      ConditionError: For a condition on a column that is another in each segment: documents are charged whole.
    """
    seen = view(book, as_of)
    keep = None if question is None else _keeper(book, question)
    found = charges(seen, keep)
    groups: dict[tuple[str, str, str], list[Balance]] = {}
    later = _charged_later(book, as_of)
    for balance in balances(seen, found.charges):
        if (balance.customer, balance.number) in later:
            continue
        if balance.to_charge and (keep is None or (balance.item is not None and keep(balance.item))):
            groups.setdefault((balance.customer, balance.account, balance.currency), []).append(balance)
    lines = _by_document(seen, found)
    numbers = NextNumbers(book)
    notes = (_note(seen, groups[key], lines, numbers) for key in sorted(groups))
    return [note for note in notes if note is not None]


def _keeper(book: Book, question: Question) -> Callable[[int], bool] | None:
    for condition in question.where:
        if condition.key in NAMES and condition.key not in WHOLE:
            raise ConditionError(
                f"--where {condition.key}: documents are charged whole: choose them by {', '.join(WHOLE)} or metadata"
            )
    return keeper(book, question, question.where)


def _charged_later(book: Book, as_of: datetime.date) -> set[tuple[str, str]]:
    """Customer and number of the documents for which something was charged after a day."""
    return {
        (each.customer, number)
        for each in book.booked
        if each.role == PENALTY_INCOME and each.date > as_of and isinstance(number := each.details.get(PENALTY_OF), str)
    }


def _by_document(seen: View, found: Penalties) -> Mapping[tuple[str, str, str], Sequence[Charge]]:
    """Account, currency and number → its charges."""
    book = seen.book
    grouped: dict[tuple[str, str, str], list[Charge]] = {}
    for charge in found.charges:
        pocket = book.pockets[book.items.pocket[charge.item]]
        grouped.setdefault((pocket.account, pocket.currency, book.items.number[charge.item]), []).append(charge)
    return grouped


def _note(
    seen: View,
    of_customer: Sequence[Balance],
    lines: Mapping[tuple[str, str, str], Sequence[Charge]],
    numbers: NextNumbers,
) -> Proposal | None:
    """The one entry of a customer, account and currency; None when what is charged and given back is the same."""
    book = seen.book
    first = of_customer[0]
    total = added(balance.to_charge for balance in of_customer)
    if not total or not first.account:
        return None
    kind = PENALTY if total > 0 else CREDIT_MEMO
    number = numbers.claim(kind, seen.as_of, first.account)
    income = book.settings.roles[PENALTY_INCOME][0]
    meta = new_metadata("<penalties>", 0)
    if first.account in book.settings.roles[CUSTOMERS]:
        meta["customer"] = first.customer
    postings = [
        Posting(first.account, Amount(amount, first.currency), None, None, None, words)
        for amount, words in ([(total, {})] if total > 0 else _given_back(seen, of_customer, total))
    ]
    why = []
    for balance in of_customer:
        told = _told(lines.get((balance.account, balance.currency, balance.number), ()), balance)
        postings.append(
            Posting(
                income, Amount(-balance.to_charge, balance.currency), None, None, None,
                {PENALTY_OF: balance.number, CALCULATION: told},
            )
        )  # fmt: skip
        why.append(f"{balance.number}: {told}")
    narration = f"Late payment to {_last_day(seen, of_customer, lines)}"
    if total < 0:
        narration += ", charged too much"
    entry = Transaction(
        meta, seen.as_of, "*", book.name_of(first.customer), narration, frozenset({kind}), frozenset({number}), postings
    )  # fmt: skip
    return Proposal(PENALTY if total > 0 else CREDIT_MEMO, (entry,), tuple(why))


def _last_day(
    seen: View, of_customer: Sequence[Balance], lines: Mapping[tuple[str, str, str], Sequence[Charge]]
) -> datetime.date:
    """The last day that is charged: before the as-of date where all is paid, or a rate is missing."""
    ends = [
        line.end
        for balance in of_customer
        for line in lines.get((balance.account, balance.currency, balance.number), ())
        if line.end is not None
    ]
    return max(ends, default=seen.as_of)


def _given_back(seen: View, of_customer: Sequence[Balance], total: Decimal) -> list[tuple[Decimal, dict[str, str]]]:
    """A credit as postings: what settles penalty notes that are still open, and the rest, which stays on account."""
    book, first = seen.book, of_customer[0]
    given_back = {balance.number for balance in of_customer if balance.to_charge < 0}
    charged_by = {
        link
        for each in book.booked
        if each.kind == PENALTY and each.customer == first.customer and each.details.get(PENALTY_OF) in given_back
        for link in each.links
    }
    postings: list[tuple[Decimal, dict[str, str]]] = []
    left = -total
    for item, units in zip(seen.items, seen.outstanding, strict=True):
        number = book.items.number[item]
        pocket = book.pockets[book.items.pocket[item]]
        if left and number in charged_by and (pocket.account, pocket.currency) == (first.account, first.currency):
            part = min(left, seen.amount(item, units))
            if seen.kind(item) == PENALTY and part > 0:
                postings.append((-part, {"settles": number}))
                left -= part
    return [*postings, *([(-left, {})] if left else [])]


def _told(lines: Sequence[Charge], balance: Balance) -> str:
    """How a document's amount comes about, in one line: every segment with its days, principal and rate."""
    parts = [
        f"{line.start} to {line.end}: {line.calculation} = {line.amount:,}"
        if line.component == INTEREST
        else f"{line.component}: {line.calculation} = {line.amount:,}"
        for line in lines
    ]
    policy = f" (policy {balance.policy.name or 'penalty'} of {balance.policy.date})" if balance.policy else ""
    before = f", less {balance.charged:,} charged before" if balance.charged else ""
    together = f"; together {balance.computed:,} {balance.currency}" if len(parts) != 1 or before else ""
    return f"{'; '.join(parts) or 'nothing'}{together}{before}{policy}"
