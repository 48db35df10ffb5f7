"""The list of participants, one participant's page, and its picture."""

from __future__ import annotations

from datetime import date

import pytest

from pvtracker.participants.charts import Course, EventBar, Lane, Point, timeline
from pvtracker.participants.models import Measurement
from pvtracker.participants.queries import courses_of
from tests.open.world import World, measure

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_sites: World) -> World:
    return two_sites


def rows_of(page: str) -> list[str]:
    return [
        part.split("<")[0]
        for part in page.split('/">')[1:]
        if part.startswith("P") and len(part.split("<")[0]) == 2
    ]


def test_the_list_shows_the_participants_of_the_own_site_with_their_counts(world: World) -> None:
    world.record("P1", grade=3, serious=True, criteria=frozenset({"disability"}))
    world.record("P1", verbatim="Fever", onset="2026")
    page = world.client("alice").get(world.url("participants/")).content.decode()
    assert rows_of(page) == ["P1", "P2"]
    row = page.split(">P1<")[1].split("</tr>")[0]
    assert "On study" in row and '<td class="pv-num">2</td>' in row and "<strong>1</strong>" in row
    assert "In screening" in page.split(">P2<")[1].split("</tr>")[0]


def test_the_list_is_searched_and_sorted(world: World) -> None:
    world.record("P2", judgements=())
    world.record("P3", by="bob")
    mona = world.client("mona")

    def shown(query: str) -> list[str]:
        return rows_of(mona.get(world.url(f"participants/?{query}")).content.decode())

    assert shown("") == ["P1", "P2", "P3"]
    assert shown("q=p2") == ["P2"]
    assert shown("site=02") == ["P3"]
    assert shown("sort=-code") == ["P3", "P2", "P1"]
    assert shown("sort=-queries")[0] == "P2"
    assert shown("sort=recorded_at;drop") == ["P1", "P2", "P3"]
    assert shown("q=nobody") == []


def test_void_events_count_nowhere(world: World) -> None:
    event = world.record("P1")
    alice = world.client("alice")
    alice.post(world.url(f"adverse-events/{event.id}/void/"), {"version": "1", "reason": "mistake"})
    row = alice.get(world.url("participants/")).content.decode().split(">P1<")[1].split("</tr>")[0]
    assert row.count('<td class="pv-num">0</td>') == 3


def test_a_participants_page_holds_facts_picture_and_log(world: World) -> None:
    measure(world, "P1", "CD4", {"2026-01-12": 510.0, "2026-03-01": 480.0})
    world.record(verbatim="Bone ache", onset="2026-03")
    page = (
        world.client("alice").get(world.url(f"participants/{world.participants['P1'].id}/")).content.decode()
    )
    for words in (
        "TWO-P1",
        "40 years at consent",
        "Bone ache",
        "Mobilisation",
        "480 cells/uL",
        "1 Bone ache",
    ):
        assert words in page
    assert 'type="application/json"' in page


def test_an_event_without_an_onset_is_named_beside_the_picture(world: World) -> None:
    world.record(verbatim="Some day", onset="", onset_unknown=True)
    page = (
        world.client("alice").get(world.url(f"participants/{world.participants['P1'].id}/")).content.decode()
    )
    assert "Not drawn, because the onset is not known: 1" in page


def test_a_participant_without_data_gets_a_page_that_says_so(world: World) -> None:
    page = (
        world.client("alice").get(world.url(f"participants/{world.participants['P2'].id}/")).content.decode()
    )
    assert "Nothing to draw yet" in page and "No adverse event yet" in page


def test_an_unknown_participant_is_404(world: World) -> None:
    assert world.client("alice").get(world.url(f"participants/{world.study.id}/")).status_code == 404


