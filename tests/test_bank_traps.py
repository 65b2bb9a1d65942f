"""Traps of bank statements: where a file leaves doubt about an amount, a sign or a day, nothing is guessed.

A line that is left out is said with its place; a wrong amount would be told by nobody. The second half
is about files that are made to cost time or memory.
"""

from __future__ import annotations

import datetime
import os
import threading
import tracemalloc
from decimal import Decimal
from pathlib import Path
from typing import Final

import openpyxl
import pytest
from beancount.core.data import Balance
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.test_bank_reading import (
    AMOUNTS,
    CREDIT,
    FILES,
    amounts,
    camt,
    details,
    entry,
    of,
    profile,
    said,
    swift,
    workbook,
)

from bean_ar.bank import bank
from receivables.faces import pieces, spreadsheet
from receivables_importers.bank import bai, drafts, ofx, read, relation, report, tabular
from receivables_importers.bank import camt as camt_reader
from receivables_importers.bank import swift as swift_reader
from receivables_importers.bank.importer import Importer
from receivables_importers.bank.model import ERROR, BankError
from receivables_importers.tables.reading import Limits, likely_encoding

D = Decimal
DAY: Final = datetime.date


# MT940


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("C100,NTRFNONREF", D("100")),
        ("C,50NTRFNONREF", D("0.50")),
        ("D1000.50NTRFNONREF", D("-1000.50")),
        ("CR5,00 NTRFNONREF", D("5.00")),
        ("RCR5,00NTRFNONREF", D("-5.00")),
        ("C999999999999999,99NTRFNONREF", D("999999999999999.99")),
        ("C1,234NTRFNONREF", D("1.234")),
    ],
)
def test_the_amount_of_a_swift_line(written: str, amount: Decimal) -> None:
    """The comma is the decimal mark, a letter of the currency may stand before it, spaces do not count."""
    file = of(swift(f":61:2603060306{written}"))
    assert amounts(file) == [amount]
    assert not said(file, ERROR)


@pytest.mark.parametrize(
    "written", ["C1.000,00NTRF", "C1'000,00NTRF", "C1.000NTRF", "C-5,00NTRF", "C12", "C12,5", "D\u0661,00NTRF"]
)
def test_an_amount_of_a_swift_line_that_is_not_clear(written: str) -> None:
    """Grouped thousands, a second sign, digits that may go on where the file was cut: never a part of the amount."""
    file = of(swift(f":61:2603060306{written}"))
    assert not file.lines
    assert f':5: error: :61: "2603060306{written}" cannot be read: it is left out' in said(file)


@pytest.mark.parametrize(
    ("dates", "value_date", "booked"),
    [
        ("2512310102", DAY(2025, 12, 31), DAY(2026, 1, 2)),
        ("2601021231", DAY(2026, 1, 2), DAY(2025, 12, 31)),
        ("2403010229", DAY(2024, 3, 1), DAY(2024, 2, 29)),
        ("2602300302", DAY(2026, 2, 28), DAY(2026, 3, 2)),
        ("2603060230", DAY(2026, 3, 6), DAY(2026, 3, 6)),
        ("260306", DAY(2026, 3, 6), DAY(2026, 3, 6)),
    ],
)
def test_the_days_of_a_swift_line(dates: str, value_date: datetime.date, booked: datetime.date) -> None:
    """The entry date has no year, and is the nearest; one that is no day gives way to the value date, and is said."""
    file = of(swift(f":61:{dates}C5,00NTRFNONREF"))
    assert [(line.value_date, line.booked) for line in file.lines] == [(value_date, booked)]
    assert ("is booked on a day that is none (0230)" in said(file)) == (dates == "2603060230")


