"""Every problem of the catalogue, provoked by a small ledger: its severity, its line, its mend."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import pytest
from beancount import loader
from click.testing import CliRunner
from tests.ledgers import COMPANY, Told, unindented

from bean_ar.main import main
from receivables.booking.settling import Settling
from receivables.loading import load_book
from receivables.problems import CATALOGUE, ERROR, WARNING, located, problem

INVOICE = """
2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1
  Assets:Receivable:HanoiTower     100.00 USD
  Income:Sales
"""
SECOND = """
2026-03-31 * "Hanoi Tower" "Lift 8" ^INV-2
  Assets:Receivable:HanoiTower     100.00 USD
  Income:Sales
"""
RECEIPT = """
2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
  Assets:Bank                      100.00 USD
  Assets:Receivable:HanoiTower
"""
SISTERS = """
2026-01-01 open Assets:Bank:VN
  entity: "VN"
2026-01-01 open Assets:Receivable:KH:Reef
  entity: "KH"
2026-01-01 open Liabilities:Intercompany:VN:KH
  entity: "VN"
  with: "KH"
2026-01-01 open Assets:Intercompany:KH:VN
  entity: "KH"
  with: "VN"
"""


RECEIPT_BOOK = """
2026-01-05 custom "receivables-receipt-book" "A017"
  numbers: "A017-001 to A017-050"
  void: "A017-001"
  reason: "torn"
