"""Starting from a spreadsheet: what each file must become, what must be asked, what must never happen."""

from __future__ import annotations

import contextlib
import csv
import datetime
import io
import itertools
import random
import resource
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from beancount import loader
from beancount.core import account as accounts
from beancount.core.data import Custom, Note, Open, Posting, Transaction
from beancount.parser import parser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from receivables.language import movements
from receivables.posting.text import quoted
from receivables_importers.start import (
    Conversion,
    Options,
    StartError,
    convert,
    headers,
    mapping,
    told,
    told_all,
    values,
    write,
)
from receivables_importers.start.mapping import RESERVED_KEYS, metadata_key, parse_settings
from receivables_importers.start.reading import Grid, Sheet, read_bytes, sheet_of
from receivables_importers.start.text import Names, account_leaf, is_link, ledger_text, safe_link

D = Decimal
GOLDENS = Path(__file__).parent / "goldens" / "start"
LIFTS = GOLDENS / "lifts"
LIFT_FILES = ("customers.csv", "balances.csv", "invoices.csv", "receipts.csv")
SAMPLE = Path(__file__).parents[2] / "shared" / "samples" / "ar" / "WA_Fn-UseC_-Accounts-Receivable.csv"
USD = Options(currency="USD", plugin=False)
HEAD = "Customer,Invoice No,Invoice Date,Due Date,Amount"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder to put spreadsheets on."""
    return Desk(tmp_path)


class Desk:
    """Makes files and converts them, as a user would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def convert(
        self, files: Mapping[str, str | bytes], mapping: str | None = None, options: Options = USD
    ) -> Conversion:
        paths = []
        for name, content in files.items():
            path = self.folder / name
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            paths.append(path)
        toml = None
        if mapping is not None:
            toml = self.folder / "mine.toml"
            toml.write_text(mapping, encoding="utf-8")
        return convert(paths, toml, options)

    def invoices(self, *rows: str, head: str = HEAD, **more: Any) -> Conversion:
        return self.convert({"invoices.csv": "\n".join([head, *rows]) + "\n"}, **more)

    def problems(self, *rows: str, head: str = HEAD, **more: Any) -> list[str]:
        return [told(problem) for problem in self.invoices(*rows, head=head, **more).problems]


def entries(conversion: Conversion) -> list[Any]:
    """The ledger as Beancount loads it, without any error."""
    assert [told(problem) for problem in conversion.problems] == []
    text = "\n".join(text for name, text in conversion.files.items() if name.endswith(".beancount"))
    text = "\n".join(line for line in text.split("\n") if not line.startswith(("include ", "plugin ")))
    loaded, errors, _ = loader.load_string(text, dedent=False)
    assert errors == []
    return list(loaded)


def parsed(text: str) -> tuple[list[Any], list[Any]]:
    """The directives and errors that Beancount's parser finds."""
    read, errors, _ = parser.parse_string(text, dedent=False)
    return list(read), list(errors)


def transactions(conversion: Conversion) -> list[Any]:
    return [entry for entry in entries(conversion) if isinstance(entry, Transaction)]


def own(meta: Mapping[str, Any] | None) -> dict[str, Any]:
    """Metadata without Beancount's own."""
    return {
        key: value
        for key, value in (meta or {}).items()
        if key not in ("filename", "lineno") and not key.startswith("__")
    }


def balances(found: Iterable[Any], day: datetime.date, root: str = "Assets:Receivable") -> dict[str, Decimal]:
    """Account → balance at the end of a day, without accounts at zero."""
    sums: dict[str, Decimal] = {}
    for entry in found:
        postings: list[Any] = entry.postings if isinstance(entry, Transaction) and entry.date <= day else []
        for posting in postings:
            if posting.account.startswith(root + ":"):
                sums[posting.account] = sums.get(posting.account, D(0)) + posting.units.number
    return {account: amount for account, amount in sums.items() if amount}