def test_details_of_a_swift_line_keep_all_their_words() -> None:
    """A question mark that begins no part, a name behind two words, a reference that is told twice."""
    file = of(
        swift(
            ":61:2603060306C5,00N166NONREF", ":86:166?20SVWZ+who?why?21 INV-7?32X",
            ":61:2603060306C5,00N166NONREF", ":86:166?20KREF+ORDER 7?21SVWZ+INV-8",
            ":61:2603060306C5,00NMSCNONREF", ":86:/ORDP/NAME/JOHN DOE/REMI/INV-1/EREF/E1/",
            ":61:2603060306C5,00NMSCNONREF", ":86:/REMI/STRD/CUR/RF18539007547034/",
        )
    )  # fmt: skip
    assert [line.remittance for line in file.lines[:3]] == ["who?why INV-7", "INV-8", "INV-1"]
    assert file.lines[1].references.customer == "ORDER 7"
    assert (file.lines[2].counterparty, file.lines[2].references.end_to_end) == ("JOHN DOE", "E1")
    assert file.lines[3].references.creditor == "RF18539007547034"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "gb18030", "utf-8-sig"])
def test_a_text_for_programs_in_any_encoding(encoding: str) -> None:
    """With a mark or without: Chinese banks write GB18030 into MT940, too."""
    file = of(swift(":61:2603060306C5,00NTRFNONREF", ":86:支付宝转账").encode(encoding))
    assert [line.remittance for line in file.lines] == ["支付宝转账"]
    assert likely_encoding(b"plain") is None


# CAMT


@pytest.mark.parametrize("written", ["1e3", "NaN", "Infinity", "1e999999999", "１", "1,234.50", "1,234", "--1", "٥"])
def test_an_amount_of_camt_that_is_none(written: str) -> None:
    """Nothing but digits and one mark; a comma before three digits may group thousands."""
    file = of(camt(entry(written)))
    assert not file.lines
    assert "/Ntry[1]: error: the entry cannot be read" in said(file)


def test_what_was_ordered_in_another_currency_or_before_charges() -> None:
    """The payment's own amount says it, when no element of its own does."""
    dollars = "<Amt Ccy='USD'>12.00</Amt><AmtDtls><TxAmt><Amt Ccy='EUR'>10.00</Amt></TxAmt></AmtDtls>"
    gross = "<Amt Ccy='EUR'>10.50</Amt>"
    same = "<Amt Ccy='EUR'>10.00</Amt>"
    file = of(camt(*(entry("10.00", details=details(each)) for each in (dollars, gross, same))))
    assert [(line.amount, line.original_amount, line.original_currency) for line in file.lines] == [
        (D("10.00"), D("12.00"), "USD"),
        (D("10.00"), D("10.50"), "EUR"),
        (D("10.00"), None, ""),
    ]


def test_a_booking_date_that_is_none_is_said() -> None:
    """It is not the same as none at all: the day that is taken instead may be wrong."""
    file = of(
        camt(
            entry().replace("2026-03-05</Dt></BookgDt>", "2026-02-30</Dt></BookgDt><ValDt><Dt>2026-03-02</Dt></ValDt>")
        )
    )
    assert [line.booked for line in file.lines] == [DAY(2026, 3, 2)]
    assert '/Ntry[1]: warning: its booking date "2026-02-30" is no day' in said(file)


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-8", "utf-16"])
def test_camt_in_an_encoding_that_the_parser_does_not_know(encoding: str) -> None:
    """What the file declares is believed, and spaces before the declaration do no harm."""
    text = camt(entry(details="<AddtlNtryInf>中文</AddtlNtryInf>")).replace("'1.0'", f"'1.0' encoding='{encoding}'")
    assert [line.remittance for line in of(text.encode(encoding)).lines] == ["中文"]
    if encoding != "utf-16":
        assert len(of(b"\n \r\n" + text.encode(encoding)).lines) == 1


def test_what_was_wrong_is_said_once_when_a_file_is_read_again() -> None:
    """In cp1252, after a byte late in the file showed that it is not UTF-8."""
    text = camt(entry("x"), entry(details="<AddtlNtryInf>Gebühr</AddtlNtryInf>"))
    file = of(text.encode("cp1252"))
    assert [line.remittance for line in file.lines] == ["Gebühr"]
    assert said(file, ERROR).count("cannot be read") == 1


def test_a_statement_from_a_pipe(tmp_path: Path) -> None:
    """It is read as a file is, though nobody can go back to its beginning."""
    pipe = tmp_path / "statement.xml"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(camt(entry()).encode(),))
    writer.start()
    assert amounts(read(pipe)) == [D("5.00")]
    writer.join()


