"""Statements of account as documents: the same figures on every page, in every language, whatever the texts are."""

from __future__ import annotations

import csv
import datetime
import functools
import hashlib
import io
import itertools
import json
import multiprocessing
import os
import pickle
import re
import struct
import subprocess
import sys
import textwrap
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook
from pypdf import PdfReader

from receivables.letters import FORMATS, Letter, LetterError, fonts, pdf, render
from receivables.letters.bulk import WORTH_WORKERS, render_all
from receivables.letters.content import content
from receivables.letters.formats import formats
from receivables.letters.model import AgingCell, Company, Debtor, Section, Statement, StatementLine
from receivables.letters.names import distinct_filenames, filename
from receivables.letters.phrases import LANGUAGES, phrases
from receivables.letters.texts import LRI, PDI, isolated, plain, typeset

D = Decimal
ONE = D(1)
AS_OF = datetime.date(2026, 3, 31)
GOLDENS = Path(__file__).parent / "goldens" / "letters"
GLOSSARY = Path(__file__).parents[2] / "shared" / "glossary.csv"

STYLES = ("open-item", "activity")
NAMES = {
    "en": "Lotus Tower Ltd",
    "vi": "Công ty Cổ phần Tháp Hà Nội",
    "ar": "شركة برج الخليج للمقاولات",
    "zh": "上海浦东大厦物业有限公司",
}
WORK = {
    "en": "Maintenance Q1, lifts 1–4",
    "vi": "Bảo trì thang máy quý 1",
    "ar": "صيانة المصاعد للربع الأول",
    "zh": "第一季度电梯保养",
}
COMPANY = Company(
    name="Mekong Lifts Co., Ltd.",
    address="37 Tôn Đức Thắng\nHo Chi Minh City",
    tax_id="0312345678",
    phone="+84 28 3822 1234",
    email="accounts@lifts.example",
    website="lifts.example",
    pay_to={"": "Bank: Vietcombank\nAccount: 0071 0012 3456", "USD": "Bank: HSBC\nAccount: 9080 1111"},
    contact="Ms Lan, +84 28 3822 1235",
    note={"": "Thank you.", "vi": "Trân trọng cảm ơn."},
)
BUCKETS = ((1, 30), (31, 60), (61, 90), (91, None))
HOSTILE = (
    "#sys.exit()",
    "*bold* _it_ `raw` $x^2$ @ref <label> // no /* no */ \\ ~ -- '\"",
    '#import "/etc/hosts": *',
    "<script>alert(1)</script>&amp;<b>",
    "=cmd|'/c calc'!A1",
    "{=HYPERLINK(1)}",
    '"]); panic("',
    "a\u202eltr\u2066x",
    "tab\there\x00\x07 {braces} {date} %s",
)


def section(
    style: str = "open-item",
    count: int = 3,
    *,
    currency: str = "USD",
    digits: int = 2,
    scale: Decimal = ONE,
    work: str = "Maintenance",
    with_credits: bool = True,
) -> Section:
    """A section of `count` documents whose figures add up: every fifth a receipt, every third half settled."""
    step = D(1).scaleb(-digits)
    lines: list[StatementLine] = []
    buckets: dict[tuple[int | None, int | None], Decimal] = {}
    balance = opening = D("1500.5").quantize(step) * scale if style == "activity" else D(0)
    overdue = unapplied = D(0)
    if opening:
        buckets[BUCKETS[-1]] = opening
    for index in range(count):
        date = datetime.date(2025, 12, 1) + datetime.timedelta(days=index * 110 // count)
        is_credit = with_credits and index % 5 == 4
        due = None if is_credit else date + datetime.timedelta(days=30)
        days = max(0, (AS_OF - due).days) if due else 0
        amount = (D("1234.56") * (index % 7 + 1) * scale).quantize(step)
        settled = (amount / 4).quantize(step) if style == "open-item" and index % 3 == 0 else D(0)
        is_open = amount - settled
        change = -is_open if is_credit else is_open
        balance += change
        if is_credit:
            unapplied += change
        else:
            bucket = next((low, high) for low, high in BUCKETS if high is None or days <= high)
            buckets[bucket if days else (None, 0)] = buckets.get(bucket if days else (None, 0), D(0)) + change
            overdue += change if days else D(0)
        is_disputed = style == "open-item" and not is_credit and index % 4 == 1
        lines.append(
            StatementLine(
                date=date,
                kind="receipt" if is_credit else "invoice",
                number=f"{'RC' if is_credit else 'INV'}-2026-{index + 1:04d}",
                due=due,
                description=work if index % 2 else "",
                debit=None if is_credit else amount,
                credit=amount if is_credit else None,
                balance=balance if style == "activity" else change,
                settled=settled if style == "open-item" else None,
                days_overdue=days,
                disputed=(is_open / 2).quantize(step) if is_disputed else D(0),
            )
        )
    ages = ((None, 0), *BUCKETS)
    cells = [AgingCell(low, high, buckets.get((low, high), D(0))) for low, high in ages]
    return Section(
        currency=currency,
        digits=digits,
        opening=opening if style == "activity" else None,
        lines=tuple(lines),
        closing=balance,
        aging=(*cells, AgingCell(None, None, unapplied)),
        overdue=overdue,
        credits=unapplied,
    )


def statement(
    language: str = "en",
    style: str = "open-item",
    count: int = 3,
    *,
    sections: tuple[Section, ...] | None = None,
    company: Company = COMPANY,
    code: str = "C-0042",
    name: str = "",
) -> Statement:
    """A statement with one section in dollars, or with the sections given."""
    if sections is None:
        given_lines = count or style == "activity"
        sections = (section(style, count, work=WORK[language]),) if given_lines else ()
    return Statement(
        style=style,
        company=company,
        debtor=Debtor(
            code=code,
            name=name or NAMES[language],
            address="8 Harbour Road\nSingapore",
            tax_id="0101234567",
            contact="Mr Minh",
            email="ap@tower.example",
            collector="lan",
            terms="net 30",
        ),
        language=language,
        as_of=AS_OF,
        period_from=datetime.date(2025, 12, 1) if style == "activity" else None,
        basis="due",
        sections=sections,
    )


def in_vnd(style: str, count: int, scale: str = "100000000") -> Section:
    """A section in dong whose amounts have twelve digits and more."""
    return section(style, count, currency="VND", digits=0, scale=D(scale), work="Bảo trì thang máy quý 1, tòa A")


def pages(letter: Letter) -> list[str]:
    """The text of each page of a PDF."""
    return [page.extract_text() for page in PdfReader(io.BytesIO(letter.content)).pages]


def squeezed(text: str) -> str:
    """A text without spaces and invisible marks, of which every extraction has its own opinion."""
    return re.sub("[\\s\u00a0\u200b\u200e\u200f\u2066-\u2069]", "", text)


def figures(text: str) -> Counter[str]:
    """Amounts with two decimals in a text, and how often each is there."""
    return Counter(re.findall(r"(?<![\d,.-])-?\d{1,3}(?:,\d{3})*\.\d{2}(?![\d,.])", text))


def money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def expected_figures(part: Section, style: str) -> Counter[str]:
    """What a letter must show of a section, from the model alone."""
    shown: list[Decimal] = [part.closing, part.closing, part.overdue, part.closing]  # summary, total, aging total
    shown.extend(cell.amount for cell in part.aging)
    shown.extend([part.credits, -part.credits] if part.credits else [])
    disputed = sum((line.disputed for line in part.lines), D(0))
    shown.extend([disputed] if disputed else [])
    for line in part.lines:
        sign = -1 if line.credit is not None and style == "open-item" else 1
        shown.extend(sign * amount for amount in (line.debit, line.credit, line.settled) if amount)
        shown.append(line.balance)
        shown.extend([line.disputed] if line.disputed else [])
    if style == "activity":
        assert part.opening is not None
        shown.append(part.opening)
        shown.append(sum((line.debit for line in part.lines if line.debit), D(0)))
        shown.append(sum((line.credit for line in part.lines if line.credit), D(0)))
    return Counter(money(amount) for amount in shown)


def png(width: int = 4, height: int = 2) -> bytes:
    """A grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(b"".join(b"\0" + b"\x80" * width for _ in range(height)))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def run_python(code: str, **environment: str) -> str:
    """What a fresh Python prints."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **environment},
    )
    return done.stdout


