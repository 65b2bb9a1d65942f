"""Explaining: what of a customer's open items an amount pays, and why it is not all of it.

Documents that the text names come first; an amount without any needs an explanation that a person would give. A
difference is explained exactly (charges that the bank states, a discount within its days, tax at the customer's rate,
a credit memo, a dispute) before anything is explained by a tolerance, and what remains is a part payment or an
overpayment.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from typing import Final, NamedTuple

from beancount.core.data import Transaction

from receivables.book import Book
from receivables.money import EXACT, Scale
from receivables.rules.application import (
    BALANCE,
    CHARGE,
    CREDIT,
    DISCOUNT,
    DISPUTED,
    DUE,
    DUPLICATE,
    ITEM,
    MONTH,
    OVERPAID,
    PART,
    PREPAID,
    ROUNDING,
    RUN,
    SUBSET,
    WITHHOLDING,
    ApplicationPolicy,
)
from receivables.rules.terms import TermsError, discount_until, parse_terms
from receivables_importers.application.knowledge import Master
from receivables_importers.application.model import Allocation, Applied, Deduction
from receivables_importers.application.numbers import BARE, MISREAD, QUALITIES, SHORT, DocumentIndex, Reading
from receivables_importers.application.periods import Period
from receivables_importers.application.standing import Standing
from receivables_importers.application.sums import COINCIDENCE, Amount, Explained, explanations, only_subset
from receivables_importers.application.texts import folded
from receivables_importers.bank.model import BankLine

NAMED_EXACT: Final = 9
NAMED_DIFFERENCE: Final = 8
NAMED_TOLERANCE: Final = 7
WEAK_EXACT: Final = 6
SUM: Final = 5
SUM_DIFFERENCE: Final = 4
NAMED_REST: Final = 3
SUM_UNSURE: Final = 2
GUESS: Final = 1
"""How much an explanation is worth: documents named in full and the exact amount; with a difference that can be
computed; within a tolerance; parts of numbers and the exact amount; a sum; a sum with a computed difference; documents
named, but a part or more than all of it is paid; a sum that is one of several; nothing that agrees."""

_CHARGE_SHARE: Final = 20
"""A charge is at most a twentieth of what was to be paid; of less a part was left out for another reason."""
_ROUNDING_SHARE: Final = 100
_DEDUCTS: Final = re.compile(
    r"(?<![^\W_])(?:less|minus|deduct(?:ed|ion|ions)?|net of|damages?|defects?|penalty|penalties|shortage|claim|setoff"
    r"|set off|debit note|tru|khau tru|cat giam|phat|hang loi|abzuglich|abzgl|abzug|moins|deduction|menos"
    r"|扣除?|减|罚款|خصم)(?![^\W\d_])"
)
"""Words of somebody who pays less on purpose: then the difference is no charge of a bank."""
_LITTLE: Final = 8
"""Who pays in parts leaves more than an eighth; of less something else was left out."""
_IN_PARTS: Final = re.compile(
    r"(?<![^\W_])(?:part|partial|partly|instal?lment|on account|dot|mot phan|ky|lan|teilzahlung|rate|acompte|parcial"
    r"|部分|分期|جزء)(?![^\W_])"
)
"""Words of somebody who pays a part."""
_AHEAD: Final = re.compile(
    r"(?<![^\W_])(?:advance|prepay(?:ment)?|pre-payment|deposit|down ?payment|dat coc|tam ung|ung truoc|tra truoc|coc"
    r"|anzahlung|vorauszahlung|acompte|anticipo|预付款?|定金|订金|مقدم|مقدمه|عربون)(?![^\W\d_])"
)
"""Words of somebody who pays for what is not invoiced yet."""
_HUNDRED: Final = Decimal(100)
_SUMS: Final = {
    ITEM: "it is what is open of", BALANCE: "it is all that is open:", DUE: "it is all that is due:",
    MONTH: "it is what is open of one month:", RUN: "it is the sum of consecutive items:",
    SUBSET: "no other set of the open items has this sum:",
}  # fmt: skip


class Explanation(NamedTuple):
    """One way to apply a line to one customer.

    Attributes:
      applied: What would be settled.
      rank: What it is worth.
      sum: The word of the policy's `sums:` by which it was found; "" for documents that are named.
      quality: How surely the documents are named; None where none is.
      doubts: Why a person should look.
      claims: Items beside those of `applied` for which the money may be.
    """

    applied: Applied
    rank: int
    sum: str = ""
    quality: int | None = None
    doubts: tuple[str, ...] = ()
    claims: tuple[int, ...] = ()


class Case(NamedTuple):
    """A line and what is needed to explain it.

    Attributes:
      line: The line.
      units: Its amount.
      currency: Its currency.
      scale: How that is counted.
      reading: The documents that it names.
      periods: The months that it speaks of.
      standing: What is open.
      documents: All documents that may be named.
      policy: The policy of the day.
      entries: File and line → transaction.
    """

    line: BankLine
    units: int
    currency: str
    scale: Scale
    reading: Reading
    periods: frozenset[Period]
    standing: Standing
    documents: DocumentIndex
    policy: ApplicationPolicy
    entries: Mapping[tuple[str, int], Transaction]

    @property
    def book(self) -> Book:
        """The book."""
        return self.standing.book

    @property
    def day(self) -> datetime.date:
        """The day of the line."""
        return self.line.booked

    def left(self, item: int) -> int:
        """What is open of an item."""
        return self.standing.left(item, self.day)

    def label(self, item: int) -> str:
        """The item's document, with its instalment."""
        items = self.book.items
        return items.number[item] + (f"/{items.instalment[item]}" if items.instalment[item] else "")

    def labels(self, items: Sequence[int]) -> str:
        """Several items in words."""
        return ", ".join(map(self.label, items[:8])) + (f" and {len(items) - 8} more" if len(items) > 8 else "")

    def shown(self, units: int) -> str:
        """An amount in words."""
        return f"{self.scale.decimal(units):,} {self.currency}"

    def in_currency(self, item: int) -> bool:
        """Whether an item is in the line's currency."""
        return self.book.pockets[self.book.items.pocket[item]].currency == self.currency

    @property
    def deducts(self) -> bool:
        """Whether the payer says that something was left out on purpose."""
        return _DEDUCTS.search(folded(self.line.remittance)) is not None

    @property
    def stated_charges(self) -> int:
        """What the bank says that was kept on the way, in units; 0 when it says nothing."""
        line = self.line
        kept = line.charges or Decimal(0)
        if line.original_amount is not None and line.original_currency == line.currency:
            kept = kept or EXACT.subtract(line.original_amount, line.amount)
        if kept <= 0:
            return 0
        try:
            return self.scale.units(kept)
        except ArithmeticError:
            return 0


