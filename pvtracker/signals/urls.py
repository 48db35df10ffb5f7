"""Closed room: pages of signals."""

from django.urls import path

from pvtracker.signals import (
    boundary_views,
    calculator_views,
    laboratory_counted_views,
    laboratory_views,
    life_views,
    liver_views,
    order_views,
    plan_views,
    set_views,
    site_views,
    term_views,
    views,
)

ORDERS = "studies/<str:code>/signals/orders/"
FOLLOWED = "studies/<str:code>/followed-signals/"
LABORATORY = "studies/<str:code>/laboratory/"
urlpatterns = [
    path("calculator/", calculator_views.calculator, name="calculator"),
    path("calculator/methods/", calculator_views.calculator_methods, name="calculator_methods"),
    path("studies/<str:code>/signals/", views.signals, name="signals"),
    path("studies/<str:code>/signals/plan/", plan_views.screening_plan, name="screening_plan"),
    path("studies/<str:code>/signals/plan/edit/", plan_views.screening_plan_edit, name="screening_plan_edit"),
    path("studies/<str:code>/signals/plan/sign/", plan_views.screening_plan_sign, name="screening_plan_sign"),
    path(f"{ORDERS}<uuid:order_id>/", order_views.signal_order, name="signal_order"),
    path(f"{ORDERS}<uuid:order_id>/cancel/", order_views.signal_order_cancel, name="signal_order_cancel"),
    path(f"{ORDERS}<uuid:order_id>/resume/", order_views.signal_order_resume, name="signal_order_resume"),
    path(
        "studies/<str:code>/signals/runs/<uuid:run_id>/results.parquet",
        order_views.signal_run_parquet,
        name="signal_run_parquet",
    ),
    path("studies/<str:code>/signals/run/", views.start, name="signals_start"),
    path("studies/<str:code>/signals/runs/<uuid:run_id>/", views.signal_run, name="signal_run"),
    path(
        "studies/<str:code>/signals/runs/<uuid:run_id>/sets/",
        set_views.signal_sets,
        name="signal_sets",
    ),
    path(
        "studies/<str:code>/signals/runs/<uuid:run_id>/sites/",
        site_views.signal_sites,
        name="signal_sites",
    ),
    path(
        "studies/<str:code>/signals/rows/<int:row_id>/participants/",
        views.signal_participants,
        name="signal_participants",
    ),
    path("studies/<str:code>/signals/inference/", term_views.signals_inference, name="signals_inference"),
    path("studies/<str:code>/signals/rows/<int:row_id>/", term_views.signal_term, name="signal_term"),
    path(
        "studies/<str:code>/signals/rows/<int:row_id>/boundary/",
        boundary_views.signal_boundary,
        name="signal_boundary",
    ),
    path(LABORATORY, laboratory_views.laboratory_list, name="laboratory"),
    path(f"{LABORATORY}analyte/", laboratory_views.laboratory_analyte, name="laboratory_analyte"),
    path(f"{LABORATORY}counted/", laboratory_counted_views.laboratory_counted, name="laboratory_counted"),
    path(f"{LABORATORY}edish/", liver_views.laboratory_edish, name="laboratory_edish"),
    path(
        f"{LABORATORY}participants/<uuid:subject_id>/",
        liver_views.laboratory_participant,
        name="laboratory_participant",
    ),
    path(FOLLOWED, life_views.signal_list, name="signal_list"),
    path(f"{FOLLOWED}new/", life_views.signal_new, name="signal_new"),
    path(f"{FOLLOWED}alerts/", life_views.signal_alerts, name="signal_alerts"),
    path(f"{FOLLOWED}alerts/read/", life_views.signal_alerts_read, name="signal_alerts_read"),
    path(f"{FOLLOWED}alerts/<uuid:alert_id>/read/", life_views.signal_alert_read, name="signal_alert_read"),
    path(f"{FOLLOWED}<uuid:signal_id>/", life_views.signal, name="signal"),
    path(f"{FOLLOWED}<uuid:signal_id>/step/", life_views.signal_step, name="signal_step"),
    path(f"{FOLLOWED}<uuid:signal_id>/sign/", life_views.signal_sign, name="signal_sign"),
]
