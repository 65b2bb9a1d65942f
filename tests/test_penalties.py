"""Penalties: figures of statutes and textbooks, boundary days in pairs, and what must hold for any policy."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers import Told, told

from receivables.rules.day_counts import CONVENTIONS

D = Decimal


YEARS_AGO = "".join(
    f"1980-01-01 open {account}\n"
    for account in (
        "Assets:Receivable:OldMill", "Assets:Bank", "Income:Sales", "Income:LatePayment", "Expenses:BadDebt",
        "Income:Discounts",
    )
)  # fmt: skip
"""The accounts of these stories, open long before any of them."""


def late(
    policy: str,
    *,
    amount: str = "10,000.00 GBP",
    due: str = "2024-06-15",
    more: str = "",
    meta: str = "",
    problems: tuple[str, ...] = (),
    date: str | None = None,
) -> Told:
    """One invoice of Old Mill, due on a day, under a penalty policy of everybody."""
    lines = "".join(f"          {line.strip()}\n" for line in policy.strip().splitlines())
    return told(
        f"""
        1990-01-01 custom "receivables-policy" "penalty"
{lines}
        {date or due} * "Old Mill" "Lift 7" ^INV-1
          due: {due}{meta and chr(10) + "          " + meta}
          Assets:Receivable:OldMill     {amount}
          Income:Sales
        """
        + more,
        problems=problems,
        company=YEARS_AGO,
    )  # fmt: skip


def receipt(date: str, amount: str, link: str = "RC-1", settles: str = "INV-1") -> str:
    return f"""
        {date} * "Old Mill" "Transfer" ^{link}
          Assets:Bank     {amount}
          Assets:Receivable:OldMill
            settles: "{settles}"
    """


def cost(story: Told, as_of: str) -> Decimal:
    """All that late payment costs up to a day."""
    return sum((row["amount"] for row in story.rows("penalties", as_of)), D(0))


def lines(story: Told, as_of: str) -> list[str]:
    """Each line as "from to days principal rate amount"; without days "component amount"."""
    return [
        f"{row['from']} {row['to']} {row['days']} {row['principal']:,} {row['rate']} {row['amount']:,}"
        if row["from"]
        else f"{row['component']} {row['amount']:,}"
        for row in story.rows("penalties", as_of)
    ]


def calculations(story: Told, as_of: str) -> list[str]:
    return [row["calculation"] for row in story.rows("penalties", as_of)]


BANK_OF_ENGLAND = """
        2024-01-01 custom "receivables-rate" "GB-BOE" 5.25
        2024-07-01 custom "receivables-rate" "GB-BOE" 5.25
        2025-01-01 custom "receivables-rate" "GB-BOE" 4.75
