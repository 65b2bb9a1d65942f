"""Text: Beancount directives as ledger text in which no word of a file can become a directive.

Every text goes into quotes with quotes, backslashes and line breaks escaped, every name is made legal, and
what was written is parsed back by Beancount itself and compared with what was meant.
"""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from beancount.core import account as accounts
from beancount.core.amount import Amount
from beancount.core.data import Custom, Note, Open, Posting, Transaction
from beancount.parser import parser

from receivables_importers.start.problems import StartError, shown

LEAF_CHARACTERS_MAX: Final = 60
LINK_CHARACTERS_MAX: Final = 80
_AMOUNT_WIDTH: Final = 16
_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\f": "\\f", "\b": "\\b"}
_ESCAPED: Final = re.compile('["\\\\\n\r\t\f\b]')
_LINK: Final = re.compile(r"[A-Za-z0-9\-_/.]+")
_NOT_OF_LINK: Final = re.compile(r"[^A-Za-z0-9\-_/.]+")
_PLACES: Final = frozenset({"filename", "lineno"})

Directive = Open | Custom | Transaction | Note


def quoted(text: str) -> str:
    """A Beancount string on one line, whatever is in `text`.

    >>> print(quoted('say "hi"\\n2013-01-01 close Assets:Bank'))
    "say \\"hi\\"\\n2013-01-01 close Assets:Bank"
    """
    return '"' + _ESCAPED.sub(lambda found: _ESCAPES[found[0]], text) + '"'


# Names


def is_link(text: str) -> bool:
    """Whether Beancount reads `^text` as one link."""
    return len(text) <= LINK_CHARACTERS_MAX and _LINK.fullmatch(text) is not None


def safe_link(text: str) -> str:
    """A legal link that resembles `text`.

    >>> safe_link("HĐ 17/2013"), safe_link("ف-١٢"), safe_link("发票"), safe_link("INV-1")
    ('HD-17/2013', '12', 'document', 'INV-1')
    """
    if is_link(text):
        return text
    ascii_text = "".join(
        str(unicodedata.decimal(character)) if character.isdecimal() else character
        for character in unicodedata.normalize("NFKD", text.replace("Đ", "D").replace("đ", "d"))
        if not unicodedata.combining(character)
    )
    return _NOT_OF_LINK.sub("-", ascii_text).strip("-")[:LINK_CHARACTERS_MAX] or "document"


def account_leaf(text: str) -> str:
    """A legal last part of an account that resembles `text`.

    It begins with a capital letter or a digit and goes on with letters, digits and hyphens; scripts without
    capitals get a "C-" in front.

    >>> account_leaf("0379-NEVHP"), account_leaf("đông á, jsc"), account_leaf("公司"), account_leaf("&")
    ('0379-NEVHP', 'Đông-á-jsc', 'C-公司', 'Customer')
    """
    letters = (_letter(character) for character in unicodedata.normalize("NFC", text))
    words = re.sub("-+", "-", "".join(letters)).strip("-")[:LEAF_CHARACTERS_MAX].rstrip("-")
    for name in (words, words[:1].upper() + words[1:], f"C-{words}" if words else "Customer"):
        if accounts.is_valid_leaf(name):
            return name
    # Letters that are too new for Beancount's tables of characters.
    return f"C-{re.sub('[^A-Za-z0-9]+', '-', words).strip('-')}".rstrip("-")


def _letter(character: str) -> str:
    """The character where account names may have it, nothing for marks on letters, else a hyphen."""
    category = unicodedata.category(character)
    if category[0] == "L" or category == "Nd":
        return character
    return "" if category[0] == "M" or category == "Cf" else "-"


