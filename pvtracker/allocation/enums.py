"""Words of the code break."""

from __future__ import annotations

from django.db import models


class Category(models.TextChoices):
    """Why one participant's arm has to be known."""

    TREATMENT = "treatment", "Treatment of the participant depends on it"
    EXPOSURE = "exposure", "Somebody else was exposed or overdosed"
    PREGNANCY = "pregnancy", "Pregnancy"
    REPORTING = "reporting", "A safety report to an authority has to name it"
    OTHER = "other", "Another reason"


class BreakState(models.TextChoices):
    """Where a code break stands."""

    WAITING = "waiting", "Waits for a second person"
    APPROVED = "approved", "Approved, not shown yet"
    EMERGENCY = "emergency", "Emergency, not shown yet"
    OPENED = "opened", "Arm shown"
    DECLINED = "declined", "Declined"
    WITHDRAWN = "withdrawn", "Withdrawn"


class SecondOpinion(models.TextChoices):
    """What the second person said: before the arm is shown, or after an emergency."""

    APPROVED = "approved", "Approved"
    DECLINED = "declined", "Declined"
    COUNTERSIGNED = "countersigned", "Countersigned"
    OBJECTED = "objected", "Objected"


MAY_BE_SHOWN = (BreakState.APPROVED, BreakState.EMERGENCY, BreakState.OPENED)
ENDED_UNSHOWN = (BreakState.DECLINED, BreakState.WITHDRAWN)
