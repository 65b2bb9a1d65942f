"""What holds for every ledger, whatever stands in it: the books tie out, no report looks ahead, order does not matter.

The ledgers are random (see `random_ledgers`). HYPOTHESIS_PROFILE=deep looks at thousands of new ones.
"""

from __future__ import annotations

import datetime
import itertools
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from beancount.core.data import Transaction
from beancount.parser import parser
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.ledgers import Told
from tests.random_ledgers import CONTROL, DATES, RandomLedger, in_order, random_ledgers

from receivables.book import Book
from receivables.booking import build
from receivables.language.reading import read
from receivables.loading import load_book
from receivables.relations import RELATIONS, evaluate
from receivables.relations.question import Question, read_condition
from receivables.report import Report, totals
from receivables.statements import statements
from receivables.view import view

BEFORE = DATES[0] - datetime.timedelta(days=1)
AFTER = DATES[-1] + datetime.timedelta(days=40)
EVERY_DAY = (BEFORE, *DATES, AFTER)
Places = dict[tuple[str, str], Decimal]


def loaded(ledger: RandomLedger) -> Told:
    """The ledger's book; Beancount must have found nothing wrong, else the test would be about nothing."""
    story = Told(ledger.text)
    assert [error.message for error in story.errors] == []
    return story


def postings(entries: Iterable[Any], until: datetime.date) -> Iterable[tuple[Any, Any]]:
    """Every posting on a receivable account up to a day, as Beancount has it."""
    for entry in entries:
        if isinstance(entry, Transaction) and entry.date <= until:
            for posting in entry.postings:
                if posting.account == CONTROL or posting.account.startswith(f"{CONTROL}:"):
                    yield entry, posting


def balances(story: Told, until: datetime.date) -> Places:
    """The balance of every receivable account by currency: Beancount's postings added up, nothing of ours."""
    sums: Places = defaultdict(Decimal)
    for _, posting in postings(story.entries, until):
        sums[posting.account, posting.units.currency] += posting.units.number
    return sums


def of_nobody(story: Told, until: datetime.date) -> Places:
    """What stands on the control account without a customer, by the words of the design."""
    sums: Places = defaultdict(Decimal)
    for entry, posting in postings(story.entries, until):
        named = (posting.meta or {}).get("customer") or entry.meta.get("customer") or entry.payee
        if posting.account == CONTROL and not named:
            sums[posting.account, posting.units.currency] += posting.units.number
    return sums


def dicts(report: Report) -> list[dict[str, Any]]:
    """A report's rows by column name."""
    names = [column.name for column in report.columns]
    return [dict(zip(names, row, strict=True)) for row in report.rows]


def without_lines(report: Report) -> list[tuple[Any, ...]]:
    """A report's rows without where they stand in the files; rows that rank alike may change places."""
    kept = [place for place, column in enumerate(report.columns) if column.name not in ("file", "line")]
    return sorted((tuple(row[place] for place in kept) for row in report.rows), key=repr)


@given(random_ledgers())
def test_the_open_items_are_the_balance_of_every_account_on_every_day(ledger: RandomLedger) -> None:
    story = loaded(ledger)
    for as_of in EVERY_DAY:
        open_items: Places = defaultdict(Decimal)
        for row in dicts(evaluate(story.book, "open_items", as_of)):
            open_items[row["account"], row["currency"]] += row["outstanding"]
        nobody = of_nobody(story, as_of)
        expected = balances(story, as_of)
        for place in {*expected, *open_items}:
            assert open_items[place] + nobody[place] == expected[place], (as_of, place)
        for row in dicts(evaluate(story.book, "tie_out", as_of)):
            if row["difference"] is None:
                continue
            place = row["account"], row["currency"]
            assert row["difference"] == 0
            assert row["balance"] == expected[place]
            assert row["open_items"] == open_items[place]
            assert row["unexplained"] == nobody[place]


@given(random_ledgers(), st.sampled_from(EVERY_DAY))
def test_no_report_looks_ahead(ledger: RandomLedger, as_of: datetime.date) -> None:
    """A book of the entries up to a day says of that day what the book of all entries says."""
    story = loaded(ledger)
    known = [entry for entry in story.entries if not isinstance(entry, Transaction) or entry.date <= as_of]
    early = build(read(known, story.options))
    for name in ("open_items", "aging", "settlements", "documents", "statement", "tie_out"):
        assert evaluate(early, name, as_of).rows == evaluate(story.book, name, as_of).rows, name


