"""Provisions: worked figures of standards and laws, boundary days, what is booked, and what must always hold."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers import COMPANY, Told, day, told

from bean_ar.main import main
from receivables.posting.provision import propose
from receivables.posting.text import ledger_text
from receivables.problems import Problem
from receivables.report import totals
from receivables.rules.calendar_months import month_ends, months_between, months_later

ACCOUNTS = """
2025-01-01 open Assets:DoubtfulDebts
2025-01-01 open Expenses:DoubtfulDebts
2025-01-01 open Income:Recoveries
2025-01-01 open Income:ExchangeGains
2025-01-01 open Expenses:Else
"""

IFRS_9 = """
2025-01-01 custom "receivables-policy" "provision"
  rates: "current 0.3%, 30 1.6%, 60 3.6%, 90 6.6%, over 90 10.6%"
"""

VIETNAM = """
2019-10-10 custom "receivables-policy" "provision"
  months: "6 30%, 12 50%, 24 70%, 36 100%"
"""


def invoice(
    number: str, amount: str, due: str, *words: str, customer: str = "OldMill", dated: str = "2025-01-15"
) -> str:
    """An invoice; `words` are lines of metadata."""
    meta = "".join(f"\n  {word}" for word in words)
    return (
        f'\n{dated} * "Sale" ^{number}\n  due: {due}{meta}\n  Assets:Receivable:{customer}  {amount}\n  Income:Sales\n'
    )


def receipt(number: str, amount: str, date: str, settles: str, customer: str = "OldMill") -> str:
    """A receipt that settles one document."""
    postings = f'  Assets:Bank  {amount}\n  Assets:Receivable:{customer}\n    settles: "{settles}"\n'
    return f'\n{date} * "Paid" ^{number}\n{postings}'


def story(text: str, problems: Sequence[str] = ()) -> Told:
    """A ledger with the accounts that a provision needs."""
    return told(ACCOUNTS + text, problems=problems)


def amounts(ledger: Told, as_of: str, **asked: Any) -> dict[str, Decimal | None]:
    """Number → what is provided."""
    return {row["number"]: row["amount"] for row in ledger.rows("provision", as_of, **asked)}


def total(ledger: Told, as_of: str, currency: str = "USD") -> Decimal:
    """All that is provided in a currency."""
    return totals(ledger.report("provision", as_of))[currency]["amount"]


def found_wrong(ledger: Told, as_of: str, relation: str = "provision") -> list[tuple[str, str]]:
    """Code and line of each problem that the report has."""
    problems: Sequence[Problem] = ledger.report(relation, as_of).problems
    return [(each.code, ledger.line(int(each.source["lineno"]))) for each in problems]


def booked(ledger: Told, as_of: str) -> Told:
    """The ledger with what it proposes on a day appended, loaded again."""
    text = "".join(ledger_text(each.why, each.entries) for each in propose(ledger.book, day(as_of)))
    again = Told(f"{ledger.text}\n{text}")
    assert [error.message for error in again.errors] == []
    return again


# Matrix


def test_ifrs_9_illustrative_example_12() -> None:
    """IFRS 9 IE12 (CU million 15, 7.5, 4, 2.5 and 1): 45,000 + 120,000 + 144,000 + 165,000 + 106,000 = 580,000."""
    ledger = story(
        "\n2025-01-01 commodity CU\n  precision: 0\n"
        + IFRS_9
        + invoice("I-0", "15,000,000 CU", "2026-01-31")
        + invoice("I-30", "7,500,000 CU", "2025-12-01")
        + invoice("I-60", "4,000,000 CU", "2025-11-01")
        + invoice("I-90", "2,500,000 CU", "2025-10-02")
        + invoice("I-91", "1,000,000 CU", "2025-10-01")
    )
    assert amounts(ledger, "2025-12-31") == {
        "I-0": 45_000, "I-30": 120_000, "I-60": 144_000, "I-90": 165_000, "I-91": 106_000,
    }  # fmt: skip
    assert total(ledger, "2025-12-31", "CU") == 580_000


CECL = (
    "\n2025-01-01 commodity USD\n  precision: 0\n"
    + invoice("I-0", "5,984,698 USD", "2025-12-31")
    + invoice("I-1", "8,272 USD", "2025-12-30")
    + invoice("I-31", "2,882 USD", "2025-11-30")
    + invoice("I-61", "842 USD", "2025-10-31")
    + invoice("I-91", "1,100 USD", "2025-10-01")
)


def cecl(*words: str) -> Told:
    """ASC 326-20-55-37: losses of 0.3, 8, 26, 58 and 82 percent."""
    policy = (
        '\n2025-01-01 custom "receivables-policy" "provision"\n'
        '  rates: "current 0.3%, 30 8%, 60 26%, 90 58%, over 90 82%"\n'
    )
    return story(policy + "".join(f"  {word}\n" for word in words) + CECL)


def test_cecl_with_ten_percent_for_what_lies_ahead() -> None:
    """ASC 326-20-55-40: the rates of the past and a tenth more, 22,831 in all."""
    ledger = cecl('factor: "1.1"')
    rows = ledger.rows("provision", "2025-12-31")
    assert sorted(str(row["rate"]) for row in rows) == ["0.33", "28.6", "63.8", "8.8", "90.2"]
    assert total(ledger, "2025-12-31") == 22_831
    assert "5,984,698 USD x 0.3 % x 1.1 (factor)" in [row["calculation"] for row in rows]


def test_no_rate_becomes_more_than_the_whole_debt() -> None:
    """82 % twice is 164 %: the debt itself is provided, and the row says why."""
    (row,) = [row for row in cecl('factor: "2"').rows("provision", "2025-12-31") if row["number"] == "I-91"]
    assert (row["rate"], row["amount"]) == (100, 1_100)
    assert row["calculation"] == "1,100 USD x 82 % x 2 (factor), at most 100 %"


def test_own_buckets_and_the_boundary_days_of_each() -> None:
    """IFRS 9 B5.5.35: 1 % current, 2 % to 30 days, 3 % to 90 days, 20 % beyond; a bucket has its last day."""
    ledger = story(
        '\n2025-01-01 custom "receivables-policy" "provision"\n  rates: "current 1%, 30 2%, 90 3%, over 90 20%"\n'
        + "".join(
            invoice(f"D-{days}", "100 USD", str(day("2025-12-31") - datetime.timedelta(days)))
            for days in (0, 1, 30, 31, 90, 91)
        )
    )
    assert amounts(ledger, "2025-12-31") == {"D-0": 1, "D-1": 2, "D-30": 2, "D-31": 3, "D-90": 3, "D-91": 20}


def test_age_from_the_document_date() -> None:
    """basis: "date", as aging schedules of account age in China: the due date does not matter."""
    ledger = story(
        '\n2025-01-01 custom "receivables-policy" "provision"\n  rates: "current 0%, 365 5%, over 365 10%"\n'
        '  basis: "date"\n' + invoice("I-1", "100 USD", "2026-12-31", dated="2025-01-01")
    )
    assert amounts(ledger, "2026-01-01") == {"I-1": 5}
    assert amounts(ledger, "2026-01-02") == {"I-1": 10}


def test_rows_are_rounded_half_up_and_add_up() -> None:
    """Three times 0.125 is 0.13 each: the total is 0.39, not the rounded 0.38."""
    ledger = story(IFRS_9.replace("0.3%", "12.5%") + "".join(invoice(f"I-{n}", "1 USD", "2026-06-30") for n in "abc"))
    assert set(amounts(ledger, "2026-01-01").values()) == {Decimal("0.13")}
    assert total(ledger, "2026-01-01") == Decimal("0.39")


def test_never_above_what_is_open_even_where_the_ledger_is_finer_than_the_currency() -> None:
    """100 % of 118.805 is not rounded up to 118.81."""
    ledger = story(IFRS_9.replace("0.3%", "100%") + invoice("I-1", "118.805 USD", "2026-06-30"))
    assert amounts(ledger, "2026-01-01") == {"I-1": Decimal("118.805")}


def test_a_policy_holds_from_its_date() -> None:
    """The policy of the as-of date counts, so last year's provision stays last year's."""
    later = IFRS_9.replace("2025-01-01", "2026-01-01").replace("0.3%", "5%")
    ledger = story(IFRS_9 + later + invoice("I-1", "1,000 USD", "2026-06-30"))
    assert amounts(ledger, "2025-12-31") == {"I-1": 3}
    assert amounts(ledger, "2026-01-01") == {"I-1": 50}
    (row,) = ledger.rows("provision", "2026-01-01")
    assert row["policy"] == "provision of 2026-01-01"


def test_without_a_policy_nothing_is_provided() -> None:
    """No policy is no error, and a note says so."""
    ledger = story(invoice("I-1", "1,000 USD", "2025-06-30"))
    report = ledger.report("provision", "2025-12-31")
    assert (report.rows, report.problems) == ([], ())
    assert report.notes == ('No policy "provision" without a name is in force on 2025-12-31: nothing is provided.',)
    assert propose(ledger.book, day("2025-12-31")) == []


# Table of months: Vietnam


@pytest.mark.parametrize(
    ("as_of", "rate"),
    [
        ("2025-09-14", 0), ("2025-09-15", 30), ("2026-03-14", 30), ("2026-03-15", 50),
        ("2027-03-14", 50), ("2027-03-15", 70), ("2028-03-14", 70), ("2028-03-15", 100),
    ],
)  # fmt: skip
def test_vietnam_circular_48_2019(as_of: str, rate: int) -> None:
    """Circular 48/2019/TT-BTC, article 6: from 6 months 30 %, from 1 year 50 %, 2 years 70 %, 3 years 100 %."""
    ledger = story(VIETNAM + invoice("HD-1", "1,000,001 VND", "2025-03-15"))
    (row,) = ledger.rows("provision", as_of)
    exact = Fraction(1_000_001 * rate, 100)
    assert (row["rate"], row["amount"]) == (rate, int(exact + Fraction(1, 2)))
    assert row["method"] == "table"


@pytest.mark.parametrize(
    ("due", "before", "on"),
    [
        ("2025-08-31", "2026-02-27", "2026-02-28"),
        ("2025-08-30", "2026-02-27", "2026-02-28"),
        ("2025-08-29", "2026-02-27", "2026-02-28"),
        ("2025-08-28", "2026-02-27", "2026-02-28"),
        ("2027-08-31", "2028-02-28", "2028-02-29"),
        ("2025-03-31", "2025-09-29", "2025-09-30"),
        ("2025-02-28", "2025-08-27", "2025-08-28"),
        ("2028-02-29", "2028-08-28", "2028-08-29"),
    ],
)
def test_six_months_at_month_ends(due: str, before: str, on: str) -> None:
    """A month without the day ends on its last day, in leap years on 29 February."""
    ledger = story(VIETNAM + invoice("HD-1", "100 VND", due))
    assert amounts(ledger, before) == {"HD-1": 0}
    assert amounts(ledger, on) == {"HD-1": 30}


def test_a_year_from_a_leap_day() -> None:
    """29 February 2024 is a year ago on 28 February 2025 and four on 29 February 2028."""
    since = day("2024-02-29")
    assert [months_between(since, day(text)) for text in ("2025-02-27", "2025-02-28", "2028-02-28", "2028-02-29")] == [
        11, 12, 47, 48,
    ]  # fmt: skip


def test_a_table_by_the_age_of_the_document() -> None:
    """basis: "date": six months from the document's date, whatever was agreed."""
    ledger = story(VIETNAM + '  basis: "date"\n' + invoice("HD-1", "100 VND", "2026-12-31", dated="2025-03-15"))
    assert [amounts(ledger, date)["HD-1"] for date in ("2025-09-14", "2025-09-15")] == [0, 30]
    assert ledger.rows("provision", "2025-09-15")[0]["calculation"] == "100 VND x 30 % (6 months old)"


