"""A statement as a web page: one file that needs nothing else, reads on a telephone and prints on A4.

Every text is escaped by construction: a page is built of `_element`s, which escape whatever is not an element
itself. A content policy in the page forbids scripts and anything from outside, should a browser ever disagree.
"""

from __future__ import annotations

import base64
import functools
from html import escape
from importlib.resources import files

from receivables.letters.branding import Branding, branding
from receivables.letters.content import Column, Content, Fact, Line, SectionContent, Summary, content
from receivables.letters.model import Statement

_VOID = ("meta", "img", "br")


class _Html(str):
    """A piece of HTML, as opposed to a text."""

    __slots__ = ()


_Child = str | _Html | None
_Attributes = dict[str, str]


def render(statement: Statement) -> tuple[bytes, tuple[str, ...]]:
    """The web page of a statement in UTF-8, and warnings for the sender."""
    look = branding(statement.company)
    return _page(content(statement), look).encode(), look.warnings


def _element(name: str, attributes: _Attributes, *children: _Child) -> _Html:
    """An element; children that are plain texts are escaped, None and "" are left out."""
    pairs = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items() if value)
    if name in _VOID:
        return _Html(f"<{name}{pairs}>")
    return _Html(f"<{name}{pairs}>{_joined(children)}</{name}>")


def _joined(children: tuple[_Child, ...] | list[_Child] | list[_Html]) -> _Html:
    return _Html(
        "".join(child if isinstance(child, _Html) else escape(child, quote=False) for child in children if child)
    )


def _of(name: str, kind: str, *children: _Child) -> _Html:
    """An element of a class; nothing when it would be empty."""
    return _element(name, {"class": kind}, *children) if any(children) else _Html()


def _lines(lines: list[str]) -> _Html:
    """Texts one below the other."""
    return _Html("<br>".join(escape(line, quote=False) for line in lines))


@functools.cache
def _style() -> str:
    return files("receivables.letters").joinpath("statement.css").read_text(encoding="utf-8")


def _page(text: Content, look: Branding) -> str:
    head = _element(
        "head",
        {},
        _element("meta", {"charset": "utf-8"}),
        _element("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"}),
        _element(
            "meta",
            {
                "http-equiv": "Content-Security-Policy",
                "content": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
            },
        ),
        _element("title", {}, f"{text['title']} – {text['customer']['name']}"),
        _Html(f"<style>\n:root {{ --accent: {look.accent}; }}\n{_style()}</style>"),
    )
    body = _element(
        "body",
        {},
        _element(
            "main",
            {},
            _letterhead(text, look),
            _element("h1", {}, text["title"]),
            _of("p", "period", text["subtitle"]),
            _parties(text),
            _of("dl", "summary", *(_summary(row) for row in text["summary"])),
            _of("p", "empty", text["empty"]),
            *(_section(text, section) for section in text["sections"]),
            _ending(text),
        ),
    )
    root = _element("html", {"lang": text["language"], "dir": "rtl" if text["rtl"] else "ltr"}, head, body)
    return f"<!DOCTYPE html>\n{root}\n"


def _labelled(fact: Fact) -> str:
    return f"{fact['label']}: {fact['value']}" if fact["label"] else fact["value"]


def _letterhead(text: Content, look: Branding) -> _Html:
    company = text["company"]
    mark: _Html
    if look.logo is None:
        mark = _of("p", "name", company["name"])
    else:
        picture = base64.b64encode(look.logo.content).decode("ascii")
        mark = _element("img", {"src": f"data:{look.logo.media_type};base64,{picture}", "alt": company["name"]})
    details = [_labelled(fact) for fact in company["details"]]
    name = [company["name"]] if look.logo is not None else []
    return _element("header", {}, mark, _of("address", "", _lines([*name, *company["address"], *details])))


def _parties(text: Content) -> _Html:
    customer = text["customer"]
    details = [_labelled(fact) for fact in customer["details"]]
    return _element(
        "div",
        {"class": "parties"},
        _element(
            "div",
            {},
            _of("p", "label", customer["label"]),
            _of("p", "name", customer["name"]),
            _of("p", "", _lines(customer["address"])),
            _of("p", "details", _lines(details)),
        ),
        _facts(text["facts"]),
    )


def _facts(facts: list[Fact]) -> _Html:
    rows = [_element("dt", {}, fact["label"]) + _element("dd", {}, fact["value"]) for fact in facts]
    return _element("dl", {"class": "facts"}, *(_Html(row) for row in rows))


