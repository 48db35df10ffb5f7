"""`manage.py create_account`: an account for a person, in the room that the role belongs to."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser, Namespace

from pvtracker.accounts.roles import ROLES
from pvtracker.ops import children
from pvtracker.ops.rooms import Installation

STUDY_ROLES = [key for key, role in ROLES.items() if role.scope != "system"]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("username", help="as typed at sign-in")
    parser.add_argument("--full-name", default="", help="of a new account")
    parser.add_argument("--study", required=True, metavar="CODE", help="code of the study")
    parser.add_argument("--role", required=True, choices=STUDY_ROLES, help="it decides the room")
    parser.add_argument("--site", metavar="CODE", help="for a role at one site")
    parser.add_argument("--person", metavar="ID", help="the same human's id in the other room")
    parser.add_argument("--reason", required=True, help="why, for the record")


def run(arguments: Namespace, installation: Installation) -> int:
    """Ask for the password here, at the terminal, and let the room make the account."""
    role = ROLES[arguments.role]
    if role.scope == "site" and not arguments.site:
        print(f"A role at one site ({role.label.lower()}) needs --site CODE.", file=sys.stderr)
        return 2
    password = _password()
    if password is None:
        print("The two passwords differ.", file=sys.stderr)
        return 1
    given = vars(arguments)
    options = [
        f"--{name.replace('_', '-')}={given[name]}"
        for name in ("full_name", "study", "role", "site", "person", "reason")
        if given[name]
    ]
    said = children.run(
        installation, role.room, "create_account", *options, "--", arguments.username, text_in=f"{password}\n"
    )
    return said.returncode


def _password() -> str | None:
    """Typed twice at a terminal, else the first line of standard input; None when the two differ."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("password, if the account is new: ")
    return password if getpass.getpass("once more: ") == password else None
