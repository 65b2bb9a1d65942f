"""The documentation is true: its ledgers load, its commands give the output shown, its tables are those of the code.

Fenced blocks in docs/*.md and README.md say what to do with them:

    ```beancount file=NAME     appended to the file NAME of the page's folder (csv and toml likewise)
    ```console                 `$ command` and its output, run in that folder; `exit=1` when it ends with that
    ```beancount               a ledger behind the page's prelude (```beancount prelude); `text` blocks that
                               follow say what comes of it, the question in their first line

`DOCS_UPDATE=1 pytest tests/test_docs.py` writes what came out into the pages, for a person to review.
"""

from __future__ import annotations

import datetime
import difflib
import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from beancount.scripts.check import main as bean_check
from beanquery.shell import main as bean_query
from click.testing import CliRunner

from bean_ar.main import main as bean_ar
from receivables.bql import TABLE_NAMES
from receivables.facts import KINDS, TAGGED_KINDS
from receivables.language import configuration, events, movements
from receivables.letters.model import Company, Debtor
from receivables.loading import Loaded, load_book
from receivables.problems import CATALOGUE, Problem
from receivables.relations import RELATIONS, aging, evaluate
from receivables.relations.question import Question, read_condition
from receivables.report import Column, Report
from receivables.rules.aging import Aging
from receivables.rules.forms import FORMS
from receivables.rules.terms import FORMS as TERMS_FORMS
from receivables.rules.terms import parse_terms, schedule
from receivables.settings import DEFAULT_ROLES
from receivables.statements import company_of, debtor_of

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
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
def quiet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Mapping[str, str]:
    """The environment of the pages: 100 columns, no cache of another run."""
    for name in ("NO_COLOR", "BEANCOUNT_FILE", "RECEIVABLES_AS_OF"):
        monkeypatch.delenv(name, raising=False)
    return {"COLUMNS": "100", "BEAN_AR_CACHE": str(tmp_path / "cache")}


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
