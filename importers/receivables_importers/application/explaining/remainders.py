"""Remainders: documents are named, and a part of them or of the money remains.

What no difference explains is a part payment or an overpayment, or was paid before, or is paid in advance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from receivables.rules.application import DUPLICATE, OVERPAID, PART, PREPAID
from receivables_importers.application.explaining.explanation import (
    NAMED_REST,
    SUM_WORDS,
    Explanation,
    applied_to,
    oldest_first,
)
from receivables_importers.application.explaining.named_documents import (
    NamedDocuments,
    also_settled,
    documents_named,
    items_with_tails,
    naming,
)
from receivables_importers.application.explaining.payment import Payment, are, were
from receivables_importers.application.explaining.sums import Explained, explanations
from receivables_importers.application.knowledge import Master
from receivables_importers.application.model import Applied
from receivables_importers.application.reading.document_numbers import MISREAD
from receivables_importers.application.reading.payer_words import deducts, pays_a_part

_LITTLE: Final = 8
"""Who pays in parts leaves more than an eighth; of less something else was left out."""


def remaining(payment: Payment, master: Master, named: NamedDocuments) -> Explanation:
    """Documents are named, and neither they nor a difference explain the amount."""
    debits = payment.debits(named.items)
    if not debits:
        again = next(paid_twice(payment, master, named), None)
        if again is not None:
            return again
        applied = Applied(master.code, (), (), payment.units, (PREPAID,), (naming(payment, named),))
        later = _dated_later(payment, named.closed)
        doubt = (
            f"{payment.labels(named.closed)} {are(named.closed)} settled" if named.closed else "only credits are named"
        )
        if later:
            doubt = f"{payment.labels(later)} {are(later)} dated later than the payment"
        return Explanation(applied, NAMED_REST, quality=named.quality, doubts=(doubt,))
    doubts = []
    weak = documents_named(payment, (master.code,), MISREAD)
    if weak is not None and len(weak.items) + len(weak.closed) > len(named.items) + len(named.closed):
        doubts.append("the text may name more documents")
    elif more_named := [item for item in items_with_tails(payment, (master.code,)) if item not in named.items]:
        doubts.append(f"the text may name {payment.labels(more_named)}, too")
    if payment.reading.cut:
        doubts.append("the text is cut off behind a number, and more may be meant")
    others = [
        item for item in payment.open_items.debits(master.code, payment.currency, payment.day) if item not in debits
    ]
    more = payment.units > sum(map(payment.left, debits))
    found = _more(payment, named, debits, others) if more else _less(payment, named, debits, others)
    return found._replace(doubts=(*doubts, *found.doubts))


def _more(payment: Payment, named: NamedDocuments, debits: Sequence[int], others: Sequence[int]) -> Explanation:
    """More is paid than what is open of the documents that are named."""
    over = payment.units - sum(map(payment.left, debits))
    applied = applied_to(payment, debits, on_account=over, reasons=(OVERPAID,), evidence=(naming(payment, named),))
    doubts = []
    if any(payment.left(item) <= over for item in others):
        doubts.append(f"{payment.shown(over)} more than is open of {payment.labels(debits)} may be for other items")
    elif elsewhere := explanations([payment.amount(item) for item in others], payment.units):
        doubts.append(_not_named(payment, elsewhere[0]))
    later = [item for item in debits if payment.open_items.settled_later(item, payment.day)]
    if later:
        doubts.append(f"{payment.labels(later)} {are(later)} settled by an entry of a later day")
    if named.closed:
        doubts.append(also_settled(payment, named))
    return Explanation(applied, NAMED_REST, quality=named.quality, doubts=tuple(doubts))


def _less(payment: Payment, named: NamedDocuments, debits: Sequence[int], others: Sequence[int]) -> Explanation:
    """Less is paid than what is open of the documents that are named: the oldest due come first."""
    allocations, _ = oldest_first(payment, debits)
    doubts = []
    if len(debits) > 1:
        doubts.append("which of the documents named is paid in part is not said")
    total = sum(map(payment.left, debits))
    missing = total - payment.units
    if missing * _LITTLE < total and not deducts(payment.line.remittance) and not pays_a_part(payment.line.remittance):
        doubts.append(f"{payment.shown(missing)} is missing, and nothing says why")
    elsewhere = explanations([payment.amount(item) for item in others], payment.units)
    if elsewhere:
        doubts.append(_not_named(payment, elsewhere[0]))
    pocket = payment.book.pockets[payment.book.items.pocket[debits[0]]]
    applied = Applied(pocket.customer, allocations, (), 0, (PART,), (naming(payment, named),))
    return Explanation(applied, NAMED_REST, quality=named.quality, doubts=tuple(doubts), claims=tuple(debits))


def _not_named(payment: Payment, other: Explained) -> str:
    """That the amount is that of other items, in words."""
    return f"{SUM_WORDS[other.why]} {payment.labels(other.items)}, which {are(other.items)} not named"


def _dated_later(payment: Payment, items: Sequence[int]) -> list[int]:
    """Those of the items that do not exist yet on the day of the line."""
    return [item for item in items if payment.book.items.day[item] > payment.day.toordinal()]


def paid_twice(payment: Payment, master: Master, named: NamedDocuments) -> Iterator[Explanation]:
    """What is named was settled before, by the same amount."""
    items = payment.book.items
    closed = [item for item in named.closed if items.amount[item] > 0]
    amounts = {items.amount[item] for item in closed} | {sum(items.amount[item] for item in closed)}
    if closed and payment.units in amounts and not _dated_later(payment, closed):
        evidence = (naming(payment, named), f"{payment.labels(closed)} {were(closed)} settled before")
        applied = Applied(master.code, (), (), payment.units, (DUPLICATE,), evidence)
        yield Explanation(applied, NAMED_REST, quality=named.quality)
