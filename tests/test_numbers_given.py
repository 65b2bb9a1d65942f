"""The numbers that proposed documents get: each branch's own series goes on."""

from __future__ import annotations

from tests.ledgers import Told, day

from receivables.facts import RECEIPT
from receivables.posting.numbers import NextNumbers

BRANCHES = """
2025-01-01 open Assets:Receivable:VN:ThanhLam
2025-01-01 open Assets:Receivable:VN:SenHo
2025-01-01 open Assets:Receivable:KH:Moonlight
2025-01-01 open Assets:Receivable:MY:TelukMurni
2025-01-01 open Assets:Bank
2026-01-01 custom "receivables-policy" "numbering"
  receipt: "RC, PT"
2026-01-05 * "Thanh Lam" "Transfer" ^PT-2026-0007
  Assets:Bank  100 USD
  Assets:Receivable:VN:ThanhLam  -100 USD
2026-01-06 * "Moonlight" "Transfer" ^RC-2026-003
  Assets:Bank  100 USD
  Assets:Receivable:KH:Moonlight  -100 USD
"""


def claimed(*accounts: str) -> list[str]:
    """The numbers that receipts on these accounts get, one after the other."""
    numbers = NextNumbers(Told(BRANCHES).book)
    return [numbers.claim(RECEIPT, day("2026-02-01"), account) for account in accounts]


def test_a_customer_keeps_the_series_of_earlier_receipts() -> None:
    assert claimed("Assets:Receivable:VN:ThanhLam", "Assets:Receivable:KH:Moonlight") == ["PT-2026-0008", "RC-2026-004"]


def test_a_customer_without_receipts_has_the_series_of_the_branch() -> None:
    assert claimed("Assets:Receivable:VN:SenHo", "Assets:Receivable:VN:SenHo") == ["PT-2026-0008", "PT-2026-0009"]


def test_a_branch_without_receipts_has_that_of_the_latest_one() -> None:
    assert claimed("Assets:Receivable:MY:TelukMurni") == ["RC-2026-004"]


def test_without_an_account_the_first_beginning_holds() -> None:
    assert claimed("") == ["RC-2026-004"]
