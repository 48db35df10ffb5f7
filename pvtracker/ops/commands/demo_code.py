"""`manage.py demo_code`: the code that the authenticator of a demo person shows now."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace

from pvtracker.ops import demo_codes


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("role", help="user name of the demo, which is the role's key")


def run(arguments: Namespace) -> int:
    """Print it. Needs no service, only the file that `demo` has written."""
    try:
        print(
            demo_codes.code_now(arguments.role) or "none needed: this role signs in with the password alone"
        )
    except demo_codes.NoDemo as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0
