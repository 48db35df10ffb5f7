"""Pages about who works in a study."""

from django.urls import path

from pvtracker.studies import views

urlpatterns = [
    path("studies/<str:code>/people/", views.people, name="people"),
    path("studies/<str:code>/people/propose/", views.propose, name="people_propose"),
    path("studies/<str:code>/people/review/", views.review, name="people_review"),
    path("studies/<str:code>/people/<uuid:membership_id>/end/", views.end, name="people_end"),
    path("studies/<str:code>/people/requests/<uuid:request_id>/", views.decide, name="people_decide"),
]
