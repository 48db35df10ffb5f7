"""Which arm the others are compared with."""

import pytest

from pvtracker.studies.rules import NoReferenceArm, reference_arm

PILOT = {"Pbo": "Placebo", "Xan_Hi": "Xanomeline High Dose", "Xan_Lo": "Xanomeline Low Dose"}


@pytest.mark.parametrize(
    "name", ["Placebo", "Matching PLACEBO", "Active control", "Control (standard of care)"]
)
def test_the_only_arm_whose_name_says_placebo_or_control_is_the_reference(name: str) -> None:
    assert reference_arm({"A": "Verum", "B": name}) == "B"


def test_the_named_arm_is_the_reference_whatever_the_names_say() -> None:
    assert reference_arm(PILOT, named="xan_lo") == "Xan_Lo"


@pytest.mark.parametrize(
    "arms",
    [{"A": "Low", "B": "High"}, {"A": "Placebo", "B": "Control"}, {"A": "Placebos", "B": "Uncontrolled"}],
)
def test_when_no_arm_or_several_say_it_one_is_asked_for(arms: dict[str, str]) -> None:
    with pytest.raises(NoReferenceArm, match="--reference CODE: A "):
        reference_arm(arms)


def test_an_arm_that_does_not_exist_is_no_reference() -> None:
    with pytest.raises(NoReferenceArm, match=r"no arm XX.*Pbo \(Placebo\)"):
        reference_arm(PILOT, named="XX")
