"""Stories of who comes first: words, links, then the policy; oldest due first, whatever stands first in the file."""

from __future__ import annotations

from itertools import permutations

import pytest
from tests.ledgers import Told, told

EARLY_CREDIT = """
2026-01-06 * "Old Mill" "Transfer" ^RC-1 ^P-1
  number: "RC-1"
  Assets:Bank                           9 VND
  Assets:Receivable:OldMill
"""
DUE_LATE = """
2026-01-07 * "Old Mill" "Lift 7" ^XX-1 ^P-1
  number: "XX-1"
  due: 2026-01-19
  Assets:Receivable:OldMill            50 VND
  Income:Sales
"""
DUE_EARLY = """
2026-01-07 * "Old Mill" "Lift 8" ^YY-2 ^P-1
  number: "YY-2"
  due: 2026-01-08
  Assets:Receivable:OldMill            50 VND
  Income:Sales
"""


def whatever_the_order(*parts: str, problems: tuple[str, ...] = ()) -> Told:
    """The story of these parts, which is the same in every order of the file."""
    stories = [told("".join(order), problems=problems) for order in permutations(parts)]
    days = sorted({entry.date for entry in stories[0].entries})
    for story in stories[1:]:
        assert sorted(story.settled_by()) == sorted(stories[0].settled_by())
        for day in days:
            assert story.open_on(str(day)) == stories[0].open_on(str(day))
    return stories[0]


def test_a_waiting_credit_pays_the_invoice_of_the_day_that_is_due_first() -> None:
    story = whatever_the_order(EARLY_CREDIT, DUE_LATE, DUE_EARLY)
    assert story.settled_by() == ["2026-01-07 YY-2 <- RC-1 9 VND"]


def test_a_credit_of_the_same_day_pays_the_invoice_that_is_due_first() -> None:
    story = whatever_the_order(EARLY_CREDIT.replace("01-06", "01-07"), DUE_LATE, DUE_EARLY)
    assert story.settled_by() == ["2026-01-07 YY-2 <- RC-1 9 VND"]


def test_a_credit_pays_the_older_invoice_before_the_one_of_its_own_day() -> None:
    story = whatever_the_order(
        """
        2026-01-01 * "Old Mill" "Lift 6" ^OLD-0
          Assets:Receivable:OldMill             7 VND
          Income:Sales
        """,
        """
        2026-01-02 * "Old Mill" "Lift 7" ^INV-2 ^OLD-0
          Assets:Receivable:OldMill            60 VND
          Income:Sales
        """,
        """
        2026-01-02 * "Old Mill" "Transfer" ^RC-3 ^OLD-0
          Assets:Bank                          33 VND
          Assets:Receivable:OldMill
        """,
    )
    assert story.settled_by() == ["2026-01-02 INV-2 <- RC-3 26 VND", "2026-01-02 OLD-0 <- RC-3 7 VND"]


def test_of_two_credits_the_older_one_pays_first() -> None:
    story = whatever_the_order(
        """
        2026-01-07 * "Old Mill" "Not worth a letter" ^WO-2
          Expenses:BadDebt                     20 VND
          Assets:Receivable:OldMill
        """,
        """
        2026-01-10 * "Old Mill" "Lift 7" ^INV-4 ^WO-2
          Assets:Receivable:OldMill            50 VND
          Income:Sales
        """,
        """
        2026-01-10 * "Old Mill" "Price difference" ^CM-5 ^INV-4
          Income:Sales                        100 VND
          Assets:Receivable:OldMill
        """,
        problems=("more-than-open",),
    )
    assert story.settled_by() == ["2026-01-10 INV-4 <- CM-5 30 VND", "2026-01-10 INV-4 <- WO-2 20 VND"]


def test_a_credit_that_waits_for_another_document_is_paid_back_on_its_own_day() -> None:
    story = whatever_the_order(
        """
        2026-01-02 * "Old Mill" "Transfer" ^RC-4
          Assets:Bank                          20 VND
          Assets:Receivable:OldMill
            settles: "P-1"
        """,
        """
        2026-01-02 * "Old Mill" "Sent back" #refund ^RC-4
          Assets:Receivable:OldMill            20 VND
          Assets:Bank
        """,
        problems=("unknown-document",),
    )
    assert story.open_on("2026-01-02") == {}


