"""Start: spreadsheets of customers, invoices, receipts and open balances become a ledger that ties out.

`convert` reads the files and makes the ledger's text in memory, with every problem named; `write` puts
it into a new folder. Reading (`reading`), which column is what (`mapping`), rows (`records`) and what
looks across rows (`parties`, `documents`, `ledger`) are steps of their own, each of values to values.
"""

from __future__ import annotations

import datetime
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from receivables_importers.start.headers import IGNORE
from receivables_importers.start.ledger import Summary, build
from receivables_importers.start.mapping import (
    MAPPING_FILE,
    Settings,
    TableMapping,
    load_settings,
    resolve,
    settings_text,
    table_settings,
)
from receivables_importers.start.problems import Problem, StartError, shown, told, told_all
from receivables_importers.start.reading import Sheet, read_file, sheet_of
from receivables_importers.start.records import Records, read_records
from receivables_importers.start.values import is_currency
from receivables_importers.start.writing import write_folder

__all__ = [
    "Conversion",
    "Options",
    "Problem",
    "StartError",
    "Summary",
    "convert",
    "told",
    "told_all",
    "write",
]


_NOT_IN_NAMES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Categories of characters without which a file name is text that a mapping can repeat."""


class Options(NamedTuple):
    """What the caller says beside the mapping.

    Attributes:
      currency: The currency for rows that name none; goes before the mapping's own default.
      opening: The day on which open balances were taken; goes before the mapping's.
      skip_bad_rows: Make the ledger without the rows that have problems.
      plugin: Whether the ledger names the plugin "receivables".
    """

    currency: str | None = None
    opening: datetime.date | None = None
    skip_bad_rows: bool = False
    plugin: bool = True


class Conversion(NamedTuple):
    """What files make.

    Attributes:
      files: Path below the ledger's folder → text, the main file first; empty when there are problems.
      summary: The figures, to agree with the files by hand.
      decisions: What was guessed or decided on the way, in words.
      problems: What is wrong and keeps the ledger from being made.
      left_out: With `skip_bad_rows`, the problems of the rows that the ledger is without.
    """

    files: Mapping[str, str]
    summary: Summary
    decisions: tuple[str, ...]
    problems: tuple[Problem, ...]
    left_out: tuple[Problem, ...]


def convert(paths: Sequence[Path], mapping: Path | None = None, options: Options = Options()) -> Conversion:  # noqa: B008
    """Make a ledger of spreadsheets.

    Args:
      paths: CSV, XLSX, XLS or ODS files; of a workbook, every visible sheet that the mapping does not ignore.
      mapping: The TOML file that says which column is what; None to guess.
      options: See `Options`.
    Returns:
      The ledger's files with figures, decisions and problems. Whatever is wrong with the data is among the
      problems, of all files at once.
    Raises:
      StartError: The mapping itself or an option cannot be used.
    """
    settings = _settings(mapping, options)
    tables = _read(paths, settings)
    problems = list(tables.problems)
    decisions = list(tables.decisions)
    resolved: list[tuple[Sheet, TableMapping]] = []
    records = []
    for sheet in tables.sheets:
        resolution = resolve(sheet, settings, table_settings(settings, sheet.name, sheet.sheet))
        problems += resolution.problems
        decisions += _of(sheet, (*sheet.decisions, *resolution.decisions))
        if resolution.mapping is not None:
            resolved.append((sheet, resolution.mapping))
            records.append(read_records(sheet, resolution.mapping, settings))
            problems += records[-1].table_problems
            decisions += _of(sheet, records[-1].decisions)
    if not problems and not resolved:
        problems.append(Problem(MAPPING_FILE, "", None, "", "every table is ignored", "let at least one table count"))
    row_problems = [problem for some in records for problem in some.problems]
    if problems:
        return Conversion({}, Summary(), tuple(decisions), (*problems, *row_problems), ())
    ledger = build(_together(records), settings, [path.name for path in paths], options.plugin)
    decisions += ledger.decisions
    row_problems = _in_order([*row_problems, *ledger.problems], paths)
    if row_problems and not options.skip_bad_rows:
        return Conversion({}, Summary(), tuple(decisions), tuple(row_problems), ())
    used = settings_text(settings, resolved, tables.ignored)
    files = {**ledger.files, MAPPING_FILE: used}
    return Conversion(files, ledger.summary, tuple(decisions), (), tuple(row_problems))


def write(conversion: Conversion, folder: Path) -> None:
    """Write the files of a conversion into a new or empty folder: all of them, or none.

    Raises:
      StartError: There is nothing to write, the folder has something in it, or the system refuses.
    """
    if not conversion.files:
        raise StartError(f"{folder}: there is nothing to write, as the files have problems")
    write_folder(conversion.files, folder)


class _Tables(NamedTuple):
    """The tables of all files, those that the mapping ignores, and the files that cannot be read."""

    sheets: tuple[Sheet, ...]
    ignored: tuple[Sheet, ...]
    problems: tuple[Problem, ...]
    decisions: tuple[str, ...]


def _settings(mapping: Path | None, options: Options) -> Settings:
    settings = Settings() if mapping is None else load_settings(mapping)
    if options.currency is not None and not (
        is_currency(options.currency) or options.currency in settings.currencies.values()
    ):
        raise StartError(f"{shown(options.currency)} is no currency of ISO 4217: write the code, as USD or VND")
    return settings._replace(
        currency=options.currency or settings.currency, opening=options.opening or settings.opening
    )


def _read(paths: Sequence[Path], settings: Settings) -> _Tables:
    sheets: list[Sheet] = []
    ignored: list[Sheet] = []
    problems: list[Problem] = []
    names: set[str] = set()
    if not paths:
        raise StartError("there is no file to start from: name at least one CSV or XLSX file")
    for path in paths:
        if path.name in names:
            raise StartError(f"two files are called {path.name}: give one of them another name")
        names.add(path.name)
        if any(unicodedata.category(character) in _NOT_IN_NAMES for character in path.name):
            problems.append(Problem(shown(path.name), "", None, "", "the file's name is not plain text", "rename it"))
            continue
        layout = table_settings(settings, path.name, "")
        try:
            grids = read_file(path, layout.encoding, layout.delimiter)
            for grid in grids:
                table = table_settings(settings, grid.file, grid.sheet)
                sheet = sheet_of(grid, table.header_row)
                (ignored if table.kind == IGNORE else sheets).append(sheet)
        except StartError as error:
            problems.append(_of_file(path.name, error))
    unknown = [table.file for table in settings.tables if table.file is not None and table.file not in names]
    decisions = [f"the mapping also has {shown(file)}, which is not among the files" for file in unknown]
    return _Tables(tuple(sheets), tuple(ignored), tuple(problems), tuple(decisions))


def _of_file(name: str, error: StartError) -> Problem:
    """A problem of a whole file, without saying the file's name twice."""
    return Problem(name, "", None, "", str(error).removeprefix(name).lstrip(":, "), "")


def _of(sheet: Sheet, decisions: Iterable[str]) -> list[str]:
    """Decisions with the name of their table."""
    where = f"{sheet.name}, sheet {shown(sheet.sheet)}" if sheet.sheet else sheet.name
    return [f"{where}: {decision}" for decision in decisions]


def _together(records: Sequence[Records]) -> Records:
    return Records(
        tuple(customer for some in records for customer in some.customers),
        tuple(item for some in records for item in some.items),
        tuple(receipt for some in records for receipt in some.receipts),
        (),
        (),
        (),
        {where: headers for some in records for where, headers in some.headers.items()},
    )


def _in_order(problems: Sequence[Problem], paths: Sequence[Path]) -> list[Problem]:
    """The problems of rows as someone meets them who goes through the files from top to bottom."""
    order = {path.name: position for position, path in enumerate(paths)}
    return sorted(problems, key=lambda problem: (order[problem.file], problem.sheet, problem.line or 0))
