"""The command `bean-ar bank`: lines of statements in every format, problems with file and place, exit statuses."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from pathlib import Path
from typing import Any, Final

import openpyxl
import pytest
from click.testing import CliRunner, Result
from tests.test_docs import compare, follow

from bean_ar.main import COMMANDS, main
from receivables.faces import FACES
from receivables_importers.bank import COLUMNS
from receivables_importers.bank.profiles import FIELDS, KEYS

FILES: Final = Path(__file__).parent / "bank"
RHEIN: Final = str(FILES / "rhein.camt053.xml")
PAGE: Final = Path(__file__).parents[1] / "docs" / "bank.md"


def run(*arguments: str, **environment: str) -> Result:
    result = CliRunner().invoke(main, ["bank", *arguments], env={"COLUMNS": "120", **environment})
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def rows(*arguments: str, **environment: str) -> list[dict[str, Any]]:
    result = run(*arguments, "--format", "json", **environment)
    found: list[dict[str, Any]] = json.loads(result.stdout)["rows"]
    return found


@pytest.mark.parametrize("format", FACES)
def test_every_format_has_every_line(format: str, tmp_path: Path) -> None:
    """Table, CSV, JSON, XLSX and HTML."""
    output = tmp_path / f"lines.{format if format != 'table' else 'txt'}"
    result = run(RHEIN, "--format", format, "--output", str(output))
    assert (result.exit_code, result.output) == (0, "")
    data = output.read_bytes()
    if format == "xlsx":
        sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
        text = " ".join(str(cell.value) for row in sheet.iter_rows() for cell in row)
    else:
        text = data.decode()
    assert text.count("Maintenance March") == 3
    assert "Hà Nội Tower" in text
    if format == "csv":
        names = next(csv.reader(io.StringIO(text)))
        assert names == [column.name for column in COLUMNS]


def test_several_files_and_a_condition() -> None:
    """Lines that stand in several files are shown once; conditions are on columns."""
    files = [RHEIN, str(FILES / "rhein.camt052.xml"), str(FILES / "mill.mt940.sta")]
    assert len(rows(*files)) == 7 + 6
    assert [row["amount"] for row in rows(*files, "--where", "type=fee")] == ["-12.50", "-4.90"]
    assert "2 lines stand in more than one place" in run(*files).output


def test_the_table_fits_a_terminal() -> None:
    """A row a line, amounts whole, and what the statement adds up to."""
    lines = run(RHEIN).stdout.splitlines()
    assert max(map(len, lines)) <= 120
    assert sum("Maintenance March" in line for line in lines) == 3
    assert "opening 1,000.00, closing 4,105.50: they agree" in " ".join(line.strip() for line in lines)


def test_problems_with_file_and_place() -> None:
    """Errors end with status 1, and the lines are shown all the same; notes only with --all-problems."""
    path = str(FILES / "lagoon.ofx")
    result = run(path)
    assert result.exit_code == 1
    assert "2,150.00" in result.stdout
    assert 'lagoon.ofx:23: error: the transaction cannot be read: DTPOSTED "soon" is no date' in result.stderr
    assert run(RHEIN).stderr == ""
    assert "note: 1 entry is pending (status PDNG), not booked: left out" in run(RHEIN, "--all-problems").stderr


def test_a_gap_is_a_warning(tmp_path: Path) -> None:
    """The lines come, the amount of the gap is said, and the status is 0."""
    path = tmp_path / "gap.xml"
    path.write_text(Path(RHEIN).read_text().replace("4105.50", "4105.00"))
    result = run(str(path))
    assert (result.exit_code, result.stdout.count("Maintenance March")) == (0, 3)
    assert "warning: statement 44 does not add up" in result.stderr
    assert "a gap of -0.50 EUR" in result.stderr


def test_profiles(tmp_path: Path) -> None:
    """By file, by folder, by the name of a known bank, and beside the ledger of the environment."""
    path = str(FILES / "my-bank.csv")
    assert "no profile knows this table" in run(path).stderr
    assert len(rows(path, "--profile", str(FILES / "my-bank.toml"))) == 2
    (tmp_path / "bank-profiles").mkdir()
    (tmp_path / "bank-profiles" / "my-bank.toml").write_text((FILES / "my-bank.toml").read_text())
    assert len(rows(path, "--profile", str(tmp_path / "bank-profiles"))) == 2
    assert len(rows(path, BEANCOUNT_FILE=str(tmp_path / "main.beancount"))) == 2
    assert len(rows(str(FILES / "vietcombank.csv"), "--profile", "vietcombank")) == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing.xml"], "does not exist"),
        ([RHEIN, "--profile", "no-such-bank"], 'there is no profile "no-such-bank"'),
        ([RHEIN, "--where", "colour=red"], 'no column is called "colour" (columns: booked,'),
        ([RHEIN, "--format", "pdf"], "Invalid value for '--format'"),
    ],
)
def test_wrong_usage(arguments: list[str], message: str) -> None:
    """Status 2, and what is valid."""
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.replace("│", " ").split())


def test_text_of_a_statement_does_nothing_to_the_terminal(tmp_path: Path) -> None:
    """Neither in the table nor in the messages."""
    (tmp_path / "evil.csv").write_text(
        "Date,Description,Amount,Currency\n2026-03-05,\x1b[2Jx,1.00,EUR\n5,\x1b]0;,x,EUR\n"
    )
    result = run(str(tmp_path / "evil.csv"))
    assert "\x1b" not in result.output
    formulas = tmp_path / "formula.csv"
    formulas.write_text('Date,Description,Amount,Currency\n2026-03-05,"=HYPERLINK(""x"")",1.00,EUR\n')
    assert "'=HYPERLINK" in run(str(formulas), "--format", "csv").stdout


def test_help() -> None:
    """Examples and every column."""
    text = run("--help").output
    assert "bean-ar bank march.sta april.sta" in text
    assert all(column.name in text for column in COLUMNS)


def test_the_profile_of_the_help_is_one(tmp_path: Path) -> None:
    """Who has no page at hand copies it from there; a table that nobody knows points to it."""
    table = tmp_path / "table.csv"
    table.write_text(
        "Date;Name;Purpose;Out;In;Balance\n31.03.2026;Seebad;INV-7;;1.785,00;2.000,00\nTotal;;;;1.785,00;\n"
    )
    assert "bean-ar bank --help shows one" in run(str(table)).stderr
    shown = run("--help").output.partition("A profile, ")[2].partition("\n\n")[0].splitlines()[1:]
    own = tmp_path / "own.toml"
    own.write_text("\n".join(shown))
    result = run(str(table), "--profile", str(own), "--format", "csv")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "2026-03-31,1785.00,EUR,,Seebad INV-7" in result.stdout


def test_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows docs/bank.md sees what it shows."""
    monkeypatch.setitem(COMMANDS, "bank", "bean_ar.bank")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    compare(PAGE, follow(PAGE, tmp_path, {"COLUMNS": "100"}))


def test_the_page_explains_every_key_and_column() -> None:
    """Each key of a profile and each field of its columns, and every format."""
    page = PAGE.read_text("utf-8")
    for word in (*KEYS, *FIELDS):
        assert f"`{word}`" in page, word
    for format in ("camt.052", "camt.053", "camt.054", "MT940", "MT942", "OFX", "QFX", "BAI2", "CSV", "XLSX", "XLS"):
        assert format in page, format
