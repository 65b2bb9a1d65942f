"""Cash application, where it has to be careful: names that look alike, numbers that are none, lines that contradict."""

from __future__ import annotations

import pytest
from tests.bank_lines import BOOKS, applied, invoice, line

ONE = invoice("INV-2026-0113", "OldMill", "1,000.00 USD")
SETTLED = invoice("INV-2026-0112", "OldMill", "1,000.00 USD", "2026-03-01")
BY_HAND = """
2026-05-02 * "Old Mill" "By hand" ^RC-001
  Assets:Bank:Main             1,000.00 USD
  Assets:Receivable:OldMill   -1,000.00 USD
    settles: "INV-2026-0112"
"""


def customers(*named: tuple[str, str], **meta: str) -> str:
    """The company's books with further customers, all with the same metadata."""
    words = "".join(f'  {key.replace("_", "-")}: "{value}"\n' for key, value in meta.items())
    return BOOKS + "".join(
        f'2025-01-01 open Assets:Receivable:{code}\n  name: "{name}"\n{words}' for code, name in named
    )


# Names that look alike


@pytest.mark.parametrize(
    ("name", "payer"),
    [
        ("Công ty TNHH Hoàng Lan", "CTY TNHH HOANG LAM"),
        ("Công ty TNHH Minh Phát", "CTY TNHH MINH PHAP"),
        ("Công ty Cổ phần Thành Công 2", "CTCP THANH CONG 3"),
        ("Al Noor Electromechanical Works LLC", "AL NOUF ELECTROMECHANICAL WORKS LLC"),
        ("Vogler Elektrotechnik GmbH", "MOELLER ELEKTROTECHNIK GMBH"),
        ("Nordhansa Logistik GmbH", "NORD LOGISTIK GMBH"),
        ("Công ty TNHH Xây dựng Hưng Việt", "CTY TNHH XAY DUNG VIET HUNG"),
        ("Công ty TNHH Sản xuất Thương mại Minh Phát Sài Gòn", "CTY TNHH SX TM MINH PHAT GIA SAI GON"),
        ("Công ty TNHH Sản xuất Thương mại Thành Công", "CTY TNHH SAN XUAT THUONG MAI HOANG LONG"),
        ("Công ty TNHH Sản xuất Thương mại Thành Công", "CTY TNHH SX TM THANH CONG DA NANG"),
        ("Công ty TNHH Thương mại Minh Phát Đạt", "CTY TNHH THUONG MAI MINH PHAT"),
        ("Công ty TNHH Thương mại Hoàng Gia", "CTY TNHH THUONG MAI HOANG GIANG"),
        ("Công ty TNHH Xây dựng Thành Công Hà Nội", "CTY TNHH XAY DUNG THANH BONG HA NOI"),
        ("Falcon Electromechanical Works Est.", "SILVER FALCON ELECTROMECHANICAL WORKS"),
    ],
)
def test_one_word_makes_another_name(name: str, payer: str) -> None:
    """Whatever long words are the same: a short word tells names apart with each letter, and so does one too many."""
    found = applied(invoice("INV-7", "Other", "50.00 USD"), line("50.00", payer), company=customers(("Other", name)))
    assert found.said() == "review Other: INV-7 50.00"
    assert found.waits_for == "the payer is not known for certain"


@pytest.mark.parametrize(
    ("name", "payer"),
    [
        ("Công ty TNHH Minh Phát Đạt", "CTY TNHH MINH HPAT DAT"),
        ("Schmidt Metallbau GmbH", "SCHMDIT METALLBAU GMBH"),
        ("Rashid Brothers Electromechanical Works Est.", "RASHIDBROTHERS ELECTROMECH WKS EST"),
        ("Al Fajer Contracting Abu Dhabi LLC", "AL FAJER CONTG ABU DHABI L L C"),
        ("Al Rashid Technical Services LLC", "AL RASHID TECH SERV LLC"),
        ("Müller Anlagenbau GmbH", "MUELLER ANLAGENBAU GESELLSCHAFT MIT BESCHRAENKTER HAFTUNG"),
        ("海泰龙物流股份有限公司", "海泰龙物流股份"),
        ("Klaus Hoffmann", "HOFFMANN KLAUS"),
        ("Công ty TNHH Sản xuất Thương mại Thành Công", "CTY TNHH SAN XUAT THUONG MAI THANH CO"),
    ],
)
def test_slips_and_short_forms_are_the_same_name(name: str, payer: str) -> None:
    """Letters that changed places, lost spaces, short forms, legal forms in full, a name that the bank cut off."""
    found = applied(invoice("INV-7", "Other", "50.00 USD"), line("50.00", payer), company=customers(("Other", name)))
    assert found.said() == "auto Other: INV-7 50.00"


