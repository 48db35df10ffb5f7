"""Pages of reports; the same addresses in both rooms, each with the reports of its own room only."""

from django.urls import path

from pvtracker.reports import sign_views, views

urlpatterns = [
    path("studies/<str:code>/reports/", views.reports, name="reports"),
    path("studies/<str:code>/reports/<uuid:report_id>/", views.report, name="report"),
    path("studies/<str:code>/reports/<uuid:report_id>/sign/", sign_views.report_sign, name="report_sign"),
    path(
        "studies/<str:code>/reports/<uuid:report_id>/signatures/",
        sign_views.report_signatures,
        name="report_signatures",
    ),
    path("studies/<str:code>/reports/<uuid:report_id>/pdf/", views.report_pdf, name="report_pdf"),
]
