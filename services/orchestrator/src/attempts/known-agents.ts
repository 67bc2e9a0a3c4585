import { AgentCard, Capability, readJsonSchema } from '@weft/contracts'
import type { Sidecar } from '@weft/mesh'
import { z } from 'zod'

/** What the agents' cards said when the planner was last asked for them: some seconds ago, or longer while the planner is away, perhaps by an earlier host. */
export interface KnownAgents {
  /** Asks the planner again if one of these agents is not known, as one that has just been registered is not. Never rejects, whether it is known then or not. */
  ensureKnown(ids: string[]): Promise<void>
  /** The version each agent's card names, by agent id. */
  versions(): Record<string, string>
  /** How many attempts of a capability its agent wants to work on at once; undefined while the agent is not known. */
  maxConcurrencyOf(agent: string, capability: string): number | undefined
  /** The schema of what a capability puts out; undefined where the card gives none that can be checked. */
  outputOf(agent: string, capability: string): z.ZodType | undefined
  /** Whether the answers of a capability may have citations. */
  mayCite(agent: string, capability: string): boolean
  stop(): void
}

export interface KnownAgentsOptions {
  sidecar: Pick<Sidecar, 'invoke' | 'getState' | 'saveState'>
  /** The cards were read, and may say something else than before. */
  onRead?: () => void
}

const Card = AgentCard.pick({ id: true, version: true }).extend({
  capabilities: z.array(Capability.pick({ name: true, outputSchema: true, maxConcurrency: true, cites: true })),
})
type Card = z.infer<typeof Card>
const Registry = z.object({ cards: z.array(Card) })
type Registry = z.infer<typeof Registry>

/** Where the state store keeps the cards for hosts that start while the planner is away. */
const keptKey = 'agent-cards'

/** Enough for an agent that waits for models, too few to fill the memory of one that computes. */
const maxConcurrencyDefault = 256

/** Read again and again, also while nothing runs, so that the first attempt after a quiet hour is logged with the version that does it. */
const refreshMs = 5_000
/** How often the planner is asked until it has answered for the first time. */
const firstMs = 250
const askTimeoutMs = 3_000

/** Reads the planner's registry of cards every 5 s. No work waits for that, except a plan that names an agent not known yet (`ensureKnown`). */
export function createKnownAgents({ sidecar, onRead }: KnownAgentsOptions): KnownAgents {
  let known = new Map<string, Card>()
  let versions: Record<string, string> = {}
  let isRead = false
  const keep = keepIn(sidecar)
  let reading: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined
  let isStopped = false

  function read(): Promise<void> {
    reading ??= readCards().finally(() => {
      reading = undefined
    })
    return reading
  }

  function adopt({ cards }: Registry): void {
    known = new Map(cards.map((card) => [card.id, card]))
    versions = Object.fromEntries(cards.map(({ id, version }) => [id, version]))
    onRead?.()
  }

  /** Without what was kept an agent would be sent one attempt at a time until the planner is back. */
  async function recall(): Promise<void> {
    const registry = await sidecar.getState(keptKey, Registry).catch(() => undefined)
    if (registry !== undefined && !isRead) adopt(registry)
  }

  async function readCards(): Promise<void> {
    if (isStopped) return
    if (!isRead) void recall()
    try {
      const signal = AbortSignal.timeout(askTimeoutMs)
      const registry = await sidecar.invoke('planner', '/registry', { schema: Registry, signal })
      isRead = true
      adopt(registry)
      void keep(registry)
    } catch {
      // The planner is away: what was known stays known.
    }
    clearTimeout(timer)
    if (!isStopped) timer = setTimeout(() => void read(), isRead ? refreshMs : firstMs).unref()
  }

  const offerOf = (agent: string, capability: string) => known.get(agent)?.capabilities.find(({ name }) => name === capability)

  void read()
  return {
    async ensureKnown(ids) {
      const areKnown = () => ids.every((id) => known.has(id))
      // A reading that is under way may have begun before the agents were registered, and then says nothing of them.
      const mayBeTooEarly = reading !== undefined
      if (!areKnown()) await read()
      if (mayBeTooEarly && !areKnown()) await read()
    },
    versions: () => versions,
    maxConcurrencyOf(agent, capability) {
      const offered = offerOf(agent, capability)
      return offered && (offered.maxConcurrency ?? maxConcurrencyDefault)
    },
    outputOf: (agent, capability) => checkOf(offerOf(agent, capability)),
    mayCite: (agent, capability) => offerOf(agent, capability)?.cites !== false,
    stop() {
      isStopped = true
      clearTimeout(timer)
    },
  }
}

/** One that cannot be read is of a card that was registered before such cards were refused. */
function checkOf(offered: Card['capabilities'][number] | undefined): z.ZodType | undefined {
  const reading = offered === undefined ? undefined : readJsonSchema(offered.outputSchema)
  return reading?.kind === 'check' ? reading.check : undefined
}

/** Stores the cards where they have changed; a store that is away gets them the next time. */
function keepIn(sidecar: Pick<Sidecar, 'saveState'>): (registry: Registry) => Promise<void> {
  let kept = ''
  return async (registry) => {
    const text = JSON.stringify(registry)
    if (text === kept) return
    await sidecar.saveState(keptKey, registry).then(
      () => {
        kept = text
      },
      () => undefined,
    )
  }
}
