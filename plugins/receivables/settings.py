"""Settings: the roles of accounts and the dated policies that the ledger sets, as typed records.

Each rule states the form of its own policy (subject, keys, how each value is read) as a
`PolicyForm`; `receivables.rules.forms` collects them. The language reads `custom` directives with
these forms; rules ask `Settings.in_force` for the policy of a day.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from receivables.rules.voucher_numbers import NumberRange

_OTHER: Final = "\x80-\U0010ffff"
ACCOUNT: Final = re.compile(rf"[A-Z{_OTHER}][A-Za-z0-9\-{_OTHER}]*(:[A-Z0-9{_OTHER}][A-Za-z0-9\-{_OTHER}]*)+")
"""What the lexer of Beancount 3.2 reads as the name of an account (parser/lexer.l)."""

Reader = Callable[[Any], object]
"""Turns a metadata value into the typed value of a policy; raises ValueError when it cannot."""

CUSTOMERS: Final = "customers"
BANK: Final = "bank"
BAD_DEBT: Final = "bad-debt"
SUSPENSE: Final = "suspense"
IN_HAND: Final = "in-hand"
GROUP: Final = "group"

PENALTY_INCOME: Final = "penalty-income"
ALLOWANCE: Final = "allowance"
PROVISION_EXPENSE: Final = "provision-expense"
RECOVERIES: Final = "recoveries"
EXCHANGE: Final = "exchange"
UNREALISED: Final = "unrealised-exchange"

ROLES: Final = (
    CUSTOMERS, BANK, IN_HAND, BAD_DEBT, SUSPENSE, GROUP,
    PENALTY_INCOME, ALLOWANCE, PROVISION_EXPENSE, RECOVERIES, EXCHANGE, UNREALISED,
)  # fmt: skip
"""The roles that `custom "receivables-accounts"` may give to accounts."""

WATCHED: Final = (
    PENALTY_INCOME, ALLOWANCE, PROVISION_EXPENSE, RECOVERIES, EXCHANGE, UNREALISED, IN_HAND, GROUP,
)  # fmt: skip
"""The roles of accounts on which the rules book, or that they follow; what stands there is read."""

DESCRIBED: Final = (BANK, IN_HAND, GROUP)
"""The roles of accounts of which the metadata on `open` is read, beside that of customers' accounts."""

DEFAULT_ROLES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    CUSTOMERS: (
        ("name_assets", "Receivable"),
        ("name_assets", "AccountsReceivable"),
        ("name_assets", "Receivables"),
    ),
    BANK: (("name_assets", "Bank"), ("name_assets", "Cash"), ("name_assets", "Checking")),
    IN_HAND: (("name_assets", "InHand"),),
    BAD_DEBT: (("name_expenses", "BadDebt"), ("name_expenses", "BadDebts")),
    SUSPENSE: (("name_liabilities", "UnidentifiedReceipts"),),
    GROUP: (("name_assets", "Intercompany"), ("name_liabilities", "Intercompany")),
    PENALTY_INCOME: (("name_income", "LatePayment"),),
    ALLOWANCE: (("name_assets", "DoubtfulDebts"),),
    PROVISION_EXPENSE: (("name_expenses", "DoubtfulDebts"),),
    RECOVERIES: (("name_income", "Recoveries"),),
    EXCHANGE: (("name_income", "ExchangeGains"), ("name_expenses", "ExchangeLosses")),
    UNREALISED: (("name_income", "UnrealisedExchange"),),
}
"""Role → (option that names the root, account below it), for roles without a line of their own."""


class Key(NamedTuple):
    """One key of a policy.

    Attributes:
      read: Turns the written value into the typed one.
      expected: What to write, for the error message, e.g. '"due" or "date"'.
      about: One sentence for the documentation.
    """

    read: Reader
    expected: str
    about: str


class PolicyForm(NamedTuple):
    """What a policy may say.

    Attributes:
      subject: The first word after `custom "receivables-policy"`.
      about: One sentence for the documentation.
      keys: Metadata key → how it is read.
      families: Beginning of a metadata key ("pay-to-") → how such keys are read.
      value: For a policy that is one word (`"settlement" "none"`), the key that the word stands for.
      named: Whether there may be several by name (of a customer, an entity, a kind of contract).
      check: Called with the typed values once each can be read; raises ValueError with a sentence that says which
        keys contradict each other, and the mend.
    """

    subject: str
    about: str
    keys: Mapping[str, Key]
    families: Mapping[str, Key] = {}
    value: str | None = None
    named: bool = False
    check: Callable[[Mapping[str, Any]], None] | None = None


class Policy(NamedTuple):
    """A policy as set in the ledger.

    Attributes:
      date: In force from this day until the next one of the same subject and name.
      subject, name: What it is about; the name is "" for the policy of everybody.
      values: Typed values by key.
      source: Metadata with `filename` and `lineno`.
    """

    date: datetime.date
    subject: str
    name: str
    values: Mapping[str, Any]
    source: Mapping[str, Any]


