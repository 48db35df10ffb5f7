-- The audit trail of one room's database. Run by the administrator as the role that owns the schema and cannot log in,
-- at every start: everything here may be run again, and a later version adds columns with "if not exists".
--
-- entry    what was done to one row, as the trigger saw it; never changed
-- waiting  entries that are not sealed yet, the numbers of up to a thousand in a row: one by one they would cost as much
--          as a quarter of recording them
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
-- What is anchored at once (audit.tables.WEIGHTY), so that the sealer finds it behind a mass of others.
create index if not exists entry_that_weighs on audit.entry (id)
    where table_name = any (array['accounts_signature', 'signatures_signature', 'reports_reportrecord']);

create table if not exists audit.waiting (
    id bigint generated always as identity primary key,
    amount integer not null,
    entries bigint[] not null
);
create table if not exists audit.link (
    seq bigint primary key,
    entry_id bigint not null unique,
    hash bytea not null,
    sealed_at timestamptz not null
);
do $$ begin  -- an earlier release had a row for each entry that waits
    if to_regclass('audit.pending') is not null then
        insert into audit.waiting (amount, entries)
        select count(*), array_agg(entry_id) from audit.pending group by entry_id / 1000 order by min(entry_id);
        drop table audit.pending;
    end if;
end $$;
create table if not exists audit.head (
    single boolean primary key default true check (single),
    seq bigint not null,
    hash bytea not null
);
insert into audit.head (seq, hash) values (0, sha256('pvtracker audit chain 1')) on conflict do nothing;

-- What is written of a value that nobody may read: whether it is there, and whether it is the same as before.
-- Like every function below without a path of its own, it is called only by those that have one.
create or replace function audit.masked(described jsonb, columns text[]) returns jsonb
    language sql immutable
as $$
    select described || coalesce(
        (select jsonb_object_agg(name, 'sha256:' || left(encode(sha256(convert_to(described ->> name, 'UTF8')), 'hex'), 32))
         from unnest(columns) as name where described ->> name is not null), '{}')
$$;
drop function if exists audit.difference(jsonb, jsonb);  -- of an earlier release

-- A statement that changed many rows is recorded by statements made for its table (the three functions below): they
-- compare columns, and describe only those that differ, where the way for few rows describes each row twice.
-- First: whether a column differs between the rows o and n. Values of the types named here are equal exactly where their
-- descriptions in JSON are; of any other type the descriptions are compared.
create or replace function audit.differs(name text, kind oid, collation_of oid) returns text
    language sql stable
as $$
    select format(
        case when kind in ('boolean'::regtype, 'smallint'::regtype, 'integer'::regtype, 'bigint'::regtype,
                           'double precision'::regtype, 'uuid'::regtype, 'date'::regtype,
                           'timestamp with time zone'::regtype)
                  or kind in ('text'::regtype, 'character varying'::regtype)
                     and (select collisdeterministic from pg_collation where oid = collation_of)
             then 'o.%1$I is distinct from n.%1$I'
             else 'coalesce(to_jsonb(o.%1$I), ''null'') <> coalesce(to_jsonb(n.%1$I), ''null'')' end, name)
$$;

-- The statement that tells which columns of a table differ in any of the rows that a statement changed.
create or replace function audit.differing(changed oid, key text) returns text
    language sql stable
as $$
    select format('select array_remove(array[%s]::text[], null) from old_rows o join new_rows n using (%I)',
        string_agg(format('case when bool_or(%s) then %L end',
            audit.differs(attname, atttypid, attcollation), attname), ', ' order by attnum), key)
    from pg_attribute where attrelid = changed and attnum > 0 and not attisdropped and attname <> key
$$;

-- The statement that records those columns, each in the rows in which it differs, and nothing of rows that stay.
create or replace function audit.recording(
    changed oid, columns text[], key text, study text, participant text, event text
) returns text
    language sql stable
as $$
    select format(
        'with given as (
            insert into audit.entry (at, actor, actor_name, role, source, reason, request_id, db_user, study_id,
                participant, event, table_name, row_key, operation, old, new)
            select clock_timestamp(), $1, $2, $3, $4, $5, $6, session_user, %1$s, %2$s, %3$s,
                $7, n.%4$I::text, ''update'', %5$s, %6$s
            from old_rows o join new_rows n using (%4$I) where %7$s
            returning id
        )
        insert into audit.waiting (amount, entries) select count(*), array_agg(id) from given group by id / 1000',
        case study when '' then 'null' else format('n.%I', study) end,
        case participant when '' then 'null' else format('n.%I::text', participant) end,
        case event when '' then 'null' else format('n.%I::text', event) end,
        key,
        string_agg(format(told, differs, name, 'o'), ' || '),
        string_agg(format(told, differs, name, 'n'), ' || '),
        string_agg(differs, ' or '))
    from (select attname as name, audit.differs(attname, atttypid, attcollation) as differs,
              case when cardinality(columns) = 1 then 'jsonb_build_object(%2$L, %3$s.%2$I)'  -- where it differs
                   else 'case when %1$s then jsonb_build_object(%2$L, %3$s.%2$I) else ''{}'' end' end as told
          from pg_attribute where attrelid = changed and attname = any(columns)) of_table
