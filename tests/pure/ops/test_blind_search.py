"""The canary search finds a planted word in every form and every packing, and nothing where nothing is."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import zipfile
import zlib
from dataclasses import replace

import openpyxl
import pikepdf
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pvtracker.ops.blind.artefacts import FILE, Artefact
from pvtracker.ops.blind.canaries import CANARY, CLOSED_ID, PERSON, Hit, forms_of, search
from pvtracker.ops.blind.masks import BREAK
from pvtracker.ops.blind.pdf_text import text_of
from pvtracker.ops.blind.result import IDS, PEOPLE, SECRETS, WORDS, Result, as_markdown

WORD = f"{CANARY}drug1"
WANTED = {"planted": CANARY}


def found(content: bytes, place: str = "a file") -> list[tuple[str, str]]:
    hits = search([Artefact(FILE, place, content)], WANTED)
    return [(hit.form, hit.place) for hit in hits]


@pytest.mark.parametrize("form", list(forms_of(CANARY)))
def test_a_canary_is_found_in_every_form(form: str) -> None:
    planted = b"before " + forms_of(CANARY)[form] + b" after"
    assert form in [name for name, _ in found(planted)]


@pytest.mark.parametrize("before", ["", "a", "ab"])
def test_a_canary_is_found_in_base64_wherever_it_begins(before: str) -> None:
    coded = base64.b64encode(f"{before}{WORD} and more".encode())
    assert any(form.startswith("base64") for form, _ in found(b'"' + coded + b'"'))


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", f"x {WORD}")
    return made.getvalue()


def spreadsheet() -> bytes:
    book, made = openpyxl.Workbook(), io.BytesIO()
    book.active["B2"] = WORD
    book.save(made)
    return made.getvalue()


def parquet() -> bytes:
    made = io.BytesIO()
    pq.write_table(
        pa.table({"drug": [WORD + "x" * n for n in range(90)]}),
        made,
        compression="zstd",
        write_statistics=False,
        use_dictionary=False,
    )
    return made.getvalue()


def pdf(*, metadata: bool) -> bytes:
    """A page with the word compressed in its content, or only in what the file says of itself."""
    document, made = pikepdf.new(), io.BytesIO()
    page = document.add_blank_page()
    shown = "nothing" if metadata else WORD
    page.contents_add(document.make_stream(f"BT /F1 12 Tf ({shown}) Tj ET".encode()))
    if metadata:
        document.docinfo["/Title"] = WORD
    document.save(made, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    return made.getvalue()


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(WORD.encode()),
        zlib.compress(WORD.encode() * 20),
        gzip.compress(zlib.compress(WORD.encode())),
        base64.b64encode(gzip.compress(f"a longer text that holds {WORD} somewhere".encode())),
        zipped(),
        spreadsheet(),
        parquet(),
        pdf(metadata=False),
        pdf(metadata=True),
    ],
    ids=["gzip", "zlib", "zlib in gzip", "gzip in base64", "zip", "xlsx", "parquet", "pdf", "pdf metadata"],
)
def test_a_canary_is_found_in_what_is_packed(packed: bytes) -> None:
    assert found(packed)


def test_a_canary_in_the_name_of_a_file_is_found() -> None:
    assert found(b"harmless", place=f"cuts/{WORD}.csv")


def test_the_id_of_a_closed_row_is_found_with_and_without_dashes() -> None:
    secret = "0b6f6b1e-3f0e-4a55-9d0e-3a1d6d9f2c11"
    for written in (secret, secret.upper(), secret.replace("-", "")):
        hits = list(
            search([Artefact(FILE, "x", f"see {written}.".encode())], {}, ids={secret.replace("-", "")})
        )
        assert [hit.canary for hit in hits] == ["id of a closed row"]


def test_nothing_is_found_where_nothing_is() -> None:
    for content in (
        b"",
        b"Zq7 Kanari",
        gzip.compress(b"harmless" * 100),
        b"A" * 5000,
        bytes(range(256)) * 40,
    ):
        assert found(content) == []


@pytest.mark.parametrize("beginning", [b"\x1f\x8b", b"\x78\x9c", b"PK\x03\x04", b"PAR1", b"%PDF"])
def test_bytes_that_only_begin_like_a_packing_are_searched_as_they_stand(beginning: bytes) -> None:
    noise = beginning + bytes(range(7, 90))
    assert found(noise) == [] and found(base64.b64encode(noise)) == []
    assert [form for form, _ in found(noise + WORD.encode())] == ["plain"]


def test_text_of_a_pdf_is_read_through_its_fonts() -> None:
    """Our own reports show glyphs by number; what they say stands in the fonts' tables."""
    from pvtracker.reports.pdf import render_pdf
    from tests.pure.reports.sample import open_report

    content = render_pdf(open_report())
    assert "Data and safety monitoring report" in text_of(content)
    # metadata hold a random id, in which the letters that begin a text may stand: it is no text of a page
    plain, by_chance, drawn = (
        with_remark(content, remark) for remark in (b"xy", b"xBTy", b"\nBT (drawn) Tj ET\n")
    )
    assert text_of(plain) == text_of(by_chance) == text_of(drawn)


