"""Revaluation: what is open in a foreign currency at the closing rate, and the difference that nobody has realised yet.

Monetary items in a foreign currency stand in a balance sheet at the rate of its day, and the difference is income or
expense of the period (IAS 21.23(a) and 21.28; VAS 10.10(a)). The difference is always that to the rate at which
the item was booked: what an earlier closing revalued has been taken back, or is taken off.
"""

from __future__ import annotations

import datetime
import re
from bisect import bisect_left
from collections.abc import Mapping
from decimal import Context, Decimal
from typing import Any, Final, NamedTuple

from receivables.book import Book
from receivables.facts import REVALUATION
from receivables.lookup import Lookup
from receivables.money import added, rounded
from receivables.places import source_of, told_place
from receivables.problems import Problem, problem
from receivables.settings import ACCOUNT, CUSTOMERS, EXCHANGE, UNREALISED, Key, Policy, PolicyForm, flag, one_of, text
from receivables.settings import whole_number as days
from receivables.view import Rates, View, rates_at, scale_of, view

PUBLISHED: Final = "published"
"""The series of Beancount's `price` directives."""

CUSTOMER: Final = "customer"
"""The word for posting on the customer's own account."""

NEXT_DAY: Final = "next-day"
CLOSING: Final = "closing"
"""Metadata of what is posted: the closing day to which a revaluation, or what takes it back, belongs."""

RECEIVABLE: Final = "receivable"
"""Metadata of what is posted on an adjustment account: the customer's account that it is about."""

MONETARY: Final = "monetary"
"""The word on an entry, account or customer that says whether money will be received or paid (IAS 21.16)."""

_WIDE: Final = Context(prec=120)
_ENDLESS: Final = 28
"""So many digits has a price that Beancount divided out of a total (`@@`): the last of them is rounded."""

_CURRENCY: Final = re.compile(r"[A-Z][A-Z0-9'._-]{0,22}[A-Z0-9]|[A-Z]")


def _currency(value: Any) -> str:
    written = text(value)
    if not _CURRENCY.fullmatch(written):
        raise ValueError(value)
    return written


def _place(value: Any) -> str:
    written = text(value)
    if written != CUSTOMER and not ACCOUNT.fullmatch(written):
        raise ValueError(value)
    return written


def _check(values: Mapping[str, Any]) -> None:
    if "currency" not in values:
        raise ValueError('it does not say the functional currency: add currency: "VND", or the one of your books')


FORM: Final = PolicyForm(
    "revaluation",
    "How what is open in a foreign currency is valued on a closing day; named by an entity, for its customers.",
    {
        "currency": Key(_currency, 'a currency, as "VND"', "The functional currency, in which the books are kept."),
        "price": Key(
            text,
            '"published" or the beginning of the names of rates, as "VCB"',
            'published takes price directives; "VCB" the rates VCB-USD, VCB-EUR, … in the functional currency.',
        ),
        "price-days": Key(days, "a number of days", "How old a price may be; without it, as old as it is."),
        "credits": Key(flag, '"yes" or "no"', "Whether credits on account are revalued too."),
        "post": Key(
            _place, '"customer" or an account', "Where the difference stands: the customer's account, or this one."
        ),
        "reverse": Key(one_of(NEXT_DAY, "no"), '"next-day" or "no"', "Whether it is taken back the day after."),
        "source": Key(text, "a text", "The standard or decision that says so."),
    },
    named=True,
    check=_check,
)


class Rule(NamedTuple):
    """The policy in force for a customer's account on a closing day, with its defaults.

    Attributes:
      currency: The functional currency.
      price: `PUBLISHED`, or the beginning of the names of rates.
      price_days: How many days old a price may be; None for any.
      credits: Whether credits on account are revalued.
      post: `CUSTOMER`, or the account on which the difference stands.
      reverse: Whether it is taken back on the next day.
      policy: Where all this is said.
    """

    currency: str
    price: str
    price_days: int | None
    credits: bool
    post: str
    reverse: bool
    policy: Policy

    @property
    def told(self) -> str:
        """The policy in words: its name, its first day, and its source where it has one."""
        source = self.policy.values.get("source")
        named = f'revaluation "{self.policy.name}"' if self.policy.name else "revaluation"
        return f"{named} of {self.policy.date}" + (f" ({source})" if source else "")


