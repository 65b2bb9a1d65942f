"""The content of a statement, ready to print: every text, number and date in the reader's language, no layout.

`content` turns a `Statement` into plain dictionaries of strings. The PDF template gets them as JSON, the web
page walks them; so both say the same. `statement.typ` documents the same shape for people who write a
template of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypedDict

from receivables.letters.formats import Formats, formats
from receivables.letters.model import AgingCell, Section, Statement, StatementLine
from receivables.letters.phrases import Phrases, phrases
from receivables.letters.texts import LRI, PDI, isolated, plain, typeset

OPEN_ITEM, ACTIVITY = "open-item", "activity"


class Fact(TypedDict):
    """A label, "" for what speaks for itself (an e-mail address), and what it says."""

    label: str
    value: str


class Figure(TypedDict):
    """One figure of the summary; `kind` is total, overdue, credits or disputed."""

    kind: str
    label: str
    amount: str


class Summary(TypedDict):
    """The figures of one currency at the head of the letter."""

    currency: str
    figures: list[Figure]


class Column(TypedDict):
    """A column of the table; `kind` is date, text, count or money; `widest` its longest text."""

    key: str
    label: str
    kind: str
    widest: str


class Line(TypedDict):
    """One line of the table; a text that does not apply is ""."""

    date: str
    number: str
    kind: str
    description: str
    due: str
    days_overdue: str
    debit: str
    credit: str
    amount: str
    settled: str
    balance: str
    disputed: str


class Cell(TypedDict):
    """One cell of the aging strip; `kind` is current, overdue, credits or total."""

    kind: str
    label: str
    amount: str
    zero: bool


class SectionContent(TypedDict):
    """The part of the letter in one currency."""

    currency: str
    heading: str
    columns: list[Column]
    opening: str
    opening_label: str
    lines: list[Line]
    total_debit: str
    total_credit: str
    closing: str
    closing_label: str
    brought_forward: str
    carried_forward: str
    empty: str
    aging_heading: str
    aging: list[Cell]
    aging_widest: str
    notes: list[str]


class Account(TypedDict):
    """Where to pay: the currencies it is for, and its text line by line."""

    currencies: str
    lines: list[str]


class Payment(TypedDict):
    """How to pay; `accounts` is empty when the company says nothing about it."""

    heading: str
    accounts: list[Account]
    reference_label: str
    reference: str
    reference_note: str


class Party(TypedDict):
    """The company or the customer. `details` are labelled facts (tax ID, telephone, …)."""

    label: str
    code: str
    name: str
    address: list[str]
    details: list[Fact]


class Content(TypedDict):
    """Everything that a statement says."""

    language: str
    region: str
    rtl: bool
    style: str
    as_of: str
    title: str
    subtitle: str
    page: str
    company: Party
    customer: Party
    facts: list[Fact]
    summary: list[Summary]
    empty: str
    sections: list[SectionContent]
    payment: Payment | None
    contact_heading: str
    contact: list[str]
    closing: list[str]
    note: list[str]


NOTHING = "–"
"""Stands for a settled amount of zero: a column of zeros hides the amounts among them."""

REGIONS = {"en": "GB", "vi": "VN", "ar": "AE", "zh": "CN"}


class _Writer:
    """The words, formats and direction of one language, with the text treatment of one format."""

    def __init__(self, words: Phrases, written: Formats, on_paper: bool) -> None:
        self.words = words
        self.texts = words.texts
        self.written = written
        self.date = written.date
        self._typeset: Callable[[str], str] = typeset if on_paper else str

    def text(self, text: str) -> str:
        """A text of the ledger."""
        return isolated(self._typeset(plain(text).replace("\n", " ")), self.words.rtl)

    def lines(self, text: str) -> list[str]:
        """A text of the ledger that may have several lines."""
        return [self.text(line) for line in plain(text).split("\n") if line.strip()]

    def ltr(self, text: str) -> str:
        """A number or a date inside a phrase."""
        return f"{LRI}{text}{PDI}" if self.words.rtl else text

    def money(self, amount: Decimal | None, section: Section) -> str:
        return "" if amount is None else self.ltr(self.written.money(amount, section.digits))

    def money_with_currency(self, amount: Decimal, section: Section) -> str:
        return self.ltr(f"{self.written.money(amount, section.digits)}\u00a0{plain(section.currency)}")


def content(statement: Statement, *, on_paper: bool = False) -> Content:
    """What `statement` says, in its language (English when we have no catalogue of it).

    Args:
      statement: The statement.
      on_paper: Whether the text gets the breaks and the unbreakable spaces that typesetting needs.
    """
    words = phrases(statement.language)
    writer = _Writer(words, formats(words.language), on_paper)
    texts = words.texts
    as_of = texts["as_of"].format(date=writer.ltr(writer.date(statement.as_of)))
    facts = [_fact(texts["statement_date"], writer.ltr(writer.date(statement.as_of)))]
    period = _period(statement, writer)
    facts.append(_fact(texts["customer_code"], writer.text(statement.debtor.code)))
    if statement.debtor.terms:
        facts.append(_fact(texts["payment_terms"], writer.text(statement.debtor.terms)))
    own = statement.company.note.get(words.language, statement.company.note.get("", ""))
    return Content(
        language=words.language,
        region=REGIONS[words.language],
        rtl=words.rtl,
        style=statement.style,
        as_of=statement.as_of.isoformat(),
        title=texts["title_activity" if statement.style == ACTIVITY else "title_open_item"],
        subtitle=period or as_of,
        page=texts["page"],
        company=_company(statement, writer),
        customer=_customer(statement, writer),
        facts=facts,
        summary=[_summary(section, writer) for section in statement.sections],
        empty="" if statement.sections else texts["no_balance"],
        sections=[_section(statement, section, writer) for section in statement.sections],
        payment=_payment(statement, writer),
        contact_heading=texts["contact"],
        contact=_contact(statement, writer),
        # A company that has its own words for it does not say it twice.
        closing=[] if own else [texts["differ"], texts["disregard"]],
        note=writer.lines(own),
    )


def aging_label(cell: AgingCell, basis: str, texts: Phrases) -> str:
    """The label of one cell of the aging strip.

    >>> aging_label(AgingCell(91, None, Decimal(0)), "due", phrases("en"))
    'Over 90 days'
    """
    if cell.low is None and cell.high is None:
        return texts.texts["unapplied_credits"]
    if cell.low is None:
        return texts.texts["aging_current" if basis == "due" else "aging_same_day"]
    if cell.high is None:
        return texts.texts["aging_over"].format(days=cell.low - 1)
    label = texts.texts["aging_range"]
    if texts.rtl:
        # The range itself reads from left to right, as the region's software prints it.
        label = label.replace("{low}–{high}", f"{LRI}{{low}}–{{high}}{PDI}")
    return label.format(low=cell.low, high=cell.high)


def signed(line: StatementLine, amount: Decimal | None) -> Decimal | None:
    """An open-item line's original or settled amount with the sign of the item: negative for a credit."""
    return -amount if amount is not None and line.credit is not None else amount


