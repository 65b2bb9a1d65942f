"""Bank accounts: on which account of the ledger a bank line stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from receivables_importers.application.knowledge import Knowledge, account_number
from receivables_importers.application.waiting import Waiting
from receivables_importers.bank.model import BankLine

_ENDING: Final = 9
"""So many characters two numbers of accounts need where one is the end of the other."""


class BankAccounts:
    """Finds the ledger's account of lines.

    Args:
      known: What the ledger knows.
      given: The account of lines whose own is not known; "" for none.
      waiting: Lines that stand on the suspense account.
    """

    def __init__(self, known: Knowledge, given: str, waiting: Sequence[Waiting]) -> None:
        self._known, self._given = known, given
        self._waiting = {each.line.id: each for each in waiting}

    def of(self, line: BankLine) -> str:
        """The ledger's account of a line, the suspense account where it stands there; "" when it cannot be told."""
        if line.id in self._waiting:
            return self._waiting[line.id].suspense
        number = account_number(line.account)
        return self._numbered(number) or self._given or self._only(line.currency, has_number=bool(number))

    def received_on(self, line: BankLine) -> str:
        """The bank account of a line that stands on the suspense account; "" for any other line."""
        return self._waiting[line.id].bank if line.id in self._waiting else ""

    def _numbered(self, number: str) -> str:
        """The account with this number; an IBAN ends with the national number, which some formats give."""
        accounts = self._known.bank_accounts
        if number in accounts:
            return accounts[number]
        if len(number) < _ENDING:
            return ""
        ends = {
            account
            for own, account in accounts.items()
            if len(own) >= _ENDING and (own.endswith(number) or number.endswith(own))
        }
        return ends.pop() if len(ends) == 1 else ""

    def _only(self, currency: str, *, has_number: bool) -> str:
        """The only bank account of a currency; for a line with a number the only one without."""
        fitting = [
            account for account, currencies in self._known.banks.items() if not currencies or currency in currencies
        ]
        numbered = set(self._known.bank_accounts.values()) if has_number else set()
        only = [account for account in fitting if account not in numbered]
        return only[0] if len(only) == 1 else ""
