"""The definitions of a study in the open room: read, changed with a reason, and frozen into every cut."""

from __future__ import annotations

import io
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from pvtracker.audit.context import within
from pvtracker.coding.actions import TermPath, release_from_data
from pvtracker.coding.queries import COUNTED, unknown_names
from pvtracker.cuts import derive, freeze
from pvtracker.cuts.actions import no_progress, register_cut
from pvtracker.cuts.models import Cut
from pvtracker.cuts.open import load_cut
from pvtracker.events.actions.capture import amend_event
from pvtracker.studies.actions import ArmEntry, StudyRefused, put_arms, set_definitions
from pvtracker.studies.definitions import DEFAULTS, DefinitionError, parse
from pvtracker.studies.protocol import entry_of
from tests.open.cuts.conftest import CUT_DATE, make_study
from tests.open.world import SOMEONE, World
from tests.pure.formats.test_smq import FILES

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_arms: World) -> World:
    arms = [
        ArmEntry("A", "Low dose"),
        ArmEntry("C", "High dose"),
        ArmEntry("B", "Placebo", is_reference=True),
    ]
    put_arms(study=two_arms.study, arms=arms, by=SOMEONE)
    two_arms.person("ada", "study_administrator")
    return two_arms


def frozen(world: World) -> Cut:
    world.study.refresh_from_db()
    stated = freeze.write_cut(study=world.study, cut_id=uuid.uuid4(), cut_date=CUT_DATE, progress=no_progress)
    return register_cut(study=world.study, manifest=stated, by=SOMEONE)


def posted(world: World, **said: Any) -> dict[str, Any]:
    """What the form sends when nothing was changed, and these."""
    world.study.refresh_from_db()
    stated = {name: "" if value is None else value for name, value in DEFAULTS.stated().items()}
    stated |= {
        "intervention_windows": "",
        "phase_windows": "",
        "pools": "",
        "exposed_to": "",
        "special_interest": "",
        "queries": "",
        "not_per_protocol": "",
    }
    return {"version": world.study.version, "reason": "analysis plan 2.0", **stated, **said}


def test_the_page_says_what_is_in_force(world: World) -> None:
    page = world.client("ada").get(world.url("definitions/"))
    assert page.status_code == 200
    for said in ("treated participants (default)", "no end (default)", "Change the definitions", "history"):
        assert said in page.text, said
    world.person("sam", "sponsor_viewer")
    assert "Change the definitions" not in world.client("sam").get(world.url("definitions/")).text


