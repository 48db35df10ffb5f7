"""The manifest of a cut: what it holds, of which protocol, by which rule and code, and the hash over all that."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

from pvtracker.cuts.columns import OPEN_DATASETS
from pvtracker.cuts.data import CutError
from pvtracker.lib.canonical import canonical_json, file_sha256, sha256_hex

NAME = "manifest.json"
FORMAT = 1
LARGEST = 16 * 1024 * 1024  # bytes; a manifest has some thousands
# What makes one freezing differ from the next of the same data; everything else is hashed.
NOT_HASHED = ("id", "made_at", "sha256")


def hash_of(manifest: dict[str, Any]) -> str:
    """sha256 of the canonical manifest without id, time of making, and the hash itself."""
    return sha256_hex(
        canonical_json({key: value for key, value in manifest.items() if key not in NOT_HASHED})
    )


def read(folder: Path) -> dict[str, Any]:
    """The manifest in a cut's folder; CutError when it is missing, unreadable, of another format or another cut."""
    try:
        if (folder / NAME).stat().st_size > LARGEST:
            raise CutError(f"The manifest of cut {folder.name} is larger than any manifest.")
        manifest = json.loads((folder / NAME).read_bytes())
        if manifest["format"] != FORMAT:
            raise CutError(
                f"The cut {folder.name} has format {manifest['format']}; this version reads {FORMAT}."
            )
        if str(uuid.UUID(manifest["id"])) != folder.name:
            raise CutError(f"The folder {folder.name} holds the manifest of another cut.")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as fault:
        if isinstance(fault, CutError):
            raise
        raise CutError(f"The cut {folder.name} has no readable manifest.") from fault
    return dict(manifest)


def verify(folder: Path, manifest: dict[str, Any]) -> None:
    """CutError unless the manifest has the hash it names, and every file the hash that the manifest names."""
    try:
        hashes = {dataset: str(entry["sha256"]) for dataset, entry in manifest["datasets"].items()}
        altered = hash_of(manifest) != manifest["sha256"]
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise CutError("The manifest lacks the hash of itself or of a dataset.") from fault
    if altered:
        raise CutError("The manifest was altered: it does not have the sha256 that it names.")
    if set(hashes) != set(OPEN_DATASETS):
        raise CutError("The cut holds other datasets than this version of pvtracker knows.")
    for dataset, sha256 in hashes.items():
        path = folder / f"{dataset}.parquet"
        if not path.is_file():
            raise CutError(f"The file of {dataset} is missing.")
        if file_sha256(path) != sha256:
            raise CutError(
                f"The file of {dataset} was altered: it does not have the sha256 that the manifest names."
            )
