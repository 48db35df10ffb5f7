"""What an id of another study does in a field of a form or in a query: what one that does not exist does."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

from django.db import transaction

from pvtracker.signals.methods import METHODS
from tests.architecture.asking import said, written
from tests.architecture.forms import ID, Seen, plain
from tests.architecture.matrix import Known, Place

# Names that take an id of something of a study, and its kinds (a blank of an address, or a key of `Known.said`).
# "*" stands for an id that is part of the name.
IDS = {
    "action_*": ("intervention",),
    "causality_*": ("intervention",),
    "cut": ("cut_id",),
    "event": ("event_id",),
    "follower": ("follower",),
    "m-*": ("membership_id",),
    "participant": ("participant_id", "participant"),
    "q": ("participant",),
    "recipient_username": ("username",),
    "report": ("report_id",),
    "run": ("run_id",),
    "site": ("site",),
    "subject": ("subject",),
    "term": ("term",),
    "thing": ("event_id", "report_id"),
    "to": ("writer",),
}
# A new event's own id, chosen by the form: one that does not exist is what it should be. One that is taken in another
# study is answered as one that is taken by another participant of the own study (tests/open/bad_inputs).
OWN_IDS = {"submission_key"}
# Names that take none: words, days, numbers, choices that all studies have, what one's own sign-in needs, addresses.
NO_IDS = {
    *("allocation", "looks", "alpha", "analyte", "every", "grading", "model", "planned", "risk"),
    *("by_mail", "identity", "not_per_protocol", "owner", "reference", "sure", "what", "with_held"),
    *(
        "accept",
        "again",
        "analysis",
        "analysis_arm",
        "answer",
        "arm",
        "aware_on",
        "at",
        "category",
        "client_id",
        "code",
    ),
    *(
        "confirm",
        "confirmed",
        "credential",
        "criteria",
        "csrfmiddlewaretoken",
        "date",
        "day",
        "decision",
        "done_on",
        "effect",
    ),
    *(
        "email",
        "emergency",
        "end",
        "end_unknown",
        "ends_on",
        "expected_use",
        "field",
        "first",
        "format",
        "full_name",
        "grade",
    ),
    *("grant_type", "how", "kind", "last", "level", "meaning", "measures", "method", "month", "name"),
    *(
        "names",
        "narrative",
        "new",
        "next",
        "note",
        "old",
        "ongoing",
        "onset",
        "onset_unknown",
        "opinion",
        "outcome",
    ),
    *(
        "page",
        "password",
        "person",
        "purpose",
        "queried",
        "reason",
        "recipient_name",
        "recipient_role",
        "related",
        "role",
    ),
    *("rule", "save", "selection", "separate", "serious", "show", "shown", "sort", "source", "starts_on"),
    *("alternatives", "due_on", "literature", "measure", "narratives", "participants", "time_course"),
    *("based_on", "margin", "rate", "ratio", "terms", "warn_posterior", "warn_predictive", "years"),
    *(
        "boundaries",
        "history_events",
        "history_years",
        "interim_z",
        "more",
        "part",
        "prior_events",
        "prior_free",
    ),
    *("remove", "spelled", "threshold"),
    "study",  # the code of one to stay within: a foreign one is none (tests/closed/signals/test_calculator.py)
    *("after", "before", "count", "quadrant", "week"),
    *("also", "days", "levels", "limit_*", "methods", "raising", "seed", "selections", "when"),
    *(f"limit_{key}" for key in METHODS),
    *("state", "text", "to_sign", "up_to", "username", "verbatim", "version", "voided", "words", "year"),
    # the definitions of a study: words of its protocol and dictionary, no ids
    *(
        "emergent_window_days",
        "intervention_windows",
        "phase_windows",
        "re_exposure",
        "open_exposure",
        "baseline",
    ),
    *(
        "partial_onset",
        "unknown_onset",
        "follow_up_days",
        "analysis_set",
        "exposed_to",
        "age_groups",
        "crossover",
        "pools",
    ),
    *("strata", "special_interest", "queries"),
}
HOLD_ADDRESSES = {"next"}  # an address of ours, whose ids count when it is asked for
# That somebody asked, and for what; and what is being typed, as it was typed, before anybody looked at it.
LOOKS = {"audit_accessrecord", "events_draft"}


def unclassified(place: Place, seen: list[Seen]) -> list[str]:
    """Names that no table has, and those said to take no id that hold one of the study's."""
    ids = {str(one) for one in place.own.ids.values() if isinstance(one, uuid.UUID)}
    ids |= {
        str(place.own.said[kind]) for kind in ("participant", "username", "subject") if kind in place.own.said
    }
    found = set()
    for one in seen:
        for name in one.form.names:
            known = plain(name)
            if known not in IDS and known not in NO_IDS and known not in OWN_IDS:
                found.add(
                    f"{one.goes_to} has a field {known}: say in tests/architecture/fields.py what it takes"
                )
            elif known in NO_IDS - HOLD_ADDRESSES:
                held = {value for value in one.form.values.get(name, ()) if value in ids or ID.search(value)}
                found |= {
                    f"{one.goes_to}: {known} is said to take no id, and holds {value}" for value in held
                }
    return sorted(found)


