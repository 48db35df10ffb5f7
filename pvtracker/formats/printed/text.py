"""Text that every file format of ours can hold."""

from __future__ import annotations

import unicodedata


def plain(text: str) -> str:
    """`text` with line feeds only, and controls, surrogates and invisible formatting characters as ``[U+202E]``."""
    flat = text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " ")
    if flat.isascii() and flat.replace("\n", "").isprintable():
        return flat
    return "".join(
        character if character == "\n" or _prints(character) else f"[U+{ord(character):04X}]"
        for character in flat
    )


def _prints(character: str) -> bool:
    # Cn: what is no character at all, such as U+FFFF, which XML refuses
    return unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Cn")
