"""The documentation is true: its ledgers load, its commands give the output shown, its tables are those of the code.

Fenced blocks in docs/*.md and README.md say what to do with them:

    ```beancount file=NAME     appended to the file NAME of the page's folder (csv and toml likewise)
    ```console                 `$ command` and its output, run in that folder; `exit=1` when it ends with that
    ```beancount               a ledger behind the page's prelude (```beancount prelude); `text` blocks that
                               follow say what comes of it, the question in their first line

`DOCS_UPDATE=1 pytest tests/test_docs.py` writes what came out into the pages, for a person to review.
"""

from __future__ import annotations

import ast
import datetime
import difflib
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from beancount.scripts.check import main as bean_check
from beanquery.shell import main as bean_query
from click.testing import CliRunner

from bean_ar.main import main as bean_ar
from receivables.bql import TABLE_NAMES
from receivables.faces import FACES, render
from receivables.facts import KINDS, TAGGED_KINDS
from receivables.language import configuration, events, movements
from receivables.loading import Loaded, load_book
from receivables.problems import CATALOGUE
from receivables.relations import RELATIONS, aging, evaluate
from receivables.relations.question import Question, read_condition
from receivables.report import Column, Report
from receivables.rules.aging import Aging
from receivables.rules.forms import FORMS
from receivables.rules.numbering import DEFAULT_NUMBERING
from receivables.rules.terms import FORMS as TERMS_FORMS
from receivables.rules.terms import parse_terms, schedule
from receivables.settings import DEFAULT_ROLES
from receivables.statements import company_of, debtor_of
from receivables.view import view

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
RULES = sorted((DOCS / "rules").glob("*.md"))
UPDATE = bool(os.environ.get("DOCS_UPDATE"))
FENCE = re.compile(r"^(`{3,})([^\n`]*)\n(.*?)^\1[ \t]*$", re.MULTILINE | re.DOTALL)
COMMANDS = {"bean-ar": bean_ar, "bean-check": bean_check, "bean-query": bean_query}


# Reading a page


class Block(NamedTuple):
    """One fenced block: its language, the words after it, its text, and where the text stands in the page."""

    language: str
    words: Mapping[str, str]
    body: str
    start: int
    line: int


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    found = []
    for match in FENCE.finditer(page):
        language, *words = match[2].split() or [""]
        pairs = (word.partition("=") for word in words)
        found.append(
            Block(
                language,
                {key: value for key, _, value in pairs},
                match[3],
                match.start(3),
                page.count("\n", 0, match.start()) + 1,
            )
        )
    return found


def compare(path: Path, found: Sequence[tuple[Block, str]]) -> None:
    """Each block must have the text beside it; with DOCS_UPDATE it is given that text."""
    if UPDATE:
        page = path.read_text("utf-8")
        for block, text in sorted(found, key=lambda pair: -pair[0].start):
            page = page[: block.start] + text + page[block.start + len(block.body) :]
        path.write_text(page, "utf-8")
        return
    for block, text in found:
        difference = "\n".join(difflib.unified_diff(block.body.splitlines(), text.splitlines(), "page", "came", n=9))
        assert block.body == text, f"{path.name}, block at line {block.line}:\n{difference}"


# Commands and what they print


def run(line: str, folder: Path, environment: Mapping[str, str]) -> tuple[str, int]:
    """What a command line prints on a terminal 100 columns wide, and its exit status."""
    words = shlex.split(line)
    set_here = {}
    while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
        name, _, value = words.pop(0).partition("=")
        set_here[name] = value
    command = COMMANDS.get(words[0])
    if command is None:
        done = subprocess.run(
            ["/bin/sh", "-c", line], cwd=folder, capture_output=True, text=True, check=False, timeout=60
        )
        return done.stdout + done.stderr, done.returncode
    result = CliRunner().invoke(command, words[1:], prog_name=words[0], env={**environment, **set_here})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    text = "".join(f"{line.rstrip()}\n" for line in result.output.splitlines())
    return text, result.exit_code


def console(block: Block, folder: Path, environment: Mapping[str, str]) -> str:
    """A console block with the output that its commands really give."""
    told = []
    status = 0
    for line in block.body.splitlines():
        if line.startswith("$ "):
            output, status = run(line[2:], folder, environment)
            told.append(f"{line}\n{output}")
    assert status == int(block.words.get("exit", "0")), f"block at line {block.line} ends with {status}:\n{told[-1]}"
    return "".join(told)


