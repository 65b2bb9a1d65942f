"""Filing: which file of the ledger gets the entries that the program appends, by the dated policy "posting"."""

from __future__ import annotations

import datetime
import re
from pathlib import PurePosixPath
from typing import Any, Final

from receivables.settings import Key, PolicyForm, Settings, text

DEFAULT: Final = "default"
"""The key of all other kinds."""

ENDINGS: Final = (".beancount", ".bean")
"""How the name of a file ends into which something is written."""

_FIELD: Final = re.compile(r"\{(year|month)\}")
# Marks of an `include` that stands for several files, of other systems' paths, and of a field that is none.
_UNFIT: Final = re.compile(r'[*?\[\]{}\\:"<>|]')


def _path(value: Any) -> str:
    """The path of a ledger file below the ledger's folder, with `{year}` and `{month}` where the date goes.

    >>> _path("{year}/debit-notes.beancount")
    '{year}/debit-notes.beancount'
    """
    written = text(value)
    path = PurePosixPath(written)
    bare = _FIELD.sub("", written)
    if path.is_absolute() or ".." in path.parts or _UNFIT.search(bare) or not written.isprintable():
        raise ValueError(value)
    if path.suffix not in ENDINGS:
        raise ValueError(value)
    return str(path)


def _key(about: str, example: str) -> Key:
    return Key(_path, f'"{example}" (a {" or ".join(ENDINGS)} file below the ledger\'s folder)', about)


FORM: Final = PolicyForm(
    subject="posting",
    about="Which file gets the entries that the program appends; {year} and {month} are those of the entry's date.",
    keys={
        "penalty": _key("Debit notes for late payment.", "{year}/debit-notes.beancount"),
        "provision": _key("Entries of the allowance for doubtful debts.", "{year}/provisions.beancount"),
        "write-off": _key("Write-offs.", "{year}/write-offs.beancount"),
        "revaluation": _key("Revaluations and their reversals.", "{year}/revaluation.beancount"),
        "receipt": _key(
            "What bank statements bring: receipts, deposits, refunds, and what bounced.",
            "{year}/{month}-receipts.beancount",
        ),
        "credit-memo": _key("Credit memos.", "{year}/credit-memos.beancount"),
        "note": _key("Notes and documents on customers' accounts.", "{year}/activity.beancount"),
        "customer": _key("What is learned of customers from their payments.", "customers.beancount"),
        DEFAULT: _key("Everything that has no key of its own here.", "{year}.beancount"),
    },
)


def file_for(settings: Settings, kind: str, date: datetime.date) -> str | None:
    """The file for entries of a kind: its path below the ledger's folder; None for the ledger's main file.

    Args:
      settings: The ledger's policies; the one in force on `date` says.
      kind: "penalty", "provision", …
      date: The date of the entry.
    """
    policy = settings.in_force(FORM.subject, date)
    values = {} if policy is None else policy.values
    path: str | None = values.get(kind, values.get(DEFAULT))
    return None if path is None else path.format(year=f"{date.year:04}", month=f"{date.month:02}")