@pytest.mark.parametrize(
    ("text", "decision"),
    [
        ("CTY TNHH MINH PHAT TT TIEN HANG", "auto"),
        ("MBVCB.123.thanh toan.CT tu 0912 CTY TNHH MINH PHAT toi 007", "auto"),
        ("CTY TNHH MINH PHAT LONG TT TIEN HANG", "review"),
        ("CTY TNHH XAY DUNG MINH PHAT TT TIEN HANG", "review"),
    ],
)
def test_a_name_in_the_text_is_a_whole_name(text: str, decision: str) -> None:
    """Minh Phát is not Minh Phát Long, and not Xây dựng Minh Phát."""
    company = customers(("MinhPhat", "Công ty TNHH Minh Phát"))
    found = applied(invoice("INV-7", "MinhPhat", "50.00 USD"), line("50.00", "", text), company=company)
    assert found.said() == f"{decision} MinhPhat: INV-7 50.00"


@pytest.mark.parametrize(
    ("name", "text"), [("Goods Co. Ltd", "payment for goods"), ("Cty TNHH An", "an chuyen tien"), ("Minh", "MINH ck")]
)
def test_one_word_in_the_text_is_no_name(name: str, text: str) -> None:
    """A name of one word is a word of the text as well; as the payer's name it is a name."""
    ledger, company = invoice("INV-7", "Other", "50.00 USD"), customers(("Other", name))
    assert applied(ledger, line("50.00", "", text), company=company).first.decision == "review"
    assert applied(ledger, line("50.00", name.upper(), text), company=company).first.decision == "auto"


def test_the_longer_of_two_names_in_the_text() -> None:
    """Who is called Phú Thịnh Phát has Phú Thịnh in the name, too."""
    company = customers(("Short", "Công ty TNHH Phú Thịnh"), ("Long", "Công ty TNHH Phú Thịnh Phát"))
    ledger = invoice("INV-7", "Long", "50.00 USD") + invoice("INV-8", "Short", "60.00 USD")
    assert applied(ledger, line("50.00", "", "CTY TNHH PHU THINH PHAT TT"), company=company).said() == (
        "auto Long: INV-7 50.00"
    )
    assert applied(ledger, line("60.00", "", "CTY TNHH PHU THINH TT"), company=company).said() == (
        "auto Short: INV-8 60.00"
    )


def test_an_alias_that_is_the_name_of_another_customer() -> None:
    """What one customer is called and another one paid as once says nothing for certain."""
    company = BOOKS.replace('"Old Mill Textiles Ltd"', '"Old Mill Textiles Ltd"\n  alias: "Blue Reef Hotels"')
    found = applied(ONE, line("1,000.00", "BLUE REEF HOTELS"), company=company)
    assert found.said() == "review OldMill: INV-2026-0113 1,000.00"
    assert found.waits_for == "the payer is not known for certain"


def test_an_alias_with_a_legal_form_of_its_own() -> None:
    """Blue Reef Hotels FZE is another company than Blue Reef Hotels LLC, and was confirmed to be Old Mill's."""
    company = BOOKS.replace('"Old Mill Textiles Ltd"', '"Old Mill Textiles Ltd"\n  alias: "Blue Reef Hotels FZE"')
    assert applied(ONE, line("1,000.00", "BLUE REEF HOTELS FZE"), company=company).said() == (
        "auto OldMill: INV-2026-0113 1,000.00"
    )


# Accounts


AGENT = {"counterparty_account": "GB11WISE00000000000001"}


