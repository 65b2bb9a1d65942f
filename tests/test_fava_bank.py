"""The page of bank lines: the figures of `bean-ar apply`, what is decided is booked exactly, and who may do it."""

from __future__ import annotations

import base64
import csv
import io
import os
import re
import threading
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from beancount.core.data import Custom, Transaction
from click.testing import CliRunner
from tests.bank_lines import BOOKS, invoice
from tests.favas import Served, cells, copied, failures, headings, plain, written
from tests.test_fava_writing import SAME, texts

import bean_ar.apply
from bean_ar.main import main as bean_ar_main
from receivables.fava import bankfiles, bench
from receivables.fava.words import words
from receivables.letters.phrases import LANGUAGES
from receivables.loading import load_book
from receivables.rules.application import DIFFERENCES
from receivables_importers.application.deciding.deposits import DEPOSIT, PAID_BACK
from receivables_importers.application.deciding.nature import BOUNCED, NATURES
from receivables_importers.application.deciding.refunds import REFUND
from receivables_importers.application.model import BOOKED, UNKNOWN
from receivables_importers.application.session import Choice, Session, replay
from receivables_importers.bank import read, together

STATEMENTS = '2025-01-01 custom "fava-option" "import-dirs" "statements"\n'
INVOICES = (
    invoice("INV-2026-0113", "OldMill", "1,000.00 USD")
    + invoice("INV-2026-0114", "OldMill", "250.00 USD", "2026-04-02")
    + invoice("INV-2026-0115", "OldMill", "250.00 USD", "2026-04-03")
    + invoice("INV-2026-0116", "OldMill", "400.00 USD", "2026-04-04")
    + invoice("INV-2026-0120", "BlueReef", "777.00 USD")
)
MAY = """:20:STARTUMS
:25:GB33BUKB20201555555555
:28C:00045/00001
:60F:C260503USD1000,00
:61:2605040504CR985,00NTRFNONREF//2026050400018801
:86:166?00CREDIT?20PAYMENT OF INV 2026/113?32OLD MILL TEXTILES LTD
:61:2605050505CR250,00NTRFNONREF//2026050500018802
:86:166?00CREDIT?20REPAIRS?31GB94BARC10201530093460?32OLD MILL TEXTILES LTD
:61:2605050505CR370,00NTRFNONREF//2026050500018803
:86:166?00CREDIT?20SOMETHING?32BLUE REEF
:61:2605060506CR390,00NTRFNONREF//2026050600018804
:86:166?00CREDIT?20WHAT WE OWE?32A STRANGER
:61:2605060506DR12,50NCHGNONREF//2026050600018805
:86:805?00CHARGES?20ACCOUNT FEE
:62F:C260506USD2982,50
-
"""
JUNE = re.sub(r"(:61:|F:C|//20)26050(\d)(?:050(\d))?", r"\g<1>26060\2", MAY)
READ_ONLY = {"read_only": True}


def desk(folder: Path, statement: str = MAY, more: str = "", **options: Any) -> Served:
    """A ledger with a statement in its folder."""
    (folder / "statements").mkdir(parents=True, exist_ok=True)
    (folder / "statements" / "may.sta").write_text(statement, encoding="utf-8")
    return Served(written(folder, f"{STATEMENTS}{BOOKS}{INVOICES}{more}"), **options)


def tokens(served: Served) -> list[str]:
    return re.findall(r'name="files" value="([\w-]+)"', served.page(page="bank"))


def shown(served: Served, *files: str, **params: str) -> str:
    response = served.get(page="bank", partial="1", files=list(files) or tokens(served), **params)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def keys(monkeypatch: pytest.MonkeyPatch, ledger: Path, *options: str, pressed: str) -> None:
    """Decide in the terminal what waits, and book it."""
    monkeypatch.setattr(bean_ar.apply, "_is_terminal", lambda: True)
    result = CliRunner().invoke(
        bean_ar_main, ["apply", str(ledger), *options, "--review", "--post", "--yes"], input=pressed
    )
    assert result.exit_code == 0, result.output


def state_of(page: str) -> str:
    (found,) = set(re.findall(r'data-state="(\w+)"', page))
    return str(found)


class Person:
    """Somebody who decides on the page, as its script does."""

    def __init__(self, served: Served, *files: str, **params: str) -> None:
        self.served = served
        self.files = list(files) or tokens(served)
        self.params = params
        self.state = state_of(shown(served, *self.files, **params))
        self.choices: list[dict[str, Any]] = []

    def body(self, **more: Any) -> dict[str, Any]:
        said = {key: value == "1" if key == "waiting" else value for key, value in self.params.items()}
        return {"files": self.files, **said, "state": self.state, "choices": self.choices, **more}

    def look(self, **more: Any) -> str:
        answer = self.served.put("bank", self.body(**more), **SAME)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        self.choices = answer.json["data"]["choices"]
        return str(answer.json["data"]["html"])

    def choose(self, how: str, **said: Any) -> str:
        (line,) = re.findall(r'data-id="(\w*)"', self.look())
        return self.look(choices=[*self.choices, {"line": line, "how": how, **said}])

    def receipts(self, **more: Any) -> dict[str, Any]:
        answer = self.served.put("receipts", self.body(**more), **SAME)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return dict(answer.json["data"])

    def book(self, **more: Any) -> str:
        """Look at the diff and agree; the diff."""
        said = self.receipts(**more)
        assert "Written" in self.receipts(**more, agreed=said["agreed"])["text"]
        return str(said["diff"])


