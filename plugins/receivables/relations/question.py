"""A question: which rows of a relation, of which period, grouped how, in which currency."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from receivables.book import Book
from receivables.lookup import Lookup
from receivables.report import Column, Report, Row, Value
from receivables.view import View

OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "!=": lambda have, want: bool(have != want),
    ">=": lambda have, want: bool(have >= want),
    "<=": lambda have, want: bool(have <= want),
    "=": lambda have, want: bool(have == want),
    ">": lambda have, want: bool(have > want),
    "<": lambda have, want: bool(have < want),
    "~": lambda have, want: want.casefold() in have.casefold(),
}
"""How a condition compares; `~` means "contains", whatever the case."""

SINCE: Final = "since"
DAYS: Final = "days"
"""The columns of a relation that says since when something is there; a group has those of its oldest row."""

_CONDITION: Final = re.compile(r"\s*([A-Za-z][\w-]*)\s*(!=|>=|<=|=|>|<|~)\s*(.*?)\s*", re.DOTALL)


class ConditionError(ValueError):
    """A condition that cannot be read, or that compares what cannot be compared."""


class Condition(NamedTuple):
    """One `--where`: a column or metadata key, an operator and the text to compare with."""

    key: str
    operator: str
    value: str

    def holds(self, have: Any) -> bool:
        """Whether a cell or metadata value fulfils the condition; a missing one only fulfils `!=`.

        Raises ConditionError when the condition's text is no number (or date) and the value is one.
        """
        if have is None or have == "":
            return (self.operator == "=" and not self.value) or (self.operator == "!=" and bool(self.value))
        compare = OPERATORS[self.operator]
        if self.operator == "~":
            return compare(str(have), self.value)
        return compare(have, self._wanted(have))

    def _wanted(self, have: Any) -> Any:
        try:
            if isinstance(have, bool):
                return {"true": True, "yes": True, "false": False, "no": False}[self.value.casefold()]
            if isinstance(have, int | Decimal):
                number = Decimal(self.value.replace(",", ""))
                if number.is_nan():
                    # Nothing can be compared with it.
                    raise ValueError(self.value)
                return number
            if isinstance(have, datetime.date):
                return datetime.date.fromisoformat(self.value)
        except (KeyError, InvalidOperation, ValueError) as error:
            wanted = "a date (2026-03-31)" if isinstance(have, datetime.date) else "a number"
            wanted = "yes or no" if isinstance(have, bool) else wanted
            raise ConditionError(f'--where {self.key}: "{self.value}" is not {wanted}') from error
        return self.value


class Question(NamedTuple):
    """What is asked of a relation.

    Attributes:
      customer: Only this customer code; None for all.
      where: Conditions that must all hold, on columns or on metadata of document, account, customer.
      by: Group by these columns or metadata keys and add the amounts up; () for no grouping.
      period_from: First day of the period, for relations that have one.
      currency: Convert amounts into this currency; None leaves them in the documents' currencies.
    """

    customer: str | None = None
    where: tuple[Condition, ...] = ()
    by: tuple[str, ...] = ()
    period_from: datetime.date | None = None
    currency: str | None = None

    @property
    def first_day(self) -> int:
        """The ordinal of the period's first day; 0, which is before all days, where the period has no beginning."""
        return 0 if self.period_from is None else self.period_from.toordinal()


def read_condition(text: str) -> Condition:
    """Read `collector=lan`, `days_overdue>30`, `name~tower`.

    Raises ConditionError when there is no key or no operator.

    >>> read_condition("days_overdue >= 30")
    Condition(key='days_overdue', operator='>=', value='30')
    """
    found = _CONDITION.fullmatch(text)
    if found is None:
        raise ConditionError(
            f'--where "{text}" cannot be read: write key=value, for example collector=lan, '
            f"days_overdue>30 or name~tower (operators: {' '.join(OPERATORS)})"
        )
    return Condition(*found.groups())


def split_conditions(question: Question, columns: Sequence[str]) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """The conditions on columns of the relation, and those on metadata."""
    on_columns = tuple(condition for condition in question.where if condition.key in columns)
    on_metadata = tuple(condition for condition in question.where if condition.key not in columns)
    return on_columns, on_metadata


def keeper(book: Book, question: Question, conditions: Sequence[Condition]) -> Callable[[int], bool] | None:
    """A test for items by customer and metadata conditions; None when every item passes."""
    if question.customer is None and not conditions:
        return None
    lookup = Lookup(book)
    pockets = book.items.pocket
    wanted = None if question.customer is None else [
        pocket.customer == question.customer for pocket in book.pockets
    ]  # fmt: skip

    def keep(item: int) -> bool:
        if wanted is not None and not wanted[pockets[item]]:
            return False
        return all(condition.holds(lookup.of_item(item, condition.key)) for condition in conditions)

    return keep


