"""SWIFT: MT940 and MT942, with mt-940 for the fields and our own care for what may be wrong around them.

The text is cut into messages at `:20:` here, and each is given to the library alone, so that what it
refuses costs no other message. When it refuses one, or finds another number of `:61:` fields than
there are, the fields of this message are read one by one, and only those that cannot be read are
reported with their line. Options of the library: all of its corrections, as without them `RC` is
positive and `:86:` is cut (see `mt940.Options`).
"""

from __future__ import annotations

import datetime
import io
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

import mt940

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
    LINES_MAX,
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

# What the library cannot read it also prints, unless somebody listens; the problem here says it with its line.
logging.getLogger("mt940").addHandler(logging.NullHandler())

_FIELD: Final = re.compile(r":(\d{2}[A-Z]?|NS) ?:")
_RUN_TOGETHER: Final = re.compile(r"@@:\d{2}[A-Z]?:")
_FIELD_CHARACTERS_MAX: Final = 20_000
_FIELDS_MAX: Final = 2 * LINES_MAX
_LINE_CHARACTERS: Final = 65
_ENTRIES_AT_ONCE: Final = 500
"""What the library makes of an entry takes some kilobytes."""
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_END: Final = re.compile(r"-\}?|-?\x03|\{[0-9]:.*")
_HEAD: Final = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4})?\s*(?P<mark>R?[CD])(?P<funds>[A-Z])?\s*"
    r"(?P<amount>\d{1,15}(?:,\d{0,6}|\.\d{1,2})?|,\d{1,6})\s*(?P<rest>[A-Z].*)",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
"""How a :61: begins; a point for the comma is understood, groups of thousands are not. Behind the amount comes the
type in letters: without it the amount may be cut."""
_EXPECTED: Final = re.compile(r"(\d{6})(?:\d{4}|\s{4})?E[CD]", re.ASCII)
_UNREADABLE: Final = (
    ValueError, RuntimeError, ArithmeticError, KeyError, TypeError, AttributeError, IndexError, AssertionError
)  # fmt: skip
"""What the library raises for fields that it cannot read."""

_SLASHED: Final = re.compile(
    r"/(TRTP|IBAN|BBAN|BIC|NAME|ADDR|REMI|USTD|STRD|EREF|KREF|CREF|IREF|PREF|MREF|MARF|CSID|CREDITOR|BENM|ORDP|CNTP|"
    r"ISDT|PURP|RTRN|ULTD|ULTC|ACCW|CHGS|OCMT|EXCH|TRCD|BALA|SVCL|ID|CITY)(?=/)"
)
_LETTERS: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{8,30}|\d{6,20}")
_STRUCTURED: Final = re.compile(r"\d{3}\?", re.ASCII)
_POINTED: Final = re.compile(r"\d{3}[>@]\d{2}", re.ASCII)
_POINTS: Final = re.compile(r"[>@](\d{2})", re.ASCII)
"""Some banks write > or @ where others write ?."""
_STRAY: Final = re.compile(r"\?(?!\d\d)", re.ASCII)
_STRAY_MARK: Final = "\ue000"
"""Stands for a question mark that begins no part, while the library reads the text."""
_GVC: Final = re.compile(r"(\d{3})(?:[?>@]|$)")


class Field(NamedTuple):
    """One field of a message: its tag as "61" or "60F", its text, and the line where it begins."""

    tag: str
    text: str
    line: int


def read(text: str, name: str, problems: Problems) -> Reading:
    """Read an MT940 or MT942 file.

    Args:
      text: The file's text.
      name: Its name.
      problems: Gathers what is wrong.
    Raises:
      BankError: No message begins anywhere.
    """
    drafts: list[Draft] = []
    count = 0
    for message in _messages(text, problems):
        draft = _draft(message, name, problems)
        count += len(draft.bookings)
        drafts.append(draft)
        if len(drafts) > STATEMENTS_MAX:
            raise BankError(
                f"has more than {STATEMENTS_MAX:,} statements: ask the bank for shorter periods", draft.place
            )
        if count > LINES_MAX:
            problems.error(draft.place, f"has more than {LINES_MAX:,} lines: ask the bank for shorter periods")
            break
    if not drafts:
        line = _line_of(_RUN_TOGETHER, text)
        if line is not None:
            raise BankError(
                "its fields are run together with @@ instead of line ends, as inside of FinTS answers: save it with"
                " a line for each field",
                str(line),
            )
        raise BankError("has no field :20:, with which every message of MT940 and MT942 begins", "1")
    interim = all(draft.kind == REPORT for draft in drafts)
    return Reading("MT942" if interim else "MT940", tuple(drafts))


