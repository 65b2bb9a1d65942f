"""Vouchers: which entries use a number of a receipt book, from `voucher:` or the receipt's own number."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from receivables.facts import IDENTIFIED, NAMED, RECEIPT, RECEIVED, Movements, Pocket, VoucherUse
from receivables.language.booked import place
from receivables.language.customers import within
from receivables.money import added
from receivables.problems import Problem, problem
from receivables.rules.in_hand import TO_BANK, holder_of, stage_of
from receivables.rules.receipt_book_policy import FORM, NEVER, REQUIRED_IN_HAND
from receivables.rules.receipt_books import NO_BOOK, TWICE, VOID_AND_USED, Shelf, kept
from receivables.rules.voucher_numbers import plain
from receivables.settings import BANK, IN_HAND, SUSPENSE, Settings

VOUCHER: Final = "voucher"
RECEIVED_BY: Final = ("received-by", "collector")

_IN_HAND: Final = 1
_BANK: Final = 2
_SUSPENSE: Final = 4
_MONEY: Final = _IN_HAND | _BANK


def vouchers_wanted(settings: Settings) -> bool:
    """Whether there are books, or a policy that asks for vouchers: a ledger without either costs nothing."""
    return bool(settings.receipt_books) or (FORM.subject, "") in settings.policies


def read_vouchers(
    transactions: Sequence[Any],
    movements: Movements,
    pockets: Sequence[Pocket],
    settings: Settings,
    money: Mapping[str, Mapping[str, Any]],
    problems: list[Problem],
) -> list[VoucherUse]:
    """What entries say of vouchers, in order of date; nothing where `vouchers_wanted` says no.

    Args:
      transactions: In Beancount's order.
      movements, pockets: What stands on customers' accounts, which tells what is a receipt.
      settings: The books, the roles and the policy.
      money: Metadata on `open` of the accounts in hand, which tells who holds them.
      problems: Whatever is wrong or odd is appended here.
    """
    if not vouchers_wanted(settings):
        return []
    reader = _Reader(movements, pockets, settings, money, problems)
    for entry in transactions:
        reader.entry(entry)
    _review(settings, reader.uses, problems)
    return reader.uses


class _Receipt(NamedTuple):
    """A posting of a receipt on a customer's account."""

    posting: Any
    customer: str
    number: str
    dated: datetime.date


