"""Companies of a group: the accounts between them, and the entries that move money past these accounts.

Nothing here looks at an entry unless the ledger has accounts between companies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from beancount.core.convert import get_weight
from beancount.core.data import Close, Open

from receivables.facts import Between, Booked
from receivables.language.booked import place
from receivables.language.customers import within
from receivables.money import EXACT, added, iso_digits, rounded
from receivables.problems import Problem, problem
from receivables.rules.group import ENTITY, WITH, legs_among, word_of
from receivables.settings import BANK, CUSTOMERS, GROUP, IN_HAND, SUSPENSE, Settings

Details = Mapping[str, Mapping[str, Any]]
"""Account → metadata on its `open`."""


def read_between(
    others: Sequence[Any], settings: Settings, details: Details, money: Details, liabilities: str
) -> dict[str, Between]:
    """The accounts between companies, in order of their opening.

    Args:
      others: Directives that are not transactions.
      settings: The roles.
      details, money: Metadata of the receivable accounts, and of those where money is.
      liabilities: The name of the root account of liabilities.
    """
    roots = settings.roles[GROUP]
    accounts = frozenset(account for account in money if within(account, roots))
    if not accounts:
        return {}
    opened = [entry for entry in others if type(entry) is Open and entry.account in accounts]
    closed = {entry.account: entry.date for entry in others if type(entry) is Close}
    words = {
        entry.account: (word_of(entry.account, ENTITY, money, details), word_of(entry.account, WITH, money))
        for entry in opened
    }
    return {
        entry.account: Between(
            account=entry.account,
            entity=words[entry.account][0],
            # With itself is with nobody.
            other="" if len(set(words[entry.account])) == 1 else words[entry.account][1],
            liability=within(entry.account, (liabilities,)),
            currencies=tuple(entry.currencies or ()),
            opened=entry.date,
            closed=closed.get(entry.account),
            source=place(entry.meta),
        )
        for entry in opened
    }


def check_between(
    between: Mapping[str, Between],
    booked: Sequence[Booked],
    details: Details,
    money: Details,
    problems: list[Problem],
) -> None:
    """Report the accounts between companies on which something is booked, but nobody knows between whom.

    Only where the ledger has several companies: a company alone may call an account so and mean nothing by it.
    """
    if not between:
        return
    companies = {word_of(account, ENTITY, known) for known in (details, money) for account in known} - {""}
    if len(companies) < 2 and not any(each.other for each in between.values()):
        return
    posted = {each.account for each in booked if each.role == GROUP}
    for each in between.values():
        if each.account in posted and not (each.entity and each.other):
            with_whom = word_of(each.account, WITH, money)
            lacking = [f"no {word}:" for word, said in ((ENTITY, each.entity), (WITH, with_whom)) if not said]
            what = f"there is {' and '.join(lacking)}" if lacking else f'{ENTITY}: and {WITH}: are both "{with_whom}"'
            problems.append(problem("between-whom", each.source, account=each.account, what=what))


class _Companies:
    """Which company's an account is, found once for each account."""

    def __init__(self, settings: Settings, details: Details, money: Details, between: Mapping[str, Between]) -> None:
        self._details = details
        self._money = money
        self._money_roots = tuple(root for role in (BANK, SUSPENSE, IN_HAND) for root in settings.roles[role])
        self._roots = (*self._money_roots, *settings.roles[CUSTOMERS], *settings.roles[GROUP])
        self._between = between
        self._of: dict[str, str] = {}
        self.counted = _Counted(self)

    def of(self, account: str) -> str:
        """The company, "" for an account that does not say."""
        known = self._of.get(account)
        if known is None:
            known = self._of[account] = word_of(account, ENTITY, self._details, self._money)
        return known

    def counts(self, account: str) -> bool:
        """Whether it is an account of customers, of money, or between companies."""
        return within(account, self._roots)

    def has_money(self, account: str) -> bool:
        """Whether it is an account at the bank or in hand."""
        return within(account, self._money_roots)

    def of_part(self, entry: Any, posting: Any) -> str:
        """The company of a posting: by its own `entity:`, its account's, that of the entry; "" without any."""
        if posting.account in self._between:
            return self.of(posting.account)
        for said in ((posting.meta or {}).get(ENTITY), self.of(posting.account), entry.meta.get(ENTITY)):
            if isinstance(said, str) and said:
                return said
        return ""


