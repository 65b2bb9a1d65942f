"""In hand: the words on accounts, receipts and deposits in hand that nobody can read, and roles that do not count.

What holds for cash and cheques is followed in `receivables.rules.in_hand`; a word that is wrong counts as not said.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any, Final

from beancount.core.data import Custom, Open

from receivables.facts import Booked
from receivables.language.configuration import ACCOUNTS, nearest
from receivables.language.customers import within
from receivables.problems import Problem, problem
from receivables.rules.in_hand import CHEQUE, CHEQUE_BANK, CHEQUE_DATE, HOLDER, SLIP, STAGE, STAGES, VOUCHER, text_of
from receivables.settings import BANK, CUSTOMERS, GROUP, IN_HAND, SUSPENSE, Settings

_TEXTS: Final = (VOUCHER, CHEQUE, CHEQUE_BANK, SLIP)

_HIDDEN_BELOW: Final = ((IN_HAND, CUSTOMERS), (GROUP, CUSTOMERS), (BANK, IN_HAND), (SUSPENSE, IN_HAND))
"""Role → the role which goes first where an account of the first stands below one of the second."""


def check_in_hand(
    others: Sequence[Any], booked: Sequence[Booked], settings: Settings, vouchers_read: bool, problems: list[Problem]
) -> None:
    """Report what is said of cash and cheques in hand and cannot be read.

    Args:
      others: Directives that are not transactions.
      booked: What stands on watched accounts.
      settings: The roles.
      vouchers_read: Whether `voucher:` was read, and reported, elsewhere.
      problems: Whatever is wrong is appended here.
    """
    for entry in others:
        if type(entry) is Open and within(entry.account, settings.roles[IN_HAND]):
            problems += _of_account(entry)
        elif type(entry) is Custom and entry.type == ACCOUNTS:
            problems += _of_role(entry, settings)
    texts = tuple(word for word in _TEXTS if not (vouchers_read and word == VOUCHER))
    seen = set()
    for each in booked:
        if each.role != IN_HAND:
            continue
        for found in _of_posting(each, texts):
            # What an entry says, all of its postings say.
            said = (found.message, str(each.entry))
            if said not in seen:
                seen.add(said)
                problems.append(found)


def _of_account(entry: Any) -> Iterator[Problem]:
    stage, holder = entry.meta.get(STAGE), entry.meta.get(HOLDER)
    if stage is not None and stage not in STAGES:
        valid, near = ", ".join(STAGES), nearest(str(stage), STAGES)
        yield problem("unknown-stage", entry.meta, entry, account=entry.account, stage=stage, valid=valid, nearest=near)
    if text_of(entry.meta, HOLDER) is None and holder is not None:
        yield problem("bad-text", entry.meta, entry, word=HOLDER, value=str(holder))


def _of_role(entry: Any, settings: Settings) -> Iterator[Problem]:
    role, *accounts = [value.value for value in entry.values or ()] or [None]
    for account in accounts:
        for hidden, other in _HIDDEN_BELOW:
            above = [root for root in settings.roles[other] if isinstance(account, str) and within(account, (root,))]
            if role == hidden and above:
                yield problem(
                    "role-below-role", entry.meta, entry, role=role, account=account, above=above[0], other=other
                )


def _of_posting(each: Booked, texts: Sequence[str]) -> Iterator[Problem]:
    for word in texts:
        if each.details.get(word) is not None and text_of(each.details, word) is None:
            yield problem("bad-text", each.source, word=word, value=str(each.details[word]))
    dated = each.details.get(CHEQUE_DATE)
    if dated is not None and not isinstance(dated, datetime.date):
        yield problem("bad-date", each.source, word=CHEQUE_DATE, value=str(dated))
