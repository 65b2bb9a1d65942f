"""Limitation: by which day claims must be sued for, per country, in boundary pairs and as properties."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.ledgers import COMPANY, Told, day, told, unindented

from bean_ar.main import main
from receivables.loading import load_book
from receivables.relations import evaluate
from receivables.rules.limitation import Act, Claim, Outcome, outcome
from receivables.rules.limitation_policy import (
    ACTS,
    BY_CREDITOR,
    BY_DEBTOR,
    PART_PAYMENT,
    PROCEEDINGS,
    Limitation,
    Span,
    read_span,
)

COUNTRIES = """
2006-01-01 custom "receivables-policy" "limitation" "VN"
  period: "2 years"
  restarts: "part-payment, acknowledgement, settlement-agreement"
  proof: "acknowledgement, settlement-agreement"
  law: "Commercial Law 36/2005, art. 319"
2017-10-01 custom "receivables-policy" "limitation" "CN"
  period: "3 years"
  instalments: "last"
  restarts: "demand, reminder, promise, acknowledgement, settlement-agreement, part-payment, suit, insolvency"
  after-expiry: "promise, settlement-agreement"
  proof: "demand, reminder, promise, acknowledgement, settlement-agreement"
  long-stop: "20 years"
1981-05-01 custom "receivables-policy" "limitation" "UK"
  period: "6 years"
  restarts: "part-payment, acknowledgement"
  proof: "acknowledgement"
2002-01-01 custom "receivables-policy" "limitation" "DE"
  period: "3 years"
  from: "year-end"
  restarts: "part-payment, acknowledgement, settlement-agreement"
  suspends: "suit, insolvency"
  stays-suspended: "6 months"
2008-06-19 custom "receivables-policy" "limitation" "FR"
  period: "5 years"
  from: "date"
  restarts: "part-payment, acknowledgement, settlement-agreement, suit, insolvency"
  long-stop: "20 years"
1993-12-20 custom "receivables-policy" "limitation" "AE"
  period: "10 years"
  restarts: "acknowledgement, settlement-agreement, part-payment, suit, insolvency"
  proof: "acknowledgement, settlement-agreement"
  latest: 2028-01-02
2023-01-02 custom "receivables-policy" "limitation" "AE"
  period: "5 years"
  restarts: "acknowledgement, settlement-agreement, part-payment, suit, insolvency"
  proof: "acknowledgement, settlement-agreement"
1999-10-01 custom "receivables-policy" "limitation" "EG"
  period: "7 years"
  restarts: "acknowledgement, settlement-agreement, part-payment, suit, insolvency"
  proof: "acknowledgement, settlement-agreement"
1953-02-09 custom "receivables-policy" "limitation" "MY"
  period: "6 years"
  restarts: "part-payment, acknowledgement"
  after-expiry: "part-payment, acknowledgement"
  proof: "acknowledgement"
1968-01-01 custom "receivables-policy" "limitation" "US"
  period: "4 years"
"""
"""The policies that ship, without their sources."""

ROOT = Path(__file__).parents[1]

ACCOUNTS = COMPANY.replace("2025-01-01", "2000-01-01")


def claims(rule: str, happened: str = "", due: str = "2020-05-10", date: str = "2020-04-10", **asked: Any) -> Told:
    """A claim of 1,000 USD on Hanoi Tower under a country's rule, and what happened to it."""
    return told(
        f"""
        {date} * "Hanoi Tower" "Lift 7" ^INV-1
          due: {due}
          limitation: "{rule}"
          Assets:Receivable:HanoiTower  1,000 USD
          Income:Sales
        """
        + happened,
        company=ACCOUNTS + COUNTRIES,
        **asked,
    )


def note(date: str, tags: str, *meta: str, text: str = "Said so") -> str:
    """A note on Hanoi Tower's account."""
    return f'\n        {date} note Assets:Receivable:HanoiTower "{text}" {tags}' + "".join(
        f"\n          {line}" for line in meta
    )


def receipt(date: str, number: str, amount: str = "100 USD", settles: str = "INV-1") -> str:
    """Money from Hanoi Tower."""
    return f"""
        {date} * "Hanoi Tower" "Paid" ^{number}
          Assets:Bank  {amount}
          Assets:Receivable:HanoiTower  -{amount}
            settles: "{settles}"
        """


PROOF = 'proof: "RR 123 456 789"'


def only(story: Told, as_of: str) -> dict[str, Any]:
    """The only claim of a story on a day."""
    (row,) = story.rows("limitation", as_of)
    return row


def last(story: Told, as_of: str) -> str:
    """The last day of the only claim."""
    return str(only(story, as_of)["last_day"])


# The periods, country by country, each with the last safe day and the day after


@pytest.mark.parametrize(
    ("rule", "due", "safe"),
    [
        ("VN", "2020-05-10", "2022-05-10"),
        ("CN", "2020-05-10", "2023-05-10"),
        ("UK", "2020-05-10", "2026-05-10"),
        ("DE", "2020-05-10", "2023-12-31"),
        ("FR", "2020-05-10", "2025-04-10"),  # from the document's date
        ("AE", "2023-01-02", "2028-01-02"),
        ("EG", "2020-05-10", "2027-05-10"),
        ("MY", "2020-05-10", "2026-05-10"),
        ("US", "2020-05-10", "2024-05-10"),
        # DE: a claim of 2025 lives until 31 December 2028, whatever its day
        ("DE", "2025-01-01", "2028-12-31"),
        ("DE", "2025-12-31", "2028-12-31"),
        ("DE", "2026-01-01", "2029-12-31"),
        # 29 February, with and without such a day at the other end
        ("CN", "2024-02-29", "2027-02-28"),
        ("VN", "2024-02-29", "2026-02-28"),
        ("US", "2024-02-29", "2028-02-29"),
        ("UK", "2024-02-29", "2030-02-28"),
        ("CN", "2023-02-28", "2026-02-28"),
        ("US", "2023-02-28", "2027-02-28"),
        # AE: the old law's ten years, but not beyond five years from the new law
        ("AE", "2014-03-01", "2024-03-01"),
        ("AE", "2018-01-02", "2028-01-02"),
        ("AE", "2018-01-03", "2028-01-02"),
        ("AE", "2023-01-01", "2028-01-02"),
    ],
)
def test_the_last_safe_day_and_the_day_after(rule: str, due: str, safe: str) -> None:
    story = claims(rule, due=due, date="2020-04-10" if due == "2020-05-10" else due)
    after = str(day(safe) + datetime.timedelta(days=1))
    row = only(story, safe)
    assert (str(row["last_day"]), row["days_left"], row["status"], row["warning"]) == (safe, 0, "running", "30 days")
    row = only(story, after)
    assert (str(row["last_day"]), row["days_left"], row["status"], row["warning"]) == (safe, -1, "expired", "expired")


def test_the_calculation_is_a_sentence_that_anybody_can_follow() -> None:
    story = claims("VN", note("2021-11-19", "#acknowledgement ^INV-1", PROOF), due="2020-11-19", date="2020-10-20")
    row = only(story, "2022-01-01")
    line = next(n for n, text in enumerate(story.text.split("\n"), 1) if "#acknowledgement" in text)
    assert row["calculation"] == (
        "due 2020-11-19 + 2 years (Commercial Law 36/2005, art. 319) = 2022-11-19; "
        f"acknowledgement of 2021-11-19 (<string>:{line}), counts anew from 2021-11-20 = 2023-11-19"
    )
    assert (str(row["starts"]), str(row["restarted"]), row["restarted_by"], row["proof"]) == (
        "2020-11-20", "2021-11-19", f"acknowledgement (<string>:{line})", "RR 123 456 789",
    )  # fmt: skip
    assert (row["policy"], row["outstanding"], row["days_left"]) == ("VN", Decimal("1000.00"), 687)