"""


class Case(NamedTuple):
    """How a problem comes about.

    Attributes:
      code: The problem.
      ledger: The ledger; the line to point at has the comment HERE.
      says: Parts of the message, what is wrong and the mend.
    """

    code: str
    ledger: str
    says: tuple[str, ...]


CASES = (
    # Settings
    Case(
        "unknown-setting",
        '2026-01-01 custom "receivables-acounts" "customers" Assets:Receivable  ; HERE',
        ('"receivables-acounts"', "use one of: receivables-accounts, ", 'the nearest is "receivables-accounts"'),
    ),
    Case(
        "setting-without-name",
        '2026-01-01 custom "receivables-policy"  ; HERE',
        ("says too little", 'write it as: custom "receivables-policy" "aging"'),
    ),
    Case(
        "setting-without-name",
        '2026-01-01 custom "receivables-rate" "ECB-MRO" "2.15"  ; HERE',
        ('write it as: custom "receivables-rate" "ECB-MRO" 2.15',),
    ),
    Case(
        "unknown-role",
        '2026-01-01 custom "receivables-accounts" "custommers" Assets:Receivable  ; HERE',
        ('no role "custommers"', "use one of: customers, bank, in-hand, bad-debt, suspense", 'nearest is "customers"'),
    ),
    Case(
        "role-below-role",
        '2026-01-01 custom "receivables-accounts" "in-hand" Assets:Receivable:Cash  ; HERE',
        ('the role "in-hand" of Assets:Receivable:Cash does not count', 'Assets:Receivable with the role "customers"'),
    ),
    Case(
        "role-without-account",
        '2026-01-01 custom "receivables-accounts" "bank"  ; HERE',
        ('"bank" names no account', 'for example custom "receivables-accounts"'),
    ),
    Case(
        "unknown-policy",
        '2026-01-01 custom "receivables-policy" "ageing"  ; HERE',
        ('no policy "ageing"', 'the nearest is "aging"'),
    ),
    Case(
        "unknown-policy-key",
        '2026-01-01 custom "receivables-policy" "aging"  ; HERE\n  bucket: "30, 60"',
        ('has no key "bucket"', "use one of: buckets, basis", 'nearest is "buckets"'),
    ),
    Case(
        "bad-policy-value",
        '2026-01-01 custom "receivables-policy" "aging"  ; HERE\n  buckets: "60, 30"',
        ("cannot read buckets: '60, 30'", 'write "30, 60, 90"'),
    ),
    Case(
        "bad-policy-value",
        '2026-01-01 custom "receivables-policy" "settlement" "oldest"  ; HERE',
        ("cannot read method: 'oldest'", 'write "none" or "oldest-due"'),
    ),
    Case(
        "policy-without-names",
        '2026-01-01 custom "receivables-policy" "aging" "30, 60"  ; HERE',
        ('does not take the word "30, 60"', "leave it out"),
    ),
    Case(
        "policy-says-nothing",
        '2026-01-01 custom "receivables-policy" "settlement"  ; HERE',
        ('the policy "settlement" says nothing', 'write its method: "none" or "oldest-due"'),
    ),
    Case(
        "policy-twice",
        """
        2026-01-01 custom "receivables-policy" "aging"
          basis: "due"
        2026-01-01 custom "receivables-policy" "aging"  ; HERE
          basis: "date"
        """,
        ("set twice on 2026-01-01", "keep one of them; the other is at <string>:"),
    ),
    Case(
        "no-such-policy",
        """
        2025-01-01 open Assets:Receivable:Builder  ; HERE
          penalty: "standart"
        2026-01-01 custom "receivables-policy" "penalty" "standard"
          rate: "0.05% per day"
        """,
        ('penalty policy "standart"', "use one of: standard, none"),
    ),
    Case(
        "policy-contradicts-itself",
        '2026-01-01 custom "receivables-policy" "penalty"  ; HERE\n  rate: "10%"\n  reference: "start"',
        ("the policy penalty contradicts itself", "reference: needs a published rate"),
    ),
    Case(
        "bad-rate",
        '2026-01-01 custom "receivables-rate" "ECB-MRO" 2.15  ; HERE\n  verified: "perhaps"',
        ("verified: of the rate ECB-MRO", "write TRUE or FALSE"),
    ),
    Case(
        "rate-twice",
        '2026-01-01 custom "receivables-rate" "ECB-MRO" 2.15\n'
        '2026-01-01 custom "receivables-rate" "ECB-MRO" 2.5  ; HERE',
        ("the rate ECB-MRO of 2026-01-01 is set twice", "keep the right one"),
    ),
    Case(
        "contract-twice",
        """
        2025-01-01 custom "receivables-contract" "HD-1" Assets:Receivable:HanoiTower
        2026-01-01 custom "receivables-contract" "HD-1" Assets:Receivable:OldMill  ; HERE
        """,
        ("the contract HD-1 is set twice", "the other is at <string>:"),
    ),
    Case(
        "unknown-contract",
        """
        2025-01-01 custom "receivables-contract" "HD-2026-1" Assets:Receivable:HanoiTower
          terms: "net 30"
        2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1  ; HERE
          contract: "HD-2026-7"
          Assets:Receivable:HanoiTower     100 USD
          Income:Sales
        """,
        ('contract: "HD-2026-7"', 'the nearest is "HD-2026-1"'),
    ),
    Case(
        "customer-ignored",
        """
        2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1  ; HERE
          customer: "OldMill"
          Assets:Receivable:HanoiTower     100 USD
          Income:Sales
        """,
        ('customer: "OldMill" counts for nothing', "the account of HanoiTower", "leave it out"),
    ),
    # Words on entries
    Case(
        "bad-date",
        """
        2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1  ; HERE
          due: "end of April"
          Assets:Receivable:HanoiTower     100 USD
          Income:Sales
        """,
        ("due: 'end of April' is not a date", "write it as due: 2026-03-31"),
    ),
    Case(
        "bad-date",
        """
        2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1
          Assets:Receivable:HanoiTower     100 USD  ; HERE
            dated: 20260331
          Income:Sales
        """,
        ("dated: '20260331' is not a date",),
    ),
    Case(
        "bad-text",
        INVOICE
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                      100 USD
          Assets:Receivable:HanoiTower  ; HERE
            settles: 2026-03-31
        """,
        ("is not a text", 'write it in quotes, as settles: "2026-03-31"'),
    ),
    Case(
        "bad-terms",
        """
        2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1  ; HERE
          terms: "30 EOM"
          Assets:Receivable:HanoiTower     100 USD
          Income:Sales
        """,
        ("payment terms '30 EOM'", "EOM + 30 days", "due on its date"),
    ),
    Case(
        "bad-terms",
        '2025-01-01 open Assets:Receivable:Builder  ; HERE\n  terms: "soon"',
        ("payment terms 'soon'", "Valid forms are"),
    ),
    Case(
        "bad-terms",
        '2025-01-01 custom "receivables-customer" "Builder"  ; HERE\n  terms: "soon"',
        ("payment terms 'soon'",),
    ),
    Case(
        "bad-terms",
        '2025-01-01 custom "receivables-contract" "HD-1"  ; HERE\n  terms: "soon"',
        ("payment terms 'soon'",),
    ),
    Case(
        "bad-terms",
        """
        2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1  ; HERE
          terms: "500 EUR in 10 days, rest in 60 days"
          Assets:Receivable:HanoiTower     100 USD
          Income:Sales
        """,
        ("an amount in EUR, but the document is in USD",),
    ),
    Case(
        "bad-terms",
        """
        9999-12-31 * "Hanoi Tower" "The last lift" ^INV-1  ; HERE
          terms: "net 1"
          Assets:Receivable:HanoiTower     100 USD
          Income:Sales
        """,
        ("after the year 9999",),
    ),
    Case(
        "unknown-kind",
        """
        2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1
          Assets:Receivable:HanoiTower     100 USD  ; HERE
            kind: "retentoin"
          Income:Sales
        """,
        ('kind: "retentoin"', 'write kind: "retention" or leave it out'),
    ),
    Case(
        "several-kinds",
        INVOICE.replace("^INV-1", "#invoice #debit-note ^INV-1  ; HERE"),
        ("#invoice #debit-note", "keep the one that is right"),
    ),
    Case(
        "no-customer",
        """
        2025-01-01 open Assets:Receivable
        2026-03-31 * "Whose?"
          Assets:Receivable     100 USD  ; HERE
          Income:Sales
        """,
        ("100 USD on the control account Assets:Receivable", 'add customer: "C-..."'),
    ),
    Case(
        "negative-invoice",
        """
        2026-03-31 * "Hanoi Tower" "Minus" #invoice ^INV-1
          Assets:Receivable:HanoiTower    -100 USD  ; HERE
          Income:Sales
        """,
        ("a negative invoice of -100 USD", "tag it #credit-memo"),
    ),
    Case(
        "wrong-side",
        """
        2026-03-31 * "Hanoi Tower" "Plus" #receipt ^RC-1
          Assets:Receivable:HanoiTower     100 USD  ; HERE
          Assets:Bank
        """,
        ("#receipt stands on a debit of 100 USD", "the tag: #refund or #reversal"),
    ),
    Case(
        "wrong-side",
        """
        2026-03-31 * "Hanoi Tower" "Minus" #refund ^RF-1
          Assets:Receivable:HanoiTower    -100 USD  ; HERE
          Assets:Bank
        """,
        ("#refund stands on a credit of -100 USD", "the tag: #receipt"),
    ),
    Case(
        "several-links",
        INVOICE.replace("^INV-1", "^B-7 ^A-7  ; HERE"),
        ("A-7, B-7", "A-7 is taken", 'add number: "..."'),
    ),
    Case(
        "number-twice",
        """
        2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1
          Assets:Receivable:HanoiTower     100 USD
          Income:Sales
        2026-04-30 * "Hanoi Tower" "Lift 8" ^INV-1
          Assets:Receivable:HanoiTower     100 USD  ; HERE
          Income:Sales
        """,
        ("INV-1 is used twice for HanoiTower", "the other is at <string>:"),
    ),
    Case(
        "number-of-two-customers",
        """
        2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1
          Assets:Receivable:HanoiTower     100 USD
          Income:Sales
        2026-04-30 * "Old Mill" "Lift 8" ^INV-1
          Assets:Receivable:OldMill        100 USD  ; HERE
          Income:Sales
        """,
        ("INV-1 is also a document of HanoiTower", "the other is at <string>:"),
    ),
    # Settlement
    Case(
        "unknown-document",
        INVOICE.replace("INV-1", "INV-2026-0113")
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                      100 USD
          Assets:Receivable:HanoiTower  ; HERE
            settles: "INV-2026-0131"
        """,
        ("names no document of HanoiTower", "(the nearest is INV-2026-0113)", "100.00 USD stays on account"),
    ),
    Case(
        "unknown-document",
        INVOICE
        + """
        2026-05-04 * "Hanoi Tower" "Bounced" #reversal ^RC-7
          Assets:Receivable:HanoiTower     100 USD  ; HERE
          Assets:Bank
        """,
        ('"RC-7" names no document of HanoiTower',),
    ),
    Case(
        "no-such-instalment",
        INVOICE
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                      100 USD
          Assets:Receivable:HanoiTower  ; HERE
            settles: "INV-1/3"
        """,
        ('"INV-1/3" names an instalment', "it has 1", "correct the number behind the slash"),
    ),
    Case(
        "other-customer",
        INVOICE
        + """
        2026-05-04 * "Old Mill" "Transfer" ^RC-1
          Assets:Bank                      100 USD
          Assets:Receivable:OldMill  ; HERE
            settles: "INV-1"
        """,
        ('"INV-1" is a document of HanoiTower, not of OldMill', "#apply entry"),
    ),
    Case(
        "other-currency",
        INVOICE
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                2,500,000 VND
          Assets:Receivable:HanoiTower  ; HERE
            settles: "INV-1"
        """,
        ('"INV-1" is in USD, this posting in VND', "2,500,000 VND stays on account"),
    ),
    Case(
        "other-account",
        """
        2025-01-01 open Assets:Receivable:KH:Tower
          customer: "HanoiTower"
        """
        + INVOICE
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                      100 USD
          Assets:Receivable:KH:Tower  ; HERE
            settles: "INV-1"
        """,
        ("is on Assets:Receivable:HanoiTower, this posting on Assets:Receivable:KH:Tower", "#apply entry"),
    ),
    Case(
        "same-side",
        INVOICE
        + """
        2026-04-30 * "Hanoi Tower" "Lift 8" ^INV-2
          Assets:Receivable:HanoiTower     100 USD  ; HERE
            settles: "INV-1"
          Income:Sales
        """,
        ('"INV-1"', "invoice", "same side", "name a document of the opposite side"),
    ),
    Case(
        "more-than-open",
        INVOICE
        + """
        2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
          Assets:Bank                      120 USD
          Assets:Receivable:HanoiTower  ; HERE
            settles: "INV-1"
        """,
        ("RC-1 leaves 20.00 USD on account of HanoiTower", "open on INV-1", "refund it, or correct the amount"),
    ),
    Case(
        "refund-of-what",
        RECEIPT
        + """
        2026-05-05 * "Hanoi Tower" "Paid back" #refund ^RF-1
          Assets:Receivable:HanoiTower     100 USD  ; HERE
          Assets:Bank
        """,
        ("the refund RF-1", 'add settles: "..."'),
    ),
    Case(
        "apply-not-cancelling",
        INVOICE
        + RECEIPT
        + """
        2026-05-05 * "Move" #apply  ; HERE
          Assets:Receivable:HanoiTower     100 USD
            settles: "RC-1"
          Assets:Receivable:HanoiTower     -90 USD
            settles: "INV-1"
          Income:Sales
        """,
        ("moves 10", "must add up to zero"),
    ),
    Case(
        "reversal-of-what",
        """
        2026-05-05 * "Hanoi Tower" "Bounced" #reversal
          Assets:Receivable:HanoiTower     100 USD  ; HERE
          Assets:Bank
        """,
        ("which document of HanoiTower it undoes", "#reversal ^RC-2026-0031"),
    ),
    Case(
        "reversal-too-large",
        RECEIPT
        + """
        2026-05-05 * "Hanoi Tower" "Bounced" #reversal ^RC-1
          Assets:Receivable:HanoiTower     110 USD  ; HERE
          Assets:Bank
        """,
        ("10.00 USD larger than RC-1", "correct the amount"),
    ),
    Case(
        "moved-away",
        RECEIPT
        + """
        2026-03-31 * "Old Mill" "Lift 9" ^INV-9
          Assets:Receivable:OldMill        100 USD
          Income:Sales
        2026-05-05 * "For the mill" #apply ^AP-1
          Assets:Receivable:HanoiTower     100 USD
            settles: "RC-1"
          Assets:Receivable:OldMill       -100 USD
            settles: "INV-9"
        2026-05-06 * "Hanoi Tower" "Bounced" #reversal ^RC-1
          Assets:Receivable:HanoiTower     100 USD  ; HERE
          Assets:Bank
        """,
        ("moved to another account by AP-1", "reverse that entry too"),
    ),
    Case(
        "settlement-cycle",
        """
        2026-05-05 * "Hanoi Tower" "One" #reversal ^REV-1 ^REV-2
          Assets:Receivable:HanoiTower     100 USD
          Assets:Bank
        2026-05-06 * "Hanoi Tower" "Two" #reversal ^REV-2 ^REV-1
          number: "REV-2"
          Assets:Receivable:HanoiTower    -100 USD  ; HERE
          Assets:Bank
        """.replace("#reversal ^REV-1 ^REV-2\n", '#reversal ^REV-1 ^REV-2\n          number: "REV-1"\n'),
        ("REV-2 and REV-1 each undo the other", "the document that it really undoes"),
    ),
    Case(
        "closed-with-open-items",
        """
        2026-03-31 * "Hanoi Tower" "Lift 7" ^INV-1
          Assets:Receivable:HanoiTower     100 USD  ; HERE
          Income:Sales
        2026-12-31 close Assets:Receivable:HanoiTower
        """,
        ("closes on 2026-12-31 with 100.00 USD open on INV-1", "settle or write off the item first"),
    ),
    # Companies of the group
    Case(
        "between-whom",
        """
        2026-01-01 open Assets:Bank:VN
          entity: "VN"
        2026-01-01 open Assets:Bank:KH
          entity: "KH"
        2026-01-01 open Assets:Intercompany:Cambodia  ; HERE
          entity: "VN"
        2026-02-02 * "Paid for Cambodia"
          Assets:Intercompany:Cambodia  100.00 USD
          Assets:Bank:VN
        """,
        ("Assets:Intercompany:Cambodia", "there is no with: below its open", 'write both, as in entity: "VN"'),
    ),
    Case(
        "past-the-companies",
        SISTERS
        + """
        2026-02-02 * "To the bank in Hanoi" ^RC-7  ; HERE
          Assets:Bank:VN  500.00 USD
          Assets:Receivable:KH:Reef
        """,
        ("VN has 500.00 USD too much, KH has 500.00 USD too little", "add Liabilities:Intercompany:VN:KH -500.00 USD"),
    ),
    Case(
        "companies-differ",
        SISTERS
        + """
        2026-02-02 * "To the bank in Hanoi" ^RC-7  ; HERE
          Assets:Bank:VN  500.00 USD
          Assets:Receivable:KH:Reef  -500.00 USD
          Liabilities:Intercompany:VN:KH  -13125000 VND @@ 500.00 USD
          Assets:Intercompany:KH:VN  500.00 USD
        """,
        ("KH about VN show 500.00 USD, those of VN about KH -13,125,000 VND", "the same amount in the same currency"),
    ),
    # Receipt books
    Case(
        "unknown-receipt-book-key",
        '2026-01-05 custom "receivables-receipt-book" "A017"  ; HERE\n'
        '  numbers: "A017-001 to A017-050"\n  holders: "lan"',
        ('the receipt book A017 has no key "holders"', "use one of: numbers, holder, void", 'the nearest is "holder"'),
    ),
    Case(
        "bad-receipt-book",
        '2026-01-05 custom "receivables-receipt-book" "A017"  ; HERE\n  numbers: "A017-050 to A017-001"',
        ('numbers: "A017-050 to A017-001" ends before it begins', 'write it as numbers: "A017-001 to A017-050"'),
    ),
    Case(
        "receipt-book-numbers-twice",
        """
        2026-01-05 custom "receivables-receipt-book" "A017"
          numbers: "A017-001 to A017-050"
        2026-02-05 custom "receivables-receipt-book" "a017"  ; HERE
          numbers: "A017-001 to A017-060"
        """,
        ("has its numbers already, A017-001 to A017-050", "a book of their own", "is at <string>:"),
    ),
    Case(
        "receipt-books-overlap",
        """
        2026-01-05 custom "receivables-receipt-book" "1"
          numbers: "000101 to 000150"
        2026-01-05 custom "receivables-receipt-book" "2"  ; HERE
          numbers: "000141 to 000190"
        """,
        ("the receipt book 2 has numbers of the book 1, 000141 to 000150", "the other is at <string>:"),
    ),
    Case(
        "voucher-twice",
        RECEIPT_BOOK
        + """
        2026-05-04 * "Cash" ^RC-1
          voucher: "A017-002"
          Assets:Bank                      100.00 USD
          Assets:Receivable:HanoiTower
        2026-05-05 * "Cash" ^RC-2
          voucher: "A017-002"
          Assets:Bank                      100.00 USD
          Assets:Receivable:HanoiTower  ; HERE
        """,
        ("the voucher A017-002 is used twice", "correct the number of one", "the other is at <string>:"),
    ),
    Case(
        "voucher-void",
        RECEIPT_BOOK
        + """
        2026-05-04 * "Cash" ^RC-1
          voucher: "A017-001"
          Assets:Bank                      100.00 USD
          Assets:Receivable:HanoiTower  ; HERE
        """,
        ("A017-001 is used although it is void since 2026-01-05: torn", "take it out of the void ones"),
    ),
    Case(
        "voucher-unknown",
        RECEIPT_BOOK
        + """
        2026-05-04 * "Cash" ^RC-1
          voucher: "A017-2"
          Assets:Bank                      100.00 USD
          Assets:Receivable:HanoiTower  ; HERE
        """,
        ('voucher: "A017-2" is in no receipt book', "correct the number (the book has A017-002)"),
    ),
    Case(
        "voucher-missing",
        """
        2025-01-01 open Assets:InHand:Lan
        2026-01-01 custom "receivables-policy" "receipt-book"
          required: "in-hand"
        2026-05-04 * "Cash" ^RC-1
          Assets:InHand:Lan              1,000.00 USD  ; HERE
          Assets:Receivable:HanoiTower
        """,
        ("the receipt RC-1 of 1,000.00 USD on Assets:InHand:Lan has no voucher", 'add voucher: "..."'),
    ),
    # Cash and cheques in hand
    Case(
        "unknown-stage",
        '2026-01-01 open Assets:InHand:Lan  ; HERE\n  stage: "boss"',
        ('Assets:InHand:Lan has stage: "boss"', "counts as a collector", "use one of: collector, cashier, deposited"),
    ),
    # What happened with a customer
    Case(
        "event-without-document",
        INVOICE + '2026-05-06 note Assets:Receivable:HanoiTower "Late doors" #dispute ^INV-11  ; HERE',
        ("the dispute names INV-11, which is no document of HanoiTower", "correct the link"),
    ),
    Case(
        "bad-event",
        INVOICE + '2026-05-06 note Assets:Receivable:HanoiTower "Will pay" #promise ^INV-1  ; HERE',
        ("the promise cannot be read: it has no by:", "write it as: note "),
    ),
    Case(
        "bad-event",
        INVOICE
        + """
        2026-05-06 note Assets:Receivable:HanoiTower "Late doors" #dispute ^INV-1  ; HERE
          amount: "40 USD"
        """,
        ("the dispute cannot be read: amount: '40 USD' is not an amount", "amount: 40 USD"),
    ),
    Case(
        "bad-event",
        INVOICE
        + """
        2026-05-06 note Assets:Receivable:HanoiTower "Late doors" #dispute ^INV-1  ; HERE
          amount: -40 USD
        """,
        ("the dispute cannot be read: amount: ",),
    ),
    Case(
        "bad-event",
        INVOICE
        + """
        2026-05-06 note Assets:Receivable:HanoiTower "Will pay" #promise ^INV-1  ; HERE
          by: "next week"
        """,
        ("by: 'next week' is not a date",),
    ),
)

