"""Statements of account: the letters say what the relations say, for every customer, on every day, in every run."""

from __future__ import annotations

import csv
import datetime
import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from pypdf import PdfReader

from bean_ar.main import main
from receivables.book import Book
from receivables.letters.formats import formats
from receivables.letters.model import Section, Statement
from receivables.loading import load_book
from receivables.relations import evaluate
from receivables.relations.question import Question
from receivables.statements import ACTIVITY, OPEN_ITEM, STYLES, statements
from receivables.view import view

LEDGER = Path(__file__).parent.parent / "ledger" / "main.beancount"
START = "from bean_ar.main import run; run()"
DATES = ("2025-01-01", "2025-03-31", "2025-12-31", "2026-02-28", "2026-06-30", "2027-06-30")
D = Decimal

SMALL = """
option "title" "Lift Works"
2025-01-01 open Assets:Receivable:Ann  USD
  customer: "A"
  name: "Ann"
  entity: "VN"
2025-01-01 open Assets:Receivable:Bob  USD
  customer: "B"
  name: "Bob"
  entity: "KH"
  email: "bob@example.com"
2025-01-01 open Assets:Receivable:Cid  USD
  customer: "C"
2025-01-01 open Assets:Bank
2025-01-01 open Income:Sales
2026-01-05 * "Ann" "Repair" ^INV-1
  Assets:Receivable:Ann  100.00 USD
  Income:Sales
2026-02-05 * "Bob" "Repair" ^INV-2
  Assets:Receivable:Bob  200.00 USD
  Income:Sales
2026-02-06 * "Bob" "Part" ^RC-2
  Assets:Receivable:Bob  -50.00 USD
    settles: "INV-2"
  Assets:Bank
2026-02-07 * "Cid" "Inspection" ^INV-3
  Assets:Receivable:Cid  30.00 USD
  Income:Sales
2026-02-08 * "Cid" "Cash" ^RC-3
  Assets:Receivable:Cid  -30.00 USD
    settles: "INV-3"
  Assets:Bank
"""

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fccfc0500f0004850180"
    "84a98c210000000049454e44ae426082"
)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


@cache
def example_book() -> Book:
    """The example company's book."""
    return load_book(LEDGER).book


def relation(name: str, as_of: str, **asked: Any) -> list[dict[str, Any]]:
    """The rows of a relation of the example company by column name."""
    report = evaluate(example_book(), name, day(as_of), Question(**asked))
    names = [column.name for column in report.columns]
    return [dict(zip(names, row, strict=True)) for row in report.rows]


def made(as_of: str, **asked: Any) -> list[Statement]:
    """The example company's statements."""
    return list(statements(view(example_book(), day(as_of)), **asked))


def sections(letters: Sequence[Statement]) -> Iterator[tuple[str, Section]]:
    for letter in letters:
        for section in letter.sections:
            yield letter.debtor.code, section


def ledger_of(folder: Path, text: str = SMALL) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "main.beancount"
    path.write_text(text, "utf-8")
    return path


def small(folder: Path, text: str = SMALL, **asked: Any) -> dict[str, Statement]:
    """The statements of a small ledger by customer, as of its last day."""
    book = load_book(ledger_of(folder, text)).book
    assert book.last_day is not None
    return {letter.debtor.code: letter for letter in statements(view(book, book.last_day), **asked)}


