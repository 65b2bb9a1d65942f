"""Booking: facts into the book, in one pass in order of date.

Every day is done in the same steps, so that the order of entries within a day and of files does not
matter: all items of the day are entered; reversals undo; `settles:` takes effect, earlier claims
first; then links; then the policy "settlement". Nothing looks at a later day, so what was open on a
day never depends on what was booked for later days.
"""

from __future__ import annotations

import datetime
import itertools
import os
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from operator import attrgetter
from typing import Any, Final

from receivables.book import (
    KIND_CODES,
    Book,
    Items,
    LedgerColumns,
    SettlementColumns,
    Unexplained,
)
from receivables.facts import (
    APPLY,
    DEBIT_NOTE,
    INVOICE,
    OPENING,
    PENALTY,
    REFUND,
    REVALUATION,
    REVERSAL,
    Facts,
    Movement,
    Pocket,
)
from receivables.money import Scale, scale_for
from receivables.problems import Problem, problem
from receivables.rules.terms import Terms, TermsError, due_date, schedule

_REVERSAL: Final = KIND_CODES[REVERSAL]
_REVALUATION: Final = KIND_CODES[REVALUATION]
_REFUND: Final = KIND_CODES[REFUND]
_APPLY: Final = KIND_CODES[APPLY]
_NUMBERED: Final = frozenset(KIND_CODES[kind] for kind in (INVOICE, OPENING, DEBIT_NOTE, PENALTY))
_NEAREST_ASKED: Final = 100
"""For how many unknown numbers the nearest is looked for: it costs time, and nobody reads more."""


def build(facts: Facts) -> Book:
    """The book of these facts.

    Problems of settlement (a number that no document has, more settled than open, …) are added to
    those that the language found; nothing is raised for what a ledger says.
    """
    builder = _Builder(facts)
    builder.run()
    return builder.book()


class EntryTexts:
    """The words behind the items, read from Beancount's entries when a row shows them."""

    def __init__(self, origins: Sequence[Movement], folder: str) -> None:
        self._origins = origins
        self._folder = f"{folder}{os.sep}"

    def _place(self, meta: Mapping[str, Any]) -> tuple[str, int]:
        """File, seen from the ledger's folder so that a report is the same everywhere, and line."""
        return str(meta["filename"]).removeprefix(self._folder), int(meta["lineno"])

    def description(self, item: int) -> str:
        """Narration of the entry."""
        return self._origins[item].entry.narration or ""

    def source(self, item: int) -> tuple[str, int]:
        """File and line of the posting, or of the entry where the posting has none."""
        origin = self._origins[item]
        meta = origin.posting.meta or {}
        return self._place(meta if "filename" in meta else origin.entry.meta)

    def entry(self, item: int) -> tuple[str, int]:
        """File and line of the transaction."""
        return self._place(self._origins[item].entry.meta)

    def details(self, item: int) -> Mapping[str, Any]:
        """Metadata of the posting and the transaction, the posting's first; file and line left out."""
        origin = self._origins[item]
        both = {**origin.entry.meta, **(origin.posting.meta or {})}
        return {
            key: value for key, value in both.items() if key not in ("filename", "lineno") and not key.startswith("__")
        }

    def terms(self, item: int) -> str:
        """The payment terms as written."""
        terms = self._origins[item].terms
        return "" if terms is None else terms.text

    def rate(self, item: int) -> tuple[Decimal, str] | None:
        """Price or cost of the posting's currency."""
        posting = self._origins[item].posting
        rate = posting.price or posting.cost
        return None if rate is None or rate.number is None else (rate.number, rate.currency)


