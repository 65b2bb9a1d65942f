"""Money: exact amounts as whole numbers of a currency's smallest unit, and back to Decimal.

The book counts in whole units (cents, dong, fils) because integers are exact and quick to add. A
`Scale` is fine enough for every amount that the ledger holds in that currency, so nothing is ever
rounded on the way in or out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, localcontext
from typing import Final, NamedTuple

ISO_DIGITS: Final[Mapping[str, int]] = {
    **dict.fromkeys(
        [
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "UYI",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ],
        0,
    ),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}
"""Decimal places of the currencies that do not have two (ISO 4217, list one)."""

EXACT: Final = Context(prec=120, traps=[Inexact])
"""Decimal arithmetic that raises `decimal.Inexact` rather than round."""


_WIDE: Final = Context(prec=120)

_ZEROS: Final = {digits: Decimal(0).scaleb(-digits) for digits in range(13)}


def rounded(amount: Decimal, digits: int) -> Decimal:
    """The amount rounded half up to so many decimal places, as authorities and banks print it.

    >>> rounded(Decimal("2.5"), 0), rounded(Decimal("-0.125"), 2)
    (Decimal('3'), Decimal('-0.13'))
    """
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP, _WIDE)


def added(amounts: Iterable[Decimal]) -> Decimal:
    """The exact sum; zero of none."""
    with localcontext(EXACT):
        return sum(amounts, Decimal(0))


class Scale(NamedTuple):
    """How one currency is counted.

    Attributes:
      unit: Decimal places of the smallest unit in which the book counts.
      digits: Decimal places that are shown at least.
    """

    unit: int
    digits: int

    def units(self, amount: Decimal) -> int:
        """The amount in whole units; raises decimal.Inexact when the scale is too coarse."""
        scaled = amount.scaleb(self.unit, EXACT)
        units = int(scaled)
        if units != scaled:
            raise Inexact(f"{amount} has more than {self.unit} decimal places")
        return units

    def decimal(self, units: int) -> Decimal:
        """The amount of so many units, with the currency's digits (more only where it needs them).

        >>> Scale(2, 2).decimal(11880), Scale(4, 2).decimal(1188000), Scale(4, 2).decimal(1188050)
        (Decimal('118.80'), Decimal('118.80'), Decimal('118.805'))
        """
        unit = self.unit
        if not units:
            return _ZEROS[self.digits]
        while unit > self.digits and units % 10 == 0:
            units //= 10
            unit -= 1
        return Decimal(units).scaleb(-unit, EXACT)


def iso_digits(currency: str) -> int:
    """The decimal places of a currency by ISO 4217; two for commodities it does not know."""
    return ISO_DIGITS.get(currency, 2)


def scale_for(currency: str, amounts: Iterable[Decimal], digits: int | None = None) -> Scale:
    """A scale that holds all `amounts` exactly.

    Args:
      currency: For its ISO digits where `digits` is None.
      amounts: Every amount that must be exact.
      digits: Decimal places that the ledger states for the commodity (`precision:`).
    """
    shown = iso_digits(currency) if digits is None else digits
    # A sum has as many decimal places as the finest of its terms: one pass at the speed of C.
    exponent = added(amounts).as_tuple().exponent
    seen = -exponent if isinstance(exponent, int) else 0
    return Scale(max(seen, shown, 0), shown)