@pytest.mark.parametrize(("payer", "decision"), [("WISE PAYMENTS LTD", "review"), ("OLD MILL", "auto"), ("", "auto")])
def test_the_account_of_somebody_else_is_not_the_customers(payer: str, decision: str) -> None:
    """An agent paid for Old Mill once, by number; the next payment from there may be for anybody."""
    ledger = ONE + invoice("INV-2026-0114", "OldMill", "250.00 USD", "2026-04-02")
    found = applied(
        ledger, line("1,000.00", payer, "INV-2026-0113", date="2026-05-04", **AGENT),
        line("250.00", payer, "goods", date="2026-05-05", **AGENT),
    )  # fmt: skip
    assert found.all() == ["auto OldMill: INV-2026-0113 1,000.00", f"{decision} OldMill: INV-2026-0114 250.00"]


def test_the_tax_number_of_one_and_the_name_of_another() -> None:
    """What a payer may write goes before no name; what was given out to one customer alone does."""
    ledger = invoice("INV-2026-0114", "OldMill", "250.00 USD") + invoice("INV-2026-0120", "BlueReef", "250.00 USD")
    tax = BOOKS.replace('"Blue Reef Hotels LLC"', '"Blue Reef Hotels LLC"\n  tax-id: "0312345678"')
    found = applied(ledger, line("250.00", "OLD MILL TEXTILES", "MST 0312345678"), company=tax)
    assert found.first.decision == "review"
    assert found.waits_for == 'the name "OLD MILL TEXTILES", the same is OldMill\'s'
    given = BOOKS.replace('"Blue Reef Hotels LLC"', '"Blue Reef Hotels LLC"\n  virtual-account: "970412345678"')
    assert applied(ledger, line("250.00", "OLD MILL TEXTILES", "970412345678"), company=given).said() == (
        "auto BlueReef: INV-2026-0120 250.00"
    )


# Numbers


def test_a_day_and_a_month_are_no_number() -> None:
    """05/04 is not INV-0504 when nobody is known to have paid."""
    ledger = invoice("INV-0504", "BlueReef", "1,000.00 USD")
    assert applied(ledger, line("1,000.00", "", "paid 05/04")).said() == "review BlueReef: INV-0504 1,000.00"
    assert applied(ledger, line("1,000.00", "BLUE REEF HOTELS", "paid 05/04")).said() == (
        "auto BlueReef: INV-0504 1,000.00"
    )


RENT = "".join(
    invoice(f"1C26TAA-{number:08d}", "OldMill", "5000000 VND", f"2026-0{month}-01")
    for number, month in ((12, 2), (44, 3), (61, 4))
)
"""Three months' rent, all the same."""


@pytest.mark.parametrize(
    "text",
    [
        "HD 12/2026/HDMB",
        "thanh toan hop dong so 12",
        "PO 12",
        "PO no. 012",
        "DO no. 12 ngay 04.05",
        "don hang so 0012",
        "contract no 012",
        "KD-NR 0012",
        "so tien 12.000.000 VND",
        "amount 5.000.000",
        "tien hang ngay 12/03",
        "ngay 12.03",
        "so 12 Nguyen Trai",
        "tk 0012",
    ],
)
def test_numbers_of_other_things(text: str) -> None:
    """Contracts, orders, accounts, days, sums and house numbers do not tell which of three equal invoices is meant."""
    found = applied(RENT, line("5000000 VND", "OLD MILL TEXTILES", text))
    assert found.first.decision == "review"
    assert found.waits_for.startswith("3 items have this amount")


@pytest.mark.parametrize("text", ["HD 12", "HD so 12", "hoa don 12", "HD12", "so 0012", "TT 00000012", "#012"])
def test_numbers_of_invoices_however_short(text: str) -> None:
    """A word for an invoice, or digits enough."""
    found = applied(RENT, line("5000000 VND", "OLD MILL TEXTILES", text))
    assert found.said() == "auto OldMill: 1C26TAA-00000012 5,000,000"


def test_a_number_with_its_year_behind_it() -> None:
    """0113/2026 is number 113; behind HD it is a contract."""
    ledger = ONE + invoice("INV-2026-0114", "OldMill", "1,000.00 USD", "2026-04-02")
    assert applied(ledger, line("1,000.00", "OLD MILL TEXTILES", "0113/2026")).said() == (
        "auto OldMill: INV-2026-0113 1,000.00"
    )
    assert applied(ledger, line("1,000.00", "OLD MILL TEXTILES", "HD 0113/2026")).first.decision == "review"


