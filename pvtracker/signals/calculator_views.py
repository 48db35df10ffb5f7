"""Closed room: the calculator, and the methods pages. Nothing of any study is read, and nothing is kept."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import mark_safe
from django.views.decorators.http import require_http_methods, require_safe

from pvtracker.lib.code_version import ROOT, code_version
from pvtracker.lib.markdown_html import html_of
from pvtracker.signals.calculator_form import ArgumentsForm, MethodForm, plain
from pvtracker.stats.calculator import told
from pvtracker.stats.calculator.arguments import meaning
from pvtracker.stats.catalogue import STATISTICS

MOST_JSON = 500_000  # characters
METHODS_FOLDER = ROOT / "docs" / "methods"


@require_http_methods(["GET", "HEAD", "POST"])
def calculator(request: HttpRequest) -> HttpResponse:
    """Choose a method, type its arguments, read its result. What is typed goes into no address, so into no log."""
    statistic = STATISTICS.get(request.GET.get("method", ""))
    context: dict[str, Any] = {"choose": MethodForm(request.GET or None), "statistic": statistic}
    status = 200
    if statistic is not None:
        form = ArgumentsForm(request.POST if request.method == "POST" else None, statistic=statistic)
        context |= {"form": form, "meaning": plain(meaning(statistic))}
        if form.is_valid():
            context |= {
                "parts": [
                    _part(part, number) for number, part in enumerate(told.parts(statistic, form.computed))
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
    pages = {statistic.page: statistic for statistic in STATISTICS.values()}
    chosen = request.GET.get("page", "")
    if not chosen:
        return render(request, "signals/methods.html", {"statistics": STATISTICS.values()})
    if chosen not in pages:
        raise Http404

    def address(target: str) -> str:
        return f"{reverse('calculator_methods')}?page={target}" if target in pages else ""

    text = (METHODS_FOLDER / chosen).read_text(encoding="utf-8")
    title, _, body = text.partition("\n")
    context = {
        "title": plain(title.lstrip("# ")),
        "body": mark_safe(html_of(body, address)),  # noqa: S308 - our own page, and all of it is escaped
        "statistics": [one for one in STATISTICS.values() if one.page == chosen],
    }
    return render(request, "signals/method.html", context)


def _json(text: str) -> str:
    return (
        text if len(text) <= MOST_JSON else "Too long for a page; the command “calculate” writes all of it."
    )


def _part(part: told.Part, number: int) -> dict[str, Any]:
    """The shape of `components/table.html`, each table with a name of its own."""
    names = ["Result", part.title, str(number + 1) if number else ""]
    return {
        "title": part.title,
        "options": ", ".join(f"{name} = {value}" for name, value in part.options.items()),
        "tables": [
            {
                "caption": " ".join([*filter(None, names), f"({position + 1})" if position else ""]).strip(),
                "columns": [{"label": name, "numeric": name in table.numeric} for name in table.columns],
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
