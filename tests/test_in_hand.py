"""Cash and cheques in hand: who holds what, since when, by which way, and what was given too much."""

from __future__ import annotations

import datetime
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers import COMPANY, Told, day

from receivables.fava.part import members, part
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
    (row,) = ledger.rows("overpayments", "2026-05-08", "branch=north")
    assert (row["whose"], row["customer"], row["outstanding"]) == ("employee", "lan", Decimal("20.00"))
    assert ledger.rows("overpayments", "2026-05-08", "branch=south") == []
    assert ledger.rows("overpayments", "2026-05-08", customer="HanoiTower") == []
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


def test_a_part_of_the_book_moves_the_money_as_the_whole_does() -> None:
    """A page about one customer must not say that money which went to the bank is still in hand."""
    book = told(
        CASH
        + """
2026-05-06 * "To the bank"
  Assets:Bank  500 USD
  Assets:InHand:Lan  -500 USD
"""
    ).book
    for pockets in (range(len(book.pockets)), ()):
        assert hands(part(book, members(book), pockets), day("2026-05-05")).holdings
        assert hands(part(book, members(book), pockets), day("2026-05-06")).holdings == ()


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


@pytest.mark.parametrize("named", ["A017-002", "a017 - 002", "A017-001"])
def test_a_sum_with_two_vouchers_is_named_by_either_whatever_the_spaces(named: str) -> None:
    ledger = told(
        f"""{CASH}
2026-05-06 * "HanoiTower" "Two papers" ^RC-4
  voucher: "A017-001, A017-002"
  Assets:InHand:Lan  70 USD
  Assets:Receivable:HanoiTower
2026-05-06 * "Handed over"
  voucher: "{named}"
  Assets:InHand:Cashier  70 USD
  Assets:InHand:Lan
"""
    )
    assert in_hand(ledger, "2026-05-06", "holder=Cashier") == [("Cashier", "RC-4", Decimal("70.00"), "in time")]


def test_beyond_what_is_named_other_money_goes() -> None:
    ledger = told(
        f"""{CASH}
2026-05-06 * "Handed over, the second and something of the first" ^RC-2
  Assets:InHand:Cashier  260 USD
  Assets:InHand:Lan
"""
    )
    assert in_hand(ledger, "2026-05-06") == [
        ("Cashier", "RC-1", Decimal("60.00"), "in time"),
        ("Cashier", "RC-2", Decimal("200.00"), "in time"),
        ("lan", "RC-1", Decimal("240.00"), "in time"),
    ]


def test_of_one_day_the_first_that_came_goes_first_although_another_was_named_before() -> None:
    ledger = told(
        """
2026-05-04 * "HanoiTower" "Morning" ^RC-7
  Assets:InHand:Lan  100 USD
  Assets:Receivable:HanoiTower
2026-05-04 * "HanoiTower" "Evening" ^RC-6
  Assets:InHand:Lan  100 USD
  Assets:Receivable:HanoiTower
2026-05-05 * "Part of the evening's" ^RC-6
  Assets:InHand:Cashier  40 USD
  Assets:InHand:Lan
2026-05-06 * "Handed over"
  Assets:InHand:Minh  100 USD
  Assets:InHand:Lan
"""
    )
    assert in_hand(ledger, "2026-05-06", "holder=Minh") == [("Minh", "RC-7", Decimal("100.00"), "in time")]


def test_a_cheque_on_two_receipts_is_named_below() -> None:
    second = CHEQUE.replace("RC-3", "RC-4").replace("05-06", "05-07")
    assert told(CHEQUE + second).report("in_hand", "2026-05-06").notes == ()
    (note,) = told(CHEQUE + second).report("in_hand", "2026-05-07").notes
    assert note == "The cheque 000123 stands on RC-3 and RC-4."
    assert told(CHEQUE + second.replace("Song Lo", "Tonle")).report("in_hand", "2026-05-07").notes == ()


def test_how_much_and_for_how_long_holder_by_holder() -> None:
    ledger = told(CASH + CHEQUE)
    assert ledger.rows("in_hand", "2026-05-09", by=("holder", "status")) == [
        {"holder": "lan", "status": status, "currency": "USD", "count": count, "amount": amount, "since": since,
         "days": days}
        for status, count, amount, since, days in (
            ("late", 2, 500, day("2026-05-04"), 5), ("post-dated", 1, 400, day("2026-05-06"), 3),
        )
    ]  # fmt: skip


