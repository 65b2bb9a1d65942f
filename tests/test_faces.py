"""The faces of a report: what each must show, what each must never do, and what all read back."""

from __future__ import annotations

import base64
import csv
import datetime
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from rich.cells import cell_len

from receivables.faces import FACES, FaceError, render
from receivables.faces.cells import amount, exact, sound
from receivables.faces.comma import guarded
from receivables.faces.spreadsheet import ROWS_MOST, sheet_name, survives
from receivables.report import Column, Report, Row, Value, totals

D = Decimal
GOLDENS = Path(__file__).parent / "goldens" / "faces"
AS_OF = datetime.date(2026, 3, 31)
ANSI = re.compile(r"\x1b\[[0-9;]*m")
BUCKETS = ("current", "days_1_30", "days_31_60", "days_61_90", "days_91_180", "days_181_365", "days_over_365")


# Reports as the relations give them


def _amount(name: str) -> Column:
    return Column(name, Decimal, f"Amount: {name}.", money="currency", total=True)


AGING_COLUMNS = (
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer's name."),
    Column("currency", str, "Currency of the amounts."),
    *map(_amount, (*BUCKETS, "credits", "total")),
)
OPEN_ITEM_COLUMNS = (
    Column("account", str, "Account."),
    Column("customer", str, "Customer code."),
    Column("name", str, "Customer's name."),
    Column("number", str, "Document number."),
    Column("instalment", int, "Number of the instalment."),
    Column("kind", str, "Kind of document."),
    Column("date", datetime.date, "Document date."),
    Column("due", datetime.date, "Due date."),
    Column("currency", str, "Currency of the amounts."),
    Column("original", Decimal, "Original amount.", money="currency"),
    Column("settled", Decimal, "Settled amount.", money="currency"),
    _amount("outstanding"),
    Column("days_overdue", int, "Days past due."),
    Column("bucket", str, "Aging bucket."),
    Column("terms", str, "Payment terms."),
    Column("collector", str, "Who collects."),
    _amount("disputed"),
    Column("file", str, "File of the entry."),
    Column("line", int, "Line of the entry."),
)


def _aged(code: str, name: str, currency: str, amounts: str) -> Row:
    cells = [D(text) for text in amounts.split()]
    return (code, name, currency, *cells, sum(cells, D(0)))


def _current(currency: str, amount: str) -> Row:
    return _aged("C-1", "A", currency, f"{amount} 0 0 0 0 0 0 0")


IDC = "Tổng công ty Đầu tư và Phát triển Công nghiệp Becamex IDC"
AGING = Report(
    "aging",
    "Aging of receivables",
    AS_OF,
    AGING_COLUMNS,
    [
        _aged("C-0001", "Công ty CP Xây dựng Hòa Bình", "VND", "118800000 0 0 950000000 0 0 0 0"),
        _aged("C-0002", IDC, "VND", "16944908610 42348247901 0 0 59988811342 0 7 -89860215636"),
        _aged("C-0003", "大象电梯有限公司", "USD", "0.00 10588.56 0.00 0.00 0.00 0.00 1.5 -20.25"),
        _aged("C-0004", "شركة المصاعد العربية 7", "USD", "99.10 0.00 0.00 0.00 0.00 0.00 0.00 0.00"),
        _aged("C-0005", "Phnom Penh Tower Co., Ltd.", "KHR", "0 0 0 0 48341207712 0 0 0"),
    ],
    ("Aged by due date.", "Tie-out: open items equal the balance of every receivable account."),
    {"VND": 0, "USD": 2, "KHR": 0},
)


def _item(number: int, name: str, due: datetime.date, currency: str, amounts: str) -> Row:
    late = max((AS_OF - due).days, 0)
    original, settled, disputed = map(D, amounts.split())
    return (
        f"Assets:Receivable:Customer{number}",
        f"C-{number:04d}",
        name,
        f"INV-2026-{number:04d}",
        1,
        "invoice",
        due - datetime.timedelta(30),
        due,
        currency,
        original,
        settled,
        original - settled,
        late,
        "1–30" if late else "current",
        "net 30",
        "lan",
        disputed,
        "ledger/2026/invoices.beancount",
        10 * number,
    )


DAY_BEFORE = datetime.date(2026, 3, 30)
OPEN_ITEMS = Report(
    "open_items",
    "Open items",
    AS_OF,
    OPEN_ITEM_COLUMNS,
    [
        _item(1, "Công ty CP Xây dựng Hòa Bình", AS_OF, "VND", "118800000 0 0"),
        _item(2, "Công ty TNHH Thang máy Sài Gòn", DAY_BEFORE, "VND", "9326143172 3108714391 0"),
        _item(3, "Vingroup", datetime.date(2025, 12, 7), "USD", "6095.24 0.00 40"),
    ],
    ("Aged by due date.",),
    {"VND": 0, "USD": 2},
)


