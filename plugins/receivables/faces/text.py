"""The terminal table: a report in a given width, with amounts whole and text that cannot act.

Amounts, dates and numbers are never cut or rounded. When a report does not fit, in this order:
headings take more lines and text columns are cut (to no less than `READABLE` cells, an ellipsis
marks the cut), the columns in `LEAVE_OUT` are left out and named under the table, text is cut down
to `CRAMPED`, the amounts move to lines of their own below each row, and at last each row becomes a
block of one value a line. Only where a single amount is wider than the terminal is a line, too.

Text from a ledger cannot move the cursor or reorder a line: control characters, line ends and
bidirectional controls appear as escapes, and right-to-left text stays within its own cell.

The table is built column by column: 20,000 rows of 19 columns take a quarter of a second, where
`rich.table` took 40, and nothing slow is imported for a table of Latin text.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from receivables.faces.cells import (
    amount,
    currency_columns,
    currency_positions,
    heading,
    plain,
    says_late,
    total_rows,
    visible,
)
from receivables.measuring import cells_wide
from receivables.report import Column, Report, Row, Value

NARROWEST = 40
"""Cells: a narrower terminal gets lines of this width."""

READABLE = 20
"""Cells a text column keeps as long as other columns can be left out instead."""

CRAMPED = 12
"""Cells a text column keeps when nothing more can be left out; those in `_TELLING` keep `READABLE`."""

LEAVE_OUT: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "open_items": (
        ("file", "line"),
        ("account",),
        ("terms",),
        ("collector",),
        ("kind",),
        ("bucket",),
        ("settled",),
        ("original",),
        ("date",),
        ("instalment",),
        ("disputed",),
        ("customer",),
    ),
    "penalties": (
        ("file", "line"),
        ("account",),
        ("source", "policy_date"),
        ("name",),
        ("instalment",),
        ("due",),
        ("per",),
        ("principal", "rate"),
        ("days",),
        ("policy",),
        ("component",),
    ),
    "penalty_balances": (("file", "line"), ("account",), ("policy",), ("due",)),
    "write_off_proposals": (
        ("file", "line"),
        ("account",),
        ("policy",),
        ("instalment",),
        ("date",),
        ("account_to_debit",),
        ("calculation",),
        ("evidence",),
        ("due",),
        ("customer",),
    ),
    "bad_debts": (
        ("file", "line"),
        ("instalment",),
        ("approval",),
        ("document_date", "days_overdue"),
        ("portfolio",),
        ("net",),
    ),
    "provision": (
        ("file", "line"),
        ("source",),
        ("policy",),
        ("instalment",),
        ("method",),
        ("days_overdue", "months_overdue"),
        ("bucket",),
        ("segment",),
        ("calculation",),
    ),
    "limitation": (
        ("file", "line"),
        ("account",),
        ("calculation",),
        ("starts",),
        ("proof",),
        ("collector",),
        ("kind",),
        ("date",),
        ("instalment",),
        ("restarted",),
        ("customer",),
        ("policy",),
    ),
    "revaluation": (
        ("file", "line"),
        ("account",),
        ("calculation",),
        ("policy",),
        ("booked_source", "rate_source"),
        ("instalment",),
        ("date",),
        ("carrying", "closing_value"),
        ("name",),
    ),
    "exchange_check": (
        ("file", "line"),
        ("account",),
        ("calculation",),
        ("kind",),
        ("realised",),
    ),
    "in_hand": (
        ("file", "line"),
        ("account",),
        ("stage",),
        ("cheque_bank",),
        ("received",),
        ("slip",),
        ("customer",),
        ("cheque_date",),
        ("name",),
        ("voucher",),
        ("cheque",),
    ),
    "cash_movements": (
        ("file", "line"),
        ("account",),
        ("bank_id",),
        ("received",),
        ("slip",),
        ("customer",),
        ("cheque",),
        ("name",),
        ("voucher",),
        ("days",),
    ),
    "overpayments": (
        ("file", "line"),
        ("bank_account",),
        ("customer",),
        ("approved",),
        ("applied", "refunded"),
    ),
    "group_balances": (("accounts",), ("counterpart",)),
    "group_movements": (("file", "line"), ("account",), ("customer",), ("both",), ("description",), ("open",)),
    "receipt_books": (
        ("file", "line"),
        ("count",),
        ("returned",),
        ("last_used",),
        ("last",),
        ("first",),
    ),
    "vouchers": (
        ("file", "line"),
        ("customer",),
        ("book",),
        ("name",),
        ("holder",),
    ),
    "settlements": (
        ("file", "line"),
        ("account",),
        ("document_rate", "rate"),
        ("document_date", "due"),
        ("exchange_currency", "exchange_difference"),
        ("instalment",),
    ),
}
"""What a relation's table does without when there is no room: first what is named first, a group at once."""

