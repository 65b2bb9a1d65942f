"""OFX: statements of banks and credit cards in OFX 1 (SGML), OFX 2 (XML) and QFX, as banks really write them.

A value ends where the next tag begins, whether it is closed or not, so one reading fits both
dialects, wrong headers and unclosed elements. Only what is on the way to a transaction or a ledger
balance is looked at. In investment statements the movements of money are read, and it is said that
the rest is not.
"""

from __future__ import annotations

import datetime
import html
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, NamedTuple

from receivables_importers.bank import types
from receivables_importers.bank.drafts import (
    Booking,
    Draft,
    Problems,
    Reading,
    account_of,
    amount_of,
    line_of,
    reference_of,
    text_of,
)
from receivables_importers.bank.model import (
    DOWNLOAD,
    INVESTMENT,
    LINES_MAX,
    STATEMENTS_MAX,
    Balance,
    BankError,
    BankLine,
    References,
)
from receivables_importers.tables.problems import shown

_TAG: Final = re.compile(r"<(/?)([A-Za-z0-9._:-]{1,64})(?:\s[^<>]{0,1000})?(/?)>([^<]*)")
_DOCTYPE: Final = re.compile(r"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_VALUE_CHARACTERS_MAX: Final = 10_000
_STATEMENTS: Final = {"STMTRS": DOWNLOAD, "CCSTMTRS": DOWNLOAD, "INVSTMTRS": INVESTMENT}
_PARENTS: Final = frozenset(
    {"BANKACCTFROM", "CCACCTFROM", "INVACCTFROM", "BANKACCTTO", "CCACCTTO", "LEDGERBAL", "AVAILBAL", "PAYEE",
     "CURRENCY", "ORIGCURRENCY", "STMTTRN", "BANKTRANLIST", "BALLIST", "BAL"}
)  # fmt: skip
_WITHIN: Final = frozenset({"BANKACCTTO", "CCACCTTO", "PAYEE", "CURRENCY", "ORIGCURRENCY"})
_DATE: Final = re.compile(r"\s*(\d{4})(\d{2})(\d{2})")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+\.\d+|[+-]?\d{1,3}(?:\.\d{3})+,\d+")


class _Tag(NamedTuple):
    """A tag, whether it closes, the text behind it, and where it begins."""

    name: str
    closes: bool
    text: str
    start: int


def read(text: str, name: str, problems: Problems) -> Reading:
    """Read an OFX or QFX file.

    Args:
      text: The file's text.
      name: Its name.
      problems: Gathers what is wrong.
    Raises:
      BankError: It has no `<OFX>`, or one that is refused.
    """
    found = _DOCTYPE.search(text)
    if found:
        raise BankError(
            "has a DOCTYPE or entities, which can do harm: it is refused", str(text.count("\n", 0, found.start()) + 1)
        )
    begin = re.search(r"<OFX\s*>", text, re.IGNORECASE)
    if begin is None:
        raise BankError("has no <OFX>, with which its content begins", "1")
    head = text[: begin.start()]
    version = "OFX 2" if re.search(r"<\?(OFX|xml)\b", head) else "OFX 1" if "OFXHEADER" in head.upper() else "OFX"
    reader = _Reader(name, problems, text)
    for tag in _tags(text, begin.start()):
        reader.tag(tag)
    if re.search(r"</OFX\s*>", text, re.IGNORECASE):
        reader.end()
    else:
        reader.cut()
        problems.warning(str(text.count("\n") + 1), "the file ends without </OFX>: lines may be missing")
    if not reader.drafts:
        problems.error("", "holds no statement of a bank account or credit card")
    return Reading(version, tuple(reader.drafts))


def _tags(text: str, begin: int) -> Iterator[_Tag]:
    for found in _TAG.finditer(text, begin):
        name = found[2].upper()
        value = found[4][:_VALUE_CHARACTERS_MAX].strip()
        if found[3]:
            # An element that is closed in itself says nothing.
            continue
        yield _Tag(name, found[1] == "/", "" if found[1] else html.unescape(value), found.start())


class _Reader:
    """Follows the tags and makes a draft of each statement."""

    def __init__(self, name: str, problems: Problems, text: str) -> None:
        self.drafts: list[Draft] = []
        self._name = name
        self._problems = problems
        self._text = text
        self._counted = 0
        self._line = 1
        self._kind = ""
        self._place = ""
        self._parent = ""
        self._account: dict[str, str] = {}
        self._currency = ""
        self._balance: dict[str, str] = {}
        self._transaction: dict[str, str] | None = None
        self._transaction_place = ""
        self._bookings: list[Booking] = []
        self._undated = False
        self._others = 0
        self._lines = 0
        self._severity = ""

    def _at(self, start: int) -> str:
        """The line of a place; places come in order, so that counting goes through the text once."""
        self._line += self._text.count("\n", self._counted, start)
        self._counted = start
        return str(self._line)

    def tag(self, tag: _Tag) -> None:
        """The next tag."""
        name = tag.name
        if name in _STATEMENTS:
            self.end()
            if not tag.closes:
                self._kind = _STATEMENTS[name]
                self._place = self._at(tag.start)
            return
        if not self._kind:
            if name == "SEVERITY":
                self._severity = tag.text.upper()
            elif name == "MESSAGE" and self._severity == "ERROR":
                self._problems.error(self._at(tag.start), f"the bank answers with an error: {shown(tag.text)}")
            return
        if name == "STMTTRN":
            self._finish_transaction()
            if not tag.closes:
                self._transaction = {}
                self._transaction_place = self._at(tag.start)
        elif tag.closes:
            if name == "BANKTRANLIST":
                self._finish_transaction()
            self._parent = "" if name == self._parent else self._parent
        elif name in _PARENTS:
            if name in ("LEDGERBAL", "AVAILBAL", "BANKTRANLIST"):
                # Their places are behind the transactions, also where these were not closed.
                self._finish_transaction()
            self._parent = name
        else:
            self._value(tag)

    def _value(self, tag: _Tag) -> None:
        name, text, parent = tag.name, tag.text, self._parent
        if self._transaction is not None:
            key = f"{parent}/{name}" if parent in _WITHIN else name
            if text:
                self._transaction.setdefault(key, text)
        elif parent in ("BANKACCTFROM", "CCACCTFROM", "INVACCTFROM"):
            self._account.setdefault(name, text)
        elif parent == "LEDGERBAL":
            self._balance.setdefault(name, text)
            self._balance.setdefault("line", self._at(tag.start))
        elif name == "CURDEF":
            self._currency = text.upper()
        elif name == "FITID" and self._kind == INVESTMENT:
            self._others += 1

    def _finish_transaction(self) -> None:
        if self._transaction is None:
            return
        transaction, self._transaction = self._transaction, None
        self._parent = ""
        self._lines += 1
        if self._lines > LINES_MAX:
            raise BankError(f"has more than {LINES_MAX:,} lines: download shorter periods", self._transaction_place)
        try:
            line = _line(transaction, self._currency, self._name, self._transaction_place)
        except ValueError as error:
            self._problems.error(self._transaction_place, f"the transaction cannot be read: {error}; it is left out")
            return
        self._bookings.append(Booking(reference_of(transaction.get("FITID")), (line,)))

    def cut(self) -> None:
        """The file ends here, before its end: of an open transaction nobody knows what is missing, digits perhaps."""
        if self._transaction is not None:
            self._transaction = None
            self._problems.error(self._transaction_place, "the file ends within this transaction: it is left out")
        self.end()

    def end(self) -> None:
        """The statement ends here."""
        self._finish_transaction()
        if not self._kind:
            return
        if len(self.drafts) >= STATEMENTS_MAX:
            raise BankError(f"has more than {STATEMENTS_MAX:,} statements: download shorter periods", self._place)
        if self._kind == INVESTMENT:
            self._problems.warning(
                self._place,
                "is a statement of investments: only its movements of money are read"
                f" ({len(self._bookings)}), nothing of its {self._others} trades",
            )
        self.drafts.append(
            Draft(
                account_of(self._account.get("ACCTID")),
                self._currency,
                "",
                self._kind,
                None,
                self._closing(),
                tuple(self._bookings),
                (),
                False,
                self._place,
            )
        )
        self._kind = ""
        self._parent = ""
        self._account = {}
        self._currency = ""
        self._balance = {}
        self._bookings = []
        self._others = 0

    def _closing(self) -> Balance | None:
        if not self._balance.get("BALAMT"):
            return None
        try:
            return Balance(_amount(self._balance["BALAMT"]), _day(self._balance.get("DTASOF", "")))
        except ValueError as error:
            self._problems.error(self._balance["line"], f"the balance cannot be read: {error}")
            return None


def _line(transaction: Mapping[str, str], currency: str, name: str, place: str) -> BankLine:
    """A STMTTRN as a line; raises ValueError when amount or day cannot be read."""
    if "TRNAMT" not in transaction:
        raise ValueError("it has no TRNAMT")
    amount = _amount(transaction["TRNAMT"])
    booked = _day(transaction.get("DTPOSTED", "")) or _day(transaction.get("DTUSER", ""))
    if booked is None:
        raise ValueError(f"DTPOSTED {shown(transaction.get('DTPOSTED', ''), 30)} is no date")
    code = transaction.get("TRNTYPE", "").upper()
    # CURRENCY says that the amount itself is in another currency (OFX 2.2, 5.2).
    other = transaction.get("CURRENCY/CURSYM", "").upper()
    return line_of(
        booked,
        amount,
        other or currency,
        file=name,
        place=place,
        value_date=_day(transaction.get("DTAVAIL", "")),
        counterparty=text_of(transaction.get("PAYEE/NAME") or transaction.get("NAME")),
        counterparty_account=account_of(transaction.get("BANKACCTTO/ACCTID") or transaction.get("CCACCTTO/ACCTID")),
        references=References(
            bank=reference_of(transaction.get("FITID")),
            customer=reference_of(transaction.get("REFNUM")),
            cheque=reference_of(transaction.get("CHECKNUM")),
        ),
        remittance=text_of(transaction.get("MEMO")),
        type=types.of_ofx(code),
        code=text_of(code),
    )


def _amount(text: str) -> Decimal:
    """An amount with a point or a comma before the cents; some banks also group thousands.

    >>> _amount("-1,234.50"), _amount("200,29"), _amount("+.5")
    (Decimal('-1234.50'), Decimal('200.29'), Decimal('0.5'))
    """
    written = "".join(text.split())
    if _GROUPED.fullmatch(written):
        mark = max(written.rfind(","), written.rfind("."))
        written = re.sub("[.,]", "", written[:mark]) + "." + written[mark + 1 :]
    return amount_of(written)


def _day(text: str) -> datetime.date | None:
    """The day of an OFX time, as it was where the bank is."""
    found = _DATE.match(text)
    if found is None:
        return None
    try:
        return datetime.date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
