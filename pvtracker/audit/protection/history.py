"""The audit trail's triggers on every table of the room, and what the room's login may still do to each.

The functions and tables of the trail belong to a role that cannot log in (`schema.sql`, put there by the launcher).
The owner of the room's tables can attach them; only the owner or the administrator can take them off, and
`verify_audit` names a row that was changed in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pvtracker.audit.protection.rows import unforced
from pvtracker.audit.tables import (
    APPEND_ONLY,
    DELETABLE,
    EVENT_COLUMNS,
    EVENT_TABLE,
    LEFT_OUT,
    MASKED,
    PARTICIPANT_COLUMNS,
    PARTICIPANT_TABLE,
    READ_ONLY,
    STUDY_TABLE,
    UNRECORDED,
)

TRIGGERS = ("pv_recorded_insert", "pv_recorded_update", "pv_recorded_delete", "pv_key", "pv_emptied")
ONLY_ADDED = "pv_only_added"
KEY_STAYS = "the key of a row never changes"
NEVER_EMPTIED = "a recorded table is never emptied"
NEVER_CHANGED = "its rows are added, never changed or removed"
READER = "pv_sealer"  # the policy by which the sealer's login reads every study's rows, to compare them


@dataclass(frozen=True, slots=True)
class Table:
    """A table as the trail sees it."""

    name: str
    columns: frozenset[str]
    key: str  # '' where the primary key is not one column

    @property
    def study(self) -> str:
        return self.key if self.name == STUDY_TABLE else "study_id" if "study_id" in self.columns else ""

    @property
    def participant(self) -> str:
        own = self.key if self.name == PARTICIPANT_TABLE else ""
        return own or next((column for column in PARTICIPANT_COLUMNS if column in self.columns), "")

    @property
    def event(self) -> str:
        own = self.key if self.name == EVENT_TABLE else ""
        return own or next((column for column in EVENT_COLUMNS if column in self.columns), "")

    @property
    def masked(self) -> list[str]:
        return sorted(self.columns & MASKED.get(self.name, {}).keys())

    @property
    def left_out(self) -> list[str]:
        return sorted(self.columns & LEFT_OUT.get(self.name, {}).keys())

    @property
    def recorded(self) -> bool:
        return self.name not in UNRECORDED


def apply(cursor: Any) -> None:
    """Attach the triggers and set the rights; run as the owner of the schema, as often as one likes."""
    for table in tables(cursor):
        if table.recorded and not table.key:
            raise RuntimeError(f"{table.name} cannot be recorded: its primary key must be one column.")
        if table.recorded:
            _record(cursor, table)
        else:
            for trigger in TRIGGERS:  # of a release in which it was recorded
                cursor.execute(f'drop trigger if exists {trigger} on public."{table.name}"')
        _only_added(cursor, table)
        _grant(cursor, table)


def tables(cursor: Any) -> list[Table]:
    """Every table of the schema, by name."""
    cursor.execute(TABLES)
    return [
        Table(name=name, columns=frozenset(columns), key=key[0] if len(key) == 1 else "")
        for name, columns, key in cursor.fetchall()
    ]


@dataclass(frozen=True, slots=True)
class Trigger:
    """How a trigger is attached: when it fires, for which columns, on what condition, and what it runs with."""

    kind: int  # PostgreSQL's bits: for each row or statement, before or after, which operations
    enabled: str
    columns: tuple[str, ...]
    conditional: bool
    function: str
    arguments: tuple[str, ...]


ROW, BEFORE, INSERT, DELETE, UPDATE, TRUNCATE = 1, 2, 4, 8, 16, 32


def wanted(table: Table) -> dict[str, Trigger]:
    """The triggers of a recorded table, as `apply` attaches them."""
    told = {"columns": (), "conditional": False, "function": "audit.record()", "arguments": _arguments(table)}
    found = {
        name: Trigger(kind=kind, enabled="A", **told)  # type: ignore[arg-type]
        for name, kind in zip(TRIGGERS[:3], (INSERT, UPDATE, DELETE), strict=True)
    }
    refusals = [
        ("pv_key", ROW | BEFORE | UPDATE, KEY_STAYS),
        ("pv_emptied", BEFORE | TRUNCATE, NEVER_EMPTIED),
    ]
    if table.name in APPEND_ONLY:
        refusals.append((ONLY_ADDED, BEFORE | UPDATE | DELETE, NEVER_CHANGED))
    for name, kind, sentence in refusals:
        keyed = name == "pv_key"
        found[name] = Trigger(
            kind=kind,
            enabled="A",
            columns=(table.key,) if keyed else (),
            conditional=keyed,
            function="audit.refuse()",
            arguments=(sentence,),
        )
    return found


def attached(cursor: Any, table: str) -> dict[str, Trigger]:
    """The triggers that a table has, but for those behind its foreign keys."""
    cursor.execute(ATTACHED, [f'public."{table}"'])
    return {
        name: Trigger(
            kind=kind,
            enabled=enabled,
            columns=tuple(columns),
            conditional=conditional,
            function=function,
            arguments=tuple(bytes(arguments).decode().split("\0")[:-1]),
        )
        for name, kind, enabled, columns, conditional, function, arguments in cursor.fetchall()
    }


def _firing(cursor: Any, table: str) -> set[str]:
    """Names of the triggers of ours that fire in every session."""
    return {
        name
        for name, trigger in attached(cursor, table).items()
        if trigger.enabled == "A" and trigger.function.startswith("audit.")
    }


def _arguments(table: Table) -> tuple[str, ...]:
    """What `audit.record` is told of the table."""
    return (
        table.key,
        table.study,
        table.participant,
        table.event,
        _array(table.masked),
        _array(table.left_out),
    )


def _record(cursor: Any, table: Table) -> None:
    name, key = f'public."{table.name}"', f'"{table.key}"'
    new = not {"pv_recorded_insert"} & _firing(cursor, table.name)
    told = ", ".join(_literal(argument) for argument in _arguments(table))
    for operation, seen in (
        ("insert", "new table as new_rows"),
        ("update", "old table as old_rows new table as new_rows"),
        ("delete", "old table as old_rows"),
    ):
        cursor.execute(
            f"create or replace trigger pv_recorded_{operation} after {operation} on {name}"
            f" referencing {seen} for each statement execute function audit.record({told})"
        )
    cursor.execute(
        f"create or replace trigger pv_key before update of {key} on {name} for each row"
        f" when (old.{key} is distinct from new.{key})"
        f" execute function audit.refuse({_literal(KEY_STAYS)})"
    )
    cursor.execute(
        f"create or replace trigger pv_emptied before truncate on {name} for each statement"
        f" execute function audit.refuse({_literal(NEVER_EMPTIED)})"
    )
    for trigger in TRIGGERS:
        cursor.execute(f"alter table {name} enable always trigger {trigger}")
    if new:
        _adopt(cursor, table)


def _adopt(cursor: Any, table: Table) -> None:
    """Take up the rows that were there before recording began, so that the trail tells every row."""
    name = f'public."{table.name}"'
    with unforced(cursor, table.name):
        cursor.execute(f"select exists(select from {name})")  # noqa: S608 - names of the catalog
        if cursor.fetchone()[0]:
            cursor.execute("set local timezone = 'UTC'")
            given = [table.name, table.key, table.study, table.participant, table.event]
            rows = f"select array_agg({described(table)}) from {name} as t"  # noqa: S608 - names of the catalog
            cursor.execute(f"select audit.adopt(%s, %s, %s, %s, %s, ({rows}))", given)


def described(table: Table) -> str:
    """SQL for a row `t` of the table as the trail describes it: without what is left out, with masks."""
    row = "to_jsonb(t)"
    for column in table.left_out:
        row += f" - {_literal(column)}"
    if not table.masked:
        return row
    masks = ", ".join(
        f"{_literal(column)}, 'sha256:' || left(encode(sha256(convert_to(to_jsonb(t) ->> {_literal(column)},"
        " 'UTF8')), 'hex'), 32)"
        for column in table.masked
    )
    # a value that is not there stays null on both sides, and nulls are dropped from the masks only
    return f"({row}) || jsonb_strip_nulls(jsonb_build_object({masks}))"


def _only_added(cursor: Any, table: Table) -> None:
    name = f'public."{table.name}"'
    if table.name not in APPEND_ONLY:
        cursor.execute(f"drop trigger if exists {ONLY_ADDED} on {name}")
        return
    cursor.execute(
        f"create or replace trigger {ONLY_ADDED} before update or delete on {name} for each statement"
        f" execute function audit.refuse({_literal(NEVER_CHANGED)})"
    )
    cursor.execute(f"alter table {name} enable always trigger {ONLY_ADDED}")


def _grant(cursor: Any, table: Table) -> None:
    """What the room's login may do to the table, and that the sealer's login may read it."""
    name = f'public."{table.name}"'
    sealers = _names(cursor, SEALERS)
    for login in _names(cursor, LOGINS, [name]):
        if login not in sealers:
            cursor.execute(f'revoke all on {name} from "{login}"')
            cursor.execute(f'grant {", ".join(rights(table))} on {name} to "{login}"')
    for sealer in sealers:
        cursor.execute(f'grant usage on schema public to "{sealer}"')
        cursor.execute(f"drop policy if exists {READER} on {name}")
        cursor.execute(f'revoke all on {name} from "{sealer}"')
        if table.recorded:
            cursor.execute(f'grant select on {name} to "{sealer}"')
            cursor.execute(f'create policy {READER} on {name} for select to "{sealer}" using (true)')


def rights(table: Table) -> list[str]:
    """What the room's login may do: read, and write no more than the code ever does."""
    if table.name in READ_ONLY:
        return ["select"]
    if table.name in APPEND_ONLY:
        return ["select", "insert"]
    if table.recorded and table.name not in DELETABLE:
        return ["select", "insert", "update"]
    return ["select", "insert", "update", "delete"]


