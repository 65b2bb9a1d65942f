"""Relation write_off_proposals: what may be given up by policy, what speaks for it, and what is still missing."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Final

from receivables.problems import Problem
from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.rules import limitation
from receivables.rules.disputes import disputed
from receivables.rules.write_off import Candidate, candidates, cited_policy
from receivables.rules.write_off_policy import FORM
from receivables.view import View

COLUMNS: Final = (
    Column("account", str, "The receivable account."),
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("number", str, "Document number."),
    Column("instalment", int, "1, 2, … by due date; empty for a document of one item."),
    Column("date", datetime.date, "Document date."),
    Column("due", datetime.date, "Due date."),
    Column("currency", str, "Currency of the amounts."),
    Column("outstanding", Decimal, "What is open and would be given up.", money="currency", total=True),
    Column("days_overdue", int, "Days past the due date; 0 when not overdue."),
    Column("reason", str, "small balance, insolvent, expired or age: the first that lacks no paper."),
    Column("ready", bool, "Whether nothing is missing: only then it is proposed for booking."),
    Column("missing", str, "What is still needed; empty when it is ready."),
    Column("evidence", str, "The papers that the ledger holds, each with its day, file and line."),
    Column("approval", str, "not needed, needed from whom, or given by whom and where it is noted."),
    Column("account_to_debit", str, "The account that takes it; several with their amounts."),
    Column("calculation", str, "The figures behind the reason."),
    Column("policy", str, "The policy in force, with its file and line."),
    Column("file", str, "File of the document."),
    Column("line", int, "Line of its posting."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """The proposals as of the view's day, by customer, currency, due date and number."""
    pairs, problems = proposed(view, question)
    rows = [row for _, row in pairs]
    return Report(
        "write_off_proposals", "Write-off proposals", view.as_of, COLUMNS, rows, _notes(view), view.book.digits(),
        problems,
    )  # fmt: skip


def proposed(view: View, question: Question) -> tuple[list[tuple[Candidate, Row]], tuple[Problem, ...]]:
    """The candidates of the whole book that the question asks for, each with its row, and what is wrong.

    What is narrowed is only what is shown: an approval or an allowance that several documents share is used up in the
    same order whatever is asked.
    """
    keep: Callable[[int], bool] | None = keeper_for(view.book, question, NAMES)
    expired, problems = expired_claims(view)
    pairs = {
        row: candidate
        for candidate in candidates(view, disputed(view), expired)
        if (row := proposal_row(view, candidate)) and (keep is None or keep(candidate.item))
    }
    return [(pairs[row], row) for row in filtered(list(pairs), COLUMNS, question)], problems


def expired_claims(view: View) -> tuple[dict[int, str], tuple[Problem, ...]]:
    """The open claims whose limitation period is over, each with its last day; nothing where no policy asks."""
    settings = view.book.settings
    if not any(settings.value(FORM.subject, "expired", view.as_of, name=name) for name in settings.names(FORM.subject)):
        return {}, ()
    found = limitation.limits(view)
    return {
        limit.item: f"last day {limit.outcome.last_day}: {limit.outcome.calculation}"
        for limit in found.limits
        if limit.outcome is not None and limit.outcome.status(view.as_of) == limitation.EXPIRED
    }, found.problems


def proposal_row(view: View, candidate: Candidate) -> Row:
    """The row of one candidate."""
    book, item = view.book, candidate.item
    items = book.items
    pocket = book.pockets[items.pocket[item]]
    due = items.due[item]
    file, line = book.texts.source(item)
    debits = candidate.debits
    return (
        pocket.account, pocket.customer, book.name_of(pocket.customer),
        items.number[item], items.instalment[item] or None,
        datetime.date.fromordinal(items.date[item]), datetime.date.fromordinal(due), pocket.currency,
        view.amount(item, candidate.units), max(view.as_of.toordinal() - due, 0), candidate.reason,
        candidate.ready, "; ".join(candidate.missing), "; ".join(candidate.evidence), candidate.approval,
        debits[0].account if len(debits) == 1
        else ", ".join(f"{debit.account} {debit.amount:,} {pocket.currency}" for debit in debits),
        candidate.calculation, cited_policy(book, candidate.policy), file, line,
    )  # fmt: skip


def _notes(view: View) -> tuple[str, ...]:
    settings = view.book.settings
    if any(settings.in_force(FORM.subject, view.as_of, name) for name in settings.names(FORM.subject)):
        return ()
    return (f'No policy "{FORM.subject}" is in force on {view.as_of}: nothing is proposed.',)
