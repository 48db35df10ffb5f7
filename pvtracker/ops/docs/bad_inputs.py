"""docs/reference/bad-inputs.md: what becomes of each bad input, and the test that shows it or the reason why it waits.

The ids are those of the shared list of bad inputs. H: refused; D: kept as a draft; Q: stored, with a query; S: stored.
A test is named by its path under tests/ and its function; tests/architecture/test_bad_inputs.py looks that it exists.
"""

from __future__ import annotations

from dataclasses import dataclass

from pvtracker.ops.docs.markdown import code, document, table

WRITE_API = "waits: programs can only read so far; there is no address that takes data"


@dataclass(frozen=True, slots=True)
class BadInput:
    """One row: id, channel, what is sent, what happens, the rule that answers, tests, and why it waits ('' : it does
    not; where both stand, part of it waits).
    """

    id: str
    channel: str
    sent: str
    happens: str
    rule: str = ""
    tests: tuple[str, ...] = ()
    waits: str = ""


ROW = "open/bad_inputs/test_form_and_import.py::test_the_form_does_as_the_table_says_and_keeps_what_was_typed"
FILE = "open/bad_inputs/test_form_and_import.py::test_a_file_stores_the_same_and_asks_by_the_same_rules"
BOTH = (ROW, FILE)
_HERE = "open/bad_inputs/test_form_and_import.py::"
_FORM = "open/events/test_form.py::"
_SIGN = "open/events/test_signatures.py::"
_TAMPER = "open/bad_inputs/test_tampering.py::"
_API = "open/bad_inputs/test_api.py::"
_TEXT = "open/bad_inputs/test_hostile_text.py::test_what_is_typed_is_what_is_shown_sent_and_exported"
_XPT = "pure/formats/test_xpt.py::"
_STRANGE = "wall/test_strange_messages.py::test_strange_messages_are_dropped_and_the_worker_lives"


def _b(
    id: str, channel: str, sent: str, happens: str, rule: str = "", *tests: str, waits: str = ""
) -> BadInput:
    return BadInput(id, channel, sent, happens, rule, tests, waits)


