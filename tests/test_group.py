"""Companies of a group: what they owe each other, by which receipts, and which entries forget to say so."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from beancount.core.data import Transaction
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers import Told, day, unindented
from tests.test_cache import load_and_keep

from bean_ar.main import main
from receivables import cache
from receivables.loading import load_book
from receivables.relations import evaluate
from receivables.rules.group import Legs, balances, entity_of, legs, movements
from receivables.view import view

COMPANIES = """
2026-01-01 open Assets:Bank:VN
  entity: "VN"
2026-01-01 open Assets:Bank:KH
  entity: "KH"
2026-01-01 open Assets:Receivable:VN:Kiyose
  entity: "VN"
2026-01-01 open Assets:Receivable:KH:Kiyose
  entity: "KH"
2026-01-01 open Income:Sales
2026-01-01 open Income:Interest
2026-01-01 open Income:Exchange
2026-01-01 open Expenses:Fees
2026-01-01 open Expenses:Rent
2026-01-01 open Equity:Opening
"""
BETWEEN = """
2026-01-01 open Liabilities:Intercompany:VN:KH
  entity: "VN"
  with: "KH"
2026-01-01 open Assets:Intercompany:KH:VN
  entity: "KH"
  with: "VN"
"""
BACK = """
2026-01-01 open Assets:Intercompany:VN:KH
  entity: "VN"
  with: "KH"
2026-01-01 open Liabilities:Intercompany:KH:VN
  entity: "KH"
  with: "VN"
"""
INVOICES = """
2026-04-01 * "Kiyose" "Lifts in Hanoi" ^HD-1
  Assets:Receivable:VN:Kiyose  20000.00 USD
  Income:Sales
2026-04-02 * "Kiyose" "Lifts in Phnom Penh" ^INV-2
  Assets:Receivable:KH:Kiyose  10000.00 USD
  Income:Sales
"""
RECEIPT = """
2026-05-04 * "Kiyose" "One transfer for both" ^RC-1
  Assets:Bank:VN  30000.00 USD
  Assets:Receivable:VN:Kiyose  -20000.00 USD
    settles: "HD-1"
  Assets:Receivable:KH:Kiyose  -10000.00 USD
    settles: "INV-2"
  Liabilities:Intercompany:VN:KH  -10000.00 USD
  Assets:Intercompany:KH:VN  10000.00 USD
"""


def paid_back(date: str, amount: str, link: str = "IC-1") -> str:
    """A transfer from the Vietnamese to the Cambodian bank."""
    return f"""
{date} * "What came for Cambodia" ^{link}
  Assets:Bank:KH  {amount} USD
  Assets:Bank:VN  -{amount} USD
  Liabilities:Intercompany:VN:KH  {amount} USD
  Assets:Intercompany:KH:VN  -{amount} USD
"""


def received(date: str, amount: str, link: str) -> str:
    """A receipt of Cambodia's in the Vietnamese bank."""
    return f"""
{date} * "Kiyose" "For Phnom Penh" ^{link}
  Assets:Bank:VN  {amount} USD
  Assets:Receivable:KH:Kiyose  -{amount} USD
  Liabilities:Intercompany:VN:KH  -{amount} USD
  Assets:Intercompany:KH:VN  {amount} USD
"""


def told(text: str, *problems: str, between: str = BETWEEN) -> Told:
    """A ledger of both companies, with exactly these problems."""
    story = Told(COMPANIES + between + INVOICES + unindented(text))
    assert [error.message for error in story.errors] == []
    assert story.codes == sorted(problems), [item.message for item in story.problems]
    story.assert_ties_out()
    return story


def balance(story: Told, as_of: str, entity: str = "KH") -> tuple[Any, ...]:
    """Balance, difference, since and what makes it, of the one row of a company."""
    (row,) = story.rows("group_balances", as_of, f"entity={entity}")
    return row["balance"], row["difference"], str(row["since"]), row["made_by"]


# Balances


def test_what_one_company_received_for_another_it_owes() -> None:
    story = told(RECEIPT)
    rows = story.rows("group_balances", "2026-05-31")
    assert [(row["entity"], row["with"], row["balance"], row["counterpart"]) for row in rows] == [
        ("KH", "VN", Decimal("10000.00"), Decimal("-10000.00")),
        ("VN", "KH", Decimal("-10000.00"), Decimal("10000.00")),
    ]
    assert {(row["difference"], str(row["since"]), row["days"], row["made_by"]) for row in rows} == {
        (0, "2026-05-04", 27, "RC-1")
    }
    assert rows[0]["accounts"] == "Assets:Intercompany:KH:VN"


def test_nothing_is_owed_before_the_receipt_and_all_of_it_on_its_day() -> None:
    story = told(RECEIPT)
    assert story.rows("group_balances", "2026-05-03") == []
    (row,) = story.rows("group_balances", "2026-05-04", "entity=VN")
    assert (row["balance"], row["days"]) == (Decimal("-10000.00"), 0)