def workbook(*sheets: Sequence[Sequence[object]], names: Sequence[str] = (), hidden: Sequence[int] = ()) -> bytes:
    """An XLSX file; dates are typed, texts stay texts."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True, "strings_to_numbers": False})
    dates = book.add_format({"num_format": "dd/mm/yyyy"})
    for position, rows in enumerate(sheets):
        sheet = book.add_worksheet(names[position] if names else None)
        if position in hidden:
            sheet.hide()
        for (line, row), _ in zip(enumerate(rows), itertools.count(), strict=False):
            for column, value in enumerate(row):
                if isinstance(value, datetime.date):
                    sheet.write_datetime(line, column, value, dates)
                elif isinstance(value, Decimal | int) and not isinstance(value, bool):
                    sheet.write_number(line, column, float(value))
                elif value is not None:
                    sheet.write_string(line, column, str(value))
    book.close()
    return file.getvalue()


def only_grid(data: bytes | str, **more: Any) -> Grid:
    (grid,) = read_bytes("a.csv", data if isinstance(data, bytes) else data.encode(), **more)
    return grid


def table(data: bytes | str, **more: Any) -> Sheet:
    return sheet_of(only_grid(data, **more))


# The real file: 2,466 invoices of 100 customers


@pytest.fixture(scope="module")
def sample() -> Conversion:
    if not SAMPLE.exists():
        pytest.skip("the sample is not beside the repository")
    return convert([SAMPLE], None, USD)


def sample_rows() -> list[tuple[str, Decimal, datetime.date, datetime.date]]:
    """Customer, amount, invoiced on, settled on: read here once more, by other means."""

    def day(text: str) -> datetime.date:
        month, day_, year = text.split("/")
        return datetime.date(int(year), int(month), int(day_))

    with SAMPLE.open(encoding="utf-8", newline="") as file:
        return [
            (
                row["customerID"],
                D(row["InvoiceAmount"]),
                day(row["InvoiceDate"]),
                day(row["SettledDate"]),
            )
            for row in csv.DictReader(file)
        ]


def test_the_sample_has_the_figures_that_its_source_states(sample: Conversion) -> None:
    summary = sample.summary
    assert (summary.invoices, summary.customers) == (2466, 100)
    assert summary.invoiced == {"USD": D("147703.18")}
    assert (summary.late, summary.max_days_late) == (877, 45)
    assert summary.disputes == 561
    assert summary.outstanding == {"USD": D(0)}
    assert (summary.first_day, summary.last_day) == (datetime.date(2012, 1, 3), datetime.date(2014, 1, 9))


def test_the_sample_is_on_any_day_what_its_own_dates_say(sample: Conversion) -> None:
    rows = sample_rows()
    loaded = entries(sample)
    month_ends = [
        datetime.date(year, month, 1) - datetime.timedelta(days=1)
        for year in (2012, 2013, 2014)
        for month in range(1, 13)
    ]
    chance = random.Random(2466)  # noqa: S311 - days to look at, no secrets
    first = datetime.date(2012, 1, 1)
    some_days = [first + datetime.timedelta(days=chance.randrange(760)) for _ in range(50)]
    for day in (*month_ends, *some_days):
        expected: dict[str, Decimal] = {}
        for customer, amount, invoiced_on, settled_on in rows:
            if invoiced_on <= day < settled_on:
                account = f"Assets:Receivable:{customer}"
                expected[account] = expected.get(account, D(0)) + amount
        assert balances(loaded, day) == expected, day


def test_the_sample_says_what_was_guessed(sample: Conversion) -> None:
    said = "\n".join(sample.decisions)
    assert 'dates are month/day/year: row 3, column "InvoiceDate" has "1/26/2013"' in said
    assert 'customer from "customerID", number from "invoiceNumber", date from "InvoiceDate"' in said
    assert '"countryCode" as country-code' in said
    first = next(entry for entry in transactions(sample) if "0000611365" in entry.links)
    assert own(first.meta)["country-code"] == "391"
    assert first.date == datetime.date(2013, 1, 2)


def test_the_sample_is_clean_under_the_plugin(tmp_path: Path) -> None:
    if not SAMPLE.exists():
        pytest.skip("the sample is not beside the repository")
    write(convert([SAMPLE], None, Options(currency="USD")), tmp_path / "ledger")
    _, errors, options = loader.load_file(str(tmp_path / "ledger" / "main.beancount"))
    assert errors == []
    assert options["plugin"] == [("receivables", None)]


def test_the_sample_needs_its_currency(desk: Desk) -> None:
    if not SAMPLE.exists():
        pytest.skip("the sample is not beside the repository")
    conversion = convert([SAMPLE])
    assert conversion.files == {}
    assert [told(problem) for problem in conversion.problems] == [
        f"{SAMPLE.name}: rows whose currency is not known: 2,466 (row 2, 3, 4, …): give it with --currency USD,"
        ' or with currency = "USD" in the mapping, or map a column to currency'
    ]


# A small company: four tables in Vietnamese


def test_the_lift_maker_becomes_the_golden_ledger() -> None:
    conversion = convert([LIFTS / name for name in LIFT_FILES], LIFTS / "start.toml")
    assert [told(problem) for problem in conversion.problems] == []
    golden = {path.name: path.read_text(encoding="utf-8") for path in (LIFTS / "ledger").iterdir()}
    assert conversion.files == golden


def test_the_next_run_guesses_nothing_and_makes_the_same(tmp_path: Path) -> None:
    paths = [LIFTS / name for name in LIFT_FILES]
    first = convert(paths, LIFTS / "start.toml")
    write(first, tmp_path / "ledger")
    again = convert(paths, tmp_path / "ledger" / "start.toml")
    assert again.files == first.files
    guesses = ("separated by", "by its columns", "the columns give", "dates are", "decimal mark", "kept as meta")
    assert [said for said in again.decisions if any(guess in said for guess in guesses)] == []


def test_the_order_of_files_and_rows_does_not_change_the_entries() -> None:
    straight = convert([LIFTS / name for name in LIFT_FILES], LIFTS / "start.toml", Options(plugin=False))
    turned = convert([LIFTS / name for name in reversed(LIFT_FILES)], LIFTS / "start.toml", Options(plugin=False))

    def said(conversion: Conversion) -> list[str]:
        return sorted(
            str((entry.date, entry.narration, sorted(entry.links), own(entry.meta), entry.postings[0].units))
            for entry in transactions(conversion)
        )

    assert said(straight) == said(turned)
    assert straight.summary == turned.summary


# Each kind of table alone is enough


def test_invoices_alone(desk: Desk) -> None:
    conversion = desk.invoices("Hanoi Tower,INV-1,2026-01-31,2026-03-02,118.80")
    (opened,) = (entry for entry in entries(conversion) if isinstance(entry, Open) and "Assets" in entry.account)
    (invoice,) = transactions(conversion)
    assert opened.account == "Assets:Receivable:Hanoi-Tower"
    assert own(opened.meta) == {"customer": "Hanoi Tower"}
    assert (invoice.payee, invoice.date, invoice.links) == ("Hanoi Tower", datetime.date(2026, 1, 31), {"INV-1"})
    assert own(invoice.meta) == {"due": datetime.date(2026, 3, 2)}
    assert [(posting.account, posting.units.number) for posting in invoice.postings] == [
        ("Assets:Receivable:Hanoi-Tower", D("118.80")),
        ("Income:Sales", D("-118.80")),
    ]


def test_a_paid_invoice_is_settled_on_its_day_in_full_or_as_far_as_the_file_says(desk: Desk) -> None:
    conversion = desk.invoices(
        "A,1,2026-01-02,,100,2026-02-01,",
        "A,2,2026-01-02,,100,2026-02-02,60",
        "A,3,2026-01-02,,100,2026-02-03,130",
        "A,4,2026-01-02,,100,,",
        head=HEAD + ",Payment date,Paid amount",
    )
    receipts = [entry for entry in transactions(conversion) if entry.postings[0].account == "Assets:Bank"]
    assert [[(posting.units.number, own(posting.meta)) for posting in entry.postings] for entry in receipts] == [
        [(D("100.00"), {}), (D("-100.00"), {"settles": "1"})],
        [(D("60.00"), {}), (D("-60.00"), {"settles": "2"})],
        [(D("130.00"), {}), (D("-100.00"), {"settles": "3"}), (D("-30.00"), {})],
    ]
    assert [sorted(entry.links) for entry in receipts] == [["RC-1"], ["RC-2"], ["RC-3"]]
    assert conversion.summary.outstanding == {"USD": D("110.00")}


def test_open_balances_alone(desk: Desk) -> None:
    conversion = desk.convert(
        {"balances.csv": "Customer,Invoice No,Date,Due Date,Balance\nA,INV-1,2025-11-30,2025-12-30,70\nB,,,,-25\n"},
        options=USD._replace(opening=datetime.date(2026, 1, 1)),
    )
    first, second = transactions(conversion)
    assert own(first.meta) == {
        "number": "INV-1",
        "dated": datetime.date(2025, 11, 30),
        "due": datetime.date(2025, 12, 30),
    }
    assert first.tags == second.tags == {"opening"}
    assert first.postings[1].account == "Equity:Opening-Balances"
    assert (second.links, own(second.meta), second.postings[0].units.number) == (frozenset(), {}, D("-25.00"))
    assert conversion.summary.opening == {"USD": D("45.00")}


def test_open_balances_need_their_day(desk: Desk) -> None:
    conversion = desk.convert({"balances.csv": "Customer,Balance\nA,70\n"})
    assert "put the day into the mapping as opening = 2026-01-01" in told(conversion.problems[0])


def test_customers_alone(desk: Desk) -> None:
    conversion = desk.convert(
        {"c.csv": "Customer ID,Name,Terms,Credit limit,Region\nC-1,Old Mill,Net 30,5000,North\nC-2,,45,,\n"}
    )
    first, second = (entry for entry in entries(conversion) if isinstance(entry, Open))
    assert own(first.meta) == {
        "name": "Old Mill",
        "terms": "Net 30",
        "credit-limit": first.meta["credit-limit"],
        "region": "North",
    }
    assert first.meta["credit-limit"].to_string() == "5000.00 USD"
    assert own(second.meta) == {"terms": "net 45"}


def test_receipts_alone_stay_on_account(desk: Desk) -> None:
    conversion = desk.convert({"r.csv": "Receipt No,Customer,Receipt Date,Amount\nRC-1,A,2026-02-01,10\n"})
    (receipt,) = transactions(conversion)
    assert [own(posting.meta) for posting in receipt.postings] == [{}, {}]
    assert "customers who have receipts but no invoice: 1" in "\n".join(conversion.decisions)


def test_customers_are_found_by_code_or_by_name(desk: Desk) -> None:
    conversion = desk.convert(
        {
            "customers.csv": "Customer Code,Customer Name\nC-1,Old Mill\nC-2,New Mill\n",
            "invoices.csv": HEAD + "\nC-1,1,2026-01-02,,5\nOLD MILL,2,2026-01-02,,7\nNowhere,3,2026-01-02,,1\n",
        }
    )
    assert balances(entries(conversion), datetime.date(2026, 1, 2)) == {
        "Assets:Receivable:C-1": D("12.00"),
        "Assets:Receivable:Nowhere": D("1.00"),
    }
    said = "\n".join(conversion.decisions)
    assert 'customers whom the documents name instead of their code: 1 (for example "OLD MILL", who is "C-1")' in said
    assert 'not in the table of customers, and get accounts all the same: 1 ("Nowhere")' in said


def test_one_receipt_for_several_invoices_is_one_entry(desk: Desk) -> None:
    conversion = desk.convert(
        {
            "invoices.csv": HEAD + "\nA,1,2026-01-02,,5\nA,2,2026-01-02,,7\nA,3,2026-01-02,,9\n",
            "receipts.csv": "Receipt No,Customer,Invoice,Date,Amount\n"
            'R-1,A,1,2026-02-01,5\nR-1,A,2,2026-02-01,4\nR-2,,"2, 3",2026-03-01,20\n',
        }
    )
    first, second = transactions(conversion)[-2:]
    assert [(p.units.number, p.meta.get("settles")) for p in first.postings] == [
        (D("9.00"), None),
        (D("-5.00"), "1"),
        (D("-4.00"), "2"),
    ]
    assert [(p.units.number, p.meta.get("settles")) for p in second.postings] == [
        (D("20.00"), None),
        (D("-3.00"), "2"),
        (D("-9.00"), "3"),
        (D("-8.00"), None),
    ]


def test_a_negative_invoice_is_a_credit_memo_and_its_payment_a_refund(desk: Desk) -> None:
    conversion = desk.invoices("A,1,2026-01-02,,100,", "A,CM-1,2026-01-05,,-30,2026-02-01", head=HEAD + ",Settled Date")
    _, memo, refund = transactions(conversion)
    assert memo.tags == {"credit-memo"}
    assert refund.tags == {"refund"}
    assert refund.postings[1].meta["settles"] == "CM-1"
    said = "\n".join(conversion.decisions)
    assert 'negative invoices, which become credit memos: 1 (for example "CM-1")' in said
    assert "a credit memo with a day of payment is refunded from the bank on that day" in said


def test_a_dispute_is_a_note_on_the_account(desk: Desk) -> None:
    conversion = desk.invoices(
        "A,1,2026-01-02,,100,yes,,,",
        'A,2,2026-01-02,,100,có,2026-01-09,40,"late, very"',
        "A,3,2026-01-02,,100,no,,,",
        head=HEAD + ",Disputed,Dispute date,Disputed amount,Dispute reason",
    )
    notes: list[Any] = [entry for entry in entries(conversion) if isinstance(entry, Note)]
    assert [
        (note.date.day, note.comment, note.links, str(note.meta["amount"]), note.meta.get("reason")) for note in notes
    ] == [
        (2, "Disputed", {"1"}, "100.00 USD", None),
        (9, "late, very", {"2"}, "40.00 USD", "late, very"),
    ]


def test_what_all_documents_agree_on_is_said_of_the_customer_and_else_of_each_document(desk: Desk) -> None:
    conversion = desk.invoices(
        "A,1,2026-01-02,,5,lan,HN",
        "A,2,2026-01-02,,5,lan,SG",
        "B,3,2026-01-02,,5,minh,SG",
        head=HEAD + ",Collector,Entity",
    )
    opened = {entry.account[-1]: own(entry.meta) for entry in entries(conversion) if isinstance(entry, Open)}
    assert (opened["A"], opened["B"]) == ({"collector": "lan"}, {"collector": "minh", "entity": "SG"})
    assert [own(entry.meta) for entry in transactions(conversion)] == [{"entity": "HN"}, {"entity": "SG"}, {}]


def test_many_entries_are_parted_by_year(desk: Desk) -> None:
    rows = [f"A,{number},{2024 + number % 2}-06-01,,1" for number in range(1_001)]
    assert [name for name in desk.invoices(*rows).files if name.startswith("invoices")] == [
        "invoices-2024.beancount",
        "invoices-2025.beancount",
    ]
    assert [name for name in desk.invoices(*rows[1:]).files if name.startswith("invoices")] == ["invoices.beancount"]


# Numbers, links and accounts


def test_a_number_that_is_no_link_is_kept_beside_a_similar_one(desk: Desk) -> None:
    conversion = desk.invoices(
        "A,HĐ 17/2026,2026-01-02,,5,2026-02-01",
        "A,HD-17/2026,2026-01-02,,5,",
        'A,"1,234",2026-01-02,,5,2026-02-01',
        "A,发票,2026-01-02,,5,",
        head=HEAD + ",Settled Date",
    )
    found = [(sorted(entry.links), entry.meta.get("number")) for entry in transactions(conversion)]
    assert found == [
        (["HD-17/2026-2"], "HĐ 17/2026"),
        (["HD-17/2026"], None),
        (["1-234"], "1,234"),
        (["document"], "发票"),
        (["RC-HD-17/2026-2"], None),
        # A comma parts numbers in `settles:`, so this receipt settles by its link.
        (["1-234", "RC-1-234"], "RC-1-234"),
    ]


def test_a_receipt_with_the_number_of_an_invoice_gets_one_of_its_own(desk: Desk) -> None:
    conversion = desk.convert(
        {
            "invoices.csv": HEAD + "\nA,1,2026-01-02,,5\n",
            "receipts.csv": "Receipt No,Customer,Date,Amount\n1,A,2026-02-01,5\n",
        }
    )
    assert sorted(transactions(conversion)[1].links) == ["RC-1"]
    assert 'called RC- and the number: 1 (for example "1")' in "\n".join(conversion.decisions)


def test_the_same_code_is_the_same_account_and_another_code_another(desk: Desk) -> None:
    codes = ["acme", "ACME", "3M", "Đông Á", "Dong A", "北京", "شَركة", "a/b", "a b", "&", "?", " acme "]
    rows = [f"{code},{number},2026-01-02,,1" for number, code in enumerate(codes)]
    opened = {
        entry.meta.get("customer", entry.account.rpartition(":")[2]): entry.account
        for entry in entries(desk.invoices(*rows))
        if isinstance(entry, Open) and entry.account.startswith("Assets")
    }
    assert opened == {
        "acme": "Assets:Receivable:Acme-2",
        "ACME": "Assets:Receivable:ACME",
        "3M": "Assets:Receivable:3M",
        "Đông Á": "Assets:Receivable:Đông-Á",
        "Dong A": "Assets:Receivable:Dong-A",
        "北京": "Assets:Receivable:C-北京",
        "شَركة": "Assets:Receivable:C-شركة",
        "a b": "Assets:Receivable:A-b",
        "a/b": "Assets:Receivable:A-b-2",
        "&": "Assets:Receivable:Customer",
        "?": "Assets:Receivable:Customer-2",
    }


def test_accounts_can_be_called_by_name_or_be_stated(desk: Desk) -> None:
    files = {
        "c.csv": "Customer ID,Name,Ledger account\n1,Old Mill,\n2,New Mill,Mill\n",
        "i.csv": HEAD + "\n1,1,2026-01-02,,5\n2,2,2026-01-02,,5\n",
    }
    toml = '[accounts]\nreceivable = "Assets:AR"\nincome = "Income:Lifts"\nnames = "name"'
    opened = [entry.account for entry in entries(desk.convert(files, toml)) if isinstance(entry, Open)]
    assert sorted(opened) == ["Assets:AR:Mill", "Assets:AR:Old-Mill", "Income:Lifts"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("error", ["row 3", "row 4"]),
        ("lines", ["row 4"]),
        ("per-customer", ["row 3"]),
    ],
)
def test_a_number_that_comes_again(desk: Desk, rule: str, expected: list[str]) -> None:
    rows = ["A,1,2026-01-02,,5", "A,1,2026-01-02,,7", "B,1,2026-01-02,,9"]
    problems = desk.problems(*rows, mapping=f'repeated_numbers = "{rule}"')
    assert [problem.split(", ")[1] for problem in problems] == expected
    assert all('column "Invoice No": the number "1" is already on row 2' in problem for problem in problems)


def test_lines_of_one_invoice_are_added_up(desk: Desk) -> None:
    rows = ["A,1,2026-01-02,,5", "A,1,2026-01-02,,7.25"]
    (invoice,) = transactions(desk.invoices(*rows, mapping='repeated_numbers = "lines"'))
    assert invoice.postings[0].units.number == D("12.25")


# What must be asked


def test_two_columns_that_could_be_the_amount(desk: Desk) -> None:
    (problem,) = desk.problems("A,1,2026-01-02,,5,6", head=HEAD + ",Total")
    assert problem == (
        'invoices.csv: 2 columns look like amount: "Amount", "Total": put one of the last lines into the mapping:\n'
        "  [[table]]\n"
        '  file = "invoices.csv"\n'
        "  [table.columns]\n"
        '  amount = "Amount"\n'
        '  amount = "Total"'
    )
    solved = desk.invoices(
        "A,1,2026-01-02,,5,6",
        head=HEAD + ",Total",
        mapping='[[table]]\nfile = "invoices.csv"\n[table.columns]\namount = "Total"',
    )
    assert solved.summary.invoiced == {"USD": D("6.00")}


def test_dates_that_can_be_read_both_ways(desk: Desk) -> None:
    (problem,) = desk.problems("A,1,01/02/2013,,5", "A,2,03/03/2013,,5")
    assert problem.endswith(
        '  dates = "DMY"   # "01/02/2013" is 1 February 2013\n  dates = "MDY"   # "01/02/2013" is 2 January 2013'
    )
    (first, _) = transactions(desk.invoices("A,1,01/02/2013,,5", "A,2,03/03/2013,,5", mapping='dates = "DMY"'))
    assert first.date == datetime.date(2013, 2, 1)


def test_one_date_decides_for_all(desk: Desk) -> None:
    conversion = desk.invoices("A,1,01/02/2013,13/02/2013,5", "A,2,03/03/2013,,5")
    assert transactions(conversion)[0].date == datetime.date(2013, 2, 1)
    assert 'dates are day/month/year: row 2, column "Due Date" has "13/02/2013"' in "\n".join(conversion.decisions)


def test_dates_that_are_the_same_in_every_order_need_no_answer(desk: Desk) -> None:
    assert transactions(desk.invoices("A,1,03/03/2013,,5"))[0].date == datetime.date(2013, 3, 3)


def test_dates_in_two_orders_are_a_problem_that_shows_both(desk: Desk) -> None:
    (problem,) = desk.problems("A,1,13/02/2013,,5", "A,2,02/13/2013,,5")
    assert '  dates = "DMY"   # as "13/02/2013" in row 2\n  dates = "MDY"   # as "02/13/2013" in row 3' in problem
    (problem,) = desk.problems("A,1,13/02/2013,,5", "A,2,02/13/2013,,5", mapping='dates = "MDY"')
    assert problem == (
        'invoices.csv, row 2, column "Invoice Date": "13/02/2013" is no date: there is no such day: write it as'
        " 2026-01-31"
    )


def test_a_decimal_mark_that_could_be_either(desk: Desk) -> None:
    (problem,) = desk.problems('A,1,2026-01-02,,"1,234"')
    assert problem.endswith('  decimal = "."\n  decimal = ","')
    for mark, amount in ((".", "1234.00"), (",", "1.234")):
        conversion = desk.invoices('A,1,2026-01-02,,"1,234"', mapping=f'decimal = "{mark}"')
        assert transactions(conversion)[0].postings[0].units.number == D(amount)
    decided = desk.invoices('A,1,2026-01-02,,"1,234"', 'A,2,2026-01-02,,"1,234.5"')
    assert decided.summary.invoiced == {"USD": D("2468.50")}


def test_a_table_that_could_be_of_two_kinds_is_told_by_its_name_or_asked_about(desk: Desk) -> None:
    text = "Customer,Date,Amount\nA,2026-01-02,5\n"
    (problem,) = desk.convert({"book.csv": text}).problems
    assert told(problem).endswith('  kind = "invoices"\n  kind = "receipts"\n  kind = "ignore"')
    assert desk.convert({"invoices.csv": text}).summary.invoices == 1
    assert desk.convert({"phiếu thu.csv": text}).summary.receipts == 1
    assert desk.convert({"book.csv": text}, '[[table]]\nkind = "receipts"').summary.receipts == 1


def test_a_list_of_amounts_and_balances_is_asked_about(desk: Desk) -> None:
    (problem,) = desk.convert({"a.csv": "Customer,Invoice No,Date,Due,Amount,Balance\nA,1,2026-01-02,,5,3\n"}).problems
    assert told(problem).endswith('  kind = "invoices"\n  kind = "balances"\n  kind = "ignore"')


def test_a_column_that_nothing_looks_like(desk: Desk) -> None:
    (problem,) = desk.problems("A,1,2026-01-02,5", head="Customer,Invoice No,Invoice Date,Wert", mapping=(
        '[[table]]\nkind = "invoices"'
    ))  # fmt: skip
    assert problem.startswith("invoices.csv: no column is known to hold the amount")
    assert problem.endswith('  [table.columns]\n  amount = "Wert"')


def test_mostly_negative_invoices_are_asked_about(desk: Desk) -> None:
    rows = ["A,1,2026-01-02,,-5", "A,2,2026-01-02,,-7"]
    (problem,) = desk.problems(*rows)
    assert "2 of 2 amounts are negative" in problem
    reversed_ = desk.invoices(*rows, mapping='[[table]]\nsign = "reversed"')
    assert reversed_.summary.invoiced == {"USD": D("12.00")}
    as_is = desk.invoices(*rows, mapping='[[table]]\nsign = "as-is"')
    assert as_is.summary.credited == {"USD": D("12.00")}


# Currencies


def test_the_currency_is_the_rows_own_or_that_written_with_the_amount(desk: Desk) -> None:
    conversion = desk.invoices(
        "A,1,2026-01-02,,5,EUR",
        "A,2,2026-01-02,,7 €,",
        'A,3,2026-01-02,,"118,800,000 ₫",',
        "A,4,2026-01-02,,$9.00,",
        "A,5,2026-01-02,,6,usd",
        head=HEAD + ",Currency",
    )
    assert conversion.summary.invoiced == {"EUR": D("12.00"), "USD": D("15.00"), "VND": D("118800000")}


def test_the_header_may_say_the_currency(desk: Desk) -> None:
    head = "Customer,Invoice No,Invoice Date,Amount (VND)"
    assert desk.invoices("A,1,2026-01-02,5", head=head, options=Options()).summary.invoiced == {"VND": D(5)}
    assert "says VND, but the currency given is USD" in desk.problems("A,1,2026-01-02,5", head=head)[0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("A,1,2026-01-02,,5,Dollars", '"Dollars" is no currency that is known'),
        ("A,1,2026-01-02,,5 €,USD", "the amount is in EUR, but the row says USD"),
        ("A,1,2026-01-02,,¥5,", '"¥" means several currencies'),
    ],
)
def test_a_currency_that_is_not_clear(desk: Desk, row: str, message: str) -> None:
    problems = desk.problems(row, head=HEAD + ",Currency", options=Options())
    assert message in problems[0]


def test_the_mapping_says_what_a_sign_means(desk: Desk) -> None:
    conversion = desk.invoices("A,1,2026-01-02,,¥5", options=Options(), mapping='[currencies]\n"¥" = "CNY"')
    assert conversion.summary.invoiced == {"CNY": D("5.00")}


# Problems of rows


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (",1,2026-01-02,,5,,,", 'column "Customer": the customer is empty'),
        ("A,,2026-01-02,,5,,,", 'column "Invoice No": the number is empty'),
        ("A,1,,,5,,,", 'column "Invoice Date": the date is empty'),
        ("A,1,2026-02-30,,5,,,", 'column "Invoice Date": "2026-02-30" is no date: there is no such day'),
        ("A,1,0226-02-03,,5,,,", "the year 226 cannot be meant"),
        ("A,1,46023,,5,,,", "the count of days by which a spreadsheet keeps dates"),
        ("A,1,2026-01-02,soon,5,,,", 'column "Due Date": "soon" is no date'),
        ("A,1,2026-01-02,,,,,", 'column "Amount": the amount is empty'),
        ("A,1,2026-01-02,,12x!,,,", 'column "Amount": "12x!" is no amount'),
        ("A,1,2026-01-02,,1.2E+05,,,", "the spreadsheet program has shortened it"),
        ("A,1,2026-01-02,,#REF!,,,", "it is the error of a formula"),
        ("A,1,2026-01-02,,1.23456789,,,", "has 8 decimal places, as a formula leaves them"),
        ("A,1,2026-01-02,,9999999999999999,,,", "has more than 15 digits"),
        ("A,1.2E+10,2026-01-02,,5,,,", 'column "Invoice No": "1.2E+10": the spreadsheet program has shortened it'),
        ("A,1,2026-01-02,,5,,3,", 'column "Paid amount": an amount was paid, but not on which day'),
        ("A,1,2026-01-02,,5,2026-01-01,,", "it was settled on 2026-01-01, before its own date 2026-01-02"),
        ("A,1,2026-01-02,,5,2026-01-03,-5,", "-5.00 was paid on an amount of 5.00"),
        ("A,1,2026-01-02,,5,2026-01-03,0,", "0.00 was paid on an amount of 5.00"),
        ("A,1,2026-01-02,,5,,,someday", 'column "Terms": the payment terms "someday" are not understood'),
    ],
)
def test_a_row_with_a_problem_is_named_with_its_mend(desk: Desk, row: str, problem: str) -> None:
    found = desk.problems("A,0,2026-01-02,,5,,,", row, head=HEAD + ",Payment date,Paid amount,Terms")
    assert len(found) == 1
    assert found[0].startswith("invoices.csv, row 3, column ")
    assert problem in found[0]
    assert found[0].count(": ") >= 2


def test_a_row_tells_all_its_problems_from_left_to_right(desk: Desk) -> None:
    problems = desk.problems(",1,nope,,x")
    assert [problem.split(": ")[0] for problem in problems] == [
        'invoices.csv, row 2, column "Customer"',
        'invoices.csv, row 2, column "Invoice Date"',
        'invoices.csv, row 2, column "Amount"',
    ]


def test_payment_in_advance_is_allowed_when_the_mapping_says_so(desk: Desk) -> None:
    row = "A,1,2026-01-02,,5,2026-01-01"
    conversion = desk.invoices(row, head=HEAD + ",Settled Date", mapping="paid_in_advance = true")
    assert balances(entries(conversion), datetime.date(2026, 1, 1)) == {"Assets:Receivable:A": D("-5.00")}


RECEIPT_HEAD = "Receipt No,Customer,Invoice,Date,Amount,Currency"


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("R,A,99,2026-02-01,5,", 'column "Invoice": the receipt settles "99", which is no invoice here'),
        ("R,A,7,2026-02-01,5,", "zeros in front were lost: format the column as text and write 007"),
        ("R,B,1,2026-02-01,5,", 'the receipt of "B" settles "1", an invoice of "A"'),
        ("R,A,1,2026-02-01,5,EUR", 'the receipt is in EUR, the invoice "1" in USD'),
        ("R,A,CM,2026-02-01,5,", '"CM" is a credit memo: a receipt cannot settle it'),
        ("R,A,PAID,2026-02-01,5,", 'the invoice "PAID" is settled already, on 2026-01-20 by its own row'),
        ("R,A,1,2026-02-01,-5,", "a receipt of -5 brings nothing in"),
        ('R,,"1, B1",2026-02-01,5,', "the receipt settles invoices of several customers"),
        ("R,,,2026-02-01,5,", 'column "Customer": the customer is empty'),
        ("R,A,1,,5,", 'column "Date": the date is empty'),
    ],
)
def test_a_receipt_that_cannot_be_right(desk: Desk, row: str, problem: str) -> None:
    conversion = desk.convert(
        {
            "invoices.csv": HEAD
            + ",Settled Date\nA,1,2026-01-02,,5,\nA,007,2026-01-02,,5,\nB,B1,2026-01-02,,5,\nA,CM,2026-01-02,,-1,\n"
            + "A,PAID,2026-01-02,,5,2026-01-20\n",
            "receipts.csv": f"{RECEIPT_HEAD}\n{row}\n",
        }
    )
    assert conversion.files == {}
    (found,) = conversion.problems
    assert told(found).startswith("receipts.csv, row 2, column ")
    assert problem in told(found)


def test_a_receipt_with_a_bad_row_is_left_out_as_a_whole(desk: Desk) -> None:
    conversion = desk.convert(
        {
            "invoices.csv": HEAD + "\nA,1,2026-01-02,,5\n",
            "receipts.csv": f"{RECEIPT_HEAD}\nR,A,1,2026-02-01,5,\nR,A,99,2026-02-01,5,\n",
        },
        options=USD._replace(skip_bad_rows=True),
    )
    assert conversion.summary.receipts == 0
    assert [(problem.line, problem.message.split(" ")[0]) for problem in conversion.left_out] == [
        (2, "another"),
        (3, "the"),
    ]


def test_an_older_receipt_cannot_settle_a_later_balance(desk: Desk) -> None:
    files = {"balances.csv": "Customer,Invoice No,Balance\nA,1,70\n"}
    receipts = "Receipt No,Customer,Invoice,Date,Amount\nR,A,1,{},5\n"
    opening = USD._replace(opening=datetime.date(2026, 1, 1))
    late = desk.convert({**files, "receipts.csv": receipts.format("2026-01-01")}, options=opening)
    assert late.problems == ()
    (problem,) = desk.convert({**files, "receipts.csv": receipts.format("2025-12-31")}, options=opening).problems
    assert "is older than the balance of 2026-01-01" in told(problem)


def test_bad_rows_are_left_out_when_asked_and_listed(desk: Desk) -> None:
    rows = ["A,1,2026-01-02,,5", "A,2,nope,,5", "B,3,2026-01-02,,5"]
    assert desk.invoices(*rows).files == {}
    conversion = desk.invoices(*rows, options=USD._replace(skip_bad_rows=True))
    assert [told(problem) for problem in conversion.left_out] == [
        'invoices.csv, row 3, column "Invoice Date": "nope" is no date: it is not a date: write it as 2026-01-31'
    ]
    assert conversion.summary.invoices == len(transactions(conversion)) == 2


def test_ten_thousand_bad_rows_are_counted_and_twenty_shown(desk: Desk) -> None:
    problems = desk.invoices(*(f"A,{number},nope,,5" for number in range(10_000))).problems
    assert len(problems) == 10_000
    shown = told_all(problems)
    assert len(shown) == 21
    assert shown[-1] == "… and 9,980 more problems, 10,000 in all"


def test_the_row_of_totals_is_left_out_and_said(desk: Desk) -> None:
    conversion = desk.invoices("A,1,2026-01-02,,5", "Tổng cộng,,,,5", "Total,2,2026-01-02,,7")
    assert conversion.summary.invoiced == {"USD": D("12.00")}
    assert "rows of totals, which are left out: 1 (row 3)" in "\n".join(conversion.decisions)


def test_problems_of_several_files_are_told_at_once(desk: Desk) -> None:
    conversion = desk.convert({"a.csv": b"%PDF-1.7", "invoices.csv": HEAD + "\nA,1,nope,,5\n", "b.csv": ""})
    assert [told(problem) for problem in conversion.problems] == [
        "a.csv: is a PDF document, not a table: save the table as XLSX or CSV",
        "b.csv: is empty",
        'invoices.csv, row 2, column "Invoice Date": "nope" is no date: it is not a date: write it as 2026-01-31',
    ]


# Reading text files


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "Tên;Số\nĐông Á;北京\n"),
        ("utf-8-sig", "Tên;Số\nĐông Á;北京\n"),
        ("utf-16", "Tên;Số\nĐông Á;北京\n"),
        ("utf-16-le", "Tên;Số\nDong A;1\nDong B;2\n"),
        ("utf-16-be", "Tên;Số\nDong A;1\nDong B;2\n"),
        ("utf-16-le", "\ufeff客户;金额\n北京电梯公司;5\n"),
        ("gb18030", "客户编号;金额\n北京电梯公司;5\n"),
        ("cp1252", "Name;Betrag\nMüller & Söhne, façade;5\nJosé Ñandú;6\n"),
        ("cp1258", "Khách hàng;Số\nCông ty Đông Á, Nguyễn Thị Hường;5\n"),
    ],
)
def test_each_encoding_is_recognised(encoding: str, text: str) -> None:
    data = _cp1258(text) if encoding == "cp1258" else text.encode(encoding)
    lines = text.lstrip("\ufeff").splitlines()
    sheet = table(data)
    assert [*sheet.columns, *itertools.chain(*(row.cells for row in sheet.rows))] == [
        cell for line in lines for cell in line.split(";")
    ]


def _cp1258(text: str) -> bytes:
    """As Windows writes it: letters with their own marks, tones behind them."""
    letters = []
    for character in text:
        try:
            letters.append(character.encode("cp1258"))
        except UnicodeEncodeError:
            tone = {"ố": "ô\u0301", "ễ": "ê\u0303", "ị": "i\u0323", "ờ": "ơ\u0300"}[character]
            letters.append(tone.encode("cp1258"))
    return b"".join(letters)


def test_an_encoding_that_could_be_several_is_asked_about() -> None:
    with pytest.raises(StartError, match=r'encoding = "cp1258".*\n.*encoding = "cp1252"') as caught:
        only_grid("Name;Số\nLưu Đ;5\n".replace("ố", "o").encode("cp1258"))
    assert 'encoding = "cp1258"   # "Lưu Đ"' in str(caught.value)
    assert only_grid("Lưu Đ;5\n".encode("cp1258"), encoding="cp1258").rows[0].cells[0] == "Lưu Đ"


def test_a_damaged_utf8_file_is_not_taken_for_another_encoding() -> None:
    data = ("Name;Số\n" + "Đông Á;5\n" * 20).encode() + b"A\xff;6\n"
    with pytest.raises(StartError, match=r"is UTF-8, but not at byte 251 \(line 22 of the text\)"):
        only_grid(data)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"%PDF-1.7 ...", "is a PDF document"),
        (b"\x89PNG\r\n", "is a picture"),
        (b"<html><table>", "is a web page"),
        (b"a,b\n1,\x002\n", "binary data|zero bytes"),
        (bytes(range(256)) * 40, "binary data|not text"),
        (b"PK\x03\x04 and no archive", "looks like a workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "looks like a workbook"),
        (b'a,b\n"x,1\n', "the quotes are wrong"),
        (b'a,b\n"x"y,1\n', "the quotes are wrong"),
        (b"a,b\n" + b"x" * 40_000 + b",1\n", "more than 32,767 characters"),
        (b"," * 2_000 + b"\n", "more than 1,024 columns"),
    ],
)
def test_what_is_no_table_is_said_so(data: bytes, message: str) -> None:
    with pytest.raises(StartError, match=message):
        read_bytes("a.csv", data)


def test_rows_are_counted_as_the_spreadsheet_program_does() -> None:
    sheet = table('Name,Note\nA,"two\r\nlines"\n\nB,"say ""hi"""\n')
    assert [(row.line, row.cells) for row in sheet.rows] == [(2, ("A", "two\nlines")), (4, ("B", 'say "hi"'))]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_each_delimiter_is_recognised(delimiter: str) -> None:
    rows = [["Name", "Amount", "Note"], ["A", "1.5", "x y"], ["B", "2.5", "-"]]
    text = "\n".join(delimiter.join(row) for row in rows)
    assert [list(row.cells) for row in only_grid(text).rows] == rows


