"""docs/reference/definitions.md: the settings that say what a study counts, and the rules in words."""

from __future__ import annotations

from pvtracker.cuts.wording import USUAL
from pvtracker.ops.docs.markdown import code, document, table
from pvtracker.studies.definitions import CHOICES, DEFAULTS, HELP, MAPPINGS, NAMES


def page() -> str:
    """Each setting with its default and answers, then the rules as they are printed under the defaults."""
    stated = DEFAULTS.stated()
    parts = [
        "What a study counts. Each cut is frozen with the settings of its study; every result and report prints the "
        "rules, and each row of `--json` has the settings under `definitions`. A cut without them was frozen under the "
        "defaults. A window chooses events and leaves the time at risk as it is; only the follow-up after last "
        "exposure shortens both.",
        "## Settings",
        table(
            ("setting", "name", "what it says", "answers", "default"),
            [
                (code(name), HELP[name][0], HELP[name][1], _answers(name), _default(stated[name], name))
                for name in NAMES
            ],
        ),
        "## The rules under the defaults",
        table(("rule", "in words"), list(USUAL.items())),
    ]
    return document(
        title="Definitions",
        source="`pvtracker/studies/definitions.py` and `pvtracker/cuts/wording.py`",
        parts=parts,
    )


def _answers(name: str) -> str:
    if name in CHOICES:
        return "; ".join(f"{code(key)}: {text}" for key, text in CHOICES[name].items())
    if name.endswith("_days"):
        return "days, or `null`"
    if name == "pools":
        return "name → codes of arms"
    if name == "not_per_protocol":
        return "subject identifier → reason"
    if name == "age_groups":
        return "a list of whole years"
    if name == "queries":
        return "name → terms"
    return "name → days, or `null`" if name in MAPPINGS else "a list of names"


def _default(value: object, name: str) -> str:
    if name in CHOICES or value is None:
        return code("null" if value is None else str(value))
    if name == "age_groups":
        return code(str(value))
    return "none"
