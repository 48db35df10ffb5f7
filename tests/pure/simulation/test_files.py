"""Two files, one per half: the same bytes each time, private, and neither readable as the other."""

import gzip
from pathlib import Path
from zipfile import ZipFile

import pytest

from pvtracker.ops.simulation import (
    SimulatedTrialError,
    dump,
    dump_bulk,
    load_bulk_closed,
    load_bulk_open,
    load_closed,
    load_open,
    simulate,
    simulate_bulk,
)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        dump(simulate(study="SIM", participants=12, effects={"Pyrexia": 2.0}), tmp_path / name)
    for file in ("open.json.gz", "closed.json.gz"):
        content = (tmp_path / "one" / file).read_bytes()
        assert content == (tmp_path / "two" / file).read_bytes()
        assert content[4:8] == bytes(4)  # the gzip header's time: none, so tomorrow's bytes are the same too


def test_another_seed_makes_another_trial(tmp_path: Path) -> None:
    one, _ = dump(simulate(study="SIM", participants=12, seed=1), tmp_path / "one")
    two, _ = dump(simulate(study="SIM", participants=12, seed=2), tmp_path / "two")
    assert one.read_bytes() != two.read_bytes()


def test_what_is_written_is_read_back_equal(tmp_path: Path) -> None:
    trial = simulate(study="SIM", participants=12, arms=3, effects={"Pyrexia": 2.0})
    dump(trial, tmp_path)
    assert load_open(tmp_path) == trial.open
    assert load_closed(tmp_path) == trial.closed


def test_both_files_are_for_their_owner_only(tmp_path: Path) -> None:
    trial = simulate(study="SIM", participants=4)
    dump(trial, tmp_path)
    assert {path.stat().st_mode & 0o777 for path in dump(trial, tmp_path)} == {0o600}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["closed.json.gz", "open.json.gz"]


def test_each_half_is_read_without_the_other(tmp_path: Path) -> None:
    open_path, closed_path = dump(simulate(study="SIM", participants=4), tmp_path)
    kept = closed_path.read_bytes()
    closed_path.unlink()
    assert len(load_open(tmp_path).participants) >= 4
    open_path.unlink()
    closed_path.write_bytes(kept)
    assert len(load_closed(tmp_path).allocations) == 4


def test_the_closed_half_under_the_name_of_the_open_one_is_refused(tmp_path: Path) -> None:
    open_path, closed_path = dump(simulate(study="SIM", participants=4), tmp_path)
    open_path.write_bytes(closed_path.read_bytes())
    with pytest.raises(SimulatedTrialError, match="holds the closed half"):
        load_open(tmp_path)


def test_a_cut_file_is_refused(tmp_path: Path) -> None:
    open_path, _ = dump(simulate(study="SIM", participants=4), tmp_path)
    open_path.write_bytes(open_path.read_bytes()[:-200])
    with pytest.raises(SimulatedTrialError, match="cut or damaged"):
        load_open(tmp_path)


def test_another_json_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "open.json.gz").write_bytes(gzip.compress(b"[1, 2]"))
    with pytest.raises(SimulatedTrialError, match="not a simulated trial"):
        load_open(tmp_path)


def years_in(path: Path) -> set[int]:
    with ZipFile(path) as archive:
        return {member.date_time[0] for member in archive.infolist()}


def test_bulk_files_repeat_byte_for_byte_and_read_back_equal(tmp_path: Path) -> None:
    trial = simulate_bulk(study="SIM", participants=200, terms=60, effects={"Synthetic term 00002": 3.0})
    paths = dump_bulk(trial, tmp_path / "one")
    again = simulate_bulk(study="SIM", participants=200, terms=60, effects={"Synthetic term 00002": 3.0})
    for mine, yours in zip(paths, dump_bulk(again, tmp_path / "two"), strict=True):
        assert mine.read_bytes() == yours.read_bytes()
        assert years_in(mine) == {1980}
        assert mine.stat().st_mode & 0o777 == 0o600
    half, closed = load_bulk_open(tmp_path / "one"), load_bulk_closed(tmp_path / "one")
    assert (half.events.onset == trial.open.events.onset).all()
    assert (half.participants.code == trial.open.participants.code).all()
    assert (closed.arm == trial.closed.arm).all()
    assert (closed.effects, closed.reference) == (trial.closed.effects, 1)


def test_a_cut_bulk_file_and_one_of_the_other_half_are_refused(tmp_path: Path) -> None:
    open_path, closed_path = dump_bulk(simulate_bulk(study="SIM", participants=50, terms=30), tmp_path)
    open_path.write_bytes(open_path.read_bytes()[:-500])
    with pytest.raises(SimulatedTrialError, match="cut or damaged"):
        load_bulk_open(tmp_path)
    open_path.write_bytes(closed_path.read_bytes())
    with pytest.raises(SimulatedTrialError, match="not this half"):
        load_bulk_open(tmp_path)