def test_the_receipt_settles_the_invoices_of_both_companies() -> None:
    story = told(RECEIPT)
    assert story.open_on("2026-05-03") == {"HD-1": "20,000.00 USD", "INV-2": "10,000.00 USD"}
    assert story.open_on("2026-05-04") == {}
    assert story.settled_by() == ["2026-05-04 HD-1 <- RC-1 20,000.00 USD", "2026-05-04 INV-2 <- RC-1 10,000.00 USD"]
    assert story.kinds()["RC-1"] == "receipt"


def test_each_company_has_its_own_part_in_the_reports_on_it() -> None:
    story = told(RECEIPT)
    for entity, amount in (("VN", 20000), ("KH", 10000)):
        of = f"entity={entity}"
        assert [row["amount"] for row in story.rows("settlements", "2026-05-31", of)] == [amount]
        assert [row["original"] for row in story.rows("documents", "2026-05-31", of)] == [amount, -amount]
        assert [row["credit"] for row in story.rows("statement", "2026-05-31", of) if row["credit"]] == [amount]
        (row,) = story.rows("changes", "2026-05-31", of, period_from=day("2026-05-01"))
        assert (row["opening"], row["collected"], row["closing"]) == (amount, -amount, 0)
        april, may = story.rows("kpis", "2026-05-31", of)[-2:]
        assert (april["receivables"], may["receivables"], may["cei"]) == (amount, 0, 100)


def test_paying_back_takes_the_oldest_first() -> None:
    text = received("2026-05-04", "6000.00", "RC-1") + received("2026-05-20", "4000.00", "RC-2")
    text += paid_back("2026-06-15", "9000.00")
    story = told(text)
    assert balance(story, "2026-06-14") == (10000, 0, "2026-05-04", "RC-1, RC-2")
    assert balance(story, "2026-06-15") == (1000, 0, "2026-05-20", "RC-2")
    rows = story.rows("group_movements", "2026-06-30", "entity=KH")
    assert [(row["number"], row["amount"], row["balance"], row["open"]) for row in rows] == [
        ("RC-1", 6000, 6000, 0),
        ("RC-2", 4000, 10000, 1000),
        ("IC-1", -9000, 1000, 0),
    ]


def test_when_all_is_paid_back_there_is_no_row() -> None:
    story = told(RECEIPT + paid_back("2026-06-15", "10000.00"))
    assert story.rows("group_balances", "2026-06-15") == []
    assert len(story.rows("group_movements", "2026-06-15")) == 4


def test_who_pays_back_too_much_is_owed_the_rest_from_that_day_on() -> None:
    story = told(RECEIPT + paid_back("2026-06-15", "10500.00"))
    assert balance(story, "2026-06-30") == (-500, 0, "2026-06-15", "IC-1")


def test_netting_changes_neither_the_balance_nor_its_age() -> None:
    other = """
2026-05-11 * "Kiyose" "For Hanoi, to the bank in Phnom Penh" ^RC-2 ^HD-1
  Assets:Bank:KH  4000.00 USD
  Assets:Receivable:VN:Kiyose  -4000.00 USD
  Liabilities:Intercompany:KH:VN  -4000.00 USD
  Assets:Intercompany:VN:KH  4000.00 USD
2026-05-31 * "Netting" ^IC-2
  Liabilities:Intercompany:VN:KH  4000.00 USD
  Assets:Intercompany:VN:KH  -4000.00 USD
  Liabilities:Intercompany:KH:VN  4000.00 USD
  Assets:Intercompany:KH:VN  -4000.00 USD
"""
    story = told(received("2026-05-04", "10000.00", "RC-1") + other, between=BETWEEN + BACK)
    before, after = (balance(story, as_of) for as_of in ("2026-05-30", "2026-05-31"))
    assert before == after == (6000, 0, "2026-05-04", "RC-1")


def test_netting_that_goes_through_zero_on_the_way_is_no_new_debt() -> None:
    """The first line alone would pay back more than is owed; the entry as a whole moves nothing."""
    netting = """
2026-05-31 * "From one account to the other" ^IC-2
  Assets:Intercompany:KH:VN  -50000.00 USD
  Liabilities:Intercompany:KH:VN  50000.00 USD
"""
    story = told(RECEIPT + netting, between=BETWEEN + BACK)
    assert balance(story, "2026-05-31") == (10000, 0, "2026-05-04", "RC-1")


def test_many_receipts_are_named_up_to_four() -> None:
    story = told("".join(received("2026-05-04", "1.00", f"RC-{number}") for number in range(1, 7)))
    assert balance(story, "2026-05-31") == (6, 0, "2026-05-04", "RC-1, RC-2, RC-3, RC-4 and 2 more")


def test_each_currency_is_a_balance_of_its_own() -> None:
    riel = received("2026-05-05", "4000", "RC-2").replace("USD", "KHR")
    story = told(RECEIPT + riel)
    rows = story.rows("group_balances", "2026-05-31", "entity=KH")
    assert [(row["currency"], str(row["balance"])) for row in rows] == [("KHR", "4000.00"), ("USD", "10000.00")]


# Halves

