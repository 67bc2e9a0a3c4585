import { WeftError } from '@weft/contracts'
import { createFairPlaces, type FairPlaces, type Place } from '@weft/mesh'
import type { StepRequest } from '../core/execute-request.ts'

/** Places at agents: of each capability as many attempts of this host are under way at once as the agent's card says. */
export interface AgentPlaces {
  /**
   * A place at the request's agent, as soon as there is one: tenants take turns, and of one tenant the turn that was accepted first comes first, so that turns
   * end one after the other, and not all at the end. Rejects with `dependency_unavailable` when there is none in time, with `timeout` when `signal` aborts.
   */
  enter(request: StepRequest, signal: AbortSignal): Promise<Place> | Place
  /** Whether one more attempt may wait: lines are bounded, each for itself, so that a slow agent's keeps nobody from the others. */
  hasRoom(request: StepRequest): boolean
  /** To be called when cards may have changed: a larger number of places counts for those that wait already. */
  review(): void
  waitingCount(): number
}

/** Attempts that may wait at one agent for one of its capabilities: of a tenant, and in all. */
const waitingPerTenantMax = 2_000
const waitingMax = 10_000

export function createAgentPlaces(options: {
  /** Undefined while the agent is not known. */
  maxConcurrencyOf(agent: string, capability: string): number | undefined
}): AgentPlaces {
  const lines = new Map<string, FairPlaces>()

  function lineAt({ agent, body: { capability } }: StepRequest): FairPlaces {
    const key = `${agent}/${capability}`
    const line = lines.get(key) ?? newLine(agent, capability)
    lines.set(key, line)
    return line
  }

  /** Of an agent that is not known any more the last card counts; one that is not known yet gets one attempt at a time, because it may take no more. */
  function newLine(agent: string, capability: string): FairPlaces {
    let lastKnown = 1
    function placesMax(): number {
      lastKnown = options.maxConcurrencyOf(agent, capability) ?? lastKnown
      return lastKnown
    }
    const bounds = { placesMax, waitingPerTenantMax, waitingMax }
    return createFairPlaces({ of: `agent "${agent}"`, quantum: 1, reservedShare: 0, ...bounds })
  }

  return {
    enter(request, signal) {
      const { agent, rootAcceptedAtMs, placeByMs } = request
      const waitMsMax = placeByMs - Date.now()
      if (waitMsMax <= 0) throw new WeftError('dependency_unavailable', `agent "${agent}" is busy: there was no place in time`)
      const tenant = tenantOf(request)
      return lineAt(request).enter({ tenant, cost: 1, rank: rootAcceptedAtMs, waitMsMax, signal })
    },
    hasRoom: (request) => lineAt(request).hasRoom(tenantOf(request)),
    review() {
      for (const line of lines.values()) line.review()
    },
    waitingCount: () => Array.from(lines.values(), (line) => line.counts().waiting).reduce((sum, each) => sum + each, 0),
  }
}

function tenantOf({ body }: StepRequest): string {
  return body.context?.tenant ?? ''
}
