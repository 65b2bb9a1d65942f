"""Payment terms: what users write, and the due dates and instalments that follow."""

from __future__ import annotations

import datetime
import time
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from receivables.rules.terms import (
    FORMS,
    TEXT_MAX,
    Discount,
    Instalment,
    TermsError,
    discount_until,
    due_date,
    parse_terms,
    schedule,
)


def day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


def due(text: str, date: str) -> str:
    return due_date(parse_terms(text), day(date)).isoformat()


def plan(text: str, date: str, amount: str, currency: str = "USD", digits: int = 2) -> list[tuple[str, str, str]]:
    instalments = schedule(parse_terms(text), day(date), Decimal(amount), digits, currency)
    return [(instalment.due.isoformat(), str(instalment.amount), instalment.kind) for instalment in instalments]


# Stories


def test_a_lift_is_paid_in_three_parts_and_the_last_takes_the_rounding() -> None:
    assert plan("30% 0 days, 60% 30 days, 10% 12 months", "2026-04-01", "1000000001", "VND", 0) == [
        ("2026-04-01", "300000000", ""),
        ("2026-05-01", "600000001", ""),
        ("2027-04-01", "100000000", ""),
    ]


def test_five_percent_is_retained_for_the_warranty_year() -> None:
    assert plan("95% net 30, 5% retention 12 months", "2026-04-01", "1000000000", "VND", 0) == [
        ("2026-05-01", "950000000", ""),
        ("2027-04-01", "50000000", "retention"),
    ]
    assert parse_terms("95% net 30, rest retention in 1 year").parts[1].kind == "retention"
    assert parse_terms("95% net 30, 5% 12 months retention").parts[1].kind == "retention"


def test_five_hundred_dollars_at_once_and_the_rest_later() -> None:
    text = "500 USD in 10 days, rest in 60 days"
    assert plan(text, "2026-01-31", "1200.50") == [("2026-02-10", "500", ""), ("2026-04-01", "700.50", "")]
    assert plan(text, "2026-01-31", "500") == [("2026-02-10", "500", ""), ("2026-04-01", "0", "")]


def test_an_amount_is_written_as_in_the_ledger() -> None:
    assert plan("1,500,000 vnd on receipt; balance 30 days", "2026-01-01", "2000000", "VND", 0) == [
        ("2026-01-01", "1500000", ""),
        ("2026-01-31", "500000", ""),
    ]


def test_an_advance_a_share_and_the_rest() -> None:
    assert plan("500 USD 0 days, 50% 30 days, rest 60 days", "2026-01-01", "2000") == [
        ("2026-01-01", "500", ""),
        ("2026-01-31", "1000.00", ""),
        ("2026-03-02", "500.00", ""),
    ]


def test_a_credit_mirrors_the_invoice() -> None:
    text = "33.5% 0 days, 33% 30 days, rest 60 days"
    debit = plan(text, "2026-01-01", "0.03")
    credit = plan(text, "2026-01-01", "-0.03")
    assert [amount for _, amount, _ in debit] == ["0.01", "0.01", "0.01"]
    assert [amount for _, amount, _ in credit] == ["-0.01", "-0.01", "-0.01"]
    assert [amount for _, amount, _ in plan("500 USD 0 days, rest 9 days", "2026-01-01", "-500")] == [
        "-500",
        "0",
    ]


def test_half_a_cent_rounds_up_and_the_last_has_one_less() -> None:
    assert [amount for _, amount, _ in plan("50% 0 days, 50% 30 days", "2026-01-01", "0.05")] == [
        "0.03",
        "0.02",
    ]
    assert [amount for _, amount, _ in plan("50% 0 days, 50% 30 days", "2026-01-01", "-0.05")] == [
        "-0.03",
        "-0.02",
    ]


def test_rounding_up_many_times_never_turns_the_last_instalment_negative() -> None:
    """Ten times half a cent of five cents: the first five have them, the others nothing."""
    text = ", ".join(f"10% {month} months" for month in range(10))
    amounts = [amount for _, amount, _ in plan(text, "2026-01-01", "0.05")]
    assert amounts == ["0.01"] * 5 + ["0.00"] * 5


