"""Every severity scale is complete and says where it comes from."""

from __future__ import annotations

import pytest

from pvtracker.coding.scales import SCALES, Scale


@pytest.mark.parametrize("key", sorted(SCALES))
def test_a_scale_is_known_by_its_key_and_names_its_source(key: str) -> None:
    scale = SCALES[key]
    assert scale.key == key
    assert len(key) <= 40  # the column that stores it
    assert scale.name and len(scale.source) > 30


@pytest.mark.parametrize("scale", SCALES.values(), ids=lambda scale: scale.key)
def test_the_grades_of_a_scale_rise_from_one_without_a_gap_and_are_defined(scale: Scale) -> None:
    assert [grade.number for grade in scale.grades] == list(range(1, len(scale.grades) + 1))
    assert len(scale.grades) in {3, 5}
    assert len({grade.name for grade in scale.grades}) == len(scale.grades)
    assert all(len(grade.definition) > 20 and grade.definition.endswith(".") for grade in scale.grades)


def test_the_scales_of_the_issue_are_there() -> None:
    assert set(SCALES) >= {"mild-moderate-severe", "daids-2.1", "ctcae-5.0"}
    assert [len(SCALES[key].grades) for key in ("mild-moderate-severe", "daids-2.1", "ctcae-5.0")] == [
        3,
        5,
        5,
    ]


def test_only_grade_five_means_death() -> None:
    for scale in SCALES.values():
        assert [grade.number for grade in scale.grades if grade.name == "Death"] == [5] * (
            len(scale.grades) == 5
        )


def test_a_grade_that_a_scale_lacks_has_no_word() -> None:
    assert SCALES["mild-moderate-severe"].word(4) == ""
    assert SCALES["mild-moderate-severe"].word(None) == ""
    assert SCALES["daids-2.1"].word(4) == "Potentially life-threatening"
