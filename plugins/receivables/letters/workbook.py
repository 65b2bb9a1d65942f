"""A statement as a workbook: one sheet a currency, typed cells, totals and running balances as formulas.

A spreadsheet keeps some 15 digits of a number. An amount with more is written as text, its sheet gets no formulas,
and a warning says so: nothing is rounded silently. Texts of the ledger are written as strings, never as formulas.
"""

from __future__ import annotations

import datetime
import io
import re
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from receivables.letters.content import ACTIVITY, OPEN_ITEM, aging_label, original, signed
from receivables.letters.formats import formats, split
from receivables.letters.model import Section, Statement, StatementLine
from receivables.letters.phrases import Phrases, phrases
from receivables.letters.texts import LRI, PDI, plain

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

EXACT_DIGITS = 15
"""Decimal digits that a number of a spreadsheet (IEEE 754 double) always keeps."""

_DATE_FORMATS = {"en": "d mmm yyyy", "vi": "dd/mm/yyyy", "ar": "dd/mm/yyyy", "zh": 'yyyy"年"m"月"d"日"'}
_FIRST_DATE = datetime.date(1900, 3, 1)
"""Before this day, spreadsheets disagree on what number a date is."""

_ISOLATES = str.maketrans("", "", LRI + PDI)

_LONGEST_TEXT = 32_767
"""Characters that a cell can hold."""

_WIDTHS = {"date": 16, "number": 20, "kind": 24, "description": 42, "due": 16, "days_overdue": 9}
_MONEY_WIDTH = 20

_COLUMNS = {
    "open-item": (
        ("date", "document_date"),
        ("number", "number"),
        ("kind", "kind"),
        ("description", "description"),
        ("due", "due_date"),
        ("days_overdue", "days_overdue"),
        ("amount", "amount"),
        ("settled", "settled"),
        ("balance", "outstanding"),
    ),
    "activity": (
        ("date", "document_date"),
        ("number", "number"),
        ("kind", "kind"),
        ("description", "description"),
        ("due", "due_date"),
        ("debit", "debit"),
        ("credit", "credit"),
        ("balance", "running_balance"),
    ),
}


class _Styles(NamedTuple):
    """The cell formats of one sheet."""

    title: Format
    name: Format
    label: Format
    text: Format
    wrapped: Format
    date: Format
    money: Format
    total: Format
    total_money: Format
    heading: Format
    money_heading: Format


class _Sheet(NamedTuple):
    """A sheet being written.

    Attributes:
      places: Decimal places of its amounts: the currency's, or more when an amount has more.
      exact: Whether a spreadsheet can hold all its amounts; when not, they are texts.
    """

    sheet: Worksheet
    styles: _Styles
    words: Phrases
    places: int
    exact: bool


def render(statement: Statement) -> tuple[bytes, tuple[str, ...]]:
    """The workbook of a statement, and warnings for the sender."""
    import xlsxwriter

    words = phrases(statement.language)
    warnings = []
    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True})
    title = words.texts["title_activity" if statement.style == ACTIVITY else "title_open_item"]
    book.set_properties(
        {
            "title": title,
            "author": plain(statement.company.name),
            # Without a date of ours, the file would carry the moment of its making.
            "created": datetime.datetime.combine(statement.as_of, datetime.time(), datetime.UTC),
        }
    )
    names: set[str] = set()
    for section in statement.sections or (None,):
        exact = section is None or _exact(section)
        if section is not None and not exact:
            warnings.append(
                f"{plain(statement.debtor.code)}: amounts in {plain(section.currency)} have more than {EXACT_DIGITS} "
                "digits, which a spreadsheet would round; they are written as texts, without formulas"
            )
        places = 0 if section is None else _places(section)
        name = _sheet_name(title if section is None else plain(section.currency), names)
        sheet = _Sheet(book.add_worksheet(name), _styles(book, statement, places), words, places, exact)
        _write(sheet, statement, section, title)
    book.close()
    return target.getvalue(), tuple(warnings)


