"""The runs of a study as a list: of which cut, by which plan and seed, and who ordered each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pvtracker.signals.labels import ARM_LABELS
from pvtracker.signals.models import Run, ScreeningOrder
from pvtracker.signals.orders import asked_by
from pvtracker.signals.planning import plan_of_run

NO_ORDER = "a command, without an order"  # or of an earlier version


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list."""

    run: Run
    arm: str
    plan: str
    seed: str
    by: str
    how: str  # the order came about, or ''


def rows_of(runs: Sequence[Run]) -> list[Row]:
    """A line for each run, in their order. A run that was ordered has the id of its order."""
    orders = ScreeningOrder.objects.in_bulk([run.id for run in runs])
    return [_row(run, orders.get(run.id)) for run in runs]


def _row(run: Run, order: ScreeningOrder | None) -> Row:
    plan = plan_of_run(run.settings)
    version = plan.get("version")
    return Row(
        run=run,
        arm=ARM_LABELS.get(run.analysis_arm, run.analysis_arm),
        plan=f"version {version}" if version else "built-in" if plan else "before there were plans",
        seed=str(run.settings.get("seed", "–")),
        by=asked_by(order) if order else NO_ORDER,
        how=order.get_asked_from_display() if order else "",
    )
