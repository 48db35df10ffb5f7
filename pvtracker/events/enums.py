"""The fixed vocabularies of an adverse event. Keys are stored; labels are shown."""

from __future__ import annotations

from django.db import models


class EventState(models.TextChoices):
    SUBMITTED = "submitted", "Submitted"
    QUERIED = "queried", "Queried"
    REVIEWED = "reviewed", "Reviewed"
    SIGNED = "signed", "Signed"
    LOCKED = "locked", "Locked"
    VOIDED = "voided", "Voided"


class LockScope(models.TextChoices):
    EVENT = "event", "This event"
    PARTICIPANT = "participant", "A participant's events"
    STUDY = "study", "The study's events"


class SeriousnessCriterion(models.TextChoices):
    """ICH E2A; several may apply. Serious is not severe."""

    DEATH = "death", "Results in death"
    LIFE_THREATENING = "life_threatening", "Is life-threatening"
    HOSPITALISATION = "hospitalisation", "Requires or prolongs hospitalisation"
    DISABILITY = "disability", "Persistent or significant disability"
    CONGENITAL_ANOMALY = "congenital_anomaly", "Congenital anomaly"
    MEDICALLY_IMPORTANT = "medically_important", "Other medically important"


class Outcome(models.TextChoices):
    RECOVERED = "recovered", "Recovered"
    RECOVERED_WITH_SEQUELAE = "recovered_with_sequelae", "Recovered with sequelae"
    RECOVERING = "recovering", "Recovering"
    NOT_RECOVERED = "not_recovered", "Not recovered"
    FATAL = "fatal", "Fatal"
    UNKNOWN = "unknown", "Unknown"


class Assessor(models.TextChoices):
    INVESTIGATOR = "investigator", "Investigator"
    SPONSOR = "sponsor", "Sponsor"


class Causality(models.TextChoices):
    NOT_RELATED = "not_related", "Not related"
    UNLIKELY = "unlikely", "Unlikely"
    POSSIBLE = "possible", "Possible"
    PROBABLE = "probable", "Probable"
    DEFINITE = "definite", "Definite"


RELATED = frozenset({Causality.POSSIBLE, Causality.PROBABLE, Causality.DEFINITE})


class ActionTaken(models.TextChoices):
    NONE = "none", "None"
    DOSE_REDUCED = "dose_reduced", "Dose reduced"
    DOSE_INCREASED = "dose_increased", "Dose increased"
    INTERRUPTED = "interrupted", "Interrupted"
    WITHDRAWN = "withdrawn", "Withdrawn"
    NOT_APPLICABLE = "not_applicable", "Not applicable"
    UNKNOWN = "unknown", "Unknown"
