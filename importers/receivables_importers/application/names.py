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
from typing import Final, NamedTuple

from rapidfuzz import fuzz, process

from receivables_importers.application.texts import NameReader

KEPT: Final = 5
"""So many names are handed on."""

CANDIDATES: Final = 25
"""So many customers that share a word are compared."""

_CUT: Final = 14
"""Characters from which on a name may have been cut off by the bank."""
_SHORT: Final = 5
"""A word with fewer letters is never taken for a misspelt one: Lam and Lan are two names."""
_ALIKE: Final = 78
_BEGUN: Final = 0.85
_MISSPELT: Final = 0.92
_CUT_NAME: Final = 0.96
_WORDS_MAX: Final = 24
_LETTERS: Final = 6
_WRITTEN: Final = 80
_WRITTEN_MAX: Final = 97.0


class Likeness(NamedTuple):
    """How like a customer's name is.

    Attributes:
      customer: Code.
      name: The name or alias that was compared.
      score: 0 to 100; 100 is the same but for legal form, accents and case.
    """

    customer: str
    name: str
    score: float


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
        self._vocabulary = sorted(word for word in self._with if len(word) >= _SHORT - 1)
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
            if within:
                score = self._within(words, entry)
            else:
                score = max(self._score(words, entry, cut, near), self._written(text, entry, cut))
            known = best.get(entry.customer)
            if known is None or score > known.score:
                best[entry.customer] = Likeness(entry.customer, entry.name, round(score, 1))
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
        of_text = 0.0
        reached = -1
        # Words that are the same find each other before words that are alike.
        for exact in (True, False):
            for place, wanted in enumerate(entry.words):
                if shares[place]:
                    continue
                best, at = 0.0, -1
                for position in left:
                    word = words[position]
                    share = 1.0 if word == wanted else 0.0 if exact else self._share(word, wanted, near)
                    if share > best:
                        best, at = share, position
                if at >= 0:
                    shares[place] = best
                    of_text += best * min(self._weight(words[at]), self._weight(wanted) or 0.1)
                    left.remove(at)
                    reached = max(reached, place)
        of_name = sum(self._weight(word) * share for word, share in zip(entry.words, shares, strict=True))
        all_text = sum(
            min(self._weight(word), self._unknown) for position, word in enumerate(words) if position in left
        ) + sum(self._weight(word) for word, share in zip(entry.words, shares, strict=True) if share)
        all_name = sum(map(self._weight, entry.words))
        score = 100 * (of_name + of_text) / ((all_name + all_text) or 1)
        if cut and not left and reached + 1 < len(entry.words) and all(shares[: reached + 1]):
            # The bank cut the name off: what it left out says nothing against it.
            begun = sum(map(self._weight, entry.words[: reached + 1]))
            score = max(score, 100 * _CUT_NAME * min(1.0, (of_name + of_text) / ((begun + all_text) or 1)))
        return min(score, 99.0)

    def _written_alike(self, text: str) -> list[int]:
        """The names that are alike letter by letter, whatever became of the spaces."""
        found: dict[int, None] = {}
        for form in self._reader.compact(text):
            if len(form) >= _LETTERS:
                alike = process.extract(form, self._compact, scorer=fuzz.ratio, score_cutoff=_WRITTEN, limit=4)
                found.update((self._of_compact[place], None) for _, _, place in alike)
        return list(found)

    def _written(self, text: str, entry: _Entry, cut: bool) -> float:
        """How much of a name agrees letter by letter."""
        best = 0.0
        for form in self._reader.compact(text):
            if len(form) < _LETTERS:
                continue
            for name in self._reader.compact(entry.name):
                best = max(best, fuzz.ratio(form, name))
                if cut and len(name) > len(form) >= _CUT:
                    best = max(best, _CUT_NAME * fuzz.ratio(form, name[: len(form)]))
        return min(best, _WRITTEN_MAX) if best >= _WRITTEN else 0.0

    def _share(self, word: str, wanted: str, near: Mapping[str, Sequence[tuple[str, float]]]) -> float:
        for other, share in near.get(word, ()):
            if other == wanted:
                return share
        if len(wanted) >= 3 and word.startswith(wanted):
            return _BEGUN
        return 0.0

    def _within(self, words: Sequence[str], entry: _Entry) -> float:
        """How much of a name stands in a text, its words one after the other."""
        best = 0.0
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
            best = max(best, got)
        return min(100 * best / total, 99.0)