class Quote(NamedTuple):
    """What one unit of a foreign currency is worth.

    Attributes:
      rate: In the functional currency.
      told: Where that is said, in words: the day, file and line of the price; "entry" for the entry's own.
    """

    rate: Decimal
    told: str


class Revalued(NamedTuple):
    """An open item at the closing rate.

    Attributes:
      item: The item.
      rule: The policy.
      outstanding: What is open, in the item's currency; negative for a credit.
      booked: The rate at which it was booked.
      carrying: What is open at that rate, rounded half up to the functional currency's digits.
      closing: The closing rate.
      value: What is open at the closing rate, rounded alike.
    """

    item: int
    rule: Rule
    outstanding: Decimal
    booked: Quote
    carrying: Decimal
    closing: Quote
    value: Decimal

    @property
    def unrealised(self) -> Decimal:
        """The gain (positive) or loss."""
        return self.value - self.carrying

    def calculation(self, currency: str) -> str:
        """How the figure comes about, for an item in `currency`."""
        home = self.rule.currency
        return (
            f"{self.outstanding:,} {currency} x {self.closing.rate:,f} = {self.value:,} {home}, "
            f"booked at {self.booked.rate:,f} = {self.carrying:,} {home}"
        )


class Place(NamedTuple):
    """Whose difference it is, and in which currency: what is posted is posted for one of these."""

    account: str
    customer: str
    currency: str


class Revaluation(NamedTuple):
    """All open items in foreign currencies of a view, at the closing rate.

    Attributes:
      items: In order of the book.
      incomplete: Where an item could not be valued, so that a sum would be wrong.
      problems: Which prices are missing, and what else stops a figure.
    """

    items: tuple[Revalued, ...]
    incomplete: frozenset[Place]
    problems: tuple[Problem, ...]


class Balance(NamedTuple):
    """What a place's revaluation must be, and what is booked of it.

    Attributes:
      place: Whose it is.
      rule: The policy.
      needed: The unrealised result of all its items.
      booked: What stands booked at the end of the closing day.
      kept: What of that still stands the day after, without what a closing on that day itself has booked.
    """

    place: Place
    rule: Rule
    needed: Decimal
    booked: Decimal
    kept: Decimal

    @property
    def to_book(self) -> Decimal:
        """What is missing on the closing day."""
        return self.needed - self.booked

    @property
    def to_take_back(self) -> Decimal:
        """What must be booked the day after, so that nothing stands; zero where the rule lets it stand."""
        return -(self.kept + self.to_book) if self.rule.reverse else Decimal(0)


def rule_for(lookup: Lookup, book: Book, pocket: int, day: datetime.date) -> Rule | None:
    """The policy of a pocket on a day: that of its entity, else the one without a name; None where there is none."""
    entity = lookup.of_pocket(pocket, "entity")
    found = None if entity is None else book.settings.in_force(FORM.subject, day, str(entity))
    found = found or book.settings.in_force(FORM.subject, day)
    if found is None:
        return None
    values = found.values
    return Rule(
        currency=values["currency"],
        price=values.get("price", PUBLISHED),
        price_days=values.get("price-days"),
        credits=values.get("credits", True),
        post=values.get("post", CUSTOMER),
        reverse=values.get("reverse", NEXT_DAY) == NEXT_DAY,
        policy=found,
    )


