"""The command `bean-ar`: its commands put together, and how it ends."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from bean_ar.letters import statement, statements
from bean_ar.queries import query
from bean_ar.reports import relation_command
from bean_ar.shells import completion
from bean_ar.starting import start
from receivables import __version__
from receivables.relations import RELATIONS

EXAMPLES = """
\b
Examples:
  bean-ar aging main.beancount --as-of 2026-06-30
  bean-ar aging main.beancount --by entity --where collector=lan
  bean-ar open-items main.beancount --where "days_overdue>60" --format xlsx --output overdue.xlsx
  bean-ar statement main.beancount --customer C-0042 --format pdf --output c-0042.pdf
  bean-ar statements main.beancount --as-of 2026-06-30 --into statements/
  bean-ar start invoices.xlsx --currency VND --into my-ledger/

\b
The ledger can also be named by the environment variable BEANCOUNT_FILE.
Exit status: 0; 1 when the ledger has errors (the result is shown all the same); 2 for wrong usage.
"""


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, epilog=EXAMPLES)
@click.version_option(__version__, prog_name="bean-ar")
def main() -> None:
    """Accounts receivable for Beancount ledgers: open items, aging, statements of account."""


def run() -> NoReturn:
    """The entry point: like `main`, with a quiet end on Ctrl-C and when the reader of a pipe goes away."""
    try:
        main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped; nothing was left half done.", err=True)
        sys.exit(130)
    except BrokenPipeError:
        # Python would complain once more when it flushes standard output at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    sys.exit(0)


for _relation in RELATIONS:
    if _relation != "statement":
        main.add_command(relation_command(_relation))
for _command in (statement, statements, query, start, completion):
    main.add_command(_command)
