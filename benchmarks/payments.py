"""Make books and bank lines with honest noise, apply them, and score the proposals by kind of noise.

    python benchmarks/payments.py --seeds 1-20 [--lines 400] [--misses KIND]
    python benchmarks/payments.py --speed

A seed is one company: 60 to 300 customers with names that resemble each other, affiliates and amounts that
repeat; in dong or dollars; invoice numbers of one of six forms. Payers write invoice numbers in their own manner, banks
cut texts and names off, and keep charges. Beside each line stands what it truly is. What the payer meant and the line
does not say (one of three equal invoices, one of two namesakes) is marked as not decidable.

Seeds below 1000 are for development. Seeds from 9000 on are held out: nobody looks at their lines; they are
only scored. `--speed` applies 2,000 lines to 50,000 open invoices.
"""

from __future__ import annotations

import argparse
import datetime
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from beancount import loader

from receivables.booking import build
from receivables.language.reading import read
from receivables_importers.application.matching import match
from receivables_importers.application.model import AUTO, NOTHING, Proposed
from receivables_importers.application.reading.references import creditor_reference, qr_reference
from receivables_importers.application.reading.texts import folded
from receivables_importers.bank import model
from receivables_importers.bank.model import BankLine, References

START = datetime.date(2026, 1, 1)
FIRST = datetime.date(2026, 5, 4)
OWN_ACCOUNT = "VN9900110055501"
OWN_SAVINGS = "VN9900110077702"
COMPANY = "Northgate Lifts"

VIETNAMESE = ("Hoàng", "Minh", "An", "Phát", "Long", "Thành", "Đại", "Việt", "Tín", "Hưng", "Phú", "Quang", "Đức",
              "Sơn", "Hải", "Ngọc", "Lam", "Kim", "Bảo", "Thịnh", "Tân", "Gia", "Đông", "Nam", "Á", "Châu",
              "Trường", "Giang")  # fmt: skip
VIETNAMESE_KINDS = ("Thương Mại", "Thương Mại Dịch Vụ", "Xây Dựng", "Đầu Tư", "Khách Sạn", "Vận Tải", "Sản Xuất",
                    "Đầu Tư Xây Dựng", "Du Lịch", "Bất Động Sản", "")  # fmt: skip
VIETNAMESE_FORMS = ("Công ty TNHH", "Công ty Cổ phần", "Công ty CP", "Công ty TNHH MTV", "DNTN")
ENGLISH = ("Harbour", "Atlas", "Northern", "Golden", "Summit", "River", "Crescent", "Pioneer", "Orchid", "Sterling",
           "Falcon", "Lotus", "Granite", "Coral", "Meridian", "Sapphire", "Willow", "Beacon", "Cedar",
           "Global")  # fmt: skip
ENGLISH_KINDS = ("Foods", "Trading", "Hotels", "Logistics", "Properties", "Engineering", "Holdings", "Textiles",
                 "Industries", "Hospital", "International")  # fmt: skip
ENGLISH_FORMS = ("Ltd", "Limited", "LLC", "Co., Ltd", "Pte Ltd", "Inc", "WLL")
CHINESE = ("华", "东", "海", "金", "瑞", "恒", "龙", "兴", "宏", "达", "盛", "嘉", "远", "信", "泰")
CHINESE_KINDS = ("贸易", "电子", "酒店", "实业", "物流", "建筑")
ARABIC = ("الأمل", "النور", "الخليج", "الوفاء", "الريادة", "الواحة", "النجم", "الصفا", "البركة", "المدينة")
ARABIC_KINDS = ("للتجارة", "للمقاولات", "للفنادق", "للنقل", "للصناعة")

NUMBERS: Sequence[Callable[[int, int], str]] = (
    lambda year, count: f"INV-{year}-{count:04d}",
    lambda year, count: f"HD-{year}-{count:04d}",
    lambda year, count: f"SI/{year % 100}/{count:05d}",
    lambda year, count: f"{year}-{count:05d}",
    lambda year, count: f"1C{year % 100}TNG-{count:08d}",
    lambda year, count: f"INV{year % 100}{count:05d}",
)

CURRENCIES = {"VND": (0, 1000), "USD": (2, 1)}

SHARES = {
    "clean": 13, "number variant": 11, "several": 8, "list or range": 5, "cut off": 4, "misread": 5,
    "account or name": 8,
    "distorted name": 6, "sum": 5, "subset": 3, "bank charge": 5, "discount": 3, "withholding": 3, "rounding": 2,
    "part payment": 4, "overpayment": 2, "credit memo": 2, "affiliate": 3, "reference": 4, "duplicate": 1.2,
    "prepayment": 2.5, "disputed": 1, "equal amounts": 5, "namesakes": 4, "unknown payer": 5, "strange number": 2,
    "deduction": 1.5, "late discount": 1.5, "no receipt": 9, "bounced": 1.5,
}  # fmt: skip


class Person(NamedTuple):
    """A customer of the generated book."""

    code: str
    name: str
    accounts: tuple[str, ...]
    known_account: bool
    alias: str
    withholding: str
    terms: str
    virtual: str
    group: str
    pays_for: tuple[str, ...]
    repeats: bool


class Paper(NamedTuple):
    """An invoice or credit memo of the generated book."""

    number: str
    customer: str
    date: datetime.date
    due: datetime.date
    units: int
    net: int


class Truth(NamedTuple):
    """What a line really is."""

    kind: str
    customer: str = ""
    allocations: tuple[tuple[str, int], ...] = ()
    on_account: int = 0
    reasons: tuple[str, ...] = ()
    decidable: bool = True
    bounced: str = ""