def _sheet_name(wanted: str, taken: set[str]) -> str:
    """A name that spreadsheets accept for a sheet, and that no other sheet of the book has."""
    name = re.sub(r"[\[\]:*?/\\]", "-", wanted).strip("'")[:28] or "1"
    if name.lower() == "history":
        name = f"{name}_"
    number, distinct = 1, name
    while distinct.lower() in taken:
        number += 1
        distinct = f"{name}-{number}"
    taken.add(distinct.lower())
    return distinct


def _amounts(section: Section) -> list[Decimal]:
    """Every amount that the sheet of a section shows."""
    amounts = [section.closing, section.opening or Decimal(0), section.overdue, section.credits]
    amounts.extend(cell.amount for cell in section.aging)
    for line in section.lines:
        amounts.extend(
            amount
            for amount in (line.debit, line.credit, line.settled, line.balance, line.disputed)
            if amount is not None
        )
    return amounts


def _places(section: Section) -> int:
    return max(len(split(amount, section.digits)[2]) for amount in _amounts(section))


def _exact(section: Section) -> bool:
    """Whether a spreadsheet can hold every amount of a section, and their sums as well."""
    debits = sum((line.debit for line in section.lines if line.debit is not None), Decimal(0))
    credits_ = sum((line.credit for line in section.lines if line.credit is not None), Decimal(0))
    places = _places(section)
    return all(
        len(split(amount, 0)[1].lstrip("0")) + places <= EXACT_DIGITS
        for amount in (*_amounts(section), debits, credits_)
    )


def _styles(book: Workbook, statement: Statement, places: int) -> _Styles:
    words = phrases(statement.language)
    base = {"font_name": "Arial", "font_size": 10, "valign": "top"}
    if words.rtl:
        base["reading_order"] = 2
    money = {"num_format": "#,##0" + ("." + "0" * places if places else ""), "align": "right", "reading_order": 1}
    line = {"bottom": 1, "bold": True, "text_wrap": True, "valign": "bottom"}
    total = {"bold": True, "top": 1, "bottom": 1}
    return _Styles(
        title=book.add_format({**base, "font_size": 18}),
        name=book.add_format({**base, "bold": True}),
        label=book.add_format({**base, "font_color": "#5f5f5f"}),
        text=book.add_format(base),
        wrapped=book.add_format({**base, "text_wrap": True}),
        date=book.add_format(
            {**base, "num_format": _DATE_FORMATS[words.language], "align": "right" if words.rtl else "left"}
        ),
        money=book.add_format({**base, **money}),
        total=book.add_format({**base, **total}),
        total_money=book.add_format({**base, **money, **total}),
        heading=book.add_format({**base, **line}),
        money_heading=book.add_format({**base, **line, "align": "right"}),
    )


def _write(page: _Sheet, statement: Statement, section: Section | None, title: str) -> None:
    """Writes one sheet from top to bottom."""
    sheet, words = page.sheet, page.words
    if words.rtl:
        sheet.right_to_left()
    sheet.hide_gridlines(2)
    sheet.set_paper(9)  # A4
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.set_footer("&C" + words.texts["page"].format(page="&P", pages="&N"))
    row = _head(page, statement, title)
    if section is None:
        _text(page, row, 0, words.texts["no_balance"])
    else:
        columns = _columns(statement, section)
        for position, (key, _) in enumerate(columns):
            sheet.set_column(position, position, _WIDTHS.get(key, _MONEY_WIDTH))
        row = _table(page, statement, section, columns, row)
        row = _aging(page, statement, section, row + 1)
    _tail(page, statement, section, row + 1)


def _columns(statement: Statement, section: Section) -> list[tuple[str, str]]:
    """The columns of a table: the key of each, and of its heading in the catalogue."""
    columns = list(_COLUMNS[ACTIVITY if statement.style == ACTIVITY else OPEN_ITEM])
    if any(line.disputed for line in section.lines):
        columns.append(("disputed", "disputed"))
    return columns


