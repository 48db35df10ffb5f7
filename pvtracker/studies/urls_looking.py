"""Closed room: why somebody looks."""

from django.urls import path

from pvtracker.studies import looking_views

urlpatterns = [path("studies/<str:code>/purpose/", looking_views.look_purpose, name="look_purpose")]
