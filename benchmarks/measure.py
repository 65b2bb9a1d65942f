"""Measure what a receivables book costs, as ratios within one run, and write a table.

    python benchmarks/generate.py --invoices 50000 --into /tmp/book
    python benchmarks/measure.py /tmp/book [--runs 5] [--only load inside command statements] [--json FILE]

Machines differ and are noisy, so nothing is compared across runs: each round measures every process once,
one after the other, a ratio is taken within its round, and what is shown is the median of the rounds.

  load        a plain Beancount load as a whole process, the collector on ("stock") and off
  inside      the same loads without the process around them, and our own share after the load: the
              book (facts included), open items and aging at one date, each further date
  command     `bean-ar aging` as a whole process: cold (no cache read or written), and warm
  statements  one-page statements of account as PDF, in one process

Whole processes are waited for with their own resource usage: wall time, CPU time, peak memory.
The folder is one that generate.py made: plain.beancount is the book without our plugin.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SECTIONS = ("load", "inside", "command", "statements")
STATEMENTS = 2_000
UNCACHED = {"BEANCOUNT_DISABLE_LOAD_CACHE": "1"}


# Whole processes


class Usage(NamedTuple):
    """What one process used: seconds of wall and CPU time, peak memory in megabytes, its output."""

    wall: float
    cpu: float
    peak: float
    output: str


class FailedError(Exception):
    """A measured process did not do its work; the message has the end of its standard error."""


def usage_of(command: Sequence[str], environment: Mapping[str, str]) -> Usage:
    """Run a command to its end; raises FailedError when it does not exit with 0."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env={**os.environ, **environment}
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            lines = errors.read().decode(errors="replace").strip().splitlines()
            raise FailedError(f"exit {process.returncode}: {lines[-1] if lines else 'no message'}")
        # Linux reports the peak in kilobytes.
        return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, output.read().decode())


def child(program: str, *arguments: str) -> list[str]:
    """Another program of this folder in a fresh process of this Python."""
    return [sys.executable, str(Path(__file__).resolve().parent / program), *arguments]


def bean_ar(ledger: Path, as_of: datetime.date, *more: str) -> list[str]:
    """The command that ages all customers."""
    program = Path(sys.executable).parent / "bean-ar"
    return [str(program), "aging", str(ledger), "--as-of", str(as_of), *more]


# Rounds


