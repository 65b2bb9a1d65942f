"""The command that applies bank lines to what customers owe: shows proposals, books them, lets a person decide."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bean_ar.bank import PROFILES, show_problems
from bean_ar.ledger import Opened, colours, load, waiting
from bean_ar.options import Conditions, columns_told, ledger_argument, output_options, problems_option
from bean_ar.output import chosen_format, finish, show_report
from bean_ar.posting import post, post_options
from receivables.faces import FACES
from receivables.faces.text import neutral
from receivables.relations.question import Condition, ConditionError
from receivables_importers.application.proposals import COLUMNS, NAMES, allocations_of, brief, name_of, report
from receivables_importers.bank.model import ERROR, BankLine

if TYPE_CHECKING:
    from receivables.loading import Loaded
    from receivables_importers.application.model import Applied, Proposed
    from receivables_importers.application.session import Session
    from receivables_importers.application.waiting import Waiting

KEYS = "1-9 take it   s search   e edit   a on account   Enter leave   u undo   q stop"
_DIGITS = "123456789"
_ENDED = ("\x03", "\x04", "")
"""Ctrl-C, Ctrl-D, and a terminal that went away."""
LABELS_SHOWN = 40
"""So many open documents are listed; the rest is counted."""


@click.command("apply")
@ledger_argument
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME",
    help="How a table (CSV, XLSX, XLS) is to be read: a TOML file, a folder of them, or the name of a known bank's. "
    f"Those in {PROFILES}/ beside the ledger are known anyway.",
)
@click.option(
    "--account",
    default="",
    metavar="ACCOUNT",
    help="The ledger's bank account of lines whose own account no open directive names with bank-account:.",
)
@click.option(
    "--where",
    multiple=True,
    type=Conditions(),
    metavar="CONDITION",
    help="Only rows for which it holds: column=value. May be repeated; not with --post and --review.",
)
@post_options
@click.option("--suspense", is_flag=True, help="With --post or --review: what waits goes to the suspense account.")
@click.option("--waiting", "again", is_flag=True, help="Look again at the lines on the suspense account.")
@click.option("--review", is_flag=True, help="Decide what waits, one line after the other.")
@problems_option
@output_options(tuple(FACES))
def apply(
    ledger: Path,
    files: tuple[Path, ...],
    profiles: tuple[str, ...],
    account: str,
    where: tuple[Condition, ...],
    post: bool,
    yes: bool,
    suspense: bool,
    again: bool,
    review: bool,
    all_problems: bool,
    format_: str | None,
    output: Path | None,
    force: bool,
) -> None:
    chosen = chosen_format(format_, output, tuple(FACES))
    unknown = next((condition.key for condition in where if condition.key not in NAMES), None)
    if unknown is not None:
        raise click.UsageError(f'no column is called "{unknown}" (columns: {", ".join(NAMES)})')
    if not files and not again:
        raise click.UsageError("name files of bank statements, or add --waiting for what is on the suspense account")
    if suspense and not (post or review):
        raise click.UsageError("--suspense says what --post does with lines that wait: add --post")
    if (post or review) and (format_ is not None or output is not None):
        raise click.UsageError("--post shows entries, not a report: leave --format and --output out")
    if (post or review) and where:
        raise click.UsageError("--post books all that is decided, --review shows all that waits: leave --where out")
    if review and not _is_terminal():
        raise click.UsageError("--review needs a terminal: a person answers")
    loaded, errors = load(ledger)
    opened = Opened(loaded.book, errors)
    if account and account not in {getattr(entry, "account", None) for entry in loaded.entries}:
        raise click.UsageError(f"--account {account}: the ledger has no such account")
    lines, failed = _read(ledger, files, profiles, all_problems=all_problems)
    suspended = _suspended(loaded) if again else []
    if review:
        _review(ledger, loaded, opened, lines, account, suspended, suspense=suspense, yes=yes)
    else:
        _propose(
            ledger, loaded, opened, lines, account, suspended, where, chosen, output, force=force, booking=post,
            yes=yes, suspense=suspense,
        )  # fmt: skip
    finish(opened, all_problems=all_problems)
    if failed:
        sys.exit(1)


def _read(
    ledger: Path, files: Sequence[Path], profiles: Sequence[str], *, all_problems: bool
) -> tuple[list[BankLine], bool]:
    """The lines of all files, each once, and whether something could not be read."""
    from receivables_importers.bank import BankError, of_names, read, together

    beside = ledger.parent / PROFILES
    try:
        own = of_names([*profiles, *([beside] if beside.is_dir() else [])])
    except BankError as error:
        raise click.UsageError(str(error)) from error
    with waiting("Reading statements"):
        read_files = [read(path, own) for path in files]
    problems = [problem for file in read_files for problem in file.problems]
    show_problems(problems, everything=all_problems)
    return together(read_files)[0], any(problem.severity == ERROR for problem in problems)


def _suspended(loaded: Loaded) -> list[Waiting]:
    """The lines that stand on the suspense account."""
    from receivables_importers.application.waiting import waiting as on_suspense

    return on_suspense(loaded.book, loaded.entries)


def _propose(
    ledger: Path, loaded: Loaded, opened: Opened, lines: Sequence[BankLine], account: str,
    suspended: Sequence[Waiting], where: Sequence[Condition], chosen: str, output: Path | None, *, force: bool,
    booking: bool, yes: bool, suspense: bool,
) -> None:  # fmt: skip
    """Show what is proposed, or book it."""
    from receivables_importers.application.entries import entries_of
    from receivables_importers.application.matching import match

    with waiting("Applying"):
        matched = match(loaded.book, loaded.entries, lines, account=account, waiting=suspended)
    if booking:
        for note in report(loaded.book, matched).notes:
            click.echo(note)
        post(ledger, opened, entries_of(loaded.book, matched.proposals, suspense=suspense), yes=yes)
        return
    try:
        found = report(loaded.book, matched, where)
    except ConditionError as error:
        raise click.UsageError(str(error)) from error
    show_report(brief(found) if chosen == "table" else found, chosen, output, force=force)


# One after the other


class _BackError(Exception):
    """Nothing was chosen at a question: the line stands as before."""


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _say(text: str, **style: Any) -> None:
    """A line on the terminal, in which nothing acts that comes from a bank or a ledger."""
    click.echo(click.style(neutral(text), **style) if style and colours() else neutral(text))


def _key() -> str:
    """The next key; one of `_ENDED` where the person wants to end."""
    try:
        return click.getchar()
    except (KeyboardInterrupt, EOFError):
        return _ENDED[0]


def _review(
    ledger: Path, loaded: Loaded, opened: Opened, lines: Sequence[BankLine], account: str,
    suspended: Sequence[Waiting], *, suspense: bool, yes: bool,
) -> None:  # fmt: skip
    """Ask about each line that waits, then book what is decided.

    Raises click.Abort when it is ended before anything was decided.
    """
    from receivables_importers.application.session import Session

    with waiting("Applying"):
        session = Session(loaded.book, loaded.entries, lines, account=account, waiting=suspended)
    _say(f"Lines that wait for you: {session.count:,}")
    ended = session.count > 0 and _walk(session) in _ENDED
    if ended and not any(each.proposed is not None for each in session.decided):
        raise click.Abort
    # Who ends in a hurry loses nothing, and has agreed to nothing.
    post(ledger, opened, session.entries(suspense=suspense), yes=yes and not ended)


def _walk(session: Session) -> str:
    """Go through the lines; gives the key that ended it."""
    while True:
        if session.current is not None:
            _show(session)
            if key := _answer(session):
                return key
            continue
        click.echo("\nAll lines are seen.   Enter go on   u undo")
        while (key := _key()) not in ("u", "\r", "\n", "q", *_ENDED):
            pass
        if key != "u":
            return key
        session.undo()


def _show(session: Session) -> None:
    proposed = session.current
    assert proposed is not None  # noqa: S101
    line = proposed.line
    click.echo()
    payer = " ".join(filter(None, (line.counterparty, line.counterparty_account)))
    _say(f"{session.done + 1} of {session.count}  {line.booked}  {line.amount:,} {line.currency}  {payer}", bold=True)
    if line.remittance:
        _say(f'   "{line.remittance[:300]}"')
    for obstacle in proposed.obstacles:
        _say(f"   waits: {obstacle}", fg="yellow")
    for key, applied in enumerate(session.candidates(), start=1):
        _say(f"   {key}  {_told(session, proposed, applied)}")
        if applied.evidence:
            _say(f"      {'; '.join(applied.evidence)[:240]}", dim=True)
    click.echo(f"   {KEYS}")


def _told(session: Session, proposed: Proposed, applied: Applied) -> str:
    book = session.book
    if applied.in_hand is not None:
        return applied.in_hand.told
    parts = [allocations_of(book, applied)] if applied.allocations else []
    scale = book.scales.get(proposed.line.currency)
    if applied.on_account and scale is not None:
        parts.append(f"{scale.decimal(applied.on_account):,} on account")
    parts += [f"{scale.decimal(each.units):,} {each.reason}" for each in applied.deductions if scale is not None]
    return f"{applied.customer} {name_of(book, applied.customer)}: {'; '.join(parts)}"


def _answer(session: Session) -> str:
    """Do what the next key says that says anything; gives the key that ends the review, "" to go on."""
    from receivables_importers.application.session import SessionError

    candidates = session.candidates()
    keys = _DIGITS[: len(candidates)]
    while (key := _key()) not in (*keys, "s", "e", "a", "\r", "\n", " ", "u", "q", *_ENDED):
        pass
    if key == "q" or key in _ENDED:
        return key or _ENDED[0]
    try:
        if key == "u":
            _say("Undone." if session.undo() else "There is nothing to undo.")
        elif key in _DIGITS:
            _decide(session, candidates[int(key) - 1])
        elif key == "s":
            _search(session)
        elif key in ("e", "a"):
            customer = next((each.customer for each in candidates if each.customer), "") or _ask("Customer's code")
            if customer not in session.book.customers:
                raise SessionError(f'there is no customer "{customer}"')
            _decide(session, _edited(session, customer) if key == "e" else session.on_account(customer))
        else:
            session.skip()
    except SessionError as error:
        _say(str(error), fg="red")
    except _BackError:
        pass
    return ""


def _ask(question: str, *, empty: bool = False) -> str:
    """What the person writes; raises _BackError for Ctrl-C, Ctrl-D, and for nothing unless it may be `empty`."""
    try:
        answer = str(click.prompt(question, default="", show_default=False)).strip()
    except click.Abort as error:
        click.echo()
        raise _BackError from error
    if not answer and not empty:
        raise _BackError
    return answer


def _decide(session: Session, applied: Applied) -> None:
    """Decide the line, and say how: who presses a key sees what it did."""
    proposed = session.current
    assert proposed is not None  # noqa: S101
    session.decide(applied)
    _say(f"Taken: {_told(session, proposed, applied)}", fg="green")


def _search(session: Session) -> None:
    """Look for a customer, and take what fits him best, his account, or an allocation that is written."""
    found = session.search(_ask("Search"))
    if not found:
        _say("Nobody is like that.")
        return
    proposed = session.current
    assert proposed is not None  # noqa: S101
    options = [session.for_customer(code) for code in found]
    for key, applied in enumerate(options, start=1):
        _say(f"   {key}  {_told(session, proposed, applied)}")
    click.echo("   1-9 take it   e1-e9 edit   a1-a9 on account   Enter back")
    answer = _ask("Which")
    how, number = answer[:-1], answer[-1:]
    if number not in _DIGITS[: len(options)] or how not in ("", "e", "a"):
        _say(f'There is no choice "{answer[:60]}".')
        return
    place = _DIGITS.index(number)
    code = found[place]
    _decide(
        session,
        _edited(session, code) if how == "e" else session.on_account(code) if how == "a" else options[place],
    )


def _edited(session: Session, customer: str) -> Applied:
    """An allocation as the person writes it."""
    opened = session.open_labels(customer)
    _say(f"   {customer} {name_of(session.book, customer)}{'' if opened else ': nothing is open'}")
    for label, amount in opened[:LABELS_SHOWN]:
        _say(f"      {label}  {amount}")
    if len(opened) > LABELS_SHOWN:
        click.echo(f"      … and {len(opened) - LABELS_SHOWN:,} more")
    written = _ask("Documents, with amounts where it is not all (INV-1, INV-2 500)")
    if not written.strip(" ,"):
        raise _BackError
    reason = _ask(
        "Reason for what is missing (bank charge, discount, withholding, rounding; Enter for none)", empty=True
    )
    return session.edited(customer, written, reason)


def _help() -> str:
    return (
        "Propose how the lines of bank statements are applied to what customers owe.\n\n"
        "Each line is decided by evidence, or waits for a person with its candidates. --post books what is decided, "
        "--review asks about the rest. A line that the ledger has is left out, so files may overlap.\n\n"
        "\b\nExamples:\n"
        "  bean-ar apply main.beancount may.xml\n"
        "  bean-ar apply main.beancount may.xml --where decision=review --format xlsx --output waits.xlsx\n"
        "  bean-ar apply main.beancount may.xml --post\n"
        "  bean-ar apply main.beancount may.xml --review\n"
        "  bean-ar apply main.beancount --waiting --post\n\n"
        f"\b\nColumns:\n{columns_told(COLUMNS)}"
    )


apply.help = _help()