class _Named(NamedTuple):
    """Documents of one customer that a text names, as items.

    Attributes:
      items: What of them is open, the oldest due first.
      closed: What of them is not.
      quality: How surely the least sure of them is named.
      words: As the text has them.
    """

    items: tuple[int, ...]
    closed: tuple[int, ...]
    quality: int
    words: str


class _Short(NamedTuple):
    """Why less was paid than is open of some items.

    Attributes:
      deductions: What is settled without money.
      credits: Credits that are netted.
      disputed: What stays open because it is disputed, by item.
      exact: Whether it was computed, not only within a tolerance.
      reasons: Words of `DIFFERENCES`.
      words: How it was computed.
      doubt: Why a person should look; "" for no reason.
    """

    deductions: tuple[Deduction, ...]
    credits: tuple[Allocation, ...]
    disputed: Mapping[int, int]
    exact: bool
    reasons: tuple[str, ...]
    words: str
    doubt: str = ""


class _Computed(NamedTuple):
    """A difference that can be computed.

    Attributes:
      reason: A word of `DIFFERENCES`.
      units: How much it is.
      slack: How much rounding may make of it.
      words: How it is computed.
      doubt: Why a person should look; "" for no reason.
    """

    reason: str
    units: int
    slack: int
    words: str
    doubt: str


def explain(case: Case, master: Master, customers: Sequence[str] = ()) -> Explanation:
    """The best explanation of a line as a payment for a customer.

    Args:
      case: The line.
      master: The customer.
      customers: All customers whose documents it names together; () for this one alone.
    """
    among = tuple(customers) or (master.code,)
    best: Explanation | None = None
    for found in _explanations(case, master, among):
        if best is None or found.rank > best.rank:
            best = found
        if best.rank >= WEAK_EXACT:
            break
    if best is None:
        best = _guess(case, master)
    elif best.rank >= WEAK_EXACT and all(map(case.standing.is_taken, best.applied.items)):
        words = f"an earlier line, which waits, names {case.labels(best.applied.items)} as well"
        applied = Applied(best.applied.customer, (), (), case.units, (DUPLICATE,), (*best.applied.evidence, words))
        best = Explanation(applied, NAMED_REST, quality=best.quality, doubts=(words,))
    named = _named(case, among, BARE)
    if best.sum and best.quality is None and named is not None:
        best = best._replace(doubts=(*best.doubts, f"the text names {named.words}"))
    return best


def _explanations(case: Case, master: Master, among: Sequence[str]) -> Iterator[Explanation]:
    sure = _named(case, among, BARE)
    own = _named(case, among, BARE, listed=False)
    weak = _named(case, among, MISREAD)
    tailed = _tailed(case, among)
    sets = [each for each in dict.fromkeys((sure, own, weak)) if each is not None]
    for named in sets:
        yield from _exact(case, named)
    if len(among) > 1:
        return
    for named in sets:
        yield from _with_difference(case, master, named)
    yield from _weakly(case, master, weak, tailed)
    if sure is not None:
        yield from _completed(case, master, sure)
        yield _rest(case, master, sure)
        return
    if weak is not None and not weak.items and weak.closed:
        yield from _again(case, master, weak)
    yield from _by_sum(case, master)


