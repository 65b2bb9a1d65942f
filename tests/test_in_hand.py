"""Cash and cheques in hand: who holds what, since when, by which way, and what was given too much."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers import COMPANY, Told, day

from receivables.rules.in_hand import RECEIVED, hands

HOLDERS = """
2025-01-01 open Assets:InHand:Lan
  holder: "lan"
  branch: "north"
2025-01-01 open Assets:InHand:Minh
2025-01-01 open Assets:InHand:Cashier
  stage: "cashier"
2025-01-01 open Assets:InHand:Deposited
  stage: "deposited"
2026-01-01 custom "receivables-policy" "in-hand"
  days: 2
  deposit-days: 3
  limit: "500 USD"
2026-01-10 * "HanoiTower" "Lift 1" ^INV-1
  Assets:Receivable:HanoiTower  1000 USD
  Income:Sales
"""

CASH = """
2026-05-04 * "HanoiTower" "Cash" ^RC-1
  Assets:InHand:Lan  300 USD
  Assets:Receivable:HanoiTower  -300 USD
    settles: "INV-1"
2026-05-05 * "HanoiTower" "More cash" ^RC-2
  Assets:InHand:Lan  200 USD
  Assets:Receivable:HanoiTower  -200 USD
    settles: "INV-1"
"""

CHEQUE = """
2026-05-06 * "HanoiTower" "Cheque" ^RC-3
  Assets:InHand:Lan  400 USD
    cheque: "000123"
    cheque-bank: "Song Lo"
    cheque-date: 2026-05-20
  Assets:Receivable:HanoiTower  -400 USD
    settles: "INV-1"
"""


def told(text: str) -> Told:
    return Told(COMPANY + HOLDERS + text)


def in_hand(ledger: Told, as_of: str, *where: str) -> list[tuple[Any, ...]]:
    """Holder, receipt, amount and status of each row."""
    return [
        (row["holder"], row["number"], row["amount"], row["status"]) for row in ledger.rows("in_hand", as_of, *where)
    ]


def test_a_receipt_in_hand_is_a_receipt_and_settles_its_invoice() -> None:
    ledger = told(CASH)
    (invoice,) = ledger.rows("open_items", "2026-05-05")
    assert invoice["outstanding"] == Decimal("500.00")
    assert [row["kind"] for row in ledger.rows("settlements")] == ["receipt", "receipt"]


def test_nothing_is_in_hand_before_it_comes() -> None:
    ledger = told(CASH)
    assert in_hand(ledger, "2026-05-03") == []
    assert in_hand(ledger, "2026-05-04") == [("lan", "RC-1", Decimal("300.00"), "in time")]


def test_two_days_are_in_time_and_the_third_is_late() -> None:
    ledger = told(CASH)
    assert [row[3] for row in in_hand(ledger, "2026-05-06")] == ["in time", "in time"]
    assert [row[3] for row in in_hand(ledger, "2026-05-07")] == ["late", "in time"]


def test_a_deposit_has_days_of_its_own() -> None:
    ledger = told(
        CASH
        + """
2026-05-05 * "To the bank"
  Assets:InHand:Deposited  500 USD
  Assets:InHand:Lan  -500 USD
"""
    )
    assert {row[3] for row in in_hand(ledger, "2026-05-08")} == {"in time"}
    assert {row[3] for row in in_hand(ledger, "2026-05-09")} == {"late"}


def test_a_post_dated_cheque_waits_for_its_day_and_is_late_after_two_more() -> None:
    ledger = told(CHEQUE)
    assert [row[3] for row in in_hand(ledger, "2026-05-19")] == ["post-dated"]
    assert [row[3] for row in in_hand(ledger, "2026-05-20")] == ["in time"]
    assert [row[3] for row in in_hand(ledger, "2026-05-22")] == ["in time"]
    assert [row[3] for row in in_hand(ledger, "2026-05-23")] == ["late"]


def test_cash_goes_before_cheques_the_oldest_first() -> None:
    ledger = told(
        CASH
        + CHEQUE
        + """
2026-05-07 * "Handed over"
  Assets:InHand:Cashier  350 USD
  Assets:InHand:Lan  -350 USD
