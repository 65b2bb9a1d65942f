"""Write-offs: what may be given up, with what evidence and whose approval; what was, and what came back."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount.core.data import Transaction
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.ledgers import COMPANY, Told, day, told, unindented
from tests.random_ledgers import DATES, RandomLedger, random_ledgers

from bean_ar.main import main
from receivables.facts import KINDS
from receivables.loading import load_book
from receivables.posting.provision import propose as propose_provision
from receivables.posting.text import directive
from receivables.posting.write_off import propose
from receivables.relations.question import Question, read_condition
from receivables.report import totals
from receivables.rules.bad_debts import flows
from receivables.rules.write_off_policy import read_amounts, read_approvers, read_evidence
from receivables.view import view

BOOKS = COMPANY.replace("2025-01-01 open", "2020-01-01 open") + (
    "2020-01-01 open Assets:DoubtfulDebts\n2020-01-01 open Expenses:DoubtfulDebts\n"
    "2020-01-01 open Income:Recoveries\n2020-01-01 open Expenses:SmallDifferences\n"
)
"""Three customers, and the accounts of allowance and recoveries."""

INVOICE = """
2023-01-01 * "Old Mill" "Lift 7" ^INV-1
  due: 2023-01-31
  Assets:Receivable:OldMill      1,000.00 USD
  Income:Sales
"""
"""Due on 31 January 2023: 1,095 days later it is 30 January 2026."""


def policy(*lines: str, date: str = "2020-01-01", name: str = "") -> str:
    """A policy "write-off" with these keys."""
    words = f' "{name}"' if name else ""
    return f'{date} custom "receivables-policy" "write-off"{words}\n' + "".join(f"  {line}\n" for line in lines)


def books(*parts: str, problems: Sequence[str] = (), company: str = BOOKS) -> Told:
    """The ledger of these parts, each indented as the test has it."""
    return told("\n".join(unindented(part) for part in parts), problems=problems, company=company)


def proposals(story: Told, as_of: str, *where: str) -> dict[str, dict[str, Any]]:
    """The rows of write_off_proposals by number and instalment: "INV-1/2"."""
    found = {}
    for row in story.rows("write_off_proposals", as_of, *where):
        instalment = f"/{row['instalment']}" if row["instalment"] else ""
        found[f"{row['number']}{instalment}"] = row
    return found


def missing(story: Told, as_of: str, number: str = "INV-1") -> str:
    """What a document still lacks."""
    return str(proposals(story, as_of)[number]["missing"])


def text_of(story: Told, as_of: str, **asked: Any) -> str:
    """The ledger text of what is proposed for booking."""
    found = propose(story.book, day(as_of), **asked)
    return "\n".join(directive(entry) for proposal in found for entry in proposal.entries)


def booked(story: Told, as_of: str, **asked: Any) -> Told:
    """The ledger with what is proposed, loaded again; Beancount finds nothing wrong with it."""
    again = Told(story.text + "\n" + text_of(story, as_of, **asked))
    assert [error.message for error in again.errors] == []
    assert again.codes == story.codes
    again.assert_ties_out()
    return again


# Reasons


def test_a_claim_is_old_enough_on_the_day_and_not_the_day_before() -> None:
    story = books(policy("age: 1095"), INVOICE)
    assert proposals(story, "2026-01-29") == {}
    row = proposals(story, "2026-01-30")["INV-1"]
    assert (row["reason"], row["ready"], row["missing"], row["days_overdue"]) == ("age", True, "", 1095)
    assert row["calculation"] == "1,095 days overdue, at least 1,095"
    assert row["outstanding"] == Decimal("1000.00")
    assert row["account_to_debit"] == "Expenses:BadDebt"
    assert row["approval"] == "not needed"
    line = next(n for n, text in enumerate(story.text.split("\n"), 1) if '"write-off"' in text)
    assert row["policy"] == f"write-off of 2020-01-01 (<string>:{line})"


def test_the_policy_of_the_as_of_date_decides() -> None:
    story = books(policy("age: 1095", date="2026-02-01"), policy("age: 2000", date="2026-03-01"), INVOICE)
    assert proposals(story, "2026-01-31") == {}
    assert story.report("write_off_proposals", "2026-01-31").notes == (
        'No policy "write-off" is in force on 2026-01-31: nothing is proposed.',
    )
    assert list(proposals(story, "2026-02-28")) == ["INV-1"]
    assert proposals(story, "2026-03-01") == {}
    assert story.report("write_off_proposals", "2026-03-01").notes == ()


SMALL = """
2026-01-01 * "Five" ^INV-5
  Assets:Receivable:OldMill          5.00 USD
  Income:Sales
2026-01-01 * "A cent more" ^INV-6
  Assets:Receivable:HanoiTower       5.01 USD
  Income:Sales
2026-01-01 * "Fifty thousand" ^INV-7
  Assets:Receivable:BlueReef        50,000 VND
  Income:Sales
2026-01-01 * "A dong more" ^INV-8
  Assets:Receivable:BlueReef        50,001 VND
  Income:Sales
2026-01-01 * "A currency without a limit" ^INV-9
  Assets:Receivable:OldMill          0.01 EUR
  Income:Sales
