"""The charts of a report: functions that give Vega-Lite specifications, one definition for web and paper."""

from pvtracker.reports.charts.bars import GradeCount, Share, overview, severity
from pvtracker.reports.charts.contrasts import Contrast, by_evidence
from pvtracker.reports.charts.courses import CoursePoint, course
from pvtracker.reports.charts.dot_plot import dot_plot
from pvtracker.reports.charts.enrolment import EnrolmentPoint, enrolment
from pvtracker.reports.charts.follow_up import Bin, follow_up
from pvtracker.reports.charts.style import POOLED, config, figure, nothing, styled
from pvtracker.reports.charts.volcano import volcano

__all__ = [
    "POOLED",
    "Bin",
    "Contrast",
    "CoursePoint",
    "EnrolmentPoint",
    "GradeCount",
    "Share",
    "by_evidence",
    "config",
    "course",
    "dot_plot",
    "enrolment",
    "figure",
    "follow_up",
    "nothing",
    "overview",
    "severity",
    "styled",
    "volcano",
]
