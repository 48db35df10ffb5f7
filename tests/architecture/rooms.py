"""Tests of one room's URLs, tables and navigation, imported by a test module of each room."""

from __future__ import annotations

import uuid

import pytest
from django.apps import apps
from django.conf import settings
from django.test import Client
from django.urls import get_resolver, reverse

from pvtracker.accounts.actions import create_account
from pvtracker.audit.context import Actor
from pvtracker.studies.actions import StudyEntry, create_study
from pvtracker.web.context import PAGES
from tests.architecture.walkers import address, url_names

# Answered without signing in, and why.
PUBLIC = {
    "account_login": "the door itself",
    "openid_connect_login": "the door, by single sign-on; 404 unless configured",
    "openid_connect_callback": "the door, by single sign-on; 404 unless configured",
    "sign_in": "the door itself",
    "join": "an invited person sets a password; the token in the address is the key",
    "health": "asked by the proxy; says that the process lives and nothing else",
    "token": "the sponsor's client shows its secret here",
    "token_revoke": "the sponsor's client shows its secret here",
    "openapi": "the description of the API; names no study and holds no data",
}
# The way in and out, and the pages on which people look after their own sign-in; nothing of a study is on them.
OWN_SIGN_IN = {
    "account": "one's own sign-in",
    "account_logout": "the door",
    "account_reauthenticate": "one's own sign-in",
    "carried": "one's own text, back after the sign-in",
    "session": "for how long one's own session lasts",
    "email": "one's own sign-in: asks for the password first",
    "end_other_sessions": "one's own sign-in",
    "mfa_activate_totp": "one's own sign-in",
    "mfa_add_webauthn": "one's own sign-in",
    "mfa_authenticate": "the door",
    "mfa_deactivate_totp": "one's own sign-in",
    "mfa_generate_recovery_codes": "one's own sign-in",
    "mfa_index": "one's own sign-in",
    "mfa_list_webauthn": "one's own sign-in",
    "mfa_login_webauthn": "the door",
    "mfa_reauthenticate": "one's own sign-in",
    "mfa_reauthenticate_webauthn": "one's own sign-in",
    "mfa_remove_webauthn": "one's own sign-in: asks for the password first",
    "mfa_view_recovery_codes": "one's own sign-in",
    "password": "one's own sign-in",
}
# Answered to everybody who has an account, whatever their studies, and why.
ANYBODY = {
    **OWN_SIGN_IN,
    "home": "the list of one's own studies",
    "sign_out": "the door",
    "ready": "what oneself still lacks before the first use",
    "calculator": "numbers that somebody types; no study is read",
    "calculator_methods": "pages of the documentation",
    "components": "the live page of the visual language; its samples are made up",
}
# Tables without a study, and why.
GLOBAL = {
    "account.EmailAddress": "allauth's: addresses of people, unused but for single sign-on",
    "account.EmailConfirmation": "allauth's, unused: no mail is sent",
    "socialaccount.SocialAccount": "allauth's, unused: the provider's claims are matched anew at each sign-in",
    "socialaccount.SocialApp": "allauth's, unused: the provider is configured by the environment",
    "socialaccount.SocialToken": "allauth's, unused: no token of a provider is kept",
    "accounts.Lockout": "wrong tries at the door, before anybody knows who it is",
    "accounts.OpenSession": "who is signed in, where and since when",
    "mfa.Authenticator": "second factors of people",
    "accounts.Account": "a person may work in several studies; memberships say in which",
    "accounts.Acceptance": "a person accepts the agreement once for all studies",
    "accounts.AgencyLetter": "an agency is told of a person's signatures once for all studies",
    "accounts.Notice": "mail that something needs somebody; names no study on purpose",
    "accounts.Reset": "a person signs in once for all their studies",
    "accounts.IdentityCheck": "a person is who they are in every study",
    "accounts.Invitation": "leads to an account, which may then work in several studies",
    "accounts.SystemRole": "held in no study",
    "accounts.Training": "counts in every study",
    "auth.Group": "Django's, unused: roles are memberships",
    "auth.Permission": "Django's, unused: roles are memberships",
    "feeds.ApiClient": "a sponsor's program may read several studies; feeds.FeedAccess says which",
    "coding.Term": "a term of a dictionary release; the release says whose it is",
    "contenttypes.ContentType": "Django's list of tables",
    "sessions.Session": "who is signed in",
    "studies.Study": "the study itself",
}
CLIENTS = (
    "oauth2_provider."  # sponsors' clients and their tokens; feeds.FeedAccess says which study each may read
)
SECRET = uuid.uuid4().hex


@pytest.mark.django_db
def test_an_anonymous_visitor_is_refused_everywhere() -> None:
    """Every URL leads to the sign-in page, asks for a token, or is named in PUBLIC."""
    seen = set()
    for name, pattern in url_names(get_resolver()):
        url = address(pattern, code="ABC-1")
        seen.add(name)
        for answer in (Client().get(url), Client().post(url, content_type="application/json")):
            if name in PUBLIC:
                assert answer.status_code != 404 or name.startswith("openid_connect"), url
            elif answer.status_code == 302:
                assert answer.headers["Location"].startswith(reverse("sign_in")), url
            else:
                assert answer.status_code == 401, f"{url} answers {answer.status_code} to a visitor"
    assert len(seen) > 8 and {"home", "sign_in", "health"} <= seen


@pytest.mark.django_db
def test_a_stranger_finds_no_study() -> None:
    """Somebody with an account, but no role in the study, gets 404 from every page of it, existing or not."""
    someone = Actor.process("test")
    account = create_account(
        username=f"stranger-{uuid.uuid4().hex[:8]}", full_name="A Stranger", password=SECRET, by=someone
    )
    study = create_study(entry=StudyEntry(code=f"WALK-{uuid.uuid4().hex[:6]}", title="A walk"), by=someone)
    client = Client()
    client.force_login(account)
    for name, pattern in url_names(get_resolver()):
        if name in PUBLIC or name in ANYBODY:
            continue
        url = address(pattern, code=study.code)
        codes = {client.get(url).status_code, client.post(url, content_type="application/json").status_code}
        wanted = {401} if url.startswith("/api/") else {404}
        assert codes & wanted and codes <= wanted | {405}, f"{url} answers {sorted(codes)} to a stranger"


def test_every_table_names_its_study() -> None:
    """Each table has a column `study_id`, or stands in GLOBAL with a reason."""
    for model in apps.get_models():
        label = model._meta.label
        columns = {field.column for field in model._meta.concrete_fields}
        if label in GLOBAL:
            assert "study_id" not in columns, f"{label} has a study and needs no exception"
        elif not label.startswith(CLIENTS):
            assert "study_id" in columns, f"{label} does not say which study its rows belong to"


def test_every_table_belongs_to_this_room() -> None:
    """Django knows the tables of this room's apps and of no other."""
    own = {model._meta.app_label for model in apps.get_models() if model.__module__.startswith("pvtracker.")}
    other = {
        "open": {"allocation", "signals", "board"},
        "closed": {"participants", "events", "coding", "feeds"},
    }
    assert not own & other[settings.ROOM]
    assert own <= set(settings.ROOM_APPS)


def test_every_page_of_the_navigation_exists() -> None:
    """What PAGES names for this room can be reached with a study's code alone."""
    names = [name for room, _, _, name in PAGES if room == settings.ROOM]
    assert names
    for name in names:
        assert reverse(name, args=["ABC-1"]).startswith("/studies/ABC-1/")
