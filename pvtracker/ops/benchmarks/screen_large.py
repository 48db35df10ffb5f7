"""The eight methods on 40,000 participants, and on a tenth of them, to see that time grows no faster than rows."""

from __future__ import annotations

import math

from pvtracker.ops.benchmarks import Measurement, frames, peak_megabytes, seconds_of
from pvtracker.ops.rooms import Installation


def run(installation: Installation) -> Measurement:
    from pvtracker.signals.screen import screen

    seconds, events = [], []
    for participants in (4_000, 40_000):
        data = frames.trial(participants=participants, arms=2, terms=5_000, events_per_participant=10)
        events.append(len(data.adverse_events))
        seconds.append(seconds_of(lambda data=data: screen(data, analysis_arm="actual")))  # type: ignore[misc]
    exponent = math.log(seconds[1] / seconds[0]) / math.log(events[1] / events[0])
    return Measurement(
        what=f"40,000 participants, {events[1]} events, 5,000 terms, two levels, five selections, eight methods",
        seconds=seconds[1],
        goal="10 s and 1 GB or less; growth exponent 1 or less",
        more={
            f"seconds for {events[0]} events": round(seconds[0], 2),
            "growth exponent": round(exponent, 2),
            "peak of the process, MB (frames included)": peak_megabytes(),
        },
    )
