"""The coder's work list: what is on it, how a term is given, and what that does and does not change."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse

from pvtracker.accounts.signing.queries import Standing
from pvtracker.audit.models import Outbox
from pvtracker.coding.models import Term
from pvtracker.events import coding_views
from pvtracker.events.actions import capture, coding
from pvtracker.events.actions.errors import EventRefused
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, DataQuery
from pvtracker.events.signing import manifestations_of
from pvtracker.events.snapshots import content
from pvtracker.participants.holding import HELD
from tests.open.events.test_states import lock
from tests.open.signing import sign, with_passwords
from tests.open.world import World, make_terms, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_sites: World) -> World:
    two_sites.person("cora", "coder")
    two_sites.person("study_administrator", "study_administrator")
    return with_passwords(two_sites)


@pytest.fixture
def terms(world: World) -> dict[str, Term]:
    return make_terms(world)


def read(event: AdverseEvent) -> AdverseEvent:
    return AdverseEvent.objects.select_related("study", "participant__site", "term__release").get(pk=event.pk)


def choose(world: World, event: AdverseEvent, chosen: Term, **said: Any) -> HttpResponse:
    """Send the page's form, as a browser without scripts does."""
    posted = {"version": "1", "words": chosen.lowest_level_term, "term": str(chosen.id)} | said
    return world.client("cora").post(world.url(f"coding/{event.id}/"), posted)  # type: ignore[return-value]


def listed(world: World, tail: str = "") -> str:
    return world.client("cora").get(world.url(f"coding/{tail}")).content.decode()


def test_the_coder_begins_at_the_list_and_nobody_else_has_it(world: World) -> None:
    answer = world.client("cora").get("/")
    assert answer.status_code == 302 and answer["Location"] == world.url("coding/")
    for name in ("alice", "carl", "mona", "study_administrator"):
        assert world.client(name).get(world.url("coding/")).status_code == 404
        assert world.url("coding/") not in world.client(name).get(world.url("participants/")).content.decode()


def test_the_list_has_every_sites_uncoded_events_the_first_recorded_first(
    world: World, terms: dict[str, Term]
) -> None:
    world.record(verbatim="Words of the first")
    world.record("P3", by="bob", verbatim="Words of the second")
    world.record(verbatim="Coded by the site", term=terms["Fever"].id)
    void = world.record(verbatim="Entered by mistake")
    capture.void_event(event=void, version=1, reason="twice", by=world.people["alice"].actor("investigator"))
    page = listed(world)
    assert 0 < page.index("Words of the first") < page.index("Words of the second")
    assert "Coded by the site" not in page and "Entered by mistake" not in page