def test_a_change_is_stored_with_its_reason_and_frozen_into_the_next_cut(world: World) -> None:
    before = frozen(world)
    assert "definitions" not in before.manifest["settings"]
    code = next(iter(world.interventions.values())).code
    answer = world.client("ada").post(
        world.url("definitions/edit/"),
        posted(
            world,
            emergent_window_days="30",
            intervention_windows=f"{code} = 7",
            phase_windows="ATI = none\nprocedure = 3",
            pools="Any active dose = A, C",
            strata=["site", "age"],
            age_groups="18, 65",
            partial_onset="certain",
        ),
    )
    assert answer.status_code == 302 and answer.url == world.url("definitions/")
    world.study.refresh_from_db()
    wanted = {
        "intervention_windows": {code: 7},
        "phase_windows": {"ATI": None, "procedure": 3},
        "pools": {"Any active dose": ["A", "C"]},
        "strata": ["site", "age"],
        "age_groups": [18, 65],
        "partial_onset": "certain",
    }
    assert (world.study.emergent_window_days, world.study.definitions) == (30, wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            "select reason, actor_name, new -> 'definitions' ->> 'partial_onset' from audit.entry"
            " where table_name = 'studies_study' order by id desc limit 1"
        )
        assert cursor.fetchone() == ("analysis plan 2.0", "Ada", "certain")
    after = frozen(world)
    assert after.manifest["settings"]["definitions"] == wanted
    assert derive.rules_of(load_cut(after)) == parse({**wanted, "emergent_window_days": 30})
    before.refresh_from_db()
    assert derive.rules_of(load_cut(before)) == DEFAULTS
    # the form opens with what is in force, and writes it back unchanged
    page = world.client("ada").get(world.url("definitions/edit/")).text
    assert f"{code} = 7" in page and "Any active dose = A, C" in page and "ATI = none" in page


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"reason": ""}, "The record needs a reason"),
    ({"emergent_window_days": "soon"}, "Write a whole number of days from 0 to 36500"),
    ({"follow_up_days": "-1"}, "Write a whole number of days from 0 to 36500"),
    ({"phase_windows": "ATI: 7"}, "Line 1, “ATI: 7”: write each on a line of its own, as PHASE = 7"),
    ({"phase_windows": "ATI = week"}, "write a number of days, or none for no end"),
    ({"phase_windows": "ATI = 1\nATI = 2"}, "stands twice"),
    ({"intervention_windows": "XYZ = 7"}, "Line 1, “XYZ”: no intervention that makes a participant treated"),
    ({"exposed_to": "XYZ"}, "“XYZ”: no intervention"),
    ({"pools": "All = A, B"}, "Line 1, “B”: no arm that is compared with the reference. Name one of A, C."),
    ({"pools": "One = A"}, "needs two arms at least"),
    (
        {"not_per_protocol": "NOBODY = no second dose"},
        "Line 1, “NOBODY”: no participant of this study. Write the identifier",
    ),
    (
        {"not_per_protocol": "NOBODY"},
        "Line 1, “NOBODY”: write each on a line of its own, as SUBJECT = reason.",
    ),
    ({"not_per_protocol": "NOBODY = got placebo"}, "may tell who received what (placebo)"),
    ({"not_per_protocol": "NOBODY = late\nANY = got placebo\nZ = placebo"}, "Lines 2, 3: "),
    ({"strata": ["arm"]}, "Choose among site, country, sex"),
    ({"age_groups": "65, 18"}, "One age or more in years, from 1 to 125, each higher than the last: 18, 65."),
    ({"age_groups": "adults"}, "“adults”: write whole years, separated by commas: 18, 65."),
    ({"crossover": "hidden"}, "Choose one of the answers"),
    (
        {"special_interest": "Headache\nHeadeache"},
        "Line 2, “Headeache”: no dictionary of this study has it at any level, and no query is called so. Write",
    ),
    (
        {"special_interest": "PAIN", "queries": "Pain = headache"},
        "“PAIN”: no dictionary of this study has it at any level, and no query",
    ),
    (
        {"queries": "Pain = Headache, Migraine"},
        "Line 1, “Headache, Migraine”: no dictionary of this study has it at",
    ),
    (
        {"queries": "Pain = Headache\nAll = Pain"},
        "Line 2, “Pain”: no dictionary of this study has it at any level. Write each term as",
    ),
    ({"queries": "Pain = Head pain"}, "“Head pain”"),  # a lowest level term, which no event is counted under
    ({"queries": "Pain = ;"}, "needs one term at least"),
    ({"queries": "Placebo pain = Headache"}, "may tell who received what (placebo)"),
    ({"queries": "Pain = Headache; low dose arm"}, "may tell who received what (low dose arm)"),
    ({"special_interest": "Headache\nplac-ebo effect"}, "may tell who received what"),
    ({"phase_windows": "on placebo = 3"}, "may tell who received what"),
    ({"pools": "No placebo = A, C"}, "may tell who received what"),
    ({"version": "0"}, "changed by somebody else meanwhile"),
    ({"version": ""}, "Open it again"),
]


def test_exclusions_from_per_protocol_are_recorded_with_reason_and_person_and_frozen(world: World) -> None:
    one, other = (world.participants[code].subject for code in ("P1", "P2"))
    listed = {one: "no second dose", other: "prohibited medicine"}
    text = f"{other} =  prohibited   medicine\r\n{one} = no second dose"
    client, page = world.client("ada"), world.url("definitions/edit/")
    said = posted(world, analysis_set="per-protocol", not_per_protocol=text)
    assert client.post(page, said).status_code == 302
    world.study.refresh_from_db()
    assert world.study.definitions == {"analysis_set": "per-protocol", "not_per_protocol": listed}
    with connection.cursor() as cursor:
        cursor.execute(
            "select reason, actor_name, new -> 'definitions' -> 'not_per_protocol' ->> %s from audit.entry"
            " where table_name = 'studies_study' order by id desc limit 1",
            [one],
        )
        assert cursor.fetchone() == ("analysis plan 2.0", "Ada", "no second dose")
    assert f"{one} = no second dose" in client.get(page).text
    world.person("sam", "sponsor_viewer")
    read = world.client("sam").get(world.url("definitions/")).text
    assert "2 participants" in read and one not in read and other not in read
    data = load_cut(frozen(world))
    assert not {one, other} & set(derive.analysis_set(data)["subject"])
    assert "1 for “no second dose”; 1 for “prohibited medicine”" in derive.definitions(data)["analysis set"]


