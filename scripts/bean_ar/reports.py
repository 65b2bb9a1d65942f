"""The commands that show a relation, one for each, and book it where a rule can."""

from __future__ import annotations

import datetime
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import click

from bean_ar.ledger import Opened, open_ledger
from bean_ar.options import FirstDay, columns_told, common_options, filter_options, ledger_argument, output_options
from bean_ar.output import (
    check_currency,
    check_period,
    check_question,
    chosen_format,
    finish,
    show_report,
    show_report_problems,
)
from bean_ar.posting import post_options
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
    "penalties": "--as-of 2026-06-30 --customer C-0042",
    "penalty_balances": '--as-of 2026-06-30 --where "to_charge!=0"',
    "settlements": "--from 2026-01 --as-of 2026-03 --customer C-0042",
    "limitation": '--as-of 2026-06-30 --where "days_left<=180"',
    "provision": "--as-of 2025-12-31 --by method --by bucket",
    "provision_movement": "--from 2025 --as-of 2025-12-31",
    "loss_rates": "--as-of 2025-12-31 --where segment=retail",
    "revaluation": "--as-of 2025-12-31 --by customer",
    "exchange_check": "--from 2026-01 --as-of 2026-06 --where finding!=agrees",
    "write_off_proposals": "--as-of 2026-06-30 --where ready=yes",
    "bad_debts": "--from 2026 --as-of 2026-06-30 --by portfolio --by reason",
    "credit_memos": "--from 2026 --as-of 2026-06-30 --by reason",
    "changes": '--from 2026-06 --as-of 2026-06-30 --where "overdue>0"',
    "kpis": "--as-of 2026-06-30 --where currency=VND",
    "promises": "--as-of 2026-06-30 --where status=broken",
    "credit_limits": "--as-of 2026-06-30 --where status=exceeded",
    "in_hand": "--as-of 2026-06-30 --where status=late --by holder",
    "cash_movements": "--from 2026-06 --as-of 2026-06-30 --where action=deposited",
    "overpayments": '--as-of 2026-06-30 --where "days>30"',
    "group_balances": '--as-of 2026-06-30 --where "difference!=0"',
    "group_movements": "--from 2026-06 --as-of 2026-06-30 --where entity=VN --where with=KH",
    "receipt_books": '--as-of 2026-06-30 --where "missing>0"',
    "vouchers": "--from 2026-06 --as-of 2026-06-30 --where status=missing",
    "tie_out": '--as-of 2026-06-30 --where "unexplained!=0"',
}
"""For each relation what its help shows: the words after the ledger."""


class Booking(NamedTuple):
    """How a relation becomes entries.

    Attributes:
      module: The module below `receivables.posting` whose `propose` makes them.
      chosen: Whether customer and conditions choose what is booked; else it is all or nothing.
    """

    module: str
    chosen: bool


BOOKINGS: Mapping[str, Booking] = {
    "penalties": Booking("penalties", chosen=True),
    "write_off_proposals": Booking("write_off", chosen=True),
    "provision": Booking("provision", chosen=False),
    "revaluation": Booking("revaluation", chosen=False),
}
"""The relations that can be booked with --post."""

OF_ACCOUNTS = ("loss_rates", "provision_movement", "group_balances", "receipt_books", "tie_out")
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
        post: bool = False,
        yes: bool = False,
    ) -> None:
        if post and (format_ is not None or output is not None):
            raise click.UsageError("--post shows entries, not a report: leave --format and --output out")
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
        if not post:
            show_report(report, chosen, output, force=force)
        failed = show_report_problems(report)
        if post:
            book_entries(ledger, opened, name, day, question, yes=yes)
        finish(opened, all_problems=all_problems)
        if failed:
            sys.exit(1)

    columns = columns_told(_columns_for_help(name))
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
    if name in BOOKINGS:
        decorated = post_options(decorated)
    decorated = filter_options(decorated, customer=name not in OF_ACCOUNTS)
    decorated = common_options(decorated)
    return click.command(name.replace("_", "-"))(ledger_argument(decorated))


def book_entries(ledger: Path, opened: Opened, name: str, day: datetime.date, question: Question, *, yes: bool) -> None:
    """Propose what a relation would book, and book it when the user says so."""
    from bean_ar.posting import post

    booking = BOOKINGS[name]
    propose = import_module(f"receivables.posting.{booking.module}").propose
    restricted = question.customer is not None or question.where or question.by
    if restricted and (question.by or not booking.chosen):
        out = "--by" if booking.chosen else "--customer, --where and --by"
        raise click.UsageError(f"{name.replace('_', '-')} --post books whole documents: leave {out} out")
    try:
        proposals = propose(opened.book, day, question) if booking.chosen else propose(opened.book, day)
    except ConditionError as error:
        raise click.UsageError(str(error)) from error
    post(ledger, opened, proposals, yes=yes)


def _columns_for_help(name: str) -> Sequence[Column]:
    if name == "aging":
        return columns_for(Aging())
    return tuple(RELATIONS[name].module.COLUMNS)


def __getattr__(name: str) -> click.Command:
    """The command of a relation, made when it is called: its help needs the relation's module."""
    if name not in RELATIONS:
        raise AttributeError(name)
    return relation_command(name)
