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
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain, groupby
from typing import Any, Final, NamedTuple

from receivables.book import KIND_CODES, Book
from receivables.facts import RECEIPT, Booked
from receivables.money import EXACT, added
from receivables.places import Place, place_of
from receivables.rules.voucher_numbers import plain
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
        """What an entry may call it, as compared."""
        return called(self.number, self.voucher, self.cheque)


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
    if not any(each.role == IN_HAND for each in book.booked):
        return Hands((), ())
    followed = _Following(book)
    for _, of_day in _by_day(book, as_of):
        followed.follow(of_day)
    return Hands(followed.holdings(), tuple(followed.movements))


def holdings_on(book: Book, days: Iterable[datetime.date]) -> dict[datetime.date, Sequence[Holding]]:
    """What is in hand at the end of each of these days, found in one pass."""
    wanted = sorted(set(days))
    if not wanted or not any(each.role == IN_HAND for each in book.booked):
        return dict.fromkeys(wanted, ())
    followed, found = _Following(book), dict[datetime.date, Sequence[Holding]]()
    for date, of_day in _by_day(book, wanted[-1]):
        while wanted[0] < date:
            found[wanted.pop(0)] = followed.holdings()
        followed.follow(of_day)
    return {**found, **{day: followed.holdings() for day in wanted}}


def _by_day(book: Book, as_of: datetime.date) -> Iterator[tuple[datetime.date, list[list[Booked]]]]:
    """The days on which something was booked in hand, each with its entries."""
    booked = (each for each in book.booked if each.role == IN_HAND and each.date <= as_of)
    entries = (list(group) for _, group in groupby(booked, key=lambda each: (each.date, place_of("", each.entry))))
    for date, of_day in groupby(entries, key=lambda entry: entry[0].date):
        yield date, list(of_day)


def text_of(details: Mapping[str, Any], word: str) -> str | None:
    """A text of metadata, or a whole number, which may go without quotes; None for anything else.

    >>> text_of({"cheque": "000123"}, "cheque"), text_of({"cheque": Decimal(77)}, "cheque"), text_of({}, "cheque")
    ('000123', '77', None)
    """
    said = details.get(word)
    if isinstance(said, Decimal) and said == said.to_integral_value():
        return str(said)
    return said if isinstance(said, str) else None


def holder_of(account: str, details: Mapping[str, Mapping[str, Any]]) -> str:
    """Who holds what is on an account: its `holder:`, else the last part of its name.

    >>> holder_of("Assets:InHand:Lan", {})
    'Lan'
    """
    return text_of(details.get(account, {}), HOLDER) or account.rpartition(":")[2]


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


def cheques_twice(found: Hands) -> list[tuple[str, list[str]]]:
    """The cheques in hand of one number and bank that stand on several receipts, with the receipts."""
    receipts: dict[tuple[str, str], dict[str, str]] = {}
    for each in found.holdings:
        if each.origin.cheque:
            key = plain(each.origin.cheque), plain(each.origin.cheque_bank)
            receipts.setdefault(key, {})[each.origin.number] = each.origin.cheque
    return [
        (next(iter(numbers.values())), sorted(number or "a receipt without number" for number in numbers))
        for _, numbers in sorted(receipts.items())
        if len(numbers) > 1
    ]


def called(*texts: str) -> frozenset[str]:
    """The names in texts, of which each may have several with commas, as compared: without case and spaces.

    >>> sorted(called("RC-1", "A 1, a2"))
    ['a1', 'a2', 'rc-1']
    """
    return frozenset(plain(name) for text in texts for name in _SEVERAL.split(text) if name.strip())


def taken(stock: Iterable[Holding], amount: Decimal, names: Collection[str], slip: str = "") -> list[Holding]:
    """What of the holdings of one account an entry over so much takes, in parts of one origin.

    Args:
      stock: The holdings, in the order in which they came.
      amount: How much goes.
      names: What the entry calls it: vouchers, cheques, receipts.
      slip: The slip that it says.
    """
    there = _Stock()
    for each in stock:
        there.put(each)
    return there.take(amount, called(*names), slip)[0]


