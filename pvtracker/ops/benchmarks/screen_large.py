"""The eight methods from 1,000 to 400,000 events, to see that time grows no faster than rows; memory too."""

from __future__ import annotations

import math
import time

from pvtracker.ops.benchmarks import Measurement, frames, peak_megabytes, seconds_of
from pvtracker.ops.rooms import Installation

PARTICIPANTS = (100, 1_000, 4_000, 40_000)  # ten events each
ALL_LEVELS = ("SOC", "HLGT", "HLT", "PT")


def run(installation: Installation) -> Measurement:
    from pvtracker.signals.screen import screen

    seconds, events, rows = [], [], []
    screen(frames.trial(participants=20, arms=2, terms=50, events_per_participant=10), analysis_arm="actual")
    for participants in PARTICIPANTS:
        data = frames.trial(participants=participants, arms=2, terms=5_000, events_per_participant=10)
        begun = time.perf_counter()
        rows.append(len(screen(data, analysis_arm="actual").rows))
        seconds.append(time.perf_counter() - begun)
        events.append(len(data.adverse_events))
    four = seconds_of(lambda: screen(data, analysis_arm="actual", levels=ALL_LEVELS))
    steps = {
        f"exponent from {events[i]:,} to {events[i + 1]:,} events": round(
            math.log(seconds[i + 1] / seconds[i]) / math.log(events[i + 1] / events[i]), 2
        )
        for i in range(len(events) - 1)
    }
    return Measurement(
        what=f"40,000 participants, {events[-1]} events, 5,000 terms, two levels, five selections, eight methods",
        seconds=seconds[-1],
        goal="10 s and 1 GB or less; growth exponent 1 or less",
        more={
            **{
                f"{n:,} events, s ({rows[i]:,} rows)": round(seconds[i], 2) for i, n in enumerate(events[:-1])
            },
            **steps,
            "exponent from first to last": round(
                math.log(seconds[-1] / seconds[0]) / math.log(events[-1] / events[0]), 2
            ),
            "all four levels, s": round(four, 2),
            "peak of the process, MB (frames included)": peak_megabytes(),
        },
    )
