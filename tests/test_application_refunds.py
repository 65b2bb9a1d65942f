"""Refunds: money that goes back to customers and employees who gave too much, and what comes back of it."""

from __future__ import annotations

import pytest
from tests.bank_lines import BOOKS, Applied, applied, invoice, line
from tests.ledgers import Told, told

from receivables.posting.text import directive
from receivables_importers.application import entries_of, match
from receivables_importers.application.session import Session, SessionError
from receivables_importers.bank import model
from receivables_importers.bank.model import BankLine

COMPANY = BOOKS.replace('"Old Mill Textiles Ltd"', '"Old Mill Textiles Ltd"\n  bank-account: "001100555501"')
MEMO = """
2026-04-10 * "Old Mill" "Price" #credit-memo ^CM-2026-004
  Income:Sales  120.00 USD
  Assets:Receivable:OldMill  -120.00 USD

"""
OVERPAID = """
2026-04-20 * "Old Mill" "Paid twice" #receipt ^RC-2026-007
  bank-id: "old-1"
  Assets:Bank:Main  300.00 USD
  Assets:Receivable:OldMill  -300.00 USD

"""
APPROVED = '2026-04-25 note Assets:Receivable:OldMill "Paid twice" #approval ^RC-2026-007\n'
AUTOMATIC = COMPANY.replace(
    'custom "receivables-policy" "application"\n', 'custom "receivables-policy" "application"\n  refunds: "auto"\n'
)


def paid(amount: str, text: str = "refund", name: str = "OLD MILL TEXTILES LTD", **said: object) -> BankLine:
    """A line over money that went out."""
    return line(f"-{amount}", name, text, **said)


def refunded(ledger: str, *lines: BankLine, company: str = COMPANY) -> Applied:
    """Bank lines applied to a ledger with credits."""
    return applied(ledger, *lines, company=company)


def posted(found: Applied) -> str:
    """The entries as ledger text."""
    return "\n".join(
        directive(entry) for each in entries_of(found.story.book, found.matched.proposals) for entry in each.entries
    )


def after(ledger: str, found: Applied, company: str = COMPANY) -> Told:
    """The ledger with what was posted."""
    return told(ledger + "\n" + posted(found), company=company)


PAYS_300 = "OldMill: RC-2026-007 -300.00 (refund)"


# With an approval


@pytest.mark.parametrize(
    "back",
    [
        paid("300.00", "refund RC-2026-007"),
        paid("300.00", "HOAN TRA TIEN THUA RC2026007", name=""),
        paid("300.00", "", counterparty_account="0011 0055 5501"),
    ],
)
def test_an_approved_refund(back: BankLine) -> None:
    """The credit's number, or the customer's account, with the exact amount and an approval."""
    assert refunded(OVERPAID + APPROVED, back).said() == f"auto {PAYS_300}"


def test_what_is_booked() -> None:
    """A refund with a number of its own, that settles the credit."""
    found = refunded(OVERPAID + APPROVED, paid("300.00", "refund RC-2026-007", id="b-1"))
    assert posted(found) == (
        '2026-05-04 * "Old Mill Textiles Ltd" "refund RC-2026-007" #refund ^RF-2026-01\n'
        '  number: "RF-2026-01"\n'
        '  bank-id: "b-1"\n'
        '  bank-counterparty: "OLD MILL TEXTILES LTD"\n'
        '  evidence: "The name \\"OLD MILL TEXTILES LTD\\", the same; the line names RC-2026-007"\n'
        "  Assets:Receivable:OldMill   300.00 USD\n"
        '    settles: "RC-2026-007"\n'
        "  Assets:Bank:Main           -300.00 USD\n"
    )
    story = after(OVERPAID + APPROVED, found)
    assert story.open_on("2026-05-31") == {}
    assert story.kinds()["RF-2026-01"] == "refund"
    rows = story.rows("overpayments", "2026-05-03")
    assert [(row["number"], str(row["outstanding"])) for row in rows] == [("RC-2026-007", "300.00")]
    again = match(story.book, story.entries, [paid("300.00", "refund RC-2026-007", id="b-1")])
    assert again.proposals == ()


# When a person looks


@pytest.mark.parametrize(
    ("ledger", "back", "why"),
    [
        (OVERPAID, paid("300.00", "RC-2026-007"), "no approval names RC-2026-007"),
        (OVERPAID + APPROVED, paid("300.00", "as agreed"), "neither the credit's number"),
        (OVERPAID + APPROVED.replace("04-25", "05-05"), paid("300.00", "RC-2026-007"), "no approval names RC-2026-007"),
        (
            OVERPAID + APPROVED + "  amount: 299.99 USD\n", paid("300.00", "RC-2026-007"),
            "no approval names RC-2026-007",
        ),
        (OVERPAID + APPROVED, paid("200.00", "RC-2026-007"), "it is not exactly one credit"),
    ],
)  # fmt: skip
def test_a_person_looks(ledger: str, back: BankLine, why: str) -> None:
    """Each condition that is missing alone."""
    found = refunded(ledger, back)
    assert found.first.decision == "review"
    assert why in found.waits_for


