"""The overview: what is open and overdue, why that changed, how well it is collected, and what needs attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, NamedTuple

from receivables.faces.cells import sound
from receivables.fava.model import Alert, Bar, Card, Cell, Chart, Failure, Figure, Heading, Page, Table
from receivables.fava.tables import Desk, Shape, ordered, table
from receivables.fava.views.bridge import bridge
from receivables.fava.views.common import attempt, by_name, frame, params, report
from receivables.places import place_of
from receivables.problems import ERROR
from receivables.relations.question import Condition, Question
from receivables.report import Report, Row

LARGEST: Final = 10
PROBLEMS: Final = 100
"""So many problems are listed; the rest is counted."""

FIRST: Final = 3
"""So many of the largest are named on the card of their currency."""

LARGEST_COLUMNS: Final = (
    "customer", "currency", "overdue", "overdue_opening", "fallen_overdue", "overdue_settled", "closing", "collector",
)  # fmt: skip


_IS_OVERDUE: Final = (Condition("overdue", ">", "0"),)


class Overview(NamedTuple):
    """The content of the page.

    Attributes:
      alerts: What needs attention, the gravest first.
      cards: One a currency.
      largest: The ten largest overdue of each currency.
      unapplied: Money on account.
      kpis: The figures behind the charts.
      notes: The formulas.
      empty: What stands there when the book has no receivables.
    """

    alerts: tuple[Alert, ...]
    cards: tuple[Card, ...]
    largest: Table | None
    unapplied: Table | None
    kpis: Table | None
    empty: str


def overview(desk: Desk) -> Page:
    """The page."""
    words = desk.words
    failures: list[Failure] = []
    since = Question(period_from=desk.asked.period_from)
    alerts = [
        *_each(attempt(desk, words("tie_out"), failures, lambda: _tie_out(desk))),
        *_each(attempt(desk, words("promises"), failures, lambda: _promises(desk))),
        *_each(attempt(desk, words("limits"), failures, lambda: _limits(desk))),
        *_each(attempt(desk, words("expiry"), failures, lambda: _expiry(desk))),
        *_each(attempt(desk, words("in_hand"), failures, lambda: _in_hand(desk))),
        *_each(attempt(desk, words("companies"), failures, lambda: _companies(desk))),
        *_each(attempt(desk, words("problems"), failures, lambda: _problems(desk))),
    ]
    cards = attempt(desk, words("page_overview"), failures, lambda: _cards(desk, since)) or ()
    content = Overview(
        alerts=tuple(sorted(alerts, key=lambda alert: ("error", "warning", "good").index(alert.kind))),
        cards=cards,
        largest=attempt(desk, words("largest"), failures, lambda: _largest(desk, since)),
        unapplied=attempt(desk, words("unapplied"), failures, lambda: _unapplied(desk)),
        kpis=attempt(desk, words("kpis"), failures, lambda: _kpis(desk)),
        empty="" if cards else words("empty_book"),
    )
    page = frame(desk, "overview.html", words("title"), content)
    return page._replace(failures=tuple(failures))


def _each(alert: Alert | None) -> tuple[Alert, ...]:
    return () if alert is None else (alert,)


# Cards


def _cards(desk: Desk, since: Question) -> tuple[Card, ...]:
    aged = report(desk, "aging", Question(by=("currency",)))
    changed = report(desk, "changes", since._replace(by=("currency",)))
    figures = report(desk, "kpis")
    months: dict[str, list[Mapping[str, Any]]] = {}
    for row in figures.rows:
        month = by_name(figures, row)
        months.setdefault(month["currency"], []).append(month)
    changes = {values["currency"]: values for values in (by_name(changed, row) for row in changed.rows)}
    ages = {values["currency"]: values for values in (by_name(aged, row) for row in aged.rows)}
    overdue, largest = _overdue(desk, since)
    return tuple(
        _card(
            desk, currency, aged, ages.get(currency), changes.get(currency), months.get(currency, []),
            _most(desk, overdue, largest.get(currency, ())),
        )
        for currency in sorted(ages.keys() | changes.keys(), key=desk.shelf.rank)
    )  # fmt: skip


def _card(
    desk: Desk,
    currency: str,
    aged: Report,
    ages: Mapping[str, Any] | None,
    changes: Mapping[str, Any] | None,
    months: Sequence[Mapping[str, Any]],
    largest: tuple[Figure, ...],
) -> Card:
    words, links = desk.words, desk.links
    digits = aged.digits.get(currency, 0)
    here = ("where", f"currency={currency}")
    zero = Decimal(0)
    total, credits = (ages["total"], ages["credits"]) if ages else (zero, zero)
    overdue = changes["overdue"] if changes else zero
    late = months[-1]["overdue_share"] if months else None
    figures = [
        Figure(words("open"), words.money(total, digits), href=links.page("items", here)),
        Figure(
            words("overdue"), words.money(overdue, digits),
            words("percent", number=words.number(late)) if late is not None and overdue else "",
            links.page("items", here, ("where", "days_overdue>0"), ("sort", "items:-days_overdue")),
            "late" if overdue else "",
        ),
    ]  # fmt: skip
    if credits:
        on_account = links.page("items", here, ("where", "bucket=credits"))
        figures.append(Figure(words("on_account"), words.money(credits, digits), href=on_account))
    buckets = [column for column in aged.columns if column.money and column.name not in ("credits", "total")]
    amounts = [(column, ages[column.name]) for column in buckets] if ages else []
    most = max((amount for _, amount in amounts), default=zero)
    bars = tuple(
        Bar(
            words.column(column), words.money(amount, digits), _length(amount, most),
            links.page("items", here, ("where", f"bucket={column.name}")),
            f"age-{min(place, 5)}",
        )
        for place, (column, amount) in enumerate(amounts)
    )  # fmt: skip
    return Card(
        currency, tuple(figures), largest, bars, bridge(desk, currency, changes, digits), _charts(desk, months)
    )  # fmt: skip


def _most(desk: Desk, found: Report, rows: Sequence[Row]) -> tuple[Figure, ...]:
    """Who is overdue with most in one currency."""
    figures = []
    for row in rows[:FIRST]:
        values = by_name(found, row)
        amount = desk.words.money(values["overdue"], found.digits.get(values["currency"], 0))
        figures.append(Figure(sound(values["name"]), amount, href=desk.links.customer(values["customer"])))
    return tuple(figures)


def _length(amount: Decimal, most: Decimal) -> str:
    """The length of a bar in percent of the longest, as the style sheet takes it; a figure that is not zero shows."""
    if most <= 0 or amount <= 0:
        return "0"
    return f"{max(float(amount / most * 100), 0.5):.1f}"


def _charts(desk: Desk, months: Sequence[Mapping[str, Any]]) -> tuple[Chart, ...]:
    words = desk.words
    charts = []
    for name in ("dso", "cei"):
        values = [month[name] for month in months]
        most = max((value for value in values if value is not None), default=Decimal(0))
        bars = tuple(
            Bar(
                month["to"].isoformat()[:7],
                words("not_available") if value is None else words.number(value.quantize(Decimal(1))),
                "0" if value is None else _length(value, max(most, Decimal(100) if name == "cei" else most)),
                kind="none" if value is None else "",
            )
            for month, value in zip(months, values, strict=True)
        )  # fmt: skip
        charts.append(Chart(words(f"chart_{name}"), words(f"about_{name}"), bars))
    return tuple(charts)


# Tables


def _overdue(desk: Desk, since: Question) -> tuple[Report, Mapping[str, Sequence[Row]]]:
    """Who is overdue, and by currency the ten largest of them."""
    found = report(desk, "changes", since._replace(where=_IS_OVERDUE))

    def largest() -> Mapping[str, Sequence[Row]]:
        currency = found.position("currency")
        rows: dict[str, list[Row]] = {}
        for row in ordered(desk.shelf, found, "-overdue"):
            of_currency = rows.setdefault(str(row[currency]), [])
            if len(of_currency) < LARGEST:
                of_currency.append(row)
        return rows

    return found, desk.shelf.of_report(found, "largest", largest)


def _largest(desk: Desk, since: Question) -> Table:
    """The ten customers of each currency that are overdue with most, and how that came about."""
    found, rows = _overdue(desk, since)
    shape = Shape(
        "largest", LARGEST_COLUMNS, desk.words("largest"), params(desk, since._replace(where=_IS_OVERDUE)), rows=0,
        empty=desk.words("nothing_overdue"), sortable=False,
    )  # fmt: skip
    return table(desk, found._replace(rows=[row for of_currency in rows.values() for row in of_currency]), shape)


def _unapplied(desk: Desk) -> Table:
    question = Question(where=(Condition("bucket", "=", "credits"),))
    found = report(desk, "open_items", question)
    columns = ("customer", "number", "kind", "date", "currency", "original", "settled", "outstanding", "entry")
    shape = Shape("unapplied", columns, desk.words("unapplied"), params(desk, question), "outstanding", LARGEST, True)
    return table(desk, found, shape._replace(empty=desk.words("nothing_unapplied")))


def _kpis(desk: Desk) -> Table:
    found = report(desk, "kpis")
    columns = tuple(column.name for column in found.columns if column.name != "from")
    shape = Shape("kpis", columns, desk.words("kpis"), params(desk), rows=0, notes=True, sortable=False)
    return table(desk, found, shape)


# What needs attention


def _tie_out(desk: Desk) -> Alert | None:
    words = desk.words
    found = report(desk, "tie_out")
    if not found.rows:
        return None
    difference, unexplained = found.position("difference"), found.position("unexplained")
    off = [row for row in found.rows if row[difference]]
    lost = [row for row in found.rows if row[unexplained]]
    shape = Shape(
        "tie_out", ("account", "currency", "balance", "open_items", "unexplained", "difference", "reason", "entry"),
        words("tie_out"), params(desk), rows=0, sortable=False,
    )  # fmt: skip
    shown = off or [row for row in found.rows if row[unexplained] or row[found.position("reason")]]
    if off:
        told = words("alert_difference", count=words.number(len(off)))
        return Alert("error", told, table(desk, found._replace(rows=shown), shape))
    if lost:
        told = words("alert_unexplained", count=words.number(len(lost)))
        return Alert("warning", told, table(desk, found._replace(rows=shown), shape))
    return Alert("good", words("alert_ties_out", count=words.number(len(found.rows))))


def _promises(desk: Desk) -> Alert | None:
    question = Question(where=(Condition("status", "=", "broken"), Condition("outstanding", ">", "0")))
    found = report(desk, "promises", question)
    columns = ("customer", "documents", "by", "currency", "amount", "received", "missing", "outstanding", "entry")
    shape = Shape("promises", columns, desk.words("promises"), params(desk, question), "-by")
    if not found.rows:
        return None
    told = desk.words("alert_promises", count=desk.words.number(len(found.rows)))
    return Alert("warning", told, table(desk, found, shape))


def _limits(desk: Desk) -> Alert | None:
    question = Question(where=(Condition("status", "=", "exceeded"),))
    found = report(desk, "credit_limits", question)
    columns = ("customer", "currency", "limit", "owed", "room", "used", "collector")
    shape = Shape("credit_limits", columns, desk.words("limits"), params(desk, question), "room")
    if not found.rows:
        return None
    told = desk.words("alert_limits", count=desk.words.number(len(found.rows)))
    return Alert("warning", told, table(desk, found, shape))


def _expiry(desk: Desk) -> Alert | None:
    question = Question(where=(Condition("warning", "!=", ""),))
    found = report(desk, "limitation", question)
    near = found._replace(rows=[row for row in found.rows if row[found.position("warning")]])
    columns = ("customer", "number", "due", "currency", "outstanding", "last_day", "days_left", "warning", "entry")
    shape = Shape("limitation", columns, desk.words("expiry"), params(desk, question))
    if not near.rows:
        return None
    expired = any(row[found.position("status")] == "expired" for row in near.rows)
    told = desk.words("alert_expiry", count=desk.words.number(len(near.rows)))
    return Alert("error" if expired else "warning", told, table(desk, near, shape))


def _in_hand(desk: Desk) -> Alert | None:
    """Cash and cheques that should be at the bank by now. They belong to no receivable account that a filter leaves."""
    if desk.asked.account:
        return None
    question = Question(where=(Condition("status", "=", "late"),))
    found = report(desk, "in_hand", question)
    columns = ("holder", "since", "days", "number", "name", "voucher", "cheque", "currency", "amount", "entry")
    shape = Shape("in_hand", columns, desk.words("in_hand"), params(desk, question), "-days")
    if not found.rows:
        return None
    return Alert(
        "warning", desk.words("alert_in_hand", count=desk.words.number(len(found.rows))), table(desk, found, shape)
    )


def _companies(desk: Desk) -> Alert | None:
    """Companies of the group whose books do not show the same debt."""
    if desk.asked.account:
        return None
    question = Question(where=(Condition("difference", "!=", "0"),))
    found = report(desk, "group_balances", question)
    columns = ("entity", "with", "currency", "balance", "counterpart", "difference", "since", "made_by")
    shape = Shape("group_balances", columns, desk.words("companies"), params(desk, question))
    if not found.rows:
        return None
    return Alert(
        "warning", desk.words("alert_companies", count=desk.words.number(len(found.rows))), table(desk, found, shape)
    )


def _problems(desk: Desk) -> Alert | None:
    words, problems = desk.words, desk.shelf.book.problems
    if not problems:
        return None
    errors = sum(item.severity == ERROR for item in problems)
    rows = []
    for item in sorted(problems, key=lambda item: item.severity)[:PROBLEMS]:
        file, line = place_of(desk.shelf.book.folder, item.source)
        place = Cell(f"{file}:{line}", desk.links.editor(file, line), "place") if line else Cell(file)
        rows.append((Cell(words.value(item.severity)), Cell(words.masked(item.message), kind="long"), place))
    more = (words("more_problems", count=words.number(len(problems) - PROBLEMS)),) if len(problems) > PROBLEMS else ()
    shown = Table(
        "problems", words("problems"),
        (Heading(words("severity")), Heading(words("problem")), Heading(words("place"))), tuple(rows), notes=more,
    )  # fmt: skip
    told = words("alert_problems", errors=words.number(errors), warnings=words.number(len(problems) - errors))
    return Alert("error" if errors else "warning", told, shown)
