"""BAI2: balance and transaction records as North American banks send them (BAI Cash Management, version 2).

Records end with "/" or with the line, continue in 88 records, and several may stand on one line.
Amounts have no decimal mark: the currency says how many of their digits are decimals. The direction
of a 16 record is in its type code (100 to 399 credits, 400 to 699 debits). Control totals and record
counts that do not agree are warnings.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from receivables.money import iso_digits
from receivables_importers.bank import types
from receivables_importers.bank.drafts import (
    Booking,
    Draft,
    Problems,
    Reading,
    account_of,
    line_of,
    lines_of,
    reference_of,
    text_of,
)
from receivables_importers.bank.identity import numbered
from receivables_importers.bank.model import (
    CHEQUE,
    LINES_MAX,
    STATEMENT,
    STATEMENTS_MAX,
    Balance,
    BankError,
    BankLine,
    References,
)
from receivables_importers.tables.problems import shown

DEFAULT_CURRENCY: Final = "USD"
"""The currency of accounts and groups that name none."""

_CODE: Final = re.compile(r"(01|02|03|16|49|88|98|99)[,/]")
_NEXT: Final = re.compile(r"/[ \t]{1,20}(?=(?:01|02|03|16|49|88|98|99),)")
_AMOUNT: Final = re.compile(r"[+-]?\d{1,18}")
_DIGITS: Final = re.compile(r"\d+")
_LINE_CHARACTERS_MAX: Final = 20_000
_RECORD_FIELDS_MAX: Final = 5_000
_NOT_VALID: Final = {"2": "takes back what an earlier file said (status 2)", "4": "is only a test (status 4)"}
"""Group status, field 4 of record 02: 1 updates and 3 corrects."""
_FUNDS: Final = frozenset({"", "Z", "0", "1", "2", "S", "V", "D"})
_OPENING: Final = "010"
_CLOSING: Final = "015"


class Record(NamedTuple):
    """One record with its continuations: its code, its fields, the line it begins on, how many records it is."""

    code: str
    fields: tuple[str, ...]
    line: int
    records: int


def read(text: str, name: str, problems: Problems) -> Reading:
    """Read a BAI2 file.

    Args:
      text: The file's text.
      name: Its name.
      problems: Gathers what is wrong.
    Raises:
      BankError: It does not begin with a file header (01).
    """
    reader = _Reader(name, problems)
    before: Record | None = None
    complete = False
    for record in _records(text, problems):
        if before is None and record.code != "01":
            raise BankError("does not begin with a file header (record 01)", "1")
        if before is not None:
            reader.record(before)
        before = record
        complete = complete or record.code == "99"
    if before is None:
        raise BankError("does not begin with a file header (record 01)", "1")
    if before.code == "16" and not complete:
        # It may be cut, and may have gone on in a record 88.
        problems.error(str(before.line), "the file ends within this transaction: it is left out")
    else:
        reader.record(before)
    reader.end()
    if not reader.drafts:
        problems.error("1", "holds no account (record 03)")
    if not complete:
        problems.warning(str(before.line), "the file ends without its trailer (record 99): lines may be missing")
    return Reading("BAI2", tuple(reader.drafts))


def _records(text: str, problems: Problems) -> Iterator[Record]:
    """The records; text of a 16 record that runs over the line is joined to it."""
    records: list[Record] = []
    for number, line in enumerate(lines_of(text), 1):
        if len(line) > _LINE_CHARACTERS_MAX:
            problems.error(str(number), f"the line has {len(line):,} characters, more than any record: it is left out")
            continue
        for part in _NEXT.split(line):
            _add(records, part.strip(), number, problems)
            if len(records) > 1:
                # The one that has begun may go on.
                yield records.pop(0)
    yield from records


def _add(records: list[Record], written: str, number: int, problems: Problems) -> None:
    written = written.removesuffix("/").rstrip() if not written.startswith("16") else written
    if not written:
        return
    found = _CODE.match(f"{written},")
    if found is None:
        if records and records[-1].code == "16" and records[-1].fields:
            last = records[-1]
            text = _gone_on(last.fields[-1].rstrip("/"), written, number, problems)
            records[-1] = last._replace(fields=(*last.fields[:-1], text))
        else:
            problems.error(str(number), f"{shown(written, 40)} is no record: it is left out")
        return
    fields = tuple(written.split(","))
    if found[1] != "88":
        records.append(Record(found[1], fields[1:], number, 1))
    elif not records:
        problems.error(str(number), "the file begins with a continuation (record 88): it is left out")
    elif len(records[-1].fields) + len(fields) > _RECORD_FIELDS_MAX:
        problems.error(str(number), "a record is continued without end: the rest is left out")
    else:
        last = records[-1]
        before, more = _ended(last), fields[1:]
        if last.code == "16" and len(before) > _after_funds(before, 2) + 2:
            # Its text has begun, and goes on as it is, commas and all.
            before, more = before[:-1], (_gone_on(before[-1], ",".join(more), number, problems),)
        records[-1] = last._replace(fields=(*before, *more), records=last.records + 1)


def _gone_on(text: str, more: str, line: int, problems: Problems) -> str:
    if len(text) + len(more) > _LINE_CHARACTERS_MAX:
        problems.error(str(line), "a text goes on without end: the rest is left out")
        return text
    return f"{text} {more}"


def _ended(record: Record) -> tuple[str, ...]:
    """The fields of a record that goes on, without the "/" with which the first part ended."""
    return (*record.fields[:-1], record.fields[-1].rstrip().removesuffix("/")) if record.fields else ()


class _Reader:
    """Follows the records and makes a draft of each account of each group."""

    def __init__(self, name: str, problems: Problems) -> None:
        self.drafts: list[Draft] = []
        self._name = name
        self._problems = problems
        self._group_day: datetime.date | None = None
        self._group_currency = ""
        self._final = True
        self._left_out = ""
        self._open = False
        self._account = ""
        self._currency = ""
        self._place = ""
        self._opening: Balance | None = None
        self._closing: Balance | None = None
        self._bookings: list[Booking] = []
        self._total = 0
        self._records = 0
        self._lines = 0

    def record(self, record: Record) -> None:
        """The next record."""
        fields = record.fields
        if record.code == "02":
            self.end()
            self._group(record)
        elif record.code == "03":
            self.end()
            self._begin(record)
        elif record.code == "16" and self._open:
            self._records += record.records
            self._transaction(record)
        elif record.code == "16":
            self._problems.error(str(record.line), "a transaction (record 16) stands outside of an account: left out")
        elif record.code == "49" and self._open:
            self._records += record.records
            self._check(record)
            self.end(closed=True)
        elif record.code == "98" and fields:
            self.end()

    def _group(self, record: Record) -> None:
        fields = record.fields
        self._group_day = _day(_at(fields, 3))
        if self._group_day is None:
            self._problems.error(str(record.line), f"the group has no date: {shown(_at(fields, 3), 20)} is none")
        self._group_currency = _at(fields, 5).strip().upper()
        self._left_out = _NOT_VALID.get(_at(fields, 2).strip(), "")
        if self._left_out:
            self._problems.error(str(record.line), f"the group {self._left_out}: it is left out")
        self._final = _at(fields, 6).strip() in ("2", "4", "")

    def _begin(self, record: Record) -> None:
        fields = record.fields
        self._open = True
        self._account = account_of(_at(fields, 0))
        self._currency = _at(fields, 1).strip().upper() or self._group_currency or DEFAULT_CURRENCY
        self._place = str(record.line)
        self._records = record.records
        rest = fields[2:]
        position = 0
        while position < len(rest):
            code, amount = rest[position].strip(), _at(rest, position + 1).strip()
            after = position + 2
            if code and _AMOUNT.fullmatch(amount):
                self._total += int(amount)
                balance = Balance(self._scaled(amount), self._group_day)
                self._opening = balance if code == _OPENING and self._opening is None else self._opening
                self._closing = balance if code == _CLOSING else self._closing
            elif amount:
                self._problems.error(str(record.line), f"the balance {shown(amount, 30)} is no amount: left out")
            # The count of items, then the funds type with what belongs to it.
            position = _after_funds(rest, after + 1)

    def _scaled(self, amount: str) -> Decimal:
        return Decimal(int(amount)).scaleb(-iso_digits(self._currency))

    def _transaction(self, record: Record) -> None:
        fields = record.fields
        place = str(record.line)
        code, written = _at(fields, 0).strip(), _at(fields, 1).strip()
        if code == "890":
            self._problems.note(place, f"a record without money (code 890): {shown(','.join(fields[5:]))}: left out")
            return
        if not _AMOUNT.fullmatch(written):
            self._problems.error(place, f"{shown(written, 30)} is not an amount: the transaction is left out")
            return
        self._total += int(written)
        if int(written) < 0:
            self._problems.error(
                place,
                f"the amount {shown(written, 30)} of a type code that says whether it is a credit or a debit is"
                " negative: the sign is not clear, and the transaction is left out",
            )
            return
        funds = _at(fields, 2).strip().rstrip("/").upper()
        if funds not in _FUNDS:
            self._problems.error(
                place, f"{shown(funds, 20)} stands where the type of funds should: the amount is not clear, left out"
            )
            return
        sign = _sign(code)
        if not sign:
            self._problems.error(
                place, f"type code {shown(code, 10)} is neither a credit nor a debit: the transaction is left out"
            )
            return
        if self._group_day is None:
            self._problems.error(place, "the transaction has no date, as its group has none: it is left out")
            return
        self._lines += 1
        if self._lines > LINES_MAX:
            raise BankError(f"has more than {LINES_MAX:,} lines: ask the bank for shorter periods", place)
        amount = sign * self._scaled(written)
        line = self._line(record, code, amount, self._group_day)
        self._bookings.append(Booking(numbered(line.references.bank), (line,)))

    def _line(self, record: Record, code: str, amount: Decimal, day: datetime.date) -> BankLine:
        fields = record.fields
        after = _after_funds(fields, 2)
        value_date = _day(_at(fields, 3)) if _at(fields, 2).strip().upper() == "V" else None
        text = ",".join(fields[after + 2 :]).rstrip()
        # Text ends with the record; only a "/" at its very end is the record's.
        text = text.removesuffix("/") if text != "/" else ""
        kind = types.of_bai(code)
        customer = reference_of(_at(fields, after + 1).removesuffix("/"))
        return line_of(
            day,
            amount,
            self._currency,
            file=self._name,
            place=str(record.line),
            value_date=value_date,
            references=References(
                bank=reference_of(_at(fields, after).removesuffix("/")),
                customer=customer,
                cheque=customer if kind == CHEQUE and amount < 0 else "",
            ),
            remittance=text_of(text),
            type=kind,
            code=text_of(code),
        )

    def _check(self, record: Record) -> None:
        """The trailer of an account: the sum of all its amounts, and how many records it has."""
        total, count = _at(record.fields, 0).strip(), _at(record.fields, 1).strip().rstrip("/")
        if _AMOUNT.fullmatch(total) and int(total) != self._total:
            self._problems.warning(
                str(record.line),
                f"the control total of the account is {int(total):,}, but its amounts make {self._total:,}",
            )
        if _DIGITS.fullmatch(count[:9]) and int(count[:9]) != self._records:
            self._problems.warning(
                str(record.line),
                f"the account says that it has {int(count[:9]):,} records, but it has {self._records:,}",
            )

    def end(self, *, closed: bool = False) -> None:
        """The account ends here."""
        if not self._open:
            return
        self._open = False
        if not closed:
            self._problems.warning(self._place, "the account ends without its trailer (record 49): it may be cut")
        if not self._left_out:
            self._take()
        self._opening = self._closing = None
        self._bookings = []
        self._total = 0

    def _take(self) -> None:
        if len(self.drafts) >= STATEMENTS_MAX:
            raise BankError(
                f"has more than {STATEMENTS_MAX:,} statements: ask the bank for shorter periods", self._place
            )
        self.drafts.append(
            Draft(
                self._account,
                self._currency,
                "",
                STATEMENT,
                self._opening,
                self._closing,
                tuple(self._bookings),
                (),
                self._final,
                self._place,
            )
        )


def _at(fields: Sequence[str], position: int) -> str:
    return fields[position] if position < len(fields) else ""


def _after_funds(fields: Sequence[str], position: int) -> int:
    """The position behind a funds type: V has date and time, S three amounts, D a count and as many pairs."""
    kind = _at(fields, position).strip().upper()
    if kind == "V":
        return position + 3
    if kind == "S":
        return position + 4
    if kind == "D":
        count = _at(fields, position + 1).strip()
        return position + 2 + 2 * int(count) if _DIGITS.fullmatch(count) and len(count) < 4 else position + 2
    return position + 1


def _sign(code: str) -> int:
    """1 for the codes of credits, -1 for those of debits, 0 for any other.

    Of 920 to 959 credits and of 960 to 999 debits a bank makes what it likes; 700 to 799 are of loans.
    """
    if not re.fullmatch(r"\d{3}", code, re.ASCII):
        return 0
    number = int(code)
    if 100 <= number <= 399 or 920 <= number <= 959:
        return 1
    return -1 if 400 <= number <= 699 or 960 <= number <= 999 else 0


def _day(text: str) -> datetime.date | None:
    """YYMMDD; of a century that is not over."""
    if not re.fullmatch(r"\d{6}", text.strip(), re.ASCII):
        return None
    written = text.strip()
    try:
        return datetime.date(2000 + int(written[:2]), int(written[2:4]), int(written[4:]))
    except ValueError:
        return None
