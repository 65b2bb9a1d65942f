"""Key figures: days sales outstanding and collection effectiveness from sums of months, each by one named formula.

- DSO = receivables / sales of three months x days of these months. "Ending": receivables are those of the last day.
- Countback: the receivables are used up by the sales of the latest month, the one before and so on; the days of these
  months are added up, those of the last in proportion.
- Best possible DSO: the same as DSO with what is not overdue instead of all receivables.
- CEI (Credit Research Foundation) = (beginning + sales - ending total) / (beginning + sales - ending current) x 100.

A figure without sense (no sales, nothing to collect) is None, never zero.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from receivables.money import rounded

WINDOW: Final = 3
"""Months of sales in the DSO."""

DIGITS: Final = 1
"""Decimal places of days and percent, rounded half up."""


class Month(NamedTuple):
    """A month in one currency, in the units of the currency.

    Attributes:
      first, last: Its days; the month of the as-of date ends with it.
      sales: What was invoiced, taxes included, less credit memos.
      receivables: What is open on the last day, net of credits on account.
      owed: The same without deducting credits on account.
      overdue: What of that is overdue: debits whose due date is over.
    """

    first: datetime.date
    last: datetime.date
    sales: int
    receivables: int
    owed: int
    overdue: int

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last - self.first).days + 1


def days_of_sales(amount: int, months: Sequence[Month]) -> Decimal | None:
    """How many days of the last three months' sales an amount is; None without three months, or without sales.

    >>> month = Month(datetime.date(2026, 6, 1), datetime.date(2026, 6, 30), 100, 0, 0, 0)
    >>> days_of_sales(150, [month] * 3)
    Decimal('45.0')
    """
    window = months[-WINDOW:]
    sales = sum(month.sales for month in window)
    if len(window) < WINDOW or sales <= 0 or amount < 0:
        return None
    return _rounded(Fraction(amount * sum(month.days for month in window), sales))


def countback(months: Sequence[Month]) -> Decimal | None:
    """DSO by countback at the end of the last month; None when all sales known are not enough.

    >>> day = datetime.date
    >>> ends = [(4, 30, 70, 0), (5, 30, 80, 0), (6, 30, 100, 212)]  # months of 30 days
    >>> countback([Month(day(2026, m, 1), day(2026, m, d), sales, total, total, 0) for m, d, sales, total in ends])
    Decimal('73.7')
    """
    left = months[-1].receivables if months else -1
    if left < 0:
        return None
    days = Fraction(0)
    for month in reversed(months):
        if left <= 0:
            break
        if month.sales >= left:
            days += Fraction(left * month.days, month.sales)
            left = 0
        else:
            days += month.days
            left -= month.sales
    return None if left > 0 else _rounded(days)


def effectiveness(before: int, month: Month) -> Decimal | None:
    """CEI of a month in percent: what was collected of what could be; None when nothing could.

    Args:
      before: Receivables at its beginning.
      month: The month.

    >>> month = Month(datetime.date(2026, 6, 1), datetime.date(2026, 6, 30), 400, 300, 300, 100)
    >>> effectiveness(200, month)  # (200 + 400 - 300) / (200 + 400 - 200)
    Decimal('75.0')
    """
    could = before + month.sales - (month.receivables - month.overdue)
    if could <= 0:
        return None
    return _rounded(Fraction((before + month.sales - month.receivables) * 100, could))


def share(part: int, whole: int) -> Decimal | None:
    """A part in percent of the whole; None where there is no whole."""
    return None if whole <= 0 else _rounded(Fraction(part * 100, whole))


def _rounded(value: Fraction) -> Decimal:
    """Half up to `DIGITS` decimal places."""
    scaled = value * 10**DIGITS
    whole = (abs(scaled.numerator) * 2 + scaled.denominator) // (scaled.denominator * 2)
    return rounded(Decimal(whole if scaled >= 0 else -whole).scaleb(-DIGITS), DIGITS)
