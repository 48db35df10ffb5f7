"""Everything that writes studies: the protocol, and who works where."""

from pvtracker.studies.actions.definitions import set_definitions
from pvtracker.studies.actions.memberships import (
    decide_request,
    end_membership,
    grant_membership,
    propose_membership,
    record_review,
    report_mixed_blinding,
)
from pvtracker.studies.actions.protocol import (
    CODE,
    ArmEntry,
    InterventionEntry,
    SiteEntry,
    StudyEntry,
    VersionEntry,
    add_revealing,
    analyte_codes,
    create_study,
    put_arms,
    put_interventions,
    put_sites,
    put_versions,
    update_study,
)
from pvtracker.studies.actions.resets import tell_approvers, tell_awaited
from pvtracker.studies.rules import StudyRefused

__all__ = [
    "CODE",
    "ArmEntry",
    "InterventionEntry",
    "SiteEntry",
    "StudyEntry",
    "StudyRefused",
    "VersionEntry",
    "add_revealing",
    "analyte_codes",
    "create_study",
    "decide_request",
    "end_membership",
    "grant_membership",
    "propose_membership",
    "put_arms",
    "put_interventions",
    "put_sites",
    "put_versions",
    "record_review",
    "report_mixed_blinding",
    "set_definitions",
    "tell_approvers",
    "tell_awaited",
    "update_study",
]
