"""Random ledgers for Hypothesis: small, crowded, and full of everything that the language allows or forbids.

Numbers, days and amounts come from small pools, so that documents meet: the same number twice, two receipts
of one amount on one day, a reversal of a reversal, a name that no document has.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

FIRST = datetime.date(2026, 1, 28)
DAYS = (0, 1, 2, 3, 4, 5, 35)
"""Days after FIRST on which entries may stand: close together, at a month's end, and one far away."""

DATES = tuple(FIRST + datetime.timedelta(days=count) for count in DAYS)

ANN, BOB, BOB_OLD, CONTROL = (
    "Assets:Receivable:Ann",
    "Assets:Receivable:Bob",
    "Assets:Receivable:BobOld",
    "Assets:Receivable",
)
WHO = ((ANN, ""), (ANN, ""), (BOB, ""), (BOB_OLD, ""), (CONTROL, "Cid"), (CONTROL, "Dan"), (CONTROL, ""))
"""Account and, on the control account, the customer."""

AMOUNTS = {
    "VND": ("10", "10", "20", "30", "50", "100", "33", "1"),
    "USD": ("10.00", "10.00", "20", "30.00", "50.00", "33.33", "0.01", "10.005"),
}
PRICES = {"VND": ("",), "USD": ("", "", " @ 25,000 VND", " @ 25,400.5 VND")}
INVOICES = ("INV-1", "INV-2", "INV-3")
CREDITS = ("RC-1", "RC-2", "CM-1")
NAMES = (*INVOICES, *INVOICES, *CREDITS, "INV-1/1", "INV-1/2", "INV-9", "ZZ-1", "AA-1")
TERMS = (
    "net 3",
    "EOM",
    "2/10 net 30",
    "30% 0 days, 70% 3 days",
    "33.33% 0 days, 33.33% 1 days, rest 2 days",
    "95% net 1, 5% retention 1 month",
    "20 USD in 1 days, rest in 2 days",
    "whenever",
)


class Block(NamedTuple):
    """One directive: its date and its text, which ends with a line end."""

    date: datetime.date
    text: str


class RandomLedger(NamedTuple):
    """Settings and accounts, which stand before everything, and the blocks in order."""

    head: str
    blocks: tuple[Block, ...]

    @property
    def text(self) -> str:
        """The whole ledger."""
        return self.head + "\n".join(block.text for block in self.blocks)


def _sometimes(strategy: st.SearchStrategy[Any], otherwise: Any = None) -> st.SearchStrategy[Any]:
    """The strategy's value about every third time."""
    return st.one_of(st.just(otherwise), st.just(otherwise), strategy)


SETTLES = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(", ".join)


@st.composite
def _head(draw: st.DrawFn) -> str:
    lines = [
        "2020-01-01 open Assets:Bank",
        "2020-01-01 open Income:Sales",
        "2020-01-01 open Expenses:BadDebt",
        "2020-01-01 open Equity:Opening",
        "2020-01-01 price USD 25,000 VND",
        f"{DATES[3]} price USD 26,000.5 VND",
    ]
    for account in (CONTROL, ANN, BOB, BOB_OLD):
        lines.append(f"2020-01-01 open {account}")
        if account == BOB_OLD:
            lines.append('  customer: "Bob"')
        terms = draw(_sometimes(st.sampled_from(TERMS[:-2])))
        if terms:
            lines.append(f'  terms: "{terms}"')
        if account != CONTROL:
            lines.append(f'  entity: "{draw(st.sampled_from(("north", "south")))}"')
    cid = draw(_sometimes(st.sampled_from(TERMS[:-2])))
    if cid:
        lines += ['2020-01-01 custom "receivables-customer" "Cid"', f'  terms: "{cid}"']
    policy = draw(st.sampled_from(("", "", "2020-01-01", str(DATES[1]), str(DATES[3]))))
    if policy:
        lines.append(f'{policy} custom "receivables-policy" "settlement" "oldest-due"')
        if draw(st.booleans()):
            lines.append(f'{DATES[4]} custom "receivables-policy" "settlement" "none"')
    if draw(st.booleans()):
        lines += [f'{DATES[2]} custom "receivables-policy" "aging"', '  basis: "date"', '  buckets: "1, 2, 30"']
    return "\n".join(lines) + "\n"


KINDS = (
    "invoice", "invoice", "invoice", "receipt", "receipt", "receipt", "credit-memo", "write-off", "reversal",
    "reversal", "apply", "refund", "opening", "revaluation", "anything",
)  # fmt: skip
_DEBITS = frozenset({"invoice", "refund"})
_SIGNED = frozenset({"reversal", "opening", "revaluation", "anything"})
_OTHER_SIDE = {
    "invoice": "Income:Sales",
    "receipt": "Assets:Bank",
    "credit-memo": "Income:Sales",
    "write-off": "Expenses:BadDebt",
    "refund": "Assets:Bank",
    "opening": "Equity:Opening",
    "revaluation": "Income:Sales",
}
_TAGGED = frozenset({"reversal", "apply", "revaluation"})
TAGS = (
    "invoice", "debit-note", "penalty", "receipt", "credit-memo", "write-off", "refund", "reversal", "apply",
    "opening", "revaluation", "other",
)  # fmt: skip


