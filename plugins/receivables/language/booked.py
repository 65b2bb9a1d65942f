"""Booked: what the rules have booked so far, from the postings on the accounts that they watch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from receivables.facts import TAGGED_KINDS, Booked, Movements, Pocket
from receivables.language.configuration import public
from receivables.language.customers import within
from receivables.settings import ROLES, WATCHED, Settings


def read_booked(
    watched: Sequence[tuple[Any, Any]],
    movements: Movements,
    pockets: Sequence[Pocket],
    settings: Settings,
    equity: str,
) -> list[Booked]:
    """The postings on watched accounts, in order of date.

    Args:
      watched: Transaction and posting of each.
      movements, pockets: What stands on customers' accounts, which tells the customer of an entry.
      settings: The roles.
      equity: The name of the root account of equity.
    """
    if not watched:
        return []
    customers = _customers({id(entry) for entry, _ in watched}, movements, pockets)
    roles = {account: _role(account, settings) for account in {posting.account for _, posting in watched}}
    others: dict[str, str] = {}
    found = []
    for entry, posting in watched:
        units = posting.units
        if units is None or not units.number:
            continue
        details = {**public(entry.meta), **public(posting.meta)}
        named = details.get("customer")
        of_entry = customers.get(id(entry), ())
        customer = named if isinstance(named, str) else of_entry[0] if len(of_entry) == 1 else ""
        tags = tuple(sorted(entry.tags or ()))
        found.append(
            Booked(
                date=entry.date,
                role=roles[posting.account],
                account=posting.account,
                amount=units.number,
                currency=units.currency,
                customer=customer,
                kind=next((tag for tag in tags if tag in TAGGED_KINDS), ""),
                tags=tags,
                links=tuple(sorted(entry.links or ())),
                details=details,
                source=place(posting.meta if posting.meta and "lineno" in posting.meta else entry.meta),
                entry=place(entry.meta),
                against=_against(entry, units.number, settings, equity, others),
                narration=entry.narration or "",
            )
        )
    return found


def _customers(wanted: set[int], movements: Movements, pockets: Sequence[Pocket]) -> Mapping[int, Sequence[str]]:
    """Transaction → its customers, for the transactions that are wanted."""
    found: dict[int, list[str]] = {}
    for entry, pocket in zip(movements.entry, movements.pocket, strict=True):
        if id(entry) in wanted:
            of_entry = found.setdefault(id(entry), [])
            if pockets[pocket].customer not in of_entry:
                of_entry.append(pockets[pocket].customer)
    return found


def _against(entry: Any, amount: Decimal, settings: Settings, equity: str, known: dict[str, str]) -> tuple[str, ...]:
    """The roles on the other side of a posting of `amount`; `known` keeps the role of each account once found."""
    found = set()
    for posting in entry.postings:
        units = posting.units
        if units is None or not units.number or (units.number > 0) == (amount > 0):
            continue
        account = posting.account
        if account not in known:
            known[account] = "equity" if within(account, (equity,)) else _role(account, settings, ROLES)
        found.add(known[account])
    return tuple(sorted(found))


def place(meta: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """File and line of a directive or posting, and nothing else of its metadata."""
    return {key: (meta or {}).get(key) for key in ("filename", "lineno")}


def _role(account: str, settings: Settings, among: Sequence[str] = WATCHED) -> str:
    """The role of an account: that of the longest name when one account stands below another; "" without any."""
    found = [(len(root), role) for role in among for root in settings.roles[role] if within(account, (root,))]
    return max(found)[1] if found else ""