def test_buckets_of_the_table_have_names() -> None:
    """Each step of the table is a bucket."""
    ledger = story(
        VIETNAM
        + "".join(
            invoice(f"HD-{n}", "100 VND", due)
            for n, due in enumerate(("2026-01-01", "2025-06-30", "2024-12-31", "2023-12-31", "2022-12-31"))
        )
    )
    buckets = {row["number"]: row["bucket"] for row in ledger.rows("provision", "2025-12-31")}
    assert list(buckets.values()) == [
        "months_from_36", "months_24_35", "months_12_23", "months_6_11", "months_under_6",
    ]  # fmt: skip


def test_a_due_date_that_was_put_off_does_not_count() -> None:
    """Article 6: from the term that was agreed first, without extensions; `original-due:` keeps it."""
    ledger = story(VIETNAM + invoice("HD-1", "1,000 VND", "2026-06-30", "original-due: 2025-06-30"))
    (row,) = ledger.rows("provision", "2025-12-31")
    assert (row["days_overdue"], row["months_overdue"], row["amount"]) == (0, 6, 300)


def test_an_original_due_date_that_is_none() -> None:
    """The line is named, and nothing is provided for that document."""
    ledger = story(VIETNAM + invoice("HD-1", "1,000 VND", "2025-06-30", 'original-due: "soon"'))
    assert amounts(ledger, "2025-12-31") == {"HD-1": None}
    ((code, line),) = found_wrong(ledger, "2025-12-31")
    assert (code, line) == ("bad-date", "Assets:Receivable:OldMill  1,000 VND")


# Credits


CREDIT = """
2025-02-01 * "Paid on account" ^RC-1
  Assets:Bank                  100,000 VND
  Assets:Receivable:OldMill   -100,000 VND
"""


def test_credits_reduce_nothing_by_default() -> None:
    """Gross: every debt is provided for whole."""
    ledger = story(VIETNAM + CREDIT + invoice("HD-1", "300,000 VND", "2025-06-30"))
    assert amounts(ledger, "2025-12-31") == {"HD-1": 90_000}


def test_credits_taken_off_each_debt_by_its_share() -> None:
    """Net: of 400,000 a quarter is set off, so 225,000 at 30 % and 75,000 that is not yet due."""
    ledger = story(
        VIETNAM + '  credits: "net"\n' + CREDIT
        + invoice("HD-1", "300,000 VND", "2025-06-30")
        + invoice("HD-2", "100,000 VND", "2026-06-30")
        + invoice("HD-3", "100 USD", "2025-06-30")
        + invoice("HD-4", "100,000 VND", "2025-06-30", customer="HanoiTower")
    )  # fmt: skip
    rows = {row["number"]: row for row in ledger.rows("provision", "2025-12-31")}
    assert {number: row["exposure"] for number, row in rows.items()} == {
        "HD-1": 225_000, "HD-2": 75_000, "HD-3": 100, "HD-4": 100_000,
    }  # fmt: skip
    assert rows["HD-1"]["amount"] == 67_500
    assert rows["HD-1"]["calculation"] == "(300,000 - 75,000 credits) VND x 30 % (6 months overdue)"
    # A row does not change when others are not asked for.
    assert amounts(ledger, "2025-12-31", customer="OldMill")["HD-1"] == 67_500


def test_shares_of_credits_are_whole_and_add_up() -> None:
    """One dong of two debts of one: half a dong each is rounded up for the first, and nothing is left of it."""
    ledger = story(
        VIETNAM
        + '  credits: "net"\n'
        + CREDIT.replace("100,000", "1")
        + invoice("HD-1", "1 VND", "2025-06-30")
        + invoice("HD-2", "1 VND", "2025-07-01")
    )
    assert [row["exposure"] for row in ledger.rows("provision", "2025-12-31")] == [0, 1]


def test_more_credits_than_debts_leave_nothing_to_provide_for() -> None:
    """The exposure is never below zero."""
    ledger = story(VIETNAM + '  credits: "net"\n' + CREDIT + invoice("HD-1", "3 VND", "2025-06-30"))
    (row,) = ledger.rows("provision", "2025-12-31")
    assert (row["exposure"], row["amount"]) == (0, 0)


# Revaluation


REVALUED = """
2025-01-01 open Income:UnrealisedExchange
2025-06-01 * "Lift in dollars" ^HD-2
  due: 2026-02-28
  Assets:Receivable:OldMill      1,000.00 USD @ 26,000 VND
  Income:Sales
2025-12-31 * "Revaluation: USD at {rate}" #revaluation ^REVAL-2025-01
  closing: 2025-12-31
  Assets:Receivable:OldMill      {booked} VND
  Income:UnrealisedExchange
2026-01-01 * "Revaluation of 2025-12-31 taken back" #revaluation ^REVAL-2026-01
  closing: 2025-12-31
  Assets:Receivable:OldMill      {taken_back} VND
  Income:UnrealisedExchange
"""
GAIN = REVALUED.format(rate="27,000", booked="1,000,000", taken_back="-1,000,000")
LOSS = REVALUED.format(rate="25,000", booked="-1,000,000", taken_back="1,000,000")


def test_a_revaluation_is_no_debt() -> None:
    """A dollar that rose is no claim of its own: nothing is provided on the difference, whatever its age."""
    policy = '\n2025-01-01 custom "receivables-policy" "provision"\n  rates: "current 1%, 30 50%, over 30 50%"\n'
    for text in (GAIN, LOSS):
        for as_of in ("2025-12-31", "2026-01-01"):
            assert amounts(story(policy + text), as_of) == {"HD-2": 10}


def test_a_revaluation_is_no_credit() -> None:
    """A dollar that fell takes nothing off a debt in dong where the policy nets credits."""
    ledger = story(VIETNAM + '  credits: "net"\n' + invoice("HD-1", "10,000,000 VND", "2025-03-31") + LOSS)
    rows = {row["number"]: row for row in ledger.rows("provision", "2025-12-31")}
    assert (rows["HD-1"]["exposure"], rows["HD-1"]["amount"]) == (10_000_000, 3_000_000)
    assert set(rows) == {"HD-1", "HD-2"}


def test_a_revaluation_is_in_no_loss_rate() -> None:
    """What stood in a bucket at month ends is what customers owed, not what it was worth in another currency."""
    policy = '\n2025-01-01 custom "receivables-policy" "provision"\n  history: 2\n  buckets: "30"\n'
    before = invoice("A", "500 VND", "2025-10-15", dated="2025-10-01")
    ledger = story(policy + before + GAIN)
    exposures = {
        (row["currency"], row["bucket"]): row["exposure"] for row in ledger.rows("loss_rates", "2026-01-31")
    }  # fmt: skip
    assert exposures["VND", "current"] == 0


# One by one


def test_the_nearest_word_wins() -> None:
    """Customer, document, note about the customer, note about the document: each goes before the one before it."""
    customer = '\n2025-01-01 custom "receivables-customer" "OldMill"\n  provision: "10%"\n'
    note = '\n2025-07-01 note Assets:Receivable:OldMill "Strike" #provision\n  rate: "30%"\n'
    of_one = '\n2025-07-01 note Assets:Receivable:OldMill "Fire" #provision ^I-2\n  rate: "40%"\n'
    debts = invoice("I-1", "100 USD", "2026-06-30") + invoice("I-2", "100 USD", "2026-06-30", 'provision: "20%"')

    def provided(*words: str) -> list[Decimal | None]:
        return list(amounts(story("".join((IFRS_9, debts, *words))), "2025-12-31").values())

    assert provided() == [Decimal("0.30"), 20]
    assert provided(customer) == [10, 20]
    assert provided(customer, note) == [30, 20]
    assert provided(customer, note, of_one) == [30, 40]


