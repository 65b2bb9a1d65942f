"""Bank statements in: every format gives the same shape of line, and what is wrong is said with its place.

The files of tests/bank are this project's own. Where a story needs only a few lines, they stand in the test.
"""

from __future__ import annotations

import datetime
import io
import time
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Final

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from receivables_importers.bank import BankError, BankFile, BankLine, of_names, read, read_stream, told
from receivables_importers.bank.model import ERROR, NOTE, TYPES, WARNING
from receivables_importers.bank.profiles import built_in
from receivables_importers.bank.reading import identify

D = Decimal
FILES: Final = Path(__file__).parent / "bank"
OWN: Final = of_names([FILES / "my-bank.toml"])
STATEMENTS: Final = sorted(path for path in FILES.iterdir() if path.suffix not in (".toml", ".beancount"))


def of(content: str | bytes, name: str = "statement.txt") -> BankFile:
    """What is read of a file with this content."""
    data = content.encode() if isinstance(content, str) else content
    return read_stream(io.BytesIO(data), name, OWN)


def said(file: BankFile, severity: str | None = None) -> str:
    """The problems of a file, a line each."""
    return "\n".join(told(problem) for problem in file.problems if severity in (None, problem.severity))


def amounts(file: BankFile) -> list[D]:
    return [line.amount for line in file.lines]


def test_every_fixture_is_known_and_none_by_its_name() -> None:
    """Each is identified by content alone, under any name, and its statements agree with their balances."""
    assert len(STATEMENTS) > 12
    for path in STATEMENTS:
        file = read_stream(io.BytesIO(path.read_bytes()), "download", OWN)
        assert file.format, path
        assert identify(path, OWN)
        assert [line.id for line in file.lines] == [line.id for line in read(path, OWN).lines]
        assert all(not statement.gap for statement in file.statements), said(file)
        assert {line.type for line in file.lines} <= set(TYPES)


# CAMT

RHEIN = read(FILES / "rhein.camt053.xml")


def line_with(file: BankFile, text: str) -> BankLine:
    """The only line that says this."""
    (found,) = [line for line in file.lines if text in str(line)]
    return found


def test_a_camt_statement() -> None:
    """Balances, lines, and the entry that is only announced."""
    (statement,) = RHEIN.statements
    assert RHEIN.format == "camt.053.001.08"
    assert (statement.account, statement.currency, statement.number) == ("DE02700500000000112233", "EUR", "44")
    assert (statement.opening, statement.closing) == (
        (D("1000.00"), datetime.date(2026, 3, 5)),
        (D("4105.50"), datetime.date(2026, 3, 5)),
    )
    assert (statement.gap, statement.final) == (0, True)
    assert [line.amount for line in statement.unbooked] == [D("99.00")]
    assert "note: 1 entry is pending (status PDNG), not booked: left out" in said(RHEIN)
    assert not said(RHEIN, ERROR) + said(RHEIN, WARNING)


def test_a_credit_transfer_says_whose_it_is_and_what_for() -> None:
    """The structured reference and the document's number are there; the owner is not the counterparty."""
    line = line_with(RHEIN, "RF18539007547034")
    assert (line.counterparty, line.counterparty_account) == ("Old Mill Brauerei AG", "DE75512108001245126199")
    assert (line.references.creditor, line.references.documents) == ("RF18539007547034", ("INV-2026-0117",))
    assert (line.references.end_to_end, line.references.bank) == ("OM-2026-0117", "2026030500017701")
    assert (line.amount, line.type, line.booking) == (D("1190.00"), "credit transfer", line.id)


def test_a_batch_is_a_line_each_of_one_booking() -> None:
    """Cash application needs the payers, the ledger's balance the entry: both are there."""
    batch = [line for line in RHEIN.lines if line.type == "direct debit"]
    assert [line.counterparty for line in batch] == ["Blue Reef Hotels", "Hà Nội Tower & Söhne", "Old Mill Brauerei AG"]
    assert {(line.booking, line.booking_amount) for line in batch} == {(batch[0].booking, D("1500.00"))}
    assert [line.references.mandate for line in batch] == ["M-001", "M-002", "M-003"]
    assert batch[2].place == "/Document/BkToCstmrStmt/Stmt[1]/Ntry[2]//TxDtls[3]"


def test_a_reversal_has_the_sign_of_its_entry() -> None:
    """A credit that the bank takes back is a debit: CdtDbtInd says so, RvslInd only why."""
    line = line_with(RHEIN, "credited by mistake")
    assert (line.amount, line.type) == (D("-250.00"), "reversal")


def test_what_was_ordered_and_what_the_bank_kept() -> None:
    """A payment from abroad brings the amount that was ordered, and the charges."""
    line = line_with(RHEIN, "Phnom Penh Plaza")
    assert (line.original_amount, line.original_currency, line.charges) == (D("756.00"), "USD", D("22.00"))
    assert (line.ultimate, line.references.transaction) == ("Plaza Holdings", "7a562c67-ca16-48ba-b074-65581be6f001")


