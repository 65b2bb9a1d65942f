"""What the commands have in common on the command line: types of parameters, and groups of options."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any, TypeVar

import click

from receivables.relations.question import Condition, ConditionError, read_condition
from receivables.report import Column
from receivables.rules.calendar_months import last_of_month

if TYPE_CHECKING:
    DateType = click.ParamType[datetime.date]
    ConditionType = click.ParamType[Condition]
else:
    # Click before 8.4 has no types of values.
    DateType = ConditionType = click.ParamType

F = TypeVar("F", bound=Callable[..., Any])


class AsOf(DateType):
    """A day: 2026-03-31, 2026-03 (its last day), 2026 (31 December) or today."""

    name = "date"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.date:
        if isinstance(value, datetime.date):
            return value
        text = str(value).strip().lower()
        if text == "today":
            # The only place that asks the clock, and only because the user did.
            return datetime.date.today()  # noqa: DTZ011
        try:
            if re.fullmatch(r"\d{4}", text):
                return datetime.date(int(text), 12, 31)
            if found := re.fullmatch(r"(\d{4})-(\d{2})", text):
                return last_of_month(datetime.date(int(found[1]), int(found[2]), 1))
            return datetime.date.fromisoformat(text)
        except ValueError:
            self.fail(f'"{value}" is no day: write 2026-03-31, 2026-03 for its last day, 2026, or today', param, ctx)


class FirstDay(AsOf):
    """A day, where 2026-03 means its first one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime.date:
        text = str(value).strip()
        if re.fullmatch(r"\d{4}", text):
            text += "-01-01"
        elif re.fullmatch(r"\d{4}-\d{2}", text):
            text += "-01"
        return super().convert(text, param, ctx)


class Conditions(ConditionType):
    """A condition such as collector=lan."""

    name = "condition"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Condition:
        if isinstance(value, Condition):
            return value
        try:
            return read_condition(str(value))
        except ConditionError as error:
            self.fail(str(error), param, ctx)


def columns_told(columns: Iterable[Column]) -> str:
    """The columns of a result, as the help of a command lists them."""
    return "\n".join(
        fill(f"{column.name:<20} {column.about}", 78, initial_indent="  ", subsequent_indent=" " * 23)
        for column in columns
    )


def ledger_argument(command: F) -> F:
    """The ledger as first argument."""
    return click.argument(
        "ledger", envvar="BEANCOUNT_FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path)
    )(command)


def as_of_option(command: F) -> F:
    """The day as of which."""
    return click.option(
        "--as-of",
        type=AsOf(),
        metavar="DATE",
        help="As of the end of this day: 2026-03-31, 2026-03, 2026 or today.  "
        "[default: the day of the ledger's last transaction]",
    )(command)


def problems_option(command: F) -> F:
    """Whether every problem is listed."""
    return click.option("--all-problems", is_flag=True, help="List every problem of the ledger.")(command)


def common_options(command: F) -> F:
    """The options that every command on a book has."""
    command = click.option("--no-cache", is_flag=True, help="Load the ledger anew and keep nothing.")(command)
    return as_of_option(problems_option(command))


def filter_options(command: F, *, customer: bool = True) -> F:
    """The options that choose and group rows; `customer` says whether the rows are of customers."""
    by = click.option("--by", multiple=True, metavar="KEY", help="Add up by a column or metadata key; may be repeated.")
    where = click.option(
        "--where",
        multiple=True,
        type=Conditions(),
        metavar="CONDITION",
        help="Only rows for which it holds: key=value on a column, or on metadata of document, account or "
        "customer. Operators: = != > >= < <= and ~ (contains). May be repeated.",
    )
    command = where(by(command))
    return click.option("--customer", metavar="CODE", help="Only this customer.")(command) if customer else command


def output_options(formats: Sequence[str]) -> Callable[[F], F]:
    """The options that say where the result goes and in which format."""

    def add(command: F) -> F:
        for option in (
            click.option("--force", is_flag=True, help="Overwrite the output file if it exists."),
            click.option(
                "--output",
                "-o",
                type=click.Path(dir_okay=False, path_type=Path),
                metavar="FILE",
                help="Write to FILE instead of the terminal; its ending may tell the format.",
            ),
            click.option("--format", "-f", "format_", type=click.Choice(list(formats)), help="[default: table]"),
        ):
            command = option(command)
        return command

    return add