def _head(page: _Sheet, statement: Statement, title: str) -> int:
    """The letterhead and the customer; returns the row below."""
    company, debtor, texts = statement.company, statement.debtor, page.words.texts
    _text(page, 0, 0, company.name, page.styles.name)
    _text(page, 1, 0, " · ".join(line for line in plain(company.address).split("\n") if line), page.styles.label)
    page.sheet.set_row(3, 26)
    _text(page, 3, 0, title, page.styles.title)
    row = 5
    facts: list[tuple[str, str | datetime.date | None]] = [
        ("statement_date", statement.as_of),
        ("opening_date", statement.period_from),
        ("customer", debtor.name or debtor.code),
        ("customer_code", debtor.code),
        ("tax_id", debtor.tax_id),
        ("payment_terms", debtor.terms),
    ]
    for key, value in facts:
        if not value:
            continue
        _text(page, row, 0, texts[key], page.styles.label)
        if isinstance(value, datetime.date):
            _date(page, row, 2, value)
        else:
            _text(page, row, 2, value)
        row += 1
    return row + 1


def _table(page: _Sheet, statement: Statement, section: Section, columns: list[tuple[str, str]], row: int) -> int:
    """The lines with their totals; returns the row below."""
    texts, styles = page.words.texts, page.styles
    activity = statement.style == ACTIVITY
    keys = [key for key, _ in columns]
    heading = texts["movements" if activity else "open_items"].format(currency=plain(section.currency))
    _text(page, row, 0, heading, styles.name)
    row += 1
    page.sheet.repeat_rows(row)
    for position, (key, label) in enumerate(columns):
        _text(page, row, position, texts[label], styles.heading if key in _WIDTHS else styles.money_heading)
    row += 1
    if activity:
        _text(page, row, 0, texts["opening_balance"])
        _money(page, row, keys.index("balance"), section.opening or Decimal(0))
        row += 1
    first = row
    for line in section.lines:
        for position, key in enumerate(keys):
            _cell(page, row, position, key, line, keys if activity else [])
        row += 1
    for position, key in enumerate(keys):
        if key in _WIDTHS:
            _text(
                page,
                row,
                position,
                texts["closing_balance" if activity else "total"] if position == 0 else "",
                styles.total,
            )
        elif not section.lines:
            _money(page, row, position, _total(section, key), style=styles.total_money)
        elif activity and key == "balance":
            debit, credit = (_span(first, row, keys.index(name)) for name in ("debit", "credit"))
            formula = f"{_reference(first - 1, position)}+SUM({debit})-SUM({credit})"
            _money(page, row, position, section.closing, formula, styles.total_money)
        else:
            formula = f"SUM({_span(first, row, position)})"
            _money(page, row, position, _total(section, key), formula, styles.total_money)
    return row + 1


def _total(section: Section, key: str) -> Decimal:
    """The sum of a column of amounts."""
    if key == "balance":
        return section.closing
    return sum((amount for line in section.lines if (amount := _amount(line, key)) is not None), Decimal(0))


def _amount(line: StatementLine, key: str) -> Decimal | None:
    """What a line says in a column of amounts."""
    return {
        "amount": original(line),
        "settled": signed(line, line.settled),
        "debit": line.debit,
        "credit": line.credit,
        "balance": line.balance,
        "disputed": line.disputed or None,
    }[key]


def _cell(page: _Sheet, row: int, position: int, key: str, line: StatementLine, running: list[str]) -> None:
    """One cell of a line; `running` has the columns' keys when the balance runs from line to line."""
    if key == "date":
        _date(page, row, position, line.date)
    elif key == "due":
        if line.due is not None:
            _date(page, row, position, line.due)
    elif key == "days_overdue":
        if line.days_overdue > 0:
            page.sheet.write_number(row, position, line.days_overdue, page.styles.text)
    elif key in ("number", "kind", "description"):
        text = {"number": line.number, "kind": page.words.kind(line.kind), "description": line.description}[key]
        _text(page, row, position, text, page.styles.wrapped)
    elif key == "balance" and running:
        debit, credit = (_reference(row, running.index(name)) for name in ("debit", "credit"))
        _money(page, row, position, line.balance, f"{_reference(row - 1, position)}+{debit}-{credit}")
    else:
        amount = _amount(line, key)
        if amount is not None:
            _money(page, row, position, amount)


