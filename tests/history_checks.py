"""Checks of the audit trail that each room runs against its own database, under its own login."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.models import BooleanField

from pvtracker.audit import guards, tables
from pvtracker.audit.bulk import copy_objects
from pvtracker.audit.context import Actor, action, enter_study
from pvtracker.audit.protection import history
from pvtracker.studies.actions import SiteEntry, put_sites
from pvtracker.studies.models import Site, Study
from tests.acting import as_test

Rows = list[tuple[Any, ...]]
# Tables of libraries that may be named although no migration of this room makes them.
OF_LIBRARIES = (
    "account_",
    "auth_",
    "django_",
    "mfa_",
    "oauth2_provider_",
    "socialaccount_",
)


def entries(since: int = 0) -> Rows:
    """table, operation, key, old and new of the entries after one, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, operation, row_key, old::text, new::text from audit.entry where id > %s order by id",
            [since],
        )
        return [
            (*row[:3], *(json.loads(side) if side else None for side in row[3:])) for row in cursor.fetchall()
        ]


def last() -> int:
    with connection.cursor() as cursor:
        cursor.execute("select coalesce(max(id), 0) from audit.entry")
        return int(cursor.fetchone()[0])


def dict_of(told: Rows) -> dict[str, tuple[Any, ...]]:
    return {key: (old, new) for key, old, new in told}


def make_study() -> Study:
    study = Study(code=f"T-{uuid.uuid4().hex[:8]}", title="A trial")
    with as_test():
        enter_study(study.id)
        study.save()
    return study


def check_each_way_of_writing_leaves_one_entry_per_row() -> None:
    """save, create, bulk_create, update, bulk_update, raw SQL and COPY; an update that changes nothing leaves none."""
    study = make_study()
    with as_test():
        enter_study(study.id)
        before = last()
        one = Site.objects.create(study=study, code="01", country="USA")
        two, three = Site.objects.bulk_create([Site(study=study, code="02"), Site(study=study, code="03")])
        copy_objects(Site, [Site(study=study, code="04"), Site(study=study, code="05")])
        told = entries(before)
        assert [(table, operation) for table, operation, *_ in told] == [("studies_site", "insert")] * 5
        assert [row[4]["code"] for row in told] == ["01", "02", "03", "04", "05"]
        assert all(row[3] is None and row[4]["study_id"] == str(study.id) for row in told)

        before = last()
        one.country = "AUS"
        one.save()
        Site.objects.filter(study=study, code__in=["02", "03"]).update(country="GBR")
        two.country, three.country = "FRA", "DEU"
        Site.objects.bulk_update([two, three], ["country"])
        with connection.cursor() as cursor:
            cursor.execute("update studies_site set country = 'ITA' where id = %s", [one.id])
        told = [(key, old, new) for _, _, key, old, new in entries(before)]
        assert told[0] == (str(one.id), {"country": "USA"}, {"country": "AUS"})
        assert dict_of(told[1:3]) == {
            str(site.id): ({"country": ""}, {"country": "GBR"}) for site in (two, three)
        }
        assert dict_of(told[3:5]) == {
            str(two.id): ({"country": "GBR"}, {"country": "FRA"}),
            str(three.id): ({"country": "GBR"}, {"country": "DEU"}),
        }
        assert told[5:] == [(str(one.id), {"country": "AUS"}, {"country": "ITA"})]

        before = last()
        three.save()
        assert entries(before) == [], "nothing changed"


def check_the_context_is_in_the_entry() -> None:
    study = make_study()
    with connection.cursor() as cursor:
        cursor.execute(
            "select actor, actor_name, role, source, reason, db_user = session_user, study_id, abs(extract(epoch from"
            " clock_timestamp() - at)) < 60 from audit.entry where row_key = %s",
            [str(study.id)],
        )
        found = cursor.fetchall()
    assert found == [("process:test", "test", "process", "test", "test", True, study.id, True)]


def check_every_table_is_recorded_or_named() -> None:
    """A new table is recorded without anybody's doing; one that is left out is named with a reason."""
    with connection.cursor() as cursor:
        assert list(guards.faults(cursor)) == []
        found = history.tables(cursor)
        cursor.execute("select tgrelid::regclass::text from pg_trigger where tgname like 'pv\\_recorded\\_%'")
        assert not {name for (name,) in cursor.fetchall()} & set(tables.UNRECORDED)
    assert len([table for table in found if table.recorded]) > 15
    for table in found:
        fires = not table.recorded
        assert fires == (table.name in tables.UNRECORDED), table.name


def check_no_name_is_left_over_and_each_has_a_reason() -> None:
    """What tables.py names exists: in this room, in the other, or in a library that may be installed."""
    models = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    own = {app.label for app in apps.get_app_configs() if app.name.startswith("pvtracker.")}
    for named in (tables.UNRECORDED, tables.APPEND_ONLY, tables.DELETABLE):
        for name, reason in named.items():
            assert len(reason) > 15, name
            if name.split("_")[0] in own and not name.startswith(OF_LIBRARIES):
                assert name in models, f"{name} is named in audit/tables.py and does not exist"
    for columns in (tables.MASKED, tables.LEFT_OUT):
        for name, told in columns.items():
            if name in models:
                known = {field.column for field in models[name]._meta.concrete_fields}
                assert set(told) <= known, f"{name} has no column {set(told) - known}"


def check_what_looks_like_a_secret_is_masked() -> None:
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if table in tables.UNRECORDED:
            continue
        for field in model._meta.concrete_fields:
            if not isinstance(field, BooleanField) and any(
                word in field.column for word in ("password", "secret", "token")
            ):
                assert field.column in tables.MASKED.get(table, {}), f"{table}.{field.column} is not masked"


def check_the_login_may_do_no_more_than_the_code_does() -> None:
    with connection.cursor() as cursor:
        for table in history.tables(cursor):
            cursor.execute(
                "select array(select p from unnest(array['select', 'insert', 'update', 'delete', 'truncate',"
                " 'references', 'trigger']) p where has_table_privilege(%s, p))",
                [f'public."{table.name}"'],
            )
            held = cursor.fetchone()[0]
            assert sorted(held) == sorted(history.rights(table)), table.name


def check_an_action_within_an_action_keeps_the_reason() -> None:
    """The inner one has the outer reason unless it has its own; what the outer writes after it is the outer's."""
    by, other = Actor.process("outer"), Actor.process("inner")
    study = make_study()

    @action
    def change(*, study: Study, by: Actor, reason: str, source: str) -> None:
        put_sites(study=study, sites=[SiteEntry("A")], by=by)
        put_sites(study=study, sites=[SiteEntry("B")], by=other, reason="its own", source="file")
        Study.objects.filter(id=study.id).update(title="Another trial")

    before = last()
    change(study=study, by=by, reason="why", source="import")
    with connection.cursor() as cursor:
        cursor.execute(
            "select actor, reason, source from audit.entry where id > %s and table_name like 'studies_%%' order by id",
            [before],
        )
        told = cursor.fetchall()
    assert told == [
        ("process:outer", "why", "import"),
        ("process:inner", "its own", "file"),
        ("process:outer", "why", "import"),
    ]