HALVES = """
2026-05-04 * "Kiyose" "One transfer for both" ^PT-1 ^HD-1
  Assets:Bank:VN  30000.00 USD
  Assets:Receivable:VN:Kiyose  -20000.00 USD
  Liabilities:Intercompany:VN:KH  -10000.00 USD
2026-05-06 * "Kiyose" "Received by Vietnam" ^RC-1 ^INV-2
  Assets:Intercompany:KH:VN  10000.00 USD
  Assets:Receivable:KH:Kiyose  -10000.00 USD
"""


def test_until_both_have_booked_their_halves_they_differ() -> None:
    story = told(HALVES)
    assert balance(story, "2026-05-05", "VN") == (-10000, -10000, "2026-05-04", "PT-1")
    assert balance(story, "2026-05-05", "KH") == (0, -10000, "None", "")
    assert balance(story, "2026-05-06", "KH") == (10000, 0, "2026-05-06", "RC-1")
    notes = story.report("group_balances", "2026-05-05").notes
    assert any(note.startswith("KH and VN differ by -10,000.00 USD: ") for note in notes)


def test_what_only_one_of_the_two_has_booked_is_found() -> None:
    story = told(RECEIPT.replace("RC-1", "RC-9") + HALVES, "more-than-open", "more-than-open")
    found = [row["number"] for row in story.rows("group_movements", "2026-05-05", "both=no")]
    assert found == ["PT-1"]
    assert {row["both"] for row in story.rows("group_movements", "2026-05-04", "number=RC-9")} == {True}


def test_a_credit_against_a_sister_company_alone_is_a_receipt() -> None:
    assert told(HALVES).kinds()["RC-1"] == "receipt"


def test_a_sister_company_without_accounts_here_has_no_counterpart() -> None:
    abroad = """
2026-01-01 open Assets:Intercompany:VN:Head
  entity: "VN"
  with: "Head office"
2026-05-04 * "Paid for them" ^IC-7
  Assets:Intercompany:VN:Head  70.00 USD
  Assets:Bank:VN
"""
    story = told(abroad)
    (row,) = story.rows("group_balances", "2026-05-31")
    assert (row["with"], row["balance"], row["counterpart"], row["difference"]) == ("Head office", 70, None, None)
    assert "Head office has no account with VN in this ledger." in story.report("group_balances", "2026-05-31").notes


# Movements


def test_a_period_begins_with_what_was_before_and_open_adds_up_to_the_balance() -> None:
    story = told(RECEIPT + paid_back("2026-06-15", "4000.00"))
    rows = story.rows("group_movements", "2026-06-30", "entity=KH", period_from=day("2026-06-01"))
    assert [(str(row["date"]), row["description"], row["amount"], row["balance"], row["open"]) for row in rows] == [
        ("2026-06-01", "Opening balance", None, 10000, 6000),
        ("2026-06-15", "What came for Cambodia", -4000, 6000, 0),
    ]


@pytest.mark.parametrize(("first", "opening"), [("2026-05-04", False), ("2026-05-05", True)])
def test_the_first_day_of_a_period_belongs_to_it(first: str, opening: bool) -> None:
    rows = told(RECEIPT).rows("group_movements", "2026-05-31", "entity=KH", period_from=day(first))
    assert [row["description"] == "Opening balance" for row in rows] == [opening]


def test_a_movement_says_whose_payment_it_is_and_where_it_stands() -> None:
    story = told(RECEIPT)
    (row,) = story.rows("group_movements", "2026-05-31", "entity=KH")
    assert (row["customer"], row["number"], row["description"]) == ("Kiyose", "RC-1", "One transfer for both")
    assert story.line(row["line"]) == "Assets:Intercompany:KH:VN  10000.00 USD"
    assert len(story.rows("group_movements", "2026-05-31", customer="Kiyose")) == 2
    assert story.rows("group_movements", "2026-05-31", customer="Nobody") == []


def test_of_a_customer_with_two_codes_it_is_the_code_of_the_company_that_is_owed() -> None:
    codes = COMPANIES.replace('Kiyose\n  entity: "KH"', 'Kiyose\n  entity: "KH"\n  customer: "K-77"')
    story = Told(codes + BETWEEN + INVOICES + RECEIPT)
    assert story.problems == []
    assert {row["customer"] for row in story.rows("group_movements", "2026-05-31")} == {"K-77"}


def test_each_company_may_give_its_part_of_the_receipt_a_number_of_its_own() -> None:
    own = RECEIPT.replace('settles: "INV-2"', 'settles: "INV-2"\n    number: "RC-77"')
    story = told(own)
    rows = story.rows("group_movements", "2026-05-31")
    assert [(row["entity"], row["number"]) for row in rows] == [("KH", "RC-77"), ("VN", "RC-1")]
    assert {number: story.kinds()[number] for number in ("RC-1", "RC-77")} == {"RC-1": "receipt", "RC-77": "receipt"}
    assert story.settled_by()[1] == "2026-05-04 INV-2 <- RC-77 10,000.00 USD"
    by = story.report("documents", "2026-05-31", by=("entity",))
    assert [(row[0], row[by.position("original")]) for row in by.rows] == [("KH", 0), ("VN", 0)]


