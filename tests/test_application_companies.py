"""Companies of a group: whose bank received what, and what one owes the other for it, in the entries of bank lines."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal

import pytest
from beancount.core.data import Transaction
from tests.bank_lines import Applied, applied, line
from tests.ledgers import Told, told

from receivables.posting.text import directive
from receivables.rules.group import entity_of
from receivables_importers.application import entries_of
from receivables_importers.application.session import Session, SessionError
from receivables_importers.bank import model

GROUP = """
2025-01-01 open Assets:Bank:VN
  bank-account: "GB33BUKB20201555555555"
  entity: "VN"
2025-01-01 open Assets:Bank:KH
  bank-account: "GB94BARC10201530093459"
  entity: "KH"
2025-01-01 open Assets:InHand:KH
  entity: "KH"
2025-01-01 open Assets:Receivable:VN:Kiyose
  name: "Kiyose Hotels"
  entity: "VN"
2025-01-01 open Assets:Receivable:KH:Kiyose
  entity: "KH"
2025-01-01 open Income:Sales
2025-01-01 open Expenses:BankFees
2025-01-01 open Liabilities:UnidentifiedReceipts
2025-01-01 custom "receivables-policy" "application"
  charge-account: "Expenses:BankFees"
  refunds: "auto"
"""
BETWEEN = """
2025-01-01 open Liabilities:Intercompany:VN:KH
  entity: "VN"
  with: "KH"
2025-01-01 open Assets:Intercompany:KH:VN
  entity: "KH"
  with: "VN"
"""
COMPANY = GROUP + BETWEEN
BOTH = """
2026-04-01 * "Kiyose" "Lifts in Hanoi" ^HD-2026-0001
  Assets:Receivable:VN:Kiyose  2,000.00 USD
  Income:Sales
2026-04-02 * "Kiyose" "Lifts in Phnom Penh" ^INV-2026-0002
  Assets:Receivable:KH:Kiyose  1,000.00 USD
  Income:Sales
"""


def received(*lines: model.BankLine, ledger: str = BOTH, company: str = COMPANY) -> Applied:
    """Bank lines applied to the ledger of the group."""
    return applied(ledger, *lines, company=company)


def entries(found: Applied) -> list[Transaction]:
    """The transactions that are posted."""
    made = [each for proposal in entries_of(found.story.book, found.matched.proposals) for each in proposal.entries]
    return [each for each in made if isinstance(each, Transaction)]


def after(found: Applied, ledger: str = BOTH, company: str = COMPANY) -> Told:
    """The ledger with what is posted: nothing is wrong, and no company's postings are left unbalanced."""
    for entry in entries(found):
        sums: defaultdict[str, Decimal] = defaultdict(Decimal)
        for posting in entry.postings:
            assert posting.units is not None
            assert posting.units.number is not None
            sums[entity_of(found.story.book, posting.account) or "VN"] += posting.units.number
        assert set(sums.values()) == {Decimal(0)}, directive(entry)
    return told(ledger + "\n" + "\n".join(map(directive, entries(found))), company=company)


def owed(story: Told, on: str = "2026-05-31") -> list[str]:
    """What companies owe each other: "KH is owed 1000.00 by VN"."""
    return [
        f"{row['entity']} is owed {row['balance']} by {row['with']}"
        for row in story.rows("group_balances", on)
        if row["balance"] > 0
    ]


def test_one_receipt_for_two_companies() -> None:
    """Each invoice on its company's account, and what Vietnam owes Cambodia for it."""
    found = received(line("3,000.00", "KIYOSE HOTELS", "HD-2026-0001, INV-2026-0002"))
    assert found.said() == "auto Kiyose: HD-2026-0001 2,000.00 + INV-2026-0002 1,000.00"
    (entry,) = entries(found)
    assert directive(entry).endswith(
        "  Assets:Bank:VN                   3,000.00 USD\n"
        "  Assets:Receivable:VN:Kiyose     -2,000.00 USD\n"
        '    settles: "HD-2026-0001"\n'
        "  Assets:Receivable:KH:Kiyose     -1,000.00 USD\n"
        '    settles: "INV-2026-0002"\n'
        "  Liabilities:Intercompany:VN:KH  -1,000.00 USD\n"
        "  Assets:Intercompany:KH:VN        1,000.00 USD\n"
    )
    story = after(found)
    assert story.open_on("2026-05-31") == {}
    assert owed(story) == ["KH is owed 1000.00 by VN"]


