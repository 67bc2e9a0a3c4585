import { createQueryId, type Kysely, PostgresQueryCompiler, type RawBuilder, sql } from 'kysely'
import pg from 'pg'
import type { Schema } from './schema.ts'

/**
 * Runs a statement for which the planner may not sort, so that it walks an index that has the rows in the order wanted, whatever it thinks of the costs. The
 * statement answers one JSON value; in it `$1` is `near`, a vector as bytes. A function of the database sets this and runs the statement, so that it takes one
 * message instead of a transaction of four: the embedded database spends as much on each message as on finding a dozen rows, and serves nobody else meanwhile.
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

/** Puts values into the statement itself, as quoted literals: the function takes the statement as text, which cannot have parameters of any number and type. */
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
