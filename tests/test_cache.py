"""The cache: a warm answer is the cold one, and whatever changed leads to a real load."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from beancount.core.data import Custom, Document
from hypothesis import given, settings
from tests.ledgers import COMPANY, day, unindented
from tests.random_ledgers import RandomLedger, random_ledgers

from receivables import cache
from receivables.book import Book
from receivables.faces import render
from receivables.loading import load_book
from receivables.problems import ERROR, Problem
from receivables.relations import RELATIONS, evaluate
from receivables.relations.question import ConditionError, Question, known_keys, read_condition
from receivables.statements import statements
from receivables.view import default_as_of, view

MAIN = (
    COMPANY
    + """
option "documents" "papers"
include "books/*.beancount"
include "prices.beancount"
2025-01-01 custom "receivables-policy" "aging"
  buckets: "30, 60, 90"
2025-01-01 custom "receivables-policy" "statement"
  company: "Lifts Ltd."
  pay-to-usd: "Bank / Account 1"
2025-01-01 custom "receivables-policy" "terms"
  terms: "2/10 net 30"
2025-01-01 open Assets:Receivable
2025-01-01 open Assets:Receivable:Builder
  name: "Xây dựng \\"Ánh Dương\\" <b>"
  terms: "95% net 30, 5% retention 12 months"
  credit-limit: 500,000.50 USD
  since: 2019-04-05
  rank: 7
  vip: TRUE
2025-02-02 document Assets:Receivable:Builder "contract.txt" #contract
2026-02-20 note Assets:Receivable:Builder "Late doors" #dispute ^INV-1
  amount: 40.25 USD
2026-02-21 note Assets:Receivable:Builder "Will pay" #promise ^INV-1
  amount: 100 USD
  by: 2026-03-01
"""
)
BOOK = """
2026-01-10 * "Builder" "Lift 7: =cmd() \\\\ ☃ 三菱" ^INV-1
  site: "Da Nang"
  weight: 1,250.5
  Assets:Receivable:Builder     1,000.005 USD @ 25,000 VND
  Income:Sales
2026-01-11 * "Hanoi Tower" "Lift 8" ^INV-2
  Assets:Receivable:HanoiTower     12,345,678 VND
  Income:Sales
2026-02-15 * "Builder" "Transfer" ^RC-1
  settles: "INV-1"
  Assets:Bank
  Assets:Receivable:Builder     -400 USD @ 25,400 VND
2026-02-16 * "Hanoi Tower" "For nothing" ^RC-2
  settles: "INV-7"
  Assets:Bank
  Assets:Receivable:HanoiTower    -5 VND
2026-02-20 * "Builder" "Bounced" #reversal ^RC-1
  Assets:Receivable:Builder      150 USD @ 25,400 VND
  Assets:Bank
2026-02-21 * "Whose?"
  Assets:Bank                      9 USD
  Assets:Receivable
2026-02-28 balance Assets:Bank  1 USD
"""
PRICES = "2026-01-01 price USD 25,000 VND\n"
DAYS = ("2025-12-31", "2026-01-10", "2026-02-15", "2026-02-20", "2027-06-30")


@pytest.fixture(autouse=True)
def _small_ledgers_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SMALLEST", 0)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger of several files, loaded and kept."""
    for folder in ("books", "papers/Assets/Receivable/HanoiTower"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "contract.txt").write_text("signed")
    (tmp_path / "main.beancount").write_text(MAIN)
    (tmp_path / "books" / "2026.beancount").write_text(BOOK)
    (tmp_path / "prices.beancount").write_text(PRICES)
    assert load_and_keep(tmp_path / "main.beancount")
    return tmp_path / "main.beancount"


def load_and_keep(path: Path) -> bool:
    """Load a ledger as the command does, and keep its book."""
    # What was written just now may change once more without its time showing it, so it is not kept.
    time.sleep(0.03)
    started = time.time_ns()
    loaded = load_book(path)
    return cache.keep(
        path,
        loaded.book,
        told_of(loaded.errors),
        [entry for entry in loaded.entries if type(entry) is Custom],
        [entry.filename for entry in loaded.entries if type(entry) is Document],
        loaded.options,
        started,
    )


