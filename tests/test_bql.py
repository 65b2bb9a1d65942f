"""BQL: the relations as tables in bean-query and on Fava's query page, also when Beancount's cache is warm."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import beanquery
import pytest
from beancount import loader
from fava.application import create_app
from tests.ledgers import COMPANY, Told, day

from receivables.bql import TABLE_NAMES, as_of_for_queries
from receivables.loading import Loaded, load_book
from receivables.relations import RELATIONS, evaluate

PLUGIN = 'plugin "receivables"\n'
STORY = """
2026-01-10 * "Hanoi Tower" "Lift 7" ^INV-1
  due: 2026-02-09
  Assets:Receivable:HanoiTower     1,000.00 USD
  Income:Sales
2026-02-15 * "Hanoi Tower" "Transfer" ^RC-1
  settles: "INV-1"
  Assets:Bank                        400.00 USD
  Assets:Receivable:HanoiTower
2026-03-31 * "Old Mill" "Lift 8" ^INV-2
  Assets:Receivable:OldMill          500.00 USD
  Income:Sales
2026-03-31 document Assets:Receivable:OldMill "contract.txt"
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    """A ledger in a file, with the plugin."""
    (tmp_path / "contract.txt").write_text("signed")
    path = tmp_path / "main.beancount"
    path.write_text(PLUGIN + COMPANY + STORY)
    return path


def ask(query: str, text: str = PLUGIN + COMPANY + STORY) -> list[tuple[Any, ...]]:
    """The answer of beanquery over a ledger's text."""
    entries, errors, options = loader.load_string(text)
    connection = beanquery.connect("beancount:", entries=entries, errors=errors, options=options)
    return [tuple(row) for row in connection.execute(query).fetchall()]


# The tables


@pytest.fixture(scope="module")
def company() -> Loaded:
    """The example company, which has policies for every rule."""
    return load_book(Path(__file__).parents[1] / "ledger" / "main.beancount")


WITHOUT_ROWS = {"loss_rates"}
"""Relations in which the example company has nothing: its rates are stated, not taken from its past."""


@pytest.mark.parametrize("relation", RELATIONS)
def test_a_table_has_the_rows_and_columns_of_its_relation(relation: str, company: Loaded) -> None:
    # A past day, on which no reversal of a closing has taken anything back yet.
    with as_of_for_queries(day("2025-12-31")):
        report = evaluate(company.book, relation, day("2025-12-31"))
        # Some names are words of BQL ("by"), and a name in quotes is always a name.
        names = ", ".join(f'"{column.name}"' for column in report.columns)
        connection = beanquery.connect(
            "beancount:", entries=company.entries, errors=company.errors, options=company.options
        )
        rows = connection.execute(f"SELECT {names} FROM #{TABLE_NAMES[relation]}").fetchall()
    assert [tuple(row) for row in rows] == [tuple(row) for row in report.rows]
    assert bool(rows) == (relation not in WITHOUT_ROWS)


def test_open_items_can_be_asked_like_any_table() -> None:
    query = (
        "SELECT customer, sum(outstanding), max(days_overdue) FROM #open_items "
        "WHERE currency = 'USD' GROUP BY customer ORDER BY customer"
    )
    assert ask(query) == [("HanoiTower", Decimal("600.00"), 50), ("OldMill", Decimal("500.00"), 0)]


def test_dates_and_numbers_have_their_types() -> None:
    query = "SELECT number FROM #open_items WHERE due < 2026-03-01 AND outstanding > 100 AND days_overdue >= 50"
    assert ask(query) == [("INV-1",)]


def test_beanquery_s_own_table_of_documents_stays_what_it_is() -> None:
    (row,) = ask("SELECT account, filename FROM #documents")
    assert row[0] == "Assets:Receivable:OldMill"
    assert [number for (number,) in ask("SELECT number FROM #receivable_documents")] == ["INV-1", "RC-1", "INV-2"]


def test_an_unknown_column_is_an_error_of_beanquery() -> None:
    with pytest.raises(beanquery.Error, match="collecter"):
        ask("SELECT collecter FROM #open_items")


