"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from pvtracker.ops.environment import ROOT
from tests.architecture.walkers import PACKAGE, files, modules

# Long for a reason that a split would not mend.
LONG: dict[str, str] = {}  # path → why it is long
LIMIT = 400


def test_files_are_short() -> None:
    long = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if "migrations" not in path.parts and len(path.read_text(encoding="utf-8").splitlines()) > LIMIT
    }
    assert long == set(LONG)


def test_nothing_hangs_on_django_signals_or_looks_models_up_by_name() -> None:
    for module, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert not str(node.module).endswith((".signals", "django.dispatch")) or str(
                    node.module
                ).startswith("pvtracker."), f"{module}:{node.lineno} uses a Django signal"
            if isinstance(node, ast.Attribute):
                assert node.attr != "get_model", f"{module}:{node.lineno} get_model"


def test_a_model_has_no_logic_in_save() -> None:
    for module, tree in modules():
        if module.endswith("models.py"):
            for node in ast.walk(tree):
                assert not (isinstance(node, ast.FunctionDef) and node.name in {"save", "delete"}), module


REMOTE = re.compile(
    r"""(src|href|action)\s*=\s*["'](https?:)?//|url\(\s*["']?(https?:)?//|@import|import\s+.*https?:"""
)


@pytest.mark.parametrize(
    "path",
    [*files(ROOT / "templates", ".html", ".typ"), *files(PACKAGE / "web" / "static", ".css", ".js")],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_no_page_asks_another_host_for_anything(path: Path) -> None:
    assert not REMOTE.search(path.read_text(encoding="utf-8"))


def test_the_search_for_other_hosts_finds_one() -> None:
    for line in (
        '<script src="https://cdn.example.org/x.js">',
        "background: url(//host/x.png)",
        '<a href="http://x">',
    ):
        assert REMOTE.search(line), line
    assert not REMOTE.search('<a href="/studies/X/">')


def test_no_path_of_a_machine_or_registry_is_in_the_tree() -> None:
    """A lock or a page that names one works on that machine only."""
    places = re.compile(r"(/root/|/home/[a-z]+/|/work/|index-url|extra-index|find-links)")
    allowed = {"docs/how-to/dependencies.md"}  # says which options keep such names out of a lock
    looked = 0
    for path in [
        *ROOT.glob("*"),
        *(p for f in ("docs", "docker", "pvtracker", "tests", ".ci") for p in (ROOT / f).rglob("*")),
    ]:
        name = path.relative_to(ROOT).as_posix()
        suffixes = {".py", ".md", ".txt", ".in", ".toml", ".yaml", ".sh", ".html", ".conf", ""}
        if path.is_file() and path.suffix in suffixes and "__pycache__" not in name and name not in allowed:
            if name == "tests/architecture/test_house_rules.py" or name.startswith("docker/secrets/"):
                continue
            looked += 1
            found = places.search(path.read_text(encoding="utf-8", errors="ignore"))
            assert not found, f"{name} names {found and found[0]}"
    assert looked > 200


def test_every_link_of_the_documentation_leads_somewhere() -> None:
    looked = 0
    for page in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                looked += 1
                assert (page.parent / link).exists(), f"{page.relative_to(ROOT)} links to {link}"
    assert looked > 20
