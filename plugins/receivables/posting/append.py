"""The one append: everything that the program writes into a ledger goes through here.

First the plan, which writes nothing: the text of the entries, the file of each, and the proof that Beancount
will read exactly these entries there. Then, by the user's word only, the writing: one process at a time, each file
in one step, all files or none, and the ledger is loaded again; where it has a new error, or the entries are not found
in it once each, every file is made what it was.
"""

from __future__ import annotations

import datetime
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, NamedTuple

from beancount.core.data import Balance, Close, Directive, Document, Note, Open, Transaction
from beancount.utils import encryption

from receivables.book import Book
from receivables.facts import REVALUATION
from receivables.files import write_whole
from receivables.language.customers import within
from receivables.loading import Loaded, load_book
from receivables.measuring import cells_wide
from receivables.places import below, told_place
from receivables.posting.journal import (
    AppendError,
    Change,
    Journal,
    begin,
    finish,
    interrupted,
    locked,
    recover,
    signals_held,
    undo,
)
from receivables.posting.proposal import Proposal
from receivables.posting.sources import Source, digest, read_sources, would_include
from receivables.posting.text import WIDTH, TextError, amounts_end, comments, directive, is_short, prove
from receivables.problems import ERROR
from receivables.rules.filing import ENDINGS, file_for
from receivables.settings import CUSTOMERS, DEFAULT_ROLES, WATCHED, Settings

CONTEXT: Final = 3
"""Lines of the old text that a diff shows before the new ones."""

ERRORS_SHOWN: Final = 5
"""So many new errors are told; the rest is counted."""

ATTEMPTS: Final = 3
"""How often a ledger is loaded again because somebody changed it meanwhile."""

TAIL: Final = 20_000
"""Characters at the end of a file that tell how its amounts are aligned."""

_OPENS_ITSELF: Final = ("beancount.plugins.auto_accounts", "beancount.plugins.auto")
"""Plugins that open accounts when they are first used."""

_CHANGED: Final = "the ledger was changed while these entries were computed: run the command again"

_AMOUNT: Final = re.compile(r"^ +(?:[*!] )?[^\s:]+:\S+ +-?[\d,]+(?:\.\d+)?(?= [A-Z])", re.MULTILINE)
_BYTE_ORDER_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Entry(NamedTuple):
    """An entry of a plan: the directive as it is written, and the line on which it will begin."""

    line: int
    directive: Directive


class Addition(NamedTuple):
    """What one file gets.

    Attributes:
      name: The file's path below the ledger's folder, as messages have it.
      path: Its path as the ledger reads it.
      before: What it holds; None when it is not there.
      after: What it will hold: the same and more.
      entries: In the order of their lines.
    """

    name: str
    path: Path
    before: bytes | None
    after: bytes
    entries: tuple[Entry, ...]

    @property
    def diff(self) -> str:
        """What changes, as a unified diff."""
        old = _lines(self.before or b"")
        new = _lines(self.after)
        kept = len(old) if not old or old[-1].endswith("\n") else len(old) - 1
        first = max(0, kept - CONTEXT)
        removed, added = old[kept:], new[kept:]
        shown = [
            *(f" {line}" for line in old[first:kept]),
            *(f"-{line}\n\\ No newline at end of file\n" for line in removed),
            *(f"+{line}" for line in added),
        ]
        head = "--- /dev/null\n" if self.before is None else f"--- a/{self.name}\n"
        ranges = f"@@ -{_range(first, len(old) - first)} +{_range(first, len(new) - first)} @@\n"
        return f"{head}+++ b/{self.name}\n{ranges}{''.join(shown)}"


class Plan(NamedTuple):
    """An append that may be made; see `plan`.

    Attributes:
      ledger: The main file.
      additions: What each file gets, in the order of the first entry of each.
      sources: The ledger's files as they were read.
      errors: What is wrong with the ledger already.
    """

    ledger: Path
    additions: tuple[Addition, ...]
    sources: Mapping[str, Source]
    errors: Counter[tuple[str, int, str]]

    @property
    def entries(self) -> int:
        """How many entries are to be written."""
        return sum(len(addition.entries) for addition in self.additions)

    @property
    def diff(self) -> str:
        """What changes, as a unified diff."""
        return "".join(addition.diff for addition in self.additions)


