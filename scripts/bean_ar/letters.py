"""The commands that make statements of account: one customer's, and everybody's."""

from __future__ import annotations

import csv
import datetime
import io
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from bean_ar.ledger import PROBLEMS_SHOWN, Opened, open_ledger, remark
from bean_ar.options import (
    Conditions,
    FirstDay,
    common_options,
    filter_options,
    ledger_argument,
    output_options,
)
from bean_ar.output import check_period, check_question, chosen_format, deliver, finish, show_report
from receivables.book import Book
from receivables.faces import FACES
from receivables.files import write_whole
from receivables.letters import FORMATS, Letter, LetterError, render
from receivables.letters.model import Statement
from receivables.lookup import Lookup
from receivables.relations import RELATIONS, evaluate
from receivables.relations.question import Condition, ConditionError, Question
from receivables.statements import LANGUAGES, STYLES, outside
from receivables.statements import statements as make_statements
from receivables.view import default_as_of, view

MANIFEST = "manifest.csv"

_STYLE = click.option(
    "--style",
    type=click.Choice(STYLES),
    help="What is open, or every movement of a period.  [default: the policy's, else open-item]",
)
_LANGUAGE = click.option("--language", type=click.Choice(LANGUAGES), help="[default: the customer's, else en]")
_FROM = click.option(
    "--from",
    "period_from",
    type=FirstDay(),
    metavar="DATE",
    help="First day of the period in activity style.  [default: the first of the month]",
)


@click.command()
@ledger_argument
@common_options
@filter_options
@output_options(tuple(dict.fromkeys((*FACES, *FORMATS))))
@_STYLE
@_LANGUAGE
@_FROM
def statement(
    ledger: Path,
    as_of: datetime.date | None,
    format_: str | None,
    output: Path | None,
    force: bool,
    no_cache: bool,
    all_problems: bool,
    customer: str | None,
    where: tuple[Condition, ...],
    by: tuple[str, ...],
    style: str | None,
    language: str | None,
    period_from: datetime.date | None,
) -> None:
    """A statement of account for one customer.

    PDF, HTML and XLSX are letters that can be sent; the table, CSV and JSON show the movements with a
    running balance (for every customer, when none is named).

    \b
    Examples:
      bean-ar statement main.beancount --customer C-0042 --from 2026-04 --as-of 2026-06
      bean-ar statement main.beancount --customer C-0042 --output c-0042.pdf
    """
    chosen = chosen_format(format_, output, (*FACES, *FORMATS))
    if chosen in FORMATS and customer is None:
        raise click.UsageError("a letter needs its customer: add --customer CODE, or use bean-ar statements")
    if chosen in FORMATS and (where or by):
        raise click.UsageError("a letter says everything: --where and --by are for table, csv and json")
    if chosen not in FORMATS and (style or language):
        raise click.UsageError(f"--style and --language are for letters: add --format with one of {', '.join(FORMATS)}")
    opened = open_ledger(ledger, use_cache=not no_cache)
    day = as_of or default_as_of(opened.book)
    check_period(period_from, day)
    question = Question(customer, where, tuple(dict.fromkeys(by)), period_from)
    columns = [column.name for column in RELATIONS["statement"].columns(opened.book, day)]
    check_question(opened, columns, question)
    if chosen not in FORMATS:
        try:
            report = evaluate(opened.book, "statement", day, question)
        except ConditionError as error:
            raise click.UsageError(str(error)) from error
        show_report(report, chosen, output, force=force)
        finish(opened, all_problems=all_problems)
        return
    made = next(
        make_statements(
            view(opened.book, day),
            customers=frozenset({str(customer)}),
            style=style,
            language=language,
            period_from=period_from,
            settled_too=True,
        )
    )
    try:
        letter = render(made, chosen)
    except LetterError as error:
        raise click.ClickException(str(error)) from error
    for warning in (*_left_out(opened.book, day), *letter.warnings):
        remark(f"warning: {warning}", "yellow")
    deliver(letter.content, output, force=force, binary=chosen != "html")
    finish(opened, all_problems=all_problems)


