"""What writes the definitions of a study: which events and participants its numbers count."""

from __future__ import annotations

from django.db.models import F

from pvtracker.audit.context import Actor, action
from pvtracker.studies.definition_faults import Fault
from pvtracker.studies.definitions import OF_THE_STUDY, DefinitionError, Definitions, check
from pvtracker.studies.models import Arm, Intervention, Study
from pvtracker.studies.rules import StudyRefused

NOBODY = (
    "no participant of this study. Write the identifier as the participant’s page has it: SUBJECT = reason."
)


@action
def set_definitions(
    *,
    study: Study,
    definitions: Definitions,
    by: Actor,
    reason: str,
    version: int | None = None,
    source: str = "form",
) -> bool:
    """Put these definitions in force for every cut that is frozen from now on; False when they are in force already.

    `version`: of the study that was looked at; StudyRefused when somebody was faster. DefinitionError when the protocol
    has no such intervention or arm. Cuts that are frozen keep theirs.
    """
    if not reason.strip():
        raise StudyRefused("A change of the definitions needs a reason. Write it in one sentence.")
    check_protocol(study, definitions)
    values = {name: getattr(definitions, name) for name in OF_THE_STUDY}
    values["definitions"] = {k: v for k, v in definitions.differing().items() if k not in OF_THE_STUDY}
    study.refresh_from_db()
    if version is not None and version != study.version:
        raise StudyRefused(
            f"Study {study.code} was changed by somebody else meanwhile; look again and repeat."
        )
    if all(getattr(study, name) == value for name, value in values.items()):
        return False
    changed = Study.objects.filter(id=study.id, version=study.version).update(
        **values, version=F("version") + 1
    )
    if not changed:
        raise StudyRefused(
            f"Study {study.code} was changed by somebody else meanwhile; look again and repeat."
        )
    study.refresh_from_db()
    return True


def check_protocol(study: Study, definitions: Definitions) -> None:
    """DefinitionError, with all faults, unless what the definitions name is in the study's protocol."""
    arms = Arm.objects.filter(study=study).order_by("ordinal")
    interventions = Intervention.objects.filter(study=study).order_by("ordinal")
    faults: dict[str, tuple[Fault, ...]] = {}
    try:
        check(
            definitions,
            arms={arm.code: arm.is_reference for arm in arms},
            interventions={one.code: str(one.kind) for one in interventions},
            arm_names=[arm.name for arm in arms],
        )
    except DefinitionError as refusal:
        faults |= refusal.each
    excluded = [subject for subject, _ in definitions.not_per_protocol]
    known = set(study.participants.filter(subject__in=excluded).values_list("subject", flat=True))
    unknown = tuple(Fault(NOBODY, subject) for subject in excluded if subject not in known)
    if unknown:
        faults["not_per_protocol"] = unknown
    if faults:
        raise DefinitionError(faults)
