"""In hand: what of the cash and cheques with collectors and cashiers a bank line may have brought to the bank.

What is in hand on the day of a line (`receivables.rules.in_hand`), less what earlier lines have taken and what the
ledger moves later, is grouped into deposits: what came together in one entry or with one slip, single cheques, and the
whole cash of a holder.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from heapq import nsmallest
from typing import Final, NamedTuple

from receivables.book import Book
from receivables.money import Scale, added
from receivables.rules.in_hand import (
    CASHIER,
    COLLECTOR,
    TO_BANK,
    Holding,
    holder_of,
    holdings_on,
    stage_of,
)
from receivables.settings import IN_HAND
from receivables.view import scale_of
from receivables_importers.application.deciding.shelf import (
    Deposit,
    Key,
    Shelf,
    key_of,
    namings,
    numbers_of,
    numbers_of_holding,
)
from receivables_importers.application.knowledge import Knowledge, account_number
from receivables_importers.application.model import InHand, Part
from receivables_importers.application.reading.deposit_words import says_deposit
from receivables_importers.application.reading.lines import whole_digits
from receivables_importers.application.reading.noted_numbers import NumberIndex, literally, said_by
from receivables_importers.application.reading.texts import plain
from receivables_importers.bank import model
from receivables_importers.bank.model import BankLine

NEAR_MOST: Final = 10
"""So many deposits of another amount are offered."""
TOLD: Final = 8
"""So many vouchers are told one by one."""

_STAGES: Final = (TO_BANK, CASHIER, COLLECTOR)
_LAST_DAY: Final = datetime.date.max
_ELECTRONIC: Final = (model.CREDIT_TRANSFER, model.DIRECT_DEBIT, model.CARD)


class Found(NamedTuple):
    """What in hand a line may be.

    Attributes:
      line: The line.
      says: Whether it says that it is a deposit.
      literally: Whether it has a number of a deposit as the ledger writes it, and not only a short one.
      named: The deposits that it names, with its amount.
      exact: All deposits with its amount, those that are nearer to the bank first.
      near: Others that a person may mean: named ones with another amount, and amounts that are near.
    """

    line: BankLine
    says: bool
    literally: bool
    named: tuple[Deposit, ...]
    exact: tuple[Deposit, ...]
    near: tuple[Deposit, ...]


class MoneyInHand:
    """Finds what in hand bank lines are; what they take is used up.

    Args:
      book: The book.
      known: What the ledger knows.
      days: The days of the lines.
    """

    def __init__(self, book: Book, known: Knowledge, days: Iterable[datetime.date]) -> None:
        self._book, self._known = book, known
        self._any = any(each.role == IN_HAND for each in book.booked)
        self._used: dict[Key, Decimal] = {}
        self._on = {day: _by_account(found) for day, found in holdings_on(book, (*days, _LAST_DAY)).items()}
        accounts = {account for found in self._on.values() for account, _ in found}
        self._stages = {account: stage_of(account, book.money_details) for account in accounts}
        self._holders = {account: holder_of(account, book.money_details) for account in accounts}
        self._shelves: dict[tuple[str, str], dict[datetime.date, Shelf]] = {}
        everything = (each for found in self._on.values() for held in found.values() for each in held.values())
        self._numbers = NumberIndex(dict.fromkeys(number for each in everything for number in numbers_of_holding(each)))
        self._in_order: dict[tuple[datetime.date, str], list[Shelf]] = {}
        self._said: dict[str, tuple[bool, frozenset[str]]] = {}
        self._are_deposits: dict[str, bool] = {}

    def of(self, line: BankLine) -> Found | None:
        """What in hand a line may be; None where there is nothing that it could be."""
        if not self._any or line.amount <= 0 or line.type in (model.INTEREST, model.FEE):
            return None
        shelves = self._shelves_of(line)
        if not any(shelf.deposits for shelf in shelves):
            return None
        in_words, numbers = self._says(line)
        names = [each for shelf in shelves for each in shelf.named(numbers)] if numbers else []
        exact = tuple(each for shelf in shelves for each in shelf.of_amount(line.amount))
        named = tuple(each for each in names if each.amount == line.amount)
        near = [] if named else names
        if not exact and in_words:
            near = _once((*near, *self._near(shelves, line, NEAR_MOST + len(near))))
        if not exact and not near:
            return None
        said = said_by(line) if named else None
        literal = said is not None and any(
            literally(said, number) for each in named for number in numbers_of(each) if number in numbers
        )
        return Found(line, in_words or self._by_ourselves(line), literal, named, exact, tuple(near))

    def says(self, line: BankLine) -> bool:
        """Whether a line says that it is a deposit, or names one that has its amount."""
        if line.id not in self._are_deposits:
            found = self.of(line)
            self._are_deposits[line.id] = found is not None and bool(found.says or found.named)
        return self._are_deposits[line.id]

    def overpaid(self, line: BankLine) -> InHand | None:
        """What an employee gave beyond what he had, when a line that went out pays exactly this back to him."""
        if not self._any or line.amount >= 0:
            return None
        text = f" {plain(line.counterparty)} {plain(line.remittance)} "
        scale = scale_of(self._book, line.currency)
        for account, currency in sorted(self._on[line.booked]):
            name = plain(self._holders[account])
            if currency != line.currency or not name or f" {name} " not in text:
                continue
            left = self._shelf(account, currency, line.booked).left
            owed = {key: each for key, each in left.items() if each.amount < 0}
            if added(each.amount for each in owed.values()) == line.amount:
                parts = tuple(Part(key, scale.units(each.amount)) for key, each in owed.items())
                told = f"{self._holders[account]}: given beyond what was there {line.amount.copy_abs():,}"
                return InHand(account, scale.units(line.amount), parts, (), (), (), told)
        return None

    def holds(self, cheque: str, receipt: str, day: datetime.date) -> bool:
        """Whether the cheque of a receipt is in somebody's hand still."""
        return any(
            each.origin.cheque.casefold() == cheque.casefold() and each.origin.number == receipt and each.amount > 0
            for account, currency in self._on[day]
            for each in self._shelf(account, currency, day).left.values()
        )

    def use(self, in_hand: InHand, sign: int = 1) -> None:
        """Take what a proposal takes from what is in hand; with the sign -1 give it back."""
        for part in in_hand.parts:
            account, currency = part.key[:2]
            amount = scale_of(self._book, currency).decimal(part.units)
            self._used[part.key] = self._used.get(part.key, Decimal(0)) + sign * amount
            self._shelves.pop((account, currency), None)
        self._in_order.clear()
        self._are_deposits.clear()

    def in_hand(self, deposit: Deposit, line: BankLine) -> InHand | None:
        """The money in hand that a line takes when it is this deposit; None when the ledger could not tell it apart.

        A line over less leaves the rest in hand; one over more leaves the holder with less than nothing, which is what
        he gave beyond what he had, so it must take all that is there.
        """
        shelf = self._shelf(deposit.account, line.currency, line.booked)
        key = id(deposit), line.amount
        if key not in shelf.offers:
            shelf.offers[key] = self._in_hand(shelf, deposit, line)
        return shelf.offers[key]

    def _in_hand(self, shelf: Shelf, deposit: Deposit, line: BankLine) -> InHand | None:
        if line.amount > deposit.amount and shelf.amount != deposit.amount:
            return None
        scale = scale_of(self._book, line.currency)
        wanted = frozenset(map(key_of, deposit.holdings))
        whole = deposit.amount == line.amount and not deposit.part
        for naming in namings(deposit):
            found = shelf.taken(naming, line.amount)
            keys = {key for key, _ in found}
            if keys == wanted if whole else keys <= wanted:
                return InHand(
                    deposit.account, scale.units(line.amount),
                    tuple(Part(key, scale.units(amount)) for key, amount in found),
                    tuple((key, ", ".join(values)) for key, values in naming if key != "^"),
                    tuple(link for key, values in naming if key == "^" for link in values),
                    deposit.customers, f"{self._holders[deposit.account]}: {_told(deposit, scale, line)}",
                )  # fmt: skip
        return None

    def _says(self, line: BankLine) -> tuple[bool, frozenset[str]]:
        """Whether a line says in words that it is a deposit, and the numbers of what is in hand that it names."""
        if line.id not in self._said:
            numbers = frozenset(self._numbers.named(said_by(line), whole_digits(line)))
            self._said[line.id] = says_deposit(line), numbers
        return self._said[line.id]

    def _near(self, shelves: Sequence[Shelf], line: BankLine, most: int) -> list[Deposit]:
        """Deposits of nearly the amount, the nearest first, and cash of which it may be a part."""
        near = (each for shelf in shelves for each in shelf.near(line.amount))
        cash = (each for shelf in shelves for each in shelf.cash if each.amount > line.amount)
        return [*nsmallest(most, near, key=lambda each: abs(each.amount - line.amount)), *cash][:most]

    def _by_ourselves(self, line: BankLine) -> bool:
        """Whether the payer is we ourselves, or somebody who has money in hand, and the line is no transfer."""
        name = plain(line.counterparty)
        own = account_number(line.counterparty_account) in self._known.bank_accounts
        if not name or own or line.type in _ELECTRONIC:
            return False
        return name in self._known.companies or any(
            name == plain(self._holders[account]) and self._shelf(account, currency, line.booked).left
            for account, currency in self._on[line.booked]
        )

    def _shelves_of(self, line: BankLine) -> Sequence[Shelf]:
        """What is there on a line's day in its currency, by account, those that are nearer to the bank first."""
        key = line.booked, line.currency
        if key not in self._in_order:
            accounts = [account for account, currency in self._on[line.booked] if currency == line.currency]
            order = sorted(accounts, key=lambda each: (_STAGES.index(self._stages[each]), each))
            self._in_order[key] = [self._shelf(account, line.currency, line.booked) for account in order]
        return self._in_order[key]

    def _shelf(self, account: str, currency: str, day: datetime.date) -> Shelf:
        """What stays on an account on a day, less what earlier lines have taken."""
        shelves = self._shelves.setdefault((account, currency), {})
        if day not in shelves:
            now, last = (self._on[each].get((account, currency), {}) for each in (day, _LAST_DAY))
            left = ((key, self._left(each, last.get(key))) for key, each in now.items())
            there = {key: each for key, each in left if each is not None}
            shelves[day] = Shelf(account, self._stages[account], day, there)
        return shelves[day]

    def _left(self, now: Holding, last: Holding | None) -> Holding | None:
        """What is left of a holding: what is there in the end, too, and no line has taken; None for nothing."""
        if last is None:
            return None
        stays = min(now.amount, last.amount) if now.amount > 0 else max(now.amount, last.amount)
        left = stays - self._used.get(key_of(now), Decimal(0))
        return now._replace(amount=left) if left and (left > 0) == (now.amount > 0) else None


def _by_account(holdings: Iterable[Holding]) -> Mapping[tuple[str, str], Mapping[Key, Holding]]:
    """Account and currency → holdings by what tells them apart; the parts of one are put together."""
    found: dict[tuple[str, str], dict[Key, Holding]] = {}
    for each in holdings:
        held, key = found.setdefault((each.account, each.currency), {}), key_of(each)
        held[key] = each._replace(amount=held[key].amount + each.amount) if key in held else each
    return found


def _once(deposits: Iterable[Deposit]) -> list[Deposit]:
    """Each deposit once; to compare all that they hold would take long."""
    return list({id(each): each for each in deposits}.values())


def _told(deposit: Deposit, scale: Scale, line: BankLine) -> str:
    """A deposit in words: by its slip, its cheques, its vouchers."""
    if deposit.part:
        return f"cash {line.amount:,} of {deposit.amount:,}"
    if deposit.slip:
        return f"slip {deposit.slip} {deposit.amount:,}"
    names = [
        (f"cheque {each.origin.cheque}" if each.origin.cheque else each.origin.voucher or each.origin.number or "cash")
        + f" {scale.decimal(scale.units(each.amount)):,}"
        for each in deposit.holdings[:TOLD]
    ]
    more = len(deposit.holdings) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")