def _line_of(pattern: re.Pattern[str], text: str) -> int | None:
    found = pattern.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _messages(text: str, problems: Problems) -> Iterator[list[Field]]:
    """The fields of each message, one message after the other; what stands between messages is dropped."""
    message: list[Field] | None = None
    lines: list[str] = []
    tag, begin, long = "", 0, False

    def close() -> None:
        if tag and message is not None:
            whole = "\n".join(lines)
            if long:
                problems.warning(str(begin), f":{tag}: is longer than any field: the first part of it is read")
            if len(message) > _FIELDS_MAX:
                raise BankError(f"has a message of more than {_FIELDS_MAX:,} fields: it is refused", str(begin))
            message.append(Field(tag, whole[:_FIELD_CHARACTERS_MAX], begin))

    size = 0
    for number, raw in enumerate(lines_of(text), 1):
        line = _CONTROLS.sub("", raw.rstrip("\r"))
        found = _FIELD.match(line)
        if found:
            close()
            if found[1] == "20":
                if message is not None:
                    yield message
                message = []
            tag, begin, long, size = found[1], number, False, 0
            lines = []
            line = line[found.end() :]
        elif _END.fullmatch(line.strip()):
            close()
            tag = ""
            continue
        if tag:
            if size + len(line) > _FIELD_CHARACTERS_MAX:
                long = True
            if size <= _FIELD_CHARACTERS_MAX:
                lines.append(line[:_FIELD_CHARACTERS_MAX])
            size += len(line) + 1
    close()
    if message is not None:
        yield message


def _draft(fields: Sequence[Field], name: str, problems: Problems) -> Draft:
    """One message as a draft."""
    place = str(fields[0].line)
    entries, around = _split(fields)
    expected = [entry for entry in entries if _EXPECTED.match(entry.statement.text)]
    if expected:
        are = "entry is" if len(expected) == 1 else "entries are"
        problems.note(str(expected[0].statement.line), f"{len(expected)} {are} only expected (EC or ED): left out")
        entries = [entry for entry in entries if not _EXPECTED.match(entry.statement.text)]
    interim = any(field.tag in ("34F", "13D") for field in around) and not _find(around, "62")
    opening, currency = _balance(around, "60", problems)
    closing, closing_currency = _balance(around, "62", problems)
    currency = currency or closing_currency or _floor_currency(around)
    if not interim:
        for missing, what in ((opening, ":60F:, the opening balance"), (closing, ":62F:, the closing balance")):
            tags = ("60",) if what.startswith(":60") else ("62",)
            if missing is None and not any(_find(around, tag) for tag in tags):
                problems.warning(place, f"the statement has no {what}: it is cut, or its balance cannot be checked")
    entries = [_checked(entry, problems) for entry in entries]
    bookings = []
    for begin in range(0, len(entries), _ENTRIES_AT_ONCE):
        some = entries[begin : begin + _ENTRIES_AT_ONCE]
        for entry, found in zip(some, _transactions(some, currency, problems), strict=True):
            line = _line(entry, found, currency, name, problems) if found is not None else None
            if line is not None:
                bookings.append(Booking(numbered(line.references.bank), (line,)))
    closing_tag = _find(around, "62")
    return Draft(
        _account(_value(around, "25"), currency),
        currency,
        _number(_value(around, "28")),
        REPORT if interim else STATEMENT,
        opening,
        closing,
        tuple(bookings),
        (),
        not interim and closing_tag is not None and closing_tag.tag != "62M",
        place,
    )


