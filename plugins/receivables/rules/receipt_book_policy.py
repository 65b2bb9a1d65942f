"""The policy "receipt-book": which receipts must have a voucher."""

from __future__ import annotations

from typing import Final

from receivables.settings import Key, PolicyForm, one_of

REQUIRED_IN_HAND: Final = "in-hand"
NEVER: Final = "never"

FORM: Final = PolicyForm(
    subject="receipt-book",
    about="Which receipts must have a voucher.",
    keys={
        "required": Key(
            one_of(REQUIRED_IN_HAND, NEVER),
            '"in-hand" or "never"',
            "in-hand warns of every receipt into an account in hand that has no voucher; never by default.",
        )
    },
)
