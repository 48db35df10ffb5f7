"""The calculator as a page: for everybody with an account, the same result as the function, nothing of a study read."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pvtracker.audit.models import AccessRecord
from pvtracker.signals.calculator_form import ArgumentsForm, plain
from pvtracker.stats import double_fdr_2004, fisher, risk_difference_mn
from pvtracker.stats.calculator.arguments import arguments_of, meaning
from pvtracker.stats.calculator.helps import helps, sentence
from pvtracker.stats.catalogue import STATISTICS
from pvtracker.studies.models import Study
from tests.closed.people import client_of, signed_in
from tests.people import account, make_ready

pytestmark = pytest.mark.django_db
OF_STUDIES = re.compile(r'"(signals|cuts|allocation|reports|board|participants|events)_')


@pytest.fixture
def stranger() -> Client:
    """Somebody with an account, and a role nowhere."""
    return signed_in(make_ready(account("stranger")))


def result_of(answer: Any) -> dict[str, Any]:
    told = re.search(r"<pre[^>]*>(.*?)</pre>", answer.text, re.DOTALL)
    assert told, answer.text
    made: dict[str, Any] = json.loads(html.unescape(told[1]))["cases"][0]["result"]
    return made


@pytest.mark.parametrize("key", STATISTICS)
def test_every_statistic_can_be_chosen_and_shows_a_field_for_each_argument(
    key: str, stranger: Client
) -> None:
    answer = stranger.get("/calculator/", {"method": key})
    assert answer.status_code == 200
    for name, argument in arguments_of(STATISTICS[key]).items():
        field = re.search(rf'<(input|textarea|select)[^>]*name="given-{name}"[^>]*>([^<]*)', answer.text)
        assert field, name
        filled = "value=" in field[0] or field[1] == "select" or field[2].strip()
        assert argument.needed or argument.default is None or filled
        assert html.escape(sentence(plain(helps(STATISTICS[key])[name]))) in answer.text
    assert f"/calculator/methods/?page={STATISTICS[key].page}" in answer.text


def test_the_result_is_the_functions_to_the_last_digit(stranger: Client) -> None:
    typed = {
        "given-n_arm": "6, 8\n9", "given-N_arm": "38", "given-n_ref": "0,1,2", "given-N_ref": "36",
        "given-confidence_level": "0.9",
    }  # fmt: skip
    # other tests' looks are committed on a connection of their own and outlive them
    before = AccessRecord.objects.filter(kind__in=("look", "export")).count()
    with CaptureQueriesContext(connection) as asked:
        answer = stranger.post("/calculator/?method=risk_difference_mn", typed)
    assert answer.status_code == 200
    direct = risk_difference_mn([6, 8, 9], 38, [0, 1, 2], 36, confidence_level=0.9)
    assert result_of(answer)["low"] == direct.low.tolist()
    assert f"{direct.low[0]:.8g}" in answer.text and "confidence_level = 0.9" in answer.text
    assert asked.captured_queries and not [q for q in asked.captured_queries if OF_STUDIES.search(q["sql"])]
    assert AccessRecord.objects.filter(kind__in=("look", "export")).count() == before


def test_a_boundary_is_headed_in_words_and_the_pages_of_a_study_stay_at_hand(study: Study) -> None:
    """Of the study that one came from, through choosing, computing and the methods pages; of nobody else's."""
    reader = client_of(study, "dsmb_member")
    typed = {"given-events": "20", "given-probability": "0.5", "given-alpha": "0.05"}
    answer = reader.post("/calculator/?study=JOIN&method=maxsprt_binomial_boundary", typed)
    assert "So many cases in the arm are a signal (cases)</th>" in answer.text
    assert "after so many events in both arms (limit)</th>" in answer.text
    methods = reader.get("/calculator/methods/", {"study": "JOIN", "page": "maxsprt.md"})
    for page in (answer, methods, reader.get("/calculator/?study=JOIN")):
        assert 'href="/studies/JOIN/signals/"' in page.text
    assert 'name="study" value="JOIN"' in answer.text and "/calculator/?study=JOIN" in answer.text
    assert "/calculator/?study=JOIN&amp;method=maxsprt_binomial_boundary" in methods.text
    other = signed_in(make_ready(account("stranger"))).get("/calculator/?study=JOIN")
    assert other.status_code == 200 and "/studies/JOIN" not in other.text and 'value="JOIN"' not in other.text


