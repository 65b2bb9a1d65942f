"""Deposits: money of ours that comes to the bank out of hand, known on the statement, or left to a person."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
from beancount import loader
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from tests.bank_lines import BOOKS, Applied, applied, invoice, line
from tests.ledgers import Told, told, unindented

import bean_ar.apply
from bean_ar.main import main
from receivables.book import Book
from receivables.booking import build
from receivables.language.reading import read
from receivables.posting.text import directive
from receivables.rules.in_hand import Hands, hands
from receivables_importers.application import entries_of, match
from receivables_importers.application.reading.noted_numbers import mentions, said_in
from receivables_importers.application.session import Session
from receivables_importers.bank import model
from receivables_importers.bank.model import BankLine, References

IN_HAND = """
2025-01-01 open Assets:InHand:Lan
  holder: "Nguyen Thi Lan"
2025-01-01 open Assets:InHand:Minh
2025-01-01 open Assets:InHand:Till
  stage: "cashier"
2025-01-01 open Assets:InHand:Deposited
  stage: "deposited"
"""
COMPANY = BOOKS + IN_HAND
INVOICES = (
    invoice("INV-2026-0113", "OldMill", "1,000.00 USD")
    + invoice("INV-2026-0114", "OldMill", "250.00 USD", "2026-04-02")
    + invoice("INV-2026-0120", "BlueReef", "777.00 USD")
)


def received(number: str, customer: str, amount: str, *words: str, date: str = "2026-05-01", by: str = "Lan") -> str:
    """A receipt in hand; `words` are metadata of its posting: 'cheque: "123"'."""
    said = "".join(f"    {word}\n" for word in words)
    return (
        f'{date} * "{customer}" "Paid" #receipt ^{number}\n  Assets:InHand:{by}  {amount}\n{said}'
        f"  Assets:Receivable:{customer}  -{amount}\n\n"
    )


def moved(giver: str, taker: str, amount: str, *words: str, date: str = "2026-05-02") -> str:
    """Money handed over, or brought to the bank."""
    said = "".join(f"  {word}\n" for word in words)
    return f'{date} * "Handed over"\n{said}  Assets:InHand:{taker}  {amount}\n  Assets:InHand:{giver}  -{amount}\n\n'


CASH = received("RC-1", "OldMill", "600.00 USD", 'voucher: "A017-001"')
CHEQUE = received("RC-2", "BlueReef", "400.00 USD", 'voucher: "A017-002"', 'cheque: "000123"')
TO_BANK = CASH + CHEQUE + moved("Lan", "Deposited", "1,000.00 USD", 'slip: "7731"')
"""Lan has taken cash and a cheque, and brought both to the bank with slip 7731."""


def deposited(ledger: str, *lines: BankLine, company: str = COMPANY) -> Applied:
    """Bank lines applied to the invoices and what is in hand."""
    return applied(INVOICES + ledger, *lines, company=company)


def counter(amount: str, text: str = "NOP TIEN MAT", **said: Any) -> BankLine:
    """A line over cash at the bank's counter."""
    return line(amount, said.pop("name", ""), text, type=said.pop("type", model.OTHER), **said)


def chosen(found: Applied, place: int = 0) -> str:
    """What a line is proposed to be: decision, and what of hand."""
    proposed = found.matched.proposals[place]
    in_hand = proposed.applied.in_hand
    return f"{proposed.decision} {in_hand.told}" if in_hand is not None else found.said(place)


def posted(found: Applied) -> str:
    """The entries as ledger text."""
    return "\n".join(
        directive(entry)
        for proposal in entries_of(found.story.book, found.matched.proposals)
        for entry in proposal.entries
    )


def after(ledger: str, found: Applied, company: str = COMPANY) -> Told:
    """The ledger with what was posted, loaded again."""
    return told(INVOICES + ledger + "\n" + posted(found), company=company)


def left(book: Book) -> list[str]:
    """What is in hand in the end: "Lan RC-1 600.00"."""
    return [
        f"{each.account.rpartition(':')[2]} {each.origin.number} {each.amount:,}"
        for each in hands(book, datetime.date(2099, 1, 1)).holdings
    ]


