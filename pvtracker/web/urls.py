"""The shell of both rooms: sign-in, home, components, health."""

from django.urls import include, path

from pvtracker.web import look_views, trail_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("pvtracker.accounts.urls")),
    path("components/", views.components, name="components"),
    path("session/", views.session, name="session"),
    path("health/", views.health, name="health"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("history/", trail_views.system_trail, name="system_trail"),
    path("studies/<str:code>/history/", trail_views.trail, name="trail"),
    path("studies/<str:code>/history/review/", trail_views.trail_review, name="trail_review"),
    path("studies/<str:code>/looks/", look_views.looks, name="looks"),
]
