"""The simulated OZ1-like trial: who is in it, and that its events and measurements could be real."""

from collections import Counter, defaultdict
from datetime import date

import pytest

from pvtracker.lib.partial_dates import parse
from pvtracker.ops.commands import demo
from pvtracker.ops.simulation import SimulatedTrial, local_dictionary, simulate, words
from pvtracker.ops.simulation import protocol as p
from pvtracker.signals.liver_values import LIMITS
from pvtracker.stats import edish, hys_law_cases
from pvtracker.stats.liver import LIVER_TESTS


@pytest.fixture(scope="module")
def trial() -> SimulatedTrial:
    return simulate(study="SIM")


@pytest.fixture(scope="module")
def large() -> SimulatedTrial:
    return simulate(study="SIM", participants=300, seed=5)


def test_seventy_four_participants_fall_into_38_and_36_under_every_seed() -> None:
    for seed in range(4):
        arms = Counter(a.planned for a in simulate(study="SIM", seed=seed).closed.allocations)
        assert arms == {"OZ1": 38, "Placebo": 36}


def test_screen_failures_come_on_top_and_get_neither_arm_nor_treatment(trial: SimulatedTrial) -> None:
    failed = {one.participant for one in trial.open.participants if one.screen_failure}
    assert len(trial.open.participants) == 74 + len(failed)
    assert failed
    assert not failed & {a.participant for a in trial.closed.allocations}
    assert not failed & {x.participant for x in trial.open.exposures}


def test_several_dose_arms_are_filled_and_the_placebo_is_the_reference() -> None:
    trial = simulate(study="SIM", participants=40, arms=4)
    arms = Counter(a.planned_code for a in trial.closed.allocations)
    assert set(arms) == {"OZ1-D1", "OZ1-D2", "OZ1-D3", "PLACEBO"}
    assert max(arms.values()) - min(arms.values()) <= 3
    assert [arm.code for arm in trial.open.protocol.arms if arm.reference] == ["PLACEBO"]


def test_blocks_are_balanced_as_far_as_they_are_filled(trial: SimulatedTrial) -> None:
    closed = trial.closed
    dispositions = [d for d in trial.open.dispositions if d.term == "RANDOMIZED"]
    order = {one.participant: place for place, one in enumerate(trial.open.participants)}
    dispositions.sort(key=lambda d: (d.start, order[d.participant]))
    arm_of = {a.participant: a.planned_code for a in closed.allocations}
    listed = [arm_of[d.participant] for d in dispositions]
    assert sum(closed.block_sizes) >= len(listed) > sum(closed.block_sizes[:-1])
    assert set(closed.block_sizes) <= {2, 4, 6}
    start = 0
    for size in closed.block_sizes[:-1]:
        assert listed[start : start + size].count("OZ1") == size / 2
        start += size


def test_nobody_is_infused_twice_and_every_randomised_participant_is_infused(trial: SimulatedTrial) -> None:
    infused = Counter(x.participant for x in trial.open.exposures if x.intervention == p.INFUSION)
    assert len(infused) == 74
    assert set(infused.values()) == {1}


def test_every_date_is_one_that_the_reader_of_dates_takes(large: SimulatedTrial) -> None:
    half = large.open
    texts = [text for e in half.events for text in (e.onset, e.end, e.aware_on)]
    for row in (*half.medications, *half.histories, *half.exposures):
        texts += [row.start, row.end]
    texts += [m.taken_on for m in half.measurements] + [x.consented_on for x in half.participants]
    lengths = Counter(len(text) for text in texts)
    assert all(parse(text) is not None for text in texts if text)
    assert lengths[7] > 0 and lengths[4] > 0 and lengths[16] > 0 and lengths[0] > 0


def test_events_happen_during_participation_and_end_after_they_began(large: SimulatedTrial) -> None:
    people = {one.participant: one for one in large.open.participants}
    for event in large.open.events:
        onset, end = parse(event.onset), parse(event.end)
        person = people[event.participant]
        assert onset is not None
        assert onset.latest >= date.fromisoformat(person.consented_on)
        assert onset.earliest <= date.fromisoformat(person.ended_on)
        assert date.fromisoformat(event.aware_on) >= onset.earliest
        assert not (event.ongoing and event.end)
        if end is not None:
            assert end.latest >= onset.earliest
            assert end.earliest <= date.fromisoformat(person.ended_on)
        if len(event.onset) == len(event.end) >= 10:
            assert event.end >= event.onset


def test_nothing_is_done_after_participation_ended(large: SimulatedTrial) -> None:
    last = {one.participant: one.ended_on for one in large.open.participants}
    for row in (*large.open.visits, *large.open.exposures):
        assert row.start <= row.end <= last[row.participant]
    assert all(m.taken_on <= last[m.participant] for m in large.open.measurements)


