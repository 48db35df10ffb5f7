"""What the test of the calculator types for each argument of the catalogue's statistics, by the argument's name.

A pair (statistic, argument) stands where one name means different things. Options are off their defaults.
"""

from __future__ import annotations

from typing import Any

VALUES: dict[Any, Any] = {
    "n_arm": [3, 0, 5, 0],
    "N_arm": [10, 12, 9, 7],
    "n_ref": [1, 2, 5, 0],
    "N_ref": [11, 8, 9, 0],
    "n": [3, 0, 5, 0],
    "N": [10, 12, 9, 7],
    "events": [3, 0, 5],
    "years": [10.5, 7, 0.0],
    "events_arm": [3, 0, 5, 0],
    "years_arm": [10.5, 7, 3, 0],
    "events_ref": [1, 2, 0, 0],
    "years_ref": [9.25, 8, 4, 2],
    "p": [0.001, 0.2, 0.04, 0.6],
    "body_system": ["Skin", "Skin", "Eye", "Eye"],
    # a tree of two classes; participants 0 to 5
    "in_arm": [1, 1, 1, 0, 0, 0],
    "event_participant": [0, 1, 1, 3, 4],
    "event_node": ["Rash", "Rash", "Itch", "Itch", "Pain"],
    "child": ["All", "Skin", "Eye", "Rash", "Itch", "Pain"],
    "parent": ["", "All", "All", "Skin", "Skin", "Eye"],
    "stratum": ["A", "A", "B", "A", "B", "B"],
    "node": ["Rash", "Itch", "Pain"],
    "cases": [5, 2, 1],
    "controls": [1, 2, 4],
    "expected": [2.5, 2, 3],
    # looks
    "fraction": [0.3, 0.7, 1],
    "z": [3, 2.5, 2],
    ("group_sequential_counts_crossing", "n_arm"): [10, 20, 30],
    ("group_sequential_counts_crossing", "n_ref"): [10, 19, 31],
    ("spent_alpha", "spending"): "power",
    ("group_sequential_boundary", "spending"): "power",
    "risk_ref": [0.1, 0.2, 0.05, 0.0],
}
OPTIONS: dict[str, Any] = {
    "confidence_level": 0.9,
    "alpha": 0.1,
    "alpha_body_system": 0.2,
    "alpha_event": 0.15,
    "power": 0.7,
    "risk_arm": 0.4,
    "risk_ref": 0.1,
    "N_arm": 20,
    "N_ref": 21,
    "null": "participants",
    "alternative": "less",
    "minimum_cases": 1,
    "replicates": 199,
    "seed": 2,
    "threads": 1,
    "probability": 0.4,
    "conditional": False,
    "parameter": 1.5,
    "sides": 2,
    "interim_z": 3.2,
    "drift": 2.5,
    "test": "score",
    "variance": "greenland-robins",
    "weights": "equal",
    "mid_p": True,
    "continuity": True,
    "tarone": False,
    "berger_boos": 0.001,
    "two_sided": "central",
    "inversion": "two-sided",
}
# Options that stand at their default here, because their other values go with other arguments only.
ALONE = {"null", "minimum_cases"}
