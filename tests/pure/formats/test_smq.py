"""Standardised queries from files of the published format; every name and code in them is invented."""

from __future__ import annotations

from pathlib import Path

import pytest

from pvtracker.formats.smq import SmqError, Taken, read

FILES = {
    "SMQ_LIST.ASC": (
        "1$Odd heads (SMQ)$1$words$source$note$99.0$A$N$\r\n"
        "2$Odd ears (SMQ)$2$words$source$note$99.0$A$N$\r\n"
        "3$Odd toes (SMQ)$2$words$source$note$99.0$I$N$\r\n"
        "4$Odd sums (SMQ)$1$words$source$note$99.0$A$A or (B and C)$\r\n"
        "5$Odd holders (SMQ)$1$words$source$note$99.0$A$N$\r\n"
        "6$Odd nothing (SMQ)$1$words$source$note$99.0$A$N$\r\n"
    ),
    "SMQ_CONTENT.ASC": (
        "1$101$4$2$A$0$A$1.0$1.0$\n1$102$4$1$A$0$A$1.0$1.0$\n1$103$4$2$A$0$I$1.0$1.0$\n"
        "1$2$0$0$S$0$A$1.0$1.0$\n1$3$0$0$S$0$A$1.0$1.0$\n1$201$5$2$A$0$A$1.0$1.0$\n1$202$5$2$A$0$A$1.0$1.0$\n"
        "2$104$4$2$A$0$A$1.0$1.0$\n2$101$4$1$A$0$A$1.0$1.0$\n2$1$0$0$S$0$A$1.0$1.0$\n"
        "3$105$4$2$A$0$A$1.0$1.0$\n"
        "4$101$4$2$A$0$A$1.0$1.0$\n4$102$4$1$B$0$A$1.0$1.0$\n4$104$4$1$C$0$A$1.0$1.0$\n"
        "5$4$0$0$S$0$A$1.0$1.0$\n6$102$4$1$A$0$A$1.0$1.0$\n"
    ),
    "pt.asc": "".join(f"{code}$Sign {code}$$1$$\n" for code in range(101, 106)),
    "llt.asc": "201$A sign$101$$$\n202$Sign é alone$105$$$\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, newline="")
    return tmp_path


def test_the_scope_the_queries_beneath_and_what_is_inactive(folder: Path) -> None:
    """Query 2 holds query 1 in turn: a circle ends. 103 is inactive, and so is the whole of query 3."""
    found = read(folder)
    assert found.take("odd heads (smq)", "narrow") == Taken(
        "Odd heads (SMQ)", "99.0", "narrow", ("Sign 101", "Sign 104"), ("Odd ears (SMQ)",), ("Sign é alone",)
    )
    assert found.take("1", "broad").terms == ("Sign 101", "Sign 102", "Sign 104")


def test_files_in_latin_1_are_read_too(folder: Path) -> None:
    (folder / "llt.asc").write_bytes(FILES["llt.asc"].encode("latin-1"))
    assert read(folder).take("1", "narrow").alone == ("Sign é alone",)


@pytest.mark.parametrize(
    ("wanted", "scope", "said"),
    [
        ("4", "broad", r"Odd sums \(SMQ\) is algorithmic \(A or \(B and C\)\).*Take the narrow scope"),
        ("5", "broad", "Odd sums .* is algorithmic"),
        ("3", "narrow", "is inactive in this release"),
        ("6", "narrow", "holds no active preferred term in the narrow scope"),
        ("Hives", "narrow", "No query is called 'Hives'"),
        ("1", "wide", "The scope is narrow or broad"),
    ],
)
def test_a_query_that_cannot_be_taken_is_refused_with_a_sentence(
    folder: Path, wanted: str, scope: str, said: str
) -> None:
    with pytest.raises(SmqError, match=said):
        read(folder).take(wanted, scope)


def test_an_algorithmic_query_has_its_narrow_terms(folder: Path) -> None:
    assert read(folder).take("5", "narrow").terms == ("Sign 101",)


def test_files_that_do_not_fit_are_refused(folder: Path) -> None:
    (folder / "pt.asc").write_text("101$Sign 101$$1$\n")
    with pytest.raises(SmqError, match=r"holds the preferred term 104, which pt\.asc does not name"):
        read(folder).take("1", "narrow")
    (folder / "SMQ_CONTENT.ASC").write_text("1$101$4$2$A$0$A$1.0$1.0$\n1$101\n1$9$0$0$S$0$A$1.0$1.0$\n")
    with pytest.raises(SmqError, match=r"Line 2 of smq_content.asc has 2 fields between \$, not 9"):
        read(folder)
    (folder / "SMQ_CONTENT.ASC").write_text("1$9$0$0$S$0$A$1.0$1.0$\n")
    with pytest.raises(SmqError, match=r"holds the query 9, which smq_list\.asc does not list"):
        read(folder).take("1", "narrow")
    (folder / "llt.asc").write_bytes(FILES["llt.asc"].encode("utf-16"))
    with pytest.raises(SmqError, match=r"llt\.asc is not text in UTF-8 or Latin-1"):
        read(folder)
    (folder / "llt.asc").unlink()
    with pytest.raises(SmqError, match=r"There is no llt\.asc"):
        read(folder)
