"""The importer: bank statements into a ledger with beangulp and on Fava's import page, each line once."""

from __future__ import annotations

import datetime
import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest
from beancount import loader
from beancount.core.data import Balance, Directive, Transaction
from beancount.parser import printer
from beangulp import testing
from beangulp.extract import extract_from_file
from fava.core import FavaLedger

from receivables_importers.bank import BankError
from receivables_importers.bank.importer import DUPLICATE, Importer

FILES: Final = Path(__file__).parent / "bank"
STATEMENTS: Final = sorted(path for path in FILES.iterdir() if path.suffix not in (".toml", ".beancount"))
ACCOUNTS: Final = {"*": "Assets:Bank"}
LEDGER: Final = """
2020-01-01 open Assets:Bank
2020-01-01 open Liabilities:UnidentifiedReceipts
2020-01-01 open Assets:Receivable:OldMill
2020-01-01 pad Assets:Bank Equity:Opening
2020-01-01 open Equity:Opening
"""


@pytest.fixture
def importer() -> Importer:
    """The importer of the fixtures' accounts."""
    return Importer(FILES / "bank.toml")


def entries_of(importer: Importer, path: Path, existing: Sequence[Directive] = ()) -> list[Directive]:
    """What is new of a file, as beangulp finds it."""
    entries: list[Directive] = extract_from_file(importer, str(path), list(existing))
    importer.deduplicate(entries, existing)
    return [entry for entry in entries if DUPLICATE not in entry.meta]


@pytest.mark.parametrize("path", STATEMENTS, ids=lambda path: path.name)
def test_goldens(path: Path, importer: Importer) -> None:
    """Each fixture gives the entries beside it; GOLDEN_UPDATE=1 writes them anew, for a person to review."""
    golden = path.with_name(f"{path.name}.beancount")
    assert importer.identify(str(path))
    found = testing.run_importer(importer, str(path))
    if os.environ.get("GOLDEN_UPDATE"):
        testing.write_expected_file(str(golden), *found, force=True)
    assert "".join(testing.compare_expected(str(golden), *found)) == ""
    # And what was printed is read as the same.
    entries, errors, _ = loader.load_string(golden.read_text("utf-8"))
    assert len(entries) == len(found[-1])
    assert not [error for error in errors if "Invalid reference to unknown account" not in error.message
                and "Balance failed" not in error.message]  # fmt: skip


def test_a_transaction_of_a_line(importer: Importer) -> None:
    """The bank's account, the suspense account, and everything that tells whose it is in the metadata."""
    entry = entries_of(importer, FILES / "rhein.camt053.xml")[0]
    assert isinstance(entry, Transaction)
    assert (entry.flag, entry.payee, entry.narration) == ("!", "Old Mill Brauerei AG", "INV-2026-0117")
    assert [(posting.account, str(posting.units)) for posting in entry.postings] == [
        ("Assets:Bank:Rhein", "1190.00 EUR"),
        ("Liabilities:UnidentifiedReceipts", "-1190.00 EUR"),
    ]
    assert entry.meta["bank-creditor-reference"] == "RF18539007547034"
    assert entry.meta["bank-documents"] == "INV-2026-0117"
    assert re.fullmatch(r"[0-9a-f]{20}", entry.meta["bank-id"])


def test_the_suspense_account_that_the_ledger_names() -> None:
    """The role in the ledger decides, unless the importer was told."""
    ledger, _, _ = loader.load_string('2020-01-01 custom "receivables-accounts" "suspense" Liabilities:Unknown\n')
    path = FILES / "my-bank.csv"
    for importer, account in (
        (Importer(ACCOUNTS, profiles=[FILES / "my-bank.toml"]), "Liabilities:Unknown"),
        (Importer(ACCOUNTS, profiles=[FILES / "my-bank.toml"], suspense="Equity:Clearing"), "Equity:Clearing"),
    ):
        (first, _) = importer.extract(str(path), ledger)
        assert first.postings[1].account == account


def balances(importer: Importer, path: Path) -> list[tuple[datetime.date, str, str]]:
    return [
        (entry.date, entry.account, str(entry.amount))
        for entry in entries_of(importer, path)
        if isinstance(entry, Balance)
    ]


def test_balances_only_where_the_chain_holds(importer: Importer, tmp_path: Path) -> None:
    """The closing balance of a finished day holds on the next morning; with a gap nothing is asserted."""
    assert balances(importer, FILES / "rhein.camt053.xml") == [
        (datetime.date(2026, 3, 6), "Assets:Bank:Rhein", "4105.50 EUR")
    ]
    (tmp_path / "gap.xml").write_text((FILES / "rhein.camt053.xml").read_text().replace("4105.50", "4105.51"))
    assert balances(importer, tmp_path / "gap.xml") == []
    assert balances(importer, FILES / "rhein.camt052.xml") == []
    assert balances(importer, FILES / "lagoon.ofx") == []


