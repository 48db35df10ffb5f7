"""ADSL in a delivery: its flags are held against the analysis sets, and nothing else of it is told to anybody."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from pvtracker.events.models import DataQuery
from pvtracker.ops.commands.import_study import table
from pvtracker.ops.imports.open_half import Order, import_open
from pvtracker.studies.actions import set_definitions
from pvtracker.studies.definitions import parse
from pvtracker.studies.models import Study
from pvtracker.web.telling import DOMAINS
from tests.deliveries import ARM_WORDS, ARMS, delivery, write
from tests.open.test_import_study import BY, CODE, arm_words_in_the_database, load
from tests.pure.formats.files import csv_text

pytestmark = pytest.mark.django_db


def standing(state: str = "open") -> set[tuple[str, str]]:
    asked = DataQuery.objects.filter(study__code=CODE, rule="analysis-set-differs", state=state)
    return set(asked.values_list("participant__subject", "field"))


def test_the_flags_of_adsl_are_compared_with_the_definitions_and_the_differences_asked(
    tmp_path: Path,
) -> None:
    """Ours by the definitions, theirs as delivered: neither is taken for the other, and no treatment is read."""
    folder = write(tmp_path / "delivery")
    theirs = {"S-01": "YYY", "S-02": "YNN", "S-03": "YYN", "S-05": "YNN", "S-99": "YYY"}
    adsl = [
        {"USUBJID": subject, "TRT01P": ARMS["ZYX"], "ITTFL": flags[0], "SAFFL": flags[1], "PPROTFL": flags[2]}
        for subject, flags in theirs.items()
    ]
    (folder / "adsl.csv").write_text(csv_text(adsl))
    part = load(folder)["domains"]["ADSL"]
    assert (part["read"], part["unchanged"], part["stored"], part["fault"]) == (5, 4, 0, None)
    assert [row["rule"] for row in part["refused"]] == ["unknown-participant"]
    asked = DataQuery.objects.filter(study__code=CODE, rule="analysis-set-differs", state="open")
    assert part["queries"] == {"analysis-set-differs": 7}
    of_delivery = {("S-02", "SAFFL"), ("S-02", "PPROTFL"), ("S-03", "PPROTFL"), ("S-05", "ITTFL")}
    absent = {("S-04", flag) for flag in ("ITTFL", "SAFFL", "PPROTFL")}
    assert standing() == of_delivery | absent
    (said,) = asked.filter(participant__subject="S-05").values_list("message", flat=True)
    assert said.startswith("ITTFL is Y in ADSL; by the definitions") and "screen failure" in said
    assert arm_words_in_the_database(ARM_WORDS) == []
    set_definitions(
        study=Study.objects.get(code=CODE),
        definitions=parse({"not_per_protocol": {"S-02": "no second dose", "S-03": "wrong age"}}),
        by=BY,
        reason="plan",
    )
    again = load(folder)
    assert again["domains"]["ADSL"]["queries"] == {} and again["domains"]["DM"]["queries"] == {}
    assert standing() == {("S-02", "SAFFL"), ("S-05", "ITTFL")} | absent, "what is settled is closed"
    assert set(DataQuery.objects.values_list("domain", flat=True)) <= set(DOMAINS), (
        "the history has words for each"
    )
    (folder / "adsl.csv").unlink()
    assert "ADSL" not in load(folder)["domains"] and len(standing()) == 5


def everywhere(word: str) -> list[str]:
    """The tables of any schema, the audit trail's too, that have a row with this word."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select quote_ident(schemaname) || '.' || quote_ident(tablename) from pg_tables "
            "where schemaname not in ('pg_catalog', 'information_schema') "
            "and has_table_privilege(format('%I.%I', schemaname, tablename), 'select')"
        )
        tables = [name for (name,) in cursor.fetchall()]
        found = []
        for table in tables:
            cursor.execute(f"select 1 from {table} as every where every::text ~* %s limit 1", [word])
            found += [table] if cursor.fetchone() else []
    return found


