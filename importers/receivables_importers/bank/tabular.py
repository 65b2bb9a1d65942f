"""Tables: the rows of a CSV file or workbook as bank lines, as a profile says.

Nothing is guessed about signs: a column that would decide them and is not named stops the reading.
Rows come newest or oldest first, and leave here oldest first. Where the table has running balances,
they give opening and closing balance, and show at which row something is missing.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from receivables.money import EXACT
from receivables_importers.bank import profiles as p
from receivables_importers.bank import types
from receivables_importers.bank.drafts import (
    Booking,
    Draft,
    Problems,
    Reading,
    account_of,
    line_of,
    reference_of,
    text_of,
)
from receivables_importers.bank.model import DOWNLOAD, LINES_MAX, Balance, BankError, BankLine, References
from receivables_importers.bank.profiles import Profile, folded
from receivables_importers.tables.problems import TableError, TooLargeError, shown
from receivables_importers.tables.reading import (
    WORKBOOKS,
    Cell,
    Grid,
    Home,
    Limits,
    Row,
    delimiter_decision,
    read_bytes,
)
from receivables_importers.tables.values import (
    NOTHING,
    ORDERS,
    YEARS,
    Money,
    currency_of,
    date_votes,
    decimal_places,
    plain,
    read_date,
    read_money,
)

HOME: Final = Home("the profile", "into a profile, and name it with --profile")
_HEADER_ROWS_MAX: Final = 100
_FOOTER_SHOWN: Final = 30
"""So many characters of a row are suggested as the words of a footer."""
_COLUMNS_SHOWN: Final = 12
"""So many headers are named in a message."""
_DIGITS_MAX: Final = 18
"""As many as the other formats have before the decimal mark; behind it, fewer."""
_MONEY_WORDS: Final = frozenset(
    {"元", "đồng", "dong", "kr", "kč", "zł", "ft", "lei", "rp", "rm", "rs", "fr", "sfr", "tk", "dh", "dhs", "лв", "руб",
     "ريال", "درهم", "دينار"}
)  # fmt: skip
"""Words for money that leave open whose; they say nothing about the sign."""
_LIMITS: Final = Limits(rows=LINES_MAX, cells=10 * LINES_MAX, memory=1 << 30)
_ELLIPSIS: Final = folded("…")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_MONTH_DAY: Final = re.compile(r"(\d{1,2})\s*[-/.月]\s*(\d{1,2})日?", re.ASCII)
_DIGITS_GROUPED: Final = re.compile(r"\d[\d\s.-]{4,}\d|[A-Z]{2}\d{2}[A-Z0-9 ]{8,}")


class _Match(NamedTuple):
    """A grid that a profile knows: the position of the header among its rows, -1 without header."""

    grid: Grid
    profile: Profile
    header: int


class _Record(NamedTuple):
    """One row that is a booking."""

    row: Row
    booked: datetime.date
    value_date: datetime.date | None
    amount: Decimal
    balance: Decimal | None
    account: str
    currency: str
    line: BankLine
    reference: str


def read(name: str, data: bytes, own: Sequence[Profile], problems: Problems) -> Reading:
    """Read a CSV file or workbook.

    Args:
      name: The file's name.
      data: Its content.
      own: The user's profiles, which go before those of the package.
      problems: Gathers what is wrong.
    Raises:
      BankError: It is no table, or no profile knows it.
    """
    matches = _matches(name, data, own)
    drafts: list[Draft] = []
    for match in matches:
        for decision in match.grid.decisions:
            # That the header was found proves the delimiter.
            if decision != delimiter_decision(match.grid.delimiter):
                problems.note("", decision)
        if match.header < 0:
            problems.note("", f"the table has no header; it is read as {match.profile.name}, whose shape its rows have")
        drafts += _Table(match, problems).drafts()
    return Reading(", ".join(dict.fromkeys(match.profile.name for match in matches)), tuple(drafts))


def known(name: str, data: bytes, own: Sequence[Profile]) -> bool:
    """Whether it is a table that a profile knows."""
    try:
        return bool(_matches(name, data, own))
    except BankError:
        return False


class _TooLargeError(BankError):
    """A table that is too large in every encoding."""


def _grids(name: str, data: bytes, encoding: str | None, delimiter: str | None) -> tuple[Grid, ...]:
    try:
        return read_bytes(name, data, encoding, delimiter, home=HOME, lenient=True, limits=_LIMITS)
    except TableError as error:
        kind = _TooLargeError if isinstance(error, TooLargeError) else BankError
        raise kind(str(error).removeprefix(name).lstrip(":, ")) from error


def _matches(name: str, data: bytes, own: Sequence[Profile]) -> list[_Match]:
    """The grids that profiles know: in the encoding and delimiter that are found out, else in a profile's."""
    everybody = (*own, *(profile for profile in p.built_in() if profile.id not in {each.id for each in own}))
    trials = dict.fromkeys([(None, None), *((profile.encoding, profile.delimiter) for profile in everybody)])
    first: BankError | None = None
    grids: tuple[Grid, ...] = ()
    for encoding, delimiter in trials:
        if data.startswith(WORKBOOKS) and (encoding or delimiter):
            # They have neither.
            continue
        try:
            read_grids = _grids(name, data, encoding, delimiter)
        except _TooLargeError:
            raise
        except BankError as error:
            first = first or error
            continue
        grids = grids or read_grids
        found = [match for grid in read_grids if (match := _known(grid, everybody)) is not None]
        if found:
            return [_read_as(match, name, data) for match in found]
    if first is not None or not grids:
        raise first or BankError("is no table")
    raise BankError(_unknown(grids, own))


