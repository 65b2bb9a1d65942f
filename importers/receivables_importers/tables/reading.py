"""Reading: CSV, XLSX, XLS or ODS in any usual encoding, into one shape, the `Grid`.

What a file is, its bytes say, never its name. Text is taken to be UTF-8 or UTF-16 where it is; of the
older encodings GB18030 (Chinese), cp1258 (Vietnamese) and cp1252 (Western) the one is taken in which
the bytes make sense, and when they make sense in several the user's settings must say which is meant.
Rows are counted as the spreadsheet program counts them: a line break within quotes starts no row, an
empty line is one.

Bytes in, grids or a `TableError` out: nothing else, and in bounded time and memory.
"""

from __future__ import annotations

import codecs
import csv
import datetime
import io
import json
import re
import subprocess
import sys
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

from receivables_importers.tables.problems import TableError, TooLargeError, shown

Cell = str | Decimal | datetime.date | None
"""What a cell holds; text is NFC without surrounding space, an empty cell is None."""

BYTES_MAX: Final = 256 << 20
UNPACKED_BYTES_MAX: Final = 1 << 30
ROWS_MAX: Final = 1_048_576
"""As many as a worksheet has."""
COLUMNS_MAX: Final = 1_024
CELL_CHARACTERS_MAX: Final = 32_767
"""As many as a cell of a worksheet holds."""

DELIMITERS: Final[Mapping[str, str]] = {
    ",": "commas",
    ";": "semicolons",
    "\t": "tabs",
    "|": "vertical bars",
}


class Limits(NamedTuple):
    """How much is read at most.

    Attributes:
      rows: Rows of a text file or worksheet.
      cells: Cells of all rows or worksheets, with the empty ones between.
      memory: Bytes of memory that a workbook may need to open.
    """

    rows: int = ROWS_MAX
    cells: int = ROWS_MAX * COLUMNS_MAX
    memory: int = 3 << 30


UNLIMITED: Final = Limits()
"""No more than what a worksheet holds."""


class Home(NamedTuple):
    """Where the user says how a file is to be read, as messages call it.

    Attributes:
      name: What it is called.
      place: Where a line of it goes.
    """

    name: str
    place: str


_SAMPLE_CHARACTERS: Final = 65_536
_SAMPLE_RECORDS: Final = 60
_LIKELY_BYTES: Final = 1 << 18
_SECONDS_MAX: Final = 180

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_KNOWN_BEGINNINGS: Final = (
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x1f\x8b", "a compressed file"),
    (b"7z\xbc\xaf", "a compressed file"),
    (b"Rar!", "a compressed file"),
    (b"{\\rtf", "a text document"),
)
_OLD_WORKBOOK: Final = b"\xd0\xcf\x11\xe0"
_ARCHIVE: Final = b"PK\x03\x04"
WORKBOOKS: Final = (_ARCHIVE, _OLD_WORKBOOK)
"""How workbooks begin."""
_WEB_PAGE: Final = re.compile(r"\s*(<\?xml|<!doctype|<html|<table|<workbook)", re.IGNORECASE)
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_WRITTEN_LINE: Final = re.compile(r"[^\r\n]+(?:\r\n|\r|\n)?|\r\n|\r|\n")
_LINE_BREAKS: Final = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_HALVES: Final = re.compile("[\ud800-\udfff]")

ARCHIVE_ERRORS: Final = (
    zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, OverflowError, OSError,
)  # fmt: skip
"""What `zipfile` raises for archives that are damaged or made to be."""

_WORKBOOK_ERRORS: Final[Mapping[str, str]] = {
    "password": "is locked with a password: save a copy without one",
    "damaged": "looks like a workbook but cannot be opened as one: open it in a spreadsheet program and"
    " save it again as XLSX or CSV",
    "rows": "has a cell below row {limits.rows:,}: delete what is down there",
    "cells": "has more than {limits.cells:,} cells: split it, or delete what stands far from the table",
    "columns": f"has a cell to the right of column {COLUMNS_MAX:,}: delete what is out there",
    "memory": "needs too much memory: delete what stands far from the table, or save the sheet as CSV",
}


class Row(NamedTuple):
    """One row.

    Attributes:
      line: Its number in the spreadsheet program, from 1.
      cells: The cells, as many as the sheet has columns.
    """

    line: int
    cells: tuple[Cell, ...]