# --- The words -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_the_same_phrases_and_fills_in_the_same_words(language: str) -> None:
    words, english = phrases(language), phrases("en")
    assert words.texts.keys() == english.texts.keys()
    assert words.kinds.keys() == english.kinds.keys()
    for key, text in english.texts.items():
        assert sorted(re.findall(r"{(\w+)}", words.texts[key])) == sorted(re.findall(r"{(\w+)}", text)), key
        assert words.texts[key].strip() == words.texts[key] != ""


def test_every_phrase_is_used_and_every_phrase_that_is_asked_for_exists() -> None:
    folder = Path(pdf.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    unused = [key for key in phrases("en").texts if f'"{key}"' not in source]
    assert unused == []
    kinds = (
        "invoice debit-note penalty receipt credit-memo write-off refund reversal apply opening revaluation retention"
    )
    assert set(phrases("en").kinds) == set(kinds.split())


def test_the_terms_are_those_of_the_glossary() -> None:
    if not GLOSSARY.exists():
        pytest.skip("the glossary is not part of the repository")
    with GLOSSARY.open(encoding="utf-8", newline="") as file:
        terms = {row["en"]: row for row in csv.DictReader(file)}
    asked = {
        "Customer": "customer",
        "Customer code": "customer_code",
        "Tax ID": "tax_id",
        "Payment terms": "payment_terms",
        "Document date": "document_date",
        "Due date": "due_date",
        "Days overdue": "days_overdue",
        "Debit": "debit",
        "Credit": "credit",
        "Running balance": "running_balance",
        "Opening balance": "opening_balance",
        "Closing balance": "closing_balance",
        "Balance brought forward": "brought_forward",
        "Balance carried forward": "carried_forward",
        "Total": "total",
        "Total due": "total_due",
        "Total overdue": "total_overdue",
        "Payment reference": "payment_reference",
        "No outstanding balance": "no_balance",
        "Current (not yet due)": "aging_current",
    }
    for term, key in asked.items():
        for language in ("vi", "ar", "zh"):
            said = phrases(language).texts[key]
            variants = re.sub(" *\\([^)]*\\)", "", terms[term][language]).split(" / ")
            assert said in variants, (term, language)
    for term, kind in {"Invoice": "invoice", "Write-off": "write-off", "Retention": "retention"}.items():
        assert phrases("vi").kinds[kind] == terms[term]["vi"]


def test_an_unknown_language_is_english() -> None:
    said = content(statement()._replace(language="fr"))
    assert (said["language"], said["title"]) == ("en", "Statement of Account")


# --- Numbers and dates -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "thousands", "halves", "day"),
    [
        ("en", "1,234,567", "-1,234.50", "31 Mar 2026"),
        ("vi", "1.234.567", "-1.234,50", "31/03/2026"),
        ("ar", "1,234,567", "-1,234.50", "31/03/2026"),
        ("zh", "1,234,567", "-1,234.50", "2026年3月31日"),
    ],
)
def test_numbers_and_dates_are_written_as_the_reader_expects(
    language: str, thousands: str, halves: str, day: str
) -> None:
    written = formats(language)
    assert written.money(D(1234567), 0) == thousands
    assert written.money(D("-1234.5"), 2) == halves
    assert written.date(AS_OF) == day


