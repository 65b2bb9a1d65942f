"""The cache: a book kept between two runs, used only when it is certainly the same ledger.

A book from the cache answers exactly as one from a load. It is used when nothing that a load depends on
has changed: every file that was read (size, times and inode, and its contents where those could deceive),
what every `include` matches, the existence of the documents, the folders of `option "documents"`, the
versions of everything involved. A ledger with plugins that this program does not know is never kept,
since a plugin may read what it likes; nor is an encrypted one. Whatever is damaged or missing leads
to a real load. The file holds data only (JSON and arrays, never pickles) and can be deleted any time.
"""

from __future__ import annotations

import datetime
import glob
import hashlib
import json
import mmap
import os
import re
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

from receivables import __version__
from receivables.book import Book, Items, LedgerColumns, SettlementColumns, TextColumns, Unexplained
from receivables.facts import Between, Booked, Customer, Event, Pocket, PriceFact, VoucherUse
from receivables.files import write_whole
from receivables.language.configuration import read_settings
from receivables.money import Scale
from receivables.problems import Problem
from receivables.settings import Settings
from receivables.stored import Lazy, LazyMapping, StoredDetails, pack, pack_all, unpack

MAGIC: Final = b"bean-ar book 2\n\0"
_HEAD: Final = struct.Struct("<16sIIQQ")
"""Magic, check sums of header and body, their lengths."""

SMALLEST: Final = 256 * 1024
"""Ledgers of fewer bytes load in a moment and are not kept."""

RACY: Final = 2_000_000_000
"""A file changed less than so many nanoseconds before the cache was written is compared by contents."""

TICK: Final = 20_000_000
"""Nanoseconds by which a file system's clock may lag behind: a few ticks of the kernel."""

PURE_PLUGINS: Final = ("beancount.plugins.", "beancount.ops.", "receivables.")
"""Plugins of which it is known that they read nothing but the ledger."""

_INCLUDE: Final = re.compile(rb'^[ \t]*include[ \t]*"([^"\n]*)"', re.MULTILINE)
_ENDIAN: Final = sys.byteorder


class Kept(NamedTuple):
    """A book from the cache, with Beancount's errors as they were."""

    book: Book
    errors: Sequence[Problem]


def cache_folder() -> Path:
    """Where books are kept: the user's cache folder, or BEAN_AR_CACHE."""
    chosen = os.environ.get("BEAN_AR_CACHE")
    if chosen:
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_cache_path("bean-ar", appauthor=False))


