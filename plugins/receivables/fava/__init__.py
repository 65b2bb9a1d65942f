"""Receivables in Fava: `custom "fava-extension" "receivables.fava"`.

The extension is glue: it reads a request, asks the shelf for the book and the views for the page, and lets templates
lay it out. Nothing that goes wrong here may keep Fava from starting or answering: a wrong setting is on Fava's Errors
page, a page that cannot be made says why.
"""

from __future__ import annotations

import ast
import binascii
import io
import logging
import threading
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Any, Final

import fava.ext
from fava.beans.funcs import hash_entry
from fava.util.date import parse_date
from flask import Response, after_this_request, current_app, render_template, request, send_file, url_for
from markupsafe import Markup

from receivables.faces import FACES, FaceError, render
from receivables.fava import writing
from receivables.fava.asked import Asked, AskedError, day, read_asked, read_period, relation_of
from receivables.fava.bankfiles import SENT_MOST, BankFileError, Offered, Sent, offered
from receivables.fava.bench import RELATION, Bench, ChoiceError, Statements, bench_of, read_choices, read_statements
from receivables.fava.incognito import telling
from receivables.fava.links import Links, Places, filters
from receivables.fava.model import Failure, Page
from receivables.fava.shelf import Shelf, set_aside
from receivables.fava.tables import CALCULATED, Desk
from receivables.fava.views import aging, bank, customer, document, overview, rules
from receivables.fava.views.common import frame
from receivables.fava.words import FALLBACK, Words, known_language, words
from receivables.letters import LetterError, names
from receivables.letters import render as render_letter
from receivables.letters.phrases import LANGUAGES
from receivables.posting.append import Plan
from receivables.posting.journal import AppendError
from receivables.posting.proposal import Proposal
from receivables.relations.question import ConditionError, Question, read_condition
from receivables.report import Column, Report
from receivables.statements import STYLES, statements
from receivables.view import default_as_of, view
from receivables_importers.application.session import OutdatedError, SessionError

MODULE: Final = "receivables.fava"
SETTINGS: Final = ("hosts",)
"""What the configuration of the extension may say."""

PLACES_MOST: Final = 10
"""So many places of entries are told once they are written."""

_LOG = logging.getLogger(__name__)
_DOWNLOADS: Final = ("csv", "xlsx")
_LETTERS: Final = ("pdf", "xlsx", "html")


_SAID: Final = (
    AskedError, ConditionError, FaceError, LetterError, AppendError, writing.NoteError, BankFileError, ChoiceError,
    SessionError,
)  # fmt: skip
"""What says to its reader why there is no answer."""


class Refused(ValueError):  # noqa: N818  it is an answer
    """An answer that is not what was asked for; the message says why."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def _endpoint(name: str, method: str) -> Callable[[Callable[[Any], Any]], Any]:
    """Fava's endpoint, whose failures are sentences: JSON for what writes, a page for what is downloaded."""

    def decorate(answer: Callable[[Any], Any]) -> Any:
        @wraps(answer)
        def answered(self: Any) -> Any:
            try:
                return answer(self)
            except Refused as error:
                return self.refused(error.status, str(error), method)
            except OutdatedError:
                return self.refused(412, self.words()("bank_outdated"), method)
            except _SAID as error:
                return self.refused(400, str(error).removeprefix("--where "), method)
            except Exception as error:  # noqa: BLE001  the door to Fava: whatever fails is said and logged
                _LOG.exception("%s failed", name)
                return self.refused(500, f"{type(error).__name__}: {error}", method)

        made: Any = fava.ext.extension_endpoint(name, [method])
        return made(answered)

    return decorate


