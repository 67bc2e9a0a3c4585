import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/**
 * BM25 in plain SQL, where the index of pg_textsearch is not there. Counts are kept per vector store, by triggers, in the transaction that writes the
 * chunks. How it is asked is in postgres-plain-bm25.ts, why it is so in docs/decisions/0014-two-engines-for-bm25.md.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql`select 1 where to_regclass('chunks_bm25') is not null`.execute(db)
  if (rows.length > 0) return
  await createPlainBm25(db)
  await sql`select bm25_rebuild(id) from vector_stores`.execute(db)
}

/** Without what is counted of chunks that are there already. */
export async function createPlainBm25(db: Kysely<Schema>): Promise<void> {
  await createTables(db)
  await createAdding(db)
  await createRemoving(db)
  await createRebuilding(db)
  await createApplying(db)
  await createTriggers(db)
}

/**
 * `chunks` of a store or word: how many chunks it has or is in; `words`: of a store or chunk, how long it is; `frequency`: how often a word is in
 * a chunk. A word is split in two rows, the chunks that are strongly about it and the others. `term_ids` are the rows that count a chunk.
 */
async function createTables(db: Kysely<Schema>): Promise<void> {
  await sql`
    create table bm25_stores (
      id bigint generated always as identity primary key, vector_store_id text not null unique, chunks bigint not null, words bigint not null
    )`.execute(db)
  // Room in each page: a row that changes no indexed column then needs no new index entry.
  await sql`
    create table bm25_terms (
      id bigint generated always as identity primary key, store_id bigint not null, term text collate "C" not null, is_strong boolean not null,
      chunks int not null, unique (store_id, term, is_strong)
    ) with (fillfactor = 80)`.execute(db)
  await sql`
    create table bm25_postings (
      term_id bigint not null, chunk_id bigint not null, words int not null, frequency smallint not null,
      primary key (term_id, chunk_id) include (words, frequency)
    )`.execute(db)
  await sql`
    create table bm25_chunks (chunk_id bigint primary key, store_id bigint not null, words int not null, term_ids bigint[] not null)
  `.execute(db)
  await sql`create index bm25_chunks_store on bm25_chunks (store_id)`.execute(db)
  await sql`create table bm25_pending (vector_store_ids text[] not null, chunk_ids bigint[] not null)`.execute(db)
}

/**
 * Counts chunks of stores whose rows are locked. Strong: above .55 of what a word can be worth in a chunk at most, if chunks have 150 words
 * (k1 1.2, b .75: .3 and .9 / 150). Joins are hashed: nothing tells the planner that 130 chunks have 10,000 words.
 */