def test_labels_are_typed_as_they_are(stranger: Client) -> None:
    typed = {"given-p": "0.01\n0.02\n0.5", "given-body_system": "Skin & nails\nSkin & nails\nEye",
             "given-alpha_body_system": "0.05", "given-alpha_event": "0.05"}  # fmt: skip
    answer = stranger.post("/calculator/?method=double_fdr_2004", typed)
    direct = double_fdr_2004([0.01, 0.02, 0.5], ["Skin & nails", "Skin & nails", "Eye"])
    assert result_of(answer)["p_adjusted"] == direct.p_adjusted.tolist()
    assert "Skin &amp; nails" in answer.text and '<td class="">yes</td>' in answer.text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"n_arm": "6,x"}, "n_arm: Value 2: &#x27;x&#x27; is not a number"),
        ({"N_ref": ""}, "N_ref: Is needed; give numbers."),
        ({"n_arm": "39"}, "n_arm must be ≤ N_arm, got 39. Correct what was given"),
        ({"n_arm": "1,2", "n_ref": "1,2,3"}, "arguments must have the same length"),
        ({"n_arm": ",".join(["1"] * 501)}, "n_arm: Has more than 500 values; the command “calculate” reads"),
        ({"n_arm": '"><script>alert(1)</script>'}, "is not a number"),
    ],
)
def test_what_was_typed_stays_beside_the_sentence(typed: dict[str, str], said: str, stranger: Client) -> None:
    whole = {"n_arm": "6", "N_arm": "38", "n_ref": "0", "N_ref": "36"} | typed
    answer = stranger.post("/calculator/?method=fisher", {f"given-{k}": v for k, v in whole.items()})
    assert answer.status_code == 422 and said in answer.text and "<script>alert" not in answer.text
    for name, text in whole.items():
        field = re.search(rf'<textarea name="given-{name}"[^>]*>\s*(.*?)</textarea>', answer.text, re.DOTALL)
        assert field and html.unescape(field[1]) == text
    assert "All digits" not in answer.text


def test_no_help_has_a_programs_marks_or_says_what_another_field_said() -> None:
    for statistic in STATISTICS.values():
        helps = [field.help_text for field in ArgumentsForm(statistic=statistic).fields.values()]
        assert not [one for one in (*helps, plain(meaning(statistic))) if "`" in one], statistic.key
        whole = [one for one in helps if not one.startswith("As for ")]
        assert len(set(whole)) == len(whole), statistic.key
    form = ArgumentsForm(statistic=STATISTICS["fisher"])
    assert form.fields["n_ref"].help_text == "As for n_arm."
    assert "Participants with the event" in form.fields["n_arm"].help_text


def test_an_unknown_method_shows_the_choice_again(stranger: Client) -> None:
    answer = stranger.post("/calculator/?method=nothing", {"given-n_arm": "1"})
    assert answer.status_code == 200 and "Compute" not in answer.text and 'name="method"' in answer.text


def test_every_methods_page_is_read_here_and_leads_to_the_next(stranger: Client) -> None:
    listed = stranger.get("/calculator/methods/").text
    for statistic in STATISTICS.values():
        assert f'href="?page={statistic.page}"' in listed
        assert f"/calculator/?method={statistic.key}" in listed
        answer = stranger.get("/calculator/methods/", {"page": statistic.page})
        assert answer.status_code == 200 and f"/calculator/?method={statistic.key}" in answer.text
    text = stranger.get("/calculator/methods/", {"page": "detectable.md"}).text
    assert (
        '<a href="/calculator/methods/?page=fisher.md">Fisher</a>' in text
        and "<strong>Formula.</strong>" in text
    )
    for wrong in ("README.md", "../README.md", "/etc/passwd", "fisher"):
        assert stranger.get("/calculator/methods/", {"page": wrong}).status_code == 404


def test_the_navigation_leads_there_and_home_does_not(stranger: Client) -> None:
    assert 'href="/calculator/"' in stranger.get("/?all").text
    answer = stranger.get("/")
    assert answer.status_code == 200  # somebody without a study stays at the list of studies
    p = fisher(6, 38, 0, 36).p[0]
    typed = {"given-n_arm": "6", "given-N_arm": "38", "given-n_ref": "0", "given-N_ref": "36"}
    assert f"{p:.8g}" in stranger.post("/calculator/?method=fisher", typed).text
