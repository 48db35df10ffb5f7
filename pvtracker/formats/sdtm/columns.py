"""Which columns of the SDTM domains each room may see. This file is the wall at import.

The open room lists what it takes; whatever is not listed is never made into a value there: not ARM, ACTARM,
EXTRT or EXDOSE, and not a column that nobody thought of. The one thing that it learns from the arm columns is
whether a participant is a screen failure, which the protocol tells anyway; `SCREEN_FAILURE` computes that and
lets the rest go.
"""

from __future__ import annotations

from pvtracker.formats.tables import ColumnChoice, Flag

# ARMCD and ACTARMCD as SDTMIG 3.1-3.2 fill them, ARMNRS as SDTMIG 3.3 and later does; compared in upper case.
SCREENED_OUT = frozenset({"SCRNFAIL", "NOTASSGN", "SCREEN FAILURE", "NOT ASSIGNED"})


def is_screened_out(code: str) -> bool:
    """Does this code or reason say that the participant was given no arm."""
    return code.strip().upper() in SCREENED_OUT


SCREEN_FAILURE = Flag("SCREEN_FAILURE", columns=("ARMCD", "ACTARMCD", "ARMNRS"), test=is_screened_out)

_KEYS = frozenset({"DOMAIN", "USUBJID"})


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _measured(prefix: str) -> frozenset[str]:
    stems = _names("SEQ TESTCD TEST CAT ORRES ORRESU STRESC STRESN STRESU STNRLO STNRHI STAT DTC")
    return frozenset(prefix + stem for stem in stems) | {"VISIT"}


MEASUREMENTS = _measured("LB") | _measured("VS")

OPEN_NAMES = (
    _KEYS
    | MEASUREMENTS
    | _names(
        """
        SUBJID SITEID COUNTRY AGE AGEU SEX RACE ETHNIC RFICDTC RFSTDTC RFENDTC DTHDTC DTHFL SCREEN_FAILURE
        VISITNUM VISITDY SVSTDTC SVENDTC EPOCH
        EXSEQ EXSTDTC EXENDTC
        DSSEQ DSCAT DSDECOD DSTERM DSSTDTC
        MHSEQ MHCAT MHTERM MHDECOD MHBODSYS MHSOC MHSTDTC MHENDTC
        CMSEQ CMTRT CMDECOD CMCLAS CMINDC CMDOSE CMDOSTXT CMDOSU CMDOSFRQ CMSTDTC CMENDTC
        AESEQ AETERM AELLT AEDECOD AEHLT AEHLGT AEBODSYS AESOC AESTDTC AEENDTC AEENRF AEENRTPT AEENTPT
        AESEV AETOXGR AESER AEOUT AEREL AEACN
        AESDTH AESLIFE AESHOSP AESDISAB AESCONG AESMIE AESOD AESCAN
        """
    )
)
CLOSED_NAMES = (
    _KEYS
    | MEASUREMENTS
    | _names("SUBJID ARMCD ARM ACTARMCD ACTARM EXSEQ EXTRT EXDOSE EXDOSU EXSTDTC EXENDTC")
)

# Population flags of ADSL (ADaMIG) and the analysis set that each is compared with. FASFL and other flags are the
# sponsor's own sets, without a counterpart here. Nothing else of ADSL is read: it has the treatments of everybody.
SET_FLAGS = {
    "ENRLFL": "enrolled",
    "RANDFL": "randomised",
    "ITTFL": "randomised",
    "SAFFL": "treated",
    "PPROTFL": "per-protocol",
}
ADSL_COLUMNS = ColumnChoice(only=frozenset({"USUBJID", *SET_FLAGS}))

OPEN_COLUMNS = ColumnChoice(only=OPEN_NAMES, flags=(SCREEN_FAILURE,))
CLOSED_COLUMNS = ColumnChoice(only=CLOSED_NAMES)

# Without these columns a domain cannot be stored at all.
OPEN_REQUIRED = {
    "DM": ("USUBJID", "SITEID"),
    "SV": ("USUBJID", "VISITNUM", "SVSTDTC"),
    "EX": ("USUBJID", "EXSEQ", "EXSTDTC"),
    "DS": ("USUBJID", "DSSEQ", "DSTERM", "DSDECOD", "DSSTDTC"),
    "AE": ("USUBJID", "AESEQ", "AETERM", "AESTDTC"),
    "LB": ("USUBJID", "LBSEQ", "LBTESTCD", "LBDTC"),
    "VS": ("USUBJID", "VSSEQ", "VSTESTCD", "VSDTC"),
    "MH": ("USUBJID", "MHSEQ", "MHTERM"),
    "CM": ("USUBJID", "CMSEQ", "CMTRT"),
}
CLOSED_REQUIRED = {
    "DM": ("USUBJID", "ARMCD", "ARM"),
    "EX": ("USUBJID", "EXSEQ", "EXTRT"),
    "LB": OPEN_REQUIRED["LB"],
    "VS": OPEN_REQUIRED["VS"],
}
