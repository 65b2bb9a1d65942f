"""Ledgers in tests: a ledger's text into what the book says, as a reader of a test would say it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from beancount import loader

from receivables.book import Book
from receivables.booking import build
from receivables.language.reading import read
from receivables.problems import Problem
from receivables.relations import evaluate
from receivables.relations.question import Question, read_condition
from receivables.relations.tie_out import ties
from receivables.report import Report
from receivables.view import view

COMPANY = """
2025-01-01 open Assets:Receivable:HanoiTower
2025-01-01 open Assets:Receivable:OldMill
2025-01-01 open Assets:Receivable:BlueReef
2025-01-01 open Assets:Bank
2025-01-01 open Income:Sales
2025-01-01 open Income:FX
2025-01-01 open Expenses:BadDebt
2025-01-01 open Expenses:BankFees
2025-01-01 open Expenses:Discounts
2025-01-01 open Assets:WithholdingTax
2025-01-01 open Liabilities:VAT
2025-01-01 open Equity:Opening
"""
"""The accounts of most stories: three customers and what stands on the other side."""


def day(text: str) -> datetime.date:
    """A date from 2026-03-31."""
    return datetime.date.fromisoformat(text)


def shown(amount: Any, currency: str) -> str:
    """An amount as a test says it: 1,500 VND."""
    return f"{amount:,} {currency}"


class Told:
    """A ledger, loaded, with the questions that tests ask of it.

    Attributes:
      text: The ledger as loaded, so that a line's number can be looked up.
      entries, errors, options: Beancount's.
      book: The book.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.entries, self.errors, self.options = loader.load_string(text)
        self.book: Book = build(read(self.entries, self.options))

    @property
    def problems(self) -> Sequence[Problem]:
        """What the book found wrong or odd."""
        return self.book.problems

    @property
    def codes(self) -> list[str]:
        """The codes of the problems, in order of the alphabet."""
        return sorted(item.code for item in self.problems)

    def report(self, relation: str, as_of: str = "2099-12-31", *where: str, **asked: Any) -> Report:
        """A relation as of a day; `where` as on the command line."""
        conditions = tuple(read_condition(text) for text in where)
        return evaluate(self.book, relation, day(as_of), Question(where=conditions, **asked))

    def rows(self, relation: str, as_of: str = "2099-12-31", *where: str, **asked: Any) -> list[dict[str, Any]]:
        """The rows of a relation by column name."""
        report = self.report(relation, as_of, *where, **asked)
        names = [column.name for column in report.columns]
        return [dict(zip(names, row, strict=True)) for row in report.rows]

    def open_on(self, as_of: str, customer: str | None = None) -> dict[str, str]:
        """What is open: "INV-1" or "INV-1/2" → "1,500 VND", for one customer or for all."""
        found: dict[str, str] = {}
        for row in self.rows("open_items", as_of, customer=customer):
            label = row["number"] + (f"/{row['instalment']}" if row["instalment"] else "")
            key = label if label not in found else f"{label} ({row['currency']}, {row['account']})"
            found[key] = shown(row["outstanding"], row["currency"])
        return found

    def settled_by(self, as_of: str = "2099-12-31") -> list[str]:
        """The settlements, each as "2026-05-04 INV-1 <- RC-1 1,500 VND"."""
        return [
            f"{row['date']} {row['document']}{'/' + str(row['instalment']) if row['instalment'] else ''}"
            f" <- {row['by']} {shown(row['amount'], row['currency'])}"
            for row in self.rows("settlements", as_of)
        ]

    def aged(self, as_of: str, customer: str = "HanoiTower") -> dict[str, str]:
        """The aging of a customer: every amount that is not zero, by column, for each currency."""
        found: dict[str, str] = {}
        for row in self.rows("aging", as_of, customer=customer):
            for name, value in row.items():
                if isinstance(value, Decimal) and value and name != "rate":
                    found[name if name not in found else f"{name} {row['currency']}"] = shown(value, row["currency"])
        return found

    def kinds(self, as_of: str = "2099-12-31") -> dict[str, str]:
        """Number → kind of every document."""
        return {row["number"]: row["kind"] for row in self.rows("documents", as_of)}

    def dues(self, as_of: str = "2099-12-31") -> dict[str, str]:
        """What is open → its due date."""
        return {
            row["number"] + (f"/{row['instalment']}" if row["instalment"] else ""): str(row["due"])
            for row in self.rows("open_items", as_of)
        }

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    def line(self, number: int) -> str:
        """The line of the ledger's text with this number, stripped."""
        return self._lines[number - 1].strip()

    def assert_ties_out(self) -> None:
        """The open items are the accounts' balances on every day on which something happened."""
        for date in sorted({entry.date for entry in self.entries}):
            for tie in ties(view(self.book, date)):
                assert tie.difference == 0, (date, tie)


_DIRECTIVE: Final = re.compile(r" *(?=\d{4}-\d\d-\d\d |option |plugin |include )")


def unindented(text: str) -> str:
    """The ledger's text with every directive at the line's beginning, however the test indents its parts."""
    lines = []
    indent = ""
    for line in text.split("\n"):
        found = _DIRECTIVE.match(line)
        if found is not None:
            indent = found[0]
        lines.append(line.removeprefix(indent))
    return "\n".join(lines)


def told(text: str, *, problems: Sequence[str] = (), company: str = COMPANY) -> Told:
    """The story of a ledger: loaded without any error of Beancount, with exactly these problems.

    Args:
      text: The ledger; its indentation may be the test's.
      problems: The codes of the problems that the ledger has, in any order.
      company: What stands before: by default the accounts of `COMPANY`.
    """
    story = Told(company + unindented(text))
    assert [error.message for error in story.errors] == []
    assert story.codes == sorted(problems), [item.message for item in story.problems]
    story.assert_ties_out()
    return story
