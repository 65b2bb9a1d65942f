"""The policy "write-off": which claims may be given up, on which evidence and with whose approval."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from receivables.settings import Key, Policy, PolicyForm, flag, one_of, text, whole_number

SMALL: Final = "small balance"
INSOLVENT: Final = "insolvent"
EXPIRED: Final = "expired"
AGE: Final = "age"

REASONS: Final[Mapping[str, str]] = {SMALL: "small", INSOLVENT: "insolvent", EXPIRED: "expired", AGE: "age"}
"""Reason → the key that allows it; the first that holds and lacks nothing is the one that is proposed."""

PROVIDED: Final = "provided"
ALLOWANCE: Final = "allowance"
BAD_DEBT: Final = "bad-debt"

PORTFOLIO: Final = "entity"
"""What a portfolio is where no policy says so."""

_NUMBER: Final = r"(?:\d{1,3}(?:,\d{3}){1,8}|\d{1,24})(?:\.\d{1,12})?"
_AMOUNT: Final = re.compile(rf"(?P<number>{_NUMBER})\s+(?P<currency>[A-Z][A-Z0-9'._-]{{0,22}}[A-Z0-9])")
_AMOUNTS: Final = re.compile(rf"{_AMOUNT.pattern}(?:\s*[,;]\s*{re.sub(r'[?]P<[a-z]+>', '?:', _AMOUNT.pattern)})*")
_APPROVER: Final = re.compile(r"(?P<name>[^;]+?)(?:\s+above\s+(?P<amounts>[^;]+))?")
_PAPER: Final = re.compile(r"(?P<kind>[\w-]+)(?P<proof>\s+with\s+proof)?")


class Approver(NamedTuple):
    """Who has to approve, and from where on.

    Attributes:
      name: As written: "director".
      above: Currency → amount above which this approver is needed; empty for every amount.
    """

    name: str
    above: Mapping[str, Decimal]


class Paper(NamedTuple):
    """One paper that may serve as evidence.

    Attributes:
      kind: The kind of event: "demand", "confirmation", "court-notice".
      proof: Whether it needs a `proof:` that it arrived.
    """

    kind: str
    proof: bool

    def __str__(self) -> str:
        return f"{self.kind} with proof" if self.proof else self.kind


Evidence = tuple[tuple[Paper, ...], ...]
"""What is needed: one paper of each group."""


class WriteOffPolicy(NamedTuple):
    """A policy "write-off", with the defaults of what it does not say.

    Attributes:
      policy: As set in the ledger.
      small: Currency → the largest balance of a document that counts as small.
      small_after: Days overdue that a small balance must have at least.
      small_account: The account for small balances; "" for the account of all write-offs.
      age: Days overdue at least; None when age alone is no reason.
      expired, insolvent: Whether these are reasons.
      evidence: Reason → what is needed.
      approvers: Who approves, the lowest first; empty when nobody has to.
      disputed, promised, credits: Whether items are proposed although they are disputed, promised for a later
        day, or while a credit of the customer is open.
      debit: "provided", "allowance" or "bad-debt".
    """

    policy: Policy
    small: Mapping[str, Decimal]
    small_after: int
    small_account: str
    age: int | None
    expired: bool
    insolvent: bool
    evidence: Mapping[str, Evidence]
    approvers: tuple[Approver, ...]
    disputed: bool
    promised: bool
    credits: bool
    debit: str

    def approver(self, amount: Decimal, currency: str) -> int | None:
        """The position of who has to approve so much; None when nobody has to.

        Where no limit is in this currency there is no telling whether one is passed: the highest approver is needed.
        """
        limited = [approver for approver in self.approvers if approver.above]
        if limited and not any(currency in approver.above for approver in limited):
            return len(self.approvers) - 1
        needed = None
        for position, approver in enumerate(self.approvers):
            limit = approver.above.get(currency)
            if not approver.above or (limit is not None and amount > limit):
                needed = position
        return needed


def write_off_policy(policy: Policy) -> WriteOffPolicy:
    """The policy with its defaults."""
    values = policy.values
    return WriteOffPolicy(
        policy=policy,
        small=values.get("small", {}),
        small_after=values.get("small-after", 0),
        small_account=values.get("small-account", ""),
        age=values.get("age"),
        expired=values.get("expired", False),
        insolvent=values.get("insolvent", False),
        evidence={reason: values.get(f"evidence-{key}", ()) for reason, key in REASONS.items()},
        approvers=values.get("approval", ()),
        disputed=values.get("disputed", False),
        promised=values.get("promised", False),
        credits=values.get("credits", False),
        debit=values.get("debit", PROVIDED),
    )


def read_amounts(value: Any) -> Mapping[str, Decimal]:
    """Amounts in several currencies, each above zero: currency → amount; raises ValueError for anything else.

    >>> read_amounts("5 USD, 50,000 VND")
    {'USD': Decimal('5'), 'VND': Decimal('50000')}
    """
    written = str(value) if hasattr(value, "currency") else text(value)
    if not _AMOUNTS.fullmatch(written):
        raise ValueError(value)
    found: dict[str, Decimal] = {}
    for match in _AMOUNT.finditer(written):
        amount = Decimal(match["number"].replace(",", ""))
        if match["currency"] in found or not amount:
            raise ValueError(value)
        found[match["currency"]] = amount
    return found


def read_approvers(value: Any) -> tuple[Approver, ...]:
    """Who approves, the lowest first; raises ValueError where the limits do not rise from one to the next.

    >>> [approver.name for approver in read_approvers("manager; director above 1,000 USD, 25,000,000 VND")]
    ['manager', 'director']
    """
    found: list[Approver] = []
    for part in text(value).split(";"):
        match = _APPROVER.fullmatch(part.strip())
        if match is None or re.search(r"\babove\b", match["name"]):
            raise ValueError(value)
        above = read_amounts(match["amounts"]) if match["amounts"] else {}
        for lower in found:
            same = lower.name.casefold() == match["name"].casefold()
            falling = any(amount <= lower.above.get(currency, -1) for currency, amount in above.items())
            if same or falling or not above:
                raise ValueError(value)
        found.append(Approver(match["name"], above))
    return tuple(found)


def read_evidence(value: Any) -> Evidence:
    """Papers that are needed, separated by commas, each with its alternatives behind "or".

    >>> [" or ".join(map(str, group)) for group in read_evidence("contract, confirmation or demand with proof")]
    ['contract', 'confirmation or demand with proof']
    """
    groups = []
    for part in text(value).split(","):
        papers = []
        for alternative in re.split(r"\s+or\s+", part.strip()):
            match = _PAPER.fullmatch(alternative)
            if match is None:
                raise ValueError(value)
            papers.append(Paper(match["kind"], match["proof"] is not None))
        groups.append(tuple(papers))
    return tuple(groups)


def read_account(value: Any) -> str:
    """The name of an account in any language; raises ValueError for what is none."""
    account = text(value)
    if not re.fullmatch(r"[^\W\d_][^\s:]*(?::[^\s:]+)+", account):
        raise ValueError(value)
    return account


def _check(values: Mapping[str, Any]) -> None:
    """Raises ValueError with what to mend where one key stands without the one that it is about."""
    for key, about in _ABOUT.items():
        if key in values and (values.get(about) is None or values[about] is False):
            raise ValueError(f"{key}: says how {about}: works, which is not set; add {about}: or leave {key}: out")
    if not any(key in values for key in (*REASONS.values(), "portfolio")):
        keys: Sequence[str] = list(REASONS.values())
        raise ValueError(f"it names no reason to write off; add one of {', '.join(f'{key}:' for key in keys)}")


_ABOUT: Final[Mapping[str, str]] = {
    "small-after": "small",
    "small-account": "small",
    **{f"evidence-{key}": key for key in REASONS.values()},
}
"""Key → the key without which it says nothing."""

_PAPERS: Final = '"demand" or "contract, confirmation or demand with proof"'
_YES: Final = '"yes" or "no"'

FORM: Final = PolicyForm(
    "write-off",
    "Which claims may be given up; named by an entity, those of its documents.",
    {
        "small": Key(
            read_amounts, '"5 USD, 50,000 VND"', "Balances up to this may go: what is open of the whole document."
        ),
        "small-after": Key(whole_number, "a number of days", "Only small balances at least so many days overdue."),
        "small-account": Key(read_account, "an account", "Where small balances go, if not where all others do."),
        "age": Key(whole_number, "a number of days", "Claims at least so many days overdue may go."),
        "expired": Key(flag, _YES, "Claims whose limitation period is over may go."),
        "insolvent": Key(flag, _YES, "Claims on insolvent customers may go, due or not."),
        "evidence-small": Key(read_evidence, _PAPERS, "The papers that a small balance needs."),
        "evidence-age": Key(read_evidence, _PAPERS, "The papers that an old claim needs."),
        "evidence-expired": Key(read_evidence, _PAPERS, "The papers that an expired claim needs."),
        "evidence-insolvent": Key(read_evidence, _PAPERS, "The papers that a claim on an insolvent customer needs."),
        "approval": Key(
            read_approvers,
            '"manager; director above 1,000 USD, 25,000,000 VND" (each limit above those before it)',
            "Whose approval note is needed, and from which amount on.",
        ),
        "disputed": Key(flag, _YES, "Whether disputed claims are proposed all the same."),
        "promised": Key(flag, _YES, "Whether claims promised for a later day are proposed all the same."),
        "credits": Key(flag, _YES, "Whether claims are proposed although the customer has a credit open."),
        "debit": Key(
            one_of(PROVIDED, ALLOWANCE, BAD_DEBT),
            '"provided", "allowance" or "bad-debt"',
            "The account: the allowance as far as one is booked for the customer, always it, or never.",
        ),
        "portfolio": Key(text, "a metadata key", "What the bad-debt report calls a portfolio; of the unnamed policy."),
        "source": Key(text, "a text", "Who decided it, or which rule it follows."),
    },
    named=True,
    check=_check,
)
