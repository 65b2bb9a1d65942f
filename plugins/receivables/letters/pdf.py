"""A statement as PDF: the Typst template `statement.typ`, or the company's own, filled with the letter's content.

What the ledger says goes to Typst as JSON in `sys.inputs`, as data: nothing of it is ever part of a template's
source, so markup in a customer's name is just a strange name. One compiler serves a whole bulk run; the
fonts are those of `receivables.letters.fonts`. The same statement gives the same bytes: the only time in the
file is the day as of which it speaks.
"""

from __future__ import annotations

import datetime
import functools
import json
import os.path
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, cast

from receivables.letters.branding import Logo, branding
from receivables.letters.content import content
from receivables.letters.errors import LetterError
from receivables.letters.fonts import CHINESE_EXTRA, describe, fonts, missing, remedy
from receivables.letters.model import Statement
from receivables.letters.phrases import FALLBACK, phrases
from receivables.letters.texts import plain

if TYPE_CHECKING:
    import typst

TEMPLATE = Path(str(files("receivables.letters").joinpath("statement.typ"))).resolve()

_PAGE_ROWS = 27.5
"""Rows of a table that fit on the only page of a letter, the first section's own share included."""
_SECTION_ROWS = 5
"""What a section takes beside its lines (headings, total, aging strip), in rows."""
_WRAPPED_ROW = 0.7
"""What a further line of text in a row takes, in rows."""
_DESCRIPTION_WIDTH = 36
"""Characters of a description that fit on a line."""

_PAGES = re.compile(rb"/Type/Pages/Count (\d+)")
_PLACE = re.compile(r"┌─ (.+):(\d+):\d+")


def render(statement: Statement) -> tuple[bytes, tuple[str, ...]]:
    """The PDF of a statement, and warnings for the sender.

    Raises:
      LetterError: When the company's own template cannot be used; the message names file and line.
    """
    who = plain(f"{statement.debtor.code} ({statement.debtor.name})").replace("\n", " ")
    look = branding(statement.company)
    warnings = list(look.warnings)
    language = phrases(statement.language).language
    if language != FALLBACK and not _can_write(language):
        hint = CHINESE_EXTRA if language == "zh" else "install the fonts again"
        warnings.append(
            f'{who}: no installed font has the letters of language "{language}", '
            f"so the statement is written in English; {hint}"
        )
        statement = statement._replace(language=FALLBACK)
    text = content(statement, on_paper=True)
    unknown = missing(json.dumps(text, ensure_ascii=False))
    if unknown:
        shown = ", ".join(describe(character) for character in unknown[:5])
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        warnings.append(f"{who}: no installed font has {shown}{more}, printed as boxes; {remedy(unknown)}")
    day = statement.as_of
    data = {**text, "fonts": fonts().families, "accent": look.accent, "day": (day.year, day.month, day.day)}
    document, complaints = _document(statement, data, look.logo)
    return document, (*warnings, *complaints)


@functools.cache
def _can_write(language: str) -> bool:
    """Whether the fonts have every letter of the language's own phrases."""
    words = phrases(language)
    return not missing("".join([*words.texts.values(), *words.kinds.values()]))


def _document(statement: Statement, data: Mapping[str, object], logo: Logo | None) -> tuple[bytes, tuple[str, ...]]:
    import typst

    own = statement.company.template
    template = Path(own).resolve() if own else TEMPLATE
    try:
        return _compiled(statement, template, data, logo)
    except typst.TypstError as error:
        if logo is None:
            raise _template_error(template, error) from error
        # A picture may be broken inside, which only its decoder sees.
        document, complaints = _document(statement, data, None)
        reason = error.message.splitlines()[0]
        return document, (f"logo {plain(str(logo.path))}: {reason}; the letter goes without it", *complaints)


def _compiled(
    statement: Statement, template: Path, data: Mapping[str, object], logo: Logo | None
) -> tuple[bytes, tuple[str, ...]]:
    # A template may read files below `root` and nowhere else.
    root, picture = template.parent, ""
    if logo is not None:
        root = Path(os.path.commonpath([root, logo.path.parent]))
        picture = f"/{logo.path.relative_to(root).as_posix()}"
    midnight = datetime.datetime.combine(statement.as_of, datetime.time(), datetime.UTC)
    compiler = _compiler(template, root)
    guesses = (1, 0) if template == TEMPLATE and _fits_one_page(statement) else (0,)
    for pages in guesses:
        compiled, complaints = compiler.compile_with_warnings(
            format="pdf",
            sys_inputs={"data": json.dumps({**data, "logo": picture, "pages": pages}, ensure_ascii=False)},
            timestamp=int(midnight.timestamp()),
        )
        document = cast("bytes", compiled)  # a list only for formats with a file for each page
        if pages == _pages(document):
            break
    return document, tuple(complaint.message for complaint in complaints)


@functools.lru_cache(maxsize=8)
def _compiler(template: Path, root: Path) -> typst.Compiler:
    import typst

    try:
        return typst.Compiler(template, root=root, font_paths=fonts().loaded, ignore_system_fonts=True)
    except (RuntimeError, OSError) as error:
        raise LetterError(f"{template}: the statement template cannot be read: {error}") from error


def _fits_one_page(statement: Statement) -> bool:
    """Whether a letter is probably one page long.

    A letter of one page needs no count of its pages and no headings to repeat, which saves a sixth of the time; so
    the template is first told that there is one page, and asked again when there turn out to be more. A wrong
    guess costs time and nothing else.
    """
    height = 0.0
    for section in statement.sections:
        height += _SECTION_ROWS + (section.opening is not None)
        for line in section.lines:
            wrapped = (len(line.kind) + len(line.description)) // _DESCRIPTION_WIDTH + bool(line.disputed)
            height += 1 + _WRAPPED_ROW * wrapped
    return height <= _PAGE_ROWS


def _pages(document: bytes) -> int:
    """How many pages a PDF of Typst has; 0 when it does not say."""
    match = _PAGES.search(document)
    return int(match[1]) if match else 0


def _template_error(template: Path, error: typst.TypstError) -> LetterError:
    place = _PLACE.search(error.diagnostic)
    where = f"{Path(place[1]).resolve()}:{place[2]}" if place else str(template)
    hints = "".join(f" ({hint})" for hint in error.hints)
    return LetterError(f"{where}: the statement template cannot be used: {error.message}{hints}")