def test_decimal_commas_do_not_make_columns() -> None:
    assert table("Name;Amount\nA;1,5\nB;2,5\n").columns == ("Name", "Amount")


def test_a_delimiter_that_could_be_several_is_asked_about() -> None:
    with pytest.raises(StartError, match='delimiter = ","   # 2 columns\n  delimiter = ";"   # 2 columns'):
        only_grid("Name, first;Amount\nA, b;5\n")


def test_the_note_sep_is_no_row() -> None:
    sheet = table("sep=;\nName;Amount\nA;1\n")
    assert (sheet.header_line, sheet.rows[0].line, sheet.columns) == (1, 2, ("Name", "Amount"))


def test_titles_above_the_table_are_no_header() -> None:
    sheet = table("BẢNG KÊ HÓA ĐƠN,,\n,,\nCustomer,Amount,Date\nA,5,2026-01-02\n")
    assert (sheet.header_line, sheet.columns) == (3, ("Customer", "Amount", "Date"))
    assert "row 3 is the header; the rows above it are titles" in sheet.decisions


def test_headers_differ_and_empty_columns_go() -> None:
    sheet = table("Amount,Amount,,,Name\n1,2,,4,A\n")
    assert sheet.columns == ("Amount", "Amount (2)", "column D", "Name")
    assert sheet.rows[0].cells == ("1", "2", "4", "A")


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.binary(max_size=400),
        st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.text(alphabet='ab,;\t|"\n\r 1.é', max_size=120).map(str.encode),
        st.text(max_size=60).map(lambda text: text.encode("utf-16", "surrogatepass")),
        st.binary(max_size=60).map(lambda data: b"\x89PNG"[:2] + data),
    )
)
def test_any_bytes_are_a_table_or_an_error_of_ours(data: bytes) -> None:
    try:
        for grid in read_bytes("a.csv", data) if not data.startswith((b"PK", b"\xd0\xcf")) else ():
            sheet = sheet_of(grid)
            assert len(set(sheet.columns)) == len(sheet.columns)
            assert all(len(row.cells) == len(sheet.columns) for row in sheet.rows)
            assert all("\0" not in cell for row in sheet.rows for cell in row.cells if isinstance(cell, str))
    except StartError:
        pass


