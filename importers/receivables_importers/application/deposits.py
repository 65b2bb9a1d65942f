"""Deposits: bank lines that are money of ours: cash and cheques that collectors and cashiers brought to the bank.

What is in hand on the day of a line (`receivables.rules.in_hand`), less what earlier lines have taken and what the
ledger moves later, is grouped into deposits: what came together in one entry or with one slip, single cheques, and the
whole cash of a holder. A line is one of them when it names the slip or the cheque and has the amount, or when it says
that it is a deposit and only one has its amount. Anything else a person decides.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from receivables.book import Book
from receivables.money import Scale, added
from receivables.places import Place
from receivables.rules.application import ApplicationPolicy
from receivables.rules.in_hand import (
    CASHIER,
    CHEQUE,
    COLLECTOR,
    SLIP,
    TO_BANK,
    VOUCHER,
    Holding,
    holder_of,
    holdings_on,
    stage_of,
    taken,
)
from receivables.settings import IN_HAND
from receivables.view import scale_of
from receivables_importers.application.knowledge import Knowledge, account_number
from receivables_importers.application.mentions import NumberIndex, literally, said_by
from receivables_importers.application.model import AUTO, REVIEW, Applied, InHand, Part, Proposed, no_account
from receivables_importers.application.nature import OWN
from receivables_importers.application.texts import folded
from receivables_importers.bank import model
from receivables_importers.bank.model import BankLine

DEPOSIT: Final = "deposit"
"""The reason of a line that is money of ours out of hand."""
PAID_BACK: Final = "paid back"
"""The reason of a line that pays an employee back what he gave beyond what he had."""

DEPOSIT_DAYS: Final = 31
"""So long after it was brought to the bank a deposit is booked without a person, where the line does not name it."""
NEAR: Final = Decimal("0.1")
"""A deposit may differ by a tenth of its amount from the line: a person looks."""

CANDIDATES: Final = 5
TOLD: Final = 8
"""So many vouchers are told one by one."""
NAMED_MOST: Final = 12
"""More names than these are written only where the money is not found without."""

_LINK: Final = re.compile(r"[A-Za-z0-9\-_/.]+")
_STAGES: Final = (TO_BANK, CASHIER, COLLECTOR)
_LAST_DAY: Final = datetime.date.max

# Words as they are folded; each must stand alone.
_WORDS: Final = re.compile(
    r"(?<![^\W_])(?:nop tien(?: mat)?|nop tm|nop sec|nop ngan phieu|nop vao tai khoan|cash dep(?:osits?)?|cash in"
    r"|cash paid in|cash lodge?ments?|lodge?ments?|deposit of cash|cheque dep(?:osits?)?"
    r"|check dep(?:osits?)?|chq dep(?:osits?)?|paying in|paid in at counter|counter credit|bareinzahlung|einzahlung"
    r"|scheckeinreichung|scheckgutschrift|versements? (?:d )?especes?|remises? (?:de )?cheques?"
    r"|ingreso (?:en )?efectivo|deposito en efectivo|setoran tunai)(?![^\W\d_])"
    r"|存[现現]|[现現]金存|存入[现現]金|[现現]金缴存|支票存|缴款|[现現]存|进账单"
    r"|(?:ال)?(?:ايداع|إيداع)(?:ات)?"
)

# Customers write it as well, of what they pay in advance: it counts where the bank gives no payer.
_DEPOSIT: Final = re.compile(r"(?<![^\W_])(?:deposits?|dep|depositos?|setoran|remise|versement|depot)(?![^\W\d_])")

_ELECTRONIC: Final = (model.CREDIT_TRANSFER, model.DIRECT_DEBIT, model.CARD)

Key = tuple[str, str, Place, Place]
"""Account, currency, the posting with which it was received, and the entry with which it came to the account."""


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


class _Shelf:
    """The deposits of a day and currency, those that are nearer to the bank first, found by amount and by number."""

    def __init__(self, deposits: Sequence[Deposit]) -> None:
        self.deposits = deposits
        self.by_amount: dict[Decimal, list[Deposit]] = {}
        self._by_number: dict[str, list[int]] = {}
        for place, each in enumerate(deposits):
            if not each.part:
                self.by_amount.setdefault(each.amount, []).append(each)
                for number in set(_numbers(each)):
                    self._by_number.setdefault(number, []).append(place)

    def named(self, numbers: frozenset[str]) -> list[Deposit]:
        """The deposits that a line with these numbers names."""
        places = sorted({place for number in numbers for place in self._by_number.get(number, ())})
        return [self.deposits[place] for place in places if _is_said(self.deposits[place], numbers)]


class Deposits:
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
        self._on = {day: _by_key(found) for day, found in holdings_on(book, (*days, _LAST_DAY)).items()}
        self._now: dict[datetime.date, dict[Key, Holding]] = {}
        self._shelves: dict[tuple[datetime.date, str], _Shelf] = {}
        everything = (each for found in self._on.values() for each in found.values())
        self._numbers = NumberIndex(dict.fromkeys(number for each in everything for number in _numbers_of(each)))

    def of(self, line: BankLine) -> Found | None:
        """What in hand a line may be; None where there is nothing that it could be."""
        if not self._any or line.amount <= 0 or line.type in (model.INTEREST, model.FEE):
            return None
        shelf = self._shelf(line.booked, line.currency)
        if not shelf.deposits:
            return None
        said = said_by(line)
        numbers = frozenset(self._numbers.named(said, f"{int(line.amount)}"))
        names = shelf.named(numbers)
        in_words = says_deposit(line)
        says = in_words or self._by_ourselves(line)
        exact = shelf.by_amount.get(line.amount, [])
        named = [each for each in names if each.amount == line.amount]
        near = [] if named else names
        if not exact and in_words:
            near += sorted(
                (each for each in shelf.deposits if not each.part and _is_near(each.amount, line.amount)),
                key=lambda each: abs(each.amount - line.amount),
            )
            near += [each for each in shelf.deposits if each.part and each.amount > line.amount]
        if not exact and not near:
            return None
        literal = any(literally(said, number) for each in named for number in _numbers(each) if number in numbers)
        return Found(line, says, literal, tuple(named), tuple(exact), tuple(dict.fromkeys(near)))

    def is_deposit(self, line: BankLine) -> bool:
        """Whether a line says that it is a deposit, where there is anything in hand at all."""
        return self._any and says_deposit(line)

    def says(self, line: BankLine) -> bool:
        """Whether a line says that it is a deposit, or names one that has its amount."""
        found = self.of(line)
        return found is not None and bool(found.says or found.named)

    def overpaid(self, line: BankLine) -> InHand | None:
        """What an employee gave beyond what he had, when a line that went out pays exactly this back to him."""
        if not self._any or line.amount >= 0:
            return None
        by_account: dict[str, list[tuple[Key, Holding]]] = {}
        for key, each in self._there(line.booked).items():
            if each.amount < 0 and each.currency == line.currency:
                by_account.setdefault(each.account, []).append((key, each))
        text = f" {_plain(line.counterparty)} {_plain(line.remittance)} "
        scale = scale_of(self._book, line.currency)
        for account, held in sorted(by_account.items()):
            holder = self._holder(account)
            name = _plain(holder)
            if added(each.amount for _, each in held) == line.amount and name and f" {name} " in text:
                parts = tuple(Part(key, scale.units(each.amount)) for key, each in held)
                told = f"{holder}: given beyond what was there {line.amount.copy_abs():,}"
                return InHand(account, scale.units(line.amount), parts, (), (), (), told)
        return None

    def holds(self, cheque: str, receipt: str, day: datetime.date) -> bool:
        """Whether the cheque of a receipt is in somebody's hand still."""
        return any(
            each.origin.cheque.casefold() == cheque.casefold() and each.origin.number == receipt and each.amount > 0
            for each in self._there(day).values()
        )

    def use(self, in_hand: InHand, sign: int = 1) -> None:
        """Take what a proposal takes from what is in hand; with the sign -1 give it back."""
        for part in in_hand.parts:
            scale = scale_of(self._book, part.key[1])
            self._used[part.key] = self._used.get(part.key, Decimal(0)) + sign * scale.decimal(part.units)
            for day, there in self._now.items():
                there.pop(part.key, None)
                if (left := self._left(day, part.key)) is not None:
                    there[part.key] = left
        self._shelves.clear()

    # What is in hand

    def _there(self, day: datetime.date) -> Mapping[Key, Holding]:
        """What is in hand on a day and stays there, less what earlier lines have taken."""
        if day not in self._now:
            left = ((key, self._left(day, key)) for key in self._on[day])
            self._now[day] = {key: each for key, each in left if each is not None}
        return self._now[day]

    def _left(self, day: datetime.date, key: Key) -> Holding | None:
        """What is left of a holding on a day; None for nothing."""
        each, later = self._on[day].get(key), self._on[_LAST_DAY].get(key)
        if each is None or later is None:
            return None
        stays = min(each.amount, later.amount) if each.amount > 0 else max(each.amount, later.amount)
        left = stays - self._used.get(key, Decimal(0))
        return each._replace(amount=left) if left and (left > 0) == (each.amount > 0) else None

    def _shelf(self, day: datetime.date, currency: str) -> _Shelf:
        if (day, currency) not in self._shelves:
            self._shelves[day, currency] = _Shelf(list(self._groups(day, currency)))
        return self._shelves[day, currency]

    def _groups(self, day: datetime.date, currency: str) -> Iterator[Deposit]:
        """All deposits that may come to the bank on a day, those that are nearer to it first, each once."""
        by_account: dict[str, list[Holding]] = {}
        for each in self._there(day).values():
            # What bears a later date the bank does not take.
            if each.amount > 0 and each.currency == currency and (each.origin.cheque_date or day) <= day:
                by_account.setdefault(each.account, []).append(each)
        order = sorted(by_account, key=lambda each: (_STAGES.index(self._stage(each)), each))
        seen: set[frozenset[Key]] = set()
        for account in order:
            for holdings in _grouped(by_account[account]):
                keys = frozenset(map(key_of, holdings))
                if keys not in seen:
                    seen.add(keys)
                    yield self._deposit(account, holdings)
        for account in order:
            cash = [each for each in by_account[account] if not each.origin.cheque]
            if len(cash) > 1 or (cash and self._stage(account) != TO_BANK):
                yield self._deposit(account, cash)._replace(part=True)

    def _deposit(self, account: str, holdings: Sequence[Holding]) -> Deposit:
        slips = {each.slip for each in holdings}
        slip = slips.pop() if len(slips) == 1 else ""
        return Deposit(account, self._stage(account), tuple(holdings), slip, added(each.amount for each in holdings))

    def _stage(self, account: str) -> str:
        return stage_of(account, self._book.money_details)

    def _holder(self, account: str) -> str:
        return holder_of(account, self._book.money_details)

    def _by_ourselves(self, line: BankLine) -> bool:
        """Whether the payer is we ourselves, or somebody who has money in hand, and the line is no transfer."""
        name = _plain(line.counterparty)
        own = account_number(line.counterparty_account) in self._known.bank_accounts
        if not name or own or line.type in _ELECTRONIC:
            return False
        holders = (_plain(self._holder(account)) for account in {key[0] for key in self._there(line.booked)})
        return name in self._known.companies or any(name == holder for holder in holders)

    # What is proposed

    def in_hand(self, deposit: Deposit, line: BankLine) -> InHand | None:
        """The money in hand that a line takes when it is this deposit; None when the ledger could not tell it apart.

        A line over less leaves the rest in hand; one over more leaves the holder with less than nothing, which is what
        he gave beyond what he had, so it must take all that is there.
        """
        stock = [
            each for each in self._there(line.booked).values()
            if each.account == deposit.account and each.currency == line.currency and each.amount > 0
        ]  # fmt: skip
        if line.amount > deposit.amount and added(each.amount for each in stock) != deposit.amount:
            return None
        scale = scale_of(self._book, line.currency)
        wanted = frozenset(map(key_of, deposit.holdings))
        for names in _namings(deposit):
            taken = _taken(stock, names, line.amount)
            keys = {key for key, _ in taken}
            if keys == wanted if deposit.amount == line.amount and not deposit.part else keys <= wanted:
                parts = [Part(key, scale.units(amount)) for key, amount in taken]
                said = tuple((key, ", ".join(values)) for key, values in names if key != "^")
                links = tuple(link for key, values in names if key == "^" for link in values)
                return InHand(
                    deposit.account, scale.units(line.amount), tuple(parts), said, links,
                    _customers(deposit), f"{self._holder(deposit.account)}: {_told(deposit, scale, line)}",
                )  # fmt: skip
        return None


