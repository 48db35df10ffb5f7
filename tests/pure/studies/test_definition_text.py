"""Lists of a study's definitions as a person writes them: what is shown is read as what it was."""

from __future__ import annotations

import pytest

from pvtracker.studies import definition_text as text
from pvtracker.studies.definitions import DefinitionError, parse

WITH_COMMAS = [
    "Congenital, familial and genetic disorders",
    "Injury, poisoning and procedural complications",
    "Pregnancy, puerperium and perinatal conditions",
    "Respiratory, thoracic and mediastinal disorders",
]


def test_terms_with_commas_are_read_as_they_were_shown() -> None:
    queries = {"Airways, all": WITH_COMMAS, "One": ["Ratio A/G = low", "Rash"]}
    assert text.terms_of(text.terms_text(WITH_COMMAS)) == WITH_COMMAS
    assert text.queries_of(text.queries_text(queries)) == queries
    assert text.terms_of("") == [] and text.queries_of("") == {}


def test_blanks_and_empty_parts_are_no_terms() -> None:
    assert text.terms_of(" Bone  pain \r\n\r\nRash, itching\n") == ["Bone pain", "Rash, itching"]
    assert text.queries_of("Pain = Bone  pain ;; Headache;\n\n") == {"Pain": ["Bone pain", "Headache"]}
    with pytest.raises(ValueError, match="stands twice"):
        text.queries_of("Pain = Headache\nPain = Rash")


def test_of_many_faults_the_first_are_told_and_how_many_more() -> None:
    with pytest.raises(ValueError, match=r"“19”: .* And 80 more such faults\.$"):
        text.queries_of("\n".join(str(number) for number in range(100)))
    with pytest.raises(DefinitionError) as refusal:
        parse({"not_per_protocol": {f"P{number:03}": "" for number in range(100)}})
    said = refusal.value.faults["not_per_protocol"]
    assert "'P019'" in said and "'P020'" not in said and said.endswith("And 80 more such faults.")