"""

# The days


def test_the_due_day_is_not_counted_and_the_payment_day_is() -> None:
    """Due 1 July, paid 5 July: four days (wirtschaftswissen.de on BGB 187, 188)."""
    story = late(
        'rate: "10% per year"', due="2026-07-01", amount="3,650.00 EUR", more=receipt("2026-07-05", "3,650.00 EUR")
    )
    assert lines(story, "2026-07-31") == ["2026-07-01 2026-07-05 4 3,650.00 10 4.00"]


@pytest.mark.parametrize(("as_of", "amount"), [("2026-07-01", "0"), ("2026-07-02", "1.00"), ("2026-07-03", "2.00")])
def test_nothing_on_the_due_day_one_day_after_it(as_of: str, amount: str) -> None:
    assert cost(late('rate: "10% per year"', due="2026-07-01", amount="3,650.00 EUR"), as_of) == D(amount)


def test_1000_euros_at_5_12_percent_for_25_days() -> None:
    """The formula K x days x % / (365 x 100): 3.51 (anleiter.de)."""
    assert cost(late('rate: "5.12% per year"', due="2026-03-01", amount="1,000.00 EUR"), "2026-03-26") == D("3.51")


@pytest.mark.parametrize(
    ("count", "quarter", "leap_year"),
    [
        ("ACT/365F", "2493.15", "10027.40"),
        ("ACT/360", "2527.78", "10166.67"),
        ("ACT/ACT ISDA", "2488.66", "10000.00"),
        ("ACT/ACT counted", "2488.58", "10000.07"),
        ("30/360 US", "2500.00", "10000.00"),
        ("30E/360", "2500.00", "10000.00"),
        ("30E/360 ISDA", "2500.00", "10000.00"),
    ],
)
def test_day_counts(count: str, quarter: str, leap_year: str) -> None:
    """100,000 at 10 %: 91 days over the turn of 2023, and the whole of 2024; ISDA 2006, 4.16."""
    policy = f'rate: "10% per year"\nday-count: "{count}"'
    assert cost(late(policy, amount="100,000.00 USD", due="2023-12-01"), "2024-03-01") == D(quarter)
    assert cost(late(policy, amount="100,000.00 USD", due="2024-01-01"), "2025-01-01") == D(leap_year)


@pytest.mark.parametrize(
    ("count", "days"),
    [
        ("ACT/365F", 29),
        ("ACT/360", 29),
        ("ACT/ACT ISDA", 29),
        ("ACT/ACT counted", 29),
        ("30/360 US", 29),
        ("30E/360", 29),
        ("30E/360 ISDA", 30),
    ],
)
def test_from_the_end_of_january_to_the_leap_day(count: str, days: int) -> None:
    story = late(f'rate: "10% per year"\nday-count: "{count}"', due="2024-01-31")
    assert story.rows("penalties", "2024-02-29")[0]["days"] == days


def test_commercial_method_of_thirty_day_months() -> None:
    """10,000 at 6 %, 1 January to 30 July = 210 days = 350 (p-konto.de counts from 1 to 30: 209 and the first)."""
    story = late('rate: "6% per year"\nday-count: "30E/360"', amount="10,000.00 EUR", due="2023-12-30")
    assert lines(story, "2024-07-30") == ["2023-12-30 2024-07-30 210 10,000.00 6 350.00"]


def test_vietnam_43_days_at_10_percent() -> None:
    """USD 65,000 from 15 August to 27 September 2026: 765.75 (rules for Vietnam, worked example)."""
    assert cost(late('rate: "10% per year"', amount="65,000.00 USD", due="2026-08-15"), "2026-09-27") == D("765.75")


# Rates


def test_uk_statute_the_rate_of_the_day_when_the_delay_starts_holds_for_all_of_it() -> None:
    """SI 2002/1675, article 4: GBP 10,000, 16 June 2024 to 31 March 2025 at 13.25 % = 1,049.11."""
    fixed = late('rate: "GB-BOE + 8%"\nreference: "start"\nresets: "half-year"', more=BANK_OF_ENGLAND)
    assert lines(fixed, "2025-03-31") == ["2024-06-15 2025-03-31 289 10,000.00 13.25 1,049.11"]
    floating = late('rate: "GB-BOE + 8%"', more=BANK_OF_ENGLAND)
    assert lines(floating, "2025-03-31") == [
        "2024-06-15 2024-06-30 15 10,000.00 13.25 54.45",
        "2024-06-30 2024-12-31 184 10,000.00 13.25 667.95",
        "2024-12-31 2025-03-31 90 10,000.00 12.75 314.38",
    ]
    assert cost(floating, "2025-03-31") == D("1036.78")


@pytest.mark.parametrize(("due", "rate"), [("2024-12-30", "13.25"), ("2024-12-31", "12.75")])
def test_a_delay_that_starts_on_new_year_s_day_has_the_new_rate(due: str, rate: str) -> None:
    """Due on 31 December, the delay starts on 1 January."""
    story = late('rate: "GB-BOE + 8%"\nreference: "start"\nresets: "half-year"', due=due, more=BANK_OF_ENGLAND)
    assert [row["rate"] for row in story.rows("penalties", "2025-03-31")] == [D(rate)]


def test_germany_floats_with_each_half_year_and_below_zero() -> None:
    """BGB 288: nine points above the base rate of the time, -0.88 % until the end of 2022 (247)."""
    base = """
        2016-07-01 custom "receivables-rate" "DE-BASIS" -0.88
        2023-01-01 custom "receivables-rate" "DE-BASIS" 1.62
    """
    story = late('rate: "DE-BASIS + 9%"\nresets: "half-year"', due="2022-12-01", amount="36,500.00 EUR", more=base)
    assert lines(story, "2023-01-31") == [
        "2022-12-01 2022-12-31 30 36,500.00 8.12 243.60",
        "2022-12-31 2023-01-31 31 36,500.00 10.62 329.22",
    ]


def test_a_published_rate_may_float_inside_a_partial_month_or_wait_for_the_half_year() -> None:
    rates = """
        2026-01-01 custom "receivables-rate" "ECB-MRO" 2.15
        2026-03-11 custom "receivables-rate" "ECB-MRO" 3.15
    """
    each_day = late('rate: "ECB-MRO + 8%"', due="2026-03-01", amount="36,500.00 EUR", more=rates)
    assert lines(each_day, "2026-03-21") == [
        "2026-03-01 2026-03-10 9 36,500.00 10.15 91.35",
        "2026-03-10 2026-03-21 11 36,500.00 11.15 122.65",
    ]
    half_year = late('rate: "ECB-MRO + 8%"\nresets: "half-year"', due="2026-03-01", amount="36,500.00 EUR", more=rates)
    assert lines(half_year, "2026-03-21") == ["2026-03-01 2026-03-21 20 36,500.00 10.15 203.00"]


def test_ireland_and_vietnam_the_rate_of_the_payment_day_for_the_whole_delay() -> None:
    """enterprise.gov.ie: one ECB rate, that in force on the payment date; so Commercial Law of Vietnam, 306."""
    rates = """
        2024-01-01 custom "receivables-rate" "ECB-MRO" 4.50
        2024-07-01 custom "receivables-rate" "ECB-MRO" 4.25
    """
    story = late(
        'rate: "ECB-MRO + 8%"\nreference: "payment"', due="2024-06-20", amount="36,500.00 EUR",
        more=rates + receipt("2024-06-30", "10,000.00 EUR") + receipt("2024-07-10", "6,500.00 EUR", "RC-2"),
    )  # fmt: skip
    assert lines(story, "2024-07-20") == [
        "2024-06-20 2024-06-30 10 10,000.00 12.50 34.25".replace("12.50", "12.5"),
        "2024-06-20 2024-07-10 20 6,500.00 12.25 43.63",
        "2024-06-20 2024-07-20 30 20,000.00 12.25 201.37",
    ]


def test_tiers_by_days_late() -> None:
    """Day 30 has the first rate, day 31 the second."""
    story = late('rate: "1% per month; after 30 days 1.5% per month"', due="2026-03-01", amount="3,000.00 USD")
    assert lines(story, "2026-03-31") == ["2026-03-01 2026-03-31 30 3,000.00 1 30.00"]
    assert lines(story, "2026-04-02") == [
        "2026-03-01 2026-03-31 30 3,000.00 1 30.00",
        "2026-03-31 2026-04-02 2 3,000.00 1.5 3.00",
    ]


def test_a_rate_per_day() -> None:
    """0.05 % a day, the standard phrase of Chinese contracts."""
    story = late('rate: "0.05% per day"', due="2026-03-01", amount="100,000.00 CNY")
    assert calculations(story, "2026-03-31") == ["100,000.00 CNY x 0.05% x 30 days"]
    assert cost(story, "2026-03-31") == D("1500.00")


@pytest.mark.parametrize(
    ("part", "after_30_days", "after_45", "after_a_month"),
    [
        ("whole", "0", "15.00", "15.00"),
        ("begun", "15.00", "30.00", "15.00"),
        ("thirtieths", "15.00", "22.50", "15.50"),
        ("yearly", "14.79", "22.19", "15.29"),
    ],
)
def test_a_part_of_a_month(part: str, after_30_days: str, after_45: str, after_a_month: str) -> None:
    """1,000 at 1.5 % a month, 45 days: 15.00, 30.00, 22.50 or 22.19 by the reading of the contract."""
    story = late(f'rate: "1.5% per month"\npart-month: "{part}"', due="2026-03-01", amount="1,000.00 USD")
    assert cost(story, "2026-03-31") == D(after_30_days)
    assert cost(story, "2026-04-15") == D(after_45)
    assert cost(story, "2026-04-01") == D(after_a_month)


@pytest.mark.parametrize(
    ("as_of", "months"), [("2024-02-28", 1), ("2024-02-29", 1), ("2024-03-01", 2), ("2024-03-31", 2)]
)
def test_months_begun_from_the_end_of_a_month(as_of: str, months: int) -> None:
    """From 31 January the first month ends on the leap day, the second on 31 March."""
    story = late('rate: "1% per month"\npart-month: "begun"', due="2024-01-31", amount="100.00 USD")
    assert cost(story, as_of) == months


def test_whole_months_are_charged_on_what_stood_all_of_them() -> None:
    story = late(
        'rate: "1% per month"\npart-month: "whole"', due="2026-03-01", amount="1,000.00 USD",
        more=receipt("2026-03-20", "400.00 USD"),
    )  # fmt: skip
    assert lines(story, "2026-05-15") == ["2026-03-01 2026-05-01 61 600.00 1 12.00"]


# Caps, ceilings, minimum, fixed sums


def test_vietnam_caps_all_penalties_at_8_percent_of_the_obligation() -> None:
    """Commercial Law, article 301."""
    story = late('rate: "0.05% per day"\ncap: "8%"', due="2026-01-01", amount="100,000,000 VND")
    assert cost(story, "2026-06-10") == D(8_000_000)
    assert lines(story, "2026-06-11") == ["2026-01-01 2026-06-11 161 100,000,000 0.05 8,050,000", "cap -50,000"]


def test_a_ceiling_of_20_percent_a_year_breaks_a_tenth_of_a_percent_a_day() -> None:
    """Civil Code of Vietnam, articles 357 and 468: 0.1 % a day is 36.5 % a year."""
    story = late('rate: "0.1% per day"\nceiling: "20% per year"', due="2026-01-01", amount="36,500,000 VND")
    assert calculations(story, "2026-01-11") == ["36,500,000 VND x 20% x 10/365; ceiling 20% per year"]
    assert cost(story, "2026-01-11") == D(200_000)


def test_a_ceiling_of_four_times_the_lpr_of_the_contract_s_day() -> None:
    rates = """
        2024-07-22 custom "receivables-rate" "CN-LPR-1Y" 3.35
        2025-05-20 custom "receivables-rate" "CN-LPR-1Y" 3.00
        2024-08-01 custom "receivables-contract" "HD-1" Assets:Receivable:OldMill
    """
    policy = 'rate: "0.05% per day"\nceiling: "4 x CN-LPR-1Y"'
    by_contract = late(policy, due="2026-01-01", amount="36,500.00 CNY", more=rates, meta='contract: "HD-1"')
    assert [row["rate"] for row in by_contract.rows("penalties", "2026-01-11")] == [D("13.4")]
    by_document = late(policy, due="2026-01-01", amount="36,500.00 CNY", more=rates, date="2025-12-01")
    assert [row["rate"] for row in by_document.rows("penalties", "2026-01-11")] == [D("12")]


def test_france_three_times_the_legal_rate_is_the_least_that_a_contract_may_say() -> None:
    """Code de commerce, L441-10: in the second half of 2024 the least, 14.76 %, was above ECB + 10 = 14.25 %."""
    rates = """
        2024-07-01 custom "receivables-rate" "ECB-MRO" 4.25
        2024-07-01 custom "receivables-rate" "FR-LEGAL-PRO" 4.92
    """
    story = late(
        'rate: "ECB-MRO + 10%"\nfloor: "3 x FR-LEGAL-PRO"', due="2024-08-01", amount="36,500.00 EUR", more=rates
    )
    assert [(row["rate"], row["amount"]) for row in story.rows("penalties", "2024-08-11")] == [
        (D("14.76"), D("147.60"))
    ]


@pytest.mark.parametrize(("amount", "fixed"), [("999.99", 40), ("1,000.00", 70), ("9,999.99", 70), ("10,000.00", 100)])
def test_uk_fixed_sums_by_the_size_of_the_debt(amount: str, fixed: int) -> None:
    """Late Payment of Commercial Debts (Interest) Act 1998, section 5A."""
    story = late('fixed-sum: "40 GBP; from 1,000 GBP 70 GBP; from 10,000 GBP 100 GBP"', amount=f"{amount} GBP")
    assert lines(story, "2024-06-15") == []
    assert lines(story, "2024-06-16") == [f"fixed-sum {fixed}.00"]


def test_forty_euros_are_not_charged_on_a_debt_in_dollars() -> None:
    assert lines(late('fixed-sum: "40 EUR"', amount="1,000.00 USD"), "2024-07-16") == []


def test_a_fixed_sum_is_charged_once_even_when_all_was_paid_a_day_late() -> None:
    story = late('fixed-sum: "40 EUR"', amount="1,000.00 EUR", more=receipt("2024-06-16", "1,000.00 EUR"))
    assert lines(story, "2026-07-16") == ["fixed-sum 40.00"]
    in_time = late('fixed-sum: "40 EUR"', amount="1,000.00 EUR", more=receipt("2024-06-15", "1,000.00 EUR"))
    assert lines(in_time, "2026-07-16") == []


@pytest.mark.parametrize(("as_of", "expected"), [("2024-06-24", "0"), ("2024-06-25", "5.00"), ("2024-06-26", "5.50")])
def test_interest_below_five_is_waived(as_of: str, expected: str) -> None:
    story = late('rate: "0.05% per day"\nwaive-below: "5 USD"', amount="1,000.00 USD")
    assert cost(story, as_of) == D(expected)


def test_interest_below_ten_is_raised_to_it() -> None:
    story = late('rate: "0.05% per day"\nraise-to: "10 USD; 200,000 VND"', amount="1,000.00 USD")
    assert lines(story, "2024-06-16") == ["2024-06-15 2024-06-16 1 1,000.00 0.05 0.50", "minimum 9.50"]
    assert cost(story, "2024-07-06") == D("10.50")


def test_reminders_are_charged_by_level() -> None:
    story = late(
        'rate: "10% per year"\ncharge-reminder-2: "5 EUR"\ncharge-demand: "20 EUR"', amount="3,650.00 EUR",
        more="""
        2024-06-16 note Assets:Receivable:OldMill "First" #reminder-1 ^INV-1
        2024-06-20 note Assets:Receivable:OldMill "Second" #reminder-2 ^INV-1
        2024-06-25 note Assets:Receivable:OldMill "By courier" #demand ^INV-1
        """,
    )  # fmt: skip
    assert lines(story, "2024-06-24")[1:] == ["reminder-2 5.00"]
    assert lines(story, "2024-06-25")[1:] == ["reminder-2 5.00", "demand 20.00"]


# Grace


@pytest.mark.parametrize(("start", "expected"), [("due", "32.88"), ("grace-end", "16.44")])
def test_grace_both_ways(start: str, expected: str) -> None:
    """10,000 at 12 %, five days of grace, paid on the tenth day."""
    story = late(
        f'rate: "12% per year"\ngrace: 5\ninterest-from: "{start}"', amount="10,000.00 USD",
        more=receipt("2024-06-25", "10,000.00 USD"),
    )  # fmt: skip
    assert cost(story, "2024-12-31") == D(expected)


@pytest.mark.parametrize(("paid", "expected"), [("2024-06-20", "0"), ("2024-06-21", "19.73")])
def test_who_pays_on_the_last_day_of_grace_pays_nothing(paid: str, expected: str) -> None:
    story = late('rate: "12% per year"\ngrace: 5', amount="10,000.00 USD", more=receipt(paid, "10,000.00 USD"))
    assert cost(story, "2024-12-31") == D(expected)
    assert cost(story, "2024-06-20") == 0


def test_what_was_paid_within_the_grace_never_bears_interest() -> None:
    story = late('rate: "12% per year"\ngrace: 5', amount="10,000.00 USD", more=receipt("2024-06-18", "4,000.00 USD"))
    assert lines(story, "2024-06-25") == ["2024-06-15 2024-06-25 10 6,000.00 12 19.73"]


# What changes the principal


def test_the_principal_falls_with_each_receipt_and_credit_memo_from_its_day() -> None:
    story = late(
        'rate: "10% per year"', amount="36,500.00 USD",
        more=receipt("2024-06-25", "16,500.00 USD") + """
        2024-07-05 * "Old Mill" "Price" #credit-memo ^CM-1 ^INV-1
          Income:Sales                   10,000.00 USD
          Assets:Receivable:OldMill
        """,
    )  # fmt: skip
    assert lines(story, "2024-07-15") == [
        "2024-06-15 2024-06-25 10 36,500.00 10 100.00",
        "2024-06-25 2024-07-05 10 20,000.00 10 54.79",
        "2024-07-05 2024-07-15 10 10,000.00 10 27.40",
    ]


def test_a_bounced_cheque_lets_interest_run_again_from_that_day() -> None:
    story = late(
        'rate: "10% per year"', amount="36,500.00 USD",
        more=receipt("2024-06-25", "36,500.00 USD") + """
        2024-07-05 * "Old Mill" "Bounced" #reversal ^RC-1
          Assets:Receivable:OldMill       36,500.00 USD
          Assets:Bank
        """,
    )  # fmt: skip
    assert lines(story, "2024-07-04") == ["2024-06-15 2024-06-25 10 36,500.00 10 100.00"]
    assert lines(story, "2024-07-06")[1:] == ["2024-07-05 2024-07-06 1 36,500.00 10 10.00"]


def test_nothing_before_the_first_day_of_a_cheque_that_bounced_after_being_paid_in_time() -> None:
    story = late(
        'rate: "10% per year"', amount="36,500.00 USD",
        more=receipt("2024-06-10", "36,500.00 USD") + """
        2024-07-05 * "Old Mill" "Bounced" #reversal ^RC-1
          Assets:Receivable:OldMill       36,500.00 USD
          Assets:Bank
        """,
        date="2024-06-01",
    )  # fmt: skip
    assert lines(story, "2024-07-06") == ["2024-07-05 2024-07-06 1 36,500.00 10 10.00"]


DISPUTE = """
        2024-06-25 note Assets:Receivable:OldMill "Doors were late" #dispute ^INV-1
          amount: 16,500.00 USD
        2024-07-05 note Assets:Receivable:OldMill "Agreed" #dispute-resolved ^INV-1