def keeper_for(book: Book, question: Question, columns: Sequence[str]) -> Callable[[int], bool] | None:
    """As `keeper`, by all conditions that are on no column of the relation."""
    return keeper(book, question, split_conditions(question, columns)[1])


def narrowed(view: View, question: Question, columns: Sequence[str]) -> View:
    """The view with only the open items that the question's metadata conditions keep."""
    keep = keeper_for(view.book, question, columns)
    return view if keep is None else view.restricted(keep)


def filtered(rows: Sequence[Row], columns: Sequence[Column], question: Question) -> list[Row]:
    """The rows that fulfil the question's conditions on columns."""
    names = [column.name for column in columns]
    conditions = [(names.index(c.key), c) for c in split_conditions(question, names)[0]]
    if not conditions:
        return list(rows)
    return [row for row in rows if all(c.holds(row[position]) for position, c in conditions)]


def known_keys(book: Book) -> set[str]:
    """Every metadata key of customers and accounts, to tell a misspelt key from an empty one."""
    keys = {key for customer in book.customers.values() for key in customer.details}
    for details in book.account_details.values():
        keys.update(key for key in details if not key.startswith("__"))
    return keys


def money_keys(book: Book) -> set[str]:
    """Every metadata key of accounts at the bank, in hand and between companies."""
    return {key for details in book.money_details.values() for key in details if not key.startswith("__")}


def grouped(report: Report, keys: Sequence[tuple[Value, ...]], by: Sequence[str]) -> Report:
    """The report added up by `keys`, one key a row of it, never across currencies.

    Args:
      report: The detail.
      keys: For each row the values of the `by` keys.
      by: What the keys are called.
    Returns:
      One row for each group and currency: the keys, the currency, the number of rows, the sum of every column that
      can be added up, and, where rows say since when, since when the oldest is there and for how many days.
    """
    totals = [(position, column) for position, column in enumerate(report.columns) if column.total and column.money]
    money = totals[0][1].money if totals else None
    # Amounts in another currency than the rows' own would need groups of their own.
    summed = [(position, column) for position, column in totals if column.money == money]
    currency = None if money is None else report.position(money)
    groups: dict[tuple[Value, ...], list[Any]] = {}
    fulls = [
        key if currency is None else (*key, row[currency]) for row, key in zip(report.rows, keys, strict=True)
    ]  # fmt: skip
    for row, full in zip(report.rows, fulls, strict=True):
        sums = groups.setdefault(full, [0, *(Decimal(0) for _ in summed)])
        sums[0] += 1
        for place, (position, _) in enumerate(summed, start=1):
            amount = row[position]
            if isinstance(amount, Decimal):
                sums[place] += amount
    columns = [Column(name, str, f"Group by {name}.", key=True) for name in by]
    if currency is not None:
        columns.append(report.columns[currency])
    columns.append(Column("count", int, f"How many rows of {report.relation} are in the group."))
    columns.extend(column for _, column in summed)
    order = sorted(groups, key=sortable)
    rows = [(*key, *groups[key]) for key in order]
    if {SINCE, DAYS} <= {column.name for column in report.columns}:
        columns += [
            Column(SINCE, datetime.date, "The earliest day of the group."),
            Column(DAYS, int, "Days since then."),
        ]
        oldest = _oldest(report, fulls)
        rows = [
            (*row, since, None if since is None else (report.as_of - since).days)
            for row, since in zip(rows, (oldest.get(key) for key in order), strict=True)
        ]
    return report._replace(columns=tuple(columns), rows=rows)


def _oldest(report: Report, groups: Sequence[tuple[Value, ...]]) -> dict[tuple[Value, ...], datetime.date]:
    """Group → the earliest day since which a row of it says to be there; `groups` has the group of each row."""
    position = report.position(SINCE)
    found: dict[tuple[Value, ...], datetime.date] = {}
    for row, group in zip(report.rows, groups, strict=True):
        since = row[position]
        if isinstance(since, datetime.date):
            found[group] = min(since, found.get(group, since))
    return found


def sortable(key: tuple[Value, ...]) -> tuple[tuple[bool, str], ...]:
    """What groups are put in order by: their keys as text, those without a value last."""
    return tuple((value is None, "" if value is None else str(value)) for value in key)