class Rounds:
    """The figures of all rounds, by name; a round adds one value to each."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = {}

    def add(self, name: str, value: float) -> float:
        self.values.setdefault(name, []).append(value)
        return value

    def add_usage(self, name: str, usage: Usage) -> None:
        self.add(f"{name} wall", usage.wall)
        self.add(f"{name} cpu", usage.cpu)
        self.add(f"{name} peak", usage.peak)

    def has(self, name: str) -> bool:
        return name in self.values

    def median(self, name: str) -> float:
        return statistics.median(self.values[name])

    def ratio(self, above: str, below: str) -> float:
        """The median of the ratios within each round."""
        pairs = zip(self.values[above], self.values[below], strict=True)
        return statistics.median(first / second for first, second in pairs)


class Benchmark:
    """Measures one book."""

    def __init__(self, folder: Path, as_of: datetime.date, runs: int, cache: Path) -> None:
        self.plain = str(folder / "plain.beancount")
        self.ledger = folder / "main.beancount"
        self.as_of = as_of
        self.runs = runs
        # Caches of the measured commands stay in a folder of ours that goes when we are done.
        self.environment = {"XDG_CACHE_HOME": str(cache)}
        self.rounds = Rounds()
        self.missing: dict[str, str] = {}

    def run(self, sections: Sequence[str]) -> None:
        """All rounds; a section that cannot run is left out and `missing` says why."""
        wanted = [section for section in sections if section != "statements" and self.possible(section)]
        for number in range(self.runs):
            print(f"round {number + 1} of {self.runs}", file=sys.stderr)
            for section in wanted:
                getattr(self, f"round_{section}")()
        if "statements" in sections and self.possible("statements"):
            for _ in range(self.runs):
                self.round_statements()

    def possible(self, section: str) -> bool:
        """Try what is not Beancount's once, on little; for the command that also fills its cache."""
        try:
            if section == "inside":
                with tempfile.NamedTemporaryFile(suffix=".beancount") as empty:
                    usage_of(child("own_share.py", empty.name, str(self.as_of)), UNCACHED)
            if section == "command":
                usage_of(bean_ar(self.ledger, self.as_of), self.environment)
            if section == "statements":
                usage_of(child("statements.py", "1"), {})
        except (FailedError, OSError) as error:
            self.missing[section] = str(error)
            return False
        return True

    def round_load(self) -> None:
        """A plain load, with the collector and without."""
        for collector in ("on", "off"):
            usage = usage_of(child("load.py", self.plain, collector), UNCACHED)
            self.rounds.add_usage(f"load collector {collector}", usage)

    def round_inside(self) -> None:
        """The stock load alone, and our own steps after a load with the collector off."""
        stock = usage_of(child("load.py", self.plain, "on"), UNCACHED)
        self.rounds.add("inside stock", json.loads(stock.output)["load"])
        own = json.loads(usage_of(child("own_share.py", self.plain, str(self.as_of)), UNCACHED).output)
        for name, seconds in own.items():
            self.rounds.add(f"inside {name}", seconds)
        self.rounds.add("inside own", own["book"] + own["aging"])

    def round_command(self) -> None:
        """The command cold and warm, beside a stock load of the same round."""
        self.rounds.add_usage("command stock", usage_of(child("load.py", self.plain, "on"), UNCACHED))
        cold = bean_ar(self.ledger, self.as_of, "--no-cache")
        self.rounds.add_usage("command cold", usage_of(cold, {**self.environment, **UNCACHED}))
        self.rounds.add_usage("command warm", usage_of(bean_ar(self.ledger, self.as_of), self.environment))

    def round_statements(self) -> None:
        """Statements of account in one process."""
        usage = usage_of(child("statements.py", str(STATEMENTS)), {})
        self.rounds.add_usage("statements", usage)
        for name, value in json.loads(usage.output).items():
            self.rounds.add(f"statements {name}", value)


# The table


class Line(NamedTuple):
    """One line of the table; `goal` is what it should not exceed, in the same unit."""

    what: str
    value: float
    unit: str
    goal: float | None = None