def test_a_file_may_declare_an_encoding_or_be_without_namespace() -> None:
    """ISO-8859-1 with prefixes, and no namespace at all."""
    names = [line.counterparty for line in read(FILES / "rhein.camt054.xml").lines]
    assert "Ha Noi Tower & Söhne" in names
    assert read(FILES / "rhein.camt052.xml").format == "camt.052"


ENTRY = "<Ntry><Amt Ccy='EUR'>{amount}</Amt>{side}<Sts>BOOK</Sts><BookgDt><Dt>2026-03-05</Dt></BookgDt>{details}</Ntry>"
CREDIT = "<CdtDbtInd>CRDT</CdtDbtInd>"


def camt(*entries: str, before: str = "", account: str = "<IBAN>DE1</IBAN>") -> str:
    """A small camt.053 with these entries."""
    return (
        f"<?xml version='1.0'?>{before}<Document><BkToCstmrStmt><Stmt><Id>1</Id><Acct><Id>{account}</Id></Acct>"
        f"{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    )


def entry(amount: object = "5.00", side: str = CREDIT, details: str = "") -> str:
    return ENTRY.format(amount=amount, side=side, details=details)


def details(*payments: str) -> str:
    return f"<NtryDtls>{''.join(f'<TxDtls>{payment}</TxDtls>' for payment in payments)}</NtryDtls>"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (entry(side=""), "it does not say whether it is a credit or a debit"),
        (entry("-5.00"), "its amount -5.00 is negative, and CRDT beside it: the sign is not clear"),
        (entry("5.0O"), '"5.0O" is not an amount'),
        (entry(""), "it has no amount"),
        (entry().replace("2026-03-05", "2026-02-30"), "it has no date"),
    ],
)
def test_an_entry_that_is_not_clear_is_left_out_and_said(bad: str, message: str) -> None:
    """Nothing is guessed about amount, sign or day; the entries around it come."""
    file = of(camt(entry("1.00"), bad, entry("2.00")))
    assert amounts(file) == [D("1.00"), D("2.00")]
    assert f"/Document/BkToCstmrStmt/Stmt[1]/Ntry[2]: error: the entry cannot be read: {message}" in said(file)


def test_payments_that_do_not_make_up_their_entry_leave_a_rest() -> None:
    """What the details do not explain is a line of its own, so that lines always make the bank's entry."""
    file = of(camt(entry("10.00", details=details("<Amt Ccy='EUR'>4.00</Amt>", "<Amt Ccy='EUR'>3.00</Amt>"))))
    assert amounts(file) == [D("4.00"), D("3.00"), D("3.00")]
    assert {line.booking_amount for line in file.lines} == {D("10.00")}
    assert "make 7.00, but the entry is 10.00: the rest of 3.00 EUR is a line of its own" in said(file, WARNING)


def test_charges_explain_the_rest() -> None:
    """When the bank says that it kept just this, the rest is a fee and no riddle."""
    charged = details("<Amt Ccy='EUR'>6.00</Amt>", "<Amt Ccy='EUR'>5.00</Amt>").replace(
        "</TxDtls></NtryDtls>", "<Chrgs><Rcrd><Amt Ccy='EUR'>1.00</Amt></Rcrd></Chrgs></TxDtls></NtryDtls>"
    )
    file = of(camt(entry("10.00", details=charged)))
    assert [(line.amount, line.type) for line in file.lines][-1] == (D("-1.00"), "fee")
    assert not said(file)


def test_payments_in_another_currency_stay_one_line() -> None:
    """Without amounts in the currency of the account there is nothing to split by."""
    file = of(camt(entry("10.00", details=details("<Amt Ccy='USD'>4</Amt>", "<Amt Ccy='USD'>7</Amt>"))))
    assert amounts(file) == [D("10.00")]
    assert "the entry is one line" in said(file, WARNING)


def test_sides_of_payments_in_one_entry() -> None:
    """A collective entry may have credits and debits in it."""
    mixed = details("<Amt Ccy='EUR'>9.00</Amt>", "<Amt Ccy='EUR'>4.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>")
    assert amounts(of(camt(entry("5.00", details=mixed)))) == [D("9.00"), D("-4.00")]


def test_a_payment_that_came_back_names_whom_we_had_paid() -> None:
    """A returned payment keeps the parties of the way out."""
    parties = "<RltdPties><Dbtr><Nm>We</Nm></Dbtr><Cdtr><Nm>Supplier</Nm></Cdtr></RltdPties>"
    reason = "<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
    (line,) = of(camt(entry(details=details(parties + reason)))).lines
    assert (line.counterparty, line.type, line.amount, line.remittance) == ("Supplier", "return", D("5.00"), "AC04")


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE Document SYSTEM "http://example.org/x.dtd">',
        '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    ],
)
def test_a_document_type_is_refused(doctype: str) -> None:
    """Entities that explode, or fetch files, need a DOCTYPE: no statement has one."""
    file = of(camt(entry(), before=doctype))
    assert not file.lines
    assert ":1: error: has a DOCTYPE" in said(file)