# OFX, BAI2

OFX: Final = (
    "OFXHEADER:100\n\n<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>EUR<BANKACCTFROM><ACCTID>1</BANKACCTFROM>"
    "<BANKTRANLIST><STMTTRN><TRNTYPE>CREDIT<DTPOSTED>20260306<TRNAMT>{amount}<FITID>F1</STMTTRN>"
    "</BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>"
)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1.234,50", D("1234.50")),
        ("1,5", D("1.5")),
        ("-.5", D("-0.5")),
        ("1,234", None),
        ("(5.00)", None),
        ("5e2", None),
    ],
)
def test_amounts_of_ofx(written: str, amount: Decimal | None) -> None:
    """A comma before three digits may group thousands: the line is left out and said."""
    file = of(OFX.format(amount=written))
    assert amounts(file) == ([] if amount is None else [amount])
    assert bool(said(file, ERROR)) == (amount is None)


@settings(max_examples=60)
@given(st.data())
def test_a_file_that_is_cut_has_no_line_with_another_amount_or_id(data: st.DataObject) -> None:
    """Wherever OFX, BAI2 or camt is cut, every line that is left is one of the whole file."""
    name = data.draw(
        st.sampled_from(["lagoon.ofx", "lagoon.qfx", "harbor.bai", "rhein.camt053.xml", "rhein.camt054.xml"])
    )
    content = (FILES / name).read_bytes()
    whole = {(line.id, line.amount) for line in of(content, name).lines}
    cut = of(content[: data.draw(st.integers(0, len(content) - 1))], name)
    assert {(line.id, line.amount) for line in cut.lines} <= whole


BAI: Final = (
    "01,S,R,260306,0800,1,,,2/\n02,R,S,{status},260305,2359,USD,2/\n03,111,,010,0,,/\n{record}\n"
    "49,0,3/\n98,0,1,5/\n99,0,1,7/\n"
)


def test_a_record_goes_on_where_it_was_broken_off() -> None:
    """The example of the BAI2 specification: references and text stand in the continuation."""
    record = (
        "16,115,10000000,S,5000000,4000000,1000000/\n88,AX13612,B096132,AMALGAMATED CORP. LOCKBOX\n"
        "88,DEPOSIT-MISC. RECEIVABLES, AND MORE"
    )
    (line,) = of(BAI.format(status=1, record=record)).lines
    assert (line.amount, line.references.bank, line.references.customer) == (D("100000.00"), "AX13612", "B096132")
    assert line.remittance == "AMALGAMATED CORP. LOCKBOX DEPOSIT-MISC. RECEIVABLES, AND MORE"


@pytest.mark.parametrize(
    ("status", "record", "message"),
    [
        (
            1,
            "16,475,-2500,Z,,,",
            'the amount "-2500" of a type code that says whether it is a credit or a debit is negative',
        ),
        (1, "16,195,2,500,Z,,,", '"500" stands where the type of funds should: the amount is not clear'),
        (2, "16,195,2500,Z,,,", "the group takes back what an earlier file said (status 2): it is left out"),
        (4, "16,195,2500,Z,,,", "the group is only a test (status 4): it is left out"),
    ],
)
def test_a_record_that_is_not_clear_or_not_valid(status: int, record: str, message: str) -> None:
    """A sign beside a code that has one, groups of thousands, a deletion, a test."""
    file = of(BAI.format(status=status, record=record))
    assert not file.lines
    assert message in said(file, ERROR)


# Tables


def test_a_currency_in_the_cell_of_the_amount(tmp_path: Path) -> None:
    """It is the currency of the line, where nothing else says one; it never contradicts what does."""
    table = "Day,Text,Amount\n05/03/2026,a,USD 5.00\n06/03/2026,b,€7.00\n07/03/2026,c,$8.00\n"
    file = profile(tmp_path, f"{AMOUNTS}===\n{table}")
    assert amounts(file) == [D("7.00"), D("8.00")]
    assert "table.csv:2: error: its amount is in USD, but it should be in EUR; the row is left out" in said(file)
    free = AMOUNTS.replace('currency = "EUR"\n', "")
    file = profile(tmp_path, f"{free}===\nDay,Text,Amount\n05/03/2026,a,USD 5.00\n")
    assert [(line.amount, line.currency) for line in file.lines] == [(D("5.00"), "USD")]