def test_visits_of_a_participant_follow_each_other(large: SimulatedTrial) -> None:
    days: dict[str, list[str]] = defaultdict(list)
    for visit in large.open.visits:
        days[visit.participant].append(visit.start)
    assert all(starts == sorted(starts) for starts in days.values())


def test_relatedness_is_asked_only_of_what_the_participant_had_had_by_then(large: SimulatedTrial) -> None:
    begun: dict[tuple[str, str], str] = {}
    for exposure in large.open.exposures:
        begun.setdefault((exposure.participant, exposure.intervention), exposure.start)
    for event in large.open.events:
        onset = parse(event.onset)
        assert onset is not None
        judged = {a.intervention for a in event.assessments if a.assessor == words.INVESTIGATOR}
        assert p.BACKGROUND_ART in judged
        for intervention in judged - {p.BACKGROUND_ART}:
            assert date.fromisoformat(begun[event.participant, intervention]) <= onset.latest


def test_the_sponsor_judges_every_serious_event_and_sometimes_differs(large: SimulatedTrial) -> None:
    pairs = []
    for event in large.open.events:
        opinions = {(a.assessor, a.intervention): a.causality for a in event.assessments}
        own = {what: c for (who, what), c in opinions.items() if who == words.SPONSOR}
        if event.serious:
            assert set(own) == {a.intervention for a in event.assessments}
        pairs += [(opinions[words.INVESTIGATOR, what], causality) for what, causality in own.items()]
    differing = sum(a != b for a, b in pairs) / len(pairs)
    assert 0.03 < differing < 0.25


def test_seriousness_outcome_and_grade_agree(large: SimulatedTrial) -> None:
    for event in large.open.events:
        assert event.serious == bool(event.criteria)
        assert (event.outcome == words.FATAL) == (event.grade == 5) == (words.DEATH in event.criteria)
        if event.ongoing:
            assert event.outcome in (words.RECOVERING, words.NOT_RECOVERED)
    died = {one.participant for one in large.open.participants if one.died}
    assert died == {event.participant for event in large.open.events if event.grade == 5}


def test_serious_and_severe_events_are_few(large: SimulatedTrial) -> None:
    events = large.open.events
    assert 0.005 < sum(bool(e.serious) for e in events) / len(events) < 0.03
    assert sum((e.grade or 0) >= 4 for e in events) / len(events) < 0.02


@pytest.mark.parametrize(
    ("term", "phase"),
    [("Bone pain", words.MOBILISATION), ("Catheter site bruise", words.APHERESIS),
     ("Unusual body odour", words.INFUSION), ("Acute retroviral syndrome", words.ART_INTERRUPTION)],
)  # fmt: skip
def test_a_procedure_brings_its_own_events(large: SimulatedTrial, term: str, phase: str) -> None:
    phases = Counter(e.phase for e in large.open.events if e.preferred_term == term)
    assert phases.most_common(1)[0][0] == phase


def test_cd4_and_viral_load_stay_in_a_living_range(large: SimulatedTrial) -> None:
    for one in large.open.measurements:
        if one.not_done:
            assert one.value is None and one.value_text == ""
        elif one.analyte == "CD4":
            assert one.value is not None and 40 <= one.value <= 2500
        elif one.analyte == "HIVRNA":
            assert one.value_text == "<50" if one.value is None else 50 <= one.value <= 10_000_000


def test_viral_load_is_suppressed_under_therapy_and_rebounds_without_it(large: SimulatedTrial) -> None:
    def suppressed(visit: str) -> float:
        texts = [
            m.value_text
            for m in large.open.measurements
            if (m.analyte, m.visit) == ("HIVRNA", visit) and not m.not_done
        ]
        return texts.count("<50") / len(texts)

    assert suppressed("Week 20") > 0.9 and suppressed("Week 36") > 0.9
    assert suppressed("Week 28") < 0.2 and suppressed("Week 48") < 0.2


def test_oz1_has_more_cd4_cells_and_less_virus_in_a_large_trial(large: SimulatedTrial) -> None:
    arm_of = {a.participant: a.actual for a in large.closed.allocations}

    def mean(analyte: str, visit: str, arm: str) -> float:
        values = [
            m.value or 50.0
            for m in large.open.measurements
            if (m.analyte, m.visit, arm_of.get(m.participant)) == (analyte, visit, arm) and not m.not_done
        ]
        return sum(values) / len(values)

    assert mean("CD4", "Week 48", "OZ1") > mean("CD4", "Week 48", "Placebo")
    assert mean("HIVRNA", "Week 48", "OZ1") < mean("HIVRNA", "Week 48", "Placebo")


