-- The audit trail of one room's database. Run by the administrator as the role that owns the schema and cannot log in,
-- at every start: everything here may be run again, and a later version adds columns with "if not exists".
--
-- entry    what was done to one row, as the trigger saw it; never changed
-- pending  entries that are not sealed yet
-- link     the chain: dense numbers, each hash over the one before and the entry
-- head     the last link, locked while links are added

create table if not exists audit.entry (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    actor text not null,
    actor_name text not null,
    role text not null,
    source text not null,
    reason text not null,
    request_id text not null,
    db_user text not null,
    study_id uuid,
    participant text,  -- whom the row is about: an id in the open room, a subject identifier in the closed one
    event text,        -- which adverse event the row belongs to
    table_name text not null,
    row_key text not null,
    operation text not null,  -- insert, update, delete; found: it was there when recording began
    old jsonb,
    new jsonb
);
create index if not exists entry_of_study on audit.entry (study_id, id);
create index if not exists entry_of_participant on audit.entry (participant, id) where participant is not null;
create index if not exists entry_of_event on audit.entry (event, id) where event is not null;

create table if not exists audit.pending (entry_id bigint primary key);
create table if not exists audit.link (
    seq bigint primary key,
    entry_id bigint not null unique,
    hash bytea not null,
    sealed_at timestamptz not null
);
create table if not exists audit.head (
    single boolean primary key default true check (single),
    seq bigint not null,
    hash bytea not null
);
insert into audit.head (seq, hash) values (0, sha256('pvtracker audit chain 1')) on conflict do nothing;

-- What is written of a value that nobody may read: whether it is there, and whether it is the same as before.
create or replace function audit.masked(described jsonb, columns text[]) returns jsonb
    language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select described || coalesce(
        (select jsonb_object_agg(name, 'sha256:' || left(encode(sha256(convert_to(described ->> name, 'UTF8')), 'hex'), 32))
         from unnest(columns) as name where described ->> name is not null), '{}')
$$;

-- The values of `one` that `other` does not have.
create or replace function audit.difference(one jsonb, other jsonb) returns jsonb
    language sql immutable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_object_agg(a.key, a.value) from jsonb_each(one) a where other -> a.key is distinct from a.value
$$;

-- One entry for each row that a statement inserted, changed or deleted.
-- Arguments of the trigger: the key column; the columns that name study, participant and event ('' where none);
-- the columns whose values are masked, and those left out, as arrays.
create or replace function audit.record() returns trigger
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    set extra_float_digits = 1
    set bytea_output = 'hex'
    set enable_nestloop = off  -- a plan made for one row must not be taken for a hundred thousand
as $$
declare
    actor text := coalesce(current_setting('pv.actor', true), '');
    actor_name text := coalesce(current_setting('pv.actor_name', true), '');
    role text := coalesce(current_setting('pv.role', true), '');
    source text := coalesce(current_setting('pv.source', true), '');
    reason text := coalesce(current_setting('pv.reason', true), '');
    request_id text := coalesce(current_setting('pv.request_id', true), '');
    masks text[] := tg_argv[4]::text[];
    hidden text[] := tg_argv[5]::text[];
    has_masks boolean := cardinality(masks) > 0;
    written bigint;
begin
    if tg_op = 'UPDATE' then
        with pairs as materialized (
            select to_jsonb(o) - hidden as was, to_jsonb(n) - hidden as became
            from old_rows o join new_rows n on to_jsonb(o) ->> tg_argv[0] = to_jsonb(n) ->> tg_argv[0]
        ), given as (
            insert into audit.entry (at, actor, actor_name, role, source, reason, request_id, db_user, study_id,
                participant, event, table_name, row_key, operation, old, new)
            select clock_timestamp(), actor, actor_name, role, source, reason, request_id,
                session_user, (p.became ->> tg_argv[1])::uuid, p.became ->> tg_argv[2], p.became ->> tg_argv[3],
                tg_table_name, p.became ->> tg_argv[0], 'update',
                case when has_masks then audit.difference(audit.masked(p.was, masks), audit.masked(p.became, masks))
                     else audit.difference(p.was, p.became) end,
                case when has_masks then audit.difference(audit.masked(p.became, masks), audit.masked(p.was, masks))
                     else audit.difference(p.became, p.was) end
            from pairs p where p.was <> p.became
            returning id
        )
        insert into audit.pending select id from given;
        get diagnostics written = row_count;
    elsif tg_op = 'INSERT' then
        with described as materialized (select to_jsonb(n) - hidden as became from new_rows n), given as (
            insert into audit.entry (at, actor, actor_name, role, source, reason, request_id, db_user, study_id,
                participant, event, table_name, row_key, operation, old, new)
            select clock_timestamp(), actor, actor_name, role, source, reason, request_id,
                session_user, (d.became ->> tg_argv[1])::uuid, d.became ->> tg_argv[2], d.became ->> tg_argv[3],
                tg_table_name, d.became ->> tg_argv[0], 'insert', null,
                case when has_masks then audit.masked(d.became, masks) else d.became end
            from described d
            returning id
        )
        insert into audit.pending select id from given;
        get diagnostics written = row_count;
    else
        with described as materialized (select to_jsonb(o) - hidden as was from old_rows o), given as (
            insert into audit.entry (at, actor, actor_name, role, source, reason, request_id, db_user, study_id,
                participant, event, table_name, row_key, operation, old, new)
            select clock_timestamp(), actor, actor_name, role, source, reason, request_id,
                session_user, (d.was ->> tg_argv[1])::uuid, d.was ->> tg_argv[2], d.was ->> tg_argv[3],
                tg_table_name, d.was ->> tg_argv[0], 'delete',
                case when has_masks then audit.masked(d.was, masks) else d.was end, null
            from described d
            returning id
        )
        insert into audit.pending select id from given;
        get diagnostics written = row_count;
    end if;
    if written > 0 and actor = '' then
        raise exception 'No actor, no write: % of % was tried without saying who acts.', lower(tg_op), tg_table_name
            using errcode = 'insufficient_privilege', hint = 'Write through an action (pvtracker/audit/context.py).';
    end if;
    return null;
