"""docs/reference/event-states.md: the life of an adverse event, drawn from its table."""

from __future__ import annotations

from pvtracker.accounts.roles import ROLES
from pvtracker.events.enums import EventState
from pvtracker.events.states import PERMISSION, REFUSED, TRANSITIONS, Step
from pvtracker.ops.docs.markdown import code, document, table

INTRODUCTION = (
    "Only `submitted` and `voided` are stored with an event. The other states follow from what stands beside it: an "
    "open data query, a signature of the current version, a lock that was not opened. A step that is not in the "
    "diagram is refused with a sentence, on pages and in imports alike."
)
RECORDED = (
    "A new event is `submitted`, or `queried` when the rules ask something about it. Amending may raise or settle "
    "queries, so it leads to `submitted` or `queried` as the rules find. When the last query of an event is answered, "
    "the event is `signed` again where its current version is. `reviewed` is a word kept for a step that does not "
    "exist yet: the medical monitor's opinion stands beside the investigator's, and is no state."
)


def page() -> str:
    """The diagram, who takes which step, and what is said to who cannot."""
    arrows = [
        f"    {source.value} --> {target.value}: {step.value}"
        for source, steps in TRANSITIONS.items()
        for step, target in steps.items()
    ]
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> submitted: record", *arrows, "```"])
    takers = [
        (
            step.value,
            code(PERMISSION[step]),
            ", ".join(role.label for role in ROLES.values() if PERMISSION[step] in role.permissions),
            ", ".join(state.value for state in EventState if step in TRANSITIONS.get(state, {})),
        )
        for step in Step
    ]
    sentences = [(state.value, step.value, text) for (state, step), text in REFUSED.items()]
    parts = [
        INTRODUCTION,
        diagram,
        RECORDED,
        "## Who takes which step",
        table(("step", "permission", "roles", "from"), takers),
        "A lock is asked to be opened with `lock_events` and opened with `approve_unlock`, never by the same person.",
        "## What is refused, and how",
        table(("state", "step", "sentence"), sentences),
    ]
    return document(title="States of an adverse event", source="`pvtracker/events/states.py`", parts=parts)
