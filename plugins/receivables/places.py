"""Places: where something stands in the ledger, with the file as seen from the ledger's folder, the same everywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

Place = tuple[str, int]
"""File, seen from the ledger's folder, and line."""


def below(folder: str, path: str) -> str:
    """A file's path as seen from a folder; a file elsewhere keeps its whole path.

    >>> below("/books", "/books/2026/notes.beancount"), below("/books", "/other/notes.beancount")
    ('2026/notes.beancount', '/other/notes.beancount')
    """
    return path.removeprefix(folder if folder.endswith(os.sep) else f"{folder}{os.sep}")


def place_of(folder: str, source: Mapping[str, Any]) -> Place:
    """The place of metadata with `filename` and `lineno`; what is missing is "" and 0.

    >>> place_of("/books", {"filename": "/books/2026/notes.beancount", "lineno": 12})
    ('2026/notes.beancount', 12)
    """
    return below(folder, str(source.get("filename") or "")), int(source.get("lineno") or 0)


def source_of(place: Place) -> dict[str, Any]:
    """Metadata that stands at a place, as problems want it.

    >>> source_of(("2026/notes.beancount", 12))
    {'filename': '2026/notes.beancount', 'lineno': 12}
    """
    file, line = place
    return {"filename": file, "lineno": line}


def told_place(folder: str, source: Mapping[str, Any]) -> str:
    """The place as a message has it: "2026/notes.beancount:12"."""
    file, line = place_of(folder, source)
    return f"{file}:{line}"