"""


def test_a_disputed_part_stands_still_from_its_day_to_the_day_before_the_resolution() -> None:
    story = late('rate: "10% per year"', amount="36,500.00 USD", more=DISPUTE)
    assert lines(story, "2024-07-15") == [
        "2024-06-15 2024-06-24 9 36,500.00 10 90.00",
        "2024-06-24 2024-07-04 10 20,000.00 10 54.79",
        "2024-07-04 2024-07-15 11 36,500.00 10 110.00",
    ]


def instalments(more: str) -> Told:
    """1,000 due on 1 January and 500 due on the 11th, at 0.1 % a day."""
    return told(
        """
        2020-01-01 custom "receivables-policy" "penalty"
          rate: "0.1% per day"
        2025-12-01 * "Old Mill" "Lift 7" ^INV-1
          Assets:Receivable:OldMill    1,000.00 USD
            due: 2026-01-01
          Assets:Receivable:OldMill      500.00 USD
            due: 2026-01-11
          Income:Sales
        """
        + more,
        company=YEARS_AGO,
    )


def test_a_disputed_amount_moves_on_to_the_next_instalment_when_the_first_is_paid() -> None:
    """As the column `disputed` of the open items has it."""
    dispute = """
        2026-01-03 note Assets:Receivable:OldMill "Doors" #dispute ^INV-1
          amount: 400 USD
    """
    story = instalments(dispute + receipt("2026-01-06", "1,000.00 USD", settles="INV-1/1"))
    assert [row["disputed"] for row in story.rows("open_items", "2026-01-31")] == [D("400.00")]
    assert [(row["instalment"], row["principal"], row["amount"]) for row in story.rows("penalties", "2026-01-31")] == [
        (1, D("1000.00"), D("1.00")), (1, D("600.00"), D("2.40")), (2, D("100.00"), D("2.00")),
    ]  # fmt: skip


def test_a_dispute_stands_though_the_document_was_settled_on_its_day() -> None:
    story = late(
        'rate: "0.1% per day"', amount="1,000.00 USD", due="2026-01-01",
        more=receipt("2026-01-03", "1,000.00 USD") + """
        2026-01-06 note Assets:Receivable:OldMill "Doors" #dispute ^INV-1
          amount: 400 USD
        2026-01-11 * "Old Mill" "Bounced" #reversal ^RC-1
          Assets:Receivable:OldMill       1,000.00 USD
          Assets:Bank
        """,
    )  # fmt: skip
    assert lines(story, "2026-01-31")[-1] == "2026-01-11 2026-01-31 20 600.00 0.1 12.00"


def test_the_day_of_a_dispute_and_a_receipt_counts_without_the_disputed_part() -> None:
    dispute = """
        2026-01-11 note Assets:Receivable:OldMill "Doors" #dispute ^INV-1
          amount: 400 USD
    """
    story = late(
        'rate: "0.1% per day"', amount="1,000.00 USD", due="2026-01-01",
        more=dispute + receipt("2026-01-11", "1,000.00 USD"),
    )  # fmt: skip
    assert lines(story, "2026-01-31")[-1] == "2026-01-10 2026-01-11 1 600.00 0.1 0.60"


def test_an_outcome_that_is_none_is_an_error() -> None:
    wrong = DISPUTE.rstrip() + '\n          outcome: "Rejected"\n'
    late('rate: "10% per year"', amount="36,500.00 USD", more=wrong, problems=("bad-event",))


def test_a_dispute_that_was_rejected_costs_all_its_days() -> None:
    rejected = DISPUTE.rstrip() + '\n          outcome: "rejected"\n'
    story = late('rate: "10% per year"', amount="36,500.00 USD", more=rejected)
    assert cost(story, "2024-07-04") == D("90.00") + D("54.79")
    assert lines(story, "2024-07-15") == ["2024-06-15 2024-07-15 30 36,500.00 10 300.00"]


def test_a_policy_may_let_interest_run_on_what_is_disputed() -> None:
    story = late('rate: "10% per year"\ndisputed: "runs"', amount="36,500.00 USD", more=DISPUTE)
    assert cost(story, "2024-07-15") == D("300.00")


def test_no_interest_on_interest_unless_the_policy_says_so() -> None:
    note = """
        2024-07-15 * "Old Mill" "Late payment" #penalty ^DN-1 ^INV-1
          due: 2024-07-15
          Assets:Receivable:OldMill      300.00 USD
          Income:LatePayment
    """
    plain = late('rate: "10% per year"', amount="36,500.00 USD", more=note)
    assert {row["number"] for row in plain.rows("penalties", "2024-12-31")} == {"INV-1"}
    wide = late('rate: "10% per year"\non: "invoice, penalty"', amount="36,500.00 USD", more=note)
    assert {row["number"] for row in wide.rows("penalties", "2024-12-31")} == {"INV-1", "DN-1"}


def test_compound_interest_by_the_year() -> None:
    """10,000 at 5 % for two years: 10,000 x 1.05^2 - 10,000 = 1,025, the textbook's compound interest."""
    policy = 'rate: "5% per year"\ncompound: "year"'
    story = late(policy, amount="10,000.00 USD", due="2025-03-01")
    assert lines(story, "2027-03-01") == [
        "2025-03-01 2026-03-01 365 10,000.00 5 500.00",
        "2026-03-01 2027-03-01 365 10,500.00 5 525.00",
    ]
    assert calculations(story, "2027-03-01")[1].endswith("; with 500.00 USD of interest")