class Scenario:
    """One company with its bank lines, made from a seed."""

    def __init__(self, seed: int, lines: int, customers: int = 0, per_customer: int = 0, settled: bool = True) -> None:
        self.random = random.Random(seed)
        self.currency = "VND" if seed % 2 else "USD"
        self.digits, self.step = CURRENCIES[self.currency]
        self.form = self.random.choice(NUMBERS)
        self.persons = self._persons(customers or self.random.randint(60, 300))
        self.by_code = {person.code: person for person in self.persons}
        self.papers: dict[str, Paper] = {}
        self.left: dict[str, int] = {}
        self.disputed: dict[str, int] = {}
        self.parted: set[str] = set()
        self.paid: list[Paper] = []
        self._invoices(per_customer, settled)
        self.lines: list[BankLine] = []
        self.truths: list[Truth] = []
        self._pay(lines)

    # Customers

    def _name(self) -> str:
        pick = self.random.choice
        style = self.random.choices(
            ("vi", "en", "zh", "ar"), (55, 30, 8, 7) if self.currency == "VND" else (20, 55, 12, 13)
        )[0]
        if style == "vi":
            core = " ".join(self.random.sample(VIETNAMESE, self.random.choice((2, 2, 3))))
            return " ".join(filter(None, (pick(VIETNAMESE_FORMS), pick(VIETNAMESE_KINDS), core)))
        if style == "en":
            core = " ".join(self.random.sample(ENGLISH, self.random.choice((1, 2, 2))))
            return f"{core} {pick(ENGLISH_KINDS)} {pick(ENGLISH_FORMS)}"
        if style == "zh":
            return "".join(self.random.sample(CHINESE, 3)) + pick(CHINESE_KINDS) + pick(("有限公司", "股份有限公司"))
        return f"شركة {pick(ARABIC)} {pick(ARABIC)} {pick(ARABIC_KINDS)}"

    def _account(self) -> str:
        return "".join(self.random.choice("0123456789") for _ in range(self.random.choice((10, 13, 14))))

    def _persons(self, count: int) -> list[Person]:
        names: dict[str, None] = {}
        groups: dict[str, str] = {}
        while len(names) < count:
            name = self._name()
            names[name] = None
            if self.random.random() < 0.1:
                # An affiliate: the same name and something more.
                other = self._sister(name)
                if other not in names:
                    names[other] = None
                    groups[name] = groups[other] = name
        found = []
        codes = {name: f"C-{place:04d}" for place, name in enumerate(names, start=1)}
        for name, code in codes.items():
            chance = self.random.random
            mates = [codes[other] for other, group in groups.items() if group == groups.get(name) and other != name]
            found.append(
                Person(
                    code, name, tuple(self._account() for _ in range(self.random.choice((1, 1, 2)))), chance() < 0.45,
                    self._alias(name) if chance() < 0.12 else "",
                    self.random.choice(("3%", "5%", "10% of net", "15% of net")) if chance() < 0.12 else "",
                    self.random.choices(("net 30", "net 15", "2/10 net 30", "net 45", "EOM"), (45, 15, 20, 10, 10))[0],
                    f"9704{self.random.randint(10**9, 10**10 - 1)}" if chance() < 0.1 else "",
                    groups.get(name, ""), tuple(mates) if chance() < 0.5 else (), chance() < 0.3,
                )
            )  # fmt: skip
        return found

    def _sister(self, name: str) -> str:
        if name.isascii():
            core, _, form = name.rpartition(" ")
            return f"{core} {self.random.choice(('Partner', 'East', 'Services', 'Asia'))} {form}"
        if folded(name)[0].isascii():
            return f"{name} {self.random.choice(('Sài Gòn', 'Hà Nội', 'Miền Trung', 'Việt Nam'))}"
        return f"{name} 2" if name.startswith("شركة") else name.replace("有限公司", "上海有限公司")

    def _alias(self, name: str) -> str:
        family = self.random.choice(("NGUYEN VAN", "TRAN THI", "LE", "PHAM"))
        return f"{family} {folded(name).split()[-1].upper()} {self.random.randint(1, 99)}"

    # Invoices

    def _units(self) -> int:
        if self.currency == "VND":
            step = self.random.choice((1_000, 1_000, 10_000, 100_000))
            return max(500_000, int(self.random.lognormvariate(17, 1.1) // step * step))
        step = self.random.choice((1, 1, 100, 5000))
        return max(10_000, int(self.random.lognormvariate(12, 1.1)) // step * step)

    def _invoices(self, per_customer: int, settled: bool) -> None:
        count = 0
        plans: list[tuple[datetime.date, str, int]] = []
        for person in self.persons:
            fee = self._units()
            papers = per_customer or self.random.choices((1, 2, 3, 5, 8, 13), (8, 16, 24, 26, 18, 8))[0]
            for place in range(papers):
                date = FIRST - datetime.timedelta(days=self.random.randint(2, 110))
                if person.repeats:
                    # A fee of every month, and now and then something else.
                    date = datetime.date(2026, 1 + place % 4, self.random.choice((1, 25, 28)))
                units = fee if person.repeats and self.random.random() < 0.8 else self._units()
                plans.append((date, person.code, units))
        for date, code, units in sorted(plans):
            count += self.random.choice((1, 1, 1, 2))
            self._paper(self.form(date.year, count), code, date, units)
        if settled:
            for number in self.random.sample(sorted(self.papers), len(self.papers) // 12):
                self.paid.append(self.papers[number])
                self.left[number] = 0
        credits = self.random.sample(sorted(self.papers), max(2, len(self.papers) // 25))
        for place, number in enumerate(credits, start=1):
            paper = self.papers[number]
            if self.left[number]:
                units = max(self.step, paper.units // self.random.choice((7, 10, 12)) // self.step * self.step)
                self._paper(f"CM-2026-{place:03d}", paper.customer, FIRST - datetime.timedelta(days=1), -units)

    def _paper(self, number: str, code: str, date: datetime.date, units: int) -> None:
        days = {"net 15": 15, "net 45": 45}.get(self.by_code[code].terms, 30)
        rate = self.random.choice((Decimal("1.08"), Decimal("1.10"), Decimal(1)))
        net = int((Decimal(units) / rate).quantize(Decimal(1)))
        self.papers[number] = Paper(number, code, date, date + datetime.timedelta(days=days), units, net)
        self.left[number] = units

    def open_of(self, code: str, day: datetime.date | None = None) -> list[Paper]:
        """The open invoices of a customer, the oldest first."""
        found = [p for p in self.papers.values() if p.customer == code and p.units > 0 and self.left[p.number] > 0]
        return sorted((p for p in found if day is None or p.date <= day), key=lambda p: (p.due, p.number))

    def amount(self, units: int) -> Decimal:
        """Units as money."""
        return Decimal(units).scaleb(-self.digits)

    def ledger(self) -> str:
        """The book as text."""
        out = [
            f'option "title" "{COMPANY}"', 'plugin "receivables"',
            f"2024-01-01 commodity {self.currency}\n  precision: {self.digits}",
            f'2024-01-01 open Assets:Bank:Main\n  bank-account: "{OWN_ACCOUNT}"',
            f'2024-01-01 open Assets:Bank:Savings\n  bank-account: "{OWN_SAVINGS}"',
            *(f"2024-01-01 open {account}" for account in (
                "Income:Sales", "Liabilities:VAT", "Expenses:BankFees", "Expenses:Discounts", "Assets:WithholdingTax",
                "Expenses:Rounding", "Liabilities:UnidentifiedReceipts")),
            '2024-01-01 custom "receivables-policy" "application"\n  charge-account: "Expenses:BankFees"\n'
            '  discount-account: "Expenses:Discounts"\n  withholding-account: "Assets:WithholdingTax"\n'
            '  rounding-account: "Expenses:Rounding"',
        ]  # fmt: skip
        for person in self.persons:
            words = {
                "customer": person.code, "name": person.name, "terms": person.terms, "alias": person.alias,
                "bank-account": person.accounts[0] if person.known_account else "", "withholding": person.withholding,
                "virtual-account": person.virtual, "pays-for": ", ".join(person.pays_for),
            }  # fmt: skip
            meta = "".join(f'  {key}: "{value}"\n' for key, value in words.items() if value)
            out.append(f"2024-01-01 open {self._receivable(person.code)}\n{meta}")
        for paper in self.papers.values():
            account = self._receivable(paper.customer)
            tag = "" if paper.units > 0 else " #credit-memo"
            # The last digits are the link's; other signs go into the number.
            out.append(
                f'{paper.date} * "{paper.customer}" "Lift service"{tag}\n  number: "{paper.number}"\n'
                f"  {account}  {self.amount(paper.units)} {self.currency}\n"
                f"  Income:Sales  {self.amount(-paper.net)} {self.currency}\n"
                f"  Liabilities:VAT  {self.amount(paper.net - paper.units)} {self.currency}\n"
            )
        for place, paper in enumerate(self.paid):
            day = FIRST - datetime.timedelta(days=1 + place % 20)
            out.append(
                f'{max(day, paper.date)} * "{paper.customer}" "Paid" ^RC-2026-{place:05d}\n'
                f'  bank-id: "old-{place}"\n'
                f"  Assets:Bank:Main  {self.amount(paper.units)} {self.currency}\n"
                f"  {self._receivable(paper.customer)}  {self.amount(-paper.units)} {self.currency}\n"
                f'    settles: "{paper.number}"\n'
            )
        for number, units in self.disputed.items():
            account = self._receivable(self.papers[number].customer)
            out.append(
                f'{FIRST - datetime.timedelta(days=1)} note {account} "Objects" #dispute ^{number}\n'
                f"  amount: {self.amount(units)} {self.currency}\n"
            )
        return "\n\n".join(out) + "\n"

    @staticmethod
    def _receivable(code: str) -> str:
        return f"Assets:Receivable:{code.replace('-', '')}"

    # What payers and banks write

    def bank_name(self, name: str, distort: bool = False) -> str:
        """The payer's name as the bank has it."""
        if not folded(name)[:1].isascii():
            return name if not distort else self._transcribed(name)
        plain = folded(name).upper()
        chance = self.random.random
        if chance() < 0.35:
            plain = plain.replace("CONG TY CO PHAN", "CTCP").replace("CONG TY", "CTY").replace("CO PHAN", "CP")
        if chance() < 0.25 or distort:
            plain = plain.replace("THUONG MAI DICH VU", "TMDV").replace("XAY DUNG", "XD").replace("DAU TU", "DT")
            plain = plain.replace("INTERNATIONAL", "INTL").replace("ENGINEERING", "ENG").replace("LIMITED", "LTD")
        if distort:
            for _ in range(self.random.choice((1, 1, 2))):
                plain = self._typo(plain)
        limit = self.random.choice((20, 24, 28)) if distort and chance() < 0.4 else self.random.choice((35, 50, 70))
        return plain[:limit].strip()

    def _transcribed(self, name: str) -> str:
        return name.replace("شركة ", "") if name.startswith("شركة") else name[: max(4, len(name) - 4)]

    def _typo(self, text: str) -> str:
        at = self.random.randrange(1, max(2, len(text) - 1))
        how = self.random.random()
        if how < 0.35:
            return text[:at] + text[at + 1 :]
        if how < 0.7 and at + 1 < len(text):
            return text[:at] + text[at + 1] + text[at] + text[at + 2 :]
        return text[:at] + self.random.choice("AEIOUNMTR") + text[at + 1 :]

    def vary(self, number: str) -> str:
        """A number as a payer writes it."""
        parts = number.replace("/", "-").split("-")
        tail = parts[-1]
        word = self.random.choice(("HD", "INV", "hoa don so", "inv no.", "hd so"))
        forms = [
            number.replace("-", "").replace("/", ""),
            number.replace("-", self.random.choice((" ", "/", "_", "."))).lower(),
            f"{word} {tail.lstrip('0')}",
            f"#{tail}",
        ]
        if len(parts) > 1:
            forms.append("-".join((*parts[:-1], tail.lstrip("0"))))
        if len(parts) > 2:
            forms += ["-".join(parts[1:]), f"{parts[0]}{parts[1]}-{tail.lstrip('0')}"]
        return self.random.choice(forms)

    def misread(self, number: str) -> str:
        """A number read or typed with a mistake."""
        swaps = {"0": "O", "1": "I", "5": "S", "8": "B", "2": "Z"}
        digits = [place for place, sign in enumerate(number) if sign.isdigit()]
        if self.random.random() < 0.55:
            chosen = [place for place in digits if number[place] in swaps] or digits
            out = list(number)
            for place in self.random.sample(chosen, min(len(chosen), self.random.choice((1, 2)))):
                out[place] = swaps.get(out[place], out[place])
            return "".join(out)
        at = self.random.choice(digits[-4:])
        if self.random.random() < 0.5 and at + 1 < len(number) and number[at + 1].isdigit():
            return number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        return number[:at] + self.random.choice("0123456789") + number[at + 1 :]

    def text(self, what: str, person: Person | None = None) -> str:
        """What a payer writes around a reference, and what the bank puts before it."""
        words = self.random.choice(
            ("TT {}", "THANH TOAN {}", "Thanh toán tiền hàng theo {}", "CK tra tien {}", "payment {}", "Payment of {}",
             "{}", "PAY INVOICE {}", "for {}", "settlement {} thanks", "货款 {}", "TT tien bao tri {}", "دفعة {}")
        )  # fmt: skip
        text = words.format(what).strip()
        if person is not None and self.random.random() < 0.3:
            text = f"{self.bank_name(person.name)} {text}"
        chance = self.random.random()
        if chance < 0.15:
            text = f"MBVCB.{self.random.randint(10**9, 10**10 - 1)}.{text}"
        elif chance < 0.25:
            text = f"{text} FT{self.random.randint(10**9, 10**10)}"
        elif chance < 0.32:
            date = f"{self.random.choice((4, 5))}/{self.random.randint(1, 5)}/2026"
            text = f"{text} {date} DT 09{self.random.randint(10**7, 10**8 - 1)}"
        return text[: self.random.choice((70, 140, 140, 210))]

    # Lines

    def line(self, day: datetime.date, units: int, **said: Any) -> BankLine:
        """A bank line."""
        place = len(self.lines)
        words: dict[str, Any] = {
            "id": f"line-{place:05d}", "account": OWN_ACCOUNT, "booked": day, "value_date": day,
            "amount": self.amount(units),
            "currency": self.currency, "counterparty": "", "counterparty_account": "", "ultimate": "",
            "references": References(bank=f"B{place:07d}"), "remittance": "", "type": model.CREDIT_TRANSFER, "code": "",
            "charges": None, "original_amount": None, "original_currency": "", "booking": f"line-{place:05d}",
            "booking_amount": self.amount(units), "file": "statement", "place": str(place), **said,
        }  # fmt: skip
        return BankLine(**words)

    def _payer(self, person: Person, distort: bool = False) -> dict[str, Any]:
        """How the payer appears in the line."""
        chance = self.random.random()
        account = person.accounts[-1] if self.random.random() < 0.25 else person.accounts[0]
        if chance < 0.1:
            return {"counterparty": "", "counterparty_account": account if self.random.random() < 0.3 else ""}
        shown = account if self.random.random() < 0.6 else ""
        if person.alias and self.random.random() < 0.6:
            return {"counterparty": person.alias, "counterparty_account": shown}
        return {"counterparty": self.bank_name(person.name, distort), "counterparty_account": shown}

    def _pay(self, count: int) -> None:
        kinds, weights = zip(*SHARES.items(), strict=True)
        for place in range(count):
            day = FIRST + datetime.timedelta(days=place * 40 // count)
            for _ in range(60):
                kind = self.random.choices(kinds, weights)[0]
                maker = getattr(self, "_" + kind.replace(" ", "_"))
                made = maker(day)
                if made is not None:
                    line, truth = made
                    self.lines.append(line)
                    self.truths.append(truth._replace(kind=kind))
                    if truth.kind != "waits":
                        for number, units in truth.allocations:
                            self.left[number] -= units
                    break

    def _someone(
        self, day: datetime.date, wanted: Callable[[Person, list[Paper]], bool]
    ) -> tuple[Person, list[Paper]] | None:
        for _ in range(40):
            person = self.random.choice(self.persons)
            papers = self.open_of(person.code, day)
            if papers and wanted(person, papers):
                return person, papers
        return None

    def _settle(self, papers: Sequence[Paper]) -> tuple[tuple[str, int], ...]:
        return tuple((paper.number, self.left[paper.number]) for paper in papers)

    def _made(
        self, day: datetime.date, person: Person, papers: Sequence[Paper], text: str, *, less: int = 0, more: int = 0,
        reasons: tuple[str, ...] = (), decidable: bool = True, distort: bool = False, **said: Any,
    ) -> tuple[BankLine, Truth]:  # fmt: skip
        settled = self._settle(papers)
        units = sum(each for _, each in settled) - less + more
        line = self.line(day, units, remittance=text, **{**self._payer(person, distort), **said})
        return line, Truth("", person.code, settled, more, reasons, decidable)

    def _clean(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda _, __: True)
        if found is None:
            return None
        paper = self.random.choice(found[1])
        return self._made(day, found[0], [paper], self.text(paper.number, found[0]))

    def _number_variant(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda _, __: True)
        if found is None:
            return None
        paper = self.random.choice(found[1])
        return self._made(day, found[0], [paper], self.text(self.vary(paper.number), found[0]))

    def _chosen(self, papers: Sequence[Paper], low: int, high: int) -> list[Paper]:
        count = min(len(papers), self.random.randint(low, high))
        return sorted(self.random.sample(list(papers), count), key=lambda paper: paper.number)

    def _several(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda _, papers: len(papers) >= 2)
        if found is None:
            return None
        papers = self._chosen(found[1], 2, 5)
        numbers = self.random.choice((", ", "; ", " ", " + ", " va ", "&")).join(
            paper.number if self.random.random() < 0.8 else self.vary(paper.number) for paper in papers
        )
        return self._made(day, found[0], papers, f"TT {numbers}"[:210])

    def _list_or_range(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda _, papers: len(papers) >= 3)
        if found is None:
            return None
        if self.random.random() < 0.5:
            ordered = sorted(found[1], key=lambda paper: paper.number)
            count = self.random.randint(2, len(ordered))
            first = self.random.randint(0, len(ordered) - count)
            papers = ordered[first : first + count]
            end = papers[-1].number
            tail = end.replace("/", "-").rpartition("-")[2] or end
            shown = tail if self.random.random() < 0.6 else end
            text = f"{papers[0].number} {self.random.choice(('to', '-', 'den'))} {shown}"
        else:
            papers = self._chosen(found[1], 2, 4)
            more = [paper.number.replace("/", "-").rpartition("-")[2] for paper in papers[1:]]
            tails = [tail if self.random.random() < 0.6 else tail.lstrip("0") for tail in more]
            text = self.random.choice((", ", "/", "+", " & ")).join((papers[0].number, *tails))
        return self._made(day, found[0], papers, self.text(text))

    def _cut_off(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda _, papers: len(papers) >= 3)
        if found is None:
            return None
        papers = self._chosen(found[1], 3, 6)
        text = "THANH TOAN " + ", ".join(paper.number for paper in papers)
        cut = max(24, len(text) - self.random.randint(6, 22))
        return self._made(day, found[0], papers, text[:cut], decidable=len(found[1]) <= 10)

    def _misread(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda _, __: True)
        if found is None:
            return None
        paper = self.random.choice(found[1])
        return self._made(day, found[0], [paper], self.text(self.misread(paper.number)))

    def _alone(self, papers: Sequence[Paper]) -> list[Paper]:
        """The papers whose amount no other open one of the customer has."""
        counts = Counter(self.left[paper.number] for paper in papers)
        return [paper for paper in papers if counts[self.left[paper.number]] == 1]

    def _says(self, person: Person) -> str:
        return self.random.choice(
            ("", "TT tien hang", "thanh toan cong no", "payment", "chuyen tien", f"{self.bank_name(person.name)} ck")
        )

    def _account_or_name(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda person, papers: bool(self._alone(papers)) and not person.group)
        if found is None:
            return None
        paper = self.random.choice(self._alone(found[1]))
        said: dict[str, Any] = {"counterparty": self.bank_name(found[0].name)}
        if found[0].known_account and self.random.random() < 0.6:
            said["counterparty_account"] = found[0].accounts[0]
            said["counterparty"] = self.random.choice((said["counterparty"], "", "NGUYEN THI HOA"))
        return self._made(day, found[0], [paper], self._says(found[0]), **said)

    def _distorted_name(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda person, papers: bool(self._alone(papers)) and not person.group)
        if found is None:
            return None
        paper = self.random.choice(self._alone(found[1]))
        name = self.bank_name(found[0].name, distort=True)
        return self._made(day, found[0], [paper], self._says(found[0]), counterparty=name, counterparty_account="")

    def _sum(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda person, papers: len(papers) >= 2 and not person.group)
        if found is None:
            return None
        person, papers = found
        how = self.random.choice(("all", "due", "month", "run"))
        chosen = list(papers)
        if how == "due":
            chosen = [paper for paper in papers if self._due(paper) <= day]
        elif how == "month":
            month = self.random.choice(papers).date.month
            chosen = [paper for paper in papers if paper.date.month == month]
        elif how == "run":
            chosen = papers[: self.random.randint(2, len(papers))]
        if len(chosen) < 2:
            return None
        text = self.random.choice(("thanh toan cong no", "balance", "", "TT tien hang"))
        if how == "month" and self.random.random() < 0.5:
            text = f"TT cong no thang {chosen[0].date.month}/2026"
        return self._made(day, person, chosen, text, counterparty=self.bank_name(person.name))

    def _due(self, paper: Paper) -> datetime.date:
        return paper.due

    def _subset(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda person, papers: len(papers) >= 4 and not person.group)
        if found is None:
            return None
        papers = self._chosen(found[1], 2, 3)
        unique = len(found[1]) <= 12 and len(set(self._settle(found[1]))) == len(found[1]) and not found[0].repeats
        return self._made(
            day, found[0], papers, self._says(found[0]), counterparty=self.bank_name(found[0].name), decidable=unique
        )

    def _bank_charge(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        least = 5_000_000 if self.currency == "VND" else 50_000
        found = self._someone(day, lambda _, papers: any(self.left[paper.number] > least for paper in papers))
        if found is None:
            return None
        paper = self.random.choice([paper for paper in found[1] if self.left[paper.number] > least])
        left = self.left[paper.number]
        # At home a share of the amount with a least and a most; from abroad what one or two banks keep.
        less = max(11_000, min(1_100_000, left * self.random.choice((2, 3, 5)) // 10_000 // 1_100 * 1_100))
        if self.currency == "USD":
            less = self.random.randrange(500, 3_500, 100)
        said: dict[str, Any] = {}
        if self.random.random() < 0.4:
            said = {"charges": self.amount(less)} if self.random.random() < 0.5 else {
                "original_amount": self.amount(self.left[paper.number]), "original_currency": self.currency,
            }  # fmt: skip
        number = paper.number if self.random.random() < 0.8 else self.vary(paper.number)
        return self._made(day, found[0], [paper], self.text(number), less=less, reasons=("bank charge",), **said)

    def _discounted(self, papers: Sequence[Paper]) -> int:
        return sum(int((Decimal(paper.units) * 2 / 100).quantize(Decimal(1))) for paper in papers)

    def _discount(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(
            day,
            lambda person, papers: (
                person.terms.startswith("2/10") and any((day - paper.date).days <= 10 for paper in papers)
            ),
        )
        if found is None:
            return None
        papers = [
            paper for paper in found[1] if (day - paper.date).days <= 10 and self.left[paper.number] == paper.units
        ]
        if not papers:
            return None
        papers = self._chosen(papers, 1, 2)
        text = (
            self.text(", ".join(paper.number for paper in papers)) if self.random.random() < 0.85 else "less discount"
        )
        return self._made(day, found[0], papers, text, less=self._discounted(papers), reasons=("discount",))

    def _late_discount(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda person, _: person.terms.startswith("2/10"))
        if found is None:
            return None
        papers = [
            paper for paper in found[1] if 11 < (day - paper.date).days < 35 and self.left[paper.number] == paper.units
        ]
        if not papers:
            return None
        less = self._discounted(papers[:1])
        line, truth = self._made(
            day, found[0], papers[:1], self.text(papers[0].number), less=less, reasons=("discount",)
        )
        return line, truth._replace(decidable=False)

    def _withholding(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(
            day, lambda person, papers: bool(person.withholding) and any(self.left[p.number] == p.units for p in papers)
        )
        if found is None:
            return None
        papers = self._chosen([p for p in found[1] if self.left[p.number] == p.units], 1, 2)
        percent = Decimal(found[0].withholding.partition("%")[0])
        net = "net" in found[0].withholding
        less = sum(
            int((Decimal(paper.net if net else paper.units) * percent / 100).quantize(Decimal(1))) for paper in papers
        )
        text = self.text(" ".join(paper.number for paper in papers)) if self.random.random() < 0.85 else "less WHT"
        return self._made(day, found[0], papers, text, less=less, reasons=("withholding",))

    def _rounding(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        odd = 1000 if self.currency == "VND" else 5
        found = self._someone(day, lambda _, papers: any(self.left[p.number] > 100 * odd for p in papers))
        if found is None:
            return None
        paper = self.random.choice([p for p in found[1] if self.left[p.number] > 100 * odd])
        less = self.random.randint(1, odd - 1)
        return self._made(day, found[0], [paper], self.text(paper.number), less=less, reasons=("rounding",))

    def _unparted(self, day: datetime.date) -> tuple[Person, Paper] | None:
        """A customer with an invoice of which no part was paid; it is marked."""
        found = self._someone(
            day, lambda _, papers: any(p.number not in self.parted | self.disputed.keys() for p in papers)
        )
        if found is None:
            return None
        paper = self.random.choice([p for p in found[1] if p.number not in self.parted | self.disputed.keys()])
        self.parted.add(paper.number)
        return found[0], paper

    def _part_payment(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._unparted(day)
        if found is None:
            return None
        paper = found[1]
        left = self.left[paper.number]
        units = left * self.random.choice((25, 30, 40, 50, 60, 70)) // 100 // self.step * self.step
        if units <= 0:
            return None
        text = self.text(f"{self.random.choice(('dot 1', 'part payment', 'mot phan', ''))} {paper.number}")
        line = self.line(day, units, remittance=text, **self._payer(found[0]))
        return line, Truth("", found[0].code, ((paper.number, units),), 0, ("part payment",))

    def _deduction(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._unparted(day)
        if found is None:
            return None
        paper = found[1]
        units = self.left[paper.number] * self.random.randint(82, 93) // 100 // self.step * self.step
        if units <= 0:
            return None
        text = self.text(
            f"{paper.number} {self.random.choice(('less damage', 'tru phat', '', 'tru hang loi', 'minus penalty', ''))}"
        )
        line = self.line(day, units, remittance=text, **self._payer(found[0]))
        return line, Truth("", found[0].code, ((paper.number, units),), 0, ("part payment",))

    def _overpayment(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda _, __: True)
        if found is None:
            return None
        paper = self.random.choice(found[1])
        more = max(
            self.step * 50, self.left[paper.number] * self.random.choice((1, 5, 10, 25)) // 100 // self.step * self.step
        )
        return self._made(day, found[0], [paper], self.text(paper.number), more=more, reasons=("overpayment",))

    def _credit_memo(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        credits = [p for p in self.papers.values() if p.units < 0 and self.left[p.number] and p.date <= day]
        self.random.shuffle(credits)
        for credit in credits:
            person = self.by_code[credit.customer]
            papers = [p for p in self.open_of(person.code, day) if self.left[p.number] > -self.left[credit.number]]
            if papers:
                paper = self.random.choice(papers)
                text = paper.number + (f" - {credit.number}" if self.random.random() < 0.6 else " less credit")
                line, truth = self._made(day, person, [paper, credit], self.text(text), reasons=("credit memo",))
                return line, truth
        return None

    def _affiliate(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda person, _: bool(person.group))
        if found is None:
            return None
        mates = [p for p in self.persons if p.group == found[0].group and p.code != found[0].code]
        if not mates:
            return None
        payer = self.random.choice(mates)
        paper = self.random.choice(found[1])
        known = found[0].code in payer.pays_for
        said: dict[str, Any] = {"counterparty": self.bank_name(payer.name), "counterparty_account": payer.accounts[0]}
        return self._made(day, found[0], [paper], self.text(paper.number), decidable=known, **said)

    def _reference(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda _, papers: bool(self._alone(papers)))
        if found is None:
            return None
        person = found[0]
        paper = self.random.choice(self._alone(found[1]))
        name: dict[str, Any] = {"counterparty": self.random.choice((self.bank_name(person.name), "TRAN VAN BINH", ""))}
        if person.virtual and self.random.random() < 0.6:
            return self._made(day, person, [paper], f"TT {person.virtual}", **name)
        digits = "".join(filter(str.isdigit, paper.number))
        reference = creditor_reference(paper.number) if self.random.random() < 0.6 else qr_reference(digits)
        if self.random.random() < 0.5:
            return self._made(day, person, [paper], "", references=References(creditor=reference), **name)
        grouped = " ".join(reference[at : at + 4] for at in range(0, len(reference), 4))
        return self._made(day, person, [paper], f"ref {grouped}", **name)

    def _duplicate(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        gone = [p for p in self.papers.values() if p.units > 0 and not self.left[p.number]]
        if not gone:
            return None
        paper = self.random.choice(gone)
        person = self.by_code[paper.customer]
        line = self.line(day, paper.units, remittance=self.text(paper.number), **self._payer(person))
        return line, Truth("", person.code, (), paper.units, ("duplicate",), decidable=False)

    def _prepayment(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        person = self.random.choice(self.persons)
        if self.open_of(person.code):
            return None
        units = self._units()
        text = self.random.choice(("dat coc hop dong moi", "advance payment", "tam ung", "deposit for order 778"))
        line = self.line(day, units, remittance=text, counterparty=self.bank_name(person.name))
        return line, Truth("", person.code, (), units, ("prepayment",), decidable=False)

    def _disputed(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda _, papers: any(p.number not in self.disputed for p in papers))
        if found is None:
            return None
        paper = self.random.choice([p for p in found[1] if p.number not in self.disputed])
        if self.left[paper.number] != paper.units or paper.date >= FIRST - datetime.timedelta(days=1):
            return None
        units = paper.units // self.random.choice((5, 8, 12)) // self.step * self.step
        if units <= 0:
            return None
        self.disputed[paper.number] = units
        line = self.line(day, paper.units - units, remittance=self.text(paper.number), **self._payer(found[0]))
        return line, Truth("", found[0].code, ((paper.number, paper.units - units),), 0, ("disputed",))

    def _equal_amounts(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda person, papers: person.repeats and len(papers) > len(self._alone(papers)) + 1)
        if found is None:
            return None
        alone = self._alone(found[1])
        papers = [paper for paper in found[1] if paper not in alone]
        paper = papers[0]
        same = [p for p in papers if self.left[p.number] == self.left[paper.number]]
        months = Counter(p.date.month for p in same)
        told = self.random.random() < 0.5
        text = f"phi bao tri thang {paper.date.month}/2026" if told else "phi bao tri"
        return self._made(day, found[0], [paper], text, counterparty=self.bank_name(found[0].name),
                          decidable=told and months[paper.date.month] == 1)  # fmt: skip

    def _namesakes(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda person, papers: bool(person.group) and bool(self._alone(papers)))
        if found is None:
            return None
        person, papers = found
        paper = self.random.choice(self._alone(papers))
        short = self.bank_name(person.group)[: self.random.choice((18, 22, 26))]
        line, truth = self._made(day, person, [paper], "thanh toan", counterparty=short, counterparty_account="")
        return line, truth._replace(decidable=False)

    def _unknown_payer(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda _, __: True)
        if found is None:
            return None
        paper = self.random.choice(found[1])
        said: dict[str, Any] = {
            "counterparty": self.random.choice(("", "LE VAN TAM", "POS 00123", "TRANSFER")),
            "counterparty_account": "",
        }
        line, truth = self._made(day, found[0], [paper], self.random.choice(("", "chuyen tien", "payment")), **said)
        return line, truth._replace(decidable=False)

    def _strange_number(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        found = self._someone(day, lambda person, papers: bool(self._alone(papers)) and not person.group)
        if found is None:
            return None
        paper = self.random.choice(self._alone(found[1]))
        own = self.random.choice(("PO {}", "Order {}", "don hang {}", "HDKT {}/2026", "contract {}"))
        text = self.text(own.format(self.random.randint(100, 99999)))
        return self._made(day, found[0], [paper], text, counterparty=self.bank_name(found[0].name))

    def _no_receipt(self, day: datetime.date) -> tuple[BankLine, Truth]:
        cases = (
            (-55_000, "", "Thu phi quan ly tai khoan", "", model.FEE),
            (-11_000, "", "PHI SMS BANKING", "", model.OTHER),
            (-2_200, "", "Charges for transfer", "", model.FEE),
            (12_345, "", "TRA LAI TIEN GUI", "", model.OTHER),
            (3_210, "", "Credit interest", "", model.INTEREST),
            (5_000_000, COMPANY.upper(), "chuyen noi bo", OWN_SAVINGS, model.CREDIT_TRANSFER),
            (-5_000_000, COMPANY, "own transfer", OWN_SAVINGS, model.CREDIT_TRANSFER),
            (-7_000_000, "", "CHI LUONG THANG 4/2026", "", model.SALARY),
            (-900_000, "CTY DIEN LUC", "TT tien dien T4/2026", "", model.CREDIT_TRANSFER),
            (-1_850_000, "STEEL SUPPLY CO", "INV 8841 supplier", "", model.CREDIT_TRANSFER),
            (1_850_000, "STEEL SUPPLY CO", "return of payment wrong account", "", model.RETURN),
            (4_000_000, "CUC THUE", "hoan thue GTGT quy 1", "", model.CREDIT_TRANSFER),
            (9_000_000, "NGAN HANG TMCP", "giai ngan vay KU 123/2026", "", model.OTHER),
        )
        units, name, text, account, type = self.random.choice(cases)
        line = self.line(day, units, counterparty=name, remittance=text, counterparty_account=account, type=type)
        return line, Truth("")

    def _bounced(self, day: datetime.date) -> tuple[BankLine, Truth] | None:
        from_ledger = self.random.random() < 0.5 and self.paid
        settled: tuple[tuple[str, int], ...] = ()
        if from_ledger:
            paper = self.random.choice(self.paid)
            if any(truth.bounced == paper.number for truth in self.truths):
                return None
            place = self.paid.index(paper)
            person, units = self.by_code[paper.customer], paper.units
            bounced = f"RC-2026-{place:05d}"
            text = f"RETURNED {paper.number}" if self.random.random() < 0.6 else "hoan tra lenh chuyen tien"
        else:
            past = [
                (line, truth)
                for line, truth in zip(self.lines[-60:], self.truths[-60:], strict=True)
                if truth.kind in ("clean", "several")
                and truth.decidable
                and not any(t.bounced == line.id for t in self.truths)
            ]
            if not past:
                return None
            line, truth = self.random.choice(past)
            person, units = self.by_code[truth.customer], int(line.amount.scaleb(self.digits))
            bounced = line.id
            settled = tuple((number, -each) for number, each in truth.allocations)
            text = f"RETURN {line.remittance}"[:100]
        made = self.line(day, -units, remittance=text, type=model.RETURN, counterparty=self.bank_name(person.name))
        return made, Truth("", person.code, settled, 0, (), True, bounced)


# The score


class Score(NamedTuple):
    """What became of one line.

    Attributes:
      kind: The kind of noise.
      posted: Whether it is booked (or kept out) without a person.
      right: Whether what would be booked is right in customer and every allocation.
      customer: Whether the customer is right; None where there is none.
      reason: Whether the reason is right; None where the line has no difference.
      decidable: Whether the line says enough.
    """

    kind: str
    posted: bool
    right: bool
    customer: bool | None
    reason: bool | None
    decidable: bool

    @property
    def straight(self) -> bool:
        """Straight through: no person, and right."""
        return self.posted and self.right


def scored(proposed: Proposed, truth: Truth, labels: Callable[[int], str]) -> Score:
    """Compare a proposal with the truth."""
    applied = proposed.applied
    if truth.kind == "no receipt":
        kept_out = proposed.decision == NOTHING
        return Score(truth.kind, kept_out or proposed.decision == AUTO, kept_out, None, None, truth.decidable)
    if truth.bounced:
        reversal = proposed.reversal
        found = "" if reversal is None else reversal.line or (reversal.booked.number if reversal.booked else "")
        right = found == truth.bounced
        posted = proposed.decision != "review"
        return Score(truth.kind, posted, right, applied.customer == truth.customer, None, truth.decidable)
    settled: Counter[str] = Counter()
    for allocation in applied.allocations:
        settled[labels(allocation.item)] += allocation.units
    wanted = Counter(dict(truth.allocations))
    right = applied.customer == truth.customer and settled == wanted and applied.on_account == truth.on_account
    if applied.customer != truth.customer and settled == wanted and wanted:
        # Whose money it is follows from the documents, whoever sent it.
        right = applied.on_account == truth.on_account
    posted = proposed.decision != "review"
    customer = applied.customer == truth.customer
    reason = set(applied.reasons) == set(truth.reasons) if truth.reasons else None
    return Score(truth.kind, posted, right and proposed.decision != NOTHING, customer, reason, truth.decidable)


def run(seed: int, lines: int, misses: str = "") -> list[Score]:
    """Make a company, apply its lines, and score the proposals; tell those of one kind that are not right."""
    scenario = Scenario(seed, lines)
    entries, errors, options = loader.load_string(scenario.ledger())
    if errors:
        raise SystemExit(f"seed {seed}: {errors[0].message}")
    book = build(read(entries, options))
    if found := [item.message for item in book.problems if item.severity == "error"]:
        raise SystemExit(f"seed {seed}: {found[0]}")
    proposals = match(book, entries, scenario.lines).proposals
    by_line = {proposed.line.id: proposed for proposed in proposals}
    scores = []
    for line, truth in zip(scenario.lines, scenario.truths, strict=True):
        proposed = by_line[line.id]
        score = scored(proposed, truth, lambda item: book.items.number[item])
        scores.append(score)
        wrong = (score.posted and not score.right) or (misses != "wrong" and not score.straight)
        if seed < 9000 and wrong and misses in (truth.kind, "wrong", "all"):
            tell(scenario, proposed, truth)
    return scores


def tell(scenario: Scenario, proposed: Proposed, truth: Truth) -> None:
    """Print a line, its proposal and the truth."""
    line, applied = proposed.line, proposed.applied
    code = truth.customer
    print(
        f"\n{truth.kind}: {line.amount:,} {line.currency} {line.counterparty!r} {line.counterparty_account}"
        f" {line.remittance!r}"
    )
    name = scenario.by_code[code].name if code else ""
    print(f"  truth    {code} {name} {truth.allocations} on account {truth.on_account} {truth.reasons}"
          f"{'' if truth.decidable else ' (not decidable)'}")  # fmt: skip
    print(
        f"  proposed {proposed.decision} {applied.customer} {[a.units for a in applied.allocations]}"
        f" {applied.reasons} {proposed.nature}"
    )
    print(f"  evidence {applied.evidence}")
    print(f"  why not  {proposed.obstacles}")


def rate(part: int, whole: int) -> str:
    """A share in percent."""
    return f"{100 * part / whole:.1f}" if whole else "-"


def table(scores: Sequence[Score]) -> str:
    """The figures by kind of noise, as a table in Markdown."""
    kinds = [*SHARES, "all lines"]
    out = [
        "| Kind of noise | Lines | Decidable % | Straight through % | Wrong | Customer % | Reason % |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind in kinds:
        of = [score for score in scores if kind in (score.kind, "all lines")]
        if not of:
            continue
        customers = [score.customer for score in of if score.customer is not None]
        reasons = [score.reason for score in of if score.reason is not None]
        wrong = sum(score.posted and not score.right for score in of)
        told = f"{wrong} ({rate(wrong, len(of))} %)" if kind == "all lines" else str(wrong)
        out.append(
            f"| {kind} | {len(of):,} | {rate(sum(score.decidable for score in of), len(of))}"
            f" | {rate(sum(score.straight for score in of), len(of))} | {told}"
            f" | {rate(sum(customers), len(customers))} | {rate(sum(reasons), len(reasons))} |"
        )
    posted = [score for score in scores if score.posted]
    wrong = sum(not score.right for score in posted)
    receipts = [score for score in scores if score.kind != "no receipt"]
    out.append("")
    out.append(
        f"Of {len(posted):,} lines posted or kept out, {wrong} are wrong ({100 * wrong / max(1, len(posted)):.2f} %). "
        f"Of receipts alone {rate(sum(score.straight for score in receipts), len(receipts))} % go straight through."
    )
    return "\n".join(out)


def speed() -> None:
    """2,000 lines against 50,000 open invoices: seconds after the ledger is loaded."""
    scenario = Scenario(1, 2000, customers=3000, per_customer=17, settled=False)
    opened = sum(units > 0 for units in scenario.left.values())
    entries, _, options = loader.load_string(scenario.ledger())
    book = build(read(entries, options))
    begun = time.perf_counter()
    found = match(book, entries, scenario.lines)
    seconds = time.perf_counter() - begun
    print(
        f"{len(found.proposals):,} lines, {opened:,} open at the end, {len(book.customers):,} customers:"
        f" {seconds:.1f} s"
    )


def main(arguments: Sequence[str]) -> None:
    """Read the arguments and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1-10", help="first-last")
    parser.add_argument("--lines", type=int, default=400, help="bank lines a seed")
    parser.add_argument("--misses", default="", help="tell the misses of a kind of noise, all or wrong")
    parser.add_argument("--speed", action="store_true")
    asked = parser.parse_args(arguments)
    if asked.speed:
        speed()
        return
    first, _, last = asked.seeds.partition("-")
    scores = [
        score for seed in range(int(first), int(last or first) + 1) for score in run(seed, asked.lines, asked.misses)
    ]
    print(table(scores))


if __name__ == "__main__":
    main(sys.argv[1:])