@pytest.mark.parametrize("retention_first", [False, True])
def test_a_credit_pays_the_instalment_that_is_due_first_even_if_it_is_the_retention(retention_first: bool) -> None:
    price = """
          Assets:Receivable:OldMill            50 VND
            due: 2026-01-19"""
    retention = """
          Assets:Receivable:OldMill            10 VND
            due: 2026-01-08
            kind: "retention\""""
    story = whatever_the_order(
        """
        2026-01-06 * "Old Mill" "Transfer" ^RC-1 ^DN-0
          Assets:Bank                           9 VND
          Assets:Receivable:OldMill
        """,
        f"""
        2026-01-07 * "Old Mill" "Storage" ^DN-0{retention + price if retention_first else price + retention}
          Income:Sales
        """,
    )
    assert story.settled_by() == ["2026-01-07 DN-0/1 <- RC-1 9 VND"]
    assert story.open_on("2026-01-07") == {"DN-0/1": "1 VND", "DN-0/2": "50 VND"}


OLD = """
2026-01-01 * "Old Mill" "Lift 6" ^OLD-0
  Assets:Receivable:OldMill            50 VND
  Income:Sales
"""
PAID = """
2026-01-02 * "Old Mill" "Cheque" ^RC-1
  Assets:Bank                          50 VND
  Assets:Receivable:OldMill
    settles: "OLD-0"
"""
BOUNCED = """
2026-01-03 * "Old Mill" "Cheque bounced" #reversal ^RV-9 ^RC-1
  Assets:Receivable:OldMill            50 VND
  Assets:Bank
"""
WRITTEN_OFF = """
2026-01-03 * "Old Mill" "Written off" ^WO-6
  Expenses:BadDebt                     30 VND
  Assets:Receivable:OldMill
    settles: "OLD-0"
"""


@pytest.mark.parametrize("day", ["02", "03"])
def test_a_word_goes_before_a_link_on_the_day_of_a_reversal_too(day: str) -> None:
    memo = f"""
        2026-01-{day} * "Old Mill" "Price difference" ^CM-1 ^OLD-0
          Income:Sales                         50 VND
          Assets:Receivable:OldMill
        """
    story = whatever_the_order(OLD, PAID, memo, BOUNCED, WRITTEN_OFF, problems=("more-than-open",))
    assert story.open_on("2026-01-03") == {"CM-1": "-30 VND"}
    assert "2026-01-03 OLD-0 <- WO-6 30 VND" in story.settled_by()
    assert "2026-01-03 OLD-0 <- CM-1 20 VND" in story.settled_by()


def test_a_word_goes_before_a_link_when_a_reversal_is_itself_undone() -> None:
    """An invoice's cancellation is taken back on the day of a write-off with a word; a receipt waits with a link."""
    story = whatever_the_order(
        OLD,
        """
        2026-01-02 * "Old Mill" "Cancelled" #reversal ^RV-1 ^OLD-0
          Income:Sales                         50 VND
          Assets:Receivable:OldMill
        """,
        """
        2026-01-03 * "Old Mill" "By mistake" #reversal ^RV-2 ^RV-1
          Assets:Receivable:OldMill            50 VND
          Income:Sales
        """,
        """
        2026-01-02 * "Old Mill" "Transfer" ^RC-1 ^OLD-0
          Assets:Bank                          50 VND
          Assets:Receivable:OldMill
        """,
        WRITTEN_OFF,
        problems=("more-than-open",),
    )
    assert story.open_on("2026-01-02") == {"RC-1": "-50 VND"}
    assert story.open_on("2026-01-03") == {"RC-1": "-30 VND"}


