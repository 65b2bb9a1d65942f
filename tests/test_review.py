"""The review at a terminal: whatever is typed, nothing is booked that was not agreed to, and nothing breaks."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.bank_lines import BOOKS, applied, invoice, line
from tests.ledgers import unindented

from receivables.loading import load_book
from receivables_importers.application.session import Session, SessionError

INVOICES: Final = (
    invoice("INV-2026-0113", "OldMill", "1,000.00 USD")
    + invoice("INV-2026-0114", "OldMill", "2,500.00 USD", "2026-04-02")
    + invoice("INV-2026-0120", "BlueReef", "777.00 USD")
)
STATEMENT: Final = """:20:STARTUMS
:25:GB33BUKB20201555555555
:28C:00045/00001
:60F:C260503USD1000,00
:61:2605040504CR1000,00NTRFNONREF//2026050400018801
:86:166?00CREDIT?20INV-2026-0113?32OLD MILL TEXTILES LTD
:61:2605050505CR777,00NTRFNONREF//2026050500018802
:86:166?00CREDIT?20REPAIRS?32REEF HOLIDAYS
:61:2605060506CR1500,00NTRFNONREF//2026050600018803
:86:166?00CREDIT?20LIFTS?32SOMEBODY
:62F:C260506USD4277,00
-
"""
KEYS: Final = "q stop\r\n"
AGREE: Final = "[y/N]: "


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger, and a statement of three lines beside it: the first is decided by evidence, two wait."""
    main = tmp_path / "main.beancount"
    main.write_text('plugin "receivables"\n' + unindented(BOOKS + INVOICES), "utf-8")
    (tmp_path / "may.sta").write_text(STATEMENT, "utf-8")
    return main


class Desk:
    """A person at a terminal on which the review runs.

    Args:
      ledger: The ledger; the statement is beside it.
      words: More words of the command.
      environment: What is set beside the usual.
    """

    def __init__(self, ledger: Path, *words: str, **environment: str) -> None:
        self.ledger, self.before = ledger, ledger.read_bytes()
        kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        command = [sys.executable, "-c", "from bean_ar.main import run; run()", "apply", str(ledger)]
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            os.execve(  # noqa: S606
                sys.executable,
                [*command, str(ledger.parent / "may.sta"), "--review", *words],
                {**kept, "TERM": "xterm", **environment},
            )
        self._sane = termios.tcgetattr(self._terminal)
        self._shown = ""
        self._ended = False

    def see(self, wanted: str) -> str:
        """What is shown from here until it ends with these words; fails when they do not come."""
        start = len(self._shown)
        while not self._shown[start:].endswith(wanted) and self._more():
            pass
        shown = self._shown[start:]
        assert shown.endswith(wanted), shown
        return shown

    def _more(self) -> bool:
        if not select.select([self._terminal], [], [], 20)[0]:
            return False
        try:
            part = os.read(self._terminal, 10_000)
        except OSError:
            part = b""
        self._shown += part.decode()
        self._ended = not part
        return not self._ended

    def type(self, keys: str) -> None:
        """Type, when the last question was read: one discards what was typed before it stood."""
        self._settle()
        os.write(self._terminal, keys.encode())

    def press(self, keys: str, wanted: str = KEYS) -> str:
        """What is shown after these keys, until these words."""
        self.type(keys)
        return self.see(wanted)

    def _settle(self) -> None:
        while select.select([self._terminal], [], [], 0.05)[0] and self._more():
            pass

    def end(self, keys: str = "") -> tuple[int, str]:
        """The exit status, and what is shown to the end; the terminal is as it was."""
        start = len(self._shown)
        self.type(keys)
        while self._more():
            pass
        status = os.waitstatus_to_exitcode(os.waitpid(self._child, 0)[1])
        return status, self._shown[start:]

    def kill(self) -> None:
        """End it at once."""
        os.kill(self._child, signal.SIGKILL)
        self.end()

    @property
    def sane(self) -> bool:
        """Whether the terminal is as it was before."""
        return termios.tcgetattr(self._terminal) == self._sane

    @property
    def unchanged(self) -> bool:
        """Whether the ledger is as it was before."""
        return self.ledger.read_bytes() == self.before

    def leave(self) -> None:
        """Close the terminal."""
        os.close(self._terminal)


@pytest.fixture
def desks() -> Iterator[list[Desk]]:
    """Desks that are left at the end."""
    used: list[Desk] = []
    yield used
    for desk in used:
        desk.leave()


@pytest.fixture
def desk(ledger: Path, desks: list[Desk]) -> Desk:
    """A person who sees the first line."""
    desks.append(Desk(ledger))
    desks[0].see(KEYS)
    return desks[0]


