"""The page of one participant: facts, time line, log of events. It lives here because it shows events."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.events import queries
from pvtracker.events.models import AdverseEvent
from pvtracker.events.views import open_study
from pvtracker.participants import charts
from pvtracker.participants import queries as participant_queries
from pvtracker.participants.models import Exposure, Measurement, Participant
from pvtracker.studies.queries import has_permission

# Drawn on a log scale where every value allows it.
LOG_ANALYTES = {"HIVRNA"}


@require_safe
def participant(request: HttpRequest, code: str, participant_id: uuid.UUID) -> HttpResponse:
    """Everything that the open room knows of one participant, on one page."""
    study = open_study(request, code)
    person = participant_queries.participant_for(request.user, study, participant_id)
    events = list(queries.events_of_participant(person))
    exposures = participant_queries.exposures_of(person)
    courses = participant_queries.courses_of(person)
    spec = charts.timeline(
        [lane for exposure in exposures if (lane := _lane(exposure))],
        [bar for event in events if (bar := _bar(event))],
        [_course(rows) for rows in courses.values() if rows],
    )
    context = {
        "participant": person,
        "facts": _facts(person),
        "events": events,
        "undated": [event for event in events if not event.onset and event.state != "voided"],
        "spec": spec,
        "numbers": _numbers(exposures, courses),
        "draft": queries.draft_of(request.user, person, None),
        "may_read_trail": has_permission(request.user, Permission.READ_AUDIT, study=study),
        "may_record": has_permission(request.user, Permission.RECORD_EVENTS, study=study, site=person.site),
    }
    return render(request, "participants/participant.html", context)


def _facts(person: Participant) -> list[dict[str, Any]]:
    status = participant_queries.status_of(person, participant_queries.disposition_of(person))
    age = f"{person.age} years at consent" if person.age is not None else None
    facts = [
        ("Subject", person.subject),
        ("Site", f"{person.site.code}{f' · {person.site.country}' if person.site.country else ''}"),
        ("Status", status),
        ("Age", age),
        ("Sex", person.sex or None),
        ("Consent", person.consented_on or None),
        ("First exposure", person.started_on or None),
        ("End of participation", person.ended_on or None),
    ]
    if person.died:
        facts.append(("Death", person.died_on or "date not known"))
    return [{"label": label, "value": value} for label, value in facts]


def _lane(exposure: Exposure) -> charts.Lane | None:
    if exposure.start_earliest is None:
        return None
    dates = " to ".join(text for text in (exposure.start, exposure.end) if text)
    return charts.Lane(exposure.intervention.name, exposure.start_earliest, exposure.end_latest, dates)


def _bar(event: AdverseEvent) -> charts.EventBar | None:
    """An event with a known onset; void ones are not drawn."""
    if event.onset_earliest is None or event.state == "voided":
        return None
    return charts.EventBar(
        label=f"{event.number} {event.label}",
        start=event.onset_earliest,
        end=event.end_latest,
        ongoing=event.ongoing,
        grade=event.grade,
        serious=bool(event.serious),
        text=_dates(event),
    )


def _dates(event: AdverseEvent) -> str:
    end = event.end or ("ongoing" if event.ongoing else "end not known")
    return f"{event.onset or 'onset not known'} to {end}"


def _course(rows: list[Measurement]) -> charts.Course:
    points = tuple(
        charts.Point(row.taken_on_earliest, _value(row), below=row.value is None)
        for row in rows
        if row.taken_on_earliest is not None
    )
    positive = all(point.value > 0 for point in points)
    last = rows[-1]
    log = last.analyte in LOG_ANALYTES and positive
    return charts.Course(last.name or last.analyte, last.unit, points, log=log)


def _value(row: Measurement) -> float:
    """The value, or the limit of detection that the result lies below."""
    return row.value if row.value is not None else float(row.value_text.removeprefix("<"))


def _numbers(exposures: list[Exposure], courses: dict[str, list[Measurement]]) -> dict[str, Any]:
    """What the chart shows beside the events, as a table; the events have their own."""
    rows = [
        (
            exposure.start or "not known",
            exposure.intervention.name,
            f"given, until {exposure.end}" if exposure.end else "given",
        )
        for exposure in exposures
    ]
    rows += [
        (
            row.taken_on,
            row.name or row.analyte,
            f"{'<' * (row.value is None)}{_value(row):g} {row.unit}".strip(),
        )
        for measured in courses.values()
        for row in measured
    ]
    return {
        "caption": "What was given and measured",
        "columns": [{"label": "Date"}, {"label": "What"}, {"label": "Value", "numeric": True}],
        "rows": [
            {"cells": [{"text": day}, {"text": what}, {"text": value, "numeric": True}]}
            for day, what, value in sorted(rows)
        ],
        "empty": "Nothing was given or measured yet.",
    }
