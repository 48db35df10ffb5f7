"""With the switch on, no page of signals and no file taken from one holds anything inferential: every address, each
method, every link of a table or picture, in each form of file."""

from __future__ import annotations

import html
import io
import json
import re
import zipfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client

from pvtracker.accounts.models import Account
from pvtracker.cuts.models import Cut
from pvtracker.signals import actions, inference, laboratory_courses, laboratory_model, tables, taking_out
from pvtracker.signals.actions.orders import place_order
from pvtracker.signals.enums import AskedFrom, Step
from pvtracker.signals.laboratory_courses import Section
from pvtracker.signals.laboratory_model import Weeks
from pvtracker.signals.methods import METHODS
from pvtracker.signals.models import Result, Run, ScreeningOrder, Signal
from pvtracker.signals.urls import urlpatterns
from pvtracker.studies.models import Study
from tests.closed.cuts.folder import BY, participant_id
from tests.closed.people import signed_in
from tests.closed.signals.planned import planner
from tests.closed.signals.test_boundaries import bounded, signed
from tests.closed.signals.test_life import take
from tests.closed.signals.test_pages import later_cut
from tests.closed.signals.test_term import hide
from tests.hiv_laboratory import hiv_laboratory

pytestmark = pytest.mark.django_db
ALSO = ("berry_berry", "boschloo", "by")  # a posterior, a p that is not adjusted, and a p with a definition
# Addresses where nothing is walked, and why nothing inferential of the study's data is there.
NOT_WALKED = {
    "calculator": "numbers that somebody types; no study is read",
    "calculator_methods": "pages of the documentation",
    "screening_plan": "by what is to be flagged, and nothing of what was",
    "screening_plan_edit": "by what is to be flagged, and nothing of what was",
    "screening_plan_sign": "by what is to be flagged, and nothing of what was",
    "signal_order_cancel": "leads to the page of the screening",
    "signal_order_resume": "leads to the page of the screening",
    "signals_inference": "the switch; leads back",
    "signals_start": "leads to the page of the screening; refused, it shows that of `signals`",
    "signal_alert_read": "leads to the page of the signal",
    "signal_alerts_read": "leads to the alerts",
}
# What a test, an interval, a posterior or a flag is told with. Cells of a table stand between bars.
INFERENTIAL = re.compile(
    r"\bflag|95\s?%|\[[−-]?[\d.,]+, ?[−-]?[\d.,∞]+\]|\bp\s*[=<>≤≥]|\|\s*p\s*\||\bp-value|\badjust|\bposterior|\bP\(|"
    r"\bconfidence|\binterval|\bsignifican|Fisher|Welch|Student’s|Kenward|Wilcoxon|Clopper|Benjamini|\bchance\b|"
    r"\bproof of|\bstrongest|\bboundar|\bcrosse|\bsilence|\bdispersion|\bone-sided|\btwo-sided",
    re.IGNORECASE,
)
DRAWN = re.compile(r'"(?:low|high|p|posterior)": ?-?\d')  # in the specification of a picture
# What has such a word and is none: the name of an estimate or of a method that was asked for, and a form’s help.
INNOCENT = re.compile(
    r"exposure-adjusted|other medication, chance, how the event was looked for|Benjamini–Yekutieli",
    re.IGNORECASE,
)
LABORATORY = (
    "laboratory",
    "laboratory_analyte",
    "laboratory_counted",
    "laboratory_edish",
    "laboratory_participant",
)
BEGIN, END = "\x02", "\x03"  # around the specification of a picture
SPECIFIED = re.compile(f"{BEGIN}.*?{END}", re.DOTALL)
ASCII_MINUS = re.compile(r"(?:^|[\s|\[(])-[\d.]+")  # of a number that people read
LINK = re.compile(r'href="([^"]*[?&](?:amp;)?format=(?:csv|svg)[^"]*)"')


@pytest.fixture
def account(study: Study) -> Account:
    return planner(study)


@pytest.fixture
def run(study: Study, joined_cut: Cut, account: Account, open_storage: Path) -> Run:
    """The later of two runs that flag whatever a method says something of, by a plan with a boundary."""
    used = signed(study, account, bounded(planned=20, risk=0.01))
    request = replace(actions.request_for(study=study, cut_id=joined_cut.id, also=ALSO), used=used)
    screened = actions.compute(request, by=BY, progress=lambda *told: None)
    found = [replace(row, flag=not row.warning) for row in screened.rows]
    for cut in (joined_cut, later_cut(study, open_storage)):
        request = replace(request, cut=cut)
        made = actions.save_run(request=request, screened=replace(screened, rows=found), by=BY)
    return made


@pytest.fixture
def browser(run: Run, study: Study, account: Account) -> Client:
    return signed_in(account, study)


