"""Parties: the customers of all tables, each code once, each with a legal account of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from beancount.core import account as accounts

from receivables_importers.start.headers import CUSTOMER_WORDS, folded
from receivables_importers.start.mapping import Accounts
from receivables_importers.start.problems import Findings, shown
from receivables_importers.start.reading import Cell
from receivables_importers.start.records import CustomerRecord, Item, Place
from receivables_importers.start.text import Names, account_leaf


class Party(NamedTuple):
    """A customer as the ledger has it.

    Attributes:
      code: What identifies the customer, exactly as in the tables.
      account: The receivable account.
      words: Field → text, for what is known about the customer.
      credit_limit: Amount and currency, or None.
      kept: Metadata key → cell, for the other columns of the table of customers.
    """

    code: str
    account: str
    words: Mapping[str, str]
    credit_limit: tuple[Decimal, str] | None
    kept: Mapping[str, Cell]


def customer_table(records: Iterable[CustomerRecord], findings: Findings) -> dict[str, CustomerRecord]:
    """The table of customers by code; a code that comes again is a problem."""
    found: dict[str, CustomerRecord] = {}
    for record in records:
        first = found.setdefault(record.code, record)
        if first is not record:
            findings.problem(
                record.place,
                "customer",
                f"the customer {shown(record.code)} is already on row {first.place.line} of {first.place.file}",
                "delete one of the rows",
            )
    return found


class Codes:
    """Finds the code of a customer whom a table of documents names by code or by name."""

    def __init__(self, table: Mapping[str, CustomerRecord]) -> None:
        self._table = table
        self._named: dict[str, list[str]] = defaultdict(list)
        for code, record in table.items():
            if "name" in record.words:
                self._named[folded(record.words["name"])].append(code)
        self.by_name: dict[str, str] = {}
        """The names that were understood → code."""
        self.unlisted: dict[str, None] = {}
        """Those that a table of customers does not list, in order of their first row."""

    def of(self, written: str) -> str:
        """The code: itself, or the one customer of the table who is called so."""
        if not self._table or written in self._table:
            return written
        found = self._named.get(folded(written), [])
        if len(found) == 1:
            self.by_name[written] = found[0]
            return found[0]
        self.unlisted.setdefault(written)
        return written

    def tell(self, findings: Findings) -> None:
        """Say what was decided."""
        if self.by_name:
            name, code = next(iter(self.by_name.items()))
            findings.decide(
                f"customers whom the documents name instead of their code: {len(self.by_name):,} (for example"
                f" {shown(name)}, who is {shown(code)})"
            )
        if self.unlisted:
            names = ", ".join(shown(code) for code in list(self.unlisted)[:3])
            findings.decide(
                "customers of documents who are not in the table of customers, and get accounts all"
                " the same:"
                f" {len(self.unlisted):,} ({names}{', …' if len(self.unlisted) > 3 else ''})"
            )


def parties(
    table: Mapping[str, CustomerRecord],
    items: Sequence[Item],
    others: Iterable[str],
    names: Accounts,
    findings: Findings,
) -> dict[str, Party]:
    """All customers by code, in alphabetical order.

    Args:
      table: The table of customers.
      items: Invoices and balances; their customers are codes.
      others: Codes of customers who have receipts alone.
      names: The root of the accounts, and after what they are called.
      findings: Where problems and decisions go.
    """
    said: dict[str, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
    stated: dict[str, dict[str, Place]] = defaultdict(dict)
    for item in items:
        for field in CUSTOMER_WORDS:
            if field in item.words:
                said[item.customer][field].setdefault(item.words[field])
        if item.account:
            stated[item.customer].setdefault(item.account, item.place)
    for record in table.values():
        if record.account:
            stated[record.code] = {record.account: record.place}
    codes = sorted({*table, *(item.customer for item in items), *others})
    words = {code: _words(code, table.get(code), said[code], findings) for code in codes}
    named = _accounts(codes, words, stated, names, findings)
    found = {}
    for code in codes:
        listed = table.get(code)
        found[code] = Party(
            code,
            named[code],
            words[code],
            listed.credit_limit if listed else None,
            listed.kept if listed else {},
        )
    return found


def _words(
    code: str, record: CustomerRecord | None, said: Mapping[str, Mapping[str, None]], findings: Findings
) -> dict[str, str]:
    """What is known about a customer: the table of customers first, else what all documents agree on."""
    words = dict(record.words) if record else {}
    for field, found in said.items():
        if field in words:
            continue
        if len(found) == 1:
            words[field] = next(iter(found))
        elif field == "name":
            words[field] = list(found)[-1]
            findings.decide(
                f"the customer {shown(code)} has {len(found)} names; the last one is taken: {shown(words[field])}"
            )
    return words


def _accounts(
    codes: Sequence[str],
    words: Mapping[str, Mapping[str, str]],
    stated: Mapping[str, Mapping[str, Place]],
    names: Accounts,
    findings: Findings,
) -> dict[str, str]:
    """Code → account: those that the tables state, then legal ones made from code or name."""
    found: dict[str, str] = {}
    owner: dict[str, str] = {}
    for code in codes:
        for wanted, place in stated.get(code, {}).items():
            account = wanted if ":" in wanted else f"{names.receivable}:{wanted}"
            problem = _account_problem(code, account, found, owner, names.receivable)
            if problem is not None:
                findings.problem(place, "account", *problem)
            else:
                found[code] = account
                owner[account.casefold()] = code
    changed = []
    free = Names(found.values())
    for code in codes:
        if code not in found:
            name = words[code].get("name", code) if names.names == "name" else code
            wanted = f"{names.receivable}:{account_leaf(name)}"
            account = free.claim(wanted)
            if account != wanted:
                changed.append(f"{shown(code)} has {account}, as {shown(owner[wanted.casefold()])} has {wanted}")
            found[code] = account
            owner[account.casefold()] = code
    if changed:
        findings.decide(
            f"customers whose account would be that of another: {len(changed):,} ({'; '.join(changed[:3])}"
            f"{'; …' if len(changed) > 3 else ''})"
        )
    return found


def _account_problem(
    code: str, account: str, found: Mapping[str, str], owner: Mapping[str, str], root: str
) -> tuple[str, str] | None:
    """What is wrong with an account that a table states for a customer, and the mend."""
    if not (accounts.is_valid(account) and account.startswith(root + ":")):
        return (
            f"{shown(account)} is no account below {root}",
            f"write it as {root}:HanoiTower or HanoiTower: it begins with a capital letter or a digit"
            " and goes on with"
            " letters, digits and hyphens",
        )
    if found.get(code, account) != account:
        return (
            f"the customer {shown(code)} already has the account {found[code]}",
            "name one account for each customer",
        )
    if owner.get(account.casefold(), code) != code:
        other = owner[account.casefold()]
        return (
            f"the account {account} is already that of {shown(other)}",
            "name another account for one of them",
        )
    return None
