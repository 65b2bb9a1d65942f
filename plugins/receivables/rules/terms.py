"""Payment terms: the words a user writes, and the due dates and instalments that follow from them.

A text such as `2/10 net 30` or `95% net 30, 5% retention 12 months` is read once into `Terms`; the
due dates and amounts of a document are then pure arithmetic. Case and white space do not matter.

When something is due
  - `due on receipt`, `immediate`, `cash`: on the document's date.
  - `net 30`, `30 days`, `30`, `n/30`: so many days after the document's date; also `6 weeks`.
  - `1 month`, `1 year`: the same day of a later month, or its last day where it has no such day
    (31 January + 1 month is 28 or 29 February), as python-dateutil's relativedelta has it.
  - `EOM`, `end of month`: the last day of the document's month.
  - `30 days EOM`, `2 months EOM`: first the days or months, then to the end of the month reached.
  - `EOM + 30 days`, `EOM 30`, `30 days after EOM`: first to the end of the document's month, then
    the days.
  - `15 of next month`, `end of next month`: a day of the month after the document's. A day that month does
    not have is its last day, as NetSuite's "day of month net due" has it.
  - steps joined by `+` follow each other: `30 days + 10 of next month`, `45 days EOM + 5 days`.

Two readings of one phrase. For "30 days EOM" the world has two: the days and then the month's end
(Odoo up to 16: "Switch to end of the month after having added months or days", so an invoice
of 30 January is due on 31 March, as OCA's account_payment_term_extension explains; Sage's
"afterInvoiceDateAndExtendedToEndOfMonth"), and the month's end and then the days (ERPNext's "Day(s)
after the end of the invoice month", Odoo 17's "days after end of month", Lago's "Net days after end
of month"; in the United States "net 30 EOM"). We read `30 days EOM` the first way and have
`EOM + 30 days` for the second. `net 30 EOM` and `30 EOM`, which mostly mean the second but look like
the first, are refused, and so is `EOM + 1 month` (from 30 April: 30 or 31 May?): write `1 month EOM`.
`15 of next month` is SAP's fixed day with one additional month; the `+` steps are Tryton's list of
relative deltas, which also apply one after the other; `30 days + 10 of next month` is Odoo's "days
end of month on the".

How much is due
  - `30% 0 days, 60% 30 days, 10% 12 months`: percentages of the document's total (Tryton's
    "percentage on total", Odoo's "percent"); they add up to 100, or `rest` comes last.
  - `500 USD in 10 days, rest in 60 days`: amounts in a currency of three or more letters. `rest`
    may also be written `balance` or `remainder`.
  - `95% net 30, 5% retention 12 months`: the same, and the instalment is marked as retention.
  - `2/10 net 30`, `2/10, 30 days EOM`: 2 % discount when paid within 10 days, else all at the due date.
"""

from __future__ import annotations

import datetime
import functools
import re
from collections.abc import Callable
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
from typing import NamedTuple

from dateutil.relativedelta import relativedelta

FORMS = (
    "net 30",
    "30 days",
    "6 weeks",
    "1 month",
    "due on receipt",
    "EOM",
    "30 days EOM",
    "2 months EOM",
    "EOM + 30 days",
    "15 of next month",
    "30 days + 10 of next month",
    "2/10 net 30",
    "30% 0 days, 60% 30 days, 10% 12 months",
    "500 USD in 10 days, rest in 60 days",
    "95% net 30, 5% retention 12 months",
)
"""One example of each valid form, as error messages and the documentation list them."""

TEXT_MAX = 500
"""Longest text that is read at all, in characters: longer ones are certainly not payment terms."""

DAYS_MAX = 36_525
MONTHS_MAX = 1_200
"""The furthest that one step may go: a hundred years. More is a typing error."""

