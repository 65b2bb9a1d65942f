"""Files: whole or not at all. A killed process, a full disk or Ctrl-C leaves the old file or the new one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, content: bytes | Iterable[bytes], *, private: bool = False) -> None:
    """Write `content` to `path` so that nobody ever sees half of it.

    The bytes go to a temporary file in the same folder, reach the disk, and take the name in one step. A
    symbolic link stays one: what it points to is written. A device or a pipe (/dev/stdout) is written into,
    never replaced. A process that is killed on the way may leave the temporary file, `.bean-ar-….part`.

    Args:
      path: The file; one that exists is replaced and keeps its permissions.
      content: All of it, or piece by piece. What goes wrong while a piece is made leaves the old file, too.
      private: Only for the user: permissions 0600.
    Raises:
      OSError: No permission, no space, no such folder; the old file is as it was and the temporary one
        is gone.
    """
    pieces = (content,) if isinstance(content, bytes) else content
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            stream.writelines(pieces)
        return
    target = path.resolve()
    mode = 0o600 if private else _mode_of(target)
    # Not named after the file: a name of the greatest length allowed leaves no room for more. And named before
    # it is there, so that an interruption at any moment finds it.
    temporary = target.with_name(f".bean-ar-{os.urandom(8).hex()}.part")
    try:
        with open(temporary, "xb", opener=_for_me_alone) as stream:
            stream.writelines(pieces)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.chmod(mode)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _for_me_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _mode_of(path: Path) -> int:
    """The permissions of a file that exists, else what a new file gets here."""
    try:
        return path.stat().st_mode & 0o777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
