"""What was chosen, as data: replayed, refused when anything is another, and never another posting."""

from __future__ import annotations

from typing import Any

import pytest
from beancount.core.data import Transaction
from hypothesis import given
from hypothesis import strategies as st
from tests.bank_lines import applied, invoice, line

from receivables.posting.text import directive
from receivables_importers.application.matching import prepare
from receivables_importers.application.session import (
    EDIT,
    LEAVE,
    ON_ACCOUNT,
    SETTLE,
    TAKE,
    Choice,
    OutdatedError,
    Session,
    SessionError,
    replay,
)

INVOICES = (
    invoice("INV-2026-0113", "OldMill", "1,000.00 USD")
    + invoice("INV-2026-0114", "OldMill", "250.00 USD", "2026-04-02")
    + invoice("INV-2026-0115", "OldMill", "250.00 USD", "2026-04-03")
    + invoice("INV-2026-0120", "BlueReef", "250.00 USD")
)
LINES = (
    line("250.00", "OLD MILL TEXTILES LTD", "first", id="1"),
    line("250.00", "SOMEBODY", "second", id="2"),
    line("980.00", "X", "third", id="3"),
    line("1,000.00", "OLD MILL TEXTILES LTD", "INV-2026-0113", id="4", date="2026-05-05"),
)


def session(ledger: str = INVOICES) -> Session:
    story = applied(ledger).story
    return Session(story.book, story.entries, LINES)


def said(asked: Session, **how: bool) -> list[str]:
    """The entries as ledger text."""
    return [directive(entry) for proposal in asked.entries(**how) for entry in proposal.entries]


def state(asked: Session) -> tuple[Any, ...]:
    """All that a session shows."""
    return asked.done, asked.current, asked.candidates(), said(asked), said(asked, suspense=True, evident=False)


def test_choices_are_replayed_on_another_session() -> None:
    """What is chosen on one session is booked by another one of the same book and lines."""
    one, other = session(), session()
    assert [each.line.id for each in one.proposals if each.decision == "auto"] == ["4"]
    chosen = [
        one.choose(Choice("1", TAKE, "OldMill", 1)),
        one.choose(Choice("2", SETTLE, "BlueReef")),
        one.choose(Choice("3", ON_ACCOUNT, "OldMill")),
    ]
    assert all(each.seen for each in chosen)
    assert replay(other, chosen) == chosen
    assert state(other) == state(one)
    assert len([text for text in said(one) if "#receipt" in text]) == 4
    assert len([text for text in said(one, evident=False) if "#receipt" in text]) == 3


def test_each_of_several_items_with_this_amount_is_offered() -> None:
    asked = session()
    offered = [each for each in asked.candidates() if each.customer == "OldMill"]
    numbers = [asked.book.items.number[item] for each in offered for item in each.items]
    assert numbers == ["INV-2026-0114", "INV-2026-0115"]
    assert offered[1].evidence[-1] == "INV-2026-0115 is open with the same amount"
    asked.choose(Choice("1", TAKE, "OldMill", 2))
    assert any('settles: "INV-2026-0115"' in entry for entry in said(asked))


def test_a_choice_can_be_taken_back() -> None:
    """Fewer choices are the session as it was before the last."""
    asked = session()
    first = replay(asked, [Choice("1", TAKE, "OldMill", 1)])
    after = state(asked)
    replay(asked, [*first, Choice("2", LEAVE)])
    assert asked.current is not None
    assert asked.current.line.id == "3"
    assert replay(asked, first) == first
    assert state(asked) == after
    assert replay(asked, []) == []
    assert state(asked) == state(session())