@pytest.fixture
def may(tmp_path: Path) -> Served:
    return desk(tmp_path)


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A ledger into which nothing gets that is tried."""
    return desk(tmp_path_factory.mktemp("closed"))


# What is shown


def test_files_are_offered_by_name_and_asked_for_by_a_token(closed: Served) -> None:
    page = closed.page(page="bank")
    assert failures(page) == []
    assert "may.sta" in plain(page)
    (token,) = tokens(closed)
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    assert str(closed.main.parent) not in page
    for path in ("may.sta", "statements/may.sta", "../statements/may.sta", str(closed.main), "/etc/passwd", "sent-x"):
        (box,) = failures(shown(closed, path))
        assert "not there any more" in box


def test_a_ledger_without_folder_says_how_to_name_one(tmp_path: Path) -> None:
    page = Served(written(tmp_path, BOOKS)).page(page="bank")
    assert failures(page) == []
    assert 'custom "fava-option" "import-dirs"' in plain(page)


def test_the_lines_are_those_of_bean_ar(closed: Served) -> None:
    (token,) = tokens(closed)
    result = CliRunner().invoke(
        bean_ar_main, ["apply", str(closed.main), str(closed.main.parent / "statements/may.sta"), "--format", "csv"]
    )
    response = closed.get("download", relation="proposals", format="csv", files=token)
    assert response.data == result.stdout_bytes
    assert "proposals-2026-05-06.csv" in response.headers["Content-Disposition"]
    told = list(csv.DictReader(io.StringIO(result.stdout)))
    page = shown(closed)
    columns, rows = headings(page, "proposals"), cells(page, "proposals")
    words = {"auto": "decided", "review": "for a person", "nothing": "nothing to apply"}
    for row, expected in zip(rows, told, strict=True):
        by_name = dict(zip(columns, row, strict=True))
        assert by_name["Date"] == expected["date"]
        assert by_name["Amount"].replace(",", "") == expected["amount"]
        assert by_name["Decision"] == words[expected["decision"]]
        assert by_name["Settles"] == expected["allocations"]
        assert by_name["Waits for"] == expected["waits_for"]
        assert by_name["Evidence"] == expected["evidence"]
        assert expected["remittance"] in by_name["Payer, text"]
    figures = dict(re.findall(r"<dt>([^<]*)</dt><dd><bdi>(\d+)</bdi>", page))
    assert figures == {"Decided by evidence": "1", "For a person": "3", "Nothing to apply": "1", "Booked already": "0"}
    workbook = openpyxl.load_workbook(
        io.BytesIO(closed.get("download", relation="proposals", format="xlsx", files=token).data)
    )
    assert [cell.value for cell in workbook.worksheets[0]["A"]].count(None) < 20


def test_the_table_is_sorted_and_linked(closed: Served) -> None:
    page = shown(closed, sort="proposals:-amount")
    amounts = [row[2] for row in cells(page, "proposals")]
    assert amounts == ["985.00", "390.00", "370.00", "250.00", "-12.50"]
    assert "page=customer&amp;customer=OldMill" in page
    for href in re.findall(r'href="(/[^"]*extension/Receivables/\?[^"]*)"', page):
        assert failures(closed.client.get(href.replace("&amp;", "&")).get_data(as_text=True)) == []


def test_the_first_line_that_waits_is_on_the_page(closed: Served) -> None:
    page = shown(closed)
    section = page.partition('class="ar-deciding"')[2].partition("</section>")[0]
    text = plain(f"<section {section}")
    assert "Line 1 of 3 2026-05-05 250.00 USD OLD MILL TEXTILES LTD GB94BARC10201530093460 REPAIRS" in text
    assert "2 items have this amount: INV-2026-0114, INV-2026-0115" in text
    assert "Old Mill Textiles Ltd OldMill INV-2026-0114 250.00" in text
    for key in ("1", "e", "a", "enter", "u"):
        assert f'data-key="{key}"' in section


def test_the_same_file_twice_is_one(closed: Served) -> None:
    (token,) = tokens(closed)
    sent = upload(closed, "again.sta", MAY.encode())
    page = shown(closed, token, sent, token)
    assert len(cells(page, "proposals")) == 5
    assert failures(page) == []


def test_money_out_of_hand_is_decided_as_well(tmp_path: Path) -> None:
    """A part of a collector's cash comes to the bank: no customer pays, and nothing but taking or leaving it fits."""
    cash = """
2025-01-01 open Assets:InHand:Lan
  holder: "Lan"
2026-05-01 * "Old Mill" "Cash" #receipt ^RC-1
  Assets:InHand:Lan  600.00 USD
  Assets:Receivable:OldMill  -600.00 USD
2026-05-01 * "Blue Reef" "Cash" #receipt ^RC-2
  Assets:InHand:Lan  50.00 USD
  Assets:Receivable:BlueReef  -50.00 USD
"""
    statement = MAY[: MAY.index(":61:")] + (
        ":61:2605040504CR620,00NMSCNONREF//2026050400018801\n:86:166?00CASH?20NOP TIEN MAT\n:62F:C260506USD1620,00\n-\n"
    )
    served = desk(tmp_path, statement, cash)
    person = Person(served)
    html = person.look()
    assert "Lan: cash 620.00 of 650.00" in plain(html)
    assert 'data-key="e"' not in html
    (row,) = cells(shown(served), "proposals")
    assert row[5] in ("", "Old Mill Textiles Ltd, Blue Reef Hotels LLC")
    html = person.choose("take", customer="", candidate=1)
    assert "Decided by you: 1" in plain(html)
    diff = person.book()
    assert "Assets:InHand:Lan" in diff
    assert "receivables-customer" not in diff


