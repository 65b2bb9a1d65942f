"""The workbook: a report as XLSX with typed cells, filters, and totals that are formulas.

The first sheet has the header in its first row and nothing above it, so that filters, pivot tables
and imports take it as it is; the totals stand below an empty row, outside of the filter. The second
sheet, "About", has the title, the as-of date, the notes and what each column means.

Text is written as text: nothing that a ledger says becomes a formula, a link or markup. Excel
keeps 15 significant digits; an amount with more is written as text with all of them, its total
too, and "About" says so.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from receivables.faces import FaceError
from receivables.faces.cells import (
    amount,
    currency_positions,
    exact,
    heading,
    label_column,
    plain,
    sound,
    total_rows,
)
from receivables.measuring import cells_wide
from receivables.report import Report, Row, Value

ROWS_MOST = 1_048_576
"""Rows of a sheet (Microsoft, "Excel specifications and limits", as the two below)."""

TEXT_LONGEST = 32_767
"""UTF-16 units in a cell."""

DIGITS_MOST = 15
"""Significant digits of a number; IEEE 754 binary64 gives back any decimal of so many."""

CELLS_IN_MEMORY = 500_000
"""So many cells of a sheet are kept in memory at most; each takes some 200 bytes there."""

FIRST_DATE = datetime.date(1900, 3, 1)
"""Excel's calendar has a 29 February 1900 that never was: earlier dates are written as text."""

_WIDEST = 60
_TITLE_LONGEST = 100
_NAME_LONGEST = 31
_NAME_FORBIDDEN = re.compile(r"[\[\]:*?/\\\t\r\n]")
# What SUMIFS compares as it stands: no comparison sign, no wildcard, no truth value, no lower case.
_PLAIN_CURRENCY = re.compile(r"(?!TRUE$|FALSE$)[A-Z/][A-Z0-9'._-]*")

_LOOKS: Mapping[str, Mapping[str, object]] = {
    "heading": {"bold": True, "bg_color": "#E7EAEE", "bottom": 1},
    "data": {},
    "first total": {"bold": True, "top": 1},
    "total": {"bold": True},
    "title": {"bold": True, "font_size": 14},
    "label": {"bold": True, "valign": "top"},
    "wrapped": {"text_wrap": True, "valign": "top"},
}

_LONG_NUMBERS = (
    f"Numbers with more than {DIGITS_MOST} digits, and totals over them, are written as text: Excel would round them."
)
_LONG_TEXTS = f"Texts are cut, with an ellipsis, where they are longer than a cell holds ({TEXT_LONGEST:,})."
_EARLY_DATES = f"Dates before {FIRST_DATE.isoformat()} are written as text: Excel's calendar is wrong there."


def render(report: Report) -> bytes:
    """The file's bytes; they depend on nothing but the report (its creation date is the as-of date).

    Raises:
      FaceError: The report has more rows than a sheet.
    """
    sums = total_rows(report, label_column(report))
    if 1 + len(report.rows) + 1 + len(sums) > ROWS_MOST:
        raise FaceError(
            f"{len(report.rows):,} rows are more than a sheet of {ROWS_MOST:,} holds: "
            "narrow the report with --customer or --where, or write --format csv"
        )
    stream = io.BytesIO()
    # Of a large sheet each row goes to a temporary file as it is written.
    large = len(report.rows) * len(report.columns) > CELLS_IN_MEMORY
    with Workbook(stream, {"constant_memory": True} if large else {"in_memory": True}) as workbook:
        created = datetime.datetime.combine(report.as_of, datetime.time())
        workbook.set_properties({"title": sound(report.title), "created": created})
        data = _Sheet(workbook, sheet_name(report.title))
        _write_data(data, report, sums)
        _write_about(_Sheet(workbook, "About"), report, sorted(data.remarks))
    return stream.getvalue()


def sheet_name(title: str) -> str:
    r"""The title as a name Excel takes: 31 UTF-16 units, without []:*?/\ and apostrophes at its ends.

    >>> sheet_name("Aging: 2026/03 [all]"), sheet_name("'About'"), sheet_name("*")
    ('Aging  2026 03  all', 'About (report)', 'Report')
    """
    name = _cut(_NAME_FORBIDDEN.sub(" ", sound(title)), _NAME_LONGEST).strip(" '") or "Report"
    # "History" is Excel's own, "About" is our second sheet.
    return f"{name} (report)" if name.lower() in ("about", "history") else name


def survives(value: Decimal) -> bool:
    """Whether Excel keeps the number as it is.

    >>> [survives(Decimal(text)) for text in ("1234567890123.45", "12345678901234.56", "9E20")]
    [True, False, True]
    """
    return (
        value.is_finite()
        and abs(value.adjusted()) < 300
        and len(exact(value).replace(".", "").strip("-0")) <= DIGITS_MOST
    )


