"""Rows of DM without their arm columns. Only a row that names nobody is refused: with it all events would go."""

from __future__ import annotations

from dataclasses import replace

from pvtracker.formats.records import UNKNOWN_SITE, ParticipantRecord
from pvtracker.formats.sdtm import terms
from pvtracker.formats.sdtm.kept import KeptRow, shown
from pvtracker.formats.sdtm.rows import Row, RowRefusal


def participant(row: Row) -> ParticipantRecord:
    """One row of DM. Raises RowRefusal where USUBJID is missing or is no text."""
    subject = row.needed("USUBJID")
    kept = KeptRow(row)
    record = ParticipantRecord(
        row=row.number,
        participant=subject,
        code=kept.text("SUBJID", "code") or subject,
        site=_site(kept),
        country=kept.text("COUNTRY", "country").upper(),
        age=_age(kept),
        sex=_sex(kept),
        race=kept.text("RACE", "race"),
        ethnicity=kept.text("ETHNIC", "ethnicity"),
        consented_on=kept.date("RFICDTC", "consented_on"),
        started_on=kept.date("RFSTDTC", "started_on"),
        ended_on=kept.date("RFENDTC", "ended_on"),
        died_on=kept.date("DTHDTC", "died_on"),
        died=kept.flag("DTHFL", "died", rule="died-understood") is True,
        screen_failure=row.flag("SCREEN_FAILURE") is True,
    )
    return replace(record, problems=kept.problems)


def _site(kept: KeptRow) -> str:
    site = kept.text("SITEID", "site")
    if not site:
        message = f"SITEID is empty; the participant stands under the site {UNKNOWN_SITE}. Name the site."
        kept.ask("site-given", "site", message)
    return site or UNKNOWN_SITE


def _age(kept: KeptRow) -> int | None:
    try:
        return kept.row.age_in_years()
    except RowRefusal as refusal:
        value = f"{kept.text('AGE', 'age')} {kept.text('AGEU', 'age')}".strip()
        kept.ask("age-readable", "age", f"{refusal.message} The age is stored as unknown.", value=value)
        return None


def _sex(kept: KeptRow) -> str:
    key, other = kept.term("SEX", "sex", terms.SEX)
    if other:
        message = f"SEX is {shown(other)}, none of M, F and U; it is stored as unknown. Say which it is."
        kept.ask("sex-understood", "sex", message, value=other)
    return key or "U"
