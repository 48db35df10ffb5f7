"""Partial dates are read strictly, kept as written and compared as intervals."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvtracker.lib.partial_dates import (
    PartialDate,
    PartialDateError,
    certainly_after,
    certainly_before,
    parse,
    possibly_on_or_after,
)

DAYS = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
CUTS = st.sampled_from([4, 7, 10])


@st.composite
def partial_dates(draw: st.DrawFn) -> PartialDate:
    parsed = parse(draw(DAYS).isoformat()[: draw(CUTS)])
    assert parsed is not None
    return parsed


def test_the_empty_text_means_unknown() -> None:
    assert parse("") is None


@pytest.mark.parametrize(
    ("text", "earliest", "latest", "precision"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31), "year"),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28), "month"),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29), "month"),
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29), "day"),
        ("2026-03-05T10:30", date(2026, 3, 5), date(2026, 3, 5), "time"),
        ("2026-03-05T23:59:59", date(2026, 3, 5), date(2026, 3, 5), "time"),
        ("2026-03-05T00:00:00+02:00", date(2026, 3, 5), date(2026, 3, 5), "time"),
        ("2026-03-05T10:30Z", date(2026, 3, 5), date(2026, 3, 5), "time"),
        ("1900", date(1900, 1, 1), date(1900, 12, 31), "year"),
        ("2100-12-31", date(2100, 12, 31), date(2100, 12, 31), "day"),
    ],
)
def test_a_date_is_kept_as_written_with_its_possible_days(
    text: str, earliest: date, latest: date, precision: str
) -> None:
    parsed = parse(text)
    assert parsed == PartialDate(text, earliest, latest)
    assert parsed is not None and parsed.precision == precision and str(parsed) == text


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2026-13", "month must be 01 to 12"),
        ("2026-00", "month must be 01 to 12"),
        ("2026-02-30", "day must be 01 to 28 in 2026-02"),
        ("2023-02-29", "day must be 01 to 28"),
        ("1900-02-29", "day must be 01 to 28"),
        ("2026-04-00", "day must be 01 to 30"),
        ("0001-01-01", "year must be 1900 to 2100"),
        ("1066-10-14", "year must be 1900 to 2100"),
        ("9999-12-31", "year must be 1900 to 2100"),
        ("1899", "year must be 1900 to 2100"),
        ("2101", "year must be 1900 to 2100"),
        ("10/03/2026", "YYYY, YYYY-MM"),
        ("03-Mar-2026", "YYYY, YYYY-MM"),
        ("20260310", "YYYY, YYYY-MM"),
        ("202603", "YYYY, YYYY-MM"),
        ("2026-W11-2", "YYYY, YYYY-MM"),
        ("2026-069", "YYYY, YYYY-MM"),
        ("2026-3-5", "YYYY, YYYY-MM"),
        ("26-03-05", "YYYY, YYYY-MM"),
        ("+2026-03-05", "YYYY, YYYY-MM"),
        ("2026-03-05\n", "blanks around it"),
        (" 2026", "blanks around it"),
        (" ", "blanks around it"),
        ("٢٠٢٦-٠٣-٠٥", "digits 0 to 9"),
        ("2026–03–05", "digits 0 to 9"),
        ("2026---05", "left out from the right"),
        ("--03-05", "left out from the right"),
        ("2026-03-", "left out from the right"),
        ("2026-03-05T24:00", "00:00 to 23:59:59"),
        ("2026-03-05T10:60", "00:00 to 23:59:59"),
        ("2026-03-05T10:30:60", "00:00 to 23:59:59"),
        ("2026-03-05T10", "hh:mm or hh:mm:ss"),
        ("2026-03-05T1030", "hh:mm or hh:mm:ss"),
        ("2026-03-05T10:30:00.5", "hh:mm or hh:mm:ss"),
        ("2026-03-05 10:30", "YYYY, YYYY-MM"),
        ("2026-03-05T10:30+15:00", "-14:00 to +14:00"),
        ("2026-03-05T10:30+02:60", "-14:00 to +14:00"),
        ("2026-03-05T10:30+0200", "hh:mm or hh:mm:ss"),
        ("2026-03T10:30", "YYYY, YYYY-MM"),
        ("1773136800000", "YYYY, YYYY-MM"),
    ],
)
def test_anything_else_is_refused_with_the_rule_and_a_remedy(text: str, rule: str) -> None:
    with pytest.raises(PartialDateError) as caught:
        parse(text)
    message = str(caught.value)
    assert rule in message
    assert message.endswith(".") and message.count(". ") >= 1, "a rule and then a remedy"


def test_a_long_text_is_quoted_in_part_only() -> None:
    with pytest.raises(PartialDateError) as caught:
        parse("x" * 100_000)
    assert len(str(caught.value)) < 300


def test_an_order_that_cannot_be_contradicted_is_no_error() -> None:
    onset, resolution = parse("2026-03"), parse("2026-03-05")
    assert not certainly_after(onset, resolution)
    assert possibly_on_or_after(onset, resolution)
    assert not certainly_before(onset, resolution)


def test_adjacent_days_are_in_certain_order_and_one_day_is_not() -> None:
    first, second = parse("2026-03-05T23:00"), parse("2026-03-06")
    assert certainly_before(first, second) and certainly_after(second, first)
    assert not certainly_before(first, parse("2026-03-05"))
    assert not certainly_before(parse("2026-03-05T08:00"), parse("2026-03-05T09:00"))


def test_nothing_is_certain_about_an_unknown_date() -> None:
    known = parse("2026")
    for a, b in [(None, known), (known, None), (None, None)]:
        assert not certainly_before(a, b) and not certainly_after(a, b)
        assert possibly_on_or_after(a, b)


@given(day=DAYS, cut=CUTS)
def test_a_less_precise_date_always_contains_the_day(day: date, cut: int) -> None:
    parsed = parse(day.isoformat()[:cut])
    assert parsed is not None
    assert parsed.earliest <= day <= parsed.latest
    before, after = parsed.earliest - timedelta(days=1), parsed.latest + timedelta(days=1)
    assert before.isoformat()[:cut] != parsed.text and after.isoformat()[:cut] != parsed.text


@given(a=partial_dates(), b=partial_dates())
def test_certainly_means_for_every_possible_pair_of_days(a: PartialDate, b: PartialDate) -> None:
    pairs = [(x, y) for x in (a.earliest, a.latest) for y in (b.earliest, b.latest)]
    assert certainly_before(a, b) == all(x < y for x, y in pairs)
    assert certainly_after(a, b) == all(x > y for x, y in pairs)
    assert possibly_on_or_after(a, b) == any(x >= y for x, y in pairs)


@given(a=partial_dates(), b=partial_dates(), c=partial_dates())
def test_certain_order_is_strict_and_transitive(a: PartialDate, b: PartialDate, c: PartialDate) -> None:
    assert not certainly_before(a, a)
    assert not (certainly_before(a, b) and certainly_before(b, a))
    assert not (certainly_before(a, b) and certainly_before(b, c)) or certainly_before(a, c)


@given(text=st.text(max_size=30))
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        parsed = parse(text)
    except PartialDateError as refusal:
        assert str(refusal).endswith(".")
    else:
        assert parsed is None or parsed.text == text
