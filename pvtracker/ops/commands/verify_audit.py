"""`manage.py verify_audit`: the audit trail of both rooms, each checked by a process of its own."""

from __future__ import annotations

import argparse

from pvtracker.ops import children
from pvtracker.ops.rooms import ROOMS, Installation


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--room", choices=ROOMS, help="only this room; both when not given")
    parser.add_argument(
        "--anchors", metavar="FILE", help="a copy of the room's anchors that was kept elsewhere"
    )


def run(arguments: argparse.Namespace, installation: Installation) -> int:
    """Exit 1 when a trail is broken; the first altered or missing row of each is named."""
    more = ["--anchors", arguments.anchors] if arguments.anchors else []
    codes = [
        children.run(installation, room, "verify_audit", *more, sealer=True).returncode
        for room in ROOMS
        if arguments.room in (None, room)
    ]
    return max(codes)
