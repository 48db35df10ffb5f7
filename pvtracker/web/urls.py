"""The shell of both rooms: sign-in, home, components, health."""

from django.urls import path

from pvtracker.web import views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in/", views.SignIn.as_view(), name="sign_in"),
    path("sign-out/", views.SignOut.as_view(), name="sign_out"),
    path("components/", views.components, name="components"),
    path("health/", views.health, name="health"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
]
