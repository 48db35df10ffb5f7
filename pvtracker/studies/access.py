"""Reading the access records of a study: who looked, took data out, signed in or was kept out."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.db.models import Q, QuerySet

from pvtracker.audit.enums import AccessKind
from pvtracker.audit.models import AccessRecord
from pvtracker.studies.models import Membership, Study

# Of this room: in the open one nobody looks at an arm.
CLOSED_ONLY = {AccessKind.LOOK, AccessKind.CODE_BREAK_LOOK}
KINDS = [
    (kind.value, kind.label) for kind in AccessKind if settings.ROOM == "closed" or kind not in CLOSED_ONLY
]


class AccessFilter(forms.Form):
    """What an auditor asks for; a field that cannot be read narrows nothing and says so."""

    kind = forms.ChoiceField(label="What", choices=[("", "Everything"), *KINDS], required=False)
    person = forms.CharField(label="Who", required=False, max_length=120)
    thing = forms.CharField(label="Object or words", required=False, max_length=120)
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


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The valid parts of a filter."""

    kind: str = ""
    person: str = ""
    thing: str = ""
    first: datetime.date | None = None
    last: datetime.date | None = None

    @classmethod
    def of(cls, form: AccessFilter) -> Narrowed:
        """What the form says, without what cannot be read."""
        form.is_valid()
        told = form.cleaned_data
        return cls(**{name: told[name] for name in cls.__slots__ if told.get(name)})


def records_of(study: Study, by: Narrowed) -> QuerySet[AccessRecord]:
    """The records of the study, and those of no study (sign-ins) of whoever ever worked in it; latest first."""
    members = [
        str(each) for each in Membership.objects.filter(study=study).values_list("account_id", flat=True)
    ]
    found = AccessRecord.objects.filter(Q(study_id=study.id) | Q(study_id=None, actor__in=members))
    if by.kind:
        found = found.filter(kind=by.kind)
    if by.person:
        found = found.filter(Q(actor_name__icontains=by.person) | Q(actor=by.person))
    if by.thing:
        words = (
            Q(**{f"{name}__icontains": by.thing}) for name in ("object_kind", "object_id", "detail", "reason")
        )
        any_of = Q()
        for each in words:
            any_of |= each
        found = found.filter(any_of)
    if by.first:
        found = found.filter(at__gte=_midnight(by.first))
    if by.last:
        found = found.filter(at__lt=_midnight(by.last + datetime.timedelta(days=1)))
    return found.order_by("-id")


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)
