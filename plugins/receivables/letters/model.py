"""What a statement of account says: plain immutable records, no layout and no language.

`receivables.letters` turns these into PDF (Typst), HTML and XLSX. Everything here is data from
the ledger: text is text, never markup.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import NamedTuple


class Company(NamedTuple):
    """The company that sends the letter, from `custom "receivables-policy" "statement"`.

    Attributes:
      name, address, tax_id, phone, email, website: The letterhead; "" when not given. Address lines
        are separated by newlines or by " / " in the ledger and arrive here as "\\n".
      pay_to: How to pay, by currency; key "" serves every currency without its own text.
        Each text may have several lines ("Bank: ...\\nAccount: ...\\nSWIFT: ...").
      contact: Whom the customer should ask (name, telephone, e-mail), as one text.
      note: A closing sentence of the company's own, by language; key "" serves the others.
      logo: Absolute path of a picture (svg, png, jpg) below the ledger's folder, or "".
      colour: Accent colour as "#rrggbb", or "" for the default.
      template: Absolute path of a company's own Typst template below the ledger's folder, or "".
    """

    name: str = ""
    address: str = ""
    tax_id: str = ""
    phone: str = ""
    email: str = ""
    website: str = ""
    pay_to: Mapping[str, str] = {}
    contact: str = ""
    note: Mapping[str, str] = {}
    logo: str = ""
    colour: str = ""
    template: str = ""


class Debtor(NamedTuple):
    """The customer addressed. `code` is the customer code; the rest is "" when not given."""

    code: str
    name: str
    address: str = ""
    tax_id: str = ""
    contact: str = ""
    email: str = ""
    collector: str = ""
    terms: str = ""


class StatementLine(NamedTuple):
    """One line of a statement.

    Attributes:
      date: Document date.
      kind: invoice, debit-note, penalty, receipt, credit-memo, write-off, refund, reversal, apply,
        opening, revaluation or retention; the catalogue has its name in each language.
      number: Document number with its instalment ("INV-1/2") where it has several.
      due: Due date, None for credits in activity style.
      description: Narration of the entry; "" when there is none.
      debit, credit: Exactly one is set in activity style. In open-item style `debit` is the original
        amount of a debit item and `credit` that of a credit (both positive), `settled` what has been
        settled of it, and `balance` what is still open (negative for a credit).
      balance: Activity style: running balance after the line. Open-item style: open amount of the line.
      settled: Open-item style only: the settled part; None in activity style.
      days_overdue: Days past due as of the statement's date; 0 when not overdue.
      disputed: The disputed part of the open amount; zero when none.
    """

    date: datetime.date
    kind: str
    number: str
    due: datetime.date | None
    description: str
    debit: Decimal | None
    credit: Decimal | None
    balance: Decimal
    settled: Decimal | None = None
    days_overdue: int = 0
    disputed: Decimal = Decimal(0)


class AgingCell(NamedTuple):
    """One cell of the aging strip.

    Attributes:
      low, high: Days overdue, both included; (None, 0) is "current", (366, None) "over 365",
        (None, None) the unapplied credits.
      amount: Positive for debits; zero or negative for credits.
    """

    low: int | None
    high: int | None
    amount: Decimal


class Section(NamedTuple):
    """The part of a statement in one currency; a statement never adds across currencies.

    Attributes:
      currency: ISO code or any Beancount commodity.
      digits: Decimal places to show (VND 0, USD 2, KWD 3).
      opening: Balance before the first day of the period; None in open-item style.
      lines: The lines in order.
      closing: Balance as of the statement's date. Open-item style: the sum of the lines' balances.
        Activity style: opening plus debits less credits.
      aging: The aging strip; its cells add up to `closing`.
      overdue: The sum of the overdue debit items; credits are not deducted.
      credits: Unapplied credits, zero or negative.
    """

    currency: str
    digits: int
    opening: Decimal | None
    lines: tuple[StatementLine, ...]
    closing: Decimal
    aging: tuple[AgingCell, ...]
    overdue: Decimal
    credits: Decimal


class Statement(NamedTuple):
    """A statement of account for one customer as of one day.

    Attributes:
      style: "open-item" (what is open) or "activity" (opening, every movement, closing).
      company, debtor: Who writes to whom.
      language: "en", "vi", "ar" or "zh" (others fall back to "en").
      as_of: The day as of which the figures hold; the letter's date.
      period_from: First day of the period in activity style; None in open-item style.
      basis: "due" or "date": what the aging counts from.
      sections: One per currency, in alphabetical order; empty when the customer owes nothing.
    """

    style: str
    company: Company
    debtor: Debtor
    language: str
    as_of: datetime.date
    period_from: datetime.date | None
    basis: str
    sections: tuple[Section, ...]