class Receivables(fava.ext.FavaExtensionBase):
    """The extension: one page of Fava with all of ours by its parameters, the downloads, and what writes."""

    report_title = "Receivables"
    has_js_module = True

    def __init__(self, ledger: Any, config: str | None = None) -> None:  # noqa: ARG002  read with each load
        # Fava would read the configuration once and for all, and would not start when it cannot be read.
        super().__init__(ledger, None)
        self._hosts: tuple[str, ...] = ()
        self._shelf: Shelf | None = None
        self._sent = Sent()
        self._lock = threading.Lock()

    def after_load_file(self) -> None:
        """Read the configuration; what is wrong with it is on Fava's Errors page."""
        self._hosts = ()
        try:
            options = self.ledger.fava_options
            language = known_language(options.language or _not_english(options.locale))
            self.report_title = words(language)("title")
            for entry in self.ledger.all_entries_by_type.Custom:
                if entry.type == "fava-extension" and entry.values and entry.values[0].value == MODULE:
                    self._hosts, told = read_settings([value.value for value in entry.values[1:]])
                    if told:
                        error = fava.ext.FavaExtensionError(entry.meta, told, entry)
                        self.ledger.extensions.errors.append(error)
        except Exception:  # noqa: BLE001  Fava would not start
            _LOG.exception("the settings of receivables.fava cannot be read")

    # What a page is made from

    def shelf(self) -> Shelf:
        """The book of the entries that Fava has now."""
        entries = self.ledger.all_entries
        shelf = self._shelf
        if shelf is None or shelf.entries is not entries:
            with self._lock:
                entries = self.ledger.all_entries
                shelf = self._shelf
                if shelf is None or shelf.entries is not entries:
                    set_aside(entries, again=shelf is not None)
                    shelf = self._shelf = Shelf(entries, self.ledger.options)
        return shelf

    def words(self) -> Words:
        """The words of Fava's language: its options, else what the browser asks for."""
        options = self.ledger.fava_options
        said = options.language or _not_english(options.locale) or request.accept_languages.best_match(LANGUAGES)
        hidden = bool(current_app.config.get("INCOGNITO"))
        return words(known_language(said), options.locale, hidden=hidden)

    def desk(self, asked: Asked, shelf: Shelf) -> Desk:
        """What the page of a request is made from."""
        links = Links(self._places(), asked, shelf)
        return Desk(shelf, asked, asked.as_of or default_as_of(shelf.book), self.words(), links)

    def _places(self) -> Places:
        base = _fava_url("extension_report", extension_name=self.name).partition("?")[0]
        return Places(
            base=base,
            filters=filters(request.args),
            account=lambda name: _fava_url("account", name=name),
            document=lambda path: _fava_url("document", filename=path),
            editor=lambda path, line: _fava_url("report", report_name="editor", file_path=path, line=str(line)),
            hash=hash_entry,
        )

    def _dates(self, text: str) -> Any:
        return parse_date(text, self.ledger.fava_options.fiscal_year_end)

    # Pages

    def content(self) -> Markup:
        """The page that the request asks for, or a box that says why there is none."""
        after_this_request(_unframed)
        try:
            return self._rendered(self._page())
        except Exception as error:  # noqa: BLE001  as above
            _LOG.exception("a page of receivables cannot be shown")
            return self._rendered(self._failed(f"{type(error).__name__}: {error}"))

    def _page(self) -> Page:
        writable = not _read_only()
        try:
            asked = read_asked(request.args, request.args.getlist, self._dates)
            desk = self.desk(asked, self.shelf())
            if asked.page == "customer":
                return customer.customer(desk, writable=writable)
            if asked.page == "document":
                return document.document(desk)
            if asked.page == "bank":
                return self._bank_page(desk, writable=writable)
            if asked.page == "rules":
                return rules.rules(desk, writable=writable)
            return {"overview": overview.overview, "aging": aging.aging, "items": aging.items}[asked.page](desk)
        except (AskedError, ConditionError) as error:
            return self._failed(str(error).removeprefix("--where "))

    def _bank_page(self, desk: Desk, *, writable: bool) -> Page:
        asked, offer = desk.asked, self._offered()
        sent = [file for token in asked.files if token not in offer and (file := self._sent.offered(token))]
        try:
            wanted = _statements(asked)
            found = self._bench(desk.shelf, wanted, offer) if wanted.files or wanted.waiting else None
            return bank.bank(desk, [*sent, *offer.values()], found, "", writable=writable)
        except BankFileError as error:
            return bank.bank(desk, [*sent, *offer.values()], None, str(error), writable=writable)

    def _offered(self) -> dict[str, Offered]:
        """The files in the folders of Fava's option `import-dirs`, by their tokens."""
        folders = [Path(self.ledger.join_path(name)) for name in self.ledger.fava_options.import_dirs]
        return {file.token: file for file in offered(folders)}

    def _bench(self, shelf: Shelf, asked: Statements, offer: Mapping[str, Offered] | None = None) -> Bench:
        """The proposals for bank lines."""
        return bench_of(shelf, self._main, asked, self._offered() if offer is None else offer, self._sent)

    def _failed(self, text: str) -> Page:
        """A page that says why there is none."""
        said = self.words()
        try:
            plain = frame(self.desk(Asked(), self.shelf()), "failed.html", said("title"), None)._replace(remarks=())
        except Exception:  # noqa: BLE001  as above
            _LOG.exception("the book cannot be made")
            plain = Page("failed.html", said("title"))
        return plain._replace(failures=(Failure(said("failed"), said.masked(text)),))

    def _rendered(self, page: Page) -> Markup:
        said = self.words()
        template = self.jinja_env.get_template(page.template)
        return Markup(template.render(page=page, content=page.content, words=said, base=self._places().base))  # noqa: S704

    @_endpoint("part", "GET")
    def part(self) -> Response:
        """A table of the page of rules, for a page that stands already."""
        asked = read_asked(request.args, request.args.getlist, self._dates)
        table = rules.part(self.desk(asked, self.shelf()), request.args.get("relation", ""))
        html = self.jinja_env.get_template("part.html").render(table=table, words=self.words())
        response = Response(html, mimetype="text/html")
        response.headers.update(_HEADERS)
        return response

    # Downloads

    def refused(self, status: int, text: str, method: str) -> Any:
        """An answer that is not what was asked for."""
        if method == "PUT":
            return {"success": False, "error": text}, status
        page = self._failed(text)
        return render_template("_layout.html", content=self._rendered(page), page_title=page.title), status

    @_endpoint("download", "GET")
    def download(self) -> Response:
        """A relation as CSV or XLSX: the same file as `bean-ar` writes."""
        args, shelf = request.args, self.shelf()
        format = args.get("format", "csv")
        if format not in _DOWNLOADS:
            raise AskedError(f'there is no format "{format}": {", ".join(_DOWNLOADS)}')
        if args.get("relation") == RELATION:
            lines = self._bench(shelf, _statements(read_asked(args, args.getlist, self._dates))).report
            return self._relation(lines, format, f"{RELATION}-{lines.as_of.isoformat()}.{format}")
        relation = relation_of(args.get("relation", ""))
        last = read_period(args.get("time", ""), self._dates)[1]
        as_of = day(args["as_of"], "as_of") if args.get("as_of") else last or default_as_of(shelf.book)
        question = Question(
            customer=args.get("customer") or None,
            where=tuple(read_condition(text) for text in args.getlist("where")),
            by=tuple(args.getlist("by")),
            period_from=day(args["from"], "from") if args.get("from") else None,
        )
        hidden = self.words().hidden
        if hidden and (key := telling(shelf.book, relation, as_of, question)) is not None:
            raise AskedError(self.words()("not_by_amount", key=key))
        account = "" if relation in WHOLE else args.get("account", "")
        found = shelf.report(relation, as_of, question, account)
        who = f"-{names.safe(question.customer)}" if question.customer else ""
        return self._relation(found, format, f"{relation.replace('_', '-')}{who}-{as_of.isoformat()}.{format}")

    def _relation(self, found: Report, format: str, name: str) -> Response:
        shown = incognito(found, self.words()) if current_app.config.get("INCOGNITO") else found
        return _file(render(shown, format), FACES[format].media_type, name)

    @_endpoint("statement", "GET")
    def statement(self) -> Response:
        """The statement of a customer for a period, as the letters make it."""
        args, shelf, said = request.args, self.shelf(), self.words()
        if said.hidden:
            raise Refused(403, said("not_incognito"))
        code, format = args.get("customer", ""), args.get("format", "pdf")
        if code not in shelf.book.customers:
            raise Refused(404, said("no_customer", code=code))
        if format not in _LETTERS:
            raise AskedError(f'there is no format "{format}": {", ".join(_LETTERS)}')
        style, language = args.get("style") or None, args.get("language") or None
        if style not in (None, *STYLES) or language not in (None, *LANGUAGES):
            raise AskedError(f"there is no such style or language: {style} {language}")
        last = day(args["to"], "to") if args.get("to") else default_as_of(shelf.book)
        first = day(args["from"], "from") if args.get("from") else None
        if first is not None and first > last:
            raise AskedError(said("period_backwards", first=first, last=last))
        (letter,) = statements(
            view(shelf.of("", code), last),
            customers=frozenset({code}), style=style, language=language, period_from=first, settled_too=True,
        )  # fmt: skip
        types = {**{name: face.media_type for name, face in FACES.items()}, "pdf": "application/pdf"}
        return _file(render_letter(letter, format).content, types[format], f"{names.filename(letter)}.{format}")

    # What writes

    def _guard(self) -> Mapping[str, Any]:
        """What a request that may write says; raises Refused for any other."""
        if (why := writing.refusal(request.headers, request.host, self._hosts)) is not None:  # type: ignore[arg-type]
            raise Refused(why.status, why.text)
        if _read_only():
            raise Refused(401, self.words()("read_only"))
        # JSON has a file in base64, and a name. What comes in chunks does not say how long it is.
        endless = "Transfer-Encoding" in request.headers
        if endless or (request.content_length or 0) > SENT_MOST * 4 // 3 + 10_000:
            raise Refused(413, f"more than {SENT_MOST >> 20} MB are not taken from a browser: use bean-ar apply")
        try:
            said = request.get_json(silent=True)
        except RecursionError:
            said = None
        if not isinstance(said, dict):
            raise Refused(400, "this request is no JSON object")
        return said

    @_endpoint("note", "PUT")
    def note(self) -> Any:
        """Add a note or a promise to the ledger."""
        said, shelf = self._guard(), self.shelf()
        made = writing.planned(self._main, shelf.book, [writing.note(shelf.book, said)])
        return {"success": True, "data": {"text": self._written(made)}}

    @_endpoint("posting", "PUT")
    def posting(self) -> Any:
        """What a rule would book, as a diff; and, when that very diff is agreed to, book it."""
        said, shelf, spoken = self._guard(), self.shelf(), self.words()
        if spoken.hidden:
            raise Refused(403, spoken("not_incognito"))
        rule = str(said.get("rule", ""))
        if rule not in writing.POSTING:
            raise AskedError("there is no such rule that books")
        as_of = day(str(said.get("as_of", "")), "as_of")
        wanted = writing.proposals(rule, shelf.book, as_of)
        return self._booked(shelf, wanted, said.get("agreed"), spoken("nothing_to_book"))

    def _booked(self, shelf: Shelf, wanted: list[Proposal], agreed: object, nothing: str) -> Any:
        """The diff of these entries; with the digest of that diff they are booked."""
        spoken = self.words()
        if not wanted:
            return {"success": True, "data": {"text": nothing, "diff": ""}}
        made = writing.planned(self._main, shelf.book, wanted)
        if agreed is None:
            told = spoken("to_book", count=made.entries)
            if made.errors:
                told = f"{told} {spoken('ledger_errors')}"
            return {"success": True, "data": {"text": told, "diff": made.diff, "agreed": writing.digest(made)}}
        if agreed != writing.digest(made):
            raise Refused(409, spoken("changed_meanwhile"))
        return {"success": True, "data": {"text": self._written(made), "diff": ""}}

    # Bank lines

    @_endpoint("upload", "PUT")
    def upload(self) -> Any:
        """Keep a statement that the browser sends in memory; its token."""
        said = self._guard()
        name, content = said.get("name"), said.get("content")
        if not isinstance(name, str) or not isinstance(content, str):
            raise AskedError("a file has a name and its content in base64")
        try:
            token = self._sent.keep(name, binascii.a2b_base64(content, strict_mode=True))
        except binascii.Error as error:
            raise AskedError("the content of the file is not base64") from error
        return {"success": True, "data": {"token": token}}

    @_endpoint("bank", "PUT")
    def deciding(self) -> Any:
        """The bank line that is to decide after these choices."""
        said, shelf, spoken = self._guard(), self.shelf(), self.words()
        if spoken.hidden:
            raise Refused(403, spoken("not_incognito"))
        search, edit = said.get("search", ""), said.get("edit", "")
        if not isinstance(search, str) or not isinstance(edit, str):
            raise AskedError("search and edit are texts")
        asked = read_statements(said)
        found = self._current(shelf, said, asked)
        desk = self.desk(read_asked(request.args, request.args.getlist, self._dates), shelf)
        with found.lock:
            choices = found.replay(read_choices(said.get("choices")))
            shown = bank.deciding(desk, found, search=search.strip()[:200], edit=edit)
        html = self.jinja_env.get_template("bank_line.html").render(deciding=shown, words=spoken)
        return {"success": True, "data": {"html": html, "choices": [choice._asdict() for choice in choices]}}

    @_endpoint("receipts", "PUT")
    def receipts(self) -> Any:
        """What is decided about bank lines as a diff; and, when that very diff is agreed to, book it."""
        said, shelf, spoken = self._guard(), self.shelf(), self.words()
        if spoken.hidden:
            raise Refused(403, spoken("not_incognito"))
        found = self._current(shelf, said, read_statements(said))
        with found.lock:
            found.replay(read_choices(said.get("choices")))
            wanted = found.session.entries(suspense=bool(said.get("suspense")), evident=bool(said.get("evident")))
        return self._booked(shelf, wanted, said.get("agreed"), spoken("bank_nothing_decided"))

    def _current(self, shelf: Shelf, said: Mapping[str, Any], asked: Statements) -> Bench:
        """The bench of a request, which must be in the state that the page had; raises OutdatedError."""
        found = self._bench(shelf, asked)
        if said.get("state") != found.state:
            raise OutdatedError("the ledger or a file has changed")
        return found

    def _written(self, made: Plan) -> str:
        """Make an append and let Fava know, also of a file that it has not read yet; where the entries are."""
        done = writing.written(made)
        for addition in made.additions:
            self.ledger.watcher.notify(addition.path)
        spoken = self.words()
        places = [f"{file}:{line}" for file, line, _ in done.entries]
        if (more := len(places) - PLACES_MOST) > 0:
            places[PLACES_MOST:] = [spoken("and_more", count=spoken.number(more))]
        return spoken("written", place=", ".join(places))

    @property
    def _main(self) -> Path:
        return Path(self.ledger.beancount_file_path)


