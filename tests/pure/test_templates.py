"""No template breaks the content security policy, and every icon that a template names is in the sprite."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.shared import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = ROOT / "pvtracker" / "web" / "static"
COMMENTS = re.compile(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}|<!--.*?-->", re.DOTALL)
REFUSED = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "a style element": re.compile(r"<style\b", re.IGNORECASE),
    "an inline event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an htmx handler, which needs eval": re.compile(r"\bhx-on\b", re.IGNORECASE),
    "an inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)[^>]*>", re.IGNORECASE),
    "something from another host": re.compile(
        r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"']?(?:https?:)?//", re.IGNORECASE
    ),
}
USES = re.compile(r'include "components/(icon|mark)\.html" with [^%]*?name="([\w-]+)"')
TEXT_ICONS = re.compile(r'\bicon="([\w-]+)"')


def symbols(path: Path) -> set[str]:
    return set(re.findall(r'<symbol id="([\w-]+)"', path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_a_template_needs_nothing_that_the_content_security_policy_refuses(path: Path) -> None:
    text = COMMENTS.sub("", path.read_text(encoding="utf-8"))
    assert [what for what, pattern in REFUSED.items() if pattern.search(text)] == []


@pytest.mark.parametrize(
    "bad",
    [
        '<p style="color:red">',
        "<a onclick='x()'>",
        "<script>x()</script>",
        "<script src=https://a.example/x.js>",
    ],
)
def test_the_check_itself_refuses_what_it_should(bad: str) -> None:
    assert any(pattern.search(bad) for pattern in REFUSED.values())


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(ROOT / "templates").as_posix())
def test_every_icon_that_a_template_names_exists(path: Path) -> None:
    icons = symbols(STATIC / "vendor" / "bootstrap-icons" / "sprite.svg")
    marks = symbols(STATIC / "icons" / "marks.svg")
    text = path.read_text(encoding="utf-8")
    missing = [name for kind, name in USES.findall(text) if name not in (icons if kind == "icon" else marks)]
    missing += [name for name in TEXT_ICONS.findall(text) if name not in icons]
    assert missing == []


def test_a_template_comment_of_several_lines_is_a_comment_block() -> None:
    """Django shows a {# #} that spans lines to the reader."""
    for path in TEMPLATES:
        for line in path.read_text(encoding="utf-8").splitlines():
            assert line.count("{#") == line.count("#}"), f"{path.name}: {line}"
