"""Closed room: the calculator, and the methods pages. Nothing of any study is read, and nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.accounts.roles import Permission
from pvtracker.lib.code_version import ROOT, code_version
from pvtracker.lib.markdown_html import html_of
from pvtracker.signals.calculator_form import ArgumentsForm, MethodForm, plain
from pvtracker.stats.calculator import told
from pvtracker.stats.calculator.arguments import meaning
from pvtracker.stats.catalogue import STATISTICS
from pvtracker.studies.pages import of_page
from pvtracker.studies.queries import study_for_any

MOST_JSON = 500_000  # characters
# Columns of a result whose name says too little, by the page of its method: in the words of the field.
HEADS = {
    "maxsprt_poisson_boundary": {
        "cases": "So many cases are a signal (cases)",
        "limit": "while no more are expected (limit)",
    },
    "maxsprt_binomial_boundary": {
        "cases": "So many cases in the arm are a signal (cases)",
        "limit": "after so many events in both arms (limit)",
    },
    "cmaxsprt_boundary": {
        "cases": "So many cases are a signal (cases)",
        "limit": "up to this time, as a multiple of the history’s follow-up (limit)",
    },
}
METHODS_FOLDER = ROOT / "docs" / "methods"


@require_http_methods(["GET", "HEAD", "POST"])
def calculator(request: HttpRequest) -> HttpResponse:
    """Choose a method, type its arguments, read its result. What is typed goes into no address, so into no log."""
    _within(request)
    statistic = STATISTICS.get(request.GET.get("method", ""))
    context: dict[str, Any] = {"choose": MethodForm(request.GET or None), "statistic": statistic}
    status = 200
    if statistic is not None:
        form = ArgumentsForm(request.POST if request.method == "POST" else None, statistic=statistic)
        context |= {"form": form, "meaning": plain(meaning(statistic))}
        if form.is_valid():
            context |= {
                "parts": [
                    _part(part, number, HEADS.get(statistic.key, {}))
                    for number, part in enumerate(told.parts(statistic, form.computed))
                ],
                "json": _json(told.as_json(statistic, form.computed)),
                "version": code_version(),
            }
        elif form.is_bound:
            status = 422
    return render(request, "signals/calculator.html", context, status=status)


@require_safe
def calculator_methods(request: HttpRequest) -> HttpResponse:
    """The methods page of the statistics, one of `docs/methods`; all their names where none is chosen."""
    _within(request)
    pages = {statistic.page: statistic for statistic in STATISTICS.values()}
    chosen = request.GET.get("page", "")
    if not chosen:
        return render(request, "signals/methods.html", {"statistics": STATISTICS.values()})
    if chosen not in pages:
        raise Http404

    def address(target: str) -> str:
        query = request.GET.copy()
        query["page"] = target
        return f"{reverse('calculator_methods')}?{query.urlencode()}" if target in pages else ""

    text = (METHODS_FOLDER / chosen).read_text(encoding="utf-8")
    title, _, body = text.partition("\n")
    context = {
        "title": plain(title.lstrip("# ")),
        "body": mark_safe(html_of(body, address)),  # noqa: S308 - our own page, and all of it is escaped
        "statistics": [one for one in STATISTICS.values() if one.page == chosen],
    }
    return render(request, "signals/method.html", context)


def _within(request: HttpRequest) -> None:
    """The study that the person came from, so that its pages stay at hand; nothing of it is read."""
    if code := request.GET.get("study", ""):
        with suppress(Http404):
            of_page(request, study_for_any(request.user, code, list(Permission)))


def _json(text: str) -> str:
    return (
        text if len(text) <= MOST_JSON else "Too long for a page; the command “calculate” writes all of it."
    )


def _part(part: told.Part, number: int, heads: Mapping[str, str]) -> dict[str, Any]:
    """The shape of `components/table.html`, each table with a name of its own."""
    names = ["Result", part.title, str(number + 1) if number else ""]
    return {
        "title": part.title,
        "options": ", ".join(f"{name} = {value}" for name, value in part.options.items()),
        "tables": [
            {
                "caption": " ".join([*filter(None, names), f"({position + 1})" if position else ""]).strip(),
                "columns": [
                    {"label": heads.get(name, name), "numeric": name in table.numeric}
                    for name in table.columns
                ],
                "rows": [
                    {
                        "cells": [
                            {"text": text, "numeric": name in table.numeric}
                            for name, text in zip(table.columns, row, strict=True)
                        ]
                    }
                    for row in table.rows
                ],
                "note": table.more,
                "empty": "The result has no row.",
            }
            for position, table in enumerate(part.tables)
        ],
    }
