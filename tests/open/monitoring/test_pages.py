"""The pages of pooled rates: what each role may do, what is shown, what is refused and how it is said."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pvtracker.cuts.models import Cut
from pvtracker.monitoring import breaks, charts, tables
from pvtracker.monitoring.enums import Level
from pvtracker.monitoring.models import EarlyWarning, Expectation, Look, WatchedTerm
from pvtracker.monitoring.rules import MOST_MEMBERS
from pvtracker.studies.actions import set_definitions
from pvtracker.studies.definitions import parse
from pvtracker.studies.models import Study
from tests.open.cuts.conftest import ARM_NAMES
from tests.open.monitoring.conftest import freeze_now, watch, work
from tests.open.world import SOMEONE, World

SAID = {
    "level": "PT",
    "name": "headache",
    "terms": "",
    "selection": "all",
    "rate": "0.1",
    "years": "50",
    "ratio": "2:1",
    "margin": "2",
    "warn_posterior": "0.8",
    "warn_predictive": "",
    "based_on": "A registry",
    "reason": "Of special interest",
}


def page(world: World, person: str, name: str = "pooled_rates", *ids: object) -> str:
    answer = world.client(person).get(reverse(name, args=[world.study.code, *ids]))
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_page_says_what_to_do_and_who_does_it(world: World) -> None:
    mona, sam, ada = (page(world, person) for person in ("mona", "sam", "ada"))
    assert "Nothing is watched yet" in mona and reverse("pooled_rate_new", args=["MON"]) in mona
    assert "The medical monitor or the study’s administrator" in sam
    assert reverse("pooled_rate_new", args=["MON"]) not in sam
    assert "No data cut yet" in ada and reverse("cuts", args=["MON"]) in ada
    assert reverse("cuts", args=["MON"]) not in mona


def test_a_term_is_named_watched_and_shown_with_its_numbers(world: World) -> None:
    freeze_now(world)
    answer = world.client("mona").post(reverse("pooled_rate_new", args=["MON"]), SAID)
    made = Expectation.objects.get()
    assert answer.url == reverse("pooled_rate", args=["MON", made.watched_id])
    assert (made.ratio_active, made.ratio_reference, made.warn_predictive) == (2, 1, None)
    assert (made.set_by_name, made.role) == ("Mona", "medical_monitor")
    assert "Not looked at yet" in page(world, "sam")
    work(world)
    listed = page(world, "sam")
    assert "2/2 (100.0%)" in listed and "Observed against expected" in listed
    assert "treatment-emergent" in listed and "Early warning" in listed
    term = page(world, "sam", "pooled_rate", made.watched_id)
    for words in ("A registry", "Of special interest", "2 : 1", "P(ratio &gt; 2) ≥ 0.8", "2026-03-31"):
        assert words in term, words
    assert reverse("pooled_rate_change", args=["MON", made.watched_id]) not in term
    for text in (listed, term):
        assert not any(name in text for name in ARM_NAMES)
    assert "negative binomial" in page(world, "sam", "pooled_rates_method")


def test_a_warning_is_read_by_whom_it_was_told(world: World) -> None:
    made = watch(world)
    freeze_now(world)
    work(world)
    (warning,) = EarlyWarning.objects.all()
    assert "I have read it" in page(world, "mona") and "I have read it" not in page(world, "ada")
    url = reverse("early_warning_read", args=["MON", warning.id])
    for text in (page(world, "mona"), page(world, "ada", "pooled_rate", made.watched_id)):
        assert 'href="/studies/MON/adverse-events/?q=Headache"' in text
        assert "The log is today’s data, not the cut’s" in text
    assert "Headache" in world.client("ada").get("/studies/MON/adverse-events/?q=Headache").text
    assert world.client("ada").post(url).status_code == 404
    answer = world.client("mona").post(url)
    assert answer.url == reverse("pooled_rate", args=["MON", made.watched_id])
    warning.refresh_from_db()
    assert warning.read_at is not None
    assert "I have read it" not in page(world, "mona")
    assert world.client("mona").post(url).url == reverse("pooled_rate", args=["MON", made.watched_id])


def test_a_version_is_changed_and_ended_with_a_reason(world: World) -> None:
    made = watch(world)
    change = reverse("pooled_rate_change", args=["MON", made.watched_id])
    shown = page(world, "ada", "pooled_rate_change", made.watched_id)
    assert 'value="0.1"' in shown and 'value="1:1"' in shown and 'name="terms"' not in shown
    said = {
        name: value for name, value in SAID.items() if name not in ("level", "name", "terms", "selection")
    }
    assert world.client("ada").post(change, said | {"version": "1"}).status_code == 302
    late = world.client("mona").post(change, said | {"version": "1"})
    assert late.status_code == 422 and "Somebody has changed this meanwhile" in late.content.decode()
    end = reverse("pooled_rate_end", args=["MON", made.watched_id])
    empty = world.client("ada").post(end, {"version": "2", "reason": ""})
    assert empty.status_code == 422 and "The reason is missing" in empty.content.decode()
    assert world.client("ada").post(end, {"version": "2", "reason": "Enough is known"}).status_code == 302
    last = Expectation.objects.get(version=3)
    assert (last.in_force, last.rate, last.reason) == (False, 0.1, "Enough is known")
    term = page(world, "ada", "pooled_rate", made.watched_id)
    assert "No longer watched" in term and "Watch it again" in term


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({"name": "Headeache"}, "No dictionary of this study has the preferred term “Headeache”"),
        ({"level": "SOC"}, "has the system organ class “headache”"),
        ({"level": "set", "terms": "Headache\nHeadeache"}, "has the term “Headeache”"),
        ({"level": "set"}, "A set has at least one term"),
        ({"terms": "Headache"}, "Only a set lists terms"),
        ({"rate": "often"}, "This is not a number"),
        ({"rate": "-1"}, "The expected rate lies between"),
        ({"years": ""}, "What this expectation is worth: It is missing. Enter a number"),
        (
            {"rate": "0,12"},
            "“0,12” has a comma. Here decimals have a point and thousands no mark: write 0.12 or 012.",
        ),
        ({"years": "1,000,000"}, "thousands no mark: write 1000000."),
        ({"ratio": "2,5:1"}, "decimals have a point"),
        ({"ratio": "two to one"}, "This is not a ratio"),
        ({"ratio": "0:1"}, "Each side of the allocation ratio"),
        ({"warn_posterior": "80"}, "A threshold is a probability"),
        ({"based_on": ""}, "The source is missing"),
        ({"reason": "The placebo arm has more"}, "may tell"),
    ],
)
def test_what_cannot_be_is_said_at_its_field_and_nothing_is_stored(
    world: World, said: dict[str, str], sentence: str
) -> None:
    answer = world.client("mona").post(reverse("pooled_rate_new", args=["MON"]), SAID | said)
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not WatchedTerm.objects.exists()


def test_a_set_is_watched_by_its_terms(world: World) -> None:
    said = SAID | {"level": "set", "name": "Pain", "terms": " Headache \n\nBone  pain\nHeadache"}
    assert world.client("mona").post(reverse("pooled_rate_new", args=["MON"]), said).status_code == 302
    assert Expectation.objects.get().members == ["Headache", "Bone pain"]
    assert "Headache; Bone pain" in page(world, "sam", "pooled_rate", WatchedTerm.objects.get().id)
    freeze_now(world)
    work(world)
    shown = page(world, "sam", "pooled_rate", WatchedTerm.objects.get().id)
    for query in ("q=Headache", "q=Bone+pain"):
        assert f'href="/studies/MON/adverse-events/?{query}"' in shown


def test_every_fault_is_told_at_once_and_what_was_typed_stays(world: World) -> None:
    watch(world)
    wrong = {
        "name": "headache",
        "terms": "Headache",
        "rate": "0,1",
        "years": "0",
        "ratio": "0:1",
        "margin": "0.5",
        "warn_posterior": "80",
        "based_on": "",
        "reason": "",
    }
    answer = world.client("mona").post(reverse("pooled_rate_new", args=["MON"]), SAID | wrong)
    told = {field: [str(one) for one in errors] for field, errors in answer.context["form"].errors.items()}
    assert {field: len(errors) for field, errors in told.items()} == dict.fromkeys(wrong, 1)
    assert told["name"] == ["This is watched already. Change what is expected of it on its own page."]
    labels = [str(field.label) for field in answer.context["form"]]
    assert not [
        (label, errors) for label in labels for errors in told.values() if errors[0].startswith(label)
    ]
    text = answer.content.decode()
    assert all(
        f'value="{wrong[name]}"' in text for name in ("rate", "years", "ratio", "margin", "warn_posterior")
    )
    assert "Headache</textarea>" in text


def test_a_rate_that_is_hardly_meant_is_asked_about(world: World) -> None:
    url, client = reverse("pooled_rate_new", args=["MON"]), world.client("mona")
    assert 'name="sure"' not in client.get(url).content.decode()
    asked = client.post(url, SAID | {"rate": "12"})
    assert asked.status_code == 422 and not WatchedTerm.objects.exists()
    text = asked.content.decode()
    assert "half of all participants have it within 21 days" in text and "write 0.12;" in text
    assert 'name="sure"' in text and 'value="12"' in text
    assert 'name="sure"' not in client.post(url, SAID | {"rate": "0.12", "years": ""}).content.decode()
    assert client.post(url, SAID | {"rate": "12", "sure": "on"}).status_code == 302
    assert Expectation.objects.get().rate == 12


def test_a_warning_that_takes_more_participants_than_there_are_cannot_come(world: World) -> None:
    made = watch(world, rate=2.0, years=1.0, warn_predictive=0.001)
    freeze_now(world)
    work(world)
    look = Look.objects.get()
    assert look.needed is not None and look.needed > look.treated == 2
    listed = page(world, "sam")
    assert f"would take {look.needed} participants with the event, and there are only 2 in all" in listed
    assert "Preferred term; all events" not in listed and "preferred term; all events" in listed
    assert ">PT" not in listed and "PT," not in listed, "no key"
    term = page(world, "sam", "pooled_rate", made.watched_id)
    assert f"{look.needed} participants with the event. There are 2, so at this cut it cannot warn" in term
    assert "Chance of so many" not in term


def test_the_picture_names_a_term_alone_and_one_that_is_watched_twice_with_what_of_it(world: World) -> None:
    def drawn() -> list[str]:
        where = reverse("pooled_rates", args=[world.study.code])
        return [
            value["term"] for value in world.client("sam").get(where).context["picture"]["data"]["values"]
        ]

    watch(world)
    freeze_now(world)
    work(world)
    assert drawn() == ["Headache"]
    watch(world, level=Level.SET, members=("Headache",))
    work(world)
    assert sorted(drawn()) == ["Headache: preferred term; all events", "Headache: set of terms; all events"]


def test_a_set_has_the_terms_of_the_studys_query_of_its_name(world: World) -> None:
    define(world, {"Aches": ["Nervous system disorders", "Bone pain"]})
    said = SAID | {"level": "set", "name": "aches", "rate": "0.1"}
    shown = page(world, "mona", "pooled_rate_new")
    assert "There are Aches." in shown
    assert world.client("mona").post(reverse("pooled_rate_new", args=["MON"]), said).status_code == 302
    made = Expectation.objects.get()
    assert made.members == ["Nervous system disorders", "Bone pain"]
    freeze_now(world)
    work(world)
    assert Look.objects.get().participants == 2  # by the organ class: a query's terms are of any level
    assert "has the same terms" in page(world, "sam", "pooled_rate", made.watched_id)
    define(world, {"Aches": ["Bone pain"]})
    assert "has other terms now: Bone pain." in page(world, "sam", "pooled_rate", made.watched_id)


def test_names_of_the_dictionaries_are_offered_with_their_levels(world: World) -> None:
    """To the form that watches a term and to the definitions; from the dictionaries, whatever has happened."""
    offered = reverse("definition_terms", args=["MON"])
    for person, name in (("mona", "pooled_rate_new"), ("ada", "definitions_edit")):
        form = page(world, person, name)
        assert f'data-url="{offered}"' in form and "js/look_up" in form
    found = world.client("mona").get(offered, {"q": "HEAD"}).text
    assert found.count("<li") == 1 + found.count("Headaches")
    assert 'data-value="PT" data-text="Headache">' in found and "preferred term" in found
    organs = world.client("mona").get(offered, {"q": "disorders"}).text
    assert 'data-value="SOC"' in organs and organs.count("<li") <= 8
    assert [
        world.client("sam").get(offered, {"q": said}).text.strip() for said in ("", "h", "100%", "\0")
    ] == [""] * 4


def test_cuts_of_different_definitions_are_no_one_line(world: World) -> None:
    """An arm of analysis changes no pooled count; a window may, and breaks the line and says so."""
    made = watch(world)
    defined: tuple[dict[str, Any], ...] = (
        {},
        {"analysis_arm": "planned", "strata": ["sex"]},
        {"analysis_arm": "planned", "strata": ["sex"], "emergent_window_days": 5},
    )
    for month, stated in enumerate(defined, start=1):
        set_definitions(
            study=world.study,
            definitions=parse(stated),
            reason="test",
            version=Study.objects.get(id=world.study.id).version,
            by=SOMEONE,
        )
        world.study.refresh_from_db()
        freeze_now(world, date(2026, month + 3, 1))
    work(world)
    for text in (page(world, "sam"), page(world, "mona")):
        assert "Counted by other definitions than the cut before it: “Window after last" in text
    answer = world.client("sam").get(reverse("pooled_rate", args=["MON", made.watched_id]))
    shown = answer.content.decode()
    for picture in ("path", "probabilities"):
        spec = answer.context[picture]
        assert [point["line"] for point in spec["data"]["values"]] == [0, 0, 1]
        (drawn,) = [one for one in spec["layer"] if one["mark"].get("type") == "line"]
        assert drawn["encoding"]["detail"]["field"] == "line"
        labelled = drawn["encoding"]["x"]["axis"]["values"]
        assert labelled == [f"2026-0{month}-01T00:00:00Z" for month in (4, 5, 6)], (
            "the browser draws none at numbers"
        )
    assert "From the cut of 2026-06-01 on it was counted by other definitions than before" in shown
    assert shown.count("“Window after last exposure” was: no end; is: 5 days") == 2 + 1, "and both tables"
    assert "From the cut of 2026-05-01" not in shown and not any(name in shown for name in ARM_NAMES)


def counted_by(month: int, **settings: Any) -> Look:
    """A look at a cut that was frozen with these settings."""
    day = date(2026, month, 1)
    cut = Cut(date=day, manifest={"settings": {"analysis_arm": "planned", **settings}})
    numbers = {
        "participants": 1,
        "treated": 9,
        "events": 1,
        "person_years": 5.0,
        "rate": 0.2,
        "expected": 1.0,
    }
    return Look(cut=cut, warns=False, made_at=datetime(2026, month, 2, tzinfo=UTC), **numbers)


def test_of_two_cuts_of_one_date_each_row_says_what_it_was_counted_by() -> None:
    """There and back between two cuts of one date: two rows break the order, and the picture, of the last, none."""
    looks = [counted_by(1), counted_by(2, emergent_window_days=5), counted_by(2), counted_by(3)]
    told = breaks.said(looks)
    assert list(told) == [looks[1].id, looks[2].id]
    assert "was: no end; is: 5 days" in told[looks[1].id] and "was: 5 days; is: no end" in told[looks[2].id]
    assert breaks.said(charts.drawable(looks)) == {} and breaks.lines(charts.drawable(looks)) == [0, 0, 0]
    rows = tables.looks_table(looks, {})["rows"]
    marked = ["Counted by other definitions" in row["warning"] for row in rows]
    assert marked == [False, True, True, False], "the latest first"
    again = [counted_by(1), counted_by(2), counted_by(2, emergent_window_days=5)]
    rows = tables.looks_table(again, {})["rows"]
    assert ["Counted by other definitions" in row["warning"] for row in rows] == [True, False, False]


def test_cuts_whose_definitions_cannot_be_read_are_not_taken_to_be_counted_alike() -> None:
    looks = [
        counted_by(month, definitions={name: 1})
        for month, name in ((1, "of"), (2, "another"), (3, "another"))
    ]
    assert breaks.lines(looks) == [0, 1, 2]
    assert set(breaks.said(looks).values()) == {breaks.UNREADABLE}
    assert breaks.lines([looks[0], counted_by(4), counted_by(5)]) == [0, 1, 1]


def test_a_set_takes_a_standardised_query_of_thousands_of_terms_by_its_name(world: World) -> None:
    """Terms that have not occurred, and one with a telling word, which came with the dictionary; nothing is typed."""
    terms = ["Bone pain", "Placebo effect", *(f"Sign {number}" for number in range(MOST_MEMBERS - 2))]
    define(world, {"All signs": terms})
    said = SAID | {"level": "set", "name": "All signs", "rate": "0.1"}
    began = time.process_time()
    answer = world.client("mona").post(reverse("pooled_rate_new", args=["MON"]), said)
    assert answer.status_code == 302 and time.process_time() - began < 5
    made = Expectation.objects.get()
    assert made.members == terms
    freeze_now(world)
    work(world)
    assert Look.objects.get().participants == 0
    shown = page(world, "sam", "pooled_rate", made.watched_id)
    assert "and 4960 more terms" in shown and len(shown) < 100_000
    change = reverse("pooled_rate_change", args=["MON", made.watched_id])
    more = {name: value for name, value in said.items() if name not in ("level", "name", "selection")}
    more |= {"version": "1", "years": "70", "terms": "\n".join(terms)}
    refused = world.client("ada").post(change, more | {"terms": "low dose arm\nSign 1\nSign 6000"})
    assert "may tell who received what" in refused.content.decode()
    unknown = world.client("ada").post(change, more | {"terms": "Sign 1\nSign 6000"})
    assert "has the term “Sign 6000”" in unknown.content.decode()
    assert world.client("ada").post(change, more).status_code == 302
    assert Expectation.objects.get(version=2).years == 70
    define(world, {"All signs": [*terms, "Headache"]})
    many = world.client("mona").post(
        reverse("pooled_rate_new", args=["MON"]), said | {"selection": "serious"}
    )
    assert many.status_code == 422 and "A set has at most 5,000 terms" in many.content.decode()


def test_lines_that_tell_an_arm_are_named_for_one_reading_of_its_words_and_endless_ones_are_not_read(
    world: World,
) -> None:
    """However many lines: as many statements; a text beyond its field's length is answered at once."""
    watching, defining = reverse("pooled_rate_new", args=["MON"]), reverse("definitions_edit", args=["MON"])
    for person, address, said, field in (
        ("mona", watching, SAID | {"level": "set", "name": "Aches"}, "terms"),
        ("ada", defining, {"version": Study.objects.get(id=world.study.id).version}, "special_interest"),
    ):
        client, asked = world.client(person), []
        client.get(address)
        for lines in (2, 300):
            text = "\n".join(f"Placebo {number}" for number in range(lines))
            with CaptureQueriesContext(connection) as statements:
                refused = client.post(address, said | {field: f"Bone pain\n{text}"})
            assert refused.status_code == 422
            asked.append(len(statements))
        assert (
            "Lines 2, 3, 4, 5, 6 and 295 more: The text may tell who received what (placebo" in refused.text
        )
        assert asked[0] == asked[1]
        began = time.process_time()
        endless = client.post(address, said | {field: "Placebo\n" * 125_000})
        assert time.process_time() - began < 2
        assert "characters are kept. Shorten it." in endless.text and "may tell who" not in endless.text


def define(world: World, queries: dict[str, list[str]]) -> None:
    """The study's queries, as its administrator puts them in force."""
    world.study.refresh_from_db()
    set_definitions(
        study=world.study,
        definitions=parse({"queries": queries}),
        reason="test",
        by=world.people["ada"].actor("study_administrator"),
    )