def _read_as(match: _Match, name: str, data: bytes) -> _Match:
    """The same table in the encoding of its profile, when it was read in another one that fits by chance."""
    profile, grid = match.profile, match.grid
    wanted = profile.encoding
    if wanted is None or grid.encoding in ("", wanted, "utf-8", "utf-16", "utf-32"):
        return match
    try:
        again = _grids(name, data, wanted, profile.delimiter or grid.delimiter or None)
    except BankError:
        return match
    found = [each for each in again if (header := _header(each, profile)) is not None and header == match.header]
    return _Match(found[0], profile, match.header) if found else match


def _known(grid: Grid, everybody: Sequence[Profile]) -> _Match | None:
    """The profile that knows this grid; the user's own first, then the one that knows most columns.

    Raises:
      BankError: Two profiles know it equally well.
    """
    found = [_Match(grid, profile, header) for profile in everybody if (header := _header(grid, profile)) is not None]
    if not found:
        return None

    def rank(match: _Match) -> tuple[bool, int, int]:
        profile = match.profile
        return profile.own, len(profile.header), sum(map(len, profile.columns.values()))

    best = max(map(rank, found))
    alike = [match for match in found if rank(match) == best]
    if len(alike) > 1:
        names = " and ".join(shown(match.profile.name) for match in alike)
        raise BankError(f"fits the profiles {names} alike: name the right one with --profile")
    return alike[0]


def _header(grid: Grid, profile: Profile) -> int | None:
    """The position of the row that is the header of this profile; -1 for a fitting table without; None."""
    if profile.width:
        return -1 if _fits(grid, profile, trusted=profile.own) else None
    wanted = {column for columns in profile.columns.values() for column in columns if isinstance(column, str)}
    for position, row in enumerate(grid.rows[:_HEADER_ROWS_MAX]):
        cells = [folded(cell) for cell in row.cells if cell is not None]
        if profile.header:
            if len(cells) == len(profile.header) and all(map(_is_header, cells, profile.header)):
                return position
        elif wanted and wanted <= set(cells):
            return position
    return None


def _is_header(cell: str, written: str) -> bool:
    """Whether a cell has the words of a header, which may be shortened with an ellipsis."""
    return cell.startswith(written.removesuffix(_ELLIPSIS)) if written.endswith(_ELLIPSIS) else cell == written


