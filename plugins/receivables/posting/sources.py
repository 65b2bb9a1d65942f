"""Sources: the files that a ledger reads, what they hold, and whether it would read one more."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

_INCLUDE: Final = re.compile(rb'^[ \t]*include[ \t]*"([^"\n]*)"', re.MULTILINE)


class Source(NamedTuple):
    """A file of the ledger.

    Attributes:
      digest: Of its contents (SHA-256); "" when it cannot be read.
      includes: What it includes: absolute patterns.
    """

    digest: str
    includes: tuple[str, ...]


def digest(content: bytes) -> str:
    """What tells whether a file still holds `content`."""
    return hashlib.sha256(content).hexdigest()


def read_sources(ledger: Path) -> Mapping[str, Source]:
    """The main file and all that it includes, by path, found as Beancount's loader finds them."""
    found: dict[str, Source] = {}
    waiting = [os.path.normpath(ledger)]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        try:
            content = Path(path).read_bytes()
        except OSError:
            found[path] = Source("", ())
            continue
        folder = os.path.dirname(path)  # noqa: PTH120
        names = [os.fsdecode(name) for name in _INCLUDE.findall(content)]
        includes = tuple(os.path.join(folder, name) for name in names)  # noqa: PTH118
        found[path] = Source(digest(content), includes)
        for pattern in includes:
            waiting += map(os.path.normpath, glob.glob(pattern, recursive=True))  # noqa: PTH207
    return found


def would_include(sources: Mapping[str, Source], path: Path) -> bool:
    """Whether the ledger would read a file at `path` (absolute), were there one."""
    wanted = Path(os.path.normpath(path)).parts
    return any(
        _matches(wanted, Path(os.path.normpath(pattern)).parts)
        for source in sources.values()
        for pattern in source.includes
    )


def _matches(path: Sequence[str], pattern: Sequence[str]) -> bool:
    """Whether `glob` finds the path by the pattern: `**` is any number of folders, and nothing hidden is found."""
    if not pattern:
        return not path
    first = pattern[0]
    if first == "**":
        deeper = bool(path) and not path[0].startswith(".") and _matches(path[1:], pattern)
        return deeper or _matches(path, pattern[1:])
    if not path or not _fits(path[0], first):
        return False
    return _matches(path[1:], pattern[1:])


def _fits(name: str, pattern: str) -> bool:
    if not glob.has_magic(pattern):
        return name == pattern
    return fnmatch.fnmatch(name, pattern) and (pattern.startswith(".") or not name.startswith("."))
