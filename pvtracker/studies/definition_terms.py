"""Terms that the definitions of a study name: each must be one that an event can have."""

from __future__ import annotations

from collections.abc import Sequence

from pvtracker.coding.queries import unknown_names
from pvtracker.studies.definitions import HELP, DefinitionError, Definitions
from pvtracker.studies.models import Study

MOST_NAMED = 5
REMEDY = "under another name no event would ever count."


def check_terms(study: Study, definitions: Definitions, *, standing: Definitions) -> None:
    """DefinitionError unless a dictionary of the study has every term, at any level that is counted. The queries that
    stand as they are were checked, or came with the dictionary, whose terms need not have occurred yet.

    A query's name stands for its terms as an event of special interest, and not within another query.
    """
    queries = dict(definitions.queries)
    special = [term for term in definitions.special_interest if term not in queries]
    new = [members for name, members in queries.items() if dict(standing.queries).get(name) != members]
    terms = list(dict.fromkeys(term for members in new for term in members))
    faults = {}
    if unknown := unknown_names(study.id, special):
        faults["special_interest"] = (
            f"{_unknown('special_interest', unknown)}, and no query is called so. Write a term as the dictionary "
            f"does, one a line, or a query as it is named; {REMEDY}"
        )
    if unknown := unknown_names(study.id, terms):
        faults["queries"] = (
            f"{_unknown('queries', unknown)}. Write each term as the dictionary does, separated by semicolons; "
            f"{REMEDY}"
        )
    if faults:
        raise DefinitionError(faults)


def _unknown(name: str, unknown: Sequence[str]) -> str:
    named = ", ".join(f"“{term[:120]}”" for term in unknown[:MOST_NAMED])
    more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
    return f"{HELP[name][0]}: no dictionary of this study has {named}{more} at any level"
