"""Pages of reports; the same addresses in both rooms, each with the reports of its own room only."""

from django.urls import path

from pvtracker.reports import views

urlpatterns = [
    path("studies/<str:code>/reports/", views.reports, name="reports"),
    path("studies/<str:code>/reports/<uuid:report_id>/", views.report, name="report"),
    path("studies/<str:code>/reports/<uuid:report_id>/pdf/", views.report_pdf, name="report_pdf"),
]
