"""What the commands do with a result: choose the face, write it whole, tell the problems, set the exit status."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

import click

from bean_ar.ledger import Opened, show_problems
from receivables.faces import FACES, FaceError, render
from receivables.files import write_whole
from receivables.relations.question import Question, known_keys
from receivables.report import Report


def chosen_format(format_: str | None, output: Path | None, formats: Sequence[str]) -> str:
    """The format asked for, else the one that the output file's ending tells, else a table."""
    if format_ is not None:
        return format_
    if output is not None:
        ending = output.suffix.lower().lstrip(".")
        if ending in formats:
            return ending
        if ending not in ("txt", ""):
            raise click.UsageError(
                f'the ending "{output.suffix}" names no format: add --format with one of {", ".join(formats)}'
            )
    return "table"


def deliver(content: bytes, output: Path | None, *, force: bool, binary: bool) -> None:
    """Write to the file, whole or not at all, or to standard output."""
    if output is None:
        if binary and sys.stdout.isatty():
            raise click.UsageError("this format is not for a terminal: add --output FILE")
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
        return
    if output.exists() and not force:
        raise click.UsageError(f"{output} exists: choose another --output, or add --force to overwrite it")
    try:
        write_whole(output, content)
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}; nothing was written") from error


def finish(opened: Opened, *, all_problems: bool) -> None:
    """List the problems and leave with status 1 when there is an error among them."""
    show_problems(opened, all_of_them=all_problems)
    if opened.failed:
        sys.exit(1)


def check_question(opened: Opened, columns: Sequence[str], question: Question) -> None:
    """Refuse a customer or a key that does not exist, with the nearest that does."""
    book = opened.book
    if question.customer is not None and question.customer not in book.customers:
        named = [
            code
            for code, customer in book.customers.items()
            if question.customer.casefold() in customer.name.casefold()
        ]
        near = named[:3] or get_close_matches(question.customer, list(book.customers), n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise click.UsageError(f'there is no customer "{question.customer}"{hint}')
    asked = {*(condition.key for condition in question.where), *question.by} - set(columns)
    if not asked:
        return
    keys = known_keys(book)
    unknown = asked - keys
    if unknown:
        # Only now the documents' own metadata is looked through: it is the long way.
        for item in range(len(book.items.pocket)):
            unknown -= book.texts.details(item).keys()
            if not unknown:
                return
        key = min(unknown)
        near = get_close_matches(key, [*columns, *keys], n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise click.UsageError(
            f'neither a column nor any metadata is called "{key}"{hint} (columns: {", ".join(columns)})'
        )


def table_size() -> tuple[int, bool]:
    """Width and whether to use colours: only on a terminal, and not where NO_COLOR is set."""
    terminal = sys.stdout.isatty()
    return shutil.get_terminal_size((160, 24)).columns, terminal and not os.environ.get("NO_COLOR")


def show_report(report: Report, format_: str, output: Path | None, *, force: bool) -> None:
    """Show a report in one of `FACES`, or write it to a file."""
    width, colour = table_size()
    try:
        content = render(report, format_, width=width, colour=colour and output is None)
    except FaceError as error:
        raise click.ClickException(str(error)) from error
    deliver(content, output, force=force, binary=FACES[format_].binary)
