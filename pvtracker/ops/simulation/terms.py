"""pvtracker local terms: the small list of words that simulated events are coded with.

These are plain medical words put together for the simulation. They are not MedDRA, carry no MedDRA codes,
and need no licence. Levels are those of `domain.md`: lowest level term, preferred term, high level term,
high level group term, organ class.
"""

from __future__ import annotations

from dataclasses import dataclass

DICTIONARY_NAME = "pvtracker local terms"
DICTIONARY_VERSION = "1"

ORGAN_CLASSES = (
    "Blood and lymphatic system",
    "Heart",
    "Inborn and genetic conditions",
    "Ear and balance",
    "Hormonal system",
    "Eye",
    "Digestive system",
    "General and administration site",
    "Liver and bile ducts",
    "Immune system",
    "Infections",
    "Injury and procedural complications",
    "Laboratory and other tests",
    "Metabolism and nutrition",
    "Muscles, bones and joints",
    "Tumours",
    "Nervous system",
    "Pregnancy and newborn",
    "Product issues",
    "Mental health",
    "Kidney and urinary tract",
    "Reproductive system and breast",
    "Chest and airways",
    "Skin",
    "Social circumstances",
    "Surgery and treatment",
    "Blood vessels",
)


@dataclass(frozen=True, slots=True)
class Term:
    """A preferred term with its place in the hierarchy and the lowest level terms under it."""

    preferred_term: str
    lowest_level_terms: tuple[str, ...]  # the preferred term's own name comes first
    high_level_term: str
    high_level_group_term: str
    system_organ_class: str


@dataclass(frozen=True, slots=True)
class TermRow:
    """One lowest level term with its whole path: a row of a dictionary release."""

    code: str  # PVL-0001 …, local to this list
    lowest_level_term: str
    preferred_term: str
    high_level_term: str
    high_level_group_term: str
    system_organ_class: str


BLOOD = "Blood and lymphatic system"
HEART = "Heart"
EAR = "Ear and balance"
GUT = "Digestive system"
GENERAL = "General and administration site"
IMMUNE = "Immune system"
INFECTIONS = "Infections"
INJURY = "Injury and procedural complications"
TESTS = "Laboratory and other tests"
METABOLISM = "Metabolism and nutrition"
BONES = "Muscles, bones and joints"
NERVES = "Nervous system"
MIND = "Mental health"
KIDNEY = "Kidney and urinary tract"
CHEST = "Chest and airways"
SKIN = "Skin"
VESSELS = "Blood vessels"


def _term(path: tuple[str, str, str], *words: str) -> Term:
    """A preferred term (the first word) with further lowest level terms, under (HLT, HLGT, SOC)."""
    return Term(words[0], words, *path)


_BONE = ("Bone complaints", "Musculoskeletal complaints", BONES)
_MUSCLE = ("Muscle complaints", "Musculoskeletal complaints", BONES)
_JOINT = ("Joint complaints", "Joint disorders", BONES)
_HEADACHE = ("Headaches", "Head and sensation complaints", NERVES)
_SENSATION = ("Altered sensation", "Head and sensation complaints", NERVES)
_CONSCIOUSNESS = ("Dizziness and fainting", "Head and sensation complaints", NERVES)
_ASTHENIA = ("Tiredness and weakness", "General complaints", GENERAL)
_FEVER = ("Fever and chills", "Body temperature", GENERAL)
_SITE = ("Injection and catheter site reactions", "Administration site reactions", GENERAL)
_OEDEMA = ("Swelling", "General complaints", GENERAL)
_ENZYME = ("Enzyme tests", "Chemistry tests", TESTS)
_LIVER_TEST = ("Liver tests", "Chemistry tests", TESTS)
_KIDNEY_TEST = ("Kidney tests", "Chemistry tests", TESTS)
_CELL_TEST = ("White cell tests", "Blood count tests", TESTS)
_PLATELET = ("Low platelets", "Platelet disorders", BLOOD)
_WHITE = ("White cell disorders", "White cell and lymph node disorders", BLOOD)
_NODE = ("Lymph node enlargement", "White cell and lymph node disorders", BLOOD)
_ANAEMIA = ("Anaemias", "Red cell disorders", BLOOD)
_NAUSEA = ("Nausea and vomiting", "Stomach and bowel complaints", GUT)
_BOWEL = ("Bowel habit changes", "Stomach and bowel complaints", GUT)
_ABDOMEN = ("Abdominal pain and indigestion", "Stomach and bowel complaints", GUT)
_MOUTH = ("Mouth complaints", "Mouth and throat disorders", GUT)
_RASH = ("Rashes", "Skin eruptions", SKIN)
_ITCH = ("Itching and dryness", "Skin eruptions", SKIN)
_SWEAT = ("Sweating", "Skin gland disorders", SKIN)
_UPPER_AIRWAY = ("Upper airway infections", "Airway infections", INFECTIONS)
_LOWER_AIRWAY = ("Lower airway infections", "Airway infections", INFECTIONS)
_HERPES = ("Herpes infections", "Viral infections", INFECTIONS)
_RETROVIRUS = ("Retroviral infections", "Viral infections", INFECTIONS)
_VIRUS = ("Other viral infections", "Viral infections", INFECTIONS)
_BACTERIA = ("Skin and soft tissue infections", "Bacterial infections", INFECTIONS)
_STI = ("Sexually transmitted infections", "Bacterial infections", INFECTIONS)
_ABDOMINAL_INFECTION = ("Abdominal infections", "Bacterial infections", INFECTIONS)
_CATHETER_INFECTION = ("Catheter infections", "Bacterial infections", INFECTIONS)
_URINE_INFECTION = ("Urinary infections", "Bacterial infections", INFECTIONS)
_COUGH = ("Cough and throat complaints", "Airway complaints", CHEST)
_BREATH = ("Breathing difficulty", "Airway complaints", CHEST)
_CLOT = ("Vein clots", "Clots and blockages", VESSELS)
_PRESSURE = ("Blood pressure changes", "Blood pressure disorders", VESSELS)
_FLUSH = ("Flushing", "Vessel tone disorders", VESSELS)
_MOOD = ("Depression and anxiety", "Mood disorders", MIND)
_SLEEP = ("Sleep disturbance", "Sleep disorders", MIND)
_INJURY = ("Accidents", "Injuries", INJURY)
_FRACTURE = ("Fractures", "Injuries", INJURY)

