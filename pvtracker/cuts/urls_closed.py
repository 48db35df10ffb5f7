"""Closed room: pages of data cuts."""

from django.urls import path

from pvtracker.cuts import views_closed

urlpatterns = [path("studies/<str:code>/cuts/", views_closed.cuts, name="cuts")]