def test_a_file_that_is_cut_is_read_up_to_there() -> None:
    """What came before the cut is there, and the place of the cut."""
    whole = camt(entry("1.00"), entry("2.00"))
    file = of(whole[: whole.index("2.00")])
    assert amounts(file) == [D("1.00")]
    assert ":1: error: the XML is damaged here or ends too soon" in said(file)


def test_bytes_of_another_encoding_than_declared() -> None:
    """A file that says UTF-8 and is cp1252 is read, and that is said."""
    named = camt(entry(details=details("<RltdPties><Dbtr><Nm>Müller</Nm></Dbtr></RltdPties>")))
    file = of(named.encode("cp1252"))
    assert [line.counterparty for line in file.lines] == ["Müller"]
    assert "is not in the encoding that it declares; it is read as cp1252" in said(file, WARNING)
    assert [line.counterparty for line in of(named.encode("utf-16")).lines] == ["Müller"]


# MT940 and MT942

MILL = read(FILES / "mill.mt940.sta")


def test_marks_of_reversal_have_the_right_sign() -> None:
    """RC takes a credit back, so it is a debit; RD takes a debit back, so it is a credit."""
    assert [(line.amount, line.type) for line in MILL.lines][3:5] == [
        (D("-1500.00"), "return"),
        (D("12.50"), "reversal"),
    ]
    assert [statement.gap for statement in MILL.statements] == [0, 0]


def test_the_german_manner_of_details() -> None:
    """Names and references from the numbered fields, spaces at the ends of lines kept."""
    line = MILL.lines[0]
    assert (line.counterparty, line.counterparty_account) == ("OLD MILL BRAUEREI AG", "DE75512108001245126199")
    assert (line.references.end_to_end, line.remittance) == ("OM-2026-0119", "INV-2026-0119 LESS 2 PCT")
    assert (line.place, line.references.bank) == ("6", "2026030600018801")


def test_the_slashed_manner_of_details_and_plain_text() -> None:
    """Dutch banks write words between slashes; others just text."""
    first, second = read(FILES / "dutch.mt940.sta").lines
    assert (first.counterparty, first.counterparty_account) == ("JANSEN LIFTEN BV", "NL20INGB0001234567")
    assert (first.references.end_to_end, first.remittance) == ("JL-77", "INV-2026-0201 EN INV-2026-0202")
    assert (second.remittance, second.amount) == ("PERIODIEKE KOSTEN BETAALPAKKET", D("-10.00"))


def swift(*fields: str, closing: str = ":62F:C260306EUR5,00") -> str:
    return "\n".join([":20:X", ":25:1", ":28C:1/1", ":60F:C260305EUR0,00", *fields, closing, "-"])


def test_one_bad_field_costs_one_line_only() -> None:
    """A day that does not exist, an amount that is none, a balance with words in it."""
    file = of(
        swift(
            ":61:2603060306C1,00NTRFNONREF", ":86:one",
            ":61:2699060306C2,00NTRFNONREF", ":86:two",
            ":61:2603060306CxNTRFNONREF",
            ":61:2603060306C4,00NTRFNONREF", ":86:four",
            ":65:Dnullnull0,00",
        )
    )  # fmt: skip
    assert amounts(file) == [D("1.00"), D("4.00")]
    assert [line.remittance for line in file.lines] == ["one", "four"]
    assert 'statement.txt:7: error: :61: "2699060306C2,00NTRFNONREF" cannot be read: it is left out' in said(file)
    assert "statement.txt:9: error" in said(file)


def test_a_broken_statement_does_not_cost_its_neighbours() -> None:
    """Each message of a file stands for itself."""
    file = of(swift(":61:nonsense") + "\n" + swift(":61:2603060306C5,00NTRFNONREF"))
    assert amounts(file) == [D("5.00")]
    assert [statement.gap for statement in file.statements] == [D("5.00"), 0]


def test_a_balance_that_is_no_amount() -> None:
    """ "11 27421,94" is neither 11 nor 1127421,94."""
    file = of(swift(closing=":62F:C260306EUR11 27421,94"))
    assert '.txt:5: error: :62F: "C260306EUR11 27421,94" is not a balance' in said(file)
    assert file.statements[0].closing is None


