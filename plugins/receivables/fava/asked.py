"""What a request asks: the page, the day, the rows and their order, read from the address alone."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from receivables.relations import RELATIONS
from receivables.relations.question import Condition, ConditionError, Question, read_condition

PAGES: Final = ("overview", "aging", "items", "customer", "document", "bank", "rules")
RULES: Final = ("penalties", "provision", "limitation", "write_off_proposals", "revaluation")
OWN: Final = (
    "page", "customer", "number", "rule", "by", "where", "files", "profile", "bank", "waiting", "whole", "sort", "rows",
)  # fmt: skip
"""The parameters of our pages; the others are Fava's."""


class AskedError(ValueError):
    """A request that cannot be answered; the message says what to change."""


class Asked(NamedTuple):
    """A request.

    Attributes:
      page: One of `PAGES`.
      as_of: The day; None for the one of the last transaction.
      period_from: The first day of Fava's time filter; None without one.
      account: Fava's account filter.
      unused: Fava's free filter, which is not about receivables.
      customer, number: What a page about one customer or document is about.
      rule: One of `RULES`.
      by: The key to group by.
      where: Conditions as on the command line.
      files, profile, bank: The statements of the bank lines: tokens, a ready profile, the ledger's bank account.
      waiting: Whether the lines on the suspense account are among the bank lines.
      whole: Whether the page is wanted with all its tables, however long that takes.
      sort: Table and column by which it is sorted, "open:-due" for descending; one a table.
      rows: Table and the row from which it is shown.
    """

    page: str = "overview"
    as_of: datetime.date | None = None
    period_from: datetime.date | None = None
    account: str = ""
    unused: str = ""
    customer: str | None = None
    number: str = ""
    rule: str = RULES[0]
    by: str = ""
    where: tuple[Condition, ...] = ()
    files: tuple[str, ...] = ()
    profile: str = ""
    bank: str = ""
    waiting: bool = False
    whole: bool = False
    sort: Mapping[str, str] = {}
    rows: Mapping[str, int] = {}

    @property
    def question(self) -> Question:
        """Customer and conditions as a question of a relation."""
        return Question(customer=self.customer, where=self.where)


DatesOf = Callable[[str], tuple[datetime.date | None, datetime.date | None]]
"""Fava's reader of time filters: the first day, and the one after the last."""


def read_asked(one: Mapping[str, str], many: Callable[[str], Sequence[str]], dates_of: DatesOf) -> Asked:
    """Read the parameters of an address.

    Args:
      one: Parameter → its (first) value.
      many: All values of a parameter.
      dates_of: Reads the time filter.
    Raises:
      AskedError: With a sentence that says which parameter cannot be read.
    """
    page, rule = one.get("page") or PAGES[0], one.get("rule") or RULES[0]
    if page not in PAGES:
        raise AskedError(f'there is no page "{page}": {", ".join(PAGES)}')
    if rule not in RULES:
        raise AskedError(f'there is no rule "{rule}": {", ".join(RULES)}')
    try:
        where = tuple(read_condition(text) for text in dict.fromkeys(many("where")) if text.strip())
    except ConditionError as error:
        raise AskedError(str(error).removeprefix("--where ")) from error
    first, last = read_period(one.get("time", ""), dates_of)
    return Asked(
        page=page,
        as_of=last,
        period_from=first,
        account=one.get("account", ""),
        unused=one.get("filter", ""),
        customer=one.get("customer") or None,
        number=one.get("number", ""),
        rule=rule,
        by=one.get("by", ""),
        where=where,
        files=tuple(filter(None, many("files"))),
        profile=one.get("profile", ""),
        bank=one.get("bank", ""),
        waiting=bool(one.get("waiting")),
        whole=bool(one.get("whole")),
        sort=dict(_pair(text) for text in many("sort")),
        rows={key: int(value) for key, value in map(_pair, many("rows")) if value.isascii() and value.isdigit()},
    )


def read_period(time: str, dates_of: DatesOf) -> tuple[datetime.date | None, datetime.date | None]:
    """The first and the last day of a time filter; None for what it does not say."""
    if not time:
        return None, None
    try:
        first, after = dates_of(time)
    except (ValueError, OverflowError) as error:
        raise AskedError(f'the time filter "{time}" is no date: {error}') from error
    if first is None and after is None:
        raise AskedError(f'the time filter "{time}" cannot be read: write it as 2026-06 or 2026-01-01 to 2026-06-30')
    last = None if after is None or after == datetime.date.min else after - datetime.timedelta(days=1)
    if first is not None and last is not None and first > last:
        raise AskedError(f'the time filter "{time}" ends before it begins')
    return first, last


def _pair(text: str) -> tuple[str, str]:
    key, _, value = text.partition(":")
    return key, value[:40]


def day(text: str, what: str) -> datetime.date:
    """A date from a parameter; raises AskedError with its name."""
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise AskedError(f'{what} "{text}" is not a date: write it as 2026-06-30') from error


def relation_of(name: str) -> str:
    """The name of a relation; raises AskedError for any other word."""
    if name not in RELATIONS:
        raise AskedError(f'there is no report "{name}"')
    return name