HOSTILE = (
    "quotes \" and ' and `",
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "'=already",
    "''@twice",
    "<script>alert(1)</script>",
    "</style><img src=x onerror=alert(1)>",
    "<r><t>markup of a spreadsheet writer</t></r>",
    "_x0041_ is no letter",
    "{{ 7*7 }} {% raw %}",
    '#set page(width: 1pt) $x^2$ *b* _e_ #eval("1")',
    "&amp; &lt; &#65;",
    "http://evil.example/?a=b",
    "mailto:a@b.example",
    "right \u200f-to-left \u202eevil\u202c \u2066isolate\u2069 \u061c",
    "شركة المصاعد 7",
    "בע״מ 12",
    "../../etc/passwd \\ C:\\con",
    "\x1b[2J\x1b[31mred\x1b]0;title\x07",
    "\x9b2J C1 and \x7f",
    "two\nlines\r\nor three\u2028four",
    "nul \x00 nul",
    "lone \ud800 surrogate \udfff",
    "non-characters \ufffe \uffff",
    "wide 大象电梯有限公司 🛗",
    "Ho\u0300a Bi\u0300nh, combining",
    "zero\u200bwidth \ufeffbom \u00adsoft",
    " spaces at both ends ",
    "a,b;c\td|e",
    "long " * 60,
    "%s %d {0} \\u0041",
    "",
)


def _hostile(texts: Sequence[str] = HOSTILE) -> Report:
    """A row for each text, and one of them in every other place a ledger can reach."""
    return Report(
        "open_items",
        "Open <b>items</b>\x1b[2J\u202e",
        AS_OF,
        (Column("name", str, 'About "<i>names</i>"'), Column("currency", str, "C."), _amount("outstanding")),
        [(text, "VND", D(-1500)) for text in texts],
        ("Note <script>\x1b[31m\nof two lines \u202e", "=1+1"),
        {"VND": 0},
    )


def _table(report: Report, width: int, *, colour: bool = False) -> list[str]:
    return render(report, "table", width=width, colour=colour).decode("utf-8").rstrip("\n").split("\n")


# Numbers


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        ("118800000", 0, "118,800,000"),
        ("118800000.00", 0, "118,800,000"),
        ("118800000.50", 0, "118,800,000.5"),
        ("999", 2, "999.00"),
        ("1000", 2, "1,000.00"),
        ("-1234.5", 2, "-1,234.50"),
        ("0.125", 2, "0.125"),
        ("-0.00", 2, "0.00"),
        ("1E+6", 0, "1,000,000"),
        ("12345678901234567890123456789012345.67", 2, "12,345,678,901,234,567,890,123,456,789,012,345.67"),
        ("5.10", None, "5.10"),
    ],
)
def test_an_amount_has_the_digits_of_its_currency_or_more_but_is_never_rounded(
    value: str, digits: int | None, shown: str
) -> None:
    assert amount(D(value), digits) == shown


@given(st.integers(-(10**30), 10**30), st.integers(0, 12), st.none() | st.integers(0, 4))
def test_an_amount_as_shown_is_the_amount(units: int, places: int, digits: int | None) -> None:
    value = D(f"{units}E-{places}")
    assert D(amount(value, digits).replace(",", "")) == value
    assert D(exact(value)) == value
    assert "E" not in exact(value)


# The table


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200, 300])
@pytest.mark.parametrize("report", [AGING, OPEN_ITEMS, _hostile()], ids=["aging", "open_items", "hostile"])
def test_no_line_is_wider_than_the_terminal(report: Report, width: int) -> None:
    for line in _table(report, width, colour=True):
        assert cell_len(ANSI.sub("", line)) <= width, line


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200, 300])
def test_every_amount_of_an_aging_is_whole_at_every_width(width: int) -> None:
    words = " ".join(_table(AGING, width)).split()
    for row in AGING.rows:
        for value in row[3:]:
            assert isinstance(value, Decimal)
            assert amount(value, AGING.digits[str(row[2])]) in words


def test_a_terminal_narrower_than_forty_cells_gets_lines_of_forty() -> None:
    assert _table(AGING, 0) == _table(AGING, 39) == _table(AGING, 40) != _table(AGING, 41)


def test_an_amount_wider_than_the_terminal_is_still_whole() -> None:
    report = OPEN_ITEMS._replace(rows=[_item(1, "A", AS_OF, "VND", "9" * 60 + " 0 0")])
    assert ",".join(["999"] * 20) in " ".join(_table(report, 40))


@pytest.mark.parametrize("width", [100, 140, 200])
def test_open_items_keep_what_a_collector_needs(width: int) -> None:
    head = " ".join(line for line in _table(OPEN_ITEMS, width)[1:4])
    for heading in ("Customer", "Name", "Number", "Due", "Curr.", "Outstanding", "overdue"):
        assert heading in head
    row = next(line for line in _table(OPEN_ITEMS, width) if "INV-2026-0002" in line)
    assert "C-0002" in row
    assert "2026-03-30" in row
    assert "6,217,428,781" in row


def _needed(report: Report) -> int:
    """The width that the note under a narrow table asks for."""
    return int(re.findall(r"A terminal (\d+) wide", " ".join(_table(report, 100)))[0])


