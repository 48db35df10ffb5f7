"""docs/reference/roles.md: who may do what."""

from __future__ import annotations

from pvtracker.accounts.roles import ROLES, Permission
from pvtracker.ops.docs.markdown import code, document, table

SCOPES = {"study": "all sites of the study", "site": "one site of the study"}


def page() -> str:
    """Roles in a paragraph each, then permission by role."""
    parts = [
        "A membership gives one account one role in one study. Code asks for permissions, never for roles. Nobody "
        "holds roles of both rooms in the same study.",
        table(
            ("role", "key", "room", "sees", "what it is for"),
            [
                (role.label, code(role.key), role.room, SCOPES[role.scope], role.description)
                for role in ROLES.values()
            ],
        ),
        "## Permissions",
    ]
    for room in ("open", "closed"):
        held = [role for role in ROLES.values() if role.room == room]
        known = [
            permission for permission in Permission if any(permission in role.permissions for role in held)
        ]
        rows = [
            (code(permission), *("yes" if permission in role.permissions else "–" for role in held))
            for permission in known
        ]
        parts += [
            f"### {room.capitalize()} room",
            table(("permission", *(role.label for role in held)), rows),
        ]
    return document(title="Roles and permissions", source="`pvtracker/accounts/roles.py`", parts=parts)