TERMS = (
    _term(_BONE, "Bone pain", "Aching bones", "Sternal pain"),
    _term(_MUSCLE, "Back pain", "Low back pain", "Lumbar pain"),
    _term(_MUSCLE, "Myalgia", "Muscle ache", "Aching muscles"),
    _term(_MUSCLE, "Pain in extremity", "Leg pain", "Arm pain"),
    _term(_JOINT, "Arthralgia", "Joint pain"),
    _term(_HEADACHE, "Headache", "Head pain", "Tension headache"),
    _term(_HEADACHE, "Migraine", "Migraine attack"),
    _term(_SENSATION, "Paraesthesia", "Tingling", "Perioral tingling", "Tingling from citrate"),
    _term(_SENSATION, "Altered taste", "Garlic taste", "DMSO taste"),
    _term(_CONSCIOUSNESS, "Dizziness", "Light-headed"),
    _term(_CONSCIOUSNESS, "Fainting", "Vasovagal fainting"),
    _term(_ASTHENIA, "Fatigue", "Tiredness", "Feeling worn out"),
    _term(_ASTHENIA, "Malaise", "Feeling unwell"),
    _term(_FEVER, "Pyrexia", "Fever", "Raised temperature"),
    _term(_FEVER, "Chills", "Shivering"),
    _term(_SITE, "Catheter site bruise", "Bruise at venous access", "Haematoma at catheter site"),
    _term(_SITE, "Injection site pain", "Sore injection site"),
    _term(_SITE, "Unusual body odour", "DMSO odour", "Garlic smell after infusion"),
    _term(_OEDEMA, "Peripheral swelling", "Swollen ankles"),
    _term(_ENZYME, "Lactate dehydrogenase increased", "Raised LDH", "LDH high"),
    _term(_ENZYME, "Alkaline phosphatase increased", "Raised alkaline phosphatase"),
    _term(_LIVER_TEST, "Alanine aminotransferase increased", "Raised ALT"),
    _term(_KIDNEY_TEST, "Creatinine increased", "Raised creatinine"),
    _term(_CELL_TEST, "CD4 lymphocytes decreased", "CD4 decreased", "Low CD4 count"),
    _term(_PLATELET, "Thrombocytopenia", "Low platelets", "Platelets low after apheresis"),
    _term(_WHITE, "Leukocytosis", "High white cell count"),
    _term(_WHITE, "Neutropenia", "Low neutrophils"),
    _term(_NODE, "Lymphadenopathy", "Swollen lymph nodes", "Enlarged neck glands"),
    _term(_ANAEMIA, "Anaemia", "Low haemoglobin"),
    _term(_NAUSEA, "Nausea", "Feeling sick"),
    _term(_NAUSEA, "Vomiting", "Being sick"),
    _term(_BOWEL, "Diarrhoea", "Loose stools"),
    _term(_BOWEL, "Constipation", "Hard stools"),
    _term(_ABDOMEN, "Abdominal pain", "Stomach ache", "Belly pain"),
    _term(_ABDOMEN, "Indigestion", "Acid stomach"),
    _term(_MOUTH, "Mouth ulcer", "Aphthous ulcer"),
    _term(_RASH, "Rash", "Skin rash", "Maculopapular rash"),
    _term(_RASH, "Eczema", "Dermatitis"),
    _term(_ITCH, "Itching", "Itchy skin"),
    _term(_SWEAT, "Night sweats", "Sweating at night"),
    _term(_UPPER_AIRWAY, "Nasopharyngitis", "Common cold", "Cold symptoms"),
    _term(_UPPER_AIRWAY, "Sinusitis", "Sinus infection"),
    _term(_UPPER_AIRWAY, "Pharyngitis", "Sore throat infection"),
    _term(_UPPER_AIRWAY, "Influenza", "Flu"),
    _term(_LOWER_AIRWAY, "Bronchitis", "Chest infection"),
    _term(_LOWER_AIRWAY, "Pneumonia", "Lobar pneumonia"),
    _term(_VIRUS, "COVID-19", "SARS-CoV-2 infection"),
    _term(_VIRUS, "Gastroenteritis", "Stomach flu"),
    _term(_VIRUS, "Anal warts", "Condylomata"),
    _term(_HERPES, "Herpes simplex", "Cold sore", "Genital herpes"),
    _term(_HERPES, "Herpes zoster", "Shingles"),
    _term(_RETROVIRUS, "Acute retroviral syndrome", "Retroviral rebound syndrome"),
    _term(_BACTERIA, "Folliculitis", "Infected hair follicles"),
    _term(_BACTERIA, "Cellulitis", "Infected skin of leg"),
    _term(_STI, "Syphilis", "Early syphilis"),
    _term(_STI, "Gonorrhoea", "Gonococcal infection"),
    _term(_ABDOMINAL_INFECTION, "Appendicitis", "Acute appendicitis"),
    _term(_CATHETER_INFECTION, "Catheter-related infection", "Line infection"),
    _term(_URINE_INFECTION, "Urinary tract infection", "Bladder infection"),
    _term(_COUGH, "Cough", "Dry cough"),
    _term(_COUGH, "Throat irritation", "Throat tickle during infusion"),
    _term(_BREATH, "Dyspnoea", "Shortness of breath"),
    _term(_CLOT, "Deep vein thrombosis", "Clot in leg vein"),
    _term(_PRESSURE, "Hypotension", "Low blood pressure", "Blood pressure drop"),
    _term(_PRESSURE, "Hypertension", "High blood pressure"),
    _term(_FLUSH, "Flushing", "Hot flush", "Facial flushing"),
    _term(_MOOD, "Depression", "Low mood"),
    _term(_MOOD, "Anxiety", "Worry"),
    _term(_SLEEP, "Insomnia", "Poor sleep"),
    _term(_INJURY, "Road traffic accident", "Car accident"),
    _term(_FRACTURE, "Fracture", "Broken wrist", "Broken ankle"),
    _term(("Contact allergies", "Allergic conditions", IMMUNE), "Seasonal allergy", "Hay fever"),
    _term(("Heart attacks", "Coronary artery disorders", HEART), "Myocardial infarction", "Heart attack"),
    _term(("Rhythm complaints", "Heart rhythm disorders", HEART), "Palpitations", "Racing heart"),
    _term(("Ringing and hearing", "Hearing disorders", EAR), "Tinnitus", "Ringing in the ears"),
    _term(("Calcium", "Electrolyte disorders", METABOLISM), "Hypocalcaemia", "Low calcium from citrate"),
    _term(("Appetite", "Nutrition disorders", METABOLISM), "Decreased appetite", "Not hungry"),
    _term(("Stones", "Urinary tract disorders", KIDNEY), "Kidney stone", "Renal colic"),
)

TERM_BY_NAME = {term.preferred_term: term for term in TERMS}


def local_dictionary() -> tuple[TermRow, ...]:
    """Every lowest level term with its path, coded PVL-0001 and up in the order of `TERMS`."""
    pairs = [(term, lowest) for term in TERMS for lowest in term.lowest_level_terms]
    return tuple(
        TermRow(
            code=f"PVL-{number:04d}",
            lowest_level_term=lowest,
            preferred_term=term.preferred_term,
            high_level_term=term.high_level_term,
            high_level_group_term=term.high_level_group_term,
            system_organ_class=term.system_organ_class,
        )
        for number, (term, lowest) in enumerate(pairs, start=1)
    )