# Reading workbooks

BOOK: list[list[Any]] = [
    ["Customer", "Invoice No", "Invoice Date", "Due Date", "Amount", "Ref"],
    ["00123", "0007", datetime.date(2026, 1, 13), None, D("118.8"), "x"],
    ["00124", "0008", datetime.date(2026, 2, 1), datetime.date(2026, 3, 1), 5, None],
]


def test_a_workbook_and_a_text_file_of_the_same_table_make_the_same_ledger(desk: Desk) -> None:
    text = "\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in BOOK)
    of_text = desk.convert({"invoices.csv": text})
    of_book = desk.convert({"invoices.csv": workbook(BOOK)})
    names = [name for name in of_text.files if name.endswith(".beancount")]
    assert [of_book.files[name] for name in names] == [of_text.files[name] for name in names]
    assert "^0007" in of_book.files["invoices.beancount"]
    assert "00123" in of_book.files["customers.beancount"]


def test_every_sheet_of_a_workbook_counts_unless_hidden_or_ignored(desk: Desk) -> None:
    receipts: list[list[Any]] = [["Receipt No", "Customer", "Invoice No", "Receipt Date", "Amount"],
                ["R-1", "00123", "0007", datetime.date(2026, 2, 2), 8]]  # fmt: skip
    notes = [["What to do", "Who"], ["Call", "Lan"]]
    book = workbook(BOOK, receipts, notes, notes, names=["Sales", "In", "Notes", "Old"], hidden=[3])
    asked = desk.convert({"book.xlsx": book})
    assert [(problem.sheet, problem.line) for problem in asked.problems] == [("Notes", None)]
    ignore = '[[table]]\nfile = "book.xlsx"\nsheet = "Notes"\nkind = "ignore"'
    conversion = desk.convert({"book.xlsx": book}, ignore)
    assert (conversion.summary.invoices, conversion.summary.receipts) == (2, 1)
    assert 'the hidden sheet "Old" is not read' in "\n".join(conversion.decisions)
    again = desk.convert({"book.xlsx": book}, conversion.files["start.toml"])
    assert again.files == conversion.files