@pytest.mark.parametrize(
    "written", ["$5", "S$5.00", "RM 5.00", "5.00 kr", "5.00 zł", "Rp5", "5 元", "5.00 H", "5.00 Cr"]
)
def test_signs_and_words_for_money_say_nothing_about_its_direction(written: str, tmp_path: Path) -> None:
    """Several currencies share them; the currency is what the profile says."""
    file = profile(tmp_path, f"{AMOUNTS}===\nDay,Text,Amount\n05/03/2026,a,{written}\n")
    assert [(line.amount, line.currency) for line in file.lines] == [(D(5), "EUR")], said(file)


@pytest.mark.parametrize("written", ["5.00 OD", "overdrawn 5.00", "-5.00 CR", "9" * 19, f"0.{'1' * 18}"])
def test_an_amount_with_a_word_that_may_change_it_or_too_many_digits(written: str, tmp_path: Path) -> None:
    """It is neither a currency nor debit or credit, or contradicts the sign; or no amount has so many digits."""
    file = profile(tmp_path, f"{AMOUNTS}===\nDay,Text,Amount\n05/03/2026,a,{written}\n")
    assert not file.lines
    assert 'table.csv:2: error: "' in said(file)


def test_what_a_profile_lacks_is_said(tmp_path: Path) -> None:
    """The wrong decimal mark, a currency that nothing says, a column that the table calls otherwise, half a row."""
    table = 'Day,Text,Amount\n05/03/2026,a,"1.200,50"\n'
    assert 'the profile says decimal = ","' in said(profile(tmp_path, f"{AMOUNTS}===\n{table}"))
    free = AMOUNTS.replace('currency = "EUR"\n', "")
    assert 'nothing says the currency: add a line as currency = "EUR"' in said(
        profile(tmp_path, f"{free}===\nDay,Text,Amount\n05/03/2026,a,5.00\n")
    )
    file = profile(tmp_path, f"{AMOUNTS}===\nDay,Details,Amount\n05/03/2026,a,5.00\n")
    assert (
        'is not as the profile "own" says: no row of it has the header "text" beside the others, but "Details"'
        in said(file)
    )
    file = profile(tmp_path, f"{AMOUNTS}===\nDay,Text,Amount\n05/03/2026,a,5.00\n06/03/2026,b")
    assert ":3: warning: the last row has no amount and too few cells: the file may be cut" in said(file)


@pytest.mark.parametrize("words", ["JUMLAH", "Baki Akhir", "MUTASI KREDIT", "Total"])
def test_sums_below_a_table_are_no_bookings(words: str, tmp_path: Path) -> None:
    """In the words that banks use."""
    table = f'Day,Text,Amount\n05/03/2026,a,5.00\n{words},,"5.00"\n'
    file = profile(tmp_path, f"{AMOUNTS}===\n{table}")
    assert [line.amount for line in file.lines] == [Decimal("5.00")]
    assert said(file) == ""


def test_what_to_add_for_a_footer_that_nobody_knows(tmp_path: Path) -> None:
    """As it is said it can be copied, and does; a row with a day gets no such advice."""
    table = 'Day,Text,Amount\n05/03/2026,a,5.00\nKokku kõik  read selles väljavõttes kokku,,"5.00"\n*** Lõpp ***\n'
    advice = 'footer = ["Kokku kõik read selles väljavõ", "*** Lõpp ***"]\n'
    file = profile(tmp_path, f"{AMOUNTS}===\n{table}")
    for words in ("Kokku kõik read selles väljavõ", "*** Lõpp ***"):
        assert f'if it is no booking, add footer = ["{words}"] above [columns] in the profile' in said(file)
    assert said(profile(tmp_path, f"{advice}{AMOUNTS}===\n{table}")) == ""
    file = profile(tmp_path, f'{AMOUNTS}===\nDay,Text,Amount\n05/03/2026,a,five\nsay ""x"",,5.00\n')
    assert "the row is left out" in said(file)
    assert "add footer" not in said(file)


