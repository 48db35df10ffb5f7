"""The keys that simulated events use, in one place; they are those of `pvtracker.events.enums`."""

from __future__ import annotations

INVESTIGATOR = "investigator"
SPONSOR = "sponsor"

# Causality, from least to most.
CAUSALITIES = ("not_related", "unlikely", "possible", "probable", "definite")

# Action taken with the intervention.
NOT_APPLICABLE = "not_applicable"
NONE = "none"
DOSE_REDUCED = "dose_reduced"

# Seriousness criteria.
DEATH = "death"
LIFE_THREATENING = "life_threatening"
HOSPITALISATION = "hospitalisation"
MEDICALLY_IMPORTANT = "medically_important"

# Outcome.
RECOVERED = "recovered"
RECOVERING = "recovering"
NOT_RECOVERED = "not_recovered"
SEQUELAE = "recovered_with_sequelae"
FATAL = "fatal"
UNKNOWN = "unknown"

# Phases.
SCREENING = "screening"
MOBILISATION = "mobilisation"
APHERESIS = "apheresis"
INFUSION = "infusion"
FOLLOW_UP = "follow_up"
ART_INTERRUPTION = "art_interruption"
