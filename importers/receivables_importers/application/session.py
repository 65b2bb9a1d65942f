"""Session: a person decides what waits, line by line, with undo; what is decided is used up for the lines that follow.

It knows neither terminal nor browser: `bean-ar apply --review` and the page in Fava show it. What was chosen can be
told as data and replayed on another session of the same book and lines, so that nobody has to keep a session alive.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Container, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final, NamedTuple

from receivables.book import Book
from receivables.money import Scale
from receivables.posting.proposal import Proposal
from receivables.rules.application import BOOKED_ON, OVERPAID, PART, application_policy
from receivables.view import scale_of
from receivables_importers.application import intercompany
from receivables_importers.application.entries import EntryMaker
from receivables_importers.application.matching import Matched, prepare
from receivables_importers.application.model import AUTO, REVIEW, Allocation, Applied, Deduction, Proposed
from receivables_importers.application.open_items import label_of
from receivables_importers.application.reading.names import NameIndex
from receivables_importers.application.reading.texts import NameReader, folded
from receivables_importers.application.waiting import Waiting
from receivables_importers.bank.model import BankLine

CUSTOMER_KIND: Final = "customer"
"""The kind under which what was learned is filed."""

CHOICES: Final = 9
"""So many candidates are offered: one key each."""

TAKE: Final = "take"
SETTLE: Final = "settle"
ON_ACCOUNT: Final = "account"
EDIT: Final = "edit"
LEAVE: Final = "leave"
HOWS: Final = (TAKE, SETTLE, ON_ACCOUNT, EDIT, LEAVE)
"""What can be chosen for a line: one of its candidates, what fits a customer best, money on account, an allocation as
it is written, or nothing now."""

TEXT_LONGEST: Final = 4_000
"""Characters of an allocation as it is written: 200 documents."""

_ALLOCATION: Final = re.compile(r"(?P<label>\S.*?)(?:\s+(?P<amount>-?[\d,]+(?:\.\d+)*))?")
_WHOLE: Final = re.compile(r"(?P<label>.*)(?P<amount>)")
_GROUPED: Final = re.compile(r"[^\s,]\s+-?\d{1,3}(?:,\d{3})+(?=\.\d|\s*(?:,|$))")
"""An amount behind a document, with commas between the thousands, as amounts are shown."""


class SessionError(ValueError):
    """What a person has typed cannot be done; the message says why."""


class OutdatedError(SessionError):
    """What was chosen was chosen of another session: the ledger or the statement has changed since."""


class Choice(NamedTuple):
    """What was chosen for one line, as data.

    Attributes:
      line: The id of the line.
      how: One of `HOWS`.
      customer: Whose money it is; "" where the line is left.
      candidate: For `TAKE`, which of `Session.candidates`, from 1.
      text, reason: For `EDIT`, see `Session.edited`.
      seen: What would be booked, as a digest; "" where nobody has seen it yet.
    """

    line: str
    how: str
    customer: str = ""
    candidate: int = 0
    text: str = ""
    reason: str = ""
    seen: str = ""


class Decision(NamedTuple):
    """What a person has decided about a line; None to leave it."""

    place: int
    proposed: Proposed | None


class Session:
    """Goes through the lines that wait.

    Args:
      book: The book.
      entries: The ledger's entries.
      lines: The bank lines.
      account: The bank account of lines whose own is not known.
      waiting: Lines that stand on the suspense account, to be looked at again.
    """

    def __init__(
        self,
        book: Book,
        entries: Sequence[Any],
        lines: Sequence[BankLine],
        *,
        account: str = "",
        waiting: Sequence[Waiting] = (),
    ) -> None:
        self.book = book
        self._matcher, self.known = prepare(book, entries, lines, account=account, waiting=waiting)
        self.proposals = [] if self._matcher is None else self._matcher.proposals()
        self._waiting = [
            place for place, each in enumerate(self.proposals)
            if each.decision == REVIEW and each.decidable and each.units is not None and each.account
        ]  # fmt: skip
        if self._matcher is not None:
            # A person sees one line at a time: none is in the way of another, or of itself.
            self._matcher.open_items.claims.forget()
        self._decisions: list[Decision] = []
        self._chosen: list[Choice | None] = []
        self._current: Proposed | None = None
        masters = {} if self._matcher is None else self._matcher.known.masters
        self._names = NameIndex(
            [(code, name) for code, master in masters.items() for name in master.names], NameReader()
        )

    @property
    def count(self) -> int:
        """How many lines a person can decide."""
        return len(self._waiting)

    @property
    def done(self) -> int:
        """How many of them were decided or left."""
        return len(self._decisions)

    @property
    def matched(self) -> Matched:
        """What was found before anybody decided, as `match` gives it."""
        return Matched(tuple(self.proposals), self.known)

    @property
    def bank_accounts(self) -> list[str]:
        """The ledger's bank accounts."""
        return [] if self._matcher is None else list(self._matcher.known.banks)

    @property
    def current(self) -> Proposed | None:
        """The line to decide now, as things stand; None at the end."""
        if self.done >= self.count or self._matcher is None:
            return None
        if self._current is None:
            self._current = self._matcher.propose(self._waiting[self.done])
        return self._current

    def candidates(self) -> list[Applied]:
        """What the current line may be, the likeliest first."""
        proposed = self.current
        if proposed is None:
            return []
        either = (proposed.applied, *self._alike(proposed), *proposed.runners_up)
        return [each for each in either if each.customer or each.in_hand is not None][:CHOICES]

    def _alike(self, proposed: Proposed) -> list[Applied]:
        """The same for each other item that has the amount of the only one that would be settled."""
        applied = proposed.applied
        if self._matcher is None or len(applied.allocations) != 1 or applied.deductions:
            return []
        (first,), items, day = applied.allocations, self.book.items, proposed.line.booked
        return [
            applied._replace(
                allocations=(Allocation(item, first.units),),
                evidence=(*applied.evidence[:-1], f"{items.number[item]} is open with the same amount"),
            )
            for item in proposed.claims
            if item != first.item
            and items.pocket[item] == items.pocket[first.item]
            and self._matcher.open_items.left(item, day) == first.units
        ]

    def search(self, text: str) -> list[str]:
        """Codes of customers whose code, name or alias has the text, or is like it."""
        wanted = folded(text).strip()
        if not wanted or self._matcher is None:
            return []
        masters = self._matcher.known.masters
        having = [
            code for code, master in masters.items()
            if wanted in folded(code) or any(wanted in folded(name) for name in master.names)
        ]  # fmt: skip
        like = [found.customer for found in self._names.like(text) if found.score >= 40]
        return list(dict.fromkeys((*having, *like)))[:CHOICES]

    def for_customer(self, code: str) -> Applied:
        """How the current line would be applied for a customer; raises SessionError for one that there is not."""
        self._refuse_stranger(code)
        assert self._matcher is not None  # noqa: S101
        return self._matcher.explain_for(self._waiting[self.done], code)

    def on_account(self, customer: str) -> Applied:
        """The current line on the customer's account, settling nothing; raises SessionError as `for_customer`."""
        self._refuse_stranger(customer)
        proposed = self.current
        units = 0 if proposed is None or proposed.units is None else proposed.units
        return Applied(customer, (), (), units)

    def _refuse_stranger(self, code: str) -> None:
        if self.current is None or self._matcher is None:
            raise SessionError("there is no line to decide")
        if code not in self._matcher.known.masters:
            raise SessionError(f'there is no customer "{code[:60]}"')

    def edited(self, customer: str, text: str, reason: str = "") -> Applied:
        """An allocation as a person writes it: "INV-1, INV-2 500.00, INV-3/2".

        A document without an amount takes what is open of it, or what is left of the money when that is less. What
        is left in the end stays on account; what is missing needs a reason that has an account.

        Raises:
          SessionError: A document is not open, the amounts do not fit, or a reason is missing.
        """
        proposed = self.current
        if proposed is None or proposed.units is None or self._matcher is None:
            raise SessionError("there is no line to decide")
        line = proposed.line
        scale = scale_of(self.book, line.currency)
        opened = self._open(customer, line)
        left, allocations = proposed.units, list[Allocation]()
        for part in filter(None, (each.strip() for each in _ungrouped(text, opened).split(","))):
            # A number may end as an amount does: "INV 0101".
            found = (_WHOLE if part.casefold() in opened else _ALLOCATION).fullmatch(part)
            item = opened.get(found["label"].casefold()) if found else None
            if found is None or item is None:
                raise SessionError(f'"{part[:60]}" is no open document of {customer} in {line.currency}')
            if item in (each.item for each in allocations):
                raise SessionError(f"{found['label']} is named twice")
            available = self._matcher.open_items.left(item, line.booked)
            if line.amount < 0 < available:
                raise SessionError(f"{found['label']} is no credit: money that went out pays credits back")
            if found["amount"]:
                units = _units(found["amount"], scale, line.currency)
            elif line.amount < 0:
                units = max(available, min(left, 0))
            else:
                units = available if reason or available < 0 else min(available, max(left, 0))
            if not units or abs(units) > abs(available) or (units > 0) != (available > 0):
                raise SessionError(f"{found['label']} has {scale.decimal(available):,} {line.currency} open")
            allocations.append(Allocation(item, units))
            left -= units
        return self._rest(customer, line, allocations, left, reason)

    def _rest(
        self, customer: str, line: BankLine, allocations: Sequence[Allocation], left: int, reason: str
    ) -> Applied:
        if left >= 0 or line.amount < 0:
            reasons = (OVERPAID,) if left and allocations else ()
            return Applied(customer, tuple(allocations), (), left, reasons)
        scale = scale_of(self.book, line.currency)
        accounts = application_policy(self.book.settings, line.booked).accounts
        if reason not in BOOKED_ON or reason not in accounts:
            valid = ", ".join(accounts) or "none: the policy application names no accounts"
            raise SessionError(
                f"{scale.decimal(-left):,} {line.currency} more than was paid: give a reason ({valid}), or less"
            )
        return Applied(customer, tuple(allocations), (Deduction(reason, -left),), 0, (reason,))

    def _open(self, customer: str, line: BankLine) -> dict[str, int]:
        """What is open of a customer in the line's currency, by its label in small letters."""
        assert self._matcher is not None  # noqa: S101
        open_items, items = self._matcher.open_items, self.book.items
        found: dict[str, int] = {}
        for item in (
            *open_items.debits(customer, line.currency, line.booked),
            *open_items.credits(customer, line.currency, line.booked),
        ):
            found.setdefault(items.number[item].casefold(), item)
            if items.instalment[item]:
                found[label_of(self.book, item).casefold()] = item
        return found

    def open_labels(self, customer: str) -> list[tuple[str, str]]:
        """Label and amount of what is open of a customer in the current line's currency."""
        proposed = self.current
        if proposed is None or self._matcher is None:
            return []
        line, scale = proposed.line, scale_of(self.book, proposed.line.currency)
        open_items = self._matcher.open_items
        opened = (
            *open_items.debits(customer, line.currency, line.booked),
            *open_items.credits(customer, line.currency, line.booked),
        )
        return [
            (
                label_of(self.book, item),
                f"{scale.decimal(open_items.left(item, line.booked)):,}",
            )
            for item in opened
        ]

    def decide(self, applied: Applied) -> None:
        """Apply the current line like this, and go on to the next.

        Raises:
          SessionError: It cannot be booked: a difference has no account.
        """
        proposed = self.current
        if proposed is None or self._matcher is None:
            raise SessionError("there is no line to decide")
        accounts = application_policy(self.book.settings, proposed.line.booked).accounts
        missing = [each.reason for each in applied.deductions if each.reason not in accounts]
        if missing:
            raise SessionError(f"the policy application names no account for {missing[0]} ({BOOKED_ON[missing[0]]}:)")
        line = proposed.line
        if why := intercompany.obstacles(self.book, proposed.received_on, applied, line.currency, line.booked):
            raise SessionError(why[0])
        evidence = (*applied.evidence, "confirmed by a person")
        reasons = tuple(reason for reason in applied.reasons if reason != PART or applied.allocations)
        decided = proposed._replace(
            decision=AUTO, applied=applied._replace(evidence=evidence, reasons=reasons), obstacles=(), nature="",
            reversal=None,
        )  # fmt: skip
        if not decided.balanced:
            raise SessionError("money and allocations are not the same")
        self._matcher.use(decided)
        self._append(decided)

    def skip(self) -> None:
        """Leave the current line as it is."""
        if self.done < self.count:
            self._append(None)

    def _append(self, decided: Proposed | None) -> None:
        self._decisions.append(Decision(self._waiting[self.done], decided))
        self._chosen.append(None)
        self._current = None

    def undo(self) -> bool:
        """Take the last decision back; False when there is none."""
        if not self._decisions or self._matcher is None:
            return False
        last = self._decisions.pop()
        self._chosen.pop()
        self._current = None
        if last.proposed is not None:
            self._matcher.use(last.proposed, -1)
        return True

    # What was chosen, as data

    @property
    def decided(self) -> list[Decision]:
        """What was decided or left so far, in order."""
        return list(self._decisions)

    def choose(self, choice: Choice) -> Choice:
        """Do what a choice says about the current line, and go on to the next; the choice with what was seen.

        Raises:
          OutdatedError: Another line is the current one, or the choice would now book something else.
          SessionError: It cannot be done.
        """
        current = self.current
        if current is None or current.line.id != choice.line:
            raise OutdatedError("this line is not the one to decide now")
        if choice.how == LEAVE:
            self.skip()
        else:
            applied = self._meant(choice)
            shown = seen(self.book, applied)
            if choice.seen not in ("", shown):
                raise OutdatedError("what was chosen for this line is something else now")
            self.decide(applied)
            choice = choice._replace(seen=shown)
        self._chosen[-1] = choice
        return choice

    def _meant(self, choice: Choice) -> Applied:
        if choice.how == TAKE:
            found = self.candidates()[choice.candidate - 1 : choice.candidate] if choice.candidate > 0 else []
            if not found or found[0].customer != choice.customer:
                raise OutdatedError("there is no such candidate")
            return found[0]
        if choice.how == SETTLE:
            return self.for_customer(choice.customer)
        if choice.how == ON_ACCOUNT:
            return self.on_account(choice.customer)
        if choice.how == EDIT:
            self._refuse_stranger(choice.customer)
            if len(choice.text) > TEXT_LONGEST:
                raise SessionError(f"the allocation is longer than {TEXT_LONGEST:,} characters")
            return self.edited(choice.customer, choice.text, choice.reason)
        raise SessionError(f'there is no choice "{choice.how[:60]}": {", ".join(HOWS)}')

    def entries(self, *, suspense: bool = False, evident: bool = True) -> list[Proposal]:
        """The entries of all that is decided, by evidence and by the person, and what was learned from the person.

        Args:
          suspense: Whether what still waits goes to the suspense account.
          evident: Whether what was decided by evidence alone is booked as well.
        """
        confirmed = {each.place: each.proposed for each in self._decisions if each.proposed is not None}
        everything = [
            confirmed.get(place, each)
            for place, each in enumerate(self.proposals)
            if place in confirmed or evident or each.decision != AUTO
        ]
        maker = EntryMaker(self.book)
        made = maker.proposals(everything, suspense=suspense)
        masters = {} if self._matcher is None else self._matcher.known.masters
        learned: dict[tuple[Any, ...], Proposal] = {}
        # A deposit says nothing of any payer.
        for proposed in (each for each in confirmed.values() if each.applied.in_hand is None):
            for entry in maker.learned(proposed.line, proposed.applied.customer, masters):
                said = {key: value for key, value in entry.meta.items() if key in ("alias", "bank-account")}
                key = (proposed.applied.customer, *sorted(said.items()))
                learned.setdefault(key, Proposal(CUSTOMER_KIND, (entry,), ()))
        return [*made, *learned.values()]


