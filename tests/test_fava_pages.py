"""The pages in Fava: every page and download, its figures against `bean-ar`'s, filters, languages, and odd ledgers."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from html import unescape
from importlib.resources import files
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import openpyxl
import pypdf
import pytest
from click.testing import CliRunner
from tests.favas import LINE, Served, cells, copied, failures, headings, plain, written
from tests.ledgers import day

from bean_ar.main import main as bean_ar
from receivables.fava import read_settings
from receivables.fava.asked import PAGES, RULES
from receivables.fava.links import mail
from receivables.fava.shelf import Shelf
from receivables.language.events import EVENT_KINDS
from receivables.letters.phrases import LANGUAGES
from receivables.loading import load_book
from receivables.relations import RELATIONS, evaluate
from receivables.relations.question import Question

AS_OF = "2026-06-30"


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Served:
    """The example company in Fava; nothing writes to it."""
    example = Path(__file__).parent.parent / "ledger" / "main.beancount"
    return Served(copied(example, tmp_path_factory.mktemp("company")))


def bean(served: Served, *words: str) -> bytes:
    """What `bean-ar` prints for the same ledger."""
    result = CliRunner().invoke(bean_ar, [words[0], str(served.main), *words[1:]])
    assert result.exit_code in (0, 1), result.output
    return result.stdout_bytes


def amount(text: str) -> Decimal:
    return Decimal(text.replace(",", "").replace("+", "") or "0")


EVERY_PAGE = [
    {},
    {"page": "aging"},
    {"page": "aging", "by": "collector"},
    {"page": "aging", "by": "account"},
    {"page": "items"},
    {"page": "items", "where": "days_overdue>90"},
    {"page": "bank"},
    {"page": "customer", "customer": "C-0017"},
    {"page": "customer", "customer": "C-0013"},
    {"page": "document", "customer": "C-0017", "number": "HD-2025-0052"},
    {"page": "document", "customer": "C-0017", "number": "HD-2025-0052/2"},
    {"page": "document", "customer": "C-0017", "number": "PT-2025-0078"},
    *({"page": "rules", "rule": rule} for rule in RULES),
]


@pytest.mark.parametrize("params", EVERY_PAGE, ids=str)
def test_every_page_is_whole(company: Served, params: dict[str, str]) -> None:
    for more in ({}, {"time": "2025-12"}, {"account": "Assets:Receivable"}):
        page = company.page(**params, **more)
        assert failures(page) == []
        # Bank lines have days of their own.
        assert params.get("page") == "bank" or f"{'2025-12-31' if 'time' in more else AS_OF}" in page
        assert page.count("<section") == page.count("</section>")
        assert page.count("<table") == page.count("</table>")


def test_the_extension_is_one_entry_of_the_sidebar(company: Served) -> None:
    frame = company.get().get_data(as_text=True)
    data = json.loads(re.findall(r'<script type="application/json" id="ledger-data">(.*?)</script>', frame)[0])
    assert [item["report_title"] for item in data["extensions"]] == ["Receivables"]
    assert company.errors == []


# Figures are those of bean-ar


@pytest.mark.parametrize(
    ("relation", "params", "words"),
    [
        ("aging", {}, []),
        ("aging", {"by": "collector"}, ["--by", "collector"]),
        ("open_items", {"where": "days_overdue>30"}, ["--where", "days_overdue>30"]),
        ("open_items", {"customer": "C-0017"}, ["--customer", "C-0017"]),
        ("statement", {"customer": "C-0013"}, ["--customer", "C-0013"]),
        ("settlements", {"customer": "C-0017", "from": "2026-01-01"}, ["--customer", "C-0017", "--from", "2026-01-01"]),
        *((name, {}, []) for name in RELATIONS if name not in ("aging", "open_items", "statement", "settlements")),
    ],
)
def test_a_download_is_the_file_that_bean_ar_writes(
    company: Served, relation: str, params: dict[str, str], words: list[str]
) -> None:
    response = company.get("download", relation=relation, format="csv", as_of=AS_OF, **params)
    assert response.status_code == 200
    if relation == "statement":
        # The command of that name makes a letter.
        book = load_book(company.main).book
        rows = evaluate(book, relation, day(AS_OF), Question(customer="C-0013")).rows
        assert len(list(csv.reader(io.StringIO(response.get_data(as_text=True))))) == len(rows) + 1
        return
    assert response.data == bean(
        company, relation.replace("_", "-"), "--as-of", AS_OF, "--format", "csv", *words
    )  # fmt: skip
    name = response.headers["Content-Disposition"]
    assert name.startswith("attachment; filename=")
    assert name.endswith(f"{AS_OF}.csv")
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_aging_shows_the_figures_of_bean_ar(company: Served) -> None:
    told = list(csv.DictReader(io.StringIO(bean(company, "aging", "--as-of", AS_OF, "--format", "csv").decode())))
    shown = cells(company.page(page="aging"), "aging")
    expected = {
        (row["name"], row["currency"]): [Decimal(value) for value in list(row.values())[3:]] for row in told
    }  # fmt: skip
    assert len(shown) == len(expected)
    for row in shown:
        (key,) = [key for key in expected if row[0].startswith(key[0]) and row[1] == key[1]]
        assert [amount(cell) for cell in row[2:]] == expected[key]


def test_the_overview_shows_the_figures_of_bean_ar(company: Served) -> None:
    page = company.page()
    changed = json.loads(bean(company, "changes", "--as-of", AS_OF, "--format", "json"))["rows"]
    aged = json.loads(bean(company, "aging", "--as-of", AS_OF, "--format", "json", "--by", "currency"))["rows"]
    cards = re.findall(r'<section class="ar-card" aria-label="(\w+)">(.*?)</section>', page, re.DOTALL)
    assert [currency for currency, _ in cards] == ["VND", "USD", "KHR"], "operating currencies first"
    for currency, card in cards:
        of_currency = [row for row in changed if row["currency"] == currency]
        sums = {
            name: sum(Decimal(row[name]) for row in of_currency)
            for name in ("opening", "new", "collected", "closing", "overdue_opening", "fallen_overdue", "overdue")
        }
        steps = [amount(plain(cell)) for cell in re.findall(r'<td class="num">(.*?)</td>', card)]
        assert steps[:3] == [sums["opening"], sums["new"], sums["collected"]]
        assert sums["closing"] in steps
        assert steps[-1] == sums["overdue"]
        (row,) = [row for row in aged if row["currency"] == currency]
        most = re.findall(r'<ol class="ar-most">(.*?)</ol>', card, re.DOTALL)[0]
        named = sorted((Decimal(row["overdue"]) for row in of_currency), reverse=True)[:3]
        assert [amount(plain(each)) for each in re.findall(r'<span class="num">(.*?)</span>', most)] == [
            each for each in named if each > 0
        ]
        aging = re.findall(r'<ol class="ar-bars">(.*?)</ol>', card, re.DOTALL)[0]
        bars = [amount(plain(bar)) for bar in re.findall(r'<span class="num">(.*?)</span>', aging)]
        assert bars == [Decimal(row[name]) for name in row if name == "current" or name.startswith("days_")]
        figures = [amount(plain(figure)) for figure in re.findall(r"<dd><a.*?>(.*?)</a>", card)]
        assert figures[:2] == [Decimal(row["total"]), sums["overdue"]]


def test_the_charts_show_the_figures_of_bean_ar(company: Served) -> None:
    told = json.loads(bean(company, "kpis", "--as-of", AS_OF, "--format", "json"))["rows"]
    charts = re.findall(r'<ol class="ar-columns".*?</ol>', company.page(), re.DOTALL)
    for place, (currency, name) in enumerate(
        (currency, name) for currency in ("VND", "USD", "KHR") for name in ("dso", "cei")
    ):
        expected = [row[name] for row in told if row["currency"] == currency]
        shown = re.findall(r'<span class="value">(.*?)</span>', charts[place])
        assert len(shown) == 13
        for value, text in zip(expected, shown, strict=True):
            assert text == ("n/a" if value is None else f"{Decimal(value).quantize(Decimal(1)):,}")


def test_the_ten_largest_overdue_of_each_currency(company: Served) -> None:
    told = json.loads(bean(company, "changes", "--as-of", AS_OF, "--format", "json"))["rows"]
    shown = cells(company.page(), "largest")
    columns = headings(company.page(), "largest")
    overdue, currency = columns.index("Overdue"), columns.index("Currency")
    for money in ("VND", "USD", "KHR"):
        most = sorted(
            (Decimal(r["overdue"]) for r in told if r["currency"] == money and r["overdue"] > "0"), reverse=True
        )
        assert [amount(row[overdue]) for row in shown if row[currency] == money] == [x for x in most if x][:10]


RIEL_IN_HAND = "RC-2026-008"
"""The receipt of the example company whose cash stayed with the collector."""


def test_what_needs_attention_is_what_bean_ar_says(company: Served) -> None:
    page = plain(company.page())
    broken = json.loads(bean(company, "promises", "--as-of", AS_OF, "--where", "status=broken", "--format", "json"))
    unpaid = [row for row in broken["rows"] if Decimal(row["outstanding"]) > 0]
    exceeded = json.loads(
        bean(company, "credit-limits", "--as-of", AS_OF, "--where", "status=exceeded", "--format", "json")
    )
    assert f"Broken promises, still unpaid: {len(unpaid)}" in page
    assert f"Credit limits exceeded: {len(exceeded['rows'])}" in page
    assert "Ties out" in page
    late = json.loads(bean(company, "in-hand", "--as-of", AS_OF, "--where", "status=late", "--format", "json"))["rows"]
    assert f"Cash and cheques in hand for too long: {len(late)}" in page
    assert [row["number"] for row in late] == [RIEL_IN_HAND]
    assert RIEL_IN_HAND in page


def test_cash_belongs_to_no_receivable_account(company: Served) -> None:
    assert "Cash and cheques in hand" not in plain(company.page(account="Assets:Receivable:KH"))


def test_companies_whose_books_differ_need_attention(tmp_path: Path) -> None:
    half = """
