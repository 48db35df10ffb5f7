"""What every page knows: its room, the study it is about, and the ways onward."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

from pvtracker.accounts.queries import has_system_permission
from pvtracker.accounts.roles import Permission
from pvtracker.studies import queries


@dataclass(frozen=True, slots=True)
class Link:
    label: str
    url: str
    current: bool


# Which page a permission opens, in the order of the navigation: room, permission, label, URL name.
# The first that somebody may open is where they begin.
PAGES = (
    ("open", Permission.CODE_EVENTS, "Coding", "coding"),
    ("open", Permission.READ_PARTICIPANTS, "Participants", "participants"),
    ("open", Permission.READ_PARTICIPANTS, "Adverse events", "events"),
    ("open", Permission.READ_PARTICIPANTS, "Queries", "data_queries"),
    ("open", Permission.HAND_OVER_DRAFTS, "Drafts left behind", "drafts_left"),
    ("open", Permission.LOCK_EVENTS, "Locks", "locks"),
    ("open", Permission.APPROVE_UNLOCK, "Locks", "locks"),
    ("open", Permission.RELEASE_HELD_TEXT, "Held texts", "held_texts"),
    ("open", Permission.FREEZE_CUTS, "Data cuts", "cuts"),
    ("open", Permission.READ_OPEN_REPORTS, "Open reports", "reports"),
    ("open", Permission.READ_POOLED_RATES, "Pooled rates", "pooled_rates"),
    ("open", Permission.READ_OPEN_REPORTS, "Definitions", "definitions"),
    ("open", Permission.READ_FEED_STATUS, "Sponsor feed", "feed"),
    ("open", Permission.APPROVE_MEMBERS, "People", "people"),
    ("open", Permission.READ_AUDIT, "History", "trail"),
    ("open", Permission.READ_AUDIT, "Who looked", "looks"),
    ("closed", Permission.READ_SIGNALS, "Signals", "signals"),
    ("closed", Permission.READ_SIGNALS, "Followed signals", "signal_list"),
    ("closed", Permission.READ_SIGNALS, "Laboratory", "laboratory"),
    ("closed", Permission.READ_CLOSED_REPORTS, "Closed reports", "reports"),
    ("closed", Permission.READ_RECOMMENDATIONS, "Recommendations", "recommendations"),
    ("closed", Permission.RUN_SIGNALS, "Data cuts", "cuts"),
    ("closed", Permission.READ_CODE_BREAKS, "Code breaks", "code_breaks"),
    ("closed", Permission.APPROVE_CODE_BREAK, "Code breaks", "code_breaks"),
    ("closed", Permission.APPROVE_MEMBERS, "People", "people"),
    ("closed", Permission.READ_AUDIT, "History", "trail"),
    ("closed", Permission.READ_AUDIT, "Who looked", "looks"),
)


def room(request: HttpRequest) -> dict[str, Any]:
    """`room`, `study` and `navigation` for the base template. The study is the one that the URL names."""
    study = getattr(request, "study", None)
    return {
        "room": settings.ROOM,
        "study": study,
        "demo": settings.DEMO,
        "single_sign_on": settings.OIDC_NAME if settings.OIDC_ISSUER else "",
        "navigation": [
            *(navigation(request, study) if study else _system_navigation(request)),
            *_of_everybody(request, study),
        ],
        "session_left": getattr(request, "session_left", None),
        **_shape(request),
    }


def _shape(request: HttpRequest) -> dict[str, str]:
    """The sign-in pages as whole pages, or as a part of the page where somebody's session has ended."""
    if request.headers.get("X-Requested-With") == "in-place":
        return {"layout": "fragment.html", "heading": "h2"}
    return {"layout": "base.html", "heading": "h1"}


def _system_navigation(request: HttpRequest) -> list[Link]:
    """Away from any study, what a system administrator keeps."""
    user = getattr(request, "user", None)
    if not has_system_permission(user, Permission.MANAGE_ACCOUNTS):
        return []
    clients = [("API clients", "clients")] if settings.ROOM == "open" else []
    return [
        Link(label=label, url=reverse(name), current=request.path.startswith(reverse(name)))
        for label, name in (
            ("Accounts", "accounts"),
            ("Resets", "resets"),
            *clients,
            ("History", "system_trail"),
        )
    ]


def _of_everybody(request: HttpRequest, study: Any) -> list[Link]:
    """What everybody with an account in the closed room may open, in whatever study."""
    if settings.ROOM != "closed" or not getattr(request, "user", None) or not request.user.is_authenticated:
        return []
    url = reverse("calculator")
    within = f"?{urlencode({'study': study.code})}" if study else ""  # so that the study’s pages stay at hand
    return [Link(label="Calculator", url=f"{url}{within}", current=request.path.startswith(url))]


def navigation(request: HttpRequest, study: Any) -> list[Link]:
    """The pages of the study that the person who asks may open."""
    links: list[Link] = []
    for page_room, permission, label, name in PAGES:
        if page_room == settings.ROOM and queries.has_permission(request.user, permission, study=study):
            url = reverse(name, args=[study.code])
            if any(link.url == url for link in links):  # two permissions may open the same page
                continue
            links.append(Link(label=label, url=url, current=request.path.startswith(url)))
    return links
