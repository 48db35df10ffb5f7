"""The attacks on the twins of one study."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import date
from itertools import chain

from pvtracker.ops.blind import result
from pvtracker.ops.blind.canaries import PLANTED, Hit, search
from pvtracker.ops.blind.classifier import Finding, classify
from pvtracker.ops.blind.compare import compare
from pvtracker.ops.blind.features import features, participants
from pvtracker.ops.blind.result import Result
from pvtracker.ops.blind.timing import compare_times
from pvtracker.ops.blind.twins import Twin


def attack(study: str, twins: Mapping[str, Twin], *, days: tuple[date, date], began: float) -> Result:
    """Compare the first twin with each other one, in what it gives away and in its time; search all of them, and
    classify on the first.
    """
    (_, first), *others = twins.items()
    return Result(
        study=study,
        participants=len(first.arms),
        arms=dict(sorted(Counter(first.arms.values()).items())),
        comparisons={title: compare(first.artefacts, other.artefacts, days=days) for title, other in others},
        searched={
            result.WORDS: len(PLANTED),
            result.SECRETS: len(first.secrets),
            result.IDS: sum(len(twin.closed_ids) for twin in twins.values()),
            result.PEOPLE: len(first.closed_people),
        },
        hits=tuple(chain.from_iterable(hits_in(twin) for twin in twins.values())),
        findings=tuple(predictors(first)),
        timings={
            title: compare_times(first.times, other.times, (first.arms, other.arms))
            for title, other in others
            if other.times
        },
        seconds=time.monotonic() - began,
    )


def hits_in(twin: Twin) -> list[Hit]:
    """Canaries, closed passwords and keys, ids of closed rows and names of closed people in everything of a twin."""
    words = {**PLANTED, **twin.secrets}
    return list(search(twin.artefacts, words, ids=twin.closed_ids, people=twin.closed_people))


def predictors(twin: Twin) -> list[Finding]:
    """How well each feature tells the arm that the closed room holds."""
    subjects = participants(twin.artefacts).values()
    return classify(features(twin.artefacts), [twin.arms.get(subject, "") for subject in subjects])
