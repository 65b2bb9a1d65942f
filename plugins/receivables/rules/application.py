"""The policy "application": what may be posted of a bank statement without a person, and how differences are booked."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from receivables.money import iso_digits
from receivables.rules.write_off_policy import read_account, read_amounts
from receivables.settings import Key, Policy, PolicyForm, Settings, one_of, text, whole_number, words

REFERENCE: Final = "reference"
ACCOUNT: Final = "account"
NUMBER: Final = "number"
ALIAS: Final = "alias"
NAME: Final = "name"

PAYERS: Final = (REFERENCE, ACCOUNT, NUMBER, ALIAS, NAME)
"""What tells whose money it is: a structured reference (or virtual account), the payer's bank account, the number of
a document, a confirmed alias, the name. The strongest first."""

ITEM: Final = "item"
BALANCE: Final = "balance"
DUE: Final = "due"
MONTH: Final = "month"
RUN: Final = "run"
SUBSET: Final = "subset"

SUMS: Final = (ITEM, BALANCE, DUE, MONTH, RUN, SUBSET)
"""What tells what is paid where no document is named: one open item, all that is open, all that is due, the invoices
of a month, invoices that follow each other, any set of items that is the only one with this sum."""

CHARGE: Final = "bank charge"
DISCOUNT: Final = "discount"
WITHHOLDING: Final = "withholding"
ROUNDING: Final = "rounding"
CREDIT: Final = "credit memo"
DISPUTED: Final = "disputed"
PART: Final = "part payment"
OVERPAID: Final = "overpayment"
DUPLICATE: Final = "duplicate"
PREPAID: Final = "prepayment"

DIFFERENCES: Final = (
    CHARGE, DISCOUNT, WITHHOLDING, ROUNDING, CREDIT, DISPUTED, PART, OVERPAID, DUPLICATE, PREPAID,
)  # fmt: skip
"""Why a payment is not what is open."""

CAREFUL: Final = frozenset({CHARGE, DISCOUNT, WITHHOLDING, ROUNDING, CREDIT, DISPUTED, PART, OVERPAID})
"""The differences that may be posted without a person where no policy says so: whoever pays twice, or for what is not
invoiced yet, may want his money back."""

BOOKED_ON: Final[Mapping[str, str]] = {
    CHARGE: "charge-account",
    DISCOUNT: "discount-account",
    WITHHOLDING: "withholding-account",
    ROUNDING: "rounding-account",
}
"""The differences that need an account of their own → the key that names it."""

CHARGES: Final[Mapping[str, Decimal]] = {
    currency: Decimal(amount)
    for currency, amount in {
        "USD": 30, "EUR": 30, "GBP": 25, "CHF": 30, "AUD": 45, "CAD": 40, "SGD": 40, "HKD": 240, "CNY": 220,
        "JPY": 4500, "THB": 1100, "MYR": 140, "VND": 110_000, "KHR": 60_000, "AED": 110, "SAR": 110, "QAR": 110,
        "KWD": 9, "BHD": 11, "OMR": 11, "EGP": 1400,
    }.items()
}  # fmt: skip
"""The most that banks on the way are taken to keep where nobody says: about 30 dollars, what a transfer over two
correspondent banks costs, less where payments are domestic. A currency that is not here has no such limit: what is
missing is a part payment."""

AUTO: Final = "auto"
REVIEW: Final = "review"
"""Whether what is decided by evidence is posted, or a person looks."""

LIKENESS: Final = 90
MARGIN: Final = 8

_WHOLE_CENTS: Final = Decimal("0.05")
_LARGE_NOTES: Final[Mapping[str, Decimal]] = {
    "VND": Decimal(999), "KHR": Decimal(99), "IDR": Decimal(999), "LAK": Decimal(999), "JPY": Decimal(9),
}  # fmt: skip


def _some_of(*valid: str) -> Callable[[Any], frozenset[str]]:
    """A reader of a list of these words; "none" is the empty list, and "-word" leaves a word out of all."""

    def read(value: Any) -> frozenset[str]:
        found = words(value)
        if found == ("none",):
            return frozenset()
        left_out = {word.removeprefix("-") for word in found if word.startswith("-")}
        named = left_out or set(found)
        if not named <= set(valid) or (left_out and len(left_out) != len(found)):
            raise ValueError(value)
        return frozenset(valid) - left_out if left_out else frozenset(found)

    return read


def read_short_forms(value: Any) -> Mapping[str, str]:
    """Abbreviations: short form → what it stands for.

    >>> read_short_forms("TMDV = thuong mai dich vu; KS = khach san")["KS"]
    'khach san'
    """
    found: dict[str, str] = {}
    for part in text(value).split(";"):
        short, equals, long = (each.strip() for each in part.partition("="))
        if not equals or not long or not short.isalnum() or short in found:
            raise ValueError(value)
        found[short] = long
    return found


def _percent(value: Any) -> int:
    percent = whole_number(value)
    if percent > 100:
        raise ValueError(value)
    return percent


def _list(of: tuple[str, ...]) -> str:
    return f'"{", ".join(of)}", or "none", or "-{of[-1]}" for all others'


def _account_key(about: str) -> Key:
    return Key(read_account, "the name of an account, as text", about)


FORM: Final = PolicyForm(
    subject="application",
    about="What is posted of a bank statement without a person, and how differences are booked.",
    keys={
        "payers": Key(
            _some_of(*PAYERS), _list(PAYERS), "What is enough to know the payer when nobody looks; all by default."
        ),
        "sums": Key(_some_of(*SUMS), _list(SUMS), "Which sums are enough where no document is named; all by default."),
        "differences": Key(
            _some_of(*DIFFERENCES),
            _list(DIFFERENCES),
            "Which differences are posted without a person; all but duplicate and prepayment by default.",
        ),
        "deposits": Key(
            one_of(AUTO, REVIEW),
            '"auto" or "review"',
            "Whether deposits of cash and cheques in hand are posted without a person; auto by default.",
        ),
        "refunds": Key(
            one_of(AUTO, REVIEW),
            '"review" or "auto"',
            "Whether what is paid back is posted without a person where no approval names it; review by default.",
        ),
        "largest": Key(
            read_amounts, '"50,000 USD, 1,000,000,000 VND"', "Above this a person looks; no limit by default."
        ),
        "bank-charge": Key(
            read_amounts, '"30 USD, 110,000 VND"', "The most that banks on the way keep; about 30 USD by default."
        ),
        "rounding": Key(
            read_amounts, '"0.05 USD, 999 VND"', "The most that payers round; five cents or below 1,000 VND by default."
        ),
        "discount-grace": Key(whole_number, "a number of days", "So late a discount is still granted; 0 by default."),
        "equal-amounts": Key(
            one_of(REVIEW, "oldest"),
            '"review" or "oldest"',
            "Which of several items of the same amount is meant when nothing tells; a person says by default.",
        ),
        "likeness": Key(_percent, "a number up to 100", "How like a name must be; 90 by default."),
        "margin": Key(_percent, "a number up to 100", "How much less like the second name must be; 8 by default."),
        "ignore-words": Key(words, '"hoa don, chi nhanh"', "Words that tell no names apart, beside legal forms."),
        "short-forms": Key(
            read_short_forms, '"TMDV = thuong mai dich vu; KS = khach san"', "What short forms in names stand for."
        ),
        "charge-account": _account_key("Where bank charges are booked; without it they wait."),
        "discount-account": _account_key("Where discounts are booked; without it they wait."),
        "withholding-account": _account_key("Where tax that customers withheld is booked; without it it waits."),
        "rounding-account": _account_key("Where what payers round is booked; without it it waits."),
    },
)


class ApplicationPolicy(NamedTuple):
    """A policy "application" with its defaults; the fields are the keys of `FORM`.

    Attributes:
      accounts: Difference → account.
      written: The policy as set; None where there is none.
    """

    payers: frozenset[str]
    sums: frozenset[str]
    differences: frozenset[str]
    deposits: str
    refunds: str
    largest: Mapping[str, Decimal]
    bank_charge: Mapping[str, Decimal]
    rounding: Mapping[str, Decimal]
    discount_grace: int
    equal_amounts: str
    likeness: int
    margin: int
    ignore_words: tuple[str, ...]
    short_forms: Mapping[str, str]
    accounts: Mapping[str, str]
    written: Policy | None

    def charge_limit(self, currency: str) -> Decimal:
        """The most that banks on the way keep, in this currency; zero when nobody can say."""
        return self.bank_charge.get(currency, Decimal(0))

    def rounding_limit(self, currency: str) -> Decimal:
        """The most that a payer rounds, in this currency."""
        if currency in self.rounding:
            return self.rounding[currency]
        if currency in _LARGE_NOTES:
            return _LARGE_NOTES[currency]
        return _WHOLE_CENTS if iso_digits(currency) else Decimal(1)


def application_policy(settings: Settings, date: datetime.date) -> ApplicationPolicy:
    """The policy in force on a day; the defaults where there is none."""
    policy = settings.in_force(FORM.subject, date)
    values = {} if policy is None else policy.values
    return ApplicationPolicy(
        payers=values.get("payers", frozenset(PAYERS)),
        sums=values.get("sums", frozenset(SUMS)),
        differences=values.get("differences", CAREFUL),
        deposits=values.get("deposits", AUTO),
        refunds=values.get("refunds", REVIEW),
        largest=values.get("largest", {}),
        bank_charge={**CHARGES, **values.get("bank-charge", {})},
        rounding=values.get("rounding", {}),
        discount_grace=values.get("discount-grace", 0),
        equal_amounts=values.get("equal-amounts", REVIEW),
        likeness=values.get("likeness", LIKENESS),
        margin=values.get("margin", MARGIN),
        ignore_words=values.get("ignore-words", ()),
        short_forms=values.get("short-forms", {}),
        accounts={reason: values[key] for reason, key in BOOKED_ON.items() if key in values},
        written=policy,
    )
