"""Tables: rows of a relation as rows of a page, sorted, cut into pages, linked and ready to download."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from receivables.faces.cells import exact, says_late, sound, total_rows
from receivables.fava.asked import Asked
from receivables.fava.links import Links, Params
from receivables.fava.model import Cell, Heading, Pager, Table
from receivables.fava.shelf import Shelf
from receivables.fava.words import Words
from receivables.report import Column, Report, Row, Value

ROWS: Final = 100
"""Rows of a table that are shown at once."""

_NUMBERS: Final = frozenset({"number", "document", "by", "applied_to"})
_WORDS: Final = frozenset({"kind", "status", "bucket", "component", "method", "warning", "reason", "per"})
"""Columns whose words may be the program's own, which have names in every language."""

CALCULATED: Final = frozenset(
    {"calculation", "reason", "missing", "evidence", "approval", "account_to_debit", "converted", "allocations",
     "waits_for", "runner_up"}
)  # fmt: skip
"""Texts of the program that have amounts in them."""

_SIGNED: Final = frozenset(
    {"change", "new", "collected", "credited", "written_off", "other", "fallen_overdue", "overdue_settled"}
)


class Desk(NamedTuple):
    """What every page is made from.

    Attributes:
      shelf: The book and its answers.
      asked: The request.
      as_of: The day.
      words, links: Of the request.
    """

    shelf: Shelf
    asked: Asked
    as_of: datetime.date
    words: Words
    links: Links


Maker = Callable[[Value], Cell]


class Shape(NamedTuple):
    """How a table is made of a report.

    Attributes:
      key: The table's name in the address.
      columns: The columns shown, in order; a column of a link to the entry is called "entry".
      caption: What it is.
      params: Parameters of its downloads, beside the relation; None for a table that cannot be downloaded.
      order: How it is sorted when nobody says: "-overdue".
      rows: How many rows are shown at once; 0 for all.
      totals: Whether the sums stand below.
      notes: Whether the report's notes stand below.
      cells: Column → what makes its cell, for those that are not as everywhere.
      empty: What stands there when it has no rows.
      sortable: Whether headings are links that sort.
    """

    key: str
    columns: tuple[str, ...]
    caption: str
    params: Params | None = ()
    order: str = ""
    rows: int = ROWS
    totals: bool = False
    notes: bool = False
    cells: Mapping[str, Callable[[Row], Cell]] = {}
    empty: str = ""
    sortable: bool = True


def table(desk: Desk, report: Report, shape: Shape) -> Table:
    """A report as a table of a page."""
    words, links = desk.words, desk.links
    known = {column.name: column for column in report.columns}
    names = [name for name in shape.columns if name in known or name == "entry"]
    order = desk.asked.sort.get(shape.key, shape.order)
    rows = desk.shelf.of_report(report, order, lambda: ordered(desk.shelf, report, order))
    size = shape.rows or max(len(rows), 1)
    first, pager = page_of(desk, shape.key, size, len(rows))
    shown = rows[first : first + size]
    makers = [shape.cells.get(name) or _maker(desk, report, name) for name in names]
    label = next((name for name in names if name in known and known[name].type is str), None)
    summed = shape.totals and len(rows) > 1
    sums = desk.shelf.of_report(report, ("totals", label), lambda: total_rows(report, label)) if summed else []
    return Table(
        key=shape.key,
        caption=shape.caption,
        headings=tuple(_heading(desk, report, known.get(name), name, shape, order) for name in names),
        rows=tuple(tuple(make(row) for make in makers) for row in shown),
        totals=tuple(tuple(_total(desk, report, row, name, label) for name in names) for row in sums),
        downloads=tuple(
            (format.upper(), links.download(report.relation, format, shape.params)) for format in ("csv", "xlsx")
        )
        if shape.params is not None
        else (),
        pager=pager,
        notes=tuple(map(words.masked, report.notes)) if shape.notes else (),
        problems=tuple(words.masked(item.message) for item in report.problems),
        empty=shape.empty or words("nothing"),
    )


def ordered(shelf: Shelf, report: Report, order: str) -> Sequence[Row]:
    """The rows by a column, "-name" for descending; missing values are last. Rows that are equal keep their order."""
    name = order.removeprefix("-")
    if name not in [column.name for column in report.columns]:
        return report.rows
    position = report.position(name)
    empty = [row for row in report.rows if row[position] in (None, "")]
    full = [row for row in report.rows if row[position] not in (None, "")]
    rows = [*sorted(full, key=lambda row: _sortable(row[position]), reverse=order.startswith("-")), *empty]
    money = report.columns[position].money
    if money is not None:
        # An amount is more or less than another only in the same currency.
        currency = report.position(money)
        rows.sort(key=lambda row: shelf.rank(str(row[currency])))
    return rows


