"""What the commands do with a result: choose the face, write it whole, tell the problems, set the exit status."""

from __future__ import annotations

import datetime
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path

import click

from bean_ar.ledger import PROBLEMS_SHOWN, Opened, colours, hint, remark, show_problems
from receivables.book import Book
from receivables.faces import FACES, FaceError, pieces
from receivables.facts import Pocket
from receivables.files import write_whole
from receivables.problems import ERROR, located, problem
from receivables.relations.question import Question, known_keys, money_keys
from receivables.report import Report
from receivables.view import rates_at, view

LEDGERS = (".beancount", ".bean")
"""Endings of files that no report is written to, whatever is forced."""


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


def deliver(content: bytes | Iterable[bytes], output: Path | None, *, force: bool, binary: bool) -> None:
    """Write to the file, whole or not at all, or to standard output."""
    if output is None:
        if binary and sys.stdout.isatty():
            raise click.UsageError("this format is not for a terminal: add --output FILE")
        for piece in (content,) if isinstance(content, bytes) else content:
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()
        return
    if output.suffix.lower() in LEDGERS:
        raise click.UsageError(f"{output} looks like a ledger, which is never overwritten: choose another --output")
    if output.is_file() and not force:
        raise click.UsageError(f"{output} exists: choose another --output, or add --force to overwrite it")
    try:
        write_whole(output, content)
    except OSError as error:
        raise click.ClickException(f"cannot write {output}: {error.strerror}; nothing was written") from error


def finish(opened: Opened, *, all_problems: bool) -> None:
    """List the problems and leave with status 1 when there is an error among them."""
    show_problems(opened, limit=None if all_problems else PROBLEMS_SHOWN)
    if why := hint(opened):
        remark(f"note: {why}", "yellow")
    if opened.failed:
        sys.exit(1)


def show_report_problems(report: Report) -> bool:
    """List on standard error what was found wrong while a report was made; whether one of it is an error."""
    for item in report.problems:
        remark(located(item), "red" if item.severity == ERROR else "yellow")
    return any(item.severity == ERROR for item in report.problems)


def check_question(
    opened: Opened, columns: Sequence[str], question: Question, *, by: Sequence[str] = (), metadata: bool = True
) -> None:
    """Refuse a customer, key or currency that does not exist, with the nearest that does.

    Args:
      opened: The ledger.
      columns: What conditions may name, besides metadata.
      question: What is asked.
      by: What rows may be grouped by, besides metadata; the columns when empty.
      metadata: Whether metadata of customers, accounts and documents may be named at all.
    """
    book = opened.book
    if question.customer is not None and question.customer not in book.customers:
        raise click.UsageError(
            f'there is no customer "{question.customer}"{_or(_nearest_customers(book, question.customer))}'
        )
    groups = by or columns
    asked = {condition.key for condition in question.where} - set(columns) | set(question.by) - set(groups)
    if not asked:
        return
    keys = {*known_keys(book), *money_keys(book), *Pocket._fields} if metadata else set[str]()
    unknown = asked - keys
    if unknown and metadata:
        # Only now the documents' own metadata is looked through: it is the long way.
        for item in range(len(book.items.pocket)):
            unknown -= book.texts.details(item).keys()
            if not unknown:
                return
    if unknown:
        key = min(unknown)
        valid = groups if key in question.by else columns
        near = get_close_matches(key, [*valid, *keys], n=1)
        what = "neither a column nor any metadata is" if metadata else "no column is"
        raise click.UsageError(f'{what} called "{key}"{_or(near)} (columns: {", ".join(valid)})')


def _nearest_customers(book: Book, written: str) -> Sequence[str]:
    """Codes of customers whose name has what was written, accents or not; else whose code or name is like it."""
    names = {_unaccented(customer.name): code for code, customer in book.customers.items()}
    wanted = _unaccented(written)
    named = [code for name, code in names.items() if wanted and wanted in name]
    alike = get_close_matches(written, list(book.customers), n=3)
    return named[:3] or alike or [names[name] for name in get_close_matches(wanted, list(names), n=3)]


def _unaccented(text: str) -> str:
    """The text as it is typed in haste: small letters without accents."""
    letters = unicodedata.normalize("NFKD", text.casefold()).replace("đ", "d")
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def _or(near: Sequence[str]) -> str:
    return f"; did you mean {' or '.join(near)}?" if near else ""


def check_period(period_from: datetime.date | None, as_of: datetime.date) -> None:
    """Refuse a period that begins after it ends."""
    if period_from is not None and period_from > as_of:
        raise click.UsageError(f"--from {period_from} is after the as-of date {as_of}")


def check_currency(book: Book, currency: str, day: datetime.date) -> None:
    """Refuse a currency of which the ledger knows nothing; say of which open amounts there is no price."""
    known = {*book.scales, *(price.base for price in book.prices), *(price.quote for price in book.prices)}
    if currency not in known:
        near = get_close_matches(currency.upper(), sorted(known), n=1, cutoff=0.4)
        raise click.UsageError(f'the ledger has neither amounts nor prices in "{currency}"{_or(near)}')
    seen = view(book, day)
    pockets = {book.items.pocket[item] for item in seen.items}
    unpriced = {book.pockets[pocket].currency for pocket in pockets} - rates_at(book, day, currency).rates.keys()
    for each in sorted(unpriced):
        missing = problem("no-price", None, currency=each, reporting=currency, date=day)
        remark(f"{missing.severity}: {missing.message}", "yellow")


def table_size() -> tuple[int, bool]:
    """Width and whether to use colours: only on a terminal, and not where NO_COLOR is set."""
    terminal = sys.stdout.isatty()
    return shutil.get_terminal_size((160, 24)).columns, terminal and colours()


def show_report(report: Report, format_: str, output: Path | None, *, force: bool) -> None:
    """Show a report in one of `FACES`, or write it to a file."""
    width, colour = table_size()
    try:
        content = pieces(report, format_, width=width, colour=colour and output is None)
        deliver(content, output, force=force, binary=FACES[format_].binary)
    except FaceError as error:
        raise click.ClickException(str(error)) from error