def test_the_files_that_ship_say_what_these_tests_assume_and_where_it_stands() -> None:
    shipped = {}
    for path in sorted((ROOT / "ledger" / "policies").glob("*.beancount")):
        policies = Told(path.read_text("utf-8")).book.settings.policies
        shipped.update({name: of for (subject, name), of in policies.items() if subject == "limitation"})
    for of in shipped.values():
        for policy in of:
            assert policy.values["law"]
            assert "not verified" in policy.values["source"].casefold(), "a source says what was not verified"
    about = {"law", "source"}
    for (_, name), of in Told(COUNTRIES).book.settings.policies.items():
        assert [(p.date, {k: v for k, v in p.values.items() if k not in about}) for p in of] == [
            (p.date, {k: v for k, v in p.values.items() if k not in about}) for p in shipped[name]
        ], name


# What restarts the period


def test_vietnam_counts_anew_from_the_day_after_the_acknowledgement() -> None:
    """Civil Code 157(2): acknowledged on 19 November 2014, the period begins again on 20 November 2014."""
    story = claims("VN", note("2014-11-19", "#acknowledgement ^INV-1", PROOF), due="2013-01-15", date="2013-01-01")
    row = only(story, "2015-01-01")
    assert "counts anew from 2014-11-20" in row["calculation"]
    assert str(row["last_day"]) == "2016-11-19"
    assert only(story, "2016-11-19")["status"] == "running"
    assert only(story, "2016-11-20")["status"] == "expired"


def test_a_part_payment_restarts_with_the_receipt_as_its_name() -> None:
    row = only(claims("UK", receipt("2022-08-01", "RC-1")), "2023-01-01")
    assert (str(row["restarted"]), row["restarted_by"], str(row["last_day"])) == (
        "2022-08-01", "receipt RC-1", "2028-08-01",
    )  # fmt: skip
    assert row["outstanding"] == 900


def test_germany_counts_three_years_from_the_day_of_an_acknowledgement_not_from_the_year_end() -> None:
    assert last(claims("DE", note("2022-03-05", "#acknowledgement ^INV-1")), "2022-04-01") == "2025-03-05"


def test_germany_before_the_year_end_an_acknowledgement_has_nothing_to_restart() -> None:
    for date, restarted in (("2020-12-31", None), ("2021-01-01", "2021-01-01")):
        row = only(claims("DE", note(date, "#acknowledgement ^INV-1")), "2021-06-01")
        assert (row["restarted"] and str(row["restarted"])) == restarted
        assert str(row["last_day"]) == ("2023-12-31" if restarted is None else "2024-01-01")


@pytest.mark.parametrize("rule", ["FR", "UK", "DE", "VN", "EG", "MY", "US", "AE"])
@pytest.mark.parametrize("letter", ["#reminder-1", "#reminder-3", "#demand", "#statement", "#confirmation", "#call"])
def test_a_letter_of_ours_restarts_nothing(rule: str, letter: str) -> None:
    before = claims(rule)
    after = claims(rule, note("2021-06-01", f"{letter} ^INV-1", PROOF))
    assert last(after, "2021-07-01") == last(before, "2021-07-01")
    assert only(after, "2021-07-01")["restarted_by"] == ""


@pytest.mark.parametrize("letter", ["#demand", "#reminder-1", "#reminder-12"])
def test_china_a_demand_with_proof_restarts(letter: str) -> None:
    row = only(claims("CN", note("2021-06-01", f"{letter} ^INV-1", 'channel: "EMS"', PROOF)), "2021-07-01")
    assert (str(row["last_day"]), row["proof"]) == ("2024-06-01", "EMS, RR 123 456 789")


def test_china_a_demand_without_proof_does_not_and_says_so() -> None:
    story = claims("CN", note("2021-06-01", "#demand ^INV-1", 'channel: "EMS"'))
    report = story.report("limitation", "2021-07-01")
    row = only(story, "2021-07-01")
    assert (str(row["last_day"]), row["proof"], row["restarted_by"]) == ("2023-05-10", "missing", "")
    assert "does not count: no proof" in row["calculation"]
    (problem,) = report.problems
    assert (problem.code, problem.severity) == ("limitation-without-proof", "warning")
    assert "#demand" in story.line(problem.source["lineno"])
    assert "the demand of 2021-06-01" in problem.message


def test_an_unproven_demand_before_a_proven_one_needs_no_proof_any_more() -> None:
    story = claims("CN", note("2021-06-01", "#demand ^INV-1") + note("2021-06-02", "#demand ^INV-1", PROOF))
    assert only(story, "2021-07-01")["proof"] == "RR 123 456 789"
    assert story.report("limitation", "2021-07-01").problems == ()


def test_one_unproven_demand_of_many_invoices_is_told_once() -> None:
    second = claims("CN").text.partition(COUNTRIES)[2].replace("INV-1", "INV-2")
    story = claims("CN", second + note("2021-06-01", "#demand"))
    assert [row["proof"] for row in story.rows("limitation", "2021-07-01")] == ["missing", "missing"]
    assert len(story.report("limitation", "2021-07-01").problems) == 1


def test_the_debtors_paper_is_its_own_proof_but_not_our_letter(tmp_path: Any) -> None:
    """An acknowledgement kept as a document directive is there in writing; a demand shows not that it arrived."""
    for rule, tag, expected in (
        ("UK", "acknowledgement", ("2027-06-01", "paper.pdf")),
        ("CN", "acknowledgement", ("2024-06-01", "paper.pdf")),
        ("CN", "demand", ("2023-05-10", "missing")),
    ):
        (tmp_path / "paper.pdf").touch()
        text = claims(rule).text + f'2021-06-01 document Assets:Receivable:HanoiTower "paper.pdf" #{tag} ^INV-1\n'
        path = tmp_path / "main.beancount"
        path.write_text(text)
        # The second time the book comes from the cache.
        for _ in range(2):
            book = load_book(path).book
            report = evaluate(book, "limitation", day("2021-07-01"))
            (row,) = report.rows
            assert (str(row[report.position("last_day")]), row[report.position("proof")]) == expected


def test_england_wants_the_acknowledgement_in_writing() -> None:
    assert last(claims("UK", note("2021-06-01", "#acknowledgement ^INV-1")), "2021-07-01") == "2026-05-10"
    assert last(claims("UK", note("2021-06-01", "#acknowledgement ^INV-1", PROOF)), "2021-07-01") == "2027-06-01"


@pytest.mark.parametrize(
    ("booked", "last_day"),
    [
        (receipt("2022-08-01", "RC-1"), "2028-08-01"),
        # a credit memo and a write-off are our doing, not the debtor's
        (
            '\n        2022-08-01 * "Price" #credit-memo ^CM-1 ^INV-1\n          Income:Sales  100 USD\n'
            "          Assets:Receivable:HanoiTower  -100 USD\n",
            "2026-05-10",
        ),
        (
            '\n        2022-08-01 * "Small" #write-off ^WO-1 ^INV-1\n          Expenses:BadDebt  100 USD\n'
            "          Assets:Receivable:HanoiTower  -100 USD\n",
            "2026-05-10",
        ),
        # money on account says not what it is for; moving it later is our doing
        (
            receipt("2022-08-01", "RC-1").replace('\n            settles: "INV-1"', "")
            + """
        2023-01-05 * "To the invoice" #apply ^AP-1
          Assets:Receivable:HanoiTower  100 USD
            settles: "RC-1"
          Assets:Receivable:HanoiTower  -100 USD
            settles: "INV-1"
        """,
            "2026-05-10",
        ),
    ],
)
def test_only_money_of_the_debtor_for_this_claim_is_a_part_payment(booked: str, last_day: str) -> None:
    assert last(claims("UK", booked), "2023-06-01") == last_day


def test_a_bounced_cheque_acknowledges_nothing_from_the_day_on_which_it_bounces() -> None:
    bounced = """
        2022-08-20 * "Hanoi Tower" "Bounced" #reversal ^RC-1
          Assets:Receivable:HanoiTower  100 USD
          Assets:Bank
        """
    story = claims("UK", receipt("2022-08-01", "RC-1") + bounced)
    assert last(story, "2022-08-19") == "2028-08-01"
    assert last(story, "2022-08-20") == "2026-05-10"


