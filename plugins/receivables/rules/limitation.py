"""Limitation: the last day on which a claim can safely be sued for, by the dated policy "limitation".

Every doubt makes the day earlier, never later: it is the last *safe* day, not the last arguable one.

  - The period is counted from the due date (or what the policy says), which does not count itself: due on 19 November
    2023 and two years is 19 November 2025 (BGB §§ 187(1), 188(2); French Civil Code 2228, 2229; Chinese Civil Code
    201, 202; Egyptian Civil Code 380). Claims that arise only the day after they are due have a day more: not used.
  - What restarts lets the whole period run anew from the next day: acknowledged on 19 November 2014, it runs again from
    20 November 2014 (Vietnamese Civil Code 157(2)).
  - What comes after the last day counts for nothing, unless the policy says that it revives the claim.
  - A pending suit that was filed in time keeps every claim alive. When it is over the period runs anew where the policy
    has `suit` in `restarts:`; where it has it in `suspends:` its time is not counted; else it is as if there had been
    no suit.
  - A payment is the debtor's word about a claim only where the receipt names it: our own allocation restarts nothing.
  - What was charged for late payment counts from the first delay that it charges, and is lost with the first of the
    claims for which it was charged (see `limitation_principals`).
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final, NamedTuple

from receivables.book import KIND_CODES, Book
from receivables.facts import PENALTY, RECEIPT, RETENTION, WRITE_OFF, Event
from receivables.history import Change, changes
from receivables.lookup import Lookup
from receivables.places import source_of, told_place
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
from receivables.rules.limitation_principals import NOT_CLAIMS, Principals
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
_PENALTY: Final = KIND_CODES[PENALTY]
_RETENTION: Final = KIND_CODES[RETENTION]
_WRITE_OFF: Final = KIND_CODES[WRITE_OFF]

_ALLOCATING: Final = "oldest-due"
"""The method of the policy "settlement" that settles what no entry names."""

_NAMED: Final = 3
"""So many of the claims that a note charges for are named in its calculation."""


class Claim(NamedTuple):
    """From which day the period of an item is counted.

    Attributes:
      due: The due date; of what is charged for late payment that of the first claim that was late.
      start: The day from which it is counted; it does not count itself.
      words: How the start came about, for the calculation.
      end: The day after which it is lost with the claim for which it was charged; None for none.
      end_of: The number of that claim.
    """

    due: datetime.date
    start: datetime.date
    words: str
    end: datetime.date | None = None
    end_of: str = ""


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
      doubt: Why it counts for nothing whatever the policy says; "" for nothing.
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
    doubt: str = ""
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
    bounds = _Bounds(policy, claim.due, _cap(policy, claim), _stays(policy, acts))
    first = run = _run(bounds, claim.start)
    held, status = None, ""
    restarts: list[_Restart] = []
    doubtful: list[Act] = []
    late: list[Act] = []
    for act in acts:
        if act.result in VOID:
            continue
        in_time = act.date <= run.last
        if act.kind in PROCEEDINGS and (act.end is None or act.result == JUDGMENT):
            if in_time:
                held, status = act, SUSPENDED if act.end is None else JUDGED
            else:
                late.append(act)
        begin = act.end if act.kind in PROCEEDINGS else act.date
        if begin is None or begin <= claim.start or act.kind not in (policy.restarts if in_time else policy.revives):
            continue
        anew = _run(bounds, begin)
        if anew.last <= run.last:
            continue
        if act.doubt or (act.kind in policy.proof and not act.proven):
            doubtful.append(act)
            continue
        restarts.append(_Restart(act, not in_time, anew))
        run = anew
    missing = [act for act in doubtful if _run(bounds, act.date).last > run.last]
    sentences = [_beginning(policy, claim, first), *map(_anew, _chain(first, restarts))]
    sentences += [f"{act.told(f' of {act.date}')} does not count: {act.doubt or 'no proof'}" for act in missing]
    if held is None:
        sentences += [f"{act.told(f' of {act.date}')} came too late: it suspends nothing" for act in late]
        if claim.end is not None and not any(_with(claim) in sentence for sentence in sentences):
            sentences.append(f"never {_with(claim)}: {claim.end}")
    else:
        sentences.append(_holding(held, status))
    return Outcome(
        start=_next(claim.start),
        last_day=run.last if held is None else None,
        held=status,
        restart=restarts[-1].act if restarts else None,
        restarted=restarts[-1].run.start if restarts else None,
        unproven=tuple(act for act in missing if not act.doubt),
        calculation="; ".join(sentences),
    )


def _order(act: Act) -> tuple[object, ...]:
    """By date; of one day what has a proof comes first. The rest only keeps the files' order out of it."""
    return (
        act.date, bool(act.doubt), not act.proven, act.kind, act.what, act.place, act.proof,
        act.end or datetime.date.max, act.result,
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


def _cap(policy: Limitation, claim: Claim) -> tuple[datetime.date, str]:
    """The day that no period passes, and what says so."""
    caps = []
    if policy.latest is not None:
        caps.append((policy.latest, "no later than the transitional rule says"))
    if policy.long_stop is not None:
        caps.append((policy.long_stop.after(claim.due), f"at most {policy.long_stop.written} from the due date"))
    if claim.end is not None:
        caps.append((claim.end, f"not {_with(claim)}"))
    return min(caps, key=lambda cap: cap[0], default=(datetime.date.max, ""))


def _with(claim: Claim) -> str:
    """What ends a claim that is charged for late payment."""
    return f"after {claim.end_of}, for which it is charged"


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
        words += f", but {why}"
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
            if items.amount[item] > 0 and items.kind[item] not in NOT_CLAIMS
        ]
        self.principals = Principals(view)
        # What each claim charges for, and what that charges for; the last of such a chain comes first.
        self.charged: dict[int, list[int]] = {}
        self.chained = self._chains()
        self.ends: dict[int, datetime.date | None] = {}
        documents = {items.first[item] for item in (*(item for item, _ in self.claims), *self.chained)}
        self.changes = changes(view, lambda item: items.first[item] in documents)
        self.instalments = view.of_book("instalments", lambda: _instalments(view.book))
        self.happenings: dict[str, _Happenings] = {}
        for event in self.book.events:
            if event.date <= view.as_of and _kind(event) in _KINDS:
                self._keep(event)
        self._read: dict[tuple[str, datetime.date], Limitation | None] = {}
        # What depends on nothing but the book is remembered where it is asked for many days.
        self._named: dict[tuple[int, datetime.date], str] = view.of_book("limitation names", dict)
        self._limits: dict[tuple[object, ...], Limit] = view.of_book("limits", dict)

    def found(self) -> Limits:
        """All claims; events without a proof are told once, whatever the number of their documents."""
        for item in self.chained:
            self.ends[item] = self._end(item)
        found = [self._limit(item, units) for item, units in self.claims]
        if self.principals.problems and any(self.principals.untold(item) for item, _ in self.claims):
            self.problems += self.principals.problems
        unproven: dict[tuple[str, str], Act] = {}
        for limit in found:
            for act in limit.outcome.unproven if limit.outcome is not None else ():
                unproven.setdefault((act.place, act.what), act)
        self.problems += [
            problem("limitation-without-proof", act.source, what=act.what, date=act.date)
            for _, act in sorted(unproven.items())
        ]
        return Limits(found, tuple(self.problems))

    def _chains(self) -> list[int]:
        """The claims for which claims of the view charge, each before those that charge for it."""
        found: dict[int, None] = {}
        waiting = [item for item, _ in self.claims]
        while waiting:
            item = waiting[-1]
            if item not in self.charged:
                self.charged[item] = self.principals.of(item)
                waiting += [other for other in self.charged[item] if other not in self.charged]
            else:
                waiting.pop()
                found[item] = None
        charged_for = {other for others in self.charged.values() for other in others}
        return [item for item in found if item in charged_for]

    def _end(self, item: int) -> datetime.date | None:
        """The day after which what was charged for a claim is lost with it; None where it cannot be."""
        result = self._limit(item, 0).outcome
        if result is None or result.last_day is None or self._paid_by(item, result.last_day):
            return None
        return result.last_day

    def _paid_by(self, item: int, day: datetime.date) -> bool:
        """Whether nothing of a claim is left, and was not on that day; what was written off is left."""
        settled = [each for each in self.changes.get(item, ()) if self.book.items.kind[each.other] != _WRITE_OFF]
        by_then = sum(each.units for each in settled if each.day <= day.toordinal())
        return min(by_then, sum(each.units for each in settled)) >= self.book.items.amount[item]

    def _limit(self, item: int, units: int) -> Limit:
        """A claim with its last day, remembered where nothing but its settlements can change it."""
        key = self._key(item)
        if key is None:
            return self._found(item, units)
        known = self._limits.get(key)
        if known is None:
            told = len(self.problems)
            known = self._found(item, units)
            if len(self.problems) == told:
                self._limits[key] = known
        return known._replace(units=units)

    def _key(self, item: int) -> tuple[object, ...] | None:
        """What the last day of a claim rests on; None where events or other claims have a say, or nobody asks again."""
        items = self.book.items
        if self.view.lasting is None or self.charged.get(item) or items.kind[item] == _PENALTY:
            return None
        if self.book.pockets[items.pocket[item]].customer in self.happenings:
            return None
        first = items.first[item]
        if first == item and first not in self.instalments:
            return item, len(self.changes.get(item, ()))
        return item, *((one, len(self.changes.get(one, ()))) for one in self._document(item))

    def _found(self, item: int, units: int) -> Limit:
        due = self._due(item)
        name = self._name(item, due)
        policy = self._policy(name, due)
        if policy is None and not name:
            # What is charged for late payment follows the claim that was late.
            named = (self._name(one, due) for one in self.charged.get(item, ()))
            policy = next(filter(None, (self._policy(other, due) for other in named)), None)
        if policy is None:
            return Limit(item, units, None, None, self._reason(name, due))
        return Limit(item, units, policy, outcome(policy, self._claim(policy, item), self._acts(policy, item)), "")

    def _name(self, item: int, due: datetime.date) -> str:
        """The name of the policy for an item."""
        key = item, due
        found = self._named.get(key)
        if found is None:
            found = self._named[key] = policy_name(self.book.settings, self.lookup, item, FORM.subject, due)
        return found

    def _document(self, item: int) -> list[int]:
        """The items of the document of an item that exist on the day, without what is retained."""
        items = self.book.items
        found = self.instalments.get(items.first[item], (item,))
        return [one for one in found if one < self.view.item_count and items.kind[one] != _RETENTION]

    def _due(self, item: int) -> datetime.date:
        return datetime.date.fromordinal(self.book.items.due[item])

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

    def _claim(self, policy: Limitation, item: int) -> Claim:
        claim = self._counted(policy, item, charges_for=self.charged.get(item, ()))
        ends = [
            (end, self.view.label(other))
            for other in self.charged.get(item, ())
            if (end := self.ends.get(other)) is not None
        ]
        if not ends:
            return claim
        end, number = min(ends)
        return claim._replace(end=end, end_of=number)

    def _counted(self, policy: Limitation, item: int, charges_for: Sequence[int]) -> Claim:
        """From which day a claim is counted."""
        items, due, words = self.book.items, self._due(item), ""
        if charges_for:
            due = min(map(self._due, self._late(charges_for)))
            numbers = list(dict.fromkeys(items.number[other] for other in charges_for))
            words = f"late payment of {_listed(numbers)}, {'due' if len(numbers) == 1 else 'first due'} {due}"
        stated = self.lookup.of_document(item, FROM)
        if isinstance(stated, datetime.date):
            return Claim(due, stated, f"{words or f'due {due}'}, counted from {stated} as the document says")
        if stated is not None:
            source, written = source_of(self.book.texts.source(item)), self.book.texts.details(item).get(FROM)
            self.problems.append(problem("bad-date", source, word=FROM, value=written))
        if policy.basis == DATE and not charges_for:
            date = datetime.date.fromordinal(items.date[item])
            return Claim(due, date, f"document of {date}, due {due},")
        start = due
        if not words:
            words = f"due {due}" + (", for which document is not said" if self.principals.untold(item) else "")
        if policy.together and not charges_for and items.kind[item] != _RETENTION:
            dues = [items.due[n] for n in self._document(item)]
            start = datetime.date.fromordinal(max(dues))
            words += f", last instalment due {start}" if len(dues) > 1 else ""
        if policy.basis == YEAR_END:
            start = datetime.date(start.year, 12, 31)
            words += f", counted from the end of the year {start}"
        return Claim(due, start, words)

    def _late(self, charges_for: Sequence[int]) -> Sequence[int]:
        """Those of the claims that a document charges for which were late; all where none was."""
        found = []
        for other in charges_for:
            due, left = self.book.items.due[other], self.book.items.amount[other]
            late = False
            for change in self.changes.get(other, ()):
                late = late or (change.day > due and left > 0)
                left -= change.units
            if late or (left > 0 and due < self.view.as_of.toordinal()):
                found.append(other)
        return found or charges_for

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
        """The receipts of which something stands against the item, or against its document where all count together.

        What is our own allocation is among them, with the reason why it does not count.
        """
        items = self.book.items
        together = policy.together and items.kind[item] != _RETENTION
        of_item = self._document(item) if together else [item]
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
                act = Act(datetime.date.fromordinal(day), PART_PAYMENT, f"receipt {items.number[receipt]}")
                if not self._names(receipt, item, of_receipt):
                    word = f'settles: "{items.number[item]}"'
                    act = act._replace(doubt=f'under "{_ALLOCATING}" only {word} on it shows what it is for')
                found.append(act)
        return found

    def _names(self, receipt: int, item: int, settled: Sequence[Change]) -> bool:
        """Whether a receipt says for what it is, as far as the book can tell.

        It does with `settles:` or `invoice:`, as no policy spends such money on anything else; with the claim's own
        number; and where it settled something on a day on which nothing is settled that no entry names.
        """
        said = self.lookup.words(receipt)
        if any(str(said.get(word, "")).strip(" ,") for word in ("settles", "invoice")):
            return True
        if self.book.items.number[receipt] == self.book.items.number[item]:
            return True
        return any(
            self.book.settings.value("settlement", "method", datetime.date.fromordinal(change.day)) != _ALLOCATING
            for change in settled
            if change.units > 0
        )

    def _act(self, event: Event) -> Act:
        kind, meta = _kind(event), event.entry.meta
        proof, channel = (str(event.details.get(key) or "").strip() for key in ("proof", "channel"))
        paper = PurePath(event.comment).name if event.paper and kind in BY_DEBTOR else ""
        return Act(
            date=event.date,
            kind=kind,
            what=event.kind,
            place=told_place(self.book.folder, meta),
            proof=", ".join(part for part in (channel, proof or paper) if part),
            proven=bool(proof or paper) or kind not in SAID,
            source=meta,
        )


def _instalments(book: Book) -> Mapping[int, Sequence[int]]:
    """First item → all items of its document, for documents of several."""
    found: dict[int, list[int]] = {}
    for item, first in enumerate(book.items.first):
        if item != first:
            found.setdefault(first, [first]).append(item)
    return found


def _listed(numbers: Sequence[str]) -> str:
    """Numbers in words: "INV-1", "INV-1 and INV-2", "INV-1, INV-2, INV-3 and 4 more"."""
    shown, more = list(numbers[:_NAMED]), len(numbers) - _NAMED
    *before, last = [*shown, f"{more} more"] if more > 0 else shown
    return f"{', '.join(before)} and {last}" if before else last


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
