"""Each request is one transaction under the name of the person who asks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse
from django.test import RequestFactory

from pvtracker.accounts.roles import Permission
from pvtracker.studies.actions import SiteEntry, put_sites
from pvtracker.studies.models import Site
from pvtracker.studies.queries import study_for
from pvtracker.web.middleware import OneTransaction
from tests.open.world import World, make_world

pytestmark = pytest.mark.django_db
View = Callable[[HttpRequest], HttpResponse]


@pytest.fixture
def world() -> World:
    return make_world()


def ask(world: World, view: View) -> HttpResponse:
    """The view, called by the last middleware for Alice."""
    request = RequestFactory().get("/")
    request.user, request.session = world.people["alice"], world.client("alice").session
    return OneTransaction(lambda _: HttpResponse()).process_view(request, view, (), {})


def settings() -> tuple[str, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select current_setting('pv.actor'), current_setting('pv.actor_name'), current_setting('pv.study')"
        )
        return tuple(cursor.fetchone())


def writes(world: World) -> None:
    """As a view does: enter the study, then act."""
    study = study_for(world.people["alice"], world.study.code, Permission.READ_PARTICIPANTS)
    put_sites(study=study, sites=[SiteEntry("NEW")], by=world.people["alice"].actor())


def stored(world: World) -> bool:
    return Site.objects.filter(study=world.study, code="NEW").exists()


def test_what_a_view_writes_is_kept(world: World) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        writes(world)
        return HttpResponse(status=422)

    assert ask(world, view).status_code == 422
    assert stored(world)


def test_a_view_that_raises_after_it_wrote_leaves_nothing(world: World) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        writes(world)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ask(world, view)
    assert not stored(world)


def test_an_answer_that_tells_of_a_fault_leaves_nothing(world: World) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        writes(world)
        return HttpResponse(status=500)

    assert ask(world, view).status_code == 500
    assert not stored(world)


def test_a_page_that_cannot_be_drawn_leaves_nothing(world: World) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        writes(world)
        return SimpleTemplateResponse("no/such/page.html")

    with pytest.raises(Exception, match=r"no/such/page\.html"):
        ask(world, view)
    assert not stored(world)


def test_the_actor_is_the_person_who_signed_in_and_no_study_is_entered_yet(world: World) -> None:
    told: list[tuple[str, ...]] = []

    def view(request: HttpRequest) -> HttpResponse:
        told.append(settings())
        return HttpResponse()

    ask(world, view)
    alice = world.people["alice"]
    assert told == [(str(alice.id), alice.full_name, "")]