def told_in(text: str) -> list[str]:
    """The inferential words of a page or file, each with what stands around it."""
    text = INNOCENT.sub("", text)
    specified = "".join(SPECIFIED.findall(text))
    return [
        where[max(0, one.start() - 60) : one.end() + 60]
        for where, words in ((SPECIFIED.sub("", text), INFERENTIAL), (specified, DRAWN))
        for one in words.finditer(where)
    ]


def page_text(text: str) -> str:
    """Words and pictures of a page, without the switch itself, which names what it hides, and without the form that
    asks for another run, which names methods."""
    main = text.split("<main")[1].split("</main>")[0]
    for form in (r'class="pv-inference', r'action="[^"]*/signals/run/"'):
        main = re.sub(rf"<form [^>]*{form}.*?</form>", "", main, flags=re.DOTALL)
    main = re.sub(r"<svg class=\"pv-icon.*?</svg>", "", main, flags=re.DOTALL)
    named = re.findall(r'(?:aria-label|title|placeholder)="([^"]*)"', main)
    pictures = re.findall(r'<script [^>]*type="application/json">(.*?)</script>', main, re.DOTALL)
    main = re.sub(r"<script.*?</script>", "", main, flags=re.DOTALL)
    words = re.sub(r"<[^>]*>", "|", re.sub(r"</?(?:a|strong|em|span)\b[^>]*>", "", main))
    return html.unescape("|".join((words, *named))) + "".join(f"{BEGIN}{one}{END}" for one in pictures)


def file_text(name: str, content: bytes) -> str:
    """What a file says, without the sentence that says what is hidden."""
    if name == "xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            text = " ".join(book.read(one).decode() for one in book.namelist() if "sheet" in one.lower())
    elif name == "rtf":
        text = re.sub(r"\\u(-?\d+)\??", lambda of: chr(int(of[1]) % 65536), content.decode("ascii"))
        text = re.sub(r"\\'([0-9a-f]{2})", lambda of: chr(int(of[1], 16)), text)
    else:
        text = content.decode("utf-8-sig")
    return html.unescape(text).replace(inference.HIDDEN, "")


def addresses(run: Run, study: Study) -> Iterator[tuple[str, str]]:
    """An address or several of each page: its name and where it is."""
    here = f"/studies/{study.code}"
    row = Result.objects.filter(run=run, term="Headache", level="PT", method="rd_mn").earliest("id")
    organ_class = Result.objects.filter(run=run, level="SOC", method="rd_mn").earliest("id")
    yield "signals", f"{here}/signals/"
    for method in ("rd_mn", "rr_koopman", "fisher", "berry_berry", "by"):
        yield "signal_run", f"{here}/signals/runs/{run.id}/?level=PT&method={method}"
    yield "signal_sets", f"{here}/signals/runs/{run.id}/sets/"
    yield "signal_sites", f"{here}/signals/runs/{run.id}/sites/"
    yield "signal_run_parquet", f"{here}/signals/runs/{run.id}/results.parquet"
    yield "signal_participants", f"{here}/signals/rows/{row.id}/participants/"
    for one in (row, organ_class):
        yield "signal_term", f"{here}/signals/rows/{one.id}/"
    yield "signal_boundary", f"{here}/signals/rows/{row.id}/boundary/"
    yield "laboratory", f"{here}/laboratory/"
    yield "laboratory_analyte", f"{here}/laboratory/analyte/?analyte=ALT&grading=daids-2.1"
    for count in ("count=grade+3+or+more", "count=number&week=2"):
        yield "laboratory_counted", f"{here}/laboratory/counted/?analyte=ALT&grading=daids-2.1&{count}"
    yield "laboratory_counted", f"{here}/laboratory/counted/?count=quadrant&quadrant=below+both"
    yield "laboratory_edish", f"{here}/laboratory/edish/"
    yield "laboratory_participant", f"{here}/laboratory/participants/{participant_id('S-1')}/"
    for which in ("open", "ended", "all"):
        yield "signal_list", f"{here}/followed-signals/?show={which}"
    yield "signal_new", f"{here}/followed-signals/new/"
    yield "signal_alerts", f"{here}/followed-signals/alerts/"
    for signal in Signal.objects.filter(study=study):
        yield "signal", f"{here}/followed-signals/{signal.id}/"
        if signal.state == "assessed":
            yield "signal_sign", f"{here}/followed-signals/{signal.id}/sign/"
    for order in ScreeningOrder.objects.filter(study=study):
        yield "signal_order", f"{here}/signals/orders/{order.id}/"


