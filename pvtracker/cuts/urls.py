"""Open room: pages of data cuts."""

from django.urls import path

from pvtracker.cuts import views

urlpatterns = [path("studies/<str:code>/cuts/", views.cuts, name="cuts")]