class _Reader:
    """Reads entry by entry."""

    def __init__(
        self,
        movements: Movements,
        pockets: Sequence[Pocket],
        settings: Settings,
        money: Mapping[str, Mapping[str, Any]],
        problems: list[Problem],
    ) -> None:
        self.uses: list[VoucherUse] = []
        self._settings = settings
        self._money = money
        self._problems = problems
        self._shelf = Shelf(settings.receipt_books.values())
        self._roles: dict[str, int] = {}
        self._receipts: dict[int, list[_Receipt]] = {}
        for place_in, kind in enumerate(movements.kind):
            if kind == RECEIPT and movements.amount[place_in] < 0:
                self._receipts.setdefault(id(movements.entry[place_in]), []).append(
                    _Receipt(
                        movements.posting[place_in],
                        pockets[movements.pocket[place_in]].customer,
                        movements.number[place_in],
                        movements.dated.get(place_in, movements.date[place_in]),
                    )
                )

    def entry(self, entry: Any) -> None:
        """Read what an entry uses or names."""
        receipts = self._receipts.get(id(entry), ())
        saying = [posting for posting in entry.postings if posting.meta and VOUCHER in posting.meta]
        stated = bool(saying) or VOUCHER in entry.meta
        if not stated and not receipts and not entry.links:
            return
        comes, goes = [], False
        for posting in entry.postings:
            if self._role(posting) & _MONEY:
                amount = _amount(posting)
                goes = goes or amount < 0
                if amount > 0:
                    comes.append(posting)
        found = len(self.uses)
        if stated and (receipts or (comes and not goes)):
            self._brings(entry, saying, receipts, comes)
        elif stated:
            said = (part for posting in saying for part in self._said(posting.meta, entry))
            self._use(entry, _once((*self._said(entry.meta, entry), *said)), (), (), (), manner=NAMED)
        elif receipts:
            self._numbered(entry, receipts, comes)
        elif comes and not goes:
            links = tuple(sorted(link for link in entry.links if self._shelf.find(link)))
            self._use(entry, links, (), comes, _sums(comes), stated=False)
        if receipts and len(self.uses) == found:
            self._check_required(entry, receipts, comes)

    def _brings(self, entry: Any, saying: Sequence[Any], receipts: Sequence[_Receipt], comes: Sequence[Any]) -> None:
        """The vouchers of money that comes: of a customer's part, of what one posting brings, or of all that is left.

        A number that is said at several of these places is taken from the first of them.
        """
        of_receipts: dict[tuple[str, ...], list[_Receipt]] = {}
        of_money: dict[tuple[str, ...], list[Any]] = {}
        of_entry, moved = [*self._said(entry.meta, entry)], list[str]()
        rest, bare = list(receipts), list(comes)
        for posting in saying:
            said = self._said(posting.meta, entry)
            receipt = next((each for each in rest if each.posting is posting), None)
            if receipt is not None and said:
                rest.remove(receipt)
                of_receipts.setdefault(said, []).append(receipt)
            elif any(posting is each for each in bare) and said:
                bare = [each for each in bare if each is not posting]
                of_money.setdefault(said, []).append(posting)
            elif self._role(posting) & _MONEY:
                moved += said
            else:
                of_entry += said
        claimed: set[str] = set()
        for said, of_these in of_receipts.items():
            self._use(entry, _left(said, claimed), of_these, comes, _credits(of_these))
        for said, postings in of_money.items():
            self._use(entry, _left(said, claimed), receipts, postings, _sums(postings))
        amounts = _credits(rest) if of_receipts or not comes else _sums(bare)
        self._use(entry, _left(of_entry, claimed), rest or receipts, comes, amounts)
        # Beside the money that an entry brings, it may move some that came with a voucher before.
        self._use(entry, _left(moved, claimed), (), (), (), manner=NAMED)

    def _numbered(self, entry: Any, receipts: Sequence[_Receipt], comes: Sequence[Any]) -> None:
        """Receipts whose own numbers are those of a book."""
        by_number: dict[str, list[_Receipt]] = {}
        for receipt in receipts:
            by_number.setdefault(receipt.number, []).append(receipt)
        for number, of_these in by_number.items():
            if number and self._shelf.find(number):
                amounts = _sums(comes) if comes and len(by_number) == 1 else _credits(of_these)
                self._use(entry, (number,), of_these, comes, amounts, stated=False)

    def _use(
        self,
        entry: Any,
        vouchers: tuple[str, ...],
        receipts: Sequence[_Receipt],
        comes: Sequence[Any],
        amounts: tuple[tuple[str, Decimal], ...],
        *,
        stated: bool = True,
        manner: str = RECEIVED,
    ) -> None:
        if not vouchers:
            return
        # Without money that comes, a receipt is of what had come in before.
        if manner == RECEIVED and not comes:
            suspended = (self._role(posting) & _SUSPENSE and _amount(posting) > 0 for posting in entry.postings)
            manner = IDENTIFIED if any(suspended) else RECEIVED
        postings = [receipt.posting for receipt in receipts] or list(comes)
        source = next((each.meta for each in postings if each.meta and "lineno" in each.meta), entry.meta)
        self.uses.append(
            VoucherUse(
                date=entry.date,
                dated=receipts[0].dated if receipts else entry.date,
                vouchers=vouchers,
                stated=stated,
                manner=manner,
                number=receipts[0].number if receipts else "",
                customers=tuple(dict.fromkeys(receipt.customer for receipt in receipts if receipt.customer)),
                amounts=amounts,
                received_by=self._received_by(entry, [*(each.posting for each in receipts), *comes], comes),
                source=place(source),
                entry=place(entry.meta),
            )
        )

    def _received_by(self, entry: Any, postings: Sequence[Any], comes: Sequence[Any]) -> str:
        for meta in (*(posting.meta or {} for posting in postings), entry.meta):
            for word in RECEIVED_BY:
                if meta.get(word) is not None and str(meta[word]).strip():
                    return str(meta[word]).strip()
        holders = {
            holder_of(account, self._money)
            for account in {posting.account for posting in comes if self._role(posting) & _IN_HAND}
            if stage_of(account, self._money) != TO_BANK
        }
        return holders.pop() if len(holders) == 1 else ""

    def _said(self, meta: Mapping[str, Any] | None, entry: Any) -> tuple[str, ...]:
        """The vouchers that metadata names."""
        value = (meta or {}).get(VOUCHER)
        if value is None:
            return ()
        if isinstance(value, Decimal) and value == value.to_integral_value():
            value = str(value)
        if isinstance(value, str):
            if "," not in value and ";" not in value:
                return (" ".join(value.split()),) if value.strip() else ()
            return _once(" ".join(part.split()) for part in value.replace(";", ",").split(",") if part.strip())
        source = meta if meta and "filename" in meta else entry.meta
        self._problems.append(problem("bad-text", source, entry, word=VOUCHER, value=str(value)))
        return ()

    def _role(self, posting: Any) -> int:
        role = self._roles.get(posting.account)
        if role is None:
            role = next(
                (
                    code
                    for code, name in ((_IN_HAND, IN_HAND), (_BANK, BANK), (_SUSPENSE, SUSPENSE))
                    if within(posting.account, self._settings.roles[name])
                ),
                0,
            )
            self._roles[posting.account] = role
        return role

    def _check_required(self, entry: Any, receipts: Sequence[_Receipt], comes: Sequence[Any]) -> None:
        """Warn of a receipt into an account in hand that has no voucher, where the policy of its day asks for one."""
        if self._settings.value(FORM.subject, "required", entry.date, NEVER) != REQUIRED_IN_HAND:
            return
        for posting in comes:
            if self._role(posting) & _IN_HAND:
                source = posting.meta if posting.meta and "lineno" in posting.meta else entry.meta
                self._problems.append(
                    problem(
                        "voucher-missing", source, entry,
                        number=receipts[0].number, account=posting.account,
                        amount=f"{posting.units.number:,} {posting.units.currency}",
                    )
                )  # fmt: skip
                return


