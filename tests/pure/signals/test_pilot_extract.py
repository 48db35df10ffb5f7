"""The pilot in brief counts as the delivered files do, so what is shown on it is shown on them."""

from __future__ import annotations

from pvtracker.signals.screen import screen
from tests import pilot_extract
from tests.pure.signals.pilot import pilot_cut
from tests.small_cut import ARMS, allocated, cut

NAMES = {"Placebo": "Placebo", "Xanomeline Low Dose": "Low dose", "Xanomeline High Dose": "High dose"}
SELECTIONS = ("all", "serious", "grade3plus")  # relatedness and criteria are not in it


def test_it_counts_as_the_delivered_files() -> None:
    arms = [allocated(subject, arm) for subject, arm in pilot_extract.arms().items()]
    assert {one["planned"] for one in arms} == {name for _, name, _ in ARMS}
    brief = screen(cut(arms=arms, **pilot_extract.rows()), analysis_arm="planned", selections=SELECTIONS)
    whole = screen(pilot_cut(), analysis_arm="planned", selections=SELECTIONS)
    found = {(row.level, row.term, row.selection, row.arm, row.method): row for row in brief.rows}
    assert len(found) == len(whole.rows)
    for row in whole.rows:
        same = found[row.level, row.term, row.selection, NAMES[row.arm], row.method]
        assert (row.n_arm, row.N_arm, row.n_ref, row.N_ref, row.events_arm, row.events_ref, row.flag) == (
            *(same.n_arm, same.N_arm, same.n_ref, same.N_ref, same.events_arm, same.events_ref, same.flag),
        )
