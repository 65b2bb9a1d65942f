"""Claims: which open items the lines that wait for a person may be for, so that no later line takes them unseen."""

from __future__ import annotations

from collections.abc import Iterable


class Claims:
    """What lines that wait claim.

    A line that waits is likely for some items, because its amount agrees, and may be for others. Whether more than a
    number or an amount says who paid is kept beside it: the claim of a stranger counts for less.
    """

    def __init__(self) -> None:
        self._likely: set[int] = set()
        self._possible: set[int] = set()
        self._likely_of_known: set[int] = set()
        self._possible_of_known: set[int] = set()
        self._named: set[int] = set()

    def add(self, likely: Iterable[int], possible: Iterable[int], *, named: bool, known: bool) -> None:
        """Take up what a line claims.

        Args:
          likely: The items that it is likely for.
          possible: Others that it may be for.
          named: Whether it names the likely ones and has their amount.
          known: Whether its payer is known.
        """
        likely, possible = set(likely), set(possible)
        self._likely |= likely
        self._possible |= possible
        if known:
            self._likely_of_known |= likely
            self._possible_of_known |= possible
        if named:
            self._named |= likely

    def forget(self) -> None:
        """No line waits yet."""
        for items in (
            self._likely, self._possible, self._likely_of_known, self._possible_of_known, self._named,
        ):  # fmt: skip
            items.clear()

    def has(self, item: int, *, strictly: bool, known: bool = False) -> bool:
        """Whether a line that waits is likely for an item, or (strictly) may be.

        `known` asks only about lines whose payer is known.
        """
        likely = self._likely_of_known if known else self._likely
        possible = self._possible_of_known if known else self._possible
        return item in likely or (strictly and item in possible)

    def is_named(self, item: int) -> bool:
        """Whether a line that waits names an item, with an amount that agrees."""
        return item in self._named
