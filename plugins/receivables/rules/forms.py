"""The forms of all policies: what `custom "receivables-policy"` may say, collected from the rules."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from receivables.rules import aging, assignment
from receivables.rules.terms import Terms, parse_terms
from receivables.settings import Key, PolicyForm, flag, lines, one_of, text, whole_number, words


def _terms(value: Any) -> Terms:
    return parse_terms(text(value) if isinstance(value, str) else str(value))


_RATE: Final = re.compile(r"([\w-]+ \+ )?\d+(\.\d+)?%( per (day|month|year))?")


def _rate(value: Any) -> str:
    """A rate as written: percent for a time, or a published rate and a margin."""
    written = text(value)
    if not _RATE.fullmatch(written):
        raise ValueError(value)
    return written


def _percent(value: Any) -> Decimal:
    written = text(value)
    if not written.endswith("%"):
        raise ValueError(value)
    try:
        percent = Decimal(written[:-1].strip())
    except InvalidOperation as error:
        raise ValueError(value) from error
    if not percent.is_finite() or percent < 0:
        raise ValueError(value)
    return percent


TERMS: Final = PolicyForm(
    "terms",
    "The payment terms where neither document, contract nor customer has any; named by a customer's "
    "code, the terms of that customer from a day on.",
    {"terms": Key(_terms, '"net 30" or other payment terms', "The payment terms.")},
    named=True,
)

SETTLEMENT: Final = PolicyForm(
    "settlement",
    "What a credit settles that names no document.",
    {
        "method": Key(
            one_of("none", "oldest-due"),
            '"none" or "oldest-due"',
            "none leaves it on account; oldest-due takes the open items by due date.",
        )
    },
    value="method",
)

NUMBERING: Final = PolicyForm(
    "numbering",
    "How the numbers of each kind of document begin, for transactions with several links.",
    {
        kind: Key(words, '"INV, HD" (beginnings, separated by commas)', f"How numbers of a {kind} begin.")
        for kind in (
            "invoice", "debit-note", "penalty", "receipt", "credit-memo", "write-off", "refund", "reversal", "apply",
            "opening", "revaluation",
        )
    },
)  # fmt: skip

PENALTY: Final = PolicyForm(
    "penalty",
    "What late payment costs.",
    {
        "rate": Key(_rate, '"0.05% per day", "12% per year" or "ECB-MRO + 8%"', "The rate of the penalty."),
        "grace": Key(whole_number, "a number of days", "Days after the due date without a penalty."),
        "cap": Key(_percent, '"8%"', "The most that is charged, in percent of the principal."),
    },
    named=True,
)

STRICT: Final = PolicyForm(
    "strict",
    "Whether bean-check and Fava show warnings too.",
    {"warnings": Key(flag, '"yes" or "no"', "yes shows warnings as errors in bean-check and Fava.")},
    value="warnings",
)

_TEXT: Final = Key(text, "a text", "Text of the letterhead.")
_LINES: Final = Key(lines, 'a text, lines separated by " / "', "Text, one or several lines.")

STATEMENT: Final = PolicyForm(
    "statement",
    "The letterhead and texts of statements of account; a second one may be named by an entity.",
    {
        "company": Key(text, "a text", "The company's name."),
        "address": _LINES,
        "tax-id": _TEXT,
        "phone": _TEXT,
        "email": _TEXT,
        "website": _TEXT,
        "contact": _LINES,
        "note": _LINES,
        "pay-to": _LINES,
        "logo": Key(text, "the path of a picture beside the ledger", "Path of the logo."),
        "template": Key(text, "the path of a Typst file beside the ledger", "Path of an own template."),
        "colour": Key(text, '"#0b5d3b"', "The accent colour."),
        "style": Key(one_of("open-item", "activity"), '"open-item" or "activity"', "The style when none is asked for."),
    },
    families={"pay-to-": _LINES, "note-": _LINES},
    named=True,
)

FORMS: Final[Mapping[str, PolicyForm]] = {
    form.subject: form
    for form in (aging.FORM, TERMS, SETTLEMENT, NUMBERING, PENALTY, STATEMENT, STRICT, assignment.ENTITY)
}
"""Subject → form, for every policy that a ledger may set."""