def test_rounding_up_leaves_a_later_fixed_amount_alone() -> None:
    text = "10% 0 days, 10% 1 day, 10% 2 days, 0.03 USD 3 days, rest 4 days"
    amounts = [amount for _, amount, _ in plan(text, "2026-01-01", "0.05")]
    assert amounts == ["0.01", "0.01", "0.00", "0.03", "0.00"]


def test_two_percent_within_ten_days() -> None:
    terms = parse_terms("2/10 net 30")
    assert terms.discount == Discount(Decimal(2), 10)
    assert discount_until(terms, day("2026-01-31")) == day("2026-02-10")
    assert due_date(terms, day("2026-01-31")) == day("2026-03-02")
    assert discount_until(parse_terms("net 30"), day("2026-01-31")) is None


def test_a_discount_does_not_outlast_the_due_date() -> None:
    terms = parse_terms("2/10, EOM")
    assert discount_until(terms, day("2026-01-21")) == day("2026-01-31")
    assert discount_until(terms, day("2026-01-22")) == day("2026-01-31")
    assert discount_until(terms, day("2026-01-20")) == day("2026-01-30")


@pytest.mark.parametrize(
    "text", ["2/10 net 30", "2/10, net 30", "2%/10 n/30", "2 / 10 NET 30 days", "2.0/10 days, 30 days"]
)
def test_ways_to_write_a_discount(text: str) -> None:
    terms = parse_terms(text)
    assert terms.discount == Discount(Decimal(2), 10)
    assert due_date(terms, day("2026-01-01")) == day("2026-01-31")


# Boundary days


@pytest.mark.parametrize(
    ("date", "result"),
    [
        ("2024-01-28", "2024-02-28"),
        ("2024-01-29", "2024-02-29"),
        ("2024-01-30", "2024-02-29"),
        ("2024-01-31", "2024-02-29"),
        ("2025-01-28", "2025-02-28"),
        ("2025-01-29", "2025-02-28"),
        ("2025-01-30", "2025-02-28"),
        ("2025-01-31", "2025-02-28"),
        ("2025-02-28", "2025-03-28"),
        ("2024-12-31", "2025-01-31"),
    ],
)
def test_one_month(date: str, result: str) -> None:
    assert due("1 month", date) == result


@pytest.mark.parametrize(
    ("date", "result"),
    [
        ("2025-01-28", "2025-02-28"),  # 27 February
        ("2025-01-29", "2025-02-28"),  # 28 February
        ("2025-01-30", "2025-03-31"),  # 1 March: the example of OCA's account_payment_term_extension
        ("2024-01-30", "2024-02-29"),  # 29 February, the month's end already
        ("2024-01-31", "2024-03-31"),  # 1 March
        ("2025-12-01", "2025-12-31"),
        ("2025-12-02", "2026-01-31"),
    ],
)
def test_thirty_days_and_then_the_end_of_the_month(date: str, result: str) -> None:
    assert due("30 days EOM", date) == result


@pytest.mark.parametrize(
    ("date", "result"),
    [
        ("2025-01-01", "2025-03-02"),
        ("2025-01-31", "2025-03-02"),
        ("2025-02-01", "2025-03-30"),
        ("2024-01-31", "2024-03-01"),
        ("2025-12-31", "2026-01-30"),
    ],
)
@pytest.mark.parametrize("text", ["EOM + 30 days", "EOM 30", "eom+30", "30 days after EOM", "net 30 from end of month"])
def test_the_end_of_the_month_and_then_thirty_days(text: str, date: str, result: str) -> None:
    assert due(text, date) == result


