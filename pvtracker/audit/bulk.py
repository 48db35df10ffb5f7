"""Many rows at once by PostgreSQL's COPY, inside the transaction of an action."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection
from django.db.models import AutoField, Field, Model
from psycopg import sql


def copy_rows(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Insert `rows`, whose values stand in the order of the field `names`; returns how many there were.

    Fields not named get what the database gives them (a serial number, null). A value that breaks a
    constraint fails all of it, and with it the transaction. COPY cannot fill a table under row policies: it
    fills a temporary one, from which one INSERT takes everything under the policies.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("Rows are copied inside a transaction; call this from an action.")
    columns = sql.SQL(", ").join(sql.Identifier(_column(model, name)) for name in names)
    target, copied = sql.Identifier(model._meta.db_table), sql.Identifier(f"copied_{uuid.uuid4().hex}")
    count = 0
    with connection.cursor() as cursor:
        # as the target's columns, without its constraints: those are the INSERT's to check
        cursor.execute(
            sql.SQL("create temporary table {} on commit drop as select {} from {} with no data").format(
                copied, columns, target
            )
        )
        with cursor.copy(sql.SQL("copy {} ({}) from stdin").format(copied, columns)) as copy:
            for row in rows:
                copy.write_row(row)
                count += 1
        cursor.execute(
            sql.SQL("insert into {} ({}) select {} from {}").format(target, columns, columns, copied)
        )
        cursor.execute(sql.SQL("drop table {}").format(copied))
    return count


def _column(model: type[Model], name: str) -> str:
    field = model._meta.get_field(name)
    if not isinstance(field, Field):
        raise TypeError(f"{model.__name__}.{name} is no column of the table.")
    return str(field.column)


def copy_objects(model: type[Model], objects: Iterable[Model]) -> int:
    """Insert unsaved objects with every value that `save()` would write; their serial numbers stay unknown
    to them.
    """
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, AutoField)]
    rows = (
        [field.get_db_prep_save(field.pre_save(item, add=True), connection) for field in fields]
        for item in objects
    )
    return copy_rows(model, [field.name for field in fields], rows)