"""


def test_small_balances_by_currency_up_to_the_limit() -> None:
    story = books(policy('small: "5 USD, 50,000 VND"'), SMALL)
    found = proposals(story, "2026-01-01")
    assert sorted(found) == ["INV-5", "INV-7"]
    assert found["INV-7"]["calculation"] == "50,000 VND open, up to 50,000 VND"
    assert proposals(story, "2025-12-31") == {}


def test_small_balances_only_after_some_days() -> None:
    story = books(policy('small: "5 USD"', "small-after: 30"), SMALL)
    assert proposals(story, "2026-01-30") == {}
    found = proposals(story, "2026-01-31")["INV-5"]
    assert found["calculation"] == "5.00 USD open, up to 5 USD; 30 days overdue, at least 30"


def test_an_amount_that_beancount_reads_itself_is_a_limit_too() -> None:
    assert sorted(proposals(books(policy("small: 5 USD"), SMALL), "2026-01-31")) == ["INV-5"]


def test_a_balance_is_small_when_the_whole_document_is() -> None:
    story = books(
        policy("small: 5 USD"),
        """
        2026-01-01 * "Two instalments" ^INV-1
          Assets:Receivable:OldMill          3.00 USD
            due: 2026-01-10
          Assets:Receivable:OldMill          3.00 USD
            due: 2026-03-10
          Income:Sales
        2026-02-01 * "Part of the second" ^RC-1
          Assets:Bank                        1.00 USD
          Assets:Receivable:OldMill
            settles: "INV-1/2"
        """,
    )
    assert proposals(story, "2026-01-31") == {}
    # 3.00 and 2.00 are open; only what is due goes.
    assert list(proposals(story, "2026-02-01")) == ["INV-1/1"]
    assert list(proposals(story, "2026-03-10")) == ["INV-1/1", "INV-1/2"]


def test_insolvency_from_its_day_due_or_not() -> None:
    story = books(
        policy("insolvent: TRUE"),
        """
        2026-01-01 * "Not due yet" ^INV-1
          due: 2026-12-31
          Assets:Receivable:OldMill        700.00 USD
          Income:Sales
        2026-01-01 * "Somebody else's" ^INV-2
          Assets:Receivable:BlueReef       700.00 USD
          Income:Sales
        2026-02-10 note Assets:Receivable:OldMill "Court notice 12/2026" #insolvency
        2026-03-10 note Assets:Receivable:OldMill "Nothing left to distribute" #insolvency-ended
        2026-04-10 note Assets:Receivable:OldMill "Petition withdrawn" #insolvency-ended
          result: "withdrawn"
        """,
    )
    assert proposals(story, "2026-02-09") == {}
    row = proposals(story, "2026-02-10")["INV-1"]
    assert (row["reason"], row["days_overdue"], row["ready"]) == ("insolvent", 0, True)
    assert row["evidence"] == row["calculation"]
    assert row["evidence"].startswith("insolvency 2026-02-10 (<string>:")
    assert list(proposals(story, "2026-04-09")) == ["INV-1"]
    assert proposals(story, "2026-04-10") == {}


@pytest.mark.parametrize(
    ("said", "calculation"),
    [
        ("TRUE", "insolvent: yes"),
        ('"court notice 12/2026"', "insolvent: court notice 12/2026"),
        ("2026-02-10", "insolvent since 2026-02-10"),
        ("2026-02-11", None),
        ("FALSE", None),
        ('"no"', None),
    ],
)
def test_insolvent_by_a_word_on_the_account(said: str, calculation: str | None) -> None:
    company = BOOKS.replace("Assets:Receivable:OldMill\n", f"Assets:Receivable:OldMill\n  insolvent: {said}\n")
    found = proposals(books(policy('insolvent: "yes"'), INVOICE, company=company), "2026-02-10")
    assert (found["INV-1"]["calculation"] if found else None) == calculation


def test_a_claim_expires_the_day_after_its_last_day() -> None:
    story = books(
        policy("expired: TRUE"),
        """
        2020-01-01 custom "receivables-policy" "limitation"
          period: "3 years"
        """,
        INVOICE,
    )
    assert proposals(story, "2026-01-31") == {}
    row = proposals(story, "2026-02-01")["INV-1"]
    assert (row["reason"], row["calculation"]) == (
        "expired",
        "last day 2026-01-31: due 2023-01-31 + 3 years = 2026-01-31",
    )
    assert proposals(books(policy("expired: FALSE"), INVOICE), "2026-02-01") == {}


def test_the_reason_is_the_first_that_lacks_no_paper() -> None:
    papers = 'evidence-insolvent: "court-notice"'
    story = books(
        policy("age: 100", "insolvent: TRUE", papers, "small: 2,000 USD", 'evidence-small: "demand"'),
        INVOICE,
        """
        2026-02-01 note Assets:Receivable:OldMill "Petition" #insolvency
        2026-02-02 note Assets:Receivable:OldMill "By registered mail" #demand
        """,
    )
    assert proposals(story, "2026-02-01")["INV-1"]["reason"] == "age"
    assert proposals(story, "2026-02-02")["INV-1"]["reason"] == "small balance"


def test_a_policy_named_by_an_entity_stands_instead_of_the_other() -> None:
    company = BOOKS.replace("Assets:Receivable:OldMill\n", 'Assets:Receivable:OldMill\n  entity: "KH"\n')
    other = INVOICE.replace("OldMill", "BlueReef").replace("INV-1", "INV-2")
    story = books(policy("age: 100"), policy('expired: "no"', name="KH"), INVOICE, other, company=company)
    assert list(proposals(story, "2026-02-01")) == ["INV-2"]
    story = books(policy("age: 100", name="KH"), INVOICE, other, company=company)
    assert list(proposals(story, "2026-02-01")) == ["INV-1"]
    assert proposals(story, "2026-02-01")["INV-1"]["policy"].startswith('write-off "KH" of 2020-01-01 (')


def test_credits_refunds_and_what_is_paid_are_never_given_up() -> None:
    story = books(
        policy('small: "5,000 USD"', 'credits: "yes"'),
        INVOICE,
        """
        2023-02-01 * "Paid" ^RC-1
          Assets:Bank                      1,000.00 USD
          Assets:Receivable:OldMill
            settles: "INV-1"
        2023-02-02 * "On account" ^RC-2
          Assets:Bank                          3.00 USD
          Assets:Receivable:OldMill
        2023-02-03 * "Sent back" #refund ^RF-1
          Assets:Receivable:OldMill            4.00 USD
            settles: "RC-2"
          Assets:Bank
        """,
        problems=["more-than-open"],
    )
    assert story.open_on("2026-01-01") == {"RF-1": "1.00 USD"}
    assert proposals(story, "2026-01-01") == {}


# Evidence


def evidence(*notes: str) -> Told:
    """An old invoice whose policy wants papers, and these notes."""
    wanted = 'evidence-age: "contract, confirmation or demand with proof"'
    return books(policy("age: 100", wanted), INVOICE, *notes)


CONTRACT = '2022-12-01 note Assets:Receivable:OldMill "Signed" #contract\n'
DEMAND = '2025-06-01 note Assets:Receivable:OldMill "Registered" #demand ^INV-1\n'
PROOF = '  proof: "RR 123"\n'


def test_each_paper_that_lacks_is_named() -> None:
    assert missing(evidence(), "2026-01-01") == "contract; confirmation or demand with proof"
    assert missing(evidence(CONTRACT), "2026-01-01") == "confirmation or demand with proof"
    assert missing(evidence(CONTRACT, DEMAND), "2026-01-01") == "confirmation or demand with proof"
    assert missing(evidence(CONTRACT, DEMAND + PROOF), "2026-01-01") == ""


def test_a_paper_counts_from_its_day() -> None:
    story = evidence(CONTRACT, DEMAND + PROOF)
    assert missing(story, "2025-05-31") == "confirmation or demand with proof"
    row = proposals(story, "2025-06-01")["INV-1"]
    assert row["ready"]
    assert [part[:18] for part in row["evidence"].split("; ")] == ["contract 2022-12-0", "demand 2025-06-01 "]


@pytest.mark.parametrize(
    ("note", "counts"),
    [
        ('2023-01-01 note Assets:Receivable:OldMill "All of it" #confirmation', True),
        ('2022-12-31 note Assets:Receivable:OldMill "Before the invoice" #confirmation', False),
        ('2022-12-31 note Assets:Receivable:OldMill "Linked" #confirmation ^INV-1', True),
        ('2025-01-01 note Assets:Receivable:OldMill "Another document" #confirmation ^INV-2', False),
        ('2025-01-01 note Assets:Receivable:BlueReef "Another customer" #confirmation', False),
    ],
)
def test_whose_paper_it_is(note: str, counts: bool) -> None:
    story = Told(BOOKS + policy("age: 100", 'evidence-age: "confirmation"') + INVOICE + note + "\n")
    assert proposals(story, "2026-01-01")["INV-1"]["ready"] is counts


def test_a_paper_of_the_contract_is_the_documents() -> None:
    contract = '2022-12-01 custom "receivables-contract" "HD-7" Assets:Receivable:OldMill\n'
    invoice = INVOICE.replace("  due:", '  contract: "HD-7"\n  due:')
    note = '2022-12-01 note Assets:Receivable:OldMill "Handed over" #handover ^HD-7\n'
    wanted = policy("age: 100", 'evidence-age: "handover"')
    story = Told(BOOKS + wanted + contract + invoice + note)
    assert proposals(story, "2026-01-01")["INV-1"]["ready"]


# Approval


def approval(*notes: str, amount: str = "1,000.01", said: str = "", more: str = "") -> Told:
    """An invoice of an amount, the limits of three approvers, and these notes."""
    limits = said or "manager; director above 1,000 USD, 25,000,000 VND; board above 10,000 USD"
    return books(
        policy("age: 100", f'approval: "{limits}"'), INVOICE.replace("1,000.00 USD", f"{amount} USD"), more, *notes
    )


def note(date: str, text: str, *meta: str, links: str = "^INV-1", kind: str = "approval") -> str:
    """A note on the account of Old Mill."""
    below = "".join(f"  {line}\n" for line in meta)
    return f'{date} note Assets:Receivable:OldMill "{text}" #{kind} {links}\n{below}'


@pytest.mark.parametrize(
    ("amount", "who"),
    [
        ("1,000.00", "manager"),
        ("1,000.01", "director"),
        ("10,000.00", "director"),
        ("10,000.01", "board"),
    ],
)
def test_whose_approval_is_needed(amount: str, who: str) -> None:
    row = proposals(approval(amount=amount), "2026-01-01")["INV-1"]
    assert (row["approval"], row["missing"]) == (f"needed from {who}", f"approval of {who}")
    assert not row["ready"]


def test_below_the_first_limit_nobody_has_to() -> None:
    story = approval(amount="1,000.00", said="director above 1,000 USD")
    assert proposals(story, "2026-01-01")["INV-1"]["approval"] == "not needed"


def test_a_currency_without_a_limit_needs_the_highest() -> None:
    story = books(policy("age: 100", 'approval: "manager; director above 9 USD"'), INVOICE.replace("USD", "EUR"))
    assert missing(story, "2026-01-01") == "approval of director"


def test_an_approval_counts_from_its_day() -> None:
    story = approval(note("2025-12-18", "Approved by the Director"))
    assert missing(story, "2025-12-17") == "approval of director"
    row = proposals(story, "2025-12-18")["INV-1"]
    assert row["ready"]
    line = next(n for n, text in enumerate(story.text.split("\n"), 1) if "Approved by" in text)
    assert row["approval"] == f"given by director, 2025-12-18 (<string>:{line})"


@pytest.mark.parametrize(
    ("given", "enough"),
    [
        (note("2025-12-18", "Approved by the board"), True),
        (note("2025-12-18", "Approved by the manager"), False),
        (note("2025-12-18", "Approved"), False),
        (note("2025-12-18", "Asked the codirectors"), False),
        (note("2025-12-18", "Ok", 'approver: "Director"'), True),
        (note("2025-12-18", "The director wants it", 'approver: "manager"'), False),
        (note("2025-12-18", "Director: may pay in two parts", 'for: "payment plan"'), False),
        (note("2025-12-18", "Director: give it up", 'for: "write-off"'), True),
        (note("2025-12-18", "Director: all of it", links=""), False),
        (note("2025-12-18", "Director", "amount: 1,000.01"), True),
        (note("2025-12-18", "Director", "amount: 1,000.00 USD"), False),
        (note("2025-12-18", "Director", "amount: 9,000 EUR"), False),
    ],
)
def test_which_notes_are_an_approval(given: str, enough: bool) -> None:
    assert proposals(approval(given), "2026-01-01")["INV-1"]["ready"] is enough


def test_an_approval_covers_what_was_open_on_its_day() -> None:
    bounced = """
        2025-01-01 * "Cheque" ^RC-1
          Assets:Bank                        600.00 USD
          Assets:Receivable:OldMill
            settles: "INV-1"
        2025-12-20 * "Cheque returned" #reversal ^RC-1
          Assets:Receivable:OldMill          600.00 USD
          Assets:Bank
    """
    story = approval(note("2025-12-18", "Director"), amount="2,000.00", more=bounced)
    assert missing(story, "2025-12-19") == ""
    assert missing(story, "2025-12-20") == "approval of director; that of 2025-12-18 covers 1,400.00 USD"


def test_an_amount_for_two_documents_goes_to_the_older_first() -> None:
    second = INVOICE.replace("INV-1", "INV-2").replace("2023-01-31", "2023-02-28")
    both = note("2025-12-18", "Director", "amount: 1,500 USD", links="^INV-1 ^INV-2")
    story = approval(both, amount="1,000.00", more=second, said="director")
    assert missing(story, "2026-01-01", "INV-1") == ""
    assert missing(story, "2026-01-01", "INV-2") == "approval of director; that of 2025-12-18 covers 500.00 USD"
    # What was written off has used it up: the second does not get what the first had.
    again = booked(story, "2026-01-01")
    assert missing(again, "2026-01-02", "INV-2") == "approval of director; that of 2025-12-18 covers 500.00 USD"


def test_what_was_written_off_on_the_day_of_the_approval_is_not_taken_off_twice() -> None:
    """What was open at the end of the day is without it already: the approval covers the 600 that were left."""
    part = """
        2025-12-18 * "Part" #write-off ^WO-1
          Expenses:BadDebt                   400.00 USD
          Assets:Receivable:OldMill
            settles: "INV-1"
    """
    given = note("2025-12-18", "Director")
    assert missing(approval(given, amount="1,000.00", said="director", more=part), "2025-12-19") == ""
    later = part.replace("2025-12-18", "2025-12-19")
    # What was written off the day after came out of the 1,000 that it covered; 600 of them are left.
    assert missing(approval(given, amount="1,000.00", said="director", more=later), "2025-12-19") == ""


TWO_INSTALMENTS = """
2023-01-01 * "Two instalments" ^INV-1
  Assets:Receivable:OldMill          300.00 USD
    due: 2023-01-10
  Assets:Receivable:OldMill          700.00 USD
    due: 2023-03-10
  Income:Sales
