"""Reading: from a file to its statements. What a file is, its content says, never its name.

Whatever a file holds, the answer is a `BankFile`: what could be read, and problems with their place.
XML streams by; every other format is read as a whole, up to a size that no statement has.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

from receivables_importers.bank import bai, camt, ofx, swift, tabular
from receivables_importers.bank.drafts import Problems, Reading
from receivables_importers.bank.identity import Identities
from receivables_importers.bank.model import BankError, BankFile
from receivables_importers.bank.profiles import Profile
from receivables_importers.tables.problems import shown
from receivables_importers.tables.reading import ARCHIVE_ERRORS, likely_encoding

TEXT_BYTES_MAX: Final = 64 << 20
"""No file that is read as a whole may be larger: 300,000 lines of MT940."""
XML_BYTES_MAX: Final = 1 << 30

CAMT, SWIFT, OFX, BAI, TABLE = "camt", "swift", "ofx", "bai", "table"

_HEAD_BYTES: Final = 1 << 16
_SWIFT_FIELD: Final = re.compile(r"^:(?:20|25|28C?|60[FM]|61|62[FM]|86) ?:", re.MULTILINE)
_RUN_TOGETHER: Final = re.compile(r"@@:(?:20|25|61|86):")
_BAI_HEADER: Final = re.compile(r"\s*01,[^,\n]*,[^,\n]*,\d{6},")
_OFX: Final = re.compile(r"\s*OFXHEADER\s*:|<\?OFX\b|<OFX\s*>", re.IGNORECASE)
_DECLARED: Final = re.compile(r"\s*<(\?xml|!DOCTYPE(?!\s+html))", re.IGNORECASE)
_OFFICE: Final = re.compile(r"<(html|table|Workbook)\b", re.IGNORECASE)
_XML: Final = re.compile(r"\s*<")
_CAMT: Final = re.compile(r"<(?:[\w.-]{1,40}:)?(?:Document|BkToCstmr\w+)\b|camt\.05[234]")
_ENCODINGS: Final = ("utf-8-sig", "cp1252", "latin-1")


def read(path: Path, profiles: Sequence[Profile] = ()) -> BankFile:
    """Read a file of any format.

    Args:
      path: The file.
      profiles: The user's own profiles of tables; those of the package are known anyway.
    Returns:
      What could be read; that it cannot be read at all is among the problems, too.
    """
    try:
        with path.open("rb") as source:
            # A pipe cannot be read again from its beginning.
            whole = source if source.seekable() else io.BytesIO(source.read(TEXT_BYTES_MAX + 1))
            return read_stream(whole, path.name, profiles)
    except (OSError, ValueError) as error:
        problems = Problems(path.name)
        problems.error("", f"cannot be read: {getattr(error, 'strerror', None) or 'the system refuses'}")
        return BankFile(path.name, "", (), problems.all())


def read_stream(source: BinaryIO, name: str, profiles: Sequence[Profile] = ()) -> BankFile:
    """Read an open file of any format, which can be read again from its beginning; see `read`."""
    problems = Problems(name)
    try:
        reading = _read(source, name, profiles, problems)
    except BankError as error:
        problems.refused(error)
        return BankFile(name, "", (), problems.all())
    identities = Identities(name, problems)
    drafts = list(reversed(reading.drafts))
    format = reading.format
    del reading
    statements = []
    while drafts:
        # One after the other, so that no line is kept twice for long.
        statements.append(identities.finished(drafts.pop()))
    return BankFile(name, format, tuple(statements), problems.all())


def identify(path: Path, profiles: Sequence[Profile] = ()) -> bool:
    """Whether it is a bank statement that can be read: for tables, one that a profile knows."""
    try:
        with path.open("rb") as source:
            head = source.read(_HEAD_BYTES)
            kind = format_of(head)
            if kind != TABLE:
                return kind != CAMT or _CAMT.search(_head_text(head)) is not None
            data = head + source.read(TEXT_BYTES_MAX + 1 - len(head))
            if len(data) > TEXT_BYTES_MAX:
                return False
    except (OSError, ValueError, BankError):
        return False
    return tabular.known(path.name, data, profiles)


def format_of(head: bytes) -> str:
    """What a file that begins like this is; a table when it is nothing else."""
    text = _head_text(head)
    if _OFX.match(text) or (_XML.match(text) and _OFX.search(text)):
        return OFX
    if _XML.match(text) and (_CAMT.search(text) or (_DECLARED.match(text) and not _OFFICE.search(text))):
        return CAMT
    if _BAI_HEADER.match(text):
        return BAI
    if _SWIFT_FIELD.search(text) or _RUN_TOGETHER.search(text):
        return SWIFT
    return TABLE


def _head_text(head: bytes) -> str:
    """The beginning of a file as text, whatever its encoding."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    return head.decode("utf-8-sig", "replace") if b"\0" not in head[:1000] else head.decode("latin-1").replace("\0", "")


