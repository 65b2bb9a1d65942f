"""Bank files: the statements that can be read from the page, each known by a token, and what was sent from a browser.

A file of the folders that Fava's option `import-dirs` names is asked for by a token of its name; no request has a path.
What a browser sends is kept in memory, never on the disk, and known by its content.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from receivables_importers.bank import BankError, BankFile, Profile, of_names, read_stream
from receivables_importers.bank.profiles import built_in
from receivables_importers.tables.problems import UNSAFE

FILES_MOST: Final = 500
"""So many files of the folders are offered."""
TOGETHER_MOST: Final = 20
"""So many files are read together."""
BYTES_MOST: Final = 64 << 20
"""The size of a file that is read for a page; `bean-ar apply` reads larger ones."""
SENT_MOST: Final = 16 << 20
"""The size of a file that a browser may send."""
LINES_MOST: Final = 5_000
"""Lines of all files together that a page applies: about 20 seconds."""
KEPT: Final = 32
KEPT_BYTES: Final = 64 << 20
"""So many sent files, and bytes of them, are kept in memory, the latest asked for."""
NAME_LONGEST: Final = 120

PROFILES: Final = "bank-profiles"
"""The folder beside the ledger with the user's own profiles, as for `bean-ar bank`."""

_SENT: Final = "sent-"


class BankFileError(ValueError):
    """A file cannot be read for a page; the message says why and what to do."""


class Offered(NamedTuple):
    """A file that can be read.

    Attributes:
      token: What a request calls it.
      name: Its name, below its folder.
      size: In bytes.
      path: Where it is; None for one that was sent.
      mark: Another one when its content may be another.
    """

    token: str
    name: str
    size: int
    path: Path | None
    mark: str


class Sent:
    """The files that browsers have sent since Fava was started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    def keep(self, name: str, content: bytes) -> str:
        """Keep a file; its token. Raises BankFileError for one that is too large."""
        if len(content) > SENT_MOST:
            raise BankFileError(f"{plain_name(name)} is larger than {SENT_MOST >> 20} MB: use bean-ar apply")
        token = _SENT + hashlib.sha256(content).hexdigest()[:32]
        with self._lock:
            self._files[token] = plain_name(name), content
            self._files.move_to_end(token)
            while len(self._files) > KEPT or sum(len(each) for _, each in self._files.values()) > KEPT_BYTES:
                self._files.popitem(last=False)
        return token

    def offered(self, token: str) -> Offered | None:
        """What is known of a file; None when it is not kept (any more)."""
        with self._lock:
            found = self._files.get(token)
            if found is None:
                return None
            self._files.move_to_end(token)
        return Offered(token, found[0], len(found[1]), None, token)

    def content(self, token: str) -> bytes:
        """The content; raises BankFileError when it is not kept any more."""
        with self._lock:
            found = self._files.get(token)
            if found is None:
                raise BankFileError("the file is not kept any more: choose it again")
            self._files.move_to_end(token)
        return found[1]


def plain_name(name: str) -> str:
    """The last part of a file's name as a browser tells it, without characters that are none of a name.

    >>> plain_name("C:\\\\Bank\\\\may.sta"), plain_name("../../etc/pass\\nwd"), plain_name("/")
    ('may.sta', 'pass wd', 'file')
    """
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2].translate(UNSAFE)
    return "".join(each for each in last if each.isprintable())[:NAME_LONGEST].strip(". ") or "file"


def offered(folders: Sequence[Path]) -> list[Offered]:
    """The files of the folders, by their names; hidden ones, and links that lead elsewhere, are none."""
    found = []
    for number, folder in enumerate(folders):
        root = folder.resolve()
        for path in _files(folder):
            try:
                state = path.stat()
                inside = path.resolve().is_relative_to(root)
            except OSError:
                continue
            if not inside or not path.is_file():
                continue
            name = path.relative_to(folder).as_posix()
            token = hashlib.sha256(f"{number}\0{name}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
            found.append(Offered(token, name, state.st_size, path, f"{state.st_size}-{state.st_mtime_ns}"))
    return found


def _files(folder: Path) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(root) / name


def profile_names() -> list[tuple[str, str]]:
    """The ready profiles: what a request calls them, and what people do."""
    return [(profile.id, profile.name) for profile in built_in()]


def profiles(ledger: Path, profile: str) -> tuple[Profile, ...]:
    """The profiles for tables: the ready one that is asked for, and those beside the ledger.

    Raises:
      BankFileError: There is no such ready profile, or one beside the ledger cannot be used.
    """
    if profile and profile not in {id for id, _ in profile_names()}:
        raise BankFileError(f'there is no profile "{profile[:60]}"')
    beside = ledger.parent / PROFILES
    try:
        return of_names([*([profile] if profile else []), *([beside] if beside.is_dir() else [])])
    except BankError as error:
        raise BankFileError(str(error)) from error


def profiles_mark(ledger: Path) -> tuple[tuple[str, int], ...]:
    """Another one when a profile beside the ledger may say something else."""
    beside = ledger.parent / PROFILES
    found = []
    for path in sorted(beside.glob("*.toml")):
        try:
            found.append((path.name, path.stat().st_mtime_ns))
        except OSError:
            # Who reads the profiles says what is wrong with it.
            found.append((path.name, 0))
    return tuple(found)


def read_file(file: Offered, sent: Sent, known: Sequence[Profile]) -> BankFile:
    """Read a file as `bean-ar apply` does; what is wrong with it is among its problems.

    Raises:
      BankFileError: It is too large for a page, or not there any more.
    """
    if file.size > BYTES_MOST:
        raise BankFileError(f"{file.name} is larger than {BYTES_MOST >> 20} MB: use bean-ar apply")
    if file.path is None:
        return read_stream(io.BytesIO(sent.content(file.token)), file.name, known)
    try:
        content = file.path.read_bytes()
    except OSError as error:
        raise BankFileError(f"{file.name} cannot be read: {error.strerror}") from error
    return read_stream(io.BytesIO(content), file.path.name, known)
