"""Text that broke other programs, by kind, in every free-text field: stored as it is after one stated normalisation.

The strings are made here, one kind after the other, as the public lists have them: empty and blank, words that mean
something to a program, numbers of every shape, markup, queries, shells, paths, formulas, right-to-left and stacked
marks,
invisible and private characters, emoji, and lengths at the edge.
"""

from __future__ import annotations

import csv
import io
import json

import pytest
from django.utils.html import escape

from pvtracker.events.models import AdverseEvent
from pvtracker.events.text import many_lines, one_line
from pvtracker.feeds.actions import number
from pvtracker.feeds.queries import page_after
from pvtracker.lib.csv_out import csv_bytes
from tests.open.world import World

pytestmark = pytest.mark.django_db

HOSTILE = (
    *(
        "undefined",
        "null",
        "NULL",
        "None",
        "nil",
        "true",
        "NaN",
        "Infinity",
        "-0",
        "1e999",
        "0x0",
        "1_000",
        "٣",
        "½",
    ),
    *(
        "1,000.00",
        "1.000,00",
        "08:00",
        "1/0",
        "--",
        "\\",
        "\\\\",
        "|",
        "`",
        "%s%n",
        "%00",
        "{0}",
        "{{ 7*7 }}",
        "${7*7}",
    ),
    *(
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        '"><svg/onload=alert(1)>',
        "javascript:alert(1)",
    ),
    *(
        "<!-- -->",
        "&lt;b&gt;",
        "&#60;",
        "]]>",
        "<?php ?>",
        "<a href='//evil.example'>x</a>",
        "<bdo dir=rtl>abc</bdo>",
    ),
    *(
        "Robert'); DROP TABLE events_adverseevent;--",
        "1 OR 1=1",
        "' OR '1'='1",
        '" or ""="',
        "1; select pg_sleep(9)",
    ),
    *(
        "$(touch /tmp/x)",
        "`id`",
        "; rm -rf /",
        "../../etc/passwd",
        "..\\..\\x",
        "C:\\con\\con",
        "file:///etc/passwd",
    ),
    *("=1+1", "+1", "-1", "@SUM(1)", "=cmd|' /C calc'!A0", '=HYPERLINK("http://evil.example")', "\t=1+1"),
    *(
        "\u202eesrever",
        "\u200f\u202babc\u202c",
        "\u2066a\u2069",
        "a\u200bb",
        "a\u00adb",
        "\ufeffbom",
        "\u2028line",
    ),
    *("Z\u0351\u036b\u0343A\u0315\u0316L\u0322G\u031eO", "e\u0301", "\u1e9b\u0323", "Å", "ﬁ", "ß", "İi", "ǅ"),
    *(
        "田中さん",
        "사회과학원",
        "العربية",
        "עברית",
        "ไทย",
        "Ω≈ç√∫",
        "𝕿𝖊𝖘𝖙",
        "🏳️‍🌈",
        "👩‍👩‍👧",
        "🇦🇺",
        "\U000f0000",
        "\ue000",
    ),
    *(
        "a" * 400,
        "é" * 400,
        "😀" * 400,
        "\u00a0x\u00a0",
        "'",
        '"',
        "''",
        '""',
        "‘’“”",
        "…",
        "\x7f".join("ab")[:1] + "b",
    ),
    *(
        "CON",
        "prn.txt",
        "http://a/%%30%30",
        "Scunthorpe General",
        "<textarea>",
        "</title>",
        "\\u0000",
        "\\x00",
        "%0d%0aX: y",
    ),
)


@pytest.fixture
def world(two_sites: World) -> World:
    return two_sites


@pytest.mark.parametrize("text", HOSTILE, ids=[f"{n}" for n in range(len(HOSTILE))])
def test_what_is_typed_is_what_is_shown_sent_and_exported(world: World, text: str) -> None:
    client = world.client("alice")
    url = world.url(f"participants/{world.participants['P1'].id}/adverse-events/new/")
    answer = client.post(url, world.posted(verbatim=text, narrative=f"a\r\n{text}\tb"))
    assert answer.status_code == 302, "a verbatim of these is never refused"
    event = AdverseEvent.objects.get(study=world.study)
    assert (event.verbatim, event.narrative) == (one_line(text), many_lines(f"a\r\n{text}\tb"))
    number(world.study.id)
    [entry] = page_after(world.study.id, 0).entries
    sent = json.loads(entry)["event"]
    assert (sent["verbatim"], sent["narrative"]) == (event.verbatim, event.narrative)
    page = client.get(answer["Location"]).content.decode()
    assert escape(event.verbatim) in page
    assert "<script>alert" not in page and "<img src=x" not in page
    edit = client.get(f"{answer['Location']}edit/").content.decode()
    assert f'value="{escape(event.verbatim)}"' in edit
    [_, cells] = csv.reader(io.StringIO(csv_bytes(["v"], [[event.verbatim]]).decode("utf-8-sig"), newline=""))
    assert cells[0].removeprefix("'") == event.verbatim or cells[0] == event.verbatim
    assert not cells[0].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_the_same_text_in_a_reason_an_answer_and_a_search_is_never_a_fault(world: World) -> None:
    client = world.client("alice")
    event = world.record(onset="2026")
    query = event.queries.first()
    assert query is not None
    for text in HOSTILE:
        for url, said in (
            (f"adverse-events/{event.id}/void/", {"version": "99", "reason": text}),
            (f"queries/{query.id}/answer/", {"answer": text[:1] * 501}),
        ):
            assert client.post(world.url(url), said).status_code < 500, ascii(text)
        for page in ("adverse-events/", "terms/", "participants/"):
            assert client.get(world.url(page), {"q": text, "site": text, "rule": text}).status_code == 200