# Deciding and booking


def test_what_is_decided_is_booked_and_nothing_else(may: Served) -> None:
    before = load_book(may.main)
    person = Person(may)
    assert "INV-2026-0114" in person.choose("take", customer="OldMill", candidate=1)
    html = person.choose("edit", customer="BlueReef", text="INV-2026-0120 370")
    assert "Decided by you: 2" in plain(html)
    assert "A STRANGER" in html
    html = person.look(search="old mill")
    assert "Customers like “old mill”" in plain(html)
    html = person.choose("settle", customer="OldMill")
    assert "All lines are seen." in plain(html)
    assert may.main.read_text("utf-8").count("#receipt") == 0
    diff = person.book(evident="on")
    added = [line[1:] for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert may.main.read_text("utf-8").endswith("\n".join(added) + "\n")
    after = load_book(may.main)
    new = [entry for entry in after.entries if {"bank-id", "confirmed-by"} & set(entry.meta or {})]
    assert len(after.entries) == len(before.entries) + len(new)
    # Exactly what a session with these choices makes.
    lines = together([read(may.main.parent / "statements/may.sta")])[0]
    session = Session(before.book, before.entries, lines)
    replay(session, [Choice(**choice) for choice in person.choices])
    expected = [entry for proposal in session.entries() for entry in proposal.entries]
    assert len(new) == len(expected)
    receipts = {entry.meta["bank-id"]: entry for entry in new if isinstance(entry, Transaction)}
    for entry in expected:
        if isinstance(entry, Transaction):
            booked = receipts[entry.meta["bank-id"]]
            assert (booked.date, booked.payee, booked.tags, booked.links) == (
                entry.date, entry.payee, entry.tags, entry.links,
            )  # fmt: skip
            assert [(each.account, each.units) for each in booked.postings] == [
                (each.account, each.units) for each in entry.postings
            ]
    learned = [entry for entry in new if isinstance(entry, Custom)]
    told = {(entry.values[0].value, entry.meta.get("alias"), entry.meta.get("bank-account")) for entry in learned}
    assert told == {
        ("OldMill", "OLD MILL TEXTILES LTD", "GB94BARC10201530093460"), ("BlueReef", "BLUE REEF", None),
        ("OldMill", "A STRANGER", None),
    }  # fmt: skip


def test_booked_lines_are_known_and_vanish(may: Served) -> None:
    person = Person(may)
    person.choose("take", customer="OldMill", candidate=1)
    person.book(evident="on")
    page = shown(may)
    assert [row[1].split(" ")[0] for row in cells(page, "proposals")] == ["BLUE", "A", "ACCOUNT"]
    assert "Booked already 2" in plain(page)
    # What the browser still has is of another state: it is refused, and nothing is written.
    text = may.main.read_text("utf-8")
    for endpoint in ("bank", "receipts"):
        answer = may.put(endpoint, person.body(), **SAME)
        assert answer.status_code == 412
        assert "has changed since" in answer.json["error"]
    assert may.main.read_text("utf-8") == text


def test_errors_are_told_when_the_entries_may_rest_on_them(may: Served) -> None:
    """What Fava misses among its options is none of them."""
    assert may.errors == ["No operating currency specified. Please add one to your beancount file."]
    assert "errors" not in Person(may).receipts(evident="on")["text"]
    with may.main.open("a", encoding="utf-8") as file:
        file.write('\n2026-05-02 * "Nobody" "Nothing"\n  Assets:Bank:Savings  250.00 USD\n')
    assert "The ledger has errors" in Person(may).receipts(evident="on")["text"]


def test_what_is_settled_stays_in_a_line(closed: Served) -> None:
    """A number that is broken at its hyphens cannot be read."""
    assert '<td class="nowrap"><bdi>INV-2026-0114 250.00</bdi></td>' in shown(closed)


def test_what_evidence_decides_is_booked_only_when_wanted(may: Served) -> None:
    person = Person(may)
    assert person.receipts()["text"] == "Nothing is decided yet."
    assert person.receipts(evident="on")["diff"].count("#receipt") == 1
    person.choose("take", customer="OldMill", candidate=1)
    diff = person.receipts()["diff"]
    assert diff.count("#receipt") == 1
    assert "INV-2026-0114" in diff
    assert "INV-2026-0113" not in diff
    assert person.receipts(suspense="on")["diff"].count("Liabilities:UnidentifiedReceipts") == 2


def test_undo_is_fewer_choices(may: Served) -> None:
    person = Person(may)
    first = person.look()
    person.choose("account", customer="OldMill")
    person.choose("leave")
    assert "left: 1" in plain(person.look())
    person.choices = person.choices[:-1]
    assert "Line 2 of 3" in plain(person.look())
    person.choices = []
    assert person.look() == first


def test_open_documents_are_offered_for_an_allocation(may: Served) -> None:
    person = Person(may)
    html = person.look(edit="OldMill")
    assert re.findall(r'data-add="([^"]*)"', html) == [
        "INV-2026-0113", "INV-2026-0114", "INV-2026-0115", "INV-2026-0116",
    ][1:]  # fmt: skip
    assert 'value="INV-2026-0114 250.00"' in html
    assert '<option value="bank charge">' in html
    answer = may.put("bank", person.body(edit="Nobody"), **SAME)
    assert answer.status_code == 400
    assert answer.json["error"] == 'there is no customer "Nobody"'


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ({"how": "edit", "customer": "OldMill", "text": "INV-9"}, "is no open document of OldMill"),
        ({"how": "edit", "customer": "OldMill", "text": "INV-2026-0116"}, None),
        ({"how": "edit", "customer": "OldMill", "text": "INV-2026-0116 400"}, "150.00 USD more than was paid"),
        ({"how": "settle", "customer": "<script>"}, 'there is no customer "<script>"'),
        ({"how": "nonsense", "customer": "OldMill"}, 'there is no choice "nonsense"'),
    ],
)
def test_what_cannot_be_decided_says_why(closed: Served, choice: dict[str, Any], said: str | None) -> None:
    person = Person(closed)
    (line,) = re.findall(r'data-id="(\w*)"', person.look())
    answer = closed.put("bank", person.body(choices=[{"line": line, **choice}]), **SAME)
    assert answer.status_code == (200 if said is None else 400)
    assert said is None or said in answer.json["error"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"choices": "x"}, {"choices": [5]}, {"choices": [{"line": "1", "how": "leave", "more": "x"}]},
        {"choices": [{"line": 1, "how": "leave"}]}, {"choices": [{"line": "1"}]},
        {"choices": [{"line": "1", "how": "take", "candidate": True}]}, {"choices": None}, {"files": "x"},
        {"files": [5]}, {"search": 5}, {"edit": []}, {"profile": 5},
        {"choices": [{"line": "x" * 20_000, "how": "leave"}]},
    ],
    ids=str,
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_refused(closed: Served, wrong: dict[str, Any]) -> None:
    answer = closed.put("bank", Person(closed).body(**wrong), **SAME)
    assert answer.status_code == 400
    assert answer.json["success"] is False


