"""A report from a snapshot: its sections, and the definitions printed with it."""

from __future__ import annotations

from collections.abc import Callable

from pvtracker.coding.scales import SCALES
from pvtracker.cuts import derive
from pvtracker.lib.code_version import code_version
from pvtracker.reports.blocks import Report
from pvtracker.reports.frozen import check
from pvtracker.reports.sections import build_all
from pvtracker.reports.snapshot import Snapshot

TITLE = "Data and safety monitoring report"
ARM_SENTENCES = {
    "actual": "Participants are counted in the arm whose treatment they received (actual arm).",
    "planned": "Participants are counted in the arm to which they were randomised (planned arm).",
}
NAMES = {
    "all": "Events: all",
    "serious": "Events: serious",
    "criterion": "Events: with a seriousness criterion",
    "grade3plus": "Events: grade 3 or more",
    "related": "Events: related",
}


def report_of(
    snapshot: Snapshot, progress: Callable[[int, int, str], None] = lambda done, total, text: None
) -> Report:
    """The report of a snapshot; same cut, settings and code version give the same report."""
    manifest = snapshot.data.manifest
    report = Report(
        study=manifest["study"]["code"],
        title=TITLE,
        audience=snapshot.audience,
        simulated=bool(manifest["study"]["simulated"]),
        cut_id=snapshot.data.cut_id,
        cut_date=manifest["date"],
        cut_sha256=snapshot.data.sha256,
        analysis_arm=snapshot.analysis_arm,
        code_version=code_version(),
        sections=build_all(snapshot, progress),
        settings=_definitions(snapshot),
    )
    check(report)
    return report


def _definitions(snapshot: Snapshot) -> dict[str, str]:
    manifest = snapshot.data.manifest
    scale = SCALES.get(manifest["settings"]["severity_scale"])
    said = {
        NAMES.get(key, f"{key[0].upper()}{key[1:]}"): text
        for key, text in derive.definitions(snapshot.data).items()
    }
    said["Data cut"] = manifest["rule"]
    said["Denominators"] = (
        f"Of adverse events, severity, relatedness and measurements: {snapshot.analysed}. Of status: enrolled "
        "participants."
    )
    said["Code and cut"] = (
        f"The cut was frozen by code version {manifest['code_version']}, the report made by {code_version()}."
    )
    if scale:
        said["Severity scale"] = f"{scale.name}. {scale.source}"
    named = [f"{row['dictionary']} {row['number']}" for row in manifest["dictionaries"]]
    made_here = any(row["made_from_data"] for row in manifest["dictionaries"])
    said["Dictionary"] = (", ".join(named) or "No event is coded") + (
        " (made from the terms as delivered)." if made_here else "."
    )
    if snapshot.is_closed:
        said["Analysis arm"] = ARM_SENTENCES[snapshot.analysis_arm]
        said["Differences"] = (
            "Share in the arm minus share in the reference, in percentage points, with 95 % Miettinen–Nurminen limits, "
            "not adjusted for the number of terms."
        )
        said["Rate ratio"] = (
            "Participants with the event per participant-year to first event, arm ÷ reference, with exact 95 % limits."
        )
        said["p"] = (
            "Fisher’s exact test, two-sided. Adjusted: Benjamini–Hochberg over the preferred terms of an arm."
        )
        if snapshot.method_notes:
            said["Methods"] = "; ".join(f"{name} ({note})" for name, note in snapshot.method_notes) + "."
    return said