def test_a_specific_provision_leaves_the_pool_and_says_why() -> None:
    """Neither the rate nor the factor of the pool is applied to it."""
    ledger = story(
        IFRS_9
        + '  factor: "1.5"\n'
        + invoice("I-1", "1,000 USD", "2025-06-30")
        + '\n2025-07-01 note Assets:Receivable:OldMill "Fire at the works" #provision ^I-1\n  rate: "60%"\n'
    )
    (row,) = ledger.rows("provision", "2025-12-31")
    assert (row["method"], row["bucket"], row["rate"], row["amount"]) == ("specific", "", 60, 600)
    assert row["calculation"] == "1,000.00 USD x 60 % (note of 2025-07-01: Fire at the works)"
    assert (row["policy"], row["source"]) == ("note of 2025-07-01", "Fire at the works")


def test_notes_count_from_their_date_until_the_next() -> None:
    """Before the first the pool's rate holds, and "none" puts the debt back into the pool."""
    ledger = story(
        IFRS_9
        + invoice("I-1", "1,000 USD", "2026-12-31")
        + '\n2025-07-01 note Assets:Receivable:OldMill "Fire" #provision\n  rate: "60%"\n'
        + '\n2025-08-01 note Assets:Receivable:OldMill "Insured" #provision\n  amount: 150 USD\n'
        + '\n2025-09-01 note Assets:Receivable:OldMill "All is well" #provision\n  rate: "none"\n'
    )
    days = ("2025-06-30", "2025-07-01", "2025-07-31", "2025-08-01", "2025-08-31", "2025-09-01")
    assert [amounts(ledger, date)["I-1"] for date in days] == [3, 600, 600, 150, 150, 3]


def test_an_amount_goes_to_the_oldest_debts_of_its_currency() -> None:
    """500 USD for a customer with 300 and 400: 300 and 200; the debt in euros stays in the pool."""
    ledger = story(
        IFRS_9
        + invoice("I-2", "400 USD", "2026-07-31")
        + invoice("I-1", "300 USD", "2026-06-30")
        + invoice("I-3", "1,000 EUR", "2026-06-30")
        + '\n2025-07-01 note Assets:Receivable:OldMill "Guarantee" #provision\n  amount: 500 USD\n'
    )
    assert amounts(ledger, "2025-12-31") == {"I-1": 300, "I-2": 200, "I-3": 3}
    rows = {row["number"]: row for row in ledger.rows("provision", "2025-12-31")}
    assert rows["I-2"]["calculation"] == (
        "200.00 of 400.00 USD (note of 2025-07-01: Guarantee); 500 USD in all, the oldest due first"
    )
    assert rows["I-2"]["rate"] is None


def test_an_amount_of_a_document_is_for_all_its_instalments() -> None:
    """Two instalments of 50 share the 60 that the document says."""
    ledger = story(
        IFRS_9
        + """
2025-01-15 * "Sale" ^I-1
  provision: 60 USD
  Assets:Receivable:OldMill  50 USD
    due: 2026-01-31
  Assets:Receivable:OldMill  50 USD
    due: 2026-02-28
  Income:Sales
"""
    )
    assert [row["amount"] for row in ledger.rows("provision", "2025-12-31")] == [50, 10]


INSTALMENTS = """
2025-01-15 * "Sale" ^I-1
  Assets:Receivable:OldMill  50 USD
    due: 2026-01-31
  Assets:Receivable:OldMill  50 USD
    due: 2026-02-28
  Income:Sales
"""


def of_instalments(ledger: Told, as_of: str = "2025-12-31") -> dict[str, Decimal]:
    """I-1/2 → what is provided."""
    return {
        row["number"] + (f"/{row['instalment']}" if row["instalment"] else ""): row["amount"]
        for row in ledger.rows("provision", as_of)
    }


def test_a_note_about_one_instalment() -> None:
    """It goes before a note about the document, from its day on; the other instalments have the document's."""
    one = '\n2025-07-01 note Assets:Receivable:OldMill "The retention is contested" #provision ^I-1/2\n  rate: "60%"\n'
    whole = '\n2025-08-01 note Assets:Receivable:OldMill "Fire" #provision ^I-1\n  amount: 20 USD\n'
    ledger = story(IFRS_9 + INSTALMENTS + one + whole)
    assert of_instalments(ledger, "2025-06-30") == {"I-1/1": Decimal("0.15"), "I-1/2": Decimal("0.15")}
    assert of_instalments(ledger, "2025-07-31") == {"I-1/1": Decimal("0.15"), "I-1/2": 30}
    assert of_instalments(ledger) == {"I-1/1": 20, "I-1/2": 30}
    assert found_wrong(ledger, "2025-12-31") == []


def test_a_note_may_put_one_instalment_back_into_the_pool() -> None:
    """`rate: "none"` of the instalment leaves the document's word for the others."""
    ledger = story(
        IFRS_9
        + INSTALMENTS
        + '\n2025-07-01 note Assets:Receivable:OldMill "Court notice" #insolvency\n'
        + '\n2025-08-01 note Assets:Receivable:OldMill "A bank stands for it" #provision ^I-1/1\n  rate: "none"\n'
    )
    assert of_instalments(ledger) == {"I-1/1": Decimal("0.15"), "I-1/2": 50}


def test_the_only_instalment_and_a_document_that_is_called_like_one() -> None:
    """I-2/1 is all of I-2; where a document has the number I-1/2, the note is about that."""
    ledger = story(
        IFRS_9
        + INSTALMENTS
        + invoice("I-1/2", "10 USD", "2026-01-31")
        + invoice("I-2", "100 USD", "2026-01-31")
        + '\n2025-07-01 note Assets:Receivable:OldMill "Fire" #provision ^I-1/2\n  rate: "50%"\n'
        + '\n2025-07-01 note Assets:Receivable:OldMill "Fire" #provision ^I-2/1\n  rate: "50%"\n'
    )
    rows = [
        (row["number"], row["instalment"], row["amount"]) for row in ledger.rows("provision", "2025-12-31")
    ]  # fmt: skip
    assert sorted(rows, key=str) == [
        ("I-1", 1, Decimal("0.15")), ("I-1", 2, Decimal("0.15")), ("I-1/2", None, 5), ("I-2", None, 50),
    ]  # fmt: skip


@pytest.mark.parametrize("link", ["I-9", "I-1/3", "I-1/x", "I-1/", "RC-1", "B-1"])
def test_a_note_that_names_no_debt_of_the_customer(link: str) -> None:
    """A misspelt link, an instalment too many, a receipt, another customer's document: an error at the note's line."""
    paid = '\n2025-02-01 * "On account" ^RC-1\n  Assets:Bank  5 USD\n  Assets:Receivable:OldMill\n'
    note = f'2025-07-01 note Assets:Receivable:OldMill "Fire" #provision ^{link}'
    ledger = story(
        IFRS_9 + INSTALMENTS + paid + invoice("B-1", "1 USD", "2026-01-31", customer="BlueReef")
        + f'\n{note}\n  rate: "60%"\n'
    )  # fmt: skip
    assert found_wrong(ledger, "2025-06-30") == []
    assert found_wrong(ledger, "2025-12-31") == [("provision-of-what", note)]
    assert found_wrong(ledger, "2025-12-31", "provision_movement") == [("provision-of-what", note)]
    (found,) = ledger.report("provision", "2025-12-31").problems
    assert f"names {link}, which is no debt of OldMill" in found.message


def test_a_note_about_one_document_may_have_other_links() -> None:
    """A chain or a project beside the document's number is no mistake; nor is a document of a later day."""
    ledger = story(
        IFRS_9
        + invoice("I-1", "100 USD", "2026-06-30")
        + invoice("I-2", "100 USD", "2027-06-30", dated="2026-06-30")
        + '\n2025-07-01 note Assets:Receivable:OldMill "Fire" #provision ^I-1 ^tower-b\n  rate: "60%"\n'
        + '\n2025-07-01 note Assets:Receivable:OldMill "Ordered" #provision ^I-2\n  rate: "10%"\n'
    )
    assert found_wrong(ledger, "2025-12-31") == []
    assert amounts(ledger, "2025-12-31") == {"I-1": 60}
    assert amounts(ledger, "2026-06-30")["I-2"] == 10


def test_the_word_of_a_contract() -> None:
    """A contract's word holds for its documents alone."""
    ledger = story(
        IFRS_9
        + '\n2025-01-01 custom "receivables-contract" "HD-7" Assets:Receivable:OldMill\n  provision: "50%"\n'
        + invoice("I-1", "100 USD", "2026-06-30", 'contract: "HD-7"')
        + invoice("I-2", "100 USD", "2026-06-30")
    )
    assert amounts(ledger, "2025-12-31") == {"I-1": 50, "I-2": Decimal("0.30")}


@pytest.mark.parametrize(
    ("word", "line"),
    [
        (invoice("I-1", "100 USD", "2026-06-30", 'provision: "much"'), "Assets:Receivable:OldMill  100 USD"),
        (invoice("I-1", "100 USD", "2026-06-30", 'provision: "101%"'), "Assets:Receivable:OldMill  100 USD"),
        (invoice("I-1", "100 USD", "2026-06-30", "provision: 50"), "Assets:Receivable:OldMill  100 USD"),
        (invoice("I-1", "100 USD", "2026-06-30", "provision: -50 USD"), "Assets:Receivable:OldMill  100 USD"),
        (
            invoice("I-1", "100 USD", "2026-06-30")
            + '\n2025-07-01 note Assets:Receivable:OldMill "Fire" #provision\n  rate: "60%"\n  amount: 5 USD\n',
            '2025-07-01 note Assets:Receivable:OldMill "Fire" #provision',
        ),
        (
            invoice("I-1", "100 USD", "2026-06-30") + '\n2025-07-01 note Assets:Receivable:OldMill "Fire" #provision\n',
            '2025-07-01 note Assets:Receivable:OldMill "Fire" #provision',
        ),
    ],
)
def test_a_specific_provision_that_cannot_be_read(word: str, line: str) -> None:
    """Its line is named, nothing is provided for the debt, and nothing of the currency is booked."""
    ledger = story(IFRS_9 + word)
    assert amounts(ledger, "2025-12-31") == {"I-1": None}
    assert found_wrong(ledger, "2025-12-31") == [("bad-provision", line)]
    assert [(row["required"], row["to_book"]) for row in ledger.rows("provision_movement", "2025-12-31")] == [
        (None, None)
    ]
    assert propose(ledger.book, day("2025-12-31")) == []