LEAVE_OUT_ELSEWHERE = (("file", "line"), ("account",), ("terms",), ("collector",), ("kind",), ("instalment",))
"""The same for every other relation."""

_SHORT_HEADINGS = {"currency": "Curr.", "instalment": "Inst."}
_TELLING = {"customer", "number", "document", "by"}  # half a document number is none
_WHOLE = {"calculation"}  # not cut as long as other columns can be left out
_TELLING_END = {"account", "file"}  # the end says more than the beginning, so the beginning is cut
_INDENT = 2
_ROWS_AT_ONCE = 4_096
_ELLIPSIS = "…"
_TOTAL = "Total"
_BOLD, _RED, _RESET = "\x1b[1m", "\x1b[31m", "\x1b[0m"
_LEFT_TO_RIGHT_MARK = "\u200e"
_JOINERS = "\u200c\u200d"  # Persian and Indic spelling needs them; they do nothing else
_ACTING = {"Cc", "Cf", "Cs", "Zl", "Zp"}

# The blocks that Unicode keeps for right-to-left scripts (DerivedBidiClass.txt, default classes R and AL).
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufeff\U00010800-\U00010fff\U0001e800-\U0001efff]")


class _Field(NamedTuple):
    """One column, ready to be placed.

    Attributes:
      cells: The texts of the rows, then those of the totals.
      elastic: Whether they may be cut.
      late: The rows in which this column says that something is overdue.
      natural: The width of the widest cell; `least_heading` and `short_heading` are those that the
        heading needs with one word a line, and in two lines.
    """

    column: Column
    heading: str
    cells: list[str]
    elastic: bool
    late: frozenset[int]
    natural: int
    least_heading: int
    short_heading: int

    @property
    def right(self) -> bool:
        return self.column.type in (int, Decimal)


class _Placed(NamedTuple):
    field: _Field
    width: int


class _Layout(NamedTuple):
    """Where each column goes: the lines that one row takes, and the columns that found no place."""

    lines: tuple[tuple[_Placed, ...], ...]
    gap: int
    left_out: tuple[str, ...]


def lines(report: Report, width: int, colour: bool) -> Iterator[str]:
    """The report line by line, of at most `width` terminal cells, with totals per currency and notes.

    Args:
      report: What to show.
      width: Terminal cells a line may take; at least `NARROWEST` are used.
      colour: Whether to use ANSI colours: headings and totals bold, overdue days and amounts red.
    """
    width = max(width, NARROWEST)
    fields = _fields(report)
    count = len(report.rows)
    layout = _layout(fields, count, width, LEAVE_OUT.get(report.relation, LEAVE_OUT_ELSEWHERE))
    title = [_bold(line, colour) for line in _wrap(f"{report.title} as of {report.as_of.isoformat()}", width)]
    body: Iterable[str]
    if not count:
        body = ["No rows."]
    elif layout is None:
        body = _records(_labelled(fields, count), count, width, colour)
    else:
        body = _table(layout, count, colour)
    notes = [*_left_out_note(fields, layout, width), *report.notes]
    foot = [line for note in notes for line in _wrap(note, width)]
    return (f"{line}\n" for line in chain(title, [""], body, [""] if foot else [], foot))


