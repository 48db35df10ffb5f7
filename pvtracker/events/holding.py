"""Free text that may tell an arm: found, taken out of the event before it is stored, and asked about.

The wall keeps the arms out of the open room; what a person types can carry one in. So the text never reaches the event,
its versions, the feed or a cut: they say `HELD`, and the text waits in a table of its own for somebody who may release
it. The event itself is stored at once: a lost event would be worse than a late narrative.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import connection

from pvtracker.accounts.free_text import TextsRefused
from pvtracker.audit.context import Actor, entered_study
from pvtracker.events.models import AdverseEvent, ArmWord, Assessment, HeldText
from pvtracker.events.rules import Finding
from pvtracker.lib.arm_words import Lexicon, lexicon
from pvtracker.participants.holding import HELD
from pvtracker.studies.models import Arm, Intervention, Study

RULE = "text-held"
LABELS = {
    "verbatim": "description",
    "narrative": "narrative",
    "severity_reported": "severity as delivered",
    "outcome_reported": "outcome as delivered",
    "phase": "phase",
}
# Of delivered rows, by domain and field.
OF_ROWS = {
    "DM": {"race": "race", "ethnicity": "ethnicity"},
    "SV": {"name": "name of the visit", "phase": "phase of the visit"},
    "EX": {"phase": "phase of the exposure"},
    "DS": {"category": "category", "term": "disposition", "verbatim": "disposition as written"},
    "LB": {
        "category": "category",
        "name": "name of the test",
        "value_text": "result",
        "unit_text": "unit as delivered",
        "unit": "unit",
        "visit": "visit",
    },
    "VS": {
        "category": "category",
        "name": "name of the sign",
        "value_text": "result",
        "unit_text": "unit as delivered",
        "unit": "unit",
        "visit": "visit",
    },
    "MH": {
        "category": "category",
        "verbatim": "condition as written",
        "preferred_term": "preferred term",
        "system_organ_class": "system organ class",
    },
    "CM": {
        "verbatim": "medication as written",
        "coded": "coded name",
        "medication_class": "class",
        "indication": "indication",
        "dose_text": "dose",
    },
}
KINDS = {
    "DM": "participant",
    "SV": "visit",
    "EX": "exposure",
    "DS": "disposition",
    "LB": "laboratory result",
    "VS": "vital sign",
    "MH": "medical history",
    "CM": "concomitant medication",
}
JUDGED = {"causality_reported": "relatedness as delivered", "action_reported": "action taken as delivered"}
QUIET = "What was said here may tell who received what; it is held for review."
REASON_REFUSED = (
    "The text may tell who received what ({words}). Write it without naming an arm or a product; everybody who reads "
    "the history would see it."
)


def lexicon_of(study: Study, interventions: Iterable[Intervention] | None = None) -> Lexicon:
    """What may tell an arm in this study: names and codes of its arms, its products' names, and general words.

    `interventions` are the study's, where they are at hand.
    """
    names = [text for arm in Arm.objects.filter(study=study) for text in (arm.code, arm.name)]
    names += ArmWord.objects.filter(study=study).values_list("word", flat=True)
    blinded = Intervention.objects.filter(study=study) if interventions is None else interventions
    innocent = [study.code, "Screen failure", "Scrnfail"]
    innocent += [text for item in blinded for text in (item.code, item.name)]
    return lexicon(tuple(sorted(set(names))), tuple(sorted(set(innocent))))


def no_arm_is_told(*texts: str) -> None:
    """Refuse free texts of which one may tell an arm of the study that was entered (`accounts.free_text`)."""
    words = lexicon_entered()
    telling = {text: found for text in texts if (found := words.found(text))}
    if telling:
        named = dict.fromkeys(word for found in telling.values() for word in found)
        raise TextsRefused(REASON_REFUSED.format(words=", ".join(named)), telling)


def lexicon_entered() -> Lexicon:
    """The lexicon of the study whose rows can be seen; where none was entered, of the general words alone."""
    entered = entered_study() if connection.in_atomic_block else None
    study = Study.objects.filter(pk=entered).first() if entered else None
    return lexicon_of(study) if study else lexicon(())


def take_out(
    event: AdverseEvent,
    assessments: Iterable[Assessment],
    words: Lexicon,
    *,
    by: Actor,
    at: datetime,
) -> list[HeldText]:
    """Replace each text that may tell an arm by `HELD`; returns the texts, not yet saved."""
    held = []
    places: list[tuple[AdverseEvent | Assessment, str, str]] = [(event, name, name) for name in LABELS]
    places += [(a, name, f"{name}:{a.intervention.code}") for a in assessments for name in JUDGED]
    for row, name, field in places:
        text = getattr(row, name)
        found = words.found(text)
        if found:
            setattr(row, name, HELD)
            held.append(
                HeldText(
                    study_id=event.study_id,
                    event=event,
                    field=field,
                    text=text,
                    words=", ".join(found)[:300],
                    held_at=at,
                    held_from=by.id[:80],
                )
            )
    return held


def held_fields(body: Mapping[str, Sequence[str]], words: Lexicon) -> set[str]:
    """The fields of a draft whose text may tell an arm. A draft was looked at by nobody but who typed it."""
    return {name for name, texts in body.items() if any(words.found(text) for text in texts)}


def questions(fields: Iterable[str]) -> list[Finding]:
    """What is asked about the texts that are held."""
    return [
        Finding(
            RULE,
            field[:40],
            f"The {label(field)} may tell who received what and is held for review; the event is recorded.",
            "Write it without naming an arm or a product, or wait until it is released.",
            "query",
        )
        for field in fields
    ]


def quiet(findings: Sequence[Finding], words: Lexicon) -> list[Finding]:
    """The findings, less every quotation that may tell an arm."""
    return [replace(f, message=QUIET) if words.found(f.sentence) else f for f in findings]


def label_of(held: HeldText) -> str:
    """What is held, in a sentence: of an event, or of a delivered row with its number."""
    if not held.domain:
        return label(held.field)
    row = f" ({held.source_id})" if held.source_id else ""
    return f"{OF_ROWS[held.domain].get(held.field, held.field)} of the {KINDS[held.domain]}{row}"


def label(field: str) -> str:
    """The name of an event's field in a sentence."""
    name, _, code = field.partition(":")
    return f"{JUDGED[name]} of {code}" if code else LABELS.get(name, name)