def test_an_entry_without_customers_is_known_by_its_link_or_number() -> None:
    named = paid_back("2026-06-16", "1.00", "x").replace(" ^x", '\n  number: "T-8"')
    story = told(RECEIPT + paid_back("2026-06-15", "1.00", "T-7") + named)
    rows = story.rows("group_movements", "2026-06-30", "entity=KH")
    assert [(row["number"], row["customer"]) for row in rows] == [("RC-1", "Kiyose"), ("T-7", ""), ("T-8", "")]


# What kind of document an entry makes


def test_an_invoice_for_both_is_an_invoice_also_where_the_customer_has_paid_in_advance() -> None:
    """The accounts between the companies cancel in it; the one in credit would else make a refund of it."""
    advance = """
2026-05-01 * "Kiyose" "Advance" ^RC-5
  Assets:Bank:VN  500.00 USD
  Assets:Receivable:VN:Kiyose  -500.00 USD
2026-05-02 * "Kiyose" "Joint work, invoiced from Hanoi" ^HD-6
  Assets:Receivable:VN:Kiyose  300.00 USD
  Income:Sales  -200.00 USD
    entity: "VN"
  Income:Sales  -100.00 USD
    entity: "KH"
  Liabilities:Intercompany:VN:KH  -100.00 USD
  Assets:Intercompany:KH:VN  100.00 USD
"""
    story = told(advance)
    assert story.kinds()["HD-6"] == "invoice"
    assert story.open_on("2026-05-31")["HD-6"] == "300.00 USD"


def test_a_credit_memo_for_both_is_no_receipt() -> None:
    memo = """
2026-05-02 * "Kiyose" "Doors were late, borne by Hanoi" ^CM-6
  Income:Sales  100.00 USD
    entity: "VN"
  Assets:Receivable:VN:Kiyose  -60.00 USD
  Assets:Receivable:KH:Kiyose  -40.00 USD
  Liabilities:Intercompany:VN:KH  -40.00 USD
  Assets:Intercompany:KH:VN  40.00 USD
"""
    assert told(memo).kinds()["CM-6"] == "credit-memo"


def test_a_refund_that_a_sister_company_paid_is_a_refund() -> None:
    refund = """
2026-05-01 * "Kiyose" "Too much" ^RC-5
  Assets:Bank:KH  500.00 USD
  Assets:Receivable:KH:Kiyose  -500.00 USD
2026-05-02 * "Kiyose" "Paid back from Hanoi" ^RF-6 ^RC-5
  Assets:Receivable:KH:Kiyose  500.00 USD
  Assets:Intercompany:KH:VN  -500.00 USD
"""
    assert told(refund).kinds()["RF-6"] == "refund"


# Entries that forget the accounts between the companies


class Forgotten(NamedTuple):
    """An entry and what the warning says of it."""

    postings: str
    says: tuple[str, ...]


FORGOTTEN = {
    "a receipt for both": Forgotten(
        """
  Assets:Bank:VN  30000.00 USD
  Assets:Receivable:VN:Kiyose  -20000.00 USD
  Assets:Receivable:KH:Kiyose  -10000.00 USD
""",
        (
            "VN has 10,000.00 USD too much, KH has 10,000.00 USD too little: "
            "add Liabilities:Intercompany:VN:KH -10,000.00 USD and Assets:Intercompany:KH:VN 10,000.00 USD",
        ),
    ),
    "less what the bank took": Forgotten(
        """
  Assets:Bank:VN  29985.00 USD
  Expenses:Fees  15.00 USD
  Assets:Receivable:VN:Kiyose  -20000.00 USD
  Assets:Receivable:KH:Kiyose  -10000.00 USD
""",
        (
            "VN has 9,985.00 USD too much, KH has 10,000.00 USD too little",
            "Liabilities:Intercompany:VN:KH -10,000.00 USD",
            "(if what stands on accounts without a company is that of VN)",
        ),
    ),
    "a transfer from bank to bank": Forgotten(
        "\n  Assets:Bank:VN  -100.00 USD\n  Assets:Bank:KH  100.00 USD\n",
        ("VN has 100.00 USD too little, KH has 100.00 USD too much",),
    ),
    "a transfer from bank to bank that costs": Forgotten(
        "\n  Assets:Bank:VN  -110.00 USD\n  Assets:Bank:KH  100.00 USD\n  Expenses:Fees  10.00 USD\n",
        ("VN has 110.00 USD too little, KH has 100.00 USD too much", "Assets:Intercompany:KH:VN -100.00 USD"),
    ),
    "a credit moved to the other company": Forgotten(
        "\n  Assets:Receivable:VN:Kiyose  5.00 USD\n  Assets:Receivable:KH:Kiyose  -5.00 USD\n",
        ("VN has 5.00 USD too much, KH has 5.00 USD too little",),
    ),
    "in another currency": Forgotten(
        """
  Assets:Bank:VN  787500000 VND
  Assets:Receivable:VN:Kiyose  -20000.00 USD @ 26250 VND
  Assets:Receivable:KH:Kiyose  -10000.00 USD @ 26250 VND
""",
        (
            "VN has 262,500,000 VND too much",
            "add Liabilities:Intercompany:VN:KH -10,000.00 USD @ 26,250 VND "
            "and Assets:Intercompany:KH:VN 10,000.00 USD @ 26,250 VND",
        ),
    ),
    "a part of it": Forgotten(
        """
  Assets:Bank:VN  30000.00 USD
  Assets:Receivable:VN:Kiyose  -20000.00 USD
  Assets:Receivable:KH:Kiyose  -10000.00 USD
  Liabilities:Intercompany:VN:KH  -9000.00 USD
  Assets:Intercompany:KH:VN  9000.00 USD
""",
        ("VN has 1,000.00 USD too much", "add Liabilities:Intercompany:VN:KH -1,000.00 USD"),
    ),
}


