"""The open half of `import_study`: every row counted once, a second delivery changes nothing, nothing tells
an arm.
"""

from __future__ import annotations

import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import CharField, F, JSONField, TextField, Value
from django.db.models.functions import Concat

from pvtracker.audit.context import Actor, within
from pvtracker.audit.models import Outbox
from pvtracker.coding.models import Release, ReleaseState, Term
from pvtracker.events.actions.capture import void_event
from pvtracker.events.models import AdverseEvent, AdverseEventVersion, DataQuery
from pvtracker.lib.tally import Tally
from pvtracker.ops.imports.open_half import Order, import_open
from pvtracker.ops.imports.report import ImportRefused, store_whole
from pvtracker.participants.models import Measurement, Participant
from pvtracker.studies.actions import StudyEntry, StudyRefused, create_study
from pvtracker.studies.models import Arm, Site, Study
from pvtracker.studies.queries import study_ids
from tests.acting import as_test
from tests.deliveries import ARM_WORDS, ARMS, delivery, write

pytestmark = pytest.mark.django_db

BY = Actor.process("test")
CODE = "IMPORT-1"


def load(folder: Path, **options: Any) -> dict[str, Any]:
    said: list[str] = []
    order = Order(folder=folder, study=CODE, arms=options.pop("arms", ARMS), **options)
    return import_open(order, by=BY, say=said.append)


def counts() -> dict[str, int]:
    """Rows of every table of our own applications, whichever study they belong to."""
    models = [model for model in apps.get_models() if model.__module__.startswith("pvtracker.")]
    rows: dict[str, set[Any]] = {model._meta.label: set() for model in models}
    for study_id in (
        uuid.uuid4(),
        *study_ids(),
    ):  # the first is no study: what stands in no study is seen there too
        with within(study_id):
            for model in models:
                rows[model._meta.label] |= set(model._default_manager.values_list("pk", flat=True))
    return {label: len(keys) for label, keys in rows.items()}


def event(subject: str, source_id: str) -> AdverseEvent:
    return AdverseEvent.objects.get(study__code=CODE, participant__subject=subject, source_id=source_id)


def test_every_row_that_comes_in_is_stored_or_refused_with_a_reason(tmp_path: Path) -> None:
    rows = delivery()
    rows["ae"].append({**rows["ae"][0], "USUBJID": "S-99"})
    rows["ae"].append({**rows["ae"][0], "AETERM": "", "AELLT": "", "AEDECOD": "", "AEBODSYS": ""})
    report = load(write(tmp_path / "in", rows))
    for domain, part in report["domains"].items():
        accounted = part["stored"] + part["changed"] + part["unchanged"] + len(part["refused"])
        assert part["read"] == accounted == len(rows[domain.lower()]), domain
    refused = {(row["row"], row["rule"]) for row in report["domains"]["AE"]["refused"]}
    assert refused == {(7, "unknown-participant"), (8, "missing")}
    assert AdverseEvent.objects.filter(study__code=CODE).count() == 6


def test_the_study_is_created_with_its_arms_names_sites_and_the_placebo_as_reference(tmp_path: Path) -> None:
    report = load(write(tmp_path / "in"))
    study = Study.objects.get(code=CODE)
    assert report["kept"]
    assert report["created"]
    assert report["study"]["id"] == str(study.id)
    assert study.severity_scale == "mild-moderate-severe"
    assert dict(Arm.objects.filter(study=study).values_list("code", "is_reference")) == {
        "DUM": True,
        "ZYX": False,
    }
    assert sorted(Site.objects.filter(study=study).values_list("code", flat=True)) == ["01", "02"]


def test_toxicity_grades_choose_a_scale_of_five_grades(tmp_path: Path) -> None:
    rows = delivery()
    for row in rows["ae"]:
        row["AETOXGR"] = "2"
    load(write(tmp_path / "in", rows))
    assert Study.objects.get(code=CODE).severity_scale == "ctcae-5.0"
    assert event("S-01", "AE-1").grade == 2


def test_flaws_of_real_data_become_queries_not_refusals(tmp_path: Path) -> None:
    report = load(write(tmp_path / "in"))
    asked = Counter(DataQuery.objects.filter(study__code=CODE, state="open").values_list("rule", flat=True))
    assert asked["partial-onset"] == 1
    assert asked["possible-duplicate"] == 1
    assert asked["fatal-needs-serious"] == 1
    assert report["domains"]["AE"]["queries"] == dict(asked)
    assert not report["domains"]["AE"]["refused"]