class Grid(NamedTuple):
    """All rows of a file or worksheet before anybody says which one is the header.

    Attributes:
      file: The file's name without its folder.
      sheet: The worksheet's name; "" for text files.
      rows: The rows that have something in them; of differing lengths.
      encoding, delimiter: How the text was read; "" for workbooks.
      decisions: What was guessed, in words.
    """

    file: str
    sheet: str
    rows: tuple[Row, ...]
    encoding: str
    delimiter: str
    decisions: tuple[str, ...]


def bytes_of(path: Path) -> bytes:
    """The content of a file, one byte more than `BYTES_MAX` at most. Raises TableError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(BYTES_MAX + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "the system refuses"
        raise TableError(f"{path.name}: cannot be read: {reason}") from error


def read_bytes(
    name: str,
    data: bytes,
    encoding: str | None = None,
    delimiter: str | None = None,
    *,
    home: Home,
    lenient: bool = False,
    limits: Limits = UNLIMITED,
) -> tuple[Grid, ...]:
    """The grids of a file's bytes: one for a text file, one for each visible sheet of a workbook.

    Args:
      name: The file's name, for messages.
      data: Its content.
      encoding, delimiter: How a text file is to be read; None to find out.
      home: Where the user can say encoding and delimiter.
      lenient: Whether text with wrong quotes is read as far as it goes, and the grid's decisions say so.
      limits: How large a text file or worksheet may be.
    Raises:
      TableError: It is no table, or too large, or its encoding or delimiter is ambiguous.
    """
    if len(data) > BYTES_MAX:
        raise TooLargeError(f"{name}: is larger than {BYTES_MAX >> 20} MB: split it, or leave columns out")
    if data.startswith(WORKBOOKS):
        return _read_workbook(name, data, limits)
    for beginning, what in _KNOWN_BEGINNINGS:
        if data.startswith(beginning):
            raise TableError(f"{name}: is {what}, not a table: save the table as XLSX or CSV")
    text, found_encoding, decisions = _decoded(name, data, encoding, home)
    if _WEB_PAGE.match(text):
        raise TableError(
            f"{name}: is a web page or an XML file, whatever its name says: open it in a spreadsheet"
            " program and save it as XLSX or CSV"
        )
    return (_read_text(name, text, found_encoding, delimiter, decisions, home, lenient, limits),)


def _read_text(
    name: str,
    text: str,
    encoding: str,
    delimiter: str | None,
    decisions: list[str],
    home: Home,
    lenient: bool,
    limits: Limits,
) -> Grid:
    stated = re.match(r'"?sep=([,;|\t])"?\r?\n', text)
    if stated:
        # A first line "sep=;" is a note to the spreadsheet program, which shows no row for it.
        text = text[stated.end() :]
        delimiter = delimiter or stated[1]
    if delimiter is None:
        delimiter = _delimiter(name, text, home)
        if delimiter:
            decisions.append(delimiter_decision(delimiter))
    try:
        rows, controls = _rows(name, text, delimiter or ",", limits, strict=True)
    except _QuotesError as error:
        if not lenient:
            raise TableError(
                f"{name}, row {error.line}: the quotes are wrong ({error}): a quote within a quoted cell is written"
                ' twice, as in "Lan ""the lift"" Ltd"; save the table again from a spreadsheet program'
            ) from error
        try:
            rows, controls = _rows(name, text, delimiter or ",", limits, strict=False)
        except _QuotesError as worse:
            raise TableError(f"{name}, row {worse.line}: the quotes are wrong ({worse})") from worse
        if error.cut:
            rows = rows[:-1]
            decisions.append(f"the text ends within quotes: what begins in row {error.line} is left out")
        else:
            decisions.append(f"text behind a closing quote, first in row {error.line}, is taken as part of its cell")
    if controls:
        decisions.append(f"control characters were left out of the text of {controls:,} cells")
    return Grid(name, "", tuple(rows), encoding, delimiter or "", tuple(decisions))


class _QuotesError(Exception):
    """The quotes of a text are wrong from some row on."""

    def __init__(self, line: int, error: csv.Error) -> None:
        super().__init__(str(error))
        self.line = line
        self.cut = "unexpected end" in str(error)


def _rows(name: str, text: str, delimiter: str, limits: Limits, *, strict: bool) -> tuple[list[Row], int]:
    """The rows that have something in them, and how many cells had control characters."""
    controls = cells_read = 0
    rows: list[Row] = []
    reader = csv.reader(_written_lines(name, text, delimiter), delimiter=delimiter, strict=strict)
    line = 0
    try:
        for line, record in enumerate(reader, 1):
            if line > limits.rows:
                raise TooLargeError(f"{name}: has more than {limits.rows:,} rows: split it")
            cells_read += len(record)
            if cells_read > limits.cells:
                raise TooLargeError(f"{name}, row {line}: has more than {limits.cells:,} cells: split it")
            if len(record) > COLUMNS_MAX:
                raise TooLargeError(f"{name}, row {line}: has more than {COLUMNS_MAX:,} columns")
            cells = tuple(_cleaned(name, line, value) for value in record)
            if any(cells):
                rows.append(Row(line, cells))
                controls += sum(1 for value in record if _CONTROLS.search(value))
    except csv.Error as error:
        if "field limit" in str(error):
            raise TableError(
                f"{name}, row {line + 1}: a cell holds more than {CELL_CHARACTERS_MAX:,} characters,"
                " or a quote is never closed"
            ) from error
        raise _QuotesError(line + 1, error) from error
    return rows, controls


def _written_lines(name: str, text: str, delimiter: str) -> Iterator[str]:
    """The lines of a text with their ends, as the csv module takes them, without a copy of all of it."""
    for number, found in enumerate(_WRITTEN_LINE.finditer(text), 1):
        line = found[0]
        if len(line) > CELL_CHARACTERS_MAX and line.count(delimiter) >= COLUMNS_MAX:
            raise TooLargeError(f"{name}, line {number}: has more than {COLUMNS_MAX:,} columns")
        yield line


def _cleaned(name: str, line: int, value: str) -> str | None:
    """A cell's text: NFC, line breaks as "\\n", without control characters and surrounding space."""
    if not value:
        return None
    if len(value) > CELL_CHARACTERS_MAX:
        raise TableError(f"{name}, row {line}: a cell holds more than {CELL_CHARACTERS_MAX:,} characters")
    if not value.isascii():
        value = unicodedata.normalize("NFC", value)
    if not value.isprintable():
        value = _CONTROLS.sub(" ", _LINE_BREAKS.sub("\n", value))
    return value.strip().strip("\ufeff").strip() or None