@pytest.mark.parametrize(
    ("text", "date", "result"),
    [
        ("2 months EOM", "2025-12-30", "2026-02-28"),
        ("2 months EOM", "2025-12-31", "2026-02-28"),
        ("2 months EOM", "2026-01-01", "2026-03-31"),
        ("2 months EOM", "2023-12-31", "2024-02-29"),
        ("EOM", "2025-01-31", "2025-01-31"),
        ("end of month", "2025-02-01", "2025-02-28"),
        ("end of next month", "2025-01-31", "2025-02-28"),
        ("end of the following month", "2024-12-01", "2025-01-31"),
        ("15 of next month", "2025-12-31", "2026-01-15"),
        ("15 of next month", "2026-01-01", "2026-02-15"),
        ("15th of the following month", "2026-01-31", "2026-02-15"),
        ("31 of next month", "2025-01-05", "2025-02-28"),
        ("30 of next month", "2024-01-31", "2024-02-29"),
        ("30 days + 10 of next month", "2026-01-01", "2026-02-10"),  # 31 January
        ("30 days + 10 of next month", "2026-01-02", "2026-03-10"),  # 1 February
        ("45 days EOM + 5 days", "2026-01-01", "2026-03-05"),
        ("45 days EOM 5", "2026-01-01", "2026-03-05"),
        ("30 days", "2024-02-28", "2024-03-29"),
        ("30 days", "2025-02-28", "2025-03-30"),
        ("net 30", "2025-12-01", "2025-12-31"),
        ("net 30", "2025-12-02", "2026-01-01"),
        ("1 year", "2024-02-29", "2025-02-28"),
        ("2 weeks", "2024-02-15", "2024-02-29"),
        ("100% 30 days", "2026-01-01", "2026-01-31"),
        ("0", "2026-01-01", "2026-01-01"),
    ],
)
def test_due_dates(text: str, date: str, result: str) -> None:
    assert due(text, date) == result


@pytest.mark.parametrize(
    "text", ["due on receipt", "Upon Receipt", "on receipt", "IMMEDIATE", "due immediately", "cash", "net 0"]
)
def test_due_at_once(text: str) -> None:
    assert due(text, "2026-02-28") == "2026-02-28"


@pytest.mark.parametrize(
    "text",
    ["net 30", "NET 30", " net  30 ", "net30", "Net-30", "30", "30days", "30\tdays\n", "30 day", "30-days",
     "n/30", "N 30", "in 30 days", "within 30 days", "due in 30 days", "due after 30 days", "net\u00a030"],
)  # fmt: skip
def test_case_and_white_space_do_not_matter(text: str) -> None:
    terms = parse_terms(text)
    assert terms.single
    assert terms.discount is None
    assert terms.parts == parse_terms("30 days").parts
    assert terms.text == " ".join(text.split())


