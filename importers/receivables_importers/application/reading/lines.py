"""Lines: the documents that all texts and references of a bank line name between them."""

from __future__ import annotations

from collections.abc import Iterable

from receivables_importers.application.reading.document_numbers import DocumentIndex, Named, Reading, surest
from receivables_importers.bank.model import BankLine


def read_line(line: BankLine, documents: DocumentIndex, referenced: Iterable[Named]) -> Reading:
    """What a line says in numbers.

    Args:
      line: The line.
      documents: All documents that may be named.
      referenced: Those that its structured references carry.
    """
    references = line.references
    texts = (
        line.remittance, *references.documents, references.end_to_end, references.creditor, references.customer,
    )  # fmt: skip
    digits = "".join(filter(str.isdigit, f"{line.amount.copy_abs():f}")).lstrip("0")
    amount = whole_digits(line) if line.amount == int(line.amount) else digits
    readings = [documents.read(text, amount) for text in dict.fromkeys(filter(None, texts))]
    return Reading(
        tuple(surest((*referenced, *(named for reading in readings for named in reading.named)))),
        frozenset(tail for reading in readings for tail in reading.tails),
        tuple(dict.fromkeys(key for reading in readings for key in reading.keys)),
        any(reading.cut for reading in readings),
        tuple(dict.fromkeys(word for reading in readings for word in reading.unknown)),
    )


def whole_digits(line: BankLine) -> str:
    """The digits of a line's amount in front of its decimals: where they stand in a text, they name nothing."""
    return f"{int(line.amount.copy_abs())}"
