"""What an id of another study, or of another site, is answered in an address: as one that does not exist."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

from tests.architecture.asking import Browser, outcome, said
from tests.architecture.matrix import METHODS, SOMEWHERE_ELSE, Known, Person, blanks, filled, patterns
from tests.architecture.rooms import OWN_SIGN_IN

Asker = tuple[Person, Browser]
Reaches = Callable[[str, int, str], bool]  # pattern, number of the asker, method


def faults_of_foreign_ids(
    askers: list[Asker], own: Known, other: Known, reaches: Reaches | None = None
) -> list[str]:
    """Addresses that answer otherwise for an id of the other study than for one that does not exist.

    Each blank is filled with the other study's id of its kind under the own study's code; all blanks with foreign ids
    together; and the other study's code goes with either's ids. Who is let in with the own study's ids (`reaches`)
    tries the foreign ids of every other kind too (by POST one of them): the others are turned away before an id counts.
    """
    found: list[str] = []
    for name, pattern in patterns():
        if "<" not in pattern or name in OWN_SIGN_IN or name in SOMEWHERE_ELSE:
            continue  # no study is behind these
        plain = filled(pattern, own.study.code, own.ids)
        for number, (person, browser) in enumerate(askers):
            for method in METHODS:
                if reaches is not None:
                    inside = reaches(pattern, number, method)
                else:
                    inside = outcome(browser.ask(method, plain)) == "answered"
                for nothing, foreign, more in _trials(pattern, own, other):
                    tried = foreign + (more[: len(more) if method == "get" else 1] if inside else [])
                    nowhere = said(browser.ask(method, nothing), other.study.code)
                    for url in tried:
                        there = said(browser.ask(method, url), other.study.code)
                        if there != nowhere:
                            found.append(
                                f"{method} {url} as {person.role}: {there[:2]}, nothing: {nowhere[:2]}"
                            )
    return found


def _trials(pattern: str, own: Known, other: Known) -> Iterator[tuple[str, list[str], list[str]]]:
    """An address of nothing; those with something foreign of the right kind at that place; those of other kinds."""
    nothing: dict[str, object] = {name: _nobodys(one) for name, one in own.ids.items()}
    if "<str:code>" in pattern and own.study != other.study:
        foreign = [filled(pattern, other.study.code, ids) for ids in (other.ids, own.ids)]
        yield filled(pattern, f"NO-{uuid.uuid4().hex[:8]}", nothing), foreign, []
    of_other = {one for one in other.ids.values() if isinstance(one, uuid.UUID)} - set(own.ids.values())
    names = blanks(pattern)
    for name in names:
        its = [other.ids[name]] if other.ids[name] not in own.ids.values() else []
        of_another_kind = [] if isinstance(own.ids[name], int) else sorted(of_other - set(its), key=str)
        kinds = [its, of_another_kind]
        foreign, more = (
            [filled(pattern, own.study.code, {**own.ids, name: one}) for one in ids] for ids in kinds
        )
        yield filled(pattern, own.study.code, {**own.ids, name: nothing[name]}), foreign, more
    if len(names) > 1:
        yield filled(pattern, own.study.code, nothing), [filled(pattern, own.study.code, other.ids)], []


def _nobodys(like: object) -> object:
    """An id of the same make that nothing has: a pattern for numbers does not know another."""
    return 987_654_321 if isinstance(like, int) else uuid.uuid4()
