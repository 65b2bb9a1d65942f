"""Reading: the door of the language, from all entries to all facts.

Each kind of fact is read by a module of its own beside this one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from beancount.core.data import Close, Commodity, Custom, Document, Note, Open, Price, Transaction

from receivables.facts import Facts, PriceFact
from receivables.language.booked import place
from receivables.language.configuration import read_settings
from receivables.language.customers import account_details, check_customers, money_details, read_customers
from receivables.language.events import read_events
from receivables.language.group import check_between, check_entries, read_between
from receivables.language.in_hand import check_in_hand
from receivables.language.movements import read_movements
from receivables.language.vouchers import read_vouchers, vouchers_wanted
from receivables.problems import Problem
from receivables.settings import CUSTOMERS

_OTHERS = frozenset({Close, Commodity, Custom, Document, Note, Open, Price})


def read(entries: Sequence[Any], options: Mapping[str, Any]) -> Facts:
    """Read what `entries` say about receivables.

    Args:
      entries: Beancount directives in Beancount's order.
      options: Beancount's options map; renamed root accounts are respected.
    Returns:
      The facts; whatever is wrong or odd is in `Facts.problems`, and never raises.
    """
    problems: list[Problem] = []
    others = [entry for entry in entries if type(entry) in _OTHERS]
    settings = read_settings([entry for entry in others if type(entry) is Custom], options, problems)
    details, closed = account_details(others, settings)
    transactions = [entry for entry in entries if type(entry) is Transaction]
    read_in = read_movements(transactions, options, settings, details, others, problems)
    money = money_details(others, settings, details)
    between = read_between(others, settings, details, money, options["name_liabilities"])
    check_between(between, read_in.booked, details, money, problems)
    check_entries(transactions, between, settings, details, money, problems)
    check_in_hand(others, read_in.booked, settings, vouchers_wanted(settings), problems)
    customers = read_customers(details, others, read_in.payees, settings.roles[CUSTOMERS])
    check_customers(customers, settings, problems)
    return Facts(
        settings=settings,
        customers=customers,
        account_details=details,
        money_details=money,
        between=between,
        closed=closed,
        pockets=read_in.pockets,
        movements=read_in.movements,
        events=read_events(others, details, problems),
        booked=read_in.booked,
        vouchers=read_vouchers(transactions, read_in.movements, read_in.pockets, settings, money, problems),
        prices=[
            PriceFact(entry.date, entry.currency, entry.amount.currency, entry.amount.number, place(entry.meta))
            for entry in others
            if type(entry) is Price and entry.amount.number is not None
        ],
        precisions=_precisions(others, options),
        title=options.get("title") or "",
        folder=str(Path(options.get("filename") or ".").parent),
        last_day=transactions[-1].date if transactions else None,
        problems=problems,
    )


def _precisions(others: Sequence[Any], options: Mapping[str, Any]) -> dict[str, int]:
    """Decimal places by currency, as Beancount's option and Fava's commodity metadata state them."""
    stated: dict[str, int] = {}
    for currency, example in (options.get("display_precision") or {}).items():
        exponent = Decimal(example).as_tuple().exponent
        stated[currency] = max(-exponent, 0) if isinstance(exponent, int) else 0
    for entry in others:
        if type(entry) is Commodity:
            places = entry.meta.get("precision")
            if isinstance(places, Decimal) and places == places.to_integral_value() and 0 <= places <= 12:
                stated[entry.currency] = int(places)
    return stated