def test_what_is_left_out_is_named_with_the_width_that_shows_it() -> None:
    note = " ".join(line for line in _table(OPEN_ITEMS, 100) if line).partition("Left out at a width of 100: ")[2]
    names, _, rest = note.partition(". ")
    shown = {column.name for column in OPEN_ITEM_COLUMNS} - set(names.split(", "))
    assert {"customer", "name", "number", "due", "currency", "outstanding", "days_overdue"} <= shown
    assert {"file", "line", "account"}.isdisjoint(shown)
    assert "--format csv" in rest
    needed = _needed(OPEN_ITEMS)
    assert not any("Left out" in line for line in _table(OPEN_ITEMS, needed))
    assert any("Left out" in line for line in _table(OPEN_ITEMS, needed - 1))


def test_a_wider_terminal_never_shows_fewer_columns() -> None:
    counts = []
    for width in range(100, 260, 4):
        text = " ".join(_table(OPEN_ITEMS, width))
        left_out = re.search(r"Left out at a width of \d+: (.*?)\. ", text)
        counts.append(len(left_out[1].split(", ")) if left_out else 0)
    assert counts == sorted(counts, reverse=True)


def test_amounts_that_do_not_fit_stand_in_lines_of_their_own_below_each_row() -> None:
    lines = _table(AGING, 80)
    at = next(i for i, line in enumerate(lines) if line.startswith("C-0002"))
    below = " ".join(lines[at + 1 : at + 4]).split()
    assert below == [
        "16,944,908,610", "42,348,247,901", "0", "0", "59,988,811,342", "0", "7", "-89,860,215,636",
        "29,421,752,224",
    ]  # fmt: skip


def test_in_a_very_narrow_terminal_each_row_is_a_block_with_every_column() -> None:
    lines = _table(OPEN_ITEMS, 40)
    block = lines[2 : lines.index("", 2)]
    assert [line[:12].strip() for line in block] == [
        "Account", "Customer", "Name", "Number", "Inst.", "Kind", "Date", "Due", "Curr.", "Original",
        "Settled", "Outstanding", "Days overdue", "Bucket", "Terms", "Collector", "Disputed", "File", "Line",
    ]  # fmt: skip
    assert "Outstanding   118,800,000" in block


def test_totals_stand_below_a_rule_one_a_currency_and_labelled() -> None:
    lines = _table(OPEN_ITEMS, 100)
    rules = [i for i, line in enumerate(lines) if line and set(line) == {"─"}]
    assert [line.split() for line in lines[rules[1] + 1 : rules[1] + 3]] == [
        ["Total", "USD", "6,095.24", "40.00"],
        ["Total", "VND", "6,336,228,781", "0"],
    ]


def test_a_text_is_cut_at_its_less_telling_end() -> None:
    long = OPEN_ITEMS._replace(rows=[_item(1, IDC, AS_OF, "VND", "1 0 0")])
    text = "\n".join(_table(long, _needed(long)))
    assert "…eceivable:Customer1  C-0001" in text
    assert "Tổng công ty Đầu tư…  INV-2026-0001" in text
    assert "…/invoices.beancount" in text


def test_a_document_number_is_never_cut_though_a_name_is() -> None:
    tables = ["\n".join(_table(OPEN_ITEMS, width)) for width in range(40, 101)]
    assert all("INV-2026-0002" in table for table in tables)
    assert any("Công ty TNH…" in table for table in tables)


def test_wide_and_combining_characters_keep_the_columns_straight() -> None:
    report = _hostile(["大象电梯有限公司", "Ho\u0300a Bi\u0300nh", "Hoa Binh", "🛗🛗", "大" * 100])
    ends = {cell_len(line) for line in _table(report, 60) if line.endswith("-1,500")}
    assert len(ends) == 1


def test_nothing_in_a_ledger_can_act_on_the_terminal() -> None:
    text = render(_hostile(), "table", width=120).decode("utf-8")
    acting = {c for c in text if unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}}
    assert acting <= {"\n", "\u200e"}  # the left-to-right mark is ours
    assert r"\x1b[2J\x1b[31mred" in text
    assert r"two\nlines\r\nor three\u2028four" in text
    assert r"\u202eevil\u202c" in text
    assert r"lone \ud800 surrogate" in text


def test_a_hostile_row_takes_as_many_lines_as_a_harmless_one() -> None:
    assert len(_table(_hostile(), 120)) == len(_table(_hostile(["harmless"] * len(HOSTILE)), 120))


def test_right_to_left_text_stays_in_its_cell() -> None:
    line = next(line for line in _table(AGING, 200) if line.startswith("C-0004"))
    assert "\u200eشركة المصاعد العربية 7\u200e" in line
    assert line.split("\u200e")[2].split()[:2] == ["USD", "99.10"]


def test_colour_adds_escapes_and_nothing_else() -> None:
    for report in (AGING, OPEN_ITEMS):
        plain, coloured = _table(report, 200), _table(report, 200, colour=True)
        assert [ANSI.sub("", line) for line in coloured] == plain
        assert "\x1b" not in "".join(plain)
        assert coloured[0].startswith("\x1b[1m")


