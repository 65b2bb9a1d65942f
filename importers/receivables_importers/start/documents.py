"""Documents and payments: what looks across rows.

A number is one document's; a receipt settles documents of its own customer, in their currency.

Every figure is the file's own: what was paid and on which day stands in the file, or it is not booked.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from receivables_importers.start.mapping import REPEATED_LINES, REPEATED_PER_CUSTOMER
from receivables_importers.start.parties import Codes
from receivables_importers.start.problems import Findings, shown
from receivables_importers.start.reading import Cell
from receivables_importers.start.records import GIVE_CURRENCY, Item, ReceiptRecord
from receivables_importers.start.text import Names, is_link, safe_link
from receivables_importers.start.values import in_currency

_BETWEEN_NUMBERS = re.compile(r"[,;、،\n]")


class Document(NamedTuple):
    """An item and the link that it has in the ledger.

    Attributes:
      item: With the number that it has or got; an open balance may have none.
      day: The day from which it counts.
      link: Legal, and no other document's; "" for a balance without a number.
    """

    item: Item
    day: datetime.date
    link: str


class Part(NamedTuple):
    """A part of a payment: how much, and the document that it settles; None for what stays on account."""

    amount: Decimal
    document: Document | None


class Payment(NamedTuple):
    """Money that came in or (a refund, with negative parts) went back.

    Attributes:
      date, customer, currency: When, from whom, in what.
      parts: What it settles.
      link: Legal, and no other entry's; "" for none.
      number: The exact number where the link is not; "" otherwise.
      words: Field → text.
      kept: Metadata key → cell, for other columns.
    """

    date: datetime.date
    customer: str
    currency: str
    parts: tuple[Part, ...]
    link: str
    number: str
    words: Mapping[str, str]
    kept: Mapping[str, Cell]


# Documents


def documents(items: Sequence[Item], repeated_numbers: str, findings: Findings) -> tuple[Document, ...]:
    """The documents of the items, whose customers are codes, in order of rows.

    Args:
      items: Invoices, credit memos and balances.
      repeated_numbers: What the mapping says about a number that comes again.
      findings: Where problems and decisions go.
    """
    return _linked(_once(items, repeated_numbers, findings), findings)


def _once(items: Sequence[Item], rule: str, findings: Findings) -> list[Item]:
    """The items whose number is theirs alone; rows that are lines of one document are added up."""
    position: dict[tuple[str, str], int] = {}
    kept: list[Item] = []
    added = 0
    for item in items:
        key = (item.number.casefold(), item.customer if rule == REPEATED_PER_CUSTOMER else "")
        if not item.number or key not in position:
            position[key] = len(kept)
            kept.append(item)
            continue
        earlier = kept[position[key]]
        if rule == REPEATED_LINES and _same_document(earlier, item):
            kept[position[key]] = _sum(earlier, item)
            added += 1
            continue
        findings.problem(
            item.place,
            "number",
            f"the number {shown(item.number)} is already on row {earlier.place.line} of {earlier.place.file}",
            _repeated_mend(earlier, item, rule),
        )
    if added:
        findings.decide(f"rows that are further lines of a document, and were added to it: {added:,}")
    return [item for item in kept if item.amount]


def _same_document(one: Item, other: Item) -> bool:
    """Whether two rows can be lines of one document: they differ in amounts and descriptions alone."""
    return _without_amounts(one) == _without_amounts(other) and (one.paid is None) == (other.paid is None)


def _without_amounts(item: Item) -> tuple[object, ...]:
    return (
        item.customer, item.date, item.due, item.currency, item.opening, item.settled_on, item.disputed,
        item.disputed_on, item.disputed_amount is None, item.account, item.words.get("terms"),
    )  # fmt: skip


def _sum(one: Item, other: Item) -> Item:
    return one._replace(
        amount=one.amount + other.amount,
        paid=None if one.paid is None or other.paid is None else one.paid + other.paid,
        disputed_amount=None
        if one.disputed_amount is None or other.disputed_amount is None
        else one.disputed_amount + other.disputed_amount,
    )


def _repeated_mend(one: Item, other: Item, rule: str) -> str:
    if rule == REPEATED_LINES:
        return "lines of one invoice have the same customer, dates and currency: correct them, or the number"
    if one.customer != other.customer:
        return (
            "give one of them its own number; if customers may share numbers, put"
            f' repeated_numbers = "{REPEATED_PER_CUSTOMER}" into the mapping'
        )
    return (
        "give one of them its own number; if the rows are lines of one invoice, put"
        f' repeated_numbers = "{REPEATED_LINES}" into the mapping'
    )


def _linked(items: Sequence[Item], findings: Findings) -> tuple[Document, ...]:
    """Each item with a legal link: its number where that is one, else something similar that nobody has."""
    free = Names(item.number for item in items if is_link(item.number))
    owner: dict[str, str] = {}
    found = []
    changed: list[Document] = []
    unnumbered = 0
    for item in items:
        day = item.opening or item.date
        if day is None:
            # Records give every invoice its date and every balance its day.
            raise ValueError(item)
        number = item.number
        if is_link(number) and owner.setdefault(number.casefold(), item.customer) == item.customer:
            found.append(Document(item, day, number))
            continue
        if not number and item.opening is not None:
            found.append(Document(item, day, ""))
            continue
        link = free.claim(safe_link(number or f"{item.date}-{item.customer}"))
        document = Document(item if number else item._replace(number=link), day, link)
        found.append(document)
        if number:
            changed.append(document)
        else:
            unnumbered += 1
    if changed:
        findings.decide(
            "numbers that are no links of their own in Beancount, and are kept as number: beside a similar"
            f" link: {len(changed):,} (for example {shown(changed[0].item.number)} beside ^{changed[0].link})"
        )
    if unnumbered:
        findings.decide(f"invoices without a number, which are called by date and customer: {unnumbered:,}")
    return tuple(found)


# Payments


def payments(
    found: Sequence[Document], receipts: Sequence[ReceiptRecord], codes: Codes, findings: Findings
) -> tuple[Payment, ...]:
    """The payments: those that the invoices' own rows tell of, and those of the tables of receipts.

    Args:
      found: The documents.
      receipts: The rows of receipts.
      codes: Who is meant by the names in them.
      findings: Where problems and decisions go.
    """
    own = [_own_payment(document) for document in found if document.item.settled_on is not None]
    index = _Index(found)
    rows = _Receipts(index, codes, findings).read(receipts)
    taken = {document.link.casefold() for document in found}
    taken |= {document.item.number.casefold() for document in found}
    return tuple(_with_links([*rows, *own], taken, findings))


def _own_payment(document: Document) -> Payment:
    """What the invoice's own row says was paid; without an amount, all of it."""
    item = document.item
    day = item.settled_on
    if day is None:
        raise ValueError(item)
    paid = item.amount if item.paid is None else item.paid
    settled = min(paid, item.amount, key=abs)
    parts = [Part(settled, document)]
    if paid != settled:
        parts.append(Part(paid - settled, None))
    return Payment(day, item.customer, item.currency, tuple(parts), "", "", {}, {})