def test_the_list_has_pages_and_says_when_nothing_is_left(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "Every event is coded" in listed(world)
    monkeypatch.setattr(coding_views, "PER_PAGE", 2)
    for words in ("First", "Second", "Third"):
        world.record(verbatim=f"{words} in line")
    assert "1–2 of 3 events" in listed(world) and "Third in line" not in listed(world)
    assert "Third in line" in listed(world, "?page=2")


def test_a_term_is_given_as_a_new_version_that_changes_nothing_else(
    world: World, terms: dict[str, Term]
) -> None:
    event = world.record(verbatim="Head pain since noon")
    assert choose(world, event, terms["Head pain"]).status_code == 302
    now = read(event)
    assert (now.term, now.version) == (terms["Head pain"], 2)
    first, second = AdverseEventVersion.objects.filter(event=event).order_by("version")
    assert (second.reason, second.role, second.actor) == ("coded", "coder", str(world.people["cora"].id))
    assert content(second.body) == content(first.body) | {"term": second.body["term"]}
    assert second.body["term"]["preferred_term"] == "Headache"
    notices = Outbox.objects.filter(object_id=event.id).order_by("version")
    assert [(row.version, row.operation) for row in notices] == [(1, "created"), (2, "amended")]
    assert "Head pain since noon" not in listed(world)
    assert (
        "coded"
        in world.client("alice").get(world.url(f"adverse-events/{event.id}/history/")).content.decode()
    )


def test_terms_like_the_words_are_offered_and_others_are_looked_up_without_scripts(
    world: World, terms: dict[str, Term]
) -> None:
    event = world.record(verbatim="Bone pain")
    client = world.client("cora")
    url = world.url(f"coding/{event.id}/")
    offered = client.get(url).content.decode()
    assert f'value="{terms["Bone pain"].id}"' in offered and f'value="{terms["Fever"].id}"' not in offered
    assert f'value="{terms["Fever"].id}"' in client.get(url, {"words": "Fever"}).content.decode()
    assert "No term of this study" in client.get(url, {"words": "qqqq zzzz"}).content.decode()


@pytest.mark.parametrize("term", ["", "0", "x", "9" * 12])
def test_what_is_no_term_of_the_list_is_refused_with_a_sentence(
    world: World, terms: dict[str, Term], term: str
) -> None:
    event = world.record()
    answer = choose(world, event, terms["Headache"], term=term)
    assert answer.status_code == 422 and "look up other words" in answer.content.decode()
    assert read(event).version == 1


def test_a_term_of_another_study_is_refused(world: World) -> None:
    foreign = make_terms(make_world("ELSE"))["Fever"]
    event = world.record(verbatim="Fever")
    assert choose(world, event, foreign).status_code == 422
    with pytest.raises(EventRefused, match="does not stand in a dictionary of this study"):
        coding.code_event(event=event, version=1, term_id=foreign.id, by=world.people["cora"].actor("coder"))
    assert read(event).term is None


def test_what_the_site_changed_meanwhile_is_shown_and_nothing_is_saved(
    world: World, terms: dict[str, Term]
) -> None:
    event = world.record()
    capture.amend_event(
        event=event,
        version=1,
        details=world.details(verbatim="Quite another thing"),
        reason="typed wrongly",
        by=world.people["carl"].actor("coordinator"),
    )
    answer = choose(world, event, terms["Headache"])
    page = answer.content.decode()
    assert answer.status_code == 409 and "you read version 1, it is now version 2" in page
    assert "Quite another thing" in page and 'name="version" value="2"' in page
    assert read(event).term is None
    assert choose(world, event, terms["Headache"], version="2").status_code == 302


@pytest.mark.parametrize("state", ["voided", "locked", "held"])
def test_void_locked_and_held_events_are_not_coded(world: World, terms: dict[str, Term], state: str) -> None:
    event = world.record(verbatim="Placebo reaction" if state == "held" else "Headache")
    if state == "voided":
        capture.void_event(event=event, version=1, reason="x", by=world.people["alice"].actor("investigator"))
    if state == "locked":
        sign(world, event, world.client("alice"))
        lock(world, event)
        assert "once its lock is open" in listed(world)
    if state == "held":
        assert read(event).verbatim == HELD and "once its words are released" in listed(world)
    before = read(event).version
    answer = choose(world, event, terms["Headache"], version=str(before))
    assert answer.status_code == 409
    assert any(
        words in answer.content.decode()
        for words in ("The event is void", "The event is locked", "held for review. Code the event once")
    )
    assert (read(event).term, read(event).version) == (None, before)


def test_a_term_given_after_signing_voids_the_signature_visibly(world: World, terms: dict[str, Term]) -> None:
    event = world.record()
    sign(world, event, world.client("alice"))
    page = world.client("cora").get(world.url(f"coding/{event.id}/")).content.decode()
    assert "the signature is void from then on" in page
    choose(world, event, terms["Headache"])
    assert [m.standing for m in manifestations_of(read(event))] == [Standing.VOID]
    assert (
        "sign it again"
        in world.client("alice").get(world.url(f"adverse-events/{event.id}/")).content.decode()
    )


def test_another_term_needs_a_reason(world: World, terms: dict[str, Term]) -> None:
    event = world.record(term=terms["Headache"].id)
    refused = choose(world, event, terms["Migraine"])
    assert refused.status_code == 422 and "The reason is missing" in refused.content.decode()
    assert choose(world, event, terms["Migraine"], reason="more specific").status_code == 302
    assert read(event).term == terms["Migraine"]
    assert AdverseEventVersion.objects.get(event=event, version=2).reason == "more specific"
    same = choose(world, event, terms["Migraine"], version="2", reason="again")
    assert same.status_code == 409 and "has this term already" in same.content.decode()


def test_the_term_asks_what_it_alone_makes_doubtful_and_leaves_other_queries(
    world: World, terms: dict[str, Term]
) -> None:
    world.record(verbatim="Head pain", term=terms["Head pain"].id, onset="2026")
    event = world.record(verbatim="Splitting skull", onset="2026")
    before = set(DataQuery.objects.filter(event=event, state="open").values_list("rule", flat=True))
    assert before
    choose(world, event, terms["Head pain"])
    after = set(DataQuery.objects.filter(event=event, state="open").values_list("rule", flat=True))
    assert after == before | {"possible-duplicate"}
    choose(world, event, terms["Fever"], version="2", reason="misread")
    assert set(DataQuery.objects.filter(event=event, state="open").values_list("rule", flat=True)) == before


def test_who_may_not_code_is_refused(world: World, terms: dict[str, Term]) -> None:
    event = world.record()
    for name in ("alice", "carl", "mona"):
        answer = world.client(name).post(
            world.url(f"coding/{event.id}/"), {"version": "1", "term": str(terms["Headache"].id)}
        )
        assert answer.status_code == 403
    assert read(event).version == 1
