"""Receipt books: who holds which book of numbered vouchers, and what became of each of its numbers.

The auditor's questions to numbered receipts: which numbers were used for which receipt, which are void, which are
missing (a lower number unused although a higher one of the book was used), which were used twice, by somebody who did
not hold the book, before it was given out or after it was returned, and what is left. Nothing here is a figure of the
accounts: a receipt counts whatever its voucher is.

The day on which a book changes hands belongs to both: who gives it away in the evening may have used it in the morning.
"""

from __future__ import annotations

import datetime
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from receivables.facts import IDENTIFIED, NAMED, RECEIVED, VoucherUse
from receivables.rules.voucher_numbers import counters, ends, plain
from receivables.settings import ReceiptBook, ReceiptBookLine

USED: Final = "used"
TWICE: Final = "twice"
VOID: Final = "void"
VOID_AND_USED: Final = "void and used"
MISSING: Final = "missing"
NO_BOOK: Final = "not in a book"

STATUSES: Final = (USED, TWICE, VOID, VOID_AND_USED, MISSING, NO_BOOK)
"""What may have become of a number."""


MOST_AT_ONCE: Final = 1_000
"""So many numbers one entry may name by "first to last": a day's receipts, not the whole book."""


class Tenure(NamedTuple):
    """A time for which somebody holds a book.

    Attributes:
      holder: Who.
      first, last: The first and the last day, both included; None for the last while it goes on.
    """

    holder: str
    first: datetime.date
    last: datetime.date | None

    def covers(self, day: datetime.date) -> bool:
        """Whether the day is one of it."""
        return self.first <= day and (self.last is None or day <= self.last)


class Voucher(NamedTuple):
    """What became of a number, as of a day; of one that was used twice, each use.

    Attributes:
      book: The book's name; "" for a number that is in none.
      voucher: The number, as the book writes it.
      status: One of `STATUSES`.
      date: The day on the receipt; of a void number the day on which it was said to be void; of a missing one the day
        on which a higher number was first used.
      use: The receipt; None for a number without one.
      whole: Whether the amounts of the receipt belong to this number: one receipt with several has them on its first.
      holder: Who held the book on that day; "" for nobody.
      other: Another receipt with the same number, the first; None when there is none.
      times: How many receipts have the number.
      remarks: What is to be said of it, beside the other receipt.
      source: Metadata with `filename` and `lineno`: of the receipt, of the line that makes it void, of the book.
    """

    book: str
    voucher: str
    status: str
    date: datetime.date
    use: VoucherUse | None
    whole: bool
    holder: str
    other: VoucherUse | None
    times: int
    remarks: tuple[str, ...]
    source: Mapping[str, Any]


class BookState(NamedTuple):
    """A book as of a day.

    Attributes:
      name: The book.
      first, last, size: Its numbers, and how many they are.
      holder: Who holds it; "" for nobody.
      since: Since when.
      used: How many numbers were used.
      twice: How many of these more than once.
      irregular: How many of these are void, or were used by somebody else than the holder, before the book was given
        out or after it was returned.
      void: How many are void and not used.
      missing: How many are neither, below the highest that was used.
      unused: How many are left above it.
      next: The lowest of these; "" when there is none or the book was returned.
      last_used: The day on the latest receipt.
      returned: The day on which it was returned, while nobody has it again.
      source: Metadata with `filename` and `lineno` of the line that sets its numbers.
    """

    name: str
    first: str
    last: str
    size: int
    holder: str
    since: datetime.date | None
    used: int
    twice: int
    irregular: int
    void: int
    missing: int
    unused: int
    next: str
    last_used: datetime.date | None
    returned: datetime.date | None
    source: Mapping[str, Any]


class Kept(NamedTuple):
    """The books by name, and their numbers in order; numbers that are in no book come last."""

    books: Sequence[BookState]
    vouchers: Sequence[Voucher]


class Shelf:
    """Several books, to find the one that has a number."""

    def __init__(self, books: Iterable[ReceiptBook]) -> None:
        self._books: dict[tuple[str, str], list[ReceiptBook]] = {}
        for book in sorted(books, key=lambda each: each.numbers.first):
            self._books.setdefault(book.numbers.words, []).append(book)
        self._firsts = {around: [book.numbers.first for book in books] for around, books in self._books.items()}

    def __bool__(self) -> bool:
        return bool(self._books)

    def find(self, voucher: str) -> tuple[ReceiptBook, int] | None:
        """The book and the counter of one number; None when no book has it."""
        for book, counter, digits in self._near(voucher):
            if book.numbers.digits(counter) == digits:
                return book, counter
        return None

    def meant(self, voucher: str) -> str:
        """The number that a book has with other zeros; "" when none has."""
        return next((book.numbers.number(counter) for book, counter, _ in self._near(voucher)), "")

    def all(self, written: str) -> list[tuple[ReceiptBook, int]]:
        """The books and counters of one number or of "first to last"; none when no book has them all, or too many."""
        both = ends(written)
        if both is None:
            found = self.find(written)
            return [] if found is None else [found]
        first, last = (self.find(number) for number in both)
        if first is None or last is None or first[0] is not last[0] or last[1] - first[1] >= MOST_AT_ONCE:
            return []
        return [(first[0], counter) for counter in range(first[1], last[1] + 1)]

    def _near(self, voucher: str) -> Iterator[tuple[ReceiptBook, int, str]]:
        """The books that have the number, but for zeros, with the counter and its digits as written."""
        for around, digits in counters(voucher):
            if around in self._books:
                counter = int(digits)
                place = bisect_right(self._firsts[around], counter) - 1
                if place >= 0 and counter <= self._books[around][place].numbers.last:
                    yield self._books[around][place], counter, digits


