"""The short form of blindcheck: two whole trials that differ in their arms only cannot be told apart by the blinded."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from pvtracker.accounts.roles import roles_of
from pvtracker.ops.blind import attack, canaries, dump, scratch, twins
from pvtracker.ops.blind.artefacts import COST, DATABASE, FILE, PAGE, Artefact
from pvtracker.ops.blind.compare import Comparison, compare
from pvtracker.ops.blind.twins import Twin
from pvtracker.ops.commands import demo
from pvtracker.ops.commands.blindcheck import today
from tests import services
from tests.rooms import Trial

MONITORED = {"watchedterm": 2, "expectation": 2, "look": 2, "earlywarning": 1}
DAYS = (today() - timedelta(days=1), today() + timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Twins:
    """The trial as it is, and the same with exchanged arms, canaries, and the closed rows backwards."""

    one: Twin
    other: Twin
    closed_dump: list[Artefact]  # of the other one


@pytest.fixture(scope="session")
def blind_twins(trial: Trial, tmp_path_factory: pytest.TempPathFactory) -> Twins:
    """Where a test asks for this, `trial` is read before any other test has used it."""
    assert trial.twin is not None
    one = trial.twin
    other, closed_dump = made("arms exchanged, closed rows backwards", tmp_path_factory.mktemp("twin"))
    if today() != trial.day:  # midnight came between: what the clock wrote differs, and no arm does
        one, _ = made("as it is", tmp_path_factory.mktemp("plain"))
        other, closed_dump = made("arms exchanged, closed rows backwards", tmp_path_factory.mktemp("again"))
    return Twins(one, other, closed_dump)


def made(label: str, folder: Path) -> tuple[Twin, list[Artefact]]:
    """A twin by its name, worked through and read, and its closed database."""
    with (
        services.installation(f"{folder.name}{os.getpid()}", folder) as plain,
        services.own_brokers(plain) as installation,
    ):
        opened, closed = twins.simulated_halves()
        twins.load_simulated(installation, opened, closed[label])
        twins.work_through(installation, study=demo.STUDY, day=twins.DEMO_DAY)
        twin = twins.read(installation, study=demo.STUDY, short=True)
        rows = dump.dump(scratch.database_url(installation, "closed"))
        return twin, [Artefact(DATABASE, name, text.encode()) for name, text in rows]


def compared(one: Twin | list[Artefact], other: Twin | list[Artefact]) -> Comparison:
    mine, yours = (list(twin.artefacts) if isinstance(twin, Twin) else twin for twin in (one, other))
    return compare(mine, yours, days=DAYS)


def test_trials_that_differ_in_their_arms_only_cannot_be_told_apart(blind_twins: Twins) -> None:
    result = compared(blind_twins.one, blind_twins.other)
    assert not result.differences, "\n".join(
        f"{d.kind} {d.place}\n  {d.one}\n  {d.other}" for d in result.differences
    )
    assert result.counts[PAGE] > 40 * len(roles_of("open")), "a walk that sees little proves little"
    assert result.counts[DATABASE] > 40 and result.counts[FILE] >= 12


def test_the_arms_of_the_twins_do_differ(blind_twins: Twins) -> None:
    one, other = blind_twins.one.arms, blind_twins.other.arms
    changed = sum(one[subject] != other[subject] for subject in one)
    assert one.keys() == other.keys() and len(one) == 74 and changed >= 70
    assert sorted(one.values()) == sorted(other.values())


def test_pooled_rates_were_looked_at_and_tell_no_arm(blind_twins: Twins) -> None:
    """L34: rows, pages and the command of pooled monitoring are among what is compared, and hold something."""
    for twin in (blind_twins.one, blind_twins.other):
        rows = {name: rows_of(table(twin, f"monitoring_{name}")) for name in MONITORED}
        assert {name: len(found) for name, found in rows.items()} == MONITORED
        assert [row["warns"] for row in rows["look"]] == [False, True]
        for role in ("medical_monitor", "sponsor_viewer", "study_administrator", "auditor_open"):
            answers = [
                one for one in twin.artefacts if one.kind == PAGE and one.place.endswith(f" as {role}")
            ]
            shown = {one.place for one in answers if one.content.startswith(b"200")}
            assert sum("/pooled-rates/" in place for place in shown) >= 4, (role, shown)
        (printed,) = [one for one in twin.artefacts if one.place.startswith("RUN monitor_pooled")]
        assert printed.content.startswith(b"200") and b'"p_margin"' in printed.content
    assert not compared(*([monitored(twin) for twin in (blind_twins.one, blind_twins.other)])).differences


def test_a_pooled_rate_that_knew_the_arms_would_be_found(blind_twins: Twins) -> None:
    leaky = []
    for twin in (blind_twins.one, blind_twins.other):
        artefact = table(twin, "monitoring_look")
        people = [str(row["subject"]) for row in rows_of(table(twin, "participants_participant"))[:37]]
        of_one_arm = sum(twin.arms.get(person) == "OZ1" for person in people)
        rows = [
            {**row, "participants": int(str(row["participants"])) + of_one_arm} for row in rows_of(artefact)
        ]
        leaky.append(with_rows(artefact, rows))
    assert len(compared([leaky[0]], [leaky[1]]).differences) == 1


def test_every_blinded_role_was_let_in(blind_twins: Twins) -> None:
    """A role whose pages all refuse would make the twin run easy."""
    for role in roles_of("open"):
        answers = [a for a in blind_twins.one.artefacts if a.kind == PAGE and a.place.endswith(f" as {role}")]
        shown = [a for a in answers if a.content.startswith(b"200")]
        assert len(shown) >= 3, (role, [a.place for a in shown])


def test_no_word_number_or_key_of_the_closed_half_is_in_the_open_room(blind_twins: Twins) -> None:
    for twin in (blind_twins.one, blind_twins.other):
        assert attack.hits_in(twin) == []
        assert len(twin.closed_ids) > 5 and len(twin.secrets) > 5, "there is something to look for"
        assert len(twin.closed_people) >= 4, "and somebody"


def test_the_closed_half_does_hold_the_canaries(blind_twins: Twins) -> None:
    found = {hit.canary for hit in canaries.search(blind_twins.closed_dump, canaries.PLANTED)}
    assert found == {"planted text", "seed"}
    people = canaries.search(blind_twins.closed_dump, {}, people=blind_twins.other.closed_people)
    assert {hit.canary for hit in people} == {canaries.PERSON}


def test_the_closed_half_does_hold_what_was_found_by_arm(blind_twins: Twins) -> None:
    """Signals, a closed report, the join: otherwise there would have been nothing that could have leaked."""
    rows = {one.place: len(one.content.splitlines()) for one in blind_twins.closed_dump}
    for table in ("signals_run", "signals_result", "reports_reportrecord", "allocation_joinedcut"):
        assert rows[f"public.{table}"] >= 1, table


def test_nothing_technical_tells_the_arm(blind_twins: Twins) -> None:
    for twin in (blind_twins.one, blind_twins.other):
        findings = attack.predictors(twin)
        assert [finding for finding in findings if finding.fails] == []
        assert {"order", "time", "random id", "running number", "clinical", "model"} >= {
            f.channel for f in findings
        }
        assert len(findings) > 30


def monitored(twin: Twin) -> list[Artefact]:
    """What pooled monitoring holds and gives away."""
    words = ("monitoring_", "/pooled-rates/", "monitor_pooled")
    return [one for one in twin.artefacts if any(word in one.place for word in words)]


# --- the check can fail: leaks planted in what was really read -------------------------------------------------------
def table(twin: Twin, name: str) -> Artefact:
    return next(artefact for artefact in twin.artefacts if artefact.place == f"public.{name}")


def rows_of(artefact: Artefact) -> list[dict[str, object]]:
    return [json.loads(line) for line in artefact.content.decode().splitlines()]


def with_rows(artefact: Artefact, rows: list[dict[str, object]]) -> Artefact:
    return replace(artefact, content="\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode())


def by_arm(twin: Twin) -> list[dict[str, object]]:
    """The participants' rows in the order of their arms."""
    rows = rows_of(table(twin, "participants_participant"))
    return sorted(rows, key=lambda row: twin.arms.get(str(row["subject"]), ""))