def cache_path(ledger: Path) -> Path:
    """The cache file of a ledger."""
    name = hashlib.blake2b(str(ledger).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    return cache_folder() / f"{name}.book"


# -- is it the same ledger? ------------------------------------------------------------------------


def _stat(path: str) -> list[int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return None
    # On Windows st_ctime is the time of creation and tells nothing: contents decide there, see `_same`.
    return [found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino]


def _digest(path: str) -> str:
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _program() -> list[Any]:
    """What computes: Python, the libraries, and this program down to its files."""
    here = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(here.rglob("*.py")):
        found = path.stat()
        digest.update(f"{path}:{found.st_size}:{found.st_mtime_ns}\n".encode())
    # Looking at Beancount's files is quicker than importing what could tell its version, and as telling.
    spec = find_spec("beancount")
    months = find_spec("dateutil")
    folder = Path(spec.origin).parent if spec is not None and spec.origin else here
    loader = [_stat(str(path)) for path in (folder, folder / "loader.py", folder / "VERSION", folder / "parser")]
    due_dates = None if months is None else _stat(str(months.origin))
    return [sys.version, __version__, str(folder), loader, due_dates, digest.hexdigest()]


def _includes(files: Iterable[str]) -> list[list[Any]]:
    """For every file's includes: the pattern as searched, and what it matches."""
    patterns: list[list[Any]] = []
    for file in files:
        for found in _INCLUDE.findall(Path(file).read_bytes()):
            pattern = os.path.join(os.path.dirname(file), os.fsdecode(found))  # noqa: PTH118, PTH120
            # An escaped character is what Beancount's lexer makes of it: such a ledger is not kept.
            patterns.append([pattern, None if b"\\" in found else _matches(pattern)])
    return patterns


def _matches(pattern: str) -> list[str]:
    return sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207


def _listing(folder: str) -> str:
    """A digest of the names of all files below a folder."""
    digest = hashlib.blake2b(digest_size=16)
    for root, folders, files in os.walk(folder):
        folders.sort()
        digest.update(f"{root}\0{sorted(files)}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _key(options: Mapping[str, Any], documents: Iterable[str]) -> dict[str, Any]:
    files = list(options["include"])
    base = os.path.dirname(options["filename"])  # noqa: PTH120
    folders = [os.path.join(base, folder) for folder in options["documents"]]  # noqa: PTH118
    return {
        "program": _program(),
        "files": [[file, _stat(file), _digest(file)] for file in files],
        "includes": _includes(files),
        "folders": [[folder, _listing(folder)] for folder in folders],
        "documents": [[path, os.path.exists(path)] for path in sorted(set(documents))],  # noqa: PTH110
    }


def _same(key: Mapping[str, Any], written: int) -> bool:
    """Whether nothing that `key` names has changed since."""
    if key["program"] != _program():
        return False
    for file, stat, digest in key["files"]:
        now = _stat(file)
        if now is None or stat is None or now[0] != stat[0]:
            return False
        settled = os.name != "nt" and now == stat and max(stat[1], stat[2]) + RACY < written
        if not settled and _digest(file) != digest:
            return False
    return (
        all(_matches(pattern) == matches for pattern, matches in key["includes"])
        and all(_listing(folder) == listing for folder, listing in key["folders"])
        and all(os.path.exists(path) == there for path, there in key["documents"])  # noqa: PTH110
    )


def may_keep(options: Mapping[str, Any], started: int) -> bool:
    """Whether a ledger can be kept: large enough, unchanged since, not encrypted, only plugins that are known."""
    files = options["include"]
    if any(str(file).endswith((".gpg", ".asc")) for file in files):
        return False
    if not all(f"{name}.".startswith(PURE_PLUGINS) for name, _ in options["plugin"]):
        return False
    stats = [_stat(file) for file in files]
    if any(stat is None or _changed_since(stat, started) for stat in stats):
        return False
    return sum(stat[0] for stat in stats if stat) >= SMALLEST


def _loaded_is_there(key: Mapping[str, Any], options: Mapping[str, Any], started: int) -> bool:
    """Whether the key is that of what was loaded: nothing came, went or changed since the load began.

    Asked after the key was computed, so that a change at any moment before is seen.
    """
    files = {os.path.normpath(str(file)) for file in options["include"]}
    if any(found is None for _, found in key["includes"]):
        return False
    matches = {os.path.normpath(match) for _, found in key["includes"] for match in found}
    if not matches <= files:
        return False
    stats = [_stat(file) for file, _, _ in key["files"]]
    for folder, _ in key["folders"]:
        stats += [_stat(root) for root, _, _ in os.walk(folder)]
    return not any(stat is None or _changed_since(stat, started) for stat in stats)


def _changed_since(stat: Sequence[int], moment: int) -> bool:
    """Whether a file may have changed at or after `moment`: what was loaded is perhaps not what is there now."""
    _, modified, changed, _ = stat
    # Some file systems count whole seconds, FAT two of them.
    coarse = modified % 1_000_000_000 == 0 and changed % 1_000_000_000 == 0
    return max(modified, 0 if os.name == "nt" else changed) + (RACY if coarse else TICK) >= moment


# -- writing ---------------------------------------------------------------------------------------


def keep(
    ledger: Path,
    book: Book,
    errors: Sequence[Any],
    customs: Sequence[Any],
    documents: Iterable[str],
    options: Mapping[str, Any],
    started: int,
) -> bool:
    """Keep a book that was just loaded; False when it cannot be kept.

    Args:
      ledger: The main file, absolute.
      book: The book.
      errors: Beancount's errors.
      customs: The ledger's custom directives, from which settings are read again.
      documents: The files that its document directives name.
      options: Beancount's options.
      started: When the load began, in nanoseconds since 1970: files changed about then are suspicious.
    """
    if ledger.suffix in (".gpg", ".asc") or not may_keep(options, started):
        return False
    try:
        sections = _sections(book, errors, customs, options)
    except OverflowError:
        # An amount beyond 64 bits: exact in memory, but not for these arrays.
        return False
    key = _key(options, documents)
    if not _loaded_is_there(key, options, started):
        return False
    header: dict[str, Any] = {"key": key, "written": started, "endian": _ENDIAN}
    header["sections"] = places = {}
    body = bytearray()
    for name, content in sections.items():
        places[name] = [len(body), len(content)]
        body += content
        # Columns are read where they lie, so each begins at a multiple of eight bytes.
        body += bytes(-len(body) % 8)
    text = json.dumps(header, ensure_ascii=True).encode()
    text += b" " * (-(len(text) + _HEAD.size) % 8)
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        head = _HEAD.pack(MAGIC, zlib.crc32(text), zlib.crc32(body), len(text), len(body))
        write_whole(cache_path(ledger), head + text + body, private=True)
    except OSError:
        # A cache that cannot be written is no reason to fail: the next run loads again.
        return False
    return True


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _sections(
    book: Book, errors: Sequence[Any], customs: Sequence[Any], options: Mapping[str, Any]
) -> dict[str, bytes]:
    items, settlements, ledger = book.items, book.settlements, book.ledger
    texts = book.texts.columns()
    sections: dict[str, bytes] = {}
    for group, columns in (("items", items), ("settlements", settlements), ("ledger", ledger)):
        for name in columns._fields:
            if name != "number":
                wide = name in ("amount", "residual")
                sections[f"{group}.{name}"] = array("q" if wide else "i", getattr(columns, name)).tobytes()
    sections |= {
        "number": _json(list(items.number)),
        "description": _json(texts.descriptions),
        "terms": _json(texts.terms),
        "rate": _json({item: [str(rate), currency] for item, (rate, currency) in texts.rates.items()}),
        "details": _json({item: pack_all(words) for item, words in texts.details.items()}),
        "source": array("i", texts.postings).tobytes(),
        "entry": array("i", texts.entries).tobytes(),
        "files": _json(texts.files),
        "names": _json(
            {
                "title": book.title,
                "folder": book.folder,
                "roots": {key: value for key, value in options.items() if key.startswith("name_")},
                "closed": {account: date.isoformat() for account, date in book.closed.items()},
                "scales": {currency: list(scale) for currency, scale in book.scales.items()},
                "pockets": [list(pocket) for pocket in book.pockets],
                "places": [list(place) for place in book.places],
                "unexplained": [list(posting) for posting in book.unexplained],
                "last_day": None if book.last_day is None else book.last_day.isoformat(),
            }
        ),
        "customers": _json(
            {
                c.code: [c.code, c.name, list(c.accounts), pack_all(c.details), pack_all(c.source)]
                for c in book.customers.values()
            }
        ),
        "accounts": _json({account: pack_all(words) for account, words in book.account_details.items()}),
        "between": _json([_packed_between(each) for each in book.between.values()]),
        "money_accounts": _json({account: pack_all(words) for account, words in book.money_details.items()}),
        "customs": _json(
            [[c.date.isoformat(), c.type, [pack(v.value) for v in c.values or ()], pack_all(c.meta)] for c in customs]
        ),
        "events": _json([_packed_event(event) for event in book.events]),
        "booked": _json([_packed_booked(each) for each in book.booked]),
        "vouchers": _json([_packed_use(use) for use in book.vouchers]),
        "prices": _json([[p.date.isoformat(), p.base, p.quote, str(p.rate), pack_all(p.source)] for p in book.prices]),
        "problems": _json([_packed_problem(item) for item in book.problems]),
        "errors": _json([_packed_problem(item) for item in errors]),
    }
    return sections


def _packed_event(event: Event) -> list[Any]:
    return [
        event.date.isoformat(), event.account, event.customer, event.kind, event.comment, list(event.documents),
        pack(event.amount), event.currency, pack(event.by), pack_all(event.details),
        pack_all({key: event.entry.meta.get(key) for key in ("filename", "lineno")}), event.paper,
    ]  # fmt: skip


def _packed_booked(each: Booked) -> list[Any]:
    return [
        each.date.isoformat(), each.role, each.account, str(each.amount), each.currency, each.customer, each.kind,
        list(each.tags), list(each.links), pack_all(each.details), pack_all(each.source), pack_all(each.entry),
        list(each.against), each.narration,
    ]  # fmt: skip


def _packed_between(each: Between) -> list[Any]:
    return [
        each.account, each.entity, each.other, each.liability, list(each.currencies), each.opened.isoformat(),
        None if each.closed is None else each.closed.isoformat(), pack_all(each.source),
    ]  # fmt: skip


def _packed_use(use: VoucherUse) -> list[Any]:
    return [
        use.date.isoformat(), use.dated.isoformat(), list(use.vouchers), use.stated, use.manner, use.number,
        list(use.customers), [[currency, str(amount)] for currency, amount in use.amounts], use.received_by,
        pack_all(use.source), pack_all(use.entry),
    ]  # fmt: skip


def _packed_problem(item: Any) -> list[Any]:
    source = item.source or {}
    return [
        source.get("filename"), source.get("lineno"), item.message,
        getattr(item, "code", type(item).__name__), getattr(item, "severity", "error"),
    ]  # fmt: skip


# -- reading ---------------------------------------------------------------------------------------


def recall(ledger: Path) -> Kept | None:
    """The book of a ledger from the cache; None when there is none that is certainly the same."""
    try:
        with cache_path(ledger).open("rb") as stream:
            kept = memoryview(mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
        magic, text_check, body_check, text_length, body_length = _HEAD.unpack(kept[: _HEAD.size])
        text = kept[_HEAD.size : _HEAD.size + text_length]
        body = kept[_HEAD.size + text_length :]
        if magic != MAGIC or len(body) != body_length:
            return None
        if zlib.crc32(text) != text_check or zlib.crc32(body) != body_check:
            return None
        header = json.loads(bytes(text))
        if header["endian"] != _ENDIAN or not _same(header["key"], header["written"]):
            return None
    except (OSError, ValueError, struct.error):
        # Not there, empty, cut off or from another time: whatever it is, a real load is right.
        return None
    return _kept(_Sections(body, header["sections"]))


class _Sections:
    """The sections of a cache file, each unpacked when asked for."""

    def __init__(self, body: memoryview, places: Mapping[str, Sequence[int]]) -> None:
        self._parts = {name: body[start : start + length] for name, (start, length) in places.items()}

    def json(self, name: str) -> Any:
        return json.loads(bytes(self._parts[name]).decode("utf-8", "surrogatepass"))

    def column(self, name: str) -> Sequence[int]:
        part = self._parts[name]
        return part.cast("q") if name.endswith((".amount", ".residual")) else part.cast("i")


class StoredTexts:
    """The words behind the items, from the cache."""

    def __init__(self, sections: _Sections) -> None:
        self._sections = sections

    @cached_property
    def _descriptions(self) -> list[str]:
        return list(self._sections.json("description"))

    @cached_property
    def _terms(self) -> dict[str, str]:
        return dict(self._sections.json("terms"))

    @cached_property
    def _files(self) -> list[str]:
        return list(self._sections.json("files"))

    @cached_property
    def _rates(self) -> dict[str, list[str]]:
        return dict(self._sections.json("rate"))

    @cached_property
    def _details(self) -> dict[str, dict[str, Any]]:
        return dict(self._sections.json("details"))

    @cached_property
    def _sources(self) -> Sequence[int]:
        return self._sections.column("source")

    @cached_property
    def _entries(self) -> Sequence[int]:
        return self._sections.column("entry")

    def description(self, item: int) -> str:
        """Narration of the entry."""
        return self._descriptions[item]

    def source(self, item: int) -> tuple[str, int]:
        """File and line of the posting."""
        return self._files[self._sources[2 * item]], self._sources[2 * item + 1]

    def entry(self, item: int) -> tuple[str, int]:
        """File and line of the transaction."""
        return self._files[self._entries[2 * item]], self._entries[2 * item + 1]

    def details(self, item: int) -> Mapping[str, Any]:
        """Metadata of the posting and the transaction."""
        return StoredDetails(self._details.get(str(item), {}))

    def columns(self) -> TextColumns:
        """All of it at once, unpacked."""
        count = len(self._descriptions)
        return TextColumns(
            descriptions=self._descriptions,
            terms={int(item): terms for item, terms in self._terms.items()},
            files=self._files,
            entries=list(self._entries),
            postings=list(self._sources),
            details={int(item): self.details(int(item)) for item in self._details},
            rates={item: rate for item in range(count) if (rate := self.rate(item)) is not None},
        )

    def terms(self, item: int) -> str:
        """The payment terms as written."""
        return self._terms.get(str(item), "")

    def rate(self, item: int) -> tuple[Decimal, str] | None:
        """Price or cost of the posting's currency."""
        found = self._rates.get(str(item))
        return None if found is None else (Decimal(found[0]), found[1])


class _Value(NamedTuple):
    value: Any


class _Custom(NamedTuple):
    date: datetime.date
    type: str
    values: tuple[_Value, ...]
    meta: Mapping[str, Any]


class _Entry(NamedTuple):
    meta: Mapping[str, Any]


def _kept(sections: _Sections) -> Kept:
    names = sections.json("names")
    number: Lazy[str] = Lazy(lambda: list(sections.json("number")))
    columns = {name: sections.column(f"items.{name}") for name in Items._fields if name != "number"}
    book = Book(
        title=names["title"],
        folder=names["folder"],
        settings=_settings(sections, names["roots"]),
        customers=LazyMapping(lambda: dict(sections.json("customers")), _customer),
        account_details=LazyMapping(lambda: dict(sections.json("accounts")), StoredDetails),
        money_details=LazyMapping(lambda: dict(sections.json("money_accounts")), StoredDetails),
        between={row[0]: _between(row) for row in sections.json("between")},
        closed={account: datetime.date.fromisoformat(date) for account, date in names["closed"].items()},
        events=Lazy(lambda: [_event(row) for row in sections.json("events")]),
        booked=Lazy(lambda: [_booked(row) for row in sections.json("booked")]),
        vouchers=Lazy(lambda: [_use(row) for row in sections.json("vouchers")]),
        prices=Lazy(
            lambda: [
                PriceFact(datetime.date.fromisoformat(date), base, quote, Decimal(rate), StoredDetails(source))
                for date, base, quote, rate, source in sections.json("prices")
            ]
        ),
        scales={currency: Scale(*scale) for currency, scale in names["scales"].items()},
        pockets=[Pocket(*pocket) for pocket in names["pockets"]],
        places=[(account, currency) for account, currency in names["places"]],
        items=Items(**columns, number=number),
        settlements=SettlementColumns(*(sections.column(f"settlements.{name}") for name in SettlementColumns._fields)),
        ledger=LedgerColumns(*(sections.column(f"ledger.{name}") for name in LedgerColumns._fields)),
        unexplained=[Unexplained(*row) for row in names["unexplained"]],
        texts=StoredTexts(sections),
        last_day=None if names["last_day"] is None else datetime.date.fromisoformat(names["last_day"]),
        problems=[_problem(row) for row in sections.json("problems")],
    )
    return Kept(book, [_problem(row) for row in sections.json("errors")])


def _settings(sections: _Sections, roots: Mapping[str, Any]) -> Settings:
    customs = [
        _Custom(
            datetime.date.fromisoformat(date),
            word,
            tuple(_Value(unpack(value)) for value in values),
            {key: unpack(value) for key, value in meta.items()},
        )
        for date, word, values, meta in sections.json("customs")
    ]
    return read_settings(customs, roots, [])


def _customer(row: Sequence[Any]) -> Customer:
    code, name, accounts, details, source = row
    return Customer(code, name, tuple(accounts), StoredDetails(details), StoredDetails(source))


def _event(row: Sequence[Any]) -> Event:
    date, account, customer, kind, comment, documents, amount, currency, by, details, place, paper = row
    return Event(
        datetime.date.fromisoformat(date), account, customer, kind, comment, tuple(documents),
        unpack(amount), currency, unpack(by), StoredDetails(details), _Entry(StoredDetails(place)), bool(paper),
    )  # fmt: skip


def _booked(row: Sequence[Any]) -> Booked:
    date, role, account, amount, currency, customer, kind, tags, links, details, source, entry, against, narration = row
    return Booked(
        datetime.date.fromisoformat(date), role, account, Decimal(amount), currency, customer, kind,
        tuple(tags), tuple(links), StoredDetails(details), StoredDetails(source), StoredDetails(entry),
        tuple(against), narration,
    )  # fmt: skip


def _between(row: Sequence[Any]) -> Between:
    account, entity, other, liability, currencies, opened, closed, source = row
    return Between(
        account, entity, other, bool(liability), tuple(currencies), datetime.date.fromisoformat(opened),
        None if closed is None else datetime.date.fromisoformat(closed), StoredDetails(source),
    )  # fmt: skip


def _use(row: Sequence[Any]) -> VoucherUse:
    date, dated, vouchers, stated, manner, number, customers, amounts, received_by, source, entry = row
    return VoucherUse(
        datetime.date.fromisoformat(date), datetime.date.fromisoformat(dated), tuple(vouchers), stated, manner, number,
        tuple(customers), tuple((currency, Decimal(amount)) for currency, amount in amounts), received_by,
        StoredDetails(source), StoredDetails(entry),
    )  # fmt: skip


def _problem(row: Sequence[Any]) -> Problem:
    file, line, message, code, severity = row
    return Problem({"filename": file, "lineno": line}, message, None, code, severity)
