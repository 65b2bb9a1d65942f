"""Limitation: the last day on which a claim can safely be sued for, by the dated policy "limitation".

Every doubt makes the day earlier, never later: it is the last *safe* day, not the last arguable one.

  - The period is counted from the due date (or what the policy says), which does not count itself: due on 19 November
    2023 and two years is 19 November 2025 (BGB §§ 187(1), 188(2); French Civil Code 2228, 2229; Chinese Civil Code
    201, 202; Egyptian Civil Code 380). Claims that arise only the day after they are due have a day more: not used.
  - What restarts lets the whole period run anew from the next day: acknowledged on 19 November 2014, it runs again from
    20 November 2014 (Vietnamese Civil Code 157(2)).
  - What comes after the last day counts for nothing, unless the policy says that it revives the claim.
  - A pending suit keeps every claim alive. When it is over the period runs anew where the policy has `suit` in
    `restarts:`; where it has it in `suspends:` its time is not counted; else it is as if there had been no suit.
"""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from receivables.book import KIND_CODES, Book
from receivables.facts import NEVER_DUE, RECEIPT, RETENTION, Event
from receivables.history import Change, changes
from receivables.lookup import Lookup
from receivables.problems import Problem, problem
from receivables.rules.assignment import NONE, policy_name
from receivables.rules.limitation_policy import (
    BY_DEBTOR,
    DATE,
    FORM,
    PART_PAYMENT,
    PROCEEDINGS,
    REMINDER,
    SAID,
    WARN_DAYS,
    YEAR_END,
    Limitation,
    read_limitation,
)
from receivables.view import View

FROM: Final = "limitation-from"
"""The word on a document that states the day from which its period is counted."""

VOID: Final = frozenset({"withdrawn", "dismissed"})
JUDGMENT: Final = "judgment"
"""What `result:` may say of proceedings that are over."""

RUNNING, SUSPENDED, JUDGED, EXPIRED, NO_POLICY = "running", "suspended", "judgment", "expired", "no policy"
"""How a claim stands."""

_KINDS: Final = frozenset((*SAID, *PROCEEDINGS, *PROCEEDINGS.values()))
_ONE_DAY: Final = datetime.timedelta(days=1)
_RECEIPT: Final = KIND_CODES[RECEIPT]
_RETENTION: Final = KIND_CODES[RETENTION]
_NOT_CLAIMS: Final = frozenset(KIND_CODES[kind] for kind in NEVER_DUE)


class Claim(NamedTuple):
    """From which day the period of an item is counted.

    Attributes:
      due: The due date.
      start: The day from which it is counted; it does not count itself.
      words: How the start came about, for the calculation.
    """

    due: datetime.date
    start: datetime.date
    words: str


class Act(NamedTuple):
    """Something that may move the last day of a claim.

    Attributes:
      date: When.
      kind: One of `limitation_policy.ACTS`.
      what: In words: "reminder-1" or "receipt RC-1".
      place: File and line, or "" for a receipt.
      proof: How it was sent and what shows it; "" for nothing.
      proven: Whether something shows it at all.
      end: For proceedings, when they were over; None while they are pending.
      result: For proceedings that are over, what came of them: "judgment", "withdrawn", "dismissed" or anything else.
      source: Metadata with `filename` and `lineno`.
    """

    date: datetime.date
    kind: str
    what: str
    place: str = ""
    proof: str = ""
    proven: bool = True
    end: datetime.date | None = None
    result: str = ""
    source: Mapping[str, Any] = {}

    def told(self, when: str = "") -> str:
        """The act with its place: "demand (letters.beancount:12)"; `when` stands between them."""
        return f"{self.what}{when} ({self.place})" if self.place else f"{self.what}{when}"