class _World(NamedTuple):
    """Where and when the entries of one ledger happen: in a small world they meet all the time."""

    who: tuple[tuple[str, str], ...]
    dates: tuple[datetime.date, ...]
    currencies: tuple[str, ...]


_WIDE: Final = _World(WHO, DATES, ("VND", "VND", "USD"))
_NARROW: Final = _World(((ANN, ""),), DATES[:3], ("VND",))


@st.composite
def _block(draw: st.DrawFn, world: _World) -> Block:
    kind = draw(st.sampled_from(KINDS))
    date = draw(st.sampled_from(world.dates))
    account, payee = draw(st.sampled_from(world.who))
    currency = draw(st.sampled_from(world.currencies))
    debit = kind in _DEBITS or (kind in _SIGNED and draw(st.booleans()))
    other = _OTHER_SIDE.get(kind) or draw(st.sampled_from(("Assets:Bank", "Income:Sales")))
    tags: list[str] = []
    if kind == "anything":
        tags = draw(st.lists(st.sampled_from(TAGS), max_size=2, unique=True))
    elif kind in _TAGGED or draw(st.booleans()):
        tags = [kind]
    own = INVOICES if debit else CREDITS
    pool = CREDITS + INVOICES if kind == "reversal" else own * 2 + NAMES
    names = [name for name in pool if "/" not in name]
    links = draw(st.lists(st.sampled_from(names), min_size=kind == "reversal", max_size=2, unique=True))
    marks = "".join(f" #{tag}" for tag in tags) + "".join(f" ^{link}" for link in links)
    narration, price = draw(st.sampled_from("ab")), draw(st.sampled_from(PRICES[currency]))
    lines = _words(draw, kind, "  ", of_entry=True)
    legs: list[str] = []
    if kind == "apply":
        amount = draw(st.sampled_from(AMOUNTS[currency]))
        one = draw(st.sampled_from(((account, payee), (account, payee), draw(st.sampled_from(world.who)))))
        lines.append(f"  {account}  {amount} {currency}{price}")
        lines.append(f'    settles: "{draw(SETTLES)}"')
        lines.append(f"  {one[0]}  -{amount} {currency}{price}")
        lines.append(f'    settles: "{draw(SETTLES)}"')
        if one[0] == CONTROL and one[1] != payee:
            lines.append(f'    customer: "{one[1]}"')
    else:
        count = draw(st.sampled_from((1, 1, 1, 2, 3)))
        for _ in range(count):
            amount = draw(st.sampled_from(AMOUNTS[currency]))
            sign = "" if debit else "-"
            near = draw(st.integers(0, 4)) > 0 or world is _NARROW
            where = account if near else draw(st.sampled_from((ANN, BOB, BOB_OLD)))
            legs.append(f"  {where}  {sign}{amount} {currency}{price}")
            legs += _words(draw, kind, "    ", of_entry=False)
        lines += legs
        lines.append(f"  {other}")
        if count > 1:
            # Entries with the same beginning and another end would differ in nothing that one leg can see.
            narration += " " + " ".join(leg.strip().replace('"', "'") for leg in legs)
    return Block(date, "\n".join([f'{date} * "{payee}" "{narration}"{marks}', *lines]) + "\n")


def _words(draw: st.DrawFn, kind: str, indent: str, *, of_entry: bool) -> list[str]:
    """Metadata of a transaction or posting."""
    found: list[str] = []
    if draw(st.integers(0, 2)) == 0:
        found.append(f'settles: "{draw(SETTLES)}"' if kind != "invoice" else f"due: {draw(st.sampled_from(DATES))}")
    if draw(st.integers(0, 9)) == 0:
        found.append(
            draw(
                st.sampled_from(
                    (
                        'number: "INV-1"',
                        'number: "RC-9"',
                        'invoice: "INV-2"',
                        f"dated: {DATES[0]}",
                        f'terms: "{draw(st.sampled_from(TERMS))}"',
                        *(() if of_entry else ('kind: "retention"',)),
                    )
                )
            )
        )
    return [indent + word for word in found]


@st.composite
def _note(draw: st.DrawFn, world: _World) -> Block:
    date = draw(st.sampled_from(world.dates))
    tag = draw(st.sampled_from(("dispute", "dispute", "dispute-resolved")))
    account = draw(st.sampled_from((ANN, BOB)))
    text = f'{date} note {account} "x" #{tag} ^{draw(st.sampled_from(INVOICES))}\n'
    if tag == "dispute" and draw(st.booleans()):
        text += "  amount: 15 VND\n"
    return Block(date, text)


def random_ledgers() -> st.SearchStrategy[RandomLedger]:
    """Ledgers of up to twenty directives; the small ones make for faults that are easy to read."""

    def within(world: _World, most: int) -> st.SearchStrategy[RandomLedger]:
        blocks = st.lists(st.one_of(*[_block(world)] * 9, _note(world)), min_size=3, max_size=most)
        return st.builds(RandomLedger, _head(), blocks.map(tuple))

    return st.one_of([within(world, most) for world in (_NARROW, _WIDE) for most in (5, 9, 20)])


def in_order(ledger: RandomLedger, order: Sequence[int]) -> RandomLedger:
    """The same ledger with its blocks in another order."""
    return ledger._replace(blocks=tuple(ledger.blocks[position] for position in order))
