"""Time each rule on a loaded book: penalties, limitation, provisions, revaluation, write-offs.

    python benchmarks/rules.py FOLDER/main.beancount DATE

The ledger of generate.py gets policies for everybody: interest that follows a published rate by half-years, a
limitation period that part payments restart, a provision by months overdue, revaluation into VND, write-off of what is
a year old. Prints the seconds of each relation after the book is built, the best of three, and the rows it has.
"""

from __future__ import annotations

import datetime
import gc
import json
import sys
import tempfile
import time
from pathlib import Path

from receivables.loading import load_book
from receivables.relations import evaluate

ROUNDS = 3
POLICIES = """
2020-01-01 custom "receivables-policy" "penalty"
  rate: "ECB-MRO + 8%"
  resets: "half-year"
2020-01-01 custom "receivables-rate" "ECB-MRO" 2.15
2024-07-01 custom "receivables-rate" "ECB-MRO" 4.25
2025-01-01 custom "receivables-rate" "ECB-MRO" 3.15
2020-01-01 custom "receivables-policy" "limitation"
  period: "2 years"
  restarts: "part-payment"
  law: "a statute"
2020-01-01 custom "receivables-policy" "provision"
  months: "6 30%, 12 50%, 24 70%, 36 100%"
2020-01-01 custom "receivables-policy" "revaluation"
  currency: "VND"
2020-01-01 custom "receivables-policy" "write-off"
  age: 365
2020-01-01 price USD 25,000 VND
"""
RELATIONS = ("penalties", "penalty_balances", "limitation", "provision", "revaluation", "write_off_proposals")


def main(ledger: str, date: str) -> None:
    """Load with the policies, and time."""
    as_of = datetime.date.fromisoformat(date)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "main.beancount"
        path.write_text(f'include "{Path(ledger).absolute()}"\n{POLICIES}', "utf-8")
        book = load_book(path).book
    # As the command does: nothing of a loaded ledger is ever garbage.
    gc.freeze()
    told = {}
    for name in RELATIONS:
        seconds = []
        rows = 0
        for _ in range(ROUNDS):
            started = time.perf_counter()
            rows = len(evaluate(book, name, as_of).rows)
            seconds.append(time.perf_counter() - started)
        told[name] = {"seconds": round(min(seconds), 2), "rows": rows}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
