"""docs/reference/roles.md: who may do what."""

from __future__ import annotations

from pvtracker.accounts.roles import Permission, roles_of
from pvtracker.ops.docs.markdown import code, document, table

SCOPES = {
    "system": "accounts and clients of the room, no study",
    "study": "all sites of the study",
    "site": "one site of the study",
}
INTRODUCTION = (
    "A membership gives one account one role in one study, at one site or at all. A system role is held in no study. "
    "Code asks for permissions, never for roles. Nobody holds a blinded and an unblinded role in the same study, and "
    "nobody approves what they asked for themselves or gives a role to themselves."
)
APPROVAL = (
    "“second person” says whose memberships one person proposes (`manage_members`) and another approves "
    "(`approve_members`). In the open room a study administrator proposes, and the medical monitor or another study "
    "administrator approves. In the closed room the unblinded statistician proposes, and the DSMB chair or another "
    "unblinded statistician approves. System administrators, and the first people of an installation, are let in at "
    "its terminal (`create_account`) and by no page. Nobody signs before another person has recorded how they checked "
    "who it is. “second factor” says "
    "for which roles a password alone is not enough."
)


def page() -> str:
    """Roles in a paragraph each, then permission by role."""
    parts = [INTRODUCTION, APPROVAL]
    for room in ("open", "closed"):
        held = list(roles_of(room).values())
        known = [p for p in Permission if any(p in role.permissions for role in held)]
        rows = [(code(p), *("yes" if p in role.permissions else "–" for role in held)) for p in known]
        about = [
            (
                role.label,
                code(role.key),
                SCOPES[role.scope],
                role.blinding,
                "yes" if role.second_factor else "–",
                "yes" if role.approval else "–",
                role.description,
            )
            for role in held
        ]
        head = ("role", "key", "sees", "blinding", "second factor", "second person", "what it is for")
        parts += [
            f"## {room.capitalize()} room",
            table(head, about),
            f"### Permissions in the {room} room",
            table(("permission", *(role.label for role in held)), rows),
        ]
    return document(title="Roles and permissions", source="`pvtracker/accounts/roles.py`", parts=parts)