class Written(NamedTuple):
    """An append that was made: file below the ledger's folder, line, and directive of every entry."""

    entries: tuple[tuple[str, int, Directive], ...]


# The plan


def plan(ledger: Path, book: Book, proposals: Sequence[Proposal]) -> Plan:
    """What appending these proposals would write, and where; nothing is written.

    Args:
      ledger: The main file.
      book: The book from which the proposals were made; its policy "posting" names the files.
      proposals: In the order in which they are to stand in each file.
    Raises:
      AppendError: They cannot be appended: an account is not open, the ledger does not read the file, it was
        changed since the book was read, …; the message has the mend.
    """
    main = Path(os.path.normpath(ledger.absolute()))
    try:
        loaded, sources = _load(main)
    except OSError as error:
        raise AppendError(f"cannot read {error.filename or main}: {error.strerror or error}") from error
    if _figures(loaded.book) != _figures(book):
        raise AppendError(_CHANGED)
    accounts = _Accounts(main, loaded, proposals)
    for proposal in proposals:
        for entry in proposal.entries:
            accounts.refuse_closed(entry)
            accounts.refuse_currency(entry, proposal.kind)
    filed = _filed(main, book.settings, proposals)
    additions = tuple(_addition(main, name, parts, loaded, sources) for name, parts in filed.items())
    return Plan(main, additions, sources, _errors(loaded))


def _load(main: Path) -> tuple[Loaded, Mapping[str, Source]]:
    """The ledger as loaded, and its files, which have not changed during the load."""
    for _ in range(ATTEMPTS):
        sources = read_sources(main)
        loaded = load_book(main)
        if read_sources(main) == sources:
            return loaded, sources
    raise AppendError("somebody is changing the ledger's files just now: run the command again")


def _figures(book: Book) -> tuple[Any, ...]:
    """All that proposals are made from, without the lines on which it stands."""
    texts = book.texts.columns()
    policies = [
        (*key, policy.date, dict(policy.values)) for key, of in sorted(book.settings.policies.items()) for policy in of
    ]
    rates = [(*rate[:5],) for of in book.settings.rates.values() for rate in of]
    contracts = [(contract[:3], dict(contract.details)) for contract in book.settings.contracts.values()]
    return (
        *([list(column) for column in columns] for columns in (book.items, book.settlements, book.ledger)),
        [tuple(pocket) for pocket in book.pockets],
        [tuple(place) for place in book.places],
        {code: (customer.name, dict(customer.details)) for code, customer in book.customers.items()},
        {account: dict(details) for account, details in book.account_details.items()},
        dict(book.settings.roles),
        policies,
        rates,
        contracts,
        [(event.date, event.account, event.kind, tuple(event.documents), event.amount) for event in book.events],
        [(each.date, each.account, each.amount, each.currency, sorted(each.links)) for each in book.booked],
        [(price.date, price.base, price.quote, price.rate) for price in book.prices],
        {item: words for item, details in texts.details.items() if (words := dict(details))},
    )


