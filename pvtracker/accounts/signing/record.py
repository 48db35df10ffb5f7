"""What a signature is bound to: one record in one version, with everything that it says."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from pvtracker.lib.canonical import canonical_json, sha256_hex


@dataclass(frozen=True, slots=True)
class Subject:
    """A record as it stands, ready to be shown, signed or verified.

    `record` holds the exact values as plain data: dates as written, decimals as text, the sha256 of every file that
    belongs to it. The hash covers the kind, the ids and the version too, so that a signature fits no other record.
    """

    kind: str
    object_id: uuid.UUID
    study_id: uuid.UUID
    version: int
    record: dict[str, Any]

    @property
    def sha256(self) -> str:
        """The hash that a signature keeps."""
        signed = {
            "kind": self.kind,
            "id": str(self.object_id),
            "study": str(self.study_id),
            "version": self.version,
            "record": self.record,
        }
        return sha256_hex(canonical_json(signed))
