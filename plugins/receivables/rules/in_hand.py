"""In hand: cash and cheques between the customer and the bank: who holds what, since when, and how it came there.

Each holder has an account with the role "in-hand". What comes to it from outside is received; what goes from one
holder to another keeps its origin; what goes out is deposited, returned or paid out. Which money moves, an entry says
by links, `voucher:`, `cheque:` or the `slip:` with which it was deposited; without these it is cash before cheques, the
oldest first, and no cheque in part. What a holder gives beyond what he has is held against him as a negative amount,
which the next cash on his account makes good. So on every day the amounts of an account add up to its balance.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Any, Final, NamedTuple

from receivables.book import KIND_CODES, Book
from receivables.facts import RECEIPT, Booked
from receivables.money import added
from receivables.places import Place, place_of
from receivables.rules.write_off_policy import read_amounts
from receivables.settings import BANK, CUSTOMERS, IN_HAND, SUSPENSE, Key, PolicyForm, whole_number

COLLECTOR: Final = "collector"
CASHIER: Final = "cashier"
TO_BANK: Final = "deposited"

STAGES: Final = (COLLECTOR, CASHIER, TO_BANK)
"""What a holder is, by `stage:` on the account; the last is money at the bank's counter that no statement has yet."""

RECEIVED: Final = "received"
HANDED_OVER: Final = "handed over"
DEPOSITED: Final = "deposited"
CREDITED: Final = "credited"
RETURNED: Final = "returned"
PAID_OUT: Final = "paid out"

ACTIONS: Final = (RECEIVED, HANDED_OVER, DEPOSITED, CREDITED, RETURNED, PAID_OUT)
"""What happened with money in hand: it came, went to another holder, to the bank, was credited there after a deposit,
went back to the customer, or anywhere else."""

VOUCHER: Final = "voucher"
CHEQUE: Final = "cheque"
CHEQUE_BANK: Final = "cheque-bank"
CHEQUE_DATE: Final = "cheque-date"
SLIP: Final = "slip"
HOLDER: Final = "holder"
STAGE: Final = "stage"
BANK_ID: Final = "bank-id"
"""The words on entries, postings and accounts."""

POST_DATED: Final = "post-dated"
LATE: Final = "late"
IN_TIME: Final = "in time"
OVERPAID: Final = "overpaid"

FORM: Final = PolicyForm(
    subject="in-hand",
    about="How long, and how much, cash and cheques may be in hand.",
    keys={
        "days": Key(whole_number, "a number of days", "So many days a holder may keep it; no limit by default."),
        "deposit-days": Key(
            whole_number,
            "a number of days",
            "So many days a deposit may take to be on the statement; no limit by default.",
        ),
        "limit": Key(read_amounts, '"50,000,000 VND, 2,000 USD"', "The most that one holder may have in cash."),
    },
)

_SEVERAL: Final = re.compile(r"[,;]\s*")


class Origin(NamedTuple):
    """Where money in hand came from.

    Attributes:
      received: The day on which it came.
      number: The receipt; "" when it came from elsewhere.
      customers: Whose receipt it is.
      voucher, cheque, cheque_bank: As the entry says; "" without.
      cheque_date: The day from which a cheque can be cashed, where it bears one.
      place: File and line of the posting.
    """

    received: datetime.date
    number: str
    customers: tuple[str, ...]
    voucher: str
    cheque: str
    cheque_bank: str
    cheque_date: datetime.date | None
    place: Place

    @property
    def names(self) -> frozenset[str]:
        """What an entry may call it."""
        return frozenset(name.casefold() for name in (self.number, self.voucher, self.cheque) if name)


class Holding(NamedTuple):
    """Money of one origin in one hand.

    Attributes:
      account, currency: Where it stands.
      since: From when it is there.
      slip: The deposit slip with which it came there; "" without.
      moved: Place of the entry with which it came there; what came together is one deposit.
      amount: What is there; negative for what was given beyond what was there.
      origin: Where it came from.
    """

    account: str
    currency: str
    since: datetime.date
    slip: str
    moved: Place
    amount: Decimal
    origin: Origin


