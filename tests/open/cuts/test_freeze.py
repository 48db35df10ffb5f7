"""Freezing: what is in a cut, what is left out, and that the same data give the same bytes."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest

from pvtracker.cuts import freeze, manifest
from pvtracker.cuts.actions import freeze_cut, no_progress, register_cut
from pvtracker.cuts.columns import ADDED, CLOSED_DATASETS, OPEN_DATASETS, schema
from pvtracker.cuts.data import CutData, CutError, read_frame, to_parquet
from pvtracker.cuts.models import Cut
from pvtracker.cuts.open import load_cut
from pvtracker.events.actions.capture import amend_event, void_event
from pvtracker.events.actions.importing import import_events
from pvtracker.events.models import AdverseEvent, Assessment
from pvtracker.formats.records import EventRecord
from pvtracker.participants.models import Participant
from pvtracker.studies.models import Site
from tests.open.cuts.conftest import ARM_NAMES, CUT_DATE
from tests.open.signing import sign, with_passwords
from tests.open.world import SOMEONE, World, make_terms

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(two_arms: World) -> World:
    return two_arms


def frozen(world: World, day: date = CUT_DATE) -> Cut:
    """A cut read in the test's own transaction; the snapshot has a test with real commits."""
    stated = freeze.write_cut(study=world.study, cut_id=uuid.uuid4(), cut_date=day, progress=no_progress)
    return register_cut(study=world.study, manifest=stated, by=SOMEONE)


def loaded(world: World, day: date = CUT_DATE) -> CutData:
    return load_cut(frozen(world, day))


def only_event(world: World, **said: Any) -> dict[str, Any]:
    world.record(**said)
    events = loaded(world).adverse_events
    assert len(events) == 1
    return dict(events.iloc[0])


def test_freezing_unchanged_data_again_gives_the_same_sha256_and_the_same_bytes(
    world: World, storage: Path
) -> None:
    world.record()
    first, second = frozen(world), frozen(world)
    assert first.id != second.id
    assert first.sha256 == second.sha256
    for name in OPEN_DATASETS:
        one, other = (storage / str(cut.id) / f"{name}.parquet" for cut in (first, second))
        assert one.read_bytes() == other.read_bytes()


def test_another_value_another_date_and_another_setting_give_another_sha256(world: World) -> None:
    event = world.record()
    hashes = [frozen(world).sha256, frozen(world, date(2026, 3, 30)).sha256]
    AdverseEvent.objects.filter(id=event.id).update(grade=3)
    hashes.append(frozen(world).sha256)
    type(world.study).objects.filter(id=world.study.id).update(emergent_window_days=30)
    world.study.refresh_from_db()
    hashes.append(frozen(world).sha256)
    assert len(set(hashes)) == 4


def test_every_dataset_has_the_documented_columns_and_the_counted_rows(world: World, storage: Path) -> None:
    world.record()
    cut = frozen(world)
    assert set(cut.manifest["datasets"]) == set(OPEN_DATASETS)
    for name, entry in cut.manifest["datasets"].items():
        file = pq.ParquetFile(storage / str(cut.id) / f"{name}.parquet")
        assert file.schema_arrow.equals(schema(name))
        assert file.metadata.num_rows == entry["rows"]
    counts = {name: entry["rows"] for name, entry in cut.manifest["datasets"].items()}
    assert counts["participants"] == 3 and counts["exposures"] == 3
    assert counts["adverse_events"] == 1 and counts["assessments"] == 1
    assert counts["measurements"] == 1  # the one of April is after the cut


@pytest.mark.parametrize(
    ("onset", "is_in"),
    [("2026-03-31", True), ("2026-04-01", False), ("2026-03", True), ("2026", True), ("", True)],
)
def test_an_event_is_in_when_its_earliest_possible_day_is_not_after_the_cut(
    world: World, onset: str, is_in: bool
) -> None:
    known = {"onset": onset} if onset else {"onset": "", "onset_unknown": True}
    world.record(**known, end="", ongoing=True, outcome="not_recovered")
    assert len(loaded(world).adverse_events) == is_in


def test_an_end_after_the_cut_is_blank_and_the_event_ongoing(world: World) -> None:
    row = only_event(world, onset="2026-03-30", end="2026-04-02")
    assert (row["end"], bool(row["ongoing"]), row["outcome"]) == ("", True, "")


def test_an_end_before_the_cut_stays(world: World) -> None:
    row = only_event(world, onset="2026-03-05", end="2026-03-07")
    assert (row["end"], bool(row["ongoing"]), row["outcome"]) == ("2026-03-07", False, "recovered")
    assert row["end_latest"].date() == date(2026, 3, 7)


def test_a_voided_event_is_left_out(world: World) -> None:
    event = world.record()
    void_event(event=event, version=event.version, reason="typed for the wrong participant", by=SOMEONE)
    data = loaded(world)
    assert len(data.adverse_events) == 0 and len(data.assessments) == 0


