"""JSON: `{"as_of", "relation", "columns", "rows", "notes"}`, one row a line, for other programs.

Amounts and rates are strings with their exact digits (a JSON number would pass through binary
floating point in most readers), dates are ISO strings, days and counts are numbers, a missing value
is null. Keys and rows are in the report's order, so the same report gives the same bytes.

Text is exact: what could act on a terminal, or has no UTF-8 form, is one of JSON's own escapes.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from decimal import Decimal

from receivables.faces.cells import exact
from receivables.report import Report, Value

# JSON escapes C0 itself. Outside of strings JSON is plain ASCII, so these occur in strings alone.
_ACTING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


def lines(report: Report) -> Iterator[str]:
    """The file piece by piece, a row each, with a newline at its end."""
    names = [column.name for column in report.columns]
    yield (
        f'{{"as_of": {_text(report.as_of.isoformat())}, "relation": {_text(report.relation)}, '
        f'"columns": {_text(names)}, "rows": ['
    )
    for position, row in enumerate(report.rows):
        yield (",\n" if position else "\n") + _text(dict(zip(names, map(_value, row), strict=True)))
    yield ("\n" if report.rows else "") + f'], "notes": {_text(report.notes)}}}\n'


def _value(value: Value) -> str | int | bool | None:
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def _text(value: object) -> str:
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
