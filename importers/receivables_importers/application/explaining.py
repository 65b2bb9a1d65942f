"""Explaining: what of a customer's open items an amount pays, and why it is not all of it.

Documents that the text names come first; an amount without any needs an explanation that a person would give. What no
difference explains is a part payment or an overpayment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from receivables.rules.application import CREDIT, DUPLICATE, OVERPAID, PART, PREPAID, SUBSET
from receivables_importers.application.cases import Case
from receivables_importers.application.differences import differences, rounding_limit, tolerated
from receivables_importers.application.explanation import (
    GUESS,
    NAMED_DIFFERENCE,
    NAMED_EXACT,
    NAMED_REST,
    NAMED_TOLERANCE,
    SUM_DIFFERENCE,
    SUM_WORDS,
    WEAK_EXACT,
    Explanation,
    applied_to,
)
from receivables_importers.application.intentions import deducts, pays_a_part, pays_ahead, pays_for_another
from receivables_importers.application.knowledge import Master
from receivables_importers.application.model import Allocation, Applied
from receivables_importers.application.naming import (
    NamedDocuments,
    documents_named,
    items_with_tails,
    naming,
    numbers_named,
    parts_of,
)
from receivables_importers.application.numbers import BARE, MISREAD, SHORT
from receivables_importers.application.sums import COINCIDENCE, explanations, only_subset
from receivables_importers.application.unnamed import by_sum, twins

_LITTLE: Final = 8
"""Who pays in parts leaves more than an eighth; of less something else was left out."""


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
    if best.sum and best.quality is None:
        best = best._replace(doubts=(*best.doubts, *_contradictions(case, among)))
    return best


def _contradictions(case: Case, among: Sequence[str]) -> Iterator[str]:
    """What the text says against a sum that nothing but the amount speaks for."""
    text = case.line.remittance
    if words := numbers_named(case, among):
        yield f"the text names {words}"
    if pays_ahead(text):
        yield "the text says that it is paid in advance"
    if pays_for_another(text):
        yield "the text says that it is paid for somebody else"


def _explanations(case: Case, master: Master, among: Sequence[str]) -> Iterator[Explanation]:
    sure = documents_named(case, among, BARE)
    own = documents_named(case, among, BARE, listed=False)
    weak = documents_named(case, among, MISREAD)
    tailed = items_with_tails(case, among)
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
    yield from by_sum(case, master)


# Documents that are named


def _exact(case: Case, named: NamedDocuments) -> Iterator[Explanation]:
    if not named.items:
        return
    rank = NAMED_EXACT if named.quality >= BARE else WEAK_EXACT
    for items in dict.fromkeys(parts_of(case, named)):
        if sum(map(case.left, items)) == case.units and case.debits(items):
            reasons = (CREDIT,) if any(case.left(item) < 0 for item in items) else ()
            doubts = (f"{case.labels(named.closed)} is named as well, and settled",) if named.closed else ()
            yield Explanation(
                applied_to(case, items, reasons=reasons, evidence=(naming(case, named), _amounts(case, items))),
                rank, quality=named.quality, doubts=doubts,
            )  # fmt: skip
            return


def _amounts(case: Case, items: Sequence[int]) -> str:
    return f"{case.shown(case.units)} is what is open of {'it' if len(items) == 1 else 'them'}"


def _with_difference(case: Case, master: Master, named: NamedDocuments) -> Iterator[Explanation]:
    if not case.debits(named.items):
        return
    found = []
    for items in dict.fromkeys(parts_of(case, named)):
        for short in differences(case, master, items):
            rank = NAMED_DIFFERENCE if short.exact else NAMED_TOLERANCE
            if named.quality < BARE:
                # A number that is read with a doubt and an amount that does not quite agree are two doubts.
                rank = WEAK_EXACT if short.exact else SUM_DIFFERENCE if _is_one(case, named) else NAMED_REST
            doubts = [short.doubt] if short.doubt else []
            if named.closed:
                doubts.append(f"{case.labels(named.closed)} is named as well, and settled")
            if not short.exact and named.quality < BARE and not _is_one(case, named):
                doubts.append("neither the number nor the amount agrees exactly")
            applied = applied_to(case, items, short=short, evidence=(naming(case, named),))
            found.append(Explanation(applied, rank, quality=named.quality, doubts=tuple(doubts)))
    yield from sorted(found, key=lambda each: -each.rank)[:1]


def _is_one(case: Case, named: NamedDocuments) -> bool:
    """Whether a text names one document of the customer, be it by the end of its number alone."""
    return named.quality >= SHORT and len({case.book.items.number[item] for item in (*named.items, *named.closed)}) == 1


def _weakly(case: Case, master: Master, weak: NamedDocuments | None, tailed: tuple[int, ...]) -> Iterator[Explanation]:
    """Parts of numbers and misread numbers, confirmed by the amount."""
    items = tuple(dict.fromkeys((*(weak.items if weak else ()), *tailed)))
    debits = case.debits(items)
    chosen = _agreeing(case, debits)
    if chosen:
        evidence = f"the text has the last digits of {case.labels(chosen)}"
        yield Explanation(
            applied_to(case, chosen, evidence=(evidence, _amounts(case, chosen))), WEAK_EXACT, quality=SHORT
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
            applied_to(case, (item,), evidence=(evidence, _amounts(case, (item,)))), WEAK_EXACT, quality=MISREAD
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
    only = only_subset([case.amount(item) for item in debits], case.units)
    return () if only is None or only.chance > COINCIDENCE else only.items


def _completed(case: Case, master: Master, named: NamedDocuments) -> Iterator[Explanation]:
    """More was paid than what is named: the rest is the sum of others, which the text has no room for."""
    rest = case.units - sum(map(case.left, named.items))
    if rest <= 0 or not case.debits(named.items):
        return
    others = [
        case.amount(item)
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
    unsure = len(explained) > 1 or chosen.others > 0 or accident or bool(twins(chosen.items, others))
    doubts = ["what is paid beyond the documents named may be for other items, too"] if unsure else []
    if not case.reading.cut and chosen.why == SUBSET:
        doubts.append(f"{case.labels(chosen.items)} is not named")
    evidence = (naming(case, named), f"the rest {SUM_WORDS[chosen.why]} {case.labels(chosen.items)}")
    yield Explanation(
        applied_to(case, items, evidence=evidence), NAMED_REST if unsure else SUM_DIFFERENCE,
        sum=chosen.why, quality=named.quality, doubts=tuple(doubts),
    )  # fmt: skip


def _rest(case: Case, master: Master, named: NamedDocuments) -> Explanation:
    """Documents are named, and neither they nor a difference explain the amount."""
    debits = case.debits(named.items)
    if not debits:
        again = next(_again(case, master, named), None)
        if again is not None:
            return again
        applied = Applied(master.code, (), (), case.units, (PREPAID,), (naming(case, named),))
        later = _dated_later(case, named.closed)
        doubt = f"{case.labels(named.closed)} is settled" if named.closed else "only credits are named"
        if later:
            doubt = f"{case.labels(later)} is dated later than the payment"
        return Explanation(applied, NAMED_REST, quality=named.quality, doubts=(doubt,))
    doubts = []
    weak = documents_named(case, (master.code,), MISREAD)
    if weak is not None and len(weak.items) + len(weak.closed) > len(named.items) + len(named.closed):
        doubts.append("the text may name more documents")
    elif more_named := [item for item in items_with_tails(case, (master.code,)) if item not in named.items]:
        doubts.append(f"the text may name {case.labels(more_named)}, too")
    if case.reading.cut:
        doubts.append("the text is cut off behind a number, and more may be meant")
    others = [item for item in case.standing.open_items(master.code, case.currency, case.day) if item not in debits]
    more = case.units > sum(map(case.left, debits))
    found = _more(case, named, debits, others) if more else _less(case, named, debits, others)
    return found._replace(doubts=(*doubts, *found.doubts))


def _more(case: Case, named: NamedDocuments, debits: Sequence[int], others: Sequence[int]) -> Explanation:
    """More is paid than what is open of the documents that are named."""
    over = case.units - sum(map(case.left, debits))
    applied = applied_to(case, debits, on_account=over, reasons=(OVERPAID,), evidence=(naming(case, named),))
    doubts = []
    if any(case.left(item) <= over for item in others):
        doubts.append(f"{case.shown(over)} more than is open of {case.labels(debits)} may be for other items")
    elif elsewhere := explanations([case.amount(item) for item in others], case.units):
        doubts.append(f"{SUM_WORDS[elsewhere[0].why]} {case.labels(elsewhere[0].items)}, which is not named")
    later = [item for item in debits if case.standing.settled_later(item, case.day)]
    if later:
        doubts.append(f"{case.labels(later)} is settled by an entry of a later day")
    if named.closed:
        doubts.append(f"{case.labels(named.closed)} is named as well, and settled")
    return Explanation(applied, NAMED_REST, quality=named.quality, doubts=tuple(doubts))


def _less(case: Case, named: NamedDocuments, debits: Sequence[int], others: Sequence[int]) -> Explanation:
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
    if missing * _LITTLE < total and not deducts(case.line.remittance) and not pays_a_part(case.line.remittance):
        doubts.append(f"{case.shown(missing)} is missing, and nothing says why")
    elsewhere = explanations([case.amount(item) for item in others], case.units)
    if elsewhere:
        doubts.append(f"{SUM_WORDS[elsewhere[0].why]} {case.labels(elsewhere[0].items)}, which is not named")
    pocket = case.book.pockets[case.book.items.pocket[debits[0]]]
    applied = Applied(pocket.customer, tuple(allocations), (), 0, (PART,), (naming(case, named),))
    return Explanation(applied, NAMED_REST, quality=named.quality, doubts=tuple(doubts), claims=tuple(debits))


def _dated_later(case: Case, items: Sequence[int]) -> list[int]:
    """Those of the items that do not exist yet on the day of the line."""
    return [item for item in items if case.book.items.day[item] > case.day.toordinal()]


def _again(case: Case, master: Master, named: NamedDocuments) -> Iterator[Explanation]:
    """What is named was settled before, by the same amount."""
    items = case.book.items
    closed = [item for item in named.closed if items.amount[item] > 0]
    amounts = {items.amount[item] for item in closed} | {sum(items.amount[item] for item in closed)}
    if closed and case.units in amounts and not _dated_later(case, closed):
        evidence = (naming(case, named), f"{case.labels(closed)} was settled before")
        applied = Applied(master.code, (), (), case.units, (DUPLICATE,), evidence)
        yield Explanation(applied, NAMED_REST, quality=named.quality)


# Nothing agrees


def _guess(case: Case, master: Master) -> Explanation:
    """Nothing agrees: the oldest items first, for a person to look at."""
    opened = case.standing.open_items(master.code, case.currency, case.day)
    total = sum(map(case.left, opened))
    if not opened:
        applied = Applied(master.code, (), (), case.units, (PREPAID,), ("nothing is open",))
        return Explanation(applied, GUESS)
    if pays_ahead(case.line.remittance):
        applied = Applied(master.code, (), (), case.units, (PREPAID,), ("the text says that it is paid in advance",))
        return Explanation(applied, GUESS)
    near = _nearly(case, opened)
    if near is not None:
        return near
    left, allocations = case.units, []
    for item in opened:
        part = min(left, case.left(item))
        if part:
            allocations.append(Allocation(item, part))
        left -= part
    reason = OVERPAID if case.units > total else PART
    applied = Applied(master.code, tuple(allocations), (), left, (reason,), ("no document is named and no sum agrees",))
    return Explanation(applied, GUESS)


def _nearly(case: Case, opened: Sequence[int]) -> Explanation | None:
    """The only item that a bank charge or rounding would explain: likely, and no more, since nothing names it."""
    if deducts(case.line.remittance):
        return None
    rounding = rounding_limit(case)
    short = [
        (item, left - case.units, left) for item in opened if case.units < (left := case.left(item)) < 2 * case.units
    ]
    found = [(item, why) for item, less, left in short for why in list(tolerated(case, less, left, rounding, ()))[:1]]
    if len(found) != 1:
        return None
    item, why = found[0]
    evidence = (f"{case.label(item)} is the only item that is little more",)
    return Explanation(applied_to(case, (item,), short=why, evidence=evidence), GUESS)