_EXACT = Context(prec=200, rounding=ROUND_HALF_UP)
_AMOUNT_SPAN_MAX = 60
"""Digits before or after the decimal point that an amount may have, so that `_EXACT` stays exact."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)"
    r"|(?P<word>[a-z]+)|(?P<sign>[%/+,;]))"
)
_HYPHEN = re.compile(r"(?<=[a-z0-9])-(?=[a-z])|(?<=\bnet)-(?=[0-9])")

_DAYS_PER_UNIT = {"day": 1, "days": 1, "week": 7, "weeks": 7}
_MONTHS_PER_UNIT = {"month": 1, "months": 1, "year": 12, "years": 12}
_ORDINALS = frozenset({"st", "nd", "rd", "th"})
_NEXT = frozenset({"next", "following"})
_REST = frozenset({"rest", "balance", "remainder"})
_LEAD = frozenset({"in", "within", "after"})
_AT_ONCE = frozenset({"immediate", "immediately", "cash"})
_NOT_A_CURRENCY = (
    _DAYS_PER_UNIT.keys()
    | _MONTHS_PER_UNIT.keys()
    | _ORDINALS
    | _NEXT
    | _REST
    | _LEAD
    | _AT_ONCE
    | {"of", "the", "from", "eom", "end", "net", "n", "due", "on", "upon", "receipt", "retention"}
)


class TermsError(ValueError):
    """Payment terms that cannot be read, are ambiguous, or do not fit the document.

    The message says what is wrong; when the text itself is at fault it also lists the valid forms.
    """


class Step(NamedTuple):
    """One move from a date to a later one.

    Attributes:
      move: "days" or "months" (forward by `number`), "month-end" (to the last day of the month; `number` is
        0), or "next-month" (to day `number` of the month after, or its last day).
      number: How many, zero or more.
    """

    move: str
    number: int


class Part(NamedTuple):
    """A share of the document and when it is due.

    Attributes:
      percent: Share of the document's total in percent; None for a fixed amount and for the rest.
      amount: A fixed amount, positive; None for a percentage and for the rest.
      currency: The currency of `amount`; "" otherwise.
      steps: The moves from the document's date to the due date; none means the same day.
      kind: "retention", or "" for an ordinary instalment.
    """

    percent: Decimal | None
    amount: Decimal | None
    currency: str
    steps: tuple[Step, ...]
    kind: str


class Discount(NamedTuple):
    """A discount for early payment: `rate` in percent (2 for 2 %), within `days` of the document's date."""

    rate: Decimal
    days: int


class Terms(NamedTuple):
    """Payment terms as read.

    Attributes:
      text: What the user wrote, white space collapsed.
      parts: One or more shares, in the order written; together they are always the whole document.
      discount: The discount for early payment, or None.
    """

    text: str
    parts: tuple[Part, ...]
    discount: Discount | None

    @property
    def single(self) -> bool:
        """Whether the whole document is due on one day, which `due_date` tells."""
        return len(self.parts) == 1


class Instalment(NamedTuple):
    """One instalment of a document.

    Attributes:
      due: The due date.
      amount: In the document's currency, with the document's sign.
      kind: "retention", or "" for an ordinary instalment.
    """

    due: datetime.date
    amount: Decimal
    kind: str


@functools.lru_cache(maxsize=4096)
def parse_terms(text: str) -> Terms:
    """Read payment terms.

    Args:
      text: What the user wrote; see the module's docstring for the forms.

    Raises:
      TermsError: The text is empty, too long, not understood, ambiguous, or its shares are not the
        whole of a document.

    >>> parse_terms("2/10 net 30").discount
    Discount(rate=Decimal('2'), days=10)
    >>> due_date(parse_terms("30 days EOM"), datetime.date(2026, 1, 30))
    datetime.date(2026, 3, 31)
    >>> due_date(parse_terms("EOM + 30 days"), datetime.date(2026, 1, 30))
    datetime.date(2026, 3, 2)
    """
    if len(text) > TEXT_MAX:
        raise _unreadable(text, f"the text has more than {TEXT_MAX} characters")
    reader = _Reader(text)
    discount = reader.discount()
    parts = reader.parts()
    _check_shares(text, parts)
    if discount is not None:
        _check_discount(text, discount, parts)
    return Terms(" ".join(text.split()), parts, discount)