@given(random_ledgers(), st.data())
def test_the_order_of_entries_does_not_matter(ledger: RandomLedger, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(ledger.blocks))))
    one, two = loaded(ledger), loaded(in_order(ledger, order))
    for as_of in (DATES[1], DATES[3], AFTER):
        for name in RELATIONS:
            first, second = evaluate(one.book, name, as_of), evaluate(two.book, name, as_of)
            assert without_lines(first) == without_lines(second), (name, as_of)
            assert first.notes == second.notes
    assert set(one.codes) == set(two.codes)


@given(random_ledgers(), st.data())
@settings(max_examples=30)
def test_in_how_many_files_the_entries_stand_does_not_matter(ledger: RandomLedger, data: st.DataObject) -> None:
    files: dict[str, list[str]] = {"a": [], "b": [], "c": []}
    for block in ledger.blocks:
        files[data.draw(st.sampled_from("abc"))].append(block.text)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "main.beancount"
        path.write_text(ledger.head + "".join(f'include "{name}.beancount"\n' for name in files))
        for name, texts in files.items():
            (Path(folder) / f"{name}.beancount").write_text("\n".join(texts))
        several = load_book(path).book
    one = loaded(ledger).book
    for name in RELATIONS:
        assert without_lines(evaluate(one, name, AFTER)) == without_lines(evaluate(several, name, AFTER)), name


CONDITIONS = (
    (), ("entity=north",), ("customer=Ann",), ("currency=VND",), ("name~o",), ("account~Bob", "kind!=receipt"),
    ("due>=2026-01-30",), ("date>2026-01-28",), ("number~INV",), ("terms~net",),
)  # fmt: skip
"""Conditions on metadata and on columns of an item, which choose the same items whatever the relation."""


@given(random_ledgers(), st.sampled_from(EVERY_DAY))
def test_the_summary_is_the_sum_of_the_detail(ledger: RandomLedger, as_of: datetime.date) -> None:
    story = loaded(ledger)
    for where in CONDITIONS:
        for currency in (None, "VND", "USD"):
            question = Question(where=tuple(map(read_condition, where)), currency=currency)
            _assert_aging_is_the_sum(story.book, as_of, question)
    for by in (("entity",), ("customer", "entity"), ("name",)):
        _assert_groups_are_the_sum(story.book, as_of, Question(by=by))
        _assert_groups_are_the_sum(story.book, as_of, Question(by=by, currency="VND"))


def _assert_aging_is_the_sum(book: Book, as_of: datetime.date, question: Question) -> None:
    detail, summary = evaluate(book, "open_items", as_of, question), evaluate(book, "aging", as_of, question)
    by_bucket: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in dicts(detail):
        if row["outstanding"] is not None:
            by_bucket[row["customer"], row.get("document_currency", row["currency"]), row["bucket"]] += row[
                "outstanding"
            ]
    buckets = [column.name for column in summary.columns if column.money and column.name != "total"]
    found: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
    for row in dicts(summary):
        if row["total"] is None:
            continue
        assert row["total"] == sum(row[bucket] for bucket in buckets)
        for bucket in buckets:
            found[row["customer"], row.get("document_currency", row["currency"]), bucket] += row[bucket]
    assert {key: value for key, value in found.items() if value} == {
        key: value for key, value in by_bucket.items() if value
    }


def _assert_groups_are_the_sum(book: Book, as_of: datetime.date, question: Question) -> None:
    """Whatever the grouping, items and aging come to the same for every group."""
    items, aging = evaluate(book, "open_items", as_of, question), evaluate(book, "aging", as_of, question)
    sums: list[dict[tuple[Any, ...], Decimal]] = []
    for report, amount in ((items, "outstanding"), (aging, "total")):
        of_group: dict[tuple[Any, ...], Decimal] = defaultdict(Decimal)
        for row in dicts(report):
            of_group[(*(row[key] for key in question.by), row["currency"])] += row[amount] or 0
        sums.append(dict(of_group))
    assert sums[0] == sums[1]
    plain = evaluate(book, "open_items", as_of, question._replace(by=()))
    for currency, of_currency in totals(plain).items():
        assert totals(items)[currency]["outstanding"] == of_currency["outstanding"]


