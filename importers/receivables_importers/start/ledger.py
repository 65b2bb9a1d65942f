"""Ledger: customers, items and receipts from the tables become Beancount directives in files.

Here are the rules that look across rows: a number is one document's, a receipt settles a document of
its own customer in its own currency, the same code is the same account. Every figure is the file's own:
what was paid on which day stands in the file or is not booked.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from beancount.core import account as accounts
from beancount.core.amount import Amount
from beancount.core.data import Custom, Note, Open, Posting, Transaction
from beancount.core.number import D
from beancount.parser import parser
from beancount.parser.grammar import ValueType

from receivables.money import iso_digits
from receivables_importers.start.headers import CUSTOMER_WORDS, folded
from receivables_importers.start.mapping import (
    REPEATED_LINES,
    REPEATED_PER_CUSTOMER,
    Settings,
)
from receivables_importers.start.problems import Problem, StartError, shown
from receivables_importers.start.reading import Cell
from receivables_importers.start.records import (
    GIVE_CURRENCY,
    KEYS,
    CustomerRecord,
    Item,
    Place,
    ReceiptRecord,
    Records,
)
from receivables_importers.start.text import (
    Directive,
    account_leaf,
    distinct,
    is_link,
    ledger_text,
    quoted,
    safe_link,
)
from receivables_importers.start.values import decimal_places, in_currency

ENTRIES_A_FILE_MAX: Final = 1_000
"""From more entries of one kind on, each year has a file of its own."""

FIRST_DAY: Final = datetime.date(1970, 1, 1)
"""When the accounts of customers open of whom no document says a day."""

MAIN_FILE: Final = "main.beancount"
"""The file to load; it includes the others."""

PLUGIN: Final = "receivables"


class Summary(NamedTuple):
    """What the tables hold, to agree with the file by hand.

    Attributes:
      rows: Data rows read.
      customers: How many.
      invoices, credit_memos, balances, receipts, refunds, disputes: How many of each became entries.
      invoiced, credited, opening, received, refunded: Totals per currency; all positive but `opening`.
      open: What is open in the end, per currency.
      late: Invoices and balances that were settled in full after they were due.
      max_days_late: The most days of those; 0 for none.
      first_day, last_day: The days of the first and last entry; None without any.
    """

    rows: int = 0
    customers: int = 0
    invoices: int = 0
    credit_memos: int = 0
    balances: int = 0
    receipts: int = 0
    refunds: int = 0
    disputes: int = 0
    invoiced: Mapping[str, Decimal] = {}
    credited: Mapping[str, Decimal] = {}
    opening: Mapping[str, Decimal] = {}
    received: Mapping[str, Decimal] = {}
    refunded: Mapping[str, Decimal] = {}
    open: Mapping[str, Decimal] = {}
    late: int = 0
    max_days_late: int = 0
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None


class Ledger(NamedTuple):
    """The ledger of the tables.

    Attributes:
      files: Path below the ledger's folder → text.
      summary: The figures.
      decisions: What was decided, in words.
      problems: Rows that could not be used; the files are without them.
    """

    files: Mapping[str, str]
    summary: Summary
    decisions: tuple[str, ...]
    problems: tuple[Problem, ...]


def build(records: Records, settings: Settings, sources: Sequence[str], with_plugin: bool) -> Ledger:
    """The ledger that the records make.

    Args:
      records: Of all tables together.
      settings: Title and accounts.
      sources: The names of the files, for the comment in the main file.
      with_plugin: Whether the ledger names the plugin "receivables".
    Raises:
      StartError: The text would not say what was meant, which is a fault of the program.
    """
    return _Builder(records, settings).ledger(sources, with_plugin)


class _Party(NamedTuple):
    """A customer with account and words."""

    code: str
    account: str
    words: Mapping[str, str]
    credit_limit: tuple[Decimal, str] | None
    kept: Mapping[str, Cell]


class _Document(NamedTuple):
    """An item with everything that its entry needs.

    Attributes:
      item: As the table has it, with the number that it got.
      party: The customer.
      link: The legal link.
    """

    item: Item
    code: str
    link: str

    @property
    def day(self) -> datetime.date:
        """The day from which it counts."""
        day = self.item.opening or self.item.date
        assert day is not None  # noqa: S101 - records give every invoice a date and every balance a day
        return day


class _Payment(NamedTuple):
    """A receipt or refund: what it settles, and how much stays on account."""

    date: datetime.date
    code: str
    currency: str
    parts: tuple[tuple[Decimal, str], ...]
    number: str
    link: str
    description: str
    meta: Mapping[str, Any]
    refund: bool


class _Builder:
    """Builds one ledger; problems and decisions are gathered on the way."""

    def __init__(self, records: Records, settings: Settings) -> None:
        self._records = records
        self._settings = settings
        self._problems: list[Problem] = []
        self._decisions: list[str] = []

    def ledger(self, sources: Sequence[str], with_plugin: bool) -> Ledger:
        customers = self._customers()
        codes = _Codes(customers)
        items = self._numbered([item._replace(customer=codes.of(item.customer)) for item in self._records.items])
        documents = self._linked(items)
        own = [payment for document in documents if (payment := self._own_payment(document)) is not None]
        receipts = self._receipts(documents, codes, own)
        payments = self._with_links(documents, own, receipts)
        parties = self._parties(customers, documents, payments)
        for code in codes.guessed:
            self._decisions.append(f"{shown(code[0])} is the customer {shown(code[1])}, who has that name")
        return self._ledger(parties, documents, payments, sources, with_plugin)

    def _problem(self, place: Place, message: str, mend: str) -> None:
        self._problems.append(Problem(*place, "", message, mend))

    # Customers

    def _customers(self) -> dict[str, CustomerRecord]:
        found: dict[str, CustomerRecord] = {}
        for record in self._records.customers:
            first = found.setdefault(record.code, record)
            if first is not record:
                self._problem(
                    record.place,
                    f"the customer {shown(record.code)} is already on row {first.place.line} of {first.place.file}",
                    "delete one of the rows",
                )
        return found

    def _parties(
        self,
        customers: Mapping[str, CustomerRecord],
        documents: Sequence[_Document],
        payments: Sequence[_Payment],
    ) -> dict[str, _Party]:
        """The customers by code, with legal accounts that all differ."""
        said: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        stated: dict[str, dict[str, Place]] = defaultdict(dict)
        for document in documents:
            for field in CUSTOMER_WORDS:
                word = document.item.words.get(field)
                if word and word not in said[document.code][field]:
                    said[document.code][field].append(word)
            if document.item.account:
                stated[document.code].setdefault(document.item.account, document.item.place)
        for record in customers.values():
            if record.account:
                stated[record.code] = {record.account: record.place}
        codes = sorted({*customers, *(d.code for d in documents), *(p.code for p in payments)})
        words = {code: self._words(code, customers.get(code), said[code]) for code in codes}
        named = self._accounts(codes, words, stated)
        return {
            code: _Party(
                code,
                named[code],
                words[code],
                customers[code].credit_limit if code in customers else None,
                customers[code].kept if code in customers else {},
            )
            for code in codes
        }

    def _words(
        self, code: str, record: CustomerRecord | None, said: Mapping[str, Sequence[str]]
    ) -> dict[str, str]:
        """What is known about a customer: the table of customers first, else what all documents say."""
        words = dict(record.words) if record else {}
        for field, found in said.items():
            if field in words:
                continue
            if len(found) == 1:
                words[field] = found[0]
            elif found and field == "name":
                words[field] = found[-1]
                self._decisions.append(
                    f"the customer {shown(code)} has {len(found)} names; the last one in the files is taken:"
                    f" {shown(found[-1])}"
                )
        return words

    def _accounts(
        self,
        codes: Sequence[str],
        words: Mapping[str, Mapping[str, str]],
        stated: Mapping[str, Mapping[str, Place]],
    ) -> dict[str, str]:
        root = self._settings.accounts.receivable
        found: dict[str, str] = {}
        taken: dict[str, str] = {}
        for code in codes:
            for wanted, place in stated.get(code, {}).items():
                account = wanted if ":" in wanted else f"{root}:{wanted}"
                if not accounts.is_valid(account) or not account.startswith("Assets:"):
                    self._problem(
                        place,
                        f"{shown(wanted)} is no account for a customer",
                        f"write it as {root}:HanoiTower or HanoiTower: parts begin with a capital letter or a"
                        " digit, then letters, digits and hyphens",
                    )
                elif code in found and found[code] != account:
                    self._problem(
                        place,
                        f"the customer {shown(code)} already has the account {found[code]}",
                        "name one account for each customer",
                    )
                elif taken.get(account.casefold(), code) != code:
                    self._problem(
                        place,
                        f"the account {account} is already that of {shown(taken[account.casefold()])}",
                        "name another account, or give both rows the same customer",
                    )
                else:
                    found[code] = account
                    taken[account.casefold()] = code
        for code in codes:
            if code not in found:
                name = words[code].get("name", code) if self._settings.accounts.names == "name" else code
                wanted = f"{root}:{account_leaf(name)}"
                account = distinct(wanted, taken, str.casefold)
                if account != wanted:
                    self._decisions.append(
                        f"the customer {shown(code)} has the account {account}, as {wanted} is that of"
                        f" {shown(taken[wanted.casefold()])}"
                    )
                found[code] = account
                taken[account.casefold()] = code
        return found

    # Numbers and links

    def _numbered(self, items: Sequence[Item]) -> list[Item]:
        """The items whose number is theirs alone; rows that are lines of one document added up."""
        rule = self._settings.repeated_numbers
        first: dict[tuple[str, str], int] = {}
        kept: list[Item] = []
        lines = 0
        for item in items:
            key = (item.number.casefold(), item.customer if rule == REPEATED_PER_CUSTOMER else "")
            if not item.number or key not in first:
                first[key] = len(kept)
                kept.append(item)
                continue
            earlier = kept[first[key]]
            if rule == REPEATED_LINES and _same_document(earlier, item):
                kept[first[key]] = _added(earlier, item)
                lines += 1
                continue
            self._problem(item.place, *_repeated(earlier, item, rule))
        if lines:
            self._decisions.append(f"{lines:,} rows were added to the document of the same number")
        return kept

    def _linked(self, items: Sequence[Item]) -> list[_Document]:
        """Each item with a legal link; numbers that are legal links keep them, the others get similar ones."""
        taken = {item.number.casefold() for item in items if is_link(item.number)}
        per_customer: dict[str, str] = {}
        documents = []
        changed = []
        for item in items:
            number = item.number
            if number and is_link(number):
                link = number
                if self._settings.repeated_numbers == REPEATED_PER_CUSTOMER:
                    owner = per_customer.setdefault(number.casefold(), item.customer)
                    if owner != item.customer:
                        link = distinct(number, taken, str.casefold)
                        taken.add(link.casefold())
            else:
                base = number or f"{(item.date or item.opening or FIRST_DAY).isoformat()}-{item.customer}"
                link = distinct(safe_link(base), taken, str.casefold)
                taken.add(link.casefold())
                if number:
                    changed.append(item)
                elif item.opening is None:
                    item = item._replace(number=link)  # noqa: PLW2901 - the same item, now with a number
            documents.append(_Document(item, item.customer, link))
        if changed:
            example = next(document for document in documents if document.item is changed[0])
            self._decisions.append(
                f"{len(changed):,} numbers are no links in Beancount: they are kept as number:, and the link is"
                f" similar, as ^{example.link} for {shown(example.item.number)}"
            )
        made = [document for document in documents if not document.item.opening] if items else []
        unnumbered = sum(1 for item in items if not item.number and item.opening is None)
        if made and unnumbered:
            self._decisions.append(
                f"{unnumbered:,} invoices have no number: they are called by date and customer"
            )
        return documents

    # Payments

    def _own_payment(self, document: _Document) -> _Payment | None:
        """What the invoice's own row says was paid."""
        item = document.item
        if item.settled_on is None:
            return None
        paid = item.amount if item.paid is None else item.paid
        settled = min(paid, item.amount, key=abs)
        parts = [(settled, item.number)]
        if paid != settled:
            parts.append((paid - settled, ""))
        return _Payment(
            item.settled_on, document.code, item.currency, tuple(parts), "", document.link,
            f"{'Receipt for' if item.amount > 0 else 'Refund of'} {item.number}", {}, item.amount < 0,
        )  # fmt: skip

    def _receipts(
        self, documents: Sequence[_Document], codes: _Codes, own: Sequence[_Payment]
    ) -> list[_Payment]:
        """The table of receipts: rows of one number are one receipt for several invoices."""
        index = _Index(documents)
        settled_by_row = {(payment.code, number) for payment in own for _, number in payment.parts if number}
        left = {(d.code, d.item.number, d.item.currency): d.item.amount for d in documents}
        groups: dict[tuple[str, ...], list[ReceiptRecord]] = {}
        for position, record in enumerate(self._records.receipts):
            key = (record.number.casefold(),) if record.number else ("", str(position))
            groups.setdefault(key, []).append(record)
        excess = 0
        found = []
        for group in sorted(groups.values(), key=lambda group: group[0].date):
            lines = [
                line
                for record in group
                if (line := self._receipt_line(record, index, codes, settled_by_row)) is not None
            ]
            lines = self._consistent(group, lines)
            if not lines:
                continue
            parts: list[tuple[Decimal, str]] = []
            for line in lines:
                rest = line.amount
                for target in line.targets:
                    key_left = (target.code, target.item.number, target.item.currency)
                    part = min(rest, max(left[key_left], Decimal(0)))
                    if part:
                        left[key_left] -= part
                        rest -= part
                        parts.append((part, target.item.number))
                if rest:
                    excess += bool(line.targets)
                    parts.append((rest, ""))
            first, record = lines[0], group[0]
            meta = {
                **({KEYS["reference"]: record.words["reference"]} if "reference" in record.words else {}),
                **record.kept,
            }
            found.append(
                _Payment(
                    record.date, first.code, first.currency, tuple(parts), record.number, "",
                    record.words.get("description", f"Receipt {record.number}".strip()), meta, False,
                )
            )  # fmt: skip
        if excess:
            self._decisions.append(
                f"{excess:,} receipts are larger than what was open: the rest of each stays on account"
            )
        return found

    def _receipt_line(
        self,
        record: ReceiptRecord,
        index: _Index,
        codes: _Codes,
        settled_by_row: set[tuple[str, str]],
    ) -> _Line | None:
        """One row of receipts, checked; None with a problem."""
        numbers = index.split(record.settles)
        customer = codes.of(record.customer) if record.customer else ""
        targets: list[_Document] = []
        for number in numbers:
            of_number = index.of(number)
            of_customer = [document for document in of_number if not customer or document.code == customer]
            if not of_number:
                self._problem(
                    record.place,
                    f"the receipt settles {shown(number)}, which is no invoice here",
                    "correct the number, add the invoice, or leave the cell empty for a receipt on account",
                )
                return None
            if not of_customer:
                self._problem(
                    record.place,
                    f"the receipt of {shown(record.customer)} settles {shown(number)}, an invoice of"
                    f" {shown(of_number[0].code)}",
                    "correct the number or the customer",
                )
                return None
            if len({document.code for document in of_customer}) > 1:
                self._problem(
                    record.place, f"several customers have the invoice {shown(number)}", "fill in the customer"
                )
                return None
            targets.append(of_customer[0])
        if not customer and targets:
            customer = targets[0].code
        problem = _target_problem(record, targets, customer, settled_by_row)
        if problem is not None:
            self._problem(record.place, *problem)
            return None
        currency = record.currency or (targets[0].item.currency if targets else record.default_currency)
        if not currency:
            self._problem(record.place, "the currency is not known", GIVE_CURRENCY)
            return None
        return _Line(customer, currency, in_currency(record.amount, currency), tuple(targets))

    def _consistent(self, group: Sequence[ReceiptRecord], lines: list[_Line]) -> list[_Line]:
        """The lines of one receipt, or none with a problem when they cannot be one receipt."""
        if len(lines) < len(group):
            # One line of a receipt cannot be left out without changing what came into the bank.
            return []
        first = group[0]
        for record, line in zip(group[1:], lines[1:], strict=True):
            if (record.date, line.code, line.currency) != (first.date, lines[0].code, lines[0].currency):
                self._problem(
                    record.place,
                    f"the receipt number {shown(record.number)} is already on row {first.place.line} with another"
                    " date, customer or currency",
                    "give one of them its own number",
                )
                return []
        return lines

    def _with_links(
        self, documents: Sequence[_Document], own: Sequence[_Payment], receipts: Sequence[_Payment]
    ) -> list[_Payment]:
        """Payments with links of their own; those without a number are called after their invoice."""
        taken = {document.link.casefold() for document in documents}
        taken |= {payment.number.casefold() for payment in receipts if is_link(payment.number)}
        found = []
        used: set[str] = set()
        for payment in (*receipts, *own):
            if payment.number and is_link(payment.number) and payment.number.casefold() not in used:
                link = payment.number
                if link.casefold() in {document.link.casefold() for document in ()}:
                    link = ""
            elif payment.number:
                link = distinct(safe_link(payment.number), taken, str.casefold)
            elif payment.link:
                link = distinct(f"{'RF' if payment.refund else 'RC'}-{payment.link}", taken, str.casefold)
            else:
                link = ""
            taken.add(link.casefold())
            used.add(link.casefold())
            found.append(payment._replace(link=link))
        return found

    # Directives

    def _ledger(
        self,
        parties: Mapping[str, _Party],
        documents: Sequence[_Document],
        payments: Sequence[_Payment],
        sources: Sequence[str],
        with_plugin: bool,
    ) -> Ledger:
        raise NotImplementedError
