"""Receipt books: who holds which, and which of their numbers are used, void, missing or used twice."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers import COMPANY, Told, day, told

from bean_ar.main import main
from receivables import cache
from receivables.booking import build
from receivables.language.reading import read
from receivables.loading import load_book
from receivables.relations import evaluate
from receivables.rules.voucher_numbers import MOST, read_range

HANDS = """
2025-01-01 open Assets:InHand:Lan
2025-01-01 open Assets:InHand:Minh
2025-01-01 open Assets:Counter
2025-01-01 open Assets:Advances
2025-01-01 open Liabilities:UnidentifiedReceipts
"""

A017 = """
2026-01-05 custom "receivables-receipt-book" "A017"
  numbers: "A017-001 to A017-010"
  holder: "lan"
"""

YEAR = (
    A017
    + """
2026-01-01 * "Lift 7" ^INV-1
  Assets:Receivable:HanoiTower  9,000 USD
  Income:Sales
2026-01-12 * "Cash" ^RC-1
  voucher: "A017-001"
  settles: "INV-1"
  Assets:InHand:Lan  100 USD
  Assets:Receivable:HanoiTower
2026-01-20 * "Cash" ^RC-2
  voucher: "A017-004"
  settles: "INV-1"
  Assets:InHand:Lan  200 USD
  Assets:Receivable:HanoiTower
2026-01-25 custom "receivables-receipt-book" "A017"
  void: "A017-003"
  reason: "spoilt in the printer"
2026-02-01 custom "receivables-receipt-book" "A017"
  holder: "minh"
2026-02-10 * "Cheque" ^RC-3
  voucher: "A017-005"
  settles: "INV-1"
  Assets:InHand:Minh  300 USD
  Assets:Receivable:HanoiTower
2026-02-12 * "Cash" ^RC-4
  voucher: "A017-006"
  settles: "INV-1"
  Assets:InHand:Lan  400 USD
  Assets:Receivable:HanoiTower
2026-03-01 custom "receivables-receipt-book" "A017"
  returned: TRUE
