"""Make one-page statements of account as PDF in one process, and print the seconds: a child of measure.py.

python benchmarks/statements.py COUNT
"""

from __future__ import annotations

import datetime
import json
import sys
import time
from decimal import Decimal

from receivables.letters import render
from receivables.letters.model import AgingCell, Company, Debtor, Section, Statement, StatementLine

AS_OF = datetime.date(2026, 3, 31)
LINES = 20


def statement(number: int) -> Statement:
    """A statement of twenty lines with data of its own."""
    lines = tuple(line_of(number, position) for position in range(1, LINES + 1))
    total = sum((line.balance for line in lines), Decimal(0))
    overdue = sum((line.balance for line in lines if line.days_overdue), Decimal(0))
    aging = (
        AgingCell(None, 0, total - overdue),
        AgingCell(1, 365, overdue),
        AgingCell(366, None, Decimal(0)),
        AgingCell(None, None, Decimal(0)),
    )
    return Statement(
        style="open-item",
        company=Company(name="Lift Company", address="1 Main Street\nHanoi", pay_to={"": "Bank: Example Bank"}),
        debtor=Debtor(code=f"C-{number:05d}", name=f"Customer {number}"),
        language="en",
        as_of=AS_OF,
        period_from=None,
        basis="due",
        sections=(Section("VND", 0, None, lines, total, aging, overdue, Decimal(0)),),
    )


def line_of(number: int, position: int) -> StatementLine:
    """One open invoice, older with each position."""
    amount = Decimal(500_000 + 1_000 * number + 7_919 * position)
    days_overdue = max(0, 10 * position - 30)
    return StatementLine(
        date=AS_OF - datetime.timedelta(days=10 * position),
        kind="invoice",
        number=f"INV-2026-{number:04d}{position:02d}",
        due=AS_OF - datetime.timedelta(days=10 * position - 30),
        description=f"Maintenance, lift {position}",
        debit=amount,
        credit=None,
        balance=amount,
        settled=Decimal(0),
        days_overdue=days_overdue,
    )


def main(count: str) -> None:
    """Make them all in this process; the time starts after the imports and before the first."""
    started = time.perf_counter()
    size = sum(len(render(statement(number), "pdf").content) for number in range(int(count)))
    print(json.dumps({"seconds": time.perf_counter() - started, "bytes": size}))


if __name__ == "__main__":
    main(*sys.argv[1:])
