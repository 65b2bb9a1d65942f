"""Relation provision: what is provided for each open debt, one row an item, with how it comes about."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from receivables.relations.question import Question, filtered, keeper_for
from receivables.report import Column, Report, Row
from receivables.rules.provision import Provided, Provision, provision
from receivables.rules.provision_policy import ROLL_RATE, percent_of
from receivables.view import View

COLUMNS: Final = (
    Column("segment", str, "The value of the policy's segment-by; empty without one."),
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer name."),
    Column("number", str, "Document number."),
    Column("instalment", int, "1, 2, … by due date; empty for a document of one item."),
    Column("currency", str, "Currency of the amounts."),
    Column("outstanding", Decimal, "What is open.", money="currency", total=True),
    Column(
        "exposure", Decimal, "What is provided for: the outstanding, less its share of credits where the policy nets.",
        money="currency", total=True,
    ),
    Column("days_overdue", int, "Days past the due date; 0 when not overdue."),
    Column("months_overdue", int, "Whole months past the due date that was agreed first; 0 when not overdue."),
    Column("bucket", str, "Bucket of the matrix, the table or the loss rates; empty for a specific provision."),
    Column("method", str, "matrix, table, roll-rate or specific; empty where nothing can be provided."),
    Column("rate", Decimal, "In percent, the factor in it, rounded to four places where the ledger gave it."),
    Column(
        "amount", Decimal, "What is provided, rounded half up to the currency's digits; empty where it cannot be told.",
        money="currency", total=True,
    ),
    Column("calculation", str, "How the amount comes about, or why there is none."),
    Column("policy", str, "The policy with its date, or where the specific provision stands."),
    Column("source", str, "The law or decision behind the policy; the note behind a specific provision."),
    Column("file", str, "File of the entry."),
    Column("line", int, "Line of the posting."),
)  # fmt: skip

NAMES: Final = tuple(column.name for column in COLUMNS)


def evaluate(view: View, question: Question) -> Report:
    """The provision for each open debt, ordered by segment, customer, currency, due date and number.

    Conditions choose rows of the whole provision: no figure depends on which rows are shown.
    """
    book = view.book
    keep = keeper_for(book, question, NAMES)
    found = provision(view)
    items = book.items
    chosen = sorted(
        (row for row in found.rows if keep is None or keep(row.item)),
        key=lambda row: (
            row.segment, book.pockets[items.pocket[row.item]].customer, view.currency(row.item), items.due[row.item],
            items.number[row.item], items.instalment[row.item], row.item,
        ),
    )  # fmt: skip
    return Report(
        "provision",
        "Provision for doubtful debts",
        view.as_of,
        COLUMNS,
        filtered([_row(view, row) for row in chosen], COLUMNS, question),
        notes=_notes(view, found, chosen),
        digits=book.digits(),
        problems=found.problems,
    )


def _row(view: View, row: Provided) -> Row:
    book = view.book
    items = book.items
    pocket = book.pockets[items.pocket[row.item]]
    file, line = book.texts.source(row.item)
    places = 4 if row.method == ROLL_RATE else 12
    return (
        row.segment, pocket.customer, book.name_of(pocket.customer),
        items.number[row.item], items.instalment[row.item] or None, pocket.currency,
        view.amount(row.item, row.outstanding), view.amount(row.item, row.exposure), row.days, row.months,
        row.bucket, row.method, None if row.share is None else percent_of(row.share, places), row.amount,
        row.calculation, row.policy, row.source, file, line,
    )  # fmt: skip


def _notes(view: View, found: Provision, chosen: Sequence[Provided]) -> tuple[str, ...]:
    """What a reader must know beside the figures, with the sources of the policies behind them."""
    if found.plans.everybody is None:
        return (f'No policy "provision" without a name is in force on {view.as_of}: nothing is provided.',)
    # What a note or a document says instead of a policy stands in its row.
    sources = {(row.policy, row.source) for row in chosen if row.source and row.policy in found.plans.labels}
    return (
        f"The policies in force on {view.as_of}; each row is rounded half up to the digits of its currency.",
        'Credits on account reduce nothing, except where a policy says credits: "net".',
        *(f"{policy}: {source}" for policy, source in sorted(sources)),
    )
