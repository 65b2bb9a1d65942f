"""The ready policies: each file loads clean, gives the figures of its law, and says what it does not know."""

from __future__ import annotations

import csv
import datetime
import re
import shutil
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from tests.ledgers import Told, told

from bean_ar.main import main
from bean_ar.policies import about, include_line, policies_folder, ready_policies
from receivables.settings import Rate

D = Decimal
ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "ledger" / "policies"
FILES = {path.stem: path for path in sorted(FOLDER.glob("*.beancount"))}
PAGE = (ROOT / "docs" / "rules" / "policies.md").read_text("utf-8")
REFERENCE = ROOT.parent / "shared" / "reference_rates.csv"

COUNTRIES = (
    "china", "contract", "egypt", "emirates", "european-union", "france", "germany", "ireland", "malaysia",
    "united-kingdom", "united-states", "vietnam",
)  # fmt: skip

YOURS = {"VN-OVERDUE-AVERAGE", "AE-MARKET"}
"""Rates that nobody publishes: the user adds them."""

ACCOUNTS = "".join(
    f"1980-01-01 open {account}\n"
    for account in ("Assets:Receivable:OldMill", "Assets:Bank", "Income:Sales", "Income:LatePayment")
)


def including(*names: str) -> str:
    """A ledger of a line for each file."""
    return "".join(f"{include_line(FILES[name])}\n" for name in names)


def late(country: str, policy: str, amount: str, due: str, more: str = "", word: str = "penalty") -> Told:
    """One invoice of Old Mill, issued and due on a day, under a ready policy."""
    invoice = f"""
        {due} * "Old Mill" "Lift 7" ^INV-1
          due: {due}
          {word}: "{policy}"
          Assets:Receivable:OldMill     {amount}
          Income:Sales
    """
    return told(invoice + more, company=including(country) + ACCOUNTS)


def receipt(date: str, amount: str) -> str:
    return f"""
        {date} * "Old Mill" "Transfer" ^RC-{date}
          Assets:Bank     {amount}
          Assets:Receivable:OldMill
            settles: "INV-1"
    """


def lines(story: Told, as_of: str) -> list[str]:
    """Each line as "from to days principal rate amount"; without days "component amount"."""
    return [
        f"{row['from']} {row['to']} {row['days']} {row['principal']:,} {row['rate']} {row['amount']:,}"
        if row["from"]
        else f"{row['component']} {row['amount']:,}"
        for row in story.rows("penalties", as_of)
    ]


def rates(story: Told, as_of: str) -> list[str]:
    """The rates that are charged."""
    return [str(row["rate"]) for row in story.rows("penalties", as_of) if row["from"]]


def said(story: Told, as_of: str) -> list[str]:
    """What is found wrong while the penalties are computed: code and what it names."""
    found = []
    for item in story.report("penalties", as_of).problems:
        name = re.search(r"rate (\S+)(?: is missing for| of \S+ from) (\S+)", item.message)
        assert name, item.message
        found.append(f"{item.code} {name[1]} {name[2].rstrip(',')}")
    return found


def settings_of(*names: str) -> Any:
    return told(including(*names), company="").book.settings


# Every file


def test_there_is_a_file_for_each_country() -> None:
    assert tuple(FILES) == COUNTRIES
    assert ready_policies() == FILES


@pytest.mark.parametrize("name", COUNTRIES)
def test_a_file_loads_clean_in_a_ledger_of_three_lines(name: str) -> None:
    story = told(f'option "title" "Three lines"\nplugin "receivables"\n{including(name)}', company="")
    assert ("penalty", "") not in story.book.settings.policies, "nobody is charged unasked"
    assert [policy for subject, policy in story.book.settings.policies if subject == "penalty"]


@pytest.mark.parametrize("name", COUNTRIES)
def test_a_file_says_what_it_is_since_when_and_that_it_is_no_advice(name: str) -> None:
    text = FILES[name].read_text("utf-8")
    found = about(text)
    header = text[: text.index("\n\n")]
    assert "; Not legal advice: check before you charge" in header
    assert f'include "policies/{name}.beancount"' in header
    for policy, since in found.policies["penalty"].items():
        assert re.search(rf"\b{policy}\b", header)
        assert since in header


