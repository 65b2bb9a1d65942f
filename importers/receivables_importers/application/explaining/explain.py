"""Explain: the best explanation of a bank line as the payment of one customer.

Documents that the text names come first; an amount without any needs an explanation that a person would give. What no
difference explains is a part payment or an overpayment.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from receivables.rules.application import DUPLICATE
from receivables_importers.application.explaining.by_amount import by_sum
from receivables_importers.application.explaining.by_documents import completed, exactly, weakly, with_difference
from receivables_importers.application.explaining.explanation import (
    NAMED_REST,
    WEAK_EXACT,
    Explanation,
)
from receivables_importers.application.explaining.guess import guessed
from receivables_importers.application.explaining.named_documents import (
    documents_named,
    items_with_tails,
    numbers_named,
)
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.explaining.remainders import paid_twice, remaining
from receivables_importers.application.knowledge import Master
from receivables_importers.application.model import Applied
from receivables_importers.application.reading.document_numbers import BARE, MISREAD
from receivables_importers.application.reading.payer_words import pays_ahead, pays_for_another


def explain(payment: Payment, master: Master, customers: Sequence[str] = ()) -> Explanation:
    """The best explanation of a line as a payment for a customer.

    Args:
      payment: The line.
      master: The customer.
      customers: All customers whose documents it names together; () for this one alone.
    """
    among = tuple(customers) or (master.code,)
    best: Explanation | None = None
    for found in _explanations(payment, master, among):
        if best is None or found.rank > best.rank:
            best = found
        if best.rank >= WEAK_EXACT:
            break
    if best is None:
        best = guessed(payment, master)
    elif best.rank >= WEAK_EXACT and all(map(payment.open_items.claims.is_named, best.applied.items)):
        words = f"an earlier line, which waits, names {payment.labels(best.applied.items)} as well"
        applied = Applied(best.applied.customer, (), (), payment.units, (DUPLICATE,), (*best.applied.evidence, words))
        best = Explanation(applied, NAMED_REST, quality=best.quality, doubts=(words,))
    if best.sum and best.quality is None:
        best = best._replace(doubts=(*best.doubts, *_contradictions(payment, among)))
    return best


def _contradictions(payment: Payment, among: Sequence[str]) -> Iterator[str]:
    """What the text says against a sum that nothing but the amount speaks for."""
    text = payment.line.remittance
    if words := numbers_named(payment, among):
        yield f"the text names {words}"
    if pays_ahead(text):
        yield "the text says that it is paid in advance"
    if pays_for_another(text):
        yield "the text says that it is paid for somebody else"


def _explanations(payment: Payment, master: Master, among: Sequence[str]) -> Iterator[Explanation]:
    sure = documents_named(payment, among, BARE)
    own = documents_named(payment, among, BARE, listed=False)
    weak = documents_named(payment, among, MISREAD)
    tailed = items_with_tails(payment, among)
    sets = [each for each in dict.fromkeys((sure, own, weak)) if each is not None]
    for named in sets:
        yield from exactly(payment, named)
    if len(among) > 1:
        return
    for named in sets:
        yield from with_difference(payment, master, named)
    yield from weakly(payment, master, weak, tailed)
    if sure is not None:
        yield from completed(payment, master, sure)
        yield remaining(payment, master, sure)
        return
    if weak is not None and not weak.items and weak.closed:
        yield from paid_twice(payment, master, weak)
    yield from by_sum(payment, master)
