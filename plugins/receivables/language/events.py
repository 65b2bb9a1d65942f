"""Events: notes and documents on customers' accounts into `Event` records."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from beancount.core.amount import Amount
from beancount.core.data import Document, Note

from receivables.facts import EVENT_KINDS, REMINDER, Event
from receivables.language.configuration import public
from receivables.language.customers import customer_of
from receivables.problems import Problem, problem

OUTCOMES: Final = ("accepted", "rejected")
"""What `outcome:` of a #dispute-resolved may say: who was right, the customer or we."""

EXAMPLES: Final[Mapping[str, str]] = {
    "promise": 'note Assets:Receivable:X "Promise" #promise ^INV-1 with amount: 500 USD and by: 2026-05-20',
    "dispute-resolved": 'note Assets:Receivable:X "Answer" #dispute-resolved ^INV-1 with outcome: "rejected"',
    "dispute": 'note Assets:Receivable:X "Reason" #dispute ^INV-1 with amount: 40 USD',
}

_WORDS: Final = frozenset({"amount", "by"})


def event_kind(tags: frozenset[str]) -> str:
    """What a note or document is, by its tags; "" for a plain one."""
    for kind in EVENT_KINDS:
        if kind in tags:
            return kind
    return min((tag for tag in tags if tag.startswith(REMINDER)), default=min(tags, default=""))


def read_events(
    others: Sequence[Any], details: Mapping[str, Mapping[str, Any]], problems: list[Problem]
) -> list[Event]:
    """The events on receivable accounts, in order of date.

    Args:
      others: Directives that are not transactions.
      details: Receivable account → metadata on its `open`.
      problems: What cannot be read is appended here; such an event keeps what could be read.
    """
    events = []
    for entry in others:
        if type(entry) not in (Note, Document) or entry.account not in details:
            continue
        kind = event_kind(entry.tags or frozenset())
        meta = public(entry.meta)
        amount, currency = _amount(kind, meta.get("amount"), entry, problems)
        _check_outcome(kind, meta.get("outcome"), entry, problems)
        events.append(
            Event(
                date=entry.date,
                account=entry.account,
                customer=_customer(meta.get("customer")) or customer_of(entry.account, details[entry.account]),
                kind=kind,
                comment=entry.comment if type(entry) is Note else entry.filename,
                documents=tuple(sorted(entry.links or ())),
                amount=amount,
                currency=currency,
                by=_by(kind, meta.get("by"), entry, problems),
                details={key: value for key, value in meta.items() if key not in _WORDS},
                entry=entry,
                paper=type(entry) is Document,
            )
        )
    return events


def _check_outcome(kind: str, value: Any, entry: Any, problems: list[Problem]) -> None:
    """Report an outcome of a dispute that is none: a misspelt one would let interest rest that should run."""
    if kind == "dispute-resolved" and value is not None and value not in OUTCOMES:
        reason = f"outcome: {str(value)!r} is neither of {' and '.join(OUTCOMES)}"
        problems.append(problem("bad-event", entry.meta, entry, kind=kind, reason=reason, example=EXAMPLES[kind]))


def _customer(said: Any) -> str:
    """The customer that an event on a control account names."""
    return said if isinstance(said, str) else ""


def _amount(kind: str, value: Any, entry: Any, problems: list[Problem]) -> tuple[Decimal | None, str | None]:
    """The amount of an event: with its currency, or a bare number in the document's own currency."""
    if value is None:
        return None, None
    if isinstance(value, Amount) and value.number is not None and value.number >= 0:
        return value.number, value.currency
    if isinstance(value, Decimal) and value >= 0:
        return value, None
    problems.append(
        problem(
            "bad-event",
            entry.meta,
            entry,
            kind=kind or "note",
            reason=f"amount: {value!r} is not an amount",
            example=EXAMPLES.get(kind, EXAMPLES["promise"]),
        )
    )
    return None, None


def _by(kind: str, value: Any, entry: Any, problems: list[Problem]) -> datetime.date | None:
    if isinstance(value, datetime.date):
        return value
    if value is not None or kind == "promise":
        problems.append(
            problem(
                "bad-event",
                entry.meta,
                entry,
                kind=kind or "note",
                reason=(
                    "it has no by: with the day until which it is promised"
                    if value is None
                    else f"by: {str(value)!r} is not a date"
                ),
                example=EXAMPLES["promise"],
            )
        )
    return None