"""
)


def receipt(
    number: str, date: str, *, entry: str = "", posting: str = "", into: str = "InHand:Lan", units: str = "100 USD"
) -> str:
    """A receipt with the words of its entry and of the posting that brings the money."""
    return (
        f'{date} * "Cash" ^{number}\n'
        + "".join(f"  {word}\n" for word in entry.split("\n") if word)
        + f"  Assets:{into}  {units}\n"
        + "".join(f"    {word}\n" for word in posting.split("\n") if word)
        + "  Assets:Receivable:HanoiTower\n"
    )


def story(text: str, *, problems: Sequence[str] = ()) -> Told:
    return told(text, problems=problems, company=COMPANY + HANDS)


def states(of: Told, as_of: str = "2099-12-31") -> dict[str, str]:
    """Voucher → its status; of several uses the first."""
    found: dict[str, str] = {}
    for row in of.rows("vouchers", as_of):
        found.setdefault(row["voucher"], row["status"])
    return found


def counts(of: Told, as_of: str = "2099-12-31", book: str = "A017") -> tuple[int, ...]:
    """Used, void, missing, unused of a book."""
    (row,) = of.rows("receipt_books", as_of, f"book={book}")
    return tuple(row[name] for name in ("used", "void", "missing", "unused"))


def remark(of: Told, voucher: str, as_of: str = "2099-12-31") -> str:
    (row,) = of.rows("vouchers", as_of, f"voucher={voucher}")
    return str(row["remark"])


@pytest.fixture(scope="module")
def year() -> Told:
    return story(YEAR)


# The auditor's questions


def test_who_holds_which_book_since_when(year: Told) -> None:
    def holder(as_of: str) -> tuple[Any, ...]:
        (row,) = year.rows("receipt_books", as_of)
        return row["holder"], str(row["since"]), row["returned"]

    assert holder("2026-01-05") == ("lan", "2026-01-05", None)
    assert holder("2026-01-31") == ("lan", "2026-01-05", None)
    assert holder("2026-02-01") == ("minh", "2026-02-01", None)
    assert holder("2026-02-28") == ("minh", "2026-02-01", None)
    assert holder("2026-03-01") == ("", "None", day("2026-03-01"))
    assert year.rows("receipt_books", "2026-01-04") == []


def test_which_numbers_were_used_for_which_receipt(year: Told) -> None:
    used = [row for row in year.rows("vouchers") if row["number"]]
    assert [(row["voucher"], row["number"], row["amount"], row["received_by"]) for row in used] == [
        ("A017-001", "RC-1", 100, "Lan"),
        ("A017-004", "RC-2", 200, "Lan"),
        ("A017-005", "RC-3", 300, "Minh"),
        ("A017-006", "RC-4", 400, "Lan"),
    ]
    assert {(row["customer"], row["currency"], row["book"]) for row in used} == {("HanoiTower", "USD", "A017")}
    assert [year.line(row["line"]) for row in used] == ["Assets:Receivable:HanoiTower"] * 4


def test_which_are_void_missing_and_left(year: Told) -> None:
    assert states(year) == {
        "A017-001": "used", "A017-002": "missing", "A017-003": "void",
        "A017-004": "used", "A017-005": "used", "A017-006": "used",
    }  # fmt: skip
    assert counts(year) == (4, 1, 1, 4)
    assert remark(year, "A017-003") == "spoilt in the printer"
    assert remark(year, "A017-002") == "A017-004 was used"
    (row,) = year.rows("receipt_books", "2026-02-28")
    assert (row["next"], str(row["last_used"]), row["irregular"]) == ("A017-007", "2026-02-12", 1)
    (row,) = year.rows("receipt_books", "2026-03-01")
    assert row["next"] == "", "nobody writes in a book that was returned"


def test_a_number_is_missing_from_the_day_on_which_a_higher_one_is_used(year: Told) -> None:
    assert (counts(year, "2026-01-19"), counts(year, "2026-01-20")) == ((1, 0, 0, 9), (2, 0, 2, 6))
    row = next(row for row in year.rows("vouchers", "2026-01-24") if row["voucher"] == "A017-003")
    assert (row["status"], str(row["date"]), row["holder"]) == ("missing", "2026-01-20", "lan")


def test_the_day_of_a_missing_number_is_the_first_on_which_any_higher_one_was_used() -> None:
    of = story(
        A017
        + receipt("RC-1", "2026-01-08", entry='voucher: "A017-005"')
        + receipt("RC-2", "2026-01-10", entry='voucher: "A017-003"')
    )
    missing = [
        (row["voucher"], str(row["date"]), row["remark"]) for row in of.rows("vouchers", "2026-01-31", "status=missing")
    ]
    assert missing == [
        ("A017-001", "2026-01-08", "A017-005 was used"),
        ("A017-002", "2026-01-08", "A017-005 was used"),
        ("A017-004", "2026-01-08", "A017-005 was used"),
    ]


def test_a_void_number_is_missing_until_somebody_says_that_it_is_void(year: Told) -> None:
    assert states(year, "2026-01-24")["A017-003"] == "missing"
    assert states(year, "2026-01-25")["A017-003"] == "void"


def test_somebody_who_does_not_hold_the_book(year: Told) -> None:
    assert remark(year, "A017-006") == "received by Lan, held by minh"
    assert remark(year, "A017-005") == ""


@pytest.mark.parametrize(
    ("date", "by", "said"),
    [
        ("2026-01-04", "lan", "before the book was given out on 2026-01-05"),
        ("2026-01-05", "lan", ""),
        ("2026-01-31", "minh", "received by minh, held by lan"),
        ("2026-02-01", "minh", ""),
        ("2026-02-01", "lan", ""),
        ("2026-02-02", "lan", "received by lan, held by minh"),
        ("2026-02-01", "ha", "received by ha, held by lan and minh"),
        ("2026-03-01", "minh", ""),
        ("2026-03-02", "minh", "after the book was returned on 2026-03-01"),
    ],
)
def test_the_first_and_the_last_day_belong_to_the_holder(date: str, by: str, said: str) -> None:
    of = story(
        A017
        + '2026-02-01 custom "receivables-receipt-book" "A017"\n  holder: "minh"\n'
        + '2026-03-01 custom "receivables-receipt-book" "A017"\n  returned: TRUE\n'
        + receipt("RC-1", date, entry=f'voucher: "A017-001"\nreceived-by: "{by}"')
    )
    assert remark(of, "A017-001") == said
    (row,) = of.rows("receipt_books")
    assert row["irregular"] == bool(said)


def test_on_the_day_of_a_change_the_book_is_the_new_holder_s_where_nobody_says_who_received(year: Told) -> None:
    change = '2026-02-01 custom "receivables-receipt-book" "A017"\n  holder: "minh"\n'
    text = receipt("RC-1", "2026-02-01", entry='voucher: "A017-001"', into="Bank")
    (row,) = story(A017 + change + text).rows("vouchers")
    assert (row["holder"], row["remark"]) == ("minh", "")


def test_a_returned_book_may_be_given_out_again() -> None:
    text = A017 + (
        '2026-02-01 custom "receivables-receipt-book" "A017"\n  returned: TRUE\n'
        '2026-03-01 custom "receivables-receipt-book" "A017"\n  holder: "minh"\n'
    )
    for date, said in (
        ("2026-02-01", ""), ("2026-02-02", "after the book was returned on 2026-02-01"),
        ("2026-02-28", "after the book was returned on 2026-02-01"), ("2026-03-01", ""),
    ):  # fmt: skip
        assert remark(story(text + receipt("RC-1", date, entry='voucher: "A017-001"', into="Bank")), "A017-001") == said
    (row,) = story(text).rows("receipt_books")
    assert (row["holder"], row["returned"], row["next"]) == ("minh", None, "A017-001")


def test_a_book_in_the_safe_was_given_to_nobody() -> None:
    of = story(
        '2026-01-05 custom "receivables-receipt-book" "A017"\n  numbers: "A017-001 to A017-010"\n'
        + receipt("RC-1", "2026-01-06", entry='voucher: "A017-001"')
    )
    assert remark(of, "A017-001") == "the book was not given out"
    (row,) = of.rows("receipt_books")
    assert (row["holder"], row["since"], row["returned"]) == ("", None, None)


def test_a_line_that_names_the_same_holder_again_changes_nothing() -> None:
    of = story(A017 + '2026-02-01 custom "receivables-receipt-book" "A017"\n  holder: "Lan"\n')
    (row,) = of.rows("receipt_books")
    assert (row["holder"], str(row["since"])) == ("lan", "2026-01-05")


def test_used_twice_is_a_row_for_each_receipt_and_a_warning() -> None:
    text = A017 + receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"')
    text += receipt("RC-2", "2026-01-11", entry='voucher: "a017 - 001"', units="50 USD")
    of = story(text, problems=["voucher-twice"])
    rows = of.rows("vouchers")
    assert [(row["voucher"], row["status"], row["number"], row["amount"]) for row in rows] == [
        ("A017-001", "twice", "RC-1", 100),
        ("A017-001", "twice", "RC-2", 50),
    ]
    assert [row["remark"].partition(" (")[0] for row in rows] == ["used by RC-2 too", "used by RC-1 too"]
    assert counts(of) == (1, 0, 0, 9)
    (row,) = of.rows("receipt_books")
    assert (row["twice"], row["irregular"]) == (1, 0)
    (problem,) = of.problems
    assert of.line(problem.source["lineno"]) == of.line(rows[1]["line"]), "told at the second"
    assert states(of, "2026-01-10") == {"A017-001": "used"}


def test_a_void_number_that_was_used() -> None:
    text = A017.replace('holder: "lan"', 'holder: "lan"\n  void: "A017-002"\n  reason: "torn"')
    of = story(text + receipt("RC-1", "2026-01-10", entry='voucher: "A017-002"'), problems=["voucher-void"])
    assert states(of) == {"A017-001": "missing", "A017-002": "void and used"}
    assert remark(of, "A017-002") == "void since 2026-01-05: torn"
    assert counts(of) == (1, 0, 1, 8)


def test_a_number_of_no_book_and_the_one_that_is_meant() -> None:
    text = receipt("RC-0", "2026-01-04", entry='voucher: "OLD-7"') + A017
    text += receipt("RC-1", "2026-01-05", entry='voucher: "A017-13"') + receipt(
        "RC-2", "2026-01-06", entry='voucher: "A017-2"'
    )
    of = story(text, problems=["voucher-unknown", "voucher-unknown"])
    rows = of.rows("vouchers")
    assert [(row["voucher"], row["status"], row["book"], row["remark"]) for row in rows] == [
        ("A017-13", "not in a book", "", ""),
        ("A017-2", "not in a book", "", "the book has A017-002"),
    ]
    assert "(the book has A017-002)" in of.problems[1].message
    assert counts(of) == (0, 0, 0, 10)


# What uses a voucher


@pytest.mark.parametrize(
    "text",
    [
        receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"'),
        receipt("RC-1", "2026-01-10", posting='voucher: "A017-001"'),
        receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"', posting='voucher: "a017-001"'),
        receipt("RC-1", "2026-01-10") + '    voucher: "A017-001"\n',
        receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"', into="Bank"),
        receipt("A017-001", "2026-01-10"),
        receipt("RC-1", "2026-01-10", entry='number: "A017-001"'),
    ],
)
def test_where_the_voucher_may_stand(text: str) -> None:
    of = story(A017 + text)
    (row,) = of.rows("vouchers")
    assert (row["voucher"], row["status"], row["customer"], row["amount"]) == ("A017-001", "used", "HanoiTower", 100)
    assert of.line(row["line"]).startswith("Assets:Receivable:HanoiTower")


def test_the_number_of_the_receipt_counts_only_where_no_voucher_is_said() -> None:
    of = story(A017 + receipt("A017-001", "2026-01-10", entry='voucher: "A017-002"'))
    assert states(of) == {"A017-001": "missing", "A017-002": "used"}


def test_a_receipt_whose_number_is_of_no_book_is_nothing_to_speak_of() -> None:
    assert story(A017 + receipt("RC-1", "2026-01-10")).rows("vouchers") == []


def test_one_receipt_of_several_customers_uses_its_voucher_once() -> None:
    of = story(
        A017
        + """
        2026-01-10 * "Cash of both" ^RC-1
          voucher: "A017-001"
          Assets:InHand:Lan               150 USD
          Assets:Receivable:HanoiTower   -100 USD
          Assets:Receivable:OldMill       -50 USD
        """
    )
    (row,) = of.rows("vouchers")
    assert (row["status"], row["customer"], row["name"], row["amount"]) == (
        "used", "HanoiTower, OldMill", "HanoiTower, OldMill", 150,
    )  # fmt: skip
    assert len(of.rows("vouchers", customer="OldMill")) == 1
    assert of.rows("vouchers", customer="BlueReef") == []


def test_a_credit_memo_is_no_receipt() -> None:
    of = story(
        A017
        + """
        2026-01-10 * "Doors were late" #credit-memo ^A017-001
          Income:Sales                    100 USD
          Assets:Receivable:HanoiTower
        """
    )
    assert of.rows("vouchers") == []


def test_each_customer_of_a_receipt_may_have_a_number() -> None:
    of = story(
        A017
        + """
        2026-01-10 * "Round of the day"
          Assets:InHand:Lan               100 USD
          Assets:InHand:Minh               50 USD
          Assets:Receivable:HanoiTower   -100 USD
            number: "A017-001"
          Assets:Receivable:OldMill       -50 USD
            number: "A017-002"
        """
    )
    assert [(row["voucher"], row["customer"], row["amount"], row["received_by"]) for row in of.rows("vouchers")] == [
        ("A017-001", "HanoiTower", 100, ""),
        ("A017-002", "OldMill", 50, ""),
    ], "which of the two took it, nobody says"


def test_a_number_that_one_entry_says_twice_is_used_once() -> None:
    of = story(
        A017
        + """
        2026-01-10 * "Round of the day" ^RC-1
          voucher: "A017-001, A017-002"
          Assets:InHand:Lan               150 USD
          Assets:Receivable:HanoiTower   -100 USD
            voucher: "A017-001"
          Assets:Receivable:OldMill       -50 USD
        2026-01-11 * "Another round" ^RC-2
          voucher: "A017-003 to A017-005"
          Assets:InHand:Lan               150 USD
            voucher: "A017-004"
          Assets:Receivable:HanoiTower   -150 USD
        """
    )
    assert [(row["voucher"], row["status"], row["amount"]) for row in of.rows("vouchers")] == [
        ("A017-001", "used", 100), ("A017-002", "used", 50),
        ("A017-003", "used", None), ("A017-004", "used", 150), ("A017-005", "used", None),
    ]  # fmt: skip


def test_each_customer_of_a_receipt_may_have_a_voucher() -> None:
    of = story(
        A017
        + """
        2026-01-10 * "Round of the day" ^RC-1
          voucher: "A017-003"
          Assets:InHand:Lan               175 USD
          Assets:Receivable:HanoiTower   -100 USD
            voucher: "A017-001"
          Assets:Receivable:OldMill       -50 USD
            voucher: "A017-002"
          Assets:Receivable:BlueReef      -25 USD
        """
    )
    assert [(row["voucher"], row["customer"], row["amount"]) for row in of.rows("vouchers")] == [
        ("A017-001", "HanoiTower", 100),
        ("A017-002", "OldMill", 50),
        ("A017-003", "BlueReef", 25),
    ]


def test_money_in_two_currencies_on_two_vouchers_and_on_one() -> None:
    entry = """
        2026-01-10 * "Dollars and dong" ^RC-1
          Assets:InHand:Lan                   100 USD
            voucher: "A017-001"
          Assets:InHand:Lan               500,000 VND
            voucher: "A017-002"
          Assets:Receivable:HanoiTower       -100 USD
          Assets:Receivable:HanoiTower   -500,000 VND
        """
    two = story(A017 + entry)
    assert [(row["voucher"], row["currency"], row["amount"]) for row in two.rows("vouchers")] == [
        ("A017-001", "USD", 100),
        ("A017-002", "VND", 500_000),
    ]
    one = story(A017 + entry.replace('            voucher: "A017-002"\n', "").replace("    voucher:", "  voucher:"))
    assert counts(one) == (1, 0, 0, 9)
    both = story(A017 + entry.replace("A017-002", "A017-001"))
    assert counts(both) == (1, 0, 0, 9)
    assert [(row["status"], row["currency"]) for row in both.rows("vouchers")] == [("used", "USD"), ("used", "VND")]


def test_a_list_and_a_range_of_vouchers_have_the_amount_once() -> None:
    of = story(A017 + receipt("RC-1", "2026-01-10", entry='voucher: "A017-001, A017-003 to A017-005; A017-001"'))
    rows = of.rows("vouchers", "2099-12-31", "status=used")
    assert [(row["voucher"], row["amount"]) for row in rows] == [
        ("A017-001", 100), ("A017-003", None), ("A017-004", None), ("A017-005", None),
    ]  # fmt: skip
    assert rows[1]["remark"] == "the amount stands with the receipt's first voucher"
    assert counts(of) == (4, 0, 1, 5)
    (row,) = of.rows("receipt_books")
    assert (row["twice"], row["irregular"]) == (0, 0)


def test_amounts_that_are_longer_than_any_are_shown_as_they_are() -> None:
    large = "123,456,789,012,345,678,901,234,567,890"
    text = receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"', units=f"{large} USD")
    of = Told(COMPANY + HANDS + A017 + text.rstrip() + f"  -{large} USD\n")
    (row,) = of.rows("vouchers")
    assert f"{row['amount']:,}" == f"{large}.00"
    (held,) = of.rows("in_hand")
    assert held["amount"] == row["amount"]


@pytest.mark.parametrize(("last", "used"), [("1000", 1000), ("1001", 0), ("0000", 0)])
def test_one_entry_names_a_thousand_numbers_at_most(last: str, used: int) -> None:
    book = '2026-01-05 custom "receivables-receipt-book" "big"\n  numbers: "0001 to 9999"\n  holder: "lan"\n'
    of = story(
        book + receipt("RC-1", "2026-01-10", entry=f'voucher: "0001 to {last}"'),
        problems=[] if used else ["voucher-unknown"],
    )
    assert counts(of, book="big") == (used, 0, 0, 9999 - used)


def test_a_receipt_that_bounced_has_used_its_voucher() -> None:
    of = story(
        A017
        + receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"')
        + """
        2026-01-15 * "Cheque came back" #reversal ^RC-1
          voucher: "A017-001"
          Assets:Receivable:HanoiTower    100 USD
          Assets:InHand:Lan
        """
    )
    assert states(of) == {"A017-001": "used"}


def test_handing_over_and_depositing_name_the_voucher_and_use_none() -> None:
    of = story(
        A017
        + receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"')
        + """
        2026-01-11 * "To Minh"
          Assets:InHand:Minh    100 USD
          Assets:InHand:Lan
            voucher: "A017-001, OLD-9"
        2026-01-11 * "Back to Lan" ^A017-002
          Assets:InHand:Lan      10 USD
          Assets:InHand:Minh
        2026-01-12 * "To the bank, with what was found"
          voucher: "A017-001"
          Assets:Bank           105 USD
          Assets:InHand:Minh   -100 USD
          Income:FX
        """
    )
    assert states(of) == {"A017-001": "used"}


def test_money_of_others_may_be_in_a_cash_book_too() -> None:
    of = story(
        A017
        + """
        2026-01-10 * "An advance comes back" ^A017-001
          Assets:Bank    20 USD
          Assets:Advances
        2026-01-11 * "Scrap"
          Assets:InHand:Lan    30 USD
          Income:Sales
            voucher: "A017-002"
        2026-01-12 * "An invoice that has a link like a voucher" ^A017-003
          Assets:Receivable:OldMill    30 USD
          Income:Sales
        """
    )
    rows = of.rows("vouchers")
    assert [(row["voucher"], row["number"], row["customer"], row["amount"]) for row in rows] == [
        ("A017-001", "", "", 20),
        ("A017-002", "", "", 30),
    ]
    assert of.line(rows[0]["line"]).startswith("Assets:Bank")


def test_who_it_was_that_had_paid_is_no_second_receipt() -> None:
    unknown = """
        2026-01-10 * "Somebody paid"
          voucher: "A017-001"
          Assets:InHand:Lan    100 USD
          Liabilities:UnidentifiedReceipts
        """
    known = """
        2026-01-20 * "It was Hanoi Tower" ^RC-1
          voucher: "A017-001"
          Liabilities:UnidentifiedReceipts    100 USD
          Assets:Receivable:HanoiTower
        """
    (row,) = story(A017 + unknown + known).rows("vouchers")
    assert (row["status"], str(row["date"]), row["received_by"]) == ("used", "2026-01-10", "Lan")
    (row,) = story(A017 + known).rows("vouchers")
    assert (row["status"], row["number"], row["customer"]) == ("used", "RC-1", "HanoiTower")


def test_a_missing_number_that_a_refund_names() -> None:
    of = story(
        A017
        + receipt("RC-1", "2026-01-10", entry='voucher: "A017-002"')
        + """
        2026-01-20 * "Paid back" #refund ^RF-1
          voucher: "A017-001"
          settles: "RC-1"
          Assets:Receivable:HanoiTower    100 USD
          Assets:Bank
        """
    )
    (row,) = of.rows("vouchers", "2026-01-31", "status=missing")
    assert row["remark"] == "A017-002 was used; an entry names it that brings no money"
    assert of.line(row["line"]) == '2026-01-20 * "Paid back" #refund ^RF-1'


def test_the_day_on_the_voucher_counts_where_it_was_booked_later() -> None:
    of = story(A017 + receipt("RC-1", "2026-02-10", entry='voucher: "A017-001"\ndated: 2026-01-04'))
    assert remark(of, "A017-001") == "before the book was given out on 2026-01-05"
    assert of.rows("vouchers", "2026-02-09") == [], "nobody knew of it"
    (row,) = of.rows("vouchers", "2026-02-10")
    assert str(row["date"]) == "2026-01-04"


# Who received it


@pytest.mark.parametrize(
    ("text", "by"),
    [
        (receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"'), "Lan"),
        (receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"', into="Bank"), ""),
        (receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"\ncollector: "ha"'), "ha"),
        (receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"\nreceived-by: "tu"\ncollector: "ha"'), "tu"),
        (
            receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"\nreceived-by: "tu"', posting='received-by: "my"'),
            "my",
        ),
        (receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"', into="InHand:Counter"), "Ngọc"),
        (receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"', into="InHand:Way"), ""),
    ],
)
def test_who_received_it(text: str, by: str) -> None:
    accounts = (
        '2025-01-01 open Assets:InHand:Counter\n  holder: "Ngọc"\n  stage: "cashier"\n'
        '2025-01-01 open Assets:InHand:Way\n  stage: "deposited"\n'
    )
    (row,) = story(accounts + A017 + text).rows("vouchers")
    assert (row["received_by"], row["holder"]) == (by, "lan")
    assert bool(row["remark"]) == (by not in ("", "Lan"))


# The lines of a book


@pytest.mark.parametrize(
    ("written", "first", "last", "size"),
    [
        ("A017-001 to A017-050", "A017-001", "A017-050", 50),
        ("000101 to 000150", "000101", "000150", 50),
        ("1 to 50", "1", "50", 50),
        ("099 TO 1001", "099", "1001", 903),
        ("PT 001/26 to PT 050/26", "PT 001/26", "PT 050/26", 50),
        ("A017-005 to a017-005", "A017-005", "A017-005", 1),
        (f"1 to {MOST}", "1", str(MOST), MOST),
    ],
)
def test_numbers_of_a_book(written: str, first: str, last: str, size: int) -> None:
    found = read_range(written)
    assert (found.number(found.first), found.number(found.last), found.size) == (first, last, size)
    assert found.counter(f" {last.lower()} ") == found.last
    assert found.counter(found.number(found.last + 1)) is None


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ("A017-001", "not a first and a last number"),
        ("A017-001 to", "not a first and a last number"),
        ("1 to 2 to 3", "not a first and a last number"),
        ("A017-001 to B017-050", "differ in nothing but their counter"),
        ("A017-001 to A018-050", "differ in nothing but their counter"),
        ("A to B", "differ in nothing but their counter"),
        ("A017-050 to A017-001", "ends before it begins"),
        ("01 to 050", "the same zeros"),
        (f"1 to {MOST + 1}", "more than 100,000"),
        ("1 to " + "9" * 5000, "too long"),
        ("1 to " + "9" * 30, "too long"),
        ("9 " * 100_000, "not a first and a last number"),
    ],
)
def test_numbers_that_are_none(written: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        read_range(written)


@pytest.mark.parametrize(
    ("void", "told_void"),
    [
        ("A017-003", 1),
        ("a017 - 003", 1),
        ("A017-003, A017-005 to A017-007", 4),
        ("A017-003 to A017-003, A017-003", 1),
    ],
)
def test_void_numbers(void: str, told_void: int) -> None:
    of = story(A017 + f'2026-01-06 custom "receivables-receipt-book" "A017"\n  void: "{void}"\n')
    assert counts(of) == (0, told_void, 0, 10 - told_void)
    (row,) = of.rows("receipt_books")
    assert row["next"] == "A017-001"


def test_the_next_number_is_no_void_one() -> None:
    of = story(
        A017
        + receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"')
        + '2026-01-11 custom "receivables-receipt-book" "A017"\n  void: "A017-002 to A017-004"\n'
    )
    (row,) = of.rows("receipt_books")
    assert (row["next"], row["unused"]) == ("A017-005", 6)


def test_a_full_book_has_no_next_number() -> None:
    of = story(A017 + receipt("RC-1", "2026-01-10", entry='voucher: "A017-001 to A017-010"'))
    (row,) = of.rows("receipt_books")
    assert (row["next"], row["unused"], row["missing"]) == ("", 0, 0)


@pytest.mark.parametrize(
    ("line", "code", "says"),
    [
        ('numbers: "A017-001 to A017-060"', "receipt-book-numbers-twice", "A017-001 to A017-010"),
        ('numbers: "A017"', "bad-receipt-book", "not a first and a last number"),
        ('holders: "minh"', "unknown-receipt-book-key", 'the nearest is "holder"'),
        ("holder: 2026-01-01", "bad-receipt-book", "holder: 2026-01-01 is nobody"),
        ('holder: " "', "bad-receipt-book", "is nobody"),
        ('void: "A017-3"', "bad-receipt-book", "is none of its numbers"),
        ('void: "A017-011"', "bad-receipt-book", 'void: "A017-011" is none of its numbers, A017-001 to A017-010'),
        ('void: "A017-005 to A017-003"', "bad-receipt-book", "is none of its numbers"),
        ('void: "A017-003,"', "bad-receipt-book", "is none of its numbers"),
        ("void: TRUE", "bad-receipt-book", "void: True is none of its numbers"),
        ('returned: "soon"', "bad-receipt-book", "write returned: TRUE"),
    ],
)
def test_a_later_line_that_is_wrong_leaves_the_book_as_it_was(line: str, code: str, says: str) -> None:
    of = story(A017 + f'2026-02-01 custom "receivables-receipt-book" "A017"\n  {line}\n', problems=[code])
    assert says in of.problems[0].message
    (row,) = of.rows("receipt_books")
    assert (row["holder"], row["count"], row["void"], row["returned"]) == ("lan", 10, 0, None)


def test_the_same_numbers_again_are_no_other_numbers() -> None:
    of = story(A017 + '2026-02-01 custom "receivables-receipt-book" "a 017"\n  numbers: "a017-001 to A017-010"\n')
    assert len(of.rows("receipt_books")) == 1


@pytest.mark.parametrize(("numbers", "wrong"), [("A017-010 to A017-020", True), ("A017-011 to A017-020", False)])
def test_two_books_have_no_number_in_common(numbers: str, wrong: bool) -> None:
    text = A017 + f'2026-02-01 custom "receivables-receipt-book" "A018"\n  numbers: "{numbers}"\n'
    text += '2026-02-02 custom "receivables-receipt-book" "A018"\n  holder: "minh"\n'
    of = story(text, problems=["receipt-books-overlap"] if wrong else [])
    assert [row["book"] for row in of.rows("receipt_books")] == (["A017"] if wrong else ["A017", "A018"])
    if wrong:
        (problem,) = of.problems
        assert "has numbers of the book A017, A017-010, and is left out" in problem.message
        other = int(problem.message.rpartition(":")[2])
        assert of.line(other) == '2026-01-05 custom "receivables-receipt-book" "A017"'


def test_a_book_that_nobody_set_up_is_told_once() -> None:
    text = "".join(
        f'2026-02-0{date} custom "receivables-receipt-book" "A071"\n  holder: "minh"\n' for date in (1, 2)
    )  # fmt: skip
    of = story(A017 + text, problems=["bad-receipt-book"])
    assert 'it has no numbers: write numbers: "A017-001 to A017-050" on its first line' in of.problems[0].message
    assert 'the nearest book is "A017"' in of.problems[0].message
    assert of.line(of.problems[0].source["lineno"]).startswith("2026-02-01")


def test_a_line_gives_a_book_or_takes_it_back() -> None:
    text = '2026-02-01 custom "receivables-receipt-book" "A017" "minh"\n  holder: "minh"\n  returned: TRUE\n'
    of = story(A017 + text, problems=["bad-receipt-book", "bad-receipt-book"])
    assert [item.message.partition(": ")[2] for item in of.problems] == [
        '"minh" says nothing: write it with its word, as in holder: "minh"',
        "it cannot be returned and be given to minh by one line: "
        "write two lines, each with its date; until then it is returned",
    ]
    (row,) = of.rows("receipt_books")
    assert (row["holder"], row["returned"]) == ("", day("2026-02-01"))
    in_the_safe = A017.replace('  holder: "lan"\n', "") + text.replace(' "minh"\n', "\n", 1)
    (row,) = story(in_the_safe, problems=["bad-receipt-book"]).rows("receipt_books")
    assert (row["holder"], row["returned"]) == ("", None)


# The policy


REQUIRED = '2026-01-01 custom "receivables-policy" "receipt-book"\n  required: "in-hand"\n'


@pytest.mark.parametrize(
    ("policy", "text", "codes"),
    [
        (REQUIRED, receipt("RC-1", "2026-01-10"), ["voucher-missing"]),
        (REQUIRED, receipt("RC-1", "2025-12-31"), []),
        (REQUIRED, receipt("RC-1", "2026-01-01"), ["voucher-missing"]),
        (REQUIRED, receipt("RC-1", "2026-01-10", into="Bank"), []),
        (REQUIRED, receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"'), []),
        (REQUIRED + A017, receipt("A017-001", "2026-01-10"), []),
        (REQUIRED.replace('"in-hand"', '"never"'), receipt("RC-1", "2026-01-10"), []),
        ("", receipt("RC-1", "2026-01-10"), []),
        (A017, receipt("RC-1", "2026-01-10"), []),
    ],
)
def test_a_receipt_in_hand_without_a_voucher(policy: str, text: str, codes: Sequence[str]) -> None:
    of = story(policy + text, problems=codes)
    for problem in of.problems:
        assert "the receipt RC-1 of 100 USD on Assets:InHand:Lan has no voucher" in problem.message
        assert of.line(problem.source["lineno"]) == "Assets:InHand:Lan  100 USD"


def test_without_books_nothing_is_read() -> None:
    of = story(receipt("RC-1", "2026-01-10", entry='voucher: "A017-001"'))
    assert (list(of.book.vouchers), of.rows("vouchers"), of.rows("receipt_books")) == ([], [], [])


# Asking


def test_the_commands_and_their_conditions(tmp_path: Path) -> None:
    ledger = tmp_path / "main.beancount"
    ledger.write_text(COMPANY + HANDS + YEAR)

    def rows(*words: str) -> list[str]:
        result = CliRunner().invoke(main, [words[0], str(ledger), "--format", "csv", *words[1:]])
        assert result.exit_code == 0, result.output
        return result.stdout.splitlines()[1:]

    assert [line.split(",")[:2] for line in rows("receipt-books", "--as-of", "2026-03-01")] == [["A017", ""]]
    assert [line.split(",")[:2] for line in rows("receipt-books", "--as-of", "2026-02-20")] == [["A017", "minh"]]
    assert len(rows("vouchers")) == 6
    assert [line.split(",")[1] for line in rows("vouchers", "--where", "status=missing")] == ["A017-002"]
    assert [line.split(",")[1] for line in rows("vouchers", "--from", "2026-02")] == ["A017-005", "A017-006"]
    assert len(rows("vouchers", "--customer", "HanoiTower")) == 4
    assert len(rows("vouchers", "--where", "settles=INV-1")) == 4
    assert rows("vouchers", "--by", "status", "--where", "status=used") == ["used,USD,4,1000.00"]


def test_a_kept_book_says_the_same_of_its_receipt_books(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAN_AR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "SMALLEST", 0)
    ledger = tmp_path / "main.beancount"
    ledger.write_text(COMPANY + HANDS + YEAR)
    later = ledger.stat().st_mtime_ns + 10_000_000_000
    loaded = load_book(ledger)
    customs = [entry for entry in loaded.entries if type(entry).__name__ == "Custom"]
    assert cache.keep(ledger, loaded.book, loaded.errors, customs, [], loaded.options, later)
    kept = cache.recall(ledger)
    assert kept is not None
    for name in ("receipt_books", "vouchers"):
        for as_of in ("2026-01-24", "2026-03-31"):
            assert evaluate(kept.book, name, day(as_of)) == evaluate(loaded.book, name, day(as_of))


# What always holds

DAYS = [datetime.date(2026, 1, 1) + datetime.timedelta(days=count) for count in range(8)]
VOUCHERS = (
    "A-1", "a - 2", "A-3", "A-4", "A-5", "A-6", "A-2 to A-4", "A-5, A-6", "B01", "B02", "B03", "B04", "B4", "C-1",
)  # fmt: skip
HOLDERS = ("lan", "minh")


@st.composite
def ledgers(draw: st.DrawFn) -> str:
    """Two books with their lines, and receipts with vouchers of these and of none."""
    parts = []
    for book, numbers in (("A", "A-1 to A-6"), ("B", "B01 to B04")):
        lines = sorted(draw(st.lists(st.sampled_from(DAYS), min_size=1, max_size=4)))
        for place, date in enumerate(lines):
            words = "" if place else f'  numbers: "{numbers}"\n'
            said = draw(st.sampled_from(("", "holder", "holder", "void", "returned")))
            if said == "holder":
                words += f'  holder: "{draw(st.sampled_from(HOLDERS))}"\n'
            elif said == "void":
                words += f'  void: "{draw(st.sampled_from([v for v in VOUCHERS[:-2] if v[0].upper() == book]))}"\n'
            elif said:
                words += "  returned: TRUE\n"
            parts.append(f'{date} custom "receivables-receipt-book" "{book}"\n{words}')
    for place in range(draw(st.integers(0, 6))):
        date, voucher = draw(st.sampled_from(DAYS)), draw(st.sampled_from(VOUCHERS))
        word = draw(st.sampled_from((f'voucher: "{voucher}"', f'voucher: "{voucher}"', f'number: "{voucher}"')))
        into = draw(st.sampled_from(("InHand:Lan", "InHand:Minh", "Bank")))
        parts.append(receipt(f"RC-{place}", str(date), entry=word, into=into))
    return COMPANY + HANDS + "\n".join(parts)


@given(ledgers())
@settings(max_examples=60)
def test_every_number_of_a_book_is_used_void_missing_or_left(text: str) -> None:
    """On every day, and nothing that is said of a day depends on what came later."""
    of = Told(text)
    assert of.errors == []
    for date in DAYS:
        rows = of.rows("vouchers", str(date))
        for book in of.rows("receipt_books", str(date)):
            assert book["used"] + book["void"] + book["missing"] + book["unused"] == book["count"]
            of_book = [row for row in rows if row["book"] == book["book"]]
            numbers = {
                status: {row["voucher"] for row in of_book if row["status"] == status}
                for status in ("used", "twice", "void and used", "void", "missing")
            }
            assert len(numbers["used"] | numbers["twice"] | numbers["void and used"]) == book["used"]
            assert (len(numbers["void"]), len(numbers["missing"])) == (book["void"], book["missing"])
            assert sum(map(len, numbers.values())) + book["unused"] == book["count"], "no number has two states"
            if book["next"]:
                assert book["next"] not in {row["voucher"] for row in of_book}
        received = [row["amount"] for row in rows if row["amount"] is not None]
        assert sum(received, Decimal(0)) <= 100 * sum(" * " in line and line <= f"{date}~" for line in text.split("\n"))
        early = build(read([entry for entry in of.entries if entry.date <= date], of.options))
        for name in ("receipt_books", "vouchers"):
            assert evaluate(early, name, date) == evaluate(of.book, name, date), (name, date)


@given(st.lists(st.text(max_size=30), max_size=3), st.text(max_size=30))
@settings(max_examples=60)
def test_whatever_stands_in_these_words_loads(parts: list[str], voucher: str) -> None:
    quoted = [part.replace("\\", "").replace('"', "").replace("\n", " ") for part in (*parts, voucher)]
    lines = "".join(
        f'2026-01-0{place + 6} custom "receivables-receipt-book" "A017"\n  void: "{part}"\n  holder: "{part}"\n'
        f'2026-01-05 custom "receivables-receipt-book" "X{place}"\n  numbers: "{part} to {part}1"\n'
        for place, part in enumerate(quoted[:-1])
    )
    of = Told(COMPANY + HANDS + A017 + lines + receipt("RC-1", "2026-01-10", entry=f'voucher: "{quoted[-1]}"'))
    of.rows("vouchers")
    of.rows("receipt_books")
    assert len(of.rows("open_items")) == 1