@pytest.mark.parametrize("body", ["[" * 100_000, '{"choices":' * 100_000, "", "null", '"x"', '{"candidate": 1e999'])
@pytest.mark.parametrize("endpoint", ["bank", "receipts", "upload", "note"])
def test_what_is_no_json_is_refused_in_json(closed: Served, endpoint: str, body: str) -> None:
    answer = closed.client.put(
        f"{closed.base}{endpoint}",
        data=body,
        content_type="application/json",
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert answer.status_code == 400
    assert answer.json == {"success": False, "error": "this request is no JSON object"}


def test_a_request_without_an_end_is_not_read(closed: Served) -> None:
    for endpoint in ("bank", "receipts", "upload", "note"):
        answer = closed.client.put(
            f"{closed.base}{endpoint}", input_stream=io.BytesIO(b"{}"), content_type="application/json",
            headers={"Sec-Fetch-Site": "same-origin", "Transfer-Encoding": "chunked"},
        )  # fmt: skip
        assert answer.status_code == 413


def test_a_line_out_of_turn_is_refused(closed: Served) -> None:
    answer = closed.put("bank", Person(closed).body(choices=[{"line": "other", "how": "leave"}]), **SAME)
    assert answer.status_code == 412


@pytest.mark.parametrize("suspense", [True, False])
def test_the_same_choices_book_the_same_bytes_in_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, suspense: bool
) -> None:
    """Take, leave, on account: the ledger on the page's side and the terminal's is one and the same text."""
    (one := tmp_path / "page").mkdir()
    (other := tmp_path / "terminal").mkdir()
    person = Person(desk(one))
    person.choose("take", customer="OldMill", candidate=1)
    person.choose("leave")
    person.choose("leave")
    person.choices.pop()
    person.choose("leave")
    person.book(evident="on", **({"suspense": "on"} if suspense else {}))
    terminal = desk(other)
    statement = str(other / "statements/may.sta")
    keys(monkeypatch, terminal.main, statement, *(["--suspense"] if suspense else []), pressed="1\r\ru\r\r")
    assert (one / "main.beancount").read_text("utf-8") == terminal.main.read_text("utf-8")


def test_four_browsers_at_once_book_once(may: Served) -> None:
    person = Person(may)
    person.choose("take", customer="OldMill", candidate=1)
    body = person.body(evident="on", suspense="on", agreed=person.receipts(evident="on", suspense="on")["agreed"])
    answers = []

    def agree() -> None:
        answers.append(
            may.app.test_client().put(f"{may.base}receipts", json=body, headers={"Sec-Fetch-Site": "same-origin"})
        )

    threads = [threading.Thread(target=agree) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code == 200 for answer in answers) == [False, False, False, True]
    assert all(answer.is_json and answer.status_code in (200, 400, 409, 412) for answer in answers)
    ids = [entry.meta["bank-id"] for entry in load_book(may.main).entries if "bank-id" in (entry.meta or {})]
    assert len(ids) == len(set(ids)) == 4


def test_a_candidate_that_is_another_than_the_one_on_the_page_is_refused(may: Served) -> None:
    """The page says what it has shown: the same number of the same customer may have become something else."""
    person = Person(may)
    (other,) = re.findall(r'data-seen="(\w+)"', person.look(search="blue reef"))
    html = person.look()
    first, *_ = re.findall(r'data-seen="(\w+)"', html)
    (line,) = re.findall(r'data-id="(\w*)"', html)
    choice = {"line": line, "how": "take", "customer": "OldMill", "candidate": 1}
    answer = may.put("bank", person.body(choices=[{**choice, "seen": other}]), **SAME)
    assert answer.status_code == 412
    answer = may.put("bank", person.body(choices=[{**choice, "seen": first}]), **SAME)
    assert answer.status_code == 200