class CashMovement(NamedTuple):
    """A step of money in hand.

    Attributes:
      date: When.
      action: One of `ACTIONS`.
      giver, taker: The accounts; "" for what is outside.
      held_since: Since when the giver had it; None when it came.
      amount, currency: How much, always positive.
      slip: The deposit slip.
      bank_id: The line of the bank statement with which it was booked; "" without.
      place: File and line of the posting.
      origin: Where the money came from.
    """

    date: datetime.date
    action: str
    giver: str
    taker: str
    held_since: datetime.date | None
    amount: Decimal
    currency: str
    slip: str
    bank_id: str
    place: Place
    origin: Origin


class Hands(NamedTuple):
    """All that is in hand as of a day, by account, and every step up to it in order of date."""

    holdings: Sequence[Holding]
    movements: Sequence[CashMovement]


class Receipts(NamedTuple):
    """The number and the customers of an entry that brings money."""

    number: str
    customers: tuple[str, ...]


def hands(book: Book, as_of: datetime.date) -> Hands:
    """What is in hand at the end of a day, and how it came there."""
    booked = [each for each in book.booked if each.role == IN_HAND and each.date <= as_of]
    if not booked:
        return Hands((), ())
    followed = _Following(book)
    entries = [list(group) for _, group in groupby(booked, key=lambda each: (each.date, place_of("", each.entry)))]
    for _, of_day in groupby(entries, key=lambda entry: entry[0].date):
        waiting = list(of_day)
        while waiting:
            # Money that goes through several hands on one day follows its way, in whatever order it was written.
            ready = next((entry for entry in waiting if followed.covers(entry)), waiting[0])
            waiting.remove(ready)
            followed.take(ready)
    return Hands(followed.holdings(), tuple(followed.movements))


def holder_of(account: str, details: Mapping[str, Mapping[str, Any]]) -> str:
    """Who holds what is on an account: its `holder:`, else the last part of its name.

    >>> holder_of("Assets:InHand:Lan", {})
    'Lan'
    """
    return str(details.get(account, {}).get(HOLDER) or account.rpartition(":")[2])


def stage_of(account: str, details: Mapping[str, Mapping[str, Any]]) -> str:
    """What the holder of an account is: its `stage:`, else a collector."""
    stage = details.get(account, {}).get(STAGE)
    return stage if stage in STAGES else COLLECTOR


def status_of(holding: Holding, book: Book, as_of: datetime.date) -> str:
    """ "post-dated" up to the day before the cheque's date, "late" beyond the policy's days, else "in time".

    The days of a post-dated cheque count from its date. The policy of the as-of date holds.
    """
    if holding.amount < 0:
        return OVERPAID
    dated = holding.origin.cheque_date
    if dated is not None and dated > as_of:
        return POST_DATED
    key = "deposit-days" if stage_of(holding.account, book.money_details) == TO_BANK else "days"
    allowed: int | None = book.settings.value(FORM.subject, key, as_of)
    since = holding.since if dated is None else max(holding.since, dated)
    return LATE if allowed is not None and (as_of - since).days > allowed else IN_TIME


def over_limit(found: Hands, book: Book, as_of: datetime.date) -> list[tuple[str, str, Decimal, Decimal]]:
    """Holder, currency, cash and limit of those who have more cash than the policy allows."""
    limits: Mapping[str, Decimal] = book.settings.value(FORM.subject, "limit", as_of, {})
    cash: dict[tuple[str, str], list[Decimal]] = {}
    for each in found.holdings:
        if not each.origin.cheque and stage_of(each.account, book.money_details) != TO_BANK:
            cash.setdefault((holder_of(each.account, book.money_details), each.currency), []).append(each.amount)
    sums = {key: added(amounts) for key, amounts in sorted(cash.items())}
    return [
        (holder, currency, amount, limits[currency])
        for (holder, currency), amount in sums.items()
        if currency in limits and amount > limits[currency]
    ]


