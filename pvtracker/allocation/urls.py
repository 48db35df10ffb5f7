"""Closed room: pages of the code break."""

from django.urls import path

from pvtracker.allocation import views

BREAK = "studies/<str:code>/code-breaks/<uuid:break_id>/"
urlpatterns = [
    path("studies/<str:code>/code-breaks/", views.code_breaks, name="code_breaks"),
    path("studies/<str:code>/code-breaks/new/", views.code_break_ask, name="code_break_ask"),
    path(BREAK, views.code_break, name="code_break"),
    path(f"{BREAK}opinion/", views.code_break_opinion, name="code_break_opinion"),
    path(f"{BREAK}withdraw/", views.code_break_withdraw, name="code_break_withdraw"),
    path(f"{BREAK}show/", views.code_break_show, name="code_break_show"),
    path(f"{BREAK}told/", views.code_break_told, name="code_break_told"),
    path(f"{BREAK}impact/", views.code_break_impact, name="code_break_impact"),
    path(f"{BREAK}alarm/", views.code_break_alarm, name="code_break_alarm"),
]
