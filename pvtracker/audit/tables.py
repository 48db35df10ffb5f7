"""Which tables the audit trail leaves out, which columns it masks, and which tables are only ever added to.

Every table of the schema is recorded unless it is named here with a reason (docs/reference/audit.md). Tables of the
other room, or of a library that is not installed in this one, may be named too.
"""

from __future__ import annotations

# Not recorded, and why.
UNRECORDED = {
    "django_migrations": "the owner's list of migrations that ran; no login may write it",
    "django_content_type": "Django's list of tables, filled by migrations; no login may write it",
    "django_site": "one row of a library that is not used for anything; no login may write it",
    "auth_permission": "Django's, unused: roles are memberships; no login may write it",
    "auth_group": "Django's, unused: roles are memberships; no login may write it",
    "auth_group_permissions": "Django's, unused: roles are memberships; no login may write it",
    "django_session": "who is signed in at this moment; sign-ins and their ends are access records",
    "accounts_lockout": "counts failures until a lockout and is cleared; failures and lockouts are access records",
    "accounts_opensession": "which browser is signed in, and since when; sign-ins and ends are access records",
    "account_emailconfirmation": "a key that is sent by mail and used once; the address itself is recorded",
    "jobs_job": "the life of a piece of work (lease, attempt, progress); what the work wrote is recorded",
    "audit_outbox": "one row per version of an event, derived from it in the same transaction",
    "feeds_feedhead": "the last number that was given in a feed; derived from the outbox",
    "feeds_feedentry": "the outbox in the order of its numbers; derived from it",
    "oauth2_provider_accesstoken": "a client's token of one hour, stored as a hash; the client itself is recorded",
    "oauth2_provider_refreshtoken": "no client gets one; client credentials have none",
    "oauth2_provider_idtoken": "no client gets one; OpenID is not offered",
    "oauth2_provider_grant": "no client gets one; there is no authorisation code flow",
    "oauth2_provider_devicegrant": "no client gets one; there is no device flow",
    "signals_result": "pure function of a run's cut, plan and code; the run, which is recorded, holds their sha256",
}

# Columns of recorded tables whose values are replaced by a fingerprint: that they changed is told, what they were is
# not. Only for values that cannot be guessed (hashes with salt, random secrets): a fingerprint of a name would tell it.
MASKED = {
    "accounts_invitation": {"token_sha256": "the hash of a random token that lets a person in"},
    "accounts_account": {"password": "a salted hash of a password"},
    "accounts_reset": {"code": "a salted hash of a random code that lets a person in"},
    "mfa_authenticator": {"data": "the secret of an authenticator, or its recovery codes"},
    "oauth2_provider_application": {"client_secret": "a salted hash of a client's secret"},
    "socialaccount_socialtoken": {"token": "a token of the sign-on service", "token_secret": "its secret"},
    "socialaccount_socialapp": {"secret": "this installation's secret at the sign-on service"},
}

# Columns of recorded tables that are not recorded, and why.
LEFT_OUT = {
    "events_heldtext": {
        "text": "held because it may tell an arm; the row keeps it for good, and blinded people read the trail",
        "words": "the telling part of that text",
    },
    "events_draft": {"body": "what is being typed, before anybody looked whether it tells an arm"},
    "accounts_account": {"last_login": "set at each sign-in, which is an access record"},
    "mfa_authenticator": {"last_used_at": "set at each sign-in, which is an access record"},
}

# Rows are added, never changed or removed, by whoever it may be.
APPEND_ONLY = {
    "events_adverseeventversion": "what an event said at one version",
    "audit_accessrecord": "who looked at what, and why",
    "accounts_signature": "what a person signed, and its hash; a later change voids it without touching it",
    "board_recommendationversion": "what a recommendation of the board said at one version",
    "signals_screeningplan": "a version of what a study is screened for, by which methods",
    "signals_screeningpiece": "a finished piece of a screening, and the hash of its rows",
    "signals_run": "a screening that was made; another one is another row",
    "signals_result": "the rows of a screening that was made",
    "signals_signalstep": "what was done with a signal, by whom and why",
    "signals_signalassessment": "what an assessment of a signal rests on",
    "monitoring_watchedterm": "what is watched; what is expected of it are its expectations",
    "monitoring_expectation": "what was expected of a watched term, by whom and why; another one is another row",
    "monitoring_look": "what a cut showed of a watched term",
    "allocation_joinedcut": "a cut as it was joined with the arms",
    "reports_reportrecord": "a report that was frozen",
    "allocation_simulation": "how a simulated trial was made",
}

# Recorded tables from which the room's own login may delete rows, and why; from no other.
DELETABLE = {
    "allocation_blockplace": "a list of blocks that is given anew replaces the places of each block",
    "allocation_randomisationblock": "a list of blocks that is given anew replaces the one before",
    "events_armword": "a word that no longer tells an arm is taken off the list; the trail keeps it",
    "events_draft": "what a person typed goes when it is submitted or given up; the trail tells when",
    "mfa_authenticator": "an authenticator that was lost is taken off the account",
    "account_emailaddress": "allauth replaces an address by removing the old one",
    "socialaccount_socialaccount": "a sign-on that is no longer used is taken off the account",
    "socialaccount_socialtoken": "a token goes with its sign-on",
}

# Tables that the room's login only reads: what migrations filled.
READ_ONLY = (
    "django_migrations",
    "django_content_type",
    "django_site",
    "auth_permission",
    "auth_group",
    "auth_group_permissions",
)

# Where a row says whom it is about: the first of these columns that a table has. A table whose own key it is, is named.
PARTICIPANT_COLUMNS = ("participant_id", "subject")
PARTICIPANT_TABLE = "participants_participant"
EVENT_COLUMNS = ("event_id", "adverse_event_id")
EVENT_TABLE = "events_adverseevent"
STUDY_TABLE = "studies_study"

# An entry of one of these is anchored as soon as it is sealed, not only every quarter of an hour.
WEIGHTY = ("accounts_signature", "signatures_signature", "reports_reportrecord")