"""
    )
    assert in_hand(ledger, "2026-05-07") == [
        ("Cashier", "RC-1", Decimal("300.00"), "in time"),
        ("Cashier", "RC-2", Decimal("50.00"), "in time"),
        ("lan", "RC-2", Decimal("150.00"), "in time"),
        ("lan", "RC-3", Decimal("400.00"), "post-dated"),
    ]


@pytest.mark.parametrize(
    ("named", "place"), [('cheque: "000123"', "posting"), ('voucher: "a017-009"', "entry"), ("^RC-3", "link")]
)
def test_what_an_entry_names_goes_first(named: str, place: str) -> None:
    link, entry, posting = ("", "", "")
    if place == "link":
        link = f" {named}"
    elif place == "entry":
        entry = f"  {named}\n"
    else:
        posting = f"    {named}\n"
    cheque = CHEQUE.replace('    cheque: "000123"\n', '    cheque: "000123"\n    voucher: "A017-009"\n')
    ledger = told(
        f"""{CASH}{cheque}
2026-05-07 * "Handed over"{link}
{entry}  Assets:InHand:Cashier  400 USD
  Assets:InHand:Lan  -400 USD
{posting}"""
    )
    assert [row[:3] for row in in_hand(ledger, "2026-05-07", "holder=Cashier")] == [
        ("Cashier", "RC-3", Decimal("400.00"))
    ]


def test_a_cheque_is_one_piece_of_paper() -> None:
    ledger = told(
        CHEQUE
        + """
2026-05-07 * "Ten too much"
  Assets:InHand:Cashier  10 USD
  Assets:InHand:Lan  -10 USD
"""
    )
    assert in_hand(ledger, "2026-05-07", "holder=lan") == [
        ("lan", "RC-3", Decimal("400.00"), "post-dated"),
        ("lan", "", Decimal("-10.00"), "overpaid"),
    ]


def test_through_three_hands_on_one_day_written_in_any_order() -> None:
    steps = [
        """
2026-05-05 * "On the statement"
  bank-id: "0a1b"
  Assets:Bank  500 USD
  Assets:InHand:Deposited  -500 USD
""",
        """
2026-05-05 * "To the bank"
  slip: "77"
  Assets:InHand:Deposited  500 USD
  Assets:InHand:Cashier  -500 USD
""",
        """
2026-05-05 * "Handed over"
  Assets:InHand:Cashier  500 USD
  Assets:InHand:Lan  -500 USD
""",
    ]
    for text in ("".join(steps), "".join(reversed(steps))):
        ledger = told(text + CASH)
        assert in_hand(ledger, "2026-05-05") == []
        moves = ledger.rows("cash_movements", "2026-05-05", "number=RC-1")
        assert [(row["action"], row["giver"], row["taker"], row["days"]) for row in moves] == [
            ("received", "", "lan", None),
            ("handed over", "lan", "Cashier", 1),
            ("deposited", "Cashier", "Deposited", 0),
            ("credited", "Deposited", "", 0),
        ]
        assert (moves[2]["slip"], moves[3]["bank_id"]) == ("77", "0a1b")


def test_a_cheque_taken_back_reopens_the_invoice() -> None:
    ledger = told(
        CHEQUE
        + """
2026-05-08 * "HanoiTower" "Cheque given back" #reversal ^RC-3
  Assets:Receivable:HanoiTower  400 USD
  Assets:InHand:Lan  -400 USD
"""
    )
    assert in_hand(ledger, "2026-05-08") == []
    (step,) = ledger.rows("cash_movements", "2026-05-08", "action=returned")
    assert (step["giver"], step["cheque"], step["amount"]) == ("lan", "000123", Decimal("400.00"))
    assert sum(row["outstanding"] for row in ledger.rows("open_items", "2026-05-08")) == Decimal(1000)


def test_what_was_given_too_much_is_owed_to_the_employee_until_cash_makes_it_good() -> None:
    ledger = told(
        CASH
        + """
2026-05-06 * "Handed over"
  Assets:InHand:Cashier  520 USD
  Assets:InHand:Lan  -520 USD
2026-05-09 * "HanoiTower" "Cash" ^RC-4
  Assets:InHand:Lan  100 USD
  Assets:Receivable:HanoiTower  -100 USD
    settles: "INV-1"
"""
    )
    (row,) = ledger.rows("overpayments", "2026-05-08")
    assert (row["whose"], row["customer"], row["outstanding"]) == ("employee", "lan", Decimal("20.00"))
    assert ledger.rows("overpayments", "2026-05-09") == []
    assert in_hand(ledger, "2026-05-09", "holder=lan") == [("lan", "RC-4", Decimal("80.00"), "in time")]


def test_a_customers_overpayment_with_its_refund_and_approval() -> None:
    ledger = told(
        """
2026-05-04 * "HanoiTower" "Transfer" ^RC-1
  Assets:Bank  1100 USD
  Assets:Receivable:HanoiTower  -1100 USD
    settles: "INV-1"
