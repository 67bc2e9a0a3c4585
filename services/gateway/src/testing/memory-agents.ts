import type { AgentStore, JoinedAgent } from '../agents/agent-store.ts'

export function createMemoryAgents(): AgentStore {
  const agents = new Map<string, JoinedAgent>()
  return {
    list: async () => [...agents.values()],
    async put(card) {
      const agent = { id: card.id, card, registeredAt: agents.get(card.id)?.registeredAt ?? new Date().toISOString() }
      agents.set(card.id, agent)
      return agent
    },
    remove: async (id) => agents.delete(id),
  }
}
