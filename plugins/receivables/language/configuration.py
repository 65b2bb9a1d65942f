"""Settings in the ledger: `custom "receivables-…"` directives into `Settings`."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, Final

from receivables.problems import Problem, problem
from receivables.rules.forms import FORMS
from receivables.settings import (
    DEFAULT_ROLES,
    ROLES,
    Contract,
    Key,
    Policy,
    PolicyForm,
    Rate,
    ReceiptBook,
    Settings,
)

ACCOUNTS: Final = "receivables-accounts"
POLICY: Final = "receivables-policy"
RATE: Final = "receivables-rate"
CONTRACT: Final = "receivables-contract"
CUSTOMER: Final = "receivables-customer"
RECEIPT_BOOK: Final = "receivables-receipt-book"

EXAMPLES: Final[Mapping[str, str]] = {
    ACCOUNTS: 'custom "receivables-accounts" "customers" Assets:Receivable',
    POLICY: 'custom "receivables-policy" "aging" with the metadata buckets: "30, 60, 90"',
    RATE: 'custom "receivables-rate" "ECB-MRO" 2.15',
    CONTRACT: 'custom "receivables-contract" "HD-2026-014" Assets:Receivable:HanoiTower',
    CUSTOMER: 'custom "receivables-customer" "C-0042" with the metadata name: "Hanoi Tower"',
    RECEIPT_BOOK: 'custom "receivables-receipt-book" "A017" with the metadata numbers: "A017-001 to A017-050"',
}
"""Every `custom` word of the language with an example."""

PREFIX: Final = "receivables-"
HIDDEN: Final = frozenset({"filename", "lineno"})


def nearest(word: str, valid: Iterable[str]) -> str:
    """The valid word that looks most like `word`; "none" when none does."""
    found = get_close_matches(word, list(valid), n=1, cutoff=0.4)
    return f'"{found[0]}"' if found else "none of them"


def public(meta: Mapping[str, Any] | None) -> dict[str, Any]:
    """The metadata that the user wrote: without file, line and Beancount's own marks."""
    return {key: value for key, value in (meta or {}).items() if key not in HIDDEN and not key.startswith("__")}


def read_settings(customs: Sequence[Any], options: Mapping[str, Any], problems: list[Problem]) -> Settings:
    """The settings that `customs` make, with defaults for roles that have no line."""
    roles: dict[str, list[str]] = {}
    policies: dict[tuple[str, str], list[Policy]] = {}
    rates: dict[str, list[Rate]] = {}
    contracts: dict[str, Contract] = {}
    receipt_books: list[tuple[Any, list[Any]]] = []
    for entry in customs:
        if entry.type == ACCOUNTS:
            _role(entry, roles, problems)
        elif entry.type == POLICY:
            _policy(entry, policies, problems)
        elif entry.type == RATE:
            _rate(entry, rates, problems)
        elif entry.type == CONTRACT:
            _contract(entry, contracts, problems)
        elif entry.type == CUSTOMER:
            _words(entry, problems)
        elif entry.type == RECEIPT_BOOK:
            words = _words(entry, problems)
            if words is not None:
                receipt_books.append((entry, words))
        elif entry.type.startswith(PREFIX):
            problems.append(
                problem(
                    "unknown-setting",
                    entry.meta,
                    entry,
                    word=entry.type,
                    valid=", ".join(EXAMPLES),
                    nearest=nearest(entry.type, EXAMPLES),
                )
            )
    return Settings(
        roles={role: tuple(roles.get(role) or _default_role(role, options)) for role in ROLES},
        policies={key: tuple(sorted(of, key=lambda policy: policy.date)) for key, of in policies.items()},
        rates={name: tuple(sorted(of, key=lambda rate: rate.date)) for name, of in rates.items()},
        contracts=contracts,
        receipt_books=_receipt_books(receipt_books, problems),
    )


def _receipt_books(lines: Sequence[tuple[Any, list[Any]]], problems: list[Problem]) -> Mapping[str, ReceiptBook]:
    if not lines:
        return {}
    from receivables.language.receipt_books import read_receipt_books

    return read_receipt_books(lines, problems)


def _default_role(role: str, options: Mapping[str, Any]) -> list[str]:
    return [f"{options[root]}:{below}" for root, below in DEFAULT_ROLES[role]]


def _words(entry: Any, problems: list[Problem]) -> list[Any] | None:
    """The values after the word, or None (and a problem) when the first is missing or not a text."""
    values = [value.value for value in entry.values or ()]
    if values and isinstance(values[0], str) and values[0]:
        return values
    problems.append(problem("setting-without-name", entry.meta, entry, word=entry.type, example=EXAMPLES[entry.type]))
    return None


def _role(entry: Any, roles: dict[str, list[str]], problems: list[Problem]) -> None:
    values = _words(entry, problems)
    if values is None:
        return
    role, *accounts = values
    if role not in ROLES:
        problems.append(
            problem(
                "unknown-role",
                entry.meta,
                entry,
                role=role,
                valid=", ".join(ROLES),
                nearest=nearest(role, ROLES),
            )
        )
    elif not accounts or not all(isinstance(account, str) for account in accounts):
        problems.append(problem("role-without-account", entry.meta, entry, role=role, example=EXAMPLES[ACCOUNTS]))
    else:
        roles.setdefault(role, []).extend(accounts)


