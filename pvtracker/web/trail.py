"""The audit trail as people read it: entries of one study, narrowed, each change in words.

The trail is no model of Django's: it belongs to another role, and this room's login may only select from it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import connection

from pvtracker.accounts.roles import ROLES
from pvtracker.audit.provenance import actor_in_words, source_in_words
from pvtracker.audit.tables import EVENT_TABLE, PARTICIPANT_TABLE
from pvtracker.web import words
from pvtracker.web.telling import belongs_to_a_study, columns, recorded


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
    participant = forms.CharField(label="Participant", required=False, max_length=80)
    source = forms.CharField(label="Source", required=False, max_length=120)
    event = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)

    def __init__(self, *args: Any, of_study: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tables = tables_of(of_study=of_study)
        kinds = sorted((words.record_name(table), table) for table in tables)
        self.fields["kind"].choices = [("", "Every kind"), *((t, _headed(text)) for text, t in kinds)]  # type: ignore[attr-defined]
        chosen = self.data.get("kind", "")
        fields = _fields_of([chosen] if chosen in tables else tables)
        self.fields["field"].choices = [("", "Every field"), *fields]  # type: ignore[attr-defined]
        if self.data.get("field"):
            self.data = self.data.copy()  # type: ignore[attr-defined]  # a QueryDict
            self.data["field"] = _same_field(self.data["field"], fields)  # type: ignore[index]
        if not of_study:
            del self.fields["participant"], self.fields["event"]

    def told(self) -> dict[str, Any]:
        """What can be read of the filter; a field that cannot narrows nothing."""
        return self.cleaned_data if self.is_bound and self.is_valid() is not None else {}


def tables_of(*, of_study: bool) -> list[str]:
    """The kinds of record that belong to studies, or to the installation."""
    return [table for table in recorded() if belongs_to_a_study(table) == of_study]


def _fields_of(tables: Iterable[str]) -> list[tuple[str, str]]:
    """The fields to choose from: each name once, for every column that is called so."""
    named: dict[str, set[str]] = {}
    for table in tables:
        for column, name in columns(table).items():
            named.setdefault(name, set()).add(column)
    return [(",".join(sorted(same)), name) for name, same in sorted(named.items())]


def _same_field(asked: str, fields: Iterable[tuple[str, str]]) -> str:
    """The choice that has one of the columns asked for: the choices become fewer once a kind of record is chosen."""
    wanted = set(asked.split(","))
    return next((value for value, _ in fields if wanted & set(value.split(","))), asked)


def _headed(text: str) -> str:
    return text[:1].upper() + text[1:]


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
        return _headed(words.record_name(self.table))

    @property
    def names_its_kind(self) -> bool:
        """The entry is about the event or participant itself, whose name says what it is."""
        return self.table in {EVENT_TABLE, PARTICIPANT_TABLE}

    @property
    def done(self) -> str:
        return words.operation(self.operation)

    @property
    def origin(self) -> str:
        return source_in_words(self.source)

    @property
    def who(self) -> str:
        role = ROLES[self.role].label if self.role in ROLES else self.role
        name = actor_in_words(self.actor_name or self.actor)
        return f"{name} ({role})" if role and role != name else name


@dataclass(frozen=True, slots=True)
class Entries:
    """The entries that a filter leaves, latest first, as Django's paginator takes them."""

    where: str
    values: tuple[Any, ...]

    @classmethod
    def of(cls, study_id: object, told: dict[str, Any]) -> Entries:
        """Entries of the study that was entered; `told` is the valid part of a filter."""
        parts, values = ["e.study_id = %s"], [study_id]
        return cls._narrowed(parts, values, told)

    @classmethod
    def of_no_study(cls, told: dict[str, Any]) -> Entries:
        """Entries of no study: accounts, invitations, dictionaries, and what else belongs to the installation."""
        return cls._narrowed(["e.study_id is null"], [], told)

    @classmethod
    def _narrowed(cls, parts: list[str], values: list[object], told: dict[str, Any]) -> Entries:
        told = {**told, "field": (told.get("field") or "").split(",") if told.get("field") else None}
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
        yield from read_entries(
            f"{self.where} order by e.id desc limit %s offset %s", [*self.values, limit, offset]
        )


def read_entries(condition: str, values: Sequence[Any]) -> Iterator[Entry]:
    """Entries under a condition, which is written here or by our own modules and never by who asks."""
    with connection.cursor() as cursor:
        cursor.execute(f"{SELECT} where {condition}", values)
        for row in cursor.fetchall():
            told: list[Any] = [*row[:13], _object(row[13]), _object(row[14]), row[15]]
            yield Entry(*told)


# A participant is named by the number that the site prints, by the whole identifier, or by our own key.
NAMED = (
    "select n.participant from audit.entry n where n.table_name = 'participants_participant'"
    " and n.participant is not null and %s in (n.new ->> 'code', n.new ->> 'subject') union select %s"
)
CONDITIONS = {
    "person": "(e.actor_name ilike '%%' || %s || '%%' or e.actor = %s)",
    "first": "e.at >= %s",
    "last": "e.at < %s::date + 1",
    "kind": "e.table_name = %s",
    "field": "(e.new ?| %s or e.old ?| %s)",
    "source": "e.source ilike '%%' || %s || '%%'",
    "participant": f"(e.participant in ({NAMED}) or e.event in"  # noqa: S608 - no word of it is asked for
    f" (select p.event from audit.entry p where p.participant in ({NAMED}) and p.event is not null))",
    "event": "e.event = %s",
}
SELECT = """
select e.id, e.at, e.actor, e.actor_name, e.role, e.source, e.reason, e.request_id, e.participant, e.event,
       e.table_name, e.row_key, e.operation, e.old::text, e.new::text, l.seq
from audit.entry e left join audit.link l on l.entry_id = e.id
"""


def _object(text: str | None) -> dict[str, Any]:
    return dict(json.loads(text)) if text else {}