def test_the_debtor_paid_when_the_money_came_not_when_it_found_its_place() -> None:
    """The second receipt waits until the first bounces; it is a payment of its own day."""
    story = claims(
        "UK",
        receipt("2021-01-05", "RC-1", "1,000 USD")
        + receipt("2021-02-01", "RC-2")
        + """
        2022-03-01 * "Hanoi Tower" "Bounced" #reversal ^RC-1
          Assets:Receivable:HanoiTower  1,000 USD
          Assets:Bank
        """,
    )
    row = only(story, "2022-03-01")
    assert (row["outstanding"], str(row["restarted"]), row["restarted_by"]) == (900, "2021-02-01", "receipt RC-2")


def test_a_receipt_before_the_due_date_shortens_nothing() -> None:
    assert last(claims("UK", receipt("2020-04-20", "RC-1")), "2020-06-01") == "2026-05-10"


# A part payment is the debtor's word only where it names the claim

OLDEST_DUE = '\n2000-01-01 custom "receivables-policy" "settlement" "oldest-due"\n'


def paid(links: str, *words: str) -> str:
    """A receipt of 1 August 2022 with these links, and words on the customer's posting."""
    return f"""
        2022-08-01 * "Hanoi Tower" "Transfer" {links}
          Assets:Bank  100 USD
          Assets:Receivable:HanoiTower  -100 USD
        """ + "".join(f"    {word}\n" for word in words)


@pytest.mark.parametrize(
    ("receipt_", "last_day"),
    [
        # our allocation of a transfer that names nothing
        (paid("^RC-1"), "2026-05-10"),
        # the receipt says for what it is
        (paid("^RC-1", 'settles: "INV-1"'), "2028-08-01"),
        (paid("^RC-1", 'invoice: "INV-1"'), "2028-08-01"),
        (paid("^RC-1", 'settles: "INV-9, INV-1"'), "2028-08-01"),
        (paid("^INV-1"), "2028-08-01"),
        # a word that says nothing leaves the receipt to our allocation
        (paid("^RC-1", 'settles: " , "'), "2026-05-10"),
    ],
)
def test_money_that_we_allocate_ourselves_is_no_part_payment_of_the_claim(receipt_: str, last_day: str) -> None:
    story = Told(claims("UK").text + OLDEST_DUE + unindented(receipt_))
    row = only(story, "2023-06-01")
    assert (row["outstanding"], str(row["last_day"])) == (900, last_day)


def test_a_claim_that_our_allocation_paid_in_part_says_so_and_is_no_missing_proof() -> None:
    story = Told(claims("UK").text + OLDEST_DUE + unindented(paid("^RC-1")))
    row = only(story, "2023-06-01")
    assert (row["restarted_by"], row["proof"]) == ("", "")
    assert row["calculation"] == (
        "due 2020-05-10 + 6 years = 2026-05-10; "
        'receipt RC-1 of 2022-08-01 does not count: under "oldest-due" only settles: "INV-1" on it shows what it is for'
    )
    assert story.report("limitation", "2023-06-01").problems == ()


def test_where_nothing_is_allocated_by_itself_a_link_of_the_receipt_is_enough() -> None:
    linked = paid("^RC-1 ^INV-1")
    assert last(claims("UK", linked), "2023-06-01") == "2028-08-01"
    # The policy of the day on which it was settled decides, neither an older nor a younger one.
    for begins, ends, last_day in (
        ("2022-08-02", "2022-08-03", "2028-08-01"),
        ("2021-01-01", "2022-08-01", "2028-08-01"),
        ("2022-08-01", "2022-08-02", "2026-05-10"),
    ):
        policies = (
            f'\n{begins} custom "receivables-policy" "settlement" "oldest-due"'
            f'\n{ends} custom "receivables-policy" "settlement" "none"\n'
        )
        assert last(Told(claims("UK").text + policies + unindented(linked)), "2023-06-01") == last_day


def test_money_on_account_that_a_later_policy_allocates_restarts_nothing() -> None:
    policy = '\n2022-09-01 custom "receivables-policy" "settlement" "oldest-due"\n'
    story = Told(claims("UK").text + policy + unindented(paid("^RC-1")))
    assert (only(story, "2023-06-01")["outstanding"], last(story, "2023-06-01")) == (900, "2026-05-10")


def test_taking_back_a_part_of_what_we_allocated_names_no_claim_either() -> None:
    none = '\n2022-09-01 custom "receivables-policy" "settlement" "none"\n'
    back = """
        2022-10-01 * "Hanoi Tower" "Bounced in part" #reversal ^RC-1
          Assets:Receivable:HanoiTower  40 USD
          Assets:Bank
        """
    story = Told(claims("UK").text + OLDEST_DUE + none + unindented(paid("^RC-1") + back))
    assert (only(story, "2023-06-01")["outstanding"], last(story, "2023-06-01")) == (940, "2026-05-10")


# Penalty notes end with what they charge for


def charged(
    number: str, date: str, *charges: tuple[str, str], due: str = "", rule: str | None = None, tag: str = "#penalty"
) -> str:
    """A penalty note on Hanoi Tower over amounts for late documents."""
    words = [f"due: {due}"] * bool(due) + [f'limitation: "{rule}"'] * (rule is not None)
    return f"""
        {date} * "Hanoi Tower" "Late payment" {tag} ^{number}
        """ + "".join(
        f"  {line}\n"
        for line in (
            *words,
            "Assets:Receivable:HanoiTower",
            *(
                line
                for document, amount in charges
                for line in (f"Income:LatePayment  -{amount} USD", f'  penalty-of: "{document}"')
            ),
        )
    )


INCOME = "2000-01-01 open Income:LatePayment\n"


def noted(rule: str, happened: str, as_of: str, **asked: str) -> dict[str, dict[str, Any]]:
    """Number → row of every open claim."""
    story = Told(INCOME + claims(rule, **asked).text + unindented(happened) + "\n")
    assert [error.message for error in story.errors] == []
    return {row["number"]: row for row in story.rows("limitation", as_of)}


def ends(rule: str, happened: str, as_of: str = "2025-01-01", **asked: str) -> dict[str, str]:
    """Number → last day of every open claim."""
    return {number: str(row["last_day"]) for number, row in noted(rule, happened, as_of, **asked).items()}


@pytest.mark.parametrize("rule", ["VN", "CN", "UK", "DE", "AE", "EG", "MY", "US"])
def test_a_penalty_note_counts_from_the_delay_that_it_charges_and_not_from_its_own_date(rule: str) -> None:
    """Of BGB § 217 and its like: what is accessory to a claim is lost with it, however late it was written."""
    due = "2023-05-10" if rule == "AE" else "2020-05-10"
    note_of = charged("PN-1", "2023-11-10", ("INV-1", "50"), due="2023-12-10", rule=rule)
    found = noted(rule, note_of, "2025-01-01", due=due)
    for column in ("starts", "last_day"):
        assert found["PN-1"][column] == found["INV-1"][column]


def test_a_penalty_note_is_never_alive_after_its_main_claim() -> None:
    note_of = charged("PN-1", "2022-01-10", ("INV-1", "50"), rule="DE")
    for as_of, status in (("2023-12-31", "running"), ("2024-01-01", "expired")):
        found = noted("DE", note_of, as_of)
        assert {row["status"] for row in found.values()} == {status}
    assert found["PN-1"]["calculation"] == (
        "late payment of INV-1, due 2020-05-10, counted from the end of the year 2020-12-31 + 3 years = 2023-12-31; "
        "never after INV-1, for which it is charged: 2023-12-31"
    )


def test_by_document_dates_a_penalty_note_counts_from_the_delay_and_ends_with_its_main_claim() -> None:
    row = noted("FR", charged("PN-1", "2022-01-10", ("INV-1", "50"), rule="FR"), "2023-01-01")["PN-1"]
    assert (str(row["starts"]), str(row["last_day"])) == ("2020-05-11", "2025-04-10")
    assert row["calculation"] == (
        "late payment of INV-1, due 2020-05-10 + 5 years, but not after INV-1, for which it is charged = 2025-04-10"
    )


