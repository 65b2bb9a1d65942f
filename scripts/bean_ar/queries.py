"""The command that runs a saved BQL query over the relations."""

from __future__ import annotations

import datetime
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from bean_ar.ledger import Opened, waiting
from bean_ar.options import as_of_option, ledger_argument, output_options, problems_option
from bean_ar.output import chosen_format, finish, show_report
from receivables.faces import FACES
from receivables.problems import ERROR, Problem
from receivables.relations.question import plain
from receivables.report import Column, Report


def query_folders(ledger: Path) -> list[Path]:
    """Where queries are looked for: beside the ledger first, then those that come with the program."""
    shipped = Path(str(files("bean_ar"))) / "queries"
    if not shipped.is_dir():
        # Run from a checkout, where the queries stand at the top.
        shipped = Path(__file__).parents[2] / "queries"
    return [ledger.absolute().parent / "queries", shipped]


def known_queries(ledger: Path) -> dict[str, Path]:
    """Name → file of every query that can be run for a ledger."""
    found: dict[str, Path] = {}
    for folder in query_folders(ledger):
        for path in sorted(folder.glob("*.bql")):
            found.setdefault(path.stem, path)
    return found


def about(path: Path) -> str:
    """The first comment line of a query: what it answers."""
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("--"):
            return line.removeprefix("--").strip()
    return ""


@click.command()
@ledger_argument
@click.argument("name", required=False)
@as_of_option
@problems_option
@output_options(tuple(FACES))
def query(
    ledger: Path,
    name: str | None,
    as_of: datetime.date | None,
    format_: str | None,
    output: Path | None,
    force: bool,
    all_problems: bool,
) -> None:
    """Run a saved query (BQL) by its name; without a name, list them.

    Queries are files NAME.bql in a folder `queries` beside the ledger, and those that come with bean-ar.

    \b
    Example:
      bean-ar query main.beancount top-overdue --as-of 2026-06-30
    """
    known = known_queries(ledger)
    if name is None:
        for each, path in sorted(known.items()):
            click.echo(f"{each:<28} {about(path)}")
        return
    if name not in known:
        raise click.UsageError(f'there is no query "{name}"; there are: {", ".join(sorted(known))}')
    chosen = chosen_format(format_, output, tuple(FACES))
    opened, report = _run(ledger, known[name], as_of)
    show_report(report, chosen, output, force=force)
    finish(opened, all_problems=all_problems)


def _run(ledger: Path, path: Path, as_of: datetime.date | None) -> tuple[Opened, Report]:
    """The result of a query as a report. Queries look at entries, so the ledger is always loaded."""
    import beanquery

    from receivables.bql import as_of_for_queries
    from receivables.loading import load_book
    from receivables.view import default_as_of

    with waiting(f"Loading {ledger}"):
        loaded = load_book(ledger.absolute())
    errors = [Problem(e.source or {}, e.message, None, type(e).__name__, ERROR) for e in loaded.errors]
    day = as_of or default_as_of(loaded.book)
    # BQL knows no comments: those of the file are for its readers.
    text = re.sub(r"^\s*--.*$", "", path.read_text("utf-8"), flags=re.MULTILINE)
    with as_of_for_queries(day):
        connection = beanquery.connect(
            "beancount:", entries=loaded.entries, errors=list(loaded.errors), options=loaded.options
        )
        try:
            cursor = connection.execute(text)
        except beanquery.Error as error:
            raise click.ClickException(f"{path.name}: {error}") from error
        rows = [tuple(_cell(value) for value in row) for row in cursor.fetchall()]
        columns = tuple(_column(described) for described in cursor.description or ())
    scales = {currency: scale.digits for currency, scale in loaded.book.scales.items()}
    report = Report(path.stem, about(path) or path.stem, day, _with_money(columns), rows, (), scales)
    return Opened(loaded.book, errors), report


def _cell(value: Any) -> Any:
    if isinstance(value, set | frozenset | list):
        return ", ".join(sorted(map(str, value)))
    return plain(value)


def _column(described: Any) -> Column:
    import decimal

    kinds = (str, int, bool, decimal.Decimal, datetime.date)
    return Column(described.name, described.datatype if described.datatype in kinds else str, "")


def _with_money(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Decimal columns of a result that has a column `currency` are amounts in it."""
    import decimal

    if not any(column.name == "currency" for column in columns):
        return columns
    return tuple(
        column._replace(money="currency", total=True) if column.type is decimal.Decimal else column
        for column in columns
    )