class Prices:
    """Prices of any day by the rule that asks, each day's found once.

    Args:
      book: Its price directives, its rates, and the folder from which files are named.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        self._days: dict[tuple[datetime.date, str], Rates] = {}

    def of(self, currency: str, rule: Rule, day: datetime.date) -> Quote | None:
        """What one unit of a currency is worth on a day; None where no price is known, or only one too old."""
        if rule.price != PUBLISHED:
            rate = self._book.settings.rate(f"{rule.price}-{currency}", day)
            if rate is None or _too_old(rate.date, rule, day) or rate.percent <= 0:
                return None
            checked = "" if rate.verified else ", not verified"
            return Quote(rate.percent, f"{rate.date} {rate.name}, {self._line(rate.source)}{checked}")
        if (day, rule.currency) not in self._days:
            self._days[day, rule.currency] = rates_at(self._book, day, rule.currency)
        rates = self._days[day, rule.currency]
        fact = rates.facts.get(currency)
        if fact is None or _too_old(fact.date, rule, day) or fact.rate <= 0:
            return None
        turned = "" if fact.quote == rule.currency else f", 1 {fact.base} = {fact.rate:,f} {fact.quote} turned round"
        return Quote(rates.rates[currency], f"{fact.date}, {self._line(fact.source)}{turned}")

    def _line(self, source: Mapping[str, Any]) -> str:
        return told_place(self._book.folder, source)


def revalue(view: View) -> Revaluation:
    """The open items of a view that are in another currency than their books, at the rate of its day.

    An item without a price in the functional currency was booked at the price of its document's day. What cannot be
    valued is left out, and said in `problems`.
    """
    book, lookup, prices = view.book, Lookup(view.book), Prices(view.book)
    pockets = {book.items.pocket[item] for item in view.items}
    rules = {pocket: rule_for(lookup, book, pocket, view.as_of) for pocket in pockets}
    found: list[Revalued] = []
    incomplete: set[Place] = set()
    # Of a price that is missing for many items, one line tells.
    problems: dict[object, Problem] = {}
    for item, units in zip(view.items, view.outstanding, strict=True):
        rule = rules[book.items.pocket[item]]
        currency = view.currency(item)
        if rule is None or currency == rule.currency or view.kind(item) == REVALUATION:
            continue
        if not _monetary(lookup, view, item, rule, problems):
            continue
        closing, booked = prices.of(currency, rule, view.as_of), _booked(prices, view, item, rule)
        if closing is None:
            problems.setdefault(
                (rule.policy.name, currency),
                problem(
                    "no-closing-rate", rule.policy.source, None, series=_series(rule, currency), date=view.as_of,
                    age=_age(rule), example=_example(rule, currency, view.as_of),
                ),
            )  # fmt: skip
        if booked is None:
            date = datetime.date.fromordinal(book.items.date[item])
            problems[item] = problem(
                "no-booked-rate", source_of(book.texts.source(item)), None, number=view.label(item),
                currency=rule.currency, series=_series(rule, currency), date=date, age=_age(rule),
                example=_example(rule, currency, date),
            )  # fmt: skip
        if closing is None or booked is None:
            pocket = book.pockets[book.items.pocket[item]]
            incomplete.add(Place(pocket.account, pocket.customer, rule.currency))
            continue
        if _misplaced(book, rule):
            problems.setdefault(
                (rule.policy.name, rule.post),
                problem(
                    "revaluation-among-customers", rule.policy.source, None, account=rule.post,
                    customers=", ".join(book.settings.roles[CUSTOMERS]),
                ),
            )  # fmt: skip
        outstanding, digits = view.amount(item, units), scale_of(book, rule.currency).digits
        found.append(
            Revalued(
                item, rule, outstanding, booked, worth(outstanding, booked.rate, digits),
                closing, worth(outstanding, closing.rate, digits),
            )
        )  # fmt: skip
    return Revaluation(tuple(found), frozenset(incomplete), tuple(problems.values()))


def balances(seen: View, revaluation: Revaluation) -> list[Balance]:
    """What must stand revalued at the end of the view's day and what does, by account, customer and currency.

    Args:
      seen: The whole book as of the closing day.
      revaluation: What `revalue` found in it; places that are incomplete are left out.
    """
    book, lookup = seen.book, Lookup(seen.book)
    # The last day of the calendar has no day after it.
    later = seen if seen.as_of == datetime.date.max else view(book, seen.as_of + datetime.timedelta(days=1))
    rules: dict[Place, Rule] = {}
    needed: dict[Place, list[Decimal]] = {}
    for each in revaluation.items:
        place = _place_of(book, book.items.pocket[each.item], each.rule.currency)
        rules[place] = each.rule
        needed.setdefault(place, []).append(each.unrealised)
    for position, pocket in enumerate(book.pockets):
        # What was revalued of items that are settled by now stands too.
        rule = rule_for(lookup, book, position, seen.as_of)
        if rule is not None:
            rules.setdefault(Place(pocket.account, pocket.customer, rule.currency), rule)
    booked, kept = _standing(seen, later, rules), _standing(later, later, rules)
    return [
        Balance(place, rules[place], added(needed.get(place, ())), added(booked[place]), added(kept[place]))
        for place in sorted(rules.keys() - revaluation.incomplete)
        if (place in needed or booked[place] or kept[place]) and not _misplaced(book, rules[place])
    ]


def _standing(seen: View, later: View, rules: Mapping[Place, Rule]) -> Mapping[Place, list[Decimal]]:
    """What stands revalued at the end of a view's day; of the day `later` only what belongs to the closing before."""
    book = seen.book
    found: dict[Place, list[Decimal]] = {place: [] for place in rules}
    for item, units in zip(seen.items, seen.outstanding, strict=True):
        place = _place_of(book, book.items.pocket[item], seen.currency(item))
        if seen.kind(item) == REVALUATION and place in rules and rules[place].post == CUSTOMER:
            found[place].append(seen.amount(item, units))
    last = later.as_of.toordinal()
    for item in range(bisect_left(book.items.day, last), seen.item_count):
        if seen.kind(item) == REVALUATION:
            # Its amount and not what is open of it, as it may have cancelled out with another by now.
            place = _place_of(book, book.items.pocket[item], seen.currency(item))
            own = book.texts.details(item).get(CLOSING) == later.as_of
            if own and place in rules and rules[place].post == CUSTOMER:
                found[place].append(-seen.amount(item, book.items.amount[item]))
    for each in book.booked:
        place = Place(str(each.details.get(RECEIVABLE)), each.customer, each.currency)
        if each.kind != REVALUATION or each.role not in (UNREALISED, EXCHANGE) or each.date > seen.as_of:
            continue
        own = each.date == later.as_of and each.details.get(CLOSING) == later.as_of
        if not own and place in rules and rules[place].post != CUSTOMER:
            found[place].append(-each.amount)
    return found