"""


@pytest.mark.parametrize(
    ("link", "amount", "ready"),
    [
        ("^INV-1/2", "amount: 700.00 USD", ["INV-1/2"]),
        ("^INV-1/2", "amount: 699.99 USD", []),
        ("^INV-1/2", "amount: 1,000.00 USD", ["INV-1/2"]),
        ("^INV-1/1", "amount: 300", ["INV-1/1"]),
        ("^INV-1/2", None, ["INV-1/2"]),
        ("^INV-1 ^INV-1/2", "amount: 1,000.00 USD", ["INV-1/1", "INV-1/2"]),
        ("^INV-1", "amount: 999.99 USD", ["INV-1/1"]),
        ("^INV-1/3", "amount: 700.00 USD", []),
    ],
)
def test_an_approval_of_one_instalment(link: str, amount: str | None, ready: list[str]) -> None:
    """It covers that instalment, with an amount as without; linked twice, it counts once."""
    given = note("2025-12-18", "Director", *([amount] if amount else []), links=link)
    story = books(policy("age: 100", 'approval: "director"'), TWO_INSTALMENTS, given)
    assert [label for label, row in proposals(story, "2026-01-01").items() if row["ready"]] == ready


def test_an_approval_of_the_only_instalment() -> None:
    """INV-1/1 is all of a document that has no instalments, as `settles:` reads it."""
    story = approval(note("2025-12-18", "Director", "amount: 1,000.01 USD", links="^INV-1/1"))
    assert missing(story, "2026-01-01") == ""


def test_an_approval_of_a_document_that_is_called_like_an_instalment() -> None:
    """A document's own number goes before an instalment of another one."""
    called = INVOICE.replace("^INV-1", "^INV-1/2").replace("1,000.00", "700.00")
    for words in ((), ("amount: 700.00 USD",)):
        given = note("2025-12-18", "Director", *words, links="^INV-1/2")
        story = books(policy("age: 100", 'approval: "director"'), TWO_INSTALMENTS, called, given)
        approved = [
            (row["number"], row["instalment"])
            for row in story.rows("write_off_proposals", "2026-01-01")
            if row["missing"] != "approval of director" and "approval" not in row["missing"]
        ]
        assert approved == [("INV-1/2", None)]


def test_an_approval_is_used_up_by_the_write_off_even_when_that_is_taken_back() -> None:
    story = booked(approval(note("2025-12-18", "Director")), "2026-01-01")
    assert proposals(story, "2026-01-01") == {}
    undone = Told(
        story.text
        + '2026-02-01 * "It pays" #reversal ^WO-2026-01\n'
        + "  Assets:Receivable:OldMill  1,000.01 USD\n  Expenses:BadDebt\n"
    )
    assert missing(undone, "2026-02-01") == "approval of director; that of 2025-12-18 covers 0.00 USD"


# What speaks against it


def test_what_is_disputed_waits_for_the_end_of_the_dispute() -> None:
    notes = [
        note("2025-06-01", "The doors were late", "amount: 40.00", kind="dispute"),
        note("2025-08-01", "Settled", kind="dispute-resolved"),
    ]
    story = books(policy("age: 100"), INVOICE, *notes)
    assert missing(story, "2025-05-31") == ""
    assert missing(story, "2025-07-31").startswith("an end of the dispute 2025-06-01 (<string>:")
    assert missing(story, "2025-07-31").endswith(") over 40.00 USD")
    assert missing(story, "2025-08-01") == ""
    assert missing(books(policy("age: 100", 'disputed: "yes"'), INVOICE, *notes), "2025-07-31") == ""


def test_what_is_promised_for_a_later_day_waits_for_that_day() -> None:
    promise = note("2025-06-01", "Will pay", "amount: 500 USD", "by: 2025-06-20", kind="promise")
    story = books(policy("age: 100"), INVOICE, promise)
    assert missing(story, "2025-05-31") == ""
    assert missing(story, "2025-06-19").startswith("the day of the promise 2025-06-01 (<string>:")
    assert missing(story, "2025-06-19").endswith("), 2025-06-20")
    assert missing(story, "2025-06-20") == ""
    assert missing(books(policy("age: 100", 'promised: "yes"'), INVOICE, promise), "2025-06-19") == ""


def test_a_promise_that_is_kept_holds_nothing_up() -> None:
    paid = """
        2025-06-10 * "Part" ^RC-1
          Assets:Bank                        {} USD
          Assets:Receivable:OldMill
            settles: "INV-1"
    """
    promise = note("2025-06-01", "Will pay", "amount: 500", "by: 2025-06-20", kind="promise")
    assert missing(books(policy("age: 100"), INVOICE, promise, paid.format("500.00")), "2025-06-19") == ""
    assert missing(books(policy("age: 100"), INVOICE, promise, paid.format("499.99")), "2025-06-19") != ""


def test_a_promise_for_one_instalment_that_is_kept() -> None:
    """What was paid of that instalment counts; the other one was never promised."""
    paid = """
        2025-06-10 * "The second" ^RC-1
          Assets:Bank                        200.00 USD
          Assets:Receivable:OldMill
            settles: "INV-1/{}"
    """
    promise = note("2025-06-01", "Will pay", "amount: 200", "by: 2025-06-20", kind="promise", links="^INV-1/2")
    for instalment, ready in ((2, ["INV-1/1", "INV-1/2"]), (1, ["INV-1/1"])):
        # The links of a promise are looked up by the book as well; that is not what is told here.
        story = Told(BOOKS + policy("age: 100") + TWO_INSTALMENTS + promise + unindented(paid.format(instalment)))
        assert [label for label, row in proposals(story, "2025-06-19").items() if row["ready"]] == ready


def test_a_credit_of_the_customer_is_used_first() -> None:
    credit = """
        2025-06-01 * "On account" ^RC-9
          Assets:Bank                        50.00 USD
          Assets:Receivable:OldMill
        2025-07-01 * "And moved" #apply
          Assets:Receivable:OldMill          50.00 USD
            settles: "RC-9"
          Assets:Receivable:OldMill         -50.00 USD
            settles: "INV-1"
    """
    story = books(policy("age: 100"), INVOICE, credit)
    assert missing(story, "2025-05-31") == ""
    assert missing(story, "2025-06-30") == "use of the credit RC-9 of 50.00 USD"
    assert missing(story, "2025-07-01") == ""
    assert missing(books(policy("age: 100", 'credits: "yes"'), INVOICE, credit), "2025-06-30") == ""
    other = credit.split("2025-07-01", maxsplit=1)[0].replace("USD", "EUR")
    assert missing(books(policy("age: 100"), INVOICE, other), "2025-06-30") == ""


# The account


ALLOWANCE = """
2025-12-31 * "For Old Mill" {links}
  customer: "OldMill"
  Expenses:DoubtfulDebts     {amount} USD
  Assets:DoubtfulDebts
"""


