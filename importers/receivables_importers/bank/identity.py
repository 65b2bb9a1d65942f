"""Identity: ids that a line keeps in every file that has it, and the check of each statement's balances.

A bank's own reference is the best identity, where there is one to rely on: long enough to be no
counter of the file, and none of the words for "no reference". Account, day, amount and currency
always go with it, so that a reference that a bank uses again (every day from 1, say) joins nothing
that differs. Without one, all that the line says takes its place: names, numbers, references and
text, without regard to case and spaces, which downloads change.

Lines that are still alike are counted within their day, in the order of booking. So two equal
payments of a day stay two, and as only the day matters, it does not matter where a file begins or
ends, as long as it has the day from its beginning. What cannot be had: when a file begins within a
day, and that day has a payment before and another one after the cut which are alike in everything
(day, payer, amount, text) and carry no reference of the bank, they are taken for one. Nothing in the
files tells them apart; the closing balance does, and `balance` assertions fail on it.

An entry that one file gives in sum and another one in detail has the same `booking` in both, by
which it is recognised.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final

from receivables.money import EXACT, added
from receivables_importers.bank.drafts import Booking, Draft, Problems
from receivables_importers.bank.model import STATEMENT, BankLine, BankStatement

RELIABLE_CHARACTERS: Final = 6
"""A reference with fewer letters and digits is taken for a counter."""
NUMBERED_DIGITS: Final = 8
"""Where banks write words in the place of a reference, as in MT940, it has to have so many digits."""

_DIGEST_BYTES: Final = 10


def reliable(reference: str) -> str:
    """The reference when it can tell entries of a day apart, else "".

    >>> reliable("2013122710583450000"), reliable("17"), reliable("000000"), reliable("NONREF")
    ('2013122710583450000', '', '', '')
    """
    characters = [character for character in reference if character.isalnum()]
    if len(characters) < RELIABLE_CHARACTERS or len(set(characters)) < 3:
        return ""
    return "" if reference.casefold() in ("nonref", "notprovided", "unknown") else reference


def numbered(reference: str) -> str:
    """The reference when it is a number that can tell entries of a day apart, and no word, else "".

    >>> numbered("0724710333343453"), numbered("DANSKEN")
    ('0724710333343453', '')
    """
    return reliable(reference) if sum(map(str.isdigit, reference)) >= NUMBERED_DIGITS else ""


def _plain(amount: Decimal) -> str:
    """The digits of an amount, whatever zeros were written behind them.

    >>> _plain(Decimal("100.00")), _plain(Decimal("1E+2")), _plain(Decimal("-0.50"))
    ('100', '100', '-0.5')
    """
    digits = format(amount, "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _folded(text: str) -> str:
    """A text without what a second download may write differently: case, spaces, width."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _said(line: BankLine) -> str:
    """All that a line says beside day and amount; the bank's reference only when it is no counter of the file."""
    references = line.references
    return "\x1f".join(
        _folded(text)
        for text in (
            line.counterparty, line.counterparty_account, line.remittance, references.creditor,
            references.end_to_end, reliable(references.bank), references.customer, references.transaction,
            references.mandate, references.cheque, *references.documents,
        )
    )  # fmt: skip


def _own(line: BankLine) -> str:
    """What tells a line from the others of its booking: references of the payment, else all that it says."""
    references = line.references
    own = (references.end_to_end, references.transaction, references.mandate, references.cheque, references.creditor)
    return "\x1f".join(map(_folded, own)) if any(own) else _said(line)


def _digest(parts: Iterable[str]) -> str:
    return hashlib.blake2b("\x1e".join(parts).encode("utf-8", "replace"), digest_size=_DIGEST_BYTES).hexdigest()