def test_the_other_way_round() -> None:
    """Cambodia's bank receives what is Vietnam's, less a charge, which stays with the bank's company."""
    at_kh = line("1,985.00", "KIYOSE HOTELS", "HD-2026-0001", account="GB94BARC10201530093459")
    found = received(at_kh)
    assert found.said().startswith("auto Kiyose: HD-2026-0001 2,000.00 (bank charge)")
    made = directive(entries(found)[0])
    assert "Assets:Intercompany:KH:VN       -2,000.00 USD\n" in made
    assert "Liabilities:Intercompany:VN:KH   2,000.00 USD\n" in made


def test_its_own_company() -> None:
    """Nothing between companies where nothing is another's."""
    found = received(line("2,000.00", "KIYOSE HOTELS", "HD-2026-0001"))
    assert "Intercompany" not in directive(entries(found)[0])
    assert owed(after(found)) == []


def test_without_accounts_between_them_it_waits() -> None:
    """With what to open."""
    found = received(line("1,000.00", "KIYOSE HOTELS", "INV-2026-0002"), company=GROUP)
    assert found.first.decision == "review"
    assert 'open one with entity: "VN" and with: "KH"' in found.waits_for
    assert received(line("2,000.00", "KIYOSE HOTELS", "HD-2026-0001"), company=GROUP).first.decision == "auto"


def test_accounts_that_are_open_later_or_in_another_currency() -> None:
    """Are none on the day of the line: a pair of days."""
    for opened, decision in (("2026-05-04", "auto"), ("2026-05-05", "review")):
        later = GROUP + BETWEEN.replace("2025-01-01 open Assets", f"{opened} open Assets")
        found = received(line("1,000.00", "KIYOSE HOTELS", "INV-2026-0002"), company=later)
        assert found.first.decision == decision
    euro = GROUP + BETWEEN.replace("Assets:Intercompany:KH:VN\n", "Assets:Intercompany:KH:VN  EUR\n")
    assert received(line("1,000.00", "KIYOSE HOTELS", "INV-2026-0002"), company=euro).first.decision == "review"


def test_a_ledger_of_one_company() -> None:
    """Without `entity:` on the bank account nothing changes."""
    one = GROUP.replace('555"\n  entity: "VN"', '555"')
    assert received(line("1,000.00", "KIYOSE HOTELS", "INV-2026-0002"), company=one).first.decision == "auto"


def test_a_person_decides() -> None:
    """In the review as well: with the accounts it is booked, without them there is a reason."""
    paid = line("1,000.00", "SOMEBODY", "thanks")
    for company in (COMPANY, GROUP):
        story = told(BOTH, company=company)
        asked = Session(story.book, story.entries, [paid])
        chosen = asked.edited("Kiyose", "INV-2026-0002")
        if company == GROUP:
            with pytest.raises(SessionError, match="accounts between them are missing"):
                asked.decide(chosen)
            continue
        asked.decide(chosen)
        assert "Assets:Intercompany:KH:VN        1,000.00 USD" in directive(asked.entries()[0].entries[0])


def test_money_on_account_stays_with_the_bank_s_company() -> None:
    """A customer of both has an account with the one whose bank received it."""
    for account, named in (("GB33BUKB20201555555555", "VN"), ("GB94BARC10201530093459", "KH")):
        story = told(BOTH, company=COMPANY)
        asked = Session(story.book, story.entries, [line("77.00", "SOMEBODY", account=account)])
        asked.decide(asked.on_account("Kiyose"))
        made = directive(asked.entries()[0].entries[0])
        assert f"Assets:Receivable:{named}:Kiyose  -77.00 USD" in made
        assert "Intercompany" not in made


