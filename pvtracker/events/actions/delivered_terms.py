"""The coded terms of a delivery, found in the study's dictionary release."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple

from pvtracker.coding.actions import TermKey, TermPath
from pvtracker.coding.models import Release, Term
from pvtracker.formats.records import EventRecord
from pvtracker.lib.arm_words import Lexicon


def term_path(record: EventRecord) -> TermPath:
    """The coded term of a row with its path; without a lowest level term the preferred one stands for it."""
    return TermPath(
        lowest_level_term=record.lowest_level_term or record.preferred_term,
        preferred_term=record.preferred_term,
        high_level_term=record.high_level_term,
        high_level_group_term=record.high_level_group_term,
        system_organ_class=record.system_organ_class,
    )


def usable_paths(records: Iterable[EventRecord], words: Lexicon) -> list[TermPath]:
    """The paths that a release is made of: short enough to be stored, and no level tells an arm. A row of another
    path is stored without a term and asked about.
    """
    paths = dict.fromkeys(term_path(record) for record in records if record.preferred_term)
    return [path for path in paths if path.fits and not any(map(words.found, astuple(path)))]


def terms_of(release: Release | None) -> dict[TermKey, Term]:
    """The terms of a release, each with the release, by what names them."""
    if release is None:
        return {}
    terms = Term.objects.filter(release=release).select_related("release")
    return {(term.lowest_level_term, term.preferred_term, term.system_organ_class): term for term in terms}