def test_insolvent_customers() -> None:
    """100 % also of what is not due, from the note on; a specific word goes before it, and a note may end it."""
    ledger = story(
        VIETNAM
        + invoice("HD-1", "100 VND", "2026-06-30")
        + invoice("HD-2", "100 VND", "2026-06-30", 'provision: "80%"')
        + '\n2025-07-01 note Assets:Receivable:OldMill "Court notice 112" #insolvency\n'
        + '\n2025-08-01 note Assets:Receivable:OldMill "Closed for lack of assets" #insolvency-ended\n'
        + '\n2025-09-01 note Assets:Receivable:OldMill "Saved by its owner" #provision\n  rate: "none"\n'
        + '\n2025-10-01 note Assets:Receivable:OldMill "Court notice 7" #insolvency\n'
    )
    days = ("2025-06-30", "2025-07-01", "2025-08-31", "2025-09-01", "2025-09-30", "2025-10-01")
    assert [amounts(ledger, date)["HD-1"] for date in days] == [0, 100, 100, 0, 0, 100]
    assert {amounts(ledger, date)["HD-2"] for date in days} == {80}
    row = ledger.rows("provision", "2025-07-01")[0]
    assert (row["method"], row["policy"]) == ("specific", "provision of 2019-10-10")
    assert row["calculation"] == "100 VND x 100 % (insolvent, note of 2025-07-01: Court notice 112)"


@pytest.mark.parametrize(("result", "after"), [("withdrawn", 0), ("dismissed", 0), ("distributed", 100), ("", 100)])
def test_an_insolvency_that_came_to_nothing(result: str, after: int) -> None:
    """A petition that was withdrawn or dismissed made nobody insolvent; any other end pays no debt."""
    ended = '\n2025-08-01 note Assets:Receivable:OldMill "Over" #insolvency-ended\n'
    ledger = story(
        VIETNAM
        + invoice("HD-1", "100 VND", "2026-06-30")
        + '\n2025-07-01 note Assets:Receivable:OldMill "Court notice 112" #insolvency\n'
        + ended
        + (f'  result: "{result}"\n' if result else "")
        + '\n2025-10-01 note Assets:Receivable:OldMill "Court notice 7" #insolvency\n'
    )
    days = ("2025-07-31", "2025-08-01", "2025-09-30", "2025-10-01")
    assert [amounts(ledger, date)["HD-1"] for date in days] == [100, after, after, 100]


def test_a_petition_that_was_dismissed_leaves_the_customers_own_word() -> None:
    """`insolvent:` of the customer holds beside the notes."""
    ledger = story(
        VIETNAM
        + '\n2025-01-01 custom "receivables-customer" "OldMill"\n  insolvent: "fled"\n'
        + '\n2025-07-01 note Assets:Receivable:OldMill "Court notice 112" #insolvency\n'
        + '\n2025-08-01 note Assets:Receivable:OldMill "Refused" #insolvency-ended\n  result: "dismissed"\n'
        + invoice("HD-1", "100 VND", "2026-06-30")
    )
    (row,) = ledger.rows("provision", "2025-12-31")
    assert row["calculation"] == "100 VND x 100 % (insolvent, insolvent: fled)"


def test_a_note_of_the_same_day_ends_an_insolvency() -> None:
    """Whichever stands first."""
    notes = (
        '\n2025-07-01 note Assets:Receivable:OldMill "Saved by its owner" #provision\n  rate: "none"\n',
        '\n2025-07-01 note Assets:Receivable:OldMill "Court notice 112" #insolvency\n',
    )
    for one, two in (notes, notes[::-1]):
        assert amounts(story(VIETNAM + one + two + invoice("HD-1", "9 VND", "2026-06-30")), "2025-12-31") == {"HD-1": 0}


@pytest.mark.parametrize(
    ("word", "amount"),
    [("TRUE", 40), ('"fled"', 40), ("2025-12-31", 40), ("2026-01-01", 0), ("FALSE", 0), ('"no"', 0)],
)
def test_insolvent_by_the_customers_word(word: str, amount: int) -> None:
    """`insolvent:` of the customer: yes, a reason, or since when; the rate is the policy's."""
    ledger = story(
        VIETNAM
        + '  insolvent: "40%"\n'
        + f'\n2025-01-01 custom "receivables-customer" "OldMill"\n  insolvent: {word}\n'
        + invoice("HD-1", "100 VND", "2026-06-30")
    )
    assert amounts(ledger, "2025-12-31") == {"HD-1": amount}


# Segments


SEGMENTS = """
2025-01-01 custom "receivables-policy" "provision"
  segment-by: "segment"
  rates: "current 1%, 30 2%, over 30 3%"
2025-01-01 custom "receivables-policy" "provision" "retail"
  rates: "current 10%, 30 20%, over 30 30%"
2025-01-01 custom "receivables-policy" "provision" "public"
  like: "zero"
  source: "Decision 7/2025"
2025-01-01 custom "receivables-policy" "provision" "zero"
  rates: "current 0%, 30 0%, over 30 0%"
"""


def test_segments_have_policies_of_their_own() -> None:
    """The document's word before the customer's; who has no policy of his own has everybody's."""
    ledger = story(
        SEGMENTS
        + '\n2025-01-01 custom "receivables-customer" "OldMill"\n  segment: "retail"\n'
        + invoice("I-1", "100 USD", "2026-06-30")
        + invoice("I-2", "100 USD", "2026-06-30", 'segment: "public"')
        + invoice("I-3", "100 USD", "2026-06-30", customer="HanoiTower")
        + invoice("I-4", "100 USD", "2026-06-30", 'segment: "trade"', customer="HanoiTower")
    )
    rows = {
        row["number"]: (row["segment"], row["policy"], row["amount"])
        for row in ledger.rows("provision", "2025-12-31")
    }  # fmt: skip
    assert rows == {
        "I-1": ("retail", 'provision "retail" of 2025-01-01', 10),
        "I-2": ("public", 'provision "zero" of 2025-01-01', 0),
        "I-3": ("", "provision of 2025-01-01", 1),
        "I-4": ("trade", "provision of 2025-01-01", 1),
    }
    sources = {row["number"]: row["source"] for row in ledger.rows("provision", "2025-12-31")}
    assert sources["I-2"] == "Decision 7/2025"
    said = 'provision "zero" of 2025-01-01: Decision 7/2025'
    assert said in ledger.report("provision", "2025-12-31").notes
    assert said not in ledger.report("provision", "2025-12-31", customer="HanoiTower").notes


def test_the_reason_of_a_note_is_no_source_of_a_policy() -> None:
    """Below the figures stand laws and decisions; what a note says stands in its row."""
    ledger = story(
        VIETNAM
        + '  source: "Circular 48/2019/TT-BTC"\n'
        + invoice("HD-1", "100 VND", "2026-06-30")
        + invoice("HD-2", "100 VND", "2026-06-30")
        + '\n2025-07-01 note Assets:Receivable:OldMill "Fire" #provision ^HD-1\n  rate: "60%"\n'
    )
    notes = ledger.report("provision", "2025-12-31").notes
    assert [line for line in notes if "Circular" in line] == ["provision of 2019-10-10: Circular 48/2019/TT-BTC"]
    assert not any("Fire" in line for line in notes)


def test_a_segment_without_rates() -> None:
    """Only `segment-by:` stands in the unnamed policy: a segment that nobody named has no rates."""
    ledger = story(
        '\n2025-01-01 custom "receivables-policy" "provision"\n  segment-by: "segment"\n'
        + SEGMENTS.split('3%"\n', 1)[1].split("2025-01-01 custom", 1)[0]
        + '2025-01-01 custom "receivables-policy" "provision" "retail"\n  rates: "current 10%, 30 20%, over 30 30%"\n'
        + invoice("I-1", "100 USD", "2026-06-30", 'segment: "retail"')
        + invoice("I-2", "100 USD", "2026-06-30", 'segment: "public"')
        + invoice("I-3", "100 USD", "2026-06-30")
    )
    assert amounts(ledger, "2025-12-31") == {"I-1": 10, "I-2": None, "I-3": None}
    report = ledger.report("provision", "2025-12-31")
    assert [each.code for each in report.problems] == ["no-provision-policy"] * 2
    told_of = " ".join(each.message for each in report.problems)
    assert 'segment "public"' in told_of
    assert 'add custom "receivables-policy" "provision" "public", or rates to the policy without a name' in told_of
    assert "documents without segment" in told_of
    assert "add segment: to document, account or customer, or rates" in told_of


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ('like: "malta"', "no-such-provision"),
        ('like: "other"', "no-such-provision"),
    ],
)
def test_like_needs_a_policy_with_rates(policy: str, code: str) -> None:
    """Neither a policy that is not there nor one that is itself like another."""
    ledger = story(
        f'\n2025-01-01 custom "receivables-policy" "provision"\n  {policy}\n'
        '2025-01-01 custom "receivables-policy" "provision" "other"\n  like: "third"\n'
        + invoice("I-1", "100 USD", "2026-06-30")
    )
    assert amounts(ledger, "2025-12-31") == {"I-1": None}
    assert found_wrong(ledger, "2025-12-31") == [(code, '2025-01-01 custom "receivables-policy" "provision"')]


def test_keys_of_everybody_in_a_named_policy() -> None:
    """`book-by:` of a segment would mean nothing: the segment has no provision until it is moved."""
    ledger = story(
        SEGMENTS.replace('  rates: "current 10%', '  book-by: "entity"\n  rates: "current 10%')
        + invoice("I-1", "100 USD", "2026-06-30", 'segment: "retail"')
    )
    assert amounts(ledger, "2025-12-31") == {"I-1": None}
    assert found_wrong(ledger, "2025-12-31") == [
        ("key-of-everybody", '2025-01-01 custom "receivables-policy" "provision" "retail"')
    ]