def test_a_syntax_error_between_the_diff_and_the_booking_loses_nothing(may: Served) -> None:
    """The ledger that somebody is just writing in is not made worse: other entries, or none."""
    person = Person(may)
    person.choose("take", customer="OldMill", candidate=1)
    agreed = person.receipts()["agreed"]
    with may.main.open("a", encoding="utf-8") as file:
        file.write('\n2026-05-09 * "half an entry')
    before = texts(may.main.parent)
    answer = may.put("receipts", person.body(agreed=agreed), **SAME)
    assert answer.status_code in (400, 409, 412)
    assert texts(may.main.parent) == before


# The ledger, or a file, changes


def test_a_ledger_that_has_changed_starts_over(may: Served) -> None:
    person = Person(may)
    person.choose("take", customer="OldMill", candidate=1)
    agreed = person.receipts()["agreed"]
    with may.main.open("a", encoding="utf-8") as file:
        file.write(
            '\n2026-05-02 * "Old Mill" "Cash" ^RC-1\n  Assets:Bank:Savings  250.00 USD\n'
            '  Assets:Receivable:OldMill  -250.00 USD\n    settles: "INV-2026-0114"\n'
        )
    before = texts(may.main.parent)
    for endpoint, more in (("bank", {}), ("receipts", {}), ("receipts", {"agreed": agreed})):
        answer = may.put(endpoint, person.body(**more), **SAME)
        assert answer.status_code == 412
        assert "nothing was booked" in answer.json["error"]
    assert texts(may.main.parent) == before
    assert Person(may).state != person.state


def test_a_ledger_that_says_the_same_goes_on(may: Served) -> None:
    """Somebody adds a comment: what was decided still holds."""
    person = Person(may)
    person.choose("take", customer="OldMill", candidate=1)
    with may.main.open("a", encoding="utf-8") as file:
        file.write("\n; a comment\n")
    assert person.receipts()["diff"].count("#receipt") == 1


def test_a_file_that_has_changed_starts_over(may: Served) -> None:
    person = Person(may)
    statement = may.main.parent / "statements/may.sta"
    statement.write_text(MAY.replace("CR250,00", "CR251,00"))
    assert may.put("bank", person.body(), **SAME).status_code == 412
    statement.unlink()
    answer = may.put("bank", person.body(), **SAME)
    assert answer.status_code == 400
    assert "not there any more" in answer.json["error"]


def test_another_diff_than_the_one_that_was_seen_is_not_booked(may: Served) -> None:
    person = Person(may)
    agreed = person.receipts(evident="on")["agreed"]
    person.choose("take", customer="OldMill", candidate=1)
    before = texts(may.main.parent)
    answer = may.put("receipts", person.body(evident="on", agreed=agreed), **SAME)
    assert answer.status_code == 409
    assert texts(may.main.parent) == before


# Lines on the suspense account


@pytest.fixture
def suspended(tmp_path: Path) -> Served:
    """A ledger on whose suspense account two lines wait, and no statement beside it."""
    served = desk(tmp_path)
    Person(served).book(suspense="on")
    (tmp_path / "statements" / "may.sta").unlink()
    with served.main.open("a", encoding="utf-8") as file:
        file.write('\n2026-05-10 custom "receivables-customer" "BlueReef"\n  alias: "A STRANGER"\n')
    return served


def test_lines_on_the_suspense_account_can_be_chosen_without_a_statement(suspended: Served) -> None:
    page = suspended.page(page="bank")
    assert "Lines that wait on the suspense account (3)" in plain(page)
    page = suspended.page(page="bank", waiting="1")
    assert failures(page) == []
    assert len(cells(page, "proposals")) == 3
    assert 'name="waiting" value="1" checked' in page
    assert 'name="suspense"' not in page, "they are there already"
    # The place of each leads to its entry.
    places = re.findall(r'<td class="place"><a href="(#context-\w+)"><bdi>main.beancount:\d+</bdi></a>', page)
    assert len(set(places)) == 3
    assert 'class="ar-where"><small><a href="#context-' in page


def test_they_are_those_of_bean_ar(suspended: Served) -> None:
    result = CliRunner().invoke(bean_ar_main, ["apply", str(suspended.main), "--waiting", "--format", "csv"])
    response = suspended.get("download", relation="proposals", format="csv", waiting="1")
    assert response.data == result.stdout_bytes
    assert response.data.count(b"2026-05") >= 3
    (link,) = set(
        re.findall(r'href="([^"]*relation=proposals&amp;format=csv[^"]*)"', suspended.page(page="bank", waiting="1"))
    )
    assert suspended.client.get(link.replace("&amp;", "&")).data == response.data


