"""Reading watched terms, their expectations, looks and warnings. The study is entered."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404

from pvtracker.accounts.models import Account
from pvtracker.coding import queries as coding_queries
from pvtracker.coding.queries import COUNTED
from pvtracker.cuts.models import Cut, CutState
from pvtracker.cuts.queries import cuts_of
from pvtracker.monitoring.enums import Level, Selection, Standing
from pvtracker.monitoring.models import EarlyWarning, Expectation, Look, WatchedTerm
from pvtracker.monitoring.pooled import COLUMNS
from pvtracker.studies.models import Study


@dataclass(frozen=True, slots=True)
class Watch:
    """A watched term with the expectation in force and its look at one cut (None: not computed yet)."""

    term: WatchedTerm
    expectation: Expectation
    look: Look | None

    @property
    def standing(self) -> Standing:
        if not self.expectation.in_force:
            return Standing.STOPPED
        if self.look is None:
            return Standing.NOT_YET
        if self.look.problem:
            return Standing.NO_TIME
        return Standing.WARNING if self.look.warns else Standing.WATCHING


def expectations_in_force(study: Study) -> list[Expectation]:
    """The latest expectation of every watched term that is still watched, the first watched first."""
    return [one for one in latest_expectations(study) if one.in_force]


def latest_expectations(study: Study) -> list[Expectation]:
    """The latest expectation of every watched term, those that ended the watching too, the first watched first."""
    latest = Expectation.objects.filter(study=study).order_by("watched_id", "-version").distinct("watched_id")
    ids = list(latest.values_list("id", flat=True))
    found = Expectation.objects.filter(id__in=ids).select_related("watched__study")
    return list(
        found.order_by("watched__created_at", "watched__level", "watched__name", "watched__selection")
    )


def watches(study: Study, cut: Cut | None) -> list[Watch]:
    """Every watched term as it stands at a cut, those that warn first, then as they were first watched."""
    expectations = latest_expectations(study)
    looks = {
        look.expectation_id: look
        for look in Look.objects.filter(cut=cut, expectation__in=expectations).select_related("cut")
    }
    listed = [Watch(one.watched, one, looks.get(one.id)) for one in expectations]
    order = (Standing.WARNING, Standing.WATCHING, Standing.NO_TIME, Standing.NOT_YET, Standing.STOPPED)
    return sorted(listed, key=lambda one: order.index(one.standing))


def watched_for(study: Study, watched_id: uuid.UUID) -> WatchedTerm:
    """One watched term of the study; Http404 when there is none."""
    found = WatchedTerm.objects.filter(study=study, id=watched_id).first()
    if found is None:
        raise Http404("No such watched term.")
    return found


def is_watched(study: Study, level: Level, name: str, selection: Selection) -> bool:
    """Is this name of this level and selection watched, in whatever capitals, in force or not?"""
    named = WatchedTerm.objects.filter(study=study, level=level, selection=selection, name__iexact=name)
    return named.exists()


def expectations_of(watched: WatchedTerm) -> list[Expectation]:
    """Every version, the latest first."""
    found = Expectation.objects.filter(watched=watched).select_related("watched")
    return list(found.order_by("-version"))


def looks_of(expectation: Expectation) -> list[Look]:
    """What each cut showed under one expectation, in the order of the cuts."""
    found = Look.objects.filter(expectation=expectation).select_related("cut")
    return list(found.order_by("cut__made_at", "cut__id"))


def looks_before(looks: Iterable[Look]) -> dict[uuid.UUID, Look]:
    """Of each look, by its id, the look before it under the same expectation, in the order of the cut-off dates."""
    found: dict[uuid.UUID, Look] = {}
    by_cut: dict[uuid.UUID, list[Look]] = {}
    for look in looks:
        by_cut.setdefault(look.cut_id, []).append(look)
    for its in by_cut.values():
        cut = its[0].cut
        earlier = Look.objects.filter(expectation__in=[look.expectation_id for look in its]).filter(
            Q(cut__date__lt=cut.date) | Q(cut__date=cut.date, cut__made_at__lt=cut.made_at)
        )
        last = earlier.order_by("expectation_id", "-cut__date", "-cut__made_at").distinct("expectation_id")
        of = {look.expectation_id: look for look in last.select_related("cut")}
        found |= {look.id: of[look.expectation_id] for look in its if look.expectation_id in of}
    return found


def told_already(look: Look) -> bool:
    """Was somebody told since the watched term began to warn? Read backwards from this look, over earlier cuts and
    earlier versions, to the last one that did not warn; a warning of which nobody heard silences no later one.
    """
    same = Look.objects.filter(expectation__watched=look.expectation.watched_id)
    earlier = same.filter(cut__made_at__lt=look.cut.made_at) | same.filter(
        cut=look.cut_id, expectation__version__lt=look.expectation.version
    )
    told = Exists(EarlyWarning.objects.filter(look=OuterRef("pk")))
    backwards = earlier.order_by("-cut__made_at", "-expectation__version").annotate(told=told)
    for warned, heard in backwards.values_list("warns", "told"):
        if heard or not warned:
            return bool(heard)
    return False


def missing(study: Study) -> list[tuple[Cut, list[Expectation]]]:
    """The usable cuts, the earliest first, with the expectations in force that have not been held against them."""
    expectations = expectations_in_force(study)
    usable = cuts_of(study).filter(state=CutState.READY)
    done = set(Look.objects.filter(expectation__in=expectations).values_list("cut_id", "expectation_id"))
    found = [
        (one, [expected for expected in expectations if (one.id, expected.id) not in done])
        for one in reversed(list(usable))
    ]
    return [(one, lacking) for one, lacking in found if lacking]


def unknown_names(study: Study, level: Level, names: Iterable[str]) -> list[str]:
    """Those of these names that no dictionary of the study has at this level, whatever their capitals; of the terms of
    a set, at any level."""
    columns = COUNTED if level is Level.SET else [COLUMNS[level]]
    return coding_queries.unknown_names(study.id, names, columns=columns)


def members_of(known: Mapping[str, Iterable[str]], name: str) -> tuple[str, ...] | None:
    """The terms of the query of this name, whatever its capitals, among those of the study's definitions; None where
    there is none."""
    found = {one.casefold(): tuple(terms) for one, terms in known.items()}
    return found.get(name.casefold())


def warnings_of(study: Study, account: Account) -> QuerySet[EarlyWarning]:
    """What a person was told, unread first, then the latest."""
    found = EarlyWarning.objects.filter(study=study, account=account)
    return found.select_related("look__expectation__watched", "look__cut").order_by(
        "read_at", "-raised_at", "id"
    )


def told_of(looks: Iterable[Look]) -> dict[uuid.UUID, int]:
    """How many people were told of each look."""
    told: dict[uuid.UUID, int] = {}
    for look_id in EarlyWarning.objects.filter(look__in=list(looks)).values_list("look_id", flat=True):
        told[look_id] = told.get(look_id, 0) + 1
    return told
