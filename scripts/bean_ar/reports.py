"""The commands that show a relation: customers, documents, open-items, aging, settlements, tie-out."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import fill

import click

from bean_ar.ledger import open_ledger
from bean_ar.options import FirstDay, common_options, filter_options, ledger_argument, output_options
from bean_ar.output import (
    check_currency,
    check_period,
    check_question,
    chosen_format,
    finish,
    show_report,
    show_report_problems,
)
from receivables.faces import FACES
from receivables.relations import RELATIONS, evaluate
from receivables.relations.aging import columns_for
from receivables.relations.question import Condition, ConditionError, Question
from receivables.report import Column
from receivables.rules.aging import Aging
from receivables.view import default_as_of

EXAMPLES: Mapping[str, str] = {
    "customers": "--where collector=lan --format csv",
    "documents": "--from 2026-01 --as-of 2026-03 --by kind",
    "open_items": '--where "days_overdue>60" --where entity=VN --output overdue.xlsx',
    "aging": "--as-of 2026-06-30 --by collector --in VND",
    "settlements": "--from 2026-01 --as-of 2026-03 --customer C-0042",
    "tie_out": '--as-of 2026-06-30 --where "unexplained!=0"',
}
"""For each relation what its help shows: the words after the ledger."""

OF_ACCOUNTS = ("tie_out",)
"""Relations about accounts, which know no customer and no metadata."""


def relation_command(name: str) -> click.Command:
    """The command of one relation: its options follow from what the relation can do."""
    relation = RELATIONS[name]

    def command(
        ledger: Path,
        as_of: datetime.date | None,
        format_: str | None,
        output: Path | None,
        force: bool,
        no_cache: bool,
        all_problems: bool,
        customer: str | None = None,
        where: tuple[Condition, ...] = (),
        by: tuple[str, ...] = (),
        period_from: datetime.date | None = None,
        currency: str | None = None,
    ) -> None:
        chosen = chosen_format(format_, output, tuple(FACES))
        opened = open_ledger(ledger, use_cache=not no_cache)
        day = as_of or default_as_of(opened.book)
        check_period(period_from, day)
        question = Question(customer, where, tuple(dict.fromkeys(by)), period_from, currency)
        columns = relation.columns(opened.book, day)
        check_question(
            opened,
            [column.name for column in columns],
            question,
            by=[column.name for column in columns if column.money is None],
            metadata=name not in OF_ACCOUNTS,
        )
        if currency is not None:
            check_currency(opened.book, currency, day)
        try:
            report = evaluate(opened.book, name, day, question)
        except ConditionError as error:
            raise click.UsageError(str(error)) from error
        show_report(report, chosen, output, force=force)
        failed = show_report_problems(report)
        finish(opened, all_problems=all_problems)
        if failed:
            sys.exit(1)

    columns = "\n".join(
        fill(f"{c.name:<20} {c.about}", 78, initial_indent="  ", subsequent_indent=" " * 23)
        for c in _columns_for_help(name)
    )
    example = f"bean-ar {name.replace('_', '-')} main.beancount {EXAMPLES[name]}"
    command.__doc__ = f"{relation.about}\n\n\b\nExample:\n  {example}\n\n\b\nColumns:\n{columns}"
    decorated = output_options(tuple(FACES))(command)
    if relation.converts:
        decorated = click.option(
            "--in",
            "currency",
            metavar="CURRENCY",
            help="Convert into this currency at the as-of date's prices.",
        )(decorated)
    if relation.periodic:
        decorated = click.option(
            "--from", "period_from", type=FirstDay(), metavar="DATE", help="First day of the period."
        )(decorated)
    decorated = filter_options(decorated, customer=name not in OF_ACCOUNTS)
    decorated = common_options(decorated)
    return click.command(name.replace("_", "-"))(ledger_argument(decorated))


def _columns_for_help(name: str) -> Sequence[Column]:
    if name == "aging":
        return columns_for(Aging())
    module = sys.modules[f"receivables.relations.{name}"]
    return tuple(module.COLUMNS)


aging = relation_command("aging")
customers = relation_command("customers")
documents = relation_command("documents")
open_items = relation_command("open_items")
settlements = relation_command("settlements")
tie_out = relation_command("tie_out")
