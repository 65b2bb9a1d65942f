"""The one way to write: what is appended is what was shown, all of it or nothing, whatever happens on the way."""

from __future__ import annotations

import datetime
import os
import pty
import random
import re
import resource
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import click
import pytest
from beancount.core import account as accounts
from beancount.core.amount import Amount
from beancount.core.data import (
    Balance,
    Booking,
    Close,
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
from beancount.core.position import Cost, CostSpec
from beancount.parser.grammar import ValueType
from click.testing import CliRunner
from hypothesis import assume, given
from hypothesis import strategies as st

from bean_ar.ledger import Opened, open_ledger
from bean_ar.posting import post, post_options
from receivables import cache
from receivables.loading import load_book
from receivables.posting import append, journal
from receivables.posting.append import Plan, Written, plan, write
from receivables.posting.journal import JOURNAL, LOCK, AppendError, recover
from receivables.posting.proposal import Proposal
from receivables.posting.sources import read_sources, would_include
from receivables.posting.text import (
    TextError,
    comment,
    comments,
    comparable,
    directive,
    ledger_text,
    prove,
)

D = Decimal
EXAMPLE = Path(__file__).parents[1] / "ledger"
DAY = datetime.date(2026, 3, 31)

MAIN = """\
option "title" "Northgate Lifts"
plugin "receivables"

include "accounts.beancount"
include "2026/*.beancount"
include "202[789]/**/*.beancount"

2026-01-01 custom "receivables-policy" "posting"
  penalty: "{year}/debit-notes.beancount"
  provision: "{year}/provisions.beancount"
"""
ACCOUNTS = """\
2026-01-01 open Assets:Receivable:HanoiTower
2026-01-01 open Assets:DoubtfulDebts
2026-01-01 open Income:LatePayment
2026-01-01 open Expenses:DoubtfulDebts
"""
NOTES = """\
2026-02-27 * "Hanoi Tower" "Late payment of January" #penalty ^DN-1
  Assets:Receivable:HanoiTower        1,200.00 USD
  Income:LatePayment                 -1,200.00 USD
"""


def amount(text: str) -> Amount:
    number, currency = text.split()
    return Amount(D(number), currency)


def posted(account: str, units: str, **meta: Any) -> Posting:
    return Posting(account, amount(units), None, None, None, meta or None)


def debit_note(
    number: str, units: str = "40.00 USD", date: datetime.date = DAY, narration: str = "Late"
) -> Transaction:
    """What a rule proposes for late payment."""
    owed = amount(units)
    return Transaction(
        {"due": date + datetime.timedelta(30)}, date, "*", "Hanoi Tower", narration, frozenset({"penalty"}),
        frozenset({number}),
        [
            Posting("Assets:Receivable:HanoiTower", owed, None, None, None, None),
            Posting("Income:LatePayment", Amount(-owed.number, owed.currency), None, None, None, None),
        ],
    )  # fmt: skip


def charge(date: datetime.date = DAY) -> Transaction:
    """What a rule proposes for doubtful debts."""
    return Transaction(
        {}, date, "*", None, "Provision", frozenset(), frozenset(),
        [posted("Expenses:DoubtfulDebts", "7.00 USD"), posted("Assets:DoubtfulDebts", "-7.00 USD")],
    )  # fmt: skip


def penalty(*entries: Directive, why: Sequence[str] = ("1,000.00 USD for 31 days.",)) -> Proposal:
    return Proposal("penalty", entries, tuple(why))


BOTH = (penalty(debit_note("DN-2")), Proposal("provision", (charge(),), ("30 % of 20.00 USD.",)))
"""An append to two files: one grows, the other is new."""


class Desk:
    """A ledger in a folder, and what its owner does with it."""

    def __init__(self, folder: Path, main: str = MAIN, notes: str | bytes | None = NOTES) -> None:
        self.folder = folder
        self.main = folder / "main.beancount"
        self.notes = folder / "2026" / "debit-notes.beancount"
        self.provisions = folder / "2026" / "provisions.beancount"
        self.notes.parent.mkdir(parents=True)
        self.main.write_text(main)
        (folder / "accounts.beancount").write_text(ACCOUNTS)
        (folder / "2028").mkdir()
        (folder / "2028" / "opening.beancount").touch()
        if notes is not None:
            self.notes.write_bytes(notes if isinstance(notes, bytes) else notes.encode())

    def plan(self, *proposals: Proposal) -> Plan:
        return plan(self.main, load_book(self.main).book, proposals)

    def append(self, *proposals: Proposal) -> Written:
        return write(self.plan(*proposals))

    def refused(self, *proposals: Proposal) -> str:
        """Why these are not appended; nothing has changed by it."""
        before = self.contents()
        with pytest.raises(AppendError) as caught:
            self.append(*proposals)
        assert self.contents() == before
        return str(caught.value)

    def contents(self) -> Mapping[str, bytes | None]:
        """Every file and folder, also hidden ones, with what it holds."""
        return {
            str(path.relative_to(self.folder)): path.read_bytes() if path.is_file() else None
            for path in sorted(self.folder.rglob("*"))
        }

    def settled(self) -> Mapping[str, bytes | None]:
        """As `contents`, without what a process that was killed may leave: its lock and its temporary file."""
        return {
            name: content
            for name, content in self.contents().items()
            if not (name.endswith(LOCK) or name.endswith(".part"))
        }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "books")


# What is written


def test_an_entry_stands_behind_the_others_and_is_aligned_as_they_are(desk: Desk) -> None:
    written = desk.append(
        penalty(debit_note("DN-2", "1234.50 USD"), why=["1,000.00 USD for 31 days.", "Below the cap of 8 %."])
    )
    assert desk.notes.read_text() == NOTES + (
        "\n"
        "; 1,000.00 USD for 31 days.\n"
        "; Below the cap of 8 %.\n"
        '2026-03-31 * "Hanoi Tower" "Late" #penalty ^DN-2\n'
        "  due: 2026-04-30\n"
        "  Assets:Receivable:HanoiTower        1,234.50 USD\n"
        "  Income:LatePayment                 -1,234.50 USD\n"
    )
    assert [(name, line) for name, line, _ in written.entries] == [("2026/debit-notes.beancount", 7)]
    assert sorted(path.name for path in desk.folder.rglob("*")) == [
        "2026", "2028", "accounts.beancount", "debit-notes.beancount", "main.beancount", "opening.beancount",
    ]  # fmt: skip


def test_the_diff_is_what_is_written(desk: Desk) -> None:
    planned = desk.plan(*BOTH)
    assert planned.entries == 2
    assert planned.diff == (
        "--- a/2026/debit-notes.beancount\n"
        "+++ b/2026/debit-notes.beancount\n"
        "@@ -1,3 +1,9 @@\n"
        ' 2026-02-27 * "Hanoi Tower" "Late payment of January" #penalty ^DN-1\n'
        "   Assets:Receivable:HanoiTower        1,200.00 USD\n"
        "   Income:LatePayment                 -1,200.00 USD\n"
        "+\n"
        "+; 1,000.00 USD for 31 days.\n"
        '+2026-03-31 * "Hanoi Tower" "Late" #penalty ^DN-2\n'
        "+  due: 2026-04-30\n"
        "+  Assets:Receivable:HanoiTower           40.00 USD\n"
        "+  Income:LatePayment                    -40.00 USD\n"
        "--- /dev/null\n"
        "+++ b/2026/provisions.beancount\n"
        "@@ -0,0 +1,4 @@\n"
        "+; 30 % of 20.00 USD.\n"
        '+2026-03-31 * "Provision"\n'
        "+  Expenses:DoubtfulDebts   7.00 USD\n"
        "+  Assets:DoubtfulDebts    -7.00 USD\n"
    )