def test_red_begins_on_the_first_day_overdue() -> None:
    lines = _table(OPEN_ITEMS, 200, colour=True)
    due_today = next(line for line in lines if "INV-2026-0001" in line)
    due_yesterday = next(line for line in lines if "INV-2026-0002" in line)
    assert "\x1b[31m" not in due_today
    assert re.search(r"\x1b\[31m +1\x1b\[0m", due_yesterday)


def test_red_marks_overdue_buckets_but_not_what_is_current_nor_credits() -> None:
    line = next(line for line in _table(AGING, 200, colour=True) if line.startswith("C-0002"))
    red = [text.strip() for text in re.findall(r"\x1b\[31m(.*?)\x1b\[0m", line)]
    assert red == ["42,348,247,901", "59,988,811,342", "7"]


def test_an_empty_report_says_so() -> None:
    assert _table(AGING._replace(rows=[]), 80) == [
        "Aging of receivables as of 2026-03-31",
        "",
        "No rows.",
        "",
        "Aged by due date.",
        "Tie-out: open items equal the balance of every receivable account.",
    ]


def test_a_table_of_latin_text_imports_nothing_slow() -> None:
    script = (
        "import sys, datetime; from decimal import Decimal; from receivables.faces import render;"
        "from receivables.report import Report, Column;"
        "columns = (Column('name', str, ''),);"
        "render(Report('r', 'R', datetime.date(2026, 1, 1), columns, [('Công ty Hòa Bình',)]), 'table');"
        "print(*sorted({'rich', 'xlsxwriter', 'babel', 'csv', 'json', 'html'} & sys.modules.keys()))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == ""


# CSV


def _csv(report: Report) -> list[list[str]]:
    return list(csv.reader(io.StringIO(render(report, "csv").decode("utf-8"), newline=""), strict=True))


def _unguarded(text: str) -> str:
    return text[1:] if re.match(r"'+[=+\-@\t\r\n]", text) else text


def test_csv_has_names_exact_amounts_iso_dates_and_truth() -> None:
    columns = (
        Column("number", str, ""),
        Column("currency", str, ""),
        _amount("open"),
        Column("due", datetime.date, ""),
        Column("disputed", bool, ""),
        Column("days", int, ""),
    )
    rows: list[Row] = [
        ("INV-1", "USD", D("-1234567.50"), datetime.date(2026, 1, 2), True, -3),
        ("INV-2", "VND", D("1E+6"), None, False, None),
    ]
    assert render(Report("r", "R", AS_OF, columns, rows, ("A note.",)), "csv") == (
        b"number,currency,open,due,disputed,days\r\n"
        b"INV-1,USD,-1234567.50,2026-01-02,true,-3\r\n"
        b"INV-2,VND,1000000,,false,\r\n"
    )


def test_csv_has_neither_totals_nor_notes_nor_byte_order_mark() -> None:
    assert len(_csv(AGING)) == 1 + len(AGING.rows)
    assert render(AGING, "csv").startswith(b"customer,name,currency,")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_csv_text_never_starts_like_a_formula(start: str) -> None:
    assert guarded(f"{start}x") == f"'{start}x"
    assert guarded(f"'{start}x") == f"''{start}x"
    assert guarded(f"x{start}") == f"x{start}"


def test_csv_text_is_plain_text_again_when_read() -> None:
    assert [_unguarded(row[0]) for row in _csv(_hostile())[1:]] == [sound(text) for text in HOSTILE]
    assert {row[2] for row in _csv(_hostile())[1:]} == {"-1500"}


@pytest.mark.parametrize("format", ["csv", "json", "html"])
def test_machine_readable_text_has_no_control_characters(format: str) -> None:
    text = render(_hostile(), format).decode("utf-8")
    assert {c for c in text if unicodedata.category(c) in {"Cc", "Cs"}} <= {"\n", "\r", "\t"}


# JSON


def test_json_is_what_the_design_says() -> None:
    report = OPEN_ITEMS._replace(rows=OPEN_ITEMS.rows[2:])
    text = render(report, "json").decode("utf-8")
    assert text.endswith("}\n")
    assert json.loads(text) == {
        "as_of": "2026-03-31",
        "relation": "open_items",
        "columns": [column.name for column in OPEN_ITEM_COLUMNS],
        "rows": [
            {
                "account": "Assets:Receivable:Customer3", "customer": "C-0003", "name": "Vingroup",
                "number": "INV-2026-0003", "instalment": 1, "kind": "invoice", "date": "2025-11-07",
                "due": "2025-12-07", "currency": "USD", "original": "6095.24", "settled": "0.00",
                "outstanding": "6095.24", "days_overdue": 114, "bucket": "1–30", "terms": "net 30",
                "collector": "lan", "disputed": "40", "file": "ledger/2026/invoices.beancount", "line": 30,
            }
        ],
        "notes": ["Aged by due date."],
    }  # fmt: skip
    assert list(json.loads(text)) == ["as_of", "relation", "columns", "rows", "notes"]


def test_json_amounts_have_their_exact_digits_and_no_exponent() -> None:
    amounts = {"1E+6": "1000000", "1.50": "1.50", "-0.00": "0.00", "1E-7": "0.0000001"}
    rows = [_current("USD", text) for text in amounts]
    shown = json.loads(render(AGING._replace(rows=rows), "json"))["rows"]
    assert [row["current"] for row in shown] == list(amounts.values())


def test_json_has_a_row_a_line() -> None:
    lines = render(AGING, "json").decode("utf-8").splitlines()
    assert [json.loads(line.rstrip(","))["customer"] for line in lines[1:-1]] == [row[0] for row in AGING.rows]


def test_json_text_is_exactly_the_ledgers() -> None:
    rows = json.loads(render(_hostile(), "json"))["rows"]
    assert [row["name"] for row in rows] == list(HOSTILE)


def test_json_bidirectional_controls_are_escapes() -> None:
    text = render(_hostile(), "json").decode("utf-8")
    assert "\u202e" not in text
    assert r"\u202eevil" in text


# XLSX


def _workbook(report: Report, *, values: bool = False) -> Any:
    return load_workbook(io.BytesIO(render(report, "xlsx")), data_only=values)


def _midnight(day: datetime.date) -> datetime.datetime:
    """A date as openpyxl reads it."""
    return datetime.datetime.combine(day, datetime.time())


def _rows(report: Report) -> list[list[Any]]:
    """The data rows of the first sheet."""
    sheet = _workbook(report).worksheets[0]
    return [[c.value for c in row] for row in sheet.iter_rows(min_row=2, max_row=1 + len(report.rows))]


def test_xlsx_starts_with_the_header_and_filters_exactly_the_data() -> None:
    sheet = _workbook(AGING).worksheets[0]
    assert [cell.value for cell in sheet[1]][:4] == ["Customer", "Name", "Currency", "Current"]
    assert sheet.auto_filter.ref == "A1:L6"
    assert sheet.freeze_panes == "A2"
    assert [cell.value for cell in sheet[7]] == [None] * 12


def test_xlsx_cells_have_types() -> None:
    row = _workbook(OPEN_ITEMS).worksheets[0][3]
    by_name = {column.name: cell for column, cell in zip(OPEN_ITEM_COLUMNS, row, strict=True)}
    assert by_name["due"].is_date
    assert by_name["due"].value == _midnight(DAY_BEFORE)
    assert by_name["outstanding"].data_type == "n"
    assert by_name["outstanding"].value == 6217428781
    assert by_name["days_overdue"].value == 1
    assert by_name["number"].data_type == "s"


def test_xlsx_amounts_show_the_digits_of_each_rows_currency_or_their_own() -> None:
    sheet = _workbook(AGING).worksheets[0]
    assert sheet["D2"].number_format == "#,##0;[Red]-#,##0"
    assert sheet["E4"].number_format == "#,##0.00;[Red]-#,##0.00"
    fine = AGING._replace(rows=[_current("USD", "0.125")])
    assert _workbook(fine).worksheets[0]["D2"].number_format.startswith("#,##0.000;")


def test_xlsx_totals_are_formulas_per_currency_with_their_values_beside() -> None:
    formulas, values = _workbook(AGING).worksheets[0], _workbook(AGING, values=True).worksheets[0]
    assert [(formulas.cell(row, 1).value, formulas.cell(row, 3).value) for row in (8, 9, 10)] == [
        ("Total", "KHR"),
        ("Total", "USD"),
        ("Total", "VND"),
    ]
    assert formulas["E9"].value == "=SUMIFS(E$2:E$6,$C$2:$C$6,$C9)"
    sums = totals(AGING)
    for row in (8, 9, 10):
        for column, name in enumerate((*BUCKETS, "credits", "total"), start=4):
            assert formulas.cell(row, column).value.startswith("=SUMIFS(")
            assert D(repr(values.cell(row, column).value)) == sums[formulas.cell(row, 3).value][name]


def test_xlsx_text_is_never_a_formula_or_a_link() -> None:
    book = _workbook(_hostile())
    for sheet in book.worksheets:
        cells = [cell for row in sheet.iter_rows() for cell in row]
        assert all(cell.hyperlink is None for cell in cells)
        formulas = [cell.value for cell in cells if cell.data_type == "f"]
        count = len(HOSTILE) + 1
        totals_of = [f"=SUMIFS(C$2:C${count},$B$2:$B${count},$B{count + 2})"]
        assert formulas == (totals_of if sheet is book.worksheets[0] else [])


def test_xlsx_text_is_plain_text_again_when_read() -> None:
    assert [row[0] for row in _rows(_hostile())] == [_xlsx_text(text) for text in HOSTILE]


def _xlsx_text(text: str) -> str | None:
    return sound(text).replace("\r\n", "\n").replace("\r", "\n") or None


def test_xlsx_never_rounds_an_amount_that_excel_cannot_hold() -> None:
    fits, too_long = "1234567890123.45", "12345678901234.56"
    for text, kept_as_number in ((fits, True), (too_long, False)):
        report = AGING._replace(rows=[_current("USD", text)])
        book = _workbook(report)
        sheet = book.worksheets[0]
        about = " ".join(str(cell.value) for row in book["About"].iter_rows() for cell in row if cell.value)
        assert sheet["D2"].data_type == ("n" if kept_as_number else "s")
        assert D(str(sheet["D2"].value)) == D(text)
        assert sheet["D4"].data_type == ("f" if kept_as_number else "s")
        assert ("more than 15 digits" in about) is not kept_as_number
        assert sheet["E4"].value == "=SUMIFS(E$2:E$2,$C$2:$C$2,$C4)"


def test_xlsx_total_over_text_amounts_is_exact_text() -> None:
    report = AGING._replace(rows=[_current("USD", text) for text in ("12345678901234.56", "0.44")])
    assert _workbook(report).worksheets[0]["D5"].value == "12345678901235.00"


def test_xlsx_total_that_is_too_long_itself_is_exact_text() -> None:
    report = AGING._replace(rows=[_current("VND", "999999999999999"), _current("VND", "2")])
    sheet = _workbook(report).worksheets[0]
    assert [sheet["D2"].data_type, sheet["D3"].data_type] == ["n", "n"]
    assert sheet["D5"].value == "1000000000000001"


@pytest.mark.parametrize("currency", ["<>", "*", "=USD", "usd", "TRUE", "5"])
def test_xlsx_writes_the_sum_itself_where_a_formula_would_misread_the_currency(currency: str) -> None:
    report = AGING._replace(rows=[_current("USD", "1"), _current(currency, "2")])
    sheet = _workbook(report).worksheets[0]
    assert {sheet.cell(row, 3).value: sheet.cell(row, 4).value for row in (5, 6)} == {"USD": 1, currency: 2}


def test_xlsx_dates_before_excels_calendar_are_text() -> None:
    columns = (Column("due", datetime.date, ""),)
    rows: list[Row] = [(datetime.date(1900, 2, 28),), (datetime.date(1900, 3, 1),)]
    sheet = _workbook(Report("r", "R", AS_OF, columns, rows)).worksheets[0]
    assert [sheet["A2"].value, sheet["A3"].value] == ["1900-02-28", _midnight(datetime.date(1900, 3, 1))]


def test_xlsx_prints_landscape_one_page_wide_with_the_header_on_every_page() -> None:
    sheet = _workbook(AGING._replace(title="R&D")).worksheets[0]
    assert sheet.page_setup.orientation == "landscape"
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0)
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.oddHeader.left.text == "R&&D"
    assert sheet.oddHeader.right.text == "as of 2026-03-31"


