"""Stored values: the typed values of a ledger as JSON and back, exactly.

JSON has no dates, decimals or amounts, so they are written as small objects; everything else is itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple, TypeVar, overload

T = TypeVar("T")
K = TypeVar("K")


class StoredAmount(NamedTuple):
    """A number with its currency, where Beancount's own Amount would have to be imported."""

    number: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.number} {self.currency}"


def pack(value: Any) -> Any:
    """A metadata value as JSON.

    >>> pack(Decimal("1.50")), pack(datetime.date(2026, 3, 31)), pack("text"), pack(True)
    ({'n': '1.50'}, {'d': '2026-03-31'}, 'text', True)
    """
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, datetime.date):
        return {"d": value.isoformat()}
    if hasattr(value, "number") and hasattr(value, "currency"):
        return {"n": str(value.number), "c": value.currency}
    return str(value)


def unpack(value: Any) -> Any:
    """The value that `pack` wrote; an amount comes back as a `StoredAmount`."""
    if not isinstance(value, dict):
        return value
    if "d" in value:
        return datetime.date.fromisoformat(value["d"])
    number = Decimal(value["n"])
    return StoredAmount(number, value["c"]) if "c" in value else number


def pack_all(values: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata as JSON, without Beancount's own marks; file and line stay."""
    return {key: value if key == "lineno" else pack(value) for key, value in values.items() if not key.startswith("__")}


class StoredDetails(Mapping[str, Any]):
    """Metadata kept as JSON, each value unpacked when it is looked at."""

    def __init__(self, packed: Mapping[str, Any]) -> None:
        self._packed = packed

    def __getitem__(self, key: str) -> Any:
        return unpack(self._packed[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)


class Lazy(Sequence[T]):
    """A sequence that is made when first looked at."""

    def __init__(self, make: Callable[[], Sequence[T]]) -> None:
        self._make = make

    @cached_property
    def _made(self) -> Sequence[T]:
        return self._make()

    @overload
    def __getitem__(self, position: int) -> T: ...
    @overload
    def __getitem__(self, position: slice) -> Sequence[T]: ...
    def __getitem__(self, position: int | slice) -> T | Sequence[T]:
        return self._made[position]

    def __len__(self) -> int:
        return len(self._made)

    def __iter__(self) -> Iterator[T]:
        return iter(self._made)


class LazyMapping(Mapping[K, T]):
    """A mapping whose raw values are read when it is first looked at, and made when each is."""

    def __init__(self, read: Callable[[], Mapping[K, Any]], make: Callable[[Any], T]) -> None:
        self._read = read
        self._make = make
        self._values: dict[K, T] = {}

    @cached_property
    def _raw(self) -> Mapping[K, Any]:
        return self._read()

    def __getitem__(self, key: K) -> T:
        if key not in self._values:
            self._values[key] = self._make(self._raw[key])
        return self._values[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._raw)

    def __len__(self) -> int:
        return len(self._raw)