ELSEWHERE = frozenset(
    {
        "bad-provision",
        "provision-of-what",
        "no-provision-policy",
        "no-such-provision",
        "key-of-everybody",
        "too-little-history",
        "no-loss-rate",
        "unknown-movement",
        "limitation-without-proof",
        "plugin-config",
        "no-rate",
        "penalty-of-what",
        "rate-not-verified",
        "does-not-tie-out",
        "no-price",
        "no-closing-rate",
        "no-booked-rate",
        "revaluation-among-customers",
        "bad-flag",
    }
)
"""Codes that a test of their own provokes, below."""


@pytest.mark.parametrize("case", CASES, ids=[f"{number}-{case.code}" for number, case in enumerate(CASES)])
def test_a_problem_is_told_once_at_its_line_with_its_mend(case: Case) -> None:
    story = Told(COMPANY + unindented(case.ledger) + "\n")
    assert [item.message for item in story.problems if item.code != case.code] == []
    (told_of,) = story.problems
    assert told_of.severity == CATALOGUE[case.code].severity
    assert "HERE" in story.line(told_of.source["lineno"])
    for part in case.says:
        assert part in told_of.message
    story.assert_ties_out()


def test_every_code_of_the_catalogue_is_provoked() -> None:
    assert {case.code for case in CASES} | ELSEWHERE == set(CATALOGUE)


