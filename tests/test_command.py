"""The command as its users meet it: what it answers, how it ends, and what it says when something is wrong."""

from __future__ import annotations

import csv
import ctypes
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from pypdf import PdfReader
from rich.cells import cell_len

from bean_ar.main import main
from receivables import __version__
from receivables.relations import RELATIONS

COMMANDS = sorted(main.list_commands(click.Context(main)))
REPORTS = sorted(name.replace("_", "-") for name in RELATIONS)
OF_THE_BOOK = {"aging", "customers", "documents", "open-items", "settlements", "statement", "tie-out"}
"""The reports that have rows without any policy of a rule."""

LEDGER = """
option "title" "Lift Works"

2025-01-01 open Assets:Receivable:HanoiTower  VND, USD
  customer: "C-0042"
  name: "Công ty CP Hanoi Tower"
  collector: "lan"
  entity: "VN"
  email: "ap@hanoitower.example"
  language: "vi"
2025-01-01 open Assets:Receivable:OldMill  USD
  customer: "C-0007"
  name: "Old Mill Ltd"
  collector: "sok"
  entity: "KH"
2025-01-01 open Assets:Receivable:Paid  USD
  customer: "C-0009"
  name: "Prompt Payers"
2025-01-01 open Assets:Bank
2025-01-01 open Income:Sales

2026-01-31 price USD 25,000 VND

2025-12-01 * "Old Mill" "Repair" ^INV-1
  due: 2025-12-31
  project: "lift-7"
  urgent: TRUE
  Assets:Receivable:OldMill     1,000.00 USD
  Income:Sales

2026-01-10 * "Hanoi Tower" "Maintenance Q1" ^INV-2
  due: 2026-02-09
  Assets:Receivable:HanoiTower  118,800,000 VND
  Income:Sales

2026-01-11 * "Prompt Payers" "Inspection" ^INV-3
  due: 2026-01-11
  Assets:Receivable:Paid        50.00 USD
  Income:Sales

2026-01-12 * "Prompt Payers" "Cash" ^RC-3
  Assets:Bank                   50.00 USD
  Assets:Receivable:Paid       -50.00 USD
    settles: "INV-3"

2026-02-15 * "Old Mill" "Bank transfer" ^RC-1
  Assets:Bank                   400.00 USD
  Assets:Receivable:OldMill    -400.00 USD
    settles: "INV-1"
"""

START = "from bean_ar.main import run; run()"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A small ledger: three customers, two currencies, the last transaction on 15 February 2026."""
    return write(tmp_path / "main.beancount", LEDGER)


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def call(*words: str | Path, environment: Mapping[str, str] | None = None) -> Result:
    """The command in this process; a traceback of it is a traceback of the test."""
    result = CliRunner().invoke(main, [str(word) for word in words], prog_name="bean-ar", env=environment)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def answer(*words: str | Path, status: int = 0) -> str:
    """What the command writes to standard output; the status is `status`."""
    result = call(*words)
    assert result.exit_code == status, result.stderr
    return str(result.stdout)


def refusal(*words: str | Path) -> str:
    """What the command says of wrong usage: status 2, nothing on standard output."""
    result = call(*words)
    assert (result.exit_code, result.stdout) == (2, ""), result.output
    return str(result.stderr)


def process(
    *words: str | Path, prelude: str = "", environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, as a shell starts it; `prelude` runs first."""
    done = subprocess.run(
        [sys.executable, "-c", f"{prelude}\n{START}", *map(str, words)],
        capture_output=True,
        timeout=60,
        check=False,
        env={**os.environ, **(environment or {})},
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def rows(*words: str | Path, status: int = 0) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer(*words, "--format", "csv", status=status), newline="")))


def numbers(ledger: Path, *words: str) -> list[str]:
    """The numbers of the open items that a command line leaves."""
    return sorted(row["number"] for row in rows("open-items", ledger, *words))


def names_in(folder: Path) -> list[str]:
    """What is in a folder, hidden files too."""
    return sorted(path.name for path in folder.iterdir())


# -- help, version, completion ---------------------------------------------------------------------


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_with_an_example(command: str) -> None:
    told = answer(command, "--help")
    assert told == answer(command, "-h")
    assert re.search(rf"^  (.*)bean-ar {command} ", told, re.MULTILINE), "no example of its own"
    assert max(map(len, told.splitlines())) <= 110


def test_the_help_of_all_shows_where_to_begin() -> None:
    told = answer("--help")
    assert "bean-ar aging main.beancount" in told
    assert "Exit status" in told
    assert all(command in told for command in COMMANDS)


@pytest.mark.parametrize("command", [name for name in REPORTS if name != "statement"])
def test_the_help_of_a_report_names_its_columns(command: str, ledger: Path) -> None:
    told = answer(command, "--help")
    header = answer(command, ledger, "--format", "csv").splitlines()[0].split(",")
    assert all(re.search(rf"^ +{name}\b", told, re.MULTILINE) for name in header)


@pytest.mark.parametrize("command", [name for name in REPORTS if name != "statement"])
def test_the_example_in_the_help_works(command: str, ledger: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = re.search(rf"bean-ar ({command} main\.beancount .*)", answer(command, "--help"))
    assert example is not None
    monkeypatch.chdir(ledger.parent)
    words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', example[1])]
    result = call(*words)
    assert result.exit_code == 0, result.stderr


def test_the_version() -> None:
    assert answer("--version") == f"bean-ar, version {__version__}\n"


def test_no_command_shows_the_help_as_wrong_usage() -> None:
    assert "Commands:" in refusal()


def test_an_unknown_command_and_an_unknown_option() -> None:
    assert "did you mean aging?" in refusal("agin")
    assert "--as-off" in refusal("aging", "--as-off", "2026")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_ask_the_command(shell: str) -> None:
    script = answer("completion", shell)
    assert "_BEAN_AR_COMPLETE" in script
    assert "bean-ar" in script


def test_the_completion_of_bash_is_a_script_that_bash_takes() -> None:
    bash = shutil.which("bash")
    if bash is None:
        return
    subprocess.run([bash, "-n"], input=answer("completion", "bash"), text=True, check=True)


def test_completion_completes() -> None:
    asked = {"_BEAN_AR_COMPLETE": "bash_complete", "COMP_WORDS": "bean-ar ag", "COMP_CWORD": "1"}
    assert process(environment=asked).stdout.split() == [b"plain,aging"]
    asked |= {"COMP_WORDS": "bean-ar aging x --for", "COMP_CWORD": "3"}
    assert b"plain,--format" in process(environment=asked).stdout.split()


def test_a_shell_without_completion() -> None:
    assert "'bash', 'zsh', 'fish'" in refusal("completion", "tcsh")


# -- the ledger ------------------------------------------------------------------------------------


def test_without_a_ledger() -> None:
    assert "LEDGER" in refusal("aging")


def test_the_ledger_from_the_environment(ledger: Path) -> None:
    for words in (["aging"], ["query"], ["query", "top-overdue"], ["query", "--format", "csv", "top-overdue"]):
        result = call(*words, environment={"BEANCOUNT_FILE": str(ledger)})
        assert result.exit_code == 0, result.stderr
        assert result.stdout == answer(words[0], ledger, *words[1:])


def test_a_ledger_on_the_command_line_wins_over_the_environment(ledger: Path, tmp_path: Path) -> None:
    other = write(tmp_path / "other.beancount", LEDGER.replace("INV-1", "INV-9"))
    result = call("open-items", other, environment={"BEANCOUNT_FILE": str(ledger)})
    assert "INV-9" in result.stdout
    result = call("query", other, "top-overdue", environment={"BEANCOUNT_FILE": str(ledger)})
    assert "INV-9" in result.stdout


@pytest.mark.parametrize("command", [*REPORTS, "query"])
def test_a_ledger_that_is_not_there_or_a_folder(command: str, tmp_path: Path) -> None:
    assert "does not exist" in refusal(command, tmp_path / "nowhere.beancount")
    assert "is a directory" in refusal(command, tmp_path)


def test_paths_with_spaces_and_letters_of_all_languages(tmp_path: Path) -> None:
    there = write(tmp_path / "Sổ cái 2026 电梯" / "công nợ 'quý 1'.beancount", LEDGER)
    output = tmp_path / "bảng kê المستحقات.csv"
    assert answer("open-items", there, "--output", output) == ""
    assert "INV-1" in output.read_text("utf-8")
    letter = tmp_path / "thư nhắc nợ.pdf"
    answer("statement", there, "--customer", "C-0042", "--output", letter)
    assert letter.read_bytes().startswith(b"%PDF")


def test_a_path_that_is_no_text(ledger: Path, tmp_path: Path) -> None:
    there = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.beancount"))
    done = process("aging", write(there, LEDGER))
    assert (done.returncode, done.stdout) == (1, b"")
    assert rb"caf\xe9.beancount is not in UTF-8, and Beancount cannot read it" in done.stderr
    done = process("aging", ledger, "--output", there.with_suffix(".csv"))
    assert done.returncode == 0
    assert there.with_suffix(".csv").read_bytes().startswith(b"customer,")


def test_a_ledger_from_a_pipe(ledger: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, "open-items", "/dev/stdin", "--format", "csv"],
        input=ledger.read_bytes(), capture_output=True, check=True, timeout=60,
    )  # fmt: skip
    assert b"INV-1" in done.stdout


