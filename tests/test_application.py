"""Cash application: what a bank line says, what it is applied to, and when a person has to look."""

from __future__ import annotations

from decimal import Decimal

import pytest
from tests.bank_lines import BOOKS, Applied, applied, invoice, line

from receivables_importers.application.proposals import notes
from receivables_importers.application.reading.references import creditor_reference, qr_reference
from receivables_importers.bank import model
from receivables_importers.bank.model import References

ONE = invoice("INV-2026-0113", "OldMill", "1,000.00 USD")
TWO = ONE + invoice("INV-2026-0114", "OldMill", "250.00 USD", "2026-04-02")
OTHER = invoice("INV-2026-0120", "BlueReef", "777.00 USD")
PAYS_ALL = "auto OldMill: INV-2026-0113 1,000.00"


# Numbers in the text


@pytest.mark.parametrize(
    "text",
    [
        "Payment of INV-2026-0113",
        "inv 2026/113",
        "INV20260113",
        "TTINV20260113 thanks",
        "INV.2026.0113",
        "2026-0113",
        "pay invoice 113",
        "hoa don so 113",
        "INV 0113",
        "#113",
        "1NV-2O26-O113",
        "INV-2026-0131",
        "ref INV-2026-0113 dated 04/05/2026 tel 0901234567",
        "发票 INV-2026-0113",
        "فاتورة INV-2026-0113",
    ],
)
def test_a_number_as_payers_write_it(text: str) -> None:
    """Prefix lost, separators changed, zeros dropped, misread or misspelt: the amount confirms it."""
    assert applied(TWO + OTHER, line("1,000.00", "OLD MILL TEXTILES", text)).said() == PAYS_ALL


@pytest.mark.parametrize(
    "text",
    [
        "INV-2026-0113, INV-2026-0114",
        "INV-2026-0113 and 0114",
        "INV-2026-0113/114",
        "INV-2026-0113 to 0114",
        "INV-2026-0113 - INV-2026-0114",
        "INV-2026-0113 INV-2026-0114",
        "INV 2026 0113 0114",
    ],
)
def test_several_numbers(text: str) -> None:
    """Lists and ranges, whose further numbers may be their last digits alone."""
    found = applied(TWO + OTHER, line("1,250.00", "OLD MILL TEXTILES", text))
    assert found.said() == "auto OldMill: INV-2026-0113 1,000.00 + INV-2026-0114 250.00"


def test_a_misread_number_needs_the_amount() -> None:
    """One character that differs and another amount are two doubts."""
    found = applied(TWO, line("990.00", "OLD MILL TEXTILES", "1NV-2O26-O113"))
    assert found.said().startswith("review OldMill")


def test_a_number_cut_off_is_not_another_number() -> None:
    """INV-2026-011 is what the bank left of 0113, not number 11."""
    ledger = ONE + invoice("INV-2026-0011", "OldMill", "40.00 USD")
    found = applied(ledger, line("1,000.00", "OLD MILL TEXTILES", "payment of our invoice INV-2026-011"))
    assert "INV-2026-0011" not in found.said()


def test_a_date_and_a_telephone_number_name_nothing() -> None:
    """Digits that are a date are no invoice of that number."""
    ledger = invoice("INV-2026-0504", "BlueReef", "1,000.00 USD") + ONE
    found = applied(ledger, line("1,000.00", "OLD MILL TEXTILES", "20260504 goods"))
    assert found.first.applied.customer == "OldMill"


def test_an_unknown_number_of_our_kind_makes_it_wait() -> None:
    """The payer names a document that we do not have: the amount alone is not enough."""
    found = applied(TWO, line("1,000.00", "OLD MILL TEXTILES", "INV-2026-9981"))
    assert found.said() == "review OldMill: INV-2026-0113 1,000.00"
    assert found.waits_for == "the text names INV-2026-9981, which the ledger does not know"


def test_a_number_and_the_exact_amount_from_somebody_unknown() -> None:
    """Somebody pays for the customer: number and amount say for what."""
    assert applied(TWO, line("1,000.00", "NGUYEN VAN BINH", "INV-2026-0113")).said() == PAYS_ALL


def test_a_number_and_another_amount_from_somebody_unknown() -> None:
    """Without support for the customer a part payment waits."""
    found = applied(TWO, line("300.00", "NGUYEN VAN BINH", "INV-2026-0113"))
    assert found.said() == "review OldMill: INV-2026-0113 300.00 (part payment)"