def test_an_amount_is_never_rounded_and_zero_has_no_sign() -> None:
    written = formats("en")
    assert written.money(D("0.125"), 2) == "0.125"
    assert written.money(D("7.500"), 0) == "7.5"
    assert written.money(D("-0.00"), 2) == "0.00"
    assert written.money(D("1E+3"), 3) == "1,000.000"


@given(
    amount=st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**40), max_value=10**40),
    digits=st.integers(0, 4),
    language=st.sampled_from(LANGUAGES),
)
@example(amount=D("12345678901234567890123456789012345.67"), digits=2, language="vi")
def test_what_is_written_is_the_amount_to_the_last_digit(amount: Decimal, digits: int, language: str) -> None:
    written = formats(language)
    text = written.money(amount, digits)
    read = text.replace(written.group, "").replace(written.decimal, ".").replace(written.minus, "-")
    assert D(read) == amount
    assert len(read.partition(".")[2]) >= digits


# --- The figures of the PDF ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("count", [1, 12, 24])
def test_the_figures_on_paper_are_those_of_the_model_and_no_others(style: str, count: int) -> None:
    made = statement("en", style, count)
    letter = render(made, "pdf")
    assert letter.warnings == ()
    expected = expected_figures(made.sections[0], style)
    shown = figures(" ".join(pages(letter)))
    extra = shown - expected
    assert expected - shown == Counter()
    assert len(pages(letter)) > 1 or extra == Counter()
    assert set(extra) <= {money(line.balance) for line in made.sections[0].lines}  # carried from page to page


@pytest.mark.parametrize("style", STYLES)
def test_the_web_page_shows_the_same_figures(style: str) -> None:
    made = statement("en", style, 12)
    assert figures(Page(render(made, "html")).text) == expected_figures(made.sections[0], style)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("count", [0, 1, 30, 300])
def test_every_language_style_and_length_makes_a_pdf(language: str, style: str, count: int) -> None:
    made = statement(language, style, count)
    letter = render(made, "pdf")
    assert letter.warnings == ()
    texts = [squeezed(text) for text in pages(letter)]
    words = phrases(language).texts
    if language != "ar":  # extraction gives Arabic in the order of the page, which runs the other way
        assert squeezed(words["title_activity" if style == "activity" else "title_open_item"]) in texts[0]
        for number, text in enumerate(texts, 1):
            assert squeezed(words["page"].format(page=number, pages=len(texts))) in text
        assert (squeezed(words["no_balance"]) in texts[0]) == (count == 0 and style == "open-item")
    for line in made.sections[0].lines if made.sections else ():
        assert any(line.number in text for text in texts)
        assert any(formats(language).money(line.balance, 2) in text for text in texts)


def test_a_long_activity_carries_its_balance_from_page_to_page() -> None:
    made = statement("en", "activity", 120)
    texts = pages(render(made, "pdf"))
    assert len(texts) > 2
    balances = [money(line.balance) for line in made.sections[0].lines]
    for before, after in itertools.pairwise(texts):
        if "Balance brought forward" not in after:
            continue
        numbers = re.findall(r"(?:INV|RC)-2026-(\d{4})", before)
        last = balances[int(numbers[-1]) - 1]
        assert last in figures(before)
        assert figures(before)[last] >= 2  # the line itself, and the balance carried forward
        assert last in figures(after)
        assert "Balance carried forward" in before
    assert "Opening balance" in texts[0]
    assert "Balance brought forward" not in texts[0]
    assert sum("Closing balance" in text for text in texts) == 1


def test_every_page_of_a_long_table_repeats_the_headings() -> None:
    texts = pages(render(statement("en", "open-item", 150), "pdf"))
    with_lines = [text for text in texts if re.search(r"INV-2026", text)]
    assert len(with_lines) > 2
    assert all("Outstanding" in text and "Document no." in text for text in with_lines)


def test_the_shortcut_for_one_page_says_the_same_as_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [statement("vi", style, count) for style in STYLES for count in (0, 1, 12)]
    short = [pages(render(one, "pdf")) for one in made]
    monkeypatch.setattr(pdf, "_PAGE_ROWS", -1)
    long = [pages(render(one, "pdf")) for one in made]
    for left, right in zip(short, long, strict=True):
        assert [sorted(squeezed(page)) for page in left] == [sorted(squeezed(page)) for page in right]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("style", STYLES)
def test_huge_amounts_stay_on_one_line_and_on_the_page(language: str, style: str) -> None:
    made = statement(language, style, sections=(in_vnd(style, 6, "1000000000000"),))
    letter = render(made, "pdf")
    text = "\n".join(pages(letter))
    for line in made.sections[0].lines:
        assert formats(language).money(line.balance, 0) in text
    left, right = margins(letter)
    assert left > 40  # points; the margin is 48
    assert right > 40


def margins(letter: Letter) -> tuple[float, float]:
    """The space left and right of the texts of a PDF, by where each text begins and how wide it is at least."""
    lefts, rights = [], []

    def visit(text: str, user: list[float], matrix: list[float], font: object, size: float) -> None:
        if text.strip():
            left = user[0] * matrix[4] + user[4]
            lefts.append(left)
            rights.append(left + 0.25 * size * abs(user[0] * matrix[0]) * len(text.strip()))

    for page in PdfReader(io.BytesIO(letter.content)).pages:
        page.extract_text(visitor_text=visit)
        width = float(page.mediabox.width)
    return min(lefts), width - max(rights)