def test_a_standardised_query_comes_from_its_files_and_the_form_keeps_it(
    world: World, tmp_path: Path
) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, newline="")
    said = io.StringIO()
    order = {"smq": ["1"], "scope": "narrow", "reason": "analysis plan 2.0"}
    call_command("import_smq", "CUT", str(tmp_path), stdout=said, **order)
    name = "Odd heads (SMQ), narrow, 99.0"
    assert f"{name}: 2 preferred terms; with Odd ears (SMQ)" in said.getvalue()
    world.study.refresh_from_db()
    assert world.study.definitions == {"queries": {name: ["Sign 101", "Sign 104"]}}
    client, page = world.client("ada"), world.url("definitions/edit/")
    kept = f"{name} = Sign 101; Sign 104"  # no event has had them yet
    assert client.post(page, posted(world, queries=kept, follow_up_days="30")).status_code == 302
    assert "“Sign 105”" in client.post(page, posted(world, queries=f"{kept}; Sign 105")).text
    with pytest.raises(CommandError, match="is algorithmic"):
        call_command("import_smq", "CUT", str(tmp_path), **{**order, "smq": ["4"], "scope": "broad"})
    twice = ("--smq", "1", "--smq", "Odd heads (SMQ)")  # its code and its name
    call_command(
        "import_smq", "CUT", str(tmp_path), *twice, stdout=said, scope="narrow", reason="analysis plan 2.0"
    )
    assert said.getvalue().count(f"{name}: 2 preferred terms") == 2
    assert derive.rules_of(load_cut(frozen(world))).queries == ((name, ("Sign 101", "Sign 104")),)


AIRWAYS, GROWTHS = (
    "Respiratory, thoracic and mediastinal disorders",
    "Neoplasms benign, malignant and unspecified (incl cysts and polyps)",
)


def test_a_standardised_query_is_examined_at_once_and_faults_without_end_are_not_all_told(
    world: World, django_assert_max_num_queries: Any
) -> None:
    """Hundreds of terms ask for the words of the arms once; a field of faults is not answered by megabytes."""
    client, page = world.client("ada"), world.url("definitions/edit/")
    many = "; ".join(f"Sign {number}" for number in range(300))
    with django_assert_max_num_queries(60):
        answer = client.post(page, posted(world, queries=f"All = {many}; low dose arm\nPlacebo = Rash"))
    assert answer.status_code == 422 and "received what (low dose arm, placebo)" in answer.text
    endless = client.post(page, posted(world, queries="a\n" * 50_000))
    assert "And 49980 more such faults." in endless.text and len(endless.text) < 300_000


def test_terms_with_commas_are_stored_and_written_back_as_they_are(world: World) -> None:
    paths = [TermPath("Cough", "Cough", system_organ_class=AIRWAYS)]
    paths += [TermPath("Lymphoma", "Lymphoma", "Lymphomas, all", "Arm disorders", GROWTHS)]
    with within(world.study.id):
        release_from_data(
            study_id=world.study.id, dictionary="Commas", paths=paths, origin="test", by=SOMEONE
        )
    said = posted(
        world,
        special_interest=f"{AIRWAYS}\r\n  headache\r\nGrowths, any drug",
        queries=f"Growths, any drug = Arm disorders; {GROWTHS}\r\nBlood=lymphomas,  ALL; Cough;",
        pools="Any active dose = A, C",
    )
    client, page = world.client("ada"), world.url("definitions/edit/")  # “drug = Arm” are two, and no phrase
    assert client.post(page, said).status_code == 302
    world.study.refresh_from_db()
    stored = {
        "special_interest": [AIRWAYS, "headache", "Growths, any drug"],
        "queries": {"Blood": ["lymphomas, ALL", "Cough"], "Growths, any drug": ["Arm disorders", GROWTHS]},
        "pools": {"Any active dose": ["A", "C"]},
    }
    assert world.study.definitions == stored
    form = client.get(page).context["form"]
    shown = {name: "" if (value := form[name].value()) is None else value for name in form.fields}
    again = client.post(page, {**shown, "reason": "opened and saved"}, follow=True)
    assert "Nothing was changed" in again.text
    world.study.refresh_from_db()
    assert world.study.definitions == stored
    read = client.get(world.url("definitions/")).text
    assert f"{AIRWAYS}; headache; Growths, any drug" in read
    assert f"Blood = lymphomas, ALL; Cough | Growths, any drug = Arm disorders; {GROWTHS}" in read


def test_a_term_is_known_at_every_level_that_is_counted_and_of_this_study(world: World) -> None:
    assert set(COUNTED) == set(derive.LEVELS.values())
    other = make_study("OTHER")
    path = TermPath("Hives", "Urticaria", "Urticarias", "Skin reactions", "Skin disorders")
    with within(other.study.id):
        release_from_data(study_id=other.study.id, dictionary="Own", paths=[path], origin="test", by=SOMEONE)
        asked = ["URTICARIA", "Urticarias", "Skin reactions", "skin disorders", "Hives", "Rash"]
        assert unknown_names(other.study.id, asked) == ["Hives", "Rash"]
    with within(world.study.id):
        assert unknown_names(world.study.id, ["Urticaria", "Pyrexia"]) == ["Urticaria"]


