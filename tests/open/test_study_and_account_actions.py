"""Studies, memberships, accounts and dictionary releases, written by their actions."""

from __future__ import annotations

import uuid
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from pvtracker.accounts.actions import AccountRefused, create_account, deactivate, set_password
from pvtracker.accounts.models import Account
from pvtracker.audit.context import Actor
from pvtracker.coding.actions import ReleaseRefused, TermPath, put_release, release_from_data
from pvtracker.coding.models import Release, ReleaseState
from pvtracker.studies.actions import (
    ArmEntry,
    InterventionEntry,
    SiteEntry,
    StudyEntry,
    StudyRefused,
    create_study,
    end_membership,
    grant_membership,
    put_arms,
    put_interventions,
    put_sites,
    update_study,
)
from pvtracker.studies.models import Arm, Membership, Site, Study
from tests.acting import as_test

pytestmark = pytest.mark.django_db

BY = Actor.process("test")
ENTRY = StudyEntry(code="ACTIONS-1", title="A study")
NAUSEA = TermPath("Queasy", "Nausea", system_organ_class="Gut")
COUGH = TermPath("Cough", "Cough", system_organ_class="Chest")


@pytest.fixture
def study() -> Study:
    return create_study(entry=ENTRY, by=BY)


@pytest.fixture
def account() -> Account:
    return create_account(username="ada-actions", full_name="Ada", password="a-long-password", by=BY)


def test_a_code_is_given_once(study: Study) -> None:
    with pytest.raises(StudyRefused, match="already"):
        create_study(entry=ENTRY, by=BY)


def test_a_changed_study_gets_the_next_version_and_an_unchanged_one_does_not(study: Study) -> None:
    assert not update_study(study=study, entry=ENTRY, by=BY)
    assert update_study(study=study, entry=StudyEntry(code="ACTIONS-1", title="Another title"), by=BY)
    assert (study.title, study.version) == ("Another title", 2)
    with pytest.raises(StudyRefused, match="cannot be changed"):
        update_study(study=study, entry=StudyEntry(code="ACTIONS-2", title="A study"), by=BY)


def test_two_writers_of_a_study_do_not_overwrite_each_other(study: Study) -> None:
    stale = Study.objects.get(id=study.id)
    update_study(study=study, entry=StudyEntry(code="ACTIONS-1", title="First"), by=BY)
    with pytest.raises(StudyRefused, match="somebody else"):
        update_study(study=stale, entry=StudyEntry(code="ACTIONS-1", title="Second"), by=BY)
    assert Study.objects.get(id=study.id).title == "First"


def test_sites_are_created_corrected_and_never_removed(study: Study) -> None:
    put_sites(study=study, sites=[SiteEntry("01", "USA"), SiteEntry("02", "AUS")], by=BY)
    put_sites(study=study, sites=[SiteEntry("01", "USA", "America/New_York")], by=BY)
    kept = Site.objects.filter(study=study).order_by("code")
    assert [(site.code, site.time_zone) for site in kept] == [("01", "America/New_York"), ("02", "UTC")]


def test_a_time_zone_that_nobody_knows_is_refused_when_it_is_written(study: Study) -> None:
    sites = [
        SiteEntry("01", "DEU", "Europe/Berlin"),
        SiteEntry("02", "DEU", "Berlin"),
        SiteEntry("03", "", "CEST"),
    ]
    with pytest.raises(
        StudyRefused, match=r"no time zone 'Berlin' \(site 02\), 'CEST' \(site 03\)\. Write it as the IANA"
    ):
        put_sites(study=study, sites=sites, by=BY)
    assert not Site.objects.filter(study=study).exists()


def test_the_reference_arm_can_be_another_one_and_is_never_two(study: Study) -> None:
    put_arms(study=study, arms=[ArmEntry("A", "Verum"), ArmEntry("B", "Placebo", True)], by=BY)
    put_arms(study=study, arms=[ArmEntry("A", "Verum", True), ArmEntry("B", "Placebo")], by=BY)
    assert Arm.objects.get(study=study, is_reference=True).code == "A"
    with pytest.raises(StudyRefused, match="one reference"):
        put_arms(study=study, arms=[ArmEntry("A", "Verum", True), ArmEntry("B", "Placebo", True)], by=BY)


def test_an_unknown_kind_of_intervention_is_refused_by_the_database(study: Study) -> None:
    named = put_interventions(
        study=study, interventions=[InterventionEntry("I", "Infusion", "product")], by=BY
    )
    assert set(named) == {"Infusion"}
    with pytest.raises(IntegrityError), transaction.atomic():
        put_interventions(study=study, interventions=[InterventionEntry("M", "Magic", "spell")], by=BY)


