import type { RequestHandler } from 'express'
import { actorOf } from '../../http/request-context.ts'
import { whenClosed } from '../../http/when-closed.ts'
import type { RetentionDeps } from './retention-deps.ts'

/** Of one request; the next one goes on. */
const forMs = 15_000

/** `POST /v1/retention/run`: puts what is due into the archive and removes it now, for a while; `isMoreDue` says whether to ask again. */
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
