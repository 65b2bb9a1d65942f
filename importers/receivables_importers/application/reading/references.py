"""References: what a creditor gives out and the payer sends back, each with the check that it carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_RF: Final = re.compile(r"(?<![A-Z0-9])RF(\d{2})((?:[ ]?[A-Z0-9]){1,21})(?![A-Z0-9])", re.IGNORECASE)
_QR: Final = re.compile(r"(?<!\d)\d(?:[ ]?\d){25}[ ]?\d(?!\d)")
_NOT_BARE: Final = re.compile(r"[^A-Za-z0-9]+")
_TABLE: Final = (0, 9, 4, 6, 8, 2, 7, 1, 3, 5)
"""The carries of Modulo 10, recursive (Swiss Implementation Guidelines QR-bill, annex B)."""


def bare(text: str) -> str:
    """Letters and digits of a reference, in capitals.

    >>> bare("rf18 5390-0754 7034")
    'RF18539007547034'
    """
    return _NOT_BARE.sub("", text).upper()


def is_creditor_reference(reference: str) -> bool:
    """Whether it is a creditor reference of ISO 11649 with the right check digits.

    >>> is_creditor_reference("RF18 5390 0754 7034"), is_creditor_reference("RF19 5390 0754 7034")
    (True, False)
    """
    plain = bare(reference)
    if not re.fullmatch(r"RF\d{2}[A-Z0-9]{1,21}", plain):
        return False
    return int("".join(str(int(character, 36)) for character in plain[4:] + plain[:4])) % 97 == 1


def creditor_reference(body: str) -> str:
    """The creditor reference that carries a text of at most 21 letters and digits.

    >>> creditor_reference("539007547034")
    'RF18539007547034'
    """
    plain = bare(body)[:21]
    rest = int("".join(str(int(character, 36)) for character in f"{plain}RF00")) % 97
    return f"RF{98 - rest:02d}{plain}"


def is_qr_reference(reference: str) -> bool:
    """Whether it is a QR reference: 27 digits, the last one a check digit by modulo 10, recursive.

    >>> is_qr_reference("21 00000 00003 13947 14300 09017"), is_qr_reference("21 00000 00003 13947 14300 09016")
    (True, False)
    """
    digits = bare(reference)
    return len(digits) == 27 and digits.isdigit() and digits[-1] == _check_digit(digits[:-1]) and int(digits) > 0


def qr_reference(body: str) -> str:
    """The QR reference that carries a number of at most 26 digits.

    >>> qr_reference("21000000000313947143000901")
    '210000000003139471430009017'
    """
    digits = bare(body).rjust(26, "0")
    return digits + _check_digit(digits)


def _check_digit(digits: str) -> str:
    carry = 0
    for digit in digits:
        carry = _TABLE[(carry + int(digit)) % 10]
    return str((10 - carry) % 10)


def found_in(text: str) -> Iterator[str]:
    """The creditor and QR references in a text whose check digits are right, without spaces.

    >>> list(found_in("pay RF18 5390 0754 7034 today")), list(found_in("RF19539007547034"))
    (['RF18539007547034'], [])
    """
    for match in _RF.finditer(text):
        plain = bare(match[0])
        # What follows behind a space may belong to it or not: the longest reading that checks is taken.
        ends = [
            len(plain),
            *(len(bare(match[0][:at])) for at in range(len(match[0]), 5, -1) if match[0][at - 1] == " "),
        ]
        whole = next((plain[:end] for end in ends if is_creditor_reference(plain[:end])), "")
        if whole:
            yield whole
    for match in _QR.finditer(text):
        if is_qr_reference(match[0]):
            yield bare(match[0])


def carried(reference: str) -> str:
    """What a structured reference carries without its check digits; "" when it is none.

    >>> carried("RF18539007547034"), carried("210000000003139471430009017")
    ('539007547034', '21000000000313947143000901')
    """
    plain = bare(reference)
    if is_creditor_reference(plain):
        return plain[4:]
    return plain[:-1].lstrip("0") if is_qr_reference(plain) else ""