WHOLE: Final = frozenset(
    {"penalty_balances", "penalties", "provision", "provision_movement", "revaluation", "write_off_proposals"}
)
"""Relations of the page of rules, which is always about the whole ledger."""

_HEADERS: Final = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}


def _unframed(response: Response) -> Response:
    """No other site may show our pages inside its own and let somebody click what he does not see."""
    response.headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    return response


def _file(content: bytes, media_type: str, name: str) -> Response:
    response = send_file(io.BytesIO(content), mimetype=media_type, as_attachment=True, download_name=name)
    response.headers.update(_HEADERS)
    return response


def _statements(asked: Asked) -> Statements:
    return Statements(asked.files, asked.profile, asked.bank, asked.waiting)


def _fava_url(endpoint: str, **values: str) -> str:
    address: str = url_for(endpoint, **values)  # type: ignore[arg-type]
    return address


def _not_english(locale: str | None) -> str | None:
    """A locale that says something about words: Fava makes it English for `render_commas` as well."""
    return None if locale is None or known_language(locale) == FALLBACK else locale


def _read_only() -> bool:
    """Whether Fava was started with --read-only; it keeps that nowhere but in a function that answers 401."""
    functions = current_app.before_request_funcs.get(None, [])
    return any(getattr(function, "__name__", "") == "_read_only" for function in functions)