def test_the_gene_persists_in_the_active_arm_only_and_fades(large: SimulatedTrial) -> None:
    arm_of = {a.participant: a.actual for a in large.closed.allocations}
    found: dict[tuple[str, str], list[float | None]] = defaultdict(list)
    for row in large.closed.revealing:
        found[arm_of[row.measurement.participant], row.measurement.visit].append(row.measurement.value)
    assert all(value is None for (arm, _), values in found.items() if arm == "Placebo" for value in values)
    early, late = found["OZ1", "Week 4"], found["OZ1", "Week 100"]
    assert sum(v is not None for v in early) / len(early) > 0.9
    assert sum(v is not None for v in late) / len(late) < 0.6


def test_every_coded_event_stands_in_the_local_dictionary_with_the_same_path(large: SimulatedTrial) -> None:
    rows = {
        (
            t.lowest_level_term,
            t.preferred_term,
            t.high_level_term,
            t.high_level_group_term,
            t.system_organ_class,
        )
        for t in local_dictionary()
    }
    for e in large.open.events:
        path = (e.lowest_level_term, e.preferred_term, e.high_level_term, e.high_level_group_term)
        assert (*path, e.system_organ_class) in rows


def test_lowest_level_terms_and_codes_of_the_local_dictionary_are_unique() -> None:
    rows = local_dictionary()
    assert len({t.code for t in rows}) == len({t.lowest_level_term for t in rows}) == len(rows)


def test_source_ids_number_the_rows_of_a_participant_without_gaps(trial: SimulatedTrial) -> None:
    half, numbers = trial.open, defaultdict(list)
    for row in (*half.events, *half.measurements, *half.exposures, *half.medications, *half.histories):
        domain, number = row.source_id.split("-")
        numbers[row.participant, domain].append(int(number))
    assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"study": " "}, "needs a code"),
        ({"arms": 1}, "at least 2 arms"),
        ({"participants": 1}, "at least 2 participants"),
        ({"seed": -1}, "from 0 up"),
        ({"effects": {"Unheard of": 2.0}}, "No simulated event is called 'Unheard of'"),
        ({"effects": {"Pyrexia": float("nan")}}, "between 0 and 100"),
        ({"effects": {"Pyrexia": -1.0}}, "between 0 and 100"),
    ],
)
def test_a_trial_that_cannot_be_is_refused_with_a_sentence(changed: dict, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        simulate(**({"study": "SIM"} | changed))


def test_liver_tests_fill_the_picture_of_peaks_and_no_possible_case_is_planted() -> None:
    """ALT, AST, BILI and ALP with limits at the main visits; some rises and some high bilirubin, as in any trial."""
    trial = simulate(study=demo.STUDY, participants=74, arms=2, seed=demo.SEED)
    day_of = {one.participant: one.start for one in trial.open.exposures if one.intervention == p.INFUSION}
    tests = [m for m in trial.open.measurements if m.analyte in LIVER_TESTS and m.value is not None]
    counts = Counter(m.analyte for m in tests)
    assert set(counts) == set(LIVER_TESTS) and min(counts.values()) > 0.95 * max(counts.values())
    after = [m for m in tests if m.participant in day_of and m.taken_on > day_of[m.participant]]
    assert all(m.high for m in after)
    columns = (
        [m.participant for m in after],
        [m.analyte for m in after],
        [date.fromisoformat(m.taken_on).toordinal() for m in after],
        [m.value / m.high for m in after if m.value is not None and m.high is not None],
    )
    found = edish(*columns, **LIMITS)
    quadrants = Counter(found.quadrant)
    assert quadrants[""] == 0 and len(found.participant) == len(day_of)
    assert quadrants["below both"] > 50
    assert 2 <= quadrants["Temple’s corollary"] <= 10 and 1 <= quadrants["hyperbilirubinaemia"] <= 8
    assert len(hys_law_cases(*columns, **LIMITS).participant) == 0
    units = {m.unit_text for m in tests if m.analyte == "BILI"}
    assert units == {"umol/L", "mg/dL"}  # as the sites of two countries report it


def test_bilirubin_moved_no_other_draw() -> None:
    """Values as they were before the liver had a stream of its own."""
    trial = simulate(study="SIM", seed=1)
    first = next(one.participant for one in trial.open.participants if not one.screen_failure)
    told = {
        m.analyte: m.value
        for m in trial.open.measurements
        if m.participant == first and m.visit == "Screening" and m.domain in ("LB", "VS")
    }
    assert [told[name] for name in ("HGB", "ALT", "CREAT", "PULSE", "WEIGHT")] == [128, 27, 75, 71, 65.8]
