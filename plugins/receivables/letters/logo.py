"""The company's logo: found, looked at, and either usable or the reason why not."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

SIZE_LIMIT = 2_000_000
"""Bytes. A letterhead needs no more, and a web page carries the logo inside."""

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


def logo(path: str) -> Logo | str | None:
    """The logo at `path`; None when there is none; or, as a text, why the letter goes without it."""
    if not path:
        return None
    file = Path(path)
    kind = _KINDS.get(file.suffix.lower())
    if kind is None:
        return f"logo {path}: not a PNG, JPEG or SVG picture; the letter goes without it"
    try:
        with file.open("rb") as stream:
            content = stream.read(SIZE_LIMIT + 1)
    except OSError as error:
        return f"logo {path}: {error.strerror}; the letter goes without it"
    media_type, signature = kind
    if len(content) > SIZE_LIMIT:
        return f"logo {path}: larger than {SIZE_LIMIT // 1_000_000} MB; the letter goes without it"
    if not content.startswith(signature) or (not signature and b"<svg" not in content):
        return f"logo {path}: not the picture that its name says; the letter goes without it"
    return Logo(file, media_type, content)