def read_settings(values: list[Any]) -> tuple[tuple[str, ...], str]:
    """The hosts that may write, and what is wrong with the configuration; "" for nothing.

    >>> read_settings(["{'hosts': ['ar.example.com']}"]), read_settings([])
    ((('ar.example.com',), ''), ((), ''))
    """
    if not values:
        return (), ""
    example = "{'hosts': ['ar.example.com']}"
    try:
        said = ast.literal_eval(values[0].strip()) if isinstance(values[0], str) else values[0]
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        said = None
    if not isinstance(said, dict) or set(said) - set(SETTINGS):
        return (), f"{MODULE}: its configuration cannot be read: write it as {example}"
    hosts = said.get("hosts", [])
    if not isinstance(hosts, list) or not all(isinstance(host, str) for host in hosts):
        return (), f"{MODULE}: hosts is no list of names: write it as {example}"
    return tuple(hosts), ""


def incognito(report: Report, said: Words) -> Report:
    """A report whose amounts, and whose texts of the program that have amounts in them, read as X."""
    places = [
        place for place, column in enumerate(report.columns) if column.money is not None or column.name in CALCULATED
    ]

    def hide(value: Any) -> Any:
        return None if value is None else said.masked(str(value))

    columns = tuple(
        Column(column.name, str, column.about) if place in places else column
        for place, column in enumerate(report.columns)
    )
    rows = [tuple(hide(value) if place in places else value for place, value in enumerate(row)) for row in report.rows]
    return report._replace(columns=columns, rows=rows, notes=tuple(map(said.masked, report.notes)))
