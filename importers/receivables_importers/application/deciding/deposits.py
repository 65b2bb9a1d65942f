"""Deposits: bank lines that are money of ours: cash and cheques that collectors and cashiers brought to the bank.

A line is a deposit when it names the slip or the cheque and has the amount, or when it says that it is a deposit and
only one has its amount. Anything else a person decides.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from decimal import Decimal
from typing import Final

from receivables.rules.in_hand import TO_BANK
from receivables_importers.application.deciding.any_entry import above_limit, no_account
from receivables_importers.application.deciding.in_hand import Found, MoneyInHand
from receivables_importers.application.deciding.nature import OWN
from receivables_importers.application.deciding.payers import Payers
from receivables_importers.application.deciding.shelf import Deposit
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.model import AUTO, REVIEW, Applied, InHand, Proposed
from receivables_importers.application.reading.document_numbers import BARE
from receivables_importers.bank.model import BankLine

DEPOSIT: Final = "deposit"
"""The reason of a line that is money of ours out of hand."""
PAID_BACK: Final = "paid back"
"""The reason of a line that pays an employee back what he gave beyond what he had."""

DEPOSIT_DAYS: Final = 31
"""So long after it was brought to the bank a deposit is booked without a person, where the line does not name it."""

CANDIDATES: Final = 5
"""So many deposits are offered."""
_TRIED: Final = 2 * CANDIDATES


class Deposits:
    """Proposes which lines are deposits.

    Args:
      in_hand: What is in hand.
      payers: Whose money lines are.
      lines: All lines of the run.
    """

    def __init__(self, in_hand: MoneyInHand, payers: Payers, lines: Sequence[BankLine]) -> None:
        self._in_hand, self._payers = in_hand, payers
        self._undecided: dict[tuple[str, Decimal], list[BankLine]] = {}
        for line in lines:
            self._undecided.setdefault((line.currency, line.amount), []).append(line)

    def settle(self, line: BankLine) -> None:
        """A line is decided, and no deposit but its own."""
        key = line.currency, line.amount
        self._undecided[key] = [each for each in self._undecided[key] if each.id != line.id]

    def proposal(self, payment: Payment, proposed: Proposed) -> Proposed:
        """The proposal for a line that came in, given what it would be with nothing in hand.

        Args:
          payment: The line.
          proposed: The proposal for it as a customer's payment.
        """
        found = self._in_hand.of(payment.line)
        if found is None:
            return proposed
        documents = payment.documents.documents
        theirs = {documents[each.document].customer for each in payment.reading.named if each.quality >= BARE}
        sure = theirs | {who.customer for who in self._payers.of(payment) if who.is_sure}
        if not _concerns(found, proposed, sure):
            return proposed
        tier = found.named or _nearest(found.exact)
        if not tier and proposed.decision == AUTO:
            return proposed
        obstacles = list(_obstacles(payment, found, tier, proposed, sure, names_document=bool(theirs)))
        if len(tier) == 1 and not found.named and (alike := self._alike(payment.line)) > 1:
            obstacles.append(f"{alike} lines of this amount may be this deposit")
        offered = self._offered(found, tier)
        if tier and (not offered or offered[0][0] is not tier[0]):
            obstacles.append("what is in hand cannot be told apart: give it a slip, a cheque number or a voucher")
        candidates = [_applied(each, money, found) for each, money in offered]
        if tier and not obstacles:
            return proposed._replace(
                decision=AUTO, applied=candidates[0], nature="", obstacles=(), runners_up=tuple(candidates[1:]),
                claims=(), likely=False, named=False,
            )  # fmt: skip
        return _waiting(found, proposed, candidates, obstacles, sure)

    def _alike(self, line: BankLine) -> int:
        """How many lines over this amount say that they are deposits, and are not decided yet."""
        return sum(map(self._in_hand.says, self._undecided[line.currency, line.amount]))

    def _offered(self, found: Found, tier: Sequence[Deposit]) -> list[tuple[Deposit, InHand]]:
        """The deposits that a line may be and the ledger can tell apart, the likeliest first."""
        others = [each for each in found.exact if not any(each is one for one in tier)]
        offered: list[tuple[Deposit, InHand]] = []
        for each in (*tier, *others, *found.near)[:_TRIED]:
            money = self._in_hand.in_hand(each, found.line)
            if money is not None:
                offered.append((each, money))
            if len(offered) == CANDIDATES:
                break
        return offered


def _waiting(
    found: Found, proposed: Proposed, candidates: Sequence[Applied], obstacles: Sequence[str], sure: Collection[str]
) -> Proposed:
    """The proposal for a line that a person decides, with deposits and customers as candidates."""
    customers = [each for each in (proposed.applied, *proposed.runners_up) if each.customer]
    ours = bool(found.says or found.named) or not sure
    either = [*candidates, *customers] if ours else [*customers, *candidates]
    first, *others = either or [Applied("", (), (), proposed.units or 0, (DEPOSIT,))]
    kept = () if ours else proposed.obstacles
    return proposed._replace(
        decision=REVIEW, applied=first, nature="", obstacles=tuple(dict.fromkeys((*kept, *obstacles))),
        runners_up=tuple(others),
    )  # fmt: skip


def _concerns(found: Found, proposed: Proposed, sure: Collection[str]) -> bool:
    """Whether what is in hand matters for a line that would be this without it."""
    if proposed.units is None:
        return False
    if found.named:
        return True
    if proposed.nature not in ("", OWN) or (proposed.nature == OWN and not found.says):
        return False
    return found.says or not (proposed.decision == AUTO or (proposed.likely and sure))


def _obstacles(
    payment: Payment, found: Found, tier: Sequence[Deposit], proposed: Proposed, sure: Collection[str], *,
    names_document: bool,
) -> Iterator[str]:  # fmt: skip
    """Why a person should look at a line that may be a deposit."""
    yield from (_difference(each, payment.line) for each in found.near[:1])
    if tier:
        if len(tier) > 1:
            yield f"{len(tier)} deposits have this amount"
        if not found.named:
            yield from _doubts(found, tier[0])
        if proposed.applied.customer and _may_be_theirs(found, tier[0], proposed, sure, names_document=names_document):
            yield f"it may as well be a payment of {proposed.applied.customer}"
    if payment.policy.deposits != AUTO:
        yield "deposits: the policy application wants a person to look"
    yield from above_limit(payment.line, payment.policy)
    if not payment.account:
        yield no_account(payment.line)


def _doubts(found: Found, chosen: Deposit) -> Iterator[str]:
    """What speaks against a deposit that the line does not name."""
    if not found.says:
        yield "only the amount agrees with what is in hand"
    days = (found.line.booked - min(each.since for each in chosen.holdings)).days
    if chosen.stage == TO_BANK and days > DEPOSIT_DAYS:
        yield f"it was brought to the bank {days} days before"


def _may_be_theirs(
    found: Found, chosen: Deposit, proposed: Proposed, sure: Collection[str], *, names_document: bool
) -> bool:
    """Whether the line says as much for a customer's payment as for the deposit."""
    theirs = proposed.decision == AUTO
    if found.named and (found.says or found.literally):
        return names_document and (proposed.named or theirs)
    return theirs or (proposed.likely and bool(sure)) or not set(sure) <= set(chosen.customers)


def _nearest(exact: Sequence[Deposit]) -> Sequence[Deposit]:
    """Of the deposits with the amount those at the bank, else all."""
    return [each for each in exact if each.stage == TO_BANK] or exact


def _difference(deposit: Deposit, line: BankLine) -> str:
    if deposit.part:
        return f"no deposit has this amount: it may be a part of {deposit.amount:,} {line.currency} in cash"
    missing = deposit.amount - line.amount
    word = "less" if missing > 0 else "more"
    return f"it is {abs(missing):,} {line.currency} {word} than the deposit of {deposit.amount:,} {line.currency}"


def _applied(deposit: Deposit, money: InHand, found: Found) -> Applied:
    since = max(each.since for each in deposit.holdings)
    evidence = [f"{money.told}, in hand since {since}"]
    if any(deposit is each for each in found.named):
        evidence.append("the line names it")
    elif found.says:
        evidence.append("the line says that it is a deposit")
    return Applied("", (), (), 0, (DEPOSIT,), tuple(evidence), money)