@pytest.mark.parametrize("name", COUNTRIES)
def test_every_policy_names_its_law_and_its_day(name: str) -> None:
    """Beside every figure stands the source: a law with its day, or the user's contract."""
    for (subject, policy), versions in settings_of(name).policies.items():
        for version in versions:
            if "like" in version.values:
                continue
            source = version.values.get("source", "")
            assert source, f"{subject} {policy}"
            if subject == "penalty":
                assert "our contract" in source or re.search(r"\d{4}-\d\d-\d\d", source), f"{policy}: {source}"


@pytest.mark.parametrize("name", COUNTRIES)
def test_a_file_has_every_published_rate_that_its_policies_need(name: str) -> None:
    settings = settings_of(name)
    needed = {
        expression.series
        for (subject, _), versions in settings.policies.items()
        if subject == "penalty"
        for version in versions
        for expression in (
            *(tier.rate for tier in version.values["rate"]),
            *version.values.get("ceiling", ()),
            *version.values.get("floor", ()),
        )
    } - {""}
    assert needed - YOURS == set(settings.rates)


@pytest.mark.parametrize("name", COUNTRIES)
def test_how_to_use_it_works_as_written(name: str) -> None:
    """The lines of the ledger in its header are taken out of their comments: they load and choose what they name."""
    text = FILES[name].read_text("utf-8")
    header = text[: text.index("\n\n")]
    shown = "".join(f"{line}\n" for line in re.findall(r"^; {3}(.*)$", header, re.MULTILINE))
    assert f'include "policies/{name}.beancount"' in shown
    shown = shown.replace(f'include "policies/{name}.beancount"', include_line(FILES[name]))
    asked = re.findall(r'^  penalty: "([^"]+)"', shown, re.MULTILINE)
    opened = "" if "open Assets" in shown else "1980-01-01 open Assets:Receivable:OldMill\n"
    story = told(shown + opened, company="")
    assert asked
    assert {("penalty", policy) for policy in asked if policy != "none"} <= set(story.book.settings.policies)


def test_the_entity_s_word_of_a_file_holds_for_its_customers() -> None:
    story = told(
        """
        2024-01-01 custom "receivables-policy" "entity" "UK"
          penalty: "uk-1998"
        2024-01-01 open Assets:Receivable:Bristol
          entity: "UK"
        2024-06-15 * "Lifts"
          Assets:Receivable:Bristol   36,500.00 GBP
          Assets:Receivable:OldMill   36,500.00 GBP
          Income:Sales
        """,
        company=including("united-kingdom") + ACCOUNTS,
    )
    assert {row["customer"] for row in story.rows("penalties", "2024-06-25")} == {"Bristol"}


# The rates


def series() -> dict[str, dict[str, list[Rate]]]:
    """Name of a rate → file → its figures."""
    found: dict[str, dict[str, list[Rate]]] = {}
    for name in COUNTRIES:
        for each, figures in settings_of(name).rates.items():
            found.setdefault(each, {})[name] = list(figures)
    return found


def test_the_same_rate_has_the_same_figures_in_every_file() -> None:
    found = series()
    assert sorted(found["EU-ECB-MRO-HALFYEAR"]) == ["european-union", "france", "ireland"]
    for figures in found.values():
        told_all = [
            [(rate.date, rate.percent, rate.until, rate.verified, rate.source["source"]) for rate in of_file]
            for of_file in figures.values()
        ]
        assert all(each == told_all[0] for each in told_all)


def test_all_files_together_contradict_nothing() -> None:
    story = told(including(*COUNTRIES), company="")
    assert len(story.book.settings.rates) == 5
    for pair in (("france", "ireland"), ("ireland", "france"), ("germany", "european-union", "france")):
        told(including(*pair), company="")


def test_only_the_last_figure_of_a_rate_ends() -> None:
    for files in series().values():
        for figures in files.values():
            assert all(rate.until is None for rate in figures[:-1])
            assert figures[-1].until is not None