def test_a_key_that_slipped_below_the_columns(tmp_path: Path) -> None:
    """TOML takes everything below [columns] for a column."""
    with pytest.raises(BankError, match=r"footer stands below \[columns\], and is no column: move it above"):
        profile(tmp_path, f'{AMOUNTS}footer = ["Total"]\n===\nDay,Text,Amount\n05/03/2026,a,5.00\n')


def test_a_column_of_debits_that_the_profile_does_not_name(tmp_path: Path) -> None:
    """Who takes the credits for all amounts is told what is left out; a balance beside them is no debit."""
    columns = AMOUNTS.replace('"Amount"', '"In"')
    table = "Day,Text,Out,In,Left\n05/03/2026,a,,5.00,5.00\n06/03/2026,b,2.00,,3.00\n07/03/2026,c,-,1.00,4.00\n"
    file = profile(tmp_path, f"{columns}===\n{table}")
    assert [line.amount for line in file.lines] == [Decimal("5.00"), Decimal("1.00")]
    assert 'warning: column "Out" has an amount in 1 of the rows that have none' in said(file)
    assert '"Left"' not in said(file)
    quiet = "Day,Text,Ref,In\n04/03/2026,brought forward,17,\n05/03/2026,a,18,5.00\n"
    assert said(profile(tmp_path, f"{columns}===\n{quiet}")).count("warning") == 0


@pytest.mark.parametrize("written", ["RM", "EURO", "Dong-Bank"])
def test_a_currency_that_is_none(written: str, tmp_path: Path) -> None:
    """No document is open in it, so that every line would wait for another reason."""
    with pytest.raises(BankError, match=f'currency is a code of three letters, as "EUR", and not "{written}"'):
        profile(tmp_path, f"{AMOUNTS.replace('EUR', written)}===\nDay,Text,Amount\n05/03/2026,a,5.00\n")
    file = profile(tmp_path, f"{AMOUNTS.replace('EUR', 'eur')}===\nDay,Text,Amount\n05/03/2026,a,5.00\n")
    assert [line.currency for line in file.lines] == ["EUR"]


@pytest.mark.parametrize("newest_first", [False, True])
def test_debits_and_credits_that_changed_places(newest_first: bool, tmp_path: Path) -> None:
    """Running balances that agree only the other way round are said to; a gap is said as a gap."""
    columns = 'date = "DMY"\ncurrency = "EUR"\n[columns]\nbooked = "Day"\nbalance = "Left"\n'
    rows = ["05/03/2026,5.00,,95.00", "06/03/2026,,7.00,102.00", "07/03/2026,1.00,,101.00"]
    ordered = rows[::-1] if newest_first else rows
    table = "\n".join(["Day,Out,In,Left", *ordered, ""])
    advice = "agrees when debits and credits change places"
    assert advice in said(profile(tmp_path, f'{columns}debit = "In"\ncredit = "Out"\n===\n{table}'))
    right = f'{columns}debit = "Out"\ncredit = "In"\n===\n'
    assert said(profile(tmp_path, f"{right}{table}")) == ""
    gap = said(profile(tmp_path, right + table.replace("101.00", "104.00")))
    assert "does not add up" in gap
    assert advice not in gap


def test_a_day_at_the_end_of_all_days(tmp_path: Path) -> None:
    """No balance can be asserted for the morning after it; in a table it is a typing error."""
    path = tmp_path / "end.xml"
    path.write_text(
        (FILES / "rhein.camt053.xml").read_text().replace("2026-03", "9999-12").replace("9999-12-06", "9999-12-31")
    )
    entries = Importer({"*": "Assets:Bank"}).extract(str(path), [])
    assert entries
    assert all(entry.date.year == 9999 for entry in entries)
    file = profile(tmp_path, f"{AMOUNTS}===\nDay,Text,Amount\n9999-12-31,a,5.00\n")
    assert '"9999-12-31" is not a date' in said(file)