def _unknown(grids: Sequence[Grid], own: Sequence[Profile]) -> str:
    """What to say of a table that no profile knows: the user's own that comes nearest, and which columns it misses."""
    misses = [missing for profile in own for grid in grids if (missing := _missing(grid, profile)) is not None]
    if misses:
        name, columns, there = min(misses, key=lambda each: len(each[1]))
        return (
            f"is not as the profile {shown(name)} says: no row of it has the header {_listed(columns)} beside the"
            f" others{f', but {_listed(there)}' if there else ''}"
        )
    rows = [row for grid in grids for row in grid.rows[:30]]
    texts = [[cell for cell in row.cells if isinstance(cell, str)] for row in rows]
    widest = max(texts, key=len, default=[])
    return (
        f"no profile knows this table, with columns like {_listed(widest) or 'none'}: write a profile of some ten lines"
        " (bean-ar bank --help shows one), or name one with --profile"
    )


def _listed(headers: Sequence[str]) -> str:
    return ", ".join(shown(" ".join(header.split()), 30) for header in headers[:_COLUMNS_SHOWN])


def _missing(grid: Grid, profile: Profile) -> tuple[str, list[str], list[str]] | None:
    """The columns that the profile names and the likeliest header does not have, and those that it has besides.

    None when it has none of them.
    """
    wanted = [column for columns in profile.columns.values() for column in columns if isinstance(column, str)]
    best: list[str] | None = None
    others: list[str] = []
    for row in grid.rows[:_HEADER_ROWS_MAX]:
        cells = {folded(cell): str(cell) for cell in row.cells if cell is not None}
        missing = [column for column in wanted if column not in cells]
        if len(missing) < len(wanted) and (best is None or len(missing) < len(best)):
            best, others = missing, [cell for key, cell in cells.items() if key not in wanted]
    return (profile.name, best, others) if best and not profile.header else None


# Tables without header


def _fits(grid: Grid, profile: Profile, *, trusted: bool) -> bool:
    """Whether the rows of a table without header have the profile's shape, and the signs leave no doubt.

    Signs are beyond doubt by negative amounts, by flags, or, in two columns, by running balances. Whoever
    names a profile is trusted.
    """
    rows = [row for row in grid.rows if not _is_footer(row, profile)]
    readable = _Readable(profile, {})
    odd = 0
    signed = p.FLAG in profile.columns
    balances: list[tuple[Decimal, Decimal]] = []
    for row in rows:
        try:
            amounts = _shape(row, profile, readable)
        except ValueError:
            odd += 1
            continue
        amount, debit, credit, balance = amounts
        signed = signed or (amount is not None and amount < 0)
        if balance is not None:
            balances.append((amount or (credit or Decimal(0)) - (debit or Decimal(0)), balance))
    good = len(rows) - odd
    if not good or odd * 10 > len(rows):
        return False
    if trusted or p.AMOUNT in profile.columns:
        return trusted or signed
    return len(balances) == good and _mostly(max(_holds(balances), _holds(balances[::-1])), good)


def _shape(row: Row, profile: Profile, readable: _Readable) -> tuple[Decimal | None, ...]:
    """Amount, debit, credit and balance of a row in the profile's shape; raises ValueError for any other row."""
    if len(row.cells) != profile.width or readable.date(row, p.BOOKED) is None:
        raise ValueError("it has another width, or no date")
    readable.date(row, p.VALUE)
    if p.CURRENCY in profile.columns and currency_of(readable.text(row, p.CURRENCY), {}) is None:
        raise ValueError("it has no currency")
    if p.FLAG in profile.columns and readable.flag(row) is None:
        raise ValueError("it has no flag")
    amounts = tuple(readable.amount(row, field) for field in (p.AMOUNT, p.DEBIT, p.CREDIT))
    if sum(amount is not None for amount in amounts) != 1:
        raise ValueError("it has not one amount")
    return (*amounts, readable.amount(row, p.BALANCE))


def _mostly(count: int, rows: int) -> bool:
    """Whether four of five steps between so many rows are right."""
    return rows > 2 and count * 5 >= (rows - 1) * 4


def _holds(steps: Sequence[tuple[Decimal, Decimal]]) -> int:
    """How many running balances follow from the one before: (amount, balance after it), oldest first."""
    return sum(EXACT.add(before[1], after[0]) == after[1] for before, after in pairwise(steps))


