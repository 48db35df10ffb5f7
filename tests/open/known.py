"""Studies with one object behind every blank of the open room's addresses."""

from __future__ import annotations

import uuid

from django.utils import timezone

from pvtracker.audit.context import within
from pvtracker.cuts import freeze
from pvtracker.cuts.actions import no_progress, register_cut
from pvtracker.events.actions.drafts import save_draft
from pvtracker.events.models import DataQuery, HeldText
from pvtracker.feeds.actions import create_client, let_read
from pvtracker.jobs.actions import enqueue
from pvtracker.monitoring import actions as watching
from pvtracker.monitoring.enums import Level, Selection
from pvtracker.monitoring.models import EarlyWarning
from pvtracker.monitoring.rules import Expected
from pvtracker.reports import actions as reports
from pvtracker.studies.actions import propose_membership
from pvtracker.studies.models import Membership, MembershipRequest
from tests.architecture.matrix import Known
from tests.open.cuts.conftest import CUT_DATE, make_study
from tests.open.world import SOMEONE, World
from tests.people import account, asked_reset, make_ready, member


def make_known(code: str) -> tuple[World, Known]:
    """A study in which everything is there once, at site 01."""
    world = make_study(code)
    event = world.record()
    query = DataQuery.objects.create(
        study=world.study,
        participant=event.participant,
        event=event,
        domain="AE",
        rule="test",
        field="onset",
        message="Is this the day?",
        opened_at=timezone.now(),
    )
    held_text = HeldText.objects.create(
        study=world.study,
        event=event,
        field="narrative",
        text="words",
        words="words",
        held_at=timezone.now(),
        held_from="test",
    )
    stated = freeze.write_cut(study=world.study, cut_id=uuid.uuid4(), cut_date=CUT_DATE, progress=no_progress)
    cut = register_cut(study=world.study, manifest=stated, by=SOMEONE)
    report = reports.make_report(request=reports.request_for(study=world.study, audience="open"), by=SOMEONE)
    job = enqueue(task="cuts.freeze", study_id=world.study.id, parameters={"date": "2026-01-01"}, by=SOMEONE)
    clerk = member(world.study, "study_administrator", name="clerk")
    asked = propose_membership(
        study=world.study,
        account=make_ready(account("asked")),
        role="auditor_open",
        reason="test",
        by=clerk.actor("study_administrator"),
    )
    assert isinstance(asked, MembershipRequest)
    reset = asked_reset(clerk)
    mona = world.people["mona"].actor("medical_monitor")
    told = watching.watch(
        study=world.study,
        level=Level.PT,
        name="Headache",
        selection=Selection.ALL,
        expected=Expected(rate=0.1, years=50, based_on="test", reason="test", warn_posterior=0.001),
        by=mona,
    )
    with within(world.study.id):
        watching.keep(
            study=world.study,
            looks=watching.look_at(cut=cut, expectations=[told]),
            by=SOMEONE,
        )
        warning = EarlyWarning.objects.get(study=world.study)
    draft = save_draft(
        participant=event.participant,
        event=None,
        account=make_ready(account("gone")),
        body={"verbatim": ["Half typed"]},
        by=SOMEONE,
    )
    client, _ = create_client(
        client_id=f"client-{code}", name="Sponsor", owner=None, reason="test", by=SOMEONE
    )
    access = let_read(study=world.study, client_id=client.client_id, reason="test", by=SOMEONE)
    held = Membership.objects.get(account=world.people["carl"])
    return world, Known(
        study=world.study,
        ids={
            "participant_id": event.participant_id,
            "event_id": event.id,
            "query_id": query.id,
            "cut_id": cut.id,
            "held_id": held_text.id,
            "session_id": uuid.uuid4(),
            "pk": 1,
            "provider_id": "nobody",
            "report_id": report.id,
            "job_id": job.id,
            "membership_id": held.id,
            "request_id": asked.id,
            "account_id": clerk.id,
            "reset_id": reset.id,
            "draft_id": draft.id,
            "client_pk": client.pk,
            "access_id": access.id,
            "watched_id": told.watched_id,
            "warning_id": warning.id,
            "step": "identity",
            "token": "never-given-out",
        },
    )
