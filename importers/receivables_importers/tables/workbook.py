"""The process in which a workbook is opened: XLSX, XLS or ODS on standard input, JSON on standard output.

A workbook of a few kilobytes can ask for hundreds of gigabytes (one cell in the last corner of a
sheet is enough), and then the library that reads it ends the whole process. So it is read in a
process of its own, with limits on memory and time, and whatever happens to it is an error message.
Run by `receivables_importers.tables.reading`; it imports nothing of ours, so that it starts quickly.

The JSON is `{"sheets": [[name, [[line, cells], …]], …], "hidden": [names]}` or `{"error": code}`. A
cell is null, or a text whose first letter says what follows: `t` text, `n` the digits of a number,
`d` an ISO date.
"""

from __future__ import annotations

import datetime
import io
import json
import math
import sys
from decimal import Decimal
from typing import Any

import python_calamine

if sys.platform != "win32":
    import resource

SECONDS_MAX = 120


def encoded(value: object) -> str | None:
    """One cell as JSON has it.

    A workbook stores every number in binary; fifteen significant digits are what it promises to
    keep and what the spreadsheet program shows, so those digits are the number.
    """
    if isinstance(value, str):
        return "t" + value if value else None
    if isinstance(value, bool):
        return "tTRUE" if value else "tFALSE"
    if isinstance(value, float) and not math.isfinite(value):
        return "t#NUM!"
    if isinstance(value, int | float):
        return "n" + format(Decimal(format(value, ".15g")), "f")
    if isinstance(value, datetime.date):
        day = value.date() if isinstance(value, datetime.datetime) else value
        return "d" + day.isoformat()
    return "t" + str(value)


def read(data: bytes, rows_max: int, columns_max: int, cells_max: int) -> dict[str, Any]:
    """The visible sheets of a workbook as the JSON of the module's text."""
    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = []
        hidden = []
        cells = 0
        for position, sheet in enumerate(workbook.sheets_metadata):
            if sheet.typ != python_calamine.SheetTypeEnum.WorkSheet:
                continue
            if sheet.visible != python_calamine.SheetVisibleEnum.Visible:
                hidden.append(sheet.name)
                continue
            content = workbook.get_sheet_by_index(position)
            rows_used, columns_used = (0, 0) if content.end is None else content.end
            cells += content.total_height * content.total_width
            tests = {"rows": rows_used >= rows_max, "columns": columns_used >= columns_max, "cells": cells > cells_max}
            exceeded = next((name for name, large in tests.items() if large), None)
            if exceeded:
                return {"error": exceeded}
            rows = content.to_python(skip_empty_area=False)
            lines = [[line, [encoded(value) for value in row]] for line, row in enumerate(rows, 1) if any_cell(row)]
            sheets.append([sheet.name, lines])
    except python_calamine.PasswordError:
        return {"error": "password"}
    except python_calamine.CalamineError:
        return {"error": "damaged"}
    except MemoryError:
        return {"error": "memory"}
    return {"sheets": sheets, "hidden": hidden}


def any_cell(row: list[Any]) -> bool:
    """Whether the row has a cell with something in it; a zero is something."""
    return any(value != "" for value in row)


def limit_resources(memory_bytes_max: int) -> None:
    """Bound memory and time of this process, where the system can."""
    if sys.platform == "win32":
        return
    for kind, limit in ((resource.RLIMIT_AS, memory_bytes_max), (resource.RLIMIT_CPU, SECONDS_MAX)):
        try:
            resource.setrlimit(kind, (limit, limit))
        except (ValueError, OSError):
            # A tighter limit already holds.
            continue


def main(arguments: list[str]) -> None:
    """Read standard input and write standard output; the arguments are the most rows, columns, cells and memory."""
    rows_max, columns_max, cells_max, memory_bytes_max = map(int, arguments)
    limit_resources(memory_bytes_max)
    answer = read(sys.stdin.buffer.read(), rows_max, columns_max, cells_max)
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=True).encode("ascii"))


if __name__ == "__main__":
    main(sys.argv[1:])
