"""The forms of all policies: what `custom "receivables-policy"` may say, collected from the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from receivables.rules import (
    aging,
    application,
    assignment,
    filing,
    in_hand,
    limitation_policy,
    penalty_policy,
    provision_policy,
    receipt_book_policy,
    revaluation,
    write_off_policy,
)
from receivables.rules.terms import Terms, parse_terms
from receivables.settings import Key, PolicyForm, flag, lines, one_of, text, words


def _terms(value: Any) -> Terms:
    return parse_terms(text(value) if isinstance(value, str) else str(value))


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
    for form in (
        aging.FORM,
        TERMS,
        SETTLEMENT,
        NUMBERING,
        penalty_policy.FORM,
        STATEMENT,
        STRICT,
        assignment.ENTITY,
        limitation_policy.FORM,
        provision_policy.FORM,
        filing.FORM,
        revaluation.FORM,
        write_off_policy.FORM,
        application.FORM,
        in_hand.FORM,
        receipt_book_policy.FORM,
    )
}
"""Subject → form, for every policy that a ledger may set."""
