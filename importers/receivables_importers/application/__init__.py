"""Application: bank lines become receipts that settle what they pay, with the evidence, or wait for a person.

`match` proposes, `report` shows, `entries_of` makes entries; `hook` does all of it for beangulp and Fava.
"""

from receivables_importers.application.entries import EntryMaker, entries_of
from receivables_importers.application.matching import Matched, Matcher, match
from receivables_importers.application.model import AUTO, NOTHING, REVIEW, Allocation, Applied, Deduction, Proposed
from receivables_importers.application.proposals import COLUMNS, brief, report

__all__ = [
    "AUTO",
    "COLUMNS",
    "NOTHING",
    "REVIEW",
    "Allocation",
    "Applied",
    "Deduction",
    "EntryMaker",
    "Matched",
    "Matcher",
    "Proposed",
    "brief",
    "entries_of",
    "match",
    "report",
]
