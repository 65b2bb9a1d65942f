"""Payers: whose money a bank line is, by every kind of evidence, the strongest first."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from receivables.book import Book
from receivables.rules.application import ACCOUNT, ALIAS, NAME, NUMBER, REFERENCE
from receivables_importers.application.explaining.payment import Payment
from receivables_importers.application.knowledge import PAYMENT_REFERENCE, Knowledge, Master, account_number
from receivables_importers.application.reading.document_numbers import BARE, FULL, Document, Named, Reading
from receivables_importers.application.reading.names import Likeness, NameIndex
from receivables_importers.application.reading.references import (
    bare,
    carried,
    found_in,
    is_creditor_reference,
    is_qr_reference,
)
from receivables_importers.application.reading.texts import NameReader, plain
from receivables_importers.bank.model import BankLine

WEAK: Final = "like"
"""A name that is like the customer's, but not enough, or not more than another one's."""

GIVEN: Final = "given"
"""A reference that was given out to the customer or carries a document's number; not one that he may write anyway."""

STRENGTH: Final[Mapping[str, float]] = {
    REFERENCE: 5.0, ACCOUNT: 4.0, ALIAS: 4.0, NUMBER: 4.0, NAME: 3.0, WEAK: 1.0, GIVEN: 0.0,
}  # fmt: skip

LIKE: Final = 60.0
"""A name that is less like is none."""

WITHIN: Final = 88.0
"""So much of a name must stand in a text that says other things as well."""

SURE: Final = frozenset({REFERENCE, ACCOUNT, ALIAS, NAME})
"""What tells a payer for certain; the number of a document tells whose document it is."""

_TAX_ID_MIN: Final = 8
_ENDING: Final = 9
"""So many characters at the end of two account numbers must be the same, where one is a part of the other."""
_CODE: Final = re.compile(r"(?=.*\d)[A-Z0-9]{5,}")


class _Adder(Protocol):
    def __call__(self, codes: Iterable[str], kind: str, words: str, score: float = 0.0) -> None:
        """Take up that something speaks for these customers."""


class Who(NamedTuple):
    """A customer whose money it may be.

    Attributes:
      customer: Code.
      kinds: What speaks for it: words of the policy's `payers:`, `WEAK`, and `GIVEN` beside a reference.
      words: The same in words.
      payer: The customer who pays for this one; "" when it pays for itself.
      score: How like the name is; 0 where that was not asked.
    """

    customer: str
    kinds: frozenset[str]
    words: tuple[str, ...]
    payer: str = ""
    score: float = 0.0

    @property
    def is_sure(self) -> bool:
        """Whether more than a number or an amount says that it is this customer's."""
        return bool(self.kinds & SURE)

    @property
    def spoken(self) -> tuple[str, ...]:
        """What speaks for it, as sentences begin."""
        return tuple(words[:1].upper() + words[1:] for words in self.words[:3])

    @property
    def strength(self) -> float:
        """What the evidence is worth: the best kind counts, further kinds add a little."""
        values = sorted((STRENGTH[kind] for kind in self.kinds), reverse=True)
        strength = values[0] + sum(value / 10 for value in values[1:]) if values else 0.0
        return strength - 0.5 if self.payer else strength