def test_several_currencies_stand_apart_and_each_says_how_to_pay() -> None:
    made = statement(sections=(section(currency="USD"), in_vnd("open-item", 2)))
    (text,) = [" ".join(pages(render(made, "pdf")))]
    assert "Open items in USD" in text
    assert "Open items in VND" in text
    assert "HSBC" in text
    assert "Vietcombank" in text
    said = content(made)["payment"]
    assert said is not None
    assert [(account["currencies"], account["lines"][0]) for account in said["accounts"]] == [
        ("USD", "Bank: HSBC"),
        ("VND", "Bank: Vietcombank"),
    ]


def test_a_customer_with_a_balance_in_his_favour_is_not_asked_to_pay() -> None:
    line = StatementLine(AS_OF, "receipt", "RC-1", None, "", None, D(50), D(-50), D(0))
    part = Section("USD", 2, None, (line,), D(-50), (AgingCell(None, None, D(-50)),), D(0), D(-50))
    said = content(statement(sections=(part,)))
    assert said["payment"] is None
    assert (said["summary"][0]["figures"][0]["label"], said["summary"][0]["figures"][0]["amount"]) == (
        "Balance in your favour",
        "50.00",
    )
    assert "How to pay" not in " ".join(pages(render(statement(sections=(part,)), "pdf")))


def test_the_settled_part_of_a_credit_has_its_sign_so_that_every_row_adds_up() -> None:
    line = StatementLine(AS_OF, "receipt", "RC-1", None, "", None, D(80), D(-50), D(30))
    part = Section("USD", 2, None, (line,), D(-50), (AgingCell(None, None, D(-50)),), D(0), D(-50))
    (shown,) = content(statement(sections=(part,)))["sections"][0]["lines"]
    assert (shown["amount"], shown["settled"], shown["balance"]) == ("-80.00", "-30.00", "-50.00")


@pytest.mark.parametrize(
    ("basis", "heading", "first"),
    [
        ("due", "Aging by due date", "Not yet due"),
        ("date", "Aging by document date", "0 days"),
    ],
)
def test_the_aging_strip_names_its_basis(basis: str, heading: str, first: str) -> None:
    said = content(statement()._replace(basis=basis))["sections"][0]
    assert said["aging_heading"] == heading
    assert [cell["label"] for cell in said["aging"]] == [
        first,
        "1–30 days",
        "31–60 days",
        "61–90 days",
        "Over 90 days",
        "Unapplied credits",
        "Total",
    ]


def test_the_companys_closing_note_is_in_the_readers_language_if_there_is_one() -> None:
    assert content(statement("vi"))["note"] == ["Trân trọng cảm ơn."]
    assert content(statement("en"))["note"] == ["Thank you."]


def test_without_a_contact_the_account_manager_is_named() -> None:
    said = content(statement(company=COMPANY._replace(contact="")))
    assert said["contact"] == ["Account manager: lan", "Telephone: +84 28 3822 1234", "accounts@lifts.example"]


# --- Fonts -----------------------------------------------------------------------------------------------------------


def test_a_character_that_no_font_has_is_a_warning_that_names_customer_and_character() -> None:
    made = statement(name="Tower 🗼 Ltd")
    (warning,) = render(made, "pdf").warnings
    assert "C-0042 (Tower 🗼 Ltd)" in warning
    assert "U+1F5FC TOKYO TOWER" in warning


def test_scripts_of_neighbours_are_covered_whatever_the_language_of_the_letter() -> None:
    assert render(statement(name="Công ty 上海 شركة Ω Ж"), "pdf").warnings == ()


def test_invisible_characters_are_never_missing() -> None:
    assert fonts.missing("a\u200b\u200e\u00ad\ufe0f\u3000\n") == []


def test_our_reading_of_a_fonts_characters_agrees_with_fonttools() -> None:
    ttlib = pytest.importorskip("fontTools.ttLib")
    for file in fonts.fonts().files[:2]:
        assert fonts.characters_of(file) == set(ttlib.TTFont(file, lazy=True).getBestCmap())


def test_without_the_chinese_fonts_the_letter_is_english_and_a_warning_names_the_extra() -> None:
    told = run_python(
        """
        from receivables.letters import fonts, render
        from test_letters import statement
        fonts._PACKAGES = {"fontpkg.family": "files"}  # as if the other packages were not installed
        letter = render(statement("zh"), "pdf")
        print("\\n".join(letter.warnings))
        from test_letters import pages
        print("Statement of Account" in pages(letter)[0])
        """,
        PYTHONPATH=str(Path(__file__).parent),
    )
    assert 'pip install "beancount-receivables[chinese]"' in told
    assert "C-0042" in told
    assert told.endswith("True\n")


def test_no_font_of_the_system_is_used() -> None:
    letter = render(statement("zh", name=NAMES["ar"] + NAMES["vi"]), "pdf")
    names = set(re.findall(rb"/BaseFont */([^ /\]>]+)", letter.content))
    assert names
    assert all(b"NotoSans" in name for name in names)


# --- Hostile texts ---------------------------------------------------------------------------------------------------