def test_a_number_of_one_customer_from_another() -> None:
    """Blue Reef names Old Mill's invoice: a person looks, unless it is known to pay for it."""
    paid = line("1,000.00", "BLUE REEF HOTELS LLC", "INV-2026-0113")
    assert applied(TWO + OTHER, paid).said() == "review OldMill: INV-2026-0113 1,000.00"
    books = BOOKS.replace('"Blue Reef Hotels LLC"', '"Blue Reef Hotels LLC"\n  pays-for: "OldMill"')
    assert applied(TWO + OTHER, paid, company=books).said() == PAYS_ALL


# References, accounts, aliases


def test_creditor_reference() -> None:
    """RF with right check digits carries the number; with wrong ones it says nothing."""
    good = creditor_reference("INV20260113")
    assert applied(TWO, line("1,000.00", reference=good)).said() == PAYS_ALL
    assert applied(TWO, line("1,000.00", text=f"ref {good[:4]} {good[4:8]} {good[8:]}")).said() == PAYS_ALL
    bad = f"RF{(int(good[2:4]) + 1) % 98:02d}INV2026011"
    assert applied(TWO, line("1,000.00", text=bad)).said().startswith("review")


def test_qr_reference() -> None:
    """A QR reference carries the digits of the number."""
    assert applied(TWO, line("1,000.00", reference=qr_reference("20260113"))).said() == PAYS_ALL


def test_payment_reference_of_a_document() -> None:
    """What stands as payment-reference: on the invoice identifies it."""
    ledger = invoice("INV-1", "OldMill", "5.00 USD", payment_reference="RF18539007547034")
    assert applied(ledger, line("5.00", reference="RF18 5390 0754 7034")).said() == "auto OldMill: INV-1 5.00"


def test_virtual_account() -> None:
    """The account that was given out to a customer."""
    books = BOOKS.replace('"Old Mill Textiles Ltd"', '"Old Mill Textiles Ltd"\n  virtual-account: "9704 1234 5678"')
    found = applied(TWO, line("1,000.00", "SOMEBODY", "TT 970412345678"), company=books)
    assert found.said() == PAYS_ALL


@pytest.mark.parametrize("account", ["VN99 0011 0055 5501", "0011 0055 5501"])
def test_known_bank_account(account: str) -> None:
    """The customer's account, as IBAN or as the national number within it."""
    books = BOOKS.replace('"Old Mill Textiles Ltd"', '"Old Mill Textiles Ltd"\n  bank-account: "VN99001100555501"')
    found = applied(TWO, line("1,000.00", "NGUYEN THI HOA", counterparty_account=account), company=books)
    assert found.said() == PAYS_ALL


def test_a_bank_account_that_two_customers_use() -> None:
    """It tells neither."""
    books = BOOKS
    for name in ('"Old Mill Textiles Ltd"', '"Blue Reef Hotels LLC"'):
        books = books.replace(name, f'{name}\n  bank-account: "001100555501"')
    found = applied(TWO + OTHER, line("1,000.00", "AGENT", counterparty_account="001100555501"), company=books)
    assert found.said().startswith("review")


def test_the_account_of_an_earlier_receipt() -> None:
    """A receipt in the ledger says from which account its customer paid; from the next day on that is known."""
    receipt = """
2026-04-20 * "OldMill" "Paid" ^RC-1
  bank-id: "x-1"
  bank-counterparty-account: "001100555501"
  Assets:Bank:Main  250.00 USD
  Assets:Receivable:OldMill  -250.00 USD
    settles: "INV-2026-0114"
"""
    paid = line("1,000.00", "AGENT", counterparty_account="0011 0055 5501")
    assert applied(TWO + receipt, paid).said() == PAYS_ALL
    same_day = applied(TWO + receipt, paid._replace(booked=paid.booked.replace(month=4, day=20)))
    assert same_day.said().startswith("review")


def test_account_and_name_that_disagree() -> None:
    """The account is one customer's, the name another's."""
    books = BOOKS.replace('"Blue Reef Hotels LLC"', '"Blue Reef Hotels LLC"\n  bank-account: "001100555501"')
    found = applied(
        TWO + OTHER, line("1,000.00", "OLD MILL TEXTILES LTD", counterparty_account="001100555501"), company=books
    )
    assert found.said().startswith("review")


