"""A small trial drawn from a seed: what happened to whom as plain records, and the joined cut that holds it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

import numpy as np

from pvtracker.cuts.data import CutData
from tests.small_cut import allocated, cut, day, event, manifest, person, treated

START = date(2026, 1, 1)
ARMS = {"Low dose": ("LOW", 29), "Placebo": ("PBO", 25)}
TERMS = {
    f"{part} {complaint}": f"{part} disorders"
    for part, complaints in {
        "Skin": ("rash", "itch", "pain", "burn", "scar", "wheal", "fissure", "ulcer"),
        "Gut": ("pain", "cramp", "ulcer", "reflux", "bleeding", "spasm", "bloating"),
        "Eye": ("pain", "itch", "burn", "ulcer", "bleeding", "spasm", "tearing", "floaters"),
        "Ear": ("pain", "itch", "ringing", "bleeding", "fullness"),
        "Nail": ("pain", "split", "pitting", "loss"),
    }.items()
    for complaint in complaints
}
SERIOUS = ("Skin rash", "Skin itch", "Gut pain", "Gut cramp")


@dataclass(frozen=True, slots=True)
class Drawn:
    """A participant: days of follow-up, whether death ended them, and the day of each event; day 1 is the first."""

    subject: str
    arm: str
    site: str
    days: int
    died: bool
    events: tuple[tuple[int, str], ...]

    def first(self, term: str, level: str) -> int | None:
        """Day of the first event of a term of this level."""
        found = [on for on, name in self.events if term == (name if level == "PT" else TERMS[name])]
        return min(found, default=None)


@cache
def drawn() -> tuple[Drawn, ...]:
    """Skin and gut more often on the arm; follow-up of differing length; some die."""
    rng = np.random.default_rng(20261129)
    return tuple(_people(rng))


def _people(rng: np.random.Generator) -> Iterator[Drawn]:
    usual = dict(zip(TERMS, rng.uniform(0.02, 0.25, len(TERMS)), strict=True))
    for arm, (code, size) in ARMS.items():
        for place in range(size):
            days, died = int(rng.integers(40, 150)), bool(rng.random() < 0.2)
            events = tuple(
                (int(rng.integers(1, days + 1)), term)
                for term, risk in usual.items()
                for _ in range(2)
                if rng.random() < risk * (2.2 if arm == "Low dose" and term[0] in "SG" else 1) / 1.4
            )
            yield Drawn(f"{code}-{place:02}", arm, f"0{place % 3}", days, died, events)


def on(number: int) -> str:
    """The date of a day of the trial."""
    return (START + timedelta(days=number - 1)).isoformat()


@cache
def drawn_cut() -> CutData:
    """The trial as a cut; one dose on day 1."""
    arms = [
        {"code": code, "name": name, "is_reference": name == "Placebo"} for name, (code, _) in ARMS.items()
    ]
    return cut(
        stated=manifest(arms=arms),
        participants=[
            person(
                one.subject,
                site=one.site,
                **day("ended_on", on(one.days)),
                **(day("died_on", on(one.days)) if one.died else {}),
            )
            for one in drawn()
        ],
        exposures=[treated(one.subject) for one in drawn()],
        arms=[allocated(one.subject, ARMS[one.arm][0]) for one in drawn()],
        adverse_events=[
            event(
                one.subject,
                number,
                day("onset", on(at)),
                preferred_term=term,
                system_organ_class=TERMS[term],
                serious=term in SERIOUS,
            )
            for one in drawn()
            for number, (at, term) in enumerate(one.events)
        ],
    )
