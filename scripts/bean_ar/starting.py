"""The command that makes a ledger from spreadsheets."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bean_ar.ledger import remark
from bean_ar.options import AsOf

if TYPE_CHECKING:
    from receivables_importers.start import Summary


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--into", type=click.Path(file_okay=False, path_type=Path), metavar="FOLDER", help="A new or empty folder."
)
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file that says which column is what; guessed where it is unambiguous.",
)
@click.option("--currency", metavar="CODE", help="The currency of rows that name none, for example VND.")
@click.option("--opening", type=AsOf(), metavar="DATE", help="The day on which open balances were taken.")
@click.option("--skip-bad-rows", is_flag=True, help="Make the ledger without the rows that have problems.")
@click.option("--dry-run", is_flag=True, help="Only say what would be made.")
@click.option("--all-problems", is_flag=True, help="List every problem of the files.")
def start(
    files: tuple[Path, ...],
    into: Path | None,
    mapping: Path | None,
    currency: str | None,
    opening: datetime.date | None,
    skip_bad_rows: bool,
    dry_run: bool,
    all_problems: bool,
) -> None:
    """Make a ledger from spreadsheets of customers, invoices, receipts or open balances (CSV or XLSX).

    The ledger ties out to the files: as of any day it says what their own dates say. The mapping that was used is
    written beside it, so that the next run needs no guessing. Nothing is written while a row has a problem.

    \b
    Examples:
      bean-ar start invoices.csv --currency USD --into my-ledger/
      bean-ar start customers.xlsx invoices.xlsx receipts.xlsx --mapping start.toml --into my-ledger/
    """
    from receivables_importers.start import Options, StartError, convert, told_all, write

    if into is None and not dry_run:
        raise click.UsageError("say where the ledger goes: add --into FOLDER, or --dry-run to only look")
    try:
        made = convert(files, mapping, Options(currency, opening, skip_bad_rows))
        for decision in made.decisions:
            remark(decision, None)
        problems = made.problems or made.left_out
        for line in told_all(problems, len(problems)) if all_problems else told_all(problems):
            remark(line, "yellow" if made.left_out else "red")
        if made.problems:
            raise click.ClickException(
                "nothing was written; mend the rows above, or add --skip-bad-rows to go without them"
            )
        for line in _told_summary(made.summary):
            click.echo(line)
        if into is not None and not dry_run:
            write(made, into)
            click.echo(f"Written: {into / 'main.beancount'}. Next: bean-ar aging {into / 'main.beancount'}")
    except StartError as error:
        raise click.ClickException(str(error)) from error


def _told_summary(summary: Summary) -> list[str]:
    """The figures to agree with the spreadsheet by hand."""
    counts = (
        (summary.customers, "customer"), (summary.invoices, "invoice"), (summary.credit_memos, "credit memo"),
        (summary.balances, "open balance"), (summary.receipts, "receipt"), (summary.refunds, "refund"),
        (summary.disputes, "dispute"),
    )  # fmt: skip
    told = [", ".join(f"{count:,} {name}{'s' * (count != 1)}" for count, name in counts if count)]
    for name, amounts in (
        ("Invoiced", summary.invoiced), ("Credited", summary.credited), ("Opening", summary.opening),
        ("Received", summary.received), ("Refunded", summary.refunded), ("Outstanding", summary.outstanding),
    ):  # fmt: skip
        told.extend(f"{name:<12}{amount:>24,} {currency}" for currency, amount in sorted(amounts.items()))
    told.append(f"Settled late: {summary.late:,}, at most {summary.max_days_late} days")
    if summary.first_day is not None:
        told.append(f"From {summary.first_day} to {summary.last_day}")
    return told