$$;

-- One entry for each row that a statement inserted, changed or deleted.
-- Arguments of the trigger: the key column; the columns that name study, participant and event ('' where none);
-- the columns whose values are masked, and those left out, as arrays.
-- "offset 0": a row is described once, not once for each time that its description is used.
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
    has_hidden boolean := cardinality(hidden) > 0;
    few constant integer := 40;  -- rows that are compared in the time that making the statement for their table takes
    many boolean := false;
    differ text[];
    written bigint := 0;
begin
    if tg_op = 'UPDATE' and not has_masks and not has_hidden then  -- of itself: after a delete there are no new rows
        many := (select count(*) > few from (select from new_rows limit few + 1) as counted);
    end if;
    if many then
        execute audit.differing(tg_relid, tg_argv[0]) into differ;
        if cardinality(differ) > 0 then
            execute audit.recording(tg_relid, differ, tg_argv[0], tg_argv[1], tg_argv[2], tg_argv[3])
                using actor, actor_name, role, source, reason, request_id, tg_table_name;
            get diagnostics written = row_count;
        end if;
    elsif tg_op = 'UPDATE' then
        with given as (
            insert into audit.entry (at, actor, actor_name, role, source, reason, request_id, db_user, study_id,
                participant, event, table_name, row_key, operation, old, new)
            select clock_timestamp(), actor, actor_name, role, source, reason, request_id,
                session_user, (n.became ->> tg_argv[1])::uuid, n.became ->> tg_argv[2], n.became ->> tg_argv[3],
                tg_table_name, n.became ->> tg_argv[0], 'update', changed.old, changed.new
            from (select case when has_masks then audit.masked(to_jsonb(o) - hidden, masks)
                              when has_hidden then to_jsonb(o) - hidden else to_jsonb(o) end as was
                  from old_rows o offset 0) o
            join (select case when has_masks then audit.masked(to_jsonb(n) - hidden, masks)
                              when has_hidden then to_jsonb(n) - hidden else to_jsonb(n) end as became
                  from new_rows n offset 0) n on n.became ->> tg_argv[0] = o.was ->> tg_argv[0]
            cross join lateral (
                select jsonb_object_agg(a.key, a.value) as old, jsonb_object_agg(a.key, n.became -> a.key) as new
                from jsonb_each(o.was) a where a.value is distinct from n.became -> a.key) changed
            where o.was <> n.became
            returning id
        )
        insert into audit.waiting (amount, entries) select count(*), array_agg(id) from given group by id / 1000;
        get diagnostics written = row_count;
    elsif tg_op = 'INSERT' then
        with given as (
            insert into audit.entry (at, actor, actor_name, role, source, reason, request_id, db_user, study_id,
                participant, event, table_name, row_key, operation, old, new)
            select clock_timestamp(), actor, actor_name, role, source, reason, request_id,
                session_user, (n.became ->> tg_argv[1])::uuid, n.became ->> tg_argv[2], n.became ->> tg_argv[3],
                tg_table_name, n.became ->> tg_argv[0], 'insert', null, n.became
            from (select case when has_masks then audit.masked(to_jsonb(n) - hidden, masks)
                              when has_hidden then to_jsonb(n) - hidden else to_jsonb(n) end as became
                  from new_rows n offset 0) n
            returning id
        )
        insert into audit.waiting (amount, entries) select count(*), array_agg(id) from given group by id / 1000;
        get diagnostics written = row_count;
    else
        with given as (
            insert into audit.entry (at, actor, actor_name, role, source, reason, request_id, db_user, study_id,
                participant, event, table_name, row_key, operation, old, new)
            select clock_timestamp(), actor, actor_name, role, source, reason, request_id,
                session_user, (o.was ->> tg_argv[1])::uuid, o.was ->> tg_argv[2], o.was ->> tg_argv[3],
                tg_table_name, o.was ->> tg_argv[0], 'delete', o.was, null
            from (select case when has_masks then audit.masked(to_jsonb(o) - hidden, masks)
                              when has_hidden then to_jsonb(o) - hidden else to_jsonb(o) end as was
                  from old_rows o offset 0) o
            returning id
        )
        insert into audit.waiting (amount, entries) select count(*), array_agg(id) from given group by id / 1000;
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
create or replace trigger emptied before truncate on audit.waiting
    for each statement execute function audit.refuse('the audit trail is never emptied');