def original(line: StatementLine) -> Decimal | None:
    """The original amount of an open-item line; negative for a credit."""
    return signed(line, line.debit if line.debit is not None else line.credit)


def disputed(section: Section) -> Decimal:
    """The disputed part of a section's open amount."""
    return sum((line.disputed for line in section.lines), Decimal(0))


def _fact(label: str, value: str) -> Fact:
    return Fact(label=label, value=value)


def _period(statement: Statement, writer: _Writer) -> str:
    if statement.period_from is None:
        return ""
    return writer.texts["period"].format(
        first=writer.ltr(writer.date(statement.period_from)), last=writer.ltr(writer.date(statement.as_of))
    )


def _details(writer: _Writer, given: tuple[tuple[str, str], ...]) -> list[Fact]:
    """Facts about a party; those with the key "" speak for themselves."""
    return [_fact(writer.texts[key] if key else "", writer.text(value)) for key, value in given if value]


def _company(statement: Statement, writer: _Writer) -> Party:
    company = statement.company
    return Party(
        label="",
        code="",
        name=writer.text(company.name),
        address=writer.lines(company.address),
        details=_details(
            writer,
            (
                ("tax_id", company.tax_id),
                ("phone", company.phone),
                ("", company.email),
                ("", company.website),
            ),
        ),
    )


def _customer(statement: Statement, writer: _Writer) -> Party:
    debtor = statement.debtor
    return Party(
        label=writer.texts["customer"],
        code=writer.text(debtor.code),
        name=writer.text(debtor.name or debtor.code),
        address=writer.lines(debtor.address),
        details=_details(writer, (("tax_id", debtor.tax_id), ("attention", debtor.contact), ("", debtor.email))),
    )


def _summary(section: Section, writer: _Writer) -> Summary:
    texts = writer.texts
    in_favour = section.closing < 0
    figures = [
        Figure(
            kind="total",
            label=texts["credit_balance" if in_favour else "total_due"],
            amount=writer.money(abs(section.closing), section),
        )
    ]
    further = (
        ("overdue", "total_overdue", section.overdue),
        ("credits", "unapplied_credits", section.credits),
        ("disputed", "disputed", disputed(section)),
    )
    figures.extend(
        Figure(kind=kind, label=texts[key], amount=writer.money(amount, section))
        for kind, key, amount in further
        if amount or kind == "overdue"
    )
    return Summary(currency=plain(section.currency), figures=figures)


_COLUMNS = {
    OPEN_ITEM: (
        ("date", "document_date", "date"),
        ("number", "number", "text"),
        ("description", "description", "text"),
        ("due", "due_date", "date"),
        ("days_overdue", "days_overdue", "count"),
        ("amount", "amount", "money"),
        ("settled", "settled", "money"),
        ("balance", "outstanding", "money"),
    ),
    ACTIVITY: (
        ("date", "document_date", "date"),
        ("number", "number", "text"),
        ("description", "description", "text"),
        ("due", "due_date", "date"),
        ("debit", "debit", "money"),
        ("credit", "credit", "money"),
        ("balance", "running_balance", "money"),
    ),
}