@functools.cache
def hostile_statement(language: str) -> Statement:
    """A statement all of whose texts are hostile."""
    lines = tuple(
        StatementLine(AS_OF, "invoice", f"N{index}{text}", AS_OF, text, D(index + 1), None, D(index + 1), D(0))
        for index, text in enumerate(HOSTILE)
    )
    total = sum((line.balance for line in lines), D(0))
    part = Section("USD", 2, None, lines, total, (AgingCell(None, 0, total),), D(0), D(0))
    everything = "\n".join(HOSTILE)
    return Statement(
        style="open-item",
        company=Company(HOSTILE[0], everything, *HOSTILE[1:5], {"": everything}, everything, {"": everything}),
        debtor=Debtor(*HOSTILE[:8]),
        language=language,
        as_of=AS_OF,
        period_from=None,
        basis="due",
        sections=(part,),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_markup_of_any_kind_is_plain_text_on_paper(language: str) -> None:
    letter = render(hostile_statement(language), "pdf")
    assert letter.warnings == ()
    text = squeezed(" ".join(pages(letter)))
    for hostile in HOSTILE:
        shown = squeezed(plain(hostile))
        if language == "ar":  # neutral signs at the ends of a text are mirrored or moved by the page's direction
            shown = re.sub(r"\W", "", shown)
            assert shown in re.sub(r"\W", "", text)
        else:
            assert shown in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_markup_of_any_kind_is_plain_text_on_the_web_page(language: str) -> None:
    page = Page(render(hostile_statement(language), "html"))
    assert page.tags <= {
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "address",
        "h1",
        "h2",
        "h3",
        "p",
        "dl",
        "dt",
        "dd",
        "div",
        "section",
        "table",
        "thead",
        "tbody",
        "tfoot",
        "tr",
        "th",
        "td",
        "span",
        "b",
        "br",
        "footer",
    }
    assert page.attributes <= {"charset", "name", "content", "http-equiv", "lang", "dir", "class", "scope", "colspan"}
    for hostile in HOSTILE:
        assert squeezed(plain(hostile)) in squeezed(page.text)


def test_a_formula_in_a_name_is_a_text_in_the_workbook() -> None:
    book = load_workbook(io.BytesIO(render(hostile_statement("en"), "xlsx").content))
    texts = {cell.value: cell.data_type for row in book["USD"].iter_rows() for cell in row if cell.value is not None}
    assert texts["=cmd|'/c calc'!A1"] == "s"
    formulas = [value for value, kind in texts.items() if kind == "f"]
    assert all(re.fullmatch(r"=ROUND\(SUM\([A-Z]\d+:[A-Z]\d+\),2\)", str(value)) for value in formulas)


@given(st.text())
def test_plain_text_keeps_every_visible_character_in_order(text: str) -> None:
    shown = plain(text)
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", shown)
    visible = [character for character in text if character.isalnum()]
    assert [character for character in shown if character.isalnum()] == visible
    assert plain(shown) == shown


def test_an_amount_cannot_be_turned_around_by_its_neighbour() -> None:
    """A direction override in a description would show 1,000 as 000,1."""
    made = content(statement(name="X \u202e000,1"))
    assert made["customer"]["name"] == "X 000,1"


def test_numbers_keep_the_order_of_their_groups_in_a_letter_from_right_to_left() -> None:
    assert isolated("هاتف +84 24 1234 داخلي", rtl=True) == f"هاتف {LRI}+84 24 1234{PDI} داخلي"
    said = content(statement("ar"))
    assert f"{LRI}+84 28 3822 1234{PDI}" in [fact["value"] for fact in said["company"]["details"]]
    (amount,) = {line["amount"] for line in said["sections"][0]["lines"][:1]}
    assert amount == f"{LRI}1,234.56{PDI}"


def test_long_words_break_and_numbers_do_not() -> None:
    assert "\u200b" in typeset("https://example.com/a/very/long/address")
    assert typeset("Maintenance of lift") == "Maintenance of lift"
    assert typeset("call +84 28 3822 1235, or write") == "call +84\u00a028\u00a03822\u00a01235, or write"


# --- The same bytes --------------------------------------------------------------------------------------------------


def test_two_processes_make_the_same_bytes() -> None:
    code = """
        import hashlib
        from receivables.letters import FORMATS, render
        from test_letters import statement
        for format in FORMATS:
            for language in ("ar", "zh"):
                print(hashlib.sha256(render(statement(language, "activity", 40), format).content).hexdigest())
    """
    here = str(Path(__file__).parent)
    first = run_python(code, PYTHONPATH=here, PYTHONHASHSEED="1", TZ="Asia/Ho_Chi_Minh", LC_ALL="C.UTF-8")
    second = run_python(code, PYTHONPATH=here, PYTHONHASHSEED="2", TZ="America/New_York", LANG="C")
    assert len(first.split()) == 6
    assert first == second


def test_the_order_of_letters_does_not_show_in_them() -> None:
    one, other = statement("vi", count=5), statement("ar", "activity", 40)
    alone = render(one, "pdf").content
    render(other, "pdf")
    assert render(one, "pdf").content == alone


def test_the_only_date_in_a_pdf_is_the_day_of_the_statement() -> None:
    information = PdfReader(io.BytesIO(render(statement(), "pdf").content)).metadata
    assert information is not None
    assert information.creation_date is not None
    assert information.creation_date.date() == AS_OF
    assert information.title == "Statement of Account – Lotus Tower Ltd"


def test_a_letter_from_before_the_age_of_computers_can_be_made() -> None:
    old = statement()._replace(as_of=datetime.date(1899, 12, 31))
    for format in FORMATS:
        assert render(old, format).content


# --- The company's own look ------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A ledger's folder."""
    return tmp_path


def test_a_logo_stands_in_the_letterhead(folder: Path) -> None:
    (folder / "my logo.png").write_bytes(png())
    branded = statement(company=COMPANY._replace(logo=str(folder / "my logo.png")))
    letter = render(branded, "pdf")
    assert letter.warnings == ()
    assert len(PdfReader(io.BytesIO(letter.content)).pages[0].images) == 1
    assert b"data:image/png;base64," in render(branded, "html").content


def test_a_logo_can_be_drawn_as_svg(folder: Path) -> None:
    (folder / "logo.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20"/></svg>'
    )
    branded = statement(company=COMPANY._replace(logo=str(folder / "logo.svg")))
    assert render(branded, "pdf").warnings == ()
    assert b"data:image/svg+xml;base64," in render(branded, "html").content


@pytest.mark.parametrize("format", ["pdf", "html"])
@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("absent.png", None, "No such file"),
        ("logo.gif", b"GIF89a", "not a PNG, JPEG or SVG"),
        ("logo.png", b"<html>", "not the picture that its name says"),
        ("logo.svg", b"hello", "not the picture that its name says"),
        ("logo.png", b"\x89PNG\r\n\x1a\n" + bytes(2_000_000), "larger than 2 MB"),
    ],
)
def test_a_logo_that_cannot_be_shown_is_a_warning(
    folder: Path, name: str, data: bytes | None, reason: str, format: str
) -> None:
    if data is not None:
        (folder / name).write_bytes(data)
    letter = render(statement(company=COMPANY._replace(logo=str(folder / name))), format)
    (warning,) = letter.warnings
    assert name in warning
    assert reason in warning
    assert letter.content


