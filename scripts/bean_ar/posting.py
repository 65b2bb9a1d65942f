"""What the commands with `--post` have in common: show the entries, ask, append, say where they are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from bean_ar.ledger import Opened, colours, remark, waiting

if TYPE_CHECKING:
    from receivables.posting.append import Plan, Written
    from receivables.posting.proposal import Proposal

F = TypeVar("F", bound=Callable[..., Any])

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def post_options(command: F) -> F:
    """The options `post` and `yes` of a command that can append what it proposes."""

    @wraps(command)
    def checked(*args: Any, **values: Any) -> Any:
        if values["yes"] and not values["post"]:
            raise click.UsageError("--yes answers what --post asks: add --post")
        return command(*args, **values)

    yes = click.option("--yes", is_flag=True, help="With --post: append without asking.")
    post = click.option("--post", is_flag=True, help="Show the entries that book this, and append them when you agree.")
    return cast("F", post(yes(checked)))


def post(ledger: Path, opened: Opened, proposals: Sequence[Proposal], *, yes: bool) -> Written | None:
    """Show what is proposed, and append it when the user agrees; gives what was written, None for nothing.

    A terminal is asked. Anything else is answered by `yes` alone; without it the entries are only shown.

    Raises click.ClickException when the entries cannot be appended; nothing is written then.
    """
    from receivables.posting.append import plan, write
    from receivables.posting.journal import AppendError, recover

    try:
        if done := recover(ledger.absolute().parent):
            raise click.ClickException(f"{done}. Run the command again to go on")
        wanted = [proposal for proposal in proposals if proposal.entries]
        if not wanted:
            click.echo("Nothing to post.")
            return None
        with waiting(f"Preparing {ledger}"):
            planned = plan(ledger, opened.book, wanted)
        _show(planned)
        if opened.failed:
            remark("warning: the ledger has errors, on which these entries may rest", "yellow")
        if not _agreed(planned, yes):
            return None
        with waiting(f"Appending to {ledger}"):
            written = write(planned)
    except AppendError as error:
        raise click.ClickException(str(error)) from error
    _tell(written)
    return written


def _show(planned: Plan) -> None:
    """The entries as a diff, in which nothing acts on the terminal."""
    from receivables.faces.text import neutral

    coloured = sys.stdout.isatty() and colours()
    for line in planned.diff.split("\n")[:-1]:
        text = neutral(line.removesuffix("\r"))
        colour = _COLOURS.get(text[:1])
        click.echo(click.style(text, fg=colour) if colour and coloured else text)


def _agreed(planned: Plan, yes: bool) -> bool:
    from receivables.faces.text import neutral

    entries = f"{'this entry' if planned.entries == 1 else f'these {planned.entries:,} entries'}"
    question = neutral(f"Append {entries} to {_listed([addition.name for addition in planned.additions])}?")
    if yes:
        return True
    if sys.stdin.isatty() and sys.stdout.isatty():
        if click.confirm(question):
            return True
        click.echo("Nothing was written.")
    else:
        click.echo(f"{question} Nothing was written: add --yes to append.")
    return False


def _tell(written: Written) -> None:
    from receivables.faces.text import neutral

    for name, line, entry in written.entries:
        click.echo(neutral(f"Written: {name}:{line}: {entry.date} {_about(entry)}"))


def _about(entry: Any) -> str:
    """What an entry is about, on one line."""
    words = [getattr(entry, field, None) for field in ("account", "payee", "narration", "comment")]
    return " ".join(word for word in words if word) or type(entry).__name__.lower()


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
