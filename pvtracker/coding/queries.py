"""Terms that resemble what a clinician wrote."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence

from django.contrib.postgres.search import TrigramWordSimilarity
from django.db.models import Case, F, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Greatest

from pvtracker.coding.models import ReleaseState, Term

MOST_SUGGESTIONS = 8
SHORTEST = 2  # characters; less says nothing
LONGEST = 200  # characters that are compared
COUNTED = (
    "system_organ_class",
    "high_level_group_term",
    "high_level_term",
    "preferred_term",
)  # levels of a count


def usable_terms(study_id: uuid.UUID) -> QuerySet[Term]:
    """The terms of every whole release that a study may use: its own and those for all studies."""
    own_or_common = Q(release__study_id=study_id) | Q(release__study_id__isnull=True)
    return Term.objects.filter(own_or_common, release__state=ReleaseState.READY).select_related("release")


def unknown_names(
    study_id: uuid.UUID, names: Iterable[str], *, columns: Sequence[str] = COUNTED
) -> list[str]:
    """Those of these names that no dictionary of the study has at any of these levels, whatever their capitals."""
    wanted = list(names)
    missing = {name.casefold() for name in wanted}
    for column in columns:
        if missing:
            there = usable_terms(study_id).values_list(column, flat=True).order_by().distinct()
            missing -= {name.casefold() for name in there}
    return [name for name in wanted if name.casefold() in missing]


def suggest(text: str, *, study_id: uuid.UUID, most: int = MOST_SUGGESTIONS) -> list[Term]:
    """Up to `most` terms by likeness of their words (trigrams) to `text`; what begins with `text` comes
    first.

    Each path is suggested once: from the study's own release before one for all studies, from the newest
    before older ones. Nothing for fewer than `SHORTEST` characters.
    """
    words = " ".join(text.replace("\0", "").split())[:LONGEST]
    if len(words) < SHORTEST:
        return []
    begins, above_begins = Q(lowest_level_term__istartswith=words), Q(preferred_term__istartswith=words)
    alike = Q(lowest_level_term__trigram_word_similar=words) | Q(preferred_term__trigram_word_similar=words)
    likeness = Greatest(
        TrigramWordSimilarity(words, "lowest_level_term"), TrigramWordSimilarity(words, "preferred_term")
    )
    found = (
        usable_terms(study_id)
        .filter(begins | above_begins | alike)
        .annotate(
            first=Case(
                When(begins, then=Value(2)),
                When(above_begins, then=Value(1)),
                default=Value(0),
                output_field=IntegerField(),
            ),
            likeness=likeness,
        )
        .order_by(
            F("first").desc(),
            F("likeness").desc(),
            "lowest_level_term",
            F("release__study_id").desc(nulls_last=True),
            "-release__created_at",
        )
    )
    return _once(found[: most * 3], most)


def suggest_names(text: str, *, study_id: uuid.UUID, most: int = MOST_SUGGESTIONS) -> list[tuple[str, str]]:
    """Up to `most` names of the dictionaries that have this text in them, each with its level (a column of `COUNTED`):
    preferred terms first, within a level those that begin with it. Nothing for fewer than `SHORTEST` characters."""
    words = " ".join(text.replace("\0", "").split())[:LONGEST]
    found: dict[tuple[str, str], str] = {}
    for column in reversed(COUNTED) if len(words) >= SHORTEST else ():
        named = usable_terms(study_id).filter(**{f"{column}__icontains": words}).order_by()
        names = sorted(
            set(named.values_list(column, flat=True)),
            key=lambda name: (not name.casefold().startswith(words.casefold()), name),
        )
        for name in names[:most]:
            found.setdefault((column, name.casefold()), name)
    return [(name, column) for (column, _), name in found.items()][:most]


def _once(terms: QuerySet[Term], most: int) -> list[Term]:
    """The first of each path, in order: dictionaries and their releases repeat many of their terms."""
    seen: dict[tuple[str, str], Term] = {}
    for term in terms:
        seen.setdefault((term.lowest_level_term.casefold(), term.preferred_term.casefold()), term)
    return list(seen.values())[:most]