def credited(found: Hands) -> list[str]:
    """What came to the bank: "RC-1 600.00 by line b-1"."""
    return [
        f"{each.origin.number} {each.amount:,} by {each.bank_id}"
        for each in found.movements
        if each.bank_id and not each.taker
    ]


# What the line names


@pytest.mark.parametrize(
    "text", ["Slip 7731", "NOP TIEN MAT SO 0007731", "deposit no. 7-731", "SLIP7731 BRANCH 12", "存现 7731"]
)
def test_the_slip_in_the_text(text: str) -> None:
    """The slip's number and the exact amount are enough."""
    assert chosen(deposited(TO_BANK, line("1,000.00", "", text))) == "auto Deposited: slip 7731 1,000.00"


def test_what_is_booked() -> None:
    """Bank against hand, with slip and bank line, and nothing on a customer's account; the ledger follows the money."""
    found = deposited(TO_BANK, line("1,000.00", "", "Slip 7731", id="b-1"))
    assert posted(found) == (
        '2026-05-04 * "Slip 7731"\n'
        '  bank-id: "b-1"\n'
        '  evidence: "Deposited: slip 7731 1,000.00, in hand since 2026-05-02; the line names it"\n'
        "  Assets:Bank:Main          1,000.00 USD\n"
        "  Assets:InHand:Deposited  -1,000.00 USD\n"
        '    slip: "7731"\n'
    )
    book = after(TO_BANK, found).book
    assert left(book) == []
    assert credited(hands(book, datetime.date(2026, 5, 31))) == ["RC-1 600.00 by b-1", "RC-2 400.00 by b-1"]


def test_the_slip_says_which_of_two_deposits() -> None:
    """Two deposits of the same amount: the named one moves, the other stays."""
    ledger = (
        received("RC-1", "OldMill", "500.00 USD")
        + moved("Lan", "Deposited", "500.00 USD", 'slip: "7731"')
        + received("RC-2", "BlueReef", "500.00 USD", by="Minh", date="2026-05-02")
        + moved("Minh", "Deposited", "500.00 USD", 'slip: "7732"', date="2026-05-03")
    )
    found = deposited(ledger, counter("500.00", "NOP TIEN MAT 7732"))
    assert chosen(found) == "auto Deposited: slip 7732 500.00"
    assert left(after(ledger, found).book) == ["Deposited RC-1 500.00"]
    unnamed = deposited(ledger, counter("500.00"))
    assert chosen(unnamed) == "review Deposited: slip 7731 500.00"
    assert unnamed.waits_for == "2 deposits have this amount"


@pytest.mark.parametrize(
    "paid",
    [
        line("400.00", "", "CHQ 123"),
        line("400.00", "BLUE REEF HOTELS", "SEC SO 000123"),
        line("400.00", "", "", references=References(cheque="123")),
        line("400.00", "", "", references=References(customer="000123")),
    ],
)
def test_the_cheque_in_the_text(paid: BankLine) -> None:
    """A cheque that its collector brought to the bank by himself is known by its number."""
    found = deposited(CASH + CHEQUE, paid)
    assert chosen(found) == "auto Nguyen Thi Lan: cheque 000123 400.00"
    assert '    cheque: "000123"\n' in posted(found)
    assert left(after(CASH + CHEQUE, found).book) == ["Lan RC-1 600.00"]


def test_the_cheques_of_one_slip_line_by_line() -> None:
    """A bank that credits each cheque by itself."""
    ledger = (
        received("RC-1", "OldMill", "100.00 USD", 'cheque: "5001"')
        + received("RC-2", "BlueReef", "200.00 USD", 'cheque: "5002"')
        + moved("Lan", "Deposited", "300.00 USD", 'slip: "7731"')
    )
    found = deposited(ledger, line("200.00", "", "slip 7731 chq 5002"), line("100.00", "", "slip 7731 chq 5001"))
    assert [chosen(found, place) for place in (0, 1)] == [
        "auto Deposited: slip 7731 200.00", "auto Deposited: slip 7731 100.00",
    ]  # fmt: skip
    assert left(after(ledger, found).book) == []


def test_a_voucher_in_the_text() -> None:
    """The numbers of all vouchers, or receipts, of a deposit."""
    found = deposited(CASH + CHEQUE, line("600.00", "", "phieu thu A017-001"))
    assert chosen(found) == "auto Nguyen Thi Lan: A017-001 600.00"
    assert left(after(CASH + CHEQUE, found).book) == ["Lan RC-2 400.00"]