def test_a_logo_that_is_broken_inside_is_a_warning_too(folder: Path) -> None:
    (folder / "logo.png").write_bytes(png()[:40])
    letter = render(statement(company=COMPANY._replace(logo=str(folder / "logo.png"))), "pdf")
    (warning,) = letter.warnings
    assert "logo.png" in warning
    assert "without it" in warning
    assert "Statement of Account" in pages(letter)[0]


def test_a_colour_is_used_and_anything_else_is_a_warning() -> None:
    page = render(statement(company=COMPANY._replace(colour="#aa0000")), "html")
    assert b"--accent: #aa0000;" in page.content
    assert page.warnings == ()
    for format in ("pdf", "html"):
        (warning,) = render(statement(company=COMPANY._replace(colour="red; } body {")), format).warnings
        assert '"red; } body {"' in warning


def test_a_companys_own_template_gets_the_same_data(folder: Path) -> None:
    (folder / "letters").mkdir()
    (folder / "logo.png").write_bytes(png())
    (folder / "letters" / "parts.typ").write_text("#let bold(it) = strong(it)\n")
    (folder / "letters" / "own.typ").write_text(
        '#import "parts.typ": bold\n'
        "#let data = json(bytes(sys.inputs.data))\n"
        "#set text(font: data.fonts)\n"
        "#image(data.logo) #bold(data.title) for #data.customer.name: #data.sections.at(0).closing\n"
    )
    own = COMPANY._replace(template=str(folder / "letters" / "own.typ"), logo=str(folder / "logo.png"))
    letter = render(statement(name="*Tower*", company=own), "pdf")
    assert letter.warnings == ()
    (text,) = pages(letter)
    total = money(statement().sections[0].closing)
    assert squeezed(text) == squeezed(f"Statement of Account for *Tower*: {total}")


@pytest.mark.parametrize(
    ("source", "line", "message"),
    [
        ("#let data = json(bytes(sys.inputs.data))\n\n#data.nonsense\n", 3, 'does not contain key "nonsense"'),
        ("#set text(\n", 1, "unclosed delimiter"),
        ('#read("/../secret")\n', 1, "secret"),
    ],
)
def test_a_broken_template_is_an_error_that_names_file_and_line(
    folder: Path, source: str, line: int, message: str
) -> None:
    template = folder / "own.typ"
    template.write_text(source)
    with pytest.raises(LetterError, match=re.escape(message)) as error:
        render(statement(company=COMPANY._replace(template=str(template))), "pdf")
    assert f"{template.resolve()}:{line}: " in str(error.value)


def test_a_template_that_is_not_there_is_an_error(folder: Path) -> None:
    with pytest.raises(LetterError, match=r"own\.typ: the statement template cannot be read"):
        render(statement(company=COMPANY._replace(template=str(folder / "own.typ"))), "pdf")


def test_a_template_that_was_mended_works_in_the_same_process(folder: Path) -> None:
    template = folder / "own.typ"
    template.write_text("#nonsense\n")
    own = statement(company=COMPANY._replace(template=str(template)))
    with pytest.raises(LetterError):
        render(own, "pdf")
    template.write_text("Mended\n")
    assert "Mended" in pages(render(own, "pdf"))[0]


