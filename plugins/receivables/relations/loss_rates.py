"""Relation loss_rates: what the ledger's own past says about each bucket, for the policies that ask it."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from receivables.relations.question import Question, filtered
from receivables.report import Column, Report, Row, Value
from receivables.rules.provision import pool_losses
from receivables.rules.provision_policy import percent_of
from receivables.view import View, scale_of

COLUMNS: Final = (
    Column("segment", str, "The segment whose policy it is; empty for everybody's.", key=True),
    Column("currency", str, "Currency of the amounts.", key=True),
    Column("bucket", str, "The bucket, current first."),
    Column("measure", str, "roll or never-paid."),
    Column("months", int, "Over how many months."),
    Column(
        "exposure", Decimal, "roll: what stood in the bucket at the month ends; never-paid: what reached it.",
        money="currency",
    ),
    Column(
        "rolled", Decimal, "roll: what a month later was in a later bucket or written off; never-paid: just that.",
        money="currency",
    ),
    Column("rate", Decimal, "Rolled in percent of the exposure, to four places; empty where nothing was there."),
    Column("loss_rate", Decimal, "In percent, to four places: what is provided; figures use it unrounded."),
    Column("calculation", str, "How the loss rate comes about."),
    Column("policy", str, "The policy with its date."),
)  # fmt: skip


def evaluate(view: View, question: Question) -> Report:
    """The loss rates of each policy with history:, by segment and currency, the buckets in order."""
    pools, problems = pool_losses(view)
    rows: list[Row] = []
    for pool, (plan, losses) in sorted(pools.items()):
        for currency, rates in sorted(losses.items()):
            scale = scale_of(view.book, currency)
            for rate in rates:
                values: tuple[Value, ...] = (
                    pool, currency, rate.bucket, plan.measure, plan.history, scale.decimal(rate.exposure),
                    None if rate.rolled is None else scale.decimal(rate.rolled),
                    None if rate.rate is None else percent_of(rate.rate, 4),
                    None if rate.loss is None else percent_of(rate.loss, 4), rate.calculation, plan.label,
                )  # fmt: skip
                rows.append(values)
    return Report(
        "loss_rates",
        "Loss rates",
        view.as_of,
        COLUMNS,
        filtered(rows, COLUMNS, question),
        notes=() if pools else (f"No provision policy in force on {view.as_of} has history:.",),
        digits=view.book.digits(),
        problems=problems,
    )