class Outcome(NamedTuple):
    """What a policy makes of a claim and its acts.

    Attributes:
      start: The first day of the first period.
      last_day: The last safe day; None while it cannot expire.
      held: "suspended" or "judgment" where it cannot expire, else "".
      restart: The last act that let the period run anew.
      restarted: The day of that act, or the end of its proceedings.
      unproven: Acts that would have made the last day later, and have no proof.
      calculation: How the last day was found.
    """

    start: datetime.date
    last_day: datetime.date | None
    held: str
    restart: Act | None
    restarted: datetime.date | None
    unproven: tuple[Act, ...]
    calculation: str

    def status(self, as_of: datetime.date) -> str:
        """How the claim stands on a day."""
        if self.last_day is None:
            return self.held
        return EXPIRED if as_of > self.last_day else RUNNING

    def warning(self, as_of: datetime.date, thresholds: Iterable[int]) -> str:
        """ "30 days" when no more than that is left, "expired", or ""."""
        if self.last_day is None:
            return ""
        left = (self.last_day - as_of).days
        if left < 0:
            return EXPIRED
        reached = [days for days in thresholds if left <= days]
        return f"{min(reached)} days" if reached else ""


class Limit(NamedTuple):
    """An open claim and when it expires.

    Attributes:
      item, units: The item of the book, and how much of it is open.
      policy: The policy in force on its due date; None where there is none.
      outcome: What the policy makes of it; None without one.
      reason: Why there is none.
    """

    item: int
    units: int
    policy: Limitation | None
    outcome: Outcome | None
    reason: str


class Limits(NamedTuple):
    """All open claims, in the order of the view, and what was found wrong on the way."""

    limits: list[Limit]
    problems: tuple[Problem, ...]


class _Stay(NamedTuple):
    """Time that is not counted: from the day `begin` to the end of the day `until`."""

    begin: datetime.date
    until: datetime.date
    act: Act


class _Bounds(NamedTuple):
    """What every period of one claim has to keep to."""

    policy: Limitation
    due: datetime.date
    cap: tuple[datetime.date, str]
    stays: Sequence[_Stay]


class _Run(NamedTuple):
    """One period: from which day it is counted, its last day, and how that came about."""

    start: datetime.date
    last: datetime.date
    words: str


class _Restart(NamedTuple):
    act: Act
    revived: bool
    run: _Run


# What a policy makes of one claim


def outcome(policy: Limitation, claim: Claim, acts: Sequence[Act]) -> Outcome:
    """The last safe day of a claim.

    Args:
      policy: The policy in force on the due date.
      claim: From which day the period is counted.
      acts: What happened up to the as-of date, in any order.
    """
    acts = sorted(acts, key=_order) if len(acts) > 1 else acts
    bounds = _Bounds(policy, claim.due, _cap(policy, claim.due), _stays(policy, acts))
    first = run = _run(bounds, claim.start)
    held, status = None, ""
    restarts: list[_Restart] = []
    unproven: list[Act] = []
    for act in acts:
        if act.result in VOID:
            continue
        in_time = act.date <= run.last
        if act.kind in PROCEEDINGS and in_time and (act.end is None or act.result == JUDGMENT):
            held, status = act, SUSPENDED if act.end is None else JUDGED
        begin = act.end if act.kind in PROCEEDINGS else act.date
        if begin is None or begin <= claim.start or act.kind not in (policy.restarts if in_time else policy.revives):
            continue
        anew = _run(bounds, begin)
        if anew.last <= run.last:
            continue
        if act.kind in policy.proof and not act.proven:
            unproven.append(act)
            continue
        restarts.append(_Restart(act, not in_time, anew))
        run = anew
    missing = tuple(act for act in unproven if _run(bounds, act.date).last > run.last)
    sentences = [_beginning(policy, claim, first), *map(_anew, _chain(first, restarts))]
    sentences += [f"{act.told(f' of {act.date}')} does not count: no proof" for act in missing]
    if held is not None:
        sentences.append(_holding(held, status))
    return Outcome(
        start=_next(claim.start),
        last_day=run.last if held is None else None,
        held=status,
        restart=restarts[-1].act if restarts else None,
        restarted=restarts[-1].run.start if restarts else None,
        unproven=missing,
        calculation="; ".join(sentences),
    )