@pytest.mark.skipif(not REFERENCE.exists(), reason="the table of collected rates is not part of the project")
def test_the_figures_are_those_that_were_collected_and_none_is_surer_than_there() -> None:
    with REFERENCE.open(encoding="utf-8", newline="") as stream:
        collected = {(row["series"], row["valid_from"]): row for row in csv.DictReader(stream)}
    shipped = {
        (rate.name, str(rate.date)): rate
        for files in series().values()
        for figures in files.values()
        for rate in figures
    }
    assert shipped.keys() == collected.keys()
    for key, rate in shipped.items():
        row = collected[key]
        assert rate.percent == D(row["rate_pct"]), key
        known = "2024H2-2025H1" not in row["source"] or key[1] not in ("2024-07-01", "2025-01-01")
        assert not rate.verified or (row["verified"] != "false" and known), key
        assert rate.verified or row["verified"] != "true", key


@pytest.mark.parametrize(
    ("country", "policy", "amount", "known", "missing"),
    [
        # The day on which the delay starts.
        ("united-kingdom", "uk-1998", "100.00 GBP", "2026-12-30", "GB-BOE-REFERENCE 2027-01-01"),
        ("china", "cn-lpr", "100.00 CNY", "2026-07-18", "CN-LPR-1Y 2026-07-20"),
        # Any day of the delay.
        ("germany", "de-288", "100.00 EUR", "2026-06-29", "DE-BASISZINS 2026-07-01"),
        ("european-union", "eu-2011-7", "100.00 EUR", "2026-06-29", "EU-ECB-MRO-HALFYEAR 2026-07-01"),
        ("france", "fr-441-10", "100.00 EUR", "2026-06-29", "EU-ECB-MRO-HALFYEAR 2026-07-01"),
        ("france", "fr-minimum", "100.00 EUR", "2026-06-29", "FR-LEGAL-PRO 2026-07-01"),
        # The day of payment, or the as-of date.
        ("ireland", "ie-2012", "100.00 EUR", "2026-06-29", "EU-ECB-MRO-HALFYEAR 2026-07-01"),
    ],
)
def test_the_day_after_the_last_known_one_is_missing(
    country: str, policy: str, amount: str, known: str, missing: str
) -> None:
    """Due a day later, or looked at a day later: no rate is guessed, and nothing is charged for that day."""
    first = datetime.date.fromisoformat(known)
    day = datetime.timedelta(1)
    story = late(country, policy, amount, known)
    assert rates(story, str(first + day))
    assert not [each for each in said(story, str(first + day)) if each.startswith("no-rate")]
    later = late(country, policy, amount, str(first + day))
    assert rates(later, str(first + 2 * day)) == []
    assert f"no-rate {missing}" in said(later, str(first + 2 * day))


def test_the_user_s_next_figure_ends_what_is_missing() -> None:
    more = """
        2026-07-01 custom "receivables-rate" "DE-BASISZINS" 1.50
    """
    story = late("germany", "de-288", "36,500.00 EUR", "2026-06-30", more)
    assert lines(story, "2026-07-10") == ["2026-06-30 2026-07-10 10 36,500.00 10.5 105.00", "fixed-sum 40.00"]
    assert said(story, "2026-07-10") == []


def test_a_figure_that_was_not_verified_is_used_and_said_with_its_line() -> None:
    story = late("united-kingdom", "uk-1998", "36,500.00 GBP", "2025-01-10")
    assert lines(story, "2025-01-20") == ["2025-01-10 2025-01-20 10 36,500.00 12.75 127.50", "fixed-sum 100.00"]
    (warning,) = story.report("penalties", "2025-01-20").problems
    assert warning.code == "rate-not-verified"
    assert warning.source["filename"] == str(FILES["united-kingdom"])
    line = FILES["united-kingdom"].read_text("utf-8").splitlines()[warning.source["lineno"] - 1]
    assert line == '2025-01-01 custom "receivables-rate" "GB-BOE-REFERENCE" 4.75'
    assert said(late("united-kingdom", "uk-1998", "36,500.00 GBP", "2024-01-10"), "2024-01-20") == []


# The United Kingdom


def test_uk_fixed_rate_of_the_start_and_a_fixed_sum() -> None:
    """GBP 10,000, 16 June 2024 to 31 March 2025: 1,049.11 at 13.25 %; a floating rate would give 1,036.78."""
    story = late("united-kingdom", "uk-1998", "10,000.00 GBP", "2024-06-15")
    assert lines(story, "2025-03-31") == ["2024-06-15 2025-03-31 289 10,000.00 13.25 1,049.11", "fixed-sum 100.00"]
    (row, _) = story.rows("penalties", "2025-03-31")
    assert row["calculation"] == "10,000.00 GBP x 13.25% x 289/365; GB-BOE-REFERENCE 5.25% from 2024-01-01"
    assert "1998" in row["source"]
    assert "2002-08-07" in row["source"]


