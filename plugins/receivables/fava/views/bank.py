"""The bank lines to decide: the statements, what is proposed for each line and why, and the line that waits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from receivables.faces.cells import sound
from receivables.fava.bankfiles import FILES_MOST, Offered, profile_names
from receivables.fava.bench import Bench, FileSaid, suspended
from receivables.fava.model import Cell, Failure, Figure, Page, Table
from receivables.fava.tables import Desk, Shape, table
from receivables.fava.views.common import frame
from receivables.report import Row
from receivables.rules.application import BOOKED_ON, application_policy
from receivables.view import scale_of
from receivables_importers.application.model import AUTO, NOTHING, REVIEW, Applied, Proposed
from receivables_importers.application.proposals import name_of
from receivables_importers.application.session import SETTLE, TAKE, Session, seen
from receivables_importers.bank.model import ERROR, WARNING, BankLine

SHOWN: Final = (
    "date", "counterparty", "amount", "currency", "decision", "customer", "allocations", "residual", "reason",
    "waits_for", "evidence", "runner_up", "account", "place",
)  # fmt: skip
"""The columns on the page; text and file of a line stand small below payer and place. All are in the downloads."""

SHORT: Final = 40
"""Characters of what is settled that stand in one line."""

PROBLEMS_MOST: Final = 20
"""So many problems of a file are shown."""

OPEN_MOST: Final = 200
"""So many open documents are offered for an allocation; any other can be written."""


class FileChoice(NamedTuple):
    """A file that can be chosen: what a request calls it, its name, and its size, or what it is once it was read."""

    token: str
    name: str
    said: str
    chosen: bool


class Choosing(NamedTuple):
    """The form that chooses statements.

    Attributes:
      files: What there is.
      more: How many more there are.
      waiting: What is said of the lines on the suspense account; "" where there are none.
      again: Whether these are looked at again.
      profiles, accounts: What is offered where a table or an account is not recognised; () where all is.
      profile, account: What is chosen.
      hidden: Fava's filters.
      upload: Where a file is sent; "" where nothing can be written.
    """

    files: tuple[FileChoice, ...]
    more: str
    waiting: str
    again: bool
    profiles: tuple[tuple[str, str], ...]
    accounts: tuple[str, ...]
    profile: str
    account: str
    hidden: tuple[tuple[str, str], ...]
    upload: str


class Told(NamedTuple):
    """What is wrong with a file, and how grave it is."""

    name: str
    problems: tuple[tuple[str, str], ...]


class Part(NamedTuple):
    """What money is for: a document or a word, an amount, where it leads, and whose it is when not the customer's."""

    label: str
    amount: str
    href: str = ""
    whose: str = ""


class Candidate(NamedTuple):
    """What a line may be.

    Attributes:
      key: The key that takes it.
      how: `TAKE` or `SETTLE`.
      customer: The code.
      name: What the customer is called; `href` is the page.
      parts: What is settled, what is settled without money, and what stays on account.
      evidence: What speaks for it.
      seen: What would be booked, as a digest.
    """

    key: int
    how: str
    customer: str
    name: str
    href: str
    parts: tuple[Part, ...]
    evidence: tuple[str, ...]
    seen: str


class Editing(NamedTuple):
    """The form for an allocation that a person writes.

    Attributes:
      customer, name: Whose documents they are.
      text, reason: How it is filled in.
      open: Open documents with their amounts; `more` says how many others there are.
      reasons: What may be missing, and how it is called.
    """

    customer: str
    name: str
    text: str
    reason: str
    open: tuple[tuple[str, str], ...]
    more: str
    reasons: tuple[tuple[str, str], ...]


class Line(NamedTuple):
    """The line to decide.

    Attributes:
      id: Its id.
      progress: "Line 3 of 12".
      date, amount, payer, payer_account, text, place: What the bank says.
      entry: Where it stands in the ledger, for a line on the suspense account; "" for any other.
      waits: Why it waits.
      candidates: What it may be.
      found: What was searched for; "" when nothing was.
      editing: The form for an allocation; None when nobody asked for it.
    """

    id: str
    progress: str
    date: str
    amount: str
    payer: str
    payer_account: str
    text: str
    place: str
    entry: str
    waits: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    found: str
    editing: Editing | None


class Made(NamedTuple):
    """What was decided about a line; `whose` and `parts` are empty where it was left."""

    date: str
    amount: str
    payer: str
    whose: str
    href: str
    parts: tuple[Part, ...]


class Deciding(NamedTuple):
    """What the page shows of the session: the line to decide, None at the end, and what was decided so far."""

    line: Line | None
    made: tuple[Made, ...]
    left: str
    undo: bool


