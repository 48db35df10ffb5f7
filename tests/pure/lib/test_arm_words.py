"""Seeded phrases that tell an arm, and innocent ones that do not: recall, and how often a person is asked in vain."""

from __future__ import annotations

import pytest

from pvtracker.lib.arm_words import lexicon, near, plain_text

LEXICON = lexicon(
    ("OZ1", "PLACEBO", "Placebo", "Zyxoline", "ZYX-02", "Rz2 vector product"),
    innocent=("OZ1-DEMO", "Mobilisation", "Apheresis", "Infusion", "INF"),
)
TELLING = (
    "got the active vector",
    "Patient received placebo.",
    "He was on Placebo, so unrelated",
    "plac-ebo arm",
    "pt had P L A C E B O",
    "was given p1acebo",
    "plcebo given on day 1",
    "placebos only",
    "the palcebo infusion",
    "ＰＬＡＣＥＢＯ",
    "pla\u200bcebo recipient",
    "PBO group",
    "plcb",
    "Rash two days after Zyxoline",
    "after zyxolin infusion",
    "after zyxolne",
    "ZYX-02 given",
    "zyx02 was infused",
    "ZYX 02 dose",
    "OZ1 recipient with fever",
    "received oz1 cells",
    "He got the OZ-1 product",
    "was randomised to the control arm",
    "randomized to active",
    "allocated to the experimental arm",
    "assigned to the comparator",
    "in the treatment arm",
    "patient in the control group",
    "belongs to Group A",
    "is in arm B of the trial",
    "arm 2",
    "Patient is in COHORT A",
    "COHORT 1 participant",
    "belongs to ARM_A",
    "ARM1 as randomised",
    "put into GRP B",
    "blind was broken: unblinded by pharmacy",
    "emergency unblinding done",
    "code was broken on Friday",
    "they broke the code",
    "code break requested",
    "received transduced cells",
    "untransduced cells were infused",
    "not transduced product",
    "vector DNA detected in blood",
    "vector copies per cell 0.3",
    "vector positive at week 12",
    "gene marking positive",
    "transgene expression seen",
    "got gene-modified cells",
    "given the dummy infusion",
    "sham procedure was done",
    "kit number 0417",
    "randomisation number R-0042",
    "her allocation was told to me by the nurse",
    "received the investigational product, active",
    "high dose arm",
)
INNOCENT = (
    "Headache",
    "Pain in left arm",
    "Arm 2 cm swollen above the elbow",
    "rash on the arm a week later",
    "Group A streptococcus pharyngitis",
    "Group B strep carrier",
    "blood group A positive",
    "Active tuberculosis excluded",
    "no active treatment needed",
    "active bleeding",
    "birth control pill stopped",
    "blood pressure well controlled",
    "loss of bowel control",
    "Infusion site reaction two hours after the infusion",
    "fever during mobilisation with G-CSF",
    "study treatment on day 1",
    "vector-borne disease excluded",
    "gene therapy trial participant",
    "family history: BRCA1 gene mutation",
    "batch number of the vaccine AB123",
    "enrolled in OZ1-DEMO",
    "double-blind study",
    "colour blind",
    "room 2, group therapy",
    "support group attended",
    "ARMD in both eyes",
    "took ibuprofen 400 mg",
    "on control visit normal",
    "real improvement after rest",
    "given true informed consent",
    "sham marriage worries",
    "placental abruption",
    "place of residence changed",
    "low dose aspirin",
    "high dose steroids",
    "dose of paracetamol reduced",
    "cells in urine",
    "CD4 cells 250",
    "verrucous lesion",
    "transfusion of red cells",
    "seduced by sleep aids",
    "treated with active physiotherapy",
    "code blue called",
    "broke the leg",
    "envelope of the brain",
    "cohort 3 months later",
    "kit for stool sample given",
    "randomised sampling of stool",
    "the allocation of beds",
    "product of conception",
    "ONLY at night, oz per day",
)


def test_recall_of_the_seeded_phrases_is_at_least_95_percent() -> None:
    assert len(TELLING) >= 50
    missed = [phrase for phrase in TELLING if not LEXICON.found(phrase)]
    assert len(missed) <= len(TELLING) * 0.05, missed


def test_innocent_phrases_are_seldom_held() -> None:
    assert len(INNOCENT) >= 50
    held = {phrase: LEXICON.found(phrase) for phrase in INNOCENT if LEXICON.found(phrase)}
    assert len(held) <= len(INNOCENT) * 0.05, held


def test_the_words_are_found_inside_a_long_narrative() -> None:
    story = "Seen at the ward with fever. " * 400
    assert LEXICON.found(story + "He had received placebo, the nurse said. " + story) == ("placebo",)
    assert LEXICON.found(story) == ()


def test_blinded_names_are_no_arm_words() -> None:
    assert (
        lexicon(("Infusion", "INF"), innocent=("Infusion", "INF")).found("two hours after the infusion") == ()
    )


@pytest.mark.parametrize(
    ("word", "same"),
    [
        ("placebo", True),
        ("placebos", True),
        ("plcebo", True),
        ("palcebo", True),
        ("placenta", False),
        ("place", False),
    ],
)
def test_one_letter_may_be_wrong(word: str, same: bool) -> None:
    assert near(word, "placebo") is same


def test_the_plain_form_has_no_marks_and_no_punctuation() -> None:
    assert plain_text("  Plácé\u200bBO-arm!\n") == "placebo arm"
