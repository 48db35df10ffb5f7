"""Accounts as system administrators keep them, and the way in of somebody new."""

from django.urls import path

from pvtracker.accounts import system_views as views

urlpatterns = [
    path("join/<str:token>/", views.join, name="join"),
    path("ready/", views.ready, name="ready"),
    path("system/accounts/", views.accounts, name="accounts"),
    path("system/accounts/invite/", views.invite, name="account_invite"),
    path("system/accounts/<uuid:account_id>/", views.account, name="account_detail"),
    path("system/accounts/<uuid:account_id>/<slug:step>/", views.step, name="account_step"),
]