def test_added_up_by_metadata_of_the_account_in_hand() -> None:
    rows = told(CASH).rows("in_hand", "2026-05-09", by=("branch",))
    assert [(row["branch"], row["amount"]) for row in rows] == [("north", 500)]
    (steps,) = told(CASH).rows("cash_movements", "2026-05-09", by=("branch",))
    assert (steps["branch"], steps["count"]) == ("north", 2)


def test_money_that_pad_puts_in_hand_is_there() -> None:
    ledger = told("2026-05-01 pad Assets:InHand:Minh Equity:Opening\n2026-05-02 balance Assets:InHand:Minh 50 USD\n")
    assert in_hand(ledger, "2026-05-02") == [("Minh", "", Decimal("50.00"), "in time")]


def test_what_a_reversal_took_back_was_neither_paid_nor_applied() -> None:
    ledger = told(
        """
2026-05-04 * "HanoiTower" "Cash" ^RC-1
  Assets:InHand:Lan  1040 USD
  Assets:Receivable:HanoiTower  -1000 USD
    settles: "INV-1"
  Assets:Receivable:HanoiTower  -40 USD
2026-05-05 * "HanoiTower" "A false note among them" #reversal ^RC-1
  Assets:InHand:Lan  -30 USD
  Assets:Receivable:HanoiTower
"""
    )
    figures = ("amount", "applied", "refunded", "outstanding")
    (row,) = ledger.rows("overpayments", "2026-05-04")
    assert [row[key] for key in figures] == [40, 0, 0, 40]
    (row,) = ledger.rows("overpayments", "2026-05-05")
    assert [row[key] for key in figures] == [10, 0, 0, 10]


def test_words_of_the_wrong_kind_are_said_once_and_count_as_not_said() -> None:
    ledger = told(
        """
2026-05-04 * "HanoiTower" "Cash" ^RC-1
  cheque: TRUE
  cheque-date: "soon"
  slip: 12.5
  voucher: 2026-05-04
  Assets:InHand:Lan  100 USD
  Assets:InHand:Minh  100 USD
  Assets:Receivable:HanoiTower
2026-05-05 * "HanoiTower" "A whole number needs no quotes" ^RC-2
  cheque: 77
  Assets:InHand:Lan  10 USD
  Assets:Receivable:HanoiTower
"""
    )
    assert ledger.codes == ["bad-date", "bad-text", "bad-text", "bad-text"]
    first, *_, last = ledger.rows("in_hand", "2026-05-05", "holder=lan")
    assert (first["voucher"], first["cheque"], first["cheque_date"], first["slip"]) == ("", "", None, "")
    assert last["cheque"] == "77"


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ('2026-01-01 custom "receivables-accounts" "bank" Assets:InHand:Safe', ["role-below-role"]),
        ('2026-01-01 custom "receivables-accounts" "group" Assets:Receivable:Sister', ["role-below-role"]),
        ('2026-01-01 custom "receivables-accounts" "in-hand" Assets:Bank:Desk', []),
    ],
)
def test_a_role_that_another_hides_is_no_silent_setting(line: str, codes: list[str]) -> None:
    assert told(line + "\n").codes == codes


def test_thousands_of_receipts_in_one_hand_are_followed_in_a_moment() -> None:
    first = datetime.date(2026, 5, 1)
    text = "".join(
        f'{first + datetime.timedelta(number // 100)} * "Cash" ^RC-{number}\n'
        "  Assets:InHand:Lan  10 USD\n  Assets:Receivable:HanoiTower\n"
        + (
            f'{first + datetime.timedelta(number // 100)} * "Handed over" ^RC-{number - 3}\n'
            "  Assets:InHand:Cashier  20 USD\n  Assets:InHand:Lan\n"
            if number % 4 == 3
            else ""
        )
        for number in range(4_000)
    )
    ledger = told(text)
    began = time.process_time()
    found = hands(ledger.book, datetime.date(2026, 12, 31))
    assert sum(each.amount for each in found.holdings) == 40_000
    # A quarter of a second; when every step looked at all that was there, half a minute.
    assert time.process_time() - began < 4


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