# Documents that are named


def _named(case: Case, among: Sequence[str], least: int, *, listed: bool = True) -> _Named | None:
    """The documents of these customers that the text names at least so surely; None for none."""
    items: list[int] = []
    closed: list[int] = []
    words: list[str] = []
    quality = None
    for named in case.reading.named:
        document = case.documents.documents[named.document]
        if document.customer not in among or named.quality < least or (named.listed and not listed):
            continue
        of_document = [item for item in document.items if case.in_currency(item)]
        still = [item for item in of_document if case.left(item)]
        items += still
        closed += [] if still else of_document
        if of_document:
            words.append(named.written)
            quality = named.quality if quality is None else min(quality, named.quality)
    if quality is None:
        return None
    due = case.book.items.due
    ordered = tuple(sorted(dict.fromkeys(items), key=lambda item: (due[item], item)))
    return _Named(ordered, tuple(dict.fromkeys(closed)), quality, " ".join(dict.fromkeys(words)))


def _tailed(case: Case, among: Sequence[str]) -> tuple[int, ...]:
    """The open items of these customers whose last group of digits stands in the text."""
    found: list[int] = []
    for tail in sorted(case.reading.tails):
        for place in case.documents.with_tail(tail):
            document = case.documents.documents[place]
            if document.customer in among:
                found += [item for item in document.items if case.in_currency(item) and case.left(item) > 0]
    return tuple(dict.fromkeys(found))


def _debits(case: Case, items: Sequence[int]) -> list[int]:
    return [item for item in items if case.left(item) > 0]


def _subsets(case: Case, named: _Named) -> Iterator[tuple[int, ...]]:
    """What of the named documents may be meant: all of it, what is due, one instalment, the oldest ones."""
    yield named.items
    debits = _debits(case, named.items)
    if len(debits) > 1 and any(case.book.items.instalment[item] for item in debits):
        due = tuple(item for item in debits if case.book.items.due[item] <= case.day.toordinal())
        if due and len(due) < len(debits):
            yield due
        documents: dict[str, list[int]] = {}
        for item in debits:
            documents.setdefault(case.book.items.number[item], []).append(item)
        yield tuple(found[0] for found in documents.values())
        for count in range(1, len(debits)):
            yield tuple(debits[:count])
        for item in debits[1:]:
            yield (item,)


def _exact(case: Case, named: _Named) -> Iterator[Explanation]:
    if not named.items:
        return
    rank = NAMED_EXACT if named.quality >= BARE else WEAK_EXACT
    for items in dict.fromkeys(_subsets(case, named)):
        if sum(map(case.left, items)) == case.units and _debits(case, items):
            reasons = (CREDIT,) if any(case.left(item) < 0 for item in items) else ()
            doubts = (f"{case.labels(named.closed)} is named as well, and settled",) if named.closed else ()
            yield Explanation(
                _applied(case, items, reasons=reasons, evidence=(_naming(case, named), _amounts(case, items))),
                rank, quality=named.quality, doubts=doubts,
            )  # fmt: skip
            return


def _naming(case: Case, named: _Named) -> str:
    how = "" if named.quality >= BARE else f", {QUALITIES[named.quality]}"
    return f'the text names {case.labels((*named.items, *named.closed))} ("{named.words[:80]}"{how})'


def _amounts(case: Case, items: Sequence[int]) -> str:
    return f"{case.shown(case.units)} is what is open of {'it' if len(items) == 1 else 'them'}"


def _applied(
    case: Case,
    items: Sequence[int],
    *,
    short: _Short | None = None,
    on_account: int = 0,
    reasons: tuple[str, ...] = (),
    evidence: tuple[str, ...] = (),
    customer: str = "",
) -> Applied:
    """Items settled in full but for what is disputed."""
    disputed = {} if short is None else short.disputed
    allocations = [Allocation(item, case.left(item) - disputed.get(item, 0)) for item in items]
    if short is not None:
        allocations += short.credits
        evidence = (*evidence, short.words)
    pocket = case.book.pockets[case.book.items.pocket[items[0]]]
    return Applied(
        customer or pocket.customer,
        tuple(each for each in allocations if each.units),
        () if short is None else short.deductions,
        on_account,
        reasons or (() if short is None else short.reasons),
        evidence,
    )


