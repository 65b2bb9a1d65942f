"""Writing: a new folder appears with all its files, or nothing does."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from receivables_importers.start.problems import StartError


def write_folder(files: Mapping[str, str], folder: Path) -> None:
    """Write `files` (path → text) as the content of a new folder.

    They are written into a hidden folder beside it, which then takes its name in one step: a process that is
    killed before leaves nothing under that name.

    Raises:
      StartError: The folder has something in it, or the system refuses (no permission, disk full).
    """
    target = folder.resolve()
    _refuse_occupied(folder, target)
    staging: str | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        staging = tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".unfinished", dir=target.parent)
        # The folder within has the user's usual permissions; that of mkdtemp is private.
        content = Path(staging) / "content"
        content.mkdir()
        for name, text in files.items():
            path = content.joinpath(*PurePosixPath(name).parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        # An empty folder is replaced; one that has got something in it meanwhile is not.
        content.rename(target)
    except OSError as error:
        _refuse_occupied(folder, target)
        raise StartError(f"{folder}: cannot be written: {error.strerror or 'the system refuses'}") from error
    finally:
        if staging is not None:
            shutil.rmtree(staging, ignore_errors=True)


def _refuse_occupied(folder: Path, target: Path) -> None:
    """Raise StartError when there is something under the name of the folder already."""
    try:
        occupied = target.exists() and (not target.is_dir() or any(target.iterdir()))
    except OSError as error:
        raise StartError(f"{folder}: cannot be looked into: {error.strerror or 'the system refuses'}") from error
    if occupied:
        raise StartError(f"{folder}: is there already and not empty: name a new folder, or empty this one")