class Identities:
    """Gives ids to the statements of one file, in their order.

    Args:
      file: The file's name.
      problems: Gathers what does not agree.
    """

    def __init__(self, file: str, problems: Problems) -> None:
        self._file = file
        self._problems = problems
        self._seen: Counter[str] = Counter()
        self._statements: dict[str, BankStatement] = {}
        self._before: dict[tuple[str, str], BankStatement] = {}

    def finished(self, draft: Draft) -> BankStatement:
        """The statement with ids, and with the gap between its balances and its lines."""
        keys = [self._key(draft, booking) for booking in draft.bookings]
        stated = [_plain(balance.amount) for balance in (draft.opening, draft.closing) if balance is not None]
        whole = _digest([draft.account, draft.currency, draft.number, *stated, *keys])
        again = self._statements.get(whole) if keys and (draft.number or len(stated) == 2) else None
        if again is not None:
            self._problems.warning(
                draft.place,
                f"this statement stands in the file already ({again.place or 'above'}): its lines have the same ids",
            )
            return again._replace(place=draft.place)
        lines: list[BankLine] = []
        for key, booking in zip(keys, draft.bookings, strict=True):
            self._seen[key] += 1
            lines += _identified(draft.account, booking, _counted(key, self._seen[key]))
        pending: list[BankLine] = []
        for booking in draft.unbooked:
            key = _digest(["unbooked", self._key(draft, booking)])
            self._seen[key] += 1
            pending += _identified(draft.account, booking, _counted(key, self._seen[key]))
        statement = BankStatement(
            draft.account,
            draft.currency,
            draft.number,
            draft.kind,
            draft.opening,
            draft.closing,
            tuple(lines),
            tuple(pending),
            _gap(draft, lines),
            draft.final,
            self._file,
            draft.place,
        )
        self._statements[whole] = statement
        if statement.gap:
            self._problems.warning(draft.gap_place or draft.place, _told_gap(statement))
        if statement.kind == STATEMENT:
            before = self._before.get((statement.account, statement.currency))
            if before is not None and (missing := _told_missing(before, statement)):
                self._problems.warning(draft.place, missing)
            self._before[statement.account, statement.currency] = statement
        return statement

    @staticmethod
    def _key(draft: Draft, booking: Booking) -> str:
        first = booking.lines[0]
        amount = added(line.amount for line in booking.lines)
        common = [draft.account, first.booked.isoformat(), _plain(amount), first.currency]
        reference = reliable(booking.reference)
        if reference:
            return _digest(["reference", *common, _folded(reference)])
        return _digest(["text", *common, first.value_date.isoformat(), *map(_said, booking.lines)])


def _counted(key: str, count: int) -> str:
    return key if count == 1 else f"{key}-{count}"


def _identified(account: str, booking: Booking, id: str) -> list[BankLine]:
    """The lines of a booking with its id; of several, each with one of its own."""
    if len(booking.lines) == 1:
        line = booking.lines[0]
        return [line._replace(id=id, account=account, booking=id, booking_amount=line.amount)]
    amount = added(line.amount for line in booking.lines)
    seen: Counter[str] = Counter()
    lines = []
    for line in booking.lines:
        key = _digest([id, _plain(line.amount), line.currency, _own(line)])
        seen[key] += 1
        lines.append(line._replace(id=_counted(key, seen[key]), account=account, booking=id, booking_amount=amount))
    return lines


def _gap(draft: Draft, lines: Sequence[BankLine]) -> Decimal | None:
    """What is missing between opening and closing balance; lines in another currency do not count."""
    if draft.opening is None or draft.closing is None:
        return None
    moved = added(line.amount for line in lines if line.currency == draft.currency)
    return EXACT.subtract(EXACT.subtract(draft.closing.amount, draft.opening.amount), moved)


def _told_missing(one: BankStatement, after: BankStatement) -> str:
    """What lies between two statements that follow each other in a file, newest or oldest first; "" for nothing."""
    if one.opening is None or one.closing is None or after.opening is None or after.closing is None:
        return ""
    if one.closing.amount == after.opening.amount or after.closing.amount == one.opening.amount:
        return ""
    of = f"statement {after.number}" if after.number else "the statement"
    return (
        f"{of} opens with {after.opening.amount:,}, but the one before it in the file closes with"
        f" {one.closing.amount:,}: a statement between them may be missing"
    )


def _told_gap(statement: BankStatement) -> str:
    """The gap in words."""
    opening, closing, gap = statement.opening, statement.closing, statement.gap
    if opening is None or closing is None or gap is None:
        raise ValueError("a statement without balances has no gap")
    moved = added(line.amount for line in statement.lines if line.currency == statement.currency)
    of = f"statement {statement.number}" if statement.number else "the statement"
    return (
        f"{of} does not add up: opening {opening.amount:,} and lines {moved:,} make"
        f" {EXACT.add(opening.amount, moved):,}, but closing is {closing.amount:,}: a gap of {gap:,}"
        f"{' ' * bool(statement.currency)}{statement.currency}; ask the bank for the file again,"
        " and do not rely on its balance"
    )