class Entry(NamedTuple):
    """One :61: with the :86: fields that belong to it.

    Attributes:
      amount: Signed by the mark alone: the bank takes back a credit with RC, so RC is a debit. None when it
        cannot be read.
      booked: The entry date; None when it is the value date.
      rest: The :61: as the library is to read it, for what follows the amount.
    """

    statement: Field
    details: tuple[Field, ...]
    amount: Decimal | None = None
    booked: datetime.date | None = None
    rest: Field = Field("61", "", 0)


def _split(fields: Sequence[Field]) -> tuple[list[Entry], list[Field]]:
    """The entries, and the fields around them: an :86: behind a balance is about the whole statement."""
    entries: list[Entry] = []
    around: list[Field] = []
    open_ = False
    for written in fields:
        field = written
        if field.tag == "61":
            entries.append(Entry(field, ()))
            open_ = True
        elif open_ and field.tag in ("86", "NS"):
            if _POINTED.match(field.text):
                field = field._replace(text=_POINTS.sub(r"?\1", field.text))
            entries[-1] = Entry(entries[-1].statement, (*entries[-1].details, field))
        else:
            around.append(field)
            open_ = open_ and field.tag not in ("60F", "60M", "62F", "62M", "60", "62", "64", "65")
    return entries, around


def _checked(entry: Entry, problems: Problems) -> Entry:
    """The entry with its amount and day, for which the library takes what it knows: of "1.000,00" it reads 1."""
    field = entry.statement
    found = _HEAD.match(field.text)
    if found is None:
        return entry
    # The comma is the standard's, whatever number of decimals is behind it.
    amount = Decimal(found["amount"].replace(",", ".").removesuffix("."))
    booked = None
    if found["entry"]:
        booked = _nearest(found["value"], found["entry"])
        if booked is None:
            problems.warning(
                str(field.line), f":61: is booked on a day that is none ({found['entry']}): its value date is taken"
            )
    return entry._replace(
        amount=amount if found["mark"].upper() in ("C", "RD") else -amount,
        booked=booked,
        rest=Field("61", f"{found['value']}{found['mark']}0,{found['rest']}", field.line),
    )


def _nearest(value_date: str, entry_date: str) -> datetime.date | None:
    """The day of an entry date without year that is nearest to the value date; None when there is none.

    >>> _nearest("260102", "1231"), _nearest("251231", "0102")
    (datetime.date(2025, 12, 31), datetime.date(2026, 1, 2))
    """
    year, month, day = 2000 + int(value_date[:2]), int(value_date[2:4]), int(value_date[4:])
    days = []
    for each in (year - 1, year, year + 1):
        try:
            days.append(datetime.date(each, int(entry_date[:2]), int(entry_date[2:])))
        except ValueError:
            continue
    # Value dates have a 30 February, where interest is counted in months of thirty days.
    near = datetime.date(year, min(max(month, 1), 12), min(max(day, 1), 28))
    return min(days, key=lambda each: abs(each - near), default=None)


def _find(fields: Sequence[Field], tag: str) -> Field | None:
    return next((field for field in fields if field.tag[:2] == tag), None)


def _value(fields: Sequence[Field], tag: str) -> str:
    found = _find(fields, tag)
    return found.text.strip() if found else ""


_BALANCE: Final = re.compile(r"([DC])(\d{6})([A-Z]{3}) ?(\d{0,15}(?:[,.]\d{0,6})?)\s*", re.ASCII)


def _balance(fields: Sequence[Field], tag: str, problems: Problems) -> tuple[Balance | None, str]:
    """A balance and its currency: the library takes "11 27421,94" for 11, so the digits are checked here."""
    field = _find(fields, tag)
    if field is None:
        return None, ""
    found = _BALANCE.fullmatch(field.text.split("\n")[0].strip())
    if found is None or not re.search(r"\d", found[4]):
        problems.error(
            str(field.line), f":{field.tag}: {shown(field.text, 40)} is not a balance: the statement is read without it"
        )
        return None, ""
    amount = Decimal(found[4].replace(",", ".") if found[4][-1] not in ",." else found[4][:-1])
    try:
        day = datetime.datetime.strptime(found[2], "%y%m%d").replace(tzinfo=datetime.UTC).date()
    except ValueError:
        problems.warning(str(field.line), f":{field.tag}: has no such day: {found[2]}")
        day = None
    return Balance(-amount if found[1] == "D" else amount, day), found[3]


