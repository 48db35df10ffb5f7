"""Closed room: eDISH, and one participant's laboratory."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pvtracker.cuts import laboratory as rules
from pvtracker.cuts.unreadable import tells_unreadable
from pvtracker.signals import laboratory, laboratory_charts, liver_tables
from pvtracker.signals import liver as livers
from pvtracker.signals.laboratory_cells import told_day
from pvtracker.signals.laboratory_pages import as_facts, ask_for, facts_of, file_of, reference_of, with_shared
from pvtracker.signals.liver_values import liver_values
from pvtracker.stats.liver import LIVER_TESTS

PEAKS, COURSE = "Peaks of each participant", "Liver tests over time"


@require_safe
@tells_unreadable
def laboratory_edish(request: HttpRequest, code: str) -> HttpResponse:
    """Peaks of the liver tests, possible cases of Hy's law first."""
    asked = ask_for(request, code, "eDISH")
    if isinstance(asked, HttpResponse):
        return asked
    data = asked.load(*LIVER_TESTS)
    lab = laboratory.without_values(data, analysis_arm=asked.chosen["analysis_arm"])
    found = livers.liver(data, lab)
    url = asked.participant(lab)
    peaks = found.peaks
    drawn = [
        laboratory_charts.Peak(
            subject=str(lab.people["subject"].iloc[row]),
            arm=lab.arms.names[int(lab.people["arm"].iloc[row])],
            transaminase=float(peaks.transaminase[place]),
            bilirubin=float(peaks.bilirubin[place]),
            quadrant=peaks.quadrant[place],
            case=bool(peaks.case[place]),
            url=url(row),
        )
        for place, row in enumerate(found.row)
        if peaks.quadrant[place]
    ]
    chart = (
        laboratory_charts.edish(
            drawn,
            arms=[name for name in lab.arms.names if any(peak.arm == name for peak in drawn)],
            reference=reference_of(lab),
            transaminase=livers.TRANSAMINASE_LIMIT,
            bilirubin=livers.BILIRUBIN_LIMIT,
        )
        if drawn
        else None
    )
    shown = {
        "cases": liver_tables.cases_table(lab, found, url=url, inference=asked.inference),
        "quadrants": liver_tables.quadrants_table(
            lab, livers.quadrants_by_arm(lab, found), opens=asked.opens
        ),
        "no_case": liver_tables.peaks_table(lab, found, url=url, no_case=True),
        "peaks": liver_tables.peaks_table(lab, found, url=url),
    }
    file = file_of(
        request,
        asked,
        data,
        tables={
            "cases": shown["cases"],
            "no-case": liver_tables.peaks_table(lab, found, url=url, no_case=True, every=True),
            "edish": liver_tables.peaks_table(lab, found, url=url, every=True),
            "quadrants": shown["quadrants"],
        },
        pictures={"edish": (PEAKS, chart and laboratory_charts.without_links(chart))},
    )
    if file:
        return file
    context = {
        "facts": [
            *facts_of(asked, lab),
            *as_facts(
                ("In the picture", f"{len(drawn)} participants"),
                ("Without a value of both kinds", f"{len(found.row) - len(drawn)} participants"),
                ("Values without an upper limit or not above 0, left out", found.unlimited),
                ("Values without a whole date, in no pair", found.undated),
                ("Results without a number, left out", rules.without_number(data, *LIVER_TESTS)),
                ("Above a limit of the method, counted at it", found.at_least),
            ),
        ],
        **shown,
        "chart": chart,
        "chart_title": PEAKS,
        "rule": livers.RULE,
        "back": asked.address("laboratory"),
    }
    return render(request, "signals/laboratory_edish.html", with_shared(asked, data, context))


@require_safe
@tells_unreadable
def laboratory_participant(request: HttpRequest, code: str, subject_id: uuid.UUID) -> HttpResponse:
    """One participant's liver tests over time, and what lay beyond its limits."""
    asked = ask_for(request, code, "one participant", participant=str(subject_id))
    if isinstance(asked, HttpResponse):
        return asked
    data = asked.load()
    everybody = data.participants
    subject = str(everybody.loc[everybody["participant"] == str(subject_id), "subject"].iloc[0])
    lab = asked.read(data, subject=subject)
    rows = [row for row, one in enumerate(lab.people["subject"]) if one == subject]
    if not rows or lab.people["arm"].iloc[rows[0]] < 0:
        raise Http404("No such participant in this cut.")
    person = lab.people.iloc[rows[0]]
    found = liver_values(rules.few_for(data, subject), lab.people).of(rows[0])
    tests = found.values[found.values["day"].notna()]
    points = [
        laboratory_charts.LiverPoint(str(row["analyte"]), float(told_day(row["day"])), float(row["times"]))
        for test in LIVER_TESTS
        for row in tests[tests["analyte"] == test].to_dict("records")
    ]
    chart = (
        laboratory_charts.liver_course(
            points, transaminase=livers.TRANSAMINASE_LIMIT, bilirubin=livers.BILIRUBIN_LIMIT
        )
        if points
        else None
    )
    shown = {
        "course": liver_tables.course_table(tests),
        "beyond": liver_tables.beyond_table(lab, lab.values),
    }
    file = file_of(
        request,
        asked,
        data,
        tables=shown,
        pictures={"course": (COURSE, chart)},
        about=(("Participant", subject), ("Arm", lab.arms.names[int(person["arm"])])),
    )
    if file:
        return file
    context = {
        "subject": person["subject"],
        "facts": [
            *as_facts(
                ("Arm", lab.arms.names[int(person["arm"])]),
                (
                    "First exposure",
                    "unknown" if person.isna()["first_exposure"] else person["first_exposure"].date(),
                ),
                ("Follow-up, years", f"{person['follow_up_years']:.2f}"),
            ),
            *facts_of(asked, lab),
            *as_facts(
                (
                    "Liver tests without an upper limit or not above 0, left out",
                    sum(found.unlimited.values()),
                ),
                ("Liver tests without a whole date, not drawn", int(found.values["day"].isna().sum())),
            ),
        ],
        **shown,
        "chart": chart,
        "chart_title": COURSE,
        "back": asked.address("laboratory_edish"),
    }
    return render(request, "signals/laboratory_participant.html", with_shared(asked, data, context))