def debits(story: Told, as_of: str = "2026-01-31", number: str = "INV-1") -> str:
    """The accounts that take a write-off."""
    return str(proposals(story, as_of)[number]["account_to_debit"])


def test_what_is_provided_for_the_customer_takes_it_and_bad_debt_the_rest() -> None:
    story = books(policy("age: 100"), INVOICE, ALLOWANCE.format(links="", amount="700.00"))
    assert debits(story, "2025-12-30") == "Expenses:BadDebt"
    assert debits(story) == "Assets:DoubtfulDebts 700.00 USD, Expenses:BadDebt 300.00 USD"
    story = books(
        policy("age: 100"),
        INVOICE,
        ALLOWANCE.format(links="", amount="700.00"),
        ALLOWANCE.format(links="", amount="50.00").replace("2025-12-31", "2026-02-01"),
    )
    assert debits(story) == "Assets:DoubtfulDebts 700.00 USD, Expenses:BadDebt 300.00 USD"
    again = booked(story, "2026-01-31")
    assert proposals(again, "2026-02-01") == {}
    (row,) = again.rows("bad_debts", "2026-02-01")
    assert row["written_off"] == Decimal("1000.00")


def test_what_is_provided_for_one_document_is_kept_for_it() -> None:
    second = INVOICE.replace("INV-1", "INV-2").replace("1,000.00", "500.00")
    story = books(policy("age: 100"), INVOICE, second, ALLOWANCE.format(links="^INV-2", amount="700.00"))
    # 200.00 are more than INV-2 needs, but they are its own.
    assert debits(story, number="INV-1") == "Expenses:BadDebt"
    assert debits(story, number="INV-2") == "Assets:DoubtfulDebts"


def test_what_is_ready_is_given_the_allowance_first() -> None:
    ready = INVOICE.replace("INV-1", "INV-2").replace("2023-01-31", "2023-02-28").replace("1,000.00", "500.00")
    story = books(
        policy("age: 100", 'approval: "director above 500 USD"'),
        INVOICE,
        ready,
        ALLOWANCE.format(links="", amount="700.00"),
    )
    assert debits(story, number="INV-1") == "Assets:DoubtfulDebts 200.00 USD, Expenses:BadDebt 800.00 USD"
    assert debits(story, number="INV-2") == "Assets:DoubtfulDebts"


def test_what_a_policy_provides_takes_it_as_far_as_it_was_booked() -> None:
    table = """
        2020-01-01 custom "receivables-policy" "provision"
          months: "6 30%, 12 50%, 24 70%, 36 100%"
        2025-12-31 * "Booked so far"
          Expenses:DoubtfulDebts     {} USD
          Assets:DoubtfulDebts
    """
    story = books(policy("age: 100"), INVOICE, table.format("5,000.00"))
    # 35 whole months on 30 January 2026, 36 on the next day.
    assert debits(story, "2026-01-30") == "Assets:DoubtfulDebts 700.00 USD, Expenses:BadDebt 300.00 USD"
    assert debits(story, "2026-01-31") == "Assets:DoubtfulDebts"
    story = books(policy("age: 100"), INVOICE, table.format("400.00"))
    assert debits(story) == "Assets:DoubtfulDebts 400.00 USD, Expenses:BadDebt 600.00 USD"


def test_the_account_by_policy() -> None:
    provided = ALLOWANCE.format(links="", amount="700.00")
    assert debits(books(policy("age: 100", 'debit: "bad-debt"'), INVOICE, provided)) == "Expenses:BadDebt"
    assert debits(books(policy("age: 100", 'debit: "allowance"'), INVOICE)) == "Assets:DoubtfulDebts"
    small = policy("small: 1,000 USD", "small-account: Expenses:SmallDifferences")
    assert debits(books(small, INVOICE, provided)) == "Expenses:SmallDifferences"


ENTITIES = """
2020-01-01 custom "receivables-accounts" "allowance" Assets:VN:Doubtful Assets:KH:Doubtful
2020-01-01 custom "receivables-accounts" "bad-debt" Expenses:VN:BadDebt Expenses:KH:BadDebt
2020-01-01 open Assets:VN:Doubtful
2020-01-01 open Assets:KH:Doubtful
2020-01-01 open Expenses:VN:BadDebt
2020-01-01 open Expenses:KH:BadDebt
"""
PROVISION = """
2020-01-01 custom "receivables-policy" "provision"
  rates: "current 1%, 30 10%, over 30 50%"
  book-by: "entity"
"""


def provided(story: Told, as_of: str) -> Told:
    """The ledger with the provision of a day, loaded again."""
    found = propose_provision(story.book, day(as_of))
    return Told(story.text + "\n" + "\n".join(directive(entry) for each in found for entry in each.entries))


def of_entity(entity: str) -> str:
    """The accounts, with the entity of Old Mill."""
    word = f'  entity: "{entity}"\n' if entity else ""
    return BOOKS.replace("Assets:Receivable:OldMill\n", f"Assets:Receivable:OldMill\n{word}").replace(
        "Assets:Receivable:BlueReef\n", 'Assets:Receivable:BlueReef\n  entity: "VN"\n'
    )


@pytest.mark.parametrize(("entity", "account"), [("KH", "KH"), ("VN", "VN"), ("", "VN"), ("SG", "VN")])
def test_the_allowance_of_the_claims_own_entity_takes_it(entity: str, account: str) -> None:
    """The account with the entity in its name, else the first; the word says whose it was, also where nobody's."""
    other = INVOICE.replace("OldMill", "BlueReef").replace("INV-1", "INV-2").replace("2023-01-31", "2026-12-31")
    story = books(policy("age: 100"), ENTITIES, PROVISION, INVOICE, other, company=of_entity(entity))
    story = provided(story, "2025-12-31")
    assert text_of(story, "2026-01-01").partition("reason")[2].partition("    settles")[0] == (
        ': "age"\n'
        f"  Assets:{account}:Doubtful            500.00 USD\n"
        f'    entity: "{entity}"\n'
        f"  Expenses:{account}:BadDebt           500.00 USD\n"
        "  Assets:Receivable:OldMill  -1,000.00 USD\n"
    )
    again = booked(story, "2026-01-01")
    # What was provided for the claim is used, and nothing is moved between the entities.
    assert propose_provision(again.book, day("2026-01-01")) == []
    used = {row["portfolio"]: row["used"] for row in again.rows("provision_movement", "2026-01-01")}
    assert used == {"VN": 0} | {entity: 500}


@pytest.mark.parametrize(("entity", "account"), [("KH", "KH"), ("", "VN")])
@pytest.mark.parametrize("provision", [PROVISION, ""])
def test_the_whole_on_the_allowance_of_the_claims_own_entity(entity: str, account: str, provision: str) -> None:
    """`debit: "allowance"` asks for the entity too, with and without a policy of provisions."""
    written = policy("age: 100", 'debit: "allowance"')
    story = books(written, ENTITIES, provision, INVOICE, company=of_entity(entity))
    assert debits(story) == f"Assets:{account}:Doubtful"
    assert (f'    entity: "{entity}"\n' in text_of(story, "2026-01-31")) is bool(provision)
    (row,) = booked(provided(story, "2025-12-31"), "2026-01-31").rows("provision_movement", "2026-01-31")
    assert (row["portfolio"], row["used"]) == (entity if provision else "", 1000)


def test_one_allowance_for_all_where_no_policy_keeps_entities_apart() -> None:
    """Without `book-by:` all that is provided stands on the first account, and is used from there."""
    whole = PROVISION.replace('  book-by: "entity"\n', "")
    story = provided(books(policy("age: 100"), ENTITIES, whole, INVOICE, company=of_entity("KH")), "2025-12-31")
    assert debits(story) == "Assets:VN:Doubtful 500.00 USD, Expenses:VN:BadDebt 500.00 USD"
    assert "entity" not in text_of(story, "2026-01-31")


def test_small_balances_on_an_allowance_account_say_their_entity() -> None:
    """Whatever led to an allowance account, the word tells whose movement it is."""
    small = policy("small: 1,000 USD", "small-account: Assets:VN:Doubtful")
    story = books(small, ENTITIES, PROVISION, INVOICE, company=of_entity("KH"))
    assert '  Assets:VN:Doubtful          1,000.00 USD\n    entity: "KH"\n' in text_of(story, "2026-01-31")


# Foreign currencies


FOREIGN = """
2020-01-01 commodity VND
  precision: 0
2020-01-01 custom "receivables-accounts" "exchange" Income:FX
2023-01-01 * "Lift 7" ^INV-1
  due: 2023-01-31
  Assets:Receivable:OldMill      1,000.00 USD {rate}
  Income:Sales
"""


