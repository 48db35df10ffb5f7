"""T1, the twin run: everything of two twins side by side, byte for byte after the declared masks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import zip_longest

from pvtracker.ops.blind.artefacts import BROKER, DATABASE, LOG, PAGE, Artefact
from pvtracker.ops.blind.masks import PROGRESS, Masker
from pvtracker.ops.blind.readable import text_of

CONTEXT = 90  # characters shown either side of a difference


@dataclass(frozen=True, slots=True)
class Difference:
    """A leak: where the twins differ, and the first place in which they do."""

    kind: str
    place: str
    one: str
    other: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was compared and what differed."""

    counts: dict[str, int]  # artefacts by kind
    sizes: dict[str, int]  # bytes by kind
    masked: dict[str, int]  # masked values by kind of mask
    differences: tuple[Difference, ...]


# Logs tell what happened when; their lines are compared without their order, which two processes share by chance.
UNORDERED = (LOG, BROKER)


def compare(one: Sequence[Artefact], other: Sequence[Artefact], *, days: tuple[date, date]) -> Comparison:
    """Compare the twins; both must have been collected in the same way."""
    maskers = Masker(*days), Masker(*days)
    texts = [_masked(twin, masker) for twin, masker in zip((one, other), maskers, strict=True)]
    differences = []
    for mine, yours in zip_longest(*texts):
        if mine is None or yours is None or mine[:2] != yours[:2]:
            differences.append(_missing(mine, yours))
            break  # from here on everything is shifted
        if mine[2] != yours[2]:
            differences.append(_difference(mine[0], mine[1], mine[2], yours[2]))
    return Comparison(
        counts=dict(Counter(artefact.kind for artefact in one)),
        sizes={kind: sum(len(a.content) for a in one if a.kind == kind) for kind in {a.kind for a in one}},
        masked=dict(maskers[0].counts),
        differences=tuple(differences),
    )


def _masked(twin: Sequence[Artefact], masker: Masker) -> list[tuple[str, str, str]]:
    made = []
    for artefact in twin:
        place = masker.mask(artefact.place)
        if artefact.place in PROGRESS:
            made.append((artefact.kind, place, "‹not compared›"))
            continue
        if artefact.kind in UNORDERED:
            text = masker.mask_machinery(text_of(artefact.content))
        elif artefact.kind == PAGE:
            text = masker.mask(_page_text(artefact.content), page=True)
        else:
            text = masker.mask(text_of(artefact.content), rows=artefact.kind == DATABASE)
        made.append((artefact.kind, place, text))
    return made


def _page_text(content: bytes) -> str:
    """Status, headers and body. A stated length is that of the body, or it stays as it is: the body is compared, and
    what is masked in it may be longer in one twin (a moment whose last digit is a nought)."""
    head, _, body = content.partition(b"\n\n")
    stated = f"Content-Length: {len(body)}\n"
    return f"{head.decode()}\n".replace(stated, "Content-Length: that of the body\n") + f"\n{text_of(body)}"


def _missing(mine: tuple[str, str, str] | None, yours: tuple[str, str, str] | None) -> Difference:
    named = [f"{pair[0]} {pair[1]}" if pair else "nothing more" for pair in (mine, yours)]
    kind, place = (mine or yours or ("", "", ""))[:2]
    return Difference(kind, place, f"here is {named[0]}", f"here is {named[1]}")


def _difference(kind: str, place: str, one: str, other: str) -> Difference:
    """The first differing place with what stands around it."""
    start = next(
        (index for index, (a, b) in enumerate(zip(one, other, strict=False)) if a != b),
        min(len(one), len(other)),
    )
    begin = max(0, start - CONTEXT)
    shown = [text[begin : start + CONTEXT].replace("\n", "⏎") for text in (one, other)]
    return Difference(kind, place, *shown)