class _Counted(dict[str, str]):
    """Account → its company, for the accounts by which an entry is chosen; "" for all others."""

    def __init__(self, companies: _Companies) -> None:
        super().__init__()
        self._companies = companies

    def __missing__(self, account: str) -> str:
        company = self[account] = self._companies.of(account) if self._companies.counts(account) else ""
        return company


def check_entries(
    transactions: Sequence[Any],
    between: Mapping[str, Between],
    settings: Settings,
    details: Details,
    money: Details,
    problems: list[Problem],
) -> None:
    """Report the entries that move money between companies past the accounts between them.

    Looked at are entries with customers' accounts, money or accounts between companies of two companies or more. What
    stands on accounts without a company may be anybody's: an entry that it can explain is left alone.
    """
    pairs = frozenset((each.entity, each.other) for each in between.values() if each.entity and each.other)
    if not pairs:
        return
    companies = _Companies(settings, details, money, between)
    counted = companies.counted
    for entry in transactions:
        first = ""
        for posting in entry.postings:
            company = counted[posting.account]
            if company and company != first:
                if first:
                    _check(entry, companies, between, pairs, problems)
                    break
                first = company


class _Part(NamedTuple):
    """A posting: its company, and what it weighs in the balance of the entry."""

    company: str
    posting: Any
    weight: Decimal
    currency: str


class _Gap(NamedTuple):
    """What companies lack in one currency: who received what is another's lacks a negative amount.

    Attributes:
      currency: Of the amounts.
      lacking: Company → how much, for those that lack something.
      free: Whether accounts without a company stand in the entry in this currency.
    """

    currency: str
    lacking: Mapping[str, Decimal]
    free: bool


def _check(
    entry: Any,
    companies: _Companies,
    between: Mapping[str, Between],
    pairs: frozenset[tuple[str, str]],
    problems: list[Problem],
) -> None:
    parts = []
    for posting in entry.postings:
        units = posting.units
        if units is None or not isinstance(units.number, Decimal):
            return
        weight = get_weight(posting)  # type: ignore[no-untyped-call]
        parts.append(_Part(companies.of_part(entry, posting), posting, weight.number, weight.currency))
    gaps = list(_gaps(entry, parts, companies))
    if gaps:
        home = _home(parts, companies, gaps[0])
        sums = " and ".join(_said(gap) for gap in gaps)
        mend = " and ".join(told for gap in gaps for told in _mends(entry, parts, gap, home, between))
        if any(gap.free for gap in gaps):
            mend += f" (if what stands on accounts without a company is that of {home})"
        problems.append(problem("past-the-companies", entry.meta, entry, sums=sums, mend=mend))
        return
    shown: dict[tuple[str, str, str], Decimal] = {}
    for part in parts:
        found = between.get(part.posting.account)
        if found is not None and (found.entity, found.other) in pairs:
            key = found.entity, found.other, part.posting.units.currency
            shown[key] = EXACT.add(shown.get(key, Decimal(0)), part.posting.units.number)
    for one, other in sorted({(min(key[:2]), max(key[:2])) for key in shown}):
        if (one, other) in pairs and (other, one) in pairs:
            sides = [_sums_of(shown, *pair) for pair in ((one, other), (other, one))]
            if sides[0] != {currency: -amount for currency, amount in sides[1].items()}:
                told = [", ".join(_amount(n, c) for c, n in sorted(side.items())) or "nothing" for side in sides]
                problems.append(
                    problem("companies-differ", entry.meta, entry, one=one, other=other, first=told[0], second=told[1])
                )


