"""From the command line to a book: the cache, the load, progress on the terminal, the problems."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import click

from receivables import cache
from receivables.book import Book
from receivables.problems import ERROR, Problem, located

PROBLEMS_SHOWN = 50
"""So many problems are listed; the rest is counted. Nobody reads ten thousand."""

PATIENCE = 2.0
"""Seconds after which a terminal is told what is going on."""


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
    absolute = Path(path).absolute()
    if use_cache:
        kept = cache.recall(absolute)
        if kept is not None:
            return Opened(kept.book, kept.errors)
    from beancount.core.data import Custom, Document

    from receivables.loading import load_book

    started = time.time_ns()
    with waiting(f"Loading {path}"):
        try:
            loaded = load_book(absolute)
        except OSError as error:
            raise click.ClickException(f"cannot read {error.filename or path}: {error.strerror}") from error
        except UnicodeDecodeError as error:
            raise click.ClickException(f"cannot read {path}: it is not a text in UTF-8 ({error.reason})") from error
    errors = [Problem(error.source or {}, error.message, None, type(error).__name__, ERROR) for error in loaded.errors]
    if use_cache:
        cache.keep(
            absolute,
            loaded.book,
            errors,
            [entry for entry in loaded.entries if type(entry) is Custom],
            [entry.filename for entry in loaded.entries if type(entry) is Document],
            loaded.options,
            started,
        )
    return Opened(loaded.book, errors)


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


def show_problems(opened: Opened, *, all_of_them: bool) -> None:
    """List the problems on standard error: errors first, then warnings."""
    from receivables.faces.text import neutral

    problems = opened.problems
    shown = problems if all_of_them else problems[:PROBLEMS_SHOWN]
    for item in shown:
        colour = "red" if item.severity == ERROR else "yellow"
        click.secho(neutral(_short(located(item))), fg=colour, err=True)
    if len(problems) > len(shown):
        click.echo(f"… and {len(problems) - len(shown):,} more (--all-problems lists them)", err=True)


def _short(line: str) -> str:
    """The line with paths below the current folder made relative."""
    here = f"{Path.cwd()}/"
    return line.removeprefix(here)
