"""URL × person in one room: the rules, the people, and one pass over every address by everybody. Run in each room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.http import HttpResponse
from django.urls import get_resolver

from pvtracker.accounts.models import Account
from pvtracker.accounts.roles import ROLES, Permission, Role, roles_of
from pvtracker.audit.context import within
from pvtracker.studies.models import Site, Study
from tests.architecture.asking import Browser, outcome
from tests.architecture.rooms import OWN_SIGN_IN
from tests.architecture.walkers import url_names
from tests.people import account, administrator, make_ready, member

# Who is answered, besides whoever has a permission.
PUBLIC = "everybody, signed in or not"
ANYBODY = "everybody with an account"
MEMBERS = "everybody with a role in the study"
CLIENT = "a sponsor's API client"
NO = "no such method"
DOOR = "everybody, and shown the door"
OWN = "one's own sign-in, which is tested where it is; here only that it does not fail"
METHODS = ("get", "post")
# No study is behind the blanks of these; tests/open/members asks the first three, the doors' tests the others.
SOMEWHERE_ELSE = {
    "join",
    "account_detail",
    "account_step",
    "reset_ask",
    "reset_decide",
    "client_end",
    "openid_connect_login",
    "openid_connect_callback",
}
ANONYMOUS = "anonymous"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is answered to GET and to POST: permissions (any) or words from above. `at_site`: at one's own site only."""

    get: str
    post: str
    at_site: bool = False


# Addresses that both rooms have, and answer alike.
OF_BOTH_ROOMS = {
    "home": Rule(ANYBODY, NO),
    "components": Rule(ANYBODY, NO),
    "health": Rule(PUBLIC, NO),
    "sign_in": Rule(PUBLIC, PUBLIC),
    "sign_out": Rule(NO, DOOR),
    "end_session": Rule(OWN, OWN),
    "openid_connect_login": Rule(OWN, OWN),
    "openid_connect_callback": Rule(OWN, OWN),
    "ready": Rule(ANYBODY, ANYBODY),
    "join": Rule(PUBLIC, PUBLIC),
    "job": Rule(MEMBERS, NO),
    "accounts": Rule("manage_accounts", NO),
    "account_invite": Rule("manage_accounts", "manage_accounts"),
    "account_detail": Rule("manage_accounts", NO),
    "account_step": Rule("manage_accounts", "manage_accounts"),
    "resets": Rule("manage_accounts", NO),
    "reset_ask": Rule("manage_accounts", "manage_accounts"),
    "reset_decide": Rule("manage_accounts", "manage_accounts"),
    "people_reset": Rule("approve_members", "approve_members"),
    "people": Rule("approve_members", NO),
    "people_propose": Rule("manage_members", "manage_members"),
    "people_review": Rule("manage_members", "manage_members"),
    "people_end": Rule("manage_members", "manage_members"),
    "people_decide": Rule("approve_members", "approve_members"),
    "looks": Rule("read_audit", NO),
    "trail": Rule("read_audit", NO),
    "trail_review": Rule("read_audit", NO),
    "system_trail": Rule("manage_accounts", NO),
}


@dataclass(frozen=True, slots=True)
class Known:
    """A study with one object behind every blank that an address of this room can have."""

    study: Study
    ids: dict[str, object]  # by the name of the blank
    said: dict[str, object] = field(
        default_factory=dict
    )  # what fields of forms take, by kind (architecture/fields.py)


def blanks(pattern: str) -> list[str]:
    """Names of the blanks of a pattern, without that of the study's code."""
    return [name for name in re.findall(r"<(?:\w+:)?(\w+)>", pattern) if name != "code"]


def filled(pattern: str, code: str, ids: dict[str, object]) -> str:
    """The address; a blank that nobody has an id for fails here: add it to the room's Known."""

    def fill(found: re.Match[str]) -> str:
        return code if found[1] == "code" else str(ids[found[1]])

    return re.sub(r"<(?:\w+:)?(\w+)>", fill, pattern)


def patterns() -> Iterator[tuple[str, str]]:
    """Name and pattern of every address of this room, each address once."""
    seen = set()
    for name, pattern in url_names(get_resolver()):
        if pattern not in seen:
            seen.add(pattern)
            yield name, pattern