def test_they_are_decided_and_booked_as_in_the_terminal(
    suspended: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "main.beancount"
    other.write_text(suspended.main.read_text("utf-8"), "utf-8")
    person = Person(suspended, waiting="1") if tokens(suspended) else _without_files(suspended)
    person.choose("take", customer="OldMill", candidate=1)
    person.choose("leave")
    diff = person.book(evident="on", suspense="on")
    assert "+  Liabilities:UnidentifiedReceipts   250.00 USD" in diff
    assert "clears:" in diff
    assert "Assets:Bank" not in diff.replace("-account", ""), "the money is at the bank already"
    keys(monkeypatch, other, "--waiting", "--suspense", pressed="1\r\r\r")
    assert suspended.main.read_text("utf-8") == other.read_text("utf-8")
    assert load_book(suspended.main).errors == []
    # What was cleared waits no longer, and is not booked again.
    assert "suspense account (2)" in plain(suspended.page(page="bank"))
    assert suspended.put("receipts", person.body(), **SAME).status_code == 412


def _without_files(served: Served) -> Person:
    person = Person.__new__(Person)
    person.served, person.files, person.params, person.choices = served, [], {"waiting": "1"}, []
    person.state = state_of(served.page(page="bank", waiting="1"))
    return person


def test_they_stand_beside_the_lines_of_a_statement(suspended: Served) -> None:
    sent = upload(suspended, "both.sta", JUNE.encode())
    page = shown(suspended, sent, waiting="1")
    assert [row[0] for row in cells(page, "proposals")] == [
        "2026-05-05", "2026-05-05", "2026-05-06", "2026-06-04", "2026-06-05", "2026-06-05", "2026-06-06", "2026-06-06",
    ]  # fmt: skip
    assert 'name="suspense"' in page
    again = upload(suspended, "same.sta", MAY.encode())
    assert len(cells(shown(suspended, again, waiting="1"), "proposals")) == 5, (
        "the line of the file is the one that waits"
    )


def test_a_comment_above_them_forgets_nothing(suspended: Served) -> None:
    person = _without_files(suspended)
    person.choose("take", customer="OldMill", candidate=1)
    suspended.main.write_text("; a comment\n" + suspended.main.read_text("utf-8"), "utf-8")
    assert "clears:" in person.receipts()["diff"]


def test_a_ledger_where_nothing_waits_offers_nothing(closed: Served) -> None:
    assert "suspense account (" not in plain(closed.page(page="bank"))
    page = closed.page(page="bank", waiting="1")
    assert failures(page) == []
    assert "No line is new" in plain(page)
    answer = closed.put("bank", {"files": [], "waiting": "yes", "choices": []}, **SAME)
    assert answer.status_code == 400
    assert answer.json["error"] == "waiting is true or false"


def test_they_are_hidden_in_incognito_and_shown_read_only(suspended: Served) -> None:
    for options in ({"incognito": True}, READ_ONLY):
        served = Served(suspended.main, **options)
        page = served.page(page="bank", waiting="1")
        assert len(cells(page, "proposals")) == 3
        assert "data-state" not in page
        numbers = re.findall(r"\b(?:250|370|390)\b", plain(page))
        assert bool(numbers) == (options is READ_ONLY)
        assert served.put("receipts", {"waiting": True, "choices": []}, **SAME).status_code in (401, 403)


# Files


def upload(served: Served, name: str, content: bytes) -> str:
    answer = served.put("upload", {"name": name, "content": base64.b64encode(content).decode()}, **SAME)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return str(answer.json["data"]["token"])


def test_a_file_of_ones_own_is_kept_in_memory_alone(may: Served) -> None:
    before = texts(may.main.parent)
    sent = upload(may, "C:\\Bank\\../june.sta", JUNE.encode())
    assert texts(may.main.parent) == before
    person = Person(may, sent)
    page = shown(may, sent)
    assert "june.sta" in plain(page)
    assert "Bank\\" not in page
    assert cells(page, "proposals")[0][0] == "2026-06-04"
    person.choose("take", customer="OldMill", candidate=1)
    diff = person.book(evident="on")
    assert "(june.sta:5)" in diff
    assert "Booked already 2" in plain(shown(may, sent)), "it is known after the ledger was loaded again"


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"name": "x", "content": "no base64!"}, 400, "is not base64"),
        ({"name": "x"}, 400, "has a name and its content"),
        ({"name": 5, "content": ""}, 400, "has a name and its content"),
        ([], 400, "no JSON object"),
    ],
)
def test_what_is_no_file_is_refused(closed: Served, body: Any, status: int, said: str) -> None:
    answer = closed.put("upload", body, **SAME)
    assert answer.status_code == status
    assert said in answer.json["error"]