def weigh(
    found: Found,
    deposits: Deposits,
    proposed: Proposed,
    sure: Collection[str],
    policy: ApplicationPolicy,
    *,
    names_document: bool,
    alike: int,
) -> Proposed:
    """What a line is proposed to be, given what it would be as a customer's payment.

    Args:
      found: What in hand it may be.
      deposits: Where that was found.
      proposed: The proposal without anything in hand.
      sure: The customers whose money it surely is, if it is a customer's.
      policy: The policy of the day.
      names_document: Whether it names a document of a customer in full.
      alike: How many lines over this amount say that they are deposits, and are not decided yet.
    """
    if not _concerns(found, proposed, sure):
        return proposed
    tier = found.named or _nearest(found.exact)
    if not tier and proposed.decision == AUTO:
        return proposed
    ordered = list(dict.fromkeys((*tier, *found.exact, *found.near)))[: 2 * CANDIDATES]
    offered = {each: money for each in ordered if (money := deposits.in_hand(each, found.line)) is not None}
    candidates = [_applied(each, money, found) for each, money in offered.items()][:CANDIDATES]
    obstacles = list(_obstacles(found, tier, proposed, sure, policy, names_document=names_document))
    if alike > 1 and len(tier) == 1 and not found.named:
        obstacles.append(f"{alike} lines of this amount may be this deposit")
    if tier and tier[0] not in offered:
        obstacles.append("what is in hand cannot be told apart: give it a slip, a cheque number or a voucher")
    if tier and not obstacles:
        return proposed._replace(
            decision=AUTO, applied=candidates[0], nature="", obstacles=(), runners_up=tuple(candidates[1:]), claims=(),
            likely=False, named=False,
        )  # fmt: skip
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
    found: Found,
    tier: Sequence[Deposit],
    proposed: Proposed,
    sure: Collection[str],
    policy: ApplicationPolicy,
    *,
    names_document: bool,
) -> Iterator[str]:
    """Why a person should look at a line that may be a deposit."""
    line = found.line
    yield from (_difference(each, line) for each in found.near[:1])
    if tier:
        if len(tier) > 1:
            yield f"{len(tier)} deposits have this amount"
        if not found.named:
            yield from _doubts(found, tier[0])
        if proposed.applied.customer and _may_be_theirs(found, tier[0], proposed, sure, names_document=names_document):
            yield f"it may as well be a payment of {proposed.applied.customer}"
    if policy.deposits != AUTO:
        yield "deposits: the policy application wants a person to look"
    limit = policy.largest.get(line.currency)
    if limit is not None and line.amount > limit:
        yield f"it is more than {limit:,} {line.currency}"
    if not proposed.account:
        yield no_account(line)


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
    return theirs or (proposed.likely and bool(sure)) or not set(sure) <= set(_customers(chosen))


