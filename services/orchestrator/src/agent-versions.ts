import { AgentCard } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'

export interface AgentVersions {
  /** By agent, as of the last reading; one that is older than some seconds is read again for whoever asks next. */
  current(): Record<string, string>
  stop(): void
}

export interface AgentVersionsOptions {
  sidecar: Pick<Sidecar, 'invoke'>
  nowMs: () => number
}

const Registry = z.object({ cards: z.array(AgentCard.pick({ id: true, version: true })) })

const freshMs = 5_000
/** Until the planner has answered once. */
const firstMs = 2_000
const askTimeoutMs = 3_000

/** Which version of each agent does the work, as the planner's registry of cards says. No turn waits for it: only the log depends on this. */
export function createAgentVersions({ sidecar, nowMs }: AgentVersionsOptions): AgentVersions {
  let known: Record<string, string> = {}
  let readAtMs: number | undefined
  let isReading = false
  let isStopped = false

  async function read(): Promise<void> {
    if (isReading || isStopped) return
    isReading = true
    try {
      const signal = AbortSignal.timeout(askTimeoutMs)
      const { cards } = await sidecar.invoke('planner', '/registry', { schema: Registry, signal })
      known = Object.fromEntries(cards.map(({ id, version }) => [id, version]))
      readAtMs = nowMs()
    } catch {
      // The planner is away: what was known stays known.
    } finally {
      isReading = false
    }
    if (readAtMs === undefined) setTimeout(() => void read(), firstMs).unref()
  }

  void read()
  return {
    current() {
      if (readAtMs !== undefined && nowMs() - readAtMs > freshMs) void read()
      return known
    },
    stop() {
      isStopped = true
    },
  }
}