2026-01-01 open Assets:Intercompany:KH:VN
  entity: "KH"
  with: "VN"
2026-01-01 open Liabilities:Intercompany:VN:KH
  entity: "VN"
  with: "KH"
2026-03-01 * "VN received for us" ^RC-2
  Assets:Intercompany:KH:VN  100.00 USD
  Assets:Receivable:Tower
"""
    page = Served(written(tmp_path, ONE + half)).page()
    assert "Companies whose books differ: 2" in plain(page)
    columns = headings(page, "group_balances")
    rows = cells(page, "group_balances")
    assert [row[columns.index("Difference")] for row in rows] == ["100.00", "100.00"]


def test_a_customer_and_a_document_show_the_rows_of_bean_ar(company: Served) -> None:
    page = company.page(page="customer", customer="C-0017")
    items = json.loads(bean(company, "open-items", "--as-of", AS_OF, "--customer", "C-0017", "--format", "json"))[
        "rows"
    ]
    column = headings(page, "open").index("Open")
    assert [amount(row[column]) for row in cells(page, "open")] == [Decimal(row["outstanding"]) for row in items]
    page = company.page(page="document", customer="C-0017", number="HD-2025-0052")
    settled = json.loads(
        bean(company, "settlements", "--as-of", AS_OF, "--where", "document=HD-2025-0052", "--format", "json")
    )["rows"]
    assert [row[1] for row in cells(page, "settled-by")] == [row["by"] for row in settled]
    segments = json.loads(
        bean(company, "penalties", "--as-of", AS_OF, "--where", "number=HD-2025-0052", "--format", "json")
    )["rows"]
    column = headings(page, "penalties").index("Amount")
    assert [amount(row[column]) for row in cells(page, "penalties")] == [Decimal(row["amount"]) for row in segments]
    assert "2026-02-02-binh-nguyen-demand.txt" in plain(page)
    assert "Contract MB-2025-01" in plain(page), "a key that is known reads as a word"


@pytest.mark.parametrize("time", ["", "2026-03", "2025"])
def test_a_customer_s_page_says_why_the_balance_changed(company: Served, time: str) -> None:
    day_, first = {"": (AS_OF, None), "2026-03": ("2026-03-31", "2026-03-01"), "2025": ("2025-12-31", "2025-01-01")}[
        time
    ]
    words = ["--as-of", day_, "--customer", "C-0011", *(["--from", first] if first else [])]
    told = json.loads(bean(company, "changes", *words, "--format", "json"))["rows"]
    page = company.page(page="customer", customer="C-0011", **({"time": time} if time else {}))
    bridges = re.findall(r"<h4>(\w+)</h4>\s*<table class=\"ar-bridge\">(.*?)</table>", page, re.DOTALL)
    assert [currency for currency, _ in bridges] == [
        currency for currency in ("VND", "USD") if any(row["currency"] == currency for row in told)
    ]
    for currency, shown in bridges:
        (row,) = [row for row in told if row["currency"] == currency]
        steps = [amount(plain(cell)) for cell in re.findall(r'<td class="num">(.*?)</td>', shown)]
        names = ("opening", "new", "collected", "credited", "written_off", "other", "closing")
        assert steps[:-4] == [
            Decimal(row[name])
            for name in names
            if name in ("opening", "new", "collected", "closing") or Decimal(row[name])
        ]
        ends = ("overdue_opening", "fallen_overdue", "overdue_settled", "overdue")
        assert steps[-4:] == [Decimal(row[name]) for name in ends]


# From a figure to the entry


def test_every_figure_leads_to_its_entry(company: Served) -> None:
    page = company.page(page="document", customer="C-0017", number="HD-2025-0052")
    for entry in re.findall(r'href="#context-(\w+)"', page):
        assert company.ledger.get_entry(entry) is not None
    assert page.count('href="#context-') >= 6


def test_all_links_of_a_page_lead_somewhere(company: Served) -> None:
    seen: set[str] = set()
    for params in ({}, {"page": "aging"}, {"page": "customer", "customer": "C-0017"}, {"page": "rules"}):
        for href in re.findall(r'href="(/[^"]*)"', company.page(**params)):
            seen.add(href.replace("&amp;", "&").partition("#")[0])
    ours = sorted(href for href in seen if "/extension/Receivables/?" in href)
    assert len(ours) > 100
    for href in ours[::7]:
        response = company.client.get(href)
        assert response.status_code == 200, href
        assert failures(response.get_data(as_text=True)) == [], href


def test_fava_s_filters_stay_on_every_link(company: Served) -> None:
    page = company.page(page="aging", time="2025-12", account="VN", filter="#x")
    for href in re.findall(r'href="(/[^"]*extension/Receivables/\?[^"]*)"', page):
        asked = parse_qs(urlsplit(href.replace("&amp;", "&")).query)
        assert (asked["time"], asked["account"], asked["filter"]) == (["2025-12"], ["VN"], ["#x"])


# Filters


def test_the_end_of_the_time_filter_is_the_day(company: Served) -> None:
    assert "As of 2026-03-31, the end of the time filter" in plain(company.page(time="2026-03"))
    assert "since 2026-02-28" in plain(company.page(time="2026-03"))
    assert "As of 2025-12-31" in plain(company.page(time="2025"))
    assert "since 2024-12-31" in plain(company.page(time="2025"))
    assert cells(company.page(page="aging", time="2026-03"), "aging") != cells(company.page(page="aging"), "aging")


def test_a_day_after_the_last_transaction_is_said_to_be_one(company: Served) -> None:
    told = "After the last transaction, of 2026-06-30"
    assert told in plain(company.page(time="2026"))
    assert told not in plain(company.page(time="2026-06-30"))
    rules = plain(company.page(page="rules", time="2026", account="VN"))
    assert told in rules
    assert "the account filter does not apply" in rules
    assert "Only accounts" not in rules
    assert told not in plain(company.page())


def test_the_account_filter_leaves_its_accounts(company: Served) -> None:
    page = company.page(page="aging", account="Assets:Receivable:KH")
    assert {row[0] for row in cells(page, "tie_out")} == {
        row[0] for row in cells(company.page(page="aging"), "tie_out") if row[0].startswith("Assets:Receivable:KH")
    }
    assert "Only accounts matching “Assets:Receivable:KH”" in plain(page)
    assert "Ties out" in plain(company.page(account="Assets:Receivable:KH"))
    nothing = company.page(account="Expenses")
    assert "There are no receivables" in plain(nothing)
    assert failures(nothing) == []
    assert failures(company.page(account="[")) == []


def test_a_filter_that_is_not_ours_is_said_to_be_none(company: Served) -> None:
    assert "The filter “#tag” does not apply here" in plain(company.page(filter="#tag"))


def test_a_condition_that_is_asked_twice_is_one(company: Served) -> None:
    page = company.page(page="items", where=["collector=lan", "collector=lan"])
    assert page.count('class="ar-chip"') == 1


def test_rows_can_be_grouped_and_filtered_by_metadata(company: Served) -> None:
    grouped = company.page(page="aging", by="collector")
    assert {row[0] for row in cells(grouped, "aging")} >= {"lan", "minh", "sophea", "(no collector)"}
    lan = cells(company.page(page="aging", where="collector=lan"), "aging")
    all_of = cells(company.page(page="aging"), "aging")
    assert 0 < len(lan) < len(all_of)
    none = cells(company.page(page="aging", where="collector="), "aging")
    assert {row[0] for row in none} == {"MucXanh", "Quán chay Liên Hoa"}


def test_a_table_is_sorted_on_the_server(company: Served) -> None:
    page = company.page(page="items", sort="items:-outstanding")
    columns = headings(page, "items")
    rows = [
        (row[columns.index("Currency")], amount(row[columns.index("Open")])) for row in cells(page, "items")
    ]  # fmt: skip
    for currency in ("VND", "USD"):
        of_currency = [value for money, value in rows if money == currency]
        assert of_currency == sorted(of_currency, reverse=True)
    assert 'aria-sort="descending"' in page
    names = [row[0] for row in cells(company.page(page="items", sort="items:customer"), "items")]
    assert names[0].endswith("C-0001")


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"time": "nonsense"}, 'the time filter "nonsense" cannot be read'),
        ({"time": "2026-02-30"}, "is no date"),
        ({"time": "2026-03 to 2026-02"}, "ends before it begins"),
        ({"page": "nowhere"}, 'there is no page "nowhere"'),
        ({"page": "rules", "rule": "none"}, 'there is no rule "none"'),
        ({"page": "aging", "where": "x"}, '"x" cannot be read: write key=value'),
        ({"page": "items", "where": "days_overdue>many"}, "is not a number"),
        ({"page": "rules", "where": "days>many"}, 'This page cannot be shown. days: "many" is not a number'),
        ({"page": "customer", "customer": "C-9999"}, "There is no customer C-9999."),
        ({"page": "document", "customer": "C-0017", "number": "X"}, "C-0017 has no document X on 2026-06-30."),
        ({"page": "document", "customer": "C-9999", "number": "X"}, "There is no customer C-9999."),
    ],
)
def test_what_cannot_be_shown_says_why(company: Served, params: dict[str, str], said: str) -> None:
    page = company.page(**params)
    (box,) = failures(page)
    assert said in box
    assert "Overview" in plain(page), "one can go on from here"


@pytest.mark.parametrize("time", ["0001", "0001-01-01", "9998", "9999-12", "9999", "2000 to 9998"])
def test_days_at_the_ends_of_the_calendar(company: Served, time: str) -> None:
    for params in ({}, {"page": "customer", "customer": "C-0017"}):
        told = failures(company.page(time=time, **params))
        assert not told or "time filter" in told[0]


@pytest.mark.parametrize("rows", ["aging:999999999999", "aging:-5", "aging:x", "aging", ":", "aging:" + "9" * 5000])
def test_rows_that_are_not_there_are_the_last_ones(company: Served, rows: str) -> None:
    assert failures(company.page(page="aging", rows=rows)) == []


# Statements


def test_a_statement_as_pdf_for_a_period(company: Served) -> None:
    response = company.get(
        "statement",
        customer="C-0013",
        format="pdf",
        style="activity",
        language="en",
        to="2026-03-31",
        **{"from": "2026-01-01"},
    )
    assert response.headers["Content-Type"] == "application/pdf"
    assert response.headers["Content-Disposition"] == "attachment; filename=C-0013-2026-03-31.pdf"
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(response.data)).pages)
    assert "Statement of Account" in text
    assert "PT-2026-0001" in text
    assert "PT-2026-0026" not in text, "after the period"
    same = CliRunner().invoke(
        bean_ar,
        ["statement", str(company.main), "--customer", "C-0013", "--as-of", "2026-03-31", "--from", "2026-01-01",
         "--style", "activity", "--language", "en", "--format", "pdf"],
    )  # fmt: skip
    assert same.stdout_bytes == response.data


def test_a_statement_as_a_workbook(company: Served) -> None:
    response = company.get("statement", customer="C-0017", format="xlsx")
    book = openpyxl.load_workbook(io.BytesIO(response.data))
    assert "VND" in book.sheetnames[0]


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"customer": "C-9999"}, 404),
        ({"customer": "C-0017", "format": "exe"}, 400),
        ({"customer": "C-0017", "to": "tomorrow"}, 400),
        ({"customer": "C-0017", "from": "2026-02-01", "to": "2026-01-01"}, 400),
        ({"customer": "../../etc/passwd"}, 404),
        ({"customer": "C-0017", "style": "x"}, 400),
    ],
)
def test_a_statement_that_cannot_be_made_says_why(company: Served, params: dict[str, str], status: int) -> None:
    response = company.get("statement", **params)
    assert response.status_code == status
    assert failures(response.get_data(as_text=True))


@pytest.mark.parametrize(
    "params",
    [{"relation": "../main"}, {"relation": "aging", "format": "html"}, {"relation": "aging", "as_of": "x"}, {},
     {"relation": "aging", "where": "x"}, {"relation": "__init__"}],
)  # fmt: skip
def test_a_download_that_is_none_says_why(company: Served, params: dict[str, str]) -> None:
    response = company.get("download", **params)
    assert response.status_code == 400
    assert failures(response.get_data(as_text=True))


# Languages


@pytest.fixture(scope="module", params=["vi", "ar", "zh"])
def elsewhere(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Served]]:
    example = Path(__file__).parent.parent / "ledger" / "main.beancount"
    locale = f'2025-01-01 custom "fava-option" "locale" "{request.param}"\n'
    yield request.param, Served(copied(example, tmp_path_factory.mktemp(request.param), locale))


def test_pages_speak_the_language_of_fava_s_locale(elsewhere: tuple[str, Served]) -> None:
    language, served = elsewhere
    title = {"vi": "Công nợ phải thu", "ar": "الذمم المدينة", "zh": "应收账款"}[language]
    for params in EVERY_PAGE:
        page = served.page(**params)
        assert failures(page) == []
        assert f'lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}"' in page
    assert title in served.page()
    assert served.ledger.extensions.extension_details[0].report_title == title
    shown = served.page(page="customer", customer="C-0017")
    assert ("783.372.160" if language == "vi" else "783,372,160") in shown


def test_the_browser_s_language_counts_where_fava_has_none(company: Served) -> None:
    response = company.client.get(f"{company.base}?partial=1", headers={"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"})
    assert "应收账款" in response.get_data(as_text=True)


def test_the_catalogues_have_the_same_words_and_braces() -> None:
    found = {
        language: tomllib.loads(files("receivables.fava").joinpath("catalogue", f"{language}.toml").read_text("utf-8"))
        for language in LANGUAGES
    }
    english = found["en"]
    for catalogue in found.values():
        for section in ("texts", "columns", "values"):
            assert catalogue[section].keys() == english[section].keys()
            for key, text in catalogue[section].items():
                assert set(re.findall(r"{(\w+)}", text)) == set(re.findall(r"{(\w+)}", english[section][key])), key
    assert set(EVENT_KINDS) <= english["values"].keys()


# Odd books


def test_an_empty_book(tmp_path: Path) -> None:
    served = Served(written(tmp_path, ""))
    assert "There are no receivables up to this day." in plain(served.page())
    for params in ({}, {"page": "aging"}, {"page": "items"}, *({"page": "rules", "rule": rule} for rule in RULES)):
        assert failures(served.page(**params)) == []


def test_one_customer(tmp_path: Path) -> None:
    served = Served(written(tmp_path, ONE))
    assert cells(served.page(page="aging"), "aging")[0][0] == "Tower"
    for params in (
        {},
        {"page": "customer", "customer": "Tower"},
        {"page": "document", "customer": "Tower", "number": "INV-1"},
    ):
        assert failures(served.page(**params)) == []


ONE = """
2026-01-01 open Assets:Receivable:Tower
2026-01-01 open Assets:Receivable:Quiet
2026-01-01 open Assets:Bank
2026-01-01 open Income:Sales
2026-01-10 * "Tower" "Lift" ^INV-1
  Assets:Receivable:Tower  1000.00 USD
  Income:Sales