class _Accounts:
    """When accounts are open and for which currencies, those of the ledger and those that the proposals open."""

    def __init__(self, main: Path, loaded: Loaded, proposals: Sequence[Proposal]) -> None:
        self._folder = str(main.parent)
        proposed = [entry for proposal in proposals for entry in proposal.entries]
        self._opened: dict[str, Open] = {}
        self._closed: dict[str, datetime.date] = {}
        for entry in (*loaded.entries, *proposed):
            if type(entry) is Open:
                self._opened.setdefault(entry.account, entry)
            elif type(entry) is Close:
                self._closed[entry.account] = entry.date
        self._automatic = any(name in _OPENS_ITSELF for name, _ in loaded.options["plugin"])
        self._roles = loaded.book.settings.roles
        customers = [self._opened[name].date for name in loaded.book.account_details if name in self._opened]
        self._needed: dict[str, datetime.date] = {}
        for entry in proposed:
            for account in _used(entry):
                self._needed[account] = min(self._needed.get(account, datetime.date.max), entry.date, *customers)

    def refuse_closed(self, entry: Directive) -> None:
        """Raise AppendError when the entry uses an account that is not open on its date, with the mend.

        The day that is suggested is that of the customers' first account, so that no earlier entry needs another.
        """
        for account in _used(entry):
            opened, closed = self._opened.get(account), self._closed.get(account)
            # Notes and documents may come after the end.
            if closed is not None and closed < entry.date and not isinstance(entry, Note | Document):
                raise AppendError(f"{account} is closed since {closed}, and an entry of {entry.date} needs it")
            day = self._needed[account]
            if opened is None and not self._automatic:
                raise AppendError(f"{account} is not open: add {day} open {account}{self._or_role(account, day)}")
            if opened is not None and opened.date > entry.date:
                raise AppendError(
                    f"{account} is open since {opened.date}, and an entry of {entry.date} needs it: open it on {day}"
                )

    def refuse_currency(self, entry: Directive, kind: str) -> None:
        """Raise AppendError when an account is opened for other currencies only, with the mend."""
        for account, currency in _booked(entry):
            opened = self._opened.get(account)
            if opened is None or not opened.currencies or currency in opened.currencies:
                continue
            place = f" ({told_place(self._folder, opened.meta)})" if opened.meta.get("lineno") else ""
            revalued = kind == REVALUATION and within(account, self._roles[CUSTOMERS])
            raise AppendError(
                f"{account} is open for {', '.join(sorted(opened.currencies))} only, and an entry of {entry.date} needs"
                f" {currency}: add {currency} to its open{place}"
                + (", or name another account with post: in the policy revaluation" if revalued else "")
            )

    def _or_role(self, account: str, date: datetime.date) -> str:
        """How to name an account of one's own, where this one comes from the default of a role."""
        for role in WATCHED:
            defaults = tuple(below for _, below in DEFAULT_ROLES[role])
            if account in self._roles[role] and account.endswith(defaults):
                root = account.partition(":")[0]
                return f'; or name yours: {date} custom "receivables-accounts" "{role}" {root}:...'
        return ""


def _used(entry: Directive) -> list[str]:
    """The accounts that must be open for an entry."""
    if isinstance(entry, Transaction):
        return list(dict.fromkeys(posting.account for posting in entry.postings))
    return [entry.account] if isinstance(entry, Note | Document | Balance) else []


def _booked(entry: Directive) -> list[tuple[str, str]]:
    """The accounts that must take a currency for an entry, and which."""
    if isinstance(entry, Transaction):
        return [(each.account, each.units.currency) for each in entry.postings if each.units is not None]
    return [(entry.account, entry.amount.currency)] if isinstance(entry, Balance) else []


_Part = tuple[tuple[str, ...], list[Directive]]
"""Why, and the entries of one proposal that go to one file."""


def _filed(main: Path, settings: Settings, proposals: Sequence[Proposal]) -> dict[str, list[_Part]]:
    """Path below the ledger's folder → what goes there."""
    filed: dict[str, list[_Part]] = {}
    for proposal in proposals:
        here: dict[str, list[Directive]] = {}
        for entry in proposal.entries:
            name = file_for(settings, proposal.kind, entry.date)
            here.setdefault(main.name if name is None else name, []).append(entry)
        for name, entries in here.items():
            filed.setdefault(name, []).append((proposal.why, entries))
    return filed


def _addition(main: Path, name: str, parts: Sequence[_Part], loaded: Loaded, sources: Mapping[str, Source]) -> Addition:
    path = _as_read(main, name, loaded.options["include"], sources)
    before = _old_content(path, name)
    old = _decoded(before or b"", name)
    placed = [(why, [_beside(entry, path, main) for entry in entries]) for why, entries in parts]
    directives = [entry for _, entries in placed for entry in entries]
    try:
        column = max(_amounts_end_in(old), amounts_end(directives))
        added = "\n".join(f"{comments(why)}{_joined(entries, column)}" for why, entries in placed)
        begun, end = _begun(old)
        new = begun + added.replace("\n", end)
        lines = prove(new, directives, str(path), before=begun.count("\n"))
    except TextError as error:
        raise AppendError(f"{name}: the entries would not read as they are meant: {error}") from error
    return Addition(name, path, before, new.encode(), tuple(map(Entry, lines, directives)))


