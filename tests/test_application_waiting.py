"""Lines on the suspense account are looked at again: read back, booked against it, once, and only what is left."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.bank_lines import BOOKS, invoice, line
from tests.ledgers import Told, told, unindented

import bean_ar.apply
from bean_ar.main import main
from receivables.posting.text import directive
from receivables.rules.in_hand import hands
from receivables_importers.application import entries_of, match
from receivables_importers.application.matching import Matched
from receivables_importers.application.session import Session
from receivables_importers.application.waiting import kept, line_of, waiting
from receivables_importers.bank import model
from receivables_importers.bank.model import BankLine, References

REEF = invoice("INV-2026-0120", "BlueReef", "777.00 USD")
PAID = line("777.00", "REEF HOLIDAYS", "april", id="b-1", counterparty_account="0011 0055 5501")
LATER = """
2026-05-10 custom "receivables-customer" "BlueReef"
  alias: "REEF HOLIDAYS"
"""


def entries(matched: Matched, story: Told, *, suspense: bool = False) -> str:
    """What is booked, as ledger text."""
    made = entries_of(story.book, matched.proposals, suspense=suspense)
    return "\n" + "\n".join(directive(entry) for each in made for entry in each.entries)


def on_suspense(*lines: BankLine, ledger: str = REEF) -> str:
    """A ledger with lines that waited, on the suspense account."""
    story = told(ledger, company=BOOKS)
    matched = match(story.book, story.entries, lines)
    assert {each.decision for each in matched.proposals} == {"review"}
    return ledger + entries(matched, story, suspense=True)


def again(ledger: str, *lines: BankLine) -> tuple[Told, Matched]:
    """The ledger, with its waiting lines looked at again beside new ones."""
    story = told(ledger, company=BOOKS)
    return story, match(story.book, story.entries, lines, waiting=waiting(story.book, story.entries))


def left(ledger: str) -> list[str]:
    """What still waits: "b-1 777.00"."""
    story = told(ledger, company=BOOKS)
    return [f"{each.line.id} {each.line.amount}" for each in waiting(story.book, story.entries)]


# Read back


FULL = line(
    "985.00", "Công ty ABC", "hd 113; thanks", id="b-7", counterparty_account="VN12 0011", ultimate="ABC Holdings",
    references=References("RF18539007547034", "E2E-1", "BANK-2", "CUST-3", "TX-4", "M-5", "000123", ("INV-1", "INV-2")),
    type=model.CHEQUE, code="NMSC", charges=Decimal("15.00"), original_amount=Decimal("900.00"),
    original_currency="EUR", booking="b-all",
)  # fmt: skip


def test_all_that_the_bank_has_said_is_kept() -> None:
    """The line that is read back is the line that was booked."""
    ledger = on_suspense(FULL, ledger="")
    story = told(ledger, company=BOOKS)
    (found,) = waiting(story.book, story.entries)
    assert (found.suspense, found.bank) == ("Liabilities:UnidentifiedReceipts", "Assets:Bank:Main")
    same = FULL._replace(account="", booking_amount=FULL.amount, file=found.line.file, place=found.line.place)
    assert found.line == same


def test_a_line_that_says_little() -> None:
    """Nothing is kept of what there is not; the fallback of the narration is no text of the payer's."""
    bare = line("5.00", id="x", type=model.OTHER)
    assert kept(bare) == {"bank-id": "x"}
    story = told(on_suspense(bare, ledger=""), company=BOOKS)
    (entry,) = [each for each in story.entries if getattr(each, "postings", None)]
    assert line_of(entry, Decimal("5.00"), "USD").amount == Decimal("5.00")


# Booked


def test_what_was_learned_since_books_it() -> None:
    """A receipt against the suspense account, on the day of the line; then nothing waits, and nothing comes again."""
    ledger = on_suspense(PAID) + LATER
    story, matched = again(ledger)
    (proposed,) = matched.proposals
    assert (proposed.decision, proposed.applied.customer) == ("auto", "BlueReef")
    made = entries(matched, story)
    (evidence,) = [text for text in made.split("\n") if text.startswith('  evidence: "The alias')]
    assert made == (
        '\n2026-05-04 * "Blue Reef Hotels LLC" "april" #receipt ^RC-2026-01\n'
        '  number: "RC-2026-01"\n'
        '  clears: "b-1"\n'
        '  bank-counterparty: "REEF HOLIDAYS"\n'
        '  bank-counterparty-account: "0011 0055 5501"\n'
        f"{evidence}\n"
        "  Liabilities:UnidentifiedReceipts   777.00 USD\n"
        "  Assets:Receivable:BlueReef        -777.00 USD\n"
        '    settles: "INV-2026-0120"\n'
    )
    after = told(ledger + made, company=BOOKS)
    assert after.open_on("2026-05-31") == {}
    assert left(ledger + made) == []
    assert again(ledger + made)[1].proposals == ()
    assert again(ledger + made, PAID)[1].proposals == ()
    assert [each.id for each in again(ledger + made, PAID)[1].known] == ["b-1"]


