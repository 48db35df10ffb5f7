"""The code version changes with everything that changes a report."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import pvtracker
from pvtracker.lib.code_version import ROOT, code_version, digest, names
from pvtracker.reports.fonts import FAMILY, FOLDER, STYLES
from pvtracker.reports.typesetting import TEMPLATE


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of one file of each kind."""
    for name in ("pvtracker/lib/rounding.py", TEMPLATE.relative_to(ROOT), _font().relative_to(ROOT)):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    return tmp_path


def _font() -> Path:
    return FOLDER / f"{FAMILY.replace(' ', '')}-{STYLES[0]}.ttf"


def test_the_template_and_every_style_of_the_typeface_are_part_of_it() -> None:
    covered = {ROOT / name for name in names(ROOT)}
    assert TEMPLATE in covered
    assert {FOLDER / f"IBMPlexSans-{style}.ttf" for style in STYLES} <= covered
    assert ROOT / "pvtracker" / "lib" / "code_version.py" in covered


def test_it_is_the_version_and_the_start_of_the_digest(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pvtracker.lib.code_version.ROOT", tree)
    uncached = code_version.__wrapped__
    assert uncached() == f"{pvtracker.__version__}+{digest(tree)[:12]}"


@pytest.mark.parametrize("kind", ["*.py", "*.typ", "*.ttf"])
def test_a_changed_file_changes_the_digest(tree: Path, kind: str) -> None:
    before = digest(tree)
    changed = next(tree.rglob(kind))
    changed.write_bytes(changed.read_bytes() + b"\n")
    assert digest(tree) != before


@pytest.mark.parametrize("kind", ["*.py", "*.typ", "*.ttf"])
def test_a_file_of_another_name_changes_the_digest(tree: Path, kind: str) -> None:
    before = digest(tree)
    renamed = next(tree.rglob(kind))
    renamed.rename(renamed.with_stem("other"))
    assert digest(tree) != before


def test_the_same_files_have_the_same_digest_wherever_they_lie(tree: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path.parent / f"{tmp_path.name}-elsewhere"
    shutil.copytree(tree, elsewhere)
    assert digest(elsewhere) == digest(tree)