def test_a_statement_that_is_missing_between_two_others() -> None:
    """Each adds up, but the second does not open as the first closes; in either order of the days."""
    first = swift(":61:2603060306C5,00NTRFNONREF")
    second = first.replace("C260305EUR0,00", "C260306EUR5,00").replace("C260306EUR5,00\n-", "C260307EUR10,00\n-")
    third = first.replace("C260305EUR0,00", "C260308EUR7,00").replace("C260306EUR5,00\n-", "C260309EUR12,00\n-")
    assert not said(of(f"{first}\n{second}"))
    assert not said(of(f"{second}\n{first}"))
    told = "statement 1/1 opens with 7.00, but the one before it in the file closes with 5.00"
    assert told in said(of(f"{first}\n{third}"), "warning")


@pytest.mark.parametrize("newest_first", [False, True])
def test_of_two_statements_of_a_day_the_later_closes_it(newest_first: bool, tmp_path: Path) -> None:
    """It is the one that opens as the other closes, in whichever order they stand in the file."""
    morning = swift(":61:2603060306C5,00NTRFNONREF")
    evening = swift(":61:2603060306D2,00NTRFNONREF", closing=":62F:C260306EUR3,00").replace(
        "C260305EUR0", "C260306EUR5"
    )
    path = tmp_path / "day.sta"
    path.write_text("\n".join([evening, morning] if newest_first else [morning, evening]))
    entries = Importer({"*": "Assets:Bank"}).extract(str(path), [])
    assert [entry.amount.number for entry in entries if isinstance(entry, Balance)] == [D("3.00")]


def test_an_account_is_known_with_hyphens_or_without() -> None:
    """A statement says 12-3456-7, and so may the importer's settings."""
    path = str(FILES / "mill.mt940.sta")
    number = read(Path(path)).statements[0].account
    assert Importer({f"{number[:2]}-{number[2:]}": "Assets:Bank"}).identify(path)


def test_of_a_file_that_is_none_only_the_problem_is_shown(tmp_path: Path) -> None:
    """No empty table as of a day that nobody meant; programs get their file all the same."""
    (tmp_path / "page.csv").write_text("<html>")
    result = CliRunner().invoke(bank, [str(tmp_path / "page.csv")])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "page.csv: error: is a web page" in result.stderr
    result = CliRunner().invoke(bank, [str(tmp_path / "page.csv"), "--format", "csv"])
    assert result.stdout.startswith("booked,amount,")


