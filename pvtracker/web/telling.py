"""One entry of the audit trail as sentences: names of records and fields from `words`, values as people say them."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Field, ForeignKey, Model

from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import ROLES
from pvtracker.accounts.signing.meanings import MEANINGS
from pvtracker.audit.provenance import actor_in_words, source_in_words
from pvtracker.audit.tables import EVENT_TABLE, LEFT_OUT, PARTICIPANT_TABLE, STUDY_TABLE, UNRECORDED
from pvtracker.coding.scales import SCALES
from pvtracker.events.enums import SeriousnessCriterion
from pvtracker.web import words
from pvtracker.web.field_words import EVERYWHERE, FIELDS

if TYPE_CHECKING:
    from pvtracker.web.trail import Entry

# Values that the page does not repeat: what was typed and not submitted, and texts that are held because they may
# tell an arm. That they changed is told.
NOT_REPEATED = {
    "events_draft": {"body"},
    "events_heldtext": {"text", "words"},
    "events_armword": {"word"},
}
# What runs of the closed room found, which a person may have hidden (`studies/inference.py`): what methods said, what
# was judged of boundaries, how many findings are flagged, and why the process took a step. What people wrote stays.
INFERENTIAL = {
    "signals_run": {"settings", "flagged"},
    "signals_signalstep": {"numbers", "reason"},
}
NOT_SHOWN = "(hidden with inferential output, as you chose)"
LONGEST = 300
EMPTY = "nothing"
MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?\+00:00")
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DOMAINS = {
    "ADSL": "analysis sets as delivered",
    "AE": "adverse events",
    "DM": "participants",
    "DD": "deaths",
    "LB": "laboratory",
    "VS": "vital signs",
}
SEXES = {"F": "female", "M": "male", "U": "unknown"}
SIGNED = {
    "adverse_event": EVENT_TABLE,
    "report": "reports_reportrecord",
    "recommendation": "board_recommendation",
    "signal_assessment": "signals_signal",
    "signal_closing": "signals_signal",
    "screening_plan": "studies_study",
}
Names = dict[tuple[str, str], str]  # table and key → what the row is called


@cache
def _models() -> dict[str, type[Model]]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


@cache
def recorded() -> tuple[str, ...]:
    """The tables of this room that the trail records."""
    return tuple(sorted(table for table in _models() if table not in UNRECORDED))


@cache
def belongs_to_a_study(table: str) -> bool:
    """Whether its entries are in the history of a study."""
    return table == STUDY_TABLE or "study_id" in _fields(table)


@cache
def _fields(table: str) -> dict[str, Field[Any, Any]]:
    model = _models().get(table)
    return {str(field.column): field for field in model._meta.concrete_fields} if model else {}


@cache
def columns(table: str) -> dict[str, str]:
    """The words for the columns of a table that are told."""
    left_out = LEFT_OUT.get(table, {})
    told = [column for column in _fields(table) if not words.is_silent(column) and column not in left_out]
    return {column: words.field_name(table, column) for column in told}


def in_words(entries: Iterable[Entry], *, inference: bool = True) -> list[tuple[Entry, str, list[str]]]:
    """Each entry with whom or what it is about, and its changes as short sentences; without `inference`, of inferential
    output only that it is there."""
    listed = list(entries)
    names = _named(listed)
    return [
        (entry, _about(entry, names), _sentences(entry, names, set() if inference else _inferential(entry)))
        for entry in listed
    ]


def _inferential(entry: Entry) -> set[str]:
    """The columns of an entry that tell inferential output. A step without numbers is of a single case, without a
    test; and a person's reason is theirs."""
    told, columns = entry.new or entry.old, INFERENTIAL.get(entry.table, set())
    if entry.table == "signals_signalstep" and not (told.get("numbers") and told.get("role") == "process"):
        return columns - {"reason"}
    return columns


def _about(entry: Entry, names: Names) -> str:
    """The adverse event or participant that the entry is about; '' for what is about neither."""
    if entry.event:
        return names.get((EVENT_TABLE, entry.event), "")
    if entry.participant:
        return f"participant {names.get((PARTICIPANT_TABLE, entry.participant), entry.participant)}"
    return ""