def test_a_membership_is_granted_once_and_runs_out_by_a_day(study: Study, account: Account) -> None:
    site = put_sites(study=study, sites=[SiteEntry("01")], by=BY)["01"]
    first = grant_membership(
        study=study, account=account, role="investigator", site=site, room="open", reason="Joined", by=BY
    )
    again = grant_membership(
        study=study, account=account, role="investigator", site=site, room="open", reason="Joined", by=BY
    )
    assert again.id == first.id
    with pytest.raises(StudyRefused, match="cannot end before"):
        end_membership(membership=first, ends_on=date(2000, 1, 1), reason="Left", by=BY)
    end_membership(membership=first, ends_on=first.starts_on, reason="Left", by=BY)
    assert Membership.objects.get(id=first.id).ends_on == first.starts_on


@pytest.mark.parametrize(
    ("role", "with_site", "reason", "sentence"),
    [
        ("statistician", False, "Joined", "not a role of the open room"),
        ("investigator", False, "Joined", "name the site"),
        ("medical_monitor", True, "Joined", "name no site"),
        ("medical_monitor", False, "", "Say why"),
    ],
)
def test_a_membership_that_cannot_be_is_a_sentence(
    study: Study, account: Account, role: str, with_site: bool, reason: str, sentence: str
) -> None:
    site = put_sites(study=study, sites=[SiteEntry("01")], by=BY)["01"] if with_site else None
    with pytest.raises(StudyRefused, match=sentence):
        grant_membership(
            study=study, account=account, role=role, site=site, room="open", reason=reason, by=BY
        )
    assert not Membership.objects.filter(account=account).exists()


def test_a_site_of_another_study_is_refused(study: Study, account: Account) -> None:
    other = create_study(entry=StudyEntry(code="ACTIONS-2", title="Another"), by=BY)
    site = put_sites(study=other, sites=[SiteEntry("01")], by=BY)["01"]
    with pytest.raises(StudyRefused, match="another study"):
        grant_membership(
            study=study, account=account, role="investigator", site=site, room="open", reason="Joined", by=BY
        )


def test_a_user_name_is_never_given_twice_whatever_its_letters(account: Account) -> None:
    deactivate(account=account, reason="Left", by=BY)
    with pytest.raises(AccountRefused, match="never given twice"):
        create_account(username="ADA-Actions", full_name="Another Ada", password="a-long-password", by=BY)
    assert not Account.objects.get(id=account.id).is_active


@pytest.mark.parametrize("password", ["short", "ada-actions-"])
def test_a_weak_password_is_refused_with_the_rule(password: str) -> None:
    with pytest.raises(AccountRefused, match=r"[Pp]assword"):
        create_account(username="ada-actions", full_name="Ada", password=password, by=BY)
    assert not Account.objects.filter(username="ada-actions").exists()


def test_a_new_password_opens_and_the_old_one_does_not(account: Account) -> None:
    set_password(account=account, password="another-long-one", by=BY)
    kept = Account.objects.get(id=account.id)
    assert kept.check_password("another-long-one")
    assert not kept.check_password("a-long-password")


def test_a_release_given_as_a_whole_stands_and_is_not_edited() -> None:
    release = put_release(dictionary="Local", number="T1", paths=[NAUSEA], origin="test", by=BY)
    assert release.state == ReleaseState.READY
    assert put_release(dictionary="Local", number="T1", paths=[NAUSEA], origin="test", by=BY).id == release.id
    with pytest.raises(ReleaseRefused, match="new number"):
        put_release(dictionary="Local", number="T1", paths=[NAUSEA, COUGH], origin="test", by=BY)
    assert release.terms.count() == 1


def test_a_release_that_was_not_finished_is_never_used() -> None:
    with as_test():
        Release.objects.create(dictionary="Local", number="T2", origin="test")
    with pytest.raises(ReleaseRefused):
        put_release(dictionary="Local", number="T2", paths=[], origin="test", by=BY)


def test_a_release_made_from_data_grows_by_a_new_number() -> None:
    study_id = uuid.uuid4()

    def made(*paths: TermPath) -> Release | None:
        return release_from_data(study_id=study_id, dictionary="Data", paths=paths, origin="test", by=BY)

    assert made() is None
    first, same, second = made(NAUSEA), made(NAUSEA), made(COUGH)
    assert first and same and second
    assert first.id == same.id
    assert (first.number, second.number) == ("1", "2")
    assert set(second.terms.values_list("preferred_term", flat=True)) == {"Nausea", "Cough"}
