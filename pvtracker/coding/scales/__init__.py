"""Severity scales: one file per scale, one line here. Pure data; the key is what a study and an event
store.
"""

from __future__ import annotations

from pvtracker.coding.scales.ctcae import CTCAE_5_0
from pvtracker.coding.scales.daids import DAIDS_2_1
from pvtracker.coding.scales.mild_moderate_severe import MILD_MODERATE_SEVERE
from pvtracker.coding.scales.scale import Grade, Scale

SCALES: dict[str, Scale] = {scale.key: scale for scale in (MILD_MODERATE_SEVERE, DAIDS_2_1, CTCAE_5_0)}

__all__ = ["SCALES", "Grade", "Scale"]
