"""Bank lines in tests, and what becomes of them, as a reader of a test would say it."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from tests.ledgers import Told, told

from receivables_importers.application import Matched, Proposed, match
from receivables_importers.bank.model import CREDIT_TRANSFER, BankLine, References

BOOKS = """
2025-01-01 open Assets:Bank:Main
  bank-account: "GB33BUKB20201555555555"
2025-01-01 open Assets:Bank:Savings
  bank-account: "GB94BARC10201530093459"
2025-01-01 open Assets:Receivable:HanoiTower
  name: "Công ty CP Hanoi Tower"
2025-01-01 open Assets:Receivable:OldMill
  name: "Old Mill Textiles Ltd"
2025-01-01 open Assets:Receivable:BlueReef
  name: "Blue Reef Hotels LLC"
2025-01-01 open Income:Sales
2025-01-01 open Liabilities:VAT
2025-01-01 open Expenses:BankFees
2025-01-01 open Expenses:Discounts
2025-01-01 open Assets:WithholdingTax
2025-01-01 open Expenses:Rounding
2025-01-01 open Liabilities:UnidentifiedReceipts
2025-01-01 custom "receivables-policy" "application"
  charge-account: "Expenses:BankFees"
  discount-account: "Expenses:Discounts"
  withholding-account: "Assets:WithholdingTax"
  rounding-account: "Expenses:Rounding"
"""
"""The accounts of most stories: two bank accounts, three customers, and where differences are booked."""


def invoice(number: str, customer: str, amount: str, date: str = "2026-04-01", **meta: str) -> str:
    """An invoice; `meta` with underscores for hyphens."""
    words = "".join(f'  {key.replace("_", "-")}: "{value}"\n' for key, value in meta.items())
    return (
        f'{date} * "{customer}" "Goods" ^{number}\n{words}  Assets:Receivable:{customer}  {amount}\n  Income:Sales\n\n'
    )


def line(amount: str, name: str = "", text: str = "", **said: Any) -> BankLine:
    """A bank line of 2026-05-04: "1,000.00 USD", who paid, and what the payer wrote.

    `said` has the other fields, `date` as text, and `reference` for the creditor's reference.
    """
    number, _, currency = amount.replace(",", "").partition(" ")
    date = datetime.date.fromisoformat(said.pop("date", "2026-05-04"))
    reference = said.pop("reference", "")
    id = said.pop("id", f"{date}-{number}-{name}-{text}-{reference}")
    fields: dict[str, Any] = {
        "id": id, "account": "GB33BUKB20201555555555", "booked": date, "value_date": date, "amount": Decimal(number),
        "currency": currency or "USD", "counterparty": name, "counterparty_account": "", "ultimate": "",
        "references": References(creditor=reference), "remittance": text, "type": CREDIT_TRANSFER, "code": "",
        "charges": None, "original_amount": None, "original_currency": "", "booking": id,
        "booking_amount": Decimal(number),
        "file": "may.sta", "place": "7", **said,
    }  # fmt: skip
    return BankLine(**fields)


class Applied:
    """A ledger and bank lines, applied.

    Attributes:
      story: The ledger.
      matched: What was found.
    """

    def __init__(self, story: Told, *lines: BankLine) -> None:
        self.story = story
        self.matched: Matched = match(story.book, story.entries, lines)

    @property
    def first(self) -> Proposed:
        """What is proposed for the first line."""
        return self.matched.proposals[0]

    def said(self, place: int = 0) -> str:
        """A proposal in a line: "auto OldMill: INV-1 100.00 + 5.00 on account, overpayment"."""
        proposed = self.matched.proposals[place]
        applied, book = proposed.applied, self.story.book
        scale = book.scales[proposed.line.currency]
        labels = []
        for each in applied.allocations:
            instalment = book.items.instalment[each.item]
            label = book.items.number[each.item] + (f"/{instalment}" if instalment else "")
            labels.append(f"{label} {scale.decimal(each.units):,}")
        if applied.on_account and proposed.decision != "nothing":
            labels.append(f"{scale.decimal(applied.on_account):,} on account")
        why = ", ".join((*applied.reasons, *filter(None, [proposed.nature])))
        what = f" {applied.customer}: {' + '.join(labels)}" if labels else f" {applied.customer}".rstrip()
        return f"{proposed.decision}{what}{f' ({why})' if why else ''}"

    def all(self) -> list[str]:
        """All proposals, each in a line."""
        return [self.said(place) for place in range(len(self.matched.proposals))]

    @property
    def waits_for(self) -> str:
        """Why the first line waits."""
        return "; ".join(self.first.obstacles)

    @property
    def evidence(self) -> str:
        """What speaks for the first proposal."""
        return "; ".join(self.first.applied.evidence)


def applied(ledger: str, *lines: BankLine, company: str = BOOKS, problems: tuple[str, ...] = ()) -> Applied:
    """Bank lines applied to a ledger."""
    return Applied(told(ledger, company=company, problems=problems), *lines)
