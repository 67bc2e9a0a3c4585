import { sql } from 'kysely'
import type { Database } from '../open-database.ts'

/**
 * Describes everything that migrations make, sorted, one line each: columns in their order with type, default and nullability, constraints, indexes, triggers,
 * functions and sequences. Equal for equal schemas, whatever was made and dropped before.
 */
export async function describeSchema({ db }: Pick<Database, 'db'>): Promise<string[]> {
  const { rows } = await sql<{ line: string }>`
    with ours as (
      select c.oid, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'S', 'v') and c.relname <> 'weft_migrations'
    )
    select 'column ' || table_name || ' ' || row_number() over (partition by table_name order by ordinal_position) || ': '
      || concat_ws(' ', column_name, udt_name, column_default, identity_generation, collation_name, 'nullable ' || is_nullable) as line
    from information_schema.columns where table_schema = 'public' and table_name in (select relname from ours)
    union all
    select 'constraint ' || relname || ' ' || conname || ': ' || pg_get_constraintdef(p.oid) from pg_constraint p join ours on ours.oid = p.conrelid
    union all
    select 'index ' || indexdef from pg_indexes where schemaname = 'public' and tablename in (select relname from ours)
    union all
    select 'trigger ' || pg_get_triggerdef(t.oid) from pg_trigger t join ours on ours.oid = t.tgrelid where not tgisinternal
    union all
    select 'function ' || pg_get_functiondef(p.oid) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'public' and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')
    union all
    select 'sequence ' || sequence_name || ' ' || data_type from information_schema.sequences where sequence_schema = 'public'
    order by 1
  `.execute(db)
  return rows.map(({ line }) => line)
}