def test_alias() -> None:
    """A confirmed alias is the customer, also from a later directive about the customer."""
    books = BOOKS + '2026-01-05 custom "receivables-customer" "OldMill"\n  alias: "NGUYEN THI HOA"\n'
    assert applied(TWO, line("1,000.00", "Nguyễn Thị Hoa"), company=books).said() == PAYS_ALL
    assert applied(TWO, line("1,000.00", "", "NGUYEN THI HOA chuyen tien"), company=books).said() == PAYS_ALL


# Names


@pytest.mark.parametrize(
    ("name", "payer"),
    [
        ("Công ty CP Đầu tư Xây dựng Ánh Dương", "CTCP DT XD ANH DUONG"),
        ("Công ty TNHH Thương mại Dịch vụ Hoa Sen", "CTY TNHH TMDV HOA SEN"),
        ("Công ty TNHH Thương mại Dịch vụ Hoa Sen", "CONG TY TNHH THUONG MAI DICH VU HOA S"),
        ("Harbour Engineering Pte. Ltd.", "HARBOR ENGINEERNG PTE LTD"),
        ("شركة الأمل للتجارة", "شَرِكَةُ الأَمَل لِلتِجارة"),
        ("上海东华电子有限公司", "上海東華電子"),
        ("Müller & Söhne GmbH", "MULLER SOHNE"),
    ],
)
def test_names(name: str, payer: str) -> None:
    """Diacritics, legal forms, abbreviations, truncation and misspelling do not matter; the name does."""
    books = BOOKS.replace("Old Mill Textiles Ltd", name)
    assert applied(ONE, line("1,000.00", payer, "goods"), company=books).said() == PAYS_ALL


def test_a_name_that_is_a_part_of_another() -> None:
    """Global Foods is not Global Foods Partner, whichever of them is a customer."""
    books = BOOKS.replace("Old Mill Textiles Ltd", "Global Foods Ltd")
    assert applied(ONE, line("1,000.00", "GLOBAL FOODS PARTNER LTD"), company=books).said().startswith("review")
    both = books.replace("Blue Reef Hotels LLC", "Global Foods Partner Ltd")
    found = applied(ONE + OTHER, line("777.00", "GLOBAL FOODS PARTNER LTD"), company=both)
    assert found.said() == "auto BlueReef: INV-2026-0120 777.00"


def test_namesakes_cut_off_wait() -> None:
    """The bank left what two names have in common."""
    books = BOOKS.replace("Old Mill Textiles Ltd", "Công ty CP Thương mại Hoàng Long Hà Nội")
    books = books.replace("Blue Reef Hotels LLC", "Công ty CP Thương mại Hoàng Long Sài Gòn")
    found = applied(ONE + OTHER, line("1,000.00", "CTY CP THUONG MAI HOANG LONG"), company=books)
    assert found.said().startswith("review")


def test_short_syllables_are_different_names() -> None:
    """Lam and Lan differ in a letter, and are two names."""
    books = BOOKS.replace("Old Mill Textiles Ltd", "Công ty CP Lam Sơn").replace(
        "Blue Reef Hotels LLC", "Công ty CP Lan Sơn"
    )
    found = applied(ONE + OTHER, line("777.00", "CTCP LAN SON"), company=books)
    assert found.said() == "auto BlueReef: INV-2026-0120 777.00"


def test_only_the_amount() -> None:
    """Who has an item of this amount is offered, never posted."""
    found = applied(TWO + OTHER, line("777.00", "POS 00123", "transfer"))
    assert found.said() == "review BlueReef: INV-2026-0120 777.00"


# Sums without numbers


MONTHS = (
    invoice("INV-1", "OldMill", "100.03 USD", "2026-02-10", terms="net 30")
    + invoice("INV-2", "OldMill", "230.17 USD", "2026-03-05", terms="net 30")
    + invoice("INV-3", "OldMill", "370.41 USD", "2026-03-20", terms="net 30")
    + invoice("INV-4", "OldMill", "910.87 USD", "2026-04-25", terms="net 30")
)


@pytest.mark.parametrize(
    ("amount", "expected", "why"),
    [
        ("230.17", "INV-2 230.17", "it is what is open of"),
        ("1,611.48", "INV-1 100.03 + INV-2 230.17 + INV-3 370.41 + INV-4 910.87", "it is all that is open"),
        ("700.61", "INV-1 100.03 + INV-2 230.17 + INV-3 370.41", "it is all that is due"),
        ("600.58", "INV-2 230.17 + INV-3 370.41", "it is what is open of one month"),
        ("330.20", "INV-1 100.03 + INV-2 230.17", "it is the sum of consecutive items"),
        ("1,141.04", "INV-2 230.17 + INV-4 910.87", "no other set of the open items has this sum"),
    ],
)
def test_sums(amount: str, expected: str, why: str) -> None:
    """What a person would explain, and a bare sum when it is the only one."""
    found = applied(MONTHS, line(amount, "OLD MILL TEXTILES", "transfer"))
    assert found.said() == f"auto OldMill: {expected}"
    assert why in found.evidence