def _review(settings: Settings, uses: Sequence[VoucherUse], problems: list[Problem]) -> None:
    """Warn of what no receipt should have: a number of another receipt, a void one, one of no book."""
    seen: set[tuple[str, str]] = set()
    shelf = Shelf(settings.receipt_books.values())
    for row in kept(settings.receipt_books, uses, datetime.date.max).vouchers:
        if row.use is None:
            continue
        if row.status == TWICE and row.other is not None and (row.book, row.voucher) in seen:
            other = row.other.source
            problems.append(
                problem(
                    "voucher-twice", row.source,
                    voucher=row.voucher, other=f"{other.get('filename')}:{other.get('lineno')}",
                )
            )  # fmt: skip
        elif row.status == VOID_AND_USED:
            problems.append(problem("voucher-void", row.source, voucher=row.voucher, void=row.remarks[0]))
        elif row.status == NO_BOOK:
            meant = shelf.meant(row.voucher)
            near = f" (the book has {meant})" if meant else ""
            problems.append(problem("voucher-unknown", row.source, voucher=row.voucher, near=near))
        seen.add((row.book, row.voucher))


def _amount(posting: Any) -> Decimal:
    units = posting.units
    return Decimal(0) if units is None or units.number is None else units.number


def _sums(postings: Iterable[Any]) -> tuple[tuple[str, Decimal], ...]:
    """Currency and sum of what postings bring."""
    found: dict[str, list[Decimal]] = {}
    for posting in postings:
        found.setdefault(posting.units.currency, []).append(posting.units.number)
    return tuple((currency, added(amounts)) for currency, amounts in found.items())


def _credits(receipts: Iterable[_Receipt]) -> tuple[tuple[str, Decimal], ...]:
    """Currency and sum of what is credited to customers."""
    return tuple((currency, -amount) for currency, amount in _sums(receipt.posting for receipt in receipts))


def _once(parts: Iterable[str]) -> tuple[str, ...]:
    """Each voucher once, in order."""
    found: dict[str, str] = {}
    for part in parts:
        found.setdefault(plain(part), part)
    return tuple(found.values())


def _left(parts: Sequence[str], claimed: set[str]) -> tuple[str, ...]:
    """The vouchers that were not claimed before; now they are."""
    if not parts:
        return ()
    found = tuple(part for part in _once(parts) if plain(part) not in claimed)
    claimed.update(map(plain, found))
    return found
