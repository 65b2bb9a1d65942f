"""Ledger text: Beancount directives as text in which no word can become a directive.

Every text stands in quotes with quotes, backslashes and line breaks escaped, every name is what Beancount's
lexer reads as one, and what was written is parsed back by Beancount itself and compared with what was meant.
Beancount's own printer is not used: it escapes no string of a note, event, document or `custom`.
"""

from __future__ import annotations

import datetime
import os
import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from beancount.core import account as accounts
from beancount.core.amount import Amount
from beancount.core.data import (
    Balance,
    Commodity,
    Custom,
    Directive,
    Document,
    Event,
    Note,
    Open,
    Posting,
    Price,
    Transaction,
)
from beancount.core.number import MISSING
from beancount.core.position import Cost, CostSpec
from beancount.parser import parser

from receivables.measuring import cells_wide
from receivables.settings import ACCOUNT

WIDTH: Final = 100
"""Cells of a line of comment."""

_GAP: Final = 2
"""Spaces at least between an account and its amount."""

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"}
_ESCAPED: Final = re.compile('["\\\\\n\r\t\f\b]')
_PLACES: Final = frozenset({"filename", "lineno"})

# What the lexer of Beancount 3.2 reads as one name (parser/lexer.l).
_CURRENCY: Final = re.compile(
    r"[A-Z]|[A-Z][A-Z0-9'._\-]*[A-Z0-9]|/[A-Z0-9'._\-]*[A-Z]([A-Z0-9'._\-]*[A-Z0-9])?",
)
_KEY: Final = re.compile(r"[a-z][a-zA-Z0-9\-_]+")
_TAG: Final = re.compile(r"[A-Za-z0-9\-_/.]+")
_FLAG: Final = re.compile(r"[*!&#?%A-Z]")


class TextError(ValueError):
    """A directive cannot be written so that Beancount reads the same again; the message says which part of it."""


# Words


def quoted(text: str) -> str:
    """A Beancount string on one line, whatever is in `text`.

    >>> print(quoted('say "hi"\\n2013-01-01 close Assets:Bank'))
    "say \\"hi\\"\\n2013-01-01 close Assets:Bank"
    """
    return '"' + _ESCAPED.sub(lambda found: _ESCAPES[found[0]], text) + '"'


def comment(line: str) -> str:
    """A comment of one line, whatever is in `line`: what cannot be seen is a space."""
    return f"; {_visible(line)}\n"