def test_a_file_that_is_too_large_is_refused(closed: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("receivables.fava.SENT_MOST", 1000)
    answer = closed.put("upload", {"name": "x", "content": "A" * 20_000}, **SAME)
    assert answer.status_code == 413
    assert "use bean-ar apply" in answer.json["error"]
    monkeypatch.setattr(bankfiles, "SENT_MOST", 1000)
    with pytest.raises(bankfiles.BankFileError, match="is larger than"):
        bankfiles.Sent().keep("x", b"A" * 1001)
    monkeypatch.setattr(bankfiles, "BYTES_MOST", 100)
    (served_token,) = tokens(closed)
    sent = upload(closed, "other.txt", MAY.replace("STARTUMS", "OTHER").encode()[:700])
    for token in (served_token, sent):
        assert "is larger than" in plain(shown(closed, token, profile="n26"))


def test_memory_for_sent_files_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = bankfiles.Sent()
    kept = [sent.keep("x", str(number).encode()) for number in range(bankfiles.KEPT + 1)]
    assert sent.offered(kept[0]) is None
    assert sent.offered(kept[1]) is not None
    monkeypatch.setattr(bankfiles, "KEPT_BYTES", 10)
    last = sent.keep("y", b"0123456789")
    assert sent.offered(kept[1]) is None
    assert sent.offered(last) is not None
    with pytest.raises(bankfiles.BankFileError, match="choose it again"):
        sent.content(kept[0])


def test_too_many_lines_or_files_say_so(closed: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "LINES_MOST", 3)
    sent = upload(closed, "other.sta", MAY.replace("STARTUMS", "TOO MANY").encode())
    (box,) = failures(shown(closed, sent))
    assert "5 lines are more than 3" in box
    (box,) = failures(shown(closed, *[f"{number}" for number in range(30)]))
    assert "30 files are more than 20" in box


def test_files_that_are_no_statement_are_named_with_the_reader_s_word(may: Served) -> None:
    folder = may.main.parent / "statements"
    (folder / "letter.txt").write_text("Dear Sirs,\nplease find\n")
    (folder / "empty.sta").touch()
    (folder / "<img src=x onerror=alert(1)>.csv").write_text("a;b\n1;2\n")
    (folder / ".hidden").write_text(MAY)
    (folder / "elsewhere").symlink_to(may.main)
    assert len(tokens(may)) == 4
    page = shown(may)
    assert "empty.sta is empty" in plain(page)
    assert "letter.txt" in plain(page)
    assert "<img src" not in page
    assert len(cells(page, "proposals")) == 5, "the others are read all the same"
    assert "ar-box error" in page


def test_a_profile_that_leads_nowhere_is_named(may: Served) -> None:
    (folder := may.main.parent / "bank-profiles").mkdir()
    (folder / "gone.toml").symlink_to(may.main.parent / "nowhere.toml")
    (box,) = failures(shown(may))
    assert box == "These statements cannot be shown. gone.toml: the profile cannot be read: No such file or directory"
    answer = may.put("bank", {"files": tokens(may), "choices": []}, **SAME)
    assert answer.status_code == 400
    assert "gone.toml" in answer.json["error"]


def test_names_that_are_no_text_can_be_chosen(may: Served) -> None:
    folder = may.main.parent / "statements"
    (folder / "may.sta").unlink()
    for name in (os.fsdecode(b"\xff\xfe.sta"), "a\u202eats.csv", "line\nbreak.sta"):
        (folder / name).write_text(MAY, encoding="utf-8")
    for token in tokens(may):
        person = Person(may, token)
        assert "#receipt" in person.receipts(evident="on")["diff"]
        assert may.get("download", relation="proposals", format="xlsx", files=token).status_code == 200


def test_two_hundred_files_are_offered_and_twenty_read(may: Served) -> None:
    folder = may.main.parent / "statements" / "2026"
    folder.mkdir()
    for number in range(200):
        (folder / f"{number:03}.sta").write_text(MAY.replace("STARTUMS", f"N{number}"), encoding="utf-8")
    all_of_them = tokens(may)
    assert len(all_of_them) == 201
    assert len(cells(shown(may, *all_of_them[:20]), "proposals")) == 5
    (box,) = failures(shown(may, *all_of_them[:21]))
    assert "take fewer at once" in box


def test_a_file_that_is_sent_stays_while_it_is_looked_at() -> None:
    sent = bankfiles.Sent()
    first = sent.keep("x", b"first")
    for number in range(bankfiles.KEPT * 2):
        sent.keep("y", str(number).encode())
        assert sent.offered(first) is not None


def test_a_table_wants_a_profile_and_an_account(may: Served) -> None:
    folder = may.main.parent / "statements"
    (folder / "may.sta").unlink()
    (folder / "lines.csv").write_text("Posting Date,Amount,Account Number\n2026-05-04,985.00,X\n", encoding="utf-8")
    page = shown(may)
    options = re.findall(r'<option value="([\w-]+)"', page.partition('name="profile"')[2].partition("</select>")[0])
    assert options == [id for id, _ in bankfiles.profile_names()]
    assert failures(shown(may, profile="../x")) == ['These statements cannot be shown. there is no profile "../x"']
    # A profile of one's own beside the ledger is known, and the account of its lines can be said.
    profiles = may.main.parent / "bank-profiles"
    profiles.mkdir()
    (profiles / "mine.toml").write_text(
        'name = "Mine"\ndate = "YMD"\ncurrency = "USD"\n[columns]\nbooked = "Posting Date"\namount = "Amount"\n'
        'text = "Account Number"\n'
    )
    page = shown(may)
    assert len(cells(page, "proposals")) == 1
    accounts = re.findall(r"<option>([^<]*)<", page.partition('name="bank"')[2].partition("</select>")[0])
    assert accounts == ["Assets:Bank:Main", "Assets:Bank:Savings"]
    assert "cannot be decided here" in plain(page) or "not to be decided here: 1" in plain(page)
    page = shown(may, bank="Assets:Bank:Savings")
    assert "Line 1 of 1" in plain(page)
    assert cells(page, "proposals")[0][-2] == "Assets:Bank:Savings"
    (box,) = failures(shown(may, bank="Assets:Nowhere"))
    assert "the ledger has no account" in box


# Who may


@pytest.mark.parametrize("endpoint", ["bank", "receipts", "upload"])
def test_only_this_page_may_write(closed: Served, endpoint: str) -> None:
    before = texts(closed.main.parent)
    body = {**Person(closed).body(), "name": "x", "content": "", "evident": "on"}
    url = f"{closed.base}{endpoint}"
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}, {"Host": "evil.example"}):
        assert closed.client.put(url, json=body, headers=headers).status_code == 403
    assert closed.client.put(url, data="{}", content_type="text/plain").status_code == 415
    for method in ("get", "post", "delete"):
        assert getattr(closed.client, method)(url).status_code in (404, 405)
    assert texts(closed.main.parent) == before


def test_read_only_shows_and_does_not_decide(tmp_path: Path) -> None:
    served = desk(tmp_path, **READ_ONLY)
    page = shown(served)
    assert failures(page) == []
    assert len(cells(page, "proposals")) == 5
    assert "data-put" not in page
    assert "data-own" not in page
    assert "Fava is read-only" in plain(page)
    for endpoint in ("bank", "receipts", "upload"):
        assert served.put(endpoint, {}, **SAME).status_code == 401