def _with_difference(case: Case, master: Master, named: _Named) -> Iterator[Explanation]:
    if not _debits(case, named.items):
        return
    found = []
    for items in dict.fromkeys(_subsets(case, named)):
        for short in _differences(case, master, items):
            rank = NAMED_DIFFERENCE if short.exact else NAMED_TOLERANCE
            if named.quality < BARE:
                # A number that is read with a doubt and an amount that does not quite agree are two doubts.
                rank = WEAK_EXACT if short.exact else NAMED_REST
            doubts = [short.doubt] if short.doubt else []
            if named.closed:
                doubts.append(f"{case.labels(named.closed)} is named as well, and settled")
            if not short.exact and named.quality < BARE:
                doubts.append("neither the number nor the amount agrees exactly")
            applied = _applied(case, items, short=short, evidence=(_naming(case, named),))
            found.append(Explanation(applied, rank, quality=named.quality, doubts=tuple(doubts)))
    yield from sorted(found, key=lambda each: -each.rank)[:1]


def _weakly(case: Case, master: Master, weak: _Named | None, tailed: tuple[int, ...]) -> Iterator[Explanation]:
    """Parts of numbers and misread numbers, confirmed by the amount."""
    items = tuple(dict.fromkeys((*(weak.items if weak else ()), *tailed)))
    debits = _debits(case, items)
    chosen = _agreeing(case, debits)
    if chosen:
        evidence = f"the text has the last digits of {case.labels(chosen)}"
        yield Explanation(
            _applied(case, chosen, evidence=(evidence, _amounts(case, chosen))), WEAK_EXACT, quality=SHORT
        )
        return
    mine = (
        case.documents.documents[named.document].customer for named in case.reading.named if named.quality > MISREAD
    )
    if master.code in mine:
        # What is the number of one document of the customer is not a misspelt one of another.
        return
    same = [
        item for item in case.standing.open_items(master.code, case.currency, case.day) if case.left(item) == case.units
    ]
    near = [(item, written) for item in same if (written := _near(case, item))]
    if len(near) == 1:
        item, written = near[0]
        evidence = f'"{written}" in the text is {case.label(item)} but for one character'
        yield Explanation(
            _applied(case, (item,), evidence=(evidence, _amounts(case, (item,)))), WEAK_EXACT, quality=MISREAD
        )


def _near(case: Case, item: int) -> str:
    customer = case.book.pockets[case.book.items.pocket[item]].customer
    number = case.book.items.number[item]
    for place in case.documents.places(customer, number):
        if written := case.documents.is_near(place, case.reading.keys):
            return written
    return ""


def _agreeing(case: Case, debits: Sequence[int]) -> tuple[int, ...]:
    """The items that have the amount: all of them, a single one, or the only set of them."""
    if not debits:
        return ()
    if sum(map(case.left, debits)) == case.units:
        return tuple(debits)
    single = [item for item in debits if case.left(item) == case.units]
    if len(single) == 1:
        return (single[0],)
    if single or len(debits) > 12:
        return ()
    only = only_subset([_amount(case, item) for item in debits], case.units)
    return () if only is None or only.chance > COINCIDENCE else only.items


def _completed(case: Case, master: Master, named: _Named) -> Iterator[Explanation]:
    """More was paid than what is named: the rest is the sum of others, which the text has no room for."""
    rest = case.units - sum(map(case.left, named.items))
    if rest <= 0 or not _debits(case, named.items):
        return
    others = [
        _amount(case, item)
        for item in case.standing.open_items(master.code, case.currency, case.day)
        if item not in named.items
    ]
    explained = explanations(others, rest)
    only = only_subset(others, rest)
    if not explained and only is None:
        return
    chosen = explained[0] if explained else only
    assert chosen is not None  # noqa: S101
    items = (*named.items, *chosen.items)
    accident = chosen.why == SUBSET and chosen.chance > COINCIDENCE
    unsure = len(explained) > 1 or chosen.others > 0 or accident or bool(_twins(chosen.items, others))
    doubts = ["what is paid beyond the documents named may be for other items, too"] if unsure else []
    if not case.reading.cut and chosen.why == SUBSET:
        doubts.append(f"{case.labels(chosen.items)} is not named")
    evidence = (_naming(case, named), f"the rest {_SUMS[chosen.why]} {case.labels(chosen.items)}")
    yield Explanation(
        _applied(case, items, evidence=evidence), NAMED_REST if unsure else SUM_DIFFERENCE,
        sum=chosen.why, quality=named.quality, doubts=tuple(doubts),
    )  # fmt: skip


def _rest(case: Case, master: Master, named: _Named) -> Explanation:
    """Documents are named, and neither they nor a difference explain the amount."""
    debits = _debits(case, named.items)
    if not debits:
        again = next(_again(case, master, named), None)
        if again is not None:
            return again
        applied = Applied(master.code, (), (), case.units, (PREPAID,), (_naming(case, named),))
        return Explanation(
            applied, NAMED_REST, quality=named.quality,
            doubts=(f"{case.labels(named.closed)} is settled" if named.closed else "only credits are named",),
        )  # fmt: skip
    doubts = []
    weak = _named(case, (master.code,), MISREAD)
    if weak is not None and len(weak.items) + len(weak.closed) > len(named.items) + len(named.closed):
        doubts.append("the text may name more documents")
    if case.reading.cut:
        doubts.append("the text is cut off behind a number, and more may be meant")
    others = [item for item in case.standing.open_items(master.code, case.currency, case.day) if item not in debits]
    more = case.units > sum(map(case.left, debits))
    found = _more(case, named, debits, others) if more else _less(case, named, debits, others)
    return found._replace(doubts=(*doubts, *found.doubts))


