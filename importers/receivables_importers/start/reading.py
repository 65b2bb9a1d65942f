"""Reading: the tables of a spreadsheet, with their headers, as `Sheet`s.

What a file holds is read by `receivables_importers.tables.reading`; here it is said which row is the
header, and that every column has a name of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

from receivables_importers.start.problems import StartError, shown
from receivables_importers.tables import reading
from receivables_importers.tables.problems import TableError
from receivables_importers.tables.reading import Cell, Grid, Home, Row

__all__ = ["Cell", "Grid", "Row", "Sheet", "column_letter", "read_bytes", "read_file", "sheet_of"]

HEADER_CHARACTERS_MAX: Final = 120
"""Of a longer header the beginning counts."""

_HEADER_ROWS_MAX: Final = 50
_NUMBER: Final = re.compile(r"[-+(]?[\d.,' ]+[)%]?")
_MAPPING: Final = Home("the mapping", "under [[table]] in the mapping")


class Sheet(NamedTuple):
    """One table.

    Attributes:
      name: The file's name without its folder.
      sheet: The worksheet's name; "" for text files.
      columns: The headers, each different from the others.
      rows: The rows below the header that have something in them.
      header_line: The row of the header.
      encoding, delimiter: How the text was read; "" for workbooks.
      decisions: What was guessed, in words.
    """

    name: str
    sheet: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    header_line: int
    encoding: str
    delimiter: str
    decisions: tuple[str, ...]


def read_file(path: Path, encoding: str | None = None, delimiter: str | None = None) -> tuple[Grid, ...]:
    """The grids of a file; see `read_bytes`. Raises StartError also when it cannot be read at all."""
    try:
        data = reading.bytes_of(path)
    except TableError as error:
        raise StartError(str(error)) from error
    return read_bytes(path.name, data, encoding, delimiter)


def read_bytes(name: str, data: bytes, encoding: str | None = None, delimiter: str | None = None) -> tuple[Grid, ...]:
    """The grids of a file's bytes: one for a text file, one for each visible sheet of a workbook.

    Args:
      name: The file's name, for messages.
      data: Its content.
      encoding, delimiter: How a text file is to be read; None to find out.
    Raises:
      StartError: It is no table, or too large, or its encoding or delimiter is ambiguous.
    """
    try:
        return reading.read_bytes(name, data, encoding, delimiter, home=_MAPPING)
    except TableError as error:
        raise StartError(str(error)) from error


# Headers


def sheet_of(grid: Grid, header_line: int | None = None) -> Sheet:
    """The table in a grid: which row is the header, and unique headers.

    Without `header_line` the header is the first row of texts alone that is at least half as wide as the
    widest of the first rows: titles above a table are narrower.

    Raises StartError when the row of the header does not exist or there is nothing.
    """
    where = f"{grid.file}, sheet {shown(grid.sheet)}" if grid.sheet else grid.file
    if not grid.rows:
        raise StartError(f"{where}: is empty")
    decisions = list(grid.decisions)
    if header_line is None:
        header = _header(grid.rows)
        if header.line != grid.rows[0].line:
            decisions.append(f"row {header.line} is the header; the rows above it are titles")
    else:
        rows = [row for row in grid.rows if row.line == header_line]
        if not rows:
            raise StartError(f"{where}: row {header_line} is empty, so it is not the header: correct header_row")
        header = rows[0]
    below = [row for row in grid.rows if row.line > header.line]
    width = max([len(header.cells), *(len(row.cells) for row in below)])
    filled = [
        position
        for position in range(width)
        if any(position < len(row.cells) and row.cells[position] is not None for row in (header, *below))
    ]
    columns = _unique(
        [
            _header_text(header.cells[position] if position < len(header.cells) else None, position)
            for position in filled
        ]
    )
    if filled == list(range(len(filled))):
        last = len(filled)
        rows_of_cells = (row.cells[:last] + (None,) * (last - len(row.cells)) for row in below)
    else:
        rows_of_cells = (
            tuple(row.cells[position] if position < len(row.cells) else None for position in filled) for row in below
        )
    return Sheet(
        grid.file,
        grid.sheet,
        columns,
        tuple(Row(row.line, cells) for row, cells in zip(below, rows_of_cells, strict=True)),
        header.line,
        grid.encoding,
        grid.delimiter,
        tuple(decisions),
    )


def _header(rows: Sequence[Row]) -> Row:
    first = rows[:_HEADER_ROWS_MAX]
    filled = [[cell for cell in row.cells if cell is not None] for row in first]
    widest = max(len(cells) for cells in filled)
    for row, cells in zip(first, filled, strict=True):
        if 2 * len(cells) >= widest and all(isinstance(cell, str) and not _NUMBER.fullmatch(cell) for cell in cells):
            return row
    return rows[0]


def _header_text(cell: Cell, position: int) -> str:
    """The header of a column, or the letter by which the spreadsheet program calls it."""
    text = " ".join(str(cell).split())[:HEADER_CHARACTERS_MAX].strip() if cell is not None else ""
    return text or f"column {column_letter(position)}"


def column_letter(position: int) -> str:
    """The letters of a column: 0 is A, 26 is AA.

    >>> column_letter(0), column_letter(25), column_letter(26)
    ('A', 'Z', 'AA')
    """
    letters = ""
    position += 1
    while position:
        position, letter = divmod(position - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    """The same names, a second "Amount" as "Amount (2)"."""
    taken = set(names)
    seen: set[str] = set()
    unique = []
    for name in names:
        candidate, count = name, 1
        while candidate in seen or (count > 1 and candidate in taken):
            count += 1
            candidate = f"{name} ({count})"
        seen.add(candidate)
        unique.append(candidate)
    return tuple(unique)