def _is_footer(row: Row, profile: Profile) -> bool:
    first = next((folded(cell) for cell in row.cells if isinstance(cell, str)), "")
    return first.startswith(profile.footer)


# Cells


class _Readable:
    """Reads the cells of a profile's columns.

    Args:
      profile: The profile.
      positions: Header → position of its column; columns by number need none.
    """

    def __init__(self, profile: Profile, positions: Mapping[str, int]) -> None:
        self._profile = profile
        self._columns = {
            field: [column - 1 if isinstance(column, int) else positions[column] for column in columns
                    if isinstance(column, int) or column in positions]
            for field, columns in profile.columns.items()
        }  # fmt: skip
        self.ancient = False
        self.year_month: tuple[int, int] | None = None

    @property
    def used(self) -> set[int]:
        """The positions of all columns that the profile names."""
        return {position for positions in self._columns.values() for position in positions}

    def cells(self, row: Row, field: str) -> Iterator[Cell]:
        """The cells of a field that have something in them."""
        for position in self._columns.get(field, ()):
            cell = row.cells[position] if position < len(row.cells) else None
            # Some banks draw a line where they have nothing to say.
            if cell is not None and not (isinstance(cell, str) and not cell.strip("-–—")):
                yield cell

    def text(self, row: Row, field: str) -> str:
        """The texts of a field on one line."""
        return text_of(*map(_shown, self.cells(row, field)))

    def reference(self, row: Row, field: str) -> str:
        """A reference; a number that was typed as one keeps its digits."""
        return reference_of(self.text(row, field).strip("'"))

    def amount(self, row: Row, field: str) -> Decimal | None:
        """The amount of a field; None for an empty one. Raises ValueError for anything else."""
        money = self.money(row, field)
        return None if money is None else money.amount

    def money(self, row: Row, field: str) -> Money | None:
        """The amount of a field with the currency that its cell names, "" for none; None for an empty one.

        Raises:
          ValueError: It is anything else, or a word stands beside the number that may change its meaning.
        """
        cell = next(self.cells(row, field), None)
        if cell is None:
            return None
        if isinstance(cell, Decimal):
            return Money(cell, "")
        if isinstance(cell, datetime.date):
            raise ValueError("a date stands where an amount should")
        written = plain(cell)
        if written.casefold() in NOTHING:
            return None
        try:
            money = read_money(written, self._profile.decimal)
        except ValueError as error:
            raise ValueError(f"{shown(cell, 30)} is not an amount: {error}{self._hint(written)}") from error
        if money.amount.adjusted() >= _DIGITS_MAX or decimal_places(money.amount) >= _DIGITS_MAX:
            raise ValueError(f"{shown(cell, 30)} has more digits than any amount")
        # Some banks write "100.00 Dr" into the cell itself.
        word = folded(money.currency)
        debit = word in self._profile.debit_words
        if word and (debit or word in self._profile.credit_words):
            if money.amount < 0:
                raise ValueError(
                    f"{shown(cell, 30)} is a negative {'debit' if debit else 'credit'}: the sign is not clear"
                )
            return Money(-money.amount if debit else money.amount, "")
        currency = currency_of(money.currency, {}) if word else ""
        if currency is None and (word in _MONEY_WORDS or any(unicodedata.category(each) == "Sc" for each in word)):
            currency = ""
        if currency is None:
            raise ValueError(f"{shown(cell, 30)} has a word beside it that is neither a currency nor debit or credit")
        return Money(money.amount, currency)

    def _hint(self, written: str) -> str:
        """What to change in a profile with the wrong decimal mark; "" when the other one would not do."""
        other = "," if self._profile.decimal == "." else "."
        try:
            read_money(written, other)
        except ValueError:
            return ""
        return f' (if the table is written so, the profile says decimal = "{other}")'

    def date(self, row: Row, field: str) -> datetime.date | None:
        """The date of a field; None for an empty one. Raises ValueError for anything else."""
        cell = next(self.cells(row, field), None)
        if cell is None or isinstance(cell, datetime.date):
            return cell
        written = plain(_shown(cell)).rstrip(".")
        if not written or written in NOTHING:
            return None
        try:
            return self._date(written)
        except ValueError as error:
            raise ValueError(f"{shown(_shown(cell), 30)} is not a date: {error}") from error

    def _date(self, written: str) -> datetime.date:
        if self._profile.date == p.MONTH_DAY:
            found = _MONTH_DAY.fullmatch(written)
            if found is None or self.year_month is None:
                raise ValueError("it is not month and day" if found is None else "no year stands above the table")
            year, month = self.year_month
            # A statement of January has days of December, which are of the year before.
            return datetime.date(year - (int(found[1]) > month), int(found[1]), int(found[2]))
        try:
            return read_date(written, self._profile.date)
        except ValueError:
            found = _YEAR_FIRST.fullmatch(written)
            if found is None or not 0 < int(found[1]) < YEARS.start:
                raise
            self.ancient = True
            return datetime.date(int(found[1]), int(found[2]), int(found[3]))

    def flag(self, row: Row) -> int | None:
        """1 for a credit, -1 for a debit, None for neither."""
        word = folded(self.text(row, p.FLAG))
        return _direction(word, self._profile.debit_words, self._profile.credit_words)


