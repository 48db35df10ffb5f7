"""What a signature can mean, by kind of record (21 CFR 11.50(a)(3)). Keys are stored; labels are printed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """A key that never changes, the word that is printed, and the sentence that the signer agrees to."""

    key: str
    label: str
    statement: str


MEANINGS: dict[str, tuple[Meaning, ...]] = {
    "adverse_event": (
        Meaning(
            "responsibility",
            "Responsibility",
            "I have read this adverse event as shown and take responsibility for what the site has recorded.",
        ),
        Meaning("authorship", "Authorship", "I wrote this record, and it says what I mean."),
    ),
    "report": (
        Meaning("approval", "Approval", "I approve this report, as hashed, for the board."),
        Meaning("review", "Review", "I have reviewed this report, as hashed."),
        Meaning("authorship", "Authorship", "I made this report, as hashed."),
    ),
    "signal_assessment": (
        Meaning(
            "assessment",
            "Assessment",
            "I have assessed this signal on the evidence shown, and the conclusion is mine.",
        ),
    ),
    "signal_closing": (
        Meaning(
            "closing", "Closing", "I close this signal on the grounds shown; nothing is left to be done."
        ),
    ),
    "screening_plan": (
        Meaning(
            "approval",
            "Approval",
            "I approve this plan for screening the study’s data by arm, as shown.",
        ),
    ),
    "recommendation": (
        Meaning("approval", "Approval", "I approve this recommendation on behalf of the board."),
    ),
}


def meaning_of(kind: str, key: str) -> Meaning:
    """KeyError for a meaning that records of this kind do not have."""
    return {meaning.key: meaning for meaning in MEANINGS[kind]}[key]