def test_incognito_shows_no_amount(tmp_path: Path) -> None:
    amounts = {"985.00", "250.00", "370.00", "390.00", "1,000.00", "15.00", "-15.00", "12.50", "777.00", "250", "985"}
    assert amounts & set(re.findall(r"[\d.,]+\d", plain(shown(desk(tmp_path / "seen")))))
    served = desk(tmp_path / "hidden", incognito=True)
    page = shown(served)
    assert failures(page) == []
    assert not amounts & set(re.findall(r"[\d.,]+\d", plain(page)))
    assert "XXX" in page
    assert "data-put" not in page.partition("ar-statements")[2].partition("</form>")[2]
    (token,) = tokens(served)
    text = served.get("download", relation="proposals", format="csv", files=token).get_data(as_text=True)
    assert not amounts & set(re.findall(r"[\d.,]+\d", text))
    for endpoint in ("bank", "receipts"):
        assert served.put(endpoint, {"files": [token], "choices": []}, **SAME).status_code == 403


# Hostile statements

EVIL = '<img src=x onerror="window.hit=1"><script>window.hit=1</script>{{7*7}}'


@pytest.fixture
def hostile(tmp_path: Path) -> Served:
    statement = MAY.replace("BLUE REEF", EVIL).replace("REPAIRS", EVIL).replace("A STRANGER", '=HYPERLINK("x")')
    return desk(tmp_path, statement)


def test_text_of_a_statement_is_never_markup(hostile: Served) -> None:
    person = Person(hostile)
    pages = [shown(hostile), person.look(), person.choose("account", customer="OldMill"), person.look(search=EVIL)]
    pages += [person.look(edit="OldMill"), person.choose("account", customer="BlueReef"), person.choose("leave")]
    for page in pages:
        outside = re.sub(r'<script type="application/json"[^>]*>[^<]*</script>', "", page)
        assert "<img" not in outside
        assert "<script>" not in outside
        assert ">49<" not in outside
    assert "onerror" in pages[0], "the text is there, as text"
    diff = person.receipts(evident="on")["diff"]
    assert "onerror" in diff
    person.book(evident="on")
    assert load_book(hostile.main).errors == []
    text = hostile.get("download", relation="proposals", format="csv", files=tokens(hostile)[0])
    for row in csv.reader(io.StringIO(text.get_data(as_text=True))):
        for cell in row:
            assert not cell.startswith(("=", "+", "@", "\t"))


def test_names_of_sent_files_are_text(may: Served) -> None:
    sent = upload(may, 'a"\n2020-01-01 open Assets:Evil\n<script>.sta', MAY.encode())
    person = Person(may, sent)
    page = shown(may, sent)
    assert "<script>.sta" not in page
    person.choose("take", customer="OldMill", candidate=1)
    person.book(evident="on")
    loaded = load_book(may.main)
    assert loaded.errors == []
    assert not [entry for entry in loaded.entries if getattr(entry, "account", "") == "Assets:Evil"]


# Everything else


@pytest.mark.parametrize("language", ["en", "vi", "ar", "zh"])
def test_the_page_speaks_each_language(tmp_path: Path, language: str) -> None:
    served = desk(tmp_path, more=f'2025-01-01 custom "fava-option" "locale" "{language}"\n')
    page = shown(served)
    assert failures(page) == []
    title = {"en": "Bank lines", "vi": "Dòng ngân hàng", "ar": "حركات البنك", "zh": "银行流水"}[language]
    assert title in page
    person = Person(served)
    assert person.look(edit="OldMill")
    assert person.choose("take", customer="OldMill", candidate=1)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_reason_has_a_name_in_each_language(language: str) -> None:
    """A word of the cash application is never English in another language."""
    said = words(language)
    for word in {*DIFFERENCES, *NATURES, BOUNCED, BOOKED, UNKNOWN, DEPOSIT, PAID_BACK, REFUND}:
        assert word in said.values, word
        assert said.value(word).isascii() == (language == "en") or language == "vi", word
    catalogue = tomllib.loads(files("receivables.fava").joinpath("catalogue", f"{language}.toml").read_text("utf-8"))
    assert language == "en" or catalogue["texts"]["bank_suspended"] != words("en").texts["bank_suspended"]


def test_a_book_without_customers(tmp_path: Path) -> None:
    (tmp_path / "statements").mkdir()
    (tmp_path / "statements" / "may.sta").write_text(MAY)
    served = Served(written(tmp_path, f"{STATEMENTS}2025-01-01 open Assets:Bank\n"))
    page = shown(served)
    assert failures(page) == []
    assert len(cells(page, "proposals")) == 5


def test_the_example_company_has_something_to_decide(tmp_path: Path, example: Path) -> None:
    served = Served(copied(example, tmp_path))
    page = shown(served)
    assert failures(page) == []
    figures = dict(re.findall(r"<dt>([^<]*)</dt><dd><bdi>(\d+)</bdi>", page))
    assert int(figures["For a person"]) >= 3
    assert int(figures["Decided by evidence"]) >= 3
    person = Person(served)
    diff = person.book(evident="on")
    assert "+++ b/2026/receipts.beancount" in diff
    assert served.errors == []


def test_the_plugin_line_is_not_needed(tmp_path: Path) -> None:
    served = desk(tmp_path)
    served.main.write_text(served.main.read_text().replace('plugin "receivables"\n', ""))
    assert len(cells(shown(served), "proposals")) == 5
