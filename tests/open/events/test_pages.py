"""Pages around events: what they show, to whom, and at what cost."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pvtracker.audit.context import within
from pvtracker.coding.actions import TermPath, release_from_data
from pvtracker.coding.models import Term
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, Assessment, DataQuery
from tests.open.world import SOMEONE, World, make_terms, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_sites: World) -> World:
    return two_sites


def pages_of(world: World, event: AdverseEvent) -> list[str]:
    person = f"participants/{event.participant_id}/"
    own = f"adverse-events/{event.id}/"
    return [
        world.url(tail)
        for tail in (person, f"{person}adverse-events/new/", own, f"{own}edit/", f"{own}history/")
    ]


def test_a_clinician_of_another_site_meets_404_everywhere(world: World) -> None:
    event = world.record(onset="2026")
    query = DataQuery.objects.get(event=event)
    bob = world.client("bob")
    for url in pages_of(world, event):
        assert bob.get(url).status_code == 404, url
    own = f"adverse-events/{event.id}"
    for tail in (
        f"{own}/edit/",
        f"{own}/void/",
        f"queries/{query.id}/answer/",
        f"participants/{event.participant_id}/draft/",
    ):
        assert (
            bob.post(world.url(tail), world.posted(reason="x", version="1", answer="x")).status_code == 404
        ), tail
    query.refresh_from_db()
    assert query.state == "open"


def test_lists_show_the_own_site_only(world: World) -> None:
    world.record("P1", verbatim="Seen at one", onset="2026")
    world.record("P3", by="bob", verbatim="Seen at two", onset="2026")
    for name, own, other in (("alice", "one", "two"), ("bob", "two", "one")):
        client = world.client(name)
        for tail in ("adverse-events/", "queries/"):
            page = client.get(world.url(tail)).content.decode()
            assert f"Seen at {own}" in page and f"Seen at {other}" not in page
    page = world.client("mona").get(world.url("adverse-events/")).content.decode()
    assert "Seen at one" in page and "Seen at two" in page


def test_an_event_is_not_found_under_another_study(world: World) -> None:
    event = world.record()
    other = make_world("OTHER")
    own = other.client("alice")
    for url in pages_of(world, event):
        assert own.get(url).status_code == 404
        assert own.get(url.replace("/TWO/", "/OTHER/")).status_code == 404


def test_a_draft_of_one_participants_event_is_not_kept_under_another_participant(world: World) -> None:
    event = world.record("P1")
    url = world.url(f"participants/{world.participants['P2'].id}/draft/{event.id}/")
    assert world.client("alice").post(url, {"verbatim": "x"}).status_code == 403


def test_signed_out_visitors_are_sent_to_the_sign_in(world: World) -> None:
    event = world.record()
    for url in [*pages_of(world, event), world.url("adverse-events/"), world.url("terms/?q=head")]:
        answer = Client().get(url)
        assert answer.status_code == 302 and "/sign-in/" in answer["Location"]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)"]
)
def test_markup_is_shown_as_text_on_every_page(world: World, text: str) -> None:
    event = world.record(verbatim=text, narrative=text, onset="2026")
    query = DataQuery.objects.get(event=event)
    alice = world.client("alice")
    alice.post(world.url(f"queries/{query.id}/answer/"), {"answer": text})
    listed = [
        world.url("adverse-events/"),
        world.url("queries/?state=all"),
        world.url("adverse-events/?q=" + text),
    ]
    for url in [*pages_of(world, event), *listed]:
        page = alice.get(url).content.decode()
        assert "<script>alert" not in page and "<img src=x" not in page, url
        assert "onerror=alert(1)>" not in page.replace("onerror=alert(1)&gt;", "")
        assert 'href="javascript:' not in page


def test_text_that_turns_the_direction_is_isolated_and_marked(world: World) -> None:
    event = world.record(verbatim="\u202eehcadaeh")
    for url in (world.url("adverse-events/"), world.url(f"adverse-events/{event.id}/")):
        page = world.client("alice").get(url).content.decode()
        assert "<bdi>\u202eehcadaeh</bdi>" in page
        assert "U+202E" in page


def test_the_log_is_narrowed_by_seriousness_grade_query_and_words(world: World) -> None:
    terms = make_terms(world)
    world.record(verbatim="Plain one")
    world.record(
        verbatim="Bad one",
        grade=4,
        serious=True,
        criteria=frozenset({"life_threatening"}),
        aware_on="2026-03-06",
    )
    world.record(verbatim="Vague one", onset="2026")
    world.record(verbatim="Brummschädel", term=terms["Headache"].id)
    alice = world.client("alice")
    names = ("Plain one", "Bad one", "Vague one", "Brummschädel")

    def shown(query: str) -> set[str]:
        page = alice.get(world.url(f"adverse-events/?{query}")).content.decode()
        return {name for name in names if name in page}

    assert shown("") == set(names)
    assert shown("serious=yes") == {"Bad one"}
    assert shown("serious=no") == set(names) - {"Bad one"}
    assert shown("grade=3") == {"Bad one"}
    assert shown("queried=1") == {"Vague one"}
    assert shown("q=headache") == {"Brummschädel"}
    assert shown("q=nervous") == {"Brummschädel"}
    assert shown("q=%00one&grade=abc&serious=perhaps&page=zz") == {"Plain one", "Bad one", "Vague one"}


def test_the_log_is_narrowed_by_the_levels_between_term_and_organ_class(world: World) -> None:
    """Pooled rates watch terms of these levels, and lead to their events."""
    groups = {"high_level_term": "Headaches NEC", "high_level_group_term": "Cephalic group"}
    path = TermPath("Head pain", "Headache", system_organ_class="Nervous system disorders", **groups)
    made = release_from_data(
        study_id=world.study.id, dictionary="Deep terms", paths=[path], origin="test", by=SOMEONE
    )
    with within(world.study.id):
        term = Term.objects.get(release=made)
    world.record(verbatim="Plain one")
    world.record(verbatim="Brummschädel", term=term.id)
    for query in ("headaches+nec", "Cephalic"):
        page = world.client("alice").get(world.url(f"adverse-events/?q={query}")).text
        assert "Brummschädel" in page and "Plain one" not in page


def test_the_log_begins_with_the_newest_onset_and_ends_with_unknown_ones(world: World) -> None:
    world.record(verbatim="Unknown one", onset="", onset_unknown=True, end="", end_unknown=True)
    world.record(verbatim="Older one", onset="2026-03-01")
    world.record(verbatim="Newer one", onset="2026-03-05")
    page = world.client("alice").get(world.url("adverse-events/")).content.decode()
    assert page.index("Newer one") < page.index("Older one") < page.index("Unknown one")


def test_a_void_event_leaves_the_log_but_not_the_history(world: World) -> None:
    event = world.record(verbatim="By mistake")
    alice = world.client("alice")
    url = world.url(f"adverse-events/{event.id}/void/")
    assert "The reason is missing" in alice.post(url, {"version": "1", "reason": ""}).content.decode()
    alice.post(url, {"version": "1", "reason": "entered for the wrong participant"})
    assert "By mistake" not in alice.get(world.url("adverse-events/")).content.decode()
    assert "By mistake" in alice.get(world.url("adverse-events/?voided=1")).content.decode()
    assert (
        "entered for the wrong participant"
        in alice.get(world.url(f"adverse-events/{event.id}/history/")).content.decode()
    )
    assert alice.get(world.url(f"adverse-events/{event.id}/edit/")).status_code == 302


def test_a_coordinator_cannot_void(world: World) -> None:
    event = world.record()
    carl = world.client("carl")
    answer = carl.post(world.url(f"adverse-events/{event.id}/void/"), {"version": "1", "reason": "x"})
    assert answer.status_code == 403
    assert AdverseEvent.objects.get(pk=event.pk).state == "submitted"
    assert "Void …" not in carl.get(world.url(f"adverse-events/{event.id}/")).content.decode()


def test_the_medical_monitor_gives_an_opinion_beside_the_investigators(world: World) -> None:
    event = world.record()
    url = world.url(f"adverse-events/{event.id}/opinion/")
    assert world.client("alice").get(url).status_code == 403
    posted = {
        f"causality_{world.interventions['Infusion'].id}": "unlikely",
        "version": "1",
        "reason": "timing",
    }
    page = world.client("mona").post(url, posted, follow=True).content.decode()
    assert "Possible" in page and "Unlikely" in page
    rows = dict(Assessment.objects.filter(event=event).values_list("assessor", "causality"))
    assert rows == {"investigator": "possible", "sponsor": "unlikely"}


def test_a_query_is_answered_where_it_is_shown(world: World) -> None:
    event = world.record(onset="2026")
    query = DataQuery.objects.get(event=event)
    alice = world.client("alice")
    url = world.url(f"queries/{query.id}/answer/")
    back = world.url(f"adverse-events/{event.id}/")
    page = alice.post(url, {"answer": "Not remembered.", "next": back}, follow=True).content.decode()
    assert "Not remembered." in page and "answered" in page
    assert "answered already" in alice.post(url, {"answer": "Again"}, follow=True).content.decode()
    assert alice.post(url, {"answer": "x", "next": "https://elsewhere.example/"})["Location"] == world.url(
        "queries/"
    )
    assert world.client("mona").post(url, {"answer": "x"}).status_code == 403


def test_the_queries_page_narrows_by_state_and_rule(world: World) -> None:
    world.record(verbatim="First", onset="2026")
    world.record(verbatim="Second", judgements=())
    alice = world.client("alice")
    assert "Second" not in alice.get(world.url("queries/?rule=partial-onset")).content.decode()
    assert "First" in alice.get(world.url("queries/?rule=partial-onset")).content.decode()
    assert "First" not in alice.get(world.url("queries/?state=closed")).content.decode()


def test_the_stored_version_says_what_the_page_says(world: World) -> None:
    term = make_terms(world)["Head pain"]
    event = world.record(term=term.id, onset="2026-03", narrative="n")
    body = AdverseEventVersion.objects.get(event=event).body
    assert body["term"] == {
        "dictionary": "Local terms",
        "release": "1",
        "lowest_level_term": "Head pain",
        "preferred_term": "Headache",
        "high_level_term": "",
        "high_level_group_term": "",
        "system_organ_class": "Nervous system disorders",
    }
    assert (body["study"], body["site"], body["subject"], body["number"]) == ("TWO", "01", "TWO-P1", 1)
    assert (body["onset"], body["scale"], body["grade"], body["serious"]) == (
        "2026-03",
        "daids-2.1",
        1,
        False,
    )


def queries_for(client: Client, url: str) -> int:
    """Statements of a page, without the transaction's own: in a test a request's transaction is a savepoint."""
    client.get(url)  # what is remembered between requests is not counted
    with CaptureQueriesContext(connection) as log:
        assert client.get(url).status_code == 200
    own = ("SAVEPOINT", "RELEASE SAVEPOINT")
    return sum(not query["sql"].startswith(own) for query in log)


@pytest.mark.parametrize("tail", ["adverse-events/", "queries/", "participants/"])
def test_the_cost_of_a_list_does_not_grow_with_its_rows(world: World, tail: str) -> None:
    terms = make_terms(world)
    alice = world.client("alice")
    world.record(onset="2026", term=terms["Headache"].id)
    few = queries_for(alice, world.url(tail))
    for number in range(12):
        world.record(verbatim=f"Event {number}", onset="2026-03", term=terms["Migraine"].id)
    assert (
        queries_for(alice, world.url(tail)) == few <= 13
    )  # one says who asks, one in which session, one in which study


def test_the_cost_of_a_participants_page_does_not_grow_with_the_events(world: World) -> None:
    alice = world.client("alice")
    world.record()
    url = world.url(f"participants/{world.participants['P1'].id}/")
    few = queries_for(alice, url)
    for number in range(12):
        world.record(verbatim=f"Event {number}")
    assert queries_for(alice, url) == few <= 13
