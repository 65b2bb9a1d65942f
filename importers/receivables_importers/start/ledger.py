"""Ledger: customers, documents and payments become Beancount directives, in files that include each other."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from beancount.core import account as accounts
from beancount.core.amount import Amount
from beancount.core.data import EMPTY_SET, Custom, Directive, Note, Open, Posting, Transaction
from beancount.parser import parser
from beancount.parser.grammar import ValueType

from receivables.money import iso_digits
from receivables.posting.text import comment, quoted
from receivables.rules.terms import TermsError, due_date, parse_terms
from receivables_importers.start.documents import Document, Part, Payment, documents, payments
from receivables_importers.start.headers import CUSTOMER_WORDS, FIELDS
from receivables_importers.start.mapping import Accounts, Settings
from receivables_importers.start.parties import Codes, Party, customer_table, parties
from receivables_importers.start.problems import Findings, Problem, StartError, shown
from receivables_importers.start.reading import Cell
from receivables_importers.start.records import Item, Records
from receivables_importers.start.text import ledger_text
from receivables_importers.start.values import decimal_places

ENTRIES_A_FILE_MAX: Final = 1_000
"""From more entries of one kind on, each year has a file of its own."""

FIRST_DAY: Final = datetime.date(1970, 1, 1)
"""When accounts open in a ledger without any document."""

MAIN_FILE: Final = "main.beancount"
"""The file to load; it includes the others."""

PLUGIN: Final = "receivables"

Entry = Transaction | Note

_TEXT: Final[Any] = str
_ACCOUNT: Final[Any] = accounts.TYPE
"""How Beancount marks the values of a `custom` directive."""

_INVOICE_WORDS: Final = ("terms", "reference", "contract")
_CREDIT_MEMO: Final = frozenset({"credit-memo"})
_OPENING: Final = frozenset({"opening"})
_REFUND: Final = frozenset({"refund"})
_DISPUTE: Final = frozenset({"dispute"})


class Summary(NamedTuple):
    """What the ledger holds, to agree with the spreadsheet by hand.

    Attributes:
      customers, invoices, credit_memos, balances, receipts, refunds, disputes: How many of each.
      invoiced, credited, received, refunded: Totals per currency, each positive.
      opening: The total of the open balances per currency, credits deducted.
      outstanding: What is open after everything, per currency.
      late: Invoices and balances that were settled in full after they were due.
      max_days_late: The most days of those; 0 for none.
      first_day, last_day: The days of the first and last entry; None without any.
    """

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
    outstanding: Mapping[str, Decimal] = {}
    late: int = 0
    max_days_late: int = 0
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None


class Ledger(NamedTuple):
    """The ledger that tables make.

    Attributes:
      files: Path below the ledger's folder → text.
      summary: The figures.
      decisions: What was decided, in words.
      problems: Rows that cannot be used; the files are without them.
    """

    files: Mapping[str, str]
    summary: Summary
    decisions: tuple[str, ...]
    problems: tuple[Problem, ...]


def build(records: Records, settings: Settings, sources: Sequence[str], plugin: bool) -> Ledger:
    """The ledger that the records make.

    Args:
      records: Of all tables together.
      settings: Title, accounts, and what is done about repeated numbers.
      sources: The names of the files, for the comment in the main file.
      plugin: Whether the ledger names the plugin "receivables".
    Raises:
      StartError: The text would not say what was meant, which is a fault of the program.
    """
    findings = Findings(records.headers)
    table = customer_table(records.customers, findings)
    codes = Codes(table)
    items = [item._replace(customer=codes.of(item.customer)) for item in records.items]
    found = documents(items, settings.repeated_numbers, findings)
    paid = payments(found, records.receipts, codes, findings)
    codes.tell(findings)
    with_documents = {document.item.customer for document in found} | table.keys()
    strangers = sorted({payment.customer for payment in paid} - with_documents)
    if strangers:
        findings.decide(
            f"customers who have receipts but no invoice: {len(strangers):,} (for example {shown(strangers[0])})"
        )
    customers = parties(table, [document.item for document in found], strangers, settings.accounts, findings)
    _tell_kinds(found, paid, findings)
    entries: dict[str, list[Entry]] = {
        "opening": [
            _document_entry(document, customers, settings.accounts) for document in found if document.item.opening
        ],
        "invoices": [
            _document_entry(document, customers, settings.accounts) for document in found if not document.item.opening
        ],
        "receipts": [_payment_entry(payment, customers, settings.accounts) for payment in paid],
        "disputes": [_dispute(document, customers) for document in found if document.item.disputed],
    }
    files = _files(entries, customers, settings, sources, plugin)
    summary = _summary(found, paid, customers, entries)
    return Ledger(files, summary, tuple(findings.decisions), tuple(findings.problems))


def _tell_kinds(found: Sequence[Document], paid: Sequence[Payment], findings: Findings) -> None:
    """Say what became of what is less usual."""
    invoices = [document.item for document in found if document.item.opening is None]
    credits = [item for item in invoices if item.amount < 0]
    if credits:
        findings.decide(
            f"negative invoices, which become credit memos: {len(credits):,} (for example {shown(credits[0].number)})"
        )
    if any(item.settled_on and item.paid is None for item in invoices):
        findings.decide("an invoice with a day of payment and no paid amount is settled in full on that day")
    if any(item.settled_on for item in credits):
        findings.decide("a credit memo with a day of payment is refunded from the bank on that day")
    counts = {
        "invoices that are due before their own date, booked as the file says": sum(
            1 for item in invoices if item.due and item.date and item.due < item.date
        ),
        "invoices with neither due date nor terms, due on their date unless the customer has terms": sum(
            1 for item in invoices if item.amount > 0 and not item.due and "terms" not in item.words
        ),
        "disputes without a date of their own, which bear that of the invoice": sum(
            1 for document in found if document.item.disputed and not document.item.disputed_on
        ),
        "amounts with more decimal places than their currency has, kept exactly": sum(
            1 for document in found if decimal_places(document.item.amount) > iso_digits(document.item.currency)
        ),
        "receipts that are older than the invoice they settle, and count for it from its date": sum(
            1
            for payment in paid
            if any(part.document is not None and payment.date < part.document.day for part in payment.parts)
        ),
    }
    for what, count in counts.items():
        if count:
            findings.decide(f"{what}: {count:,}")


# Entries


def _payee(customer: str, words: Mapping[str, str], customers: Mapping[str, Party]) -> str:
    return words.get("name") or customers[customer].words.get("name") or customer


def _cells(kept: Mapping[str, Cell]) -> dict[str, Any]:
    return {key: cell for key, cell in kept.items() if cell is not None}


def _document_entry(document: Document, customers: Mapping[str, Party], names: Accounts) -> Transaction:
    """The transaction of an invoice, credit memo or open balance."""
    item = document.item
    party = customers[item.customer]
    opening = item.opening is not None
    meta: dict[str, Any] = {}
    if item.number and (opening or item.number != document.link):
        meta["number"] = item.number
    if opening and item.date is not None:
        meta["dated"] = item.date
    if item.due is not None:
        meta["due"] = item.due
    for field in (*_INVOICE_WORDS, *CUSTOMER_WORDS):
        word = item.words.get(field)
        if word and party.words.get(field) != word and field != "name":
            meta[FIELDS[field].key] = word
    what = "Open balance" if opening else "Invoice" if item.amount > 0 else "Credit memo"
    return Transaction(
        meta | _cells(item.kept),
        document.day,
        "*",
        _payee(item.customer, item.words, customers),
        item.words.get("description") or f"{what} {item.number}".strip(),
        _OPENING if opening else EMPTY_SET if item.amount > 0 else _CREDIT_MEMO,
        frozenset({document.link}) if document.link else EMPTY_SET,
        [
            _posting(party.account, item.amount, item.currency),
            _posting(names.opening if opening else names.income, -item.amount, item.currency),
        ],
    )


def _payment_entry(payment: Payment, customers: Mapping[str, Party], names: Accounts) -> Transaction:
    """The transaction of a receipt or refund."""
    account = customers[payment.customer].account
    total = sum((part.amount for part in payment.parts), Decimal(0))
    meta: dict[str, Any] = {"number": payment.number} if payment.number else {}
    if "reference" in payment.words:
        meta["reference"] = payment.words["reference"]
    settled = [part.document for part in payment.parts if part.document is not None]
    # A comma parts the numbers in `settles:`; a document whose own number has one is settled by its link.
    linked = {document.link for document in settled if "," in document.item.number}
    if linked and payment.link and not payment.number:
        meta["number"] = payment.link
    name = next((document.item.words for document in settled), {})
    numbers = ", ".join(document.item.number for document in settled[:3])
    what = "Refund of" if total < 0 else "Receipt for" if numbers else "Receipt"
    return Transaction(
        meta | _cells(payment.kept),
        payment.date,
        "*",
        _payee(payment.customer, {**name, **payment.words}, customers),
        payment.words.get("description") or f"{what} {numbers}{', …' if len(settled) > 3 else ''}".strip(),
        _REFUND if total < 0 else EMPTY_SET,
        frozenset({payment.link, *linked} - {""}),
        [
            _posting(names.bank, total, payment.currency),
            *(_settlement(account, part, payment.currency) for part in payment.parts),
        ],
    )


def _settlement(account: str, part: Part, currency: str) -> Posting:
    document = part.document
    meta = {} if document is None or "," in document.item.number else {"settles": document.item.number}
    return _posting(account, -part.amount, currency, meta)


def _posting(account: str, amount: Decimal, currency: str, meta: dict[str, Any] | None = None) -> Posting:
    return Posting(account, Amount(amount, currency), None, None, None, meta or {})


def _dispute(document: Document, customers: Mapping[str, Party]) -> Note:
    """The note that an invoice is disputed, for all of it where the file gives no amount."""
    item = document.item
    amount = abs(item.amount) if item.disputed_amount is None else abs(item.disputed_amount)
    meta: dict[str, Any] = {"amount": Amount(amount, item.currency)}
    if item.dispute_reason:
        meta["reason"] = item.dispute_reason
    return Note(
        meta,
        item.disputed_on or max(document.day, item.date or document.day),
        customers[item.customer].account,
        item.dispute_reason or "Disputed",
        _DISPUTE,
        frozenset({document.link}) if document.link else EMPTY_SET,
    )


def _open(party: Party, day: datetime.date) -> Open:
    meta: dict[str, Any] = {}
    if party.account.rpartition(":")[2] != party.code:
        meta["customer"] = party.code
    for field in ("name", "terms", *CUSTOMER_WORDS[1:]):
        if field in party.words:
            meta[FIELDS[field].key] = party.words[field]
    if party.credit_limit is not None:
        meta["credit-limit"] = Amount(*party.credit_limit)
    return Open(meta | _cells(party.kept), day, party.account, [], None)


# Files


def _files(
    entries: Mapping[str, Sequence[Entry]],
    customers: Mapping[str, Party],
    settings: Settings,
    sources: Sequence[str],
    plugin: bool,
) -> dict[str, str]:
    """The ledger's files by path, the main file first."""
    everything = [entry for some in entries.values() for entry in some]
    opened = min((entry.date for entry in everything), default=FIRST_DAY)
    first = _first_days(everything)
    opens: list[Directive] = [
        _open(party, first.get(party.account, opened))
        for party in sorted(customers.values(), key=lambda party: party.account)
    ]
    files = {
        "settings.beancount": ledger_text(
            ["The accounts and what they are for. Policies on aging, terms and penalties go here, too."],
            _setting_entries(settings.accounts, opened, everything),
        )
    }
    if opens:
        files["customers.beancount"] = ledger_text(
            ["The customers. Terms, language, collector and any other key may be added to each."], opens
        )
    for kind, some in entries.items():
        for name, part in _parted(kind, some).items():
            files[f"{name}.beancount"] = ledger_text([_FILE_COMMENTS[kind]], part)
    return {MAIN_FILE: _main(settings.title, _currencies(everything), tuple(files), sources, plugin), **files}


