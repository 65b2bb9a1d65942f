"""The commands that show a relation: customers, documents, open-items, aging, settlements, tie-out."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from bean_ar.ledger import open_ledger
from bean_ar.options import FirstDay, common_options, filter_options, ledger_argument, output_options
from bean_ar.output import check_question, chosen_format, finish, show_report
from receivables.faces import FACES
from receivables.relations import RELATIONS, aging, evaluate
from receivables.relations.question import Condition, ConditionError, Question
from receivables.report import Column
from receivables.rules.aging import Aging
from receivables.view import default_as_of


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
        question = Question(customer, where, by, period_from, currency)
        columns = [column.name for column in relation.columns(opened.book, day)]
        check_question(opened, columns, question)
        try:
            report = evaluate(opened.book, name, day, question)
        except ConditionError as error:
            raise click.UsageError(str(error)) from error
        show_report(report, chosen, output, force=force)
        finish(opened, all_problems=all_problems)

    columns = "\n".join(f"  {c.name:<20} {c.about}" for c in _columns_for_help(name))
    command.__doc__ = f"{relation.about}\n\n\b\nColumns:\n{columns}"
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
    decorated = filter_options(decorated)
    decorated = common_options(decorated)
    return click.command(name.replace("_", "-"))(ledger_argument(decorated))


def _columns_for_help(name: str) -> Sequence[Column]:
    if name == "aging":
        return aging.columns_for(Aging())
    module = sys.modules[f"receivables.relations.{name}"]
    return tuple(module.COLUMNS)
