"""File names for letters: safe on every file system, whatever the customer's code holds."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable

from receivables.letters.model import Statement

_CODE_BYTES = 96
"""A code longer than this in UTF-8 is cut; file systems allow 255 for the whole name."""

_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
"""Names of devices on Windows, alone or before a dot (learn.microsoft.com, "Naming Files, Paths, and Namespaces")."""


def filename(statement: Statement) -> str:
    """The file name of a letter without its extension: the customer's code and the day, "C-0042-2026-03-31".

    Letters, marks and digits of any script, "-", "_" and "." stay; every other character becomes "-".
    Different codes can give the same name: see `distinct_filenames`.
    """
    return f"{safe(statement.debtor.code)}-{statement.as_of.isoformat()}"


def distinct_filenames(statements: Iterable[Statement], format: str) -> list[str]:
    """The file names of several letters, with their extension, no two the same.

    Names that differ only in case or in the composition of their accents count as the same, as some file systems
    take them to be; the later one gets a number.
    """
    taken: set[str] = set()
    names = []
    for statement in statements:
        stem = filename(statement)
        name, number = stem, 1
        while _folded(name) in taken:
            number += 1
            name = f"{stem}-{number}"
        taken.add(_folded(name))
        names.append(f"{name}.{format}")
    return names


def safe(code: str) -> str:
    """A customer's code as a part of a file name."""
    kept = "".join(
        character if unicodedata.category(character)[0] in "LMN" or character in "-_." else "-"
        for character in unicodedata.normalize("NFC", code)
        if unicodedata.category(character) not in ("Cc", "Cf")
    )
    safe = re.sub(r"-{2,}", "-", re.sub(r"\.{2,}", ".", kept)).strip("-.")
    if len(safe.encode()) > _CODE_BYTES:
        mark = hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        safe = f"{safe.encode()[:_CODE_BYTES].decode('utf-8', 'ignore')}-{mark}"
    if _RESERVED.fullmatch(safe):
        safe = f"_{safe}"
    return safe or "customer"


def _folded(name: str) -> str:
    return unicodedata.normalize("NFD", name.casefold())