class Payers:
    """Finds whose money lines are.

    Args:
      book: The book.
      known: What the ledger knows of customers.
      documents: All documents that may be named.
      reader: Reads names.
      likeness, margin: How like a name must be, and by how much more than the next one's.
    """

    def __init__(
        self,
        book: Book,
        known: Knowledge,
        documents: Sequence[Document],
        reader: NameReader,
        likeness: int,
        margin: int,
    ) -> None:
        self._known, self._reader = known, reader
        self._likeness, self._margin = likeness, margin
        self._documents = documents
        masters = known.masters
        self._names = NameIndex([(code, name) for code, master in masters.items() for name in master.names], reader)
        self._accounts = _collected((account, code) for code, master in masters.items() for account in master.accounts)
        self._endings = _collected((number[-_ENDING:], number) for number in self._accounts if len(number) >= _ENDING)
        self._virtual = _collected((number, code) for code, master in masters.items() for number in master.virtual)
        self._aliases = _collected((plain(a), code) for code, master in masters.items() for a in master.aliases)
        self._paid_from: dict[str, list[tuple[datetime.date, str]]] = {}
        self._paid_by_others: dict[str, list[tuple[datetime.date, str]]] = {}
        self._paid_as: dict[str, list[tuple[datetime.date, str]]] = {}
        for receipt in known.receipts:
            for code in receipt.customers:
                self.learn(receipt.date, receipt.payer_account, receipt.payer, code)
        self._ids = _collected(_identifiers(book, masters))
        self._references = _references_of(book, documents)

    def learn(self, date: datetime.date, account: str, payer: str, customer: str) -> None:
        """A receipt of this day from this account and payer is the customer's; it counts for later days.

        Who pays under another name than the customer's, pays for others, too: agents, owners, directors.
        """
        if number := account_number(account):
            own = not payer.strip() or self._is_called(payer, customer)
            paid = self._paid_from if own else self._paid_by_others
            paid.setdefault(number, []).append((date, customer))
        if name := plain(payer):
            self._paid_as.setdefault(name, []).append((date, customer))

    def _is_called(self, payer: str, customer: str) -> bool:
        """Whether a payer's name is like the customer's."""
        if customer in self._aliases.get(plain(payer), ()):
            return True
        return any(found.customer == customer and found.score >= LIKE for found in self._names.like(payer))

    def of(self, payment: Payment) -> list[Who]:
        """The customers whose money a line may be, the likeliest first."""
        line, reading = payment.line, payment.reading
        found: dict[str, tuple[set[str], dict[str, None], float]] = {}

        def add(codes: Iterable[str], kind: str, words: str, score: float = 0.0) -> None:
            for code in codes:
                kinds, said, best = found.setdefault(code, (set(), {}, 0.0))
                kinds.add(kind)
                said[words] = None
                found[code] = kinds, said, max(best, score)

        for code, words, given in self._by_reference(line, reading):
            add([code], REFERENCE, words)
            if given:
                add([code], GIVEN, words)
        self._by_account(line, add)
        self._by_name(line, add)
        for code, words in self._by_number(reading):
            add([code], NUMBER, words)
        whos = [Who(code, frozenset(kinds), tuple(said), "", score) for code, (kinds, said, score) in found.items()]
        whos += self._paid_for(whos)
        return sorted(whos, key=lambda who: (-who.strength, -who.score, who.customer))

    def documents_of(self, line: BankLine) -> list[Named]:
        """The documents that structured references of a line name."""
        found = []
        for reference in _structured(line):
            whole = bare(reference)
            body = carried(whole)
            for key in dict.fromkeys(filter(None, (whole, body, body.lstrip("0")))):
                found += [Named(place, FULL, reference) for place in self._references.get(key, ())]
        return found

    def _by_reference(self, line: BankLine, reading: Reading) -> list[tuple[str, str, bool]]:
        found = []
        for named in self.documents_of(line):
            found.append((self._documents[named.document].customer, f"the reference {named.written}", True))
        numbers = {account_number(line.account), *(account_number(text) for text in _structured(line))}
        numbers |= {account_number(carried(text)) for text in _structured(line)}
        for key in sorted(filter(None, {*numbers, *reading.keys})):
            for code in self._virtual.get(key, ()):
                found.append((code, f"the account or reference {key} that was given out to this customer", True))
            codes = self._ids.get(key, ())
            if len(codes) == 1:
                found.append((codes[0], f"{key} in the text", False))
        return found

    def _by_account(self, line: BankLine, add: _Adder) -> None:
        account = account_number(line.counterparty_account)
        if account and account not in self._known.bank_accounts:
            # An IBAN ends with the national number, which is what many banks give.
            own = self._accounts.get(account) or self._ending(account)
            paid = _before(self._paid_from.get(account, ()), line.booked)
            others = _before(self._paid_by_others.get(account, ()), line.booked)
            if len(own) == 1:
                add(own, ACCOUNT, f"the bank account {account}")
            elif not own and len(paid) == 1 and not others:
                add(paid, ACCOUNT, f"the bank account {account} of an earlier receipt")
            elif len({*own, *paid, *others}) == 1:
                add(others, WEAK, f"the bank account {account} of an earlier receipt in another name")
            else:
                add([*own, *paid, *others], WEAK, f"the bank account {account}, which several use")

    def _ending(self, account: str) -> Sequence[str]:
        numbers = self._endings.get(account[-_ENDING:], ()) if len(account) >= _ENDING else ()
        alike = [number for number in numbers if number.endswith(account) or account.endswith(number)]
        return sorted({code for number in alike for code in self._accounts[number]})

    def _by_name(self, line: BankLine, add: _Adder) -> None:
        """Aliases and names; what stands as the ultimate party goes before the account's owner."""
        for text in dict.fromkeys(filter(str.strip, (line.ultimate, line.counterparty))):
            aliased = self._aliases.get(plain(text), ())
            earlier = _before(self._paid_as.get(plain(text), ()), line.booked)
            others = sorted(self._called(text) - set(aliased)) if aliased else []
            if len(aliased) == 1 and not others:
                add(aliased, ALIAS, f'the alias "{text[:60]}"')
            elif others:
                add([*aliased, *others], WEAK, f'the name "{text[:60]}", which is an alias, too')
            elif len(earlier) == 1 and not aliased:
                # Nobody has confirmed it: people pay for more than one company.
                add(earlier, WEAK, f'the payer "{text[:60]}" of an earlier receipt', LIKE)
            found = self._names.like(text)
            self._add_likely(found, add, f'the name "{text[:60]}"')
            if aliased or (found and found[0].score >= self._likeness):
                return
        first = max(
            (found[0] for text in (line.ultimate, line.counterparty) if (found := self._names.like(text))),
            key=lambda each: each.score, default=None,
        )  # fmt: skip
        within = self._names.like(line.remittance, within=True)
        if within and within[0].score >= WITHIN:
            clear = len(within) < 2 or within[0].score - within[1].score >= self._margin
            longest = max(within[:3], key=lambda each: (each.score >= WITHIN, len(each.name)))
            chosen = within[0] if clear else longest
            # Who is called Phú Thịnh Phát is called Phú Thịnh, too.
            clear = clear or all(
                self._names.contains(chosen.name, each.name)
                for each in within
                if each is not chosen and chosen.score - each.score < self._margin
            )
            agrees = first is not None and first.customer == chosen.customer and first.score >= LIKE
            strong = clear and (agrees or (chosen.alone and not line.counterparty.strip()))
            score = chosen.score if strong else min(chosen.score, LIKE + 5)
            add([chosen.customer], NAME if strong else WEAK, f'"{chosen.name[:60]}" in the text', score)
        folded_text = f" {plain(line.remittance)} "
        for alias, codes in self._alias_words(folded_text):
            if len(codes) == 1:
                add(codes, ALIAS, f'the alias "{alias}" in the text')

    def _called(self, text: str) -> set[str]:
        """The customers whose own name this is, to the letter or without its legal form."""
        words, read = plain(text), self._reader.read(text)
        bare_name = not self._reader.silent_places(words.split())
        names = {code: self._known.masters[code].name for code in self._names.same(text)}
        return {
            code
            for code, name in names.items()
            if self._reader.read(name) == read and (bare_name or plain(name) == words)
        }

    def _alias_words(self, text: str) -> list[tuple[str, Sequence[str]]]:
        if not self._aliases or not text.strip():
            return []
        return [(alias, codes) for alias, codes in self._aliases.items() if len(alias) >= 5 and f" {alias} " in text]

    def _add_likely(self, found: Sequence[Likeness], add: _Adder, words: str) -> None:
        if not found or found[0].score < LIKE:
            return
        first = found[0]
        second = found[1].score if len(found) > 1 else 0.0
        clear = first.score - second >= self._margin or (first.score == 100 and second < 100)
        strong = first.score >= self._likeness and clear
        percent = f"{first.score:.0f}%" if first.score < 100 else "the same"
        add([first.customer], NAME if strong else WEAK, f"{words}, {percent}", first.score)
        for other in found[1:3]:
            if other.score >= LIKE:
                add([other.customer], WEAK, f"{words}, {other.score:.0f}%", other.score)

    def _by_number(self, reading: Reading) -> list[tuple[str, str]]:
        found = []
        for named in reading.named:
            document = self._documents[named.document]
            if named.quality >= BARE:
                found.append((document.customer, f"the number {document.number}"))
        return found

    def _paid_for(self, whos: Sequence[Who]) -> list[Who]:
        """The customers for whom those who are known may pay."""
        known = {who.customer: who for who in whos}
        found: dict[str, Who] = {}
        for who in whos:
            if not who.is_sure:
                continue
            for code in self._known.masters[who.customer].pays_for if who.customer in self._known.masters else ():
                if code not in self._known.masters or code == who.customer:
                    continue
                own = known.get(code)
                kinds = who.kinds - {NUMBER} | (own.kinds if own else frozenset())
                words = (*who.words, f"{who.customer} pays for {code}")
                better = found.get(code)
                made = Who(code, kinds, words, who.customer, who.score)
                if better is None or made.strength > better.strength:
                    found[code] = made
        return list(found.values())


