"""Everything that writes dictionaries. A release is IMPORTING until it is whole, then READY, and never
edited.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from pvtracker.audit.bulk import copy_rows
from pvtracker.audit.context import Actor, action
from pvtracker.coding.models import Release, ReleaseState, Term

TERM_FIELDS = (
    "lowest_level_term",
    "preferred_term",
    "high_level_term",
    "high_level_group_term",
    "system_organ_class",
)
LONGEST_TERM = 200

TermKey = tuple[str, str, str]  # lowest level term, preferred term, organ class: unique in a release


@dataclass(frozen=True, slots=True)
class TermPath:
    """A term with its path upwards, as delivered; '' where a level was not delivered."""

    lowest_level_term: str
    preferred_term: str
    high_level_term: str = ""
    high_level_group_term: str = ""
    system_organ_class: str = ""

    @property
    def key(self) -> TermKey:
        return (self.lowest_level_term, self.preferred_term, self.system_organ_class)

    @property
    def fits(self) -> bool:
        """Is every level short enough to be stored."""
        return all(len(getattr(self, name)) <= LONGEST_TERM for name in TERM_FIELDS)


@action
def release_from_data(
    *,
    study_id: uuid.UUID,
    dictionary: str,
    paths: Iterable[TermPath],
    origin: str,
    by: Actor,
    reason: str = "",
    source: str = "form",
) -> tuple[Release, dict[TermKey, int]] | None:
    """The release that holds these terms, made from a study's own data and marked so, and the id of each
    term in it.

    The newest release of the study is used as it is when it holds every path. Otherwise a new one, with the
    next number, is made of its terms and the new ones; where both know a term, the path delivered last is
    taken. None where there are no terms and never were.
    """
    wanted = {path.key: path for path in paths}
    latest = (
        Release.objects.filter(
            study_id=study_id, dictionary=dictionary, made_from_data=True, state=ReleaseState.READY
        )
        .order_by("created_at", "number")
        .last()
    )
    known = _paths_of(latest)
    if latest is not None and all(known.get(key) == path for key, path in wanted.items()):
        return latest, _term_ids(latest)
    if not wanted:
        return None
    number = int(latest.number) + 1 if latest else 1
    release = Release.objects.create(
        study_id=study_id, dictionary=dictionary, number=str(number), origin=origin[:300], made_from_data=True
    )
    _copy_terms(release, (known | wanted).values())
    release.state = ReleaseState.READY
    release.save(update_fields=["state"])
    return release, _term_ids(release)


def _copy_terms(release: Release, paths: Iterable[TermPath]) -> None:
    rows = ((release.id, *(getattr(path, name) for name in TERM_FIELDS)) for path in paths)
    copy_rows(Term, ("release", *TERM_FIELDS), rows)


def _paths_of(release: Release | None) -> dict[TermKey, TermPath]:
    if release is None:
        return {}
    paths = (TermPath(*row) for row in Term.objects.filter(release=release).values_list(*TERM_FIELDS))
    return {path.key: path for path in paths}


def _term_ids(release: Release) -> dict[TermKey, int]:
    rows = Term.objects.filter(release=release).values_list(
        "lowest_level_term", "preferred_term", "system_organ_class", "id"
    )
    return {(lowest, preferred, organ_class): term_id for lowest, preferred, organ_class, term_id in rows}
