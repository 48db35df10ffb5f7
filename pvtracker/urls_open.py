"""Pages of the open room."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("pvtracker.web.urls")),
    path("", include("pvtracker.accounts.system_urls")),
    path("", include("pvtracker.studies.urls")),
    path("", include("pvtracker.studies.urls_definitions")),
    path("", include("pvtracker.feeds.urls")),
    path("", include("pvtracker.participants.urls")),
    path("", include("pvtracker.events.urls")),
    path("", include("pvtracker.cuts.urls")),
    path("", include("pvtracker.monitoring.urls")),
    path("", include("pvtracker.reports.urls")),
]
handler400 = "pvtracker.web.errors.bad_request"
handler500 = "pvtracker.web.errors.server_error"