def _before(paid: Iterable[tuple[datetime.date, str]], day: datetime.date) -> list[str]:
    """The customers for whom something was paid before a day."""
    return sorted({code for date, code in paid if date < day})


def _collected(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = {}
    for key, code in sorted(pairs):
        if key:
            found.setdefault(key, {})[code] = None
    return {key: tuple(codes) for key, codes in found.items()}


def _structured(line: BankLine) -> list[str]:
    """The structured references of a line, and those that stand in its texts."""
    written = [line.references.creditor, line.references.end_to_end, *line.references.documents]
    found = [text for text in written if is_creditor_reference(text) or is_qr_reference(text)]
    if line.references.creditor:
        found.append(line.references.creditor)
    found += found_in(line.remittance)
    return list(dict.fromkeys(found))


def _identifiers(book: Book, masters: Mapping[str, Master]) -> Iterable[tuple[str, str]]:
    """Tax numbers and codes that a text may hold → customer."""
    for code in masters:
        tax = bare(str(book.customers[code].details.get("tax-id", "")))
        if len(tax) >= _TAX_ID_MIN and any(map(str.isdigit, tax)):
            yield tax, code
        short = bare(code)
        if _CODE.fullmatch(short) and not short.isdigit():
            yield short, code


def _references_of(book: Book, documents: Sequence[Document]) -> dict[str, list[int]]:
    """What a structured reference may carry → documents: their `payment-reference:`, and their number in plain."""
    found: dict[str, list[int]] = {}
    for place, document in enumerate(documents):
        given = book.texts.details(document.items[0]).get(PAYMENT_REFERENCE)
        number = bare(document.number)
        digits = "".join(filter(str.isdigit, number)).lstrip("0")
        keys = [bare(str(given)) if given else "", number, digits if len(digits) >= 5 else ""]
        for key in dict.fromkeys(filter(None, keys)):
            found.setdefault(key, []).append(place)
    return {key: places for key, places in found.items() if len({documents[place].customer for place in places}) == 1}