_FILE_COMMENTS: Final = {
    "opening": "What was open when this book began: one entry for each open item.",
    "invoices": "Invoices and credit memos.",
    "receipts": "Receipts and refunds, each with the invoices that it settles.",
    "disputes": "Invoices that customers dispute.",
}


def _currencies(entries: Iterable[Entry]) -> list[str]:
    postings = [posting for entry in entries if isinstance(entry, Transaction) for posting in entry.postings]
    return sorted({posting.units.currency for posting in postings if posting.units is not None})


def _first_days(entries: Iterable[Entry]) -> dict[str, datetime.date]:
    """Account → the day on which it is first used."""
    first: dict[str, datetime.date] = {}
    for entry in entries:
        used = [posting.account for posting in entry.postings] if isinstance(entry, Transaction) else [entry.account]
        for account in used:
            if account not in first or entry.date < first[account]:
                first[account] = entry.date
    return first


def _setting_entries(names: Accounts, day: datetime.date, entries: Sequence[Entry]) -> list[Directive]:
    used = {posting.account for entry in entries if isinstance(entry, Transaction) for posting in entry.postings}
    opens: list[Directive] = [
        Open({}, day, account, [], None)
        for account in dict.fromkeys((names.bank, names.income, names.opening))
        if account in used
    ]
    roles: list[Directive] = [
        Custom(
            {},
            day,
            "receivables-accounts",
            [ValueType(role, _TEXT), ValueType(account, _ACCOUNT)],
        )
        for role, account in (("customers", names.receivable), ("bank", names.bank))
    ]
    return roles + opens