def _sortable(value: Value) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _heading(desk: Desk, report: Report, column: Column | None, name: str, shape: Shape, order: str) -> Heading:
    if column is None:
        return Heading(desk.words("entry"))
    ascending = order == name
    now = "ascending" if ascending else "descending" if order == f"-{name}" else "none"
    numeric = column.type in (int, Decimal)
    # Figures are looked for from the largest down, names from A.
    other = f"-{name}" if ascending or (numeric and now == "none") else name
    href = desk.links.sorted_by(shape.key, other) if shape.sortable else ""
    return Heading(desk.words.column(column, report.relation), column.about, numeric, href, now)


def page_of(desk: Desk, key: str, size: int, count: int) -> tuple[int, Pager | None]:
    """The first row of the part of a table that is shown, and the links to the other parts; None where it is all."""
    first = min(desk.asked.rows.get(key, 0), max(count - 1, 0))
    first -= first % size
    if count <= size:
        return 0, None
    words, links, last = desk.words, desk.links, min(first + size, count)
    return first, Pager(
        words("rows", first=words.number(first + 1), last=words.number(last), count=words.number(count)),
        links.from_row(key, first - size) if first else "",
        links.from_row(key, last) if last < count else "",
    )


def _maker(desk: Desk, report: Report, name: str) -> Callable[[Row], Cell]:
    if name == "entry":
        return _entry_maker(desk, report)
    position = report.position(name)
    column = report.columns[position]
    if column.money is not None:
        money = report.position(column.money)
        return lambda row: money_cell(desk, report, column, row[position], str(row[money]))
    names = [other.name for other in report.columns]
    if name == "customer":
        title = names.index("name") if "name" in names else position
        return lambda row: _customer(desk, str(row[position]), str(row[title]))
    if name in _NUMBERS and "customer" in names and column.type is str:
        customer = names.index("customer")
        return lambda row: _numbered(desk, row[position], str(row[customer]))
    if name == "account":
        return lambda row: Cell(sound(str(row[position])), desk.links.places.account(str(row[position])))
    return lambda row: plain_cell(desk, column, row[position])


def _entry_maker(desk: Desk, report: Report) -> Callable[[Row], Cell]:
    file, line = report.position("file"), report.position("line")

    def make(row: Row) -> Cell:
        where, number = row[file], row[line]
        if not isinstance(where, str) or not isinstance(number, int) or not where:
            return Cell()
        shown = f"{where.rpartition('/')[2]}:{number}"
        return Cell(sound(shown), desk.links.entry(where, number), "place", title=sound(f"{where}:{number}"))

    return make


def _customer(desk: Desk, code: str, name: str) -> Cell:
    return Cell(sound(name or code), desk.links.customer(code), "who", sub=sound(code) if code != name else "")


def _numbered(desk: Desk, value: Value, customer: str) -> Cell:
    number = "" if value is None else str(value)
    single = number and ", " not in number
    return Cell(sound(number), desk.links.document(customer, number) if single else "", "nowrap" if single else "")


def money_cell(desk: Desk, report: Report, column: Column, value: Value, currency: str) -> Cell:
    """An amount; zero of what is a change is left empty, so that what moved stands out."""
    if not isinstance(value, Decimal) or (not value and column.name in _SIGNED):
        return Cell(kind="num")
    late = says_late(column, value) or (column.name in ("overdue", "overdue_opening") and value > 0)
    return Cell(
        desk.words.money(value, report.digits.get(currency, 0)),
        kind="num late" if late else "num negative" if value < 0 else "num" if value else "num zero",
    )


def plain_cell(desk: Desk, column: Column, value: Value) -> Cell:
    """A value that is no amount."""
    words = desk.words
    if value is None:
        return Cell(kind="num" if column.type in (int, Decimal) else "")
    if isinstance(value, bool):
        return Cell(words("yes") if value else words("no"))
    if isinstance(value, int | Decimal):
        kind = "num late" if says_late(column, value) or (column.name == "days_left" and value < 0) else "num"
        if isinstance(value, Decimal) and column.name.endswith("rate"):
            return Cell(exact(value), kind=kind)
        return Cell(words.number(value), kind=kind)
    if isinstance(value, datetime.date):
        return Cell(value.isoformat(), kind="date")
    shown = words.value(value) if column.name in _WORDS else value
    shown = words.masked(shown) if column.name in CALCULATED else shown
    return Cell(sound(shown), kind="long" if len(shown) > 24 else "")


def _total(desk: Desk, report: Report, row: Row, name: str, label: str | None) -> Cell:
    if name == "entry":
        return Cell()
    if name == label:
        return Cell(desk.words("total"))
    position = report.position(name)
    column, value = report.columns[position], row[position]
    if column.money is not None:
        return money_cell(desk, report, column, value, str(row[report.position(column.money)]))
    return Cell("" if value is None else sound(str(value)))
