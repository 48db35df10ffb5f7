"""The mixed model of the laboratory pages: which weeks are in it, who says so, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pvtracker.ops.simulation.protocol import FOLLOW_UP_WEEKS
from pvtracker.signals import laboratory_courses, laboratory_model
from pvtracker.signals.laboratory import Laboratory
from pvtracker.signals.laboratory_model import Weeks, chosen
from pvtracker.stats.mmrm import LEFT_OUT
from tests.hiv_laboratory import hiv_laboratory


@pytest.fixture(scope="module")
def long() -> Laboratory:
    """The weeks of the demo's trial: 31."""
    return hiv_laboratory(participants=14, weeks=FOLLOW_UP_WEEKS)


def told(lab: Laboratory, weeks: Weeks) -> laboratory_courses.Section:
    found = laboratory_model.section(lab, weeks, inference=True)
    assert found is not None
    return found


def weeks_told(section: laboratory_courses.Section) -> list[int]:
    return [int(row["cells"][0]["text"]) for row in section.table["rows"]]


def test_without_a_choice_as_many_weeks_are_taken_as_can_be_fitted(long: Laboratory) -> None:
    found = told(long, Weeks())
    assert len(FOLLOW_UP_WEEKS) == 31
    assert weeks_told(found) == list(FOLLOW_UP_WEEKS[::2]) and len(weeks_told(found)) == 16
    assert "Weeks in the model: 1, 4, 12, " in found.lead and "Not in it: 2, 8, 16, " in found.lead
    few = told(hiv_laboratory(), Weeks())
    assert weeks_told(few) == [4, 8, 12] and few.lead.endswith("Weeks in the model: 4, 8, 12.")


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        (Weeks(first=40, last=48), [40, 42, 44, 46, 47, 48]),
        (Weeks(first=40, last=50, every=2), [42, 46, 48]),  # counted back from the last
        (Weeks(every=4), list(FOLLOW_UP_WEEKS[::-1][::4][::-1])),
        (Weeks(last=4), [1, 2, 4]),
        (Weeks(first=100), [100]),
    ],
)
def test_the_chosen_weeks_and_no_others_are_in_the_model(
    long: Laboratory, weeks: Weeks, expected: list[int]
) -> None:
    assert weeks_told(told(long, weeks)) == expected


def test_the_model_is_that_of_the_chosen_weeks_alone(long: Laboratory) -> None:
    chosen_here = told(long, Weeks(first=4, last=12)).table["rows"]
    alone = told(hiv_laboratory(participants=14), Weeks()).table["rows"]
    assert [row["cells"][0]["text"] for row in chosen_here] == [row["cells"][0]["text"] for row in alone]
    assert [row["cells"][2:4] for row in chosen_here] == [row["cells"][2:4] for row in alone]


def test_no_week_in_the_choice_is_answered_with_those_there_are(long: Laboratory) -> None:
    found = told(long, Weeks(first=101))
    assert not found.table["rows"] and "Those there are: 1, 2, 4, 8," in found.table["empty"]


def test_a_choice_too_large_for_a_page_is_not_fitted_and_the_page_says_where(
    monkeypatch: pytest.MonkeyPatch, long: Laboratory
) -> None:
    """16 participants × 3 weeks² = 144."""
    lab = hiv_laboratory()
    values = laboratory_courses.weekly(lab)
    after = values[values["week"] > 0]
    monkeypatch.setattr(laboratory_model, "MOST_WORK", 144)
    assert laboratory_model.too_large(lab, after) == ""
    monkeypatch.setattr(laboratory_model, "MOST_WORK", 143)
    assert chosen(lab, after, Weeks()) == ([4.0, 12.0], [8.0])  # what can be fitted
    monkeypatch.setattr(laboratory_model, "mmrm", None)  # a call would fail
    refused = told(lab, Weeks(every=1))
    assert not refused.table["rows"] and "3 weeks and 144 here" in refused.table["empty"]
    assert "Choose fewer weeks" in refused.table["empty"] and "calculate mmrm" in refused.table["empty"]
    monkeypatch.undo()
    assert "at most 16 weeks" in told(long, Weeks(every=1)).table["empty"]


def test_what_is_fitted_is_said_of_each_arm_and_why_nothing_is() -> None:
    plain = told(hiv_laboratory(), Weeks()).table["note"]
    assert "Low dose against Placebo: 16 participants of both arms, covariance unstructured." in plain
    fallen = told(hiv_laboratory(participants=6, weeks=(4, 8, 12, 16, 20)), Weeks()).table["note"]
    assert (
        "6 participants of both arms, covariance ar1 (not unstructured: covariance unstructured was not fitted"
        in fallen
    )
    lab = hiv_laboratory()
    fourth = (lab.values["week"] == 8) & ((lab.values["arm"] == 0) | (lab.values["participant"] > 2))
    gone = told(replace(lab, values=lab.values[~fourth]), Weeks()).table["note"]
    assert gone.endswith(f"; {LEFT_OUT}: 8.")
    same = lab.values.assign(value=lab.values["value"].where(lab.values["week"] != 8, 400.0))
    flat = told(replace(lab, values=same), Weeks()).table
    assert (
        flat["note"].endswith("without any residual; leave that week out.") and "Not fitted: " in flat["note"]
    )