def test_there_are_errors_and_warnings_and_nothing_else() -> None:
    assert {form.severity for form in CATALOGUE.values()} == {ERROR, WARNING}


def test_an_unexpected_configuration_of_the_plugin_is_refused_everywhere(tmp_path: Path) -> None:
    path = tmp_path / "main.beancount"
    path.write_text('plugin "receivables" "{}"\n')
    _, errors, _ = loader.load_file(str(path))
    assert [error.message for error in errors] == [
        "plugin \"receivables\" takes no configuration, not '{}': "
        'write settings as custom "receivables-policy" directives'
    ]
    loaded = load_book(path)
    assert len([*loaded.errors, *loaded.book.problems]) == 1


def test_open_items_that_miss_their_balance_would_be_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """No ledger can provoke this, so the program is broken on purpose: the check must see it."""
    settle = Settling.run

    def wrongly(settled: Any) -> None:
        settle(settled)
        settled.residual[0] -= 1

    monkeypatch.setattr(Settling, "run", wrongly)
    story = Told(COMPANY + INVOICE)
    (told_of,) = story.problems
    assert (told_of.code, told_of.severity) == ("does-not-tie-out", ERROR)
    assert "are 99.99 USD, its balance is 100.00 USD" in told_of.message
    assert any("DOES NOT TIE OUT" in note for note in story.report("aging").notes)


