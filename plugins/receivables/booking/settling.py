"""Settling: what settles what, in one pass over the items in order of date.

Every day is done in the same steps: reversals undo; `settles:` takes effect; then links; then the policy
"settlement". In each step whoever may settle does so in one order, oldest due first (see `Settling.ordered`), and
what waits from earlier days or is open again takes part like what has just come. So neither the order of entries
within a day nor that of files matters. Nothing looks at a later day, so what was open on a day never depends on what
was booked for later days.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from receivables.book import KIND_CODES, SettlementColumns
from receivables.booking.columns import Columns
from receivables.facts import APPLY, CREDIT_MEMO, OPENING, RECEIPT, REFUND, REVALUATION, REVERSAL, Facts
from receivables.money import Scale
from receivables.problems import Problem, problem
from receivables.rules.numbering import Numbering

_REVERSAL: Final = KIND_CODES[REVERSAL]
_REVALUATION: Final = KIND_CODES[REVALUATION]
_REFUND: Final = KIND_CODES[REFUND]
_APPLY: Final = KIND_CODES[APPLY]
ACTIVE_DEBITS: Final = frozenset((_REFUND, _REVERSAL, _APPLY))
"""Debits that settle a credit, rather than being settled by one."""


_SPENDABLE: Final = frozenset(KIND_CODES[kind] for kind in (RECEIPT, CREDIT_MEMO, OPENING))
"""Credits that the policy "settlement" may spend: a write-off means one document and no other."""

_UNLINKED: Final = frozenset((_REVERSAL, _REVALUATION))
"""Kinds that no link settles: what is undone, and what only changes a value."""

_Linked = tuple[int, list[int]]
"""An item, and the documents that share one of its links and came before it."""


def _positions(codes: list[int], code: int) -> Iterator[int]:
    """Where a code stands, in order."""
    place = -1
    while True:
        try:
            place = codes.index(code, place + 1)
        except ValueError:
            return
        yield place


class _Days(dict[int, list[int]]):
    """Items by day."""

    def __init__(self, day_of: Sequence[int]) -> None:
        super().__init__()
        self._day_of = day_of

    def fill(self, items: Iterable[int]) -> None:
        """Add items, in this order."""
        for item in items:
            self.setdefault(self._day_of[item], []).append(item)


class Settling:
    """The items while they are being settled, and the settlements so far; `run` does the pass.

    Attributes:
      residual: What is still open of each item, in units.
      carriers: Number or link → first items of the documents that carry it, in order of date.
      claimants: Items that name a document which was not there yet, or have something left.
      doubles: Documents that come after another one with the same number.
      paid_back: Movements of which the pass found that they are refunds.
      moved_away: Postings of #apply entries that are open because their money bounced after it had left the account.
    """

    def __init__(self, facts: Facts, columns: Columns, scales: Mapping[str, Scale], problems: list[Problem]) -> None:
        self.facts = facts
        self.scales = scales
        self.problems = problems
        self.pockets = facts.pockets
        self.origin, self.pocket, self.first, self.instalment = columns[:4]
        self.day, self.date, self.due, self.amount, self.kind = columns[4:9]
        self.links, self.settles = columns[10:12]
        # The facts keep the numbers that they were read with.
        self.number = list(columns.number)
        self.undecided, self.sizes, self.misfits = columns[12:]
        self.residual = list(self.amount)
        self._s_day: list[int] = []
        self._s_debit: list[int] = []
        self._s_credit: list[int] = []
        self._s_amount: list[int] = []
        self._s_cause: list[int] = []
        self.carriers: dict[str, list[int]] = {}
        self.claimants: dict[int, None] = {}
        self.doubles: list[int] = []
        self.paid_back: set[int] = set()
        self.moved_away: set[int] = set()
        self._nameless = self._find_nameless()
        self._linked: list[_Linked] = []
        self._find_carriers()
        # How many items exist on the day that is being done: whoever settles must not look beyond.
        self._exist = 0
        # Number → items that name it in `settles:` and have something left.
        self._standing: dict[str, dict[int, None]] = {}
        # Items of which a reversal of the day that is being done gave something back.
        self._reopened: dict[int, None] = {}
        # Pocket → its items, where a policy settles without being told.
        self._by_pocket: dict[int, list[int]] = {}
        # Pocket → its credits and its revaluations so far; brought up to date where one is asked for.
        self._credits_of: dict[int, list[int]] = {}
        self._revaluations_of: dict[int, list[int]] = {}
        self._indexed_items = 0
        # Item → its settlements so far; likewise, for reversals.
        self._settlements_of: dict[int, list[int]] = {}
        self._indexed_settlements = 0
        # Settlement → how much of it was undone.
        self._undone: dict[int, int] = {}

    @property
    def settlements(self) -> SettlementColumns:
        """The settlements, in order of day."""
        return SettlementColumns(self._s_day, self._s_debit, self._s_credit, self._s_amount, self._s_cause)

    def entry(self, item: int) -> Any:
        """The Beancount transaction of an item."""
        return self.facts.movements.entry[self.origin[item]]

    def source(self, item: int) -> Mapping[str, Any]:
        """File and line of an item's posting, as metadata."""
        meta: Mapping[str, Any] = self.facts.movements.posting[self.origin[item]].meta or self.entry(item).meta
        return meta

    def money(self, item: int, units: int) -> str:
        """So many units of the item's currency, as text."""
        currency = self.pockets[self.pocket[item]].currency
        return f"{self.scales[currency].decimal(units):,} {currency}"

    def report(self, code: str, item: int, **words: Any) -> None:
        """Add a problem at an item's line."""
        self.problems.append(problem(code, self.source(item), self.entry(item), **words))

    def items_of(self, document: int) -> range:
        """The items of a document, by its first one; they may stand on several accounts of the customer."""
        return range(document, document + self.sizes.get(document, 1))

    def _find_nameless(self) -> frozenset[int]:
        """The items of #apply entries without a link or number: they are shown by what they move, and are not that."""
        return frozenset(
            item
            for item in _positions(self.kind, _APPLY)
            if not self.links[item] and "number" not in self.source(item) and "number" not in self.entry(item).meta
        )

    def _find_carriers(self) -> None:
        """Note which documents carry which number and links, and who shares one with an earlier document."""
        carriers, linked, amount, nameless = self.carriers, self._linked, self.amount, self._nameless
        get = carriers.get
        for item, (number, links, first) in enumerate(zip(self.number, self.links, self.first, strict=True)):
            if first != item:
                if linked and linked[-1][0] == item - 1:
                    linked.append((item, linked[-1][1]))
                continue
            if not links and item in nameless:
                continue
            shared: list[int] | None = None
            carrying = get(number)
            if carrying is None:
                carriers[number] = [item]
            else:
                carrying.append(item)
                # Equal numbers alone tie nothing together: one of the two has to carry it as a link.
                shared = carrying if number in links else self._linking(number, carrying) or None
                if amount[item] > 0:
                    self.doubles.append(item)
            if len(links) > 1 or number not in links:
                for link in links:
                    if link != number:
                        carrying = get(link)
                        if carrying is None:
                            carriers[link] = [item]
                        else:
                            carrying.append(item)
                            # Mostly there is one such list: no copy, it is only read up to the day.
                            shared = carrying if shared is None else [*shared, *carrying]
            if shared is not None:
                linked.append((item, shared))

    def _linking(self, number: str, documents: Iterable[int]) -> list[int]:
        """Those of the documents that carry this number as a link."""
        return [document for document in documents if number in self.links[document]]

    # -- the pass --------------------------------------------------------------------------------

    def run(self) -> None:
        """Settle every item, day by day."""
        day_of, kinds = self.day, self.kind
        reversals, named = _Days(day_of), _Days(day_of)
        undecided, revalued = _Days(day_of), _Days(day_of)
        reversals.fill(_positions(kinds, _REVERSAL))
        revalued.fill(_positions(kinds, _REVALUATION))
        named.fill(item for item in self.settles if kinds[item] != _REVERSAL)
        undecided.fill(self.undecided)
        linked: dict[int, list[_Linked]] = {}
        for pair in self._linked:
            item = pair[0]
            # A credit that says what it settles may still be paid back by a refund that links to it.
            if kinds[item] not in _UNLINKED and (item not in self.settles or self.amount[item] < 0):
                day = day_of[item]
                if day in linked:
                    linked[day].append(pair)
                else:
                    linked[day] = [pair]
        automatic = bool(self.facts.settings.names("settlement"))
        # On the day of a policy it applies to whatever is open; on others to what has come.
        policy_days = {
            policy.date.toordinal()
            for (subject, _), policies in self.facts.settings.policies.items()
            for policy in policies
            if subject == "settlement"
        }
        active = [*day_of, *policy_days] if automatic else [*reversals, *named, *linked, *undecided, *revalued]
        for day in sorted(set(active)):
            before = bisect_left(day_of, day)
            self._answer_arrivals(before)
            arrived = range(before, bisect_right(day_of, day))
            self._exist = arrived.stop
            if day in undecided:
                self._decide_refunds(undecided[day], before)
            self._undo_and_take(reversals.get(day, ()), named.get(day, ()), arrived, day)
            if day in linked or self._reopened:
                self._settle_linked(linked.get(day, ()), day)
            if day in revalued:
                self._settle_revaluations(revalued[day], day)
            if automatic:
                self._settle_by_policy(arrived, day, everywhere=day in policy_days)
        self._answer_arrivals(len(day_of))

    def _answer_arrivals(self, end: int) -> None:
        """Let what waits take from the items below `end`, each on its own day; on these days nothing else happens."""
        begin = self._exist
        while begin < end and self._standing:
            day = self.day[begin]
            self._exist = bisect_right(self.day, day)
            self._undo_and_take((), (), range(begin, self._exist), day)
            begin = self._exist
        self._exist = end

    def _undo_and_take(self, reversals: Iterable[int], named: Iterable[int], arrived: Iterable[int], day: int) -> None:
        """The first two steps of a day: reversals undo, and `settles:` takes effect.

        Args:
          reversals, named: The day's reversals, and its other items that name something.
          arrived: All items of the day; what waits for one of them takes its turn.
          day: The day.
        """
        waiting = {claimant for item in arrived for claimant in self._claims_on(item)} if self._standing else set()
        self._reopened = {}
        undoing = [*reversals, *(claimant for claimant in waiting if self.kind[claimant] == _REVERSAL)]
        for item in self.ordered(undoing):
            self._reverse(item, day)
        for item in self._reopened:
            waiting.update(self._claims_on(item))
            if self.residual[item] and item in self.settles:
                waiting.add(item)
        taking = list(named)
        if waiting:
            taking = [item for item in {*taking, *waiting} if self.kind[item] != _REVERSAL]
        for item in self.ordered(taking):
            self._take(item, day)

    def _rivals(self, items: Collection[int]) -> tuple[list[int], list[list[int]]]:
        """The items that are the only one of their pocket, and the others by pocket."""
        pocket = self.pocket
        pockets = [pocket[item] for item in items]
        if len(set(pockets)) == len(pockets):
            return list(items), []
        seen: set[int] = set()
        shared: dict[int, list[int]] = {}
        for place in pockets:
            if place in seen:
                shared[place] = []
            seen.add(place)
        alone = []
        for item, place in zip(items, pockets, strict=True):
            if place in shared:
                shared[place].append(item)
            else:
                alone.append(item)
        return alone, list(shared.values())

    def ordered(self, items: Collection[int]) -> list[int]:
        """Items in the order in which they settle and are settled.

        Oldest due first, then the older document, then by number, and within a document in the order of its
        postings. Documents that agree in all this are told apart by what they say, not by where they stand.
        """
        if len(items) < 2:
            return list(items)
        due, date, number, first = self.due, self.date, self.number, self.first
        ranks = sorted([(due[item], date[item], number[item], first[item], item) for item in items])
        if len({rank[:3] for rank in ranks}) == len({rank[:4] for rank in ranks}):
            return [rank[4] for rank in ranks]
        return sorted(items, key=self._rank)

    def _rank(self, item: int) -> tuple[object, ...]:
        document = self.first[item]
        return (self.due[item], self.date[item], self.number[item], self._contents(document), item - document, item)

    def _contents(self, document: int) -> tuple[object, ...]:
        """What a document says, to tell it from another of the same number and days."""
        entry = self.entry(document)
        parts = [
            (
                self.pockets[self.pocket[item]], self.kind[item], self.due[item], self.amount[item],
                self.settles.get(item, ()),
            )
            for item in self.items_of(document)
        ]  # fmt: skip
        return self.day[document], entry.payee or "", entry.narration or "", sorted(self.links[document]), parts

    # -- refunds without a tag -------------------------------------------------------------------

    def _decide_refunds(self, items: Iterable[int], before: int) -> None:
        """Which debits paid from the bank are refunds: those while a credit of the customer is open.

        Args:
          items: The debits of a day.
          before: Only credits below this position count.
        """
        self._index_items()
        settled: dict[int, None] = {}
        for item in items:
            if not self.amount[item]:
                continue
            credits = self._credits_of.get(self.pocket[item], ())
            if any(self.residual[credit] for credit in credits if credit < before):
                settled[item] = None
                self._make_refund(item)
            elif self.origin[item] in self.misfits:
                self.problems.append(self.misfits[self.origin[item]])
        for item in settled:
            self._number_refund(item, items)
        for document in dict.fromkeys(self.first[item] for item in settled):
            if document in self.sizes:
                self._count_instalments(document)

    def _make_refund(self, item: int) -> None:
        """Money paid back is not owed by terms, so it is one item whatever the customer's terms are."""
        origin = self.origin[item]
        self.paid_back.add(origin)
        self.kind[item] = _REFUND
        if origin not in self.facts.movements.due:
            self.due[item] = self.date[item]
        part = item + 1
        while part < len(self.amount) and self.origin[part] == origin:
            self.amount[item] += self.amount[part]
            self.residual[item] += self.residual[part]
            self.amount[part] = self.residual[part] = 0
            part += 1

    def _number_refund(self, item: int, undecided: Iterable[int]) -> None:
        """Choose again among several links: what was read as an invoice is a refund."""
        links, entry = self.links[item], self.entry(item)
        if len(links) < 2 or not {"number", "invoice"}.isdisjoint((*entry.meta, *self.source(item))):
            return
        owned = {
            link
            for link in links
            for other in self.carriers[link]
            if other < self._exist
            and self.number[other] == link
            and other not in undecided
            and self.entry(other) is not entry
        }
        candidates = Numbering(self.facts.settings).candidates(REFUND, sorted(links), entry.date, owned)
        self.problems[:] = [
            known for known in self.problems if known.code != "several-links" or known.entry is not entry
        ]
        if len(candidates) > 1:
            words = {"links": ", ".join(sorted(links)), "chosen": candidates[0]}
            self.problems.append(problem("several-links", entry.meta, entry, **words))
        self.number[item] = candidates[0]

    def _count_instalments(self, document: int) -> None:
        """Count the parts of a document anew after some of them became one."""
        parts = sorted((item for item in self.items_of(document) if self.amount[item]), key=lambda i: (self.due[i], i))
        for place, item in enumerate(parts, start=1):
            self.instalment[item] = place if len(parts) > 1 else 0

    def _index_items(self) -> None:
        """Bring the lists of credits and revaluations by pocket up to date."""
        for item in range(self._indexed_items, self._exist):
            if self.kind[item] == _REVALUATION:
                self._revaluations_of.setdefault(self.pocket[item], []).append(item)
            elif self.amount[item] < 0:
                self._credits_of.setdefault(self.pocket[item], []).append(item)
        self._indexed_items = max(self._indexed_items, self._exist)

    # -- settling --------------------------------------------------------------------------------

    def _settle(self, item: int, other: int, day: int, cause: int) -> None:
        """Settle as much as both have left between an item and one of the opposite side."""
        debit, credit = (item, other) if self.amount[item] > 0 else (other, item)
        owed, paid = self.residual[debit], -self.residual[credit]
        units = owed if owed < paid else paid
        if units <= 0:
            return
        # As `_enter` does, which would cost a call for every settlement there is.
        self.residual[debit] = owed - units
        self.residual[credit] = units - paid
        self._s_day.append(day)
        self._s_debit.append(debit)
        self._s_credit.append(credit)
        self._s_amount.append(units)
        self._s_cause.append(cause)

    def _enter(self, debit: int, credit: int, units: int, day: int, cause: int) -> None:
        """Settle so much between two items; less than nothing gives back."""
        self.residual[debit] -= units
        self.residual[credit] += units
        self._s_day.append(day)
        self._s_debit.append(debit)
        self._s_credit.append(credit)
        self._s_amount.append(units)
        self._s_cause.append(cause)

    # -- words -----------------------------------------------------------------------------------

    def _take(self, item: int, day: int) -> None:
        """Settle what `settles:` names, in that order; what is left stands until more is open."""
        missed = False
        # Whatever the words are, it is the credit that settles what is owed.
        owed = self.amount[item] > 0 and self.kind[item] not in ACTIVE_DEBITS
        for name in self.settles[item]:
            found = self.opposite(item, name)
            missed = missed or not found
            for other in found:
                if not self.residual[item]:
                    break
                self._settle(item, other, day, other if owed and self.kind[other] != _REVERSAL else item)
        if self.residual[item]:
            self._stand(item, self.settles[item])
        if missed or self.residual[item]:
            self.claimants[item] = None

    def _stand(self, item: int, names: Iterable[str]) -> None:
        """Let the claim of an item on these names stand until there is more to take."""
        for name in names:
            self._standing.setdefault(name, {})[item] = None

    def _claims_on(self, item: int) -> list[int]:
        """The standing claims on an item's document that have something left."""
        if item in self._nameless:
            return []
        number = self.number[item]
        names = {number, f"{number}/{self.instalment[item] or 1}", *self.links[item]}
        if self._standing.keys().isdisjoint(names):
            return []
        return [
            claimant
            for name in names
            for claimant in self._standing.get(name, ())
            if self.residual[claimant] and self.pocket[claimant] == self.pocket[item]
        ]

    def opposite(self, item: int, name: str) -> list[int]:
        """The items of the opposite side in the same pocket that `name` names, in order.

        `name` is a number; else a number with an instalment ("INV-1/2"); else a link that documents carry.
        """
        numbered, carrying = self._across(item, name)
        if not numbered:
            base, slash, count = name.rpartition("/")
            if slash and count.isdecimal():
                numbered = [
                    other for other in self._across(item, base)[0] if (self.instalment[other] or 1) == int(count)
                ]
        found = numbered or carrying
        return self.ordered(found) if len(found) > 1 else found

    def _across(self, item: int, name: str) -> tuple[list[int], list[int]]:
        """The items on the other side of the pocket with this number, and those that carry it as a link."""
        pocket, amount = self.pocket[item], self.amount[item]
        entry = self.entry(item)
        numbered: list[int] = []
        carrying: list[int] = []
        for document in self.carriers.get(name, ()):
            if document >= self._exist:
                break
            for other in self.items_of(document):
                if self.pocket[other] == pocket and self.amount[other] * amount < 0 and self.entry(other) is not entry:
                    (numbered if self.number[other] == name else carrying).append(other)
        return numbered, carrying

    # -- links -----------------------------------------------------------------------------------

    def _settle_linked(self, pairs: Collection[_Linked], day: int) -> None:
        """Settle what shares a link, of the items that came or are open again.

        Where all of them are on one side, each settles with the documents that were there before it.
        """
        documents_of = dict(pairs)
        reopened: dict[int, list[int]] = {}
        for item in self._reopened:
            if self.kind[item] not in _UNLINKED:
                reopened.setdefault(self.pocket[item], []).append(item)
        alone, together = self._rivals(documents_of)
        if reopened:
            together += [[item] for item in alone if self.pocket[item] in reopened]
            alone = [item for item in alone if self.pocket[item] not in reopened]
        for item in alone:
            self._settle_with(item, documents_of[item], day)
        for rivals in together:
            place = self.pocket[rivals[0]]
            if place in reopened:
                reopened[place] += rivals
            elif len({self.amount[item] > 0 for item in rivals}) == 1:
                for item in self.ordered(rivals):
                    self._settle_with(item, documents_of[item], day)
            else:
                self._settle_all(rivals, day)
        for items in reopened.values():
            self._settle_all(items, day)

    def _settle_all(self, items: Iterable[int], day: int) -> None:
        """Settle items of both sides of a pocket: each credit among them, or tied to a debit among them, in order."""
        credits: dict[int, None] = {}
        for item in items:
            if self.amount[item] < 0:
                credits[item] = None
            elif self.residual[item]:
                credits.update(
                    (other, None)
                    for document in self._tied(item)
                    for other in self.items_of(document)
                    if other < self._exist and self.pocket[other] == self.pocket[item] and self.amount[other] < 0
                )
        for credit in self.ordered([credit for credit in credits if self.kind[credit] not in _UNLINKED]):
            self._settle_with(credit, self._tied(credit), day)

    def _tied(self, item: int) -> list[int]:
        """The documents that share a link with an item, or of which one carries the other's number as a link."""
        number = self.number[item]
        tied = [document for link in self.links[item] for document in self.carriers[link]]
        return tied if item in self._nameless else tied + self._linking(number, self.carriers[number])

    def _settle_with(self, item: int, documents: Iterable[int], day: int) -> None:
        """Settle an item with what is open of `documents` on the other side of its pocket, in order."""
        residual, pockets, sizes, kind = self.residual, self.pocket, self.sizes, self.kind
        left, pocket, exist = residual[item], pockets[item], self._exist
        if not left:
            return
        found: list[int] = []
        for document in documents:
            if document >= exist or pockets[document] != pocket:
                if document not in sizes:
                    continue
            elif document not in sizes:
                if residual[document] * left < 0:
                    found.append(document)
                continue
            found.extend(
                other
                for other in range(document, document + sizes[document])
                if other < exist and pockets[other] == pocket and residual[other] * left < 0
            )
        if len(found) > 1:
            found = self.ordered(set(found))
        for other in found:
            if kind[other] in _UNLINKED or (
                (item in self.settles or other in self.settles) and not self._pays_back(item, other)
            ):
                continue
            debit, credit = (item, other) if left > 0 else (other, item)
            self._settle(item, other, day, debit if kind[debit] in ACTIVE_DEBITS else credit)

    def _pays_back(self, item: int, other: int) -> bool:
        """Whether one of the two is a refund that names nothing: it takes a credit whatever the credit is for."""
        debit = item if self.amount[item] > 0 else other
        return self.kind[debit] == _REFUND and debit not in self.settles

    # -- the policy, and revaluations --------------------------------------------------------------

    def _settle_by_policy(self, arrived: Iterable[int], day: int, *, everywhere: bool) -> None:
        """Settle what no entry names, oldest due first, where the policy says so."""
        for item in (*arrived, *self._reopened):
            self._by_pocket.setdefault(self.pocket[item], []).append(item)
        date = datetime.date.fromordinal(day)
        if self.facts.settings.value("settlement", "method", date) == "oldest-due":
            for pocket in list(self._by_pocket) if everywhere else dict.fromkeys(self.pocket[i] for i in arrived):
                self._settle_pocket(pocket, day)

    def _settle_pocket(self, pocket: int, day: int) -> None:
        waiting = [item for item in dict.fromkeys(self._by_pocket[pocket]) if self.residual[item]]
        self._by_pocket[pocket] = waiting
        credits = [
            item for item in waiting
            if self.amount[item] < 0 and item not in self.settles and self.kind[item] in _SPENDABLE
        ]  # fmt: skip
        debits = [
            item for item in waiting
            if self.amount[item] > 0 and self.kind[item] not in ACTIVE_DEBITS and self.kind[item] != _REVALUATION
        ]  # fmt: skip
        if not credits or not debits:
            return
        debits = self.ordered(debits)
        for credit in self.ordered(credits):
            for debit in debits:
                if not self.residual[credit]:
                    break
                self._settle(credit, debit, day, credit)

    def _settle_revaluations(self, arrived: Collection[int], day: int) -> None:
        """Let revaluations and their reversals of the next day cancel out among themselves."""
        self._index_items()
        for item in self.ordered(arrived):
            there = [other for other in self._revaluations_of[self.pocket[item]] if self.residual[other]]
            for other in self.ordered(there):
                if self.amount[other] * self.amount[item] < 0:
                    self._settle(item, other, day, item)

    # -- reversals -------------------------------------------------------------------------------

    def _reverse(self, item: int, day: int) -> None:
        """Undo the document that the reversal means, or each that it names: what is unused first.

        Dated before what it undoes, it does so on the day on which that comes.
        """
        names = self.settles.get(item) or tuple(sorted(self.links[item]))
        wanted = [(name,) for name in names] if item in self.settles else [names]
        targets = {min(meant): meant for meant in (self._meant(item, each) for each in wanted) if meant}
        if not targets:
            if names:
                self.claimants[item] = None
                self._stand(item, names)
            else:
                self.report("reversal-of-what", item, customer=self.pockets[self.pocket[item]].customer)
            return
        for name in names:
            self._standing.get(name, {}).pop(item, None)
        self.claimants.pop(item, None)
        for document, meant in targets.items():
            if self.day[item] == day and self.kind[document] == _REVERSAL and self.number[item] in (
                *self.settles.get(document, ()), *self.links[document]
            ) and self.number[item] != self.number[document]:  # fmt: skip
                self.report("settlement-cycle", item, number=self.number[item], other=self.number[document])
            for target in meant:
                self._settle(item, target, day, item)
            self._undo(item, meant, day)
        if self.residual[item]:
            self.report(
                "reversal-too-large",
                item,
                amount=self.money(item, abs(self.residual[item])),
                targets=", ".join(dict.fromkeys(self.number[document] for document in targets)),
            )

    def _meant(self, item: int, names: Iterable[str]) -> list[int]:
        """The items of the one document that a reversal means by its names: of the same amount, else the latest."""
        found = list(dict.fromkeys(other for name in names for other in self.opposite(item, name)))
        # What only moved a credit is undone with the credit, not instead of it, unless its own number is meant.
        others = {self.number[other] for other in found if self.kind[other] != _APPLY}
        own = {name for name in names if name not in others}
        found = [other for other in found if self.kind[other] != _APPLY or self.number[other] in own] or found
        # A receipt's own number means that receipt, whatever else shares the link of the invoice.
        found = [other for other in found if self._is_named(other, item, names)] or found
        documents: dict[int, list[int]] = {}
        for other in found:
            documents.setdefault(self.first[other], []).append(other)
        if len(documents) < 2:
            return found
        whole = [
            document
            for document, items in documents.items()
            if sum(self.amount[other] for other in items) == -self.amount[item]
        ]
        latest = max(
            whole or documents,
            key=lambda document: (
                self.day[document],
                self.date[document],
                self.number[document],
                self._contents(document),
                document,
            ),
        )
        return documents[latest]

    def _is_named(self, target: int, item: int, names: Iterable[str]) -> bool:
        """Whether one of the names is the number of `target`, and of no document on the reversal's own side."""
        number = self.number[target]
        return number in names and not any(
            self.number[other] == number
            and self.amount[other] * self.amount[item] > 0
            and self.kind[other] not in (_REVERSAL, _APPLY)
            for other in self.carriers[number]
            if other < self._exist
        )

    def _undo(self, item: int, document: Collection[int], day: int) -> None:
        """Give back what a document has settled, the latest first, as far as the reversal `item` reaches."""
        for position in self._settlements_among(document):
            if not self.residual[item]:
                return
            debit, credit = self._s_debit[position], self._s_credit[position]
            target, other = (debit, credit) if debit in document else (credit, debit)
            if self._s_cause[position] == other and self.kind[other] == _REVERSAL:
                # What another reversal has undone already is not undone again.
                continue
            if self.kind[target] == _APPLY and self.entry(target) is self.entry(other):
                # The postings of an #apply entry that moves nothing any more.
                continue
            units = self._give_back(position, abs(self.residual[item]), day, item)
            if units:
                self._settle(item, target, day, item)
                if self.kind[other] == _APPLY:
                    self._undo_apply(other, units, day, item)

    def _undo_apply(self, leg: int, units: int, day: int, cause: int) -> None:
        """Take back what an #apply entry did with money that is not there any more: its postings cancel out.

        What the money was used for is open again; where an #apply moved it on, that is taken back as well.
        """
        twins = self._twins(leg)
        if not twins:
            self.report("moved-away", cause, number=self.number[cause], moved=self.number[leg])
            self.moved_away.add(leg)
        for twin in twins:
            units -= self._cancel(leg, twin, units, day, cause)
        for position in self._settlements_among(twins):
            debit, credit = self._s_debit[position], self._s_credit[position]
            twin, other = (debit, credit) if debit in twins else (credit, debit)
            if self.entry(twin) is self.entry(other):
                continue
            back = self._give_back(position, units, day, cause)
            if back:
                units -= self._cancel(leg, twin, back, day, cause)
                if self.kind[other] == _APPLY:
                    self._undo_apply(other, back, day, cause)

    def _cancel(self, leg: int, twin: int, units: int, day: int, cause: int) -> int:
        """Settle at most so much between two postings of an #apply entry; how much it was."""
        units = min(units, abs(self.residual[leg]), abs(self.residual[twin]))
        if units > 0:
            self._enter(*((leg, twin) if self.amount[leg] > 0 else (twin, leg)), units, day, cause)
        return units

    def _twins(self, leg: int) -> list[int]:
        """The legs of the same entry on the other side in the same pocket."""
        entry = self.entry(leg)
        begin = end = leg
        while begin > 0 and self.entry(begin - 1) is entry:
            begin -= 1
        while end + 1 < len(self.pocket) and self.entry(end + 1) is entry:
            end += 1
        return [
            other
            for other in range(begin, end + 1)
            if self.pocket[other] == self.pocket[leg] and self.amount[other] * self.amount[leg] < 0
        ]

    def _give_back(self, position: int, units: int, day: int, cause: int) -> int:
        """Undo at most so much of a settlement; how much it was."""
        units = min(units, self._s_amount[position] - self._undone.get(position, 0))
        if units <= 0:
            return 0
        debit, credit = self._s_debit[position], self._s_credit[position]
        self._undone[position] = self._undone.get(position, 0) + units
        self._enter(debit, credit, -units, day, cause)
        self._reopened[debit] = self._reopened[credit] = None
        return units

    def _settlements_among(self, items: Iterable[int]) -> list[int]:
        """The settlements of some items, the latest first; the index is built only where something is reversed."""
        for position in range(self._indexed_settlements, len(self._s_day)):
            self._settlements_of.setdefault(self._s_debit[position], []).append(position)
            self._settlements_of.setdefault(self._s_credit[position], []).append(position)
        self._indexed_settlements = len(self._s_day)
        return sorted({position for item in items for position in self._settlements_of.get(item, ())}, reverse=True)
