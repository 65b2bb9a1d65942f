"""Movements: every posting on a customer's account, read into the columns of `Movements`.

This is the loop that touches every posting of the ledger, so it does little for the plain case (no
tags, one link, no words in the metadata) and everything else in functions of its own.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, NamedTuple

from receivables.facts import (
    APPLY,
    CREDIT_MEMO,
    DEBIT_NOTE,
    INVOICE,
    NEVER_DUE,
    OPENING,
    PENALTY,
    RECEIPT,
    REFUND,
    RETENTION,
    TAGGED_KINDS,
    WRITE_OFF,
    Booked,
    Movements,
    Pocket,
)
from receivables.language.booked import read_booked
from receivables.language.configuration import nearest
from receivables.language.customers import customer_of, within
from receivables.language.numbers import choose_unclear, name_applied, name_unnumbered
from receivables.problems import Problem, problem
from receivables.rules.numbering import Numbering
from receivables.rules.terms import Terms, TermsError, parse_terms
from receivables.settings import ALLOWANCE, BAD_DEBT, BANK, CUSTOMERS, GROUP, IN_HAND, SUSPENSE, WATCHED, Settings

WORDS: Final = frozenset({"settles", "invoice", "due", "terms", "number", "dated", "customer", "contract", "kind"})
"""The metadata words that this module understands on transactions and postings."""

DEBITS: Final = frozenset({INVOICE, DEBIT_NOTE, PENALTY})
CREDITS: Final = frozenset({RECEIPT, CREDIT_MEMO, WRITE_OFF})
SUGGESTIONS: Final[Mapping[str, str]] = {
    RECEIPT: "#refund or #reversal",
    CREDIT_MEMO: "#reversal or #debit-note",
    WRITE_OFF: "#reversal",
    REFUND: "#receipt",
}

_TAGS: Final = frozenset(TAGGED_KINDS)
_CUSTOMER: Final = 1
_BANK: Final = 2
_BAD_DEBT: Final = 4
_EQUITY: Final = 8
_MONEY_IN: Final = 16
_MONEY_OUT: Final = 32
_WATCHED: Final = 64
_GROUP: Final = 128
_ONE_SIDED: Final = DEBITS | CREDITS | {REFUND}
_DEBIT_KINDS: Final = DEBITS | {REFUND}
_OWN_INVOICE: Final = DEBITS | {OPENING, ""}
_PLAIN_ENTRY: Final = 3
_PLAIN_POSTING: Final = 2
_NO_WORDS: Final[Mapping[str, Any]] = {}
_NO_TARGETS: Final[tuple[str, ...]] = ()


class Reading(NamedTuple):
    """What `read_movements` found; see `Facts` for the first two.

    Attributes:
      payees: Code → metadata of the first entry, for customers of control accounts.
      booked: The postings on accounts that rules watch.
    """

    pockets: list[Pocket]
    movements: Movements
    payees: dict[str, Mapping[str, Any]]
    booked: list[Booked]


class _Roles(dict[str, int]):
    """Account → what it is, found once for each account."""

    def __init__(self, settings: Settings, equity: str) -> None:
        super().__init__()
        self._roots = (
            (_CUSTOMER, settings.roles[CUSTOMERS]),
            # What a collector has received is received, and followed from there.
            (_BANK | _WATCHED, settings.roles[IN_HAND]),
            (_GROUP | _WATCHED, settings.roles[GROUP]),
            (_BANK, (*settings.roles[BANK], *settings.roles[SUSPENSE])),
            (_BAD_DEBT, settings.roles[BAD_DEBT]),
            # What is given up against the allowance is written off as well.
            (_BAD_DEBT | _WATCHED, settings.roles[ALLOWANCE]),
            (_EQUITY, (equity,)),
            (_WATCHED, tuple(account for role in WATCHED for account in settings.roles[role])),
        )

    def __missing__(self, account: str) -> int:
        role = next((role for role, roots in self._roots if within(account, roots)), 0)
        self[account] = role
        return role


class _TermsInForce:
    """The payment terms of an account on a day, from the customer or the policies."""

    def __init__(
        self,
        settings: Settings,
        details: Mapping[str, Mapping[str, Any]],
        others: Sequence[Any],
        problems: list[Problem],
    ) -> None:
        self._settings = settings
        self._dated = frozenset(settings.names("terms"))
        self._own: dict[str, Terms | None] = {}
        self._customers: dict[str, list[tuple[datetime.date, Terms]]] = {}
        agreed: dict[str, Terms] = {}
        for account, meta in details.items():
            own = self._own[account] = _read_terms(meta.get("terms"), meta, None, problems)
            if own is not None:
                agreed.setdefault(customer_of(account, meta), own)
        for account, meta in details.items():
            # What is agreed with a customer holds for all their accounts.
            self._own[account] = self._own[account] or agreed.get(customer_of(account, meta))
        for entry in others:
            if getattr(entry, "type", None) == "receivables-customer" and entry.values:
                found = _read_terms(entry.meta.get("terms"), entry.meta, entry, problems)
                if found is not None:
                    self._customers.setdefault(str(entry.values[0].value), []).append((entry.date, found))
        self._contracts = {
            number: _read_terms(contract.details.get("terms"), contract.source, None, problems)
            for number, contract in settings.contracts.items()
        }
        self.by_contract = any(terms is not None for terms in self._contracts.values())
        # Account → terms, where neither the day nor the customer's name can change them.
        roots = settings.roles[CUSTOMERS]
        changing = self._dated | self._customers.keys()
        self.plain: dict[str, Terms | None] = {
            account: own
            for account, own in self._own.items()
            if account not in roots
            and customer_of(account, details[account]) not in changing
            and (own is not None or "" not in self._dated)
        }

    def of_contract(self, number: str) -> Terms | None:
        """The terms of a contract; None when it has none or is not known."""
        return self._contracts.get(number)

    def knows_contract(self, number: str) -> bool:
        """Whether the ledger sets the contract."""
        return number in self._contracts

    def nearest_contract(self, number: str) -> str:
        """The contract whose number looks most like this one."""
        return nearest(number, self._contracts)

    def of(self, pocket: Pocket, date: datetime.date) -> Terms | None:
        """The terms of a customer's account on a day."""
        if pocket.customer in self._dated:
            policy: Terms | None = self._settings.value("terms", "terms", date, name=pocket.customer)
            if policy is not None:
                return policy
        own = self._own.get(pocket.account)
        for since, terms in self._customers.get(pocket.customer, ()):
            # In force from its date until the next, as every setting; entries are in order of date.
            if since <= date:
                own = terms
        return own if own is not None else self._settings.value("terms", "terms", date)