# What the line says


@pytest.mark.parametrize(
    "text",
    [
        "NOP TIEN MAT", "Nộp tiền mặt tại quầy", "CASH DEPOSIT", "CASH DEP AT COUNTER", "Deposit", "BAREINZAHLUNG",
        "VERSEMENT D'ESPECES", "INGRESO EN EFECTIVO", "现金存款", "存現", "إيداع نقدي", "ايداع",
    ],
)  # fmt: skip
def test_the_words_of_a_deposit(text: str) -> None:
    """The only deposit of this amount, and a line that says that it is one."""
    assert chosen(deposited(TO_BANK, counter("1,000.00", text))) == "auto Deposited: slip 7731 1,000.00"


@pytest.mark.parametrize("type", [model.CASH, model.CHEQUE])
def test_the_type_of_a_deposit(type: str) -> None:
    """The bank's own word for it."""
    assert chosen(deposited(TO_BANK, counter("1,000.00", "", type=type))).startswith("auto Deposited")


def test_only_the_amount_waits() -> None:
    """Nothing says that it is a deposit: a person looks."""
    found = deposited(TO_BANK, line("1,000.00", "", "transfer"))
    assert chosen(found) == "review Deposited: slip 7731 1,000.00"
    assert "only the amount agrees with what is in hand" in found.waits_for


@pytest.mark.parametrize(
    ("name", "type", "decision"),
    [
        ("Northgate Lifts", model.OTHER, "auto Deposited: slip 7731 1,000.00"),
        ("Northgate Lifts", model.CREDIT_TRANSFER, "nothing (own transfer)"),
        ("NGUYEN THI LAN", model.OTHER, "auto Deposited: slip 7731 1,000.00"),
    ],
)
def test_who_brought_it(name: str, type: str, decision: str) -> None:
    """Our own name, or a collector's, at the counter; our own name on a transfer is one between our accounts."""
    company = 'option "title" "Northgate Lifts"\n' + COMPANY
    ledger = TO_BANK + received("RC-9", "OldMill", "5.00 USD", date="2026-05-03")
    assert chosen(deposited(ledger, line("1,000.00", name, "", type=type), company=company)) == decision


def test_a_whole_balance() -> None:
    """All the cash of a cashier, out of several receipts."""
    ledger = (
        CASH + CHEQUE + received("RC-3", "OldMill", "50.00 USD", 'voucher: "A017-003"')
        + moved("Lan", "Till", "650.00 USD")
    )  # fmt: skip
    found = deposited(ledger, counter("650.00"))
    assert chosen(found) == "auto Till: A017-001 600.00, A017-003 50.00"
    assert '    voucher: "A017-001, A017-003"\n' in posted(found)
    assert left(after(ledger, found).book) == ["Lan RC-2 400.00"]


def test_what_stands_nearer_to_the_bank() -> None:
    """Money brought to the bank goes before the same amount in a collector's hand."""
    ledger = TO_BANK + received("RC-8", "OldMill", "1,000.00 USD", by="Minh")
    assert chosen(deposited(ledger, counter("1,000.00"))) == "auto Deposited: slip 7731 1,000.00"


def test_money_that_came_without_a_receipt() -> None:
    """Change from the bank is no customer's, and goes back as it came."""
    ledger = """
    2026-05-01 * "Change"
      Assets:InHand:Till  80.00 USD
      Assets:Bank:Main
    """
    found = deposited(ledger, counter("80.00"))
    assert chosen(found) == "auto Till: cash 80.00"
    assert left(after(ledger, found).book) == []


# What a person has to decide


@pytest.mark.parametrize(
    ("amount", "why"),
    [
        ("980.00", "it is 20.00 USD less than the deposit of 1,000.00 USD"),
        ("1,020.00", "it is 20.00 USD more than the deposit of 1,000.00 USD"),
    ],
)
def test_short_and_over(amount: str, why: str) -> None:
    """A note too few, or one too many: the deposit is offered, with the difference."""
    found = deposited(TO_BANK, counter(amount))
    assert chosen(found) == "review Deposited: slip 7731 1,000.00"
    assert found.waits_for == why


