"""Words of pooled monitoring."""

from __future__ import annotations

from django.db import models


class Level(models.TextChoices):
    """Where in the dictionary a watched name stands; the keys are those of `cuts.derive.LEVELS`, and one more."""

    PT = "PT", "Preferred term"
    HLT = "HLT", "High level term"
    HLGT = "HLGT", "High level group term"
    SOC = "SOC", "System organ class"
    SET = "set", "Set of preferred terms"


class Selection(models.TextChoices):
    """Which events count; the keys are those of `cuts.derive.SELECTIONS`, and it defines them."""

    ALL = "all", "All treatment-emergent events"
    SERIOUS = "serious", "Serious"
    CRITERION = "criterion", "With a seriousness criterion"
    GRADE3PLUS = "grade3plus", "Grade 3 or more"
    RELATED = "related", "Related by the investigator"


class Standing(models.TextChoices):
    """How a watched term stands at its latest look."""

    NOT_YET = "not yet", "Not looked at yet"
    NO_TIME = "no time", "No follow-up yet"
    WATCHING = "watching", "Watching"
    WARNING = "warning", "Early warning"
    STOPPED = "stopped", "No longer watched"