class Names:
    """Hands out names that all differ, also when capitals do not count.

    Args:
      taken: Names that nobody gets.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {name.casefold() for name in taken}
        self._count: dict[str, int] = {}

    def claim(self, wanted: str) -> str:
        """`wanted`, or with the first of -2, -3, … that is free; it is taken from now on.

        >>> names = Names(["INV-1"])
        >>> names.claim("inv-1"), names.claim("inv-1"), names.claim("INV-2")
        ('inv-1-2', 'inv-1-3', 'INV-2')
        """
        name = wanted
        count = self._count.get(wanted.casefold(), 1)
        while name.casefold() in self._taken:
            count += 1
            name = f"{wanted}-{count}"
        self._count[wanted.casefold()] = count
        self._taken.add(name.casefold())
        return name


# Directives


def comment(line: str) -> str:
    """A comment of one line, whatever is in `line`."""
    return "; " + "".join(character if character.isprintable() else " " for character in line) + "\n"


def ledger_text(comments: Sequence[str], entries: Sequence[Directive]) -> str:
    """The text of a ledger file: comments, then the directives in the given order.

    Raises:
      StartError: Beancount would read something else than what was meant.
    """
    width = max(
        (len(posting.account) for entry in entries if isinstance(entry, Transaction) for posting in entry.postings),
        default=0,
    )
    compact = not any(isinstance(entry, Transaction) or _own(entry.meta) for entry in entries)
    body = ("" if compact else "\n").join(_directive(entry, width) for entry in entries)
    text = "".join(comment(line) for line in comments) + "\n" + body
    _prove(text, entries)
    return text


def _directive(entry: Directive, width: int) -> str:
    date = entry.date.isoformat()
    if isinstance(entry, Transaction):
        return _transaction(entry, width)
    if isinstance(entry, Open):
        head = f"{date} open {entry.account}"
    elif isinstance(entry, Note):
        head = f"{date} note {entry.account} {quoted(entry.comment)}{_tags_and_links(entry)}"
    else:
        values = " ".join(
            value.value if value.dtype is accounts.TYPE else quoted(value.value) for value in entry.values
        )
        head = f"{date} custom {quoted(entry.type)} {values}"
    return "".join([head, "\n", *_metadata(entry.meta, "  ")])


def _transaction(entry: Transaction, width: int) -> str:
    payee = f"{quoted(entry.payee)} " if entry.payee else ""
    lines = [
        f"{entry.date.isoformat()} {entry.flag} {payee}{quoted(entry.narration or '')}{_tags_and_links(entry)}\n",
        *_metadata(entry.meta, "  "),
    ]
    for posting in entry.postings:
        units = posting.units
        if units is None or units.number is None:
            raise _unproven(f"a posting without an amount on {entry.date}")
        number = f"{units.number:,f}"
        lines.append(f"  {posting.account:<{width}} {number:>{_AMOUNT_WIDTH}} {units.currency}\n")
        lines += _metadata(posting.meta or {}, "    ")
    return "".join(lines)


def _tags_and_links(entry: Transaction | Note) -> str:
    return "".join(
        [
            *(f" #{tag}" for tag in sorted(entry.tags or ())),
            *(f" ^{link}" for link in sorted(entry.links or ())),
        ]
    )


def _metadata(meta: Mapping[str, Any], indent: str) -> list[str]:
    return [f"{indent}{key}: {_value(value)}\n" for key, value in meta.items() if key not in _PLACES]


def _value(value: object) -> str:
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, Amount):
        return f"{value.number:,f} {value.currency}"
    return quoted(str(value))


# Proof


def _prove(text: str, entries: Iterable[Directive]) -> None:
    """Raise StartError unless Beancount reads from `text` exactly `entries`, without an error."""
    read, errors, _ = parser.parse_string(text, dedent=False)
    if errors:
        raise _unproven(str(errors[0].message))
    meant = list(entries)
    if len(read) != len(meant):
        raise _unproven(f"{len(read)} directives instead of {len(meant)}")
    for found, wanted in zip(sorted(read, key=_line), meant, strict=True):
        if _comparable(found) != _comparable(wanted):
            raise _unproven(f"another directive on {wanted.date}, near {shown(_directive(wanted, 0))}")


def _unproven(reason: str) -> StartError:
    return StartError(
        f"the ledger's text would not say what was meant ({reason}): nothing is written; this is a"
        " fault of the"
        " program, please report it with the row concerned"
    )


def _line(entry: Any) -> int:
    return int(entry.meta["lineno"])


def _own(meta: Mapping[str, Any] | None) -> dict[str, Any]:
    return {key: value for key, value in (meta or {}).items() if key not in _PLACES}


def _comparable(entry: Any) -> tuple[Any, ...]:
    """A directive without its place, so that two are equal when they say the same."""
    meta = _own(entry.meta)
    if isinstance(entry, Transaction):
        return (
            "transaction", entry.date, entry.flag, entry.payee or None, entry.narration or "",
            frozenset(entry.tags or ()), frozenset(entry.links or ()), meta,
            [_comparable_posting(posting) for posting in entry.postings],
        )  # fmt: skip
    if isinstance(entry, Note):
        return (
            "note", entry.date, entry.account, entry.comment, frozenset(entry.tags or ()),
            frozenset(entry.links or ()), meta,
        )  # fmt: skip
    if isinstance(entry, Open):
        return ("open", entry.date, entry.account, entry.currencies or [], entry.booking, meta)
    if isinstance(entry, Custom):
        return ("custom", entry.date, entry.type, [tuple(value) for value in entry.values], meta)
    return (type(entry).__name__, entry.date, meta)


def _comparable_posting(posting: Posting) -> tuple[Any, ...]:
    return (
        posting.account,
        posting.units,
        posting.cost,
        posting.price,
        posting.flag,
        _own(posting.meta),
    )
