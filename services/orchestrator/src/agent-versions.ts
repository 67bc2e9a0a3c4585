import { AgentCard } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'

export interface AgentVersions {
  /** By agent, as of the last reading; empty until the planner has answered once. */
  current(): Record<string, string>
  stop(): void
}

const Registry = z.object({ cards: z.array(AgentCard.pick({ id: true, version: true })) })

/** The planner reads the cards this often. */
const refreshMs = 30_000
/** Until it has answered once. */
const firstMs = 2_000
const askTimeoutMs = 3_000

/** Which version of each agent does the work, as the planner's registry of cards says; a log of it is all that depends on this. */
export function createAgentVersions(sidecar: Pick<Sidecar, 'invoke'>): AgentVersions {
  let known: Record<string, string> | undefined
  let timer = setTimeout(() => void refresh(), firstMs)
  let isStopped = false

  async function refresh(): Promise<void> {
    const signal = AbortSignal.timeout(askTimeoutMs)
    const registry = await sidecar.invoke('planner', '/registry', { schema: Registry, signal }).catch(() => undefined)
    if (registry !== undefined) known = Object.fromEntries(registry.cards.map(({ id, version }) => [id, version]))
    if (isStopped) return
    timer = setTimeout(() => void refresh(), known === undefined ? firstMs : refreshMs)
    timer.unref()
  }

  timer.unref()
  return {
    current: () => known ?? {},
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}