def test_an_intraday_report_has_the_same_lines_and_nothing_expected() -> None:
    """What MT942 announces as booked is the line that MT940 brings in the evening; EC and ED are not booked."""
    intraday = read(FILES / "mill.mt942.sta")
    assert intraday.format == "MT942"
    assert [line.id for line in intraday.lines] == [MILL.lines[1].id]
    assert "1 entry is only expected (EC or ED): left out" in said(intraday, NOTE)


def test_a_text_about_the_whole_statement_is_no_text_of_the_last_line() -> None:
    """:86: behind the closing balance belongs to the statement."""
    text = swift(":61:2603060306C5,00NTRFNONREF", ":86:one").replace("\n-", "\n:86:SUM 1/5,00\n-")
    assert [line.remittance for line in of(text).lines] == ["one"]


# OFX and BAI2


def test_ofx_with_unclosed_elements() -> None:
    """Tags without an end, entities, grouped thousands, a cheque, and a date that is none."""
    file = read(FILES / "lagoon.ofx")
    assert [(line.amount, line.type) for line in file.lines] == [
        (D("2150.00"), "other"),
        (D("-300.00"), "cheque"),
        (D("-15.00"), "fee"),
    ]
    assert file.lines[0].remittance == "INV-2026-031 & INV-2026-032"
    assert file.lines[1].references.cheque == "1017"
    assert 'lagoon.ofx:23: error: the transaction cannot be read: DTPOSTED "soon" is no date' in said(file)


def test_two_equal_purchases_whose_ids_are_counters() -> None:
    """FITID 1 and 2 may be other numbers in the next download: they do not count, and the two stay two."""
    file = read(FILES / "lagoon.qfx")
    first, second = file.lines
    assert second.id == f"{first.id}-2"
    renumbered = (FILES / "lagoon.qfx").read_text().replace("<FITID>2", "<FITID>14").replace("<FITID>1<", "<FITID>13<")
    assert [line.id for line in of(renumbered).lines] == [first.id, second.id]


def test_ofx_with_entities_or_without_end() -> None:
    """A document type is refused; a file that is cut says so."""
    text = (FILES / "lagoon.ofx").read_text()
    assert "has a DOCTYPE or entities" in said(of(text.replace("<OFX>", "<!DOCTYPE x><OFX>")))
    cut = of(text[: text.index("<STMTTRN><TRNTYPE>FEE")])
    assert amounts(cut) == [D("2150.00")]
    assert ":20: error: the file ends within this transaction: it is left out" in said(cut)
    assert "ends without </OFX>" in said(cut)


def test_bai2_signs_come_from_the_type_codes_and_decimals_from_the_currency() -> None:
    """Credits 100 to 399, debits 400 to 699; cents for dollars, none for yen; text with commas and continued."""
    file = read(FILES / "harbor.bai")
    assert [(line.amount, line.currency, line.type) for line in file.lines] == [
        (D("2000.00"), "USD", "credit transfer"),
        (D("500.00"), "USD", "cheque"),
        (D("-50.50"), "USD", "fee"),
        (D("-1000"), "JPY", "cheque"),
    ]
    assert file.lines[0].remittance == "MEKONG PLAZA CO LTD, INV-2026-041 THANK YOU"
    assert file.lines[0].value_date == datetime.date(2026, 4, 1)
    assert not file.problems


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("49,3322050,6", "49,3322051,6", ":8: warning: the control total of the account is 3,322,051, but"),
        ("49,3322050,6", "49,3322050,9", ":8: warning: the account says that it has 9 records, but it has 6"),
        ("16,698,5050", "16,720,5050", ':7: error: type code "720" is neither a credit nor a debit'),
        ("16,698,5050", "16,698,50.50", ':7: error: "50.50" is not an amount'),
        ("99,3332050,1,13/", "", "ends without its trailer (record 99)"),
        ("16,195", "17,195", ':4: error: "17,195,200000,V,260401,,WIRE77001,,MEKO…" is no record'),
        ("02,NORTHGATE,021000021,1,260331", "02,NORTHGATE,021000021,1,26033", "the group has no date"),
    ],
)
def test_bai2_that_does_not_agree_with_itself(old: str, new: str, message: str) -> None:
    """Totals and counts that are wrong are warnings; what has no sign or amount is left out."""
    assert message in said(of((FILES / "harbor.bai").read_text().replace(old, new)))


# Tables


def test_a_vietnamese_download() -> None:
    """Account, currency and balances above and below the table; the total row is no booking."""
    file = read(FILES / "vietcombank.csv")
    (statement,) = file.statements
    assert (statement.account, statement.currency) == ("001100555501", "VND")
    assert (statement.opening[0], statement.closing[0]) == (100_000_000, 148_858_000)  # type: ignore[index]
    assert amounts(file) == [38_880_000, -22_000, 5_000_000, 5_000_000]
    assert len({line.id for line in file.lines}) == 4