def test_a_credit_is_netted_in_its_own_company() -> None:
    """The entry of the netting needs nothing between companies; the receipt what is another's."""
    memo = (
        BOTH
        + """
2026-04-10 * "Kiyose" "Price" #credit-memo ^CM-4
  Income:Sales  100.00 USD
  Assets:Receivable:KH:Kiyose  -100.00 USD
"""
    )
    found = received(line("2,900.00", "KIYOSE HOTELS", "HD-2026-0001, INV-2026-0002 less CM-4"), ledger=memo)
    assert found.said().startswith("auto Kiyose")
    story = after(found, ledger=memo)
    assert story.open_on("2026-05-31") == {}
    assert owed(story) == ["KH is owed 900.00 by VN"]


def test_a_credit_of_one_company_for_an_invoice_of_the_other() -> None:
    """The credit is moved to the invoice's account, and Cambodia owes what it was relieved of."""
    memo = (
        BOTH
        + """
2026-04-10 * "Kiyose" "Price" #credit-memo ^CM-2026-0004
  Income:Sales  100.00 USD
  Assets:Receivable:KH:Kiyose  -100.00 USD
"""
    )
    paid = line("1,900.00", "KIYOSE HOTELS", "HD-2026-0001 less CM-2026-0004")
    found = received(paid, ledger=memo)
    assert found.said() == "auto Kiyose: HD-2026-0001 2,000.00 + CM-2026-0004 -100.00 (credit memo)"
    story = after(found, ledger=memo)
    assert story.open_on("2026-05-31") == {"INV-2026-0002": "1,000.00 USD"}
    assert owed(story) == ["VN is owed 100.00 by KH"]
    assert received(paid, ledger=memo, company=GROUP).first.decision == "review"


def test_a_bounced_receipt_takes_the_debt_back() -> None:
    """All its postings are turned round, those between companies as well."""
    paid = line("1,000.00", "KIYOSE HOTELS", "INV-2026-0002")
    back = line("-1,000.00", "KIYOSE HOTELS", "returned", type=model.RETURN, date="2026-05-08")
    found = received(paid, back)
    assert [each.decision for each in found.matched.proposals] == ["auto", "auto"]
    story = after(found)
    assert owed(story, "2026-05-07") == ["KH is owed 1000.00 by VN"]
    assert owed(story) == []
    assert story.open_on("2026-05-31", "Kiyose") == {"HD-2026-0001": "2,000.00 USD", "INV-2026-0002": "1,000.00 USD"}


def test_a_refund_out_of_another_company_s_bank() -> None:
    """Vietnam pays back what Cambodia owes the customer: Cambodia owes it."""
    ledger = (
        BOTH
        + """
2026-04-20 * "Kiyose" "Paid twice" #receipt ^RC-2026-077
  Assets:Bank:KH  300.00 USD
  Assets:Receivable:KH:Kiyose  -300.00 USD
"""
    )
    found = received(line("-300.00", "KIYOSE HOTELS", "refund RC-2026-077"), ledger=ledger)
    assert found.first.decision == "auto"
    assert owed(after(found, ledger=ledger)) == ["VN is owed 300.00 by KH"]


CASH = """
2026-05-01 * "Kiyose" "Cash" #receipt ^RC-1
  Assets:InHand:KH  400.00 USD
    cheque: "000123"
  Assets:Receivable:KH:Kiyose  -400.00 USD
    settles: "INV-2026-0002"
"""


def test_cash_of_one_company_in_the_bank_of_another() -> None:
    """A deposit is money of the company whose collector took it; a cheque that bounces takes the debt back."""
    paid = line("400.00", "", "CHQ 000123")
    back = line("-400.00", "", "RETURNED CHQ 123", type=model.RETURN, date="2026-05-08")
    found = received(paid, back, ledger=BOTH + CASH)
    assert [each.decision for each in found.matched.proposals] == ["auto", "auto"]
    story = after(found, ledger=BOTH + CASH)
    assert owed(story, "2026-05-07") == ["KH is owed 400.00 by VN"]
    assert owed(story) == []
    waits = received(paid, ledger=BOTH + CASH, company=GROUP)
    assert waits.first.decision == "review"
    assert "accounts between them are missing" in waits.waits_for
