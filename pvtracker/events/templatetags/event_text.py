"""`{{ event.verbatim|shown }}`: free text, isolated and marked. `{{ event|grade_word }}`: the scale's own
word.
"""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from pvtracker.coding.scales import SCALES
from pvtracker.events import states
from pvtracker.events.display import shown as show
from pvtracker.events.enums import SeriousnessCriterion
from pvtracker.events.models import AdverseEvent
from pvtracker.events.snapshots import phase_in_words
from pvtracker.lib.partial_dates import spaced

register = template.Library()


@register.filter
def shown(text: str | None) -> SafeString:
    """Free text, escaped, isolated and marked."""
    return show(text or "")


@register.filter
def shown_state(event: AdverseEvent) -> str:
    """The key of the state of an event of a list."""
    return states.listed(event).value


@register.filter
def grade_word(event: AdverseEvent) -> str:
    """The word that the event's scale has for its grade."""
    scale = SCALES.get(event.scale)
    return scale.word(event.grade).lower() if scale else ""


@register.filter
def criteria_words(event: AdverseEvent) -> str:
    """The seriousness criteria as one line."""
    labels = dict(SeriousnessCriterion.choices)
    return "; ".join(str(labels.get(key, key)).lower() for key in event.criteria)


@register.filter
def moment(date: str) -> str:
    """A date as it is known, its time of day (where one was delivered) apart."""
    return spaced(date)


@register.filter
def rule_words(rule: str) -> str:
    """The name of a rule, its parts apart."""
    return rule.replace("-", " ")


@register.filter
def phase_words(event: AdverseEvent) -> str:
    """The phase of the trial, its parts apart."""
    return phase_in_words(event.phase)