def _more(case: Case, named: _Named, debits: Sequence[int], others: Sequence[int]) -> Explanation:
    """More is paid than what is open of the documents that are named."""
    over = case.units - sum(map(case.left, debits))
    applied = _applied(case, debits, on_account=over, reasons=(OVERPAID,), evidence=(_naming(case, named),))
    doubts = []
    if any(case.left(item) <= over for item in others):
        doubts.append(f"{case.shown(over)} more than is open of {case.labels(debits)} may be for other items")
    if named.closed:
        doubts.append(f"{case.labels(named.closed)} is named as well, and settled")
    return Explanation(applied, NAMED_REST, quality=named.quality, doubts=tuple(doubts))


def _less(case: Case, named: _Named, debits: Sequence[int], others: Sequence[int]) -> Explanation:
    """Less is paid than what is open of the documents that are named: the oldest due come first."""
    left, allocations = case.units, []
    for item in debits:
        part = min(left, case.left(item))
        if part:
            allocations.append(Allocation(item, part))
        left -= part
    doubts = []
    if len(debits) > 1:
        doubts.append("which of the documents named is paid in part is not said")
    total = sum(map(case.left, debits))
    missing = total - case.units
    if missing * _LITTLE < total and not case.deducts and not _IN_PARTS.search(folded(case.line.remittance)):
        doubts.append(f"{case.shown(missing)} is missing, and nothing says why")
    elsewhere = explanations([_amount(case, item) for item in others], case.units)
    if elsewhere:
        doubts.append(f"{_SUMS[elsewhere[0].why]} {case.labels(elsewhere[0].items)}, which is not named")
    pocket = case.book.pockets[case.book.items.pocket[debits[0]]]
    applied = Applied(pocket.customer, tuple(allocations), (), 0, (PART,), (_naming(case, named),))
    return Explanation(applied, NAMED_REST, quality=named.quality, doubts=tuple(doubts), claims=tuple(debits))


def _again(case: Case, master: Master, named: _Named) -> Iterator[Explanation]:
    """What is named was settled before, by the same amount."""
    items = case.book.items
    closed = [item for item in named.closed if items.amount[item] > 0]
    amounts = {items.amount[item] for item in closed} | {sum(items.amount[item] for item in closed)}
    if closed and case.units in amounts:
        evidence = (_naming(case, named), f"{case.labels(closed)} was settled before")
        applied = Applied(master.code, (), (), case.units, (DUPLICATE,), evidence)
        yield Explanation(applied, NAMED_REST, quality=named.quality)


# Differences


def _differences(case: Case, master: Master, items: Sequence[int]) -> Iterator[_Short]:
    """Why a payment is not quite what is open of some items, the most certain reason first."""
    total = sum(map(case.left, items))
    short = total - case.units
    debits = _debits(case, items)
    if not short or not debits:
        return
    rounding = case.scale.units(_fitting(case.policy.rounding_limit(case.currency), case.scale))
    if short < 0:
        if -short <= rounding and -short * _ROUNDING_SHARE <= total:
            yield _settled_without(case, ((ROUNDING, short),), exact=False)
        return
    bases = list(_computed(case, master, debits))
    exact = list(_exactly(case, master, items, short, bases))
    if len({each.reasons for each in exact}) > 1:
        doubt = f"it may be {' or '.join(dict.fromkeys(' and '.join(each.reasons) for each in exact))}"
        exact = [each._replace(doubt=each.doubt or doubt) for each in exact]
    yield from exact
    if not case.deducts:
        yield from _about(case, short, total, rounding, bases)


def _exactly(
    case: Case, master: Master, items: Sequence[int], short: int, bases: Sequence[_Computed]
) -> Iterator[_Short]:
    """Reasons by which the difference is known to the last unit."""
    stated = case.stated_charges
    if stated == short:
        yield _settled_without(case, ((CHARGE, short),), exact=True, words="the bank says so")
    yield from _credits(case, master, items, short)
    for base in bases:
        if abs(short - base.units) <= base.slack:
            yield _settled_without(case, ((base.reason, short),), exact=True, words=base.words, doubt=base.doubt)
        elif stated and short - base.units == stated:
            parts = ((base.reason, base.units), (CHARGE, stated))
            yield _settled_without(case, parts, exact=True, words=base.words, doubt=base.doubt)
    disputed = {item: case.standing.in_dispute(item, case.day) for item in _debits(case, items)}
    if short == sum(disputed.values()):
        yield _Short((), (), disputed, True, (DISPUTED,), f"{case.shown(short)} is disputed")


