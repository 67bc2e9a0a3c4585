import { AgentCard, WeftError } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { sessionCard } from './core/session-card.ts'
import type { JoinedCards } from './joined-cards.ts'
import type { CapabilityRegistry } from './core/capability-registry.ts'

export interface AgentCards {
  /**
   * The registry as of the last reading; `isFresh`: agents that joined a moment ago are in it too. Throws `dependency_unavailable` while no
   * card of some agent was ever read, or, fresh, while nobody says who joined.
   */
  registry(wish?: { isFresh: boolean }): Promise<CapabilityRegistry>
  stop(): void
}

export interface AgentCardsOptions {
  sidecar: Sidecar
  agents: string[]
  joined: JoinedCards
  onProblem: (agent: string, cause: unknown) => void
}

/** Cards are read again this often; one read before stays valid while its agent is away. */
const refreshMs = 30_000
const readTimeoutMs = 3_000

export function createAgentCards({ sidecar, agents, joined, onProblem }: AgentCardsOptions): AgentCards {
  const cards = new Map<string, AgentCard>()
  let reading: Promise<void> | undefined
  const timer = setInterval(() => void readAll(agents), refreshMs)
  timer.unref()

  async function readOne(agent: string): Promise<void> {
    try {
      const card = await sidecar.fetchFrom(agent, '/card', { schema: AgentCard, signal: AbortSignal.timeout(readTimeoutMs) })
      if (card.id !== agent) throw new WeftError('conflict', `the card of app "${agent}" names another agent, "${card.id}"`)
      cards.set(agent, card)
    } catch (cause) {
      onProblem(agent, cause)
    }
  }

  async function readAll(wanted: string[]): Promise<void> {
    await Promise.all(wanted.map(readOne))
  }

  return {
    async registry(wish = { isFresh: false }) {
      const unread = agents.filter((agent) => !cards.has(agent))
      if (unread.length > 0) {
        reading ??= readAll(unread).finally(() => {
          reading = undefined
        })
        await reading
      }
      const missing = agents.filter((agent) => !cards.has(agent))
      if (missing.length > 0)
        throw new WeftError('dependency_unavailable', `these agents do not answer yet: ${missing.join(', ')}`)
      return { cards: [...agents.flatMap((agent) => cards.get(agent) ?? []), sessionCard, ...(await joined.read(wish))] }
    },
    stop: () => clearInterval(timer),
  }
}
