"""Texts: words of names and remittances made comparable, whatever their case, accents, width or script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Final

TEXT_MAX: Final = 2_000
"""So many characters of a text are looked at: no bank carries more, and time stays bounded."""

_LETTERS: Final = {
    "đ": "d", "ð": "d", "ł": "l", "ø": "o", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "þ": "th", "ħ": "h", "ŧ": "t",
    "ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "ـ": "", "ٱ": "ا", "’": "'", "`": "'",
}  # fmt: skip
_SIMPLE: Final = dict(
    zip(
        "國貿東華電業實發灣廣龍興寧慶樂豐際學機車長門關開陽陰馬鳥魚黃齊麗銀鋼鐵錢設計訊誠語證識讓資財購買賣質費賓館產廠廳縣應師帶幣庫張強彈後從復恆愛態戲戶擔據"
        "數斷時書會條極構標樓樹檔權歲歷氣漢潔無煙爾環瑪當療盛監盤眾礦碼禮種積競筆簡糧紅純紙組細紹統維網緊線練縱總績織羅聖聯職聲肅腦臺與舊藍藝藥蘭蘇術衛製複規視親觀觸訂變貝貢責貨販貸賀賽贊蹟軍輕載輪轉辦農運達遠選遼郵鄉鄰鋒錄錦鍋鎮鏡鐘閣陳陸隊際隨雙雞離難雲靈靜頂項順須預領題類顯風飛飯飲養餘駿體鮮鴻鵬鹽麥點黨",
        "国贸东华电业实发湾广龙兴宁庆乐丰际学机车长门关开阳阴马鸟鱼黄齐丽银钢铁钱设计讯诚语证识让资财购买卖质费宾馆产厂厅县应师带币库张强弹后从复恒爱态戏户担据"
        "数断时书会条极构标楼树档权岁历气汉洁无烟尔环玛当疗盛监盘众矿码礼种积竞笔简粮红纯纸组细绍统维网紧线练纵总绩织罗圣联职声肃脑台与旧蓝艺药兰苏术卫制复规视亲观触订变贝贡责货贩贷贺赛赞迹军轻载轮转办农运达远选辽邮乡邻锋录锦锅镇镜钟阁陈陆队际随双鸡离难云灵静顶项顺须预领题类显风飞饭饮养余骏体鲜鸿鹏盐麦点党",
        strict=True,
    )
)
_FOLDS: Final = str.maketrans({**_SIMPLE, **_LETTERS})
"""Chinese characters in their simplified form, and letters that decompose into nothing."""

_WORD: Final = re.compile(r"[^\W_]+")
_HAN: Final = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff"
_RUN: Final = re.compile(f"[{_HAN}]+|[^{_HAN}]+")
_IS_HAN: Final = re.compile(f"[{_HAN}]")
_DOTTED: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_]\s?\.\s?){2,}(?:[^\W\d_](?![^\W_]))?")
_SILENT: Final = dict.fromkeys((*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF, 0xAD))

_LEGAL_PHRASES: Final = (
    "trach nhiem huu han", "mot thanh vien", "hai thanh vien", "doanh nghiep tu nhan", "chi nhanh",
    "van phong dai dien",
    "tong cong ty", "cong ty", "co phan", "joint stock", "limited liability", "private limited", "sendirian berhad",
    "societe anonyme", "public limited", "free zone", "gesellschaft mit beschrankter haftung",
    "gesellschaft mit beschraenkter haftung", "aktiengesellschaft", "kommanditgesellschaft", "eingetragener kaufmann",
)  # fmt: skip
_LEGAL: Final = frozenset(
    [
        "tnhh",
        "cp",
        "mtv",
        "cty",
        "ctcp",
        "ct",
        "dntn",
        "cn",
        "ctytnhh",
        "ctycp",
        "tm&dv",
        "company",
        "co",
        "ltd",
        "limited",
        "inc",
        "incorporated",
        "corp",
        "corporation",
        "llc",
        "llp",
        "lp",
        "plc",
        "gmbh",
        "mbh",
        "ag",
        "kg",
        "kgaa",
        "ug",
        "ohg",
        "ek",
        "ev",
        "sa",
        "sarl",
        "sas",
        "sasu",
        "eurl",
        "sl",
        "srl",
        "spa",
        "snc",
        "bv",
        "nv",
        "oy",
        "oyj",
        "ab",
        "as",
        "asa",
        "aps",
        "kk",
        "pte",
        "pvt",
        "pty",
        "sdn",
        "bhd",
        "jsc",
        "jsco",
        "psc",
        "pjsc",
        "wll",
        "fzco",
        "fze",
        "fzc",
        "dmcc",
        "est",
        "establishment",
        "the",
        "and",
        "und",
        "va",
        "et",
        "y",
        "of",
        "for",
        "m",
        "s",
        "ms",
        "messrs",
        "شركه",
        "مساهمه",
        "محدوده",
        "المحدوده",
        "موسسه",
        "ذمم",
        "شمم",
        "شمك",
        "ش",
        "م",
        "ذ",
        "ع",
        "ك",
        "و",
    ]
)
_HAN_LEGAL: Final = re.compile(
    "股份有限公司|有限责任公司|有限公司|责任公司|公司|集团|株式会社|合同会社|（.{1,6}）|分公司"
    "|(?:股份|股份有限|股份有限公|有限|有限公|有限责任|有限责任公)$"
)
_ARABIC_ARTICLE: Final = re.compile(r"^(?:وال|ال)(?=..)")

SHORT_FORMS: Final[Mapping[str, str]] = {
    "tm": "thuong mai", "dv": "dich vu", "tmdv": "thuong mai dich vu", "xd": "xay dung", "sx": "san xuat",
    "sxtm": "san xuat thuong mai", "xnk": "xuat nhap khau", "vlxd": "vat lieu xay dung", "bds": "bat dong san",
    "ks": "khach san", "kd": "kinh doanh", "dtxd": "dau tu xay dung", "dt": "dau tu", "pt": "phat trien",
    "dtpt": "dau tu phat trien", "xdtm": "xay dung thuong mai", "cnghe": "cong nghe", "bv": "benh vien",
    "dl": "du lich",
    "vt": "van tai", "tp": "thanh pho", "tphcm": "thanh pho ho chi minh", "hn": "ha noi", "vn": "viet nam",
    "intl": "international", "int": "international", "internat": "international", "mfg": "manufacturing",
    "mgmt": "management", "mgt": "management", "hldg": "holding", "hldgs": "holding", "holdings": "holding",
    "svcs": "service", "svc": "service", "services": "service", "serv": "service", "eng": "engineering",
    "engg": "engineering", "tech": "technology", "techn": "technology", "technologies": "technology",
    "dev": "development", "constr": "construction", "const": "construction", "ent": "enterprise",
    "enterprises": "enterprise", "ind": "industry", "inds": "industry", "industries": "industry",
    "industrial": "industry", "assoc": "associates", "bros": "brothers", "hosp": "hospital", "univ": "university",
    "bldg": "building", "bldgs": "building", "mkt": "market", "gen": "general", "trdg": "trading", "trd": "trading",
    "cont": "contracting", "contg": "contracting", "contr": "contracting", "trad": "trading", "wks": "works",
    "maint": "maintenance", "maintce": "maintenance", "electromech": "electromechanical", "mech": "mechanical",
    "mat": "material", "mats": "material", "matls": "material", "materials": "material", "hware": "hardware",
    "hdwe": "hardware", "engrg": "engineering", "refrig": "refrigeration", "furn": "furniture", "fab": "fabrication",
    "distr": "distribution", "technical": "technology", "elektrotech": "elektrotechnik", "masch": "maschinen",
    "grp": "group", "gp": "group", "prop": "properties", "props": "properties", "res": "residence", "natl": "national",
    "elec": "electronic", "electr": "electronic", "electronics": "electronic", "equip": "equipment", "log": "logistics",
    "logist": "logistics", "transp": "transport", "centre": "center", "ctr": "center", "ste": "societe", "st": "saint",
    "partners": "partner", "products": "product", "systems": "system", "solutions": "solution", "foods": "food",
}  # fmt: skip
"""What short forms in names stand for, and plurals; the policy adds a company's own."""