BAD_INPUTS: tuple[BadInput, ...] = (
    _b("BI-001", "form", "impossible day 2026-02-30", "H, D", "date-readable", *BOTH),
    _b("BI-003", "form", "year only", "S, as written, with a query that asks for the rest", "partial-onset", *BOTH),
    _b("BI-005", "form", "month 13 or 00", "H, D", "date-readable", *BOTH),
    _b("BI-007", "form", "onset 2026-03, end 2026-03-05", "S: no contradiction is certain", "partial-onset", *BOTH),
    _b("BI-009", "form", "onset before consent", "Q; not treatment-emergent", "onset-before-consent", *BOTH),
    _b("BI-011", "form", "onset tomorrow, at the site", "H, D", "onset-not-in-future", *BOTH,
       "open/events/test_rules.py::test_today_is_the_day_at_the_site"),
    _b("BI-013", "form", "a local time that the clocks skip", "S as written: a time is never made an instant, so no "
       "hour of the year is impossible", "", *BOTH),
    _b("BI-015", "form", "aware before onset", "Q", "aware-before-onset", *BOTH),
    _b("BI-017", "form", "years 0001, 1066, 9999", "H, D", "date-readable, date-in-range", *BOTH),
    _b("BI-019", "form", "fatal event ends on another day than the death", "H, D", "fatal-end-equals-death", *BOTH),
    _b("BI-021", "form", "not recovered, with an end", "Q", "outcome-with-end", *BOTH),
    _b("BI-023", "api", "other notations of a date", "H by form, Q by file, with the same rule", "date-readable",
       *BOTH,
       waits=WRITE_API),
    _b("BI-025", "api", "time stamp without offset", "a form takes it: the day of the site", waits=WRITE_API),
    _b("BI-027", "api", "epoch milliseconds for a date", "H by form, Q by file", "date-readable", *BOTH,
       waits=WRITE_API),
    _b("BI-029", "form", "serious, no criterion", "H, D; a file: Q", "serious-needs-criterion", *BOTH),
    _b("BI-031", "form", "results in death, outcome recovering", "H, D; a file: Q",
       "death-criterion-needs-fatal-outcome", *BOTH),
    _b("BI-033", "form", "grade 5, recovered", "H, D; a file: Q", "grade-5-needs-fatal-outcome", *BOTH,
       waits="the link to a death report waits for pages of serious cases"),
    _b("BI-035", "form", "dead, no fatal event", "Q about the participant, on the page of queries",
       "death-needs-fatal-event", *BOTH,
       _HERE + "test_the_question_about_a_death_ends_with_a_fatal_event_and_comes_back_when_it_is_void"),
    _b("BI-037", "form", "grade 4 of a term without one", "Q that names the scale's version", "grade-beyond-term",
       *BOTH,
       _HERE + "test_the_message_of_a_grade_beyond_the_term_names_the_version",
       waits="a study cannot make it a refusal yet"),
    _b("BI-039", "form", "related, never dosed", "Q", "related-but-never-exposed", *BOTH),
    _b("BI-041", "form", "sponsor's causality over the investigator's", "H: two fields", "",
       "open/events/test_actions.py::test_the_sponsor_adds_an_opinion_and_leaves_the_investigators"),
    _b("BI-043", "form", "dose reduced of a product given once", "Q; the options are the same for everybody",
       "dose-action-on-single-dose", *BOTH),
    _b("BI-045", "form", "“see attached”, “as before”, “death”", "Q", "unspecific-verbatim", *BOTH),
    _b("BI-047", "form", "the same event twice", "shown before it is saved; a file: Q; never merged",
       "possible-duplicate", *BOTH, _FORM + "test_a_possible_duplicate_is_shown_before_it_is_saved"),
    _b("BI-049", "form", "another site's participant; after follow-up", "404 as for none; Q", "onset-after-follow-up",
       _HERE + "test_a_participant_of_another_site_is_as_unknown_as_none",
       _HERE + "test_after_follow_up_an_event_is_stored_and_asked_about"),
    _b("BI-051", "form", "a lowest level term with another preferred term", "H: a term comes with its path", "",
       _HERE + "test_a_term_comes_with_its_whole_path_or_not_at_all"),
    _b("BI-053", "form", "SUSAR, but not serious or unrelated", "", waits="there is no SUSAR field yet"),
    _b("BI-055", "form", "a narrative of 10 MB",
       "told before it is sent; draft of the first 100,000 characters, which "
       "says so; 413", "narrative-length", ROW, "browser/test_too_much.py::"
       "test_a_pasted_book_is_told_kept_in_part_and_refused",
       "open/web/test_headers.py::test_errors_carry_the_headers"),
    _b("BI-057", "api", "a lone surrogate", "S without it, Q, in a file of JSON", "text-characters",
       "open/bad_inputs/test_files.py::test_a_lone_surrogate_is_no_text", waits=WRITE_API),
    _b("BI-059", "form", "right-to-left override", "S, shown isolated and marked with its code point", "",
       "open/events/test_pages.py::test_text_that_turns_the_direction_is_isolated_and_marked", _TEXT),
    _b("BI-061", "form", "NFC and NFD", "S in NFC; search and duplicates treat them alike", "",
       _HERE + "test_both_normal_forms_of_a_word_are_one_word"),
    _b("BI-063", "form", "4-byte characters at the limit", "S: everybody counts characters", "verbatim-length", *BOTH,
       "browser/test_too_much.py::test_a_pasted_book_is_told_kept_in_part_and_refused",
       waits="the export to XPT with its 200 bytes is not written yet"),
    _b("BI-065", "form", "markup and script", "S, shown as text; no violation of the policy", "", *BOTH, _TEXT,
       "pure/reports/test_web.py::test_hostile_text_is_escaped",
       "browser/test_every_page.py::test_every_page_is_accessible_and_fits"),
    _b("BI-067", "form", "fragments of SQL", "S as written", "", *BOTH, _TEXT),
    _b("BI-069", "form", "strings that broke other programs", "S after one stated normalisation; never a fault",
       "", _TEXT,
       "open/bad_inputs/test_hostile_text.py::"
       "test_the_same_text_in_a_reason_an_answer_and_a_search_is_never_a_fault"),
    _b("BI-071", "form", "an arm's word in a text", "the event S; the text held from everybody, the feed and the cut "
       "until it is released; recorded. Texts of delivered rows of every domain alike; a reason, a comment or an "
       "answer that names one: H", "text-held", *BOTH,
       "open/events/test_held_rows.py::test_each_is_held_and_stands_nowhere_that_blinded_people_reach",
       "open/events/test_held_texts.py::test_a_reason_on_any_page_names_no_arm_and_what_was_typed_stays",
       "open/events/test_held_texts.py::test_the_event_is_stored_and_the_text_is_nowhere_but_in_its_place",
       "pure/lib/test_arm_words.py::test_recall_of_the_seeded_phrases_is_at_least_95_percent",
       "pure/lib/test_arm_words.py::test_innocent_phrases_are_seldom_held"),
    _b("BI-073", "api", "a body that is no JSON object", "", waits=WRITE_API),
    _b("BI-075", "api", "NaN, Infinity, 5.0, “5”, true for a grade", "H of the file or row, in files of JSON",
       "json-number", "pure/formats/test_dataset_json.py::test_what_is_no_number_is_refused",
       waits=WRITE_API),
    _b("BI-077", "api", "100,000 nested brackets", "dropped or refused by worker and import", "not-json", _STRANGE,
       "open/bad_inputs/test_files.py::test_nested_brackets_are_no_json", waits=WRITE_API),
    _b("BI-079", "api", "no idempotency key", "", waits=WRITE_API),
    _b("BI-081", "api", "the same key, another body", "", waits=WRITE_API),
    _b("BI-083", "api", "the same key after a kill", "", waits=WRITE_API),
    _b("BI-085", "api", "keys of 0 and 10,000 characters", "", waits=WRITE_API),
    _b("BI-087", "api", "two changes with one ETag", "", waits=WRITE_API),
    _b("BI-089", "api", "a filter on a hidden relation", "400, whatever the value", "",
       "open/feeds/test_api.py::test_an_unknown_parameter_is_refused_whatever_its_value",
       _API + "test_no_parameter_asks_for_what_is_not_there"),
    _b("BI-091", "api", "expired, revoked, truncated, unsigned token; token in the address", "401", "",
       _API + "test_a_bad_token_is_refused", "open/feeds/test_api.py::test_a_token_in_the_address_is_refused"),
    _b("BI-093", "api", "10,001 items in one request", "", waits=WRITE_API),
    _b("BI-095", "api", "a parameter twice; another method by header", "400; ignored", "",
       _API + "test_a_parameter_given_twice_is_refused", _API + "test_no_header_changes_the_method",
       waits="a request smuggled past the proxy is not tested: no test starts the proxy"),
    _b("BI-097", "api", "1,000 requests a second from one token",
       "429 with Retry-After from the proxy, counted by token", "",
       "pure/test_docker.py::test_a_token_that_storms_is_told_to_wait_and_nobody_else_is",
       waits="the proxy's configuration is looked at; no test starts the proxy, and without one nothing is limited"),
    _b("BI-099", "form", "double click, back and submit", "one event; the second sending shows it", "",
       _FORM + "test_the_form_sent_twice_shows_the_first_event"),
    _b("BI-101", "form", "role removed between load and save", "404, as for a stranger; draft kept and listed", "",
       _TAMPER + "test_a_role_that_ended_between_load_and_save_writes_nothing_and_keeps_the_draft",
       _FORM + "test_who_lost_the_role_is_refused_and_the_draft_stays",
       "open/events/test_drafts_left.py::test_an_investigator_of_the_site_goes_on_with_it_and_the_original_stays",
       "open/events/test_drafts_left.py::test_who_does_not_record_hands_it_to_somebody_who_does"),
    _b("BI-103", "form", "server killed between autosaves", "the draft is a committed row; the tab sends again", "",
       "browser/test_capture.py::test_a_draft_survives_a_closed_tab",
       waits="no test kills the server itself"),
    _b("BI-105", "form", "signed while another person changes it", "signature refused", "",
       _SIGN + "test_what_was_changed_after_it_was_shown_is_not_signed"),
    _b("BI-107", "form", "another person's password; 5 wrong ones", "refused; the session ends", "",
       _SIGN + "test_another_persons_name_and_password_sign_nothing",
       _SIGN + "test_five_wrong_tries_end_the_session"),
    _b("BI-109", "form", "altered version or participant", "412, 404; access record", "",
       _TAMPER + "test_a_version_that_never_was_is_answered_412_and_recorded",
       _TAMPER + "test_a_form_sent_for_another_participant_is_answered_404_and_recorded"),
    _b("BI-111", "import", "unclosed quote in row 2 of 10,000", "file refused", "csv-quotes",
       "pure/formats/test_csv_table.py::test_an_unclosed_quote_in_row_2_of_10000_is_refused"),
    _b("BI-113", "import", "semicolon or tab, decimal comma, thousands",
       "delimiter found; an ambiguous number refused",
       "number", "pure/formats/test_csv_table.py::test_the_delimiter_is_found_in_the_header",
       "open/bad_inputs/test_files.py::test_a_number_that_two_countries_read_differently_is_refused",
       waits="a preview comes with imports by page"),
    _b("BI-115", "import", "ragged rows", "row refused with its line; nothing moves", "ragged-row",
       "pure/formats/test_csv_table.py::test_a_ragged_row_is_refused_alone_with_its_line"),
    _b("BI-117", "import", "a row older than a person's change", "a locked or void event is not touched",
       "event-locked",
       waits="deliveries carry no version column; a correction made here stands while the file says what it said"),
    _b("BI-119", "import", "XLSX with macros, bombs, links", "", waits="spreadsheets are not read; what a gzip file "
       "unpacks to is bounded"),
    _b("BI-121", "import", "killed in the middle of 100,000 rows",
       "each domain whole or not at all; again is no double",
       "", "open/bad_inputs/test_files.py::test_an_import_that_dies_in_the_middle_leaves_nothing_of_the_domain",
       "open/test_import_study.py::test_a_second_import_of_the_same_folder_changes_nothing"),
    _b("BI-123", "import", "a column ARM",
       "an SDTM delivery always has one: the open process never reads it, the closed "
       "process takes it, the file is kept in neither room", "",
       "pure/formats/test_sdtm_wall.py::test_the_open_reading_never_makes_an_arm_column_into_values",
       "pure/formats/test_sdtm_wall.py::test_no_secret_is_reachable_from_the_open_records"),
    _b("BI-125", "import", "test virus, polyglots, huge images", "", waits="there are no attachments"),
    _b("BI-127", "import", "external entity in E2B", "", waits="E2B is not read yet"),
    _b("BI-129", "import", "E2B sent again, older, nullified", "", waits="E2B is not read yet"),
    _b("BI-131", "import", "XPT cut on an 80-byte border", "refused; between two records by count or hash",
       "xpt-partial-record, row-count",
       _XPT + "test_a_file_cut_anywhere_but_between_two_records_is_refused",
       "pure/formats/test_folder.py::test_expected_rows_catch_a_file_cut_between_two_records"),
    _b("BI-133", "import", "XPT with trailing bytes", "refused", "xpt-trailing-blanks, xpt-length",
       _XPT + "test_bytes_after_the_last_record_are_refused"),
    _b("BI-135", "import", "XPT version 8", "refused with the remedy", "xpt-version-8",
       _XPT + "test_version_8_is_refused_with_a_remedy"),
    _b("BI-137", "import", "Dataset-JSON with wrong counts or OIDs", "refused with both counts", "json-record-count",
       "pure/formats/test_dataset_json.py::test_a_wrong_record_count_is_refused_with_both_counts"),
    _b("BI-139", "import", "an analyte that tells the arm", "closed room only; the open one counts no row of it; "
       "declared late or with a slip: refused", "",
       "pure/formats/test_sdtm.py::test_revealing_analytes_are_left_out_before_anything_of_them_is_read",
       "open/test_revealing.py::test_it_is_too_late_to_declare_what_stands_in_the_open_room",
       "open/test_revealing.py::test_a_slip_in_the_name_stores_nothing"),
    _b("BI-141", "worker", "unknown task, strange message, pickle",
       "dropped with a reason, content untold; the worker "
       "lives", "", _STRANGE, "wall/test_strange_messages.py::test_celery_takes_json_only_and_results_are_not_kept"),
    _b("BI-143", "worker", "clinical text as an argument", "refused: a task takes one job's id", "",
       "architecture/test_tasks.py::test_a_task_takes_the_id_of_a_job_and_nothing_else",
       "wall/test_jobs_survive.py::test_an_emptied_broker_loses_no_job", _STRANGE),
    _b("BI-145", "worker", "data changed during a run", "works on one frozen cut; again gives the same hash", "",
       "closed/signals/test_runs.py::test_the_same_cut_settings_and_code_give_the_same_hash",
       "open/cuts/test_freeze.py::test_freezing_unchanged_data_again_gives_the_same_sha256_and_the_same_bytes"),
    _b("BI-147", "worker", "broker emptied", "every job runs once", "",
       "wall/test_jobs_survive.py::test_an_emptied_broker_loses_no_job",
       waits="with 200 jobs, not 1,000: more would show the same and cost minutes"),
    _b("BI-149", "worker", "a bad webhook target", "", waits="there are no webhooks yet"),
    _b("BI-151", "cli", "a command without actor and reason", "the trail names the command and the account of the "
       "operating system that ran it; making accounts and clients without --reason is refused", "",
       "open/ops/test_first_people.py::test_the_trail_names_the_command_who_ran_it_and_why",
       "open/ops/test_first_people.py::test_every_command_that_writes_says_which_it_is",
       waits="recode, unlock and merge are no commands; an import has its file as its reason"),
    _b("BI-153", "cli", "export to an existing file, full disk",
       "a cut and every exported file are written beside their place and renamed: whole, or the earlier one stays", "",
       "open/cuts/test_freeze.py::test_a_freeze_that_stops_half_way_leaves_nothing",
       "pure/lib/test_whole_files.py::test_an_existing_file_is_replaced_by_a_whole_one",
       "pure/lib/test_whole_files.py::test_a_full_disk_leaves_the_earlier_file_and_no_part_of_the_new_one"),
    _b("BI-155", "cli", "restoring another study's backup", "", waits="there is no restore command; `verify_audit` "
       "checks the chain of what was restored"),
)  # fmt: skip


def page() -> str:
    """One row per bad input."""
    rows = [
        (
            one.id,
            one.channel,
            one.sent,
            one.happens or "–",
            ", ".join(code(rule) for rule in one.rule.split(", ")) if one.rule else "–",
            "; ".join(
                [*[code(test.split("::")[1]) for test in one.tests], *([one.waits] if one.waits else [])]
            ),
        )
        for one in BAD_INPUTS
    ]
    tested = sum(bool(one.tests) for one in BAD_INPUTS)
    waiting = sum(not one.tests for one in BAD_INPUTS)
    partly = sum(bool(one.tests and one.waits) for one in BAD_INPUTS)
    parts = [
        f"{len(BAD_INPUTS)} inputs: {tested} are tests ({partly} of them in part: the row says what waits), {waiting} "
        "wait. H: refused; D: what was typed is kept as a draft; Q: stored, and a query asks; S: stored. What a form "
        "refuses, a file stores and asks about, under the same rule.",
        table(("id", "channel", "what is sent", "what happens", "rule", "test, or why it waits"), rows),
    ]
    return document(title="Bad inputs", source="`pvtracker/ops/docs/bad_inputs.py`", parts=parts)
