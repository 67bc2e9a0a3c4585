import { parseValue } from '@weft/contracts'
import { z } from 'zod'
import type { Finding } from './finding.ts'

const Health = z.object({ checks: z.record(z.string(), z.string()) })

/** Longer than the gateway waits for a dependency that hangs. */
const patienceMs = 10_000

const ofArchive =
  'npx weft retention and npx weft logs gateway say why what is old is not put there; until it is, nothing is removed'
const ofOthers =
  'see that it runs and lets this machine in (DATABASE_URLS, REDIS_URL); npx weft logs gateway says what calls end with'

/**
 * Asks the gateway which dependencies it does not reach. Needed besides the state of processes, because a database or Redis elsewhere is no process of the
 * mesh.
 */
export async function checkHealth(url: string): Promise<Finding> {
  const away = await findAway(url).catch(() => ['its gateway'])
  const ok = away.length === 0
  return {
    what: 'health',
    ok,
    detail: ok ? 'every part of the mesh reaches what it needs' : `not reached, or not well: ${away.join(', ')}`,
    remedy: away.join() === 'archive' ? ofArchive : ofOthers,
  }
}

async function findAway(url: string): Promise<string[]> {
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(patienceMs) })
  const { checks } = parseValue(Health, await response.json(), 'the health of the mesh')
  return Object.entries(checks).flatMap(([name, state]) => (state === 'ok' ? [] : [name]))
}
