"""Receipt books: `custom "receivables-receipt-book"` directives into `ReceiptBook` records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from receivables.language.configuration import nearest, public
from receivables.problems import Problem, problem
from receivables.rules.voucher_numbers import EXAMPLE, NumberRange, ends, plain, read_range
from receivables.settings import ReceiptBook, ReceiptBookLine, flag, words

NUMBERS: Final = "numbers"
HOLDER: Final = "holder"
VOID: Final = "void"
REASON: Final = "reason"
RETURNED: Final = "returned"

KEYS: Final = (NUMBERS, HOLDER, VOID, REASON, RETURNED)
"""The keys of a line about a book."""


def read_receipt_books(lines: Sequence[tuple[Any, Sequence[Any]]], problems: list[Problem]) -> dict[str, ReceiptBook]:
    """The books by name, without case and spaces; one without numbers of its own is left out.

    Args:
      lines: Each directive with its values, in order of date.
      problems: Whatever is wrong is appended here; of such a line holds what can be read.
    """
    reader = _Reader(problems)
    for entry, values in lines:
        reader.line(entry, values)
    return reader.books


class _Reader:
    """Reads the lines one after the other: the first of a book sets its numbers."""

    def __init__(self, problems: list[Problem]) -> None:
        self.books: dict[str, ReceiptBook] = {}
        self._problems = problems
        self._refused: set[str] = set()
        self._alike: dict[tuple[str, str], list[ReceiptBook]] = {}

    def line(self, entry: Any, values: Sequence[Any]) -> None:
        """Read one line."""
        name, key, written = values[0], plain(values[0]), public(entry.meta)
        for other in values[1:]:
            self._bad(entry, name, f'"{other}" says nothing', f'write it with its word, as in {HOLDER}: "{other}"')
        for word in written:
            if word not in KEYS:
                self._report(
                    "unknown-receipt-book-key",
                    entry,
                    book=name,
                    key=word,
                    valid=", ".join(KEYS),
                    nearest=nearest(word, KEYS),
                )
        known = self.books.get(key)
        if known is None and key not in self._refused:
            known = self._begun(entry, name, written)
        elif known is not None and NUMBERS in written:
            self._same_numbers(entry, known, written[NUMBERS])
        if known is None:
            # Its numbers are wrong, which is said at the line that has them.
            self._refused.add(key)
            return
        if not known.lines:
            self._alike.setdefault(known.numbers.words, []).append(known)
        self.books[key] = known._replace(lines=(*known.lines, self._read(entry, known, written)))

    def _begun(self, entry: Any, name: str, written: Mapping[str, Any]) -> ReceiptBook | None:
        if NUMBERS not in written:
            others = [book.name for book in self.books.values()]
            near = f"; the nearest book is {nearest(name, others)}" if others else ""
            self._bad(entry, name, "it has no numbers", f"write numbers: {EXAMPLE} on its first line{near}")
            return None
        numbers = self._range(entry, name, written[NUMBERS])
        if numbers is None:
            return None
        for other in self._alike.get(numbers.words, ()):
            theirs = other.numbers
            if theirs.first <= numbers.last and numbers.first <= theirs.last:
                shared = theirs._replace(
                    first=max(theirs.first, numbers.first), last=min(theirs.last, numbers.last)
                )  # fmt: skip
                self._report(
                    "receipt-books-overlap",
                    entry,
                    book=name,
                    owner=other.name,
                    shared=shared if shared.size > 1 else shared.number(shared.first),
                    other=_place(self.books[plain(other.name)]),
                )
                return None
        return ReceiptBook(name, numbers, ())

    def _same_numbers(self, entry: Any, known: ReceiptBook, value: Any) -> None:
        numbers = self._range(entry, known.name, value)
        if numbers is not None and (numbers.words, numbers[2:]) != (known.numbers.words, known.numbers[2:]):
            self._report("receipt-book-numbers-twice", entry, book=known.name, has=known.numbers, other=_place(known))

    def _read(self, entry: Any, book: ReceiptBook, written: Mapping[str, Any]) -> ReceiptBookLine:
        holder, returned = self._holder(entry, book.name, written.get(HOLDER)), False
        if RETURNED in written:
            try:
                returned = flag(written[RETURNED])
            except ValueError:
                self._bad(
                    entry, book.name, f"returned: {_shown(written[RETURNED])} is not TRUE", "write returned: TRUE"
                )
        if returned and holder is not None:
            self._bad(
                entry,
                book.name,
                f"it cannot be returned and be given to {holder} by one line",
                "write two lines, each with its date; until then it is returned",
            )
        return ReceiptBookLine(
            date=entry.date,
            holder=None if returned else holder,
            returned=returned,
            void=tuple(self._void(entry, book, written.get(VOID))),
            reason="" if written.get(REASON) is None else str(written[REASON]).strip(),
            source={key: entry.meta.get(key) for key in ("filename", "lineno")},
        )

    def _range(self, entry: Any, name: str, value: Any) -> NumberRange | None:
        try:
            if not isinstance(value, str):
                raise ValueError("is not a first and a last number")
            return read_range(value)
        except ValueError as error:
            self._bad(entry, name, f"numbers: {_shown(value)} {error}", f"write it as numbers: {EXAMPLE}")
            return None

    def _holder(self, entry: Any, name: str, value: Any) -> str | None:
        if value is None:
            return None
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, Decimal) and value == value.to_integral_value():
            # The number of an employee.
            return str(value)
        self._bad(entry, name, f"holder: {_shown(value)} is nobody", 'write holder: "..." with who has it')
        return None

    def _void(self, entry: Any, book: ReceiptBook, value: Any) -> list[tuple[int, int]]:
        if value is None:
            return []
        if isinstance(value, Decimal):
            value = str(value)
        try:
            parts = words(value)
        except ValueError:
            parts = ()
        found = []
        for part in parts or ("",):
            first, last = (book.numbers.counter(end) for end in ends(part) or (part, part))
            if first is None or last is None or last < first:
                self._bad(
                    entry,
                    book.name,
                    f"void: {_shown(part if parts else value)} is none of its numbers, {book.numbers}",
                    f'write them as the book does, as in void: "{book.numbers.number(book.numbers.first)}"',
                )
            else:
                found.append((first, last))
        return found

    def _bad(self, entry: Any, name: str, reason: str, mend: str) -> None:
        self._report("bad-receipt-book", entry, book=name, reason=reason, mend=mend)

    def _report(self, code: str, entry: Any, **said: Any) -> None:
        self._problems.append(problem(code, entry.meta, entry, **said))


def _shown(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _place(book: ReceiptBook) -> str:
    source = book.lines[0].source
    return f"{source.get('filename')}:{source.get('lineno')}"