def due_date(terms: Terms, date: datetime.date) -> datetime.date:
    """The day on which a document of `date` is due, for terms that have one due date.

    Raises:
      TermsError: The terms have several instalments (use `schedule`), or the day is after year 9999.
    """
    if len(terms.parts) != 1:
        raise TermsError(f"payment terms {_quoted(terms.text)} have several due dates, not one")
    return _moved(terms.parts[0].steps, date)


def schedule(terms: Terms, date: datetime.date, amount: Decimal, digits: int, currency: str) -> tuple[Instalment, ...]:
    """The instalments of a document, one per part of the terms, in the order written.

    Percentages are of `amount`, rounded half up to `digits` decimal places (half away from zero for a
    credit, whose instalments mirror the debit's); fixed amounts are taken as written; the last
    instalment takes what is left, so that the sum is exactly `amount`. Where rounding up would use more than
    the document has, an instalment is cut to what is left, as Tryton does, and later ones are
    zero: instalments keep their number, and never have the opposite sign.

    Args:
      terms: As read by `parse_terms`.
      date: The document's date.
      amount: The document's total, of either sign.
      digits: Decimal places of the currency (VND 0, USD 2, KWD 3).
      currency: The document's currency.

    Raises:
      TermsError: A fixed amount is in another currency, the parts ask for more than the document has, the
        amount is not a usable number, or a due date is after year 9999.
    """
    _check_amount(amount)
    total = amount.copy_abs()
    wanted = [_share(terms, part, total, currency) for part in terms.parts]
    asked = functools.reduce(_EXACT.add, (share for share in wanted if share is not None), Decimal(0))
    if asked > total:
        raise TermsError(
            f"payment terms {_quoted(terms.text)} ask for {asked:f} {currency},"
            f" more than the document's {total:f}; change the amounts or give the document its own terms"
        )
    unit = Decimal(1).scaleb(-digits)
    left = _EXACT.subtract(total, _fixed(terms))
    instalments: list[Instalment] = []
    for position, (part, share) in enumerate(zip(terms.parts, wanted, strict=True), 1):
        if part.amount is not None:
            value = part.amount
        else:
            if share is None or position == len(terms.parts):
                value = left
            else:
                value = min(_EXACT.quantize(share, unit), left.quantize(unit, ROUND_DOWN, _EXACT))
            left = _EXACT.subtract(left, value)
        signed = value if amount >= 0 else _EXACT.minus(value)
        instalments.append(Instalment(_moved(part.steps, date), signed, part.kind))
    return tuple(instalments)


def discount_until(terms: Terms, date: datetime.date) -> datetime.date | None:
    """The last day on which the discount is granted, or None when the terms have none.

    It is never after the due date: a discount is for early payment.

    Raises:
      TermsError: The day is after year 9999.
    """
    if terms.discount is None:
        return None
    return min(_moved((Step("days", terms.discount.days),), date), due_date(terms, date))


@functools.lru_cache(maxsize=65_536)
def _moved(steps: tuple[Step, ...], date: datetime.date) -> datetime.date:
    try:
        for step in steps:
            date += _DELTAS[step.move](step.number)
    except (OverflowError, ValueError) as error:
        raise TermsError(f"a due date counted from {date} is after the year 9999") from error
    return date


_DELTAS: dict[str, Callable[[int], relativedelta]] = {
    "days": lambda count: relativedelta(days=count),
    "months": lambda count: relativedelta(months=count),
    "month-end": lambda _: relativedelta(day=31),
    "next-month": lambda count: relativedelta(months=1, day=count),
}


