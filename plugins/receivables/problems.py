"""Every problem that the ledger's receivables can have, listed in one place with its mend.

A problem is a Beancount error (it has `source`, `message` and `entry`), so `bean-check`, editors
and Fava show it at the user's line. What makes a figure wrong or ambiguous is an error; what is
merely odd is a warning, which `bean-check` sees only under the policy "strict".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

ERROR: Final = "error"
WARNING: Final = "warning"


class Problem(NamedTuple):
    """One thing that is wrong or odd, in the shape of a Beancount error.

    Attributes:
      source: Metadata with `filename` and `lineno` of the line to look at.
      message: What is wrong and how to mend it.
      entry: The directive concerned, or None.
      code: The name in `CATALOGUE`.
      severity: "error" or "warning".
    """

    source: Mapping[str, Any]
    message: str
    entry: Any
    code: str
    severity: str


class Form(NamedTuple):
    """How one kind of problem is said: its severity, the sentence, the mend."""

    severity: str
    wrong: str
    mend: str


CATALOGUE: Final[Mapping[str, Form]] = {
    # Settings
    "unknown-setting": Form(ERROR, 'there is no setting "{word}"', "use one of: {valid}; the nearest is {nearest}"),
    "setting-without-name": Form(ERROR, 'custom "{word}" says too little', "write it as: {example}"),
    "unknown-role": Form(
        ERROR, 'there is no role "{role}" for accounts', "use one of: {valid}; the nearest is {nearest}"
    ),
    "role-without-account": Form(
        ERROR, 'the role "{role}" names no account', "add the accounts, for example {example}"
    ),
    "role-below-role": Form(
        ERROR,
        'the role "{role}" of {account} does not count: it is, or is below, {above} with the role "{other}"',
        "use an account beside it",
    ),
    "unknown-policy": Form(ERROR, 'there is no policy "{subject}"', "use one of: {valid}; the nearest is {nearest}"),
    "unknown-policy-key": Form(
        ERROR,
        'the policy "{subject}" has no key "{key}"',
        "use one of: {valid}; the nearest is {nearest}",
    ),
    "policy-without-names": Form(
        ERROR,
        'the policy "{subject}" does not take the word "{name}"',
        "leave it out",
    ),
    "policy-says-nothing": Form(ERROR, 'the policy "{subject}" says nothing', "write its {key}: {expected}"),
    "bad-policy-value": Form(ERROR, 'the policy "{subject}" cannot read {key} {value!r}', "write {expected}"),
    "policy-twice": Form(
        ERROR,
        'the policy "{subject}"{name} is set twice on {date}',
        "keep one of them; the other is at {other}",
    ),
    "no-such-policy": Form(
        ERROR,
        '{who} asks for the {subject} policy "{name}", which is never set',
        'use one of: {valid}; or add custom "receivables-policy" "{subject}" "{name}"',
    ),
    "plugin-config": Form(
        ERROR,
        'plugin "receivables" takes no configuration, not {config!r}',
        'write settings as custom "receivables-policy" directives',
    ),
    # Words on entries
    "bad-date": Form(ERROR, "{word}: {value!r} is not a date", "write it as {word}: 2026-03-31"),
    "bad-text": Form(ERROR, "{word}: {value!r} is not a text", 'write it in quotes, as {word}: "{value}"'),
    "bad-terms": Form(
        ERROR,
        "{reason}",
        "until then the terms of the contract, the customer or the policy hold, else the document is due on its date",
    ),
    "unknown-contract": Form(
        ERROR,
        'contract: "{number}" is no contract of this ledger',
        'use one that it has (the nearest is {nearest}), or add custom "receivables-contract" "{number}"',
    ),
    "contract-twice": Form(ERROR, "the contract {number} is set twice", "keep one of them; the other is at {other}"),
    "unknown-receipt-book-key": Form(
        ERROR,
        'the receipt book {book} has no key "{key}"',
        "use one of: {valid}; the nearest is {nearest}",
    ),
    "bad-receipt-book": Form(ERROR, "the receipt book {book} cannot be read: {reason}", "{mend}"),
    "receipt-book-numbers-twice": Form(
        ERROR,
        "the receipt book {book} has its numbers already, {has}",
        "give other numbers a book of their own; the line that sets these is at {other}",
    ),
    "receipt-books-overlap": Form(
        ERROR,
        "the receipt book {book} has numbers of the book {owner}, {shared}, and is left out",
        "correct the numbers; the other is at {other}",
    ),
    "policy-contradicts-itself": Form(
        ERROR,
        "the policy {subject} contradicts itself and is left out",
        "{reason}",
    ),
    "bad-rate": Form(
        ERROR,
        "{key}: of the rate {name} cannot be read; the rate is left out",
        "write {expected}",
    ),
    "rate-twice": Form(
        ERROR,
        "the rate {name} of {date} is set twice, and differently",
        "keep the right one; the other is at {other}",
    ),
    "customer-ignored": Form(
        WARNING,
        'customer: "{customer}" counts for nothing on {account}, which is the account of {owner}',
        'leave it out; or make the account stand for many with custom "receivables-accounts" "customers" {account}',
    ),
    "unknown-kind": Form(
        WARNING, 'kind: "{value}" is not a kind of instalment', 'write kind: "retention" or leave it out'
    ),
    "several-kinds": Form(ERROR, "the tags {tags} name more than one kind of document", "keep the one that is right"),
    "no-customer": Form(
        ERROR,
        "a posting of {amount} on the control account {account} names no customer",
        'add customer: "C-..." to the posting or the transaction, or a payee',
    ),
    "negative-invoice": Form(
        WARNING,
        "a negative {kind} of {amount} reduces what the customer owes and counts as a credit memo",
        "tag it #credit-memo",
    ),
    "wrong-side": Form(
        ERROR,
        "#{kind} stands on a {side} of {amount}, but every {kind} is a {other}",
        "correct the sign, or the tag: {suggestion}",
    ),
    "several-links": Form(
        WARNING,
        "none of the links {links} is surely the document's number; {chosen} is taken",
        'add number: "..." or a policy "numbering"',
    ),
    "number-twice": Form(
        ERROR,
        "the number {number} is used twice for {customer}",
        "give one of them its own number; the other is at {other}",
    ),
    "number-of-two-customers": Form(
        WARNING,
        "the number {number} is also a document of {customer}",
        "give one of them its own number; the other is at {other}",
    ),
    # Settlement
    "unknown-document": Form(
        ERROR,
        '{word}: "{number}" names no document of {customer}',
        "correct the number{nearest}; until then {amount} stays on account",
    ),
    "other-customer": Form(
        ERROR,
        '{word}: "{number}" is a document of {owner}, not of {customer}',
        "correct the number, or move the amount to {owner} with an #apply entry; until then {amount} stays on account",
    ),
    "other-currency": Form(
        ERROR,
        '{word}: "{number}" is in {theirs}, this posting in {ours}',
        "post the receivable in {theirs} with what was paid as its price (@@ {amount}); "
        "until then {amount} stays on account",
    ),
    "other-account": Form(
        ERROR,
        '{word}: "{number}" is on {theirs}, this posting on {ours}',
        "post it on {theirs}, or move the amount with an #apply entry; until then {amount} stays on account",
    ),
    "same-side": Form(
        ERROR,
        '{word}: "{number}" (of kind {kind}) is on the same side as this posting, so nothing can settle',
        "name a document of the opposite side; until then {amount} stays on account",
    ),
    "no-such-instalment": Form(
        ERROR,
        '{word}: "{number}" names an instalment that {customer}\'s document does not have: it has {size}',
        "correct the number behind the slash; until then {amount} stays on account",
    ),
    "more-than-open": Form(
        WARNING,
        "{number} leaves {amount} on account of {customer}: more than was open on {targets}",
        "apply the rest with an #apply entry, refund it, or correct the amount",
    ),
    "refund-of-what": Form(
        WARNING,
        "the refund {number} does not say which credit of {customer} it pays back",
        'add settles: "..." with the number of the receipt or credit memo',
    ),
    "apply-not-cancelling": Form(
        ERROR,
        "the #apply entry moves {amount} into or out of the customers' accounts",
        "its postings on customers' accounts must add up to zero",
    ),
    "reversal-of-what": Form(
        ERROR,
        "the reversal does not say which document of {customer} it undoes",
        "link it to the document, as in #reversal ^RC-2026-0031",
    ),
    "reversal-too-large": Form(
        ERROR,
        "the reversal is {amount} larger than {targets}",
        "correct the amount; the rest stays open",
    ),
    "moved-away": Form(
        ERROR,
        "what {number} undoes was moved to another account by {moved}",
        "reverse that entry too, with #reversal and its link",
    ),
    "settlement-cycle": Form(
        ERROR,
        "{number} and {other} each undo the other",
        "link one of them to the document that it really undoes",
    ),
    "closed-with-open-items": Form(
        WARNING,
        "{account} closes on {date} with {amount} open on {number}",
        "settle or write off the item first, or close the account later",
    ),
    # Companies of the group
    "between-whom": Form(
        WARNING,
        "{account} is an account between companies of the group, but {what} below its open",
        'write both, as in entity: "VN" and with: "KH"; until then no balance between companies has it',
    ),
    "past-the-companies": Form(
        WARNING,
        "the entry moves money from one company to another, and the accounts between them do not show it: {sums}",
        "{mend}",
    ),
    "companies-differ": Form(
        WARNING,
        "in this entry the accounts of {one} about {other} show {first}, those of {other} about {one} {second}",
        "book the same amount in the same currency on both, with opposite signs",
    ),
    # Cash and cheques in hand
    "unknown-stage": Form(
        ERROR,
        '{account} has stage: "{stage}", which is none, so its holder counts as a collector',
        "use one of: {valid}; the nearest is {nearest}",
    ),
    # Receipt vouchers
    "voucher-twice": Form(
        WARNING,
        "the voucher {voucher} is used twice",
        "correct the number of one of the receipts; the other is at {other}",
    ),
    "voucher-void": Form(
        WARNING,
        "the voucher {voucher} is used although it is {void}",
        "correct the number, or take it out of the void ones",
    ),
    "voucher-unknown": Form(
        WARNING,
        'voucher: "{voucher}" is in no receipt book',
        "correct the number{near}, or add the book that has it",
    ),
    "voucher-missing": Form(
        WARNING,
        "the receipt {number} of {amount} on {account} has no voucher",
        'add voucher: "..." with the number on the paper that the customer got',
    ),
    # What happened with a customer
    "event-without-document": Form(
        WARNING,
        "the {kind} names {number}, which is no document of {customer}",
        "correct the link",
    ),
    "bad-event": Form(ERROR, "the {kind} cannot be read: {reason}", "write it as: {example}"),
    "limitation-without-proof": Form(
        WARNING,
        "the {what} of {date} would let the limitation period run anew, but nothing proves it, so it does not count",
        'add proof: with what shows it, as in proof: "EMS 1028 0093, delivered 2026-03-04"',
    ),
    # Rules
    "no-rate": Form(
        ERROR,
        "the published rate {series} is missing for {date}, so nothing is charged for the days from then on",
        'add {date} custom "receivables-rate" "{series}" ... with the rate in percent',
    ),
    "penalty-of-what": Form(
        WARNING,
        "{wrong}, so it counts as charged for nothing and would be charged again",
        'write penalty-of: "..." with the number of the late document on each posting of the penalty income',
    ),
    "rate-not-verified": Form(
        WARNING,
        "the rate {series} of {percent}% from {date} is marked as not verified and was used",
        "compare it with its publisher, then take verified: FALSE out",
    ),
    "bad-provision": Form(
        ERROR,
        "the {what} cannot be read: {reason}",
        'write a rate, as in "60%", or an amount with its currency; until then nothing is provided for it',
    ),
    "provision-of-what": Form(
        ERROR,
        "the note #provision names {names}, which is no debt of {customer}, so it provides for nothing",
        "correct the link, or leave it out where the note is about all debts of the customer",
    ),
    "no-provision-policy": Form(
        ERROR,
        "no policy has provision rates for {which}, so nothing is provided for it",
        "{mend}, or rates to the policy without a name",
    ),
    "no-such-provision": Form(
        ERROR,
        'like: "{name}" is no provision policy with rates of its own on {date}, so nothing is provided',
        "name one that is in force, or include the file that sets it",
    ),
    "key-of-everybody": Form(
        ERROR,
        '{key}: stands in the provision policy "{name}", so nothing is provided by it',
        "move it to the provision policy without a name",
    ),
    "too-little-history": Form(
        ERROR,
        "loss rates over {months} months need the ledger from {first} on, it begins on {begins}: nothing is provided",
        "write a shorter history:, or rates: until the ledger is old enough",
    ),
    "no-loss-rate": Form(
        ERROR,
        "no debt in {currency} was in the bucket {bucket} in {months} months: nothing is provided for those that are",
        "write a longer history:, wider buckets:, or rates:",
    ),
    "unknown-movement": Form(
        WARNING,
        "movement: {value!r} is no movement of the allowance, so the other side of the entry decides",
        "use one of: {valid}",
    ),
    # Figures
    "does-not-tie-out": Form(
        ERROR,
        "the open items of {account} are {items}, its balance is {balance}",
        "this is a fault of the program: please report it with the ledger's lines around this one",
    ),
    "no-closing-rate": Form(
        ERROR,
        "there is no {series} on or before {date}{age}",
        "add {example}; until then nothing of it is revalued, and nothing is posted for its customers",
    ),
    "no-booked-rate": Form(
        ERROR,
        "{number} has no price in {currency}, and there is no {series} on or before its date, {date}{age}",
        "write @ and the rate behind its amount, or add {example}; until then it is not revalued",
    ),
    "revaluation-among-customers": Form(
        ERROR,
        "the policy revaluation posts on {account}, which is a customers' account",
        'write post: "customer", or an account that is not below {customers}; until then nothing is posted',
    ),
    "bad-flag": Form(
        ERROR,
        "{word}: {value!r} is neither yes nor no",
        'write {word}: "yes" or {word}: "no"; until then it counts for nothing',
    ),
    "no-price": Form(
        WARNING,
        "no price of {currency} in {reporting} on or before {date}",
        "add: {date} price {currency} ... {reporting}; amounts in {currency} are left out of the conversion",
    ),
}
"""Code → severity, sentence and mend. `tests/test_problems.py` provokes each of them."""


def problem(code: str, source: Mapping[str, Any] | None, entry: Any = None, **words: Any) -> Problem:
    """The problem `code` at `source`, its sentence filled with `words`.

    Raises KeyError for a code that is not in the catalogue or a word that its sentence needs.
    """
    form = CATALOGUE[code]
    message = f"{form.wrong.format(**words)}: {form.mend.format(**words)}"
    place = source if source is not None else {"filename": "<receivables>", "lineno": 0}
    return Problem(place, message, entry, code, form.severity)


def located(item: Problem) -> str:
    """The problem as one line for a terminal: `file:line: severity: message`."""
    return f"{item.source.get('filename')}:{item.source.get('lineno')}: {item.severity}: {item.message}"