def _about(case: Case, short: int, total: int, rounding: int, bases: Sequence[_Computed]) -> Iterator[_Short]:
    """Reasons that are within a tolerance, alone or beside one that is known."""
    charge = case.scale.units(_fitting(case.policy.charge_limit(case.currency), case.scale))
    for base in (*bases, None):
        rest = short - (0 if base is None else base.units)
        known = () if base is None else ((base.reason, base.units),)
        words, doubt = ("", "") if base is None else (base.words, base.doubt)
        if rest <= (0 if base is None else base.slack):
            continue
        if rest <= rounding and rest * _ROUNDING_SHARE <= total:
            yield _settled_without(case, (*known, (ROUNDING, rest)), exact=False, words=words, doubt=doubt)
        elif rest <= charge and rest * _CHARGE_SHARE <= total:
            yield _settled_without(case, (*known, (CHARGE, rest)), exact=False, words=words, doubt=doubt)


def _fitting(amount: Decimal, scale: Scale) -> Decimal:
    """A limit in whole units."""
    return amount.quantize(Decimal(1).scaleb(-scale.unit), ROUND_DOWN)


def _settled_without(
    case: Case, parts: Sequence[tuple[str, int]], *, exact: bool, words: str = "", doubt: str = ""
) -> _Short:
    said = " and ".join(f"{case.shown(abs(units))} {reason}" for reason, units in parts)
    how = "more" if parts[0][1] < 0 else "less"
    return _Short(
        tuple(Deduction(reason, units) for reason, units in parts), (), {}, exact, tuple(reason for reason, _ in parts),
        f"{said} {how}{f' ({words})' if words else ''}", doubt,
    )  # fmt: skip


def _credits(case: Case, master: Master, items: Sequence[int], short: int) -> Iterator[_Short]:
    """Credits that are netted: one that has the difference, or all of them."""
    found = [
        item
        for item in case.standing.open_credits(master.code, case.currency, case.day)
        if item not in items and _same_pocket(case, item, items)
    ]
    one = [item for item in found if -case.left(item) == short]
    doubt = "several credits have this amount" if len(one) > 1 else ""
    chosen = one[:1] or (found if found and -sum(map(case.left, found)) == short else [])
    if chosen:
        netted = tuple(Allocation(item, case.left(item)) for item in chosen)
        yield _Short((), netted, {}, True, (CREDIT,), f"less {case.labels(chosen)}, {case.shown(short)}", doubt)


def _same_pocket(case: Case, credit: int, items: Sequence[int]) -> bool:
    pocket = case.book.items.pocket
    return any(pocket[item] == pocket[credit] for item in items)


def _computed(case: Case, master: Master, debits: Sequence[int]) -> Iterator[_Computed]:
    """The differences that the terms and the customer's tax grant."""
    slack = len(debits) * _unit(case)
    in_time = [(item, *found) for item in debits if (found := _discount(case, item)) and case.day <= found[1]]
    grace = datetime.timedelta(days=case.policy.discount_grace)
    late = [(item, *found) for item in debits if (found := _discount(case, item)) and case.day > found[1]]
    within = [each for each in late if case.day <= each[2] + grace]
    for granted, doubt in (
        ([*in_time, *within], ""),
        ([*in_time, *late], "the discount was taken after its last day"),
    ):
        if granted and not (doubt and len(granted) == len(in_time) + len(within)):
            units = sum(each[1] for each in granted)
            words = f"until {min(each[2] for each in granted)}"
            yield _Computed(DISCOUNT, units, slack, words, doubt)
    if master.withholding is not None:
        percent = master.withholding.percent
        for base in ("gross", "net") if not master.withholding.base else (master.withholding.base,):
            parts = [_base(case, item, base) for item in debits]
            if all(part is not None for part in parts):
                units = sum(_share(case, part, percent) for part in parts if part is not None)
                yield _Computed(WITHHOLDING, units, slack, f"{percent}% of the {base} amount", "")


def _unit(case: Case) -> int:
    """The smallest amount that is paid, in units of the scale."""
    return int(10 ** max(0, case.scale.unit - case.scale.digits))


def _share(case: Case, units: int, percent: Decimal) -> int:
    amount = EXACT.multiply(case.scale.decimal(units), percent) / _HUNDRED
    return case.scale.units(amount.quantize(Decimal(1).scaleb(-case.scale.digits), ROUND_HALF_UP))


def _discount(case: Case, item: int) -> tuple[int, datetime.date] | None:
    """The discount on an item in units, and its last day; None where its terms grant none, or a part was paid."""
    return _discount_of(case.book, item, case.scale) if case.left(item) == case.book.items.amount[item] else None