@pytest.fixture
def quiet(monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """The environment of the pages: 100 columns, no colours."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    return {"COLUMNS": "100"}


def follow(path: Path, folder: Path, environment: Mapping[str, str]) -> list[tuple[Block, str]]:
    """Do what a page says: write its files, run its commands. Gives each console block with its true text."""
    found = []
    for block in blocks(path.read_text("utf-8")):
        if "file" in block.words:
            target = folder / block.words["file"]
            before = target.read_text("utf-8") + "\n" if target.exists() else ""
            target.write_text(before + block.body, "utf-8")
        elif block.language == "console":
            found.append((block, console(block, folder, environment)))
    return found


def test_tutorial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Mapping[str, str]) -> None:
    """Who follows the tutorial sees what it shows."""
    folder = tmp_path / "northgate"
    folder.mkdir()
    monkeypatch.chdir(folder)
    compare(DOCS / "tutorial.md", follow(DOCS / "tutorial.md", folder, quiet))


COMPANY_PAGES = [
    "README.md", "docs/reports.md", "docs/statements.md", "ledger/README.md",
    *(f"docs/rules/{path.name}" for path in RULES),
]  # fmt: skip


@pytest.mark.parametrize("page", COMPANY_PAGES)
def test_commands_on_the_example_company(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Mapping[str, str]
) -> None:
    """The commands of these pages, run beside the example company, print what the pages show."""
    (tmp_path / "ledger").symlink_to(ROOT / "ledger")
    monkeypatch.chdir(tmp_path)
    compare(ROOT / page, follow(ROOT / page, tmp_path, quiet))


# Examples of the language and of problems


def prelude(page: Sequence[Block]) -> str:
    """The lines that stand before every example of a page."""
    (found,) = (block.body for block in page if "prelude" in block.words)
    return found


def examples(path: Path) -> Iterator[tuple[str, Block, list[Block]]]:
    """The examples of a page: the prelude, the ledger, and the blocks that say what comes of it."""
    page = blocks(path.read_text("utf-8"))
    before = prelude(page)
    for position, block in enumerate(page):
        if block.language == "beancount" and "prelude" not in block.words:
            outcomes = []
            for following in page[position + 1 :]:
                if following.language != "text":
                    break
                outcomes.append(following)
            yield before, block, outcomes


def load(text: str, folder: Path) -> Loaded:
    """The ledger of an example, with an empty file for every paper that it names, beside the ready policies."""
    path = folder / "main.beancount"
    path.write_text(text, "utf-8")
    (folder / "policies").symlink_to(ROOT / "ledger" / "policies")
    for name in re.findall(r'^\S+ document \S+ "([^"]*)"', text, re.MULTILINE):
        (folder / name).touch()
    return load_book(path)


def problems(loaded: Loaded, folder: Path) -> list[str]:
    """Everything that is wrong or odd, as `bean-ar` says it, without file and line."""
    found = [f"error: {error.message}" for error in loaded.errors]
    found += [f"{item.severity}: {item.message}" for item in loaded.book.problems]
    return [text.replace(f"{folder}{os.sep}", "") for text in found]


def aligned(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool]) -> str:
    """A table in plain text."""
    widths = [max(len(row[column]) for row in (header, *rows)) for column in range(len(header))]
    lines = [
        "  ".join(
            text.rjust(width) if to_right else text.ljust(width)
            for text, width, to_right in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in (header, *rows)
    ]
    return "".join(f"{line}\n" for line in lines)


def cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        return f"{value:,}"
    if isinstance(value, tuple):
        return ", ".join(map(cell, value)) or "-"
    return str(value)


def table_of(report: Report, names: Sequence[str]) -> str:
    """These columns of a report, amounts with their currency."""
    positions = [report.position(name) for name in names]
    rows = []
    for row in report.rows:
        texts = []
        for position in positions:
            column = report.columns[position]
            text = cell(row[position])
            if column.money and column.money not in names and row[position] is not None:
                text += f" {row[report.position(column.money)]}"
            texts.append(text)
        rows.append(texts)
    right = [report.columns[position].type in (Decimal, int) for position in positions]
    return aligned(names, rows, right) if rows else "nothing\n"


def described(fields: Mapping[str, Any]) -> list[str]:
    """What a record of a letter says, a line a field; line breaks as " | "."""
    told = []
    for field, value in fields.items():
        for key, text in value.items() if isinstance(value, dict) else [("", value)]:
            if text:
                name = f"{field}[{key}]:" if key else f"{field}:"
                told.append(f"{name:<13}{text.replace(chr(10), ' | ')}")
    return told


def problems_told(loaded: Loaded, question: str, folder: Path) -> str:
    """What is wrong with an example, as `bean-ar` or as `bean-check` says it."""
    if question == "problems":
        return "".join(f"{line}\n" for line in [question, *problems(loaded, folder)])
    result = CliRunner().invoke(bean_check, [str(folder / "main.beancount")])
    told = [line for line in result.output.replace(f"{folder}{os.sep}", "").splitlines() if line.strip()]
    return "".join(f"{line}\n" for line in [question, *(line for line in told if line[0] != " ")])


def problems_of(loaded: Loaded, question: str, relation: str, day: str) -> str:
    """What is found wrong while a relation is made."""
    found = evaluate(loaded.book, relation, datetime.date.fromisoformat(day)).problems
    return "".join(f"{line}\n" for line in [question, *(f"{item.severity}: {item.message}" for item in found)])


QUESTION = re.compile(r"(\w+) on (\S+)((?: (?:by|in|where|from) \S+)*)")


def outcome(block: Block, loaded: Loaded, folder: Path) -> str:
    """What comes of an example, for the question in the first line of the block."""
    question, *rest = block.body.splitlines()
    names = rest[0].split() if rest else []
    if question in ("problems", "bean-check"):
        return problems_told(loaded, question, folder)
    if told := re.fullmatch(r"problems of (\w+) on (\S+)", question):
        return problems_of(loaded, question, told[1], told[2])
    if question == "events":
        rows = [[cell(getattr(event, name) or None) for name in names] for event in loaded.book.events]
        return f"{question}\n{aligned(names, rows, [False] * len(names))}"
    if question.startswith("addressee "):
        fields = debtor_of(loaded.book, question.removeprefix("addressee "))._asdict()
        return "".join(f"{line}\n" for line in [question, *described(fields)])
    if letter := re.fullmatch(r"letterhead for (\S+) on (\S+)", question):
        company = company_of(loaded.book, letter[1], datetime.date.fromisoformat(letter[2]))
        told = [line.replace(f"{folder.resolve()}{os.sep}", "") for line in described(company._asdict())]
        return "".join(f"{line}\n" for line in [question, *told])
    asked = QUESTION.fullmatch(question)
    assert asked, f"block at line {block.line}: no such question: {question}"
    words = asked[3].split()
    of = dict(zip(words[::2], words[1::2], strict=True))
    report = evaluate(
        loaded.book,
        asked[1],
        datetime.date.fromisoformat(asked[2]),
        Question(
            where=(read_condition(of["where"]),) if "where" in of else (),
            by=(of["by"],) if "by" in of else (),
            currency=of.get("in"),
            period_from=datetime.date.fromisoformat(of["from"]) if "from" in of else None,
        ),
    )
    return f"{question}\n{table_of(report, names)}"


def check_examples(path: Path, folder: Path) -> int:
    """Every example of a page says what comes of it, and has no problem that it does not show."""
    found = []
    for before, block, outcomes in examples(path):
        where = f"{path.name}, example at line {block.line}"
        assert outcomes or "prose" in block.words, f"{where}: says nothing of what comes of it"
        here = folder / str(block.line)
        here.mkdir()
        loaded = load(f"{before}\n{block.body}", here)
        shown = any(re.match("problems\n|bean-check\n", other.body) for other in outcomes)
        assert shown or not problems(loaded, here), where
        found += [(other, outcome(other, loaded, here)) for other in outcomes]
    compare(path, found)
    return len(found)


def test_examples_of_the_language(tmp_path: Path) -> None:
    """Every example of the language gives what the page says."""
    assert check_examples(DOCS / "language.md", tmp_path) > 35


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_examples_of_the_rules(path: Path, tmp_path: Path) -> None:
    """Every example of a rule gives what its page says."""
    assert check_examples(path, tmp_path) > 1


# Tables that come from the code


MARK = re.compile(r"^<!-- table ([^\n]*?) -->\n\n((?:\|[^\n]*\n)*)", re.MULTILINE)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(text.replace("|", "\\|") for text in line) + " |\n" for line in lines)


def policy_table(subject: str) -> str:
    form = FORMS[subject]
    rows = [[f"`{key}`", how.expected, how.about] for key, how in form.keys.items()]
    rows += [[f"`{key}…`", how.expected, how.about] for key, how in form.families.items()]
    return markdown(["Key", "Write", "Meaning"], rows)


def numbering_table() -> str:
    assert FORMS["numbering"].keys.keys() == DEFAULT_NUMBERING.keys()
    rows = [[f"`{kind}`", ", ".join(begin)] for kind, begin in DEFAULT_NUMBERING.items()]
    return markdown(["Key and kind", "Numbers begin with"], rows)


def terms_table(texts: Sequence[str]) -> str:
    """What payment terms make of an invoice of 30 January 2026 over 1,000.00 USD."""
    rows = []
    for text in texts:
        parts = schedule(parse_terms(text), datetime.date(2026, 1, 30), Decimal(1000), 2, "USD")
        told = [
            f"{part.due}" + (f": {part.amount:,.2f}" + (" retention" if part.kind else "") if len(parts) > 1 else "")
            for part in parts
        ]
        discount = parse_terms(text).discount
        if discount is not None:
            told.append(f"{discount.rate} % less within {discount.days} days")
        rows.append([f"`{text}`", "; ".join(told)])
    return markdown(["Terms", "Due"], rows)


TYPES: Mapping[type, str] = {
    str: "text",
    int: "whole number",
    bool: "yes or no",
    Decimal: "number",
    datetime.date: "date",
}


def columns_of(relation: str) -> Sequence[Column]:
    """The columns of a relation; aging's under the default policy."""
    if relation == "aging":
        return aging.columns_for(Aging())
    columns: Sequence[Column] = import_module(f"receivables.relations.{relation}").COLUMNS
    return columns


def relation_table(relation: str) -> str:
    rows = [
        [f"`{column.name}`", f"amount in `{column.money}`" if column.money else TYPES[column.type], column.about]
        for column in columns_of(relation)
    ]
    return markdown(["Column", "Type", "Meaning"], rows)


def explained_at(relation: str) -> str:
    """Where a relation is explained, as a link from docs/reports.md: the heading above its table of columns."""
    for path in (DOCS / "reports.md", *RULES):
        before, mark, _ = path.read_text("utf-8").partition(f"<!-- table relation {relation} -->")
        if mark:
            heading = re.findall(r"^#+ (.*)$", FENCE.sub("", before), re.MULTILINE)[-1]
            page = "" if path.parent == DOCS else f"rules/{path.name}"
            return f"{page}#{anchor_of(heading)}"
    pytest.fail(f"no page has the columns of {relation}: <!-- table relation {relation} -->")


def relations_table() -> str:
    rows = [
        [f"[{name}]({explained_at(name)})", f"`#{TABLE_NAMES[name]}`", relation.about]
        for name, relation in RELATIONS.items()
    ]
    return markdown(["Report", "Table in BQL", "What it answers"], rows)


def queries_table() -> str:
    rows = [
        [f"`{path.stem}`", path.read_text("utf-8").splitlines()[0].removeprefix("-- ")]
        for path in sorted((ROOT / "queries").glob("*.bql"))
    ]
    return markdown(["Query", "What it answers"], rows)


def modules_table(folder: str) -> str:
    """Each module of a folder with the first line of its text."""
    rows = []
    for path in sorted((ROOT / folder).rglob("*.py")):
        text = ast.get_docstring(ast.parse(path.read_text("utf-8")))
        if text:
            rows.append([f"`{path.relative_to(ROOT / folder)}`", text.splitlines()[0]])
    return markdown(["Module", "What it is"], rows)


def generated(name: str) -> str:
    """The table that a mark asks for."""
    what, _, rest = name.partition(" ")
    makers: Mapping[str, Callable[[], str]] = {
        "policy": lambda: policy_table(rest),
        "numbering": numbering_table,
        "terms": lambda: terms_table(rest.split("; ") if rest else TERMS_FORMS),
        "relation": lambda: relation_table(rest),
        "relations": relations_table,
        "queries": queries_table,
        "modules": lambda: modules_table(rest),
    }
    return makers[what]()


PAGES = sorted([ROOT / "README.md", ROOT / "ledger" / "README.md", *DOCS.glob("*.md"), *RULES])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_tables(path: Path) -> None:
    """The tables that list words or columns of the code are those of the code."""
    page = path.read_text("utf-8")
    if UPDATE:
        page = MARK.sub(lambda mark: f"<!-- table {mark[1]} -->\n\n{generated(mark[1])}{chr(10) * (not mark[2])}", page)
        path.write_text(page, "utf-8")
    for mark in MARK.finditer(page):
        assert mark[2] == generated(mark[1]), f"table {mark[1]}: DOCS_UPDATE=1 writes it anew"


# Every word of the language, and no other


def rows_under(page: str, heading: str) -> list[list[str]]:
    """The rows of the first table below a heading."""
    found = re.search(
        rf"^#+ {re.escape(heading)}\n(?:(?!^#).)*?^\|[^\n]*\n\|[ :|-]+\|\n((?:\|[^\n]*\n)+)",
        page,
        re.MULTILINE | re.DOTALL,
    )
    assert found, heading
    return [[text.strip() for text in line.strip("|\n").split(" | ")] for line in found[1].splitlines(keepends=True)]


def words_under(page: str, heading: str) -> list[str]:
    """The words in code in the first column of the first table below a heading."""
    return [word for row in rows_under(page, heading) for word in re.findall(r"`([^`]+)`", row[0])]


def written(page: str) -> str:
    """All that the examples of a page write."""
    return "".join(block.body for block in blocks(page) if block.language == "beancount")


LANGUAGE = (DOCS / "language.md").read_text("utf-8")
REMINDERS = ("#reminder-1", "#reminder-2")


@pytest.mark.parametrize(
    ("heading", "words"),
    [
        ("Which accounts", DEFAULT_ROLES),
        ("Kinds", [f"#{kind}" for kind in TAGGED_KINDS]),
        ("What happened with a customer", [*(f"#{kind}" for kind in events.EVENT_KINDS), *REMINDERS]),
        ("Metadata on transactions and postings", movements.WORDS),
        ("The directives", configuration.EXAMPLES),
    ],
)
def test_words_of_the_code_are_those_of_the_page(heading: str, words: Sequence[str]) -> None:
    """The page lists the words that the code knows, all and no others, and an example writes each."""
    listed = words_under(LANGUAGE, heading)
    assert sorted(listed) == sorted(words)
    text = written(LANGUAGE)
    for word in listed:
        assert re.search(rf'(?<![\w-])"?{re.escape(word)}(?![\w-])', text), f"no example has {word}"


def test_policies_of_the_code_are_those_of_the_page() -> None:
    """Each policy has a section, here or on the page of its rule, and an example sets each of its keys."""
    pages = LANGUAGE + "".join(path.read_text("utf-8") + "\n## \n" for path in RULES)
    assert sorted(re.findall(r"^### Policy (.*)$", pages, re.MULTILINE)) == sorted(FORMS)
    for subject, form in FORMS.items():
        section = pages[pages.index(f"### Policy {subject}\n") :]
        section = section[: section.index("\n## ") if "\n### " not in section else section.index("\n### ")]
        text = written(section)
        assert f'"receivables-policy" "{subject}"' in text
        for key in form.keys:
            assert key == form.value or f"  {key}: " in text, f"no example sets {key} of {subject}"
        for family in form.families:
            assert f"  {family}" in text


def test_defaults_of_roles() -> None:
    """The default accounts of each role, under Beancount's own names of the roots."""
    roots = {
        "name_assets": "Assets",
        "name_expenses": "Expenses",
        "name_liabilities": "Liabilities",
        "name_income": "Income",
    }
    for name, _, defaults in rows_under(LANGUAGE, "Which accounts"):
        expected = [f"{roots[root]}:{below}" for root, below in DEFAULT_ROLES[name.strip("`")]]
        assert re.findall(r"`([^`]+)`", defaults) == expected


def test_words_of_customers_are_shown_or_used(tmp_path: Path) -> None:
    """Each word of a customer comes back in the relation customers, in a letter, or chooses what is in force."""
    words = words_under(LANGUAGE, "Customers")
    values = {word: f'"{word} of it"' for word in words} | {
        "credit-limit": "5 USD",
        "terms": '"net 30"',
        "penalty": '"none"',
        "entity": '"VN"',
    }
    meta = "".join(f"  {word}: {value}\n" for word, value in values.items())
    loaded = load(
        f'2026-01-01 open Assets:Receivable:X\n{meta}2026-01-01 custom "receivables-policy" "statement" "VN"\n'
        '  company: "chosen by entity VN"\n',
        tmp_path,
    )
    assert problems(loaded, tmp_path) == []
    code = "customer of it"
    day = datetime.date(2026, 1, 31)
    (row,) = evaluate(loaded.book, "customers", day).rows
    shown = [*map(str, row), *debtor_of(loaded.book, code), company_of(loaded.book, code, day).name]
    for word, value in values.items():
        text = value.strip('"').removesuffix(" USD")
        assert any(text in other for other in shown), word


def test_every_kind_is_explained() -> None:
    """The kind that no tag names is explained beside those that one does."""
    assert set(KINDS) - set(TAGGED_KINDS) == {"retention"}
    assert "`retention`" in LANGUAGE


# Problems


ERRORS = DOCS / "errors.md"
NO_EXAMPLE = {"does-not-tie-out", "no-price"}
"""A fault of the program itself, and what is found only when somebody asks: no ledger alone shows them."""


def test_examples_of_problems(tmp_path: Path) -> None:
    """Every example of a problem has that problem, says so in these words, and no other."""
    check_examples(ERRORS, tmp_path)


def test_every_problem_is_explained() -> None:
    """Each problem of the catalogue has a section with its severity and an example."""
    page = ERRORS.read_text("utf-8")
    sections = re.split(r"^### ", page, flags=re.MULTILINE)[1:]
    titles = [section.partition("\n")[0] for section in sections]
    assert sorted(titles) == sorted(f"`{code}` ({form.severity})" for code, form in CATALOGUE.items())
    for title, section in zip(titles, sections, strict=True):
        code = title.split("`")[1]
        if code in NO_EXAMPLE:
            continue
        begin = re.escape(CATALOGUE[code].wrong.partition("{")[0].strip())
        assert "```beancount" in section, code
        said = rf"^(?:{CATALOGUE[code].severity}: |\S+:\d+: ).*{begin}"
        assert re.search(said, section, re.MULTILINE), code


# The page for developers, and links


def test_the_relation_that_the_developers_page_makes() -> None:
    """Its module works as it stands: as a relation, and in every format."""
    path = DOCS / "architecture.md"
    page = blocks(path.read_text("utf-8"))
    (module,) = (block.body for block in page if block.language == "python")
    (shown,) = (block for block in page if block.body.startswith("credit_use on "))
    first, names = shown.body.splitlines()[:2]
    asked = re.fullmatch(r"credit_use on (\S+) where (\S+)", first)
    assert asked
    space: dict[str, Any] = {"__name__": "credit_use"}
    exec(compile(module, "credit_use.py", "exec"), space)  # noqa: S102
    loaded = load_book(ROOT / "ledger" / "main.beancount")
    day = datetime.date.fromisoformat(asked[1])
    seen = view(loaded.book, day)
    over = space["evaluate"](seen, Question(where=(read_condition(asked[2]),)))
    compare(path, [(shown, f"{first}\n{table_of(over, names.split())}")])
    report = space["evaluate"](seen, Question())
    assert 0 < len(over.rows) < len(report.rows)
    for format in FACES:
        assert render(report, format)
    totals = {(row[0], row[2]): row[-1] for row in evaluate(loaded.book, "aging", day).rows}
    assert all(totals[row[0], row[1]] == row[3] for row in report.rows)


def anchor_of(heading: str) -> str:
    """The anchor of one heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", page), re.MULTILINE)
    return {anchor_of(heading) for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    """Every link to a file of the project leads to one, and to a heading of it."""
    page = path.read_text("utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", FENCE.sub("", page)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{path.name}: {target}"
        if anchor:
            assert anchor in anchors(file.read_text("utf-8")), f"{path.name}: {target}"


def test_the_questions_of_the_example_company(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quiet: Mapping[str, str]
) -> None:
    """Every command in the example company's README runs, and shows the figures that stand beside it."""
    (tmp_path / "ledger").symlink_to(ROOT / "ledger")
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "ledger" / "README.md").read_text("utf-8")
    questions = re.split(r"^\d+\. ", text[text.index("## Twelve questions") :], flags=re.MULTILINE)[1:]
    assert len(questions) == 12
    for question in questions:
        commands = [" ".join(found.split()) for found in re.findall(r"`(bean-[^`]*)`", question)]
        assert commands, question
        output = ""
        for command in commands:
            told, status = run(command, tmp_path, {**quiet, "COLUMNS": "200"})
            assert status == 0, told
            output += told
        for amount in re.findall(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.\d\d", question):
            if "rimal.pdf" not in question:
                assert amount in output or amount.replace(",", "") in output, f"{amount}: {output}"