def test_a_missing_price_is_a_warning_beside_the_report(tmp_path: Path) -> None:
    path = tmp_path / "main.beancount"
    path.write_text(COMPANY + INVOICE + "2026-04-01 price USD 25,000 VND\n")
    before = CliRunner().invoke(main, ["aging", str(path), "--in", "VND", "--as-of", "2026-03-31"])
    after = CliRunner().invoke(main, ["aging", str(path), "--in", "VND", "--as-of", "2026-04-01"])
    assert (before.exit_code, after.exit_code) == (0, 0)
    assert "no price of USD in VND on or before 2026-03-31: add: 2026-03-31 price USD ... VND" in before.stderr
    assert "no price" not in after.stderr


def test_bean_check_shows_errors_always_and_warnings_only_under_the_policy_strict() -> None:
    odd_and_wrong = (
        'plugin "receivables"\n'
        + COMPANY
        + INVOICE
        + unindented(
            """
            2026-05-04 * "Hanoi Tower" "Too much" ^RC-1
              settles: "INV-1"
              Assets:Bank                      120 USD
              Assets:Receivable:HanoiTower
            2026-05-04 * "Hanoi Tower" "For nothing" ^RC-2
              settles: "INV-7"
              Assets:Bank                      120 USD
              Assets:Receivable:HanoiTower
            """
        )
    )
    strict = odd_and_wrong + '2026-05-04 custom "receivables-policy" "strict" "yes"\n'
    lenient = strict + '2026-05-05 custom "receivables-policy" "strict" "no"\n'
    codes = {
        name: sorted(str(getattr(error, "code", error)) for error in loader.load_string(text)[1])
        for name, text in (("plain", odd_and_wrong), ("strict", strict), ("lenient", lenient))
    }
    assert codes == {
        "plain": ["unknown-document"],
        "strict": ["more-than-open", "unknown-document"],
        "lenient": ["unknown-document"],
    }


