"""Open room: one SELECT per dataset of a cut, in the column order of `columns.py` and in a total order of rows.

Each SELECT joins the participants that are in the cut (`p`), and holds what was entered with an earliest possible day
no later than the cut's day. An end that lies later is left blank.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from psycopg import sql

from pvtracker.cuts.columns import OPEN_DATASETS

RULE = (
    "In: participants, and what was entered about them, with an earliest possible date on or before the cut-off "
    "date; rows without a date are in. Read in one snapshot of the database. Voided events are left out. An end "
    "after the cut-off date is left blank; such an event is ongoing and its outcome blank. A death after the "
    "cut-off date is left out. The day on which an event was typed is told even where it lies after the cut-off date; "
    "imported events have none. Nothing here tells the arm."
)
# Participants in the cut, under the alias p.
IN_CUT = """
    p.study_id = {study} and coalesce(p.consented_on_earliest, p.started_on_earliest, {cut}) <= {cut}
"""
# The last day on which something that is in the cut happened to a participant.
LAST_CONTACT = """
    select c.participant_id, max(c.day) as day from (
        select participant_id, start_earliest as day from participants_visit where study_id = {study}
        union all select participant_id, end_earliest from participants_visit where study_id = {study}
        union all select participant_id, start_earliest from participants_exposure where study_id = {study}
        union all select participant_id, end_earliest from participants_exposure where study_id = {study}
        union all select participant_id, taken_on_earliest from participants_measurement
                  where study_id = {study} and not not_done
        union all select participant_id, onset_earliest from events_adverseevent
                  where study_id = {study} and state <> 'voided'
        union all select participant_id, end_earliest from events_adverseevent
                  where study_id = {study} and state <> 'voided'
    ) c where c.day <= {cut} group by c.participant_id
"""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a dataset comes from: its table's alias, the joins and conditions after FROM, the order of rows, and an
    expression for each column that is not simply the table's own."""

    alias: str
    rows: str
    order: str
    expressions: dict[str, str]


def select(dataset: str, *, study_id: uuid.UUID, cut_date: date) -> sql.Composed:
    """The SELECT of one dataset, in the column order of `OPEN_DATASETS`; KeyError when there is no such dataset."""
    source = SOURCES[dataset]
    columns = [
        f'{source.expressions.get(name) or _own(source.alias, name)} as "{name}"'
        for name, _ in OPEN_DATASETS[dataset]
    ]
    text = f"select {', '.join(columns)}\nfrom {source.rows}\norder by {source.order}"
    return sql.SQL(text).format(study=sql.Literal(study_id), cut=sql.Literal(cut_date))


def _own(alias: str, name: str) -> str:
    return f'{alias}."{name}"'


def _blank_after_cut(name: str, alias: str) -> dict[str, str]:
    """The three columns of a date that lies after the cut's day, and is not known then."""
    known = f'{alias}."{name}_earliest" <= {{cut}}'
    return {
        name: f"case when {known} then {_own(alias, name)} else '' end",
        f"{name}_earliest": f"case when {known} then {_own(alias, name + '_earliest')} end",
        f"{name}_latest": f"case when {known} then {_own(alias, name + '_latest')} end",
    }


def _rows(table: str, alias: str, day: str, *, joins: str = "", condition: str = "true") -> str:
    """Rows of a table that belong to participants in the cut and have an earliest day up to the cut's, or none."""
    return f"""{table} {alias} join participants_participant p on p.id = {alias}.participant_id {joins}
    where {IN_CUT} and {alias}.study_id = {{study}} and coalesce({alias}.{day}, {{cut}}) <= {{cut}} and {condition}"""


def _by_source(alias: str, table: str, day: str, *, joins: str = "", **expressions: str) -> Source:
    """A dataset of rows that are told apart by `source_id`, some with an end that may lie after the cut."""
    return Source(
        alias=alias,
        rows=_rows(table, alias, day, joins=joins),
        order=f'p.subject collate "C", {alias}.source_id collate "C"',
        expressions={"subject": "p.subject", **expressions},
    )