def _names(cursor: Any, statement: str, values: list[Any] | None = None) -> list[str]:
    cursor.execute(statement, values)
    return sorted(row[0] for row in cursor.fetchall())


def _array(names: list[str]) -> str:
    return "{" + ",".join(f'"{name}"' for name in names) + "}"


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


TABLES = """
select c.relname,
       array(select a.attname::text from pg_attribute a
             where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped),
       coalesce((select array_agg(a.attname::text) from pg_index i join pg_attribute a
                 on a.attrelid = c.oid and a.attnum = any(i.indkey) where i.indrelid = c.oid and i.indisprimary), '{}')
from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by c.relname
"""
ATTACHED = """
select t.tgname, t.tgtype, t.tgenabled::text,
       array(select a.attname::text from unnest(t.tgattr::int2[]) with ordinality k(number, place)
             join pg_attribute a on a.attrelid = t.tgrelid and a.attnum = k.number order by k.place),
       t.tgqual is not null, n.nspname || '.' || p.proname || '()', t.tgargs
from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
where t.tgrelid = to_regclass(%s) and not t.tgisinternal
"""
# Who holds a right on a table without owning it.
LOGINS = """
select distinct r.rolname from pg_class c cross join lateral aclexplode(c.relacl) a join pg_roles r on r.oid = a.grantee
where c.oid = to_regclass(%s) and a.grantee <> c.relowner
"""
SEALERS = """
select r.rolname from pg_proc p cross join lateral aclexplode(p.proacl) a join pg_roles r on r.oid = a.grantee
where p.pronamespace = 'audit'::regnamespace and p.proname = 'seal' and a.grantee <> p.proowner
"""
