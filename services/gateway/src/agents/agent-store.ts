import type { AgentCard } from '@weft/contracts'

export interface JoinedAgent {
  id: string
  card: AgentCard
  registeredAt: string
}

/** The agents that joined the mesh, besides the ones it is made of. */
export interface AgentStore {
  /** Oldest first. */
  list(): Promise<JoinedAgent[]>
  /** Adds an agent, or puts a newer card in the place of its old one. */
  put(card: AgentCard): Promise<JoinedAgent>
  /** Resolves to whether there was such an agent. */
  remove(id: string): Promise<boolean>
}

/** How many agents may join. More would make the check of every plan slow. */
export const agentsMax = 100