# Rounding


@pytest.mark.parametrize(("rounding", "expected"), [("day", "37.80"), ("month", "37.77"), ("end", "37.76")])
def test_where_it_is_rounded(rounding: str, expected: str) -> None:
    """1,250.00 at 12.25 % from January to March 2025, 90 days."""
    story = late(f'rate: "12.25% per year"\nrounding: "{rounding}"', amount="1,250.00 GBP", due="2024-12-31")
    assert cost(story, "2025-03-31") == D(expected)


def test_gov_uk_rounds_the_interest_of_a_day() -> None:
    """GOV.UK: 1,000 at 8.5 % costs 23p a day, for 50 days 11.50; without rounding the day 11.64."""
    by_day = late('rate: "8.5% per year"\nrounding: "day"', amount="1,000.00 GBP", due="2026-03-01")
    assert cost(by_day, "2026-04-20") == D("11.50")
    assert cost(late('rate: "8.5% per year"', amount="1,000.00 GBP", due="2026-03-01"), "2026-04-20") == D("11.64")


def test_paidnice_5000_at_12_25_for_101_days_and_70() -> None:
    """support.paidnice.com: 1.68 a day, 169.68 and the fixed sum of 70: 239.68; unrounded 169.49."""
    bands = 'fixed-sum: "40 GBP; from 1,000 GBP 70 GBP; from 10,000 GBP 100 GBP"'
    by_day = late(f'rate: "12.25% per year"\nrounding: "day"\n{bands}', amount="5,000.00 GBP", due="2025-07-01")
    assert cost(by_day, "2025-10-10") == D("239.68")
    at_end = late(f'rate: "12.25% per year"\n{bands}', amount="5,000.00 GBP", due="2025-07-01")
    assert cost(at_end, "2025-10-10") == D("239.49")


