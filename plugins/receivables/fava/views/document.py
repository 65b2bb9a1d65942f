"""The page of a document: what settled it, when and by which entry, its papers, its penalties, its history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from receivables.faces.cells import sound
from receivables.fava.asked import AskedError
from receivables.fava.model import Cell, Failure, Figure, Link, Page, Table
from receivables.fava.tables import Desk, Shape, table
from receivables.fava.views.common import attempt, by_name, frame, params, report
from receivables.fava.views.timeline import history
from receivables.relations.question import Condition, Question
from receivables.report import Report

SETTLED_BY: Final = ("date", "by", "kind", "instalment", "currency", "amount", "days_late", "entry")
SETTLES: Final = ("date", "document", "instalment", "document_date", "due", "currency", "amount", "days_late", "entry")
SEGMENTS: Final = (
    "component", "from", "to", "days", "currency", "principal", "rate", "per", "amount", "policy", "calculation",
)  # fmt: skip


class Document(NamedTuple):
    """The content of the page.

    Attributes:
      number, kind, description: What it is.
      entries: The links to Fava's window with the entry, one a posting of its own.
      details: What the ledger says of it.
      figures: Its amounts.
      instalments, settled_by, settles, penalties, limitation, history: The tables; None where there is nothing.
    """

    number: str
    kind: str
    description: str
    entries: tuple[Cell, ...]
    details: tuple[tuple[str, Cell], ...]
    figures: tuple[Figure, ...]
    instalments: Table | None
    settled_by: Table | None
    settles: Table | None
    penalties: Table | None
    limitation: Table | None
    history: Table | None


def document(desk: Desk) -> Page:
    """The page; raises AskedError for a document that the customer does not have on the day."""
    words, code = desk.words, desk.asked.customer or ""
    number = desk.asked.number
    if code not in desk.shelf.book.customers:
        raise AskedError(words("no_customer", code=code))
    found = report(desk, "documents", _about("number", code, number))
    if not found.rows:
        # An instalment is called INV-1/2.
        number = number.partition("/")[0]
        found = report(desk, "documents", _about("number", code, number))
    if not found.rows:
        raise AskedError(words("no_document", code=code, number=desk.asked.number, date=desk.as_of.isoformat()))
    documents = [by_name(found, row) for row in found.rows]
    failures: list[Failure] = []
    head = documents[0]
    content = Document(
        number=number,
        kind=words.value(head["kind"]),
        description=sound(head["description"]),
        entries=tuple(_entry(desk, each) for each in documents),
        details=tuple(_details(desk, documents)),
        figures=tuple(_figures(desk, found, documents)),
        instalments=attempt(desk, words("open_items"), failures, lambda: _instalments(desk, code, number)),
        settled_by=attempt(desk, words("settled_by"), failures, lambda: _settled_by(desk, code, number)),
        settles=attempt(desk, words("settles"), failures, lambda: _settles(desk, code, number)),
        penalties=attempt(desk, words("rule_penalties"), failures, lambda: _penalties(desk, code, number)),
        limitation=attempt(desk, words("rule_limitation"), failures, lambda: _limitation(desk, code, number)),
        history=attempt(desk, words("history"), failures, lambda: history(desk, number)),
    )
    trail = (
        Link(words("page_aging"), desk.links.page("aging")),
        Link(desk.shelf.book.customers[code].name, desk.links.customer(code)),
    )
    page = frame(desk, "document.html", number, content, trail)
    return page._replace(failures=tuple(failures))


def _about(column: str, code: str, number: str) -> Question:
    return Question(customer=code, where=(Condition(column, "=", number),))


def _entry(desk: Desk, document: dict[str, Any]) -> Cell:
    file, line = document["file"], document["line"]
    return Cell(sound(f"{file}:{line}"), desk.links.entry(file, line), sub=desk.links.editor(file, line))


def _details(desk: Desk, documents: Sequence[dict[str, Any]]) -> list[tuple[str, Cell]]:
    words, head = desk.words, documents[0]
    found = [
        (words("customer"), Cell(sound(head["name"]), desk.links.customer(head["customer"]))),
        *(
            (words("account"), Cell(sound(account), desk.links.places.account(account)))
            for account in dict.fromkeys(str(each["account"]) for each in documents)
        ),
        (words.columns["date"], Cell(head["date"].isoformat())),
    ]
    if head["due"] is not None:
        found.append((words.columns["due"], Cell(head["due"].isoformat())))
    if head["terms"]:
        found.append((words.columns["terms"], Cell(sound(head["terms"]))))
    found.append((words.columns["status"], Cell(words.value(head["status"]))))
    book = desk.shelf.of(desk.asked.account, desk.asked.customer)
    item = next((i for i, number in enumerate(book.items.number) if number == head["number"]), None)
    if item is not None:
        said = book.texts.details(item)
        found += [(words.key(key), Cell(words.said(value))) for key, value in said.items() if value is not None]
    return found


def _figures(desk: Desk, found: Report, documents: Sequence[dict[str, Any]]) -> list[Figure]:
    words = desk.words
    figures = []
    for each in documents:
        digits = found.digits.get(each["currency"], 0)
        figures += [
            Figure(words("original_in", currency=each["currency"]), words.money(each["original"], digits)),
            Figure(words.columns["settled"], words.money(each["settled"], digits)),
            Figure(words.columns["outstanding"], words.money(each["outstanding"], digits)),
        ]
    return figures


def _instalments(desk: Desk, code: str, number: str) -> Table | None:
    question = _about("number", code, number)
    found = report(desk, "open_items", question)
    columns = (
        "instalment", "kind", "due", "currency", "original", "settled", "outstanding", "days_overdue", "disputed",
        "entry",
    )  # fmt: skip
    shape = Shape("open", columns, desk.words("open_items"), params(desk, question), sortable=False)
    return table(desk, found, shape) if found.rows else None


def _settled_by(desk: Desk, code: str, number: str) -> Table | None:
    question = _about("document", code, number)
    found = report(desk, "settlements", question)
    shape = Shape("settled-by", SETTLED_BY, desk.words("settled_by"), params(desk, question), totals=True)
    return table(desk, found, shape) if found.rows else None


def _settles(desk: Desk, code: str, number: str) -> Table | None:
    question = _about("by", code, number)
    found = report(desk, "settlements", question)
    shape = Shape("settles", SETTLES, desk.words("settles"), params(desk, question), totals=True)
    return table(desk, found, shape) if found.rows else None


def _penalties(desk: Desk, code: str, number: str) -> Table | None:
    question = _about("number", code, number)
    found = report(desk, "penalties", question)
    shape = Shape("penalties", SEGMENTS, desk.words("rule_penalties"), params(desk, question), totals=True)
    return table(desk, found, shape) if found.rows or found.problems else None


def _limitation(desk: Desk, code: str, number: str) -> Table | None:
    question = _about("number", code, number)
    found = report(desk, "limitation", question)
    columns = ("instalment", "last_day", "days_left", "status", "warning", "policy", "calculation", "proof")
    shape = Shape("limitation", columns, desk.words("rule_limitation"), params(desk, question), sortable=False)
    return table(desk, found, shape) if found.rows else None
