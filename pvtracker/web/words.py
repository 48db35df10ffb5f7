"""What every kind of record and every field of the audit trail is called when people read it.

A name stands here or the tests fail: a table or column that is added without words would be read as its name in the
database. A word that means the same in every record stands once, in `EVERYWHERE`.
"""

from __future__ import annotations

# Columns that say nothing to a reader: keys, fingerprints, and the days that a partial date can mean: its text is told.
SILENT = frozenset({"id", "study_id", "source_hash", "person", "requested_person", "session", "series"})
SILENT_ENDINGS = ("_earliest", "_latest")

# By table: what one record is called.
RECORDS = {
    "account_emailaddress": "mail address",
    "accounts_acceptance": "acceptance of the agreement",
    "accounts_account": "account",
    "accounts_identitycheck": "check of identity",
    "accounts_invitation": "invitation",
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
    "feeds_feedaccess": "access to the feed",
    "mfa_authenticator": "authenticator",
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

# By column, wherever no table says otherwise.
EVERYWHERE = {
    "account_id": "account",
    "action_reported": "action taken, as delivered",
    "action_taken": "action taken",
    "actor": "account or process",
    "actor_name": "who",
    "address": "network address",
    "age": "age in years",
    "analysis_arm": "arm of analysis",
    "analyte": "analyte",
    "approved_by": "approved by",
    "approved_by_id": "account that approved",
    "approved_on": "approved on",
    "assessor": "assessor",
    "at": "at",
    "block_id": "block",
    "category": "category",
    "causality": "relatedness",
    "causality_reported": "relatedness, as delivered",
    "client_id": "program",
    "code": "code",
    "code_break_id": "code break",
    "code_version": "version of the software",
    "comment": "comment",
    "components": "parts given",
    "could_deduce": "others whose arm could be deduced",
    "country": "country",
    "created_at": "made at",
    "criteria": "seriousness criteria",
    "cut_id": "data cut",
    "decided_at": "decided at",
    "decided_by": "decided by",
    "decided_by_id": "account that decided",
    "decided_by_name": "decided by",
    "decision": "decision",
    "decision_reason": "reason of the decision",
    "detail": "detail",
    "domain": "domain",
    "dose": "dose",
    "email": "mail address",
    "end": "end",
    "ends_on": "ends on",
    "entered_at": "entered at",
    "entered_by": "account that entered it",
    "entered_by_name": "entered by",
    "event_id": "adverse event",
    "expires_at": "expires at",
    "files": "files",
    "granted_at": "granted at",
    "granted_by": "granted by",
    "granted_by_id": "account that granted",
    "how": "how",
    "intervention_id": "intervention",
    "kind": "kind",
    "made_at": "made at",
    "made_by": "account that made it",
    "made_by_name": "made by",
    "measures": "measures",
    "name": "name",
    "number": "number",
    "opened_at": "opened at",
    "ordinal": "place in the list",
    "outcome": "outcome",
    "participant_id": "participant",
    "phase": "phase",
    "preferred_term": "preferred term",
    "problem": "problem",
    "provider": "service",
    "reason": "reason",
    "recorded_at": "recorded at",
    "request_id": "request",
    "requested_at": "asked at",
    "requested_by": "account that asked",
    "requested_by_name": "asked by",
    "role": "role",
    "settings": "settings",
    "sha256": "sha256",
    "site_id": "site",
    "source": "source",
    "source_id": "row of the delivery",
    "start": "start",
    "starts_on": "starts on",
    "state": "state",
    "subject": "subject identifier",
    "system_organ_class": "system organ class",
    "taken_on": "taken on",
    "text": "text",
    "title": "title",
    "unit": "unit",
    "user_id": "account",
    "value": "value",
    "value_text": "value as delivered",
    "verbatim": "description",
    "version": "version",
    "visit": "visit",
}

# By table: the columns that only it has, or that mean something of their own in it.
FIELDS = {
    "account_emailaddress": {"verified": "proved", "primary": "main address"},
    "accounts_acceptance": {"version": "version of the agreement", "accepted_at": "accepted at"},
    "accounts_account": {
        "password": "password",
        "username": "user name",
        "full_name": "full name",
        "is_active": "active",
    },
    "accounts_identitycheck": {
        "checked_at": "checked at",
        "checked_by_id": "account that checked",
        "checked_by": "checked by",
    },
    "accounts_invitation": {
        "token_sha256": "fingerprint of the invitation",
        "invited_at": "invited at",
        "used_at": "used at",
        "invited_by_id": "account that invited",
        "invited_by": "invited by",
    },
    "accounts_signature": {
        "kind": "kind of record signed",
        "object_id": "record signed",
        "version": "version signed",
        "sha256": "sha256 of what was signed",
        "meaning": "meaning",
        "printed_name": "printed name",
        "signed_at": "signed at",
    },
    "accounts_training": {
        "done_on": "done on",
        "valid_until": "valid until",
        "recorded_by_id": "account that recorded it",
        "recorded_by": "recorded by",
    },
    "allocation_allocation": {
        "planned_code": "code of the planned arm",
        "planned": "planned arm",
        "actual_code": "code of the actual arm",
        "actual": "actual arm",
    },
    "allocation_blockplace": {"position": "place"},
    "allocation_codebreak": {
        "emergency": "emergency path",
        "recipient_name": "who is to know",
        "recipient_role": "role of who is to know",
        "recipient_account": "account of who is to know",
        "expected_use": "what the arm is needed for",
        "opinion": "second person's opinion",
        "opinion_note": "second person's note",
        "opinion_at": "opinion given at",
        "opinion_by": "account of the second person",
        "opinion_by_name": "second person",
        "shown_at": "arm shown at",
        "times_shown": "times shown",
    },
    "allocation_deduciblealarm": {
        "subjects": "participants whose arm can be deduced",
        "raised_at": "raised at",
        "raised_for": "raised for",
        "seen_at": "seen at",
        "seen_by": "account that saw it",
        "seen_by_name": "seen by",
    },
    "allocation_impactassessment": {"effect": "effect on the trial", "analysis": "effect on the analysis"},
    "allocation_joinedcut": {
        "participants": "participants",
        "without_arm": "participants without an arm",
        "joined_at": "joined at",
    },
    "allocation_randomisationblock": {"stratum": "stratum", "composition": "arms in the block"},
    "allocation_simulation": {"parameters": "parameters"},
    "allocation_treatment": {"treatment": "treatment"},
    "audit_accessrecord": {"object_kind": "kind of object", "object_id": "object"},
    "board_recommendation": {"report_id": "report"},
    "board_recommendationversion": {"recommendation_id": "recommendation"},
    "coding_release": {
        "dictionary": "dictionary",
        "origin": "origin",
        "made_from_data": "made from a delivery",
    },
    "coding_term": {
        "release_id": "release",
        "lowest_level_term": "lowest level term",
        "high_level_term": "high level term",
        "high_level_group_term": "high level group term",
    },
    "cuts_cut": {"date": "cut-off date", "manifest": "list of files"},
    "events_adverseevent": {
        "term_id": "coded term",
        "onset": "onset",
        "ongoing": "ongoing",
        "scale": "scale of severity",
        "grade": "grade",
        "severity_reported": "severity, as delivered",
        "serious": "serious",
        "outcome_reported": "outcome, as delivered",
        "aware_on": "site aware on",
        "narrative": "narrative",
    },
    "events_adverseeventversion": {"operation": "what was done", "body": "what the event said"},
    "events_armword": {"word": "name"},
    "events_dataquery": {
        "rule": "rule",
        "field": "field asked about",
        "message": "question",
        "answer": "answer",
        "closed_at": "closed at",
    },
    "events_draft": {"body": "what is being typed", "saved_at": "saved at"},
    "events_eventlock": {
        "scope": "what was locked",
        "up_to": "events with onset up to",
        "locked_by": "account that locked",
        "locked_by_name": "locked by",
        "locked_at": "locked at",
    },
    "events_heldtext": {
        "field": "field",
        "words": "words that tell",
        "held_at": "held at",
        "held_from": "account that wrote it",
    },
    "events_unlockrequest": {"lock_id": "lock", "decided_by": "account that decided"},
    "mfa_authenticator": {"type": "type", "data": "secret"},
    "oauth2_provider_application": {
        "client_id": "name of the program at sign-in",
        "redirect_uris": "addresses to return to",
        "post_logout_redirect_uris": "addresses after the sign-out",
        "client_type": "type of program",
        "authorization_grant_type": "way of sign-in",
        "client_secret": "secret",
        "hash_client_secret": "secret kept as a hash",
        "skip_authorization": "signs in without asking",
        "created": "made at",
        "updated": "changed at",
        "algorithm": "algorithm",
        "allowed_origins": "origins allowed",
        "registration_source": "way of registration",
        "cimd_expires_at": "description expires at",
    },
    "participants_disposition": {"term": "what happened", "verbatim": "as written", "start": "date"},
    "participants_measurement": {
        "unit_text": "unit as delivered",
        "low": "lower limit",
        "high": "upper limit",
        "not_done": "not done",
    },
    "participants_medication": {
        "verbatim": "medication as written",
        "coded": "coded name",
        "medication_class": "class",
        "indication": "indication",
        "dose_text": "dose",
    },
    "participants_participant": {
        "code": "participant number",
        "sex": "sex",
        "race": "race",
        "ethnicity": "ethnicity",
        "screen_failure": "screen failure",
        "died": "died",
        "consented_on": "consented on",
        "started_on": "treatment started on",
        "ended_on": "participation ended on",
        "died_on": "died on",
    },
    "participants_visit": {"planned_day": "planned day"},
    "reports_reportrecord": {
        "audience": "for the",
        "content_sha256": "sha256 of the content",
        "pdf_sha256": "sha256 of the PDF",
    },
    "signals_run": {
        "methods": "methods",
        "rows": "rows compared",
        "flagged": "rows flagged",
        "sha256": "sha256 of the results",
    },
    "socialaccount_socialaccount": {
        "uid": "name at the service",
        "last_login": "last sign-on",
        "date_joined": "first sign-on",
        "extra_data": "what the service told",
    },
    "socialaccount_socialapp": {
        "provider_id": "name of the service",
        "client_id": "our name at the service",
        "secret": "our secret at the service",
        "key": "our key at the service",
    },
    "socialaccount_socialtoken": {
        "app_id": "service",
        "account_id": "single sign-on",
        "token": "token",
        "token_secret": "secret of the token",
    },
    "studies_accessreview": {
        "reviewed_at": "reviewed at",
        "reviewed_by_id": "account that reviewed",
        "reviewed_by": "reviewed by",
        "decisions": "decisions",
    },
    "studies_arm": {"is_reference": "arm of reference"},
    "studies_blindingfinding": {
        "open_role": "role in the open room",
        "found_at": "found at",
        "gone_at": "gone at",
    },
    "studies_membership": {"ended_at": "ended at", "ended_by": "ended by", "end_reason": "reason of the end"},
    "studies_membershiprequest": {
        "proposed_at": "proposed at",
        "proposed_by_id": "account that proposed",
        "proposed_by": "proposed by",
    },
    "studies_protocolversion": {"summary": "summary"},
    "studies_site": {"time_zone": "time zone"},
    "studies_study": {
        "sponsor": "sponsor",
        "planned_participants": "planned participants",
        "simulated": "simulated",
        "severity_scale": "scale of severity",
        "emergent_window_days": "days after treatment that count",
        "revealing_analytes": "analytes that tell the arm",
    },
}

OPERATIONS = {"insert": "recorded", "update": "changed", "delete": "removed"}
FOUND = "found when recording began"  # of rows that stood before there was a trail

SOURCES = {
    "form": "form on a page",
    "import": "import of a file",
    "task": "job",
    "process": "process without a person",
    "access": "access record",
    "migration": "set-up of the database",
    "scheduler": "scheduler",
    "command": "command",
}
PROCESSES = {
    "simulate_trial": "simulation of a trial",
    "import_study": "import of a study",
    "receive_cuts": "receiving of cuts",
    "visitor": "visitor who was not signed in",
    "migration": "set-up of the database",
    "test": "test",
}


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


def source_in_words(source: str) -> str:
    """Where a change came from; a file is named by the first digits of its sha256."""
    kind, _, rest = source.partition(":")
    if kind == "sha256":
        return f"file with sha256 {rest[:12]}…"
    said = SOURCES.get(kind, kind.replace("_", " "))
    return f"{said} {rest}" if rest else said


def actor_in_words(name: str) -> str:
    """Who acted: a person's name as it stands, a process as such."""
    name = name.removeprefix("process:")
    kind, _, rest = name.partition(":")
    if kind == "command" and rest:
        return f"command {rest}"
    return PROCESSES.get(name, name)