def test_dates_that_fit_both_orders_are_read_as_the_bank_writes_them() -> None:
    """A usual header, and days that could be months: what was decided is said."""
    file = of("Date,Description,Amount,Balance\n04/03/2026,x,-5.00,95.00\n")
    assert [line.booked for line in file.lines] == [datetime.date(2026, 3, 4)]
    assert "dates are read as day/month/year, as First Direct (United Kingdom) writes them" in said(file, NOTE)
    assert "dates are" not in said(of("Date,Description,Amount,Balance\n14/03/2026,x,-5.00,95.00\n"))


def test_a_table_of_one_amount_with_a_flag_newest_first() -> None:
    """Nợ and Có say which way the money went; the oldest line comes first."""
    file = read(FILES / "bidv.csv")
    assert [(line.amount, line.references.bank) for line in file.lines] == [
        (60_000_000, "FT001"),
        (-1_100_000, "FT002"),
    ]
    assert file.lines[0].counterparty == "Bệnh viện Đa khoa Suối Ngọc"


def test_arabic_digits_and_three_decimals() -> None:
    """A Gulf bank's download in dinar, amounts in Arabic digits where it wrote them so."""
    file = read(FILES / "gulf.csv")
    assert [(str(line.amount), line.currency) for line in file.lines] == [("250.750", "KWD"), ("-5.000", "KWD")]
    assert file.statements[0].account == "KW81CBKU0000000000001234560101"


def test_a_chinese_download_in_its_own_encoding() -> None:
    """GB18030 is found out, and said."""
    file = read(FILES / "china-corporate.csv")
    assert [(line.amount, line.counterparty) for line in file.lines] == [
        (D("58000.00"), "上海晨光物业有限公司"),
        (D("-1200.50"), "北京电力公司"),
    ]
    assert "read as gb18030" in said(file, NOTE)


