"""The model of a page: plain immutable records that templates only lay out. No figure is made after this."""

from __future__ import annotations

from typing import Any, NamedTuple


class Cell(NamedTuple):
    """One cell of a table.

    Attributes:
      text: What it says; text of the ledger is text.
      href: Where it leads; "" for nowhere.
      kind: Classes: "num" for figures, "late" for what is overdue, "long" for texts that may break.
      sub: A second line, small.
      title: What it says when pointed at.
      remote: Whether the browser and not Fava follows the link (a file).
    """

    text: str = ""
    href: str = ""
    kind: str = ""
    sub: str = ""
    title: str = ""
    remote: bool = False


class Heading(NamedTuple):
    """The heading of a column: its meaning, whether it is of figures, the link that sorts by it, how it is sorted."""

    text: str
    about: str = ""
    numeric: bool = False
    href: str = ""
    sorted: str = "none"


class Pager(NamedTuple):
    """Which rows are shown ("1–100 of 1,500") and the links to those before and after."""

    text: str
    previous: str
    next: str


class Table(NamedTuple):
    """A table with its downloads.

    Attributes:
      key: Its name in the address, and the id of the element.
      caption: What it is.
      downloads: What it is called and where it is.
      notes: Sentences below it.
      problems: What was found wrong while its figures were made.
      empty: What stands there when it has no rows.
      later: Where the finished table is fetched from, for one that takes long to make; "" for a finished one.
      whole: The page with this table finished, for who has no script.
    """

    key: str
    caption: str
    headings: tuple[Heading, ...]
    rows: tuple[tuple[Cell, ...], ...]
    totals: tuple[tuple[Cell, ...], ...] = ()
    downloads: tuple[tuple[str, str], ...] = ()
    pager: Pager | None = None
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    empty: str = ""
    later: str = ""
    whole: str = ""


class Figure(NamedTuple):
    """A figure with its name, and a word beside it."""

    label: str
    text: str
    sub: str = ""
    href: str = ""
    kind: str = ""


class Bar(NamedTuple):
    """One bar: how long it is in percent of the longest."""

    label: str
    text: str
    length: str
    href: str = ""
    kind: str = ""


class Chart(NamedTuple):
    """Thirteen months as columns; `unit` and `about` say what they are."""

    label: str
    about: str
    bars: tuple[Bar, ...]


class Card(NamedTuple):
    """What the overview says of one currency; `most` are the customers that are overdue with most."""

    currency: str
    figures: tuple[Figure, ...]
    most: tuple[Figure, ...]
    bars: tuple[Bar, ...]
    bridge: Table
    charts: tuple[Chart, ...]


class Alert(NamedTuple):
    """Something that needs attention: how grave, in a sentence, and the table with it."""

    kind: str
    text: str
    table: Table | None = None


class Link(NamedTuple):
    """A link among others of its kind; `current` for where one is."""

    text: str
    href: str
    current: bool = False


class Failure(NamedTuple):
    """A part of a page that could not be made, and why."""

    title: str
    text: str


class Page(NamedTuple):
    """A page.

    Attributes:
      template: The template of its content.
      title: For Fava's header.
      navigation: The pages.
      trail: Where one is, from the aging to a document.
      remarks: What a reader must know first: the day, the filters that hold and those that do not.
      content: The records that the template lays out.
      failures: Parts that could not be made.
    """

    template: str
    title: str
    navigation: tuple[Link, ...] = ()
    trail: tuple[Link, ...] = ()
    remarks: tuple[str, ...] = ()
    content: Any = None
    failures: tuple[Failure, ...] = ()