@given(random_ledgers(), st.sampled_from(EVERY_DAY), st.sampled_from((None, *EVERY_DAY)))
def test_documents_and_statements_come_to_what_is_open(
    ledger: RandomLedger, as_of: datetime.date, period_from: datetime.date | None
) -> None:
    story = loaded(ledger)
    open_of: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in dicts(evaluate(story.book, "open_items", as_of)):
        open_of[row["customer"], row["currency"]] += row["outstanding"]
    documents: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in dicts(evaluate(story.book, "documents", as_of)):
        documents[row["customer"], row["currency"]] += row["outstanding"]
        assert row["original"] == row["settled"] + row["outstanding"]
    closing: dict[tuple[str, str], Decimal] = {}
    report = evaluate(story.book, "statement", as_of, Question(period_from=period_from))
    for row in dicts(report):
        key = row["customer"], row["currency"]
        if row["kind"] == "balance":
            assert key not in closing
            assert row["debit"] is row["credit"] is None
            closing[key] = row["balance"]
            if period_from is None:
                assert row["balance"] == 0
        else:
            closing[key] += (row["debit"] or 0) - (row["credit"] or 0)
            assert row["balance"] == closing[key]
    for key in {*open_of, *documents, *closing}:
        assert open_of[key] == documents[key]
        if period_from is None or period_from <= as_of:
            assert closing.get(key, Decimal(0)) == open_of[key]


@given(random_ledgers())
def test_nothing_is_settled_beyond_what_a_document_is_worth(ledger: RandomLedger) -> None:
    story = loaded(ledger)
    items, settlements = story.book.items, story.book.settlements
    left = list(items.amount)
    assert list(settlements.day) == sorted(settlements.day)
    columns: Sequence[Sequence[int]] = settlements
    for day, debit, credit, amount, cause in zip(*columns, strict=True):
        assert amount != 0
        assert items.pocket[debit] == items.pocket[credit]
        assert day >= max(items.day[debit], items.day[credit])
        assert items.day[cause] <= day
        left[debit] -= amount
        left[credit] += amount
        assert 0 <= left[debit] <= items.amount[debit]
        assert items.amount[credit] <= left[credit] <= 0
    assert left == list(items.residual)


@given(random_ledgers(), st.sampled_from(EVERY_DAY))
def test_settlements_and_what_is_open_make_up_each_document(ledger: RandomLedger, as_of: datetime.date) -> None:
    story = loaded(ledger)
    seen = view(story.book, as_of)
    items, settlements = story.book.items, story.book.settlements
    settled: dict[int, int] = defaultdict(int)
    for position in range(seen.settlement_count):
        settled[settlements.debit[position]] += settlements.amount[position]
        settled[settlements.credit[position]] -= settlements.amount[position]
    outstanding = dict(zip(seen.items, seen.outstanding, strict=True))
    for item in range(seen.item_count):
        assert settled[item] + outstanding.get(item, 0) == items.amount[item]


NEVER_LINKED = {"reversal", "revaluation"}


@given(random_ledgers(), st.sampled_from(EVERY_DAY))
def test_what_belongs_together_is_never_open_on_both_sides(ledger: RandomLedger, as_of: datetime.date) -> None:
    """Whatever came first and whatever was undone in between: who names or links to something open has taken it."""
    story = loaded(ledger)
    at_line = {posting.meta["lineno"]: (entry, posting) for entry, posting in postings(story.entries, as_of)}
    rows = [(row, *at_line[row["line"]]) for row in dicts(evaluate(story.book, "open_items", as_of))]
    for (one, entry, posting), (two, other_entry, other_posting) in itertools.permutations(rows, 2):
        place = one["account"], one["customer"], one["currency"]
        if place != (two["account"], two["customer"], two["currency"]) or one["outstanding"] * two["outstanding"] > 0:
            continue
        nameless = (
            "apply" in other_entry.tags and not other_entry.links and not says(other_entry, other_posting, "number")
        )
        names = [name.strip() for name in (says(entry, posting, "settles") or "").split(",")]
        if not nameless and one["kind"] != "reversal" and entry is not other_entry:
            assert two["number"] not in names, (one, two)
        kinds = {one["kind"], two["kind"]} | (entry.tags | other_entry.tags) & NEVER_LINKED
        named = [
            says(*each, "settles") or says(*each, "invoice")
            for each in ((entry, posting), (other_entry, other_posting))
        ]
        if not any(named) and not nameless and not kinds & NEVER_LINKED:
            assert not entry.links & {*other_entry.links, two["number"]}, (one, two)