create or replace trigger emptied before truncate on audit.head
    for each statement execute function audit.refuse('the audit trail is never emptied');
alter table audit.entry enable always trigger kept, enable always trigger emptied;
alter table audit.link enable always trigger kept, enable always trigger emptied;
alter table audit.head enable always trigger kept, enable always trigger emptied;
alter table audit.waiting enable always trigger emptied;

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
    ), noted as (
        insert into audit.waiting (amount, entries) select count(*), array_agg(id) from given group by id / 1000
    )
    select count(*) into written from given;
    return written;
end
$$;

-- A field of what is hashed: its length in bytes and its text, so that no two entries read alike. Like audit.moment it
-- is written so that the planner puts its text in place of the call (no part more volatile than the whole).
create or replace function audit.field(value text) returns text
    language sql immutable
as $$ select case when value is null then '-' else octet_length(value)::text || ':' || value end $$;

-- Microseconds since 1970, which no session setting changes. In two parts, each exact as a double.
create or replace function audit.moment(at timestamptz) returns text
    language sql stable
as $$
    select (date_part('epoch', date_trunc('second', at))::bigint * 1000000
            + date_part('microseconds', at)::bigint % 1000000)::text
$$;

-- The hash of a link: over the hash before (`first` where the batch begins) and what the entry tells.
create or replace function audit.linked(before bytea, first bytea, told bytea) returns bytea
    language plpgsql immutable
as $$ begin return sha256(coalesce(before, first) || told); end $$;
create or replace aggregate audit.chained(bytea, bytea) (sfunc = audit.linked, stype = bytea);

-- Give numbers to at most `most` committed entries, or fewer than a thousand more, since what waits is taken by whole
-- rows, and add them to the chain; returns how many. One statement does it: `told` has each value as text, `described`
-- the bytes that are hashed (fields as audit.field writes them).
-- The settings: a batch is small beside the trail, so every table is entered by its key.
create or replace function audit.seal(most integer) returns bigint
    language plpgsql security definer
    set search_path = pg_catalog, pg_temp
    set enable_seqscan = off
    set enable_hashjoin = off
    set enable_mergejoin = off
    set jit = off
    set work_mem = '64MB'
as $$
declare
    last audit.head;
    now_at timestamptz;
    now_told text;  -- as it is hashed: the same in every entry of a batch
    sealed bigint;
begin
    select * into last from audit.head for update;
    now_at := clock_timestamp();
    now_told := audit.field(audit.moment(now_at));
    with taken as (
        delete from audit.waiting w using (
            select id, sum(amount) over (order by id) - amount as before
            from (select id, amount from audit.waiting order by id limit most) first) first
        where w.id = first.id and first.before < most
        returning w.entries
    ), numbered as (
        select entry_id, last.seq + row_number() over (order by entry_id) as seq
        from taken cross join lateral unnest(entries) as entry_id
    ), told as (
        select n.entry_id, n.seq, audit.moment(e.at) as at, e.actor, e.actor_name, e.role, e.source, e.reason,
            e.request_id, e.db_user, e.study_id::text as study_id, e.participant, e.event, e.table_name, e.row_key,
            e.operation, e.old::text as old, e.new::text as new
        from numbered n join audit.entry e on e.id = n.entry_id
        offset 0
    ), described as (
        select t.entry_id, t.seq, convert_to(
            audit.field(t.seq::text) || now_told || audit.field(t.entry_id::text)
            || audit.field(t.at) || audit.field(t.actor) || audit.field(t.actor_name)
            || audit.field(t.role) || audit.field(t.source) || audit.field(t.reason) || audit.field(t.request_id)
            || audit.field(t.db_user) || audit.field(t.study_id) || audit.field(t.participant)
            || audit.field(t.event) || audit.field(t.table_name) || audit.field(t.row_key) || audit.field(t.operation)
            || audit.field(t.old) || audit.field(t.new), 'UTF8') as bytes
        from told t
    ), added as (
        insert into audit.link (seq, entry_id, hash, sealed_at)
        select d.seq, d.entry_id,
            audit.chained(last.hash, d.bytes) over (order by d.entry_id rows unbounded preceding), now_at
        from described d
        returning seq, hash
    )
    update audit.head h set seq = a.seq, hash = a.hash
    from (select seq, hash from added order by seq desc limit 1) a;
    select h.seq - last.seq into sealed from audit.head h;
    return sealed;
end
$$;

-- The last state that entries tell: later values replace earlier ones.
create or replace aggregate audit.told(jsonb) (sfunc = pg_catalog.jsonb_concat, stype = jsonb);

alter table audit.entry enable row level security;
drop policy if exists own_study on audit.entry;
create policy own_study on audit.entry for select
    using (study_id is null or study_id = (select nullif(current_setting('pv.study', true), '')::uuid));
