"""Write-offs: which open items may be given up by the policy "write-off", and what each still lacks.

A claim needs a reason (small balance, insolvent, expired, age), the papers that the policy asks for that reason, and
the note of whoever has to approve the amount. Nothing is given up that the customer disputes, has promised to pay on a
later day, or could be met from a credit on account, unless the policy says so. An item that lacks something is listed
with what it lacks, and is not ready.

The policy in force on the as-of date decides: that of the document's entity, else the one without a name.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Context, Decimal
from functools import cached_property
from typing import Final, NamedTuple

from receivables.book import Book
from receivables.facts import APPLY, KINDS, NEVER_DUE, RECEIPT, WRITE_OFF, Booked, Event
from receivables.history import Change, changes
from receivables.lookup import Lookup
from receivables.money import added
from receivables.places import told_place
from receivables.rules import write_off_policy as policies
from receivables.rules.insolvency import INSOLVENCY_EVENTS, Insolvencies
from receivables.rules.naming import debits_named
from receivables.rules.portfolios import account_of, portfolio_of
from receivables.rules.provision_movement import movements
from receivables.rules.provision_policy import Plans
from receivables.rules.write_off_policy import (
    AGE,
    EXPIRED,
    FORM,
    INSOLVENT,
    SMALL,
    Paper,
    WriteOffPolicy,
    write_off_policy,
)
from receivables.settings import ALLOWANCE, BAD_DEBT, Policy, Settings
from receivables.view import View

_TALK: Final = frozenset(
    {
        "", "call", "email", "visit", "meeting", "promise", "dispute", "dispute-resolved", "escalation", "approval",
        "hold", "statement",
    }
)  # fmt: skip
"""Events that are no papers; they are evidence only where a policy names them."""

_WIDE: Final = Context(prec=120)


class Debit(NamedTuple):
    """What an account takes of a write-off.

    Attributes:
      account, amount: Which account, and how much.
      words: What its posting has to say: of an allowance the portfolio, where the provision policy has `book-by:`.
    """

    account: str
    amount: Decimal
    words: Mapping[str, str]


class Candidate(NamedTuple):
    """An open item that a policy allows to be given up.

    Attributes:
      item, units: The item and what is open of it.
      reason: One of `write_off_policy.REASONS`.
      calculation: The figures behind the reason.
      evidence: What the ledger holds, each with its day and place.
      missing: What is still needed; empty when it is ready.
      approval: Whose approval is given, needed or not needed, in words.
      approved_by: Who approved it and when; "" when nobody did.
      debits: The accounts that take it; they add up to what is open.
      settles: What `settles:` has to say to reach exactly this item; "" when no word does.
      bookable: Whether it could be booked, were somebody to decide it without what is missing.
      policy: The policy.
    """

    item: int
    units: int
    reason: str
    calculation: str
    evidence: tuple[str, ...]
    missing: tuple[str, ...]
    approval: str
    approved_by: str
    debits: tuple[Debit, ...]
    settles: str
    bookable: bool
    policy: Policy

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing


def candidates(view: View, disputed: Mapping[int, int], expired: Mapping[int, str]) -> list[Candidate]:
    """The items that may be given up, by customer, currency, due date and number.

    Args:
      view: The book as of a day.
      disputed: Item → units in dispute.
      expired: Item → why its claim has expired, for those that have.
    """
    if not view.book.settings.names(FORM.subject):
        return []
    desk = _Desk(view, disputed, expired)
    found = [
        candidate
        for item, units in zip(view.items, view.outstanding, strict=True)
        if units > 0 and view.kind(item) not in NEVER_DUE and (candidate := desk.candidate(item, units)) is not None
    ]
    found.sort(key=desk.order)
    return desk.with_debits(found)


def policy_for(settings: Settings, lookup: Lookup, item: int, day: datetime.date) -> Policy | None:
    """The policy in force on `day` for an item: that of its entity, else the one without a name."""
    entity = lookup.of_item(item, "entity")
    named = None if entity is None else settings.in_force(FORM.subject, day, str(entity))
    return named or settings.in_force(FORM.subject, day)


def portfolio_key(settings: Settings, day: datetime.date) -> str:
    """The metadata key that says to which portfolio a document belongs."""
    return str(settings.value(FORM.subject, "portfolio", day, policies.PORTFOLIO))


def cited_policy(book: Book, policy: Policy) -> str:
    """A policy with its day, its place and who decided it: "write-off of 2024-01-01 (main.beancount:4): the board"."""
    name = f' "{policy.name}"' if policy.name else ""
    source = f": {policy.values['source']}" if "source" in policy.values else ""
    return f"{policy.subject}{name} of {policy.date} ({told_place(book.folder, policy.source)}){source}"


def cited(book: Book, event: Event) -> str:
    """An event with its day and place: "demand 2025-06-03 (activity.beancount:12)"."""
    return f"{event.kind or 'note'} {event.date} ({told_place(book.folder, event.entry.meta)})"


def approves_write_off(event: Event) -> bool:
    """Whether a note may be an approval of a write-off: one that says what it is `for:` must say so."""
    return event.kind == "approval" and event.details.get("for") in (None, WRITE_OFF)


def settling_name(view: View, item: int, opened: Callable[[int], bool], named: Mapping[str, Sequence[int]]) -> str:
    """What `settles:` has to say so that a credit reaches this item and no other; "" when nothing does.

    Args:
      view: The book as of a day.
      item: The item.
      opened: Whether an item is open on the day.
      named: Number → the debits of the item's pocket that have it.
    """
    items = view.book.items
    number, instalment = items.number[item], items.instalment[item]
    name = f"{number}/{instalment}" if instalment else number
    if not name or name != name.strip() or "," in name or not name.isprintable():
        return ""
    reached = debits_named(items, named, name)
    return name if [other for other in reached if opened(other)] == [item] else ""


class _Desk:
    """What the ledger holds about the open items, looked up once for all of them."""

    def __init__(self, view: View, disputed: Mapping[int, int], expired: Mapping[int, str]) -> None:
        self._view = view
        self._book = view.book
        self._items = view.book.items
        self._disputed = disputed
        self._expired = expired
        self._lookup = Lookup(view.book)
        self._open = dict(zip(view.items, view.outstanding, strict=True))
        self._policies: dict[int, WriteOffPolicy] = {}
        self._insolvencies = Insolvencies(view, self._lookup)
        self._plans = Plans(view.book.settings, view.as_of)
        self._several = any(view.book.settings.names(FORM.subject))

    # -- what there is ---------------------------------------------------------------------------

    @cached_property
    def _events(self) -> Mapping[tuple[str, str], list[tuple[int, Event]]]:
        """Customer and number → the events up to the day that name it, each with its place in order of date.

        Under "" are those that name no document, and those of insolvency, which concern every one.
        """
        found: dict[tuple[str, str], list[tuple[int, Event]]] = {}
        for position, event in enumerate(self._book.events):
            if event.date <= self._view.as_of:
                everything = not event.documents or event.kind in INSOLVENCY_EVENTS
                for name in {*event.documents, *([""] if everything else [])}:
                    found.setdefault((event.customer, name), []).append((position, event))
        return found

    @cached_property
    def _credits(self) -> Mapping[tuple[str, str], list[int]]:
        """Customer and currency → open credits, whatever the account."""
        found: dict[tuple[str, str], list[int]] = {}
        for item, units in self._open.items():
            if units < 0 and self._view.kind(item) not in NEVER_DUE:
                pocket = self._book.pockets[self._items.pocket[item]]
                found.setdefault((pocket.customer, pocket.currency), []).append(item)
        return found

    @cached_property
    def _documents(self) -> Mapping[int, int]:
        """First item of a document → what is open of the document."""
        found: dict[int, int] = {}
        for item, units in self._open.items():
            if units > 0:
                first = self._items.first[item]
                found[first] = found.get(first, 0) + units
        return found

    @cached_property
    def _named(self) -> Mapping[int, Mapping[str, list[int]]]:
        """Pocket → number → the debits that have it, up to the day.

        Postings of #apply entries mostly have the number of another document; one that is open may be meant itself.
        """
        found: dict[int, dict[str, list[int]]] = {}
        items = self._items
        for item in range(self._view.item_count):
            if items.amount[item] > 0 and (self._view.kind(item) != APPLY or item in self._open):
                found.setdefault(items.pocket[item], {}).setdefault(items.number[item], []).append(item)
        return found

    @cached_property
    def _pockets(self) -> Mapping[str, list[int]]:
        """Customer → the pockets in which debits stand."""
        found: dict[str, list[int]] = {}
        for pocket in self._named:
            found.setdefault(self._book.pockets[pocket].customer, []).append(pocket)
        return found

    @cached_property
    def _changes(self) -> Mapping[int, Sequence[Change]]:
        return changes(self._view)

    def _policy(self, item: int) -> WriteOffPolicy | None:
        settings, day = self._book.settings, self._view.as_of
        found = policy_for(settings, self._lookup, item, day) if self._several else settings.in_force(FORM.subject, day)
        if found is None:
            return None
        if id(found) not in self._policies:
            self._policies[id(found)] = write_off_policy(found)
        return self._policies[id(found)]

    def _money(self, item: int, units: int) -> str:
        return f"{self._view.amount(item, units):,} {self._view.currency(item)}"

    def _overdue(self, item: int) -> int:
        return self._view.as_of.toordinal() - self._items.due[item]

    def order(self, candidate: Candidate) -> tuple[object, ...]:
        """By customer, currency, due date, number, instalment and account."""
        item, items = candidate.item, self._items
        pocket = self._book.pockets[items.pocket[item]]
        return pocket.customer, pocket.currency, items.due[item], items.number[item], items.instalment[item], pocket

    # -- one item --------------------------------------------------------------------------------

    def candidate(self, item: int, units: int) -> Candidate | None:
        """The item with its reason and what it lacks; None when the policy gives no reason."""
        policy = self._policy(item)
        if policy is None:
            return None
        reasons = list(self._reasons(item, policy))
        if not reasons:
            return None
        events = self._about(item)
        lacking = {reason: self._papers(policy, reason, events) for reason, _ in reasons}
        # The first that lacks no paper; when each does, the one that stands first.
        reason, calculation = min(reasons, key=lambda pair: bool(lacking[pair[0]]))
        approval, approved_by, unapproved = self._approval(item, units, policy, events)
        name = settling_name(self._view, item, self._open.__contains__, self._named[self._items.pocket[item]])
        wanted = {paper.kind for group in policy.evidence[reason] for paper in group}
        obstacles = tuple(self._obstacles(item, name))
        held = [cited(self._book, event) for event in events if event.kind not in _TALK or event.kind in wanted]
        return Candidate(
            item=item,
            units=units,
            reason=reason,
            calculation=calculation,
            evidence=(*held, *self._insolvent_by_word(item)),
            missing=(*lacking[reason], *unapproved, *self._against(item, policy, events), *obstacles),
            approval=approval,
            approved_by=approved_by,
            debits=(),
            settles=name,
            bookable=not obstacles,
            policy=policy.policy,
        )

    def _reasons(self, item: int, policy: WriteOffPolicy) -> Iterator[tuple[str, str]]:
        """The reasons that hold, each with its figures, in the order of `write_off_policy.REASONS`."""
        overdue = self._overdue(item)
        currency = self._view.currency(item)
        limit = policy.small.get(currency)
        if limit is not None and overdue >= policy.small_after:
            whole = self._documents[self._items.first[item]]
            if self._view.amount(item, whole) <= limit:
                after = f"; {overdue} days overdue, at least {policy.small_after}" if policy.small_after else ""
                yield SMALL, f"{self._money(item, whole)} open, up to {limit:,} {currency}{after}"
        if policy.insolvent and (grounds := [*self._insolvent_by_note(item), *self._insolvent_by_word(item)]):
            yield INSOLVENT, grounds[0]
        if policy.expired and item in self._expired:
            yield EXPIRED, self._expired[item]
        if policy.age is not None and overdue >= policy.age:
            yield AGE, f"{overdue:,} days overdue, at least {policy.age:,}"

    def _insolvent_by_note(self, item: int) -> list[str]:
        """The notes that say that the item's customer is insolvent."""
        customer = self._book.pockets[self._items.pocket[item]].customer
        return [cited(self._book, event) for event in self._insolvencies.noted(customer)]

    def _insolvent_by_word(self, item: int) -> tuple[str, ...]:
        """What `insolvent:` of account or customer says: yes, since when, or on which grounds."""
        said = self._insolvencies.word(self._items.pocket[item])
        if said is None:
            return ()
        return (f"insolvent since {said}" if isinstance(said, datetime.date) else f"insolvent: {said}",)

    def _about(self, item: int) -> list[Event]:
        """The customer's events that are about the item: linked to its document or contract, or about everything.

        What names no document is about those that were there already; contracts and insolvency come at any time.
        """
        items = self._items
        customer = self._book.pockets[items.pocket[item]].customer
        contract = self._lookup.of_document(item, "contract")
        names = {items.number[item], "" if contract is None else str(contract)} - {""}
        instalment = f"{items.number[item]}/{items.instalment[item] or 1}"
        if not any(instalment in self._named[pocket] for pocket in self._pockets.get(customer, ())):
            names.add(instalment)
        dated = datetime.date.fromordinal(items.date[item])
        found = {position: event for name in names for position, event in self._events.get((customer, name), ())}
        for position, event in self._events.get((customer, ""), ()):
            if event.kind in INSOLVENCY_EVENTS or event.kind == "contract" or event.date >= dated:
                found[position] = event
        return [found[position] for position in sorted(found)]

    def _papers(self, policy: WriteOffPolicy, reason: str, events: Iterable[Event]) -> tuple[str, ...]:
        """The papers that the reason needs and the ledger does not hold."""
        held = list(events)
        return tuple(
            " or ".join(map(str, group))
            for group in policy.evidence[reason]
            if not any(_is(event, paper) for event in held for paper in group)
        )

    def _against(self, item: int, policy: WriteOffPolicy, events: Sequence[Event]) -> Iterator[str]:
        """What speaks against giving the item up now."""
        if item in self._disputed and not policy.disputed:
            raised = [event for event in events if event.kind == "dispute"]
            which = cited(self._book, raised[-1]) if raised else "dispute"
            yield f"an end of the {which} over {self._money(item, self._disputed[item])}"
        if not policy.promised:
            for event in events:
                later = event.kind == "promise" and event.by is not None and event.by > self._view.as_of
                if later and self._still_promised(event, item):
                    yield f"the day of the {cited(self._book, event)}, {event.by}"
        if not policy.credits:
            pocket = self._book.pockets[self._items.pocket[item]]
            for credit in self._credits.get((pocket.customer, pocket.currency), ()):
                yield f"use of the credit {self._view.label(credit)} of {self._money(credit, -self._open[credit])}"

    def _obstacles(self, item: int, name: str) -> Iterator[str]:
        """What makes a write-off impossible to book."""
        account = self._book.pockets[self._items.pocket[item]].account
        closed = self._book.closed.get(account)
        if closed is not None and closed <= self._view.as_of:
            yield f"an open account: {account} was closed on {closed}"
        if not name:
            yield "a number of its own that settles: can say"

    # -- approvals and promises ------------------------------------------------------------------

    def _approval(
        self, item: int, units: int, policy: WriteOffPolicy, events: Sequence[Event]
    ) -> tuple[str, str, tuple[str, ...]]:
        """Whose approval is given or needed, in words; who gave it; and what is missing of it."""
        whole = self._documents[self._items.first[item]]
        needed = policy.approver(self._view.amount(item, whole), self._view.currency(item))
        if needed is None:
            return "not needed", "", ()
        names = [approver.name for approver in policy.approvers]
        short = ""
        for event in reversed(events):
            if not approves_write_off(event) or not event.documents:
                continue
            by = _approver(event, names)
            if by is None or by < needed:
                continue
            covered = self._covered(event, item, units)
            if covered >= units:
                given = f"{names[by]}, {event.date}"
                return f"given by {given} ({told_place(self._book.folder, event.entry.meta)})", given, ()
            short = short or f"; that of {event.date} covers {self._money(item, covered)}"
        missing = f"approval of {names[needed]}{short}"
        return f"needed from {names[needed]}", "", (missing,)

    def _covered(self, event: Event, item: int, units: int) -> int:
        """How much of an open item an approval still covers.

        Without an amount it covers what was open on its day; with one, so much of its documents, oldest due
        first. What was written off since has used it up.
        """
        if event.amount is None:
            # What was written off on its very day is gone from what was open at the end of it.
            later = event.date + datetime.timedelta(days=1)
            return max(0, min(units, self._open_on(item, event.date) - self._moved(item, later, WRITE_OFF)))
        currency = self._view.currency(item)
        if event.currency not in (None, currency):
            return 0
        scale = self._view.scale(item)
        left = int(event.amount.scaleb(scale.unit, _WIDE))
        of_event = [other for other in self._items_of(event) if self._view.currency(other) == currency]
        left -= sum(self._moved(other, event.date, WRITE_OFF) for other in of_event)
        for other in of_event:
            if other == item:
                return max(0, min(units, left))
            left -= self._open.get(other, 0)
        return 0

    def _still_promised(self, event: Event, item: int) -> bool:
        """Whether what was promised has not all been paid before its day."""
        if event.amount is None:
            return True
        currency = self._view.currency(item)
        if event.currency not in (None, currency):
            return True
        paid = sum(
            self._moved(other, event.date, RECEIPT)
            for other in (self._items_of(event) if event.documents else [item])
            if self._view.currency(other) == currency
        )
        return self._view.amount(item, paid) < event.amount

    def _items_of(self, event: Event) -> list[int]:
        """The debits of the documents and instalments that an event names, oldest due first."""
        found = {
            other
            for pocket in self._pockets.get(event.customer, ())
            for name in event.documents
            for other in debits_named(self._items, self._named[pocket], name)
        }
        return sorted(found, key=lambda other: (self._items.due[other], other))

    def _open_on(self, item: int, day: datetime.date) -> int:
        """What was open of an item at the end of a day; nothing before it was there."""
        last = day.toordinal()
        if self._items.day[item] > last:
            return 0
        settled = sum(change.units for change in self._changes.get(item, ()) if change.day <= last)
        return abs(self._items.amount[item]) - settled

    def _moved(self, item: int, since: datetime.date, kind: str) -> int:
        """What credits of a kind have settled of an item since a day; a write-off taken back counts all the same."""
        first = since.toordinal()
        return sum(
            change.units
            for change in self._changes.get(item, ())
            if change.day >= first
            and KINDS[self._items.kind[change.other]] == kind
            and (change.units > 0 or kind != WRITE_OFF)
        )

    # -- accounts --------------------------------------------------------------------------------

    def with_debits(self, found: Sequence[Candidate]) -> list[Candidate]:
        """The candidates with the accounts that take them; those that are ready use the allowance first."""
        wanted = any(self._policies[id(candidate.policy)].debit == policies.PROVIDED for candidate in found)
        day = self._view.as_of
        booked = wanted and any(one.role == ALLOWANCE and one.date <= day for one in self._book.booked)
        allowances = _Allowances(self._view) if booked else None
        debits: dict[int, tuple[Debit, ...]] = {}
        for candidate in sorted(found, key=lambda candidate: not candidate.ready):
            debits[candidate.item] = self._debits(candidate, allowances)
        return [candidate._replace(debits=debits[candidate.item]) for candidate in found]

    def _debits(self, candidate: Candidate, allowances: _Allowances | None) -> tuple[Debit, ...]:
        policy = self._policies[id(candidate.policy)]
        settings, item, units = self._book.settings, candidate.item, candidate.units
        # Where no provisions are made, an allowance that was booked by hand is kept apart by entities, if at all.
        key = policies.PORTFOLIO if self._plans.everybody is None else self._plans.book_by
        portfolio = portfolio_of(self._lookup, item, key)
        if candidate.reason == SMALL and policy.small_account:
            shares = [(policy.small_account, units)]
        elif policy.debit == policies.ALLOWANCE:
            shares = [(account_of(settings, ALLOWANCE, portfolio), units)]
        else:
            use = allowances if policy.debit == policies.PROVIDED else None
            shares = [] if use is None else use.take(item, units)
            shares.append((account_of(settings, BAD_DEBT, portfolio), units - sum(share for _, share in shares)))
        return tuple(
            Debit(account, self._view.amount(item, share), self._words(account, portfolio))
            for account, share in shares
            if share
        )

    def _words(self, account: str, portfolio: str) -> Mapping[str, str]:
        """The portfolio beside an allowance, also where it is empty: no account's name decides when it is read back."""
        roots = self._book.settings.roles[ALLOWANCE]
        allowance = any(f"{account}:".startswith(f"{root}:") for root in roots)
        return {self._plans.book_by: portfolio} if allowance and self._plans.book_by is not None else {}


