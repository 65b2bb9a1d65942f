"""What writes from the browser, who may, and what hostile ledgers and requests get: the attacks, really tried."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.favas import Served, cells, copied, failures, plain, written
from tests.ledgers import day

from receivables.facts import Event
from receivables.fava import writing
from receivables.loading import load_book
from receivables.relations import evaluate

AS_OF = "2026-06-30"
NOTE = {"customer": "C-0017", "kind": "call", "date": "2026-07-01", "text": "Will call back", "documents": []}
PROMISE = {
    "customer": "C-0017", "kind": "promise", "date": "2026-07-01", "text": "On the telephone",
    "documents": ["HD-2025-0052"], "amount": "1,000,000", "currency": "VND", "by": "2026-07-20",
}  # fmt: skip
SAME = {"Sec_Fetch_Site": "same-origin", "Origin": "http://localhost"}


@pytest.fixture
def company(tmp_path: Path, example: Path) -> Served:
    """The example company, to be written into."""
    return Served(copied(example, tmp_path))


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """The example company, into which nothing gets that is tried."""
    example = Path(__file__).parent.parent / "ledger" / "main.beancount"
    return Served(copied(example, tmp_path_factory.mktemp("closed")))


def texts(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def events(served: Served, customer: str) -> list[Event]:
    return [event for event in load_book(served.main).book.events if event.customer == customer]


# Notes and promises


def test_a_promise_is_written_into_the_ledger_and_on_the_page_at_once(company: Served) -> None:
    answer = company.put("note", PROMISE, **SAME)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert re.search(r"Written: 2026/activity\.beancount:\d+", answer.json["data"]["text"])
    text = (company.main.parent / "2026/activity.beancount").read_text("utf-8")
    assert text.endswith(
        '2026-07-01 note Assets:Receivable:VN:BinhNguyen "On the telephone" #promise ^HD-2025-0052\n'
        "  amount: 1,000,000 VND\n"
        "  by: 2026-07-20\n"
    )
    page = company.page(page="customer", customer="C-0017", time="2026-07-31")
    assert cells(page, "promises")[0][:5] == ["2026-07-01", "HD-2025-0052", "VND", "1,000,000", "2026-07-20"]
    assert "On the telephone" in plain(page)


@pytest.mark.parametrize("kind", ["note", "call", "email", "visit", "meeting"])
def test_a_note_of_each_kind(company: Served, kind: str) -> None:
    assert company.put("note", {**NOTE, "kind": kind}, **SAME).status_code == 200
    assert (events(company, "C-0017")[-1].kind or "note") == kind


def test_a_note_for_a_customer_of_a_control_account_names_him(company: Served) -> None:
    assert company.put("note", {**NOTE, "customer": "C-0092"}, **SAME).status_code == 200
    assert events(company, "C-0092")[-1].comment == "Will call back"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"customer": "C-9999"}, "there is no customer"),
        ({"kind": "open"}, "there is no kind"),
        ({"kind": "dispute"}, "there is no kind"),
        ({"text": "  "}, "says nothing"),
        ({"text": "x" * 2001}, "longer than"),
        ({"text": 5}, "is no text"),
        ({"date": ""}, "has no date"),
        ({"date": "1.7.2026"}, "is not a date"),
        ({"documents": ["HD-9999"]}, "has no document"),
        ({"documents": "HD-2025-0052"}, "no list of numbers"),
        ({"documents": ["PT-2026-0001"]}, "has no document"),
        ({"kind": "promise"}, "needs the day"),
        ({"kind": "promise", "by": "2026-06-30"}, "not before its own"),
        ({"kind": "promise", "by": "2026-07-30", "amount": "1e5", "currency": "VND"}, "is not an amount"),
        ({"kind": "promise", "by": "2026-07-30", "amount": "-5", "currency": "VND"}, "is not an amount"),
        ({"kind": "promise", "by": "2026-07-30", "amount": "NaN", "currency": "VND"}, "is not an amount"),
        ({"kind": "promise", "by": "2026-07-30", "amount": "5", "currency": "XXX"}, "has nothing in"),
    ],
)
def test_a_note_that_cannot_be_written_says_why(closed: Served, change: dict[str, Any], said: str) -> None:
    before = texts(closed.main.parent)
    answer = closed.put("note", {**NOTE, **change}, **SAME)
    assert answer.status_code == 400
    assert said in answer.json["error"]
    assert texts(closed.main.parent) == before


INJECTIONS = [
    'x"\n2020-01-01 open Assets:Injected\n2020-01-01 note Assets:Receivable:VN:BinhNguyen "',
    'plugin "os"',
    '"\nplugin "os"\n"',
    "\\",
    '\\"\r\n2020-01-01 close Assets:Bank',
    "x\u2028y\x00z\x1b[2J",
    "${jndi} {{7*7}} <script>alert(1)</script>",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_no_text_becomes_a_directive(company: Served, text: str) -> None:
    before = load_book(company.main)
    answer = company.put("note", {**NOTE, "text": text}, **SAME)
    after = load_book(company.main)
    written_now = answer.status_code == 200
    assert len(after.entries) == len(before.entries) + written_now
    assert after.options["plugin"] == before.options["plugin"]
    assert not after.errors
    if written_now:
        assert events(company, "C-0017")[-1].comment == " ".join(text.split())
        page = company.page(page="customer", customer="C-0017", time="2026-07-31")
        assert "<script>alert" not in page


# Who may write


@pytest.mark.parametrize("endpoint", ["note", "posting"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost:81"}, 403),
        ({"Origin": "http://localhost.evil.example"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "localhost.evil.example:5000"}, 403),
        ({"Content_Type": "text/plain"}, 415),
        ({"Content_Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_another_site_writes_nothing(closed: Served, endpoint: str, headers: dict[str, str], status: int) -> None:
    before = texts(closed.main.parent)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    body = NOTE if endpoint == "note" else {"rule": "penalties", "as_of": AS_OF}
    address = f"{closed.base}{endpoint}"
    answer = closed.client.put(address, data=json.dumps(body), headers={"Content-Type": "application/json", **named})
    assert answer.status_code == status
    assert answer.json["success"] is False
    assert texts(closed.main.parent) == before


@pytest.mark.parametrize("endpoint", ["note", "posting"])
@pytest.mark.parametrize("method", ["get", "post", "delete"])
def test_only_put_writes(closed: Served, endpoint: str, method: str) -> None:
    before = texts(closed.main.parent)
    answer = getattr(closed.client, method)(f"{closed.base}{endpoint}", json=NOTE, query_string=NOTE)
    assert answer.status_code == 404
    assert texts(closed.main.parent) == before


@pytest.mark.parametrize("body", ["", "[]", '"x"', "{", "null"])
def test_what_is_no_object_is_refused(closed: Served, body: str) -> None:
    answer = closed.client.put(
        f"{closed.base}note", data=body, headers={"Content-Type": "application/json; charset=utf-8"}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True), ("localhost:5000", True), ("LOCALHOST.", True), ("127.0.0.1:5000", True),
        ("[::1]:5000", True), ("192.168.1.4", True), ("ar.example.com", True), ("AR.example.com:443", True),
        ("example.com", False), ("x.ar.example.com", False), ("", False), ("[::1", False), ("2130706433", False),
    ],
)  # fmt: skip
def test_names_that_may_write(host: str, allowed: bool) -> None:
    headers = {"Content-Type": "application/json"}
    assert (writing.refusal(headers, host, ("ar.example.com",)) is None) == allowed


def test_no_other_site_may_frame_the_pages(closed: Served) -> None:
    for page in ({}, {"page": "customer", "customer": "C-0017"}, {"page": "nowhere"}):
        assert closed.get(**page).headers["X-Frame-Options"] == "SAMEORIGIN"


def test_read_only_offers_and_takes_nothing(tmp_path: Path, example: Path) -> None:
    served = Served(copied(example, tmp_path), read_only=True)
    before = texts(served.main.parent)
    for params in ({"page": "customer", "customer": "C-0017"}, {"page": "rules"}):
        page = served.page(**params)
        assert failures(page) == []
        assert "data-put" not in page
    assert "Fava is read-only" in plain(served.page(page="rules"))
    for endpoint in ("note", "posting"):
        assert served.put(endpoint, NOTE, **SAME).status_code == 401
    assert served.get("statement", customer="C-0017").status_code == 200
    assert texts(served.main.parent) == before


# What a rule would book


def test_penalties_are_shown_as_a_diff_and_booked_when_it_is_agreed_to(company: Served) -> None:
    before = texts(company.main.parent)
    shown = company.put("posting", {"rule": "penalties", "as_of": AS_OF}, **SAME).json["data"]
    assert shown["diff"].startswith("--- a/2026/debit-notes.beancount")
    assert "#penalty" in shown["diff"]
    assert texts(company.main.parent) == before, "showing writes nothing"
    other = company.put("posting", {"rule": "penalties", "as_of": AS_OF, "agreed": "0" * 64}, **SAME)
    assert other.status_code == 409
    assert texts(company.main.parent) == before
    booked = company.put("posting", {"rule": "penalties", "as_of": AS_OF, "agreed": shown["agreed"]}, **SAME)
    assert booked.status_code == 200
    after = (company.main.parent / "2026/debit-notes.beancount").read_text("utf-8")
    added = [line[1:] for line in shown["diff"].splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert after.endswith("".join(f"{line}\n" for line in added))
    again = company.put("posting", {"rule": "penalties", "as_of": AS_OF}, **SAME).json["data"]
    assert (again["diff"], again["text"]) == ("", "Nothing to book on this day.")
    charged = cells(company.page(page="rules"), "penalty_balances")
    assert charged, "Fava has read what was written"


def test_what_was_agreed_to_is_not_booked_when_the_ledger_changed(company: Served) -> None:
    shown = company.put("posting", {"rule": "penalties", "as_of": AS_OF}, **SAME).json["data"]
    with (company.main.parent / "2026/receipts.beancount").open("a") as file:
        file.write(
            '\n2026-06-01 * "Late" ^PT-2026-9999 ^HD-2025-0052\n  Assets:Bank:VN:SongLo-VND  100000 VND\n'
            "  Assets:Receivable:VN:BinhNguyen\n"
        )
    answer = company.put("posting", {"rule": "penalties", "as_of": AS_OF, "agreed": shown["agreed"]}, **SAME)
    assert answer.status_code == 409, "the diff is another now"
    assert "#penalty ^DN-2026-03" not in (company.main.parent / "2026/debit-notes.beancount").read_text()


@pytest.mark.parametrize("rule", ["provision", "write_off_proposals", "revaluation"])
def test_the_other_rules_book_as_bean_ar_does(closed: Served, rule: str) -> None:
    proposals = writing.proposals(rule, load_book(closed.main).book, day(AS_OF))
    answer = closed.put("posting", {"rule": rule, "as_of": AS_OF}, **SAME)
    assert answer.status_code == 200, answer.json
    diff = answer.json["data"]["diff"]
    assert bool(diff) == bool(proposals)
    assert diff.count("\n+2026-") == sum(len(proposal.entries) for proposal in proposals)


@pytest.mark.parametrize("rule", ["limitation", "os", "../x", "", None])
def test_a_rule_that_books_nothing_is_refused(closed: Served, rule: str | None) -> None:
    assert closed.put("posting", {"rule": rule, "as_of": AS_OF}, **SAME).status_code == 400


# Incognito


def test_incognito_hides_every_amount(tmp_path: Path, example: Path) -> None:
    main = copied(example, tmp_path)
    served = Served(main, incognito=True)
    book = load_book(main).book
    amounts = set()
    for name in ("open_items", "aging", "changes", "kpis", "promises", "credit_limits", "penalties", "settlements"):
        report = evaluate(book, name, day(AS_OF))
        money = [place for place, column in enumerate(report.columns) if column.money]
        amounts |= {row[place] for row in report.rows for place in money if row[place] and abs(row[place]) >= 1000}
    shown = {f"{value:,}" for value in amounts} | {str(value) for value in amounts}
    pages = [
        served.page(),
        served.page(page="aging"),
        served.page(page="items"),
        served.page(page="customer", customer="C-0011"),
        served.page(page="document", customer="C-0023", number="INV-2024-052"),
        *(served.page(page="rules", rule=rule) for rule in ("penalties", "provision", "revaluation", "limitation")),
    ]
    for page in pages:
        assert failures(page) == []
        words = set(re.findall(r"[\d.,]+\d", plain(page)))
        assert not words & shown, words & shown
        assert "XX" in page
    assert "data-put" not in served.page(page="rules")
    for relation in ("open_items", "aging", "penalties", "tie_out", "write_off_proposals", "credit_limits"):
        text = served.get("download", relation=relation, format="csv", as_of=AS_OF).get_data(as_text=True)
        found = {cell for row in csv.reader(io.StringIO(text)) for cell in row}
        assert not found & shown, relation
        workbook = openpyxl.load_workbook(
            io.BytesIO(served.get("download", relation=relation, format="xlsx", as_of=AS_OF).data)
        )
        values = {str(cell.value) for sheet in workbook for row in sheet.iter_rows() for cell in row}
        assert not values & shown, relation
    assert served.get("statement", customer="C-0017").status_code == 403
    assert served.put("posting", {"rule": "penalties", "as_of": AS_OF}, **SAME).status_code == 403


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Served:
    example = Path(__file__).parent.parent / "ledger" / "main.beancount"
    weight = """