def tenures(book: ReceiptBook) -> list[Tenure]:
    """Who held the book when, in order."""
    found: list[Tenure] = []
    for line in book.lines:
        held = bool(found) and found[-1].last is None
        if line.returned and held:
            found[-1] = found[-1]._replace(last=line.date)
        elif line.holder is not None and not (held and plain(found[-1].holder) == plain(line.holder)):
            if held:
                found[-1] = found[-1]._replace(last=line.date)
            found.append(Tenure(line.holder, line.date, None))
    return found


def kept(books: Mapping[str, ReceiptBook], uses: Sequence[VoucherUse], as_of: datetime.date) -> Kept:
    """All books and their numbers as of the end of a day; lines and receipts of later days are not looked at.

    Args:
      books: The books of the settings.
      uses: What entries say of vouchers, in order of date.
      as_of: The day.
    """
    known = [
        book._replace(lines=tuple(line for line in book.lines if line.date <= as_of))
        for book in books.values()
        if book.lines[0].date <= as_of
    ]
    if not known:
        return Kept((), ())
    shelf, begun = Shelf(known), min(book.lines[0].date for book in known)
    found: dict[str, dict[int, list[_Used]]] = {book.name: {} for book in known}
    named: dict[str, dict[int, VoucherUse]] = {book.name: {} for book in known}
    strange: list[Voucher] = []
    for use in uses:
        if use.date > as_of:
            continue
        whole = True
        for written in use.vouchers:
            places = shelf.all(written)
            for book, counter in places:
                if use.manner == NAMED:
                    named[book.name].setdefault(counter, use)
                else:
                    found[book.name].setdefault(counter, []).append(_Used(use, whole))
                whole = False
            # What was received before there were books cannot be in one.
            if not places and use.stated and use.manner != NAMED and use.date >= begun:
                strange.append(_strange(written, use, shelf, whole))
                whole = False
    states, vouchers = [], list[Voucher]()
    for book in sorted(known, key=lambda each: (plain(each.name), each.name)):
        of, held = _numbers(book, found[book.name], named[book.name]), tenures(book)
        rows = list(_vouchers(book, held, of))
        states.append(_state(book, held, of, rows))
        vouchers += rows
    strange.sort(key=lambda row: (plain(row.voucher), row.date))
    return Kept(states, [*vouchers, *strange])


class _Used(NamedTuple):
    """A use of a number, and whether the amounts of the receipt belong to it."""

    use: VoucherUse
    whole: bool


def _strange(written: str, use: VoucherUse, shelf: Shelf, whole: bool) -> Voucher:
    meant = shelf.meant(written)
    remarks = (f"the book has {meant}",) if meant else ()
    return Voucher("", written, NO_BOOK, use.dated, use, whole, "", None, 1, remarks, use.source)


class _Numbers(NamedTuple):
    """What became of the counters of one book.

    Attributes:
      used: Counter → its receipts.
      void: Counter → the line that makes it void.
      missing: Counter → the day on which a higher one was first used, and that one.
      named: Counter → an entry that names it and brings no money.
    """

    used: Mapping[int, Sequence[_Used]]
    void: Mapping[int, ReceiptBookLine]
    missing: Mapping[int, tuple[datetime.date, int]]
    named: Mapping[int, VoucherUse]


def _numbers(
    book: ReceiptBook, found: Mapping[int, Sequence[_Used]], named: Mapping[int, VoucherUse]
) -> _Numbers:  # fmt: skip
    used = {counter: _receipts(uses) for counter, uses in found.items()}
    void: dict[int, ReceiptBookLine] = {}
    for line in book.lines:
        for first, last in line.void:
            for counter in range(first, last + 1):
                void.setdefault(counter, line)
    missing: dict[int, tuple[datetime.date, int]] = {}
    higher: tuple[datetime.date, int] | None = None
    for counter in range(max(used, default=0), book.numbers.first - 1, -1):
        if counter in used:
            here = min(each.use.dated for each in used[counter]), counter
            higher = here if higher is None else min(higher, here)
        elif counter not in void and higher is not None:
            missing[counter] = higher
    return _Numbers(used, void, missing, named)