# Encodings


def _decoded(name: str, data: bytes, encoding: str | None, home: Home) -> tuple[str, str, list[str]]:
    """The text, the name of its encoding and what was guessed; raises TableError."""
    if encoding is not None:
        try:
            text = data.decode(encoding)
        except LookupError as error:
            raise TableError(
                f"{name}: there is no encoding {shown(encoding)}: write one of utf-8, utf-16, gb18030,"
                " cp1258, cp1252 or another that Python knows"
            ) from error
        except (UnicodeError, ValueError) as error:
            raise TableError(
                f"{name}: is not written in the encoding {shown(encoding)} that {home.name} says: {error}"
            ) from error
        return _checked(name, text.removeprefix("\ufeff")), encoding, []
    for mark, marked in _MARKS:
        if data.startswith(mark):
            try:
                return _checked(name, data.decode(marked).removeprefix("\ufeff")), marked, []
            except UnicodeDecodeError as error:
                raise TableError(
                    f"{name}: begins as {marked.upper()} but is damaged at byte {error.start:,}"
                ) from error
    if b"\0" in data[:_SAMPLE_CHARACTERS]:
        return _without_mark(name, data)
    try:
        return _checked(name, data.decode("utf-8")), "utf-8", []
    except UnicodeDecodeError as error:
        _refuse_damaged(name, data, error, home)
    return _older_encoding(name, data, home)


def _checked(name: str, text: str) -> str:
    if "\0" in text:
        raise TableError(f"{name}: holds zero bytes, so it is no text: save the table as XLSX or CSV")
    sample = text[:_SAMPLE_CHARACTERS]
    if len(_CONTROLS.findall(sample)) * 50 > len(sample):
        raise TableError(f"{name}: is no table but binary data: save the table as XLSX or CSV")
    if not text.isascii() and _HALVES.search(text):
        raise TableError(f"{name}: holds halves of characters: save it again as UTF-8")
    return text


def _without_mark(name: str, data: bytes) -> tuple[str, str, list[str]]:
    """UTF-16 without a mark: ordinary text has its zero bytes on one side of each pair."""
    sample = data[:_SAMPLE_CHARACTERS]
    left, right = sample[0::2].count(0), sample[1::2].count(0)
    half = max(1, len(sample) // 2)
    for encoding, zeros, others in (("utf-16-le", right, left), ("utf-16-be", left, right)):
        if zeros * 20 >= half and others * 50 <= half:
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                break
            return _checked(name, text), encoding, [f"the text is read as {encoding.upper()}"]
    raise TableError(f"{name}: is no table but binary data: save the table as XLSX or CSV")


def _refuse_damaged(name: str, data: bytes, error: UnicodeDecodeError, home: Home) -> None:
    """Raise TableError for UTF-8 with a few broken bytes, which no other encoding would explain."""
    text = data.decode("utf-8", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for character in text if character > "\x7f") - broken
    if whole >= 10 * broken:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"{name}: is UTF-8, but not at byte {error.start:,} (line {line:,} of the text): save it again as"
            f' UTF-8, or name the encoding in {home.name}, as in encoding = "cp1252"'
        )