def test_a_column_that_holds_the_arm_is_found(blind_twins: Twins) -> None:
    leaky = []
    for twin in (blind_twins.one, blind_twins.other):
        artefact = table(twin, "participants_participant")
        rows = [{**row, "stratum": twin.arms.get(str(row["subject"]), "")} for row in rows_of(artefact)]
        leaky.append(with_rows(artefact, rows))
    assert len(compared([leaky[0]], [leaky[1]]).differences) == 1


def test_rows_written_in_the_order_of_the_arms_are_found_by_twins_and_by_the_classifier(
    blind_twins: Twins,
) -> None:
    leaky = [
        with_rows(table(twin, "participants_participant"), by_arm(twin))
        for twin in (blind_twins.one, blind_twins.other)
    ]
    assert compared([leaky[0]], [leaky[1]]).differences
    findings = attack.predictors(replace(blind_twins.one, artefacts=(leaky[0],)))
    failed = {finding.feature for finding in findings if finding.fails}
    assert "participants_participant: position of the first row" in failed
    assert any("regression" in name for name in failed)


def test_ids_given_in_the_order_of_the_arms_are_found(blind_twins: Twins) -> None:
    artefact = table(blind_twins.one, "participants_participant")
    ids = sorted(str(row["id"]) for row in rows_of(artefact))
    given = {str(row["subject"]): number for row, number in zip(by_arm(blind_twins.one), ids, strict=True)}
    leaky = with_rows(artefact, [{**row, "id": given[str(row["subject"])]} for row in rows_of(artefact)])
    findings = attack.predictors(replace(blind_twins.one, artefacts=(leaky,)))
    assert {f.feature for f in findings if f.fails} >= {"participants_participant: id of the first row"}


