"""Deposit words: whether a bank line says that it is cash or a cheque brought to the bank, in many languages."""

from __future__ import annotations

import re
from typing import Final

from receivables_importers.application.reading.texts import spaced
from receivables_importers.bank.model import CASH, CHEQUE, BankLine

# Words as they are folded; each must stand alone.
_WORDS: Final = re.compile(
    r"(?<![^\W_])(?:nop tien(?: mat)?|nop tm|nop sec|nop ngan phieu|nop vao tai khoan|cash dep(?:osits?)?|cash in"
    r"|cash paid in|cash lodge?ments?|lodge?ments?|deposit of cash|cheque dep(?:osits?)?"
    r"|check dep(?:osits?)?|chq dep(?:osits?)?|paying in|paid in at counter|counter credit|bareinzahlung|einzahlung"
    r"|scheckeinreichung|scheckgutschrift|versements? (?:d )?especes?|remises? (?:de )?cheques?"
    r"|ingreso (?:en )?efectivo|deposito en efectivo|setoran tunai)(?![^\W\d_])"
    r"|存[现現]|[现現]金存|存入[现現]金|[现現]金缴存|支票存|缴款|[现現]存|进账单"
    r"|(?:ال)?(?:ايداع|إيداع)(?:ات)?"
)

# Customers write it as well, of what they pay in advance: it counts where the bank gives no payer.
_DEPOSIT: Final = re.compile(r"(?<![^\W_])(?:deposits?|dep|depositos?|setoran|remise|versement|depot)(?![^\W\d_])")


def says_deposit(line: BankLine) -> bool:
    """Whether a line that came in says, by its type or in words, that it is cash or a cheque brought to the bank."""
    if line.type in (CASH, CHEQUE):
        return True
    texts = [spaced(text) for text in (line.remittance, line.counterparty, line.code) if text]
    nobody = not line.counterparty.strip()
    return any(_WORDS.search(text) or (nobody and _DEPOSIT.search(text)) for text in texts)
