import type { PastRun } from './core/learned-cost.ts'

/** What a tenant's finished turns cost, known without asking each time. */
export interface RunHistory {
  /** The newest runs of the tenant as they were read last; empty until they are. Never waits. */
  of(tenant: string): readonly PastRun[]
}

const freshMs = 30_000
const tenantsMax = 1_000

export function createRunHistory(
  load: (tenant: string) => Promise<PastRun[]>,
  { nowMs, onProblem }: { nowMs: () => number; onProblem: (cause: unknown) => void },
): RunHistory {
  const known = new Map<string, { runs: PastRun[]; askedAtMs: number }>()

  function ask(tenant: string, runs: PastRun[]): void {
    const entry = { runs, askedAtMs: nowMs() }
    known.delete(tenant)
    const oldest = known.size >= tenantsMax ? known.keys().next().value : undefined
    if (oldest !== undefined) known.delete(oldest)
    known.set(tenant, entry)
    load(tenant).then((found) => {
      entry.runs = found
    }, onProblem)
  }

  return {
    of(tenant) {
      const entry = known.get(tenant)
      if (entry === undefined || nowMs() - entry.askedAtMs > freshMs) ask(tenant, entry?.runs ?? [])
      return entry?.runs ?? []
    },
  }
}