@pytest.mark.parametrize(
    ("column", "cell", "problem"),
    [
        (1, D("1234567890123456"), "it has more digits than a spreadsheet keeps"),
        (1, datetime.date(2026, 1, 2), "the spreadsheet program has made a date of it"),
        (4, datetime.date(2026, 1, 2), "2026-01-02 is a date, not an amount"),
        (2, D(46023), "the count of days by which a spreadsheet keeps dates"),
    ],
)
def test_a_cell_of_the_wrong_type(desk: Desk, column: int, cell: object, problem: str) -> None:
    row = list(BOOK[1])
    row[column] = cell
    (found,) = desk.convert({"invoices.xlsx": workbook([BOOK[0], row])}).problems
    assert told(found).startswith(f'invoices.xlsx, sheet "Sheet1", row 2, column "{BOOK[0][column]}": ')
    assert problem in told(found)


def test_binary_fractions_are_the_digits_that_the_spreadsheet_shows(desk: Desk) -> None:
    rows = [
        [*BOOK[1][:4], D("0.1") + D("0.2"), None],
        ["A", "9", datetime.date(2026, 1, 2), None, D("1000000.07"), None],
    ]
    data = workbook([BOOK[0], *rows])
    assert desk.convert({"i.xlsx": data}).summary.invoiced == {"USD": D("1000000.37")}