def test_two_sets_with_one_sum_wait() -> None:
    """100 + 400 and 200 + 300."""
    ledger = "".join(invoice(f"INV-{n}", "OldMill", f"{n}00.00 USD", f"2026-0{n % 4 + 1}-0{n}") for n in (1, 2, 3, 4))
    assert applied(ledger, line("500.00", "OLD MILL TEXTILES")).said().startswith("review")


def test_round_amounts_make_sums_that_are_no_evidence() -> None:
    """Of four amounts in tens too many sums come about by accident."""
    ledger = "".join(
        invoice(f"INV-{n}", "OldMill", f"{amount}.00 USD", f"2026-0{n}-05")
        for n, amount in enumerate((100, 230, 370, 910), start=1)
    )
    found = applied(ledger, line("1,140.00", "OLD MILL TEXTILES"))
    assert found.said() == "review OldMill: INV-2 230.00 + INV-4 910.00"
    assert found.waits_for == "so many items are open that the sum may be an accident"


def test_sums_have_no_tolerance() -> None:
    """A cent less than a sum is no sum."""
    assert applied(MONTHS, line("1,141.03", "OLD MILL TEXTILES")).said().startswith("review")


def test_equal_amounts() -> None:
    """Three fees alike: the month tells, else a person, or the policy."""
    fees = "".join(invoice(f"INV-{n}", "OldMill", "80.00 USD", f"2026-0{n}-01") for n in (1, 2, 3))
    assert applied(fees, line("80.00", "OLD MILL TEXTILES", "maintenance")).said() == "review OldMill: INV-1 80.00"
    told = applied(fees, line("80.00", "OLD MILL TEXTILES", "phí bảo trì tháng 2/2026"))
    assert told.said() == "auto OldMill: INV-2 80.00"
    oldest = BOOKS + '  equal-amounts: "oldest"\n'
    assert applied(fees, line("80.00", "OLD MILL TEXTILES"), company=oldest).said() == "auto OldMill: INV-1 80.00"


def test_an_amount_of_two_affiliates() -> None:
    """A payer pays for an affiliate, and both owe this amount."""
    books = BOOKS.replace('"Old Mill Textiles Ltd"', '"Old Mill Textiles Ltd"\n  pays-for: "BlueReef"')
    ledger = ONE + invoice("INV-9", "BlueReef", "1,000.00 USD")
    found = applied(ledger, line("1,000.00", "OLD MILL TEXTILES LTD"), company=books)
    assert found.said() == "review OldMill: INV-2026-0113 1,000.00"
    assert found.waits_for == "the amount agrees with BlueReef as well"


# Differences


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        ("970.00", "auto OldMill: INV-2026-0113 1,000.00 (bank charge)"),
        ("969.99", "review OldMill: INV-2026-0113 969.99 (part payment)"),
        ("999.95", "auto OldMill: INV-2026-0113 1,000.00 (rounding)"),
        ("999.94", "auto OldMill: INV-2026-0113 1,000.00 (bank charge)"),
        ("1,000.05", "auto OldMill: INV-2026-0113 1,000.00 (rounding)"),
        ("1,000.06", "auto OldMill: INV-2026-0113 1,000.00 + 0.06 on account (overpayment)"),
        ("500.00", "auto OldMill: INV-2026-0113 500.00 (part payment)"),
    ],
)
def test_tolerances(amount: str, expected: str) -> None:
    """30 dollars are a charge, five cents are rounding; a cent more is something else."""
    assert applied(ONE, line(amount, "OLD MILL TEXTILES", "INV-2026-0113")).said() == expected


def test_charges_that_the_bank_states() -> None:
    """Whatever their size, they are known: no tolerance is needed."""
    stated = line("940.00", "OLD MILL TEXTILES", "INV-2026-0113", charges=Decimal("60.00"))
    assert applied(ONE, stated).said() == "auto OldMill: INV-2026-0113 1,000.00 (bank charge)"
    ordered = line("940.00", "OLD MILL TEXTILES", "goods", original_amount=Decimal("1000.00"), original_currency="USD")
    assert applied(ONE, ordered).said() == "auto OldMill: INV-2026-0113 1,000.00 (bank charge)"


