"""Kinds of things that the audit trail tells apart."""

from __future__ import annotations

from django.db import models


class AccessKind(models.TextChoices):
    """What somebody did that changes no record, or was kept from doing."""

    SIGN_IN = "sign_in", "Signed in"
    SIGN_IN_FAILED = "sign_in_failed", "Sign-in failed"
    LOCKED_OUT = "locked_out", "Locked out after failed sign-ins"
    SIGN_OUT = "sign_out", "Signed out"
    SECOND_FACTOR_CHANGED = "second_factor_changed", "Changed the second factor"
    SESSION_ENDED = "session_ended", "Session ended"
    LOOK = "look", "Looked at data by arm"
    EXPORT = "export", "Took data out"
    CODE_BREAK_LOOK = "code_break_look", "Was shown the arm of one participant"
    SIGNATURE_REFUSED = "signature_refused", "Signature refused"
    TAMPERING = "tampering", "Altered input refused"
    FORBIDDEN = "forbidden", "Not allowed"
    ARM_WORD = "arm_word", "Text that may tell an arm"
    IMPORT_REFUSED = "import_refused", "Import refused"