class Bank(NamedTuple):
    """The content of the page.

    Attributes:
      choosing: The form that chooses statements.
      files: What is wrong with those that were read.
      figures: How many lines are decided, wait, and are known.
      table: All lines; None before a statement is chosen.
      deciding: The line to decide; None where nothing waits or nothing can be written.
      elsewhere: What is said of lines that wait and cannot be decided here.
      url, receipts: Where choices are sent, and where entries are asked for.
      asked: Files, profile and account as the script sends them.
      state: Of the bench.
      evident: How many lines are decided by evidence.
      fresh: Whether lines wait that are not on the suspense account yet.
      why_not: Why nothing can be decided; "" where it can.
    """

    choosing: Choosing
    files: tuple[Told, ...] = ()
    figures: tuple[Figure, ...] = ()
    table: Table | None = None
    deciding: Deciding | None = None
    elsewhere: str = ""
    url: str = ""
    receipts: str = ""
    asked: object = None
    state: str = ""
    evident: int = 0
    fresh: bool = False
    why_not: str = ""


def bank(desk: Desk, offer: Sequence[Offered], found: Bench | None, failure: str, *, writable: bool) -> Page:
    """The page.

    Args:
      desk: What it is made from.
      offer: The files that can be chosen, with those that were sent and are chosen.
      found: The bench of the chosen ones; None when none is chosen or it cannot be made.
      failure: Why it cannot be made; "" otherwise.
      writable: Whether anything can be written.
    """
    words = desk.words
    content = Bank(_choosing(desk, offer, found, failure, writable=writable))
    if found is not None:
        content = _with(desk, content, found, writable=writable)
    page = frame(desk, "bank.html", words("page_bank"), content)
    page = page._replace(remarks=(words("bank_remark"),))
    return page._replace(failures=(Failure(words("bank_failed"), words.masked(failure)),)) if failure else page


def _with(desk: Desk, content: Bank, found: Bench, *, writable: bool) -> Bank:
    words, session = desk.words, found.session
    with found.lock:
        found.replay([])
        decisions = Counter(each.decision for each in session.proposals)
        elsewhere = decisions[REVIEW] - session.count
        why_not = words("not_incognito") if words.hidden else "" if writable else words("read_only")
        return content._replace(
            files=tuple(_told(desk, file) for file in found.files if file.problems),
            figures=tuple(_figures(desk, decisions, len(session.known))),
            table=_table(desk, found),
            deciding=None if why_not or not session.count else deciding(desk, found),
            elsewhere=words("bank_elsewhere", count=words.number(elsewhere)) if elsewhere else "",
            url="" if why_not else desk.links.endpoint("bank"),
            receipts="" if why_not else desk.links.endpoint("receipts"),
            asked={
                "files": desk.asked.files,
                "profile": desk.asked.profile,
                "bank": desk.asked.bank,
                "waiting": desk.asked.waiting,
            },
            fresh=any(each.decision == REVIEW and not each.bank for each in session.proposals),
            state=found.state,
            evident=decisions[AUTO],
            why_not=why_not if decisions[REVIEW] or decisions[AUTO] else "",
        )


# The form


def _choosing(desk: Desk, offer: Sequence[Offered], found: Bench | None, failure: str, *, writable: bool) -> Choosing:
    asked, words = desk.asked, desk.words
    waiting = len(suspended(desk.shelf))
    shown = [file for file in offer if file.token in asked.files]
    shown += [file for file in offer if file.token not in asked.files][: FILES_MOST - len(shown)]
    read = {file.token: _read(desk, file) for file in (found.files if found is not None else ())}
    strange = found is not None and any(problem.severity == ERROR for file in found.files for problem in file.problems)
    placeless = found is not None and any(not each.account for each in found.session.proposals)
    return Choosing(
        files=tuple(
            FileChoice(
                file.token, sound(file.name), read.get(file.token) or _size(desk, file), file.token in asked.files
            )
            for file in sorted(shown, key=lambda file: (file.path is not None, file.name))
        ),
        more=words("bank_more_files", count=words.number(len(offer) - len(shown))) if len(offer) > len(shown) else "",
        waiting=words("bank_suspended", count=words.number(waiting)) if waiting or asked.waiting else "",
        again=asked.waiting,
        profiles=tuple(profile_names()) if strange or asked.profile or failure else (),
        accounts=tuple(found.session.bank_accounts)
        if found is not None and placeless
        else (asked.bank,)
        if asked.bank
        else (),
        profile=asked.profile,
        account=asked.bank,
        hidden=(*desk.links.places.filters, ("page", "bank")),
        upload=desk.links.endpoint("upload") if writable else "",
    )


def _size(desk: Desk, file: Offered) -> str:
    if file.size < 1 << 20:
        return f"{desk.words.number(-(-file.size // 1024))} KB"
    return f"{desk.words.number(Decimal(file.size / (1 << 20)).quantize(Decimal('0.1')))} MB"


