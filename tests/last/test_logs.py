"""The last test: no log that any process of this run wrote holds an arm, a canary or a clinical value.

`manage.py test` runs this after every other group. Read are the engines' logs, those of every web server, worker and
scheduler of every installation that tests made (`tests.services` keeps them), and what the rooms logged inside the
processes of the tests themselves (`tests.conftest` keeps it).
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path

from pvtracker.ops.blind.artefacts import LOG, Artefact
from pvtracker.ops.blind.canaries import CANARY, PLANTED, search
from pvtracker.ops.blind.twins import simulated_halves
from tests import services
from tests.deliveries import ARM_WORDS, TYPED_WORDS, delivery

# Of each there is at least one in a run of all groups: the rooms' processes, the tests' own, the engines.
KINDS = (
    *(f"{room}-{name}" for room in ("open", "closed") for name in ("web", "worker", "scheduler", "tests")),
    "postgres",
    "valkey",
)


def logs_of_this_run() -> list[Artefact]:
    """Everything that was logged, by the file's name."""
    services.admin_url()
    home = Path(os.environ["PVTRACKER_TEST_HOME"])
    return [Artefact(LOG, path.name, path.read_bytes()) for path in sorted(home.rglob("*.log"))]


@cache
def clinical_words() -> list[str]:
    """What participants' events were called, in the simulated trial and in the small delivery, where it is no common
    word; and what tests of the logs typed.
    """
    opened, _ = simulated_halves()
    texts = {event.verbatim for event in opened.events} | {event.preferred_term for event in opened.events}
    texts |= {str(row["AETERM"]) for row in delivery()["ae"]}
    return sorted({text for text in texts if len(text) >= 12} | set(TYPED_WORDS))


def found_in(logs: list[Artefact]) -> list[str]:
    hits = [f"{hit.canary} in {hit.place}: {hit.around}" for hit in search(logs, PLANTED)]
    for log in logs:
        text = log.content.decode(errors="replace")
        hits += [f"{match[0]} in {log.place}" for match in any_word().finditer(text)]
    return hits


@cache
def any_word() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, [*clinical_words(), *ARM_WORDS[:2]])), re.IGNORECASE)


def test_every_kind_of_process_left_its_log() -> None:
    """Otherwise the next test would be content with little. By itself this one fails: it belongs to a whole run."""
    names = [log.place for log in logs_of_this_run()]
    missing = [kind for kind in KINDS if not any(kind in name for name in names)]
    assert missing == [], f"no log of {missing}; these were kept: {names}"


def test_no_log_of_this_run_holds_an_arm_or_a_clinical_value() -> None:
    logs = logs_of_this_run()
    assert logs, "the engines at least write logs"
    assert found_in(logs) == []


def test_a_value_in_a_log_is_found() -> None:
    """In a file among those that are kept, as a process would have written it."""
    words = clinical_words()
    assert len(words) > 100
    for planted in (words[0].upper(), f"{CANARY}drug1", ARM_WORDS[0], TYPED_WORDS[0]):
        file = services.kept_logs() / "planted-open-web.log"
        try:
            file.write_text(f"2026-03-01 10:00:00,000 open ERROR pvtracker refused: {planted}!\n")
            [log] = [
                log for log in logs_of_this_run() if log.place == file.name
            ]  # the others: the test above
            assert len(found_in([log])) == 1, planted
        finally:
            file.unlink()