@pytest.mark.parametrize(
    ("due", "rate"), [("2023-06-29", "11.5"), ("2023-06-30", "13"), ("2022-12-30", "9.25"), ("2022-12-31", "11.5")]
)
def test_uk_the_half_year_in_which_the_delay_starts(due: str, rate: str) -> None:
    assert rates(late("united-kingdom", "uk-1998", "100.00 GBP", due), "2024-12-31") == [rate]


@pytest.mark.parametrize(("amount", "fixed"), [("999.99", 40), ("1,000.00", 70), ("9,999.99", 70), ("10,000.00", 100)])
def test_uk_fixed_sums(amount: str, fixed: int) -> None:
    story = late("united-kingdom", "uk-1998", f"{amount} GBP", "2024-03-01")
    assert lines(story, "2024-03-02")[1:] == [f"fixed-sum {fixed}.00"]


@pytest.mark.parametrize(("due", "charged"), [("2002-08-05", False), ("2002-08-06", True)])
def test_uk_since_the_order_is_in_force(due: str, charged: bool) -> None:
    """The rates of that time are not known, so they are missed from the first day of the order, not before."""
    story = late("united-kingdom", "uk-1998", "100.00 GBP", due)
    assert bool(said(story, "2002-09-01")) is charged
    assert bool(lines(story, "2002-09-01")) is charged


# The European Union


def test_eu_eight_points_above_the_rate_of_each_half_year() -> None:
    story = late("european-union", "eu-2011-7", "36,500.00 EUR", "2024-06-20")
    assert lines(story, "2024-07-10") == [
        "2024-06-20 2024-06-30 10 36,500.00 12.5 125.00",
        "2024-06-30 2024-07-10 10 36,500.00 12.25 122.50",
        "fixed-sum 40.00",
    ]
    assert said(story, "2024-07-10") == ["rate-not-verified EU-ECB-MRO-HALFYEAR 2024-01-01"]


# Germany


def test_germany_floats_and_divides_by_the_days_of_the_year() -> None:
    """A day of 2024 is a 366th of the year; the base rate was 3.62 % until June and 3.37 % from July on."""
    story = late("germany", "de-288", "36,600.00 EUR", "2024-06-20")
    assert lines(story, "2024-07-10") == [
        "2024-06-20 2024-06-30 10 36,600.00 12.62 126.20",
        "2024-06-30 2024-07-10 10 36,600.00 12.37 123.70",
        "fixed-sum 40.00",
    ]
    assert said(story, "2024-07-10") == []


def test_germany_ten_thousand_over_the_turn_of_a_leap_year() -> None:
    """10,000 x 12.37 % x 15/366 = 50.70, and 31 days of January at 11.27 %: together 146.41, rounded once."""
    story = late("germany", "de-288", "10,000.00 EUR", "2024-12-16")
    assert lines(story, "2025-01-31") == [
        "2024-12-16 2024-12-31 15 10,000.00 12.37 50.70",
        "2024-12-31 2025-01-31 31 10,000.00 11.27 95.71",
        "fixed-sum 40.00",
    ]


def test_germany_the_base_rate_below_zero_counts() -> None:
    story = late("germany", "de-288", "36,500.00 EUR", "2022-12-21")
    assert lines(story, "2023-01-10")[:2] == [
        "2022-12-21 2022-12-31 10 36,500.00 8.12 81.20",
        "2022-12-31 2023-01-10 10 36,500.00 10.62 106.20",
    ]


@pytest.mark.parametrize(("due", "expected"), [("2014-07-27", ["7.27"]), ("2014-07-28", ["8.27"])])
def test_germany_nine_points_and_the_fixed_sum_since_29_july_2014(due: str, expected: list[str]) -> None:
    story = late("germany", "de-288", "100.00 EUR", due)
    assert rates(story, "2014-12-31") == expected
    assert ("fixed-sum 40.00" in lines(story, "2014-12-31")) is (due == "2014-07-28")