@functools.lru_cache(maxsize=4096)
def _terms_discount(written: str, date: datetime.date) -> tuple[Decimal, datetime.date] | None:
    try:
        terms = parse_terms(written)
        until = discount_until(terms, date)
    except TermsError:
        return None
    return None if until is None or terms.discount is None else (terms.discount.rate, until)


def _discount_of(book: Book, item: int, scale: Scale) -> tuple[int, datetime.date] | None:
    written = book.texts.terms(item)
    if "/" not in written:
        return None
    granted = _terms_discount(written, datetime.date.fromordinal(book.items.date[item]))
    if granted is None:
        return None
    amount = EXACT.multiply(scale.decimal(book.items.amount[item]), granted[0]) / _HUNDRED
    return scale.units(amount.quantize(Decimal(1).scaleb(-scale.digits), ROUND_HALF_UP)), granted[1]


def _base(case: Case, item: int, base: str) -> int | None:
    """What tax is withheld from: the item, or its part without VAT; None where the entry does not tell."""
    left = case.left(item)
    if base == "gross":
        return left
    entry = case.entries.get(case.book.texts.entry(item))
    amount = case.book.items.amount[item]
    if entry is None or left != amount:
        return None
    income = [
        posting.units.number
        for posting in entry.postings
        if posting.units is not None and posting.units.number is not None
        and posting.units.currency == case.currency and posting.account.startswith(_income_root(case.book))
    ]  # fmt: skip
    document = [
        posting.units.number
        for posting in entry.postings
        if posting.units is not None and posting.units.number is not None and posting.units.number > 0
        and posting.account == case.book.pockets[case.book.items.pocket[item]].account
    ]  # fmt: skip
    net, gross = -sum(income), sum(document)
    if not income or not document or net <= 0 or gross <= 0:
        return None
    # Of an instalment its share.
    share = (Decimal(amount) * net / gross).quantize(Decimal(1), ROUND_HALF_UP)
    return int(share)


def _income_root(book: Book) -> str:
    from receivables.settings import PENALTY_INCOME

    return book.settings.roles[PENALTY_INCOME][0].partition(":")[0] + ":"


# Sums


def _amount(case: Case, item: int, units: int | None = None) -> Amount:
    date = datetime.date.fromordinal(case.book.items.date[item])
    return Amount(
        item,
        case.left(item) if units is None else units,
        case.book.items.due[item] <= case.day.toordinal(),
        date.year * 12 + date.month - 1,
    )


def _by_sum(case: Case, master: Master) -> Iterator[Explanation]:
    """No document is named: what the amount alone says."""
    opened = case.standing.open_items(master.code, case.currency, case.day)
    if not opened:
        return
    amounts = [_amount(case, item) for item in opened]
    plain = explanations(amounts, case.units)
    if plain:
        yield _explained(case, plain, None, amounts)
    found = _net_of_credits(case, master, amounts)
    if found is not None:
        yield found
    if not plain:
        yield from _sums_with_difference(case, master, opened)
        only = only_subset(amounts, case.units)
        if only is not None:
            yield _explained(case, [only], None, amounts)


def _explained(case: Case, found: Sequence[Explained], short: _Short | None, amounts: Sequence[Amount]) -> Explanation:
    first = found[0]
    doubts = []
    rank = SUM if short is None else SUM_DIFFERENCE
    items = first.items
    claims: tuple[int, ...] = ()
    tellings = (", and the text names its month", " with this amount")
    words = f"{case.shown(case.units)}: {_SUMS[first.why]}"
    if len(found) > 1:
        doubts.append(f"it may also be that {_SUMS[found[1].why]} {case.labels(found[1].items)}")
    if first.others and first.why == ITEM:
        units = next(each.units for each in amounts if each.item == items[0])
        equal = [each for each in amounts if each.units == units]
        meant = [each for each in equal if any(period.has(each.month) for period in case.periods)]
        if len(meant) == 1:
            items = (meant[0].item,)
            words = f"{words} {case.label(items[0])}, and the text names its month"
        elif case.policy.equal_amounts == "oldest" and not case.periods:
            words += f" {case.label(items[0])}, the oldest of {len(equal)} with this amount"
        else:
            doubts.append(f"{len(equal)} items have this amount: {case.labels([each.item for each in equal])}")
            claims = tuple(each.item for each in equal)
            rank = SUM_UNSURE
    elif first.why in (DUE, MONTH, RUN) and not case.periods and (twins := _twins(items, amounts)):
        claims = tuple(twins)
        doubts.append(f"{case.labels(twins)} has the same amount as one of them")
        rank = SUM_UNSURE
    elif first.others:
        doubts.append(f"{first.others + 1} sets of items have this sum")
        rank = SUM_UNSURE
    elif case.periods and first.why in (ITEM, MONTH) and not any(
        period.has(each.month) or period.has(each.month - 1) for each in amounts for period in case.periods
        if each.item in items
    ):  # fmt: skip
        doubts.append("the text speaks of another month")
    if first.chance > COINCIDENCE:
        doubts.append("so many items are open that the sum may be an accident")
        rank = SUM_UNSURE
    evidence = (words if words.endswith(tellings) else f"{words} {case.labels(items)}",)
    return Explanation(
        _applied(case, items, short=short, evidence=evidence), rank, sum=first.why, doubts=tuple(doubts), claims=claims
    )