def test_all_credits_together() -> None:
    """The sum of all credits is for a person, each settled by what it is."""
    found = refunded(OVERPAID + MEMO, paid("420.00"))
    assert found.said() == "review OldMill: CM-2026-004 -120.00 + RC-2026-007 -300.00 (refund)"


def test_two_credits_of_the_amount() -> None:
    """Which of them, a person says, unless the line does."""
    ledger = OVERPAID + APPROVED + OVERPAID.replace("RC-2026-007", "RC-2026-008").replace("old-1", "old-2")
    back = paid("300.00", "", counterparty_account="001100555501")
    found = refunded(ledger, back)
    assert "2 credits have this amount" in found.waits_for
    assert len(found.first.runners_up) == 1
    assert refunded(ledger, back._replace(remittance="RC-2026-007")).said() == f"auto {PAYS_300}"


def test_the_policy() -> None:
    """`refunds: "auto"` needs no approval, but evidence as before; `largest:` holds for what goes out, too."""
    assert refunded(OVERPAID, paid("300.00", "RC-2026-007"), company=AUTOMATIC).said() == f"auto {PAYS_300}"
    assert refunded(OVERPAID, paid("300.00"), company=AUTOMATIC).first.decision == "review"
    large = AUTOMATIC.replace('refunds: "auto"', 'refunds: "auto"\n  largest: "299 USD"')
    assert "it is more than 299 USD" in refunded(OVERPAID, paid("300.00", "RC-2026-007"), company=large).waits_for


# What is none


@pytest.mark.parametrize(
    "back",
    [
        paid("300.00", "INV 88", name="STEEL SUPPLY"),
        paid("299.00"),
        paid("300.00 EUR"),
        paid("300.00", "RC-2026-007", type=model.SALARY),
    ],
)
def test_no_refund(back: BankLine) -> None:
    """Somebody else, another amount, another currency, another nature: nothing to apply, as before."""
    assert refunded(OVERPAID + APPROVED, back).first.decision == "nothing"


def test_booked_by_hand() -> None:
    """A refund that somebody has booked without the bank line's id."""
    by_hand = """
    2026-05-05 * "Old Mill" "Back" #refund ^RF-9
      Assets:Receivable:OldMill  300.00 USD
        settles: "RC-2026-007"
      Assets:Bank:Main  -300.00 USD
    """
    other = OVERPAID.replace("RC-2026-007", "RC-2026-008").replace("old-1", "old-2")
    found = refunded(OVERPAID + other + by_hand, paid("300.00"))
    assert found.said() == "nothing OldMill (booked already, booked already)"


def test_each_credit_once() -> None:
    """The second of two lines finds it used."""
    found = refunded(OVERPAID + APPROVED, paid("300.00", "RC-2026-007", id="a"), paid("300.00", "RC-2026-007", id="b"))
    assert [each.decision for each in found.matched.proposals] == ["auto", "nothing"]


def test_a_word_of_return_and_a_receipt_of_the_amount() -> None:
    """The words of a refund, hoàn tiền, say as well that the payment came back: a person looks."""
    found = refunded(OVERPAID + APPROVED, paid("300.00", "HOAN TIEN RC-2026-007"))
    assert found.first.decision == "review"
    assert "it may be a payment that came back" in found.waits_for
    by_type = refunded(OVERPAID, paid("300.00", "returned", type=model.RETURN))
    assert by_type.said() == "auto OldMill (bounced, bounced)"


# A refund that comes back


RETURNED = line("300.00", "OLD MILL TEXTILES LTD", "returned, account closed", type=model.RETURN, date="2026-05-08")


def test_a_returned_refund_opens_the_credit_again() -> None:
    """From the ledger."""
    ledger = OVERPAID + APPROVED
    first = refunded(ledger, paid("300.00", "RC-2026-007", id="b-1"))
    booked = ledger + posted(first)
    found = refunded(booked, RETURNED)
    assert found.said() == "auto OldMill (returned payment, returned payment)"
    assert posted(found).endswith(
        "#reversal ^RF-2026-01\n" + "".join(f"{text}\n" for text in posted(found).split("\n")[1:-3])
        + "  Assets:Receivable:OldMill  -300.00 USD\n  Assets:Bank:Main            300.00 USD\n"
    )  # fmt: skip
    story = after(booked, found)
    assert story.open_on("2026-05-07") == {}
    assert story.open_on("2026-05-08") == {"RC-2026-007": "-300.00 USD"}