@pytest.mark.parametrize(
    ("as_of", "expected"),
    [("2025-02-09", []), ("2025-02-10", ["2025-02-09 2025-02-10 1 36,500.00 11.27 11.27", "fixed-sum 40.00"])],
)
def test_germany_default_30_days_after_the_due_date(as_of: str, expected: list[str]) -> None:
    """BGB 286(3), where the contract names no day of the calendar."""
    assert lines(late("germany", "de-288-30-days", "36,500.00 EUR", "2025-01-10"), as_of) == expected


def test_germany_a_consumer_pays_five_points_and_no_fixed_sum() -> None:
    story = late("germany", "de-288-consumer", "36,500.00 EUR", "2025-01-10")
    assert lines(story, "2025-01-20") == ["2025-01-10 2025-01-20 10 36,500.00 7.27 72.70"]


def test_germany_a_receipt_pays_costs_and_interest_first() -> None:
    """Of 10,152.70 EUR 40 are costs and 112.70 interest, so 10,000 reduce the principal (BGB 367)."""
    story = late("germany", "de-288", "36,500.00 EUR", "2025-01-10", receipt("2025-01-20", "10,152.70 EUR"))
    assert lines(story, "2025-01-30")[:2] == [
        "2025-01-10 2025-01-20 10 36,500.00 11.27 112.70",
        "2025-01-20 2025-01-30 10 26,500.00 11.27 81.82",
    ]


# France


def test_france_the_default_and_the_least_of_the_second_half_of_2024() -> None:
    """ECB 4.25 + 10 = 14.25 %; three times 4.92 = 14.76 % (legifiscal.fr); and EUR 40 an invoice."""
    default = late("france", "fr-441-10", "36,500.00 EUR", "2024-08-01")
    assert lines(default, "2024-08-11") == ["2024-08-01 2024-08-11 10 36,500.00 14.25 142.50", "fixed-sum 40.00"]
    least = late("france", "fr-minimum", "36,500.00 EUR", "2024-08-01")
    assert lines(least, "2024-08-11") == ["2024-08-01 2024-08-11 10 36,500.00 14.76 147.60", "fixed-sum 40.00"]
    assert said(default, "2024-08-11") == said(least, "2024-08-11") == []


def test_france_moves_on_with_the_half_year() -> None:
    story = late("france", "fr-minimum", "36,500.00 EUR", "2024-12-21")
    assert lines(story, "2025-01-10")[:2] == [
        "2024-12-21 2024-12-31 10 36,500.00 14.76 147.60",
        "2024-12-31 2025-01-10 10 36,500.00 11.13 111.30",
    ]


# Ireland


@pytest.mark.parametrize(
    ("paid", "line"),
    [("2024-06-30", "10 36,500.00 12.5 125.00"), ("2024-07-01", "11 36,500.00 12.25 134.75")],
)
def test_ireland_the_rate_of_the_payment_day_for_the_whole_delay(paid: str, line: str) -> None:
    """12.25 % from 1 July 2024 (enterprise.gov.ie)."""
    story = late("ireland", "ie-2012", "36,500.00 EUR", "2024-06-20", receipt(paid, "36,500.00 EUR"))
    assert lines(story, "2025-12-31") == [f"2024-06-20 {paid} {line}", "fixed-sum 100.00"]


@pytest.mark.parametrize(
    ("amount", "fixed"), [("1,000.00", 40), ("1,000.01", 70), ("10,000.00", 70), ("10,000.01", 100)]
)
def test_ireland_compensation_by_size(amount: str, fixed: int) -> None:
    story = late("ireland", "ie-2012", f"{amount} EUR", "2024-07-01")
    assert lines(story, "2024-07-02")[1:] == [f"fixed-sum {fixed}.00"]


# Vietnam


def test_vietnam_the_penalty_stops_at_8_percent() -> None:
    story = late("vietnam", "vn-301", "100,000,000 VND", "2026-01-01")
    assert lines(story, "2026-06-10") == ["2026-01-01 2026-06-10 160 100,000,000 0.05 8,000,000"]
    assert lines(story, "2026-06-11") == ["2026-01-01 2026-06-11 161 100,000,000 0.05 8,050,000", "cap -50,000"]