def test_what_is_missing_stays_in_hand_and_what_is_too_much_is_owed() -> None:
    """As a person takes it."""
    for amount, rest in (("980.00", ["Deposited RC-2 20.00"]), ("1,020.00", ["Deposited  -20.00"])):
        story = told(INVOICES + TO_BANK, company=COMPANY)
        asked = Session(story.book, story.entries, [counter(amount)])
        asked.decide(asked.candidates()[0])
        text = "\n".join(directive(entry) for made in asked.entries() for entry in made.entries)
        assert "receivables-customer" not in text
        assert left(told(INVOICES + TO_BANK + "\n" + text, company=COMPANY).book) == rest


def test_too_much_beside_another_deposit_is_not_offered() -> None:
    """What is too much would take the other deposit's money."""
    ledger = TO_BANK + received("RC-4", "OldMill", "70.00 USD", by="Minh") + moved("Minh", "Deposited", "70.00 USD")
    found = deposited(ledger, counter("1,020.00"))
    assert found.first.decision == "review"
    assert found.first.applied.in_hand is None
    assert found.waits_for == "it is 20.00 USD more than the deposit of 1,000.00 USD"


def test_a_part_of_the_cash() -> None:
    """A cashier brings a part of the cash: offered, the oldest first."""
    ledger = CASH + received("RC-3", "OldMill", "50.00 USD", date="2026-05-02")
    found = deposited(ledger, counter("500.00"))
    assert chosen(found) == "review Nguyen Thi Lan: cash 500.00 of 650.00"
    assert "it may be a part of 650.00 USD in cash" in found.waits_for


def test_the_named_slip_has_another_amount() -> None:
    """The amount is that of one deposit, the number that of another."""
    ledger = TO_BANK + received("RC-4", "OldMill", "70.00 USD", by="Minh") + moved("Minh", "Deposited", "70.00 USD")
    found = deposited(ledger, counter("70.00", "NOP TIEN MAT 7731"))
    assert chosen(found) == "review Deposited: RC-4 70.00"
    assert "it is 930.00 USD less than the deposit of 1,000.00 USD" in found.waits_for


def test_a_customer_who_pays_the_same_amount_at_the_counter() -> None:
    """The line says whose it is: it may be his payment, or the money that was collected elsewhere."""
    found = deposited(received("RC-1", "BlueReef", "1,000.00 USD"), counter("1,000.00", name="OLD MILL TEXTILES LTD"))
    assert found.first.decision == "review"
    assert found.waits_for == "it may as well be a payment of OldMill"
    assert [each.customer for each in found.first.runners_up] == ["OldMill"]


def test_a_transfer_of_a_customer_is_no_deposit() -> None:
    """An equal amount in hand is no reason to doubt a payment that says what it is."""
    found = deposited(TO_BANK, line("1,000.00", "OLD MILL TEXTILES LTD", "INV-2026-0113"))
    assert found.said() == "auto OldMill: INV-2026-0113 1,000.00"


def test_a_slip_number_and_a_document() -> None:
    """A line that names a slip and a customer's document, both with the amount."""
    ledger = received("RC-1", "OldMill", "777.00 USD") + moved("Lan", "Deposited", "777.00 USD", 'slip: "7731"')
    found = deposited(ledger, line("777.00", "BLUE REEF HOTELS", "INV-2026-0120 slip 7731"))
    assert found.first.decision == "review"
    assert "it may as well be a payment of BlueReef" in found.waits_for


def test_a_post_dated_cheque_is_not_deposited() -> None:
    """Until its day the bank takes no cheque; a pair of days."""
    ledger = received("RC-2", "BlueReef", "400.00 USD", 'cheque: "000123"', "cheque-date: 2026-05-20")
    for date, decision in (("2026-05-19", "review"), ("2026-05-20", "auto")):
        assert deposited(ledger, line("400.00", "", "CHQ 000123", date=date)).first.decision == decision


def test_a_deposit_of_long_ago() -> None:
    """After a month a person looks, unless the line names it."""
    for date, decision in (("2026-06-02", "auto"), ("2026-06-03", "review")):
        assert deposited(TO_BANK, counter("1,000.00", date=date)).first.decision == decision
    assert deposited(TO_BANK, counter("1,000.00", "slip 7731", date="2026-06-03")).first.decision == "auto"


