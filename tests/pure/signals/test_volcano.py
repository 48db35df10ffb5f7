"""The volcano's axis and colours, on the page and in the report."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from pvtracker.reports.charts import Contrast
from pvtracker.reports.charts import volcano as of_report
from pvtracker.signals.charts import volcano
from tests.shared import ROOT

TOKENS = (ROOT / "pvtracker/web/static/css/tokens.css").read_text(encoding="utf-8")


def _of_page() -> dict[str, Any]:
    rows: list[Any] = [
        SimpleNamespace(term=term, estimate=estimate, n_arm=5, N_arm=9, n_ref=2, N_ref=9)
        for term, estimate in (("More", 0.3), ("Fewer", -0.3))
    ]
    return volcano(rows, {"More": 0.0004, "Fewer": 0.2})


def _ticks(spec: Any) -> list[float]:
    if isinstance(spec, dict):
        if isinstance(y := spec.get("y"), dict) and y.get("field") == "p":
            return list(y["axis"]["values"])
        spec = list(spec.values())
    return next((found for one in spec if isinstance(one, dict | list) and (found := _ticks(one))), [])


def test_between_one_and_a_thousandth_a_label_stands_at_least_at_each_two_and_a_half_fold() -> None:
    contrast = Contrast(
        term="More",
        n_arm=5,
        total_arm=9,
        n_reference=2,
        total_reference=9,
        difference=0.3,
        low=0,
        high=1,
        p=0.0004,
    )
    for spec in (_of_page(), of_report([contrast], arm="A", reference="B")):
        near = [tick for tick in _ticks(spec) if tick >= 0.001]
        assert near[0] == 1 and near[-1] == 0.001
        assert all(high / low <= 2.5 + 1e-9 for high, low in pairwise(near))


def test_more_in_the_arm_has_the_hue_of_the_tree_map() -> None:
    encoding = _of_page()["layer"][1]["encoding"]
    colour = dict(zip(*encoding["color"]["scale"].values(), strict=True))
    assert set(colour) == {"more in the arm", "not more in the arm"}
    shade = TOKENS.split("--pv-shade-more-3: light-dark(#")[1][:6]
    token = colour["more in the arm"].removeprefix("var(").removesuffix(")")
    chosen = TOKENS.split(f"{token}: light-dark(#")[1][:6]
    for hue in (shade, chosen):  # orange: red above green above blue
        red, green, blue = (int(hue[i : i + 2], 16) for i in (0, 2, 4))
        assert red > green > blue


def test_the_legends_title_has_two_lines_for_a_phone() -> None:
    title = _of_page()["layer"][1]["encoding"]["size"]["title"]
    assert max(map(len, title)) <= 14 and " ".join(title) == "Participants with the event"
