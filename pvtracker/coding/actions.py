"""Everything that writes dictionaries. A release is IMPORTING until it is whole, then READY, and never
edited.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
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


class ReleaseRefused(ValueError):
    """The release cannot be written like this; the text is a sentence for the person who asked."""


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
) -> Release | None:
    """The release that holds these terms, made from a study's own data and marked so.

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
        return latest
    if not wanted:
        return None
    number = int(latest.number) + 1 if latest else 1
    return _made(
        Release(
            study_id=study_id,
            dictionary=dictionary,
            number=str(number),
            origin=origin[:300],
            made_from_data=True,
        ),
        known | wanted,
    )


@action
def put_release(
    *,
    dictionary: str,
    number: str,
    paths: Iterable[TermPath],
    origin: str,
    by: Actor,
    study_id: uuid.UUID | None = None,
    reason: str = "",
    source: str = "form",
) -> Release:
    """A release given as a whole, for one study or (no `study_id`) for all; the same again is returned as
    it is.

    Raises ReleaseRefused when this number of the dictionary stands already with other terms.
    """
    wanted = {path.key: path for path in paths}
    standing = Release.objects.filter(study_id=study_id, dictionary=dictionary, number=number).first()
    if standing is not None:
        if standing.state != ReleaseState.READY or _paths_of(standing) != wanted:
            raise ReleaseRefused(
                f"{dictionary} {number} stands already with other terms; give it a new number."
            )
        return standing
    return _made(
        Release(study_id=study_id, dictionary=dictionary, number=number, origin=origin[:300]), wanted
    )


def _made(release: Release, paths: Mapping[TermKey, TermPath]) -> Release:
    """Store a release and its terms, and only then call it ready."""
    release.save(force_insert=True)
    rows = ((release.id, *(getattr(path, name) for name in TERM_FIELDS)) for path in paths.values())
    copy_rows(Term, ("release", *TERM_FIELDS), rows)
    release.state = ReleaseState.READY
    release.save(update_fields=["state"])
    return release


def _paths_of(release: Release | None) -> dict[TermKey, TermPath]:
    if release is None:
        return {}
    paths = (TermPath(*row) for row in Term.objects.filter(release=release).values_list(*TERM_FIELDS))
    return {path.key: path for path in paths}