def _sums_of(shown: Mapping[tuple[str, str, str], Decimal], entity: str, other: str) -> dict[str, Decimal]:
    return {key[2]: amount for key, amount in shown.items() if key[:2] == (entity, other) and amount}


def _gaps(entry: Any, parts: Sequence[_Part], companies: _Companies) -> Iterator[_Gap]:
    """What companies lack by an entry, in each currency in which nothing else explains it."""
    free_anywhere = any(not part.company for part in parts)
    if free_anywhere and not any(companies.has_money(part.posting.account) for part in parts):
        # Gains and losses of several companies may stand in one line as what is left of them.
        return
    tolerances = entry.meta.get("__tolerances__") or {}
    for currency in dict.fromkeys(part.currency for part in parts):
        of_currency = [part for part in parts if part.currency == currency]
        sums: dict[str, list[Decimal]] = {}
        for part in of_currency:
            sums.setdefault(part.company, []).append(part.weight)
        free = sums.pop("", [])
        # Each company's own rounding may be as large as that of the whole entry.
        slack = 2 * tolerances.get(currency, Decimal(0))
        lacking = {company: -total for company, amounts in sums.items() if abs(total := added(amounts)) > slack}
        needed = added(amount for amount in lacking.values() if amount > 0)
        unexplained = EXACT.subtract(needed, added(amount for amount in free if amount > 0))
        if unexplained > max(added(map(abs, free)), slack):
            yield _Gap(currency, lacking, bool(free))


def _home(parts: Sequence[_Part], companies: _Companies, gap: _Gap) -> str:
    """The company through which the money went: the first with money in the entry, else that which has too much."""
    with_money = [part.company for part in parts if companies.has_money(part.posting.account)]
    chosen = [company for company in with_money if company in gap.lacking]
    return chosen[0] if chosen else min(gap.lacking, key=lambda company: (gap.lacking[company], company))


def _said(gap: _Gap) -> str:
    return ", ".join(
        f"{company} has {_amount(abs(amount), gap.currency)} too {'little' if amount > 0 else 'much'}"
        for company, amount in gap.lacking.items()
    )


def _mends(entry: Any, parts: Sequence[_Part], gap: _Gap, home: str, between: Mapping[str, Between]) -> Iterator[str]:
    """What to add, between the company through which the money went and each other that lacks or has something."""
    for company, amount in gap.lacking.items():
        if company == home:
            continue
        number, currency, price = _as_booked(parts, gap, company)
        owing, owed = (home, company) if amount > 0 else (company, home)
        less, more = (f"{_amount(value, currency)}{price}" for value in (-abs(number), abs(number)))
        found = legs_among(between, owing, owed, currency, entry.date)
        if found is None:
            yield (
                f'open an account with entity: "{owing}" and with: "{owed}" for {less}, '
                f'and one with entity: "{owed}" and with: "{owing}" for {more}'
            )
        else:
            yield f"add {found.owing} {less} and {found.owed} {more}"


def _as_booked(parts: Sequence[_Part], gap: _Gap, company: str) -> tuple[Decimal, str, str]:
    """What a company lacks in the currency of its own postings with their price, where they have but one."""
    amount = gap.lacking[company]
    own = [part.posting for part in parts if part.company == company]
    prices = {posting.price for posting in own}
    currencies = {posting.units.currency for posting in own}
    price = own[0].price if own else None
    if price is not None and len(prices) == 1 and len(currencies) == 1 and not any(part.cost for part in own):
        units = added(-posting.units.number for posting in own)
        if EXACT.multiply(units, price.number) == amount:
            return units, own[0].units.currency, f" @ {_amount(price.number, price.currency)}"
    return amount, gap.currency, ""


def _amount(number: Decimal, currency: str) -> str:
    """An amount as in a ledger, with the digits of its currency at least."""
    exact = rounded(number, iso_digits(currency))
    return f"{exact if exact == number else number.normalize():,f} {currency}"
