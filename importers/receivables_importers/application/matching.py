"""Matching: bank lines in, proposals out, one line after the other, each seeing what earlier ones have used up.

For each line all evidence of the payer is gathered, and for every customer who may be meant the best explanation of the
amount is looked for. The two together choose the customer. Then everything is listed that speaks against booking it
unseen; where nothing does, the decision is auto. A wrong automatic posting costs more than ten that wait, so whatever
is not said, or said twice with a difference, waits.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from receivables.book import Book
from receivables.loading import collector_off
from receivables.money import Scale
from receivables.rules.application import (
    ACCOUNT,
    ALIAS,
    BOOKED_ON,
    NAME,
    NUMBER,
    OVERPAID,
    PART,
    PREPAID,
    REFERENCE,
    ApplicationPolicy,
    application_policy,
)
from receivables.view import scale_of
from receivables_importers.application import companies
from receivables_importers.application import nature as natures
from receivables_importers.application.cases import Case
from receivables_importers.application.deposits import PAID_BACK, Deposits, weigh
from receivables_importers.application.explaining import explain
from receivables_importers.application.explanation import (
    GUESS,
    NAMED_DIFFERENCE,
    NAMED_EXACT,
    NAMED_REST,
    SUM_DIFFERENCE,
    SUM_UNSURE,
    WEAK_EXACT,
    Explanation,
)
from receivables_importers.application.knowledge import (
    Knowledge,
    Movement,
    account_number,
    gather,
)
from receivables_importers.application.model import (
    AUTO,
    BOOKED,
    NOTHING,
    REVIEW,
    UNKNOWN,
    Applied,
    Proposed,
    no_account,
)
from receivables_importers.application.numbers import BARE, SHORT, DocumentIndex, Named, Reading
from receivables_importers.application.payers import GIVEN, LIKE, STRENGTH, Payers, Who
from receivables_importers.application.periods import periods
from receivables_importers.application.refunds import Refunds
from receivables_importers.application.standing import Standing
from receivables_importers.application.taken_back import TakenBack
from receivables_importers.application.texts import NameReader
from receivables_importers.application.waiting import Waiting
from receivables_importers.bank.model import RETURN, REVERSAL, BankLine

CANDIDATES: Final = 8
"""So many customers are looked at for a line."""
RUNNERS_UP: Final = 4

BOOKED_DAYS: Final = 4
"""So many days an entry that was made by hand may be away from its bank line."""

RATHER_LIKE: Final = 75.0
"""A name that is less like does not speak for a part payment or an overpayment."""

_SURE: Final = frozenset({REFERENCE, ACCOUNT, ALIAS, NAME})
_WEIGHT_OF_PAYER: Final = 2.5
_PAYER_AGREES: Final = 1


class Candidate(NamedTuple):
    """A customer with the best explanation of the line."""

    who: Who
    explanation: Explanation

    @property
    def worth(self) -> float:
        """By which candidates are ordered."""
        return _WEIGHT_OF_PAYER * self.who.strength + self.explanation.rank


class Matched(NamedTuple):
    """What was found for lines.

    Attributes:
      proposals: One for each line that is not booked yet, in order.
      known: The lines that are booked already, by their ids.
    """

    proposals: tuple[Proposed, ...]
    known: tuple[BankLine, ...]


def match(
    book: Book,
    entries: Sequence[Any],
    lines: Sequence[BankLine],
    *,
    account: str = "",
    waiting: Sequence[Waiting] = (),
) -> Matched:
    """Propose how bank lines are applied.

    The same book and lines give the same proposals, whatever order customers and files come in. A line that an entry
    of the ledger names in `bank-id:` is left out, and so is the second of two lines with the same id.

    Args:
      book: The book.
      entries: The ledger's entries, of which it was made.
      lines: What the bank says, of one or several accounts and files.
      account: The ledger's bank account for lines whose own account the ledger does not know; "" for none.
      waiting: Lines that stand on the suspense account, to be looked at again.
    """
    with collector_off():
        matcher, booked = prepare(book, entries, lines, account=account, waiting=waiting)
        return Matched(tuple(matcher.proposals()) if matcher is not None else (), booked)


def prepare(
    book: Book,
    entries: Sequence[Any],
    lines: Sequence[BankLine],
    *,
    account: str = "",
    waiting: Sequence[Waiting] = (),
) -> tuple[Matcher | None, tuple[BankLine, ...]]:
    """The matcher for the lines that are not booked yet (None for no line), and those that are; see `match`."""
    known = gather(book, entries)
    fresh, booked, seen = [], [], set[str]()
    # An entry of the bank that the ledger has in the same detail is told line by line, else as a whole.
    alike = {line.booking for line in lines if line.id in known.bank_ids}
    for line in sorted(lines, key=lambda each: each.booked):
        whole = line.booking in known.bookings and line.booking not in alike
        if line.id in known.bank_ids or line.id in seen or whole:
            booked.append(line)
        else:
            fresh.append(line)
            seen.add(line.id)
    fresh = sorted((*(each.line for each in waiting), *fresh), key=lambda each: each.booked)
    return (Matcher(book, known, fresh, account=account, waiting=waiting) if fresh else None), tuple(booked)


class Matcher:
    """Finds proposals for lines; what they use up is kept between them.

    Args:
      book: The book.
      known: What the ledger knows.
      lines: In order of their days.
      account, waiting: See `match`.
    """

    def __init__(
        self,
        book: Book,
        known: Knowledge,
        lines: Sequence[BankLine],
        *,
        account: str = "",
        waiting: Sequence[Waiting] = (),
    ) -> None:
        self.book, self.known, self.lines = book, known, lines
        self._account = account
        self._suspended = {each.line.id: each for each in waiting}
        first = lines[0].booked
        self.standing = Standing(book, first)
        self._documents = self.standing.documents()
        self.index = DocumentIndex(self._documents)
        policy = application_policy(book.settings, first)
        reader = NameReader(policy.short_forms, policy.ignore_words)
        self.payers = Payers(book, known, self._documents, reader, policy.likeness, policy.margin)
        self.deposits = Deposits(book, known, {line.booked for line in lines})
        self.refunds = Refunds(book, self.standing)
        self.taken_back = TakenBack(book, known, self.standing, self.deposits, self.index, lines)
        self._policies: dict[datetime.date, ApplicationPolicy] = {}
        self._movements = _movements_by_amount(known)
        self._taken: set[int] = set()
        self._places_by_amount: dict[tuple[str, str, Any], list[int]] = {}
        for place, line in enumerate(lines):
            self._places_by_amount.setdefault((line.account, line.currency, line.amount), []).append(place)
        self._by_amount: dict[tuple[str, int], list[int]] | None = None
        self._readings = [self._read(line) for line in lines]
        self._elsewhere: dict[int, set[int]] = {}
        self._undecided = {line.id for line in lines}
        self._of_amount: dict[tuple[str, Decimal], list[BankLine]] = {}
        for line in lines:
            self._of_amount.setdefault((line.currency, line.amount), []).append(line)

    def proposals(self) -> list[Proposed]:
        """One proposal a line, in their order.

        What waits is looked at again once the others are decided, as it would be if these were booked and the command
        called again: what is decided then may be decided now, and calling it again adds nothing.
        """
        found: dict[int, Proposed] = {}
        waiting = list(range(len(self.lines)))
        while waiting:
            self._forget(waiting)
            decided = []
            for place in waiting:
                proposed = self._propose(self.lines[place], self._readings[place], place)
                self._settle(place, proposed)
                found[place] = proposed
                if proposed.decision != REVIEW:
                    decided.append(place)
            waiting = [place for place in waiting if found[place].decision == REVIEW]
            if not any(found[place].decision == AUTO for place in decided):
                break
        return [found[place] for place in sorted(found)]

    def _forget(self, waiting: Sequence[int]) -> None:
        """Look at these lines as if nobody had yet."""
        lines = {self.lines[place].id for place in waiting}
        self.standing.forget_claims()
        self.taken_back.forget(lines)
        self._elsewhere = self._named_by_lines(waiting)

    def _settle(self, place: int, proposed: Proposed) -> None:
        """Take up what became of a line, for those that follow."""
        line, applied = self.lines[place], proposed.applied
        if proposed.decision != REVIEW:
            self._undecided.discard(line.id)
        if proposed.decision == AUTO and proposed.reversal is None:
            self.use(proposed)
            # Who brought money of ours to the bank is no customer.
            paid = applied.in_hand is None
            for code in sorted(_customers(self.book, applied)) or [applied.customer] if paid else []:
                self.payers.learn(line.booked, line.counterparty_account, line.counterparty, code)
        elif proposed.decision == REVIEW:
            likely = applied.items if proposed.likely else ()
            self.standing.claim(likely, proposed.claims, named=proposed.named, known=proposed.known)
        if proposed.reversal is None and proposed.decision != NOTHING and applied.in_hand is None:
            self.taken_back.add(proposed)

    def use(self, proposed: Proposed, sign: int = 1) -> None:
        """Take what a proposal settles from what is open; with the sign -1 give it back."""
        for allocation in proposed.applied.allocations:
            self.standing.use(allocation.item, sign * allocation.units)
        if proposed.applied.in_hand is not None:
            self.deposits.use(proposed.applied.in_hand, sign)

    def propose(self, place: int) -> Proposed:
        """The proposal for one line as things stand now; asking changes nothing."""
        taken = set(self._taken)
        try:
            return self._propose(self.lines[place], self._readings[place], place)
        finally:
            self._taken = taken

    def explain_for(self, place: int, customer: str) -> Applied:
        """How a line would be applied if it were this customer's."""
        line = self.lines[place]
        scale = scale_of(self.book, line.currency)
        if line.amount < 0:
            return self.refunds.for_customer(line, scale.units(line.amount), customer)
        case = self._case(line, scale.units(line.amount), scale, self._readings[place])
        return explain(case, self.known.masters[customer]).applied

    def policy(self, date: datetime.date) -> ApplicationPolicy:
        """The policy in force on a day."""
        if date not in self._policies:
            self._policies[date] = application_policy(self.book.settings, date)
        return self._policies[date]

    def bank_account(self, line: BankLine) -> str:
        """The ledger's account of a line, the suspense account where it stands there; "" when it cannot be told."""
        if line.id in self._suspended:
            return self._suspended[line.id].suspense
        number = account_number(line.account)
        found = self.known.bank_accounts.get(number, "")
        if not found and len(number) >= 9:
            ends = {
                account
                for own, account in self.known.bank_accounts.items()
                if len(own) >= 9 and (own.endswith(number) or number.endswith(own))
            }
            found = ends.pop() if len(ends) == 1 else ""
        if found or self._account:
            return found or self._account
        fitting = [
            account for account, currencies in self.known.banks.items() if not currencies or line.currency in currencies
        ]
        named = set(self.known.bank_accounts.values())
        only = [account for account in fitting if account not in named] if number else fitting
        return only[0] if len(only) == 1 else ""

    # What a line says

    def _read(self, line: BankLine) -> Reading:
        references = line.references
        texts = (
            line.remittance,
            *references.documents,
            references.end_to_end,
            references.creditor,
            references.customer,
        )
        digits = "".join(filter(str.isdigit, f"{line.amount.copy_abs():f}")).lstrip("0")
        whole = f"{int(line.amount.copy_abs())}"
        readings = [
            self.index.read(text, whole if line.amount == int(line.amount) else digits)
            for text in dict.fromkeys(filter(None, texts))
        ]
        structured = self.payers.documents_of(line)
        best: dict[int, Named] = {}
        for named in (*structured, *(named for reading in readings for named in reading.named)):
            known = best.get(named.document)
            if known is None or named.quality > known.quality:
                best[named.document] = named
        return Reading(
            tuple(best.values()),
            frozenset(tail for reading in readings for tail in reading.tails),
            tuple(dict.fromkeys(key for reading in readings for key in reading.keys)),
            any(reading.cut for reading in readings),
            tuple(dict.fromkeys(word for reading in readings for word in reading.unknown)),
        )

    def _named_by_lines(self, waiting: Sequence[int]) -> dict[int, set[int]]:
        """Item → those of the lines that name its document in full."""
        found: dict[int, set[int]] = {}
        for place in waiting:
            reading = self._readings[place]
            if self.lines[place].amount <= 0:
                continue
            for named in reading.named:
                if named.quality >= BARE:
                    for item in self._documents[named.document].items:
                        found.setdefault(item, set()).add(place)
        return found

    # One line

    def _propose(self, line: BankLine, reading: Reading, place: int) -> Proposed:
        scale = scale_of(self.book, line.currency)
        account = self.bank_account(line)
        try:
            units: int | None = scale.units(line.amount)
        except ArithmeticError:
            units = None
        if line.amount == 0:
            return Proposed(line, NOTHING, Applied(""), nature=natures.OUTGOING, account=account, units=units)
        if units is None or not line.currency:
            why = (
                f"{line.amount} {line.currency} has more decimal places than the ledger counts"
                if line.currency
                else "the line has no currency: name it in the bank's profile"
            )
            return Proposed(line, REVIEW, Applied(""), obstacles=(why,), account=account, units=units)
        if line.amount < 0:
            return self._between_companies(self._debit(line, units, reading, account))
        return self._between_companies(self._incoming(line, units, scale, reading, place, account))

    def _between_companies(self, proposed: Proposed) -> Proposed:
        """The proposal, which waits where the money is another company's and accounts between the two are missing."""
        line = proposed.line
        if line.id in self._suspended:
            proposed = proposed._replace(bank=self._suspended[line.id].bank)
        if proposed.decision == NOTHING or proposed.reversal is not None:
            return proposed
        why = companies.obstacles(self.book, proposed.received_on, proposed.applied, line.currency, line.booked)
        return proposed._replace(decision=REVIEW, obstacles=(*proposed.obstacles, *why)) if why else proposed

    def _incoming(
        self, line: BankLine, units: int, scale: Scale, reading: Reading, place: int, account: str
    ) -> Proposed:
        """The proposal for money that came in, of a customer, out of hand, or of ours that came back."""
        returned = self._refund_returned(line, units, reading, account)
        if returned is not None:
            return returned
        found = self.deposits.of(line)
        taken = set(self._taken)
        proposed = self._credit(line, units, scale, reading, place, account)
        if found is None:
            return proposed
        theirs = {self._documents[each.document].customer for each in reading.named if each.quality >= BARE}
        sure = theirs | {who.customer for who in self.payers.of(line, reading) if who.kinds & _SURE}
        weighed = weigh(
            found, self.deposits, proposed, sure, self.policy(line.booked), names_document=bool(theirs),
            alike=sum(
                each.id in self._undecided and self.deposits.says(each)
                for each in self._of_amount[line.currency, line.amount]
            ),
        )  # fmt: skip
        if weighed is not proposed:
            self._taken = taken
        return weighed

    def _credit(self, line: BankLine, units: int, scale: Scale, reading: Reading, place: int, account: str) -> Proposed:
        nature, certain = natures.credit_nature(line, self.known)
        if nature and certain:
            return Proposed(line, NOTHING, Applied(""), nature=nature, account=account, units=units)
        whos = self.payers.of(line, reading)
        if nature and not whos:
            return Proposed(line, NOTHING, Applied(""), nature=nature, account=account, units=units)
        case = self._case(line, units, scale, reading)
        candidates = self._candidates(case, whos)
        booked = self._booked_by_hand(line, account, [each.who for each in candidates], reading)
        if booked is not None:
            return booked
        if not candidates:
            return Proposed(
                line, REVIEW, Applied("", (), (), units, (UNKNOWN,)), obstacles=("nothing tells who paid",),
                account=account, units=units,
            )  # fmt: skip
        best = candidates[0]
        obstacles = self._obstacles(case, best, candidates, account, place)
        if nature:
            obstacles = (f'the text has the words of "{nature}"', *obstacles)
        applied = best.explanation.applied
        applied = applied._replace(evidence=(*_spoken(best.who), *applied.evidence))
        runners = tuple(
            each.explanation.applied._replace(evidence=(*_spoken(each.who), *each.explanation.applied.evidence))
            for each in candidates[1 : 1 + RUNNERS_UP]
        )
        decision = REVIEW if obstacles else AUTO
        found = best.explanation
        return Proposed(
            line, decision, applied, "", obstacles, runners, account, units, claims=found.claims,
            likely=found.rank > GUESS, named=found.rank >= WEAK_EXACT, known=bool(best.who.kinds & _SURE),
        )  # fmt: skip

    def _case(self, line: BankLine, units: int, scale: Scale, reading: Reading) -> Case:
        return Case(
            line, units, line.currency, scale, reading, periods(line.remittance), self.standing, self.index,
            self.policy(line.booked), self.known.entries,
        )  # fmt: skip

    def _candidates(self, case: Case, whos: Sequence[Who]) -> list[Candidate]:
        """Every customer who may be meant, with the best explanation, the best first."""
        masters = self.known.masters
        found = [
            Candidate(who, explain(case, masters[who.customer])) for who in whos[:CANDIDATES] if who.customer in masters
        ]
        group = self._group(case, whos)
        if group is not None:
            found.append(group)
        if not any(each.explanation.rank >= WEAK_EXACT or each.who.kinds & _SURE for each in found):
            found += self._by_tail_or_amount(case, {each.who.customer for each in found})
        return sorted(
            found,
            key=lambda each: (-each.worth, -each.who.score, each.who.customer, len(each.explanation.applied.items)),
        )

    def _group(self, case: Case, whos: Sequence[Who]) -> Candidate | None:
        """Documents of several customers that are named together and have the amount together."""
        words: dict[str, set[str]] = {}
        for named in case.reading.named:
            if named.quality >= BARE:
                words.setdefault(named.written, set()).add(self._documents[named.document].customer)
        codes = sorted({code for each in words.values() for code in each})
        if len(codes) < 2 or any(len(each) > 1 for each in words.values()):
            return None
        payer = next((who for who in whos if who.kinds & _SURE), None)
        first = payer.customer if payer is not None and payer.customer in codes else codes[0]
        found = explain(case, self.known.masters[first], codes)
        if found.rank != NAMED_EXACT or len({self._customer(item) for item in found.applied.items}) < 2:
            return None
        if payer is None:
            return Candidate(Who(first, frozenset({NUMBER}), ("the numbers of several customers",)), found)
        may = {first, payer.customer, *self.known.masters[payer.customer].pays_for}
        strange = [code for code in codes if code not in may]
        if strange:
            found = found._replace(
                doubts=(*found.doubts, f"{payer.customer} is not known to pay for {', '.join(strange)}")
            )
        applied = found.applied._replace(customer=first)
        return Candidate(payer._replace(customer=first), found._replace(applied=applied))

    def _customer(self, item: int) -> str:
        return self.book.pockets[self.book.items.pocket[item]].customer

    def _by_tail_or_amount(self, case: Case, already: set[str]) -> list[Candidate]:
        """Customers of whom nothing speaks but an item of this amount."""
        if self._by_amount is None:
            self._by_amount = {}
            items, pockets = self.book.items, self.book.pockets
            for item in range(len(items.pocket)):
                if items.residual[item] > 0 and pockets[items.pocket[item]].customer:
                    key = pockets[items.pocket[item]].currency, items.residual[item]
                    self._by_amount.setdefault(key, []).append(item)
        same = [item for item in self._by_amount.get((case.currency, case.units), ()) if case.left(item) == case.units]
        codes = list(dict.fromkeys(code for item in same if (code := self._customer(item)) not in already))
        who = frozenset[str]()
        return [
            Candidate(Who(code, who, ("only the amount agrees",)), explain(case, self.known.masters[code]))
            for code in codes[:CANDIDATES]
        ]

    # Why a person should look

    def _obstacles(
        self, case: Case, best: Candidate, candidates: Sequence[Candidate], account: str, place: int
    ) -> tuple[str, ...]:
        found, policy = best.explanation, case.policy
        why = [
            *self._about_payer(case, best, candidates),
            *found.doubts,
            *self._about_sum(case, best, candidates, place),
            *self._about_difference(case, found),
        ]
        ahead = PREPAID in found.applied.reasons and PREPAID in policy.differences
        if found.rank <= GUESS and not ahead:
            why.append("the amount agrees with nothing that is open")
        strictly, known = bool(found.sum), _beyond_strangers(best)
        claimed = [
            item for item in found.applied.items if self.standing.is_claimed(item, strictly=strictly, known=known)
        ]
        if claimed and found.rank > GUESS:
            why.append(f"{case.labels(claimed)} may be what an earlier line pays, which waits")
        limit = policy.largest.get(case.currency)
        if limit is not None and case.line.amount > limit:
            why.append(f"it is more than {limit:,} {case.currency}")
        for item in found.applied.items:
            if problem := self._unnameable(item):
                why.append(problem)
        if case.reading.unknown and found.quality is None:
            why.append(f"the text names {', '.join(case.reading.unknown[:3])}, which the ledger does not know")
        if not account:
            why.append(no_account(case.line))
        if shut := self._shut(account, case.day):
            why.append(shut)
        return tuple(dict.fromkeys(why))

    def _about_payer(self, case: Case, best: Candidate, candidates: Sequence[Candidate]) -> list[str]:
        who, found = best
        policy = case.policy
        enough = who.kinds & policy.payers
        exact = found.rank == NAMED_EXACT
        why = []
        if exact:
            if not enough & {NUMBER, REFERENCE} and not enough & _SURE:
                why.append("no evidence of the payer that the policy takes")
        elif found.quality is not None and found.quality >= BARE:
            # Without a name a difference that can be computed speaks for the customer, any other does not.
            nameless = not case.line.counterparty.strip() and found.rank >= NAMED_DIFFERENCE
            several = len({self.book.items.number[item] for item in found.applied.items}) > 1 and not found.doubts
            # What is paid short or in excess for no known reason asks for a name that is nearly the customer's.
            like = LIKE if found.rank > NAMED_REST else RATHER_LIKE
            supported = (
                bool(who.kinds & _SURE) or who.score >= like or nameless or (several and not case.line.counterparty)
            )
            if not enough:
                why.append("no evidence of the payer that the policy takes")
            elif not supported:
                why.append("the payer is not the customer whose document is named, and the amount does not agree")
        elif not enough & _SURE and not (NUMBER in enough and found.quality is not None):
            why.append("the payer is not known for certain")
        for other in candidates:
            strange = other.who
            if strange.customer == who.customer or strange.customer in _customers(self.book, found.applied):
                continue
            sure = strange.kinds & _SURE
            if strange.payer or not sure or strange.customer == who.payer:
                continue
            if who.customer in self.known.masters[strange.customer].pays_for:
                continue
            # A stronger word about the payer puts a weaker one out of court, but not the other way round.
            mine = max((STRENGTH[kind] for kind in who.kinds & _SURE), default=0.0)
            theirs = max(STRENGTH[kind] for kind in sure)
            if (
                mine > theirs
                and found.rank >= SUM_DIFFERENCE
                and NAME in sure
                and len(sure) == 1
                and GIVEN in who.kinds
            ):
                continue
            why.append(f"{strange.words[0]} is {strange.customer}'s")
        return why

    def _about_sum(self, case: Case, best: Candidate, candidates: Sequence[Candidate], place: int) -> list[str]:
        who, found = best
        if not found.sum:
            return []
        why = []
        if found.sum not in case.policy.sums:
            why.append(f'the policy application does not take the sum "{found.sum}"')
        if found.rank == SUM_UNSURE and not found.doubts:
            why.append("the sum is not the only one")
        named = [item for item in found.applied.items if self._elsewhere.get(item, frozenset()) - {place}]
        if named:
            why.append(f"another line names {case.labels(named)}")
        for other in candidates:
            if other.who.customer == who.customer:
                continue
            rival = other.who.strength >= who.strength - 0.6 or other.who.payer == who.customer
            if rival and other.explanation.rank >= SUM_UNSURE:
                why.append(f"the amount agrees with {other.who.customer} as well")
        return why

    def _about_difference(self, case: Case, found: Explanation) -> list[str]:
        why = []
        for reason in found.applied.reasons:
            if found.rank <= GUESS and reason in (PART, OVERPAID):
                continue
            if reason not in case.policy.differences:
                why.append(f"{reason}: the policy application wants a person to look")
            elif reason in BOOKED_ON and reason not in case.policy.accounts:
                why.append(f"{reason}: the policy application names no account ({BOOKED_ON[reason]}:)")
            elif reason in BOOKED_ON and (shut := self._shut(case.policy.accounts[reason], case.day)):
                why.append(shut)
        return why

    def _shut(self, account: str, day: datetime.date) -> str:
        """Why nothing can be booked on an account on a day; "" where something can."""
        opened, closed = self.known.opened.get(account), self.known.closed.get(account)
        if closed is not None and closed < day:
            return f"{account} is closed since {closed}"
        return f"{account} is opened on {opened}" if opened is not None and opened > day else ""

    def _unnameable(self, item: int) -> str:
        number = self.book.items.number[item]
        if "," in number or '"' in number or number != number.strip():
            return f"{number!r} is a number that settles: cannot name"
        closed = self.book.closed.get(self.book.pockets[self.book.items.pocket[item]].account)
        return f"the account of {number} is closed" if closed is not None else ""

    # What somebody has booked by hand

    def _booked_by_hand(self, line: BankLine, account: str, whos: Sequence[Who], reading: Reading) -> Proposed | None:
        """The proposal for a line that an entry without a bank line books; each such entry is taken once.

        An entry that settles other documents than those that the line names is another payment, or a mistake.
        """
        if not account:
            return None
        codes = {who.customer for who in whos if who.kinds & _SURE or NUMBER in who.kinds}
        named = self._numbers(reading)
        found = []
        for place in self._movements.get((account, line.currency, line.amount), ()):
            movement = self.known.movements[place]
            near = abs((movement.date - line.booked).days) <= BOOKED_DAYS
            if place not in self._taken and near and not self._is_anothers(line, named, movement):
                found.append((place, movement))
        if not found:
            return None
        agreeing = [
            each
            for each in found
            if (
                codes & set(each[1].customers)
                or (not each[1].customers and not codes)
                or (each[1].in_hand and self.deposits.is_deposit(line))
            )
            and not (named and each[1].documents and named.isdisjoint(each[1].documents))
        ]
        units = scale_of(self.book, line.currency).units(line.amount)
        place, movement = min(
            agreeing or found, key=lambda each: (abs((each[1].date - line.booked).days), each[1].place)
        )
        evidence = (f"{_about(movement)} of {movement.date} at {movement.place} has this amount",)
        customer = movement.customers[0] if movement.customers else ""
        applied = Applied(customer, (), (), units, (BOOKED,), evidence)
        if agreeing:
            self._taken.add(place)
            return Proposed(line, NOTHING, applied, nature=BOOKED, account=account, units=units)
        return Proposed(
            line, REVIEW, applied, nature=BOOKED, account=account, units=units,
            obstacles=("it may be booked already: add bank-id: to that entry, or decide otherwise",),
        )  # fmt: skip

    def _numbers(self, reading: Reading) -> set[str]:
        """The numbers of the documents that a text names."""
        return {self.index.documents[each.document].number for each in reading.named if each.quality >= BARE}

    def _is_anothers(self, line: BankLine, named: Collection[str], movement: Movement) -> bool:
        """Whether an entry rather books another line of this amount, which names what it settles."""
        documents = set(movement.documents)
        return not documents.intersection(named) and any(
            self.lines[place].id != line.id
            and abs((movement.date - self.lines[place].booked).days) <= BOOKED_DAYS
            and documents & self._numbers(self._readings[place])
            for place in self._places_by_amount.get((line.account, line.currency, line.amount), ())
        )  # fmt: skip

    # Money that went out

    def _debit(self, line: BankLine, units: int, reading: Reading, account: str) -> Proposed:
        nature = natures.debit_nature(line, self.known)
        outgoing = nature == natures.OUTGOING
        no_refund = not self.refunds.possible(line, units) and self.deposits.overpaid(line) is None
        if nature not in (natures.BOUNCED, natures.OUTGOING) or (outgoing and no_refund):
            return Proposed(line, NOTHING, Applied(""), nature=nature, account=account, units=units)
        whos = self.payers.of(line, reading)
        back = [] if outgoing else self.taken_back.scored(line, units, reading, whos)
        paid = None if line.type in (RETURN, REVERSAL) else self._paid_back(line, units, reading, whos, account)
        if paid is not None:
            if not back or back[0][0] < 1:
                return paid
            why = ("it may be a payment that came back, or one that is paid back", *paid.obstacles)
            return paid._replace(decision=REVIEW, obstacles=why)
        if back:
            return self.taken_back.proposal(line, units, back, account)
        if outgoing:
            return Proposed(line, NOTHING, Applied(""), nature=nature, account=account, units=units)
        # Money that we sent and that came back would be positive; this one is nobody's receipt.
        certain = not any(who.kinds & _SURE for who in whos) and not any(each.quality >= BARE for each in reading.named)
        obstacles = () if certain else ("no receipt of this amount is known that it may take back",)
        decision = NOTHING if certain else REVIEW
        kind = natures.OUTGOING if certain else natures.BOUNCED
        return Proposed(line, decision, Applied(""), kind, obstacles, (), account, units)

    def _paid_back(
        self, line: BankLine, units: int, reading: Reading, whos: Sequence[Who], account: str
    ) -> Proposed | None:
        """The proposal for a line that pays back what a customer, or an employee, gave too much; None for any other."""
        found = self.refunds.of(line, units, whos)
        if not found:
            overpaid = self.deposits.overpaid(line)
            if overpaid is None:
                return None
            applied = Applied("", (), (), 0, (PAID_BACK,), (overpaid.told,), overpaid)
            why = ("what an employee gets back a person confirms",)
            return Proposed(line, REVIEW, applied, obstacles=why, account=account, units=units)
        of_credits = [
            Who(each.applied.customer, each.kinds | {NUMBER} if each.named else each.kinds, ()) for each in found
        ]
        booked = self._booked_by_hand(line, account, of_credits, reading)
        if booked is not None and booked.decision == NOTHING:
            return booked
        obstacles = self.refunds.obstacles(line, found, self.policy(line.booked), account)
        if booked is not None:
            obstacles += booked.obstacles
        best, *others = (each.applied for each in found)
        return Proposed(
            line, REVIEW if obstacles else AUTO, best, "", tuple(obstacles), tuple(others[:RUNNERS_UP]), account, units,
            likely=True, named=found[0].named, known=bool(found[0].kinds & _SURE),
        )  # fmt: skip

    def _refund_returned(self, line: BankLine, units: int, reading: Reading, account: str) -> Proposed | None:
        """The proposal for a refund that could not be paid; None where none has this amount, or nothing says so."""
        nature, certain = natures.credit_nature(line, self.known)
        if nature != natures.RETURNED:
            return None
        back = self.taken_back.scored(line, units, reading, self.payers.of(line, reading))
        if not back or not (certain or back[0][0]):
            return None
        # Who was paid back may pay again, and his words are his.
        sure = certain or back[0][0] > _PAYER_AGREES
        return self.taken_back.proposal(
            line, units, back, account, () if sure else ("only words say that it came back",)
        )


def _beyond_strangers(best: Candidate) -> bool:
    """Whether a line says so surely what it pays that what nobody known may have paid does not matter."""
    who, found = best
    named = found.quality is not None and found.quality >= SHORT and not found.sum
    return bool(who.kinds & _SURE) and named and found.rank >= WEAK_EXACT and not found.applied.deductions


def _customers(book: Book, applied: Applied) -> set[str]:
    return {book.pockets[book.items.pocket[item]].customer for item in applied.items}


def _spoken(who: Who) -> tuple[str, ...]:
    return tuple(words[:1].upper() + words[1:] for words in who.words[:3])


def _about(movement: Movement) -> str:
    return movement.number or "an entry"


def _movements_by_amount(known: Knowledge) -> dict[tuple[str, str, Any], list[int]]:
    found: dict[tuple[str, str, Any], list[int]] = {}
    for place, movement in enumerate(known.movements):
        found.setdefault((movement.account, movement.currency, movement.amount), []).append(place)
    return found
