import pg from 'pg'
import { isConnectionFailure, isRefusal, isTimeout, reasonOf } from './database-errors.ts'
import { refuseStandby } from './find-usable.ts'

/** How a database answers: it lets this user in, does not and will not by itself, or is not there yet. */
export type DatabaseLook = { place: string; state: 'open' } | { place: string; state: 'refuses' | 'away'; why: string }

const connectMs = 5_000

/** Logs in to each of these databases once, and asks it whether it takes writes: a standby is one that is not there yet. Never rejects. */
export function lookAtDatabases(urls: string[]): Promise<DatabaseLook[]> {
  return Promise.all(urls.map(look))
}

async function look(url: string): Promise<DatabaseLook> {
  const { host, pathname } = new URL(url)
  const place = `${host}${pathname}`
  let client: pg.Client | undefined
  try {
    client = new pg.Client({
      connectionString: url,
      connectionTimeoutMillis: connectMs,
      query_timeout: connectMs,
      application_name: 'weft',
    })
    client.on('error', () => undefined)
    await client.connect()
    await refuseStandby(client)
    return { place, state: 'open' }
  } catch (cause) {
    const isPassing = !isRefusal(cause) && (isConnectionFailure(cause) || isTimeout(cause))
    return { place, state: isPassing ? 'away' : 'refuses', why: reasonOf(cause) }
  } finally {
    client?.end().catch(() => undefined)
  }
}
