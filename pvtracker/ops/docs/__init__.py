"""Reference pages written from the tables of the program. To add one: a file with `page()` and a line in DOCS."""

from __future__ import annotations

from collections.abc import Callable

from pvtracker.ops.docs import (
    bad_inputs,
    calculator,
    commands,
    definitions,
    jobs,
    methods,
    roles,
    rules,
    scales,
    sections,
    settings,
    signal_states,
    states,
)

# File under docs/reference → its text. Everything here can be read in the open room: a closed thing is told from its
# source text, never imported with its tables.
DOCS: dict[str, Callable[[], str]] = {
    "roles.md": roles.page,
    "event-states.md": states.page,
    "signal-states.md": signal_states.page,
    "rules.md": rules.page,
    "commands.md": commands.page,
    "settings.md": settings.page,
    "methods-index.md": methods.page,
    "calculator.md": calculator.page,
    "scales.md": scales.page,
    "definitions.md": definitions.page,
    "report-sections.md": sections.page,
    "jobs.md": jobs.page,
    "bad-inputs.md": bad_inputs.page,
}
