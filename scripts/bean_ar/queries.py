"""The command that runs a saved BQL query over the relations."""

from __future__ import annotations

import datetime
import os
import re
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Any

import click

from bean_ar.ledger import Opened, load
from bean_ar.options import as_of_option, output_options, problems_option
from bean_ar.output import chosen_format, finish, show_report
from receivables.faces import FACES
from receivables.faces.text import neutral
from receivables.lookup import plain
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


def about(text: str) -> str:
    """The first comment line of a query's text: what it answers."""
    for line in text.splitlines():
        if line.startswith("--"):
            return line.removeprefix("--").strip()
    return ""


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise click.ClickException(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise click.ClickException(f"cannot read {path}: it is not in UTF-8 ({error.reason})") from error


def _about_file(path: Path) -> str:
    try:
        return about(_text(path))
    except click.ClickException as error:
        return f"({error.message})"


def ledger_and_name(words: Sequence[str]) -> tuple[Path, str | None]:
    """The ledger and the query's name: `LEDGER`, `LEDGER NAME`, or only `NAME` where BEANCOUNT_FILE has the ledger.

    Raises click.UsageError when there is no such ledger, or a word too many.
    """
    named = os.environ.get("BEANCOUNT_FILE")
    if named and len(words) < 2 and not (words and Path(words[0]).is_file()):
        words = [named, *words]
    if not words:
        raise click.UsageError("Missing argument 'LEDGER'.")
    if len(words) > 2:
        raise click.UsageError(f"one query at a time: {' '.join(words[2:])} is too much")
    ledger = Path(words[0])
    if not ledger.exists() or ledger.is_dir():
        what = "is a directory" if ledger.is_dir() else "does not exist"
        raise click.UsageError(f"Invalid value for 'LEDGER': File '{ledger}' {what}.")
    return ledger, words[1] if len(words) == 2 else None


@click.command()
@click.argument("words", nargs=-1, type=click.Path(), metavar="LEDGER [NAME]")
@as_of_option
@problems_option
@output_options(tuple(FACES))
def query(
    words: tuple[str, ...],
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
    ledger, name = ledger_and_name(words)
    known = known_queries(ledger)
    if name is None:
        for each, path in sorted(known.items()):
            click.echo(neutral(f"{each:<28} {_about_file(path)}"))
        return
    if name not in known:
        near = get_close_matches(name, list(known), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise click.UsageError(f'there is no query "{name}"{hint} (there are: {", ".join(sorted(known))})')
    chosen = chosen_format(format_, output, tuple(FACES))
    opened, report = _run(ledger, known[name], as_of)
    show_report(report, chosen, output, force=force)
    finish(opened, all_problems=all_problems)


def _run(ledger: Path, path: Path, as_of: datetime.date | None) -> tuple[Opened, Report]:
    """The result of a query as a report. Queries look at entries, so the ledger is always loaded."""
    import beanquery

    from receivables.bql import as_of_for_queries
    from receivables.view import default_as_of

    text = _text(path)
    loaded, errors = load(ledger)
    day = as_of or default_as_of(loaded.book)
    # BQL knows no comments: those of the file are for its readers.
    statement = re.sub(r"^\s*--.*$", "", text, flags=re.MULTILINE).strip()
    if not statement:
        raise click.ClickException(f"{path.name} holds no query")
    with as_of_for_queries(day):
        connection = beanquery.connect(
            "beancount:", entries=loaded.entries, errors=list(loaded.errors), options=loaded.options
        )
        try:
            cursor = connection.execute(statement)
            rows = [tuple(_cell(value) for value in row) for row in cursor.fetchall()]
        except (beanquery.Error, ArithmeticError) as error:
            raise click.ClickException(f"{path.name}: {error}") from error
        columns = _distinct([_column(described) for described in cursor.description or ()])
    title = about(text).rstrip(".") or path.stem
    report = Report(path.stem, title, day, _with_money(columns), rows, (), loaded.book.digits())
    return Opened(loaded.book, errors), report


def _cell(value: Any) -> Any:
    if isinstance(value, set | frozenset | list):
        return ", ".join(sorted(map(str, value)))
    return plain(value)


def _column(described: Any) -> Column:
    import decimal

    kinds = (str, int, bool, decimal.Decimal, datetime.date)
    return Column(described.name, described.datatype if described.datatype in kinds else str, "")


def _distinct(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns with names of their own: a second `date` is `date_2`, else JSON would lose one of them."""
    names: list[str] = []
    for column in columns:
        name, number = column.name, 1
        while name in names:
            number += 1
            name = f"{column.name}_{number}"
        names.append(name)
    return tuple(column._replace(name=name) for column, name in zip(columns, names, strict=True))


def _with_money(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Decimal columns of a result that has a column `currency` are amounts in it."""
    import decimal

    if not any(column.name == "currency" for column in columns):
        return columns
    return tuple(
        column._replace(money="currency", total=True) if column.type is decimal.Decimal else column
        for column in columns
    )