def _read(desk: Desk, file: FileSaid) -> str:
    words = desk.words
    return words("bank_file", format=file.format, count=words.number(file.lines)) if file.format else ""


def _told(desk: Desk, file: FileSaid) -> Told:
    words = desk.words
    problems = [
        (each.severity, words.masked(sound(f"{each.place}: {each.message}" if each.place else each.message)))
        for each in file.problems[:PROBLEMS_MOST]
    ]
    if (more := len(file.problems) - PROBLEMS_MOST) > 0:
        problems.append((WARNING, words("and_more", count=words.number(more))))
    return Told(sound(file.name), tuple(problems))


def _figures(desk: Desk, decisions: Counter[str], known: int) -> list[Figure]:
    words = desk.words
    counts = {
        "bank_evident": decisions[AUTO], "bank_waiting": decisions[REVIEW], "bank_nothing": decisions[NOTHING],
        "bank_known": known,
    }  # fmt: skip
    return [Figure(words(key), words.number(count)) for key, count in counts.items()]


# The table


def _table(desk: Desk, bench: Bench) -> Table:
    asked, words, found = desk.asked, desk.words, bench.report
    entries = {each.line.id: _entry(desk, each.line) for each in bench.session.proposals if each.bank}
    at = {column.name: place for place, column in enumerate(found.columns)}

    def text(row: Row, name: str) -> str:
        value = row[at[name]]
        return "" if value is None else str(value)

    def payer(row: Row) -> Cell:
        return Cell(sound(text(row, "counterparty")), kind="long", sub=sound(text(row, "remittance")))

    def decision(row: Row) -> Cell:
        said = text(row, "decision")
        return Cell(words.value(f"line-{said}"), kind=f"nowrap decision-{said}")

    def customer(row: Row) -> Cell:
        code, name = text(row, "customer"), text(row, "name")
        if code not in desk.shelf.book.customers:
            # Nobody, or all who paid what comes out of hand.
            return Cell(sound(name or code), kind="who")
        return Cell(sound(name or code), desk.links.customer(code), "who", sub=sound(code) if code != name else "")

    def reason(row: Row) -> Cell:
        return Cell(words.masked(sound(_reasons(desk, text(row, "reason").split(", ")))), kind="nowrap")

    def place(row: Row) -> Cell:
        said, id = sound(f"{text(row, 'file')}:{text(row, 'place')}"), text(row, "id")
        return Cell(said, entries.get(id, ""), "place", sub=id)

    def settled(row: Row) -> Cell:
        # One document with its amount stays in a line.
        said = text(row, "allocations")
        return Cell(words.masked(sound(said)), kind="nowrap" if len(said) <= SHORT else "long")

    params = [("files", token) for token in asked.files]
    params += [(key, value) for key, value in _others(desk) if value]

    def told(name: str) -> Callable[[Row], Cell]:
        return lambda row: Cell(words.masked(sound(text(row, name))), kind="long told" if row[at[name]] else "")

    makers = {
        "counterparty": payer, "decision": decision, "customer": customer, "allocations": settled, "reason": reason,
        "place": place,
        **{name: told(name) for name in ("waits_for", "evidence", "runner_up")},
    }  # fmt: skip
    shape = Shape(
        found.relation, SHOWN, words("bank_lines"), params, totals=True, cells=makers, empty=words("bank_no_lines")
    )
    return table(desk, found, shape)


def _others(desk: Desk) -> tuple[tuple[str, str], ...]:
    """What beside files says which bank lines are meant."""
    asked = desk.asked
    return ("profile", asked.profile), ("bank", asked.bank), ("waiting", "1" if asked.waiting else "")


def _entry(desk: Desk, line: BankLine) -> str:
    """Where a line on the suspense account stands in the ledger."""
    return desk.links.entry(line.file, int(line.place)) if line.place.isdecimal() else ""


def _reasons(desk: Desk, reasons: Sequence[str]) -> str:
    return ", ".join(desk.words.value(each) for each in reasons)


# The line to decide


def deciding(desk: Desk, found: Bench, *, search: str = "", edit: str = "") -> Deciding:
    """What is shown of the session as it stands; its lock is held.

    Args:
      desk: What the page is made from.
      found: The bench.
      search: Customers to look for instead of the candidates; "" for the candidates.
      edit: The customer whose allocation is to be written; "" for none.
    """
    session, words = found.session, desk.words
    made = [
        _made(desk, session, each.proposed)
        for each in session.decided if each.proposed is not None
    ]  # fmt: skip
    left = sum(each.proposed is None for each in session.decided)
    current = session.current
    return Deciding(
        None if current is None else _line(desk, session, current, search, edit),
        tuple(made),
        words("bank_left", count=words.number(left)) if left else "",
        bool(session.decided),
    )