def test_what_was_written_after_the_main_claim_expired_is_expired_from_its_first_day() -> None:
    row = noted("DE", charged("PN-1", "2024-02-10", ("INV-1", "50"), rule="DE", due="2024-03-10"), "2024-02-10")["PN-1"]
    assert (str(row["last_day"]), row["status"]) == ("2023-12-31", "expired")


def test_an_acknowledgement_of_the_note_alone_does_not_carry_it_beyond_the_main_claim() -> None:
    note_of = charged("PN-1", "2021-01-10", ("INV-1", "50"), rule="UK")
    of_note, of_claim = (note("2024-03-01", f"#acknowledgement ^{number}", PROOF) for number in ("PN-1", "INV-1"))
    assert ends("UK", note_of + of_note) == {"INV-1": "2026-05-10", "PN-1": "2026-05-10"}
    # What restarts the main claim alone does not help the note, whose debt is another.
    assert ends("UK", note_of + of_claim) == {"INV-1": "2030-03-01", "PN-1": "2026-05-10"}
    assert ends("UK", note_of + of_note + of_claim) == {"INV-1": "2030-03-01", "PN-1": "2030-03-01"}
    # A longer rule of its own does not either.
    assert ends("VN", charged("PN-1", "2021-01-10", ("INV-1", "50"), rule="UK"))["PN-1"] == "2022-05-10"


SECOND = """
        2021-02-10 * "Hanoi Tower" "Lift 8" ^INV-2
          due: 2021-03-10
          limitation: "UK"
          Assets:Receivable:HanoiTower  1,000 USD
          Income:Sales
        """


def test_a_note_for_several_claims_counts_from_the_first_and_ends_with_the_first() -> None:
    note_of = charged("PN-1", "2021-06-10", ("INV-2", "10"), ("INV-1", "50"), rule="UK")
    row = noted("UK", SECOND + note_of + note("2022-01-01", "#acknowledgement ^PN-1", PROOF), "2023-01-01")["PN-1"]
    assert (str(row["starts"]), str(row["last_day"])) == ("2020-05-11", "2026-05-10")
    assert row["calculation"].startswith("late payment of INV-1 and INV-2, first due 2020-05-10 + 6 years = ")


@pytest.mark.parametrize(
    ("settled", "last_day"),
    [
        # paid in time: there is no main claim any more with which the note could be lost
        (receipt("2026-05-10", "RC-1", "1,000 USD"), "2032-03-01"),
        # paid when it was lost: so was the note
        (receipt("2026-05-11", "RC-1", "1,000 USD"), "2026-05-10"),
        # given up by ourselves, so it may be asked for
        (
            '\n        2021-05-10 * "Hanoi Tower" "Given up" #write-off ^WO-1 ^INV-1\n'
            "          Expenses:BadDebt  1,000 USD\n          Assets:Receivable:HanoiTower  -1,000 USD\n",
            "2026-05-10",
        ),
        # paid, and the money bounced, in time or not
        *(
            (
                receipt("2021-05-10", "RC-1", "1,000 USD")
                + f'\n        {bounced} * "Hanoi Tower" "Bounced" #reversal ^RC-1\n'
                "          Assets:Receivable:HanoiTower  1,000 USD\n          Assets:Bank\n",
                "2026-05-10",
            )
            for bounced in ("2021-06-01", "2026-06-01")
        ),
    ],
)
def test_a_note_ends_with_a_main_claim_only_where_that_can_be_lost(settled: str, last_day: str) -> None:
    note_of = charged("PN-1", "2021-01-10", ("INV-1", "50"), rule="UK")
    again = note("2026-03-01", "#acknowledgement ^PN-1", PROOF)
    assert ends("UK", note_of + settled + again, "2026-12-31")["PN-1"] == last_day


def test_a_pending_suit_for_the_main_claim_is_none_for_the_note_but_it_does_not_end_it() -> None:
    note_of = charged("PN-1", "2021-01-10", ("INV-1", "50"), rule="UK")
    assert ends("UK", note_of + note("2022-01-10", "#suit ^INV-1")) == {"INV-1": "None", "PN-1": "2026-05-10"}
    for date, status in (("2026-05-10", "suspended"), ("2026-05-11", "expired")):
        found = noted("UK", note_of + note(date, "#suit ^PN-1"), "2027-01-01")
        assert (found["PN-1"]["status"], found["INV-1"]["status"]) == (status, "expired")


def test_of_a_document_with_instalments_the_first_that_was_late_counts() -> None:
    """The first instalment was paid on its day; only the second was late, and the third is not due yet."""
    story = Told(
        INCOME
        + told(INSTALMENTS.format(rule="UK"), company=ACCOUNTS + COUNTRIES).text
        + unindented(receipt("2020-05-01", "RC-1", "500 USD", settles="INV-2/1"))
        + unindented(charged("PN-1", "2021-01-10", ("INV-2", "50"), rule="UK"))
    )
    (row,) = story.rows("limitation", "2021-02-01", "number=PN-1")
    assert (str(row["starts"]), str(row["last_day"])) == ("2020-11-02", "2026-11-01")
    late = Told(story.text.replace("2020-05-01 *", "2020-05-02 *"))
    (row,) = late.rows("limitation", "2021-02-01", "number=PN-1")
    assert str(row["last_day"]) == "2026-05-01"


def test_a_note_without_a_rule_of_its_own_has_that_of_its_main_claim() -> None:
    found = noted("DE", charged("PN-1", "2022-01-10", ("INV-1", "50")), "2023-01-01")
    assert (found["PN-1"]["policy"], str(found["PN-1"]["last_day"])) == ("DE", "2023-12-31")
    found = noted("DE", charged("PN-1", "2022-01-10", ("INV-1", "50"), rule="none"), "2023-01-01")
    assert (found["PN-1"]["status"], found["PN-1"]["last_day"]) == ("no policy", None)


def test_a_link_says_of_a_note_what_it_charges_for_and_a_number_may_be_its_metadata() -> None:
    by_link = charged("PN-1", "2022-01-10", ("INV-1", "50"), rule="DE").replace("^PN-1", "^PN-1 ^INV-1")
    assert ends("DE", by_link.replace('penalty-of: "INV-1"', ""))["PN-1"] == "2023-12-31"
    by_number = charged("PN-1", "2022-01-10", ("INV-1", "50"), rule="DE").replace(
        "^PN-1\n", '\n          number: "PN-1"\n'
    )
    assert ends("DE", by_number)["PN-1"] == "2023-12-31"


def test_what_is_given_back_for_a_document_is_not_charged_for_it() -> None:
    note_of = charged("PN-1", "2022-01-10", ("INV-2", "50"), ("INV-1", "-10"), rule="UK")
    assert ends("UK", SECOND + note_of)["PN-1"] == "2027-03-10"


def test_interest_on_interest_ends_with_all_that_it_comes_from() -> None:
    first = charged("PN-1", "2021-01-10", ("INV-1", "50"), rule="VN")
    second = charged("PN-2", "2021-12-10", ("PN-1", "5"), rule="UK")
    again = note("2021-12-20", "#acknowledgement ^PN-2", PROOF)
    assert ends("UK", first + second + again)["PN-2"] == "2022-05-10"


def test_notes_that_charge_for_each_other_are_counted_all_the_same() -> None:
    first = charged("PN-1", "2021-01-10", ("PN-2", "50"), rule="UK")
    second = charged("PN-2", "2021-12-10", ("PN-1", "5"), rule="UK")
    assert sorted(ends("UK", first + second)) == ["INV-1", "PN-1", "PN-2"]
    alone = charged("PN-1", "2021-01-10", ("PN-1", "50"), rule="UK")
    row = noted("UK", alone, "2025-01-01")["PN-1"]
    assert row["calculation"] == "due 2021-01-10, for which document is not said + 6 years = 2027-01-10"