def test_a_participant_who_consented_after_the_cut_is_left_out_with_everything(world: World) -> None:
    world.record()
    Participant.objects.filter(code="P1").update(
        consented_on="2026-04-01", consented_on_earliest="2026-04-01", consented_on_latest="2026-04-01"
    )
    data = loaded(world)
    assert len(data.participants) == 2
    for frame in (data.exposures, data.adverse_events, data.assessments, data.measurements):
        assert not frame["subject"].str.endswith("P1").any()


def test_a_death_after_the_cut_is_not_known_yet(world: World) -> None:
    day = {"died_on": "2026-04-05", "died_on_earliest": "2026-04-05", "died_on_latest": "2026-04-05"}
    Participant.objects.filter(code="P1").update(died=True, **day)
    before, after = loaded(world).participants, loaded(world, date(2026, 4, 30)).participants
    assert before.loc[0, "died_on"] == "" and not before.loc[0, "died"]
    assert after.loc[0, "died_on"] == "2026-04-05" and after.loc[0, "died"]


def test_the_last_contact_is_the_last_recorded_day_up_to_the_cut(world: World) -> None:
    people = loaded(world).participants.set_index("code")
    assert (
        str(people.loc["P1", "last_contact"].date()) == "2026-03-01"
    )  # the infusion; the result of April is later
    assert str(
        loaded(world, date(2026, 4, 30)).participants.set_index("code").loc["P1", "last_contact"].date()
    ) == ("2026-04-02")


def test_text_arrives_as_it_was_typed(world: World) -> None:
    text = 'Says "it hurts",\nthen; \\N — 頭痛, é\t,'
    event = world.record(narrative=text)
    row = loaded(world).adverse_events.iloc[0]
    assert row["narrative"] == AdverseEvent.objects.get(id=event.id).narrative
    assert '"it hurts",\nthen; \\N — 頭痛, é' in row["narrative"]
    assert row["criteria"] == "" and row["preferred_term"] == ""


def test_rows_come_in_the_order_of_subject_and_number(world: World) -> None:
    world.record("P3")
    world.record("P1", verbatim="Fever", onset="2026-03-06", end="2026-03-07")
    world.record("P1", verbatim="Rash", onset="2026-03-01", end="2026-03-02")
    events = loaded(world).adverse_events
    assert list(zip(events["subject"].str[-2:], events["number"], strict=True)) == [
        ("P1", 1),
        ("P1", 2),
        ("P3", 1),
    ]


def test_the_files_of_a_cut_hold_no_arm(world: World, storage: Path) -> None:
    world.record()
    cut = frozen(world)
    for name in OPEN_DATASETS:
        columns = {column for column, _ in OPEN_DATASETS[name]}
        assert not columns & {"planned", "planned_code", "actual", "actual_code", "treatment", "dose", "arm"}
        assert not columns & set(CLOSED_DATASETS)
        table = pq.read_table(storage / str(cut.id) / f"{name}.parquet").to_pylist()
        assert not any(arm in json.dumps(table, default=str) for arm in ARM_NAMES)
    assert [arm["name"] for arm in cut.manifest["protocol"]["arms"]] == list(
        ARM_NAMES
    )  # as the protocol prints them


def test_a_file_altered_after_freezing_is_refused(world: World, storage: Path) -> None:
    cut = frozen(world)
    path = storage / str(cut.id) / "participants.parquet"
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(CutError, match="altered"):
        load_cut(cut)


def test_a_freeze_that_stops_half_way_leaves_nothing(world: World, storage: Path) -> None:
    def stop(done: int, total: int, text: str) -> None:
        if done == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        freeze.write_cut(study=world.study, cut_id=uuid.uuid4(), cut_date=CUT_DATE, progress=stop)
    assert list(storage.iterdir()) == []


def test_the_same_cut_again_is_taken_as_it_is(world: World) -> None:
    cut = frozen(world)
    world.record()
    again = freeze.write_cut(study=world.study, cut_id=cut.id, cut_date=CUT_DATE, progress=no_progress)
    assert again["sha256"] == cut.sha256
    assert register_cut(study=world.study, manifest=again, by=SOMEONE).id == cut.id
    assert Cut.objects.filter(study=world.study).count() == 1


def test_row_groups_do_not_depend_on_the_pieces_that_rows_come_in(
    world: World, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.record()
    monkeypatch.setattr(freeze, "ROW_GROUP", 2)
    whole = frozen(world)
    monkeypatch.setattr(freeze, "PIECE", 600)
    pieces = frozen(world)
    assert whole.sha256 == pieces.sha256
    file = pq.ParquetFile(storage / str(whole.id) / "participants.parquet")
    assert [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)] == [2, 1]


def test_the_manifest_names_its_own_hash_and_says_the_rule(world: World) -> None:
    stated = frozen(world).manifest
    assert stated["sha256"] == manifest.hash_of(stated)
    assert "earliest possible date on or before the cut-off date" in stated["rule"]
    assert stated["study"]["code"] == "CUT" and stated["date"] == "2026-03-31"


