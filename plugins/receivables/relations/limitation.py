"""Relation limitation: for each open claim the last safe day to sue, how it was found, and how near it is."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from receivables.money import added
from receivables.relations.question import Question, filtered, narrowed
from receivables.report import Column, Report, Row
from receivables.rules.limitation import EXPIRED, NO_POLICY, Limit, limits, thresholds
from receivables.rules.limitation_policy import Limitation
from receivables.view import View

COLUMNS: Final = (
    Column("account", str, "The receivable account."),
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("number", str, "Document number."),
    Column("instalment", int, "1, 2, … by due date; empty for a document of one item."),
    Column("kind", str, "invoice, debit-note, retention, …"),
    Column("date", datetime.date, "Document date."),
    Column("due", datetime.date, "Due date."),
    Column("currency", str, "Currency of the amount."),
    Column("outstanding", Decimal, "What is open.", money="currency", total=True),
    Column("policy", str, "The limitation policy; empty where none holds."),
    Column("starts", datetime.date, "The first day of the first period."),
    Column("restarted", datetime.date, "The day of the act that let the period run anew last."),
    Column("restarted_by", str, "That act: an event with its line, or a receipt with its number."),
    Column("last_day", datetime.date, "The last day on which suing is in time; empty where none is known or needed."),
    Column("days_left", int, "Days from the as-of date to the last day; negative when it is over."),
    Column("status", str, "running, suspended, judgment, expired or no policy."),
    Column("warning", str, "The nearest of the policy's thresholds (30 days), or expired."),
    Column("proof", str, "How the restarting act was sent and what proves it; missing where an act lacks its proof."),
    Column("calculation", str, "How the last day was found, or why there is none."),
    Column("collector", str, "Who collects, from the customer's metadata."),
    Column("file", str, "File of the document."),
    Column("line", int, "Line of its posting."),
)

NAMES: Final = tuple(column.name for column in COLUMNS)
MISSING: Final = "missing"


def evaluate(view: View, question: Question) -> Report:
    """The open claims of `view`, the most urgent first; those without a last day at the end."""
    view = narrowed(view, question, NAMES)
    found = limits(view)
    # What costs little is asked before a row is made of it.
    warned = tuple(condition for condition in question.where if condition.key == "warning")
    warnings = _Warnings(view)
    rows: list[Row] = [
        _row(view, limit, warning)
        for limit in found.limits
        for warning in (warnings.of(limit),)
        if all(condition.holds(warning) for condition in warned)
    ]
    rows.sort(key=_order)
    rows = filtered(rows, COLUMNS, question)
    return Report(
        "limitation", "Limitation", view.as_of, COLUMNS, rows, _notes(rows, found.limits), view.book.digits(),
        found.problems,
    )  # fmt: skip


def _row(view: View, limit: Limit, warning: str) -> Row:
    book, item, result = view.book, limit.item, limit.outcome
    items = book.items
    pocket = book.pockets[items.pocket[item]]
    customer = book.customers.get(pocket.customer)
    collector = None if customer is None else customer.details.get("collector")
    file, line = book.texts.source(item)
    head: Row = (
        pocket.account, pocket.customer, book.name_of(pocket.customer),
        items.number[item], items.instalment[item] or None, view.kind(item),
        datetime.date.fromordinal(items.date[item]), datetime.date.fromordinal(items.due[item]),
        pocket.currency, view.amount(item, limit.units), "" if limit.policy is None else _title(limit.policy),
    )  # fmt: skip
    tail: Row = (None if collector is None else str(collector), file, line)
    if result is None or limit.policy is None:
        return (*head, None, None, "", None, None, NO_POLICY, "", "", limit.reason, *tail)
    return (
        *head, result.start, result.restarted, "" if result.restart is None else result.restart.told(),
        result.last_day, None if result.last_day is None else (result.last_day - view.as_of).days,
        result.status(view.as_of), warning,
        MISSING if result.unproven else "" if result.restart is None else result.restart.proof,
        result.calculation, *tail,
    )  # fmt: skip


class _Warnings:
    """What the column of that name says; each policy is asked once when it warns."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._thresholds: dict[str, tuple[int, ...]] = {}

    def of(self, limit: Limit) -> str:
        """The warning of a claim; "" for none."""
        view, policy, result = self._view, limit.policy, limit.outcome
        if result is None or policy is None:
            return ""
        if policy.name not in self._thresholds:
            self._thresholds[policy.name] = thresholds(view.book, view.as_of, policy.name)
        return result.warning(view.as_of, self._thresholds[policy.name])


def _title(policy: Limitation) -> str:
    return policy.name or "default"


def _order(row: Row) -> tuple[object, ...]:
    """By last day (none at the end), customer, number, instalment; the line tells apart what is left."""
    value = dict(zip(NAMES, row, strict=True))
    return (
        value["last_day"] is None, value["last_day"] or datetime.date.max, value["customer"], value["number"],
        value["instalment"] or 0, value["currency"], value["file"], value["line"],
    )  # fmt: skip


def _notes(rows: Sequence[Row], found: Sequence[Limit]) -> tuple[str, ...]:
    expired: dict[str, list[Decimal]] = {}
    for row in rows:
        amount = row[NAMES.index("outstanding")]
        if row[NAMES.index("status")] == EXPIRED and isinstance(amount, Decimal):
            expired.setdefault(str(row[NAMES.index("currency")]), []).append(amount)
    notes = ["The last day is the last safe one: days off are not considered, and every doubt makes it earlier."]
    if expired:
        sums = ", ".join(f"{added(amounts):,} {currency}" for currency, amounts in sorted(expired.items()))
        count = sum(map(len, expired.values()))
        notes.append(f"Expired and neither sued for nor written off: {count} of these claims, {sums}.")
    without = sum(row[NAMES.index("status")] == NO_POLICY for row in rows)
    if without:
        notes.append(f"No policy says when {without} of these claims expire.")
    shown = {row[NAMES.index("policy")] for row in rows}
    sources = {
        (_title(limit.policy), limit.policy.date): limit.policy.source
        for limit in found
        if limit.policy is not None and limit.policy.source and _title(limit.policy) in shown
    }
    notes += [f"{title} of {date}: {source}" for (title, date), source in sorted(sources.items())]
    return tuple(notes)
