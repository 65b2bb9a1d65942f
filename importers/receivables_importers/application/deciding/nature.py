"""Nature: what a bank line is when it is no receipt: fees, interest, own transfers, salaries, returns."""

from __future__ import annotations

import re
from typing import Final

from receivables_importers.application.knowledge import Knowledge, account_number
from receivables_importers.application.reading.texts import folded, spaced
from receivables_importers.bank import model
from receivables_importers.bank.model import BankLine

FEE: Final = "fee"
INTEREST: Final = "interest"
OWN: Final = "own transfer"
SALARY: Final = "salary"
RETURNED: Final = "returned payment"
OUTGOING: Final = "outgoing"
OTHER_INCOME: Final = "other income"
BOUNCED: Final = "bounced"

NATURES: Final = (FEE, INTEREST, OWN, SALARY, RETURNED, OUTGOING, OTHER_INCOME)
"""What is no receipt. A returned payment is one of ours that came back; other income is money that no customer owes:
loans, deposits that matured, tax paid back."""

# Words as they are folded; each must stand alone.
_FEE: Final = (
    r"phi|thu phi|phi dv|phi dich vu|phi quan ly|phi sms|le phi|fees?|charges?|commission|gebuehr(?:en)?|gebuhr(?:en)?"
    r"|kontofuehrung|kontofuhrung|frais|comision|手续费|服务费|管理费|رسوم|عموله"
)
_INTEREST: Final = (
    r"tra lai tien gui|lai tien gui|lai nhap goc|lai suat|tra lai tai khoan|lai tk|interest|credit interest|zinsen"
    r"|interets?|intereses|利息|结息|فوائد|فائده"
)
_SALARY: Final = (
    r"luong|chi luong|tra luong|salar(?:y|ies)|payroll|wages|lohn|gehalt|gehaelter|salaires?|nomina|工资|رواتب|راتب"
)
_OWN: Final = (
    r"chuyen noi bo|noi bo|own account|own transfer|between own accounts|internal transfer|intercompany sweep|sweep"
    r"|cash pooling|dieu chuyen von|umbuchung|eigenuebertrag|内部转账|تحويل داخلي"
)
_RETURN: Final = (
    r"hoan tra|hoan tien|tra lai tien|bi tra lai|lenh tra lai|chuyen tien that bai|huy lenh"
    r"|return(?:ed)?|rtn|rtd|retd|(?:chq|cheque|check) ret|ret (?:chq|cheque|check)|bounced?|unpaid"
    r"|dishonou?r(?:ed)?|nsf|cek (?:tak laku|tendang|dipulangkan|tolak)|tolakan (?:giro|kliring|cek)"
    r"|insufficient funds|refer to drawer|account closed|reversal|recall|rueckgabe|ruckgabe|ruecklastschrift"
    r"|rucklastschrift|ruckuberweisung|rejet|impaye|retour|devuelto|devolucion|退票|退回|退款|مرتجع|مرتد|شيك راجع"
)
_OTHER: Final = (
    r"giai ngan|giai ngan vay|loan drawdown|loan disbursement|disbursement|gop von|tang von|capital contribution"
    r"|tat toan tien gui|tat toan(?! (?:cong no|no|hoa don|hd|hop dong|don hang|tien hang|inv))|deposit matured?"
    r"|maturity|hoan thue|tax refund|vat refund|mua ban ngoai te|ban ngoai te"
    r"|fx deal|spot deal|foreign exchange|insurance claim|boi thuong bao hiem|贷款|退税|قرض|استرداد ضريبي"
)


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![^\W_])(?:{words})(?![^\W\d_])")


_WORDS: Final = tuple(
    (nature, _pattern(words))
    for nature, words in (
        (INTEREST, _INTEREST), (SALARY, _SALARY), (OWN, _OWN), (RETURNED, _RETURN), (OTHER_INCOME, _OTHER),
        (FEE, _FEE),
    )
)  # fmt: skip
_GOING: Final = (INTEREST, SALARY, OWN, FEE)
_RETURN_WORDS: Final = _pattern(_RETURN)
_FEE_OF_RETURN: Final = re.compile(rf"(?:{_FEE})(?:\W+\w+){{0,4}}\W+(?:{_RETURN})|(?:{_RETURN})\W+(?:{_FEE})")


def said(line: BankLine) -> str:
    """All that a line says in words, folded."""
    return " ".join(" ".join(folded(text) for text in (line.remittance, line.counterparty, line.code) if text).split())


def own_transfer(line: BankLine, known: Knowledge) -> bool:
    """Whether the other side is ourselves."""
    other = account_number(line.counterparty_account)
    own = account_number(line.account)
    if other and other in known.bank_accounts and other != own:
        return True
    name = spaced(line.counterparty)
    return bool(name) and name in known.companies


def debit_nature(line: BankLine, known: Knowledge) -> str:
    """What money that went out is; `BOUNCED` when it may be a customer's payment that came back."""
    words = said(line)
    by_type = {
        model.RETURN: BOUNCED, model.REVERSAL: BOUNCED, model.INTEREST: INTEREST, model.SALARY: SALARY,
    }  # fmt: skip
    if line.type == model.FEE or _FEE_OF_RETURN.search(words):
        return FEE
    if line.type not in (model.RETURN, model.REVERSAL) and own_transfer(line, known):
        return OWN
    if line.type in by_type:
        return by_type[line.type]
    going = (nature for nature, pattern in _WORDS if nature in _GOING and pattern.search(words))
    return BOUNCED if _RETURN_WORDS.search(words) else next(going, OUTGOING)


def credit_nature(line: BankLine, known: Knowledge) -> tuple[str, bool]:
    """What money that came in is when it is no receipt ("" when nothing says so), and whether that is certain.

    What only words say is not certain: a customer may write them, too.
    """
    if own_transfer(line, known):
        return OWN, True
    by_type = {
        model.INTEREST: INTEREST, model.FEE: FEE, model.SALARY: OTHER_INCOME, model.RETURN: RETURNED,
        model.REVERSAL: RETURNED,
    }  # fmt: skip
    if line.type in by_type:
        return by_type[line.type], True
    words = said(line)
    # What comes in is no fee and no salary, whatever it is called: maintenance has a fee, too.
    for nature, pattern in _WORDS:
        if nature not in (FEE, SALARY) and pattern.search(words):
            return nature, False
    return "", False