def lines_of(rounds: Rounds, invoices: int) -> list[Line]:
    """What was measured, as medians; up to 50,000 invoices the goals are those of 50,000, else of 500,000."""
    own_goal, warm_goal = (4.0, 0.3) if invoices <= 50_000 else (5.0, 1.0)
    lines: list[Line] = []
    if rounds.has("load collector on wall"):
        for collector, name in (("on", "stock load"), ("off", "load, collector off")):
            lines += [
                Line(f"{name}, whole process, wall", rounds.median(f"load collector {collector} wall"), "s"),
                Line(f"{name}, whole process, CPU", rounds.median(f"load collector {collector} cpu"), "s"),
                Line(f"{name}, peak memory", rounds.median(f"load collector {collector} peak"), "MB"),
            ]
        ratio = rounds.ratio("load collector off wall", "load collector on wall")
        lines.append(Line("collector off / stock load, wall", ratio, "ratio"))
    if rounds.has("inside own"):
        lines += [
            Line("stock load, inside the process", rounds.median("inside stock"), "s"),
            Line("load, collector off, inside the process", rounds.median("inside load"), "s"),
            Line("our book (facts included)", rounds.median("inside book"), "s"),
            Line("our open items and aging at one date", rounds.median("inside aging"), "s"),
            Line("each further date", rounds.median("inside further"), "s"),
        ]
        for load, name in (("inside load", "the load, collector off"), ("inside stock", "the stock load")):
            lines += [
                Line(f"our share of {name}", 100 * rounds.ratio("inside own", load), "%", own_goal),
                Line(f"each further date, of {name}", 100 * rounds.ratio("inside further", load), "%", 0.3),
            ]
    if rounds.has("command cold wall"):
        lines += [
            Line("`bean-ar aging`, cold, wall", rounds.median("command cold wall"), "s"),
            Line("stock load beside it, wall", rounds.median("command stock wall"), "s"),
            Line(
                "cold / stock load, wall",
                rounds.ratio("command cold wall", "command stock wall"),
                "ratio",
                0.80,
            ),
            Line("cold / stock load, CPU", rounds.ratio("command cold cpu", "command stock cpu"), "ratio"),
            Line("`bean-ar aging`, warm, wall", rounds.median("command warm wall"), "s", warm_goal),
            Line("cold, peak memory", rounds.median("command cold peak"), "MB"),
            Line(
                "cold / stock load, peak memory",
                rounds.ratio("command cold peak", "command stock peak"),
                "ratio",
                1.15,
            ),
            Line("warm, peak memory", rounds.median("command warm peak"), "MB"),
        ]
    if rounds.has("statements seconds"):
        lines += [
            Line(
                f"{STATEMENTS:,} statements as PDF, one process",
                rounds.median("statements seconds"),
                "s",
                30.0,
            ),
            Line("each statement", 1000 * rounds.median("statements seconds") / STATEMENTS, "ms"),
            Line("statements, peak memory", rounds.median("statements peak"), "MB"),
        ]
    return lines


def table(lines: Sequence[Line], missing: Mapping[str, str], about: Mapping[str, object]) -> str:
    """The lines as Markdown, below what was measured where."""
    text = [", ".join(f"{name} {value}" for name, value in about.items()), ""]
    text += ["| what | measured | goal | |", "|---|---:|---:|---|"]
    for line in lines:
        goal = verdict = ""
        if line.goal is not None:
            goal = f"{line.goal:g} {line.unit}"
            verdict = "yes" if line.value <= line.goal else "**no**"
        text.append(f"| {line.what} | {significant(line.value)} {line.unit} | {goal} | {verdict} |")
    text += [f"\nNot measured: {section} ({why})" for section, why in missing.items()]
    return "\n".join(text)


def significant(value: float) -> str:
    """Three digits that mean something, without an exponent."""
    digits = 0 if value >= 100 else 2 if value >= 1 else 4
    return f"{value:,.{digits}f}"


def main(arguments: Sequence[str]) -> None:
    """The command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Measure what a receivables book costs.")
    parser.add_argument("folder", type=Path, help="a folder that generate.py made")
    parser.add_argument("--runs", type=int, default=5, help="rounds to take medians of (5)")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="what to measure (all)")
    parser.add_argument("--as-of", type=datetime.date.fromisoformat, help="the date (the book's last)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write every value of every round")
    given = parser.parse_args(arguments)
    expected = json.loads((given.folder / "expected.json").read_text(encoding="utf-8"))
    as_of = given.as_of or datetime.date.fromisoformat(max(expected["as_of"]))
    with tempfile.TemporaryDirectory() as cache:
        benchmark = Benchmark(given.folder.resolve(), as_of, given.runs, Path(cache))
        benchmark.run(given.only)
    about = {
        "invoices": f"{expected['invoices']:,}",
        "rounds": given.runs,
        "Python": platform.python_version(),
        "cores": os.cpu_count(),
        "as of": as_of,
    }
    lines = lines_of(benchmark.rounds, expected["invoices"])
    print(table(lines, benchmark.missing, about))
    if given.json is not None:
        figures = {
            "about": {name: str(value) for name, value in about.items()},
            "lines": [line._asdict() for line in lines],
            "rounds": benchmark.rounds.values,
            "missing": benchmark.missing,
        }
        given.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