def test_a_flag_that_tells_an_arm_is_told_nowhere(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """SAFFL = ZQARM for one arm and QZARM for the other: neither stands in a query, the trail, the report or a log."""
    folder, said = write(tmp_path / "delivery"), list[str]()
    values = {"S-01": "zqarm", "S-02": "Y", "S-03": "QZARM", "S-04": "", "S-05": "QZARM"}
    rows = [{"USUBJID": subject, "SAFFL": value} for subject, value in values.items()]
    (folder / "adsl.csv").write_text(csv_text(rows))
    with caplog.at_level("DEBUG"):
        report = import_open(Order(folder=folder, study=CODE, arms=ARMS), by=BY, say=said.append)
    asked = dict(
        DataQuery.objects.filter(study__code=CODE, domain="ADSL").values_list(
            "participant__subject", "message"
        )
    )
    odd = "SAFFL is neither Y nor N in ADSL. "
    assert {subject: message[: len(odd)] for subject, message in asked.items()} == {
        "S-01": odd, "S-03": odd, "S-04": "SAFFL is empty in ADSL. Correct the data, "[: len(odd)], "S-05": odd,
    }  # fmt: skip
    assert everywhere("neither Y nor N") == ["audit.entry", "public.events_dataquery"], (
        "it finds what is there"
    )
    for word in ("ZQARM", "QZARM"):
        told = [json.dumps(report), *said, caplog.text, *capfd.readouterr()]
        assert not any(word in text.upper() for text in told)
        assert everywhere(word) == []


GOOD = "USUBJID,ITTFL,SAFFL\nS-01,Y,N\nS-02,Y,Y\nS-03,N,Y\nS-04,Y,Y\nS-05,N,N\n"
ASKED = {("S-01", "SAFFL"), ("S-03", "ITTFL")}


def adsl(folder: Path, text: str) -> dict[str, Any]:
    (folder / "adsl.csv").write_text(text)
    part: dict[str, Any] = load(folder)["domains"]["ADSL"]
    return part


NOTHING_TO_COMPARE = {
    "USUBJID,SAFFL\n": "ADSL has no rows.",
    "USUBJID,TRT01P\nS-01,Y\n": "ADSL has no population flag.",
    "USUBJID,SAFFL\nX-01,Y\nX-02,Y\n": "No participant of ADSL is one of the study IMPORT-1.",
}


def test_what_compares_nothing_is_a_fault_and_leaves_what_stands(tmp_path: Path) -> None:
    folder = write(tmp_path / "delivery")
    adsl(folder, GOOD)
    assert standing() == ASKED
    for text, fault in NOTHING_TO_COMPARE.items():
        part = adsl(folder, text)
        assert fault in part["fault"] and "USUBJID and ENRLFL" in part["fault"] and not part["queries"]
        assert standing() == ASKED and not standing("closed")


def test_what_was_not_delivered_or_not_read_closes_nothing_and_asks_nothing(tmp_path: Path) -> None:
    folder = write(tmp_path / "delivery")
    adsl(folder, GOOD)
    adsl(folder, "USUBJID,ITTFL\nS-01,Y\nS-02,Y\nS-03,Y\nS-04,Y\nS-05,N\n")
    assert standing() == {("S-01", "SAFFL")}, "of the flag that was delivered the difference is gone"
    part = adsl(folder, "USUBJID,SAFFL\nS-01,Y,\nS-02,Y\nS-03,Y\nS-03,N\nS-05,N\n")
    assert len(part["refused"]) == 3 and part["read"] == 5 and part["fault"] is None
    assert standing() == {("S-01", "SAFFL")} and not part["queries"], (
        "S-03 and S-04 have no row that can be read"
    )


def test_sets_of_a_broken_delivery_are_not_compared(tmp_path: Path) -> None:
    folder = write(tmp_path / "delivery")
    adsl(folder, GOOD)
    for broken in ("ex.xpt", "dm.xpt"):
        whole = (folder / broken).read_bytes()
        (folder / broken).write_bytes(b"broken")
        part = adsl(folder, GOOD.replace("S-01,Y,N", "S-01,Y,Y"))
        assert broken[:2] in part["fault"].lower() and not part["queries"]
        assert standing() == ASKED
        (folder / broken).write_bytes(whole)


def test_a_flag_that_differs_for_many_is_asked_of_the_study_and_of_nobody(tmp_path: Path) -> None:
    """RANDFL = Y in one arm only: a query for each of the other would tell both."""
    rows = delivery()
    dm, ex = rows["dm"][1], rows["ex"][1]
    more = [f"S-{number}" for number in range(10, 20)]
    rows["dm"] += [{**dm, "USUBJID": subject, "SUBJID": subject[2:]} for subject in more]
    rows["ex"] += [{**ex, "USUBJID": subject} for subject in more]
    folder = write(tmp_path / "delivery", rows)
    subjects = [row["USUBJID"] for row in rows["dm"] if row["USUBJID"] != "S-05"]
    flags = "".join(f"{subject},{'N' if subject in more[:6] else 'Y'},Y\n" for subject in subjects)
    part = adsl(folder, f"USUBJID,RANDFL,SAFFL\nS-05,N,Y\n{flags}")
    assert standing() == {("S-05", "SAFFL")}
    (said,) = part["of_study"]
    assert said.startswith(
        "RANDFL and the set “Randomised (intention to treat)” of 14 differ for 6 participants"
    )
    report = {"domains": {"ADSL": part}, "closed": {}, "dry_run": False}
    assert f"ADSL, asked about the study as a whole: {said}" in table(report)
    assert not any(subject in said for subject in more)
