"""Pages of the closed room."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("pvtracker.web.urls")),
    path("", include("pvtracker.studies.urls_looking")),
    path("", include("pvtracker.accounts.system_urls")),
    path("", include("pvtracker.studies.urls")),
    path("", include("pvtracker.cuts.urls_closed")),
    path("", include("pvtracker.allocation.urls")),
    path("", include("pvtracker.signals.urls")),
    path("", include("pvtracker.reports.urls")),
    path("", include("pvtracker.board.urls")),
]
handler400 = "pvtracker.web.errors.bad_request"
handler500 = "pvtracker.web.errors.server_error"
