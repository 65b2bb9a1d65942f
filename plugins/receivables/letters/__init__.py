"""Letters to customers: a statement of account as PDF, web page or workbook, in four languages.

    letter = render(statement, "pdf")
    path.write_bytes(letter.content)

`receivables.letters.model` has the records that go in. Importing this package is cheap: what a format needs
(Typst, Babel, XlsxWriter) is imported when the first letter of that format is made.
"""

from __future__ import annotations

from typing import NamedTuple

from receivables.letters.errors import LetterError
from receivables.letters.model import Statement

__all__ = ["FORMATS", "Letter", "LetterError", "render"]

FORMATS = ("pdf", "html", "xlsx")


class Letter(NamedTuple):
    """A letter ready to write to a file.

    Attributes:
      content: The bytes of the file; the same statement gives the same bytes.
      warnings: What the sender should know before sending it: characters that no font has, a logo that
        cannot be read. Each names the customer or the file.
    """

    content: bytes
    warnings: tuple[str, ...] = ()


def render(statement: Statement, format: str) -> Letter:
    """A statement of account as a file.

    Args:
      statement: What to say.
      format: One of `FORMATS`.

    Raises:
      LetterError: When the letter cannot be made, e.g. because the company's own template is broken.
      ValueError: When the format is none of `FORMATS`.
    """
    if format == "pdf":
        from receivables.letters import pdf

        return Letter(*pdf.render(statement))
    if format == "html":
        from receivables.letters import webpage

        return Letter(*webpage.render(statement))
    if format == "xlsx":
        from receivables.letters import workbook

        return Letter(*workbook.render(statement))
    raise ValueError(f'letter format "{format}" is none of {", ".join(FORMATS)}')