def _direction(word: str, debits: frozenset[str], credits_: frozenset[str]) -> int | None:
    """What a flag says; of several words all must agree, as in "借 Dr"."""
    for words in ([word], word.split()):
        said = {1 if each in credits_ else -1 if each in debits else 0 for each in words}
        if len(said) == 1 and said != {0}:
            return said.pop()
    return None


def _shown(cell: Cell) -> str:
    if isinstance(cell, Decimal):
        return format(cell, "f")
    return "" if cell is None else str(cell)


# Rows


class _Table:
    """One table, read with its profile."""

    def __init__(self, match: _Match, problems: Problems) -> None:
        self._grid, self._profile, header = match
        self._problems = problems
        rows = self._grid.rows
        self._above = rows[: max(header, 0)]
        self._below = rows[header + 1 :]
        positions: dict[str, int] = {}
        self._headers: tuple[Cell, ...] = rows[header].cells if header >= 0 else ()
        for position, cell in enumerate(self._headers):
            if cell is not None:
                positions.setdefault(folded(cell), position)
        for written in self._profile.header:
            if written.endswith(_ELLIPSIS):
                full = next(name for name in positions if _is_header(name, written))
                positions.setdefault(written, positions[full])
        self._cells = _Readable(self._profile, positions)
        self._place = self._at(rows[header].line if header >= 0 else 1)
        self._opening: Decimal | None = None

    def _at(self, line: int) -> str:
        return f"{self._grid.sheet}!{line}" if self._grid.sheet else str(line)

    def drafts(self) -> list[Draft]:
        """A draft for each account and currency."""
        self._find_year()
        records = self._records()
        if records and not self._profile.own and all(self._either_way(record.row) for record in records):
            order = ORDERS[self._profile.date]
            self._problems.note(self._place, f"dates are read as {order}, as {self._profile.name} writes them")
        if self._cells.ancient:
            self._problems.warning(self._place, "some days are long before any bank's records: look at the dates")
        if not records:
            self._problems.warning(self._place, "the table has no bookings that can be read")
        if any(not record.currency for record in records):
            self._problems.warning(
                self._place, 'nothing says the currency: add a line as currency = "EUR", or a column, to the profile'
            )
        if _newest_first(records):
            records.reverse()
        groups: dict[tuple[str, str], list[_Record]] = {}
        for record in records:
            groups.setdefault((record.account, record.currency), []).append(record)
        if not groups:
            groups[self._account_of_table(), self._currency_of_table()] = []
        return [
            self._draft(account, currency, of_group, alone=len(groups) == 1)
            for (account, currency), of_group in groups.items()
        ]

    def _either_way(self, row: Row) -> bool:
        """Whether a date can be read with the month first and with the day first, and means another day then."""
        cell = next(self._cells.cells(row, p.BOOKED), None)
        return isinstance(cell, str) and date_votes(plain(cell).rstrip(".")).matters

    def _draft(self, account: str, currency: str, records: Sequence[_Record], *, alone: bool) -> Draft:
        opening = self._labelled("opening") if alone else None
        closing = self._labelled("closing") if alone else None
        steps = [(record.amount, record.balance) for record in records if record.balance is not None]
        place = ""
        if records and len(steps) == len(records):
            first, last = steps[0], steps[-1]
            if opening is None:
                opening = EXACT.subtract(first[1] or Decimal(0), first[0])
            if closing is None:
                closing = last[1]
            place = next(
                (
                    self._at(after.row.line)
                    for before, after in pairwise(records)
                    if before.balance is not None and EXACT.add(before.balance, after.amount) != after.balance
                ),
                "",
            )
        if place and self._profile.own and (_turned(steps) or _turned(steps[::-1])):
            self._problems.warning(
                self._place,
                "every running balance agrees when debits and credits change places: look at debit and credit in the"
                " profile, or at its sign",
            )
        return Draft(
            account,
            currency,
            "",
            DOWNLOAD,
            None if opening is None else Balance(opening, records[0].booked if records else None),
            None if closing is None else Balance(closing, records[-1].booked if records else None),
            tuple(Booking(record.reference, (record.line,)) for record in records),
            (),
            False,
            self._place,
            place,
        )

    def _records(self) -> list[_Record]:
        """The rows that are bookings, with problems for those that should be and cannot be read."""
        signed = self._signed()
        balances = self._balances()
        records: list[_Record] = []
        empty: list[Row] = []
        for row in self._below:
            try:
                record = self._record(row, signed, balances)
            except ValueError as error:
                if not _is_footer(row, self._profile):
                    self._problems.error(self._at(row.line), f"{error}; the row is left out{self._or_footer(row)}")
                continue
            if record is not None:
                records.append(record)
            elif _is_footer(row, self._profile):
                continue
            elif self._profile.continuation and records and (text := self._cells.text(row, p.TEXT)):
                last = records[-1]
                line = last.line._replace(remittance=text_of(last.line.remittance, text))
                records[-1] = last._replace(line=line)
            elif row is self._below[-1] and len(row.cells) < len(self._headers):
                self._problems.warning(
                    self._at(row.line),
                    f"the last row has no amount and too few cells: the file may be cut{self._or_footer(row)}",
                )
            else:
                empty.append(row)
        if empty:
            rows = "1 row has" if len(empty) == 1 else f"{len(empty)} rows have"
            self._problems.note(self._place, f"{rows} no amount: left out")
            if p.AMOUNT in self._profile.columns:
                self._warn_of_column(empty, [record.row for record in records])
        return records

    def _warn_of_column(self, empty: Sequence[Row], bookings: Sequence[Row]) -> None:
        """Warn when rows without an amount have one in a column that is empty in all bookings: the debits, perhaps."""
        for position, header in enumerate(self._headers):
            if position in self._cells.used or any(self._has_money(row, position) is not None for row in bookings):
                continue
            count = sum(self._has_money(row, position) is True for row in empty)
            if count:
                self._problems.warning(
                    self._place,
                    f"column {shown(_shown(header), 30)} has an amount in {count} of the rows that have none where the"
                    " profile looks: they are left out; name debit and credit instead of amount",
                )

    def _has_money(self, row: Row, position: int) -> bool | None:
        """Whether a cell has an amount; None for an empty one."""
        cell = row.cells[position] if position < len(row.cells) else None
        if cell is None or (isinstance(cell, str) and plain(cell).casefold() in {"", *NOTHING}):
            return None
        if isinstance(cell, str):
            try:
                return bool(read_money(plain(cell), self._profile.decimal).amount)
            except ValueError:
                return False
        return isinstance(cell, Decimal) and bool(cell)

    def _or_footer(self, row: Row) -> str:
        """What to add to a profile of one's own when a row without a day is no booking; "" for any other row."""
        try:
            dated = self._cells.date(row, p.BOOKED) or self._cells.date(row, p.VALUE)
        except ValueError:
            dated = None
        first = next((cell for cell in row.cells if isinstance(cell, str)), "")
        words = " ".join(first.split())[:_FOOTER_SHOWN].strip()
        if dated is not None or not self._profile.own or not words.isprintable() or not set(words).isdisjoint('"\\'):
            return ""
        return f'; if it is no booking, add footer = ["{words}"] above [columns] in the profile' if words else ""

    def _record(self, row: Row, signed: bool, balances: bool) -> _Record | None:
        """A row as a booking; None when it has no amount. Raises ValueError when it cannot be read."""
        cells = self._cells
        amount = self._amount(row, signed)
        if amount is None:
            return None
        booked = cells.date(row, p.BOOKED) or cells.date(row, p.VALUE)
        if booked is None:
            raise ValueError("it has an amount, but no date")
        currency = self._currency(row, self._written_currency(row))
        account = account_of(cells.text(row, p.ACCOUNT).strip("'")) or self._account_of_table()
        name, text = cells.text(row, p.NAME), cells.text(row, p.TEXT)
        kind = cells.text(row, p.TYPE)
        unique = cells.reference(row, p.ID)
        document = cells.reference(row, p.DOCUMENT)
        line = line_of(
            booked,
            amount,
            currency,
            file=self._grid.file,
            place=self._at(row.line),
            value_date=cells.date(row, p.VALUE),
            counterparty=name,
            counterparty_account=account_of(cells.text(row, p.NAME_ACCOUNT).strip("'")),
            references=References(
                cells.reference(row, p.CREDITOR),
                cells.reference(row, p.END_TO_END),
                unique or cells.reference(row, p.REFERENCE),
                cells.reference(row, p.CUSTOMER),
                "",
                cells.reference(row, p.MANDATE),
                cells.reference(row, p.CHEQUE),
                (document,) if document else (),
            ),
            remittance=text,
            type=types.of_words(kind),
            code=kind,
        )
        balance = cells.amount(row, p.BALANCE) if balances else None
        return _Record(row, booked, line.value_date, amount, balance, account, currency, line, unique)

    def _amount(self, row: Row, signed: bool) -> Decimal | None:
        """The signed amount of a row; None without one."""
        cells = self._cells
        if p.AMOUNT in self._profile.columns:
            amount = cells.amount(row, p.AMOUNT)
            if amount is None:
                return None
            if p.FLAG in self._profile.columns:
                direction = cells.flag(row)
                said = shown(cells.text(row, p.FLAG), 20)
                if direction is None:
                    raise ValueError(f"{said} says neither debit nor credit")
                if signed and amount and (amount > 0) != (direction > 0):
                    raise ValueError(f"the amount {amount} and {said} contradict each other")
                return amount if signed else direction * amount
            return -amount if self._profile.reversed else amount
        debit, credit = cells.amount(row, p.DEBIT), cells.amount(row, p.CREDIT)
        if debit and credit:
            raise ValueError(f"it has both a debit of {debit} and a credit of {credit}")
        if debit is None and credit is None:
            return None
        if debit:
            return debit if signed else -debit
        return credit or Decimal(0)

    def _signed(self) -> bool:
        """Whether the amounts carry their signs: a flag beside them, or the debit column, then adds none.

        Raises:
          BankError: No amount has a sign, and a column that nobody named tells debits from credits.
        """
        profile = self._profile
        field = p.AMOUNT if p.AMOUNT in profile.columns else p.DEBIT
        amounts = []
        for row in self._below:
            try:
                amount = self._cells.amount(row, field)
            except ValueError:
                continue
            if amount:
                amounts.append(amount)
        if field == p.DEBIT:
            return bool(amounts) and all(amount < 0 for amount in amounts)
        signed = any(amount < 0 for amount in amounts)
        if not signed and amounts and p.FLAG not in profile.columns:
            self._refuse_flags()
        return signed

    def _refuse_flags(self) -> None:
        """Raise BankError when a column that the profile does not name says which amounts are debits."""
        width = max((len(row.cells) for row in self._below), default=0)
        for position in sorted(set(range(width)) - self._cells.used):
            words = {
                folded(row.cells[position])
                for row in self._below
                if position < len(row.cells) and isinstance(row.cells[position], str)
            }
            said = {_direction(word, p.DEBIT_WORDS, p.CREDIT_WORDS) for word in words if len(word) < 40}
            if -1 in said and None not in said:
                header = self._headers[position] if position < len(self._headers) else None
                name = shown(header) if header is not None else f"number {position + 1}"
                raise BankError(
                    f"column {name} tells debits from credits, and the profile does not name it: add"
                    f" flag = {name if header is not None else position + 1} under [columns]",
                    self._place,
                )

    def _balances(self) -> bool:
        """Whether the running balances can be read; when one cannot, none is used."""
        if p.BALANCE not in self._profile.columns:
            return False
        for row in self._below:
            try:
                self._cells.amount(row, p.BALANCE)
            except ValueError as error:
                if not _is_footer(row, self._profile):
                    self._problems.note(self._at(row.line), f"the running balance is not used: {error}")
                    return False
        return True

    def _written_currency(self, row: Row) -> str:
        """The currency that stands in the cell of the amount; "" without one."""
        for field in (p.AMOUNT, p.DEBIT, p.CREDIT):
            money = self._cells.money(row, field)
            if money is not None and money.currency:
                return money.currency
        return ""

    def _currency(self, row: Row, beside: str) -> str:
        """The currency of a row, which its own column, the table or the cell of the amount says."""
        written = self._cells.text(row, p.CURRENCY)
        if not written or written in NOTHING:
            found: str | None = self._currency_of_table() or beside
        else:
            found = currency_of(written, {})
        if found is None:
            raise ValueError(f"{shown(written, 20)} is no currency")
        if beside and beside != found:
            raise ValueError(f"its amount is in {beside}, but it should be in {found}")
        return found

    # What stands above and below

    def _find_year(self) -> None:
        if self._profile.month is None:
            return
        for row in self._above:
            for cell in row.cells:
                found = self._profile.month.search(_shown(cell)) if cell is not None else None
                if found and found[1].isdigit() and found[2].isdigit():
                    self._cells.year_month = int(found[1]), int(found[2])
                    return

    def _beside(self, key: str) -> str:
        """The value beside a label, in its own cell or in the next one to the right that has something."""
        label = self._profile.labels.get(key)
        if not label:
            return ""
        for row in (*self._above, *self._below):
            for position, cell in enumerate(row.cells):
                if not isinstance(cell, str) or not folded(cell).startswith(label):
                    continue
                own = folded(cell)[len(label) :].strip(" :：")
                if own:
                    # The same part of the text as it is written.
                    return text_of(cell)[-len(own) :] if text_of(cell).casefold().endswith(own) else own
                return next((_shown(each) for each in row.cells[position + 1 :] if each is not None), "")
        return ""

    def _labelled(self, key: str) -> Decimal | None:
        written = self._beside(key)
        if not written:
            return None
        try:
            return read_money(written, self._profile.decimal).amount
        except ValueError as error:
            self._problems.warning(self._place, f"the {key} balance {shown(written, 30)} cannot be read: {error}")
            return None

    def _account_of_table(self) -> str:
        if self._profile.account:
            return account_of(self._profile.account)
        written = self._beside("account")
        found = _DIGITS_GROUPED.search(written)
        return account_of(found[0].replace("-", "") if found else written)

    def _currency_of_table(self) -> str:
        if self._profile.currency:
            return self._profile.currency
        written = self._beside("currency")
        return (currency_of(written, {}) or "") if written else ""


def _turned(steps: Sequence[tuple[Decimal, Decimal | None]]) -> bool:
    """Whether every running balance follows from the one before when the amount is taken the other way round."""
    return all(
        before is not None and EXACT.subtract(before, amount) == after
        for (_, before), (amount, after) in pairwise(steps)
    )


def _newest_first(records: Sequence[_Record]) -> bool:
    """Whether the first row is the latest: the running balances say so, where all of them agree, else the days."""
    if len(records) < 2:
        return False
    steps = [(record.amount, record.balance) for record in records if record.balance is not None]
    pairs = [(amount, balance) for amount, balance in steps if balance is not None]
    down, up = _holds(pairs), _holds(pairs[::-1])
    if down != up and (_mostly(max(down, up), len(records)) or records[0].booked == records[-1].booked):
        return up > down
    return records[0].booked > records[-1].booked
