"""What the demo's medical monitor watches: one term as expected, one above. Expected rates are made up."""

from __future__ import annotations

from pvtracker.accounts.models import Account
from pvtracker.monitoring import actions
from pvtracker.monitoring.enums import Level, Selection
from pvtracker.monitoring.models import WatchedTerm
from pvtracker.monitoring.rules import Expected
from pvtracker.studies.models import Study

SOURCE = "Made up for the demonstration; no registry and no trial says so."
WATCHED = (  # preferred term, rate per person-year, worth in person-years, reason
    ("Headache", 0.6, 50.0, "Common after mobilisation"),
    ("Rash", 0.08, 200.0, "An early sign of immune reactions"),
)
WARN_POSTERIOR = 0.8


def watch_some(study: Study) -> None:
    """The terms of `WATCHED`, once; the study is entered."""
    if WatchedTerm.objects.filter(study=study).exists():
        return
    monitor = Account.objects.get(username="medical_monitor")
    for name, rate, years, reason in WATCHED:
        actions.watch(
            study=study,
            level=Level.PT,
            name=name,
            selection=Selection.ALL,
            expected=Expected(
                rate=rate, years=years, based_on=SOURCE, reason=reason, warn_posterior=WARN_POSTERIOR
            ),
            by=monitor.actor("medical_monitor"),
            reason=reason,
        )