_SHORTENED: Final = (
    ("cong ty", "cty"), ("co phan", "cp"), ("trach nhiem huu han", "tnhh"), ("mot thanh vien", "mtv"),
    ("thuong mai dich vu", "tmdv"), ("thuong mai", "tm"), ("dich vu", "dv"), ("xay dung", "xd"), ("dau tu", "dt"),
    ("san xuat", "sx"), ("xuat nhap khau", "xnk"), ("khach san", "ks"), ("limited", "ltd"), ("company", "co"),
    ("international", "intl"), ("engineering", "eng"),
)  # fmt: skip


@lru_cache(maxsize=131_072)
def folded(text: str) -> str:
    """A text without case, accents, width and direction.

    >>> folded("CÔNG TY CP ĐẦU TƯ  Ánh Dương"), folded("Ｍüller"), folded("شَرِكَةُ الأَمَل"), folded("東華電業")
    ('cong ty cp dau tu  anh duong', 'muller', 'شركه الامل', '东华电业')
    """
    plain = unicodedata.normalize("NFKD", text[:TEXT_MAX].translate(_SILENT)).casefold()
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return letters.translate(_FOLDS)


def plain(text: str) -> str:
    """The folded words of a text with one space between them, whatever stood there.

    >>> plain("Nhà-máy  số 7, Q.1")
    'nha may so 7 q 1'
    """
    return " ".join(_WORD.findall(folded(text)))