def expected(rule: Rule, method: str, role: str, *, own_study: bool, own_site: bool) -> set[str]:
    """What this role may get. An address without the method may refuse first, whichever comes first."""
    who = rule.get if method == "get" else rule.post
    if who == OWN:
        return {"answered", "sign in", "refused", "no such method"}
    if who == DOOR:
        return {"sign in"}
    if role == ANONYMOUS:
        words = {"answered"} if who == PUBLIC else {"sign in"}
        return words | ({"no such method"} if who == NO else set())
    if who == NO:
        return {"no such method", "refused"} | ({"sign in"} if CLIENT in (rule.get, rule.post) else set())
    if who in (PUBLIC, ANYBODY):
        return {"answered"}
    if who == CLIENT:
        return {"sign in"}
    if who == MEMBERS:
        return {"answered"} if own_study and role in ROLES and ROLES[role].scope != "system" else {"refused"}
    held = role in ROLES and bool({Permission(one) for one in who.split()} & ROLES[role].permissions)
    system = held and ROLES[role].scope == "system"
    return (
        {"answered"} if held and (system or (own_study and (own_site or not rule.at_site))) else {"refused"}
    )


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of the matrix: a role, in this study or another, at the site of the objects or another."""

    role: str
    account: Account | None
    own_study: bool = True
    own_site: bool = True


@dataclass(slots=True)
class Place:
    """Two studies of a room with full data each, and everybody who might ask for something of the first."""

    own: Known
    other: Known
    rules: dict[str, Rule]
    people: list[Person]
    session: dict[str, object] = field(default_factory=dict)  # what everybody said before
    browsers: list[Browser] = field(default_factory=list)
    _answers: dict[tuple[str, str, int, str], HttpResponse] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.browsers = [Browser(person.account, self.session) for person in self.people]

    def answers(self) -> dict[tuple[str, str, int, str], HttpResponse]:
        """One pass: name and pattern of each address, with the own study's ids, number of each person, method."""
        if not self._answers:
            for name, pattern in patterns():
                url = filled(pattern, self.own.study.code, self.own.ids)
                for number, browser in enumerate(self.browsers):
                    for method in METHODS:
                        self._answers[name, pattern, number, method] = browser.ask(method, url)
        return self._answers

    def at_site(self, number: int) -> bool:
        """Does this person work at one site only?"""
        role = self.people[number].role
        return role in ROLES and ROLES[role].scope == "site"

    def insiders(self) -> list[int]:
        """Numbers of the people of the own study, at the site of its objects; of the system; and of nobody."""
        return [n for n, person in enumerate(self.people) if person.own_study and person.own_site]


def everybody(own: Study, other: Study, room: str) -> list[Person]:
    """Each role of the room, where a role has a site at site 01 and at site 02, in both studies; strangers; nobody."""
    people = [Person(ANONYMOUS, None), Person("a stranger", make_ready(account("stranger")), own_study=False)]
    for key, role in roles_of(room).items():
        if role.scope == "system":
            people.append(Person(key, administrator()))
            continue
        people.append(Person(key, member(own, key, site=_site(own, role, "01"))))
        people.append(Person(key, member(other, key, site=_site(other, role, "01")), own_study=False))
        if role.scope == "site":
            people.append(Person(key, member(own, key, site=_site(own, role, "02")), own_site=False))
    return people


def _site(study: Study, role: Role, code: str) -> Site | None:
    if role.scope != "site":
        return None
    with within(study.id):
        return study.sites.get(code=code)


def faults_of_matrix(place: Place) -> list[str]:
    """Every address × person × method whose answer is of another class than its rule says."""
    rules = place.rules | {name: Rule(OWN, OWN) for name in OWN_SIGN_IN}
    found = [
        f"{name} ({pattern}) is not classified; give it a rule"
        for name, pattern in patterns()
        if name not in rules
    ]
    for (name, pattern, number, method), answer in place.answers().items():
        person = place.people[number]
        if name not in rules:
            continue
        wanted = expected(
            rules[name], method, person.role, own_study=person.own_study, own_site=person.own_site
        )
        if (got := outcome(answer)) not in wanted:
            whose = "" if person.own_study else " of another study"
            where = "" if person.own_site else " of another site"
            found.append(
                f"{method} {pattern}: {person.role}{whose}{where} is {got}, not {' or '.join(sorted(wanted))}"
            )
    return found