def _read_terms(value: Any, source: Mapping[str, Any], entry: Any, problems: list[Problem]) -> Terms | None:
    if value is None:
        return None
    try:
        return parse_terms(str(value))
    except TermsError as error:
        problems.append(problem("bad-terms", source, entry, reason=error))
        return None


@lru_cache(maxsize=65536)
def _targets(written: str) -> tuple[str, ...]:
    """The numbers in `settles: "INV-1, INV-2"`, in order."""
    return tuple(part.strip() for part in written.split(",") if part.strip())


def read_movements(
    transactions: Sequence[Any],
    options: Mapping[str, Any],
    settings: Settings,
    details: Mapping[str, Mapping[str, Any]],
    others: Sequence[Any],
    problems: list[Problem],
) -> Reading:
    """Read every posting on a receivable account.

    Args:
      transactions: In Beancount's order.
      options: For the name of the root account of equity.
      settings, details: As read before.
      others: Directives that are not transactions, for terms of customers without an account.
      problems: Whatever is wrong is appended here.
    """
    roles = _Roles(settings, options["name_equity"])
    reader = _Reader(settings, details, others, problems)
    numbering = Numbering(settings)
    beginnings = numbering.undated
    known_words = reader.known_words
    standing = reader.standing
    plain_terms = reader.terms.plain
    dates: list[datetime.date] = []
    amounts: list[Decimal] = []
    pockets: list[int] = []
    kinds: list[str] = []
    numbers: list[str] = []
    all_links: list[frozenset[str]] = []
    all_terms: list[Terms | None] = []
    entries: list[Any] = []
    postings: list[Any] = []
    all_settles: dict[int, tuple[str, ...]] = {}
    dues: dict[int, datetime.date] = {}
    all_dated: dict[int, datetime.date] = {}
    parts: dict[int, str] = {}
    several_links: list[int] = []
    unnumbered: list[int] = []
    watched: list[tuple[Any, Any]] = []
    for entry in transactions:
        found: Any = None
        several = False
        sides = 0
        for posting in entry.postings:
            role = roles[posting.account]
            if role:
                if role == _CUSTOMER:
                    if found is None:
                        found = posting
                    elif several:
                        found.append(posting)
                    else:
                        found = [found, posting]
                        several = True
                elif role & _BANK:
                    units = posting.units
                    if units is not None and units.number is not None:
                        sides |= _MONEY_IN if units.number > 0 else _MONEY_OUT
                    if role & _WATCHED:
                        watched.append((entry, posting))
                else:
                    sides |= role
                    if role & _WATCHED:
                        watched.append((entry, posting))
        if found is None:
            continue
        if sides & _GROUP:
            sides |= _through_group(entry, roles)
        meta, date, _, _, _, tags, links, _ = entry
        tagged = _tagged(entry, problems) if tags and not _TAGS.isdisjoint(tags) else ""
        plain = _PLAIN_ENTRY if "__tolerances__" in meta else _PLAIN_ENTRY - 1
        words = meta if len(meta) > plain and not known_words.isdisjoint(meta) else None
        if several:
            # What is one document stands side by side: debits and credits apart, each currency for itself.
            found.sort(key=_side)
        for posting in found if several else (found,):
            account, units, _, _, _, below = posting
            if units is None or not units.number:
                continue
            amount, currency = units
            pocket = standing.get((account, currency))
            if pocket is None:
                pocket = reader.stand(entry, posting)
            debit = amount > 0
            if tagged:
                kind = tagged
                if kind in _ONE_SIDED:
                    kind = _checked_side(kind, entry, posting, problems)
            elif debit:
                kind = INVOICE if not sides else OPENING if sides & _EQUITY else "" if sides & _MONEY_OUT else INVOICE
            else:
                kind = (
                    RECEIPT
                    if sides & _MONEY_IN
                    else WRITE_OFF
                    if sides & _BAD_DEBT
                    else OPENING
                    if sides & _EQUITY
                    else CREDIT_MEMO
                )
            if words is not None or (below and (len(below) > _PLAIN_POSTING or "lineno" not in below)):
                said = reader.words(entry, posting, kind, pocket, words)
                number, settles, due, terms, dated, part = said
                if settles and not kind:
                    # Money paid out for a document that it names is paid back.
                    kind, terms = REFUND, None
                position = len(kinds)
                if settles:
                    all_settles[position] = settles
                if due is not None:
                    dues[position] = due
                if dated is not None:
                    all_dated[position] = dated
                if part:
                    parts[position] = part
            else:
                number = ""
                if not debit or kind in NEVER_DUE:
                    terms = None
                elif account in plain_terms:
                    terms = plain_terms[account]
                else:
                    terms = reader.terms.of(reader.pockets[pocket], date)
            if not number:
                if len(links) == 1:
                    (number,) = links
                elif links:
                    begin = beginnings.get(kind)
                    if begin is not None and len(links) == 2:
                        # The usual pair of a receipt: its own number and the invoice's.
                        one, two = links
                        if one.startswith(begin):
                            number = "" if two.startswith(begin) else one
                        elif two.startswith(begin):
                            number = two
                    else:
                        number = numbering.choose(kind, links, date)
                    if not number:
                        several_links.append(len(kinds))
                else:
                    unnumbered.append(len(kinds))
            dates.append(date)
            amounts.append(amount)
            pockets.append(pocket)
            kinds.append(kind)
            numbers.append(number)
            all_links.append(links)
            all_terms.append(terms)
            entries.append(entry)
            postings.append(posting)
        if tagged == APPLY:
            _check_apply(entry, found if several else [found], problems)
    movements = Movements(
        dates, amounts, pockets, kinds, numbers, all_links, all_terms, entries, postings,
        all_settles, dues, all_dated, parts,
    )  # fmt: skip
    if unnumbered:
        unnumbered = name_applied(movements, numbers, unnumbered)
    if several_links:
        choose_unclear(movements, numbers, several_links, numbering, problems)
    if unnumbered:
        name_unnumbered(movements, numbers, unnumbered, reader.pockets)
    booked = read_booked(watched, movements, reader.pockets, settings, options["name_equity"])
    return Reading(reader.pockets, movements, reader.payees, booked)


