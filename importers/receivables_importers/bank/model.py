"""The shape of a bank line, whatever format it came in, and of the statement around it.

Amounts are signed from the owner of the account: what comes in is positive. A line is what one
payer or payee did; the bank may have booked several of them as one entry, and then they share a
`booking`, whose amount is the sum of theirs.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from receivables_importers.tables.problems import UNSAFE

ERROR: Final = "error"
"""Something could not be read, and what it said is missing."""
WARNING: Final = "warning"
"""Everything is there, but look at it."""
NOTE: Final = "note"
"""Something was decided rather than read."""

CREDIT_TRANSFER: Final = "credit transfer"
DIRECT_DEBIT: Final = "direct debit"
CHEQUE: Final = "cheque"
CARD: Final = "card"
CASH: Final = "cash"
FEE: Final = "fee"
INTEREST: Final = "interest"
SALARY: Final = "salary"
RETURN: Final = "return"
REVERSAL: Final = "reversal"
OTHER: Final = "other"
TYPES: Final = (
    CREDIT_TRANSFER, DIRECT_DEBIT, CHEQUE, CARD, CASH, FEE, INTEREST, SALARY, RETURN, REVERSAL, OTHER,
)  # fmt: skip
"""What a line can be. A return is a payment that came back, in either direction; a reversal is the bank
taking back its own entry; other is what the bank does not say."""

STATEMENT: Final = "statement"
REPORT: Final = "report"
NOTIFICATION: Final = "notification"
DOWNLOAD: Final = "download"
INVESTMENT: Final = "investment"
KINDS: Final = (STATEMENT, REPORT, NOTIFICATION, DOWNLOAD, INVESTMENT)
"""What a statement can be: the bank's own of finished days (statement); of the day under way (report);
single entries without balances (notification); what somebody chose on the bank's web site, which may
end within a day (download); the money side of an investment account."""

TEXT_MAX: Final = 4_096
"""So many characters of a text are kept: remittance information of ISO 20022 may have 9 × 140."""
LINES_MAX: Final = 300_000
"""A file with more lines is not read to its end: each takes about a kilobyte of memory."""
STATEMENTS_MAX: Final = 50_000
"""A file with more statements is not read at all."""


class References(NamedTuple):
    """What identifies a payment, each as the bank wrote it; "" for what it did not write.

    Attributes:
      creditor: The reference that the creditor gave out: RF… (ISO 11649), QR reference, ESR, KID.
      end_to_end: The payer's reference that travels with the payment.
      bank: The bank's own reference of the entry.
      customer: The account owner's reference of an order that was given.
      transaction: The payment's number in the clearing, else the instruction's.
      mandate: The mandate of a direct debit.
      cheque: The number of the cheque.
      documents: Numbers of documents that the payer names in fields meant for them.
    """

    creditor: str = ""
    end_to_end: str = ""
    bank: str = ""
    customer: str = ""
    transaction: str = ""
    mandate: str = ""
    cheque: str = ""
    documents: tuple[str, ...] = ()


class BankLine(NamedTuple):
    """One line.

    Attributes:
      id: The same in every file that has the line; see `receivables_importers.bank.identity`.
      account: The owner's account as the file writes it, without spaces; "" when it does not.
      booked: The day on which the bank booked it.
      value_date: The day from which it bears interest.
      amount: Positive for what came in, in `currency`.
      currency: Its code; "" when neither file nor profile say it.
      counterparty: Who paid or was paid.
      counterparty_account: Their account.
      ultimate: In whose name they did, where the bank says so.
      references: What identifies the payment.
      remittance: The text that came with it, on one line.
      type: One of `TYPES`.
      code: The bank's own code or words for it.
      charges: What the bank says it kept or added, as a positive amount of `currency`; None when it does not say.
      original_amount: The amount that the payer ordered, where it differs in currency or size; always positive.
      original_currency: Its currency; "" without one.
      booking: The id of the entry that the bank booked; the line's own id when it is all of it.
      booking_amount: The amount of that entry.
      file: The name of the file, without its folder.
      place: Where in the file: a line or row, or a path of XML elements.
    """

    id: str
    account: str
    booked: datetime.date
    value_date: datetime.date
    amount: Decimal
    currency: str
    counterparty: str
    counterparty_account: str
    ultimate: str
    references: References
    remittance: str
    type: str
    code: str
    charges: Decimal | None
    original_amount: Decimal | None
    original_currency: str
    booking: str
    booking_amount: Decimal
    file: str
    place: str


class Balance(NamedTuple):
    """A balance that the bank states: positive is in favour of the account's owner.

    Attributes:
      amount: The balance.
      date: The day at whose end it holds (an opening balance: of the day before, or of the first day); None
        when it is not said.
    """

    amount: Decimal
    date: datetime.date | None


class BankStatement(NamedTuple):
    """What a file says of one account in one currency.

    Attributes:
      account: The account, without spaces; "" when the file does not say.
      currency: Its currency; "" when the file does not say.
      number: The statement's number or name.
      kind: One of `KINDS`.
      opening, closing: The balances; None where there are none.
      lines: What is booked, in order of booking.
      unbooked: What is announced, pending or only for information.
      gap: closing - opening - lines: zero when they agree, None when a balance is missing.
      final: Whether the closing balance is that of the end of its day.
      file: The name of the file.
      place: Where it begins.
    """

    account: str
    currency: str
    number: str
    kind: str
    opening: Balance | None
    closing: Balance | None
    lines: tuple[BankLine, ...]
    unbooked: tuple[BankLine, ...]
    gap: Decimal | None
    final: bool
    file: str
    place: str


class Problem(NamedTuple):
    """What is wrong with a file or was decided about it.

    Attributes:
      file: The name of the file.
      place: Where: a line or row, or a path of XML elements; "" for the whole file.
      message: What is wrong, and the mend.
      severity: "error", "warning" or "note".
    """

    file: str
    place: str
    message: str
    severity: str


class BankFile(NamedTuple):
    """All that was read from a file.

    Attributes:
      name: The file's name, without its folder.
      format: What it is, as "camt.053.001.08", "MT940", or the profile of a table; "" when that cannot be told.
      statements: What could be read.
      problems: What could not, what does not agree, and what was decided.
    """

    name: str
    format: str
    statements: tuple[BankStatement, ...]
    problems: tuple[Problem, ...]

    @property
    def lines(self) -> tuple[BankLine, ...]:
        """All booked lines, in order."""
        return tuple(line for statement in self.statements for line in statement.lines)


class BankError(Exception):
    """A file, or a part of it, cannot be read: the message says why and what to do; `place` says where."""

    def __init__(self, message: str, place: str = "") -> None:
        super().__init__(message)
        self.place = place


def told(problem: Problem) -> str:
    """The problem as one line, as compilers write it.

    >>> told(Problem("a.sta", "12", "the amount is missing", "error"))
    'a.sta:12: error: the amount is missing'
    """
    where = ":".join(part.translate(UNSAFE) for part in (problem.file, problem.place) if part)
    return f"{where}: {problem.severity}: {problem.message}"