def _section(statement: Statement, section: Section, writer: _Writer) -> SectionContent:
    texts = writer.texts
    activity = statement.style == ACTIVITY
    lines = [_line(section, line, writer) for line in section.lines]
    aging = _aging(statement, section, writer)
    closing = writer.money(section.closing, section)
    total_debit, total_credit = _movements(section, writer) if activity else ("", "")
    totals = {"debit": total_debit, "credit": total_credit, "balance": closing}
    return SectionContent(
        currency=plain(section.currency),
        heading=texts["movements" if activity else "open_items"].format(currency=writer.ltr(plain(section.currency))),
        columns=[
            Column(
                key=key,
                label=texts[label],
                kind=kind,
                widest=_widest(key, lines, totals),
            )
            for key, label, kind in _COLUMNS[ACTIVITY if activity else OPEN_ITEM]
        ],
        opening=writer.money(section.opening, section),
        opening_label=texts["opening_balance"],
        lines=lines,
        total_debit=total_debit,
        total_credit=total_credit,
        closing=closing,
        closing_label=texts["closing_balance" if activity else "total"],
        brought_forward=texts["brought_forward"],
        carried_forward=texts["carried_forward"],
        empty="" if lines else texts["no_movements" if activity else "no_balance"],
        aging_heading=texts["aging_date" if statement.basis == "date" else "aging_due"],
        aging=aging,
        aging_widest=max((cell["amount"] for cell in aging), key=len),
        notes=[texts["credits_note"].format(amount=writer.money_with_currency(-section.credits, section))]
        if section.credits
        else [],
    )


def _line(section: Section, line: StatementLine, writer: _Writer) -> Line:
    return Line(
        date=writer.ltr(writer.date(line.date)),
        number=writer.text(line.number),
        kind=writer.words.kind(line.kind),
        description=writer.text(line.description),
        due="" if line.due is None else writer.ltr(writer.date(line.due)),
        days_overdue=writer.ltr(str(line.days_overdue)) if line.days_overdue > 0 else "",
        debit=writer.money(line.debit, section),
        credit=writer.money(line.credit, section),
        amount=writer.money(original(line), section),
        settled=writer.money(signed(line, line.settled), section) if line.settled else NOTHING,
        balance=writer.money(line.balance, section),
        disputed=writer.texts["line_disputed"].format(amount=writer.money(line.disputed, section))
        if line.disputed
        else "",
    )


def _movements(section: Section, writer: _Writer) -> tuple[str, str]:
    debit = sum((line.debit for line in section.lines if line.debit is not None), Decimal(0))
    credit = sum((line.credit for line in section.lines if line.credit is not None), Decimal(0))
    return writer.money(debit, section), writer.money(credit, section)


def _widest(key: str, lines: list[Line], totals: Mapping[str, str]) -> str:
    """The longest text of a column; figures are tabular, so the longest is the widest."""
    texts: list[Mapping[str, object]] = [totals, *lines]
    return max((str(text.get(key, "")) for text in texts), key=len)


def _aging(statement: Statement, section: Section, writer: _Writer) -> list[Cell]:
    cells = [
        Cell(
            kind="credits" if cell.low is None and cell.high is None else "current" if cell.low is None else "overdue",
            label=aging_label(cell, statement.basis, writer.words),
            amount=writer.money(cell.amount, section),
            zero=not cell.amount,
        )
        for cell in section.aging
    ]
    total = sum((cell.amount for cell in section.aging), Decimal(0))
    return [
        *cells,
        Cell(
            kind="total",
            label=writer.texts["total"],
            amount=writer.money(total, section),
            zero=not total,
        ),
    ]


def _payment(statement: Statement, writer: _Writer) -> Payment | None:
    """How to pay, when there is something to pay; currencies with the same account share one entry."""
    payable = [section.currency for section in statement.sections if section.closing > 0]
    if not payable:
        return None
    by_text: dict[str, list[str]] = {}
    pay_to = statement.company.pay_to
    for currency in payable:
        text = pay_to.get(currency, pay_to.get("", ""))
        if text:
            by_text.setdefault(text, []).append(currency)
    return Payment(
        heading=writer.texts["how_to_pay"],
        accounts=[
            Account(currencies=plain(", ".join(currencies)), lines=writer.lines(text))
            for text, currencies in by_text.items()
        ],
        reference_label=writer.texts["payment_reference"],
        reference=writer.text(statement.debtor.code),
        reference_note=writer.texts["quote_reference"],
    )


def _contact(statement: Statement, writer: _Writer) -> list[str]:
    """Whom to ask: the company's own text, else the account manager at the company's telephone and e-mail."""
    company, collector = statement.company, statement.debtor.collector
    if company.contact:
        return writer.lines(company.contact)
    given = ((writer.texts["account_manager"], collector), (writer.texts["phone"], company.phone))
    labelled = [f"{label}: {writer.text(value)}" for label, value in given if value]
    return [*labelled, *writer.lines(company.email)]
