"""The forms and parameters of a room: as its pages show them to people, and as the code asks for them."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urlsplit

from django.urls import Resolver404, resolve

from tests.architecture.matrix import Place, filled
from tests.architecture.walkers import modules

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# What lists are narrowed by: tried on every page, whether the page offers it to this person or not.
IN_QUERIES = ("event", "participant", "q", "site")
# What makes a field in the body of a form.
MAKERS = re.compile(r"(forms\.)?\w+Field|words|line|reason_field|_code|_password")
ASKS = re.compile(r"(request\.(GET|POST)|self\.fields)(\.get|\.getlist|\.pop)?")


@dataclass(slots=True)
class Shown:
    """A form as a page shows it: where it goes and what a browser would send."""

    method: str
    action: str
    sent: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=dict)  # of each field, all that a person could choose
    offered: bool = True  # False: parameters that are tried on a page though it offers no such form


class _Forms(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.url, self.found, self.links = url, [], []
        self.form: Shown | None = None
        self.open: str = ""  # name of the select or text area that is being read

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attributes}
        if tag == "a" and "?" in told.get("href", ""):
            self.links.append(told["href"])
        if tag == "form":
            self.form = Shown(told.get("method", "get").lower(), told.get("action") or self.url)
            self.found.append(self.form)
        if self.form is None:
            return
        name = told.get("name", "") if tag != "option" else self.open
        if tag == "button" and "formaction" in told:
            other = Shown("post", told["formaction"], self.form.sent, self.form.names, self.form.values)
            self.found.append(other)
        if not name or tag not in ("input", "select", "textarea", "option", "button"):
            return
        self.form.names.add(name)
        values = self.form.values.setdefault(name, set())
        if tag in ("input", "option", "button"):
            values.add(told.get("value", ""))
        kind = told.get("type", "text")
        typed = (
            self.form.method == "post"
        )  # a person fills in what is empty; a list is asked for as it stands
        if tag in ("select", "textarea"):
            self.open = name
            if tag == "textarea":
                self.form.sent[name] = "test" if typed else ""
        elif tag == "option":
            if "selected" in told or name not in self.form.sent or (typed and not self.form.sent[name]):
                self.form.sent[name] = told.get("value", "")
        elif (
            tag == "input"
            and kind not in ("checkbox", "button", "submit", "reset")
            and (kind != "radio" or "checked" in told or name not in self.form.sent)
        ):
            filler = "2026-03-31" if kind == "date" or name.endswith(("_on", "onset", "up_to")) else "test"
            self.form.sent[name] = told.get("value", "") or (filler if typed else "")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("select", "textarea"):
            self.open = ""
        if tag == "form":
            self.form = None


def plain(name: str) -> str:
    """The name of a field without the id in it, and without the name, and the number, of its form."""
    return re.sub(r"^(?!m-)[a-z]+-(\d+-)?", "", ID.sub("*", name))


def read_in_code() -> set[str]:
    """Every name that code asks a query or a body for, and every field of a form."""
    found: set[str] = set()
    for _, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef) and any("Form" in ast.unparse(base) for base in node.bases):
                found |= _fields(node)
            elif isinstance(node, ast.Subscript) and ASKS.fullmatch(ast.unparse(node.value)):
                found |= _named(node.slice)
            elif isinstance(node, ast.Call) and node.args and ASKS.fullmatch(ast.unparse(node.func)):
                found |= _named(node.args[0])
    return found


def _fields(form: ast.ClassDef) -> set[str]:
    return {
        target.id
        for line in form.body
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Call)
        if MAKERS.fullmatch(ast.unparse(line.value.func))
        for target in line.targets
        if isinstance(target, ast.Name)
    }


def _named(key: ast.expr) -> set[str]:
    if isinstance(key, ast.Constant) and isinstance(key.value, str):
        return {key.value}
    if isinstance(key, ast.JoinedStr):
        return {"".join(str(part.value) if isinstance(part, ast.Constant) else "*" for part in key.values)}
    return set()


@dataclass(frozen=True, slots=True)
class Seen:
    """A form that somebody was shown, by the name of the address that it goes to."""

    goes_to: str
    number: int
    form: Shown


def shown(place: Place) -> list[Seen]:
    """The forms, and the links with a query, of every page that people of the own study are let into.

    The samples on the page of components are made up and go nowhere.
    """
    found: list[Seen] = []
    for (name, pattern, number, method), answer in place.answers().items():
        if (
            name == "components"
            or method != "get"
            or answer.status_code != 200
            or number not in place.insiders()
            or answer.streaming
        ):
            continue
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        url = filled(pattern, place.own.study.code, place.own.ids)
        page = _Forms(url)
        page.feed(answer.content.decode())
        for link in page.links:
            query = dict(parse_qsl(urlsplit(link).query))
            page.found.append(
                Shown(
                    "get", urlsplit(link).path or url, query, set(query), {n: {v} for n, v in query.items()}
                )
            )
        page.found.append(Shown("get", url, names=set(IN_QUERIES), offered=False))
        for form in page.found:
            try:
                found.append(Seen(resolve(urlsplit(form.action).path).url_name or "", number, form))
            except Resolver404:
                found.append(Seen("", number, form))
    return found
