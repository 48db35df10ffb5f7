"""Who may do what: the whole matrix, written out a second time. A new role or permission fails until it stands here."""

from __future__ import annotations

from pvtracker.accounts.roles import ROLES, SIGNING, Permission, roles_of, study_roles, unblinded

# What each role may do, and nothing else.
MATRIX = {
    "coordinator": "read_participants record_events",
    "investigator": "read_participants record_events assess_as_investigator void_events sign_events hand_over_drafts",
    "coder": "read_participants code_events",
    "medical_monitor": "read_participants assess_as_sponsor read_open_reports sign_open_reports read_feed_status "
    "read_pooled_rates set_expected_rates hear_of_pooled_rates approve_unlock approve_members",
    "sponsor_viewer": "read_open_reports read_feed_status read_pooled_rates",
    "auditor_open": "read_participants read_open_reports read_feed_status read_pooled_rates read_audit",
    "study_administrator": "read_participants lock_events release_held_text hand_over_drafts freeze_cuts "
    "set_definitions read_open_reports make_open_reports sign_open_reports read_feed_status read_pooled_rates "
    "set_expected_rates read_audit manage_members approve_members",
    "statistician": "run_signals read_signals follow_signals sign_signals make_closed_reports read_closed_reports "
    "sign_closed_reports read_recommendations approve_code_break manage_members approve_members",
    "dsmb_member": "read_signals hear_of_signals read_closed_reports read_recommendations",
    "dsmb_chair": "read_signals hear_of_signals read_closed_reports recommend read_recommendations approve_code_break "
    "read_code_breaks approve_members",
    "auditor_closed": "read_signals read_closed_reports read_recommendations read_code_breaks read_audit",
    "code_break_officer": "break_code read_code_breaks",
    "system_administrator": "manage_accounts manage_clients",
}
# Room, scope, blinding, second factor, second person.
NATURE = {
    "coordinator": ("open", "site", "blinded", False, False),
    "investigator": ("open", "site", "blinded", False, False),
    "coder": ("open", "study", "blinded", False, False),
    "medical_monitor": ("open", "study", "blinded", False, False),
    "sponsor_viewer": ("open", "study", "blinded", False, False),
    "auditor_open": ("open", "study", "blinded", False, True),
    "study_administrator": ("open", "study", "blinded", True, True),
    "statistician": ("closed", "study", "unblinded", True, True),
    "dsmb_member": ("closed", "study", "unblinded", True, True),
    "dsmb_chair": ("closed", "study", "unblinded", True, True),
    "auditor_closed": ("closed", "study", "unblinded", True, True),
    "code_break_officer": ("closed", "study", "unblinded", True, True),
    "system_administrator": ("both", "system", "blinded", True, False),
}
# Every permission once: what it opens, in words that the rules below are about.
SITE_DATA = {"record_events", "assess_as_investigator", "void_events", "sign_events"}
CLINICAL = SITE_DATA | {
    "assess_as_sponsor",
    "code_events",
    "lock_events",
    "approve_unlock",
    "release_held_text",
}
UNBLINDED = {
    "run_signals",
    "read_signals",
    "follow_signals",
    "sign_signals",
    "hear_of_signals",
    "make_closed_reports",
    "read_closed_reports",
    "sign_closed_reports",
    "recommend",
    "read_recommendations",
    "break_code",
    "approve_code_break",
    "read_code_breaks",
}
READING = {"read_participants", "read_open_reports", "read_feed_status", "read_pooled_rates", "read_audit"}
RUNNING = {"freeze_cuts", "set_definitions", "make_open_reports", "sign_open_reports", "hand_over_drafts"}
POOLED = {"set_expected_rates", "hear_of_pooled_rates"}
PEOPLE = {"manage_members", "approve_members", "manage_accounts", "manage_clients"}


def may(role: str) -> set[str]:
    return {str(permission) for permission in ROLES[role].permissions}


def test_every_cell_of_role_by_permission_is_as_written_here() -> None:
    cells = {(role, str(p)): p in ROLES[role].permissions for role in ROLES for p in Permission}
    wanted = {(role, str(p)): str(p) in MATRIX[role].split() for role in MATRIX for p in Permission}
    assert cells == wanted
    assert {word for row in MATRIX.values() for word in row.split()} == {str(p) for p in Permission}


def test_every_permission_is_of_one_kind() -> None:
    kinds = (CLINICAL, UNBLINDED, READING, RUNNING, POOLED, PEOPLE)
    assert set.union(*kinds) == {str(p) for p in Permission} and sum(map(len, kinds)) == len(Permission)


def test_every_role_is_of_the_nature_written_here_and_says_what_it_is_for() -> None:
    found = {k: (r.room, r.scope, r.blinding, r.second_factor, r.approval) for k, r in ROLES.items()}
    assert found == NATURE
    assert all(len(role.description.split()) >= 12 for role in ROLES.values())


def test_whoever_sees_arms_is_called_unblinded_and_nobody_else_is() -> None:
    for key in ROLES:
        assert bool(may(key) & UNBLINDED) == (ROLES[key].blinding == "unblinded") == unblinded(key), key
    assert unblinded("a role that nobody knows")


def test_unblinded_roles_are_of_the_closed_room_with_second_factor_and_second_person() -> None:
    for key, role in ROLES.items():
        if role.blinding == "unblinded":
            assert (role.room, role.second_factor, role.approval) == ("closed", True, True), key
            assert not may(key) & CLINICAL, key


def test_a_system_administrator_reads_and_writes_nothing_of_a_study() -> None:
    assert may("system_administrator") <= PEOPLE - {"manage_members", "approve_members"}
    assert "system_administrator" not in {**study_roles("open"), **study_roles("closed")}
    assert "system_administrator" in roles_of("open") and "system_administrator" in roles_of("closed")


def test_the_sponsor_writes_nothing_that_a_site_has_recorded() -> None:
    for key in ("sponsor_viewer", "medical_monitor", "coder", "study_administrator"):
        assert not may(key) & SITE_DATA, key
    assert may("sponsor_viewer") <= READING - {"read_participants", "read_audit"}


def test_auditors_write_nothing() -> None:
    for key in ("auditor_open", "auditor_closed"):
        assert all(word.startswith("read_") for word in may(key)), key


def test_who_asks_and_who_approves_are_two_people() -> None:
    """One person of each role is enough for two: somebody approves who is not the only one to ask."""
    for ask, approve in (
        (Permission.LOCK_EVENTS, Permission.APPROVE_UNLOCK),
        (Permission.MANAGE_MEMBERS, Permission.APPROVE_MEMBERS),
        (Permission.BREAK_CODE, Permission.APPROVE_CODE_BREAK),
    ):
        for room in ("open", "closed"):
            asking = {key for key, role in roles_of(room).items() if ask in role.permissions}
            approving = {key for key, role in roles_of(room).items() if approve in role.permissions}
            assert not asking or approving - asking, (room, ask)


def test_signing_needs_a_checked_identity_whatever_is_signed() -> None:
    signing = {p for p in Permission if p.startswith("sign_")}
    assert signing | {Permission.RECOMMEND} == SIGNING
