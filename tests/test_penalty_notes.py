"""Penalty notes: what `bean-ar penalties --post` books, that it books it once, and what it gives back."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount.core.data import Transaction
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers import day, unindented

from bean_ar.main import main
from receivables.loading import load_book
from receivables.posting.append import plan, write
from receivables.posting.penalties import propose
from receivables.relations import evaluate

D = Decimal

LEDGER = """
    2025-01-01 open Assets:Receivable:HanoiTower
      customer: "C-1"
      name: "Hanoi Tower"
    2025-01-01 open Assets:Receivable:OldMill
    2025-01-01 open Assets:Receivable
    2025-01-01 open Assets:Bank
    2025-01-01 open Income:Sales
    2025-01-01 open Income:LatePayment
    2025-01-01 custom "receivables-policy" "penalty"
      rate: "10% per year"
    2025-01-01 custom "receivables-policy" "numbering"
      penalty: "DN"
    2026-03-01 * "Hanoi Tower" "Lift 7" ^INV-1
      Assets:Receivable:HanoiTower    36,500.00 USD
      Income:Sales
    2026-03-11 * "Hanoi Tower" "Lift 8" ^INV-2
      Assets:Receivable:HanoiTower     3,650.00 USD
      Income:Sales
    2026-03-11 * "Old Mill" "Lift 9" ^INV-3
      Assets:Receivable:OldMill       36,500,000 VND
      Income:Sales
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "main.beancount"
    path.write_text(unindented(LEDGER), "utf-8")
    return path


def run(ledger: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["penalties", str(ledger), *words], env={"COLUMNS": "160"})


def post(ledger: Path, as_of: str) -> Result:
    result = run(ledger, "--as-of", as_of, "--post", "--yes")
    assert result.exit_code == 0, result.output
    return result


def to_charge(ledger: Path, as_of: str) -> dict[str, Decimal]:
    report = evaluate(load_book(ledger).book, "penalty_balances", day(as_of))
    number, left = report.position("number"), report.position("to_charge")
    return {str(row[number]): row[left] for row in report.rows if isinstance(row[left], Decimal)}


def notes(ledger: Path, as_of: str) -> list[Transaction]:
    return [entry for each in propose(load_book(ledger).book, day(as_of)) for entry in each.entries]  # type: ignore[misc]


def test_one_note_a_customer_and_currency_with_a_line_for_every_document(ledger: Path) -> None:
    mill, tower = sorted(notes(ledger, "2026-03-31"), key=lambda entry: entry.postings[0].account, reverse=True)
    assert (mill.payee, tower.payee) == ("OldMill", "Hanoi Tower")
    assert (set(tower.tags), set(tower.links)) == ({"penalty"}, {"DN-2026-01"})
    assert [(posting.account, str(posting.units)) for posting in tower.postings] == [
        ("Assets:Receivable:HanoiTower", "320.00 USD"),
        ("Income:LatePayment", "-300.00 USD"),
        ("Income:LatePayment", "-20.00 USD"),
    ]
    (of_tower, of_lift) = (posting.meta for posting in tower.postings[1:])
    assert of_tower["penalty-of"] == "INV-1"
    assert of_tower["calculation"].startswith(
        "2026-03-01 to 2026-03-31: 36,500.00 USD x 10% x 30/365 = 300.00 (policy penalty of 2025-01-01)"
    )
    assert of_lift["penalty-of"] == "INV-2"


def test_what_is_shown_is_not_written_without_a_word(ledger: Path) -> None:
    before = ledger.read_bytes()
    result = run(ledger, "--as-of", "2026-03-31", "--post")
    assert result.exit_code == 0
    assert '+2026-03-31 * "Hanoi Tower" "Late payment to 2026-03-31" #penalty ^DN-2026-01' in result.output
    assert "add --yes to append" in result.output
    assert ledger.read_bytes() == before


def test_posting_twice_adds_nothing(ledger: Path) -> None:
    post(ledger, "2026-03-31")
    once = ledger.read_bytes()
    assert "Nothing to post." in post(ledger, "2026-03-31").output
    assert ledger.read_bytes() == once
    assert set(to_charge(ledger, "2026-03-31").values()) == {D(0)}


def test_the_next_note_has_only_what_has_come_since(ledger: Path) -> None:
    post(ledger, "2026-03-31")
    post(ledger, "2026-04-30")
    report = evaluate(load_book(ledger).book, "documents", day("2026-04-30"))
    kind, number, original = (report.position(name) for name in ("kind", "number", "original"))
    assert [(row[number], row[original]) for row in report.rows if row[kind] == "penalty"] == [
        ("DN-2026-01", D("320.00")),
        ("DN-2026-03", D("330.00")),
        ("DN-2026-02", D("200000")),
        ("DN-2026-04", D("300000")),
    ]