def _order(act: Act) -> tuple[object, ...]:
    """By date; of one day what has a proof comes first. The rest only keeps the files' order out of it."""
    return (
        act.date, not act.proven, act.kind, act.what, act.place, act.proof, act.end or datetime.date.max, act.result,
    )  # fmt: skip


def _next(day: datetime.date) -> datetime.date:
    return day if day == datetime.date.max else day + _ONE_DAY


def _stays(policy: Limitation, acts: Iterable[Act]) -> list[_Stay]:
    """The time that proceedings which are over keep from being counted, in order of its beginning."""
    found = []
    for act in acts:
        if act.kind in policy.suspends and act.end is not None and act.result not in VOID:
            found.append(_Stay(act.date, act.end if policy.stays is None else policy.stays.after(act.end), act))
    return found


def _cap(policy: Limitation, due: datetime.date) -> tuple[datetime.date, str]:
    """The day that no period passes, and the long stop that says so ("" for a transitional rule)."""
    caps = [] if policy.long_stop is None else [(policy.long_stop.after(due), policy.long_stop.written)]
    caps += [] if policy.latest is None else [(policy.latest, "")]
    return min(caps, default=(datetime.date.max, ""))


def _run(bounds: _Bounds, start: datetime.date) -> _Run:
    """The period that is counted from `start`: its length, what is not counted, and what it cannot exceed."""
    policy, due, (cap, why), stays = bounds
    last, counted, words = policy.period.after(start), start, ""
    for stay in stays:
        begin = max(stay.begin, counted)
        if begin > min(last, cap):
            break
        if stay.until <= begin:
            continue
        days = stay.until - begin
        last = datetime.date.max if days > datetime.date.max - last else last + days
        counted = stay.until
        longer = f" and {policy.stays.written} more" if policy.stays is not None else ""
        words += f", {stay.act.told(_when(stay.act))}{longer}: {days.days} days not counted"
    if last > cap:
        last = cap
        words += f", but at most {why} from the due date" if why else ", but no later than the transitional rule says"
    if last < due:
        last = due
        words += ", but not before it is due"
    return _Run(start, last, words)


def _chain(first: _Run, restarts: Sequence[_Restart]) -> list[_Restart]:
    """The fewest restarts that lead to the last one, each in the time of the one before."""
    chain: list[_Restart] = []
    last, position = first.last, -1
    while position < len(restarts) - 1:
        reached = [n for n in range(position + 1, len(restarts)) if restarts[n].act.date <= last]
        position = reached[-1] if reached else position + 1
        chain.append(restarts[position])
        last = restarts[position].run.last
    return chain


def _beginning(policy: Limitation, claim: Claim, run: _Run) -> str:
    law = f" ({policy.law})" if policy.law else ""
    return f"{claim.words} + {policy.period.written}{law}{run.words} = {run.last}"


def _anew(restart: _Restart) -> str:
    act, run = restart.act, restart.run
    revived = ", which revives it," if restart.revived else ","
    return f"{act.told(_when(act))}{revived} counts anew from {_next(run.start)}{run.words} = {run.last}"


def _when(act: Act) -> str:
    return f" of {act.date}" if act.end is None else f" from {act.date} to {act.end}"


def _holding(held: Act, status: str) -> str:
    told = held.told(f" of {held.date}")
    if status == JUDGED:
        return f"{told} ended in a judgment on {held.end}; enforcing it has periods of its own"
    return f"{told} is pending: it cannot expire"


# What the book says


def limits(view: View) -> Limits:
    """Every open claim of the view with its last safe day: debits that somebody is asked to pay."""
    return _Finder(view).found()


def thresholds(book: Book, as_of: datetime.date, policy: str) -> tuple[int, ...]:
    """How many days ahead a policy warns on a day: its own word, else that of the policy without a name."""
    for name in (policy, ""):
        found: tuple[int, ...] | None = book.settings.value(FORM.subject, "warn", as_of, name=name)
        if found is not None:
            return found
    return WARN_DAYS


class _Happening(NamedTuple):
    """An event, ready for every claim that it concerns; the end of proceedings says with `result` what came of them."""

    day: int
    act: Act
    kind: str
    result: str