2026-02-10 * "Tower" "Too much" ^RC-1
  Assets:Bank  300.00 USD
  Assets:Receivable:Tower
"""


def test_a_customer_with_whom_nothing_was_booked(tmp_path: Path) -> None:
    page = Served(written(tmp_path, ONE)).page(page="customer", customer="Quiet")
    assert failures(page) == []
    assert "Nothing is open" in plain(page)


def test_money_on_account_is_shown(tmp_path: Path) -> None:
    page = Served(written(tmp_path, ONE)).page()
    assert [row[1] for row in cells(page, "unapplied")] == ["RC-1"]
    assert "-300.00" in plain(page)


def test_ten_thousand_customers_are_shown_a_hundred_at_a_time(tmp_path: Path) -> None:
    text = "2026-01-01 open Income:Sales\n" + "".join(
        f"2026-01-01 open Assets:Receivable:C{place:05}\n"
        f'2026-01-10 * "x" ^INV-{place:05}\n  Assets:Receivable:C{place:05}  {place}.00 USD\n  Income:Sales\n'
        for place in range(1, 10_001)
    )
    served = Served(written(tmp_path, text))
    page = served.page(page="aging")
    assert len(cells(page, "aging")) == 100
    assert "1–100 of 10,000" in plain(page)
    assert cells(page, "aging")[0][0] == "C10000"
    (after,) = re.findall(r'<section class="ar-table" id="aging".*?href="([^"]*)" rel="next"', page, re.DOTALL)
    assert cells(served.client.get(after.replace("&amp;", "&")).get_data(as_text=True), "aging")[0][0] == "C09900"
    last = served.page(page="aging", rows="aging:9900")
    assert "9,901–10,000 of 10,000" in plain(last)
    total = re.search(r"<tfoot>(.*?)</tfoot>", page, re.DOTALL)
    assert total
    assert "50,005,000.00" in plain(total[1]), "the sum is that of all rows, not of those shown"
    assert "on every account (10,000)" in plain(served.page())


def test_problems_of_the_book_are_on_the_overview(tmp_path: Path) -> None:
    wrong = ONE.replace("  Assets:Bank  300.00 USD\n", '  settles: "INV-7"\n  Assets:Bank  300.00 USD\n')
    page = plain(Served(written(tmp_path, wrong)).page())
    assert "Problems of the book (errors: 1," in page
    assert '"INV-7" names no document' in page


# Tables that take long


def test_a_table_that_takes_long_is_fetched_when_the_page_stands(
    tmp_path: Path, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = Served(copied(example, tmp_path))
    monkeypatch.setattr("receivables.fava.views.rules.MANY", 0)
    asked = {"page": "rules", "time": "2026-05", "sort": "penalties:-amount", "where": "collector=lan"}
    page = served.page(**asked)
    assert page.count("Being computed …") == 2
    (part,) = [unescape(url) for url in re.findall(r'data-later="([^"]*)"', page) if "relation=penalties" in url]
    fetched = served.client.get(part)
    assert fetched.status_code == 200
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert fetched.get_data(as_text=True).strip().startswith('<section class="ar-table" id="penalties"')
    shown = cells(fetched.get_data(as_text=True), "penalties")
    assert shown
    # Without a script a link shows the page whole; what was made once is there at once.
    whole = served.client.get(unescape(re.findall(r'<a href="([^"]*whole=1[^"]*)"', page)[0])).get_data(as_text=True)
    assert "Being computed" not in whole
    assert cells(whole, "penalties") == shown
    assert "Being computed" not in served.page(**asked)
    assert "whole=1" not in served.page(**asked), "nobody waits again for having waited once"


@pytest.mark.parametrize("relation", ["", "aging", "../x", "provision"])
def test_a_part_that_is_none_says_why(company: Served, relation: str) -> None:
    response = company.get("part", page="rules", rule="penalties", relation=relation)
    assert response.status_code == 400
    assert failures(response.get_data(as_text=True))


# Fava's life goes on


@pytest.mark.parametrize(
    "config",
    ['"{\'a\': foo}"', '"dict(a=1)"', '"{\'a\':"', "5", "2025-01-01", '"[1, 2]"', '"{\'hosts\': 5}"',
     '"{\'nonsense\': 1}"', "TRUE"],
)  # fmt: skip
def test_a_wrong_setting_is_on_the_errors_page(tmp_path: Path, config: str) -> None:
    served = Served(written(tmp_path, ONE, LINE.replace("\n", f" {config}\n")))
    assert any("receivables.fava" in error for error in served.errors)
    assert failures(served.page()) == []


def test_a_setting_can_be_read_and_changed_while_fava_runs(tmp_path: Path) -> None:
    assert read_settings(["{'hosts': ['ar.example.com']}"]) == (("ar.example.com",), "")
    main = written(tmp_path, ONE, LINE.replace("\n", ' "[]"\n'))
    served = Served(main)
    assert served.errors
    main.write_text(main.read_text().replace('"[]"', "\"{'hosts': ['a.example']}\""))
    assert served.get().status_code == 200
    assert not [error for error in served.errors if "receivables" in error]


def test_a_rule_that_fails_is_said_and_the_rest_of_the_page_stands(
    company: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Shelf.report

    def failing(self: Shelf, name: str, *args: object, **more: object) -> object:
        if name in ("promises", "penalties"):
            raise ArithmeticError("<b>no rate</b>")
        return real(self, name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Shelf, "report", failing)
    page = company.page()
    assert failures(page) == ["Promises ArithmeticError: <b>no rate</b>"]
    assert "<b>no rate" not in page
    assert "1,634,284,160" in page
    assert len(failures(company.page(page="rules"))) == 1


def test_a_book_that_cannot_be_made_is_said(company: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: object) -> None:
        raise RecursionError("no book")

    monkeypatch.setattr("receivables.fava.Receivables.shelf", failing)
    assert failures(company.page()) == ["This page cannot be shown. RecursionError: no book"]
    assert company.get("download", relation="aging").status_code == 500


def test_the_ledger_that_changes_under_it_is_picked_up(tmp_path: Path) -> None:
    main = written(tmp_path, ONE)
    served = Served(main)
    assert "700.00" in plain(served.page())
    main.write_text(main.read_text().replace("300.00", "400.00"))
    assert "600.00" in plain(served.page())
    extension = served.ledger.extensions.get_extension("Receivables")
    shelf = extension.shelf()
    assert extension.shelf() is shelf, "one book a load"
    assert shelf.entries is served.ledger.all_entries


def test_pages_need_no_plugin_line(tmp_path: Path) -> None:
    main = written(tmp_path, ONE)
    main.write_text(main.read_text().replace('plugin "receivables"\n', ""))
    assert "700.00" in plain(Served(main).page())


def test_every_page_is_tried_here() -> None:
    tried = {params.get("page", "overview") for params in EVERY_PAGE}
    assert tried == set(PAGES)


@pytest.mark.parametrize(
    ("address", "link"),
    [
        ("a@b.example", "mailto:a@b.example"),
        ("javascript:alert(1)", ""),
        ("a@b", ""),
        ("a@b.c?bcc=d@e.f", ""),
        ("", ""),
    ],
)
def test_only_an_address_becomes_a_link(address: str, link: str) -> None:
    assert mail(address) == link
