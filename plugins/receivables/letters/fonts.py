"""Fonts of the letters: those that pip packages bring, never the system's; and which characters they cover.

Every installed package of the two kinds that carry open fonts on the Python Package Index is used
(`fontpkg-…`, `justmytype-…`), so a script that we do not ship is a `pip install` away. The order is fixed:
the same packages give the same pages on every machine.
"""

from __future__ import annotations

import functools
import struct
import unicodedata
from collections.abc import Iterable
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import typst

PREFERRED = ("Noto Sans", "Noto Sans Arabic", "Noto Sans SC", "Noto Sans TC", "Noto Sans JP", "Noto Sans KR")
"""Families in the order in which they are asked for a glyph; other installed families follow by name."""

CHINESE_EXTRA = 'pip install "beancount-receivables[chinese]"'

_PACKAGES = {"fontpkg.family": "files", "justmytype.packs": "fonts"}
"""The entry points by which font packages announce themselves, and the folder of each that has the fonts."""

_IDEOGRAPHS = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "FULLWIDTH", "IDEOGRAPHIC")


class Fonts(NamedTuple):
    """The fonts at hand.

    Attributes:
      families: Their families, in the order in which they are asked for a glyph.
      files: The file of each family's upright font, in the same order.
      loaded: Typst's own handle on them, shared by all compilers.
    """

    families: tuple[str, ...]
    files: tuple[str, ...]
    loaded: typst.Fonts


@functools.cache
def fonts() -> Fonts:
    """The fonts of the installed font packages."""
    import typst

    loaded = typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[str(path) for path in _folders()],
    )
    upright = {font.family: font.path for font in loaded.fonts() if font.style == "normal" and font.path}
    order = [family for family in PREFERRED if family in upright]
    order.extend(sorted(upright.keys() - set(PREFERRED)))
    return Fonts(tuple(order), tuple(upright[family] for family in order), loaded)


def _folders() -> list[Path]:
    """The folders of the installed font packages, without importing any of them."""
    folders = set()
    for group, folder in _PACKAGES.items():
        for entry in entry_points(group=group):
            spec = find_spec(entry.module)
            for location in (spec and spec.submodule_search_locations) or ():
                folders.add(Path(location) / folder)
    return sorted(folder for folder in folders if folder.is_dir())


def missing(text: str) -> list[str]:
    """The characters of `text` that no font has, in their order; those that print nothing are never missing."""
    characters = dict.fromkeys(text)
    for character in characters.keys() & _known():
        del characters[character]
    unknown = [character for character in characters if _prints(character) and not _covered(character)]
    _known().update(characters.keys() - set(unknown))
    return unknown


def describe(character: str) -> str:
    """A character for a message: itself, its code point and its name.

    >>> describe("ß")
    'ß (U+00DF LATIN SMALL LETTER SHARP S)'
    """
    name = unicodedata.name(character, "")
    return f"{character} (U+{ord(character):04X}{' ' + name if name else ''})"


def remedy(characters: Iterable[str]) -> str:
    """What to install for characters that no font has."""
    if any(unicodedata.name(character, "").startswith(_IDEOGRAPHS) for character in characters):
        return CHINESE_EXTRA
    return "install a font package that has them (fontpkg-noto-sans-… on the Python Package Index)"


@functools.cache
def _known() -> set[str]:
    """Characters that need no further look: a bulk run asks for the same few hundred again and again."""
    return set()


def _prints(character: str) -> bool:
    """Whether a character leaves a mark: neither a space nor a control, format or variation character."""
    if "\ufe00" <= character <= "\ufe0f":
        return False
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zs", "Zl", "Zp")


def _covered(character: str) -> bool:
    """Whether some font has the character, or all the parts that it can be composed of."""
    if _has(ord(character)):
        return True
    parts = unicodedata.normalize("NFD", character)
    return len(parts) > 1 and all(_has(ord(part)) for part in parts)


def _has(code: int) -> bool:
    return any(code in characters_of(file) for file in fonts().files)


@functools.cache
def characters_of(file: str) -> frozenset[int]:
    """The code points that the font in `file` has a glyph for, from its character map (cmap).

    Reads the two formats that fonts of today use, 4 and 12 of the OpenType specification, chapter "cmap". The
    library fontTools takes 0.1 s for the Chinese font alone; this takes a tenth.

    Raises:
      ValueError: When the file has no such map.
    """
    with Path(file).open("rb") as font:
        tables = struct.unpack(">H", font.read(12)[4:6])[0]
        directory = font.read(16 * tables)
        for position in range(0, len(directory), 16):
            tag, _, offset, length = struct.unpack_from(">4sIII", directory, position)
            if tag == b"cmap":
                font.seek(offset)
                return _characters(font.read(length))
    raise ValueError(f"{file}: a font without a character map")


def _characters(cmap: bytes) -> frozenset[int]:
    (count,) = struct.unpack_from(">2xH", cmap)
    subtables = [struct.unpack_from(">HHI", cmap, 4 + 8 * index) for index in range(count)]
    by_format = {}
    for platform, encoding, offset in subtables:
        # Platform 0 is Unicode; encodings 1 and 10 of platform 3 are too. Others are of another character set.
        if platform == 0 or (platform == 3 and encoding in (1, 10)):
            by_format[struct.unpack_from(">H", cmap, offset)[0]] = offset
    if 12 in by_format:
        return _segmented_coverage(cmap, by_format[12])
    if 4 in by_format:
        return _segment_mapping(cmap, by_format[4])
    raise ValueError("a font whose character map has neither format 4 nor format 12")


def _segmented_coverage(cmap: bytes, offset: int) -> frozenset[int]:
    """Format 12: groups of (first, last, glyph)."""
    (groups,) = struct.unpack_from(">I", cmap, offset + 12)
    found: set[int] = set()
    for first, last, glyph in struct.iter_unpack(">III", cmap[offset + 16 : offset + 16 + 12 * groups]):
        found.update(range(first + (glyph == 0), last + 1))
    return frozenset(found)


def _segment_mapping(cmap: bytes, offset: int) -> frozenset[int]:
    """Format 4: segments with an end, a start, a delta and an offset into an array of glyphs."""
    (double,) = struct.unpack_from(">H", cmap, offset + 6)
    segments = double // 2
    table = offset + 14
    ends = struct.unpack_from(f">{segments}H", cmap, table)
    starts = struct.unpack_from(f">{segments}H", cmap, table + double + 2)
    deltas = struct.unpack_from(f">{segments}H", cmap, table + 2 * double + 2)
    ranges_at = table + 3 * double + 2
    ranges = struct.unpack_from(f">{segments}H", cmap, ranges_at)
    found: set[int] = set()
    for index in range(segments):
        for code in range(starts[index], min(ends[index], 0xFFFE) + 1):
            glyph = code
            if ranges[index]:
                (glyph,) = struct.unpack_from(
                    ">H", cmap, ranges_at + 2 * index + ranges[index] + 2 * (code - starts[index])
                )
                if not glyph:
                    continue
            if (glyph + deltas[index]) & 0xFFFF:
                found.add(code)
    return frozenset(found)