def test_a_deduction_is_no_charge() -> None:
    """The payer says that something was left out on purpose."""
    found = applied(ONE, line("975.00", "OLD MILL TEXTILES", "INV-2026-0113 less damage"))
    assert found.said() == "auto OldMill: INV-2026-0113 975.00 (part payment)"


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2026-05-01", "auto OldMill: INV-7 2,000.00 (discount)"),
        ("2026-05-02", "review OldMill: INV-7 2,000.00 (discount)"),
    ],
)
def test_discount(date: str, expected: str) -> None:
    """2 % within ten days; a day later a person decides."""
    ledger = invoice("INV-7", "OldMill", "2,000.00 USD", "2026-04-21", terms="2/10 net 30")
    assert applied(ledger, line("1,960.00", "OLD MILL TEXTILES", "INV-7", date=date)).said() == expected


def test_discount_without_a_number() -> None:
    """The sum less its discount explains the amount."""
    ledger = invoice("INV-7", "OldMill", "2,000.00 USD", "2026-04-25", terms="2/10 net 30")
    found = applied(ledger, line("1,960.00", "OLD MILL TEXTILES", "goods"))
    assert found.said() == "auto OldMill: INV-7 2,000.00 (discount)"


def test_discount_grace() -> None:
    """The policy grants two more days."""
    ledger = invoice("INV-7", "OldMill", "2,000.00 USD", "2026-04-21", terms="2/10 net 30")
    books = BOOKS + "  discount-grace: 2\n"
    late = line("1,960.00", "OLD MILL TEXTILES", "INV-7", date="2026-05-03")
    assert applied(ledger, late, company=books).said() == "auto OldMill: INV-7 2,000.00 (discount)"
    later = line("1,960.00", "OLD MILL TEXTILES", "INV-7", date="2026-05-04")
    assert applied(ledger, later, company=books).said().startswith("review")


@pytest.mark.parametrize(
    ("rate", "amount"), [("5%", "1,045.00"), ("5%", "1,050.00"), ("5% of net", "1,050.00"), ("5% of gross", "1,045.00")]
)
def test_withholding(rate: str, amount: str) -> None:
    """Tax at the customer's rate, of the amount with or without VAT."""
    ledger = """
2026-04-01 * "Old Mill" "Services" ^INV-8
  Assets:Receivable:OldMill  1,100.00 USD
  Income:Sales  -1,000.00 USD
  Liabilities:VAT  -100.00 USD
"""
    books = BOOKS.replace('"Old Mill Textiles Ltd"', f'"Old Mill Textiles Ltd"\n  withholding: "{rate}"')
    found = applied(ledger, line(amount, "OLD MILL TEXTILES", "INV-8"), company=books)
    assert found.said() == "auto OldMill: INV-8 1,100.00 (withholding)"


def test_withholding_and_a_charge() -> None:
    """Two differences at once."""
    books = BOOKS.replace('"Old Mill Textiles Ltd"', '"Old Mill Textiles Ltd"\n  withholding: "5% of gross"')
    found = applied(ONE, line("935.00", "OLD MILL TEXTILES", "INV-2026-0113"), company=books)
    assert found.said() == "auto OldMill: INV-2026-0113 1,000.00 (withholding, bank charge)"


def test_credit_memo_netted() -> None:
    """The payer takes off a credit memo, named or not."""
    memo = """
2026-04-10 * "Old Mill" "Price" #credit-memo ^CM-4
  Income:Sales  120.00 USD
  Assets:Receivable:OldMill  -120.00 USD
"""
    expected = "auto OldMill: INV-2026-0113 1,000.00 + CM-4 -120.00 (credit memo)"
    for text in ("INV-2026-0113 less CM-4", "INV-2026-0113", "balance"):
        assert applied(ONE + memo, line("880.00", "OLD MILL TEXTILES", text)).said() == expected


def test_disputed_part_left_out() -> None:
    """Paid is what is not disputed; that stays open."""
    note = """
2026-04-12 note Assets:Receivable:OldMill "Late" #dispute ^INV-2026-0113
  amount: 200.00 USD
"""
    found = applied(ONE + note, line("800.00", "OLD MILL TEXTILES", "INV-2026-0113"))
    assert found.said() == "auto OldMill: INV-2026-0113 800.00 (disputed)"


