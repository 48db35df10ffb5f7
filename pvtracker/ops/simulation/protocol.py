"""The protocol of the OZ1-like trial: interventions, sites, arms' names, phases, schedule.

After Mitsuyasu et al., Nat Med 2009;15:285-292 (doi 10.1038/nm.1932): what is known of the design is kept,
dates, sites and people are invented.
"""

from __future__ import annotations

from datetime import date

from pvtracker.ops.simulation import words
from pvtracker.ops.simulation.types import ArmName, Intervention, Phase, PlannedVisit, Protocol, Site

FIRST_CONSENT = date(2023, 1, 9)
ENROLMENT_DAYS = 224  # every trial recruits in the same window, whatever its size
LAST_WEEK = 100

GCSF = "G-CSF mobilisation"
APHERESIS = "Apheresis"
INFUSION = "Infusion of study cells"
INTERRUPTION = "Interruption of antiretroviral therapy"
BACKGROUND_ART = "Background antiretroviral therapy"

PERSISTENCE_ANALYTE = "OZ1DNA"

INTERVENTIONS = (
    Intervention(code="GCSF", name=GCSF, kind="product"),
    Intervention(code="APHERESIS", name=APHERESIS, kind="procedure"),
    Intervention(code="INFUSION", name=INFUSION, kind="product"),
    Intervention(code="ATI", name=INTERRUPTION, kind="procedure"),
    Intervention(code="ART", name=BACKGROUND_ART, kind="background"),
)

# Site and how many in a hundred participants it enrols.
SITES = (
    (Site("US01", "Site US01", "USA", "America/Los_Angeles"), 16.0),
    (Site("US02", "Site US02", "USA", "America/Los_Angeles"), 12.0),
    (Site("US03", "Site US03", "USA", "America/New_York"), 11.0),
    (Site("US04", "Site US04", "USA", "America/Chicago"), 9.0),
    (Site("US05", "Site US05", "USA", "America/Denver"), 7.0),
    (Site("US06", "Site US06", "USA", "America/New_York"), 5.0),
    (Site("AU01", "Site AU01", "AUS", "Australia/Sydney"), 16.0),
    (Site("AU02", "Site AU02", "AUS", "Australia/Sydney"), 10.0),
    (Site("AU03", "Site AU03", "AUS", "Australia/Melbourne"), 9.0),
    (Site("AU04", "Site AU04", "AUS", "Australia/Brisbane"), 5.0),
)

PHASES = (
    Phase(words.SCREENING, "Screening"),
    Phase(words.MOBILISATION, "Mobilisation"),
    Phase(words.APHERESIS, "Apheresis"),
    Phase(words.INFUSION, "Infusion"),
    Phase(words.FOLLOW_UP, "Follow-up"),
    Phase(words.ART_INTERRUPTION, "Interruption of antiretroviral therapy"),
)

FOLLOW_UP_WEEKS = (
    *(1, 2, 4, 8, 12, 16, 20, 24, 26, 28, 32, 36, 40, 42, 44, 46, 47, 48),
    *range(52, LAST_WEEK + 1, 4),
)
INTERRUPTION_WEEKS = ((24, 28), (40, LAST_WEEK))


def planned_phase(week: int) -> str:
    """Phase of a follow-up visit by plan; an interruption begins with the visit after its first week."""
    interrupted = any(first < week <= last for first, last in INTERRUPTION_WEEKS)
    return words.ART_INTERRUPTION if interrupted else words.FOLLOW_UP


SCHEDULE = (
    PlannedVisit(-3.0, "Screening", -35, words.SCREENING),
    PlannedVisit(-2.0, "Mobilisation", -9, words.MOBILISATION),
    PlannedVisit(-1.0, "Apheresis", -5, words.APHERESIS),
    PlannedVisit(0.0, "Infusion", 1, words.INFUSION),
    *(PlannedVisit(float(w), f"Week {w}", 7 * w + 1, planned_phase(w)) for w in FOLLOW_UP_WEEKS),
)


def arm_names(arms: int) -> tuple[ArmName, ...]:
    """Active arms first (one, or several doses from low to high), the placebo last as the reference."""
    placebo = ArmName("PLACEBO", "Placebo", True)
    if arms == 2:
        return (ArmName("OZ1", "OZ1", False), placebo)
    doses = (ArmName(f"OZ1-D{n}", f"OZ1 dose {n}", False) for n in range(1, arms))
    return (*doses, placebo)


def arm_doses(arms: int) -> tuple[float, ...]:
    """Share of the full dose in each arm, in the order of `arm_names`; the placebo's is 0."""
    return (*((n / (arms - 1)) for n in range(1, arms)), 0.0)


def protocol(*, study: str, participants: int, arms: int) -> Protocol:
    """The open protocol of a trial with this code, planned number of participants and number of arms."""
    return Protocol(
        study=study,
        title="Simulated double-blind trial of autologous CD34+ cells with or without an anti-HIV gene "
        "in adults with HIV-1",
        simulated=True,
        day_one=INFUSION,
        severity_scale="daids-2.1",
        interventions=INTERVENTIONS,
        sites=tuple(site for site, _ in SITES),
        arms=arm_names(arms),
        phases=PHASES,
        visits=SCHEDULE,
        revealing_analytes=(PERSISTENCE_ANALYTE,),
        planned_participants=participants,
    )