@pytest.mark.parametrize("name", FORGOTTEN)
def test_money_that_goes_past_the_companies_is_told_with_the_lines_to_add(name: str) -> None:
    entry = f'2026-05-04 * "Kiyose" "x" #apply ^X-1{FORGOTTEN[name].postings}'
    if "Bank" in FORGOTTEN[name].postings:
        entry = entry.replace(" #apply", "")
    story = Told(COMPANIES + BETWEEN + INVOICES + entry)
    (found,) = (item for item in story.problems if item.code == "past-the-companies")
    assert story.line(found.source["lineno"]).startswith('2026-05-04 * "Kiyose" "x"')
    for part in FORGOTTEN[name].says:
        assert part in found.message


@pytest.mark.parametrize("name", ["a receipt for both", "in another currency", "a transfer from bank to bank"])
def test_with_the_lines_that_the_warning_gives_it_is_gone(name: str) -> None:
    entry = f'2026-05-04 * "Kiyose" "x" ^X-1{FORGOTTEN[name].postings}'
    (found,) = (p for p in Told(COMPANIES + BETWEEN + INVOICES + entry).problems if p.code == "past-the-companies")
    lines = found.message.partition(": add ")[2].split(" and ")
    mended = Told(COMPANIES + BETWEEN + INVOICES + entry + "".join(f"  {line}\n" for line in lines))
    assert mended.errors == []
    assert [p.message for p in mended.problems if p.code in ("past-the-companies", "companies-differ")] == []


SILENT = {
    "an invoice of both on one income account": """
  Assets:Receivable:VN:Kiyose  20.00 USD
  Assets:Receivable:KH:Kiyose  10.00 USD
  Income:Sales
""",
    "a revaluation: gains and losses of both in one line": """
  Assets:Receivable:VN:Kiyose  100.00 USD
  Assets:Receivable:KH:Kiyose  -95.00 USD
  Income:Exchange
""",
    "charges of both banks": """
  Assets:Bank:VN  -50.00 USD
  Assets:Bank:KH  -40.00 USD
  Expenses:Fees
""",
    "interest of one bank and of the other in one line": """
  Assets:Bank:VN  30.00 USD
  Assets:Bank:KH  -10.00 USD
  Income:Interest
""",
    "opening balances": """
  Assets:Bank:VN  30.00 USD
  Assets:Receivable:KH:Kiyose  10.00 USD
  Equity:Opening
""",
    "a posting that says whose it is": """
  Assets:Bank:VN  -30.00 USD
  Assets:Bank:KH  20.00 USD
  Expenses:Rent  30.00 USD
    entity: "VN"
  Income:Interest  -20.00 USD
    entity: "KH"
""",
    "rounding of a price": """
  Assets:Bank:VN  33.33 USD
  Assets:Receivable:VN:Kiyose  -23.33 USD
  Assets:Receivable:KH:Kiyose  -11.11 EUR @ 0.9003 USD
  Liabilities:Intercompany:VN:KH  -10.00 USD
  Assets:Intercompany:KH:VN  10.00 USD
""",
}


@pytest.mark.parametrize("name", SILENT)
def test_nothing_is_said_where_nobody_can_know(name: str) -> None:
    story = Told(COMPANIES + BETWEEN + INVOICES + f'2026-05-04 * "x" ^X-1{SILENT[name]}')
    assert story.errors == []
    assert [p.message for p in story.problems if p.code in ("past-the-companies", "companies-differ")] == []


@pytest.mark.parametrize(("of_entry", "of_posting"), [("", '\n    entity: "KH"'), ('\n  entity: "KH"', "")])
def test_an_entry_or_posting_that_says_whose_it_is_can_also_show_what_is_missing(
    of_entry: str, of_posting: str
) -> None:
    """The bank in Hanoi pays the rent of Phnom Penh."""
    entry = f"""
2026-05-04 * "Rent"{of_entry}
  Assets:Bank:VN  -30.00 USD
  Assets:Bank:KH  -1.00 USD
  Expenses:Rent  31.00 USD{of_posting}
"""
    told(entry, "past-the-companies")
    told(entry.replace('entity: "KH"', 'about: "KH"'))