def test_nothing_depends_on_the_locale(ledger: Path) -> None:
    plain = process("statement", ledger, environment={"LC_ALL": "vi_VN.UTF-8"})
    bare = process("statement", ledger, environment={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"})
    assert (bare.returncode, bare.stdout) == (plain.returncode, plain.stdout)
    assert (
        "Công ty".encode()
        in process(
            "customers", ledger, environment={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}
        ).stdout
    )


# -- status and streams ----------------------------------------------------------------------------

FAULTY = (
    LEDGER
    + """
2026-02-16 * "Old Mill" "For an invoice that nobody wrote" ^RC-2
  Assets:Bank                   5.00 USD
  Assets:Receivable:OldMill    -5.00 USD
    settles: "INV-11"
"""
)


@pytest.mark.parametrize("command", REPORTS)
def test_a_sound_ledger_gives_status_0_and_no_word_on_standard_error(command: str, ledger: Path) -> None:
    result = call(command, ledger)
    assert (result.exit_code, result.stderr) == (0, "")
    assert "2026-02-15" in result.stdout


@pytest.mark.parametrize("command", REPORTS)
def test_a_ledger_with_errors_gives_the_result_the_errors_and_status_1(command: str, tmp_path: Path) -> None:
    there = write(tmp_path / "main.beancount", FAULTY)
    result = call(command, there, "--format", "json")
    assert result.exit_code == 1
    report = json.loads(result.stdout)
    assert report["relation"] == command.replace("-", "_"), "the result holds only the result"
    assert report["rows"] or command not in OF_THE_BOOK
    line = FAULTY.split("\n").index('    settles: "INV-11"')
    assert re.search(rf"main\.beancount:{line}: error: .*INV-11.*nearest is INV-1\b", result.stderr)


def test_warnings_do_not_change_the_status(tmp_path: Path) -> None:
    there = write(tmp_path / "main.beancount", LEDGER.replace("400.00", "1,400.00"))
    result = call("aging", there)
    assert result.exit_code == 0
    assert "warning: RC-1 leaves 400.00 USD on account" in result.stderr


def test_the_problems_of_the_ledgers_folder_are_told_by_their_short_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "main.beancount", FAULTY.replace("^INV-2", "^INV-1"))
    monkeypatch.chdir(tmp_path)
    told = call("aging", "main.beancount").stderr
    assert told.startswith("main.beancount:")
    assert str(tmp_path) not in told


def test_ten_thousand_errors_are_counted_and_fifty_shown(tmp_path: Path) -> None:
    there = write(
        tmp_path / "main.beancount",
        LEDGER
        + "".join(
            f'2026-01-05 * "x" ^OK-{n}\n  due: "soon"\n  Assets:Receivable:OldMill  1 USD\n  Income:Sales\n'
            for n in range(10_000)
        ),
    )
    began = time.monotonic()
    result = call("aging", there, "--format", "json")
    assert time.monotonic() - began < 20
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert len(lines) == 51
    assert all("due: 'soon' is not a date: write it as due: 2026-03-31" in line for line in lines[:50])
    assert lines[-1] == "… and 9,950 more (--all-problems lists them)"
    total = next(row for row in json.loads(result.stdout)["rows"] if row["customer"] == "C-0007")["total"]
    assert total == "10600.00"


def test_all_problems_are_listed_when_asked_for(tmp_path: Path) -> None:
    faulty = '2026-01-05 * "x" ^OK\n  due: "soon"\n  Assets:Receivable:OldMill  1 USD\n  Income:Sales\n'
    there = write(tmp_path / "main.beancount", LEDGER + faulty * 51)
    assert len(re.findall("'soon' is not a date", call("aging", there, "--all-problems").stderr)) == 51


def test_errors_come_before_warnings_in_order_of_the_lines(tmp_path: Path) -> None:
    text = FAULTY.replace("400.00", "1,400.00").replace("^INV-2", "^INV-1")
    told = call("aging", write(tmp_path / "main.beancount", text + 'custom "x" "y"\n')).stderr.splitlines()
    severities = [line.split(": ")[1] for line in told]
    assert severities == sorted(severities), told
    errors = [int(line.split(":")[1]) for line, severity in zip(told, severities, strict=True) if severity == "error"]
    assert errors == sorted(errors)


def test_a_reader_that_has_seen_enough_is_no_failure(example: Path) -> None:
    for words in (["open-items", example, "--format", "csv"], ["--help"]):
        child = subprocess.Popen(
            [sys.executable, "-c", START, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        told = child.stderr.read()
        child.stderr.close()
        assert (child.wait(timeout=60), told) == (0, b"")


def test_a_reader_of_the_problems_that_has_seen_enough(tmp_path: Path) -> None:
    there = write(tmp_path / "main.beancount", FAULTY)
    child = subprocess.Popen(
        [sys.executable, "-c", START, "aging", str(there)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert child.stderr is not None
    assert child.stdout is not None
    child.stderr.close()
    assert b"C-0007" in child.stdout.read()
    child.stdout.close()
    assert child.wait(timeout=60) == 0


@pytest.mark.parametrize("closed", [1, 2])
def test_a_standard_stream_that_is_closed(closed: int, tmp_path: Path) -> None:
    there, output = write(tmp_path / "main.beancount", FAULTY), tmp_path / "aging.csv"
    # As a shell does for `>&-`: the process starts without the stream.
    begin = f"import os, sys; os.close({closed}); os.execv(sys.executable, [sys.executable, '-c', *sys.argv[1:]])"
    done = subprocess.run(
        [sys.executable, "-c", begin, START, "aging", str(there), "--output", str(output)],
        capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert b"Traceback" not in done.stderr
    assert "C-0007" in output.read_text("utf-8")
    assert there.read_text("utf-8") == FAULTY


@pytest.mark.parametrize("words", [["aging"], ["statement", "--customer", "C-0042", "--format", "pdf"], ["query"]])
def test_standard_output_on_a_full_disk(words: Sequence[str], ledger: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", START, words[0], str(ledger), *words[1:]],
            stdout=full, stderr=subprocess.PIPE, timeout=60, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == b"Error: cannot read or write the result: No space left on device\n"


# -- the as-of date --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2026-01-31", "2026-01-31"),
        ("2026-01", "2026-01-31"),
        ("2024-02", "2024-02-29"),
        ("2026-02", "2026-02-28"),
        ("2025", "2025-12-31"),
        ("9999", "9999-12-31"),
        (" 2026-01 ", "2026-01-31"),
    ],
)
def test_ways_to_write_a_day(written: str, day: str, ledger: Path) -> None:
    assert json.loads(answer("aging", ledger, "--as-of", written, "-f", "json"))["as_of"] == day


def test_today_asks_the_clock(ledger: Path) -> None:
    before = time.strftime("%Y-%m-%d")
    day = json.loads(answer("aging", ledger, "--as-of", "TODAY", "-f", "json"))["as_of"]
    assert before <= day <= time.strftime("%Y-%m-%d")


@pytest.mark.parametrize(
    "written",
    ["2026-13", "2026-02-30", "2026-00", "0000", "31.03.2026", "2026/03/31", "yesterday", "", "2026-3", "20260331x"],
)
def test_what_is_no_day(written: str, ledger: Path) -> None:
    assert "write 2026-03-31, 2026-03 for its last day, 2026, or today" in refusal("aging", ledger, "--as-of", written)


def test_without_a_day_it_is_that_of_the_last_transaction_and_never_today(ledger: Path) -> None:
    late = LEDGER + '2026-03-01 note Assets:Receivable:OldMill "Rang" #call\n2027-01-01 price USD 26,000 VND\n'
    ledger.write_text(late, "utf-8")
    assert json.loads(answer("aging", ledger, "-f", "json"))["as_of"] == "2026-02-15"
    assert "as of 2026-02-15" in answer("query", ledger, "top-overdue")


def test_a_ledger_without_transactions_says_so(tmp_path: Path) -> None:
    for text in ("", "; nothing yet\n", 'option "title" "Empty"\n'):
        result = call("aging", write(tmp_path / "main.beancount", text), "-f", "json")
        assert (result.exit_code, result.stderr) == (0, "note: the ledger has no transactions\n")
        assert json.loads(result.stdout)["as_of"] == "1970-01-01"


def test_a_ledger_whose_receivables_have_another_name_is_told_how_to_say_so(tmp_path: Path) -> None:
    text = LEDGER.replace("Assets:Receivable:", "Assets:Debtors:")
    result = call("aging", write(tmp_path / "main.beancount", text))
    assert result.exit_code == 0
    found = re.search(r'add: (2026-02-15 custom "receivables-accounts" "customers") Assets:\.\.\.$', result.stderr)
    assert found is not None
    mended = write(tmp_path / "main.beancount", f"{text}{found[1]} Assets:Debtors\n")
    result = call("aging", mended, "-f", "csv")
    assert (result.stderr, len(result.stdout.splitlines())) == ("", 3)


def test_the_past_is_what_it_was(ledger: Path) -> None:
    assert numbers(ledger, "--as-of", "2025-11-30") == []
    assert numbers(ledger, "--as-of", "2025-12-01") == ["INV-1"]
    assert numbers(ledger, "--as-of", "2026-01-11") == ["INV-1", "INV-2", "INV-3"]
    assert numbers(ledger, "--as-of", "2026-01-12") == ["INV-1", "INV-2"]


def test_a_month_begins_a_period_on_its_first_day(ledger: Path) -> None:
    begun = rows("statement", ledger, "--customer", "C-0007", "--from", "2026-01", "--as-of", "2026-02")
    assert [(row["date"], row["kind"], row["balance"]) for row in begun] == [
        ("2026-01-01", "balance", "1000.00"),
        ("2026-02-15", "receipt", "600.00"),
    ]
    assert begun == rows("statement", ledger, "--customer", "C-0007", "--from", "2026", "--as-of", "2026-02")


@pytest.mark.parametrize("words", [["documents"], ["settlements"], ["statement"], ["statements", "--into", "x"]])
def test_a_period_that_ends_before_it_begins(words: Sequence[str], ledger: Path) -> None:
    told = refusal(words[0], ledger, *words[1:], "--from", "2026-03", "--as-of", "2026-02")
    assert "--from 2026-03-01 is after the as-of date 2026-02-28" in told


# -- formats and output ----------------------------------------------------------------------------


def test_the_format_follows_the_ending_of_the_output(ledger: Path, tmp_path: Path) -> None:
    for ending, beginning in {
        "csv": b"customer,", "json": b'{"as_of"', "xlsx": b"PK", "XLSX": b"PK", "html": b"<!doctype", "txt": b"Aging",
    }.items():  # fmt: skip
        output = tmp_path / f"aging.{ending}"
        assert answer("aging", ledger, "--output", output) == ""
        assert output.read_bytes().startswith(beginning)


def test_the_format_asked_for_wins_over_the_ending(ledger: Path, tmp_path: Path) -> None:
    answer("aging", ledger, "--output", tmp_path / "aging.txt", "--format", "json")
    json.loads((tmp_path / "aging.txt").read_bytes())


def test_an_ending_that_names_no_format(ledger: Path, tmp_path: Path) -> None:
    told = refusal("aging", ledger, "--output", tmp_path / "aging.pdf")
    assert '".pdf"' in told
    assert "table, csv, json, xlsx, html" in told
    assert "'table', 'csv', 'json', 'xlsx', 'html'" in refusal("aging", ledger, "--format", "jsn")


def test_an_existing_output_stays_unless_forced(ledger: Path, tmp_path: Path) -> None:
    output = write(tmp_path / "aging.csv", "mine")
    assert "--force" in refusal("aging", ledger, "--output", output)
    assert output.read_text() == "mine"
    answer("aging", ledger, "--output", output, "--force")
    assert output.read_text("utf-8").startswith("customer,")


def test_a_ledger_is_never_overwritten(ledger: Path) -> None:
    told = refusal("aging", ledger, "--output", ledger, "--force", "--format", "csv")
    assert "never overwritten" in told
    assert ledger.read_text("utf-8") == LEDGER


def test_the_output_keeps_permissions_and_symbolic_links(ledger: Path, tmp_path: Path) -> None:
    real = write(tmp_path / "real.csv", "mine")
    real.chmod(0o640)
    link = tmp_path / "link.csv"
    link.symlink_to(real)
    answer("aging", ledger, "--output", link, "--force")
    assert link.is_symlink()
    assert real.read_text("utf-8").startswith("customer,")
    assert real.stat().st_mode & 0o777 == 0o640


def test_a_pipe_or_device_is_written_into_and_not_replaced(ledger: Path, tmp_path: Path) -> None:
    # Not /dev/full or /dev/null: should it ever fail, the machine would be without it.
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    answer("aging", ledger, "--output", pipe, "--format", "csv")
    reader.join(timeout=60)
    assert pipe.is_fifo()
    assert [content[:9] for content in read] == [b"customer,"]


def test_an_output_that_cannot_be_written(ledger: Path, tmp_path: Path) -> None:
    result = call("aging", ledger, "--output", tmp_path / "no" / "folder" / "aging.csv")
    assert result.exit_code == 1
    assert "aging.csv: No such file or directory; nothing was written" in result.stderr
    assert "is a directory" in refusal("aging", ledger, "--output", tmp_path)


def test_a_name_of_the_greatest_length(ledger: Path, tmp_path: Path) -> None:
    output = tmp_path / f"{'ọ' * 83}.csv"
    assert len(os.fsencode(output.name)) == 253
    answer("aging", ledger, "--output", output)
    assert names_in(tmp_path) == ["main.beancount", output.name]


@pytest.mark.parametrize("format_", ["xlsx", "pdf"])
def test_a_file_is_not_for_a_terminal(format_: str, ledger: Path) -> None:
    command = ["statement", str(ledger), "--customer", "C-0007", "--format", format_]
    if format_ == "xlsx":
        command = ["aging", str(ledger), "--format", format_]
    status, told = on_a_terminal(*command)
    assert status == 2
    assert "add --output FILE" in told


# -- a terminal ------------------------------------------------------------------------------------


def on_a_terminal(*words: str, environment: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Status and everything shown when both streams are a terminal of 100 columns."""
    ours, theirs = pty.openpty()
    own = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "COLUMNS")}
    child = subprocess.Popen(
        [sys.executable, "-c", START, *words],
        stdin=theirs, stdout=theirs, stderr=theirs,
        env={**own, "TERM": "xterm", "COLUMNS": "100", **(environment or {})},
    )  # fmt: skip
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        shown += piece
    os.close(ours)
    return child.wait(timeout=60), shown.decode()


def test_a_terminal_gets_colours_unless_it_wants_none(tmp_path: Path) -> None:
    there = str(write(tmp_path / "main.beancount", FAULTY))
    status, coloured = on_a_terminal("aging", there)
    assert status == 1
    assert "\x1b[31m" in coloured.splitlines()[-1], "the error is red"
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_a_terminal("aging", there, environment=environment)[1]
    assert "\x1b" not in process("aging", there).stdout.decode()


def test_a_file_has_no_colours(ledger: Path, tmp_path: Path) -> None:
    on_a_terminal("aging", str(ledger), "--output", str(tmp_path / "aging.txt"))
    assert "\x1b" not in (tmp_path / "aging.txt").read_text("utf-8")


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_the_table_fits_the_width(width: int, example: Path) -> None:
    result = call("aging", example, environment={"COLUMNS": str(width)})
    table = result.stdout.split("\n\nAged by")[0]
    assert max(map(cell_len, table.splitlines())) <= width


@pytest.mark.parametrize("columns", ["0", "-5", "1", "many", "100000"])
def test_a_strange_width_is_survived(columns: str, ledger: Path) -> None:
    result = call("aging", ledger, environment={"COLUMNS": columns})
    assert result.exit_code == 0
    assert "C-0007" in result.stdout


def test_bulk_letters_show_progress_on_a_terminal_only(ledger: Path, tmp_path: Path) -> None:
    status, shown = on_a_terminal("statements", str(ledger), "--into", str(tmp_path / "a"))
    assert status == 0
    assert "2/2" in shown
    done = process("statements", ledger, "--into", tmp_path / "b")
    assert (done.stdout, done.stderr.decode()) == (b"", f"2 statements as of 2026-02-15 in {tmp_path / 'b'}/\n")


# -- what does not exist ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "near"),
    [
        ("C-042", "C-0042"),
        ("c-0007", "C-0007"),
        ("hanoi", "C-0042"),
        ("cong ty", "C-0042"),
        ("MILL", "C-0007"),
        ("Olld Mil Ltd", "C-0007"),
    ],
)
def test_an_unknown_customer_and_the_nearest(written: str, near: str, ledger: Path) -> None:
    for words in (["aging"], ["statement"], ["statement", "-f", "pdf"], ["statements", "--into", "never"]):
        told = refusal(words[0], ledger, *words[1:], "--customer", written)
        assert f'there is no customer "{written}"' in told
        assert re.search(rf"did you mean .*{near}", told)


def test_a_customer_that_nothing_is_like(ledger: Path) -> None:
    assert 'there is no customer "#"\n' in refusal("aging", ledger, "--customer", "#")


@pytest.mark.parametrize("option", ["--where", "--by"])
def test_an_unknown_key_and_the_nearest(option: str, ledger: Path) -> None:
    key, column = ("colector=lan", "curency=USD") if option == "--where" else ("colector", "curency")
    told = refusal("aging", ledger, option, key)
    assert 'neither a column nor any metadata is called "colector"; did you mean collector?' in told
    assert "did you mean currency?" in refusal("open-items", ledger, option, column)


def test_an_unknown_query_and_the_nearest(ledger: Path) -> None:
    told = refusal("query", ledger, "top-overdu")
    assert 'there is no query "top-overdu"; did you mean top-overdue? (there are: ' in told


def test_accounts_have_no_customer_and_no_metadata(ledger: Path) -> None:
    assert "--customer" in refusal("tie-out", ledger, "--customer", "C-0007")
    assert 'no column is called "entity"' in refusal("tie-out", ledger, "--where", "entity=KH")
    assert 'no column is called "entity"' in refusal("tie-out", ledger, "--by", "entity")
    assert [row["account"] for row in rows("tie-out", ledger, "--where", "currency=VND")] == [
        "Assets:Receivable:HanoiTower"
    ]


# -- conditions ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("collector=lan", ["INV-2"]),
        ("collector!=lan", ["INV-1"]),
        ("collector = lan", ["INV-2"]),
        ("collector=", []),
        ("collector!=", ["INV-1", "INV-2"]),
        ("entity~k", ["INV-1"]),
        ("name~CÔNG TY", ["INV-2"]),
        ("project=lift-7", ["INV-1"]),
        ("project!=lift-7", ["INV-2"]),
        ("project=", ["INV-2"]),
        ("urgent=yes", ["INV-1"]),
        ("urgent=FALSE", []),
        ("currency=USD", ["INV-1"]),
        ("outstanding=600", ["INV-1"]),
        ("outstanding=600.00", ["INV-1"]),
        ("outstanding!=600", ["INV-2"]),
        ("outstanding>600", ["INV-2"]),
        ("outstanding>=600", ["INV-1", "INV-2"]),
        ("outstanding<600", []),
        ("outstanding<=600.0", ["INV-1"]),
        ("outstanding>118,799,999.99", ["INV-2"]),
        ("days_overdue>45", ["INV-1"]),
        ("days_overdue>46", []),
        ("due<2026-01-01", ["INV-1"]),
        ("due<=2025-12-31", ["INV-1"]),
        ("due>=2026-02-09", ["INV-2"]),
        ("due>2026-02-09", []),
        ("due=2026-02-09", ["INV-2"]),
        ("due~2026", ["INV-2"]),
        ("number~inv", ["INV-1", "INV-2"]),
    ],
)
def test_conditions(condition: str, expected: Sequence[str], ledger: Path) -> None:
    assert numbers(ledger, "--where", condition) == expected


def test_several_conditions_must_all_hold(ledger: Path) -> None:
    assert numbers(ledger, "--where", "number~INV", "--where", "currency=USD") == ["INV-1"]
    assert numbers(ledger, "--where", "currency=VND", "--where", "currency=USD") == []


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("outstanding>many", '"many" is not a number'),
        ("days_overdue>", '"" is not a number'),
        ("due>soon", '"soon" is not a date (2026-03-31)'),
        ("due>2026-02-30", '"2026-02-30" is not a date (2026-03-31)'),
        ("urgent=maybe", '"maybe" is not yes or no'),
        ("collector", "cannot be read: write key=value"),
        ("=lan", "cannot be read: write key=value"),
        ("", "cannot be read: write key=value"),
    ],
)
def test_conditions_that_cannot_be_compared(condition: str, said: str, ledger: Path) -> None:
    assert said in refusal("open-items", ledger, "--where", condition)


def test_conditions_choose_the_customers_of_bulk_letters(ledger: Path, tmp_path: Path) -> None:
    for number, (condition, expected) in enumerate(
        [("collector=lan", "C-0042"), ("name~mill", "C-0007"), ("customer=C-0007", "C-0007"), ("entity!=KH", "C-0042")]
    ):
        into = tmp_path / str(number)
        answer("statements", ledger, "--into", into, "--where", condition)
        assert names_in(into) == [f"{expected}-2026-02-15.pdf", "manifest.csv"]
    assert "cannot be read" in refusal("statements", ledger, "--into", tmp_path / "x", "--where", "lan")
    assert "did you mean collector?" in refusal(
        "statements", ledger, "--into", tmp_path / "x", "--where", "colector=lan"
    )
    assert not (tmp_path / "x").exists()


# -- groups ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["collector", "entity", "customer", "name", "account"])
def test_groups_add_up_to_the_whole(key: str, example: Path) -> None:
    def totals(found: list[dict[str, str]]) -> dict[str, float]:
        sums: dict[str, float] = {}
        for row in found:
            sums[row["currency"]] = sums.get(row["currency"], 0) + float(row["total"])
        return sums

    grouped = rows("aging", example, "--by", key)
    assert next(iter(grouped[0])) == key
    assert totals(grouped) == totals(rows("aging", example))


def test_groups_by_metadata_of_documents_and_several_keys(ledger: Path) -> None:
    found = rows("open-items", ledger, "--by", "entity", "--by", "project")
    assert [(row["entity"], row["project"], row["count"], row["outstanding"]) for row in found] == [
        ("KH", "lift-7", "1", "600.00"),
        ("VN", "", "1", "118800000"),
    ]


def test_a_key_named_twice_counts_once(ledger: Path) -> None:
    assert rows("aging", ledger, "--by", "entity", "--by", "entity") == rows("aging", ledger, "--by", "entity")


@pytest.mark.parametrize("command", ["aging", "documents", "open-items"])
def test_groups_by_currency_alone_are_one_row_a_currency(command: str, ledger: Path) -> None:
    found = rows(command, ledger, "--by", "currency")
    assert next(iter(found[0])) == "currency"
    assert [row["currency"] for row in found] == ["USD", "VND"]
    assert rows(command, ledger, "--by", "entity", "--by", "currency") == rows(command, ledger, "--by", "entity")


def test_amounts_are_no_groups(ledger: Path) -> None:
    assert "(columns: customer, name, currency)" in refusal("aging", ledger, "--by", "total")


# -- a reporting currency --------------------------------------------------------------------------


def test_amounts_in_a_currency_that_has_a_price(ledger: Path) -> None:
    result = call("aging", ledger, "--in", "VND", "--format", "csv")
    assert (result.exit_code, result.stderr) == (0, "")
    found = {row["customer"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    assert (found["C-0007"]["total"], found["C-0007"]["rate"]) == ("15000000", "25000")
    assert (found["C-0042"]["total"], found["C-0042"]["rate"]) == ("118800000", "1")


def test_a_missing_price_is_said_and_not_guessed(ledger: Path) -> None:
    result = call("aging", ledger, "--in", "VND", "--as-of", "2026-01-30", "--format", "csv")
    assert result.exit_code == 0
    assert "warning: no price of USD in VND on or before 2026-01-30: add: 2026-01-30 price USD ... VND" in result.stderr
    found = {row["customer"]: row for row in csv.DictReader(io.StringIO(result.stdout))}
    assert (found["C-0007"]["total"], found["C-0007"]["rate"]) == ("", "")
    assert found["C-0042"]["total"] == "118800000"
    assert "No price of USD in VND" in answer("aging", ledger, "--in", "VND", "--as-of", "2026-01-30")


def test_a_currency_that_the_ledger_does_not_know(ledger: Path) -> None:
    assert 'neither amounts nor prices in "vnd"; did you mean VND?' in refusal("aging", ledger, "--in", "vnd")
    assert 'neither amounts nor prices in "XAU"' in refusal("open-items", ledger, "--in", "XAU")


# -- letters ---------------------------------------------------------------------------------------


def test_a_letter_needs_its_customer_and_takes_it_whole(ledger: Path) -> None:
    assert "add --customer CODE" in refusal("statement", ledger, "--format", "pdf")
    for words in (["--where", "kind=invoice"], ["--by", "kind"]):
        told = refusal("statement", ledger, "--customer", "C-0007", "--format", "pdf", *words)
        assert "--where and --by are for table, csv and json" in told
    for words in (["--style", "activity"], ["--language", "vi"]):
        told = refusal("statement", ledger, "--customer", "C-0007", *words)
        assert "add --format with one of pdf, html, xlsx" in told


def test_a_letter_in_each_format(ledger: Path, tmp_path: Path) -> None:
    for ending in ("pdf", "html", "xlsx"):
        output = tmp_path / f"letter.{ending}"
        assert answer("statement", ledger, "--customer", "C-0007", "--output", output) == ""
    (page,) = PdfReader(tmp_path / "letter.pdf").pages
    assert "600.00" in page.extract_text()
    assert "Old Mill Ltd" in (tmp_path / "letter.html").read_text("utf-8")
    cells = [str(cell.value) for row in load_workbook(tmp_path / "letter.xlsx").worksheets[0] for cell in row]
    assert any("Old Mill Ltd" in cell for cell in cells)


def test_bulk_letters_do_not_overwrite_unasked(ledger: Path, tmp_path: Path) -> None:
    into = tmp_path / "letters" / "2026"
    answer("statements", ledger, "--into", into)
    before = {path.name: path.read_bytes() for path in into.iterdir()}
    assert "--force" in refusal("statements", ledger, "--into", into)
    answer("statements", ledger, "--into", into, "--force")
    assert before == {path.name: path.read_bytes() for path in into.iterdir()}
    assert "is a file" in refusal("statements", ledger, "--into", into / "manifest.csv")


def test_bulk_letters_for_nobody(ledger: Path, tmp_path: Path) -> None:
    result = call("statements", ledger, "--into", tmp_path / "x", "--where", "collector=nobody")
    assert (result.exit_code, result.stderr) == (0, f"0 statements as of 2026-02-15 in {tmp_path / 'x'}/\n")
    assert (tmp_path / "x" / "manifest.csv").read_text().count("\n") == 1


def test_a_warning_about_all_letters_is_said_once(tmp_path: Path) -> None:
    policy = '2025-01-01 custom "receivables-policy" "statement"\n  logo: "missing.png"\n'
    there = write(tmp_path / "main.beancount", LEDGER + policy)
    told = call("statements", there, "--into", tmp_path / "x", "--all").stderr
    assert told.count("missing.png") == 1


# -- queries ---------------------------------------------------------------------------------------


def test_queries_are_listed_with_what_they_answer(ledger: Path) -> None:
    write(ledger.parent / "queries" / "mine.bql", "-- My own question.\nSELECT number FROM #open_items\n")
    told = answer("query", ledger)
    assert re.search(r"^mine +My own question\.$", told, re.MULTILINE)
    assert re.search(r"^top-overdue +\S", told, re.MULTILINE)


def test_a_query_beside_the_ledger_wins_over_one_of_the_program(ledger: Path) -> None:
    write(ledger.parent / "queries" / "top-overdue.bql", "SELECT number, 'mine' AS whose FROM #open_items")
    assert rows("query", ledger, "top-overdue")[0]["whose"] == "mine"


def test_a_query_in_every_format(ledger: Path, tmp_path: Path) -> None:
    for ending in ("csv", "json", "xlsx", "html", "txt"):
        answer("query", ledger, "top-overdue", "--output", tmp_path / f"x.{ending}")
    assert len(rows("query", ledger, "top-overdue", "--as-of", "2025-12-31")) == 0
    assert len(rows("query", ledger, "top-overdue", "--as-of", "2026-01-01")) == 1


def test_columns_of_a_query_with_the_same_name_are_told_apart(ledger: Path) -> None:
    write(ledger.parent / "queries" / "twice.bql", "SELECT number, date, date FROM #open_items")
    assert json.loads(answer("query", ledger, "twice", "-f", "json"))["columns"] == ["number", "date", "date_2"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"SELECT foo FROM #open_items", 'bad.bql: column "foo" not found'),
        (b"SELEKT", "bad.bql: syntax error"),
        (b"-- only words\n", "bad.bql holds no query"),
        (b"SELECT '\xff'", "it is not in UTF-8"),
    ],
)
def test_queries_that_cannot_run(content: bytes, said: str, ledger: Path) -> None:
    write(ledger.parent / "queries" / "bad.bql", "").write_bytes(content)
    result = call("query", ledger, "bad")
    assert (result.exit_code, result.stdout) == (1, "")
    assert said in result.stderr
    assert answer("query", ledger), "the list is not spoilt by one of them"


# -- what is no ledger -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40,
        b"Dear Sir,\nplease pay.\n",
        b"PK\x03\x04" + bytes(1000),
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<>>\nendobj\n",
        LEDGER.encode("utf-16"),
        b'{"as_of": "2026-01-01"}\n',
        b"customer;amount\nC-1;10\n",
    ],
    ids=["png", "text", "zip", "pdf", "utf-16", "json", "csv"],
)
@pytest.mark.parametrize("command", ["aging", "query"])
def test_what_is_no_ledger(command: str, content: bytes, tmp_path: Path) -> None:
    there = tmp_path / "main.beancount"
    there.write_bytes(content)
    words = ["top-overdue"] if command == "query" else []
    result = call(command, there, *words)
    assert (result.exit_code, result.stdout) == (1, "")
    lines = result.stderr.splitlines()
    assert re.match(rf"{there}:\d+: error: ", lines[0])
    assert lines[-1] == f"Error: {there} has not one entry that can be read: is it a Beancount ledger?"
    assert len(lines) <= 7


def test_an_include_that_is_not_there_is_told_at_its_line(tmp_path: Path) -> None:
    there = write(tmp_path / "main.beancount", LEDGER + '\ninclude "2027/*.beancount"\n')
    result = call("aging", there)
    line = there.read_text("utf-8").count("\n")
    assert result.exit_code == 1
    assert f'main.beancount:{line}: error: include "2027/*.beancount" matches no file: correct' in result.stderr
    assert "C-0007" in result.stdout, "everything else is still reported"


def test_an_include_of_itself(tmp_path: Path) -> None:
    result = call("aging", write(tmp_path / "main.beancount", LEDGER + 'include "main.beancount"\n'))
    assert result.exit_code == 1
    assert "is included twice: keep one of the includes" in result.stderr
    assert "C-0007" in result.stdout


def test_a_plugin_that_is_not_installed_is_one_line(tmp_path: Path) -> None:
    result = call("aging", write(tmp_path / "main.beancount", 'plugin "no_such_plugin"\n' + LEDGER))
    assert result.exit_code == 1
    assert result.stderr == (
        f'{tmp_path}/main.beancount:1: error: Error importing "no_such_plugin": '
        "ModuleNotFoundError: No module named 'no_such_plugin'\n"
    )


def test_a_plugin_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "failing_plugin.py", "__plugins__ = ['f']\ndef f(entries, options):\n    raise ValueError('no')\n")
    monkeypatch.syspath_prepend(tmp_path)
    result = call("aging", write(tmp_path / "main.beancount", 'plugin "failing_plugin"\n' + LEDGER))
    assert result.exit_code == 1
    assert 'main.beancount:1: error: Error applying plugin "failing_plugin": ValueError: no\n' in result.stderr
    assert "Traceback" not in result.stderr


def test_a_ledger_in_another_encoding_is_told_how_to_be_saved(tmp_path: Path) -> None:
    there = tmp_path / "main.beancount"
    there.write_bytes(LEDGER.encode() + '2026-02-20 * "Café" ^INV-9\n'.encode("latin-1"))
    result = call("aging", there)
    assert result.exit_code == 1
    line = LEDGER.count("\n") + 1
    assert f"main.beancount:{line}: error: the line is not in UTF-8: save the file in UTF-8" in result.stderr
    assert "C-0007" in result.stdout, "everything else is still reported"


def test_a_byte_order_mark_is_told_how_to_be_removed(tmp_path: Path) -> None:
    there = write(tmp_path / "main.beancount", "\ufeff" + LEDGER.lstrip())
    result = call("aging", there)
    assert result.exit_code == 1
    assert "main.beancount:1: error: the file begins with a byte order mark" in result.stderr


def test_line_ends_of_windows(tmp_path: Path) -> None:
    there = tmp_path / "main.beancount"
    there.write_bytes(LEDGER.replace("\n", "\r\n").encode())
    assert numbers(there) == ["INV-1", "INV-2"]


UNPRIVILEGED = """
import ctypes, os, sys
if os.geteuid() == 0:
    # Root may read everything by two capabilities; they go with the next program that is started.
    for capability in (1, 2):
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""


def unprivileged(*words: str | Path) -> subprocess.CompletedProcess[bytes]:
    """The command in a process that permissions stop, whoever runs the tests (on Linux)."""
    done = subprocess.run(
        [sys.executable, "-c", UNPRIVILEGED, START, *map(str, words)], capture_output=True, timeout=60, check=False
    )
    assert b"Traceback" not in done.stderr, done.stderr.decode()
    return done


def test_a_ledger_that_may_not_be_read(ledger: Path) -> None:
    ledger.chmod(0)
    done = unprivileged("aging", ledger)
    assert (done.returncode, done.stdout) in ((1, b""), (2, b""))
    assert re.search(rb"main.beancount.* (Permission denied|is not readable)", done.stderr)


def test_an_include_that_may_not_be_read_is_told_with_its_line(ledger: Path) -> None:
    write(ledger.parent / "2026" / "sales.beancount", "").chmod(0)
    write(ledger.parent / "years.beancount", '\n\ninclude "2026/*.beancount"\n')
    ledger.write_text('include "years.beancount"\n' + LEDGER)
    done = unprivileged("aging", ledger)
    assert (done.returncode, done.stdout) == (1, b"")
    assert re.search(rb"years.beancount:3: cannot read .*2026/sales.beancount: Permission denied", done.stderr)


def test_includes_that_are_no_files(ledger: Path) -> None:
    (ledger.parent / "folder").mkdir()
    ledger.write_text(f'\ninclude "folder"\n{LEDGER}')
    result = call("aging", ledger)
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"main.beancount:2: cannot read {ledger.parent / 'folder'}: Is a directory" in result.stderr


def test_a_folder_that_may_not_be_written(ledger: Path, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    done = unprivileged("aging", ledger, "--output", closed / "aging.csv")
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"aging.csv: Permission denied; nothing was written" in done.stderr
    done = unprivileged("statements", ledger, "--into", closed)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"Permission denied; 0 of 2 letters were written, no manifest" in done.stderr
    assert names_in(closed) == []


# -- odd books: a clear message at the line, and everything else ------------------------------------

ODD = """
2025-01-01 open Assets:Receivable:Ann  USD, EUR
  customer: "A"
2025-01-01 open Assets:Receivable:Bob  USD
  customer: "B"
2025-01-01 open Assets:Receivable:Cid  USD
  customer: "D"
2025-01-01 open Assets:Bank
2025-01-01 open Income:Sales

2026-01-02 * "Ann" ^INV-1
  Assets:Receivable:Ann   100.00 USD
  Income:Sales

2026-01-03 * "Bob" ^INV-2
  Assets:Receivable:Bob   200.00 USD
  Income:Sales
"""


@pytest.mark.parametrize(
    ("text", "at", "said", "severity"),
    [
        ("""
         2026-02-01 * "Ann" ^RC-1
           Assets:Bank             40.00 USD
           Assets:Receivable:Ann  -40.00 USD
             settles: "INV-2"
         """, "-40.00 USD", 'settles: "INV-2" is a document of B, not of A: correct the number', "error"),
        ("""
         2026-02-01 * "Ann" ^RC-1
           Assets:Bank             40.00 EUR
           Assets:Receivable:Ann  -40.00 EUR
             settles: "INV-1"
         """, "-40.00 EUR", "is in USD, this posting in EUR: post the receivable in USD", "error"),
        ("""
         2026-02-01 * "Ann" ^RC-1
           Assets:Bank             40.00 USD
           Assets:Receivable:Ann  -40.00 USD
             settles: "INV-11"
         """, "-40.00 USD", "names no document of A: correct the number (the nearest is INV-1)", "error"),
        ("""
         2026-02-01 * "Ann" ^RC-1
           Assets:Bank             140.00 USD
           Assets:Receivable:Ann  -140.00 USD
             settles: "INV-1"
         """, "-140.00 USD", "RC-1 leaves 40.00 USD on account of A: more than was open on INV-1", "warning"),
        ("""
         2026-02-01 * "Ann" "Again" ^INV-1
           Assets:Receivable:Ann   10.00 USD
           Income:Sales
         """, '"Again"', "the number INV-1 is used twice for A: give one of them its own number", "error"),
        ("""
         2026-02-01 * "Ann" "Terms" ^INV-3
           terms: "nett thirty"
           Assets:Receivable:Ann   10.00 USD
           Income:Sales
         """, '"Terms"', "payment terms 'nett thirty'", "error"),
        ("""
         2026-02-01 custom "receivables-policy" "aging"
           bukets: "30, 60"
         """, "receivables-policy", 'no key "bukets": use one of: buckets, basis; the nearest is "buckets"', "error"),
        ("""
         2026-02-01 custom "receivables-polcy" "aging"
         """, "receivables-polcy", 'no setting "receivables-polcy": use one of: receivables-accounts', "error"),
        ("""
         2026-02-01 * "Ann" #invoice ^INV-3
           Assets:Receivable:Ann  -10.00 USD
           Income:Sales
         """, "-10.00 USD", "a negative invoice of -10.00 USD reduces what the customer owes", "warning"),
        ("""
         2026-02-01 * "Ann" "To and fro" #reversal ^RV-2
           number: "RV-1"
           Assets:Receivable:Ann   10.00 USD
           Assets:Bank
         2026-02-02 * "Ann" "Fro and to" #reversal ^RV-1
           number: "RV-2"
           Assets:Receivable:Ann  -10.00 USD
           Assets:Bank
         """, "-10.00 USD", "RV-2 and RV-1 each undo the other: link one of them to the document", "error"),
        ("""
         2026-02-01 close Assets:Receivable:Ann
         """, "100.00 USD", "closes on 2026-02-01 with 100.00 USD open on INV-1: settle or write off", "warning"),
        ("""
         2026-02-01 * "Zed" ^INV-3
           Assets:Receivable:Zed  10.00 USD
           Income:Sales
         """, '"Zed"', "Invalid reference to unknown account 'Assets:Receivable:Zed'", "error"),
    ],
    ids=[
        "somebody else's invoice", "wrong currency", "unknown invoice", "more than open", "number twice", "bad terms",
        "unknown policy key", "unknown setting", "negative invoice", "cycle", "closed account", "unknown account",
    ],
)  # fmt: skip
def test_odd_books(text: str, at: str, said: str, severity: str, tmp_path: Path) -> None:
    whole = ODD + textwrap.dedent(text)
    there = write(tmp_path / "main.beancount", whole)
    result = call("aging", there, "--format", "csv")
    assert result.exit_code == (1 if severity == "error" else 0)
    found = re.findall(rf"main\.beancount:(\d+): {severity}: (.*)", result.stderr)
    told = [int(line) for line, message in found if said in message]
    assert told, result.stderr
    entry = next(number for number, line in enumerate(whole.split("\n"), 1) if at in line)
    assert abs(told[0] - entry) <= 3, "the line of the entry or of its posting"
    sums = {(row["customer"], row["currency"]): row["total"] for row in csv.DictReader(io.StringIO(result.stdout))}
    assert sums["B", "USD"] == "200.00", "everything else is still reported"
    assert "DOES NOT TIE OUT" not in call("aging", there).stdout


# -- killed, interrupted, out of space -------------------------------------------------------------


def test_ctrl_c_while_a_large_ledger_is_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    # The ledger is a pipe: what has gone through has been parsed, and more is to come.
    pipe = tmp_path / "main.beancount"
    os.mkfifo(pipe)
    for number in (signal.SIGINT, signal.SIGTERM):
        child = subprocess.Popen(
            [sys.executable, "-c", START, "aging", str(pipe), "--output", str(tmp_path / "out" / "aging.csv")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "BEAN_AR_CACHE": str(tmp_path / "cache")},
        )  # fmt: skip
        writer = threading.Thread(target=feed, args=(pipe, child, number))
        writer.start()
        out, told = child.communicate(timeout=60)
        writer.join()
        assert child.returncode == 128 + number
        assert out == b""
        assert told.strip() == (b"Stopped; nothing was left half done." if number == signal.SIGINT else b"")
        assert names_in(tmp_path / "out") == []
        assert not (tmp_path / "cache").exists()


def feed(pipe: Path, child: subprocess.Popen[bytes], number: int) -> None:
    """Write entries into a pipe until nobody reads; send the signal when the reader is well under way."""
    with pipe.open("wb", buffering=0) as stream:
        stream.write(ODD.encode())
        for count in range(1_000_000):
            try:
                stream.write(
                    f'2026-02-01 * "Bob" ^N-{count}\n  Assets:Receivable:Bob  1 USD\n  Income:Sales\n'.encode()
                )
            except BrokenPipeError:
                return
            if count == 5_000:
                child.send_signal(number)


def bulk_ledger(path: Path, customers: int) -> Path:
    return write(
        path,
        "2025-01-01 open Income:Sales\n"
        + "".join(
            f"2025-01-01 open Assets:Receivable:C{n:04}\n"
            f'2026-01-0{n % 9 + 1} * "x" ^INV-{n}\n  Assets:Receivable:C{n:04}  {n + 1}.50 USD\n  Income:Sales\n'
            for n in range(customers)
        ),
    )


@pytest.mark.parametrize(
    ("number", "workers"), [(signal.SIGINT, 2), (signal.SIGTERM, 1), (signal.SIGTERM, 2), (signal.SIGKILL, 2)]
)
def test_bulk_letters_that_are_stopped_are_whole_or_not_there(number: int, workers: int, tmp_path: Path) -> None:
    there, into = bulk_ledger(tmp_path / "main.beancount", 400), tmp_path / "letters"
    child = subprocess.Popen(
        [sys.executable, "-c", START, "statements", str(there), "--into", str(into), "--workers", str(workers)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (into.is_dir() and len(list(into.glob("*.pdf"))) >= 5):
        time.sleep(0.005)
    # As Ctrl-C on a terminal: to every process of the group.
    os.killpg(child.pid, number)
    _, told = child.communicate(timeout=60)
    assert child.returncode == (-number if number == signal.SIGKILL else 128 + number)
    assert b"Traceback" not in told
    letters = sorted(into.glob("*.pdf"))
    assert 5 <= len(letters) < 400
    for letter in letters:
        assert letter.read_bytes().startswith(b"%PDF")
        assert letter.read_bytes().rstrip().endswith(b"%%EOF")
    others = [name for name in names_in(into) if not name.endswith(".pdf")]
    if number != signal.SIGKILL:
        assert others == []
    assert all(re.fullmatch(r"\.bean-ar-.*\.part", name) for name in others), "no manifest, nothing under a real name"


KILLED = "import os, signal; os.fsync = lambda handle: os.kill(os.getpid(), signal.SIGKILL)"
"""Kills the process when everything is written and nothing has its name yet: the worst moment."""


@pytest.mark.parametrize(
    "words",
    [
        ["open-items", "--output", "result.xlsx"],
        ["open-items", "--output", "result.csv"],
        ["statement", "--customer", "C-0007", "--output", "result.pdf"],
        ["statements", "--into", "."],
    ],
)
def test_a_killed_process_leaves_the_old_file_or_none(
    words: Sequence[str], ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = ledger.parent / "out"
    out.mkdir()
    monkeypatch.chdir(out)
    # One file that was there before stays what it was; one that was not is not.
    existing = "result.xlsx" if words[-1] != "." else "C-0007-2026-02-15.pdf"
    Path(existing).write_text("old")
    done = process(words[0], ledger, *words[1:], "--force", prelude=KILLED)
    assert done.returncode == -signal.SIGKILL
    assert [name for name in names_in(out) if not name.endswith(".part")] == [existing]
    assert Path(existing).read_text() == "old"


FULL = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({0}, {0}))"
"""No file can grow beyond so many bytes: a write fails as on a full disk."""


@pytest.mark.parametrize(
    "words",
    [
        ["open-items", "--output", "result.xlsx"],
        ["open-items", "--output", "result.csv"],
        ["open-items", "--output", "result.json"],
        ["open-items", "--output", "result.html"],
        ["statement", "--customer", "C-0017", "--output", "result.pdf"],
        ["statement", "--customer", "C-0017", "--output", "result.html"],
        ["statement", "--customer", "C-0017", "--output", "result.xlsx"],
    ],
)
def test_a_full_disk_leaves_nothing_half_written(
    words: Sequence[str], example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = process(words[0], example, *words[1:], prelude=FULL.format(1024))
    assert (done.returncode, done.stdout) == (1, b"")
    assert re.fullmatch(rb"Error: cannot write result\.\w+: .*; nothing was written\n", done.stderr), done.stderr
    assert names_in(tmp_path) == []


def test_a_full_disk_leaves_the_old_file(example: Path, tmp_path: Path) -> None:
    output = write(tmp_path / "result.xlsx", "old")
    done = process("open-items", example, "--output", output, "--force", prelude=FULL.format(1024))
    assert done.returncode == 1
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"result.xlsx": "old"}


def test_a_full_disk_during_bulk_letters(ledger: Path, tmp_path: Path) -> None:
    into = tmp_path / "letters"
    done = process("statements", ledger, "--into", into, prelude=FULL.format(1024))
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"cannot write into" in done.stderr
    assert b"0 of 2 letters were written, no manifest" in done.stderr
    assert names_in(into) == []


def test_a_manifest_stands_only_for_letters_that_are_all_there(ledger: Path, tmp_path: Path) -> None:
    into = tmp_path / "letters"
    answer("statements", ledger, "--into", into)
    done = process("statements", ledger, "--into", into, "--force", prelude=FULL.format(1024))
    assert done.returncode == 1
    assert names_in(into) == ["C-0007-2026-02-15.pdf", "C-0042-2026-02-15.pdf"], "the old letters, and no manifest"


def test_the_tests_have_what_they_need_to_take_permissions_away() -> None:
    """Without it the tests of permissions would show nothing to somebody who is root."""
    assert os.geteuid() != 0 or hasattr(ctypes.CDLL(None), "prctl")


@pytest.mark.parametrize("number", ["nan", "sNaN", "-NaN"])
def test_nothing_is_compared_with_what_is_no_number(number: str, ledger: Path) -> None:
    assert f'"{number}" is not a number' in refusal("open-items", ledger, "--where", f"outstanding>{number}")


def test_who_owes_on_an_account_that_was_never_opened_is_a_customer_all_the_same(tmp_path: Path) -> None:
    text = LEDGER + '2026-02-15 * "Zed" ^INV-9\n  Assets:Receivable:Zed  10.00 USD\n  Income:Sales\n'
    there = write(tmp_path / "main.beancount", text)
    assert [row["total"] for row in rows("aging", there, "--customer", "Zed", status=1)] == ["10.00"]
    result = call("statements", there, "--into", tmp_path / "letters")
    assert result.exit_code == 1
    assert "Zed-2026-02-15.pdf" in names_in(tmp_path / "letters")
