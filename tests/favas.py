"""Fava in tests: a ledger in a folder of its own, served by Fava's own application."""

from __future__ import annotations

import html
import re
import shutil
from pathlib import Path
from typing import Any, Final

from fava.application import create_app
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

LINE: Final = '2025-01-01 custom "fava-extension" "receivables.fava"\n'


class Served:
    """A ledger that Fava serves.

    Attributes:
      main: Its main file.
      app, client: Flask's.
      slug: Its name in addresses.
    """

    def __init__(self, main: Path, **options: Any) -> None:
        self.main = main
        self.app = create_app([str(main)], load=True, poll_watcher=True, **options)
        self.client: FlaskClient = self.app.test_client()
        self.slug: str = self.app.config["LEDGERS"].first_slug()

    @property
    def ledger(self) -> Any:
        """Fava's own view of it."""
        return self.app.config["LEDGERS"][self.slug]

    @property
    def errors(self) -> list[str]:
        """What is on Fava's Errors page."""
        return [error.message for error in self.ledger.errors]

    @property
    def base(self) -> str:
        """The address of the extension."""
        return f"/{self.slug}/extension/Receivables/"

    def get(self, endpoint: str = "", **params: Any) -> TestResponse:
        """A page, or what an endpoint gives."""
        return self.client.get(f"{self.base}{endpoint}", query_string=params)

    def page(self, **params: Any) -> str:
        """The page as HTML."""
        response = self.get(partial="1", **params)
        assert response.status_code == 200
        return response.get_data(as_text=True)

    def put(self, endpoint: str, body: Any, **headers: str) -> TestResponse:
        """A request that may write."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.put(f"{self.base}{endpoint}", json=body, headers=named)


def copied(example: Path, folder: Path, more: str = "") -> Path:
    """The example company, which has the extension, in a folder of its own, with more at the end."""
    shutil.copytree(example.parent, folder / "ledger")
    main = folder / "ledger" / example.name
    with main.open("a", encoding="utf-8") as file:
        file.write(f"\n{more}")
    return main


def written(folder: Path, text: str, config: str = "") -> Path:
    """A ledger of this text with the extension."""
    main = folder / "main.beancount"
    main.write_text(f'option "title" "Test"\nplugin "receivables"\n{config or LINE}{text}', encoding="utf-8")
    return main


def plain(page: str) -> str:
    """A page as a reader sees it: its words without marks, with single spaces."""
    body = re.sub(r"<(style|script)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]*>", " ", body)))


def failures(page: str) -> list[str]:
    """The boxes of errors on a page."""
    return [plain(box).strip() for box in re.findall(r'<div class="ar-box error".*?</div>', page, re.DOTALL)]


def cells(page: str, key: str) -> list[list[str]]:
    """The rows of the table with this key, without its heading and totals."""
    section = re.search(rf'<section class="ar-table" id="{re.escape(key)}".*?</section>', page, re.DOTALL)
    assert section, key
    body = re.search(r"<tbody>(.*?)</tbody>", section[0], re.DOTALL)
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", body[1] if body else "", re.DOTALL)
    return [[plain(cell).strip() for cell in re.findall(r"<t[dh]\b.*?</t[dh]>", row, re.DOTALL)] for row in rows]


def headings(page: str, key: str) -> list[str]:
    """The headings of a table."""
    section = re.search(rf'<section class="ar-table" id="{re.escape(key)}".*?</thead>', page, re.DOTALL)
    assert section, key
    return [plain(cell).strip() for cell in re.findall(r"<th\b.*?</th>", section[0], re.DOTALL)]