def _as_read(main: Path, name: str, included: Sequence[str], sources: Mapping[str, Source]) -> Path:
    """The path of a file as the ledger reads it, or would read it; refuses any other."""
    path = main.parent / name
    if not os.path.lexists(path):
        above = next(folder for folder in path.parents if os.path.lexists(folder))
        if not above.is_dir():
            raise AppendError(f"{above} is no folder, so there is no place for {name}")
        if not would_include(sources, path):
            raise AppendError(f'the ledger would not read {name}: add include "{name}" to {main.name}')
        return path
    if not path.is_file():
        raise AppendError(f"{name} is no file that can be written into")
    same = [file for file in included if os.path.exists(file) and path.samefile(file)]  # noqa: PTH110
    if not same:
        if would_include(sources, path):
            # Somebody else has made it since the ledger was loaded.
            raise AppendError(_CHANGED)
        raise AppendError(f'the ledger does not read {name}: add include "{name}" to {main.name}')
    if len(same) > 1:
        raise AppendError(f"the ledger reads {name} twice, as {' and as '.join(same)}: keep one of them")
    real = path.resolve()
    if real.suffix not in ENDINGS and real != main.resolve():
        raise AppendError(f"{name} is a link to {real}, which does not end in {' or '.join(ENDINGS)}")
    return Path(same[0])


def _old_content(path: Path, name: str) -> bytes | None:
    """What a file holds; None when it is not there. Refuses one that is not for writing."""
    if not os.path.lexists(path):
        return None
    if not path.stat().st_mode & 0o222 or not os.access(path, os.W_OK):
        raise AppendError(f'{name} is read-only: allow writing it, or name another file in the policy "posting"')
    if encryption.is_encrypted_file(str(path)):
        raise AppendError(f'{name} is encrypted: name another file in the policy "posting"')
    return path.read_bytes()


def _decoded(content: bytes, name: str) -> str:
    if content.startswith(_BYTE_ORDER_MARKS):
        raise AppendError(f"{name} begins with a byte order mark: save it in UTF-8 without one")
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise AppendError(f"{name}:{line} is not in UTF-8: save the file in UTF-8") from error
    if "\0" in text:
        raise AppendError(f"{name} is not a text in UTF-8: save the file in UTF-8")
    return text


def _begun(old: str) -> tuple[str, str]:
    """The old text with an empty line behind it, and how its lines end."""
    end = "\r\n" if 2 * old.count("\r\n") > old.count("\n") else "\n"
    begun = old if not old or old.endswith("\n") else old + end
    return (begun if not begun or begun.endswith(f"\n{end}") else begun + end), end


def _amounts_end_in(text: str) -> int:
    """Where the amount of the last posting of a text ends, in cells; 0 without one."""
    found = _AMOUNT.findall(text[-TAIL:])
    return min(cells_wide(found[-1]), WIDTH) if found else 0


def _joined(entries: Sequence[Directive], column: int) -> str:
    text = directive(entries[0], column)
    for before, entry in pairwise(entries):
        text += f"{'' if is_short(before) and is_short(entry) else chr(10)}{directive(entry, column)}"
    return text


def _beside(entry: Directive, path: Path, main: Path) -> Directive:
    """The entry as it stands in a file: names of documents are relative to its folder, not to the ledger's."""
    if not isinstance(entry, Document):
        return entry
    document = Path(os.path.normpath(main.parent / entry.filename))
    if document.is_relative_to(main.parent):
        document = Path(os.path.relpath(document, path.parent))
    return entry._replace(filename=document.as_posix())


def _lines(content: bytes) -> list[str]:
    """Lines with their ends, as patch counts them."""
    parts = content.decode().split("\n")
    return [*(f"{line}\n" for line in parts[:-1]), *filter(None, parts[-1:])]


def _range(first: int, count: int) -> str:
    """Lines of a hunk: where it begins, counted from 1, or behind which line when there are none."""
    return f"{first + 1 if count else first},{count}"


def _errors(loaded: Loaded) -> Counter[tuple[str, int, str]]:
    """File, line and message of everything that is wrong with a ledger.

    What is appended stands behind all that was there, so no old error moves to another line.
    """
    wrong = [*loaded.errors, *(item for item in loaded.book.problems if item.severity == ERROR)]
    places = ((item.source or {}, str(item.message)) for item in wrong)
    return Counter((str(place.get("filename")), int(place.get("lineno") or 0), said) for place, said in places)