def test_xlsx_about_says_what_the_sheet_is() -> None:
    about = _workbook(AGING)["About"]
    cells = [[cell.value for cell in row] for row in about.iter_rows()]
    assert cells[0][0] == "Aging of receivables"
    assert cells[1][:2] == ["As of", _midnight(AS_OF)]
    assert cells[4][:2] == ["Notes", "Aged by due date."]
    assert ["1–30 days", "Amount: days_1_30.", "days_1_30"] in cells


def test_xlsx_bytes_depend_on_nothing_but_the_report() -> None:
    assert render(AGING, "xlsx") == render(AGING, "xlsx")
    archive = zipfile.ZipFile(io.BytesIO(render(AGING, "xlsx")))
    assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    core = archive.read("docProps/core.xml").decode()
    assert set(re.findall(r"\d{4}-\d\d-\d\dT[\d:]+Z", core)) == {"2026-03-31T00:00:00Z"}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Open items", "Open items"),
        ("a[b]c:d*e?f/g\\h", "a b c d e f g h"),
        ("'quoted'", "quoted"),
        ("history", "history (report)"),
        ("ABOUT", "ABOUT (report)"),
        ("", "Report"),
        ("x" * 31, "x" * 31),
        ("x" * 32, "x" * 30 + "…"),
        ("🛗" * 16, "🛗" * 15 + "…"),
    ],
)
def test_xlsx_sheet_names_are_names_excel_takes(title: str, name: str) -> None:
    assert sheet_name(title) == name
    assert _workbook(AGING._replace(title=title)).sheetnames == [name, "About"]