# As of when


def test_without_being_told_a_query_is_as_of_the_last_transaction() -> None:
    later = STORY + "2026-12-31 price USD 25,000 VND\n"
    (row,) = ask("SELECT days_overdue FROM #open_items WHERE number = 'INV-1'", PLUGIN + COMPANY + later)
    assert row == (50,)


def test_the_environment_says_as_of_when(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVABLES_AS_OF", "2026-02-14")
    assert ask("SELECT number, outstanding, days_overdue FROM #open_items") == [("INV-1", Decimal("1000.00"), 5)]
    monkeypatch.setenv("RECEIVABLES_AS_OF", "2026-02-15")
    assert ask("SELECT number, outstanding, days_overdue FROM #open_items") == [("INV-1", Decimal("600.00"), 6)]


def test_the_program_s_own_date_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVABLES_AS_OF", "2026-12-31")
    with as_of_for_queries(day("2026-01-09")):
        assert ask("SELECT number FROM #open_items") == []
    assert len(ask("SELECT number FROM #open_items")) == 2


def test_a_wrong_date_in_the_environment_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RECEIVABLES_AS_OF", "yesterday")
    with pytest.raises(beanquery.Error, match=r'RECEIVABLES_AS_OF="yesterday" is not a date: write it as 2026-03-31'):
        ask("SELECT number FROM #open_items")


def test_the_columns_of_aging_are_those_of_the_policy_on_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    text = PLUGIN + COMPANY + STORY + '2026-03-01 custom "receivables-policy" "aging"\n  buckets: "45, 90"\n'
    assert ask("SELECT days_46_90 FROM #aging WHERE customer = 'HanoiTower'", text) == [(Decimal("600.00"),)]
    monkeypatch.setenv("RECEIVABLES_AS_OF", "2026-02-28")
    assert ask("SELECT days_1_30 FROM #aging WHERE customer = 'HanoiTower'", text) == [(Decimal("600.00"),)]


# Without the plugin


def test_an_empty_ledger_answers_with_nothing() -> None:
    assert ask("SELECT number FROM #open_items", PLUGIN) == []


def test_the_plugin_adds_nothing_to_the_ledger() -> None:
    plain, _, _ = loader.load_string(COMPANY + STORY)
    plugged, _, _ = loader.load_string(PLUGIN + COMPANY + STORY)
    assert [type(entry) for entry in plain] == [type(entry) for entry in plugged]


RENT = """
__plugins__ = ("rent",)

import datetime
from beancount.core import amount, data


def rent(entries, options_map):
    units = amount.from_string("70.00 USD")
    made = data.Transaction(
        data.new_metadata("rent", 0), datetime.date(2026, 3, 1), "*", None, "Rent", frozenset(), frozenset({"INV-9"}),
        [
            data.Posting("Assets:Receivable:HanoiTower", units, None, None, None, None),
            data.Posting("Income:Sales", -units, None, None, None, None),
        ],
    )
    return [*entries, made], []
"""


def test_what_a_plugin_makes_is_in_the_tables_wherever_its_line_stands(ledger: Path) -> None:
    """A warm cache, which reads the finished entries, has it: a cold load must not answer otherwise."""
    (ledger.parent / "rent.py").write_text(RENT)
    both = ('plugin "rent"\n' + PLUGIN, PLUGIN + 'plugin "rent"\n')
    for plugins in both:
        ledger.write_text('option "insert_pythonpath" "TRUE"\n' + plugins + COMPANY + STORY)
        answers = [bean_query(ledger, "SELECT number FROM #open_items").stdout.split() for _ in range(2)]
        assert answers == [["number", "INV-1", "INV-9", "INV-2"]] * 2, plugins


# bean-query, cold and warm


WATCHED = """
import sys
from beancount import loader
loader.PICKLE_CACHE_THRESHOLD = 0.0
loader.initialize(True)
loads = []
real = loader._load
loader._load = lambda *given, **named: loads.append(1) or real(*given, **named)
from beanquery.shell import main
try:
    main()
finally:
    print("COLD" if loads else "WARM", file=sys.stderr)
"""


def bean_query(ledger: Path, query: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run bean-query in a process of its own, with Beancount's cache for however small a ledger."""
    return subprocess.run(
        [sys.executable, "-c", WATCHED, "-q", "-f", "csv", str(ledger), query],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_the_tables_are_there_when_beancount_s_cache_is_warm(ledger: Path) -> None:
    query = "SELECT customer, number, outstanding FROM #open_items"
    cold, warm = bean_query(ledger, query), bean_query(ledger, query)
    assert [run.stderr.split()[-1] for run in (cold, warm)] == ["COLD", "WARM"]
    assert cold.stdout == warm.stdout
    assert [line.split(",")[1].strip() for line in cold.stdout.splitlines()] == ["number", "INV-1", "INV-2"]
    early = bean_query(ledger, query, RECEIVABLES_AS_OF="2026-02-14")
    assert early.stderr.split()[-1] == "WARM"
    assert "1000.00" in early.stdout


def test_bean_query_lists_and_describes_the_tables(ledger: Path) -> None:
    tables = bean_query(ledger, ".tables").stdout
    assert {f"{name}" for name in TABLE_NAMES.values()} <= set(tables.split())
    described = bean_query(ledger, ".describe open_items").stdout
    for column in RELATIONS["open_items"].columns(Told("").book, day("2026-01-01")):
        assert column.name in described


def test_bean_query_says_what_is_wrong_with_the_as_of_date(ledger: Path) -> None:
    run = bean_query(ledger, "SELECT number FROM #open_items", RECEIVABLES_AS_OF="2026-02-30")
    assert 'RECEIVABLES_AS_OF="2026-02-30" is not a date: write it as 2026-03-31' in run.stderr


# Fava


def fava_answer(ledger: Path, query: str, **filters: str) -> list[list[Any]]:
    """The rows that Fava's query page shows."""
    client = create_app([ledger]).test_client()
    name = client.get("/").headers["Location"].strip("/").split("/")[0]
    answer = client.get(f"/{name}/api/query", query_string={"query_string": query, **filters})
    assert answer.status_code == 200, answer.json
    data = answer.get_json()["data"]
    return [list(row) for row in data["rows"]]


ITEMS = "SELECT number, days_overdue, outstanding FROM #open_items"


def test_fava_s_query_page_knows_the_tables(ledger: Path) -> None:
    rows = fava_answer(ledger, ITEMS)
    assert [row[:2] for row in rows] == [["INV-1", 50], ["INV-2", 0]]
    assert [Decimal(str(row[2])) for row in rows] == [600, 500]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-01", [["INV-1", 0, 1000]]),
        ("2026-02", [["INV-1", 19, 600]]),
        ("2026-02-01 to 2026-02-14", [["INV-1", 5, 1000]]),
        ("2026-03", [["INV-1", 50, 600], ["INV-2", 0, 500]]),
        ("2026", [["INV-1", 325, 600], ["INV-2", 275, 500]]),
        ("2025", []),
    ],
)
def test_fava_s_time_filter_is_the_as_of_date_and_hides_nothing_older(
    ledger: Path, time: str, expected: list[list[Any]]
) -> None:
    rows = fava_answer(ledger, ITEMS, time=time)
    assert [[row[0], row[1], Decimal(str(row[2]))] for row in rows] == expected


def test_fava_s_account_filter_does_not_move_the_date(ledger: Path) -> None:
    rows = fava_answer(ledger, ITEMS, account="Assets:Bank")
    assert [row[1] for row in rows] == [50, 0]


def test_fava_shows_our_errors_at_the_user_s_line(ledger: Path) -> None:
    ledger.write_text(PLUGIN + COMPANY + STORY.replace('settles: "INV-1"', 'settles: "INV-7"'))
    app = create_app([ledger])
    client = app.test_client()
    name = client.get("/").headers["Location"].strip("/").split("/")[0]
    errors = client.get(f"/{name}/api/errors").get_json()["data"]
    (told,) = [error for error in errors if "INV-7" in error["message"]]
    assert told["source"]["lineno"] > 1
