"""Application: bank lines become receipts that settle what they pay, with the evidence, or wait for a person.

`match` proposes, `report` shows, `entries_of` makes entries; `hook` does all of it for beangulp and Fava.

It is built in layers, each of which knows only those before it: `reading` what a line says; `knowledge`, `waiting` and
`open_items` what the ledger says; `explaining` what an amount pays; `deciding` whose it is, and whether a person looks;
`matching` one line after the other; then proposals, entries and the session in which a person decides.
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