# The days on which another grade was recorded, up to the cut, with the grades, in the order of versions; nothing for an
# event of one grade.
COURSE = """
    select c.event_id, string_agg(c.day || ' ' || c.grade, '|' order by c.version) as text from (
        select v.event_id, v.version, v.body ->> 'grade' as grade,
            to_char(v.recorded_at at time zone 'UTC', 'YYYY-MM-DD') as day,
            lag(v.body ->> 'grade') over (partition by v.event_id order by v.version) as before
        from events_adverseeventversion v join events_adverseevent w on w.id = v.event_id and w.version > 1
        where v.study_id = {study} and w.study_id = {study} and v.body ->> 'grade' is not null
            and (v.recorded_at at time zone 'UTC')::date <= {cut}
    ) c where c.grade is distinct from c.before group by c.event_id having count(*) > 1
"""
# Who typed an event, typed it on a day at the site; an import has another source, and its day is that of the delivery.
TYPED = """
    left join events_adverseeventversion typed on typed.study_id = {study} and typed.event_id = e.id
        and typed.version = 1 and typed.source = 'form'
    join studies_site place on place.id = p.site_id
"""
EVENTS = _rows(
    "events_adverseevent",
    "e",
    "onset_earliest",
    joins=f"""left join coding_term t on t.id = e.term_id left join ({COURSE}) course on course.event_id = e.id
    {TYPED}""",
    condition="e.state <> 'voided'",
)
# By version numbers: whether a signature fits what it signed is verified on the event's page.
SIGNED = """exists (select 1 from accounts_signature g where g.kind = 'adverse_event' and g.object_id = e.id{more})"""
SIGNATURE = f"""case when {SIGNED.format(more=" and g.version = e.version")} then 'signed'
    when {SIGNED.format(more="")} then 'void' else 'none' end"""
TERM_LEVELS = (
    "lowest_level_term",
    "preferred_term",
    "high_level_term",
    "high_level_group_term",
    "system_organ_class",
)
INTERVENTION = "join studies_intervention i on i.id = {alias}.intervention_id"

SOURCES: dict[str, Source] = {
    "participants": Source(
        alias="p",
        rows=f"""participants_participant p join studies_site s on s.id = p.site_id
    left join ({LAST_CONTACT}) contact on contact.participant_id = p.id where {IN_CUT}""",
        order='p.subject collate "C"',
        expressions={
            "participant": "p.id",
            "site": "s.code",
            "died": "p.died and coalesce(p.died_on_earliest, {cut}) <= {cut}",
            **_blank_after_cut("started_on", "p"),
            **_blank_after_cut("ended_on", "p"),
            **_blank_after_cut("died_on", "p"),
            "last_contact": "contact.day",
        },
    ),
    "exposures": _by_source(
        "x",
        "participants_exposure",
        "start_earliest",
        joins=INTERVENTION.format(alias="x"),
        intervention="i.code",
        **_blank_after_cut("end", "x"),
    ),
    "visits": _by_source("v", "participants_visit", "start_earliest", **_blank_after_cut("end", "v")),
    "dispositions": _by_source("d", "participants_disposition", "start_earliest"),
    "adverse_events": Source(
        alias="e",
        rows=EVENTS,
        order='p.subject collate "C", e.number',
        expressions={
            "subject": "p.subject",
            "event": "e.id",
            **{level: f"coalesce(t.{level}, '')" for level in TERM_LEVELS},
            **_blank_after_cut("end", "e"),
            "ongoing": "e.ongoing or coalesce(e.end_earliest > {cut}, false)",
            "criteria": "array_to_string(e.criteria, '|')",
            "outcome": "case when e.end_earliest > {cut} then '' else e.outcome end",
            "outcome_reported": "case when e.end_earliest > {cut} then '' else e.outcome_reported end",
            **_blank_after_cut("aware_on", "e"),
            "entered_on": "(typed.recorded_at at time zone place.time_zone)::date",
            "grade_course": "coalesce(course.text, '')",
            "signature": SIGNATURE,
        },
    ),
    "assessments": Source(
        alias="a",
        rows=f"""events_assessment a join events_adverseevent e on e.id = a.event_id
    join studies_intervention i on i.id = a.intervention_id
    join participants_participant p on p.id = e.participant_id
    where {IN_CUT} and a.study_id = {{study}} and coalesce(e.onset_earliest, {{cut}}) <= {{cut}}
      and e.state <> 'voided'""",
        order='p.subject collate "C", e.number, i.code collate "C", a.assessor collate "C"',
        expressions={"subject": "p.subject", "number": "e.number", "intervention": "i.code"},
    ),
    "measurements": _by_source("m", "participants_measurement", "taken_on_earliest"),
    "history": _by_source(
        "h", "participants_medicalhistory", "start_earliest", **_blank_after_cut("end", "h")
    ),
    "medications": _by_source(
        "c", "participants_medication", "start_earliest", **_blank_after_cut("end", "c")
    ),
}
