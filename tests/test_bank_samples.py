"""Bank statements that this project did not write: every file of ../shared/samples/bank gives what its MANIFEST says.

The counts and balances of the MANIFEST were made with other programs. A file that is broken on purpose
gives a message with its place, and whatever can be read. Without the samples, nothing is tested here.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

import pytest

from receivables.faces import FACES, render
from receivables_importers.bank import BankFile, identify, read, report, told
from receivables_importers.bank.model import ERROR, INVESTMENT, NOTE

SAMPLES: Final = Path(__file__).parents[2] / "shared" / "samples" / "bank"
MANIFEST: Final = SAMPLES / "MANIFEST.csv"
ROWS: Final = list(csv.DictReader(MANIFEST.open(encoding="utf-8"))) if MANIFEST.exists() else []

pytestmark = pytest.mark.skipif(not ROWS, reason="the samples are not beside the repository")

BROKEN: Final[Mapping[str, tuple[int, str]]] = {
    # What can be read of files that are broken on purpose, and what is said of the rest.
    "bank2ynab__test-data_test_row_format_CD_flag.csv": (70, '.csv:74: error: "EUR" says neither debit nor credit'),
    "bankstatementparser__golden_csv_garbled_amount.csv": (1, '.csv:3: error: "12..34" is not an amount'),
    "cmxl__fixtures_mt940-headers.txt": (0, '.txt:8: error: :61: "3622687806CR1368378,92NMSC37935531" cannot be read'),
}
SAID: Final[Mapping[str, str]] = {
    # Files with nothing in them to read, and what is said.
    "camt_parser__052_valid_namespace.xml": "is camt.052.001.02, but holds no statement",
    "mt940__fixtures_duplicate_spaces.sta": ".sta:1: error: has no field :20:",
    "mt940__fixtures_pending.sta": ".sta:1: error: its fields are run together with @@",
}
NOT_TYING: Final = {
    # The bank's own accounts of the day do not tie in these either; the MANIFEST does not say.
    "bank2ynab__test-data_W80844_EBH_201945.202122.csv",
    "double-entry-generator__bocom_debit_example-bocom_debit-records.csv",
    "double-entry-generator__credit_example-icbc-credit-records.csv",
    "double-entry-generator__debit_example-cmb-records.csv",
    "double-entry-generator__debit_example-hsbchk-debit-records.csv",
    "double-entry-generator__td_example-td-records.csv",
}
CLOSINGS_OTHERWISE: Final = {
    # The MANIFEST has the closing balance of the first account only, or one of a damaged field.
    "bai2__testdata_sample3.txt",
    "cmxl__fixtures_mt940-headers.txt",
}


def name_of(row: Mapping[str, str]) -> str:
    return row["file"].partition("/")[2]


def entries_of(file: BankFile) -> int:
    """How many entries of the bank the file has, booked or not: what the MANIFEST counts."""
    return sum(len({line.booking for line in (*statement.lines, *statement.unbooked)}) for statement in file.statements)


def number(written: str) -> Decimal | None:
    """A balance of the MANIFEST, where "." is nothing at all and "200,29" stands as in the file."""
    digits = written.replace(",", ".")
    return Decimal((digits.strip(".") and digits) or "0") if written else None


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_sample(row: Mapping[str, str]) -> None:
    """Each sample has the lines and balances of its MANIFEST, or says at which place what is wrong."""
    name = name_of(row)
    file = read(SAMPLES / row["file"])
    messages = "\n".join(map(told, file.problems))
    errors = [problem for problem in file.problems if problem.severity == ERROR]
    if name in BROKEN:
        entries, said = BROKEN[name]
        assert entries_of(file) == entries
        assert said in messages
    else:
        assert entries_of(file) == int(row["transactions"]), messages
        assert bool(errors) == (name in SAID), messages
        assert SAID.get(name, "") in messages
    of_bank = [statement for statement in file.statements if statement.kind != INVESTMENT]
    opening, closing = number(row["opening"]), number(row["closing"])
    if opening is not None:
        assert of_bank[0].opening is not None
        assert of_bank[0].opening.amount == opening
    if closing is not None and name not in CLOSINGS_OTHERWISE:
        assert of_bank[-1].closing is not None
        assert of_bank[-1].closing.amount == closing
    gaps = [statement for statement in file.statements if statement.gap]
    assert messages.count("does not add up") == len(gaps)
    if row["balances_tie"] and name not in BROKEN:
        assert bool(gaps) == row["balances_tie"].startswith("no")
    elif name not in BROKEN:
        assert bool(gaps) == (name in NOT_TYING), messages


@pytest.mark.parametrize("row", ROWS, ids=name_of)
def test_a_sample_says_where_and_with_which_sign(row: Mapping[str, str]) -> None:
    """Every line has its place, a date and an id of its own but for repeated statements; lines make up bookings."""
    file = read(SAMPLES / row["file"])
    for statement in file.statements:
        ids = [line.id for line in statement.lines]
        assert len(set(ids)) == len(ids)
        for line in statement.lines:
            assert line.place
            assert line.currency == statement.currency
            assert line.account == statement.account
        for booking in {line.booking: line for line in statement.lines}.values():
            parts = [line.amount for line in statement.lines if line.booking == booking.booking]
            assert sum(parts) == booking.booking_amount
    assert identify(SAMPLES / row["file"]) == bool(file.format or file.name.endswith(".sta"))


def test_a_second_download_has_the_same_ids() -> None:
    """The same statement was sampled in two repositories: their lines are the same lines."""
    one = read(SAMPLES / "mt940" / "mt940__betterplace_sepa_mt9401.sta")
    other = read(SAMPLES / "mt940" / "mt940-rs__betterplace_sepa_mt9401.sta")
    assert [line.id for line in one.lines] == [line.id for line in other.lines]
    assert len(one.lines) == 97


@pytest.mark.parametrize("format", FACES)
def test_all_samples_in_every_face(format: str) -> None:
    """The relation of all samples at once can be shown in every format."""
    files = [read(SAMPLES / row["file"]) for row in ROWS]
    assert render(report(files), format)


def test_every_sample_of_a_table_is_known_by_its_content() -> None:
    """No table needs its profile named, and what was decided about the text is told as a note."""
    for row in ROWS:
        if row["format"] in ("csv", "xls"):
            file = read(SAMPLES / row["file"])
            assert file.format, row["file"]
            assert all(problem.message for problem in file.problems if problem.severity == NOTE)