def _older_encoding(name: str, data: bytes, home: Home) -> tuple[str, str, list[str]]:
    readings: dict[str, str] = {}
    for encoding, plausible in _OLDER:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if plausible(text):
            readings[encoding] = text
    if "cp1258" in readings and "cp1252" in readings:
        vietnamese = readings["cp1258"]
        if vietnamese == readings["cp1252"]:
            del readings["cp1258"]
        elif any(unicodedata.combining(character) for character in vietnamese):
            # Tone marks that all stand on vowels are no accident.
            del readings["cp1252"]
    if not readings:
        raise TableError(
            f"{name}: is not text in UTF-8, UTF-16, GB18030, cp1258 or cp1252: save it again as UTF-8, or"
            f' name its encoding in {home.name}, as in encoding = "cp1251"'
        )
    if len(readings) > 1:
        lines = "\n".join(f'  encoding = "{encoding}"   # {_sample(text)}' for encoding, text in readings.items())
        raise TableError(f"{name}: the encoding can be read in several ways. Put the right line {home.place}:\n{lines}")
    encoding, text = next(iter(readings.items()))
    return (
        _checked(name, text),
        encoding,
        [f"the text is read as {encoding}, for example {_sample(text)}"],
    )


def likely_encoding(data: bytes) -> str | None:
    """The encoding of a text that is not UTF-8, where nobody can be asked; None when its bytes fit none or several.

    >>> likely_encoding("支付宝转账".encode("gb18030")), likely_encoding("Gebühr".encode("cp1252"))
    ('gb18030', 'cp1252')
    """
    sample = data[:_LIKELY_BYTES]
    if b"\0" in sample:
        left, right = sample[0::2].count(0), sample[1::2].count(0)
        few = len(sample) // 100
        return "utf-16-le" if left <= few < right else "utf-16-be" if right <= few < left else None
    found = [
        encoding
        for encoding, plausible in _OLDER
        if not (text := sample.decode(encoding, "ignore")).isascii() and plausible(text)
    ]
    return found[0] if len(found) == 1 else None


def _sample(text: str) -> str:
    """The first words that are not plain ASCII."""
    found = re.search(r"[^\n\r,;|\t\"]{0,12}[^\x00-\x7f][^\n\r,;|\t\"]{0,16}", text)
    return shown(unicodedata.normalize("NFC", found[0].strip()) if found else "")


def _foreign(text: str) -> dict[str, int]:
    """The characters beyond ASCII, and how often each occurs."""
    return {character: count for character, count in Counter(text).items() if character > "\x7f"}


def _plausibly_chinese(text: str) -> bool:
    """Nearly all characters are of GB 2312, the common ones; Western bytes give rare ones."""
    foreign = _foreign(text)
    common = sum(count for character, count in foreign.items() if _in_gb2312(character))
    return common >= 0.9 * sum(foreign.values())