2026-06-01 * "Weighed" ^INV-W
  weight: 17.00 USD
  Assets:Receivable:VN:BinhNguyen  1000 VND
  Income:Lifts
"""
    return Served(copied(example, tmp_path_factory.mktemp("hidden"), weight), incognito=True)


@pytest.mark.parametrize(
    "where", ["outstanding>500", "original<=1000000", "credit-limit~500", "disputed!=0", "weight>1", "no-such=1"]
)
def test_incognito_answers_no_question_about_amounts(hidden: Served, where: str) -> None:
    """Whoever may ask for what is above 500, and then above 750, soon knows what it is."""
    key = re.split(r"\W", where.replace("-", "_"))[0].replace("_", "-")
    for page in ({"page": "items"}, {"page": "aging"}, {"page": "rules", "rule": "provision"}):
        (box,) = failures(hidden.page(**page, where=where))
        assert f"Not by “{key}” in incognito mode" in box
    assert hidden.get("download", relation="open_items", where=where).status_code == 400


@pytest.mark.parametrize("by", ["credit-limit", "weight"])
def test_incognito_makes_no_groups_that_are_called_by_amounts(hidden: Served, by: str) -> None:
    assert "in incognito mode" in failures(hidden.page(page="aging", by=by))[0]
    for relation in ("aging", "open_items"):
        assert hidden.get("download", relation=relation, by=by).status_code == 400


@pytest.mark.parametrize(
    "where", ["collector=lan", "days_overdue>30", "bucket=credits", "currency=VND", "due<2026-01-01"]
)
def test_incognito_answers_what_tells_no_amount(hidden: Served, where: str) -> None:
    assert failures(hidden.page(page="items", where=where)) == []
    assert failures(hidden.page(page="aging", by="collector")) == []
    assert hidden.get("download", relation="open_items", where=where, by="entity").status_code == 200


def test_the_name_of_a_file_keeps_the_script_of_its_customer(tmp_path: Path) -> None:
    served = Served(written(tmp_path, '2026-01-01 open Assets:Receivable:T\n  customer: "客户 1"\n'))
    header = served.get("download", relation="open_items", customer="客户 1").headers["Content-Disposition"]
    assert header.endswith("filename*=UTF-8''open-items-%E5%AE%A2%E6%88%B7-1-1970-01-01.csv")


# Hostile ledgers

MARKUP = '<img src=x onerror=\\"window.hit=1\\"><script>window.hit=1</script>{{7*7}}'
HOSTILE = f"""
2026-01-01 open Assets:Receivable:Tower
  customer: "<b onmouseover=alert(1)>\\"'C1"
  name: "{MARKUP}"
  email: "javascript:alert(1)"
  website: "javascript:alert(1)"
  collector: "=cmd|' /C calc'!A0"
  entity: "</script><script>window.hit=1</script>"
  address: "1 <i>Road</i> / \u202eTown"