def _summary(row: Summary) -> _Html:
    figures = [
        _element(
            "div",
            {"class": figure["kind"]},
            _element("dt", {}, figure["label"]),
            _element("dd", {}, figure["amount"]),
        )
        for figure in row["figures"]
    ]
    return _element("div", {"class": "currency"}, _element("b", {}, row["currency"]), *figures)


def _section(text: Content, section: SectionContent) -> _Html:
    columns = section["columns"]
    return _element(
        "section",
        {},
        _element("h2", {}, section["heading"]),
        _element(
            "div",
            {"class": "wide"},
            _element(
                "table",
                {},
                _element("thead", {}, _element("tr", {}, *(_heading(column) for column in columns))),
                _element("tbody", {}, *_rows(text, section)),
                _element("tfoot", {}, _totals(text, section)),
            ),
        ),
        _aging(section),
        *(_of("p", "details", note) for note in section["notes"]),
    )


def _heading(column: Column) -> _Html:
    return _element("th", {"scope": "col", "class": column["kind"]}, column["label"])


def _rows(text: Content, section: SectionContent) -> list[_Html]:
    columns = section["columns"]
    rows = []
    if text["style"] == "activity":
        rows.append(_banner(section, section["opening_label"], [section["opening"]]))
    rows.extend(_element("tr", {}, *(_cell(line, column) for column in columns)) for line in section["lines"])
    if section["empty"]:
        rows.append(
            _element("tr", {}, _element("td", {"colspan": str(len(columns)), "class": "empty"}, section["empty"]))
        )
    return rows


def _cell(line: Line, column: Column) -> _Html:
    if column["key"] == "description":
        description = line["description"] and _element("span", {}, line["description"])
        return _element(
            "td",
            {"class": "text description"},
            line["kind"],
            " · " if description else "",
            description,
            _of("div", "disputed", line["disputed"]),
        )
    cells = {
        "date": line["date"],
        "number": line["number"],
        "due": line["due"],
        "days_overdue": line["days_overdue"],
        "debit": line["debit"],
        "credit": line["credit"],
        "amount": line["amount"],
        "settled": line["settled"],
        "balance": line["balance"],
    }
    return _element("td", {"class": f"{column['kind']} {column['key']}"}, cells[column["key"]])


def _totals(text: Content, section: SectionContent) -> _Html:
    amounts = [section["closing"]]
    if text["style"] == "activity":
        amounts = [section["total_debit"], section["total_credit"], section["closing"]]
    return _banner(section, section["closing_label"], amounts)


def _banner(section: SectionContent, label: str, amounts: list[str]) -> _Html:
    """A row that carries a label and its last amounts."""
    span = len(section["columns"]) - len(amounts)
    return _element(
        "tr",
        {"class": "banner"},
        _element("th", {"scope": "row", "colspan": str(span)}, label),
        *(_element("td", {"class": "money"}, amount) for amount in amounts),
    )


def _aging(section: SectionContent) -> _Html:
    cells = [
        _element(
            "div",
            {"class": f"{cell['kind']} zero" if cell["zero"] else cell["kind"]},
            _element("dt", {}, cell["label"]),
            _element("dd", {}, cell["amount"]),
        )
        for cell in section["aging"]
    ]
    return _joined(
        [
            _of("p", "label", f"{section['aging_heading']} · {section['currency']}"),
            _element("dl", {"class": "aging"}, *cells),
        ]
    )


def _ending(text: Content) -> _Html:
    parts: list[_Html] = []
    payment = text["payment"]
    if payment is not None:
        several = len(payment["accounts"]) > 1
        accounts = [
            _element("p", {}, _of("span", "label", account["currencies"] if several else ""), _lines(account["lines"]))
            for account in payment["accounts"]
        ]
        if accounts:
            parts.append(_element("div", {}, _element("h3", {}, payment["heading"]), *accounts))
        parts.append(
            _element(
                "div",
                {},
                _element("h3", {}, payment["reference_label"]),
                _of("p", "reference", payment["reference"]),
                _of("p", "details", payment["reference_note"]),
            )
        )
    if text["contact"]:
        parts.append(
            _element(
                "div",
                {},
                _element("h3", {}, text["contact_heading"]),
                _element("p", {}, _lines(text["contact"])),
            )
        )
    return _element(
        "footer",
        {},
        _of("div", "ending", *parts),
        _of("p", "", _lines(text["note"])),
        _of("p", "", _lines(text["closing"])),
    )
