"""Write-offs to book: one entry for each open item that may be given up and lacks nothing."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection
from decimal import ROUND_HALF_UP, Context
from typing import Any, Final

from beancount.core import data
from beancount.core.amount import Amount

from receivables.book import Book
from receivables.facts import NEVER_DUE, WRITE_OFF
from receivables.posting.numbers import NextNumbers
from receivables.posting.proposal import Proposal
from receivables.relations.question import Question
from receivables.relations.write_off_proposals import proposed
from receivables.rules.write_off import Candidate, cited_policy
from receivables.settings import CUSTOMERS
from receivables.view import View, view

FLAG: Final = "*"
UNREADY_FLAG: Final = "!"
"""The flag of an entry that lacks something, where somebody wants it all the same."""

_WEIGHED: Final = 28
"""So many digits has a posting's weight in Beancount."""

_PRECISE: Final = 12
"""So many digits has a rate at least."""

_LINK: Final = re.compile(r"[A-Za-z0-9\-_/.]+")


def propose(
    book: Book,
    as_of: datetime.date,
    question: Question | None = None,
    *,
    numbers: Collection[str] | None = None,
    ready_only: bool = True,
) -> list[Proposal]:
    """The write-offs to book on `as_of`, each an entry of its own, in the order of the relation.

    What is written off is no longer open, so nothing is proposed twice. What later entries settle is left out as
    well: a write-off booked before them would take what they settle.

    Args:
      book: The book.
      as_of: The date of the entries.
      question: Which rows of the relation write_off_proposals are meant; None for all.
      numbers: Only documents with these numbers; None for all.
      ready_only: Leave out what lacks a paper or an approval. Otherwise its entry is flagged "!" and says what is
        missing; what cannot be booked at all is left out in any case.
    """
    seen = view(book, as_of)
    pairs, _ = proposed(seen, question or Question())
    given = NextNumbers(book)
    waiting = _waiting(seen)
    account = [pocket.account for pocket in book.pockets]
    return [
        _proposal(seen, candidate, given.claim(WRITE_OFF, as_of, account[book.items.pocket[candidate.item]]), waiting)
        for candidate, _ in pairs
        if (numbers is None or book.items.number[candidate.item] in numbers)
        and (candidate.ready or (not ready_only and candidate.bookable))
        and book.items.residual[candidate.item] >= candidate.units
    ]


def _waiting(seen: View) -> frozenset[int]:
    """The pockets in which a debit still waits for a credit that it names: it would take what carries that link."""
    pocket, details = seen.book.items.pocket, seen.book.texts.details
    return frozenset(
        pocket[item]
        for item, units in zip(seen.items, seen.outstanding, strict=True)
        if units > 0 and (seen.kind(item) in NEVER_DUE or "settles" in details(item))
    )


def _proposal(seen: View, candidate: Candidate, number: str, waiting: Collection[int]) -> Proposal:
    pocket = seen.book.pockets[seen.book.items.pocket[candidate.item]]
    name, label = seen.book.name_of(pocket.customer), seen.label(candidate.item)
    missing = "; ".join(candidate.missing)
    linked = seen.book.items.pocket[candidate.item] not in waiting
    links = (number, seen.book.items.number[candidate.item]) if linked else (number,)
    meta: dict[str, Any] = {**_nowhere(), "number": number, "reason": candidate.reason}
    if candidate.approved_by:
        meta["approval"] = candidate.approved_by
    if missing:
        meta["missing"] = missing
    below: dict[str, Any] = {**_nowhere(), "settles": candidate.settles}
    if pocket.account in seen.book.settings.roles[CUSTOMERS]:
        below["customer"] = pocket.customer
    price = _price(seen, candidate)
    postings = [
        _posting(debit.account, Amount(debit.amount, pocket.currency), price, {**_nowhere(), **debit.words})
        for debit in candidate.debits
    ]
    given_up = seen.amount(candidate.item, -candidate.units)
    postings.append(_posting(pocket.account, Amount(given_up, pocket.currency), price, below))
    entry = data.Transaction(
        meta,
        seen.as_of,
        FLAG if candidate.ready else UNREADY_FLAG,
        name,
        f"Written off: {label}, {candidate.reason}",
        frozenset({WRITE_OFF}),
        frozenset(link for link in links if _LINK.fullmatch(link)),
        postings,
    )
    why = [
        f"{label} of {name}: {candidate.reason} ({candidate.calculation}).",
        f"Evidence: {'; '.join(candidate.evidence)}." if candidate.evidence else "",
        f"Approval {candidate.approval}.",
        f"Missing: {missing}." if missing else "",
        f"By the policy {cited_policy(seen.book, candidate.policy)}.",
    ]
    return Proposal(WRITE_OFF, (entry,), tuple(sentence for sentence in why if sentence))


def _price(seen: View, candidate: Candidate) -> Amount | None:
    """The rate at which the item was booked: at it the item leaves, so that nothing is realised; None without one.

    Beancount keeps 28 digits of what a posting weighs. A rate that was divided out of a total is cut so that several
    postings weigh together exactly what the item does.
    """
    rate = seen.book.texts.rate(candidate.item)
    if rate is None:
        return None
    number, currency = rate
    if len(candidate.debits) > 1:
        digits = len(seen.amount(candidate.item, candidate.units).as_tuple().digits)
        number = Context(prec=max(_WEIGHED - digits, _PRECISE), rounding=ROUND_HALF_UP).plus(number)
    return Amount(number, currency)


def _posting(account: str, units: Amount, price: Amount | None, meta: dict[str, Any]) -> data.Posting:
    return data.Posting(account, units, None, price, None, meta)


def _nowhere() -> dict[str, Any]:
    """Metadata of what stands in no file yet."""
    return {"filename": "<write-off>", "lineno": 0}