def test_only_one_customer_is_charged_when_asked(ledger: Path) -> None:
    result = run(ledger, "--as-of", "2026-03-31", "--customer", "OldMill", "--post", "--yes")
    assert result.exit_code == 0
    assert "OldMill" in result.output
    assert "Hanoi" not in result.output.partition("+2026-03-31")[2]
    assert to_charge(ledger, "2026-03-31") == {"INV-1": D("300.00"), "INV-2": D("20.00"), "INV-3": D(0)}


RECEIPT = """
2026-03-21 * "Hanoi Tower" "Found in the bank only in May" ^RC-1 ^INV-1
  Assets:Bank      36,500.00 USD
  Assets:Receivable:HanoiTower
"""


def test_only_one_document_is_charged_when_asked(ledger: Path) -> None:
    result = run(ledger, "--as-of", "2026-03-31", "--where", "number=INV-2", "--post", "--yes")
    assert result.exit_code == 0, result.stderr
    text = ledger.read_text("utf-8")
    assert 'penalty-of: "INV-2"' in text
    assert 'penalty-of: "INV-1"' not in text
    assert 'penalty-of: "INV-3"' not in text


def test_a_condition_on_segments_chooses_no_documents(ledger: Path) -> None:
    before = ledger.read_text("utf-8")
    result = run(ledger, "--as-of", "2026-03-31", "--where", "days>25", "--post", "--yes")
    assert result.exit_code == 2
    assert "--where days: documents are charged whole: choose them by customer, name, account, number" in result.stderr
    assert ledger.read_text("utf-8") == before


def test_a_receipt_booked_later_with_an_earlier_date_gives_the_credit(ledger: Path) -> None:
    post(ledger, "2026-03-31")
    ledger.write_text(ledger.read_text("utf-8") + RECEIPT, "utf-8")
    assert to_charge(ledger, "2026-03-31") == {"INV-1": D("-100.00"), "INV-2": D(0), "INV-3": D(0)}
    (credit,) = notes(ledger, "2026-03-31")
    assert set(credit.tags) == {"credit-memo"}
    assert [(posting.account, str(posting.units), posting.meta.get("settles")) for posting in credit.postings] == [
        ("Assets:Receivable:HanoiTower", "-100.00 USD", "DN-2026-01"),
        ("Income:LatePayment", "100.00 USD", None),
    ]
    post(ledger, "2026-03-31")
    assert set(to_charge(ledger, "2026-03-31").values()) == {D(0)}
    assert notes(ledger, "2026-03-31") == []


def test_what_is_given_back_and_what_is_new_make_one_note(ledger: Path) -> None:
    post(ledger, "2026-03-31")
    ledger.write_text(ledger.read_text("utf-8") + RECEIPT, "utf-8")
    tower = next(entry for entry in notes(ledger, "2026-12-31") if entry.payee == "Hanoi Tower")
    assert set(tower.tags) == {"penalty"}
    assert [str(posting.units) for posting in tower.postings] == ["175.00 USD", "100.00 USD", "-275.00 USD"]
    post(ledger, "2026-12-31")
    assert set(to_charge(ledger, "2026-12-31").values()) == {D(0)}


def test_a_credit_for_a_note_that_was_paid_stays_on_account(ledger: Path) -> None:
    post(ledger, "2026-03-31")
    paid = """
2026-04-02 * "Hanoi Tower" "Paid the note" ^RC-2 ^DN-2026-01
  Assets:Bank      320.00 USD
  Assets:Receivable:HanoiTower
"""
    ledger.write_text(ledger.read_text("utf-8") + paid + RECEIPT, "utf-8")
    (credit,) = (entry for entry in notes(ledger, "2026-04-02") if "credit-memo" in entry.tags)
    assert [(str(posting.units), posting.meta.get("settles")) for posting in credit.postings[:1]] == [
        ("-98.00 USD", None)
    ]


def test_a_customer_of_a_control_account_is_named(ledger: Path) -> None:
    more = """
2026-03-01 * "Quán chay" "Lift 1" ^INV-9
  Assets:Receivable    36,500.00 USD
  Income:Sales
"""
    ledger.write_text(ledger.read_text("utf-8") + more, "utf-8")
    post(ledger, "2026-03-31")
    assert to_charge(ledger, "2026-03-31")["INV-9"] == 0