class _Turn(NamedTuple):
    """When the money of a holding goes, if nobody names any: cash before cheques, the oldest first.

    Attributes:
      is_cheque, received, since: Of the holding.
      came: How much came to the account before it, for what came on one day.
    """

    is_cheque: bool
    received: datetime.date
    since: datetime.date
    came: int


class _Stock:
    """What is on one account in one currency, found by name and in the order in which it goes without scanning all.

    Attributes:
      positive: The sum of what is there, without what was given beyond it.
      owing: What was given beyond it, as negative amounts, the oldest first.
    """

    def __init__(self) -> None:
        self.positive = Decimal(0)
        self.owing: list[Holding] = []
        self._held: dict[_Turn, Holding] = {}
        self._turns: list[_Turn] = []
        self._named: dict[str, dict[_Turn, None]] = {}
        self._slips: dict[str, dict[_Turn, None]] = {}
        self._came = 0

    def holdings(self) -> list[Holding]:
        """What is there, in the order in which it came."""
        return [*self.owing, *(self._held[turn] for turn in sorted(self._turns, key=lambda turn: turn.came))]

    def has(self, amount: Decimal, names: Collection[str]) -> bool:
        """Whether so much is there, and anything of these names where there are any."""
        return self.positive >= amount and (not names or not self._named.keys().isdisjoint(names))

    def put(self, holding: Holding) -> None:
        """Add money; what was given beyond what was there is made good first, the oldest first."""
        left = holding.amount
        # A cheque stays one piece of paper.
        while left and self.owing and not holding.origin.cheque:
            oldest = self.owing[0]
            filled = min(left, -oldest.amount)
            left = EXACT.subtract(left, filled)
            missing = EXACT.add(oldest.amount, filled)
            self.owing[:1] = [oldest._replace(amount=missing)] if missing else []
        if left:
            self._came += 1
            turn = _Turn(bool(holding.origin.cheque), holding.origin.received, holding.since, self._came)
            insort(self._turns, turn)
            self._held[turn] = holding._replace(amount=left)
            self.positive = EXACT.add(self.positive, left)
            for index, name in self._indexed(holding):
                index.setdefault(name, {})[turn] = None

    def take(self, amount: Decimal, names: Collection[str], slip: str) -> tuple[list[Holding], Decimal]:
        """What goes, in parts of one origin, and how much of the amount is not there.

        First all that is named, cash before cheques; then the rest in the same order, no cheque of it in part.
        """
        found = dict.fromkeys(turn for name in names for turn in self._named.get(name, ()))
        found |= dict.fromkeys(turn for name in called(slip) for turn in self._slips.get(name, ()))
        left, parts = amount, list[Holding]()
        for turn in chain(sorted(found), (turn for turn in tuple(self._turns) if turn not in found)):
            if not left:
                break
            whole = turn.is_cheque and turn not in found
            part = Decimal(0) if whole and self._held[turn].amount > left else min(left, self._held[turn].amount)
            if part:
                parts.append(self._held[turn]._replace(amount=part))
                left = EXACT.subtract(left, part)
                self._lessen(turn, part)
        return parts, left

    def _lessen(self, turn: _Turn, part: Decimal) -> None:
        holding = self._held[turn]
        left = EXACT.subtract(holding.amount, part)
        self.positive = EXACT.subtract(self.positive, part)
        if left:
            self._held[turn] = holding._replace(amount=left)
            return
        del self._held[turn], self._turns[bisect_left(self._turns, turn)]
        for index, name in self._indexed(holding):
            del index[name][turn]
            if not index[name]:
                del index[name]

    def _indexed(self, holding: Holding) -> Iterator[tuple[dict[str, dict[_Turn, None]], str]]:
        yield from ((self._named, name) for name in holding.origin.names)
        yield from ((self._slips, slip) for slip in called(holding.slip))