def test_a_refund_that_comes_back_in_the_same_statement() -> None:
    """Paid, returned, paid again."""
    lines = [
        paid("300.00", "RC-2026-007", id="a"),
        RETURNED,
        paid("300.00", "RC-2026-007", id="c", date="2026-05-10"),
    ]
    found = refunded(OVERPAID + APPROVED, *lines)
    assert found.all() == [f"auto {PAYS_300}", "auto OldMill (returned payment, returned payment)", f"auto {PAYS_300}"]
    story = after(OVERPAID + APPROVED, found)
    assert story.open_on("2026-05-09") == {"RC-2026-007": "-300.00 USD"}
    assert story.open_on("2026-05-10") == {}


def test_words_of_a_return_alone() -> None:
    """Who was paid back may pay the same amount, and write "return"."""
    booked = OVERPAID + posted(refunded(OVERPAID + APPROVED, paid("300.00", "RC-2026-007")))
    found = refunded(booked, line("300.00", "OLD MILL TEXTILES LTD", "return of samples", date="2026-05-08"))
    assert found.first.decision == "review"
    assert found.waits_for == "only words say that it came back"


def test_what_was_written_off_is_not_paid_back() -> None:
    """A credit that is no money of the customer's."""
    ledger = """
    2026-04-20 * "Old Mill" "Too much given up" #write-off ^WO-2026-001
      Expenses:Discounts  300.00 USD
      Assets:Receivable:OldMill  -300.00 USD
    """
    assert refunded(ledger, paid("300.00", "WO-2026-001"), company=AUTOMATIC).first.decision == "nothing"


def test_a_return_without_a_name() -> None:
    """Only the amount agrees."""
    booked = OVERPAID + posted(refunded(OVERPAID + APPROVED, paid("300.00", "RC-2026-007")))
    found = refunded(booked, line("300.00", "", "returned", type=model.RETURN, date="2026-05-08"))
    assert (found.first.decision, found.waits_for) == ("review", "only the amount agrees")


# Employees


HANDS = COMPANY + '2025-01-01 open Assets:InHand:Lan\n  holder: "Nguyen Thi Lan"\n2025-01-01 open Assets:InHand:Till\n'
TOO_MUCH = """
2026-05-01 * "Old Mill" "Cash" #receipt ^RC-1
  Assets:InHand:Lan  600.00 USD
  Assets:Receivable:OldMill  -600.00 USD

2026-05-02 * "Handed over"
  Assets:InHand:Till  620.00 USD
  Assets:InHand:Lan  -620.00 USD
"""


def test_an_employee_gets_back_what_he_gave_too_much() -> None:
    """Always for a person; what is booked brings his account to zero."""
    back = paid("20.00", "reimbursement", name="NGUYEN THI LAN")
    found = refunded(TOO_MUCH, back, company=HANDS)
    assert found.first.decision == "review"
    assert found.waits_for == "what an employee gets back a person confirms"
    asked = Session(found.story.book, found.story.entries, [back])
    asked.decide(asked.candidates()[0])
    text = "\n".join(directive(entry) for made in asked.entries() for entry in made.entries)
    assert "Assets:InHand:Lan   20.00 USD" in text
    assert told(TOO_MUCH + text, company=HANDS).rows("overpayments", "2026-05-31", "whose=employee") == []


@pytest.mark.parametrize("back", [paid("21.00", name="NGUYEN THI LAN"), paid("20.00", name="NGUYEN VAN LAN")])
def test_no_employee(back: BankLine) -> None:
    """Another amount, another name."""
    assert refunded(TOO_MUCH, back, company=HANDS).first.decision == "nothing"


# What a person decides


def session(ledger: str, *lines: BankLine) -> Session:
    """A session over a ledger."""
    story = applied(ledger, *lines, company=COMPANY).story
    return Session(story.book, story.entries, lines)


def test_a_person_takes_another_credit() -> None:
    """Written as documents of a receipt are; more than is open cannot be."""
    asked = session(OVERPAID + MEMO, paid("300.00"))
    assert asked.count == 1
    with pytest.raises(SessionError, match="no open document"):
        asked.edited("OldMill", "INV-1")
    asked.decide(asked.edited("OldMill", "CM-2026-004, RC-2026-007"))
    (entry,) = [entry for made in asked.entries() for entry in made.entries if "receivables" not in directive(entry)]
    assert '   120.00 USD\n    settles: "CM-2026-004"\n' in directive(entry)
    assert '   180.00 USD\n    settles: "RC-2026-007"\n' in directive(entry)
    assert asked.undo()
    asked.decide(asked.for_customer("OldMill"))
    assert asked.current is None


def test_an_invoice_is_not_paid_back() -> None:
    """Money that goes out settles credits."""
    asked = session(OVERPAID + invoice("INV-1", "OldMill", "50.00 USD"), paid("300.00"))
    with pytest.raises(SessionError, match="INV-1 is no credit"):
        asked.edited("OldMill", "INV-1 50")