def test_what_comes_in_hand_later_is_not_there_yet() -> None:
    """As of the line's day, less what the ledger moves later."""
    assert chosen(deposited(CASH, counter("600.00", date="2026-04-30"))).startswith("review")
    gone = CASH + moved("Lan", "Till", "600.00 USD", date="2026-05-06")
    assert deposited(gone, counter("600.00", date="2026-05-04")).first.applied.in_hand is None


def test_the_policy() -> None:
    """`deposits: "review"` lets a person look at all of them, `largest:` at the large ones."""
    for words, why in (
        ('deposits: "review"', "deposits: the policy application wants a person to look"),
        ('largest: "999 USD"', "it is more than 999 USD"),
    ):
        company = COMPANY.replace('custom "receivables-policy" "application"\n',
                                  f'custom "receivables-policy" "application"\n  {words}\n')  # fmt: skip
        found = deposited(TO_BANK, counter("1,000.00", "slip 7731"), company=company)
        assert (found.first.decision, found.waits_for) == ("review", why)


def test_each_deposit_once() -> None:
    """Two lines of the same amount, one deposit: the named line takes it, and the other finds nothing in hand."""
    found = deposited(TO_BANK, counter("1,000.00", id="a"), counter("1,000.00", "slip 7731", id="b"))
    assert chosen(found, 1) == "auto Deposited: slip 7731 1,000.00"
    assert found.first.applied.in_hand is None


def test_two_lines_that_may_be_one_deposit() -> None:
    """Nothing says which of them: both wait, and the first that a person takes leaves nothing for the other."""
    lines = [counter("1,000.00", id="a"), counter("1,000.00", id="b")]
    found = deposited(TO_BANK, *lines)
    assert [chosen(found, place) for place in (0, 1)] == ["review Deposited: slip 7731 1,000.00"] * 2
    assert found.waits_for == "2 lines of this amount may be this deposit"
    asked = Session(found.story.book, found.story.entries, lines)
    asked.decide(asked.candidates()[0])
    assert all(each.in_hand is None for each in asked.candidates())
    asked.undo()
    assert asked.candidates()[0].in_hand is not None


def test_a_short_number_that_a_customer_writes_by_accident() -> None:
    """A slip of three digits in the text of a customer's transfer, and his invoice of the same amount."""
    ledger = received("RC-1", "OldMill", "777.00 USD") + moved("Lan", "Deposited", "777.00 USD", 'slip: "504"')
    found = deposited(ledger, line("777.00", "BLUE REEF HOTELS LLC", "room 504"))
    assert found.first.decision == "review"
    assert found.waits_for == "it may as well be a payment of BlueReef"
    assert deposited(ledger, counter("777.00", "NOP TIEN MAT 504")).first.decision == "auto"


def test_a_document_of_another_customer() -> None:
    """Whoever names an invoice pays it, it seems, whatever the amount."""
    ledger = received("RC-1", "OldMill", "600.00 USD")
    found = deposited(ledger, counter("600.00", "NOP TIEN MAT INV-2026-0120"))
    assert found.first.decision == "review"
    assert found.waits_for == "it may as well be a payment of BlueReef"


# Cheques that come back


PAID = """
2026-05-01 * "Blue Reef" "Cheque" #receipt ^RC-2
  Assets:InHand:Lan  777.00 USD
    cheque: "000123"
    cheque-bank: "Song Lo Bank"
  Assets:Receivable:BlueReef  -777.00 USD
    settles: "INV-2026-0120"
"""


def returned(amount: str, text: str, **said: Any) -> BankLine:
    """A debit for a payment that came back."""
    return line(f"-{amount}", said.pop("name", ""), text, type=model.RETURN, **{"date": "2026-05-08", **said})