def test_money_paid_back_under_the_number_of_a_claim_is_not_what_a_note_charges_for() -> None:
    back = """
        2020-04-01 * "Hanoi Tower" "Paid back" #refund ^INV-1
          Assets:Receivable:HanoiTower  10 USD
          Assets:Bank
        """
    found = ends("UK", back + charged("PN-1", "2022-01-10", ("INV-1", "50"), rule="UK"))
    assert found["PN-1"] == "2026-05-10"


def test_a_long_chain_of_interest_on_interest_is_no_reason_to_stop() -> None:
    chain = "".join(
        charged(f"PN-{n}", "2021-01-10", (f"PN-{n - 1}" if n else "INV-1", "5"), rule="UK") for n in range(400)
    )
    assert ends("UK", chain)["PN-399"] == "2026-05-10"


def test_a_note_that_does_not_say_for_what_counts_by_itself_and_is_told() -> None:
    untold = charged("PN-1", "2022-01-10", ("INV-1", "50"), rule="DE").replace('penalty-of: "INV-1"', "")
    story = Told(INCOME + claims("DE").text + unindented(untold) + "\n")
    (row,) = story.rows("limitation", "2023-01-01", "number=PN-1")
    assert str(row["last_day"]) == "2025-12-31"
    assert row["calculation"].startswith("due 2022-01-10, for which document is not said, counted from the end of")
    (problem,) = story.report("limitation", "2023-01-01").problems
    assert problem.code == "penalty-of-what"
    assert story.report("limitation", "2023-01-01", customer="OldMill").problems == ()


def test_a_note_states_its_own_day_as_every_document_and_still_ends_with_its_main_claim() -> None:
    note_of = charged("PN-1", "2022-01-10", ("INV-1", "50"), rule="UK")
    for stated, last_day in (("2019-12-01", "2025-12-01"), ("2022-01-10", "2026-05-10")):
        found = noted(
            "UK", note_of.replace("limitation:", f"limitation-from: {stated}\n          limitation:"), "2023-01-01"
        )
        assert str(found["PN-1"]["last_day"]) == last_day


# After expiry


@pytest.mark.parametrize(
    ("rule", "happened", "last_day"),
    [
        # MY: a part payment or a written acknowledgement after expiry gives a new period
        ("MY", note("2026-05-11", "#acknowledgement ^INV-1", PROOF), "2032-05-11"),
        ("MY", receipt("2026-05-11", "RC-1"), "2032-05-11"),
        ("MY", note("2026-05-11", "#promise ^INV-1", "by: 2026-06-01", PROOF), "2026-05-10"),
        # UK: on the last day, and never after
        ("UK", note("2026-05-10", "#acknowledgement ^INV-1", PROOF), "2032-05-10"),
        ("UK", note("2026-05-11", "#acknowledgement ^INV-1", PROOF), "2026-05-10"),
        ("UK", receipt("2026-05-10", "RC-1"), "2032-05-10"),
        ("UK", receipt("2026-05-11", "RC-1"), "2026-05-10"),
        # CN: only a promise
        ("CN", note("2023-05-10", "#demand ^INV-1", PROOF), "2026-05-10"),
        ("CN", note("2023-05-11", "#demand ^INV-1", PROOF), "2023-05-10"),
        ("CN", receipt("2023-05-11", "RC-1"), "2023-05-10"),
        ("CN", note("2023-05-11", "#promise ^INV-1", "by: 2026-06-01", PROOF), "2026-05-11"),
        ("DE", note("2023-12-31", "#acknowledgement ^INV-1"), "2026-12-31"),
        ("DE", note("2024-01-01", "#acknowledgement ^INV-1"), "2023-12-31"),
        ("VN", note("2022-05-11", "#acknowledgement ^INV-1", PROOF), "2022-05-10"),
    ],
)
def test_what_comes_after_the_last_day(rule: str, happened: str, last_day: str) -> None:
    story = claims(rule, happened)
    assert last(story, "2026-12-31") == last_day


def test_a_revived_claim_says_that_it_had_expired() -> None:
    story = claims("MY", receipt("2026-05-11", "RC-1"))
    assert only(story, "2026-12-31")["calculation"] == (
        "due 2020-05-10 + 6 years = 2026-05-10; "
        "receipt RC-1 of 2026-05-11, which revives it, counts anew from 2026-05-12 = 2032-05-11"
    )


def test_the_calculation_names_the_restarts_that_carry_the_claim_and_no_others() -> None:
    """Of five payments those are named without which a later one had come too late, and the last one."""
    days = ("2020-09-01", "2021-03-01", "2022-02-01", "2023-03-01", "2023-11-30")
    story = claims("VN", "".join(receipt(date, f"RC-{count}") for count, date in enumerate(days, 1)))
    told_of = only(story, "2024-01-01")["calculation"]
    assert [f"RC-{count}" in told_of for count in range(1, 6)] == [False, False, True, False, True]
    assert told_of.endswith("= 2025-11-30")


# Instalments

INSTALMENTS = """
        2020-04-01 * "Hanoi Tower" "Lift 8" ^INV-2
          limitation: "{rule}"
          Assets:Receivable:HanoiTower  500 USD
            due: 2020-05-01
          Assets:Receivable:HanoiTower  300 USD
            due: 2020-11-01
          Assets:Receivable:HanoiTower  200 USD
            due: 2021-05-01
            kind: "retention"
          Income:Sales
        """


def instalments(rule: str, happened: str = "", as_of: str = "2021-06-01") -> Mapping[int, str]:
    """The last day of each instalment."""
    story = told(INSTALMENTS.format(rule=rule) + happened, company=ACCOUNTS + COUNTRIES)
    return {row["instalment"]: str(row["last_day"]) for row in story.rows("limitation", as_of)}


def test_china_counts_instalments_of_one_debt_from_the_last() -> None:
    """Civil Code 189; a retention may be another debt, so it counts by itself: the safe reading."""
    assert instalments("CN") == {1: "2023-11-01", 2: "2023-11-01", 3: "2024-05-01"}
    assert instalments("UK") == {1: "2026-05-01", 2: "2026-11-01", 3: "2027-05-01"}


def test_a_payment_on_one_instalment_restarts_it_alone_or_the_whole_debt() -> None:
    paid = receipt("2021-05-20", "RC-1", settles="INV-2/1")
    assert instalments("CN", paid) == {1: "2024-05-20", 2: "2024-05-20", 3: "2024-05-01"}
    assert instalments("UK", paid) == {1: "2027-05-20", 2: "2026-11-01", 3: "2027-05-01"}


def test_an_instalment_that_is_paid_still_says_when_the_last_one_was_due() -> None:
    paid = receipt("2020-11-01", "RC-1", "300 USD", settles="INV-2/2")
    assert instalments("CN", paid)[1] == "2023-11-01"


def test_an_event_about_a_document_is_about_all_its_instalments_or_the_one_it_names() -> None:
    whole = note("2021-05-20", "#acknowledgement ^INV-2", PROOF)
    assert instalments("UK", whole) == dict.fromkeys((1, 2, 3), "2027-05-20")
    second = note("2021-05-20", "#acknowledgement ^INV-2/2", PROOF)
    assert instalments("UK", second) == {1: "2026-05-01", 2: "2027-05-20", 3: "2027-05-01"}


# Suits and insolvency


def test_a_pending_suit_keeps_every_claim_alive() -> None:
    for rule in ("VN", "CN", "UK", "DE", "FR", "AE", "EG", "MY", "US"):
        due = "2023-05-10" if rule == "AE" else "2020-05-10"
        row = only(claims(rule, note("2021-12-01", "#suit ^INV-1"), due=due), "2060-01-01")
        assert (row["status"], row["last_day"], row["days_left"], row["warning"]) == ("suspended", None, None, ""), rule
        assert "is pending: it cannot expire" in row["calculation"]