2026-01-01 open Assets:Bank
2026-01-01 open Income:Sales
2026-01-10 * "{MARKUP}" "{MARKUP}"
  number: "<u>INV-1</u>\\" onclick=\\"alert(1)"
  note: "{MARKUP}"
  due: 2026-01-20
  Assets:Receivable:Tower  1000.00 USD
  Income:Sales
2026-01-11 * "=1+1" "+SUM(A1)" ^INV-2
  Assets:Receivable:Tower  5.00 USD
  Income:Sales
2026-02-01 note Assets:Receivable:Tower "{MARKUP}" #promise ^INV-2
  by: 2026-02-10
  evil: "{MARKUP}"
2026-02-02 document Assets:Receivable:Tower "<img src=x onerror=alert(1)>.txt" #demand ^INV-2
"""
CODE = "<b onmouseover=alert(1)>\"'C1"
NUMBER = '<u>INV-1</u>" onclick="alert(1)'


@pytest.fixture
def hostile(tmp_path: Path) -> Served:
    (tmp_path / "<img src=x onerror=alert(1)>.txt").touch()
    return Served(written(tmp_path, HOSTILE))


def test_text_of_the_ledger_is_never_markup(hostile: Served) -> None:
    pages = {
        "overview": hostile.page(),
        "aging": hostile.page(page="aging"),
        "by entity": hostile.page(page="aging", by="entity"),
        "items": hostile.page(page="items", where="entity~<script>"),
        "customer": hostile.page(page="customer", customer=CODE),
        "document": hostile.page(page="document", customer=CODE, number=NUMBER),
        "no document": hostile.page(page="document", customer=CODE, number="<script>window.hit=1</script>"),
        "filters": hostile.page(account="<script>window.hit=1</script>", filter='"><script>window.hit=1</script>'),
        "rules": hostile.page(page="rules", rule="limitation"),
        "full": hostile.get(page="customer", customer=CODE).get_data(as_text=True),
    }
    for name, page in pages.items():
        outside = re.sub(r'<script type="application/json"[^>]*>[^<]*</script>', "", page)
        assert "<script>" not in outside, name
        for forbidden in ("<img", "<b on", "<u>INV", "<i>Road", 'href="javascript:', "49</", 'onclick="alert'):
            assert forbidden not in outside, (name, forbidden)
    assert "onerror" in pages["customer"], "the text is there, as text"
    assert failures(pages["customer"]) == []


def test_text_of_the_ledger_is_never_a_formula(hostile: Served) -> None:
    text = hostile.get("download", relation="documents", format="csv").get_data(as_text=True)
    for row in csv.reader(io.StringIO(text)):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t"))
    workbook = openpyxl.load_workbook(io.BytesIO(hostile.get("download", relation="open_items", format="xlsx").data))
    for sheet in workbook:
        for line in sheet.iter_rows():
            for value in line:
                assert value.hyperlink is None
                if value.data_type == "f":
                    assert str(value.value).startswith(("=SUM", "=ROUND")), value.value


def test_names_of_files_are_names_of_files(hostile: Served) -> None:
    for endpoint, params in (
        ("statement", {"customer": CODE}),
        ("download", {"relation": "statement", "customer": CODE}),
        ("download", {"relation": "statement", "customer": "../../../etc/passwd"}),
    ):
        response = hostile.get(endpoint, **params)
        header = response.headers["Content-Disposition"]
        name = header.partition("filename=")[2]
        assert not set(name) & set("/\\<>:|?*\r\n"), header
        assert ".." not in name


def test_the_pdf_has_the_name_as_text(hostile: Served) -> None:
    response = hostile.get("statement", customer=CODE, format="pdf")
    assert response.status_code == 200
    assert response.data.startswith(b"%PDF")


def test_no_file_is_asked_for_by_its_path(closed: Served) -> None:
    for params in ({"relation": "/etc/passwd"}, {"relation": "aging", "format": "../x"}, {"file": "/etc/passwd"}):
        response = closed.get("download", **params)
        assert response.status_code == 400
        assert b"root:" not in response.data