class _Builder:
    """The columns of the book, and the pass that settles; `run` does it, `book` hands them over."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.pockets = facts.pockets
        self.problems: list[Problem] = list(facts.problems)
        self.scales = _scales(facts)
        # Every amount of the ledger in units, once.
        unit_of = [self.scales[currency].unit for _, currency in facts.ledger.places]
        self.units = [
            int(amount.scaleb(unit_of[place])) if unit_of[place] else int(amount)
            for amount, place in zip(facts.ledger.amount, facts.ledger.place, strict=True)
        ]
        # The columns of Items, see there; `origins` has the movement behind each item.
        self.origins, self.amount = self._split(facts.movements)
        self.residual = list(self.amount)
        columns: Any = tuple(zip(*self.origins, strict=True)) or ((),) * len(Movement._fields)
        (_, dates, pocket, _, kinds, number, links, settles, dues, terms, dated, parts, _, _) = columns
        self.pocket: Sequence[int] = pocket
        self.number: Sequence[str] = number
        self.links: Sequence[frozenset[str]] = links
        self.settles: Sequence[tuple[str, ...]] = settles
        self.day = [date.toordinal() for date in dates]
        self.date = self.day
        if any(dated):
            self.date = [d.toordinal() if d else day for d, day in zip(dated, self.day, strict=True)]
        self.due = self._due_days(dues, terms)
        self.kind = [KIND_CODES[part or kind or INVOICE] for kind, part in zip(kinds, parts, strict=True)]
        self.undecided = [item for item, kind in enumerate(kinds) if not kind]
        self.first = list(range(len(self.origins)))
        self.instalment = [0] * len(self.origins)
        # First item → how many items its document has, where more than one.
        self.sizes: dict[int, int] = {}
        self._join_instalments()
        self.texts = EntryTexts(self.origins, facts.folder)
        # The columns of SettlementColumns.
        self.s_day: list[int] = []
        self.s_debit: list[int] = []
        self.s_credit: list[int] = []
        self.s_amount: list[int] = []
        self.s_cause: list[int] = []
        # Number or link → first items of the documents that carry it, in order of date.
        self.carriers: dict[str, list[int]] = {}
        # Items that share a number or link with an earlier document.
        self.linked: list[int] = []
        # Documents that come after another with the same number.
        self.doubles: list[int] = []
        self._find_carriers()
        # How many items exist on the day that is being done: whoever settles must not look beyond.
        self.exist = 0
        # Number → items that name it in `settles:` and have something left, in the order of claiming.
        self.standing: dict[str, list[int]] = {}
        # Items whose named documents are looked at again in the end.
        self.claimants: list[int] = []
        # Pocket → its items, where a policy settles without being told.
        self.by_pocket: dict[int, list[int]] = {}
        self.automatic = any(subject == "settlement" for subject, _ in facts.settings.policies)
        # Pocket → its credits and its revaluations so far; brought up to date where one is asked for.
        self.credits_of: dict[int, list[int]] = {}
        self.revaluations_of: dict[int, list[int]] = {}
        self.indexed_items = 0
        # Item → its settlements so far; likewise, for reversals.
        self.settlements_of: dict[int, list[int]] = {}
        self.indexed_settlements = 0
        self.asked_for_nearest = 0

    # -- the columns -----------------------------------------------------------------------------

    def _split(self, movements: Sequence[Movement]) -> tuple[Sequence[Movement], list[int]]:
        """The movement and the amount of each item: terms with instalments make several of one."""
        units = self.units
        several = {
            id(movement.terms)
            for movement in {id(m.terms): m for m in movements if m.terms is not None}.values()
            if movement.terms is not None and not movement.terms.single
        }
        if not several:
            return movements, [units[movement.position] for movement in movements]
        origins: list[Movement] = []
        amounts: list[int] = []
        for movement in movements:
            if id(movement.terms) in several:
                for origin, amount in self._instalments(movement):
                    origins.append(origin)
                    amounts.append(amount)
            else:
                origins.append(movement)
                amounts.append(units[movement.position])
        return origins, amounts

    def _instalments(self, movement: Movement) -> list[tuple[Movement, int]]:
        """The instalments of a posting by its terms, each as a movement of its own with its units.

        Rounded half up to the currency's digits, the last takes the rest; a problem, and one item due
        on its date, where the terms do not fit the amount.
        """
        currency = self.pockets[movement.pocket].currency
        scale = self.scales[currency]
        amount = self.facts.ledger.amount[movement.position]
        date = movement.dated or movement.date
        try:
            if movement.terms is None:
                raise TermsError("there are none")
            parts = schedule(movement.terms, date, amount, scale.digits, currency)
        except TermsError as error:
            self.problems.append(problem("bad-terms", movement.entry.meta, movement.entry, reason=error))
            return [(movement._replace(due=date), self.units[movement.position])]
        return [
            (movement._replace(due=part.due, part=part.kind or movement.part), scale.units(part.amount))
            for part in parts
            if part.amount
        ]

    def _due_days(self, dues: Sequence[datetime.date | None], terms: Sequence[Terms | None]) -> list[int]:
        """The due date of every item: stated, by terms, or the document's date."""
        # Terms → day → due date; by identity, since hashing terms costs more than computing the date.
        known: dict[int, dict[int, int]] = {}
        found = []
        for item, (due, held, date) in enumerate(zip(dues, terms, self.date, strict=True)):
            if due is not None:
                found.append(due.toordinal())
            elif held is None:
                found.append(date)
            else:
                of_terms = known.get(id(held))
                if of_terms is None:
                    of_terms = known[id(held)] = {}
                day = of_terms.get(date)
                if day is None:
                    day = of_terms[date] = self._due_by_terms(held, date, item)
                found.append(day)
        return found

    def _due_by_terms(self, terms: Terms, date: int, item: int) -> int:
        try:
            return due_date(terms, datetime.date.fromordinal(date)).toordinal()
        except TermsError as error:
            origin = self.origins[item]
            self.problems.append(problem("bad-terms", origin.entry.meta, origin.entry, reason=error))
            return date

    def _join_instalments(self) -> None:
        """Find the documents of several items, and number those of a debit in order of due date."""
        origins, pockets = self.origins, self.pockets
        for item, (number, following) in enumerate(
            zip(self.number, itertools.islice(self.number, 1, None), strict=False), start=1
        ):
            if number != following:
                continue
            one, two = origins[item - 1], origins[item]
            here, there = pockets[one.pocket], pockets[two.pocket]
            if (
                one.entry is two.entry
                and one.debit == two.debit
                and here.customer == there.customer
                and here.currency == there.currency
            ):
                document = self.first[item] = self.first[item - 1]
                self.sizes[document] = item - document + 1
        for document, size in self.sizes.items():
            if self.amount[document] > 0:
                of_document = range(document, document + size)
                for count, item in enumerate(sorted(of_document, key=lambda i: (self.due[i], i)), start=1):
                    self.instalment[item] = count

    def _find_carriers(self) -> None:
        """Note which documents carry which number and links, and who shares one with an earlier document."""
        carriers = self.carriers
        for item, (number, links, first) in enumerate(zip(self.number, self.links, self.first, strict=True)):
            if first != item:
                if self.linked and self.linked[-1] == item - 1:
                    self.linked.append(item)
                continue
            shared = False
            carrying = carriers.get(number)
            if carrying is None:
                carriers[number] = [item]
            else:
                carrying.append(item)
                shared = True
                if self.amount[item] > 0:
                    self.doubles.append(item)
            for link in links:
                if link != number:
                    carrying = carriers.get(link)
                    if carrying is None:
                        carriers[link] = [item]
                    else:
                        carrying.append(item)
                        shared = True
            if shared and links:
                self.linked.append(item)

    # -- the pass --------------------------------------------------------------------------------

    def run(self) -> None:
        """Settle every item, day by day."""
        reversals = {item for item, kind in enumerate(self.kind) if kind == _REVERSAL}
        explicit = {item for item, named in enumerate(self.settles) if named} - reversals
        linked = [item for item in self.linked if item not in reversals and item not in explicit]
        waking = {*self.undecided, *explicit, *reversals, *linked}
        waking.update(item for item, kind in enumerate(self.kind) if kind == _REVALUATION)
        active = range(len(self.origins)) if self.automatic else sorted(waking)
        for day, group in itertools.groupby(active, key=self.day.__getitem__):
            items = list(group)
            begin, self.exist = self.exist, bisect_right(self.day, day)
            if self.standing:
                # The days between, on which nothing else happened, may have brought what was claimed.
                self._answer_arrivals(begin)
            self._do_day(day, [item for item in items if item in waking], reversals, explicit)
            if self.automatic:
                self._settle_by_policy(items, day)
        begin, self.exist = self.exist, len(self.origins)
        if self.standing:
            self._answer_arrivals(begin)
        self._look_back()

    def _do_day(self, day: int, items: list[int], reversals: set[int], explicit: set[int]) -> None:
        """Settle the items of a day: first what reverses, then what names, then what links."""
        for item in items:
            if not self.origins[item].kind:
                self._decide_refund(item, day)
        undoing = [item for item in items if item in reversals]
        naming = [item for item in items if item in explicit]
        for item in self._in_order(undoing):
            self._reverse(item, day)
        for item in self._in_order(naming):
            self._settle_named(item, day)
        if len(undoing) + len(naming) < len(items):
            rest = [item for item in items if item not in reversals and item not in explicit]
            for item in self._in_order(rest):
                self._settle_linked(item, day)
            revaluations = [item for item in rest if self.kind[item] == _REVALUATION]
            if revaluations:
                self._settle_revaluations(revaluations, day)

    def _answer_arrivals(self, begin: int) -> None:
        """Let standing claims take from the items that have come since, each on its own day."""
        for item in range(begin, self.exist):
            self._answer_standing(item, self.day[item])

    def _in_order(self, items: list[int]) -> list[int]:
        """Items of one day in an order that comes from their contents, not their place in the files."""
        if len(items) < 2:
            return items
        ordered = sorted(items, key=self.number.__getitem__)
        numbers = [self.number[item] for item in ordered]
        if len(set(numbers)) < len(numbers):
            ordered.sort(key=self._contents)
        return ordered

    def _contents(self, item: int) -> tuple[object, ...]:
        origin, pocket = self.origins[item], self._pocket(item)
        entry = origin.entry
        return (
            self.number[item], pocket.customer, pocket.currency, pocket.account, origin.kind, self.due[item],
            self.amount[item], entry.payee or "", entry.narration or "", self.texts.source(item),
        )  # fmt: skip

    def _decide_refund(self, item: int, day: int) -> None:
        """Whether a debit paid from the bank is a refund: when the customer has a credit open before."""
        before = bisect_left(self.day, day)
        self._index_items()
        open_credit = any(
            self.residual[other] for other in self.credits_of.get(self.pocket[item], ()) if other < before
        )
        if open_credit or self.settles[item]:
            self.kind[item] = _REFUND

    def _index_items(self) -> None:
        """Bring the lists of credits and revaluations by pocket up to date."""
        for item in range(self.indexed_items, self.exist):
            if self.kind[item] == _REVALUATION:
                self.revaluations_of.setdefault(self.pocket[item], []).append(item)
            elif self.amount[item] < 0:
                self.credits_of.setdefault(self.pocket[item], []).append(item)
        self.indexed_items = max(self.indexed_items, self.exist)

    # -- settling --------------------------------------------------------------------------------

    def _settle(self, item: int, other: int, day: int, cause: int) -> None:
        """Settle as much as both have left between an item and one of the opposite side."""
        debit, credit = (item, other) if self.amount[item] > 0 else (other, item)
        units = min(self.residual[debit], -self.residual[credit])
        if units <= 0:
            return
        self.residual[debit] -= units
        self.residual[credit] += units
        self.s_day.append(day)
        self.s_debit.append(debit)
        self.s_credit.append(credit)
        self.s_amount.append(units)
        self.s_cause.append(cause)

    def _opposite(self, item: int, name: str, *, open_only: bool = True) -> list[int]:
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
                found = [other for other in numbered if self.instalment[other] == int(count)]
        if open_only:
            found = [other for other in found if self.residual[other]]
        return sorted(found, key=self._by_due) if len(found) > 1 else found

    def _across(self, item: int, name: str) -> tuple[list[int], list[int]]:
        """The items on the other side of the pocket with this number, and those that carry it as a link.

        The legs of an #apply entry without a number of its own have that of the document whose money
        they move, and never stand for it.
        """
        pocket, debit = self.pocket[item], self.amount[item] > 0
        entry = self.origins[item].entry
        numbered: list[int] = []
        carrying: list[int] = []
        for document in self.carriers.get(name, ()):
            if document >= self.exist:
                break
            for other in range(document, document + self.sizes.get(document, 1)):
                if (
                    self.pocket[other] == pocket
                    and (self.amount[other] > 0) != debit
                    and self.origins[other].entry is not entry
                    and (self.kind[other] != _APPLY or self.number[other] in self.links[other])
                ):
                    (numbered if self.number[other] == name else carrying).append(other)
        return numbered, carrying

    def _settle_named(self, item: int, day: int) -> None:
        """Settle what `settles:` names, in that order; what is left stands until more is open."""
        targets = self.settles[item]
        for name in targets:
            for other in self._opposite(item, name):
                self._settle(item, other, day, item)
                if not self.residual[item]:
                    break
        self.claimants.append(item)
        if self.residual[item]:
            for name in targets:
                self.standing.setdefault(name, []).append(item)

    def _answer_standing(self, item: int, day: int) -> None:
        """Let earlier claims on this item's document take what is open of it."""
        number = self.number[item]
        names = {number, *self.links[item]}
        if self.instalment[item]:
            names.add(f"{number}/{self.instalment[item]}")
        if not self.residual[item] or self.standing.keys().isdisjoint(names):
            return
        for name in sorted(names):
            for claimant in self.standing.get(name, ()):
                if (
                    self.residual[claimant]
                    and self.pocket[claimant] == self.pocket[item]
                    and (self.amount[claimant] > 0) != (self.amount[item] > 0)
                ):
                    self._settle(claimant, item, day, claimant)

    def _settle_linked(self, item: int, day: int) -> None:
        """Settle with documents of the opposite side that carry one of the item's links."""
        residual, pockets, carriers, sizes = self.residual, self.pocket, self.carriers, self.sizes
        left, pocket, exist = residual[item], pockets[item], self.exist
        found: list[int] = []
        for link in self.links[item]:
            documents = carriers[link]
            if len(documents) == 1:
                # Only the item's own document carries it.
                continue
            for document in documents:
                if document >= exist:
                    break
                if document in sizes:
                    found.extend(
                        other
                        for other in range(document, document + sizes[document])
                        if pockets[other] == pocket and residual[other] * left < 0
                    )
                elif pockets[document] == pocket and residual[document] * left < 0:
                    found.append(document)
        if len(found) > 1:
            found = sorted(set(found), key=self._by_due)
        for other in found:
            # What is undone, or says itself what it settles, is not taken by a link.
            if self.kind[other] != _REVERSAL and not self.settles[other]:
                self._settle(item, other, day, self._cause(item, other))

    def _by_due(self, item: int) -> tuple[int, str, int]:
        return self.due[item], self.number[item], item

    def _cause(self, item: int, other: int) -> int:
        """Which of two items settles the other: the credit, unless the debit is a refund or the like."""
        debit, credit = (item, other) if self.amount[item] > 0 else (other, item)
        return debit if self.kind[debit] in _ACTIVE_DEBITS else credit

    def _settle_by_policy(self, arrived: Sequence[int], day: int) -> None:
        """Settle what no entry names, oldest due first, where the policy says so."""
        for item in arrived:
            self.by_pocket.setdefault(self.pocket[item], []).append(item)
        date = datetime.date.fromordinal(day)
        if self.facts.settings.value("settlement", "method", date) == "oldest-due":
            for pocket in dict.fromkeys(self.pocket[item] for item in arrived):
                self._settle_pocket(pocket, day)

    def _settle_pocket(self, pocket: int, day: int) -> None:
        waiting = [item for item in self.by_pocket[pocket] if self.residual[item] and self.kind[item] != _REVALUATION]
        self.by_pocket[pocket] = [item for item in self.by_pocket[pocket] if self.residual[item]]
        credits = [
            item for item in waiting
            if self.amount[item] < 0 and not self.settles[item] and self.kind[item] != _REVERSAL
        ]  # fmt: skip
        debits = [
            item for item in waiting
            if self.amount[item] > 0 and self.kind[item] not in _ACTIVE_DEBITS
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
            for other in self.revaluations_of[self.pocket[item]]:
                if (self.amount[other] > 0) != (self.amount[item] > 0):
                    self._settle(item, other, day, item)

    # -- reversals -------------------------------------------------------------------------------

    def _reverse(self, item: int, day: int) -> None:
        """Undo what the reversal names: its unused part first, then its settlements, latest first."""
        origin = self.origins[item]
        names = origin.settles or tuple(sorted(origin.links))
        found: dict[int, None] = {}
        for name in names:
            found.update(dict.fromkeys(self._opposite(item, name, open_only=False)))
        targets = [other for other in found if other != item]
        if not targets:
            if not names:
                customer = self._pocket(item).customer
                self._report("reversal-of-what", item, customer=customer)
            else:
                self.claimants.append(item)
            return
        # What only moved a credit is undone with the credit, not instead of it.
        targets = [other for other in targets if self.kind[other] != _APPLY] or targets
        # Several receipts may share the link of the invoice: the one of the same amount is meant,
        # else the latest.
        whole = [other for other in targets if self.amount[other] == -self.amount[item]]
        if len(targets) > 1 and whole:
            targets = [whole[-1]]
        for target in sorted(targets, key=lambda other: (-self.day[other], other)):
            if self.kind[target] == _REVERSAL and self.number[item] in (
                *self.origins[target].settles, *self.origins[target].links
            ) and self.number[item] != self.number[target]:  # fmt: skip
                self._report("settlement-cycle", item, number=self.number[item], other=self.number[target])
            self._settle(item, target, day, item)
            self._undo(item, target, day)
        if self.residual[item]:
            self._report(
                "reversal-too-large",
                item,
                amount=self._money(item, abs(self.residual[item])),
                targets=", ".join(dict.fromkeys(self.number[target] for target in targets)),
            )

    def _undo(self, item: int, target: int, day: int) -> None:
        """Give back what `target` has settled, as far as the reversal `item` reaches."""
        self._index_settlements()
        for position in reversed(self.settlements_of.get(target, [])):
            if not self.residual[item]:
                return
            debit, credit = self.s_debit[position], self.s_credit[position]
            other = credit if debit == target else debit
            if other == item:
                continue
            units = min(self._standing_amount(target, other), abs(self.residual[item]))
            if units <= 0:
                continue
            self._give_back(debit, credit, units, day, item)
            self._settle(item, target, day, item)
            if self.kind[other] == _APPLY:
                self._undo_apply(other, units, day, item)
            else:
                self._answer_standing(other, day)
                self._settle_linked(other, day)

    def _undo_apply(self, leg: int, units: int, day: int, cause: int) -> None:
        """Take back what an #apply entry did with a credit that is undone: both its legs cancel out."""
        for twin in self._twins(leg):
            for position in reversed(self.settlements_of.get(twin, [])):
                debit, credit = self.s_debit[position], self.s_credit[position]
                other = credit if debit == twin else debit
                back = min(self._standing_amount(twin, other), units)
                if back <= 0 or other == leg:
                    continue
                self._give_back(debit, credit, back, day, cause)
                self._settle(leg, twin, day, cause)
                units -= back
                self._answer_standing(other, day)
                self._settle_linked(other, day)

    def _twins(self, leg: int) -> list[int]:
        """The legs of the same entry on the other side in the same pocket."""
        entry = self.origins[leg].entry
        begin = end = leg
        while begin > 0 and self.origins[begin - 1].entry is entry:
            begin -= 1
        while end + 1 < len(self.origins) and self.origins[end + 1].entry is entry:
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
        self.s_day.append(day)
        self.s_debit.append(debit)
        self.s_credit.append(credit)
        self.s_amount.append(-units)
        self.s_cause.append(cause)

    def _standing_amount(self, one: int, two: int) -> int:
        """What is settled between two items after everything undone so far."""
        self._index_settlements()
        return sum(
            self.s_amount[position]
            for position in self.settlements_of.get(one, ())
            if two in (self.s_debit[position], self.s_credit[position])
        )

    def _index_settlements(self) -> None:
        """Bring the index of settlements by item up to date; built only where something is reversed."""
        for position in range(self.indexed_settlements, len(self.s_day)):
            self.settlements_of.setdefault(self.s_debit[position], []).append(position)
            self.settlements_of.setdefault(self.s_credit[position], []).append(position)
        self.indexed_settlements = len(self.s_day)

    # -- problems --------------------------------------------------------------------------------

    def _report(self, code: str, item: int, **words: Any) -> None:
        origin = self.origins[item]
        self.problems.append(problem(code, origin.posting.meta or origin.entry.meta, origin.entry, **words))

    def _pocket(self, item: int) -> Pocket:
        return self.pockets[self.pocket[item]]

    def _money(self, item: int, units: int) -> str:
        currency = self._pocket(item).currency
        return f"{self.scales[currency].decimal(units)} {currency}"

    def _look_back(self) -> None:
        """Report claims that never found their document, and what is left over in the end."""
        for item in self.claimants:
            settles = self.origins[item].settles
            names = settles or tuple(sorted(self.origins[item].links))
            lost = [name for name in names if not self._opposite(item, name, open_only=False)]
            if not settles and len(lost) < len(names):
                # Of the links only one has to lead to what is undone; others are the document's own.
                lost = []
            for name in lost:
                self._report_lost(item, name)
            if not lost and self.residual[item]:
                self._report(
                    "more-than-open",
                    item,
                    number=self.number[item],
                    amount=self._money(item, abs(self.residual[item])),
                    customer=self._pocket(item).customer,
                    targets=", ".join(self.origins[item].settles),
                )
        for item, code in enumerate(self.kind):
            if code == _REFUND and self.residual[item] and not self.origins[item].settles:
                self._report("refund-of-what", item, number=self.number[item], customer=self._pocket(item).customer)
        self._report_numbers()
        self._report_closed()

    def _report_lost(self, item: int, name: str) -> None:
        """Say why a named document was not found: whose, in which currency, on which account it is."""
        origin = self.origins[item]
        words = {
            "word": "settles" if origin.settles else "link",
            "number": name,
            "customer": self._pocket(item).customer,
            "amount": self._money(item, abs(self.residual[item])),
        }
        documents = self.carriers.get(name)
        if documents is None:
            base, slash, count = name.rpartition("/")
            documents = self.carriers.get(base) if slash and count.isdecimal() else None
        others = [document for document in documents or () if self.origins[document].entry is not origin.entry]
        if not others:
            self._report("unknown-document", item, **words, nearest=self._nearest(item, name))
            return
        here = self._pocket(item)
        for code, part, theirs in (
            ("other-customer", attrgetter("customer"), "owner"),
            ("other-currency", attrgetter("currency"), "theirs"),
            ("other-account", attrgetter("account"), "theirs"),
        ):
            matching = [other for other in others if part(self._pocket(other)) == part(here)]
            if not matching:
                there = part(self._pocket(others[0]))
                self._report(code, item, **{**words, theirs: there, "ours": part(here)})
                return
            others = matching
        kind = self.origins[others[0]].kind or INVOICE
        self._report("same-side", item, **words, kind=kind)

    def _nearest(self, item: int, name: str) -> str:
        """The number of the same pocket's other side that looks most like `name`, as part of a sentence."""
        self.asked_for_nearest += 1
        if self.asked_for_nearest > _NEAREST_ASKED:
            return ""
        pocket, debit = self.pocket[item], self.amount[item] > 0
        own = [
            number
            for number, there, amount in zip(self.number, self.pocket, self.amount, strict=True)
            if there == pocket and (amount > 0) != debit
        ]
        near = get_close_matches(name, own[-1000:], n=1, cutoff=0.6)
        return f" (the nearest is {near[0]})" if near else ""

    def _report_numbers(self) -> None:
        """Report numbers that several invoices, debit notes, penalties or opening items share."""
        for document in self.doubles:
            code, number = self.kind[document], self.number[document]
            if code not in _NUMBERED:
                continue
            customer = self.pockets[self.pocket[document]].customer
            others = [
                other
                for other in self.carriers[number]
                if other < document
                and self.number[other] == number
                and self.amount[other] > 0
                and self.kind[other] == code
                and self.origins[other].entry is not self.origins[document].entry
            ]
            own = [other for other in others if self.pockets[self.pocket[other]].customer == customer]
            if own:
                self._report("number-twice", document, number=number, customer=customer, other=self._place(own[0]))
            elif others:
                self._report(
                    "number-of-two-customers",
                    document,
                    number=number,
                    customer=self.pockets[self.pocket[others[0]]].customer,
                    other=self._place(others[0]),
                )

    def _place(self, item: int) -> str:
        meta = self.origins[item].posting.meta or self.origins[item].entry.meta
        return f"{meta.get('filename')}:{meta.get('lineno')}"

    def _report_closed(self) -> None:
        if not self.facts.closed:
            return
        for item, left in enumerate(self.residual):
            account = self._pocket(item).account
            if left and account in self.facts.closed:
                self._report(
                    "closed-with-open-items",
                    item,
                    account=account,
                    date=self.facts.closed[account],
                    amount=self._money(item, left),
                    number=self.number[item],
                )

    # -- the result ------------------------------------------------------------------------------

    def book(self) -> Book:
        """The finished book."""
        facts = self.facts
        return Book(
            title=facts.title,
            folder=facts.folder,
            settings=facts.settings,
            customers=facts.customers,
            account_details=facts.account_details,
            closed=facts.closed,
            events=facts.events,
            prices=facts.prices,
            scales=self.scales,
            pockets=facts.pockets,
            places=facts.ledger.places,
            items=Items(
                self.pocket, self.first, self.instalment, self.day, self.date, self.due,
                self.amount, self.residual, self.kind, self.number,
            ),
            settlements=SettlementColumns(
                self.s_day, self.s_debit, self.s_credit, self.s_amount, self.s_cause
            ),
            ledger=LedgerColumns(
                [date.toordinal() for date in facts.ledger.date], facts.ledger.place, self.units
            ),
            unexplained=_unexplained(facts, self.units),
            texts=self.texts,
            last_day=facts.last_day,
            problems=self.problems,
        )  # fmt: skip


_ACTIVE_DEBITS: Final = frozenset(KIND_CODES[kind] for kind in (REFUND, REVERSAL, APPLY))
"""Debits that settle a credit, rather than being settled by one."""


def _scales(facts: Facts) -> dict[str, Scale]:
    """How each currency on receivable accounts is counted."""
    ledger = facts.ledger
    amounts: dict[str, list[Decimal]] = {currency: [] for _, currency in ledger.places}
    of_place = [amounts[currency] for _, currency in ledger.places]
    for place, amount in zip(ledger.place, ledger.amount, strict=True):
        of_place[place].append(amount)
    return {
        currency: scale_for(currency, of, facts.precisions.get(currency)) for currency, of in sorted(amounts.items())
    }


def _unexplained(facts: Facts, units: Sequence[int]) -> list[Unexplained]:
    ledger = facts.ledger
    return [
        Unexplained(
            ledger.date[position].toordinal(),
            ledger.place[position],
            units[position],
            str(source.get("filename")).removeprefix(f"{facts.folder}{os.sep}"),
            int(source.get("lineno", 0)),
            "names no customer",
        )
        for position, source in facts.unexplained
    ]