def _parted(kind: str, entries: Sequence[Entry]) -> dict[str, list[Entry]]:
    """The entries in order of date: in one file, or in one for each year when they are many."""
    ordered = sorted(entries, key=lambda entry: entry.date)
    if len(ordered) <= ENTRIES_A_FILE_MAX:
        return {kind: ordered} if ordered else {}
    parted: dict[str, list[Entry]] = defaultdict(list)
    for entry in ordered:
        parted[f"{kind}-{entry.date.year}"].append(entry)
    return dict(parted)


def _main(title: str, currencies: Sequence[str], files: Sequence[str], sources: Sequence[str], plugin: bool) -> str:
    """The main file; raises StartError when Beancount reads something else from it."""
    text = "".join(
        [
            comment(f"Accounts receivable, made by `bean-ar start` from {', '.join(sources)}."),
            comment("The mapping that was used is in start.toml."),
            f"\noption {quoted('title')} {quoted(title)}\n",
            *(f"option {quoted('operating_currency')} {quoted(currency)}\n" for currency in currencies),
            f"\nplugin {quoted(PLUGIN)}\n" if plugin else "",
            "\n",
            *(f"include {quoted(name)}\n" for name in files),
        ]
    )
    entries, errors, options = parser.parse_string(text)
    read = (options["title"], options["operating_currency"], options["plugin"], options["include"])
    meant = (title, list(currencies), [(PLUGIN, None)] if plugin else [], list(files))
    if entries or errors or read != meant:
        raise StartError(
            f"the main file would not say what was meant (title {shown(title)}): nothing is written; correct the title"
        )
    return text


