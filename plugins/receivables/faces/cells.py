"""How one value reads: what the faces have in common about numbers, headings and hostile text."""

from __future__ import annotations

import re
from decimal import Decimal

from receivables.report import Column, Report, Row, Value, totals

_AGED = re.compile(r"days_(\d+)_(\d+)")
_AGED_OVER = re.compile(r"days_over_(\d+)")

# C0 but tab, line feed and carriage return; delete and C1; surrogates; the two that XML forbids.
_UNSOUND = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def heading(column: Column) -> str:
    """The column's name as a person writes it.

    >>> [heading(Column(name, str, "")) for name in ("due", "days_overdue", "days_1_30", "days_over_365")]
    ['Due', 'Days overdue', '1–30 days', 'Over 365 days']
    """
    if aged := _AGED.fullmatch(column.name):
        return f"{aged[1]}–{aged[2]} days"
    if over := _AGED_OVER.fullmatch(column.name):
        return f"Over {over[1]} days"
    words = column.name.replace("_", " ").replace("-", " ")
    return words[:1].upper() + words[1:]


def exact(value: Decimal) -> str:
    """Every digit of a number, without exponent, and no minus before a zero.

    >>> [exact(Decimal(text)) for text in ("1.50", "2E+3", "-0.00", "1E-7")]
    ['1.50', '2000', '0.00', '0.0000001']
    """
    return format(value if value else value.copy_abs(), "f")


def amount(value: Decimal, digits: int | None) -> str:
    """An amount with thousands separators and `digits` decimals: more where the value has more.

    Nothing is rounded: only zeros at the end come and go. Without `digits` (a currency that the
    report says nothing about) the value keeps its own.

    >>> amount(Decimal("1234567"), 2), amount(Decimal("-0.125"), 2), amount(Decimal("5.00"), 0)
    ('1,234,567.00', '-0.125', '5')
    >>> amount(Decimal("5.10"), None)
    '5.10'
    """
    text = format(value if value else value.copy_abs(), ",f")
    if digits is None or not text[-1].isdigit():
        return text
    whole, _, decimals = text.partition(".")
    if len(decimals) != digits:
        decimals = decimals.rstrip("0").ljust(digits, "0")
    return f"{whole}.{decimals}" if decimals else whole


def plain(value: Value) -> str:
    """A value as data: exact digits, ISO dates, true or false, nothing for a missing value.

    >>> import datetime
    >>> [plain(value) for value in (Decimal("1.50"), datetime.date(2026, 1, 2), True, 7, None, "x")]
    ['1.50', '2026-01-02', 'true', '7', '', 'x']
    """
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return exact(value)
    if isinstance(value, int):
        return str(value)
    return value.isoformat()


def sound(text: str) -> str:
    r"""Text without characters that no text has and some programs obey: each becomes a visible escape.

    Those are the control characters (but tab and line ends), lone surrogates, and the two
    non-characters that XML forbids. Everything else is left as it is, bidirectional marks too.

    >>> sound("Lan\x1b[2J\x00") == r"Lan\x1b[2J\x00"
    True
    """
    return _UNSOUND.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return visible(found[0])


def visible(character: str) -> str:
    r"""The escape that stands for a character which must not act: ``\n``, ``\x1b``, ``\u202e``."""
    return character.encode("unicode_escape").decode("ascii")


def says_late(column: Column, value: Value) -> bool:
    """Whether this value of this column says that something is overdue: days of it, or an aged amount."""
    aged = column.money is not None and column.name.startswith("days_")
    return (aged or column.name in ("days_overdue", "overdue")) and isinstance(value, int | Decimal) and value > 0


def currency_positions(report: Report) -> tuple[int | None, ...]:
    """For each column, where its currency stands in a row; None for what is not an amount."""
    return tuple(None if column.money is None else report.position(column.money) for column in report.columns)


def currency_columns(report: Report) -> frozenset[str]:
    """The names of the columns that say in which currency an amount is."""
    return frozenset(column.money for column in report.columns if column.money is not None)


def label_column(report: Report) -> str | None:
    """The name of the first text column that is no currency: where a row of totals says that it is one."""
    currencies = currency_columns(report)
    return next((c.name for c in report.columns if c.type is str and c.name not in currencies), None)


def total_rows(report: Report, label: str | None) -> list[Row]:
    """`totals` as rows of the report's own shape, one a currency in alphabetical order.

    The column called `label` says "Total", the currency's own column which currency; cells without
    a total are None.
    """
    added: dict[str, set[str]] = {}
    for column in report.columns:
        if column.money is not None:
            added.setdefault(column.money, set()).add(column.name)
    rows: list[Row] = []
    for currency, sums in sorted(totals(report).items()):
        cells: list[Value] = []
        for column in report.columns:
            if added.get(column.name, set()) & sums.keys():
                cells.append(currency)
            else:
                cells.append("Total" if column.name == label else sums.get(column.name))
        rows.append(tuple(cells))
    return rows