def test_a_choice_that_would_book_something_else_is_refused() -> None:
    """The candidate is the same, what it settles is not: nothing is decided."""
    chosen = replay(session(), [Choice("1", TAKE, "OldMill", 1)])
    paid = """
2026-05-01 * "Old Mill" "Cash" ^RC-1
  Assets:Bank:Savings  250.00 USD
  Assets:Receivable:OldMill  -250.00 USD
    settles: "INV-2026-0114"
"""
    changed = session(INVOICES + paid)
    with pytest.raises(OutdatedError):
        replay(changed, chosen)
    assert changed.done == 0


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        (Choice("2", TAKE, "OldMill", 1), OutdatedError),
        (Choice("1", TAKE, "BlueReef", 1), OutdatedError),
        (Choice("1", TAKE, "OldMill", 0), OutdatedError),
        (Choice("1", TAKE, "OldMill", 9), OutdatedError),
        (Choice("1", TAKE, "OldMill", -1), OutdatedError),
        (Choice("1", LEAVE, seen=""), None),
        (Choice("1", SETTLE, "Nobody"), SessionError),
        (Choice("1", ON_ACCOUNT, ""), SessionError),
        (Choice("1", EDIT, "Nobody", text="INV-2026-0114"), SessionError),
        (Choice("1", EDIT, "OldMill", text="INV-9"), SessionError),
        (Choice("1", EDIT, "OldMill", text="x" * 5000), SessionError),
        (Choice("1", "post", "OldMill"), SessionError),
    ],
)
def test_a_choice_that_cannot_be(choice: Choice, error: type[Exception] | None) -> None:
    asked = session()
    if error is None:
        replay(asked, [choice])
        assert asked.done == 1
        return
    with pytest.raises(error):
        replay(asked, [choice])
    assert asked.done == 0
    assert state(asked) == state(session())


def test_asking_changes_nothing() -> None:
    """An entry that was made by hand is found with each look at its line, not with the first alone."""
    by_hand = """
2026-05-04 * "Old Mill" "Booked already" ^RC-9
  Assets:Bank:Main  250.00 USD
  Assets:Receivable:OldMill  -250.00 USD
"""
    story = applied(INVOICES + by_hand).story
    matcher, _ = prepare(story.book, story.entries, LINES)
    assert matcher is not None
    looks = [matcher.propose(0) for _ in range(3)]
    assert looks[0].nature == "booked already"
    assert looks[0] == looks[1] == looks[2]


CHOICES = st.lists(
    st.one_of(
        st.just((LEAVE, "", 0, "")),
        st.tuples(st.just(TAKE), st.sampled_from(["OldMill", "BlueReef"]), st.integers(1, 3), st.just("")),
        st.tuples(
            st.sampled_from([SETTLE, ON_ACCOUNT]), st.sampled_from(["OldMill", "BlueReef"]), st.just(0), st.just("")
        ),
        st.tuples(
            st.just(EDIT), st.just("OldMill"), st.just(0),
            st.sampled_from(["INV-2026-0115", "INV-2026-0114 100", "INV-2026-0113, INV-2026-0115 1.00"]),
        ),
    ),
    max_size=3,
)  # fmt: skip


def chosen(asked: Session, wanted: list[tuple[str, str, int, str]]) -> list[Choice]:
    """As many of these choices as can be done, one line after the other."""
    replay(asked, [])
    made: list[Choice] = []
    for how, customer, candidate, text in wanted:
        current = asked.current
        if current is None:
            break
        choice = Choice(current.line.id, how, customer, candidate, text)
        try:
            made = replay(asked, [*made, choice])
        except SessionError:
            made = replay(asked, [*made, Choice(current.line.id, LEAVE)])
    return made


@given(CHOICES, CHOICES)
def test_what_was_chosen_before_leaves_no_trace(
    before: list[tuple[str, str, int, str]], wanted: list[tuple[str, str, int, str]]
) -> None:
    """A session that was used for something else says after a replay what a new one says."""
    used = SHARED
    chosen(used, before)
    made = chosen(used, wanted)
    fresh = session()
    assert replay(fresh, made) == made
    assert state(used) == state(fresh)
    money = [entry for proposal in used.entries() for entry in proposal.entries if isinstance(entry, Transaction)]
    for entry in money:
        assert sum(posting.units.number for posting in entry.postings) == 0


SHARED = session()