def test_the_template_documents_every_word_of_its_data() -> None:
    documented = pdf.TEMPLATE.read_text(encoding="utf-8").partition("#let data")[0]

    def keys(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            for key, inner in value.items():
                yield str(key)
                yield from keys(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from keys(inner)

    undocumented = {
        key for key in keys(content(statement("en", "activity"))) if not re.search(rf"\b{key}\b", documented)
    }
    assert undocumented == set()


# --- The web page ----------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What a browser sees of a page."""

    def __init__(self, letter: Letter) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.root: dict[str, str | None] = {}
        self.pieces: list[str] = []
        self._inside: list[str] = []
        self.feed(letter.content.decode())
        self.text = " ".join(self.pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update(name for name, _ in attrs)
        if tag == "html":
            self.root = dict(attrs)
        if tag not in ("meta", "br", "img"):
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._inside and self._inside[-1] not in ("style", "title"):
            self.pieces.append(data)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_web_page_names_its_language_and_direction(language: str) -> None:
    page = Page(render(statement(language), "html"))
    assert page.root == {"lang": language, "dir": "rtl" if language == "ar" else "ltr"}


def test_the_web_page_needs_nothing_from_outside() -> None:
    source = unescape(render(statement(), "html").content.decode())
    assert not re.search(r"""(?:src|href)=|url\(|@import|<script|<link""", source)
    assert "default-src 'none'" in source


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_web_page_is_as_agreed(language: str) -> None:
    """Goldens beside their input; after a change that is meant, run with UPDATE_GOLDENS=1 and read the difference."""
    style = "activity" if language in ("vi", "zh") else "open-item"
    made = statement(language, style, 6)
    golden = GOLDENS / f"statement-{language}.html"
    letter = render(made, "html").content
    if os.environ.get("UPDATE_GOLDENS"):
        GOLDENS.mkdir(parents=True, exist_ok=True)
        golden.write_bytes(letter)
    assert letter.decode() == golden.read_text(encoding="utf-8")


# --- The workbook ----------------------------------------------------------------------------------------------------


def sheet_values(letter: Letter, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The cells of a sheet as written (with formulas) and as shown (with their cached values)."""
    written = load_workbook(io.BytesIO(letter.content))[name]
    shown = load_workbook(io.BytesIO(letter.content), data_only=True)[name]
    return (
        {cell.coordinate: cell.value for row in written.iter_rows() for cell in row if cell.value is not None},
        {cell.coordinate: cell.value for row in shown.iter_rows() for cell in row if cell.value is not None},
    )


def worked_out(formula: str, cells: dict[str, Any]) -> Decimal:
    """What a formula of ours gives: sums, differences and references, rounded."""
    match = re.fullmatch(r"=ROUND\((.*),(\d)\)", formula)
    assert match, formula

    def value(reference: str) -> Decimal:
        held = cells.get(reference, 0)
        return worked_out(held, cells) if isinstance(held, str) and held.startswith("=") else D(str(held))

    def total(span: re.Match[str]) -> str:
        column, first, last = span[1], int(span[2]), int(span[3])
        return str(sum((value(f"{column}{row}") for row in range(first, last + 1)), D(0)))

    terms = re.findall(r"[+-]?[^+-]+", re.sub(r"SUM\(([A-Z])(\d+):[A-Z](\d+)\)", total, match[1]).replace("+-", "-"))
    result = D(0)
    for term in terms:
        bare = term.lstrip("+-")
        amount = value(bare) if bare[0].isalpha() else D(bare)
        result += -amount if term.startswith("-") else amount
    return result.quantize(D(1).scaleb(-int(match[2])))


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("count", [0, 1, 17])
def test_formulas_of_the_workbook_give_what_the_ledger_says(style: str, count: int) -> None:
    part = section(style, count)
    letter = render(statement("en", style, sections=(part,)), "xlsx")
    written, shown = sheet_values(letter, "USD")
    formulas = {place: text for place, text in written.items() if isinstance(text, str) and text.startswith("=")}
    assert len(formulas) >= (1 if count == 0 else count + 4 if style == "activity" else 4)
    for place, formula in formulas.items():
        assert worked_out(formula, written) == D(str(shown[place])), (place, formula)
    assert part.closing in [D(str(shown[place])) for place in formulas]


def test_cells_of_the_workbook_have_types_and_formats() -> None:
    letter = render(statement("vi", sections=(in_vnd("open-item", 2),)), "xlsx")
    sheet = load_workbook(io.BytesIO(letter.content))["VND"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    amounts = [cell for cell in cells if cell.data_type == "n" and cell.number_format == "#,##0"]
    dates = [cell for cell in cells if cell.is_date]
    assert D(123456000000) in [cell.value for cell in amounts]
    assert {cell.number_format for cell in dates} == {"dd/mm/yyyy"}
    assert datetime.datetime(2025, 12, 1) in [cell.value for cell in dates]  # noqa: DTZ001 - a day of a sheet has no zone


def test_the_workbook_has_a_sheet_for_each_currency_and_runs_the_readers_way() -> None:
    sections = (section(currency="USD"), section(currency="KWD", digits=3))
    book = load_workbook(io.BytesIO(render(statement("ar", sections=sections), "xlsx").content))
    assert book.sheetnames == ["USD", "KWD"]
    assert all(sheet.sheet_view.rightToLeft for sheet in book)
    assert any(cell.number_format == "#,##0.000" for row in book["KWD"].iter_rows() for cell in row)
    assert not load_workbook(io.BytesIO(render(statement("en"), "xlsx").content))["USD"].sheet_view.rightToLeft


@pytest.mark.parametrize(("digits", "exact"), [(15, True), (16, False)])
def test_amounts_that_a_spreadsheet_would_round_are_texts(digits: int, exact: bool) -> None:
    amount = D("1" * digits)
    line = StatementLine(AS_OF, "invoice", "INV-1", AS_OF, "", amount, None, amount, D(0))
    part = Section("VND", 0, None, (line,), amount, (AgingCell(None, 0, amount),), D(0), D(0))
    letter = render(statement(sections=(part,)), "xlsx")
    written, _ = sheet_values(letter, "VND")
    assert (str(amount) in written.values()) == (not exact)
    assert (int(amount) in written.values()) == exact
    assert len(letter.warnings) == (0 if exact else 1)
    assert any(str(value).startswith("=") for value in written.values()) == exact


def test_the_workbook_of_a_customer_who_owes_nothing_says_so() -> None:
    book = load_workbook(io.BytesIO(render(statement("zh", count=0), "xlsx").content))
    (sheet,) = book.worksheets
    assert "无未结余额" in [cell.value for row in sheet.iter_rows() for cell in row]


def test_the_workbook_carries_no_moment_of_its_making() -> None:
    with zipfile.ZipFile(io.BytesIO(render(statement(), "xlsx").content)) as archive:
        assert {entry.date_time[:3] for entry in archive.infolist()} == {(1980, 1, 1)}
        assert b"2026-03-31T00:00:00Z" in archive.read("docProps/core.xml")


# --- Many letters ----------------------------------------------------------------------------------------------------


def many(count: int) -> Iterator[Statement]:
    """Statements of as many customers."""
    for number in range(count):
        part = section(scale=D(number + 1))
        company = COMPANY._replace(pay_to=MappingProxyType({"": "Bank"}), note=MappingProxyType({}))
        yield statement(sections=(part,), code=f"C-{number:04d}", company=company)


def digest(letters: Iterable[tuple[int, Letter]]) -> list[tuple[int, str]]:
    return [(position, hashlib.sha256(letter.content).hexdigest()) for position, letter in letters]


@pytest.mark.parametrize("format", ["html", "pdf"])
def test_two_workers_make_the_same_letters_in_the_same_order_as_none(format: str) -> None:
    count = WORTH_WORKERS + 40
    alone = digest(render_all(many(count), format, workers=1))
    assert [position for position, _ in alone] == list(range(count))
    assert digest(render_all(many(count), format, workers=2)) == alone


def test_a_few_letters_start_no_workers() -> None:
    letters = render_all(many(3), "html", workers=8)
    next(letters)
    assert multiprocessing.active_children() == []
    assert len(list(letters)) == 2


def test_no_letters_are_no_letters() -> None:
    assert list(render_all([], "pdf", workers=2)) == []


def test_a_worker_that_dies_is_replaced_and_no_letter_is_lost() -> None:
    count = WORTH_WORKERS * 4
    letters = render_all(many(count), "html", workers=2)
    made = [next(letters)]
    for worker in multiprocessing.active_children():
        worker.kill()
    made.extend(letters)
    assert digest(made) == digest(render_all(many(count), "html", workers=1))


class Deadly(str):
    """A text that ends the process which receives it."""

    __slots__ = ()

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (1,)


def test_a_statement_that_costs_two_workers_their_lives_is_named_and_all_before_it_are_made() -> None:
    statements = list(many(WORTH_WORKERS * 2))
    doomed = 20
    statements[doomed] = statement(code="C-DOOM", name=Deadly("x"))
    letters = render_all(statements, "html", workers=2)
    made = digest(itertools.islice(letters, doomed))
    assert made == digest(render_all(many(doomed), "html", workers=1))
    with pytest.raises(LetterError, match="customer 'C-DOOM' ended its worker twice"):
        next(letters)
    assert multiprocessing.active_children() == []


def test_statements_are_taken_only_as_fast_as_letters_are_made() -> None:
    taken = 0

    def counted() -> Iterator[Statement]:
        nonlocal taken
        for one in many(2000):
            taken += 1
            yield one

    letters = render_all(counted(), "html", workers=2)
    next(letters)
    assert taken < 300
    letters.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, GeneratorExit])
def test_an_interruption_stops_the_workers(interruption: type[BaseException]) -> None:
    letters = render_all(many(WORTH_WORKERS * 4), "html", workers=2)
    next(letters)
    assert multiprocessing.active_children() != []
    with pytest.raises(interruption):
        letters.throw(interruption())  # type: ignore[attr-defined]
    assert multiprocessing.active_children() == []


def test_an_error_in_a_worker_reaches_the_sender_in_its_own_words(folder: Path) -> None:
    (folder / "own.typ").write_text("#nonsense\n")
    broken = COMPANY._replace(template=str(folder / "own.typ"))
    letters = render_all((statement(company=broken) for _ in range(WORTH_WORKERS)), "pdf", workers=2)
    with pytest.raises(LetterError, match=r"own\.typ:1: .*unknown variable: nonsense"):
        next(letters)
    assert multiprocessing.active_children() == []


def test_a_statement_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(statement())) == statement()  # noqa: S301 - our own bytes


# --- File names ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("C-0042", "C-0042-2026-03-31"),
        ("HanoiTower", "HanoiTower-2026-03-31"),
        ("../../etc/passwd", "etc-passwd-2026-03-31"),
        ("A/B\\C:D", "A-B-C-D-2026-03-31"),
        ("-rf", "rf-2026-03-31"),
        (".hidden", "hidden-2026-03-31"),
        ("", "customer-2026-03-31"),
        ("/// ", "customer-2026-03-31"),
        ("con.tract", "_con.tract-2026-03-31"),
        ("AUX", "_AUX-2026-03-31"),
        ("a\u202egpj.exe", "agpj.exe-2026-03-31"),
        ("Tháp Hà Nội", "Tháp-Hà-Nội-2026-03-31"),
        ("上海", "上海-2026-03-31"),
    ],
)
def test_a_customers_code_becomes_a_safe_file_name(code: str, name: str) -> None:
    assert filename(statement(code=code)) == name


@given(st.text(max_size=300))
def test_a_file_name_is_safe_whatever_the_code(code: str) -> None:
    name = filename(statement(code=code))
    assert not re.search(r"""[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\s]""", name)
    assert name not in (".", "..")
    assert name[0] not in "-."
    assert len(f"{name}-99999.xlsx".encode()) < 255
    assert filename(statement(code=code)) == name


def test_long_codes_stay_different() -> None:
    assert filename(statement(code="x" * 500)) != filename(statement(code="x" * 501))


@given(st.lists(st.text(alphabet="aA/:é\u0301e", max_size=3), max_size=12))
@example(["a", "A", "a-2", "a"])
def test_distinct_file_names_differ_on_every_file_system(codes: list[str]) -> None:
    names = distinct_filenames([statement(code=code) for code in codes], "pdf")
    assert len(names) == len(codes)
    assert len({name.casefold() for name in names}) == len(names)
    assert all(name.endswith(".pdf") for name in names)


# --- The package -----------------------------------------------------------------------------------------------------


def test_importing_the_package_imports_none_of_its_large_libraries() -> None:
    told = run_python(
        """
        import sys, json
        import receivables.letters, receivables.letters.bulk
        print(json.dumps([name for name in ("babel", "typst", "xlsxwriter", "fontTools") if name in sys.modules]))
        """
    )
    assert json.loads(told) == []


def test_an_unknown_format_is_refused() -> None:
    with pytest.raises(ValueError, match='"docx" is none of pdf, html, xlsx'):
        render(statement(), "docx")
