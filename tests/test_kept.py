"""What is kept between days and pages: made once, waited for by nobody else, and never another figure than anew."""

from __future__ import annotations

import datetime
import gc
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers import Told, day, told
from tests.random_ledgers import DATES, FIRST, RandomLedger, random_ledgers

from receivables.fava import shelf as shelf_module
from receivables.fava.remembered import RememberedTexts
from receivables.fava.shelf import ON_ROWS, Shelf
from receivables.kept import Kept
from receivables.loading import Loaded, load_book
from receivables.relations import RELATIONS, evaluate
from receivables.relations.question import Condition, Question
from receivables.report import Report
from receivables.view import view

# The store


def test_a_thing_is_made_once_however_many_ask_at_once() -> None:
    store, made = Kept(), []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        assert store.of("a", lambda: made.append("a") or len(made)) == 1

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert made == ["a"]


def test_who_asks_for_another_thing_does_not_wait() -> None:
    store, go = Kept(), threading.Event()
    slow = threading.Thread(target=lambda: store.of("slow", lambda: go.wait(10)))
    slow.start()
    assert store.of("quick", lambda: "at once") == "at once"
    assert slow.is_alive()
    assert store.has("quick")
    assert not store.has("slow")
    go.set()
    slow.join(10)
    assert store.has("slow")