def test_rows_written_later_for_one_arm_are_found(blind_twins: Twins) -> None:
    """Masking hides moments, not their order; and the classifier reads them as they are."""
    leaky = []
    for twin in (blind_twins.one, blind_twins.other):
        artefact = table(twin, "participants_participant")
        rows = [
            {
                **row,
                "seen_at": f"{today()}T10:00:{'07.5' if twin.arms.get(str(row['subject'])) == 'OZ1' else '01.5'}",
            }
            for row in rows_of(artefact)
        ]
        leaky.append(with_rows(artefact, rows))
    assert compared([leaky[0]], [leaky[1]]).differences
    findings = attack.predictors(replace(blind_twins.one, artefacts=(leaky[0],)))
    assert "participants_participant: seen_at of the first row" in {f.feature for f in findings if f.fails}


COSTS = re.compile(rf"(?<={re.escape(COST)}: )\d+".encode())


def one_more(count: re.Match[bytes]) -> bytes:
    return b"%d" % (int(count[0]) + 1)


def test_what_an_answer_costs_is_compared(blind_twins: Twins) -> None:
    """L14 without a clock: how many statements and rows every answer asks for is among what the twins share."""
    answers = [a for a in blind_twins.one.artefacts if a.kind == PAGE and a.content.startswith(b"200")]
    costs = [int(COSTS.search(answer.content)[0]) for answer in answers]  # type: ignore[index]  # each has one
    assert len(costs) > 200 and max(costs) > 10
    assert sorted(costs)[len(costs) // 2] >= 3, (
        "most pages ask who is there, in which session, in which study"
    )


@pytest.mark.parametrize("what", ["size", "header", "order of links", "statement", "file name"])
def test_a_leak_in_an_answer_or_a_file_is_found(blind_twins: Twins, what: str) -> None:
    page = next(
        a
        for a in blind_twins.one.artefacts
        if a.kind == PAGE and a.place.endswith(f"/{demo.STUDY}/participants/ as medical_monitor")
    )
    file = next(
        a for a in blind_twins.one.artefacts if a.kind == FILE and a.place.endswith("participants.parquet")
    )
    links = [line for line in page.content.splitlines() if b"/participants/" in line]
    leaky = {
        "size": replace(page, content=page.content + b" "),
        "header": replace(page, content=page.content.replace(b"\n\n", b"\nETag: 1\n\n", 1)),
        "order of links": replace(
            page, content=page.content.replace(links[-2], b"").replace(links[-1], links[-1] + links[-2])
        ),
        "statement": replace(page, content=COSTS.sub(one_more, page.content)),
        "file name": replace(file, place=file.place.replace("participants", "participants-oz1")),
    }[what]
    whole = file if what == "file name" else page
    assert not compared([whole], [whole]).differences
    assert compared([whole], [leaky]).differences


def test_a_delivery_is_permuted_in_the_cells_that_tell_the_arm_only(tmp_path: Path) -> None:
    from pvtracker.formats import read_domain_files
    from pvtracker.formats.sdtm import OPEN_COLUMNS, closed_records, open_records
    from pvtracker.ops.blind import deliveries
    from tests.deliveries import write

    folder = write(tmp_path / "in")
    told = frozenset({"GENE"})
    deliveries.copy(folder, tmp_path / "same", permute=False)
    deliveries.copy(folder, tmp_path / "other", permute=True, revealing=("gene",))
    halves = ("same", "other")
    opened = [
        open_records(read_domain_files(tmp_path / n, choice=OPEN_COLUMNS).domains, revealing_analytes=told)
        for n in halves
    ]
    assert opened[0] == opened[1]
    closed = [
        closed_records(read_domain_files(tmp_path / n).domains, revealing_analytes=told) for n in halves
    ]
    owners = [[one.measurement.participant for one in half.measurements] for half in closed]
    assert owners[0] == ["S-01"] and len(owners[1]) == 1 and owners[1] != owners[0]
    arms = [{one.participant: one.actual_code for one in half.allocations} for half in closed]
    assert arms[0] != arms[1] and arms[0].keys() == arms[1].keys()
    assert all(
        one.treatment.startswith(canaries.CANARY) or len(one.treatment) < 10 for one in closed[1].treatments
    )