class _Allowances:
    """What the allowance may take of each item.

    Where a policy "provision" is in force, that is what it provides for the item, as far as the allowance of the item's
    group and currency was booked; else what was booked in the name of its customer, of which each document keeps
    its own part.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        found = movements(view)
        self._by_policy = found.provision.plans.everybody is not None
        self._provided = {row.item: row for row in found.provision.rows}
        self._left = {(row.group, row.currency): row.closing for row in found.rows}
        # Customer and currency → account → document (or "") → what stands there.
        self._named: dict[tuple[str, str], dict[str, dict[str, Decimal]]] = {}
        if not self._by_policy:
            self._read_named()

    def _read_named(self) -> None:
        view, items = self._view, self._view.book.items
        booked = [one for one in view.book.booked if one.role == ALLOWANCE and one.date <= view.as_of and one.customer]
        customers = {one.customer for one in booked}
        owners = [pocket.customer for pocket in view.book.pockets]
        numbers = {
            (owners[items.pocket[item]], items.number[item])
            for item in range(view.item_count if customers else 0)
            if items.amount[item] > 0 and owners[items.pocket[item]] in customers
        }
        for one in booked:
            document = next((name for name in documents_of(one) if (one.customer, name) in numbers), "")
            of_account = self._named.setdefault((one.customer, one.currency), {}).setdefault(one.account, {})
            of_account[document] = added((of_account.get(document, Decimal(0)), -one.amount))

    def take(self, item: int, units: int) -> list[tuple[str, int]]:
        """Use the allowance for so many units of an item at most: the accounts, each with what it gives."""
        return self._take_provided(item, units) if self._by_policy else self._take_named(item, units)

    def _take_provided(self, item: int, units: int) -> list[tuple[str, int]]:
        row = self._provided.get(item)
        if row is None or row.amount is None:
            return []
        key = row.group, self._view.currency(item)
        left = self._left.get(key, Decimal(0))
        part = min(self._units(item, min(row.amount, left)), units)
        if part <= 0:
            return []
        self._left[key] = added((left, -self._view.amount(item, part)))
        return [(account_of(self._view.book.settings, ALLOWANCE, row.group), part)]

    def _take_named(self, item: int, units: int) -> list[tuple[str, int]]:
        pocket = self._view.book.pockets[self._view.book.items.pocket[item]]
        number = self._view.book.items.number[item]
        found = []
        for account, documents in sorted(self._named.get((pocket.customer, pocket.currency), {}).items()):
            kept = added(left for document, left in documents.items() if document not in ("", number) and left > 0)
            part = min(self._units(item, added((*documents.values(), -kept))), units)
            if part > 0:
                documents[number] = added((documents.get(number, Decimal(0)), -self._view.amount(item, part)))
                units -= part
                found.append((account, part))
        return found

    def _units(self, item: int, amount: Decimal) -> int:
        """The whole units of an amount in the item's currency; what is less than one is left."""
        return int(amount.scaleb(self._view.scale(item).unit, _WIDE))


def documents_of(booked: Booked) -> tuple[str, ...]:
    """The numbers that an entry on a watched account may mean: its words first, then its links."""
    words = [booked.details.get(word) for word in ("document", "settles", "invoice")]
    return (*(part.strip() for word in words if isinstance(word, str) for part in word.split(",")), *booked.links)


def _is(event: Event, paper: Paper) -> bool:
    """Whether an event is this paper."""
    return event.kind == paper.kind and (not paper.proof or bool(event.details.get("proof")))


def _approver(event: Event, names: Sequence[str]) -> int | None:
    """The highest of the approvers whose approval a note is: by its `approver:`, else by a name in its text."""
    said = event.details.get("approver")
    if said is not None:
        found = [place for place, name in enumerate(names) if str(said).strip().casefold() == name.casefold()]
    else:
        found = [
            place
            for place, name in enumerate(names)
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", event.comment, re.IGNORECASE)
        ]
    return max(found, default=None)