def test_the_end_of_a_long_text_may_be_cut_off() -> None:
    """INV-2026-011 is what is left of 0113, or number 11: both have the amount."""
    ledger = ONE + invoice("INV-2026-0011", "OldMill", "1,000.00 USD", "2026-04-02")
    found = applied(ledger, line("1,000.00", "OLD MILL TEXTILES", "payment for goods INV-2026-011"))
    assert found.first.decision == "review"
    whole = applied(ledger, line("1,000.00", "OLD MILL TEXTILES", "payment for goods INV-2026-0011"))
    assert whole.said() == "auto OldMill: INV-2026-0011 1,000.00"


def test_a_number_that_was_cut_off_behind_a_number() -> None:
    """The text ends with 1C25, as one of our numbers begins: what else was paid is the only set of that sum."""
    ledger = "".join(
        invoice(number, "OldMill", f"{amount} VND", f"2026-0{month}-01")
        for number, amount, month in [
            ("1C26TAA-00001422", 36504000, 1), ("1C25TAA-00000703", 26190000, 2),
            ("1C26TAA-00001300", 51840000, 3), ("1C26TAA-00001256", 100316880, 4),
        ]
    )  # fmt: skip
    text = "TT tien hang 1C26TAA-00001422, "
    found = applied(ledger, line("163010880 VND", "OLD MILL TEXTILES", f"{text}1C25"))
    assert found.first.decision == "auto"
    other = applied(ledger, line("163010880 VND", "OLD MILL TEXTILES", f"{text}thanks"))
    assert other.waits_for == "1C25TAA-00000703, 1C26TAA-00001256 are not named"


@pytest.mark.parametrize("text", ["INV-2026-0111 to 0113", "INV-2026-0111 to INV-2026-0113"])
def test_a_range_over_what_was_paid(text: str) -> None:
    """0112 was paid long ago; in a list it would be named."""
    paid = """
2026-04-20 * "Old Mill" "Paid" ^RC-001
  bank-id: "x"
  Assets:Bank:Main             1,000.00 USD
  Assets:Receivable:OldMill   -1,000.00 USD
    settles: "INV-2026-0112"
"""
    ledger = invoice("INV-2026-0111", "OldMill", "70.00 USD", "2026-03-01") + SETTLED + ONE + paid
    assert applied(ledger, line("1,070.00", "OLD MILL TEXTILES", text)).said() == (
        "auto OldMill: INV-2026-0111 70.00 + INV-2026-0113 1,000.00"
    )
    listed = applied(ledger, line("1,070.00", "OLD MILL TEXTILES", "INV-2026-0111, 0112, 0113"))
    assert listed.waits_for == "INV-2026-0112 is named as well, and settled"


def test_a_district_is_no_quarter() -> None:
    """Q.2 is a part of a town, Q2 a part of the year."""
    ledger = invoice("INV-7", "OldMill", "5.00 USD", "2026-03-02") + invoice("INV-8", "OldMill", "5.00 USD")
    assert applied(ledger, line("5.00", "OLD MILL TEXTILES", "bao tri q.2")).first.decision == "review"
    assert applied(ledger, line("5.00", "OLD MILL TEXTILES", "bao tri Q2")).said() == "auto OldMill: INV-8 5.00"


def test_a_number_in_another_currency_contradicts_a_sum() -> None:
    """The payer names an invoice in dollars and pays what is open of another one in euros."""
    ledger = ONE + invoice("INV-2026-0114", "OldMill", "1,000.00 EUR")
    found = applied(ledger, line("1,000.00 EUR", "OLD MILL TEXTILES", "INV-2026-0113"))
    assert found.said() == "review OldMill: INV-2026-0114 1,000.00"
    assert found.waits_for == "the text names INV-2026-0113"


def test_the_end_of_a_number_and_a_bank_charge() -> None:
    """A known payer and the end of one number: what is missing may be the charge of a bank."""
    found = applied(ONE, line("985.00", "OLD MILL TEXTILES", "invoice 113"))
    assert found.said() == "auto OldMill: INV-2026-0113 1,000.00 (bank charge)"


def test_the_ends_of_two_numbers_and_a_bank_charge() -> None:
    """With two documents nothing tells which one is meant, or that both are."""
    ledger = ONE + invoice("INV-2025-0113", "OldMill", "800.00 USD")
    found = applied(ledger, line("1,785.00", "OLD MILL TEXTILES", "invoice 113"))
    assert found.first.decision == "review"