def test_vietnam_ten_percent_where_no_rate_was_agreed() -> None:
    """USD 65,000 from 15 August to 27 September 2026, 43 days: 765.75."""
    story = late("vietnam", "vn-357", "65,000.00 USD", "2026-08-15")
    assert lines(story, "2026-09-27") == ["2026-08-15 2026-09-27 43 65,000.00 10 765.75"]


def test_vietnam_the_average_of_banks_is_the_user_s_to_add() -> None:
    """Until then the program names the day: that of the payment, or the as-of date."""
    paid = receipt("2026-09-27", "36,500,000 VND")
    unknown = late("vietnam", "vn-306", "36,500,000 VND", "2026-09-17", paid)
    assert lines(unknown, "2026-12-31") == []
    assert said(unknown, "2026-12-31") == ["no-rate VN-OVERDUE-AVERAGE 2026-09-27"]
    text = FILES["vietnam"].read_text("utf-8")
    example = re.findall(r"^  ; {3}(.*)$", text, re.MULTILINE)
    assert example[0] == '2026-09-27 custom "receivables-rate" "VN-OVERDUE-AVERAGE" 11.40'
    more = "".join(f"        {line}\n" for line in example)
    known = late("vietnam", "vn-306", "36,500,000 VND", "2026-09-17", paid + more)
    assert lines(known, "2026-12-31") == ["2026-09-17 2026-09-27 10 36,500,000 11.4 114,000"]
    above = late("vietnam", "vn-306", "36,500,000 VND", "2026-09-17", paid + more.replace("11.40", "24.00", 1))
    assert lines(above, "2026-12-31") == ["2026-09-17 2026-09-27 10 36,500,000 20 200,000"]


# China


def test_china_five_ten_thousandths_a_day() -> None:
    story = late("china", "cn-daily", "100,000.00 CNY", "2026-03-01")
    assert lines(story, "2026-03-31") == ["2026-03-01 2026-03-31 30 100,000.00 0.05 1,500.00"]


@pytest.mark.parametrize(("due", "rate"), [("2025-05-18", "4.03"), ("2025-05-19", "3.9")])
def test_china_the_lpr_of_the_day_of_the_breach_and_30_percent(due: str, rate: str) -> None:
    """3.10 % until 19 May 2025, 3.00 % from the 20th; each x 1.3, for the whole delay."""
    assert rates(late("china", "cn-lpr", "36,500.00 CNY", due), "2026-03-31") == [rate]


def test_china_costs_interest_principal_under_the_lpr() -> None:
    """Of 10,039 yuan 39 are interest of ten days, so 10,000 reduce the principal (Civil Code 561)."""
    story = late("china", "cn-lpr", "36,500.00 CNY", "2025-06-01", receipt("2025-06-11", "10,039.00 CNY"))
    assert lines(story, "2025-06-21") == [
        "2025-06-01 2025-06-11 10 36,500.00 3.9 39.00",
        "2025-06-11 2025-06-21 10 26,500.00 3.9 28.32",
    ]


# The Emirates


@pytest.mark.parametrize(("due", "expected"), [("2022-12-31", []), ("2023-01-01", ["5"])])
def test_emirates_five_percent_since_the_new_law(due: str, expected: list[str]) -> None:
    assert rates(late("emirates", "ae-2022", "36,500.00 AED", due), "2023-06-30") == expected


@pytest.mark.parametrize(("market", "amount"), [("6.40", "6.4 64.00"), ("9.00", "9 90.00"), ("12.00", "9 90.00")])
def test_emirates_the_market_s_rate_of_the_document_s_day_up_to_9(market: str, amount: str) -> None:
    more = f"""
        2025-03-01 custom "receivables-rate" "AE-MARKET" {market}
          until: 2025-03-31
    """
    story = late("emirates", "ae-market", "36,500.00 AED", "2025-03-31", more)
    assert lines(story, "2025-04-10") == [f"2025-03-31 2025-04-10 10 36,500.00 {amount}"]
    later = late("emirates", "ae-market", "36,500.00 AED", "2025-04-01", more)
    assert lines(later, "2025-04-10") == []
    assert said(later, "2025-04-10") == ["no-rate AE-MARKET 2025-04-01"]