def test_a_missing_rate_is_told_and_the_rest_is_booked(ledger: Path) -> None:
    more = """
2025-01-01 custom "receivables-policy" "penalty" "published"
  rate: "ECB-MRO + 8%"
2026-03-01 * "Hanoi Tower" "Lift 5" ^INV-5
  penalty: "published"
  Assets:Receivable:HanoiTower    36,500.00 USD
  Income:Sales
"""
    ledger.write_text(ledger.read_text("utf-8") + more, "utf-8")
    result = run(ledger, "--as-of", "2026-03-31", "--post", "--yes")
    assert result.exit_code == 1
    assert "the published rate ECB-MRO is missing for 2026-03-02" in result.output
    assert "INV-5" not in ledger.read_text("utf-8").partition("#penalty")[2]
    assert to_charge(ledger, "2026-03-31") == {"INV-1": 0, "INV-2": 0, "INV-3": 0}


def test_without_the_account_it_says_what_to_open(tmp_path: Path) -> None:
    path = tmp_path / "main.beancount"
    path.write_text(unindented(LEDGER).replace("2025-01-01 open Income:LatePayment\n", ""), "utf-8")
    before = path.read_bytes()
    result = run(path, "--as-of", "2026-03-31", "--post", "--yes")
    assert result.exit_code == 1
    assert "Income:LatePayment" in result.output
    assert "penalty-income" in result.output
    assert path.read_bytes() == before


def test_a_note_of_an_earlier_day_never_charges_what_a_later_one_did(ledger: Path) -> None:
    post(ledger, "2026-04-30")
    assert notes(ledger, "2026-03-31") == []


def test_a_note_tells_every_segment_and_the_last_day_that_it_charges(ledger: Path) -> None:
    """Paid on 21 March, the note of the end of the month says so."""
    ledger.write_text(ledger.read_text("utf-8") + RECEIPT.replace("36,500.00", "18,250.00"), "utf-8")
    tower = next(entry for entry in notes(ledger, "2026-03-31") if entry.payee == "Hanoi Tower")
    assert tower.postings[1].meta["calculation"] == (
        "2026-03-01 to 2026-03-21: 36,500.00 USD x 10% x 20/365 = 200.00; "
        "2026-03-21 to 2026-03-31: 18,250.00 USD x 10% x 10/365 = 50.00; "
        "together 250.00 USD (policy penalty of 2025-01-01)"
    )
    ledger.write_text(unindented(LEDGER).partition("2026-03-11")[0] + RECEIPT, "utf-8")
    (paid,) = notes(ledger, "2026-03-31")
    assert paid.narration == "Late payment to 2026-03-21"


def test_the_report_s_options_are_refused_beside_post(ledger: Path) -> None:
    assert run(ledger, "--post", "--format", "csv").exit_code == 2
    assert run(ledger, "--post", "--by", "customer").exit_code == 2


def test_policies_that_nobody_names_are_said(ledger: Path) -> None:
    text = ledger.read_text("utf-8").replace(
        '"receivables-policy" "penalty"', '"receivables-policy" "penalty" "uk-1998"'
    )
    ledger.write_text(text, "utf-8")
    assert "Policies are set (uk-1998), but for nothing that is late" in run(ledger, "--as-of", "2026-03-31").output


def test_a_hostile_customer_stays_a_name(ledger: Path) -> None:
    text = ledger.read_text("utf-8").replace(
        'name: "Hanoi Tower"', r'name: "Tower\" \"x\n2026-01-01 close Assets:Bank"'
    )
    ledger.write_text(text, "utf-8")
    post(ledger, "2026-03-31")
    loaded = load_book(ledger)
    assert loaded.errors == []
    assert loaded.book.problems == []


charged_on = st.lists(st.dates(day("2026-03-01"), day("2026-12-31")), min_size=1, max_size=4)
paid_on = st.lists(st.tuples(st.dates(day("2026-03-01"), day("2026-12-31")), st.integers(1, 36_500)), max_size=3)


@given(charged_on, paid_on)
@settings(max_examples=15)
def test_posted_and_still_to_post_are_what_is_computed(
    tmp_path_factory: pytest.TempPathFactory, dates: list[Any], receipts: list[tuple[Any, int]]
) -> None:
    """Whatever was charged before, and whatever receipts turn up later."""
    path = tmp_path_factory.mktemp("notes") / "main.beancount"
    path.write_text(unindented(LEDGER), "utf-8")
    found = [*((date, None) for date in sorted(dates)), *receipts, (max(dates), None)]
    for number, (date, amount) in enumerate(found):
        if amount is not None:
            text = (
                RECEIPT.replace("2026-03-21", str(date)).replace("RC-1", f"RC-{number}").replace("36,500", f"{amount}")
            )
            path.write_text(path.read_text("utf-8") + text, "utf-8")
            continue
        book = load_book(path).book
        proposals = propose(book, date)
        if proposals:
            write(plan(path, book, proposals))
        report = evaluate(load_book(path).book, "penalty_balances", date)
        computed, charged, left = (report.position(name) for name in ("computed", "charged", "to_charge"))
        for row in report.rows:
            assert row[computed] == row[charged]
            assert row[left] == 0