def _through_group(entry: Any, roles: Mapping[str, int]) -> int:
    """Whether money came in or went out through another company of the group.

    It did for the company whose half of the matter an entry is. In an entry with both halves the accounts between the
    companies cancel, and the other accounts say what it is.
    """
    sums: dict[str, Decimal] = {}
    for posting in entry.postings:
        units = posting.units
        if roles[posting.account] & _GROUP and units is not None and units.number is not None:
            sums[units.currency] = sums.get(units.currency, Decimal(0)) + units.number
    sides = 0
    for amount in sums.values():
        sides |= _MONEY_IN if amount > 0 else _MONEY_OUT if amount else 0
    return sides


def _side(posting: Any) -> tuple[bool, str]:
    units = posting.units
    if units is None or units.number is None:
        return True, ""
    return units.number < 0, units.currency


class _Reader:
    """What reading one posting needs besides the posting: where it stands, and the words in metadata."""

    def __init__(
        self,
        settings: Settings,
        details: Mapping[str, Mapping[str, Any]],
        others: Sequence[Any],
        problems: list[Problem],
    ) -> None:
        self.terms = _TermsInForce(settings, details, others, problems)
        self.pockets: list[Pocket] = []
        # Account and currency → pocket; on a control account the pocket is another for each customer.
        self.standing: dict[tuple[str, str], int] = {}
        self.payees: dict[str, Mapping[str, Any]] = {}
        # Without contracts that have terms, `contract:` decides nothing here.
        self.known_words = WORDS if self.terms.by_contract else WORDS - {"contract"}
        self._on_control: dict[Pocket, int] = {}
        self._details = details
        self._roots = settings.roles[CUSTOMERS]
        self._problems = problems

    def stand(self, entry: Any, posting: Any) -> int:
        """The pocket of a posting, made when new; that of no customer (and a problem) when nobody is named."""
        key = account, currency = posting.account, posting.units.currency
        if account not in self._roots:
            code = customer_of(account, self._details.get(account, _NO_WORDS))
            if account not in self._details:
                # Never opened, which is Beancount's error; what is owed is owed all the same.
                self.payees.setdefault(code, entry.meta)
            found = self.standing[key] = len(self.pockets)
            self.pockets.append(Pocket(account, code, currency))
            return found
        customer = self._named_customer(entry, posting)
        if customer is None:
            self._problems.append(
                problem("no-customer", posting.meta or entry.meta, entry, amount=posting.units, account=account)
            )
            # An unnamed pocket keeps the account and currency for the tie-out.
            customer = ""
        else:
            self.payees.setdefault(customer, entry.meta)
        pocket = Pocket(account, customer, currency)
        known = self._on_control.get(pocket)
        if known is None:
            known = self._on_control[pocket] = len(self.pockets)
            self.pockets.append(pocket)
        return known

    def _named_customer(self, entry: Any, posting: Any) -> str | None:
        """On a control account: `customer:` on posting or transaction, else the payee."""
        for meta in (posting.meta or _NO_WORDS, entry.meta):
            code = _word(meta, "customer", entry, self._problems)
            if code:
                return code
        return entry.payee or None

    def words(
        self, entry: Any, posting: Any, kind: str, pocket: int, words: Mapping[str, Any] | None
    ) -> tuple[str, tuple[str, ...], datetime.date | None, Terms | None, datetime.date | None, str]:
        """Number, settles, due, terms, dated and part, as the metadata of posting and transaction say.

        The posting's word goes before the transaction's.
        """
        problems = self._problems
        below = posting.meta or _NO_WORDS
        both: tuple[Mapping[str, Any], ...] = (below,) if words is None else (below, words)
        debit = posting.units.number > 0
        number, part = "", ""
        settles = _NO_TARGETS
        due = dated = None
        for meta in both:
            if "settles" in meta and not settles:
                settles = _targets(_word(meta, "settles", entry, problems))
            if "due" in meta and due is None:
                value = meta["due"]
                due = value if type(value) is datetime.date else _day(meta, "due", entry, problems)
            if "number" in meta and not number:
                number = _word(meta, "number", entry, problems)
            if "dated" in meta and dated is None:
                dated = _day(meta, "dated", entry, problems)
        for meta in both:
            if "invoice" in meta and not settles:
                targets = _targets(_word(meta, "invoice", entry, problems))
                if debit and kind in _OWN_INVOICE:
                    # Many books write `invoice:` on the invoice itself: there it is its own number.
                    number = number or ", ".join(targets)
                else:
                    settles = targets
        if self.pockets[pocket].account not in self._roots:
            for meta in both:
                if "customer" in meta and meta["customer"] != self.pockets[pocket].customer:
                    self._ignored_customer(entry, pocket, meta)
        if "kind" in below:
            part = _word(below, "kind", entry, problems)
            if part and part != RETENTION:
                problems.append(problem("unknown-kind", below, entry, value=part))
                part = ""
        if not debit:
            # A credit is not due; whatever the entry says of its invoice does not concern it.
            return number, settles, None, None, dated, part
        terms = self._terms(entry, pocket, both) if due is None and kind not in NEVER_DUE else None
        return number, settles, due, terms, dated, part

    def _ignored_customer(self, entry: Any, pocket: int, meta: Mapping[str, Any]) -> None:
        account, owner, _ = self.pockets[pocket]
        self._problems.append(
            problem(
                "customer-ignored",
                meta if "filename" in meta else entry.meta,
                entry,
                customer=meta["customer"],
                account=account,
                owner=owner,
            )
        )

    def _terms(self, entry: Any, pocket: int, both: Sequence[Mapping[str, Any]]) -> Terms | None:
        """The terms of a document: its own, its contract's, else the customer's."""
        for meta in both:
            if "terms" in meta:
                own = _read_terms(meta["terms"], meta if "filename" in meta else entry.meta, entry, self._problems)
                if own is not None:
                    return own
        for meta in both:
            if "contract" in meta:
                number = _word(meta, "contract", entry, self._problems)
                if number and not self.terms.knows_contract(number):
                    self._problems.append(
                        problem(
                            "unknown-contract",
                            meta if "filename" in meta else entry.meta,
                            entry,
                            number=number,
                            nearest=self.terms.nearest_contract(number),
                        )
                    )
                agreed = self.terms.of_contract(number)
                if agreed is not None:
                    return agreed
        return self.terms.of(self.pockets[pocket], entry.date)