def test_emirates_no_interest_on_interest() -> None:
    note = """
        2025-04-10 * "Old Mill" "Late payment" #penalty ^DN-1 ^INV-1
          Assets:Receivable:OldMill      50.00 AED
          Income:LatePayment
    """
    story = late("emirates", "ae-2022", "36,500.00 AED", "2025-03-31", note)
    assert lines(story, "2027-03-31") == ["2025-03-31 2027-03-31 730 36,500.00 5 3,650.00"]


# Egypt


def test_egypt_interest_is_never_more_than_the_debt() -> None:
    """5 % of 36,500 is 5 pounds a day: the debt is reached after 7,300 days."""
    story = late("egypt", "eg-commercial", "36,500.00 EGP", "2000-01-01")
    assert lines(story, "2000-01-11") == ["2000-01-01 2000-01-11 10 36,500.00 5 50.00"]
    assert lines(story, "2019-12-27") == ["2000-01-01 2019-12-27 7300 36,500.00 5 36,500.00"]
    assert lines(story, "2019-12-28") == ["2000-01-01 2019-12-28 7301 36,500.00 5 36,505.00", "cap -5.00"]


def test_egypt_seven_percent_is_the_most_that_is_agreed() -> None:
    assert lines(late("egypt", "eg-agreed", "36,500.00 EGP", "2025-03-01"), "2025-03-11") == [
        "2025-03-01 2025-03-11 10 36,500.00 7 70.00"
    ]


# Contracts


@pytest.mark.parametrize(
    ("country", "policy", "amount", "as_of", "line"),
    [
        ("malaysia", "my-contract", "36,500.00 MYR", "2025-03-11", "10 36,500.00 8 80.00"),
        # Twelve months are 18 %, to the cent, and not thirtieths of 365 days.
        ("united-states", "us-contract", "10,000.00 USD", "2026-03-01", "365 10,000.00 1.5 1,800.00"),
        ("contract", "contract", "36,500.00 USD", "2025-03-11", "10 36,500.00 12 120.00"),
    ],
)
def test_plain_contracts(country: str, policy: str, amount: str, as_of: str, line: str) -> None:
    assert lines(late(country, policy, amount, "2025-03-01"), as_of) == [f"2025-03-01 {as_of} {line}"]


# Limitation


@pytest.mark.parametrize(
    ("country", "policy", "last"),
    [("united-kingdom", "UK", "2031-03-31"), ("germany", "DE", "2028-12-31"), ("china", "CN", "2028-03-31")],
)
def test_the_same_file_says_when_the_claim_expires(country: str, policy: str, last: str) -> None:
    story = late(country, policy, "100.00 EUR", "2025-03-31", word="limitation")
    (row,) = story.rows("limitation", "2026-03-31")
    assert (row["policy"], str(row["last_day"])) == (policy, last)


# The page


def test_the_page_lists_every_file_with_its_policies() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ((?:`[a-z0-9-]+`(?:, )?)+) \|", PAGE, re.MULTILINE)
    listed = {name: re.findall(r"`([^`]+)`", policies) for name, policies in rows}
    assert listed == {name: list(about(path.read_text("utf-8")).policies["penalty"]) for name, path in FILES.items()}


def test_the_page_says_of_each_rate_until_when_it_is_known_and_what_was_not_verified() -> None:
    rows = re.findall(r"^\| `([A-Z0-9-]+)` \| [^|]+ \| (\S+) to (\S+) \| ([^|]+) \|$", PAGE, re.MULTILINE)
    listed = {}
    for name, first, last, unsure in rows:
        figures = next(iter(series()[name].values()))
        dates = [str(rate.date) for rate in figures]
        if unsure == "none":
            days = []
        elif unsure.startswith("all but "):
            days = [date for date in dates if date != unsure.removeprefix("all but ")]
        else:
            days = unsure.split(", ")
        assert (dates[0], str(figures[-1].until)) == (first, last)
        assert [str(rate.date) for rate in figures if not rate.verified] == days
        listed[name] = figures
    assert listed.keys() == series().keys()


# The command