class Rate(NamedTuple):
    """A published rate, in force from its date until the next of the same name.

    Attributes:
      date: Its first day.
      name: The series: "ECB-MRO".
      percent: In percent a year; negative rates are real.
      until: The last day for which it is known to be in force, where `until:` says so; afterwards it is missing.
      verified: Whether the figure was checked against its publisher; `verified: FALSE` says that it was not.
      source: Metadata with `filename` and `lineno`.
    """

    date: datetime.date
    name: str
    percent: Decimal
    until: datetime.date | None
    verified: bool
    source: Mapping[str, Any]


class Contract(NamedTuple):
    """A contract: `custom "receivables-contract" "HD-2025-014" Assets:Receivable:X` and its metadata."""

    date: datetime.date
    number: str
    account: str | None
    details: Mapping[str, Any]
    source: Mapping[str, Any]


class ReceiptBookLine(NamedTuple):
    """One dated line about a receipt book.

    Attributes:
      date: From this day it holds.
      holder: Who has the book from then on; None where the line does not say.
      returned: Whether the book was given back, so that nobody has it.
      void: Counters of the numbers that are void, each a first and a last one.
      reason: Why, in free words.
      source: Metadata with `filename` and `lineno`.
    """

    date: datetime.date
    holder: str | None
    returned: bool
    void: tuple[tuple[int, int], ...]
    reason: str
    source: Mapping[str, Any]


class ReceiptBook(NamedTuple):
    """A book of numbered receipt vouchers; the first of its lines sets its numbers."""

    name: str
    numbers: NumberRange
    lines: tuple[ReceiptBookLine, ...]


class Settings(NamedTuple):
    """All settings of a ledger.

    Attributes:
      roles: Role → accounts; a role holds for the accounts named and all below them.
      policies: (subject, name) → policies in order of date.
      rates: Name → rates in order of date.
      contracts: By number.
      receipt_books: By name, without case and spaces; no two have a number in common.
    """

    roles: Mapping[str, tuple[str, ...]]
    policies: Mapping[tuple[str, str], tuple[Policy, ...]]
    rates: Mapping[str, tuple[Rate, ...]]
    contracts: Mapping[str, Contract]
    receipt_books: Mapping[str, ReceiptBook]

    def in_force(self, subject: str, date: datetime.date, name: str = "") -> Policy | None:
        """The policy `subject` called `name` that is in force on `date`; None before the first."""
        found = None
        for policy in self.policies.get((subject, name), ()):
            if policy.date > date:
                break
            found = policy
        return found

    def names(self, subject: str) -> tuple[str, ...]:
        """The names under which a subject has policies, "" for the one without a name; none where it has no policy."""
        return tuple(name for about, name in self.policies if about == subject)

    def rate(self, name: str, date: datetime.date) -> Rate | None:
        """The published rate `name` in force on `date`; None where the ledger has none for that day."""
        found = None
        for rate in self.rates.get(name, ()):
            if rate.date > date:
                break
            found = rate
        return None if found is not None and found.until is not None and found.until < date else found

    def value(self, subject: str, key: str, date: datetime.date, default: Any = None, name: str = "") -> Any:
        """The value of one key of the policy in force on `date`, or `default`."""
        policy = self.in_force(subject, date, name)
        return default if policy is None else policy.values.get(key, default)


def text(value: Any) -> str:
    """A text that is not empty; raises ValueError for anything else."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(value)
    return value.strip()


def one_of(*words: str) -> Reader:
    """A reader that accepts exactly these words."""

    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(value)
        return str(value)

    return read


def flag(value: Any) -> bool:
    """TRUE or FALSE as Beancount writes them, or "yes" and "no"."""
    if isinstance(value, bool):
        return value
    if value in ("yes", "no"):
        return bool(value == "yes")
    raise ValueError(value)


def lines(value: Any) -> str:
    """A text whose lines are separated by " / " or by real line ends, joined by newlines.

    >>> lines("12 Ly Thuong Kiet / Hoan Kiem, Ha Noi")
    '12 Ly Thuong Kiet\\nHoan Kiem, Ha Noi'
    """
    return "\n".join(part.strip() for part in text(value).replace(" / ", "\n").split("\n"))


def words(value: Any) -> tuple[str, ...]:
    """A list of words separated by commas.

    >>> words("INV, HD")
    ('INV', 'HD')
    """
    found = tuple(part.strip() for part in text(value).split(","))
    if not all(found):
        raise ValueError(value)
    return found


def whole_number(value: Any) -> int:
    """A whole number, zero or more."""
    number = value if isinstance(value, Decimal) else Decimal(text(value)) if _digits(value) else None
    if number is None or number != number.to_integral_value() or number < 0:
        raise ValueError(value)
    return int(number)


def _digits(value: Any) -> bool:
    return isinstance(value, str) and value.strip().isascii() and value.strip().isdigit()
