"""Document numbers: which documents a text names, although prefixes get lost, separators change and zeros are dropped.

A number is its groups of letters and of digits: INV, 2026, 0113. A text names it in full when it has all groups, with
any separators or none and with or without leading zeros; bare when the letters are missing; short when the year is
missing as well but the letters (or a word such as "invoice") are there. Numbers may be listed and given as ranges; what
follows a number in a list may be its last group alone. Letters that are misread for digits (O for 0, S for 5) give a
number that needs the amount to agree. All other groups of digits are kept as tails: they mean something only to
whoever knows the customer and the amount.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

from receivables_importers.application.reading.texts import folded

FULL: Final = 3
BARE: Final = 2
SHORT: Final = 1
MISREAD: Final = 0
"""How a text names a document, the surest last. Short and misread numbers need an amount that agrees."""

QUALITIES: Final = ("misread", "short", "without prefix", "in full")

RANGE_MAX: Final = 60
"""A range with more documents of the customer is no range."""
_SPAN_MAX: Final = 20_000

_GROUPS_MAX: Final = 8
_KEY_MAX: Final = 32
_NAMED_MAX: Final = 200
_CUT_TEXT: Final = 27
"""A shorter text was cut off by no bank: a line of MT940 has so many characters."""
_TOKENS_MAX: Final = 400

_GROUP: Final = re.compile(r"[A-Z]+|[0-9]+")
_BEGUN_NUMBER: Final = re.compile(
    r"\s?[,;+&/、，-]\s?(?:[A-Z]{0,6}\s?[-_/.]?\s?[\d][\d\s/._-]*)?|\s[A-Z]{1,6}[-_/.][\d/._-]*"
)
"""What is left of a number where the bank has cut the text off."""
_BEGUN: Final = re.compile(r"\s?[,;+&/、，-]\s?([A-Z0-9][A-Z0-9/._-]*)")
"""The same for numbers that begin otherwise: looked up among the numbers of the ledger."""
_DIGIT_FOLLOWS: Final = re.compile(r"[-_/.:#]?[0-9]")
_JOINS: Final = re.compile(r"\s?[-_/.:#\\·]?\s?")
"""What may stand between the groups of one number."""
_ROOM: Final = r"\s{0,3}"
_LISTS: Final = re.compile(
    rf"{_ROOM}(?:[,;+&、，/]|AND|VA|ET|UND|Y|E|CUNG|WA|و|和|及)(?:{_ROOM}(?:SO|NO|NR|HD|INV))?[\s.:#]{{0,3}}|\s{{1,2}}"
)
_RANGES: Final = re.compile(rf"{_ROOM}(?:-|~|–|—|\.\.|…|TO|DEN|TOI|THRU|THROUGH|BIS|AU|AL|A|至|到|الى){_ROOM}")
_HINT: Final = re.compile(
    r"(?:\b(?:(?:INVOICES?|INVS?|BILLS?|HOA ?DON|HD|HDON|RECHNUNG|RG|FACTURE|FACT?|FACTURA|DN|SI)"
    r"(?:[\s.:-]{0,2}(?:SO|NOS?|NR|NUM|NUMBER))?|SO HD|(?P<number>SO|NOS?|NR|NUM|NUMBER|DOC|REF))"
    r"|发票号?|(?P<sign>单号|号码|رقم|#)|فاتوره)[\s.:#№]{0,3}$"
)
"""What says that a number is a document's. A word that only says "number" needs three digits behind it."""
_FOREIGN: Final = re.compile(
    r"\b(?:P\.?O\.?|P/O|D/?O|CONTRACTS?|AGREEMENT|HOP ?DONG|HDKT|HDMB|PHU ?LUC|ORDERS?|DON ?HANG|DDH|QUOTATION|QUOTE"
    r"|A/C|ACC|ACCT|ACCOUNT|TK|TAI KHOAN|TEL|PHONE|MOB|SDT|LH|MST|TAX|TRN|NGAY|THANG|KY|DOT|LAN|DATED?|AUFTRAGS?"
    r"|BESTELLUNG|VERTRAGS?|KUNDEN|KD|CUSTOMER)[\s.:#№-]{0,3}(?:NO|NR|SO|NUM|NUMBER|NUMMER)?[\s.:#№]{0,3}$"
)
"""What says that a number is another one: of a contract, an order, an account, a telephone, or a day."""
_CONTRACT: Final = re.compile(r"\s?/\s?(?:(?:20)?\d{2}\s?[-/]\s?[A-Z]{2,}|(?:HD|PL|BB)[A-Z]*\b)")
_OF_YEAR: Final = re.compile(r"\s?/\s?(?:20)?\d{2}(?!\d)")
_HD: Final = re.compile(r"\bHD(?:\s?SO)?[\s.:#]{0,3}$")
"""What stands behind the number of a contract, its year and its kind; before a year HD is a contract, too."""
_SUM_WRITTEN: Final = re.compile(r"(?<!\d)\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d{1,2})?(?![\d])")
_SUM_OF: Final = re.compile(r"\s?(?:VND|VNÐ|USD|EUR|AED|SAR|MYR|RM|CNY|GBP|CHF|D|DONG)\b")
_DAY: Final = re.compile(r"(?<![\d/.-])(?:0?[1-9]|[12]\d|3[01])[/.](?:0?[1-9]|1[0-2])(?![\d/-]|[.]\d)")
_TAIL_DIGITS: Final = 3
"""Fewer digits stand in every text, and tell nothing where nothing says that they are a number."""
_DATE: Final = re.compile(
    r"(?<!\d)(?:(?:19|20)\d{2}([-/.])(?:0?[1-9]|1[0-2])\1(?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])([-/.])(?:0?[1-9]|1[0-2])\2(?:(?:19|20)?\d{2})"
    r"|(?:T|THANG|KY|月)\s?\d{1,2}\s?[-/.]\s?(?:20)?\d{2})(?!\d)"
)
_COMPACT_DATE: Final = re.compile(r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")
_MISREAD: Final = str.maketrans("OQDILSBZG", "000115826")


class Document(NamedTuple):
    """A document that may be named.

    Attributes:
      customer: Code.
      number: As the ledger has it.
      items: Its items, oldest due first.
    """

    customer: str
    number: str
    items: tuple[int, ...]


class Named(NamedTuple):
    """A document that a text names.

    Attributes:
      document: Position among the documents.
      quality: `FULL`, `BARE`, `SHORT` or `MISREAD`.
      written: The words of the text.
      listed: Whether it was named as a part of a list or range that began with another.
      between: Whether it only lies between the two that a text gives as the ends of a range.
    """

    document: int
    quality: int
    written: str
    listed: bool = False
    between: bool = False


class Reading(NamedTuple):
    """What a text says in numbers.

    Attributes:
      named: The documents, in the order of the text, the surest reading of each place.
      tails: Groups of digits that name nothing by themselves, as numbers.
      keys: Every stretch of the text that is long enough for a number, for comparison with numbers that are alike.
      cut: Whether the text ends behind a number with what may be the beginning of another.
      unknown: What begins as our numbers do, and is none.
    """

    named: tuple[Named, ...]
    tails: frozenset[int]
    keys: tuple[str, ...]
    cut: bool
    unknown: tuple[str, ...] = ()


class _Token(NamedTuple):
    text: str
    start: int
    end: int

    @property
    def digits(self) -> bool:
        return self.text.isdigit()


def groups_of(number: str) -> tuple[str, ...]:
    """The groups of letters and digits of a number.

    >>> groups_of("Inv-2026/0113")
    ('INV', '2026', '0113')
    """
    return tuple(_GROUP.findall(folded(number).upper()))


def _stripped(groups: Iterable[str]) -> str:
    return "".join(group.lstrip("0") or "0" if group.isdigit() else group for group in groups)


class DocumentIndex:
    """Finds documents by what texts write of their numbers.

    Args:
      documents: All that may be named.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents
        self._places = {(document.customer, document.number): place for place, document in enumerate(documents)}
        self._groups = [groups_of(document.number) for document in documents]
        self._full: dict[str, list[int]] = {}
        self._bare: dict[str, list[int]] = {}
        self._short: dict[str, list[int]] = {}
        self._misread: dict[str, list[int]] = {}
        self._tails: dict[int, list[int]] = {}
        self._stems: dict[tuple[str, tuple[str, ...]], dict[int, int]] = {}
        self._prefixes: set[str] = set()
        self._beginnings: set[str] | None = None
        self._sorted: list[str] | None = None
        for place, groups in enumerate(self._groups):
            if groups:
                self._add(place, groups)

    def _add(self, place: int, groups: tuple[str, ...]) -> None:
        kept, stripped = "".join(groups), _stripped(groups)
        for key in dict.fromkeys((kept, stripped)):
            self._full.setdefault(key, []).append(place)
        digits = [group for group in groups if group.isdigit()]
        if not digits:
            return
        letters = not groups[0].isdigit()
        if letters:
            self._prefixes.add(groups[0])
        if letters and len(groups) > 1:
            for key in dict.fromkeys(("".join(groups[1:]), _stripped(groups[1:]))):
                self._bare.setdefault(key, []).append(place)
        if groups[-1].isdigit() and len(groups[-1]) <= 9:
            tail = int(groups[-1])
            self._tails.setdefault(tail, []).append(place)
            stem = self.documents[place].customer, groups[:-1]
            self._stems.setdefault(stem, {})[tail] = place
            if letters and len(groups) > 2:
                self._short.setdefault(f"{groups[0]}{tail}", []).append(place)
        if len(kept) >= 6:
            self._misread.setdefault(kept.translate(_MISREAD), []).append(place)

    def places(self, customer: str, number: str) -> Sequence[int]:
        """The position of a document of a customer; none when it is not known."""
        place = self._places.get((customer, number))
        return () if place is None else (place,)

    def with_tail(self, tail: int) -> Sequence[int]:
        """The documents whose last group of digits is this number."""
        return self._tails.get(tail, ())

    def tail(self, document: int) -> int | None:
        """The last group of digits of a document's number; None without one."""
        groups = self._groups[document]
        return int(groups[-1]) if groups and groups[-1].isdigit() and len(groups[-1]) <= 9 else None

    def is_near(self, document: int, keys: Iterable[str]) -> str:
        """What of a text is the document's number but for one character; "" when nothing is."""
        groups = self._groups[document]
        if not groups:
            return ""
        # Zeros that were dropped leave too little for a comparison, unless there are enough other digits.
        wanted = ["".join(groups), *([_stripped(groups)] if len(groups[-1].lstrip("0")) > 2 else [])]
        if groups and not groups[0].isdigit():
            wanted.append("".join(groups[1:]))
        wanted = [each for each in dict.fromkeys(wanted) if len(each) >= 6]
        for key in keys:
            for each in wanted:
                if abs(len(key) - len(each)) <= 1 and OSA.distance(key, each, score_cutoff=1) <= 1:
                    return key
        return ""

    def read(self, text: str, amount: str = "") -> Reading:
        """What a text says in numbers.

        Args:
          text: The text of a bank line.
          amount: The digits of the line's amount, which name nothing.
        """
        plain = folded(text).upper()
        tokens = self._tokens(plain)
        dates = {at for match in _DATE.finditer(plain) for at in range(match.start(), match.end())}
        named: list[Named] = []
        used: set[int] = set()
        keys: dict[str, None] = {}
        position = 0
        before: tuple[list[Named], int] | None = None
        while position < len(tokens):
            found, count = self._at(tokens, position, plain, dates, keys)
            if not found or len(named) > _NAMED_MAX:
                position += 1
                continue
            if before is not None and _RANGES.fullmatch(plain[tokens[before[1]].end : tokens[position].start]):
                named += self._between(before[0], found)
            named += found
            used.update(range(position, position + count))
            before = found, position + count - 1
            more, position = self._listed(found, tokens, position + count, plain, used)
            named += more
        nothing = dates | _days_and_sums(plain, amount)
        tails = frozenset(
            int(token.text)
            for place, token in enumerate(tokens)
            if place not in used and token.digits and _TAIL_DIGITS <= len(token.text) <= 9
            and token.start not in nothing and token.text.lstrip("0") != amount and int(token.text)
            and not _is_foreign(token, plain) and not self._may_be_cut(token, plain)
        )  # fmt: skip
        last = max((tokens[place].end for place in used), default=0)
        cut = bool(named) and self._begins_another(plain.rstrip(), last)
        unknown = self._unknown(tokens, used, plain)
        return Reading(tuple(surest(named)), tails, tuple(keys), cut, tuple(dict.fromkeys(unknown)))

    def _unknown(self, tokens: Sequence[_Token], used: Collection[int], plain: str) -> list[str]:
        """What begins like our numbers and is none: a known prefix with digits behind it."""
        found = []
        for place, (token, following) in enumerate(pairwise(tokens)):
            begins = token.text in self._prefixes and len(token.text) > 1 and following.digits
            if not begins or {place, place + 1} & set(used):
                continue
            end = place
            while end + 1 < len(tokens) and tokens[end + 1].digits:
                if not _JOINS.fullmatch(plain[tokens[end].end : tokens[end + 1].start]):
                    break
                end += 1
            if sum(len(each.text) for each in tokens[place + 1 : end + 1]) >= 3:
                found.append(plain[token.start : tokens[end].end])
        return found

    def _tokens(self, plain: str) -> list[_Token]:
        """The groups of a text; a prefix that was written together with the word before it is a group of its own."""
        found: list[_Token] = []
        for match in _GROUP.finditer(plain):
            text, start, end = match[0], match.start(), match.end()
            if len(found) >= _TOKENS_MAX:
                break
            glued = text.isalpha() and text not in self._prefixes and _DIGIT_FOLLOWS.match(plain, end) is not None
            prefix = next((text[at:] for at in range(1, len(text) - 1) if text[at:] in self._prefixes), "")
            if glued and prefix:
                found.append(_Token(text[: -len(prefix)], start, end - len(prefix)))
                start, text = end - len(prefix), prefix
            found.append(_Token(text, start, end))
        return found

    def _at(
        self, tokens: Sequence[_Token], position: int, plain: str, dates: set[int], keys: dict[str, None]
    ) -> tuple[list[Named], int]:
        """What is named by the tokens that begin at a position, and how many tokens that takes."""
        best: tuple[list[Named], int] = ([], 1)
        kept = stripped = ""
        for count in range(1, min(_GROUPS_MAX, len(tokens) - position) + 1):
            token = tokens[position + count - 1]
            if count > 1:
                between = plain[tokens[position + count - 2].end : token.start]
                if not _JOINS.fullmatch(between):
                    break
            kept += token.text
            stripped += (token.text.lstrip("0") or "0") if token.digits else token.text
            if len(kept) > _KEY_MAX:
                break
            if len(kept) >= 5 and any(map(str.isdigit, kept)):
                keys[kept] = None
            chosen = tokens[position : position + count]
            found = self._lookup(chosen, kept, stripped, plain, dates)
            if found:
                best = found, count
        return best

    def _lookup(self, chosen: Sequence[_Token], kept: str, stripped: str, plain: str, dates: set[int]) -> list[Named]:
        written = plain[chosen[0].start : chosen[-1].end]
        at_end = chosen[-1].end == len(plain.rstrip()) and len(plain) >= _CUT_TEXT
        letters = not chosen[0].digits
        dated = all(token.start in dates for token in chosen) or (
            len(chosen) == 1 and bool(_COMPACT_DATE.fullmatch(kept))
        )
        for index, named_by in ((self._full, FULL), (self._bare, BARE)):
            places = [
                place
                for place in dict.fromkeys((*index.get(kept, []), *index.get(stripped, [])))
                if self._fits(place, chosen, named_by)
            ]
            if not places:
                continue
            digits = sum(len(token.text) for token in chosen if token.digits)
            # Few digits without a prefix are a day and a month, or anything else.
            telling = digits >= 3 if letters else digits >= 6 or (len(chosen) > 1 and digits >= 5)
            sure = telling and (letters or not dated) and (not at_end or self._whole(places, chosen))
            alone = not letters and len(chosen) == 1
            if alone and not telling and not self._hinted(chosen[0], plain):
                continue
            return [Named(place, named_by if sure else SHORT, written) for place in places[:20]]
        if len(chosen) == 2 and letters and chosen[1].digits and len(chosen[1].text) <= 9:
            places = self._short.get(f"{chosen[0].text}{int(chosen[1].text)}", [])
            if places:
                return [Named(place, SHORT, written) for place in places[:20]]
        cut = self._may_be_cut(chosen[-1], plain)
        if len(chosen) == 1 and not letters and not cut and 1 < len(kept) <= 9 and self._hinted(chosen[0], plain):
            return [Named(place, SHORT, written) for place in self._tails.get(int(kept), [])[:20]]
        if len(kept) >= 6 and any(map(str.isdigit, kept)):
            return [Named(place, MISREAD, written) for place in self._misread.get(kept.translate(_MISREAD), [])[:20]]
        return []

    def _begins_another(self, plain: str, end: int) -> bool:
        """Whether a text ends behind a number with what may be the beginning of another."""
        if _BEGUN_NUMBER.fullmatch(plain, end) is not None:
            return True
        begun = _BEGUN.fullmatch(plain, end)
        if begun is None:
            return False
        return self._is_beginning("".join(_GROUP.findall(begun[1])))

    def _is_beginning(self, text: str) -> bool:
        """Whether a number of the ledger begins so, with or without its prefix, and goes on."""
        if self._sorted is None:
            self._sorted = sorted(dict.fromkeys((*self._full, *self._bare)))
        at = bisect_left(self._sorted, text)
        if at < len(self._sorted) and self._sorted[at] == text:
            at += 1
        return at < len(self._sorted) and self._sorted[at].startswith(text)

    def _may_be_cut(self, token: _Token, plain: str) -> bool:
        """Whether digits at the end of a long text are what a bank may have left of a number."""
        if token.end != len(plain.rstrip()) or len(plain) < _CUT_TEXT or len(token.text) < _TAIL_DIGITS:
            return False
        if self._beginnings is None:
            last = {groups[-1] for groups in self._groups if groups and groups[-1].isdigit()}
            self._beginnings = {group[:end] for group in last for end in range(_TAIL_DIGITS, len(group))}
        return token.text in self._beginnings

    def _fits(self, place: int, chosen: Sequence[_Token], quality: int) -> bool:
        """Whether zeros were dropped from whole groups only: 011 is not 11 of four digits, but 0113 cut off."""
        groups = self._groups[place][1:] if quality == BARE else self._groups[place]
        if len(groups) != len(chosen):
            return True
        return all(
            token.text == group or (token.text == (group.lstrip("0") or "0"))
            for token, group in zip(chosen, groups, strict=True)
        )

    def _whole(self, places: Sequence[int], chosen: Sequence[_Token]) -> bool:
        """Whether the last group has all of its digits, so that it was not cut off."""
        return all(self._groups[place][-1].endswith(chosen[-1].text[-len(self._groups[place][-1]) :])
                   and len(chosen[-1].text) >= len(self._groups[place][-1]) for place in places)  # fmt: skip

    def _between(self, first: Sequence[Named], last: Sequence[Named]) -> list[Named]:
        """The documents between two that are the ends of a range, of the same customer and series."""
        found = []
        for begin in first:
            groups = self._groups[begin.document]
            siblings = self._stems.get((self.documents[begin.document].customer, groups[:-1]), {})
            for end in last:
                low, high = self.tail(begin.document), self.tail(end.document)
                if low is None or high is None or siblings.get(high) != end.document:
                    continue
                between = [tail for tail in siblings if low < tail < high]
                if len(between) > RANGE_MAX:
                    continue
                quality = min(begin.quality, end.quality)
                found += [
                    Named(siblings[tail], quality, f"{begin.written} to {end.written}", listed=True, between=True)
                    for tail in sorted(between)
                ]
        return found

    @staticmethod
    def _hinted(token: _Token, plain: str) -> bool:
        found = _HINT.search(plain[max(0, token.start - 16) : token.start])
        if found is None or _is_foreign(token, plain):
            return False
        return len(token.text) >= _TAIL_DIGITS or not (found["number"] or found["sign"])

    def _listed(
        self, first: Sequence[Named], tokens: Sequence[_Token], position: int, plain: str, used: set[int]
    ) -> tuple[list[Named], int]:
        """What follows a number in a list or as the end of a range: last groups of further numbers."""
        found: list[Named] = []
        last = {named.document: self.tail(named.document) for named in first}
        while position < len(tokens) and len(found) < _NAMED_MAX:
            # "and" and "to" are groups of letters themselves, and so is a prefix that is written again.
            at = position
            while at < min(position + 2, len(tokens)) and not tokens[at].digits:
                at += 1
            if at >= len(tokens):
                break
            token = tokens[at]
            between = plain[tokens[position - 1].end : token.start]
            if not token.digits or len(token.text) > 9:
                break
            if token.end == len(plain.rstrip()) and len(plain) >= _CUT_TEXT and self._is_beginning(token.text):
                # The bank may have left so much of one more number.
                break
            ranged, listed = _RANGES.fullmatch(between), _LISTS.fullmatch(between)
            if not ranged and not listed:
                break
            # The next number may be written in full again: it begins at its own first group.
            following = tokens[at + 1] if at + 1 < len(tokens) else None
            if following is not None and following.digits and _JOINS.fullmatch(plain[token.end : following.start]):
                joined = plain[token.end : following.start].strip()
                if joined in ("-", "/", ".", "_") and self._bare.get(f"{token.text}{following.text}"):
                    break
            here: list[Named] = []
            for named in first:
                here += self._further(named, last[named.document], token.text, bool(ranged), between)
            if not here:
                break
            found += here
            used.update(range(position, at + 1))
            last = {
                named.document: max(
                    (t for h in here if (t := self.tail(h.document)) is not None
                     and self.documents[h.document].customer == self.documents[named.document].customer),
                    default=last[named.document],
                )
                for named in first
            }  # fmt: skip
            position = at + 1
        return found, position

    def _further(self, first: Named, last: int | None, text: str, ranged: bool, between: str) -> list[Named]:
        groups = self._groups[first.document]
        if last is None or not groups[-1].isdigit():
            return []
        siblings = self._stems.get((self.documents[first.document].customer, groups[:-1]), {})
        width = len(groups[-1])
        number = int(text)
        begun = str(last).rjust(width, "0")
        short = int(begun[: -len(text)] + text) if len(text) < width else number
        if between.isspace() and len(text) != width:
            return []
        if ranged:
            end = next((each for each in (short, number) if last < each <= last + _SPAN_MAX and each in siblings), None)
            if end is None:
                return []
            tails = sorted(tail for tail in siblings if last < tail <= end)
            if len(tails) > RANGE_MAX:
                return []
        else:
            # A single digit after a stroke is more often an instalment, a day or a year.
            options = [each for each in dict.fromkeys((short, number)) if each in siblings and each != last]
            if not options or (len(text) == 1 and between.strip() == "/"):
                return []
            tails = [min(options, key=lambda each: (abs(each - last), each))]
        return [
            Named(siblings[tail], first.quality, text, listed=True, between=ranged and tail != tails[-1])
            for tail in tails
        ]


def surest(named: Iterable[Named]) -> list[Named]:
    """Each document once, in its surest reading, in the order of the text."""
    best: dict[int, Named] = {}
    for each in named:
        known = best.get(each.document)
        if known is None or each.quality > known.quality:
            best[each.document] = each
    return list(best.values())


def _is_foreign(token: _Token, plain: str) -> bool:
    """Whether the text says that a number is none of a document."""
    before = plain[max(0, token.start - 24) : token.start]
    if _FOREIGN.search(before) is not None or _CONTRACT.match(plain, token.end) is not None:
        return True
    return _HD.search(before) is not None and _OF_YEAR.match(plain, token.end) is not None


def _days_and_sums(plain: str, amount: str) -> set[int]:
    """Where in a text days without a year stand, and amounts of money."""
    found = {at for match in _DAY.finditer(plain) for at in range(match.start(), match.end())}
    for match in _SUM_WRITTEN.finditer(plain):
        digits = "".join(filter(str.isdigit, match[0])).lstrip("0")
        if digits in (amount, f"{amount}00") or _SUM_OF.match(plain, match.end()):
            found.update(range(match.start(), match.end()))
    return found