2026-05-06 note Assets:Receivable:HanoiTower "Wants it back" #approval ^RC-1
2026-05-08 * "HanoiTower" "Back" #refund ^RF-1
  Assets:Receivable:HanoiTower  60 USD
    settles: "RC-1"
  Assets:Bank  -60 USD
2026-05-09 * "HanoiTower" "Lift 2" ^INV-2
  Assets:Receivable:HanoiTower  500 USD
  Income:Sales
2026-05-10 * "HanoiTower" "Came back" #reversal ^RF-1
  Assets:Bank  60 USD
  Assets:Receivable:HanoiTower  -60 USD
"""
    )
    figures = ("amount", "applied", "refunded", "outstanding", "owed", "approved")
    (row,) = ledger.rows("overpayments", "2026-05-05")
    assert [row[key] for key in figures] == [1100, 1000, 0, 100, 0, None]
    (row,) = ledger.rows("overpayments", "2026-05-09")
    assert [row[key] for key in figures] == [1100, 1000, 60, 40, 500, day("2026-05-06")]
    (row,) = ledger.rows("overpayments", "2026-05-10")
    assert [row[key] for key in figures] == [1100, 1000, 0, 100, 500, day("2026-05-06")]


def test_the_limit_is_for_cash_and_named_below() -> None:
    assert told(CASH).report("in_hand", "2026-05-05").notes == ()
    more = told(CASH.replace("200 USD", "200.01 USD"))
    assert more.report("in_hand", "2026-05-05").notes == ("lan has 500.01 USD in cash: the limit is 500 USD.",)
    assert told(CHEQUE + CASH).report("in_hand", "2026-05-06").notes == ()


def test_chosen_by_customer_and_by_metadata_of_the_account() -> None:
    ledger = told(CASH)
    assert len(ledger.rows("in_hand", "2026-05-05", "branch=north")) == 2
    assert ledger.rows("in_hand", "2026-05-05", "branch=south") == []
    assert len(ledger.rows("in_hand", "2026-05-05", customer="HanoiTower")) == 2
    assert ledger.rows("in_hand", "2026-05-05", customer="OldMill") == []


def test_one_receipt_of_two_customers_names_both() -> None:
    ledger = told(
        """
2026-05-04 * "Cash of two" ^RC-9
  Assets:InHand:Lan  300 USD
  Assets:Receivable:HanoiTower  -200 USD
    settles: "INV-1"
  Assets:Receivable:OldMill  -100 USD
"""
    )
    (row,) = ledger.rows("in_hand", "2026-05-04")
    assert (row["number"], row["customer"]) == ("RC-9", "HanoiTower, OldMill")


ACCOUNTS = ("Lan", "Minh", "Cashier", "Deposited")
STEPS = st.lists(
    st.tuples(
        st.integers(1, 9),
        st.sampled_from(("", *ACCOUNTS)),
        st.sampled_from(("", *ACCOUNTS)),
        st.integers(1, 500),
        st.sampled_from(("", "c1", "c2")),
    ),
    max_size=12,
)


@given(STEPS)
@settings(max_examples=60, deadline=None)
def test_on_every_day_the_amounts_of_an_account_add_up_to_its_balance(steps: list[tuple[Any, ...]]) -> None:
    text, balances = "", dict[tuple[str, int], Decimal]()
    for number, (of, giver, taker, cents, cheque) in enumerate(steps):
        amount = Decimal(cents).scaleb(-2)
        other = "Assets:Receivable:HanoiTower" if not giver else "Assets:Bank"
        text += f'2026-05-0{of} * "Step" ^RC-{number}\n'
        text += f"  Assets:InHand:{taker}  {amount} USD\n" if taker else f"  {other}  {amount} USD\n"
        text += f'    cheque: "{cheque}"\n' if cheque and taker else ""
        text += f"  Assets:InHand:{giver}  -{amount} USD\n" if giver else f"  {other}  -{amount} USD\n"
        text += f'    cheque: "{cheque}"\n' if cheque and giver else ""
        for account, signed in ((taker, amount), (giver, -amount)):
            for later in range(of, 10):
                balances[account, later] = balances.get((account, later), Decimal(0)) + signed
    ledger = Told(COMPANY + HOLDERS + text)
    for of in range(1, 10):
        found = hands(ledger.book, datetime.date(2026, 5, of))
        for account in ACCOUNTS:
            held = [each.amount for each in found.holdings if each.account == f"Assets:InHand:{account}"]
            assert sum(held) == balances.get((account, of), 0)
        came = sum(each.amount for each in found.movements if each.action == RECEIVED)
        went = sum(each.amount for each in found.movements if each.action != RECEIVED and not each.taker)
        assert came - went == sum(each.amount for each in found.holdings)
