"""Rules of the protocol."""

from __future__ import annotations

import re
from collections.abc import Mapping

_SAYS_REFERENCE = re.compile(r"\b(placebo|control)\b", re.IGNORECASE)


class NoReferenceArm(ValueError):
    """Which arm the others are compared with cannot be told; the text asks for it and lists the arms."""


def reference_arm(arms: Mapping[str, str], *, named: str = "") -> str:
    """The code of the arm that the others are compared with; `arms` is name by code, as the protocol prints
    them.

    The one `named` (a code, whatever the case of its letters), else the only one whose name says placebo or
    control.
    """
    listed = "; ".join(f"{code} ({name})" for code, name in arms.items())
    if named:
        found = [code for code in arms if code.casefold() == named.casefold()]
        if len(found) != 1:
            raise NoReferenceArm(f"There is no arm {named}. Name one of these with --reference: {listed}.")
        return found[0]
    found = [code for code, name in arms.items() if _SAYS_REFERENCE.search(name)]
    if len(found) != 1:
        why = "No arm's name says" if not found else "More than one arm's name says"
        raise NoReferenceArm(
            f"{why} placebo or control. Name the reference arm with --reference CODE: {listed}."
        )
    return found[0]
