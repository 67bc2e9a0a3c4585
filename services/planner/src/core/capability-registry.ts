import type { AgentCard, Capability } from '@weft/contracts'

/** What the mesh's agents can do, as their cards say. */
export interface CapabilityRegistry {
  cards: AgentCard[]
}

export function findCapability(registry: CapabilityRegistry, agent: string, capability: string): Capability | undefined {
  return registry.cards.find((card) => card.id === agent)?.capabilities.find((offered) => offered.name === capability)
}

/** The first agent, in the registry's order, that offers a capability. */
export function agentFor(registry: CapabilityRegistry, capability: string): string | undefined {
  return registry.cards.find((card) => card.capabilities.some((offered) => offered.name === capability))?.id
}