def test_without_accounts_between_companies_nobody_asks() -> None:
    entry = f'2026-05-04 * "Kiyose" "x" ^X-1 ^HD-1{FORGOTTEN["a receipt for both"].postings}'
    assert "past-the-companies" not in Told(COMPANIES + INVOICES + entry).codes


def test_without_the_accounts_of_this_pair_the_warning_says_which_to_open() -> None:
    laos = """
2026-01-01 open Assets:Bank:LA
  entity: "LA"
2026-05-04 * "x"
  Assets:Bank:LA  7.00 USD
  Assets:Receivable:KH:Kiyose  -7.00 USD
"""
    (found,) = told(laos, "past-the-companies").problems
    assert 'open an account with entity: "LA" and with: "KH" for -7.00 USD' in found.message
    assert 'and one with entity: "KH" and with: "LA" for 7.00 USD' in found.message


def test_money_that_waited_in_suspense_is_the_company_s_whose_suspense_account_it_was() -> None:
    suspense = """
2026-01-01 open Liabilities:UnidentifiedReceipts
2026-01-01 open Liabilities:UnidentifiedReceipts:VN
  entity: "VN"
2026-05-04 * "Kiyose" "Theirs, as it turned out" ^RC-1 ^INV-2
  Liabilities:UnidentifiedReceipts{of}  10000.00 USD
  Assets:Receivable:KH:Kiyose  -10000.00 USD
"""
    told(suspense.format(of=""))
    (found,) = told(suspense.format(of=":VN"), "past-the-companies").problems
    assert "add Liabilities:Intercompany:VN:KH -10,000.00 USD" in found.message


def test_of_three_companies_each_has_its_own_lines() -> None:
    laos = """
2026-01-01 open Assets:Receivable:LA:Kiyose
  entity: "LA"
2026-01-01 open Liabilities:Intercompany:VN:LA
  entity: "VN"
  with: "LA"
2026-01-01 open Assets:Intercompany:LA:VN
  entity: "LA"
  with: "VN"
2026-05-04 * "x"
  Assets:Bank:VN  12.00 USD
  Assets:Receivable:KH:Kiyose  -7.00 USD
  Assets:Receivable:LA:Kiyose  -5.00 USD
"""
    (found,) = told(laos, "past-the-companies").problems
    assert "add Liabilities:Intercompany:VN:KH -7.00 USD and Assets:Intercompany:KH:VN 7.00 USD" in found.message
    assert "add Liabilities:Intercompany:VN:LA -5.00 USD and Assets:Intercompany:LA:VN 5.00 USD" in found.message


def test_two_companies_that_show_another_debt_in_one_entry_are_told() -> None:
    entry = RECEIPT.replace(
        "Liabilities:Intercompany:VN:KH  -10000.00 USD", "Liabilities:Intercompany:VN:KH  -262500000 VND @@ 10000 USD"
    )
    (found,) = told(entry, "companies-differ").problems
    assert "the accounts of KH about VN show 10,000.00 USD, those of VN about KH -262,500,000 VND" in found.message


def test_an_account_of_a_company_alone_may_be_called_intercompany() -> None:
    alone = """
2026-01-01 open Assets:Bank
2026-01-01 open Assets:Intercompany:Parent
2026-02-02 * "Paid for the parent"
  Assets:Intercompany:Parent  10 USD
  Assets:Bank
"""
    story = Told(alone)
    assert story.problems == []
    (row,) = story.rows("group_balances")
    assert (row["entity"], row["with"], row["balance"], row["counterpart"]) == ("", "", 10, None)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "there is no entity: and no with:"),
        ('  entity: "VN"\n', "there is no with:"),
        ('  with: "KH"\n', "there is no entity:"),
        ('  entity: "VN"\n  with: "VN"\n', 'entity: and with: are both "VN"'),
    ],
)
def test_an_account_that_does_not_say_between_whom_it_stands_is_told_once_it_is_used(words: str, says: str) -> None:
    opened = f"2026-01-01 open Assets:Intercompany:Other\n{words}"
    assert told(opened).problems == []
    used = opened + '2026-02-02 * "x"\n  Assets:Intercompany:Other  10.00 USD\n  Assets:Bank:VN\n'
    (found,) = told(used, "between-whom").problems
    assert says in found.message


def test_two_accounts_that_each_say_one_company_are_not_each_others_other_side() -> None:
    halves = """
2026-01-01 open Assets:Intercompany:Whose
  with: "VN"
2026-01-01 open Assets:Intercompany:VN:Whom
  entity: "VN"
2026-02-02 * "x"
  Assets:Intercompany:Whose  10.00 USD
  Assets:Intercompany:VN:Whom  -10.00 USD
"""
    rows = told(halves, "between-whom", "between-whom").rows("group_balances")
    assert [(row["entity"], row["with"], row["balance"], row["difference"]) for row in rows] == [
        ("", "VN", 10, None),
        ("VN", "", -10, None),
    ]


# For those who book


