"""The pages of the documentation as HTML."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from pvtracker.lib.markdown_html import html_of

METHODS = sorted(Path("docs/methods").glob("*.md"))


def nowhere(target: str) -> str:
    return ""


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("## Two `p`", "<h2>Two <code>p</code></h2>"),
        ("one\ntwo\n\nthree", "<p>one two</p>\n<p>three</p>"),
        ("**Formula.** *x* of *a*; 2 * 3 * 4; p*i",
         "<p><strong>Formula.</strong> <em>x</em> of <em>a</em>; 2 * 3 * 4; p*i</p>"),
        ("[here](a.md), [there](../b.md)", '<p><a href="/to/a.md">here</a>, there</p>'),
        ("Said:\n\n* one\n  goes on\n* two", "<p>Said:</p>\n<ul><li>one goes on</li><li>two</li></ul>"),
        ("so:\n1. one\n2. two", "<p>so:</p>\n<ol><li>one</li><li>two</li></ol>"),
        ("```\na\n\n# <b>\n```\nafter", '<pre tabindex="0"><code>a\n\n# &lt;b&gt;</code></pre>\n<p>after</p>'),
        ("<script> & \"x\" `<i>` **<u>** [<b>](x)",
         "<p>&lt;script&gt; &amp; &quot;x&quot; <code>&lt;i&gt;</code> <strong>&lt;u&gt;</strong> &lt;b&gt;</p>"),
        ("# a\ntext\n## b", "<h1>a</h1>\n<p>text</p>\n<h2>b</h2>"),
    ],
)  # fmt: skip
def test_what_is_written_becomes_html_and_all_of_it_is_escaped(text: str, made: str) -> None:
    assert html_of(text, lambda target: f"/to/{target}" if target == "a.md" else "") == made


def test_a_table_has_a_head_and_a_name() -> None:
    made = html_of("| `a` | b |\n| --- | --- |\n| 1 | x \\| y |", nowhere, down=1)
    assert 'aria-label="a, b"' in made and '<th scope="col"><code>a</code></th>' in made
    assert "<tbody><tr><td>1</td><td>x | y</td></tr></tbody>" in made
    assert html_of("### a", nowhere, down=2) == "<h5>a</h5>"


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words = 0

    def handle_starttag(self, tag: str, attributes: object) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words += len(data.split())


@pytest.mark.parametrize("page", METHODS, ids=lambda page: page.name)
def test_every_methods_page_becomes_whole_html_and_loses_no_word(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    parser = _Balance()
    parser.feed(html_of(text, nowhere))
    assert parser.open == []
    marks = ("|", "---", "*", "**", "#", "##", "###", "-", "```")
    written = [word for word in text.split() if word not in marks and not word.rstrip(".").isdigit()]
    assert parser.words >= 0.9 * len(
        written
    )  # numbers of lists, addresses of links and rules of tables are no words