def _twins(items: Sequence[int], amounts: Sequence[Amount]) -> list[int]:
    """The items that are not among these and have the amount of one of them."""
    chosen = {each.units for each in amounts if each.item in items}
    return [each.item for each in amounts if each.item not in items and each.units in chosen]


def _net_of_credits(case: Case, master: Master, amounts: Sequence[Amount]) -> Explanation | None:
    """All that is open, or due, or one item, less the credits that are open."""
    credits = case.standing.open_credits(master.code, case.currency, case.day)
    if not credits:
        return None
    netted = -sum(map(case.left, credits))
    found = [each for each in explanations(amounts, case.units + netted) if _same_pockets(case, credits, each.items)]
    if not found:
        return None
    short = _Short(
        (), tuple(Allocation(item, case.left(item)) for item in credits), {}, True, (CREDIT,),
        f"less {case.labels(credits)}, {case.shown(netted)}",
    )  # fmt: skip
    return _explained(case, found, short, amounts)


def _same_pockets(case: Case, credits: Sequence[int], items: Sequence[int]) -> bool:
    """Whether in each pocket no more is netted than is settled there."""
    pocket = case.book.items.pocket
    for each in {pocket[item] for item in credits}:
        settled = sum(case.left(item) for item in items if pocket[item] == each)
        if settled < -sum(case.left(item) for item in credits if pocket[item] == each):
            return False
    return True


def _sums_with_difference(case: Case, master: Master, opened: Sequence[int]) -> Iterator[Explanation]:
    """Sums of what is to be paid for each item; of several that differ each is in doubt."""
    found = list(_with_each_difference(case, master, opened))
    if len({frozenset(each.applied.items) for each in found}) > 1:
        found = [
            each._replace(doubts=(*each.doubts, "several items have this amount less a difference")) for each in found
        ]
    yield from found


def _with_each_difference(case: Case, master: Master, opened: Sequence[int]) -> Iterator[Explanation]:
    """Sums of what is to be paid for each item: less the discount, less the tax, or with the charges stated."""
    stated = case.stated_charges
    if stated:
        amounts = [_amount(case, item) for item in opened]
        found = explanations(amounts, case.units + stated)
        if found:
            short = _settled_without(case, ((CHARGE, stated),), exact=True, words="the bank says so")
            yield _explained(case, found, short, amounts)
    rates: list[tuple[str, str, dict[int, int]]] = []
    discounts = {
        item: granted[0]
        for item in opened
        if (granted := _discount(case, item))
        and case.day <= granted[1] + datetime.timedelta(days=case.policy.discount_grace)
    }
    if discounts:
        rates.append((DISCOUNT, "within its days", discounts))
    if master.withholding is not None:
        percent = master.withholding.percent
        for base in ("gross", "net") if not master.withholding.base else (master.withholding.base,):
            bases = {item: _base(case, item, base) for item in opened}
            withheld = {item: _share(case, part, percent) for item, part in bases.items() if part is not None}
            rates.append((WITHHOLDING, f"{percent}% of the {base} amount", withheld))
    for reason, words, less in rates:
        amounts = [_amount(case, item, case.left(item) - less.get(item, 0)) for item in opened]
        amounts = [each for each in amounts if each.units > 0]
        found = explanations(amounts, case.units)
        if found and any(less.get(item) for item in found[0].items):
            units = sum(less.get(item, 0) for item in found[0].items)
            short = _settled_without(case, ((reason, units),), exact=True, words=words)
            yield _explained(case, found, short, amounts)


def _guess(case: Case, master: Master) -> Explanation:
    """Nothing agrees: the oldest items first, for a person to look at."""
    opened = case.standing.open_items(master.code, case.currency, case.day)
    total = sum(map(case.left, opened))
    if not opened:
        applied = Applied(master.code, (), (), case.units, (PREPAID,), ("nothing is open",))
        return Explanation(applied, GUESS)
    if _AHEAD.search(folded(case.line.remittance)):
        applied = Applied(master.code, (), (), case.units, (PREPAID,), ("the text says that it is paid in advance",))
        return Explanation(applied, GUESS)
    left, allocations = case.units, []
    for item in opened:
        part = min(left, case.left(item))
        if part:
            allocations.append(Allocation(item, part))
        left -= part
    reason = OVERPAID if case.units > total else PART
    applied = Applied(master.code, tuple(allocations), (), left, (reason,), ("no document is named and no sum agrees",))
    return Explanation(applied, GUESS)