@dataclass(slots=True)
class Swept:
    """What came of sending the other study's ids: faults, and the names that an own id made a difference for."""

    faults: list[str] = field(default_factory=list)
    told_apart: set[str] = field(default_factory=set)
    tried: set[str] = field(default_factory=set)


def sweep(place: Place, seen: list[Seen], since: int) -> Swept:
    """Each field that takes an id, of each form, as people are shown it: one at a site, and one of the whole study."""
    result = Swept()
    done: set[tuple[str, str, str, str]] = set()
    for one in seen:
        for name in sorted(one.form.names):
            known = plain(name)
            scope = str(place.at_site(one.number)) if one.form.offered else "not offered"
            key = (one.goes_to, one.form.method, known, scope)
            if known in IDS and key not in done:
                done.add(key)
                for kind in IDS[known]:
                    if _value(place.own, kind) != _value(place.other, kind):
                        _try(place, one, name, kind, since, result)
    return result


def _try(place: Place, one: Seen, name: str, kind: str, since: int, result: Swept) -> None:
    """The form as it was shown, with an id of the own study, of the other one, and of nothing."""
    known, foreign = plain(name), _value(place.other, kind)
    trials = {"other": foreign, "nobody": _nothing(foreign)}
    if one.form.offered:
        trials["own"] = _value(place.own, kind)
    told = {}
    for whose, value in trials.items():
        body = {
            key: "" if text == "test" and plain(key) in IDS else text
            for key, text in one.form.sent.items()
            if plain(key) != known
        }
        body[known.replace("*", str(value))] = one.form.sent.get(name, "test") if "*" in known else str(value)
        told[whose] = _ask(place, one, body, value, since)
    answer, rows, texts = told["other"]
    where = (
        f"{one.form.method} {one.goes_to} as {place.people[one.number].role}: {name}={kind} of another study"
    )
    if (answer, rows) != told["nobody"][:2]:
        result.faults.append(
            f"{where}: {answer[:2]} {rows}, nothing: {told['nobody'][0][:2]} {told['nobody'][1]}"
        )
    if one.form.method == "post" and "*" not in known and rows:
        result.faults.append(f"{where} wrote {rows}")
    if isinstance(foreign, uuid.UUID) and str(foreign) in texts:
        result.faults.append(f"{where} is named in what was written: {rows}")
    if "own" in told:
        result.tried.add(known)
        if told["own"][:2] != told["nobody"][:2]:
            result.told_apart.add(known)


def _value(known: Known, kind: str) -> object:
    """The study's own; None where this room has nothing of the kind."""
    return known.ids.get(kind, known.said.get(kind))


def _nothing(like: object) -> object:
    """An id of the same make that nothing has."""
    if isinstance(like, uuid.UUID):
        return uuid.uuid4()
    return 987_654_321 if isinstance(like, int) else f"NO-{uuid.uuid4().hex[:8]}"


def _ask(
    place: Place, one: Seen, body: dict[str, str], value: object, since: int
) -> tuple[tuple[int, str, bytes], list[tuple[str, str]], str]:
    """The answer without the value; table and operation of what was written, but looks; and its text. It is undone."""
    with transaction.atomic():
        answer = said(place.browsers[one.number].answer(one.form.method, one.form.action, body), value)
        rows = [
            row for row in written(since, place.own.study.id, place.other.study.id) if row[0] not in LOOKS
        ]
        transaction.set_rollback(True)
    return answer, [row[:2] for row in rows], " ".join(row[2] for row in rows)