def _fields(report: Report) -> list[_Field]:
    count = len(report.rows)
    rows: list[Row] = [*report.rows, *total_rows(report, None)]
    currencies = currency_columns(report)
    fields = []
    for position, currency_position in enumerate(currency_positions(report)):
        column = report.columns[position]
        values = [row[position] for row in rows]
        if currency_position is None:
            cells = _texts(column, values)
        else:
            known = {row[currency_position] for row in rows}
            digits = {currency: report.digits.get(str(currency)) for currency in known}
            cells = [
                amount(value, digits[row[currency_position]]) if isinstance(value, Decimal) else neutral(plain(value))
                for value, row in zip(values, rows, strict=True)
            ]
        title = neutral(_SHORT_HEADINGS.get(column.name, heading(column)))
        words = [cells_wide(word) for word in title.split()]
        elastic = column.type is str and column.name not in currencies
        natural = max(map(cells_wide, set(cells)), default=0)
        if elastic and len(rows) > count:
            natural = max(natural, len(_TOTAL))
        late = frozenset(at for at, value in enumerate(values[:count]) if says_late(column, value))
        fields.append(_Field(column, title, cells, elastic, late, natural, max(words, default=0), _two_lines(words)))
    return fields


def _labelled(fields: Sequence[_Field], count: int) -> list[_Field]:
    """The columns with "Total" before the totals, in the first one that can say it."""
    label = next((field for field in fields if field.elastic), None)
    return [
        field._replace(cells=[*field.cells[:count], *[_TOTAL] * (len(field.cells) - count)])
        if field is label
        else field
        for field in fields
    ]


def _texts(column: Column, values: Sequence[Value]) -> list[str]:
    # Equal numbers may have different digits, so only text and dates are looked up.
    if column.type in (str, datetime.date):
        shown = {value: neutral(plain(value)) for value in set(values)}
        return [shown[value] for value in values]
    if column.type is bool:
        return ["" if value is None else "yes" if value else "no" for value in values]
    return [neutral(plain(value)) for value in values]


def neutral(text: str) -> str:
    """Text in which every character that could act on the terminal is a visible escape."""
    if text.isprintable():
        return text
    return "".join(
        visible(character) if unicodedata.category(character) in _ACTING and character not in _JOINERS else character
        for character in text
    )


def _isolated(text: str) -> str:
    """Right-to-left text between marks, so that it cannot reorder what stands beside it.

    The numbers next to it join the left-to-right run of the mark (UAX 9, rule W7), and the first
    strong character of the line, which sets its direction, is never right-to-left (rule P2).
    """
    if text.isascii() or not _RIGHT_TO_LEFT.search(text):
        return text
    return f"{_LEFT_TO_RIGHT_MARK}{text}{_LEFT_TO_RIGHT_MARK}"


# Layout: which columns, how wide, on which lines


