"""A report: one relation evaluated as of a date, typed columns and rows, ready for any face.

A relation (see `receivables.relations`) is defined once; evaluating it gives a `Report`.
Faces (`receivables.faces`), BQL tables and Fava all show this same value and compute nothing but its totals.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from receivables.money import EXACT
from receivables.problems import Problem

Value = str | int | bool | Decimal | datetime.date | None
"""What a cell may hold. Money and rates are `Decimal` with their exact digits; a missing value is None."""

Row = tuple[Value, ...]


class Column(NamedTuple):
    """One typed column of a relation.

    Attributes:
      name: The name that scripts depend on (lower case, underscores).
      type: The Python type of its values: str, int, bool, Decimal or datetime.date.
      about: One sentence of meaning, with unit; shown by `--help`, `.describe` and the docs.
      money: For an amount, the name of the column that holds its currency; None for anything else.
      total: Whether adding the column up, one currency at a time, means something.
      key: Whether the column says what a row is about, so that no face may leave it out.
    """

    name: str
    type: type
    about: str
    money: str | None = None
    total: bool = False
    key: bool = False


class Report(NamedTuple):
    """A relation evaluated as of a date.

    Attributes:
      relation: The relation's name, e.g. "open_items".
      title: What a person calls it, e.g. "Open items".
      as_of: The day as of which it was evaluated.
      columns: The columns, in order.
      rows: One tuple a row, values in the order of the columns.
      notes: Sentences a reader needs beside the figures: the aging basis, the rates used, the tie-out.
      digits: For each currency, how many decimal places its amounts show (VND 0, USD 2, KWD 3).
      problems: What was found wrong while the figures were made, as a rate that is missing for a day.
    """

    relation: str
    title: str
    as_of: datetime.date
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    notes: tuple[str, ...] = ()
    digits: dict[str, int] = {}
    problems: tuple[Problem, ...] = ()

    def position(self, name: str) -> int:
        """The position of the column called `name`; raises KeyError when there is none."""
        for place, column in enumerate(self.columns):
            if column.name == name:
                return place
        raise KeyError(name)


def totals(report: Report) -> dict[str, dict[str, Decimal]]:
    """Sums of the columns marked `total`, by currency and column name; never across currencies.

    >>> from decimal import Decimal as D
    >>> report = Report("r", "R", datetime.date(2026, 1, 1), (
    ...     Column("currency", str, "Currency."),
    ...     Column("open", Decimal, "Open amount.", money="currency", total=True)),
    ...     [("USD", D("1.50")), ("VND", D("7")), ("USD", D("2.25"))])
    >>> totals(report)
    {'USD': {'open': Decimal('3.75')}, 'VND': {'open': Decimal('7')}}
    """
    sums: dict[str, dict[str, Decimal]] = {}
    wanted = [
        (position, column.name, report.position(column.money))
        for position, column in enumerate(report.columns)
        if column.total and column.money is not None
    ]
    for row in report.rows:
        for position, name, currency_position in wanted:
            amount = row[position]
            if isinstance(amount, Decimal):
                of_currency = sums.setdefault(str(row[currency_position]), {})
                of_currency[name] = EXACT.add(of_currency.get(name, Decimal(0)), amount)
    return sums