def says_deposit(line: BankLine) -> bool:
    """Whether a line that came in says, by its type or in words, that it is cash or a cheque brought to the bank."""
    if line.type in (model.CASH, model.CHEQUE):
        return True
    texts = [" ".join(folded(text).split()) for text in (line.remittance, line.counterparty, line.code) if text]
    nobody = not line.counterparty.strip()
    return any(_WORDS.search(text) or (nobody and _DEPOSIT.search(text)) for text in texts)


def _by_key(holdings: Iterable[Holding]) -> Mapping[Key, Holding]:
    """Holdings by what tells them apart; the parts of one are put together."""
    found: dict[Key, Holding] = {}
    for each in holdings:
        key = key_of(each)
        found[key] = each._replace(amount=found[key].amount + each.amount) if key in found else each
    return found


def key_of(holding: Holding) -> Key:
    """What tells one holding from another for as long as it is there."""
    return holding.account, holding.currency, holding.origin.place, holding.moved


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
    return all(not numbers.isdisjoint(_numbers_of(each)) for each in deposit.holdings)


def _numbers_of(holding: Holding) -> list[str]:
    """All numbers by which a holding may be named."""
    origin = holding.origin
    return [number for number in (holding.slip, origin.cheque, origin.voucher, origin.number) if number]