def _line(desk: Desk, session: Session, proposed: Proposed, search: str, edit: str) -> Line:
    words, line = desk.words, proposed.line
    if search:
        how, options = SETTLE, [session.for_customer(code) for code in session.search(search)]
    else:
        how, options = TAKE, session.candidates()
    return Line(
        id=line.id,
        progress=words("bank_progress", number=words.number(session.done + 1), count=words.number(session.count)),
        date=line.booked.isoformat(),
        amount=f"{_money(desk, session, line.currency, line.amount)} {line.currency}",
        payer=sound(line.counterparty),
        payer_account=sound(line.counterparty_account),
        text=sound(line.remittance),
        place=sound(f"{line.file}:{line.place}"),
        entry=_entry(desk, line) if proposed.bank else "",
        waits=tuple(map(sound, proposed.obstacles)),
        candidates=tuple(
            Candidate(
                key, how, each.customer, sound(_whose(session, each)),
                desk.links.customer(each.customer) if each.customer else "", _parts(desk, session, each, line.currency),
                tuple(map(sound, each.evidence)), seen(session.book, each),
            )
            for key, each in enumerate(options, start=1)
        ),
        found=sound(search),
        editing=_editing(desk, session, proposed, edit) if edit else None,
    )  # fmt: skip


def _made(desk: Desk, session: Session, proposed: Proposed) -> Made:
    line, applied = proposed.line, proposed.applied
    return Made(
        line.booked.isoformat(),
        f"{_money(desk, session, line.currency, line.amount)} {line.currency}",
        sound(line.counterparty or line.remittance[:60]),
        sound(_whose(session, applied)),
        desk.links.customer(applied.customer) if applied.customer else "",
        _parts(desk, session, applied, line.currency),
    )


def _whose(session: Session, applied: Applied) -> str:
    """Whose money it is, or what money in hand it was."""
    if not applied.customer and applied.in_hand is not None:
        return applied.in_hand.told
    return name_of(session.book, applied.customer)


def _parts(desk: Desk, session: Session, applied: Applied, currency: str) -> tuple[Part, ...]:
    """What the money is for, with what is settled without money and what stays on account."""
    book, words = session.book, desk.words
    items, scale = book.items, scale_of(book, currency)
    found = []
    for each in applied.allocations:
        pocket = book.pockets[items.pocket[each.item]]
        number = items.number[each.item]
        label = f"{number}/{items.instalment[each.item]}" if items.instalment[each.item] else number
        amount = book.scales[pocket.currency].decimal(each.units)
        whose = sound(name_of(book, pocket.customer)) if pocket.customer != applied.customer else ""
        shown = _money(desk, session, pocket.currency, amount)
        found.append(Part(sound(label), shown, desk.links.document(pocket.customer, label), whose))
    for deduction in applied.deductions:
        amount = scale.decimal(deduction.units)
        found.append(Part(words.value(deduction.reason), _money(desk, session, currency, -amount)))
    if applied.on_account:
        amount = scale.decimal(applied.on_account)
        found.append(Part(words("on_account"), _money(desk, session, currency, amount)))
    return tuple(found)


def _money(desk: Desk, session: Session, currency: str, amount: Decimal) -> str:
    return desk.words.money(amount, scale_of(session.book, currency).digits)


def _editing(desk: Desk, session: Session, proposed: Proposed, customer: str) -> Editing:
    """The form for a customer's allocation, filled in with what fits best; raises SessionError for a stranger."""
    book, line, words = session.book, proposed.line, desk.words
    fitting = next((each for each in session.candidates() if each.customer == customer), None)
    applied = fitting or session.for_customer(customer)
    parts = []
    for each in applied.allocations:
        pocket = book.pockets[book.items.pocket[each.item]]
        if pocket.customer == customer:
            number, instalment = book.items.number[each.item], book.items.instalment[each.item]
            label = f"{number}/{instalment}" if instalment else number
            parts.append(f"{label} {book.scales[pocket.currency].decimal(each.units)}")
    opened = session.open_labels(customer)
    accounts = application_policy(book.settings, line.booked).accounts
    return Editing(
        customer,
        sound(name_of(book, customer)),
        ", ".join(parts),
        applied.deductions[0].reason if applied.deductions else "",
        tuple(
            (label, _money(desk, session, line.currency, Decimal(amount.replace(",", ""))))
            for label, amount in opened[:OPEN_MOST]
        ),
        words("bank_more_open", count=words.number(len(opened) - OPEN_MOST)) if len(opened) > OPEN_MOST else "",
        tuple((reason, words.value(reason)) for reason in BOOKED_ON if reason in accounts),
    )