def test_a_deposited_cheque_that_bounces() -> None:
    """It is known by its number, takes its receipt back, and the invoice is open again; nothing is in hand."""
    lines = [line("777.00", "", "CHQ 000123", id="in"), returned("777.00", "RETURNED CHQ 123 NSF", id="out")]
    found = deposited(PAID, *lines)
    assert found.said(1) == "auto BlueReef (bounced, bounced)"
    assert posted(found).endswith(
        "  Assets:Bank:Main            -777.00 USD\n  Assets:Receivable:BlueReef   777.00 USD\n"
    )
    story = after(PAID, found)
    assert left(story.book) == []
    assert story.open_on("2026-05-07", "BlueReef") == {}
    assert story.open_on("2026-05-08", "BlueReef") == {"INV-2026-0120": "777.00 USD"}
    again = match(story.book, story.entries, lines)
    assert again.proposals == ()


@pytest.mark.parametrize(
    "text",
    ["RETURNED CHQ 123", "INWARD RTN CHQ 000123", "CHQ RET 123", "RET CHQ 123", "DISHONOR CHEQUE 123", "Chq Rtd 123",
     "CEK TAK LAKU 000123", "TOLAKAN KLIRING 123"],
)  # fmt: skip
def test_a_cheque_that_bounces_in_words_alone(text: str) -> None:
    """Many tables have no type: what would pass for a payment of ours would leave the invoice settled."""
    back = line("-777.00", "", text, id="out", date="2026-05-08")
    found = deposited(PAID, line("777.00", "", "CHQ 000123", id="in"), back)
    assert found.said(1) == "auto BlueReef (bounced, bounced)"


def test_a_cheque_that_is_in_hand_still_cannot_bounce() -> None:
    """Its deposit is missing in the ledger: a person looks."""
    found = deposited(PAID, returned("777.00", "RETURNED CHQ 123"))
    assert found.first.decision == "review"
    assert "the ledger has cheque 000123 in hand still" in found.waits_for


def test_a_cheque_beside_cash() -> None:
    """One receipt of cash and a cheque: only the cheque comes back, and so much of the invoice is open again."""
    ledger = """
    2026-05-01 * "Blue Reef" "Cash and cheque" #receipt ^RC-2
      Assets:InHand:Lan  77.00 USD
      Assets:InHand:Lan  700.00 USD
        cheque: "000123"
      Assets:Receivable:BlueReef  -777.00 USD
        settles: "INV-2026-0120"
    """
    found = deposited(ledger, line("700.00", "", "CHQ 000123"), returned("700.00", "RETURNED CHQ 123"))
    assert found.all()[1] == "auto BlueReef (bounced, bounced)"
    story = after(ledger, found)
    assert left(story.book) == ["Lan RC-2 77.00"]
    assert story.open_on("2026-05-31", "BlueReef") == {"INV-2026-0120": "700.00 USD"}


def test_a_cheque_of_several_customers_waits_when_it_is_a_part() -> None:
    """Nobody can say whose invoice it had paid."""
    ledger = """
    2026-05-01 * "Cash and cheque" #receipt ^RC-2
      Assets:InHand:Lan  77.00 USD
      Assets:InHand:Lan  950.00 USD
        cheque: "000123"
      Assets:Receivable:BlueReef  -777.00 USD
        settles: "INV-2026-0120"
      Assets:Receivable:OldMill  -250.00 USD
        settles: "INV-2026-0114"
    """
    found = deposited(ledger, line("950.00", "", "CHQ 000123"), returned("950.00", "RETURNED CHQ 123"))
    assert found.matched.proposals[1].decision == "review"
    assert "it is a part of RC-2" in found.matched.proposals[1].obstacles[0]


def test_a_post_dated_cheque_that_bounces_after_months() -> None:
    """The days count from the day that it bears."""
    ledger = PAID.replace('cheque-bank: "Song Lo Bank"', "cheque-date: 2026-10-01")
    found = deposited(
        ledger,
        line("777.00", "", "CHQ 000123", date="2026-10-02"),
        returned("777.00", "RETURNED CHQ 123", date="2026-10-05"),
    )
    assert found.all() == ["auto (deposit)", "auto BlueReef (bounced, bounced)"]


# What is booked already


BY_HAND = """
2026-05-05 * "To the bank"
  Assets:Bank:Main  1,000.00 USD
  Assets:InHand:Deposited  -1,000.00 USD
"""


def test_booked_by_hand() -> None:
    """An entry without the bank line's id, within four days."""
    for date, said in (("2026-05-09", "nothing (booked already, booked already)"), ("2026-05-10", "review")):
        found = deposited(TO_BANK + BY_HAND, counter("1,000.00", date=date))
        assert found.said().startswith(said)