def files_of(browser: Client, page: str, path: str, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Every file that a page offers and none like it was seen: its address and what it says. All forms of a table are
    written from one, so that each is asked for as CSV and in turn as another."""
    for link in dict.fromkeys(html.unescape(one) for one in LINK.findall(page)):
        if (key := link.split("format=")[1]) in seen:
            continue
        seen.add(key)
        for form in ("csv", ("xlsx", "rtf")[len(seen) % 2]) if "format=csv" in link else ("svg",):
            at = f"{path.split('?')[0]}{link.replace('format=csv', f'format={form}')}"
            answer = browser.get(at)
            assert answer.status_code == 200, at
            yield at, file_text(form, answer.content)


def test_every_page_with_numbers_of_a_run_prints_its_definitions(
    study: Study, run: Run, browser: Client
) -> None:
    """All of them; each that tells a part of them, or none, is named here with the reason."""
    whole = tables.definitions_of(run, inference=True)
    assert METHODS["boschloo"].definition == whole[METHODS["boschloo"].label]
    others = {
        "signal_sets": ("Definitions of the run", "Analysis set"),  # those that the sets go by
        **dict.fromkeys(
            LABORATORY, ("<h2>Definitions</h2>", "Analysis set")
        ),  # read from the cut; its own rules
    }
    of_no_run = {"signal_run_parquet", "signal_list", "signal_new", "signal_alerts", "signal"}
    missing = set()
    for name, path in addresses(run, study):
        page = html.unescape(browser.get(path).content.decode(errors="replace"))
        told = others.get(name) or tuple(f"<dt>{label}</dt><dd>{said}</dd>" for label, said in whole.items())
        missing |= {name for said in told if said.lower() not in page.lower()}
    assert missing == of_no_run


def test_no_page_and_no_file_tells_anything_inferential_while_it_is_hidden(
    study: Study, run: Run, browser: Client, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pictures are looked at as they are specified: what is not there is not drawn."""
    monkeypatch.setattr(
        taking_out, "draw", lambda spec, **said: f"{said}{BEGIN}{json.dumps(spec)}{END}".encode()
    )
    place_order(request=actions.request_for(study=study), asked_from=AskedFrom.HAND, by=BY)
    first, second, *_ = Signal.objects.filter(study=study).exclude(level="case").order_by("level")
    take(first, Step.DISMISS, by=account)
    take(second, Step.VALIDATE, Step.CONFIRM, Step.ASSESS, by=account)
    walked = list(addresses(run, study))
    names = {pattern.name for pattern in urlpatterns}
    assert {name for name, _ in walked} | NOT_WALKED.keys() | {"signal_step"} == names
    shown = {name: browser.get(path).content.decode(errors="replace") for name, path in walked}
    silent = {name for name, page in shown.items() if "<main" in page and not told_in(page_text(page))}
    hyphens = {
        name: ASCII_MINUS.findall(SPECIFIED.sub("", page_text(page)))
        for name, page in shown.items()
        if "<main" in page
    }
    assert {name: found for name, found in hyphens.items() if found} == {}
    assert silent == {"signal_order", "signal_new", "signal_sets"}
    hide(browser)
    told: dict[str, list[str]] = {}
    seen: dict[str, set[str]] = defaultdict(set)
    for name, path in walked:
        page = browser.get(path, follow=True)
        assert page.status_code == 200, path
        told[path] = told_in(page_text(page.text))
        if not getattr(page, "redirect_chain", None):
            told |= {at: told_in(text) for at, text in files_of(browser, page.text, path, seen[name])}
    assert sum(map(len, seen.values())) > 30
    refused = browser.post(
        f"/studies/JOIN/followed-signals/{first.id}/step/", {"what": "close", "reason": "x"}
    )
    told["refused"] = told_in(page_text(refused.text))
    assert {path: said for path, said in told.items() if said} == {}


def test_the_courses_of_an_hiv_trial_have_no_inference_while_it_is_hidden() -> None:
    lab = hiv_laboratory()

    def told(*, inferred: bool) -> dict[str, list[str]]:
        model = laboratory_model.section(lab, Weeks(), inference=inferred)
        assert model
        parts = [*laboratory_courses.sections(lab, inference=inferred), model]
        return {one.key: told_in(section_text(one)) for one in parts}

    assert all(told(inferred=True).values())
    assert told(inferred=False) == {"means": [], "areas": [], "model": []}


def section_text(one: Section) -> str:
    cells = [cell["text"] for row in one.table["rows"] for cell in row["cells"]]
    heads = [name for column in one.table["columns"] for name in (column["label"], *column.get("fields", ()))]
    said = "|".join((one.title, one.lead, one.table["caption"], one.table["note"], *heads, *cells, ""))
    return f"{said}{BEGIN}{json.dumps(one.chart)}{END}"