class _Following:
    """Follows the postings on accounts in hand, entry by entry."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._receipts = _receipts(book)
        self._stock: defaultdict[tuple[str, str], _Stock] = defaultdict(_Stock)
        self.movements: list[CashMovement] = []

    def holdings(self) -> tuple[Holding, ...]:
        """What is there, by account, currency and day."""
        return tuple(
            holding
            for _, stock in sorted(self._stock.items())
            for holding in sorted(stock.holdings(), key=lambda each: (each.since, each.origin.received))
        )

    def follow(self, of_day: Iterable[Sequence[Booked]]) -> None:
        """Move what the entries of one day move."""
        waiting = [(entry, self._wanted(entry)) for entry in of_day]
        while waiting:
            # Money that goes through several hands on one day follows its way, in whatever order it was written: an
            # entry waits until what it takes is there, under the names that it gives.
            covered = (
                place
                for place, (_, wanted) in enumerate(waiting)
                if all(stock.has(amount, names) for stock, amount, names in wanted)
            )
            self.take(waiting.pop(next(covered, 0))[0])

    def _wanted(self, entry: Sequence[Booked]) -> list[tuple[_Stock, Decimal, frozenset[str]]]:
        """What an entry takes: from where, how much, and how it calls it."""
        return [(self._stock[each.account, each.currency], -each.amount, _names(each)) for each in _out(entry)]

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
        stock = self._stock[each.account, each.currency]
        parts, left = stock.take(-each.amount, _names(each), _text(each, SLIP))
        if left:
            nowhere = Origin(each.date, "", (), "", "", "", None, place_of(self._book.folder, each.source))
            missing = self._held(each, left, nowhere)
            stock.owing.append(missing._replace(amount=-left))
            parts.append(missing)
        return [(part, each) for part in parts]

    def _arrive(self, each: Booked, given: list[tuple[Holding, Booked]]) -> list[tuple[Holding, Booked]]:
        """Put what arrives on an account: first of what others give, the rest from outside; returns what is left."""
        stock = self._stock[each.account, each.currency]
        wanted, rest = each.amount, list[tuple[Holding, Booked]]()
        for part, giver in given:
            amount = min(wanted, part.amount)
            if amount:
                wanted = EXACT.subtract(wanted, amount)
                stock.put(self._held(each, amount, part.origin))
                action = DEPOSITED if self._stage(each.account) == TO_BANK else HANDED_OVER
                self._note(each, action, giver.account, each.account, part.since, amount, part.origin)
            if amount != part.amount:
                rest.append((part._replace(amount=EXACT.subtract(part.amount, amount)), giver))
        if wanted:
            origin = self._origin(each)
            stock.put(self._held(each, wanted, origin))
            self._note(each, RECEIVED, "", each.account, None, wanted, origin)
        return rest

    def _leave(self, each: Booked, part: Holding) -> None:
        if BANK in each.against or SUSPENSE in each.against:
            action = CREDITED if self._stage(each.account) == TO_BANK else DEPOSITED
        else:
            action = RETURNED if CUSTOMERS in each.against else PAID_OUT
        self._note(each, action, each.account, "", part.since, part.amount, part.origin)

    def _held(self, each: Booked, amount: Decimal, origin: Origin) -> Holding:
        slip, moved = _text(each, SLIP), place_of(self._book.folder, each.entry)
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
                each.date, action, giver, taker, since, amount, each.currency, _text(each, SLIP),
                _text(each, BANK_ID), place_of(self._book.folder, each.source), origin,
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
            _text(each, VOUCHER),
            _text(each, CHEQUE),
            _text(each, CHEQUE_BANK),
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


def _out(entry: Iterable[Booked]) -> list[Booked]:
    return [each for each in entry if each.amount < 0]


def _names(each: Booked) -> frozenset[str]:
    """What a posting calls the money that it moves."""
    return called(*each.links, _text(each, VOUCHER), _text(each, CHEQUE))


def _text(each: Booked, word: str) -> str:
    """What a posting or its entry says under a word; "" when it does not."""
    return text_of(each.details, word) or ""