@click.command()
@ledger_argument
@common_options
@click.option("--customer", "customers", multiple=True, metavar="CODE", help="Only these; may be repeated.")
@click.option(
    "--where",
    multiple=True,
    type=Conditions(),
    metavar="CONDITION",
    help="Only customers for whom it holds, for example collector=lan; may be repeated.",
)
@click.option(
    "--into",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    metavar="FOLDER",
    help="The folder for the letters and the manifest; made when it does not exist.",
)
@click.option("--format", "-f", "format_", type=click.Choice(FORMATS), default="pdf", show_default=True)
@_STYLE
@_LANGUAGE
@_FROM
@click.option("--all", "settled_too", is_flag=True, help="Also customers with nothing open.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes that make letters.  [default: the machine's cores]",
)
@click.option("--force", is_flag=True, help="Overwrite letters and manifest of an earlier run in the folder.")
def statements(
    ledger: Path,
    as_of: datetime.date | None,
    no_cache: bool,
    all_problems: bool,
    customers: tuple[str, ...],
    where: tuple[Condition, ...],
    into: Path,
    format_: str,
    style: str | None,
    language: str | None,
    period_from: datetime.date | None,
    settled_too: bool,
    workers: int | None,
    force: bool,
) -> None:
    """Statements of account for all customers with something open, and a manifest of them.

    The manifest (manifest.csv) has a row a customer and currency: language, balance, overdue, file, e-mail
    address. The same ledger and date give the same bytes.

    \b
    Example:
      bean-ar statements main.beancount --as-of 2026-06 --where collector=lan --into statements/
    """
    from receivables.letters.bulk import render_all
    from receivables.letters.names import distinct_filenames

    opened = open_ledger(ledger, use_cache=not no_cache)
    day = as_of or default_as_of(opened.book)
    check_period(period_from, day)
    chosen = _chosen_customers(opened, customers, where)
    letters = list(
        make_statements(
            view(opened.book, day),
            customers=chosen,
            style=style,
            language=language,
            period_from=period_from,
            settled_too=settled_too,
        )
    )
    names = distinct_filenames(letters, format_)
    _check_folder(into, [*names, MANIFEST], force=force)
    warnings = dict.fromkeys(_left_out(opened.book, day))
    done = 0
    try:
        into.mkdir(parents=True, exist_ok=True)
        # The manifest comes last: where there is one, its letters are all there.
        (into / MANIFEST).unlink(missing_ok=True)
        count = workers or min(os.cpu_count() or 1, max(1, len(letters) // 20))
        with _progress(render_all(letters, format_, count), len(letters)) as made:
            for position, letter in made:
                warnings.update(dict.fromkeys(letter.warnings))
                write_whole(into / names[position], letter.content)
                done += 1
        write_whole(into / MANIFEST, manifest(letters, names))
    except (LetterError, OSError) as error:
        what = f"cannot write into {into}: {error.strerror}" if isinstance(error, OSError) else str(error)
        raise click.ClickException(f"{what}; {done} of {len(letters)} letters were written, no manifest") from error
    shown = list(warnings)[: None if all_problems else PROBLEMS_SHOWN]
    for warning in shown:
        remark(f"warning: {warning}", "yellow")
    if len(warnings) > len(shown):
        click.echo(f"… and {len(warnings) - len(shown):,} more warnings (--all-problems lists them)", err=True)
    click.echo(f"{len(letters)} statement{'s' * (len(letters) != 1)} as of {day} in {into}{os.sep}", err=True)
    finish(opened, all_problems=all_problems)


def _left_out(book: Book, day: datetime.date) -> list[str]:
    """What the letterhead goes without because the ledger names a file that is not its own."""
    return [
        f'{key} "{policy.values[key]}" is outside the ledger\'s folder, so letters go without it: copy it there '
        f"({policy.source.get('filename')}:{policy.source.get('lineno')})"
        for policy, key in outside(book, day)
    ]


def _progress(made: Iterator[tuple[int, Letter]], count: int) -> AbstractContextManager[Iterable[tuple[int, Letter]]]:
    """What is made, and on a terminal how far it is."""
    if not sys.stderr.isatty():
        return nullcontext(made)
    return click.progressbar(made, length=count, label="Statements", file=sys.stderr, show_pos=True)


def _chosen_customers(opened: Opened, customers: Sequence[str], conditions: Sequence[Condition]) -> frozenset[str]:
    """The customers asked for: all, or those named, of whom every condition holds."""
    for code in customers:
        check_question(opened, [], Question(customer=code))
    check_question(opened, ["customer", "name"], Question(where=tuple(conditions)))
    lookup = Lookup(opened.book)
    found = customers or tuple(opened.book.customers)
    try:
        return frozenset(
            code
            for code in found
            if all(c.holds(code if c.key == "customer" else lookup.of_customer(code, c.key)) for c in conditions)
        )
    except ConditionError as error:
        raise click.UsageError(str(error)) from error


def _check_folder(into: Path, names: Sequence[str], *, force: bool) -> None:
    there = [name for name in names if (into / name).exists()]
    if there and not force:
        raise click.UsageError(
            f"{into} has {len(there)} of these files already ({there[0]}, …): choose another --into, "
            "or add --force to overwrite them"
        )


def manifest(letters: Sequence[Statement], names: Sequence[str]) -> bytes:
    """The manifest: a row a letter and currency, as CSV with exact amounts."""
    from receivables.faces.comma import guarded

    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(["customer", "name", "language", "currency", "balance", "overdue", "file", "email"])
    for letter, name in zip(letters, names, strict=True):
        who = letter.debtor
        for section in letter.sections or (None,):
            amounts = (
                ("", "0", "0") if section is None else (section.currency, str(section.closing), str(section.overdue))
            )
            writer.writerow(
                [
                    guarded(who.code),
                    guarded(who.name),
                    letter.language,
                    *amounts,
                    guarded(name),
                    guarded(who.email),
                ]
            )
    return stream.getvalue().encode()