class _Sheet:
    """A sheet being written; each method writes one cell and returns how many characters it shows.

    Attributes:
      sheet: The sheet as XlsxWriter has it.
      remarks: What "About" must say about the cells written so far.
    """

    def __init__(self, workbook: Workbook, name: str) -> None:
        self.sheet: Worksheet = workbook.add_worksheet(name)
        self.remarks: set[str] = set()
        self._workbook = workbook
        self._formats: dict[tuple[str, str, str], Format] = {}

    def format(self, look: str, number: str, align: str = "left") -> Format:
        """A cell's format: a key of `_LOOKS`, and Excel's number format."""
        key = (look, number, align)
        if key not in self._formats:
            # Room for the filter's button in the header, and between a number and the text after it.
            indent = 0 if align == "left" else 2 if look == "heading" else 1
            properties = {"align": align, "indent": indent, "num_format": number, **_LOOKS[look]}
            self._formats[key] = self._workbook.add_format(properties)
        return self._formats[key]

    def text(self, row: int, column: int, text: str, look: str, align: str = "left") -> int:
        """Writes text as text, whatever it says."""
        text = sound(text).replace("\r\n", "\n").replace("\r", "\n")  # so do lines end in a cell
        if len(text) > TEXT_LONGEST // 2 and (cut := _cut(text, TEXT_LONGEST)) != text:
            self.remarks.add(_LONG_TEXTS)
            text = cut
        style = self.format(look, "@", align)
        if not text:
            self.sheet.write_blank(row, column, None, style)
        elif text.startswith("<r>") and text.endswith("</r>"):
            # XlsxWriter takes such text for markup of its own; in pieces it escapes it.
            self.sheet.write_rich_string(row, column, style, text[:2], style, text[2:], style)
        else:
            self.sheet.write_string(row, column, text, style)
        return max(map(cells_wide, text.split("\n")))

    def number(self, row: int, column: int, value: Decimal, number: str, look: str) -> None:
        """Writes a number, as text where Excel would round it."""
        if survives(value):
            self.sheet.write_number(row, column, float(value), self.format(look, number, "right"))
        else:
            self.remarks.add(_LONG_NUMBERS)
            self.text(row, column, exact(value), look, "right")

    def amount(self, row: int, column: int, value: Decimal, digits: int | None, look: str) -> int:
        """Writes an amount with the decimals of its currency."""
        shown = amount(value, digits)
        self.number(row, column, value, money_format(shown), look)
        return len(shown)

    def value(self, row: int, column: int, value: Value, look: str) -> int:
        """Writes anything but an amount by its type."""
        if value is None:
            self.sheet.write_blank(row, column, None, self.format(look, "General"))
        elif isinstance(value, bool):
            self.sheet.write_boolean(row, column, value, self.format(look, "General"))
        elif isinstance(value, int | Decimal):
            self.number(row, column, Decimal(value), "General", look)
        elif isinstance(value, str):
            return self.text(row, column, value, look)
        elif value >= FIRST_DATE:
            self.sheet.write_datetime(row, column, value, self.format(look, "yyyy-mm-dd"))
        else:
            self.remarks.add(_EARLY_DATES)
            self.text(row, column, value.isoformat(), look)
        return len(plain(value))


def money_format(shown: str) -> str:
    """Excel's number format for an amount that shows so.

    >>> money_format("1,234"), money_format("0.50")
    ('#,##0;[Red]-#,##0', '#,##0.00;[Red]-#,##0.00')
    """
    decimals = len(shown.partition(".")[2])
    positive = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    return f"{positive};[Red]-{positive}"


def _write_data(data: _Sheet, report: Report, sums: list[Row]) -> None:
    """Writes row by row, as of a large sheet only one row is kept."""
    count, last_column = len(report.rows), max(len(report.columns) - 1, 0)
    widths = []
    for position, column in enumerate(report.columns):
        align = "right" if column.type in (int, Decimal) else "left"
        widths.append(data.text(0, position, heading(column), "heading", align) + 5)  # the filter's button
    as_text = _write_rows(data, report, widths)
    _write_totals(data, report, sums, as_text, widths)
    for position, width in enumerate(widths):
        data.sheet.set_column(position, position, min(width + 2, _WIDEST))
    data.sheet.freeze_panes(1, 0)
    data.sheet.autofilter(0, 0, count, last_column)
    corner = xl_rowcol_to_cell(count + 1 + len(sums), last_column)
    data.sheet.ignore_errors({"number_stored_as_text": f"A1:{corner}"})
    _set_up_printing(data.sheet, report)


