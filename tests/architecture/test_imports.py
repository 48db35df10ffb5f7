"""Every import contract stops the import that it is there to stop."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pvtracker.ops.environment import ROOT

# Contract → file of the package and the import that breaks it.
BREAKS = {
    "Apps point one way": ("jobs/queries.py", "pvtracker.studies.queries"),
    "Inside an app: HTTP and Celery on top, tables at the bottom": (
        "studies/queries.py",
        "pvtracker.studies.actions",
    ),
    "Statistics, formats and helpers know nothing of Django": ("stats/rates.py", "django.conf"),
    "The open room does not know the closed one": ("monitoring/pooled.py", "pvtracker.signals.rows"),
    "Few files may ask who received what": ("signals/rows.py", "pvtracker.allocation.models"),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package's Python files."""
    folder = tmp_path_factory.mktemp("imports")
    only_python = shutil.ignore_patterns("static", "templates", "__pycache__", "*.json", "*.csv")
    shutil.copytree(ROOT / "pvtracker", folder / "pvtracker", ignore=only_python)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> str:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=folder, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin"}
    )
    return done.stdout + done.stderr


def contracts() -> list[str]:
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [contract["name"] for contract in told["tool"]["importlinter"]["contracts"]]


def test_every_contract_has_an_import_that_breaks_it() -> None:
    assert set(contracts()) == set(BREAKS)


@pytest.mark.parametrize("contract", BREAKS)
def test_a_bad_import_breaks_its_contract(tree: Path, contract: str) -> None:
    name, wanted = BREAKS[contract]
    path = tree / "pvtracker" / name
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n\ndef late() -> None:\n    import {wanted}\n", encoding="utf-8")
    try:
        said = lint(tree)
    finally:
        path.write_text(before, encoding="utf-8")
    assert f"{contract} BROKEN" in said.replace("(1 ignored import) ", "").replace(
        " (1 ignored import)", ""
    ), said
    importer = f"pvtracker.{name.removesuffix('.py').replace('/', '.')}"
    assert importer in said.partition("Broken contracts")[2], "the contract broke, but for another reason"


def test_without_it_no_contract_breaks(tree: Path) -> None:
    said = lint(tree)
    assert "BROKEN" not in said and f"{len(BREAKS)} kept, 0 broken" in said, said