def workbook(rows: list[list[object]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


TECHCOMBANK: list[list[object]] = [
    ["Số tài khoản/ Account number:", "19033332221014"],
    ["Loại tiền/ Currency:", "VND"],
    [],
    ["Ngày giao dịch/ Transaction date", "Đối tác/ Remitter", "NH đối tác/ Remitter bank",
     "Số TK đối tác/ Remitter account", "Diễn giải/ Details", "Số bút toán/ Transaction No", "Nợ TKTT/ Debit",
     "Có TKTT/ Credit", "Số dư/ Balance"],
    [datetime.datetime(2026, 3, 2), "CTY TNHH MOC LAN", "VCB", "0071000123456", "MOC LAN TT HD 31/2026",  # noqa: DTZ001
     "FT26061001\\BNK", None, 21_600_000, 121_600_000],
    [None, None, None, None, "dot 2", None, None, None, None],
    ["03/03/2026", None, None, None, "Phi SMS", "FT26062009\\BNK", -11_000, None, 121_589_000],
]  # fmt: skip


def test_a_workbook_that_calls_itself_csv() -> None:
    """What the file is, its bytes say: dates and numbers of cells, a text that goes on in the next row."""
    file = of(workbook(TECHCOMBANK), "export.csv")
    assert file.format == "Techcombank (Vietnam)"
    assert [(line.booked.day, line.amount, line.remittance) for line in file.lines] == [
        (2, 21_600_000, "MOC LAN TT HD 31/2026 dot 2"),
        (3, -11_000, "Phi SMS"),
    ]
    assert file.lines[0].counterparty_account == "0071000123456"
    assert file.statements[0].gap == 0
    assert file.lines[0].place == "Sheet!5"


def test_ten_lines_of_profile() -> None:
    """A user's own profile, found by the columns that it names."""
    assert len((FILES / "my-bank.toml").read_text().strip().splitlines()) == 10
    file = read(FILES / "my-bank.csv", OWN)
    assert [(line.amount, line.remittance, line.account) for line in file.lines] == [
        (D("1785.00"), "Seebad Kliniken INV-2026-0205", "4711"),
        (D("-9.90"), "Kontoführung", "4711"),
    ]
    assert "no profile knows this table, with columns like" in said(read(FILES / "my-bank.csv"), ERROR)


def profile(tmp_path: Path, text: str) -> BankFile:
    """What a table is read as with a profile of one's own: `text` is the profile, "===" , the table."""
    own, _, table = text.partition("===\n")
    (tmp_path / "own.toml").write_text(own)
    (tmp_path / "table.csv").write_text(table)
    return read(tmp_path / "table.csv", of_names([tmp_path / "own.toml"]))


AMOUNTS = 'date = "DMY"\ncurrency = "EUR"\n[columns]\nbooked = "Day"\namount = "Amount"\ntext = "Text"\n'


def test_a_column_that_tells_debits_apart_must_be_named(tmp_path: Path) -> None:
    """Without it every debit would be a credit: nothing is read, and the line that is missing is said."""
    table = "Day,Text,Amount,Side\n05/03/2026,rent,100.00,Debit\n06/03/2026,sale,70.00,Credit\n"
    file = profile(tmp_path, f"{AMOUNTS}===\n{table}")
    assert not file.lines
    assert 'column "Side" tells debits from credits, and the profile does not name it: add flag = "Side"' in said(file)
    assert amounts(profile(tmp_path, f'{AMOUNTS}flag = "Side"\n===\n{table}')) == [D("-100.00"), D("70.00")]


def test_debit_and_credit_within_the_cell(tmp_path: Path) -> None:
    """ "100.00 Dr" goes out."""
    table = "Day,Text,Amount\n05/03/2026,rent,100.00 Dr\n06/03/2026,sale,70.00CR\n07/03/2026,fee,EUR 1.00\n"
    assert amounts(profile(tmp_path, f"{AMOUNTS}===\n{table}")) == [D("-100.00"), D("70.00"), D("1.00")]
    table = "Day,Text,Amount\n05/03/2026,rent,-100.00 Dr\n"
    assert "is a negative debit: the sign is not clear" in said(profile(tmp_path, f"{AMOUNTS}===\n{table}"))


TD = "05/01/2023,DOLLARAMA,1.96,,13.04\n05/01/2023,MARKET,12.10,,15.00\n05/02/2023,PAY,,20.00,27.10\n"


def test_a_table_without_header() -> None:
    """Running balances prove which column takes and which gives; without proof the profile must be named."""
    file = of(TD)
    assert (file.format, amounts(file)) == ("TD (Canada)", [D("20.00"), D("-12.10"), D("-1.96")])
    assert "the table has no header; it is read as TD (Canada)" in said(file, NOTE)
    doubtful = TD.replace("27.10", "28.10").replace("15.00", "16.00")
    assert not of(doubtful).lines
    named = read_stream(io.BytesIO(doubtful.encode()), "x", of_names(["td"]))
    assert amounts(named) == [D("-1.96"), D("-12.10"), D("20.00")]


def test_signs_and_flags_that_contradict(tmp_path: Path) -> None:
    """Where amounts have signs, a flag must agree with them."""
    table = "Day,Text,Amount,Side\n05/03/2026,rent,-100.00,D\n06/03/2026,sale,-70.00,C\n07/03/2026,x,1.00,?\n"
    file = profile(tmp_path, f'{AMOUNTS}flag = "Side"\n===\n{table}')
    assert amounts(file) == [D("-100.00")]
    assert 'table.csv:3: error: the amount -70.00 and "C" contradict each other; the row is left out' in said(file)
    assert 'table.csv:4: error: "?" says neither debit nor credit' in said(file)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("31/02/2026,x,1.00", '"31/02/2026" is not a date: there is no such day'),
        ("05/03/2026,x,1.0.0", '"1.0.0" is not an amount'),
        (",x,1.00", "it has an amount, but no date"),
        ("05/03/2026,x,1e5", '"1e5" is not an amount'),
    ],
)
def test_a_row_that_cannot_be_read(row: str, message: str, tmp_path: Path) -> None:
    """It is left out and said, and the rows around it come."""
    file = profile(tmp_path, f"{AMOUNTS}===\nDay,Text,Amount\n01/03/2026,a,1.00\n{row}\n09/03/2026,b,-2.00\n")
    assert amounts(file) == [D("1.00"), D("-2.00")]
    assert f"table.csv:3: error: {message}" in said(file)


def test_a_gap_says_at_which_row(tmp_path: Path) -> None:
    """Running balances show where a row is missing; its amount is the gap."""
    table = "Day,Text,Amount,Left\n01/03/2026,a,1.00,11.00\n02/03/2026,b,2.00,13.00\n04/03/2026,c,-3.00,17.00\n"
    file = profile(tmp_path, f'{AMOUNTS}balance = "Left"\n===\n{table}')
    assert amounts(file) == [D("1.00"), D("2.00"), D("-3.00")]
    assert file.statements[0].gap == D("7.00")
    assert "table.csv:4: warning: the statement does not add up: opening 10.00 and lines 0.00 make 10.00," in said(file)