# Figures


def _summary(
    found: Sequence[Document],
    paid: Sequence[Payment],
    customers: Mapping[str, Party],
    entries: Mapping[str, Sequence[Entry]],
) -> Summary:
    items = [document.item for document in found]
    invoices = [item for item in items if item.opening is None and item.amount > 0]
    credits = [item for item in items if item.opening is None and item.amount < 0]
    balances = [item for item in items if item.opening is not None]
    received = [(payment.currency, sum((part.amount for part in payment.parts), Decimal(0))) for payment in paid]
    late = _days_late(found, paid, customers)
    days = [entry.date for some in entries.values() for entry in some]
    return Summary(
        customers=len(customers),
        invoices=len(invoices),
        credit_memos=len(credits),
        balances=len(balances),
        receipts=sum(1 for _, amount in received if amount > 0),
        refunds=sum(1 for _, amount in received if amount < 0),
        disputes=len(entries["disputes"]),
        invoiced=_totals((item.currency, item.amount) for item in invoices),
        credited=_totals((item.currency, -item.amount) for item in credits),
        opening=_totals((item.currency, item.amount) for item in balances),
        received=_totals((currency, amount) for currency, amount in received if amount > 0),
        refunded=_totals((currency, -amount) for currency, amount in received if amount < 0),
        outstanding=_totals(
            [
                *((item.currency, item.amount) for item in items),
                *((currency, -amount) for currency, amount in received),
            ]
        ),
        late=len(late),
        max_days_late=max(late, default=0),
        first_day=min(days, default=None),
        last_day=max(days, default=None),
    )


def _totals(amounts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """The sum of each currency, in alphabetical order."""
    found: dict[str, Decimal] = {}
    for currency, amount in amounts:
        found[currency] = found.get(currency, Decimal(0)) + amount
    return dict(sorted(found.items()))


def _days_late(found: Sequence[Document], paid: Sequence[Payment], customers: Mapping[str, Party]) -> list[int]:
    """How many days after the due date each late document was settled in full."""
    left = {document.link: document.item.amount for document in found if document.link}
    settled: dict[str, datetime.date] = {}
    for payment in sorted(paid, key=lambda payment: payment.date):
        for part in payment.parts:
            if part.document is not None:
                link = part.document.link
                left[link] -= part.amount
                if not left[link]:
                    settled[link] = payment.date
    late = []
    for document in found:
        day = settled.get(document.link)
        due = _due(document.item, customers[document.item.customer])
        if document.item.amount > 0 and day is not None and due is not None and day > due:
            late.append((day - due).days)
    return late


def _due(item: Item, party: Party) -> datetime.date | None:
    """When a document is due: as the row says, else by its terms or the customer's, else on its date."""
    if item.due is not None or item.date is None:
        return item.due
    terms = item.words.get("terms") or party.words.get("terms")
    if not terms:
        return item.date
    try:
        return due_date(parse_terms(terms), item.date)
    except TermsError:
        # Instalments have several due dates; what is late of them is for the reports.
        return None