def _numbers(deposit: Deposit) -> Iterator[str]:
    """All numbers by which a deposit may be named."""
    for each in deposit.holdings:
        yield from _numbers_of(each)


def _is_near(one: Decimal, other: Decimal) -> bool:
    return one != other and abs(one - other) <= NEAR * one


def _nearest(exact: Sequence[Deposit]) -> Sequence[Deposit]:
    """Of the deposits with the amount those at the bank, else all."""
    return [each for each in exact if each.stage == TO_BANK] or exact


Naming = tuple[tuple[str, tuple[str, ...]], ...]
"""What an entry says of the money that it moves: metadata (or "^" for links) with its values."""


def _namings(deposit: Deposit) -> Iterator[Naming]:
    """The ways to say which money is meant, the best first."""
    if deposit.slip:
        yield ((SLIP, (deposit.slip,)),)
    cheques = dict.fromkeys(each.origin.cheque for each in deposit.holdings if each.origin.cheque)
    vouchers = dict.fromkeys(
        each.origin.voucher for each in deposit.holdings if each.origin.voucher and not each.origin.cheque
    )
    numbers = dict.fromkeys(
        each.origin.number for each in deposit.holdings
        if not each.origin.voucher and not each.origin.cheque and _LINK.fullmatch(each.origin.number)
    )  # fmt: skip
    said = [(CHEQUE, tuple(cheques)), (VOUCHER, tuple(vouchers)), ("^", tuple(numbers))]
    full = tuple((key, values) for key, values in said if values)
    clear = not any("," in value or ";" in value for _, values in full for value in values)
    if deposit.part or sum(len(values) for _, values in full) > NAMED_MOST:
        yield ()
    if clear:
        yield full
    yield ()


