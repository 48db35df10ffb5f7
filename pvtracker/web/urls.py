"""The shell of both rooms: sign-in, home, components, health."""

from django.urls import include, path

from pvtracker.web import look_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("pvtracker.accounts.urls")),
    path("components/", views.components, name="components"),
    path("health/", views.health, name="health"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("studies/<str:code>/looks/", look_views.looks, name="looks"),
]