def test_a_problem_reads_as_a_line_that_editors_understand() -> None:
    found = problem("reversal-of-what", {"filename": "books/2026.beancount", "lineno": 17}, customer="C-1")
    assert located(found).startswith("books/2026.beancount:17: error: the reversal does not say")


def test_unreadable_terms_of_a_customer_are_told_once_not_for_each_invoice() -> None:
    story = Told(
        COMPANY
        + '2025-01-01 open Assets:Receivable:Builder\n  terms: "soon"\n'
        + INVOICE.replace("HanoiTower", "Builder")
        + SECOND.replace("HanoiTower", "Builder")
    )
    assert story.codes == ["bad-terms"]


def test_the_text_of_a_ledger_cannot_break_the_sentence_of_a_problem() -> None:
    story = Told(
        COMPANY
        + unindented(
            """
            2026-05-04 * "Hanoi Tower" "Transfer" ^RC-1
              settles: "{0} {amount!r} %s ${x}"
              Assets:Bank                      120 USD
              Assets:Receivable:HanoiTower
            """
        )
    )
    (told_of,) = story.problems
    assert '"{0} {amount!r} %s ${x}" names no document' in told_of.message


def test_ten_thousand_problems_at_once_are_told_quickly() -> None:
    wrong = "".join(
        f'2026-05-04 * "Hanoi Tower" "Transfer"\n  settles: "INV-{number}"\n'
        "  Assets:Bank                      120 USD\n  Assets:Receivable:HanoiTower\n"
        for number in range(2, 2002)
    )
    assert len(Told(COMPANY + INVOICE + wrong).problems) == 2000


@pytest.mark.parametrize(
    "words",
    ['"terms" "net 30"', '"settlement" "oldest-due" "please"', '"strict" "yes" "no"'],
)
def test_a_word_that_a_policy_does_not_take_is_not_swallowed(words: str) -> None:
    """`custom "receivables-policy" "terms" "net 30"` looks right and would do nothing."""
    assert Told(COMPANY + f'2026-01-01 custom "receivables-policy" {words}\n').codes != []


def test_buckets_of_a_thousand_years_are_refused_rather_than_counted() -> None:
    story = Told(COMPANY + INVOICE + '2026-01-01 custom "receivables-policy" "aging"\n  buckets: "30, 9000000000"\n')
    assert story.codes == ["bad-policy-value"]