def test_overpayment_that_may_be_for_another_item() -> None:
    """What is too much could be a part of it: the text may not name all."""
    found = applied(TWO, line("1,300.00", "OLD MILL TEXTILES", "INV-2026-0113"))
    assert found.said() == "review OldMill: INV-2026-0113 1,000.00 + 300.00 on account (overpayment)"


def test_a_text_cut_off_is_completed() -> None:
    """The rest is the only set with that sum."""
    ledger = TWO + invoice("INV-2026-0119", "OldMill", "61.00 USD")
    found = applied(ledger, line("1,061.00", "OLD MILL TEXTILES", "THANH TOAN INV-2026-0113, INV-202"))
    assert found.said() == "auto OldMill: INV-2026-0113 1,000.00 + INV-2026-0119 61.00"


def test_duplicate() -> None:
    """The same invoice a second time stays on account, and a person looks."""
    paid = line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113")
    found = applied(TWO, paid, paid._replace(id="again", booked=paid.booked.replace(day=6)))
    assert found.all() == [PAYS_ALL, "review OldMill: 1,000.00 on account (duplicate)"]


def test_prepayment() -> None:
    """Nothing is open: a person says whether it is an advance; the policy may leave that to us."""
    paid = line("500.00", "OLD MILL TEXTILES LTD", "advance")
    settled = ONE.replace("1,000.00 USD", "1.00 USD")
    assert applied(settled, paid).said() == "review OldMill: 500.00 on account (prepayment)"
    books = BOOKS + '  differences: "-duplicate"\n'
    assert applied(settled, paid, company=books).said() == "auto OldMill: 500.00 on account (prepayment)"


def test_instalments() -> None:
    """The instalment that is due, or the one with this amount."""
    ledger = invoice("INV-5", "OldMill", "1,000.00 USD", "2026-04-01", terms="95% net 30, 5% retention 12 months")
    found = applied(ledger, line("950.00", "OLD MILL TEXTILES", "INV-5"))
    assert found.said() == "auto OldMill: INV-5/1 950.00"
    assert applied(ledger, line("50.00", "OLD MILL TEXTILES", "INV-5")).said() == "auto OldMill: INV-5/2 50.00"
    both = "auto OldMill: INV-5/1 950.00 + INV-5/2 50.00"
    assert applied(ledger, line("1,000.00", "OLD MILL TEXTILES", "INV-5")).said() == both


def test_documents_of_several_customers_together() -> None:
    """A payer settles his own invoice and an affiliate's with one payment."""
    books = BOOKS.replace('"Old Mill Textiles Ltd"', '"Old Mill Textiles Ltd"\n  pays-for: "BlueReef"')
    paid = line("1,777.00", "OLD MILL TEXTILES LTD", "INV-2026-0113, INV-2026-0120")
    expected = "OldMill: INV-2026-0113 1,000.00 + INV-2026-0120 777.00"
    assert applied(ONE + OTHER, paid, company=books).said() == f"auto {expected}"
    assert applied(ONE + OTHER, paid).said() == f"review {expected}"


# No receipts, and what came back


@pytest.mark.parametrize(
    ("paid", "nature"),
    [
        (line("-5.00", "", "Account fee", type=model.FEE), "fee"),
        (line("-5.00", "", "PHI QUAN LY TAI KHOAN", type=model.OTHER), "fee"),
        (line("3.10", "", "TRA LAI TIEN GUI", type=model.OTHER), "interest"),
        (line("3.10", "", "", type=model.INTEREST), "interest"),
        (line("500.00", "X", "sweep", counterparty_account="GB94 BARC 1020 1530 0934 59"), "own transfer"),
        (line("-900.00", "", "CHI LUONG T4", type=model.OTHER), "salary"),
        (line("-900.00", "STEEL SUPPLY", "INV 88"), "outgoing"),
        (line("900.00", "STEEL SUPPLY", "returned", type=model.RETURN), "returned payment"),
        (line("9,000.00", "BANK", "loan disbursement"), "other income"),
    ],
)
def test_what_is_no_receipt(paid: model.BankLine, nature: str) -> None:
    """By the bank's type, by our own accounts, and by words where nobody is known."""
    assert applied(TWO, paid).said() == f"nothing ({nature})"


def test_words_do_not_hide_a_customer() -> None:
    """A maintenance fee is no bank fee, and a customer may write "interest"."""
    assert applied(ONE, line("1,000.00", "OLD MILL TEXTILES", "phi bao tri")).said() == PAYS_ALL
    found = applied(ONE, line("1,000.00", "OLD MILL TEXTILES", "interest"))
    assert found.said() == "review OldMill: INV-2026-0113 1,000.00"