def test_several_statements_of_a_day_assert_the_last_balance(importer: Importer, tmp_path: Path) -> None:
    """Two statements that close on the same day: only the second one's balance holds on the next morning."""
    (tmp_path / "two.sta").write_text((FILES / "mill.mt940.sta").read_text().replace("C260307", "C260306"))
    assert balances(importer, tmp_path / "two.sta") == [(datetime.date(2026, 3, 7), "Assets:Bank:Rhein", "3963.10 EUR")]


def test_a_download_asserts_what_was_before_its_last_day(importer: Importer) -> None:
    """It may have been made at noon: 3 March is not over, but what 2 March left is certain."""
    assert balances(importer, FILES / "vietcombank.csv") == [
        (datetime.date(2026, 3, 3), "Assets:Bank:VN:SongLo", "138858000 VND")
    ]


def test_importing_twice_adds_nothing_whatever_was_edited(importer: Importer) -> None:
    """The id alone decides: date, text, accounts and amounts may have been changed since."""
    path = FILES / "mill.mt940.sta"
    first = entries_of(importer, path)
    text = "".join(printer.format_entry(entry) for entry in first)
    edited = text.replace("2026-03-06 !", "2026-03-09 *").replace("BLUE REEF HOTELS", "Blue Reef, Kampot")
    edited = edited.replace("Liabilities:UnidentifiedReceipts", "Assets:Receivable:OldMill").replace("80.00", "8.00")
    ledger, _, _ = loader.load_string(LEDGER + edited)
    assert len([entry for entry in first if isinstance(entry, Transaction)]) == 6
    assert [entry for entry in entries_of(importer, path, ledger) if isinstance(entry, Transaction)] == []


def test_two_lines_that_a_person_joined(importer: Importer) -> None:
    """An entry of two lines names both ids, or has one on each posting."""
    first, second = entries_of(importer, FILES / "my-bank.csv")
    one, other = first.meta["bank-id"], second.meta["bank-id"]
    for joined in (
        f'2026-03-31 * "both"\n  bank-id: "{one} {other}"\n  Assets:Bank  1 EUR\n  Equity:Opening\n',
        f'2026-03-31 * "x"\n  Assets:Bank  1 EUR\n    bank-id: "{one}"\n  Equity:Opening\n    bank-id: "{other}"\n',
    ):
        ledger, _, _ = loader.load_string(LEDGER + joined)
        assert entries_of(importer, FILES / "my-bank.csv", ledger) == []


def test_an_entry_that_is_there_in_another_detail(importer: Importer) -> None:
    """The sum of a batch is in the ledger: its details are known, and the other way round."""
    in_sum, in_detail = FILES / "rhein.camt052.xml", FILES / "rhein.camt053.xml"
    for before, after, new in ((in_sum, in_detail, 3), (in_detail, in_sum, 0)):
        ledger = entries_of(importer, before)
        found = [entry for entry in entries_of(importer, after, ledger) if isinstance(entry, Transaction)]
        assert len(found) == new


def test_a_line_that_somebody_deleted_comes_again(importer: Importer) -> None:
    """Of a batch that is in the ledger in detail, only the line that is missing is new."""
    path = FILES / "rhein.camt053.xml"
    ledger = [entry for entry in entries_of(importer, path) if entry.meta.get("bank-end-to-end") != "DD-2"]
    (again,) = entries_of(importer, path, ledger)
    assert again.meta["bank-end-to-end"] == "DD-2"


def test_equal_receipts_are_not_taken_for_each_other(importer: Importer) -> None:
    """What beangulp's own comparison would drop: two equal receipts, and a receipt and its refund."""
    (one, two) = [entry for entry in entries_of(importer, FILES / "mill.mt940.sta") if "KAFFEE" in str(entry)]
    assert one.meta["bank-id"] != two.meta["bank-id"]


