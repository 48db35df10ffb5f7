"""Terms of the Common Terminology Criteria for which the table defines no grade 4, by their highest grade.

Source: National Cancer Institute, CTCAE version 5.0, 27 November 2017: terms whose columns for grades 4 and 5 are
empty.
"""

from __future__ import annotations

_UP_TO_ONE = """
Anosmia; Blood bicarbonate decreased; Blood lactate dehydrogenase increased; Dysuria; Glucosuria; Hair color
changes; Hair texture abnormal; Haptoglobin decreased; Hemoglobinuria; Libido increased; Nail changes; Nail
discoloration; Nail ridging; Oligospermia; Rhinorrhea; Thyroid stimulating hormone increased; Tooth
discoloration; Urine discoloration
"""
_UP_TO_TWO = """
Allergic rhinitis; Alopecia; Amenorrhea; Anorgasmia; Atrioventricular block first degree; Azoospermia;
Bacteremia; Belching; Bloating; Blood prolactin abnormal; Body odor; Bruising; Cyanosis; Delayed orgasm;
Dysgeusia; Ejaculation disorder; Electrocardiogram T wave abnormal; Feminization acquired; Flatulence;
Growth accelerated; Growth hormone abnormal; Hirsutism; Hyperparathyroidism; Hypertrichosis; Irregular
menstruation; Ischemia cerebrovascular; Lactation disorder; Lethargy; Libido decreased; Nail loss; Nipple
deformity; Ovulation pain; Palpitations; Phlebitis; Postnasal drip; Precocious puberty; Premature menopause;
Presyncope; Retinal tear; Rhinitis infective; Skin hyperpigmentation; Skin hypopigmentation; Skin papilloma;
Sneezing; Superficial thrombophlebitis; Telangiectasia; Testosterone deficiency; Transient ischemic attacks;
Urinary frequency; Urinary urgency; Vaccination site lymphadenopathy; Vaginal discharge; Virilization
"""
_UP_TO_THREE = """
Abdominal distension; Abdominal pain; Abducens nerve disorder; Accessory nerve disorder; Acoustic nerve
disorder NOS; Activated partial thromboplastin time prolonged; Akathisia; Amnesia; Anal fissure; Anal
mucositis; Anal pain; Ankle fracture; Aphonia; Arthralgia; Arthritis; Ataxia; Back pain; Bladder spasm;
Blood antidiuretic hormone abnormal; Blood corticotrophin decreased; Blood gonadotrophin abnormal; Bone
pain; Brachial plexopathy; Breast atrophy; Breast pain; Buttock pain; Carbon monoxide diffusing capacity
decreased; Cardiac troponin I increased; Cardiac troponin T increased; Cheilitis; Chest pain - cardiac;
Chest wall pain; Chills; Cognitive disturbance; Concentration impairment; Cough; Cushingoid; Delayed
puberty; Dental caries; Dizziness; Dry eye; Dry mouth; Dry skin; Dysarthria; Dysesthesia; Dysmenorrhea;
Dyspareunia; Dyspepsia; Dysphasia; Ear pain; Eczema; Edema face; Edema limbs; Edema trunk; Eosinophilia;
Erectile dysfunction; Esophageal pain; Euphoria; Exostosis; External ear pain; Eye pain; Eyelid function
disorder; Facial muscle weakness; Facial nerve disorder; Facial pain; Fall; Fallopian tube obstruction; Fat
atrophy; Fatigue; Fecal incontinence; Flank pain; Flashing lights; Floaters; Flu like symptoms; Flushing;
Folliculitis; Fungemia; Gait disturbance; Gallbladder pain; Gastroesophageal reflux disease;
Gastrointestinal pain; Generalized muscle weakness; Genital edema; Gingival pain; Growth suppression;
Gynecomastia; Headache; Hemoglobin increased; Hemorrhoids; Hepatic pain; Hiccups; Hoarseness; Hot flashes;
Hyperhidrosis; Hyperkeratosis; Hypersomnia; Hypoglossal nerve disorder; INR increased; Insomnia;
Irritability; Joint effusion; Joint range of motion decreased; Joint range of motion decreased cervical
spine; Joint range of motion decreased lumbar spine; Kyphosis; Laryngeal inflammation; Lip infection; Lip
pain; Lipohypertrophy; Localized edema; Lordosis; Lymph node pain; Lymphedema; Lymphocele; Lymphocyte count
increased; Malaise; Memory impairment; Movements involuntary; Muscle cramp; Muscle weakness left-sided;
Muscle weakness lower limb; Muscle weakness right-sided; Muscle weakness trunk; Muscle weakness upper limb;
Musculoskeletal deformity; Myalgia; Nail infection; Nasal congestion; Nausea; Neck pain; Neuralgia;
Non-cardiac chest pain; Nystagmus; Oculomotor nerve disorder; Olfactory nerve disorder; Oral dysesthesia;
Oral pain; Oropharyngeal pain; Osteoporosis; Pain; Pain in extremity; Pain of skin; Palmar-plantar
erythrodysesthesia syndrome; Pancreatic enzymes decreased; Paresthesia; Paronychia; Pelvic floor muscle
weakness; Pelvic pain; Penile pain; Perineal pain; Periodontal disease; Periorbital edema; Phantom pain;
Pharyngolaryngeal pain; Photophobia; Pleuritic pain; Productive cough; Prostatic obstruction; Prostatic
pain; Proteinuria; Pruritus; Purpura; Rash maculo-papular; Rash pustular; Rectal fissure; Rectal pain; Renal
colic; Restlessness; Retinal vascular disorder; Rotator cuff injury; Scalp pain; Scoliosis; Scrotal pain;
Seroma; Sinus pain; Sinus tachycardia; Skin atrophy; Sore throat; Spermatic cord obstruction; Stomach pain;
Stomal ulcer; Subcutaneous emphysema; Syncope; Tendon reflex decreased; Testicular pain; Thrush; Tinnitus;
Tooth development disorder; Toothache; Tremor; Trigeminal nerve disorder; Trismus; Trochlear nerve disorder;
Tumor pain; Unequal limb length; Urinary incontinence; Urinary tract pain; Urticaria; Uterine obstruction;
Uterine pain; Vaginal dryness; Vaginal obstruction; Vaginal pain; Vertigo; Vestibular disorder; Viremia;
Vital capacity abnormal; Voice alteration; Weight gain; Weight loss; Wrist fracture
"""

HIGHEST_GRADE: dict[str, int] = {
    " ".join(term.split()).casefold(): highest
    for highest, terms in ((1, _UP_TO_ONE), (2, _UP_TO_TWO), (3, _UP_TO_THREE))
    for term in terms.split(";")
}
