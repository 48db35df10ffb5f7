"""The audit trail as people read it: entries of one study, narrowed, each change in words.

The trail is no model of Django's: it belongs to another role, and this room's login may only select from it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django import forms
from django.apps import apps
from django.db import connection
from django.db.models import Field, ForeignKey, Model

from pvtracker.accounts.roles import ROLES

# Values that the page does not repeat: what was typed and not submitted, and texts that are held because they may
# tell an arm. That they changed is told.
NOT_REPEATED = {
    "events_draft": {"body"},
    "events_heldtext": {"text", "words"},
    "events_armword": {"word"},
}
# Columns that say nothing to a reader: keys, and the days that a partial date can mean (its text is told).
SILENT = {"id", "study_id", "source_hash"}
SILENT_ENDINGS = ("_earliest", "_latest")
LONGEST = 300


class TrailFilter(forms.Form):
    """What a reader asks for; a field that cannot be read narrows nothing and says so."""

    person = forms.CharField(label="Who", required=False, max_length=120)
    first = forms.DateField(
        label="From",
        required=False,
        error_messages={"invalid": "Write a day as in 2026-03-05."},
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    last = forms.DateField(
        label="To",
        required=False,
        error_messages={"invalid": "Write a day as in 2026-03-05."},
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    kind = forms.ChoiceField(label="Kind of record", required=False)
    field = forms.ChoiceField(label="Field", required=False)
    source = forms.CharField(label="Source", required=False, max_length=120)
    participant = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    event = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = sorted((label, table) for table, label in labels().items())
        self.fields["kind"].choices = [("", "Every kind"), *((t, text) for text, t in kinds)]  # type: ignore[attr-defined]
        names = sorted({(name, column) for table in labels() for column, name in columns(table).items()})
        self.fields["field"].choices = [("", "Every field"), *((c, n) for n, c in names)]  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the trail."""

    id: int
    at: datetime.datetime
    actor: str
    actor_name: str
    role: str
    source: str
    reason: str
    request_id: str
    participant: str | None
    event: str | None
    table: str
    key: str
    operation: str
    old: dict[str, Any]
    new: dict[str, Any]
    seq: int | None

    @property
    def kind(self) -> str:
        return labels().get(self.table, self.table)

    @property
    def who(self) -> str:
        role = ROLES[self.role].label if self.role in ROLES else self.role
        return f"{self.actor_name or self.actor} ({role})" if role else self.actor_name or self.actor


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries that a filter leaves, latest first, as Django's paginator takes them."""

    where: str
    values: tuple[Any, ...]

    @classmethod
    def of(cls, study_id: object, told: dict[str, Any]) -> Entries:
        """Entries of the study that was entered; `told` is the valid part of a filter."""
        parts, values = ["e.study_id = %s"], [study_id]
        for name, condition in CONDITIONS.items():
            if told.get(name):
                parts.append(condition)
                values += [told[name]] * condition.count("%s")
        return cls(" and ".join(parts), tuple(values))

    def count(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"select count(*) from audit.entry e where {self.where}", self.values)  # noqa: S608
            return int(cursor.fetchone()[0])

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, part: slice) -> list[Entry]:
        return list(self.read(limit=part.stop - (part.start or 0), offset=part.start or 0))

    def read(self, *, limit: int, offset: int = 0) -> Iterator[Entry]:
        """So many entries from the latest back."""
        statement = (
            f"{SELECT} where {self.where} order by e.id desc limit %s offset %s"  # the conditions are ours
        )
        with connection.cursor() as cursor:
            cursor.execute(statement, [*self.values, limit, offset])
            for row in cursor.fetchall():
                told: list[Any] = [*row[:13], _object(row[13]), _object(row[14]), row[15]]
                yield Entry(*told)


CONDITIONS = {
    "person": "(e.actor_name ilike '%%' || %s || '%%' or e.actor = %s)",
    "first": "e.at >= %s",
    "last": "e.at < %s::date + 1",
    "kind": "e.table_name = %s",
    "field": "(e.new ? %s or e.old ? %s)",
    "source": "e.source ilike '%%' || %s || '%%'",
    "participant": "(e.participant = %s or e.event in"
    " (select p.event from audit.entry p where p.participant = %s and p.event is not null))",
    "event": "e.event = %s",
}
SELECT = """
select e.id, e.at, e.actor, e.actor_name, e.role, e.source, e.reason, e.request_id, e.participant, e.event,
       e.table_name, e.row_key, e.operation, e.old::text, e.new::text, l.seq
from audit.entry e left join audit.link l on l.entry_id = e.id
"""


def system_entries() -> Entries:
    """Entries of no study: accounts, invitations, dictionaries, and what else belongs to the installation."""
    return Entries("e.study_id is null", ())


def _object(text: str | None) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}


# --- words ------------------------------------------------------------------------------------------------------------
@cache
def _models() -> dict[str, type[Model]]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


@cache
def labels() -> dict[str, str]:
    """Kind of record by table."""
    return {table: str(model._meta.verbose_name).capitalize() for table, model in _models().items()}


def _fields(table: str) -> dict[str, Field[Any, Any]]:
    model = _models().get(table)
    return {str(field.column): field for field in model._meta.concrete_fields} if model else {}


def columns(table: str) -> dict[str, str]:
    """The words for the columns of a table that are told."""
    return {
        column: str(field.verbose_name)
        for column, field in _fields(table).items()
        if column not in SILENT and not column.endswith(SILENT_ENDINGS)
    }


def in_words(entries: Iterable[Entry]) -> list[tuple[Entry, list[str]]]:
    """Each entry with its changes as short sentences; what a key points to is named."""
    listed = list(entries)
    names = _named(listed)
    return [(entry, _sentences(entry, names)) for entry in listed]


def _sentences(entry: Entry, names: dict[tuple[str, str], str]) -> list[str]:
    known = columns(entry.table)
    said = []
    for column in sorted(
        {*entry.old, *entry.new}, key=lambda name: list(known).index(name) if name in known else 999
    ):
        if column in SILENT or column.endswith(SILENT_ENDINGS):
            continue
        name = known.get(column, column)
        was, became = (_value(entry, column, side.get(column), names) for side in (entry.old, entry.new))
        if column in NOT_REPEATED.get(entry.table, ()):
            said.append(
                f"{name} changed (not repeated here)"
                if entry.operation == "update"
                else f"{name} (not repeated here)"
            )
        elif entry.operation == "update":
            said.append(f"{name} changed from {was} to {became}")
        elif (told := was if entry.operation == "delete" else became) != EMPTY:
            said.append(f"{name} {told}")
    return said


EMPTY = "nothing"


def _value(entry: Entry, column: str, value: Any, names: dict[tuple[str, str], str]) -> str:
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
    if isinstance(value, str) and value.startswith("sha256:"):
        return "another value"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else text[:LONGEST] + " …"


def _named(entries: list[Entry]) -> dict[tuple[str, str], str]:
    """What the keys in these entries point to, asked once per table."""
    wanted: dict[type[Model], set[str]] = {}
    for entry in entries:
        for column, field in _fields(entry.table).items():
            if isinstance(field, ForeignKey) and column not in SILENT:
                found = {str(side[column]) for side in (entry.old, entry.new) if side.get(column) is not None}
                wanted.setdefault(field.related_model, set()).update(found)
    return {
        (model._meta.db_table, str(key)): str(row) if type(row).__str__ is not Model.__str__ else str(key)
        for model, keys in wanted.items()
        for key, row in model._default_manager.in_bulk(list(keys)).items()
    }
