"""The company's own look, checked: its logo and its colour, or the reason why a letter goes without them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from receivables.letters.model import Company
from receivables.letters.texts import plain

ACCENT = "#1f3a5f"
"""The colour of a letter whose company names none: a blue that prints as a dark grey."""

SIZE_LIMIT = 2_000_000
"""The largest logo, in bytes. A letterhead needs no more, and a web page carries the logo inside."""

_KINDS = {
    ".png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    ".jpg": ("image/jpeg", b"\xff\xd8\xff"),
    ".jpeg": ("image/jpeg", b"\xff\xd8\xff"),
    ".svg": ("image/svg+xml", b""),
}


class Logo(NamedTuple):
    """A logo that can be shown.

    Attributes:
      path: Its absolute path.
      media_type: "image/png", "image/jpeg" or "image/svg+xml".
      content: The picture.
    """

    path: Path
    media_type: str
    content: bytes


class Branding(NamedTuple):
    """The company's look.

    Attributes:
      logo: None when there is none that can be shown.
      accent: The colour, as "#rrggbb".
      warnings: What was given and cannot be used.
    """

    logo: Logo | None
    accent: str
    warnings: tuple[str, ...]


def branding(company: Company) -> Branding:
    """The logo and the colour of a company."""
    warnings = []
    accent = company.colour
    if accent and not re.fullmatch("#[0-9a-fA-F]{6}", accent):
        warnings.append(f'colour "{plain(accent)}": not of the form "#rrggbb"; the letter has the default colour')
        accent = ""
    logo = _logo(company.logo) if company.logo else None
    if isinstance(logo, str):
        warnings.append(f"logo {plain(company.logo)}: {logo}; the letter goes without it")
        logo = None
    return Branding(logo, accent or ACCENT, tuple(warnings))


def _logo(path: str) -> Logo | str:
    """The logo in a file, or why it is none."""
    file = Path(path).resolve()
    if file.suffix.lower() not in _KINDS:
        return "not a PNG, JPEG or SVG picture"
    media_type, signature = _KINDS[file.suffix.lower()]
    try:
        with file.open("rb") as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        return str(error.strerror)
    if len(content) > SIZE_LIMIT:
        return f"larger than {SIZE_LIMIT // 1_000_000} MB"
    if not content.startswith(signature) or (not signature and b"<svg" not in content):
        return "not the picture that its name says"
    return Logo(file, media_type, content)
