"""What the pages have in common: their frame, and parts that may fail alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from receivables.fava.asked import AskedError
from receivables.fava.incognito import telling
from receivables.fava.links import Params, text
from receivables.fava.model import Failure, Link, Page
from receivables.fava.tables import Desk
from receivables.relations.question import ConditionError, Question
from receivables.report import Report, Row

T = TypeVar("T")

NAVIGATION: Final = ("overview", "aging", "bank", "rules")
"""The pages of the navigation; the others are reached from the aging."""

_LOG = logging.getLogger(__name__)


def report(desk: Desk, name: str, question: Question | None = None) -> Report:
    """A relation as of the page's day, of the accounts that Fava's filter leaves."""
    return desk.shelf.report(name, desk.as_of, question, desk.asked.account)


def permitted(desk: Desk, name: str, question: Question) -> Question:
    """A question that somebody wrote into the address; raises AskedError where it would tell amounts in secret."""
    if desk.words.hidden and (key := telling(desk.shelf.book, name, desk.as_of, question)) is not None:
        raise AskedError(desk.words("not_by_amount", key=key))
    return question


def by_name(found: Report, row: Row) -> dict[str, Any]:
    """A row by the names of its columns."""
    return dict(zip((column.name for column in found.columns), row, strict=True))


def params(desk: Desk, question: Question | None = None) -> Params:
    """The question of a table as parameters of its downloads."""
    asked = question or Question()
    said = [("customer", asked.customer or "")]
    said += [("where", text(condition)) for condition in asked.where]
    said += [("by", key) for key in asked.by]
    if asked.period_from is not None:
        said.append(("from", asked.period_from.isoformat()))
    # The day goes with the link, so that a file says what the page said.
    said.append(("as_of", desk.as_of.isoformat()))
    return [(key, value) for key, value in said if value]


def frame(desk: Desk, template: str, title: str, content: object, trail: Sequence[Link] = ()) -> Page:
    """A page with its navigation and what its reader must know first."""
    asked, words, links = desk.asked, desk.words, desk.links
    current = asked.page if asked.page in NAVIGATION else "aging"
    navigation = tuple(Link(words(f"page_{page}"), links.page(page), page == current) for page in NAVIGATION)
    remarks = [words("as_of_time" if asked.as_of else "as_of_last", date=desk.as_of.isoformat())]
    if asked.as_of is None and desk.shelf.book.last_day is None:
        remarks = [words("no_transactions")]
    last = desk.shelf.book.last_day
    if asked.as_of is not None and last is not None and asked.as_of > last:
        remarks.append(words("after_last", date=last.isoformat()))
    if asked.account:
        remarks.append(words("account_filter", account=asked.account))
    if asked.unused:
        remarks.append(words("unused_filter", filter=asked.unused))
    return Page(template, title, navigation, tuple(trail), tuple(remarks), content)


def attempt(desk: Desk, title: str, failures: list[Failure], make: Callable[[], T]) -> T | None:
    """What `make` makes; None when it fails, with the reason among the failures: the rest of the page stands.

    Raises AskedError and ConditionError: what was asked cannot be answered by any part of the page.
    """
    try:
        return make()
    except (AskedError, ConditionError):
        raise
    except Exception as error:  # noqa: BLE001  a rule that fails must not take the page with it
        _LOG.exception("%s cannot be shown", title)
        failures.append(Failure(title, desk.words.masked(f"{type(error).__name__}: {error}")))
        return None