def test_events_are_numbered_by_their_sequence_and_leave_a_version_and_an_outbox_row(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    numbered = AdverseEvent.objects.filter(study__code=CODE, participant__subject="S-01")
    assert dict(numbered.values_list("number", "source_id")) == {1: "AE-1", 2: "AE-2", 3: "AE-3"}
    assert event("S-04", "AE-10").number == 1
    study = Study.objects.get(code=CODE)
    versions = AdverseEventVersion.objects.filter(study=study)
    assert versions.count() == Outbox.objects.filter(study_id=study.id).count() == 6
    version = versions.get(event=event("S-01", "AE-1"))
    assert version.source.startswith("import:")
    assert (version.operation, version.version, version.actor) == ("created", 1, "process:test")
    assert version.body["term"]["preferred_term"] == "NAUSEA"


def test_another_trial_is_not_poured_into_a_study(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    Participant.objects.update(subject=Concat(F("subject"), Value("-of-another-trial")))
    before = Participant.objects.count()
    with pytest.raises(ImportRefused, match="it seems to be another trial"):
        load(tmp_path / "in")
    Study.objects.update(simulated=True)
    with pytest.raises(ImportRefused, match="is simulated"):
        load(tmp_path / "in")
    assert Participant.objects.count() == before


def test_a_second_import_of_the_same_folder_changes_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    load(folder)
    before = counts()
    again = load(folder)
    assert counts() == before
    for part in again["domains"].values():
        assert (part["stored"], part["changed"], part["queries"]) == (0, 0, {})
        assert part["unchanged"] == part["read"]
    assert not AdverseEvent.objects.filter(study__code=CODE, version__gt=1).exists()


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    rows = {domain: [dict(reversed(row.items())) for row in reversed(r)] for domain, r in delivery().items()}
    again = load(write(tmp_path / "turned", rows))
    assert {part["unchanged"] == part["read"] for part in again["domains"].values()} == {True}


def test_a_changed_row_is_a_new_version_with_the_file_as_its_reason(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    rows = delivery()
    rows["ae"][4]["AESTDTC"] = "2026-03-20"  # what was partial is known now
    report = load(write(tmp_path / "later", rows))
    part = report["domains"]["AE"]
    assert (part["stored"], part["changed"], part["unchanged"]) == (0, 1, 5)
    rash = event("S-03", "AE-1")
    assert (rash.version, rash.onset) == (2, "2026-03-20")
    amended = AdverseEventVersion.objects.get(event=rash, version=2)
    assert amended.operation == "amended"
    assert amended.reason == f"import of {part['files'][0]['sha256']}"
    assert Outbox.objects.get(object_id=rash.id, version=2).operation == "amended"
    assert not DataQuery.objects.filter(event=rash, rule="partial-onset", state="open").exists()
    assert DataQuery.objects.filter(event=rash, rule="partial-onset", state="closed").exists()


def test_a_changed_measurement_is_written_over(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    rows = delivery()
    rows["lb"][0]["LBSTRESN"] = 99.0
    report = load(write(tmp_path / "later", rows))
    assert report["domains"]["LB"]["changed"] == 1
    measured = Measurement.objects.get(study__code=CODE, participant__subject="S-01", source_id="LB-1")
    assert measured.value == 99.0
    assert Measurement.objects.filter(study__code=CODE).count() == 3


def test_a_changed_participant_gets_the_next_version(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    rows = delivery()
    rows["dm"][0]["AGE"] = 61.0
    assert load(write(tmp_path / "later", rows))["domains"]["DM"]["changed"] == 1
    person = Participant.objects.get(study__code=CODE, subject="S-01")
    assert (person.age, person.version) == (61, 2)


def test_a_voided_event_is_not_raised_from_the_dead(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    void_event(event=event("S-03", "AE-1"), version=1, reason="Entered for another person", by=BY)
    assert load(write(tmp_path / "same"))["domains"]["AE"]["unchanged"] == 6
    rows = delivery()
    rows["ae"][4]["AETERM"] = "Other rash"
    refused = load(write(tmp_path / "later", rows))["domains"]["AE"]["refused"]
    assert [(row["row"], row["rule"]) for row in refused] == [(5, "event-voided")]
    assert event("S-03", "AE-1").state == "voided"


def test_new_terms_make_a_new_release_and_the_old_one_is_never_edited(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    first = Release.objects.get(study_id=Study.objects.get(code=CODE).id)
    terms = set(Term.objects.filter(release=first).values_list("id", "preferred_term"))
    assert (first.number, first.state, first.made_from_data) == ("1", ReleaseState.READY, True)
    rows = delivery()
    rows["ae"].append({**rows["ae"][0], "AESEQ": 4.0, "AEDECOD": "MIGRAINE", "AELLT": "MIGRAINE"})
    load(write(tmp_path / "later", rows))
    second = Release.objects.get(study_id=first.study_id, number="2")
    assert set(Term.objects.filter(release=first).values_list("id", "preferred_term")) == terms
    assert second.terms.count() == first.terms.count() + 1
    assert event("S-01", "AE-4").term.release_id == second.id
    assert event("S-01", "AE-1").term.release_id == first.id


def test_a_cut_file_stores_nothing_of_its_domain_and_the_others_are_stored(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    whole = (folder / "ae.xpt").read_bytes()
    (folder / "ae.xpt").write_bytes(whole[:-80])
    report = load(folder)
    assert "ae.xpt" in report["domains"]["AE"]["fault"]
    assert report["domains"]["AE"]["stored"] == 0
    assert not AdverseEvent.objects.filter(study__code=CODE).exists()
    assert not Release.objects.filter(study_id=report["study"]["id"]).exists()
    assert report["domains"]["EX"]["stored"] == 4


def test_a_missing_column_is_a_fault_of_the_domain(tmp_path: Path) -> None:
    rows = delivery()
    for row in rows["ae"]:
        del row["AETERM"]
    report = load(write(tmp_path / "in", rows))
    assert "AETERM" in report["domains"]["AE"]["fault"]
    assert not AdverseEvent.objects.filter(study__code=CODE).exists()


@pytest.mark.parametrize("expected", [5, 7])
def test_other_than_the_expected_rows_store_nothing_of_the_domain(tmp_path: Path, expected: int) -> None:
    report = load(write(tmp_path / "in"), expected={"AE": expected, "DM": 5})
    assert f"{expected} were expected" in report["domains"]["AE"]["fault"]
    assert not AdverseEvent.objects.filter(study__code=CODE).exists()
    assert report["domains"]["DM"]["stored"] == 5


def test_a_damaged_dm_keeps_everything_out_and_the_study_unknown(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    (folder / "dm.xpt").write_bytes((folder / "dm.xpt").read_bytes()[:-80])
    before = counts()
    report = load(folder)
    assert not report["kept"]
    assert all(part["fault"] for part in report["domains"].values())
    assert "its participants are not" in report["domains"]["AE"]["fault"]
    assert counts() == before


def test_a_damaged_dm_of_a_known_study_keeps_the_rest_of_that_delivery_out(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    rows = delivery()
    rows["ae"][0]["AETERM"] = "Worse headache"
    later = write(tmp_path / "later", rows)
    (later / "dm.xpt").write_bytes(b"nothing")
    report = load(later)
    assert report["kept"]
    assert report["domains"]["AE"]["fault"]
    assert event("S-01", "AE-2").version == 1


def test_a_later_delivery_without_dm_finds_its_participants(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    rows = {"ae": [{**delivery()["ae"][0], "AESEQ": 9.0, "AETERM": "Cough"}]}
    report = load(write(tmp_path / "later", rows))
    assert report["domains"]["AE"]["stored"] == 1
    assert event("S-01", "AE-9").number == 4


def test_a_dry_run_tells_everything_and_stores_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    before = counts()
    trial = load(folder, dry_run=True)
    assert counts() == before
    assert not trial["kept"]
    real = load(folder)
    assert {d: part["stored"] for d, part in trial["domains"].items()} == {
        d: part["stored"] for d, part in real["domains"].items()
    }
    assert trial["domains"]["AE"]["queries"] == real["domains"]["AE"]["queries"]


def test_a_measurement_whose_text_does_not_fit_is_refused_and_never_cut(tmp_path: Path) -> None:
    rows = delivery()
    rows["lb"][0]["LBTEST"] = "x" * 121
    report = load(write(tmp_path / "in", rows))
    assert [(row["row"], row["rule"]) for row in report["domains"]["LB"]["refused"]] == [(1, "too-long")]


def test_a_number_that_does_not_fit_is_refused_alone(tmp_path: Path) -> None:
    visit = {"DOMAIN": "SV", "USUBJID": "S-01", "VISIT": "Week 1", "SVSTDTC": "2026-03-08"}
    rows = {**delivery(), "sv": [{**visit, "VISITNUM": n, "VISITDY": day} for n, day in ((1, 8), (2, 9e12))]}
    part = load(write(tmp_path / "in", rows))["domains"]["SV"]
    assert part["stored"] == 1
    assert [(row["row"], row["rule"]) for row in part["refused"]] == [(2, "too-large")]


def test_what_the_database_refuses_is_a_fault_without_its_values() -> None:
    study = create_study(entry=StudyEntry(code="ONE", title="A trial"), by=BY)

    def store() -> Tally:
        with as_test():
            Site.objects.create(study=study, code="TWICE", time_zone="secret value")
            Site.objects.create(study=study, code="TWICE", time_zone="secret value")
        return Tally()

    tally, fault = store_whole("LB", study, store)
    assert tally is None
    assert fault == "LB could not be stored (IntegrityError); nothing of it was kept."
    assert not Site.objects.filter(code="TWICE").exists()


@pytest.mark.parametrize(("study", "arms"), [("X" * 41, ARMS), (CODE, {"A": "Placebo " * 20, "B": "Other"})])
def test_a_code_or_an_arms_name_that_does_not_fit_is_refused(
    tmp_path: Path, study: str, arms: dict[str, str]
) -> None:
    order = Order(folder=write(tmp_path / "in"), study=study, arms=arms)
    with pytest.raises(StudyRefused, match="characters"):
        import_open(order, by=BY, say=lambda text: None)
    assert study_ids() == []


def test_the_reference_arm_is_asked_for_when_no_name_says_it(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    arms = {"A": "Low dose", "B": "High dose"}
    with pytest.raises(ImportRefused, match=r"--reference CODE: A \(Low dose\); B \(High dose\)"):
        load(folder, arms=arms)
    assert study_ids() == []
    load(folder, arms=arms, reference="b")
    assert Arm.objects.get(study__code=CODE, is_reference=True).code == "B"
    load(folder, arms=arms)  # the reference once named stands
    assert Arm.objects.get(study__code=CODE, is_reference=True).code == "B"


def test_an_analyte_that_tells_the_arm_never_reaches_the_open_room(tmp_path: Path) -> None:
    folder = write(tmp_path / "in")
    report = load(folder, revealing=("GENE",))
    assert report["domains"]["LB"]["left_out"] == 1
    assert set(Measurement.objects.filter(study__code=CODE).values_list("analyte", flat=True)) == {"ALT"}
    assert Study.objects.get(code=CODE).revealing_analytes == ["GENE"]
    load(folder, revealing=("gene",))  # declared already, in whatever case


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportRefused, match="holds none of the domains"):
        load(tmp_path)


def arm_words_in_the_database(words: tuple[str, ...]) -> list[str]:
    """Columns in which one of the words stands, the tables that print the protocol left out."""
    pattern = "|".join(words)
    found = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.app_label in {"studies", "cuts"} or not model.__module__.startswith("pvtracker."):
                continue
            for field in model._meta.concrete_fields:
                if isinstance(field, CharField | TextField | JSONField):
                    table, column = model._meta.db_table, field.column
                    cursor.execute(f'select 1 from {table} where "{column}"::text ~* %s limit 1', [pattern])
                    found += [f"{table}.{column}"] if cursor.fetchone() else []
    return found


def test_nothing_in_the_open_database_tells_an_arm(tmp_path: Path) -> None:
    load(write(tmp_path / "in"))
    assert arm_words_in_the_database(("Headache",))  # the search finds what is there
    assert arm_words_in_the_database(ARM_WORDS) == []


def test_the_report_of_the_open_half_names_arms_only_as_the_protocol_does(tmp_path: Path) -> None:
    report = load(write(tmp_path / "in"))
    assert not any(word in str(report["domains"]) for word in ARM_WORDS)