RECEIPT = """
2026-04-28 * "Old Mill" "Cheque 17" ^RC-9
  bank-end-to-end: "E2E-778899"
  bank-id: "b-9"
  Assets:Bank:Main  1,000.00 USD
  Assets:Receivable:OldMill  -1,000.00 USD
    settles: "INV-2026-0113"
"""


@pytest.mark.parametrize(
    "back",
    [
        line("-1,000.00", "OLD MILL TEXTILES", "returned unpaid", type=model.RETURN),
        line("-1,000.00", "", "RETURN INV-2026-0113"),
        line("-1,000.00", "", "", type=model.RETURN, references=References(end_to_end="E2E-778899")),
    ],
)
def test_bounced(back: model.BankLine) -> None:
    """The receipt that came back is known by payer, document or reference."""
    found = applied(TWO + RECEIPT, back)
    assert found.said() == "auto OldMill (bounced, bounced)"
    assert found.first.reversal is not None
    assert found.first.reversal.booked is not None
    assert found.first.reversal.booked.number == "RC-9"


def test_bounced_with_the_amount_alone() -> None:
    """Only the amount agrees: a person looks."""
    found = applied(TWO + RECEIPT, line("-1,000.00", "", "returned", type=model.RETURN))
    assert found.waits_for == "only the amount agrees"


def test_bounced_within_the_file_opens_the_item_again() -> None:
    """Paid, returned, paid again: the second payment finds the invoice open."""
    paid = line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113")
    back = line("-1,000.00", "OLD MILL TEXTILES", "returned", type=model.RETURN, date="2026-05-06")
    again = line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113", date="2026-05-08")
    assert applied(ONE, paid, back, again).all() == [PAYS_ALL, "auto OldMill (bounced, bounced)", PAYS_ALL]


# What the ledger has


def test_lines_that_are_booked_are_left_out() -> None:
    """By their ids, whatever else was changed, also several in one entry."""
    ledger = (
        ONE
        + """
2026-05-04 * "Somebody" "Changed by hand"
  bank-id: "a b"
  Assets:Bank:Main  70.00 USD
  Liabilities:UnidentifiedReceipts
"""
    )
    found = applied(ledger, line("70.00", id="a"), line("5.00", id="b"), line("6.00", id="c"))
    assert [each.line.id for each in found.matched.proposals] == ["c"]
    assert [each.id for each in found.matched.known] == ["a", "b"]


def test_a_receipt_that_was_booked_by_hand() -> None:
    """An entry without a bank line, of the same account, amount and customer: there is nothing to apply."""
    by_hand = RECEIPT.replace('  bank-end-to-end: "E2E-778899"\n  bank-id: "b-9"\n', "")
    paid = line("1,000.00", "OLD MILL TEXTILES", date="2026-04-30")
    found = applied(TWO + by_hand, paid, paid._replace(id="second"))
    assert found.said() == "nothing OldMill (booked already, booked already)"
    assert found.matched.proposals[1].decision == "review"


def test_a_receipt_of_a_later_day_keeps_its_invoice() -> None:
    """What the ledger settles after the day of the line is not offered."""
    later = RECEIPT.replace("2026-04-28", "2026-05-20")
    found = applied(TWO + later, line("1,000.00", "OLD MILL TEXTILES", "goods"))
    assert "INV-2026-0113" not in found.said()


def test_an_invoice_of_a_later_day_is_not_open() -> None:
    """As of the line's day it does not exist."""
    later = invoice("INV-77", "OldMill", "60.00 USD", "2026-05-05")
    assert applied(ONE + later, line("60.00", "OLD MILL TEXTILES")).said().startswith("review")
    assert (
        applied(ONE + later, line("60.00", "OLD MILL TEXTILES", date="2026-05-05")).said()
        == "auto OldMill: INV-77 60.00"
    )


def test_another_currency_settles_nothing() -> None:
    """An item in dollars is not open for euros."""
    found = applied(TWO, line("1,000.00 EUR", "OLD MILL TEXTILES LTD", "INV-2026-0113"))
    assert found.first.decision == "review"
    assert found.first.applied.allocations == ()


