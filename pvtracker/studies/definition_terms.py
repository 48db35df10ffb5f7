"""Terms that the definitions of a study name: each must be one that an event can have."""

from __future__ import annotations

from collections.abc import Collection

from pvtracker.coding.queries import unknown_names
from pvtracker.studies.definition_faults import Fault
from pvtracker.studies.definitions import DefinitionError, Definitions
from pvtracker.studies.models import Study

REMEDY = "under another name no event would ever count."


def check_terms(
    study: Study, definitions: Definitions, *, standing: Definitions, called: Collection[str] = ()
) -> None:
    """DefinitionError unless a dictionary of the study has every term, at any level that is counted. The queries that
    stand as they are were checked, or came with the dictionary, whose terms need not have occurred yet.

    A query's name stands for its terms as an event of special interest, and not within another query. `called`: names
    of further queries.
    """
    queries = dict(definitions.queries)
    special = [term for term in definitions.special_interest if term not in queries and term not in called]
    before = dict(standing.queries)
    changed = [(name, terms) for name, terms in definitions.queries if before.get(name) != terms]
    new = [(name, term) for name, terms in changed for term in terms]
    faults: dict[str, list[Fault]] = {}
    if unknown := unknown_names(study.id, special):
        rule = (
            "no dictionary of this study has it at any level, and no query is called so. Write a term as the "
            f"dictionary does, one a line, or a query as it is named; {REMEDY}"
        )
        faults["special_interest"] = [Fault(rule, term) for term in unknown]
    if unknown := unknown_names(study.id, dict.fromkeys(term for _, term in new)):
        rule = (
            "no dictionary of this study has it at any level. Write each term as the dictionary does, separated by "
            f"semicolons; {REMEDY}"
        )
        unfit = set(unknown)
        faults["queries"] = [Fault(rule, term, of=name) for name, term in new if term in unfit]
    if faults:
        raise DefinitionError(faults)