def bulk(ledger: Path, into: Path, *words: str, status: int = 0) -> str:
    """Run `bean-ar statements` in this process; what it says on standard error."""
    result = CliRunner().invoke(main, ["statements", str(ledger), "--into", str(into), "--no-cache", *words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == status, result.stderr
    assert result.stdout == ""
    return str(result.stderr)


def manifest(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def pdf_text(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


# -- the figures are those of the relations ---------------------------------------------------------


@pytest.mark.parametrize("as_of", DATES)
@pytest.mark.parametrize("style", STYLES)
def test_every_closing_balance_is_the_customers_total_in_the_aging(as_of: str, style: str) -> None:
    owed = {(row["customer"], row["currency"]): row for row in relation("aging", as_of)}
    letters = made(as_of, style=style)
    found = {(code, section.currency): section for code, section in sections(letters)}
    # In activity style there are also sections with movements and nothing open; they close at zero.
    assert owed.keys() <= found.keys()
    for key, section in found.items():
        if key not in owed:
            assert style == ACTIVITY
            assert section.closing == 0
            assert not any(cell.amount for cell in section.aging)
            continue
        row = owed[key]
        assert section.closing == row["total"]
        buckets = [value for name, value in row.items() if name == "current" or name.startswith("days_")]
        assert [cell.amount for cell in section.aging] == [*buckets, row["credits"]]
        assert section.credits == row["credits"]


@pytest.mark.parametrize("as_of", DATES)
def test_every_line_of_what_is_open_is_an_open_item(as_of: str) -> None:
    items: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in relation("open_items", as_of):
        items.setdefault((row["customer"], row["currency"]), []).append(row)
    letters = made(as_of, style=OPEN_ITEM)
    assert {(code, section.currency) for code, section in sections(letters)} == items.keys()
    for code, section in sections(letters):
        rows = items[code, section.currency]
        of_rows = sorted(
            (
                row["number"] + (f"/{row['instalment']}" if row["instalment"] else ""),
                row["date"], row["due"], row["original"], abs(row["settled"]), row["outstanding"], row["days_overdue"],
                row["disputed"],
            )
            for row in rows
        )  # fmt: skip
        of_lines = sorted(
            (
                line.number, line.date, line.due, (line.debit or 0) - (line.credit or 0), line.settled, line.balance,
                line.days_overdue, line.disputed,
            )
            for line in section.lines
        )  # fmt: skip
        assert of_lines == of_rows
        assert section.opening is None
        assert section.closing == sum(line.balance for line in section.lines)
        assert section.overdue == sum((row["outstanding"] for row in rows if row["days_overdue"]), D(0))


@pytest.mark.parametrize("as_of", DATES)
@pytest.mark.parametrize("months", [0, 3, 36])
def test_every_activity_goes_from_its_opening_to_its_closing_balance(as_of: str, months: int) -> None:
    first = day(as_of).replace(day=1, month=1, year=day(as_of).year - months // 12) if months else None
    start = first or day(as_of).replace(day=1)
    letters = made(as_of, style=ACTIVITY, period_from=first)
    before = {
        (row["customer"], row["currency"]): row["total"]
        for row in relation("aging", str(start - datetime.timedelta(days=1)))
    }
    for letter in letters:
        assert letter.period_from == start
    for code, section in sections(letters):
        assert section.opening == before.get((code, section.currency), 0)
        running = section.opening
        for line in section.lines:
            assert (line.debit is None) != (line.credit is None)
            running += (line.debit or D(0)) - (line.credit or D(0))
            assert line.balance == running
            assert start <= line.date <= day(as_of)
        assert section.closing == running
        rows = relation("statement", as_of, customer=code, period_from=start)
        of_rows = [
            (row["date"], row["kind"], row["number"], row["debit"], row["credit"], row["balance"])
            for row in rows
            if row["currency"] == section.currency and row["kind"] != "balance"
        ]
        of_lines = [
            (line.date, line.kind, line.number, line.debit, line.credit, line.balance) for line in section.lines
        ]
        assert of_lines == of_rows


@pytest.mark.parametrize("as_of", DATES)
def test_both_styles_agree_on_what_is_owed(as_of: str) -> None:
    def closing(style: str) -> dict[tuple[str, str], tuple[Any, ...]]:
        return {
            (code, section.currency): (section.closing, section.aging, section.overdue, section.credits)
            for code, section in sections(made(as_of, style=style))
            if section.closing or any(cell.amount for cell in section.aging)
        }

    assert closing(OPEN_ITEM) == closing(ACTIVITY)


@pytest.mark.parametrize("as_of", DATES)
def test_the_letters_together_come_to_the_balance_of_the_accounts(as_of: str) -> None:
    sums: dict[str, Decimal] = {}
    for _, section in sections(made(as_of, style=OPEN_ITEM)):
        sums[section.currency] = sums.get(section.currency, D(0)) + section.closing
    balances: dict[str, Decimal] = {}
    for row in relation("tie_out", as_of):
        if row["balance"] is not None:
            balances[row["currency"]] = balances.get(row["currency"], D(0)) + row["balance"]
    assert {currency: total for currency, total in sums.items() if total} == {
        currency: total for currency, total in balances.items() if total
    }


def test_a_letter_does_not_know_what_comes_later() -> None:
    whole = LEDGER.read_text("utf-8")
    assert "2026/" in whole
    early = made("2025-12-31", style=ACTIVITY, period_from=day("2025-01-01"))
    assert early
    for _, section in sections(early):
        assert all(line.date <= day("2025-12-31") for line in section.lines)
    for _, section in sections(made("2025-12-31", style=OPEN_ITEM)):
        assert all(line.date <= day("2025-12-31") for line in section.lines)


def test_the_example_has_what_these_tests_are_about() -> None:
    letters = made("2026-06-30", style=OPEN_ITEM)
    assert len(letters) > 20
    assert {section.currency for _, section in sections(letters)} == {"VND", "USD", "KHR"}
    assert any(section.credits for as_of in DATES for _, section in sections(made(as_of, style=OPEN_ITEM)))
    assert any(line.disputed for _, section in sections(letters) for line in section.lines)
    assert any(len(letter.sections) > 1 for letter in letters)
    assert {letter.language for letter in letters} == {"en", "vi", "ar", "zh"}


# -- who gets a letter, from whom, in which language ------------------------------------------------


def test_who_has_nothing_open_gets_a_letter_only_when_all_do(tmp_path: Path) -> None:
    assert list(small(tmp_path)) == ["A", "B"]
    everybody = small(tmp_path, settled_too=True)
    assert list(everybody) == ["A", "B", "C"]
    assert everybody["C"].sections == ()
    bulk(ledger_of(tmp_path), tmp_path / "all", "--all")
    rows = manifest(tmp_path / "all")
    assert [(row["customer"], row["currency"], row["balance"], row["overdue"]) for row in rows] == [
        ("A", "USD", "100.00", "100.00"),
        ("B", "USD", "150.00", "150.00"),
        ("C", "", "0", "0"),
    ]
    assert "No outstanding balance" in pdf_text((tmp_path / "all" / "C-2026-02-08.pdf").read_bytes())


def test_in_activity_style_a_movement_is_reason_enough(tmp_path: Path) -> None:
    assert list(small(tmp_path, style=ACTIVITY)) == ["A", "B", "C"]
    assert [section.closing for section in small(tmp_path, style=ACTIVITY)["C"].sections] == [D(0)]
    assert list(small(tmp_path, style=ACTIVITY, period_from=day("2026-02-08"))) == ["A", "B", "C"]
    later = SMALL + '2026-03-01 * "Bob" ^INV-4\n  Assets:Receivable:Bob  1.00 USD\n  Income:Sales\n'
    assert list(small(tmp_path, later, style=ACTIVITY)) == ["A", "B"]


def test_a_customer_without_an_account_of_his_own_gets_a_letter(tmp_path: Path) -> None:
    text = SMALL + (
        "2025-01-01 open Assets:Walk-in\n"
        '2025-01-01 custom "receivables-accounts" "customers" Assets:Receivable Assets:Walk-in\n'
        '2026-02-08 * "Dan" "Keys" ^INV-9\n  Assets:Walk-in  5.00 USD\n  Income:Sales\n'
        '2026-02-08 * "Keys" ^INV-10\n  customer: "E"\n  Assets:Walk-in  6.00 USD\n  Income:Sales\n'
    )
    letters = small(tmp_path, text)
    assert {code: letters[code].sections[0].closing for code in letters.keys() - {"A", "B"}} == {"Dan": D(5), "E": D(6)}


@pytest.mark.parametrize(
    ("written", "language"),
    [
        ("vi", "vi"),
        ("VI", "vi"),
        ("vi-VN", "vi"),
        ("zh_CN", "zh"),
        ("ar", "ar"),
        ("km", "en"),
        ("Klingon", "en"),
        ("", "en"),
    ],
)
def test_languages_that_we_have_and_that_we_do_not(written: str, language: str, tmp_path: Path) -> None:
    text = SMALL.replace('  name: "Ann"\n', f'  name: "Ann"\n  language: "{written}"\n')
    assert small(tmp_path, text)["A"].language == language
    assert small(tmp_path, text, language="ar")["A"].language == "ar"
    assert small(tmp_path)["A"].language == "en"


LETTERHEADS = """
2025-01-01 custom "receivables-policy" "statement"
  company: "Lift Works Vietnam"
  address: "1 First Street / Hanoi"
  email: "vn@example.com"
  pay-to: "Bank of All"
  pay-to-usd: "Bank of Dollars"
  note: "Thank you."
  note-vi: "Cảm ơn."
2025-01-01 custom "receivables-policy" "statement" "KH"
  company: "Lift Works Cambodia"
  style: "activity"
2026-02-08 custom "receivables-policy" "statement" "KH"
  company: "Lift Works Kampuchea"
  style: "activity"
"""


def test_each_entity_has_its_own_letterhead(tmp_path: Path) -> None:
    letters = small(tmp_path, SMALL + LETTERHEADS, settled_too=True)
    assert letters["A"].company.name == "Lift Works Vietnam"
    assert letters["A"].company.address == "1 First Street\nHanoi"
    assert letters["A"].company.pay_to == {"": "Bank of All", "USD": "Bank of Dollars"}
    assert letters["A"].company.note == {"": "Thank you.", "vi": "Cảm ơn."}
    assert letters["A"].style == OPEN_ITEM
    assert letters["B"].company.name == "Lift Works Kampuchea", "the policy in force on the day of the letter"
    assert letters["B"].company.email == "vn@example.com", "what an entity does not say is said for all"
    assert letters["B"].style == ACTIVITY
    assert letters["C"].company.name == "Lift Works Vietnam", "no entity"
    assert small(tmp_path, SMALL + LETTERHEADS, style=OPEN_ITEM)["B"].style == OPEN_ITEM


def test_without_a_policy_the_ledgers_title_is_the_company(tmp_path: Path) -> None:
    assert small(tmp_path)["A"].company.name == "Lift Works"


def test_a_letterhead_changes_on_its_day(tmp_path: Path) -> None:
    book = load_book(ledger_of(tmp_path, SMALL + LETTERHEADS)).book
    for as_of, name in (("2026-02-07", "Lift Works Cambodia"), ("2026-02-08", "Lift Works Kampuchea")):
        (letter,) = statements(view(book, day(as_of)), customers=frozenset({"B"}))
        assert letter.company.name == name


# -- the bulk run ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run_of_the_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All letters of the example company as PDF."""
    folder = tmp_path_factory.mktemp("letters") / "2026"
    said = bulk(LEDGER, folder, "--as-of", "2026-06-30")
    assert said.splitlines()[-1] == f"{len(made('2026-06-30'))} statements as of 2026-06-30 in {folder}{os.sep}"
    return folder


def test_the_manifest_is_what_the_letters_say(run_of_the_example: Path) -> None:
    rows = manifest(run_of_the_example)
    expected = [
        {
            "customer": letter.debtor.code, "name": letter.debtor.name, "language": letter.language,
            "currency": section.currency, "balance": str(section.closing), "overdue": str(section.overdue),
            "email": letter.debtor.email,
        }
        for letter in made("2026-06-30")
        for section in letter.sections
    ]  # fmt: skip
    assert [{key: value for key, value in row.items() if key != "file"} for row in rows] == expected
    assert {row["file"] for row in rows} | {"manifest.csv"} == {path.name for path in run_of_the_example.iterdir()}


def test_each_letter_shows_its_balance_to_its_customer(run_of_the_example: Path) -> None:
    texts = {path.name: pdf_text(path.read_bytes()) for path in run_of_the_example.glob("*.pdf")}
    digits = {currency: scale.digits for currency, scale in example_book().scales.items()}
    for row in manifest(run_of_the_example):
        amount = formats(row["language"]).money(D(row["balance"]), digits[row["currency"]])
        assert amount in texts[row["file"]].replace("\u00a0", " "), row
        assert row["customer"] in texts[row["file"]]


def test_every_letter_is_one_that_is_asked_for_alone(run_of_the_example: Path, tmp_path: Path) -> None:
    for row in manifest(run_of_the_example)[::8]:
        alone = tmp_path / row["file"]
        words = ["--customer", row["customer"], "--as-of", "2026-06-30", "--output", str(alone)]
        result = CliRunner().invoke(main, ["statement", str(LEDGER), *words])
        assert result.exit_code == 0, result.output
        assert alone.read_bytes() == (run_of_the_example / row["file"]).read_bytes()


def process(ledger: Path, into: Path, *words: str, environment: Mapping[str, str]) -> dict[str, bytes]:
    """The letters that a process of its own makes."""
    subprocess.run(
        [sys.executable, "-c", START, "statements", str(ledger), "--into", str(into), *words],
        check=True, capture_output=True, timeout=120, env={**os.environ, **environment},
    )  # fmt: skip
    return contents(into)


def test_two_processes_in_two_parts_of_the_world_make_the_same_bytes(run_of_the_example: Path, tmp_path: Path) -> None:
    there = process(
        LEDGER, tmp_path / "x", "--as-of", "2026-06-30",
        environment={"PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "LANG": "ar_SA"},
    )  # fmt: skip
    assert there == contents(run_of_the_example)


@pytest.mark.parametrize("format_", ["html", "xlsx"])
def test_pages_and_workbooks_are_the_same_bytes_too(format_: str, tmp_path: Path) -> None:
    bulk(LEDGER, tmp_path / "a", "--as-of", "2026-06-30", "--format", format_)
    other = {"PYTHONHASHSEED": "7", "TZ": "Pacific/Kiritimati", "LC_ALL": "C"}
    assert contents(tmp_path / "a") == process(
        LEDGER, tmp_path / "b", "--as-of", "2026-06-30", "--format", format_, environment=other
    )


@pytest.mark.parametrize("format_", ["pdf", "html", "xlsx"])
def test_the_place_of_the_ledger_does_not_show(format_: str, tmp_path: Path) -> None:
    moved = tmp_path / "somebody else's folder" / "sổ"
    shutil.copytree(LEDGER.parent, moved)
    for name, ledger in (("a", LEDGER), ("b", moved / LEDGER.name)):
        both = ("--customer", "C-0017", "--customer", "C-0022")
        bulk(ledger, tmp_path / name, "--as-of", "2026-06-30", "--format", format_, *both)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    for name, content in contents(tmp_path / "b").items():
        if name.endswith("html"):
            assert str(tmp_path).encode() not in content


def many(count: int) -> str:
    """A ledger of so many customers, each with an invoice."""
    return "2025-01-01 open Income:Sales\n" + "".join(
        f'2025-01-01 open Assets:Receivable:C{n:04}\n  email: "c{n}@example.com"\n'
        f'2026-01-{n % 28 + 1:02} * "x" "Lift {n}" ^INV-{n}\n'
        f"  Assets:Receivable:C{n:04}  {n + 1}.50 USD\n  Income:Sales\n"
        for n in range(count)
    )


def test_two_workers_make_the_same_bytes_as_one(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, many(70))
    bulk(ledger, tmp_path / "one", "--workers", "1")
    bulk(ledger, tmp_path / "two", "--workers", "2")
    assert len(contents(tmp_path / "one")) == 71
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_codes_that_differ_only_in_what_a_file_name_cannot_hold_get_their_own_files(tmp_path: Path) -> None:
    codes = ["a/b", "a:b", "A*B", "a-b", "..", ".", "a?b"]
    text = "2025-01-01 open Income:Sales\n" + "".join(
        f'2025-01-01 open Assets:Receivable:X{n}\n  customer: "{code}"\n'
        f'2026-01-01 * "x" ^INV-{n}\n  Assets:Receivable:X{n}  {n + 1} USD\n  Income:Sales\n'
        for n, code in enumerate(codes)
    )
    bulk(ledger_of(tmp_path, text), tmp_path / "out")
    rows = manifest(tmp_path / "out")
    assert sorted(row["customer"] for row in rows) == sorted(codes)
    assert len({row["file"].casefold() for row in rows}) == len(codes)
    for row in rows:
        assert row["balance"] in pdf_text((tmp_path / "out" / row["file"]).read_bytes())


# -- the company's own look ------------------------------------------------------------------------


def policy(**values: str) -> str:
    lines = "".join(f'  {key}: "{value}"\n' for key, value in values.items())
    return f'{SMALL}2025-01-01 custom "receivables-policy" "statement"\n{lines}'


def test_a_logo_beside_the_ledger_is_in_the_letter(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path / "books", policy(logo="pictures/logo.png"))
    (tmp_path / "books" / "pictures").mkdir()
    (tmp_path / "books" / "pictures" / "logo.png").write_bytes(PNG)
    bulk(ledger, tmp_path / "out", "--format", "html")
    assert b'src="data:image/png;base64,' in (tmp_path / "out" / "A-2026-02-08.html").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("missing.png", None, "No such file or directory"),
        ("folder.png", "folder", "Is a directory"),
        ("large.png", PNG + bytes(3_000_000), "larger than 2 MB"),
        ("text.png", b"not a picture", "not the picture that its name says"),
        ("logo.gif", b"GIF89a", "not a PNG, JPEG or SVG picture"),
        ("broken.png", PNG[:40], "the letter goes without it"),
    ],
)
def test_a_logo_that_cannot_be_shown_is_one_warning_and_the_letters_are_made(
    name: str, content: bytes | str | None, said: str, tmp_path: Path
) -> None:
    ledger = ledger_of(tmp_path, policy(logo=name))
    if isinstance(content, bytes):
        (tmp_path / name).write_bytes(content)
    elif content == "folder":
        (tmp_path / name).mkdir()
    told = bulk(ledger, tmp_path / "out")
    warnings = [line for line in told.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 1
    assert said in warnings[0]
    assert name in warnings[0]
    assert sorted(contents(tmp_path / "out")) == ["A-2026-02-08.pdf", "B-2026-02-08.pdf", "manifest.csv"]


OUTSIDE = "words of somebody else"


@pytest.mark.parametrize("key", ["logo", "template"])
@pytest.mark.parametrize("how", ["above", "absolute", "link"])
def test_files_outside_the_ledgers_folder_stay_outside(key: str, how: str, tmp_path: Path) -> None:
    books = tmp_path / "books"
    books.mkdir()
    secret = tmp_path / ("secret.svg" if key == "logo" else "secret.typ")
    secret.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg"><text>{OUTSIDE}</text></svg>' if key == "logo" else OUTSIDE
    )
    (books / "link.svg").symlink_to(secret)
    written = {"above": f"../{secret.name}", "absolute": str(secret), "link": "link.svg"}[how]
    ledger = ledger_of(books, policy(**{key: written}))
    line = ledger.read_text("utf-8").split("\n").index('2025-01-01 custom "receivables-policy" "statement"') + 1
    for format_ in ("pdf", "html", "xlsx"):
        told = bulk(ledger, tmp_path / format_, "--format", format_)
        assert told.count(f'warning: {key} "{written}" is outside the ledger\'s folder') == 1
        assert f"main.beancount:{line})" in told
        for content in contents(tmp_path / format_).values():
            assert OUTSIDE.encode() not in content
    assert OUTSIDE not in pdf_text((tmp_path / "pdf" / "A-2026-02-08.pdf").read_bytes())


def test_password_files_are_no_logos(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path / "books", policy(logo="../../../../../../etc/passwd"))
    told = bulk(ledger, tmp_path / "out", "--format", "html")
    assert "outside the ledger's folder" in told
    assert b"root:" not in (tmp_path / "out" / "A-2026-02-08.html").read_bytes()


def test_an_own_template_makes_the_letters(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, policy(template="own.typ"))
    (tmp_path / "own.typ").write_text("Our own letter", "utf-8")
    bulk(ledger, tmp_path / "out")
    assert "Our own letter" in pdf_text((tmp_path / "out" / "A-2026-02-08.pdf").read_bytes())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("#panic(1)", r"own.typ:1: the statement template cannot be used"),
        ("\n#let x = (", r"own.typ:2: .*unclosed"),
        ('#read("../secret.txt")', r"own.typ:1: "),
        ('#read("/etc/passwd")', r"own.typ:1: "),
        ('#import "nowhere.typ": x', r"own.typ:1: "),
        ('#import "@preview/cetz:0.2.0"', r"own.typ:1: "),
        ("#while true {}", r"own.typ:1: "),
        ("#let f(n) = f(n + 1)\n#f(1)", r"own.typ:1: "),
        (None, r"own.typ"),
    ],
)
def test_an_own_template_that_is_broken_names_its_line_and_no_letter_is_made(
    content: str | None, said: str, tmp_path: Path
) -> None:
    (tmp_path / "secret.txt").write_text(OUTSIDE)
    ledger = ledger_of(tmp_path / "books", policy(template="own.typ"))
    if content is not None:
        (tmp_path / "books" / "own.typ").write_text(content, "utf-8")
    told = bulk(ledger, tmp_path / "out", status=1)
    assert re.search(said, told), told
    assert "0 of 2 letters were written, no manifest" in told
    assert list(contents(tmp_path / "out")) == []
    result = CliRunner().invoke(
        main, ["statement", str(ledger), "--customer", "A", "--output", str(tmp_path / "a.pdf")]
    )
    assert (result.exit_code, result.stdout) == (1, "")
    assert not (tmp_path / "a.pdf").exists()


def test_a_template_is_for_pdf_and_the_other_formats_do_not_mind(tmp_path: Path) -> None:
    ledger = ledger_of(tmp_path, policy(template="own.typ"))
    for format_ in ("html", "xlsx"):
        bulk(ledger, tmp_path / format_, "--format", format_)
    sheet = load_workbook(tmp_path / "xlsx" / "B-2026-02-08.xlsx").worksheets[0]
    assert any(cell.value == 150 for row in sheet for cell in row)
