"""The web page: a report as one self-contained HTML file, for a browser and for paper.

No scripts, no links, nothing loaded: the content security policy allows the page's own style
sheet, by its hash, and nothing else. All text is escaped, and cells with text find their own
direction, so that right-to-left text in one cell does not reorder another.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from html import escape

from receivables.faces.cells import (
    amount,
    currency_positions,
    heading,
    label_column,
    plain,
    says_late,
    sound,
    total_rows,
)
from receivables.report import Column, Report, Row, Value

_STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --paper: #fff; --faint: #5b6470; --rule: #d5dae0;
  --band: #f4f6f8; --late: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e7eb; --paper: #16191d; --faint: #9aa4b0;
  --rule: #363c44; --band: #1f2429; --late: #ff8a80; } }
body { margin: 1.5rem; background: var(--paper); color: var(--ink);
  font: 13px/1.45 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums lining-nums; }
caption { text-align: start; font-size: 1.25rem; font-weight: 600; padding-block-end: .75rem; }
caption time { display: block; font-size: .875rem; font-weight: 400; color: var(--faint); }
th, td { padding: .3rem .45rem; text-align: start; vertical-align: top; white-space: nowrap;
  border-block-end: 1px solid var(--rule); }
thead th { font-weight: 600; vertical-align: bottom; border-block-end: 2px solid var(--faint);
  background: var(--band); }
tbody th { font-weight: inherit; }
tbody tr:nth-child(even) { background: var(--band); }
tfoot > tr { font-weight: 600; }
tfoot > tr:first-child > * { border-block-start: 2px solid var(--faint); }
.number { text-align: right; }
.long { min-inline-size: 15rem; max-inline-size: 24rem; overflow-wrap: anywhere; white-space: pre-line; }
.late { color: var(--late); }
.notes { max-inline-size: 60rem; margin-block-start: 1.25rem; padding-inline-start: 1.1rem;
  color: var(--faint); }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  :root { color-scheme: light; --ink: #000; --paper: #fff; --faint: #444; --rule: #bbb;
    --band: #fff; --late: #000; }
  body { margin: 0; font-size: 7.5pt; }
  .wide { overflow: visible; }
  table { inline-size: 100%; }
  th, td { padding: .15rem .25rem; }
  .long { min-inline-size: 15em; }
  thead th { white-space: normal; }
  tr { break-inside: avoid; }
  thead { display: table-header-group; }
  tfoot { display: table-row-group; }
}
"""
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode("utf-8")).digest()).decode("ascii")
_SHORT = 20  # characters: a column of longer texts may break its lines
_POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"


def lines(report: Report) -> Iterator[str]:
    """The page line by line, a row each."""
    return (f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    title, as_of = _text(report.title), report.as_of.isoformat()
    yield "<!doctype html>"
    yield '<html lang="en">'
    yield "<head>"
    yield '<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<meta name="referrer" content="no-referrer">'
    yield f"<title>{title} as of {as_of}</title>"
    yield f"<style>{_STYLE}</style>"
    yield "</head>"
    yield "<body>"
    yield '<div class="wide">'
    yield "<table>"
    yield f'<caption><span dir="auto">{title}</span> <time datetime="{as_of}">as of {as_of}</time></caption>'
    yield "<thead>"
    yield "<tr>" + "".join(map(_heading, report.columns)) + "</tr>"
    yield "</thead>"
    yield "<tbody>"
    cells = _cells(report)
    for row in report.rows:
        yield "<tr>" + "".join(cell(row) for cell in cells) + "</tr>"
    yield "</tbody>"
    sums = total_rows(report, label_column(report))
    if sums:
        yield "<tfoot>"
        for row in sums:
            yield "<tr>" + "".join(cell(row) for cell in cells) + "</tr>"
        yield "</tfoot>"
    yield "</table>"
    yield "</div>"
    if not report.rows:
        yield "<p>No rows.</p>"
    if report.notes:
        yield '<ul class="notes">'
        for note in report.notes:
            yield f'<li dir="auto">{_text(note)}</li>'
        yield "</ul>"
    yield "</body>"
    yield "</html>"


def _heading(column: Column) -> str:
    kind = ' class="number"' if column.type in (int, Decimal) else ""
    return f'<th scope="col"{kind} title="{_text(column.about)}">{_text(heading(column))}</th>'


def _cells(report: Report) -> list[Callable[[Row], str]]:
    """For each column, what turns a row into its cell."""
    row_heading = label_column(report)
    long = _long_columns(report)
    cells: list[Callable[[Row], str]] = []
    for position, currency_position in enumerate(currency_positions(report)):
        column = report.columns[position]
        if currency_position is not None:
            cells.append(partial(_amount_cell, column, position, currency_position, report.digits))
        elif column.type is str:
            opening, element = ('th scope="row"', "th") if column.name == row_heading else ("td", "td")
            if position in long:
                opening += ' class="long"'
            cells.append(partial(_text_cell, position, opening, element))
        else:
            cells.append(partial(_plain_cell, column, position))
    return cells


def _long_columns(report: Report) -> set[int]:
    """The positions of the columns of text that have a long one: the rows are gone through once."""
    short = {position for position, column in enumerate(report.columns) if column.type is str}
    long: set[int] = set()
    for row in report.rows:
        found = [position for position in short if len(plain(row[position])) > _SHORT]
        if found:
            long.update(found)
            short.difference_update(found)
            if not short:
                break
    return long


def _text_cell(position: int, opening: str, element: str, row: Row) -> str:
    return f'<{opening} dir="auto">{_text(plain(row[position]))}</{element}>'


def _plain_cell(column: Column, position: int, row: Row) -> str:
    value = row[position]
    shown = ("yes" if value else "no") if isinstance(value, bool) else plain(value)
    return f"<td{_kind(column, value)}>{_text(shown)}</td>"


def _amount_cell(column: Column, position: int, currency_position: int, digits: Mapping[str, int], row: Row) -> str:
    value = row[position]
    known = digits.get(str(row[currency_position]))
    shown = amount(value, known) if isinstance(value, Decimal) else plain(value)
    return f"<td{_kind(column, value)}>{_text(shown)}</td>"


def _kind(column: Column, value: Value) -> str:
    if column.type not in (int, Decimal):
        return ""
    return ' class="number late"' if says_late(column, value) else ' class="number"'


def _text(text: str) -> str:
    return escape(sound(text))
