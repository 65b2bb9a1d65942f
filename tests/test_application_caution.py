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
    assert "the payer is not the customer whose document is named" in found.waits_for


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
