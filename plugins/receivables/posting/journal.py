"""The journal: one append at a time, all of it or nothing, also when the process is killed on the way.

Before anything is written, a small file beside the ledger says which files grow and what they hold before and
after; it goes last. Who finds one while nobody appends knows that an append was interrupted: when all
files are written already they stay, else what was written is taken back. To take back is to cut a file to its
old length, which needs no space on the disk and no second copy.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path, PurePosixPath
from types import FrameType
from typing import Any, Final, NamedTuple

from receivables.files import write_whole
from receivables.posting.sources import digest

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

LOCK: Final = ".bean-ar-append.lock"
"""The lock's file, in each folder concerned; the system lets go of the lock of a process that has ended."""

JOURNAL: Final = ".bean-ar-append.json"
"""The journal's file, in the ledger's folder."""

PATIENCE: Final = 5.0
"""Seconds that an append waits for another one to end."""


class AppendError(Exception):
    """Nothing is appended; the message says why, and what to do about it."""


class Change(NamedTuple):
    """A file that grows.

    Attributes:
      path: Below the ledger's folder, with "/".
      length: In bytes, before; None for a file that is not there.
      old, new: Digests of what it holds before and after.
    """

    path: str
    length: int | None
    old: str
    new: str


class Journal(NamedTuple):
    """An append under way.

    Attributes:
      changes: The files that grow.
      folders: Folders that are made for new files, the outermost first.
      undoing: Whether it is being taken back.
    """

    changes: tuple[Change, ...]
    folders: tuple[str, ...] = ()
    undoing: bool = False


# One at a time


@contextmanager
def locked(folders: Iterable[Path]) -> Iterator[None]:
    """Keep other processes from appending in these folders meanwhile.

    Raises:
      AppendError: Another one appends and does not end, or there is no permission.
    """
    with ExitStack() as stack:
        # In one order for everybody, so that no two wait for each other.
        for folder in sorted({folder.resolve() for folder in folders}):
            stack.enter_context(_locked(folder))
        yield


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    path = folder / LOCK
    until = time.monotonic() + PATIENCE
    while (descriptor := _taken(path)) is None:
        if time.monotonic() > until:
            raise AppendError(
                f"another process is appending in {folder}: nothing was written; run the command again when it is done"
            )
        time.sleep(0.02)
    try:
        yield
    finally:
        # While it is held: who opened the file meanwhile sees that it is gone, and opens a new one.
        with suppress(OSError):
            path.unlink()
        os.close(descriptor)


