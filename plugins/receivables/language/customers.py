"""Customers: metadata on `open`, `custom "receivables-customer"` and payees into `Customer` records."""

from __future__ import annotations

import datetime
from collections.abc import Container, Mapping, Sequence
from typing import Any, Final

from beancount.core.data import Close, Custom, Open

from receivables.facts import Customer
from receivables.language.configuration import CUSTOMER, nearest, public
from receivables.problems import Problem, problem
from receivables.settings import CUSTOMERS, DESCRIBED, Settings

NAMED_POLICIES: Final = ("penalty", "limitation")
"""The customer's words that name a policy; "none" stands for no policy at all."""


def within(account: str, roots: tuple[str, ...]) -> bool:
    """Whether `account` is one of `roots` or below one of them."""
    return any(account == root or account.startswith(root + ":") for root in roots)


def account_details(
    others: Sequence[Any], settings: Settings
) -> tuple[dict[str, dict[str, Any]], dict[str, datetime.date]]:
    """The metadata and the closing dates of the receivable accounts.

    The metadata keeps Beancount's `filename` and `lineno`, by which a problem finds its line.
    """
    roots = settings.roles[CUSTOMERS]
    details = {
        entry.account: dict(entry.meta or {})
        for entry in others
        if type(entry) is Open and within(entry.account, roots)
    }
    closed = {entry.account: entry.date for entry in others if type(entry) is Close and entry.account in details}
    return details, closed


def money_details(others: Sequence[Any], settings: Settings, receivable: Container[str]) -> dict[str, dict[str, Any]]:
    """The metadata of the accounts where money is: at the bank, in hand, between companies of the group.

    And that of every other account that says which company's it is, except the receivable ones.
    """
    roots = tuple(account for role in DESCRIBED for account in settings.roles[role])
    return {
        entry.account: dict(entry.meta or {})
        for entry in others
        if type(entry) is Open
        and entry.account not in receivable
        and ("entity" in (entry.meta or ()) or within(entry.account, roots))
    }


def customer_of(account: str, details: Mapping[str, Any]) -> str:
    """The customer code of an account: its `customer:`, else the last part of its name."""
    code = details.get("customer")
    return code if isinstance(code, str) and code else account.rpartition(":")[2]


def read_customers(
    details: Mapping[str, Mapping[str, Any]],
    others: Sequence[Any],
    payees: Mapping[str, Mapping[str, Any]],
    control: tuple[str, ...],
) -> dict[str, Customer]:
    """The customers by code, in alphabetical order.

    Args:
      details: Receivable account → metadata on its `open`.
      others: Directives that are not transactions.
      control: The accounts that stand for many customers.
      payees: Code → source, for customers that only transactions on a control account name.
    Returns:
      Code → customer. Where several accounts share a code, the first account's word wins and the
      others add what it does not say; `custom "receivables-customer"` wins over all.
    """
    accounts: dict[str, list[str]] = {}
    merged: dict[str, dict[str, Any]] = {}
    sources: dict[str, Mapping[str, Any]] = {}
    for account, meta in details.items():
        if account in control:
            # Whoever owes on a control account is named by its entries.
            continue
        code = customer_of(account, meta)
        accounts.setdefault(code, []).append(account)
        sources.setdefault(code, meta)
        known = merged.setdefault(code, {})
        for key, value in public(meta).items():
            known.setdefault(key, value)
    for entry in others:
        if type(entry) is Custom and entry.type == CUSTOMER and entry.values:
            code = str(entry.values[0].value)
            sources.setdefault(code, entry.meta)
            merged.setdefault(code, {}).update(public(entry.meta))
    for code, source in payees.items():
        sources.setdefault(code, source)
        merged.setdefault(code, {})
    return {
        code: Customer(code, _name(code, merged[code]), tuple(accounts.get(code, ())), merged[code], sources[code])
        for code in sorted(merged)
    }


def _name(code: str, details: Mapping[str, Any]) -> str:
    name = details.get("name")
    return name if isinstance(name, str) and name else code


def check_customers(customers: Mapping[str, Customer], settings: Settings, problems: list[Problem]) -> None:
    """Report customers that ask for a policy which the ledger never sets."""
    for customer in customers.values():
        for subject in NAMED_POLICIES:
            name = customer.details.get(subject)
            if not isinstance(name, str) or name == "none" or (subject, name) in settings.policies:
                continue
            known = list(filter(None, settings.names(subject)))
            problems.append(
                problem(
                    "no-such-policy",
                    customer.source,
                    who="the customer",
                    subject=subject,
                    name=name,
                    valid=", ".join([*known, "none"]),
                    nearest=nearest(name, known),
                )
            )