def test_xlsx_cuts_a_text_longer_than_a_cell_and_says_so() -> None:
    columns = (Column("name", str, ""),)
    whole, cut = "x" * 32767, "y" * 32768
    book = _workbook(Report("r", "R", AS_OF, columns, [(whole,), (cut,)]))
    assert book.worksheets[0]["A2"].value == whole
    assert book.worksheets[0]["A3"].value == "y" * 32766 + "…"
    assert "longer than a cell" in str(book["About"]["B5"].value)


def test_xlsx_refuses_more_rows_than_a_sheet_has() -> None:
    report = Report("r", "R", AS_OF, (Column("name", str, ""),), [("x",)] * (ROWS_MOST - 1))
    with pytest.raises(FaceError, match="--format csv"):
        render(report, "xlsx")


# HTML


class _Page(HTMLParser):
    """Elements with their attributes, and the text of each table cell."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text: list[str] = []
        self._in_cell = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if self._in_cell:
            self.rows[-1][-1] += data


def _page(report: Report) -> _Page:
    return _Page(render(report, "html").decode("utf-8"))


def test_html_is_one_table_with_caption_headings_totals_and_notes() -> None:
    page = _page(AGING)
    assert page.rows[0][:5] == ["Customer", "Name", "Currency", "Current", "1–30 days"]
    assert page.rows[3][:5] == ["C-0003", "大象电梯有限公司", "USD", "0.00", "10,588.56"]
    assert [row[:4] for row in page.rows[-3:]] == [
        ["Total", "", "KHR", "0"],
        ["Total", "", "USD", "99.10"],
        ["Total", "", "VND", "17,063,708,610"],
    ]
    tags = [tag for tag, _ in page.elements]
    assert tags.count("table") == tags.count("caption") == tags.count("thead") == tags.count("tfoot") == 1
    assert [a["scope"] for tag, a in page.elements if tag == "th"].count("col") == len(AGING_COLUMNS)
    assert [a["scope"] for tag, a in page.elements if tag == "th"].count("row") == len(AGING.rows) + 3
    assert set(AGING.notes) <= set(page.text)


def test_html_text_is_plain_text_again_when_read() -> None:
    rows = _page(_hostile()).rows
    assert [row[0] for row in rows[1:-1]] == [sound(text) for text in HOSTILE]


def test_html_hostile_text_adds_no_element_and_no_attribute() -> None:
    def shape(report: Report) -> list[tuple[str, list[str]]]:
        return [(tag, sorted(a)) for tag, a in _page(report).elements]

    harmless = ["long " * 60 if text.startswith("long") else "x" for text in HOSTILE]
    assert shape(_hostile()) == shape(_hostile(harmless)._replace(title="T", notes=("a", "b")))


def test_html_loads_nothing_and_runs_nothing() -> None:
    page = render(AGING, "html").decode("utf-8")
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[0].encode()).digest()).decode()
    policy = next(a["content"] for tag, a in _page(AGING).elements if a.get("http-equiv"))
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not {tag for tag, _ in _page(AGING).elements} & {
        "script",
        "link",
        "img",
        "a",
        "iframe",
        "form",
        "object",
    }
    assert not any("style" in a for _, a in _page(AGING).elements)  # the policy would block them
    assert "url(" not in style[0]
    assert "@import" not in style[0]


def test_html_text_cells_find_their_own_direction_and_amounts_stand_right() -> None:
    page = render(AGING, "html").decode("utf-8")
    assert '<td class="long" dir="auto">شركة المصاعد العربية 7</td>' in page
    assert '<td class="number">118,800,000</td><td class="number">0</td>' in page
    assert '<td class="number late">950,000,000</td>' in page


# All faces


@pytest.mark.parametrize("format", list(FACES))
@pytest.mark.parametrize("report", [AGING, OPEN_ITEMS, _hostile(), AGING._replace(rows=[], notes=())])
def test_every_face_gives_the_same_bytes_again(format: str, report: Report) -> None:
    assert render(report, format) == render(report, format)


@pytest.mark.parametrize("format", ["table", "csv", "json", "html"])
def test_every_text_face_is_utf8_with_a_newline_at_its_end(format: str) -> None:
    assert render(_hostile(), format).decode("utf-8").endswith("\n")
    assert not FACES[format].binary


def test_an_unknown_format_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(FaceError, match="no format 'ods'; the formats are table, csv, json, xlsx, html"):
        render(AGING, "ods")


@pytest.mark.parametrize("format", list(FACES))
def test_hostile_names_of_columns_are_data_too(format: str) -> None:
    columns = (Column("<b>=1\x1b", str, "<script>"), Column("due-day", str, ""))
    shown = render(Report("r", "R", AS_OF, columns, [("x", "y")]), format)
    assert b"<b>" not in shown or format in ("table", "csv", "json")
    assert b"\x1b" not in shown or FACES[format].binary


TEXTS = st.text(st.characters(), max_size=12) | st.sampled_from(HOSTILE)
AMOUNTS = st.builds(lambda units, places: D(f"{units}E-{places}"), st.integers(-(10**20), 10**20), st.integers(0, 6))
COLUMNS = (
    Column("name", str, ""),
    Column("currency", str, ""),
    _amount("outstanding"),
    Column("rate", Decimal, ""),
    Column("due", datetime.date, ""),
    Column("days", int, ""),
    Column("disputed", bool, ""),
)
ROWS: st.SearchStrategy[tuple[Value, ...]] = st.tuples(
    st.none() | TEXTS,
    st.sampled_from(["VND", "USD", "KHR"]),
    st.none() | AMOUNTS,
    st.none() | AMOUNTS,
    st.none() | st.dates(),
    st.none() | st.integers(-(10**16), 10**16),
    st.none() | st.booleans(),
)
REPORTS = st.lists(ROWS, max_size=5).map(
    lambda rows: Report("r", "Report", AS_OF, COLUMNS, rows, (), {"VND": 0, "USD": 2})
)


def _from_csv(cell: str, column: Column) -> Value:
    if cell == "":
        return None
    if column.type is bool:
        return {"true": True, "false": False}[cell]
    if column.type is datetime.date:
        return datetime.date.fromisoformat(cell)
    return _unguarded(cell) if column.type is str else _number(cell, column)


def _number(cell: str, column: Column) -> int | Decimal:
    return int(cell) if column.type is int else D(cell)


def _from_json(cell: Any, column: Column) -> Value:
    if isinstance(cell, str) and column.type is datetime.date:
        return datetime.date.fromisoformat(cell)
    value: Value = D(cell) if isinstance(cell, str) and column.type is Decimal else cell
    return value


def _from_xlsx(cell: Any, column: Column) -> Value:
    if cell is None:
        return None
    if column.type is str:
        return str(cell)
    if column.type is datetime.date:
        return cell.date() if isinstance(cell, datetime.datetime) else datetime.date.fromisoformat(cell)
    if column.type is bool:
        return bool(cell)
    return _number(cell if isinstance(cell, str) else f"{D(repr(cell)):f}", column)


def _same(read: Sequence[Value], row: Row, shown: dict[str, Any]) -> None:
    for got, value, column in zip(read, row, COLUMNS, strict=True):
        wanted = shown["text"](value) if isinstance(value, str) else value
        assert got == (None if wanted == "" and not shown["empty"] else wanted), column.name


@given(REPORTS)
def test_csv_reads_back_to_the_same_values(report: Report) -> None:
    header, *rows = _csv(report)
    assert header == [column.name for column in COLUMNS]
    assert len(rows) == len(report.rows)
    for cells, row in zip(rows, report.rows, strict=True):
        read = [_from_csv(cell, column) for cell, column in zip(cells, COLUMNS, strict=True)]
        _same(read, row, {"text": sound, "empty": False})


@given(REPORTS)
def test_json_reads_back_to_the_same_values(report: Report) -> None:
    rows = json.loads(render(report, "json"))["rows"]
    assert len(rows) == len(report.rows)
    for cells, row in zip(rows, report.rows, strict=True):
        read = [_from_json(cells[column.name], column) for column in COLUMNS]
        _same(read, row, {"text": str, "empty": True})


@settings(max_examples=40, deadline=None)
@given(REPORTS)
def test_xlsx_reads_back_to_the_same_values(report: Report) -> None:
    rows = _rows(report)
    assert len(rows) == len(report.rows)
    for cells, row in zip(rows, report.rows, strict=True):
        read = [_from_xlsx(cell, column) for cell, column in zip(cells, COLUMNS, strict=True)]
        _same(read, row, {"text": _xlsx_text, "empty": False})


@given(st.integers(0, 10**15 - 1), st.integers(-8, 8))
def test_what_survives_excel_is_the_same_number_after_binary_floating_point(digits: int, exponent: int) -> None:
    value = D(f"{digits}E{exponent}")
    assert survives(value)
    assert D(repr(float(value))) == value
    assert D(repr(float(f"{float(value):.16G}"))) == value  # as XlsxWriter writes it


@settings(deadline=None)
@given(REPORTS)
def test_totals_never_mix_currencies(report: Report) -> None:
    sums: dict[str, Decimal] = {}
    for row in report.rows:
        if isinstance(row[2], Decimal):
            sums[str(row[1])] = sums.get(str(row[1]), D(0)) + row[2]
    plain = report._replace(rows=[("x", *row[1:]) for row in report.rows])
    expected = {(currency, amount(value, report.digits.get(currency))) for currency, value in sums.items()}
    page_totals = [row for row in _page(plain).rows if row and row[0] == "Total"]
    assert {(row[1], row[2]) for row in page_totals} == expected
    assert len(page_totals) == len(sums)
    table_totals = [line.split() for line in _table(plain, 300) if line.startswith("Total ")]
    assert {(words[1], words[2]) for words in table_totals} == expected


@settings(deadline=None)
@given(REPORTS, st.integers(40, 160))
def test_any_table_fits_and_has_one_line_for_each_row_or_more(report: Report, width: int) -> None:
    for line in _table(report, width):
        assert cell_len(line) <= width
        assert not {c for c in line if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}}


# Goldens: read them, they are what the faces look like


PICTURES = {
    "aging-80.txt": (AGING, "table", 80),
    "aging-140.txt": (AGING, "table", 140),
    "aging-200.txt": (AGING, "table", 200),
    "open_items-80.txt": (OPEN_ITEMS, "table", 80),
    "open_items-100.txt": (OPEN_ITEMS, "table", 100),
    "open_items-200.txt": (OPEN_ITEMS, "table", 200),
    "hostile-100.txt": (_hostile(), "table", 100),
    "aging.csv": (AGING, "csv", 0),
    "hostile.csv": (_hostile(), "csv", 0),
    "open_items.json": (OPEN_ITEMS, "json", 0),
    "aging.html": (AGING, "html", 0),
}


@pytest.mark.parametrize("name", list(PICTURES))
def test_faces_look_as_their_goldens(name: str) -> None:
    report, format, width = PICTURES[name]
    assert render(report, format, width=width) == (GOLDENS / name).read_bytes()


if __name__ == "__main__":  # writes the goldens anew: look at the difference before you commit it
    for name, (report, format, width) in PICTURES.items():
        (GOLDENS / name).write_bytes(render(report, format, width=width))