def worth(amount: Decimal, rate: Decimal, digits: int) -> Decimal:
    """The amount at a rate, rounded half up; a rate that is itself a rounded quotient does not decide a half.

    >>> worth(Decimal("2.50"), Decimal("1.1"), 0), worth(Decimal(-3), Decimal(1) / Decimal(6), 0)
    (Decimal('3'), Decimal('-1'))
    """
    exact = _WIDE.multiply(amount, rate)
    if len(rate.as_tuple().digits) >= _ENDLESS:
        exact = rounded(exact, digits + 10)
    return rounded(exact, digits)


def _place_of(book: Book, pocket: int, currency: str) -> Place:
    return Place(book.pockets[pocket].account, book.pockets[pocket].customer, currency)


def _misplaced(book: Book, rule: Rule) -> bool:
    """Whether the policy names a customers' account for the difference, where it would be somebody's document."""
    roots = book.settings.roles[CUSTOMERS]
    return rule.post != CUSTOMER and any(rule.post == root or rule.post.startswith(f"{root}:") for root in roots)


def _too_old(date: datetime.date, rule: Rule, day: datetime.date) -> bool:
    return rule.price_days is not None and (day - date).days > rule.price_days


def _monetary(lookup: Lookup, view: View, item: int, rule: Rule, problems: dict[object, Problem]) -> bool:
    """Whether money will be received or paid for it: its own word says so, else the rule for credits."""
    said = lookup.of_item(item, MONETARY)
    if said is not None:
        try:
            return flag(said)
        except ValueError:
            source = source_of(view.book.texts.source(item))
            problems[MONETARY, item] = problem("bad-flag", source, word=MONETARY, value=said)
    return view.book.items.amount[item] > 0 or rule.credits


def _booked(prices: Prices, view: View, item: int, rule: Rule) -> Quote | None:
    """The entry's own rate, else the price of the document's day."""
    own = view.book.texts.rate(item)
    if own is not None and own[1] == rule.currency:
        return Quote(own[0], "entry")
    return prices.of(view.currency(item), rule, datetime.date.fromordinal(view.book.items.date[item]))


def _series(rule: Rule, currency: str) -> str:
    return f"price of {currency} in {rule.currency}" if rule.price == PUBLISHED else f"rate {rule.price}-{currency}"


def _age(rule: Rule) -> str:
    return "" if rule.price_days is None else f" and at most {rule.price_days} days older"


def _example(rule: Rule, currency: str, day: datetime.date) -> str:
    if rule.price == PUBLISHED:
        return f"{day} price {currency} ... {rule.currency}"
    return f'{day} custom "receivables-rate" "{rule.price}-{currency}" ...'
