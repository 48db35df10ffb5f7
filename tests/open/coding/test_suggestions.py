"""Suggestions of terms for the words of a clinician."""

from __future__ import annotations

import pytest

from pvtracker.audit.context import within
from pvtracker.coding.actions import TermPath, release_from_data
from pvtracker.coding.models import Release, Term
from pvtracker.coding.queries import suggest
from tests.open.world import SOMEONE, World, make_terms, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_sites: World) -> World:
    make_terms(two_sites)
    return two_sites


def words(world: World, text: str) -> list[str]:
    """What is suggested from the study's own release."""
    with within(world.study.id):
        found = suggest(text, study_id=world.study.id)
        return [term.lowest_level_term for term in found if term.release.study_id == world.study.id]


def test_what_begins_with_the_words_comes_first(world: World) -> None:
    assert words(world, "head")[:2] == ["Head pain", "Headache"]
    assert words(world, "headac")[:2] == ["Headache", "Head pain"]


def test_a_spelling_mistake_finds_its_term(world: World) -> None:
    assert "Migraine" in words(world, "migrane")


def test_the_preferred_term_is_searched_too(world: World) -> None:
    assert "Fever" in words(world, "pyrexia")


@pytest.mark.parametrize("text", ["", " ", "h", "\x00", "zzzzqqqq"])
def test_too_little_or_nothing_alike_suggests_nothing(world: World, text: str) -> None:
    assert words(world, text) == []


@pytest.mark.parametrize("text", ["100%", "a_b\\", "'; drop table coding_term; --", "é" * 5000])
def test_signs_of_the_query_language_are_plain_text(world: World, text: str) -> None:
    assert isinstance(words(world, text), list)


def test_no_more_than_eight_are_suggested_and_none_twice(world: World) -> None:
    paths = [
        TermPath(f"Headache type {n}", "Headache", system_organ_class="Nervous system disorders")
        for n in range(20)
    ]
    release_from_data(
        study_id=world.study.id, dictionary="Local terms", paths=paths, origin="test", by=SOMEONE
    )
    found = words(world, "headache")
    assert len(found) == len(set(found)) >= 6
    assert len(suggest("headache", study_id=world.study.id)) == 8


def test_the_studys_own_term_stands_for_the_same_term_of_a_common_dictionary(world: World) -> None:
    common = Release.objects.create(dictionary="Common terms", number="1", origin="test", state="ready")
    Term.objects.create(
        release=common,
        lowest_level_term="Migraine",
        preferred_term="MIGRAINE",
        system_organ_class="Nervous system disorders",
    )
    found = [
        term for term in suggest("migraine", study_id=world.study.id) if term.lowest_level_term == "Migraine"
    ]
    assert [term.release.study_id for term in found] == [world.study.id]


def test_a_release_that_is_not_whole_is_not_suggested(world: World) -> None:
    Release.objects.filter(study_id=world.study.id).update(state="importing")
    assert words(world, "headache") == []


def test_the_terms_of_another_study_are_not_suggested(world: World) -> None:
    other = make_world("OTHER")
    assert words(other, "headache") == []
    assert words(world, "headache") != []


def test_the_page_answers_with_term_path_and_dictionary(world: World) -> None:
    page = world.client("alice").get(world.url("terms/?q=fev")).content.decode()
    assert 'data-text="Fever"' in page
    assert "Pyrexia · General disorders and administration site conditions · Local terms 1" in page
