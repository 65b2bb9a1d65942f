"""Types: what the codes of each format mean, as one of `receivables_importers.bank.model.TYPES`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from receivables_importers.bank.model import (
    CARD,
    CASH,
    CHEQUE,
    CREDIT_TRANSFER,
    DIRECT_DEBIT,
    FEE,
    INTEREST,
    OTHER,
    RETURN,
    SALARY,
)

# ISO 20022 external code list "bank transaction code": domain PMNT, family, sub-family.

_FAMILIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("RCDT", "ICDT", "RRCT", "IRCT"), CREDIT_TRANSFER),
    **dict.fromkeys(("RDDT", "IDDT"), DIRECT_DEBIT),
    **dict.fromkeys(("RCHQ", "ICHQ", "DRFT", "LBOX"), CHEQUE),
    **dict.fromkeys(("CCRD", "MCRD"), CARD),
    "CNTR": CASH,
}
_SUBFAMILIES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("CHRG", "FEES", "COMM", "COME", "COMI", "COMT", "TAXE"), FEE),
    "INTR": INTEREST,
    "SALA": SALARY,
    **dict.fromkeys(("RRTN", "RPCR", "RCDD", "PRDD", "UPDD", "UPCQ", "UPCT", "CQRV", "RIMB"), RETURN),
}

# SWIFT MT940 :61: subfield 6, transaction type identification code.

_SWIFT: Final[Mapping[str, str]] = {
    **dict.fromkeys(("TRF", "STO", "FTI", "VDA"), CREDIT_TRANSFER),
    "DDT": DIRECT_DEBIT,
    **dict.fromkeys(("CHK", "TCK", "CLR"), CHEQUE),
    **dict.fromkeys(("CHG", "COM", "TAX"), FEE),
    "INT": INTEREST,
    **dict.fromkeys(("RTI", "RCK"), RETURN),
    "CAR": CARD,
    "SAL": SALARY,
}

# Geschäftsvorfallcodes of the German Banking Industry Committee (first three digits of :86:).

_GERMAN: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("008", "020", "051", "052", "054", "056", "065", "067", "068", "116", "117", "118", "119", "152", "166",
         "167", "168", "169", "177", "191", "194", "201", "202"),
        CREDIT_TRANSFER,
    ),
    **dict.fromkeys(
        ("004", "005", "010", "104", "105", "107", "110", "171", "174", "192", "193", "195", "196", "197"),
        DIRECT_DEBIT,
    ),
    **dict.fromkeys(("001", "002", "003", "011", "070", "101", "102", "103", "170"), CHEQUE),
    **dict.fromkeys(("006", "106"), CARD),
    **dict.fromkeys(("082", "083"), CASH),
    **dict.fromkeys(("805", "806", "807", "808", "809", "810", "811", "812", "813"), FEE),
    **dict.fromkeys(("814", "815", "816", "817", "818", "823"), INTEREST),
    **dict.fromkeys(("053", "153", "154", "155", "156", "157"), SALARY),
    **dict.fromkeys(("009", "059", "108", "109", "111", "159", "181", "182", "183", "184"), RETURN),
}  # fmt: skip

# OFX 2.2, section 11.4.4.3: TRNTYPE.

_OFX: Final[Mapping[str, str]] = {
    **dict.fromkeys(("XFER", "PAYMENT", "REPEATPMT", "DIRECTDEP"), CREDIT_TRANSFER),
    "DIRECTDEBIT": DIRECT_DEBIT,
    "CHECK": CHEQUE,
    **dict.fromkeys(("FEE", "SRVCHG"), FEE),
    **dict.fromkeys(("INT", "DIV"), INTEREST),
    "POS": CARD,
    **dict.fromkeys(("ATM", "CASH"), CASH),
}

# BAI2 (Cash Management Balance Reporting, appendix A): detail codes of 16 records.

_BAI: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("142", "143", "145", "155", "164", "165", "166", "168", "169", "171", "191", "195", "196", "206", "208",
         "212", "213", "218", "221", "222", "275", "408", "445", "495", "496", "506", "508", "512", "513", "575"),
        CREDIT_TRANSFER,
    ),
    **dict.fromkeys(("447", "451", "452", "455", "462", "464", "466", "468", "469"), DIRECT_DEBIT),
    **dict.fromkeys(
        ("115", "116", "174", "175", "176", "181", "301", "302", "390", "474", "475", "476", "481"), CHEQUE
    ),
    **dict.fromkeys(("261", "366", "536", "566"), CASH),
    **dict.fromkeys(("397", "398", "661", "698", "621", "632", "633", "634"), FEE),
    **dict.fromkeys(("354", "355", "654"), INTEREST),
    **dict.fromkeys(
        ("252", "254", "255", "257", "258", "259", "266", "357", "395", "552", "554", "555", "556", "557", "558",
         "559", "657", "695"),
        RETURN,
    ),
    "390": OTHER,
}  # fmt: skip


def of_iso(domain: str, family: str, subfamily: str, proprietary: str) -> str:
    """The type of a camt bank transaction code; of a proprietary one when it has the SWIFT or German form.

    >>> of_iso("PMNT", "RCDT", "ESCT", ""), of_iso("PMNT", "RCDT", "CHRG", ""), of_iso("", "", "", "NTRF+109+931")
    ('credit transfer', 'fee', 'return')
    """
    found = _SUBFAMILIES.get(subfamily)
    if found is None and domain in ("PMNT", ""):
        found = _FAMILIES.get(family)
    if found is None and proprietary:
        swift, _, german = proprietary.partition("+")
        found = of_swift(swift if len(swift) == 4 else "", german[:3])
    return found or OTHER


def of_swift(code: str, german: str) -> str:
    """The type of an MT940 line: the German code says more than the SWIFT code beside it.

    >>> of_swift("NTRF", "109"), of_swift("NCHK", ""), of_swift("N051", "899"), of_swift("N102", "")
    ('return', 'cheque', 'credit transfer', 'other')
    """
    kind = code[1:4]
    # Digits in the place of the SWIFT code are the German ones where the text is German, else a bank's own.
    for table, key in ((_GERMAN, german), (_SWIFT, kind), (_GERMAN if german else {}, kind)):
        if key in table:
            return table[key]
    return OTHER


def of_ofx(code: str) -> str:
    """The type of an OFX transaction."""
    return _OFX.get(code.strip().upper(), OTHER)


def of_bai(code: str) -> str:
    """The type of a BAI2 detail code."""
    return _BAI.get(code, OTHER)


_WORDS: Final[tuple[tuple[str, str], ...]] = (
    (RETURN, r"returned|return item|rücklast|retoure|unpaid|bounced|退票|trả lại|مرتجع"),
    (FEE, r"\bfee\b|\bfees\b|charge|commission|entgelt|gebühr|frais|手续费|费用|\bphí\b|رسوم|عمولة"),
    (INTEREST, r"\binterest\b|zinsen|intérêt|利息|lãi tiền gửi|\blãi\b|فائدة|أرباح"),
    (SALARY, r"\bsalary\b|payroll|gehalt|工资|代发|lương|راتب"),
    (CHEQUE, r"\bcheque\b|\bcheck\b|scheck|支票|\bséc\b|شيك"),
    (CASH, r"\bcash\b|\batm\b|bargeld|现金|取款|tiền mặt|نقد"),
    (DIRECT_DEBIT, r"direct debit|lastschrift|prélèvement|代扣|خصم مباشر"),
    (CARD, r"\bcard\b|\bpos\b|karten|kartenzahlung|消费|\bthẻ\b|بطاقة"),
    (CREDIT_TRANSFER, r"transfer|überweisung|gutschrift|virement|转账|汇入|汇款|chuyển khoản|\bck\b|تحويل|حوالة"),
)
_WORD_PATTERNS: Final = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _WORDS)


def of_words(words: str) -> str:
    """The type that the bank's words in a table's column for it mean.

    >>> of_words("Dauerauftrag-Gutschrift"), of_words("Rücklastschrift"), of_words("存款利息"), of_words("Memo")
    ('credit transfer', 'return', 'interest', 'other')
    """
    for kind, pattern in _WORD_PATTERNS:
        if pattern.search(words):
            return kind
    return OTHER
