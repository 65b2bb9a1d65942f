"""Ids of bank lines: the same line has the same id in every file, and two equal payments have two."""

from __future__ import annotations

import datetime
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from receivables_importers.bank import BankFile, read, read_stream, report, together

FILES: Final = Path(__file__).parent / "bank"
HEAD: Final = "Date,Description,Amount,Currency\n"


def table(*rows: str) -> BankFile:
    """A download without any reference of the bank."""
    return read_stream(io.BytesIO((HEAD + "".join(f"{row}\n" for row in rows)).encode()), "download.csv")


def ids(file: BankFile) -> list[str]:
    return [line.id for line in file.lines]


COFFEE = "2026-03-05,Blue Reef coffee,80.00,EUR"
RENT = "2026-03-05,Rent,-500.00,EUR"


def test_two_equal_payments_of_a_day_stay_two() -> None:
    """They are counted within the day; the next day's is another one anyway."""
    first, second, third = ids(table(COFFEE, COFFEE, COFFEE.replace("-05", "-06")))
    assert second == f"{first}-2"
    assert third not in (first, second)


def test_a_download_at_noon_and_one_in_the_evening() -> None:
    """The morning's payment is the first one in both, in whichever order the bank lists them."""
    noon = ids(table("2026-03-04,x,1.00,EUR", COFFEE))
    evening = ids(table("2026-03-04,x,1.00,EUR", COFFEE, RENT, COFFEE))
    backwards = ids(table(COFFEE, RENT, COFFEE, "2026-03-04,x,1.00,EUR"))
    assert evening[:2] == noon
    assert evening[3] == f"{noon[1]}-2"
    assert backwards == [evening[0], evening[1], evening[2], evening[3]]


def test_what_a_second_download_writes_otherwise() -> None:
    """Case, spaces and zeros behind the amount do not make another line; a word does."""
    (one,) = ids(table(COFFEE))
    assert ids(table("2026-03-05,BLUE  REEF COFFEE,80,EUR")) == [one]
    assert ids(table("2026-03-05,Blue Reef tea,80.00,EUR")) != [one]
    assert ids(table("2026-03-05,Blue Reef coffee,-80.00,EUR")) != [one]


def test_a_line_has_one_id_in_report_notification_and_statement() -> None:
    """camt.052 at noon, camt.054 with the batch in detail, camt.053 in the evening: together, each line once."""
    noon, detail, evening = (read(FILES / f"rhein.camt{kind}.xml") for kind in ("052", "054", "053"))
    assert noon.lines[0].id == evening.lines[0].id
    assert set(ids(detail)) < set(ids(evening))
    assert noon.lines[1].id == detail.lines[0].booking
    lines, repeated = together([evening, noon, detail])
    assert [line.id for line in lines] == ids(evening)
    assert repeated == 5
    # The sum came first: the details that follow add nothing to it.
    lines, repeated = together([noon, evening])
    assert sum(line.amount for line in lines) == sum(line.amount for line in evening.lines)
    assert repeated == 4


def test_the_same_statement_twice_in_a_file() -> None:
    """Its lines come twice, with the same ids, and a warning says so."""
    text = (FILES / "mill.mt940.sta").read_text()
    file = read_stream(io.BytesIO((text + text).encode()), "twice.sta")
    half = len(file.lines) // 2
    assert ids(file)[:half] == ids(file)[half:]
    assert sum("stands in the file already" in problem.message for problem in file.problems) == 1
    assert len(report([file]).rows) == half


def test_references_of_the_bank_outlive_the_text() -> None:
    """A reference that can be relied on makes the line, whatever the text says the next time."""
    text = (FILES / "rhein.camt053.xml").read_text()
    again = read_stream(io.BytesIO(text.replace("Account fees", "Fees of March").encode()), "again.xml")
    assert ids(again) == ids(read(FILES / "rhein.camt053.xml"))


def test_a_reference_that_is_used_again_joins_nothing() -> None:
    """The same reference on another day, or with another amount, is another line."""
    text = (FILES / "vietcombank.csv").read_text()
    one = text.replace("5091 - 03002", "5091 - 03001")
    first, second = ids(read_stream(io.BytesIO(one.encode()), "one.csv"))[2:]
    assert second == f"{first}-2"
    other_day = one.replace("4,03/03/2026", "4,04/03/2026")
    assert ids(read_stream(io.BytesIO(other_day.encode()), "two.csv"))[3] not in (first, second)


BOOK = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(["coffee", "rent", "rent ", "Coffee", "x"]),
        st.sampled_from(["80.00", "-80.00", "1.00"]),
    ),
    min_size=1,
    max_size=25,
)


def rows_of(book: Sequence[tuple[int, str, str]]) -> list[str]:
    day = datetime.date(2026, 3, 1)
    return [f"{day + datetime.timedelta(days=offset)},{text},{amount},EUR" for offset, text, amount in book]


@settings(max_examples=60)
@given(BOOK, st.integers(0, 6), st.integers(0, 6))
def test_overlapping_downloads_of_whole_days(book: list[tuple[int, str, str]], begin: int, end: int) -> None:
    """Any two downloads of whole days, laid over each other, give the whole account: nothing lost, nothing twice."""
    book.sort(key=lambda row: row[0])
    whole = ids(table(*rows_of(book)))
    assert len(set(whole)) == len(book)
    window = [row for row in book if min(begin, end) <= row[0] <= max(begin, end)]
    if window:
        expected = [id for id, row in zip(whole, book, strict=True) if row in window]
        assert ids(table(*rows_of(window))) == expected


@settings(max_examples=40)
@given(BOOK, st.integers(1, 25))
def test_a_download_that_ends_within_a_day(book: list[tuple[int, str, str]], length: int) -> None:
    """A download that was made before the day was over has the first of the lines of the next one."""
    book.sort(key=lambda row: row[0])
    part = book[:length]
    whole = table(*rows_of(book))
    assert ids(table(*rows_of(part))) == ids(whole)[: len(part)]
    lines, repeated = together([table(*rows_of(part)), whole])
    assert sum((line.amount for line in lines), Decimal(0)) == sum((line.amount for line in whole.lines), Decimal(0))
    assert repeated == len(part)
