import type OpenAI from 'openai'
import { CliError } from '../../cli-error.ts'
import { usageError } from './explain-failure.ts'
import { findStore, type StoreRef } from './knowledge-api.ts'

/** Checks `--store`. An empty or overlong name is wrong usage. */
export function storeNameOption(value: string): string {
  const name = value.trim()
  if (name === '' || name.length > 256) throw usageError('--store needs a name of 1 to 256 characters')
  return name
}

/** The store of this name or id. Throws `not_found`, naming the stores that exist. */
export async function requireStore(client: OpenAI, nameOrId: string): Promise<StoreRef> {
  const store = await findStore(client, nameOrId)
  if (store !== undefined) return store
  const { data } = await client.vectorStores.list({ limit: 20 })
  const known = data.map(({ name }) => `"${name}"`).join(', ')
  const advice = known === '' ? 'ingest something first: weft ingest <path>' : `there are ${known}`
  throw new CliError('not_found', `no vector store named "${nameOrId}": ${advice}`)
}