def _taken(stock: Iterable[Holding], naming: Naming, amount: Decimal) -> list[tuple[Key, Decimal]]:
    """What an entry with this naming would take."""
    names = [value for key, values in naming if key != SLIP for value in values]
    slip = next((values[0] for key, values in naming if key == SLIP), "")
    return [(key_of(each), each.amount) for each in taken(stock, amount, names, slip)]


def _customers(deposit: Deposit) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for each in deposit.holdings for code in each.origin.customers))


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


def _difference(deposit: Deposit, line: BankLine) -> str:
    if deposit.part:
        return f"no deposit has this amount: it may be a part of {deposit.amount:,} {line.currency} in cash"
    missing = deposit.amount - line.amount
    word = "less" if missing > 0 else "more"
    return f"it is {abs(missing):,} {line.currency} {word} than the deposit of {deposit.amount:,} {line.currency}"


def _applied(deposit: Deposit, money: InHand, found: Found) -> Applied:
    since = max(each.since for each in deposit.holdings)
    evidence = [f"{money.told}, in hand since {since}"]
    if deposit in found.named:
        evidence.append("the line names it")
    elif found.says:
        evidence.append("the line says that it is a deposit")
    return Applied("", (), (), 0, (DEPOSIT,), tuple(evidence), money)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", folded(text)))
