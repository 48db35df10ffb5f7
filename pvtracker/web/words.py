"""What every kind of record and every field of the audit trail is called when people read it.

A name stands here or the tests fail: a table or column that is added without words would be read as its name in the
database. A word that means the same in every record stands once, in `field_words.EVERYWHERE`.
"""

from __future__ import annotations

from pvtracker.web.field_words import EVERYWHERE, FIELDS

# Columns that say nothing to a reader: keys, fingerprints, and the days that a partial date can mean: its text is told.
SILENT = frozenset({"id", "study_id", "source_hash", "person", "requested_person", "session", "series"})
SILENT_ENDINGS = ("_earliest", "_latest")

# By table: what one record is called.
RECORDS = {
    "account_emailaddress": "mail address",
    "accounts_acceptance": "acceptance of the agreement",
    "accounts_account": "account",
    "accounts_agencyletter": "letter to the agency",
    "accounts_identitycheck": "check of identity",
    "accounts_invitation": "invitation",
    "accounts_notice": "mail that is owed",
    "accounts_reset": "reset of a sign-in",
    "accounts_signature": "signature",
    "accounts_systemrole": "role in the system",
    "accounts_training": "training",
    "allocation_allocation": "allocation",
    "allocation_blockplace": "place in a block",
    "allocation_codebreak": "code break",
    "allocation_deduciblealarm": "alarm of deducible arms",
    "allocation_impactassessment": "assessment of impact",
    "allocation_joinedcut": "cut joined with the arms",
    "allocation_randomisationblock": "block of the randomisation",
    "allocation_revealingmeasurement": "measurement that tells the arm",
    "allocation_simulation": "simulation",
    "allocation_told": "person told after a code break",
    "allocation_treatment": "treatment given",
    "audit_accessrecord": "access record",
    "board_recommendation": "recommendation",
    "board_recommendationversion": "version of a recommendation",
    "coding_release": "release of a dictionary",
    "coding_term": "term of a dictionary",
    "cuts_cut": "data cut",
    "events_adverseevent": "adverse event",
    "events_adverseeventversion": "version of an adverse event",
    "events_armword": "product name that tells an arm",
    "events_assessment": "judgement on an intervention",
    "events_dataquery": "data query",
    "events_draft": "draft",
    "events_eventlock": "lock of an event",
    "events_heldtext": "held text",
    "events_unlockrequest": "request to unlock",
    "feeds_apiclient": "program of a sponsor",
    "feeds_feedaccess": "access to the feed",
    "mfa_authenticator": "authenticator",
    "monitoring_earlywarning": "early warning",
    "monitoring_expectation": "expected rate",
    "monitoring_look": "look at a watched term",
    "monitoring_watchedterm": "watched term",
    "oauth2_provider_application": "program that reads the feed",
    "participants_disposition": "disposition",
    "participants_exposure": "exposure",
    "participants_measurement": "measurement",
    "participants_medicalhistory": "medical history",
    "participants_medication": "concomitant medication",
    "participants_participant": "participant",
    "participants_visit": "visit",
    "reports_reportrecord": "report",
    "signals_run": "comparison of the arms",
    "signals_screeningorder": "screening asked for",
    "signals_screeningpiece": "piece of a screening",
    "signals_screeningplan": "plan of screening",
    "signals_signal": "signal",
    "signals_signalalert": "alert about a signal",
    "signals_signalassessment": "assessment of a signal",
    "signals_signalstep": "step in the life of a signal",
    "socialaccount_socialaccount": "single sign-on of an account",
    "socialaccount_socialapp": "service of single sign-on",
    "socialaccount_socialtoken": "token of single sign-on",
    "studies_accessreview": "review of access",
    "studies_arm": "arm of the protocol",
    "studies_blindingfinding": "finding of two blinding states",
    "studies_intervention": "intervention",
    "studies_membership": "membership",
    "studies_membershiprequest": "request for a membership",
    "studies_protocolversion": "version of the protocol",
    "studies_site": "site",
    "studies_study": "study",
}

OPERATIONS = {"insert": "recorded", "update": "changed", "delete": "removed"}
FOUND = "found when recording began"  # of rows that stood before there was a trail


def record_name(table: str) -> str:
    """What one record of the table is called; a table that is no more keeps its own name."""
    return RECORDS.get(table) or table.replace("_", " ")


def field_name(table: str, column: str) -> str:
    """What the column is called; a column that is no more keeps its own name."""
    return FIELDS.get(table, {}).get(column) or EVERYWHERE.get(column) or column.replace("_", " ")


def is_silent(column: str) -> bool:
    """A column that is not told."""
    return column in SILENT or column.endswith(SILENT_ENDINGS)


def operation(done: str) -> str:
    """What was done to the record."""
    return OPERATIONS.get(done, FOUND)
