"""CAMT: ISO 20022 camt.052, camt.053 and camt.054 in every version, read as they stream by.

Elements are known by their local names: the namespaces of versions 1 to 14, and files without any,
differ in little. The sign of an entry is its own CdtDbtInd, also when RvslInd says that it reverses
an earlier one (ISO 20022 message definition report, ReversalIndicator): the reversal of a credit is
a debit there, and so it is here.

Nothing but the elements of one transaction is kept as XML at a time. A document type is refused
where it begins, and without one there are no entities.
"""

from __future__ import annotations

import codecs
import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from sys import intern
from typing import BinaryIO, Final, NamedTuple
from xml.parsers import expat

from receivables.money import EXACT, added
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
from receivables_importers.bank.identity import reliable
from receivables_importers.bank.model import (
    FEE,
    LINES_MAX,
    NOTIFICATION,
    OTHER,
    REPORT,
    RETURN,
    REVERSAL,
    STATEMENT,
    STATEMENTS_MAX,
    Balance,
    BankError,
    BankLine,
    References,
)
from receivables_importers.tables.problems import shown

Leaves = dict[str, list[str]]
"""The texts of the leaves of an element by their path, "" for its own; attributes of currency behind "@"."""

CHUNK_BYTES: Final = 1 << 16

_HEAD_BYTES: Final = 200
_DECLARED: Final = re.compile(rb"""\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")

_CONTAINERS: Final = {"Stmt": STATEMENT, "Rpt": REPORT, "Ntfctn": NOTIFICATION}
_MESSAGE: Final = "BkToCstmr"
_FORMATS: Final = {STATEMENT: "camt.053", REPORT: "camt.052", NOTIFICATION: "camt.054"}
_OPENING: Final = ("OPBD", "PRCD")
_TOKEN_BYTES_MAX: Final = 1 << 20
"""A tag or comment that is longer: expat before 2.6 begins it anew with each piece of the file (CVE-2023-52425)."""
_DEPTH_MAX: Final = 100
_ELEMENTS_MAX: Final = 50_000
"""So many elements may be open or unread at once: a transaction has some hundred."""
_TEXT_MAX: Final = 1 << 16
_DOCUMENTS_MAX: Final = 200
_USTRD_CHARACTERS: Final = 140
_REMEMBERED: Final = 1_024
_VERSION: Final = re.compile(r"camt\.05[234](\.\d{3}\.\d{2})?")
_DATE: Final = re.compile(r"\s*(\d{4}-\d{2}-\d{2})(?:[TZ+\s-].*)?", re.DOTALL)
_NOT_BOOKED: Final = {"PDNG": "pending", "INFO": "only for information", "FUTR": "of a day to come"}
_INVALID_TOKEN: Final = expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]


class Money(NamedTuple):
    """An amount and its currency, as `Amt` has it."""

    amount: Decimal
    currency: str


class Party(NamedTuple):
    """One side of a payment."""

    name: str = ""
    account: str = ""
    ultimate: str = ""


class Detail(NamedTuple):
    """One TxDtls: what is needed of it, as plain values.

    Attributes:
      own, transacted, instructed: Its amount in the three places where versions have it.
      side: CRDT or DBIT; "" when it is the entry's.
      reference: The bank's reference of it.
    """

    place: str = ""
    own: Money | None = None
    transacted: Money | None = None
    instructed: Money | None = None
    side: str = ""
    debtor: Party = Party()
    creditor: Party = Party()
    references: References = References()
    remittance: str = ""
    type: str = OTHER
    code: str = ""
    returned: bool = False
    charges: Decimal | None = None
    reference: str = ""


class Entry(NamedTuple):
    """One Ntry without its details."""

    place: str
    signed: Money
    booked: datetime.date
    value_date: datetime.date | None
    reversal: bool
    reference: str
    remittance: str
    type: str
    code: str
    charges: Decimal | None


def read(source: BinaryIO, name: str, problems: Problems) -> Reading:
    """Read a CAMT file; what is damaged is read as far as it goes.

    Args:
      source: The file, which can be read again from its beginning.
      name: Its name.
      problems: Gathers what is wrong.
    Raises:
      BankError: It is no CAMT file, or one that is refused.
    """
    declared = _unknown_to_expat(source.read(_HEAD_BYTES))
    source.seek(0)
    if declared is not None:
        return _read(source, name, problems, declared)
    try:
        return _read(source, name, problems, None)
    except _EncodingError:
        source.seek(0)
        problems.forget()
        problems.warning("", "is not in the encoding that it declares; it is read as cp1252")
        return _read(source, name, problems, "cp1252")


class _EncodingError(Exception):
    """The bytes are not in the encoding that the file declares."""


def _unknown_to_expat(head: bytes) -> str | None:
    """The encoding that a file declares, when Python knows it and expat does not, as GB18030; else None."""
    found = _DECLARED.match(head)
    name = found[1].decode("ascii").lower() if found else ""
    try:
        codecs.getincrementaldecoder(name)
        expat.ParserCreate().Parse(f"<?xml version='1.0' encoding='{name}'?><x/>".encode("ascii"), True)
    except LookupError:
        return None
    except ValueError:
        return name
    except expat.ExpatError:
        # UTF-16, which this test is not written in.
        return None
    return None


def _chunks(source: BinaryIO, encoding: str | None) -> Iterator[bytes]:
    """The file piece by piece without the space before its beginning; in UTF-8 when an encoding is given."""
    decoder = None if encoding is None else codecs.getincrementaldecoder(encoding)("replace")
    begun = False
    while chunk := source.read(CHUNK_BYTES):
        part = chunk if begun else chunk.lstrip(b" \t\r\n")
        begun = begun or bool(part)
        yield part if decoder is None else decoder.decode(part).encode("utf-8", "replace")


def _read(source: BinaryIO, name: str, problems: Problems, encoding: str | None) -> Reading:
    reader = _Reader(name, problems, None if encoding is None else "utf-8")
    try:
        fed = 0
        for chunk in _chunks(source, encoding):
            reader.parser.Parse(chunk, False)
            fed += len(chunk)
            if fed - reader.parser.CurrentByteIndex > _TOKEN_BYTES_MAX:
                raise BankError(
                    f"has a tag or comment of more than {_TOKEN_BYTES_MAX >> 20} MB: it is refused",
                    str(reader.parser.CurrentLineNumber),
                )
        reader.parser.Parse(b"", True)
    except expat.ExpatError as error:
        if error.code == _INVALID_TOKEN and encoding is None and not _is_utf8(source):
            raise _EncodingError from error
        what = expat.ErrorString(error.code)
        if not reader.within:
            raise BankError(f"is no XML that can be read: {what}", str(error.lineno)) from error
        reader.cut()
        problems.error(
            str(error.lineno), f"the XML is damaged here or ends too soon ({what}): what stands before it is read"
        )
    except (LookupError, ValueError) as error:
        raise BankError(f"is in an encoding that cannot be read: {shown(error)}") from error
    if not reader.format and not reader.drafts:
        raise BankError("is XML, but no CAMT statement (camt.052, camt.053 or camt.054)")
    if not reader.drafts:
        problems.error("", f"is {reader.format}, but holds no statement")
    return Reading(reader.format, tuple(reader.drafts))


def _is_utf8(source: BinaryIO) -> bool:
    source.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := source.read(CHUNK_BYTES):
            decoder.decode(chunk)
    except UnicodeDecodeError:
        return False
    return True


class _Reader:
    """Follows the elements of a file and makes a draft of each statement.

    The texts of leaves are kept by their path below a child of the statement, or below a TxDtls: a
    transaction is read without ever being a tree.
    """

    def __init__(self, name: str, problems: Problems, encoding: str | None) -> None:
        self.format = ""
        self.drafts: list[Draft] = []
        self.within = False
        self.parser = expat.ParserCreate(encoding)
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._name = name
        self._problems = problems
        self._names: list[str] = []
        self._paths: list[str] = []
        self._scopes: list[Leaves] = []
        self._texts: list[str] = []
        self._characters = 0
        self._leaf = False
        self._elements = 0
        self._lines = 0
        self._containers = 0
        self._statement: _Statement | None = None

    def _refuse(self, *_: object) -> None:
        raise BankError(
            "has a DOCTYPE, which no bank's statement has and which can do harm: it is refused",
            str(self.parser.CurrentLineNumber),
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2] if ":" in tag else tag
        names, paths = self._names, self._paths
        names.append(local)
        self._leaf = True
        self._texts = []
        self._characters = 0
        if self._statement is None:
            self._outside(local, attributes)
            return
        self._elements += 1
        if len(names) > _DEPTH_MAX or self._elements > _ELEMENTS_MAX:
            raise BankError(
                "is nested deeper, or has a longer transaction, than any statement: it is refused",
                str(self.parser.CurrentLineNumber),
            )
        if not paths or (local == "TxDtls" and names[-2] in ("NtryDtls", "Ntry")):
            self._scopes.append({})
            path = ""
        else:
            path = f"{paths[-1]}/{local}" if paths[-1] else local
            if attributes and "Ccy" in attributes:
                self._scopes[-1].setdefault(f"{path}@", []).append(attributes["Ccy"])
        paths.append(path)

    def _outside(self, local: str, attributes: dict[str, str]) -> None:
        """An element that is in no statement, or begins one."""
        names = self._names
        if len(names) > _DEPTH_MAX:
            raise BankError("is nested deeper than any statement: it is refused", str(self.parser.CurrentLineNumber))
        if local == "Document" or local.startswith(_MESSAGE):
            self.within = True
            version = _VERSION.search(" ".join(attributes.values()))
            if version:
                self.format = version[0]
        kind = _CONTAINERS.get(local) if len(names) > 1 and names[-2].startswith(_MESSAGE) else None
        if kind is not None:
            self._containers += 1
            self.format = self.format or _FORMATS[kind]
            place = f"/{'/'.join(names)}[{self._containers}]"
            self._statement = _Statement(place, kind, self._name, self._problems)

    def _text(self, text: str) -> None:
        if self._leaf and self._characters < _TEXT_MAX:
            self._texts.append(text)
            self._characters += len(text)

    def _end(self, _tag: str) -> None:
        local = self._names.pop()
        statement = self._statement
        if statement is None:
            return
        if not self._paths:
            self.cut()
            return
        path = self._paths.pop()
        if self._leaf:
            self._leaf = False
            text = "".join(self._texts)
            if text:
                self._scopes[-1].setdefault(path, []).append(text)
        if path:
            return
        leaves = self._scopes.pop()
        if self._scopes:
            statement.detail(leaves)
        else:
            statement.child(local, leaves)
        self._elements = 0
        if statement.count > LINES_MAX - self._lines:
            self.cut()
            raise BankError(f"has more than {LINES_MAX:,} lines: ask the bank for shorter periods")

    def cut(self) -> None:
        """Take the statement as it is up to here."""
        if self._statement is not None:
            if len(self.drafts) >= STATEMENTS_MAX:
                raise BankError(f"has more than {STATEMENTS_MAX:,} statements: ask the bank for shorter periods")
            self._lines += self._statement.count
            self.drafts.append(self._statement.draft())
            self._statement = None
            self._paths = []
            self._scopes = []


class _Statement:
    """Gathers one Stmt, Rpt or Ntfctn."""

    def __init__(self, place: str, kind: str, name: str, problems: Problems) -> None:
        self.count = 0
        self._place = place
        self._kind = kind
        self._name = name
        self._problems = problems
        self._account = ""
        self._currency = ""
        self._number = ""
        self._day: datetime.date | None = None
        self._balances: dict[str, tuple[Balance, str]] = {}
        self._bookings: list[Booking] = []
        self._unbooked: list[Booking] = []
        self._details: list[Detail] = []
        self._skipped: dict[str, int] = {}
        self._undated = 0
        self._entries = 0

    def child(self, name: str, node: Leaves) -> None:
        """A direct child of the statement has ended."""
        if name == "Ntry":
            self._entry(node)
            self._details = []
        elif name == "Bal":
            self._balance(node)
        elif name == "Acct":
            self._account = account_of(_text(node, "Id/IBAN") or _text(node, "Id/Othr/Id") or _deep(node, "Id/"))
            self._currency = _text(node, "Ccy").strip().upper()
        elif name in ("ElctrncSeqNb", "LglSeqNb") or (name == "Id" and not self._number):
            self._number = text_of(_text(node, ""))
        elif name == "CreDtTm":
            self._day = self._day or _day(_text(node, ""))
        elif name == "FrToDt":
            self._day = _day(_text(node, "ToDtTm") or _text(node, "ToDt")) or self._day

    def detail(self, node: Leaves) -> None:
        """A TxDtls has ended."""
        self.count += 1
        place = f"{self._place}/Ntry[{self._entries + 1}]//TxDtls[{len(self._details) + 1}]"
        try:
            self._details.append(_detail(node, place))
        except ValueError as error:
            self._problems.error(place, f"{error}: this payment of the entry is read without it")
            self._details.append(Detail(place))

    def draft(self) -> Draft:
        """What was found."""
        for status, count in sorted(self._skipped.items()):
            are = "entry is" if count == 1 else "entries are"
            self._problems.note(
                self._place, f"{count} {are} {_NOT_BOOKED.get(status, status)} (status {status}), not booked: left out"
            )
        if self._undated:
            self._problems.note(
                self._place,
                f"{self._undated} of the entries have no booking date: their value date or the statement's day is used",
            )
        opening = next((self._balances[code] for code in _OPENING if code in self._balances), None)
        closing = self._balances.get("CLBD") or self._balances.get("ITBD")
        currencies = [balance[1] for balance in (opening, closing) if balance is not None and balance[1]]
        currencies += [booking.lines[0].currency for booking in self._bookings[:1]]
        return Draft(
            self._account,
            self._currency or next(iter(currencies), ""),
            self._number,
            self._kind,
            opening[0] if opening else None,
            closing[0] if closing else None,
            tuple(self._bookings),
            tuple(self._unbooked),
            self._kind == STATEMENT and "CLBD" in self._balances,
            self._place,
        )

    def _balance(self, node: Leaves) -> None:
        code = (_text(node, "Tp/CdOrPrtry/Cd") or _text(node, "Tp/Cd")).strip()
        if code not in ("OPBD", "PRCD", "CLBD", "ITBD"):
            return
        place = f"{self._place}/Bal ({code})"
        try:
            money = _money(node, "Amt")
            if money is None:
                raise ValueError("the amount is missing")
        except ValueError as error:
            self._problems.error(place, f"the balance cannot be read: {error}")
            return
        side = _text(node, "CdtDbtInd").strip()
        if side not in ("CRDT", "DBIT"):
            self._problems.note(place, "the balance does not say whether it is a credit or a debit: a credit is meant")
        signed = -money.amount if side == "DBIT" else money.amount
        balance = Balance(signed, _day(_text(node, "Dt/Dt") or _text(node, "Dt/DtTm")))
        if code in _OPENING:
            # Of several pages' balances the first opens.
            self._balances.setdefault(code, (balance, money.currency))
        else:
            self._balances[code] = (balance, money.currency)

    def _entry(self, node: Leaves) -> None:
        self._entries += 1
        place = f"{self._place}/Ntry[{self._entries}]"
        try:
            entry = self._head(node, place)
        except ValueError as error:
            self._problems.error(place, f"the entry cannot be read: {error}; it is left out")
            return
        reference = _reference(entry, self._details)
        booking = Booking(reference, tuple(self._lines(entry)))
        self.count += 1
        status = (_text(node, "Sts/Cd") or _text(node, "Sts/Prtry") or _text(node, "Sts")).strip().upper()
        if status in _NOT_BOOKED:
            self._skipped[status] = self._skipped.get(status, 0) + 1
            self._unbooked.append(booking)
        else:
            self._bookings.append(booking)

    def _head(self, node: Leaves, place: str) -> Entry:
        """The entry's own fields; raises ValueError when amount, side or day cannot be read."""
        money = _money(node, "Amt")
        if money is None:
            raise ValueError("it has no amount")
        side = _text(node, "CdtDbtInd").strip()
        if side not in ("CRDT", "DBIT"):
            raise ValueError("it does not say whether it is a credit or a debit (CdtDbtInd)")
        if money.amount < 0:
            raise ValueError(f"its amount {money.amount} is negative, and {side} beside it: the sign is not clear")
        value_date = _day(_text(node, "ValDt/Dt") or _text(node, "ValDt/DtTm"))
        written = _text(node, "BookgDt/Dt") or _text(node, "BookgDt/DtTm")
        booked = _day(written)
        if booked is None and written:
            self._problems.warning(
                place, f"its booking date {shown(written, 30)} is no day: its value date or the statement's day is used"
            )
        elif booked is None:
            self._undated += 1
        if booked is None:
            closing = self._balances.get("CLBD")
            booked = value_date or (closing[0].date if closing else None) or self._day
        if booked is None:
            raise ValueError("it has no date")
        code = _code(node)
        return Entry(
            place,
            Money(-money.amount if side == "DBIT" else money.amount, money.currency or self._currency),
            booked,
            value_date,
            _text(node, "RvslInd").strip().lower() in ("true", "1"),
            reference_of(_text(node, "AcctSvcrRef")) or reliable(reference_of(_text(node, "NtryRef"))),
            text_of(_text(node, "AddtlNtryInf")),
            types.of_iso(*code),
            _told_code(code),
            _charges(node, money.currency),
        )

    def _lines(self, entry: Entry) -> list[BankLine]:
        """The lines of an entry, which always add up to it."""
        details = self._details
        if len(details) < 2:
            return [self._line(entry, details[0] if details else Detail(entry.place), entry.signed.amount)]
        amounts = _amounts(entry, details)
        if amounts is None:
            self._problems.warning(
                entry.place,
                f"the amounts of its {len(details)} payments are not said in {entry.signed.currency}:"
                " the entry is one line",
            )
            texts = [text_of(detail.debtor.name, detail.creditor.name, detail.remittance) for detail in details]
            return [self._line(entry, Detail(entry.place, remittance=text_of("; ".join(texts))), entry.signed.amount)]
        charged = entry.charges or added(detail.charges for detail in details if detail.charges is not None)
        lines: list[BankLine] = []
        details.reverse()
        for amount in amounts:
            # Of a hundred thousand payments none is kept twice.
            lines.append(self._line(entry, details.pop(), amount, whole=False))
        rest = EXACT.subtract(entry.signed.amount, added(amounts))
        if rest:
            kind = FEE if rest == -charged else OTHER
            if kind != FEE:
                self._problems.warning(
                    entry.place,
                    f"its {len(amounts)} payments make {added(amounts):,}, but the entry is {entry.signed.amount:,}:"
                    f" the rest of {rest:,} {entry.signed.currency} is a line of its own",
                )
            line = self._line(entry, Detail(entry.place, code="rest of the entry", type=kind), rest, whole=False)
            lines.append(line._replace(type=kind, charges=None))
        return lines

    def _line(self, entry: Entry, detail: Detail, amount: Decimal, *, whole: bool = True) -> BankLine:
        party = self._counterparty(amount, entry, detail)
        kind = detail.type if detail.type != OTHER else entry.type
        if detail.returned:
            kind = RETURN
        elif entry.reversal and kind != RETURN:
            kind = REVERSAL
        booked = Money(abs(amount), entry.signed.currency)
        ordered = detail.instructed or detail.transacted
        if ordered is None or ordered == booked:
            ordered = detail.own
        differs = ordered is not None and ordered._replace(currency=ordered.currency or booked.currency) != booked
        bank = entry.reference if whole else detail.reference
        return line_of(
            entry.booked,
            amount,
            entry.signed.currency,
            file=self._name,
            place=detail.place if not whole else entry.place,
            value_date=entry.value_date,
            counterparty=party.name,
            counterparty_account=party.account,
            ultimate=party.ultimate if party.ultimate != party.name else "",
            references=detail.references._replace(bank=bank or detail.reference or entry.reference),
            remittance=detail.remittance or entry.remittance,
            type=kind,
            code=detail.code or entry.code,
            charges=detail.charges if detail.charges is not None else (entry.charges if whole else None),
            original_amount=ordered.amount if ordered is not None and differs else None,
            original_currency=ordered.currency if ordered is not None and differs else "",
        )

    def _counterparty(self, amount: Decimal, entry: Entry, detail: Detail) -> Party:
        """The other side: the debtor of what comes in, the creditor of what goes out.

        A payment that came back keeps the parties of the way out, and some banks put the owner on both
        sides: whoever has the owner's account is not the counterparty.
        """
        sides = [detail.debtor, detail.creditor]
        if (amount < 0) != (entry.reversal or detail.returned):
            sides.reverse()
        others = [side for side in sides if side != Party() and not (side.account and side.account == self._account)]
        return others[0] if others else sides[0]


# Leaves


def _text(node: Leaves, path: str) -> str:
    found = node.get(path)
    return found[0] if found else ""


def _deep(node: Leaves, begin: str) -> str:
    """The first text below an element, for accounts in the shapes of version 1."""
    return next((texts[0] for path, texts in node.items() if path.startswith(begin) and texts[0].strip()), "")


@lru_cache(maxsize=_REMEMBERED)
def _day(text: str) -> datetime.date | None:
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    try:
        return datetime.date.fromisoformat(found[1])
    except ValueError:
        return None


def _money(node: Leaves, path: str) -> Money | None:
    """An amount with its currency; raises ValueError when it is no number."""
    text = _text(node, path)
    if not text.strip():
        return None
    # What stands in every line is kept once.
    return Money(amount_of(text), intern(_text(node, f"{path}@").strip().upper()))


def _code(node: Leaves) -> tuple[str, str, str, str]:
    return (
        _text(node, "BkTxCd/Domn/Cd").strip(),
        _text(node, "BkTxCd/Domn/Fmly/Cd").strip(),
        _text(node, "BkTxCd/Domn/Fmly/SubFmlyCd").strip(),
        text_of(_text(node, "BkTxCd/Prtry/Cd")),
    )


def _told_code(code: Sequence[str]) -> str:
    return intern("-".join(filter(None, code[:3])) or code[3])


def _charges(node: Leaves, currency: str) -> Decimal | None:
    """What the bank charged in this currency; None when it does not say."""
    total = _money(node, "Chrgs/TtlChrgsAndTaxAmt")
    if total is not None:
        return total.amount if total.currency in (currency, "") else None
    found: list[Decimal] = []
    for path in ("Chrgs", "Chrgs/Rcrd"):
        amounts, sides = node.get(f"{path}/Amt", []), node.get(f"{path}/CdtDbtInd", [])
        currencies = node.get(f"{path}/Amt@", [])
        for position, amount in enumerate(amounts):
            if len(currencies) != len(amounts) or currencies[position].strip().upper() == currency:
                credit = len(sides) == len(amounts) and sides[position].strip() == "CRDT"
                found.append(-amount_of(amount) if credit else amount_of(amount))
    return added(found) if found else None


def _party(node: Leaves, side: str) -> Party:
    of = f"RltdPties/{side}"
    account = f"{of}Acct/Id/"
    ultimate = f"RltdPties/Ultmt{side}"
    return Party(
        text_of(_text(node, f"{of}/Nm") or _text(node, f"{of}/Pty/Nm")),
        account_of(_text(node, f"{account}IBAN") or _text(node, f"{account}Othr/Id") or _deep(node, account)),
        text_of(_text(node, f"{ultimate}/Nm") or _text(node, f"{ultimate}/Pty/Nm")),
    )


def _unstructured(parts: Iterable[str]) -> str:
    """The lines of a text: one that is full goes on in the next without a space."""
    text = ""
    before = 0
    for part in parts:
        text += part if before >= _USTRD_CHARACTERS else f" {part}"
        before = len(part)
    return text_of(text)


def _references(node: Leaves, *paths: str) -> list[str]:
    """The references at the first of the paths that has any."""
    found = next((node[path] for path in paths if path in node), [])
    return [text for each in found[:_DOCUMENTS_MAX] if (text := reference_of(each))]


def _detail(node: Leaves, place: str) -> Detail:
    """A TxDtls as plain values; raises ValueError when an amount is no number."""
    structured = "RmtInf/Strd"
    creditor = _references(node, f"{structured}/CdtrRefInf/Ref", f"{structured}/CdtrRefInf/CdtrRef")
    documents = _references(node, f"{structured}/RfrdDocInf/Nb", f"{structured}/RfrdDocInf/RfrdDocNb")
    own = _money(node, "Amt")
    transacted = _money(node, "AmtDtls/TxAmt/Amt")
    currency = (own or transacted or Money(Decimal(0), "")).currency
    code = _code(node)
    remittance = _unstructured(node.get("RmtInf/Ustrd", ()))
    additional = text_of(*node.get(f"{structured}/AddtlRmtInf", ()))
    returned = any(path.startswith("RtrInf") for path in node)
    reason = text_of(_text(node, "RtrInf/Rsn/Cd"), *node.get("RtrInf/AddtlInf", ())) if returned else ""
    bank = reference_of(_text(node, "Refs/AcctSvcrRef"))
    return Detail(
        place,
        own,
        transacted,
        _money(node, "AmtDtls/InstdAmt/Amt"),
        _text(node, "CdtDbtInd").strip(),
        _party(node, "Dbtr"),
        _party(node, "Cdtr"),
        References(
            creditor[0] if creditor else "",
            reference_of(_text(node, "Refs/EndToEndId")),
            bank,
            reference_of(_text(node, "Refs/InstrId")),
            reference_of(_text(node, "Refs/UETR")) or reference_of(_text(node, "Refs/TxId")),
            reference_of(_text(node, "Refs/MndtId")),
            reference_of(_text(node, "Refs/ChqNb")),
            tuple(dict.fromkeys([*creditor[1:], *documents])),
        ),
        text_of(remittance or additional or _text(node, "AddtlTxInf"), reason),
        types.of_iso(*code),
        _told_code(code),
        returned,
        _charges(node, currency),
        bank,
    )


def _reference(entry: Entry, details: Sequence[Detail]) -> str:
    """The bank's reference of an entry, else that of its only payment."""
    if entry.reference:
        return entry.reference
    return details[0].reference if len(details) == 1 else ""


def _amounts(entry: Entry, details: Sequence[Detail]) -> list[Decimal] | None:
    """The signed amount of each payment: in the first way that adds up to the entry, else in the first way.

    None when payments have no amount in the currency of the entry.
    """
    currency = entry.signed.currency
    entry_side = "DBIT" if entry.signed.amount < 0 else "CRDT"
    ways: tuple[Callable[[Detail], Iterable[Money | None]], ...] = (
        lambda detail: (detail.own, detail.transacted, detail.instructed),
        lambda detail: (detail.transacted, detail.own, detail.instructed),
        lambda detail: (detail.instructed, detail.transacted, detail.own),
    )
    first: list[Decimal] | None = None
    for way in ways:
        amounts: list[Decimal] = []
        for detail in details:
            money = next((each for each in way(detail) if each is not None and each.currency in (currency, "")), None)
            if money is None or money.amount < 0:
                return None
            amounts.append(-money.amount if (detail.side or entry_side) == "DBIT" else money.amount)
        if added(amounts) == entry.signed.amount:
            return amounts
        first = first or amounts
    return first