TWO = """
2026-01-01 * "Old Mill" "Lift 6" ^INV-A
  Assets:Receivable:OldMill            50 VND
  Income:Sales
2026-01-01 * "Old Mill" "Lift 7" ^INV-B
  Assets:Receivable:OldMill            50 VND
  Income:Sales
"""
IN_PARTS = """
2026-01-01 * "Old Mill" "Lift 6" ^INV-A
  Assets:Receivable:OldMill            50 VND
    due: 2026-01-08
  Assets:Receivable:OldMill            50 VND
    due: 2026-01-19
  Income:Sales
"""
BOTH_PAID = """
2026-01-03 * "Old Mill" "Price difference" ^CM-1
  Income:Sales                        100 VND
  Assets:Receivable:OldMill
    settles: "INV-A, INV-B"
"""
TAKEN_BACK = """
2026-01-05 * "Old Mill" "There was none" #reversal ^RV-1 ^CM-1
  Assets:Receivable:OldMill           100 VND
  Income:Sales
"""
WAITS_BY_WORD = """
2026-01-04 * "Old Mill" "Transfer" ^RC-2
  Assets:Bank                          30 VND
  Assets:Receivable:OldMill
    settles: "INV-A, INV-B"
"""
WAITS_BY_LINK = """
2026-01-04 * "Old Mill" "Transfer" ^RC-2 ^INV-A
  Assets:Bank                          30 VND
  Assets:Receivable:OldMill
"""


def test_what_is_open_again_is_settled_in_the_order_of_the_words() -> None:
    story = told(TWO + BOTH_PAID + WAITS_BY_WORD + TAKEN_BACK)
    assert story.open_on("2026-01-05") == {"INV-A": "20 VND", "INV-B": "50 VND"}


@pytest.mark.parametrize("waits", [WAITS_BY_WORD.replace(", INV-B", ""), WAITS_BY_LINK])
def test_what_is_open_again_is_settled_oldest_due_first(waits: str) -> None:
    story = told(IN_PARTS + BOTH_PAID.replace(", INV-B", "") + waits + TAKEN_BACK)
    assert story.open_on("2026-01-05") == {"INV-A/1": "20 VND", "INV-A/2": "50 VND"}


@pytest.mark.parametrize(("first", "second"), [(50, 10), (10, 50)])
def test_of_instalments_due_on_one_day_the_first_is_paid_first(first: int, second: int) -> None:
    story = told(
        f"""
        2026-01-01 * "Old Mill" "Lift 6" ^INV-A
          Assets:Receivable:OldMill            {first} VND
          Assets:Receivable:OldMill            {second} VND
          Income:Sales
        2026-01-04 * "Old Mill" "Transfer" ^RC-2
          Assets:Bank                           9 VND
          Assets:Receivable:OldMill
            settles: "INV-A"
        """
    )
    assert story.settled_by() == ["2026-01-04 INV-A/1 <- RC-2 9 VND"]


@pytest.mark.parametrize(("first", "second"), [(50, 10), (10, 50)])
def test_of_the_postings_of_one_credit_the_first_is_used_first(first: int, second: int) -> None:
    story = told(
        f"""
        2026-01-01 * "Old Mill" "Transfer" ^RC-2 ^INV-A
          Assets:Bank                          60 VND
          Assets:Receivable:OldMill            -{first} VND
          Assets:Receivable:OldMill            -{second} VND
        2026-01-04 * "Old Mill" "Lift 6" ^INV-A
          Assets:Receivable:OldMill             9 VND
          Income:Sales
        """,
        problems=["more-than-open", "more-than-open"],
    )
    left = [row["outstanding"] for row in story.rows("open_items", "2026-01-04")]
    assert sorted(left) == sorted([9 - first, -second])


def test_a_document_without_link_is_paid_when_it_is_due_first() -> None:
    """The receipt's number is a link of the entry with two documents: both are meant, oldest due first."""
    story = whatever_the_order(
        """
        2026-01-28 * "" "b" ^INV-1
          due: 2026-01-28
          Assets:Receivable:OldMill            10 VND
            due: 2026-01-29
          Assets:Receivable:OldMill            10 VND
            number: "RC-9"
          Income:Sales
        """,
        """
        2026-01-28 * "" "a"
          Assets:Receivable:OldMill           -10 VND
            number: "INV-1"
          Assets:Bank
        """,
    )
    assert story.settled_by() == ["2026-01-28 RC-9 <- INV-1 10 VND"]
