"""Statements of account: from the book to the letters' records, for one customer or for all.

Lines are rows of the relations open_items and statement, the strip is a row of aging; only their sums are
made here. What is added is who writes to whom, from the policy "statement" and the customer's metadata.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from receivables.book import Book
from receivables.letters.model import (
    AgingCell,
    Company,
    Debtor,
    Section,
    Statement,
    StatementLine,
)
from receivables.money import added
from receivables.relations.aging import amounts_by_pocket
from receivables.relations.open_items import open_items
from receivables.relations.statement import Activity, activities, activity_rows
from receivables.rules.aging import Aging, aging_policy
from receivables.rules.disputes import disputed
from receivables.settings import Policy, lines
from receivables.view import View

OPEN_ITEM: Final = "open-item"
ACTIVITY: Final = "activity"
STYLES: Final = (OPEN_ITEM, ACTIVITY)
LANGUAGES: Final = ("en", "vi", "ar", "zh")


def statements(
    view: View,
    *,
    customers: frozenset[str] | None = None,
    style: str | None = None,
    language: str | None = None,
    period_from: datetime.date | None = None,
    settled_too: bool = False,
) -> Iterator[Statement]:
    """The statements of account as of the view's day, in order of customer code.

    Args:
      view: The whole book as of the statement's date.
      customers: Only these codes; None for all.
      style: "open-item" or "activity"; None takes the policy's, which is "open-item" by default.
      language: None takes the customer's.
      period_from: First day of the period in activity style; None for the first of the as-of month.
      settled_too: Also customers with nothing open (and, in activity style, no movement).
    """
    book = view.book
    aging = aging_policy(book.settings, view.as_of)
    opened = _by_customer(view)
    disputes = disputed(view)
    codes = sorted(book.customers.keys() if customers is None else customers)
    start = period_from or view.as_of.replace(day=1)
    everything = _items_by_customer(view, frozenset(codes))
    for code in codes:
        company = company_of(book, code, view.as_of)
        chosen = style or _policy(book, code, view.as_of).get("style", OPEN_ITEM)
        own = opened.get(code, view._replace(items=[], outstanding=[], daily=None))
        strips = _strips(own, aging)
        if chosen == OPEN_ITEM:
            sections = tuple(_open_section(own, currency, strips, disputes) for currency in sorted(strips))
        else:
            found = activities(view, everything.get(code, []), start)
            sections = tuple(
                _activity_section(view, activity, start, own, strips, aging)
                for activity in found
                if activity.opening or activity.documents
            )
        if not sections and not settled_too:
            continue
        yield Statement(
            style=chosen,
            company=company,
            debtor=debtor_of(book, code),
            language=language or _language(book, code),
            as_of=view.as_of,
            period_from=start if chosen == ACTIVITY else None,
            basis=aging.basis,
            sections=sections,
        )


def _by_customer(view: View) -> dict[str, View]:
    """The view of each customer's open items."""
    pockets, pocket = view.book.pockets, view.book.items.pocket
    items: dict[str, list[int]] = {}
    units: dict[str, list[int]] = {}
    for item, left in zip(view.items, view.outstanding, strict=True):
        code = pockets[pocket[item]].customer
        items.setdefault(code, []).append(item)
        units.setdefault(code, []).append(left)
    return {code: view._replace(items=items[code], outstanding=units[code], daily=None) for code in items}


def _items_by_customer(view: View, codes: frozenset[str]) -> dict[str, list[int]]:
    pockets, pocket = view.book.pockets, view.book.items.pocket
    wanted = [there.customer if there.customer in codes else None for there in pockets]
    found: dict[str, list[int]] = {}
    for item in range(view.item_count):
        code = wanted[pocket[item]]
        if code is not None:
            found.setdefault(code, []).append(item)
    return found


def _strips(view: View, aging: Aging) -> dict[str, list[Decimal]]:
    """Currency → the customer's amounts by bucket, credits last, as the relation aging has them."""
    strips: dict[str, list[Decimal]] = {}
    for pocket, amounts in amounts_by_pocket(view, aging, None).items():
        currency = view.book.pockets[pocket].currency
        known = strips.get(currency)
        strips[currency] = amounts if known is None else [added(pair) for pair in zip(known, amounts, strict=True)]
    return strips


def _cells(amounts: list[Decimal], aging: Aging) -> tuple[AgingCell, ...]:
    ranges = (*aging.ranges, (None, None))
    return tuple(AgingCell(low, high, amount) for (low, high), amount in zip(ranges, amounts, strict=True))


