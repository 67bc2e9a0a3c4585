import { type Kysely, sql } from 'kysely'
import type { Schema } from '../schema.ts'

/**
 * The search over the tables of 0008-plain-bm25 as one function: its statements are planned once a connection, see one state of the tables, and cost one
 * message. How it ranks is in docs/decisions/0014-two-engines-for-bm25.md.
 */
export async function up(db: Kysely<Schema>): Promise<void> {
  const { rows } = await sql`select 1 where to_regclass('bm25_postings') is not null`.execute(db)
  if (rows.length === 0) return
  await createReading(db)
  await createSearching(db)
}

/**
 * The words of a question, those first by which chunks gain most: what a word is worth times what chunks of either kind have of it in the middle.
 * `slope`: what a chunk's length takes off, b·k1 / mean length. k1 1.2, b .75.
 */
async function createReading(db: Kysely<Schema>): Promise<void> {
  await sql`
    create function bm25_words(owner text, stores text[], question text)
    returns table (id bigint, chunks int, weight float8, slope float8) language sql stable rows 10
    set search_path from current set jit = off set plan_cache_mode = force_generic_plan as $$
      with store as materialized (
        select s.id, s.chunks, s.words from bm25_stores s join vector_stores v on v.id = s.vector_store_id
        where v.tenant = owner and v.id = any(stores)
      ), total as materialized (
        select sum(chunks)::float8 as chunks, sum(words)::float8 as words from store
      ), asked as materialized (
        select lexeme as term, cardinality(positions) as times from unnest(to_tsvector('english', question))
      ), word as (
        select t.*, a.times, sum(t.chunks) over (partition by a.term)::float8 as spread
        from asked a cross join store cross join lateral (
          select id, chunks, is_strong from bm25_terms where store_id = store.id and term = a.term offset 0
        ) t
      ), weighed as (
        select w.id, w.chunks, w.is_strong, 0.9::float8 * t.chunks / t.words as slope,
          2.2::float8 * w.times * ln(1 + (t.chunks - w.spread + 0.5::float8) / (w.spread + 0.5::float8)) as weight
        from word w cross join total t
      )
      select id, chunks, weight, slope from weighed order by weight * case when is_strong then 0.7 else 0.4 end desc, id
    $$
  `.execute(db)
}

/**
 * All words are read as long as they are in fewer than 20,000 chunks together; of more, the first until 10,000 chunks are read, and the others are
 * looked up in the best of those: impact-ordered reading that stops early (Lin and Trotman, ICTIR 2015). Reading and adding up costs some 0.4 µs a chunk and
 * word. Where that finds fewer than are wanted, all is read. Sums of the same numbers in another order differ in the last digits: rounded, equal ones are
 * equal. `offset 0` keeps each word a look into the index, whatever the planner thinks of it.
 */
async function createSearching(db: Kysely<Schema>): Promise<void> {
  const gain = (id: string) => sql.raw(`w.weight * p.frequency / (p.frequency + 0.3::float8 + ${id} * p.words)`)
  await sql`
    create function bm25_search(owner text, stores text[], question text, depth int)
    returns table (chunk_id bigint, score float8) language plpgsql stable rows 100
    set search_path from current set jit = off set plan_cache_mode = force_generic_plan as $$
    #variable_conflict use_column
    declare
      ids bigint[]; counts int[]; weights float8[]; per_word float8;
      first int := 0; seen bigint := 0; total bigint;
      found_ids bigint[]; found_scores float8[];
    begin
      select array_agg(w.id), array_agg(w.chunks), array_agg(w.weight), max(w.slope), sum(w.chunks)
      into ids, counts, weights, per_word, total from bm25_words(owner, stores, question) w;
      if ids is null then return; end if;
      while total > 20000 and seen < 10000 and first < cardinality(ids) loop
        first := first + 1;
        seen := seen + counts[first];
      end loop;
      if total > 20000 and first < cardinality(ids) then
        with candidate as materialized (
          select p.chunk_id, sum(${gain('per_word')}) as score from unnest(ids[:first], weights[:first]) as w(id, weight)
          cross join lateral (select chunk_id, words, frequency from bm25_postings where term_id = w.id offset 0) p
          group by p.chunk_id order by score desc, p.chunk_id limit 200 + 2 * depth
        ), part as (
          select chunk_id, score from candidate
          union all
          select c.chunk_id, ${gain('per_word')} from candidate c cross join unnest(ids[first + 1:], weights[first + 1:]) as w(id, weight)
          cross join lateral (select words, frequency from bm25_postings where term_id = w.id and chunk_id = c.chunk_id offset 0) p
        ), best as (
          select chunk_id, round(sum(score) * 1e6) / 1e6 as score from part group by chunk_id order by score desc, chunk_id limit depth
        )
        select array_agg(chunk_id), array_agg(score) into found_ids, found_scores from best;
        if cardinality(found_ids) >= depth then
          return query select * from unnest(found_ids, found_scores);
          return;
        end if;
      end if;
      return query
        select scored.chunk_id, round(scored.score * 1e6) / 1e6 as score from (
          select p.chunk_id, sum(${gain('per_word')}) as score from unnest(ids, weights) as w(id, weight)
          cross join lateral (select chunk_id, words, frequency from bm25_postings where term_id = w.id offset 0) p
          group by p.chunk_id
        ) scored order by score desc, chunk_id limit depth;
    end $$
  `.execute(db)
}

export async function down(db: Kysely<Schema>): Promise<void> {
  await sql`drop function if exists bm25_search`.execute(db)
  await sql`drop function if exists bm25_words`.execute(db)
}