def test_booked_by_hand_although_a_customer_is_named() -> None:
    """A deposit that says so is the entry's, whoever it names."""
    found = deposited(TO_BANK + BY_HAND, counter("1,000.00", name="OLD MILL TEXTILES LTD"))
    assert found.first.nature == "booked already"
    assert found.first.decision == "nothing"


def test_a_second_time_nothing() -> None:
    """What is posted is known by its bank line."""
    lines = [counter("1,000.00", "slip 7731", id="b-1")]
    found = deposited(TO_BANK, *lines)
    again = after(TO_BANK, found)
    assert match(again.book, again.entries, lines).proposals == ()


# Accounts


def test_in_hand_below_the_bank() -> None:
    """Where cash in hand stands below an account of the role "bank" it is no bank account."""
    company = COMPANY.replace("Assets:InHand", "Assets:Cash:InHand").replace("Assets:Bank:", "Assets:Cash:") + (
        '2025-01-01 custom "receivables-accounts" "bank" Assets:Cash\n'
        '2025-01-01 custom "receivables-accounts" "in-hand" Assets:Cash:InHand\n'
    )
    ledger = TO_BANK.replace("Assets:InHand", "Assets:Cash:InHand")
    paid = line("1,000.00", "", "Slip 7731", account="")
    only = company.replace('\n  bank-account: "GB94BARC10201530093459"', "\n  unused: TRUE").replace(
        "2025-01-01 open Assets:Cash:Savings\n  unused: TRUE\n", ""
    )
    found = deposited(ledger, paid, company=only)
    assert found.first.account == "Assets:Cash:Main"
    assert chosen(found) == "auto Deposited: slip 7731 1,000.00"


def test_another_currency() -> None:
    """Money in hand in another currency is another deposit."""
    assert deposited(TO_BANK, counter("1,000.00 EUR")).first.applied.in_hand is None


# Numbers in texts


def test_mentions() -> None:
    """A number that we gave out, as banks write it; amounts and short numbers name nothing."""
    said = said_in(["NOP TM PHIEU 0017-002 NGAY 04/05/2026", "SO TIEN 600000"])
    assert mentions(said, "17-2")
    assert not mentions(said, "A0017-002"), "two short numbers may be a day and a month"
    assert not mentions(said, "17-3")
    assert not mentions(said, "60")
    assert mentions(said, "600000")
    assert not mentions(said, "600000", amount="600000")


# The relation, the command and the terminal


STATEMENT = """:20:STARTUMS
:25:GB33BUKB20201555555555
:28C:00045/00001
:60F:C260503USD1000,00
:61:2605040504CR1000,00NMSCNONREF//2026050400018801
:86:NOP TIEN MAT SLIP 7731
:61:2605050505CR495,00NMSCNONREF//2026050500018802
:86:NOP TIEN MAT
:62F:C260505USD2495,00
-
"""


@pytest.fixture
def company(tmp_path: Path) -> Path:
    """A ledger and a statement beside it: one deposit is named, one is short."""
    ledger = tmp_path / "main.beancount"
    more = received("RC-7", "OldMill", "500.00 USD", by="Minh", date="2026-05-03")
    ledger.write_text('plugin "receivables"\n' + unindented(COMPANY + INVOICES + TO_BANK + more), "utf-8")
    (tmp_path / "may.sta").write_text(STATEMENT, "utf-8")
    return ledger


def test_the_command(company: Path) -> None:
    """The relation says whose money it was, and what it consists of; posted once."""

    def run(*words: str) -> str:
        statement = str(company.parent / "may.sta")
        return CliRunner().invoke(main, ["apply", str(company), statement, *words]).stdout

    rows = json.loads(run("--format", "json"))["rows"]
    assert [(row["decision"], row["customer"], row["allocations"], row["reason"]) for row in rows] == [
        ("auto", "OldMill, BlueReef", "Deposited: slip 7731 1,000.00", "deposit"),
        ("review", "OldMill", "Minh: RC-7 500.00", "deposit"),
    ]
    assert rows[0]["name"] == "Old Mill Textiles Ltd, Blue Reef Hotels LLC"
    assert "Written: main.beancount" in run("--post", "--yes", "--suspense")
    text = company.read_text("utf-8")
    assert '  candidate-1: "Minh: RC-7 500.00"\n' in text
    assert "Nothing to post." in run("--post", "--yes", "--suspense")