def _with_links(found: Sequence[Payment], taken: set[str], findings: Findings) -> Iterable[Payment]:
    """Payments with links of their own: the number, or after the document that is settled."""
    numbers = {payment.number.casefold() for payment in found if payment.number} - taken
    free = Names(taken | numbers)
    shared = []
    for payment in found:
        first = payment.parts[0]
        if payment.number and payment.number.casefold() in numbers and is_link(payment.number):
            yield payment._replace(link=payment.number, number="")
            continue
        if payment.number:
            base = safe_link(payment.number)
            clashes = payment.number.casefold() not in numbers
            if clashes:
                base = f"RC-{base}"
                shared.append(payment.number)
            link = free.claim(base)
            yield payment._replace(link=link, number="" if clashes else payment.number)
        elif first.document is not None and first.document.link:
            base = f"{'RF' if first.amount < 0 else 'RC'}-{first.document.link}"
            yield payment._replace(link=free.claim(base))
        else:
            yield payment
    if shared:
        findings.decide(
            f"receipts with the number of an invoice, which are called RC- and the number: {len(shared):,}"
            f" (for example {shown(shared[0])})"
        )


class _Index:
    """Documents by number."""

    def __init__(self, found: Sequence[Document]) -> None:
        self._documents: dict[str, list[Document]] = {}
        self._without_zeros: dict[str, set[str]] = {}
        for document in found:
            number = document.item.number
            if number:
                self._documents.setdefault(number.casefold(), []).append(document)
                self._without_zeros.setdefault(number.casefold().lstrip("0"), set()).add(number)

    def of(self, number: str) -> list[Document]:
        """The documents of this number."""
        return self._documents.get(number.casefold(), [])

    def split(self, written: str) -> list[str]:
        """The numbers in one cell: the whole text where it is a number, else its parts."""
        if not written or written.casefold() in self._documents:
            return [written] if written else []
        return [part.strip() for part in _BETWEEN_NUMBERS.split(written) if part.strip()]

    def hint(self, number: str) -> str:
        """What to do about a number that is no document's."""
        similar = self._without_zeros.get(number.casefold().lstrip("0"), set())
        if len(similar) == 1:
            return f"zeros in front were lost: format the column as text and write {next(iter(similar))}"
        return "correct the number, add the invoice, or leave the cell empty for a receipt on account"


class _Line(NamedTuple):
    """One row of receipts, checked."""

    customer: str
    currency: str
    amount: Decimal
    targets: tuple[Document, ...]


