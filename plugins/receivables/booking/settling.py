"""Settling: what settles what, in one pass over the items in order of date.

Every day is done in the same steps, so that the order of entries within a day and of files does not
matter: what was claimed earlier takes from what has come; reversals undo; `settles:` takes effect; then links;
then the policy "settlement". Nothing looks at a later day, so what was open on a day never depends on what was
booked for later days.
"""

from __future__ import annotations

import datetime
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from receivables.book import KIND_CODES, SettlementColumns
from receivables.booking.columns import Columns
from receivables.facts import APPLY, CREDIT_MEMO, OPENING, RECEIPT, REFUND, REVALUATION, REVERSAL, Facts
from receivables.money import Scale
from receivables.problems import Problem, problem

_REVERSAL: Final = KIND_CODES[REVERSAL]
_REVALUATION: Final = KIND_CODES[REVALUATION]
_REFUND: Final = KIND_CODES[REFUND]
_APPLY: Final = KIND_CODES[APPLY]
ACTIVE_DEBITS: Final = frozenset((_REFUND, _REVERSAL, _APPLY))
"""Debits that settle a credit, rather than being settled by one."""


_SPENDABLE: Final = frozenset(KIND_CODES[kind] for kind in (RECEIPT, CREDIT_MEMO, OPENING))
"""Credits that the policy "settlement" may spend: a write-off means one document and no other."""


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
    """

    def __init__(self, facts: Facts, columns: Columns, scales: Mapping[str, Scale], problems: list[Problem]) -> None:
        self.facts = facts
        self.scales = scales
        self.problems = problems
        self.pockets = facts.pockets
        self.origin, self.pocket, self.first, self.instalment = columns[:4]
        self.day, self.date, self.due, self.amount, self.kind = columns[4:9]
        self.number, self.links, self.settles = columns[9:12]
        self.undecided, self.sizes = columns[12:]
        self.residual = list(self.amount)
        self._s_day: list[int] = []
        self._s_debit: list[int] = []
        self._s_credit: list[int] = []
        self._s_amount: list[int] = []
        self._s_cause: list[int] = []
        self.carriers: dict[str, list[int]] = {}
        self.claimants: dict[int, None] = {}
        self.doubles: list[int] = []
        # Items, each with the documents that share one of its links and came before it.
        self._linked: list[tuple[int, list[int]]] = []
        self._find_carriers()
        # How many items exist on the day that is being done: whoever settles must not look beyond.
        self._exist = 0
        # Number → items that name it in `settles:` and have something left, in the order of claiming.
        self._standing: dict[str, list[int]] = {}
        # Item with a standing claim → when it claimed.
        self._claimed: dict[int, int] = {}
        # Pocket → its items, where a policy settles without being told.
        self._by_pocket: dict[int, list[int]] = {}
        # Pocket → its credits and its revaluations so far; brought up to date where one is asked for.
        self._credits_of: dict[int, list[int]] = {}
        self._revaluations_of: dict[int, list[int]] = {}
        self._indexed_items = 0
        # Item → its settlements so far; likewise, for reversals.
        self._settlements_of: dict[int, list[int]] = {}
        self._indexed_settlements = 0

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

    def _find_carriers(self) -> None:
        """Note which documents carry which number and links, and who shares one with an earlier document."""
        carriers, linked, amount = self.carriers, self._linked, self.amount
        get = carriers.get
        for item, (number, links, first) in enumerate(zip(self.number, self.links, self.first, strict=True)):
            if first != item:
                if linked and linked[-1][0] == item - 1:
                    linked.append((item, linked[-1][1]))
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
        if _REVERSAL in kinds:
            reversals.fill(item for item, code in enumerate(kinds) if code == _REVERSAL)
        if _REVALUATION in kinds:
            revalued.fill(item for item, code in enumerate(kinds) if code == _REVALUATION)
        named.fill(item for item in self.settles if kinds[item] != _REVERSAL)
        undecided.fill(self.undecided)
        linked: dict[int, list[tuple[int, list[int]]]] = {}
        for pair in self._linked:
            item = pair[0]
            if item not in self.settles and kinds[item] != _REVERSAL:
                day = day_of[item]
                if day in linked:
                    linked[day].append(pair)
                else:
                    linked[day] = [pair]
        automatic = any(subject == "settlement" for subject, _ in self.facts.settings.policies)
        # On the day of a policy it applies to whatever is open; on others to what has come.
        policy_days = {
            policy.date.toordinal()
            for (subject, _), policies in self.facts.settings.policies.items()
            for policy in policies
            if subject == "settlement"
        }
        active = [*day_of, *policy_days] if automatic else [*reversals, *named, *linked, *undecided, *revalued]
        for day in sorted(set(active)):
            begin, self._exist = self._exist, bisect_right(day_of, day)
            if self._standing:
                # The days between, on which nothing else happened, may have brought what was claimed.
                self._answer_arrivals(begin)
            before = bisect_left(day_of, day)
            for item in undecided.get(day, ()):
                self._decide_refund(item, before)
            for item in self._in_order(reversals.get(day, [])):
                self._reverse(item, day)
            for item in self._in_order(named.get(day, [])):
                self._settle_named(item, day)
            if day in linked:
                self._settle_all_linked(linked[day], day)
            if day in revalued:
                self._settle_revaluations(revalued[day], day)
            if automatic:
                self._settle_by_policy(range(before, self._exist), day, everywhere=day in policy_days)
        begin, self._exist = self._exist, len(day_of)
        if self._standing:
            self._answer_arrivals(begin)

    def _answer_arrivals(self, begin: int) -> None:
        """Let standing claims take from the items that have come since, each on its own day.

        Who claimed first takes first, and each in the order of its own names.
        """
        end = self._exist
        while begin < end:
            day = self.day[begin]
            self._exist = stop = bisect_right(self.day, day)
            claimants = {c for item in range(begin, stop) for c in self._claims_on(item)}
            for claimant in sorted(claimants, key=self._claimed.__getitem__):
                self._take(claimant, day)
            begin = stop
        self._exist = end

    def _take(self, claimant: int, day: int) -> None:
        """Let a standing claim take what is open of the documents that it names, in its own order."""
        for name in self.settles.get(claimant) or sorted(self.links[claimant]):
            for other in self.opposite(claimant, name):
                if self.residual[claimant]:
                    self._settle(claimant, other, day, self._cause(claimant, other))

    def _claims_on(self, item: int) -> list[int]:
        """The standing claims on an item's document that have something left."""
        number = self.number[item]
        names = {number, *self.links[item]}
        if self.kind[item] == _APPLY and number not in self.links[item]:
            # It goes by the number of the document whose money it moves, and is not that document.
            names = set(self.links[item])
        if self.instalment[item]:
            names.add(f"{number}/{self.instalment[item]}")
        if self._standing.keys().isdisjoint(names):
            return []
        return [
            claimant
            for name in names
            for claimant in self._standing.get(name, ())
            if self.residual[claimant] and self.pocket[claimant] == self.pocket[item]
        ]

    def _stand(self, item: int, names: Iterable[str]) -> None:
        """Let the claim of an item on these names stand until there is more to take."""
        self._claimed.setdefault(item, len(self._claimed))
        for name in names:
            claims = self._standing.setdefault(name, [])
            if item not in claims:
                claims.append(item)

    def _cause(self, item: int, other: int) -> int:
        """Which of two items settles the other: the credit, unless the debit is a refund or the like."""
        debit, credit = (item, other) if self.amount[item] > 0 else (other, item)
        return debit if self.kind[debit] in ACTIVE_DEBITS else credit

    def _in_order(self, items: list[int]) -> list[int]:
        """Items of one day in an order that comes from their contents, not their place in the files.

        The order only matters among items of one pocket: others cannot take anything from each other.
        """
        if len(items) < 2:
            return items
        pockets = [self.pocket[item] for item in items]
        if len(set(pockets)) == len(items):
            return items
        seen: set[int] = set()
        twice = {pocket for pocket in pockets if pocket in seen or seen.add(pocket)}  # type: ignore[func-returns-value]
        rivals = [item for item, pocket in zip(items, pockets, strict=True) if pocket in twice]
        numbers = [self.number[item] for item in rivals]
        by_number = len(set(numbers)) == len(numbers)
        rivals.sort(key=self.number.__getitem__ if by_number else self._contents)
        return [*(item for item, pocket in zip(items, pockets, strict=True) if pocket not in twice), *rivals]

    def _contents(self, item: int) -> tuple[object, ...]:
        pocket, entry = self.pockets[self.pocket[item]], self.entry(item)
        return (
            self.number[item], pocket, self.kind[item], self.due[item], self.amount[item],
            entry.payee or "", entry.narration or "", self.settles.get(item, ()), sorted(self.links[item]),
            self.sizes.get(self.first[item], 1), item,
        )  # fmt: skip

    def _decide_refund(self, item: int, before: int) -> None:
        """Whether a debit paid from the bank is a refund: when a credit of the customer is open.

        Args:
          item: The debit.
          before: Only credits below this position count.
        """
        self._index_items()
        open_credit = any(
            self.residual[other] for other in self._credits_of.get(self.pocket[item], ()) if other < before
        )
        if open_credit or item in self.settles:
            self.kind[item] = _REFUND
            self.due[item] = self.date[item]

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
        self.residual[debit] = owed - units
        self.residual[credit] = units - paid
        self._s_day.append(day)
        self._s_debit.append(debit)
        self._s_credit.append(credit)
        self._s_amount.append(units)
        self._s_cause.append(cause)

    def opposite(self, item: int, name: str, *, open_only: bool = True) -> list[int]:
        """The items of the opposite side in the same pocket that `name` names. Oldest due first.

        `name` is a number; else a link that documents carry; else a number with an instalment
        ("INV-1/2").
        """
        numbered, carrying = self._across(item, name)
        found = numbered or carrying
        if not found:
            base, slash, count = name.rpartition("/")
            if slash and count.isdecimal():
                numbered, _ = self._across(item, base)
                found = [other for other in numbered if (self.instalment[other] or 1) == int(count)]
        if open_only:
            found = [other for other in found if self.residual[other]]
        return sorted(found, key=self._by_due) if len(found) > 1 else found

    def _across(self, item: int, name: str) -> tuple[list[int], list[int]]:
        """The items on the other side of the pocket with this number, and those that carry it as a link.

        The legs of an #apply entry without a number of its own have that of the document whose money
        they move, and never stand for it.
        """
        pocket, debit = self.pocket[item], self.amount[item] > 0
        entry = self.entry(item)
        numbered: list[int] = []
        carrying: list[int] = []
        for document in self.carriers.get(name, ()):
            if document >= self._exist:
                break
            for other in range(document, document + self.sizes.get(document, 1)):
                if (
                    self.pocket[other] == pocket
                    and (self.amount[other] > 0) != debit
                    and self.entry(other) is not entry
                    and (self.kind[other] != _APPLY or self.number[other] in self.links[other])
                ):
                    (numbered if self.number[other] == name else carrying).append(other)
        return numbered, carrying

    def _settle_named(self, item: int, day: int) -> None:
        """Settle what `settles:` names, in that order; what is left stands until more is open."""
        targets = self.settles[item]
        missed = False
        for name in targets:
            found = self.opposite(item, name, open_only=False)
            missed = missed or not found
            for other in found:
                if not self.residual[item]:
                    break
                self._settle(item, other, day, self._cause(item, other))
        if self.residual[item]:
            self._stand(item, targets)
        if missed or self.residual[item]:
            self.claimants[item] = None

    def _settle_all_linked(self, pairs: list[tuple[int, list[int]]], day: int) -> None:
        """Settle the day's items that share a link with earlier documents."""
        if len(pairs) == 1:
            self._settle_linked(*pairs[0], day)
            return
        documents_of = dict(pairs)
        for item in self._in_order(list(documents_of)):
            self._settle_linked(item, documents_of[item], day)

    def _settle_linked(self, item: int, documents: Iterable[int], day: int) -> None:
        """Settle an item with those of `documents` that exist and stand on the opposite side, oldest due first."""
        residual, pockets, sizes = self.residual, self.pocket, self.sizes
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
            found = sorted(set(found), key=self._by_due)
        kinds = self.kind
        for other in found:
            # What is undone, or says itself what it settles, is not taken by a link.
            if kinds[other] != _REVERSAL and (other not in self.settles or kinds[item] == _REFUND):
                self._settle(item, other, day, self._cause(item, other))

    def _reopened(self, item: int, day: int) -> None:
        """Offer what is open again to standing claims, and to documents that carry one of the item's links."""
        if self.settles.get(item):
            # What it was meant for may have changed: it takes what it names, in its own order.
            self._settle_named(item, day)
            return
        for claimant in sorted(set(self._claims_on(item)), key=self._claimed.__getitem__):
            self._take(claimant, day)
        if self._by_pocket:
            self._by_pocket.setdefault(self.pocket[item], []).append(item)
        carrying = [document for link in self.links[item] for document in self.carriers[link]]
        carrying += self._linking(self.number[item], self.carriers[self.number[item]])
        self._settle_linked(item, carrying, day)

    def _by_due(self, item: int) -> tuple[object, ...]:
        """Oldest due first, then the older document; the rest only keeps the files' order out of it."""
        entry = self.entry(item)
        return (
            self.due[item], self.date[item], self.number[item], self.amount[item],
            entry.payee or "", entry.narration or "", sorted(self.links[item]), item,
        )  # fmt: skip

    def _settle_by_policy(self, arrived: Sequence[int], day: int, *, everywhere: bool) -> None:
        """Settle what no entry names, oldest due first, where the policy says so."""
        for item in arrived:
            self._by_pocket.setdefault(self.pocket[item], []).append(item)
        date = datetime.date.fromordinal(day)
        if self.facts.settings.value("settlement", "method", date) == "oldest-due":
            for pocket in list(self._by_pocket) if everywhere else dict.fromkeys(self.pocket[i] for i in arrived):
                self._settle_pocket(pocket, day)

    def _settle_pocket(self, pocket: int, day: int) -> None:
        waiting = [item for item in self._by_pocket[pocket] if self.residual[item] and self.kind[item] != _REVALUATION]
        self._by_pocket[pocket] = [item for item in self._by_pocket[pocket] if self.residual[item]]
        credits = [
            item for item in waiting
            if self.amount[item] < 0 and item not in self.settles and self.kind[item] in _SPENDABLE
        ]  # fmt: skip
        debits = [
            item for item in waiting
            if self.amount[item] > 0 and self.kind[item] not in ACTIVE_DEBITS
        ]  # fmt: skip
        if not credits or not debits:
            return
        debits.sort(key=self._by_due)
        for credit in sorted(credits, key=lambda item: (self.day[item], self._contents(item))):
            for debit in debits:
                if not self.residual[credit]:
                    break
                self._settle(credit, debit, day, credit)

    def _settle_revaluations(self, arrived: Iterable[int], day: int) -> None:
        """Let revaluations and their reversals of the next day cancel out among themselves."""
        for item in arrived:
            self._index_items()
            for other in self._revaluations_of[self.pocket[item]]:
                if (self.amount[other] > 0) != (self.amount[item] > 0):
                    self._settle(item, other, day, item)

    # -- reversals -------------------------------------------------------------------------------

    def _reverse(self, item: int, day: int) -> None:
        """Undo what the reversal names: its unused part first, then its settlements, latest first."""
        names = self.settles.get(item) or tuple(sorted(self.links[item]))
        found: dict[int, None] = {}
        for name in names:
            found.update(dict.fromkeys(self.opposite(item, name, open_only=False)))
        targets = [other for other in found if other != item]
        if not targets:
            if not names:
                customer = self.pockets[self.pocket[item]].customer
                self.report("reversal-of-what", item, customer=customer)
            else:
                # Dated before what it undoes: it takes it on the day on which it comes.
                self.claimants[item] = None
                self._stand(item, names)
            return
        # What only moved a credit is undone with the credit, not instead of it.
        targets = [other for other in targets if self.kind[other] != _APPLY] or targets
        # A receipt's own number means that receipt, whatever else shares the link of the invoice.
        targets = [other for other in targets if self._is_named(other, item, names)] or targets
        # Several receipts may share the link of the invoice: the one of the same amount is meant,
        # else the latest.
        whole = [other for other in targets if self.amount[other] == -self.amount[item]]
        if len(targets) > 1 and whole:
            targets = [whole[-1]]
        newest = sorted(targets, key=lambda other: (-self.day[other], self._contents(other)))
        for target in newest:
            if self.kind[target] == _REVERSAL and self.number[item] in (
                *self.settles.get(target, ()), *self.links[target]
            ) and self.number[item] != self.number[target]:  # fmt: skip
                self.report("settlement-cycle", item, number=self.number[item], other=self.number[target])
            self._settle(item, target, day, item)
        for target in newest:
            self._undo(item, target, day)
        if self.residual[item]:
            self.report(
                "reversal-too-large",
                item,
                amount=self.money(item, abs(self.residual[item])),
                targets=", ".join(dict.fromkeys(self.number[target] for target in targets)),
            )

    def _is_named(self, target: int, item: int, names: Iterable[str]) -> bool:
        """Whether one of the names is the number of `target`, and of no document on the reversal's own side."""
        number = self.number[target]
        return number in names and not any(
            self.number[other] == number
            and self.amount[other] * self.amount[item] > 0
            and self.kind[other] != _REVERSAL
            for other in self.carriers[number]
            if other < self._exist
        )

    def _undo(self, item: int, target: int, day: int) -> None:
        """Give back what `target` has settled, as far as the reversal `item` reaches."""
        self._index_settlements()
        for position in reversed(self._settlements_of.get(target, [])):
            if not self.residual[item]:
                return
            debit, credit = self._s_debit[position], self._s_credit[position]
            other = credit if debit == target else debit
            if other == item or (self.kind[other] == _REVERSAL and self.kind[target] != _REVERSAL):
                # What another reversal has undone already is not undone again.
                continue
            units = min(self._still_settled(target, other), abs(self.residual[item]))
            if units <= 0:
                continue
            self._give_back(debit, credit, units, day, item)
            self._settle(item, target, day, item)
            if self.kind[other] == _APPLY:
                self._undo_apply(other, units, day, item)
            else:
                self._reopened(other, day)

    def _undo_apply(self, leg: int, units: int, day: int, cause: int) -> None:
        """Take back what an #apply entry did with a credit that is undone: both its legs cancel out."""
        twins = self._twins(leg)
        if not twins:
            self.report("moved-away", cause, number=self.number[cause], moved=self.number[leg])
        for twin in twins:
            for position in reversed(self._settlements_of.get(twin, [])):
                debit, credit = self._s_debit[position], self._s_credit[position]
                other = credit if debit == twin else debit
                back = min(self._still_settled(twin, other), units)
                if back <= 0 or other == leg:
                    continue
                self._give_back(debit, credit, back, day, cause)
                self._settle(leg, twin, day, cause)
                units -= back
                self._reopened(other, day)

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

    def _give_back(self, debit: int, credit: int, units: int, day: int, cause: int) -> None:
        """Undo so much of what was settled between two items."""
        self.residual[debit] += units
        self.residual[credit] -= units
        self._s_day.append(day)
        self._s_debit.append(debit)
        self._s_credit.append(credit)
        self._s_amount.append(-units)
        self._s_cause.append(cause)

    def _still_settled(self, one: int, two: int) -> int:
        """What is settled between two items after everything undone so far."""
        self._index_settlements()
        return sum(
            self._s_amount[position]
            for position in self._settlements_of.get(one, ())
            if two in (self._s_debit[position], self._s_credit[position])
        )

    def _index_settlements(self) -> None:
        """Bring the index of settlements by item up to date; built only where something is reversed."""
        for position in range(self._indexed_settlements, len(self._s_day)):
            self._settlements_of.setdefault(self._s_debit[position], []).append(position)
            self._settlements_of.setdefault(self._s_credit[position], []).append(position)
        self._indexed_settlements = len(self._s_day)