def test_a_foreign_claim_leaves_at_the_rate_at_which_it_came() -> None:
    """So nothing is realised: the loss is what the books carried, and `exchange_check` has nothing to find."""
    story = books(policy("age: 100"), FOREIGN.format(rate="@ 25,000 VND"), ALLOWANCE.format(links="", amount="700.00"))
    assert text_of(story, "2026-01-31").partition("reason")[2] == (
        ': "age"\n'
        "  Assets:DoubtfulDebts          700.00 USD @ 25,000 VND\n"
        "  Expenses:BadDebt              300.00 USD @ 25,000 VND\n"
        "  Assets:Receivable:OldMill  -1,000.00 USD @ 25,000 VND\n"
        '    settles: "INV-1"\n'
    )
    again = booked(story, "2026-01-31")
    assert again.rows("exchange_check", "2026-01-31") == []
    (settled,) = again.rows("settlements", "2026-01-31")
    assert (settled["document_rate"], settled["rate"], settled["exchange_difference"]) == (25_000, 25_000, 0)


@pytest.mark.parametrize("rate", ["@ 0 VND", "{25,000 VND}", "@@ 513 VND"])
def test_rates_of_other_forms(rate: str) -> None:
    """Given away, at a cost, and a total divided by the amount, which has as many digits as Beancount keeps."""
    foreign = FOREIGN.format(rate=rate).replace("1,000.00", "1,844,735.53")
    story = books(policy("age: 100"), foreign, ALLOWANCE.format(links="", amount="989,816.69"))
    again = booked(story, "2026-01-31")
    assert again.open_on("2026-01-31") == {}
    assert again.rows("exchange_check", "2026-01-31") == []


@given(st.integers(2, 10**10), st.integers(1, 10**10), st.integers(1, 10**15))
def test_a_rate_without_end_balances_whatever_the_parts(whole: int, part: int, total: int) -> None:
    """No account takes a rest: the parts weigh together what the claim does."""
    cents = Decimal("0.01")
    foreign = FOREIGN.format(rate=f"@@ {total} VND").replace("1,000.00", str(whole * cents))
    amount = str(min(part, whole - 1) * cents)
    story = Told(BOOKS + policy("age: 100") + foreign + ALLOWANCE.format(links="", amount=amount))
    again = booked(story, "2026-01-31")
    assert again.rows("exchange_check", "2026-01-31") == []


def test_a_claim_without_a_rate_leaves_without_one() -> None:
    assert " @ " not in text_of(books(policy("age: 100"), INVOICE), "2026-01-31")


# Booking


# Booking


def test_the_entry_that_is_proposed() -> None:
    story = approval(note("2025-12-18", "Director"))
    assert text_of(story, "2026-01-01") == (
        '2026-01-01 * "OldMill" "Written off: INV-1, age" #write-off ^INV-1 ^WO-2026-01\n'
        '  number: "WO-2026-01"\n'
        '  reason: "age"\n'
        '  approval: "director, 2025-12-18"\n'
        "  Expenses:BadDebt            1,000.01 USD\n"
        "  Assets:Receivable:OldMill  -1,000.01 USD\n"
        '    settles: "INV-1"\n'
    )
    (proposal,) = propose(story.book, day("2026-01-01"))
    assert proposal.kind == "write-off"
    assert proposal.why[0] == "INV-1 of OldMill: age (1,066 days overdue, at least 100)."
    assert proposal.why[1].startswith("Approval given by director, 2025-12-18 (<string>:")
    again = booked(story, "2026-01-01")
    assert again.open_on("2026-01-01") == {}
    assert again.settled_by("2026-01-01") == ["2026-01-01 INV-1 <- WO-2026-01 1,000.01 USD"]
    assert propose(again.book, day("2026-01-01")) == []
    assert propose(again.book, day("2026-12-31")) == []


def test_what_is_not_ready_is_only_booked_when_somebody_asks_for_it() -> None:
    story = approval()
    assert propose(story.book, day("2026-01-01")) == []
    text = text_of(story, "2026-01-01", ready_only=False)
    assert text.startswith('2026-01-01 ! "OldMill" "Written off: INV-1, age" #write-off')
    assert '  missing: "approval of director"\n' in text


def test_an_instalment_is_settled_by_its_own_name() -> None:
    story = books(
        policy("age: 0"),
        """
        2026-01-01 * "Two instalments" ^INV-1
          Assets:Receivable:OldMill          300.00 USD
            due: 2026-01-10
          Assets:Receivable:OldMill          700.00 USD
            due: 2026-03-10
            kind: "retention"
          Income:Sales
        2026-01-05 * "Part" ^RC-1
          Assets:Bank                        100.00 USD
          Assets:Receivable:OldMill
            settles: "INV-1/2"
        """,
    )
    first = booked(story, "2026-01-10")
    assert first.open_on("2026-01-10") == {"INV-1/2": "600.00 USD"}
    assert booked(first, "2026-03-10").open_on("2026-03-10") == {}


def test_only_these_numbers_and_only_these_customers() -> None:
    story = books(policy("age: 0"), SMALL)
    entries = [p.entries[0] for p in propose(story.book, day("2026-02-01"), numbers=["INV-5", "INV-8"])]
    assert [sorted(entry.links) for entry in entries if isinstance(entry, Transaction)] == [
        ["INV-8", "WO-2026-01"],
        ["INV-5", "WO-2026-02"],
    ]
    asked = Question(where=(read_condition("outstanding>5"), read_condition("customer=HanoiTower")))
    assert len(propose(story.book, day("2026-02-01"), asked)) == 1
    assert len(propose(story.book, day("2026-02-01"), Question(customer="BlueReef"))) == 2
    assert len(propose(story.book, day("2026-02-01"))) == 5


def test_the_number_goes_on_where_the_ledger_is_and_follows_the_policy() -> None:
    numbering = '2020-01-01 custom "receivables-policy" "numbering"\n  write-off: "VO-"\n'
    used = """
        2026-01-01 * "Given up already" #write-off
          number: "VO-2026-0009"
          Expenses:BadDebt                    1.00 USD
          Assets:Receivable:OldMill
            settles: "INV-1"
    """
    story = books(policy("age: 100"), numbering, INVOICE, used)
    assert '  number: "VO-2026-0010"\n' in text_of(story, "2026-02-01")


def test_what_a_later_entry_settles_is_not_booked_before_it() -> None:
    paid = """
        2026-03-01 * "Paid after all" ^RC-1
          Assets:Bank                      1,000.00 USD
          Assets:Receivable:OldMill
            settles: "INV-1"
    """
    story = books(policy("age: 100"), INVOICE, paid)
    assert proposals(story, "2026-02-01")["INV-1"]["ready"]
    assert propose(story.book, day("2026-02-01")) == []


def test_a_closed_account_takes_no_entry() -> None:
    closing = "2026-02-01 close Assets:Receivable:OldMill\n"
    story = books(policy("age: 100"), INVOICE, closing, problems=["closed-with-open-items"])
    assert missing(story, "2026-01-31") == ""
    assert missing(story, "2026-02-01") == "an open account: Assets:Receivable:OldMill was closed on 2026-02-01"
    assert propose(story.book, day("2026-02-01"), ready_only=False) == []


def test_a_number_that_settles_cannot_say_is_never_booked() -> None:
    strange = INVOICE.replace("^INV-1\n", '\n  number: "INV-1, INV-2"\n')
    story = books(policy("age: 100"), strange)
    row = proposals(story, "2026-02-01")["INV-1, INV-2"]
    assert row["missing"] == "a number of its own that settles: can say"
    assert propose(story.book, day("2026-02-01"), ready_only=False) == []


def test_a_number_that_two_open_documents_have_is_never_booked() -> None:
    twice = INVOICE + INVOICE.replace("1,000.00", "7.00")
    story = books(policy("age: 100"), twice, problems=["number-twice"])
    assert {row["missing"] for row in story.rows("write_off_proposals", "2026-02-01")} == {
        "a number of its own that settles: can say"
    }


def test_a_document_that_is_called_like_an_instalment_is_not_taken_for_it() -> None:
    instalments = """
        2023-01-01 * "Two instalments" ^INV-1
          Assets:Receivable:OldMill          300.00 USD
            due: 2023-01-10
          Assets:Receivable:OldMill          700.00 USD
            due: 2023-03-10
          Income:Sales
    """
    called = INVOICE.replace("^INV-1", "^INV-1/2")
    story = books(policy("age: 100"), instalments, called)
    found = story.rows("write_off_proposals", "2026-02-01")
    assert [(row["number"], row["instalment"], row["ready"]) for row in found] == [
        ("INV-1", 1, True),
        ("INV-1/2", None, True),
        ("INV-1", 2, False),
    ]
    assert booked(story, "2026-02-01").open_on("2026-02-01") == {"INV-1/2": "700.00 USD"}


def test_a_refund_that_waits_for_a_credit_does_not_get_the_write_off() -> None:
    refund = """
        2025-01-01 * "Names an invoice, which is wrong" #refund ^RF-1
          Assets:Receivable:OldMill           50.00 USD
            settles: "INV-1"
          Assets:Bank
    """
    story = books(policy("age: 100"), INVOICE, refund, problems=["same-side"])
    assert booked(story, "2026-02-01").open_on("2026-02-01") == {"RF-1": "50.00 USD"}


HOSTILE = 'Mill \\"x\\"\\n2020-01-01 close Assets:Bank ; =cmd()'