# Policies that cannot be read


@pytest.mark.parametrize(
    "words",
    [
        'rates: "30 1.6%, over 30 3%"',
        'rates: "current 1%, 30 1.6%"',
        'rates: "current 1%, over 30 1.6%"',
        'rates: "current 1%, 60 1%, 30 2%, over 30 3%"',
        'rates: "current 1%, 30 2%, over 60 3%"',
        'rates: "current 1%, 30 2%, over 30 100.1%"',
        'rates: "current 1%, 30 2, over 30 3%"',
        'rates: "current 1%, current 1%, 30 2%, over 30 3%"',
        'rates: "current 1%, 30 -2%, over 30 3%"',
        'months: "12 50%, 6 30%"',
        'months: "6 30%, 6 50%"',
        'months: "0 30%"',
        'months: "6 101%"',
        "history: 0",
        'factor: "0"',
        'factor: "-1"',
        'loss-given-default: "101%"',
        'insolvent: "half"',
        'buckets: "60, 30"',
        'segment-by: "Two Words"',
    ],
)
def test_values_that_no_policy_may_have(words: str) -> None:
    """The policy is left out whole, at its line: nothing is provided by half a policy."""
    ledger = story(
        f'\n2025-01-01 custom "receivables-policy" "provision"\n  {words}\n' + invoice("I-1", "100 USD", "2025-06-30"),
        problems=["bad-policy-value"],
    )
    (wrong,) = ledger.problems
    assert ledger.line(int(wrong.source["lineno"])) == '2025-01-01 custom "receivables-policy" "provision"'
    assert ledger.rows("provision", "2025-12-31") == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (('rates: "current 1%, 30 2%, over 30 3%"', 'months: "6 30%"'), "rates: and months: are different methods"),
        (("history: 12", 'like: "retail"'), "history: and like: are different methods"),
        (('credits: "net"',), "it has no rates; add rates:"),
        (('months: "6 30%"', 'factor: "1.1"'), "factor: means something only beside rates: or history:"),
        (('months: "6 30%"', 'loss-given-default: "45%"'), "loss-given-default: means something only beside history:"),
        (('like: "retail"', 'credits: "net"'), "credits: means something only beside"),
    ],
)
def test_keys_that_contradict_each_other(words: Sequence[str], said: str) -> None:
    """The message says which, and what to leave out or to add."""
    lines = "".join(f"  {word}\n" for word in words)
    ledger = story(
        f'\n2025-01-01 custom "receivables-policy" "provision"\n{lines}', problems=["policy-contradicts-itself"]
    )
    assert said in ledger.problems[0].message


# Loss rates from the ledger


IFRS_COMMUNITY = (
    # What is over 91 days old is older than the time that is looked at.
    invoice("OLD", "5,000 USD", "2025-01-15")
    # Sales of January: 100,000, of which 50,000 on time, 27,000 within 30 days, 15,000 within 60, 6,000 within 90.
    + invoice("JAN", "100,000 USD", "2026-01-31", dated="2026-01-02")
    + receipt("R-1", "50,000 USD", "2026-01-31", "JAN")
    + receipt("R-2", "27,000 USD", "2026-03-02", "JAN")
    + receipt("R-3", "15,000 USD", "2026-04-01", "JAN")
    + receipt("R-4", "6,000 USD", "2026-05-01", "JAN")
    + """
2026-06-30 * "Given up" ^WO-1
  Expenses:BadDebt            2,000 USD
  Assets:Receivable:OldMill  -2,000 USD
    settles: "JAN"
"""
    + invoice("I-0", "300,000 USD", "2027-01-31", dated="2026-12-01")
    + invoice("I-1", "140,000 USD", "2026-12-15", dated="2026-12-01")
    + invoice("I-31", "60,000 USD", "2026-11-15", dated="2026-11-01")
    + invoice("I-61", "23,000 USD", "2026-10-15", dated="2026-10-01")
)


def never_paid(*words: str) -> Told:
    """The example of IFRScommunity.com on lifetime expected credit losses with a provision matrix, segment B2C."""
    lines = "".join(f"  {word}\n" for word in ("history: 12", 'measure: "never-paid"', *words))
    return story(f'\n2025-01-01 custom "receivables-policy" "provision"\n{lines}' + IFRS_COMMUNITY)


def test_what_was_never_paid_by_what_reached_the_bucket() -> None:
    """2,000 of 100,000, of 50,000, of 23,000, of 8,000 and of 2,000: 2, 4, 8.6957, 25 and 100 percent."""
    rows = never_paid().rows("loss_rates", "2026-12-31")
    assert [row["exposure"] for row in rows] == [100_000, 50_000, 23_000, 8_000, 2_000]
    assert {row["rolled"] for row in rows} == {2_000}
    assert [str(row["loss_rate"]) for row in rows] == ["2", "4", "8.6957", "25", "100"]


def test_figures_use_loss_rates_unrounded() -> None:
    """6,000 + 5,600 + 5,217 + 5,750 + 5,000 = 27,567 to the dollar; 8.7 % would give 5,220."""
    provided = amounts(never_paid(), "2026-12-31")
    assert provided == {"I-0": 6_000, "I-1": 5_600, "I-31": Decimal("5217.39"), "I-61": 5_750, "OLD": 5_000}
    assert round(sum(amount or 0 for amount in provided.values())) == 27_567


def test_payments_of_the_boundary_day_are_in_time() -> None:
    """Paid on day 30 the amount never reached the bucket 31 to 60; paid on day 31 it did."""
    late = IFRS_COMMUNITY.replace("2026-03-02 *", "2026-03-03 *")
    policy = '\n2025-01-01 custom "receivables-policy" "provision"\n  history: 12\n  measure: "never-paid"\n'
    rows = story(policy + late).rows("loss_rates", "2026-12-31")
    assert [row["exposure"] for row in rows] == [100_000, 50_000, 50_000, 8_000, 2_000]


def test_which_debts_are_old_enough() -> None:
    """As of 31 December with buckets to 90 days and 12 months: due from 2 October 2025 to 1 October 2026."""
    policy = '\n2025-01-01 custom "receivables-policy" "provision"\n  history: 12\n  measure: "never-paid"\n'
    ledger = story(
        policy
        + invoice("I-1", "1 USD", "2025-10-01", dated="2025-10-01")
        + invoice("I-2", "10 USD", "2025-10-02", dated="2025-10-02")
        + invoice("I-3", "100 USD", "2026-10-01", dated="2025-10-02")
        + invoice("I-4", "1,000 USD", "2026-10-02", dated="2025-10-02")
        + '\n2026-01-01 * "Paid back?" #refund ^RF-1\n  Assets:Receivable:OldMill  10,000 USD\n  Assets:Bank\n',
        problems=["refund-of-what"],
    )
    assert ledger.rows("loss_rates", "2026-12-31")[0]["exposure"] == 110
    # The ledger begins on the very day from which it is needed; for a day before it would be too young.
    assert found_wrong(ledger, "2026-12-31", "loss_rates") == []
    assert [code for code, _ in found_wrong(ledger, "2026-12-30", "loss_rates")] == ["too-little-history"]


def test_loss_given_default_and_factor() -> None:
    """2 % x 45 % x 1.1 = 0.99 %."""
    row = never_paid('loss-given-default: "45%"', 'factor: "1.1"').rows("loss_rates", "2026-12-31")[0]
    assert row["loss_rate"] == Decimal("0.99")
    assert row["calculation"] == "2 % x 45 % (loss given default) x 1.1 (factor)"


def test_what_a_credit_memo_took_off_was_never_owed() -> None:
    """50,000 credited by memo are neither exposure nor loss."""
    memo = IFRS_COMMUNITY.replace(
        '2026-01-31 * "Paid" ^R-1\n  Assets:Bank', '2026-01-31 * "Price" #credit-memo ^R-1\n  Income:Sales'
    )
    policy = '\n2025-01-01 custom "receivables-policy" "provision"\n  history: 12\n  measure: "never-paid"\n'
    rows = story(policy + memo).rows("loss_rates", "2026-12-31")
    assert [row["exposure"] for row in rows] == [50_000, 50_000, 23_000, 8_000, 2_000]


ROLLING = (
    # Due on 15 October: 1,000 at the end of October, half of it a month later, 200 in December, 100 written off then.
    invoice("A", "1,000 USD", "2025-10-15", dated="2025-09-10")
    + receipt("A-1", "500 USD", "2025-11-10", "A")
    + receipt("A-2", "200 USD", "2025-12-10", "A")
    + """
2025-12-20 * "Given up in part" ^A-3
  Expenses:BadDebt            100 USD
  Assets:Receivable:OldMill  -100 USD
    settles: "A"
"""
    + invoice("B", "4,000 USD", "2025-11-15", dated="2025-10-20")
    + receipt("B-1", "3,000 USD", "2025-11-15", "B")
)


def rolling(history: int, *words: str) -> Told:
    """Roll rates over so many months of a short story."""
    lines = "".join(f"  {word}\n" for word in (f"history: {history}", *words))
    return story(f'\n2025-01-01 custom "receivables-policy" "provision"\n{lines}' + ROLLING)


def test_roll_rates_by_hand() -> None:
    """From the end of September to that of December, month by month.

    current: A 1,000 rolls whole; B 4,000 rolls by 1,000 in November: 2,000 of 5,000 = 40 %.
    1-30: A 1,000 rolls by 500; B 1,000 by 1,000 in December: 1,500 of 2,000 = 75 %.
    31-60: A 500 rolls by 200 and is written off by 100: 300 of 500 = 60 %. 61-90 was empty. What is over 90 is lost.
    """
    rows = rolling(3).rows("loss_rates", "2025-12-31")
    assert [(row["bucket"], row["exposure"], row["rolled"], row["rate"]) for row in rows] == [
        ("current", 5_000, 2_000, 40),
        ("days_1_30", 2_000, 1_500, 75),
        ("days_31_60", 500, 300, 60),
        ("days_61_90", 0, 0, None),
        ("days_over_90", 0, None, 100),
    ]
    assert [row["loss_rate"] for row in rows] == [None, None, None, None, 100]