def _write_rows(data: _Sheet, report: Report, widths: list[int]) -> set[tuple[int, str]]:
    """Writes the rows and widens `widths`; returns the columns and currencies with an amount as text."""
    money = currency_positions(report)
    as_text: set[tuple[int, str]] = set()
    for number, row in enumerate(report.rows, start=1):
        for position, (value, currency_position) in enumerate(zip(row, money, strict=True)):
            if currency_position is None or not isinstance(value, Decimal):
                width = data.value(number, position, value, "data")
            else:
                currency = str(row[currency_position])
                if not survives(value):
                    as_text.add((position, currency))
                width = data.amount(number, position, value, report.digits.get(currency), "data")
            widths[position] = max(widths[position], width)
    return as_text


def _write_totals(
    data: _Sheet, report: Report, sums: list[Row], as_text: set[tuple[int, str]], widths: list[int]
) -> None:
    """Writes the rows of totals, as formulas where Excel can add the column up, and widens `widths`."""
    count, money = len(report.rows), currency_positions(report)
    comparable = {
        position
        for position in {position for position in money if position is not None}
        if all(map(_PLAIN_CURRENCY.fullmatch, {str(row[position]) for row in report.rows}))
    }
    for number, look, row in _placed_totals(sums, count):
        for position, (value, currency_position) in enumerate(zip(row, money, strict=True)):
            if currency_position is None or not isinstance(value, Decimal):
                data.value(number, position, value, look)
                continue
            currency = str(row[currency_position])
            shown = amount(value, report.digits.get(currency))
            widths[position] = max(widths[position], len(shown))
            if (position, currency) in as_text:
                data.remarks.add(_LONG_NUMBERS)
                data.text(number, position, exact(value), look, "right")
            elif currency_position in comparable and survives(value):
                formula = _sum_formula(number, position, currency_position, count)
                style = data.format(look, money_format(shown), "right")
                data.sheet.write_formula(number, position, formula, style, float(value))
            else:
                data.amount(number, position, value, report.digits.get(currency), look)


def _sum_formula(number: int, position: int, currency_position: int, count: int) -> str:
    """The sum of a column over the rows that have the currency of this row of totals."""
    amounts, of = _cells(position, count), _cells(currency_position, count, "$")
    return f"=SUMIFS({amounts},{of},{xl_rowcol_to_cell(number, currency_position, col_abs=True)})"


def _placed_totals(sums: list[Row], count: int) -> Iterator[tuple[int, str, Row]]:
    """The totals with the numbers of their rows, below the data and an empty row, and their looks."""
    for position, row in enumerate(sums):
        yield count + 2 + position, "total" if position else "first total", row


def _cells(column: int, count: int, fixed: str = "") -> str:
    """The data of a column as a range, e.g. "D$2:D$26", or "$D$2:$D$26" with `fixed`."""
    name = xl_col_to_name(column)
    return f"{fixed}{name}$2:{fixed}{name}${count + 1}"


def _set_up_printing(sheet: Worksheet, report: Report) -> None:
    title = _cut(" ".join(sound(report.title).split()), _TITLE_LONGEST).replace("&", "&&")
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.set_margins(left=0.4, right=0.4, top=0.7, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.set_header(f"&L{title}&Ras of {report.as_of.isoformat()}")
    sheet.set_footer("&CPage &P of &N")


def _write_about(about: _Sheet, report: Report, remarks: list[str]) -> None:
    about.text(0, 0, report.title, "title")
    about.text(1, 0, "As of", "label")
    about.value(1, 1, report.as_of, "data")
    about.text(2, 0, "Relation", "label")
    about.text(2, 1, report.relation, "data")
    notes = [*report.notes, *remarks]
    about.text(4, 0, "Notes" if notes else "", "label")
    for row, note in enumerate(notes, start=4):
        about.text(row, 1, note, "wrapped")
    row = 5 + len(notes)
    for position, name in enumerate(("Column", "Meaning", "Name")):
        about.text(row, position, name, "heading")
    for number, column in enumerate(report.columns, start=row + 1):
        about.text(number, 0, heading(column), "data")
        about.text(number, 1, column.about, "wrapped")
        about.text(number, 2, column.name, "data")
    about.sheet.set_column(0, 0, 24)
    about.sheet.set_column(1, 1, 90)
    about.sheet.set_column(2, 2, 24)
    about.sheet.fit_to_pages(1, 0)
    about.sheet.set_paper(9)


def _cut(text: str, units: int) -> str:
    """Text in at most so many UTF-16 units, with an ellipsis where something is missing."""
    encoded = text.encode("utf-16-le")
    if len(encoded) <= 2 * units:
        return text
    return encoded[: 2 * (units - 1)].decode("utf-16-le", "ignore") + "…"
