"""Relation bank_lines: the lines of bank statements, one row a line, oldest first; each id once."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final, overload

from receivables.money import added, iso_digits
from receivables.report import Column, Report, Row
from receivables_importers.bank.model import DOWNLOAD, BankFile, BankLine, BankStatement
from receivables_importers.tables.values import decimal_places

COLUMNS: Final = (
    Column("booked", datetime.date, "Day on which the bank booked it."),
    Column("amount", Decimal, "Amount, positive for what came in.", money="currency", total=True, key=True),
    Column("currency", str, "Currency of the amounts."),
    Column("counterparty", str, "Who paid or was paid.", key=True),
    Column("remittance", str, "Text that came with it."),
    Column("type", str, "What it is: credit transfer, direct debit, cheque, card, cash, fee, interest, salary, return, "
           "reversal or other."),
    Column("creditor_reference", str, "Structured reference that the creditor gave out (RF, QR, ESR)."),
    Column("end_to_end", str, "The payer's reference that travels with the payment."),
    Column("bank_reference", str, "The bank's reference of the entry."),
    Column("customer_reference", str, "The account owner's reference of an order."),
    Column("transaction", str, "The payment's number in the clearing."),
    Column("mandate", str, "Mandate of a direct debit."),
    Column("cheque", str, "Number of the cheque."),
    Column("documents", str, "Documents that the payer names in fields meant for them."),
    Column("counterparty_account", str, "The counterparty's account."),
    Column("ultimate", str, "In whose name the counterparty acts, where the bank says so."),
    Column("value_date", datetime.date, "Day from which it bears interest."),
    Column("charges", Decimal, "What the bank says it kept, where it says so.", money="currency"),
    Column("original_amount", Decimal, "Amount that was ordered, where it differs.", money="original_currency"),
    Column("original_currency", str, "Currency of the amount that was ordered."),
    Column("booking_amount", Decimal, "Amount of the entry of the bank that the line is a part of.", money="currency"),
    Column("booking", str, "Id of that entry; the line's own when it is all of it."),
    Column("code", str, "The bank's own code or words for what it is."),
    Column("account", str, "The account of the statement."),
    Column("file", str, "File that has it."),
    Column("place", str, "Line, row or XML path in the file."),
    Column("id", str, "Id of the line, the same in every file that has it.", key=True),
)  # fmt: skip

if TYPE_CHECKING:
    # All relations come with it, which takes the time of reading a statement.
    from receivables.relations.question import Condition

BRIEF: Final = (
    "booked", "amount", "currency", "counterparty", "remittance", "type", "creditor_reference", "documents",
    "cheque", "account",
)  # fmt: skip
"""The columns that fit a terminal."""

_ALWAYS: Final = frozenset({"booked", "amount", "currency", "counterparty"})
_NOTES_MAX: Final = 20


def together(files: Sequence[BankFile]) -> tuple[list[BankLine], int]:
    """The lines of several files, oldest first, each id once; and how many stood in more than one.

    An entry that one file has in sum and another one in detail is taken once, as the first file has it.
    """
    lines: list[BankLine] = []
    ids: set[str] = set()
    bookings: set[str] = set()
    repeated = 0
    for file in files:
        of_file = file.lines
        known = {line.booking for line in of_file if line.booking in bookings}
        split_alike = {line.booking for line in of_file if line.id in ids}
        for line in of_file:
            if line.id in ids or (line.booking in known and line.booking not in split_alike):
                repeated += 1
                continue
            lines.append(line)
            ids.add(line.id)
        bookings.update(line.booking for line in of_file)
    return sorted(lines, key=lambda line: line.booked), repeated


class Rows(Sequence[Row]):
    """Lines as rows, each made when it is asked for: of a hundred thousand lines none is kept twice.

    Args:
      lines: The lines.
      positions: Which of `COLUMNS` a row has.
    """

    def __init__(self, lines: Sequence[BankLine], positions: Sequence[int] = range(len(COLUMNS))) -> None:
        self._lines = lines
        self._positions = tuple(positions)
        self._whole = self._positions == tuple(range(len(COLUMNS)))

    def __len__(self) -> int:
        return len(self._lines)

    def __iter__(self) -> Iterator[Row]:
        return map(self._cells, self._lines)

    @overload
    def __getitem__(self, position: int) -> Row: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[Row]: ...
    def __getitem__(self, position: int | slice) -> Row | Sequence[Row]:
        if isinstance(position, slice):
            return [self._cells(line) for line in self._lines[position]]
        return self._cells(self._lines[position])

    def of(self, positions: Sequence[int]) -> Rows:
        """The same lines with other columns."""
        return Rows(self._lines, positions)

    def _cells(self, line: BankLine) -> Row:
        row = _row(line)
        return row if self._whole else tuple(row[position] for position in self._positions)


def report(files: Sequence[BankFile], where: Sequence[Condition] = ()) -> Report:
    """The relation `bank_lines` of files as they were read, with the rows for which all conditions on columns hold."""
    lines, repeated = together(files)
    statements = [statement for file in files for statement in file.statements]
    as_of = _last_day(lines, statements)
    places: dict[str, int] = {}
    for line in lines:
        for amount, currency in ((line.amount, line.currency), (line.original_amount, line.original_currency)):
            if amount is not None:
                places[currency] = max(places.get(currency, iso_digits(currency)), decimal_places(amount))
    if where:
        names = [column.name for column in COLUMNS]
        conditions = [(names.index(condition.key), condition) for condition in where]
        kept = zip(lines, map(_row, lines), strict=True)
        lines = [line for line, row in kept if all(each.holds(row[position]) for position, each in conditions)]
    notes = [_told(statement) for statement in statements[:_NOTES_MAX]]
    if len(statements) > _NOTES_MAX:
        notes.append(f"and {len(statements) - _NOTES_MAX:,} more statements")
    if repeated:
        notes.append(f"{repeated:,} lines stand in more than one place: each is shown once")
    return Report("bank_lines", "Bank lines", as_of, COLUMNS, Rows(lines), tuple(notes), places)


def brief(report: Report) -> Report:
    """The report of `report` for a terminal: the columns that people read, without those that are empty in every row.

    The account is there when there are several. All columns are in the other formats.
    """
    waiting = [report.position(name) for name in BRIEF if name not in _ALWAYS]
    account = report.position("account")
    first = next((row[account] for row in report.rows if row[account]), None)
    found: set[int] = set()
    for row in report.rows:
        telling = [place for place in waiting if row[place] and (place != account or row[place] != first)]
        found.update(telling)
        waiting = [place for place in waiting if place not in telling] if telling else waiting
        if not waiting:
            break
    kept = [place for name in BRIEF if (place := report.position(name)) in found or name in _ALWAYS]
    rows, more = report.rows, len(COLUMNS) - len(kept) - 1
    return report._replace(
        columns=tuple(report.columns[place] for place in kept),
        rows=rows.of(kept) if isinstance(rows, Rows) else [tuple(row[place] for place in kept) for row in rows],
        notes=(*report.notes, *([f"ids and {more} more columns are in the other formats"] if report.rows else [])),
    )


def _row(line: BankLine) -> Row:
    references = line.references
    return (
        line.booked, line.amount, line.currency, line.counterparty, line.remittance, line.type,
        references.creditor, references.end_to_end, references.bank, references.customer, references.transaction,
        references.mandate, references.cheque, ", ".join(references.documents), line.counterparty_account,
        line.ultimate, line.value_date, line.charges, line.original_amount, line.original_currency,
        line.booking_amount, line.booking, line.code, line.account, line.file, line.place, line.id,
    )  # fmt: skip


def _last_day(lines: Sequence[BankLine], statements: Sequence[BankStatement]) -> datetime.date:
    days = [line.booked for line in lines]
    days += [statement.closing.date for statement in statements if statement.closing and statement.closing.date]
    return max(days, default=datetime.date(1970, 1, 1))


def _told(statement: BankStatement) -> str:
    """What a statement adds up to, in a sentence."""
    moved = added(line.amount for line in statement.lines if line.currency == statement.currency)
    number = f" {statement.number}" if statement.number and statement.kind != DOWNLOAD else ""
    name = f"{statement.file}: {statement.kind}{number} of {statement.account or 'an account that is not named'}"
    currency = f" {statement.currency}" if statement.currency else ""
    lines = f"{len(statement.lines):,} line{'s' * (len(statement.lines) != 1)}"
    told = f"{name}: {lines}, together {moved:,}{currency}"
    if statement.opening is None or statement.closing is None:
        balance = statement.closing or statement.opening
        which = "closing" if statement.closing else "opening"
        known = f"{which} balance {balance.amount:,}; " if balance is not None else ""
        return f"{told}; {known}nothing to check them against"
    ends = f"opening {statement.opening.amount:,}, closing {statement.closing.amount:,}"
    return f"{told}; {ends}{f', a gap of {statement.gap:,}' if statement.gap else ': they agree'}"