def told_of(errors: Any) -> list[Problem]:
    """Beancount's errors as the command has them."""
    return [Problem(error.source or {}, error.message, None, type(error).__name__, ERROR) for error in errors]


def assert_same_answers(cold: Book, warm: Book) -> None:
    """Whatever is asked, both books say the same."""
    questions: list[Question] = [
        Question(),
        Question(currency="VND"),
        Question(by=("site", "since", "rank", "vip")),
        Question(by=("credit-limit", "weight")),
        Question(customer="Builder", period_from=day("2026-02-01")),
        Question(where=(read_condition("rank>5"), read_condition("since<2020-01-01"))),
        Question(where=(read_condition("weight=1250.5"),)),
        Question(where=(read_condition("name~dương"), read_condition("vip=yes"))),
    ]
    for as_of in map(day, DAYS):
        for name in RELATIONS:
            for question in questions:
                answers = []
                for book in (cold, warm):
                    try:
                        report = evaluate(book, name, as_of, question)
                        answers.append([render(report, face) for face in ("csv", "json")])
                    except ConditionError as error:
                        answers.append([str(error).encode()])
                assert answers[0] == answers[1], (name, as_of, question)
        for style in ("open-item", "activity"):
            letters = [list(statements(view(book, as_of), style=style, settled_too=True)) for book in (cold, warm)]
            assert letters[0] == letters[1]
    assert default_as_of(cold) == default_as_of(warm)
    assert known_keys(cold) == known_keys(warm)
    assert [told_problem(item) for item in cold.problems] == [told_problem(item) for item in warm.problems]


def told_problem(item: Problem) -> tuple[Any, ...]:
    """What a user sees of a problem."""
    return item.source.get("filename"), item.source.get("lineno"), item.message, item.code, item.severity


def test_a_warm_answer_is_the_cold_one(ledger: Path) -> None:
    kept, loaded = cache.recall(ledger), load_book(ledger)
    assert kept is not None
    assert_same_answers(loaded.book, kept.book)
    assert list(map(told_problem, kept.errors)) == list(map(told_problem, told_of(loaded.errors)))
    assert len(kept.errors) == 1
    assert len(kept.book.problems) == 2


@given(random_ledgers())
@settings(max_examples=25)
def test_a_warm_answer_is_the_cold_one_for_any_ledger(random: RandomLedger) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "main.beancount"
        path.write_text(random.text)
        assert load_and_keep(path)
        kept = cache.recall(path)
        assert kept is not None
        cold = load_book(path).book
        for as_of in (day("2026-01-29"), day("2026-04-30")):
            for name in RELATIONS:
                for question in (Question(), Question(by=("entity",)), Question(currency="VND")):
                    assert evaluate(cold, name, as_of, question) == evaluate(kept.book, name, as_of, question)
        assert list(map(told_problem, cold.problems)) == list(map(told_problem, kept.book.problems))


def test_the_example_company_is_the_same_warm(example: Path) -> None:
    assert load_and_keep(example)
    kept, loaded = cache.recall(example.absolute()), load_book(example)
    assert kept is not None
    for as_of in ("2025-06-30", "2026-06-30"):
        for name in RELATIONS:
            question = Question(by=("entity",)) if name != "tie_out" else Question()
            assert evaluate(loaded.book, name, day(as_of), question) == evaluate(kept.book, name, day(as_of), question)
        letters = [list(statements(view(book, day(as_of)))) for book in (loaded.book, kept.book)]
        assert letters[0] == letters[1]


# What changed leads to a real load