def test_a_suit_comes_in_time_on_the_last_day_and_too_late_on_the_next() -> None:
    assert only(claims("UK", note("2026-05-10", "#suit ^INV-1")), "2027-01-01")["status"] == "suspended"
    assert only(claims("UK", note("2026-05-11", "#suit ^INV-1")), "2027-01-01")["status"] == "expired"


def test_a_suit_that_was_filed_too_late_suspends_nothing_even_when_the_claim_is_revived() -> None:
    """Malaysia: lost on 10 May 2026, sued for too late, revived; only a suit that comes then keeps it alive."""
    late = note("2026-06-01", "#suit ^INV-1") + note("2026-07-01", "#acknowledgement ^INV-1", PROOF)
    row = only(claims("MY", late), "2027-01-01")
    assert (row["status"], str(row["last_day"])) == ("running", "2032-07-01")
    assert "suit of 2026-06-01 (" in row["calculation"]
    assert "came too late: it suspends nothing" in row["calculation"]
    again = late + note("2026-08-01", "#suit ^INV-1")
    row = only(claims("MY", again), "2040-01-01")
    assert (row["status"], row["last_day"]) == ("suspended", None)
    # One of an earlier day of the same revival is in time.
    day_of_revival = note("2026-07-01", "#acknowledgement ^INV-1", PROOF) + note("2026-07-01", "#suit ^INV-1")
    assert only(claims("MY", day_of_revival), "2027-01-01")["status"] == "suspended"


def test_a_late_suit_that_is_over_or_withdrawn_is_not_mentioned() -> None:
    for over in (
        note("2027-07-10", "#suit-ended ^INV-1"),
        note("2027-07-10", "#suit-ended ^INV-1", 'result: "dismissed"'),
    ):
        row = only(claims("UK", note("2026-06-10", "#suit ^INV-1") + over), "2028-01-01")
        assert (str(row["last_day"]), "too late" in row["calculation"]) == ("2026-05-10", False)


def ended(*meta: str) -> str:
    """A suit of 2022 that is over half a year later."""
    return note("2022-01-10", "#suit ^INV-1") + note("2022-07-10", "#suit-ended ^INV-1", *meta)


def test_when_a_suit_is_over_it_restarts_is_left_out_or_counts_for_nothing() -> None:
    assert last(claims("CN", ended()), "2023-01-01") == "2025-07-10"
    assert last(claims("FR", ended()), "2023-01-01") == "2027-07-10"
    # From 10 January to 10 July and six months more, 10 January 2023: a year is not counted.
    assert last(claims("DE", ended()), "2023-06-01") == "2024-12-30"
    assert last(claims("UK", ended()), "2023-01-01") == "2026-05-10"


def test_a_demand_during_a_suit_takes_nothing_from_what_its_end_gives() -> None:
    row = only(claims("CN", ended() + note("2022-03-01", "#demand ^INV-1", PROOF)), "2023-01-01")
    assert (str(row["last_day"]), str(row["restarted"]), row["restarted_by"][:5]) == (
        "2025-07-10", "2022-07-10", "suit ",
    )  # fmt: skip


def test_a_second_suit_is_not_ended_with_the_first() -> None:
    story = claims("UK", ended() + note("2023-01-10", "#suit ^INV-1"))
    assert only(story, "2023-01-09")["status"] == "running"
    assert only(story, "2023-01-10")["status"] == "suspended"


def test_germany_the_suspension_before_the_year_end_takes_nothing_away() -> None:
    early = note("2020-06-01", "#suit ^INV-1") + note("2020-06-20", "#suit-ended ^INV-1")
    assert last(claims("DE", early), "2021-06-01") == "2023-12-31"


def test_germany_a_suit_after_the_last_day_suspends_nothing() -> None:
    for date, last_day in (("2023-12-31", "2024-09-02"), ("2024-01-01", "2023-12-31")):
        over = note(date, "#suit ^INV-1") + note("2024-03-02", "#suit-ended ^INV-1")
        assert last(claims("DE", over), "2024-06-01") == last_day


def test_germany_an_acknowledgement_before_the_year_end_gains_nothing_from_a_suspension() -> None:
    """The suit is over for good on 1 January 2025, one day into the period: that day is not counted."""
    early = (
        note("2024-01-01", "#acknowledgement ^INV-1")
        + note("2024-01-01", "#suit ^INV-1")
        + note("2024-07-01", "#suit-ended ^INV-1")
    )
    row = only(claims("DE", early, due="2024-01-01", date="2023-12-01"), "2025-06-01")
    assert (str(row["last_day"]), row["restarted"]) == ("2028-01-01", None)


def test_germany_suit_and_insolvency_at_one_time_are_one_suspension() -> None:
    both = ended() + note("2022-03-01", "#insolvency ^INV-1") + note("2022-05-01", "#insolvency-ended ^INV-1")
    assert last(claims("DE", both), "2023-06-01") == "2024-12-30"


def test_a_suit_that_was_withdrawn_is_as_if_it_had_not_been() -> None:
    for result in ("withdrawn", "dismissed"):
        for rule, last_day in (("CN", "2023-05-10"), ("FR", "2025-04-10"), ("DE", "2023-12-31")):
            assert last(claims(rule, ended(f'result: "{result}"')), "2023-01-01") == last_day


def test_a_claim_with_a_judgment_is_no_longer_counted() -> None:
    row = only(claims("CN", ended('result: "judgment"')), "2040-01-01")
    assert (row["status"], row["last_day"], row["warning"]) == ("judgment", None, "")
    assert "enforcing it has periods of its own" in row["calculation"]


def test_a_claim_filed_in_insolvency_is_pending_until_that_is_over() -> None:
    filed = note("2021-02-01", "#insolvency ^INV-1")
    assert only(claims("CN", filed), "2030-01-01")["status"] == "suspended"
    over = filed + note("2024-02-01", "#insolvency-ended ^INV-1")
    assert last(claims("CN", over), "2024-06-01") == "2027-02-01"


def test_the_long_stop_ends_what_demands_would_keep_for_ever() -> None:
    demands = "".join(note(f"{year}-05-01", "#demand ^INV-1", PROOF) for year in range(2021, 2040, 2))
    row = only(claims("CN", demands), "2039-06-01")
    assert str(row["last_day"]) == "2040-05-10"
    assert "but at most 20 years from the due date = 2040-05-10" in row["calculation"]


# Which documents an event is about


def test_an_event_without_links_is_about_all_that_was_open_on_its_day() -> None:
    story = claims(
        "UK",
        """
        2020-06-01 * "Hanoi Tower" "Before, but paid" ^INV-2
          limitation: "UK"
          Assets:Receivable:HanoiTower  100 USD
          Income:Sales
        2021-07-01 * "Hanoi Tower" "After" ^INV-3
          limitation: "UK"
          Assets:Receivable:HanoiTower  100 USD
          Income:Sales
        2021-07-01 * "Old Mill" "Somebody else" ^INV-4
          limitation: "UK"
          Assets:Receivable:OldMill  100 USD
          Income:Sales
        """
        + receipt("2020-06-10", "RC-2", settles="INV-2")
        + """
        2021-08-01 * "Hanoi Tower" "Bounced" #reversal ^RC-2
          Assets:Receivable:HanoiTower  100 USD
          Assets:Bank
        """
        + note("2021-06-01", "#acknowledgement", PROOF),
    )
    assert {row["number"]: str(row["last_day"]) for row in story.rows("limitation", "2022-01-01")} == {
        "INV-1": "2027-06-01",
        "INV-2": "2026-06-01",
        "INV-3": "2027-07-01",
        "INV-4": "2027-07-01",
    }


def test_a_document_can_state_from_which_day_it_counts() -> None:
    """The day the work was done (FR), or a restart from before the book begins."""
    done = claims("FR").text.replace('limitation: "FR"', 'limitation: "FR"\n  limitation-from: 2019-12-20')
    assert last(Told(done), "2021-01-01") == "2024-12-20"
    opened = claims("DE").text.replace('limitation: "DE"', 'limitation: "DE"\n  limitation-from: 2021-03-05')
    story = Told(opened)
    assert last(story, "2022-01-01") == "2024-03-05"
    assert "counted from 2021-03-05 as the document says" in only(story, "2022-01-01")["calculation"]


