"""Words by which a free text may tell who received what, in whatever way they are spelt.

A text is compared in a plain form: compatibility characters, case, marks, invisible characters and punctuation are
taken away and digits that stand for letters read as letters, so that ``P L A C E B O``, ``plac-ebo`` and ``p1acebo``
are found. Names are those of the study's protocol (its arms and products) and are also found with one letter wrong.
What is found is a reason to look, not a proof: a person decides.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

# Parts of an arm's name that say nothing by themselves.
COMMON = frozenset(
    """
    a an and arm cells cohort control dose failure for group high infusion low medium mg mid not of
    or part plus product screen screening standard study the therapy treatment with without drug
    assigned treated
    """.split()  # noqa: SIM905 - a list of sixty lines is no easier to read
)
SHORTEST_FUZZY = 6
GENERIC = ("placebo", "verum", "untransduced", "transduced", "transgene")
_GIVEN = (
    r"(?:got|gets|get|received|receives|receiving|given|had|took|taking|on|getting|randomi[sz]ed to|allocated to|"
    r"assigned to|infused with|treated with)"
)
_KIND = (
    r"(?:active|real|gene|modified|unmodified|engineered|genetically modified|true|sham|dummy|inactive|empty|"
    r"control|comparator|experimental|investigational|mock)"
)
_WHAT = (
    r"(?:treatment|vector|product|drug|infusion|cells?|study drug|substance|medication|bag|arm|compound|injection|one|"
    r"comparator|saline|group|agent|preparation|therapy)"
)
PHRASES = tuple(
    re.compile(rf"\b(?:{phrase})\b")
    for phrase in (
        r"plc[be]b?o?|plcb|pbo",
        r"unblind\w*|un blind\w*|not blinded any ?more",
        r"(?:broke|broken|break|opened|opening) the (?:code|blind|envelope)",
        r"code (?:was |has been |is |had to be )?(?:broken|opened)|code break\w*",
        rf"{_GIVEN} (?:the |an? |his |her |their )?{_KIND} {_WHAT}",
        r"active (?:vector|arm|group|product|study drug|compound|cells?|infusion|treatment (?:arm|group))",
        r"(?:randomi[sz]ed|allocated|assigned) to (?:the )?(?:active|control|gene|experimental|comparator)",
        r"(?:active|control|treatment|experimental|interventional?|comparator|sham|dummy|gene|vector|drug|reference)"
        r" (?:treatment )?(?:arm|cohort)s?",
        r"(?:in|to|of|from) (?:the )?(?:active|control|treatment|experimental|comparator|gene|vector) group",
        r"(?:low|high|mid|medium) dose (?:arm|group|cohort)",
        r"gene (?:product|vector|modified|marked|marking|copies|positive|negative)",
        r"genetically modified cells|unmodified cells|(?:mock|non|not) transduced|transduction",
        r"vector (?:dna|rna|cop(?:y|ies)|positive|negative|detected|present|absent|pcr|signal|marking|marked|marker)",
        r"(?:dummy|sham) (?:infusion|product|tablets?|capsules?|drug|treatment|procedure|injection|cells?)",
        r"(?:kit|randomi[sz]ation|allocation) (?:number|no|nr|code|list|envelope|id)|treatment code",
        r"(?:his|her|their|the) allocation (?:is|was)|(?:which|what) arm (?:he|she|they) (?:is|was|are|were)",
    )
)
# In the text as written: a coded group is told by its capital or number, which tells it from "an arm a rash was on".
CODED_GROUP = re.compile(
    r"\b(?<!blood )(?:[Aa]rm|ARM|[Gg]roup|GROUP|[Gg]rp|GRP|[Cc]ohort|COHORT)(?:[ _-][A-D]|[ _-]?[12])\b"
    r"(?![ -]*(?:strep|Strep|beta|β|haem|hem|rota|mening|B-?strep|rh|Rh|cm|mm|day|hour|week|time|x\b|[.,]?\d))"
)
_LOOKALIKE = str.maketrans("013457@$", "oleastas")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """What is looked for in the texts of one study."""

    names: tuple[re.Pattern[str], ...]
    fuzzy: frozenset[str]

    def found(self, text: str) -> tuple[str, ...]:
        """The parts of `text`, in plain form, that may tell an arm; empty for most texts."""
        if not text:
            return ()
        plain = plain_text(text)
        hits = [match.group() for name in (*self.names, *PHRASES) if (match := name.search(plain))]
        hits += [match.group() for match in [CODED_GROUP.search(text)] if match]
        words = {*plain.split(), *plain_text(text.replace("-", "")).split()}
        words |= {_as_letters(word) for word in words if not word.isalpha()}
        hits += [word for word in sorted(words) if any(near(word, name) for name in self.fuzzy)]
        hits += _spaced(plain, self.fuzzy)
        return tuple(dict.fromkeys(hits))


@lru_cache(maxsize=64)
def lexicon(names: tuple[str, ...], innocent: tuple[str, ...] = ()) -> Lexicon:
    """The lexicon of a study. `names`: of arms and products, with their codes. `innocent`: blinded names, and codes
    that everybody may see, of which no word counts by itself.
    """
    harmless = {plain_text(name) for name in innocent}
    harmless_words = {word for name in harmless for word in name.split()} - {
        plain_text(name) for name in names
    }
    patterns: dict[str, re.Pattern[str]] = {}
    fuzzy = set(GENERIC)
    for name in names:
        plain = plain_text(name)
        words = plain.split()
        telling = [
            word for word in words if word not in COMMON and word not in harmless_words and len(word) > 1
        ]
        if not telling or plain in harmless:
            continue
        # also written in one word or with a blank between any two parts; not where it begins a code everybody sees
        after = "".join(
            rf"(?! ?{re.escape(h[len(plain) :].strip())})" for h in harmless if h.startswith(f"{plain} ")
        )
        patterns[plain] = re.compile(r"\b" + r" ?".join(map(re.escape, _parts(plain))) + r"\b" + after)
        for word in telling:
            if len(word) >= SHORTEST_FUZZY:
                fuzzy.add(word)
            elif len(word) > 3 and word.isalpha() and len(telling) == 1 and word != plain:
                patterns[word] = re.compile(rf"\b{re.escape(word)}\b")
    return Lexicon(tuple(patterns.values()), frozenset(fuzzy))


def plain_text(text: str) -> str:
    """Lower case, without marks, invisible characters and punctuation; one blank between words."""
    letters = unicodedata.normalize("NFKD", text).casefold()
    kept = (c for c in letters if unicodedata.category(c) not in {"Mn", "Cf", "Cc"} or c in "\n\t\r")
    return " ".join("".join(c if c.isalnum() or c in "@$" else " " for c in kept).split())


def near(word: str, name: str) -> bool:
    """The same word, or one letter missing, too many, wrong or changed with its neighbour; also with an ending."""
    if word == name or (len(word) > len(name) and word.startswith(name) and len(word) - len(name) <= 3):
        return True
    if abs(len(word) - len(name)) > 1 or len(name) < SHORTEST_FUZZY:
        return False
    return _one_apart(word, name)


def _one_apart(a: str, b: str) -> bool:
    shared = 0
    while shared < min(len(a), len(b)) and a[shared] == b[shared]:
        shared += 1
    rest_a, rest_b = a[shared:], b[shared:]
    if len(rest_a) == len(rest_b):
        swapped = len(rest_a) > 1 and rest_a[:2] == rest_b[1::-1] and rest_a[2:] == rest_b[2:]
        return rest_a[1:] == rest_b[1:] or swapped
    longer, shorter = (rest_a, rest_b) if len(rest_a) > len(rest_b) else (rest_b, rest_a)
    return longer[1:] == shorter


def _parts(plain: str) -> list[str]:
    """Words, and runs of letters and of digits within them: VC02 is also written VC-02."""
    return [part for word in plain.split() for part in re.findall(r"\d+|\D+", word)]


def _as_letters(word: str) -> str:
    return word.translate(_LOOKALIKE)


def _spaced(plain: str, names: Iterable[str]) -> list[str]:
    """Names written letter by letter: p l a c e b o."""
    runs = ["".join(run.split()) for run in re.findall(r"\b(?:\w ){4,}\w\b", plain)]
    return [name for name in names for run in runs if name in run]
