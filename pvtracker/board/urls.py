"""Pages of the board."""

from django.urls import path

from pvtracker.board import views

urlpatterns = [
    path("studies/<str:code>/recommendations/", views.recommendations, name="recommendations"),
    path("studies/<str:code>/recommendations/new/", views.recommendation_new, name="recommendation_new"),
    path(
        "studies/<str:code>/recommendations/<uuid:recommendation_id>/",
        views.recommendation,
        name="recommendation",
    ),
    path(
        "studies/<str:code>/recommendations/<uuid:recommendation_id>/edit/",
        views.recommendation_edit,
        name="recommendation_edit",
    ),
    path(
        "studies/<str:code>/recommendations/<uuid:recommendation_id>/sign/",
        views.recommendation_sign,
        name="recommendation_sign",
    ),
]
