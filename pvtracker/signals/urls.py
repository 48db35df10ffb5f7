"""Closed room: pages of signals."""

from django.urls import path

from pvtracker.signals import calculator_views, views

urlpatterns = [
    path("calculator/", calculator_views.calculator, name="calculator"),
    path("calculator/methods/", calculator_views.calculator_methods, name="calculator_methods"),
    path("studies/<str:code>/signals/", views.signals, name="signals"),
    path("studies/<str:code>/signals/run/", views.start, name="signals_start"),
    path("studies/<str:code>/signals/runs/<uuid:run_id>/", views.signal_run, name="signal_run"),
    path(
        "studies/<str:code>/signals/rows/<int:row_id>/participants/",
        views.signal_participants,
        name="signal_participants",
    ),
]
