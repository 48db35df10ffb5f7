"""Roles as data. Code asks for permissions, never for roles; a membership stores the role's key.

Two things are decided here for the whole house. A second person exists for whatever needs one: who may ask and who may
approve are different roles, so that one person of each is enough. And a role is blinded or unblinded as such: nobody
holds roles of both kinds in one study (`studies.blinding`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

Room = Literal["open", "closed"]
Scope = Literal["system", "study", "site"]
Blinding = Literal["blinded", "unblinded"]


class Permission(StrEnum):
    """One thing that a person may do: in a study, or (the last two) in the installation."""

    READ_PARTICIPANTS = "read_participants"
    RECORD_EVENTS = "record_events"
    ASSESS_AS_INVESTIGATOR = "assess_as_investigator"
    ASSESS_AS_SPONSOR = "assess_as_sponsor"
    VOID_EVENTS = "void_events"
    CODE_EVENTS = "code_events"
    SIGN_EVENTS = "sign_events"
    HAND_OVER_DRAFTS = "hand_over_drafts"
    LOCK_EVENTS = "lock_events"
    APPROVE_UNLOCK = "approve_unlock"
    RELEASE_HELD_TEXT = "release_held_text"
    FREEZE_CUTS = "freeze_cuts"
    SET_DEFINITIONS = "set_definitions"
    READ_OPEN_REPORTS = "read_open_reports"
    MAKE_OPEN_REPORTS = "make_open_reports"
    SIGN_OPEN_REPORTS = "sign_open_reports"
    READ_FEED_STATUS = "read_feed_status"
    READ_POOLED_RATES = "read_pooled_rates"
    SET_EXPECTED_RATES = "set_expected_rates"
    HEAR_OF_POOLED_RATES = "hear_of_pooled_rates"
    RUN_SIGNALS = "run_signals"
    READ_SIGNALS = "read_signals"
    FOLLOW_SIGNALS = "follow_signals"
    SIGN_SIGNALS = "sign_signals"
    HEAR_OF_SIGNALS = "hear_of_signals"
    MAKE_CLOSED_REPORTS = "make_closed_reports"
    READ_CLOSED_REPORTS = "read_closed_reports"
    SIGN_CLOSED_REPORTS = "sign_closed_reports"
    RECOMMEND = "recommend"
    READ_RECOMMENDATIONS = "read_recommendations"
    BREAK_CODE = "break_code"
    APPROVE_CODE_BREAK = "approve_code_break"
    READ_CODE_BREAKS = "read_code_breaks"
    READ_AUDIT = "read_audit"
    MANAGE_MEMBERS = "manage_members"
    APPROVE_MEMBERS = "approve_members"
    MANAGE_ACCOUNTS = "manage_accounts"
    MANAGE_CLIENTS = "manage_clients"


# What is signed with: nobody has these before another person has checked who they are.
SIGNING = frozenset(
    {
        Permission.SIGN_EVENTS,
        Permission.SIGN_OPEN_REPORTS,
        Permission.SIGN_CLOSED_REPORTS,
        Permission.SIGN_SIGNALS,
        Permission.RECOMMEND,
    }
)


@dataclass(frozen=True, slots=True)
class Role:
    """A key that never changes, a label, a paragraph that an auditor can read, and the permissions.

    `room` "both": held in each room by an account of that room. `second_factor`: a password alone does not do.
    `approval`: a membership with this role is granted by one person and approved by another.
    """

    key: str
    label: str
    description: str
    room: Literal["open", "closed", "both"]
    scope: Scope
    blinding: Blinding
    second_factor: bool
    approval: bool
    permissions: frozenset[Permission]


ROLES: dict[str, Role] = {
    role.key: role
    for role in (
        Role(
            key="coordinator",
            label="Study coordinator",
            description="Records adverse events at one site, follows them up and answers queries. Sees the "
            "participants of that site only. Gives no medical opinion and signs nothing.",
            room="open",
            scope="site",
            blinding="blinded",
            second_factor=False,
            approval=False,
            permissions=frozenset({Permission.READ_PARTICIPANTS, Permission.RECORD_EVENTS}),
        ),
        Role(
            key="investigator",
            label="Investigator",
            description="A physician responsible for the participants of one site: records adverse events, judges "
            "severity, seriousness and relatedness to each intervention, signs what the site has recorded, and takes "
            "over drafts of those who left it.",
            room="open",
            scope="site",
            blinding="blinded",
            second_factor=False,
            approval=False,
            permissions=frozenset(
                {
                    Permission.READ_PARTICIPANTS,
                    Permission.RECORD_EVENTS,
                    Permission.ASSESS_AS_INVESTIGATOR,
                    Permission.VOID_EVENTS,
                    Permission.SIGN_EVENTS,
                    Permission.HAND_OVER_DRAFTS,
                }
            ),
        ),
        Role(
            key="coder",
            label="Medical coder",
            description="Gives the words of every site their term of the study's dictionary. Reads events, changes "
            "nothing that a site has recorded.",
            room="open",
            scope="study",
            blinding="blinded",
            second_factor=False,
            approval=False,
            permissions=frozenset({Permission.READ_PARTICIPANTS, Permission.CODE_EVENTS}),
        ),
        Role(
            key="medical_monitor",
            label="Medical monitor",
            description="The sponsor's blinded physician: reads events of every site, gives the sponsor's own opinion "
            "on causality beside the investigator's, reads and signs pooled reports, says what rates are expected, "
            "watches the pooled ones and is told of early warnings, and is the second person when "
            "a locked event is to be unlocked or somebody is to be let in as administrator or auditor. Changes "
            "nothing that a site has recorded.",
            room="open",
            scope="study",
            blinding="blinded",
            second_factor=False,
            approval=False,
            permissions=frozenset(
                {
                    Permission.READ_PARTICIPANTS,
                    Permission.ASSESS_AS_SPONSOR,
                    Permission.READ_OPEN_REPORTS,
                    Permission.SIGN_OPEN_REPORTS,
                    Permission.READ_FEED_STATUS,
                    Permission.READ_POOLED_RATES,
                    Permission.SET_EXPECTED_RATES,
                    Permission.HEAR_OF_POOLED_RATES,
                    Permission.APPROVE_UNLOCK,
                    Permission.APPROVE_MEMBERS,
                }
            ),
        ),
        Role(
            key="sponsor_viewer",
            label="Sponsor viewer",
            description="Reads the study's pooled reports and watched rates and sees whether the feed runs. Sees no "
            "participant and writes nothing.",
            room="open",
            scope="study",
            blinding="blinded",
            second_factor=False,
            approval=False,
            permissions=frozenset(
                {
                    Permission.READ_OPEN_REPORTS,
                    Permission.READ_FEED_STATUS,
                    Permission.READ_POOLED_RATES,
                }
            ),
        ),
        Role(
            key="auditor_open",
            label="Auditor (open room)",
            description="Reads everything in the open room about one study, its history included: who did what, "
            "when and why. Writes nothing.",
            room="open",
            scope="study",
            blinding="blinded",
            second_factor=False,
            approval=True,
            permissions=frozenset(
                {
                    Permission.READ_PARTICIPANTS,
                    Permission.READ_OPEN_REPORTS,
                    Permission.READ_FEED_STATUS,
                    Permission.READ_POOLED_RATES,
                    Permission.READ_AUDIT,
                }
            ),
        ),
        Role(
            key="study_administrator",
            label="Study administrator",
            description="Runs the study's blinded data flow: says by which definitions it is counted, freezes "
            "cuts, makes and signs open reports, locks events and asks for a lock to be opened, says what rates are "
            "expected, watches the feed, reads the history, "
            "releases text that was held because it might name an arm, hands on drafts of those who left, and says "
            "who works in the study and which sponsor's program reads its feed. Writes no clinical data.",
            room="open",
            scope="study",
            blinding="blinded",
            second_factor=True,
            approval=True,
            permissions=frozenset(
                {
                    Permission.READ_PARTICIPANTS,
                    Permission.LOCK_EVENTS,
                    Permission.RELEASE_HELD_TEXT,
                    Permission.HAND_OVER_DRAFTS,
                    Permission.FREEZE_CUTS,
                    Permission.SET_DEFINITIONS,
                    Permission.READ_OPEN_REPORTS,
                    Permission.MAKE_OPEN_REPORTS,
                    Permission.SIGN_OPEN_REPORTS,
                    Permission.READ_FEED_STATUS,
                    Permission.READ_POOLED_RATES,
                    Permission.SET_EXPECTED_RATES,
                    Permission.READ_AUDIT,
                    Permission.MANAGE_MEMBERS,
                    Permission.APPROVE_MEMBERS,
                }
            ),
        ),
        Role(
            key="statistician",
            label="Unblinded statistician",
            description="Prepares the board's closed material: runs the screening by arm, follows signals, "
            "assesses and signs them, makes and signs closed reports, says who works in the study's closed room, and "
            "may be the second person of a code break. Holds no blinded role in the same study.",
            room="closed",
            scope="study",
            blinding="unblinded",
            second_factor=True,
            approval=True,
            permissions=frozenset(
                {
                    Permission.RUN_SIGNALS,
                    Permission.READ_SIGNALS,
                    Permission.FOLLOW_SIGNALS,
                    Permission.SIGN_SIGNALS,
                    Permission.MAKE_CLOSED_REPORTS,
                    Permission.READ_CLOSED_REPORTS,
                    Permission.SIGN_CLOSED_REPORTS,
                    Permission.READ_RECOMMENDATIONS,
                    Permission.APPROVE_CODE_BREAK,
                    Permission.MANAGE_MEMBERS,
                    Permission.APPROVE_MEMBERS,
                }
            ),
        ),
        Role(
            key="dsmb_member",
            label="DSMB member",
            description="A member of the data and safety monitoring board: reads comparative reports, findings, "
            "signals and the board's recommendations while the trial runs, and is told of a signal that is brought to "
            "the board.",
            room="closed",
            scope="study",
            blinding="unblinded",
            second_factor=True,
            approval=True,
            permissions=frozenset(
                {
                    Permission.READ_SIGNALS,
                    Permission.HEAR_OF_SIGNALS,
                    Permission.READ_CLOSED_REPORTS,
                    Permission.READ_RECOMMENDATIONS,
                }
            ),
        ),
        Role(
            key="dsmb_chair",
            label="DSMB chair",
            description="Chairs the data and safety monitoring board: reads what a member reads, writes and signs the "
            "board's recommendation, and is the second person when somebody is to be let into the closed room or a "
            "code is to be broken.",
            room="closed",
            scope="study",
            blinding="unblinded",
            second_factor=True,
            approval=True,
            permissions=frozenset(
                {
                    Permission.READ_SIGNALS,
                    Permission.HEAR_OF_SIGNALS,
                    Permission.READ_CLOSED_REPORTS,
                    Permission.RECOMMEND,
                    Permission.READ_RECOMMENDATIONS,
                    Permission.APPROVE_CODE_BREAK,
                    Permission.READ_CODE_BREAKS,
                    Permission.APPROVE_MEMBERS,
                }
            ),
        ),
        Role(
            key="auditor_closed",
            label="Auditor (closed room)",
            description="Reads everything in the closed room about one study, its history, the looks and the code "
            "breaks included. Writes nothing, and holds no blinded role in the same study.",
            room="closed",
            scope="study",
            blinding="unblinded",
            second_factor=True,
            approval=True,
            permissions=frozenset(
                {
                    Permission.READ_SIGNALS,
                    Permission.READ_CLOSED_REPORTS,
                    Permission.READ_RECOMMENDATIONS,
                    Permission.READ_CODE_BREAKS,
                    Permission.READ_AUDIT,
                }
            ),
        ),
        Role(
            key="code_break_officer",
            label="Code-break officer",
            description="Opens the treatment of one participant to one person in an emergency, at the closed room's "
            "own door, and records why, to whom and with which second person. Sees no comparison of arms.",
            room="closed",
            scope="study",
            blinding="unblinded",
            second_factor=True,
            approval=True,
            permissions=frozenset({Permission.BREAK_CODE, Permission.READ_CODE_BREAKS}),
        ),
        Role(
            key="system_administrator",
            label="System administrator",
            description="Keeps the accounts and API clients of one room: invites people, deactivates accounts, ends "
            "sessions, lifts a lockout, asks for a lost sign-in to be reset, which a second person "
            "approves. Works in no study: reads no participant, no report and no comparison of arms, "
            "writes nothing clinical, and never learns or sets a password.",
            room="both",
            scope="system",
            blinding="blinded",
            second_factor=True,
            approval=False,
            permissions=frozenset({Permission.MANAGE_ACCOUNTS, Permission.MANAGE_CLIENTS}),
        ),
    )
}


def roles_of(room: str) -> dict[str, Role]:
    """The roles that can be held in one room."""
    return {key: role for key, role in ROLES.items() if role.room in (room, "both")}


def study_roles(room: str) -> dict[str, Role]:
    """The roles that a membership in a study can give in one room."""
    return {key: role for key, role in roles_of(room).items() if role.scope != "system"}


def unblinded(key: str) -> bool:
    """Does the role open the arms to whoever holds it? A key that no role has is taken for unblinded."""
    return key not in ROLES or ROLES[key].blinding == "unblinded"
