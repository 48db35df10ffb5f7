"""Pages of participants."""

from django.urls import path

from pvtracker.participants import views

urlpatterns = [
    path("studies/<str:code>/participants/", views.participants, name="participants"),
]
