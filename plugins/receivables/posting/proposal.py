"""Proposal: entries that a rule would book, and why; nothing is written by it."""

from __future__ import annotations

from typing import NamedTuple

from beancount.core.data import Directive


class Proposal(NamedTuple):
    """Entries that belong together: they are all appended, or none is.

    Args:
      kind: What is proposed: a key of the policy "posting" that names a file ("penalty", "provision", …).
      entries: Complete Beancount directives in the order in which they are written; transactions balance
        and every posting has its amount. `meta` may have anything in "filename" and "lineno", which are
        not written.
      why: Sentences for the reader; they become comments above the first entry.
    """

    kind: str
    entries: tuple[Directive, ...]
    why: tuple[str, ...]
