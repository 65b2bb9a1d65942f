"""Mapping: which column is what, from a small TOML file or guessed from the headers.

The TOML file is optional. What it says holds; what it leaves out is guessed where there is one reading
and is an error, with the lines to choose from, where there are several. `bean-ar start` writes the
whole mapping that it used beside the ledger, so that the next run guesses nothing.

    title = "Lift Makers Ltd"          # the title of the ledger
    currency = "USD"                   # where a table has no column for it
    dates = "DMY"                      # day, month, year; or "MDY", "YMD"
    decimal = ","                      # the decimal mark; or "."
    opening = 2026-01-01               # the day on which open balances were taken
    repeated_numbers = "error"         # or "lines": rows with one number are lines of one invoice;
                                       # or "per-customer": two customers may share a number
    paid_in_advance = false            # true: an invoice may be paid before its date

    [accounts]
    receivable = "Assets:Receivable"   # customers' accounts are made below it
    income = "Income:Sales"
    bank = "Assets:Bank"
    opening = "Equity:Opening-Balances"
    names = "customer"                 # accounts are called as the customer column says; or "name"

    [currencies]                       # how the files write currencies
    "$" = "USD"

    [[table]]                          # one for each file, and each sheet of a workbook
    file = "invoices.csv"              # the file's name; left out: every table that no other names
    sheet = "2025"                     # for a workbook
    kind = "invoices"                  # customers, invoices, receipts, balances; ignore leaves it out
    encoding = "utf-8"                 # for a text file
    delimiter = ";"
    header_row = 1                     # as the spreadsheet program counts rows
    dates = "DMY"                      # as above, for this table alone; also decimal and currency
    sign = "as-is"                     # "reversed": amounts have the other sign than ours

    [table.columns]                    # our field = the header
    customer = "Customer No."
    number = "Invoice"
    date = "Invoice Date"
    amount = "Total"

    [table.keep]                       # metadata key = the header of a column that is merely kept
    sales-person = "Sales Person"

The fields are those of `receivables_importers.start.headers.FIELDS`. A column that is neither mapped nor
listed in `ignore = ["Header", …]` is kept as metadata under a key made from its header.
"""

from __future__ import annotations

import datetime
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from beancount.core.account import is_valid

from receivables_importers.start import headers
from receivables_importers.start.headers import (
    AMOUNT,
    CUSTOMERS,
    DATE,
    FIELDS,
    IGNORE,
    KINDS,
    RECEIPTS,
)
from receivables_importers.start.problems import Problem, StartError, shown
from receivables_importers.start.reading import Cell, Sheet
from receivables_importers.start.values import (
    COMMA,
    NOTHING,
    ORDERS,
    POINT,
    Votes,
    currency_of,
    date_votes,
    decimal_votes,
    is_currency,
    read_date,
    spoken,
)

MAPPING_BYTES_MAX: Final = 1 << 20
MAPPING_FILE: Final = "start.toml"
"""The mapping that was used, under this name beside the ledger."""

AS_IS: Final = "as-is"
REVERSED: Final = "reversed"
SIGNS: Final = (AS_IS, REVERSED)

REPEATED_ERROR: Final = "error"
REPEATED_LINES: Final = "lines"
REPEATED_PER_CUSTOMER: Final = "per-customer"
REPEATED: Final = (REPEATED_ERROR, REPEATED_LINES, REPEATED_PER_CUSTOMER)

NAMES: Final = ("customer", "name")

RESERVED_KEYS: Final = frozenset(
    {
        "filename", "lineno", "number", "settles", "invoice", "due", "dated",
        "terms", "kind", "customer", "contract",
        "name", "credit-limit", "penalty", "language", "collector", "email",
        "tax-id", "entity", "amount", "by",
        "reason", "owner", "channel", "to", "proof", "reference", "generated-by", "date", "currency",
    }
)  # fmt: skip
"""Metadata keys that mean something to the ledger, so that no stray column may take them."""

_CANDIDATES_MAX: Final = 12
_KEY: Final = re.compile(r"[a-z][a-zA-Z0-9\-_]+")
_Type = TypeVar("_Type")