def spaced(text: str) -> str:
    """A folded text with one space wherever there are any."""
    return " ".join(folded(text).split())


def words(text: str) -> list[str]:
    """The folded words of a text; Chinese in pairs of characters, which keeps their order.

    >>> words("A.B.C. Nhà-máy số 7"), words("东华电业")
    (['abc', 'nha', 'may', 'so', '7'], ['东华', '华电', '电业'])
    """
    joined = _DOTTED.sub(lambda found: re.sub(r"[\s.]", "", found[0]) + " ", folded(text))
    found: list[str] = []
    for word in _WORD.findall(joined):
        if not _IS_HAN.search(word):
            found.append(word)
            continue
        for run in _RUN.findall(word):
            if _IS_HAN.match(run) and len(run) > 1:
                found += [run[place : place + 2] for place in range(len(run) - 1)]
            else:
                found.append(run)
    return found


class NameReader:
    """Reads names into the words that tell them apart.

    Args:
      short_forms: What further short forms stand for.
      ignored: Further words that tell nothing.
    """

    def __init__(self, short_forms: Mapping[str, str] = {}, ignored: Iterable[str] = ()) -> None:
        self._short = {**SHORT_FORMS, **{folded(short): folded(long) for short, long in short_forms.items()}}
        phrases = sorted((folded(phrase) for phrase in ignored), key=len, reverse=True)
        self._phrases = [*(phrase for phrase in phrases if " " in phrase), *_LEGAL_PHRASES]
        self._silent = _LEGAL | {phrase for phrase in phrases if " " not in phrase}
        self._parts = [tuple(phrase.split()) for phrase in self._phrases]
        self._silent_places: dict[tuple[str, ...], frozenset[int]] = {}
        self._known: dict[str, tuple[str, ...]] = {}
        self._spelled: dict[str, tuple[tuple[str, ...], ...]] = {}

    def read(self, name: str) -> tuple[str, ...]:
        """The words of a name without legal forms, short forms written out; all its words when nothing else is left.

        >>> NameReader().read("Cty CP TMDV Hoa Sen (Việt Nam)")
        ('thuong', 'mai', 'dich', 'vu', 'hoa', 'sen', 'viet', 'nam')
        """
        if name not in self._known:
            self._known[name] = self._read(name)
        return self._known[name]

    def compact(self, name: str) -> tuple[str, ...]:
        """A name without spaces, as banks may write it: its telling words, all words, and all words in short forms.

        >>> NameReader().compact("Công ty CP Xây Dựng An Phú")
        ('xaydunganphu', 'congtycpxaydunganphu', 'ctycpxdanphu')
        """
        return tuple(map("".join, self.spelled(name)))

    def spelled(self, name: str) -> tuple[tuple[str, ...], ...]:
        """The words of a name as they may be spelled: those that tell, all of them, all of them in short forms."""
        if name not in self._spelled:
            whole = f" {' '.join(words(name))} "
            short = whole
            for long, written in _SHORTENED:
                short = short.replace(f" {long} ", f" {written} ")
            forms = (self.read(name), tuple(whole.split()), tuple(short.split()))
            self._spelled[name] = tuple({"".join(form): form for form in forms if form}.values())
        return self._spelled[name]

    def silent_places(self, words: Sequence[str]) -> frozenset[int]:
        """Which of the words of a name are parts of a legal form, or tell nothing.

        >>> sorted(NameReader().silent_places(("cong", "ty", "tnhh", "thanh", "cong")))
        [0, 1, 2]
        """
        key = tuple(words)
        if key not in self._silent_places:
            found = {place for place, word in enumerate(key) if word in self._silent}
            for parts in self._parts:
                if parts[0] in key:
                    starts = [at for at in range(len(key) - len(parts) + 1) if key[at : at + len(parts)] == parts]
                    found.update(at + step for at in starts for step in range(len(parts)))
            self._silent_places[key] = frozenset(found)
        return self._silent_places[key]

    def _read(self, name: str) -> tuple[str, ...]:
        bare = f" {' '.join(words(_HAN_LEGAL.sub(' ', folded(name))))} "
        for phrase in self._phrases:
            bare = bare.replace(f" {phrase} ", " ")
        found = []
        for word in bare.split():
            if word not in self._silent:
                found += self._short.get(word, word).split()
        plain = [_ARABIC_ARTICLE.sub("", word) for word in found]
        return tuple(plain or words(name))
