"""Masks hide what is random, and nothing that could carry an arm: order, identity, number and presence stay."""

from __future__ import annotations

import uuid
from datetime import date

import pytest

from pvtracker.ops.blind.artefacts import DATABASE, LOG, PAGE, Artefact
from pvtracker.ops.blind.compare import compare
from pvtracker.ops.blind.masks import COLUMNS, MASKS, Masker

DAY = date(2026, 11, 22)
DAYS = (DAY, DAY)
A, B, C = (str(uuid.UUID(int=number, version=4)) for number in (7, 8, 9))


def same(one: str, other: str, kind: str = DATABASE) -> bool:
    twins = [[Artefact(kind, "a place", text.encode())] for text in (one, other)]
    return not compare(*twins, days=DAYS).differences


def test_other_ids_in_the_same_places_are_the_same() -> None:
    assert same(f"{A} {B} {A}", f"{B} {C} {B}")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{A} {B} {A}", f"{A} {B} {B}"),  # another one is repeated
        (f"{A} {B}", f"{A} {B} {C}"),  # one more
        (f"{A} x", "x"),  # one is missing
        (f"{A}", ""),
    ],
)
def test_ids_count_by_identity_order_and_number(one: str, other: str) -> None:
    assert not same(one, other)


def test_an_id_of_one_place_that_turns_up_in_another_counts() -> None:
    def twin(shown: str) -> list[Artefact]:
        return [
            Artefact(DATABASE, "rows", f"{A} {B}".encode()),
            Artefact(PAGE, "page", f"200\n\n{shown}".encode()),
        ]

    assert compare(twin(A), twin(B), days=DAYS).differences


def at(*times: str) -> str:
    return " ".join(f"2026-11-22T10:00:{time}+00:00" for time in times)


def test_moments_of_the_run_count_by_their_order() -> None:
    assert same(at("01.5", "05.25"), at("30.5", "31.125"))
    assert not same(at("01.5", "05.25"), at("05.25", "01.5"))
    assert not same(at("01.5", "01.5"), at("01.5", "01.6"))


def test_one_moment_is_one_however_it_is_written() -> None:
    assert same(
        "2026-11-22T10:00:01.12345+00:00 2026-11-22 10:00:01.123450",
        "2026-11-22T10:00:02.5+00:00 2026-11-22 10:00:02.500000",
    )


def test_times_to_the_second_or_minute_tell_that_they_are_there() -> None:
    assert same(
        "2026-11-22T10:00:01Z, 22 November 2026 10:00", "2026-11-22T11:30:00Z, 22 November 2026 11:30"
    )
    assert not same("2026-11-22T10:00:01Z 2026-11-22T10:00:02Z", "2026-11-22T10:00:01Z")


def test_dates_of_the_data_are_not_masked() -> None:
    assert not same("2012-08-05", "2012-08-06")
    assert not same("2012-08-05T10:00:00Z", "2012-08-05T11:00:00Z")


def test_a_number_of_twelve_digits_is_not_taken_for_the_beginning_of_a_hash() -> None:
    assert not same("123456789012", "123456789013")
    whole = "1234567890123456" + "a" * 48
    assert same(f"{whole} 123456789012", f"{'b' * 64} {'b' * 12}")


def test_the_size_of_a_page_counts() -> None:
    assert not same("200\nContent-Length: 100\n\nx", "200\nContent-Length: 101\n\nx", kind=PAGE)


def test_a_stated_length_is_that_of_the_body_or_counts_by_itself() -> None:
    def answer(moment: str, more: str = "") -> str:
        body = f"seen 2026-11-22T10:00:{moment}+00:00{more}"
        return f"200\nContent-Length: {len(body)}\n\n{body}"

    assert same(answer("01.12345"), answer("01.123456"), kind=PAGE)
    assert not same(answer("01.5"), answer("01.5", " "), kind=PAGE)
    assert not same(answer("01.5"), answer("01.5").replace("Length: ", "Length: 1"), kind=PAGE)


def log(*lines: str, space: int = 4, memory: str = "7f0a1b2c3d4e", took: str = "1.13") -> str:
    url = f"redis+socket://:**@/tmp/pvx{space}/valkey.sock?virtual_host={space}"
    greeting = [f"- ** .> app:         pvtracker-open:0x{memory}", f"- ** .> transport:   {url}"]
    return "\n".join(
        [*greeting, *lines, f"Connected to {url}", f"Task cuts.freeze[{A}] succeeded in {took}s: None"]
    )


def test_logs_of_twins_differ_by_what_was_said_only() -> None:
    told = [f"2026-11-22 10:00:{second:02},123 open INFO step {second}" for second in range(12)]
    later = [line.replace("10:00:0", "11:30:0").replace("10:00:1", "11:31:1") for line in told]
    assert same(log(*told), log(*reversed(later), space=6, memory="7fffffffffff", took="2.5e-05"), kind=LOG)
    assert not same(log(*told), log(*told, "2026-11-22 10:00:00,123 open INFO arm OZ1"), kind=LOG)


def test_a_bell_that_rang_twice_for_a_job_is_no_difference_and_another_task_is() -> None:
    rung = [
        f"Task cuts.freeze[{uid}] {what}"
        for uid in (B, C)
        for what in ("received", "succeeded in 0.2s: None")
    ]
    assert same(log(), log(*rung), kind=LOG) is False, "one said that a task was received, the other did not"
    assert same(log(*rung[:2]), log(*rung), kind=LOG)
    assert not same(log(*rung), log(*rung, f"Task signals.detect[{B}] received"), kind=LOG)
    assert not same(log(*rung), log(*rung, f"{rung[1]}: arm"), kind=LOG)


def test_what_is_missing_or_in_another_order_is_a_difference() -> None:
    one, two = Artefact(DATABASE, "a", b"x"), Artefact(DATABASE, "b", b"x")
    for other in ([one], [two, one], [one, two, two], []):
        assert compare([one, two], other, days=DAYS).differences


def test_a_difference_is_shown_with_its_place_and_surroundings() -> None:
    texts = "and so on until the arm is PLACEBO for this one", "and so on until the arm is OZ1 for this one"
    [leak] = compare(*[[Artefact(DATABASE, "public.t", t.encode())] for t in texts], days=DAYS).differences
    assert leak.place == "public.t" and "PLACEBO" in leak.one and "OZ1" in leak.other


def test_every_mask_has_its_reason() -> None:
    assert all(len(mask.why) > 20 for mask in MASKS) and all(len(column.why) > 10 for column in COLUMNS)
    assert len({mask.kind for mask in MASKS}) == len(MASKS)


def test_masked_values_are_counted() -> None:
    masker = Masker(*DAYS)
    masker.mask(f"{A} {B} 2026-11-22T10:00:01.5Z")
    assert masker.counts == {"uuid": 2, "moment": 1}