def test_what_cannot_hold_is_refused_with_field_rule_and_remedy(world: World) -> None:
    client = world.client("ada")
    for said, sentence in REFUSED:
        answer = client.post(world.url("definitions/edit/"), posted(world, **said))
        assert answer.status_code == 422, said
        assert sentence in answer.text.replace("&#x27;", "'"), said
    both = client.post(
        world.url("definitions/edit/"), posted(world, special_interest="Pain", queries="Pain = placebo ache")
    )
    assert set(both.context["form"].errors) == {"queries"}, "the query's name is not called unknown"
    every = {
        "emergent_window_days": "-1",
        "intervention_windows": "XYZ = 28\r\nABC",
        "phase_windows": "ART = soon\r\nATI = later",
        "pools": "Arms = A, XYZ\r\nOthers = QQQ, A",
        "exposed_to": "XYZ",
        "special_interest": "Nowhere",
        "reason": "",
    }
    answer = client.post(world.url("definitions/edit/"), posted(world, **every))
    errors = answer.context["form"].errors
    assert set(errors) == set(every), "all at once"
    for field in answer.context["form"]:
        assert not any(str(error).startswith(f"{field.label}:") for error in field.errors), field.name
        assert field.name not in every or every[field.name] == field.value(), "what was typed stays"
    assert "Line 1, “XYZ”; line 2, “QQQ”: no arm" in errors["pools"][0]
    assert "“ART = soon”; line 2, “ATI = later”" in errors["phase_windows"][0]
    world.study.refresh_from_db()
    assert (world.study.definitions, world.study.emergent_window_days) == ({}, None)


def test_a_malformed_line_hides_no_fault_of_another_line(world: World) -> None:
    """One round: what is unknown is named while other lines cannot be read, and a word that may tell an arm as well."""
    client, known = world.client("ada"), world.participants["P1"].subject
    typed = {
        "not_per_protocol": f"NOBODY\r\n{known} = left early\r\nSOMEONE = no second dose\r\nELSE = got placebo",
        "intervention_windows": "XYZ = 28\r\nABC",
        "phase_windows": "ART = soon\r\nATI",
        "pools": "Arms = A, XYZ\r\nOthers",
        "queries": "Pain = Headeache\r\nOther\r\nPAIN = Migraine",
        "special_interest": "Nowhere\r\nOther\r\nPAIN",
    }
    answer = client.post(world.url("definitions/edit/"), posted(world, **typed))
    assert answer.status_code == 422
    form = answer.context["form"]
    treating = sorted(world.interventions.values(), key=lambda one: one.ordinal)
    assert {name: [str(one) for one in some] for name, some in form.errors.items()} == {
        "not_per_protocol": [
            "Line 4: The text may tell who received what (placebo). Write it without naming an arm or a product; "
            "everybody who reads the history would see it.",
            "Line 1, “NOBODY”: write each on a line of its own, as SUBJECT = reason.",
            "Line 3, “SOMEONE”; line 4, “ELSE”: no participant of this study. Write the identifier as the "
            "participant’s page has it: SUBJECT = reason.",
        ],
        "intervention_windows": [
            "Line 1, “XYZ”: no intervention that makes a participant treated. Name one of "
            f"{', '.join(one.code for one in treating)}.",
            "Line 2, “ABC”: write each on a line of its own, as CODE = 28, or CODE = none.",
        ],
        "phase_windows": [
            "Line 1, “ART = soon”: write a number of days, or none for no end: PHASE = 7, or PHASE = none.",
            "Line 2, “ATI”: write each on a line of its own, as PHASE = 7, or PHASE = none.",
        ],
        "pools": [
            "Line 1, “XYZ”: no arm that is compared with the reference. Name one of A, C.",
            "Line 2, “Others”: write each on a line of its own, as NAME = CODE, CODE.",
        ],
        "queries": [
            "Line 1, “Pain”: differs from “PAIN” in its capitals only. Leave one out, or name it otherwise.",
            "Line 1, “Headeache”: no dictionary of this study has it at any level. Write each term as the dictionary "
            "does, separated by semicolons; under another name no event would ever count.",
            "Line 2, “Other”: write each on a line of its own, as NAME = TERM; TERM.",
        ],
        "special_interest": [
            "Line 1, “Nowhere”: no dictionary of this study has it at any level, and no query is called so. Write a "
            "term as the dictionary does, one a line, or a query as it is named; under another name no event would "
            "ever count."
        ],
    }
    for name, text in typed.items():
        assert form[name].value() == text, "what was typed stays"