@pytest.mark.parametrize(("mode", "expected"), [("half-up", 3), ("half-even", 2), ("up", 3), ("down", 2)])
def test_how_it_is_rounded(mode: str, expected: int) -> None:
    """VND has no decimals: 2.5 dong are 3 or 2."""
    story = late(f'rate: "0.05% per day"\nrounding-mode: "{mode}"', amount="5,000 VND")
    assert cost(story, "2024-06-16") == expected


def test_dinars_have_three_decimals() -> None:
    assert cost(late('rate: "10% per year"', amount="1,000.000 KWD"), "2024-06-16") == D("0.274")


@pytest.mark.parametrize(("as_of", "expected"), [("2024-02-01", "111114"), ("2024-09-30", "3098846")])
def test_a_rate_per_day_counts_calendar_days_whatever_the_day_count(as_of: str, expected: str) -> None:
    """12,345,678 at 0.1 % a day are 12,346 for each day."""
    story = late(
        'rate: "0.1% per day"\nday-count: "30E/360"\nrounding: "day"', amount="12,345,678 VND", due="2024-01-23"
    )
    (row,) = story.rows("penalties", as_of)
    assert (row["amount"], row["days"] * 12_346) == (D(expected), D(expected))


def test_the_interest_of_one_day_is_another_one_in_a_leap_year() -> None:
    """353 days of 2024 at 5.683 and 17 of 2025 at 5.698: each rounded by itself, and written down."""
    story = late(
        'rate: "8.25% per year"\nday-count: "ACT/ACT ISDA"\nrounding: "day"', amount="25,210.310 KWD", due="2024-01-14"
    )
    (row,) = story.rows("penalties", "2025-01-18")
    assert row["calculation"] == "25,210.310 KWD x 8.25% x (353/366 + 17/365)"
    assert row["amount"] == 353 * D("5.683") + 17 * D("5.698") == D("2102.965")


@pytest.mark.parametrize(
    "key",
    [
        'compound: "month"',
        'rounding: "month"',
        'day-count: "ACT/ACT ISDA"',
        'rate: "1% per month"\npart-month: "begun"',
    ],
)
def test_the_last_day_of_the_calendar_is_a_day_like_any_other(key: str) -> None:
    rate = "" if key.startswith("rate") else 'rate: "1% per year"\n'
    assert cost(late(rate + key, amount="100.00 USD", due="9999-11-15"), "9999-12-31") > 0