end
$$;

-- Refuses; its argument says what.
create or replace function audit.refuse() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception '% is refused: %', tg_op || ' of ' || tg_table_name, tg_argv[0]
        using errcode = 'insufficient_privilege';
end
$$;

create or replace trigger kept before update or delete on audit.entry
    for each statement execute function audit.refuse('an entry of the audit trail is never changed');
create or replace trigger kept before update or delete on audit.link
    for each statement execute function audit.refuse('a link of the chain is never changed');
create or replace trigger kept before delete on audit.head
    for each statement execute function audit.refuse('the chain has one head');
create or replace trigger emptied before truncate on audit.entry
    for each statement execute function audit.refuse('the audit trail is never emptied');
create or replace trigger emptied before truncate on audit.link
    for each statement execute function audit.refuse('the audit trail is never emptied');
create or replace trigger emptied before truncate on audit.pending
    for each statement execute function audit.refuse('the audit trail is never emptied');
create or replace trigger emptied before truncate on audit.head
    for each statement execute function audit.refuse('the audit trail is never emptied');
alter table audit.entry enable always trigger kept, enable always trigger emptied;
alter table audit.link enable always trigger kept, enable always trigger emptied;
alter table audit.head enable always trigger kept, enable always trigger emptied;
alter table audit.pending enable always trigger emptied;

-- The rows of a table that was there before it was recorded. Once per table; by the owner of the tables.
create or replace function audit.adopt(name text, key text, study text, participant text, event text, rows jsonb[])
    returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    written bigint;
begin
    if exists (select from audit.entry e where e.table_name = name) then
        raise exception 'The trail tells of % already; its rows cannot be taken up a second time.', name
            using errcode = 'insufficient_privilege';
    end if;
    with given as (
        insert into audit.entry (at, actor, actor_name, role, source, reason, request_id, db_user, study_id,
            participant, event, table_name, row_key, operation, new)
        select clock_timestamp(), 'process:protect_tables', 'protect_tables', 'process', 'upgrade',
            'there before recording began', '', session_user, (r ->> study)::uuid, r ->> participant, r ->> event,
            name, r ->> key, 'found', r
        from unnest(rows) as r
        returning id
    )
    insert into audit.pending select id from given;
    get diagnostics written = row_count;
    return written;
end
$$;

-- A field of what is hashed: its length in bytes and its text, so that no two entries read alike.
create or replace function audit.field(value text) returns text
    language sql immutable
as $$ select case when value is null then '-' else octet_length(value) || ':' || value end $$;

-- Microseconds since 1970, which no session setting changes.
create or replace function audit.moment(at timestamptz) returns text
    language sql immutable
as $$ select (extract(epoch from at) * 1000000)::bigint::text $$;

-- Give numbers to at most `most` committed entries and add them to the chain; returns how many.
create or replace function audit.seal(most integer) returns bigint
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    last audit.head;
    e audit.entry;
    sealed bigint := 0;
    now_at timestamptz;
begin
    select * into last from audit.head for update;
    now_at := clock_timestamp();
    for e in
        with taken as (
            delete from audit.pending where entry_id in (select entry_id from audit.pending order by entry_id limit most)
            returning entry_id
        )
        select entry.* from audit.entry join taken on taken.entry_id = entry.id order by entry.id
    loop
        last.seq := last.seq + 1;
        last.hash := sha256(last.hash || convert_to(
            audit.field(last.seq::text) || audit.field(audit.moment(now_at)) || audit.field(e.id::text)
            || audit.field(audit.moment(e.at)) || audit.field(e.actor) || audit.field(e.actor_name)
            || audit.field(e.role) || audit.field(e.source) || audit.field(e.reason) || audit.field(e.request_id)
            || audit.field(e.db_user) || audit.field(e.study_id::text) || audit.field(e.participant)
            || audit.field(e.event) || audit.field(e.table_name) || audit.field(e.row_key) || audit.field(e.operation)
            || audit.field(e.old::text) || audit.field(e.new::text), 'UTF8'));
        insert into audit.link values (last.seq, e.id, last.hash, now_at);
        sealed := sealed + 1;
    end loop;
    if sealed > 0 then
        update audit.head set seq = last.seq, hash = last.hash;
    end if;
    return sealed;
end
$$;

-- The last state that entries tell: later values replace earlier ones.
create or replace aggregate audit.told(jsonb) (sfunc = pg_catalog.jsonb_concat, stype = jsonb);

alter table audit.entry enable row level security;
drop policy if exists own_study on audit.entry;
create policy own_study on audit.entry for select
    using (study_id is null or study_id = (select nullif(current_setting('pv.study', true), '')::uuid));