def test_what_still_waits_waits() -> None:
    """Nothing is put on the suspense account twice."""
    ledger = on_suspense(PAID)
    story, matched = again(ledger)
    assert [each.decision for each in matched.proposals] == ["review"]
    assert entries(matched, story, suspense=True) == "\n"


def test_the_file_beside_the_waiting_lines() -> None:
    """The same line in a file is known; a new one is proposed with those that wait, in order of their days."""
    new = line("12.00", "OLD MILL TEXTILES", id="b-2", date="2026-05-02")
    _, matched = again(on_suspense(PAID), PAID, new)
    assert [each.line.id for each in matched.proposals] == ["b-2", "b-1"]
    assert [each.id for each in matched.known] == ["b-1"]


def test_a_person_decides() -> None:
    """In the review, and what he confirms is learned."""
    story = told(on_suspense(PAID), company=BOOKS)
    asked = Session(story.book, story.entries, [], waiting=waiting(story.book, story.entries))
    asked.decide(asked.for_customer("BlueReef"))
    texts = [directive(entry) for made in asked.entries() for entry in made.entries]
    assert '  clears: "b-1"\n' in texts[0]
    assert "Liabilities:UnidentifiedReceipts   777.00 USD" in texts[0]
    assert 'alias: "REEF HOLIDAYS"' in texts[1]


# Cleared by hand


CLEARED = """
2026-05-12 * "Blue Reef" "It was theirs" #receipt ^RC-7 {link}
  {word}
  Liabilities:UnidentifiedReceipts  {amount} USD
  Assets:Receivable:BlueReef  -{amount} USD
    settles: "INV-2026-0120"
"""


def by_hand(amount: str, word: str = 'note: "by hand"', link: str = "") -> str:
    """An entry that takes from the suspense account."""
    return CLEARED.format(amount=amount, word=word, link=link)


@pytest.mark.parametrize(
    ("clearing", "rest"),
    [
        (by_hand("777.00"), []),
        (by_hand("700.00"), ["b-1 77.00"]),
        (by_hand("700.00", 'clears: "b-1"'), ["b-1 77.00"]),
        (by_hand("700.00", 'bank-id: "b-1"'), ["b-1 77.00"]),
    ],
)
def test_what_is_left(clearing: str, rest: list[str]) -> None:
    """By name, by amount, or because nothing else is there."""
    assert left(on_suspense(PAID) + clearing) == rest


def test_which_line_was_cleared() -> None:
    """Of two lines the named one, the one of the amount, else the oldest."""
    other = line("300.00", "SOMEBODY ELSE", "may", id="b-2", date="2026-05-03")
    ledger = on_suspense(PAID, other)
    assert left(ledger) == ["b-2 300.00", "b-1 777.00"]
    assert left(ledger + by_hand("300.00", 'clears: "b-1"')) == ["b-2 300.00", "b-1 477.00"]
    assert left(ledger + by_hand("777.00")) == ["b-2 300.00"]
    assert left(ledger + by_hand("400.00")) == ["b-1 677.00"]
    linked = ledger.replace('"SOMEBODY ELSE" "may"', '"SOMEBODY ELSE" "may" ^susp-2')
    assert left(linked + by_hand("100.00", link="^susp-2")) == ["b-2 200.00", "b-1 777.00"]


def test_what_comes_to_the_account_by_hand_is_no_line() -> None:
    """It has no bank line, and what takes it away takes no line's money."""
    own = """
    2026-05-06 * "Without a line"
      Assets:Bank:Main  50.00 USD
      Liabilities:UnidentifiedReceipts  -50.00 USD
    """
    assert left(on_suspense(PAID) + own) == ["b-1 777.00"]
    assert left(on_suspense(PAID) + own + by_hand("50.00")) == ["b-1 777.00"]


def test_a_line_that_was_divided_where_it_stands() -> None:
    """What a person has taken out of the entry itself is not offered."""
    ledger = on_suspense(PAID).replace(
        "  Liabilities:UnidentifiedReceipts  -777.00 USD\n",
        "  Liabilities:UnidentifiedReceipts  -477.00 USD\n  Assets:Receivable:OldMill  -300.00 USD\n",
    )
    assert "-477.00" in ledger
    assert left(ledger) == ["b-1 477.00"]


# Other natures


def test_a_deposit_out_of_the_suspense_account() -> None:
    """Money in hand that was booked too late."""
    company = BOOKS + "2025-01-01 open Assets:InHand:Lan\n"
    paid = line("60.00", "", "CHQ 000123", id="b-1")
    before = told("", company=company)
    waits = entries(match(before.book, before.entries, [paid]), before, suspense=True)
    late = """
    2026-05-01 * "Old Mill" "Cheque" #receipt ^RC-1
      Assets:InHand:Lan  60.00 USD
        cheque: "000123"
      Assets:Receivable:OldMill  -60.00 USD
    """
    story = told(waits + late, company=company)
    matched = match(story.book, story.entries, [], waiting=waiting(story.book, story.entries))
    made = entries(matched, story)
    assert "  Liabilities:UnidentifiedReceipts   60.00 USD\n  Assets:InHand:Lan                 -60.00 USD\n" in made
    after = told(waits + late + made, company=company)
    found = hands(after.book, after.book.last_day or story.entries[-1].date)
    assert found.holdings == ()
    assert [each.action for each in found.movements] == ["received", "deposited"]