# Files that are made to cost time or memory


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BAI.format(status=1, record="03,1/\n" * 12), "more than 10 statements"),
        (":20:X\n" * 12, "more than 10 statements"),
        (camt().replace("<Stmt>", "<Stmt><Id>2</Id></Stmt>" * 12 + "<Stmt>"), "more than 10 statements"),
        (OFX.format(amount="1").replace("</STMTRS>", "</STMTRS><STMTRS>" * 12), "more than 10 statements"),
        (swift(*[":61:2603060306C1,NTRF"] * 202), "has a message of more than 200 fields"),
        (":20:X\n" + "\n" * 1_002, "more than 1,000 lines of text"),
        (BAI.format(status=1, record="16,195,1,Z,,,x\n" + "88\n" * 1_002), "more than 1,000 lines of text"),
        ("Date,Description,Amount,Currency\n" + "\n" * 102, "more than 100 rows"),
        ("Date,Amount\n" + "," * 40_000, "line 2: has more than 1,024 columns"),
        (camt(entry(details=details(*["<Amt Ccy='EUR'>1</Amt>"] * 1_002))), "has more than 1,000 lines"),
        ("Date,Amount\n" + ("x," * 500 + "\n") * 5, "more than 2,000 cells"),
        (BAI.format(status=1, record="16,195,1,Z,,,x\n" + f"88,{'x' * 99}\n" * 300), "a text goes on without end"),
        (BAI.format(status=1, record="16,195,1,Z,,,x\n" + f"{'x' * 99}\n" * 300), "a text goes on without end"),
        (BAI.format(status=1, record="16\nand text"), '"and text" is no record'),
        (camt(entry()).replace("<Ntry>", f"<!--{'x' * (2 << 20)}--><Ntry>"), "has a tag or comment of more than 1 MB"),
        (camt(entry()).replace("<Ntry>", f"<Ntry a='{'x' * (2 << 20)}'>"), "has a tag or comment of more than 1 MB"),
    ],
)  # fmt: skip
def test_a_file_without_end_is_refused(content: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Statements, texts, rows and cells that go on and on: said, and no more of them is kept. Here, limits are low."""
    for reader in (bai, camt_reader, ofx, swift_reader):
        monkeypatch.setattr(reader, "STATEMENTS_MAX", 10)
    monkeypatch.setattr(camt_reader, "LINES_MAX", 1_000)
    monkeypatch.setattr(swift_reader, "_FIELDS_MAX", 200)
    monkeypatch.setattr(drafts, "_TEXT_LINES_MAX", 1_000)
    monkeypatch.setattr(tabular, "_LIMITS", Limits(rows=100, cells=2_000))
    file = of(content)
    assert message in said(file, ERROR)
    assert len(file.lines) < 2


def test_a_workbook_of_very_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when most of them are empty: what stands far from the table counts."""
    monkeypatch.setattr(tabular, "_LIMITS", Limits(rows=100, cells=2_000))
    far: list[list[object]] = [["Date", "Amount"], *[[] for _ in range(60)], [None] * 50 + ["x"]]
    assert "has more than 2,000 cells: split it, or delete what stands far from the table" in said(of(workbook(far)))
    monkeypatch.setattr(tabular, "_LIMITS", Limits(rows=10, cells=20_000))
    assert "has a cell below row 10" in said(of(workbook(far)))


def test_why_a_file_is_refused_is_said_among_any_number_of_problems(monkeypatch: pytest.MonkeyPatch) -> None:
    """First, whatever else was found; of the rest so many of each severity, and only errors count as errors."""
    monkeypatch.setattr(drafts, "_TEXT_LINES_MAX", 3_000)
    file = of(swift(*[":61:x"] * 1_500) + "\n" * 3_000)
    assert "more than 3,000 lines of text" in file.problems[0].message
    file = of(swift(*[":61:2603060230C1,NTRF"] * 1_500))
    assert file.problems[-1].message == "501 more warnings are not listed"
    assert not said(file, ERROR)


def many(count: int) -> bytes:
    """A camt.053 of so many entries."""
    text = "<AddtlNtryInf>thank you for invoice {number:06d}</AddtlNtryInf>"
    return camt(*(entry(f"{number}.00", CREDIT, text.format(number=number)) for number in range(1, count + 1))).encode()


@pytest.mark.parametrize("format", ["csv", "json", "html"])
def test_a_face_holds_no_rows_of_its_own(format: str) -> None:
    """The bytes come piece by piece, and a line becomes a row only where it is written."""
    found = report([of(many(3_000))])
    assert isinstance(found.rows, relation.Rows)
    tracemalloc.start()
    written = sum(map(len, pieces(found, format)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert written > 500_000
    assert peak < written


def test_rows_are_lines_looked_at() -> None:
    """They have a length, positions and slices as any rows, and other columns when asked for."""
    found = report([of(many(3))])
    assert len(found.rows) == 3
    assert list(found.rows) == [found.rows[0], *found.rows[1:]]
    short = relation.brief(found)
    assert [column.name for column in short.columns] == [
        "booked",
        "amount",
        "currency",
        "counterparty",
        "remittance",
        "type",
    ]
    assert short.rows[2][1] == D("3.00")


def test_a_large_workbook_says_the_same_as_a_small_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Rows that go to disk one by one make the same cells and formulas."""
    found = report([of(many(40))])
    sheets = []
    for most in (10**9, 1):
        monkeypatch.setattr(spreadsheet, "CELLS_IN_MEMORY", most)
        path = tmp_path / f"{most}.xlsx"
        path.write_bytes(spreadsheet.render(found))
        book = openpyxl.load_workbook(path)
        sheets.append([[cell.value for cell in row] for sheet in book.worksheets for row in sheet.iter_rows()])
        assert path.read_bytes() == spreadsheet.render(found)
    assert sheets[0] == sheets[1]
    assert len(sheets[0]) > 40
