"""Every record and field of a room's audit trail has words; run by each room against its own models."""

from __future__ import annotations

from django.apps import apps
from django.db.models import Model

from pvtracker.audit.tables import LEFT_OUT, UNRECORDED
from pvtracker.web import words
from pvtracker.web.field_words import EVERYWHERE, FIELDS


def unnamed() -> list[str]:
    """Tables and columns that would be read as their names in the database."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        if table in UNRECORDED:
            continue
        if table not in words.RECORDS:
            found.append(table)
        known = {**EVERYWHERE, **FIELDS.get(table, {})}
        found += [
            f"{table}.{field.column}"
            for field in model._meta.concrete_fields
            if field.column not in known
            and not words.is_silent(str(field.column))
            and field.column not in LEFT_OUT.get(table, {})
        ]
    return found


def nameless_rows() -> list[str]:
    """Models that a foreign key of a recorded table points to, whose rows would be read as a key."""
    models = [m for m in apps.get_models(include_auto_created=True) if m._meta.db_table not in UNRECORDED]
    pointed = {
        field.related_model
        for model in models
        for field in model._meta.concrete_fields
        if field.related_model is not None and not words.is_silent(str(field.column))
    }
    return sorted(m._meta.db_table for m in pointed if m.__str__ is Model.__str__)
