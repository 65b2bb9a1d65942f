"""The command that shows the lines of bank statements."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from bean_ar.ledger import PROBLEMS_SHOWN, remark, waiting
from bean_ar.options import Conditions, columns_told, output_options
from bean_ar.output import chosen_format, show_report
from receivables.faces import FACES
from receivables.relations.question import Condition
from receivables_importers.bank import COLUMNS, BankError, brief, of_names, read, report, told
from receivables_importers.bank.model import ERROR, NOTE, Problem

PROFILES: str = "bank-profiles"
"""The folder beside the ledger with a user's own profiles, which need not be named."""

PROFILE: str = """\
name = "My Bank"
date = "DMY"                       # or MDY, YMD
decimal = ","                      # a point without this line
account = "4711"                   # or account-label = the words before it above the table
currency = "EUR"                   # or currency-label
footer = ["Total"]                 # how rows begin that are no bookings
[columns]                          # what stands in which column, by its header
booked = "Date"
debit = "Out"                      # or amount = the column of amounts with a sign
credit = "In"
balance = "Balance"
text = ["Name", "Purpose"]
"""
"""A profile that shows how one is written; all keys are in docs/bank.md."""

_COLOURS = {ERROR: "red", NOTE: None}


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="How a table (CSV, XLSX, XLS) is to be read: a TOML file, a folder of them, or the name of a known bank's. "
    f"May be repeated. Those in {PROFILES}/ beside the ledger that BEANCOUNT_FILE names are known anyway.",
)
@click.option(
    "--where",
    multiple=True,
    type=Conditions(),
    metavar="CONDITION",
    help="Only rows for which it holds: column=value. Operators: = != > >= < <= and ~ (contains). May be repeated.",
)
@click.option("--all-problems", is_flag=True, help="List every problem of the files, and what was decided.")
@output_options(tuple(FACES))
def bank(
    files: tuple[Path, ...],
    profiles: tuple[str, ...],
    where: tuple[Condition, ...],
    all_problems: bool,
    format_: str | None,
    output: Path | None,
    force: bool,
) -> None:
    chosen = chosen_format(format_, output, tuple(FACES))
    unknown = next((condition.key for condition in where if condition.key not in {c.name for c in COLUMNS}), None)
    if unknown is not None:
        raise click.UsageError(f'no column is called "{unknown}" (columns: {", ".join(c.name for c in COLUMNS)})')
    try:
        own = of_names([*profiles, *_beside_ledger()])
    except BankError as error:
        raise click.UsageError(str(error)) from error
    with waiting("Reading statements"):
        read_files = [read(path, own) for path in files]
    problems = [problem for file in read_files for problem in file.problems]
    nothing = not any(file.statements for file in read_files)
    found = report(read_files, where)
    # The rows have all that is shown: of large files the lines need not be kept beside them.
    del read_files
    if not (nothing and chosen == "table" and output is None):
        show_report(brief(found) if chosen == "table" else found, chosen, output, force=force)
    show_problems(problems, everything=all_problems)
    if any(problem.severity == ERROR for problem in problems):
        sys.exit(1)


def _beside_ledger() -> list[Path]:
    """The folder of profiles beside the ledger that the environment names, where there is one."""
    ledger = os.environ.get("BEANCOUNT_FILE")
    folder = Path(ledger).parent / PROFILES if ledger else None
    return [folder] if folder is not None and folder.is_dir() else []


def show_problems(problems: list[Problem], *, everything: bool) -> None:
    """List problems on standard error with file and place: the first of them, or all and what was decided."""
    listed = problems if everything else [problem for problem in problems if problem.severity != NOTE]
    shown = listed if everything else listed[:PROBLEMS_SHOWN]
    for problem in shown:
        remark(told(problem), _COLOURS.get(problem.severity, "yellow"))
    if len(shown) < len(listed):
        remark(f"… and {len(listed) - len(shown):,} more; --all-problems lists them all", None)


bank.help = (
    "Show the lines of bank statements: CAMT.052/053/054, MT940, MT942, OFX, QFX, BAI2, CSV, XLSX, XLS.\n\n"
    "What a file is, its content says. Each line has an id that is the same in every file that has it, and lines that "
    "stand in several of the files are shown once. Where opening balance, lines and closing balance of a statement do "
    "not agree, a warning says so.\n\n"
    "\b\nExamples:\n"
    "  bean-ar bank statement.xml\n"
    '  bean-ar bank march.sta april.sta --where "amount>0" --output receipts.xlsx\n'
    "  bean-ar bank download.csv --profile my-bank.toml --format json\n\n"
    "\b\nA profile, for a bank whose tables are not known:\n"
    + "".join(f"  {line}\n" for line in PROFILE.splitlines())
    + "\n\b\nColumns:\n"
    + columns_told(COLUMNS)
)