def _vouchers(book: ReceiptBook, held: Sequence[Tenure], of: _Numbers) -> Iterator[Voucher]:
    """What became of each number, in order."""
    for counter in sorted({*of.used, *of.void, *of.missing}):
        number = book.numbers.number(counter)
        if counter in of.used:
            for place in range(len(of.used[counter])):
                yield _used(book, number, of.used[counter], place, of.void.get(counter), held)
        elif counter in of.void:
            line = of.void[counter]
            reason = (line.reason,) if line.reason else ()
            yield _without(book, number, VOID, line.date, _holder(held, line.date), reason, line.source)
        else:
            day, higher = of.missing[counter]
            remarks, source = [f"{book.numbers.number(higher)} was used"], book.lines[0].source
            if counter in of.named:
                remarks.append("an entry names it that brings no money")
                source = of.named[counter].source
            yield _without(book, number, MISSING, day, _holder(held, day), remarks, source)


def _without(
    book: ReceiptBook,
    number: str,
    status: str,
    day: datetime.date,
    holder: str,
    remarks: Sequence[str],
    source: Mapping[str, Any],
) -> Voucher:
    """A number without a receipt."""
    return Voucher(book.name, number, status, day, None, False, holder, None, 0, tuple(remarks), source)


def _state(book: ReceiptBook, held: Sequence[Tenure], of: _Numbers, vouchers: Iterable[Voucher]) -> BookState:
    numbers = book.numbers
    highest = max(of.used, default=numbers.first - 1)
    left = [counter for counter in range(highest + 1, numbers.last + 1) if counter not in of.void]
    goes_on = bool(held) and held[-1].last is None
    returned = held[-1].last if held and not goes_on else None
    return BookState(
        name=book.name,
        first=numbers.number(numbers.first),
        last=numbers.number(numbers.last),
        size=numbers.size,
        holder=held[-1].holder if goes_on else "",
        since=held[-1].first if goes_on else None,
        used=len(of.used),
        twice=sum(len(uses) > 1 for uses in of.used.values()),
        irregular=len({row.voucher for row in vouchers if row.use is not None and row.remarks}),
        void=len(of.void.keys() - of.used.keys()),
        missing=len(of.missing),
        unused=len(left),
        next=numbers.number(left[0]) if left and returned is None else "",
        last_used=max((each.use.dated for uses in of.used.values() for each in uses), default=None),
        returned=returned,
        source=book.lines[0].source,
    )


def _receipts(uses: Sequence[_Used]) -> list[_Used]:
    """The receipts among the uses of a number, one an entry.

    Whose money it was is no second receipt of it.
    """
    received = [each for each in uses if each.use.manner == RECEIVED]
    found: dict[tuple[Any, Any], _Used] = {}
    for each in received or [each for each in uses if each.use.manner == IDENTIFIED]:
        found.setdefault((each.use.entry.get("filename"), each.use.entry.get("lineno")), each)
    return list(found.values())


def _holder(held: Sequence[Tenure], day: datetime.date) -> str:
    """Who held the book on a day: of several the last; "" for nobody."""
    return next((tenure.holder for tenure in reversed(held) if tenure.covers(day)), "")


def _used(
    book: ReceiptBook,
    number: str,
    uses: Sequence[_Used],
    place: int,
    void: ReceiptBookLine | None,
    held: Sequence[Tenure],
) -> Voucher:
    """One of the uses of a number, with what is to be said of it."""
    use, whole = uses[place]
    other = uses[0 if place else 1].use if len(uses) > 1 else None
    now = [tenure for tenure in held if tenure.covers(use.dated)]
    own = next((tenure for tenure in now if plain(tenure.holder) == plain(use.received_by)), None)
    remarks = []
    if void is not None:
        remarks.append(f"void since {void.date}" + (f": {void.reason}" if void.reason else ""))
    if not held:
        remarks.append("the book was not given out")
    elif not now and use.dated < held[0].first:
        remarks.append(f"before the book was given out on {held[0].first}")
    elif not now:
        last = max(tenure.last for tenure in held if tenure.last is not None and tenure.last < use.dated)
        remarks.append(f"after the book was returned on {last}")
    elif use.received_by and own is None:
        remarks.append(f"received by {use.received_by}, held by {' and '.join(tenure.holder for tenure in now)}")
    status = VOID_AND_USED if void is not None else USED if other is None else TWICE
    holder = own.holder if own is not None else _holder(held, use.dated)
    return Voucher(
        book.name, number, status, use.dated, use, whole, holder, other, len(uses), tuple(remarks), use.source
    )