def test_planning_writes_nothing(desk: Desk) -> None:
    before = desk.contents()
    desk.plan(*BOTH)
    assert desk.contents() == before


def patched(old: str, diff: str) -> str:
    """The text that a unified diff of one hunk makes of another."""
    hunk = re.search(r"^@@ -(\d+),(\d+) \+(\d+),(\d+) @@\n(.*)", diff, re.MULTILINE | re.DOTALL)
    assert hunk
    lines: list[str] = []
    for line in hunk[5].splitlines(keepends=True):
        if line.startswith("\\"):
            lines[-1] = lines[-1].removesuffix("\n")
        else:
            lines.append(line)
    was = [line[1:] for line in lines if line[0] in " -"]
    becomes = [line[1:] for line in lines if line[0] in " +"]
    assert (len(was), len(becomes)) == (int(hunk[2]), int(hunk[4]))
    start = int(hunk[1]) - 1 if was else int(hunk[1])
    rows = old.splitlines(keepends=True)
    assert rows[start:] == was
    return "".join([*rows[:start], *becomes])


@pytest.mark.parametrize(
    "old", ["", "\n", "; a", "; a\n", "; a\n; b\n; c\n; d\n; e", NOTES, NOTES + "\n\n", NOTES[:-1]]
)
def test_the_diff_can_be_applied_and_the_text_ends_in_a_newline(tmp_path: Path, old: str) -> None:
    desk = Desk(tmp_path / "books", notes=old)
    (addition,) = desk.plan(penalty(debit_note("DN-2"))).additions
    assert addition.after.endswith(b"\n")
    assert addition.after.decode().startswith(old)
    assert patched(old, addition.diff) == addition.after.decode()
    gap = addition.after.decode().removeprefix(old).partition(";")[0]
    assert (old + gap).endswith("\n\n") or not old


def test_each_year_has_its_file_and_a_folder_is_made_where_the_ledger_reads_it(desk: Desk) -> None:
    before, after = (
        debit_note("DN-2", date=datetime.date(2026, 12, 31)),
        debit_note("DN-3", date=datetime.date(2027, 1, 1)),
    )
    written = desk.append(penalty(before, after))
    assert [(name, line) for name, line, _ in written.entries] == [
        ("2026/debit-notes.beancount", 6), ("2027/debit-notes.beancount", 2),
    ]  # fmt: skip
    assert (desk.folder / "2027" / "debit-notes.beancount").read_text().startswith("; 1,000.00 USD for 31 days.\n2027")
    assert load_book(desk.main).book.problems == []


def test_without_a_policy_entries_go_to_the_main_file(tmp_path: Path) -> None:
    text = "".join(MAIN.partition("\n2026-01-01 custom")[:1])
    desk = Desk(tmp_path / "books", main=text)
    desk.append(penalty(debit_note("DN-2")))
    assert desk.main.read_text().startswith(text)
    assert "^DN-2" in desk.main.read_text()


def test_the_policy_of_the_entry_s_date_names_the_file(tmp_path: Path) -> None:
    later = MAIN + '\n2026-03-31 custom "receivables-policy" "posting"\n  default: "2026/{year}-{month}.beancount"\n'
    desk = Desk(tmp_path / "books", main=later)
    names = [name for name, _, _ in desk.append(
        penalty(debit_note("DN-2", date=datetime.date(2026, 3, 30)), debit_note("DN-3")),
        Proposal("never heard of", (charge(datetime.date(2026, 3, 30)),), ()),
    ).entries]  # fmt: skip
    assert names == ["2026/debit-notes.beancount", "2026/2026-03.beancount", "main.beancount"]


@pytest.mark.parametrize(
    "value",
    ["../notes.beancount", "/books/notes.beancount", "a/../../b.beancount", "C:/notes.beancount", "a\\\\b.beancount",
     "notes.txt", "notes", ".beancount", "{day}.beancount", "{year.beancount", "*.beancount",
     "[ab].beancount", "{year!r}.beancount", "a\\nb.beancount", "", "a\u202eb.beancount"],
)  # fmt: skip
def test_a_path_that_leads_elsewhere_or_names_no_ledger_file_is_refused(tmp_path: Path, value: str) -> None:
    main = f'2026-01-01 custom "receivables-policy" "posting"\n  penalty: "{value}"\n'
    (item,) = load_book(Desk(tmp_path / "books", main=main).main).book.problems
    assert item.code == "bad-policy-value"
    assert '"posting" cannot read penalty' in item.message
    assert 'write "{year}/debit-notes.beancount"' in item.message


@pytest.mark.parametrize(
    "value", ["a.bean", "./a.beancount", "a.beancount/", "a//b.beancount", "Sổ nợ/{month}.{year}.beancount"]
)
def test_other_paths_are_taken(tmp_path: Path, value: str) -> None:
    main = f'2026-01-01 custom "receivables-policy" "posting"\n  penalty: "{value}"\n'
    assert load_book(Desk(tmp_path / "books", main=main).main).book.problems == []


def test_documents_are_named_from_the_file_in_which_they_stand(desk: Desk) -> None:
    (desk.folder / "papers").mkdir()
    (desk.folder / "papers" / "a.pdf").touch()
    account = "Assets:Receivable:HanoiTower"
    entries = [
        Document({}, DAY, account, str(name), None, None) for name in ("papers/a.pdf", desk.folder / "papers/a.pdf")
    ]
    desk.append(penalty(*entries))
    assert desk.notes.read_text().count('"../papers/a.pdf"') == 2
    found = [entry.filename for entry in load_book(desk.main).entries if isinstance(entry, Document)]
    assert found == [str(desk.folder / "papers" / "a.pdf")] * 2


def test_lines_end_as_those_of_the_file_do(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "books", notes=NOTES.replace("\n", "\r\n"))
    desk.append(penalty(debit_note("DN-2")), penalty(debit_note("DN-3")))
    content = desk.notes.read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == 3 + 2 * 6
    assert load_book(desk.main).errors == []