def test_rows_always_add_up_to_the_rounded_sum() -> None:
    """Three parts of 0.4 dong are one dong, not none."""
    more = (
        receipt("2024-06-16", "10 VND")
        + receipt("2024-06-17", "10 VND", "RC-2")
        + receipt("2024-06-18", "10 VND", "RC-3")
    )
    story = late('rate: "0.05% per day"', amount="830 VND", more=more)
    assert [row["amount"] for row in story.rows("penalties", "2024-06-18")] == [D(0), D(1), D(0)]


# What a receipt reduces


def test_german_law_takes_a_receipt_for_interest_first() -> None:
    """BGB 367: costs, interest, principal. Of 10,040 the 40 are costs and 100 are interest; 26,600 bear on."""
    policy = 'rate: "10% per year"\nfixed-sum: "40 EUR"\nappropriation: "{}"'
    more = receipt("2024-06-25", "10,040.00 EUR")
    interest = late(policy.format("interest-first"), amount="36,500.00 EUR", more=more)
    assert calculations(interest, "2024-07-05")[1] == (
        "26,600.00 EUR x 10% x 10/365; with 140.00 EUR that receipts paid of costs and interest"
    )
    assert lines(interest, "2024-07-05")[:2] == [
        "2024-06-15 2024-06-25 10 36,500.00 10 100.00",
        "2024-06-25 2024-07-05 10 26,600.00 10 72.88",
    ]
    principal = late(policy.format("principal-first"), amount="36,500.00 EUR", more=more)
    assert lines(principal, "2024-07-05")[1] == "2024-06-25 2024-07-05 10 26,460.00 10 72.49"


def test_under_interest_first_what_is_left_of_the_invoice_bears_on_though_the_books_say_paid() -> None:
    policy = 'rate: "10% per year"\nappropriation: "interest-first"'
    story = late(policy, amount="36,500.00 EUR", more=receipt("2024-06-25", "36,500.00 EUR"))
    assert lines(story, "2024-07-05") == [
        "2024-06-15 2024-06-25 10 36,500.00 10 100.00",
        "2024-06-25 2024-07-05 10 100.00 10 0.27",
    ]


def test_under_interest_first_a_paid_penalty_note_is_paid_interest() -> None:
    note = """
        2024-06-25 * "Old Mill" "Late payment" #penalty ^DN-1
          Assets:Receivable:OldMill      100.00 EUR
          Income:LatePayment            -100.00 EUR
            penalty-of: "INV-1"
    """
    policy = 'rate: "10% per year"\nappropriation: "interest-first"'
    more = note + receipt("2024-06-25", "100.00 EUR", settles="DN-1") + receipt("2024-06-26", "20,010.00 EUR", "RC-2")
    story = late(policy, amount="36,500.00 EUR", more=more)
    assert lines(story, "2024-06-27") == [
        "2024-06-15 2024-06-26 11 36,500.00 10 110.00",
        "2024-06-26 2024-06-27 1 16,500.00 10 4.52",
    ]


def test_under_interest_first_whoever_has_paid_everything_owes_nothing_more() -> None:
    """What receipts gave to interest and notes charged again comes back to the principal when the notes are paid."""
    notes = "".join(
        f"""
        {date} * "Old Mill" "Late payment" #penalty ^{number}
          Assets:Receivable:OldMill      {amount} USD
          Income:LatePayment            -{amount} USD
            penalty-of: "INV-1"
        """
        for date, number, amount in (("2026-03-11", "DN-1", "100.00"), ("2026-03-21", "DN-2", "27.67"))
    )
    story = late(
        'rate: "10% per year"\nappropriation: "interest-first"', amount="36,500.00 USD", due="2026-03-01",
        more=notes
        + receipt("2026-03-11", "26,500.00 USD")
        + receipt("2026-03-21", "10,000.00 USD", "RC-2")
        + receipt("2026-03-21", "127.67 USD", "RC-3", settles="DN-1, DN-2"),
    )  # fmt: skip
    assert story.open_on("2026-03-21") == {}
    assert cost(story, "2026-03-21") == cost(story, "2027-03-21") == D("127.67")
    assert story.rows("penalty_balances", "2027-03-21")[0]["to_charge"] == 0


def test_under_interest_first_what_reminders_cost_is_paid_before_the_principal() -> None:
    """BGB 367: costs first. Of 26,500 go 60 and 40 to costs and 100 to interest."""
    story = late(
        'rate: "10% per year"\nfixed-sum: "40 USD"\ncharge-demand: "60 USD"\nappropriation: "interest-first"',
        amount="36,500.00 USD",
        more="""
        2024-06-20 note Assets:Receivable:OldMill "By courier" #demand ^INV-1
        """ + receipt("2024-06-25", "26,500.00 USD"),
    )  # fmt: skip
    assert lines(story, "2024-06-26")[1] == "2024-06-25 2024-06-26 1 10,200.00 10 2.79"


NOTE_OF_JANUARY = """
        2026-01-31 * "Old Mill" "Late payment" #penalty ^DN-1
          Assets:Receivable:OldMill      986.30 USD
          Income:LatePayment            -986.30 USD
            penalty-of: "INV-1"
"""


def test_interest_that_was_paid_is_not_added_to_the_principal() -> None:
    """12 % on 100,000, compound by the month: January, 30 days, is 986.30; paid on its note, it bears nothing."""
    policy = 'rate: "12% per year"\ncompound: "month"'
    unpaid = late(policy, amount="100,000.00 USD", due="2026-01-01", more=NOTE_OF_JANUARY)
    assert [row["principal"] for row in unpaid.rows("penalties", "2026-03-01")] == [D("100000.00"), D("101019.18")]
    paid = NOTE_OF_JANUARY + receipt("2026-01-31", "986.30 USD", settles="DN-1")
    story = late(policy, amount="100,000.00 USD", due="2026-01-01", more=paid)
    assert [row["principal"] for row in story.rows("penalties", "2026-03-01")] == [D("100000.00"), D("100032.88")]