def comments(sentences: Iterable[str]) -> str:
    """Sentences as comments: each begins a line, and what does not fit goes on below it."""
    return "".join(
        f"; {line}\n"
        for sentence in sentences
        for line in textwrap.wrap(
            _visible(sentence), WIDTH - 2, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
    )


def _visible(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _named(pattern: re.Pattern[str], name: object, what: str) -> str:
    if not isinstance(name, str) or not pattern.fullmatch(name):
        raise TextError(f"{name!r} is no {what}")
    return name


def _number(number: object) -> str:
    """Every digit, with separators of thousands."""
    if not isinstance(number, Decimal) or not number.is_finite():
        raise TextError(f"{number!r} is no number")
    return format(number if number else number.copy_abs(), ",f")


def _amount(amount: object) -> str:
    if not isinstance(amount, Amount):
        raise TextError(f"{amount!r} is no amount")
    return f"{_number(amount.number)} {_named(_CURRENCY, amount.currency, 'currency')}"


def _value(value: object) -> str:
    """A value of metadata or of a `custom`."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, Decimal):
        return _number(value).replace(",", "")
    if type(value) is datetime.date:
        return value.isoformat()
    if isinstance(value, Amount):
        return _amount(value)
    raise TextError(f"{value!r} is no value that Beancount can read")


# Directives


def directive(entry: Directive, column: int = 0) -> str:
    """A directive as lines of a ledger.

    Written are Transaction, Open, Note, Document, Custom, Balance, Price, Event and Commodity. Metadata may be
    text, Decimal, date, bool, Amount or None; "filename", "lineno" and Beancount's own marks ("__…") are left out.

    Args:
      entry: The directive; each posting has its amount.
      column: Where the amounts of postings end at least, in cells from the beginning of the line.
    Raises:
      TextError: There is something in it that Beancount has no text for.
    """
    if isinstance(entry, Transaction):
        return _transaction(entry, max(column, amounts_end([entry])))
    return "".join([f"{entry.date.isoformat()} {_head(entry)}\n", *_metadata(entry.meta, "  ")])


def _head(entry: Directive) -> str:
    """What stands behind the date of a directive that is no transaction."""
    match entry:
        case Open():
            currencies = _parted(_named(_CURRENCY, currency, "currency") for currency in entry.currencies or ())
            booking = quoted(entry.booking.value) if entry.booking else ""
            words = ["open", _account(entry.account), currencies, booking]
        case Note():
            words = ["note", _account(entry.account), quoted(entry.comment), *_tags_and_links(entry)]
        case Document():
            words = ["document", _account(entry.account), quoted(entry.filename), *_tags_and_links(entry)]
        case Custom():
            words = ["custom", quoted(entry.type), *_custom_values(entry.values or ())]
        case Balance():
            number, _, currency = _amount(entry.amount).rpartition(" ")
            tolerance = "" if entry.tolerance is None else f"~ {_number(entry.tolerance)}"
            words = ["balance", _account(entry.account), number, tolerance, currency]
        case Price():
            words = ["price", _named(_CURRENCY, entry.currency, "currency"), _amount(entry.amount)]
        case Event():
            words = ["event", quoted(entry.type), quoted(entry.description)]
        case Commodity():
            words = ["commodity", _named(_CURRENCY, entry.currency, "currency")]
        case _:
            raise TextError(f"{type(entry).__name__} is a directive that is never written")
    return " ".join(word for word in words if word)


def _account(account: object) -> str:
    return _named(ACCOUNT, account, "account")


def _custom_values(values: Iterable[Any]) -> Iterator[str]:
    after_number = False
    for value, kind in values:
        text = _account(value) if kind is accounts.TYPE else _value(value)
        # A number and a negative one behind it are a difference to Beancount, unless it stands in brackets.
        if after_number and text.startswith("-"):
            number, blank, currency = text.partition(" ")
            text = f"({number}){blank}{currency}"
        yield text
        after_number = isinstance(value, Decimal)


def _tags_and_links(entry: Transaction | Note | Document) -> list[str]:
    return [
        *(f"#{_named(_TAG, tag, 'tag')}" for tag in sorted(entry.tags or ())),
        *(f"^{_named(_TAG, link, 'link')}" for link in sorted(entry.links or ())),
    ]


def _metadata(meta: Mapping[str, Any] | None, indent: str) -> list[str]:
    return [
        f"{indent}{_named(_KEY, key, 'metadata key')}:{'' if value is None else f' {_value(value)}'}\n"
        for key, value in _own(meta).items()
    ]


def _own(meta: Mapping[str, Any] | None) -> dict[str, Any]:
    """Metadata without its place and without Beancount's own marks."""
    return {key: value for key, value in (meta or {}).items() if key not in _PLACES and not key.startswith("__")}


def _transaction(entry: Transaction, column: int) -> str:
    payee = [] if entry.payee is None else [quoted(entry.payee)]
    words = [
        entry.date.isoformat(), _named(_FLAG, entry.flag, "flag"), *payee, quoted(entry.narration or ""),
        *_tags_and_links(entry),
    ]  # fmt: skip
    lines = [" ".join(words) + "\n", *_metadata(entry.meta, "  ")]
    for posting in entry.postings:
        begin, amount = _posting_begin(posting), _amount(posting.units)
        number, _, currency = amount.rpartition(" ")
        space = " " * max(1, column - cells_wide(begin) - len(number))
        price = "" if posting.price is None else f" @ {_amount(posting.price)}"
        lines.append(f"{begin}{space}{number} {currency}{_cost(posting.cost)}{price}\n")
        lines += _metadata(posting.meta, "    ")
    return "".join(lines)


def _posting_begin(posting: Posting) -> str:
    flag = "" if posting.flag is None else f"{_named(_FLAG, posting.flag, 'flag')} "
    return f"  {flag}{_account(posting.account)}"


def _cost(cost: Cost | CostSpec | None) -> str:
    if cost is None:
        return ""
    number, total, currency = _cost_amount(cost)
    parts = []
    if number is not None or total is not None:
        number_text = "" if number is None else f"{_number(number)} "
        total_text = "" if total is None else f"# {_number(total)} "
        parts.append(f"{number_text}{total_text}{_named(_CURRENCY, currency, 'currency')}")
    if cost.date is not None:
        parts.append(_value(cost.date))
    if cost.label is not None:
        parts.append(quoted(cost.label))
    return f" {{{_parted(parts)}}}"


def _parted(parts: Iterable[str]) -> str:
    """Parts with commas between. Beancount's lexer reads a currency of one letter only before a space."""
    return ", ".join(f"{part} " if part[-2:-1] in ("", " ") else part for part in parts)


def _cost_amount(cost: Cost | CostSpec) -> tuple[Any, Any, Any]:
    """Cost of a unit, cost in addition for all, and the currency; None for what is not said."""
    if isinstance(cost, Cost):
        return cost.number, None, cost.currency
    parts: list[Any] = [cost.number_per, cost.number_total, cost.currency]
    number, total, currency = (None if part is MISSING else part for part in parts)
    return number, total, currency


def amounts_end(entries: Iterable[Directive]) -> int:
    """Where the amounts of postings end, in cells, so that all of them stand one below the other."""
    postings = [posting for entry in entries if isinstance(entry, Transaction) for posting in entry.postings]
    if not postings:
        return 0
    numbers = (_amount(posting.units).rpartition(" ")[0] for posting in postings)
    return max(cells_wide(_posting_begin(posting)) for posting in postings) + _GAP + max(map(len, numbers))


def is_short(entry: Directive) -> bool:
    """Whether a directive takes one line, so that several of them need no empty lines between."""
    return not isinstance(entry, Transaction) and not _own(entry.meta)


def ledger_text(sentences: Sequence[str], entries: Sequence[Directive], column: int = 0) -> str:
    """The text of a ledger file: a comment of a line for each sentence, then the directives in the given order.

    Raises:
      TextError: Beancount would read something else than what was meant.
    """
    column = max(column, amounts_end(entries))
    between = "" if all(map(is_short, entries)) else "\n"
    body = between.join(directive(entry, column) for entry in entries)
    text = f"{''.join(map(comment, sentences))}\n{body}"
    prove(text, entries)
    return text


# Proof


def prove(text: str, entries: Sequence[Directive], file: str = "<string>", before: int = 0) -> tuple[int, ...]:
    """The lines on which `entries` stand in `text`, in their order, once Beancount has read exactly these there.

    Args:
      text: The whole text of the file.
      entries: What must be read behind the first `before` lines, in the order of the lines.
      file: The file's path: names of documents are relative to its folder.
      before: How many lines at the beginning are others' business; what is wrong there is not asked.
    Raises:
      TextError: Beancount reads something else, or has an error to report.
    """
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        raise TextError(f"{error.object[error.start : error.end]!r} is no character") from error
    read, errors, _ = parser.parse_string(content, report_filename=file)
    wrong = next((error for error in errors if not before or (_line(error.source) > before)), None)
    if wrong is not None:
        raise TextError(str(wrong.message))
    found = sorted((entry for entry in read if _line(entry.meta) > before), key=lambda entry: _line(entry.meta))
    if len(found) != len(entries):
        raise TextError(f"{len(found)} directives would be read instead of {len(entries)}")
    folder = os.path.dirname(file)  # noqa: PTH120
    for here, meant in zip(found, entries, strict=True):
        if comparable(here, folder) != comparable(meant, folder):
            raise TextError(f"another directive would be read: {directive(here).rstrip()}")
    return tuple(_line(entry.meta) for entry in found)


def _line(place: Mapping[str, Any]) -> int:
    return int(place["lineno"])


def comparable(entry: Directive, folder: str = "") -> tuple[Any, ...]:
    """What a directive says, without its place: two are equal when they say the same, to the last digit.

    Args:
      entry: The directive.
      folder: Of the file in which it stands: names of documents are relative to it.
    """
    says: tuple[Any, ...]
    match entry:
        case Transaction():
            postings = [_comparable_posting(posting) for posting in entry.postings]
            says = (entry.flag, entry.payee, entry.narration or "", *_comparable_words(entry), postings)
        case Note():
            says = (entry.account, entry.comment, *_comparable_words(entry))
        case Document():
            path = os.path.abspath(os.path.join(folder, entry.filename))  # noqa: PTH100, PTH118
            says = (entry.account, path, *_comparable_words(entry))
        case Open():
            says = (entry.account, list(entry.currencies or ()), entry.booking)
        case Custom():
            says = (entry.type, [(str(kind), _exact(value)) for value, kind in entry.values or ()])
        case Balance():
            says = (entry.account, _exact(entry.amount), _exact(entry.tolerance))
        case Price():
            says = (entry.currency, _exact(entry.amount))
        case Event():
            says = (entry.type, entry.description)
        case Commodity():
            says = (entry.currency,)
        case _:
            says = ()
    return (type(entry).__name__, entry.date, _comparable_meta(entry.meta), *says)


def _comparable_words(entry: Transaction | Note | Document) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset(entry.tags or ()), frozenset(entry.links or ())


def _comparable_meta(meta: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: _exact(value) for key, value in _own(meta).items()}


def _comparable_posting(posting: Posting) -> tuple[Any, ...]:
    cost = posting.cost
    at = None if cost is None else (*map(_exact, _cost_amount(cost)), cost.date, cost.label)
    return (
        posting.account,
        _exact(posting.units),
        at,
        _exact(posting.price),
        posting.flag,
        _comparable_meta(posting.meta),
    )


def _exact(value: Any) -> tuple[Any, ...]:
    """A value with its type (TRUE is not 1) and, of a number, the places behind the point (5.00 is not 5)."""
    if isinstance(value, Amount):
        return "amount", _exact(value.number), value.currency
    if isinstance(value, Decimal) and value.is_finite():
        return "number", value, max(0, -int(value.as_tuple().exponent))
    return type(value).__name__, value
