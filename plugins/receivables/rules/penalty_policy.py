"""The penalty policy: what a ledger may agree about late payment, key by key, read into one typed record."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final, NamedTuple

from receivables.facts import DEBIT_NOTE, EVENT_KINDS, INVOICE, OPENING, PENALTY, REMINDER, RETENTION
from receivables.rules import rates
from receivables.rules.day_counts import CONVENTIONS
from receivables.rules.rates import Expression, Tier
from receivables.settings import Key, Policy, PolicyForm, one_of, text, whole_number, words

BEARING: Final = (INVOICE, DEBIT_NOTE, OPENING, RETENTION)
"""The kinds that bear interest where the policy does not say `on:`; never a penalty."""

CHARGE: Final = "charge-"
"""How the keys begin that charge for an event."""

MAY_BEAR: Final = (*BEARING, PENALTY)

_AMOUNT: Final = re.compile(
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)\s*(?P<currency>[A-Z][A-Z0-9'._-]*[A-Z0-9])"
    r"|(?P<first>[A-Z][A-Z0-9'._-]*[A-Z0-9])\s*(?P<behind>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)"
)
_FROM: Final = re.compile(r"from\s+(?P<limit>\S+\s+\S+)\s+(?P<amount>\S+\s+\S+)")


class Money(NamedTuple):
    """An amount in a policy."""

    number: Decimal
    currency: str


class Band(NamedTuple):
    """A fixed sum for debts from a size on: GBP 70 from GBP 1,000."""

    limit: Decimal
    amount: Money


def read_money(value: Any) -> Money:
    """`40 EUR` as Beancount's amount or as a text; raises ValueError for anything else.

    >>> read_money("1,000.50 GBP")
    Money(number=Decimal('1000.50'), currency='GBP')
    """
    number, currency = getattr(value, "number", None), getattr(value, "currency", None)
    if isinstance(number, Decimal) and isinstance(currency, str):
        found = Money(number, currency)
    else:
        match = _AMOUNT.fullmatch(text(value))
        if match is None:
            raise ValueError(value)
        digits = (match["number"] or match["behind"]).replace(",", "")
        found = Money(Decimal(digits), match["currency"] or match["first"])
    if found.number < 0:
        raise ValueError(value)
    return found


def read_amounts(value: Any) -> Mapping[str, Decimal]:
    """Amounts in several currencies: currency → amount.

    >>> read_amounts("5 USD; 100,000 VND")
    {'USD': Decimal('5'), 'VND': Decimal('100000')}
    """
    parts = [value] if not isinstance(value, str) else value.split(";")
    found = [read_money(part) for part in parts]
    if len({money.currency for money in found}) != len(found):
        raise ValueError(value)
    return {money.currency: money.number for money in found}


def read_bands(value: Any) -> tuple[Band, ...]:
    """A fixed sum, or several by the size of the debt.

    >>> [(band.limit, band.amount.number) for band in read_bands("40 GBP; from 1,000 GBP 70 GBP")]
    [(Decimal('0'), Decimal('40')), (Decimal('1000'), Decimal('70'))]
    """
    if not isinstance(value, str):
        return (Band(Decimal(0), read_money(value)),)
    first, *rest = value.split(";")
    bands = [Band(Decimal(0), read_money(first))]
    for part in rest:
        match = _FROM.fullmatch(" ".join(part.split()))
        if match is None:
            raise ValueError(value)
        limit, amount = read_money(match["limit"]), read_money(match["amount"])
        same = limit.currency == amount.currency == bands[0].amount.currency
        if not same or limit.number <= bands[-1].limit:
            raise ValueError(value)
        bands.append(Band(limit.number, amount))
    return tuple(bands)


def read_percent(value: Any) -> Fraction:
    """`8%` as a fraction of hundred; raises ValueError for anything else."""
    written = text(value)
    if not written.endswith("%"):
        raise ValueError(value)
    try:
        percent = Decimal(written[:-1].strip())
    except InvalidOperation as error:
        raise ValueError(value) from error
    if not percent.is_finite() or percent < 0:
        raise ValueError(value)
    return Fraction(percent)


def _kinds(value: Any) -> frozenset[str]:
    found = words(value)
    if not set(found) <= set(MAY_BEAR):
        raise ValueError(value)
    return frozenset(found)


def _is_event(kind: str) -> bool:
    return kind in EVENT_KINDS or (kind.startswith(REMINDER) and kind.removeprefix(REMINDER).isdigit())


def _check(values: Mapping[str, Any]) -> None:
    tiers: Sequence[Tier] = values.get("rate", ())
    follows = any(tier.rate.series for tier in tiers)
    units = {tier.rate.unit for tier in tiers}
    steps = values.get("part-month") in ("begun", "whole")
    events = [key for key in values if key.startswith(CHARGE) and not _is_event(key.removeprefix(CHARGE))]
    bars = (
        (bool(events),
         f"{', '.join(events)}: charges for no event; events are {', '.join(EVENT_KINDS)}, reminder-1, ..."),
        (not tiers and "fixed-sum" not in values and not any(key.startswith(CHARGE) for key in values),
         'nothing is charged: add rate:, or fixed-sum: for a sum alone'),
        ("reference" in values and not follows,
         "reference: needs a published rate in rate:, as in \"ECB-MRO + 8%\""),
        ("resets" in values and not follows,
         'resets: needs a published rate in rate:, as in "ECB-MRO + 8%"'),
        ("resets" in values and values.get("reference", "floating") == "payment",
         'resets: means nothing beside reference: "payment"; leave it out'),
        ("part-month" in values and rates.MONTH not in units,
         'part-month: needs a rate per month, as in "1.5% per month"'),
        (steps and units != {rates.MONTH},
         'part-month: "begun" and "whole" need every rate: to be one per month'),
        (steps and ("compound" in values or values.get("appropriation") == "interest-first"),
         'part-month: "begun" and "whole" go neither with compound: nor with appropriation: "interest-first"'),
        (steps and values.get("rounding") == "day",
         'rounding: "day" needs days: write part-month: "thirtieths" or "yearly"'),
        ("interest-from" in values and "grace" not in values,
         "interest-from: needs the days of grace:"),
        (any(limit > values["raise-to"][currency] for currency, limit in values.get("waive-below", {}).items()
             if currency in values.get("raise-to", {})),
         "waive-below: is above raise-to:; what is charged would jump over it"),
    )  # fmt: skip
    for wrong, mend in bars:
        if wrong:
            raise ValueError(mend)


_YES_NO_PERIOD: Final = ("month", "quarter", "half-year", "year")

FORM: Final = PolicyForm(
    "penalty",
    "What late payment costs.",
    {
        "rate": Key(rates.read_tiers, rates.EXPECTED, "The interest, for a time or following a published rate."),
        "reference": Key(
            one_of("start", "floating", "payment"),
            '"start", "floating" or "payment"',
            "Which day's published rate counts: that on which the delay starts, each day's own (the default), or that "
            "of the payment for the whole delay.",
        ),
        "resets": Key(
            one_of(*rates.PERIODS),
            '"month", "quarter", "half-year" or "year"',
            "The published rate of the first day of each such period counts; by default every change does.",
        ),
        "day-count": Key(
            one_of(*CONVENTIONS),
            ", ".join(f'"{name}"' for name in CONVENTIONS),
            "How days become a part of a year; ACT/365F by default.",
        ),
        "part-month": Key(
            one_of("thirtieths", "yearly", "begun", "whole"),
            '"thirtieths", "yearly", "begun" or "whole"',
            "What a part of a month costs at a rate per month: a thirtieth a day (the default), twelve months by "
            "day-count, a whole month as soon as it begins, or nothing until it is over.",
        ),
        "grace": Key(whole_number, "a number of days", "Who pays within so many days after the due date pays nothing."),
        "interest-from": Key(
            one_of("due", "grace-end"),
            '"due" or "grace-end"',
            "Where interest starts for whoever pays after the grace: at the due date (the default) or at its end.",
        ),
        "cap": Key(read_percent, '"8%"', "The most interest, in percent of the sum that was paid late."),
        "ceiling": Key(
            rates.read_expressions,
            '"20% per year" or "4 x CN-LPR-1Y", several with commas',
            "The rate is never above; a published one is that of the contract's day, else the document's.",
        ),
        "floor": Key(
            rates.read_expressions,
            '"3 x FR-LEGAL-PRO"',
            "The rate is never below; a published one is that of the same day as the rate.",
        ),
        "waive-below": Key(read_amounts, '"5 USD; 100,000 VND"', "Interest of a document below this is not charged."),
        "raise-to": Key(read_amounts, '"10 USD; 200,000 VND"', "Interest of a document below this is raised to it."),
        "fixed-sum": Key(
            read_bands,
            '"40 EUR" or "40 GBP; from 1,000 GBP 70 GBP"',
            "Charged once a late document or instalment, besides interest, in this currency only; by the size of what "
            "was late.",
        ),
        "compound": Key(
            one_of(*_YES_NO_PERIOD),
            '"month", "quarter", "half-year" or "year"',
            "Interest is added to the principal so often, counted from its start; by default never.",
        ),
        "rounding": Key(
            one_of("end", "month", "day"),
            '"end", "month" or "day"',
            "Where interest is rounded: at the end (the default), each calendar month, or the interest of one day.",
        ),
        "rounding-mode": Key(
            one_of("half-up", "half-even", "up", "down"),
            '"half-up", "half-even", "up" or "down"',
            "How it is rounded, to the currency's digits; half up by default.",
        ),
        "on": Key(
            _kinds,
            f'"{", ".join(BEARING)}" (the default), and "penalty"',
            "Which kinds of documents bear interest; only with penalty there is interest on interest.",
        ),
        "disputed": Key(
            one_of("stands-still", "runs"),
            '"stands-still" or "runs"',
            "Whether a disputed part bears interest meanwhile; by default it stands still.",
        ),
        "appropriation": Key(
            one_of("principal-first", "interest-first"),
            '"principal-first" or "interest-first"',
            "What a receipt for a late document reduces first: its principal (the default), or costs and interest.",
        ),
        "source": Key(text, "a text", "The law or contract on which it rests, shown beside every figure."),
    },
    families={
        CHARGE: Key(
            read_amounts, '"5 EUR"', "Charged for each such event of a document: charge-reminder-1, charge-demand."
        )
    },
    named=True,
    check=_check,
)


class PenaltyPolicy(NamedTuple):
    """A penalty policy with its defaults; the fields are the keys of `FORM`.

    Attributes:
      name: Its name, "" for everybody's.
      date: Its first day.
      charges: Kind of event → currency → amount.
      written: The policy as set.
    """

    name: str
    date: datetime.date
    tiers: tuple[Tier, ...]
    reference: str
    resets: str | None
    day_count: str
    part_month: str
    grace: int
    interest_from: str
    cap: Fraction | None
    ceiling: tuple[Expression, ...]
    floor: tuple[Expression, ...]
    waive_below: Mapping[str, Decimal]
    raise_to: Mapping[str, Decimal]
    fixed_sum: tuple[Band, ...]
    compound: str | None
    rounding: str
    rounding_mode: str
    on: frozenset[str]
    disputed: str
    appropriation: str
    source: str
    charges: Mapping[str, Mapping[str, Decimal]]
    written: Policy

    @property
    def by_steps(self) -> bool:
        """Whether months are charged whole."""
        return self.part_month in ("begun", "whole")


def penalty_policy(policy: Policy) -> PenaltyPolicy:
    """The typed policy of one directive."""
    value = policy.values.get
    return PenaltyPolicy(
        name=policy.name,
        date=policy.date,
        tiers=value("rate", ()),
        reference=value("reference", "floating"),
        resets=value("resets"),
        day_count=value("day-count", "ACT/365F"),
        part_month=value("part-month", "thirtieths"),
        grace=value("grace", 0),
        interest_from=value("interest-from", "due"),
        cap=value("cap"),
        ceiling=value("ceiling", ()),
        floor=value("floor", ()),
        waive_below=value("waive-below", {}),
        raise_to=value("raise-to", {}),
        fixed_sum=value("fixed-sum", ()),
        compound=value("compound"),
        rounding=value("rounding", "end"),
        rounding_mode=value("rounding-mode", "half-up"),
        on=value("on", frozenset(BEARING)),
        disputed=value("disputed", "stands-still"),
        appropriation=value("appropriation", "principal-first"),
        source=value("source", ""),
        charges={key.removeprefix(CHARGE): amounts for key, amounts in policy.values.items() if key.startswith(CHARGE)},
        written=policy,
    )