def test_each_page_of_a_pdf_is_read_through_fonts_of_its_own() -> None:
    """A page and a chart on it name different fonts alike: `f0` is bold on the one, plain on the other."""
    from pvtracker.reports.pdf import render_pdf
    from tests.pure.reports.sample import open_report

    for seed in range(4):
        fingerprint = hashlib.sha256(bytes([seed])).hexdigest()
        text = text_of(render_pdf(replace(open_report(), cut_sha256=fingerprint))).replace(BREAK, "")
        plain_and_bold = f"sha256 of the cut\n{fingerprint}\nCode version\n"
        assert plain_and_bold in text and "\N{REPLACEMENT CHARACTER}" not in text


def object_of(number: int, body: bytes) -> bytes:
    return b"%d 0 obj\n%s\nendobj\n" % (number, body)


def stream_of(body: bytes) -> bytes:
    return b"<</Length %d>>\nstream\n%s\nendstream" % (len(body), body)


def table_of(meant: dict[int, str]) -> bytes:
    lines = b"\n".join(b"<%04X> <%04X>" % (code, ord(letter)) for code, letter in meant.items())
    return stream_of(b"begincmap\n%d beginbfchar\n%s\nendbfchar\n" % (len(meant), lines))


FONT = b"/Resources <</Font <</F1 4 0 R>> >>"
LAWFUL = {  # how a page may come by its font and its content; object 6 is the text, 4 the font that it is in
    "itself": (b"<</Type/Page %s /Contents 6 0 R>>" % FONT,),
    "an array": (b"<</Type/Page %s /Contents [6 0 R]>>" % FONT,),
    "an array elsewhere": (b"<</Type/Page %s /Contents 8 0 R>>" % FONT, b"[6 0 R]"),
    "from the group of pages": (
        b"<</Type/Page /Parent 8 0 R /Contents 6 0 R>>",
        b"<</Kids[7 0 R] %s>>" % FONT,
    ),
    "fonts elsewhere": (b"<</Type/Page /Resources <</Font 8 0 R>> /Contents 6 0 R>>", b"<</F1 4 0 R>>"),
    "a font among others": (b"<</Resources <</Font<</F0 << /Type/Font>> /F1 4 0 R>> >> /Contents 6 0 R>>",),
    "two pages": (
        b"<</Type/Page %s /Contents 6 0 R>>" % FONT,
        b"<</Resources <</Font <</F1 2 0 R>> >> /Contents 6 0 R>>",
    ),
}


@pytest.mark.parametrize("pages", LAWFUL.values(), ids=LAWFUL)
def test_text_of_a_pdf_is_found_however_a_page_comes_by_its_font(pages: tuple[bytes, ...]) -> None:
    right = {code: chr(64 + code) for code in range(1, 27)}
    wrong = {code: chr(91 - code) for code in range(1, 27)}
    shown = b"".join(b"%04X" % (ord(letter) - 64) for letter in WORD.upper() if letter.isalpha())
    file = b"".join(
        object_of(number, body)
        for number, body in [
            (1, b"<</Type/Page /Resources <</Font <</F1 2 0 R>> >> /Contents 99 0 R>>"),
            (2, b"<</Type/Font/ToUnicode 3 0 R>>"),
            (3, table_of(wrong)),
            (4, b"<</Type/Font/ToUnicode 5 0 R>>"),
            (5, table_of(right)),
            (6, stream_of(b" BT /F1 12 Tf <%s> Tj ET " % shown)),
            *enumerate(pages, 7),
        ]
    )
    assert "".join(filter(str.isalpha, WORD.upper())) in text_of(file)


@pytest.mark.parametrize("numbers", [b"1 0 2 xx", b"1 0 2"])
def test_a_damaged_pdf_is_read_as_far_as_it_can_be(numbers: bytes) -> None:
    damaged = b"<</Type/ObjStm/First %d>>\nstream\n%s\nendstream" % (len(numbers), numbers)
    told = object_of(2, stream_of(b" BT (told) Tj ET "))
    assert text_of(object_of(1, damaged) + told) == "told"


def with_remark(content: bytes, remark: bytes) -> bytes:
    """The same PDF with a remark in its metadata."""
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        metadata = document.Root.Metadata
        metadata.write(metadata.read_bytes().replace(b"<rdf:RDF", b"<!--" + remark + b"--><rdf:RDF"))
        assert remark in metadata.read_bytes()
        document.save(made, static_id=True)
    return made.getvalue()


def test_a_person_of_the_closed_room_is_found_by_name_in_every_packing() -> None:
    people = {"Demo: DSMB member", "Una Blinded"}
    for content in (b"seen by Una Blinded, today", gzip.compress(b"Una Blinded")):
        [hit, *_] = search([Artefact(FILE, "a file", content)], WANTED, people=people)
        assert (hit.canary, hit.form) == (PERSON, "plain")
    assert not list(search([Artefact(FILE, "a file", b"Una, blinded")], WANTED, people=people))
    assert not list(search([Artefact(FILE, "a file", b"Una Blinded")], WANTED)), "nobody is looked for"


def test_the_report_counts_each_hit_in_its_row() -> None:
    hits = tuple(
        Hit(name, "plain", "here", "x") for name in ("seed", CLOSED_ID, PERSON, PERSON, "closed_login")
    )
    rows = {WORDS: 3, SECRETS: 7, IDS: 300, PEOPLE: 5}
    made = as_markdown(Result("a study", 74, {}, {}, rows, hits, (), {}, 1.0))
    for name, searched, found in ((WORDS, 3, 1), (SECRETS, 7, 1), (IDS, 300, 1), (PEOPLE, 5, 2)):
        assert f"| {name} | {searched} | {found} |" in made
    assert "**5 leaks.**" in made
