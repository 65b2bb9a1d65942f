"""Cash application: what holds for every ledger and every bank line."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from decimal import Decimal

from beancount import loader
from hypothesis import given
from hypothesis import strategies as st
from tests.bank_lines import BOOKS, line
from tests.ledgers import unindented

from receivables.book import Book
from receivables.booking import build
from receivables.language.reading import read
from receivables.posting.text import directive
from receivables_importers.application import Matched, entries_of, match
from receivables_importers.application.explaining.sums import Amount, explanations, only_subset
from receivables_importers.application.reading.periods import periods
from receivables_importers.application.reading.references import (
    creditor_reference,
    found_in,
    is_creditor_reference,
    is_qr_reference,
    qr_reference,
)
from receivables_importers.application.reading.texts import folded, words
from receivables_importers.bank.model import BankLine

NAMES = {"HanoiTower": "CTCP HANOI TOWER", "OldMill": "OLD MILL TEXTILES LTD", "BlueReef": "BLUE REEF HOTELS"}
DAYS = st.integers(0, 40).map(lambda days: datetime.date(2026, 4, 1) + datetime.timedelta(days=days))
UNITS = st.sampled_from([100, 250, 300, 400, 550, 980, 1000, 1234])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[str, list[BankLine]]:
    """A ledger of invoices, credits and receipts, and bank lines about them, some of them nonsense."""
    out = []
    count = draw(st.integers(1, 8))
    for number in range(1, count + 1):
        customer, day, units = draw(st.sampled_from(sorted(NAMES))), draw(DAYS), draw(UNITS)
        sign = -1 if draw(st.integers(0, 5)) == 0 else 1
        kind = " #credit-memo" if sign < 0 else ""
        terms = draw(st.sampled_from(["", '  terms: "2/10 net 30"\n', '  terms: "50% 0 days, 50% 30 days"\n']))
        out.append(
            f'{day} * "X" "Goods"{kind} ^INV-2026-{number:04d}\n{terms if sign > 0 else ""}'
            f"  Assets:Receivable:{customer}  {sign * units}.00 USD\n  Income:Sales\n"
        )
        if sign > 0 and draw(st.booleans()):
            part = draw(st.sampled_from([units, units // 2]))
            out.append(
                f'{draw(DAYS)} * "X" "Paid" ^RC-{number}\n  bank-id: "old-{number}"\n'
                f"  Assets:Bank:Main  {part}.00 USD\n"
                f'  Assets:Receivable:{customer}  -{part}.00 USD\n    settles: "INV-2026-{number:04d}"\n'
            )
    lines = []
    for place in range(draw(st.integers(1, 6))):
        named = draw(st.lists(st.integers(1, count + 1), max_size=3))
        text = ", ".join(f"INV-2026-{number:04d}" for number in named)
        units = Decimal(draw(UNITS)) - draw(st.sampled_from([Decimal(0), Decimal(20), Decimal("0.03"), Decimal(-5)]))
        sign = -1 if draw(st.integers(0, 6)) == 0 else 1
        lines.append(
            line(
                f"{sign * units} USD", draw(st.sampled_from(["", "SOMEBODY", *NAMES.values()])),
                draw(st.sampled_from([text, "", "returned", "advance"])), id=f"l{place}", date=str(draw(DAYS)),
            )
        )  # fmt: skip
    return "\n".join(out), lines


def applied(text: str, lines: list[BankLine], books: str = BOOKS) -> tuple[Book, Matched]:
    entries, _, options = loader.load_string(books + unindented(text))
    book = build(read(entries, options))
    return book, match(book, entries, lines)


@given(worlds())
def test_never_more_than_is_open_and_exact_to_the_last_unit(world: tuple[str, list[BankLine]]) -> None:
    """Money and differences are what is settled and what stays on account; no item gets more than it has."""
    book, matched = applied(*world)
    given_back = {each.reversal.line for each in matched.proposals if each.reversal is not None and not each.obstacles}
    used: Counter[int] = Counter()
    for proposed in matched.proposals:
        if proposed.decision != "auto" or proposed.reversal is not None:
            continue
        assert proposed.balanced
        assert proposed.applied.on_account >= 0
        day = proposed.line.booked.toordinal()
        for allocation in proposed.applied.allocations:
            assert book.items.day[allocation.item] <= day
            if proposed.line.id not in given_back:
                used[allocation.item] += allocation.units
    for item, units in used.items():
        assert abs(units) <= abs(book.items.residual[item])
        assert units * book.items.residual[item] > 0


@given(worlds(), st.randoms(use_true_random=False))
def test_the_order_of_customers_and_lines_does_not_matter(
    world: tuple[str, list[BankLine]], shuffle: random.Random
) -> None:
    """The same accounts and lines in another order give the same entries."""
    text, lines = world
    by_day: dict[datetime.date, list[BankLine]] = {}
    for each in lines:
        by_day.setdefault(each.booked, []).append(each)
    days = list(by_day)
    shuffle.shuffle(days)
    parts = BOOKS.split("2025-01-01 open ")
    shuffle.shuffle(opened := parts[1:-1])
    other = parts[0] + "".join(f"2025-01-01 open {part}" for part in (*opened, parts[-1]))
    book, one = applied(text, lines)
    book_, two = applied(text, [each for day in days for each in by_day[day]], other)

    def told(book: Book, matched: Matched) -> list[str]:
        return [
            directive(entry) for made in entries_of(book, matched.proposals, suspense=True) for entry in made.entries
        ]

    assert told(book, one) == told(book_, two)


@given(worlds())
def test_what_is_booked_loads_and_is_never_proposed_again(world: tuple[str, list[BankLine]]) -> None:
    """The entries bring no problem that was not there, settle what they say, and a second run adds nothing."""
    text, lines = world
    book, matched = applied(text, lines)
    made = [directive(entry) for each in entries_of(book, matched.proposals) for entry in each.entries]
    entries, errors, options = loader.load_string(BOOKS + unindented(text) + "\n" + "\n".join(made))
    assert not errors
    after = build(read(entries, options))
    assert Counter(each.code for each in after.problems) - Counter(each.code for each in book.problems) == {}
    again = match(after, entries, lines)
    assert entries_of(after, again.proposals) == []
    assert {each.id for each in again.known} >= {each.line.id for each in matched.proposals if each.decision == "auto"}


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text(name: str, text: str) -> None:
    """No text stops it."""
    _, matched = applied(
        '2026-04-01 * "X" ^INV-2026-0001\n  Assets:Receivable:OldMill  100.00 USD\n  Income:Sales\n',
        [line("100.00", name, text, id="l")],
    )
    assert len(matched.proposals) == 1
    words(text)
    periods(text)
    list(found_in(text))
    assert folded(folded(text)) == folded(folded(folded(text)))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=9), st.integers(1, 300))
def test_the_only_subset_is_the_only_one(units: list[int], target: int) -> None:
    """By trying all sets."""
    amounts = [Amount(place, each, True, place) for place, each in enumerate(units)]
    sets = [
        tuple(place for place in range(len(units)) if chosen >> place & 1)
        for chosen in range(1, 1 << len(units))
        if sum(each for place, each in enumerate(units) if chosen >> place & 1) == target
    ]
    found = only_subset(amounts, target)
    assert (None if found is None else found.items) == (sets[0] if len(sets) == 1 else None)
    for explained in explanations(amounts, target):
        assert sum(units[item] for item in explained.items) == target


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", min_size=1, max_size=21))
def test_creditor_references(body: str) -> None:
    """Made ones check, and with one digit changed they do not."""
    reference = creditor_reference(body)
    assert is_creditor_reference(reference)
    changed = reference[:2] + f"{(int(reference[2:4]) % 97) + 1:02d}" + reference[4:]
    assert changed == reference or not is_creditor_reference(changed)


@given(st.integers(1, 10**26 - 1), st.integers(0, 9))
def test_qr_references(body: int, digit: int) -> None:
    """Only one check digit is right."""
    reference = qr_reference(str(body))
    assert is_qr_reference(reference)
    assert is_qr_reference(reference[:-1] + str(digit)) == (str(digit) == reference[-1])