def test_added_interest_bears_on_when_the_invoice_is_paid() -> None:
    """One cent more or less of the receipt makes no difference of thousands."""
    policy = 'rate: "12% per year"\ncompound: "year"'
    for paid in ("99,999.99 USD", "100,000.00 USD"):
        story = late(policy, amount="100,000.00 USD", due="2024-06-15", more=receipt("2025-06-16", paid))
        assert lines(story, "2026-06-15")[-1].startswith("2025-06-16 2026-06-15 364 12,000.0")


def test_the_fixed_sum_is_never_part_of_the_interest_that_is_added() -> None:
    story = late(
        'rate: "10% per year"\ncompound: "month"\nfixed-sum: "1000 USD"\nappropriation: "interest-first"',
        amount="100,000.00 USD", due="2026-03-01", more=receipt("2026-03-11", "10,000.00 USD"),
    )  # fmt: skip
    assert [row["principal"] for row in story.rows("penalties", "2026-05-01")][:3] == [
        D("100000.00"), D("91273.97"), D("91799.11"),
    ]  # fmt: skip


# Who is exempt


EXEMPT = """
        2024-01-01 custom "receivables-policy" "penalty"
          rate: "10% per year"
        2024-01-01 custom "receivables-policy" "penalty" "gentle"
          rate: "1% per year"
        2024-01-01 custom "receivables-policy" "entity" "SA"
          penalty: "none"
        2024-01-01 custom "receivables-policy" "entity" "VN"
          penalty: "gentle"
        2024-01-01 open Assets:Receivable:Riyadh
          entity: "SA"
          penalty: "gentle"
        2024-01-01 open Assets:Receivable:Hue
          entity: "VN"
        2024-01-01 open Assets:Receivable:School
          penalty: "none"
        2024-01-01 open Assets:Receivable:Plain
        2024-06-15 * "Lifts"
          Assets:Receivable:Riyadh   36,500.00 USD
          Assets:Receivable:Hue      36,500.00 USD
          Assets:Receivable:School   36,500.00 USD
          Assets:Receivable:Plain    36,500.00 USD
          Income:Sales
"""


def test_who_pays_what_and_who_is_exempt() -> None:
    """An entity exempt by law or faith charges nobody; else the customer has the word, then the entity."""
    story = told(EXEMPT, company=YEARS_AGO)
    assert {row["customer"]: row["rate"] for row in story.rows("penalties", "2024-06-25")} == {
        "Hue": D(1),
        "Plain": D(10),
    }


def test_a_policy_of_the_document_and_of_its_contract() -> None:
    story = told(
        """
        2024-01-01 custom "receivables-policy" "penalty" "a"
          rate: "1% per year"
        2024-01-01 custom "receivables-policy" "penalty" "b"
          rate: "2% per year"
        2024-01-01 custom "receivables-contract" "HD-1" Assets:Receivable:OldMill
          penalty: "b"
        2024-06-15 * "One" ^INV-1
          penalty: "a"
          contract: "HD-1"
          Assets:Receivable:OldMill   36,500.00 USD
          Income:Sales
        2024-06-15 * "Two" ^INV-2
          contract: "HD-1"
          Assets:Receivable:OldMill   36,500.00 USD
          Income:Sales
        2025-06-15 * "Three" ^INV-3
          Assets:Receivable:OldMill   36,500.00 USD
          Income:Sales
        """,
        company=YEARS_AGO,
    )
    assert {row["number"]: row["policy"] for row in story.rows("penalties", "2025-12-31")} == {
        "INV-1": "a",
        "INV-2": "b",
    }


def test_a_policy_that_is_never_set_is_an_error_at_the_document() -> None:
    story = late('rate: "10% per year"', meta='penalty: "nosuch"')
    (missing,) = story.report("penalties", "2024-12-31").problems
    assert (missing.code, missing.severity) == ("no-such-policy", "error")
    assert story.line(missing.source["lineno"]).startswith("Assets:Receivable:OldMill")


def test_what_was_late_before_its_policy_is_counted_in_a_note() -> None:
    story = late('rate: "10% per year"', due="1989-06-15")
    assert (
        "Items that were late before the first day of their policy bear nothing: 1."
        in story.report("penalties", "1991-12-31").notes
    )


@pytest.mark.parametrize(("due", "rate"), [("2025-12-30", "10"), ("2025-12-31", "12")])
def test_the_policy_of_the_first_day_of_delay_holds_for_all_of_it(due: str, rate: str) -> None:
    more = """
        2026-01-01 custom "receivables-policy" "penalty"
          rate: "12% per year"
    """
    story = late('rate: "10% per year"', due=due, more=more)
    assert [row["rate"] for row in story.rows("penalties", "2026-03-31")] == [D(rate)]


# Rates that are missing or not sure


def test_a_missing_rate_names_its_day_and_nothing_is_charged_for_it() -> None:
    rates = """
        2024-01-01 custom "receivables-rate" "ECB-MRO" 4.50
          until: 2024-06-30
    """
    story = late('rate: "ECB-MRO + 5.5%"', amount="36,500.00 EUR", more=rates)
    report = story.report("penalties", "2024-07-31")
    assert lines(story, "2024-07-31") == ["2024-06-15 2024-06-30 15 36,500.00 10 150.00"]
    (missing,) = report.problems
    assert (missing.code, missing.severity) == ("no-rate", "error")
    assert "ECB-MRO is missing for 2024-07-01" in missing.message
    assert story.line(missing.source["lineno"]) == '1990-01-01 custom "receivables-policy" "penalty"'
    assert any("2024-07-01" in note for note in report.notes)


def test_a_rate_that_was_not_verified_is_used_and_said() -> None:
    rates = """
        2024-01-01 custom "receivables-rate" "ECB-MRO" 4.50
          verified: FALSE
    """
    story = late('rate: "ECB-MRO + 5.5%"', amount="36,500.00 EUR", more=rates)
    assert cost(story, "2024-06-25") == D("100.00")
    (said,) = story.report("penalties", "2024-06-25").problems
    assert (said.code, said.severity) == ("rate-not-verified", "warning")
    assert story.line(said.source["lineno"]) == '2024-01-01 custom "receivables-rate" "ECB-MRO" 4.50'