def _policy(entry: Any, policies: dict[tuple[str, str], list[Policy]], problems: list[Problem]) -> None:
    values = _words(entry, problems)
    if values is None:
        return
    subject = values[0]
    form = FORMS.get(subject)
    if form is None:
        problems.append(
            problem(
                "unknown-policy",
                entry.meta,
                entry,
                subject=subject,
                valid=", ".join(FORMS),
                nearest=nearest(subject, FORMS),
            )
        )
        return
    name, typed, wrong = policy_values(form, values[1:], public(entry.meta), _reporter(entry, problems))
    if wrong:
        # A policy that can be read only in part would give figures that nobody set: leave it out whole.
        return
    policy = Policy(entry.date, subject, name, typed, entry.meta)
    same = policies.setdefault((subject, name), [])
    for other in same:
        if other.date == policy.date:
            place = f"{other.source.get('filename')}:{other.source.get('lineno')}"
            problems.append(
                problem(
                    "policy-twice",
                    entry.meta,
                    entry,
                    subject=subject,
                    name=f' "{name}"' if name else "",
                    date=entry.date,
                    other=place,
                )
            )
            return
    same.append(policy)


Report = Callable[..., None]


def _reporter(entry: Any, problems: list[Problem]) -> Report:
    def report(code: str, **words: Any) -> None:
        problems.append(problem(code, entry.meta, entry, **words))

    return report


def policy_values(
    form: PolicyForm, positional: Sequence[Any], written: Mapping[str, Any], report: Report
) -> tuple[str, dict[str, Any], bool]:
    """Name, typed values and whether anything was wrong, for one policy directive.

    Args:
      form: The policy's form.
      positional: The values after the subject: the policy's one word, or its name.
      written: The metadata as written.
      report: Called with a problem's code and words for whatever is wrong.
    """
    typed: dict[str, Any] = {}
    wrong = False
    name = ""
    given = dict(written)
    if positional:
        if form.value is not None:
            given = {form.value: positional[0], **given}
        else:
            name = str(positional[0])
            if not form.named:
                wrong = True
                report("policy-without-names", subject=form.subject, name=name)
    if len(positional) > 1:
        wrong = True
        report("policy-without-names", subject=form.subject, name=" ".join(map(str, positional[1:])))
    needed = form.value or next(iter(form.keys))
    if not wrong and needed not in given and (form.value is not None or not given):
        wrong = True
        report("policy-says-nothing", subject=form.subject, key=needed, expected=form.keys[needed].expected)
    for key, value in given.items():
        how = form.keys.get(key) or _family(form, key)
        if how is None:
            wrong = True
            valid = (*form.keys, *(f"{family}…" for family in form.families))
            report(
                "unknown-policy-key",
                subject=form.subject,
                key=key,
                valid=", ".join(valid),
                nearest=nearest(key, form.keys),
            )
            continue
        try:
            typed[key] = how.read(value)
        except (ValueError, ArithmeticError):
            wrong = True
            report(
                "bad-policy-value",
                subject=form.subject,
                key=f"{key}:",
                value=str(value) if isinstance(value, Decimal) else value,
                expected=how.expected,
            )
    if not wrong and form.check is not None:
        try:
            form.check(typed)
        except ValueError as error:
            wrong = True
            report("policy-contradicts-itself", subject=form.subject, reason=str(error))
    return name, typed, wrong


def _family(form: PolicyForm, key: str) -> Key | None:
    for beginning, how in form.families.items():
        if key.startswith(beginning):
            return how
    return None


def _rate(entry: Any, rates: dict[str, list[Rate]], problems: list[Problem]) -> None:
    values = _words(entry, problems)
    if values is None:
        return
    if len(values) != 2 or not isinstance(values[1], Decimal):
        problems.append(problem("setting-without-name", entry.meta, entry, word=entry.type, example=EXAMPLES[RATE]))
        return
    until, verified = (entry.meta or {}).get("until"), (entry.meta or {}).get("verified", True)
    if not (until is None or isinstance(until, datetime.date)) or not isinstance(verified, bool):
        key, expected = (
            ("verified", "TRUE or FALSE") if isinstance(until, datetime.date | None) else ("until", "a date")
        )
        problems.append(problem("bad-rate", entry.meta, entry, key=key, name=values[0], expected=expected))
        return
    same = rates.setdefault(values[0], [])
    for other in same:
        if other.date == entry.date:
            # Two files of ready policies may both bring a series; only a contradiction is wrong.
            if (other.percent, other.until) != (values[1], until):
                place = f"{other.source.get('filename')}:{other.source.get('lineno')}"
                problems.append(problem("rate-twice", entry.meta, entry, name=values[0], date=entry.date, other=place))
            return
    same.append(Rate(entry.date, values[0], values[1], until, verified, entry.meta))


def _contract(entry: Any, contracts: dict[str, Contract], problems: list[Problem]) -> None:
    values = _words(entry, problems)
    if values is None:
        return
    if values[0] in contracts:
        other = contracts[values[0]].source
        place = f"{other.get('filename')}:{other.get('lineno')}"
        problems.append(problem("contract-twice", entry.meta, entry, number=values[0], other=place))
        return
    account = values[1] if len(values) > 1 and isinstance(values[1], str) else None
    contracts[values[0]] = Contract(entry.date, values[0], account, public(entry.meta), entry.meta)