@pytest.mark.usefixtures("terminal")
def test_review(company: Path) -> None:
    """A key takes the deposit; nothing is learned of a payer."""
    words = ["apply", str(company), str(company.parent / "may.sta"), "--review", "--yes", "--post"]
    result = CliRunner().invoke(main, words, input="1\r")
    assert "1  Minh: RC-7 500.00" in result.stdout
    text = company.read_text("utf-8")
    assert re.search(r"Assets:InHand:Minh +-495.00 USD\n", text)
    assert "receivables-customer" not in text


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a person sat there."""
    monkeypatch.setattr(bean_ar.apply, "_is_terminal", lambda: True)


# For every ledger


AMOUNTS = st.sampled_from(["100.00", "250.00", "250.00", "400.00"])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[str, list[BankLine]]:
    """Receipts in hands, some handed over and deposited, and lines at the counter."""
    out, slips = [], 0
    for number in range(1, draw(st.integers(1, 7)) + 1):
        amount, by = draw(AMOUNTS), draw(st.sampled_from(["Lan", "Minh", "Till"]))
        words = [f'cheque: "50{number:02d}"'] if draw(st.booleans()) else []
        words += [f'voucher: "A-{number:03d}"'] if draw(st.booleans()) else []
        date = datetime.date(2026, 5, 1) + datetime.timedelta(days=draw(st.integers(0, 4)))
        out.append(received(f"RC-{number}", "OldMill", f"{amount} USD", *words, date=str(date), by=by))
        if draw(st.booleans()):
            slips += 1
            said = [f'slip: "77{slips:02d}"'] if draw(st.booleans()) else []
            said += [f'cheque: "50{number:02d}"'] if words and "cheque" in words[0] else []
            out.append(moved(by, "Deposited", f"{amount} USD", *said, date=str(date)))
    lines = []
    for place in range(draw(st.integers(1, 4))):
        text = draw(st.sampled_from(["NOP TIEN MAT", "slip 7701", "CHQ 5002", "NOP TIEN MAT A-001", "transfer"]))
        amount = draw(st.sampled_from(["100.00", "250.00", "400.00", "500.00", "650.00", "240.00"]))
        day = datetime.date(2026, 5, 1) + datetime.timedelta(days=draw(st.integers(0, 9)))
        lines.append(counter(amount, text, id=f"l{place}", date=str(day)))
    return "".join(out), lines


@given(worlds())
def test_exactly_what_is_said_moves(world: tuple[str, list[BankLine]]) -> None:
    """The ledger, read again, has moved the very receipts that the proposals say; nothing new is below zero."""
    text, lines = world
    entries, errors, options = loader.load_string(COMPANY + unindented(text))
    assert not errors
    book = build(read(entries, options))
    matched = match(book, entries, lines)
    decided = [each for each in matched.proposals if each.decision == "auto" and each.applied.in_hand is not None]
    made = [directive(entry) for each in entries_of(book, decided) for entry in each.entries]
    entries, errors, options = loader.load_string(COMPANY + unindented(text) + "\n" + "\n".join(made))
    assert not errors
    then = build(read(entries, options))
    found = hands(then, datetime.date(2099, 1, 1))
    for each in decided:
        in_hand = each.applied.in_hand
        assert in_hand is not None
        moved_now = sorted((step.origin.place, step.amount) for step in found.movements if step.bank_id == each.line.id)
        scale = then.scales["USD"]
        assert moved_now == sorted((part.key[2], scale.decimal(part.units)) for part in in_hand.parts)
    below = {(each.account, each.amount) for each in hands(book, datetime.date(2099, 1, 1)).holdings if each.amount < 0}
    assert {(each.account, each.amount) for each in found.holdings if each.amount < 0} <= below
    again = match(then, entries, lines)
    assert {each.id for each in again.known} == {each.line.id for each in decided}
    assert [each for each in again.proposals if each.decision == "auto" and each.applied.in_hand is not None] == []
