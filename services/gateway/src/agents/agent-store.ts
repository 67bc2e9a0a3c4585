import type { AgentCard } from '@weft/contracts'

export interface JoinedAgent {
  id: string
  card: AgentCard
  registeredAt: string
}

/** Agents that joined the mesh beside its own. */
export interface AgentStore {
  /** Oldest first. */
  list(): Promise<JoinedAgent[]>
  /** Adds an agent, or puts a newer card in the place of its old one. */
  put(card: AgentCard): Promise<JoinedAgent>
  /** Whether there was one. */
  remove(id: string): Promise<boolean>
}

/** Agents at most; more would make every plan's check slow. */
export const agentsMax = 100