def test_the_boundary_days_of_a_month() -> None:
    """A write-off of 31 December is December's; a ledger that begins on the first month end is old enough."""
    policy = '\n2025-01-01 custom "receivables-policy" "provision"\n  history: {}\n'
    ledger = story(policy.format(3) + ROLLING.replace("2025-12-20", "2025-12-31"))
    assert [row["rolled"] for row in ledger.rows("loss_rates", "2025-12-31")][:3] == [2_000, 1_500, 300]
    ledger = story(policy.format(3) + ROLLING.replace("2025-12-20", "2025-11-30"))
    assert [row["rolled"] for row in ledger.rows("loss_rates", "2025-12-31")][:3] == [2_000, 1_500, 200]
    young = story(policy.format(2) + invoice("A", "100 USD", "2026-01-31", dated="2025-10-31"))
    assert found_wrong(young, "2025-12-31") == []
    younger = story(policy.format(2) + invoice("A", "100 USD", "2026-01-31", dated="2025-11-01"))
    assert [code for code, _ in found_wrong(younger, "2025-12-31")] == ["too-little-history"]


def test_a_receipt_that_bounces_rolls_no_more_than_there_was() -> None:
    """400 at the end of October, 1,000 in November after the reversal: 400 of 400 rolled."""
    ledger = story(
        '\n2025-01-01 custom "receivables-policy" "provision"\n  history: 1\n  buckets: "30"\n'
        + invoice("A", "1,000 USD", "2025-11-15", dated="2025-10-01")
        + receipt("A-1", "600 USD", "2025-10-20", "A")
        + '\n2025-11-10 * "Bounced" #reversal ^A-1\n  Assets:Receivable:OldMill  600 USD\n  Assets:Bank\n'
    )
    row = ledger.rows("loss_rates", "2025-11-30")[0]
    assert (row["exposure"], row["rolled"], row["rate"]) == (400, 400, 100)


def test_the_loss_of_a_bucket_is_the_product_of_all_later_rolls() -> None:
    """With buckets to 60: 40 % x 75 % x 60 % = 18 %, then 45 %, 60 % and 100 %; half of it with half lost."""
    rows = rolling(3, 'buckets: "30, 60"').rows("loss_rates", "2025-12-31")
    assert [row["loss_rate"] for row in rows] == [18, 45, 60, 100]
    assert rows[0]["calculation"] == "40 % x 75 % x 60 % x 100 %"
    half = rolling(3, 'buckets: "30, 60"', 'loss-given-default: "50%"').rows("loss_rates", "2025-12-31")
    assert [row["loss_rate"] for row in half] == [9, Decimal("22.5"), 30, 50]


def test_the_provision_with_roll_rates() -> None:
    """A has 200 open at 77 days (100 %), B 1,000 at 46 days (60 %)."""
    ledger = rolling(3, 'buckets: "30, 60"')
    assert amounts(ledger, "2025-12-31") == {"A": 200, "B": 600}
    row = ledger.rows("provision", "2025-12-31")[1]
    assert (row["method"], row["calculation"]) == ("roll-rate", "1,000.00 USD x 60 % (= 60 % x 100 %)")


def test_a_bucket_that_was_never_filled() -> None:
    """A debt of 77 days has no loss rate: its line of the policy is named, nothing is provided or booked."""
    ledger = rolling(3)
    assert amounts(ledger, "2025-12-31") == {"A": None, "B": None}
    assert {code for code, _ in found_wrong(ledger, "2025-12-31")} == {"no-loss-rate"}
    assert propose(ledger.book, day("2025-12-31")) == []


def test_what_never_gets_further_loses_nothing() -> None:
    """Nothing ever rolled out of current, so the empty buckets behind it do not matter."""
    ledger = story(
        '\n2025-01-01 custom "receivables-policy" "provision"\n  history: 2\n'
        + invoice("A", "1,000 USD", "2025-11-15", dated="2025-10-10")
        + receipt("A-1", "1,000 USD", "2025-11-10", "A")
        + invoice("B", "1,000 USD", "2026-03-31", dated="2025-12-10")
    )
    assert amounts(ledger, "2025-12-31") == {"B": 0}


def test_a_ledger_that_is_too_young() -> None:
    """12 rolls need thirteen month ends; the ledger begins on 10 September, so three are the most."""
    ledger = rolling(4)
    assert amounts(ledger, "2025-12-31") == {"A": None, "B": None}
    ((code, line),) = found_wrong(ledger, "2025-12-31")
    assert (code, line) == ("too-little-history", '2025-01-01 custom "receivables-policy" "provision"')
    assert found_wrong(ledger, "2025-12-31", "loss_rates") == [(code, line)]
    assert rolling(3).report("provision", "2025-12-31").problems[0].code == "no-loss-rate"


def test_month_ends() -> None:
    """The last is the as-of date itself when it is one."""
    assert [str(each) for each in month_ends(day("2024-03-31"), 3)] == ["2024-01-31", "2024-02-29", "2024-03-31"]
    assert [str(each) for each in month_ends(day("2024-03-30"), 2)] == ["2024-01-31", "2024-02-29"]
    assert month_ends(datetime.date(1, 1, 5), 2) == []
    assert months_later(datetime.date(9999, 12, 31), 1) == datetime.date.max


def test_loss_rates_by_segment_and_currency() -> None:
    """Each segment with a policy of its own is a pool of its own, and currencies never mix."""
    ledger = story(
        """
2025-01-01 custom "receivables-policy" "provision"
  segment-by: "segment"
  history: 1
  buckets: "30"
2025-01-01 custom "receivables-policy" "provision" "retail"
  history: 1
  buckets: "30"
"""
        + invoice("A", "100 USD", "2025-12-15", 'segment: "retail"', dated="2025-11-01")
        + invoice("B", "100 EUR", "2025-12-15", dated="2025-11-01")
        + receipt("B-1", "60 EUR", "2025-12-01", "B")
    )
    rows = ledger.rows("loss_rates", "2025-12-31")
    found = {(row["segment"], row["currency"]): row["rate"] for row in rows if row["bucket"] == "current"}
    assert found == {("retail", "USD"): 100, ("", "EUR"): 40}


# Movement


MOVED = (
    IFRS_9
    + """
2025-01-01 * "Brought forward"
  Equity:Opening           500 USD
  Assets:DoubtfulDebts    -500 USD
2025-12-31 * "Provision" #provision
  Expenses:DoubtfulDebts   300 USD
  Assets:DoubtfulDebts    -300 USD
2026-03-31 * "Provision" #provision
  Expenses:DoubtfulDebts   200 USD
  Assets:DoubtfulDebts    -200 USD
2026-04-01 * "Given up" ^WO-1
  Assets:DoubtfulDebts            150 USD
  Assets:Receivable:OldMill      -150 USD
    settles: "I-1"
2026-04-02 * "Taken back" #reversal ^WO-1
  Assets:Receivable:OldMill        50 USD
  Assets:DoubtfulDebts            -50 USD
2026-04-03 * "Dividend of the estate"
  Assets:Bank                      20 USD
  Assets:DoubtfulDebts            -20 USD
2026-05-01 * "Exchange"
  Assets:DoubtfulDebts              7 USD
  Income:ExchangeGains             -7 USD
2026-05-02 * "To another account"
  Assets:DoubtfulDebts              1 USD
  Expenses:Else                    -1 USD
2026-06-30 * "Less is required" #provision
  Assets:DoubtfulDebts             80 USD
  Expenses:DoubtfulDebts          -80 USD
"""
    + invoice("I-1", "1,000 USD", "2026-01-31")
)


def test_every_booking_is_in_one_column() -> None:
    """By the other side of its entry: 800 + 200 - 80 - 150 + 70 - 7 - 1 = 832."""
    (row,) = story(MOVED).rows("provision_movement", "2026-06-30", period_from=day("2026-01-01"))
    assert {name: row[name] for name in row if isinstance(row[name], Decimal)} == {
        "opening": 800, "charge": 200, "release": 80, "used": 150, "recovered": 70, "exchange": -7, "other": -1,
        "closing": 832, "required": Decimal("95.40"), "to_book": Decimal("-736.60"),
    }  # fmt: skip


def test_the_movement_from_the_beginning() -> None:
    """What is brought forward against equity is the opening balance whatever the period."""
    (row,) = story(MOVED).rows("provision_movement", "2026-06-30")
    assert (row["opening"], row["charge"], row["closing"]) == (500, 500, 832)


def test_what_is_booked_after_the_day_is_not_in_the_movement() -> None:
    """The release of 30 June is in the report of that day and not in that of the day before."""
    for as_of, release, closing in (("2026-06-29", 0, 912), ("2026-06-30", 80, 832)):
        (row,) = story(MOVED).rows("provision_movement", as_of)
        assert (row["release"], row["closing"]) == (release, closing)


def test_from_the_pool_to_one_customer_is_no_movement() -> None:
    """600 for one customer, 50 of it from the pool: 550 are charged; and released when it goes back."""
    ledger = story(
        IFRS_9.replace("10.6%", "5%")
        + invoice("I-1", "1,000.00 USD", "2025-03-01")
        + '\n2025-07-01 note Assets:Receivable:OldMill "Fire" #provision ^I-1\n  rate: "60%"\n'
        + '\n2025-10-01 note Assets:Receivable:OldMill "Insured after all" #provision ^I-1\n  rate: "none"\n'
    )
    for as_of, charge, release in (("2025-06-30", 50, 0), ("2025-09-30", 550, 0), ("2025-12-31", 0, 550)):
        first = day(as_of).replace(day=1)
        ledger = booked(ledger, as_of)
        (row,) = ledger.rows("provision_movement", as_of, period_from=first)
        assert (row["charge"], row["release"], row["other"], row["to_book"]) == (charge, release, 0, 0)
    (row,) = ledger.rows("provision_movement", "2025-12-31")
    assert (row["charge"], row["release"], row["closing"]) == (600, 550, 50)