async function createAdding(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function bm25_count(ids bigint[]) returns void language plpgsql
    set search_path from current set enable_nestloop = off set jit = off as $$
    begin
      with parsed as materialized (
        select c.id as chunk_id, c.vector_store_id, l.lexeme as term, cardinality(l.positions)::smallint as frequency
        from chunks c cross join lateral unnest(to_tsvector('english', c.title || ' ' || c.text || ' ' || c.identifiers)) l where c.id = any(ids)
      ), chunk as materialized (
        select c.id as chunk_id, c.vector_store_id, coalesce(sum(p.frequency), 0)::int as words
        from chunks c left join parsed p on p.chunk_id = c.id where c.id = any(ids) group by c.id, c.vector_store_id
      ), weighed as materialized (
        select p.*, c.words, p.frequency > 0.55::float8 * (p.frequency + 0.3::float8 + 0.006::float8 * c.words) as is_strong from parsed p join chunk c using (chunk_id)
      ), store as (
        insert into bm25_stores as s (vector_store_id, chunks, words)
        select vector_store_id, count(*), sum(words) from chunk group by vector_store_id order by vector_store_id
        on conflict (vector_store_id) do update set chunks = s.chunks + excluded.chunks, words = s.words + excluded.words
        returning id, vector_store_id
      ), term as (
        insert into bm25_terms as t (store_id, term, is_strong, chunks)
        select s.id, w.term, w.is_strong, count(*) from weighed w join store s using (vector_store_id) group by 1, 2, 3 order by 1, 2, 3
        on conflict (store_id, term, is_strong) do update set chunks = t.chunks + excluded.chunks
        returning id, store_id, term, is_strong
      ), posting as materialized (
        select t.id as term_id, w.chunk_id, w.words, w.frequency
        from weighed w join store s using (vector_store_id)
        join term t on t.store_id = s.id and t.term = w.term and t.is_strong = w.is_strong
      ), posted as (
        insert into bm25_postings (term_id, chunk_id, words, frequency) select * from posting order by term_id, chunk_id
      )
      insert into bm25_chunks (chunk_id, store_id, words, term_ids)
      select c.chunk_id, s.id, c.words, coalesce(p.term_ids, '{}')
      from chunk c join store s using (vector_store_id)
      left join (select chunk_id, array_agg(term_id order by term_id) as term_ids from posting group by chunk_id) p using (chunk_id);
    end $$
  `.execute(db)
  await sql`
    create function bm25_add(ids bigint[]) returns void language plpgsql set search_path from current as $$
    begin
      for i in 1 .. cardinality(ids) by 500 loop
        perform bm25_count(ids[i:i + 499]);
      end loop;
    end $$
  `.execute(db)
}

/**
 * Takes back exactly what was counted, whatever the text of the chunk is by now; their stores are locked. Every row is looked up: the planner
 * would read whole tables that were small when it first looked.
 */
async function createRemoving(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function bm25_remove(ids bigint[]) returns void language plpgsql
    set search_path from current set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off as $$
    declare unused bigint[];
    begin
      if cardinality(ids) = 0 then return; end if;
      with chunk as (
        delete from bm25_chunks where chunk_id = any(ids) returning chunk_id, store_id, words, term_ids
      ), posting as materialized (
        select c.chunk_id, t.term_id from chunk c cross join lateral unnest(c.term_ids) as t(term_id)
      ), unposted as (
        delete from bm25_postings b using posting p where b.term_id = p.term_id and b.chunk_id = p.chunk_id
      ), store as (
        update bm25_stores s set chunks = s.chunks - c.chunks, words = s.words - c.words
        from (select store_id, count(*) as chunks, sum(words) as words from chunk group by store_id) c where s.id = c.store_id
      ), term as (
        update bm25_terms t set chunks = t.chunks - p.chunks
        from (select term_id, count(*) as chunks from posting group by term_id) p where t.id = p.term_id
        returning t.id, t.chunks
      )
      select array_agg(id) into unused from term where chunks = 0;
      delete from bm25_terms where id = any(unused);
    end $$
  `.execute(db)
}

/** Counts a store anew, while its writers wait: after a change of PostgreSQL's dictionaries, or of chunks with triggers switched off. */
async function createRebuilding(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function bm25_clear(stores text[]) returns void language sql
    set search_path from current set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set jit = off as $$
      delete from bm25_postings p using bm25_terms t, bm25_stores s
      where p.term_id = t.id and t.store_id = s.id and s.vector_store_id = any(stores);
      delete from bm25_terms t using bm25_stores s where t.store_id = s.id and s.vector_store_id = any(stores);
      delete from bm25_chunks c using bm25_stores s where c.store_id = s.id and s.vector_store_id = any(stores);
      update bm25_stores set chunks = 0, words = 0 where vector_store_id = any(stores);
    $$
  `.execute(db)
  await sql`
    create function bm25_rebuild(store text) returns void language plpgsql set search_path from current as $$
    begin
      perform bm25_lock(array[store]);
      perform bm25_clear(array[store]);
      perform bm25_add(array(select id from chunks where vector_store_id = store order by id));
    end $$
  `.execute(db)
}

/**
 * Statements only note what they changed; it is counted when their transaction commits, as its last act. The rows of all stores concerned are locked
 * then, in one order, and nothing else after them: writers of one store follow one another, and nobody waits in a circle, whatever a
 * transaction does before. Each transaction sees its own notes alone, and takes them away.
 */
async function createApplying(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function bm25_lock(stores text[]) returns void language sql set search_path from current as $$
      insert into bm25_stores as s (vector_store_id, chunks, words) select distinct store, 0, 0 from unnest(stores) as store order by store
      on conflict (vector_store_id) do update set chunks = s.chunks
    $$
  `.execute(db)
  await sql`
    create function bm25_apply() returns trigger language plpgsql set search_path from current as $$
    declare stores text[]; gone text[]; ids bigint[];
    begin
      with noted as (delete from bm25_pending returning vector_store_ids, chunk_ids)
      select array(select distinct unnest(vector_store_ids) from noted), array(select distinct unnest(chunk_ids) from noted) into stores, ids;
      if cardinality(stores) = 0 then return null; end if;
      perform bm25_lock(stores);
      gone := array(select store from unnest(stores) as store where not exists (select from vector_stores where id = store));
      perform bm25_clear(gone);
      delete from bm25_stores where vector_store_id = any(gone);
      perform bm25_remove(ids);
      perform bm25_add(ids);
      return null;
    end $$
  `.execute(db)
  await sql`
    create constraint trigger bm25_apply after insert on bm25_pending deferrable initially deferred for each row execute function bm25_apply()
  `.execute(db)
}

