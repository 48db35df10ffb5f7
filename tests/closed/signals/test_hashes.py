"""A sha256 on a page: its beginning, the whole on demand, copyable and without a script."""

import re

import pytest
from django.template.loader import render_to_string

from pvtracker.cuts.models import Cut
from pvtracker.studies.models import Study
from tests.closed.people import client_of
from tests.closed.signals.runs import run_on

SHA = "0123456789abcdef" * 4


def test_only_a_hash_is_folded() -> None:
    facts = [
        {"label": "Cut sha256", "value": SHA},
        {"label": "Plan", "value": SHA},
        {"label": "sha256", "value": ""},
    ]
    made = render_to_string("components/facts.html", {"facts": facts})
    assert made.count("<details") == 1 and "<summary><code>0123456789ab…</code>" in made
    assert f"</summary><code>{SHA}</code></details>" in made and f"<dd>{SHA}</dd>" in made


@pytest.mark.django_db
def test_the_pages_of_runs_fold_their_hashes(study: Study, joined_cut: Cut) -> None:
    run = run_on(joined_cut)
    client = client_of(study, "dsmb_member")
    for path in ("/studies/JOIN/signals/", f"/studies/JOIN/signals/runs/{run.id}/"):
        text = client.get(path).text
        assert f"<code>{run.sha256[:12]}…</code>" in text and f"<code>{run.sha256}</code></details>" in text
        open_ones = re.sub(r'<details class="pv-sha">.*?</details>', "", text, flags=re.S)
        assert run.sha256[:16] not in open_ones and run.cut.sha256[:16] not in open_ones
