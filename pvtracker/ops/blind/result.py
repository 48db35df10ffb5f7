"""What a blindcheck found, for people (text, Markdown) and programs (JSON)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any

from pvtracker.ops.blind.canaries import CLOSED_ID, PERSON, PLANTED, Hit
from pvtracker.ops.blind.classifier import LEVEL, Finding
from pvtracker.ops.blind.compare import Comparison
from pvtracker.ops.blind.features import CLINICAL
from pvtracker.ops.blind.timing import Timing

SHOWN = 20  # leaks shown; the JSON has all
# what is searched for
WORDS, SECRETS = "planted texts and numbers", "passwords and keys of the closed room"
IDS, PEOPLE = "ids of closed rows", "names of people of the closed room"
KINDS = {
    "database": ("tables and catalog views of the open database", "rows as text"),
    "file": ("files of the open storage", ""),
    "page": ("answers to blinded roles, visitors and the sponsor's program", ""),
    "log": ("logs of the open room", ""),
    "broker": ("keys of the open broker", ""),
    "told": ("reports of the import", ""),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One study attacked: comparisons of twins by title, canaries searched and found, and what predicts the arm."""

    study: str
    participants: int
    arms: dict[str, int]  # participants by arm
    comparisons: dict[str, Comparison]
    searched: dict[str, int]  # what was searched for, and how many of it
    hits: tuple[Hit, ...]
    findings: tuple[Finding, ...]
    timings: dict[str, tuple[Timing, ...]]  # by title of the other twin; none in the short form
    seconds: float

    @property
    def leaks(self) -> int:
        differences = sum(len(one.differences) for one in self.comparisons.values())
        slower = sum(one.fails for timings in self.timings.values() for one in timings)
        return differences + len(self.hits) + sum(finding.fails for finding in self.findings) + slower

    @property
    def residuals(self) -> list[Finding]:
        """Clinical features that tell the arm better than chance, by themselves and unadjusted: for the board."""
        found = [one for one in self.findings if one.channel == CLINICAL and one.p <= LEVEL]
        return sorted(found, key=lambda one: (one.p, -abs(one.auc - 0.5), one.feature))

    @property
    def gate(self) -> list[Finding]:
        return [one for one in self.findings if one.channel != CLINICAL]

    def as_json(self) -> dict[str, Any]:
        return {
            "study": self.study,
            "participants": self.participants,
            "leaks": self.leaks,
            "twin_runs": {title: asdict(one) for title, one in self.comparisons.items()},
            "canaries": {"searched": self.searched, "hits": [asdict(hit) for hit in self.hits]},
            "classifier": [asdict(one) for one in self.findings],
            "residuals": [asdict(one) for one in self.residuals],
            "timings": {title: [asdict(one) for one in timings] for title, timings in self.timings.items()},
            "seconds": round(self.seconds, 1),
        }


def as_text(result: Result) -> str:
    """What was compared and what was found, one line each; leaks with their places."""
    lines = [f"blindcheck of {result.study}: {result.participants} participants, {len(result.arms)} arms"]
    for title, one in result.comparisons.items():
        pages = ", ".join(f"{one.counts[kind]:,} {kind}" for kind in KINDS if kind in one.counts)
        lines.append(f"T1 twin run, {title}: {len(one.differences)} differences in {pages}, {_bytes(one)}")
        for leak in one.differences[:SHOWN]:
            lines += [
                f"  LEAK {leak.kind} {leak.place}",
                f"    one:   {leak.one}",
                f"    other: {leak.other}",
            ]
    wanted = ", ".join(f"{count:,} {name}" for name, count in result.searched.items())
    lines.append(f"T2 canary search: {len(result.hits)} hits of {wanted}")
    lines += [f"  LEAK {hit.canary} ({hit.form}) in {hit.place}: {hit.around}" for hit in result.hits[:SHOWN]]
    failed = [one for one in result.gate if one.fails]
    lines.append(
        f"T3 classifier: {len(failed)} of {len(result.gate)} technical features and models tell an arm"
    )
    lines += [f"  LEAK {_told(one)}" for one in failed]
    for title, timings in result.timings.items():
        lines += [f"L14 time of answers, {title}: {_timed(one)}" for one in timings]
    lines.append(
        f"residual, reported only: {len(result.residuals)} clinical features tell an arm better than chance"
    )
    lines += [f"  {_told(one)}" for one in result.residuals[:SHOWN]]
    lines.append(f"{result.leaks} leaks, {result.seconds:.0f} s")
    return "\n".join(lines)