def _sentences(entry: Entry, names: Names, hidden: set[str]) -> list[str]:
    known = columns(entry.table)
    order = {column: place for place, column in enumerate(known)}
    told = {column for column in {*entry.old, *entry.new} if not words.is_silent(column)}
    said = []
    for column in sorted(told, key=lambda column: (order.get(column, len(order)), column)):
        name = known.get(column) or words.field_name(entry.table, column)
        was, became = (_value(entry, column, side.get(column), names) for side in (entry.old, entry.new))
        if column in NOT_REPEATED.get(entry.table, ()):
            changed = "changed " if entry.operation == "update" else ""
            said.append(f"{name} {changed}(not repeated here)")
        elif column in hidden:
            said.append(f"{name} {NOT_SHOWN}")
        elif entry.operation == "update":
            said.append(f"{name} changed from {was} to {became}")
        elif (value := was if entry.operation == "delete" else became) != EMPTY:
            said.append(f"{name}: {value}")
    return said


def _value(entry: Entry, column: str, value: Any, names: Names) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return EMPTY
    field = _fields(entry.table).get(column)
    if isinstance(field, ForeignKey):
        return names.get((field.related_model._meta.db_table, str(value)), str(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    choices = dict(field.flatchoices) if field is not None and field.choices else {}
    if isinstance(value, str | int) and value in choices:
        return str(choices[value]).lower()
    if entry.table == "accounts_signature" and column == "object_id":
        kind = (entry.new or entry.old).get("kind", "")
        return names.get((SIGNED.get(kind, ""), str(value)), str(value))
    text = _plain(column, value, names)
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def _plain(column: str, value: Any, names: Names) -> str:
    """A value by what its column means; lists and objects part by part."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "; ".join(
            f"{_key(key)}: {_plain(key, part, names)}"
            for key, part in value.items()
            if part not in (None, "", [], {})
        )
    if isinstance(value, list):
        return ", ".join(_plain(column, part, names) for part in value)
    if not isinstance(value, str):
        return json.dumps(value)
    if value.startswith("sha256:"):
        return "another value"
    if moment := MOMENT.fullmatch(value):
        return f"{moment[1]} {moment[2]} UTC"
    if UUID.fullmatch(value):
        return names.get(("accounts_account", value), value)
    if value.startswith("process:"):
        return actor_in_words(value)
    return _coded(column, value)


def _coded(column: str, value: str) -> str:
    """Keys that stand in columns without choices of their own."""
    if column in {"role", "open_role"}:
        return ROLES[value].label if value in ROLES else value
    if column in {"scale", "severity_scale"}:
        return SCALES[value].name if value in SCALES else value
    if column == "criteria" and value in SeriousnessCriterion.values:
        return str(SeriousnessCriterion(value).label).lower()
    if column == "meaning":
        return next((m.label.lower() for known in MEANINGS.values() for m in known if m.key == value), value)
    if column == "field":
        return _key(value.partition(":")[0])
    if column == "source":
        return source_in_words(value)
    if column in {"actor_name", "granted_by", "recorded_by", "checked_by", "invited_by"}:
        return actor_in_words(value)
    if column == "rule":
        return value.replace("-", " ")
    if column in {"phase", "kind", "object_kind"}:
        return value.replace("_", " ")
    return {"domain": DOMAINS, "sex": SEXES}.get(column, {}).get(value, value)


def _key(key: str) -> str:
    """A key within an object, in the words of an adverse event where it has them."""
    own = FIELDS[EVENT_TABLE]
    return own.get(key) or EVERYWHERE.get(key) or key.replace("_", " ")


def _named(entries: list[Entry]) -> Names:
    """What the keys in these entries point to, asked once per table."""
    wanted: dict[str, set[str]] = {}
    for entry in entries:
        wanted.setdefault(PARTICIPANT_TABLE, set()).update({entry.participant} if entry.participant else ())
        wanted.setdefault(EVENT_TABLE, set()).update({entry.event} if entry.event else ())
        for side in (entry.old, entry.new):
            for column, value in side.items():
                if value is None or words.is_silent(column):
                    continue
                field = _fields(entry.table).get(column)
                if isinstance(field, ForeignKey):
                    wanted.setdefault(field.related_model._meta.db_table, set()).add(str(value))
                elif column == "object_id" and side.get("kind") in SIGNED:
                    wanted.setdefault(SIGNED[side["kind"]], set()).add(str(value))
                elif isinstance(value, str) and UUID.fullmatch(value):
                    wanted.setdefault(Account._meta.db_table, set()).add(value)
    return {
        (table, str(key)): str(row)
        for table, keys in wanted.items()
        if keys and (model := _models().get(table)) is not None
        for key, row in model._default_manager.select_related().in_bulk(_keys(model, keys)).items()
    }


def _keys(model: type[Model], keys: Iterable[str]) -> list[Any]:
    """The keys as the table has them, without what can be none of its keys."""
    found = []
    for key in keys:
        with contextlib.suppress(ValidationError):
            found.append(model._meta.pk.to_python(key))
    return found
