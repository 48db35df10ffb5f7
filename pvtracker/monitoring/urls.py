"""Open room: pages of pooled monitoring."""

from django.urls import path

from pvtracker.monitoring import views

urlpatterns = [
    path("studies/<str:code>/pooled-rates/", views.pooled_rates, name="pooled_rates"),
    path("studies/<str:code>/pooled-rates/new/", views.pooled_rate_new, name="pooled_rate_new"),
    path("studies/<str:code>/pooled-rates/method/", views.pooled_rates_method, name="pooled_rates_method"),
    path("studies/<str:code>/pooled-rates/<uuid:watched_id>/", views.pooled_rate, name="pooled_rate"),
    path(
        "studies/<str:code>/pooled-rates/<uuid:watched_id>/change/",
        views.pooled_rate_change,
        name="pooled_rate_change",
    ),
    path(
        "studies/<str:code>/pooled-rates/<uuid:watched_id>/end/",
        views.pooled_rate_end,
        name="pooled_rate_end",
    ),
    path(
        "studies/<str:code>/pooled-rates/warnings/<uuid:warning_id>/read/",
        views.early_warning_read,
        name="early_warning_read",
    ),
]
