"""From the command line to a book: the cache, the load, progress on the terminal, the problems."""

from __future__ import annotations

import gc
import glob
import os
import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import click

from receivables import cache
from receivables.book import Book
from receivables.problems import ERROR, Problem, located
from receivables.settings import CUSTOMERS

if TYPE_CHECKING:
    from receivables.loading import Loaded

PROBLEMS_SHOWN = 50
"""So many problems are listed; the rest is counted. Nobody reads ten thousand."""

PATIENCE = 2.0
"""Seconds after which a terminal is told what is going on."""

STOPPED = "Stopped; nothing was left half done."
"""What Ctrl-C answers."""

_INCLUDE = re.compile(r'^include\s+"([^"\n]*)"', re.MULTILINE)
_PLUGIN = re.compile(r'^plugin\s+"([^"\n]*)"', re.MULTILINE)
_NO_MATCH = re.compile(r'File glob "(.*)" does not match any files')
_AGAIN = re.compile(r'Duplicate filename parsed: "(.*)"')
_OF_PLUGIN = re.compile(r'Error (?:importing|applying plugin) "([^"]*)"')
_NOT_UTF8 = re.compile(r"UnicodeDecodeError: |Invalid token: '.*\\x[89a-f]")
_MARKED = re.compile("Invalid token: '(?:\ufeff|\\\\ufeff)")
_TRACEBACK = "Traceback (most recent call last)"


class Opened(NamedTuple):
    """A ledger as the commands see it.

    Attributes:
      book: The book.
      errors: Beancount's errors and those of its plugins.
    """

    book: Book
    errors: Sequence[Problem]

    @property
    def problems(self) -> list[Problem]:
        """All problems, errors first, in order of file and line."""
        found = [*self.errors, *self.book.problems]
        return sorted(
            found,
            key=lambda item: (
                item.severity != ERROR,
                str(item.source.get("filename")),
                item.source.get("lineno") or 0,
            ),
        )

    @property
    def failed(self) -> bool:
        """Whether there is an error among the problems."""
        return any(item.severity == ERROR for item in self.problems)


def open_ledger(path: Path, *, use_cache: bool) -> Opened:
    """The book of a ledger, from the cache or loaded (and then kept)."""
    absolute = path.absolute()
    if use_cache:
        kept = cache.recall(absolute)
        if kept is not None:
            return Opened(kept.book, kept.errors)
    from beancount.core.data import Custom, Document

    started = time.time_ns()
    from receivables.loading import collector_off

    with collector_off():
        loaded, errors = load(path)
        # A loaded ledger is millions of objects. The collector would look through all of them, for nothing, as soon
        # as it is on again.
        gc.freeze()
    if use_cache:
        customs = [entry for entry in loaded.entries if type(entry) is Custom]
        documents = [entry.filename for entry in loaded.entries if type(entry) is Document]
        _afterwards.append(
            lambda: cache.keep(absolute, loaded.book, errors, customs, documents, loaded.options, started)
        )
    return Opened(loaded.book, errors)


_afterwards: list[Callable[[], bool]] = []
"""What is left to do once the answer is out: keeping the book for the next run."""


def keep_books() -> None:
    """Keep the books that were loaded, after the answer is out.

    On Linux a child process does it, so that nobody waits for it: it has the book in memory already,
    writes one file in one step, and ends. Elsewhere it is done here.
    """
    while _afterwards:
        keep = _afterwards.pop()
        if sys.platform != "linux":
            keep()
            continue
        sys.stdout.flush()
        sys.stderr.flush()
        if os.fork() == 0:
            status = 1
            try:
                os.setsid()
                null = os.open(os.devnull, os.O_RDWR)
                for stream in (0, 1, 2):
                    os.dup2(null, stream)
                # Whoever waits for the end of a pipe or a lock must not wait for this.
                os.closerange(3, null)
                os.closerange(null + 1, 256)
                status = 0 if keep() else 1
            finally:
                # No clean-up of the parent's things, whatever happened.
                os._exit(status)


def load(path: Path) -> tuple[Loaded, list[Problem]]:
    """Load a ledger, and Beancount's errors said with their mend.

    Raises click.ClickException when the ledger or a file that it includes cannot be read, or when nothing
    in it is Beancount's.
    """
    from receivables.loading import load_book

    with waiting(f"Loading {path}"), stopping_at_once():
        try:
            loaded = load_book(path.absolute())
        except OSError as error:
            place = _place_of_include(path.absolute(), str(error.filename or path))
            raise click.ClickException(f"{place}cannot read {error.filename or path}: {error.strerror}") from error
        except UnicodeEncodeError as error:
            name = os.fsencode(error.object).decode("utf-8", "backslashreplace")
            raise click.ClickException(f"the name {name} is not in UTF-8, and Beancount cannot read it") from error
    errors = [_said(error, loaded.options["include"]) for error in loaded.errors]
    if errors and not loaded.entries:
        show_problems(Opened(loaded.book, errors), limit=5)
        raise click.ClickException(f"{path} has not one entry that can be read: is it a Beancount ledger?")
    return loaded, errors