def test_hostile_names_stay_text() -> None:
    story = books(
        policy("age: 100"),
        f"""
        2023-01-01 * "{HOSTILE}" "On a control account" ^INV-1
          number: "N\\"1 {{x}}"
          Assets:Receivable                1,000.00 USD
          Income:Sales
        """,
        company=BOOKS + "2020-01-01 open Assets:Receivable\n",
    )
    again = booked(story, "2026-02-01")
    assert again.open_on("2026-02-01") == {}
    entry = again.entries[-1]
    assert isinstance(entry, Transaction)
    assert entry.payee == 'Mill "x"\n2020-01-01 close Assets:Bank ; =cmd()'
    assert entry.links == {"WO-2026-01"}
    (row,) = again.rows("bad_debts", "2026-02-01")
    assert (row["document"], row["customer"]) == ('N"1 {x}', entry.payee)


def test_a_customer_of_a_control_account_is_named_by_the_code() -> None:
    story = books(
        policy("age: 100"),
        """
        2022-01-01 custom "receivables-customer" "C-9"
          name: "Sen Restaurant"
        2023-01-01 * "Repair" ^INV-1
          customer: "C-9"
          Assets:Receivable                1,000.00 USD
          Income:Sales
        """,
        company=BOOKS + "2020-01-01 open Assets:Receivable\n",
    )
    assert '2026-02-01 * "Sen Restaurant" "Written off' in text_of(story, "2026-02-01")
    assert booked(story, "2026-02-01").open_on("2026-02-01") == {}


# The policy


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ('small: "5"', "bad-policy-value", 'write "5 USD, 50,000 VND"'),
        ('small: "5 USD, 6 USD"', "bad-policy-value", "cannot read small: '5 USD, 6 USD'"),
        ('small: "0 USD"', "bad-policy-value", "cannot read small:"),
        ('age: "three years"', "bad-policy-value", "a number of days"),
        ('insolvent: "perhaps"', "bad-policy-value", '"yes" or "no"'),
        ('evidence-age: "demand, "', "bad-policy-value", '"contract, confirmation or demand with proof"'),
        ('approval: "manager above 10 USD; director above 10 USD"', "bad-policy-value", "above those before it"),
        ('approval: "manager; director"', "bad-policy-value", "above those before it"),
        ('small-account: "nowhere"', "bad-policy-value", "an account"),
        ('debit: "mine"', "bad-policy-value", '"provided", "allowance" or "bad-debt"'),
        ("small-after: 30", "policy-contradicts-itself", "small-after: says how small: works, which is not set"),
        ('evidence-expired: "demand"', "policy-contradicts-itself", "add expired: or leave evidence-expired: out"),
        ('approval: "director"', "policy-contradicts-itself", "it names no reason to write off; add one of small:"),
        ("sizes: 30", "unknown-policy-key", "use one of: small, small-after"),
    ],
)
def test_a_policy_that_cannot_be_read_names_its_line_and_the_mend(line: str, code: str, says: str) -> None:
    more = () if code == "policy-contradicts-itself" else ("age: 100",)
    if line.startswith("age"):
        more = ()
    story = books(policy(*more, line) if "evidence-age" not in line else policy("age: 1", line), problems=[code])
    (found,) = story.problems
    assert says in found.message
    assert story.line(found.source["lineno"]).endswith('custom "receivables-policy" "write-off"')
    assert proposals(story, "2026-01-01") == {}


def test_a_key_about_a_reason_that_is_switched_off_contradicts_it() -> None:
    books(policy('insolvent: "no"', 'evidence-insolvent: "court-notice"'), problems=["policy-contradicts-itself"])
    books(policy("age: 0", 'evidence-age: "demand"'))


_AMOUNTS = st.dictionaries(
    st.from_regex(r"[A-Z][A-Z0-9]{1,3}", fullmatch=True),
    st.decimals(min_value="0.01", max_value="1e9", places=2),
    min_size=1,
    max_size=4,
)


@given(_AMOUNTS)
def test_amounts_are_read_as_they_are_written(amounts: dict[str, Decimal]) -> None:
    assert read_amounts(", ".join(f"{number:,} {currency}" for currency, number in amounts.items())) == amounts
    assert read_amounts("; ".join(f"{number} {currency}" for currency, number in amounts.items())) == amounts


@given(st.text(max_size=40))
def test_no_text_of_a_policy_does_more_than_fail(text: str) -> None:
    for read in (read_amounts, read_approvers, read_evidence):
        with suppress(ValueError):
            read(text)


# Bad debts


WRITTEN_OFF = """
2025-11-30 * "Old Mill" "Court notice 12/2025" #write-off ^WO-1
  Expenses:BadDebt                 1,000.00 USD
  Assets:Receivable:OldMill
    settles: "INV-1"
"""


def bad_debts(story: Told, as_of: str, period_from: str | None = None, **asked: Any) -> list[tuple[Any, ...]]:
    """Date, kind, document, written off, recovered and net of each row."""
    first = None if period_from is None else day(period_from)
    return [
        (str(row["date"]), row["kind"], row["document"], row["written_off"], row["recovered"], row["net"])
        for row in story.rows("bad_debts", as_of, period_from=first, **asked)
    ]


def test_a_write_off_with_all_that_there_is_to_say_of_it() -> None:
    company = BOOKS.replace("Assets:Receivable:OldMill\n", 'Assets:Receivable:OldMill\n  entity: "KH"\n')
    later = note("2025-12-01", "Too late for it")
    story = books(INVOICE, note("2025-11-01", "By the director"), WRITTEN_OFF, later, company=company)
    assert story.rows("bad_debts", "2025-11-29") == []
    (row,) = story.rows("bad_debts", "2025-11-30")
    line = next(n for n, text in enumerate(story.text.split("\n"), 1) if "#approval" in text)
    assert row == {
        "date": day("2025-11-30"), "kind": "write-off", "customer": "OldMill", "name": "OldMill", "portfolio": "KH",
        "number": "WO-1", "reason": "Court notice 12/2025", "currency": "USD", "written_off": Decimal("1000.00"),
        "recovered": Decimal("0.00"), "net": Decimal("1000.00"), "document": "INV-1", "instalment": None,
        "document_date": day("2023-01-01"), "days_overdue": 1034, "approval": f"2025-11-01 (<string>:{line})",
        "file": "<string>", "line": row["line"],
    }  # fmt: skip
    assert story.line(row["line"]).startswith("Assets:Receivable:OldMill")


REVERSAL = """
2026-03-01 * "Old Mill" "It pays after all" #reversal ^WO-1
  Assets:Receivable:OldMill        1,000.00 USD
  Expenses:BadDebt
2026-03-02 * "Old Mill" "Paid" ^RC-1
  Assets:Bank                        400.00 USD
  Assets:Receivable:OldMill
    settles: "INV-1"
2026-03-03 * "Old Mill" "The rest" #write-off ^WO-2
  reason: "settlement out of court"
  Expenses:BadDebt                   600.00 USD
  Assets:Receivable:OldMill
    settles: "INV-1"
"""
HUNDREDS = {n: Decimal(f"{n}00.00") for n in (-10, -6, -4, 0, 4, 6, 10)}


def test_a_reversal_nets_in_the_same_period_and_is_a_recovery_in_a_later_one() -> None:
    story = books(INVOICE, WRITTEN_OFF, REVERSAL)
    n = HUNDREDS
    assert bad_debts(story, "2026-12-31") == [
        ("2025-11-30", "write-off", "INV-1", n[10], n[0], n[10]),
        ("2026-03-01", "reversal", "INV-1", n[-10], n[0], n[-10]),
        ("2026-03-03", "write-off", "INV-1", n[6], n[0], n[6]),
    ]
    assert bad_debts(story, "2026-12-31", "2025-11-30") == bad_debts(story, "2026-12-31")
    assert bad_debts(story, "2026-12-31", "2025-12-01") == [
        ("2026-03-01", "reversal", "INV-1", n[0], n[10], n[-10]),
        ("2026-03-03", "write-off", "INV-1", n[6], n[0], n[6]),
    ]
    assert bad_debts(story, "2026-02-28", "2026-01-01") == []
    assert totals(story.report("bad_debts", "2026-12-31"))["USD"] == {
        "written_off": n[6],
        "recovered": n[0],
        "net": n[6],
    }


def test_by_reason_a_write_off_and_its_reversal_stand_together() -> None:
    story = books(INVOICE, WRITTEN_OFF, REVERSAL)
    assert [
        (row["reason"], row["count"], row["net"]) for row in story.rows("bad_debts", "2026-12-31", by=("reason",))
    ] == [("Court notice 12/2025", 2, HUNDREDS[0]), ("settlement out of court", 1, HUNDREDS[6])]


RECOVERY = """
2026-05-05 * "Old Mill" "From the estate" {}
  Assets:Bank                        400.00 USD
  Income:Recoveries
"""


