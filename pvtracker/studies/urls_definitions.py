"""Open room: the definitions that a study is counted by."""

from django.urls import path

from pvtracker.studies import definition_views

urlpatterns = [
    path("studies/<str:code>/definitions/", definition_views.definitions, name="definitions"),
    path("studies/<str:code>/definitions/terms/", definition_views.terms, name="definition_terms"),
    path("studies/<str:code>/definitions/edit/", definition_views.edit, name="definitions_edit"),
]