def test_accounts_that_are_not_named(caplog: pytest.LogCaptureFixture, tmp_path: Path) -> None:
    """A file of other accounts is not identified; an account among known ones is said and left out."""
    path = FILES / "harbor.bai"
    assert not Importer({"1": "Assets:Bank"}).identify(str(path))
    importer = Importer({"0004555777 JPY": "Assets:Yen"})
    assert importer.identify(str(path))
    with caplog.at_level(logging.WARNING):
        entries = entries_of(importer, path)
    assert {entry.postings[0].account for entry in entries if isinstance(entry, Transaction)} == {"Assets:Yen"}
    assert 'harbor.bai:3: error: the account "0004555501" is not among the importer\'s accounts' in caplog.text
    (tmp_path / "notes.txt").write_text("nothing of a bank")
    assert not importer.identify(str(tmp_path / "notes.txt"))
    assert not importer.identify(str(tmp_path))


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    """Quotes, line breaks and tags in a payer's text cannot become anything else."""
    text = '2026-03-05,"evil"" ""\n2020-01-01 * ""x #tag ^link \\",80.00,EUR\n'
    (tmp_path / "evil.csv").write_text(f"Date,Description,Amount,Currency\n{text}")
    importer = Importer(ACCOUNTS)
    (entry,) = entries_of(importer, tmp_path / "evil.csv")
    ledger, errors, _ = loader.load_string(LEDGER + printer.format_entry(entry))
    found = [each for each in ledger if isinstance(each, Transaction)]
    assert [each.narration for each in found] == ['evil" " 2020-01-01 * "x #tag ^link \\']
    assert not found[0].tags | found[0].links
    assert errors == [] or all("Unused Pad" in error.message for error in errors)
    (tmp_path / "evil.csv").rename(tmp_path / "evil.C:$(x)")
    assert importer.filename(str(tmp_path / "evil.C:$(x)")) == "statement-Date-description-amount-currency.cx"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[accounts]\n", "has a line for each account"),
        ('[accounts]\n"1" = "Bank"\n', '"Bank" is not the name of an account'),
        ('acounts = 1\n[accounts]\n"1" = "Assets:B"\n', 'there is no key "acounts"'),
        ('profiles = ["nothing.toml"]\n[accounts]\n"1" = "Assets:B"\n', "nothing.toml: the profile cannot be read"),
        ('profiles = ["no-such-bank"]\n[accounts]\n"1" = "Assets:B"\n', 'there is no profile "no-such-bank"'),
        ("accounts = [", "is not TOML"),
    ],
)
def test_settings_that_cannot_be_used(text: str, message: str, tmp_path: Path) -> None:
    """The file, what is wrong, and the mend."""
    (tmp_path / "bank.toml").write_text(text)
    with pytest.raises(BankError) as error:
        Importer(tmp_path / "bank.toml")
    assert message in str(error.value)


SCRIPT: Final = """import beangulp
from receivables_importers.bank.importer import Importer
CONFIG = [Importer("bank.toml")]
if __name__ == "__main__":
    beangulp.Ingest(CONFIG)()
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with an import script, its settings, a ledger and two statements that overlap."""
    for name in ("bank.toml", "my-bank.toml"):
        shutil.copy(FILES / name, tmp_path / name)
    (tmp_path / "import.py").write_text(SCRIPT)
    (tmp_path / "downloads").mkdir()
    for name in ("rhein.camt053.xml", "rhein.camt052.xml"):
        shutil.copy(FILES / name, tmp_path / "downloads" / name)
    text = LEDGER.replace("Assets:Bank\n", "Assets:Bank:Rhein\n").replace("pad Assets:Bank ", "pad Assets:Bank:Rhein ")
    options = 'option "operating_currency" "EUR"\n2020-01-01 custom "fava-option" "import-config" "import.py"\n'
    (tmp_path / "main.beancount").write_text(
        f'{options}2020-01-01 custom "fava-option" "import-dirs" "downloads"\n{text}include "imported.beancount"\n'
    )
    (tmp_path / "imported.beancount").write_text("")
    return tmp_path


def ingest(desk: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "import.py", *arguments], cwd=desk, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_way_of_beangulp(desk: Path) -> None:
    """identify, extract into the ledger, extract again: only comments; the ledger's balance is the bank's; archive."""
    assert ingest(desk, "identify", "downloads").count("bank") == 2
    first = ingest(desk, "extract", "-e", "main.beancount", "downloads")
    (desk / "imported.beancount").write_text(re.sub(r"^\*.*\n", "", first, flags=re.MULTILINE))
    entries, errors, _ = loader.load_file(str(desk / "main.beancount"))
    assert errors == []
    booked = [entry for entry in entries if isinstance(entry, Transaction) and "bank-id" in entry.meta]
    assert sum(entry.postings[0].units.number for entry in booked) == Decimal("3105.50")
    again = ingest(desk, "extract", "-e", "main.beancount", "downloads")
    assert not re.findall(r"^\d{4}-\d\d-\d\d", again, re.MULTILINE)
    ingest(desk, "archive", "-o", ".", "downloads")
    names = sorted(path.name for path in (desk / "Assets").rglob("*.xml"))
    assert names == [
        "2026-03-05.statement-camt.052-DE02700500000000112233.xml",
        "2026-03-05.statement-camt.053.001.08-DE02700500000000112233.xml",
    ]


def test_the_import_page_of_fava(desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same configuration there: the file is offered with its account, extracted once, and then known."""
    monkeypatch.chdir(desk)
    ledger = FavaLedger(str(desk / "main.beancount"))
    assert ledger.ingest.errors == ()
    offered: dict[str, Any] = {each.basename: each for each in ledger.ingest.import_data()}
    (info,) = offered["rhein.camt053.xml"].importers
    assert (info.importer_name, info.account, info.date) == ("bank", "Assets:Bank:Rhein", datetime.date(2026, 3, 5))
    path = str(desk / "downloads" / "rhein.camt053.xml")
    new = ledger.ingest.extract(path, "bank")
    assert len(new) == 8
    assert not [entry for entry in new if DUPLICATE in entry.meta]
    ledger.file.insert_entries(list(new))
    ledger.load_file()
    assert ledger.errors == []
    assert all(DUPLICATE in entry.meta for entry in ledger.ingest.extract(path, "bank"))
