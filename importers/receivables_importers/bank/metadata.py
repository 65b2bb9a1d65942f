"""Metadata: how an entry of the ledger keeps what the bank said of a line, beside payee and narration."""

from __future__ import annotations

import datetime
import re
from typing import Final

from beancount.core.amount import Amount

from receivables_importers.bank.model import BankLine

BANK_ID: Final = "bank-id"
"""The id of the bank line that an entry books; several, after a person has joined lines, with spaces or commas."""
BANK_BOOKING: Final = "bank-booking"
"""The id of the bank's entry, where the line is a part of it."""
PAYER: Final = "bank-counterparty"
PAYER_ACCOUNT: Final = "bank-counterparty-account"
"""Who paid, and from which account, as the bank wrote them."""

_CURRENCY: Final = re.compile(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]")


def is_currency(code: str) -> bool:
    """Whether the ledger can take a bank's code of a currency."""
    return _CURRENCY.fullmatch(code) is not None


def booking_of(line: BankLine) -> str:
    """The id of the bank's entry of which a line is a part; "" where it is all of it."""
    return line.booking if line.booking != line.id else ""


def references_of(line: BankLine) -> dict[str, str]:
    """The references of a line, "" for what it does not have."""
    references = line.references
    return {
        "bank-ultimate": line.ultimate,
        "bank-creditor-reference": references.creditor,
        "bank-end-to-end": references.end_to_end,
        "bank-reference": references.bank,
        "bank-customer-reference": references.customer,
        "bank-transaction": references.transaction,
        "bank-mandate": references.mandate,
        "bank-cheque": references.cheque,
        "bank-documents": ", ".join(references.documents),
    }


def value_of(line: BankLine) -> dict[str, datetime.date | Amount]:
    """The value date, charges and original amount of a line, as far as they say more than its day and amount."""
    found: dict[str, datetime.date | Amount] = {}
    if line.value_date != line.booked:
        found["bank-value-date"] = line.value_date
    if line.charges and line.currency:
        found["bank-charges"] = Amount(line.charges, line.currency)
    if line.original_amount is not None and is_currency(line.original_currency):
        found["bank-original-amount"] = Amount(line.original_amount, line.original_currency)
    return found


def narration_of(line: BankLine) -> str:
    """The narration of an entry that books a line."""
    return line.remittance or ", ".join(line.references.documents) or line.references.creditor or line.type
