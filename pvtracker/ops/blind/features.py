"""What tells one participant from another in everything a blinded role can read, as numbers, by channel.

Technical channels must tell nothing of the arm. Clinical ones are what the trial is about (how many events somebody
had, which results are missing): a treatment that works shows there, so they are reported and never failed.
"""

from __future__ import annotations

import json
import re
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from pvtracker.ops.blind.artefacts import DATABASE, PAGE, Artefact

ORDER, TIME, RANDOM, NUMBER, CLINICAL = "order", "time", "random id", "running number", "clinical"
TECHNICAL = (ORDER, TIME, RANDOM, NUMBER)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Feature:
    """One number for each participant, in the order of the participants; nan where there is none."""

    name: str
    channel: str
    values: Numbers


def participants(artefacts: Iterable[Artefact]) -> dict[str, str]:
    """Subject by id of the participant, in the order of their rows."""
    for artefact in artefacts:
        if artefact.place == "public.participants_participant":
            return {row["id"]: row["subject"] for row in _rows(artefact)}
    return {}


def features(artefacts: Sequence[Artefact]) -> list[Feature]:
    """Every feature of every channel that can be counted for a participant."""
    people = {person: index for index, person in enumerate(participants(artefacts))}
    found: list[Feature] = []
    for artefact in artefacts:
        if artefact.kind == DATABASE and artefact.place.startswith("public."):
            found += _of_table(artefact, people)
    found += _page_sizes(artefacts, people)
    return [one for one in found if len(np.unique(one.values[np.isfinite(one.values)])) > 1]


def _rows(artefact: Artefact) -> list[dict[str, Any]]:
    return [json.loads(line) for line in artefact.content.decode().splitlines()]


def _of_table(artefact: Artefact, people: dict[str, int]) -> list[Feature]:
    """Order, moments, ids and numbers of a participant's first rows; how many rows, how long, with how many blanks."""
    table = artefact.place.partition(".")[2]
    rows = _rows(artefact)
    if not rows:
        return []
    own = "id" if table == "participants_participant" else "participant_id"
    if own not in rows[0]:
        return []
    values: dict[tuple[str, str], Numbers] = defaultdict(lambda: np.full(len(people), np.nan))
    counts, blanks, sizes = (np.zeros(len(people)) for _ in range(3))
    for position, row in enumerate(rows):
        who = people.get(row[own])
        if who is None:
            continue
        counts[who] += 1
        blanks[who] += sum(value in (None, "", [], {}) for value in row.values())
        sizes[who] += sum(len(str(value)) for value in row.values())
        if counts[who] == 1:  # technical numbers are those of the first row; how many follow is clinical
            values["position of the first row", ORDER][who] = position
            for column, value in row.items():
                for channel, number in _technical(column, value):
                    values[f"{column} of the first row", channel][who] = number
    made = [Feature(f"{table}: {name}", channel, numbers) for (name, channel), numbers in values.items()]
    if own == "participant_id":
        made.append(Feature(f"{table}: rows", CLINICAL, counts))
    made.append(Feature(f"{table}: blanks", CLINICAL, blanks))
    made.append(Feature(f"{table}: characters", CLINICAL, sizes))
    return made


def _technical(column: str, value: Any) -> Iterable[tuple[str, float]]:
    """The channel and number of a value that people did not enter: a moment, a random id, a running number."""
    if column == "id" and isinstance(value, int):
        yield NUMBER, float(value)
    elif column == "id" and isinstance(value, str):
        yield RANDOM, float(uuid.UUID(value).int)
    elif column in ("number", "seq", "sequence", "position") and isinstance(value, int):
        yield NUMBER, float(value)
    elif column == "code" and isinstance(value, str) and re.search(r"\d", value):
        yield NUMBER, float("".join(re.findall(r"\d", value)))
    elif column.endswith("_at") and isinstance(value, str) and _MOMENT.match(value):
        yield TIME, datetime.fromisoformat(value).timestamp()


def _page_sizes(artefacts: Sequence[Artefact], people: dict[str, int]) -> list[Feature]:
    """Bytes of the pages of one participant, by role: they hold what was entered, and their sizes with it."""
    sizes: dict[tuple[str, str], Numbers] = defaultdict(lambda: np.full(len(people), np.nan))
    for artefact in artefacts:
        if artefact.kind == PAGE and "/participants/" in artefact.place:
            named = re.search(r"/participants/([0-9a-f-]{36})/(\S*) as (\S+)", artefact.place)
            if named and named[1] in people and "?" not in named[2]:
                sizes[named[2], named[3]][people[named[1]]] = len(artefact.content)
    return [
        Feature(f"page participant/{page or ''} as {role}: bytes", CLINICAL, numbers)
        for (page, role), numbers in sizes.items()
    ]