def call(*words: str | Path) -> Result:
    """The command in this process; a traceback of it is a traceback of the test."""
    result = CliRunner().invoke(main, [str(word) for word in words], prog_name="bean-ar")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_without_a_name_all_are_listed_with_country_law_and_day() -> None:
    listed = call("policies").stdout
    for name in COUNTRIES:
        assert re.search(rf"^{name} ", listed, re.MULTILINE)
    assert "United Kingdom: statutory interest and a fixed sum for commercial debts paid late" in listed
    assert "Late Payment of Commercial Debts (Interest) Act 1998; SI 2002/1675" in listed
    assert "penalty: uk-1998 since 2002-08-07" in listed
    assert "penalty: de-288, de-288-consumer since 2002-01-01; de-288-30-days since 2014-07-29" in listed
    assert "penalty: vn-301, vn-306 since 2006-01-01; vn-357 since 2017-01-01" in listed
    assert max(map(len, listed.splitlines())) <= 120


def test_a_name_shows_the_file() -> None:
    assert call("policies", "france").stdout == FILES["france"].read_text("utf-8")


def test_into_a_folder_and_into_a_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file and the line that the command gives are all that a ledger needs."""
    monkeypatch.chdir(tmp_path)
    told_lines = call("policies", "united-kingdom", "--into", "policies").stdout.splitlines()
    assert told_lines[0].startswith("Written: policies/united-kingdom.beancount.")
    assert told_lines[1:] == ['include "policies/united-kingdom.beancount"']
    assert Path("policies/united-kingdom.beancount").read_bytes() == FILES["united-kingdom"].read_bytes()
    Path("main.beancount").write_text(
        f"{told_lines[1]}\n{ACCOUNTS}"
        '2024-06-15 * "Old Mill" ^INV-1\n  penalty: "uk-1998"\n'
        "  Assets:Receivable:OldMill  10,000.00 GBP\n  Income:Sales\n",
        "utf-8",
    )
    result = call("penalties", "main.beancount", "--as-of", "2025-03-31", "--format", "csv")
    assert result.exit_code == 0, result.stderr
    assert "1049.11" in result.stdout
    assert "100.00" in result.stdout


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    mine = tmp_path / "france.beancount"
    mine.write_text("; my own\n", "utf-8")
    result = call("policies", "france", "--into", tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "exists" in result.stderr
    assert mine.read_text("utf-8") == "; my own\n"
    gone = tmp_path / "ireland.beancount"
    gone.symlink_to(tmp_path / "nowhere")
    assert call("policies", "ireland", "--into", tmp_path).exit_code == 2
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    result = call("policies", "france", "--into", tmp_path / "file" / "policies")
    assert result.exit_code == 1
    assert "cannot write" in result.stderr
    assert "nothing was written" in result.stderr


@pytest.mark.parametrize(("written", "meant"), [("untied-kingdom", "united-kingdom"), ("Germny", "germany")])
def test_a_misspelled_name_is_answered_with_the_nearest(written: str, meant: str) -> None:
    result = call("policies", written)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f'there are no policies "{written}"; did you mean {meant}? (there are: china, ' in result.stderr


def test_a_folder_without_a_name_asks_for_one(tmp_path: Path) -> None:
    result = call("policies", "--into", tmp_path / "policies")
    assert result.exit_code == 2
    assert "say which policies: one of china, " in result.stderr
    assert not (tmp_path / "policies").exists()


def test_a_folder_s_name_can_neither_end_the_line_nor_act_on_the_terminal(tmp_path: Path) -> None:
    folder = tmp_path / 'a"b\\c\x1b[31m'
    told_lines = call("policies", "france", "--into", folder).stdout.splitlines()
    assert len(told_lines) == 2
    assert "\x1b" not in "".join(told_lines)
    assert 'a\\"b\\\\c' in told_lines[1]


def test_the_files_are_found_in_a_checkout_and_in_a_wheel(tmp_path: Path) -> None:
    """The wheel has them inside the package, under the name that pyproject.toml gives them."""
    assert policies_folder(ROOT / "scripts" / "bean_ar") == FOLDER
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    inside = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]["ledger/policies"]
    shutil.copytree(FOLDER, tmp_path / inside)
    assert policies_folder(tmp_path / "bean_ar") == tmp_path / "bean_ar" / "policies"


def test_a_file_that_says_nothing_of_itself_is_refused() -> None:
    with pytest.raises(ValueError, match="does not begin"):
        about('2026-01-01 custom "receivables-policy" "penalty" "x"\n  rate: "1%"\n')
