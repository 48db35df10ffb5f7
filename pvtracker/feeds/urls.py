"""The sponsor API, its token door, its description, and the feed page."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path
from drf_spectacular.views import SpectacularJSONAPIView

from pvtracker.feeds import api, client_views, views
from pvtracker.feeds.token import ClientRevokeView, ClientTokenView

urlpatterns = [
    path("studies/<str:code>/feed/", views.feed, name="feed"),
    path("studies/<str:code>/feed/readers/new/", client_views.feed_reader, name="feed_reader"),
    path(
        "studies/<str:code>/feed/readers/<uuid:access_id>/end/",
        client_views.feed_reader_end,
        name="feed_reader_end",
    ),
    path("system/clients/", client_views.clients, name="clients"),
    path("system/clients/new/", client_views.client_new, name="client_new"),
    path("system/clients/<int:client_pk>/end/", client_views.client_end, name="client_end"),
    # API clients come with a token, not with a session
    path("api/v1/token/", login_not_required(ClientTokenView.as_view()), name="token"),
    path("api/v1/token/revoke/", login_not_required(ClientRevokeView.as_view()), name="token_revoke"),
    path(
        "api/v1/studies/<str:code>/adverse-events/",
        login_not_required(api.AdverseEventFeed.as_view()),
        name="api_adverse_events",
    ),
    path(
        "api/v1/openapi.json",
        login_not_required(SpectacularJSONAPIView.as_view(authentication_classes=[], permission_classes=[])),
        name="openapi",
    ),
]
