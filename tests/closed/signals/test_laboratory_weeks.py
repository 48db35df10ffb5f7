"""The choice of the weeks of the mixed model, on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from pvtracker.cuts import closed
from pvtracker.signals.laboratory_forms import WeeksForm, weeks_of
from pvtracker.signals.laboratory_model import Weeks
from pvtracker.studies.models import Study
from tests.closed.cuts import folder
from tests.closed.cuts.folder import BY, STUDY_ID, allocate, put_cut
from tests.closed.joined import joined_cut, open_storage
from tests.closed.people import client_of
from tests.closed.signals.test_laboratory import PAGE

__all__ = ["joined_cut", "open_storage"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(open_storage: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Of a study whose ALT is a CD4 count."""
    plain = folder.rows

    def with_counts(study_id: str) -> dict[str, list[dict[str, Any]]]:
        given = plain(study_id)
        counts = [
            {**one, "source_id": f"C-{n}", "analyte": "CD4", "name": "CD4 count", "unit": "10^6/L"}
            for n, one in enumerate(given["measurements"])
            if one["analyte"] == "ALT"
        ]
        return {**given, "measurements": [*given["measurements"], *counts]}

    monkeypatch.setattr(folder, "rows", with_counts)
    put_cut(open_storage)
    closed.receive_cuts(by=BY)
    study = Study.objects.get(id=STUDY_ID)
    allocate(study)
    closed.receive_cuts(by=BY)
    return client_of(study, "dsmb_member")


def test_the_weeks_are_chosen_on_the_page_and_the_choice_is_kept(reader: Client) -> None:
    address = f"{PAGE}analyte/"
    plain = reader.get(address, {"analyte": "CD4"})
    assert "Fit the model" in plain.text and "Weeks in the model" not in plain.text
    asked = {"analyte": "CD4", "model": "yes"}
    fitted = reader.get(address, {**asked, "first": "1", "last": "4", "every": "1"})
    assert "Weeks in the model: 2." in fitted.text and 'value="4"' in fitted.text
    for said, words in (
        ({"last": "soon"}, "Give a whole number, such as 4, or leave it empty."),
        ({"first": "9", "last": "3"}, "Must not come before the first, week 9"),
        ({"first": "90"}, "Those there are: 2."),
    ):
        refused = reader.get(address, {**asked, **said})
        assert refused.status_code == 200 and words in refused.text, said
    assert "Fit the model" not in reader.get(address, {"analyte": "ALT", "model": "yes"}).text


@pytest.mark.parametrize(
    ("said", "field", "words"),
    [
        ({"first": "x"}, "first", "Give a whole number, such as 4, or leave it empty."),
        ({"last": "4.5"}, "last", "Give a whole number"),
        ({"first": "-1"}, "first", "greater than or equal to 0"),
        ({"every": "0"}, "every", "greater than or equal to 1"),
        ({"last": "1e9"}, "last", "Give a whole number"),
        ({"last": "99999999"}, "last", "less than or equal to 10000"),
        ({"first": "48", "last": "12"}, "last", "Must not come before the first, week 48"),
    ],
)
def test_a_choice_that_cannot_be_is_answered_by_a_sentence(
    said: dict[str, str], field: str, words: str
) -> None:
    form = WeeksForm(said)
    assert weeks_of(form) is None and words in " ".join(form.errors[field])


def test_an_empty_choice_is_the_default() -> None:
    assert weeks_of(WeeksForm({"first": "", "last": "", "every": ""})) == Weeks()
    assert weeks_of(WeeksForm({"first": "4", "last": "4", "every": "2"})) == Weeks(4, 4, 2)
