"""Cash application, booked: entries, the command, the review in the terminal, the hook, and files that come twice."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from beancount.core.data import Custom, Directive, Transaction
from click.testing import CliRunner, Result
from tests.bank_lines import BOOKS, Applied, applied, invoice, line
from tests.ledgers import unindented

import bean_ar.apply
from bean_ar.main import main
from receivables.loading import load_book
from receivables.posting.append import plan, write
from receivables.posting.text import directive
from receivables.relations import evaluate
from receivables_importers.application import entries_of, match
from receivables_importers.application.hook import hook
from receivables_importers.application.session import Session, SessionError
from receivables_importers.bank import model
from receivables_importers.bank.importer import Importer
from receivables_importers.bank.model import BankLine

INVOICES = (
    invoice("INV-2026-0113", "OldMill", "1,000.00 USD")
    + invoice("INV-2026-0114", "OldMill", "250.00 USD", "2026-04-02")
    + invoice("INV-2026-0120", "BlueReef", "777.00 USD")
)
MEMO = """
2026-04-10 * "Old Mill" "Price" #credit-memo ^CM-4
  Income:Sales  120.00 USD
  Assets:Receivable:OldMill  -120.00 USD
"""


def texts(found: Applied, *, suspense: bool = False) -> str:
    """The entries as ledger text."""
    proposals = entries_of(found.story.book, found.matched.proposals, suspense=suspense)
    return "\n".join(directive(entry) for proposal in proposals for entry in proposal.entries)


def test_a_receipt_with_a_charge() -> None:
    """Money, difference, what is settled, and where it comes from."""
    paid = line("985.00", "OLD MILL TEXTILES", "INV-2026-0113", id="b-1", counterparty_account="0011 0055")
    assert texts(applied(INVOICES, paid)) == (
        '2026-05-04 * "Old Mill Textiles Ltd" "INV-2026-0113" #receipt ^RC-2026-01\n'
        '  number: "RC-2026-01"\n'
        '  bank-id: "b-1"\n'
        '  bank-counterparty: "OLD MILL TEXTILES"\n'
        '  bank-counterparty-account: "0011 0055"\n'
        '  evidence: "The name \\"OLD MILL TEXTILES\\", the same; The number INV-2026-0113; the text names'
        ' INV-2026-0113 (\\"INV-2026-0113\\"); 15.00 USD bank charge less"\n'
        "  Assets:Bank:Main              985.00 USD\n"
        "  Expenses:BankFees              15.00 USD\n"
        "  Assets:Receivable:OldMill  -1,000.00 USD\n"
        '    settles: "INV-2026-0113"\n'
    )


def test_a_credit_memo_is_applied_beside_the_receipt() -> None:
    """The receipt settles what the money pays, an #apply entry the rest."""
    text = texts(applied(INVOICES + MEMO, line("880.00", "OLD MILL TEXTILES", "INV-2026-0113")))
    assert '  Assets:Receivable:OldMill  -880.00 USD\n    settles: "INV-2026-0113"\n' in text
    assert '2026-05-04 * "Old Mill Textiles Ltd" "CM-4 netted in the payment" #apply\n' in text
    assert text.endswith(
        '  Assets:Receivable:OldMill   120.00 USD\n    settles: "CM-4"\n'
        '  Assets:Receivable:OldMill  -120.00 USD\n    settles: "INV-2026-0113"\n'
    )


def test_a_bounced_receipt_turns_all_its_postings_round() -> None:
    """The charge that was booked with it comes back as well."""
    paid = line("985.00", "OLD MILL TEXTILES", "INV-2026-0113")
    back = line("-985.00", "OLD MILL TEXTILES", "returned", type=model.RETURN, date="2026-05-08")
    text = texts(applied(INVOICES, paid, back))
    assert '2026-05-08 * "Old Mill Textiles Ltd" "returned" #reversal ^RC-2026-01\n' in text
    assert text.endswith(
        "  Assets:Bank:Main            -985.00 USD\n"
        "  Expenses:BankFees            -15.00 USD\n"
        "  Assets:Receivable:OldMill  1,000.00 USD\n"
    )