def test_the_accounts_for_a_debt_between_companies() -> None:
    book = told("", between=BETWEEN + BACK).book
    assert legs(book, "VN", "KH", "USD") == Legs("Liabilities:Intercompany:VN:KH", "Assets:Intercompany:KH:VN")
    assert legs(book, "KH", "VN", "USD") == Legs("Liabilities:Intercompany:KH:VN", "Assets:Intercompany:VN:KH")


def test_a_current_account_serves_both_ways() -> None:
    book = told("").book
    assert legs(book, "KH", "VN", "USD") == Legs("Assets:Intercompany:KH:VN", "Liabilities:Intercompany:VN:KH")
    assert legs(book, "VN", "LA", "USD") is None


def test_an_account_for_a_currency_goes_before_one_for_all_and_others_are_left_out() -> None:
    more = """
2026-01-01 open Liabilities:Intercompany:VN:KH:Dollars USD
2026-01-01 open Liabilities:Intercompany:VN:KH:Riel KHR
"""
    book = told(more).book
    owing = {currency: legs(book, "VN", "KH", currency) for currency in ("USD", "KHR", "EUR")}
    assert {currency: found.owing for currency, found in owing.items() if found} == {
        "USD": "Liabilities:Intercompany:VN:KH:Dollars",
        "KHR": "Liabilities:Intercompany:VN:KH:Riel",
        "EUR": "Liabilities:Intercompany:VN:KH",
    }


@pytest.mark.parametrize(
    ("on", "found"),
    [("2025-12-31", False), ("2026-01-01", True), ("2026-06-29", True), ("2026-06-30", False)],
)
def test_accounts_serve_from_their_opening_to_the_day_before_they_close(on: str, found: bool) -> None:
    book = told("2026-06-30 close Assets:Intercompany:KH:VN\n").book
    assert (legs(book, "VN", "KH", "USD", day(on)) is not None) is found


def test_an_account_belongs_to_the_company_of_the_nearest_account_above() -> None:
    more = """
2026-01-01 open Assets:Bank:VN:Current
2026-01-01 open Assets:Bank:VN:Branch
  entity: "VN-2"
2026-01-01 open Liabilities:VAT:KH
  entity: "KH"
2026-01-01 open Liabilities:VAT:KH:Import
"""
    book = told(more).book
    assert [
        entity_of(book, account)
        for account in (
            "Assets:Bank:VN:Current", "Assets:Bank:VN:Branch:Till", "Liabilities:VAT:KH:Import",
            "Assets:Receivable:KH:Kiyose", "Income:Sales",
        )
    ] == ["VN", "VN-2", "KH", "KH", ""]  # fmt: skip


# The command, and the cache


def test_the_commands_show_balances_and_movements(tmp_path: Path) -> None:
    ledger = tmp_path / "main.beancount"
    ledger.write_text(COMPANIES + BETWEEN + INVOICES + RECEIPT)
    for words in (["group-balances"], ["group-movements", "--from", "2026-05"]):
        result = CliRunner().invoke(main, [words[0], str(ledger), *words[1:], "--format", "csv"])
        assert result.exit_code == 0, result.output
        assert "KH,VN,USD,10000.00" in result.stdout


def test_a_warm_answer_is_the_cold_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SMALLEST", 0)
    ledger = tmp_path / "main.beancount"
    ledger.write_text(COMPANIES + BETWEEN + INVOICES + RECEIPT + paid_back("2026-06-15", "4000.00"))
    assert load_and_keep(ledger)
    kept, cold = cache.recall(ledger), load_book(ledger).book
    assert kept is not None
    assert dict(kept.book.between) == dict(cold.between) != {}
    for name in ("group_balances", "group_movements"):
        assert evaluate(kept.book, name, day("2026-06-30")) == evaluate(cold, name, day("2026-06-30"))
    assert legs(kept.book, "VN", "KH", "USD") == legs(cold, "VN", "KH", "USD")


# What always holds

NAMES = ("A", "B", "C")
PAIRS = [(one, other) for one in NAMES for other in NAMES if one != other]
HEAD = "".join(
    [
        *(f'2020-01-01 open Assets:Bank:{name}\n  entity: "{name}"\n' for name in NAMES),
        *(f'2020-01-01 open Assets:Receivable:{name}\n  entity: "{name}"\n' for name in NAMES),
        *(
            f'2020-01-01 open {root}:Intercompany:{one}:{other}\n  entity: "{one}"\n  with: "{other}"\n'
            for one, other in PAIRS
            for root in ("Assets", "Liabilities")
        ),
        "2020-01-01 open Income:Sales\n",
    ]
)
OWN = [f"Assets:{kind}:{name}" for name in NAMES for kind in ("Bank", "Receivable")]


def _between(one: str, other: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f"{root}:Intercompany:{one}:{other}" for root in ("Assets", "Liabilities")])