def test_cd4_and_viral_load_are_preferred_and_else_what_was_measured_most(world: World) -> None:
    person = world.participants["P1"]
    measure(world, "P1", "ALT", {"2026-01-12": 20.0, "2026-02-12": 21.0, "2026-03-12": 22.0})
    measure(world, "P1", "AST", {"2026-01-12": 20.0, "2026-02-12": 21.0})
    measure(world, "P1", "K", {"2026-01-12": 4.0})
    assert list(courses_of(person)) == ["ALT", "AST"]
    measure(world, "P1", "CD4", {"2026-01-12": 510.0})
    assert list(courses_of(person)) == ["CD4"]


def test_a_result_below_the_limit_is_drawn_at_the_limit_and_shown_as_reported(world: World) -> None:
    measure(world, "P1", "HIVRNA", {"2026-01-12": 20000.0, "2026-02-12": 0.0})
    Measurement.objects.filter(study=world.study, value=0).update(
        value=None, value_text="<50", unit_text="cells/uL"
    )
    rows = courses_of(world.participants["P1"])["HIVRNA"]
    assert [(row.value, row.value_text) for row in rows] == [(20000.0, "20000.0"), (None, "<50")]
    page = (
        world.client("alice").get(world.url(f"participants/{world.participants['P1'].id}/")).content.decode()
    )
    assert "&lt;50 cells/uL" in page
    assert '"below": "below the limit"' in page


def test_a_result_below_a_limit_in_another_unit_is_not_drawn(world: World) -> None:
    measure(world, "P1", "GLUC", {"2026-01-12": 5.0, "2026-02-12": 0.0})
    Measurement.objects.filter(study=world.study, value=0).update(
        value=None, value_text="<40", unit_text="mg/dL"
    )
    assert [row.value for row in courses_of(world.participants["P1"])["GLUC"]] == [5.0]


DAY = date(2026, 3, 1)


def test_the_parts_of_the_picture_share_one_time_axis() -> None:
    spec = timeline(
        [Lane("Infusion", DAY, None, "2026-03-01")],
        [EventBar("1 Fever", DAY, None, False, 2, False, "2026-03")],
        [Course("CD4", "cells/uL", (Point(DAY, 500.0),))],
    )
    assert spec is not None
    assert len(spec["vconcat"]) == 3
    assert spec["resolve"]["scale"]["x"] == "shared"
    assert [part["encoding"]["x"]["axis"].get("labels", True) for part in spec["vconcat"]] == [
        False,
        False,
        True,
    ]


def test_grades_differ_by_shape_as_well_as_colour() -> None:
    bars = [EventBar(f"{n}", DAY, None, False, n, False, "") for n in range(1, 6)]
    spec = timeline([], bars, [])
    assert spec is not None
    scales = [
        layer["encoding"]["shape"]["scale"]
        for layer in spec["vconcat"][0]["layer"]
        if "shape" in layer.get("encoding", {})
    ]
    assert len(set(scales[0]["range"][:5])) == 5
    assert len(set(spec["vconcat"][0]["encoding"]["color"]["scale"]["range"])) == 6


def test_an_event_that_goes_on_is_drawn_to_the_last_known_day() -> None:
    later = date(2026, 9, 1)
    bars = [EventBar("1", DAY, None, True, 1, False, ""), EventBar("2", DAY, later, False, 1, False, "")]
    spec = timeline([], bars, [])
    assert spec is not None
    first, second = spec["vconcat"][0]["data"]["values"]
    assert first["end"] == second["end"]


def test_only_what_is_there_is_drawn() -> None:
    """A layer of the picture without a mark has no name for a screen reader."""
    for serious, ongoing in ((False, False), (True, False), (False, True), (True, True)):
        spec = timeline([], [EventBar("1", DAY, None, ongoing, 1, serious, "")], [])
        assert spec is not None
        assert len(spec["vconcat"][0]["layer"]) == 2 + serious + ongoing


def test_nothing_with_a_date_gives_no_picture() -> None:
    assert timeline([], [], [Course("CD4", "", ())]) is None
