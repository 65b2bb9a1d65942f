"""Texts of the ledger on their way to paper: what is invisible and harmful goes, every visible character stays.

What a ledger says may hold anything. In a letter a control character has no meaning, and a direction
override can make 1,000 look like 000,1; so both are dropped here, once, for every format. Markup of any
kind is not touched: the formats treat all of it as plain text.
"""

from __future__ import annotations

import re

_HARMFUL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f"  # control characters except the newline
    "\u202a-\u202e\u2066-\u2069"  # direction embeddings, overrides and isolates
    "\u2028\u2029\ufeff\ufff9-\ufffb"  # separators and annotations that renderers treat as they like
    "\ud800-\udfff\ufffe\uffff]+"  # not characters at all
)
_RTL = re.compile("[\u0590-\u08ff\u200f\ufb1d-\ufdff\ufe70-\ufefc]")
_LTR_RUN = re.compile(
    "[+(\\[]?[0-9A-Za-z\u00c0-\u024f\u1e00-\u1eff]"
    "(?:[ !-~\u00a0\u00c0-\u024f\u1e00-\u1eff\u2013]*[0-9A-Za-z\u00c0-\u024f\u1e00-\u1eff%)\\]])?"
)
_LONG_WORD = re.compile("[!-~]{24,}")
_GROUPED_NUMBER = re.compile(r"(?<!\S)\+?\d[\d ]{1,22}\d(?![^\s,;.])")

LRI, FSI, PDI = "\u2066", "\u2068", "\u2069"
"""Unicode's direction isolates: what stands between LRI (left to right) or FSI (as its first letter) and PDI
is laid out by itself and moves nothing around it."""


def plain(text: str) -> str:
    """`text` without control characters and direction overrides; runs of tabs and the like become one space.

    >>> plain("paid\\t1,000\\u202e!")
    'paid 1,000!'
    """
    return _HARMFUL.sub(_space_for_tabs, text.replace("\r\n", "\n").replace("\r", "\n"))


def _space_for_tabs(match: re.Match[str]) -> str:
    return " " if re.search("[\t\x0b\x0c\u2028\u2029]", match[0]) else ""


def isolated(text: str, rtl: bool) -> str:
    """`text` with Unicode isolates where its direction differs from the letter's, so that numbers keep their order.

    Without them, the groups of "+84 24 1234" change places in a line that runs from right to left.

    >>> isolated("+84 24 1234", rtl=True) == LRI + "+84 24 1234" + PDI
    True
    >>> isolated("Lift 7", rtl=False)
    'Lift 7'
    """
    if not _RTL.search(text):
        return f"{LRI}{text}{PDI}" if rtl and text else text
    inner = _LTR_RUN.sub(f"{LRI}\\g<0>{PDI}", text)
    return inner if rtl else f"{FSI}{inner}{PDI}"


def typeset(text: str) -> str:
    """`text` with places to break in words that no column holds, and none inside a telephone or account number.

    >>> typeset("0071 0012 3456") == "0071\u00a00012\u00a03456"
    True
    """
    softened = _LONG_WORD.sub(lambda match: "\u200b".join(re.findall(".{1,8}", match[0])), text)
    return _GROUPED_NUMBER.sub(lambda match: match[0].replace(" ", "\u00a0"), softened)
