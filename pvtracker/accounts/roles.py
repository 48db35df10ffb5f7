"""Roles as data. Code asks for permissions, never for roles; a membership stores the role's key."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal


class Permission(StrEnum):
    """One thing that a person may do in a study."""

    READ_PARTICIPANTS = "read_participants"
    RECORD_EVENTS = "record_events"
    ASSESS_AS_INVESTIGATOR = "assess_as_investigator"
    ASSESS_AS_SPONSOR = "assess_as_sponsor"
    VOID_EVENTS = "void_events"
    FREEZE_CUTS = "freeze_cuts"
    READ_OPEN_REPORTS = "read_open_reports"
    MAKE_OPEN_REPORTS = "make_open_reports"
    READ_FEED_STATUS = "read_feed_status"
    RUN_SIGNALS = "run_signals"
    READ_SIGNALS = "read_signals"
    MAKE_CLOSED_REPORTS = "make_closed_reports"
    READ_CLOSED_REPORTS = "read_closed_reports"


@dataclass(frozen=True, slots=True)
class Role:
    """A key that never changes, a label, a paragraph that an auditor can read, and the permissions."""

    key: str
    label: str
    description: str
    room: Literal["open", "closed"]
    scope: Literal["study", "site"]
    permissions: frozenset[Permission]


ROLES: dict[str, Role] = {
    role.key: role
    for role in (
        Role(
            key="coordinator",
            label="Study coordinator",
            description="Records adverse events at one site, follows them up and answers queries. Sees the "
            "participants of that site only.",
            room="open",
            scope="site",
            permissions=frozenset({Permission.READ_PARTICIPANTS, Permission.RECORD_EVENTS}),
        ),
        Role(
            key="investigator",
            label="Investigator",
            description="A physician responsible for the participants of one site: records adverse events and judges "
            "severity, seriousness and relatedness to each intervention.",
            room="open",
            scope="site",
            permissions=frozenset(
                {
                    Permission.READ_PARTICIPANTS,
                    Permission.RECORD_EVENTS,
                    Permission.ASSESS_AS_INVESTIGATOR,
                    Permission.VOID_EVENTS,
                }
            ),
        ),
        Role(
            key="medical_monitor",
            label="Medical monitor",
            description="The sponsor's blinded physician: reads events of every site, gives the sponsor's own opinion "
            "on causality beside the investigator's, and reads pooled reports.",
            room="open",
            scope="study",
            permissions=frozenset(
                {
                    Permission.READ_PARTICIPANTS,
                    Permission.ASSESS_AS_SPONSOR,
                    Permission.READ_OPEN_REPORTS,
                    Permission.READ_FEED_STATUS,
                }
            ),
        ),
        Role(
            key="study_administrator",
            label="Study administrator",
            description="Runs the study's blinded data flow: freezes cuts, makes open reports, watches the feed. "
            "Writes no clinical data.",
            room="open",
            scope="study",
            permissions=frozenset(
                {
                    Permission.READ_PARTICIPANTS,
                    Permission.FREEZE_CUTS,
                    Permission.READ_OPEN_REPORTS,
                    Permission.MAKE_OPEN_REPORTS,
                    Permission.READ_FEED_STATUS,
                }
            ),
        ),
        Role(
            key="statistician",
            label="Unblinded statistician",
            description="Prepares the board's closed material: runs the screening by arm and makes closed reports. "
            "Holds no blinded role in the same study.",
            room="closed",
            scope="study",
            permissions=frozenset(
                {
                    Permission.RUN_SIGNALS,
                    Permission.READ_SIGNALS,
                    Permission.MAKE_CLOSED_REPORTS,
                    Permission.READ_CLOSED_REPORTS,
                }
            ),
        ),
        Role(
            key="dsmb_member",
            label="DSMB member",
            description="A member of the data and safety monitoring board: reads comparative reports and findings "
            "while the trial runs.",
            room="closed",
            scope="study",
            permissions=frozenset({Permission.READ_SIGNALS, Permission.READ_CLOSED_REPORTS}),
        ),
    )
}


def roles_of(room: str) -> dict[str, Role]:
    """The roles that can be held in one room."""
    return {key: role for key, role in ROLES.items() if role.room == room}
