"""`manage.py create_account`: an account for a person, in the room that the role belongs to."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser, Namespace

from pvtracker.accounts.roles import ROLES, Role
from pvtracker.ops import children
from pvtracker.ops.rooms import ROOMS, Installation

NAMES = (
    "full_name",
    "study",
    "role",
    "site",
    "person",
    "identity",
    "training",
    "trained_until",
    "reason",
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("username", help="as typed at sign-in")
    parser.add_argument("--full-name", default="", help="of a new account")
    parser.add_argument("--study", metavar="CODE", help="code of the study; a system administrator has none")
    parser.add_argument("--role", required=True, choices=ROLES, help="it decides the room")
    parser.add_argument("--room", choices=ROOMS, help="for a role that either room has")
    parser.add_argument("--site", metavar="CODE", help="for a role at one site")
    parser.add_argument("--person", metavar="ID", help="the same human's id in the other room")
    parser.add_argument("--identity", metavar="HOW", help="how it was checked who this is; before signing")
    parser.add_argument("--training", metavar="TITLE", help="a training done today; before the first use")
    parser.add_argument("--trained-until", metavar="DATE", help="the last day on which it counts: YYYY-MM-DD")
    parser.add_argument("--reason", required=True, help="why, for the record")


def run(arguments: Namespace, installation: Installation) -> int:
    """Ask for the password here, at the terminal, and let the room make the account."""
    role = ROLES[arguments.role]
    fault = _fault(role, arguments)
    if fault:
        print(fault, file=sys.stderr)
        return 2
    password = _password()
    if password is None:
        print("The two passwords differ.", file=sys.stderr)
        return 1
    given = vars(arguments)
    options = [f"--{name.replace('_', '-')}={given[name]}" for name in NAMES if given[name]]
    room = arguments.room or role.room
    said = children.run(
        installation, room, "create_account", *options, "--", arguments.username, text_in=f"{password}\n"
    )
    return said.returncode


def _fault(role: Role, arguments: Namespace) -> str:
    """What is missing for this role, '' when nothing is."""
    if role.scope == "site" and not arguments.site:
        return f"A role at one site ({role.label.lower()}) needs --site CODE."
    if role.scope != "system" and not arguments.study:
        return f"A role in a study ({role.label.lower()}) needs --study CODE."
    if role.room == "both" and not arguments.room:
        return f"Either room has a {role.label.lower()}; name one with --room."
    if role.room not in ("both", arguments.room or role.room):
        return f"{role.label} is a role of the {role.room} room."
    return ""


def _password() -> str | None:
    """Typed twice at a terminal, else the first line of standard input; None when the two differ."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass("password, if the account is new: ")
    return password if getpass.getpass("once more: ") == password else None