/** Chunks that go with their store are not noted one by one: all that is counted of it goes at once. */
async function createTriggers(db: Kysely<Schema>): Promise<void> {
  const note = (name: string, changed: RawBuilder<unknown>) =>
    sql`
      create function ${sql.ref(name)}() returns trigger language plpgsql set search_path from current as $$
      begin
        insert into bm25_pending (vector_store_ids, chunk_ids)
        select array_agg(distinct vector_store_id), coalesce(array_agg(id) filter (where id is not null), '{}') from (${changed}) changed having count(*) > 0;
        return null;
      end $$
    `.execute(db)
  await note('bm25_note_insert', sql`select vector_store_id, id from added`)
  await note(
    'bm25_note_update',
    sql`
      select unnest(array[was.vector_store_id, became.vector_store_id]) as vector_store_id, id from removed was join added became using (id)
      where (was.title, was.text, was.identifiers, was.vector_store_id) is distinct from (became.title, became.text, became.identifiers, became.vector_store_id)`,
  )
  await note(
    'bm25_note_delete',
    sql`select vector_store_id, c.id from removed c join vector_stores s on s.id = c.vector_store_id`,
  )
  await note('bm25_note_store', sql`select id as vector_store_id, null::bigint as id from removed`)
  const old = sql`old table as removed`
  const added = sql`new table as added`
  await noteAfter(db, sql`bm25_insert after insert on chunks referencing ${added}`, 'bm25_note_insert')
  await noteAfter(db, sql`bm25_update after update on chunks referencing ${old} ${added}`, 'bm25_note_update')
  await noteAfter(db, sql`bm25_delete after delete on chunks referencing ${old}`, 'bm25_note_delete')
  await noteAfter(db, sql`bm25_store_delete after delete on vector_stores referencing ${old}`, 'bm25_note_store')
}

async function noteAfter(db: Kysely<Schema>, event: RawBuilder<unknown>, name: string): Promise<void> {
  await sql`create trigger ${event} for each statement execute function ${sql.ref(name)}()`.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  for (const event of ['insert', 'update', 'delete']) {
    await sql`drop trigger if exists ${sql.ref(`bm25_${event}`)} on chunks`.execute(db)
  }
  await sql`drop trigger if exists bm25_store_delete on vector_stores`.execute(db)
  for (const table of ['bm25_pending', 'bm25_chunks', 'bm25_postings', 'bm25_terms', 'bm25_stores']) {
    await sql`drop table if exists ${sql.table(table)}`.execute(db)
  }
  const notes = ['note_insert', 'note_update', 'note_delete', 'note_store']
  for (const name of [...notes, 'apply', 'rebuild', 'lock', 'clear', 'remove', 'add', 'count']) {
    await sql`drop function if exists ${sql.ref(`bm25_${name}`)}`.execute(db)
  }
}