def _taken(path: Path) -> int | None:
    """A descriptor that holds the lock; None when somebody else does."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o666)
    except OSError as error:
        raise AppendError(f"cannot write in {path.parent}: {error.strerror}; nothing was written") from error
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.samestat(os.fstat(descriptor), path.lstat()):
                raise FileNotFoundError
    except (BlockingIOError, PermissionError, FileNotFoundError):
        os.close(descriptor)
        return None
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


# Interruptions


class Signals(NamedTuple):
    """The signals that came while they were held."""

    numbers: list[int]

    def heed(self) -> None:
        """Go no further when one came: raises AppendError."""
        if self.numbers:
            raise AppendError("stopped; every file is as it was")


@contextmanager
def signals_held() -> Iterator[Signals]:
    """Let Ctrl-C and the wish to end wait until what is under way is finished or undone; then they act.

    Beancount's parser would take the exception that Python makes of them for an error of the ledger.
    """
    came = Signals([])
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def note(number: int, _frame: FrameType | None) -> None:
        came.numbers.append(number)

    wanted = (signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else []))
    before: dict[int, Any] = {number: signal.getsignal(number) for number in wanted}
    # Who started us with one ignored (nohup, a shell's &) keeps it so.
    held = {number: handler for number, handler in before.items() if handler not in (signal.SIG_IGN, None)}
    try:
        for number in held:
            signal.signal(number, note)
        yield came
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        if came.numbers:
            signal.raise_signal(came.numbers[0])


# The journal's life


def begin(folder: Path, journal: Journal) -> None:
    """Say on the disk what is about to change."""
    content = json.dumps({**journal._asdict(), "changes": [change._asdict() for change in journal.changes]}, indent=1)
    write_whole(folder / JOURNAL, content.encode())
    settle([folder])


def finish(folder: Path, journal: Journal) -> None:
    """Say that what the journal says is done, once it has reached the disk."""
    settle((folder / change.path).resolve().parent for change in journal.changes)
    (folder / JOURNAL).unlink()


def settle(folders: Iterable[Path]) -> None:
    """Let the names in these folders reach the disk, where the system has a way to say so."""
    for folder in set(folders):
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def undo(folder: Path, journal: Journal) -> list[str]:
    """Make every file what it was. Gives those that somebody else has changed since, which stay as they are."""
    if not journal.undoing:
        # Without it an interruption from here on could look like an append that is complete.
        with suppress(OSError):
            begin(folder, journal._replace(undoing=True))
    left = [change.path for change in journal.changes if not _undone(folder / change.path, change)]
    for name in reversed(journal.folders):
        with suppress(OSError):
            # What a process that was killed began to write here.
            for part in (folder / name).glob(".bean-ar-*.part"):
                part.unlink()
            (folder / name).rmdir()
    with suppress(FileNotFoundError):
        finish(folder, journal)
    return left


def _undone(path: Path, change: Change) -> bool:
    content = _content(path)
    if content is None:
        return change.length is None
    if digest(content) != change.new:
        return change.length is not None and digest(content) == change.old
    if change.length is None:
        path.unlink()
        return True
    if digest(content[: change.length]) != change.old:
        return False
    with path.open("r+b") as stream:
        stream.truncate(change.length)
        os.fsync(stream.fileno())
    return True


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def interrupted(folder: Path) -> bool:
    """Whether an append in this folder is under way or was interrupted."""
    return os.path.lexists(folder / JOURNAL)


def recover(folder: Path) -> str | None:
    """Finish or undo an append that was interrupted. Gives what was done, in words; None when there was none.

    Raises:
      AppendError: An append is under way, or the journal cannot be read.
    """
    if not interrupted(folder):
        return None
    with locked([folder]), signals_held():
        journal = _read(folder)
        if journal is None:
            return None
        names = ", ".join(change.path for change in journal.changes)
        if not journal.undoing and all(_is_new(folder / change.path, change) for change in journal.changes):
            finish(folder, journal)
            return f"an earlier append was interrupted when it was complete but not yet checked: look at {names}"
        left = undo(folder, journal)
    if left:
        return (
            "an earlier append was interrupted, and somebody has changed what it wrote to since:"
            f" look at {', '.join(left)}, where the last entries may be without their counterparts"
        )
    return f"an earlier append was interrupted: {names} {'is' if len(journal.changes) == 1 else 'are'} as before it"


def _is_new(path: Path, change: Change) -> bool:
    content = _content(path)
    return content is not None and digest(content) == change.new


def _read(folder: Path) -> Journal | None:
    path = folder / JOURNAL
    content = _content(path)
    if content is None:
        return None
    try:
        told = json.loads(content)
        changes = tuple(Change(**change) for change in told["changes"])
        journal = Journal(changes, tuple(told["folders"]), bool(told["undoing"]))
        _refuse_strange([*(change.path for change in changes), *journal.folders])
    except (ValueError, TypeError, KeyError) as error:
        raise AppendError(
            f"{path} is damaged, so nobody knows what an interrupted append wrote: look at the ends of the ledger's"
            " files, then delete it"
        ) from error
    return journal


def _refuse_strange(paths: Sequence[str]) -> None:
    """Raise ValueError for a path that leads out of the folder: no append of ours wrote it."""
    for path in paths:
        if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
            raise ValueError(path)