def is_named(holding: Holding, names: Collection[str], slip: str = "") -> bool:
    """Whether an entry that says these names (in small letters), or that slip, means a holding."""
    return any(name in names for name in holding.origin.names) or (
        bool(slip) and holding.slip.casefold() == slip.casefold()
    )


def in_order(stock: Iterable[Holding], names: Collection[str], slip: str = "") -> list[Holding]:
    """Holdings of one account in the order in which they go: what is named, cash before cheques, the oldest first."""
    return sorted(
        stock,
        key=lambda held: (
            not is_named(held, names, slip), bool(held.origin.cheque), held.origin.received, held.since,
        ),
    )  # fmt: skip


class _Following:
    """Follows the postings on accounts in hand, entry by entry."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._receipts = _receipts(book)
        self._stock: dict[tuple[str, str], list[Holding]] = {}
        self.movements: list[CashMovement] = []

    def holdings(self) -> tuple[Holding, ...]:
        """What is there, by account, currency and day."""
        return tuple(
            holding
            for _, stock in sorted(self._stock.items())
            for holding in sorted(stock, key=lambda each: (each.since, each.origin.received))
        )

    def covers(self, entry: Sequence[Booked]) -> bool:
        """Whether what the entry takes is there, under the names that it gives."""
        for each in _out(entry):
            stock = [holding for holding in self._stock.get((each.account, each.currency), ()) if holding.amount > 0]
            names = _names(each)
            known = frozenset(name for holding in stock for name in holding.origin.names)
            if added(holding.amount for holding in stock) < -each.amount or (names and names.isdisjoint(known)):
                return False
        return True

    def take(self, entry: Sequence[Booked]) -> None:
        """Move what an entry moves."""
        for currency in dict.fromkeys(each.currency for each in entry):
            of_currency = [each for each in entry if each.currency == currency]
            given = [part for each in _out(of_currency) for part in self._given(each)]
            for each in of_currency:
                if each.amount > 0:
                    given = self._arrive(each, given)
            for part, giver in given:
                self._leave(giver, part)

    def _given(self, each: Booked) -> list[tuple[Holding, Booked]]:
        """What leaves an account with a posting, in parts of one origin; what is not there comes last."""
        stock = self._stock.setdefault((each.account, each.currency), [])
        names, slip = _names(each), str(each.details.get(SLIP, ""))
        stock[:] = in_order(stock, names, slip)
        left, parts, kept = -each.amount, list[tuple[Holding, Booked]](), list[Holding]()
        for holding in stock:
            named = is_named(holding, names, slip)
            part = _part(holding, left, whole=bool(holding.origin.cheque) and not named)
            if part:
                parts.append((holding._replace(amount=part), each))
                left -= part
            if part != holding.amount:
                kept.append(holding._replace(amount=holding.amount - part))
        if left:
            nowhere = Origin(each.date, "", (), "", "", "", None, place_of(self._book.folder, each.source))
            missing = self._held(each, left, nowhere)
            kept.append(missing._replace(amount=-left))
            parts.append((missing, each))
        stock[:] = kept
        return parts

    def _arrive(self, each: Booked, given: list[tuple[Holding, Booked]]) -> list[tuple[Holding, Booked]]:
        """Put what arrives on an account: first of what others give, the rest from outside; returns what is left."""
        wanted, rest = each.amount, list[tuple[Holding, Booked]]()
        for part, giver in given:
            amount = min(wanted, part.amount)
            if amount:
                wanted -= amount
                self._put(self._held(each, amount, part.origin))
                action = DEPOSITED if self._stage(each.account) == TO_BANK else HANDED_OVER
                self._note(each, action, giver.account, each.account, part.since, amount, part.origin)
            if amount != part.amount:
                rest.append((part._replace(amount=part.amount - amount), giver))
        if wanted:
            origin = self._origin(each)
            self._put(self._held(each, wanted, origin))
            self._note(each, RECEIVED, "", each.account, None, wanted, origin)
        return rest

    def _leave(self, each: Booked, part: Holding) -> None:
        if BANK in each.against or SUSPENSE in each.against:
            action = CREDITED if self._stage(each.account) == TO_BANK else DEPOSITED
        else:
            action = RETURNED if CUSTOMERS in each.against else PAID_OUT
        self._note(each, action, each.account, "", part.since, part.amount, part.origin)

    def _put(self, holding: Holding) -> None:
        """Add money; what was given beyond what was there is made good first, the oldest first."""
        stock = self._stock.setdefault((holding.account, holding.currency), [])
        left, kept = holding.amount, list[Holding]()
        for other in sorted(stock, key=lambda held: held.since):
            # A cheque stays one piece of paper.
            filled = min(left, -other.amount) if other.amount < 0 and not holding.origin.cheque else Decimal(0)
            left -= filled
            if other.amount + filled:
                kept.append(other._replace(amount=other.amount + filled))
        stock[:] = [*kept, holding._replace(amount=left)] if left else kept

    def _held(self, each: Booked, amount: Decimal, origin: Origin) -> Holding:
        slip, moved = str(each.details.get(SLIP, "")), place_of(self._book.folder, each.entry)
        return Holding(each.account, each.currency, each.date, slip, moved, amount, origin)

    def _note(
        self,
        each: Booked,
        action: str,
        giver: str,
        taker: str,
        since: datetime.date | None,
        amount: Decimal,
        origin: Origin,
    ) -> None:
        self.movements.append(
            CashMovement(
                each.date, action, giver, taker, since, amount, each.currency, str(each.details.get(SLIP, "")),
                str(each.details.get(BANK_ID, "")), place_of(self._book.folder, each.source), origin,
            )
        )  # fmt: skip

    def _origin(self, each: Booked) -> Origin:
        receipt = self._receipts.get(place_of(self._book.folder, each.entry))
        customers = () if not each.customer else (each.customer,)
        dated = each.details.get(CHEQUE_DATE)
        return Origin(
            each.date,
            receipt.number if receipt else "",
            receipt.customers if receipt else customers,
            str(each.details.get(VOUCHER, "")),
            str(each.details.get(CHEQUE, "")),
            str(each.details.get(CHEQUE_BANK, "")),
            dated if isinstance(dated, datetime.date) else None,
            place_of(self._book.folder, each.source),
        )

    def _stage(self, account: str) -> str:
        return stage_of(account, self._book.money_details)


def _receipts(book: Book) -> dict[Place, Receipts]:
    """Place of the entry → its receipt, for every receipt of the book."""
    items, kind = book.items, KIND_CODES[RECEIPT]
    found: dict[Place, Receipts] = {}
    for item, of_item in enumerate(items.kind):
        if of_item == kind and items.amount[item] < 0:
            place = book.texts.entry(item)
            code = book.pockets[items.pocket[item]].customer
            known = found.get(place, Receipts(items.number[item], ()))
            if code not in known.customers:
                known = known._replace(customers=(*known.customers, code))
            found[place] = known
    return found


def _part(holding: Holding, left: Decimal, *, whole: bool) -> Decimal:
    """How much of a holding goes with what is left to give."""
    if holding.amount <= 0 or (whole and holding.amount > left):
        return Decimal(0)
    return min(left, holding.amount)


def _out(entry: Iterable[Booked]) -> list[Booked]:
    return [each for each in entry if each.amount < 0]


def _names(each: Booked) -> frozenset[str]:
    """What a posting calls the money that it moves."""
    said = [*each.links]
    for key in (VOUCHER, CHEQUE):
        said += _SEVERAL.split(str(each.details.get(key, "")))
    return frozenset(name.strip().casefold() for name in said if name.strip())
