"""What the user types after `import_study` and `simulate_trial`, before any room is started."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from pvtracker.ops.commands import import_study, simulate_trial
from pvtracker.ops.rooms import Home, Installation, Names


def chosen(module: Any, *arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return parser.parse_args(arguments)


def test_several_effects_and_expectations_can_be_given() -> None:
    effects = ("--effect", "Bone pain=2", "Pyrexia=3.5", "--effect", "Rash=0")
    assert chosen(simulate_trial, "--study", "X", *effects).effect == [
        ("Bone pain", 2.0),
        ("Pyrexia", 3.5),
        ("Rash", 0.0),
    ]
    expected = chosen(import_study, "in", "--study", "X", "--expect", "ae=1191", "--expect", "DM=306").expect
    assert expected == [("AE", 1191), ("DM", 306)]


@pytest.mark.parametrize(
    ("module", "arguments"),
    [
        (simulate_trial, ("--study", "X", "--effect", "Pyrexia")),
        (simulate_trial, ("--study", "X", "--effect", "Pyrexia=much")),
        (simulate_trial, ("--study", "X", "--effect", "=3")),
        (simulate_trial, ()),
        (import_study, ("in", "--study", "X", "--expect", "AE")),
        (import_study, ("in", "--study", "X", "--expect", "AE=-1")),
        (import_study, ("in", "--study", "X", "--expect", "ADVERSE=3")),
    ],
)
def test_wrong_usage_is_exit_2(module: Any, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as ended:
        chosen(module, *arguments)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--effect", "Happiness=3"), "No simulated event is called"),
        (("--participants", "1"), "2 arms need at least 2 participants"),
        (("--arms", "1"), "at least 2 arms"),
        (("--bulk", "--effect", "Pyrexia=3"), "No simulated event is called"),
    ],
)
def test_a_trial_that_cannot_be_is_a_sentence_and_exit_1(
    arguments: tuple[str, ...], sentence: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    nowhere = Installation(
        home=Home(tmp_path), names=Names(), admin_url="", broker_urls={}
    )  # no room is reached
    assert simulate_trial.run(chosen(simulate_trial, "--study", "X", *arguments), nowhere) == 1
    assert not list(tmp_path.iterdir()), "the simulation's folder is gone again"
    assert sentence in capsys.readouterr().err


def test_the_two_halves_lie_in_folders_of_their_own(tmp_path: Path) -> None:
    arguments = chosen(simulate_trial, "--study", "X", "--participants", "4")
    homes = simulate_trial._simulate(arguments, tmp_path, bulk=False)
    assert [[path.name for path in home.iterdir()] for home in homes] == [
        ["open.json.gz"],
        ["closed.json.gz"],
    ]
    assert all(home.stat().st_mode & 0o077 == 0 for home in homes)


def test_the_table_lists_queries_refused_rows_and_says_when_nothing_was_stored() -> None:
    part = {
        "read": 3,
        "stored": 1,
        "changed": 0,
        "unchanged": 1,
        "left_out": 0,
        "queries": {"partial-onset": 1},
    }
    refused = [{"row": 2, "rule": "date", "message": "AESTDTC: no date.", "file": "ae.xpt"}]
    report = {"domains": {"AE": {**part, "refused": refused}}, "closed": {}, "dry_run": True}
    text = import_study.table(report)
    assert text.splitlines()[1].split() == ["open", "AE", "3", "1", "0", "1", "1", "0", "1"]
    assert "AE row 2 refused (date): AESTDTC: no date." in text
    assert "queries, partial-onset: 1" in text
    assert text.endswith("this was a dry run.")
    many = {"AE": {**part, "refused": refused * 23}}
    assert "AE: 3 more refused rows" in import_study.table({**report, "domains": many})


def test_an_expected_domain_that_is_never_imported_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        chosen(import_study, "in", "--study", "X", "--expect", "ZZ=3")
    assert refused.value.code == 2
    assert "'ZZ' is no domain that is imported" in capsys.readouterr().err
