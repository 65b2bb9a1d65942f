"""Names: which customer a payer's name means, and how clearly.

A name is its words, and a word weighs the more the fewer customers have it: "Trading" tells little, "Hoàng Long" a lot.
What counts is how much of both names agrees. Words in only one of them count against it, so that "Global Foods" is not
"Global Foods Partner"; a word that is cut off, abbreviated or misspelt agrees in part. The second-best name tells how
clear the best one is.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, Levenshtein, Opcodes

from receivables_importers.application.reading.texts import NameReader

KEPT: Final = 5
"""So many names are handed on."""

CANDIDATES: Final = 25
"""So many customers that share a word are compared."""

_CUT: Final = 14
"""Characters from which on a name may have been cut off by the bank."""
_SHORT: Final = 6
"""A word with fewer letters is never taken for a misspelt one: Lam and Lan are two names."""
_ANOTHER: Final = 88.0
"""A name with a word too many, or without one that tells, is another name, however much else agrees."""
_ALIKE: Final = 78
_BEGUN: Final = 0.85
_SHORTENED: Final = 0.6
_MISSPELT: Final = 0.92
_CUT_NAME: Final = 0.96
_WORDS_MAX: Final = 24
_LETTERS: Final = 6
_WRITTEN: Final = 80
_WRITTEN_MAX: Final = 97.0
_RATHER_WRITTEN: Final = 70.0
"""Names that are alike letter by letter, of which a word is another one: for a person to look at."""
_PAYMENTS: Final = (
    "tt thanh toan ck chuyen khoan tra nop gui toi tu cua cho theo hd hoa don so no thang ngay phi tam mua goi den ct"
    " mst payment pay pays paid pymt pmt by from for to inv invoice invoices bill ref settlement settle of on po do nr"
    " acc account bayaran bayar byr bagi invois zahlung von fur fuer rechnung rg re rnr begleichung uberweisung"
    " ueberweisung 付款 货款 支付 من دفعه سداد"
)
"""Words of payments, between which a name stands in a text."""

_BESIDE: Final = frozenset(_PAYMENTS.split())


class Likeness(NamedTuple):
    """How like a customer's name is.

    Attributes:
      customer: Code.
      name: The name or alias that was compared.
      score: 0 to 100; 100 is the same but for legal form, accents and case.
      alone: Within a text: whether no words stand beside the name that may belong to a longer one.
    """

    customer: str
    name: str
    score: float
    alone: bool = True


class _Entry(NamedTuple):
    customer: str
    name: str
    words: tuple[str, ...]


class NameIndex:
    """Finds the customers whose names are like a text.

    Args:
      names: Customer and name, several names a customer if need be.
      reader: Reads names into words.
    """

    def __init__(self, names: Iterable[tuple[str, str]], reader: NameReader) -> None:
        self._reader = reader
        pairs = sorted({(code, name) for code, name in names if name.strip()})
        self._entries = [_Entry(code, name, reader.read(name)[:_WORDS_MAX]) for code, name in pairs]
        self._with: dict[str, list[int]] = {}
        self._whole: dict[tuple[str, ...], set[str]] = {}
        for place, entry in enumerate(self._entries):
            self._whole.setdefault(entry.words, set()).add(entry.customer)
            for word in dict.fromkeys(entry.words):
                self._with.setdefault(word, []).append(place)
        customers = Counter(
            word for word in self._with for _ in {self._entries[place].customer for place in self._with[word]}
        )
        total = len({entry.customer for entry in self._entries}) or 1
        self._weights = {word: math.log(1 + total / count) for word, count in customers.items()}
        self._unknown = math.log(1 + total)
        self._vocabulary = sorted(word for word in self._with if len(word) >= _SHORT)
        self._begins: dict[str, list[str]] = {}
        for word in sorted(self._with):
            self._begins.setdefault(word[:3], []).append(word)
        pairs_ = [(form, place) for place, entry in enumerate(self._entries) for form in reader.compact(entry.name)]
        self._compact = [form for form, _ in pairs_]
        self._of_compact = [place for _, place in pairs_]
        self._near: dict[str, list[tuple[str, float]]] = {}
        self._found: dict[tuple[str, bool], list[Likeness]] = {}

    def same(self, text: str) -> set[str]:
        """The customers that have exactly this name, but for legal form, accents and case."""
        return self._whole.get(self._reader.read(text)[:_WORDS_MAX], set()) if text.strip() else set()

    def like(self, text: str, *, within: bool = False) -> list[Likeness]:
        """The customers with the most alike names, best first, one entry a customer.

        Args:
          text: A payer's name, or a text in which one may stand.
          within: Whether the text may say other things beside the name.
        """
        key = text, within
        if key not in self._found:
            self._found[key] = self._like(text, within)
        return self._found[key]

    def _like(self, text: str, within: bool) -> list[Likeness]:
        words = self._reader.read(text)[: 4 * _WORDS_MAX if within else _WORDS_MAX]
        near = {word: self._nearest(word) for word in dict.fromkeys(words)}
        shared: dict[int, float] = {}
        for alike in near.values():
            for word, share in alike:
                places = self._with[word]
                # A word that half of all customers have finds nobody.
                if len(places) > max(400, len(self._entries) // 8):
                    continue
                for place in places:
                    shared[place] = shared.get(place, 0.0) + share * self._weights[word]
        chosen = sorted(shared, key=lambda place: (-shared[place], place))[:CANDIDATES]
        cut = len(text.rstrip()) >= _CUT
        if not within and words not in self._whole:
            chosen = list(dict.fromkeys((*chosen, *self._written_alike(text))))
        best: dict[str, Likeness] = {}
        for place in chosen:
            entry = self._entries[place]
            alone = True
            if within:
                score, alone = self._within(words, entry)
            else:
                score = max(self._score(words, entry, cut, near), self._written(text, entry, cut))
            known = best.get(entry.customer)
            if known is None or score > known.score:
                best[entry.customer] = Likeness(entry.customer, entry.name, round(score, 1), alone)
        return sorted(best.values(), key=lambda found: (-found.score, found.customer))[:KEPT]

    def _weight(self, word: str) -> float:
        return self._weights.get(word, self._unknown)

    def _nearest(self, word: str) -> list[tuple[str, float]]:
        """The known words that may be meant by this one, each with how sure that is."""
        if word not in self._near:
            found: dict[str, float] = {word: 1.0} if word in self._with else {}
            if len(word) >= 3:
                for other in self._begins.get(word[:3], ())[:400]:
                    if other != word and other.startswith(word):
                        found.setdefault(other, _BEGUN)
            if len(word) >= _SHORT and word not in self._with:
                for other, ratio, _ in process.extract(
                    word, self._vocabulary, scorer=fuzz.ratio, score_cutoff=_ALIKE, limit=6
                ):
                    found.setdefault(other, _MISSPELT * ratio / 100)
            self._near[word] = list(found.items())
        return self._near[word]

    def _score(
        self, words: Sequence[str], entry: _Entry, cut: bool, near: Mapping[str, Sequence[tuple[str, float]]]
    ) -> float:
        """How much of both names agrees, by weight."""
        if not words:
            return 0.0
        if words == entry.words:
            return 100.0
        left = list(range(len(words)))
        shares = [0.0] * len(entry.words)
        ats = [-1] * len(entry.words)
        of_text = 0.0
        # Words that are the same find each other before words that are alike.
        for exact in (True, False):
            for place, wanted in enumerate(entry.words):
                if shares[place]:
                    continue
                best, at = 0.0, -1
                for position in left:
                    word = words[position]
                    last = cut and position == len(words) - 1
                    share = 1.0 if word == wanted else 0.0 if exact else self._share(word, wanted, near, last=last)
                    if share > best:
                        best, at = share, position
                if at >= 0:
                    shares[place], ats[place] = best, at
                    of_text += best * min(self._weight(words[at]), self._weight(wanted) or 0.1)
                    left.remove(at)
        of_name = sum(self._weight(word) * share for word, share in zip(entry.words, shares, strict=True))
        all_text = sum(
            min(self._weight(word), self._unknown) for position, word in enumerate(words) if position in left
        ) + sum(self._weight(word) for word, share in zip(entry.words, shares, strict=True) if share)
        all_name = sum(map(self._weight, entry.words))
        score = 100 * (of_name + of_text) / ((all_name + all_text) or 1)
        reached = max((place for place, share in enumerate(shares) if share), default=-1)
        kept = entry.words
        if cut and not left and all(shares[: reached + 1]):
            # The bank cut the name off: what it left out says nothing against it, where a word was cut or all that
            # tells names apart is there.
            broken = words[-1] != entry.words[reached] and entry.words[reached].startswith(words[-1])
            if broken or not any(map(self._tells, entry.words[reached + 1 :])):
                kept = entry.words[: reached + 1]
                begun = sum(map(self._weight, kept))
                score = max(score, 100 * _CUT_NAME * min(1.0, (of_name + of_text) / ((begun + all_text) or 1)))
        missing = any(
            0 < share <= _SHORTENED or (not share and self._tells(word))
            for word, share in zip(kept, shares, strict=False)
        )
        if left or missing or _is_turned(entry.words, ats):
            score = min(score, _ANOTHER)
        return min(score, 99.0)

    def _tells(self, word: str) -> bool:
        """Whether a word tells names apart: many customers have those that do not."""
        return self._weight(word) > self._unknown / 4

    def _written_alike(self, text: str) -> list[int]:
        """The names that are alike letter by letter, whatever became of the spaces."""
        found: dict[int, None] = {}
        for form in self._reader.compact(text):
            if len(form) >= _LETTERS:
                alike = process.extract(form, self._compact, scorer=fuzz.ratio, score_cutoff=_WRITTEN, limit=4)
                found.update((self._of_compact[place], None) for _, _, place in alike)
        return list(found)

    def _written(self, text: str, entry: _Entry, cut: bool) -> float:
        """How much of a name agrees letter by letter; little where a word differs by more than slips of the hand."""
        best, alike = 0.0, 0.0
        for spelled in self._reader.spelled(text):
            form = "".join(spelled)
            if len(form) < _LETTERS:
                continue
            for names in self._reader.spelled(entry.name):
                name = "".join(names)
                ratio = fuzz.ratio(form, name, score_cutoff=max(_WRITTEN, best))
                alike = max(alike, ratio)
                if ratio > best and self._slipped(spelled, names, cut=False):
                    best = ratio
                if not cut or len(form) < _CUT or len(name) <= len(form):
                    continue
                ratio = _CUT_NAME * fuzz.ratio(form, name[: len(form)], score_cutoff=_WRITTEN)
                if ratio > max(_WRITTEN, best):
                    begun = _begun(names, len(form))
                    if self._may_end(begun, names):
                        alike = max(alike, ratio)
                        if self._slipped(spelled, begun, cut=True):
                            best = ratio
        if best:
            return min(best, _WRITTEN_MAX)
        return _RATHER_WRITTEN if alike >= _WRITTEN else 0.0

    def _may_end(self, begun: Sequence[str], names: Sequence[str]) -> bool:
        """Whether a bank may have cut a name off here: within a word, or behind all that tells names apart."""
        within = begun[-1] != names[len(begun) - 1]
        return within or not any(word in self._weights and self._tells(word) for word in names[len(begun) :])

    def _slipped(self, spelled: Sequence[str], names: Sequence[str], *, cut: bool) -> bool:
        """Whether each word of a name stands in a text, but for slips of the hand: Hoàng Lam is not Hoàng Lan."""
        # Letters that changed places are a slip even in a short word.
        meant = {"".join(sorted(word)): word for word in names if len(word) > 1}
        form = "".join(word if word in names else meant.get("".join(sorted(word)), word) for word in spelled)
        blocks = Levenshtein.opcodes("".join(names), form)
        silent = self._reader.silent_places(names)
        start = 0
        for place, word in enumerate(names, start=1):
            end = start + len(word)
            # What is too much before the first word and behind the last one belongs to these.
            found = form[_reached(blocks, start) if start else 0 : _reached(blocks, end)]
            last = cut and place == len(names)
            said = (
                OSA.distance(found, word) < 2 or not found if place - 1 in silent else _is_slip(found, word, cut=last)
            )
            if found != word and not said:
                return False
            start = end
        return True

    def _share(self, word: str, wanted: str, near: Mapping[str, Sequence[tuple[str, float]]], *, last: bool) -> float:
        """How surely a word of a text is one of a name; only the last one may have been cut off."""
        begun = _BEGUN if last else _SHORTENED
        for other, share in near.get(word, ()):
            if other == wanted:
                return begun if share == _BEGUN else share
        return _SHORTENED if len(wanted) >= 3 and word.startswith(wanted) else 0.0

    def contains(self, longer: str, shorter: str) -> bool:
        """Whether the words of one name stand in another one, one after the other.

        >>> NameIndex([], NameReader()).contains("Công ty TNHH Phú Thịnh Phát", "Cty CP Phú Thịnh")
        True
        """
        within, words = self._reader.read(longer), self._reader.read(shorter)
        return any(within[at : at + len(words)] == words for at in range(len(within) - len(words) + 1))

    def _within(self, words: Sequence[str], entry: _Entry) -> tuple[float, bool]:
        """How much of a name stands in a text, its words one after the other, and whether it stands alone there."""
        best, alone = 0.0, True
        total = sum(map(self._weight, entry.words)) or 1.0
        for start, word in enumerate(words):
            if word != entry.words[0]:
                continue
            got, place = 0.0, start
            for wanted in entry.words:
                if place < len(words) and (
                    words[place] == wanted or (len(words[place]) >= 3 and wanted.startswith(words[place]))
                ):
                    got += self._weight(wanted) * (1.0 if words[place] == wanted else _BEGUN)
                    place += 1
                else:
                    break
            if got > best:
                beside = (*words[max(0, start - 1) : start], *words[place : place + 1])
                # A single word may be a word of the text: payment for goods is not from Goods Ltd.
                best, alone = got, len(entry.words) > 1 and all(map(_is_no_name, beside))
        return min(100 * best / total, 99.0), alone


def _is_no_name(word: str) -> bool:
    """Whether a word beside a name is surely no part of it."""
    return word in _BESIDE or any(map(str.isdigit, word))


def _begun(names: Sequence[str], letters: int) -> list[str]:
    """The words of a name that was cut off after so many letters."""
    found = []
    for word in names:
        if letters > 0:
            found.append(word[:letters])
        letters -= len(word)
    return found


def _reached(blocks: Opcodes, at: int) -> int:
    """Where in the text what stands at a place of the name is; letters too many belong to the word before."""
    reached = 0
    for block in blocks:
        if block.src_start > at or (block.src_start == at and block.src_end > at):
            break
        reached = (
            block.dest_end if block.src_end <= at else min(block.dest_start + at - block.src_start, block.dest_end)
        )
    return reached


def _is_slip(found: str, word: str, *, cut: bool) -> bool:
    """Whether a word was mistyped or cut off; a short one tells names apart with each of its letters."""
    if "".join(filter(str.isdigit, found)) != "".join(filter(str.isdigit, word)):
        return False
    if cut and found and word.startswith(found):
        return True
    if len(word) < _SHORT:
        return len(word) > 1 and sorted(found) == sorted(word)
    return OSA.distance(found, word) <= len(word) // _SHORT


def _is_turned(names: Sequence[str], ats: Sequence[int]) -> bool:
    """Whether two short words have changed places: Việt Hưng is not Hưng Việt, but Klaus Hoffmann is Hoffmann Klaus."""
    return any(
        first - second == 1 and second >= 0 and max(map(len, pair)) < _SHORT
        for (first, second), pair in zip(pairwise(ats), pairwise(names), strict=True)
    )
