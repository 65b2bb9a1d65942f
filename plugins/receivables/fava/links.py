"""Links: where everything on a page leads, with Fava's filters kept."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from receivables.fava.asked import Asked
from receivables.fava.shelf import Shelf

Params = Sequence[tuple[str, str]]


class Places(NamedTuple):
    """The addresses that Fava gives out.

    Attributes:
      base: The extension's page, with a slash at its end.
      filters: Fava's own parameters of the request.
      account: Account → its page.
      document: Path of a file that a document directive names → where it is read.
      editor: File and line → Fava's editor.
      hash: Entry → its hash.
    """

    base: str
    filters: Params
    account: Callable[[str], str]
    document: Callable[[str], str]
    editor: Callable[[str, int], str]
    hash: Callable[[Any], str]


class Links:
    """The links of one request."""

    def __init__(self, places: Places, asked: Asked, shelf: Shelf) -> None:
        self.places = places
        self._asked = asked
        self._shelf = shelf

    def page(self, page: str, *params: tuple[str, str]) -> str:
        """A page of ours."""
        return self._to("", [("page", page), *params])

    def customer(self, code: str) -> str:
        """The page of a customer."""
        return self.page("customer", ("customer", code))

    def document(self, code: str, number: str) -> str:
        """The page of a document."""
        return self.page("document", ("customer", code), ("number", number))

    def own(self) -> list[tuple[str, str]]:
        """The parameters of the page that is shown, without order and rows."""
        asked = self._asked
        said = [("page", asked.page), ("customer", asked.customer or ""), ("number", asked.number), ("by", asked.by)]
        if asked.page == "rules":
            said.append(("rule", asked.rule))
        if asked.page == "bank":
            said += [*(("files", token) for token in asked.files), ("profile", asked.profile), ("bank", asked.bank)]
            said.append(("waiting", "1" if asked.waiting else ""))
        said += [("where", text(condition)) for condition in asked.where]
        return [(key, value) for key, value in said if value]

    def here(self, *params: tuple[str, str], without: Sequence[tuple[str, str]] = ()) -> str:
        """The page that is shown, with or without some parameters."""
        return self._to("", [*(pair for pair in self.own() if pair not in without), *params])

    def sorted_by(self, key: str, order: str) -> str:
        """The page with a table in another order, from its first row."""
        return f"{self._with(key, order, None)}#{key}"

    def finished(self) -> str:
        """The page as it is shown, with the tables that take long."""
        return self._with("", None, None, ("whole", "1"))

    def part(self, relation: str) -> str:
        """One table of the page as it is shown."""
        return self._with("", None, None, ("relation", relation), endpoint="part")

    def from_row(self, key: str, row: int) -> str:
        """The page with a table from another row on."""
        return f"{self._with(key, self._asked.sort.get(key), row)}#{key}"

    def _with(self, key: str, order: str | None, row: int | None, *more: tuple[str, str], endpoint: str = "") -> str:
        asked = self._asked
        orders = {**asked.sort, **({key: order} if order else {})}
        rows = {other: first for other, first in asked.rows.items() if other != key} | ({key: row} if row else {})
        params = [("sort", f"{table}:{said}") for table, said in orders.items()]
        params += [("rows", f"{table}:{first}") for table, first in rows.items()]
        return self._to(endpoint, [*self.own(), *params, *more])

    def download(self, relation: str, format: str, params: Params) -> str:
        """A relation as a file."""
        return self._to("download", [("relation", relation), ("format", format), *params])

    def endpoint(self, name: str) -> str:
        """An address for a form or a script."""
        return self._to(name, [])

    def _to(self, endpoint: str, params: Params) -> str:
        query = urlencode([*self.places.filters, *params])
        return f"{self.places.base}{endpoint}{'?' if query else ''}{query}"

    def path(self, file: str) -> str:
        """The path of a ledger file as Beancount has it."""
        return file if os.path.isabs(file) else f"{self._shelf.book.folder}{os.sep}{file}"  # noqa: PTH117

    def entry(self, file: str | None, line: int | None) -> str:
        """Fava's own window with the entry at a line; "" when there is none."""
        if not file or line is None:
            return ""
        entry = self._shelf.entry(self.path(file), line)
        return "" if entry is None else f"#context-{self.places.hash(entry)}"

    def editor(self, file: str, line: int) -> str:
        """The line in Fava's editor."""
        return self.places.editor(self.path(file), line)


def text(condition: Sequence[str]) -> str:
    """A condition as it is written."""
    return "".join(condition)


def mail(address: str) -> str:
    """A link that writes to an e-mail address; "" for what is none."""
    plain = address.strip()
    name, at, host = plain.partition("@")
    fits = name and at and "." in host and plain.isprintable() and not any(c in plain for c in " <>\"'\\?&#%,;:()[]")
    return f"mailto:{plain}" if fits else ""


def period(first: datetime.date | None, last: datetime.date | None) -> Params:
    """A period as parameters of a download."""
    said = [("from", first), ("as_of", last)]
    return [(key, day.isoformat()) for key, day in said if day is not None]


def filters(args: Mapping[str, str]) -> Params:
    """Fava's own parameters of a request."""
    names = ("time", "account", "filter", "conversion", "interval")
    return [(name, args[name]) for name in names if args.get(name)]
