"""The faces of a report: table, CSV, JSON, XLSX and HTML, each a picture of the same `Report`.

A face computes nothing but `receivables.report.totals`. Its module is imported when it is first
asked for, so that a terminal table does not pay for the spreadsheet writer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import NamedTuple

from receivables.report import Report

_PIECE_CHARACTERS = 1 << 16


class FaceError(ValueError):
    """A report that a face cannot show, or a face that does not exist; the message says what to do."""


class Face(NamedTuple):
    """One way to show a report.

    Attributes:
      module: The module of this package whose `render` makes it.
      about: A few words for `--help`.
      media_type: The MIME type of its bytes.
      ending: The usual ending of its files, with the dot.
      binary: Whether its bytes would be noise on a terminal.
    """

    module: str
    about: str
    media_type: str
    ending: str
    binary: bool


FACES: Mapping[str, Face] = MappingProxyType(
    {
        "table": Face("text", "for the terminal", "text/plain; charset=utf-8", ".txt", False),
        "csv": Face("comma", "for other programs", "text/csv; charset=utf-8; header=present", ".csv", False),
        "json": Face("structured", "for other programs, with types", "application/json", ".json", False),
        "xlsx": Face(
            "spreadsheet",
            "for Excel and LibreOffice",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            ".xlsx",
            True,
        ),
        "html": Face("webpage", "for a browser and for paper", "text/html; charset=utf-8", ".html", False),
    }
)
"""Every face by the word that `--format` takes."""


def render(report: Report, format: str, *, width: int = 100, colour: bool = False) -> bytes:
    """The bytes of `report` in one of `FACES`; the same report gives the same bytes.

    Args:
      report: What to show.
      format: A key of `FACES`.
      width: Terminal cells that a line of the table may take; the other faces have no width.
      colour: Whether the table may use ANSI colours.

    Raises:
      FaceError: No such format, or a report too large for it.
    """
    return b"".join(pieces(report, format, width=width, colour=colour))


def pieces(report: Report, format: str, *, width: int = 100, colour: bool = False) -> Iterator[bytes]:
    """The bytes of `render` one after the other, for a report that is too large to hold twice.

    Raises:
      FaceError: As `render`, and before the first piece.
    """
    face = FACES.get(format)
    if face is None:
        raise FaceError(f"there is no format {format!r}; the formats are {', '.join(FACES)}")
    module = import_module(f"{__name__}.{face.module}")
    if face.binary:
        return iter([module.render(report)])
    return _gathered(module.lines(report, width, colour) if format == "table" else module.lines(report))


def _gathered(lines: Iterable[str]) -> Iterator[bytes]:
    """Lines as UTF-8 in pieces that are worth a write."""
    held: list[str] = []
    characters = 0
    for line in lines:
        held.append(line)
        characters += len(line)
        if characters >= _PIECE_CHARACTERS:
            yield "".join(held).encode("utf-8")
            held.clear()
            characters = 0
    yield "".join(held).encode("utf-8")