class _Happenings(NamedTuple):
    """What happened with one customer: by the document named, and what is about everything."""

    linked: dict[str, list[_Happening]]
    about_all: list[_Happening]


class _Finder:
    """Finds claims and what happened to them; keeps what many items of a customer share."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.book = view.book
        self.lookup = Lookup(view.book)
        self.problems: list[Problem] = []
        items = view.book.items
        self.claims = [
            (item, units)
            for item, units in zip(view.items, view.outstanding, strict=True)
            if items.amount[item] > 0 and items.kind[item] not in _NOT_CLAIMS
        ]
        documents = {items.first[item] for item, _ in self.claims}
        self.changes = changes(view, lambda item: items.first[item] in documents)
        self.siblings: dict[int, list[int]] = {}
        for item in range(view.item_count):
            if items.first[item] in documents:
                self.siblings.setdefault(items.first[item], []).append(item)
        self.happenings: dict[str, _Happenings] = {}
        for event in self.book.events:
            if event.date <= view.as_of and _kind(event) in _KINDS:
                self._keep(event)
        self._read: dict[tuple[str, datetime.date], Limitation | None] = {}

    def found(self) -> Limits:
        """All claims; events without a proof are told once, whatever the number of their documents."""
        found = [self._limit(item, units) for item, units in self.claims]
        unproven: dict[tuple[str, str], Act] = {}
        for limit in found:
            for act in limit.outcome.unproven if limit.outcome is not None else ():
                unproven.setdefault((act.place, act.what), act)
        self.problems += [
            problem("limitation-without-proof", act.source, what=act.what, date=act.date)
            for _, act in sorted(unproven.items())
        ]
        return Limits(found, tuple(self.problems))

    def _limit(self, item: int, units: int) -> Limit:
        due = datetime.date.fromordinal(self.book.items.due[item])
        name = policy_name(self.book.settings, self.lookup, item, FORM.subject, due)
        policy = self._policy(name, due)
        if policy is None:
            return Limit(item, units, None, None, self._reason(name, due))
        result = outcome(policy, self._claim(policy, item, due), self._acts(policy, item))
        return Limit(item, units, policy, result, "")

    def _policy(self, name: str, due: datetime.date) -> Limitation | None:
        if name == NONE:
            return None
        policy = self.book.settings.in_force(FORM.subject, due, name)
        if policy is None:
            return None
        key = (policy.name, policy.date)
        if key not in self._read:
            self._read[key] = read_limitation(policy)
        return self._read[key]

    def _reason(self, name: str, due: datetime.date) -> str:
        """Why no policy holds for a claim."""
        if name == NONE:
            return 'limitation "none": no period is watched'
        if not name:
            return "no limitation policy: name one with limitation: on document, contract, customer or for the entity"
        of_name = self.book.settings.policies.get((FORM.subject, name), ())
        if not of_name:
            return f'the limitation policy "{name}" is never set'
        if due < of_name[0].date:
            return f'the limitation policy "{name}" begins on {of_name[0].date}, after the due date {due}'
        return f'the limitation policy "{name}" in force on {due} has no period'

    def _claim(self, policy: Limitation, item: int, due: datetime.date) -> Claim:
        stated = self.lookup.of_document(item, FROM)
        if isinstance(stated, datetime.date):
            return Claim(due, stated, f"due {due}, counted from {stated} as the document says")
        if stated is not None:
            file, line = self.book.texts.source(item)
            written = self.book.texts.details(item).get(FROM)
            self.problems.append(problem("bad-date", {"filename": file, "lineno": line}, word=FROM, value=written))
        items = self.book.items
        if policy.basis == DATE:
            date = datetime.date.fromordinal(items.date[item])
            return Claim(due, date, f"document of {date}, due {due},")
        start, words = due, f"due {due}"
        if policy.together and items.kind[item] != _RETENTION:
            dues = [items.due[n] for n in self.siblings[items.first[item]] if items.kind[n] != _RETENTION]
            start = datetime.date.fromordinal(max(dues))
            words += f", last instalment due {start}" if len(dues) > 1 else ""
        if policy.basis == YEAR_END:
            start = datetime.date(start.year, 12, 31)
            words += f", counted from the end of the year {start}"
        return Claim(due, start, words)

    def _keep(self, event: Event) -> None:
        of_customer = self.happenings.setdefault(event.customer, _Happenings({}, []))
        result = str(event.details.get("result") or "")
        happening = _Happening(event.date.toordinal(), self._act(event), _kind(event), result)
        if not event.documents:
            of_customer.about_all.append(happening)
        for number in event.documents:
            of_customer.linked.setdefault(number, []).append(happening)

    def _acts(self, policy: Limitation, item: int) -> list[Act]:
        """What happened to a claim up to the as-of date, as far as the policy asks for it."""
        found = self._payments(policy, item) if PART_PAYMENT in policy.restarts else []
        concerned = self._concerned(item)
        for happening in concerned:
            if happening.kind in PROCEEDINGS:
                found.append(_ended(happening, concerned))
            elif happening.kind in policy.restarts:
                found.append(happening.act)
        return found

    def _concerned(self, item: int) -> list[_Happening]:
        """The events about an item: those that name it, and those about all that the customer owed on their day."""
        items = self.book.items
        happenings = self.happenings.get(self.book.pockets[items.pocket[item]].customer)
        if happenings is None:
            return []
        number = items.number[item]
        found = list(happenings.linked.get(number, ()))
        if items.instalment[item]:
            found += [each for each in happenings.linked.get(self.view.label(item), ()) if each not in found]
        if happenings.about_all:
            first, changed = items.day[item], self.changes.get(item, ())
            for happening in happenings.about_all:
                if first <= happening.day:
                    settled = sum(change.units for change in changed if change.day <= happening.day)
                    if items.amount[item] > settled:
                        found.append(happening)
        return found

    def _payments(self, policy: Limitation, item: int) -> list[Act]:
        """The receipts of which something stands against the item, or against its document where all count together."""
        items = self.book.items
        together = policy.together and items.kind[item] != _RETENTION
        of_item = [n for n in self.siblings[items.first[item]] if items.kind[n] != _RETENTION] if together else [item]
        paid: dict[int, list[Change]] = {}
        for one in of_item:
            for change in self.changes.get(one, ()):
                if items.kind[change.other] == _RECEIPT:
                    paid.setdefault(change.other, []).append(change)
        found = []
        for receipt, of_receipt in paid.items():
            # What a reversal gave back entirely was no payment.
            if sum(change.units for change in of_receipt) > 0:
                day = min(items.date[receipt], *(change.day for change in of_receipt))
                number = items.number[receipt]
                found.append(Act(datetime.date.fromordinal(day), PART_PAYMENT, f"receipt {number}"))
        return found

    def _act(self, event: Event) -> Act:
        kind, meta = _kind(event), event.entry.meta
        file = str(meta.get("filename", "")).removeprefix(f"{self.book.folder}{os.sep}")
        proof, channel = (str(event.details.get(key) or "").strip() for key in ("proof", "channel"))
        paper = PurePath(event.comment).name if event.paper and kind in BY_DEBTOR else ""
        return Act(
            date=event.date,
            kind=kind,
            what=event.kind,
            place=f"{file}:{meta.get('lineno')}",
            proof=", ".join(part for part in (channel, proof or paper) if part),
            proven=bool(proof or paper) or kind not in SAID,
            source=meta,
        )


def _ended(begun: _Happening, concerned: Sequence[_Happening]) -> Act:
    """Proceedings with the first end that follows, if there is one."""
    ending = PROCEEDINGS[begun.kind]
    ends = [other for other in concerned if other.kind == ending and other.day >= begun.day]
    if not ends:
        return begun.act
    end = min(ends, key=lambda other: (other.day, other.result))
    return begun.act._replace(end=end.act.date, result=end.result)


def _kind(event: Event) -> str:
    """The event's kind as a policy names it."""
    return REMINDER if event.kind.startswith(f"{REMINDER}-") else event.kind
