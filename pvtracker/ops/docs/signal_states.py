"""docs/reference/signal-states.md: the life of a signal, drawn from its table."""

from __future__ import annotations

from pvtracker.accounts.roles import ROLES, Permission
from pvtracker.ops.docs.markdown import code, document, table
from pvtracker.signals.enums import AlertKind, Measure, State, Step
from pvtracker.signals.rules import REFUSED, REOPENING, TRANSITIONS

INTRODUCTION = (
    "A signal is one term of one level, selection, arm and reference of a study, over all its runs. Where it stands is "
    "stored with it; each step is a row that is never changed or removed: what was done, who did it in which role, "
    "why, on which run and numbers it rested, and how the signal stood after it. A step that is not in the diagram is "
    "refused with a sentence."
)
STEPS = (
    "Each step needs a reason. An assessment says which participants were looked at, what their narratives say, the "
    "time course, what the literature says and which other causes there are; its reason is the conclusion. An action "
    "is decided once the assessment is signed. The closing is signed after it. A later assessment voids the signature "
    "of an earlier one; other steps do not."
)
RAISED = (
    "A run raises a signal for each finding that any of its methods flags and that has none yet, in the transaction "
    "that stores the run. A death or a possible case of Hy’s law is a signal by itself; all events of one term of "
    "special interest are one, to which each later run adds those that are new (re-opening it, when it was ended). "
    "A finding that crosses the boundary which the signed plan has for it raises one, too; where its signal is open "
    "already, the run adds one step, *Boundary crossed*, at the first run in which it crosses: the state stays, and no "
    "later run adds another. "
    "Whoever follows signals may raise one by hand: a single event needs no p-value."
)
TOLD = {
    AlertKind.NEW: (Permission.FOLLOW_SIGNALS, "a run or another person raised a signal"),
    AlertKind.REOPENED: (Permission.FOLLOW_SIGNALS, "the evidence returned, or another person re-opened it"),
    AlertKind.OVERDUE: (
        Permission.FOLLOW_SIGNALS,
        "an open signal was due before today; once for each due date",
    ),
    AlertKind.MORE: (
        Permission.FOLLOW_SIGNALS,
        "a run found further events of a term of special interest whose signal is open; once for each run. Shown as "
        "*Boundary crossed*: a finding whose signal is open crossed its signed boundary; once",
    ),
    AlertKind.FAILED: (
        Permission.FOLLOW_SIGNALS,
        "a screening that the plan asked for refused, or used up its tries; once for each attempt. Resuming it is left "
        "to a person",
    ),
    AlertKind.BOARD: (Permission.HEAR_OF_SIGNALS, f"the action “{Measure.BOARD.label}” was decided"),
}


def page() -> str:
    """The diagram, who takes the steps, what is refused, how it comes back, and who is told."""
    arrows = [
        f"    {source.value} --> {target.value}: {step.value}"
        for source, steps in TRANSITIONS.items()
        for step, target in steps.items()
    ]
    diagram = "\n".join(["```mermaid", "stateDiagram-v2", "    [*] --> flagged: raise", *arrows, "```"])
    steps = [
        (step.value, step.label, ", ".join(code(s.value) for s in State if step in TRANSITIONS[s]) or "–")
        for step in Step
    ]
    refused = [(state.value, step.value, text) for (state, step), text in REFUSED.items()]
    told = [(kind.label, when, _roles(permission)) for kind, (permission, when) in TOLD.items()]
    parts = [
        INTRODUCTION,
        diagram,
        "## Steps",
        table(("step", "shown as", "from"), steps),
        STEPS,
        f"Steps are taken with `{Permission.FOLLOW_SIGNALS}` ({_roles(Permission.FOLLOW_SIGNALS)}), signatures given "
        f"with `{Permission.SIGN_SIGNALS}` ({_roles(Permission.SIGN_SIGNALS)}), everything read with "
        f"`{Permission.READ_SIGNALS}` ({_roles(Permission.READ_SIGNALS)}).",
        "## Actions",
        table(("key", "action"), [(code(one.value), one.label) for one in Measure]),
        "## How it begins and comes back",
        RAISED,
        REOPENING
        + " A decision that rested on no run is held against cuts frozen after it. The step is the process's "
        "own and says the numbers; owner, due date and action are open again.",
        "## Who is told",
        table(("alert", "when", "roles"), told),
        "An alert is a row for one named person, once for each step or attempt and kind, on the page *Alerts* of the "
        "closed room. Where mail is set up, a mail says that something needs its reader, and nothing else. Nothing of "
        "it exists in the open room.",
        "## What is refused, and how",
        table(("state", "step", "sentence"), refused),
    ]
    return document(title="States of a signal", source="`pvtracker/signals/rules.py`", parts=parts)


def _roles(permission: Permission) -> str:
    return ", ".join(role.label for role in ROLES.values() if permission in role.permissions)
