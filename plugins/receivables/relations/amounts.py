"""Amounts: those that the book does not count in units, as relations show them: money in hand and between companies."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from receivables.book import Book
from receivables.money import rounded
from receivables.view import scale_of


def shown(book: Book, amount: Decimal, currency: str) -> Decimal:
    """The amount with the currency's digits at least, never rounded."""
    exact = rounded(amount, scale_of(book, currency).digits)
    return exact if exact == amount else amount


def digits(book: Book, currencies: Iterable[str]) -> dict[str, int]:
    """Decimal places by currency."""
    return {currency: scale_of(book, currency).digits for currency in currencies}