def _share(terms: Terms, part: Part, total: Decimal, currency: str) -> Decimal | None:
    """The exact, unrounded amount that a part asks for; None for the rest."""
    if part.percent is not None:
        return _EXACT.multiply(total, part.percent).scaleb(-2, _EXACT)
    if part.amount is not None and part.currency != currency:
        raise TermsError(
            f"payment terms {_quoted(terms.text)} name an amount in {part.currency},"
            f" but the document is in {currency}; write percentages, or give the document its own terms"
        )
    return part.amount


def _fixed(terms: Terms) -> Decimal:
    """The sum of the fixed amounts, which rounding of the other parts must leave alone."""
    return functools.reduce(_EXACT.add, (part.amount for part in terms.parts if part.amount is not None), Decimal(0))


def _check_amount(amount: Decimal) -> None:
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or -exponent > _AMOUNT_SPAN_MAX or amount.adjusted() > _AMOUNT_SPAN_MAX:
        raise TermsError(f"{amount} is not an amount that can be split into instalments")


def _check_shares(text: str, parts: tuple[Part, ...]) -> None:
    """Raise TermsError unless the parts are the whole of a document: 100 %, or a rest that comes last."""
    if any(_is_rest(part) for part in parts[:-1]):
        raise _unreadable(text, "`rest` stands once, as the last part")
    percent = sum((part.percent for part in parts if part.percent is not None), Decimal(0))
    fixed = any(part.amount is not None for part in parts)
    if _is_rest(parts[-1]):
        if percent >= 100:
            raise _unreadable(text, f"the percentages come to {percent:f}, which leaves nothing for `rest`")
    elif fixed:
        raise _unreadable(text, "with a fixed amount the last part must be `rest`")
    elif percent != 100:
        raise _unreadable(text, f"the percentages come to {percent:f}, not 100; `rest` may stand for the last one")
    if all(part.kind == "retention" for part in parts):
        raise _unreadable(text, "a retention is what is held back of a whole; the other part is missing")


def _check_discount(text: str, discount: Discount, parts: tuple[Part, ...]) -> None:
    if len(parts) != 1:
        raise _unreadable(text, "a discount goes with one due date, not with instalments")
    steps = parts[0].steps
    days = sum(step.number for step in steps)
    if all(step.move == "days" for step in steps) and discount.days > days:
        raise _unreadable(text, f"the discount runs for {discount.days} days, but all is due after {days}")


def _is_rest(part: Part) -> bool:
    return part.percent is None and part.amount is None


def _quoted(text: str) -> str:
    """The user's text, shortened, with anything unprintable escaped."""
    return repr(text if len(text) <= 60 else text[:59] + "…")


def _unreadable(text: str, problem: str) -> TermsError:
    forms = ", ".join(f"`{form}`" for form in FORMS)
    return TermsError(f"payment terms {_quoted(text)}: {problem}. Valid forms are {forms}")