def _layout(fields: list[_Field], count: int, width: int, leave_out: Sequence[tuple[str, ...]]) -> _Layout | None:
    """The first of the arrangements in the module's docstring that fits; None when only records do."""
    kept = fields
    for group in ((), *leave_out):
        kept = [field for field in kept if field.column.key or field.column.name not in group]
        if widths := _widths(kept, width, READABLE, 2):
            return _Layout((_place(_labelled(kept, count), widths),), 2, _missing(fields, kept))
    for floor, gap in ((CRAMPED, 2), (CRAMPED, 1)):
        if widths := _widths(kept, width, floor, gap):
            return _Layout((_place(_labelled(kept, count), widths),), gap, _missing(fields, kept))
    amounts = [field for field in kept if field.column.money is not None]
    others = [field for field in kept if field.column.money is None]
    cell = max((max(field.natural, field.short_heading) for field in amounts), default=0)
    for floor, gap in ((READABLE, 2), (CRAMPED, 2), (CRAMPED, 1)):
        widths = _widths(others, width, floor, gap)
        most = (width - _INDENT + gap) // (cell + gap)
        if amounts and widths and most:
            lines = -(-len(amounts) // most)
            each = -(-len(amounts) // lines)
            starts = range(0, len(amounts), each)
            grid = (_place(amounts[start : start + each], [cell] * each) for start in starts)
            head = _place(_labelled(others, count), widths)
            return _Layout((head, *grid), gap, _missing(fields, kept))
    return None


def _place(fields: Sequence[_Field], widths: Sequence[int]) -> tuple[_Placed, ...]:
    return tuple(_Placed(field, width) for field, width in zip(fields, widths, strict=False))


def _missing(fields: Sequence[_Field], kept: Sequence[_Field]) -> tuple[str, ...]:
    kept_names = {field.column.name for field in kept}
    return tuple(field.column.name for field in fields if field.column.name not in kept_names)


def _least(field: _Field, floor: int) -> int:
    if not field.elastic:
        return max(field.least_heading, field.natural)
    if field.column.name in _TELLING:
        floor = READABLE
    elif field.column.name in _WHOLE and floor == READABLE:
        return max(field.least_heading, field.natural)
    return max(field.least_heading, min(field.natural, floor))


def _widths(fields: Sequence[_Field], width: int, floor: int, gap: int) -> list[int] | None:
    """A width for each column, from the least towards the natural one; None when the least do not fit."""
    widths = [_least(field, floor) for field in fields]
    spare = width - sum(widths) - gap * (len(fields) - 1)
    if spare < 0 or not fields:
        return None
    wanted = [max(field.natural, field.short_heading) - least for field, least in zip(fields, widths, strict=True)]
    # The most modest wish first: what it leaves of its share goes to the longer ones.
    for remaining, position in zip(
        range(len(fields), 0, -1), sorted(range(len(fields)), key=wanted.__getitem__), strict=True
    ):
        given = min(wanted[position], spare // remaining)
        widths[position] += given
        spare -= given
    return widths


def _two_lines(words: Sequence[int]) -> int:
    """The least width in which words of these widths take at most two lines."""
    return min(
        (
            max(sum(words[:cut]) + max(cut - 1, 0), sum(words[cut:]) + max(len(words) - cut - 1, 0))
            for cut in range(len(words) + 1)
        ),
        default=0,
    )


def _left_out_note(fields: Sequence[_Field], layout: _Layout | None, width: int) -> Iterator[str]:
    if layout is not None and layout.left_out:
        needed = sum(_least(field, READABLE) for field in fields) + 2 * (len(fields) - 1)
        names = ", ".join(layout.left_out)
        yield (
            f"Left out at a width of {width}: {names}. "
            f"A terminal {needed} wide shows them, as do --format csv, json, xlsx and html."
        )


# Lines


def _table(layout: _Layout, count: int, colour: bool) -> Iterator[str]:
    space = " " * layout.gap
    indents = ["", *[" " * _INDENT] * (len(layout.lines) - 1)]
    rule = "─" * max(
        len(indent) + sum(placed.width for placed in line) + layout.gap * (len(line) - 1)
        for indent, line in zip(indents, layout.lines, strict=True)
    )
    for indent, line in zip(indents, layout.lines, strict=True):
        yield from (_bold((indent + space.join(cells)).rstrip(), colour) for cells in _heading_lines(line))

    def rows(begin: int, end: int) -> Iterator[str]:
        printed = []
        for indent, line in zip(indents, layout.lines, strict=True):
            columns = [_column(placed, slice(begin, end), colour) for placed in line]
            printed.append([(indent + space.join(cells)).rstrip() for cells in zip(*columns, strict=True)])
        return chain.from_iterable(zip(*printed, strict=True))

    yield rule
    for begin in range(0, count, _ROWS_AT_ONCE):
        yield from rows(begin, min(begin + _ROWS_AT_ONCE, count))
    everything = len(layout.lines[0][0].field.cells)
    if everything > count:
        yield rule
        yield from (_bold(line, colour) for line in rows(count, everything))


def _heading_lines(line: Sequence[_Placed]) -> list[list[str]]:
    """The headings of one line of columns, each wrapped to its column and resting on the last line."""
    wrapped = [_wrap_words(placed.field.heading, placed.width) for placed in line]
    height = max(map(len, wrapped))
    columns = [
        [_padded(words, placed.width, placed.field.right) for words in [*[""] * (height - len(lines)), *lines]]
        for lines, placed in zip(wrapped, line, strict=True)
    ]
    return [list(cells) for cells in zip(*columns, strict=True)]


def _column(placed: _Placed, rows: slice, colour: bool) -> list[str]:
    """The cells of these rows as they are printed."""
    field, width = placed
    written = field.cells[rows]
    fitted = {cell: _fitted(cell, width, field) for cell in set(written)}
    cells = [fitted[cell] for cell in written]
    if colour:
        for position in field.late.intersection(range(rows.start, rows.stop)):
            cells[position - rows.start] = f"{_RED}{cells[position - rows.start]}{_RESET}"
    return cells


def _fitted(text: str, width: int, field: _Field) -> str:
    if field.elastic:
        text = _cut(text, width, from_start=field.column.name in _TELLING_END)
    return _padded(text, width, field.right)


def _padded(text: str, width: int, right: bool) -> str:
    padding = " " * (width - cells_wide(text))
    return padding + text if right else _isolated(text) + padding


def _cut(text: str, width: int, *, from_start: bool = False) -> str:
    """Text in at most `width` cells; what is missing at its end (or start) is an ellipsis."""
    if cells_wide(text) <= width:
        return text
    fewest, most = 0, len(text)
    while fewest < most:
        middle = (fewest + most + 1) // 2
        part = text[len(text) - middle :] if from_start else text[:middle]
        if cells_wide(part) <= width - 1:
            fewest = middle
        else:
            most = middle - 1
    if not from_start:
        return text[:fewest] + _ELLIPSIS
    part = text[len(text) - fewest :]
    while part and not cells_wide(part[0]):  # a mark that lost its letter would sit on the ellipsis
        part = part[1:]
    return _ELLIPSIS + part


def _records(fields: Sequence[_Field], count: int, width: int, colour: bool) -> Iterator[str]:
    """Each row as a block of lines "heading  value"; empty values have no line."""
    widest = max((field.natural for field in fields if not field.elastic), default=0)
    label = min(max(cells_wide(field.heading) for field in fields), max(width - 2 - widest, 5))
    for position in range(len(fields[0].cells)):
        if position:
            yield ""
        for field in fields:
            if text := field.cells[position]:
                text = _cut(text, max(width - label - 2, 5)) if field.elastic else text
                late = colour and position in field.late
                name = _padded(_cut(field.heading, label), label, right=False)
                value = f"{_RED}{text}{_RESET}" if late else _isolated(text)
                yield _bold(f"{name}  {value}", colour and position >= count)


def _wrap(text: str, width: int) -> list[str]:
    return [_isolated(line) for line in _wrap_words(neutral(text), width)]


def _wrap_words(text: str, width: int) -> list[str]:
    """Text in lines of at most `width` cells; a longer word goes on in the next line."""
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if cells_wide(joined) <= width:
            lines[-1] = joined
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if cells_wide(lines[-1] + character) > width:
                lines.append("")
            lines[-1] += character
    return lines


def _bold(line: str, colour: bool) -> str:
    return f"{_BOLD}{line}{_RESET}" if colour else line
