"""Shelf: what is left with one holder on one day, as the deposits in which it may come to the bank."""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Final, NamedTuple, TypeVar

from receivables.money import added
from receivables.places import Place
from receivables.rules.in_hand import (
    CHEQUE,
    SLIP,
    TO_BANK,
    VOUCHER,
    Holding,
    called,
    taken,
)
from receivables_importers.application.model import InHand, is_link

NEAR: Final = Decimal("0.1")
"""A deposit may differ by a tenth of its amount from the line: a person looks."""
NAMED_MOST: Final = 12
"""More names than these are written only where the money is not found without."""
_NEAR_FROM: Final = Decimal("0.9")
_NEAR_TO: Final = Decimal("1.2")
"""What is near lies between these shares of a line's amount."""

Key = tuple[str, str, Place, Place]
"""Account, currency, the posting with which it was received, and the entry with which it came to the account."""
Naming = tuple[tuple[str, tuple[str, ...]], ...]
"""What an entry says of the money that it moves: metadata (or "^" for links) with its values."""

_T = TypeVar("_T")


class Deposit(NamedTuple):
    """Money in hand that may come to the bank together.

    Attributes:
      account: The account in hand.
      stage: What its holder is.
      holdings: What it consists of, each as much as is there.
      slip: Its slip; "" without one, or with several.
      amount: The sum.
      part: Whether a line may be a part of it only: cash that nothing tells apart.
    """

    account: str
    stage: str
    holdings: tuple[Holding, ...]
    slip: str
    amount: Decimal
    part: bool = False

    @property
    def customers(self) -> tuple[str, ...]:
        """Whose money it was."""
        return tuple(dict.fromkeys(code for each in self.holdings for code in each.origin.customers))


class Shelf:
    """What is left on one account in one currency on one day, as deposits.

    Args:
      account: The account.
      stage: What its holder is.
      day: The day.
      left: What is left there.
    """

    def __init__(self, account: str, stage: str, day: datetime.date, left: Mapping[Key, Holding]) -> None:
        self.account, self.stage, self._day, self.left = account, stage, day, left
        self.offers: dict[tuple[int, Decimal], InHand | None] = {}

    @cached_property
    def positive(self) -> list[Holding]:
        """What is there, without what was given beyond it."""
        return [each for each in self.left.values() if each.amount > 0]

    @cached_property
    def amount(self) -> Decimal:
        """The sum of what is there."""
        return added(each.amount for each in self.positive)

    @cached_property
    def deposits(self) -> list[Deposit]:
        """All that may come to the bank on the day, each once."""
        seen: set[frozenset[Key]] = set()
        found = []
        for holdings in _grouped(self._payable):
            keys = frozenset(map(key_of, holdings))
            if keys not in seen:
                seen.add(keys)
                found.append(self._deposit(holdings))
        return found

    @cached_property
    def cash(self) -> list[Deposit]:
        """All cash, of which a part may come to the bank."""
        cash = [each for each in self._payable if not each.origin.cheque]
        many = len(cash) > 1 or (cash and self.stage != TO_BANK)
        return [self._deposit(cash)._replace(part=True)] if many else []

    def of_amount(self, amount: Decimal) -> Sequence[Deposit]:
        """The deposits with this amount."""
        places = self._by_amount.get(amount)
        return [self.deposits[place] for place in places] if places else ()

    def named(self, numbers: frozenset[str]) -> Iterator[Deposit]:
        """The deposits that a line with these numbers names."""
        places = {place for number in numbers for place in self._by_number.get(number, ())}
        return (self.deposits[place] for place in sorted(places) if _is_said(self.deposits[place], numbers))

    def near(self, amount: Decimal) -> Iterator[Deposit]:
        """The deposits whose amount is near."""
        begin = bisect_left(self._amounts, amount * _NEAR_FROM)
        for each in self._amounts[begin : bisect_right(self._amounts, amount * _NEAR_TO)]:
            if _is_near(each, amount):
                yield from self.of_amount(each)

    def taken(self, naming: Naming, amount: Decimal) -> list[tuple[Key, Decimal]]:
        """What an entry over so much with this naming would take."""
        names = [value for key, values in naming if key != SLIP for value in values]
        slip = next((values[0] for key, values in naming if key == SLIP), "")
        # What is named goes first: where it is enough, nothing else has to be looked at.
        places = {place for name in called(*names) for place in self._by_name.get(name, ())}
        places |= {place for name in called(slip) for place in self._by_slip.get(name, ())}
        meant = [self.positive[place] for place in sorted(places)]
        stock = meant if added(each.amount for each in meant) >= amount else self.positive
        return [(key_of(each), each.amount) for each in taken(stock, amount, names, slip)]

    @cached_property
    def _payable(self) -> list[Holding]:
        """What the bank takes: no cheque that bears a later date."""
        return [each for each in self.positive if (each.origin.cheque_date or self._day) <= self._day]

    @cached_property
    def _by_amount(self) -> Mapping[Decimal, Sequence[int]]:
        return _places((place, (each.amount,)) for place, each in enumerate(self.deposits))

    @cached_property
    def _amounts(self) -> Sequence[Decimal]:
        return sorted(self._by_amount)

    @cached_property
    def _by_number(self) -> Mapping[str, Sequence[int]]:
        return _places((place, set(numbers_of(each))) for place, each in enumerate(self.deposits))

    @cached_property
    def _by_name(self) -> Mapping[str, Sequence[int]]:
        return _places((place, each.origin.names) for place, each in enumerate(self.positive))

    @cached_property
    def _by_slip(self) -> Mapping[str, Sequence[int]]:
        return _places((place, called(each.slip)) for place, each in enumerate(self.positive))

    def _deposit(self, holdings: Sequence[Holding]) -> Deposit:
        slips = {each.slip for each in holdings}
        slip = slips.pop() if len(slips) == 1 else ""
        return Deposit(self.account, self.stage, tuple(holdings), slip, added(each.amount for each in holdings))


