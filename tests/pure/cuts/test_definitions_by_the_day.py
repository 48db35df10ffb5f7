"""Every setting of a study against the table of days, on participants drawn at random, alone and crossed."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import product
from typing import Any

import numpy as np
import pytest

from pvtracker.cuts import derive
from pvtracker.cuts.data import CutData
from pvtracker.studies.definitions import DEFAULTS, Definitions
from tests.pure.cuts.by_the_day import CUT, Person, some_people
from tests.small_cut import cut, day, event, manifest

ORIGIN = date(2026, 1, 1)
PEOPLE = some_people(20261129, count=80)
EXCLUDED = tuple((p.subject, "no second dose") for p in PEOPLE[::5])
SETTINGS: dict[str, tuple[Any, ...]] = {
    "emergent_window_days": (None, 0, 7),
    "intervention_windows": ((), (("CELLS", 20), ("GCSF", None)), (("GCSF", 2),)),
    "phase_windows": ((), (("procedure", 3),), (("ATI", None), ("procedure", 0))),
    "re_exposure": ("last", "each", "first"),
    "open_exposure": ("one day", "continues"),
    "partial_onset": ("possible", "certain"),
    "unknown_onset": ("counts", "does not count"),
    "baseline": ("onset", "worsening"),
    "follow_up_days": (None, 4, 15),
    "analysis_set": ("treated", "randomised", "per-protocol"),
    "not_per_protocol": ((), EXCLUDED),
    "exposed_to": ((), ("CELLS",)),
}


def on(number: int) -> str:
    return (ORIGIN + timedelta(days=number)).isoformat()


def stated(name: str, first: int | None, last: int | None = None) -> dict[str, Any]:
    return day(name, "" if first is None else on(first), "" if last is None else on(last))


def cut_of(people: list[Person]) -> CutData:
    known = manifest(date=on(CUT))
    known["protocol"]["interventions"] = [
        {"code": code, "name": code, "kind": kind}
        for code, kind in (("GCSF", "product"), ("CELLS", "procedure"), ("ART", "background"))
    ]
    return cut(
        stated=known,
        participants=[
            {
                "subject": p.subject,
                "screen_failure": p.failed,
                **stated("started_on", p.started),
                **stated("consented_on", p.consented),
                **stated("ended_on", p.ended),
            }
            for p in people
        ],
        exposures=[
            {
                "subject": p.subject,
                "source_id": f"EX-{place}",
                "intervention": x.intervention,
                "phase": x.phase,
                **stated("start", x.start),
                **stated("end", x.end),
            }
            for p in people
            for place, x in enumerate(p.exposures)
        ],
        adverse_events=[
            event(
                p.subject,
                e.number,
                stated("onset", *(e.onset or (None, None))),
                phase=e.phase,
                grade_course="|".join(f"{on(when)} {grade}" for when, grade in e.course),
            )
            for p in people
            for e in p.events
        ],
    )


DATA = cut_of(PEOPLE)


def check(rules: Definitions) -> tuple[dict[Any, Any], list[float]]:
    """What both ways of counting found: the day of each event that counts, and everybody's years."""
    people = derive.analysis_set(DATA, rules=rules)
    analysed = [p for p in PEOPLE if p.analysed(rules)]
    assert people["subject"].tolist() == [p.subject for p in analysed]
    first = np.datetime64(ORIGIN) + np.array([p.first(rules) for p in analysed])
    assert (people["first_exposure"].to_numpy().astype("datetime64[D]") == first).all()
    years = [(p.end(rules) - p.first(rules) + 1) / derive.DAYS_PER_YEAR for p in analysed]
    np.testing.assert_allclose(people["follow_up_years"], years)
    wanted = {}
    for p in analysed:
        for e in p.events:
            began = p.emergent(e, rules)
            if began is not None:
                inside = min(max(began, p.first(rules)), p.end(rules)) - p.first(rules)
                wanted[p.subject, e.number] = None if e.onset is None else inside
    events = derive.emergent_events(DATA, people, rules)
    days = [None if np.isnan(value) else int(value) for value in events["day"]]
    assert dict(zip(zip(events["subject"], events["number"], strict=True), days, strict=True)) == wanted
    return wanted, years


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in SETTINGS.items() for value in values[1:]]
)
def test_a_setting_alone_counts_as_by_the_day_and_matters(name: str, value: Any) -> None:
    """Some matter only where there is a window, some only beside another."""
    windowed = name in ("re_exposure", "open_exposure")
    usual = replace(DEFAULTS, emergent_window_days=2) if windowed else DEFAULTS
    beside = {
        "analysis_set": {"not_per_protocol": EXCLUDED},
        "not_per_protocol": {"analysis_set": "per-protocol"},
    }
    usual = replace(usual, **beside.get(name, {}))
    assert check(replace(usual, **{name: value})) != check(usual)


def test_settings_crossed_count_as_by_the_day() -> None:
    """Pairs of values of two settings, the others drawn at random."""
    random = np.random.default_rng(4)
    names = list(SETTINGS)
    drawn = []
    for place, a in enumerate(names):
        for b in names[place + 1 :]:
            for one, other in product(SETTINGS[a], SETTINGS[b]):
                rest = {name: values[random.integers(len(values))] for name, values in SETTINGS.items()}
                drawn.append({**rest, a: one, b: other})
    found = {len(check(Definitions(**drawn[place]))[0]) for place in random.permutation(len(drawn))[:80]}
    assert len(found) > 30


def test_the_defaults_are_the_rules_of_cuts_without_definitions() -> None:
    people = derive.analysis_set(DATA)
    by_name = derive.analysis_set(DATA, rules=DEFAULTS)
    assert people.equals(by_name)
    assert derive.emergent_events(DATA, people).equals(derive.emergent_events(DATA, people, DEFAULTS))