def _with_cell_in_the_corner() -> bytes:
    """A workbook of a few kilobytes that would take half a terabyte as a full grid."""
    source = io.BytesIO(workbook(BOOK))
    target = io.BytesIO()
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as changed:
        for member in archive.namelist():
            content = archive.read(member)
            if member.endswith("sheet1.xml"):
                corner = b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
                content = content.replace(b"</sheetData>", corner)
            changed.writestr(member, content)
    return target.getvalue()


def _that_unpacks_to_gigabytes() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for number in range(40):
            archive.writestr(f"xl/{number}.xml", b"\0" * (26 << 20) if number == 0 else b"")
    data = target.getvalue()
    # The directory says of the first member that it is 3 GB.
    where = data.rindex(b"PK\x01\x02", 0, data.index(b"xl/1.xml", data.index(b"PK\x01\x02")))
    return data[: where + 24] + (3 << 30).to_bytes(4, "little") + data[where + 28 :]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (_with_cell_in_the_corner, "too much memory|below row|right of column|cannot be opened"),
        (_that_unpacks_to_gigabytes, "unpacks to 3,[0-9]{3} MB"),
        (lambda: workbook(BOOK)[:-200], "looks like a workbook but cannot be opened"),
        (lambda: workbook([]), "no visible sheet with anything in it"),
    ],
)
def test_a_workbook_that_would_do_harm_is_refused(data: Any, message: str) -> None:
    started = time.monotonic()
    with pytest.raises(StartError, match=message):
        read_bytes("book.xlsx", data())
    assert time.monotonic() - started < 20


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_a_damaged_workbook_is_a_table_or_an_error_of_ours(place: int, damage: bytes) -> None:
    data = bytearray(DAMAGED)
    place %= len(data) - len(damage)
    data[place : place + len(damage)] = damage
    with contextlib.suppress(StartError):
        read_bytes("book.xlsx", bytes(data))


