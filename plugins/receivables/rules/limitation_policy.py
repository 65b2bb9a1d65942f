"""The limitation policy: within what time a claim must be sued for, key by key, read into one typed record."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from receivables.rules.calendar_months import months_later
from receivables.settings import Key, Policy, PolicyForm, one_of, text, words

PART_PAYMENT: Final = "part-payment"
REMINDER: Final = "reminder"
SUIT: Final = "suit"
INSOLVENCY: Final = "insolvency"

BY_DEBTOR: Final = ("acknowledgement", "settlement-agreement", "promise")
"""What the debtor himself says: a paper of his, kept as a document directive, is its own proof."""

BY_CREDITOR: Final = ("demand", REMINDER)
"""Our own letters: they prove nothing until `proof:` shows that they arrived."""

PROCEEDINGS: Final[Mapping[str, str]] = {SUIT: "suit-ended", INSOLVENCY: "insolvency-ended"}
"""What is pending for a time → the event that ends it."""

SAID: Final = (*BY_DEBTOR, *BY_CREDITOR)
ACTS: Final = (PART_PAYMENT, *SAID, *PROCEEDINGS)
"""Everything that a policy may name. `reminder` stands for reminder-1, reminder-2 and so on."""

WARN_DAYS: Final = (180, 90, 30)
"""How many days ahead warnings come where no policy says otherwise."""

DUE, DATE, YEAR_END = "due", "date", "year-end"

_SPAN: Final = re.compile(r"(?P<count>[0-9]{1,5})\s+(?P<unit>day|month|year)s?")
_MONTHS: Final = {"month": 1, "year": 12}
_LONGEST: Final = datetime.timedelta(days=36_525)
_SOME_DAY: Final = datetime.date(2000, 1, 1)


class Span(NamedTuple):
    """A length of time in the calendar.

    Attributes:
      written: As the user wrote it: "3 years".
      months, days: How long it is.
    """

    written: str
    months: int
    days: int

    def after(self, day: datetime.date) -> datetime.date:
        """The last day of a period of this length that begins when `day` ends.

        >>> Span("3 years", 36, 0).after(datetime.date(2024, 2, 29))
        datetime.date(2027, 2, 28)
        """
        ordinal = months_later(day, self.months).toordinal() + self.days
        return datetime.date.fromordinal(min(ordinal, datetime.date.max.toordinal()))


class Limitation(NamedTuple):
    """A limitation policy as read; see `FORM` for the keys.

    Attributes:
      name, date: Of the policy; the name is "" for the policy of everybody.
      law: The rule's short name, for the calculation; "" for none.
      source: Where the rule stands, and what was not verified; "" for nothing.
      period: How long claims live.
      basis: "due", "date" or "year-end": from which day.
      together: Whether the instalments of one document count from the last of them.
      long_stop: How long at most from the due date, whatever restarts; None for no such limit.
      latest: The day after which nothing lives, by a transitional rule; None for none.
      restarts, revives, suspends, proof: The acts that do so.
      stays: How long a suspension goes on when its proceedings are over; None for no longer.
    """

    name: str
    date: datetime.date
    law: str
    source: str
    period: Span
    basis: str
    together: bool
    long_stop: Span | None
    latest: datetime.date | None
    restarts: frozenset[str]
    revives: frozenset[str]
    suspends: frozenset[str]
    proof: frozenset[str]
    stays: Span | None


def read_span(value: Any) -> Span:
    """`3 years`, `18 months` or `90 days`, up to a hundred years; raises ValueError for anything else.

    >>> read_span("6 years")
    Span(written='6 years', months=72, days=0)
    """
    written = " ".join(text(value).split())
    found = _SPAN.fullmatch(written)
    if found is None:
        raise ValueError(value)
    count, months = int(found["count"]), _MONTHS.get(found["unit"], 0)
    span = Span(written, count * months, 0 if months else count)
    if not datetime.timedelta(0) < span.after(_SOME_DAY) - _SOME_DAY <= _LONGEST:
        raise ValueError(value)
    return span


def _acts(*known: str) -> Callable[[Any], frozenset[str]]:
    def read(value: Any) -> frozenset[str]:
        found = words(value)
        if not set(found) <= set(known):
            raise ValueError(value)
        return frozenset(found)

    return read


def _day(value: Any) -> datetime.date:
    if not isinstance(value, datetime.date):
        raise ValueError(value)
    return value


def _thresholds(value: Any) -> tuple[int, ...]:
    """Numbers of days, each once, in any order; the largest comes first."""
    if isinstance(value, str):
        found = [int(part) if part.isascii() and part.isdigit() else -1 for part in words(value)]
    else:
        found = [int(value)] if value == value.to_integral_value() else [-1]
    if len(set(found)) != len(found) or not all(0 < days <= 36_525 for days in found):
        raise ValueError(value)
    return tuple(sorted(found, reverse=True))


def _check(values: Mapping[str, Any]) -> None:
    both = sorted(values.get("restarts", frozenset()) & values.get("suspends", frozenset()))
    only_after = sorted(values.get("after-expiry", frozenset()) - values.get("restarts", frozenset()))
    period, stop = values.get("period"), values.get("long-stop")
    bars = (
        (period is None and set(values) - {"warn", "source"}, 'it has no period: write one, as in period: "3 years"'),
        (both, f"{', '.join(both)} cannot both restart and suspend: keep it in restarts: or in suspends:"),
        (only_after, f"what revives an expired claim restarts a running one: add {', '.join(only_after)} to restarts:"),
        ("stays-suspended" in values and "suspends" not in values,
         "stays-suspended: needs suspends:, which says what suspends"),
        (period and stop and stop.after(_SOME_DAY) < period.after(_SOME_DAY),
         "long-stop: is shorter than period:"),
    )  # fmt: skip
    for wrong, mend in bars:
        if wrong:
            raise ValueError(mend)


_SPAN_WORDS: Final = '"3 years", "18 months" or "90 days"'
_SAID_WORDS: Final = ", ".join(SAID)

FORM: Final = PolicyForm(
    subject="limitation",
    about="Within what time a claim must be sued for, and what lets that time run anew.",
    keys={
        "period": Key(read_span, _SPAN_WORDS, "How long a claim can be sued for."),
        "from": Key(
            one_of(DUE, DATE, YEAR_END),
            '"due", "date" or "year-end"',
            "The day from which it is counted: the due date (the default), the document's own date, or the end of the "
            "year in which it is due. The day itself does not count.",
        ),
        "instalments": Key(
            one_of("each", "last"),
            '"each" or "last"',
            "Each instalment from its own due date (the default), or all from that of the last; retentions always "
            "count by themselves.",
        ),
        "restarts": Key(
            _acts(*ACTS), f"some of: {', '.join(ACTS)}", "What lets the whole period run anew, if it has not expired."
        ),
        "after-expiry": Key(
            _acts(PART_PAYMENT, *SAID),
            f"some of: {PART_PAYMENT}, {_SAID_WORDS}",
            "What gives a claim that has expired a new period.",
        ),
        "suspends": Key(
            _acts(*PROCEEDINGS), f"some of: {', '.join(PROCEEDINGS)}", "What stops the period for as long as it lasts."
        ),
        "stays-suspended": Key(
            read_span, '"6 months"', "How much longer it stays suspended when the proceedings are over."
        ),
        "proof": Key(
            _acts(*SAID), f"some of: {_SAID_WORDS}", "What counts only with a proof (`proof:`, or the debtor's paper)."
        ),
        "long-stop": Key(read_span, '"20 years"', "The longest time from the due date, whatever restarts it."),
        "latest": Key(_day, "a date, as 2028-01-02", "A last day that a transitional rule sets, whatever restarts it."),
        "warn": Key(
            _thresholds,
            '"180, 90, 30" (days)',
            "How many days ahead warnings come, asked on the as-of date; in the policy without a name for everybody.",
        ),
        "law": Key(text, "a text", "The rule's short name, for the calculation."),
        "source": Key(text, "a text", "Where it stands, of which date, and what of it was not verified."),
    },
    named=True,
    check=_check,
)


def read_limitation(policy: Policy) -> Limitation | None:
    """The typed record of a policy; None for one that sets no period."""
    values = policy.values
    if "period" not in values:
        return None
    nothing: frozenset[str] = frozenset()
    return Limitation(
        name=policy.name,
        date=policy.date,
        law=values.get("law", ""),
        source=values.get("source", ""),
        period=values["period"],
        basis=values.get("from", DUE),
        together=values.get("instalments") == "last",
        long_stop=values.get("long-stop"),
        latest=values.get("latest"),
        restarts=values.get("restarts", nothing),
        revives=values.get("after-expiry", nothing),
        suspends=values.get("suspends", nothing),
        proof=values.get("proof", nothing),
        stays=values.get("stays-suspended"),
    )
