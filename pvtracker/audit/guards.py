"""What guards the trail, compared with this release: functions, aggregates, triggers, and what might stand before them.

Read from the catalog by `verify_audit`. Each fault is a sentence. A superuser who knows all of this can still put
everything back before anybody looks; then the comparison of rows and the anchors are what is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pvtracker.audit.protection import history, keys

SCHEMA = Path(history.__file__).with_name("schema.sql")
AGGREGATES = {"told": "jsonb_concat", "chained": "audit.linked"}  # by the function that adds one value
KEPT = {
    "entry": {"kept", "emptied"},
    "link": {"kept", "emptied"},
    "head": {"kept", "emptied"},
    "waiting": {"emptied"},
}
FUNCTION = re.compile(
    r"^create or replace function audit\.(?P<name>\w+)\(.*?\$\$(?P<body>.*?)\$\$;?$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the trail: its text, whether it runs as its owner, and the settings it brings."""

    body: str
    definer: bool
    settings: frozenset[str]


def faults(cursor: Any) -> Iterator[str]:
    """Everything that is not as this release put it."""
    yield from _functions(cursor)
    yield from _kept(cursor)
    yield from _triggers(cursor)
    yield from _detours(cursor)


def remarks(cursor: Any) -> Iterator[str]:
    """What lets data lie in the database unrecorded, and only the administrator of the server can forbid."""
    cursor.execute(
        "select proname from pg_proc p cross join lateral aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a"
        " where p.pronamespace = 'pg_catalog'::regnamespace and p.proname in ('lo_creat', 'lo_create', 'lo_from_bytea')"
        " and a.grantee = 0 order by 1"
    )
    for (name,) in cursor.fetchall():
        yield f"every login may make large objects, which no trigger sees ({name} is granted to public)."


def expected() -> dict[str, Function]:
    """The functions as `schema.sql` makes them, by name."""
    found = {}
    for match in FUNCTION.finditer(SCHEMA.read_text()):
        head = match[0][: match.start("body") - match.start()]
        settings = re.findall(
            r"\bset (\w+) = (.*?)(?=\s+set \w+ =|\s+as \$\$|\s*--|\s*$)", head, re.MULTILINE
        )
        found[match["name"]] = Function(
            body=match["body"],
            definer="security definer" in head,
            settings=frozenset(f"{name.lower()}={_bare(value)}" for name, value in settings),
        )
    return found


def _bare(value: str) -> str:
    return value.replace("'", "").replace('"', "").strip()


def _functions(cursor: Any) -> Iterator[str]:
    release = expected()
    cursor.execute(
        "select p.proname, p.prosrc, p.prosecdef, coalesce(p.proconfig, '{}'), p.proowner = n.nspowner"
        " from pg_proc p join pg_namespace n on n.oid = p.pronamespace"
        " where n.nspname = 'audit' and p.prokind <> 'a' order by p.proname"
    )
    there = set()
    for name, body, definer, settings, owned in cursor.fetchall():
        there.add(name)
        told = Function(body=body, definer=definer, settings=frozenset(_setting(one) for one in settings))
        if told != release.get(name) or not owned:
            yield f"the function audit.{name} is not the one of this release."
    for name in sorted(release.keys() - there):
        yield f"the function audit.{name} is missing."
    cursor.execute(
        "select p.proname, a.aggtransfn::text from pg_aggregate a join pg_proc p on p.oid = a.aggfnoid"
        " where p.pronamespace = 'audit'::regnamespace"
    )
    if dict(cursor.fetchall()) != AGGREGATES:
        yield "an aggregate of the schema audit is not the one of this release."


def _setting(told: str) -> str:
    name, _, value = told.partition("=")
    return f"{name.lower()}={_bare(value)}"


def _kept(cursor: Any) -> Iterator[str]:
    """The triggers that refuse to change or empty the trail itself."""
    for table, names in KEPT.items():
        cursor.execute(
            "select t.tgname from pg_trigger t where t.tgrelid = to_regclass(%s) and t.tgenabled = 'A'"
            " and t.tgqual is null and t.tgfoid = 'audit.refuse()'::regprocedure",
            [f"audit.{table}"],
        )
        for name in sorted(names - {row[0] for row in cursor.fetchall()}):
            yield f"the trigger that keeps the trail is switched off: audit.{table} {name}."


def _triggers(cursor: Any) -> Iterator[str]:
    """Every recorded table has its triggers as `protect_tables` attaches them, and no others."""
    watching = keys.watching(cursor)
    for table in history.tables(cursor):
        if not table.recorded:
            continue
        if not table.key:
            yield f"{table.name} is not recorded: it has no primary key of one column."
            continue
        there, wanted = history.attached(cursor, table.name), history.wanted(table)
        if any(there.get(name) != trigger for name, trigger in wanted.items()):
            yield f"{table.name} is not recorded: a trigger is missing or switched off, or is not of this release."
        for name in sorted(there.keys() - wanted.keys()):
            if watching.get((table.name, name)) == there[name].function.removeprefix("public."):
                continue  # keeps a key within its study
            yield f"{table.name} has a trigger that is not of this release: {name}."


def _detours(cursor: Any) -> Iterator[str]:
    """What would lead a write past the triggers, or run foreign code inside them."""
    cursor.execute(
        "select c.relname, r.rulename from pg_rewrite r join pg_class c on c.oid = r.ev_class"
        " where c.relnamespace in ('public'::regnamespace, 'audit'::regnamespace) and c.relkind = 'r' order by 1, 2"
    )
    for table, rule in cursor.fetchall():
        yield f"{table} has a rule that rewrites statements: {rule}."
    cursor.execute(
        "select format_type(castsource, null) from pg_cast where oid >= 16384"
        " and casttarget in ('json'::regtype, 'jsonb'::regtype) order by 1"
    )
    for (kind,) in cursor.fetchall():
        yield f"values of type {kind} are described by a function that is not PostgreSQL's (a cast to JSON)."
