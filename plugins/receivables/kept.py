"""Kept: what was computed once and may be asked for again, by name, until it is not asked for any more.

Threads that ask for the same thing wait for the one that makes it; who asks for another thing waits for nobody.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")


class _Slot:
    """One thing: whoever holds the lock makes it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.made = False
        self.value: Any = None
        self.weight = 0


class Kept:
    """A store of things made once each; what was not asked for longest goes first when it gets too heavy.

    What makes a thing may ask for other things, never for itself.

    Args:
      limit: How much is kept, in the measure of `weigh`; None for everything.
      weigh: How much a thing weighs; each weighs 1 unless this says otherwise.
    """

    def __init__(self, limit: int | None = None, weigh: Callable[[Any], int] = lambda _: 1) -> None:
        self._limit = limit
        self._weigh = weigh
        self._lock = threading.Lock()
        self._slots: OrderedDict[Hashable, _Slot] = OrderedDict()
        self._weight = 0

    def of(self, name: Hashable, make: Callable[[], T]) -> T:
        """The thing of this name, made by `make` when it is not there; what `make` raises is not kept."""
        with self._lock:
            slot = self._slots.get(name)
            if slot is None:
                slot = self._slots[name] = _Slot()
            else:
                self._slots.move_to_end(name)
        with slot.lock:
            if not slot.made:
                slot.value = make()
                slot.made = True
                self._weighed(name, slot)
            found: T = slot.value
        return found

    def has(self, name: Hashable) -> bool:
        """Whether a thing is there already, so that asking for it costs nothing."""
        with self._lock:
            slot = self._slots.get(name)
            return slot is not None and slot.made

    def _weighed(self, name: Hashable, slot: _Slot) -> None:
        """Count a thing that was made, and let the oldest go until the rest is light enough."""
        with self._lock:
            if self._slots.get(name) is not slot:
                return
            slot.weight = self._weigh(slot.value)
            self._weight += slot.weight
            while self._limit is not None and self._weight > self._limit and len(self._slots) > 1:
                oldest = next(iter(self._slots))
                if self._slots[oldest] is slot:
                    break
                self._weight -= self._slots.pop(oldest).weight
