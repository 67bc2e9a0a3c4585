import type { RequestHandler } from 'express'
import { actorOf } from '../../http/request-context.ts'
import { whenClosed } from '../../http/when-closed.ts'
import type { RetentionDeps } from './retention-deps.ts'

/** How long one request sweeps. The next request goes on from there. */
const forMs = 15_000

/** `POST /v1/retention/run`: moves what is due to the archive now, for a limited time; `isMoreDue` says whether to ask again. */
export function runRetention({ limitsOf, sweep }: Pick<RetentionDeps, 'limitsOf' | 'sweep'>): RequestHandler {
  return async (_request, response) => {
    const by = actorOf(response)
    const left = new AbortController()
    whenClosed(response, () => left.abort())
    const wish = { tenant: by.tenant, limits: limitsOf(by.tenant), by, forMs, signal: left.signal }
    const { removed, isMoreDue, problem } = await sweep(wish)
    response.json({ object: 'retention_run', removed, isMoreDue, problem: problem ?? null })
  }
}