class _Receipts:
    """Reads the rows of receipts; problems and decisions are gathered on the way."""

    def __init__(self, index: _Index, codes: Codes, findings: Findings) -> None:
        self._index = index
        self._codes = codes
        self._findings = findings
        self._left: dict[str, Decimal] = {}

    def read(self, records: Sequence[ReceiptRecord]) -> list[Payment]:
        """The payments, in order of date; rows with one number are one receipt for several invoices."""
        groups: dict[tuple[str, int], list[ReceiptRecord]] = {}
        for position, record in enumerate(records):
            key = (record.number.casefold(), 0) if record.number else ("", position)
            groups.setdefault(key, []).append(record)
        found = []
        more = 0
        for group in sorted(groups.values(), key=lambda group: group[0].date):
            lines = self._lines(group)
            if not lines:
                continue
            parts = [part for line in lines for part in self._parts(line)]
            more += any(part.document is None for part in parts) and any(line.targets for line in lines)
            first = group[0]
            found.append(
                Payment(
                    first.date,
                    lines[0].customer,
                    lines[0].currency,
                    tuple(parts),
                    "",
                    first.number,
                    first.words,
                    first.kept,
                )
            )
        if more:
            self._findings.decide(
                f"receipts of more than was open on their invoices, whose rest stays on account: {more:,}"
            )
        return found

    def _parts(self, line: _Line) -> Iterable[Part]:
        """The row's amount over its invoices, in the order written; what is left stays on account."""
        rest = line.amount
        for document in line.targets:
            open_amount = self._left.setdefault(document.link, document.item.amount)
            part = min(rest, open_amount)
            if part > 0:
                self._left[document.link] = open_amount - part
                rest -= part
                yield Part(part, document)
        if rest:
            yield Part(rest, None)

    def _lines(self, group: Sequence[ReceiptRecord]) -> list[_Line]:
        """The rows of one receipt; none of them when one has a problem, as the receipt is one sum."""
        first = group[0]
        found: list[_Line] = []
        good: list[ReceiptRecord] = []
        for record in group:
            line = self._line(record)
            if line is not None and found and (record.date, *line[:2]) != (first.date, *found[0][:2]):
                self._findings.problem(
                    record.place,
                    "number",
                    f"the receipt {shown(record.number)} is already on row {first.place.line} with"
                    " another date,"
                    " customer or currency",
                    "give one of them its own number",
                )
            elif line is not None:
                found.append(line)
                good.append(record)
        if len(good) == len(group):
            return found
        for record in good:
            self._findings.problem(
                record.place,
                "number",
                f"another row of the receipt {shown(record.number)} has a problem",
                "correct that row",
            )
        return []

    def _line(self, record: ReceiptRecord) -> _Line | None:
        """One row, checked; None with a problem."""
        customer = self._codes.of(record.customer) if record.customer else ""
        targets = []
        for number in self._index.split(record.settles):
            target = self._target(record, number, customer)
            if target is None:
                return None
            targets.append(target)
        if targets:
            customer = targets[0].item.customer
        problem = _targets_problem(record, targets)
        currency = record.currency or (targets[0].item.currency if targets else record.default_currency)
        if problem is None and not currency:
            problem = ("the currency is not known", GIVE_CURRENCY)
        if problem is not None:
            self._findings.problem(record.place, "settles" if targets else "amount", *problem)
            return None
        return _Line(customer, currency, in_currency(record.amount, currency), tuple(targets))

    def _target(self, record: ReceiptRecord, number: str, customer: str) -> Document | None:
        """The document of a number that a receipt settles; None with a problem."""
        named = self._index.of(number)
        fitting = [document for document in named if customer in ("", document.item.customer)]
        if len(fitting) == 1:
            return fitting[0]
        if not named:
            message = f"the receipt settles {shown(number)}, which is no invoice here"
            mend = self._index.hint(number)
        elif not fitting:
            message = (
                f"the receipt of {shown(record.customer)} settles {shown(number)}, an invoice of"
                f" {shown(named[0].item.customer)}"
            )
            mend = "correct the number or the customer"
        else:
            message = f"several customers have the invoice {shown(number)}"
            mend = "fill in the customer"
        self._findings.problem(record.place, "settles", message, mend)
        return None


def _targets_problem(record: ReceiptRecord, targets: Sequence[Document]) -> tuple[str, str] | None:
    """What is wrong with the documents that a receipt settles, and the mend."""
    for document in targets:
        item = document.item
        if item.customer != targets[0].item.customer:
            return "the receipt settles invoices of several customers", "make a row for each customer"
        if item.currency != (record.currency or targets[0].item.currency):
            return (
                f"the receipt is in {record.currency or targets[0].item.currency}, the invoice"
                f" {shown(item.number)} in"
                f" {item.currency}",
                "correct the currency, or leave the invoice's number out and book the exchange in the ledger",
            )
        if item.amount < 0:
            return f"{shown(item.number)} is a credit memo: a receipt cannot settle it", "name an invoice"
        if item.settled_on is not None:
            return (
                f"the invoice {shown(item.number)} is settled already, on {item.settled_on} by its own row",
                "delete the receipt, or leave the day of payment out of the invoices: ignore = […] in the mapping",
            )
        if item.opening is not None and record.date < item.opening:
            return (
                f"the receipt of {record.date} is older than the balance of {item.opening} that it settles",
                "delete the row: a balance has all earlier receipts in it",
            )
    return None