def _open_section(
    view: View, currency: str, strips: Mapping[str, list[Decimal]], disputes: Mapping[int, int]
) -> Section:
    """The open items of one currency: the rows of the relation open_items, in order of due date."""
    found: list[tuple[tuple[Any, ...], StatementLine]] = []
    overdue = Decimal(0)
    for item, row in zip(view.items, open_items(view, disputes), strict=True):
        if row.currency != currency:
            continue
        debit = row.original > 0
        line = StatementLine(
            date=row.date,
            kind=row.kind,
            number=view.label(item),
            due=row.due,
            description=view.book.texts.description(item),
            debit=row.original if debit else None,
            credit=None if debit else -row.original,
            balance=row.outstanding,
            settled=abs(row.settled),
            days_overdue=row.days_overdue,
            disputed=row.disputed,
        )
        found.append(((not debit, row.due or row.date, row.date, line.number), line))
        if row.days_overdue:
            overdue += row.outstanding
    amounts = strips[currency]
    return Section(
        currency=currency,
        digits=view.book.scales[currency].digits,
        opening=None,
        lines=tuple(line for _, line in sorted(found, key=lambda pair: pair[0])),
        closing=added(amounts),
        aging=_cells(amounts, aging_policy(view.book.settings, view.as_of)),
        overdue=overdue,
        credits=amounts[-1],
    )


def _activity_section(
    view: View,
    activity: Activity,
    start: datetime.date,
    own: View,
    strips: Mapping[str, list[Decimal]],
    aging: Aging,
) -> Section:
    """The movements of one currency: the rows of the relation statement."""
    scale = view.book.scales[activity.currency]
    opening, *rows = activity_rows(view, activity, start)
    amounts = strips.get(activity.currency, [scale.decimal(0)] * (len(aging.buckets) + 1))
    return Section(
        currency=activity.currency,
        digits=scale.digits,
        opening=opening.balance,
        lines=tuple(
            StatementLine(
                row.date,
                row.kind,
                row.number or "",
                row.due,
                row.description,
                row.debit,
                row.credit,
                row.balance,
            )
            for row in rows
        ),
        closing=rows[-1].balance if rows else opening.balance,
        aging=_cells(amounts, aging),
        overdue=sum(
            (row.outstanding for row in open_items(own, {}) if row.currency == activity.currency and row.days_overdue),
            Decimal(0),
        ),
        credits=amounts[-1],
    )


# -- who writes to whom ----------------------------------------------------------------------------


def _policy(book: Book, code: str, date: datetime.date) -> Mapping[str, Any]:
    """The policy "statement": the one named by the customer's entity over that of everybody."""
    values: dict[str, Any] = {}
    entity = _detail(book, code, "entity")
    for name in ("", entity):
        policy = book.settings.in_force("statement", date, name)
        if policy is not None:
            values |= policy.values
    return values


def _detail(book: Book, code: str, key: str) -> str:
    customer = book.customers.get(code)
    value = None if customer is None else customer.details.get(key)
    return "" if value is None else str(value)


def _language(book: Book, code: str) -> str:
    written = _detail(book, code, "language").lower().partition("-")[0].partition("_")[0]
    return written if written in LANGUAGES else "en"


def company_of(book: Book, code: str, date: datetime.date) -> Company:
    """Who writes to a customer, by the policy "statement" in force; the ledger's title without one."""
    values = _policy(book, code, date)

    def family(beginning: str, plain: str) -> dict[str, str]:
        found = {key[len(beginning) :]: text for key, text in values.items() if key.startswith(beginning)}
        return {"": values[plain], **found} if plain in values else found

    return Company(
        name=values.get("company", book.title),
        address=values.get("address", ""),
        tax_id=values.get("tax-id", ""),
        phone=values.get("phone", ""),
        email=values.get("email", ""),
        website=values.get("website", ""),
        pay_to={currency.upper(): text for currency, text in family("pay-to-", "pay-to").items()},
        contact=values.get("contact", ""),
        note=family("note-", "note"),
        logo=_beside(book, values.get("logo", "")),
        colour=values.get("colour", ""),
        template=_beside(book, values.get("template", "")),
    )


def outside(book: Book, date: datetime.date) -> Iterator[tuple[Policy, str]]:
    """The policies "statement" in force whose logo or template is not below the ledger's folder, with the key.

    Such a file is never opened: a ledger from somebody else must not bring other files into letters.
    """
    for subject, name in sorted(book.settings.policies):
        policy = book.settings.in_force(subject, date, name) if subject == "statement" else None
        if policy is not None:
            for key in ("logo", "template"):
                if policy.values.get(key) and not _beside(book, policy.values[key]):
                    yield policy, key


def _beside(book: Book, written: str) -> str:
    """The absolute path of a file below the ledger's folder; "" for none or for one outside."""
    if not written:
        return ""
    folder = Path(book.folder).resolve()
    path = (folder / written).resolve()
    return str(path) if path.is_relative_to(folder) else ""


def debtor_of(book: Book, code: str) -> Debtor:
    """The customer addressed."""
    address = _detail(book, code, "address")
    return Debtor(
        code=code,
        name=book.customers[code].name,
        address=lines(address) if address.strip() else "",
        tax_id=_detail(book, code, "tax-id"),
        contact=_detail(book, code, "contact"),
        email=_detail(book, code, "email"),
        collector=_detail(book, code, "collector"),
        terms=_detail(book, code, "terms"),
    )
