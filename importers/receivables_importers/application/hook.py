"""Hook: what an importer has extracted, applied to customers, for beangulp and Fava's import page.

In an import script:

    from receivables_importers.application.hook import hook
    HOOKS = [hook]

Each entry on the suspense account that is decided gets the other side of its proposal, with the evidence; what waits
stays on the suspense account with its candidates in the metadata. The bank lines are read from the entries' metadata,
as `receivables_importers.bank.importer` writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from beancount.core.data import Directive, Transaction
from beancount.parser.options import OPTIONS_DEFAULTS

from receivables.booking import build
from receivables.language.customers import within
from receivables.language.reading import read
from receivables.settings import BANK, SUSPENSE
from receivables_importers.application.entries import EntryMaker
from receivables_importers.application.knowledge import read_ids
from receivables_importers.application.matching import match
from receivables_importers.application.model import AUTO, REVIEW, Proposed
from receivables_importers.application.waiting import line_of
from receivables_importers.bank.metadata import BANK_ID
from receivables_importers.bank.model import BankLine

Extracted = tuple[str, list[Directive], str, Any]
"""File, entries, account and importer, as beangulp hands them to hooks."""

_DUPLICATE: Final = "__duplicate__"


def hook(extracted: Sequence[Extracted], existing: Sequence[Directive]) -> list[Extracted]:
    """Apply what was extracted; entries of other importers, and duplicates, are left as they are.

    Args:
      extracted: What the importers found.
      existing: The ledger's entries; beangulp has added the extracted ones to them.
    """
    new = {id(entry) for _, entries, _, _ in extracted for entry in entries}
    ledger = [entry for entry in existing if id(entry) not in new]
    book = build(read(ledger, {**OPTIONS_DEFAULTS, "filename": "", "title": ""}))
    roles = book.settings.roles
    by_account: dict[str, list[BankLine]] = {}
    entries_of: dict[str, Transaction] = {}
    for _, entries, _, _ in extracted:
        for entry in entries:
            found = _line_of(entry, roles[BANK], roles[SUSPENSE])
            if found is not None and isinstance(entry, Transaction):
                account, line = found
                by_account.setdefault(account, []).append(line)
                entries_of[line.id] = entry
    replaced: dict[int, list[Directive]] = {}
    maker = EntryMaker(book)
    for account, lines in by_account.items():
        for proposed in match(book, ledger, lines, account=account).proposals:
            replaced[id(entries_of[proposed.line.id])] = _applied(maker, entries_of[proposed.line.id], proposed)
    return [
        (filename, [each for entry in entries for each in replaced.get(id(entry), [entry])], account, importer)
        for filename, entries, account, importer in extracted
    ]


def _applied(maker: EntryMaker, entry: Transaction, proposed: Proposed) -> list[Directive]:
    """The entries that take the place of an extracted one; it keeps its metadata and its place."""
    if proposed.decision == AUTO:
        first, *more = maker.decided(proposed).entries
    elif proposed.decision == REVIEW:
        first, *more = maker.undecided(proposed).entries
    else:
        return [entry]
    assert isinstance(first, Transaction)  # noqa: S101
    own = {key: value for key, value in (entry.meta or {}).items() if key in ("filename", "lineno")}
    meta = {**(first.meta or {}), **(entry.meta or {}), **own}
    return [first._replace(meta=meta), *more]


def _line_of(entry: Directive, banks: tuple[str, ...], suspense: tuple[str, ...]) -> tuple[str, BankLine] | None:
    """The bank account and line of an entry that an importer made; None for any other."""
    if not isinstance(entry, Transaction) or _DUPLICATE in (entry.meta or {}) or len(entry.postings) != 2:
        return None
    ids = read_ids((entry.meta or {}).get(BANK_ID))
    own, other = entry.postings
    if len(ids) != 1 or not within(own.account, banks) or not within(other.account, suspense) or own.units is None:
        return None
    number = own.units.number
    return None if number is None else (own.account, line_of(entry, number, own.units.currency))
