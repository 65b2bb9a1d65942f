"""Any entry: what keeps a line of any kind from being booked unseen: the policy's limit, an unknown bank account."""

from __future__ import annotations

from collections.abc import Iterator

from receivables.rules.application import ApplicationPolicy
from receivables_importers.bank.model import BankLine


def above_limit(line: BankLine, policy: ApplicationPolicy) -> Iterator[str]:
    """Why a line waits whose amount, in or out, is above the policy's `largest:`."""
    limit = policy.largest.get(line.currency)
    if limit is not None and line.amount.copy_abs() > limit:
        yield f"it is more than {limit:,} {line.currency}"


def no_account(line: BankLine) -> str:
    """Why a line waits of which the ledger does not know the bank account."""
    number = line.account or "this bank account"
    written = f' "{line.account}"' if line.account else ""
    mend = f"add bank-account:{written} below its open directive"
    return f"no bank account of the ledger is known as {number}: {mend}"
