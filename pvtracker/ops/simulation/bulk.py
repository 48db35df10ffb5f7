"""The same kind of trial as columns, for tens of thousands of participants: benchmarks and bulk loading.

Only what a screen of events needs: participants, events with term numbers, a synthetic dictionary, and
(closed) the allocation. Terms are made up by number, so nobody takes a result on them for a finding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pvtracker.ops.simulation import protocol as p
from pvtracker.ops.simulation.bulk_dictionary import BulkDictionary, synthetic_dictionary
from pvtracker.ops.simulation.randomisation import randomisation_list
from pvtracker.ops.simulation.randomness import Topic, stream
from pvtracker.ops.simulation.trial import NO_EFFECTS, check_arguments, check_effects

Days = NDArray[np.datetime64]  # unit: day; NaT where there is none
Texts = NDArray[np.str_]
PARTICIPANTS_PER_SITE = 200
PHASE_KEYS = tuple(phase.key for phase in p.PHASES)


@dataclass(frozen=True, slots=True)
class BulkParticipants:
    """Randomised participants in order of consent; every column has shape (n_participants,)."""

    participant: Texts  # USUBJID
    code: Texts  # site and order of enrolment there
    site: Texts
    country: Texts  # ISO 3166 alpha-3
    age: NDArray[np.int16]  # years
    sex: Texts  # M, F
    consented: Days
    randomised: Days
    started: Days  # first day of G-CSF: first exposure
    infused: Days  # study day 1
    ended: Days  # last day of participation


@dataclass(frozen=True, slots=True)
class BulkEvents:
    """Adverse events by participant and onset; every column has shape (n_events,)."""

    participant: NDArray[np.int32]  # index into BulkParticipants
    number: NDArray[np.int32]  # 1 … within the participant: AE-<number>
    term: NDArray[np.int32]  # index into BulkDictionary
    onset: Days
    end: Days  # NaT while ongoing
    ongoing: NDArray[np.bool_]
    grade: NDArray[np.int8]  # 1 … 4
    serious: NDArray[np.bool_]
    causality: NDArray[np.int8]  # investigator on the infusion, index into words.CAUSALITIES; -1 before it
    phase: NDArray[np.int8]  # index into PHASE_KEYS
    aware: Days  # site's awareness


@dataclass(frozen=True, slots=True)
class BulkOpen:
    """What blinded people may see."""

    study: str
    arm_codes: tuple[str, ...]
    participants: BulkParticipants
    events: BulkEvents
    dictionary: BulkDictionary


@dataclass(frozen=True, slots=True)
class BulkClosed:
    """What tells the arm, and what would let somebody compute it."""

    study: str
    seed: int
    effects: tuple[tuple[str, float], ...]
    arm_codes: tuple[str, ...]
    reference: int  # index of the placebo in arm_codes
    participant: Texts  # USUBJID, in the order of BulkParticipants
    arm: NDArray[np.int8]  # index into arm_codes, shape (n_participants,)


@dataclass(frozen=True, slots=True)
class BulkTrial:
    """Both halves, together only in the process that simulated them."""

    open: BulkOpen
    closed: BulkClosed


def simulate_bulk(
    *,
    study: str,
    participants: int = 40_000,
    arms: int = 2,
    seed: int = 1,
    effects: Mapping[str, float] = NO_EFFECTS,
    terms: int = 5_000,
    events_per_participant: float = 10.0,
) -> BulkTrial:
    """A large simulated trial as columns (see the dataclasses above); same arguments, same bytes.

    `effects` multiplies the rate of a synthetic preferred term (``Synthetic term 00001`` is the most
    frequent) in the active arms from randomisation on. `events_per_participant` is the mean without
    effects. Raises ValueError.
    """
    check_arguments(study=study, participants=participants, arms=arms, seed=seed)
    if terms < 1:
        raise ValueError(f"A dictionary has at least 1 term, not {terms}.")
    dictionary = synthetic_dictionary(terms)
    check_effects(effects, known=set(dictionary.preferred_term.tolist()))
    order, _ = randomisation_list(participants=participants, arms=arms, seed=seed)
    return assemble_bulk(
        study=study,
        arms=arms,
        seed=seed,
        effects=effects,
        dictionary=dictionary,
        events_per_participant=events_per_participant,
        order=np.asarray(order, dtype=np.int8),
    )


def assemble_bulk(
    *,
    study: str,
    arms: int,
    seed: int,
    effects: Mapping[str, float],
    dictionary: BulkDictionary,
    events_per_participant: float,
    order: NDArray[np.int8],
) -> BulkTrial:
    """The trial under a given randomisation list: arm index by order of randomisation."""
    codes = tuple(arm.code for arm in p.arm_names(arms))
    people = _participants(study=study, participants=len(order), seed=seed)
    arm = np.empty(len(order), dtype=np.int8)
    arm[np.argsort(people.randomised, kind="stable")] = order
    active = np.asarray(p.arm_doses(arms))[arm] > 0
    events = _events(people, dictionary, active, effects, mean=events_per_participant, seed=seed)
    return BulkTrial(
        open=BulkOpen(study, codes, people, events, dictionary),
        closed=BulkClosed(
            study=study,
            seed=seed,
            effects=tuple(sorted(effects.items())),
            arm_codes=codes,
            reference=len(codes) - 1,
            participant=people.participant,
            arm=arm,
        ),
    )


def date_texts(days: Days) -> Texts:
    """ISO 8601 dates, '' where there is none."""
    texts: Texts = np.datetime_as_string(days, unit="D")
    texts[np.isnat(days)] = ""
    return texts


def _participants(*, study: str, participants: int, seed: int) -> BulkParticipants:
    rng = stream(seed, Topic.BULK_OPEN)
    draws = rng.random((9, participants))
    consented = np.datetime64(p.FIRST_CONSENT, "D") + np.sort((p.ENROLMENT_DAYS * draws[0]).astype(np.int64))
    randomised = consented + (14 + 15 * draws[1]).astype(np.int64)
    started = randomised + (3 + 6 * draws[2]).astype(np.int64)
    infused = started + (8 + 3 * draws[3]).astype(np.int64)
    stay = np.where(draws[4] < 0.13, 56 + 610 * draws[5], 7 * p.LAST_WEEK).astype(np.int64)

    sites = max(10, participants // PARTICIPANTS_PER_SITE)
    site = (sites * draws[6]).astype(np.int64)
    by_site = np.argsort(site, kind="stable")
    per_site = np.bincount(site, minlength=sites)
    first = np.concatenate(([0], np.cumsum(per_site)[:-1]))
    enrolled = np.empty(participants, dtype=np.int64)
    enrolled[by_site] = np.arange(participants) - first[site[by_site]] + 1

    american = site < sites * 0.6
    site_codes = np.array([f"{'US' if s < sites * 0.6 else 'AU'}{s + 1:04d}" for s in range(sites)])[site]
    codes = np.array([f"{s}-{n:04d}" for s, n in zip(site_codes, enrolled, strict=True)])
    return BulkParticipants(
        participant=np.array([f"{study}-{code}" for code in codes]),
        code=codes,
        site=site_codes,
        country=np.where(american, "USA", "AUS"),
        age=(18 + 47 * draws[7]).astype(np.int16),
        sex=np.where(draws[8] < 0.86, "M", "F"),
        consented=consented,
        randomised=randomised,
        started=started,
        infused=infused,
        ended=infused + stay,
    )


def _events(
    people: BulkParticipants,
    dictionary: BulkDictionary,
    active: NDArray[np.bool_],
    effects: Mapping[str, float],
    *,
    mean: float,
    seed: int,
) -> BulkEvents:
    """Events drawn at the highest rate of any arm, then kept by a number drawn with each of them."""
    rng = stream(seed, Topic.BULK_EVENTS)
    ratio = np.ones(len(dictionary.preferred_term))
    for name, value in effects.items():
        ratio[np.flatnonzero(dictionary.preferred_term == name)[0]] = value
    most = np.maximum(ratio, 1.0)
    weight = dictionary.weight * most
    days = (people.ended - people.consented).astype(np.int64) + 1
    frailty = rng.gamma(2.0, 0.5, len(days))  # some people have many events
    expected = mean * frailty * days / days.mean() * weight.sum()
    who = np.repeat(np.arange(len(days), dtype=np.int32), rng.poisson(expected))
    draws = rng.random((9, len(who)))
    term = np.searchsorted(np.cumsum(weight) / weight.sum(), draws[0], side="right")
    term = np.minimum(term, len(weight) - 1).astype(np.int32)
    onset = people.consented[who] + (days[who] * draws[1]).astype(np.int64)
    raised = active[who] & (onset > people.randomised[who])
    kept = draws[2] * most[term] < np.where(raised, ratio[term], 1.0)
    who, term, onset, draws = who[kept], term[kept], onset[kept], draws[:, kept]

    by_onset = np.lexsort((onset, who))
    who, term, onset, draws = who[by_onset], term[by_onset], onset[by_onset], draws[:, by_onset]
    counts = np.bincount(who, minlength=len(days))
    first = np.concatenate(([0], np.cumsum(counts)[:-1]))
    grade = 1 + np.searchsorted((0.60, 0.90, 0.985), draws[3], side="right").astype(np.int8)
    last = onset + (-np.log1p(-draws[4]) * 12).astype(np.int64)
    ongoing = (last > people.ended[who]) | (draws[5] < 0.03)
    causality = np.searchsorted((0.80, 0.92, 0.97, 0.99), draws[6], side="right").astype(np.int8)
    causality[onset < people.infused[who]] = -1
    return BulkEvents(
        participant=who,
        number=(np.arange(len(who)) - first[who] + 1).astype(np.int32),
        term=term,
        onset=onset,
        end=np.where(ongoing, np.datetime64("NaT", "D"), last),
        ongoing=ongoing,
        grade=grade.astype(np.int8),
        serious=draws[7] < np.array((0.002, 0.01, 0.15, 0.60))[grade - 1],
        causality=causality,
        phase=_phases(people, who, onset),
        aware=onset + (-np.log1p(-draws[8]) * 6).astype(np.int64),
    )


def _phases(people: BulkParticipants, who: NDArray[np.int32], onset: Days) -> NDArray[np.int8]:
    """Phase by day; therapy is interrupted in weeks 24 to 28 and from week 40 on."""
    since = (onset - people.infused[who]).astype(np.int64)
    off_art = np.zeros(len(who), dtype=bool)
    for first, last in p.INTERRUPTION_WEEKS:
        off_art |= (since >= 7 * first) & (since <= 7 * last)
    keys = np.select(
        [onset < people.started[who], since < -5, since < 0, since <= 2, off_art],
        [
            PHASE_KEYS.index(k)
            for k in ("screening", "mobilisation", "apheresis", "infusion", "art_interruption")
        ],
        default=PHASE_KEYS.index("follow_up"),
    )
    return keys.astype(np.int8)
