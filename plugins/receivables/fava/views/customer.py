"""The page of a customer: what is open and how old, everything that happened, and what was agreed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from receivables.faces.cells import sound
from receivables.fava.asked import AskedError
from receivables.fava.links import mail
from receivables.fava.model import Cell, Failure, Figure, Link, Page, Table
from receivables.fava.tables import Desk, Shape, table
from receivables.fava.views.bridge import bridge
from receivables.fava.views.common import attempt, by_name, frame, params, report
from receivables.fava.views.timeline import timeline
from receivables.relations.question import Condition, Question
from receivables.report import Report
from receivables.settings import lines

NOTES: Final = ("note", "call", "email", "visit", "meeting", "promise")
"""The kinds of notes that can be written from the page."""

_SHOWN: Final = frozenset({"customer", "name", "credit-limit", "address"})


class Form(NamedTuple):
    """What the form for a note offers."""

    url: str
    kinds: tuple[str, ...]
    documents: tuple[str, ...]
    currencies: tuple[str, ...]


class Customer(NamedTuple):
    """The content of the page.

    Attributes:
      code, name: Whose it is.
      details: What was agreed and whom to ask, each with its label.
      figures: What is open, overdue and left of the limit.
      bridges: Why that changed, a table a currency.
      aging, open_items, promises, timeline: The tables; promises are None when there are none.
      statement: The parameters that the form of the statement keeps, its address, and its first and last day.
      form: The form for a note; None where nothing can be written.
    """

    code: str
    name: str
    details: tuple[tuple[str, Cell], ...]
    figures: tuple[Figure, ...]
    bridges: tuple[Table, ...]
    aging: Table | None
    open_items: Table | None
    promises: Table | None
    timeline: Table | None
    statement: tuple[str, str, str]
    form: Form | None


def customer(desk: Desk, *, writable: bool) -> Page:
    """The page; raises AskedError for a customer that the book does not have."""
    words, code = desk.words, desk.asked.customer or ""
    known = desk.shelf.book.customers.get(code)
    if known is None:
        raise AskedError(words("no_customer", code=code))
    failures: list[Failure] = []
    asked = Question(customer=code)
    content = Customer(
        code=code,
        name=known.name,
        details=tuple(_details(desk)),
        figures=tuple(attempt(desk, words("open"), failures, lambda: list(_figures(desk))) or ()),
        bridges=attempt(desk, words("changes"), failures, lambda: _bridges(desk)) or (),
        aging=attempt(desk, words("page_aging"), failures, lambda: _aging(desk, asked)),
        open_items=attempt(desk, words("open_items"), failures, lambda: _open_items(desk, asked)),
        promises=attempt(desk, words("promises"), failures, lambda: _promises(desk, asked)),
        timeline=attempt(desk, words("timeline"), failures, lambda: timeline(desk, asked)),
        statement=(desk.links.endpoint("statement"), *_period(desk)),
        form=_form(desk) if writable else None,
    )
    trail = (Link(words("page_aging"), desk.links.page("aging")),)
    page = frame(desk, "customer.html", known.name, content, trail)
    return page._replace(failures=tuple(failures))


def _period(desk: Desk) -> tuple[str, str]:
    first = desk.asked.period_from or desk.as_of.replace(day=1)
    return first.isoformat(), desk.as_of.isoformat()


def _details(desk: Desk) -> Iterator[tuple[str, Cell]]:
    """What the ledger says about the customer; only an e-mail address becomes a link."""
    words = desk.words
    known = desk.shelf.book.customers[desk.asked.customer or ""]
    yield words("code"), Cell(sound(known.code))
    for account in known.accounts:
        yield words("account"), Cell(sound(account), desk.links.places.account(account))
    for key, value in known.details.items():
        if key in _SHOWN or key.startswith("__") or value is None:
            continue
        shown = words.said(value)
        yield words.key(key), Cell(shown, mail(shown) if key == "email" else "", remote=key == "email")
    address = known.details.get("address")
    if isinstance(address, str) and address.strip():
        yield words("address"), Cell(sound(lines(address)), kind="lines")
    file, line = known.source.get("filename"), known.source.get("lineno")
    if isinstance(file, str) and isinstance(line, int) and line:
        shown = f"{file.rpartition('/')[2]}:{line}"
        yield words("place"), Cell(sound(shown), desk.links.editor(file, line), "place")


def _figures(desk: Desk) -> Iterator[Figure]:
    words = desk.words
    question = Question(customer=desk.asked.customer)
    changed = _changed(desk)
    for row in changed.rows:
        values = by_name(changed, row)
        currency = values["currency"]
        digits = changed.digits.get(currency, 0)
        if values["closing"] or values["overdue"]:
            yield Figure(words("open_in", currency=currency), words.money(values["closing"], digits))
            if values["overdue"]:
                yield Figure(words("overdue"), words.money(values["overdue"], digits), kind="late")
    limits = report(desk, "credit_limits", question)
    for row in limits.rows:
        values = by_name(limits, row)
        digits = limits.digits.get(values["currency"], 0)
        used = "" if values["used"] is None else words("used", number=words.number(values["used"]))
        yield Figure(
            words("limit_in", currency=values["currency"]), words.money(values["limit"], digits), used,
            kind="late" if values["status"] == "exceeded" else "",
        )  # fmt: skip


def _changed(desk: Desk) -> Report:
    return report(desk, "changes", Question(customer=desk.asked.customer, period_from=desk.asked.period_from))


def _bridges(desk: Desk) -> tuple[Table, ...]:
    found = _changed(desk)
    rows = (by_name(found, row) for row in found.rows)
    of_currency = {values["currency"]: values for values in rows}
    return tuple(
        bridge(desk, currency, of_currency[currency], found.digits.get(currency, 0))
        for currency in sorted(of_currency, key=desk.shelf.rank)
    )


def _aging(desk: Desk, asked: Question) -> Table:
    found = report(desk, "aging", asked)
    columns = tuple(column.name for column in found.columns if column.name not in ("customer", "name"))
    shape = Shape("aging", columns, desk.words("page_aging"), params(desk, asked), rows=0, sortable=False)
    return table(desk, found, shape._replace(empty=desk.words("nothing_open")))


def _open_items(desk: Desk, asked: Question) -> Table:
    found = report(desk, "open_items", asked)
    columns = (
        "number", "instalment", "kind", "date", "due", "currency", "original", "settled", "outstanding",
        "days_overdue", "disputed", "entry",
    )  # fmt: skip
    shape = Shape("open", columns, desk.words("open_items"), params(desk, asked), totals=True)
    return table(desk, found, shape._replace(empty=desk.words("nothing_open")))


def _promises(desk: Desk, asked: Question) -> Table | None:
    found = report(desk, "promises", asked)
    columns = ("date", "documents", "currency", "amount", "by", "received", "missing", "status", "comment", "entry")
    shape = Shape("promises", columns, desk.words("promises"), params(desk, asked), "-by", rows=25)
    return table(desk, found, shape) if found.rows else None


def _form(desk: Desk) -> Form:
    book = desk.shelf.of("", desk.asked.customer)
    owed = Question(customer=desk.asked.customer, where=(Condition("outstanding", ">", "0"),))
    found = report(desk, "open_items", owed)
    number, due = found.position("number"), found.position("due")
    numbers = dict.fromkeys(
        str(row[number]) for row in sorted(found.rows, key=lambda row: (row[due] is None, row[due] or desk.as_of))
    )
    currencies = dict.fromkeys([*(str(row[found.position("currency")]) for row in found.rows), *book.scales])
    return Form(desk.links.endpoint("note"), NOTES, tuple(numbers), tuple(currencies))