@pytest.mark.parametrize("links", ["^INV-1", "^WO-1", "^RC-7 ^INV-1"])
def test_a_recovery_without_reversal_is_found_by_its_links(links: str) -> None:
    story = books(INVOICE, WRITTEN_OFF, RECOVERY.format(links))
    assert len(story.rows("bad_debts", "2026-05-04")) == 1
    (row,) = story.rows("bad_debts", "2026-12-31", period_from=day("2026-05-05"))
    assert story.rows("bad_debts", "2026-12-31", period_from=day("2026-05-06")) == []
    assert (row["kind"], row["customer"], row["number"], row["document"]) == ("recovery", "OldMill", "WO-1", "INV-1")
    assert (row["written_off"], row["recovered"], row["net"]) == (HUNDREDS[0], HUNDREDS[4], HUNDREDS[-4])
    assert (row["reason"], row["days_overdue"]) == ("Court notice 12/2025", 1034)
    assert story.line(row["line"]).startswith("Income:Recoveries")


def test_a_recovery_that_names_only_the_customer_or_nobody() -> None:
    company = BOOKS.replace("Assets:Receivable:OldMill\n", 'Assets:Receivable:OldMill\n  entity: "KH"\n')
    named = RECOVERY.format('\n  customer: "OldMill"\n  reason: "collector\'s find"')
    story = books(INVOICE, WRITTEN_OFF, named, RECOVERY.format(""), company=company)
    rows = story.rows("bad_debts", "2026-12-31", period_from=day("2026-01-01"))
    assert [(row["customer"], row["portfolio"], row["reason"], row["document"]) for row in rows] == [
        ("", "", "", ""),
        ("OldMill", "KH", "collector's find", ""),
    ]
    assert len(story.rows("bad_debts", "2026-12-31", "entity=KH", period_from=day("2026-01-01"))) == 1
    assert len(story.rows("bad_debts", "2026-12-31", customer="OldMill", period_from=day("2026-01-01"))) == 1


def test_a_reversal_against_recoveries_counts_once() -> None:
    story = books(
        INVOICE,
        WRITTEN_OFF,
        REVERSAL.split("2026-03-02", maxsplit=1)[0].replace("Expenses:BadDebt", "Income:Recoveries"),
    )
    assert bad_debts(story, "2026-12-31", "2026-01-01") == [
        ("2026-03-01", "reversal", "INV-1", HUNDREDS[0], HUNDREDS[10], HUNDREDS[-10])
    ]


def test_a_write_off_of_two_documents_and_one_that_reaches_none() -> None:
    story = books(
        INVOICE,
        INVOICE.replace("INV-1", "INV-2").replace("1,000.00", "500.00"),
        """
        2025-11-30 * "Both, and 100 too much" #write-off ^WO-1
          Expenses:BadDebt                 1,600.00 USD
          Assets:Receivable:OldMill
            settles: "INV-1, INV-2"
        2025-12-15 * "A part taken back" #reversal ^WO-1
          Assets:Receivable:OldMill          250.00 USD
          Expenses:BadDebt
        """,
    )
    rows = [(row[0], row[2], row[5]) for row in bad_debts(story, "2025-12-31")]
    # The reversal takes first what was not used, then the latest settlement.
    assert rows == [
        ("2025-11-30", "", Decimal("100.00")),
        ("2025-11-30", "INV-1", Decimal("1000.00")),
        ("2025-11-30", "INV-2", Decimal("500.00")),
        ("2025-12-15", "", Decimal("-100.00")),
        ("2025-12-15", "INV-2", Decimal("-150.00")),
    ]


def test_a_reversal_that_is_undone_gives_up_again() -> None:
    story = books(
        INVOICE,
        WRITTEN_OFF,
        """
        2026-03-01 * "Mistake" #reversal ^WO-1 ^RV-1
          number: "RV-1"
          Assets:Receivable:OldMill        1,000.00 USD
          Expenses:BadDebt
        2026-03-05 * "The mistake was none" #reversal ^RV-1
          number: "RV-2"
          Expenses:BadDebt                 1,000.00 USD
          Assets:Receivable:OldMill
        """,
    )
    assert story.open_on("2026-03-05") == {}
    assert [(row[0], row[2], row[5]) for row in bad_debts(story, "2026-12-31")] == [
        ("2025-11-30", "INV-1", HUNDREDS[10]),
        ("2026-03-01", "INV-1", HUNDREDS[-10]),
        ("2026-03-05", "INV-1", HUNDREDS[10]),
    ]


def test_a_document_that_is_undone_after_its_write_off_leaves_that_without_a_document() -> None:
    story = books(
        INVOICE,
        WRITTEN_OFF,
        """
        2026-03-01 * "There was no such invoice" #reversal ^INV-1
          Income:Sales                     1,000.00 USD
          Assets:Receivable:OldMill
        """,
        problems=["more-than-open"],
    )
    assert [(row[0], row[2], row[5]) for row in bad_debts(story, "2026-12-31")] == [
        ("2025-11-30", "INV-1", HUNDREDS[10]),
        ("2026-03-01", "", HUNDREDS[10]),
        ("2026-03-01", "INV-1", HUNDREDS[-10]),
    ]


def test_a_part_of_an_invoice_in_several_currencies() -> None:
    story = books(
        INVOICE,
        INVOICE.replace("INV-1", "INV-2").replace("1,000.00 USD", "7,000,000 VND"),
        """
        2025-11-30 * "Half of it" #write-off ^WO-1
          Expenses:BadDebt                   500.00 USD
          Assets:Receivable:OldMill         -500.00 USD
            settles: "INV-1"
          Expenses:BadDebt                 6,999,999 VND
          Assets:Receivable:OldMill       -6,999,999 VND
            settles: "INV-2"
        """,
    )
    assert story.open_on("2025-11-30") == {"INV-1": "500.00 USD", "INV-2": "1 VND"}
    assert [row[2:4] for row in bad_debts(story, "2025-11-30")] == [
        ("INV-1", Decimal("500.00")),
        ("INV-2", Decimal(6_999_999)),
    ]
    assert {currency: sums["net"] for currency, sums in totals(story.report("bad_debts")).items()} == _given_up(story)


def test_the_portfolio_is_what_the_policy_says() -> None:
    company = BOOKS.replace("Assets:Receivable:OldMill\n", 'Assets:Receivable:OldMill\n  segment: "hotels"\n')
    story = books(policy('portfolio: "segment"'), INVOICE, WRITTEN_OFF, company=company)
    assert [row["portfolio"] for row in story.rows("bad_debts", "2025-12-31")] == ["hotels"]
    (group,) = story.rows("bad_debts", "2025-12-31", by=("portfolio", "reason"))
    assert (group["portfolio"], group["written_off"]) == ("hotels", HUNDREDS[10])


def _given_up(story: Told) -> dict[str, Decimal]:
    """By currency, what write-offs took from documents by the relation settlements, reversals taken off."""
    kinds = {(row["customer"], row["number"]): row["kind"] for row in story.rows("documents")}
    found: dict[str, Decimal] = {}
    for row in story.rows("settlements"):
        if kinds.get((row["customer"], row["by"])) == "write-off":
            found[row["currency"]] = found.get(row["currency"], Decimal(0)) + row["amount"]
    return found


def test_the_report_is_what_the_settlements_say() -> None:
    story = books(INVOICE, WRITTEN_OFF, REVERSAL)
    net = {currency: sums["net"] for currency, sums in totals(story.report("bad_debts")).items()}
    assert net == _given_up(story) == {"USD": HUNDREDS[6]}


@given(random_ledgers())
def test_the_report_is_always_what_the_books_write_off(random: RandomLedger) -> None:
    """Of any ledger and for any day: the write-offs, less what was taken back of them, and each by its documents."""
    story = Told(random.text)
    book = story.book
    for date in sorted({block.date for block in random.blocks}):
        seen = view(book, date)
        items, settlements = book.items, book.settlements
        expected: dict[int, int] = {}
        plain = {items.first[i] for i in range(seen.item_count) if KINDS[items.kind[i]] == "write-off"}
        for item in range(seen.item_count):
            kind = KINDS[items.kind[item]]
            if items.first[item] in plain and kind in ("write-off", "retention") and items.amount[item] < 0:
                expected[item] = -items.amount[item]
        documents: dict[tuple[int, int], int] = {}
        for position in range(seen.settlement_count):
            credit, debit = settlements.credit[position], settlements.debit[position]
            if credit in expected:
                if KINDS[items.kind[debit]] == "reversal":
                    expected[credit] -= settlements.amount[position]
                else:
                    key = credit, debit
                    documents[key] = documents.get(key, 0) + settlements.amount[position]
        found: dict[int, int] = dict.fromkeys(expected, 0)
        by_document: dict[tuple[int, int], int] = {}
        for flow in flows(seen):
            found[flow.write_off] += flow.units
            if flow.document is not None:
                key = flow.write_off, flow.document
                by_document[key] = by_document.get(key, 0) + flow.units
        assert found == expected
        assert {key: units for key, units in by_document.items() if units} == {
            key: units for key, units in documents.items() if units
        }


# Credit memos


