"""The rules: what each would book now, with every segment of it, and the way to book it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from receivables.fava.asked import RULES, AskedError
from receivables.fava.model import Failure, Link, Page, Table
from receivables.fava.tables import Desk, Shape, table
from receivables.fava.views.common import attempt, frame, params, permitted
from receivables.report import Column


class Shown(NamedTuple):
    """The tables of a rule: relation → the columns shown, the one with what is to book first."""

    tables: Mapping[str, tuple[str, ...]]
    posts: bool


RULE_TABLES: Final[Mapping[str, Shown]] = {
    "penalties": Shown(
        {
            "penalty_balances": (
                "customer", "number", "currency", "computed", "charged", "to_charge", "policy", "entry",
            ),
            "penalties": (
                "customer", "number", "instalment", "component", "from", "to", "days", "currency", "principal", "rate",
                "per", "amount", "policy", "calculation", "entry",
            ),
        },
        True,
    ),
    "provision": Shown(
        {
            "provision_movement": (),
            "provision": (
                "customer", "number", "instalment", "segment", "currency", "outstanding", "exposure", "days_overdue",
                "bucket", "method", "rate", "amount", "calculation", "entry",
            ),
        },
        True,
    ),
    "limitation": Shown(
        {
            "limitation": (
                "customer", "number", "instalment", "due", "currency", "outstanding", "policy", "last_day",
                "days_left", "status", "warning", "calculation", "entry",
            ),
        },
        False,
    ),
    "write_off_proposals": Shown({"write_off_proposals": ()}, True),
    "revaluation": Shown({"revaluation": ()}, True),
}  # fmt: skip
"""Rule → its tables; without columns all of them are shown."""


SLOW: Final = frozenset({"penalty_balances", "penalties"})
"""Tables that go through all late documents, also those that were paid long ago."""

MANY: Final = 10_000
"""In a book of more items a slow table is fetched when the page stands already."""


class Rule(NamedTuple):
    """The content of the page.

    Attributes:
      rule: One of `RULES`.
      tabs: The rules.
      tables: What it says.
      as_of: The day.
      url: Where what it would book is asked for and booked; "" for a rule that books nothing, or a ledger that is read.
      why_not: Why nothing can be booked from here; "" where it can.
    """

    rule: str
    tabs: tuple[Link, ...]
    tables: tuple[Table, ...]
    as_of: str
    url: str
    why_not: str


def rules(desk: Desk, *, writable: bool) -> Page:
    """The page of a rule; it is always about the whole ledger, as what is booked is."""
    words, rule = desk.words, desk.asked.rule
    shown = RULE_TABLES[rule]
    failures: list[Failure] = []
    tables = [
        attempt(desk, _title(desk, relation), failures, lambda relation=relation: _now_or_later(desk, relation))  # type: ignore[misc]
        for relation in shown.tables
    ]
    if not shown.posts:
        why_not = words("books_nothing")
    elif words.hidden:
        why_not = words("not_incognito")
    else:
        why_not = "" if writable else words("read_only")
    content = Rule(
        rule,
        tuple(Link(words(f"rule_{name}"), desk.links.page("rules", ("rule", name)), name == rule) for name in RULES),
        tuple(made for made in tables if made is not None),
        desk.as_of.isoformat(),
        "" if why_not else desk.links.endpoint("posting"),
        why_not,
    )
    page = frame(desk, "rules.html", words(f"rule_{rule}"), content)
    if desk.asked.account:
        filtered = words("account_filter", account=desk.asked.account)
        remarks = tuple(words("whole_ledger") if remark == filtered else remark for remark in page.remarks)
        page = page._replace(remarks=remarks)
    return page._replace(failures=tuple(failures))


def part(desk: Desk, relation: str) -> Table:
    """One table of the page; raises AskedError for one that the rule does not have."""
    if relation not in RULE_TABLES[desk.asked.rule].tables:
        raise AskedError(f'the rule "{desk.asked.rule}" has no table "{relation}"')
    return _table(desk, relation)


def _now_or_later(desk: Desk, relation: str) -> Table:
    """The table, or in place of one that takes long and was not made yet, where it is fetched from."""
    slow = relation in SLOW and len(desk.shelf.book.items.number) > MANY and not desk.asked.whole
    if not slow or desk.shelf.has(relation, desk.as_of, desk.asked.question):
        return _table(desk, relation)
    links = desk.links
    return Table(relation, _title(desk, relation), (), (), later=links.part(relation), whole=links.finished())


def _table(desk: Desk, relation: str) -> Table:
    question = permitted(desk, relation, desk.asked.question)
    found = desk.shelf.report(relation, desk.as_of, question)
    columns = RULE_TABLES[desk.asked.rule].tables[relation] or tuple(
        column.name for column in found.columns if column.name not in ("name", "file", "account")
    )
    columns = (*columns, "entry") if "entry" not in columns and _has_entry(found.columns) else columns
    shape = Shape(relation, columns, _title(desk, relation), params(desk, question), totals=True, notes=True)
    return table(desk, found, shape._replace(empty=desk.words("nothing_now")))


def _title(desk: Desk, relation: str) -> str:
    # A note on a customer is called provision as well.
    return desk.words.value("provision_detail" if relation == "provision" else relation)


def _has_entry(columns: Sequence[Column]) -> bool:
    return {"file", "line"} <= {column.name for column in columns}