def test_wrong_quotes(tmp_path: Path) -> None:
    """Text behind a closing quote is kept; a file that ends within quotes lacks the row where they begin."""
    cut = f'{AMOUNTS}===\nDay,Text,Amount\n01/03/2026,"a" b,1.00\n'
    assert [line.remittance for line in profile(tmp_path, cut).lines] == ["a b"]
    cut = f'{AMOUNTS}===\nDay,Text,Amount\n01/03/2026,a,1.00\n02/03/2026,"b,2.00\n'
    file = profile(tmp_path, cut)
    assert amounts(file) == [D("1.00")]
    assert "the text ends within quotes: what begins in row 3 is left out" in said(file)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("date = 5\n[columns]\nbooked = 1\namount = 2", "date is one of 'DMY', 'MDY', 'YMD', 'MD'"),
        ('date = "DMY"\ndecimals = ","', 'there is no key "decimals": use one of account, account-label,'),
        ('date = "DMY"\n[columns]\namount = "A"', "[columns] needs booked"),
        ('date = "DMY"\n[columns]\nbooked = "D"\namount = "A"\ncredit = "C"', "either amount, or debit and credit"),
        ('date = "DMY"\n[columns]\nbooked = "D"\ncredit = "C"', "[columns] needs both debit and credit"),
        ('date = "DMY"\n[columns]\nbooked = 0\namount = 1', "booked is a header or the number of a column"),
        ('date = "DMY"\nwidth = 2\n[columns]\nbooked = 1\namount = 3', "has its columns by number, 1 to 2"),
        ('date = "MD"\n[columns]\nbooked = "D"\namount = "A"', 'date = "MD" needs month'),
        ("date = ", "is not TOML"),
        ('date = "DMY"\ncontinuation = 1\n[columns]\nbooked = "D"\namount = "A"', "continuation is true or false"),
    ],
)
def test_a_profile_that_makes_no_sense(text: str, message: str, tmp_path: Path) -> None:
    """It names itself, the key, and what is valid."""
    (tmp_path / "own.toml").write_text(text)
    with pytest.raises(BankError, match=r"own\.toml") as error:
        of_names([tmp_path / "own.toml"])
    assert message in str(error.value)


def test_the_profiles_of_the_package() -> None:
    """Each can be loaded, is known by its whole header or by number, and no two have the same."""
    headers = [profile.header or (profile.width, profile.columns["amount"] if profile.width == 7 else ())
               for profile in built_in() if not profile.width]  # fmt: skip
    assert len(headers) == len(set(headers)) >= 25
    assert {"vietcombank", "techcombank", "bidv", "gulf", "china-corporate"} <= {profile.id for profile in built_in()}


# What would do harm, or is no statement


def bomb() -> bytes:
    """A small archive that unpacks to two gigabytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 4096)
    data = stream.getvalue()
    member = data.index(b"PK\x01\x02")
    # The directory says how large it unpacks: here two gigabytes.
    return data[: member + 24] + (2 << 30).to_bytes(4, "little") + data[member + 28 :]


def archive_of_files() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("2026-03-05.xml", "<Document/>")
    return stream.getvalue()


LONG = 10_000_000

HARMFUL: Final[list[tuple[str, Callable[[], bytes], str]]] = [
    ("empty", lambda: b"", "is empty"),
    ("spaces", lambda: b" \n" * 100, "is empty"),
    ("zeros", lambda: b"\0" * 10_000, "binary data"),
    ("a picture", lambda: b"\x89PNG\r\n\x1a\n" + b"\1" * 999, "is a picture, not a table"),
    ("a PDF", lambda: b"%PDF-1.7 " + b"x" * 999, "is a PDF document"),
    ("a web page", lambda: b"<!DOCTYPE html><html><table><tr><td>1</table></html>", "is a web page"),
    ("a zip bomb", bomb, "unpacks to"),
    ("an archive of statements", archive_of_files, "is an archive with 1 files"),
    ("half a workbook", lambda: workbook(TECHCOMBANK)[:-300], "looks like a workbook but cannot be opened"),
    ("other XML", lambda: b"<?xml version='1.0'?><feed><entry>1</entry></feed>", "is XML, but no CAMT statement"),
    ("deep XML", lambda: b"<Document>" + b"<a>" * 200_000, "nested deeper"),
    ("a deep entry", lambda: camt("<Ntry>" + "<a>" * 500).encode(), "nested deeper"),
    ("an endless entry", lambda: camt("<Ntry>" + "<a/>" * 200_000).encode(), "longer transaction"),
    ("a long text in CAMT", lambda: camt(entry(details="<AddtlNtryInf>" + "x" * LONG)).encode(), "ends too soon"),
    ("a long line in MT940", lambda: swift(":61:" + "9" * LONG).encode(), ":5: error: :61:"),
    ("a long text in MT940", lambda: swift(":61:2603060306C5,00NTRFNONREF", ":86:" + "?2" * LONG).encode(), "longer"),
    ("a long line in OFX", lambda: b"OFXHEADER:100\n<OFX>" + b"<A>" + b"x" * LONG, "holds no statement"),
    ("a long line in BAI2", lambda: b"01,1,2,260331,2130,1,,,2/\n16,195," + b"1" * LONG, "10,000,007 characters"),
    ("a long line in a table", lambda: b"a,b\n" + b"x" * LONG, "row 2: a cell holds more than 32,767 characters"),
    ("a long quote", lambda: b'a,b\n"' + b"x,\n" * 100_000, "a quote is never closed"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), [row[1:] for row in HARMFUL], ids=[row[0] for row in HARMFUL])
def test_what_is_no_statement_is_said_quickly(data: Callable[[], bytes], message: str) -> None:
    """Refused, or read as far as it goes, with a clear word; never long, never an exception."""
    content = data()
    begun = time.process_time()
    file = of(content)
    assert time.process_time() - begun < 5
    assert message in said(file), said(file)[:2000]
    assert len(said(file)) < 5_000
    assert len(file.lines) < 2


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A name without a file, or a folder, is a problem like any other."""
    assert "cannot be read" in said(read(tmp_path / "nothing.xml"))
    assert "cannot be read" in said(read(tmp_path))
    assert not identify(tmp_path)
    (tmp_path / "feed.xml").write_text("<?xml version='1.0'?><feed/>")
    assert not identify(tmp_path / "feed.xml")


