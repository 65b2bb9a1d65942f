"""The command `bean-ar`: its commands put together, and how it ends."""

from __future__ import annotations

import io
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

import click

from bean_ar.ledger import STOPPED, keep_books
from receivables import __version__

COMMANDS = {
    **dict.fromkeys(("aging", "customers", "documents", "open-items", "settlements", "tie-out"), "bean_ar.reports"),
    **dict.fromkeys(("statement", "statements"), "bean_ar.letters"),
    "limitation": "bean_ar.reports",
    **dict.fromkeys(("revaluation", "exchange-check"), "bean_ar.reports"),
    **dict.fromkeys(("bad-debts", "credit-memos", "write-off-proposals"), "bean_ar.reports"),
    **dict.fromkeys(("penalties", "penalty-balances"), "bean_ar.reports"),
    **dict.fromkeys(("provision", "provision-movement", "loss-rates"), "bean_ar.reports"),
    **dict.fromkeys(("changes", "kpis", "promises", "credit-limits"), "bean_ar.reports"),
    **dict.fromkeys(("in-hand", "cash-movements", "overpayments"), "bean_ar.reports"),
    **dict.fromkeys(("group-balances", "group-movements"), "bean_ar.reports"),
    **dict.fromkeys(("receipt-books", "vouchers"), "bean_ar.reports"),
    "policies": "bean_ar.policies",
    "apply": "bean_ar.apply",
    "bank": "bean_ar.bank",
    "query": "bean_ar.queries",
    "start": "bean_ar.starting",
    "completion": "bean_ar.shells",
}
"""Every command and the module that has it, imported when the command is called: a warm answer takes 0.2 s."""

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
Exit status: 0; 1 when the ledger has errors (the result is shown all the same) or something cannot be
read or written (the message says what); 2 for wrong usage.
"""


class ReaderGoneError(Exception):
    """Whoever read our output (`| head`) has seen enough."""


@contextmanager
def _reader_may_go() -> Iterator[None]:
    # Click makes a failure of it, which it is not.
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGoneError from error


class Commands(click.Group):
    """The group of all commands, each imported when called; it tells when a pipe was closed."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """All names, for `--help` and completion."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of this name; None when there is none."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click's own, with the nearest name for one that does not exist."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(sorted(COMMANDS))}"
            ctx.fail(f'there is no command "{args[0]}"{hint}')
        return super().resolve_command(ctx, args)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """As click's own; `--help` writes here."""
        with _reader_may_go():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """As click's own; the commands write here."""
        with _reader_may_go():
            return super().invoke(ctx)


@click.group(
    cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}, epilog=EXAMPLES
)
@click.version_option(__version__, prog_name="bean-ar")
def main() -> None:
    """Accounts receivable for Beancount ledgers: open items, aging, statements of account."""


def run() -> NoReturn:
    """The entry point: like `main`, with a quiet end on Ctrl-C and when the reader of a pipe goes away."""
    _prepare_streams()
    if signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN:
        signal.signal(signal.SIGTERM, _terminated)
    try:
        # A status comes back from click's own options, as --help.
        status = int(main(prog_name="bean-ar", standalone_mode=False) or 0)
    except (click.ClickException, click.Abort, KeyboardInterrupt, OSError) as error:
        status = _tell(error)
    except ReaderGoneError:
        status = 0
    finally:
        _let_go()
        with suppress(OSError):
            keep_books()
    sys.exit(status)


def _tell(error: BaseException) -> int:
    """Say on standard error what stopped the command; the exit status that goes with it."""
    # There may be nobody left to tell.
    with suppress(OSError):
        if isinstance(error, click.ClickException):
            from receivables.faces.text import neutral

            # It may quote names from the ledger.
            told = io.StringIO()
            error.show(file=told)
            click.echo("\n".join(map(neutral, told.getvalue().rstrip("\n").split("\n"))), err=True)
        elif isinstance(error, OSError):
            click.echo(f"Error: cannot read or write {error.filename or 'the result'}: {error.strerror}", err=True)
        else:
            click.echo(STOPPED, err=True)
    if isinstance(error, click.ClickException):
        return error.exit_code
    return 1 if isinstance(error, OSError) else 128 + signal.SIGINT


def _prepare_streams() -> None:
    """Give standard streams that were closed (`>&-`) a place to go, and let no letter be an error."""
    # In this order they get the numbers 1 and 2, so that no ledger is opened under these.
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _let_go() -> None:
    """Send what can no longer be written nowhere: Python would complain once more when it flushes at the end."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _terminated(_number: int, _frame: FrameType | None) -> NoReturn:
    # An exception lets everything that is under way clean up behind itself.
    sys.exit(128 + signal.SIGTERM)
