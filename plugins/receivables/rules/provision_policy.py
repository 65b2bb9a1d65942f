"""The policy "provision": the rates at which debts are provided for, key by key, read into one typed record."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, Final, NamedTuple

from receivables.money import rounded
from receivables.problems import Problem, problem
from receivables.rules.aging import BASES, Aging
from receivables.settings import Key, Policy, PolicyForm, Settings, one_of, text, whole_number

SUBJECT: Final = "provision"

MATRIX: Final = "matrix"
TABLE: Final = "table"
ROLL_RATE: Final = "roll-rate"
SPECIFIC: Final = "specific"

ROLL: Final = "roll"
NEVER_PAID: Final = "never-paid"
NET: Final = "net"

_PERCENT: Final = r"(?P<percent>[0-9]{1,3}(?:\.[0-9]{1,12})?)\s*%"
_RATE: Final = re.compile(rf"(?:(?P<word>current)|(?P<over>over\s+)?(?P<days>[0-9]{{1,5}}))\s+{_PERCENT}")
_STEP: Final = re.compile(rf"(?P<months>[0-9]{{1,4}})\s+{_PERCENT}")
_SHARE: Final = re.compile(_PERCENT)
_MONTHS_AT_MOST: Final = 1200
_TAKEN: Final = frozenset({"filename", "lineno", "method", "required", "movement"})
"""Keys that entries on the allowance have for other ends."""


class Matrix(NamedTuple):
    """A rate for every bucket of days.

    Attributes:
      bounds: The last day of each bucket between current and the open end.
      shares: Current, each bucket in order, and what lies beyond the last bound; 1 is the whole debt.
    """

    bounds: tuple[int, ...]
    shares: tuple[Fraction, ...]


class Table(NamedTuple):
    """A rate from a number of months on; nothing before the first.

    Attributes:
      months: Ascending: from so many whole months on, that day included.
      shares: The rate from there on; 1 is the whole debt.
    """

    months: tuple[int, ...]
    shares: tuple[Fraction, ...]

    def position(self, months: int) -> int:
        """The step on which a debt of so many whole months stands; -1 before the first."""
        return sum(step <= months for step in self.months) - 1

    def bucket(self, months: int) -> str:
        """The name of that step: months_under_6, months_6_11, …, months_from_36."""
        position = self.position(months)
        if position < 0:
            return f"months_under_{self.months[0]}"
        if position == len(self.months) - 1:
            return f"months_from_{self.months[-1]}"
        return f"months_{self.months[position]}_{self.months[position + 1] - 1}"


@lru_cache(maxsize=4096)
def percent_of(share: Fraction, places: int = 12) -> Decimal:
    """A share as percent without needless zeros, rounded half up to so many places.

    >>> percent_of(Fraction(2, 23), 4), percent_of(Fraction(3, 1000)), percent_of(Fraction(1))
    (Decimal('8.6957'), Decimal('0.3'), Decimal('100'))
    """
    scaled = share * 100 * 10**places
    whole = int((scaled + Fraction(1, 2)) // 1)
    found = Decimal(whole).scaleb(-places)
    return rounded(found, 0) if found == found.to_integral_value() else found.normalize()


def read_share(value: Any) -> Fraction:
    """`60%` as a share of the whole; raises ValueError for anything that is not from 0 to 100 percent.

    >>> read_share("60%")
    Fraction(3, 5)
    """
    match = _SHARE.fullmatch(text(value))
    if match is None:
        raise ValueError(value)
    return _share(match)


def _share(match: re.Match[str]) -> Fraction:
    share = Fraction(match["percent"]) / 100
    if share > 1:
        raise ValueError(match[0])
    return share


def _matches(value: Any, form: re.Pattern[str]) -> Iterator[re.Match[str]]:
    for part in text(value).split(","):
        match = form.fullmatch(part.strip())
        if match is None:
            raise ValueError(value)
        yield match


def _ascending(numbers: Sequence[int], most: int) -> bool:
    return list(numbers) == sorted(set(numbers)) and numbers[0] >= 1 and numbers[-1] <= most and len(numbers) <= 24


def read_matrix(value: Any) -> Matrix:
    """A rate for current, for each bucket and for all that is older; raises ValueError where one is missing.

    >>> read_matrix("current 1%, 30 2%, 60 5%, over 60 20%").bounds
    (30, 60)
    """
    first, *between, last = _matches(value, _RATE)
    if not (first["word"] and last["over"] and between) or any(part["word"] or part["over"] for part in between):
        raise ValueError(value)
    bounds = tuple(int(part["days"]) for part in between)
    if not _ascending(bounds, 36_500) or int(last["days"]) != bounds[-1]:
        raise ValueError(value)
    return Matrix(bounds, tuple(map(_share, (first, *between, last))))


def read_table(value: Any) -> Table:
    """Rates from a number of months on; raises ValueError where the months do not ascend.

    >>> read_table("6 30%, 12 50%").months
    (6, 12)
    """
    parts = list(_matches(value, _STEP))
    months = tuple(int(part["months"]) for part in parts)
    if not _ascending(months, _MONTHS_AT_MOST):
        raise ValueError(value)
    return Table(months, tuple(map(_share, parts)))


def _bounds(value: Any) -> tuple[int, ...]:
    parts = tuple(part.strip() for part in text(value).split(","))
    if not all(part.isascii() and part.isdigit() and len(part) <= 5 for part in parts):
        raise ValueError(value)
    numbers = tuple(map(int, parts))
    if not _ascending(numbers, 36_500):
        raise ValueError(value)
    return numbers


def _factor(value: Any) -> Decimal:
    written = str(value) if isinstance(value, Decimal) else text(value)
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,12})?", written) or not Decimal(written):
        raise ValueError(value)
    return Decimal(written)


def _months(value: Any) -> int:
    number = whole_number(value)
    if not 1 <= number <= 120:
        raise ValueError(value)
    return number


def _key(value: Any) -> str:
    written = text(value)
    if not re.fullmatch(r"[a-z][a-zA-Z0-9_-]+", written) or written in _TAKEN:
        raise ValueError(value)
    return written


_METHODS: Final = ("rates", "months", "history", "like")
_EVERYBODY: Final = ("segment-by", "book-by")
_FREE: Final = frozenset({*_EVERYBODY, "source"})
_BELONG: Final[Mapping[str, tuple[str, ...]]] = {
    "buckets": ("history",),
    "measure": ("history",),
    "loss-given-default": ("history",),
    "factor": ("rates", "history"),
    "basis": ("rates", "months", "history"),
    "credits": ("rates", "months", "history"),
    "insolvent": ("rates", "months", "history"),
}
"""Key → the methods with which it means something."""


def _check(values: Mapping[str, Any]) -> None:
    methods = [key for key in _METHODS if key in values]
    if len(methods) > 1:
        said = " and ".join(f"{key}:" for key in methods)
        raise ValueError(f"{said} are different methods; keep one of them")
    if not methods and "segment-by" not in values:
        raise ValueError("it has no rates; add rates:, months:, history: or like:")
    for key, needed in _BELONG.items():
        if key in values and not set(needed) & set(methods):
            wanted = " or ".join(f"{method}:" for method in needed)
            raise ValueError(f"{key}: means something only beside {wanted}; leave it out")


_DAYS: Final = '"30, 60, 90" (ascending days, each the last day of its bucket)'

FORM: Final = PolicyForm(
    SUBJECT,
    "What is provided for doubtful debts; a second one may be named by a segment.",
    {
        "rates": Key(
            read_matrix,
            '"current 1%, 30 2%, 60 5%, over 60 20%" (a rate from 0% to 100% for current, for each bucket by its last '
            "day in ascending order, and for all over the last)",
            "A matrix: the rate for each bucket of days overdue.",
        ),
        "months": Key(
            read_table,
            '"6 30%, 12 50%, 24 70%, 36 100%" (ascending months, rates from 0% to 100%)',
            "A table: the rate from so many whole months overdue on, that day included; nothing before the first.",
        ),
        "history": Key(
            _months,
            "a number of months from 1 to 120",
            "Loss rates from the ledger itself, over so many months up to the last month end.",
        ),
        "buckets": Key(_bounds, _DAYS, 'The buckets of history:; "30, 60, 90" by default.'),
        "measure": Key(
            one_of(ROLL, NEVER_PAID),
            '"roll" or "never-paid"',
            "roll multiplies what rolls from bucket to bucket from month to month (the default); never-paid divides "
            "what was never paid by what reached the bucket.",
        ),
        "loss-given-default": Key(
            read_share, '"45%"', "What is lost in the end of what reaches the last bucket; 100% by default."
        ),
        "factor": Key(
            _factor, '"1.1"', "Multiplies every rate for what lies ahead; no rate becomes more than 100%."
        ),
        "basis": Key(
            one_of(*BASES), '"due" or "date"', "Age from the due date (the default) or from the document's date."
        ),
        "credits": Key(
            one_of("gross", NET),
            '"gross" or "net"',
            "net takes a customer's credits off the debts in the same currency, each by its share; gross does not.",
        ),
        "insolvent": Key(
            read_share,
            '"100%"',
            "The rate for customers who are insolvent (a note #insolvency), due or not; 100% by default.",
        ),
        "like": Key(text, "the name of a provision policy", "Everything as in that policy."),
        "segment-by": Key(
            _key,
            "a metadata key",
            "In the unnamed policy: the metadata of document or customer whose value names the policy.",
        ),
        "book-by": Key(
            _key,
            "a metadata key",
            "In the unnamed policy: one booking for each of its values, as for each entity.",
        ),
        "source": Key(text, "a text", "The law or decision on which it rests, shown beside every figure."),
    },
    named=True,
    check=_check,
)  # fmt: skip


class Plan(NamedTuple):
    """A provision policy in force, with its defaults; the fields are the keys of `FORM`.

    Attributes:
      label: How rows call it: `provision "retail" of 2026-01-01`.
      method: MATRIX, TABLE or ROLL_RATE.
      aging: The buckets by days; those of a table are its own.
      written: The policy as set.
    """

    label: str
    method: str
    matrix: Matrix
    table: Table
    history: int
    measure: str
    loss_given_default: Fraction
    factor: Fraction
    aging: Aging
    net: bool
    insolvent: Fraction
    source: str
    written: Policy


_NO_MATRIX: Final = Matrix((), ())
_NO_TABLE: Final = Table((), ())


def plan_of(policy: Policy) -> Plan:
    """The typed policy of one directive that names a method of its own."""
    value = policy.values.get
    matrix: Matrix = value("rates", _NO_MATRIX)
    method = MATRIX if "rates" in policy.values else TABLE if "months" in policy.values else ROLL_RATE
    name = f' "{policy.name}"' if policy.name else ""
    return Plan(
        label=f"{SUBJECT}{name} of {policy.date}",
        method=method,
        matrix=matrix,
        table=value("months", _NO_TABLE),
        history=value("history", 0),
        measure=value("measure", ROLL),
        loss_given_default=value("loss-given-default", Fraction(1)),
        factor=Fraction(value("factor", 1)),
        aging=Aging(matrix.bounds or value("buckets", (30, 60, 90)), value("basis", "due")),
        net=value("credits", "gross") == NET,
        insolvent=value("insolvent", Fraction(1)),
        source=value("source", ""),
        written=policy,
    )


class Plans:
    """The provision policies of a ledger as of one day.

    Attributes:
      segment_by, book_by: The metadata keys of the unnamed policy; None without them.
      everybody: The unnamed policy in force; None where there is none.
      problems: What cannot be used, each told once.
    """

    def __init__(self, settings: Settings, as_of: datetime.date) -> None:
        self._settings = settings
        self._as_of = as_of
        self._known: dict[str, Plan | None] = {}
        self.problems: list[Problem] = []
        self.everybody = settings.in_force(SUBJECT, as_of)
        values: Mapping[str, Any] = {} if self.everybody is None else self.everybody.values
        self.segment_by: str | None = values.get("segment-by")
        self.book_by: str | None = values.get("book-by")

    def pool(self, segment: str) -> str:
        """The name of the policy for a segment: its own where one is in force, else "" for everybody's."""
        return segment if segment and self._settings.in_force(SUBJECT, self._as_of, segment) is not None else ""

    def of(self, segment: str) -> Plan | None:
        """The plan for a segment; None, with a problem, where no usable policy is in force."""
        pool = self.pool(segment)
        # A segment without a policy of its own is told by its own name where nobody else's has rates.
        key = pool if pool or self._has_method() else segment
        if key not in self._known:
            self._known[key] = self._plan(pool, segment)
        return self._known[key]

    @property
    def labels(self) -> frozenset[str]:
        """How rows call the plans that were asked for so far."""
        return frozenset(plan.label for plan in self._known.values() if plan is not None)

    def _has_method(self) -> bool:
        return self.everybody is not None and any(key in self.everybody.values for key in _METHODS)

    def _plan(self, pool: str, segment: str) -> Plan | None:
        policy = self._settings.in_force(SUBJECT, self._as_of, pool)
        if policy is None:
            return None
        strange = [key for key in _EVERYBODY if pool and key in policy.values]
        if strange:
            self._report("key-of-everybody", policy, key=strange[0], name=pool)
            return None
        if not any(key in policy.values for key in _METHODS):
            which = f"documents without {self.segment_by}"
            mend = f"add {self.segment_by}: to document, account or customer"
            if segment:
                which = f'{self.segment_by} "{segment}"'
                mend = f'add custom "receivables-policy" "{SUBJECT}" "{segment}"'
            self._report("no-provision-policy", policy, which=which, mend=mend)
            return None
        name = policy.values.get("like")
        if name is None:
            return plan_of(policy)
        other = self._settings.in_force(SUBJECT, self._as_of, name)
        if other is None or not any(key in other.values for key in _METHODS[:3]):
            self._report("no-such-provision", policy, name=name, date=self._as_of)
            return None
        plan = plan_of(other)
        source = policy.values.get("source")
        return plan if source is None else plan._replace(source=source)

    def _report(self, code: str, policy: Policy, **words: Any) -> None:
        self.problems.append(problem(code, policy.source, **words))