def says(entry: Any, posting: Any, word: str) -> str | None:
    """What a word of the posting's or the transaction's metadata says."""
    found: str | None = posting.meta.get(word) or entry.meta.get(word)
    return found


@given(random_ledgers(), st.sampled_from(EVERY_DAY))
def test_every_statement_of_account_adds_up(ledger: RandomLedger, as_of: datetime.date) -> None:
    story = loaded(ledger)
    owed = {(row["customer"], row["currency"]): row["total"] for row in dicts(evaluate(story.book, "aging", as_of))}
    for style in ("open-item", "activity"):
        found = set()
        for letter in statements(view(story.book, as_of), style=style):
            for section in letter.sections:
                key = letter.debtor.code, section.currency
                found.add(key)
                assert section.closing == owed.get(key, Decimal(0))
                assert sum((cell.amount for cell in section.aging), Decimal(0)) == section.closing
                if style == "open-item":
                    assert sum((line.balance for line in section.lines), Decimal(0)) == section.closing
                else:
                    moved = sum(((line.debit or 0) - (line.credit or 0) for line in section.lines), Decimal(0))
                    assert (section.opening or 0) + moved == section.closing
        assert {key for key, total in owed.items() if total} <= found


@given(random_ledgers())
@settings(max_examples=30)
def test_every_problem_has_a_line_of_the_ledger(ledger: RandomLedger) -> None:
    story = loaded(ledger)
    for item in story.problems:
        assert item.source["filename"] == "<string>"
        assert story.line(item.source["lineno"])
        assert item.message.count("{") == 0


WORDS = ("settles", "invoice", "due", "terms", "number", "dated", "customer", "contract", "kind", "amount", "by")
VALUES = (
    '""', '"x"', '"INV-1"', '","', "5", "-1.5", "2026-03-01", '"2026-99-99"', "TRUE", "5 USD",
    "Assets:Bank", "#tag", '"{}{0}%s"', "NULL",
)  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(VALUES)), max_size=4),
    st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(VALUES)), max_size=4),
    st.sampled_from(("", "#invoice", "#receipt", "#reversal", "#apply", "#opening", "#refund #invoice")),
    st.sampled_from(("", "-")),
)
def test_whatever_stands_in_the_metadata_loads(
    above: list[tuple[str, str]], below: list[tuple[str, str]], tag: str, sign: str
) -> None:
    """A word with a value of the wrong type is at worst a problem, and its posting still counts."""
    meta = "".join(f"  {word}: {value}\n" for word, value in dict(above).items())
    under = "".join(f"    {word}: {value}\n" for word, value in dict(below).items())
    text = (
        "2020-01-01 open Assets:Receivable:Ann\n2020-01-01 open Assets:Bank\n2020-01-01 open Income:Sales\n"
        f'2026-01-01 note Assets:Receivable:Ann "x" #promise\n{meta}'
        f'2026-01-01 * "x" {tag}\n{meta}  Assets:Receivable:Ann  {sign}10 USD\n{under}  Income:Sales\n'
    )
    story = Told(text)
    if any("syntax" in error.message or "Invalid" in error.message for error in story.errors):
        return
    for name in RELATIONS:
        evaluate(story.book, name, AFTER)
    (row,) = dicts(evaluate(story.book, "open_items", AFTER))
    assert abs(row["outstanding"]) == 10


@pytest.mark.parametrize("relation", RELATIONS)
def test_an_empty_ledger_has_every_relation(relation: str) -> None:
    entries, _, options = parser.parse_string("")
    assert evaluate(build(read(entries, options)), relation, AFTER).rows == []