class Accounts(NamedTuple):
    """The ledger accounts, and whether customers' accounts are called by code or name."""

    receivable: str = "Assets:Receivable"
    income: str = "Income:Sales"
    bank: str = "Assets:Bank"
    opening: str = "Equity:Opening-Balances"
    names: str = "customer"


class TableSettings(NamedTuple):
    """What the mapping says about one table; None and empty: nothing, so it is guessed."""

    file: str | None = None
    sheet: str | None = None
    kind: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    header_row: int | None = None
    dates: str | None = None
    decimal: str | None = None
    currency: str | None = None
    sign: str | None = None
    columns: Mapping[str, str] = {}
    keep: Mapping[str, str] = {}
    ignore: tuple[str, ...] = ()


class Settings(NamedTuple):
    """What the mapping says; see the module's text."""

    title: str = "Receivables"
    currency: str | None = None
    dates: str | None = None
    decimal: str | None = None
    opening: datetime.date | None = None
    repeated_numbers: str = REPEATED_ERROR
    paid_in_advance: bool = False
    accounts: Accounts = Accounts()
    currencies: Mapping[str, str] = {}
    tables: tuple[TableSettings, ...] = ()


class TableMapping(NamedTuple):
    """How one table is read: everything is settled.

    Attributes:
      kind: customers, invoices, receipts or balances.
      columns: Field → position of its column.
      keep: Metadata key → position of the column.
      ignore: Headers of columns that are left out.
      dates: The order of day, month and year; None when no cell depends on it.
      decimal: The decimal mark; None when no cell depends on it.
      currency: Where a row does not say; None when every row does.
      sign: AS_IS or REVERSED; None when nobody said.
    """

    kind: str
    columns: Mapping[str, int]
    keep: Mapping[str, int]
    ignore: tuple[str, ...]
    dates: str | None
    decimal: str | None
    currency: str | None
    sign: str | None


class Resolution(NamedTuple):
    """The mapping of a table, or None with the problems; and what was guessed, in words."""

    mapping: TableMapping | None
    problems: tuple[Problem, ...]
    decisions: tuple[str, ...]


# The TOML file


def load_settings(path: Path) -> Settings:
    """Read the mapping; raises StartError that names the key and what may stand there."""
    try:
        with path.open("rb") as file:
            data = file.read(MAPPING_BYTES_MAX + 1)
    except OSError as error:
        raise StartError(f"{path.name}: cannot be read: {error.strerror or 'the system refuses'}") from error
    if len(data) > MAPPING_BYTES_MAX:
        raise StartError(f"{path.name}: is too large for a mapping")
    return parse_settings(path.name, data)


