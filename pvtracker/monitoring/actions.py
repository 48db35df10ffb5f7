"""Watch a term, say what is expected of it, hold every cut against that, tell who has to know."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from dataclasses import asdict

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from pvtracker.accounts.actions import notices
from pvtracker.accounts.models import Account
from pvtracker.accounts.queries import job_actor
from pvtracker.accounts.roles import Permission
from pvtracker.audit.context import Actor, action, within
from pvtracker.cuts import derive
from pvtracker.cuts.actions import LOOK_TASK
from pvtracker.cuts.data import CutError
from pvtracker.cuts.models import Cut
from pvtracker.cuts.open import load_cut
from pvtracker.cuts.queries import latest_cut
from pvtracker.jobs import actions as jobs
from pvtracker.lib.code_version import code_version
from pvtracker.monitoring import queries
from pvtracker.monitoring.enums import Level, Selection
from pvtracker.monitoring.judging import judge
from pvtracker.monitoring.models import EarlyWarning, Expectation, Look, WatchedTerm
from pvtracker.monitoring.pooled import Pool, count
from pvtracker.monitoring.rules import LONGEST_NAME, WATCHED, Expected, WatchRefused, check_expected
from pvtracker.studies.models import Study
from pvtracker.studies.queries import study_of, who_may

log = logging.getLogger(__name__)
CHANGED = "Somebody has changed this meanwhile. Read what is expected now, then decide again."
LOCK = 0x776174  # of a watched term, by its id: its rows are written once, so that no login may lock them


# --- what is watched -----------------------------------------------------------------------------------------------
@action
def watch(
    *,
    study: Study,
    level: Level,
    name: str,
    selection: Selection,
    expected: Expected,
    by: Actor,
    reason: str = "",
) -> Expectation:
    """Begin to watch a name; WatchRefused when it is watched already, or when something said of it cannot be."""
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME:
        raise WatchRefused("name", f"A name has 1 to {LONGEST_NAME} characters. Enter it.")
    if queries.is_watched(study, level, name, selection):
        raise WatchRefused("name", WATCHED)
    try:
        with transaction.atomic():
            watched = WatchedTerm.objects.create(
                study=study,
                level=level.value,
                name=name,
                selection=selection.value,
                created_at=timezone.now(),
            )
    except IntegrityError as fault:  # somebody else's was stored meanwhile
        raise WatchRefused("name", WATCHED) from fault
    return expect(watched=watched, expected=expected, version=0, by=by, reason=reason)


@action
def expect(
    *, watched: WatchedTerm, expected: Expected, version: int, by: Actor, reason: str = ""
) -> Expectation:
    """Say anew what is expected of a watched term, or end the watching (`in_force` False), and have every cut held
    against it. `version` is the one that was read, 0 for the first; WatchRefused when another came meanwhile.
    """
    check_expected(expected, is_set=watched.level == Level.SET)
    _hold([watched.id])
    latest = Expectation.objects.filter(watched=watched).order_by("-version").first()
    if (latest.version if latest else 0) != version:
        raise WatchRefused("", CHANGED)
    said = asdict(expected) | {"members": list(expected.members)}
    try:
        with transaction.atomic():
            made = Expectation.objects.create(
                study_id=watched.study_id,
                watched=watched,
                version=version + 1,
                set_by=by.id,
                set_by_name=by.name,
                role=by.role,
                recorded_at=timezone.now(),
                **said,
            )
    except IntegrityError as fault:
        raise WatchRefused("", CHANGED) from fault
    if made.in_force:
        jobs.enqueue(
            task=LOOK_TASK,
            study_id=watched.study_id,
            parameters={"expectation": str(made.id)},
            by=by,
            unique_key=str(made.id),
        )
    return made


def _hold(watched: Iterable[uuid.UUID]) -> None:
    """Lock watched terms to the end of the transaction: what is expected of them stays, nobody else tells of them."""
    with connection.cursor() as cursor:
        for one in sorted(set(watched)):
            cursor.execute("select pg_advisory_xact_lock(%s, hashtext(%s))", [LOCK, str(one)])


# --- what the cuts show --------------------------------------------------------------------------------------------
def look_at(*, cut: Cut, expectations: Iterable[Expectation]) -> list[Look]:
    """What a cut shows of each watched term, not stored; CutError when the cut cannot be read."""
    pool = Pool.of(load_cut(cut, only=derive.DATASETS))
    now, version = timezone.now(), code_version()
    looks = []
    for expectation in expectations:
        watched = expectation.watched
        names = expectation.members if watched.level == Level.SET else [watched.name]
        counted = count(pool, level=Level(watched.level), names=names, selection=watched.selection)
        looks.append(
            Look(
                study_id=expectation.study_id,
                expectation=expectation,
                cut=cut,
                **asdict(counted),
                **asdict(judge(counted, expectation)),
                definitions=pool.definitions_for(watched.selection),
                code_version=version,
                made_at=now,
            )
        )
    return looks


@action
def keep(*, study: Study, looks: list[Look], by: Actor) -> int:
    """Store looks, and tell who has to know where one at the latest cut begins to warn; how many were new.

    Run twice, by two at once, or killed between: a unique constraint lets each pair of cut and expectation in once, and
    only who stored it tells. Of an expectation that was changed or ended while its look was computed, nobody is told.
    """
    _hold(look.expectation.watched_id for look in looks)
    Look.objects.bulk_create(looks, ignore_conflicts=True)
    ids = [look.id for look in looks]  # another's are there under other ids
    stored = set(Look.objects.filter(id__in=ids).values_list("id", flat=True))
    mine = [look for look in looks if look.id in stored]
    latest = latest_cut(study)
    in_force = {one.id for one in queries.expectations_in_force(study)}
    for look in mine:
        if latest is None or look.cut_id != latest.id or look.expectation_id not in in_force:
            continue
        if look.warns and not queries.told_already(look):
            tell(study=study, look=look, by=by)
    return len(mine)


@action
def tell(*, study: Study, look: Look, by: Actor) -> int:
    """An early warning for each person who is to hear of them, and a neutral mail where mail is set up; how many."""
    people = who_may(study, Permission.HEAR_OF_POOLED_RATES)
    now = timezone.now()
    wanted = [EarlyWarning(study=study, look=look, account=person, raised_at=now) for person in people]
    EarlyWarning.objects.bulk_create(wanted, ignore_conflicts=True)
    reached = set(
        EarlyWarning.objects.filter(id__in=[one.id for one in wanted]).values_list("account_id", flat=True)
    )
    notices.owe(accounts=[person for person in people if person.id in reached], by=by)
    return len(reached)


@action
def read(*, study: Study, account: Account, warning_id: uuid.UUID, by: Actor) -> int:
    """Note that the person has read a warning of theirs; 0 when there is no unread one of this id."""
    unread = EarlyWarning.objects.filter(study=study, account=account, id=warning_id, read_at=None)
    return unread.update(read_at=timezone.now())


def look_job(claim: jobs.Claim) -> None:
    """The work of a `monitoring.look` job: every usable cut that was not held against an expectation in force yet.

    Its parameters say what it was rung for, a `cut` or an `expectation`; either way nothing that is missing is left.
    What a cut showed is stored before the next one is read, so that a later attempt goes on where this one stopped.
    """
    study = study_of(claim.job.study_id)
    if study is None:
        raise jobs.Refused("The study of this job does not exist.")
    with within(study.id):
        wanted = queries.missing(study)
    by = job_actor(claim.job.requested_by)
    new = 0
    unreadable = []
    with claim.kept():
        for done, (cut, expectations) in enumerate(wanted):
            claim.progress(done=done, total=len(wanted), text="counting what is watched")
            try:
                with within(study.id):
                    looks = look_at(cut=cut, expectations=expectations)
            except (
                CutError
            ) as fault:  # the others are not kept waiting; whoever opens this cut is told the same
                log.error("%s", fault)
                unreadable.append(str(cut.id))
                continue
            new += keep(study=study, looks=looks, by=by)
    with claim.completing():
        claim.result.update(looks=new, unreadable=unreadable)