def _read(source: BinaryIO, name: str, profiles: Sequence[Profile], problems: Problems) -> Reading:
    """What the reader of the file's format finds. Raises BankError."""
    head = source.read(_HEAD_BYTES)
    if not head.strip():
        raise BankError("is empty")
    kind = format_of(head)
    if kind == CAMT:
        size = source.seek(0, 2)
        source.seek(0)
        if size > XML_BYTES_MAX:
            raise BankError(f"is larger than {XML_BYTES_MAX >> 20} MB: ask the bank for shorter periods")
        return camt.read(source, name, problems)
    data = head + source.read(TEXT_BYTES_MAX + 1 - len(head))
    if len(data) > TEXT_BYTES_MAX:
        raise BankError(f"is larger than {TEXT_BYTES_MAX >> 20} MB: ask the bank for shorter periods")
    if kind == TABLE:
        _refuse_archive(data)
        return tabular.read(name, data, profiles, problems)
    text = _text(data, kind, problems)
    del data, head
    reader = {OFX: ofx.read, BAI: bai.read, SWIFT: swift.read}[kind]
    return reader(text, name, problems)


def _refuse_archive(data: bytes) -> None:
    """Raise BankError for an archive that holds no workbook but files, as some banks send their XML."""
    if not data.startswith(b"PK\x03\x04"):
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()[:1000]
    except ARCHIVE_ERRORS:
        return
    files = [each for each in names if each.lower().endswith((".xml", ".sta", ".csv", ".txt", ".ofx", ".c53", ".c54"))]
    if files and not any(each.startswith(("xl/", "[Content_Types]", "content.xml")) for each in names):
        raise BankError(f"is an archive with {len(names):,} files, as {shown(files[0])}: unpack it and read the files")


def _text(data: bytes, kind: str, problems: Problems) -> str:
    """The text of a file for programs: what it declares is often wrong, so UTF-8 first."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        declared = _declared(data[:2000]) if kind == OFX else ""
        text = ""
        for encoding in _encodings(data, declared):
            try:
                text = data.decode(encoding)
            except (UnicodeDecodeError, LookupError):
                continue
            if text:
                if encoding != _ENCODINGS[0]:
                    problems.note("", f"the text is read as {encoding}")
                break
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _encodings(data: bytes, declared: str) -> Iterator[str]:
    """The encodings to try: what a file declares is often wrong, so UTF-8 goes first, unless bytes are zero."""
    if b"\0" not in data[:1000]:
        yield _ENCODINGS[0]
    if declared:
        yield declared
    likely = likely_encoding(data)
    if likely is not None:
        yield likely
    yield from _ENCODINGS


def _declared(head: bytes) -> str:
    """The encoding that the header of OFX names: CHARSET of OFX 1, or the XML declaration's."""
    text = head.decode("latin-1")
    found = re.search(r"CHARSET\s*:\s*([\w-]{1,20})", text) or re.search(r'encoding="([\w-]{1,20})"', text)
    if found is None:
        return ""
    return f"cp{found[1]}" if found[1].isdigit() else found[1]
