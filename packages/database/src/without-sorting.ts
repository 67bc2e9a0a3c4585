import { createQueryId, type Kysely, PostgresQueryCompiler, type RawBuilder, sql } from 'kysely'
import pg from 'pg'
import type { Schema } from './schema.ts'

/**
 * Runs one statement for which the planner may not sort, so that an index that gives rows in the order wanted is walked, whatever the planner thinks
 * of it. The statement answers one JSON value; in it `$1` is `near`, a vector as bytes. In one message: the embedded database spends as much on each as on
 * finding a dozen rows, and waits for the next one while a transaction is open.
 */
export async function withoutSorting(
  { db }: { db: Kysely<Schema> },
  statement: RawBuilder<unknown>,
  near?: Buffer,
): Promise<unknown> {
  const { sql: text } = new LiteralCompiler().compileQuery(statement.toOperationNode(), createQueryId())
  const { rows } = await sql<{ answer: unknown }>`select without_sorting(${text}, ${near ?? null}) as answer`.execute(db)
  return rows[0]?.answer
}

/** Puts values into the statement itself, as quoted literals: a statement that is handed to a function cannot have parameters of any number and type. */
class LiteralCompiler extends PostgresQueryCompiler {
  protected override appendValue(value: unknown): void {
    const text = pg.escapeLiteral(literalOf(value))
    this.append(text)
  }
}

function literalOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  if (Array.isArray(value)) return `{${value.map((each) => JSON.stringify(literalOf(each))).join()}}`
  throw new TypeError(`a ${typeof value} cannot stand in a statement`)
}