def test_what_fails_is_made_anew() -> None:
    store = Kept()
    with pytest.raises(ZeroDivisionError):
        store.of("a", lambda: 1 // 0)
    assert store.of("a", lambda: 5) == 5


def test_what_was_not_asked_for_longest_goes_first() -> None:
    store = Kept(10, weigh=len)
    for name in ("a", "b"):
        store.of(name, lambda name=name: name * 4)  # type: ignore[misc]
    assert store.of("a", str) == "aaaa"
    store.of("c", lambda: "c" * 4)
    assert [store.has(name) for name in "abc"] == [True, False, True]
    assert store.of("huge", lambda: "h" * 100), "too heavy for the store, but answered"
    assert store.of("a", lambda: "anew") == "anew"


# The figures


def same(found: Report, expected: Report) -> None:
    """What a page shows of a relation is what the relation says."""
    assert list(found.rows) == list(expected.rows), expected.relation
    assert found._replace(rows=()) == expected._replace(rows=()), expected.relation


@pytest.fixture(scope="module")
def loaded() -> Loaded:
    return load_book(Path(__file__).parent.parent / "ledger" / "main.beancount")


@pytest.fixture(scope="module")
def company(loaded: Loaded) -> Shelf:
    """The example company, asked for many days."""
    return Shelf(loaded.entries, loaded.options)


DAYS = ["2025-01-01", "2025-03-31", "2025-12-31", "2026-01-15", "2026-02-28", "2026-03-31", "2026-05-04",
        "2026-06-29", "2026-06-30", "2026-07-01", "2026-12-31", "2031-01-01", "0001-01-01", "9999-12-31"]  # fmt: skip


def to_and_fro(days: list[str]) -> list[str]:
    """The days in an order that goes back as often as forth."""
    return [days[place * 5 % len(days)] for place in range(len(days))] if len(days) % 5 else days[::-1]


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_day_says_the_same_whatever_days_were_asked_before(company: Shelf, relation: str) -> None:
    days = [day(text) for text in to_and_fro(DAYS)]
    question = Question(customer="C-0017") if relation == "statement" else Question()
    for as_of in days:
        same(company.report(relation, as_of, question), evaluate(company.book, relation, as_of, question))
        whole = Question(customer="C-0013")
        same(company.report(relation, as_of, whole), company.report(relation, as_of, whole))


CONDITIONS = {
    "changes": ("overdue", ">", "0"),
    "promises": ("status", "=", "broken"),
    "credit_limits": ("status", "!=", "within"),
    "penalties": ("component", "=", "interest"),
    "penalty_balances": ("to_charge", ">", "0"),
    "provision": ("rate", ">", "30"),
    "limitation": ("status", "=", "running"),
    "open_items": ("bucket", "!=", "credits"),
    "aging": ("days_over_365", ">", "0"),
}


@pytest.mark.parametrize("relation", CONDITIONS)
@pytest.mark.parametrize("more", [(), (Condition("collector", "=", "lan"),)], ids=["", "of lan"])
def test_conditions_leave_the_rows_that_the_relation_leaves(
    company: Shelf, relation: str, more: tuple[Condition, ...]
) -> None:
    asked = Question(where=(Condition(*CONDITIONS[relation]), *more))
    for text in ("2026-03-31", "2026-06-30"):
        expected = evaluate(company.book, relation, day(text), asked)
        same(company.report(relation, day(text), asked), expected)
        for by in (("currency",), ("collector",)) if relation != "aging" else ():
            grouped = asked._replace(by=by)
            same(company.report(relation, day(text), grouped), evaluate(company.book, relation, day(text), grouped))
    assert expected.rows or more, "the condition is about something"


def test_a_warning_is_asked_before_a_row_is_made(company: Shelf) -> None:
    question = Question(where=(Condition("warning", "!=", ""),))
    for text in ("2027-12-31", "2028-06-30", "2029-01-31"):
        everything = evaluate(company.book, "limitation", day(text))
        warned = [row for row in everything.rows if row[everything.position("warning")]]
        assert list(company.report("limitation", day(text), question).rows) == warned
        assert warned


def test_every_relation_whose_rows_are_shared_is_tried_here() -> None:
    assert set(CONDITIONS) >= ON_ROWS


POLICIES = (
    'rate: "10% per year"',
    'rate: "1% per month"\n  part-month: "begun"',
    'rate: "1% per month"\n  part-month: "whole"',
    'rate: "10% per year"\n  compound: "month"',
    'rate: "BASE + 2%"\n  appropriation: "interest-first"',
    'rate: "BASE + 2%"\n  reference: "payment"\n  rounding: "month"',
    'rate: "10% per year"\n  grace: 3\n  fixed-sum: "5 USD"',
)
OTHERS = """
2020-01-01 custom "receivables-rate" "BASE" 2.15
2026-02-10 custom "receivables-rate" "BASE" 4
2020-01-01 custom "receivables-policy" "limitation"
  period: "30 days"
  restarts: "part-payment"
  instalments: "last"
2020-01-01 custom "receivables-policy" "provision"
  months: "1 30%, 2 50%"
"""
LATER = tuple(FIRST + datetime.timedelta(days=count) for count in (36, 40, 60, 62, 95, 400))


@given(
    random_ledgers(),
    st.sampled_from(POLICIES),
    st.lists(st.sampled_from((*DATES, *LATER)), min_size=2, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_random_ledgers_say_the_same_whatever_days_were_asked_before(
    ledger: RandomLedger, policy: str, days: list[datetime.date]
) -> None:
    story = Told(f'{ledger.text}\n2020-01-01 custom "receivables-policy" "penalty"\n  {policy}\n{OTHERS}')
    book, lasting = story.book._replace(texts=RememberedTexts(story.book.texts)), Kept()
    for as_of in days:
        seen = view(book, as_of, lasting)
        for name, relation in RELATIONS.items():
            if name not in ("statement", "revaluation"):
                same(relation.evaluate(seen, Question()), evaluate(story.book, name, as_of))


LATE = """
2026-01-01 * "HanoiTower" "Lift" ^INV-1
  due: 2026-01-10
  Assets:Receivable:HanoiTower  3000.00 USD
  Income:Sales
2026-02-15 * "HanoiTower" "Transfer" ^RC-1 ^INV-1
  Assets:Bank  3000.00 USD
  Assets:Receivable:HanoiTower
2026-04-01 * "HanoiTower" "Returned" #reversal ^RC-1
  Assets:Receivable:HanoiTower  3000.00 USD
  Assets:Bank
2026-05-20 * "HanoiTower" "Transfer" ^RC-2 ^INV-1
  Assets:Bank  3000.00 USD
  Assets:Receivable:HanoiTower
2026-01-01 * "HanoiTower" "Lift" ^INV-2
  due: 2026-02-10
  Assets:Receivable:HanoiTower  1000.00 USD
  Income:Sales
2026-03-15 * "HanoiTower" "Transfer" ^RC-3 ^INV-2
  Assets:Bank  400.00 USD
  Assets:Receivable:HanoiTower
2026-07-01 * "HanoiTower" "Transfer" ^RC-4 ^INV-2
  Assets:Bank  600.00 USD
  Assets:Receivable:HanoiTower
"""
STEPS = [f"2026-{month:02}-{place:02}" for month in range(1, 10) for place in (1, 10, 11, 15, 16, 20, 28)]


@pytest.mark.parametrize("policy", POLICIES)
def test_penalties_of_what_was_paid_and_bounced_and_paid_again_are_the_same_in_any_order(policy: str) -> None:
    story = told(f'2020-01-01 custom "receivables-policy" "penalty"\n  {policy}\n{OTHERS}{LATE}')
    expected = {text: evaluate(story.book, "penalties", day(text)) for text in STEPS}
    assert max(len(report.rows) for report in expected.values()) > 1
    for days in (to_and_fro(STEPS), STEPS, STEPS[::-1]):
        lasting = Kept()
        for text in (*days, *days):
            found = RELATIONS["penalties"].evaluate(view(story.book, day(text), lasting), Question())
            same(found, expected[text])


# The pages


def test_a_slow_rule_keeps_nobody_else_waiting(company: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    go, begun, real = threading.Event(), threading.Event(), RELATIONS["penalties"].module.evaluate

    def waiting(*asked: object) -> Report:
        begun.set()
        assert go.wait(10)
        report: Report = real(*asked)
        return report

    monkeypatch.setattr("receivables.relations.penalties.evaluate", waiting)
    slow = threading.Thread(target=lambda: company.report("penalties", day("2026-04-02")))
    slow.start()
    assert begun.wait(10)
    assert company.report("aging", day("2026-04-02")).rows
    assert company.report("promises", day("2026-04-03")).relation == "promises"
    assert company.entry("", 0) is None
    assert slow.is_alive()
    go.set()
    slow.join(10)
    assert company.has("penalties", day("2026-04-02"))


def test_a_large_ledger_is_set_aside_and_the_one_before_let_go(monkeypatch: pytest.MonkeyPatch, loaded: Loaded) -> None:
    said: list[str] = []
    for name in ("freeze", "unfreeze", "collect"):
        monkeypatch.setattr(gc, name, lambda name=name: said.append(name))
    shelf_module.set_aside(loaded.entries, again=False)
    assert said == [], "a small one costs nothing"
    monkeypatch.setattr(shelf_module, "MANY", 10)
    shelf_module.set_aside(loaded.entries, again=False)
    shelf_module.set_aside(loaded.entries, again=True)
    assert said == ["freeze", "unfreeze", "collect", "freeze"]


def test_answers_are_kept_by_their_rows(monkeypatch: pytest.MonkeyPatch, loaded: Loaded) -> None:
    monkeypatch.setattr(shelf_module, "HEAVIEST", 300)
    small = Shelf(loaded.entries, loaded.options)
    for text in ("2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"):
        small.report("documents", day(text))
    held = [text for text in ("2026-03-31", "2026-05-31", "2026-06-30") if small.has("documents", day(text))]
    assert held == ["2026-06-30"]


def test_a_dispute_goes_to_what_is_open_also_where_other_documents_bear_nothing() -> None:
    """The amount of a dispute over two documents stands on the one that is open, though the other bears no interest."""
    story = told(
        """
        2020-01-01 custom "receivables-policy" "penalty"
          rate: "10% per year"
        2026-01-01 * "HanoiTower" "Lift" ^INV-1
          due: 2026-01-10
          penalty: "none"
          Assets:Receivable:HanoiTower  365.00 USD
          Income:Sales
        2026-01-01 * "HanoiTower" "Lift" ^INV-2
          due: 2026-01-11
          Assets:Receivable:HanoiTower  36500.00 USD
          Income:Sales
        2026-01-05 * "HanoiTower" "Transfer" ^RC-1 ^INV-1
          Assets:Bank  365.00 USD
          Assets:Receivable:HanoiTower
        2026-01-06 note Assets:Receivable:HanoiTower "Doors" #dispute ^INV-1 ^INV-2
          amount: 365.00 USD
        """
    )
    (row,) = evaluate(story.book, "penalties", day("2026-01-21")).rows
    assert str(row[6]) == "36135.00", "365 of INV-2 are in dispute, for INV-1 is paid"
