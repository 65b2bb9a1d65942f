"""The shape of a proposal: what a bank line would be booked as, and why, or what a person has to decide."""

from __future__ import annotations

import datetime
import re
from typing import Final, NamedTuple

from receivables.places import Place
from receivables_importers.application.knowledge import BookedReceipt
from receivables_importers.bank.model import BankLine

AUTO: Final = "auto"
"""Evidence enough: `--post` books it."""
REVIEW: Final = "review"
"""A person decides."""
NOTHING: Final = "nothing"
"""There is nothing to apply: no receipt, or booked already."""

BOOKED: Final = "booked already"
"""The reason of a line that somebody has booked by hand."""
UNKNOWN: Final = "unknown"
"""The reason of a line of which nothing is known."""


_LINK: Final = re.compile(r"[A-Za-z0-9\-_/.]+")


def is_link(number: str) -> bool:
    """Whether a document's number can be written as a link.

    >>> is_link("RC-2026/01"), is_link("RC 1")
    (True, False)
    """
    return _LINK.fullmatch(number) is not None


class Allocation(NamedTuple):
    """A part of the money for one item.

    Attributes:
      item: Position in the book.
      units: Positive settles a debit; negative uses a credit, which is netted.
    """

    item: int
    units: int


class Deduction(NamedTuple):
    """What is settled without money, and why.

    Attributes:
      reason: One of `receivables.rules.application.BOOKED_ON`.
      units: Positive: the customer paid so much less; negative: so much more, which nobody wants back.
    """

    reason: str
    units: int


class Reversal(NamedTuple):
    """The receipt that a bounced payment takes back.

    Attributes:
      booked: The receipt in the ledger; None when it is one of this run.
      line: The id of its bank line, "" when it is not known.
      customers: Whose it is.
    """

    booked: BookedReceipt | None
    line: str
    customers: tuple[str, ...]


class Part(NamedTuple):
    """Units of one holding in hand: by account, currency, the posting that received it, the entry that brought it."""

    key: tuple[str, str, Place, Place]
    units: int


class InHand(NamedTuple):
    """Money in hand that a line brings to the bank, or pays back to who has given too much.

    Attributes:
      account: The account in hand.
      units: Positive for what comes to the bank.
      parts: The holdings that it takes.
      said: Metadata of the posting, by which the ledger knows which money moves.
      links: Links of the entry, for the same.
      customers: Whose money it was.
      told: What it is, in words.
    """

    account: str
    units: int
    parts: tuple[Part, ...]
    said: tuple[tuple[str, str], ...]
    links: tuple[str, ...]
    customers: tuple[str, ...]
    told: str


class Applied(NamedTuple):
    """How a line may be applied.

    Attributes:
      customer: Who paid, or for whom; "" when that is not known.
      allocations: What is settled.
      deductions: What is settled without money.
      on_account: Units that settle nothing and stay on the customer's account.
      reasons: Why the money is not what is open; words of `DIFFERENCES`.
      evidence: Sentences that say what speaks for it.
      in_hand: For a deposit the money in hand that it is; then there is nothing else.
    """

    customer: str
    allocations: tuple[Allocation, ...] = ()
    deductions: tuple[Deduction, ...] = ()
    on_account: int = 0
    reasons: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    in_hand: InHand | None = None

    @property
    def settled(self) -> int:
        """What the money and the deductions settle, in units."""
        return sum(allocation.units for allocation in self.allocations)

    @property
    def items(self) -> tuple[int, ...]:
        """The items."""
        return tuple(allocation.item for allocation in self.allocations)


class Proposed(NamedTuple):
    """What is proposed for one line.

    Attributes:
      line: The line.
      decision: `AUTO`, `REVIEW` or `NOTHING`.
      applied: What would be booked.
      nature: What the line is when it is no receipt: a word of `NATURES`, `BOUNCED`, `BOOKED`, else "".
      obstacles: Why it waits for a person; empty otherwise.
      runners_up: What else it may be, the likeliest first.
      account: The ledger's bank account; "" when it is not known.
      units: The line's amount in units of its currency; None when the currency is counted in coarser ones.
      reversal: For a bounced payment the receipt that it takes back.
      claims: Items beside those of `applied` for which the money of a line that waits may be.
      likely: Whether the amount agrees with what would be settled, so that other lines had better not settle it.
      named: Whether it names those items as well.
      known: Whether more than a number or an amount says who paid.
      bank: For a line that stands on the suspense account (its `account` then) the bank account that it is on.
    """

    line: BankLine
    decision: str
    applied: Applied
    nature: str = ""
    obstacles: tuple[str, ...] = ()
    runners_up: tuple[Applied, ...] = ()
    account: str = ""
    units: int | None = None
    reversal: Reversal | None = None
    claims: tuple[int, ...] = ()
    likely: bool = False
    named: bool = False
    known: bool = False
    bank: str = ""

    @property
    def date(self) -> datetime.date:
        """The day on which the bank booked it."""
        return self.line.booked

    @property
    def received_on(self) -> str:
        """The bank account that the money came to, or went out of."""
        return self.bank or self.account

    @property
    def decidable(self) -> bool:
        """Whether a person can say what it is: a receipt, or money that went out for a credit or to an employee."""
        return self.line.amount > 0 or bool(self.applied.allocations) or self.applied.in_hand is not None

    @property
    def balanced(self) -> bool:
        """Whether money and deductions are what is settled and what stays on account, to the last unit."""
        money = (self.units or 0) + sum(deduction.units for deduction in self.applied.deductions)
        in_hand = self.applied.in_hand.units if self.applied.in_hand is not None else 0
        return money == self.applied.settled + self.applied.on_account + in_hand