def test_paid_before_the_invoice_was_written() -> None:
    """What is dated later was not settled before: it is a prepayment."""
    ledger = invoice("INV-2026-0113", "OldMill", "1,000.00 USD", "2026-05-20")
    found = applied(ledger, line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113"))
    assert found.said() == "review OldMill: 1,000.00 on account (prepayment)"
    assert "INV-2026-0113 is dated later than the payment" in found.waits_for


def test_another_customers_number_with_a_name_that_is_only_a_little_like() -> None:
    """Eighteen thousand for an invoice of 595 from somebody else is no overpayment."""
    ledger = invoice("26100647", "Vogler", "595.00 USD")
    paid = line("18,950.16", "Krueger ELEKTROTECHNIK", "Zahlung zu 26100647")
    found = applied(ledger, paid, company=customers(("Vogler", "Vogler Elektrotechnik GmbH")))
    assert found.first.decision == "review"
    assert "the payer is not known to be the customer whose document is named" in found.waits_for


# Words


def test_a_name_is_no_word_for_a_deduction() -> None:
    """Phát is in the name of every other company, and a fine only beside other words."""
    company = customers(("Phat", "Công ty TNHH Long Kim Phát"))
    ledger = invoice("INV-2026-0113", "Phat", "25449120 VND")
    text = "CTY TNHH LONG KIM PHAT TT INV-2026-0113"
    assert applied(ledger, line("25427120 VND", "", text), company=company).said() == (
        "auto Phat: INV-2026-0113 25,449,120 (bank charge)"
    )
    fined = applied(ledger, line("25427120 VND", "", f"{text} tru phat giao tre"), company=company)
    assert fined.said() == "auto Phat: INV-2026-0113 25,427,120 (part payment)"


def test_a_name_is_no_word_for_a_part() -> None:
    """Lan is a name; lần 2 is the second part."""
    company = customers(("Lan", "Công ty TNHH Hoàng Lan"))
    ledger = invoice("INV-2026-0113", "Lan", "1,000.00 USD")
    whole = applied(ledger, line("900.00", "CTY TNHH HOANG LAN", "CTY HOANG LAN INV-2026-0113"), company=company)
    assert whole.waits_for == "100.00 USD is missing, and nothing says why"
    part = applied(ledger, line("900.00", "CTY TNHH HOANG LAN", "INV-2026-0113 lan 1"), company=company)
    assert part.said() == "auto Lan: INV-2026-0113 900.00 (part payment)"


def test_settling_what_is_owed_is_no_deposit_that_matured() -> None:
    """Tất toán công nợ settles an account with us, tất toán sổ tiết kiệm one at the bank."""
    assert applied(ONE, line("1,000.00", "OLD MILL TEXTILES", "tat toan cong no")).said() == (
        "auto OldMill: INV-2026-0113 1,000.00"
    )
    assert applied(ONE, line("900.00", "", "tat toan cong no thang 4")).first.decision == "review"
    assert applied(ONE, line("900.00", "", "tat toan so tiet kiem")).said() == "nothing (other income)"


# What was booked by hand, and what waits


def test_an_entry_by_hand_for_another_document_is_another_payment() -> None:
    """The amount is the same; the line names what the entry does not settle."""
    found = applied(ONE + SETTLED + BY_HAND, line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113"))
    assert found.first.decision == "review"
    assert found.waits_for.startswith("it may be booked already")


@pytest.mark.parametrize("text", ["INV-2026-0112", "goods"])
def test_an_entry_by_hand_for_the_same_document(text: str) -> None:
    """The line names what the entry settles, or nothing: it is booked."""
    found = applied(ONE + SETTLED + BY_HAND, line("1,000.00", "OLD MILL TEXTILES", text))
    assert found.first.decision == "nothing"


def test_an_entry_by_hand_books_the_line_that_names_its_document() -> None:
    """Of two lines of the same amount it is the one with the number, though the other one comes first."""
    found = applied(
        ONE + SETTLED + BY_HAND, line("1,000.00", "OLD MILL TEXTILES", "goods", date="2026-05-03"),
        line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0112"),
    )  # fmt: skip
    assert found.all() == ["auto OldMill: INV-2026-0113 1,000.00", "nothing OldMill (booked already, booked already)"]


def test_an_entry_by_hand_that_links_to_another_document() -> None:
    """A link says what an entry settles as well as a word does."""
    linked = BY_HAND.replace("^RC-001", "^RC-001 ^INV-2026-0112").replace('    settles: "INV-2026-0112"\n', "")
    found = applied(ONE + SETTLED + linked, line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113"))
    assert found.first.decision == "review"


def test_a_stranger_of_the_same_amount_keeps_no_item_from_who_names_it() -> None:
    """Somebody unknown paid as much; then the customer pays, with name and number."""
    found = applied(
        ONE, line("1,000.00", "NGUYEN VAN BINH", "goods", date="2026-05-03"),
        line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113"),
    )  # fmt: skip
    assert [each.decision for each in found.matched.proposals] == ["review", "auto"]


def test_a_line_of_the_customer_that_waits_keeps_its_item() -> None:
    """Two lines of the customer may be for the same item, and the first one waits."""
    ledger = ONE + SETTLED
    found = applied(
        ledger, line("1,000.00", "OLD MILL TEXTILES", "goods", date="2026-05-03"),
        line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0112"),
    )  # fmt: skip
    assert found.matched.proposals[0].decision == "review"
    assert found.first.obstacles[0] == "2 items have this amount: INV-2026-0112, INV-2026-0113"


@pytest.mark.parametrize(
    ("close", "paid", "why"),
    [
        ("2026-05-03 close Expenses:BankFees", "985.00", "Expenses:BankFees is closed since 2026-05-03"),
        ("2026-05-04 close Expenses:BankFees", "985.00", ""),
        ("2026-05-03 close Assets:Bank:Main", "1,000.00", "Assets:Bank:Main is closed since 2026-05-03"),
        ("2026-05-04 close Assets:Bank:Main", "1,000.00", ""),
    ],
)
def test_a_closed_account_keeps_one_line_back_and_not_all(close: str, paid: str, why: str) -> None:
    """Beancount takes entries of the day on which an account closes, and none after it."""
    assert applied(f"{ONE}{close}\n", line(paid, "OLD MILL TEXTILES", "INV-2026-0113")).waits_for == why


def test_a_bank_account_that_is_opened_later() -> None:
    """Lines of days before its opening wait."""
    books = BOOKS.replace("2025-01-01 open Assets:Bank:Main", "2026-05-05 open Assets:Bank:Main")
    found = applied(ONE, line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113"), company=books)
    assert found.waits_for == "Assets:Bank:Main is opened on 2026-05-05"


def test_nothing_named_and_a_little_less() -> None:
    """The one item that a bank charge would explain is what a person is shown; it is not posted."""
    ledger = ONE + invoice("INV-2026-0114", "OldMill", "3,000.00 USD", "2026-03-01")
    found = applied(ledger, line("985.00", "OLD MILL TEXTILES", "goods"))
    assert found.said() == "review OldMill: INV-2026-0113 1,000.00 (bank charge)"
    assert found.waits_for == "the amount agrees with nothing that is open"


# Sums


RENTS = [1130, 2190, 3210, 2250, 1170, 3290, 2310, 3230, 1370, 2150, 3410, 1270]
"""Twelve invoices in whole tens."""


def rented(amounts: list[int]) -> str:
    """An invoice a week, of these amounts."""
    days = [f"2026-0{1 + place // 4}-{1 + place % 4 * 7:02d}" for place in range(len(amounts))]
    return "".join(
        invoice(f"INV-2026-{place:04d}", "OldMill", f"{amount}.00 USD", day)
        for place, (amount, day) in enumerate(zip(amounts, days, strict=True), start=1)
    )


@pytest.mark.parametrize(
    ("paid", "decision"),
    [
        (sum(RENTS[:2]), "auto"),
        (sum(RENTS[:5]), "auto"),
        (sum(RENTS[2:5]), "review"),
    ],
)
def test_what_follows_each_other_in_round_amounts(paid: int, decision: str) -> None:
    """Who pays the oldest ones begins with the first; of the 66 other runs one has nearly any sum in whole tens."""
    found = applied(rented(RENTS), line(f"{paid}.00", "OLD MILL TEXTILES", "rent"))
    assert found.first.decision == decision
    assert ("so many items are open that the sum may be an accident" in found.waits_for) is (decision == "review")


def test_what_follows_each_other_in_odd_amounts() -> None:
    """In cents no run has the sum of another one by accident."""
    ledger = rented(RENTS).replace(".00 USD", ".37 USD")
    found = applied(ledger, line("6,631.11", "OLD MILL TEXTILES", "rent"))
    settled = "INV-2026-0003 3,210.37 + INV-2026-0004 2,250.37 + INV-2026-0005 1,170.37"
    assert found.said() == f"auto OldMill: {settled}"


def test_an_advance_of_the_amount_of_an_invoice() -> None:
    """The amount says one thing, the text another."""
    found = applied(ONE, line("1,000.00", "OLD MILL TEXTILES", "advance against PO 2057"))
    assert found.said() == "review OldMill: INV-2026-0113 1,000.00"
    assert found.waits_for == "the text says that it is paid in advance"


def test_paid_for_somebody_else() -> None:
    """Blue Reef owes as much itself, and says that it does not pay that."""
    ledger = ONE + invoice("INV-2026-0120", "BlueReef", "1,000.00 USD")
    found = applied(ledger, line("1,000.00", "BLUE REEF HOTELS LLC", "on behalf of Old Mill Textiles"))
    assert found.first.decision == "review"
    assert found.waits_for == "the text says that it is paid for somebody else"
    named = applied(ledger, line("1,000.00", "NGUYEN VAN BINH", "INV-2026-0113 on behalf of Old Mill Textiles"))
    assert named.said() == "auto OldMill: INV-2026-0113 1,000.00"


def test_a_difference_that_has_two_reasons() -> None:
    """A credit memo and the customer's tax are the same amount, and nothing is named."""
    company = BOOKS.replace('"Old Mill Textiles Ltd"', '"Old Mill Textiles Ltd"\n  withholding: "5%"')
    memo = """
2026-04-10 * "Old Mill" "Price difference" #credit-memo ^CM-9
  Income:Sales                    50.00 USD
  Assets:Receivable:OldMill      -50.00 USD
"""
    found = applied(ONE + memo, line("950.00", "OLD MILL TEXTILES", "goods"), company=company)
    assert found.first.decision == "review"
    assert found.waits_for == "it may be credit memo or withholding"


def test_an_overpayment_that_is_what_another_invoice_is() -> None:
    """INV-2026-0131 is named, and the amount is exactly that of 0113: a person looks."""
    ledger = ONE + invoice("INV-2026-0131", "OldMill", "70.00 USD", "2026-03-01")
    found = applied(ledger, line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0131"))
    assert found.first.decision == "review"
    assert "930.00 USD" not in found.waits_for
    assert found.waits_for == "it is what is open of INV-2026-0113, which is not named"


def test_an_overpayment_of_what_is_settled_later() -> None:
    """Seven hundred were booked for a later day; the whole invoice is paid before: which one is right is not said."""
    later = """
2026-05-20 * "Old Mill" "By hand" ^RC-001
  Assets:Bank:Main               700.00 USD
  Assets:Receivable:OldMill     -700.00 USD
    settles: "INV-2026-0113"
"""
    found = applied(ONE + later, line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113"))
    assert found.first.decision == "review"
    assert found.waits_for == "INV-2026-0113 is settled by an entry of a later day"


def test_the_beginning_of_one_more_number_is_no_last_digits() -> None:
    """At the end of 35 characters 26 begins a number; it is not the end of 26101726."""
    ledger = "".join(
        invoice(number, "OldMill", f"{amount}.00 USD", f"2026-0{month}-01")
        for number, amount, month in [
            ("26101360", 624, 1), ("26101726", 624, 2), ("26101767", 624, 3), ("26101569", 624, 3),
            ("26101810", 1792, 4),
        ]
    )  # fmt: skip
    found = applied(ledger, line("3,664.00", "OLD MILL TEXTILES", "Ueberweisung 26101360, 26101767, 26"))
    assert found.first.decision == "review"


def test_an_overpayment_beside_the_end_of_another_number() -> None:
    """0114 is the end of another open invoice: what is too much is for that one, though not all of it."""
    ledger = ONE + invoice("INV-2025-0114", "OldMill", "500.00 USD", "2026-03-01")
    found = applied(ledger, line("1,200.00", "OLD MILL TEXTILES", "INV-2026-0113, 0114"))
    assert found.first.decision == "review"
    assert "the text may name INV-2025-0114, too" in found.waits_for