def rewritten(path: Path, old: str, new: str) -> None:
    """Change a file, but neither its size nor its time of modification."""
    assert len(old.encode()) == len(new.encode())
    before = path.stat()
    path.write_text(path.read_text().replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = path.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


@pytest.mark.parametrize("racy", [cache.RACY, 0], ids=["just written", "written long ago"])
def test_nothing_changed_is_warm(ledger: Path, monkeypatch: pytest.MonkeyPatch, racy: int) -> None:
    monkeypatch.setattr(cache, "RACY", racy)
    assert cache.recall(ledger) is not None


@pytest.mark.parametrize("racy", [cache.RACY, 0], ids=["just written", "written long ago"])
@pytest.mark.parametrize("name", ["main.beancount", "books/2026.beancount", "prices.beancount"])
def test_an_edit_that_keeps_size_and_time_is_seen(
    ledger: Path, monkeypatch: pytest.MonkeyPatch, name: str, racy: int
) -> None:
    monkeypatch.setattr(cache, "RACY", racy)
    old, new = {
        "main.beancount": ("net 30", "net 31"),
        "books/2026.beancount": ("12,345,678", "12,345,679"),
        "prices.beancount": ("25,000", "25,001"),
    }[name]
    rewritten(ledger.parent / name, old, new)
    assert cache.recall(ledger) is None


def test_an_edit_within_the_same_second_is_seen(ledger: Path) -> None:
    path = ledger.parent / "prices.beancount"
    path.write_text(PRICES.replace("25,000", "26,000"))
    assert cache.recall(ledger) is None


def test_a_file_put_in_place_of_another_is_seen(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "RACY", 0)
    path = ledger.parent / "prices.beancount"
    other = ledger.parent / "other"
    other.write_text(PRICES.replace("25,000", "26,000"))
    found = path.stat()
    os.utime(other, ns=(found.st_atime_ns, found.st_mtime_ns))
    other.replace(path)
    assert cache.recall(ledger) is None


def test_a_touched_file_that_says_the_same_stays_warm(ledger: Path) -> None:
    (ledger.parent / "prices.beancount").touch()
    assert cache.recall(ledger) is not None


def test_a_longer_file_is_seen(ledger: Path) -> None:
    with (ledger.parent / "prices.beancount").open("a") as stream:
        stream.write("2026-02-01 price USD 26,000 VND\n")
    assert cache.recall(ledger) is None
    assert load_and_keep(ledger)
    kept = cache.recall(ledger)
    assert kept is not None
    rows = evaluate(kept.book, "aging", day("2026-02-01"), Question(currency="VND")).rows
    assert any(str(row[-1]) == "26000" for row in rows)


def test_a_new_file_that_an_include_matches_is_seen(ledger: Path) -> None:
    (ledger.parent / "books" / "2027.beancount").write_text("")
    assert cache.recall(ledger) is None


def test_a_file_that_no_include_matches_changes_nothing(ledger: Path) -> None:
    (ledger.parent / "books" / "notes.txt").write_text("nothing")
    assert cache.recall(ledger) is not None


def test_a_removed_file_is_seen(ledger: Path) -> None:
    (ledger.parent / "prices.beancount").unlink()
    assert cache.recall(ledger) is None


def test_a_removed_include_is_seen(ledger: Path) -> None:
    ledger.write_text(MAIN.replace('include "prices.beancount"\n', ""))
    assert cache.recall(ledger) is None


@pytest.mark.parametrize("include", ['include"books/*.beancount"', 'include "book\\s/*.beancount"'])
def test_an_include_written_in_an_odd_way_is_not_missed(ledger: Path, include: str) -> None:
    """Beancount reads these; whoever does not see them must not keep the ledger."""
    ledger.write_text(MAIN.replace('include "books/*.beancount"', include))
    if load_and_keep(ledger):
        (ledger.parent / "books" / "2027.beancount").write_text("")
        assert cache.recall(ledger) is None


def test_a_deleted_document_is_seen(ledger: Path) -> None:
    (ledger.parent / "contract.txt").unlink()
    assert cache.recall(ledger) is None


def test_a_new_document_in_the_folder_of_documents_is_seen(ledger: Path) -> None:
    (ledger.parent / "papers/Assets/Receivable/HanoiTower/2026-02-01.letter.txt").write_text("")
    assert cache.recall(ledger) is None


def test_another_version_of_the_program_loads_again(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "__version__", "999")
    assert cache.recall(ledger) is None


def test_a_ledger_moved_elsewhere_is_another_ledger(ledger: Path, tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    moved.mkdir()
    for name in ("main.beancount", "prices.beancount", "books"):
        (ledger.parent / name).rename(moved / name)
    assert cache.recall(ledger) is None
    assert cache.recall(moved / "main.beancount") is None


def test_a_file_that_changes_while_the_ledger_is_loading_is_not_kept(ledger: Path) -> None:
    time.sleep(0.03)
    started = time.time_ns()
    loaded = load_book(ledger)
    rewritten(ledger.parent / "prices.beancount", "25,000", "25,001")
    assert not cache.keep(ledger, loaded.book, [], [], [], loaded.options, started)


def test_a_file_that_appears_while_the_ledger_is_loading_is_not_kept(ledger: Path) -> None:
    time.sleep(0.03)
    started = time.time_ns()
    loaded = load_book(ledger)
    (ledger.parent / "books" / "2027.beancount").write_text("")
    assert not cache.keep(ledger, loaded.book, [], [], [], loaded.options, started)


# Damage


def kept_file(ledger: Path) -> Path:
    """The file of a ledger's book."""
    return cache.cache_path(ledger)


def test_whatever_byte_is_damaged_leads_to_a_real_load(ledger: Path) -> None:
    path = kept_file(ledger)
    sound = path.read_bytes()
    positions = [*range(200), *range(200, len(sound), 53), len(sound) - 1]
    for position in positions:
        for flip in (0x01, 0x80):
            damaged = bytearray(sound)
            damaged[position] ^= flip
            path.write_bytes(damaged)
            assert cache.recall(ledger) is None, position
    path.write_bytes(sound)
    assert cache.recall(ledger) is not None


def test_a_cache_that_was_cut_off_or_grew_leads_to_a_real_load(ledger: Path) -> None:
    path = kept_file(ledger)
    sound = path.read_bytes()
    for length in [*range(100), *range(100, len(sound), 211), len(sound) - 1]:
        path.write_bytes(sound[:length])
        assert cache.recall(ledger) is None, length
    path.write_bytes(sound + b"\0")
    assert cache.recall(ledger) is None


@pytest.mark.parametrize("content", [b"", b"bean-ar book 1\n", b"\0" * 4096, b"{}", b"\xff" * 4096])
def test_a_file_that_is_no_cache_leads_to_a_real_load(ledger: Path, content: bytes) -> None:
    kept_file(ledger).write_bytes(content)
    assert cache.recall(ledger) is None


def test_a_cache_is_safe_to_delete(ledger: Path) -> None:
    kept_file(ledger).unlink()
    assert cache.recall(ledger) is None
    assert load_and_keep(ledger)
    assert cache.recall(ledger) is not None


def test_a_folder_in_place_of_the_cache_is_no_reason_to_fail(
    ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BEAN_AR_CACHE", str(tmp_path / "file"))
    assert cache.recall(ledger) is None
    assert not load_and_keep(ledger)
    monkeypatch.setenv("BEAN_AR_CACHE", str(tmp_path / "folder"))
    kept_file(ledger).mkdir(parents=True)
    assert cache.recall(ledger) is None
    assert not load_and_keep(ledger)


def test_a_kept_book_is_for_its_user_only(ledger: Path) -> None:
    assert kept_file(ledger).stat().st_mode & 0o077 == 0


def test_nothing_but_data_is_kept(ledger: Path) -> None:
    assert b"receivables.book" not in kept_file(ledger).read_bytes()


# What is never kept


def test_a_small_ledger_is_not_kept(ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    size = sum(path.stat().st_size for path in ledger.parent.rglob("*.beancount"))
    monkeypatch.setattr(cache, "SMALLEST", size)
    assert load_and_keep(ledger)
    monkeypatch.setattr(cache, "SMALLEST", size + 1)
    assert not load_and_keep(ledger)


@pytest.mark.parametrize(
    ("plugin", "kept"),
    [
        ("receivables", True),
        ("beancount.plugins.unique_prices", True),
        ("receivables_of_mine", False),
        ("my_plugin", False),
        ("beancount_my_plugin", False),
    ],
)
def test_a_ledger_with_a_plugin_that_nobody_knows_is_not_kept(ledger: Path, plugin: str, *, kept: bool) -> None:
    ledger.write_text(f'option "insert_pythonpath" "TRUE"\nplugin "{plugin}"\n' + MAIN)
    if not kept:
        (ledger.parent / f"{plugin}.py").write_text(
            "__plugins__ = ('run',)\n\n\ndef run(entries, options_map):\n    return entries, []\n"
        )
    assert load_and_keep(ledger) is kept


@pytest.fixture
def gpg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A program called gpg that decrypts by showing what is there."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "gpg"
    program.write_text('#!/bin/sh\ncat "$3"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    yield


@pytest.mark.usefixtures("gpg")
def test_a_ledger_with_an_encrypted_part_is_not_kept(ledger: Path) -> None:
    secret = ledger.parent / "secret.beancount.gpg"
    secret.write_text("2026-01-01 price USD 25,000 VND\n")
    ledger.write_text(MAIN.replace('include "prices.beancount"', 'include "secret.beancount.gpg"'))
    assert load_book(ledger).book.prices
    assert not load_and_keep(ledger)


@pytest.mark.usefixtures("gpg")
def test_an_encrypted_ledger_is_not_kept_even_if_what_it_includes_is_plain(ledger: Path) -> None:
    path = ledger.rename(ledger.with_suffix(".beancount.gpg"))
    assert len(load_book(path).book.items.pocket) > 0
    assert not load_and_keep(path)


def test_an_amount_too_large_for_the_cache_is_not_kept_and_still_exact(ledger: Path) -> None:
    huge = "92,233,720,368,547,758.09"
    (ledger.parent / "books" / "2027.beancount").write_text(
        unindented(
            f"""
            2027-01-01 * "Old Mill" "All the money" ^INV-8
              Assets:Receivable:OldMill   {huge} USD
              Income:Sales
            """
        )
    )
    kept = load_and_keep(ledger)
    found = cache.recall(ledger)
    assert kept == (found is not None)
    rows = evaluate(load_book(ledger).book, "open_items", day("2027-01-01"), Question(customer="OldMill")).rows
    assert str(rows[0][11]) == huge.replace(",", "")


# The command


def bean_ar(ledger: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, and tell which modules it has imported."""
    program = (
        "import sys\nfrom bean_ar.main import run\nfrom receivables import cache\ncache.SMALLEST = 0\n"
        "try:\n    run()\nfinally:\n    print('LOADED' if 'beancount.loader' in sys.modules else 'WARM', "
        "file=sys.stderr)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program, *words[:1], str(ledger), *words[1:]],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONHASHSEED": "0"},
    )


def test_the_command_answers_warm_without_beancount_until_something_changes(ledger: Path) -> None:
    kept_file(ledger).unlink()
    time.sleep(0.03)
    cold = bean_ar(ledger, "aging", "--as-of", "2026-06-30", "--format", "csv")
    for _ in range(200):
        if kept_file(ledger).exists():
            break
        time.sleep(0.02)
    warm = bean_ar(ledger, "aging", "--as-of", "2026-06-30", "--format", "csv")
    assert cold.stderr.splitlines()[-1] == "LOADED"
    assert warm.stderr.splitlines()[-1] == "WARM"
    assert (cold.returncode, cold.stdout) == (warm.returncode, warm.stdout)
    assert cold.stderr.splitlines()[:-1] == warm.stderr.splitlines()[:-1]
    rewritten(ledger.parent / "books" / "2026.beancount", "12,345,678", "12,345,679")
    changed = bean_ar(ledger, "aging", "--as-of", "2026-06-30", "--format", "csv")
    assert changed.stderr.splitlines()[-1] == "LOADED"
    assert "12345674" in changed.stdout or changed.stdout != warm.stdout