def parse_settings(name: str, data: bytes) -> Settings:
    """The mapping in the bytes of a TOML file called `name`; raises StartError."""
    try:
        content = tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise StartError(f"{name}: is not written in UTF-8: save it as UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise StartError(f"{name}: is not TOML: {error}") from error
    reader = _Toml(name, "", content)
    accounts = reader.table("accounts")
    settings = Settings(
        title=reader.text("title") or Settings().title,
        currency=reader.currency("currency"),
        dates=reader.one_of("dates", tuple(ORDERS)),
        decimal=reader.one_of("decimal", (POINT, COMMA)),
        opening=reader.day("opening"),
        repeated_numbers=reader.one_of("repeated_numbers", REPEATED) or REPEATED_ERROR,
        paid_in_advance=reader.typed("paid_in_advance", bool, "true or false") or False,
        accounts=Accounts(
            receivable=accounts.account("receivable", "Assets") or Accounts().receivable,
            income=accounts.account("income", "Income") or Accounts().income,
            bank=accounts.account("bank", "Assets") or Accounts().bank,
            opening=accounts.account("opening", "Equity") or Accounts().opening,
            names=accounts.one_of("names", NAMES) or "customer",
        ),
        currencies=reader.table("currencies").all_texts(),
        tables=tuple(_table_settings(table) for table in reader.tables("table")),
    )
    accounts.done()
    reader.done()
    for role in ("income", "bank", "opening"):
        account = getattr(settings.accounts, role)
        if f"{account}:".startswith(f"{settings.accounts.receivable}:"):
            raise StartError(
                f"{name}: [accounts] {role} = {shown(account)} is below the customers' accounts: choose another"
            )
    for written, code in settings.currencies.items():
        if not re.fullmatch(r"[A-Z][A-Z0-9'._\-]{0,22}[A-Z0-9]", code):
            raise StartError(
                f"{name}: [currencies] {shown(written)} = {shown(code)} is no currency: write one as USD or VND"
            )
    if sum(1 for table in settings.tables if table.file is None) > 1:
        raise StartError(f"{name}: two [[table]] name no file, so it is not clear which is meant: add file = …")
    return settings


def _table_settings(reader: _Toml) -> TableSettings:
    keep = reader.table("keep").all_texts()
    for key in keep:
        if not _KEY.fullmatch(key) or key in ("filename", "lineno"):
            raise StartError(
                f"{reader.name}: [table.keep] {shown(key)} is no metadata key: begin with a small"
                " letter, then"
                " at least one letter, digit or hyphen"
            )
    kind = reader.one_of("kind", (*KINDS, IGNORE))
    columns = reader.table("columns").all_texts()
    valid = headers.SYNONYMS[kind] if kind in KINDS else FIELDS
    for field in columns:
        if field not in valid:
            raise StartError(
                f"{reader.name}: [table.columns] there is no field {shown(field)}"
                f"{f' in a table of {kind}' if kind in KINDS else ''}: use one of {', '.join(valid)}"
            )
    settings = TableSettings(
        file=reader.text("file"),
        sheet=reader.text("sheet"),
        kind=kind,
        encoding=reader.text("encoding"),
        delimiter=reader.one_of("delimiter", (",", ";", "\t", "|")),
        header_row=reader.typed("header_row", int, "the number of a row, as 1"),
        dates=reader.one_of("dates", tuple(ORDERS)),
        decimal=reader.one_of("decimal", (POINT, COMMA)),
        currency=reader.currency("currency"),
        sign=reader.one_of("sign", SIGNS),
        columns=columns,
        keep=keep,
        ignore=tuple(reader.texts("ignore")),
    )
    reader.done()
    return settings


class _Toml:
    """One table of a TOML file, each key read once; what is left at the end is an error."""

    def __init__(self, name: str, title: str, content: Mapping[str, Any]) -> None:
        self.name = name
        self._title = title
        self._content = content
        self._asked: list[str] = []

    def _wrong(self, key: str, value: object, expected: str) -> StartError:
        return StartError(f"{self.name}: {self._title}{key} = {shown(value)} cannot be used: write {expected}")

    def typed(self, key: str, kind: type[_Type], expected: str) -> _Type | None:
        self._asked.append(key)
        value = self._content.get(key)
        if value is None:
            return None
        # TOML's true and false are no numbers, though Python counts with them.
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise self._wrong(key, value, expected)
        return value

    def text(self, key: str) -> str | None:
        return self.typed(key, str, 'a text in quotes, as "…"')

    def one_of(self, key: str, words: Sequence[str]) -> str | None:
        value = self.text(key)
        if value is not None and value not in words:
            raise self._wrong(key, value, "one of " + ", ".join(_toml_text(word) for word in words))
        return value

    def currency(self, key: str) -> str | None:
        value = self.text(key)
        if value is not None and not re.fullmatch(r"[A-Z][A-Z0-9'._\-]{0,22}[A-Z0-9]", value):
            raise self._wrong(key, value, 'the code of a currency, as "USD"')
        return value

    def day(self, key: str) -> datetime.date | None:
        value = self.typed(key, datetime.date, "a date, as 2026-01-01")
        return value.date() if isinstance(value, datetime.datetime) else value

    def account(self, key: str, root: str) -> str | None:
        value = self.text(key)
        if value is not None and not (is_valid(value) and value.startswith(root + ":")):
            raise self._wrong(key, value, f'an account below {root}, as "{root}:Name"')
        return value

    def table(self, key: str) -> _Toml:
        value = self.typed(key, dict, f"a table, as [{key}]")
        return _Toml(self.name, f"[{key}] ", value or {})

    def tables(self, key: str) -> list[_Toml]:
        value = self.typed(key, list, f"tables, as [[{key}]]") or []
        if not all(isinstance(item, dict) for item in value):
            raise self._wrong(key, value, f"tables, as [[{key}]]")
        return [_Toml(self.name, f"[[{key}]] ", item) for item in value]

    def texts(self, key: str) -> list[str]:
        value = self.typed(key, list, 'a list of texts, as ["…", "…"]') or []
        if not all(isinstance(item, str) for item in value):
            raise self._wrong(key, value, 'a list of texts, as ["…", "…"]')
        return value

    def all_texts(self) -> dict[str, str]:
        for key, value in self._content.items():
            if not isinstance(value, str):
                raise self._wrong(key, value, 'a text in quotes, as "…"')
        return dict(self._content)

    def done(self) -> None:
        for key in self._content:
            if key not in self._asked:
                raise StartError(
                    f"{self.name}: {self._title}there is no key {shown(key)}: use one of {', '.join(self._asked)}"
                )


def _toml_text(text: str) -> str:
    """A TOML basic string.

    >>> print(_toml_text('say "hi"'))
    "say \\"hi\\""
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda found: f"\\u{ord(found[0]):04X}", escaped) + '"'


def settings_text(settings: Settings, tables: Sequence[tuple[Sheet, TableMapping]], ignored: Sequence[Sheet]) -> str:
    """The mapping that was used, as a TOML file under which the next run guesses nothing.

    Args:
      settings: What the run's own mapping and options said.
      tables: Each table with its mapping.
      ignored: Tables that the mapping leaves out.
    """
    lines = [
        "# The mapping from the spreadsheet to this ledger, as `bean-ar start` used it.",
        "# Correct it here and give it to the next run: bean-ar start FILE... --mapping start.toml",
        "",
        f"title = {_toml_text(settings.title)}",
    ]
    if settings.currency is not None:
        lines.append(f"currency = {_toml_text(settings.currency)}")
    if settings.opening is not None:
        lines.append(f"opening = {settings.opening.isoformat()}")
    lines += [
        f"repeated_numbers = {_toml_text(settings.repeated_numbers)}",
        f"paid_in_advance = {'true' if settings.paid_in_advance else 'false'}",
        "",
        "[accounts]",
        *(f"{key} = {_toml_text(value)}" for key, value in settings.accounts._asdict().items()),
    ]
    if settings.currencies:
        lines += ["", "[currencies]"]
        lines += [f"{_toml_text(key)} = {_toml_text(value)}" for key, value in settings.currencies.items()]
    for sheet, mapping in tables:
        lines += ["", *_table_text(sheet, mapping)]
    for sheet in ignored:
        lines += ["", "[[table]]", f"file = {_toml_text(sheet.name)}"]
        if sheet.sheet:
            lines.append(f"sheet = {_toml_text(sheet.sheet)}")
        lines.append(f'kind = "{IGNORE}"')
    return "\n".join(lines) + "\n"


def _table_text(sheet: Sheet, mapping: TableMapping) -> list[str]:
    lines = ["[[table]]", f"file = {_toml_text(sheet.name)}"]
    if sheet.sheet:
        lines.append(f"sheet = {_toml_text(sheet.sheet)}")
    lines.append(f'kind = "{mapping.kind}"')
    if sheet.encoding:
        lines.append(f"encoding = {_toml_text(sheet.encoding)}")
    if sheet.delimiter:
        lines.append(f"delimiter = {_toml_text(sheet.delimiter)}")
    lines.append(f"header_row = {sheet.header_line}")
    if mapping.dates is not None:
        lines.append(f'dates = "{mapping.dates}"')
    if mapping.decimal is not None:
        lines.append(f'decimal = "{mapping.decimal}"')
    if mapping.currency is not None:
        lines.append(f"currency = {_toml_text(mapping.currency)}")
    if mapping.sign is not None:
        lines.append(f'sign = "{mapping.sign}"')
    if mapping.ignore:
        lines.append(f"ignore = [{', '.join(_toml_text(header) for header in mapping.ignore)}]")
    lines += ["", "[table.columns]"]
    lines += [f"{field} = {_toml_text(sheet.columns[at])}" for field, at in mapping.columns.items()]
    if mapping.keep:
        lines += ["", "[table.keep]"]
        lines += [f"{key} = {_toml_text(sheet.columns[at])}" for key, at in mapping.keep.items()]
    return lines


# From a table to its mapping


def table_settings(settings: Settings, file: str, sheet: str) -> TableSettings:
    """What the mapping says about a table: the entry that names it, else the one that names no file."""
    for wanted in (sheet or None, None):
        for table in settings.tables:
            if table.file == file and table.sheet == wanted:
                return table
    return next((table for table in settings.tables if table.file is None), TableSettings())


def resolve(sheet: Sheet, settings: Settings, table: TableSettings) -> Resolution:
    """Settle how a table is read.

    Args:
      sheet: The table.
      settings: The whole mapping.
      table: What it says about this table.
    Returns:
      The mapping, or the problems of the whole table with the lines that solve them.
    """
    return _Resolver(sheet, settings, table).resolution()


class _Resolver:
    """Settles one table, step by step; problems and decisions are gathered on the way."""

    def __init__(self, sheet: Sheet, settings: Settings, table: TableSettings) -> None:
        self._sheet = sheet
        self._settings = settings
        self._table = table
        self._problems: list[Problem] = []
        self._decisions: list[str] = []

    def resolution(self) -> Resolution:
        mapping = self._mapping()
        solved = mapping if not self._problems else None
        return Resolution(solved, tuple(self._problems), tuple(self._decisions))

    def _problem(self, message: str, mend: str) -> None:
        self._problems.append(Problem(self._sheet.name, self._sheet.sheet, None, "", message, mend))

    def _lines(self, section: str, lines: Iterable[str]) -> str:
        """The lines to choose from, under the heads below which they go in the TOML file."""
        head = ["  [[table]]", f"  file = {_toml_text(self._sheet.name)}"]
        if self._sheet.sheet:
            head.append(f"  sheet = {_toml_text(self._sheet.sheet)}")
        if section:
            head.append(f"  [{section}]")
        return "\n".join([*head, *(f"  {line}" for line in lines)])

    def _mapping(self) -> TableMapping | None:
        explicit = self._explicit()
        kind = self._kind(explicit)
        if self._problems or kind is None:
            return None
        columns = self._columns(kind, explicit)
        keep, ignore = self._kept(columns)
        dates = self._dates(columns)
        decimal = self._decimal(columns)
        return TableMapping(kind, columns, keep, ignore, dates, decimal, self._currency(columns), self._table.sign)

    def _find(self, header: str, what: str) -> int | None:
        """The position of the column with this header; a problem when there is none."""
        columns = self._sheet.columns
        if header in columns:
            return columns.index(header)
        wanted = headers.folded(header)
        alike = [at for at, column in enumerate(columns) if headers.folded(column) == wanted]
        if len(alike) == 1:
            return alike[0]
        self._problem(
            f"the mapping says {what} = {_toml_text(header)}, but there is no such column",
            "the columns are " + ", ".join(_toml_text(column) for column in columns),
        )
        return None

    def _explicit(self) -> dict[str, int]:
        found = {}
        for field, header in self._table.columns.items():
            at = self._find(header, field)
            if at is not None:
                found[field] = at
        return found

    def _guessed(self, words: Mapping[str, str], known: Mapping[str, int]) -> dict[str, list[int]]:
        """Field → the columns that look like it, leaving out the columns and fields that are known.

        Args:
          words: Folded header → field.
          known: Field → position of its column, where that is settled.
        """
        used = set(known.values())
        for header in (*self._table.ignore, *self._table.keep.values()):
            if header in self._sheet.columns:
                used.add(self._sheet.columns.index(header))
        found: dict[str, list[int]] = {}
        for at, column in enumerate(self._sheet.columns):
            field = next((words[form] for form in headers.folded_forms(column) if form in words), None)
            if field is not None and field not in known and at not in used:
                found.setdefault(field, []).append(at)
        if "customer" not in found and "customer" not in known and "name" in found:
            # A table that has names alone knows its customers by them.
            found["customer"] = found.pop("name")
        return found

    def _kind(self, explicit: Mapping[str, int]) -> str | None:
        if self._table.kind is not None:
            return self._table.kind
        fits: dict[str, int] = {}
        for kind in KINDS:
            if any(field not in headers.SYNONYMS[kind] for field in explicit):
                continue
            telling = {*explicit, *self._guessed(headers.fields_of(kind), explicit)}
            if set(headers.REQUIRED[kind]) <= telling and (kind != RECEIPTS or telling & {"customer", "settles"}):
                fits[kind] = len(telling)
        others = {kind: count for kind, count in fits.items() if kind != CUSTOMERS}
        if others:
            fits = others
        best = [kind for kind, count in fits.items() if count == max(fits.values())]
        if len(best) > 1:
            named = [kind for kind in best if self._named(kind)]
            best = named if len(named) == 1 else best
        if len(best) == 1:
            self._decisions.append(f"it is a table of {best[0]}, by its columns")
            return best[0]
        columns = ", ".join(_toml_text(column) for column in self._sheet.columns)
        self._problem(
            f"it is not clear what this is a table of; its columns are {columns}",
            "put what it is into the mapping:\n"
            + self._lines("", (f'kind = "{kind}"' for kind in (*(best or KINDS), IGNORE))),
        )
        return None

    def _named(self, kind: str) -> bool:
        names = [headers.folded(Path(self._sheet.name).stem), headers.folded(self._sheet.sheet)]
        return any(
            re.search(rf"(?:^|\s){re.escape(headers.folded(word))}(?:\s|$)", name)
            for name in names
            for word in headers.KIND_WORDS[kind]
        )

    def _columns(self, kind: str, explicit: Mapping[str, int]) -> dict[str, int]:
        columns = dict(explicit)
        guessed = self._guessed(headers.fields_of(kind), explicit)
        columns |= {field: found[0] for field, found in guessed.items()}
        fallbacks = self._guessed(headers.fallbacks_of(kind), columns)
        columns |= {field: found[0] for field, found in fallbacks.items()}
        guessed |= fallbacks
        for field, found in guessed.items():
            if len(found) == 1:
                continue
            names = [self._sheet.columns[at] for at in found]
            self._problem(
                f"{len(found)} columns look like {field}: {', '.join(_toml_text(name) for name in names)}",
                "put one of the last lines into the mapping:\n"
                + self._lines("table.columns", (f"{field} = {_toml_text(name)}" for name in names)),
            )
        self._require(kind, columns)
        order = list(FIELDS)
        if guessed and not self._problems:
            pairs = ", ".join(
                f"{field} from {shown(self._sheet.columns[columns[field]])}"
                for field in sorted(guessed, key=order.index)
            )
            self._decisions.append(f"the columns give {pairs}")
        return {field: columns[field] for field in sorted(columns, key=order.index)}

    def _require(self, kind: str, columns: Mapping[str, int]) -> None:
        if self._problems:
            # An ambiguous column is not a missing one.
            return
        missing = [field for field in headers.REQUIRED[kind] if field not in columns]
        if kind == RECEIPTS and "customer" not in columns and "settles" not in columns:
            missing.append("customer")
        for field in missing:
            free = [column for at, column in enumerate(self._sheet.columns) if at not in columns.values()][
                :_CANDIDATES_MAX
            ]
            self._problem(
                f"no column is known to hold the {field} ({FIELDS[field].about})",
                "put one of the last lines into the mapping:\n"
                + self._lines("table.columns", (f"{field} = {_toml_text(name)}" for name in free)),
            )

    def _kept(self, columns: Mapping[str, int]) -> tuple[dict[str, int], tuple[str, ...]]:
        used = set(columns.values())
        keep: dict[str, int] = {}
        for key, header in self._table.keep.items():
            at = self._find(header, f"keep {key}")
            if at is not None:
                keep[key] = at
                used.add(at)
        ignored = []
        for header in self._table.ignore:
            at = self._find(header, "ignore")
            if at is not None and at not in used:
                used.add(at)
                ignored.append(self._sheet.columns[at])
        guessed = []
        for at, column in enumerate(self._sheet.columns):
            if at not in used:
                key = metadata_key(column, at, keep)
                keep[key] = at
                guessed.append(f"{shown(column)} as {key}")
        if guessed and not self._problems:
            self._decisions.append(f"other columns are kept as metadata: {', '.join(guessed)}")
        return keep, tuple(ignored)

    # Dates, decimal mark, currency

    def _texts(self, columns: Mapping[str, int], type_: str) -> Iterable[tuple[int, str, str]]:
        """Row, header and text of each filled text cell in the columns of fields of one type."""
        for field, at in columns.items():
            if FIELDS[field].type != type_:
                continue
            for row in self._sheet.rows:
                cell = row.cells[at]
                if isinstance(cell, str) and cell.casefold() not in NOTHING:
                    yield row.line, self._sheet.columns[at], cell

    def _dates(self, columns: Mapping[str, int]) -> str | None:
        stated = self._table.dates or self._settings.dates
        if stated is not None:
            return stated
        cells = [(*place, date_votes(place[2])) for place in self._texts(columns, DATE)]
        tally = _tally(tuple(ORDERS), cells)
        if len(tally.left) == 1:
            chosen = tally.left[0]
            line, column, text = tally.evidence[chosen]
            self._decisions.append(
                f"dates are {ORDERS[chosen]}: row {line}, column {shown(column)} has {shown(text)},"
                " which has no other reading"
            )
        elif tally.matters and tally.left:
            line, column, text = tally.doubt
            self._problem(
                f"no row decides how dates are written: {shown(text)} in row {line}, column {shown(column)},"
                f" has {len(tally.left)} readings",
                "put the right one of the last lines into the mapping:\n"
                + self._lines("", (f'dates = "{order}"   # {_date_read(text, order)}' for order in tally.left)),
            )
        elif tally.matters:
            self._problem(
                "dates are written in more than one way",
                "put the right one of the last lines into the mapping, and correct the others:\n"
                + self._lines(
                    "",
                    (
                        f'dates = "{order}"   # as {shown(place[2])} in row {place[0]}'
                        for order, place in tally.evidence.items()
                    ),
                ),
            )
        return _settled(tally, tuple(ORDERS))

    def _decimal(self, columns: Mapping[str, int]) -> str | None:
        stated = self._table.decimal or self._settings.decimal
        if stated is not None:
            return stated
        cells = [(*place, decimal_votes(place[2])) for place in self._texts(columns, AMOUNT)]
        tally = _tally((POINT, COMMA), cells)
        if len(tally.left) == 1:
            chosen = tally.left[0]
            line, column, text = tally.evidence[chosen]
            self._decisions.append(
                f'the decimal mark is "{chosen}": row {line}, column {shown(column)} has {shown(text)}'
            )
        elif tally.left and tally.matters:
            line, column, text = tally.doubt
            self._problem(
                f"no row decides what the decimal mark is: {shown(text)} in row {line}, column"
                f" {shown(column)}, has two readings",
                "put the right one of the last lines into the mapping:\n"
                + self._lines("", (f'decimal = "{mark}"' for mark in tally.left)),
            )
        elif not tally.left:
            self._problem(
                "amounts are written with two decimal marks",
                "put the right one of the last lines into the mapping, and correct the others:\n"
                + self._lines(
                    "",
                    (
                        f'decimal = "{mark}"   # as {shown(place[2])} in row {place[0]}'
                        for mark, place in tally.evidence.items()
                    ),
                ),
            )
        return _settled(tally, (POINT, COMMA))

    def _currency(self, columns: Mapping[str, int]) -> str | None:
        stated = self._table.currency or self._settings.currency
        for field in ("amount", "credit_limit"):
            if field not in columns:
                continue
            header = self._sheet.columns[columns[field]]
            written = headers.stated_in_parentheses(header)
            in_header = currency_of(written, self._settings.currencies) if written else None
            if in_header is not None and self._table.currency is None:
                if stated is not None and stated != in_header and "currency" not in columns:
                    self._problem(
                        f"the header {shown(header)} says {in_header}, but the currency given is {stated}",
                        "put the right one of the last lines into the mapping:\n"
                        + self._lines("", (f'currency = "{code}"' for code in (in_header, stated))),
                    )
                elif "currency" not in columns:
                    self._decisions.append(f"amounts are in {in_header}, as the header {shown(header)} says")
                return in_header
        if stated is not None and not is_currency(stated) and stated not in self._settings.currencies.values():
            self._problem(
                f"{stated} is no currency of ISO 4217",
                f'correct it, or say in the mapping that it is meant:\n  [currencies]\n  "{stated}" = "{stated}"',
            )
        return stated


class _Tally(NamedTuple):
    """What all cells say together.

    Attributes:
      left: The ways that every readable cell allows.
      matters: Whether some cell reads differently in different ways, or cells contradict each other.
      doubt: The first cell that has several readings (row, header, text).
      evidence: For each way, the first cell that it explains, before others one that it alone explains.
    """

    left: tuple[str, ...]
    matters: bool
    doubt: tuple[int, str, str]
    evidence: Mapping[str, tuple[int, str, str]]


def _tally(ways: tuple[str, ...], cells: Iterable[tuple[int, str, str, Votes]]) -> _Tally:
    """What the cells (row, header, text, votes) leave of the ways to read them."""
    left = frozenset(ways)
    doubt = (0, "", "")
    alone: dict[str, tuple[int, str, str]] = {}
    among: dict[str, tuple[int, str, str]] = {}
    for line, column, text, votes in cells:
        if not votes.possible:
            # Wrong in every way: that is the problem of its row.
            continue
        place = (line, column, text)
        left &= votes.possible
        if votes.matters and not doubt[0]:
            doubt = place
        for way in votes.possible:
            (alone if len(votes.possible) == 1 else among).setdefault(way, place)
    evidence = {way: (among | alone)[way] for way in ways if way in among or way in alone}
    return _Tally(tuple(way for way in ways if way in left), bool(doubt[0]) or not left, doubt, evidence)


def _settled(tally: _Tally, ways: tuple[str, ...]) -> str | None:
    """The way that is left, or any of those left when it makes no difference; None when all are."""
    return tally.left[0] if 0 < len(tally.left) < len(ways) else None


def _date_read(text: str, order: str) -> str:
    return f"{shown(text)} is {spoken(read_date(text, order))}"


def metadata_key(header: str, position: int, taken: Iterable[str]) -> str:
    """A legal metadata key for a column that is merely kept, other than those taken.

    >>> metadata_key("countryCode", 0, ()), metadata_key("Ghi chú", 1, ()), metadata_key("销售员ID", 6, ())
    ('country-code', 'ghi-chu', 'column-7')
    """
    words = headers.folded(header)
    key = re.sub("[^a-z0-9]+", "-", words).strip("-")[:40].strip("-")
    if len(key) < 2 or not words.isascii():
        # Half a header would say something else than the whole.
        key = f"column-{position + 1}"
    elif key in RESERVED_KEYS or not _KEY.fullmatch(key):
        key = f"column-{key}"
    unique, count = key, 1
    while unique in taken:
        count += 1
        unique = f"{key}-{count}"
    return unique


def cell_is_empty(cell: Cell) -> bool:
    """Whether a cell holds nothing, or a word for nothing."""
    return cell is None or (isinstance(cell, str) and cell.casefold() in NOTHING)