def test_a_ledger_behind_a_link_stays_behind_it(desk: Desk, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere.beancount"
    desk.notes.rename(moved)
    desk.notes.symlink_to(moved)
    desk.append(penalty(debit_note("DN-2")))
    assert desk.notes.is_symlink()
    assert "^DN-2" in moved.read_text()
    folder = tmp_path / "link"
    folder.symlink_to(desk.folder)
    main = folder / "main.beancount"
    write(plan(main, load_book(main).book, [penalty(debit_note("DN-3"))]))
    assert "^DN-3" in moved.read_text()


def test_permissions_stay(desk: Desk) -> None:
    desk.notes.chmod(0o640)
    desk.append(penalty(debit_note("DN-2")))
    assert desk.notes.stat().st_mode & 0o777 == 0o640


def test_errors_that_were_there_before_are_no_hindrance(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path / "books", notes="2026-02-01 * broken\n" + NOTES.replace("Income:LatePayment", "Income:Nothing")
    )
    assert load_book(desk.main).errors
    desk.append(penalty(debit_note("DN-2")))
    assert "^DN-2" in desk.notes.read_text()


def test_nothing_to_append_is_nothing(desk: Desk) -> None:
    before = desk.contents()
    assert desk.append() == desk.append(penalty()) == Written(())
    assert desk.contents() == before


def test_a_book_from_the_cache_is_as_good(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    main = EXAMPLE / "main.beancount"
    monkeypatch.setattr(cache, "SMALLEST", 0)
    started = time.time_ns()
    loaded = load_book(main)
    customs = [entry for entry in loaded.entries if isinstance(entry, Custom)]
    papers = [entry.filename for entry in loaded.entries if isinstance(entry, Document)]
    assert cache.keep(main, loaded.book, [], customs, papers, loaded.options, started)
    kept = cache.recall(main)
    assert kept
    entry = debit_note("DN-2099-1", date=datetime.date(2026, 6, 30))
    postings = [each._replace(account=each.account.replace("HanoiTower", "KH:BlueReef")) for each in entry.postings]
    (addition,) = plan(main, kept.book, [Proposal("other", (entry._replace(postings=postings),), ())]).additions
    assert b"DN-2099-1" in addition.after


# Text that would like to be more


HOSTILE = [
    '"', "\\", '\\"', "a\n2026-01-01 close Assets:Receivable:HanoiTower", '" #tag ^link\n', '"\ninclude "/etc/passwd"',
    "; c", "*", "\r\n", "\u202eevil\u2066", "\u2028option", "\x85plugin", "\x00", "\x1b[2J", "\ufeff", "{year}", "%s",
    "x" * 100_000, '"' * 5_000, "\\n", "e\u0301", "🛗",
]  # fmt: skip


def every_string(text: str) -> list[Directive]:
    """Each directive with the text wherever a directive has one."""
    account = "Assets:Receivable:HanoiTower"
    meta = {"words": text}
    lot = Cost(D(2), "VND", DAY, text)
    return [
        Transaction(
            meta, DAY, "*", text, text, frozenset(), frozenset(),
            [Posting(account, amount("5 USD"), lot, None, None, dict(meta)), posted("Income:LatePayment", "-10 VND")],
        ),
        Note(meta, DAY, account, text, None, None),
        Document(meta, DAY, account, text, None, None),
        Custom(meta, DAY, text, [ValueType(text, str), ValueType(account, accounts.TYPE)]),
        Event(meta, DAY, text, text),
        Open(meta, DAY, account, [], None),
        Balance(meta, DAY, account, amount("5 USD"), None, None),
        Price(meta, DAY, "USD", amount("5 VND")),
        Commodity(meta, DAY, "USD"),
    ]  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
def test_no_text_becomes_a_directive(text: str) -> None:
    written = ledger_text([text], every_string(text))
    assert not re.search(r"^(?!\d|  |; |$)", written, re.MULTILINE)


def test_hostile_text_reaches_the_ledger_as_text(desk: Desk) -> None:
    notes = [debit_note(f"DN-{number}", narration=text) for number, text in enumerate(HOSTILE, 2)]
    desk.append(*(penalty(note, why=[note.narration or ""]) for note in notes))
    found = [entry.narration for entry in load_book(desk.main).entries if isinstance(entry, Transaction)]
    assert found[1:] == HOSTILE


def test_what_is_no_character_is_refused() -> None:
    for entry in every_string("a\udc80b"):
        with pytest.raises(TextError, match="no character"):
            ledger_text([], [entry])


def test_nothing_but_names_is_written_as_a_name() -> None:
    evil = "Assets:A USD\n2026-01-01 close Assets:B"
    bad: list[Directive] = [
        Open({}, DAY, evil, [], None),
        Open({}, DAY, "Assets", [], None),
        Open({}, DAY, "Assets:A", ["USD\n"], None),
        Commodity({}, DAY, "usd"),
        Note({"a": "one letter"}, DAY, "Assets:A", "", None, None),
        Note({"Key": ""}, DAY, "Assets:A", "", None, None),
        Note({"key: 1\n2026-01-01 close Assets:A\n  key": ""}, DAY, "Assets:A", "", None, None),
        Note({}, DAY, "Assets:A", "", frozenset({"a b"}), None),
        Note({}, DAY, "Assets:A", "", None, frozenset({"a\nb"})),
        debit_note("DN-2")._replace(flag="txn"),
        Custom({}, DAY, "x", [ValueType(evil, accounts.TYPE)]),
    ]
    for entry in bad:
        with pytest.raises(TextError, match="is no "):
            directive(entry)


def test_what_beancount_has_no_text_for_is_refused() -> None:
    bad: list[Directive] = [
        Note({"count": 5}, DAY, "Assets:A", "", None, None),
        Note({"rate": 0.5}, DAY, "Assets:A", "", None, None),
        Note({"at": datetime.datetime(2026, 1, 1)}, DAY, "Assets:A", "", None, None),  # noqa: DTZ001
        Note({"rate": D("NaN")}, DAY, "Assets:A", "", None, None),
        debit_note("DN-2")._replace(postings=[Posting("Assets:A", None, None, None, None, None)]),
        Price({}, DAY, "USD", Amount(None, "VND")),
        Close({}, DAY, "Assets:A"),
    ]
    for entry in bad:
        with pytest.raises(TextError):
            directive(entry)


def test_a_number_of_more_digits_than_beancount_keeps_is_refused() -> None:
    """Beancount negates with 28 digits of precision."""
    digits = "1" * 29
    ledger_text([], [Balance({}, DAY, "Assets:A", amount(f"{digits} USD"), None, None)])
    with pytest.raises(TextError, match="another directive"):
        ledger_text([], [Balance({}, DAY, "Assets:A", amount(f"-{digits} USD"), None, None)])


def test_a_comment_is_a_comment() -> None:
    text = comment("a\n2026-01-01 close Assets:B\r\u2028\x85\u202ec")
    assert text == "; a 2026-01-01 close Assets:B    c\n"


def test_sentences_begin_lines_and_go_on_below() -> None:
    assert comments(["word " * 30, "", "64,800,000 VND\n2026-01-01 close"]) == (
        f"; {'word ' * 18}word\n;   {'word ' * 10}word\n; 64,800,000 VND 2026-01-01 close\n"
    )
    assert comments(["x" * 150]) == f"; {'x' * 150}\n"


def test_numbers_keep_their_digits() -> None:
    entry = Transaction(
        {"rate": D("-0.0500"), "flag": True, "none": None, "cap": amount("1000000.00 USD"), "day": DAY}, DAY, "!",
        "", "x", frozenset({"b", "a"}), frozenset({"l"}),
        [
            Posting("Assets:A", amount("1000000.500 USD"), CostSpec(D("25.10"), None, "VND", DAY, None, False),
                    amount("25.1 VND"), "!", {"settles": "INV-1"}),
            posted("Income:Longer", "-0 VND"),
        ],
    )  # fmt: skip
    assert ledger_text(["Why."], [entry]) == (
        "; Why.\n"
        "\n"
        '2026-03-31 ! "" "x" #a #b ^l\n'
        "  rate: -0.0500\n"
        "  flag: TRUE\n"
        "  none:\n"
        "  cap: 1,000,000.00 USD\n"
        "  day: 2026-03-31\n"
        "  ! Assets:A     1,000,000.500 USD {25.10 VND, 2026-03-31} @ 25.1 VND\n"
        '    settles: "INV-1"\n'
        "  Income:Longer              0 VND\n"
    )


def test_numbers_side_by_side_are_no_difference() -> None:
    values = [ValueType(value, type(value)) for value in (D(5), D(-3), amount("-2 USD"), D(1), amount("4.50 A"))]
    assert ledger_text([], [Custom({}, DAY, "x", values)]) == '\n2026-03-31 custom "x" 5 (-3) (-2) USD 1 4.50 A\n'


def test_a_proof_sees_every_difference() -> None:
    """One digit, one flag, the type of a value: whatever Beancount would read otherwise is no proof."""
    entry = debit_note("DN-2")
    text = directive(entry)
    assert prove(text, [entry]) == (1,)
    others = [
        text.replace("40.00", "40.0"), text.replace("*", "!"), text.replace("due: 2026-04-30", 'due: "2026-04-30"'),
        text.replace(" ^DN-2", ""), text.replace('"Late"', '"Late "'), text.replace("Income", "Equity"),
        text + "2026-01-01 open Assets:B\n", text.replace("USD\n", "USD @ 2 VND\n", 1), "", text + "?\n",
    ]  # fmt: skip
    for other in others:
        with pytest.raises(TextError):
            prove(other, [entry])
    note = Note({"yes": True}, DAY, "Assets:A", "", None, None)
    with pytest.raises(TextError):
        prove(directive(note).replace("TRUE", "1"), [note])


TEXTS = st.text(max_size=20) | st.sampled_from(HOSTILE[:15])
NUMBERS = st.decimals(
    allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20
) | st.builds(lambda digits, places: D(digits).scaleb(-places), st.integers(-(10**24), 10**24), st.integers(0, 12))
CURRENCIES = st.from_regex(r"[A-Z][A-Z0-9'._-]{0,6}[A-Z0-9]|[A-Z]", fullmatch=True).filter(
    lambda word: word not in ("TRUE", "FALSE", "NULL")
)
AMOUNTS = st.builds(Amount, NUMBERS, CURRENCIES)
PRICES = st.builds(Amount, NUMBERS.map(abs), CURRENCIES)
NAMES = st.from_regex(
    r"(Assets|Income|Expenses|Liabilities|Equity)(:[A-ZÝ0-9][A-Za-z0-9đ三-]{0,8}){1,3}", fullmatch=True
)
DATES = st.dates()
WORDS = st.frozensets(st.from_regex(r"[A-Za-z0-9\-_/.]{1,8}", fullmatch=True), max_size=3)
METAS = st.dictionaries(
    st.from_regex(r"[a-z][a-zA-Z0-9_-]{1,8}", fullmatch=True).filter(lambda key: key not in ("filename", "lineno")),
    TEXTS | NUMBERS | DATES | st.booleans() | AMOUNTS | st.none(),
    max_size=3,
)
FLAGS = st.sampled_from("*!&#?%PQ")
COSTS = st.none() | st.builds(
    lambda number, total, currency, date, label: CostSpec(number, total, currency, date, label, False),
    NUMBERS, st.none() | NUMBERS, CURRENCIES, st.none() | DATES, st.none() | TEXTS,
) | st.builds(Cost, NUMBERS, CURRENCIES, DATES, st.none() | TEXTS)  # fmt: skip
POSTINGS = st.builds(Posting, NAMES, AMOUNTS, COSTS, st.none() | PRICES, st.none() | FLAGS, st.none() | METAS).filter(
    lambda each: each.cost is None or each.price is None or each.cost.currency == each.price.currency
)
VALUES = st.one_of(
    *(
        kind.map(lambda value: ValueType(value, type(value)))
        for kind in (TEXTS, NUMBERS, DATES, st.booleans(), AMOUNTS)
    ),
    NAMES.map(lambda name: ValueType(name, accounts.TYPE)),
)
DIRECTIVES = st.one_of(
    st.builds(Transaction, METAS, DATES, FLAGS, st.none() | TEXTS, TEXTS, WORDS, WORDS, st.lists(POSTINGS, max_size=3)),
    st.builds(Note, METAS, DATES, NAMES, TEXTS, WORDS, WORDS),
    st.builds(Document, METAS, DATES, NAMES, TEXTS, WORDS, WORDS),
    st.builds(Custom, METAS, DATES, TEXTS, st.lists(VALUES, max_size=5)),
    st.builds(Event, METAS, DATES, TEXTS, TEXTS),
    st.builds(Open, METAS, DATES, NAMES, st.lists(CURRENCIES, max_size=3), st.none() | st.sampled_from(Booking)),
    st.builds(Balance, METAS, DATES, NAMES, AMOUNTS, st.none() | NUMBERS.map(abs), st.none()),
    st.builds(Price, METAS, DATES, CURRENCIES, AMOUNTS),
    st.builds(Commodity, METAS, DATES, CURRENCIES),
)


@given(st.lists(DIRECTIVES, min_size=1, max_size=3), st.lists(TEXTS, max_size=2))
def test_whatever_is_written_is_read_back(entries: list[Directive], sentences: list[str]) -> None:
    written = ledger_text(sentences, entries)
    assert not re.search(r"^(?!\d|  |; |$)", written, re.MULTILINE)


@given(DIRECTIVES, DIRECTIVES)
def test_two_directives_are_equal_only_when_they_say_the_same(one: Directive, other: Directive) -> None:
    assert comparable(one) == comparable(one)
    assume(directive(one) != directive(other))
    assert comparable(one) != comparable(other)


# What is refused before anything is written


def test_a_file_that_the_ledger_does_not_read(desk: Desk) -> None:
    assert (
        'would not read 2030/debit-notes.beancount: add include "2030/debit-notes.beancount" to main'
        in desk.refused(penalty(debit_note("DN-2", date=datetime.date(2030, 1, 1))))
    )
    (desk.folder / "2031").mkdir()
    (desk.folder / "2031" / "debit-notes.beancount").touch()
    assert 'does not read 2031/debit-notes.beancount: add include "2031' in desk.refused(
        penalty(debit_note("DN-2", date=datetime.date(2031, 1, 1)))
    )


def test_a_file_that_the_ledger_reads_twice(desk: Desk) -> None:
    (desk.folder / "2026" / "same.beancount").symlink_to(desk.notes)
    assert "twice" in desk.refused(penalty(debit_note("DN-2")))


def test_what_is_in_the_way(desk: Desk, tmp_path: Path) -> None:
    desk.provisions.mkdir()
    with pytest.raises(AppendError, match=r"cannot read .*provisions.beancount: Is a directory"):
        plan(desk.main, load_book(desk.folder / "accounts.beancount").book, BOTH)
    desk.provisions.rmdir()
    desk.provisions.symlink_to(tmp_path / "nowhere")
    assert "no file" in desk.refused(*BOTH)
    desk.provisions.unlink()
    (tmp_path / "profile").touch()
    desk.provisions.symlink_to(tmp_path / "profile")
    assert "does not end in .beancount or .bean" in desk.refused(*BOTH)
    desk.provisions.unlink()
    (desk.folder / "2027").touch()
    assert "no place" in desk.refused(penalty(debit_note("DN-2", date=datetime.date(2027, 1, 1))))


@pytest.mark.parametrize(
    ("notes", "said"),
    [
        (b"\xef\xbb\xbf; a\n", "byte order mark"), ("; a\n".encode("utf-16"), "byte order mark"),
        ("; a\n".encode("utf-16-le"), "not a text in UTF-8"), (b"; a\n; \xe9\n", "notes.beancount:2 is not in UTF-8"),
        (b'2026-01-01 event "a" "b', "not read as they are meant"), (b"pushtag #x\n", "not read as they are meant"),
        (b'pushmeta who: "x"\n', "not read as they are meant"),
    ],
)  # fmt: skip
def test_a_file_whose_end_is_no_place_for_an_entry(tmp_path: Path, notes: bytes, said: str) -> None:
    assert said in Desk(tmp_path / "books", notes=notes).refused(penalty(debit_note("DN-2")))


def test_a_read_only_file(desk: Desk) -> None:
    desk.notes.chmod(0o444)
    assert "read-only" in desk.refused(penalty(debit_note("DN-2")))


def test_an_encrypted_file(desk: Desk) -> None:
    main = desk.main.rename(desk.folder / "main.beancount.asc")
    main.write_text("-----BEGIN PGP MESSAGE-----\n")
    book = load_book(desk.folder / "accounts.beancount").book
    with pytest.raises(AppendError):
        plan(main, book, [penalty(debit_note("DN-2"))])


def test_an_account_that_is_not_open(desk: Desk) -> None:
    text = ACCOUNTS.replace("2026-01-01 open Income:LatePayment\n", "")
    (desk.folder / "accounts.beancount").write_text(text)
    said = desk.refused(penalty(debit_note("DN-2")))
    assert said == (
        "Income:LatePayment is not open: add 2026-01-01 open Income:LatePayment; or name yours: "
        '2026-01-01 custom "receivables-accounts" "penalty-income" Income:...'
    )
    (desk.folder / "accounts.beancount").write_text(text + "2026-04-01 open Income:LatePayment\n")
    said = desk.refused(penalty(debit_note("DN-2")))
    assert "open since 2026-04-01, and an entry of 2026-03-31 needs it: open it on 2026-01-01" in said
    (desk.folder / "accounts.beancount").write_text(f"{ACCOUNTS}2026-03-30 close Income:LatePayment\n")
    assert "closed since 2026-03-30" in desk.refused(penalty(debit_note("DN-2")))
    (desk.folder / "accounts.beancount").write_text(f"{ACCOUNTS}2026-03-31 close Income:LatePayment\n")
    desk.append(penalty(debit_note("DN-2")))


def test_the_open_line_that_is_suggested_does_for_every_other_posting_too(desk: Desk) -> None:
    """The day of the customers' first account, so that an earlier closing does not fail again."""
    text = ACCOUNTS.replace("2026-01-01 open Income:LatePayment\n", "")
    (desk.folder / "accounts.beancount").write_text(
        text.replace("open Assets:Rec", "open Assets:Old\n2025-06-01 open Assets:Rec")
    )
    early, late = (penalty(debit_note(f"DN-{day}", date=day)) for day in (DAY, datetime.date(2026, 9, 30)))
    said = desk.refused(late, early)
    assert said.startswith("Income:LatePayment is not open: add 2025-06-01 open Income:LatePayment;")
    line = said.partition("add ")[2].partition(";")[0]
    (desk.folder / "accounts.beancount").write_text(f"{text}{line}\n")
    desk.append(late, early)


def test_without_an_open_customer_the_earliest_entry_says_from_when(desk: Desk) -> None:
    (desk.folder / "accounts.beancount").write_text("")
    desk.notes.unlink()
    first, second = (Proposal("provision", (charge(day),), ()) for day in (DAY, DAY - datetime.timedelta(90)))
    assert desk.refused(first, second).startswith("Expenses:DoubtfulDebts is not open: add 2025-12-31 open Expenses")


REVALUED = Transaction(
    {}, DAY, "*", None, "Revaluation", frozenset({"revaluation"}), frozenset({"REVAL-1"}),
    [posted("Assets:Receivable:HanoiTower", "5 VND"), posted("Income:LatePayment", "-5 VND")],
)  # fmt: skip


def test_an_account_that_is_open_for_other_currencies_only(desk: Desk) -> None:
    """Before anything is written, with the line to mend; the policy may name another account for a revaluation."""
    text = ACCOUNTS.replace("HanoiTower\n", "HanoiTower USD, EUR\n")
    (desk.folder / "accounts.beancount").write_text(text)
    assert desk.refused(Proposal("revaluation", (REVALUED,), ())) == (
        "Assets:Receivable:HanoiTower is open for EUR, USD only, and an entry of 2026-03-31 needs VND: "
        "add VND to its open (accounts.beancount:1), or name another account with post: in the policy revaluation"
    )
    (desk.folder / "accounts.beancount").write_text(ACCOUNTS.replace("Payment\n", "Payment USD\n"))
    assert desk.refused(Proposal("revaluation", (REVALUED,), ())) == (
        "Income:LatePayment is open for USD only, and an entry of 2026-03-31 needs VND: "
        "add VND to its open (accounts.beancount:3)"
    )
    said = desk.refused(Proposal("note", (Balance({}, DAY, "Income:LatePayment", amount("0 VND"), None, None),), ()))
    assert "needs VND: add VND to its open" in said
    (desk.folder / "accounts.beancount").write_text(text.replace("EUR", "VND"))
    desk.append(Proposal("revaluation", (REVALUED,), ()))


def test_a_control_account_of_all_customers_takes_its_currencies_only(desk: Desk) -> None:
    (desk.folder / "accounts.beancount").write_text(ACCOUNTS + "2026-01-01 open Assets:Receivable USD\n")
    entry = REVALUED._replace(
        meta={"customer": "HT"}, postings=[posted("Assets:Receivable", "5 VND"), posted("Income:LatePayment", "-5 VND")]
    )
    assert "or name another account with post:" in desk.refused(Proposal("revaluation", (entry,), ()))


def test_a_proposal_may_open_an_account_for_its_own_currency_only(desk: Desk) -> None:
    opened = Open({"filename": "<rule>", "lineno": 0}, DAY, "Assets:New", ["USD"], None)
    entry = REVALUED._replace(postings=[posted("Assets:New", "5 VND"), posted("Income:LatePayment", "-5 VND")])
    assert "Assets:New is open for USD only, and an entry of 2026-03-31 needs VND: add VND to its open" in desk.refused(
        penalty(opened, entry)
    )


def test_a_file_that_another_append_made_just_now_needs_no_include(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several append at once and make the same new file: who comes second is told to run again."""
    book, load = load_book(desk.main).book, append._load

    def load_and_be_late(main: Path) -> Any:
        loaded = load(main)
        desk.provisions.write_text("; of somebody else\n")
        return loaded

    monkeypatch.setattr(append, "_load", load_and_be_late)
    with pytest.raises(AppendError, match="the ledger was changed while these entries were computed: run the command"):
        plan(desk.main, book, BOTH)


def test_an_account_that_opens_by_itself_or_by_the_proposal(desk: Desk) -> None:
    text = ACCOUNTS.replace("2026-01-01 open Income:LatePayment\n", "")
    (desk.folder / "accounts.beancount").write_text(text)
    desk.notes.unlink()
    desk.append(penalty(Open({}, DAY, "Income:LatePayment", [], None), debit_note("DN-2")))
    desk.notes.unlink()
    desk.main.write_text('plugin "beancount.plugins.auto_accounts"\n' + MAIN)
    desk.append(penalty(debit_note("DN-2")))


def test_a_ledger_that_was_changed_since_the_figures_were_computed(desk: Desk) -> None:
    """Two runs at once compute the same entries; the second must not append them again."""
    book = load_book(desk.main).book
    write(plan(desk.main, book, [penalty(debit_note("DN-2"))]))
    before = desk.contents()
    with pytest.raises(AppendError, match="was changed while these entries were computed: run the command again"):
        plan(desk.main, book, [penalty(debit_note("DN-3"))])
    assert desk.contents() == before


@pytest.mark.parametrize(
    "name", ["main.beancount", "accounts.beancount", "2026/debit-notes.beancount", "2026/new.beancount"]
)
def test_a_file_that_was_changed_since_it_was_shown(desk: Desk, name: str) -> None:
    planned = desk.plan(*BOTH)
    with (desk.folder / name).open("a") as stream:
        stream.write("; a receipt came\n")
    before = desk.contents()
    with pytest.raises(AppendError, match=f"{name}: changed since"):
        write(planned)
    assert desk.contents() == before


def test_a_plan_is_carried_out_once(desk: Desk) -> None:
    planned = desk.plan(*BOTH)
    write(planned)
    before = desk.contents()
    with pytest.raises(AppendError, match="changed since"):
        write(planned)
    assert desk.contents() == before


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("a.beancount", "a.beancount", True), ("*.beancount", "a.beancount", True),
        ("*.beancount", ".a.beancount", False),
        (".*.beancount", ".a.beancount", True), ("*.beancount", "b/a.beancount", False), ("*/a.bean", "b/a.bean", True),
        ("**/*.bean", "a.bean", True), ("**/*.bean", "b/c/a.bean", True), ("**/*.bean", ".b/a.bean", False),
         ("20[12]?/a.bean", "2026/a.bean", True),
        ("20[12]?/a.bean", "2036/a.bean", False), ("./b//a.bean", "b/a.bean", True),
        ("**/b/**/a.bean", "b/a.bean", True), ("b**/a.bean", "bc/d/a.bean", False), ("[.]a.bean", ".a.bean", False),
    ],
)  # fmt: skip
def test_what_an_include_would_read(tmp_path: Path, pattern: str, path: str, expected: bool) -> None:
    """As the loader does: the same answer before the file is there and once it is."""
    main = tmp_path / "main.beancount"
    main.write_text(f'include "{pattern}"\n')
    target = tmp_path / path
    assert would_include(read_sources(main), target) is expected
    target.parent.mkdir(parents=True, exist_ok=True)
    target.touch()
    loaded = load_book(main)
    assert (str(target) in loaded.options["include"]) is expected
    assert (str(target) in read_sources(main)) is expected


# What is taken back


def test_a_new_error_makes_every_file_what_it_was(desk: Desk) -> None:
    """The number is a document's already: only the whole ledger can tell."""
    said = desk.refused(*BOTH[1:], penalty(debit_note("DN-1")))
    assert "new errors, so every file is as it was" in said
    assert "2026/debit-notes.beancount:" in said
    assert "the number DN-1 is used twice" in said


def test_folders_that_were_made_go_again(desk: Desk) -> None:
    late = datetime.date(2027, 1, 1)
    with (desk.folder / "accounts.beancount").open("a") as stream:
        stream.write("2027-06-01 balance Assets:Receivable:HanoiTower 1,200.00 USD\n")
    said = desk.refused(penalty(debit_note("DN-2", date=late)))
    assert "accounts.beancount:5: Balance failed" in said
    assert not (desk.folder / "2027").exists()


def test_many_new_errors_are_counted(desk: Desk) -> None:
    notes = [debit_note("DN-1", date=DAY + datetime.timedelta(days)) for days in range(8)]
    assert "… and 3 more" in desk.refused(penalty(*notes))


@pytest.mark.parametrize("times", [0, 2])
def test_an_entry_that_a_plugin_takes_away_or_repeats(tmp_path: Path, times: int) -> None:
    desk = Desk(tmp_path / "books", main=f'option "insert_pythonpath" "TRUE"\nplugin "repeats_{times}"\n{MAIN}')
    (desk.folder / f"repeats_{times}.py").write_text(
        "__plugins__ = ['repeated']\n"
        "def repeated(entries, options):\n"
        f"    times = lambda each: {times} if 'DN-2' in (getattr(each, 'links', None) or ()) else 1\n"
        "    return [each for each in entries for _ in range(times(each))], []\n"
    )
    said = desk.refused(penalty(debit_note("DN-2", "0.00 USD")))
    assert f"2026/debit-notes.beancount:6 would be in the ledger {times} times instead of once" in said


def test_what_somebody_writes_while_the_ledger_is_checked_stays(tmp_path: Path) -> None:
    """An editor saves the same file just then: what it saved is not cut away, and the user is told."""
    desk = Desk(tmp_path / "books", main=f'option "insert_pythonpath" "TRUE"\nplugin "saves_too"\n{MAIN}')
    (desk.folder / "saves_too.py").write_text(
        "__plugins__ = ['saved']\n"
        "def saved(entries, options):\n"
        "    notes = next(name for name in options['include'] if name.endswith('notes.beancount'))\n"
        "    text = open(notes).read()\n"
        "    if text.count('DN-1') > 1 and 'mine' not in text:\n"
        "        open(notes, 'a').write('; mine\\n')\n"
        "    return entries, []\n"
    )
    planned = desk.plan(*BOTH[1:], penalty(debit_note("DN-1")))
    with pytest.raises(AppendError, match=r"2026/debit-notes.beancount changed at the same time: look at the last"):
        write(planned)
    assert desk.notes.read_text().endswith("; mine\n")
    assert not desk.provisions.exists()
    assert recover(desk.folder) is None


def in_child(work: Callable[[], object]) -> int:
    """Do something in a process of its own, which does not end as the tests do; gives its number."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        except SystemExit as error:
            status = int(error.code or 0)
        except AppendError:
            status = 3
        finally:
            os._exit(status)
    return child


def end_of(child: int) -> int:
    """The exit status of a process, negative for the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.parametrize("room", [60, 500])
def test_a_full_disk_leaves_the_old_files(desk: Desk, room: int) -> None:
    """No file may grow beyond so many bytes: not even the journal, or the notes but not the provisions."""
    if room > 100:
        desk.provisions.write_text(";" * 400)
        desk.main.write_text(desk.main.read_text())
    planned = desk.plan(*reversed(BOTH))
    before = desk.contents()

    def work() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        sizes = sorted(len(addition.after) for addition in planned.additions)
        limit = room if room < 100 else sizes[-1] - 1
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        write(planned)

    assert end_of(in_child(work)) == 3
    assert desk.contents() == before


def test_two_appends_at_once(desk: Desk) -> None:
    """One is made; who comes second finds the ledger changed."""
    planned = desk.plan(*BOTH)
    statuses = sorted(end_of(child) for child in [in_child(lambda: write(planned)) for _ in range(4)])
    assert statuses == [0, 3, 3, 3]
    assert desk.notes.read_bytes() == planned.additions[0].after
    assert sorted(path.name for path in desk.folder.iterdir()) == [
        "2026",
        "2028",
        "accounts.beancount",
        "main.beancount",
    ]


def test_who_cannot_get_the_lock_says_so(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = desk.plan(*BOTH)
    before = desk.contents()
    monkeypatch.setattr(journal, "PATIENCE", 0.1)
    with journal.locked([desk.folder]), pytest.raises(AppendError, match=r"another process is appending in .*books"):
        write(planned)
    assert desk.contents() == before
    write(planned)


def test_the_lock_of_a_killed_process_is_no_lock(desk: Desk) -> None:
    def work() -> None:
        with journal.locked([desk.folder]):
            os.kill(os.getpid(), signal.SIGKILL)

    assert end_of(in_child(work)) == -signal.SIGKILL
    assert (desk.folder / LOCK).exists()
    begun = time.monotonic()
    desk.append(*BOTH)
    assert time.monotonic() - begun < journal.PATIENCE / 2
    assert not (desk.folder / LOCK).exists()


def test_many_who_want_the_lock_have_it_one_after_the_other(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0")

    def work() -> None:
        for _ in range(10):
            with journal.locked([tmp_path]):
                count = int((tmp_path / "count").read_text())
                time.sleep(0.001)
                (tmp_path / "count").write_text(str(count + 1))

    assert [end_of(child) for child in [in_child(work) for _ in range(4)]] == [0] * 4
    assert (tmp_path / "count").read_text() == "40"


# A process that ends on the way


CHANGES = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod")


def interrupted_at(step: int, folder: Path, how: Callable[[], object]) -> None:
    """Do something just before the step-th time that this process changes a file below the folder."""
    steps = iter(range(step))

    def before(event: str, args: tuple[Any, ...]) -> None:
        if event not in CHANGES or not str(args[0]).startswith(str(folder)):
            return
        if event == "open" and not (args[2] or 0) & (os.O_WRONLY | os.O_RDWR):
            return
        if next(steps, None) is None:
            how()

    sys.addaudithook(before)


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def states(desk: Desk, planned: Plan) -> str:
    """Of each file whether it is old (o) or new (n); any other state fails."""
    told = ""
    for addition in planned.additions:
        now = addition.path.read_bytes() if addition.path.exists() else None
        assert now in (addition.before, addition.after)
        told += "o" if now == addition.before else "n"
    return told


def test_a_process_killed_at_any_step_leaves_each_file_old_or_new_and_the_next_run_all(tmp_path: Path) -> None:
    """At every single change of a file, with one file that grows, one in a new folder, and the journal."""
    seen = set[str]()
    for step in range(100):
        desk = Desk(tmp_path / str(step))
        late = debit_note("DN-3", date=datetime.date(2027, 1, 1))
        planned = desk.plan(penalty(debit_note("DN-2"), late))
        before = desk.contents()

        def work(planned: Plan = planned, desk: Desk = desk, step: int = step) -> None:
            interrupted_at(step, desk.folder, kill)
            write(planned)

        status = end_of(in_child(work))
        state = states(desk, planned)
        seen.add(state)
        said = recover(desk.folder)
        assert recover(desk.folder) is None
        after = states(desk, planned)
        assert after in ("oo", "nn")
        assert after == "nn" or desk.settled() == before
        if state == "no":
            assert said == (
                "an earlier append was interrupted:"
                " 2026/debit-notes.beancount, 2027/debit-notes.beancount are as before it"
            )
        if status == 0:
            break
        assert status == -signal.SIGKILL
        if after == "oo":
            desk.append(penalty(debit_note("DN-2"), late))
        assert load_book(desk.main).errors == []
    assert step > 10
    assert seen == {"oo", "no", "nn"}


def test_a_process_killed_at_any_moment(tmp_path: Path) -> None:
    """After any time: dozens of times, from before the first step until the end."""
    moments = random.Random(3)  # noqa: S311
    desk = Desk(tmp_path / "books")
    for _ in range(40):
        number = f"DN-{len(load_book(desk.main).entries) + 1}"
        planned = desk.plan(penalty(debit_note(number)))
        before = desk.settled()
        child = in_child(lambda planned=planned: write(planned))  # type: ignore[misc]
        time.sleep(moments.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        end_of(child)
        state = states(desk, planned)
        recover(desk.folder)
        assert states(desk, planned) == state
        if state == "o":
            assert desk.settled() == before
    assert load_book(desk.main).errors == []


def test_a_process_killed_while_it_takes_back_is_finished_by_the_next(tmp_path: Path) -> None:
    reached = set[bool]()
    for step in range(100):
        desk = Desk(tmp_path / str(step))
        planned = desk.plan(*BOTH[1:], penalty(debit_note("DN-1")))
        before = desk.contents()

        def work(planned: Plan = planned, desk: Desk = desk, step: int = step) -> None:
            interrupted_at(step, desk.folder, kill)
            write(planned)

        status = end_of(in_child(work))
        known = '"undoing": true' in (desk.contents().get(JOURNAL) or b"").decode()
        reached.add(known)
        recover(desk.folder)
        if status == 3:
            assert desk.settled() == before
            break
        assert status == -signal.SIGKILL
        # Until the error is known, complete files could be right and stay.
        assert desk.settled() == before or (states(desk, planned) == "nn" and not known)
    assert reached == {False, True}
    assert step > 15


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_who_is_stopped_takes_back(tmp_path: Path, number: signal.Signals) -> None:
    """At every step: all old or all new, nothing left behind, and the signal has acted."""
    seen = set[str]()
    for step in range(100):
        desk = Desk(tmp_path / str(step))
        planned = desk.plan(*BOTH)
        before = desk.contents()

        def work(planned: Plan = planned, desk: Desk = desk, step: int = step) -> None:
            signal.signal(number, lambda got, _: sys.exit(100 + got))
            interrupted_at(step, desk.folder, lambda: os.kill(os.getpid(), number))
            write(planned)

        status = end_of(in_child(work))
        if status == 0:
            break
        assert status == 100 + number
        state = states(desk, planned)
        seen.add(state)
        assert state in ("oo", "nn")
        assert state == "nn" or desk.settled() == before
        assert not (desk.folder / JOURNAL).exists()
    assert step > 10
    assert seen == {"oo", "nn"}


def test_who_is_told_to_ignore_ctrl_c_ignores_it(desk: Desk) -> None:
    planned = desk.plan(*BOTH)

    def work() -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        interrupted_at(5, desk.folder, lambda: os.kill(os.getpid(), signal.SIGINT))
        write(planned)

    assert end_of(in_child(work)) == 0
    assert states(desk, planned) == "nn"


def cut_short(desk: Desk, *, after: str = "os.rename", times: int = 2) -> Plan:
    """An append to two files whose process is killed between them."""
    planned = desk.plan(*BOTH)

    def work() -> None:
        count = iter(range(times))

        def before(event: str, args: tuple[Any, ...]) -> None:
            if event == after and str(args[0]).startswith(str(desk.folder)) and next(count, None) is None:
                kill()

        sys.addaudithook(before)
        write(planned)

    assert end_of(in_child(work)) == -signal.SIGKILL
    return planned


def test_the_next_append_undoes_the_interrupted_one_first(desk: Desk) -> None:
    planned = cut_short(desk)
    assert states(desk, planned) == "no"
    book = load_book(desk.main).book
    assert recover(desk.folder)
    with pytest.raises(AppendError, match="was changed while"):
        plan(desk.main, book, BOTH)
    desk.append(*BOTH)
    assert states(desk, planned) == "nn"


def test_an_append_that_was_complete_stays(desk: Desk) -> None:
    planned = cut_short(desk, after="os.remove", times=0)
    assert states(desk, planned) == "nn"
    assert "complete but not yet checked: look at 2026/debit-notes.beancount, 2026/prov" in (recover(desk.folder) or "")
    assert states(desk, planned) == "nn"


def test_what_somebody_changed_since_stays_as_it_is(desk: Desk) -> None:
    planned = cut_short(desk)
    with desk.notes.open("a") as stream:
        stream.write("; mine\n")
    mine = desk.notes.read_bytes()
    said = recover(desk.folder)
    assert said
    assert "somebody has changed what it wrote to since: look at 2026/debit-notes.beancount" in said
    assert desk.notes.read_bytes() == mine
    assert not planned.additions[1].path.exists()
    assert recover(desk.folder) is None


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "\x00", '{"changes": [{"path": "a"}], "folders": [], "undoing": false}',
     '{"changes": [{"path": "../a", "length": 0, "old": "", "new": ""}], "folders": [], "undoing": true}',
     '{"changes": [{"path": "/etc/a", "length": null, "old": "", "new": ""}], "folders": [], "undoing": true}',
     '{"changes": [], "folders": ["../.."], "undoing": true}'],
)  # fmt: skip
def test_a_journal_that_is_none(desk: Desk, text: str) -> None:
    (desk.folder / JOURNAL).write_text(text)
    before = desk.contents()
    with pytest.raises(AppendError, match="is damaged"):
        recover(desk.folder)
    assert desk.contents() == before


# The command


@click.command()
@click.argument("ledger", type=click.Path(path_type=Path))
@click.option("--number", multiple=True)
@click.option("--narration", default="Late")
@post_options
def command(ledger: Path, number: tuple[str, ...], narration: str, post: bool, yes: bool) -> None:
    """A command that books."""
    opened = open_ledger(ledger, use_cache=False)
    if post:
        book(ledger, opened, [penalty(debit_note(each, narration=narration)) for each in number], yes=yes)


def book(ledger: Path, opened: Opened, proposals: Sequence[Proposal], *, yes: bool) -> None:
    post(ledger, opened, proposals, yes=yes)


def run(desk: Desk, *words: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, [str(desk.main), *words], env={"COLUMNS": "100"})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_without_a_terminal_the_command_shows_and_says_how(desk: Desk) -> None:
    before = desk.contents()
    status, output = run(desk, "--post", "--number", "DN-2", "--number", "DN-3")
    assert status == 0
    assert '+2026-03-31 * "Hanoi Tower" "Late" #penalty ^DN-3\n' in output
    assert output.endswith(
        "Append these 2 entries to 2026/debit-notes.beancount? Nothing was written: add --yes to append.\n"
    )
    assert desk.contents() == before


def test_with_yes_it_writes_and_says_where(desk: Desk) -> None:
    status, output = run(desk, "--post", "--yes", "--number", "DN-2")
    assert status == 0
    assert output.endswith("Written: 2026/debit-notes.beancount:6: 2026-03-31 Hanoi Tower Late\n")
    assert desk.notes.read_text().splitlines()[5].startswith("2026-03-31")


def test_nothing_to_post(desk: Desk) -> None:
    before = desk.contents()
    assert run(desk, "--post", "--yes") == (0, "Nothing to post.\n")
    assert run(desk, "--number", "DN-2") == (0, "")
    assert desk.contents() == before


def test_yes_answers_post_alone(desk: Desk) -> None:
    status, output = run(desk, "--yes", "--number", "DN-2")
    assert status == 2
    assert "add --post" in output


def test_what_cannot_be_posted_is_said(desk: Desk) -> None:
    before = desk.contents()
    status, output = run(desk, "--post", "--yes", "--number", "DN-1")
    assert status == 1
    assert "Error: with these entries the ledger would have new errors, so every file is as it was:\n  2026/" in output
    assert desk.contents() == before


def test_an_interrupted_append_is_undone_before_anything_else(desk: Desk) -> None:
    cut_short(desk)
    status, output = run(desk, "--post")
    assert status == 1
    assert output.endswith("are as before it. Run the command again to go on\n")
    assert run(desk, "--post")[0] == 0


def test_nothing_acts_on_the_terminal(desk: Desk) -> None:
    status, output = run(desk, "--post", "--yes", "--number", "DN-2", "--narration", "\x1b[2J\u202eevil\x07")
    assert status == 0
    assert "\x1b" not in output
    assert "\u202e" not in output
    assert r"\x1b[2J\u202eevil\x07" in output
    assert '"\x1b[2J\u202eevil\x07"' in desk.notes.read_text()


def at_terminal(desk: Desk, answer: str, environment: Mapping[str, str] | None = None) -> str:
    """What a terminal shows when somebody answers the question."""
    child, terminal = pty.fork()
    if child == 0:
        try:
            os.environ.update({"TERM": "xterm", **(environment or {})})
            for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
                number = getattr(sys, f"__{name}__").fileno()
                setattr(sys, name, open(number, mode, closefd=False))  # noqa: SIM115
            command.main([str(desk.main), "--post", "--number", "DN-2"], standalone_mode=True)
        finally:
            sys.stdout.flush()
            os._exit(0)
    shown = ""
    while select.select([terminal], [], [], 20)[0]:
        try:
            shown += os.read(terminal, 10_000).decode()
        except OSError:
            break
        if answer and shown.endswith("[y/N]: "):
            os.write(terminal, answer.encode())
            answer = ""
    end_of(child)
    os.close(terminal)
    return shown


def test_a_terminal_is_asked(desk: Desk) -> None:
    before = desk.contents()
    shown = at_terminal(desk, "\n")
    assert "Append this entry to 2026/debit-notes.beancount? [y/N]: " in shown
    assert "\x1b[32m+  due: 2026-04-30" in shown
    assert "Nothing was written." in shown
    assert desk.contents() == before
    shown = at_terminal(desk, "y\n", {"NO_COLOR": "1"})
    assert "\x1b" not in shown
    assert "Written: 2026/debit-notes.beancount:6: " in shown
    assert "^DN-2" in desk.notes.read_text()