def _tagged(entry: Any, problems: list[Problem]) -> str:
    """The kind that the tags name; when several do, the first in the language's order and a problem."""
    named = [kind for kind in TAGGED_KINDS if kind in entry.tags]
    if len(named) > 1:
        tags = " ".join(f"#{kind}" for kind in named)
        problems.append(problem("several-kinds", entry.meta, entry, tags=tags))
    return named[0]


def _checked_side(kind: str, entry: Any, posting: Any, problems: list[Problem]) -> str:
    """The kind of a tagged posting, corrected (with a problem) where the tag does not fit the sign."""
    units = posting.units
    debit = units.number > 0
    source = posting.meta or entry.meta
    if debit == (kind in _DEBIT_KINDS):
        return kind
    if kind in DEBITS:
        problems.append(problem("negative-invoice", source, entry, kind=kind, amount=units))
        return CREDIT_MEMO
    side, other = ("debit", "credit") if debit else ("credit", "debit")
    problems.append(
        problem(
            "wrong-side",
            source,
            entry,
            kind=kind,
            side=side,
            amount=units,
            other=other,
            suggestion=SUGGESTIONS[kind],
        )
    )
    return INVOICE if debit else CREDIT_MEMO


def _word(meta: Mapping[str, Any], word: str, entry: Any, problems: list[Problem]) -> str:
    """The text of a metadata word; "" when absent; whole numbers count as text."""
    value = meta.get(word)
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return str(value)
    problems.append(problem("bad-text", meta if "filename" in meta else entry.meta, entry, word=word, value=str(value)))
    return ""


def _day(meta: Mapping[str, Any], word: str, entry: Any, problems: list[Problem]) -> datetime.date | None:
    """The date of a metadata word; None when absent or (with a problem) not a date."""
    value = meta.get(word)
    if value is None or isinstance(value, datetime.date):
        return value
    if isinstance(value, str):
        try:
            return datetime.date.fromisoformat(value.strip())
        except ValueError:
            pass
    problems.append(problem("bad-date", meta if "filename" in meta else entry.meta, entry, word=word, value=str(value)))
    return None


def _check_apply(entry: Any, found: Sequence[Any], problems: list[Problem]) -> None:
    sums: dict[str, Decimal] = {}
    for posting in found:
        currency = posting.units.currency
        sums[currency] = sums.get(currency, Decimal(0)) + posting.units.number
    left = [f"{amount} {currency}" for currency, amount in sorted(sums.items()) if amount]
    if left:
        problems.append(problem("apply-not-cancelling", entry.meta, entry, amount=" and ".join(left)))