def test_a_bank_account_that_nobody_knows() -> None:
    """It is not guessed among several."""
    found = applied(TWO, line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113", account="DE75512108001245126199"))
    assert found.waits_for == (
        "no bank account of the ledger is known as DE75512108001245126199:"
        ' add bank-account: "DE75512108001245126199" below its open directive'
    )


def test_why_all_lines_wait_is_said_below_them() -> None:
    """In a table on a terminal the column with the reason is cut off."""
    account = "DE75512108001245126199"
    lines = [line("1,000.00", "OLD MILL", "a", account=account, id=each) for each in ("1", "2")]
    found = applied(ONE, *lines)
    assert notes(found.matched) == ("Bank lines: 2 for a person.", found.first.obstacles[-1])
    assert found.first.obstacles[-1].startswith(f"no bank account of the ledger is known as {account}")
    assert notes(applied(ONE, line("1,000.00", "SOMEBODY")).matched) == ("Bank lines: 1 for a person.",)


# The policy


@pytest.mark.parametrize(
    ("key", "paid"),
    [
        ('payers: "-name"', line("1,000.00", "OLD MILL TEXTILES", "goods")),
        ('sums: "-item"', line("1,000.00", "OLD MILL TEXTILES", "goods")),
        ('sums: "none"', line("1,000.00", "OLD MILL TEXTILES", "goods")),
        ('differences: "none"', line("500.00", "OLD MILL TEXTILES", "INV-2026-0113")),
        ('largest: "999.99 USD"', line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113")),
        ('bank-charge: "29.99 USD"', line("970.00", "OLD MILL TEXTILES", "INV-2026-0113")),
        ('rounding: "0.01 USD"', line("999.98", "OLD MILL TEXTILES", "INV-2026-0113 less cents")),
    ],
)
def test_what_the_policy_leaves_to_a_person(key: str, paid: model.BankLine) -> None:
    """Each key makes a line wait that would be posted by default."""
    assert (
        applied(ONE, paid, company=f"{BOOKS}  {key}\n").first.decision == "review"
        or "part payment" in applied(ONE, paid, company=f"{BOOKS}  {key}\n").said()
    )
    assert applied(ONE, paid).first.decision == "auto"


def test_a_difference_without_an_account_waits() -> None:
    """Nothing is posted to an account that nobody named."""
    books = BOOKS[: BOOKS.index('2025-01-01 custom "receivables-policy"')]
    found = applied(ONE, line("970.00", "OLD MILL TEXTILES", "INV-2026-0113"), company=books)
    assert found.waits_for == "bank charge: the policy application names no account (charge-account:)"


def test_short_forms_and_words_to_ignore() -> None:
    """A company's own abbreviations."""
    books = BOOKS.replace("Old Mill Textiles Ltd", "Vạn Phúc Nhà Máy Giấy")
    paid = line("1,000.00", "NMG VAN PHUC KHACH VIP")
    assert applied(ONE, paid, company=books).said().startswith("review")
    taught = f'{books}  short-forms: "NMG = nha may giay"\n  ignore-words: "khach vip"\n'
    assert applied(ONE, paid, company=taught).said() == PAYS_ALL


# Order


def test_lines_use_up_what_earlier_ones_pay() -> None:
    """Two payments of one amount take two items, the third finds none."""
    ledger = invoice("INV-1", "OldMill", "80.00 USD") + invoice("INV-2", "OldMill", "80.00 USD", "2026-04-02")
    paid = [line("80.00", "OLD MILL TEXTILES", f"INV-{n}", id=f"l{n}") for n in (1, 2)]
    found = applied(ledger, *paid, line("80.00", "OLD MILL TEXTILES", "again", date="2026-05-09"))
    assert found.all()[:2] == ["auto OldMill: INV-1 80.00", "auto OldMill: INV-2 80.00"]
    assert found.all()[2].startswith("review OldMill: 80.00 on account")


def test_an_item_that_another_line_names_is_left_to_it() -> None:
    """An unnamed payment of the same amount does not take what a later one names."""
    unnamed = line("1,000.00", "OLD MILL TEXTILES", "transfer")
    named = line("1,000.00", "OLD MILL TEXTILES", "INV-2026-0113", date="2026-05-07")
    assert applied(TWO, unnamed, named).all()[1] in (PAYS_ALL, "review OldMill: INV-2026-0113 1,000.00")
    assert applied(TWO, unnamed, named).all()[0].startswith("review")


def test_the_order_of_lines_within_the_call_does_not_matter() -> None:
    """They are taken by their days."""
    first, second = (
        line("1,000.00", "OLD MILL", "INV-2026-0113"),
        line("250.00", "OLD MILL", "goods", date="2026-05-09"),
    )
    one, other = applied(TWO, first, second), applied(TWO, second, first)
    assert one.all() == other.all()
    assert isinstance(one, Applied)
