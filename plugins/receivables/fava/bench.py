"""The bench: bank lines with their proposals, and what a person chooses, replayed with every request.

A browser keeps the choices as data and sends all of them each time; the server keeps none. What was computed of the
files and the ledger is kept on the shelf, so a step costs the one choice that is new. A bench has a state: that of
another ledger or of other files is another one, and choices that were made of it are refused.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from receivables.fava.bankfiles import (
    LINES_MOST,
    TOGETHER_MOST,
    BankFileError,
    Offered,
    Sent,
    profiles,
    profiles_mark,
    read_file,
)
from receivables.fava.shelf import Shelf
from receivables.kept import Kept
from receivables.loading import collector_off
from receivables.report import Report
from receivables_importers.application.proposals import report
from receivables_importers.application.session import Choice, Session, replay
from receivables_importers.application.waiting import Waiting, waiting
from receivables_importers.bank import BankFile, Problem, together
from receivables_importers.bank.model import ERROR, NOTE

RELATION: Final = "proposals"

BENCHES: Final = 3
"""So many benches are kept, the latest asked for: with 50,000 invoices each takes 140 MB."""

_FIELDS: Final = {"line": str, "how": str, "customer": str, "candidate": int, "text": str, "reason": str, "seen": str}
_TEXT_LONGEST: Final = 10_000


class ChoiceError(ValueError):
    """What a request says about choices cannot be read."""


class Statements(NamedTuple):
    """What a request wants to see.

    Attributes:
      files: Tokens of files, in the order in which they are read.
      profile: A ready profile for tables; "" for the one that recognises the table.
      account: The ledger's bank account of lines whose own account is not known; "" for none.
      waiting: Whether the lines on the suspense account are looked at again.
    """

    files: tuple[str, ...] = ()
    profile: str = ""
    account: str = ""
    waiting: bool = False


class FileSaid(NamedTuple):
    """What became of a file: its token and name, what it is, how many lines it has, and what is wrong with it."""

    token: str
    name: str
    format: str
    lines: int
    problems: tuple[Problem, ...]


class Bench:
    """Bank lines, their proposals and the session that decides them.

    Attributes:
      files: The files.
      session: The session; only used with `lock`.
      report: The relation `proposals`.
      state: Another one when anything that is proposed is another.
      lock: One request at a time replays.
    """

    def __init__(self, files: Sequence[FileSaid], session: Session) -> None:
        self.files = tuple(files)
        self.session = session
        self.report: Report = report(session.book, session.matched)
        # Where a line stands is told by the diff: a comment above a waiting one changes nothing that was decided.
        telling = [at for at, column in enumerate(self.report.columns) if column.name not in ("file", "place")]
        rows = [[row[at] for at in telling] for row in self.report.rows]
        said = repr((rows, [line.id for line in session.known]))
        self.state = hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        self.lock = threading.RLock()

    def replay(self, choices: Sequence[Choice]) -> list[Choice]:
        """Bring the session to these choices; see `session.replay`."""
        return replay(self.session, choices)


def suspended(shelf: Shelf) -> list[Waiting]:
    """The lines that stand on the suspense account."""
    return shelf.once("waiting", lambda: waiting(shelf.book, shelf.entries))


def bench_of(shelf: Shelf, ledger: Path, asked: Statements, offer: Mapping[str, Offered], sent: Sent) -> Bench:
    """The bench of these files, made once for a load of the ledger.

    Args:
      shelf: The book.
      ledger: The main file.
      asked: What is wanted.
      offer: The files that there are, by their tokens.
      sent: What browsers sent.
    Raises:
      BankFileError: A file is not there (any more), or they have too many lines.
    """
    if len(asked.files) > TOGETHER_MOST:
        raise BankFileError(f"{len(asked.files)} files are more than {TOGETHER_MOST}: take fewer at once")
    files = [_file(token, offer, sent) for token in dict.fromkeys(asked.files)]
    opened = {getattr(entry, "account", None) for entry in shelf.entries} if asked.account else set()
    if asked.account and asked.account not in opened:
        raise BankFileError(f'the ledger has no account "{asked.account[:120]}"')
    marks = tuple((file.token, file.mark) for file in files)
    key = marks, asked.profile, profiles_mark(ledger), asked.account, asked.waiting
    benches = shelf.once("benches", lambda: Kept(BENCHES))

    def make() -> Bench:
        with collector_off():
            return _made(shelf, ledger, asked, files, sent)

    return benches.of(key, make)


def _file(token: str, offer: Mapping[str, Offered], sent: Sent) -> Offered:
    found = offer.get(token) or sent.offered(token)
    if found is None:
        raise BankFileError("a file that was chosen is not there any more: choose again")
    return found


def _made(shelf: Shelf, ledger: Path, asked: Statements, files: Sequence[Offered], sent: Sent) -> Bench:
    known = profiles(ledger, asked.profile)
    read: list[BankFile] = []
    said: list[FileSaid] = []
    for file in files:
        try:
            found = read_file(file, sent, known)
        except BankFileError as error:
            said.append(FileSaid(file.token, file.name, "", 0, (Problem(file.name, "", str(error), ERROR),)))
            continue
        read.append(found)
        told = tuple(problem for problem in found.problems if problem.severity != NOTE)
        said.append(FileSaid(file.token, file.name, found.format, len(found.lines), told))
    lines, again = together(read)[0], suspended(shelf) if asked.waiting else []
    if (count := len(lines) + len(again)) > LINES_MOST:
        raise BankFileError(f"{count:,} lines are more than {LINES_MOST:,}: take fewer files, or bean-ar apply")
    return Bench(said, Session(shelf.book, shelf.entries, lines, account=asked.account, waiting=again))


def read_statements(said: Mapping[str, Any]) -> Statements:
    """The files that a request in JSON is about; raises ChoiceError when they cannot be read."""
    files = said.get("files", [])
    profile, bank = said.get("profile", ""), said.get("bank", "")
    again = said.get("waiting", False)
    if not isinstance(files, list) or not all(isinstance(each, str) for each in (*files, profile, bank)):
        raise ChoiceError("files is a list of texts, profile and bank are texts")
    if not isinstance(again, bool):
        raise ChoiceError("waiting is true or false")
    return Statements(tuple(files), profile, bank, again)


def read_choices(said: object) -> list[Choice]:
    """The choices of a request in JSON; raises ChoiceError when they cannot be read."""
    if not isinstance(said, list) or len(said) > LINES_MOST:
        raise ChoiceError(f"choices is a list of at most {LINES_MOST:,}")
    found = []
    for each in said:
        if not isinstance(each, dict) or set(each) - set(_FIELDS):
            raise ChoiceError("a choice has line, how, customer, candidate, text, reason and seen")
        for key, value in each.items():
            if type(value) is not _FIELDS[key] or (isinstance(value, str) and len(value) > _TEXT_LONGEST):
                raise ChoiceError(f"{key} of a choice cannot be read")
        if not each.get("line") or not each.get("how"):
            raise ChoiceError("a choice has a line and says how")
        found.append(Choice(**each))
    return found