def as_markdown(result: Result) -> str:
    """The same as a section of a page."""
    lines = [f"## {result.study}", ""]
    lines.append(
        f"{result.participants} participants with an arm, {len(result.arms)} arms. **{result.leaks} leaks.**"
    )
    for title, one in result.comparisons.items():
        lines += [
            "",
            f"### T1, twin run: {title}",
            "",
            "| compared | how many | bytes | differences |",
            "|---|---:|---:|---:|",
        ]
        differing = Counter(leak.kind for leak in one.differences)
        for kind, (name, note) in KINDS.items():
            if kind in one.counts:
                named = f"{name} ({note})" if note else name
                lines.append(f"| {named} | {one.counts[kind]:,} | {one.sizes[kind]:,} | {differing[kind]} |")
        masked = ", ".join(f"{count:,} × {kind}" for kind, count in sorted(one.masked.items()))
        lines += ["", f"Masked: {masked}."]
    lines += ["", "### T2, canary search", "", "| searched for | how many | hits |", "|---|---:|---:|"]
    hits = Counter(_searched_as(hit) for hit in result.hits)
    lines += [f"| {name} | {count:,} | {hits[name]} |" for name, count in result.searched.items()]
    lines += ["", "### T3, classifier", ""]
    lines += ["The strongest of what could fail the check:", ""]
    strongest = sorted(result.gate, key=lambda one: (not one.fails, one.p_adjusted, -one.deviations))[:5]
    lines += _table(strongest)
    lines += _timing(result)
    lines += [
        "",
        "Residual, reported and not failed: clinical data that tell an arm better than chance by themselves",
        "",
    ]
    lines += _table(result.residuals[:SHOWN]) if result.residuals else ["None."]
    return "\n".join(lines)


def _searched_as(hit: Hit) -> str:
    """The row of the table that a hit belongs to."""
    if hit.canary in PLANTED:
        return WORDS
    return {CLOSED_ID: IDS, PERSON: PEOPLE}.get(hit.canary, SECRETS)


def _timing(result: Result) -> list[str]:
    """Nothing in the short form, which does not time."""
    if not result.timings:
        return []
    rows = [
        f"| {title} | {one.arm} | {one.participants} | {one.requests:,} | {one.slower:+.2%} | {one.p_adjusted:.3f} | "
        f"{one.found_from:.1%} | {'yes' if one.fails else 'no'} |"
        for title, timings in result.timings.items()
        for one in timings
    ]
    return [
        "",
        "### L14, time of answers",
        "",
        "| twin | arm | participants | requests | slower by | p, Holm | found from | fails |",
        "|---|---|---:|---:|---:|---:|---:|---|",
        *rows,
    ]


def _table(findings: list[Finding]) -> list[str]:
    rows = ["| arm | feature | channel | AUC | p | p, Holm | fails |", "|---|---|---|---:|---:|---:|---|"]
    return rows + [
        f"| {one.arm} | {one.feature} | {one.channel} | {one.auc:.3f} | {one.p:.4f} | "
        f"{'' if one.channel == CLINICAL else f'{one.p_adjusted:.3f}'} | {'yes' if one.fails else 'no'} |"
        for one in findings
    ]


def _told(one: Finding) -> str:
    told = f"AUC {one.auc:.3f}, p {one.p:.4f}, adjusted {one.p_adjusted:.4f}"
    return f"{one.feature} ({one.channel}) tells {one.arm}: {told}"


def _timed(one: Timing) -> str:
    told = f"slower by {one.slower:+.2%}, p {one.p_adjusted:.3f} (would be found from {one.found_from:.1%})"
    asked = f"{one.requests:,} requests for {one.participants} participants"
    return f"{'LEAK ' if one.fails else ''}{one.arm}: {told}, {asked}"


def _bytes(one: Comparison) -> str:
    return f"{sum(one.sizes.values()):,} bytes, {sum(one.masked.values()):,} values masked"
