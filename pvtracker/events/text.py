"""Free text as it is stored: one normal form, no control characters, and what a reader must be warned of.

Stated rule: text is stored in Unicode normal form C with line ends as LF; verbatim loses outer blanks.
Control characters (general category Cc) other than tab and line end, and in one-line text those too, are
refused by a form and removed by an import, which says so. Everything else is kept as written, also characters
that turn the direction of writing; those are shown isolated and marked. Lengths count characters (code
points).
"""

from __future__ import annotations

import unicodedata

# Marks, embeddings, overrides and isolates of the Unicode bidirectional algorithm (UAX 9, section 2).
BIDI_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LAYOUT = frozenset("\t\n")


def one_line(text: str) -> str:
    """`text` in the normal form in which a one-line value is stored."""
    return unicodedata.normalize("NFC", text).strip()


def many_lines(text: str) -> str:
    """`text` in the normal form in which a narrative is stored; line ends become LF."""
    return unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")


def control_characters(text: str, *, lines: bool = False) -> list[str]:
    """The control characters that may not be stored, as code points (``U+0000``), each once, in order of
    appearance.

    `lines`: tab and line end are allowed.
    """
    allowed = _LAYOUT if lines else frozenset[str]()
    found = (c for c in text if (unicodedata.category(c) in {"Cc", "Cs"}) and c not in allowed)
    return [f"U+{ord(c):04X}" for c in dict.fromkeys(found)]


def without_control_characters(text: str, *, lines: bool = False) -> str:
    """`text` less what `control_characters` names: for input that cannot be asked to correct itself."""
    allowed = _LAYOUT if lines else frozenset[str]()
    return "".join(c for c in text if unicodedata.category(c) not in {"Cc", "Cs"} or c in allowed)


def direction_marks(text: str) -> list[str]:
    """The characters that turn the direction of writing, as code points, each once: shown beside the text."""
    return [f"U+{ord(c):04X}" for c in dict.fromkeys(text) if c in BIDI_CONTROLS]


def same_words(text: str) -> str:
    """The form in which two verbatims are compared: one case, one kind of blank, normal form C."""
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())