def test_an_entry_that_uses_and_charges_keeps_both() -> None:
    """Debits and credits of one entry are only set off where one of them has no column of its own."""
    ledger = story(
        IFRS_9
        + """
2026-04-01 * "Given up, and provided for more"
  Assets:DoubtfulDebts            100 USD
  Assets:Receivable:OldMill      -100 USD
    settles: "I-1"
  Expenses:DoubtfulDebts           30 USD
  Assets:DoubtfulDebts            -30 USD
"""
        + invoice("I-1", "1,000 USD", "2026-01-31")
    )
    (row,) = ledger.rows("provision_movement", "2026-06-30")
    assert (row["used"], row["charge"], row["closing"]) == (100, 30, -70)


def test_two_entries_of_one_day_are_two_movements() -> None:
    """Only what stands in one entry is set off."""
    ledger = story(
        IFRS_9
        + """
2026-04-01 * "Provided for"
  Expenses:DoubtfulDebts           30 USD
  Assets:DoubtfulDebts            -30 USD
2026-04-01 * "To another account"
  Assets:DoubtfulDebts              1 USD
  Expenses:Else                    -1 USD
"""
    )
    (row,) = ledger.rows("provision_movement", "2026-06-30")
    assert (row["charge"], row["other"], row["closing"]) == (30, -1, 29)


def test_what_one_entity_takes_from_another_is_another_movement() -> None:
    """Each entity's postings are set off by themselves."""
    ledger = story(
        ENTITIES
        + """
2025-06-30 * "Taken over, and more"
  Expenses:DoubtfulDebts   60 USD
  Assets:KH:Allowance      40 USD
  Assets:VN:Allowance    -100 USD
"""
    )
    rows = {row["portfolio"]: row for row in ledger.rows("provision_movement", "2025-12-31")}
    assert (rows["KH"]["other"], rows["VN"]["charge"]) == (-40, 100)


def test_the_first_day_of_the_period_is_in_it() -> None:
    """What was booked on 31 December is a charge from that day on, and opening balance from the next."""
    for since, opening, charge in (("2025-12-31", 500, 500), ("2026-01-01", 800, 200)):
        (row,) = story(MOVED).rows("provision_movement", "2026-06-30", period_from=day(since))
        assert (row["opening"], row["charge"]) == (opening, charge)


def test_us_companies_book_allowance_and_write_off_on_one_expense_account() -> None:
    """A bad-debt account on the other side is the expense of the allowance as well."""
    ledger = story(
        IFRS_9
        + '2025-12-31 * "Provision"\n  Expenses:BadDebt  300 USD\n  Assets:DoubtfulDebts\n'
        + '2026-03-31 * "Less"\n  Expenses:BadDebt  -30 USD\n  Assets:DoubtfulDebts\n'
    )
    (row,) = ledger.rows("provision_movement", "2026-06-30")
    assert (row["charge"], row["release"], row["closing"], row["required"]) == (300, 30, 270, 0)


def test_the_entry_may_say_its_column() -> None:
    """`movement:` goes before the other side; on the posting it splits an entry."""
    ledger = story(
        IFRS_9
        + """
2026-04-01 * "Two things at once"
  Assets:DoubtfulDebts       -100 USD
    movement: "recovered"
  Assets:DoubtfulDebts        -40 USD
  Expenses:DoubtfulDebts      140 USD
"""
    )
    (row,) = ledger.rows("provision_movement", "2026-06-30")
    assert (row["recovered"], row["charge"]) == (100, 40)


def test_tags_tell_the_column_as_well() -> None:
    """#opening, #revaluation and #write-off go before the other side; a #write-off uses by debits alone."""
    ledger = story(
        IFRS_9
        + """
2025-06-01 * "Of the old books" #opening
  Assets:DoubtfulDebts    -100 USD
  Expenses:DoubtfulDebts   100 USD
2025-06-02 * "Closing rate" #revaluation
  Assets:DoubtfulDebts     -10 USD
  Expenses:DoubtfulDebts    10 USD
2025-06-03 * "Given up by another book" #write-off
  Assets:DoubtfulDebts       5 USD
  Expenses:DoubtfulDebts    -5 USD
2025-06-04 * "Given up, and provided for more" #write-off
  Assets:DoubtfulDebts      -2 USD
  Expenses:DoubtfulDebts     2 USD
"""
    )
    (row,) = ledger.rows("provision_movement", "2025-12-31")
    assert {name: row[name] for name in row if isinstance(row[name], Decimal) and row[name]} == {
        "opening": 100, "exchange": 10, "used": 5, "charge": 2, "closing": 107, "to_book": -107,
    }  # fmt: skip


def test_a_movement_that_is_none() -> None:
    """A warning at its line; the other side decides."""
    ledger = story(
        IFRS_9 + '2026-04-01 * "?"\n  movement: "up"\n  Assets:DoubtfulDebts  -40 USD\n  Expenses:DoubtfulDebts\n'
    )
    (row,) = ledger.rows("provision_movement", "2026-06-30")
    assert row["charge"] == 40
    assert found_wrong(ledger, "2026-06-30", "provision_movement") == [
        ("unknown-movement", "Assets:DoubtfulDebts  -40 USD")
    ]


# Posting


def test_what_is_missing_is_booked_once() -> None:
    """Charge, nothing twice, then the release when the debt is paid."""
    ledger = story(
        IFRS_9 + invoice("I-1", "1,000 USD", "2025-06-30") + receipt("R-1", "1,000 USD", "2026-02-01", "I-1")
    )
    charged = booked(ledger, "2025-12-31")
    (entry,) = [each for each in charged.entries if "provision" in (getattr(each, "tags", None) or ())]
    assert (entry.date, entry.tags, entry.meta["method"]) == (day("2025-12-31"), frozenset({"provision"}), "matrix")
    assert str(entry.meta["required"]) == "106.00 USD"
    assert [(each.account, str(each.units)) for each in entry.postings] == [
        ("Expenses:DoubtfulDebts", "106.00 USD"),
        ("Assets:DoubtfulDebts", "-106.00 USD"),
    ]
    assert propose(charged.book, day("2025-12-31")) == []
    released = booked(charged, "2026-02-28")
    (row,) = released.rows("provision_movement", "2026-02-28")
    assert (row["charge"], row["release"], row["closing"], row["to_book"]) == (106, 106, 0, 0)
    assert propose(released.book, day("2026-02-28")) == []


def test_why_is_told_with_the_entry() -> None:
    """The comment above the entry says methods and figures."""
    ledger = story(
        IFRS_9 + invoice("I-1", "1,000 USD", "2025-06-30") + invoice("I-2", "9 USD", "2026-01-31", 'provision: "50%"')
    )
    (proposal,) = propose(ledger.book, day("2025-12-31"))
    assert proposal.kind == "provision"
    assert proposal.why == (
        "Provision as of 2025-12-31, USD: matrix 106.00, specific 4.50.",
        "Required 110.50, booked 0.00, to book 110.50.",
    )


def test_specific_provisions_stand_by_customer() -> None:
    """So a write-off finds what was provided for its customer."""
    ledger = story(
        IFRS_9
        + invoice("I-1", "1,000 USD", "2025-06-30")
        + invoice("I-2", "500 USD", "2026-01-31", 'provision: "50%"', customer="HanoiTower")
    )
    ((entry,),) = [each.entries for each in propose(ledger.book, day("2025-12-31"))]
    found = [(each.account, each.units.number, (each.meta or {}).get("customer")) for each in entry.postings]
    assert found == [
        ("Expenses:DoubtfulDebts", 356, None),
        ("Assets:DoubtfulDebts", -106, None),
        ("Assets:DoubtfulDebts", -250, "HanoiTower"),
    ]
    after = booked(ledger, "2025-12-31")
    assert sum(each.amount for each in after.book.booked if each.customer == "HanoiTower") == -250


ENTITIES = """
2025-01-01 custom "receivables-accounts" "allowance" Assets:VN:Allowance Assets:KH:Allowance
2025-01-01 open Assets:VN:Allowance
2025-01-01 open Assets:KH:Allowance
2025-01-01 custom "receivables-policy" "provision"
  rates: "current 1%, 30 2%, over 30 3%"
  book-by: "entity"
2025-01-01 custom "receivables-customer" "OldMill"
  entity: "VN"
2025-01-01 custom "receivables-customer" "HanoiTower"
  entity: "KH"
"""


def test_one_entry_for_each_entity() -> None:
    """On the account that has the entity in its name; what was booked there by hand counts as the entity's."""
    ledger = story(
        ENTITIES
        + invoice("I-1", "1,000 USD", "2026-06-30")
        + invoice("I-2", "1,000 USD", "2026-06-30", customer="HanoiTower")
        + invoice("I-3", "1,000 USD", "2026-06-30", customer="BlueReef")
        + '2025-06-30 * "By hand"\n  Expenses:DoubtfulDebts  4 USD\n  Assets:KH:Allowance\n'
    )
    proposals = propose(ledger.book, day("2025-12-31"))
    lines = [
        (each.entries[0].meta["entity"], each.entries[0].postings[1].account, each.entries[0].postings[1].units.number)
        for each in proposals
    ]
    assert lines == [
        ("", "Assets:VN:Allowance", -10),
        ("KH", "Assets:KH:Allowance", -6),
        ("VN", "Assets:VN:Allowance", -10),
    ]
    after = booked(ledger, "2025-12-31")
    assert propose(after.book, day("2025-12-31")) == []
    rows = after.rows("provision_movement", "2025-12-31")
    assert [(row["portfolio"], row["closing"], row["to_book"]) for row in rows] == [
        ("", 10, 0),
        ("KH", 10, 0),
        ("VN", 10, 0),
    ]


