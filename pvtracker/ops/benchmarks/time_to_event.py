"""Four statistics of the time to the first event of every term, against a loop over SciPy's log-rank test."""

from __future__ import annotations

from functools import partial

from pvtracker.ops.benchmarks import Measurement, best_of, frames, seconds_of
from pvtracker.ops.rooms import Installation

METHODS = ("log_rank", "gray", "cox", "time_lost")


def run(installation: Installation) -> Measurement:
    from scipy.stats import CensoredData, logrank

    from pvtracker import stats
    from pvtracker.cuts import derive
    from pvtracker.signals.method import Source
    from pvtracker.signals.screen import screen
    from pvtracker.signals.time_methods import first_times, with_deaths

    data = frames.trial(participants=1_000, arms=2, terms=500, events_per_participant=10)

    def screened(method: str) -> None:
        screen(data, analysis_arm="actual", selections=("all",), methods=(method,))

    taken = {method: seconds_of(partial(screened, method)) for method in METHODS}
    people = with_deaths(data, derive.analysis_set(data, analysis_arm="actual"))
    events, arms = derive.emergent_events(data, people), derive.arms_of(data)
    labels = [
        (level, term, "all", arms.names[arm])
        for level in ("SOC", "PT")
        for table in derive.count_terms(people, events, level=level, selections=("all",), arms=2)
        for arm in arms.active
        for term in table.terms
    ]

    def ours() -> None:
        for one in first_times(Source(people, events, arms, labels)):
            stats.log_rank(one.time, one.what, one.in_arm.astype(int))

    def loop() -> None:
        for one in first_times(Source(people, events, arms, labels)):
            had = one.what == 1
            logrank(
                *(
                    CensoredData(uncensored=one.time[side & had], right=one.time[side & ~had])
                    for side in (one.in_arm, ~one.in_arm)
                )
            )

    return Measurement(
        what=f"1,000 participants, log-rank test of {len(labels)} terms of two levels, times included",
        seconds=best_of(3, ours),
        peer="a loop over scipy.stats.logrank on the same times",
        peer_seconds=best_of(3, loop),
        goal="bearable at each look: seconds for a trial of 1,000",
        more={f"{method} as a screening run, s": round(taken[method], 2) for method in METHODS},
    )