def _units(written: str, scale: Scale, currency: str) -> int:
    """An amount as a person writes it, in units; raises SessionError for what is none.

    "500.000" is half a million where points part thousands, and 500 where they part decimals: it is refused in a
    currency with fewer decimal places.
    """
    number = written.replace(",", "")
    decimals = number.partition(".")[2]
    try:
        if len(decimals) > scale.digits and decimals.endswith("0"):
            raise InvalidOperation
        return scale.units(Decimal(number))
    except ArithmeticError as error:
        example = f"{Decimal(1500):.{scale.digits}f}"
        raise SessionError(f'"{written[:60]}" is no amount in {currency}: write it as {example}') from error


def _ungrouped(text: str, opened: Container[str]) -> str:
    """An allocation without the commas of its amounts; one before a document's number stays."""

    def without(found: re.Match[str]) -> str:
        written = found[0]
        return written if any(part in opened for part in written.split(",")[1:]) else written.replace(",", "")

    return _GROUPED.sub(without, text)


def replay(session: Session, choices: Sequence[Choice]) -> list[Choice]:
    """Bring a session to the point where exactly these choices are made; the choices with what was seen.

    Whatever was decided in the session before, it says afterwards what a new one would: what both have in common is
    kept, the rest undone. When a choice is refused, the session stands before it.

    Raises:
      OutdatedError: A choice was made of another session: another line has its turn, or it would book something else.
      SessionError: A choice cannot be done.
    """
    made = session._chosen
    common = 0
    for before, choice in zip(made, choices, strict=False):
        if before is None or before != choice:
            break
        common += 1
    while session.done > common:
        session.undo()
    found = [*choices[:common]]
    for choice in choices[common:]:
        found.append(session.choose(choice))
    return found


def seen(book: Book, applied: Applied) -> str:
    """What would be booked as a digest; documents by their names, as their places change with the ledger."""
    items, pockets = book.items, book.pockets
    said = (
        applied._replace(allocations=(), evidence=(), in_hand=None),
        None if applied.in_hand is None else applied.in_hand._replace(parts=()),
        [
            (*pockets[items.pocket[each.item]], items.number[each.item], items.instalment[each.item], each.units)
            for each in applied.allocations
        ],
    )
    return hashlib.sha256(repr(said).encode()).hexdigest()[:20]