def test_a_receipt_out_of_the_suspense_account_that_bounces() -> None:
    """It is the bank that gives it back."""
    ledger = on_suspense(PAID) + LATER
    story, matched = again(ledger)
    booked = ledger + entries(matched, story)
    back = line("-777.00", "REEF HOLIDAYS", "returned", type=model.RETURN, date="2026-05-20", id="b-9")
    story, matched = again(booked, back)
    assert [each.decision for each in matched.proposals] == ["auto"]
    made = entries(matched, story)
    assert "  Assets:Bank:Main            -777.00 USD\n  Assets:Receivable:BlueReef   777.00 USD\n" in made
    assert told(booked + made, company=BOOKS).open_on("2026-05-31") == {"INV-2026-0120": "777.00 USD"}


def test_the_payer_of_a_cleared_line_is_known() -> None:
    """The account from which it was paid tells the next one."""
    ledger = on_suspense(PAID) + LATER
    story, matched = again(ledger)
    booked = (ledger + entries(matched, story)).replace('alias: "REEF HOLIDAYS"', 'alias: "SOMETHING ELSE"')
    booked += invoice("INV-2026-0130", "BlueReef", "31.00 USD", "2026-05-11")
    _, matched = again(booked, line("31.00", "REEF HOLIDAYS", date="2026-05-20", counterparty_account="0011 0055 5501"))
    (proposed,) = matched.proposals
    assert proposed.applied.customer == "BlueReef"
    assert any("of an earlier receipt" in said for said in proposed.applied.evidence)


def test_the_company_whose_bank_received_it() -> None:
    """The suspense account may be everybody's: what counts is the bank account on which the line is."""
    group = (
        BOOKS.replace('555"\n', '555"\n  entity: "VN"\n')
        .replace('"Blue Reef Hotels LLC"', '"Blue Reef Hotels LLC"\n  entity: "KH"')
        + '2025-01-01 open Liabilities:Intercompany:VN\n  entity: "VN"\n  with: "KH"\n'
        + '2025-01-01 open Assets:Intercompany:KH\n  entity: "KH"\n  with: "VN"\n'
    )  # fmt: skip
    ledger = on_suspense(PAID) + LATER
    story = told(ledger, company=group)
    matched = match(story.book, story.entries, [], waiting=waiting(story.book, story.entries))
    made = entries(matched, story)
    assert "Liabilities:Intercompany:VN       -777.00 USD" in made
    assert "Assets:Intercompany:KH             777.00 USD" in made


# The command


STATEMENT = """:20:STARTUMS
:25:GB33BUKB20201555555555
:28C:00045/00001
:60F:C260503USD1000,00
:61:2605050505CR777,00NTRFNONREF//2026050500018802
:86:166?00CREDIT?20REPAIRS?31GB94BARC10201530093999?32REEF HOLIDAYS
:62F:C260505USD1777,00
-
"""


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A ledger whose only line waits on the suspense account."""
    ledger = tmp_path / "main.beancount"
    ledger.write_text('plugin "receivables"\n' + unindented(BOOKS + REEF), "utf-8")
    statement = tmp_path / "may.sta"
    statement.write_text(STATEMENT, "utf-8")
    assert run(ledger, str(statement), "--post", "--yes", "--suspense").exit_code == 0
    return ledger


def run(ledger: Path, *words: str, keys: str = "") -> Result:
    """The command."""
    return CliRunner().invoke(main, ["apply", str(ledger), *words], input=keys)


def test_the_command(company: Path) -> None:
    """No file is needed; what is decided now is booked, once."""
    (row,) = json.loads(run(company, "--waiting", "--format", "json").stdout)["rows"]
    assert (row["decision"], row["counterparty"], row["account"]) == (
        "review", "REEF HOLIDAYS", "Liabilities:UnidentifiedReceipts",
    )  # fmt: skip
    assert row["file"] == "main.beancount"
    assert "Nothing to post." in run(company, "--waiting", "--post", "--yes", "--suspense").stdout
    company.write_text(company.read_text("utf-8") + LATER, "utf-8")
    assert "Written: main.beancount" in run(company, "--waiting", "--post", "--yes").stdout
    assert run(company, "--waiting", "--post", "--yes").stdout.startswith("Nothing to post.")
    assert "name files of bank statements, or add --waiting" in run(company).output


def test_review_in_the_terminal(company: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key decides."""
    monkeypatch.setattr(bean_ar.apply, "_is_terminal", lambda: True)
    result = run(company, "--waiting", "--review", "--post", "--yes", keys="1\r")
    assert result.exception is None, result.output
    assert "clears:" in company.read_text("utf-8")
