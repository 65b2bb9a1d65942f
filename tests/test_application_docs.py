"""The pages about cash application are true: their commands print what they show, their tables are the code's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from tests.test_docs import DOCS, TYPES, compare, follow, markdown

from receivables_importers.application import COLUMNS

PAGE = DOCS / "application.md"


def test_the_morning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who follows the page sees what it shows."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)
    environment: Mapping[str, str] = {"COLUMNS": "120"}
    compare(PAGE, follow(PAGE, tmp_path, environment))


def test_the_columns() -> None:
    """The table of columns is that of the code."""
    rows = [
        [f"`{column.name}`", f"amount in `{column.money}`" if column.money else TYPES[column.type], column.about]
        for column in COLUMNS
    ]
    assert f"<!-- columns of proposals -->\n\n{markdown(['Column', 'Type', 'Meaning'], rows)}" in PAGE.read_text(
        "utf-8"
    )
