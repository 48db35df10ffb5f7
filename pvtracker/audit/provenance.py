"""Who made a change and where it came from, as people read it: pages, histories and exports say the same."""

from __future__ import annotations

SOURCES = {
    "form": "form on a page",
    "import": "import of a file",
    "task": "job",
    "process": "process without a person",
    "access": "access record",
    "migration": "set-up of the database",
    "scheduler": "scheduler",
    "command": "command",
}
PROCESSES = {
    "simulate_trial": "simulation of a trial",
    "import_study": "import of a study",
    "receive_cuts": "receiving of cuts",
    "signals": "following of signals",
    "visitor": "visitor who was not signed in",
    "migration": "set-up of the database",
    "test": "test",
}


def source_in_words(source: str) -> str:
    """Where a change came from; a file is named by the first digits of its sha256."""
    kind, _, rest = source.partition(":")
    if kind == "sha256":
        return f"file with sha256 {rest[:12]}…"
    said = SOURCES.get(kind, kind.replace("_", " "))
    return f"{said} {rest}" if rest else said


def actor_in_words(name: str) -> str:
    """Who acted: a person's name as it stands, a process as such."""
    name = name.removeprefix("process:")
    kind, _, rest = name.partition(":")
    if kind == "command" and rest:
        return f"command {rest}"
    return PROCESSES.get(name, name)