def _in_gb2312(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


_VIETNAMESE: Final = frozenset("ÀÁÂĂÈÉÊÌÍÒÓÔƠÙÚƯÝĐàáâăèéêìíòóôơùúưýđ₫\xa0“”‘’–—…°«»©®€·")
_TONES: Final = "\u0300\u0301\u0303\u0309\u0323"
_BARE_TONE: Final = re.compile(f"(?<![aăâeêioôơuưyAĂÂEÊIOÔƠUƯY])[{_TONES}]")
_OF_VIETNAMESE_ALONE: Final = re.compile(f"[{_TONES}ĐđƠơƯư]")


def _plausibly_vietnamese(text: str) -> bool:
    """Only letters of Vietnamese, every tone on a vowel, and something that no neighbour writes."""
    foreign = _foreign(text).keys() - _VIETNAMESE - set(_TONES)
    return not foreign and not _BARE_TONE.search(text) and bool(_OF_VIETNAMESE_ALONE.search(text))


_WESTERN_SIGNS: Final = frozenset("\xa0€£¥«»“”„‘’‚–—…°§©®™·ªº¿¡•")
_LONG_RUN: Final = re.compile(r"[^\x00-\x7f]{4}")


def _plausibly_western(text: str) -> bool:
    """Letters and usual signs only, never four accented ones in a row."""
    return not _LONG_RUN.search(text) and all(
        character.isalpha() or character in _WESTERN_SIGNS for character in _foreign(text)
    )


_OLDER: Final[tuple[tuple[str, Callable[[str], bool]], ...]] = (
    ("gb18030", _plausibly_chinese),
    ("cp1258", _plausibly_vietnamese),
    ("cp1252", _plausibly_western),
)


# Delimiters


def _delimiter(name: str, text: str, home: Home) -> str:
    """The delimiter that gives most rows the same number of columns; "" for a single column."""
    best: list[str] = []
    best_share = Decimal(0)
    for delimiter in DELIMITERS:
        widths = _widths(text, delimiter)
        width, count = Counter(widths).most_common(1)[0] if widths else (1, 0)
        if width < 2:
            continue
        share = Decimal(count) / len(widths)
        if share > best_share:
            best, best_share = [delimiter], share
        elif share == best_share:
            best.append(delimiter)
    if len(best) > 1:
        lines = "\n".join(
            f"  delimiter = {json.dumps(delimiter)}   # {_widths(text, delimiter)[0]} columns" for delimiter in best
        )
        raise TableError(
            f"{name}: the columns can be separated in several ways. Put the right line {home.place}:\n{lines}"
        )
    return best[0] if best else ""


def delimiter_decision(delimiter: str) -> str:
    """How a grid's decisions say that the delimiter was found out; "" for none."""
    return f"the columns are separated by {DELIMITERS[delimiter]}" if delimiter else ""


def _widths(text: str, delimiter: str) -> list[int]:
    """How many columns each of the first records has."""
    sample = text[:_SAMPLE_CHARACTERS]
    widths = []
    try:
        for record in csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter):
            if any(record):
                widths.append(len(record))
            if len(widths) >= _SAMPLE_RECORDS:
                return widths
    except csv.Error:
        return widths
    if len(sample) < len(text) and len(widths) > 1:
        widths.pop()
    return widths


# Workbooks


def _read_workbook(name: str, data: bytes, limits: Limits) -> tuple[Grid, ...]:
    if data.startswith(_ARCHIVE):
        _refuse_bomb(name, data)
    try:
        finished = subprocess.run(
            [
                sys.executable or "python3",
                "-P",
                str(Path(__file__).with_name("workbook.py")),
                str(limits.rows),
                str(COLUMNS_MAX),
                str(limits.cells),
                str(limits.memory),
            ],
            input=data,
            capture_output=True,
            timeout=_SECONDS_MAX,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TableError(f"{name}: takes too long to open: save the sheet as CSV") from error
    except OSError as error:
        raise TableError(f"{name}: the workbook reader cannot be started: {error.strerror}") from error
    if finished.returncode:
        # Killed by its limits, or the reading library gave up.
        raise TableError(f"{name}: {_WORKBOOK_ERRORS['damaged' if finished.returncode == 1 else 'memory']}")
    answer = json.loads(finished.stdout)
    if "error" in answer:
        raise TableError(f"{name}: {_WORKBOOK_ERRORS[answer['error']].format(limits=limits)}")
    decisions = tuple(f"the hidden sheet {shown(hidden)} is not read" for hidden in answer["hidden"])
    grids = tuple(
        Grid(
            name,
            sheet,
            tuple(
                row
                for row in (
                    Row(line, tuple(_decoded_cell(name, line, cell) for cell in cells)) for line, cells in lines
                )
                if any(cell is not None for cell in row.cells)
            ),
            "",
            "",
            decisions if position == 0 else (),
        )
        for position, (sheet, lines) in enumerate(answer["sheets"])
    )
    filled = tuple(grid for grid in grids if grid.rows)
    if not filled:
        raise TableError(f"{name}: has no visible sheet with anything in it")
    return filled


def _decoded_cell(name: str, line: int, cell: str | None) -> Cell:
    if cell is None:
        return None
    if cell[0] == "n":
        return Decimal(cell[1:])
    if cell[0] == "d":
        return datetime.date.fromisoformat(cell[1:])
    return _cleaned(name, line, cell[1:].replace("\0", " "))


def _refuse_bomb(name: str, data: bytes) -> None:
    """Raise TableError for an archive that is damaged or unpacks to far too much."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except ARCHIVE_ERRORS as error:
        raise TableError(f"{name}: {_WORKBOOK_ERRORS['damaged']}") from error
    if unpacked > UNPACKED_BYTES_MAX:
        raise TableError(f"{name}: unpacks to {unpacked >> 20:,} MB, more than any table needs: save the sheet as CSV")
