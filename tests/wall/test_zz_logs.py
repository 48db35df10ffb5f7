"""The last test of the wall: no log that the processes of this run wrote holds an arm, a canary or a clinical value."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from pvtracker.ops.blind.artefacts import LOG, Artefact
from pvtracker.ops.blind.canaries import CANARY, PLANTED, search
from pvtracker.ops.blind.twins import simulated_halves
from tests import services
from tests.deliveries import ARM_WORDS, delivery


def logs_of_this_run(base: Path) -> list[Artefact]:
    """Logs of every installation that tests of this run made, and of the engines that they share."""
    shared = Path(os.environ["PVTRACKER_TEST_HOME"])
    paths = sorted([*base.rglob("logs/*.log"), *shared.rglob("*.log")])
    return [Artefact(LOG, path.name, path.read_bytes()) for path in paths]


def clinical_words() -> list[str]:
    """What participants' events were called, in the simulated trial and in the small delivery, where it is no common
    word."""
    opened, _ = simulated_halves()
    texts = {event.verbatim for event in opened.events} | {event.preferred_term for event in opened.events}
    texts |= {str(row["AETERM"]) for row in delivery()["ae"]}
    return sorted(text for text in texts if len(text) >= 12)


def found_in(logs: list[Artefact]) -> list[str]:
    hits = [f"{hit.canary} in {hit.place}: {hit.around}" for hit in search(logs, PLANTED)]
    words = re.compile("|".join(map(re.escape, [*clinical_words(), *ARM_WORDS[:2]])), re.IGNORECASE)
    for log in logs:
        text = log.content.decode(errors="replace")
        hits += [f"{match[0]} in {log.place}" for match in words.finditer(text)]
    return hits


def test_no_log_of_this_run_holds_an_arm_or_a_clinical_value(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    services.admin_url()
    logs = logs_of_this_run(tmp_path_factory.getbasetemp())
    assert logs, "the engines at least write logs"
    assert found_in(logs) == []


def test_a_value_in_a_log_is_found() -> None:
    words = clinical_words()
    assert len(words) > 100
    for planted in (words[0].upper(), f"{CANARY}drug1", ARM_WORDS[0]):
        assert found_in([Artefact(LOG, "x.log", f"refused: {planted}!".encode())]), planted
