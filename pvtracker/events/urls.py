"""Pages of one participant, of adverse events and of data queries."""

from django.urls import path

from pvtracker.events import (
    coding_views,
    form_views,
    held_views,
    left_views,
    lock_views,
    question_views,
    sign_many_views,
    sign_views,
    views,
)
from pvtracker.events.participant_page import participant

urlpatterns = [
    path(
        "studies/<str:code>/participants/<uuid:participant_id>/",
        participant,
        name="participant",
    ),
    path(
        "studies/<str:code>/participants/<uuid:participant_id>/adverse-events/new/",
        form_views.event_new,
        name="event_new",
    ),
    path(
        "studies/<str:code>/participants/<uuid:participant_id>/draft/",
        form_views.event_draft,
        name="event_draft",
    ),
    path(
        "studies/<str:code>/participants/<uuid:participant_id>/draft/<uuid:event_id>/",
        form_views.event_draft,
        name="event_draft",
    ),
    path("studies/<str:code>/adverse-events/", views.events, name="events"),
    path("studies/<str:code>/adverse-events/sign/", sign_many_views.events_sign, name="events_sign"),
    path("studies/<str:code>/adverse-events/<uuid:event_id>/", views.event, name="event"),
    path("studies/<str:code>/adverse-events/<uuid:event_id>/edit/", form_views.event_edit, name="event_edit"),
    path(
        "studies/<str:code>/adverse-events/<uuid:event_id>/history/",
        views.event_history,
        name="event_history",
    ),
    path("studies/<str:code>/adverse-events/<uuid:event_id>/sign/", sign_views.event_sign, name="event_sign"),
    path("studies/<str:code>/adverse-events/<uuid:event_id>/lock/", lock_views.event_lock, name="event_lock"),
    path(
        "studies/<str:code>/adverse-events/<uuid:event_id>/unlock/",
        lock_views.event_unlock,
        name="event_unlock",
    ),
    path("studies/<str:code>/locks/", lock_views.locks, name="locks"),
    path("studies/<str:code>/adverse-events/<uuid:event_id>/void/", views.event_void, name="event_void"),
    path(
        "studies/<str:code>/adverse-events/<uuid:event_id>/opinion/",
        views.event_opinion,
        name="event_opinion",
    ),
    path("studies/<str:code>/drafts/", left_views.drafts_left, name="drafts_left"),
    path("studies/<str:code>/drafts/<uuid:draft_id>/", left_views.draft_left, name="draft_left"),
    path("studies/<str:code>/held-texts/", held_views.held_texts, name="held_texts"),
    path("studies/<str:code>/held-texts/names/", held_views.arm_names, name="arm_names"),
    path("studies/<str:code>/held-texts/<uuid:held_id>/", held_views.held_text, name="held_text"),
    path("studies/<str:code>/coding/", coding_views.coding, name="coding"),
    path("studies/<str:code>/coding/<uuid:event_id>/", coding_views.event_code, name="event_code"),
    path("studies/<str:code>/terms/", views.term_suggestions, name="term_suggestions"),
    path("studies/<str:code>/queries/", question_views.data_queries, name="data_queries"),
    path(
        "studies/<str:code>/queries/<uuid:query_id>/answer/",
        question_views.data_query_answer,
        name="data_query_answer",
    ),
]