DAMAGED = workbook(BOOK)


# Values


@pytest.mark.parametrize(
    ("text", "mark", "amount"),
    [
        ("1,234.50", ".", "1234.50"),
        ("1.234,50", ",", "1234.50"),
        ("1 234 567,5", ",", "1234567.5"),
        ("1'234.50", ".", "1234.50"),
        ("12,34,567.00", ".", "1234567.00"),
        ("(12.50)", ".", "-12.50"),
        ("12.50-", ".", "-12.50"),
        ("−12.50", ".", "-12.50"),
        ("- 12.50", ".", "-12.50"),
        ("$-12.50", ".", "-12.50"),
        (".5", ".", "0.5"),
        ("5.", ".", "5"),
        ("١٬٢٣٤٫٥٠", ".", "1234.50"),
        ("１,２３４.５", ".", "1234.5"),
        ("118.800.000 ₫", ",", "118800000"),
        ("USD 5.00", ".", "5.00"),
        ("5.00 USD", ".", "5.00"),
    ],
)
def test_a_number_as_people_write_it(text: str, mark: str, amount: str) -> None:
    assert values.read_money(text, mark).amount == D(amount)


@pytest.mark.parametrize(
    "text",
    ["", "x", "1,23", "1,2345", "1.2.3", "1,234,5", "1..2", "--5", "(-5)", "-5-", "5 %", "1e5", "1,234.5,6",
     "USD 5 EUR", "0,123", "½", "5 5", "1 23"],
)  # fmt: skip
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"it|decimal mark"):
        values.read_money(text, ".")


@pytest.mark.parametrize(
    ("text", "order", "day"),
    [
        ("2026-01-31", None, (2026, 1, 31)),
        ("2026/1/31", "DMY", (2026, 1, 31)),
        ("2026年1月31日", None, (2026, 1, 31)),
        ("20260131", None, (2026, 1, 31)),
        ("31/01/2026", "DMY", (2026, 1, 31)),
        ("1/31/2026 12:05:00 AM", "MDY", (2026, 1, 31)),
        ("2026-01-31T00:00:00Z", None, (2026, 1, 31)),
        ("31.1.26", "DMY", (2026, 1, 31)),
        ("26-01-31", "YMD", (2026, 1, 31)),
        ("31-Jan-2026", None, (2026, 1, 31)),
        ("January 31, 2026", None, (2026, 1, 31)),
        ("ngày 31 tháng 1 năm 2026", None, (2026, 1, 31)),
        ("٣١/٠١/٢٠٢٦", "DMY", (2026, 1, 31)),
    ],
)
def test_a_date_as_people_write_it(text: str, order: str | None, day: tuple[int, int, int]) -> None:
    assert values.read_date(text, order) == datetime.date(*day)


@given(st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31)), st.sampled_from(["DMY", "MDY"]))
def test_every_date_is_among_the_readings_of_what_was_written(day: datetime.date, order: str) -> None:
    text = f"{day.day}/{day.month}/{day.year}" if order == "DMY" else f"{day.month}/{day.day}/{day.year}"
    votes = values.date_votes(text)
    assert order in votes.possible
    assert values.read_date(text, order) == day
    assert votes.matters == (day.day <= 12 and day.day != day.month)


@given(st.decimals(-(10**12), 10**12, places=2), st.sampled_from([".", ","]))
def test_every_amount_reads_back_as_it_was_written(amount: Decimal, mark: str) -> None:
    text = f"{amount:,}".translate(str.maketrans(",.", ".," if mark == "," else ",."))
    assert values.read_money(text, mark).amount == amount
    assert mark in values.decimal_votes(text).possible


# The mapping


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("curency = 'USD'", 'there is no key "curency": use one of '),
        ("currency = 'dollars'", 'write the code of a currency, as "USD"'),
        ("dates = 'D/M/Y'", 'write one of "DMY", "MDY", "YMD"'),
        ("opening = '2026'", "write a date, as 2026-01-01"),
        ("paid_in_advance = 1", "write true or false"),
        ("[accounts]\nbank = 'Bank'", 'an account below Assets, as "Assets:Name"'),
        ("[accounts]\nbank = 'Assets:Receivable:Bank'", "is below the customers' accounts"),
        ("[[table]]\nkind = 'bills'", 'write one of "customers", "invoices"'),
        ("[[table]]\n[table.columns]\nprice = 'P'", 'there is no field "price": use one of customer, name'),
        ("[[table]]\nkind = 'receipts'\n[table.columns]\ndue = 'P'", "in a table of receipts"),
        ("[[table]]\n[table.keep]\nX = 'P'", "is no metadata key"),
        ("[[table]]\nheader_row = true", "write the number of a row"),
        ("[[table]]\n[[table]]", "two [[table]] name no file"),
        ("[currencies]\n'$' = 'dollar'", "is no currency"),
        ("a = ", "is not TOML"),
        ("a = " + "[" * 5_000, "is not TOML"),
        ("a = " + "9" * 5_000, "is not TOML"),
        ("a = '\xff'", "is not written in UTF-8"),
    ],
)
def test_a_mapping_that_cannot_be_used(text: str, message: str) -> None:
    with pytest.raises(StartError) as caught:
        parse_settings("my.toml", text.encode("latin-1"))
    assert str(caught.value).startswith("my.toml: ")
    assert message in str(caught.value)


def test_the_example_of_the_documentation_is_a_mapping() -> None:
    example = "\n".join(line[4:] for line in (mapping.__doc__ or "").splitlines() if line.startswith("    "))
    read = parse_settings("example.toml", example.encode())
    assert read.tables[0].columns["number"] == "Invoice"
    assert set(headers.FIELDS) >= set(read.tables[0].columns)


def test_a_mapping_that_names_a_missing_column_lists_those_there_are(desk: Desk) -> None:
    toml = '[[table]]\n[table.columns]\namount = "Betrag"'
    problem = desk.problems("A,1,2026-01-02,,5", mapping=toml)[0]
    assert 'amount = "Betrag", but there is no such column: the columns are "Customer", "Invoice No"' in problem


def test_columns_are_ignored_or_kept_under_a_key_of_choice(desk: Desk) -> None:
    conversion = desk.invoices(
        "A,1,2026-01-02,,5,x,y,z",
        head=HEAD + ",Kind,Sales Person,Note",
        mapping='[[table]]\nignore = ["Note"]\n[table.keep]\nseller = "Sales Person"',
    )
    assert own(transactions(conversion)[0].meta) == {"seller": "y", "column-kind": "x"}


def test_an_unknown_currency_on_the_command_line(desk: Desk) -> None:
    with pytest.raises(StartError, match='"DOLLAR" is no currency of ISO 4217'):
        desk.invoices("A,1,2026-01-02,,5", options=Options(currency="DOLLAR"))


@given(st.text(max_size=40), st.integers(0, 50))
def test_every_header_gives_a_legal_key_that_means_nothing_else(header: str, position: int) -> None:
    key = metadata_key(header, position, ())
    read, errors = parsed(f'2026-01-01 open Assets:A\n  {key}: "x"\n')
    assert errors == []
    assert own(read[0].meta) == {key: "x"}
    assert key not in RESERVED_KEYS


def test_no_stray_column_can_take_a_word_of_the_language() -> None:
    assert movements.WORDS <= RESERVED_KEYS