def test_the_manifest_names_the_release_by_which_events_are_coded(world: World) -> None:
    """One that codes no event of the study is not named."""
    event = world.record()
    term = next(iter(make_terms(world).values()))
    assert frozen(world).manifest["dictionaries"] == []
    AdverseEvent.objects.filter(pk=event.pk).update(term=term)
    number = term.release.number
    assert frozen(world).manifest["dictionaries"] == [
        {"dictionary": "Local terms", "number": number, "origin": "test", "made_from_data": True}
    ]
    assert number


def test_a_cut_is_not_read_inside_another_transaction(world: World) -> None:
    with pytest.raises(RuntimeError, match="transaction of its own"):
        freeze_cut(study=world.study, date=CUT_DATE, by=SOMEONE)


def test_a_cut_holds_the_words_that_were_delivered_and_not_known(world: World) -> None:
    event = world.record(end="2026-03-20")
    AdverseEvent.objects.filter(pk=event.pk).update(outcome="", outcome_reported="GONE")
    Assessment.objects.filter(event=event).update(action_reported="PRAYED")
    cut = loaded(world)
    assert list(cut.adverse_events["outcome_reported"]) == ["GONE"]
    assert list(cut.assessments["action_reported"]) == ["PRAYED"]
    before_its_end = loaded(world, date(2026, 3, 10))
    assert list(before_its_end.adverse_events["outcome_reported"]) == [""]


def test_a_cut_frozen_before_a_column_was_added_is_still_read(world: World, storage: Path) -> None:
    world.record()
    cut = frozen(world)
    for name in ("adverse_events", "assessments"):
        file = storage / str(cut.id) / f"{name}.parquet"
        whole = read_frame(file.read_bytes(), dataset=name)
        added = [column for column, _ in OPEN_DATASETS[name] if column in ADDED]
        for lacking in (added, added[-1:]):  # before all of them, and before the latest
            older = pq.read_table(file).drop_columns(lacking)
            frame = read_frame(to_parquet(older), dataset=name)
            assert list(frame.columns) == [column for column, _ in OPEN_DATASETS[name]]
            empty = {column: pd.NaT if column == "entered_on" else "" for column in lacking}
            pd.testing.assert_frame_equal(frame, whole.assign(**empty), check_dtype=False)
            assert frame.dtypes.equals(whole.dtypes)
        with pytest.raises(CutError, match="other columns"):
            read_frame(to_parquet(older.drop_columns(["number"])), dataset=name)


def test_the_day_of_entry_is_that_of_the_first_typing_at_the_site(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Amended later, it stays; after the cut-off date, it is told; an import has none."""
    Site.objects.filter(study=world.study).update(time_zone="Australia/Sydney")
    days = [datetime(2026, 3, day, 23, 30, tzinfo=UTC) for day in (8, 20)] + [
        datetime(2026, 4, 9, 3, tzinfo=UTC)
    ]
    for words, when in (("Headache", days[0]), ("Fever", days[2])):
        monkeypatch.setattr("django.utils.timezone.now", lambda when=when: when)
        event = world.record(verbatim=words)
        if words == "Headache":
            monkeypatch.setattr("django.utils.timezone.now", lambda: days[1])
            amend_event(
                event=event,
                version=1,
                details=world.details(verbatim=words, grade=3),
                reason="follow-up",
                by=world.people["alice"].actor("investigator"),
            )
    monkeypatch.undo()
    told = ("", "", "", "", "", "2026-03-05", "", False, "", 1, False, (), "", ())
    delivered = EventRecord(1, world.participants["P1"].subject, "AE-1", "Rash", *told)
    import_events(study=world.study, records=[delivered], release=None, by=SOMEONE, source="x", reason="y")
    data = loaded(world)
    day_of = {row["verbatim"]: row["entered_on"] for row in data.adverse_events.to_dict("records")}
    assert (day_of["Headache"], day_of["Fever"]) == (pd.Timestamp("2026-03-09"), pd.Timestamp("2026-04-09"))
    assert pd.isna(day_of["Rash"]) and data.has_column("adverse_events", "entered_on")


def test_a_cut_says_which_events_an_investigator_signed(world: World, storage: Path) -> None:
    with_passwords(world)
    alice = world.client("alice")
    events = [world.record(verbatim=words) for words in ("Headache", "Fever", "Rash")]
    assert sign(world, events[0], alice).status_code == 302
    assert sign(world, events[1], alice, username=None).status_code == 302
    amend_event(
        event=events[1],
        version=1,
        details=world.details(verbatim="High fever"),
        reason="typed wrongly",
        by=world.people["alice"].actor("investigator"),
    )
    assert list(loaded(world).adverse_events["signature"]) == ["signed", "void", "none"]


def test_a_cut_without_participants_is_refused_and_leaves_nothing(world: World, storage: Path) -> None:
    with pytest.raises(freeze.NothingToFreeze, match="no participant up to 1900-01-01"):
        frozen(world, date(1900, 1, 1))
    assert not list(storage.glob("*")) and not Cut.objects.exists()
