"""Relation exchange_check: the exchange differences that settlements realised, against what their entries booked.

Beancount weighs a posting by its own price. So an entry that lets a document leave at the rate at which it was booked
has its whole difference on another posting, by its own balance; one that takes another rate leaves the difference of
the two rates booked nowhere, and that is what is looked for here.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from operator import itemgetter
from typing import Any, Final, NamedTuple

from receivables.book import Book
from receivables.facts import KINDS, REVALUATION, Booked
from receivables.lookup import Lookup
from receivables.money import added, rounded
from receivables.places import Place, place_of
from receivables.relations.amounts import digits
from receivables.relations.question import Condition, Question, filtered, keeper, split_conditions
from receivables.relations.settlements import NAMES as SETTLEMENT_NAMES
from receivables.relations.settlements import settlement_row
from receivables.report import Column, Report, Row
from receivables.rules.revaluation import worth
from receivables.settings import EXCHANGE, UNREALISED
from receivables.view import View, scale_of

COLUMNS: Final = (
    Column("date", datetime.date, "The day of the settlement; of several by one entry, the last."),
    Column("customer", str, "Customer code."),
    Column("account", str, "The receivable account."),
    Column("number", str, "Number of what settles."),
    Column("kind", str, "receipt, credit-memo, refund, apply, reversal, …"),
    Column("documents", str, "Numbers of what is settled."),
    Column("currency", str, "Currency in which the difference is booked."),
    Column(
        "realised", Decimal, "Gain (positive) or loss that had to be booked; empty without both rates.",
        money="currency", total=True,
    ),
    Column("booked", Decimal, "What the exchange accounts show.", money="currency", total=True),
    Column("difference", Decimal, "What is left to book; empty without both rates.", money="currency", total=True),
    Column("finding", str, "agrees, not booked, differs, nothing settled, or whose price is missing."),
    Column("calculation", str, "The amounts and both rates of each settlement."),
    Column("file", str, "File of the entry that settles."),
    Column("line", int, "Line of its posting."),
)  # fmt: skip

NAMES: Final = tuple(column.name for column in COLUMNS)
_ORDER: Final = itemgetter(*(NAMES.index(name) for name in ("date", "customer", "number", "currency", "file", "line")))
_SHOWN: Final = itemgetter(
    *(SETTLEMENT_NAMES.index(name) for name in (
        "date", "currency", "amount", "document", "instalment", "due", "by", "document_rate", "rate",
        "exchange_currency",
    ))
)  # fmt: skip
"""What is looked at of a row of the relation settlements."""
_AGREES: Final = "agrees"
_GUARD: Final = 10
"""So many digits more than shown are kept while differences are added up: a price divided out of a total is endless."""


class _Settled(NamedTuple):
    """One settlement: the items, the one whose entry settles, and what the two rates differ by where both are known."""

    debit: int
    credit: int
    cause: int
    date: datetime.date
    document: str
    currency: str | None
    difference: Decimal | None
    calculation: str
    unpriced: str


def evaluate(view: View, question: Question) -> Report:
    """The settling entries of the period that realised or booked a difference, in order of date."""
    book = view.book
    on_metadata = split_conditions(question, NAMES)[1]
    keep = keeper(book, question, on_metadata)
    booked = _booked(view)
    causes = _causes(view, booked)
    numbers = {book.items.number[of[0].cause]: place for place, of in causes.items()}
    elsewhere: dict[Place, list[Booked]] = {}
    rows: list[Row] = []
    for place, postings in booked.items():
        if place in causes:
            continue
        named = next((numbers[link] for link in postings[0].links if link in numbers), None)
        if named is not None:
            elsewhere.setdefault(named, []).extend(postings)
        elif _wanted(book, postings[0], question, on_metadata):
            rows += _unsettled(book, postings, question)
    for place, settled in causes.items():
        date = max(each.date for each in settled)
        if question.period_from is not None and date < question.period_from:
            continue
        if keep is None or any(keep(each.debit) or keep(each.credit) for each in settled):
            rows += _rows(view, date, settled, booked.get(place, ()), elsewhere.get(place, ()))
    rows.sort(key=_ORDER)
    shown = book.digits() | digits(book, {str(row[NAMES.index("currency")]) for row in rows})
    wrong = sum(row[NAMES.index("finding")] != _AGREES for row in rows)
    notes = (f"{wrong} of {len(rows)} entries do not agree.",) if wrong else ()
    return Report(
        "exchange_check", "Realised exchange differences", view.as_of, COLUMNS,
        filtered(rows, COLUMNS, question), notes, shown,
    )  # fmt: skip


def _booked(view: View) -> dict[Place, list[Booked]]:
    """Transaction → its postings on exchange accounts up to the as-of date; not those of a revaluation."""
    found: dict[Place, list[Booked]] = {}
    for each in view.book.booked:
        # One account may have both roles; what a revaluation books on it is not realised.
        if each.role in (EXCHANGE, UNREALISED) and each.kind != REVALUATION and each.date <= view.as_of:
            found.setdefault(place_of(view.book.folder, each.entry), []).append(each)
    return found


def _causes(view: View, booked: Mapping[Place, Sequence[Booked]]) -> dict[Place, list[_Settled]]:
    """Transaction → what it settled; those that know no rate and booked nothing are left out."""
    book, settlements = view.book, view.book.settlements
    found: dict[Place, list[_Settled]] = {}
    for position in range(view.settlement_count):
        place = book.texts.entry(settlements.cause[position])
        if (
            place in booked
            or book.texts.rate(settlements.debit[position]) is not None
            or book.texts.rate(settlements.credit[position]) is not None
        ):
            found.setdefault(place, []).append(_settled(view, position))
    return found


def _settled(view: View, position: int) -> _Settled:
    date: Any
    amount: Any
    date, currency, amount, document, instalment, due, by, theirs, ours, exchange = _SHOWN(
        settlement_row(view, position)
    )
    settlements = view.book.settlements
    items = settlements.debit[position], settlements.credit[position], settlements.cause[position]
    label = f"{document}/{instalment}" if instalment else str(document)
    if not isinstance(theirs, Decimal) or not isinstance(ours, Decimal) or exchange is None:
        rate = view.book.texts.rate(items[0]) or view.book.texts.rate(items[1])
        unpriced = label if theirs is None else str(by)
        return _Settled(
            *items, date, label, None if rate is None else rate[1], None, f"{amount:,} {currency}", unpriced
        )
    # A credit that leaves at a higher rate than its debit realises a gain on a receivable; of a credit it is a loss.
    change = ours - theirs if due is not None else theirs - ours
    digits = scale_of(view.book, str(exchange)).digits
    calculation = f"{amount:,} {currency} at {ours:,f} {exchange}, as {label}"
    if change:
        calculation = f"{amount:,} {currency} x ({ours:,f} - {theirs:,f}) {exchange}"
        if due is None:
            calculation = f"{amount:,} {currency} x ({theirs:,f} - {ours:,f}) {exchange}"
    return _Settled(*items, date, label, str(exchange), worth(amount, change, digits + _GUARD), calculation, "")


def _rows(
    view: View, date: datetime.date, settled: Sequence[_Settled], own: Sequence[Booked], elsewhere: Sequence[Booked]
) -> list[Row]:
    """The rows of one entry, one a currency of its differences; none where there is neither difference nor booking."""
    book = view.book
    currencies = {each.currency for each in settled if each.currency} | {each.currency for each in (*own, *elsewhere)}
    cause = settled[0].cause
    pocket = book.pockets[book.items.pocket[cause]]
    file, line = book.texts.source(cause)
    rows: list[Row] = []
    for currency in sorted(currencies):
        here = [each for each in settled if each.currency in (currency, None)]
        # What stands against equity, or in another entry, makes up for a difference of rates; the rest of an entry's
        # own postings is what its other postings came to.
        correcting = [each for each in own if "equity" in each.against]
        nothing = scale_of(book, currency).decimal(0)
        in_entry = _gain([each for each in own if each not in correcting], currency)
        beside = _gain([*elsewhere, *correcting], currency)
        booked = added((nothing, in_entry, beside))
        unpriced = list(dict.fromkeys(each.unpriced for each in here if each.difference is None))
        differences = [each.difference for each in here if each.difference is not None]
        digits = scale_of(book, currency).digits
        computed = rounded(added(differences), digits)
        if not (computed or in_entry or beside or unpriced):
            continue
        realised: Decimal | None
        missing: Decimal | None
        if unpriced or not here:
            realised = missing = None
            finding = f"no price on {', '.join(unpriced)}" if unpriced else "nothing settled"
        else:
            # The sum of the settlements as they are shown is as good as the rounded sum.
            whole = {computed, added(rounded(each, digits) for each in differences)}
            missing = nothing if beside in whole else added((computed, -beside))
            realised = added((booked, missing))
            finding = _AGREES if not missing else "differs" if booked else "not booked"
        rows.append(
            (
                date, pocket.customer, pocket.account, book.items.number[cause],
                KINDS[book.items.kind[cause]], ", ".join(dict.fromkeys(each.document for each in settled)), currency,
                realised, booked, missing, finding, "; ".join(each.calculation for each in here), file, line,
            )
        )  # fmt: skip
    return rows


def _gain(postings: Iterable[Booked], currency: str) -> Decimal:
    """What is booked in a currency as a gain; income is negative in a ledger."""
    return added(-each.amount for each in postings if each.currency == currency)


def _unsettled(book: Book, postings: Sequence[Booked], question: Question) -> list[Row]:
    """The rows of an entry with a customer that books a difference and settles nothing."""
    first = postings[0]
    file, line = place_of(book.folder, first.source)
    rows: list[Row] = []
    for currency in sorted({each.currency for each in postings}):
        nothing = scale_of(book, currency).decimal(0)
        booked = added((nothing, _gain(postings, currency)))
        if booked and (question.period_from is None or first.date >= question.period_from):
            rows.append(
                (
                    first.date, first.customer, "", ", ".join(first.links), first.kind, "", currency,
                    nothing, booked, -booked, "nothing settled", "", file, line,
                )
            )  # fmt: skip
    return rows


def _wanted(book: Book, posting: Booked, question: Question, conditions: Sequence[Condition]) -> bool:
    """Whether a posting that belongs to no item is about a customer that the question keeps."""
    if not posting.customer or question.customer not in (None, posting.customer):
        return False
    lookup = Lookup(book)
    return all(condition.holds(lookup.of_customer(posting.customer, condition.key)) for condition in conditions)
