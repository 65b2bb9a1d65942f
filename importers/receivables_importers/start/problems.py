"""Problems of a spreadsheet: what is wrong, where the spreadsheet program shows it, and the mend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from receivables_importers.tables.problems import UNSAFE, shown

__all__ = ["SHOWN", "Findings", "Problem", "StartError", "shown", "told", "told_all"]

SHOWN: Final = 20
"""How many problems are listed before the rest is only counted."""


class StartError(Exception):
    """Nothing can be made at all: the message says of which file, why, and what to do about it."""


class Problem(NamedTuple):
    """One thing that is wrong in the input.

    Attributes:
      file: The name of the file, without its folder.
      sheet: The worksheet; "" for a file without sheets.
      line: The row as the spreadsheet program counts it; None when a whole table is concerned.
      column: The column's header; "" when no single column is concerned.
      message: What is wrong.
      mend: What to do about it; several lines when it lists what to put into the mapping.
    """

    file: str
    sheet: str
    line: int | None
    column: str
    message: str
    mend: str


class Findings:
    """Gathers what is wrong and what was decided while something is built from many rows.

    Args:
      headers: File and sheet → field → header of its column.
    """

    def __init__(self, headers: Mapping[tuple[str, str], Mapping[str, str]]) -> None:
        self._headers = headers
        self.problems: list[Problem] = []
        self.decisions: list[str] = []

    def problem(self, place: tuple[str, str, int], field: str, message: str, mend: str) -> None:
        """Note that a row (file, sheet, row) cannot be used because of one of its fields."""
        column = self._headers.get(place[:2], {}).get(field, "")
        self.problems.append(Problem(*place, column, message, mend))

    def decide(self, words: str) -> None:
        """Note something that was decided rather than read."""
        self.decisions.append(words)


def told(problem: Problem) -> str:
    """The problem as a sentence: where, what is wrong, the mend.

    >>> told(Problem("a.csv", "", 5, "Amount", '"12x" is not a number', "write it as 1234.50"))
    'a.csv, row 5, column "Amount": "12x" is not a number: write it as 1234.50'
    """
    where = [problem.file.translate(UNSAFE)]
    if problem.sheet:
        where.append(f"sheet {shown(problem.sheet)}")
    if problem.line is not None:
        where.append(f"row {problem.line}")
    if problem.column:
        where.append(f"column {shown(problem.column)}")
    return f"{', '.join(where)}: {problem.message}{': ' if problem.mend else ''}{problem.mend}"


def told_all(problems: Sequence[Problem], limit: int = SHOWN) -> tuple[str, ...]:
    """The first `limit` problems as sentences, and how many more there are."""
    lines = [told(problem) for problem in problems[:limit]]
    if len(problems) > limit:
        lines.append(f"… and {len(problems) - limit:,} more problems, {len(problems):,} in all")
    return tuple(lines)