def _account(text: str, currency: str) -> str:
    """The account, without the currency that some banks write behind it.

    >>> _account("NL91ABNA0417164300 EUR", "EUR"), _account("20011111/120119000", "EUR")
    ('NL91ABNA0417164300', '20011111/120119000')
    """
    account = account_of(text)
    number = account.removesuffix(currency)
    return number if number[-1:].isdigit() else account


def _number(text: str) -> str:
    """The number of a statement and its page, without leading zeros.

    >>> _number("00004/00001"), _number("0")
    ('4/1', '0')
    """
    return re.sub(r"\b0+(?=\d)", "", text_of(text))


def _floor_currency(fields: Sequence[Field]) -> str:
    found = re.match(r"[A-Z]{3}", _value(fields, "34"))
    return found[0] if found else ""


# The library


def _transactions(entries: Sequence[Entry], currency: str, problems: Problems) -> list[Mapping[str, Any] | None]:
    """What the library makes of each entry: of all together, else one by one, None for what it cannot read."""
    head = [Field("20", "-", 0), Field("60F", f"C000101{currency or 'XXX'}0,", 0)]
    body = [field for entry in entries for field in (entry.rest, *entry.details)]
    whole = _parsed([*head, *body]) if all(entry.amount is not None for entry in entries) else None
    if whole is not None and len(whole) == len(entries):
        return list(whole)
    found: list[Mapping[str, Any] | None] = []
    for entry in entries:
        one = None if entry.amount is None else _parsed([*head, entry.rest, *entry.details])
        if (one is None or len(one) != 1) and entry.amount is not None:
            one = _parsed([*head, entry.rest])
            if one is not None and len(one) == 1:
                problems.warning(str(entry.statement.line), "its :86: cannot be read: the line comes without its text")
        if one is None or len(one) != 1:
            problems.error(
                str(entry.statement.line), f":61: {shown(entry.statement.text, 50)} cannot be read: it is left out"
            )
            found.append(None)
        else:
            found.append(one[0])
    return found


def _parsed(fields: Sequence[Field]) -> list[dict[str, Any]] | None:
    """The transactions of these fields; None when the library refuses them."""
    # A stream, as the library would take a text for the name of a file when there is one of this name.
    source = io.StringIO("\n".join(f":{field.tag}:{_for_library(field)}" for field in fields))
    try:
        statements = mt940.parse_statements(source, options=mt940.Options.all())
    except _UNREADABLE:
        return None
    return [transaction.data for statement in statements for transaction in statement.transactions]


def _line(entry: Entry, data: Mapping[str, Any], currency: str, name: str, problems: Problems) -> BankLine | None:
    """A line of what the library found; None with a problem when something in it cannot be."""
    place = str(entry.statement.line)
    status = str(data.get("status") or "").upper()
    value_date = _date(data.get("date"))
    booked = entry.booked or value_date
    if booked is None or entry.amount is None:
        problems.error(place, f":61: {shown(entry.statement.text, 50)} cannot be read: it is left out")
        return None
    details = "".join(field.text.strip("\n") for field in entry.details if field.tag == "86")
    said = _details(entry, data)
    swift = text_of(str(data.get("id") or ""))
    german = _GVC.match(details)
    kind = types.of_swift(swift, german[1] if german else "")
    return line_of(
        booked,
        entry.amount,
        currency,
        file=name,
        place=place,
        value_date=value_date,
        counterparty=said.get("name", ""),
        counterparty_account=account_of(said.get("account", "")),
        ultimate=said.get("ultimate", ""),
        references=References(
            creditor=said.get("creditor", ""),
            end_to_end=reference_of(said.get("end_to_end")),
            bank=reference_of(str(data.get("bank_reference") or "")),
            customer=reference_of(said.get("customer") or _customer(data)),
            mandate=reference_of(said.get("mandate")),
            cheque=said.get("cheque", "") or (_customer(data) if swift[1:4] == "CHK" else ""),
        ),
        remittance=said.get("text", ""),
        type=REVERSAL if status in ("RC", "RD") and kind != RETURN else kind,
        code=text_of(swift, german[1] if german else "", said.get("words", "")),
    )


