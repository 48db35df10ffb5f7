"""The sizes of the analysis sets in the open room: who reads them, whom they see, what a file has, and no arm."""

from __future__ import annotations

import csv
import io
import uuid
from datetime import date
from pathlib import Path

import pytest

from pvtracker.audit.models import AccessRecord
from pvtracker.cuts import freeze
from pvtracker.cuts.actions import no_progress, register_cut
from pvtracker.studies.actions import grant_membership, set_definitions
from pvtracker.studies.definitions import parse
from tests.open.cuts.conftest import ARM_NAMES, CUT_DATE
from tests.open.world import SOMEONE, World

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_arms: World) -> World:
    two_arms.person("ada", "study_administrator")
    two_arms.person("sam", "sponsor_viewer")
    return two_arms


def freeze_now(world: World) -> None:
    world.study.refresh_from_db()
    stated = freeze.write_cut(study=world.study, cut_id=uuid.uuid4(), cut_date=CUT_DATE, progress=no_progress)
    register_cut(study=world.study, manifest=stated, by=SOMEONE)


def test_without_a_cut_it_says_what_to_do(world: World) -> None:
    page = world.client("sam").get(world.url("definitions/sets/"))
    assert page.status_code == 200 and "No cut yet" in page.text
    assert "definitions/sets/" in world.client("sam").get(world.url("definitions/")).text


def test_sizes_for_every_reader_and_participants_for_those_who_see_them(world: World) -> None:
    left_out = world.participants["P1"].subject
    rules = parse({"not_per_protocol": {left_out: "no second dose"}})
    set_definitions(study=world.study, definitions=rules, by=SOMEONE, reason="plan")
    freeze_now(world)
    seen, reader = (world.client(name).get(world.url("definitions/sets/")).text for name in ("ada", "sam"))
    for page in (seen, reader):
        for said in (
            "Enrolled (all of the cut)",
            "Randomised (intention to treat)",
            "this set",
            "no second dose",
        ):
            assert said in page, said
        assert not any(arm in page for arm in ARM_NAMES)
    assert left_out in seen and left_out not in reader
    answer = world.client("ada").get(world.url("definitions/sets/?format=csv&what=sizes"))
    lines = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert lines[:5] == [
        ["Analysis set", "All participants", "Left out", "Counted by"],
        ["Enrolled (all of the cut)", "3", "0", ""],
        ["Randomised (intention to treat)", "3", "0", ""],
        ["Treated (safety)", "2", "1", "this set"],
        ["Per protocol", "1", "2", ""],
    ]
    people = world.client("ada").get(world.url("definitions/sets/?format=csv&what=people")).content.decode()
    assert f"{left_out}," in people and "no second dose" in people
    assert world.client("sam").get(world.url("definitions/sets/?format=csv&what=people")).status_code == 404
    taken = AccessRecord.objects.filter(object_kind="analysis sets").values_list("kind", "detail")
    assert ("export", "CSV of people") in taken


def test_who_sees_participants_of_one_site_sees_those_of_that_site(world: World) -> None:
    """A coordinator of one site who may also read the reports."""
    freeze_now(world)
    page = world.client("ada").get(world.url("definitions/sets/?format=csv&what=people")).content.decode()
    untreated = next(p for p in world.participants.values() if p.subject in page)
    elsewhere = next(code for code, site in world.sites.items() if site.id != untreated.site_id)
    for code, there in ((elsewhere, False), (untreated.site.code, True)):
        name = f"at-{code}"
        account = world.person(name, "coordinator", site=code)
        grant_membership(
            study=world.study,
            account=account,
            role="sponsor_viewer",
            site=None,
            room="open",
            starts_on=date(2020, 1, 1),
            reason="test",
            by=SOMEONE,
        )
        shown = world.client(name).get(world.url("definitions/sets/")).text
        assert "Participants left out" in shown and (untreated.subject in shown) is there


def test_a_cut_that_cannot_be_read_says_so(world: World, storage: Path) -> None:
    freeze_now(world)
    next(storage.glob("*/exposures.parquet")).write_bytes(b"altered")
    page = world.client("ada").get(world.url("definitions/sets/"))
    assert page.status_code == 409 and "was altered since it was frozen" in page.text