SEEDS: Final = [path.read_bytes() for path in STATEMENTS]
PIECES: Final = [
    b"<", b">", b"&", b'"', b",", b";", b"\n", b"\r", b":", b":61:", b":86:", b":20:", b"/", b"88,", b"16,",
    b"<STMTTRN>", b"</Ntry>", b"<Ntry>", b"CRDT", b"-", b"0", b"999999999999999999999", b"\0", b"\xff",
    b"\xef\xbb\xbf", b"PK\x03\x04", b"?20", b"RC", b"NaN", b"1E99", "\u0661\u066b".encode(), b" " * 70,
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A statement with some bytes cut out, doubled, moved or put in."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        begin = draw(st.integers(0, len(data)))
        end = draw(st.integers(begin, min(len(data), begin + 40)))
        data[begin:end] = draw(
            st.one_of(st.sampled_from(PIECES), st.binary(max_size=6), st.just(bytes(data[begin:end]) * 2))
        )
    return bytes(data[: draw(st.integers(1, len(data)))] if draw(st.booleans()) and data else data)


def check(file: BankFile) -> None:
    """What holds of whatever was read."""
    for statement in file.statements:
        ids = [line.id for line in statement.lines]
        assert len(set(ids)) == len(ids)
        for line in statement.lines:
            assert line.amount.is_finite()
            assert line.type in TYPES
            assert "\n" not in line.remittance + line.counterparty + line.id
        if statement.gap:
            assert "does not add up" in said(file)
    assert file.statements or said(file, ERROR)


@settings(max_examples=350)
@given(damaged())
def test_a_damaged_statement_is_read_or_refused(data: bytes) -> None:
    """Whatever is damaged, the answer is lines and problems, and the same twice."""
    if data.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        # Workbooks are opened by a process of their own; a few are enough, below.
        return
    file = of(data)
    check(file)
    assert of(data) == file


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Files that were never statements."""
    check(of(b":20:X\n:25:" + data))
    check(of(b"OFXHEADER:100\n<OFX><STMTRS><STMTTRN>" + data))
    check(of(b"01,1,2,260331,2130,1,,,2/\n" + data))
    check(of(b"<Document><BkToCstmrStmt><Stmt>" + data))
    check(of(b"Date,Description,Amount,Currency\n" + data))


WORKBOOK = workbook(TECHCOMBANK)


@settings(max_examples=12)
@given(st.integers(4, len(WORKBOOK)), st.binary(max_size=8))
def test_a_damaged_workbook_is_read_or_refused(place: int, damage: bytes) -> None:
    """The same for workbooks, which open in a process with limits."""
    check(of(WORKBOOK[:place] + damage + WORKBOOK[place + len(damage) :]))


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from(["C", "D", "RC", "RD"]), st.integers(1, 10**9), st.integers(0, 2)), max_size=12)
)
def test_signs_whatever_the_marks(marks: list[tuple[str, int, int]]) -> None:
    """In MT940, C and RD come in, D and RC go out, and opening + lines = closing; the same as camt says it."""
    signed = [D(cents if mark in ("C", "RD") else -cents).scaleb(-2) for mark, cents, _ in marks]
    total = sum(signed, D(0))
    fields = [
        f":61:2603060306{mark}{cents // 100},{cents % 100:02d}NTRFNONREF\n:86:{'x' * text}"
        for mark, cents, text in marks
    ]
    closing = f":62F:{'D' if total < 0 else 'C'}260306EUR{format(abs(total), 'f').replace('.', ',')}"
    file = of(swift(*fields, closing=closing if "," in closing else f"{closing},"))
    assert amounts(file) == signed
    assert file.statements[0].gap == 0
    entries = [
        entry(abs(amount), f"<CdtDbtInd>{'CRDT' if amount > 0 else 'DBIT'}</CdtDbtInd>").replace(
            "<Sts>", f"<RvslInd>{str(mark[0] == 'R').lower()}</RvslInd><Sts>"
        )
        for amount, (mark, _, _) in zip(signed, marks, strict=True)
    ]
    assert amounts(of(camt(*entries))) == signed