def test_keys_that_say_nothing(desk: Desk) -> None:
    """A key of a French keyboard, an arrow, a digit too many: the line stands, and the next key counts."""
    for key in ("²", "\x1b[A", "9", "0", "x", "中", "11"):
        desk.type(key)
    assert "Taken: BlueReef" in desk.press("1")
    desk.press("q", AGREE)
    assert desk.end("\r")[0] == 0
    assert desk.unchanged


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_back_from_every_question(desk: Desk, key: str) -> None:
    """Who changes his mind at a question is at the line again, and what was decided before stays."""
    assert "2 of 2" in desk.press("1")
    for questions in (["Search: "], ["Search: ", "Which: "], ["code: "]):
        desk.press("a" if questions == ["code: "] else "s", questions[0])
        for question in questions[1:]:
            desk.press("old mill\r", question)
        assert "2 of 2" in desk.press(key)
    desk.press("s", "Search: ")
    desk.press("old mill\r", "Which: ")
    desk.press("e1\r", "500): ")
    desk.press("INV-2026-0114 200\r", "none): ")
    assert "2 of 2" in desk.press(key)
    assert "REEF HOLIDAYS" in desk.press("q", AGREE)
    assert desk.end("n\r")[0] == 0
    assert desk.unchanged
    assert desk.sane


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_ended_before_anything_was_decided(desk: Desk, key: str) -> None:
    assert desk.end(key) == (130, "Stopped; nothing was left half done.\r\n")
    assert desk.unchanged
    assert desk.sane


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_ended_with_decisions_is_asked_whatever_was_said_before(ledger: Path, desks: list[Desk], key: str) -> None:
    """--yes was meant for a review that is finished; who ends it loses nothing, and has agreed to nothing."""
    desks.append(Desk(ledger, "--post", "--yes"))
    desks[0].see(KEYS)
    desks[0].press("1")
    assert "confirmed by a person" in desks[0].press(key, AGREE)
    status, told = desks[0].end(key)
    assert status == 130
    assert "Stopped" in told
    assert desks[0].unchanged
    assert desks[0].sane


def test_stopped_in_the_middle_and_posted(desk: Desk) -> None:
    """What was decided is shown and booked, what was not waits for the next time."""
    desk.press("1")
    shown = desk.press("q", AGREE)
    status, told = desk.end("y\r")
    assert status == 0
    assert shown.count("bank-id:") == told.count("#receipt") + 2
    text = desk.ledger.read_text("utf-8")
    assert [text.count(f'settles: "{number}"') for number in ("INV-2026-0113", "INV-2026-0120", "INV-2026-0114")] == [
        1, 1, 0,
    ]  # fmt: skip
    assert not load_book(desk.ledger).errors


def test_killed_while_the_entries_are_shown(desk: Desk) -> None:
    desk.press("1")
    desk.press("q", AGREE)
    desk.kill()
    assert desk.unchanged


def test_two_reviews_of_one_statement(ledger: Path, desks: list[Desk]) -> None:
    """The second is told, and books nothing."""
    desks += [Desk(ledger), Desk(ledger)]
    for each in desks:
        each.see(KEYS)
        each.press("1")
        each.press("q", AGREE)
    assert desks[0].end("y\r")[0] == 0
    after = ledger.read_bytes()
    status, told = desks[1].end("y\r")
    assert status == 1
    assert "nothing was written" in told
    assert ledger.read_bytes() == after


def test_without_colours(ledger: Path, desks: list[Desk]) -> None:
    desks.append(Desk(ledger, NO_COLOR="1"))
    shown = desks[0].see(KEYS) + desks[0].press("1") + desks[0].press("q", AGREE)
    assert "\x1b" not in shown
    desks[0].end("n\r")


def test_nothing_written_is_nothing_decided(desk: Desk) -> None:
    """Enter at the question for documents is no allocation, and no money on account."""
    for written in ("\r", " , ,\r"):
        desk.press("e", "500): ")
        assert "1 of 2" in desk.press(written)
    assert "Stopped" in desk.end("\x03")[1]


# Allocations as they are written


def edited(ledger: str, written: str) -> list[str]:
    """The allocations of a payment of 3,000.00, with what stays on account."""
    story = applied(ledger).story
    asked = Session(story.book, story.entries, [line("3,000.00", "SOMEBODY", "lifts", id="1")])
    found = asked.edited("OldMill", written)
    items = story.book.items
    return [f"{items.number[each.item]} {each.units / 100:.2f}" for each in found.allocations]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("INV-2026-0114 1,250.50, INV-2026-0113 1,000", ["INV-2026-0114 1250.50", "INV-2026-0113 1000.00"]),
        ("INV-2026-0114 1,250.50,INV-2026-0113", ["INV-2026-0114 1250.50", "INV-2026-0113 1000.00"]),
        ("INV-2026-0114 500,INV-2026-0113 100", ["INV-2026-0114 500.00", "INV-2026-0113 100.00"]),
        ("INV-2026-0113,200", ["INV-2026-0113 1000.00", "200 40.00"]),
        ("INV-2026-0114 1,200", ["INV-2026-0114 1.00", "200 40.00"]),
        ("LIFT 0101", ["LIFT 0101 30.00"]),
        ("lift 0101 20.00, 200", ["LIFT 0101 20.00", "200 40.00"]),
    ],
)
def test_amounts_are_read_as_they_are_shown(written: str, expected: list[str]) -> None:
    """Commas between thousands are part of an amount, unless a document's number stands behind one."""
    others = invoice("200", "OldMill", "40.00 USD") + re.sub(
        r" \^\S+", '\n  number: "LIFT 0101"', invoice("X", "OldMill", "30.00 USD")
    )
    assert edited(INVOICES + others, written) == expected


@pytest.mark.parametrize("written", ["INV-2026-0114 2.500,00", "INV-2026-0114 1,00", "INV-2026-0114 9,999.00", "200"])
def test_amounts_that_are_none(written: str) -> None:
    with pytest.raises(SessionError):
        edited(INVOICES, written)
