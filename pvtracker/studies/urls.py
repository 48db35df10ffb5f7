"""Pages about who works in a study, and about resets of their sign-ins."""

from django.urls import path

from pvtracker.studies import reset_views, views

urlpatterns = [
    path("system/resets/", reset_views.resets, name="resets"),
    path("system/resets/ask/<uuid:account_id>/", reset_views.ask, name="reset_ask"),
    path("system/resets/<uuid:reset_id>/", reset_views.decide, name="reset_decide"),
    path(
        "studies/<str:code>/people/resets/<uuid:reset_id>/", reset_views.decide_in_study, name="people_reset"
    ),
    path("studies/<str:code>/people/", views.people, name="people"),
    path("studies/<str:code>/people/propose/", views.propose, name="people_propose"),
    path("studies/<str:code>/people/review/", views.review, name="people_review"),
    path("studies/<str:code>/people/<uuid:membership_id>/end/", views.end, name="people_end"),
    path("studies/<str:code>/people/requests/<uuid:request_id>/", views.decide, name="people_decide"),
]
