"""Payer words: what payers say that they do: leave something out, pay a part, in advance, or for somebody else."""

from __future__ import annotations

import re
from typing import Final

from receivables_importers.application.reading.texts import folded

_DEDUCTS: Final = re.compile(
    r"(?<![^\W_])(?:less|minus|deduct(?:ed|ion|ions)?|net of|damages?|defects?|penalty|penalties|shortage|claim|setoff"
    r"|set off|debit note|(?:da|khau|cat|bu|cap) tru|tru (?:di|tien|no|cong no|khoan|phi|thue|chiet khau|hang|phat|\d)"
    r"|cat giam|(?:tien|tru) phat|phat (?:cham|tre|vi pham|hop dong|hd|giao)|hang loi"
    r"|abzuglich|abzgl|abzug|moins|menos|扣除?|减|罚款|خصم)(?![^\W\d_])"
)
"""Words of somebody who pays less on purpose: then the difference is no charge of a bank."""
_IN_PARTS: Final = re.compile(
    r"(?<![^\W_])(?:part|partial|partly|instal?lment|on account|(?:dot|ky|lan) ?(?:\d+|[ivx]+|dau|cuoi|nhat|hai|ba)"
    r"|mot phan|teilzahlung|rate|acompte|parcial|部分|分期|جزء)(?![^\W_])"
)
"""Words of somebody who pays a part."""
_AHEAD: Final = re.compile(
    r"(?<![^\W_])(?:advance|prepay(?:ment)?|pre-payment|deposit|down ?payment|dat coc|tam ung|ung truoc|tra truoc|coc"
    r"|anzahlung|vorauszahlung|acompte|anticipo|预付款?|定金|订金|مقدم|مقدمه|عربون)(?![^\W\d_])"
)
"""Words of somebody who pays for what is not invoiced yet."""
_FOR_ANOTHER: Final = re.compile(
    r"(?<![^\W_])(?:on behalf(?: of)?|o/b/o|obo|for (?:the )?account of"
    r"|(?:thay|thanh toan|tra|tt|nop|chuyen|ck) (?:mat )?ho|thay (?:cho|mat)|ho cho"
    r"|im auftrag|fur rechnung|fuer rechnung|pour le compte|por cuenta de|bagi pihak"
    r"|代付|代缴|نيابه عن)(?![^\W\d_])"
)
"""Words of somebody who pays what another one owes."""


def deducts(text: str) -> bool:
    """Whether a payer says that something was left out on purpose.

    >>> deducts("INV-7 less damages"), deducts("CTY TNHH LONG KIM PHAT TT HD 7"), deducts("HD 7 tru phat giao tre")
    (True, False, True)
    """
    return _DEDUCTS.search(folded(text)) is not None


def pays_a_part(text: str) -> bool:
    """Whether a payer says that a part is paid.

    >>> pays_a_part("dot 2 HD 7"), pays_a_part("CTY HOANG LAN HD 7")
    (True, False)
    """
    return _IN_PARTS.search(folded(text)) is not None


def pays_ahead(text: str) -> bool:
    """Whether a payer says that it pays for what is not invoiced yet.

    >>> pays_ahead("tam ung hop dong 12"), pays_ahead("thanh toan hop dong 12")
    (True, False)
    """
    return _AHEAD.search(folded(text)) is not None


def pays_for_another(text: str) -> bool:
    """Whether a payer says that it pays what somebody else owes.

    >>> pays_for_another("on behalf of Old Mill"), pays_for_another("TT ho cty An Phu"), pays_for_another("TT HD 7")
    (True, True, False)
    """
    return _FOR_ANOTHER.search(folded(text)) is not None