def key_of(holding: Holding) -> Key:
    """What tells one holding from another for as long as it is there."""
    return holding.account, holding.currency, holding.origin.place, holding.moved


def numbers_of(deposit: Deposit) -> Iterator[str]:
    """All numbers by which a deposit may be named."""
    for each in deposit.holdings:
        yield from numbers_of_holding(each)


def _places(pairs: Iterable[tuple[int, Iterable[_T]]]) -> Mapping[_T, Sequence[int]]:
    """What is found at which places."""
    found: dict[_T, list[int]] = {}
    for place, each in pairs:
        for key in each:
            found.setdefault(key, []).append(place)
    return found


def _grouped(held: Sequence[Holding]) -> Iterator[Sequence[Holding]]:
    """What of an account may be deposited together: by slip, by entry, single cheques, all cash."""
    groups: dict[tuple[object, ...], list[Holding]] = {}
    for each in held:
        is_cheque = bool(each.origin.cheque)
        if each.slip:
            groups.setdefault(("slip", each.slip.casefold()), []).append(each)
            groups.setdefault(("slip", each.slip.casefold(), is_cheque), []).append(each)
        groups.setdefault(("entry", each.moved), []).append(each)
        groups.setdefault(("entry", each.moved, is_cheque), []).append(each)
        if is_cheque:
            groups.setdefault(("cheque", key_of(each)), []).append(each)
        else:
            groups.setdefault(("cash",), []).append(each)
    yield from groups.values()


def _is_said(deposit: Deposit, numbers: frozenset[str]) -> bool:
    """Whether a line with these numbers names a deposit: its slip, its cheques, or all vouchers or receipts."""
    if deposit.slip in numbers:
        return True
    cheques = [each.origin.cheque for each in deposit.holdings]
    if all(cheques):
        return all(cheque in numbers for cheque in cheques)
    return all(not numbers.isdisjoint(numbers_of_holding(each)) for each in deposit.holdings)


def numbers_of_holding(holding: Holding) -> list[str]:
    """All numbers by which a holding may be named."""
    origin = holding.origin
    return [number for number in (holding.slip, origin.cheque, origin.voucher, origin.number) if number]


def _is_near(one: Decimal, other: Decimal) -> bool:
    return one != other and abs(one - other) <= NEAR * one


def namings(deposit: Deposit) -> Iterator[Naming]:
    """The ways to say which money is meant, the best first."""
    if deposit.slip:
        yield ((SLIP, (deposit.slip,)),)
    cheques = dict.fromkeys(each.origin.cheque for each in deposit.holdings if each.origin.cheque)
    vouchers = dict.fromkeys(
        each.origin.voucher for each in deposit.holdings if each.origin.voucher and not each.origin.cheque
    )
    numbers = dict.fromkeys(
        each.origin.number for each in deposit.holdings
        if not each.origin.voucher and not each.origin.cheque and is_link(each.origin.number)
    )  # fmt: skip
    said = [(CHEQUE, tuple(cheques)), (VOUCHER, tuple(vouchers)), ("^", tuple(numbers))]
    full = tuple((key, values) for key, values in said if values)
    clear = not any("," in value or ";" in value for _, values in full for value in values)
    if deposit.part or sum(len(values) for _, values in full) > NAMED_MOST:
        yield ()
    if clear:
        yield full
    yield ()
