"""Write a receivables book of any size, the same for the same arguments, and the figures it must give.

    python benchmarks/generate.py --invoices 50000 --into FOLDER [--customers N] [--seed 1] [--no-plugin]

The book has 36 months, one file a month, and this mix, counted in invoices: 60 % settled by one receipt,
12 % by two or three, 21 % gathered into receipts of two to four invoices, 3 % credited, 1 % written off,
3 % never settled; what would be settled after the last day stays open as well. Each invoice has one
to three lines of income and VAT, each customer one of five payment terms, every eighth customer pays
in US dollars, and every tenth invoice has a due date of its own.

FOLDER/main.beancount is the ledger, FOLDER/plain.beancount the same without our plugin.
FOLDER/expected.json says how many items are open, their sum and their aging by currency, at the end
and at one earlier month's end. These come from the generator's own plan of each invoice, from no
code of the product. Months are written one after the other and forgotten, so memory stays small.
"""

from __future__ import annotations

import argparse
import calendar
import datetime
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

FIRST_YEAR = 2024
MONTHS = 36
FIRST_DAY = datetime.date(FIRST_YEAR, 1, 1)
LAST_DAY = datetime.date(FIRST_YEAR + MONTHS // 12 - 1, 12, 31)
PAST_MONTH_END = datetime.date(FIRST_YEAR + 1, 9, 30)

INCOME = ("Income:Maintenance", "Income:Parts", "Income:Installation")
LINE_TEXTS = ("Maintenance", "Spare parts", "Installation", "Repair, call-out", "Modernisation")
FIRST_NAMES = (
    "Hanoi",
    "Mekong",
    "Golden",
    "River",
    "Phnom Penh",
    "Saigon",
    "Lotus",
    "Northern",
    "Bay",
    "Old Town",
)
LAST_NAMES = (
    "Tower",
    "Hotel",
    "Hospital",
    "Residence",
    "Plaza",
    "Mill",
    "Market",
    "University",
    "Garden",
    "Port",
)
COLLECTORS = ("lan", "minh", "sophea", "dara")
ENTITIES = ("VN", "KH")

BUCKETS = (30, 60, 90, 180, 365)


class Currency(NamedTuple):
    """A currency with its decimal places and the step of its prices, in its smallest unit."""

    name: str
    digits: int
    step: int

    def text(self, units: int) -> str:
        """An amount in the currency's smallest unit, as it is written in the ledger."""
        if self.digits == 0:
            return str(units)
        sign = "-" if units < 0 else ""
        whole, fraction = divmod(abs(units), 10**self.digits)
        return f"{sign}{whole}.{fraction:0{self.digits}d}"


VND = Currency("VND", 0, 10_000)
USD = Currency("USD", 2, 50)


class TermsOfCustomer(NamedTuple):
    """Payment terms in the ledger's words, and the generator's own reading of them."""

    text: str
    due: Callable[[datetime.date], datetime.date]


class Customer(NamedTuple):
    """A customer as the ledger's `open` directive has it."""

    code: str
    account: str
    name: str
    currency: Currency
    terms: TermsOfCustomer


class Settlement(NamedTuple):
    """A planned settlement of one invoice: `units` in the currency's smallest unit."""

    date: datetime.date
    units: int


class Invoice(NamedTuple):
    """A planned invoice; `units` is its total in the currency's smallest unit."""

    number: str
    date: datetime.date
    due: datetime.date
    units: int


def days_later(days: int) -> Callable[[datetime.date], datetime.date]:
    """Due so many days after the invoice."""
    return lambda date: date + datetime.timedelta(days=days)


def month_end(date: datetime.date) -> datetime.date:
    """The last day of the date's month."""
    return date.replace(day=calendar.monthrange(date.year, date.month)[1])


TERMS = (
    TermsOfCustomer("net 30", days_later(30)),
    TermsOfCustomer("2/10 net 30", days_later(30)),
    TermsOfCustomer("net 60", days_later(60)),
    TermsOfCustomer("30 days EOM", lambda date: month_end(date + datetime.timedelta(days=30))),
    TermsOfCustomer("15 of next month", lambda date: month_end(date) + datetime.timedelta(days=15)),
)


class Chance:
    """Draws that are the same in every version of Python: only `Random.random` promises that."""

    def __init__(self, seed: int) -> None:
        self.draw = random.Random(seed).random

    def below(self, count: int) -> int:
        """An integer from 0 to `count` - 1."""
        return int(self.draw() * count)

    def between(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return low + self.below(high - low + 1)


class Expected:
    """Open items at one day, counted from the plan of each invoice."""

    def __init__(self, as_of: datetime.date) -> None:
        self.as_of = as_of
        self.items: dict[str, int] = defaultdict(int)
        self.units: dict[str, int] = defaultdict(int)
        self.aging: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(bucket_names(), 0))

    def add(self, invoice: Invoice, currency: Currency, settlements: Sequence[Settlement]) -> None:
        """Count one invoice with everything that settles it."""
        if invoice.date > self.as_of:
            return
        settled = sum(settlement.units for settlement in settlements if settlement.date <= self.as_of)
        outstanding = invoice.units - settled
        if outstanding:
            self.items[currency.name] += 1
            self.units[currency.name] += outstanding
            self.aging[currency.name][bucket_name((self.as_of - invoice.due).days)] += outstanding

    def figures(self) -> dict[str, object]:
        """The figures by currency, amounts as text with their exact digits."""
        return {
            currency.name: {
                "open_items": self.items[currency.name],
                "total": currency.text(self.units[currency.name]),
                "aging": {name: currency.text(units) for name, units in self.aging[currency.name].items()},
            }
            for currency in (USD, VND)
        }


def bucket_names() -> list[str]:
    """The names of the aging columns, in order."""
    lows = (1, *(high + 1 for high in BUCKETS))
    ranges = [f"days_{low}_{high}" for low, high in zip(lows, BUCKETS, strict=False)]
    return ["current", *ranges, f"days_over_{BUCKETS[-1]}"]


def bucket_name(days_overdue: int) -> str:
    """The aging column of an item: day 0 is current, day 30 belongs to 1-30."""
    if days_overdue <= 0:
        return "current"
    position = sum(days_overdue > high for high in BUCKETS)
    return bucket_names()[1 + position]


class Generator:
    """Writes one book, month after month."""

    def __init__(self, invoices: int, customers: int, seed: int) -> None:
        self.invoices = invoices
        self.chance = Chance(seed)
        self.customers = [self.customer(number) for number in range(1, customers + 1)]
        self.expected = [Expected(PAST_MONTH_END), Expected(LAST_DAY)]
        self.waiting: dict[int, list[tuple[datetime.date, int, str]]] = defaultdict(list)
        self.written: dict[str, int] = defaultdict(int)

    def customer(self, number: int) -> Customer:
        first, last = self.chance.below(len(FIRST_NAMES)), self.chance.below(len(LAST_NAMES))
        return Customer(
            code=f"C-{number:05d}",
            account=f"Assets:Receivable:{FIRST_NAMES[first]}{LAST_NAMES[last]}{number:05d}".replace(" ", ""),
            name=f"{FIRST_NAMES[first]} {LAST_NAMES[last]} {number}",
            currency=USD if number % 8 == 0 else VND,
            terms=TERMS[self.chance.below(len(TERMS))],
        )

    def opening(self) -> Iterator[str]:
        """The chart of accounts and the customers."""
        yield f'{FIRST_DAY} custom "receivables-accounts" "customers" Assets:Receivable\n'
        yield f'{FIRST_DAY} custom "receivables-accounts" "bank" Assets:Bank\n'
        yield f'{FIRST_DAY} custom "receivables-accounts" "bad-debt" Expenses:BadDebt\n'
        for account in (
            "Assets:Bank:USD",
            "Assets:Bank:VND",
            *INCOME,
            "Liabilities:VAT:Output",
            "Expenses:BadDebt",
        ):
            yield f"{FIRST_DAY} open {account}\n"
        for position, customer in enumerate(self.customers):
            self.written["entries"] += 1
            yield (
                f"\n{FIRST_DAY} open {customer.account}  {customer.currency.name}\n"
                f'  customer: "{customer.code}"\n  name: "{customer.name}"\n'
                f'  terms: "{customer.terms.text}"\n'
                f'  collector: "{COLLECTORS[position % 4]}"\n  entity: "{ENTITIES[position // 3 % 2]}"\n'
            )

    def months(self) -> Iterator[tuple[str, list[str]]]:
        """For each month its name and its entries in the order of their dates."""
        done = 0
        for month in range(MONTHS):
            target = self.invoices * (month + 1) // MONTHS
            while done < target:
                done += self.case(month, done, target - done)
            entries = self.waiting.pop(month, [])
            entries.sort(key=lambda entry: entry[:2])
            first = month_start(month)
            yield f"{first.year}-{first.month:02d}", [text for _, _, text in entries]

    def case(self, month: int, done: int, most: int) -> int:
        """Plan one invoice, or several for one receipt, with all that settles them; tells how many."""
        customer = self.customers[self.chance.below(len(self.customers))]
        # A gathering case makes three invoices on average, so its weight is a third of its share of invoices.
        kind = self.chance.draw() * 86
        if kind < 60:
            self.settled_by_receipts(customer, month, done, receipts=1)
        elif kind < 72:
            self.settled_by_receipts(customer, month, done, receipts=self.chance.between(2, 3))
        elif kind < 79:
            count = min(most, self.chance.between(2, 4))
            self.gathered(customer, month, done, count)
            return count
        elif kind < 82:
            self.credited(customer, month, done)
        elif kind < 83:
            self.written_off(customer, month, done)
        else:
            self.settle(customer, self.invoice(customer, month, done), [])
        return 1

    def settled_by_receipts(self, customer: Customer, month: int, done: int, receipts: int) -> None:
        invoice = self.invoice(customer, month, done)
        left = invoice.units
        date = invoice.date
        settlements = []
        for remaining in range(receipts, 0, -1):
            date = self.receipt_date(date, invoice.due if remaining == receipts else date)
            units = left if remaining == 1 else max(1, left * self.chance.between(30, 60) // 100)
            left -= units
            if date <= LAST_DAY:
                settlements.append(Settlement(date, units))
                self.receipt(customer, date, f" ^{invoice.number}", [(units, "")])
        self.settle(customer, invoice, settlements)

    def gathered(self, customer: Customer, month: int, done: int, count: int) -> None:
        invoices = [self.invoice(customer, month, done + position) for position in range(count)]
        date = self.receipt_date(max(invoice.date for invoice in invoices), max(invoice.due for invoice in invoices))
        paid = date <= LAST_DAY
        if paid:
            self.receipt(customer, date, "", [(invoice.units, invoice.number) for invoice in invoices])
        for invoice in invoices:
            self.settle(customer, invoice, [Settlement(date, invoice.units)] if paid else [])

    def credited(self, customer: Customer, month: int, done: int) -> None:
        invoice = self.invoice(customer, month, done)
        date = invoice.date + datetime.timedelta(days=self.chance.between(3, 50))
        words = f'"Credit memo" #credit-memo ^CM-{invoice.number[4:]}'
        self.settle_otherwise(customer, invoice, date, words, INCOME[0])

    def written_off(self, customer: Customer, month: int, done: int) -> None:
        invoice = self.invoice(customer, month, done)
        date = invoice.date + datetime.timedelta(days=self.chance.between(200, 400))
        self.settle_otherwise(customer, invoice, date, '"Insolvent" #write-off', "Expenses:BadDebt")

    def settle_otherwise(
        self, customer: Customer, invoice: Invoice, date: datetime.date, words: str, account: str
    ) -> None:
        """A credit memo or a write-off of the whole invoice."""
        settlements = [Settlement(date, invoice.units)] if date <= LAST_DAY else []
        if settlements:
            self.write(
                date,
                f'\n{date} * "{customer.name}" {words} ^{invoice.number}\n'
                + posting(account, customer.currency, invoice.units)
                + posting(customer.account, customer.currency, -invoice.units),
                postings=2,
            )
        self.settle(customer, invoice, settlements)

    def settle(self, customer: Customer, invoice: Invoice, settlements: Sequence[Settlement]) -> None:
        for expected in self.expected:
            expected.add(invoice, customer.currency, settlements)

    def invoice(self, customer: Customer, month: int, position: int) -> Invoice:
        """Write an invoice of the month; its number counts all invoices of the book."""
        first = month_start(month)
        date = first + datetime.timedelta(days=self.chance.below(month_end(first).day))
        due = customer.terms.due(date)
        metadata = ""
        if self.chance.below(10) == 0:
            due = date + datetime.timedelta(days=self.chance.between(0, 90))
            metadata = f"  due: {due}\n"
        currency = customer.currency
        number = f"INV-{date.year}-{position + 1:06d}"
        # Half of the invoices have one line of income, the others two or three.
        count = max(1, self.chance.between(0, 3))
        lines = [self.chance.between(20, 2_000) * currency.step for _ in range(count)]
        vat = (sum(lines) * 8 + 50) // 100
        total = sum(lines) + vat
        text = LINE_TEXTS[self.chance.below(len(LINE_TEXTS))]
        self.write(
            date,
            f'\n{date} * "{customer.name}" "{text} {date.year}-{date.month:02d}" ^{number}\n'
            f'  contract: "{customer.code}/{date.year}"\n{metadata}'
            + posting(customer.account, currency, total)
            + "".join(posting(INCOME[self.chance.below(len(INCOME))], currency, -units) for units in lines)
            + posting("Liabilities:VAT:Output", currency, -vat),
            postings=len(lines) + 2,
        )
        self.written["invoices"] += 1
        return Invoice(number, date, due, total)

    def receipt_date(self, invoice_date: datetime.date, after: datetime.date) -> datetime.date:
        """Mostly about `after`, sometimes long after it: the square of an even draw, -10 to 120 days."""
        date = after + datetime.timedelta(days=int(self.chance.draw() ** 2 * 130) - 10)
        return max(invoice_date, date)

    def receipt(self, customer: Customer, date: datetime.date, links: str, settled: Sequence[tuple[int, str]]) -> None:
        """Write a receipt; `settled` has an amount and, when it is one of several, the invoice's number."""
        currency = customer.currency
        self.written["receipts"] += 1
        self.write(
            date,
            f'\n{date} * "{customer.name}" "Bank transfer" ^RC-{self.written["receipts"]:06d}{links}\n'
            + posting(f"Assets:Bank:{currency.name}", currency, sum(units for units, _ in settled))
            + "".join(
                posting(customer.account, currency, -units) + (f'    settles: "{number}"\n' if number else "")
                for units, number in settled
            ),
            postings=len(settled) + 1,
        )

    def write(self, date: datetime.date, text: str, postings: int) -> None:
        """Keep a transaction until its month is written; at one date they stay in the order of planning."""
        self.written["entries"] += 1
        self.written["postings"] += postings
        month = (date.year - FIRST_YEAR) * 12 + date.month - 1
        self.waiting[month].append((date, self.written["entries"], text))


def posting(account: str, currency: Currency, units: int) -> str:
    """One posting, its amount in a column as `bean-format` would have it."""
    return f"  {account:<36}{currency.text(units):>16} {currency.name}\n"


def month_start(month: int) -> datetime.date:
    """The first day of a month, counted from the first month of the book."""
    return datetime.date(FIRST_YEAR + month // 12, month % 12 + 1, 1)


def header(plugin: bool, files: Sequence[str]) -> str:
    """The text of the ledger's main file."""
    options = 'option "title" "Benchmark"\noption "operating_currency" "VND"\noption "operating_currency" "USD"\n'
    return options + ('plugin "receivables"\n' if plugin else "") + "".join(f'include "{name}"\n' for name in files)


def customers_for(invoices: int) -> int:
    """200 customers for 5,000 invoices, 2,000 for 50,000, 10,000 for 500,000."""
    return max(1, invoices // (25 if invoices <= 50_000 else 50))


def generate(folder: Path, invoices: int, customers: int, seed: int, plugin: bool = True) -> dict[str, int]:
    """Write the book into `folder`, which is made when missing; returns what was written, by kind."""
    folder.mkdir(parents=True, exist_ok=True)
    generator = Generator(invoices, customers, seed)
    files = ["accounts.beancount"]
    with (folder / files[0]).open("w", encoding="utf-8") as stream:
        stream.writelines(generator.opening())
    for name, entries in generator.months():
        files.append(f"{name}.beancount")
        with (folder / files[-1]).open("w", encoding="utf-8") as stream:
            stream.writelines(entries)
    (folder / "main.beancount").write_text(header(plugin, files), encoding="utf-8")
    (folder / "plain.beancount").write_text(header(False, files), encoding="utf-8")
    expected = {
        "invoices": invoices,
        "customers": customers,
        "seed": seed,
        "written": dict(generator.written),
        "as_of": {str(expected.as_of): expected.figures() for expected in generator.expected},
    }
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
    return {**generator.written, "bytes": sum((folder / name).stat().st_size for name in files)}


def main(arguments: Sequence[str]) -> None:
    """The command line; see the module's docstring."""
    parser = argparse.ArgumentParser(description="Write a receivables book of any size.")
    parser.add_argument("--invoices", type=int, default=5_000, help="how many invoices (5000)")
    parser.add_argument("--customers", type=int, help="how many customers (from the invoices)")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="where the book goes")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another book (1)")
    parser.add_argument("--no-plugin", action="store_true", help="no plugin line in main.beancount")
    given = parser.parse_args(arguments)
    customers = given.customers or customers_for(given.invoices)
    if given.invoices < 0 or customers < 1:
        parser.error("--invoices and --customers must be positive")
    started = time.perf_counter()
    written = generate(given.into, given.invoices, customers, given.seed, plugin=not given.no_plugin)
    print(
        f"{written['invoices']:,} invoices of {customers:,} customers, {written['receipts']:,} receipts,"
        f" {written['entries']:,} entries, {written['postings']:,} postings, {written['bytes'] / 1e6:.1f} MB"
        f" in {time.perf_counter() - started:.1f} s"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