def test_within_a_kind_of_table_no_header_means_two_fields() -> None:
    for kind in headers.KINDS:
        words = [headers.folded(word) for some in headers.SYNONYMS[kind].values() for word in dict.fromkeys(some)]
        assert sorted(words) == sorted(set(words))
        assert set(headers.SYNONYMS[kind]) <= set(headers.FIELDS)
    assert all(headers.folded(word) == word for word in headers.TOTAL_WORDS)


# What is written is what was meant


@settings(max_examples=300)
@given(st.text())
def test_any_text_comes_back_from_beancount_as_it_was(text: str) -> None:
    read, errors = parsed(f"2026-01-01 note Assets:A {quoted(text)}\n")
    assert errors == []
    assert [entry.comment for entry in read] == [text]
    assert "\n" not in quoted(text)


HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ['"', "\\", '\\"', "a\n2026-01-01 close Assets:Bank", '" #tag ^link', "x\r\ninclude \"/etc/passwd\"", "; c",
         "=cmd()|'x'", "<script>", "#set page", "\u202eevil", "*", "$(x)", "../..", "{{x}}"]
    ),
)  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(HOSTILE, HOSTILE, HOSTILE, HOSTILE), min_size=1, max_size=4))
def test_no_text_of_a_file_becomes_a_directive(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str, str]]
) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(["Customer", "Invoice No", "Date", "Amount", "Description", "Odd"])
    for customer, number, description, odd in rows:
        writer.writerow([f"C{customer}", f"N{number}", "2026-01-02", "5", description, odd])
    path = tmp_path_factory.mktemp("hostile") / "invoices.csv"
    path.write_text(file.getvalue(), encoding="utf-8", newline="")
    try:
        conversion = convert([path], None, USD._replace(skip_bad_rows=True))
    except StartError:
        pytest.fail("only the mapping and the options may raise")
    if not conversion.files:
        # Zero bytes and the like make no table at all.
        assert all(problem.line is None for problem in conversion.problems)
        return
    found = entries(conversion)
    assert {type(entry) for entry in found} <= {Open, Custom, Transaction}
    assert len([entry for entry in found if isinstance(entry, Transaction)]) == conversion.summary.invoices
    assert conversion.summary.invoices + len({p.line for p in conversion.left_out}) == len(rows)


@given(st.text(max_size=90))
def test_every_text_gives_a_legal_account_and_a_legal_link(text: str) -> None:
    leaf, link = account_leaf(text), safe_link(text)
    assert accounts.is_valid(f"Assets:Receivable:{leaf}")
    assert is_link(link)
    read, errors = parsed(f'2026-01-01 note Assets:R:{leaf} "" ^{link}\n')
    assert errors == []
    assert (read[0].account, read[0].links) == (f"Assets:R:{leaf}", {link})


@given(st.lists(st.sampled_from(["a", "A", "a-2", "A-2", "b"]), max_size=12))
def test_names_differ_even_without_capitals(wanted: list[str]) -> None:
    names = Names(["b"])
    given_names = [names.claim(name).casefold() for name in wanted]
    assert len(set(given_names)) == len(given_names)
    assert "b" not in given_names


def test_text_that_says_something_else_is_refused() -> None:
    bad = Transaction({}, datetime.date(2026, 1, 2), "*", None, "x", frozenset(), frozenset({"no link"}), [
        Posting("Assets:A", None, None, None, None, None)
    ])  # fmt: skip
    with pytest.raises(StartError, match="nothing is written"):
        ledger_text([], [bad])
    worse = Open({}, datetime.date(2026, 1, 2), "Assets:A USD\n2026-01-03 close Assets:A", [], None)
    with pytest.raises(StartError, match="nothing is written"):
        ledger_text([], [worse])


# As of any day


DAYS = st.dates(datetime.date(2025, 1, 1), datetime.date(2025, 12, 31))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "b", "Ý", "C 1"]),
            st.decimals(-99, 9999, places=2),
            DAYS,
            st.none() | st.integers(0, 90),
        ),
        min_size=1,
        max_size=12,
    ),
    st.lists(DAYS, min_size=1, max_size=6),
)
def test_the_ledger_is_on_any_day_what_the_files_own_dates_say(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, Decimal, datetime.date, int | None]],
    days: list[datetime.date],
) -> None:
    lines = ["Customer,Invoice No,Invoice Date,Amount,Settled Date"]
    expected: list[tuple[str, Decimal, datetime.date, datetime.date]] = []
    for number, (customer, amount, day, wait) in enumerate(rows):
        settled = None if wait is None else day + datetime.timedelta(days=wait)
        lines.append(f"{customer},{number},{day},{amount},{settled or ''}")
        expected.append((customer, amount, day, settled or datetime.date.max))
    path = tmp_path_factory.mktemp("days") / "invoices.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    toml = path.with_name("m.toml")
    toml.write_text('[[table]]\nsign = "as-is"\n', encoding="utf-8")
    conversion = convert([path], toml, USD)
    found = entries(conversion)
    code = {
        entry.account: entry.meta.get("customer", entry.account.rpartition(":")[2])
        for entry in found
        if isinstance(entry, Open)
    }
    for day in (*days, *(row[2] for row in rows)):
        sums: dict[str, Decimal] = {}
        for customer, amount, start, end in expected:
            if start <= day < end:
                sums[customer] = sums.get(customer, D(0)) + amount
        of_ledger = {code[account]: amount for account, amount in balances(found, day).items()}
        assert of_ledger == {customer: amount for customer, amount in sums.items() if amount}


# Writing


def test_a_folder_with_something_in_it_is_left_alone(desk: Desk) -> None:
    conversion = desk.invoices("A,1,2026-01-02,,5")
    folder = desk.folder / "ledger"
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(StartError, match="is there already and not empty"):
        write(conversion, folder)
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]
    (folder / "mine.txt").unlink()
    write(conversion, folder)
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == conversion.files
    with pytest.raises(StartError, match="is there already and not empty"):
        write(conversion, desk.folder / "invoices.csv")


def test_a_new_folder_is_made_with_its_parents_and_nothing_else(desk: Desk) -> None:
    write(desk.invoices("A,1,2026-01-02,,5"), desk.folder / "new" / "ledger")
    assert [path.name for path in (desk.folder / "new").iterdir()] == ["ledger"]


def test_nothing_is_written_when_there_are_problems(desk: Desk) -> None:
    with pytest.raises(StartError, match="there is nothing to write"):
        write(desk.invoices("A,1,nope,,5"), desk.folder / "ledger")
    assert not (desk.folder / "ledger").exists()


def test_a_full_disk_leaves_nothing_behind(desk: Desk) -> None:
    conversion = desk.invoices(*(f"A,{number},2026-01-02,,5" for number in range(2_000)))
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limit[1]))
    try:
        with pytest.raises(StartError, match="cannot be written: File too large"):
            write(conversion, desk.folder / "out" / "ledger")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, ignored)
    assert list((desk.folder / "out").iterdir()) == []


KILLED = """
import sys
from pathlib import Path
from receivables_importers.start.writing import write_folder
print("ready", flush=True)
write_folder({f"{number}.beancount": "x" * 2000 for number in range(400)}, Path(sys.argv[1]))
"""


@pytest.mark.parametrize("wait", [0.0, 0.002, 0.02, 0.3])
def test_a_killed_process_leaves_nothing_or_everything(tmp_path: Path, wait: float) -> None:
    folder = tmp_path / "ledger"
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(folder)],
        stdout=subprocess.PIPE,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )
    assert process.stdout is not None
    with process.stdout:
        assert process.stdout.readline() == b"ready\n"
        time.sleep(wait)
        process.kill()
        process.wait()
    assert not folder.exists() or len(list(folder.iterdir())) == 400


def test_the_same_files_give_the_same_bytes(desk: Desk) -> None:
    row = "Đông Á,HĐ 1,2026-01-02,,5"
    assert desk.invoices(row) == desk.invoices(row)


if __name__ == "__main__":  # writes the goldens anew: look at the difference before you commit it
    golden = convert([LIFTS / name for name in LIFT_FILES], LIFTS / "start.toml")
    (LIFTS / "ledger").mkdir(exist_ok=True)
    for golden_name, golden_text in golden.files.items():
        (LIFTS / "ledger" / golden_name).write_text(golden_text, encoding="utf-8")