MEMOS = """
2026-01-10 * "Old Mill" "Lift 8" ^INV-2
  Assets:Receivable:OldMill        300.00 USD
  Income:Sales
2026-02-09 * "Old Mill" "Doors late" #credit-memo ^CM-1
  reason: "late delivery"
  Income:Sales                     120.00 USD
  Assets:Receivable:OldMill
    settles: "INV-2"
2026-02-20 * "Old Mill" "Goodwill" ^CM-2
  Income:Sales                      50.00 USD
  Assets:Receivable:OldMill
2026-03-01 * "Paid back" #refund ^RF-1
  Assets:Receivable:OldMill         20.00 USD
    settles: "CM-2"
  Assets:Bank
2026-03-02 * "The rest is used" #apply
  Assets:Receivable:OldMill         25.00 USD
    settles: "CM-2"
  Assets:Receivable:OldMill        -25.00 USD
    settles: "INV-2"
2026-03-03 * "The first was wrong" #reversal ^CM-1
  Assets:Receivable:OldMill         40.00 USD
  Income:Sales
"""


def memos(story: Told, as_of: str, *where: str, **asked: Any) -> list[tuple[Any, ...]]:
    """Number, applied to, amount, applied, reversed, open and days of each credit memo."""
    names = ("number", "applied_to", "amount", "applied", "reversed", "open", "days")
    return [tuple(row[name] for name in names) for row in story.rows("credit_memos", as_of, *where, **asked)]


def test_a_credit_memo_from_its_day_to_its_last_use() -> None:
    story = books(MEMOS)
    d = Decimal
    assert memos(story, "2026-02-08") == []
    assert memos(story, "2026-02-28") == [
        ("CM-1", "INV-2", d("120.00"), d("120.00"), d("0.00"), d("0.00"), 30),
        ("CM-2", "", d("50.00"), d("0.00"), d("0.00"), d("50.00"), None),
    ]
    assert memos(story, "2026-03-31", period_from=day("2026-02-09")) == [
        ("CM-1", "INV-2", d("120.00"), d("80.00"), d("40.00"), d("0.00"), 30),
        ("CM-2", "RF-1, INV-2", d("50.00"), d("45.00"), d("0.00"), d("5.00"), 41),
    ]
    assert [row[0] for row in memos(story, "2026-03-31", period_from=day("2026-02-10"))] == ["CM-2"]
    assert [row[0] for row in memos(story, "2026-03-31", "reason=late delivery")] == ["CM-1"]
    (late, goodwill) = story.rows("credit_memos", "2026-03-31")
    assert (late["reason"], goodwill["reason"]) == ("late delivery", "Goodwill")


def test_days_are_those_since_the_oldest_document() -> None:
    story = books(
        INVOICE,
        INVOICE.replace("INV-1", "INV-2").replace("2023-01-01", "2023-01-02"),
        """
        2023-01-31 * "For both" #credit-memo ^CM-1
          Income:Sales                     1,500.00 USD
          Assets:Receivable:OldMill
            settles: "INV-2, INV-1"
        """,
    )
    ((_, applied_to, *_, days),) = memos(story, "2023-01-31")
    assert (applied_to, days) == ("INV-2, INV-1", 30)


def test_credit_memos_by_reason_and_portfolio() -> None:
    company = BOOKS.replace("Assets:Receivable:OldMill\n", 'Assets:Receivable:OldMill\n  entity: "KH"\n')
    found = books(MEMOS, company=company).rows("credit_memos", "2026-03-31", by=("portfolio", "reason"))
    assert [(row["portfolio"], row["reason"], row["amount"], row["open"]) for row in found] == [
        ("KH", "Goodwill", Decimal("50.00"), Decimal("5.00")),
        ("KH", "late delivery", Decimal("120.00"), Decimal("0.00")),
    ]


@given(random_ledgers())
def test_every_credit_memo_is_applied_reversed_or_open(random: RandomLedger) -> None:
    story = Told(random.text)
    opened = {
        (row["customer"], row["number"], row["currency"], row["file"], row["line"]): -row["outstanding"]
        for row in story.rows("documents")
        if row["kind"] == "credit-memo" and row["original"] < 0
    }
    found = story.rows("credit_memos")
    for row in found:
        assert row["amount"] == row["applied"] + row["reversed"] + row["open"]
    assert {
        (row["customer"], row["number"], row["currency"], row["file"], row["line"]): row["open"] for row in found
    } == opened


# What must always hold


EVERYTHING = policy("age: 0", 'disputed: "yes"', 'promised: "yes"', 'credits: "yes"', 'debit: "bad-debt"')


@given(random_ledgers())
def test_what_is_booked_takes_exactly_what_was_open_and_nothing_twice(random: RandomLedger) -> None:
    """Of any ledger: each entry reduces its own item to nothing, all others stay, and no day has more to propose."""
    last = DATES[-1]
    before = Told(random.text.replace("\n", "\n" + EVERYTHING, 1))
    text = text_of(before, str(last))
    after = Told(before.text + "\n" + text)
    assert len(after.errors) == len(before.errors)
    given_up = [_item(row) for row in before.rows("write_off_proposals", str(last)) if row["ready"]]
    left = [row for row in before.rows("open_items", str(last)) if _item(row) not in given_up]
    assert sorted(map(_bare, after.rows("open_items", str(last)))) == sorted(map(_bare, left))
    assert len(given_up) == len(propose(before.book, last))
    if "number-twice" not in before.codes:
        # Of two documents with one number, the second can be named when the first is gone.
        assert propose(after.book, last) == []
    assert not {_item(row) for row in after.rows("write_off_proposals", "2030-12-31")} & set(given_up)


def _item(row: dict[str, Any]) -> tuple[Any, ...]:
    """What tells an item from all others: its line, which stays, and the instalment that terms made of it."""
    return row["file"], row["line"], row["instalment"]


def _bare(row: dict[str, Any]) -> str:
    """A row without what a dispute's amount says of it: that goes to the oldest instalment which is still open."""
    return repr({name: value for name, value in row.items() if name != "disputed"})


# The command


LEDGER = """
option "operating_currency" "USD"
plugin "beancount.plugins.auto_accounts"
plugin "receivables"
2020-01-01 custom "receivables-policy" "write-off"
  age: 100
  approval: "director above 500 USD"
2023-01-01 * "Old Mill" "Lift 7" ^INV-1
  Assets:Receivable:OldMill      1,000.00 USD
  Income:Sales
2023-01-01 * "Blue Reef" "Lift 8" ^INV-2
  Assets:Receivable:BlueReef       400.00 USD
  Income:Sales
2025-12-18 note Assets:Receivable:OldMill "Ok" #approval ^INV-1
  approver: "director"
2026-01-31 * "Nobody" "Rent"
  Expenses:Rent                      5.00 USD
  Assets:Bank
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger file with two claims that are old, one of them approved in writing."""
    path = tmp_path / "main.beancount"
    path.write_text(LEDGER, "utf-8")
    return path


def run(command: str, ledger: Path, *words: str) -> str:
    """What a command prints when it ends well."""
    result = CliRunner().invoke(main, [command, str(ledger), *words], env={"COLUMNS": "400"})
    assert result.exit_code == 0, result.output
    return result.output


def test_the_kept_book_says_the_same_as_the_loaded_one(ledger: Path) -> None:
    for command in ("write-off-proposals", "bad-debts", "credit-memos"):
        fresh = run(command, ledger, "--format", "csv", "--no-cache")
        assert run(command, ledger, "--format", "csv") == fresh
        assert run(command, ledger, "--format", "csv") == fresh
    assert '"given by director, 2025-12-18 (main.beancount:14)"' in run("write-off-proposals", ledger, "-f", "csv")


def test_posted_once_and_never_again(ledger: Path) -> None:
    shown = run("write-off-proposals", ledger, "--post")
    assert re.search(r"^\+  Assets:Receivable:OldMill +-1,000.00 USD$", shown, re.MULTILINE)
    assert ledger.read_text("utf-8") == LEDGER
    run("write-off-proposals", ledger, "--post", "--yes", "--customer", "OldMill")
    run("write-off-proposals", ledger, "--post", "--yes", "--where", "outstanding<500")
    after = ledger.read_text("utf-8")
    assert (after.count("WO-2026-01"), after.count("WO-2026-02")) == (2, 2)
    assert run("write-off-proposals", ledger, "--post", "--yes") == "Nothing to post.\n"
    assert ledger.read_text("utf-8") == after
    assert load_book(ledger).errors == []
    assert run("bad-debts", ledger, "--format", "csv", "--by", "reason") == (
        "reason,currency,count,written_off,recovered,net\nage,USD,2,1400.00,0.00,1400.00\n"
    )


def test_a_condition_that_compares_nothing_is_wrong_usage(ledger: Path) -> None:
    result = CliRunner().invoke(main, ["write-off-proposals", str(ledger), "--post", "--where", "outstanding>x"])
    assert result.exit_code == 2
    assert '"x" is not a number' in result.output


def test_the_entry_on_the_page_is_what_is_proposed() -> None:
    page = (Path(__file__).parents[1] / "docs" / "rules" / "write-offs.md").read_text("utf-8")
    before, example, after = (block.partition("\n```")[0] for block in page.split("```beancount")[1:4])
    story = Told(f"{before.partition(chr(10))[2]}\n{example}")
    assert text_of(story, "2025-12-30") in f"{after}\n"
