"""Reversals: the entry that takes a payment back: the postings of the receipt or refund, the other way round.

A cheque that a collector received stands in hand in its receipt, and was brought to the bank since; what a receipt took
from the suspense account came from the bank, too. It is the bank that gives it back. Of a receipt with several payments
only the cheque comes back.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from beancount.core.amount import Amount
from beancount.core.data import Posting, Transaction

from receivables.language.customers import within
from receivables_importers.application.knowledge import BookedReceipt

_NOWHERE: Final = {"filename": "<application>", "lineno": 0}


def turned_round(
    original: Transaction, booked: BookedReceipt | None, bank: str, control: tuple[str, ...]
) -> list[Posting]:
    """The postings that undo a receipt or a refund, one for each account, currency and customer.

    Args:
      original: Its entry.
      booked: What the ledger has of it; None when it is of this run.
      bank: The bank account of the line.
      control: The receivable accounts; on these themselves the customer is said.
    Returns:
      The postings; none where only a part comes back, of what is booked on several accounts.
    """
    merged: dict[tuple[str, str, str], Decimal] = {}
    for posting in original.postings:
        units = posting.units
        if units is None or units.number is None:
            continue
        own = within(posting.account, control)
        customer = str((posting.meta or {}).get("customer", "")) if own else ""
        account = bank if booked is not None and posting.account == booked.account else posting.account
        key = account, units.currency, customer
        merged[key] = merged.get(key, Decimal(0)) - units.number
    if booked is not None and booked.in_hand:
        merged = _part(merged, booked, bank)
    return [
        Posting(account, Amount(amount, currency), None, None, None, _meta({"customer": customer} if customer else {}))
        for (account, currency, customer), amount in merged.items()
    ]


def _part(
    merged: dict[tuple[str, str, str], Decimal], booked: BookedReceipt, bank: str
) -> dict[tuple[str, str, str], Decimal]:
    """The cheque's part of what is turned round."""
    at_bank = (bank, booked.currency, "")
    others = [key for key in merged if key != at_bank]
    if merged[at_bank] == -booked.amount and not any(account == bank for account, _, _ in others):
        return merged
    if len(others) != 1 or others[0][1] != booked.currency:
        return {}
    return {at_bank: -booked.amount, others[0]: booked.amount}


def _meta(said: dict[str, Any]) -> dict[str, Any]:
    return {**_NOWHERE, **said}
