import type { Database } from '@weft/database'
import { type HealthCheck, runChecks, type Sidecar } from '@weft/mesh'
import { z } from 'zod'

const agents = ['orchestrator', 'planner', 'reasoning', 'rag'] as const

/** Everything an answer may need. Only what every request needs decides readiness: the mesh heals while the gateway keeps accepting. */
export function dependencyChecks(options: {
  database: Pick<Database, 'isHealthy'>
  sidecar: Pick<Sidecar, 'isHealthy' | 'fetchFrom' | 'saveState'>
}): HealthCheck[] {
  const { database, sidecar } = options
  return [
    { name: 'database', isRequired: true, check: () => database.isHealthy() },
    { name: 'sidecar', isRequired: true, check: () => sidecar.isHealthy() },
    { name: 'redis', isRequired: false, check: () => takesWrites(sidecar) },
    ...agents.map((appId) => ({ name: appId, isRequired: false, check: () => isAppReady(sidecar, appId) })),
  ]
}

/**
 * Answers the names of what does not answer now. Whoever asks meanwhile shares the answer: many ask at once when a mesh has too much to do, which more
 * checks would make worse.
 */
export function createFindDown(checks: HealthCheck[]): () => Promise<string[]> {
  let asking: Promise<string[]> | undefined
  return () => {
    asking ??= namesOfFailed(checks).finally(() => {
      asking = undefined
    })
    return asking
  }
}

async function namesOfFailed(checks: HealthCheck[]): Promise<string[]> {
  const report = await runChecks(checks)
  return Object.entries(report.checks).flatMap(([name, state]) => (state === 'ok' ? [] : [name]))
}

/** One that is full, or a replica, answers reads and refuses every commit of a session. */
async function takesWrites(sidecar: Pick<Sidecar, 'saveState'>): Promise<boolean> {
  await sidecar.saveState('gateway-health', true, { ttlSeconds: 60 })
  return true
}

async function isAppReady(sidecar: Pick<Sidecar, 'fetchFrom'>, appId: string): Promise<boolean> {
  const report = await sidecar.fetchFrom(appId, '/readyz', {
    schema: z.looseObject({ status: z.string() }),
    signal: AbortSignal.timeout(2_500),
  })
  return report.status === 'ok'
}
