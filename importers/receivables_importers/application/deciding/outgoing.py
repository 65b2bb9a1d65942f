"""Outgoing: the proposal for money that went out: back to a customer, with a payment that bounced, or elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from receivables_importers.application.deciding import nature as natures
from receivables_importers.application.deciding.booked_by_hand import BookedByHand
from receivables_importers.application.deciding.deposits import PAID_BACK
from receivables_importers.application.deciding.in_hand import MoneyInHand
from receivables_importers.application.deciding.payers import Payers, Who
from receivables_importers.application.deciding.refunds import Refunds
from receivables_importers.application.deciding.returned_payments import NO_MORE_THAN_PAYER, ReturnedPayments
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.knowledge import Knowledge
from receivables_importers.application.model import AUTO, NOTHING, REVIEW, Applied, Proposed
from receivables_importers.application.reading.document_numbers import BARE
from receivables_importers.bank.model import RETURN, REVERSAL

RUNNERS_UP: Final = 4
"""So many other credits are kept."""


class Outgoing:
    """Proposes what money that went out is, and refunds that came back.

    Args:
      known: What the ledger knows.
      payers: Whose money lines are.
      by_hand: What somebody has booked by hand.
      refunds: What may be paid back.
      returned: What may have come back.
      in_hand: What employees have given beyond what they had.
    """

    def __init__(
        self,
        known: Knowledge,
        payers: Payers,
        by_hand: BookedByHand,
        refunds: Refunds,
        returned: ReturnedPayments,
        in_hand: MoneyInHand,
    ) -> None:
        self._known, self._payers, self._by_hand = known, payers, by_hand
        self._refunds, self._returned, self._in_hand = refunds, returned, in_hand

    def proposal(self, payment: Payment) -> Proposed:
        """The proposal for a line that went out."""
        line = payment.line
        nature = natures.debit_nature(line, self._known)
        outgoing = nature == natures.OUTGOING
        no_refund = not self._refunds.possible(payment) and self._in_hand.overpaid(line) is None
        if nature not in (natures.BOUNCED, natures.OUTGOING) or (outgoing and no_refund):
            return _nothing(payment, nature)
        whos = self._payers.of(payment)
        back = [] if outgoing else self._returned.scored(payment, whos)
        paid = None if line.type in (RETURN, REVERSAL) else self._paid_back(payment, whos)
        if paid is not None:
            if not back or not back[0].agreement:
                return paid
            why = ("it may be a payment that came back, or one that is paid back", *paid.obstacles)
            return paid._replace(decision=REVIEW, obstacles=why)
        if back:
            return self._returned.proposal(payment, back)
        if outgoing or _is_nobodys(payment, whos):
            return _nothing(payment, natures.OUTGOING)
        why = ("no receipt of this amount is known that it may take back",)
        return Proposed(line, REVIEW, Applied(""), natures.BOUNCED, why, (), payment.account, payment.units)

    def refund_that_returned(self, payment: Payment) -> Proposed | None:
        """The proposal for a refund that could not be paid; None where none has this amount, or nothing says so."""
        nature, certain = natures.credit_nature(payment.line, self._known)
        if nature != natures.RETURNED:
            return None
        back = self._returned.scored(payment, self._payers.of(payment))
        if not back or not (certain or back[0].agreement):
            return None
        # Who was paid back may pay again, and his words are his.
        sure = certain or back[0].agreement > NO_MORE_THAN_PAYER
        return self._returned.proposal(payment, back, () if sure else ("only words say that it came back",))

    def _paid_back(self, payment: Payment, whos: Sequence[Who]) -> Proposed | None:
        """The proposal for a line that pays back what a customer, or an employee, gave too much; None for any other."""
        line, account, units = payment.line, payment.account, payment.units
        found = self._refunds.of(payment, whos)
        if not found:
            overpaid = self._in_hand.overpaid(line)
            if overpaid is None:
                return None
            applied = Applied("", (), (), 0, (PAID_BACK,), (overpaid.told,), overpaid)
            why = ("what an employee gets back a person confirms",)
            return Proposed(line, REVIEW, applied, obstacles=why, account=account, units=units)
        booked = self._by_hand.proposal(
            payment, {each.applied.customer for each in found if each.named or each.is_sure}
        )
        if booked is not None and booked.decision == NOTHING:
            return booked
        obstacles = (*self._refunds.obstacles(payment, found), *(booked.obstacles if booked is not None else ()))
        best, *others = (each.applied for each in found)
        return Proposed(
            line, REVIEW if obstacles else AUTO, best, "", obstacles, tuple(others[:RUNNERS_UP]), account, units,
            likely=True, named=found[0].named, known=found[0].is_sure,
        )  # fmt: skip


def _nothing(payment: Payment, nature: str) -> Proposed:
    return Proposed(payment.line, NOTHING, Applied(""), nature, account=payment.account, units=payment.units)


def _is_nobodys(payment: Payment, whos: Sequence[Who]) -> bool:
    """Whether nothing in a line that says that it came back speaks of a customer."""
    return not any(who.is_sure for who in whos) and not any(each.quality >= BARE for each in payment.reading.named)