@pytest.mark.parametrize(
    "policy",
    [
        'rate: "ten percent"', 'rate: "10% per week"', 'rate: "-3% per year"', 'rate: "10%; after 30 days"',
        'rate: "1%; after 60 days 2%; after 30 days 3%"', 'cap: "8"', 'grace: "soon"', 'fixed-sum: "forty EUR"',
        'fixed-sum: "40 GBP; from 1,000 EUR 70 GBP"', 'waive-below: "5 USD; 6 USD"', 'on: "invoice, receipt"',
        'day-count: "ACT/361"', 'rounding: "never"', 'fixed-sum: "40,00 USD"', 'raise-to: "1,0,00 USD"',
    ],
)  # fmt: skip
def test_a_policy_that_cannot_be_read_charges_nothing(policy: str) -> None:
    story = late(policy, problems=("bad-policy-value",))
    assert story.rows("penalties", "2026-12-31") == []


@pytest.mark.parametrize(
    "policy",
    [
        "grace: 5", 'rate: "10%"\nreference: "start"', 'rate: "10%"\npart-month: "begun"',
        'rate: "1% per month; after 30 days 20% per year"\npart-month: "whole"',
        'rate: "1% per month"\npart-month: "whole"\ncompound: "year"', 'rate: "10%"\ninterest-from: "due"',
        'rate: "10%"\nwaive-below: "6 USD"\nraise-to: "5 USD"',
        'rate: "1% per month"\npart-month: "begun"\nrounding: "day"',
        'rate: "ECB-MRO + 1%"\nreference: "payment"\nresets: "half-year"',
        'rate: "10%"\nresets: "half-year"',
        'rate: "10%"\ncharge-remidner: "5 USD"',
    ],
)  # fmt: skip
def test_a_policy_that_contradicts_itself_charges_nothing(policy: str) -> None:
    story = late(policy, problems=("policy-contradicts-itself",))
    assert story.rows("penalties", "2026-12-31") == []
    assert story.line(story.problems[0].source["lineno"]) == '1990-01-01 custom "receivables-policy" "penalty"'


# What was charged


def test_computed_charged_and_left_to_charge() -> None:
    note = """
        2024-06-25 * "Old Mill" "Late payment" #penalty ^DN-1
          Assets:Receivable:OldMill      100.00 EUR
          Income:LatePayment            -100.00 EUR
            penalty-of: "INV-1"
    """
    story = late('rate: "10% per year"', amount="36,500.00 EUR", more=note)

    def balance(as_of: str) -> tuple[Any, ...]:
        (row,) = story.rows("penalty_balances", as_of)
        return row["computed"], row["charged"], row["to_charge"]

    assert balance("2024-06-24") == (D("90.00"), 0, D("90.00"))
    assert balance("2024-06-25") == (D("100.00"), D("100.00"), 0)
    assert balance("2024-07-05") == (D("200.00"), D("100.00"), D("100.00"))


def test_a_note_without_the_word_counts_for_the_one_document_that_it_is_linked_to() -> None:
    note = """
        2024-06-25 * "Old Mill" "Late payment" #penalty ^DN-1 ^INV-1
          Assets:Receivable:OldMill      100.00 EUR
          Income:LatePayment
    """
    story = late('rate: "10% per year"', amount="36,500.00 EUR", more=note)
    assert [row["charged"] for row in story.rows("penalty_balances", "2024-06-25")] == [D("100.00")]


def test_a_waiver_of_a_note_is_not_charged_again() -> None:
    more = """
        2024-06-25 * "Old Mill" "Late payment" #penalty ^DN-1 ^INV-1
          Assets:Receivable:OldMill      100.00 EUR
          Income:LatePayment
        2024-06-30 * "Old Mill" "Waived" #credit-memo ^CM-1 ^DN-1
          Income:LatePayment             100.00 EUR
          Assets:Receivable:OldMill
    """
    story = late('rate: "10% per year"', amount="36,500.00 EUR", more=more)
    assert [row["to_charge"] for row in story.rows("penalty_balances", "2024-06-30")] == [D("50.00")]


# What must always hold


amounts = st.integers(1, 10**9)
days = st.integers(0, 1500)
LINEAR = (
    'rate: "12% per year"',
    'rate: "0.05% per day"',
    'rate: "1.5% per month"',
    'rate: "1% per month; after 45 days 2% per month"',
)


def story_of(policy: str, units: int, receipts: list[tuple[int, int]]) -> Told:
    """An invoice of so many cents with receipts of days and cents, as far as something is open."""
    due = datetime.date(2023, 1, 31)
    text, left = "", units
    for number, (after, cents) in enumerate(sorted(receipts)):
        part = min(cents, left)
        if part:
            left -= part
            text += receipt(str(due + datetime.timedelta(after)), f"{D(part).scaleb(-2)} USD", f"RC-{number}")
    return late(policy, amount=f"{D(units).scaleb(-2)} USD", due=str(due), more=text)


@given(st.sampled_from(LINEAR), amounts, st.lists(st.tuples(days, amounts), max_size=3), days, days)
@settings(max_examples=60)
def test_interest_is_never_below_zero_never_before_due_and_only_grows(
    policy: str, units: int, receipts: list[tuple[int, int]], one: int, two: int
) -> None:
    story = story_of(policy, units, receipts)
    due = datetime.date(2023, 1, 31)
    first, last = sorted((one, two))
    assert cost(story, str(due)) == 0
    before = cost(story, str(due + datetime.timedelta(first)))
    assert 0 <= before <= cost(story, str(due + datetime.timedelta(last)))


@given(
    st.sampled_from(LINEAR), st.sampled_from(CONVENTIONS), amounts, st.lists(st.tuples(days, amounts), max_size=3), days
)
@settings(max_examples=60)
def test_splitting_a_period_never_changes_the_sum(
    policy: str, count: str, units: int, receipts: list[tuple[int, int]], after: int
) -> None:
    """A published rate that changes every month to the same figure cuts the segments and changes nothing."""
    due = datetime.date(2023, 1, 31)
    as_of = str(due + datetime.timedelta(after))
    whole = story_of('rate: "12% per year"' + f'\nday-count: "{count}"', units, receipts)
    rates = "".join(
        f'\n        {year}-{month:02}-{month + 1:02} custom "receivables-rate" "SAME" 12.{"0" * (month % 3 + 1)}'
        for year in range(2022, 2028)
        for month in range(1, 13)
    )
    cut = told(
        whole.text.split("\n", 6)[6].replace('"12% per year"', '"SAME"') + rates,
        company="\n".join(whole.text.split("\n")[:6]) + "\n",
    )
    assert cost(cut, as_of) == cost(whole, as_of)
    assert sum(row["days"] for row in cut.rows("penalties", as_of)) == sum(
        row["days"] for row in whole.rows("penalties", as_of)
    )
