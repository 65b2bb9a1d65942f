"""Records: the rows of a mapped table as typed customers, items and receipts, with every problem named.

A row with a problem gives no record. What concerns several rows or tables (numbers used twice, receipts
for unknown invoices) is for `receivables_importers.start.ledger`.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from receivables_importers.start import headers
from receivables_importers.start.headers import (
    BALANCES,
    CUSTOMER_WORDS,
    CUSTOMERS,
    FIELDS,
    INVOICES,
    RECEIPTS,
)
from receivables_importers.start.mapping import AS_IS, REVERSED, Settings, TableMapping, cell_is_empty
from receivables_importers.start.problems import Problem, shown
from receivables_importers.start.reading import Cell, Row, Sheet
from receivables_importers.start.values import (
    DAY_FIRST,
    DECIMALS_MAX,
    DIGITS_MAX,
    POINT,
    SHARED_SYMBOLS,
    TOO_LARGE,
    currency_of,
    decimal_places,
    in_currency,
    read_date,
    read_flag,
    read_money,
    terms_of,
    text_of,
)

GIVE_CURRENCY: Final = (
    'give it with --currency USD, or with currency = "USD" in the mapping, or map a column to currency'
)


class Place(NamedTuple):
    """Where a record comes from: the file, the worksheet ("" for none) and the row."""

    file: str
    sheet: str
    line: int


class CustomerRecord(NamedTuple):
    """A row of a table of customers.

    Attributes:
      place: Where it stands.
      code: What identifies the customer.
      account: The ledger account or its last part; "" when the table does not say.
      words: Field → text, for what the table says (name, email, …).
      credit_limit: Amount and currency, or None.
      kept: Metadata key → cell, for the other columns.
    """

    place: Place
    code: str
    account: str
    words: Mapping[str, str]
    credit_limit: tuple[Decimal, str] | None
    kept: Mapping[str, Cell]


class Item(NamedTuple):
    """An invoice, a credit memo (negative) or an open balance.

    Attributes:
      place: Where it stands.
      customer: The customer as the row names it.
      number: "" where the table has no numbers.
      date: The document's date; None for a balance without one.
      due: None when the row gives no day.
      amount, currency: Positive is owed by the customer.
      opening: The day on which a balance was taken; None for an invoice.
      settled_on: The day on which it was paid; None while it is open.
      paid: How much was paid on that day, with the sign of `amount`; None for all of it.
      disputed: Whether it is disputed.
      disputed_on, disputed_amount, dispute_reason: As far as the row says.
      account: The customer's account as the row names it; "" for none.
      words: Field → text, for terms, description, reference, contract and what is about the customer.
      kept: Metadata key → cell, for the other columns.
    """

    place: Place
    customer: str
    number: str
    date: datetime.date | None
    due: datetime.date | None
    amount: Decimal
    currency: str
    opening: datetime.date | None
    settled_on: datetime.date | None
    paid: Decimal | None
    disputed: bool
    disputed_on: datetime.date | None
    disputed_amount: Decimal | None
    dispute_reason: str
    account: str
    words: Mapping[str, str]
    kept: Mapping[str, Cell]


class ReceiptRecord(NamedTuple):
    """A row of a table of receipts.

    Attributes:
      place: Where it stands.
      customer: "" when only the settled invoice tells.
      number: "" where the table has no numbers.
      date, amount: The amount is positive.
      currency: As the row says; "" when it does not, so that the settled invoice tells.
      default_currency: Where neither does; "" for none.
      settles: As written: a number, several, or "" for a receipt on account.
      words: Field → text, for description, reference and the customer's name.
      kept: Metadata key → cell, for the other columns.
    """

    place: Place
    customer: str
    number: str
    date: datetime.date
    amount: Decimal
    currency: str
    default_currency: str
    settles: str
    words: Mapping[str, str]
    kept: Mapping[str, Cell]


class Records(NamedTuple):
    """What the tables hold, in the order of the rows.

    Attributes:
      customers, items, receipts: The records.
      problems: Those of single rows.
      table_problems: Those of whole tables, which cannot be left out.
      decisions: What was decided on the way, in words.
      headers: File and sheet → field → header of its column.
    """

    customers: tuple[CustomerRecord, ...]
    items: tuple[Item, ...]
    receipts: tuple[ReceiptRecord, ...]
    problems: tuple[Problem, ...]
    table_problems: tuple[Problem, ...]
    decisions: tuple[str, ...]
    headers: Mapping[tuple[str, str], Mapping[str, str]]


def read_records(sheet: Sheet, mapping: TableMapping, settings: Settings) -> Records:
    """The records of one table; see `Records`."""
    customers: list[CustomerRecord] = []
    items: list[Item] = []
    receipts: list[ReceiptRecord] = []
    problems: list[Problem] = []
    totals: list[int] = []
    zeros: list[int] = []
    without_currency: list[int] = []
    for row in sheet.rows:
        reader = _RowReader(sheet, mapping, settings, row)
        if reader.is_total():
            totals.append(row.line)
            continue
        if mapping.kind == CUSTOMERS:
            customer = _customer(reader)
            if not reader.problems:
                customers.append(customer)
        elif mapping.kind == RECEIPTS:
            receipt = _receipt(reader)
            if receipt is not None and not reader.problems:
                receipts.append(receipt)
        else:
            item = _item(reader)
            if item is not None and not reader.problems:
                if item.amount:
                    items.append(item)
                else:
                    zeros.append(row.line)
        problems += sorted(reader.problems, key=lambda problem: _column_order(sheet, problem))
        without_currency += [row.line] * reader.currency_missing
    decisions = []
    if totals:
        decisions.append(f"rows of totals, which are left out: {_rows(totals)}")
    if zeros:
        decisions.append(f"rows with the amount zero, which are left out: {_rows(zeros)}")
    return Records(
        tuple(customers),
        tuple(items),
        tuple(receipts),
        tuple(problems),
        (*_signs(sheet, mapping, items), *_currencies(sheet, without_currency)),
        tuple(decisions),
        {(sheet.name, sheet.sheet): {field: sheet.columns[at] for field, at in mapping.columns.items()}},
    )


def _column_order(sheet: Sheet, problem: Problem) -> int:
    return sheet.columns.index(problem.column) if problem.column in sheet.columns else -1


def _currencies(sheet: Sheet, without: list[int]) -> tuple[Problem, ...]:
    """One problem for all rows whose currency nothing tells."""
    if not without:
        return ()
    message = f"rows whose currency is not known: {_rows(without)}"
    return (Problem(sheet.name, sheet.sheet, None, "", message, GIVE_CURRENCY),)


def _rows(lines: list[int]) -> str:
    first = ", ".join(str(line) for line in lines[:3])
    return f"{len(lines):,} (row {first}{', …' if len(lines) > 3 else ''})"


def _signs(sheet: Sheet, mapping: TableMapping, items: list[Item]) -> tuple[Problem, ...]:
    """A problem when nearly all invoices are negative and nobody has said what that means."""
    if mapping.kind != INVOICES or mapping.sign is not None or len(items) < 2:
        return ()
    negative = sum(1 for item in items if item.amount < 0)
    if negative <= len(items) // 2:
        return ()
    column = sheet.columns[mapping.columns["amount"]]
    name = f'  [[table]]\n  file = "{sheet.name}"'
    return (
        Problem(
            sheet.name,
            sheet.sheet,
            None,
            column,
            f"{negative:,} of {len(items):,} amounts are negative",
            "put the right one of the last lines into the mapping:\n"
            f'{name}\n  sign = "{REVERSED}"   # they are invoices\n  sign = "{AS_IS}"   # they are'
            " credit memos",
        ),
    )


def _customer(reader: _RowReader) -> CustomerRecord:
    limit = reader.amount("credit_limit")
    currency = reader.currency(limit[1] if limit else "", needed=limit is not None)
    return CustomerRecord(
        reader.place,
        reader.identity("customer"),
        reader.text("account"),
        reader.words(("terms", *CUSTOMER_WORDS)),
        (in_currency(limit[0], currency), currency) if limit and currency else None,
        reader.kept(),
    )


def _item(reader: _RowReader) -> Item | None:
    balances = reader.mapping.kind == BALANCES
    date = reader.date("date", needed=not balances)
    opening = (reader.date("opening") or reader.settings.opening) if balances else None
    found = reader.money("amount", needed=True)
    paid = reader.money("paid_amount")
    disputed_amount = reader.money("disputed_amount")
    settled_on = reader.date("settled_on")
    if balances and opening is None:
        reader.problem(
            "opening",
            "it is not known on which day this balance was taken",
            "put the day into the mapping as opening = 2026-01-01, or give --opening",
        )
    if opening is not None and date is not None and date > opening:
        reader.problem("date", f"{date} is after {opening}, the day on which the balances were taken")
    disputed = reader.flag("disputed")
    item = Item(
        place=reader.place,
        customer=reader.identity("customer"),
        number=reader.identity("number")
        if "number" in reader.mapping.columns and not balances
        else reader.code("number"),
        date=date,
        due=reader.date("due"),
        amount=reader.signed(found[0]) if found else Decimal(0),
        currency=found[1] if found else "",
        opening=opening,
        settled_on=settled_on,
        paid=reader.signed(paid[0]) if paid else None,
        disputed=disputed or (disputed_amount is not None and bool(disputed_amount[0])),
        disputed_on=reader.date("disputed_on"),
        disputed_amount=disputed_amount[0] if disputed_amount and disputed_amount[0] else None,
        dispute_reason=reader.text("dispute_reason"),
        account=reader.text("account"),
        words=reader.words(("terms", "description", "reference", "contract", *CUSTOMER_WORDS)),
        kept=reader.kept(),
    )
    if found is None or (date is None and not balances) or (balances and opening is None):
        return None
    _check_settlement(reader, item)
    return item


def _check_settlement(reader: _RowReader, item: Item) -> None:
    """Name what cannot be right about when and how much was paid."""
    if item.settled_on is None:
        if item.paid:
            reader.problem(
                "paid_amount",
                "an amount was paid, but not on which day",
                f"fill in the day of payment{_under(reader, 'settled_on')}",
            )
        return
    if item.date is not None and item.settled_on < item.date and not reader.settings.paid_in_advance:
        reader.problem(
            "settled_on",
            f"it was settled on {item.settled_on}, before its own date {item.date}",
            "correct the one that is wrong; if it was paid in advance, put paid_in_advance = true into the mapping",
        )
    if item.paid is not None and (not item.paid or (item.paid > 0) != (item.amount > 0)):
        reader.problem(
            "paid_amount",
            f"{item.paid:f} was paid on an amount of {item.amount:f}",
            "correct it; leave the day of payment empty when nothing was paid",
        )


def _under(reader: _RowReader, field: str) -> str:
    at = reader.mapping.columns.get(field)
    if at is None:
        return f", and map its column to {field}"
    return f" in the column {shown(reader.sheet.columns[at])}"


def _receipt(reader: _RowReader) -> ReceiptRecord | None:
    date = reader.date("date", needed=True)
    settles = reader.code("settles")
    found = reader.amount("amount", needed=True)
    currency = reader.currency(found[1], needed=False, default=False) if found else None
    if found is not None and reader.signed(found[0]) <= 0:
        reader.problem(
            "amount",
            f"a receipt of {reader.signed(found[0]):f} brings nothing in",
            f'if receipts are negative in this table, put sign = "{REVERSED}" into the mapping; book a'
            " returned"
            " payment in the ledger by hand",
        )
    customer = reader.code("customer") if settles else reader.identity("customer")
    number = reader.code("number")
    words = reader.words(("description", "reference", "name"))
    if found is None or date is None:
        return None
    return ReceiptRecord(
        reader.place,
        customer,
        number,
        date,
        reader.signed(found[0]),
        currency or "",
        reader.mapping.currency or "",
        settles,
        words,
        reader.kept(),
    )


class _RowReader:
    """Reads the cells of one row by field; what is wrong is gathered in `problems`."""

    def __init__(self, sheet: Sheet, mapping: TableMapping, settings: Settings, row: Row) -> None:
        self.sheet = sheet
        self.mapping = mapping
        self.settings = settings
        self.row = row
        self.place = Place(sheet.name, sheet.sheet, row.line)
        self.problems: list[Problem] = []
        self.currency_missing = False

    def problem(self, field: str, message: str, mend: str = "") -> None:
        at = self.mapping.columns.get(field)
        column = "" if at is None else self.sheet.columns[at]
        self.problems.append(Problem(*self.place, column, message, mend))

    def cell(self, field: str) -> Cell:
        at = self.mapping.columns.get(field)
        return None if at is None else self.row.cells[at]

    def is_total(self) -> bool:
        """Whether this is the row of totals: it begins with such a word and names no document."""
        first = next((cell for cell in self.row.cells if cell is not None), None)
        if not isinstance(first, str) or len(first) > 40:
            return False
        if headers.folded(first) not in headers.TOTAL_WORDS:
            return False
        named = [self.cell(field) for field in ("customer", "number", "date", "settles")]
        return sum(1 for cell in named if not cell_is_empty(cell)) <= 1

    def code(self, field: str) -> str:
        """A text that identifies something; "" for an empty cell."""
        cell = self.cell(field)
        if cell_is_empty(cell):
            return ""
        try:
            return text_of(cell)
        except ValueError as error:
            self.problem(field, f"{shown(cell)}: {error}")
            return ""

    def identity(self, field: str) -> str:
        """As `code`, where an empty cell is a problem."""
        before = len(self.problems)
        code = self.code(field)
        if not code and len(self.problems) == before:
            what = {"customer": "the customer", "number": "the number"}[field]
            self.problem(field, f"{what} is empty", "fill it in, or delete the row")
        return code

    def text(self, field: str) -> str:
        """Any text; "" for an empty cell."""
        cell = self.cell(field)
        if cell_is_empty(cell):
            return ""
        return format(cell, "f") if isinstance(cell, Decimal) else str(cell)

    def words(self, fields: tuple[str, ...]) -> dict[str, str]:
        found = {}
        for field in fields:
            text = self.terms() if field == "terms" else self.text(field)
            if text:
                found[field] = text
        return found

    def terms(self) -> str:
        text = self.text("terms")
        if not text:
            return ""
        terms = terms_of(text)
        if terms is None:
            self.problem(
                "terms",
                f"the payment terms {shown(text)} are not understood",
                'write them as "net 30", "30 days EOM", "15 of next month" or "2/10 net 30"',
            )
            return ""
        return terms

    def date(self, field: str, needed: bool = False) -> datetime.date | None:
        cell = self.cell(field)
        if cell_is_empty(cell):
            if needed:
                self.problem(field, "the date is empty", "fill it in")
            return None
        if isinstance(cell, datetime.date):
            return cell
        try:
            return read_date(cell if isinstance(cell, str) else f"{cell:f}", self.mapping.dates or DAY_FIRST)
        except ValueError as error:
            self.problem(field, f"{shown(cell)} is no date: {error}", "write it as 2026-01-31")
            return None

    def flag(self, field: str) -> bool:
        cell = self.cell(field)
        try:
            return read_flag(cell)
        except ValueError as error:
            self.problem(field, f"{shown(cell)}: {error}", "write yes or no")
            return False

    def amount(self, field: str, needed: bool = False) -> tuple[Decimal, str] | None:
        """A number and the currency written with it; None for an empty cell."""
        cell = self.cell(field)
        if cell is None or (not needed and cell_is_empty(cell)):
            if needed:
                self.problem(field, "the amount is empty", "fill it in, or correct the formula behind it")
            return None
        if isinstance(cell, datetime.date):
            self.problem(field, f"{cell} is a date, not an amount", "give the column a number format")
            return None
        currency = ""
        if isinstance(cell, Decimal):
            amount = cell
        else:
            try:
                amount, currency = read_money(cell, self.mapping.decimal or POINT)
            except ValueError as error:
                self.problem(field, f"{shown(cell)} is no amount: {error}", "write it as 1234.50")
                return None
        if abs(amount) >= TOO_LARGE:
            self.problem(field, f"{shown(cell)} has more than {DIGITS_MAX} digits", "correct it")
            return None
        if decimal_places(amount) > DECIMALS_MAX:
            self.problem(
                field,
                f"{amount:f} has {decimal_places(amount)} decimal places, as a formula leaves them",
                "round it in the spreadsheet",
            )
            return None
        return amount, currency

    def money(self, field: str, needed: bool = False) -> tuple[Decimal, str] | None:
        """An amount in its currency; None for an empty cell or when something is wrong."""
        found = self.amount(field, needed)
        if found is None:
            return None
        currency = self.currency(found[1], needed=True, field=field)
        return (in_currency(found[0], currency), currency) if currency else None

    def currency(self, written: str, needed: bool, field: str = "amount", default: bool = True) -> str | None:
        """The currency of the row: its column, what is written with the amount, else the default."""
        cell = self.cell("currency")
        stated = None
        if not cell_is_empty(cell):
            stated = currency_of(str(cell), self.settings.currencies)
            if stated is None:
                self.problem(
                    "currency",
                    f"{shown(cell)} is no currency that is known",
                    "write the code of ISO 4217, as USD or VND, or say what it means in the mapping:\n"
                    f'  [currencies]\n  {_quoted(str(cell))} = "USD"',
                )
                return None
        if written:
            return self._with_sign(written, stated, field)
        currency = stated or (self.mapping.currency if default else None)
        if currency is None and needed:
            self.currency_missing = True
        return currency

    def _with_sign(self, written: str, stated: str | None, field: str) -> str | None:
        said = currency_of(written, self.settings.currencies)
        otherwise = stated or self.mapping.currency
        if said is None and written in SHARED_SYMBOLS and otherwise is not None:
            return otherwise
        if said is None:
            self.problem(
                field,
                f"{shown(written)} is no currency that is known"
                if written not in SHARED_SYMBOLS
                else f"{shown(written)} means several currencies",
                f'say which in the mapping:\n  [currencies]\n  {_quoted(written)} = "USD"',
            )
            return None
        if stated is not None and stated != said:
            self.problem(field, f"the amount is in {said}, but the row says {stated}", "correct one of them")
            return None
        return said

    def signed(self, amount: Decimal) -> Decimal:
        return -amount if self.mapping.sign == REVERSED and amount else amount

    def kept(self) -> dict[str, Cell]:
        return {key: cell for key, at in self.mapping.keep.items() if (cell := self.row.cells[at]) is not None}


def _quoted(text: str) -> str:
    return shown(text.replace("\\", "\\\\").replace('"', '\\"'))


KEYS: Final = {field: FIELDS[field].key for field in FIELDS if FIELDS[field].key}
"""Field → metadata key, for the fields that the ledger keeps as metadata."""