@st.composite
def _entry(draw: st.DrawFn) -> list[tuple[str, int]]:
    """Accounts and amounts that add up to zero: a whole matter, a half, or anything."""
    amount = draw(st.integers(1, 5))
    one, other = draw(st.sampled_from(PAIRS))
    mine, theirs = draw(_between(one, other)), draw(_between(other, one))
    kind = draw(st.sampled_from(("whole", "whole", "half", "forgotten", "anything")))
    if kind == "half":
        return [(draw(st.sampled_from([a for a in OWN if a.endswith(one)])), amount), (mine, -amount)]
    if kind == "anything":
        every = st.sampled_from([*OWN, mine, theirs, "Income:Sales"])
        parts = draw(st.lists(st.tuples(every, st.integers(-3, 3).filter(bool)), min_size=1, max_size=4))
        return [*parts, (draw(every), -sum(number for _, number in parts))]
    from_one, to_other = (draw(st.sampled_from([a for a in OWN if a.endswith(name)])) for name in (one, other))
    own = draw(st.integers(0, 2))
    parts = [(from_one, amount + own), (f"Assets:Receivable:{one}", -own), (to_other, -amount)]
    return parts if kind == "forgotten" else [*parts, (mine, -amount), (theirs, amount)]


def _ledger(entries: Sequence[Sequence[tuple[str, int]]], days: Sequence[int]) -> str:
    text = HEAD
    for number, (parts, after) in enumerate(zip(entries, days, strict=True)):
        date = datetime.date(2026, 1, 1) + datetime.timedelta(days=after)
        text += f'{date} * "Cid" "{number}" ^E-{number}\n'
        text += "".join(f"  {account}  {amount}.00 USD\n" for account, amount in parts if amount)
    return text


def _companies(entry: Any) -> set[str]:
    """The companies of the postings of an entry."""
    return {posting.account.split(":")[2] for posting in entry.postings if not posting.account.startswith("Income")}


def _sums(entry: Any) -> Mapping[tuple[str, str], Decimal]:
    """What an entry moves between each two companies, in the books of the first."""
    found: dict[tuple[str, str], Decimal] = {}
    for posting in entry.postings:
        if "Intercompany" in posting.account:
            one, other = posting.account.split(":")[2:]
            found[one, other] = found.get((one, other), Decimal(0)) + posting.units.number
    return found


@given(st.lists(st.tuples(_entry(), st.integers(0, 3)), min_size=1, max_size=8))
@settings(max_examples=80)
def test_where_no_entry_warns_two_companies_differ_by_their_halves_alone(
    drawn: list[tuple[list[tuple[str, int]], int]],
) -> None:
    story = Told(_ledger([parts for parts, _ in drawn], [after for _, after in drawn]))
    assert story.errors == []
    codes = {"past-the-companies", "companies-differ"}
    told_of = {item.source["lineno"] for item in story.problems if item.code in codes}
    as_of = datetime.date(2026, 1, 4)
    expected: dict[tuple[str, str], Decimal] = {}
    alone: dict[tuple[str, str], Decimal] = {}
    for entry in story.entries:
        if not isinstance(entry, Transaction):
            continue
        sums = _sums(entry)
        for pair, amount in sums.items():
            expected[pair] = expected.get(pair, Decimal(0)) + amount
        if entry.meta["lineno"] in told_of or len(_companies(entry)) < 2:
            for (one, other), amount in sums.items():
                for pair in ((one, other), (other, one)):
                    alone[pair] = alone.get(pair, Decimal(0)) + amount
        elif not any(posting.account == "Income:Sales" for posting in entry.postings):
            for name in NAMES:
                own = [p.units.number for p in entry.postings if p.account.split(":")[2] == name]
                assert sum(own) == 0, "every company's postings add up, or there is a warning"
    seen = view(story.book, as_of)
    found = {(each.entity, each.other): each for each in balances(seen)}
    for pair in PAIRS:
        amount = found[pair].amount if pair in found else Decimal(0)
        assert amount == expected.get(pair, 0), "the balance is that of the ledger's accounts"
        difference = found[pair].difference if pair in found else Decimal(0)
        assert difference == alone.get(pair, 0), "what is in both books of an entry without a warning cancels"


@given(st.lists(st.tuples(_entry(), st.integers(0, 3)), min_size=1, max_size=8), st.integers(0, 4))
@settings(max_examples=60)
def test_what_is_open_adds_up_to_the_balance_on_every_day(
    drawn: list[tuple[list[tuple[str, int]], int]], after: int
) -> None:
    story = Told(_ledger([parts for parts, _ in drawn], [days for _, days in drawn]))
    seen = view(story.book, datetime.date(2026, 1, 1) + datetime.timedelta(days=after))
    made: dict[tuple[str, str], list[Any]] = {}
    for each in movements(seen):
        made.setdefault((each.entity, each.other), []).append(each)
        assert abs(each.open) <= abs(each.booked.amount)
        assert not each.open or (each.open > 0) == (each.booked.amount > 0)
    found = {(each.entity, each.other): each for each in balances(seen)}
    for pair, of_pair in made.items():
        total = sum(each.booked.amount for each in of_pair)
        assert of_pair[-1].balance == total == sum(each.open for each in of_pair)
        assert not total or found[pair].since == min(each.booked.date for each in of_pair if each.open)