def test_a_null_character_is_told_with_its_remedy(world: World) -> None:
    typed = {"queries": "Pain\0 = Headache", "exposed_to": "A\0", "pools": "All\0 = A, C", "reason": "plan\0"}
    answer = world.client("ada").post(world.url("definitions/edit/"), posted(world, **typed))
    said = "A null character stands in the text, and cannot be kept. Take it out, or type the text anew."
    errors = answer.context["form"].errors
    assert answer.status_code == 422
    assert {name: list(errors.get(name, ())) for name in typed} == {name: [said] for name in typed}


def test_a_standardised_query_with_a_telling_word_and_many_terms_does_not_block_the_form(
    world: World,
) -> None:
    """It came with the dictionary: another setting can be changed, and the page does not carry its terms."""
    terms = tuple(sorted(["Placebo effect", *(f"Sign {number}" for number in range(3000))]))
    rules = replace(
        DEFAULTS, queries=(("All signs (SMQ), broad, 99.0", terms), ("Tells", ("Placebo arm pain",)))
    )
    set_definitions(study=world.study, definitions=rules, by=SOMEONE, reason="import_smq")
    client, page = world.client("ada"), world.url("definitions/edit/")
    opened = client.get(page)
    form = opened.context["form"]
    assert (
        "All signs (SMQ), broad, 99.0 = (as it stands: 3001 terms)" in opened.text
        and len(opened.text) < 60_000
    )
    shown = {name: "" if (value := form[name].value()) is None else value for name in form.fields}
    changed = {**shown, "follow_up_days": "30", "reason": "analysis plan 2.0"}
    assert client.post(page, changed).status_code == 302
    world.study.refresh_from_db()
    stored = parse(world.study.definitions)
    assert (stored.queries, stored.follow_up_days) == (rules.queries, 30)
    more = {**changed, "version": world.study.version, "queries": f"{shown['queries']}; low dose arm"}
    assert "received what (low dose arm)" in client.post(page, more).text, "what is new is examined"
    less = {**changed, "version": world.study.version, "queries": ""}
    assert client.post(page, less).status_code == 302
    world.study.refresh_from_db()
    assert "queries" not in world.study.definitions
    set_definitions(study=world.study, definitions=rules, by=SOMEONE, reason="import_smq")
    read = client.get(world.url("definitions/")).text
    assert "and 2961 more terms" in read and len(read) < 60_000


def test_the_action_asks_for_a_reason_and_for_the_protocols_own_names(world: World) -> None:
    with pytest.raises(StudyRefused, match="needs a reason"):
        set_definitions(study=world.study, definitions=parse({"follow_up_days": 1}), by=SOMEONE, reason=" ")
    with pytest.raises(DefinitionError, match="“XYZ”: no intervention"):
        set_definitions(
            study=world.study, definitions=parse({"exposed_to": ["XYZ"]}), by=SOMEONE, reason="plan"
        )
    version = world.study.version
    assert not set_definitions(study=world.study, definitions=DEFAULTS, by=SOMEONE, reason="plan")
    assert set_definitions(
        study=world.study, definitions=parse({"follow_up_days": 1}), by=SOMEONE, reason="plan"
    )
    assert (world.study.version, entry_of(world.study).definitions) == (version + 1, {"follow_up_days": 1})


def test_the_course_of_the_grade_is_in_the_cut_when_it_changed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded on three days, the second time with the same grade; and once more after the cut."""
    world.record(verbatim="Fever")
    days = [
        datetime(2026, month, day, 23, 30, tzinfo=UTC) for month, day in ((3, 8), (3, 10), (3, 20), (4, 2))
    ]
    monkeypatch.setattr("django.utils.timezone.now", lambda: days[0])
    event = world.record(verbatim="Headache", grade=1)
    for version, grade in enumerate((1, 3, 4), start=1):
        monkeypatch.setattr("django.utils.timezone.now", lambda version=version: days[version])
        amend_event(
            event=event,
            version=version,
            details=world.details(verbatim="Headache", grade=grade, narrative=f"version {version}"),
            reason="follow-up",
            by=world.people["alice"].actor("investigator"),
        )
    monkeypatch.undo()
    events = load_cut(frozen(world)).adverse_events
    assert dict(zip(events["verbatim"], events["grade_course"], strict=True)) == {
        "Fever": "",
        "Headache": "2026-03-08 1|2026-03-20 3",
    }