# What is refused, and how


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "nothing is written"),
        (" \n", "nothing is written"),
        ("soon", "'soon' comes where when it is due should stand"),
        ("net", "the text ends where when it is due should stand"),
        ("30 days later", "'later' comes where a comma or the end should stand"),
        ("-30 days", "'-30 days' is not understood"),
        ("EOM-30", "'-30' is not understood"),
        ("30,5 days", "how much is due"),
        ("1.5 months", "a whole number of month"),
        ("net ３０", "is not understood"),
        ("net 30 EOM", "two readings"),
        ("net 30 days EOM", "two readings"),
        ("30 EOM", "two readings"),
        ("EOM 30 EOM", "two readings"),
        ("EOM + 1 month", "two readings"),
        ("30 days + 10", "`days`, `weeks`, `months` or `years`"),
        ("32 of next month", "more than 31"),
        ("0 of next month", "no day 0"),
        ("15 of month", "`of next month`"),
        ("36526 days", "more than 36525"),
        ("101 years", "more than 1200 months"),
        ("9999999999999 days", "more than 36525"),
        ("30% 0 days, 60% 30 days", "come to 90, not 100"),
        ("60% 0 days, 60% 30 days", "come to 120, not 100"),
        ("33.33% 0 days, 33.33% 30 days, 33.33% 60 days", "come to 99.99, not 100; `rest` may"),
        ("100% 0 days, rest 30 days", "leaves nothing for `rest`"),
        ("rest 0 days, 50% 30 days", "`rest` stands once, as the last part"),
        ("50% 0 days, rest 30 days, rest 60 days", "`rest` stands once"),
        ("500 USD in 10 days", "the last part must be `rest`"),
        ("500 USD 0 days, 50% 10 days, 50% 20 days", "the last part must be `rest`"),
        ("0% 0 days, 100% 30 days", "'0' is not a percentage"),
        ("0 USD 0 days, rest 30 days", "'0' is not a usable amount"),
        ("500 0 days, rest 30 days", "how much is due"),
        ("50% 0 days,", "how much is due"),
        ("50%, 50% 30 days", "when it is due"),
        ("100% retention 12 months", "the other part is missing"),
        ("2/10", "`net`, or a comma"),
        ("2/10 EOM", "`net`, or a comma"),
        ("2/10 net 30 EOM", "two readings"),
        ("3/10, 2/20, net 30", "more than one discount"),
        ("0/10 net 30", "'0' is not a percentage"),
        ("2/30 net 10", "the discount runs for 30 days, but all is due after 10"),
        ("2/10, 50% 0 days, 50% 30 days", "not with instalments"),
        ("30 days" + " " * TEXT_MAX, "more than 500 characters"),
        ("<script>", "'<script>' is not understood"),
        ("30 days\x1b[31m", "'\\x1b[31m' is not understood"),
    ],
)
def test_what_is_wrong_is_said_and_the_valid_forms_are_listed(text: str, says: str) -> None:
    with pytest.raises(TermsError) as error:
        parse_terms(text)
    assert says in str(error.value)
    assert "`30 days EOM`" in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("text", FORMS)
def test_every_form_that_a_message_lists_is_valid(text: str) -> None:
    assert parse_terms(text).text == text


def test_a_fixed_amount_does_not_fit_every_document() -> None:
    text = "500 USD in 10 days, rest in 60 days"
    with pytest.raises(TermsError, match=r"ask for 500 USD, more than the document's 499\.99"):
        plan(text, "2026-01-01", "499.99")
    with pytest.raises(TermsError, match="name an amount in USD, but the document is in VND"):
        plan(text, "2026-01-01", "12000000", "VND", 0)
    with pytest.raises(TermsError, match=r"ask for 1300\.00 USD, more"):
        plan("500 USD 0 days, 80% 30 days, rest 60 days", "2026-01-01", "1000")


def test_instalments_have_no_single_due_date() -> None:
    terms = parse_terms("50% 0 days, 50% 30 days")
    assert not terms.single
    with pytest.raises(TermsError, match="several due dates"):
        due_date(terms, day("2026-01-01"))


def test_the_calendar_ends() -> None:
    assert due("30 days", "9999-12-01") == "9999-12-31"
    with pytest.raises(TermsError, match="after the year 9999"):
        due("30 days", "9999-12-02")
    with pytest.raises(TermsError, match="after the year 9999"):
        due("15 of next month", "9999-12-02")


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1E+70", "1E-70"])
def test_what_is_no_amount_is_refused(amount: str) -> None:
    with pytest.raises(TermsError, match="not an amount"):
        plan("50% 0 days, 50% 30 days", "2026-01-01", amount)


# What always holds

DATES = st.dates(datetime.date(1990, 1, 1), datetime.date(2100, 12, 31))
AMOUNTS = st.decimals(min_value=-(10**15), max_value=10**15, allow_nan=False, allow_infinity=False, places=3)
WHENS = st.one_of(
    st.sampled_from(["on receipt", "EOM", "end of next month", "cash"]),
    st.integers(0, 400).map(lambda number: f"{number} days"),
    st.integers(0, 24).map(lambda number: f"{number} months"),
    st.integers(0, 400).map(lambda number: f"{number} days EOM"),
    st.integers(0, 60).map(lambda number: f"EOM + {number} days"),
    st.integers(1, 31).map(lambda number: f"{number} of next month"),
)


