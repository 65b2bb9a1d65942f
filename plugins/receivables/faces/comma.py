"""CSV: a report's rows for other programs, after RFC 4180, in UTF-8 without byte order mark.

The header has the columns' names. Amounts have their exact digits and no thousands separators,
dates are ISO, truth is `true` or `false`, a missing value is empty. There are no totals and no
notes: a program that adds a column up must not meet a total.

A spreadsheet takes text that begins with =, +, -, @, a tab or a line end for a formula (OWASP, "CSV
Injection"). Such text gets an apostrophe in front; so does text that already has apostrophes in
front of such a character, so that taking one away gives back exactly what the ledger says. Numbers
are never touched.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from receivables.faces.cells import plain, sound
from receivables.report import Report, Value

_FORMULA = re.compile(r"'*[=+\-@\t\r\n]")


def lines(report: Report) -> Iterator[str]:
    """The file piece by piece."""
    buffer = io.StringIO(newline="")
    write = csv.writer(buffer, lineterminator="\r\n")
    write.writerow([guarded(column.name) for column in report.columns])
    for row in report.rows:
        write.writerow([_cell(value) for value in row])
        if buffer.tell() > 65536:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def guarded(text: str) -> str:
    """Text that no spreadsheet takes for a formula.

    >>> [guarded(text) for text in ("=1+1", "-x", "'=1", "'s-Hertogenbosch", "a=b")]
    ["'=1+1", "'-x", "''=1", "'s-Hertogenbosch", 'a=b']
    """
    text = sound(text)
    return f"'{text}" if _FORMULA.match(text) else text


def _cell(value: Value) -> str:
    return guarded(value) if isinstance(value, str) else plain(value)