def _aging(page: _Sheet, statement: Statement, section: Section, row: int) -> int:
    """The aging strip, one row a bucket; returns the row below."""
    texts, styles = page.words.texts, page.styles
    _text(page, row, 0, texts["aging_date" if statement.basis == "date" else "aging_due"], styles.name)
    row += 1
    first = row
    for cell in section.aging:
        _text(page, row, 0, aging_label(cell, statement.basis, page.words).translate(_ISOLATES))
        _money(page, row, 2, cell.amount)
        row += 1
    for position in (0, 1):
        _text(page, row, position, texts["total"] if position == 0 else "", styles.total)
    total = sum((cell.amount for cell in section.aging), Decimal(0))
    formula = f"SUM({_span(first, row, 2)})" if section.aging else ""
    _money(page, row, 2, total, formula, styles.total_money)
    row += 1
    _text(page, row, 0, texts["total_overdue"])
    _money(page, row, 2, section.overdue)
    return row + 1


def _tail(page: _Sheet, statement: Statement, section: Section | None, row: int) -> None:
    """How to pay, whom to ask and the closing sentences."""
    company, texts, styles = statement.company, page.words.texts, page.styles
    blocks: list[tuple[str, list[str]]] = []
    if section is not None and section.credits:
        written = formats(page.words.language).money(-section.credits, section.digits)
        blocks.append(("", [texts["credits_note"].format(amount=f"{written} {plain(section.currency)}")]))
    if section is not None and section.closing > 0:
        pay_to = company.pay_to.get(section.currency, company.pay_to.get("", ""))
        blocks.append((texts["how_to_pay"], plain(pay_to).split("\n")))
        blocks.append((texts["payment_reference"], [statement.debtor.code, texts["quote_reference"]]))
    blocks.append((texts["contact"], plain(company.contact).split("\n")))
    note = company.note.get(page.words.language, company.note.get("", ""))
    blocks.append(("", [*plain(note).split("\n"), texts["differ"], texts["disregard"]]))
    for heading, lines in blocks:
        given = [line for line in lines if line.strip()]
        if not given:
            continue
        if heading:
            _text(page, row, 0, heading, styles.name)
            row += 1
        for line in given:
            _text(page, row, 0, line)
            row += 1
        row += 1


def _text(page: _Sheet, row: int, position: int, text: str, style: Format | None = None) -> None:
    shown = plain(text).replace("\n", " ")
    if len(shown) > _LONGEST_TEXT:
        shown = f"{shown[: _LONGEST_TEXT - 1]}…"
    page.sheet.write_string(row, position, shown, style or page.styles.text)


def _date(page: _Sheet, row: int, position: int, day: datetime.date) -> None:
    if day < _FIRST_DATE:
        _text(page, row, position, day.isoformat())
    else:
        page.sheet.write_datetime(row, position, day, page.styles.date)


def _money(
    page: _Sheet, row: int, position: int, amount: Decimal, formula: str = "", style: Format | None = None
) -> None:
    """An amount; with a formula, the amount is what the formula gives and what is shown before it is worked out."""
    style = style or page.styles.money
    if not page.exact:
        page.sheet.write_string(row, position, f"{amount:f}", style)
    elif formula:
        # Rounding takes away the dust of binary fractions: 0.1 + 0.2 is 0.3 again.
        page.sheet.write_formula(row, position, f"=ROUND({formula},{page.places})", style, amount)
    else:
        page.sheet.write_number(row, position, amount, style)


def _reference(row: int, position: int) -> str:
    return f"{chr(ord('A') + position)}{row + 1}"


def _span(first: int, end: int, position: int) -> str:
    """The cells from row `first` up to but not including `end`."""
    return f"{_reference(first, position)}:{_reference(end - 1, position)}"