def _for_library(field: Field) -> str:
    """The text of a field: of a structured :86: on one line, as the library drops spaces at the ends of lines."""
    if field.tag != "86" or not _STRUCTURED.match(field.text):
        return field.text
    return _STRAY.sub(_STRAY_MARK, field.text.replace("\n", ""))


def _customer(data: Mapping[str, Any]) -> str:
    reference = reference_of(str(data.get("customer_reference") or ""))
    return "" if reference.rstrip("+") in ("KREF", "EREF", "MREF", "PREF", "NONREF") else reference


def _date(value: object) -> datetime.date | None:
    if not isinstance(value, datetime.date):
        return None
    return datetime.date(value.year, value.month, value.day)


# What :86: says


def _details(entry: Entry, data: Mapping[str, Any]) -> dict[str, str]:
    """The parties, references and text of an entry, in the three manners of :86: that banks have."""
    extra = text_of(str(data.get("extra_details") or ""))
    if "transaction_details" not in data and "purpose" in data:
        return _of_german(data, extra)
    plain = text_of(*(_joined(field.text) for field in entry.details if field.tag == "86"))
    if len(_SLASHED.findall(plain)) >= 2:
        return _of_slashes(plain, extra)
    account = extra if _LETTERS.fullmatch(account_of(extra)) else ""
    return {"text": plain or extra, "account": account, "words": "" if account else (extra if plain else "")}


def _joined(text: str) -> str:
    """The lines of a field: one that is full goes on in the next without a space."""
    return "".join(line if len(line) >= _LINE_CHARACTERS else f"{line} " for line in text.split("\n"))


def _of_german(data: Mapping[str, Any], extra: str) -> dict[str, str]:
    """The manner ?00 to ?63, as German and many other banks have it: the library takes it apart."""

    def said(*keys: str) -> str:
        texts = (text_of(str(data.get(key) or "").replace(_STRAY_MARK, "?")) for key in keys)
        return next(filter(None, texts), "")

    # A notice of the bank may follow a reference without a word of the standard between.
    end_to_end, _, notice = said("end_to_end_reference").partition("MTLG:")
    # What stands in :61: comes before what ?20 to ?29 say.
    customer, _, order = said("customer_reference").removeprefix("NONREF ").removeprefix("KREF+").partition("MTLG:")
    return {
        "name": said("applicant_name"),
        "account": said("applicant_iban", "gvc_applicant_iban"),
        "ultimate": said("deviate_applicant", "deviate_recipient"),
        "end_to_end": end_to_end,
        "customer": customer,
        "mandate": said("additional_position_reference"),
        "text": text_of(said("purpose"), notice, order, said("additional_purpose")) or extra,
        "words": said("posting_text"),
    }


def _of_slashes(text: str, extra: str) -> dict[str, str]:
    """The manner /NAME/…/REMI/…/ of Dutch, Belgian and Polish banks and of SWIFT's own usage rules."""
    parts = _SLASHED.split(text)
    found: dict[str, str] = {}
    for word, value in zip(parts[1::2], parts[2::2], strict=True):
        found.setdefault(word, value.strip("/ "))
    party = found.get("CNTP", "").split("/")
    remittance = (found.get("REMI") or found.get("USTD") or "").removeprefix("USTD//")
    creditor = found.get("STRD", "")
    if remittance.startswith("STRD/"):
        creditor, remittance = remittance.removeprefix("STRD/"), ""
    creditor = creditor.removeprefix("CUR/").strip("/ ")
    account = found.get("IBAN") or found.get("BBAN") or party[0]
    return {
        "name": text_of(found.get("NAME") or (party[2] if len(party) > 2 else "")),
        "account": account or (extra if _LETTERS.fullmatch(account_of(extra)) else ""),
        "ultimate": text_of(found.get("ULTD") or found.get("ULTC")),
        "creditor": reference_of(creditor),
        "end_to_end": found.get("EREF", ""),
        "customer": found.get("KREF") or found.get("PREF") or found.get("CREF") or "",
        "mandate": found.get("MARF") or found.get("MREF") or "",
        "text": text_of(parts[0], remittance) or (text_of(creditor) if "REMI" in found else text_of(text)),
        "words": text_of(found.get("TRTP")),
    }