def _said(error: Any, files: Iterable[str]) -> Problem:
    """An error of Beancount or a plugin, at its line and with its mend where Beancount tells neither."""
    source, message = error.source or {}, str(error.message)
    if found := _NO_MATCH.search(message):
        name = found[1]
        source = _line_of(files, _INCLUDE, lambda pattern, _folder: pattern == name) or source
        message = f'include "{found[1]}" matches no file: correct the name, or make the file'
    elif found := _AGAIN.search(message):
        name = found[1]
        source = _line_of(files, _INCLUDE, lambda pattern, folder: name in _matches(pattern, folder)) or source
        message = f"{found[1]} is included twice: keep one of the includes"
    elif found := _OF_PLUGIN.search(message):
        name = found[1]
        source = _line_of(files, _PLUGIN, lambda plugin, _folder: plugin == name) or source
    elif _NOT_UTF8.search(message):
        message = f"the line is not in UTF-8: save the file in UTF-8 ({message})"
    elif _MARKED.search(message):
        message = "the file begins with a byte order mark, which hides its first entry: save it in UTF-8 without one"
    if _TRACEBACK in message:
        what, _, traceback = message.partition(_TRACEBACK)
        message = f"{what.strip().rstrip(':')}: {traceback.strip().rpartition(chr(10))[2].strip()}"
    return Problem(source, message, None, type(error).__name__, ERROR)


def _line_of(
    files: Iterable[str], directive: re.Pattern[str], wanted: Callable[[str, Path], bool]
) -> dict[str, Any] | None:
    """Where a directive stands whose words (and the folder of its file) are `wanted`; None when nowhere."""
    for file in files:
        text = _text(file)
        for found in directive.finditer(text):
            if wanted(found[1], Path(file).parent):
                return {"filename": file, "lineno": text.count("\n", 0, found.start()) + 1}
    return None


def _text(file: str) -> str:
    """The text of a file, "" when it is none: a pipe, say, has been read and has no more."""
    path = Path(file)
    try:
        return path.read_text("utf-8", errors="replace") if path.is_file() else ""
    except OSError:
        return ""


def _matches(pattern: str, folder: Path) -> list[str]:
    """The files that an include matches, as Beancount looks for them."""
    return glob.glob(os.path.join(folder, pattern), recursive=True)  # noqa: PTH118, PTH207


def _place_of_include(ledger: Path, wanted: str) -> str:
    """`file:line: ` of the include that names a file, "" when there is none: a load stops at such a file."""
    files, seen = [str(ledger)], set[str]()
    while files:
        file = files.pop()
        if file in seen:
            continue
        seen.add(file)
        if found := _line_of([file], _INCLUDE, lambda pattern, folder: wanted in _matches(pattern, folder)):
            return f"{_short(found['filename'])}:{found['lineno']}: "
        for include in _INCLUDE.findall(_text(file)):
            files.extend(_matches(include, Path(file).parent))
    return ""


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """Say on a terminal what takes so long, once it does; nothing on anything else."""
    if not sys.stderr.isatty():
        yield
        return
    done = threading.Event()
    begun = time.monotonic()

    def tell() -> None:
        while not done.wait(PATIENCE if time.monotonic() - begun < PATIENCE else 1.0):
            click.echo(f"\r{what} … {time.monotonic() - begun:.0f} s", nl=False, err=True)

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
        if time.monotonic() - begun > PATIENCE:
            click.echo("\r\x1b[2K", nl=False, err=True)


@contextmanager
def stopping_at_once() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the process at once; only where nothing is under way that needs cleaning up.

    Beancount's parser takes the exception that Python makes of Ctrl-C for an error of the entry that it is
    reading (lib.c, `build_grammar_error_from_exception`), and goes on without that entry.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    # Who started us with Ctrl-C ignored (nohup, a shell's &) keeps it so.
    for number in (number for number, handler in before.items() if handler is not signal.SIG_IGN):
        signal.signal(number, _stop_at_once)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop_at_once(number: int, _frame: FrameType | None) -> NoReturn:
    if number == signal.SIGINT:
        # No stream of Python's: it may be in use, this is called between any two steps.
        os.write(2, f"\n{STOPPED}\n".encode())
    os._exit(128 + number)


def show_problems(opened: Opened, *, limit: int | None = PROBLEMS_SHOWN) -> None:
    """List the problems on standard error, errors first, then warnings: at most `limit`, None for all."""
    problems = opened.problems
    shown = problems[:limit]
    for item in shown:
        remark(_short(located(item)), "red" if item.severity == ERROR else "yellow")
    if len(problems) > len(shown):
        click.echo(f"… and {len(problems) - len(shown):,} more (--all-problems lists them)", err=True)


def remark(line: str, colour: str | None) -> None:
    """Write a line to standard error, where nothing in it acts; coloured on a terminal that wants colours."""
    from receivables.faces.text import neutral

    text = neutral(line)
    click.echo(click.style(text, fg=colour) if colour and colours() else text, err=True)


def colours() -> bool:
    """Whether a terminal may be given colours: not where NO_COLOR is set (no-color.org), nor a dumb one."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def hint(opened: Opened) -> str | None:
    """Why a ledger has nothing to show, with the mend; None when it has something, or says itself what is wrong."""
    book = opened.book
    if book.pockets or book.customers:
        return None
    if book.last_day is None:
        return "the ledger has no transactions"
    roots = ", ".join(book.settings.roles[CUSTOMERS])
    return (
        f"the ledger has no customers: there is no account below {roots}. If yours are elsewhere, add: "
        f'{book.last_day} custom "receivables-accounts" "customers" Assets:...'
    )


def _short(line: str) -> str:
    """The line with paths below the current folder made relative."""
    return line.replace(f"{Path.cwd()}/", "")