def test_an_allowance_without_a_policy_is_left_alone() -> None:
    """Nothing tells what is required, so nothing is released."""
    ledger = story('2025-12-31 * "Provision"\n  Expenses:DoubtfulDebts  300 USD\n  Assets:DoubtfulDebts\n')
    (row,) = ledger.rows("provision_movement", "2025-12-31")
    assert (row["closing"], row["required"], row["to_book"]) == (300, None, None)
    assert propose(ledger.book, day("2025-12-31")) == []


# The command


def test_the_command_books_and_finds_nothing_left(tmp_path: Path) -> None:
    """`bean-ar provision --post --yes` twice: the first appends, the second has nothing to post."""
    path = tmp_path / "main.beancount"
    path.write_text(
        COMPANY + ACCOUNTS + IFRS_9
        + invoice("I-1", "1,000 USD", "2025-06-30")
        + invoice("I-2", "1,000 USD", "2026-06-30", "provision: 250.50 USD"),
        "utf-8",
    )  # fmt: skip
    run = CliRunner()
    first = run.invoke(main, ["provision", str(path), "--as-of", "2025-12-31", "--format", "csv"])
    again = run.invoke(main, ["provision", str(path), "--as-of", "2025-12-31", "--format", "csv"])
    assert (first.exit_code, first.output) == (0, again.output)
    assert "250.50" in first.output
    posted = run.invoke(main, ["provision", str(path), "--as-of", "2025-12-31", "--post", "--yes"])
    assert posted.exit_code == 0, posted.output
    twice = run.invoke(main, ["provision", str(path), "--as-of", "2025-12-31", "--post", "--yes"])
    assert "Nothing to post." in twice.output
    moved = run.invoke(main, ["provision-movement", str(path), "--from", "2025", "--as-of", "2025-12-31", "-f", "csv"])
    assert "356.50" in moved.output
    rates = run.invoke(main, ["loss-rates", str(path), "--as-of", "2025-12-31"])
    assert rates.exit_code == 0


def test_the_command_tells_what_keeps_it_from_booking(tmp_path: Path) -> None:
    """A figure that cannot be told is an error of the posting as well."""
    path = tmp_path / "main.beancount"
    wrong = invoice("I-1", "1,000 USD", "2025-06-30", 'provision: "most"')
    path.write_text(COMPANY + ACCOUNTS + IFRS_9 + wrong, "utf-8")
    done = CliRunner().invoke(main, ["provision", str(path), "--as-of", "2025-12-31", "--post", "--yes"])
    assert done.exit_code == 1
    assert "provision: of the document cannot be read" in done.output
    assert "Nothing to post." in done.output


# What must always hold


DEBT = st.tuples(
    st.integers(1, 10**7),
    st.integers(-40, 1300),
    st.sampled_from(["USD", "VND", "KWD"]),
    st.sampled_from(["OldMill", "HanoiTower"]),
    st.sampled_from(["", "", "", 'provision: "37.5%"', "provision: 33 USD"]),
)
DIGITS = {"USD": 2, "VND": 0, "KWD": 3}
AS_OF = day("2028-06-30")


def ledger_of(debts: Sequence[tuple[int, int, str, str, str]], credits: int, policy: str) -> Told:
    """A ledger with these debts (units, days overdue, currency, customer, word) and a credit of OldMill."""
    text = "".join(
        invoice(
            f"I-{place}",
            f"{Decimal(units).scaleb(-DIGITS[currency])} {currency}",
            str(AS_OF - datetime.timedelta(days)),
            *([word] if word else []),
            customer=customer,
            dated="2025-02-01",
        )
        for place, (units, days, currency, customer, word) in enumerate(debts)
    )
    credit = f'\n2025-02-01 * "On account" ^RC\n  Assets:Bank  {credits}.00 USD\n  Assets:Receivable:OldMill\n'
    return Told(COMPANY + ACCOUNTS + f'\n2025-01-01 custom "receivables-policy" "provision"\n{policy}' + text + credit)


def matrix(shares: Sequence[Decimal], extra: str) -> str:
    current, first, last = shares
    return f'  rates: "current {current}%, 30 {first}%, over 30 {last}%"\n{extra}'


SHARES = st.tuples(*[st.decimals(0, 100, places=2) for _ in range(3)])
EXTRAS = st.sampled_from(["", '  credits: "net"\n', '  factor: "1.37"\n', '  factor: "3"\n  credits: "net"\n'])


@settings(max_examples=40)
@given(st.lists(DEBT, min_size=1, max_size=6), st.integers(1, 200_000), SHARES, EXTRAS)
def test_rows_foot_and_are_never_above_what_is_open(
    debts: list[tuple[int, int, str, str, str]], credits: int, shares: tuple[Decimal, ...], extra: str
) -> None:
    """Totals are the sums of the rows; no row is above its exposure, no exposure above what is open."""
    ledger = ledger_of(debts, credits, matrix(shares, extra))
    rows = ledger.rows("provision", str(AS_OF))
    assert len(rows) == len(debts)
    required = {row["currency"]: row["required"] for row in ledger.rows("provision_movement", str(AS_OF))}
    sums = totals(ledger.report("provision", str(AS_OF)))
    for currency, of_currency in sums.items():
        found = [row["amount"] for row in rows if row["currency"] == currency]
        assert of_currency["amount"] == sum(found) == required[currency]
    for row in rows:
        assert 0 <= row["amount"] <= row["exposure"] <= row["outstanding"]
        assert -row["amount"].as_tuple().exponent <= DIGITS[row["currency"]]
    if "net" in extra:
        open_usd = sum(row["outstanding"] for row in rows if (row["customer"], row["currency"]) == ("OldMill", "USD"))
        netted = sum(row["exposure"] for row in rows if (row["customer"], row["currency"]) == ("OldMill", "USD"))
        assert netted == max(open_usd - credits, 0)


@settings(max_examples=25)
@given(st.lists(DEBT, min_size=1, max_size=5), SHARES, st.integers(0, 2), st.decimals(0, 100, places=2), EXTRAS)
def test_raising_a_rate_never_lowers_anything(
    debts: list[tuple[int, int, str, str, str]],
    shares: tuple[Decimal, ...],
    which: int,
    other: Decimal,
    extra: str,
) -> None:
    """Each row is at least what it was."""
    higher = [max(share, other) if place == which else share for place, share in enumerate(shares)]
    before = amounts(ledger_of(debts, 100, matrix(shares, extra)), str(AS_OF))
    after = amounts(ledger_of(debts, 100, matrix(higher, extra)), str(AS_OF))
    assert all((after[number] or 0) >= (amount or 0) for number, amount in before.items())


@settings(max_examples=25)
@given(st.lists(DEBT, min_size=1, max_size=5), SHARES, EXTRAS, st.integers(0, 5000))
def test_after_booking_the_allowance_is_what_is_required(
    debts: list[tuple[int, int, str, str, str]], shares: tuple[Decimal, ...], extra: str, before: int
) -> None:
    """Whatever stood there before; the roll-forward foots; nothing is proposed twice."""
    ledger = ledger_of(debts, 100, matrix(shares, extra))
    text = f'{ledger.text}\n2025-03-01 * "By hand"\n  Expenses:DoubtfulDebts  {before}.00 USD\n  Assets:DoubtfulDebts\n'
    after = booked(Told(text), str(AS_OF))
    for row in after.rows("provision_movement", str(AS_OF)):
        assert row["closing"] == row["required"]
        assert row["to_book"] == 0
        moved = row["charge"] - row["release"] - row["used"] + row["recovered"] + row["exchange"] + row["other"]
        assert row["opening"] + moved == row["closing"]
    assert propose(after.book, AS_OF) == []


CHANGE = st.tuples(
    st.sampled_from(["OldMill", "HanoiTower"]),
    st.sampled_from(["", "", " ^I-0", " ^I-1", " ^I-2"]),
    st.sampled_from(['rate: "60%"', 'rate: "none"', 'rate: "7.25%"', "amount: 12.34 USD", "amount: 9 KWD"]),
)


@settings(max_examples=25)
@given(
    st.lists(DEBT, min_size=1, max_size=4),
    SHARES,
    st.lists(st.lists(CHANGE, max_size=2), min_size=1, max_size=3),
    st.sampled_from(["", '  book-by: "entity"\n']),
)
def test_charge_less_release_is_what_the_expense_moved(
    debts: list[tuple[int, int, str, str, str]],
    shares: tuple[Decimal, ...],
    closings: list[list[tuple[str, str, str]]],
    extra: str,
) -> None:
    """However debts went between the pool and single customers: booked at each closing, and nothing else is."""
    closing_days = ["2026-12-31", "2027-06-30", "2027-12-31"]
    notes = "".join(
        f'\n{as_of} note Assets:Receivable:{customer} "Looked at" #provision{link}\n  {word}\n'
        for as_of, changes in zip(closing_days, closings, strict=False)
        for customer, link, word in changes
    )
    entity = '\n2025-01-01 custom "receivables-customer" "HanoiTower"\n  entity: "KH"\n'
    ledger = Told(ledger_of(debts, 100, matrix(shares, extra)).text + entity + notes)
    for as_of in closing_days:
        ledger = booked(ledger, as_of)
        expense: dict[str, Decimal] = {}
        for one in ledger.book.booked:
            if one.role == "provision-expense" and one.date <= day(as_of):
                expense[one.currency] = expense.get(one.currency, Decimal(0)) + one.amount
        moved: dict[str, Decimal] = {}
        for row in ledger.rows("provision_movement", as_of):
            assert row["other"] == 0
            before = moved.get(row["currency"], Decimal(0))
            moved[row["currency"]] = before + row["charge"] - row["release"]
        assert {key: amount for key, amount in moved.items() if amount} == {
            key: amount for key, amount in expense.items() if amount
        }