def test_what_waits_on_the_suspense_account() -> None:
    """Only when asked, flagged, with its candidates."""
    found = applied(INVOICES, line("777.00", "POS 00123", "transfer"))
    assert texts(found) == ""
    text = texts(found, suspense=True)
    assert text.startswith('2026-05-04 ! "POS 00123" "transfer"\n')
    assert '  candidate-1: "BlueReef Blue Reef Hotels LLC: INV-2026-0120"\n' in text
    assert "  Liabilities:UnidentifiedReceipts  -777.00 USD\n" in text


def test_a_control_account() -> None:
    """The customer stands with each posting."""
    books = BOOKS + "2025-01-01 open Assets:Receivable\n"
    ledger = """
2026-04-01 * "Sen Restaurant" "Repair" ^INV-2026-0009
  Assets:Receivable  200.00 USD
  Income:Sales
"""
    found = applied(ledger, line("210.00", "SEN RESTAURANT", "INV-2026-0009"), company=books)
    assert found.said() == "auto Sen Restaurant: INV-2026-0009 200.00 + 10.00 on account (overpayment)"
    assert texts(found).count('customer: "Sen Restaurant"') == 2


HOSTILE = [
    'x"\n2013-01-01 close Assets:Bank:Main ; ',
    "\\",
    "\x1b[2J\u202eevil",
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "INV-2026-0113" * 300,
    "9" * 4000,
    "INV " * 1000,
    "1-" * 2000,
    "\ud800"[:0] + "𝔘𝔫𝔦" * 50,
    "東" * 3000,
    "a" * 4096,
    "RF" + "1" * 500,
    ", ".join(f"INV-2026-{n:04d}" for n in range(1000)),
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts(text: str, tmp_path: Path) -> None:
    """Whatever a bank writes is text: proposed, booked and read back, and nothing else happens."""
    ledger = tmp_path / "main.beancount"
    ledger.write_text('plugin "receivables"\n' + unindented(BOOKS + INVOICES), "utf-8")
    loaded = load_book(ledger)
    lines = [line("1,000.00", "OLD MILL TEXTILES", f"INV-2026-0113 {text}", id="a"), line("5.00", text, text, id="b")]
    matched = match(loaded.book, loaded.entries, lines)
    before = len(loaded.entries)
    write(plan(ledger, loaded.book, entries_of(loaded.book, matched.proposals, suspense=True)))
    after = load_book(ledger)
    assert not after.errors
    assert len(after.entries) == before + 2
    assert match(after.book, after.entries, lines).proposals == ()


# The command


STATEMENT = """:20:STARTUMS
:25:GB33BUKB20201555555555
:28C:00045/00001
:60F:C260503USD1000,00
:61:2605040504CR985,00NTRFNONREF//2026050400018801
:86:166?00CREDIT?20PAYMENT OF INV 2026/113?32OLD MILL TEXTILES LTD
:61:2605050505CR777,00NTRFNONREF//2026050500018802
:86:166?00CREDIT?20REPAIRS?31GB94BARC10201530093999?32REEF HOLIDAYS
:61:2605060506DR12,50NCHGNONREF//2026050600018803
:86:805?00CHARGES?20ACCOUNT FEE
:62F:C260506USD2749,50
-
"""


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A ledger and a statement beside it."""
    ledger = tmp_path / "main.beancount"
    ledger.write_text('plugin "receivables"\n' + unindented(BOOKS + INVOICES), "utf-8")
    (tmp_path / "may.sta").write_text(STATEMENT, "utf-8")
    return ledger


def run(ledger: Path, *words: str, keys: str = "") -> Result:
    """The command on the statement beside the ledger."""
    return CliRunner().invoke(main, ["apply", str(ledger), str(ledger.parent / "may.sta"), *words], input=keys)


def test_the_relation_in_every_face(company: Path) -> None:
    """Proposals are a relation as any other; --where narrows what is shown."""
    rows = json.loads(run(company, "--format", "json").stdout)["rows"]
    assert [(row["decision"], row["customer"], row["reason"]) for row in rows] == [
        ("auto", "OldMill", "bank charge"), ("review", "BlueReef", ""), ("nothing", "", "fee"),
    ]  # fmt: skip
    assert rows[0]["allocations"] == "INV-2026-0113 1,000.00"
    assert rows[0]["residual"] == "-15.00"
    for format in ("table", "csv", "html"):
        assert "OLD MILL" in run(company, "--format", format, "--where", "decision=auto").stdout
        assert "REEF HOLIDAYS" not in run(company, "--format", format, "--where", "decision=auto").stdout
    assert run(company, "--format", "xlsx", "--output", str(company.parent / "p.xlsx")).exit_code == 0


def test_nothing_is_written_unasked(company: Path) -> None:
    """Neither by the report, nor by --post without an answer."""
    before = company.read_bytes()
    assert run(company).exit_code == 0
    assert "add --yes to append" in run(company, "--post").stdout
    assert company.read_bytes() == before


def test_posted_once_whatever_is_edited_in_between(company: Path) -> None:
    """The same file again adds nothing, also when the entry was changed by hand."""
    assert "Written: main.beancount" in run(company, "--post", "--yes").stdout
    text = company.read_text("utf-8")
    assert text.count("bank-id:") == 1
    edited = text.replace('"PAYMENT OF INV 2026/113"', '"changed"').replace("RC-2026-01", "RC-7")
    company.write_text(
        edited.replace("Expenses:BankFees               15.00", "Expenses:Discounts              15.00"), "utf-8"
    )
    again = run(company, "--post", "--yes")
    assert "1 booked already and left out" in again.stdout
    assert "Nothing to post." in again.stdout
    assert company.read_text("utf-8").count("bank-id:") == 1


def test_suspense(company: Path) -> None:
    """What waits is booked as well, and then known."""
    assert run(company, "--suspense").exit_code == 2
    run(company, "--post", "--yes", "--suspense")
    text = company.read_text("utf-8")
    assert text.count("bank-id:") == 2
    assert re.search(r"Liabilities:UnidentifiedReceipts +-777.00 USD", text)
    assert "Nothing to post." in run(company, "--post", "--yes", "--suspense").stdout


def test_wrong_usage(company: Path) -> None:
    """With the mend."""
    assert "--review needs a terminal" in run(company, "--review").output
    assert 'no column is called "customr"' in run(company, "--where", "customr=1").output
    assert "the ledger has no such account" in run(company, "--account", "Assets:Nowhere").output
    for words in (["--where", "customer=OldMill"], ["--format", "csv"], ["--output", "p.csv"]):
        before = company.read_bytes()
        result = run(company, "--post", "--yes", *words)
        assert result.exit_code == 2
        assert f"leave {'--where' if '--where' in words else '--format and --output'} out" in result.output
        assert company.read_bytes() == before


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a person sat there."""
    monkeypatch.setattr(bean_ar.apply, "_is_terminal", lambda: True)


@pytest.mark.usefixtures("terminal")
def test_review_takes_a_candidate_and_learns(company: Path) -> None:
    """A key decides; name and account of the payer are learned in the ledger, and decide the next time."""
    result = run(company, "--review", "--post", "--yes", keys="1\r")
    assert "Lines that wait for you: 1" in result.stdout
    assert "waits: the payer is not known for certain" in result.stdout
    text = company.read_text("utf-8")
    assert 'custom "receivables-customer" "BlueReef"\n  alias: "REEF HOLIDAYS"\n' in text
    assert '  bank-account: "GB94BARC10201530093999"\n' in text
    assert "confirmed by a person" in text
    loaded = load_book(company)
    assert loaded.book.customers["BlueReef"].name == "Blue Reef Hotels LLC"
    company.write_text(text + "\n" + invoice("INV-2026-0130", "BlueReef", "12.00 USD", "2026-05-08"), "utf-8")
    loaded = load_book(company)
    found = match(loaded.book, loaded.entries, [line("12.00", "Reef Holidays", date="2026-05-20")])
    assert found.proposals[0].decision == "auto"


@pytest.mark.usefixtures("terminal")
def test_review_undo_and_leave(company: Path) -> None:
    """The last key is taken back, also behind the last line; what is left stays as it was."""
    result = run(company, "--review", "--post", "--yes", keys="1u\r\r")
    assert result.stdout.count("1 of 1") == 2
    text = company.read_text("utf-8")
    assert "receivables-customer" not in text
    assert text.count("bank-id:") == 1


@pytest.mark.usefixtures("terminal")
def test_review_stopped(company: Path) -> None:
    """What is decided by evidence is booked, nothing else."""
    run(company, "--review", "--post", "--yes", keys="q")
    assert company.read_text("utf-8").count("bank-id:") == 1


@pytest.mark.usefixtures("terminal")
def test_review_search_and_edit(company: Path) -> None:
    """Another customer is found by name, and the allocation written by hand."""
    result = run(company, "--review", "--post", "--yes", keys="sold mill\ne1\nINV-2026-0114 200\n\n\r")
    assert result.exception is None, result.output
    text = company.read_text("utf-8")
    assert '-200.00 USD\n    settles: "INV-2026-0114"\n  Assets:Receivable:OldMill    -577.00 USD\n' in text
    assert 'custom "receivables-customer" "OldMill"' in text


# The session without a terminal


def session(ledger: str, *lines: BankLine) -> Session:
    """A session over a ledger."""
    story = applied(ledger, *lines).story
    return Session(story.book, story.entries, lines)


def test_what_is_decided_is_used_up_and_undone() -> None:
    """The second of two equal payments sees what the first has taken, until it is undone."""
    asked = session(INVOICES, line("250.00", "X", "a", id="1"), line("250.00", "X", "b", id="2"))
    assert asked.count == 2
    asked.decide(asked.for_customer("OldMill"))
    assert all(label != "INV-2026-0114" for label, _ in asked.open_labels("OldMill"))
    assert asked.undo()
    assert ("INV-2026-0114", "250.00") in asked.open_labels("OldMill")
    asked.skip()
    asked.decide(asked.for_customer("OldMill"))
    assert asked.current is None
    (entry,) = [entry for made in asked.entries() for entry in made.entries if isinstance(entry, Transaction)]
    assert entry.meta["bank-id"] == "2"
    assert not session(INVOICES).undo()


@pytest.mark.parametrize(
    ("written", "reason", "message"),
    [
        ("INV-9", "", "is no open document of OldMill"),
        ("INV-2026-0114 251", "", "has 250.00 USD open"),
        ("INV-2026-0114 -1", "", "has 250.00 USD open"),
        ("INV-2026-0114, INV-2026-0114", "", "is named twice"),
        ("INV-2026-0113 1000", "", "200.00 USD more than was paid: give a reason"),
        ("INV-2026-0113", "mood", "give a reason"),
        ("INV-2026-0114 1.001", "", "is no amount in USD"),
        ("INV-2026-0114 1.500", "", '"1.500" is no amount in USD: write it as 1500.00'),
        ("INV-2026-0114 1.500.000", "", '"1.500.000" is no amount in USD'),
    ],
)
def test_an_allocation_that_cannot_be(written: str, reason: str, message: str) -> None:
    """The message says why."""
    asked = session(INVOICES, line("800.00", "X"))
    with pytest.raises(SessionError, match=message):
        asked.edited("OldMill", written, reason)


def test_an_allocation_with_a_reason() -> None:
    """What is missing goes to the account of the reason."""
    asked = session(INVOICES, line("800.00", "X"))
    asked.decide(asked.edited("OldMill", "INV-2026-0113", "discount"))
    (made, learned) = asked.entries()
    assert "Expenses:Discounts" in directive(made.entries[0])
    assert isinstance(learned.entries[0], Custom)


# The hook of beangulp and Fava


def test_the_hook(company: Path) -> None:
    """An importer's entries get their other side; what waits keeps its candidates; a second time it is a duplicate."""
    loaded = load_book(company)
    importer = Importer({"*": "Assets:Bank:Main"})
    path = str(company.parent / "may.sta")
    existing: list[Directive] = list(loaded.entries)
    entries = importer.extract(path, existing)
    importer.deduplicate(entries, existing)
    ((_, applied_entries, _, _),) = hook([(path, entries, "Assets:Bank:Main", importer)], [*existing, *entries])
    made = [entry for entry in applied_entries if isinstance(entry, Transaction)]
    assert [posting.account for posting in made[0].postings] == [
        "Assets:Bank:Main", "Expenses:BankFees", "Assets:Receivable:OldMill",
    ]  # fmt: skip
    assert made[0].postings[2].meta["settles"] == "INV-2026-0113"
    assert made[1].meta["candidate-1"].startswith("BlueReef")
    assert [posting.account for posting in made[2].postings] == ["Assets:Bank:Main", "Liabilities:UnidentifiedReceipts"]
    text = company.read_text("utf-8") + "\n".join(directive(entry) for entry in made)
    company.write_text(text, "utf-8")
    again = load_book(company)
    assert not again.errors
    assert evaluate(again.book, "open_items", again.book.last_day, None).rows
    assert match(again.book, again.entries, _lines(path)).proposals == ()


def _lines(path: str) -> Sequence[BankLine]:
    from receivables_importers.bank import read

    return read(Path(path)).lines