@st.composite
def splits(draw: st.DrawFn) -> str:
    """Percentages of two places that add up to 100, or leave a rest, each with its own due date."""
    cuts = draw(st.lists(st.integers(1, 9999), min_size=0, max_size=8, unique=True).map(sorted))
    shares = [high - low for low, high in zip([0, *cuts], [*cuts, 10000], strict=True)]
    words = [f"{Decimal(share) / 100}%" for share in shares]
    if len(words) > 1 and draw(st.booleans()):
        words[-1] = "rest"
    return ", ".join(f"{word} {draw(WHENS)}" for word in words)


@given(splits(), DATES, AMOUNTS, st.integers(0, 3))
def test_instalments_add_up_exactly_and_keep_the_sign(
    text: str, date: datetime.date, amount: Decimal, digits: int
) -> None:
    terms = parse_terms(text)
    instalments = schedule(terms, date, amount, digits, "USD")
    assert sum((instalment.amount for instalment in instalments), Decimal(0)) == amount
    assert len(instalments) == len(terms.parts)
    for instalment in instalments:
        assert instalment.due >= date
        assert instalment.amount * amount >= 0
    for instalment in instalments[:-1]:
        assert instalment.amount == round(instalment.amount, digits)


@given(splits(), DATES, AMOUNTS)
def test_a_credit_always_mirrors_the_debit(text: str, date: datetime.date, amount: Decimal) -> None:
    terms = parse_terms(text)
    debit = schedule(terms, date, amount, 2, "USD")
    credit = schedule(terms, date, -amount, 2, "USD")
    assert credit == tuple(Instalment(due, -value, kind) for due, value, kind in debit)


@given(st.lists(st.integers(0, 720), min_size=2, max_size=6).map(sorted), DATES)
def test_instalments_come_in_the_order_in_which_their_days_are_written(days: list[int], date: datetime.date) -> None:
    text = ", ".join(
        f"{'rest' if last else '1%'} {number} days"
        for number, last in zip(days, [False] * (len(days) - 1) + [True], strict=True)
    )
    dues = [instalment.due for instalment in schedule(parse_terms(text), date, Decimal(100), 2, "USD")]
    assert dues == [date + datetime.timedelta(days=number) for number in days]


@given(WHENS, DATES, st.integers(1, 40))
def test_a_later_document_is_never_due_earlier(text: str, date: datetime.date, later: int) -> None:
    terms = parse_terms(text)
    assert date <= due_date(terms, date) <= due_date(terms, date + datetime.timedelta(days=later))


WORDS = (
    "30 2 0 100 1,000 12.5 99999999999 % / + , ; - . net n days day months year EOM end of the next month th"
    " rest retention USD due on receipt in after <b> '"
)
FRAGMENTS = st.sampled_from(WORDS.split())


@given(st.one_of(st.text(max_size=60), st.lists(FRAGMENTS, max_size=14).map(" ".join)))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        terms = parse_terms(text)
    except TermsError:
        return
    try:
        instalments = schedule(terms, day("2024-02-29"), Decimal("10000000.00"), 2, "USD")
    except TermsError:
        return
    assert sum((instalment.amount for instalment in instalments), Decimal(0)) == Decimal("10000000.00")


@pytest.mark.parametrize("text", ["9" * 10**6, "1," * 240, "1% 1 days," * 49, "+ " * 249, "EOM 1 " * 83, "-" * 10**6])
def test_long_texts_are_refused_at_once(text: str) -> None:
    started = time.perf_counter()
    with pytest.raises(TermsError):
        parse_terms(text)
    assert time.perf_counter() - started < 0.5


def test_a_book_of_fifty_thousand_invoices_gets_its_due_dates_quickly() -> None:
    terms = [parse_terms(text) for text in ("net 30", "30 days EOM", "15 of next month", "2/10 net 30", "2 months")]
    dates = [day("2024-01-01") + datetime.timedelta(days=number % 1096) for number in range(50_000)]
    started = time.perf_counter()
    for number, date in enumerate(dates):
        due_date(terms[number % 5], date)
    assert time.perf_counter() - started < 0.5