def test_a_stated_day_that_is_none_is_told_and_left_out() -> None:
    story = Told(claims("UK").text.replace('limitation: "UK"', 'limitation: "UK"\n  limitation-from: "spring"'))
    report = story.report("limitation", "2021-01-01")
    assert [problem.code for problem in report.problems] == ["bad-date"]
    assert last(story, "2021-01-01") == "2026-05-10"


# Which policy holds


def test_document_contract_customer_and_entity_name_the_policy() -> None:
    story = told(
        """
        2000-01-01 open Assets:Receivable:Customer
          limitation: "UK"
          entity: "Berlin"
        2000-01-01 open Assets:Receivable:Entity
          entity: "Berlin"
        2000-01-01 open Assets:Receivable:Nothing
        2000-01-01 custom "receivables-policy" "entity" "Berlin"
          limitation: "DE"
        2000-01-01 custom "receivables-contract" "C-1"
          limitation: "MY"
        2020-04-10 * "Own" ^INV-1
          limitation: "VN"
          contract: "C-1"
          Assets:Receivable:Customer  100 USD
          Income:Sales
        2020-04-10 * "Contract" ^INV-2
          contract: "C-1"
          Assets:Receivable:Customer  100 USD
          Income:Sales
        2020-04-10 * "Customer" ^INV-3
          Assets:Receivable:Customer  100 USD
          Income:Sales
        2020-04-10 * "Entity" ^INV-4
          Assets:Receivable:Entity  100 USD
          Income:Sales
        2020-04-10 * "Nothing" ^INV-5
          Assets:Receivable:Nothing  100 USD
          Income:Sales
        """,
        company=ACCOUNTS + COUNTRIES,
    )
    found = {row["number"]: row["policy"] for row in story.rows("limitation", "2020-05-01")}
    assert found == {"INV-1": "VN", "INV-2": "MY", "INV-3": "UK", "INV-4": "DE", "INV-5": ""}


@pytest.mark.parametrize(
    ("rule", "due", "reason"),
    [
        ("none", "2020-05-10", 'limitation "none": no period is watched'),
        ("XX", "2020-05-10", 'the limitation policy "XX" is never set'),
        ("CN", "2017-09-30", 'the limitation policy "CN" begins on 2017-10-01, after the due date 2017-09-30'),
    ],
)
def test_without_a_policy_a_claim_is_listed_with_the_reason(rule: str, due: str, reason: str) -> None:
    story = claims(rule, due=due, date="2017-01-01")
    row = only(story, "2020-06-01")
    assert (row["status"], row["last_day"], row["policy"], row["calculation"]) == ("no policy", None, "", reason)
    assert "No policy says when 1 of these claims expire." in story.report("limitation", "2020-06-01").notes


def test_the_policy_without_a_name_holds_for_everybody_else_if_it_has_a_period() -> None:
    plain = '2000-01-01 custom "receivables-policy" "limitation"\n  warn: "10"\n'
    text = claims("UK").text.replace('  limitation: "UK"\n', "")
    assert only(Told(text + plain), "2021-01-01")["status"] == "no policy"
    row = only(Told(text + plain + '  period: "18 months"\n'), "2021-01-01")
    assert (row["policy"], str(row["last_day"])) == ("default", "2021-11-10")


def test_the_policy_is_that_of_the_due_date_whatever_came_later() -> None:
    shorter = '\n2020-05-11 custom "receivables-policy" "limitation" "UK"\n  period: "1 year"\n'
    assert last(Told(claims("UK").text + shorter), "2021-01-01") == "2026-05-10"
    assert last(Told(claims("UK", due="2020-05-11").text + shorter), "2021-01-01") == "2021-05-11"


@pytest.mark.parametrize(
    ("keys", "code"),
    [
        ('period: "three years"', "bad-policy-value"),
        ('period: "0 years"', "bad-policy-value"),
        ('period: "101 years"', "bad-policy-value"),
        ('period: "3 years"\n  restarts: "prayer"', "bad-policy-value"),
        ('period: "3 years"\n  after-expiry: "suit"', "bad-policy-value"),
        ('period: "3 years"\n  warn: "30, 30"', "bad-policy-value"),
        ('period: "3 years"\n  warn: 0.5', "bad-policy-value"),
        ('period: "3 years"\n  latest: "2028"', "bad-policy-value"),
        ('period: "3 years"\n  restart: "suit"', "unknown-policy-key"),
        ('restarts: "suit"', "policy-contradicts-itself"),
        ('period: "3 years"\n  restarts: "suit"\n  suspends: "suit"', "policy-contradicts-itself"),
        ('period: "3 years"\n  after-expiry: "promise"', "policy-contradicts-itself"),
        ('period: "3 years"\n  stays-suspended: "6 months"', "policy-contradicts-itself"),
        ('period: "3 years"\n  long-stop: "35 months"', "policy-contradicts-itself"),
    ],
)
def test_a_policy_that_cannot_be_meant_is_an_error_and_counts_for_nothing(keys: str, code: str) -> None:
    text = claims("QQ").text + f'2000-01-01 custom "receivables-policy" "limitation" "QQ"\n  {keys}\n'
    story = Told(text)
    assert story.codes == [code]
    assert only(story, "2021-01-01")["status"] == "no policy"


# Warnings, order, amounts, faces


@pytest.mark.parametrize(
    ("left", "warning"),
    [(181, ""), (180, "180 days"), (91, "180 days"), (90, "90 days"), (31, "90 days"), (30, "30 days"), (0, "30 days"),
     (-1, "expired")],
)  # fmt: skip
def test_warnings_come_at_their_thresholds(left: int, warning: str) -> None:
    row = only(claims("UK"), str(day("2026-05-10") - datetime.timedelta(days=left)))
    assert (row["days_left"], row["warning"]) == (left, warning)


def test_thresholds_are_those_of_the_claims_policy_else_of_the_policy_without_a_name_on_the_as_of_date() -> None:
    text = claims("UK").text + '\n2026-01-01 custom "receivables-policy" "limitation"\n  warn: "20, 365"\n'
    assert only(Told(text), "2025-12-31")["warning"] == "180 days"
    assert only(Told(text), "2026-01-01")["warning"] == "365 days"
    assert only(Told(text), "2026-04-20")["warning"] == "20 days"
    own = text + '\n2020-01-01 custom "receivables-policy" "limitation" "UK"\n  period: "6 years"\n  warn: 200\n'
    assert only(Told(own), "2026-01-01")["warning"] == "200 days"


def test_only_what_somebody_owes_is_listed_the_most_urgent_first() -> None:
    story = claims(
        "UK",
        """
        2020-04-10 * "Hanoi Tower" "Settled" ^INV-2
          Assets:Receivable:HanoiTower  100 USD
          Income:Sales
        2020-04-10 * "Old Mill" "No policy" ^INV-3
          Assets:Receivable:OldMill  100 USD
          Income:Sales
        2020-03-01 * "Old Mill" "Older" ^INV-4
          limitation: "UK"
          Assets:Receivable:OldMill  2,500,000 VND
          Income:Sales
        2020-05-01 * "Old Mill" "On account" ^RC-3
          Assets:Bank  50 USD
          Assets:Receivable:OldMill  -50 USD
        2020-05-31 * "Closing rate" #revaluation ^RV-1
          Assets:Receivable:OldMill  7 USD
          Income:FX
        """
        + receipt("2020-05-02", "RC-2", settles="INV-2"),
    )
    assert [row["number"] for row in story.rows("limitation", "2020-06-01")] == ["INV-4", "INV-1", "INV-3"]
    notes = story.report("limitation", "2026-06-01").notes
    assert "Expired and neither sued for nor written off: 2 of these claims, 1,000.00 USD, 2,500,000 VND." in notes
    assert [row["number"] for row in story.rows("limitation", "2020-06-01", "status=running")] == ["INV-4", "INV-1"]
    assert [row["number"] for row in story.rows("limitation", "2020-06-01", customer="OldMill")] == ["INV-4", "INV-3"]