# The writing


def write(plan: Plan) -> Written:
    """Make the append: every file gets its entries, or every file stays as it is.

    Ctrl-C, SIGTERM and SIGHUP wait until the append is finished or undone, then act as usual.

    Raises:
      AppendError: Nothing was appended, and why.
    """
    if not plan.additions:
        return Written(())
    folder = plan.ledger.parent
    recover(folder)
    missing = [_missing_folders(folder, addition.path) for addition in plan.additions]
    above = [folder, *(next(up for up in addition.path.parents if up.is_dir()) for addition in plan.additions)]
    journal = Journal(
        tuple(_change(addition, folder) for addition in plan.additions),
        tuple(dict.fromkeys(name for names in missing for name in names)),
    )
    with locked(above), signals_held() as signals:
        _refuse_changed(plan)
        try:
            begin(folder, journal)
            for name in journal.folders:
                (folder / name).mkdir()
            for addition in plan.additions:
                signals.heed()
                write_whole(addition.path, addition.after)
            signals.heed()
            loaded = load_book(plan.ledger)
            signals.heed()
            _refuse_faults(plan, loaded)
            finish(folder, journal)
        except BaseException as error:
            told = f"cannot write: {error.strerror}" if isinstance(error, OSError) else str(error)
            if left := undo(folder, journal):
                names = ", ".join(left)
                raise AppendError(
                    f"{told}; {names} changed at the same time: look at the last entries there"
                ) from error
            if isinstance(error, OSError):
                raise AppendError(f"{told}; every file is as it was") from error
            raise
    return Written(
        tuple((addition.name, entry.line, entry.directive) for addition in plan.additions for entry in addition.entries)
    )


def _missing_folders(folder: Path, path: Path) -> list[str]:
    """The folders that a new file needs, below the ledger's, the outermost first."""
    missing = [up for up in path.parents if up.is_relative_to(folder) and not up.exists()]
    return [up.relative_to(folder).as_posix() for up in reversed(missing)]


def _change(addition: Addition, folder: Path) -> Change:
    return Change(
        addition.path.relative_to(folder).as_posix(),
        None if addition.before is None else len(addition.before),
        digest(addition.before or b""),
        digest(addition.after),
    )


def _refuse_changed(plan: Plan) -> None:
    """Raise AppendError when the ledger is another than the one that was read."""
    if interrupted(plan.ledger.parent):
        raise AppendError("another append was interrupted just now: run the command again")
    now = read_sources(plan.ledger)
    changed = [path for path in {**plan.sources, **now} if now.get(path) != plan.sources.get(path)]
    changed += [
        str(addition.path)
        for addition in plan.additions
        if (addition.path.read_bytes() if os.path.lexists(addition.path) else None) != addition.before
    ]
    if changed:
        names = ", ".join(sorted({_short(path, plan.ledger) for path in changed}))
        raise AppendError(
            f"{names}: changed since these entries were computed; nothing was written, run the command again"
        )


def _refuse_faults(plan: Plan, loaded: Loaded) -> None:
    """Raise AppendError when the ledger has got an error that it had not, or has not got the entries once each."""
    new = _errors(loaded) - plan.errors
    if new:
        told = [f"{_short(file, plan.ledger)}:{line}: {message}" for file, line, message in sorted(new)]
        more = [f"… and {len(told) - ERRORS_SHOWN} more"] if len(told) > ERRORS_SHOWN else []
        raise AppendError(
            "\n  ".join(
                [
                    "with these entries the ledger would have new errors, so every file is as it was:",
                    *told[:ERRORS_SHOWN],
                    *more,
                ]
            )
        )
    counts = Counter(
        (entry.meta.get("filename"), entry.meta.get("lineno"), type(entry), entry.date) for entry in loaded.entries
    )
    for addition in plan.additions:
        for line, entry in addition.entries:
            found = counts[str(addition.path), line, type(entry), entry.date]
            if found != 1:
                raise AppendError(
                    f"the entry at {addition.name}:{line} would be in the ledger {found} times instead of once (does a"
                    " plugin change it?), so every file is as it was"
                )


def _short(path: str, ledger: Path) -> str:
    return below(str(ledger.parent), path)
