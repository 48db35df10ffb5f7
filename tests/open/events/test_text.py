"""Free text: what is stored, what is refused, what is marked."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pvtracker.events.display import shown
from pvtracker.events.models import AdverseEvent
from pvtracker.events.text import (
    control_characters,
    direction_marks,
    many_lines,
    one_line,
    same_words,
    without_control_characters,
)
from tests.open.world import make_world

STRANGE = (
    "undefined",
    "null",
    "NaN",
    "1e999",
    "../../../etc/passwd",
    "${jndi:ldap://x}",
    "{{ 7*7 }}",
    "{% debug %}",
    "%s%n%d",
    "' or ''='",
    "<svg onload=alert(1)>",
    "&lt;b&gt;",
    "ﷺ",
    "田中さんにあげて下さい",
    "👩🏽‍⚕️ fainted",
    "Z̮̞̠͙͔ͅḀ̗̞͈̻̗Ḷ͙͎̯̹̞͓G̻O̭̗̮",
    "\u200bzero\u200bwidth",
    "\ufeffmark",
    "\u2028line",
    "ﬀ ligature",
    "\U000e0041tag",
    "=1+1",
    "-2+3+cmd|' /C calc'!A0",
)


@pytest.mark.django_db
@pytest.mark.parametrize("text", STRANGE, ids=ascii)
def test_strange_text_goes_through_the_form_and_comes_back_as_written(text: str) -> None:
    world = make_world()
    alice = world.client("alice")
    url = world.url(f"participants/{world.participants['P1'].id}/adverse-events/new/")
    answer = alice.post(url, world.posted(verbatim=f"a {text} b", narrative=text))
    assert answer.status_code == 302
    event = AdverseEvent.objects.get(study=world.study)
    assert event.verbatim == unicodedata.normalize("NFC", f"a {text} b")
    assert event.narrative == unicodedata.normalize("NFC", text)
    for tail in ("", "edit/", "history/"):
        assert alice.get(world.url(f"adverse-events/{event.id}/{tail}")).status_code == 200


@given(st.text())
def test_the_stored_form_is_stable(text: str) -> None:
    assert one_line(one_line(text)) == one_line(text)
    assert many_lines(many_lines(text)) == many_lines(text)
    assert same_words(same_words(text)) == same_words(text)


@given(st.text(st.characters(blacklist_categories=[])), st.booleans())
def test_what_is_left_after_removing_control_characters_is_allowed(text: str, lines: bool) -> None:
    left = without_control_characters(text, lines=lines)
    assert control_characters(left, lines=lines) == []
    assert (left == text) == (control_characters(text, lines=lines) == [])
    left.encode()  # no lone surrogate is left


@given(st.text())
def test_shown_text_holds_no_markup_of_its_own(text: str) -> None:
    inner = shown(text).removeprefix("<bdi>").split("</bdi>")[0]
    assert "<" not in inner and ">" not in inner


def test_line_ends_become_one_kind() -> None:
    assert many_lines("a\r\nb\rc\nd") == "a\nb\nc\nd"


def test_composed_and_decomposed_words_are_the_same_words() -> None:
    assert same_words("Cafe\u0301  AU lait") == same_words("café au LAIT")


def test_characters_that_turn_the_direction_are_named_once() -> None:
    assert direction_marks("\u202ea\u2066b\u202e") == ["U+202E", "U+2066"]
    assert direction_marks("שלום") == []  # right-to-left words are no trick
