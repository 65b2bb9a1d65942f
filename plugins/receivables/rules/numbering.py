"""Numbering: how the numbers of each kind of document begin, by the policy "numbering" of a day or by default."""

from __future__ import annotations

import datetime
from collections.abc import Container, Iterable, Mapping
from typing import Final

from receivables.facts import (
    APPLY,
    CREDIT_MEMO,
    DEBIT_NOTE,
    INVOICE,
    OPENING,
    PENALTY,
    RECEIPT,
    REFUND,
    REVALUATION,
    REVERSAL,
    WRITE_OFF,
)
from receivables.settings import Settings

DEFAULT_NUMBERING: Final[Mapping[str, tuple[str, ...]]] = {
    INVOICE: ("INV", "SI", "HD", "BILL"),
    DEBIT_NOTE: ("DN",),
    PENALTY: ("PN", "PEN"),
    RECEIPT: ("RC", "RCT", "RV", "PT", "PAY"),
    CREDIT_MEMO: ("CM", "CN"),
    WRITE_OFF: ("WO",),
    REFUND: ("RF", "REF"),
    REVERSAL: ("RV", "REV"),
    APPLY: ("AP", "APP"),
    OPENING: ("OB", "INV", "SI", "HD", "RC", "CM"),
    REVALUATION: ("REVAL", "FX"),
}
"""How numbers begin where no policy "numbering" says so; used only among several links."""


class Numbering:
    """How numbers begin, by kind, on a day."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._dated = ("numbering", "") in settings.policies
        self._default = {kind: tuple(begin) for kind, begin in DEFAULT_NUMBERING.items()}
        # Kind → how its numbers begin, where that is the same on every day.
        self.undated = {} if self._dated else self._default

    def fitting(self, kind: str, links: Iterable[str], date: datetime.date) -> list[str]:
        """The links that begin as numbers of this kind do."""
        begin = self._default[kind or INVOICE]
        if self._dated:
            begin = self._settings.value("numbering", kind or INVOICE, date) or begin
        return [link for link in links if link.startswith(begin)]

    def choose(self, kind: str, links: Iterable[str], date: datetime.date) -> str:
        """The one link that begins as numbers of this kind do; "" when none or several do."""
        found = self.fitting(kind, links, date)
        return found[0] if len(found) == 1 else ""

    def candidates(self, kind: str, links: list[str], date: datetime.date, owned: Container[str]) -> list[str]:
        """The links that may be the number: those that begin like one, without those that another document owns."""
        fitting = self.fitting(kind, links, date) or links
        return [link for link in fitting if link not in owned] or fitting