def test_a_note_names_the_source_of_each_policy_that_is_shown() -> None:
    text = claims("UK").text.replace(
        'proof: "acknowledgement"\n', 'proof: "acknowledgement"\n  source: "Seen in a copy"\n', 3
    )
    assert [note for note in Told(text).report("limitation", "2021-01-01").notes if "Seen" in note] == [
        "UK of 1981-05-01: Seen in a copy"
    ]


def test_the_command_shows_the_claims_and_tells_what_has_no_proof(tmp_path: Any) -> None:
    path = tmp_path / "main.beancount"
    path.write_text(claims("CN", note("2021-06-01", "#demand ^INV-1")).text)
    result = CliRunner().invoke(main, ["limitation", str(path), "--as-of", "2021-07-01", "--format", "csv"])
    assert result.exit_code == 0
    assert "INV-1" in result.stdout
    assert str(tmp_path) not in result.stdout
    assert "the demand of 2021-06-01 would let the limitation period run anew" in result.stderr


def test_dates_at_the_end_of_the_calendar_are_no_error() -> None:
    for rule in ("DE", "UK", "CN", "FR"):
        story = claims(rule, note("9999-12-31", "#acknowledgement ^INV-1", PROOF), due="9998-12-31", date="9998-12-01")
        assert last(story, "9999-12-31") == "9999-12-31"


# What always holds

DATES = st.dates(datetime.date(2015, 1, 1), datetime.date(2035, 12, 31))
SPANS = st.sampled_from(
    [read_span(text) for text in ("90 days", "18 months", "1 year", "2 years", "3 years", "6 years")]
)
SUBSETS = st.frozensets(st.sampled_from(ACTS))


@st.composite
def policies(draw: st.DrawFn) -> Limitation:
    """Any policy that can be written."""
    restarts = draw(SUBSETS)
    return Limitation(
        "X", datetime.date(2000, 1, 1), "", "", draw(SPANS), "due", False,
        long_stop=draw(st.none() | st.just(Span("20 years", 240, 0)) | st.just(Span("8 years", 96, 0))),
        latest=draw(st.none() | DATES), restarts=restarts,
        revives=draw(SUBSETS) & restarts - PROCEEDINGS.keys(), suspends=draw(SUBSETS) & PROCEEDINGS.keys() - restarts,
        proof=draw(SUBSETS) & {*BY_DEBTOR, *BY_CREDITOR}, stays=draw(st.none() | st.just(Span("6 months", 6, 0))),
    )  # fmt: skip


@st.composite
def acts(draw: st.DrawFn) -> Act:
    """Anything that may happen."""
    kind, date = draw(st.sampled_from(ACTS)), draw(DATES)
    end = draw(st.none() | st.integers(0, 900)) if kind in PROCEEDINGS else None
    over = None if end is None else date + datetime.timedelta(days=end)
    result = draw(st.sampled_from(["", "withdrawn"])) if over is not None else ""
    return Act(date, kind, kind, "", "", draw(st.booleans()), over, result, draw(st.sampled_from(["", "allocated"])))


@st.composite
def claimed(draw: st.DrawFn) -> Claim:
    """A claim, counted from its due date or another day near it."""
    due = draw(DATES)
    start = due + datetime.timedelta(days=draw(st.integers(-60, 365)))
    return Claim(due, start, f"due {due}")


def later(one: Outcome, other: Outcome) -> bool:
    """Whether the first lives at least as long as the second."""
    return (one.last_day or datetime.date.max) >= (other.last_day or datetime.date.max)


@given(policies(), claimed(), st.lists(acts(), max_size=5))
def test_no_claim_expires_before_it_is_due(policy: Limitation, claim: Claim, happened: list[Act]) -> None:
    found = outcome(policy, claim, happened)
    assert found.last_day is None or found.last_day >= claim.due
    assert outcome(policy, claim, happened[::-1]) == found


@given(policies(), claimed())
def test_without_events_it_is_the_period(policy: Limitation, claim: Claim) -> None:
    free = policy._replace(long_stop=None, latest=None)
    found = outcome(free, claim, [])
    assert found.last_day == max(policy.period.after(claim.start), claim.due)
    assert found.restart is None


@given(policies(), claimed(), st.lists(acts(), max_size=4), acts())
def test_a_further_restart_never_makes_the_day_earlier(
    policy: Limitation, claim: Claim, happened: list[Act], further: Act
) -> None:
    more = further._replace(kind=PART_PAYMENT, end=None, result="", proven=True, doubt="")
    asked = policy._replace(restarts=policy.restarts | {PART_PAYMENT})
    assert later(outcome(asked, claim, [*happened, more]), outcome(asked, claim, happened))


@given(policies(), claimed(), st.lists(acts(), max_size=4))
def test_what_is_in_doubt_restarts_nothing(policy: Limitation, claim: Claim, happened: list[Act]) -> None:
    sure = [act for act in happened if not act.doubt or act.kind in PROCEEDINGS]
    found, expected = outcome(policy, claim, happened), outcome(policy, claim, sure)
    assert (found.last_day, found.restart, found.held) == (expected.last_day, expected.restart, expected.held)


@given(policies(), claimed(), st.lists(acts(), max_size=4), st.integers(0, 3000))
def test_what_is_charged_for_a_claim_never_lives_longer(
    policy: Limitation, claim: Claim, happened: list[Act], days: int
) -> None:
    end = claim.due + datetime.timedelta(days=days)
    found = outcome(policy, claim._replace(end=end, end_of="INV-1"), happened)
    assert found.held or (found.last_day is not None and found.last_day <= end)
    assert later(outcome(policy, claim, happened), found)


@given(policies(), claimed(), st.lists(acts(), max_size=4))
def test_proof_never_makes_the_day_earlier(policy: Limitation, claim: Claim, happened: list[Act]) -> None:
    proven = [act._replace(proven=True) for act in happened]
    assert later(outcome(policy, claim, proven), outcome(policy, claim, happened))
    assert outcome(policy, claim, proven).unproven == ()


KINDS_OF_NOTES = ("acknowledgement", "promise", "demand", "reminder-2", "suit", "suit-ended", "insolvency", "call")


@given(
    st.sampled_from(["VN", "CN", "UK", "DE", "FR", "AE", "EG", "MY", "US"]),
    st.lists(st.tuples(DATES, st.sampled_from(KINDS_OF_NOTES), st.booleans(), st.booleans()), max_size=6),
    st.lists(DATES, max_size=3),
    DATES,
)
def test_what_is_booked_for_later_days_changes_nothing(
    rule: str, events: list[tuple[datetime.date, str, bool, bool]], paid: list[datetime.date], as_of: datetime.date
) -> None:
    """The relation as of a day is that of the ledger cut off after that day."""

    def ledger(until: datetime.date) -> Told:
        text = "".join(
            note(str(date), f"#{kind}" + (" ^INV-1" if linked else ""), PROOF if proven else "by: 2036-01-01")
            for date, kind, linked, proven in events
            if date <= until
        )
        text += "".join(receipt(str(date), f"RC-{n}", "10 USD") for n, date in enumerate(paid) if date <= until)
        invoice = claims(rule, due="2015-03-01", date="2015-01-01").text
        return Told(invoice + unindented(text) + "\n")

    rows = [
        [{**row, "line": 0} for row in ledger(until).rows("limitation", str(as_of))]
        for until in (as_of, day("2036-01-01"))
    ]
    assert [strip(row) for row in rows[0]] == [strip(row) for row in rows[1]]


def strip(row: dict[str, Any]) -> dict[str, Any]:
    """The row without the lines of the ledger, which move when entries are left out."""
    return {key: value for key, value in row.items() if key not in ("calculation", "restarted_by", "line")}