class _Reader:
    """Reads the words of one text from left to right, each looked at a bounded number of times."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.position = 0

    # The end of the text reads as "" for ever, so that looking ahead needs no bounds check.
    def peek(self, ahead: int = 0) -> str:
        position = self.position + ahead
        return self.tokens[position] if position < len(self.tokens) else ""

    def take(self) -> str:
        token = self.peek()
        self.position += 1
        return token

    def skip(self, *words: str) -> bool:
        """Go past `words` when they all come next; tells whether they did."""
        if all(self.peek(ahead) == word for ahead, word in enumerate(words)):
            self.position += len(words)
            return True
        return False

    def skip_any(self, words: frozenset[str]) -> bool:
        return self.peek() in words and self.skip(self.peek())

    def error(self, problem: str) -> TermsError:
        return _unreadable(self.text, problem)

    def unexpected(self, wanted: str) -> TermsError:
        found = f"{_quoted(self.peek())} comes" if self.peek() else "the text ends"
        return self.error(f"{found} where {wanted} should stand")

    def count(self, most: int, what: str) -> int:
        """A plain whole number up to `most`; Beancount's thousands commas belong to money alone."""
        token = self.peek()
        if not token.isdigit():
            raise self.unexpected(f"a whole number of {what}")
        if len(token) > 9 or int(token) > most:
            raise self.error(f"{_quoted(token)} is more than {most} {what}")
        self.position += 1
        return int(token)

    def at_number(self, ahead: int = 0) -> bool:
        return self.peek(ahead)[:1].isdigit()

    def discount(self) -> Discount | None:
        """`2/10` or `2%/10` at the start, up to the comma or before the `net` that must follow."""
        slash = 2 if self.peek(1) == "%" else 1
        if not (self.at_number() and self.peek(slash) == "/"):
            return None
        rate = self.percentage()
        self.skip("%")
        self.skip("/")
        days = self.count(DAYS_MAX, "days")
        self.skip("days")
        if not self.skip(",") and self.peek() not in ("net", "n"):
            raise self.unexpected("`net`, or a comma, and when the whole is due")
        if self.at_number() and "/" in (self.peek(1), self.peek(2)):
            raise self.error("there is more than one discount")
        return Discount(rate, days)

    def percentage(self) -> Decimal:
        token = self.take()
        if "," in token or len(token) > 20 or not 0 < Decimal(token) <= 100:
            raise self.error(f"{_quoted(token)} is not a percentage above 0 and up to 100")
        return Decimal(token)

    def parts(self) -> tuple[Part, ...]:
        parts = [self.part(alone=True)]
        while self.peek() in (",", ";"):
            self.position += 1
            parts.append(self.part(alone=False))
        if self.peek():
            raise self.unexpected("a comma or the end")
        return tuple(parts)

    def part(self, alone: bool) -> Part:
        percent: Decimal | None = None
        amount: Decimal | None = None
        currency = ""
        if self.at_number() and self.peek(1) == "%":
            percent = self.percentage()
            self.skip("%")
        elif self.at_number() and self.at_currency(1):
            amount = self.money()
            currency = self.take().upper()
        elif not self.skip_any(_REST):
            first_of_several = alone and any(token in (",", ";") for token in self.tokens[self.position :])
            if first_of_several or not alone:
                raise self.unexpected("how much is due (a percentage, an amount with its currency, or `rest`)")
        retention = self.skip("retention")
        steps = self.when()
        retention = self.skip("retention") or retention
        return Part(percent, amount, currency, steps, "retention" if retention else "")

    def at_currency(self, ahead: int) -> bool:
        word = self.peek(ahead)
        return len(word) >= 3 and word.isalpha() and word not in _NOT_A_CURRENCY

    def money(self) -> Decimal:
        token = self.take()
        amount = Decimal(token.replace(",", ""))
        if amount == 0 or len(token) > _AMOUNT_SPAN_MAX:
            raise self.error(f"{_quoted(token)} is not a usable amount")
        return amount

    def when(self) -> tuple[Step, ...]:
        self.skip("due")
        if self.skip("on", "receipt") or self.skip("upon", "receipt") or self.skip_any(_AT_ONCE):
            return ()
        self.skip_any(_LEAD)
        net = self.skip("net") or self.skip("n", "/") or self.skip("n")
        steps = self.first_step(net)
        while self.skip("+") or (steps[-1].move == "month-end" and self.at_number()):
            steps += self.further_step(steps)
        return steps

    def first_step(self, net: bool) -> tuple[Step, ...]:
        if self.skip_month_end():
            return (Step("month-end", 0),)
        if self.skip_next_month_end():
            return (Step("months", 1), Step("month-end", 0))
        if self.at_day_of_next_month():
            return (self.day_of_next_month(),)
        if not self.at_number():
            raise self.unexpected("when it is due")
        unit = self.peek(1)
        step = self.forward(unit_needed=False)
        if (self.peek() == "after" or self.peek() == "from") and step.move == "days":
            self.position += 1
            if not self.skip_month_end():
                raise self.unexpected("`EOM`")
            return (Step("month-end", 0), step)
        if self.skip_month_end():
            if step.move == "days" and (net or unit not in _DAYS_PER_UNIT):
                raise self.two_readings(step)
            return (step, Step("month-end", 0))
        return (step,)

    def further_step(self, steps: tuple[Step, ...]) -> tuple[Step, ...]:
        """A step after `+`, or the days that follow `EOM` without one."""
        at_month_end = steps[-1].move == "month-end"
        if self.skip_month_end():
            return (Step("month-end", 0),)
        if self.at_day_of_next_month():
            return (self.day_of_next_month(),)
        unit = self.peek(1)
        step = self.forward(unit_needed=not at_month_end)
        if at_month_end and step.move == "months":
            raise self.error(
                "months counted from a month's end have two readings (from 30 April to 30 or to 31 May);"
                f" write `{step.number} months EOM`"
            )
        if self.skip_month_end():
            if step.move == "days" and unit not in _DAYS_PER_UNIT:
                raise self.two_readings(step)
            return (step, Step("month-end", 0))
        return (step,)

    def two_readings(self, days: Step) -> TermsError:
        return self.error(
            f"this has two readings: `{days.number} days EOM` counts the days first and then goes to the"
            f" month's end, `EOM + {days.number} days` counts them from the end of the document's month;"
            " write the one that is meant"
        )

    def forward(self, unit_needed: bool) -> Step:
        """`30 days`, `6 weeks`, `1 month`, `1 year`; or `30` alone, which is days."""
        unit = self.peek(1)
        if unit in _MONTHS_PER_UNIT:
            months = self.count(MONTHS_MAX, unit) * _MONTHS_PER_UNIT[unit]
            if months > MONTHS_MAX:
                raise self.error(f"that is more than {MONTHS_MAX} months")
            self.position += 1
            return Step("months", months)
        if unit in _DAYS_PER_UNIT:
            days = self.count(DAYS_MAX, unit) * _DAYS_PER_UNIT[unit]
            if days > DAYS_MAX:
                raise self.error(f"that is more than {DAYS_MAX} days")
            self.position += 1
            return Step("days", days)
        days = self.count(DAYS_MAX, "days")
        if unit_needed:
            raise self.unexpected("`days`, `weeks`, `months` or `years`")
        return Step("days", days)

    def skip_month_end(self) -> bool:
        return (
            self.skip("eom")
            or self.skip("end", "of", "month")
            or self.skip("end", "of", "the", "month")
            or self.skip("month", "end")
        )

    def skip_next_month_end(self) -> bool:
        if self.peek() != "end" or self.peek(1) != "of":
            return False
        the = 1 if self.peek(2) == "the" else 0
        if self.peek(2 + the) in _NEXT and self.peek(3 + the) == "month":
            self.position += 4 + the
            return True
        return False

    def at_day_of_next_month(self) -> bool:
        if not self.at_number():
            return False
        following = self.peek(1)
        return following in _ORDINALS or following == "of" or following in _NEXT

    def day_of_next_month(self) -> Step:
        """`15 of next month`, `15th of the following month`."""
        day = self.count(31, "as the day of a month")
        if day == 0:
            raise self.error("a month has no day 0")
        self.skip_any(_ORDINALS)
        self.skip("of")
        self.skip("the")
        if not self.skip_any(_NEXT) or not self.skip("month"):
            raise self.unexpected("`of next month`")
        return Step("next-month", day)


def _tokens(text: str) -> tuple[str, ...]:
    """Numbers, words in lower case and signs; raises TermsError at anything else."""
    words = _HYPHEN.sub(" ", text.lower())
    tokens: list[str] = []
    position = 0
    end = len(words.rstrip())
    while position < end:
        match = _TOKEN.match(words, position)
        if match is None:
            raise _unreadable(text, f"{_quoted(words[position:end].lstrip()[:12])} is not understood")
        tokens.append(match[match.lastgroup or 0])
        position = match.end()
    if not tokens:
        raise _unreadable(text, "nothing is written")
    return tuple(tokens)
