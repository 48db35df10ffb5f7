"""Leak channels that are closed by what is not there: see docs/reference/blinding.md."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import F, OrderBy
from django.test import Client
from django.urls import get_resolver

from pvtracker.ops.blind.masks import Masker
from pvtracker.ops.commands.blindcheck import today
from pvtracker.ops.environment import ROOT
from tests.architecture.walkers import url_names
from tests.open.world import World

pytestmark = pytest.mark.django_db

# Columns that no two rows of a list share.
TOTAL = ({"id"}, {"pk"}, {"code"}, {"participant__code", "number"}, {"subject"}, {"sequence"})
LISTS = (
    "participants/",
    "participants/?sort=-events",
    "adverse-events/",
    "queries/",
    "reports/",
    "cuts/",
    "feed/",
)


@pytest.fixture
def world(two_sites: World) -> World:
    two_sites.record(onset="2026")
    two_sites.record("P3", by="bob", onset="2026")
    return two_sites


def names_of(order: tuple[Any, ...]) -> set[str]:
    """The columns that an ORDER BY names."""
    found = set()
    for part in order:
        expression = part.expression if isinstance(part, OrderBy) else part
        found.add(expression.name if isinstance(expression, F) else str(expression).lstrip("-"))
    return found


def test_every_list_that_pages_has_a_total_order(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []
    plain = Paginator.__init__

    def watched(self: Any, rows: Any, *args: Any, **options: Any) -> None:
        if hasattr(rows, "query"):
            seen.append(names_of(rows.query.order_by))
        plain(self, rows, *args, **options)

    monkeypatch.setattr(Paginator, "__init__", watched)
    for tail in LISTS:
        world.client("mona").get(world.url(tail))
    assert len(seen) >= 3, "pages that nobody looks at prove nothing"
    for names in seen:
        assert any(key <= names for key in TOTAL), f"{names} leaves ties to chance"


def test_an_order_that_is_not_total_is_noticed() -> None:
    names = names_of(("-onset", F("number").desc(nulls_last=True)))
    assert names == {"onset", "number"} and not any(key <= names for key in TOTAL)


def sources() -> list[tuple[str, str]]:
    """Every file of the program with its text."""
    folder = ROOT / "pvtracker"
    return [(str(path.relative_to(folder)), path.read_text()) for path in folder.rglob("*.py")]


def test_no_page_or_fragment_is_cached() -> None:
    cached = [
        name for path in (ROOT / "templates").rglob("*.html") if "{% cache" in (name := path.read_text())
    ]
    assert cached == []
    assert not [name for name, text in sources() if "django.core.cache" in text or "cache_page" in text]


def test_nothing_is_in_the_cache_after_pages_for_two_roles(world: World) -> None:
    """The cache of a process, which the code does not use and a library might: what one sees could be shown another."""
    assert settings.CACHES["default"]["BACKEND"].endswith("LocMemCache"), "not one that processes share"
    for who in ("mona", "alice"):
        for tail in LISTS:
            world.client(who).get(world.url(tail))
    kept = dict(cache._cache)  # type: ignore[attr-defined]  # its own store
    assert kept == {}
    cache.set("page", "seen")
    assert len(cache._cache) == 1, "this is where it would be seen"  # type: ignore[attr-defined]
    cache.clear()


@pytest.mark.parametrize("tail", LISTS)
def test_no_answer_carries_a_mark_of_its_content(world: World, tail: str) -> None:
    answer = world.client("mona").get(world.url(tail))
    assert not {"ETag", "Last-Modified"} & set(answer.headers)
    assert "no-store" in answer.headers["Cache-Control"]


def test_no_answer_is_compressed(world: World) -> None:
    answer = world.client("mona").get(world.url("adverse-events/"), headers={"Accept-Encoding": "gzip, br"})
    assert answer.status_code == 200 and "Content-Encoding" not in answer.headers
    assert not [name for name in settings.MIDDLEWARE if "GZip" in name or "ConditionalGet" in name]


def test_the_admin_is_not_installed() -> None:
    assert "django.contrib.admin" not in settings.INSTALLED_APPS


@pytest.mark.parametrize(
    "name", ["participant__allocation__arm", "subject__arm__code", "arm", "planned_code"]
)
@pytest.mark.parametrize("tail", LISTS[:4:2] + LISTS[3:4])
def test_a_filter_through_a_relation_changes_no_page(world: World, tail: str, name: str) -> None:
    client, url = world.client("mona"), world.url(tail)

    def shown(query: str) -> str:
        text = client.get(url + query).content.decode()
        plain = Masker(today() - timedelta(days=1), today() + timedelta(days=1)).mask(text, page=True)
        return re.sub(r'(href|value|action)="[^"]*"', "", plain)  # addresses may carry on what was asked

    assert shown(f"?{name}=OZ1") == shown(f"?{name}=PLACEBO") == shown("")


def test_the_catalog_of_the_open_database_knows_no_closed_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select relname, relkind from pg_class join pg_namespace n on n.oid = relnamespace")
        found = cursor.fetchall()
    closed = [name for name, _ in found if name.startswith(("allocation_", "signals_", "board_"))]
    assert closed == []
    assert ("participants_participant", "r") in found, "the catalog was read"
    stored = [name for name, kind in found if kind == "m"]
    assert stored == [], "a stored view escapes row-level security"


# --- L20: mail ------------------------------------------------------------------------------------------------------
def test_only_accounts_may_send_mail() -> None:
    """They stand below everything clinical and cannot import it."""
    senders = [name for name, text in sources() if "django.core.mail" in text and name != "settings.py"]
    assert senders and all(name.startswith("accounts/") for name in senders), senders


# --- L27: what machines ask ----------------------------------------------------------------------------------------
def test_the_health_page_says_that_it_is_well_and_nothing_else() -> None:
    answer = Client().get("/health/")
    assert (answer.status_code, answer.content) == (200, b'{"status": "ok"}')


def test_there_are_no_metrics_and_no_traces() -> None:
    measuring = re.compile(r"metric|prometheus|statsd|opentelemetry|sentry|tracing|newrelic", re.IGNORECASE)
    locked = (ROOT / "requirements.txt").read_text().splitlines()
    names = [line.split("==")[0] for line in locked if "==" in line]
    assert len(names) > 20 and not [name for name in names if measuring.search(name)]
    assert not [name for name, _ in url_names(get_resolver()) if measuring.search(name)]
