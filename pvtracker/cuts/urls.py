"""Open room: pages of data cuts."""

from django.urls import path

from pvtracker.cuts import set_views, views

urlpatterns = [
    path("studies/<str:code>/cuts/", views.cuts, name="cuts"),
    path("studies/<str:code>/definitions/sets/", set_views.analysis_sets, name="analysis_sets"),
]
