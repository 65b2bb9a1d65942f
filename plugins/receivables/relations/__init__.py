"""Relations: every report, defined once, by name.

`evaluate` answers a question about a relation; the terminal, files, BQL and Fava show the answer.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final, NamedTuple

from receivables.book import Book
from receivables.lookup import Lookup
from receivables.relations.question import Question, grouped
from receivables.report import Column, Report, Value
from receivables.view import View, view


class Relation(NamedTuple):
    """A report by name; its module, of the same name in this package, is imported when it is asked for.

    Attributes:
      name: The name in BQL and in output, and of the module.
      title: What a person calls it.
      about: One sentence.
      periodic: Whether the first day of a period means something.
      converts: Whether amounts can be shown in a reporting currency.
    """

    name: str
    title: str
    about: str
    periodic: bool = False
    converts: bool = False

    @property
    def module(self) -> Any:
        """The module: `evaluate(view, question)`, and `COLUMNS` or `columns_on(book, day)`."""
        return import_module(f"receivables.relations.{self.name}")

    def evaluate(self, view: View, question: Question) -> Report:
        """The report for a view and a question."""
        report: Report = self.module.evaluate(view, question)
        return report

    def columns(self, book: Book, as_of: datetime.date) -> tuple[Column, ...]:
        """The columns as of a day (only aging's depend on it)."""
        columns_on = getattr(self.module, "columns_on", None)
        columns: tuple[Column, ...] = self.module.COLUMNS if columns_on is None else columns_on(book, as_of)
        return columns


RELATIONS: Final[Mapping[str, Relation]] = {
    relation.name: relation
    for relation in (
        Relation(
            "customers",
            "Customers",
            "Who the customers are and what was agreed.",
        ),
        Relation(
            "documents",
            "Documents",
            "Every document with what is open of it.",
            periodic=True,
        ),
        Relation(
            "open_items",
            "Open items",
            "What is open, item by item, and how overdue it is.",
            converts=True,
        ),
        Relation(
            "aging",
            "Aging",
            "What is open by customer and age, with the tie-out.",
            converts=True,
        ),
        Relation(
            "settlements",
            "Settlements",
            "What settled what, when and by which entry.",
            periodic=True,
        ),
        Relation(
            "statement",
            "Statement of account",
            "A customer's movements with a running balance.",
            periodic=True,
        ),
        Relation(
            "penalties",
            "Penalties",
            "What late payment costs, segment by segment.",
        ),
        Relation(
            "penalty_balances",
            "Penalties to charge",
            "Penalties computed, charged, and left to charge.",
        ),
        Relation(
            "limitation",
            "Limitation",
            "By which day each open claim must be sued for, and how near that is.",
        ),
        Relation(
            "provision",
            "Provision for doubtful debts",
            "What is provided for each open debt.",
        ),
        Relation(
            "provision_movement",
            "Movement of the provision",
            "The allowance from opening to closing.",
            periodic=True,
        ),
        Relation(
            "loss_rates",
            "Loss rates",
            "What the ledger's past says of each bucket.",
        ),
        Relation(
            "revaluation",
            "Revaluation",
            "What is open in a foreign currency at the closing rate.",
        ),
        Relation(
            "exchange_check",
            "Realised exchange differences",
            "Whether the differences of settlements were booked.",
            periodic=True,
        ),
        Relation(
            "write_off_proposals",
            "Write-off proposals",
            "What may be given up by policy, and what it still lacks.",
        ),
        Relation(
            "bad_debts",
            "Bad debts",
            "What was written off and what was recovered, by portfolio and reason.",
            periodic=True,
        ),
        Relation(
            "credit_memos",
            "Credit memos",
            "Every credit memo, why it was given and to what it went.",
            periodic=True,
        ),
        Relation(
            "changes",
            "Changes",
            "What is open and overdue before and after a period, and why.",
            periodic=True,
        ),
        Relation(
            "kpis",
            "Key figures",
            "Days sales outstanding and collection effectiveness, month by month.",
            periodic=True,
        ),
        Relation(
            "promises",
            "Promises",
            "What customers promised to pay, and whether it came in time.",
        ),
        Relation(
            "credit_limits",
            "Credit limits",
            "What each customer owes against the credit limit.",
        ),
        Relation(
            "in_hand",
            "Cash and cheques in hand",
            "Who holds which cash and cheques, since when, and what should be at the bank by now.",
        ),
        Relation(
            "cash_movements",
            "Movements of cash and cheques",
            "What was received in hand, handed over and deposited.",
            periodic=True,
        ),
        Relation(
            "overpayments",
            "Overpayments",
            "What customers and employees paid too much, and what was paid back of it.",
        ),
        Relation(
            "group_balances",
            "Balances between companies",
            "What the companies of the group owe each other, by the books of both.",
        ),
        Relation(
            "group_movements",
            "Movements between companies",
            "Every entry that makes a balance between companies.",
            periodic=True,
        ),
        Relation(
            "receipt_books",
            "Receipt books",
            "Who holds which book of receipt vouchers, and what is left of it.",
        ),
        Relation(
            "vouchers",
            "Receipt vouchers",
            "Which numbers were used for which receipt, are void, missing or used twice.",
            periodic=True,
        ),
        Relation(
            "tie_out",
            "Tie-out",
            "The ledger's balances against the open items.",
        ),
    )
}
"""Name → relation."""


def evaluate(book: Book, name: str, as_of: datetime.date, question: Question | None = None) -> Report:
    """The relation `name` as of the end of `as_of`, for a question.

    Raises KeyError for a name that is no relation and `ConditionError` for a condition that cannot be
    compared.
    """
    asked = question or Question()
    relation = RELATIONS[name]
    seen = view(book, as_of)
    if not asked.by or name == "aging":
        return relation.evaluate(seen, asked)
    return grouped_by(book, relation.evaluate(seen, asked._replace(by=())), asked.by)


def grouped_by(book: Book, detail: Report, keys: Sequence[str]) -> Report:
    """The rows of a relation added up by columns or metadata keys, and by currency."""
    # Amounts are by currency in any case.
    by = tuple(key for key in keys if key != "currency")
    return grouped(detail, _keys(book, detail, by), by)


def _keys(book: Book, report: Report, by: tuple[str, ...]) -> list[tuple[Value, ...]]:
    """For each row the values of the grouping keys: the row's own column, else metadata."""
    names = [column.name for column in report.columns]
    own = {key: names.index(key) for key in by if key in names}
    lookup = Lookup(book)
    places: dict[tuple[object, object], int] = {}
    if len(own) < len(by) and "line" in names:
        places = {book.texts.source(item): item for item in range(len(book.items.pocket))}
    keys = []
    for row in report.rows:
        item = places.get((row[names.index("file")], row[names.index("line")])) if places else None
        keys.append(tuple(row[own[key]] if key in own else _metadata(lookup, item, row, names, key) for key in by))
    return keys


def _metadata(lookup: Lookup, item: int | None, row: tuple[Value, ...], names: list[str], key: str) -> Value:
    if item is not None:
        return lookup.of_item(item, key)
    said = lookup.of_money(str(row[names.index("account")]), key) if "account" in names else None
    if said is None and "customer" in names:
        return lookup.of_customer(str(row[names.index("customer")]), key)
    return said
