"""Named documents: which open items of a customer a text names, and what of them may be meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from receivables_importers.application.explaining.payment import Payment, are
from receivables_importers.application.reading.document_numbers import BARE, QUALITIES


class NamedDocuments(NamedTuple):
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


def documents_named(
    payment: Payment, among: Sequence[str], least: int, *, listed: bool = True
) -> NamedDocuments | None:
    """The documents of these customers that the text names at least so surely; None for none."""
    items: list[int] = []
    closed: list[int] = []
    words: list[str] = []
    quality = None
    for named in payment.reading.named:
        document = payment.documents.documents[named.document]
        if document.customer not in among or named.quality < least or (named.listed and not listed):
            continue
        of_document = [item for item in document.items if payment.in_currency(item)]
        still = [item for item in of_document if payment.left(item)]
        items += still
        # What a range runs over may have been paid before.
        closed += [] if still or named.between else of_document
        if of_document:
            words.append(named.written)
            quality = named.quality if quality is None else min(quality, named.quality)
    if quality is None:
        return None
    due = payment.book.items.due
    ordered = tuple(sorted(dict.fromkeys(items), key=lambda item: (due[item], item)))
    return NamedDocuments(ordered, tuple(dict.fromkeys(closed)), quality, " ".join(dict.fromkeys(words)))


def numbers_named(payment: Payment, among: Sequence[str]) -> str:
    """The numbers of documents of these customers that a text names, whatever currency they are in."""
    documents = payment.documents.documents
    return ", ".join(
        dict.fromkeys(
            documents[named.document].number
            for named in payment.reading.named
            if named.quality >= BARE and documents[named.document].customer in among
        )
    )


def items_with_tails(payment: Payment, among: Sequence[str]) -> tuple[int, ...]:
    """The open items of these customers whose last group of digits stands in the text."""
    found: list[int] = []
    for tail in sorted(payment.reading.tails):
        for place in payment.documents.with_tail(tail):
            document = payment.documents.documents[place]
            if document.customer in among:
                found += [item for item in document.items if payment.in_currency(item) and payment.left(item) > 0]
    return tuple(dict.fromkeys(found))


def parts_of(payment: Payment, named: NamedDocuments) -> Iterator[tuple[int, ...]]:
    """What of the named documents may be meant: all of it, what is due, one instalment, the oldest ones."""
    yield named.items
    debits = payment.debits(named.items)
    if len(debits) > 1 and any(payment.book.items.instalment[item] for item in debits):
        due = tuple(item for item in debits if payment.book.items.due[item] <= payment.day.toordinal())
        if due and len(due) < len(debits):
            yield due
        documents: dict[str, list[int]] = {}
        for item in debits:
            documents.setdefault(payment.book.items.number[item], []).append(item)
        yield tuple(found[0] for found in documents.values())
        for count in range(1, len(debits)):
            yield tuple(debits[:count])
        for item in debits[1:]:
            yield (item,)


def also_settled(payment: Payment, named: NamedDocuments) -> str:
    """That documents are named of which nothing is open, in words."""
    return f"{payment.labels(named.closed)} {are(named.closed)} named as well, and settled"


def naming(payment: Payment, named: NamedDocuments) -> str:
    """Which documents a text names, in words."""
    how = "" if named.quality >= BARE else f", {QUALITIES[named.quality]}"
    return f'the text names {payment.labels((*named.items, *named.closed))} ("{named.words[:80]}"{how})'
